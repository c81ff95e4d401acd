// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions with one operand in memory.
 *
 * Intel SDM, "Instruction Set Reference": the flags of each operation.
 */
#include "arch/x86/emulate/memop.h"

#define CF	BIT(0)
#define PF	BIT(2)
#define AF	BIT(4)
#define ZF	BIT(6)
#define SF	BIT(7)
#define OF	BIT(11)
#define ARITHMETIC	(CF | PF | AF | ZF | SF | OF)

#define RAX	0
#define OPCODE_EXTENSION(insn)	((insn)->modrm >> 3 & 7)

static u64 mask_of(u8 size)
{
	return ~0ull >> (64 - size * 8);
}

/* Byte forms have an even opcode, the others the operand size. */
static u8 size_by_opcode(const struct nacre_insn *insn)
{
	return insn->opcode & 1 ? insn->operand_size : 1;
}

/* Without REX, byte registers 4 to 7 are the second bytes of 0 to 3. */
static void use_register(struct nacre_memop *op, const struct nacre_insn *insn,
			 u8 reg, u8 size)
{
	op->has_register = true;
	op->reg = reg & 15;
	op->reg_size = size;
	if (size == 1 && reg >= 4 && reg < 8 &&
	    !(insn->prefixes & NACRE_PFX_REX)) {
		op->reg -= 4;
		op->shift = 8;
	}
}

static void destination_memory(struct nacre_memop *op)
{
	op->writes = op->alu != NACRE_ALU_CMP && op->alu != NACRE_ALU_TEST &&
		     op->alu != NACRE_ALU_BT;
	op->reads = op->alu != NACRE_ALU_MOV && op->alu != NACRE_ALU_MOVBE;
}

static void destination_register(struct nacre_memop *op)
{
	op->from_memory = true;
	op->to_register = op->alu != NACRE_ALU_CMP;
	op->reads = true;
}

/* 00 to 3B: eight operations, memory first or register first. */
static bool parse_alu(const struct nacre_insn *insn, struct nacre_memop *op)
{
	if ((insn->opcode & 7) > 3)
		return false;
	op->alu = insn->opcode >> 3;
	op->size = size_by_opcode(insn);
	use_register(op, insn, insn->reg, op->size);
	if (insn->opcode & 2)
		destination_register(op);
	else
		destination_memory(op);
	return true;
}

static bool parse_immediate(const struct nacre_insn *insn,
			    struct nacre_memop *op, u8 alu)
{
	op->alu = alu;
	op->size = size_by_opcode(insn);
	op->value = insn->immediate;
	destination_memory(op);
	return true;
}

/* F6, F7, FE, FF: the operation is in ModRM. */
static bool parse_group3(const struct nacre_insn *insn, struct nacre_memop *op)
{
	switch (OPCODE_EXTENSION(insn)) {
	case 0:
	case 1:
		return parse_immediate(insn, op, NACRE_ALU_TEST);
	case 2:
		return parse_immediate(insn, op, NACRE_ALU_NOT);
	case 3:
		return parse_immediate(insn, op, NACRE_ALU_NEG);
	default:
		return false;
	}
}

static bool parse_group4(const struct nacre_insn *insn, struct nacre_memop *op)
{
	switch (OPCODE_EXTENSION(insn)) {
	case 0:
		return parse_immediate(insn, op, NACRE_ALU_INC);
	case 1:
		return parse_immediate(insn, op, NACRE_ALU_DEC);
	default:
		return false;
	}
}

static bool parse_register_form(const struct nacre_insn *insn,
				struct nacre_memop *op, u8 alu, u8 reg,
				bool load)
{
	op->alu = alu;
	op->size = size_by_opcode(insn);
	use_register(op, insn, reg, op->size);
	if (load)
		destination_register(op);
	else
		destination_memory(op);
	return true;
}

static bool parse_xchg(const struct nacre_insn *insn, struct nacre_memop *op)
{
	parse_register_form(insn, op, NACRE_ALU_MOV, insn->reg, false);
	op->reads = true;
	op->to_register = true;
	return true;
}

/* Two operands in memory, and nothing but the one goes into the other. */
static bool parse_movs(const struct nacre_insn *insn, struct nacre_memop *op)
{
	op->alu = NACRE_ALU_MOV;
	op->size = size_by_opcode(insn);
	op->string = NACRE_STRING_FROM | NACRE_STRING_TO;
	op->from_memory = true;
	op->reads = true;
	op->writes = true;
	return true;
}

