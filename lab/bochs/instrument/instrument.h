/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lab's instrumentation of Bochs: it counts what an instruction count does
 * not price, and answers the programs in the machine, see ../ask.h.
 */
#if BX_INSTRUMENTATION

class bxInstruction_c;

/* The counter of an opcode, plus 1. */
extern Bit8u lab_counted[];

void lab_init(void);
void lab_exit(void);
void lab_reset(unsigned int cpu);
void lab_count(unsigned int cpu, const bxInstruction_c *i);
void lab_answer(unsigned int cpu, Bit64u question);
void lab_wrmsr(unsigned int cpu, Bit32u msr, Bit64u value);
void lab_vm_exit(void);

#define BX_INSTR_INIT_ENV() lab_init()
#define BX_INSTR_EXIT_ENV() lab_exit()
#define BX_INSTR_RESET(cpu, type) lab_reset(cpu)
#define BX_INSTR_PREFETCH_HINT(cpu, what, seg, offset) do {		\
	bx_address lab_offset = (offset);				\
	if ((lab_offset & LAB_ASK_MASK) == LAB_ASK_MAGIC)		\
		lab_answer(cpu, lab_offset);				\
} while (0)
#define BX_INSTR_BEFORE_EXECUTION(cpu, i) do {				\
	if (lab_counted[(i)->getIaOpcode()] || (i)->getLock())		\
		lab_count(cpu, i);					\
} while (0)
#define BX_INSTR_WRMSR(cpu, msr, value) lab_wrmsr(cpu, msr, value)
#define BX_INSTR_VMEXIT(cpu, reason, qualification) lab_vm_exit()

#include "ask.h"

#else

#define BX_INSTR_INIT_ENV()
#define BX_INSTR_EXIT_ENV()
#define BX_INSTR_RESET(cpu, type)
#define BX_INSTR_PREFETCH_HINT(cpu, what, seg, offset)
#define BX_INSTR_BEFORE_EXECUTION(cpu, i)
#define BX_INSTR_WRMSR(cpu, msr, value)
#define BX_INSTR_VMEXIT(cpu, reason, qualification)

#endif

/* What else Bochs tells is not asked for. */
#define BX_INSTR_INITIALIZE(cpu)
#define BX_INSTR_EXIT(cpu)
#define BX_INSTR_HLT(cpu)
#define BX_INSTR_MWAIT(cpu, addr, len, flags)
#define BX_INSTR_DEBUG_PROMPT()
#define BX_INSTR_DEBUG_CMD(cmd)
#define BX_INSTR_CNEAR_BRANCH_TAKEN(cpu, from, to)
#define BX_INSTR_CNEAR_BRANCH_NOT_TAKEN(cpu, from)
#define BX_INSTR_UCNEAR_BRANCH(cpu, what, from, to)
#define BX_INSTR_FAR_BRANCH(cpu, what, from_cs, from, to_cs, to)
#define BX_INSTR_OPCODE(cpu, i, opcode, len, is32, is64)
#define BX_INSTR_EXCEPTION(cpu, vector, error_code)
#define BX_INSTR_INTERRUPT(cpu, vector)
#define BX_INSTR_HWINTERRUPT(cpu, vector, cs, ip)
#define BX_INSTR_CLFLUSH(cpu, laddr, paddr)
#define BX_INSTR_CACHE_CNTRL(cpu, what)
#define BX_INSTR_TLB_CNTRL(cpu, what, cr3)
#define BX_INSTR_AFTER_EXECUTION(cpu, i)
#define BX_INSTR_REPEAT_ITERATION(cpu, i)
#define BX_INSTR_LIN_ACCESS(cpu, lin, phy, len, memtype, rw)
#define BX_INSTR_PHY_ACCESS(cpu, phy, len, memtype, rw)
#define BX_INSTR_INP(addr, len)
#define BX_INSTR_INP2(addr, len, val)
#define BX_INSTR_OUTP(addr, len, val)
