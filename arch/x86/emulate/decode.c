// SPDX-License-Identifier: GPL-2.0
/*
 * The decoder proper: prefixes, opcode, ModRM and what follows it, immediate,
 * in the order of the bytes. The first thing that goes wrong sticks, so each
 * step may run on zeros behind it and only the end looks.
 *
 * An undefined opcode is reported as soon as it is read, since its length is
 * not known; an undefined form of a known one only when all its bytes are
 * there, because a page fault on them comes first.
 */
#include "arch/x86/emulate/decode_tables.h"

static bool modrm_is_register(const struct nacre_insn *insn)
{
	return insn->modrm >= 0xc0;
}

static u64 next_bytes(struct decoder *d, unsigned int count)
{
	u64 value = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		value |= (u64)next_byte(d) << (8 * i);
	return value;
}

static u64 next_signed(struct decoder *d, unsigned int count)
{
	return sign_extend64(next_bytes(d, count), 8 * count - 1);
}

/* In 64-bit mode overrides of ES, CS, SS and DS do not even undo FS or GS. */
static void set_segment(struct nacre_insn *insn, s8 segment)
{
	if (insn->mode != 64 || segment >= 4)
		insn->segment = segment;
}

/* Takes note of a legacy prefix; false if @byte is none. */
static bool legacy_prefix(struct nacre_insn *insn, u8 byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e:
		set_segment(insn, (byte >> 3) & 3);
		return true;
	case 0x64: case 0x65:
		set_segment(insn, byte & 7);
		return true;
	case 0x66:
		insn->prefixes |= NACRE_PFX_OPSIZE;
		return true;
	case 0x67:
		insn->prefixes |= NACRE_PFX_ADDRSIZE;
		return true;
	case 0xf0:
		insn->prefixes |= NACRE_PFX_LOCK;
		return true;
	case 0xf2:
		insn->prefixes |= NACRE_PFX_REPNE;
		insn->simd_prefix = NACRE_SIMD_F2;
		return true;
	case 0xf3:
		insn->prefixes |= NACRE_PFX_REP;
		insn->simd_prefix = NACRE_SIMD_F3;
		return true;
	}
	return false;
}

/* Consumes all prefixes. REX counts only when nothing stands behind it. */
static void decode_prefixes(struct decoder *d)
{
	struct nacre_insn *insn = d->insn;
	u8 rex = 0;

	for (;;) {
		u8 byte = peek_byte(d);

		if (insn->mode == 64 && (byte & 0xf0) == 0x40)
			rex = byte;
		else if (legacy_prefix(insn, byte))
			rex = 0;
		else
			break;
		next_byte(d);
	}
	if (rex) {
		insn->prefixes |= NACRE_PFX_REX;
		insn->rex = rex & 0xf;
	}
	if (insn->simd_prefix == NACRE_SIMD_NONE &&
	    (insn->prefixes & NACRE_PFX_OPSIZE))
		insn->simd_prefix = NACRE_SIMD_66;
}

/* Sizes that follow from the mode and the prefixes alone. */
static void decode_sizes(struct nacre_insn *insn)
{
	bool opsize = insn->prefixes & NACRE_PFX_OPSIZE;
	bool addrsize = insn->prefixes & NACRE_PFX_ADDRSIZE;
	bool is_16bit = insn->mode == 16;

	insn->operand_size = opsize == is_16bit ? 4 : 2;
	insn->address_size = addrsize == is_16bit ? 4 : 2;
	if (insn->mode != 64)
		return;
	if (insn->rex & NACRE_REX_W)
		insn->operand_size = 8;
	insn->address_size = addrsize ? 4 : 8;
}

static void legacy_opcode(struct decoder *d, u8 byte)
{
	struct nacre_insn *insn = d->insn;

	insn->map = NACRE_MAP_1BYTE;
	if (byte == 0x0f) {
		insn->map = NACRE_MAP_0F;
		byte = next_byte(d);
		if (byte == 0x38) {
			insn->map = NACRE_MAP_0F38;
			byte = next_byte(d);
		} else if (byte == 0x3a) {
			insn->map = NACRE_MAP_0F3A;
			byte = next_byte(d);
		}
	}
	insn->opcode = byte;
}

