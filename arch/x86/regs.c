// SPDX-License-Identifier: GPL-2.0
/* Registers in and out of the ABI's structs, and their reset state. */

#include "arch/x86/cpuid.h"
#include "arch/x86/events.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/regs.h"

/* In the order of struct nacre_regs, which begins with them. */
static const u8 gprs[NACRE_NR_GPRS] = {
	NACRE_RAX, NACRE_RBX, NACRE_RCX, NACRE_RDX,
	NACRE_RSI, NACRE_RDI, NACRE_RSP, NACRE_RBP,
	NACRE_R8, NACRE_R9, NACRE_R10, NACRE_R11,
	NACRE_R12, NACRE_R13, NACRE_R14, NACRE_R15,
};
static_assert(offsetof(struct nacre_regs, rip) == sizeof(u64[NACRE_NR_GPRS]));

/* Likewise struct nacre_sregs. */
static const u8 segments[NACRE_NR_SEGS] = {
	NACRE_SEG_CS, NACRE_SEG_DS, NACRE_SEG_ES, NACRE_SEG_FS,
	NACRE_SEG_GS, NACRE_SEG_SS, NACRE_SEG_TR, NACRE_SEG_LDTR,
};
static_assert(offsetof(struct nacre_sregs, gdt) ==
	      sizeof(struct nacre_segment[NACRE_NR_SEGS]));

long nacre_get_regs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_regs *regs = arg->data;
	u64 *out = arg->data;
	unsigned int i;

	for (i = 0; i < NACRE_NR_GPRS; i++)
		out[i] = nacre_gpr(vcpu, gprs[i]);
	regs->rip = nacre_rip(vcpu);
	regs->rflags = nacre_rflags(vcpu);
	return 0;
}

long nacre_set_regs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_regs *regs = arg->data;
	const u64 *in = arg->data;
	unsigned int i;

	for (i = 0; i < NACRE_NR_GPRS; i++)
		nacre_set_gpr(vcpu, gprs[i], in[i]);
	nacre_set_rip(vcpu, regs->rip);
	nacre_set_rflags(vcpu, regs->rflags);
	/* A fault of the old RIP says nothing about the new one. */
	vcpu->arch.events.exception.pending = false;
	nacre_set_request(vcpu, NACRE_REQ_EVENT);
	return 0;
}

long nacre_get_sregs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_events *events = &vcpu->arch.events;
	struct nacre_segment *out = arg->data;
	struct nacre_sregs *sregs = arg->data;
	unsigned int i;

	for (i = 0; i < NACRE_NR_SEGS; i++)
		backend(read_segment)(vcpu, segments[i], &out[i]);
	backend(read_table)(vcpu, false, &sregs->gdt);
	backend(read_table)(vcpu, true, &sregs->idt);
	sregs->cr0 = nacre_cr0(vcpu);
	sregs->cr2 = vcpu->arch.cr2;
	sregs->cr3 = nacre_cr3(vcpu);
	sregs->cr4 = nacre_cr4(vcpu);
	sregs->cr8 = nacre_cr8(vcpu);
	sregs->efer = vcpu->arch.efer;
	sregs->apic_base = vcpu->arch.apic_base;
	if (events->interrupt.injected && !events->interrupt.soft)
		__set_bit(events->interrupt.vector,
			  (unsigned long *)sregs->interrupt_bitmap);
	return 0;
}

/* Long mode is more than one bit; the rest are the registers' own rules. */
static bool sregs_valid(struct nacre_vcpu *vcpu,
			const struct nacre_sregs *sregs)
{
	bool long_mode = (sregs->efer & EFER_LME) && (sregs->cr0 & X86_CR0_PG);

	if (long_mode) {
		if (!(sregs->cr4 & X86_CR4_PAE) || !(sregs->efer & EFER_LMA))
			return false;
		if (!nacre_valid_gpa(vcpu, sregs->cr3))
			return false;
	} else if (sregs->efer & EFER_LMA || sregs->cs.l) {
		return false;
	}
	return nacre_valid_cr4(vcpu, sregs->cr4) &&
	       nacre_valid_cr0(sregs->cr0) &&
	       nacre_valid_apic_base(vcpu, sregs->apic_base);
}

