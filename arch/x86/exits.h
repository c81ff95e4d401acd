/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an exit means, on either vendor. A backend's exit table calls these;
 * each finishes the exit or fills struct nacre_run for userspace.
 */
#ifndef NACRE_X86_EXITS_H
#define NACRE_X86_EXITS_H

#include "module/vcpu.h"

enum nacre_result nacre_exit_cpuid(struct nacre_vcpu *vcpu);
enum nacre_result nacre_exit_rdmsr(struct nacre_vcpu *vcpu);
enum nacre_result nacre_exit_wrmsr(struct nacre_vcpu *vcpu);
enum nacre_result nacre_exit_hlt(struct nacre_vcpu *vcpu);
enum nacre_result nacre_exit_pause(struct nacre_vcpu *vcpu);
enum nacre_result nacre_exit_hypercall(struct nacre_vcpu *vcpu);
enum nacre_result nacre_exit_xsetbv(struct nacre_vcpu *vcpu);
/* RDPMC and others that fault without the feature: #GP(0). */
enum nacre_result nacre_exit_gp(struct nacre_vcpu *vcpu);
/* An instruction that the guest may not have: #UD. */
enum nacre_result nacre_exit_ud(struct nacre_vcpu *vcpu);

/* MOV to and from CR and DR and their kin, as the processor tells of them ... */
enum nacre_result nacre_exit_cr(struct nacre_vcpu *vcpu,
				const struct nacre_cr_access *access);
enum nacre_result nacre_exit_dr(struct nacre_vcpu *vcpu,
				const struct nacre_dr_access *access);
/* ... and where it does not: decoded. */
enum nacre_result nacre_exit_cr_access(struct nacre_vcpu *vcpu);
enum nacre_result nacre_exit_dr_access(struct nacre_vcpu *vcpu);
/* IN, OUT, INS, OUTS, as arch.pio has it; arch/x86/io.c. */
enum nacre_result nacre_exit_io(struct nacre_vcpu *vcpu, bool string);
enum nacre_result nacre_exit_string_io(struct nacre_vcpu *vcpu,
				       const struct nacre_insn *insn);
/* Describe vcpu->arch.pio to userspace; @complete runs when it comes back. */
void nacre_io_to_user(struct nacre_vcpu *vcpu, nacre_complete_fn complete);
/* Has the VMM moved RIP meanwhile, so that the access is no more? */
bool nacre_io_moved_on(struct nacre_vcpu *vcpu);

enum nacre_result nacre_exit_stage2(struct nacre_vcpu *vcpu,
				    const struct nacre_stage2_fault *fault);
/*
 * An access to memory that is none; arch/x86/mmio.c. @hole: a frame that is
 * in no slot, or NACRE_NO_HOLE.
 */
enum nacre_result nacre_exit_mmio(struct nacre_vcpu *vcpu, gfn_t hole);
/* What nothing here can finish: #UD, and from CPL 0 userspace is told. */
enum nacre_result nacre_exit_emulate(struct nacre_vcpu *vcpu);
/* The same without an instruction that could be at fault. */
enum nacre_result nacre_exit_task_switch(struct nacre_vcpu *vcpu);

/* Intercepted exceptions that the guest gets as they are. */
enum nacre_result nacre_exit_exception(struct nacre_vcpu *vcpu, u8 vector,
				       bool has_error, u32 error);
enum nacre_result nacre_exit_debug(struct nacre_vcpu *vcpu, u64 dr6_bits);
enum nacre_result nacre_exit_breakpoint(struct nacre_vcpu *vcpu);

/* To userspace. */
enum nacre_result nacre_exit_shutdown(struct nacre_vcpu *vcpu);
enum nacre_result nacre_exit_fail_entry(struct nacre_vcpu *vcpu, u64 reason);
enum nacre_result nacre_exit_unexpected(struct nacre_vcpu *vcpu);
/* An event that cannot be delivered: its stack or table is no memory. */
enum nacre_result nacre_exit_delivery(struct nacre_vcpu *vcpu);
enum nacre_result nacre_emulation_failure(struct nacre_vcpu *vcpu,
					  const u8 *bytes, unsigned int count);

#endif /* NACRE_X86_EXITS_H */
