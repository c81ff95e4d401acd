/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rows of VEX, XOP and EVEX instructions. The module has none of them as
 * long as nothing in it executes one, but the decoder knows how.
 *
 * Short words for the tables of them, and for nobody else. A line is
 * first and last opcode, ModRM.reg, W and SIMD prefixes, form; the first one
 * that applies is the instruction.
 */
#ifndef NACRE_VECTOR_ROWS_H
#define NACRE_VECTOR_ROWS_H

#include "arch/x86/emulate/decode_tables.h"

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

#endif /* NACRE_VECTOR_ROWS_H */
