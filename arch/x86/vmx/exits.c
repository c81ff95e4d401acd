// SPDX-License-Identifier: GPL-2.0
/* From VMX's exit reasons to what an exit means: arch/x86/exits.h. */
#include <linux/bitfield.h>
#include <linux/nospec.h>
#include <asm/apicdef.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/processor.h>
#include <asm/trapnr.h>

#include "arch/x86/emulation.h"
#include "arch/x86/exits.h"
#include "arch/x86/insn.h"
#include "arch/x86/regs.h"
#include "arch/x86/vmx/ops.h"
#include "arch/x86/vmx/vmx.h"

/* Intel SDM, "VMX Basic Exit Reasons". */
enum reason {
	REASON_EXCEPTION	= 0,	/* or an NMI */
	REASON_INTERRUPT	= 1,
	REASON_TRIPLE_FAULT	= 2,
	REASON_IO_SMI		= 5,
	REASON_SMI		= 6,
	REASON_INTERRUPT_WINDOW	= 7,
	REASON_NMI_WINDOW	= 8,
	REASON_TASK_SWITCH	= 9,
	REASON_CPUID		= 10,
	REASON_GETSEC		= 11,
	REASON_HLT		= 12,
	REASON_INVD		= 13,
	REASON_RDPMC		= 15,
	REASON_RSM		= 17,
	REASON_VMCALL		= 18,
	REASON_VMCLEAR		= 19,
	REASON_VMXON		= 27,
	REASON_CR		= 28,
	REASON_DR		= 29,
	REASON_IO		= 30,
	REASON_RDMSR		= 31,
	REASON_WRMSR		= 32,
	REASON_MWAIT		= 36,
	REASON_MONITOR		= 39,
	REASON_PAUSE		= 40,
	REASON_MACHINE_CHECK	= 41,	/* in an entry */
	REASON_CR8_BELOW	= 43,
	REASON_APIC_ACCESS	= 44,
	REASON_EOI		= 45,
	REASON_EPT_VIOLATION	= 48,
	REASON_EPT_MISCONFIG	= 49,
	REASON_INVEPT		= 50,
	REASON_TIMER		= 52,
	REASON_INVVPID		= 53,
	REASON_WBINVD		= 54,
	REASON_XSETBV		= 55,
	REASON_APIC_WRITE	= 56,
	REASON_VMFUNC		= 59,
	REASON_ENCLS		= 60,
	REASON_LOG_FULL		= 62,
	REASONS
};

/* The exits that can cut short the delivery of an event. */
#define IN_DELIVERY	(BIT_ULL(REASON_EXCEPTION) |		\
			 BIT_ULL(REASON_TASK_SWITCH) |		\
			 BIT_ULL(REASON_APIC_ACCESS) |		\
			 BIT_ULL(REASON_EPT_VIOLATION) |	\
			 BIT_ULL(REASON_EPT_MISCONFIG) |	\
			 BIT_ULL(REASON_LOG_FULL))

/* With what came by none of them, for an entry that failed. */
#define RARE		(BIT_ULL(REASON_EXCEPTION) | \
			 BIT_ULL(REASON_MACHINE_CHECK))

/* Those that are answered from the vCPU's own state; see answered(). */
#define ANSWERED	(BIT_ULL(REASON_CPUID) | BIT_ULL(REASON_VMCALL) | \
			 BIT_ULL(REASON_RDMSR))

#define DR7_GENERAL_DETECT	BIT_ULL(13)
#define DR6_GENERAL_DETECT	BIT_ULL(13)

/* If the exit has acknowledged it, its handler has still to be called. */
void vmx_take_interrupt(struct nacre_vcpu *vcpu)
{
	u32 event = vmcs_read32(VMCS_EXIT_EVENT);

	if (event & EVENT_VALID)
		vmx_call_handler(vmx_host_handler(event & EVENT_VECTOR));
}

/* An SMI, which the host took. */
static enum nacre_result exit_host(struct nacre_vcpu *vcpu)
{
	return NACRE_RESUME;
}

static enum nacre_result exit_interrupt_window(struct nacre_vcpu *vcpu)
{
	vcpu->stats.irq_window_exits++;
	vmx_end_window(to_vmx(vcpu), PROC_INTERRUPT_WINDOW);
	return NACRE_RESUME;
}

