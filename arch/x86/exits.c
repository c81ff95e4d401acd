// SPDX-License-Identifier: GPL-2.0
/* What an exit means, on either vendor. */
#include <linux/string.h>

#include "module/trace.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/emulation.h"
#include "arch/x86/events.h"
#include "arch/x86/exits.h"
#include "arch/x86/insn.h"
#include "arch/x86/linear.h"
#include "arch/x86/msr.h"
#include "arch/x86/xstate.h"

enum nacre_result nacre_exit_cpuid(struct nacre_vcpu *vcpu)
{
	if (unlikely(nacre_cpuid_faulting(vcpu)) && backend(read_cpl)(vcpu))
		return nacre_exit_gp(vcpu);
	nacre_execute_cpuid(vcpu);
	return nacre_skip_insn(vcpu);
}

enum nacre_result nacre_exit_rdmsr(struct nacre_vcpu *vcpu)
{
	u64 value;

	if (!nacre_guest_rdmsr(vcpu, vcpu->arch.gpr[NACRE_RCX], &value))
		return nacre_exit_gp(vcpu);
	nacre_set_edx_eax(vcpu, value);
	return nacre_skip_insn(vcpu);
}

enum nacre_result nacre_exit_wrmsr(struct nacre_vcpu *vcpu)
{
	if (!nacre_guest_wrmsr(vcpu, vcpu->arch.gpr[NACRE_RCX],
			       nacre_edx_eax(vcpu)))
		return nacre_exit_gp(vcpu);
	return nacre_skip_insn(vcpu);
}

enum nacre_result nacre_exit_interrupt(struct nacre_vcpu *vcpu)
{
	vcpu->stats.irq_exits++;
	return NACRE_RESUME;
}

/*
 * With a controller in the kernel the vCPU waits here for what wakes it;
 * without, nothing here could wake it.
 */
enum nacre_result nacre_halt(struct nacre_vcpu *vcpu)
{
	if (vcpu->arch.apic) {
		if (!nacre_event_wakes(vcpu))
			vcpu->arch.mp_state = NACRE_MP_STATE_HALTED;
		return NACRE_RESUME;
	}
	vcpu->run->exit_reason = NACRE_EXIT_HLT;
	return NACRE_TO_USER;
}

enum nacre_result nacre_exit_hlt(struct nacre_vcpu *vcpu)
{
	enum nacre_result result = nacre_skip_insn(vcpu);

	vcpu->stats.halt_exits++;
	return result == NACRE_RESUME ? nacre_halt(vcpu) : result;
}

enum nacre_result nacre_exit_pause(struct nacre_vcpu *vcpu)
{
	nacre_vcpu_spins(vcpu);
	return nacre_skip_insn(vcpu);
}

enum nacre_result nacre_exit_xsetbv(struct nacre_vcpu *vcpu)
{
	if (backend(read_cpl)(vcpu) ||
	    nacre_set_xcr(vcpu, vcpu->arch.gpr[NACRE_RCX], nacre_edx_eax(vcpu)))
		return nacre_exit_gp(vcpu);
	return nacre_skip_insn(vcpu);
}

enum nacre_result nacre_exit_gp(struct nacre_vcpu *vcpu)
{
	nacre_queue_exception_e(vcpu, X86_TRAP_GP, 0);
	return NACRE_RESUME;
}

enum nacre_result nacre_exit_ud(struct nacre_vcpu *vcpu)
{
	nacre_queue_exception(vcpu, X86_TRAP_UD);
	return NACRE_RESUME;
}

/* The opcodes of MOV to and from a control register. */
#define OP_MOV_FROM_CR	0x20
#define OP_MOV_TO_CR	0x22
#define OP_CLTS		0x06

/* These moves are 64 bits wide in 64-bit mode, else 32, whatever the prefix. */
static u64 mov_operand(struct nacre_vcpu *vcpu, u8 gpr)
{
	u64 value = nacre_gpr(vcpu, gpr);

	return nacre_is_64bit_code(vcpu) ? value : (u32)value;
}

