// SPDX-License-Identifier: GPL-2.0
/*
 * Which VEX, EVEX and XOP instructions there are, by the rows of decode_vex.c
 * and decode_evex.c; the bytes of XOP and 3DNow!. It is not in the module, where
 * what is executed has rows of its own.
 */
#include "host_types.h"

#include "vector_rows.h"

/* 8F: R X B mmmmm, then W vvvv L pp, as VEX has them. */
static void decode_xop(struct decoder *d)
{
	struct nacre_insn *insn = d->insn;
	u8 first, last;

	if (insn->prefixes & (NACRE_PFX_REX | NACRE_PFX_LOCK | NACRE_PFX_REP |
			      NACRE_PFX_REPNE | NACRE_PFX_OPSIZE) ||
	    d->vendor != NACRE_DECODE_AMD)
		invalid(d);
	insn->prefixes |= NACRE_PFX_XOP;
	first = next_byte(d);
	if ((first & 0x1f) - 8u > 2)
		return invalid(d);
	insn->map = NACRE_MAP_XOP8 + (first & 0x1f) - 8;
	last = next_byte(d);
	insn->rex = last & 0x80 ? NACRE_REX_W : 0;
	if (insn->mode == 64)
		insn->rex |= ~first >> 5 & 7;
	insn->vvvv = (~last >> 3) & 15;
	insn->vector_length = last & 4 ? 32 : 16;
	insn->simd_prefix = last & 3;
}

/* The last byte of EVEX: z L'L b V' aaa. R' and V' give registers 16 to 31. */
static void decode_evex(struct decoder *d, u8 first, u8 byte)
{
	struct nacre_insn *insn = d->insn;

	insn->vector_length = 16 << (byte >> 5 & 3);
	insn->opmask = byte & 7;
	insn->zeroing = byte & 0x80;
	insn->broadcast = byte & 0x10;
	if (insn->mode == 64) {
		insn->reg = first & 0x10 ? 0 : 16;
		insn->vvvv |= byte & 8 ? 0 : 16;
	} else if (!(byte & 8)) {
		invalid(d);
	}
}

static void vector_opcode(struct decoder *d, u8 first)
{
	if (first == 0x0f)
		d->insn->map = NACRE_MAP_3DNOW;
	else
		decode_xop(d);
	d->insn->opcode = next_byte(d);
}

static nacre_opcode attributes(const struct nacre_insn *insn)
{
	const nacre_opcode any = ANY_FORM | OP_MODRM;

	switch (insn->map) {
	case NACRE_MAP_0F38: case NACRE_MAP_0F3A:
		return legacy_attributes(insn);
	case NACRE_MAP_3DNOW:
		return any | IMM(B) | OP_AMD;
	case NACRE_MAP_XOP8:
		return any | IMM(B);
	case NACRE_MAP_XOPA:
		return any | IMM(D);
	}
	return any;
}

/* The AMD APM's "3DNow! Opcodes". */
static const u64 suffixes_3dnow[4] = {
	BIT_ULL(0x0c) | BIT_ULL(0x0d) | BIT_ULL(0x1c) | BIT_ULL(0x1d),
	0,
	BIT_ULL(0x8a - 0x80) | BIT_ULL(0x8e - 0x80) | BIT_ULL(0x90 - 0x80) |
	BIT_ULL(0x94 - 0x80) | BIT_ULL(0x96 - 0x80) | BIT_ULL(0x97 - 0x80) |
	BIT_ULL(0x9a - 0x80) | BIT_ULL(0x9e - 0x80) | BIT_ULL(0xa0 - 0x80) |
	BIT_ULL(0xa4 - 0x80) | BIT_ULL(0xa6 - 0x80) | BIT_ULL(0xa7 - 0x80) |
	BIT_ULL(0xaa - 0x80) | BIT_ULL(0xae - 0x80) | BIT_ULL(0xb0 - 0x80) |
	BIT_ULL(0xb4 - 0x80) | BIT_ULL(0xb6 - 0x80) | BIT_ULL(0xb7 - 0x80) |
	BIT_ULL(0xbb - 0x80) | BIT_ULL(0xbf - 0x80),
	0,
};

/* The suffix stands where an immediate would. */
static bool suffix_exists(struct nacre_insn *insn)
{
	u8 suffix = insn->immediate;

	insn->opcode = suffix;
	insn->immediate = 0;
	insn->immediate_size = 0;
	return suffixes_3dnow[suffix / 64] & BIT_ULL(suffix % 64);
}

static bool is_register_form(const struct nacre_insn *insn)
{
	return !insn->has_modrm || insn->modrm >> 6 == 3;
}

static bool row_applies(const struct nacre_vector_row *row,
			const struct nacre_insn *insn, u8 w)
{
	u8 form = is_register_form(insn) ? VEC_REG : VEC_MEM;

	return insn->opcode >= row->first && insn->opcode <= row->last &&
	       (row->regs & BIT(insn->reg & 7)) && (row->form & form) &&
	       (row->when & BIT(insn->simd_prefix)) && (row->when & w);
}

static const struct nacre_vector_row *
find_row_with(const struct nacre_insn *insn, u8 w)
{
	const struct nacre_vector_map *map;
	unsigned int i;

	map = insn->prefixes & NACRE_PFX_EVEX ? &nacre_evex_maps[insn->map] :
						&nacre_vex_maps[insn->map];
	for (i = 0; i < map->count && map->rows[i].first <= insn->opcode; i++)
		if (row_applies(&map->rows[i], insn, w))
			return &map->rows[i];
	return NULL;
}