static bool parse_string(const struct nacre_insn *insn, struct nacre_memop *op,
			 bool load, u8 string)
{
	op->string = string;
	return parse_register_form(insn, op, NACRE_ALU_MOV, RAX, load);
}

static bool parse_xadd(const struct nacre_insn *insn, struct nacre_memop *op)
{
	parse_register_form(insn, op, NACRE_ALU_ADD, insn->reg, false);
	op->to_register = true;
	return true;
}

/* The accumulator is compared with, and written; the register is a source. */
static bool parse_cmpxchg(const struct nacre_insn *insn,
			  struct nacre_memop *op)
{
	parse_register_form(insn, op, NACRE_ALU_CMPXCHG, insn->reg, false);
	op->source = op->reg;
	op->source_shift = op->shift;
	op->reg = RAX;
	op->shift = 0;
	op->to_register = true;
	return true;
}

/* BT, BTS, BTR, BTC: by register A3, AB, B3, BB, by immediate BA /4 to /7. */
static bool parse_bit_register(const struct nacre_insn *insn,
			       struct nacre_memop *op)
{
	op->bit_string = true;
	return parse_register_form(insn, op,
				   NACRE_ALU_BT + (insn->opcode >> 3 & 3),
				   insn->reg, false);
}

static bool parse_bit_immediate(const struct nacre_insn *insn,
				struct nacre_memop *op)
{
	if (OPCODE_EXTENSION(insn) < 4)
		return false;
	op->alu = NACRE_ALU_BT + (OPCODE_EXTENSION(insn) & 3);
	op->size = insn->operand_size;
	op->value = insn->immediate;
	destination_memory(op);
	return true;
}

/* MOVSXD, MOVZX and MOVSX: a register wider than the memory. */
static bool parse_extension(const struct nacre_insn *insn,
			    struct nacre_memop *op, u8 size, bool sign)
{
	op->alu = NACRE_ALU_MOV;
	use_register(op, insn, insn->reg, insn->operand_size);
	op->size = size;
	op->sign_extend = sign;
	destination_register(op);
	return true;
}

/* MOVBE and MOVNTI: no byte forms, so the opcode does not tell the size. */
static bool parse_wide_move(const struct nacre_insn *insn,
			    struct nacre_memop *op, u8 alu, bool load)
{
	op->alu = alu;
	op->size = insn->operand_size;
	use_register(op, insn, insn->reg, op->size);
	if (load)
		destination_register(op);
	else
		destination_memory(op);
	return true;
}

static bool parse_1byte(const struct nacre_insn *insn, struct nacre_memop *op)
{
	/* What drivers mostly do need not wait for its turn. */
	if ((insn->opcode & 0xfc) == 0x88)
		return parse_register_form(insn, op, NACRE_ALU_MOV, insn->reg,
					   insn->opcode & 2);
	if (insn->opcode < 0x40)
		return parse_alu(insn, op);
	switch (insn->opcode) {
	case 0x63:
		return insn->mode == 64 && parse_extension(insn, op, 4, true);
	case 0x80:
	case 0x81:
	case 0x83:
		return parse_immediate(insn, op, OPCODE_EXTENSION(insn));
	case 0x84:
	case 0x85:
		return parse_register_form(insn, op, NACRE_ALU_TEST, insn->reg,
					   false);
	case 0x86:
	case 0x87:
		return parse_xchg(insn, op);
	case 0xa0 ... 0xa3:
		return parse_register_form(insn, op, NACRE_ALU_MOV, RAX,
					   !(insn->opcode & 2));
	case 0xa4:
	case 0xa5:
		return parse_movs(insn, op);
	case 0xaa:
	case 0xab:
		return parse_string(insn, op, false, NACRE_STRING_TO);
	case 0xac:
	case 0xad:
		return parse_string(insn, op, true, NACRE_STRING_FROM);
	case 0xc6:
	case 0xc7:
		return OPCODE_EXTENSION(insn) == 0 &&
		       parse_immediate(insn, op, NACRE_ALU_MOV);
	case 0xf6:
	case 0xf7:
		return parse_group3(insn, op);
	case 0xfe:
	case 0xff:
		return parse_group4(insn, op);
	default:
		return false;
	}
}

