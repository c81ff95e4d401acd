// SPDX-License-Identifier: GPL-2.0
/* Instructions with one operand in memory or a register: which there are. */
#include "arch/x86/emulate/memop.h"

#define RAX	0
#define RCX	1
#define OPCODE_EXTENSION(insn)	((insn)->modrm >> 3 & 7)

/* Without REX, byte registers 4 to 7 are the second bytes of 0 to 3. */
static u8 place(const struct nacre_insn *insn, u8 size, u8 reg, u8 *shift)
{
	*shift = 0;
	if (size != 1 || reg < 4 || reg >= 8 ||
	    insn->prefixes & NACRE_PFX_REX)
		return reg & 15;
	*shift = 8;
	return reg - 4;
}

/*
 * Each instruction in a line: opcodes, values of ModRM.reg, operation, and how
 * the operands are found. What drivers mostly do comes first.
 */
struct form {
	u8 map, first, last;
	u8 extensions;
	u8 alu;
	u32 how;
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
/* A register wider than the memory, which has so many bytes. */
#define EXTEND(size)	(REG | LOAD | WIDE | (size) << 12)
#define EXTENDED(how)	((how) >> 12 & 7)
/* What takes the memory's place: the accumulator, the opcode's register. */
#define RM_ACC		BIT(15)
#define RM_OPCODE	BIT(16)
#define BY_ONE		BIT(17)	/* an immediate of 1 that is not there */
#define BY_CL		BIT(18)
#define THIRD		BIT(19)	/* source is ModRM.reg, too */
#define CONDITION	BIT(20)	/* source is the opcode's */
#define BYTE		BIT(21)	/* whatever the opcode */
#define READ_ONLY	BIT(22)
#define NO_WORD		BIT(23)
#define ON_MEMORY	BIT(24)
/* Only with these SIMD prefixes. */
#define WITH(prefix)	(BIT(NACRE_SIMD_##prefix) << 25)
#define PREFIXES(how)	((how) >> 25 & 15)
#define NO_REPEAT	(WITH(NONE) | WITH(66))

#define ALL		0xff
#define ONE(byte)	NACRE_MAP_1BYTE, byte, byte
#define PAIR(byte)	NACRE_MAP_1BYTE, byte, (byte) + 1
#define EIGHT(byte)	NACRE_MAP_1BYTE, byte, (byte) + 7
#define ONE_0F(byte)	NACRE_MAP_0F, byte, byte
#define PAIR_0F(byte)	NACRE_MAP_0F, byte, (byte) + 1
#define EIGHT_0F(byte)	NACRE_MAP_0F, byte, (byte) + 7
#define SIXTEEN_0F(byte) NACRE_MAP_0F, byte, (byte) + 15
#define ONE_0F38(byte)	NACRE_MAP_0F38, byte, byte
#define ALU(name)	NACRE_ALU_##name
/* The operations' numbers are their opcodes'. */
#define ARITHMETIC_ROWS(name)						\
	{ PAIR(ALU(name) * 8), ALL, ALU(name), REG },			\
	{ PAIR(ALU(name) * 8 + 2), ALL, ALU(name), REG | LOAD },	\
	{ PAIR(ALU(name) * 8 + 4), ALL, ALU(name), RM_ACC | IMM }

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
	{ EIGHT(0x40), ALL, ALU(INC), RM_OPCODE | WIDE | BY_ONE },
	{ EIGHT(0x48), ALL, ALU(DEC), RM_OPCODE | WIDE | BY_ONE },
	/* MOVSXD */
	{ ONE(0x63), ALL, ALU(MOV), EXTEND(4) | SIGNED | ONLY64 },
	{ ONE(0x69), ALL, ALU(IMUL), REG | LOAD | WIDE | IMM },
	{ ONE(0x6b), ALL, ALU(IMUL), REG | LOAD | WIDE | IMM },
	{ PAIR(0x80), ALL, ALU(ADD), IMM | PLUS_EXTENSION },
	{ PAIR(0x82), ALL, ALU(ADD), IMM | PLUS_EXTENSION },
	{ PAIR(0x84), ALL, ALU(TEST), REG },
	/* XCHG */
	{ PAIR(0x86), ALL, ALU(MOV), REG | OLD },
	{ EIGHT(0x90), ALL, ALU(MOV), RM_OPCODE | WIDE | ACC | OLD },
	{ PAIR(0xa0), ALL, ALU(MOV), ACC | LOAD },
	{ PAIR(0xa2), ALL, ALU(MOV), ACC },
	{ PAIR(0xa8), ALL, ALU(TEST), RM_ACC | IMM },
	{ EIGHT(0xb0), ALL, ALU(MOV), RM_OPCODE | BYTE | IMM },
	{ EIGHT(0xb8), ALL, ALU(MOV), RM_OPCODE | WIDE | IMM },
	{ PAIR(0xc0), ALL, ALU(ROL), IMM | PLUS_EXTENSION },
	{ PAIR(0xc6), BIT(0), ALU(MOV), IMM },
	{ PAIR(0xd0), ALL, ALU(ROL), BY_ONE | PLUS_EXTENSION },
	{ PAIR(0xd2), ALL, ALU(ROL), BY_CL | PLUS_EXTENSION },
	{ PAIR(0xf6), BIT(0) | BIT(1), ALU(TEST), IMM },
	{ PAIR(0xf6), BIT(2), ALU(NOT), IMM },
	{ PAIR(0xf6), BIT(3), ALU(NEG), IMM },
	/* MUL to IDIV are the extensions 4 to 7. */
	{ PAIR(0xf6), 0xf0, ALU(MUL) - 4, IMM | READ_ONLY | PLUS_EXTENSION },
	{ PAIR(0xfe), BIT(0), ALU(INC), BY_ONE },
	{ PAIR(0xfe), BIT(1), ALU(DEC), BY_ONE },

