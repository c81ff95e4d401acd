// SPDX-License-Identifier: GPL-2.0
/*
 * The opcode maps, laid out as in the manuals' own (Intel SDM, "Opcode Map";
 * AMD APM, "Opcode and Operand Encodings"): eight opcodes to a line, the
 * blanks undefined.
 */
#include "arch/x86/emulate/decode_tables.h"

#define __	0
/* Without ModRM. */
#define N	OP_EXISTS
#define N32	(N | OP_NO64)
#define NB	(N | IMM(B))
#define NSB	(N | IMM(SB))
#define NW	(N | IMM(W))
#define NZ	(N | IMM(Z))
#define NO	(N | IMM(MOFFS))
#define J	(N | IMM(NEAR))
#define FAR	(N32 | IMM(FAR))
#define B32	(N32 | IMM(B))
/* A register in the opcode. */
#define R	(N | OP_REG)
#define R32	(R | OP_NO64)
#define RB	(R | IMM(B))
#define RV	(R | IMM(V))
/* With ModRM: M, then the immediate; L may be locked. */
#define M	(OP_EXISTS | OP_MODRM)
#define ML	(M | OP_LOCK)
#define MB	(M | IMM(B))
#define MSB	(M | IMM(SB))
#define MZ	(M | IMM(Z))
#define M32	(M | OP_NO64)
/* A group: ModRM.reg is a part of the opcode. */
#define G(n)	(M | GROUP(GRP_##n))
#define X87	G(X87)
/* Prefixes and escapes never reach the tables. */
#define PFX	__
#define ESC	__

const nacre_opcode nacre_map_1byte[256] = {
/* 00 */ ML,	ML,	M,	M,	NB,	NZ,	N32,	N32,
/* 08 */ ML,	ML,	M,	M,	NB,	NZ,	N32,	ESC,
/* 10 */ ML,	ML,	M,	M,	NB,	NZ,	N32,	N32,
/* 18 */ ML,	ML,	M,	M,	NB,	NZ,	N32,	N32,
/* 20 */ ML,	ML,	M,	M,	NB,	NZ,	PFX,	N32,
/* 28 */ ML,	ML,	M,	M,	NB,	NZ,	PFX,	N32,
/* 30 */ ML,	ML,	M,	M,	NB,	NZ,	PFX,	N32,
/* 38 */ M,	M,	M,	M,	NB,	NZ,	PFX,	N32,
/* 40 */ R32,	R32,	R32,	R32,	R32,	R32,	R32,	R32,
/* 48 */ R32,	R32,	R32,	R32,	R32,	R32,	R32,	R32,
/* 50 */ R,	R,	R,	R,	R,	R,	R,	R,
/* 58 */ R,	R,	R,	R,	R,	R,	R,	R,
/* 60 */ N32,	N32,	M32,	M,	PFX,	PFX,	PFX,	PFX,
/* 68 */ NZ,	MZ,	NSB,	MSB,	N,	N,	N,	N,
/* 70 */ NSB,	NSB,	NSB,	NSB,	NSB,	NSB,	NSB,	NSB,
/* 78 */ NSB,	NSB,	NSB,	NSB,	NSB,	NSB,	NSB,	NSB,
/* 80 */ G(1) | IMM(B), G(1) | IMM(Z), G(1) | IMM(B) | OP_NO64, G(1) | IMM(SB),
/* 84 */ M,	M,	ML,	ML,
/* 88 */ M,	M,	M,	M,	G(SREG_FROM), M, G(SREG_TO), G(1A),
/* 90 */ R,	R,	R,	R,	R,	R,	R,	R,
/* 98 */ N,	N,	FAR,	N,	N,	N,	N,	N,
/* a0 */ NO,	NO,	NO,	NO,	N,	N,	N,	N,
/* a8 */ NB,	NZ,	N,	N,	N,	N,	N,	N,
/* b0 */ RB,	RB,	RB,	RB,	RB,	RB,	RB,	RB,
/* b8 */ RV,	RV,	RV,	RV,	RV,	RV,	RV,	RV,
/* c0 */ MB,	MB,	NW,	N,	M32,	M32,
/* c6 */ G(11) | IMM(B), G(11) | IMM(Z),
/* c8 */ N | IMM(ENTER), N, NW,	N,	N,	NB,	N32,	N,
/* d0 */ M,	M,	M,	M,	B32,	B32,	N32,	N,
/* d8 */ X87,	X87,	X87,	X87,	X87,	X87,	X87,	X87,
/* e0 */ NSB,	NSB,	NSB,	NSB,	NB,	NB,	NB,	NB,
/* e8 */ J,	J,	FAR,	NSB,	N,	N,	N,	N,
/* f0 */ PFX,	N,	PFX,	PFX,	N,	N,
/* f6 */ G(3) | IMM(GROUP3B), G(3) | IMM(GROUP3Z),
/* f8 */ N,	N,	N,	N,	N,	N,	G(4),	G(5),
};

const nacre_opcode nacre_map_0f[256] = {
/* 00 */ G(6),	G(7),	M,	M,	__,	N,	N,	N,
/* 08 */ N,	N,	__,	N,	__,	M,	N | OP_AMD,	ESC,
[0x10 ... 0x1f] = M,
/* 20 */ G(CONTROL) | OP_MOD3, G(DEBUG) | OP_MOD3,
/* 22 */ G(CONTROL) | OP_MOD3, G(DEBUG) | OP_MOD3, __, __, __, __,
[0x28 ... 0x2f] = M,
/* 30 */ N,	N,	N,	N,	N,	N,	__,	N,
/* 38 */ ESC,	__,	ESC,	__,	__,	__,	__,	__,
[0x40 ... 0x6f] = M,
/* 70 */ MB, G(12) | IMM(B), G(13) | IMM(B), G(14) | IMM(B), M, M, M, N,
/* 78 */ G(17) | IMM(SSE4A), M, __, __, M, M, M, M,
/* 80 */ J,	J,	J,	J,	J,	J,	J,	J,
/* 88 */ J,	J,	J,	J,	J,	J,	J,	J,
/* 90 */ M,	M,	M,	M,	M,	M,	M,	M,
/* 98 */ M,	M,	M,	M,	M,	M,	M,	M,
/* a0 */ N,	N,	N,	M,	MB,	M,	__,	__,
/* a8 */ N,	N,	N,	ML,	MB,	M,	G(15),	M,
/* b0 */ ML,	ML,	M,	ML,	M,	M,	M,	M,
/* b8 */ M,	M,	G(8) | IMM(B),	ML,	M,	M,	M,	M,
/* c0 */ ML,	ML,	MB,	M,	MB,	MB,	MB,	G(9),
/* c8 */ R,	R,	R,	R,	R,	R,	R,	R,
[0xd0 ... 0xff] = M,
};

const struct nacre_decode_rules nacre_decode_rules __weak;
