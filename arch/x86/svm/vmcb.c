// SPDX-License-Identifier: GPL-2.0
/*
 * What the VMCB holds of a guest: what it may not do by itself (intercepts and
 * permission bitmaps, computed from state by one function), and its registers.
 */
#include <linux/bitfield.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/trapnr.h>

#include "module/compat/compat.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/regs.h"
#include "arch/x86/svm/svm.h"

/* MSR permissions: two bits an MSR, read and write, in three ranges. */
#define MSRPM_SIZE		(2 * PAGE_SIZE)
#define MSRPM_RANGE_MSRS	0x2000
#define MSRPM_RANGE_BYTES	(MSRPM_RANGE_MSRS / 4)
#define MSRPM_READ		1
#define MSRPM_WRITE		2

/* No guest does these by itself. The rest depends on state. */
static const u8 always_intercepted[] = {
	SVM_CR0_SEL_WRITE, SVM_WRITE_CR4, SVM_WRITE_CR8,
	/* An endless #AC or #DB in microcode would hold the processor. */
	SVM_EXCEPTION + X86_TRAP_DB, SVM_EXCEPTION + X86_TRAP_AC,
	SVM_EXCEPTION + X86_TRAP_UD, SVM_EXCEPTION + X86_TRAP_MC,
	SVM_INTR, SVM_NMI, SVM_SMI, SVM_INIT,
	SVM_RDPMC, SVM_CPUID, SVM_RSM, SVM_INVD, SVM_HLT, SVM_INVLPGA,
	SVM_IOIO, SVM_MSR, SVM_TASK_SWITCH, SVM_SHUTDOWN,
	SVM_VMRUN, SVM_VMMCALL, SVM_VMLOAD, SVM_VMSAVE, SVM_STGI, SVM_CLGI,
	SVM_SKINIT, SVM_WBINVD, SVM_MONITOR, SVM_MWAIT, SVM_MWAIT_ARMED,
	SVM_XSETBV, SVM_RDPRU,
};

static void intercept(struct svm_vcpu *svm, unsigned int code)
{
	svm->vmcb->control.intercept[code / 32] |= BIT(code % 32);
}

/*
 * Hardware runs with caching on whatever the guest says (firmware that never
 * turns it on would crawl), and with the host's machine-check enable. Where
 * that makes a register differ from the guest's, the guest may not read it.
 */
static void update_cr_intercepts(struct svm_vcpu *svm)
{
	const struct nacre_vcpu_arch *arch = &svm->vcpu.arch;
	struct vmcb *vmcb = svm->vmcb;

	vmcb_intercept(vmcb, SVM_READ_CR0, vmcb->save.cr0 != arch->cr0);
	vmcb_intercept(vmcb, SVM_WRITE_CR0, vmcb->save.cr0 != arch->cr0);
	vmcb_intercept(vmcb, SVM_READ_CR4, vmcb->save.cr4 != arch->cr4);
}

static void intercept_debug(struct svm_vcpu *svm)
{
	unsigned int code;

	for (code = SVM_READ_DR0; code <= SVM_READ_DR7; code++)
		intercept(svm, code);
	for (code = SVM_WRITE_DR0; code <= SVM_WRITE_DR7; code++)
		intercept(svm, code);
}

/* Instructions that CPUID did not promise give #UD. */
static void intercept_by_cpuid(struct svm_vcpu *svm)
{
	if (svm_caps.invpcid &&
	    !nacre_guest_has(&svm->vcpu, X86_FEATURE_INVPCID))
		intercept(svm, SVM_INVPCID);
	if (!nacre_guest_has(&svm->vcpu, X86_FEATURE_RDTSCP))
		intercept(svm, SVM_RDTSCP);
}

static void intercept_for_windows(struct svm_vcpu *svm)
{
	if (svm->want_vintr)
		intercept(svm, SVM_VINTR);
	if (svm->nmi.masked && !svm->awaits.iret)
		intercept(svm, SVM_IRET);
}

static void update_vmcb_intercepts(struct svm_vcpu *svm)
{
	u32 *set = svm->vmcb->control.intercept;
	unsigned int i;

	memset(set, 0, VMCB_INTERCEPT_WORDS * sizeof(*set));
	for (i = 0; i < ARRAY_SIZE(always_intercepted); i++)
		intercept(svm, always_intercepted[i]);
	if (svm_caps.pause_filter)
		intercept(svm, SVM_PAUSE);
	intercept_debug(svm);
	intercept_by_cpuid(svm);
	intercept_for_windows(svm);
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_INTERCEPTS);
	update_cr_intercepts(svm);
}

