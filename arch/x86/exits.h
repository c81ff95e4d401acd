/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an exit means, on either vendor. A backend's exit table calls these;
 * each finishes the exit or fills struct nacre_run for userspace.
 */
#ifndef NACRE_X86_EXITS_H
#define NACRE_X86_EXITS_H

#include "module/vcpu.h"

/* What the backends' tables have for each kind of exit. */
typedef enum nacre_result nacre_exit_fn(struct nacre_vcpu *vcpu);

nacre_exit_fn nacre_exit_cpuid, nacre_exit_rdmsr, nacre_exit_wrmsr;
nacre_exit_fn nacre_exit_hlt, nacre_exit_pause;
/* For the host, which has taken it. */
nacre_exit_fn nacre_exit_interrupt;
/* HLT, when RIP is behind it. */
nacre_exit_fn nacre_halt;
/* The local APIC's timer, where the processor looks after it; arch/x86/apic.c. */
nacre_exit_fn nacre_exit_timer;
nacre_exit_fn nacre_exit_hypercall, nacre_exit_xsetbv;
/* RDPMC and others that fault without the feature: #GP(0). */
nacre_exit_fn nacre_exit_gp;
/* An instruction that the guest may not have: #UD. */
nacre_exit_fn nacre_exit_ud;

/* MOV to and from CR and DR and their kin, as the processor tells of them ... */
enum nacre_result nacre_exit_cr(struct nacre_vcpu *vcpu,
				const struct nacre_cr_access *access);
enum nacre_result nacre_exit_dr(struct nacre_vcpu *vcpu,
				const struct nacre_dr_access *access);
/* ... and where it does not: decoded. */
nacre_exit_fn nacre_exit_cr_access, nacre_exit_dr_access;
/* IN, OUT, with the RIP that is behind it; INS, OUTS. */
enum nacre_result nacre_exit_io(struct nacre_vcpu *vcpu, u16 port, u8 size,
				bool in, u64 next_rip);
enum nacre_result nacre_exit_string_io(struct nacre_vcpu *vcpu, u16 port,
				       u8 size, bool in, bool rep);
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
enum nacre_result nacre_exit_mmio(struct nacre_vcpu *vcpu,
				  const struct nacre_stage2_fault *fault,
				  gfn_t hole);
/* One access, by what is in the kernel; false: the VMM's. */
bool nacre_mmio_in_kernel(struct nacre_vcpu *vcpu, gpa_t gpa, unsigned int size,
			  void *data, bool write);
/* What nothing here can finish: #UD, and from CPL 0 userspace is told. */
nacre_exit_fn nacre_exit_emulate;
/* The latter alone: a task switch that could not be made. */
nacre_exit_fn nacre_exit_unfinished;

/* Intercepted exceptions that the guest gets as they are. */
enum nacre_result nacre_exit_exception(struct nacre_vcpu *vcpu, u8 vector,
				       bool has_error, u32 error);
enum nacre_result nacre_exit_debug(struct nacre_vcpu *vcpu, u64 dr6_bits);

/* A machine check of the host's, which ended a guest's run. Interrupts off. */
void nacre_host_machine_check(void);

/* To userspace. */
nacre_exit_fn nacre_exit_shutdown;
enum nacre_result nacre_exit_fail_entry(struct nacre_vcpu *vcpu, u64 reason);
nacre_exit_fn nacre_exit_unexpected;
/* An event that cannot be delivered: its stack or table is nowhere. */
nacre_exit_fn nacre_exit_undelivered;
enum nacre_result nacre_emulation_failure(struct nacre_vcpu *vcpu,
					  const u8 *bytes, unsigned int count);

#endif /* NACRE_X86_EXITS_H */
