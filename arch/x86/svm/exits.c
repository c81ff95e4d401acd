// SPDX-License-Identifier: GPL-2.0
/* From SVM's exit codes to what an exit means: arch/x86/exits.h. */
#include <linux/bitfield.h>
#include <linux/nospec.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <asm/debugreg.h>
#include <asm/trapnr.h>

#include "arch/x86/emulation.h"
#include "arch/x86/exits.h"
#include "arch/x86/insn.h"
#include "arch/x86/regs.h"
#include "arch/x86/svm/svm.h"

/* NMIs, machine checks, SMIs, INIT: the host took them as soon as it could. */
static enum nacre_result exit_host(struct nacre_vcpu *vcpu)
{
	return NACRE_RESUME;
}

static enum nacre_result exit_vintr(struct nacre_vcpu *vcpu)
{
	svm_end_interrupt_window(to_svm(vcpu));
	return NACRE_RESUME;
}

static enum nacre_result exit_iret(struct nacre_vcpu *vcpu)
{
	svm_iret_begins(to_svm(vcpu));
	return NACRE_RESUME;
}

static enum nacre_result exit_db(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	u64 dr6 = svm->vmcb->save.dr6;

	/* Only new causes are wanted: the guest reads its DR6 from us. */
	vmcb_set_dr6(svm->vmcb, DR6_RESERVED);
	if (svm_step_done(svm, &dr6))
		return NACRE_RESUME;
	return nacre_exit_debug(vcpu, dr6 ^ DR6_RESERVED);
}

static enum nacre_result exit_ac(struct nacre_vcpu *vcpu)
{
	return nacre_exit_exception(vcpu, X86_TRAP_AC, true, 0);
}

static enum nacre_result exit_io(struct nacre_vcpu *vcpu)
{
	u64 info = vcpu->arch.exit.info[0];
	u8 size = FIELD_GET(VMCB_IO_SIZE, info);
	u16 port = FIELD_GET(VMCB_IO_PORT, info);
	bool in = info & VMCB_IO_IN;

	/* AMD APM, "IOIO Intercept Information": the second is the next RIP. */
	if (likely(!(info & VMCB_IO_STRING)))
		return nacre_exit_io(vcpu, port, size, in,
				     vcpu->arch.exit.info[1]);
	return nacre_exit_string_io(vcpu, port, size, in, info & VMCB_IO_REP);
}

static enum nacre_result exit_msr(struct nacre_vcpu *vcpu)
{
	return vcpu->arch.exit.info[0] & VMCB_MSR_WRITE ?
	       nacre_exit_wrmsr(vcpu) : nacre_exit_rdmsr(vcpu);
}

/* AMD APM, "Task Switch Intercept": an event's leaves neither bit. */
static enum nacre_result exit_task_switch(struct nacre_vcpu *vcpu)
{
	const struct nacre_exit *exit = &vcpu->arch.exit;
	enum nacre_emu_task_source source = NACRE_EMU_TASK_CALL;

	if (exit->info[1] & VMCB_TASK_IRET)
		source = NACRE_EMU_TASK_IRET;
	else if (exit->info[1] & VMCB_TASK_JMP)
		source = NACRE_EMU_TASK_JMP;
	else if (exit->vectoring.type != NACRE_EVENT_NONE)
		source = NACRE_EMU_TASK_EVENT;
	return nacre_exit_task_switch(vcpu, exit->info[0], source);
}

/* AMD APM, "Shutdown Intercept": the VMCB is undefined from here on. */
static enum nacre_result exit_shutdown(struct nacre_vcpu *vcpu)
{
	nacre_reset_vcpu(vcpu, true);
	return nacre_exit_shutdown(vcpu);
}

