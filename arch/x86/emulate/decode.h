/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instruction decoder: bytes in, the instruction's parts out. Knows no
 * hypervisor struct and also builds as a host program.
 */
#ifndef NACRE_DECODE_H
#define NACRE_DECODE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include "host_types.h"
#endif

#define NACRE_MAX_INSN	15

enum nacre_decode_result {
	NACRE_DECODE_OK,
	NACRE_DECODE_MORE,	/* the bytes end inside the instruction */
	NACRE_DECODE_INVALID,	/* #UD: no such instruction in this mode */
	NACRE_DECODE_TOO_LONG,	/* #GP: more than 15 bytes */
};

enum nacre_opcode_map {
	NACRE_MAP_1BYTE, NACRE_MAP_0F, NACRE_MAP_0F38, NACRE_MAP_0F3A,
	NACRE_MAP_3DNOW, NACRE_MAP_XOP8, NACRE_MAP_XOP9, NACRE_MAP_XOPA,
	NACRE_MAP_EVEX5, NACRE_MAP_EVEX6,
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

struct nacre_insn {
	u8 length;		/* all bytes, prefixes to immediate */
	u8 map;			/* enum nacre_opcode_map */
	u8 opcode;		/* last opcode byte */
	u8 mode;		/* 16, 32 or 64: default size of the code segment */
	u8 operand_size;	/* 2, 4 or 8 bytes, before the instruction's own rule */
	u8 address_size;	/* 2, 4 or 8 */
	s8 segment;		/* override: hardware number ES..GS, or -1 */
	u8 rex;			/* W R X B as in REX, from VEX/EVEX/XOP too */
	u8 vector_length;	/* VEX, EVEX: 16, 32, 64 */
	u8 vvvv;		/* VEX, EVEX, XOP: register, already inverted */
	u16 prefixes;		/* NACRE_PFX_* */
	bool has_modrm;
	u8 modrm, sib;
	u8 reg, rm;		/* with REX.R and REX.B; rm only for mod == 3 */
	s8 base, index;		/* memory operand: registers, -1 for none */
	u8 scale;
	bool rip_relative;
	s64 displacement;
	u8 immediate_size;	/* bytes; 0 none */
	u64 immediate;		/* sign-extended where the manual says so */
	u64 immediate2;		/* ENTER's second, far pointer's selector */
};

/*
 * Decode at most @available bytes (15 are enough for anything) fetched at RIP
 * in a code segment whose default size is @mode bits. MORE means that the
 * caller should fetch further, possibly across a page, and ask again.
 */
enum nacre_decode_result nacre_decode(const u8 *bytes, unsigned int available,
				      u8 mode, struct nacre_insn *insn);

#endif /* NACRE_DECODE_H */
