// SPDX-License-Identifier: GPL-2.0
/*
 * What the VMCS holds: of the guest its registers and what it may not do by
 * itself, of the host what an exit loads.
 *
 * Reading and writing it is not free. What an exit left is read on first use
 * (fetch_lazy, enum vmx_cache), what is to be loaded is written once before
 * the entry (vmx_write_lazy()), and what was written last is remembered where
 * that saves a write.
 */
#include <linux/bitfield.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <asm/cpu_entry_area.h>
#include <asm/cpufeature.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/segment.h>
#include <asm/trapnr.h>

#include "module/compat/compat.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/regs.h"
#include "arch/x86/vmx/vmx.h"

/* What the guest changes by itself, with nothing here to be done about it. */
#define CR0_OWNED	(X86_CR0_TS | X86_CR0_MP | X86_CR0_EM | X86_CR0_WP | \
			 X86_CR0_AM)
#define CR4_OWNED	(X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE | \
			 X86_CR4_PGE | X86_CR4_PCE | X86_CR4_OSFXSR | \
			 X86_CR4_OSXMMEXCPT | X86_CR4_FSGSBASE)

/* An endless #AC or #DB in microcode would hold the processor. */
#define EXCEPTIONS	(BIT(X86_TRAP_DB) | BIT(X86_TRAP_AC) | \
			 BIT(X86_TRAP_MC))

/* A loop of PAUSEs at most GAP apart ends after WINDOW cycles. */
#define PLE_GAP		128
#define PLE_WINDOW	4096

/* MSR bitmaps: reads of two ranges of 8192 MSRs, then writes. */
#define BITMAP_RANGE	0x2000
#define BITMAP_HIGH	0xc0000000
#define BITMAP_WRITES	2048

/* The host's, alike on every CPU. */
static struct {
	u64 cr0, efer, pat, sysenter_eip;
	u32 sysenter_cs;
	const gate_desc *idt;
} host __read_mostly;

void vmx_vmcs_setup(void)
{
	struct desc_ptr idt;

	host.cr0 = read_cr0() & ~X86_CR0_TS;
	rdmsrl(MSR_EFER, host.efer);
	rdmsrl(MSR_IA32_CR_PAT, host.pat);
	rdmsrl(MSR_IA32_SYSENTER_CS, host.sysenter_cs);
	rdmsrl(MSR_IA32_SYSENTER_EIP, host.sysenter_eip);
	store_idt(&idt);
	host.idt = (const gate_desc *)idt.address;
}

unsigned long vmx_host_handler(u8 vector)
{
	return gate_offset(&host.idt[vector]);
}

/* What the VMCS has is known: it is written where it changes. */
static void set_bits(enum vmcs_field field, u32 *word, u32 bits, bool on)
{
	u32 value = on ? *word | bits : *word & ~bits;

	if (*word == value)
		return;
	*word = value;
	vmcs_write32(field, value);
}

void vmx_set_proc(struct vmx_vcpu *vmx, u32 bits, bool on)
{
	set_bits(VMCS_PROC, &vmx->proc, bits, on);
}

static void set_proc2(struct vmx_vcpu *vmx, u32 bits, bool on)
{
	bits &= vmx_caps.controls.word[VMX_PROC2];
	vmx->proc2 = on ? vmx->proc2 | bits : vmx->proc2 & ~bits;
}

/* Instructions that CPUID did not promise give #UD. */
static void control_by_cpuid(struct vmx_vcpu *vmx)
{
	const struct nacre_vcpu *vcpu = &vmx->vcpu;
	bool rdtscp = nacre_guest_has(vcpu, X86_FEATURE_RDTSCP);
	bool rdpid = nacre_guest_has(vcpu, X86_FEATURE_RDPID);

	vmx->uses_tsc_aux = rdtscp || rdpid;
	set_proc2(vmx, PROC2_RDTSCP, rdtscp || rdpid);
	set_proc2(vmx, PROC2_INVPCID,
		  nacre_guest_has(vcpu, X86_FEATURE_INVPCID));
	set_proc2(vmx, PROC2_XSAVES,
		  nacre_guest_has(vcpu, X86_FEATURE_XSAVES));
	vmcs_write32(VMCS_PROC2, vmx->proc2);
}