static enum nacre_result exit_nmi_window(struct nacre_vcpu *vcpu)
{
	vcpu->stats.nmi_window_exits++;
	vmx_end_window(to_vmx(vcpu), PROC_NMI_WINDOW);
	return NACRE_RESUME;
}

/* By INT1 it is a trap behind an instruction, which has not been passed. */
static void pass_int1(struct nacre_vcpu *vcpu)
{
	nacre_set_rip(vcpu, nacre_rip(vcpu) + vmx_insn_length(vcpu));
	vmx_write_shadow(vcpu, 0);
}

/*
 * Intel SDM, "Checks on Guest Non-Register State": with TF set and behind STI
 * or MOV SS a single step is pending. This exit alone does not leave it so.
 */
static void keep_step_pending(struct vmx_vcpu *vmx)
{
	u64 pending;

	if (!(nacre_rflags(&vmx->vcpu) & X86_EFLAGS_TF) ||
	    !vmx_read_shadow(&vmx->vcpu))
		return;
	pending = vmcs_read_natural(VMCS_GUEST_PENDING_DEBUG);
	vmcs_write_natural(VMCS_GUEST_PENDING_DEBUG, pending | DR_STEP);
}

static enum nacre_result exit_db(struct nacre_vcpu *vcpu, u32 event)
{
	u64 dr6_bits = nacre_exit_of(vcpu)->info[0] & QUAL_DEBUG;

	if (FIELD_GET(EVENT_TYPE, event) == EVENT_TYPE_INT1)
		pass_int1(vcpu);
	else
		keep_step_pending(to_vmx(vcpu));
	return nacre_exit_debug(vcpu, dr6_bits);
}

static enum nacre_result exit_exception(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	u32 event = vmx->exit_event;
	u8 vector = FIELD_GET(EVENT_VECTOR, event);

	if (FIELD_GET(EVENT_TYPE, event) == EVENT_TYPE_NMI)
		return NACRE_RESUME;
	if (event & EVENT_NMI_UNBLOCKED && vector != X86_TRAP_DF &&
	    vcpu->arch.exit.vectoring.type == NACRE_EVENT_NONE)
		vmx_nmi_unblocked(vmx);
	switch (vector) {
	case X86_TRAP_DB:
		return exit_db(vcpu, event);
	case X86_TRAP_AC:
		return nacre_exit_exception(vcpu, vector, true,
					    vmcs_read32(VMCS_EXIT_ERROR));
	case X86_TRAP_MC:
		return NACRE_RESUME;
	default:
		return nacre_exit_unexpected(vcpu);
	}
}

static enum nacre_result exit_cr(struct nacre_vcpu *vcpu)
{
	u64 qual = nacre_exit_of(vcpu)->info[0];
	const struct nacre_cr_access access = {
		/* The same numbers for the same kinds. */
		.kind = FIELD_GET(QUAL_CR_KIND, qual),
		.cr = FIELD_GET(QUAL_CR_NUMBER, qual),
		.gpr = FIELD_GET(QUAL_CR_GPR, qual),
		.msw = FIELD_GET(QUAL_CR_MSW, qual),
	};

	BUILD_BUG_ON(NACRE_CR_WRITE != 0 || NACRE_CR_READ != 1 ||
		     NACRE_CR_CLTS != 2 || NACRE_CR_LMSW != 3);
	return nacre_exit_cr(vcpu, &access);
}

/*
 * Intel SDM, "Relative Priority of Faults and VM Exits": this exit comes
 * before the checks of CPL and of DR7's GD.
 */
static enum nacre_result exit_dr(struct nacre_vcpu *vcpu)
{
	u64 qual = nacre_exit_of(vcpu)->info[0];
	const struct nacre_dr_access access = {
		.write = !(qual & QUAL_DR_READ),
		.dr = FIELD_GET(QUAL_DR_NUMBER, qual),
		.gpr = FIELD_GET(QUAL_DR_GPR, qual),
	};

	if (vmx_read_cpl(vcpu))
		return nacre_exit_gp(vcpu);
	if (vcpu->arch.dr7 & DR7_GENERAL_DETECT)
		return nacre_exit_debug(vcpu, DR6_GENERAL_DETECT);
	return nacre_exit_dr(vcpu, &access);
}

