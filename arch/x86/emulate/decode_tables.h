/* SPDX-License-Identifier: GPL-2.0 */
/* What the decoder has to know of each opcode; private to it. */
#ifndef NACRE_DECODE_TABLES_H
#define NACRE_DECODE_TABLES_H

#include "arch/x86/emulate/decode.h"

/*
 * One opcode, 32 bits:
 *  0     it exists; in which forms is the instruction's own to know
 *  11:8  the immediate
 *  23:12 flags
 *  31:24 group: ModRM.reg selects among eight instructions
 * 0 is an undefined opcode.
 */
typedef u32 nacre_opcode;

#define OP_EXISTS		BIT(0)
#define OP_IMM(op)		(((op) >> 8) & 0xf)
#define OP_GROUP(op)		((op) >> 24)

enum nacre_imm {
	IMM_NONE,
	IMM_B,			/* 8 bits, zero-extended */
	IMM_SB,			/* 8 bits, sign-extended; also short branches */
	IMM_W,			/* 16 bits */
	IMM_Z,			/* operand size, at most 32 bits */
	IMM_V,			/* operand size: MOV r64, imm64 */
	IMM_D,			/* 32 bits always */
	IMM_ENTER,		/* 16 bits, then 8 */
	IMM_FAR,		/* offset of operand size, then selector */
	IMM_MOFFS,		/* address size: the operand's address */
	IMM_NEAR,		/* near branch, the vendors differ */
	IMM_GROUP3B,		/* only TEST has one: 8 bits ... */
	IMM_GROUP3Z,		/* ... or as IMM_Z */
	IMM_SSE4A,		/* EXTRQ, INSERTQ: 8 bits twice; VMREAD: none */
};

#define IMM(kind)		((u32)IMM_##kind << 8)

#define OP_MODRM		BIT(12)
#define OP_NO64			BIT(13)	/* invalid in 64-bit mode */
#define OP_MOD3			BIT(14)	/* ModRM.mod is ignored, taken as 3 */
#define OP_REG			BIT(15)	/* a register in the opcode */
#define OP_LOCK			BIT(16)	/* may be locked, with memory */
#define OP_AMD			BIT(17)	/* AMD only */

#define GROUP(number)		((u32)(number) << 24)

enum {
	GRP_NONE, GRP_1, GRP_1A, GRP_3, GRP_4, GRP_5, GRP_6, GRP_7, GRP_8,
	GRP_9, GRP_11, GRP_12, GRP_13, GRP_14, GRP_15, GRP_17, GRP_KEYLOCKER,
	GRP_HRESET, GRP_SREG_FROM, GRP_SREG_TO, GRP_CONTROL, GRP_DEBUG,
	GRP_X87,
	NR_GROUPS
};

extern const nacre_opcode nacre_map_1byte[256];
extern const nacre_opcode nacre_map_0f[256];

struct decoder {
	const u8 *bytes;
	unsigned int available;
	enum nacre_decode_vendor vendor;
	enum nacre_decode_result result;
	nacre_opcode op;	/* legacy; else only ModRM and immediate */
	struct nacre_insn *insn;
};

/* The next byte, not consumed; 0 once anything went wrong. */
static inline u8 peek_byte(struct decoder *d)
{
	unsigned int at = d->insn->length;

	if (d->result != NACRE_DECODE_OK)
		return 0;
	if (at == NACRE_MAX_INSN) {
		d->result = NACRE_DECODE_TOO_LONG;
		return 0;
	}
	if (at >= d->available) {
		d->result = NACRE_DECODE_MORE;
		return 0;
	}
	return d->bytes[at];
}

static inline u8 next_byte(struct decoder *d)
{
	u8 byte = peek_byte(d);

	if (d->result == NACRE_DECODE_OK)
		d->insn->length++;
	return byte;
}

static inline void invalid(struct decoder *d)
{
	if (d->result == NACRE_DECODE_OK)
		d->result = NACRE_DECODE_INVALID;
}

/*
 * Which instructions there are beyond the two maps' own forms, and how XOP and
 * 3DNow! are decoded. The module has no rules: it takes all for existing, but
 * for those two, and what it executes has rows of its own. selftests/host/ has
 * the rules, for the tests.
 */
struct nacre_decode_rules {
	/* XOP and 3DNow!: what is behind the @first byte, up to the opcode. */
	void (*opcode)(struct decoder *d, u8 first);
	/* EVEX: the first and the third byte behind 62. */
	void (*evex)(struct decoder *d, u8 first, u8 third);
	/* Of those, and the three-byte maps. */
	nacre_opcode (*attributes)(const struct nacre_insn *insn);
	/* Once all its bytes are there; settles what depends on which it is. */
	bool (*exists)(const struct decoder *d);
};

extern const struct nacre_decode_rules nacre_decode_rules;

#endif /* NACRE_DECODE_TABLES_H */