	{ SIXTEEN_0F(0x40), ALL, ALU(CMOV), REG | LOAD | WIDE | CONDITION },
	{ SIXTEEN_0F(0x90), ALL, ALU(SET), BYTE | CONDITION },
	{ ONE_0F(0xa3), ALL, ALU(BT), REG | BIT_STRING },
	{ ONE_0F(0xab), ALL, ALU(BTS), REG | BIT_STRING },
	{ ONE_0F(0xb3), ALL, ALU(BTR), REG | BIT_STRING },
	{ ONE_0F(0xbb), ALL, ALU(BTC), REG | BIT_STRING },
	/* BT to BTC are the extensions 4 to 7. */
	{ ONE_0F(0xba), 0xf0, ALU(BT) - 4, IMM | WIDE | PLUS_EXTENSION },
	{ ONE_0F(0xa4), ALL, ALU(SHLD), WIDE | THIRD | IMM },
	{ ONE_0F(0xa5), ALL, ALU(SHLD), WIDE | THIRD | BY_CL },
	{ ONE_0F(0xac), ALL, ALU(SHRD), WIDE | THIRD | IMM },
	{ ONE_0F(0xad), ALL, ALU(SHRD), WIDE | THIRD | BY_CL },
	{ ONE_0F(0xaf), ALL, ALU(IMUL), REG | LOAD },
	{ PAIR_0F(0xb0), ALL, ALU(CMPXCHG), ACC | THIRD },
	/* MOVZX, MOVSX */
	{ ONE_0F(0xb6), ALL, ALU(MOV), EXTEND(1) },
	{ ONE_0F(0xb7), ALL, ALU(MOV), EXTEND(2) },
	{ ONE_0F(0xbe), ALL, ALU(MOV), EXTEND(1) | SIGNED },
	{ ONE_0F(0xbf), ALL, ALU(MOV), EXTEND(2) | SIGNED },
	{ ONE_0F(0xb8), ALL, ALU(POPCNT), REG | LOAD | WIDE | WITH(F3) },
	{ ONE_0F(0xbc), ALL, ALU(TZCNT), REG | LOAD | WIDE | WITH(F3) },
	{ ONE_0F(0xbd), ALL, ALU(LZCNT), REG | LOAD | WIDE | WITH(F3) },
	{ ONE_0F(0xbc), ALL, ALU(BSF), REG | LOAD | WIDE },
	{ ONE_0F(0xbd), ALL, ALU(BSR), REG | LOAD | WIDE },
	/* XADD */
	{ PAIR_0F(0xc0), ALL, ALU(ADD), REG | OLD },
	/* MOVNTI */
	{ ONE_0F(0xc3), ALL, ALU(MOV), REG | NO_WORD | WITH(NONE) | ON_MEMORY },
	{ EIGHT_0F(0xc8), ALL, ALU(BSWAP), RM_OPCODE | WIDE | IMM },

	{ ONE_0F38(0xf0), ALL, ALU(MOVBE),
	  REG | LOAD | WIDE | NO_REPEAT | ON_MEMORY },
	{ ONE_0F38(0xf1), ALL, ALU(MOVBE), REG | WIDE | NO_REPEAT | ON_MEMORY },
};

