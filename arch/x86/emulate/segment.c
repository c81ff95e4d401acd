// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors, and loading them into segment registers.
 *
 * Intel SDM, "Segment Descriptors", "Privilege Levels", "MOV";
 * AMD APM, "Data-Access Privilege Checks".
 */
#include "arch/x86/emulate/execute.h"

void nacre_emu_parse(struct nacre_emulator *e, u64 address, bool wide,
		     struct nacre_emu_descriptor *d)
{
	u64 low = nacre_emu_read_system(e, address, 8), high = 0;
	u32 limit = (low & 0xffff) | (low >> 32 & 0xf0000);

	*d = (struct nacre_emu_descriptor) {
		.address = address,
		.limit = low >> 55 & 1 ? limit << 12 | 0xfff : limit,
		.attributes = (low >> 40 & 0xff) | (low >> 44 & 0xf00),
		.target = low >> 16,
		.words = low >> 32 & 31,
	};
	if (wide && !(d->attributes & ATTR_S))
		high = nacre_emu_read_system(e, address + 8, 8) << 32;
	/* Gates have bit 2 of the type, but for the LDT's alone. */
	if (!(d->attributes & ATTR_S) && d->attributes & 4)
		d->base = (low & 0xffff) | (low >> 32 & 0xffff0000) | high;
	else
		d->base = (low >> 16 & 0xffffff) | (low >> 32 & 0xff000000) |
			  high;
}

/* Where a table has room for @size bytes of it; 0 and a fault if not. */
static u64 locate(struct nacre_emulator *e, u16 selector, u8 size, u8 vector)
{
	const struct nacre_emu_segment *ldt = &e->next.segments[LDTR];
	bool local = selector & 4, usable = !local || ldt->attributes & ATTR_P;
	u32 limit = local ? ldt->limit : e->next.gdtr.limit;

	if (!usable || (selector & ~7) + size - 1 > limit)
		nacre_emu_raise(e, vector, error_of(e, selector));
	return (local ? ldt->base : e->next.gdtr.base) + (selector & ~7);
}

bool nacre_emu_descriptor(struct nacre_emulator *e, u16 selector, u8 vector,
			  struct nacre_emu_descriptor *d)
{
	if (!(selector & ~3))
		nacre_emu_raise(e, vector, e->external);
	nacre_emu_parse(e, locate(e, selector, 8, vector), false, d);
	if (!(d->attributes & ATTR_S) && is_long_mode(e))
		nacre_emu_parse(e, locate(e, selector, 16, vector), true, d);
	d->selector = selector;
	return !stopped(e);
}

/* Marks it accessed, as the processor does with any it loads. */
void nacre_emu_load(struct nacre_emulator *e, u8 seg,
		    struct nacre_emu_descriptor *d)
{
	if (d->attributes & ATTR_S && !(d->attributes & ATTR_ACCESSED)) {
		d->attributes |= ATTR_ACCESSED;
		nacre_emu_write_system(e, d->address + 5, d->attributes & 0xff,
				       1);
	}
	e->next.segments[seg] = (struct nacre_emu_segment) {
		.base = d->base, .limit = d->limit,
		.attributes = d->attributes, .selector = d->selector,
	};
}

/* Real and virtual-8086 mode: a limit stays, or is 64 KiB. */
void nacre_emu_load_real(struct nacre_emulator *e, u8 seg, u16 selector)
{
	struct nacre_emu_segment *s = &e->next.segments[seg];

	s->selector = selector;
	s->base = (u32)selector << 4;
	if (!is_vm86(e))
		return;
	s->limit = 0xffff;
	s->attributes = ATTR_P | ATTR_DPL | ATTR_S | ATTR_WRITABLE |
			ATTR_ACCESSED;
}

static void load_null(struct nacre_emulator *e, u8 seg, u16 selector)
{
	u16 dpl = seg == SS ? e->next.cpl << 5 : 0;

	e->next.segments[seg] = (struct nacre_emu_segment) {
		.selector = selector, .attributes = dpl,
	};
}

/* 64-bit code below level 3 may have no stack segment. */
void nacre_emu_load_stack(struct nacre_emulator *e, u16 selector, u8 cpl,
			  u8 vector, u8 absent)
{
	u16 want = ATTR_S | ATTR_WRITABLE | cpl << 5;
	struct nacre_emu_descriptor d;

	if (!(selector & ~3)) {
		if (!is_64bit(e) || cpl == 3 || (selector & 3) != cpl)
			nacre_emu_raise(e, vector, e->external);
		return load_null(e, SS, selector);
	}
	if (!nacre_emu_descriptor(e, selector, vector, &d))
		return;
	check_descriptor(e, &d, (selector & 3) == cpl && want ==
			 (d.attributes & (ATTR_S | ATTR_CODE | ATTR_WRITABLE |
					  ATTR_DPL)), vector, absent);
	nacre_emu_load(e, SS, &d);
}

