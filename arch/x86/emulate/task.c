// SPDX-License-Identifier: GPL-2.0
/*
 * Task switches.
 *
 * Intel SDM, "Task Switching", whose table of exception conditions names the
 * faults; "Task-State Segment (TSS)", "16-Bit Task-State Segment (TSS)"; AMD
 * APM, "Task Management Resources". Up to CR3 all happens in the old task, and
 * a fault leaves it as it was. What is wrong with the new task's segments is
 * the new task's fault: it is there then, with those loaded that came before.
 */
#include "arch/x86/emulate/execute.h"

#define TSS_CR3		0x1c
#define TSS_TRAP	0x64
#define TSS_BYTES	0x68
#define TASK_FLAGS	0x3f7fd5u

/* In a row: IP, flags, the registers, segments, LDTR. */
enum { IP, FLAGS, REGISTERS, SEGMENTS = 10 };

static const struct layout {
	u8 size, limit, first, last_segment;
} layouts[] = {
	{ 2, 0x2b, 0x0e, DS },
	{ 4, 0x67, 0x20, GS },
};

static const struct layout *layout(u16 attributes)
{
	return &layouts[attributes >> 3 & 1];
}

static u64 place(const struct nacre_emu_segment *tss, unsigned int i)
{
	const struct layout *l = layout(tss->attributes);

	return tss->base + l->first + i * l->size;
}

/* Of a selector's place the other half stays. */
static void save(struct nacre_emulator *e, u64 flags)
{
	const struct nacre_emu_segment *tss = &e->next.segments[TR];
	const struct layout *l = layout(tss->attributes);
	unsigned int i;

	nacre_emu_write_system(e, place(tss, IP), e->next.rip, l->size);
	nacre_emu_write_system(e, place(tss, FLAGS), flags, l->size);
	for (i = RAX; i <= RDI; i++)
		nacre_emu_write_system(e, place(tss, REGISTERS + i), gpr(e)[i],
				       l->size);
	for (i = ES; i <= l->last_segment; i++)
		nacre_emu_write_system(e, place(tss, SEGMENTS + i),
				       e->next.segments[i].selector, 2);
}

/* In the descriptor of a TSS. */
static void mark(struct nacre_emulator *e, u16 selector, bool busy)
{
	u64 at = e->next.gdtr.base + (selector & ~7) + 5;
	u8 type = nacre_emu_read_system(e, at, 1) & ~TYPE_BUSY;

	nacre_emu_write_system(e, at, type | (busy ? TYPE_BUSY : 0), 1);
}

/* None is there yet; but CS can be left for a handler, which needs one. */
static void set_selectors(struct nacre_emulator *e, const u16 *selectors)
{
	u8 cpl = is_vm86(e) ? 3 : selectors[CS] & 3, i;

	for (i = ES; i <= GS; i++)
		e->next.segments[i] = (struct nacre_emu_segment) {
			.selector = selectors[i], .attributes = cpl << 5,
		};
	e->next.segments[CS].limit = ~0u;
	e->next.segments[CS].attributes |= ATTR_P | ATTR_S | ATTR_CODE |
					   ATTR_WRITABLE | ATTR_ACCESSED |
					   ATTR_DB | ATTR_G;
	e->next.cpl = cpl;
	e->mode = 32;
}

static u32 field(const u8 *tss, const struct layout *l, unsigned int i)
{
	u32 value = 0;

	memcpy(&value, tss + l->first + i * l->size, l->size);
	return value;
}

/* What needs no descriptor. The old CR3 is what the new TSS is found by. */
static void load(struct nacre_emulator *e, bool nested)
{
	struct nacre_emu_segment *tss = &e->next.segments[TR];
	const struct layout *l = layout(tss->attributes);
	u16 selectors[GS + 1] = {};
	u8 bytes[TSS_BYTES] = {};
	unsigned int i;
	u32 cr3;

	e->next.new_task = true;
	nacre_emu_get(e, tss->base, bytes, l->limit + 1, NACRE_EMU_SYSTEM);
	memcpy(&cr3, bytes + TSS_CR3, sizeof(cr3));
	e->next.rip = field(bytes, l, IP);
	e->next.regs.rflags = (field(bytes, l, FLAGS) & TASK_FLAGS) |
			      X86_EFLAGS_FIXED;
	if (nested)
		e->next.regs.rflags |= X86_EFLAGS_NT;
	for (i = RAX; i <= RDI; i++)
		gpr(e)[i] = field(bytes, l, REGISTERS + i);
	for (i = ES; i <= l->last_segment; i++)
		selectors[i] = field(bytes, l, SEGMENTS + i);
	set_selectors(e, selectors);
	e->next.segments[LDTR] = (struct nacre_emu_segment) {
		.selector = field(bytes, l, SEGMENTS + l->last_segment + 1),
	};
	if (l->size == 4) {
		e->next.task_trap = bytes[TSS_TRAP] & 1;
		if (e->next.cr0 & X86_CR0_PG)
			nacre_emu_write_cr(e, 3, cr3);
	}
	nacre_emu_write_cr(e, 0, e->next.cr0 | X86_CR0_TS);
}