static const struct nacre_vector_row *find_row(const struct nacre_insn *insn)
{
	bool w = insn->rex & NACRE_REX_W;
	const struct nacre_vector_row *row =
		find_row_with(insn, w ? VEC_W1 : VEC_W0);

	if (row && (row->form & VEC_W64) && insn->mode != 64)
		return find_row_with(insn, VEC_W0);
	return row;
}

static u32 form_of(const struct nacre_insn *insn)
{
	const struct nacre_vector_row *row = find_row(insn);

	return row ? row->form : 0;
}

/* Intel SDM, "Compressed Displacement (disp8*N) Support in EVEX". */
static unsigned int displacement_scale(const struct nacre_insn *insn, u32 form)
{
	u8 length = insn->vector_length;
	u8 scale = VEC_SCALE_OF(form);

	if (insn->broadcast)
		return 1 << VEC_BROADCAST_OF(form);
	switch (scale) {
	case SCALE_DUP:
		return length == 16 ? 8 : length;
	case SCALE_FULL ... SCALE_EIGHTH:
		return length >> (scale - SCALE_FULL);
	}
	return 1 << scale;
}

/* EVEX.b frees L'L for the rounding mode where there is one. */
static bool length_exists(struct nacre_insn *insn, u32 form, bool is_register)
{
	if (insn->broadcast && is_register) {
		insn->vector_length = 64;
		return form & VEC_ROUNDING;
	}
	if (insn->broadcast && !VEC_BROADCAST_OF(form))
		return false;
	switch (insn->vector_length) {
	case 16:
		return form & VEC_L128;
	case 32:
		return form & VEC_L256;
	case 64:
		return form & VEC_L512;
	}
	return false;
}

static bool mask_exists(const struct nacre_insn *insn, u32 form,
			bool is_register)
{
	if (!insn->opmask)
		return !insn->zeroing && !(form & VEC_MASK_REQUIRED);
	if (insn->zeroing &&
	    !(form & (is_register ? VEC_ZERO_REG : VEC_ZERO_MEM)))
		return false;
	return form & VEC_MASK;
}

/*
 * An unused vvvv is written 1111b, in any mode; a gather's index takes its
 * top bit. As a register's number it has three bits outside 64-bit mode.
 */
static bool settle_vvvv(struct nacre_insn *insn, u32 form, bool is_register)
{
	bool is_evex_vsib = (form & VEC_VSIB) &&
			    (insn->prefixes & NACRE_PFX_EVEX);

	if (is_evex_vsib)
		insn->vvvv &= 15;
	if (!(form & (is_register ? VEC_VVVV_REG : VEC_VVVV_MEM)))
		return !insn->vvvv;
	if (insn->mode != 64)
		insn->vvvv &= 7;
	return !(form & VEC_K_VVVV) || insn->vvvv < 8;
}

static bool reg_exists(const struct nacre_insn *insn, u32 form)
{
	if ((form & VEC_GPR) && insn->reg >= 16)
		return false;
	return !(form & VEC_K_REG) || insn->reg < 8;
}

/*
 * Gathers and tile products name three different registers; EVEX asks that
 * only of the destination against each source.
 */
static bool registers_differ(const struct nacre_insn *insn, u32 form,
			     bool is_register)
{
	bool has_vvvv = form & (is_register ? VEC_VVVV_REG : VEC_VVVV_MEM);
	bool has_other = is_register || (form & VEC_VSIB);
	s8 other = is_register ? insn->rm : insn->index;

	if (has_other && insn->reg == other)
		return false;
	if (!has_vvvv)
		return true;
	if (insn->reg == insn->vvvv)
		return false;
	return (insn->prefixes & NACRE_PFX_EVEX) || insn->vvvv != other;
}

static bool vector_form_exists(struct nacre_insn *insn, u32 form)
{
	bool is_register = is_register_form(insn);

	if (((form & VEC_ONLY64) && insn->mode != 64) ||
	    !settle_vvvv(insn, form, is_register) || !reg_exists(insn, form))
		return false;
	if ((form & VEC_RM0) && is_register && insn->rm)
		return false;
	if ((form & VEC_DISTINCT) && !registers_differ(insn, form, is_register))
		return false;
	if ((form & VEC_SIB) &&
	    (insn->address_size == 2 || (insn->modrm & 7) != 4))
		return false;
	return length_exists(insn, form, is_register) &&
	       mask_exists(insn, form, is_register);
}

/* The index is a vector's number, and none of them is no index. */
static void settle_index(struct nacre_insn *insn)
{
	if (is_register_form(insn) || insn->address_size == 2 ||
	    (insn->modrm & 7) != 4)
		return;
	insn->index = (insn->sib >> 3) & 7;
	if (insn->rex & NACRE_REX_X)
		insn->index |= 8;
	insn->index |= insn->vvvv & 16;
}

static bool vector_exists(struct nacre_insn *insn)
{
	u32 form = form_of(insn);

	if (form & VEC_VSIB)
		settle_index(insn);
	if (insn->displacement_size == 1 && (insn->prefixes & NACRE_PFX_EVEX))
		insn->displacement *= displacement_scale(insn, form);
	return form && vector_form_exists(insn, form);
}

static bool exists(const struct decoder *d)
{
	u16 extended = NACRE_PFX_VEX | NACRE_PFX_EVEX | NACRE_PFX_XOP;

	if (d->insn->map == NACRE_MAP_3DNOW)
		return suffix_exists(d->insn);
	return d->insn->prefixes & extended ? vector_exists(d->insn) :
					      legacy_exists(d);
}

const struct nacre_decode_rules nacre_decode_rules = {
	.opcode = vector_opcode,
	.evex = decode_evex,
	.attributes = attributes,
	.exists = exists,
};
