/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instruction decoder: bytes in, the instruction's parts out. Knows no
 * hypervisor struct and also builds as a host program.
 */
#ifndef NACRE_DECODE_H
#define NACRE_DECODE_H

#include "module/pure.h"

#define NACRE_MAX_INSN	15

enum nacre_decode_result {
	NACRE_DECODE_OK,
	NACRE_DECODE_MORE,	/* the bytes end inside the instruction */
	NACRE_DECODE_INVALID,	/* #UD: no such instruction in this mode */
	NACRE_DECODE_TOO_LONG,	/* #GP: more than 15 bytes */
};

/*
 * Vendors disagree on the length of near branches with an operand-size
 * prefix in 64-bit mode, and of UD0; XOP, 3DNow! and SSE4a exist on AMD only.
 */
enum nacre_decode_vendor {
	NACRE_DECODE_INTEL,
	NACRE_DECODE_AMD,
};

enum nacre_opcode_map {
	NACRE_MAP_1BYTE, NACRE_MAP_0F, NACRE_MAP_0F38, NACRE_MAP_0F3A,
	NACRE_MAP_3DNOW, NACRE_MAP_XOP8, NACRE_MAP_XOP9, NACRE_MAP_XOPA,
	NACRE_MAP_EVEX5, NACRE_MAP_EVEX6,
	NACRE_NR_MAPS
};

/* How a prefix changes which instruction an opcode names, as VEX.pp says it. */
enum nacre_simd_prefix {
	NACRE_SIMD_NONE, NACRE_SIMD_66, NACRE_SIMD_F3, NACRE_SIMD_F2,
};

#define NACRE_PFX_REP		(1u << 0)	/* F3 */
#define NACRE_PFX_REPNE		(1u << 1)	/* F2 */
#define NACRE_PFX_LOCK		(1u << 2)
#define NACRE_PFX_OPSIZE	(1u << 3)
#define NACRE_PFX_ADDRSIZE	(1u << 4)
#define NACRE_PFX_REX		(1u << 5)
#define NACRE_PFX_VEX		(1u << 6)
#define NACRE_PFX_EVEX		(1u << 7)
#define NACRE_PFX_XOP		(1u << 8)

#define NACRE_REX_B		(1u << 0)
#define NACRE_REX_X		(1u << 1)
#define NACRE_REX_R		(1u << 2)
#define NACRE_REX_W		(1u << 3)

struct nacre_insn {
	u8 length;		/* all bytes, prefixes to immediate */
	u8 map;			/* enum nacre_opcode_map */
	u8 opcode;		/* last opcode byte; 3DNow!: the suffix */
	u8 mode;		/* 16, 32 or 64: of the code segment */
	u8 operand_size;	/* 2, 4 or 8, before an opcode's own rule */
	u8 address_size;	/* 2, 4 or 8 */
	s8 segment;		/* override: hardware number ES..GS, or -1 */
	u8 rex;			/* NACRE_REX_*, from VEX, EVEX and XOP too */
	u8 simd_prefix;		/* enum nacre_simd_prefix */
	u8 vector_length;	/* VEX, EVEX, XOP: 16, 32, 64; rounding: 64 */
	u8 vvvv;		/* VEX, EVEX, XOP: register, already inverted */
	/* EVEX.aaa, z, b; these by the tests' rules alone. */
	u8 opmask;
	bool zeroing, broadcast;
	u16 prefixes;		/* NACRE_PFX_* */
	bool has_modrm;
	u8 modrm, sib;
	u8 reg;			/* with REX.R; EVEX: up to 31 */
	/*
	 * mod == 3, or the register in the opcode. EVEX: up to 31 as for a
	 * vector register; a general one is that modulo 16, a mask modulo 8.
	 */
	u8 rm;
	s8 base, index;		/* memory operand: registers, -1 for none */
	u8 scale;		/* 1, 2, 4, 8 */
	bool rip_relative;
	u8 displacement_size;	/* bytes; 0 none */
	s64 displacement;	/* EVEX: multiplied; MOV moffs: the address */
	u8 immediate_size;	/* bytes, both together; 0 none */
	u64 immediate;		/* sign-extended where the manual says so */
	u64 immediate2;		/* of ENTER, EXTRQ, INSERTQ; far selector */
};

/*
 * Decode at most @available bytes (15 are enough for anything) fetched at RIP
 * in a code segment whose default size is @mode bits. MORE means that the
 * caller should fetch further, possibly across a page, and ask again; nothing
 * at or past bytes[available] is read.
 *
 * INVALID is what no mode of the processor makes valid: an undefined opcode or
 * form, LOCK where it cannot be. What depends on features, on privilege, or
 * on real and virtual-8086 mode (VEX does not exist there) is the caller's.
 */
enum nacre_decode_result nacre_decode(const u8 *bytes, unsigned int available,
				      u8 mode, enum nacre_decode_vendor vendor,
				      struct nacre_insn *insn);

#endif /* NACRE_DECODE_H */