static void allow_msr(struct vmx_vcpu *vmx, u32 msr, bool allow)
{
	unsigned int bit = msr;

	if (msr >= BITMAP_HIGH)
		bit = msr - BITMAP_HIGH + BITMAP_RANGE;
	__assign_bit(bit, (unsigned long *)vmx->msr_bitmap, !allow);
	__assign_bit(bit, (unsigned long *)(vmx->msr_bitmap + BITMAP_WRITES),
		     !allow);
}

/* MSRs that the processor swaps. */
static const struct {
	u32 msr;
	enum vmcs_field field;
} in_vmcs[] = {
	{ MSR_FS_BASE, VMCS_GUEST_FS_BASE },
	{ MSR_GS_BASE, VMCS_GUEST_GS_BASE },
	{ MSR_IA32_SYSENTER_CS, VMCS_GUEST_SYSENTER_CS },
	{ MSR_IA32_SYSENTER_ESP, VMCS_GUEST_SYSENTER_ESP },
	{ MSR_IA32_SYSENTER_EIP, VMCS_GUEST_SYSENTER_EIP },
};

/* What it swaps, or what is the guest's while it is loaded. */
static void update_msr_bitmap(struct vmx_vcpu *vmx)
{
	unsigned int i;

	memset(vmx->msr_bitmap, 0xff, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(in_vmcs); i++)
		allow_msr(vmx, in_vmcs[i].msr, true);
	/* Outside long mode the processor has the host's. */
	allow_msr(vmx, MSR_KERNEL_GS_BASE, nacre_is_long_mode(&vmx->vcpu));
	vmx_apic_msrs(vmx);
}

static void own_cr4(struct vmx_vcpu *vmx)
{
	struct nacre_vcpu_arch *arch = &vmx->vcpu.arch;
	u64 owned = CR4_OWNED & ~arch->cpuid.cr4_reserved;

	/* What was the guest's to change is known before it is not any more. */
	nacre_cr4(&vmx->vcpu);
	arch->cr4_owned = owned;
	vmcs_write_natural(VMCS_CR4_MASK, ~owned);
}

void vmx_update_intercepts(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	control_by_cpuid(vmx);
	vmcs_write32(VMCS_EXCEPTIONS, EXCEPTIONS);
	update_msr_bitmap(vmx);
	own_cr4(vmx);
}

static void reset_controls(struct vmx_vcpu *vmx)
{
	const struct vmx_controls *controls = &vmx_caps.controls;

	vmx->proc = controls->word[VMX_PROC];
	if (!vmx->apic_page) {
		vmx->proc &= ~(u32)PROC_TPR_SHADOW;
		vmx->proc |= PROC_CR8_LOAD | PROC_CR8_STORE;
	}
	vmx->proc2 = controls->word[VMX_PROC2];
	if (!vmx->vpid)
		vmx->proc2 &= ~(u32)PROC2_VPID;
	if (!READ_ONCE(vmx->vcpu.vm->nr_logs))
		vmx->proc2 &= ~(u32)PROC2_LOG_WRITES;
	vmx->entry = controls->word[VMX_ENTRY];
	vmcs_write32(VMCS_PIN, controls->word[VMX_PIN]);
	vmcs_write32(VMCS_PROC, vmx->proc);
	vmcs_write32(VMCS_PROC2, vmx->proc2);
	vmcs_write32(VMCS_EXIT, controls->word[VMX_EXIT]);
	vmcs_write32(VMCS_ENTRY, vmx->entry);

	vmcs_write32(VMCS_PF_MASK, 0);
	vmcs_write32(VMCS_PF_MATCH, 0);
	vmcs_write32(VMCS_CR3_TARGETS, 0);
	vmcs_write32(VMCS_EXIT_STORE_MSRS, 0);
	vmcs_write32(VMCS_EXIT_LOAD_MSRS, 0);
	vmcs_write32(VMCS_ENTRY_LOAD_MSRS, 0);
	vmcs_write32(VMCS_ENTRY_EVENT, 0);
	vmcs_write_natural(VMCS_CR0_MASK, ~(u64)CR0_OWNED);
	vmx->vcpu.arch.cr0_owned = CR0_OWNED;
}