static void sregs_control_in(struct nacre_vcpu *vcpu,
			     const struct nacre_sregs *sregs)
{
	nacre_set_apic_base(vcpu, sregs->apic_base, false);
	backend(write_table)(vcpu, true, &sregs->idt);
	backend(write_table)(vcpu, false, &sregs->gdt);
	vcpu->arch.cr2 = sregs->cr2;
	nacre_set_cr3(vcpu, sregs->cr3);
	nacre_set_cr8(vcpu, sregs->cr8);
	backend(write_efer)(vcpu, sregs->efer);
	backend(write_cr0)(vcpu, sregs->cr0);
	backend(write_cr4)(vcpu, sregs->cr4);
	if (nacre_is_pae_paging(vcpu))
		nacre_load_pdptrs(vcpu, sregs->cr3);
}

/* What RIP counts from. */
static u32 code_base(struct nacre_vcpu *vcpu)
{
	struct nacre_segment cs;

	backend(read_segment)(vcpu, NACRE_SEG_CS, &cs);
	return nacre_is_64bit_code(vcpu) ? 0 : cs.base;
}

long nacre_set_sregs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_sregs *sregs = arg->data;
	const struct nacre_segment *in = arg->data;
	unsigned int vector, i;
	u32 moved = code_base(vcpu);

	if (!sregs_valid(vcpu, sregs))
		return -EINVAL;
	sregs_control_in(vcpu, sregs);
	for (i = 0; i < NACRE_NR_SEGS; i++)
		backend(write_segment)(vcpu, segments[i], &in[i]);
	/* A port access that is out is finished where its instruction is. */
	moved -= code_base(vcpu);
	if (moved)
		vcpu->arch.pio.rip = (u32)(vcpu->arch.pio.rip + moved);
	/* Everything that the guest had translated may be wrong now. */
	nacre_set_request(vcpu, NACRE_REQ_TLB_FLUSH_GUEST);
	vector = find_first_bit((unsigned long *)sregs->interrupt_bitmap,
				NACRE_NR_INTERRUPTS);
	if (vector < NACRE_NR_INTERRUPTS)
		nacre_queue_interrupt(vcpu, vector, false);
	return 0;
}

/* What the ioctls do, with data that is here. */
#define WITH(_data)	(&(struct nacre_ioctl_arg) { .data = (_data) })

/*
 * The mapping is the VMM's to write at any time, also half way through here:
 * each set is copied once, and the copy is what is checked. The barriers keep
 * the compiler from looking into the mapping again.
 */
int nacre_sync_regs_in(struct nacre_vcpu *vcpu)
{
	struct nacre_sync_regs *user = &vcpu->run->s.regs;
	u64 dirty = READ_ONCE(vcpu->run->nacre_dirty_regs);
	u64 valid = READ_ONCE(vcpu->run->nacre_valid_regs);
	int err = 0;

	if ((dirty | valid) & ~NACRE_SYNC_X86_VALID_FIELDS)
		return -EINVAL;
	if (dirty & NACRE_SYNC_X86_REGS) {
		struct nacre_regs regs = user->regs;

		barrier();
		nacre_set_regs(vcpu, WITH(&regs));
	}
	if (dirty & NACRE_SYNC_X86_SREGS) {
		struct nacre_sregs sregs = user->sregs;

		barrier();
		err = nacre_set_sregs(vcpu, WITH(&sregs));
	}
	if (!err && dirty & NACRE_SYNC_X86_EVENTS) {
		struct nacre_vcpu_events events = user->events;

		barrier();
		err = nacre_events_in(vcpu, &events);
	}
	if (!err && dirty)
		vcpu->run->nacre_dirty_regs = 0;
	return err;
}