static bool is_readable(u16 attributes)
{
	return attributes & ATTR_S &&
	       (!(attributes & ATTR_CODE) || attributes & ATTR_WRITABLE);
}

void nacre_emu_load_segment(struct nacre_emulator *e, u8 seg, u16 selector,
			    u8 vector)
{
	struct nacre_emu_descriptor d;

	if (!is_protected(e))
		return nacre_emu_load_real(e, seg, selector);
	if (seg == SS)
		return nacre_emu_load_stack(e, selector, e->next.cpl, vector,
					    SF);
	if (!(selector & ~3))
		return load_null(e, seg, selector);
	if (!nacre_emu_descriptor(e, selector, vector, &d))
		return;
	check_descriptor(e, &d, is_readable(d.attributes) &&
			 (is_conforming(d.attributes) || DPL(d.attributes) >=
			  max_t(u8, e->next.cpl, selector & 3)), vector, NP);
	nacre_emu_load(e, seg, &d);
}

/* In long mode a code segment is not both 64-bit and 32-bit. */
bool nacre_emu_is_code(const struct nacre_emulator *e, u16 attributes)
{
	if ((attributes & (ATTR_S | ATTR_CODE)) != (ATTR_S | ATTR_CODE))
		return false;
	return !is_long_mode(e) ||
	       (attributes & (ATTR_L | ATTR_DB)) != (ATTR_L | ATTR_DB);
}

u8 nacre_emu_code_mode(const struct nacre_emulator *e, u16 attributes)
{
	if (is_long_mode(e) && attributes & ATTR_L)
		return 64;
	return attributes & ATTR_DB ? 32 : 16;
}

/* What the checks on CS have let pass: mode, level and RIP follow. */
void nacre_emu_load_code(struct nacre_emulator *e,
			 struct nacre_emu_descriptor *d, u8 cpl, u64 rip,
			 u8 size)
{
	d->selector = (d->selector & ~3) | cpl;
	nacre_emu_load(e, CS, d);
	e->next.cpl = cpl;
	e->mode = nacre_emu_code_mode(e, d->attributes);
	nacre_emu_jump(e, rip, size);
}

/* ---- instructions ---- */

static void mov_to_segment(struct nacre_emulator *e)
{
	u8 seg = extension(e);

	nacre_emu_load_segment(e, seg, nacre_emu_rm(e, 2), GP);
	if (seg == SS)
		e->next.shadow = NACRE_EMU_MOV_SS;
}

static void mov_from_segment(struct nacre_emulator *e)
{
	nacre_emu_store_word(e, e->next.segments[extension(e)].selector);
}

/* A pointer in memory; AMD's has no 64-bit offset. */
u8 nacre_emu_far_size(const struct nacre_emulator *e)
{
	u8 size = e->insn->operand_size;

	return is_amd(e) ? min_t(u8, size, 4) : size;
}

u16 nacre_emu_far_pointer(struct nacre_emulator *e, u64 *offset)
{
	u8 size = nacre_emu_far_size(e), seg = nacre_emu_segment(e);
	u64 at = nacre_emu_address(e);

	*offset = nacre_emu_read(e, seg, at, size);
	return nacre_emu_read(e, seg, at + size, 2);
}

/* LES, LDS, LSS, LFS, LGS. */
static void load_far_pointer(struct nacre_emulator *e)
{
	u8 opcode = e->insn->opcode, seg;
	u16 selector;
	u64 offset;

	selector = nacre_emu_far_pointer(e, &offset);
	seg = opcode & 7;
	if (e->insn->map == NACRE_MAP_1BYTE)
		seg = opcode == 0xc4 ? ES : DS;
	nacre_emu_load_segment(e, seg, selector, GP);
	set_register(e, e->insn->reg, nacre_emu_far_size(e), offset);
}

static void store_selector(struct nacre_emulator *e)
{
	u8 seg = extension(e) ? TR : LDTR;

	nacre_emu_store_word(e, e->next.segments[seg].selector);
}

void nacre_emu_load_ldt(struct nacre_emulator *e, u16 selector, u8 vector,
			u8 absent)
{
	struct nacre_emu_descriptor d;

	if (!(selector & ~3))
		return load_null(e, LDTR, selector);
	if (selector & 4)
		nacre_emu_raise(e, vector, error_of(e, selector));
	if (!nacre_emu_descriptor(e, selector, vector, &d))
		return;
	check_descriptor(e, &d, is_system(&d, TYPE_LDT), vector, absent);
	nacre_emu_load(e, LDTR, &d);
}

static void lldt(struct nacre_emulator *e)
{
	nacre_emu_load_ldt(e, nacre_emu_rm(e, 2), GP, NP);
}