static nacre_exit_fn *const exits[SVM_INTERCEPTS] = {
	[SVM_READ_CR0]			= nacre_exit_cr_access,
	[SVM_READ_CR4]			= nacre_exit_cr_access,
	[SVM_WRITE_CR0]			= nacre_exit_cr_access,
	[SVM_WRITE_CR4]			= nacre_exit_cr_access,
	[SVM_WRITE_CR8]			= nacre_exit_cr_access,
	[SVM_CR0_SEL_WRITE]		= nacre_exit_cr_access,
	[SVM_READ_DR0 ... SVM_READ_DR7]	= nacre_exit_dr_access,
	[SVM_WRITE_DR0 ... SVM_WRITE_DR7] = nacre_exit_dr_access,
	[SVM_EXCEPTION + X86_TRAP_DB]	= exit_db,
	[SVM_EXCEPTION + X86_TRAP_UD]	= nacre_exit_ud,
	[SVM_EXCEPTION + X86_TRAP_AC]	= exit_ac,
	[SVM_EXCEPTION + X86_TRAP_MC]	= exit_host,
	[SVM_INTR]			= nacre_exit_interrupt,
	[SVM_NMI]			= exit_host,
	[SVM_SMI]			= exit_host,
	[SVM_INIT]			= exit_host,
	[SVM_VINTR]			= exit_vintr,
	[SVM_RDPMC]			= nacre_exit_gp,
	[SVM_CPUID]			= nacre_exit_cpuid,
	[SVM_RSM]			= nacre_exit_ud,
	[SVM_IRET]			= exit_iret,
	/* The guest's caches are coherent: nothing to do, as for WBINVD. */
	[SVM_INVD]			= nacre_skip_insn,
	[SVM_PAUSE]			= nacre_exit_pause,
	[SVM_HLT]			= nacre_exit_hlt,
	[SVM_INVLPGA]			= nacre_exit_ud,
	[SVM_MSR]			= exit_msr,
	[SVM_TASK_SWITCH]		= exit_task_switch,
	[SVM_SHUTDOWN]			= exit_shutdown,
	[SVM_VMRUN]			= nacre_exit_ud,
	[SVM_VMMCALL]			= nacre_exit_hypercall,
	[SVM_VMLOAD]			= nacre_exit_ud,
	[SVM_VMSAVE]			= nacre_exit_ud,
	[SVM_STGI]			= nacre_exit_ud,
	[SVM_CLGI]			= nacre_exit_ud,
	[SVM_SKINIT]			= nacre_exit_ud,
	[SVM_RDTSCP]			= nacre_exit_ud,
	[SVM_WBINVD]			= nacre_skip_insn,
	/* Two that do nothing: the guest spins instead of waiting. */
	[SVM_MONITOR]			= nacre_skip_insn,
	[SVM_MWAIT]			= nacre_skip_insn,
	[SVM_MWAIT_ARMED]		= nacre_skip_insn,
	[SVM_XSETBV]			= nacre_exit_xsetbv,
	[SVM_RDPRU]			= nacre_exit_ud,
	[SVM_INVPCID]			= nacre_exit_ud,
};

enum nacre_result svm_handle_exit(struct nacre_vcpu *vcpu)
{
	u32 code = vcpu->arch.exit.code;
	nacre_exit_fn *fn = NULL;

	/* The one that ends in userspace and back each time: not by a pointer. */
	if (code == SVM_IOIO)
		return exit_io(vcpu);
	if (likely(code < ARRAY_SIZE(exits)))
		fn = exits[array_index_nospec(code, ARRAY_SIZE(exits))];
	if (likely(fn))
		return fn(vcpu);
	if (code == SVM_NPF)
		return svm_exit_npf(vcpu);
	if (code == SVM_INVALID)
		return nacre_exit_fail_entry(vcpu, code);
	return nacre_exit_unexpected(vcpu);
}

/* Exits that are answered from the vCPU's own state. */
bool svm_can_answer(const struct nacre_exit *exit)
{
	switch (exit->code) {
	case SVM_CPUID:
	case SVM_VMMCALL:
		return true;
	case SVM_MSR:
		return !(exit->info[0] & VMCB_MSR_WRITE);
	default:
		return false;
	}
}

u8 svm_insn_length(struct nacre_vcpu *vcpu)
{
	u64 next_rip = to_svm(vcpu)->vmcb->control.next_rip;
	u64 length = next_rip - vcpu->arch.rip;

	if (!svm_caps.nrips || !next_rip || length > NACRE_MAX_INSN)
		return 0;
	return length;
}