/* Apart from the others: what it needs would be in their way. */
static noinline enum nacre_result exit_rare_io(struct nacre_vcpu *vcpu,
					       u64 qual)
{
	u8 size = FIELD_GET(QUAL_IO_SIZE, qual) + 1;
	u16 port = FIELD_GET(QUAL_IO_PORT, qual);
	u64 rip = vcpu->arch.rip;

	if (qual & QUAL_IO_STRING)
		return nacre_exit_string_io(vcpu, port, size, qual & QUAL_IO_IN,
					    qual & QUAL_IO_REP);
	rip = nacre_wrap_rip(vcpu, rip, rip + to_vmx(vcpu)->insn_length);
	return nacre_exit_io(vcpu, port, size, qual & QUAL_IO_IN, rip);
}

static enum nacre_result exit_io(struct nacre_vcpu *vcpu)
{
	u64 qual, rip, next_rip;

	vmx_fetch_insn(to_vmx(vcpu));
	qual = vmcs_read_natural(VMCS_QUALIFICATION);
	rip = vcpu->arch.rip;
	next_rip = rip + to_vmx(vcpu)->insn_length;
	if (unlikely(qual & QUAL_IO_STRING) || nacre_may_wrap(rip, next_rip))
		return exit_rare_io(vcpu, qual);
	return nacre_exit_io(vcpu, FIELD_GET(QUAL_IO_PORT, qual),
			     FIELD_GET(QUAL_IO_SIZE, qual) + 1,
			     qual & QUAL_IO_IN, next_rip);
}

/* The guest has lowered its CR8: what waits may be let in. */
static enum nacre_result exit_cr8_below(struct nacre_vcpu *vcpu)
{
	vcpu->arch.events.want_event = true;
	return NACRE_RESUME;
}

static enum nacre_result exit_task_switch(struct nacre_vcpu *vcpu)
{
	u64 qual = nacre_exit_of(vcpu)->info[0];

	BUILD_BUG_ON(NACRE_EMU_TASK_CALL != 0 || NACRE_EMU_TASK_IRET != 1 ||
		     NACRE_EMU_TASK_JMP != 2 || NACRE_EMU_TASK_EVENT != 3);
	return nacre_exit_task_switch(vcpu, FIELD_GET(QUAL_TASK_SELECTOR, qual),
				      FIELD_GET(QUAL_TASK_SOURCE, qual));
}

static nacre_exit_fn *const exits[REASONS] = {
	[REASON_EXCEPTION]		= exit_exception,
	[REASON_INTERRUPT]		= nacre_exit_interrupt,
	[REASON_TRIPLE_FAULT]		= nacre_exit_shutdown,
	[REASON_IO_SMI]			= exit_host,
	[REASON_SMI]			= exit_host,
	[REASON_INTERRUPT_WINDOW]	= exit_interrupt_window,
	[REASON_NMI_WINDOW]		= exit_nmi_window,
	[REASON_TASK_SWITCH]		= exit_task_switch,
	[REASON_CPUID]			= nacre_exit_cpuid,
	[REASON_GETSEC]			= nacre_exit_ud,
	[REASON_HLT]			= nacre_exit_hlt,
	/* The guest's caches are coherent: nothing to do, as for WBINVD. */
	[REASON_INVD]			= nacre_skip_insn,
	[REASON_RDPMC]			= nacre_exit_gp,
	[REASON_RSM]			= nacre_exit_ud,
	[REASON_VMCALL]			= nacre_exit_hypercall,
	[REASON_VMCLEAR ... REASON_VMXON] = nacre_exit_ud,
	[REASON_CR]			= exit_cr,
	[REASON_DR]			= exit_dr,
	[REASON_RDMSR]			= nacre_exit_rdmsr,
	[REASON_WRMSR]			= nacre_exit_wrmsr,
	/* Two that do nothing: the guest spins instead of waiting. */
	[REASON_MWAIT]			= nacre_skip_insn,
	[REASON_MONITOR]		= nacre_skip_insn,
	[REASON_PAUSE]			= nacre_exit_pause,
	[REASON_CR8_BELOW]		= exit_cr8_below,
	[REASON_APIC_ACCESS]		= vmx_exit_apic_access,
	[REASON_EOI]			= vmx_exit_eoi,
	[REASON_EPT_VIOLATION]		= vmx_exit_ept_violation,
	[REASON_EPT_MISCONFIG]		= vmx_exit_ept_misconfig,
	[REASON_INVEPT]			= nacre_exit_ud,
	[REASON_TIMER]			= nacre_exit_timer,
	[REASON_INVVPID]		= nacre_exit_ud,
	[REASON_WBINVD]			= nacre_skip_insn,
	[REASON_XSETBV]			= nacre_exit_xsetbv,
	[REASON_APIC_WRITE]		= vmx_exit_apic_write,
	[REASON_VMFUNC]			= nacre_exit_ud,
	[REASON_ENCLS]			= nacre_exit_ud,
	[REASON_LOG_FULL]		= vmx_exit_log_full,
};