/*
 * Does 3DNow!'s escape begin with @byte, or a VEX, EVEX or XOP prefix? C4, C5
 * and 62 are LES, LDS and BOUND if memory follows, outside 64 bits.
 */
static bool begins_vector(struct decoder *d, u8 byte)
{
	switch (byte) {
	case 0x0f:
		return peek_byte(d) == 0x0f;
	case 0x62: case 0xc4: case 0xc5:
		return d->insn->mode == 64 || peek_byte(d) >= 0xc0;
	case 0x8f:
		return (peek_byte(d) & 0x1f) >= 8;
	}
	return false;
}

/*
 * C5: R vvvv L pp. C4: R X B mmmmm, W vvvv L pp. 62: R X B R' 0 mmm, W vvvv 1 pp
 * and a third, which only the tests' rules look at. They stand for REX and a SIMD prefix; beside those, #UD. R, X, B
 * and vvvv are inverted, and 32-bit code has eight registers.
 */
static void decode_vex(struct decoder *d, u8 escape)
{
	static const u8 maps[] = {
		[1] = NACRE_MAP_0F, NACRE_MAP_0F38, NACRE_MAP_0F3A,
		[5] = NACRE_MAP_EVEX5, NACRE_MAP_EVEX6,
	};
	bool evex = escape == 0x62, two_bytes = escape == 0xc5;
	u8 first, last, third = 0, map = 1, rex;

	if (d->insn->prefixes & (NACRE_PFX_REX | NACRE_PFX_LOCK |
				 NACRE_PFX_REP | NACRE_PFX_REPNE |
				 NACRE_PFX_OPSIZE))
		invalid(d);
	d->insn->prefixes |= evex ? NACRE_PFX_EVEX : NACRE_PFX_VEX;
	first = last = next_byte(d);
	rex = ~first >> 5 & (two_bytes ? NACRE_REX_R : 7);
	if (!two_bytes) {
		map = first & (evex ? 0xf : 0x1f);
		if (map >= (evex ? ARRAY_SIZE(maps) : 4) || !maps[map])
			return invalid(d);
		last = next_byte(d);
	}
	d->insn->map = maps[map];
	d->insn->rex = d->insn->mode == 64 ? rex : 0;
	if (!two_bytes && last & 0x80)
		d->insn->rex |= NACRE_REX_W;
	d->insn->vvvv = ~last >> 3 & 15;
	d->insn->vector_length = last & 4 ? 32 : 16;
	d->insn->simd_prefix = last & 3;
	if (evex && !(last & 4))
		invalid(d);
	if (evex)
		third = next_byte(d);
	if (evex && nacre_decode_rules.evex)
		nacre_decode_rules.evex(d, first, third);
	d->insn->opcode = next_byte(d);
}

static void decode_opcode(struct decoder *d)
{
	u8 byte = next_byte(d);

	if (!begins_vector(d, byte))
		legacy_opcode(d, byte);
	else if (byte != 0x0f && byte != 0x8f)
		decode_vex(d, byte);
	else if (nacre_decode_rules.opcode)
		nacre_decode_rules.opcode(d, byte);
	else
		invalid(d);
}

/* Beyond the two that have tables all have ModRM, and regular immediates. */
static nacre_opcode attributes(const struct nacre_insn *insn)
{
	bool vex = insn->prefixes & (NACRE_PFX_VEX | NACRE_PFX_EVEX);
	nacre_opcode modrm = OP_EXISTS | OP_MODRM;

	if (!vex && insn->map == NACRE_MAP_1BYTE)
		return nacre_map_1byte[insn->opcode];
	if (!vex && insn->map == NACRE_MAP_0F)
		return nacre_map_0f[insn->opcode];
	if (!vex && nacre_decode_rules.attributes)
		return nacre_decode_rules.attributes(insn);
	if (insn->map == NACRE_MAP_0F3A)
		return modrm | IMM(B);
	if (insn->map != NACRE_MAP_0F)
		return modrm;
	switch (insn->opcode) {
	case 0x70 ... 0x73: case 0xc2: case 0xc4 ... 0xc6:
		return modrm | IMM(B);
	case 0x77:	/* VZEROUPPER, VZEROALL */
		return insn->prefixes & NACRE_PFX_VEX ? OP_EXISTS : modrm;
	default:
		return modrm;
	}
}