static void msrpm_allow(struct svm_vcpu *svm, u32 msr)
{
	static const u32 base[] = { 0, 0xc0000000, 0xc0010000 };
	const unsigned int both = MSRPM_READ | MSRPM_WRITE;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(base); i++) {
		u32 n = msr - base[i];

		if (n < MSRPM_RANGE_MSRS)
			svm->msrpm[i * MSRPM_RANGE_BYTES + n / 4] &=
				~(both << n % 4 * 2);
	}
}

/* What VMLOAD and VMSAVE swap is the guest's own; all else exits. */
static const struct {
	u32 msr;
	u16 field;
} own_msrs[] = {
#define OWN(_msr, _field)	{ _msr, offsetof(struct vmcb_save, _field) }
	OWN(MSR_FS_BASE, fs.base), OWN(MSR_GS_BASE, gs.base),
	OWN(MSR_KERNEL_GS_BASE, kernel_gs_base),
	OWN(MSR_STAR, star), OWN(MSR_LSTAR, lstar), OWN(MSR_CSTAR, cstar),
	OWN(MSR_SYSCALL_MASK, sfmask),
	OWN(MSR_IA32_SYSENTER_CS, sysenter_cs),
	OWN(MSR_IA32_SYSENTER_ESP, sysenter_esp),
	OWN(MSR_IA32_SYSENTER_EIP, sysenter_eip),
#undef OWN
};

/* Whoever writes them: VMLOAD gets no more than WRMSR would have left. */
static bool keeps_32_bits(u32 msr)
{
	return msr == MSR_IA32_SYSENTER_ESP || msr == MSR_IA32_SYSENTER_EIP;
}

static void update_msrpm(struct svm_vcpu *svm)
{
	unsigned int i;

	memset(svm->msrpm, 0xff, MSRPM_SIZE);
	for (i = 0; i < ARRAY_SIZE(own_msrs); i++) {
		if (!svm->wide_sysenter || !keeps_32_bits(own_msrs[i].msr))
			msrpm_allow(svm, own_msrs[i].msr);
	}
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_BITMAPS);
}

void svm_update_intercepts(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	svm->wide_sysenter = nacre_guest_is_intel(vcpu);
	svm->uses_tsc_aux = svm_caps.tsc_aux &&
			    (nacre_guest_has(vcpu, X86_FEATURE_RDTSCP) ||
			     nacre_guest_has(vcpu, X86_FEATURE_RDPID));
	update_vmcb_intercepts(svm);
	update_msrpm(svm);
}

static void reset_control(struct svm_vcpu *svm)
{
	struct vmcb_control *control = &svm->vmcb->control;

	memset(control, 0, sizeof(*control));
	control->iopm = svm_iopm;
	control->msrpm = svm->msrpm_pa;
	control->tsc_offset = svm->vcpu.arch.tsc_offset;
	control->int_control = VMCB_V_INTR_MASKING;
	control->nested_control = VMCB_NESTED_PAGING;
	control->nested_cr3 = svm->nested_cr3;
	if (svm_caps.pause_filter)
		control->pause_count = VMCB_PAUSE_COUNT;
	if (svm_caps.pause_threshold)
		control->pause_threshold = VMCB_PAUSE_THRESHOLD;
}

/* What is not regs.c's to write. */
static void reset_save(struct svm_vcpu *svm)
{
	struct vmcb_save *save = &svm->vmcb->save;

	memset(save, 0, sizeof(*save));
	save->efer = EFER_SVME;
	save->dr6 = DR6_RESERVED;
	save->dr7 = svm->vcpu.arch.dr7;
	save->pat = svm->vcpu.arch.pat;
}

/*
 * Also after a shutdown, which leaves the VMCB undefined. MSRs survive INIT on
 * a processor, but no guest's firmware counts on what these had.
 */
void svm_vmcb_reset(struct svm_vcpu *svm)
{
	reset_control(svm);
	reset_save(svm);
	svm->sysenter_esp = 0;
	svm->sysenter_eip = 0;
	svm->want_vintr = false;
	svm->nmi = (struct svm_nmi){};
	svm->soft = (struct svm_soft){};
	svm->awaits.soft = false;
	svm->awaits.iret = false;
	svm->asid_generation = 0;
}

