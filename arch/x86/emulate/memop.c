// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions with one operand in memory.
 *
 * Intel SDM, "Instruction Set Reference": the flags of each operation.
 */
#include <asm/processor-flags.h>

#include "arch/x86/emulate/memop.h"

#define ARITHMETIC	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | \
			 X86_EFLAGS_ZF | X86_EFLAGS_SF | X86_EFLAGS_OF)

#define RAX	0
#define OPCODE_EXTENSION(insn)	((insn)->modrm >> 3 & 7)

static u64 mask_of(u8 size)
{
	return ~0ull >> (64 - size * 8);
}

/* Without REX, byte registers 4 to 7 are the second bytes of 0 to 3. */
static void use_register(struct nacre_memop *op, const struct nacre_insn *insn,
			 u8 reg)
{
	op->has_register = true;
	op->reg = reg & 15;
	op->reg_size = op->size;
	if (op->size == 1 && reg >= 4 && reg < 8 &&
	    !(insn->prefixes & NACRE_PFX_REX)) {
		op->reg -= 4;
		op->shift = 8;
	}
}

/*
 * Each instruction in a line: opcodes, values of ModRM.reg, operation, and how
 * the operands are found. What drivers mostly do comes first.
 */
struct form {
	u8 map, first, last;
	u8 extensions;
	u8 alu;
	u16 how;
};

#define REG		BIT(0)	/* the other operand is ModRM.reg ... */
#define ACC		BIT(1)	/* ... the accumulator ... */
#define IMM		BIT(2)	/* ... an immediate, or none */
#define LOAD		BIT(3)	/* the register is the destination */
#define OLD		BIT(4)	/* it gets the memory's old value */
#define WIDE		BIT(5)	/* no byte form: the opcode tells no size */
#define SIGNED		BIT(6)
#define ONLY64		BIT(7)
#define BIT_STRING	BIT(8)
#define PLUS_EXTENSION	BIT(9)	/* to the operation's number */
#define STRING(which)	(NACRE_STRING_##which << 10)
#define STRINGS(how)	((how) >> 10 & 3)
/* A register wider than the memory, which has so many bytes. */
#define EXTEND(size)	(REG | LOAD | WIDE | (size) << 12)
#define EXTENDED(how)	((how) >> 12)

#define ALL		0xff
#define ONE(byte)	NACRE_MAP_1BYTE, byte, byte
#define PAIR(byte)	NACRE_MAP_1BYTE, byte, (byte) + 1
#define ONE_0F(byte)	NACRE_MAP_0F, byte, byte
#define PAIR_0F(byte)	NACRE_MAP_0F, byte, (byte) + 1
#define ONE_0F38(byte)	NACRE_MAP_0F38, byte, byte
#define ALU(name)	NACRE_ALU_##name
/* The operations' numbers are their opcodes'. */
#define ARITHMETIC_ROWS(name)						\
	{ PAIR(ALU(name) * 8), ALL, ALU(name), REG },			\
	{ PAIR(ALU(name) * 8 + 2), ALL, ALU(name), REG | LOAD }

static const struct form forms[] = {
	{ PAIR(0x88), ALL, ALU(MOV), REG },
	{ PAIR(0x8a), ALL, ALU(MOV), REG | LOAD },
	ARITHMETIC_ROWS(ADD),
	ARITHMETIC_ROWS(OR),
	ARITHMETIC_ROWS(ADC),
	ARITHMETIC_ROWS(SBB),
	ARITHMETIC_ROWS(AND),
	ARITHMETIC_ROWS(SUB),
	ARITHMETIC_ROWS(XOR),
	ARITHMETIC_ROWS(CMP),
	/* MOVSXD */
	{ ONE(0x63), ALL, ALU(MOV), EXTEND(4) | SIGNED | ONLY64 },
	{ PAIR(0x80), ALL, ALU(ADD), IMM | PLUS_EXTENSION },
	{ ONE(0x83), ALL, ALU(ADD), IMM | PLUS_EXTENSION },
	{ PAIR(0x84), ALL, ALU(TEST), REG },
	/* XCHG */
	{ PAIR(0x86), ALL, ALU(MOV), REG | OLD },
	{ PAIR(0xa0), ALL, ALU(MOV), ACC | LOAD },
	{ PAIR(0xa2), ALL, ALU(MOV), ACC },
	/* MOVS, STOS, LODS */
	{ PAIR(0xa4), ALL, ALU(MOV), STRING(FROM) | STRING(TO) },
	{ PAIR(0xaa), ALL, ALU(MOV), ACC | STRING(TO) },
	{ PAIR(0xac), ALL, ALU(MOV), ACC | LOAD | STRING(FROM) },
	{ PAIR(0xc6), BIT(0), ALU(MOV), IMM },
	{ PAIR(0xf6), BIT(0) | BIT(1), ALU(TEST), IMM },
	{ PAIR(0xf6), BIT(2), ALU(NOT), IMM },
	{ PAIR(0xf6), BIT(3), ALU(NEG), IMM },
	{ PAIR(0xfe), BIT(0), ALU(INC), IMM },
	{ PAIR(0xfe), BIT(1), ALU(DEC), IMM },

	{ ONE_0F(0xa3), ALL, ALU(BT), REG | BIT_STRING },
	{ ONE_0F(0xab), ALL, ALU(BTS), REG | BIT_STRING },
	{ ONE_0F(0xb3), ALL, ALU(BTR), REG | BIT_STRING },
	{ ONE_0F(0xbb), ALL, ALU(BTC), REG | BIT_STRING },
	/* BT to BTC are the extensions 4 to 7. */
	{ ONE_0F(0xba), 0xf0, ALU(BT) - 4, IMM | WIDE | PLUS_EXTENSION },
	{ PAIR_0F(0xb0), ALL, ALU(CMPXCHG), REG },
	/* MOVZX, MOVSX */
	{ ONE_0F(0xb6), ALL, ALU(MOV), EXTEND(1) },
	{ ONE_0F(0xb7), ALL, ALU(MOV), EXTEND(2) },
	{ ONE_0F(0xbe), ALL, ALU(MOV), EXTEND(1) | SIGNED },
	{ ONE_0F(0xbf), ALL, ALU(MOV), EXTEND(2) | SIGNED },
	/* XADD */
	{ PAIR_0F(0xc0), ALL, ALU(ADD), REG | OLD },
	/* MOVNTI */
	{ ONE_0F(0xc3), ALL, ALU(MOV), REG },

	{ ONE_0F38(0xf0), ALL, ALU(MOVBE), REG | LOAD | WIDE },
	{ ONE_0F38(0xf1), ALL, ALU(MOVBE), REG | WIDE },
};