static void load_cs(struct nacre_emulator *e, u16 selector)
{
	struct nacre_emu_descriptor d;
	u8 dpl;

	if (!nacre_emu_descriptor(e, selector, TS, &d))
		return;
	dpl = DPL(d.attributes);
	check_descriptor(e, &d, nacre_emu_is_code(e, d.attributes) &&
			 (d.attributes & ATTR_DOWN ? dpl <= e->next.cpl :
			  dpl == e->next.cpl), TS, NP);
	nacre_emu_load(e, CS, &d);
	e->mode = nacre_emu_code_mode(e, d.attributes);
}

/* One after another, and none behind the first that is wrong. */
static void load_segments(struct nacre_emulator *e)
{
	static const u8 order[] = { LDTR, CS, SS, DS, ES, FS, GS };
	struct nacre_emu_segment *s, before;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order) && !stopped(e); i++) {
		s = &e->next.segments[order[i]];
		before = *s;
		if (order[i] == LDTR)
			nacre_emu_load_ldt(e, s->selector, TS, TS);
		else if (order[i] == CS && is_protected(e))
			load_cs(e, s->selector);
		else
			nacre_emu_load_segment(e, order[i], s->selector, TS);
		if (stopped(e))
			*s = before;
	}
}

/* In the new task, whose stack has the error code. */
static void begin_task(struct nacre_emulator *e, u8 size, bool has_error,
		       u32 error)
{
	load_segments(e);
	e->mode = nacre_emu_code_mode(e, e->next.segments[CS].attributes);
	if (has_error && !stopped(e))
		nacre_emu_push(e, error, size);
	nacre_emu_jump(e, e->next.rip, 4);
	if (e->result == NACRE_EMU_FAULT) {
		e->result = NACRE_EMU_DONE;
		nacre_emu_commit(e);
		e->result = NACRE_EMU_FAULT;
	} else if (stopped(e) && e->next.cr3 != e->state.cr3) {
		/* It will all be begun again. */
		e->ops->check_cr(e, 3, e->state.cr3);
	}
}

void nacre_emu_switch_task(struct nacre_emulator *e, u16 selector,
			   enum nacre_emu_task_source source, bool has_error,
			   u32 error)
{
	u8 vector = source == NACRE_EMU_TASK_IRET ? TS : GP, type;
	bool back = source == NACRE_EMU_TASK_IRET;
	bool nested = !back && source != NACRE_EMU_TASK_JMP;
	struct nacre_emu_segment old = e->next.segments[TR];
	u64 flags = e->next.regs.rflags;
	struct nacre_emu_descriptor d;

	if (selector & 4)
		nacre_emu_raise(e, vector, error_of(e, selector));
	if (!nacre_emu_descriptor(e, selector, vector, &d))
		return;
	type = d.attributes & (ATTR_S | ATTR_TYPE);
	check_descriptor(e, &d, (type & ~(TYPE_BUSY | 8)) == TYPE_TSS16 &&
			 !(type & TYPE_BUSY) == !back, vector, NP);
	if (d.limit < layout(d.attributes)->limit)
		nacre_emu_raise(e, TS, error_of(e, selector));
	if (old.limit < layout(old.attributes)->limit)
		nacre_emu_raise(e, TS, error_of(e, old.selector));
	if (back)
		flags &= ~(u64)X86_EFLAGS_NT;
	save(e, flags);
	if (!nested)
		mark(e, old.selector, false);
	if (!back)
		mark(e, selector, true);
	if (nested)
		nacre_emu_write_system(e, d.base, old.selector, 2);
	d.attributes |= TYPE_BUSY;
	nacre_emu_load(e, TR, &d);
	load(e, nested);
	if (!stopped(e))
		begin_task(e, layout(d.attributes)->size, has_error, error);
}
