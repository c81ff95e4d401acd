/* SPDX-License-Identifier: GPL-2.0 */
/* Between the files that know which instructions there are; decode_vector.c. */
#ifndef NACRE_VECTOR_ROWS_H
#define NACRE_VECTOR_ROWS_H

#include "arch/x86/emulate/decode_tables.h"

/* Forms: neither, memory only, register only, either. */
enum { o = 0, m = 1, r = 2, e = 3 };

/* Forms without prefix, with 66, with F3, with F2. */
#define FORMS(none, p66, pf3, pf2) \
	((none) | (p66) << 2 | (pf3) << 4 | (pf2) << 6)
#define ANY_FORM		0xffu

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

/*
 * Short words for the tables. A line is first and last opcode, ModRM.reg, W and
 * SIMD prefixes, form; the first one that applies is the instruction.
 */
#define ALL	0xff
#define PN	VEC_PREFIX(NONE)
#define P66	VEC_PREFIX(66)
#define PF3	VEC_PREFIX(F3)
#define PF2	VEC_PREFIX(F2)
#define PX	(PN | P66 | PF3 | PF2)
#define W0	VEC_W0
#define W1	VEC_W1
#define WX	(W0 | W1)
/* ModRM.reg and r/m, V: vvvv between them; m memory only, r register only. */
#define RM	(VEC_MEM | VEC_REG)
#define RMm	VEC_MEM
#define RMr	VEC_REG
#define RVM	(RM | VEC_VVVV_MEM | VEC_VVVV_REG)
#define RVMm	(RMm | VEC_VVVV_MEM)
#define RVMr	(RMr | VEC_VVVV_REG)
#define RVMx	(RM | VEC_VVVV_REG)	/* vvvv only with a register */
#define L128	VEC_L128
#define L256	VEC_L256
#define L512	VEC_L512
#define KREG	VEC_K_REG
#define ONLY64	VEC_ONLY64
#define DISTINCT	VEC_DISTINCT

/* decode_forms.c */
bool legacy_exists(const struct decoder *d);
nacre_opcode legacy_attributes(const struct nacre_insn *insn);

#endif /* NACRE_VECTOR_ROWS_H */