void nacre_sync_regs_out(struct nacre_vcpu *vcpu)
{
	struct nacre_sync_regs *user = &vcpu->run->s.regs;
	u64 valid = READ_ONCE(vcpu->run->nacre_valid_regs);

	if (valid & NACRE_SYNC_X86_REGS)
		nacre_get_regs(vcpu, WITH(&user->regs));
	if (valid & NACRE_SYNC_X86_SREGS) {
		memset(&user->sregs, 0, sizeof(user->sregs));
		nacre_get_sregs(vcpu, WITH(&user->sregs));
	}
	if (valid & NACRE_SYNC_X86_EVENTS)
		nacre_events_out(vcpu, &user->events);
}

static void reset_power_on(struct nacre_vcpu *vcpu)
{
	vcpu->arch.pat = NACRE_PAT_RESET;
	vcpu->arch.xcr0 = XFEATURE_MASK_FP;
	vcpu->arch.xss = 0;
	vcpu->arch.apic_base = APIC_DEFAULT_PHYS_BASE | MSR_IA32_APICBASE_ENABLE;
	if (vcpu->id == vcpu->vm->arch.boot_vcpu_id)
		vcpu->arch.apic_base |= MSR_IA32_APICBASE_BSP;
}

static void reset_segments(struct nacre_vcpu *vcpu)
{
	const struct nacre_segment data = {
		.limit = 0xffff, .type = 0x3, .s = 1, .present = 1,
	}, code = {
		.selector = 0xf000, .base = 0xffff0000, .limit = 0xffff,
		.type = 0xb, .s = 1, .present = 1,
	}, tr = {
		.limit = 0xffff, .type = 0xb, .present = 1,
	}, ldtr = {
		.limit = 0xffff, .type = 0x2, .present = 1,
	};
	const struct nacre_dtable table = { .limit = 0xffff };
	enum nacre_segreg reg;

	for (reg = NACRE_SEG_ES; reg <= NACRE_SEG_GS; reg++)
		backend(write_segment)(vcpu, reg, reg == NACRE_SEG_CS ?
						  &code : &data);
	backend(write_segment)(vcpu, NACRE_SEG_TR, &tr);
	backend(write_segment)(vcpu, NACRE_SEG_LDTR, &ldtr);
	backend(write_table)(vcpu, false, &table);
	backend(write_table)(vcpu, true, &table);
}

/* Intel SDM, "Processor State After Reset"; AMD APM, "Processor Initialization". */
void nacre_reset_vcpu(struct nacre_vcpu *vcpu, bool init)
{
	u64 cr0 = X86_CR0_ET;

	if (init)
		cr0 |= nacre_cr0(vcpu) & (X86_CR0_NW | X86_CR0_CD);
	else
		cr0 |= X86_CR0_NW | X86_CR0_CD;
	if (!init)
		reset_power_on(vcpu);

	nacre_apic_reset(vcpu, init);
	vcpu->arch.pv_eoi = 0;
	vcpu->arch.steal = 0;
	nacre_events_reset(vcpu);
	nacre_debug_reset(vcpu);
	vcpu->arch.cr2 = 0;
	vcpu->arch.cr8 = 0;
	memset(vcpu->arch.gpr, 0, sizeof(vcpu->arch.gpr));
	nacre_mark_dirty(vcpu, NACRE_LAZY_RSP);
	nacre_set_gpr(vcpu, NACRE_RDX, nacre_cpuid_signature(vcpu));

	backend(vcpu_reset)(vcpu, init);
	reset_segments(vcpu);
	nacre_set_rflags(vcpu, X86_EFLAGS_FIXED);
	nacre_set_rip(vcpu, 0xfff0);
	nacre_set_cr3(vcpu, 0);
	backend(write_cr0)(vcpu, cr0);
	backend(write_cr4)(vcpu, 0);
	backend(write_efer)(vcpu, 0);
	backend(update_intercepts)(vcpu);
	nacre_set_request(vcpu, NACRE_REQ_TLB_FLUSH_GUEST);
}
