// SPDX-License-Identifier: GPL-2.0
/*
 * Far branches: CALL, JMP, RET and IRET to another code segment.
 *
 * Intel SDM, "Instruction Set Reference": their operation; "Privilege Level
 * Checking When Transferring Program Control Between Code Segments".
 */
#include "arch/x86/emulate/execute.h"

struct target {
	u16 selector;
	u64 offset;
	u8 size;		/* of the operand: offset, and what is pushed */
	bool call;
};

static void real_branch(struct nacre_emulator *e, const struct target *t)
{
	if (t->call)
		nacre_emu_push_return(e, t->size);
	nacre_emu_jump(e, t->offset, t->size);
	nacre_emu_load_real(e, CS, t->selector);
}

static void to_code(struct nacre_emulator *e, const struct target *t,
		    struct nacre_emu_descriptor *d)
{
	u8 cpl = e->next.cpl, rpl = t->selector & 3, dpl = DPL(d->attributes);

	check_descriptor(e, d, nacre_emu_is_code(e, d->attributes) &&
			 (d->attributes & ATTR_DOWN ? dpl <= cpl :
			  dpl == cpl && rpl <= cpl), GP, NP);
	/* What is pushed goes to the stack as the code there has it. */
	e->mode = nacre_emu_code_mode(e, d->attributes);
	if (t->call)
		nacre_emu_push_return(e, t->size);
	nacre_emu_load_code(e, d, cpl, t->offset, t->size);
}

static void through_gate(struct nacre_emulator *e, struct target *t,
			 const struct nacre_emu_descriptor *gate)
{
	u8 size = gate->attributes & 8 ? 4 : 2, cpl = e->next.cpl, dpl;
	unsigned int words = gate->words;
	struct nacre_emu_descriptor d;
	bool inner;

	if (is_long_mode(e)) {
		size = 8;
		words = 0;
	}
	if (!nacre_emu_descriptor(e, gate->target, GP, &d))
		return;
	dpl = DPL(d.attributes);
	inner = !(d.attributes & ATTR_DOWN) && dpl < cpl;
	check_descriptor(e, &d, nacre_emu_is_code(e, d.attributes) &&
			 dpl <= cpl && (t->call || !inner) &&
			 (size != 8 || d.attributes & ATTR_L), GP, NP);
	if (inner)
		nacre_emu_switch_stack(e, dpl, 0, size, words, 1);
	if (t->call)
		nacre_emu_push_return(e, size);
	nacre_emu_load_code(e, &d, e->next.cpl, gate->base, size);
}

static void branch(struct nacre_emulator *e, struct target *t)
{
	u32 types = BIT(TYPE_CALL32);
	struct nacre_emu_descriptor d;
	u8 type;

	if (!is_protected(e))
		return real_branch(e, t);
	if (!nacre_emu_descriptor(e, t->selector, GP, &d))
		return;
	if (d.attributes & ATTR_S)
		return to_code(e, t, &d);
	if (!is_long_mode(e))
		types |= BIT(TYPE_CALL16) | BIT(TYPE_TASK_GATE) |
			 BIT(TYPE_TSS16) | BIT(TYPE_TSS32);
	type = d.attributes & ATTR_TYPE;
	check_descriptor(e, &d, types & BIT(type) && DPL(d.attributes) >=
			 max_t(u8, e->next.cpl, t->selector & 3), GP, NP);
	if (stopped(e))
		return;
	if (type == TYPE_CALL16 || type == TYPE_CALL32)
		return through_gate(e, t, &d);
	nacre_emu_switch_task(e, type == TYPE_TASK_GATE ? d.target :
			      t->selector, t->call ? NACRE_EMU_TASK_CALL :
			      NACRE_EMU_TASK_JMP, false, 0);
}

/* JMP and CALL with the pointer in the instruction, or in memory. */
static void branch_direct(struct nacre_emulator *e)
{
	struct target t = {
		.selector = e->insn->immediate2,
		.offset = e->insn->immediate,
		.size = e->insn->operand_size,
		.call = e->insn->opcode == 0x9a,
	};

	branch(e, &t);
}

static void branch_indirect(struct nacre_emulator *e)
{
	struct target t = {
		.call = extension(e) == 3, .size = e->insn->operand_size,
	};

	t.selector = nacre_emu_far_pointer(e, &t.offset);
	branch(e, &t);
}

/* What a less privileged level may not have is taken away. */
static void drop_segments(struct nacre_emulator *e)
{
	static const u8 which[] = { ES, DS, FS, GS };
	struct nacre_emu_segment *s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(which); i++) {
		s = &e->next.segments[which[i]];
		if (DPL(s->attributes) < e->next.cpl &&
		    !is_conforming(s->attributes)) {
			s->selector = 0;
			s->attributes = 0;
		}
	}
}

/* To the same level, or an outer one whose stack is on this one. */
static void return_to(struct nacre_emulator *e, u16 selector, u64 rip,
		      u8 size, unsigned int release, bool pop_stack)
{
	u8 rpl = selector & 3, dpl;
	struct nacre_emu_descriptor d;
	bool outer = rpl > e->next.cpl;
	u64 sp;
	u16 ss;

	/* AMD looks first at the stack that it goes to. */
	set_register(e, RSP, nacre_emu_stack_size(e), gpr(e)[RSP] + release);
	if (is_amd(e) && (pop_stack || rpl != e->next.cpl)) {
		nacre_emu_peek(e, 1, size);
		nacre_emu_peek(e, 0, size);
	}
	if (!nacre_emu_descriptor(e, selector, GP, &d))
		return;
	dpl = DPL(d.attributes);
	check_descriptor(e, &d, rpl >= e->next.cpl &&
			 nacre_emu_is_code(e, d.attributes) &&
			 (d.attributes & ATTR_DOWN ? dpl <= rpl : dpl == rpl),
			 GP, NP);
	if (!outer && !pop_stack)
		return nacre_emu_load_code(e, &d, rpl, rip, size);
	sp = nacre_emu_pop(e, size);
	ss = nacre_emu_pop(e, size);
	nacre_emu_load_code(e, &d, rpl, rip, size);
	nacre_emu_load_stack(e, ss, rpl, GP, SF);
	set_register(e, RSP, max(nacre_emu_stack_size(e), size), sp);
	set_register(e, RSP, nacre_emu_stack_size(e), gpr(e)[RSP] + release);
	if (outer)
		drop_segments(e);
}