static void set_mov_operand(struct nacre_vcpu *vcpu, u8 gpr, u64 value)
{
	nacre_set_gpr(vcpu, gpr,
		      nacre_is_64bit_code(vcpu) ? value : (u32)value);
}

static bool write_cr(struct nacre_vcpu *vcpu, unsigned int cr, u64 value)
{
	switch (cr) {
	case 0:
		return nacre_guest_write_cr0(vcpu, value);
	case 2:
		vcpu->arch.cr2 = value;
		return true;
	case 3:
		return nacre_guest_write_cr3(vcpu, value);
	case 4:
		return nacre_guest_write_cr4(vcpu, value);
	default:
		return false;
	}
}

static u64 read_cr(struct nacre_vcpu *vcpu, unsigned int cr)
{
	switch (cr) {
	case 0:
		return nacre_cr0(vcpu);
	case 2:
		return vcpu->arch.cr2;
	case 3:
		return nacre_cr3(vcpu);
	case 4:
		return nacre_cr4(vcpu);
	default:
		return nacre_cr8(vcpu);
	}
}

/* LMSW can set PE but not clear it, and reaches no bit above TS. */
static bool load_msw(struct nacre_vcpu *vcpu, u16 msw)
{
	u64 cr0 = nacre_cr0(vcpu);

	cr0 &= ~(u64)(X86_CR0_MP | X86_CR0_EM | X86_CR0_TS);
	cr0 |= msw & (X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS);
	return nacre_guest_write_cr0(vcpu, cr0);
}

/* Behind it, by the length of a decoded instruction, or 0. */
static enum nacre_result skip(struct nacre_vcpu *vcpu, u8 length)
{
	return length ? nacre_skip_to(vcpu, nacre_rip(vcpu) + length) :
			nacre_skip_insn(vcpu);
}

/* Where the VMM has the interrupt controller it wants to hear of a lower TPR. */
static enum nacre_result write_cr8(struct nacre_vcpu *vcpu, u64 value,
				   u8 length)
{
	u64 before = nacre_cr8(vcpu);
	enum nacre_result result;

	if (!nacre_set_cr8(vcpu, value))
		return nacre_exit_gp(vcpu);
	result = skip(vcpu, length);
	if (result != NACRE_RESUME || vcpu->arch.apic ||
	    before <= nacre_cr8(vcpu))
		return result;
	vcpu->run->exit_reason = NACRE_EXIT_SET_TPR;
	return NACRE_TO_USER;
}

/* In a VMX or SVM guest the processor has checked CPL and the opcode. */
enum nacre_result nacre_exit_cr(struct nacre_vcpu *vcpu,
				const struct nacre_cr_access *access)
{
	bool ok = true;

	switch (access->kind) {
	case NACRE_CR_WRITE:
		if (access->cr == 8)
			return write_cr8(vcpu, mov_operand(vcpu, access->gpr),
					 access->length);
		ok = write_cr(vcpu, access->cr,
			      mov_operand(vcpu, access->gpr));
		break;
	case NACRE_CR_READ:
		set_mov_operand(vcpu, access->gpr, read_cr(vcpu, access->cr));
		break;
	case NACRE_CR_CLTS:
		ok = nacre_guest_write_cr0(vcpu, nacre_cr0(vcpu) &
					   ~(u64)X86_CR0_TS);
		break;
	case NACRE_CR_LMSW:
		ok = load_msw(vcpu, access->msw);
		break;
	}
	return ok ? skip(vcpu, access->length) : nacre_exit_gp(vcpu);
}