static void reset_optional(struct vmx_vcpu *vmx)
{
	if (vmx_has(VMX_PIN, PIN_PREEMPTION_TIMER)) {
		vmx->timer_written = VMX_TIMER_OFF;
		vmcs_write32(VMCS_PREEMPTION_TIMER, VMX_TIMER_OFF);
	}
	if (vmx_has(VMX_PROC, PROC_MSR_BITMAPS))
		vmcs_write64(VMCS_MSR_BITMAP, virt_to_phys(vmx->msr_bitmap));
	if (vmx->apic_page) {
		vmcs_write64(VMCS_APIC_PAGE, virt_to_phys(vmx->apic_page));
		vmcs_write32(VMCS_CR8_THRESHOLD, 0);
	}
	if (vmx->vpid)
		vmcs_write16(VMCS_VPID, vmx->vpid);
	if (vmx_has(VMX_PROC2, PROC2_PAUSE_LOOP)) {
		vmcs_write32(VMCS_PLE_GAP, PLE_GAP);
		vmcs_write32(VMCS_PLE_WINDOW, PLE_WINDOW);
	}
	if (vmx_has(VMX_PROC2, PROC2_ENCLS))
		vmcs_write64(VMCS_ENCLS_EXITING, ~0ull);
	if (vmx_has(VMX_PROC2, PROC2_XSAVES))
		vmcs_write64(VMCS_XSS_EXITING, 0);
	vmcs_write64(VMCS_TSC_OFFSET, vmx->vcpu.arch.tsc_offset);
	vmx_write_tsc_ratio(&vmx->vcpu);
}

/*
 * An exit loads null selectors where user space may have had others; they are
 * put back when the vCPU leaves the CPU.
 */
static void reset_host(void)
{
	vmcs_write_natural(VMCS_HOST_CR0, host.cr0);
	vmcs_write16(VMCS_HOST_CS, __KERNEL_CS);
	vmcs_write16(VMCS_HOST_SS, __KERNEL_DS);
	vmcs_write16(VMCS_HOST_DS, 0);
	vmcs_write16(VMCS_HOST_ES, 0);
	vmcs_write16(VMCS_HOST_FS, 0);
	vmcs_write16(VMCS_HOST_GS, 0);
	vmcs_write16(VMCS_HOST_TR, GDT_ENTRY_TSS * 8);
	vmcs_write64(VMCS_HOST_EFER, host.efer);
	vmcs_write64(VMCS_HOST_PAT, host.pat);
	vmcs_write32(VMCS_HOST_SYSENTER_CS, host.sysenter_cs);
	vmcs_write_natural(VMCS_HOST_SYSENTER_EIP, host.sysenter_eip);
	vmcs_write_natural(VMCS_HOST_RIP, (u64)vmx_host_rip);
}

/* The VMCS has come to this CPU: what is constant here. */
void vmx_vmcs_moved(struct vmx_vcpu *vmx)
{
	const struct vmx_cpu *cpu = vmx->cpu;

	vmcs_write_natural(VMCS_HOST_IDTR_BASE, (u64)host.idt);
	vmcs_write_natural(VMCS_HOST_GDTR_BASE, cpu->gdt.address);
	vmcs_write_natural(VMCS_HOST_GS_BASE, cpu->gs_base);
	vmcs_write_natural(VMCS_HOST_SYSENTER_ESP, cpu->sysenter_esp);
	vmcs_write_natural(VMCS_HOST_TR_BASE, (u64)
		&get_cpu_entry_area(smp_processor_id())->tss.x86_tss);
}

/* What is not regs.c's to write. */
static void reset_guest(struct vmx_vcpu *vmx)
{
	vmx_set_int_state(vmx, 0);
	vmcs_write32(VMCS_GUEST_ACTIVITY, 0);
	vmcs_write_natural(VMCS_GUEST_PENDING_DEBUG, 0);
	vmcs_write64(VMCS_GUEST_DEBUGCTL, 0);
	vmcs_write64(VMCS_LINK, ~0ull);
	vmcs_write_natural(VMCS_GUEST_DR7, vmx->vcpu.arch.dr7);
	vmcs_write64(VMCS_GUEST_PAT, vmx->vcpu.arch.pat);
}

/* MSRs survive INIT on a processor, but no guest's firmware counts on it. */
static void reset_msrs(struct vmx_vcpu *vmx)
{
	static const u32 zero[] = {
		MSR_KERNEL_GS_BASE, MSR_STAR, MSR_LSTAR, MSR_CSTAR,
		MSR_SYSCALL_MASK, MSR_IA32_SYSENTER_CS,
		MSR_IA32_SYSENTER_ESP, MSR_IA32_SYSENTER_EIP,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(zero); i++)
		vmx_write_msr(&vmx->vcpu, zero[i], 0);
}