static bool matches(const struct nacre_insn *insn, const struct form *f)
{
	return insn->map == f->map && insn->opcode >= f->first &&
	       insn->opcode <= f->last &&
	       f->extensions & BIT(OPCODE_EXTENSION(insn)) &&
	       !(f->how & ON_MEMORY && insn->modrm >> 6 == 3) &&
	       (!PREFIXES(f->how) ||
		PREFIXES(f->how) & BIT(insn->simd_prefix));
}

static const struct form *find_form(const struct nacre_insn *insn)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(forms); i++)
		if (matches(insn, &forms[i]))
			return &forms[i];
	return NULL;
}

static void settle_direction(struct nacre_memop *op, u32 how)
{
	op->from_memory = how & LOAD;
	if (how & LOAD) {
		op->to_register = op->alu != NACRE_ALU_CMP;
		op->reads = true;
	} else {
		op->to_register = how & OLD || op->alu == NACRE_ALU_CMPXCHG;
		op->reads = how & OLD ||
			    (op->alu != NACRE_ALU_MOV &&
			     op->alu != NACRE_ALU_MOVBE &&
			     op->alu != NACRE_ALU_SET);
		op->writes = !(how & READ_ONLY) &&
			     op->alu != NACRE_ALU_CMP &&
			     op->alu != NACRE_ALU_TEST &&
			     op->alu != NACRE_ALU_BT;
	}
}

/* The register that stands for the memory. */
/* Immediates that are none, and a third operand. */
static void settle_others(const struct nacre_insn *insn, u32 how,
			  struct nacre_memop *op)
{
	if (how & IMM)
		op->value = insn->immediate;
	/* IMUL: the register is a destination alone. */
	if (how & IMM && how & LOAD)
		op->has_register = false;
	if (how & BY_ONE)
		op->value = 1;
	if (how & BY_CL) {
		op->has_register = true;
		op->reg = RCX;
	}
	if (how & THIRD)
		op->source = place(insn, op->reg_size, insn->reg,
				   &op->source_shift);
	if (how & CONDITION)
		op->source = insn->opcode & 15;
}

static void settle(const struct nacre_insn *insn, const struct form *form,
		   struct nacre_memop *op)
{
	bool byte_form = form->how & BYTE ||
			 (!(form->how & WIDE) && !(insn->opcode & 1));

	op->alu = form->alu;
	if (form->how & PLUS_EXTENSION)
		op->alu += OPCODE_EXTENSION(insn);
	op->size = byte_form ? 1 : insn->operand_size;
	/* It has no 16 bits, whatever the mode and the prefix. */
	if (form->how & NO_WORD && op->size < 4)
		op->size = 4;
	if (form->how & (REG | ACC)) {
		op->has_register = true;
		op->reg = place(insn, op->size, form->how & ACC ? RAX :
				insn->reg, &op->shift);
		op->reg_size = op->size;
	}
	if (EXTENDED(form->how))
		op->size = EXTENDED(form->how);
	op->sign_extend = form->how & SIGNED;
	op->in_register = form->how & (RM_ACC | RM_OPCODE) ||
			  (insn->has_modrm && insn->modrm >> 6 == 3);
	if (op->in_register && !(form->how & RM_ACC))
		op->rm = place(insn, op->size, insn->rm, &op->rm_shift);
	op->bit_string = form->how & BIT_STRING && !op->in_register;
	settle_others(insn, form->how, op);
	settle_direction(op, form->how);
}

bool nacre_operation_parse(const struct nacre_insn *insn,
			   struct nacre_memop *op)
{
	const struct form *form;

	*op = (struct nacre_memop) {};
	if (insn->prefixes & (NACRE_PFX_VEX | NACRE_PFX_EVEX | NACRE_PFX_XOP))
		return false;
	form = find_form(insn);
	if (!form || (form->how & ONLY64 && insn->mode != 64))
		return false;
	settle(insn, form, op);
	return true;
}

bool nacre_memop_parse(const struct nacre_insn *insn, struct nacre_memop *op)
{
	return nacre_operation_parse(insn, op) && !op->in_register &&
	       op->alu <= NACRE_ALU_LAST_MEMOP;
}

s64 nacre_memop_bit_offset(const struct nacre_memop *op, u64 reg)
{
	s64 number = sign_extend64(reg, op->size * 8 - 1);

	return (number >> 3) & -(s64)op->size;
}