static const struct form *find_form(const struct nacre_insn *insn)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *f = &forms[i];

		if (insn->map == f->map && insn->opcode >= f->first &&
		    insn->opcode <= f->last &&
		    f->extensions & BIT(OPCODE_EXTENSION(insn)))
			return f;
	}
	return NULL;
}

/* MOVS has two operands in memory, and the one goes into the other. */
static void settle_direction(struct nacre_memop *op, u16 how)
{
	bool both = op->string == (NACRE_STRING_FROM | NACRE_STRING_TO);

	op->from_memory = both || how & LOAD;
	if (how & LOAD) {
		op->to_register = op->alu != NACRE_ALU_CMP;
		op->reads = true;
	} else {
		op->to_register = how & OLD || op->alu == NACRE_ALU_CMPXCHG;
		op->reads = both || how & OLD ||
			    (op->alu != NACRE_ALU_MOV &&
			     op->alu != NACRE_ALU_MOVBE);
		op->writes = op->alu != NACRE_ALU_CMP &&
			     op->alu != NACRE_ALU_TEST &&
			     op->alu != NACRE_ALU_BT;
	}
}

/* The accumulator is compared with, and written; the register is a source. */
static void settle_cmpxchg(struct nacre_memop *op)
{
	op->source = op->reg;
	op->source_shift = op->shift;
	op->reg = RAX;
	op->shift = 0;
}

static void settle(const struct nacre_insn *insn, const struct form *form,
		   struct nacre_memop *op)
{
	bool byte_form = !(form->how & WIDE) && !(insn->opcode & 1);

	op->alu = form->alu;
	if (form->how & PLUS_EXTENSION)
		op->alu += OPCODE_EXTENSION(insn);
	op->size = byte_form ? 1 : insn->operand_size;
	if (form->how & (REG | ACC))
		use_register(op, insn, form->how & ACC ? RAX : insn->reg);
	if (EXTENDED(form->how))
		op->size = EXTENDED(form->how);
	op->sign_extend = form->how & SIGNED;
	op->string = STRINGS(form->how);
	op->bit_string = form->how & BIT_STRING;
	if (form->how & IMM)
		op->value = insn->immediate;
	settle_direction(op, form->how);
	if (op->alu == NACRE_ALU_CMPXCHG)
		settle_cmpxchg(op);
}

bool nacre_memop_parse(const struct nacre_insn *insn, struct nacre_memop *op)
{
	const struct form *form;

	*op = (struct nacre_memop) {};
	/* No memory operand, or one that only vector instructions have. */
	if (insn->has_modrm && insn->modrm >> 6 == 3)
		return false;
	if (insn->prefixes & (NACRE_PFX_VEX | NACRE_PFX_EVEX | NACRE_PFX_XOP))
		return false;
	/* F2 makes CRC32 of MOVBE. */
	if (insn->map == NACRE_MAP_0F38 && insn->simd_prefix >= NACRE_SIMD_F3)
		return false;
	form = find_form(insn);
	if (!form || (form->how & ONLY64 && insn->mode != 64))
		return false;
	settle(insn, form, op);
	return true;
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
		flags |= X86_EFLAGS_ZF;
	if (result >> (size * 8 - 1))
		flags |= X86_EFLAGS_SF;
	if (!__builtin_parity((u8)result))
		flags |= X86_EFLAGS_PF;
	return flags;
}

/* By the carries out of each bit, as the adder had them. */
static u64 add_flags(u64 a, u64 b, u64 result, u8 size)
{
	u64 carries = (a & b) | ((a | b) & ~result);
	u64 top = 1ull << (size * 8 - 1);
	u64 flags = 0;

	if (carries & top)
		flags |= X86_EFLAGS_CF;
	if (carries & 8)
		flags |= X86_EFLAGS_AF;
	if ((a ^ result) & (b ^ result) & top)
		flags |= X86_EFLAGS_OF;
	return flags;
}

/* a - b is ~(~a + b). */
static u64 sub_flags(u64 a, u64 b, u64 result, u8 size)
{
	return add_flags(~a, b, ~result, size) | result_flags(result, size);
}

static u64 run_bit(u8 alu, u64 a, u64 number, u8 size, u64 *flags)
{
	u64 bit = 1ull << (number & (size * 8 - 1));

	*flags = a & bit ? X86_EFLAGS_CF : 0;
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
		*changed &= ~(u64)X86_EFLAGS_CF;
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
		*flags = add_flags(a, b, result, size) |
			 result_flags(result, size);
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
		*changed = X86_EFLAGS_CF;
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
			 regs->rflags & X86_EFLAGS_CF, &flags, &changed);
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
