// SPDX-License-Identifier: GPL-2.0
/* EVEX instructions; vector_rows.h. */
#include "host_types.h"

#include "vector_rows.h"

#define LX	(L128 | L256 | L512)
#define VSIB	(VEC_VSIB | VEC_SIB)
#define W64	VEC_W64
#define GPR	VEC_GPR
/* Masking and zeroing; KZr: a masked store does not zero. */
#define K	VEC_MASK
#define KREQ	(VEC_MASK | VEC_MASK_REQUIRED)
#define KZ	(K | VEC_ZERO_MEM | VEC_ZERO_REG)
#define KZr	(K | VEC_ZERO_REG)
/* EVEX.b: broadcast of 2, 4 or 8 bytes from memory, rounding in registers. */
#define B2	VEC_BROADCAST(1)
#define B4	VEC_BROADCAST(2)
#define B8	VEC_BROADCAST(3)
#define ER	VEC_ROUNDING
/* What an 8-bit displacement is multiplied by: bytes, or of the vector. */
#define FULL	VEC_SCALE(FULL)
#define HALF	VEC_SCALE(HALF)
#define QUARTER	VEC_SCALE(QUARTER)
#define EIGHTH	VEC_SCALE(EIGHTH)
#define DUP	VEC_SCALE(DUP)
#define N1	VEC_SCALE(1)
#define N2	VEC_SCALE(2)
#define N4	VEC_SCALE(4)
#define N8	VEC_SCALE(8)
#define N16	VEC_SCALE(16)
#define N32	VEC_SCALE(32)