/*
 * By the guest's state, or an event that makes no sense (then it is no exit,
 * but an instruction's error): the VMM's to mend. Or the VM was killed.
 */
static noinline enum nacre_result entry_failed(struct nacre_vcpu *vcpu)
{
	u32 code = vcpu->arch.exit.code;

	if (code == VMX_NOT_ENTERED)
		code = vmcs_read32(VMCS_INSN_ERROR) ?: code;
	if (READ_ONCE(vcpu->vm->dead))
		return nacre_fail(vcpu, -EIO);
	return nacre_exit_fail_entry(vcpu, code);
}

enum nacre_result vmx_handle_exit(struct nacre_vcpu *vcpu)
{
	u32 code = vcpu->arch.exit.code;
	nacre_exit_fn *fn;

	/* The one that ends in userspace and back each time: not by a pointer. */
	if (code == REASON_IO)
		return exit_io(vcpu);
	if (unlikely(code >= ARRAY_SIZE(exits)))
		return code & REASON_ENTRY_FAILED ?
		       entry_failed(vcpu) : nacre_exit_unexpected(vcpu);
	fn = exits[array_index_nospec(code, ARRAY_SIZE(exits))];
	return fn ? fn(vcpu) : nacre_exit_unexpected(vcpu);
}

static bool is_machine_check(const struct vmx_vcpu *vmx)
{
	u32 code = vmx->vcpu.arch.exit.code;

	if (code == REASON_EXCEPTION)
		return FIELD_GET(EVENT_VECTOR, vmx->exit_event) == X86_TRAP_MC;
	return (code & REASON_BASIC) == REASON_MACHINE_CHECK;
}

/* What guests write most: a timer is set, an IPI is sent. */
static bool answered(const struct vmx_vcpu *vmx, u64 bit)
{
	u32 msr = vmx->vcpu.arch.gpr[NACRE_RCX];

	if (bit & ANSWERED)
		return true;
	return bit == BIT_ULL(REASON_WRMSR) &&
	       (msr == MSR_IA32_TSC_DEADLINE ||
		msr == APIC_BASE_MSR + (APIC_ICR >> 4));
}

static noinline enum nacre_exit_kind collect_answered(struct vmx_vcpu *vmx)
{
	vmx->entry_event = 0;
	vmx_fetch_insn(vmx);
	return NACRE_EXIT_ANSWERED;
}

static noinline enum nacre_exit_kind collect_more(struct vmx_vcpu *vmx, u64 bit)
{
	u32 event;

	if (bit & IN_DELIVERY) {
		event = vmcs_read32(VMCS_VECTORING);
		if (unlikely(event & EVENT_VALID))
			vmx_collect_event(vmx, event);
	}
	if (unlikely(bit & RARE)) {
		if (vmx->vcpu.arch.exit.code & REASON_ENTRY_FAILED)
			vmx_cancel_injection(&vmx->vcpu);
		if (is_machine_check(vmx))
			nacre_host_machine_check();
	}
	vmx->entry_event = 0;
	return NACRE_EXIT_ANY;
}

/* Interrupts are off. Nothing of the guest has been read yet. */
enum nacre_exit_kind vmx_collect_exit(struct vmx_vcpu *vmx)
{
	u32 code = vmx->vcpu.arch.exit.code;
	u64 bit = code < REASONS ? BIT_ULL(code) :
				   BIT_ULL(REASON_MACHINE_CHECK);

	if (code == REASON_IO) {
		vmx->entry_event = 0;
		return NACRE_EXIT_PORT;
	}
	if (answered(vmx, bit))
		return collect_answered(vmx);
	if (bit & (IN_DELIVERY | RARE))
		return collect_more(vmx, bit);
	vmx->entry_event = 0;
	return code == REASON_INTERRUPT ? NACRE_EXIT_INTERRUPT : NACRE_EXIT_ANY;
}

u8 vmx_insn_length(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	if (!(vmx->cached & BIT(VMX_CACHE_LENGTH))) {
		vmx->cached |= BIT(VMX_CACHE_LENGTH);
		vmx_fetch_length(vmx);
	}
	return vmx->insn_length;
}
