// SPDX-License-Identifier: GPL-2.0
/*
 * Which legacy instructions there are among those that a prefix, ModRM.reg or
 * the form of the operand chooses: the three-byte maps, groups, x87, 0F 01.
 * The module takes each for one; what it executes has rows of its own.
 */
#include "host_types.h"

#include "vector_rows.h"

/* Of the one-byte map; the others there have all forms. */
static const u8 memory_only[] = { 0x62, 0x8d, 0xc4, 0xc5 };

/*
 * Opcodes by the prefixes that they exist with: P none, D 66, S F3, Q F2, as
 * the PS, PD, SS, SD forms of one operation sit side by side. 0: all forms.
 */
#define V	FORMS
#define PDSQ	V(e, e, e, e)
#define PD	V(e, e, o, o)
#define PS	V(e, o, e, o)
#define DQ	V(o, e, o, e)
#define D	V(o, e, o, o)
#define PDS	V(e, e, e, o)
#define MEM	V(m, m, m, m)
#define __	0

static const u8 forms_0f[256] = {
[0x10] = PDSQ,	PDSQ, V(e, m, e, e), V(m, m, o, o),
/* 14 */ PD,	PD,   V(e, m, e, o), V(m, m, o, o),
[0x28] = PD,	PD,	PDSQ,	MEM,	PDSQ,	PDSQ,	PD,	PD,
[0x37] = V(r, o, o, o),
[0x50] = V(r, r, o, o), PDSQ, PS, PS,	PD,	PD,	PD,	PD,
/* 58 */ PDSQ,	PDSQ,	PDSQ,	PDS,	PDSQ,	PDSQ,	PDSQ,	PDSQ,
/* 60 */ PD,	PD,	PD,	PD,	PD,	PD,	PD,	PD,
/* 68 */ PD,	PD,	PD,	PD,	D,	D,	PD,	PDS,
[0x74] = PD,	PD,	PD,	V(r, o, o, o),
[0x79] = V(e, r, o, r), __, __, DQ,	DQ,	PDS,	PDS,
[0xb2] = MEM,	__,	MEM,	MEM,	__,	__,	V(o, o, e, o),
[0xc2] = PDSQ,	V(m, o, o, o), PD, V(r, r, o, o), PD,
[0xd0] = DQ,	PD,	PD,	PD,	PD,	PD, V(o, e, r, r), V(r, r, o, o),
/* d8 */ PD,	PD,	PD,	PD,	PD,	PD,	PD,	PD,
/* e0 */ PD,	PD,	PD,	PD,	PD,	PD, V(o, e, e, e), V(m, m, o, o),
/* e8 */ PD,	PD,	PD,	PD,	PD,	PD,	PD,	PD,
/* f0 */ V(o, o, o, m), PD, PD,	PD,	PD,	PD,	PD,	V(r, r, o, o),
/* f8 */ PD,	PD,	PD,	PD,	PD,	PD,	PD,
};
#define G(n)	(ANY_FORM | GROUP(GRP_##n))
#define Dm	V(o, m, o, o)
#define P	V(e, o, o, o)

static const nacre_opcode map_0f38[256] = {
/* 00 */ PD,	PD,	PD,	PD,	PD,	PD,	PD,	PD,
/* 08 */ PD,	PD,	PD,	PD,	__,	__,	__,	__,
/* 10 */ D,	__,	__,	__,	D,	D,	__,	D,
/* 18 */ __,	__,	__,	__,	PD,	PD,	PD,	__,
/* 20 */ D,	D,	D,	D,	D,	D,	__,	__,
/* 28 */ D,	D,	Dm,	D,	__,	__,	__,	__,
/* 30 */ D,	D,	D,	D,	D,	D,	__,	D,
/* 38 */ D,	D,	D,	D,	D,	D,	D,	D,
/* 40 */ D,	D,
[0x80] = Dm,	Dm,	Dm,
/* c8 */
[0xc8] = P,	P,	P,	P,	P,	P,	__,	D,
[0xd8] = G(KEYLOCKER), __, __,	D,
/* dc */ V(o, e, e, o), V(o, e, m, o), V(o, e, m, o), V(o, e, m, o),
[0xf0] = V(m, m, o, e), V(m, m, o, e), __, __, __, Dm, V(m, e, e, o), __,
/* f8 */ V(o, m, m, m), V(m, o, o, o), V(o, o, r, o), V(o, o, r, o),
};

#define DB	(D | IMM(B))

static const nacre_opcode map_0f3a[256] = {
[0x08] = DB,	DB,	DB,	DB,	DB,	DB,	DB,	PD | IMM(B),
[0x14] = DB,	DB,	DB,	DB,
[0x20] = DB,	DB,	DB,
[0x40] = DB,	DB,	DB,	__,	DB,
[0x60] = DB,	DB,	DB,	DB,
[0xcc] = P | IMM(B), __, DB, DB,
[0xdf] = DB,
[0xf0] = G(HRESET) | IMM(B),
};

