/* SPDX-License-Identifier: GPL-2.0 */
/* What the decoder has to know of each opcode; private to it. */
#ifndef NACRE_DECODE_TABLES_H
#define NACRE_DECODE_TABLES_H

#include "arch/x86/emulate/decode.h"

/*
 * One opcode, 32 bits:
 *  7:0   which forms exist: two bits for each SIMD prefix, memory then register
 *  11:8  the immediate
 *  23:12 flags
 *  31:24 group: ModRM.reg selects among eight instructions
 * 0 is an undefined opcode.
 */
typedef u32 nacre_opcode;

#define OP_FORMS(op)		((op) & 0xff)
#define OP_IMM(op)		(((op) >> 8) & 0xf)
#define OP_GROUP(op)		((op) >> 24)

/* Forms: neither, memory only, register only, either. */
enum { o = 0, m = 1, r = 2, e = 3 };

/* Forms without prefix, with 66, with F3, with F2. */
#define FORMS(none, p66, pf3, pf2) \
	((none) | (p66) << 2 | (pf3) << 4 | (pf2) << 6)
#define ANY_FORM		0xffu

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

/* Each group's eight instructions; the rest are bits by ModRM.reg. */
struct nacre_opcode_group {
	u8 forms[8];
	u8 lock;		/* as OP_LOCK */
	u8 only64;		/* with F3 and a register: 64-bit mode only */
	u8 rm0;			/* with a register: ModRM.rm has to be 0 */
};

enum {
	GRP_NONE, GRP_1, GRP_1A, GRP_3, GRP_4, GRP_5, GRP_6, GRP_7, GRP_8,
	GRP_9, GRP_11, GRP_12, GRP_13, GRP_14, GRP_15, GRP_17, GRP_KEYLOCKER,
	GRP_HRESET, GRP_SREG_FROM, GRP_SREG_TO, GRP_CONTROL, GRP_DEBUG,
	GRP_X87,
	NR_GROUPS
};

/* Escape opcodes D8 to DF: by ModRM.reg in memory, by the byte elsewhere. */
struct nacre_x87_forms {
	u8 memory;
	u64 registers;		/* bit: ModRM - 0xc0 */
};

extern const nacre_opcode nacre_map_1byte[256];
extern const nacre_opcode nacre_map_0f[256];
extern const nacre_opcode nacre_map_0f38[256];
extern const nacre_opcode nacre_map_0f3a[256];
extern const struct nacre_opcode_group nacre_opcode_groups[NR_GROUPS];
extern const struct nacre_x87_forms nacre_x87_forms[8];
/* 0F 01 with mod 3, by SIMD prefix; bit: ModRM - 0xc0. */
extern const u64 nacre_group7_registers[4];
extern const u64 nacre_group7_only64[4];
/* 3DNow! suffixes, 64 to a word. */
extern const u64 nacre_3dnow_suffixes[4];

/*
 * VEX, EVEX and XOP: a line holds for a range of opcodes, for the values of
 * ModRM.reg in @regs, and for the SIMD prefixes and W in @when.
 */
struct nacre_vector_row {
	u8 first, last;
	u8 regs;
	u8 when;		/* VEC_PREFIX, VEC_W0, VEC_W1 */
	u32 form;		/* the bits below */
};

#define VEC_PREFIX(name)	BIT(NACRE_SIMD_##name)
#define VEC_W0			BIT(4)
#define VEC_W1			BIT(5)

#define VEC_MEM			BIT(0)	/* ModRM.rm may be memory */
#define VEC_REG			BIT(1)	/* ... a register */
#define VEC_VVVV_MEM		BIT(2)	/* vvvv is an operand, with memory */
#define VEC_VVVV_REG		BIT(3)	/* ... with a register */
#define VEC_L128		BIT(4)
#define VEC_L256		BIT(5)
#define VEC_L512		BIT(6)
#define VEC_MASK		BIT(7)	/* may have an opmask */
#define VEC_MASK_REQUIRED	BIT(8)
#define VEC_ZERO_MEM		BIT(9)	/* zeroing-masking, with memory */
#define VEC_ZERO_REG		BIT(10)
#define VEC_ROUNDING		BIT(11)	/* b with a register */
#define VEC_BROADCAST(log2)	((u32)(log2) << 12)	/* b with memory */
#define VEC_GPR			BIT(14)	/* ModRM.reg: below 16 */
#define VEC_K_REG		BIT(15)	/* ModRM.reg: a mask or tile, below 8 */
#define VEC_K_VVVV		BIT(16)	/* vvvv likewise */
#define VEC_ONLY64		BIT(17)
#define VEC_RM0			BIT(18)	/* with a register: ModRM.rm is 0 */
#define VEC_VSIB		BIT(19)	/* the index is a vector register */
#define VEC_SIB			BIT(20)	/* needs a SIB byte */
#define VEC_DISTINCT		BIT(21)	/* destination and sources differ */
#define VEC_W64			BIT(22)	/* W is 0 outside 64-bit mode */
#define VEC_SCALE(name)		((u32)SCALE_##name << 23)

/* What EVEX multiplies an 8-bit displacement with. */
enum nacre_disp_scale {
	SCALE_1, SCALE_2, SCALE_4, SCALE_8, SCALE_16, SCALE_32,
	SCALE_FULL, SCALE_HALF, SCALE_QUARTER, SCALE_EIGHTH,
	SCALE_DUP,		/* MOVDDUP: 8 bytes, or the whole vector */
};

#define VEC_BROADCAST_OF(form)	(((form) >> 12) & 3)
#define VEC_SCALE_OF(form)	(((form) >> 23) & 15)

struct nacre_vector_map {
	const struct nacre_vector_row *rows;	/* sorted by .first */
	unsigned int count;
};

extern const struct nacre_vector_map nacre_vex_maps[NACRE_NR_MAPS];
extern const struct nacre_vector_map nacre_evex_maps[NACRE_NR_MAPS];

#endif /* NACRE_DECODE_TABLES_H */