void vmx_vmcs_reset(struct vmx_vcpu *vmx)
{
	vmx->cached = 0;
	vmx->entry_event = 0;
	vmx->flat = false;
	vmx->nmi_masked = false;
	vmx->soft_length = 0;
	vmx->cr8_threshold = 0;
	vmx->cr8_written = 0;
	reset_controls(vmx);
	reset_optional(vmx);
	reset_host();
	reset_guest(vmx);
	reset_msrs(vmx);
	vmx_apic_reset(vmx);
}

static u64 merge(u64 kept, u64 hardware, u64 owned)
{
	return (kept & ~owned) | (hardware & owned);
}

static void fetch_exit_info(struct vmx_vcpu *vmx)
{
	struct nacre_exit *exit = &vmx->vcpu.arch.exit;

	exit->info[0] = vmcs_read_natural(VMCS_QUALIFICATION);
	exit->info[1] = vmx->exit_event;
	if (!vmx->exit_event)
		exit->info[1] = vmcs_read64(VMCS_EXIT_GPA);
}

static noinline void fetch_rare(struct nacre_vcpu *vcpu, u32 what)
{
	struct nacre_vcpu_arch *arch = &vcpu->arch;
	unsigned int i;

	if (what & BIT(NACRE_LAZY_CR3) && !to_vmx(vcpu)->flat)
		arch->cr3 = vmcs_read_natural(VMCS_GUEST_CR3);
	if (what & BIT(NACRE_LAZY_CR4))
		arch->cr4 = merge(arch->cr4, vmcs_read_natural(VMCS_GUEST_CR4),
				  arch->cr4_owned);
	if (what & BIT(NACRE_LAZY_EXIT_INFO))
		fetch_exit_info(to_vmx(vcpu));
	if (what & BIT(NACRE_LAZY_PDPTRS))
		for (i = 0; i < ARRAY_SIZE(arch->pdptrs); i++)
			arch->pdptrs[i] = vmcs_read64(VMCS_GUEST_PDPTE0 + 2 * i);
}

#define OFTEN_FETCHED	(BIT(NACRE_LAZY_RIP) | BIT(NACRE_LAZY_RSP) | \
			 BIT(NACRE_LAZY_RFLAGS) | BIT(NACRE_LAZY_CR0))

void vmx_fetch_lazy(struct nacre_vcpu *vcpu, u32 what)
{
	struct nacre_vcpu_arch *arch = &vcpu->arch;

	arch->avail |= what;
	if (what & BIT(NACRE_LAZY_RIP))
		arch->rip = vmcs_read_natural(VMCS_GUEST_RIP);
	if (what & BIT(NACRE_LAZY_RSP))
		arch->gpr[NACRE_RSP] = vmcs_read_natural(VMCS_GUEST_RSP);
	if (what & BIT(NACRE_LAZY_RFLAGS)) {
		arch->rflags = vmcs_read_natural(VMCS_GUEST_RFLAGS);
		/* What asks for the one goes on to ask for the other. */
		vmx_int_state(to_vmx(vcpu));
	}
	if (what & BIT(NACRE_LAZY_CR0))
		arch->cr0 = merge(arch->cr0, vmcs_read_natural(VMCS_GUEST_CR0),
				  arch->cr0_owned);
	if (what & ~OFTEN_FETCHED)
		fetch_rare(vcpu, what);
}

/* The processor loads them by itself but where it enters in PAE paging. */
static void write_pdptrs(struct nacre_vcpu *vcpu)
{
	const u64 *pdptrs = vcpu->arch.pdptrs;
	unsigned int i;

	if (!nacre_is_pae_paging(vcpu))
		return;
	for (i = 0; i < ARRAY_SIZE(vcpu->arch.pdptrs); i++)
		vmcs_write64(VMCS_GUEST_PDPTE0 + 2 * i, pdptrs[i]);
}

/* CR0 and CR4 were written when they changed. */
void vmx_write_lazy(struct vmx_vcpu *vmx, u32 dirty)
{
	struct nacre_vcpu_arch *arch = &vmx->vcpu.arch;

	if (dirty & BIT(NACRE_LAZY_RSP))
		vmcs_write_natural(VMCS_GUEST_RSP, arch->gpr[NACRE_RSP]);
	if (dirty & BIT(NACRE_LAZY_RFLAGS))
		vmcs_write_natural(VMCS_GUEST_RFLAGS, arch->rflags);
	if (dirty & BIT(NACRE_LAZY_CR3) && !vmx->flat)
		vmcs_write_natural(VMCS_GUEST_CR3, arch->cr3);
	if (dirty & BIT(NACRE_LAZY_PDPTRS))
		write_pdptrs(&vmx->vcpu);
}

