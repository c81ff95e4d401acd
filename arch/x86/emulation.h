/* SPDX-License-Identifier: GPL-2.0 */
/* The emulator's executor, and the vCPU that it works for. */
#ifndef NACRE_X86_EMULATION_H
#define NACRE_X86_EMULATION_H

#include "module/vcpu.h"

struct nacre_insn;

/*
 * Execute the instruction that RIP is at. What only the VMM can answer is an
 * exit, and the instruction is begun again behind it.
 */
enum nacre_result nacre_emulate_insn(struct nacre_vcpu *vcpu,
				     const struct nacre_insn *insn);

#endif /* NACRE_X86_EMULATION_H */