static void find_attributes(struct decoder *d)
{
	struct nacre_insn *insn = d->insn;

	if (d->result != NACRE_DECODE_OK)
		return;
	d->op = attributes(insn);
	if (!d->op ||
	    (insn->mode == 64 && (d->op & OP_NO64)) ||
	    (d->vendor != NACRE_DECODE_AMD && (d->op & OP_AMD)))
		invalid(d);
	/* UD0 has a ModRM byte for Intel only. */
	if (insn->map == NACRE_MAP_0F && insn->opcode == 0xff &&
	    d->vendor == NACRE_DECODE_AMD)
		d->op &= ~OP_MODRM;
}

static void displacement(struct decoder *d, unsigned int size)
{
	struct nacre_insn *insn = d->insn;

	insn->displacement_size = size;
	if (size)
		insn->displacement = next_signed(d, size);
}

/* Intel SDM, "16-Bit Addressing Forms with the ModR/M Byte". */
static void decode_memory16(struct decoder *d)
{
	static const s8 bases[8] = { 3, 3, 5, 5, 6, 7, 5, 3 };
	static const s8 indices[8] = { 6, 7, 6, 7, -1, -1, -1, -1 };
	struct nacre_insn *insn = d->insn;
	u8 mod = insn->modrm >> 6;
	u8 rm = insn->modrm & 7;

	if (mod == 0 && rm == 6)
		return displacement(d, 2);
	insn->base = bases[rm];
	insn->index = indices[rm];
	displacement(d, mod);
}

static void decode_sib(struct decoder *d)
{
	struct nacre_insn *insn = d->insn;

	insn->sib = next_byte(d);
	insn->scale = 1 << (insn->sib >> 6);
	insn->index = (insn->sib >> 3) & 7;
	if (insn->rex & NACRE_REX_X)
		insn->index |= 8;
	if (insn->index == 4)
		insn->index = -1;
	insn->base = insn->sib & 7;
}

static void decode_memory(struct decoder *d)
{
	struct nacre_insn *insn = d->insn;
	u8 mod = insn->modrm >> 6;

	insn->base = insn->modrm & 7;
	if (insn->base == 5 && mod == 0)
		insn->rip_relative = insn->mode == 64;
	else if (insn->base == 4)
		decode_sib(d);
	if (insn->base == 5 && mod == 0) {
		insn->base = -1;
		return displacement(d, 4);
	}
	if (insn->rex & NACRE_REX_B)
		insn->base |= 8;
	displacement(d, mod == 2 ? 4 : mod);
}

static void decode_modrm(struct decoder *d)
{
	struct nacre_insn *insn = d->insn;

	insn->rm = (insn->rex & NACRE_REX_B) ? 8 : 0;
	if (d->op & OP_REG)
		insn->rm |= insn->opcode & 7;
	if (d->result != NACRE_DECODE_OK || !(d->op & OP_MODRM))
		return;
	insn->has_modrm = true;
	insn->modrm = next_byte(d);
	insn->reg |= (insn->modrm >> 3) & 7;
	if (insn->rex & NACRE_REX_R)
		insn->reg |= 8;
	if (d->op & OP_MOD3)
		insn->modrm |= 0xc0;
	if (modrm_is_register(insn)) {
		insn->rm |= insn->modrm & 7;
		if ((insn->prefixes & NACRE_PFX_EVEX) &&
		    (insn->rex & NACRE_REX_X))
			insn->rm |= 16;
		return;
	}
	insn->rm = 0;
	if (insn->address_size == 2)
		decode_memory16(d);
	else
		decode_memory(d);
}

/* Intel ignores an operand-size prefix on near branches in 64-bit mode. */
static unsigned int near_size(const struct decoder *d)
{
	if (d->insn->mode == 64 && d->vendor == NACRE_DECODE_INTEL)
		return 4;
	return d->insn->operand_size == 2 ? 2 : 4;
}

static void immediate(struct decoder *d, unsigned int size, bool is_signed)
{
	d->insn->immediate_size = size;
	if (size && is_signed)
		d->insn->immediate = next_signed(d, size);
	else
		d->insn->immediate = next_bytes(d, size);
}