/* Of a segment's four fields, counted from those of ES: LDTR is before TR. */
static unsigned int field_of(enum nacre_segreg reg)
{
	if (reg == NACRE_SEG_LDTR)
		return 2 * NACRE_SEG_TR;
	if (reg == NACRE_SEG_TR)
		return 2 * NACRE_SEG_LDTR;
	return 2 * reg;
}

void vmx_read_segment(struct nacre_vcpu *vcpu, enum nacre_segreg reg,
		      struct nacre_segment *out)
{
	unsigned int n = field_of(reg);
	u32 rights = vmcs_read32(VMCS_GUEST_ES_RIGHTS + n);

	*out = (struct nacre_segment) {
		.base = vmcs_read_natural(VMCS_GUEST_ES_BASE + n),
		.limit = vmcs_read32(VMCS_GUEST_ES_LIMIT + n),
		.selector = vmcs_read16(VMCS_GUEST_ES + n),
		.type = FIELD_GET(RIGHTS_TYPE, rights),
		.s = FIELD_GET(RIGHTS_S, rights),
		.dpl = FIELD_GET(RIGHTS_DPL, rights),
		/* One that is usable is present, and the other way round. */
		.present = !FIELD_GET(RIGHTS_UNUSABLE, rights),
		.avl = FIELD_GET(RIGHTS_AVL, rights),
		.l = FIELD_GET(RIGHTS_LONG, rights),
		.db = FIELD_GET(RIGHTS_DB, rights),
		.g = FIELD_GET(RIGHTS_GRANULARITY, rights),
		.unusable = FIELD_GET(RIGHTS_UNUSABLE, rights),
	};
}

static u32 make_rights(enum nacre_segreg reg, const struct nacre_segment *in)
{
	u8 type = in->type & 0xf;

	/*
	 * Intel SDM, "Checks on Guest Segment Registers": accessed, as loading
	 * it would have made it. Not every VMM knows.
	 */
	if (reg != NACRE_SEG_LDTR)
		type |= 1;
	return FIELD_PREP(RIGHTS_TYPE, type) |
	       FIELD_PREP(RIGHTS_S, in->s & 1) |
	       FIELD_PREP(RIGHTS_DPL, in->dpl & 3) |
	       FIELD_PREP(RIGHTS_PRESENT, in->present & 1) |
	       FIELD_PREP(RIGHTS_AVL, in->avl & 1) |
	       FIELD_PREP(RIGHTS_LONG, in->l & 1) |
	       FIELD_PREP(RIGHTS_DB, in->db & 1) |
	       FIELD_PREP(RIGHTS_GRANULARITY, in->g & 1) |
	       FIELD_PREP(RIGHTS_UNUSABLE, in->unusable || !in->present);
}

void vmx_write_segment(struct nacre_vcpu *vcpu, enum nacre_segreg reg,
		       const struct nacre_segment *in)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	unsigned int n = field_of(reg);

	vmcs_write_natural(VMCS_GUEST_ES_BASE + n, in->base);
	vmcs_write32(VMCS_GUEST_ES_LIMIT + n, in->limit);
	vmcs_write16(VMCS_GUEST_ES + n, in->selector);
	vmcs_write32(VMCS_GUEST_ES_RIGHTS + n, make_rights(reg, in));
	vmx->cached &= ~(BIT(VMX_CACHE_CS_RIGHTS) | BIT(VMX_CACHE_SS_RIGHTS));
	vmx->unchecked = true;
}

/* SS's rights tell it in every mode; in real mode they may say anything. */
u8 vmx_read_cpl(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	if (!nacre_is_protected(vcpu))
		return 0;
	return FIELD_GET(RIGHTS_DPL, vmcs_read_once(vmx, VMX_CACHE_SS_RIGHTS,
						    VMCS_GUEST_SS_RIGHTS,
						    &vmx->ss_rights));
}