#define ALL_FORMS	FORMS(e, e, e, e)
#define MEM_FORMS	FORMS(m, m, m, m)
#define REG_FORMS	FORMS(r, r, r, r)
#define PD_REG		FORMS(r, r, o, o)

/* Each group's eight instructions; the rest are bits by ModRM.reg. */
struct opcode_group {
	u8 forms[8];
	u8 only64;		/* with F3 and a register: 64-bit mode only */
	u8 rm0;			/* with a register: ModRM.rm has to be 0 */
};

static const struct opcode_group groups[NR_GROUPS] = {
[GRP_1] = {
	.forms = { [0 ... 7] = ALL_FORMS },
},
[GRP_1A] = { .forms = { ALL_FORMS } },
[GRP_3] = {
	.forms = { [0 ... 7] = ALL_FORMS },
},
[GRP_4] = {
	.forms = { [0 ... 1] = ALL_FORMS },
},
[GRP_5] = {
	.forms = { [0 ... 2] = ALL_FORMS, [3] = MEM_FORMS, [4] = ALL_FORMS,
		   [5] = MEM_FORMS, [6] = ALL_FORMS },
},
[GRP_6] = { .forms = { [0 ... 5] = ALL_FORMS } },
/* Registers: by the whole of ModRM. */
[GRP_7] = {
	.forms = { [0 ... 3] = ALL_FORMS, [4] = ALL_FORMS,
		   [5] = FORMS(r, r, e, r), [6] = ALL_FORMS, [7] = ALL_FORMS },
},
[GRP_8] = {
	.forms = { [4 ... 7] = ALL_FORMS },
},
/* CMPXCHG8B, XRSTORS, XSAVEC, XSAVES, the VMX pointers, RDRAND, RDSEED. */
[GRP_9] = {
	.forms = { [1] = MEM_FORMS, [3 ... 5] = FORMS(m, o, o, o),
		   [6] = FORMS(e, e, e, o), [7] = FORMS(e, r, r, o) },
	.only64 = BIT(6),
},
/* C6 F8 is XABORT, C7 F8 XBEGIN. */
[GRP_11] = {
	.forms = { [0] = ALL_FORMS, [7] = REG_FORMS },
	.rm0 = BIT(7),
},
[GRP_12] = { .forms = { [2] = PD_REG, [4] = PD_REG, [6] = PD_REG } },
[GRP_13] = { .forms = { [2] = PD_REG, [4] = PD_REG, [6] = PD_REG } },
[GRP_14] = {
	.forms = { [2] = PD_REG, [3] = FORMS(o, r, o, o),
		   [6] = PD_REG, [7] = FORMS(o, r, o, o) },
},
/* FXSAVE to XSAVEOPT and CLFLUSH; FSGSBASE, the fences, monitor-waits. */
[GRP_15] = {
	.forms = { [0 ... 3] = FORMS(m, o, r, o),
		   [4] = FORMS(m, o, e, o),
		   [5] = FORMS(e, o, r, o),
		   [6] = FORMS(e, e, e, r),
		   [7] = FORMS(e, m, o, o) },
	.only64 = 0x0f,
},
[GRP_17] = {
	.forms = { [0] = FORMS(e, r, o, r), [1 ... 7] = FORMS(e, o, o, r) },
},
[GRP_KEYLOCKER] = { .forms = { [0 ... 3] = FORMS(o, o, m, o) } },
[GRP_HRESET] = {
	.forms = { [0] = FORMS(o, o, r, o) },
	.rm0 = BIT(0),
},
[GRP_SREG_FROM] = { .forms = { [0 ... 5] = ALL_FORMS } },
[GRP_SREG_TO] = { .forms = { [0] = ALL_FORMS, [2 ... 5] = ALL_FORMS } },
[GRP_CONTROL] = {
	.forms = { [0] = ALL_FORMS, [2 ... 4] = ALL_FORMS },
},
[GRP_DEBUG] = { .forms = { [0 ... 7] = ALL_FORMS } },
};

/* Escape opcodes D8 to DF: by ModRM.reg in memory, by the byte elsewhere. */
struct nacre_x87_forms {
	u8 memory;
	u64 registers;		/* bit: ModRM - 0xc0 */
};