static void return_far(struct nacre_emulator *e)
{
	u8 size = e->insn->operand_size;
	/* In this order: it shows where the first of them is not there. */
	u16 selector = nacre_emu_peek(e, 1, size);
	u64 rip = nacre_emu_pop(e, size);

	nacre_emu_pop(e, size);
	if (is_protected(e))
		return return_to(e, selector, rip, size, e->insn->immediate,
				 false);
	nacre_emu_jump(e, rip, size);
	nacre_emu_load_real(e, CS, selector);
	set_register(e, RSP, nacre_emu_stack_size(e),
		     gpr(e)[RSP] + e->insn->immediate);
}

static void return_to_vm86(struct nacre_emulator *e, u16 cs, u64 rip,
			   u64 flags)
{
	static const u8 order[] = { ES, DS, FS, GS };
	u64 sp = nacre_emu_pop(e, 4);
	u16 ss = nacre_emu_pop(e, 4), selectors[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		selectors[i] = nacre_emu_pop(e, 4);
	nacre_emu_set_flags(e, flags, ~0xffffull | X86_EFLAGS_VM, 4);
	e->next.cpl = 3;
	e->mode = 16;
	nacre_emu_load_real(e, CS, cs);
	nacre_emu_load_real(e, SS, ss);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		nacre_emu_load_real(e, order[i], selectors[i]);
	gpr(e)[RSP] = sp;
	nacre_emu_jump(e, (u16)rip, 2);
}

static void iret_protected(struct nacre_emulator *e, u8 size)
{
	/* In this order: it shows where the first of them is not there. */
	u64 flags = nacre_emu_peek(e, 2, size), also = X86_EFLAGS_RF, rip;
	u16 selector = nacre_emu_peek(e, 1, size);
	u8 cpl = e->next.cpl, level = iopl(e);

	rip = nacre_emu_pop(e, size);
	nacre_emu_pop(e, size);
	nacre_emu_pop(e, size);
	if (flags & X86_EFLAGS_VM && !cpl && size == 4 && !is_long_mode(e))
		return return_to_vm86(e, selector, rip, flags);
	return_to(e, selector, rip, size, 0, is_64bit(e));
	/* The flags are the old level's to change. */
	if (!cpl)
		also |= X86_EFLAGS_IOPL | X86_EFLAGS_VIF | X86_EFLAGS_VIP;
	if (cpl <= level)
		also |= X86_EFLAGS_IF;
	nacre_emu_set_flags(e, flags, also, size);
}

static void iret(struct nacre_emulator *e)
{
	u8 size = e->insn->operand_size;
	u64 rip, flags;
	u16 selector;

	e->next.nmi_unmasked = true;
	if (is_protected(e)) {
		if (!(e->next.regs.rflags & X86_EFLAGS_NT))
			return iret_protected(e, size);
		if (is_long_mode(e))
			return nacre_emu_raise(e, GP, 0);
		/* To the task that this one was called by. */
		selector = nacre_emu_read_system(e, e->next.segments[TR].base,
						 2);
		return nacre_emu_switch_task(e, selector, NACRE_EMU_TASK_IRET,
					     false, 0);
	}
	if (is_vm86(e) && iopl(e) < 3)
		return nacre_emu_raise(e, GP, 0);
	rip = nacre_emu_pop(e, size);
	selector = nacre_emu_pop(e, size);
	flags = nacre_emu_pop(e, size);
	nacre_emu_jump(e, rip, size);
	nacre_emu_load_real(e, CS, selector);
	nacre_emu_set_flags(e, flags, X86_EFLAGS_RF, size);
}

/* INT3, INT, INTO, INT1. */
static void interrupt(struct nacre_emulator *e)
{
	u8 opcode = e->insn->opcode, vector = e->insn->immediate;

	if (opcode == 0xce && !(e->next.regs.rflags & X86_EFLAGS_OF))
		return;
	if (is_vm86(e) && opcode == 0xcd && iopl(e) < 3)
		return nacre_emu_raise(e, GP, 0);
	if (opcode == 0xcc)
		vector = BP;
	else if (opcode == 0xce)
		vector = OF;
	else if (opcode == 0xf1)
		vector = DB;
	/* INT1 is as from hardware: no gate's level stands in its way. */
	nacre_emu_interrupt(e, vector, opcode == 0xf1 ? NACRE_EMU_EXCEPTION :
			    NACRE_EMU_SOFTWARE, false, 0);
}

const struct nacre_emu_row nacre_emu_far[] = {
	{ ONE(0x9a), ALL, 0, branch_direct },
	{ RANGE(0xca, 0xcb), ALL, 0, return_far },
	{ RANGE(0xcc, 0xce), ALL, 0, interrupt },
	{ ONE(0xcf), ALL, 0, iret },
	{ ONE(0xea), ALL, 0, branch_direct },
	{ ONE(0xf1), ALL, 0, interrupt },
	{ ONE(0xff), BIT(3) | BIT(5), ON_MEMORY, branch_indirect },
	{}
};