/* In 64-bit code neither base nor limit counts, and each costs a VMREAD. */
struct nacre_code vmx_read_code(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	u32 rights = vmcs_read_once(vmx, VMX_CACHE_CS_RIGHTS,
				    VMCS_GUEST_CS_RIGHTS, &vmx->cs_rights);
	unsigned int n = field_of(NACRE_SEG_CS);

	if (rights & RIGHTS_LONG && nacre_is_long_mode(vcpu))
		return (struct nacre_code) { .mode = 64 };
	return (struct nacre_code) {
		.base = vmcs_read_natural(VMCS_GUEST_ES_BASE + n),
		.limit = vmcs_read32(VMCS_GUEST_ES_LIMIT + n),
		.mode = rights & RIGHTS_DB ? 32 : 16,
	};
}

void vmx_read_table(struct nacre_vcpu *vcpu, bool idt,
		    struct nacre_dtable *out)
{
	unsigned int n = idt ? 2 : 0;

	*out = (struct nacre_dtable) {
		.base = vmcs_read_natural(VMCS_GUEST_GDTR_BASE + n),
		.limit = vmcs_read32(VMCS_GUEST_GDTR_LIMIT + n),
	};
}

void vmx_write_table(struct nacre_vcpu *vcpu, bool idt,
		     const struct nacre_dtable *in)
{
	unsigned int n = idt ? 2 : 0;

	vmcs_write_natural(VMCS_GUEST_GDTR_BASE + n, in->base);
	vmcs_write32(VMCS_GUEST_GDTR_LIMIT + n, in->limit);
}

bool vmx_valid_cr4(struct nacre_vcpu *vcpu, u64 cr4)
{
	return !(cr4 & ~vmx_caps.cr4_allowed) && !(cr4 & X86_CR4_VMXE);
}

/*
 * Hardware runs with caching on whatever the guest says (firmware that never
 * turns it on would crawl), and VMX wants NE. The guest reads the shadow.
 */
void vmx_write_cr0(struct nacre_vcpu *vcpu, u64 cr0)
{
	vcpu->arch.cr0 = cr0;
	vcpu->arch.avail |= BIT(NACRE_LAZY_CR0);
	vmcs_write_natural(VMCS_CR0_SHADOW, cr0);
	cr0 = (cr0 & ~(X86_CR0_CD | X86_CR0_NW)) | X86_CR0_NE;
	if (vmx_is_restricted())
		cr0 = vmx_restrict_cr0(to_vmx(vcpu), cr0);
	vmcs_write_natural(VMCS_GUEST_CR0, cr0);
}

/* A machine check in the guest is the host's: it may not shut down. */
void vmx_write_cr4(struct nacre_vcpu *vcpu, u64 cr4)
{
	vcpu->arch.cr4 = cr4;
	vcpu->arch.avail |= BIT(NACRE_LAZY_CR4);
	vmcs_write_natural(VMCS_CR4_SHADOW, cr4);
	vmcs_write_natural(VMCS_GUEST_CR4,
			   vmx_restrict_cr4(to_vmx(vcpu), cr4) | X86_CR4_VMXE |
			   (compat_host_cr4() & X86_CR4_MCE));
}

/* Intel SDM, "Checks on Guest Segment Registers": a TSS of 64 bits. */
static void settle_tr(void)
{
	u32 rights = vmcs_read32(VMCS_GUEST_TR_RIGHTS);

	if ((rights & RIGHTS_TYPE) != RIGHTS_BUSY_TSS)
		vmcs_write32(VMCS_GUEST_TR_RIGHTS,
			     (rights & ~(u32)RIGHTS_TYPE) | RIGHTS_BUSY_TSS);
}

void vmx_write_efer(struct nacre_vcpu *vcpu, u64 efer)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	bool long_mode = efer & EFER_LMA;

	if (long_mode && !(vcpu->arch.efer & EFER_LMA))
		settle_tr();
	vcpu->arch.efer = efer;
	vmx->stale |= VMX_STALE_MSRS;
	allow_msr(vmx, MSR_KERNEL_GS_BASE, long_mode);
	vmcs_write64(VMCS_GUEST_EFER,
		     vmx_is_restricted() ? vmx_restrict_efer(efer) : efer);
	set_bits(VMCS_ENTRY, &vmx->entry, ENTRY_LONG_MODE, long_mode);
}

void vmx_write_dr7(struct nacre_vcpu *vcpu, u64 dr7)
{
	vmcs_write_natural(VMCS_GUEST_DR7, dr7);
}