static const struct nacre_x87_forms x87_forms[8] = {
	{ 0xff, ~0ULL },
	/* FNOP, FSTP1; FCHS to FXAM, the constants, then all of F0 to FF. */
	{ 0xfd, 0xffff7f33ff01ffffULL },
	/* FCMOVcc; FUCOMPP. */
	{ 0xff, 0x00000200ffffffffULL },
	/* FCMOVNcc; FNENI to FNSETPM; FUCOMI, FCOMI. */
	{ 0xaf, 0x00ffff1fffffffffULL },
	{ 0xff, ~0ULL },
	/* FFREE, FXCH4, FST, FSTP; FUCOM, FUCOMP. */
	{ 0xdf, 0x0000ffffffffffffULL },
	/* FADDP, FMULP, FCOMP5, FCOMPP; the rest of the arithmetic. */
	{ 0xff, 0xffffffff02ffffffULL },
	/* FFREEP, FXCH7, FSTP8, FSTP9; FNSTSW; FUCOMIP, FCOMIP. */
	{ 0xff, 0x00ffff01ffffffffULL },
};

/*
 * C0 ENCLV, the VMX four, PCONFIG; C8 MONITOR, MWAIT, CLAC, STAC, SEAM's four
 * with 66, ENCLS without; D0 XGETBV, XSETBV, VMFUNC, XEND, XTEST, ENCLU;
 * D8 the SVM eight; E0 SMSW; E8 SERIALIZE, the TSX and shadow-stack ones,
 * user interrupts, RDPKRU, WRPKRU; F0 LMSW; F8 SWAPGS, RDTSCP, MONITORX or
 * MCOMMIT, MWAITX, CLZERO, RDPRU, and the SEV-SNP ones.
 */
static const u64 group7_registers[4] = {
	[NACRE_SIMD_NONE] = 0xffffc1fffff38f3fULL,
	[NACRE_SIMD_66] = 0x33ff00ffff00f000ULL,
	[NACRE_SIMD_F3] = 0xf7fff5ffff000000ULL,
	[NACRE_SIMD_F2] = 0xf3ff03ffff000000ULL,
};

/* Of those SWAPGS, CLUI to UIRET, the SEAM and most SNP ones. */
static const u64 group7_only64[4] = {
	[NACRE_SIMD_NONE] = 0x0100000000000000ULL,
	[NACRE_SIMD_66] = 0x010000000000e000ULL,
	[NACRE_SIMD_F3] = 0xc100f00000000000ULL,
	[NACRE_SIMD_F2] = 0x4100000000000000ULL,
};

static bool x87_form_exists(const struct nacre_insn *insn)
{
	const struct nacre_x87_forms *forms =
		&x87_forms[insn->opcode & 7];

	if (insn->modrm >= 0xc0)
		return forms->registers & BIT_ULL(insn->modrm & 0x3f);
	return forms->memory & BIT((insn->modrm >> 3) & 7);
}

/* 0F 01 with a register names an instruction by the whole byte. */
static bool group7_form_exists(const struct nacre_insn *insn)
{
	u64 bit = BIT_ULL(insn->modrm & 0x3f);
	u8 prefix = insn->simd_prefix;

	if (insn->mode != 64 && (group7_only64[prefix] & bit))
		return false;
	return group7_registers[prefix] & bit;
}

static bool group_form_exists(const struct nacre_insn *insn, u8 number)
{
	const struct opcode_group *group = &groups[number];
	bool is_register = insn->modrm >= 0xc0;
	unsigned int which = (insn->modrm >> 3) & 7;

	if (number == GRP_X87)
		return x87_form_exists(insn);
	if (number == GRP_7 && is_register)
		return group7_form_exists(insn);
	if (is_register) {
		if ((group->rm0 & BIT(which)) && (insn->modrm & 7))
			return false;
		if ((group->only64 & BIT(which)) && insn->mode != 64 &&
		    insn->simd_prefix == NACRE_SIMD_F3)
			return false;
	}
	return group->forms[which] & BIT(insn->simd_prefix * 2 + is_register);
}

/* All of the three-byte maps have ModRM. */
nacre_opcode legacy_attributes(const struct nacre_insn *insn)
{
	nacre_opcode op = insn->map == NACRE_MAP_0F38 ?
			  map_0f38[insn->opcode] : map_0f3a[insn->opcode];

	return op ? op | OP_MODRM : 0;
}

static u8 forms(const struct nacre_insn *insn)
{
	switch (insn->map) {
	case NACRE_MAP_1BYTE:
		return memchr(memory_only, insn->opcode, sizeof(memory_only)) ?
		       MEM : ANY_FORM;
	case NACRE_MAP_0F:
		return forms_0f[insn->opcode] ?: ANY_FORM;
	default:
		return legacy_attributes(insn);
	}
}

bool legacy_exists(const struct decoder *d)
{
	const struct nacre_insn *insn = d->insn;
	bool is_register = !insn->has_modrm || insn->modrm >= 0xc0;

	return forms(insn) & BIT(insn->simd_prefix * 2 + is_register) &&
	       (OP_GROUP(d->op) == GRP_NONE ||
		group_form_exists(insn, OP_GROUP(d->op)));
}
