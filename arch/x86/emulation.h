/* SPDX-License-Identifier: GPL-2.0 */
/* The emulator's executor, and the vCPU that it works for. */
#ifndef NACRE_X86_EMULATION_H
#define NACRE_X86_EMULATION_H

#include "module/vcpu.h"
#include "arch/x86/emulate/emulate.h"

/*
 * Execute the instruction that RIP is at. What only the VMM can answer is an
 * exit, and the instruction is begun again behind it.
 */
enum nacre_result nacre_emulate_insn(struct nacre_vcpu *vcpu,
				     const struct nacre_insn *insn);
/* Deliver the event that the exit came in the middle of. */
enum nacre_result nacre_exit_delivery(struct nacre_vcpu *vcpu);
/* Do the task switch that the exit was for, with the event that it came by. */
enum nacre_result nacre_exit_task_switch(struct nacre_vcpu *vcpu, u16 selector,
					 enum nacre_emu_task_source source);

/* The instruction at RIP, for a guest that cannot be entered as it is. */
enum nacre_result nacre_emulate_next(struct nacre_vcpu *vcpu);
/* What was to be injected by an entry that is not made. */
enum nacre_result nacre_emulate_delivery(struct nacre_vcpu *vcpu);

#endif /* NACRE_X86_EMULATION_H */
