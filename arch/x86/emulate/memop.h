/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions with an operand in memory, taken apart into what is done to
 * that operand: read it, write it, or both. Pure functions over a decoded
 * instruction and a register file: no hypervisor struct, no memory access.
 */
#ifndef NACRE_MEMOP_H
#define NACRE_MEMOP_H

#include "arch/x86/emulate/decode.h"

/* What is computed of the memory operand and the other one. */
enum nacre_alu {
	/* In the order of the opcodes' own numbers. */
	NACRE_ALU_ADD, NACRE_ALU_OR, NACRE_ALU_ADC, NACRE_ALU_SBB,
	NACRE_ALU_AND, NACRE_ALU_SUB, NACRE_ALU_XOR, NACRE_ALU_CMP,
	NACRE_ALU_MOV, NACRE_ALU_TEST, NACRE_ALU_NOT, NACRE_ALU_NEG,
	NACRE_ALU_INC, NACRE_ALU_DEC, NACRE_ALU_MOVBE,
	NACRE_ALU_CMPXCHG,
	NACRE_ALU_BT, NACRE_ALU_BTS, NACRE_ALU_BTR, NACRE_ALU_BTC,
};

/*
 * A string's elements: their address is in a register that moves by the size,
 * down if DF is set; as wide as the address size, of which 32 bits clear the
 * rest. The one in ES cannot have another segment. With both (MOVS) what was
 * read at the one is written at the other.
 */
#define NACRE_STRING_FROM	(1u << 0)	/* read at RSI, in DS */
#define NACRE_STRING_TO		(1u << 1)	/* written at RDI, in ES */

struct nacre_memop {
	u8 alu;			/* enum nacre_alu: destination, source */
	u8 size;		/* of the memory operand: 1, 2, 4, 8 */
	bool reads;		/* the memory operand's old value is needed */
	bool writes;		/* the result goes to memory ... */
	/* ... or to reg; with both (XCHG, XADD) reg gets the old value. */
	bool to_register;
	bool has_register;	/* the other operand is reg, else value */
	bool from_memory;	/* the memory is the source, reg the destination */
	bool sign_extend;	/* to_register: else zero-extended */
	u8 string;		/* NACRE_STRING_*: no address in ModRM */
	bool bit_string;	/* reg moves the address, see below */
	u8 reg;			/* hardware number */
	u8 shift;		/* where in reg: 8 for AH, CH, DH, BH */
	u8 reg_size;		/* to_register: bytes of the register */
	u8 source;		/* CMPXCHG, whose reg is RAX: what is stored */
	u8 source_shift;
	u64 value;		/* immediate */
};

/* The registers that a memory operand can involve. */
struct nacre_memop_regs {
	u64 gpr[16];
	u64 rflags;
};

/* False: an instruction that this does not know. */
bool nacre_memop_parse(const struct nacre_insn *insn, struct nacre_memop *op);

/*
 * BT and its kin take the bit's number in a register as signed, and reach
 * beyond the operand: how many bytes the address moves by, with @reg's value.
 */
s64 nacre_memop_bit_offset(const struct nacre_memop *op, u64 reg);

/*
 * Compute: @memory is the operand's old value (if it reads), and what has to
 * be written afterwards (if it writes); its low @size bytes are, the others
 * mean nothing. Of the registers, reg and source alone are looked at, and reg
 * alone is changed; and the flags.
 */
void nacre_memop_compute(const struct nacre_memop *op,
			 struct nacre_memop_regs *regs, u64 *memory);

#endif /* NACRE_MEMOP_H */