static u64 *swapped_msr(struct vmx_vcpu *vmx, u32 msr)
{
	unsigned int i;

	for (i = 0; i < VMX_SWAPPED; i++) {
		if (vmx_swapped_msrs[i] == msr)
			return &vmx->swapped[i];
	}
	return msr == MSR_CSTAR ? &vmx->cstar : NULL;
}

/* SWAPGS changes it unseen, so the processor is asked while it has it. */
static u64 read_kernel_gs_base(struct vmx_vcpu *vmx)
{
	preempt_disable();
	if (vmx->gs_in)
		rdmsrl(MSR_KERNEL_GS_BASE, vmx->kernel_gs_base);
	preempt_enable();
	return vmx->kernel_gs_base;
}

static void write_kernel_gs_base(struct vmx_vcpu *vmx, u64 value)
{
	preempt_disable();
	vmx->kernel_gs_base = value;
	if (vmx->gs_in)
		wrmsrl(MSR_KERNEL_GS_BASE, value);
	preempt_enable();
}

/* Where the VMCS has an MSR; 0, which is a field without one: nowhere. */
static enum vmcs_field field_of_msr(u32 msr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(in_vmcs); i++) {
		if (in_vmcs[i].msr == msr)
			return in_vmcs[i].field;
	}
	return 0;
}

int vmx_read_msr(struct nacre_vcpu *vcpu, u32 msr, u64 *value)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	const u64 *swapped = swapped_msr(vmx, msr);
	enum vmcs_field field = field_of_msr(msr);

	if (swapped)
		*value = *swapped;
	else if (field)
		*value = vmcs_read_natural(field);
	else if (msr == MSR_KERNEL_GS_BASE)
		*value = read_kernel_gs_base(vmx);
	else
		return -ENOENT;
	return 0;
}

int vmx_write_msr(struct nacre_vcpu *vcpu, u32 msr, u64 value)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	u64 *swapped = swapped_msr(vmx, msr);
	enum vmcs_field field = field_of_msr(msr);

	if (swapped) {
		*swapped = value;
		vmx->stale |= VMX_STALE_MSRS;
	} else if (field) {
		/* Of a value for SYSENTER_CS it takes as much as it has. */
		vmcs_write_natural(field, value);
	} else if (msr == MSR_KERNEL_GS_BASE) {
		write_kernel_gs_base(vmx, value);
	} else {
		return -ENOENT;
	}
	return 0;
}

void vmx_write_pat(struct nacre_vcpu *vcpu, u64 pat)
{
	vmcs_write64(VMCS_GUEST_PAT, pat);
}

void vmx_write_tsc_offset(struct nacre_vcpu *vcpu, u64 offset)
{
	vcpu->arch.tsc_offset = offset;
	vmcs_write64(VMCS_TSC_OFFSET, offset);
}

void vmx_write_tsc_ratio(struct nacre_vcpu *vcpu)
{
	if (vmx_has(VMX_PROC2, PROC2_TSC_SCALING))
		vmcs_write64(VMCS_TSC_MULTIPLIER, vcpu->arch.tsc_ratio ?:
			     1ull << VMX_TSC_FRACTION);
}

void vmx_describe(struct nacre_vcpu *vcpu, char *text, size_t size)
{
	scnprintf(text, size,
		  "vmx: exit %#x qualification %#llx event %#x vectoring %#x int %#x rip %04x:%#llx rflags %#llx cr0 %#llx cr3 %#llx cr4 %#llx efer %#llx eptp %#llx",
		  vmcs_read32(VMCS_EXIT_REASON),
		  vmcs_read_natural(VMCS_QUALIFICATION),
		  vmcs_read32(VMCS_ENTRY_EVENT), vmcs_read32(VMCS_VECTORING),
		  vmcs_read32(VMCS_GUEST_INT_STATE),
		  vmcs_read16(VMCS_GUEST_CS),
		  vmcs_read_natural(VMCS_GUEST_RIP),
		  vmcs_read_natural(VMCS_GUEST_RFLAGS),
		  vmcs_read_natural(VMCS_GUEST_CR0),
		  vmcs_read_natural(VMCS_GUEST_CR3),
		  vmcs_read_natural(VMCS_GUEST_CR4),
		  vmcs_read64(VMCS_GUEST_EFER), vmcs_read64(VMCS_EPTP));
}