static bool parse_0f(const struct nacre_insn *insn, struct nacre_memop *op)
{
	switch (insn->opcode) {
	case 0xa3:
	case 0xab:
	case 0xb3:
	case 0xbb:
		return parse_bit_register(insn, op);
	case 0xb0:
	case 0xb1:
		return parse_cmpxchg(insn, op);
	case 0xb6:
		return parse_extension(insn, op, 1, false);
	case 0xb7:
		return parse_extension(insn, op, 2, false);
	case 0xba:
		return parse_bit_immediate(insn, op);
	case 0xbe:
		return parse_extension(insn, op, 1, true);
	case 0xbf:
		return parse_extension(insn, op, 2, true);
	case 0xc0:
	case 0xc1:
		return parse_xadd(insn, op);
	case 0xc3:
		return parse_wide_move(insn, op, NACRE_ALU_MOV, false);
	default:
		return false;
	}
}

/* F2 makes CRC32 of MOVBE. */
static bool parse_0f38(const struct nacre_insn *insn, struct nacre_memop *op)
{
	if ((insn->opcode & 0xfe) != 0xf0 || insn->simd_prefix >= NACRE_SIMD_F3)
		return false;
	return parse_wide_move(insn, op, NACRE_ALU_MOVBE, insn->opcode == 0xf0);
}

bool nacre_memop_parse(const struct nacre_insn *insn, struct nacre_memop *op)
{
	*op = (struct nacre_memop) {};
	/* No memory operand, or one that only vector instructions have. */
	if (insn->has_modrm && insn->modrm >> 6 == 3)
		return false;
	if (insn->prefixes & (NACRE_PFX_VEX | NACRE_PFX_EVEX | NACRE_PFX_XOP))
		return false;
	switch (insn->map) {
	case NACRE_MAP_1BYTE:
		return parse_1byte(insn, op);
	case NACRE_MAP_0F:
		return parse_0f(insn, op);
	case NACRE_MAP_0F38:
		return parse_0f38(insn, op);
	default:
		return false;
	}
}

s64 nacre_memop_bit_offset(const struct nacre_memop *op, u64 reg)
{
	s64 number = sign_extend64(reg, op->size * 8 - 1);

	return (number >> 3) & -(s64)op->size;
}

static u64 other_operand(const struct nacre_memop *op,
			 const struct nacre_memop_regs *regs)
{
	if (!op->has_register)
		return op->value;
	return regs->gpr[op->reg] >> op->shift;
}

/* 8 and 16 bits leave the rest of the register, 32 bits clear it. */
static void write_register(const struct nacre_memop *op,
			   struct nacre_memop_regs *regs, u64 value)
{
	u64 *reg = &regs->gpr[op->reg], mask = mask_of(op->reg_size);

	if (op->reg_size >= 4)
		*reg = value & mask;
	else
		*reg = (*reg & ~(mask << op->shift)) |
		       (value & mask) << op->shift;
}

static u64 extend(const struct nacre_memop *op, u64 value)
{
	unsigned int unused = 64 - op->size * 8;

	if (!op->sign_extend)
		return value & mask_of(op->size);
	return (u64)((s64)(value << unused) >> unused);
}

static u64 result_flags(u64 result, u8 size)
{
	u64 flags = 0;

	result &= mask_of(size);
	if (!result)
		flags |= ZF;
	if (result >> (size * 8 - 1))
		flags |= SF;
	if (!__builtin_parity((u8)result))
		flags |= PF;
	return flags;
}

/* Carries out of each bit, as the adder had them. */
static u64 add_flags(u64 a, u64 b, u64 result, u8 size)
{
	u64 carries = (a & b) | ((a | b) & ~result);
	u64 top = 1ull << (size * 8 - 1);
	u64 flags = result_flags(result, size);

	if (carries & top)
		flags |= CF;
	if (carries & 8)
		flags |= AF;
	if ((a ^ result) & (b ^ result) & top)
		flags |= OF;
	return flags;
}

static u64 sub_flags(u64 a, u64 b, u64 result, u8 size)
{
	u64 borrows = (~a & b) | ((~a | b) & result);
	u64 top = 1ull << (size * 8 - 1);
	u64 flags = result_flags(result, size);

	if (borrows & top)
		flags |= CF;
	if (borrows & 8)
		flags |= AF;
	if ((a ^ b) & (a ^ result) & top)
		flags |= OF;
	return flags;
}