static struct vmcb_segment *segment(struct svm_vcpu *svm,
				    enum nacre_segreg reg)
{
	struct vmcb_save *save = &svm->vmcb->save;

	if (reg == NACRE_SEG_TR)
		return &save->tr;
	if (reg == NACRE_SEG_LDTR)
		return &save->ldtr;
	/* It begins with them, in the order of their numbers. */
	return (struct vmcb_segment *)save + reg;
}

/*
 * What AMD leaves open in a segment's cache is filled in the way that Intel
 * wants it, so that a guest's state can move between the two.
 */
static void settle_segment(struct svm_vcpu *svm, enum nacre_segreg reg,
			   struct nacre_segment *out)
{
	switch (reg) {
	case NACRE_SEG_TR:
		out->type |= 0x2;	/* busy */
		break;
	case NACRE_SEG_ES:
	case NACRE_SEG_DS:
	case NACRE_SEG_FS:
	case NACRE_SEG_GS:
		if (out->present)
			out->type |= 0x1;	/* accessed */
		break;
	case NACRE_SEG_SS:
		if (!out->present)
			out->db = 0;
		out->dpl = svm->vmcb->save.cpl;
		break;
	default:
		break;
	}
}

void svm_read_segment(struct nacre_vcpu *vcpu, enum nacre_segreg reg,
		      struct nacre_segment *out)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	const struct vmcb_segment *in = segment(svm, reg);
	u16 bits = in->attributes;

	*out = (struct nacre_segment) {
		.base = in->base,
		.limit = in->limit,
		.selector = in->selector,
		.type = FIELD_GET(VMCB_SEG_TYPE, bits),
		.s = FIELD_GET(VMCB_SEG_S, bits),
		.dpl = FIELD_GET(VMCB_SEG_DPL, bits),
		.present = FIELD_GET(VMCB_SEG_PRESENT, bits),
		.avl = FIELD_GET(VMCB_SEG_AVL, bits),
		.l = FIELD_GET(VMCB_SEG_LONG, bits),
		.db = FIELD_GET(VMCB_SEG_DB, bits),
		/* Not kept for every segment, but it follows. */
		.g = in->limit > 0xfffff,
		.unusable = !FIELD_GET(VMCB_SEG_PRESENT, bits),
	};
	settle_segment(svm, reg, out);
}

void svm_write_segment(struct nacre_vcpu *vcpu, enum nacre_segreg reg,
		       const struct nacre_segment *in)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	*segment(svm, reg) = (struct vmcb_segment) {
		.base = in->base,
		.limit = in->limit,
		.selector = in->selector,
		.attributes = FIELD_PREP(VMCB_SEG_TYPE, in->type & 0xf) |
			FIELD_PREP(VMCB_SEG_S, in->s & 1) |
			FIELD_PREP(VMCB_SEG_DPL, in->dpl & 3) |
			FIELD_PREP(VMCB_SEG_PRESENT,
				   (in->present & 1) && !in->unusable) |
			FIELD_PREP(VMCB_SEG_AVL, in->avl & 1) |
			FIELD_PREP(VMCB_SEG_LONG, in->l & 1) |
			FIELD_PREP(VMCB_SEG_DB, in->db & 1) |
			FIELD_PREP(VMCB_SEG_GRANULARITY, in->g & 1),
	};
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_SEGMENTS);
	if (reg == NACRE_SEG_SS)
		vmcb_set_cpl(svm->vmcb, in->dpl & 3);
}

struct nacre_code svm_read_code(struct nacre_vcpu *vcpu)
{
	const struct vmcb_segment *cs = &to_svm(vcpu)->vmcb->save.cs;
	struct nacre_code code = {
		.base = cs->base,
		.limit = cs->limit,
		.mode = cs->attributes & VMCB_SEG_DB ? 32 : 16,
	};

	if (cs->attributes & VMCB_SEG_LONG && nacre_is_long_mode(vcpu))
		code.mode = 64;
	return code;
}

u8 svm_read_cpl(struct nacre_vcpu *vcpu)
{
	return to_svm(vcpu)->vmcb->save.cpl;
}

static struct vmcb_segment *table(struct svm_vcpu *svm, bool idt)
{
	return idt ? &svm->vmcb->save.idtr : &svm->vmcb->save.gdtr;
}

