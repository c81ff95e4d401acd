// SPDX-License-Identifier: GPL-2.0
/*
 * Which VEX, EVEX and XOP instructions there are, by the rows of decode_vex.c
 * and decode_evex.c. It is not in the module, because nothing there executes
 * one; whoever comes to do so brings along what he needs of it.
 */
#include "host_types.h"

#include "vector_rows.h"

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

const struct nacre_vector_rules nacre_vector_rules = {
	.form = form_of,
	.scale = displacement_scale,
	.exists = vector_form_exists,
};