static u64 run_bit(u8 alu, u64 a, u64 number, u8 size, u64 *flags)
{
	u64 bit = 1ull << (number & (size * 8 - 1));

	*flags = a & bit ? CF : 0;
	switch (alu) {
	case NACRE_ALU_BTS:
		return a | bit;
	case NACRE_ALU_BTR:
		return a & ~bit;
	case NACRE_ALU_BTC:
		return a ^ bit;
	default:
		return a;
	}
}

/* @changed: which flags the operation writes. */
static u64 run_alu(u8 alu, u64 a, u64 b, u8 size, u64 carry, u64 *flags,
		   u64 *changed)
{
	u64 result;

	*changed = ARITHMETIC;
	switch (alu) {
	case NACRE_ALU_INC:
	case NACRE_ALU_DEC:
		*changed &= ~(u64)CF;
		b = 1;
		carry = 0;
		break;
	case NACRE_ALU_NEG:
		b = a;
		a = 0;
		break;
	default:
		break;
	}
	switch (alu) {
	case NACRE_ALU_ADD:
	case NACRE_ALU_ADC:
	case NACRE_ALU_INC:
		result = a + b + (alu == NACRE_ALU_ADC ? carry : 0);
		*flags = add_flags(a, b, result, size);
		return result;
	case NACRE_ALU_SUB:
	case NACRE_ALU_SBB:
	case NACRE_ALU_CMP:
	case NACRE_ALU_NEG:
	case NACRE_ALU_DEC:
		result = a - b - (alu == NACRE_ALU_SBB ? carry : 0);
		*flags = sub_flags(a, b, result, size);
		return result;
	case NACRE_ALU_OR:
		result = a | b;
		break;
	case NACRE_ALU_AND:
	case NACRE_ALU_TEST:
		result = a & b;
		break;
	case NACRE_ALU_XOR:
		result = a ^ b;
		break;
	case NACRE_ALU_NOT:
		*changed = 0;
		return ~a;
	case NACRE_ALU_BT ... NACRE_ALU_BTC:
		*changed = CF;
		return run_bit(alu, a, b, size, flags);
	case NACRE_ALU_MOVBE:
		*changed = 0;
		return swab64(b) >> (64 - size * 8);
	default:
		*changed = 0;
		return b;
	}
	*flags = result_flags(result, size);
	return result;
}

/* Which of the two is the destination decides what the operation works on. */
static noinline void calculate(const struct nacre_memop *op,
			       struct nacre_memop_regs *regs, u64 *memory)
{
	u64 other = other_operand(op, regs), mask = mask_of(op->size);
	u64 flags = 0, changed, result;
	u64 old = *memory, a = old;

	if (op->from_memory) {
		a = other;
		other = old;
	}
	result = run_alu(op->alu, a & mask, other & mask, op->size,
			 regs->rflags & CF, &flags, &changed);
	regs->rflags = (regs->rflags & ~changed) | (flags & changed);
	if (op->to_register)
		write_register(op, regs, op->from_memory ? result : old);
	*memory = result;
}

/* What is found is written, too, if it is not what was expected. */
static noinline void compare_exchange(const struct nacre_memop *op,
				      struct nacre_memop_regs *regs,
				      u64 *memory)
{
	u64 mask = mask_of(op->size);
	u64 expected = regs->gpr[op->reg] & mask, found = *memory & mask;

	regs->rflags &= ~(u64)ARITHMETIC;
	regs->rflags |= sub_flags(expected, found, expected - found, op->size);
	if (expected == found)
		*memory = regs->gpr[op->source] >> op->source_shift;
	else
		write_register(op, regs, found);
}

static void move(const struct nacre_memop *op, struct nacre_memop_regs *regs,
		 u64 *memory)
{
	u64 old = *memory;

	if (!op->from_memory)
		*memory = other_operand(op, regs);
	if (op->to_register)
		write_register(op, regs, extend(op, old));
}

/* MOV is what drivers mostly do, and does not pay for the others. */
void nacre_memop_compute(const struct nacre_memop *op,
			 struct nacre_memop_regs *regs, u64 *memory)
{
	if (op->alu == NACRE_ALU_MOV)
		move(op, regs, memory);
	else if (op->alu == NACRE_ALU_CMPXCHG)
		compare_exchange(op, regs, memory);
	else
		calculate(op, regs, memory);
}
