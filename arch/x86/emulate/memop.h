/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions with an operand in memory or a register, taken apart into what
 * is done to that operand: read it, write it, or both. Pure functions over a
 * decoded instruction and a register file: no hypervisor struct, no memory
 * access.
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
	/* The last that nacre_memop_parse() takes: what follows has more. */
	NACRE_ALU_LAST_MEMOP = NACRE_ALU_BTC,
	NACRE_ALU_ROL, NACRE_ALU_ROR, NACRE_ALU_RCL, NACRE_ALU_RCR,
	NACRE_ALU_SHL, NACRE_ALU_SHR, NACRE_ALU_SAL, NACRE_ALU_SAR,
	NACRE_ALU_SHLD, NACRE_ALU_SHRD,
	NACRE_ALU_MUL, NACRE_ALU_IMUL1, NACRE_ALU_DIV, NACRE_ALU_IDIV,
	NACRE_ALU_IMUL, NACRE_ALU_CMOV, NACRE_ALU_SET, NACRE_ALU_BSWAP,
	NACRE_ALU_BSF, NACRE_ALU_BSR, NACRE_ALU_TZCNT, NACRE_ALU_LZCNT,
	NACRE_ALU_POPCNT,
	NACRE_NR_ALU
};

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
	bool bit_string;	/* reg moves the address, see below */
	u8 reg;			/* hardware number */
	u8 shift;		/* where in reg: 8 for AH, CH, DH, BH */
	u8 reg_size;		/* to_register: bytes of the register */
	/*
	 * CMPXCHG, whose reg is RAX: what is stored; SHLD, SHRD: what is shifted
	 * in; CMOV, SET: the condition.
	 */
	u8 source;
	u8 source_shift;
	bool in_register;	/* the "memory" operand is one: this */
	u8 rm, rm_shift;
	u64 value;		/* immediate */
};

/* The registers that an operation can involve. */
struct nacre_memop_regs {
	u64 gpr[16];
	u64 rflags;
};

/*
 * False: an instruction that this does not know. A memop is an operation on
 * memory that needs no other registers than reg and source, and cannot fault.
 */
bool nacre_operation_parse(const struct nacre_insn *insn,
			   struct nacre_memop *op);
bool nacre_memop_parse(const struct nacre_insn *insn, struct nacre_memop *op);

/*
 * BT and its kin take the bit's number in a register as signed, and reach
 * beyond the operand: how many bytes the address moves by, with @reg's value.
 */
s64 nacre_memop_bit_offset(const struct nacre_memop *op, u64 reg);

/*
 * Compute: @memory is the operand's old value (if it reads), and what has to
 * be written afterwards (if it writes); its low @size bytes are, the others
 * mean nothing. Of the registers, a memop looks at reg and source alone and
 * changes reg alone; and the flags. False: #DE, and nothing has changed.
 */
bool nacre_memop_compute(const struct nacre_memop *op,
			 struct nacre_memop_regs *regs, u64 *memory);

/* For instructions that are taken apart elsewhere. */
static inline u64 nacre_size_mask(u8 size)
{
	return ~0ull >> (64 - size * 8);
}

/* 8 and 16 bits leave the rest of the register, 32 bits clear it. */
static inline void nacre_set_part(u64 *reg, u8 size, u8 shift, u64 value)
{
	u64 mask = nacre_size_mask(size) << shift;

	*reg = (size < 4 ? *reg & ~mask : 0) | (value << shift & mask);
}

#define NACRE_STATUS_FLAGS	0x8d5ul	/* CF, PF, AF, ZF, SF, OF */

/* The jcc, SETcc or CMOVcc whose opcode ends in @code. */
bool nacre_condition(u8 code, u64 rflags);
/* Of a - b: all six. */
u64 nacre_compare_flags(u64 a, u64 b, u8 size);

#endif /* NACRE_MEMOP_H */