static enum nacre_result cr_instruction(struct nacre_vcpu *vcpu,
					const struct nacre_insn *insn)
{
	struct nacre_cr_access access = {
		.cr = insn->reg,
		.gpr = insn->rm,
		.length = insn->length,
	};

	switch (insn->map << 8 | insn->opcode) {
	case NACRE_MAP_0F << 8 | OP_MOV_TO_CR:
		access.kind = NACRE_CR_WRITE;
		return nacre_exit_cr(vcpu, &access);
	case NACRE_MAP_0F << 8 | OP_MOV_FROM_CR:
		access.kind = NACRE_CR_READ;
		return nacre_exit_cr(vcpu, &access);
	case NACRE_MAP_0F << 8 | OP_CLTS:
		access.kind = NACRE_CR_CLTS;
		return nacre_exit_cr(vcpu, &access);
	default:
		/* SMSW and LMSW, or the code has just been changed. */
		return nacre_emulate_insn(vcpu, insn);
	}
}

enum nacre_result nacre_exit_dr(struct nacre_vcpu *vcpu,
				const struct nacre_dr_access *access)
{
	u64 value;

	if (access->write) {
		value = mov_operand(vcpu, access->gpr);
		if (!nacre_guest_write_dr(vcpu, access->dr, value))
			return NACRE_RESUME;
	} else {
		if (!nacre_guest_read_dr(vcpu, access->dr, &value))
			return NACRE_RESUME;
		set_mov_operand(vcpu, access->gpr, value);
	}
	return nacre_skip_insn(vcpu);
}

typedef enum nacre_result (*insn_fn)(struct nacre_vcpu *vcpu,
				     const struct nacre_insn *insn);

static enum nacre_result fetch_and(struct nacre_vcpu *vcpu, insn_fn fn)
{
	const struct nacre_insn *insn;
	enum nacre_fetch_result result = nacre_fetch_insn(vcpu, &insn);

	if (unlikely(result != NACRE_FETCH_OK))
		return nacre_fetch_failed(vcpu, result);
	vcpu->stats.insn_emulation++;
	return fn(vcpu, insn);
}

enum nacre_result nacre_exit_cr_access(struct nacre_vcpu *vcpu)
{
	return fetch_and(vcpu, cr_instruction);
}

enum nacre_result nacre_exit_dr_access(struct nacre_vcpu *vcpu)
{
	return fetch_and(vcpu, nacre_emulate_insn);
}

enum nacre_result nacre_exit_stage2(struct nacre_vcpu *vcpu,
				    const struct nacre_stage2_fault *fault)
{
	enum nacre_fault_result result = nacre_stage2_fault(vcpu, fault);

	trace_nacre_stage2_fault(vcpu, fault, result);
	/* Most often it is a device, and no fault to be counted. */
	if (result == NACRE_FAULT_NO_SLOT)
		return nacre_exit_mmio(vcpu, fault, fault->gpa >> PAGE_SHIFT);
	vcpu->stats.pf_taken++;
	switch (result) {
	case NACRE_FAULT_FIXED:
		vcpu->stats.pf_fixed++;
		return NACRE_RESUME;
	case NACRE_FAULT_SPURIOUS:
		vcpu->stats.pf_spurious++;
		return NACRE_RESUME;
	case NACRE_FAULT_RETRY:
		return NACRE_RESUME;
	case NACRE_FAULT_READ_ONLY:
		vcpu->stats.pf_emulate++;
		return nacre_exit_mmio(vcpu, fault, NACRE_NO_HOLE);
	default:
		return NACRE_ERROR;
	}
}

enum nacre_result nacre_exit_unfinished(struct nacre_vcpu *vcpu)
{
	u8 bytes[NACRE_MAX_INSN];
	unsigned int count = nacre_fetch_bytes(vcpu, bytes);

	return nacre_emulation_failure(vcpu, bytes, count);
}

/*
 * For the guest there is no such instruction. A program of its does not end
 * the VM by it; where the guest's kernel comes to this, the VMM is told, and
 * may go on.
 */