static const struct nacre_vector_row evex_0f[] = {
	{ 0x10, 0x10, ALL, W0 | PN, RM | LX | KZ | FULL }, /* vmovups */
	{ 0x10, 0x10, ALL, W1 | P66, RM | LX | KZ | FULL }, /* vmovupd */
	{ 0x10, 0x10, ALL, W0 | PF3, RVMx | LX | KZ | N4 }, /* vmovss */
	{ 0x10, 0x10, ALL, W1 | PF2, RVMx | LX | KZ | N8 }, /* vmovsd */
	{ 0x11, 0x11, ALL, W0 | PN, RM | LX | KZr | FULL }, /* vmovups */
	{ 0x11, 0x11, ALL, W1 | P66, RM | LX | KZr | FULL }, /* vmovupd */
	{ 0x11, 0x11, ALL, W0 | PF3, RVMx | LX | KZr | N4 }, /* vmovss */
	{ 0x11, 0x11, ALL, W1 | PF2, RVMx | LX | KZr | N8 }, /* vmovsd */
	{ 0x12, 0x12, ALL, W0 | PN, RVM | L128 | N8 }, /* vmovhlps */
	{ 0x12, 0x12, ALL, W1 | P66, RVMm | L128 | N8 }, /* vmovlpd */
	{ 0x12, 0x12, ALL, W0 | PF3, RM | LX | KZ | FULL }, /* vmovsldup */
	{ 0x12, 0x12, ALL, W1 | PF2, RM | LX | KZ | DUP }, /* vmovddup */
	{ 0x13, 0x13, ALL, W0 | PN, RMm | L128 | N8 }, /* vmovlps */
	{ 0x13, 0x13, ALL, W1 | P66, RMm | L128 | N8 }, /* vmovlpd */
	{ 0x14, 0x15, ALL, W0 | PN, RVM | LX | KZ | B4 | FULL }, /* vunpcklps */
	{ 0x14, 0x15, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL },
	{ 0x16, 0x16, ALL, W0 | PN, RVM | L128 | N8 }, /* vmovlhps */
	{ 0x16, 0x16, ALL, W1 | P66, RVMm | L128 | N8 }, /* vmovhpd */
	{ 0x16, 0x16, ALL, W0 | PF3, RM | LX | KZ | FULL }, /* vmovshdup */
	{ 0x17, 0x17, ALL, W0 | PN, RMm | L128 | N8 }, /* vmovhps */
	{ 0x17, 0x17, ALL, W1 | P66, RMm | L128 | N8 }, /* vmovhpd */
	{ 0x28, 0x28, ALL, W0 | PN, RM | LX | KZ | FULL }, /* vmovaps */
	{ 0x28, 0x28, ALL, W1 | P66, RM | LX | KZ | FULL }, /* vmovapd */
	{ 0x29, 0x29, ALL, W0 | PN, RM | LX | KZr | FULL }, /* vmovaps */
	{ 0x29, 0x29, ALL, W1 | P66, RM | LX | KZr | FULL }, /* vmovapd */
	{ 0x2a, 0x2a, ALL, W0 | PF3 | PF2, RVM | LX | ER | N4 }, /* vcvtsi2sd */
	{ 0x2a, 0x2a, ALL, W1 | PF3 | PF2, RVM | LX | ER | N8 | W64 },
	{ 0x2b, 0x2b, ALL, W0 | PN, RMm | LX | FULL }, /* vmovntps */
	{ 0x2b, 0x2b, ALL, W1 | P66, RMm | LX | FULL }, /* vmovntpd */
	{ 0x2c, 0x2d, ALL, WX | PF3, RM | LX | ER | N4 | GPR }, /* vcvttss2si */
	{ 0x2c, 0x2d, ALL, WX | PF2, RM | LX | ER | N8 | GPR }, /* vcvttsd2si */
	{ 0x2e, 0x2f, ALL, W0 | PN, RM | LX | ER | N4 }, /* vucomiss */
	{ 0x2e, 0x2f, ALL, W1 | P66, RM | LX | ER | N8 }, /* vucomisd */
	{ 0x51, 0x51, ALL, W0 | PN, RM | LX | KZ | B4 | ER | FULL },
	{ 0x51, 0x51, ALL, W1 | P66, RM | LX | KZ | B8 | ER | FULL },
	{ 0x51, 0x51, ALL, W0 | PF3, RVM | LX | KZ | ER | N4 }, /* vsqrtss */
	{ 0x51, 0x51, ALL, W1 | PF2, RVM | LX | KZ | ER | N8 }, /* vsqrtsd */
	{ 0x54, 0x57, ALL, W0 | PN, RVM | LX | KZ | B4 | FULL }, /* vandps */
	{ 0x54, 0x57, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vandpd */
	{ 0x58, 0x59, ALL, W0 | PN, RVM | LX | KZ | B4 | ER | FULL },
	{ 0x58, 0x59, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0x58, 0x5a, ALL, W0 | PF3, RVM | LX | KZ | ER | N4 }, /* vaddss */
	{ 0x58, 0x5a, ALL, W1 | PF2, RVM | LX | KZ | ER | N8 }, /* vaddsd */
	{ 0x5a, 0x5a, ALL, W0 | PN, RM | LX | KZ | B4 | ER | HALF },
	{ 0x5a, 0x5a, ALL, W1 | P66, RM | LX | KZ | B8 | ER | FULL },
	{ 0x5b, 0x5b, ALL, W0 | PN | P66 | PF3, RM | LX | KZ | B4 | ER | FULL },
	{ 0x5b, 0x5b, ALL, W1 | PN, RM | LX | KZ | B8 | ER | FULL },
	{ 0x5c, 0x5f, ALL, W0 | PN, RVM | LX | KZ | B4 | ER | FULL },
	{ 0x5c, 0x5f, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0x5c, 0x5f, ALL, W0 | PF3, RVM | LX | KZ | ER | N4 }, /* vsubss */
	{ 0x5c, 0x5f, ALL, W1 | PF2, RVM | LX | KZ | ER | N8 }, /* vsubsd */
	{ 0x60, 0x61, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpunpcklbw */
	{ 0x62, 0x62, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL },
	{ 0x63, 0x63, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpacksswb */
	{ 0x64, 0x65, ALL, WX | P66, RVM | LX | K | FULL | KREG },
	{ 0x66, 0x66, ALL, W0 | P66, RVM | LX | K | B4 | FULL | KREG },
	{ 0x67, 0x69, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpackuswb */
	{ 0x6a, 0x6b, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL },
	{ 0x6c, 0x6d, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL },
	{ 0x6e, 0x6e, ALL, W0 | P66, RM | L128 | N4 }, /* vmovd */
	{ 0x6e, 0x6e, ALL, W1 | P66, RM | L128 | N8 | W64 }, /* vmovq */
	{ 0x6f, 0x6f, ALL, WX | P66 | PF3 | PF2, RM | LX | KZ | FULL },
	{ 0x70, 0x70, ALL, W0 | P66, RM | LX | KZ | B4 | FULL }, /* vpshufd */
	{ 0x70, 0x70, ALL, WX | PF3 | PF2, RM | LX | KZ | FULL }, /* vpshufhw */
	{ 0x71, 0x71, 0x54, WX | P66, RVM | LX | KZ | FULL }, /* vpsllw */
	{ 0x72, 0x72, 0x57, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vprold */
	{ 0x72, 0x72, 0x13, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vprolq */
	{ 0x73, 0x73, 0x88, WX | P66, RVM | LX | FULL }, /* vpslldq */
	{ 0x73, 0x73, 0x44, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpsllq */
	{ 0x74, 0x75, ALL, WX | P66, RVM | LX | K | FULL | KREG },
	{ 0x76, 0x76, ALL, W0 | P66, RVM | LX | K | B4 | FULL | KREG },
	{ 0x78, 0x79, ALL, W0 | PN, RM | LX | KZ | B4 | ER | FULL },
	{ 0x78, 0x79, ALL, W1 | PN | P66, RM | LX | KZ | B8 | ER | FULL },
	{ 0x78, 0x79, ALL, W0 | P66, RM | LX | KZ | B4 | ER | HALF },
	{ 0x78, 0x79, ALL, WX | PF3, RM | LX | ER | N4 | GPR },
	{ 0x78, 0x79, ALL, WX | PF2, RM | LX | ER | N8 | GPR },
	{ 0x7a, 0x7a, ALL, W0 | P66 | PF3, RM | LX | KZ | B4 | ER | HALF },
	{ 0x7a, 0x7a, ALL, W1 | P66 | PF3 | PF2,
	  RM | LX | KZ | B8 | ER | FULL },
	{ 0x7a, 0x7a, ALL, W0 | PF2, RM | LX | KZ | B4 | ER | FULL },
	{ 0x7b, 0x7b, ALL, W0 | P66, RM | LX | KZ | B4 | ER | HALF },
	{ 0x7b, 0x7b, ALL, W1 | P66, RM | LX | KZ | B8 | ER | FULL },
	{ 0x7b, 0x7b, ALL, W0 | PF3 | PF2, RVM | LX | ER | N4 },
	{ 0x7b, 0x7b, ALL, W1 | PF3 | PF2, RVM | LX | ER | N8 | W64 },
	{ 0x7e, 0x7e, ALL, W0 | P66, RM | L128 | N4 }, /* vmovd */
	{ 0x7e, 0x7e, ALL, W1 | P66, RM | L128 | N8 | W64 }, /* vmovq */
	{ 0x7e, 0x7e, ALL, W1 | PF3, RM | L128 | N8 }, /* vmovq */
	{ 0x7f, 0x7f, ALL, WX | P66 | PF3 | PF2, RM | LX | KZr | FULL },
	{ 0xc2, 0xc2, ALL, W0 | PN, RVM | LX | K | B4 | ER | FULL | KREG },
	{ 0xc2, 0xc2, ALL, W1 | P66, RVM | LX | K | B8 | ER | FULL | KREG },
	{ 0xc2, 0xc2, ALL, W0 | PF3, RVM | LX | K | ER | N4 | KREG },
	{ 0xc2, 0xc2, ALL, W1 | PF2, RVM | LX | K | ER | N8 | KREG },
	{ 0xc4, 0xc4, ALL, WX | P66, RVM | L128 | N2 }, /* vpinsrw */
	{ 0xc5, 0xc5, ALL, WX | P66, RMr | L128 | GPR }, /* vpextrw */
	{ 0xc6, 0xc6, ALL, W0 | PN, RVM | LX | KZ | B4 | FULL }, /* vshufps */
	{ 0xc6, 0xc6, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vshufpd */
	{ 0xd1, 0xd1, ALL, WX | P66, RVM | LX | KZ | N16 }, /* vpsrlw */
	{ 0xd2, 0xd2, ALL, W0 | P66, RVM | LX | KZ | N16 }, /* vpsrld */
	{ 0xd3, 0xd3, ALL, W1 | P66, RVM | LX | KZ | N16 }, /* vpsrlq */
	{ 0xd4, 0xd4, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpaddq */
	{ 0xd5, 0xd5, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpmullw */
	{ 0xd6, 0xd6, ALL, W1 | P66, RM | L128 | N8 }, /* vmovq */
	{ 0xd8, 0xda, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpsubusb */
	{ 0xdb, 0xdb, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpandd */
	{ 0xdb, 0xdb, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpandq */
	{ 0xdc, 0xde, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpaddusb */
	{ 0xdf, 0xdf, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpandnd */
	{ 0xdf, 0xdf, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpandnq */
	{ 0xe0, 0xe0, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpavgb */
	{ 0xe1, 0xe2, ALL, WX | P66, RVM | LX | KZ | N16 }, /* vpsraw */
	{ 0xe3, 0xe5, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpavgw */
	{ 0xe6, 0xe6, ALL, W1 | P66 | PF3 | PF2,
	  RM | LX | KZ | B8 | ER | FULL },
	{ 0xe6, 0xe6, ALL, W0 | PF3, RM | LX | KZ | B4 | ER | HALF },
	{ 0xe7, 0xe7, ALL, W0 | P66, RMm | LX | FULL }, /* vmovntdq */
	{ 0xe8, 0xea, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpsubsb */
	{ 0xeb, 0xeb, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpord */
	{ 0xeb, 0xeb, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vporq */
	{ 0xec, 0xee, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpaddsb */
	{ 0xef, 0xef, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpxord */
	{ 0xef, 0xef, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpxorq */
	{ 0xf1, 0xf1, ALL, WX | P66, RVM | LX | KZ | N16 }, /* vpsllw */
	{ 0xf2, 0xf2, ALL, W0 | P66, RVM | LX | KZ | N16 }, /* vpslld */
	{ 0xf3, 0xf3, ALL, W1 | P66, RVM | LX | KZ | N16 }, /* vpsllq */
	{ 0xf4, 0xf4, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpmuludq */
	{ 0xf5, 0xf5, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpmaddwd */
	{ 0xf6, 0xf6, ALL, WX | P66, RVM | LX | FULL }, /* vpsadbw */
	{ 0xf8, 0xf9, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpsubb */
	{ 0xfa, 0xfa, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpsubd */
	{ 0xfb, 0xfb, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpsubq */
	{ 0xfc, 0xfd, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpaddb */
	{ 0xfe, 0xfe, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpaddd */
};

static const struct nacre_vector_row evex_0f38[] = {
	{ 0x00, 0x00, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpshufb */
	{ 0x04, 0x04, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpmaddubsw */
	{ 0x0b, 0x0b, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpmulhrsw */
	{ 0x0c, 0x0c, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL },
	{ 0x0d, 0x0d, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL },
	{ 0x10, 0x12, ALL, W1 | P66, RVM | LX | KZ | FULL }, /* vpsrlvw */
	{ 0x10, 0x10, ALL, W0 | PF3, RM | LX | KZr | HALF }, /* vpmovuswb */
	{ 0x11, 0x11, ALL, W0 | PF3, RM | LX | KZr | QUARTER }, /* vpmovusdb */
	{ 0x12, 0x12, ALL, W0 | PF3, RM | LX | KZr | EIGHTH }, /* vpmovusqb */
	{ 0x13, 0x13, ALL, W0 | P66, RM | LX | KZ | ER | HALF }, /* vcvtph2ps */
	{ 0x13, 0x13, ALL, W0 | PF3, RM | LX | KZr | HALF }, /* vpmovusdw */
	{ 0x14, 0x15, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vprorvd */
	{ 0x14, 0x15, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vprorvq */
	{ 0x14, 0x14, ALL, W0 | PF3, RM | LX | KZr | QUARTER }, /* vpmovusqw */
	{ 0x15, 0x15, ALL, W0 | PF3, RM | LX | KZr | HALF }, /* vpmovusqd */
	{ 0x16, 0x16, ALL, W0 | P66, RVM | L256 | L512 | KZ | B4 | FULL },
	{ 0x16, 0x16, ALL, W1 | P66, RVM | L256 | L512 | KZ | B8 | FULL },
	{ 0x18, 0x18, ALL, W0 | P66, RM | LX | KZ | N4 }, /* vbroadcastss */
	{ 0x19, 0x19, ALL, WX | P66, RM | L256 | L512 | KZ | N8 },
	{ 0x1a, 0x1a, ALL, WX | P66, RMm | L256 | L512 | KZ | N16 },
	{ 0x1b, 0x1b, ALL, WX | P66, RMm | L512 | KZ | N32 },
	{ 0x1c, 0x1d, ALL, WX | P66, RM | LX | KZ | FULL }, /* vpabsb */
	{ 0x1e, 0x1e, ALL, W0 | P66, RM | LX | KZ | B4 | FULL }, /* vpabsd */
	{ 0x1f, 0x1f, ALL, W1 | P66, RM | LX | KZ | B8 | FULL }, /* vpabsq */
	{ 0x20, 0x20, ALL, WX | P66, RM | LX | KZ | HALF }, /* vpmovsxbw */
	{ 0x20, 0x20, ALL, W0 | PF3, RM | LX | KZr | HALF }, /* vpmovswb */
	{ 0x21, 0x21, ALL, WX | P66, RM | LX | KZ | QUARTER }, /* vpmovsxbd */
	{ 0x21, 0x21, ALL, W0 | PF3, RM | LX | KZr | QUARTER }, /* vpmovsdb */
	{ 0x22, 0x22, ALL, WX | P66, RM | LX | KZ | EIGHTH }, /* vpmovsxbq */
	{ 0x22, 0x22, ALL, W0 | PF3, RM | LX | KZr | EIGHTH }, /* vpmovsqb */
	{ 0x23, 0x23, ALL, WX | P66, RM | LX | KZ | HALF }, /* vpmovsxwd */
	{ 0x23, 0x23, ALL, W0 | PF3, RM | LX | KZr | HALF }, /* vpmovsdw */
	{ 0x24, 0x24, ALL, WX | P66, RM | LX | KZ | QUARTER }, /* vpmovsxwq */
	{ 0x24, 0x24, ALL, W0 | PF3, RM | LX | KZr | QUARTER }, /* vpmovsqw */
	{ 0x25, 0x25, ALL, W0 | P66, RM | LX | KZ | HALF }, /* vpmovsxdq */
	{ 0x25, 0x25, ALL, W0 | PF3, RM | LX | KZr | HALF }, /* vpmovsqd */
	{ 0x26, 0x26, ALL, WX | P66 | PF3, RVM | LX | K | FULL | KREG },
	{ 0x27, 0x27, ALL, W0 | P66 | PF3, RVM | LX | K | B4 | FULL | KREG },
	{ 0x27, 0x27, ALL, W1 | P66 | PF3, RVM | LX | K | B8 | FULL | KREG },
	{ 0x28, 0x28, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpmuldq */
	{ 0x28, 0x28, ALL, WX | PF3, RMr | LX }, /* vpmovm2b */
	{ 0x29, 0x29, ALL, W1 | P66, RVM | LX | K | B8 | FULL | KREG },
	{ 0x29, 0x29, ALL, WX | PF3, RMr | LX | KREG }, /* vpmovb2m */
	{ 0x2a, 0x2a, ALL, W0 | P66, RMm | LX | FULL }, /* vmovntdqa */
	{ 0x2a, 0x2a, ALL, W1 | PF3, RMr | LX }, /* vpbroadcastmb2q */
	{ 0x2b, 0x2b, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL },
	{ 0x2c, 0x2c, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0x2c, 0x2c, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0x2d, 0x2d, ALL, W0 | P66, RVM | LX | KZ | ER | N4 }, /* vscalefss */
	{ 0x2d, 0x2d, ALL, W1 | P66, RVM | LX | KZ | ER | N8 }, /* vscalefsd */
	{ 0x30, 0x30, ALL, WX | P66, RM | LX | KZ | HALF }, /* vpmovzxbw */
	{ 0x30, 0x30, ALL, W0 | PF3, RM | LX | KZr | HALF }, /* vpmovwb */
	{ 0x31, 0x31, ALL, WX | P66, RM | LX | KZ | QUARTER }, /* vpmovzxbd */
	{ 0x31, 0x31, ALL, W0 | PF3, RM | LX | KZr | QUARTER }, /* vpmovdb */
	{ 0x32, 0x32, ALL, WX | P66, RM | LX | KZ | EIGHTH }, /* vpmovzxbq */
	{ 0x32, 0x32, ALL, W0 | PF3, RM | LX | KZr | EIGHTH }, /* vpmovqb */
	{ 0x33, 0x33, ALL, WX | P66, RM | LX | KZ | HALF }, /* vpmovzxwd */
	{ 0x33, 0x33, ALL, W0 | PF3, RM | LX | KZr | HALF }, /* vpmovdw */
	{ 0x34, 0x34, ALL, WX | P66, RM | LX | KZ | QUARTER }, /* vpmovzxwq */
	{ 0x34, 0x34, ALL, W0 | PF3, RM | LX | KZr | QUARTER }, /* vpmovqw */
	{ 0x35, 0x35, ALL, W0 | P66, RM | LX | KZ | HALF }, /* vpmovzxdq */
	{ 0x35, 0x35, ALL, W0 | PF3, RM | LX | KZr | HALF }, /* vpmovqd */
	{ 0x36, 0x36, ALL, W0 | P66, RVM | L256 | L512 | KZ | B4 | FULL },
	{ 0x36, 0x36, ALL, W1 | P66, RVM | L256 | L512 | KZ | B8 | FULL },
	{ 0x37, 0x37, ALL, W1 | P66, RVM | LX | K | B8 | FULL | KREG },
	{ 0x38, 0x38, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpminsb */
	{ 0x38, 0x38, ALL, WX | PF3, RMr | LX }, /* vpmovm2d */
	{ 0x39, 0x39, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpminsd */
	{ 0x39, 0x39, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpminsq */
	{ 0x39, 0x39, ALL, WX | PF3, RMr | LX | KREG }, /* vpmovd2m */
	{ 0x3a, 0x3a, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpminuw */
	{ 0x3a, 0x3a, ALL, W0 | PF3, RMr | LX }, /* vpbroadcastmw2d */
	{ 0x3b, 0x3b, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpminud */
	{ 0x3b, 0x3b, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpminuq */
	{ 0x3c, 0x3c, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpmaxsb */
	{ 0x3d, 0x3d, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpmaxsd */
	{ 0x3d, 0x3d, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpmaxsq */
	{ 0x3e, 0x3e, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpmaxuw */
	{ 0x3f, 0x40, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpmaxud */
	{ 0x3f, 0x40, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpmaxuq */
	{ 0x42, 0x42, ALL, W0 | P66, RM | LX | KZ | B4 | ER | FULL },
	{ 0x42, 0x42, ALL, W1 | P66, RM | LX | KZ | B8 | ER | FULL },
	{ 0x43, 0x43, ALL, W0 | P66, RVM | LX | KZ | ER | N4 }, /* vgetexpss */
	{ 0x43, 0x43, ALL, W1 | P66, RVM | LX | KZ | ER | N8 }, /* vgetexpsd */
	{ 0x44, 0x44, ALL, W0 | P66, RM | LX | KZ | B4 | FULL }, /* vplzcntd */
	{ 0x44, 0x44, ALL, W1 | P66, RM | LX | KZ | B8 | FULL }, /* vplzcntq */
	{ 0x45, 0x47, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpsrlvd */
	{ 0x45, 0x47, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpsrlvq */
	{ 0x4c, 0x4c, ALL, W0 | P66, RM | LX | KZ | B4 | FULL }, /* vrcp14ps */
	{ 0x4c, 0x4c, ALL, W1 | P66, RM | LX | KZ | B8 | FULL }, /* vrcp14pd */
	{ 0x4d, 0x4d, ALL, W0 | P66, RVM | LX | KZ | N4 }, /* vrcp14ss */
	{ 0x4d, 0x4d, ALL, W1 | P66, RVM | LX | KZ | N8 }, /* vrcp14sd */
	{ 0x4e, 0x4e, ALL, W0 | P66, RM | LX | KZ | B4 | FULL },
	{ 0x4e, 0x4e, ALL, W1 | P66, RM | LX | KZ | B8 | FULL },
	{ 0x4f, 0x4f, ALL, W0 | P66, RVM | LX | KZ | N4 }, /* vrsqrt14ss */
	{ 0x4f, 0x4f, ALL, W1 | P66, RVM | LX | KZ | N8 }, /* vrsqrt14sd */
	{ 0x50, 0x51, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpdpbusd */
	{ 0x52, 0x52, ALL, W0 | P66 | PF3, RVM | LX | KZ | B4 | FULL },
	{ 0x52, 0x53, ALL, W0 | PF2, RVMm | L512 | KZ | N16 }, /* vp4dpwssd */
	{ 0x53, 0x53, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL },
	{ 0x54, 0x54, ALL, WX | P66, RM | LX | KZ | FULL }, /* vpopcntb */
	{ 0x55, 0x55, ALL, W0 | P66, RM | LX | KZ | B4 | FULL }, /* vpopcntd */
	{ 0x55, 0x55, ALL, W1 | P66, RM | LX | KZ | B8 | FULL }, /* vpopcntq */
	{ 0x58, 0x58, ALL, W0 | P66, RM | LX | KZ | N4 }, /* vpbroadcastd */
	{ 0x59, 0x59, ALL, WX | P66, RM | LX | KZ | N8 }, /* vbroadcasti32x2 */
	{ 0x5a, 0x5a, ALL, WX | P66, RMm | L256 | L512 | KZ | N16 },
	{ 0x5b, 0x5b, ALL, WX | P66, RMm | L512 | KZ | N32 },
	{ 0x62, 0x62, ALL, W0 | P66, RM | LX | KZ | N1 }, /* vpexpandb */
	{ 0x62, 0x62, ALL, W1 | P66, RM | LX | KZ | N2 }, /* vpexpandw */
	{ 0x63, 0x63, ALL, W0 | P66, RM | LX | KZr | N1 }, /* vpcompressb */
	{ 0x63, 0x63, ALL, W1 | P66, RM | LX | KZr | N2 }, /* vpcompressw */
	{ 0x64, 0x65, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL },
	{ 0x64, 0x65, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL },
	{ 0x66, 0x66, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpblendmb */
	{ 0x68, 0x68, ALL, W0 | PF2, RVM | LX | B4 | FULL | KREG },
	{ 0x68, 0x68, ALL, W1 | PF2, RVM | LX | B8 | FULL | KREG },
	{ 0x70, 0x70, ALL, W1 | P66, RVM | LX | KZ | FULL }, /* vpshldvw */
	{ 0x71, 0x71, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpshldvd */
	{ 0x71, 0x71, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpshldvq */
	{ 0x72, 0x72, ALL, W1 | P66, RVM | LX | KZ | FULL }, /* vpshrdvw */
	{ 0x72, 0x72, ALL, W0 | PF3, RM | LX | KZ | B4 | FULL },
	{ 0x72, 0x72, ALL, W0 | PF2, RVM | LX | KZ | B4 | FULL },
	{ 0x73, 0x73, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpshrdvd */
	{ 0x73, 0x73, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpshrdvq */
	{ 0x75, 0x75, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpermi2b */
	{ 0x76, 0x77, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpermi2d */
	{ 0x76, 0x77, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpermi2q */
	{ 0x78, 0x78, ALL, W0 | P66, RM | LX | KZ | N1 }, /* vpbroadcastb */
	{ 0x79, 0x79, ALL, W0 | P66, RM | LX | KZ | N2 }, /* vpbroadcastw */
	{ 0x7a, 0x7b, ALL, W0 | P66, RMr | LX | KZ }, /* vpbroadcastb */
	{ 0x7c, 0x7c, ALL, WX | P66, RMr | LX | KZ }, /* vpbroadcastd */
	{ 0x7d, 0x7d, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpermt2b */
	{ 0x7e, 0x7f, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpermt2d */
	{ 0x7e, 0x7f, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpermt2q */
	{ 0x83, 0x83, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL },
	{ 0x88, 0x89, ALL, W0 | P66, RM | LX | KZ | N4 }, /* vexpandps */
	{ 0x88, 0x89, ALL, W1 | P66, RM | LX | KZ | N8 }, /* vexpandpd */
	{ 0x8a, 0x8b, ALL, W0 | P66, RM | LX | KZr | N4 }, /* vcompressps */
	{ 0x8a, 0x8b, ALL, W1 | P66, RM | LX | KZr | N8 }, /* vcompresspd */
	{ 0x8d, 0x8d, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpermb */
	{ 0x8f, 0x8f, ALL, W0 | P66, RVM | LX | K | FULL | KREG },
	{ 0x90, 0x93, ALL, W0 | P66, RMm | LX | KREQ | N4 | VSIB | DISTINCT },
	{ 0x90, 0x93, ALL, W1 | P66, RMm | LX | KREQ | N8 | VSIB | DISTINCT },
	{ 0x96, 0x98, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0x96, 0x98, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0x99, 0x99, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0x99, 0x99, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0x9a, 0x9a, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0x9a, 0x9a, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0x9a, 0x9a, ALL, W0 | PF2, RVMm | L512 | KZ | N16 }, /* v4fmaddps */
	{ 0x9b, 0x9b, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0x9b, 0x9b, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0x9b, 0x9b, ALL, W0 | PF2, RVMm | LX | KZ | N16 }, /* v4fmaddss */
	{ 0x9c, 0x9c, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0x9c, 0x9c, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0x9d, 0x9d, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0x9d, 0x9d, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0x9e, 0x9e, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0x9e, 0x9e, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0x9f, 0x9f, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0x9f, 0x9f, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0xa0, 0xa3, ALL, W0 | P66, RMm | LX | KREQ | N4 | VSIB },
	{ 0xa0, 0xa3, ALL, W1 | P66, RMm | LX | KREQ | N8 | VSIB },
	{ 0xa6, 0xa8, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0xa6, 0xa8, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0xa9, 0xa9, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0xa9, 0xa9, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0xaa, 0xaa, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0xaa, 0xaa, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0xaa, 0xaa, ALL, W0 | PF2, RVMm | L512 | KZ | N16 }, /* v4fnmaddps */
	{ 0xab, 0xab, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0xab, 0xab, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0xab, 0xab, ALL, W0 | PF2, RVMm | LX | KZ | N16 }, /* v4fnmaddss */
	{ 0xac, 0xac, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0xac, 0xac, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0xad, 0xad, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0xad, 0xad, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0xae, 0xae, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0xae, 0xae, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0xaf, 0xaf, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0xaf, 0xaf, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0xb4, 0xb5, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL },
	{ 0xb6, 0xb8, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0xb6, 0xb8, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0xb9, 0xb9, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0xb9, 0xb9, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0xba, 0xba, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0xba, 0xba, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0xbb, 0xbb, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0xbb, 0xbb, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0xbc, 0xbc, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0xbc, 0xbc, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0xbd, 0xbd, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0xbd, 0xbd, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0xbe, 0xbe, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0xbe, 0xbe, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0xbf, 0xbf, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0xbf, 0xbf, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0xc4, 0xc4, ALL, W0 | P66, RM | LX | KZ | B4 | FULL },
	{ 0xc4, 0xc4, ALL, W1 | P66, RM | LX | KZ | B8 | FULL },
	{ 0xc6, 0xc7, 0x66, W0 | P66, RMm | L512 | KREQ | N4 | VSIB },
	{ 0xc6, 0xc7, 0x66, W1 | P66, RMm | L512 | KREQ | N8 | VSIB },
	{ 0xc8, 0xc8, ALL, W0 | P66, RM | L512 | KZ | B4 | ER | FULL },
	{ 0xc8, 0xc8, ALL, W1 | P66, RM | L512 | KZ | B8 | ER | FULL },
	{ 0xca, 0xca, ALL, W0 | P66, RM | L512 | KZ | B4 | ER | FULL },
	{ 0xca, 0xca, ALL, W1 | P66, RM | L512 | KZ | B8 | ER | FULL },
	{ 0xcb, 0xcb, ALL, W0 | P66, RVM | LX | KZ | ER | N4 }, /* vrcp28ss */
	{ 0xcb, 0xcb, ALL, W1 | P66, RVM | LX | KZ | ER | N8 }, /* vrcp28sd */
	{ 0xcc, 0xcc, ALL, W0 | P66, RM | L512 | KZ | B4 | ER | FULL },
	{ 0xcc, 0xcc, ALL, W1 | P66, RM | L512 | KZ | B8 | ER | FULL },
	{ 0xcd, 0xcd, ALL, W0 | P66, RVM | LX | KZ | ER | N4 }, /* vrsqrt28ss */
	{ 0xcd, 0xcd, ALL, W1 | P66, RVM | LX | KZ | ER | N8 }, /* vrsqrt28sd */
	{ 0xcf, 0xcf, ALL, W0 | P66, RVM | LX | KZ | FULL }, /* vgf2p8mulb */
	{ 0xdc, 0xdf, ALL, WX | P66, RVM | LX | FULL }, /* vaesenc */
};

static const struct nacre_vector_row evex_0f3a[] = {
	{ 0x00, 0x01, ALL, W1 | P66, RM | L256 | L512 | KZ | B8 | FULL },
	{ 0x03, 0x03, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* valignd */
	{ 0x03, 0x03, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* valignq */
	{ 0x04, 0x04, ALL, W0 | P66, RM | LX | KZ | B4 | FULL }, /* vpermilps */
	{ 0x05, 0x05, ALL, W1 | P66, RM | LX | KZ | B8 | FULL }, /* vpermilpd */
	{ 0x08, 0x08, ALL, W0 | PN, RM | LX | KZ | B2 | ER | FULL },
	{ 0x08, 0x08, ALL, W0 | P66, RM | LX | KZ | B4 | ER | FULL },
	{ 0x09, 0x09, ALL, W1 | P66, RM | LX | KZ | B8 | ER | FULL },
	{ 0x0a, 0x0a, ALL, W0 | PN, RVM | LX | KZ | ER | N2 }, /* vrndscalesh */
	{ 0x0a, 0x0a, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0x0b, 0x0b, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0x0f, 0x0f, ALL, WX | P66, RVM | LX | KZ | FULL }, /* vpalignr */
	{ 0x14, 0x14, ALL, WX | P66, RM | L128 | N1 }, /* vpextrb */
	{ 0x15, 0x15, ALL, WX | P66, RM | L128 | N2 }, /* vpextrw */
	{ 0x16, 0x16, ALL, W0 | P66, RM | L128 | N4 }, /* vpextrd */
	{ 0x16, 0x16, ALL, W1 | P66, RM | L128 | N8 | W64 }, /* vpextrq */
	{ 0x17, 0x17, ALL, WX | P66, RM | L128 | N4 }, /* vextractps */
	{ 0x18, 0x18, ALL, WX | P66, RVM | L256 | L512 | KZ | N16 },
	{ 0x19, 0x19, ALL, WX | P66, RM | L256 | L512 | KZr | N16 },
	{ 0x1a, 0x1a, ALL, WX | P66, RVM | L512 | KZ | N32 }, /* vinsertf32x8 */
	{ 0x1b, 0x1b, ALL, WX | P66, RM | L512 | KZr | N32 },
	{ 0x1d, 0x1d, ALL, W0 | P66, RM | LX | KZr | ER | HALF },
	{ 0x1e, 0x1f, ALL, W0 | P66, RVM | LX | K | B4 | FULL | KREG },
	{ 0x1e, 0x1f, ALL, W1 | P66, RVM | LX | K | B8 | FULL | KREG },
	{ 0x20, 0x20, ALL, WX | P66, RVM | L128 | N1 }, /* vpinsrb */
	{ 0x21, 0x22, ALL, W0 | P66, RVM | L128 | N4 }, /* vinsertps */
	{ 0x22, 0x22, ALL, W1 | P66, RVM | L128 | N8 | W64 }, /* vpinsrq */
	{ 0x23, 0x23, ALL, W0 | P66, RVM | L256 | L512 | KZ | B4 | FULL },
	{ 0x23, 0x23, ALL, W1 | P66, RVM | L256 | L512 | KZ | B8 | FULL },
	{ 0x25, 0x25, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL },
	{ 0x25, 0x25, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL },
	{ 0x26, 0x26, ALL, W0 | PN, RM | LX | KZ | B2 | ER | FULL },
	{ 0x26, 0x26, ALL, W0 | P66, RM | LX | KZ | B4 | ER | FULL },
	{ 0x26, 0x26, ALL, W1 | P66, RM | LX | KZ | B8 | ER | FULL },
	{ 0x27, 0x27, ALL, W0 | PN, RVM | LX | KZ | ER | N2 }, /* vgetmantsh */
	{ 0x27, 0x27, ALL, W0 | P66, RVM | LX | KZ | ER | N4 }, /* vgetmantss */
	{ 0x27, 0x27, ALL, W1 | P66, RVM | LX | KZ | ER | N8 }, /* vgetmantsd */
	{ 0x38, 0x38, ALL, WX | P66, RVM | L256 | L512 | KZ | N16 },
	{ 0x39, 0x39, ALL, WX | P66, RM | L256 | L512 | KZr | N16 },
	{ 0x3a, 0x3a, ALL, WX | P66, RVM | L512 | KZ | N32 }, /* vinserti32x8 */
	{ 0x3b, 0x3b, ALL, WX | P66, RM | L512 | KZr | N32 },
	{ 0x3e, 0x3f, ALL, WX | P66, RVM | LX | K | FULL | KREG }, /* vpcmpub */
	{ 0x42, 0x42, ALL, W0 | P66, RVM | LX | KZ | FULL }, /* vdbpsadbw */
	{ 0x43, 0x43, ALL, W0 | P66, RVM | L256 | L512 | KZ | B4 | FULL },
	{ 0x43, 0x43, ALL, W1 | P66, RVM | L256 | L512 | KZ | B8 | FULL },
	{ 0x44, 0x44, ALL, WX | P66, RVM | LX | FULL }, /* vpclmulqdq */
	{ 0x50, 0x50, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0x50, 0x50, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0x51, 0x51, ALL, W0 | P66, RVM | LX | KZ | ER | N4 }, /* vrangess */
	{ 0x51, 0x51, ALL, W1 | P66, RVM | LX | KZ | ER | N8 }, /* vrangesd */
	{ 0x54, 0x54, ALL, W0 | P66, RVM | LX | KZ | B4 | ER | FULL },
	{ 0x54, 0x54, ALL, W1 | P66, RVM | LX | KZ | B8 | ER | FULL },
	{ 0x55, 0x55, ALL, W0 | P66, RVM | LX | KZ | ER | N4 },
	{ 0x55, 0x55, ALL, W1 | P66, RVM | LX | KZ | ER | N8 },
	{ 0x56, 0x56, ALL, W0 | PN, RM | LX | KZ | B2 | ER | FULL },
	{ 0x56, 0x56, ALL, W0 | P66, RM | LX | KZ | B4 | ER | FULL },
	{ 0x56, 0x56, ALL, W1 | P66, RM | LX | KZ | B8 | ER | FULL },
	{ 0x57, 0x57, ALL, W0 | PN, RVM | LX | KZ | ER | N2 }, /* vreducesh */
	{ 0x57, 0x57, ALL, W0 | P66, RVM | LX | KZ | ER | N4 }, /* vreducess */
	{ 0x57, 0x57, ALL, W1 | P66, RVM | LX | KZ | ER | N8 }, /* vreducesd */
	{ 0x66, 0x66, ALL, W0 | PN, RM | LX | K | B2 | FULL | KREG },
	{ 0x66, 0x66, ALL, W0 | P66, RM | LX | K | B4 | FULL | KREG },
	{ 0x66, 0x66, ALL, W1 | P66, RM | LX | K | B8 | FULL | KREG },
	{ 0x67, 0x67, ALL, W0 | PN, RM | LX | K | N2 | KREG }, /* vfpclasssh */
	{ 0x67, 0x67, ALL, W0 | P66, RM | LX | K | N4 | KREG }, /* vfpclassss */
	{ 0x67, 0x67, ALL, W1 | P66, RM | LX | K | N8 | KREG }, /* vfpclasssd */
	{ 0x70, 0x70, ALL, W1 | P66, RVM | LX | KZ | FULL }, /* vpshldw */
	{ 0x71, 0x71, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpshldd */
	{ 0x71, 0x71, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpshldq */
	{ 0x72, 0x72, ALL, W1 | P66, RVM | LX | KZ | FULL }, /* vpshrdw */
	{ 0x73, 0x73, ALL, W0 | P66, RVM | LX | KZ | B4 | FULL }, /* vpshrdd */
	{ 0x73, 0x73, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL }, /* vpshrdq */
	{ 0xc2, 0xc2, ALL, W0 | PN, RVM | LX | K | B2 | ER | FULL | KREG },
	{ 0xc2, 0xc2, ALL, W0 | PF3, RVM | LX | K | ER | N2 | KREG },
	{ 0xce, 0xcf, ALL, W1 | P66, RVM | LX | KZ | B8 | FULL },
};

static const struct nacre_vector_row evex_5[] = {
	{ 0x10, 0x10, ALL, W0 | PF3, RVMx | LX | KZ | N2 }, /* vmovsh */
	{ 0x11, 0x11, ALL, W0 | PF3, RVMx | LX | KZr | N2 }, /* vmovsh */
	{ 0x1d, 0x1d, ALL, W0 | PN, RVM | LX | KZ | ER | N4 }, /* vcvtss2sh */
	{ 0x1d, 0x1d, ALL, W0 | P66, RM | LX | KZ | B4 | ER | FULL },
	{ 0x2a, 0x2a, ALL, W0 | PF3, RVM | LX | ER | N4 }, /* vcvtsi2sh */
	{ 0x2a, 0x2a, ALL, W1 | PF3, RVM | LX | ER | N8 | ONLY64 },
	{ 0x2c, 0x2d, ALL, W0 | PF3, RM | LX | ER | N2 | GPR }, /* vcvttsh2si */
	{ 0x2c, 0x2d, ALL, W1 | PF3, RM | LX | ER | N2 | GPR | ONLY64 },
	{ 0x2e, 0x2f, ALL, W0 | PN, RM | LX | ER | N2 }, /* vucomish */
	{ 0x51, 0x51, ALL, W0 | PN, RM | LX | KZ | B2 | ER | FULL },
	{ 0x51, 0x51, ALL, W0 | PF3, RVM | LX | KZ | ER | N2 }, /* vsqrtsh */
	{ 0x58, 0x59, ALL, W0 | PN, RVM | LX | KZ | B2 | ER | FULL },
	{ 0x58, 0x5a, ALL, W0 | PF3, RVM | LX | KZ | ER | N2 }, /* vaddsh */
	{ 0x5a, 0x5a, ALL, W0 | PN, RM | LX | KZ | B2 | ER | QUARTER },
	{ 0x5a, 0x5a, ALL, W1 | P66, RM | LX | KZ | B8 | ER | FULL },
	{ 0x5a, 0x5a, ALL, W1 | PF2, RVM | LX | KZ | ER | N8 }, /* vcvtsd2sh */
	{ 0x5b, 0x5b, ALL, W0 | PN, RM | LX | KZ | B4 | ER | FULL },
	{ 0x5b, 0x5b, ALL, W1 | PN, RM | LX | KZ | B8 | ER | FULL },
	{ 0x5b, 0x5b, ALL, W0 | P66 | PF3, RM | LX | KZ | B2 | ER | HALF },
	{ 0x5c, 0x5f, ALL, W0 | PN, RVM | LX | KZ | B2 | ER | FULL },
	{ 0x5c, 0x5f, ALL, W0 | PF3, RVM | LX | KZ | ER | N2 }, /* vsubsh */
	{ 0x6e, 0x6e, ALL, WX | P66, RM | L128 | N2 }, /* vmovw */
	{ 0x78, 0x79, ALL, W0 | PN, RM | LX | KZ | B2 | ER | HALF },
	{ 0x78, 0x7b, ALL, W0 | P66, RM | LX | KZ | B2 | ER | QUARTER },
	{ 0x78, 0x79, ALL, W0 | PF3, RM | LX | ER | N2 | GPR },
	{ 0x78, 0x79, ALL, W1 | PF3, RM | LX | ER | N2 | GPR | ONLY64 },
	{ 0x7a, 0x7a, ALL, W0 | PF2, RM | LX | KZ | B4 | ER | FULL },
	{ 0x7a, 0x7a, ALL, W1 | PF2, RM | LX | KZ | B8 | ER | FULL },
	{ 0x7b, 0x7b, ALL, W0 | PF3, RVM | LX | ER | N4 }, /* vcvtusi2sh */
	{ 0x7b, 0x7b, ALL, W1 | PF3, RVM | LX | ER | N8 | ONLY64 },
	{ 0x7c, 0x7c, ALL, W0 | PN | P66, RM | LX | KZ | B2 | ER | FULL },
	{ 0x7d, 0x7d, ALL, W0 | PX, RM | LX | KZ | B2 | ER | FULL },
	{ 0x7e, 0x7e, ALL, WX | P66, RM | L128 | N2 }, /* vmovw */
};

static const struct nacre_vector_row evex_6[] = {
	{ 0x13, 0x13, ALL, W0 | PN, RVM | LX | KZ | ER | N2 }, /* vcvtsh2ss */
	{ 0x13, 0x13, ALL, W0 | P66, RM | LX | KZ | B2 | ER | HALF },
	{ 0x2c, 0x2c, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0x2d, 0x2d, ALL, W0 | P66, RVM | LX | KZ | ER | N2 }, /* vscalefsh */
	{ 0x42, 0x42, ALL, W0 | P66, RM | LX | KZ | B2 | ER | FULL },
	{ 0x43, 0x43, ALL, W0 | P66, RVM | LX | KZ | ER | N2 }, /* vgetexpsh */
	{ 0x4c, 0x4c, ALL, W0 | P66, RM | LX | KZ | B2 | FULL }, /* vrcpph */
	{ 0x4d, 0x4d, ALL, W0 | P66, RVM | LX | KZ | N2 }, /* vrcpsh */
	{ 0x4e, 0x4e, ALL, W0 | P66, RM | LX | KZ | B2 | FULL }, /* vrsqrtph */
	{ 0x4f, 0x4f, ALL, W0 | P66, RVM | LX | KZ | N2 }, /* vrsqrtsh */
	{ 0x56, 0x56, ALL, W0 | PF3 | PF2,
	  RVM | LX | KZ | B4 | ER | FULL | DISTINCT },
	{ 0x57, 0x57, ALL, W0 | PF3 | PF2, RVM | LX | KZ | ER | N4 | DISTINCT },
	{ 0x96, 0x98, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0x99, 0x99, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0x9a, 0x9a, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0x9b, 0x9b, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0x9c, 0x9c, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0x9d, 0x9d, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0x9e, 0x9e, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0x9f, 0x9f, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0xa6, 0xa8, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0xa9, 0xa9, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0xaa, 0xaa, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0xab, 0xab, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0xac, 0xac, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0xad, 0xad, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0xae, 0xae, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0xaf, 0xaf, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0xb6, 0xb8, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0xb9, 0xb9, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0xba, 0xba, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0xbb, 0xbb, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0xbc, 0xbc, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0xbd, 0xbd, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0xbe, 0xbe, ALL, W0 | P66, RVM | LX | KZ | B2 | ER | FULL },
	{ 0xbf, 0xbf, ALL, W0 | P66, RVM | LX | KZ | ER | N2 },
	{ 0xd6, 0xd6, ALL, W0 | PF3 | PF2,
	  RVM | LX | KZ | B4 | ER | FULL | DISTINCT },
	{ 0xd7, 0xd7, ALL, W0 | PF3 | PF2, RVM | LX | KZ | ER | N4 | DISTINCT },
};

#define ROWS(table)	{ table, ARRAY_SIZE(table) }

const struct nacre_vector_map nacre_evex_maps[NACRE_NR_MAPS] = {
	[NACRE_MAP_0F] = ROWS(evex_0f),
	[NACRE_MAP_0F38] = ROWS(evex_0f38),
	[NACRE_MAP_0F3A] = ROWS(evex_0f3a),
	[NACRE_MAP_EVEX5] = ROWS(evex_5),
	[NACRE_MAP_EVEX6] = ROWS(evex_6),
};