void svm_read_table(struct nacre_vcpu *vcpu, bool idt,
		    struct nacre_dtable *out)
{
	const struct vmcb_segment *in = table(to_svm(vcpu), idt);

	*out = (struct nacre_dtable) {
		.base = in->base,
		.limit = in->limit,
	};
}

void svm_write_table(struct nacre_vcpu *vcpu, bool idt,
		     const struct nacre_dtable *in)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct vmcb_segment *out = table(svm, idt);

	out->base = in->base;
	out->limit = in->limit;
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_TABLES);
}

bool svm_valid_cr4(struct nacre_vcpu *vcpu, u64 cr4)
{
	/* VMRUN asks for no more than the features, which CPUID told. */
	return true;
}

void svm_write_cr0(struct nacre_vcpu *vcpu, u64 cr0)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	vcpu->arch.cr0 = cr0;
	vmcb_set_cr0(svm->vmcb, cr0 & ~(X86_CR0_CD | X86_CR0_NW));
	update_cr_intercepts(svm);
}

void svm_write_cr4(struct nacre_vcpu *vcpu, u64 cr4)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	vcpu->arch.cr4 = cr4;
	/* A machine check in the guest is the host's: it may not shut down. */
	vmcb_set_cr4(svm->vmcb, cr4 | (compat_host_cr4() & X86_CR4_MCE));
	update_cr_intercepts(svm);
}

void svm_write_efer(struct nacre_vcpu *vcpu, u64 efer)
{
	vcpu->arch.efer = efer;
	/* VMRUN refuses a guest without it. */
	vmcb_set_efer(to_svm(vcpu)->vmcb, efer | EFER_SVME);
}

void svm_write_dr7(struct nacre_vcpu *vcpu, u64 dr7)
{
	vmcb_set_dr7(to_svm(vcpu)->vmcb, dr7);
}

static u64 *msr_in_vmcb(struct svm_vcpu *svm, u32 msr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(own_msrs); i++) {
		if (own_msrs[i].msr == msr)
			return (u64 *)((u8 *)&svm->vmcb->save +
				       own_msrs[i].field);
	}
	return NULL;
}

/* The 64 bits that a guest made for Intel sees, or NULL. */
static u64 *whole_sysenter(struct svm_vcpu *svm, u32 msr)
{
	if (!svm->wide_sysenter || !keeps_32_bits(msr))
		return NULL;
	return msr == MSR_IA32_SYSENTER_ESP ? &svm->sysenter_esp :
					      &svm->sysenter_eip;
}

int svm_read_msr(struct nacre_vcpu *vcpu, u32 msr, u64 *value)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	u64 *field = whole_sysenter(svm, msr) ?: msr_in_vmcb(svm, msr);

	if (!field)
		return -ENOENT;
	*value = *field;
	return 0;
}

int svm_write_msr(struct nacre_vcpu *vcpu, u32 msr, u64 value)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	u64 *field = msr_in_vmcb(svm, msr);
	u64 *whole;

	if (!field)
		return -ENOENT;
	whole = whole_sysenter(svm, msr);
	if (whole)
		*whole = value;
	*field = keeps_32_bits(msr) ? (u32)value : value;
	return 0;
}

void svm_write_pat(struct nacre_vcpu *vcpu, u64 pat)
{
	vmcb_set_pat(to_svm(vcpu)->vmcb, pat);
}

void svm_write_tsc_offset(struct nacre_vcpu *vcpu, u64 offset)
{
	vcpu->arch.tsc_offset = offset;
	vmcb_set_tsc_offset(to_svm(vcpu)->vmcb, offset);
}

void svm_describe(struct nacre_vcpu *vcpu, char *text, size_t size)
{
	const struct vmcb_control *control = &to_svm(vcpu)->vmcb->control;
	const struct vmcb_save *save = &to_svm(vcpu)->vmcb->save;

	scnprintf(text, size,
		  "svm: exit %#llx info %#llx %#llx event %#llx vectoring %#llx rip %04x:%#llx rflags %#llx cr0 %#llx cr3 %#llx cr4 %#llx efer %#llx ncr3 %#llx",
		  control->exit_code, control->exit_info1, control->exit_info2,
		  control->event_inj, control->exit_int_info,
		  save->cs.selector, save->rip, save->rflags, save->cr0,
		  save->cr3, save->cr4, save->efer, control->nested_cr3);
}