enum nacre_result nacre_exit_emulate(struct nacre_vcpu *vcpu)
{
	vcpu->stats.insn_emulation_fail++;
	nacre_queue_exception(vcpu, X86_TRAP_UD);
	return backend(read_cpl)(vcpu) ? NACRE_RESUME :
					 nacre_exit_unfinished(vcpu);
}

enum nacre_result nacre_exit_exception(struct nacre_vcpu *vcpu, u8 vector,
				       bool has_error, u32 error)
{
	if (has_error)
		nacre_queue_exception_e(vcpu, vector, error);
	else
		nacre_queue_exception(vcpu, vector);
	return NACRE_RESUME;
}

enum nacre_result nacre_exit_debug(struct nacre_vcpu *vcpu, u64 dr6_bits)
{
	nacre_queue_debug(vcpu, dr6_bits);
	return NACRE_RESUME;
}

enum nacre_result nacre_exit_shutdown(struct nacre_vcpu *vcpu)
{
	vcpu->run->exit_reason = NACRE_EXIT_SHUTDOWN;
	return NACRE_TO_USER;
}

enum nacre_result nacre_exit_fail_entry(struct nacre_vcpu *vcpu, u64 reason)
{
	struct nacre_run *run = vcpu->run;

	run->exit_reason = NACRE_EXIT_FAIL_ENTRY;
	run->fail_entry.hardware_entry_failure_reason = reason;
	run->fail_entry.cpu = vcpu->last_cpu < 0 ? vcpu->cpu : vcpu->last_cpu;
	return NACRE_TO_USER;
}

enum nacre_result nacre_exit_unexpected(struct nacre_vcpu *vcpu)
{
	struct nacre_run *run = vcpu->run;

	run->exit_reason = NACRE_EXIT_INTERNAL_ERROR;
	run->internal.suberror = NACRE_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON;
	run->internal.ndata = 2;
	run->internal.data[0] = vcpu->arch.exit.code;
	run->internal.data[1] = vcpu->cpu;
	return NACRE_TO_USER;
}

enum nacre_result nacre_exit_undelivered(struct nacre_vcpu *vcpu)
{
	const struct nacre_exit *exit = nacre_exit_of(vcpu);
	struct nacre_run *run = vcpu->run;

	run->exit_reason = NACRE_EXIT_INTERNAL_ERROR;
	run->internal.suberror = NACRE_INTERNAL_ERROR_DELIVERY_EV;
	run->internal.ndata = 4;
	run->internal.data[0] = exit->vectoring.vector;
	run->internal.data[1] = exit->code;
	run->internal.data[2] = exit->info[0];
	run->internal.data[3] = exit->info[1];
	return NACRE_TO_USER;
}

/*
 * The account of an exit that nothing here could finish: flags, the bytes if
 * they could be had, then the hardware's own words about the exit.
 */
enum nacre_result nacre_emulation_failure(struct nacre_vcpu *vcpu,
					  const u8 *bytes, unsigned int count)
{
	const struct nacre_exit *exit = nacre_exit_of(vcpu);
	const u64 info[] = { exit->code, exit->info[0], exit->info[1] };
	struct nacre_run *run = vcpu->run;
	unsigned int at = 1;

	run->exit_reason = NACRE_EXIT_INTERNAL_ERROR;
	memset(&run->internal, 0, sizeof(run->internal));
	run->internal.suberror = NACRE_INTERNAL_ERROR_EMULATION;
	if (count) {
		run->emulation_failure.flags =
			NACRE_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
		run->emulation_failure.insn_size = count;
		memset(run->emulation_failure.insn_bytes, 0x90,
		       sizeof(run->emulation_failure.insn_bytes));
		memcpy(run->emulation_failure.insn_bytes, bytes, count);
		at += 2;
	}
	memcpy(&run->internal.data[at], info, sizeof(info));
	run->internal.ndata = at + ARRAY_SIZE(info);
	return NACRE_TO_USER;
}