static void ltr(struct nacre_emulator *e)
{
	u16 selector = nacre_emu_rm(e, 2);
	struct nacre_emu_descriptor d;

	if (selector & 4)
		nacre_emu_raise(e, GP, selector & ~3);
	if (!nacre_emu_descriptor(e, selector, GP, &d))
		return;
	check_descriptor(e, &d, is_system(&d, TYPE_TSS32) ||
			 (!is_long_mode(e) && is_system(&d, TYPE_TSS16)),
			 GP, NP);
	d.attributes |= TYPE_BUSY;
	nacre_emu_write_system(e, d.address + 5, d.attributes & 0xff, 1);
	nacre_emu_load(e, TR, &d);
}

/* That there is no such descriptor is no fault here. */
static bool look_up(struct nacre_emulator *e, u16 selector,
		    struct nacre_emu_descriptor *d)
{
	if (stopped(e))
		return false;
	if (nacre_emu_descriptor(e, selector, GP, d))
		return is_conforming(d->attributes) || DPL(d->attributes) >=
		       max_t(u8, e->next.cpl, selector & 3);
	if (e->result == NACRE_EMU_FAULT && e->exception.vector == GP)
		e->result = NACRE_EMU_DONE;
	return false;
}

/* LAR, LSL: of system descriptors, those that have rights, or a limit. */
static void look_at_segment(struct nacre_emulator *e)
{
	u32 types = BIT(TYPE_LDT) | BIT(TYPE_TSS32) | BIT(TYPE_TSS32_BUSY);
	bool limit = e->insn->opcode & 1, found;
	struct nacre_emu_descriptor d;
	u32 value;

	if (!is_long_mode(e))
		types |= BIT(TYPE_TSS16) | BIT(TYPE_TSS16_BUSY);
	if (!limit)
		types |= BIT(TYPE_CALL32) | (is_long_mode(e) ? 0 :
			 BIT(TYPE_CALL16) | BIT(TYPE_TASK_GATE));
	found = look_up(e, nacre_emu_rm(e, 2), &d) &&
		(d.attributes & ATTR_S ||
		 types & BIT(d.attributes & ATTR_TYPE));
	set_flags(e, X86_EFLAGS_ZF, found ? X86_EFLAGS_ZF : 0);
	if (!found)
		return;
	/* The limit's upper bits are among them. */
	value = (d.attributes & 0xff) << 8 | (d.attributes & 0xf00) << 12 |
		(d.limit >> (d.attributes & ATTR_G ? 28 : 16) & 15) << 16;
	set_register(e, e->insn->reg, e->insn->operand_size,
		     limit ? d.limit : value);
}

/* VERR, VERW. */
static void verify_segment(struct nacre_emulator *e)
{
	u16 writable = ATTR_S | ATTR_WRITABLE;
	struct nacre_emu_descriptor d;
	bool ok = look_up(e, nacre_emu_rm(e, 2), &d);

	if (extension(e) & 1)
		ok = ok && (d.attributes & (writable | ATTR_CODE)) == writable;
	else
		ok = ok && is_readable(d.attributes);
	set_flags(e, X86_EFLAGS_ZF, ok ? X86_EFLAGS_ZF : 0);
}

/* ARPL: an RPL that is lower than the other is raised. */
static void adjust_rpl(struct nacre_emulator *e)
{
	u16 rpl = gpr(e)[e->insn->reg & 15] & 3, selector = nacre_emu_rm(e, 2);
	bool lower = (selector & 3) < rpl;

	if (lower)
		nacre_emu_set_rm(e, 2, (selector & ~3) | rpl);
	set_flags(e, X86_EFLAGS_ZF, lower ? X86_EFLAGS_ZF : 0);
}

const struct nacre_emu_row nacre_emu_segments[] = {
	{ ONE(0x63), ALL, NEED_PROTECTED | NOT_64BIT, adjust_rpl },
	{ ONE(0x8c), 0x3f, 0, mov_from_segment },
	{ ONE(0x8e), 0x3d, 0, mov_to_segment },
	{ RANGE(0xc4, 0xc5), ALL, ON_MEMORY, load_far_pointer },
	{ ONE_0F(0x00), BIT(0) | BIT(1), NEED_PROTECTED | NEED_UMIP,
	  store_selector },
	{ ONE_0F(0x00), BIT(2), NEED_PROTECTED | NEED_CPL0, lldt },
	{ ONE_0F(0x00), BIT(3), NEED_PROTECTED | NEED_CPL0, ltr },
	{ ONE_0F(0x00), BIT(4) | BIT(5), NEED_PROTECTED, verify_segment },
	{ RANGE_0F(0x02, 0x03), ALL, NEED_PROTECTED, look_at_segment },
	{ ONE_0F(0xb2), ALL, ON_MEMORY, load_far_pointer },
	{ RANGE_0F(0xb4, 0xb5), ALL, ON_MEMORY, load_far_pointer },
	{}
};