static void immediate_pair(struct decoder *d, unsigned int first,
			   unsigned int second)
{
	d->insn->immediate = next_bytes(d, first);
	d->insn->immediate2 = next_bytes(d, second);
	d->insn->immediate_size = first + second;
}

static void decode_immediate(struct decoder *d)
{
	struct nacre_insn *insn = d->insn;
	unsigned int z = insn->operand_size == 2 ? 2 : 4;
	bool is_test = (insn->reg & 7) < 2;

	switch (OP_IMM(d->op)) {
	case IMM_NONE:
		return;
	case IMM_B:
		return immediate(d, 1, false);
	case IMM_SB:
		return immediate(d, 1, true);
	case IMM_W:
		return immediate(d, 2, false);
	case IMM_D:
		return immediate(d, 4, false);
	case IMM_Z:
		return immediate(d, z, true);
	case IMM_V:
		return immediate(d, insn->operand_size, false);
	case IMM_ENTER:
		return immediate_pair(d, 2, 1);
	case IMM_FAR:
		return immediate_pair(d, z, 2);
	case IMM_MOFFS:
		insn->displacement_size = insn->address_size;
		insn->displacement = next_bytes(d, insn->address_size);
		return;
	case IMM_NEAR:
		return immediate(d, near_size(d), true);
	case IMM_GROUP3B:
		return immediate(d, is_test ? 1 : 0, false);
	case IMM_GROUP3Z:
		return immediate(d, is_test ? z : 0, true);
	case IMM_SSE4A:
		if (insn->simd_prefix == NACRE_SIMD_66 ||
		    insn->simd_prefix == NACRE_SIMD_F2)
			immediate_pair(d, 1, 1);
		return;
	}
}

/* Control registers other than 0, 2, 3, 4, 8 and DR8 to DR15 do not exist. */
static bool system_register_exists(const struct decoder *d)
{
	if (OP_GROUP(d->op) == GRP_CONTROL)
		return d->insn->reg <= 8 && BIT(d->insn->reg) & 0x11d;
	return OP_GROUP(d->op) != GRP_DEBUG || d->insn->reg < 8;
}

/* AMD APM, "CR8 (Task Priority Register, TPR)": LOCK MOV CR0 reaches CR8. */
/* Of a group, by ModRM.reg. */
static bool may_be_locked(const struct decoder *d)
{
	static const u8 lockable[NR_GROUPS] = {
		[GRP_1] = 0x7f, [GRP_3] = 0x0c, [GRP_4] = 0x03, [GRP_5] = 0x03,
		[GRP_8] = 0xe0, [GRP_9] = 0x02,
	};
	const struct nacre_insn *insn = d->insn;
	u8 group = OP_GROUP(d->op);

	if (!insn->has_modrm || modrm_is_register(insn))
		return false;
	if (group)
		return lockable[group] & BIT(insn->reg & 7);
	return d->op & OP_LOCK;
}

static void check_lock(struct decoder *d)
{
	if (!(d->insn->prefixes & NACRE_PFX_LOCK))
		return;
	if (d->vendor == NACRE_DECODE_AMD && OP_GROUP(d->op) == GRP_CONTROL &&
	    d->insn->reg == 0)
		d->insn->reg = 8;
	else if (!may_be_locked(d))
		invalid(d);
}

enum nacre_decode_result nacre_decode(const u8 *bytes, unsigned int available,
				      u8 mode, enum nacre_decode_vendor vendor,
				      struct nacre_insn *insn)
{
	struct decoder d = {
		.bytes = bytes,
		.available = available,
		.vendor = vendor,
		.insn = insn,
	};

	memset(insn, 0, sizeof(*insn));
	insn->mode = mode;
	insn->segment = -1;
	insn->base = -1;
	insn->index = -1;
	insn->scale = 1;

	decode_prefixes(&d);
	decode_opcode(&d);
	decode_sizes(insn);
	find_attributes(&d);
	decode_modrm(&d);
	decode_immediate(&d);
	if (!system_register_exists(&d) ||
	    (nacre_decode_rules.exists && !nacre_decode_rules.exists(&d)))
		invalid(&d);
	check_lock(&d);
	return d.result;
}
