// SPDX-License-Identifier: GPL-2.0
/*
 * Near branches, and the stack.
 *
 * Intel SDM, "Instruction Set Reference"; AMD APM, "General-Purpose
 * Instruction Reference".
 */
#include "arch/x86/emulate/execute.h"

/* What POPF and IRET may always change. */
#define USER_FLAGS	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | \
			 X86_EFLAGS_ZF | X86_EFLAGS_SF | X86_EFLAGS_TF | \
			 X86_EFLAGS_DF | X86_EFLAGS_OF | X86_EFLAGS_NT | \
			 X86_EFLAGS_AC | X86_EFLAGS_ID)

/* Pushed and popped; and near branches, whose prefix Intel ignores. */
static u8 stack_operand(const struct nacre_emulator *e)
{
	if (!is_64bit(e))
		return e->insn->operand_size;
	return e->insn->operand_size == 2 ? 2 : 8;
}

static u8 near_size(const struct nacre_emulator *e)
{
	return is_64bit(e) && !is_amd(e) ? 8 : stack_operand(e);
}

void nacre_emu_jump(struct nacre_emulator *e, u64 rip, u8 size)
{
	rip &= nacre_size_mask(size);
	if (is_64bit(e) ? !nacre_emu_canonical(e, rip) :
			  rip > e->next.segments[CS].limit)
		nacre_emu_raise(e, GP, e->external);
	e->next.rip = rip;
}

static void jump_by(struct nacre_emulator *e)
{
	nacre_emu_jump(e, e->next.rip + e->insn->immediate, near_size(e));
}

static void jump_if(struct nacre_emulator *e)
{
	if (nacre_condition(e->insn->opcode, e->next.regs.rflags))
		jump_by(e);
}

/* LOOPNE, LOOPE, LOOP, JCXZ. */
static void loop(struct nacre_emulator *e)
{
	u8 width = e->insn->address_size, opcode = e->insn->opcode;
	u64 count = gpr(e)[RCX] - (opcode != 0xe3);
	bool more = count & nacre_size_mask(width);

	if (opcode != 0xe3)
		set_register(e, RCX, width, count);
	if (opcode < 0xe2)
		more = more && nacre_condition(5 - (opcode & 1),
					       e->next.regs.rflags);
	if (more == (opcode != 0xe3))
		jump_by(e);
}

static void call_by(struct nacre_emulator *e)
{
	nacre_emu_push(e, e->next.rip, near_size(e));
	jump_by(e);
}

static void call_to(struct nacre_emulator *e)
{
	u8 size = near_size(e);
	u64 to = nacre_emu_rm(e, size), next = e->next.rip;

	nacre_emu_push(e, next, size);
	nacre_emu_jump(e, to, size);
}

static void jump_to(struct nacre_emulator *e)
{
	u8 size = near_size(e);

	nacre_emu_jump(e, nacre_emu_rm(e, size), size);
}

static void return_near(struct nacre_emulator *e)
{
	u8 size = near_size(e);

	nacre_emu_jump(e, nacre_emu_pop(e, size), size);
	set_register(e, RSP, nacre_emu_stack_size(e),
		     gpr(e)[RSP] + e->insn->immediate);
}

/* ---- the stack ---- */

static void push_immediate(struct nacre_emulator *e)
{
	nacre_emu_push(e, e->insn->immediate, stack_operand(e));
}

static void push_rm(struct nacre_emulator *e)
{
	u8 size = stack_operand(e);

	nacre_emu_push(e, nacre_emu_rm(e, size), size);
}

/* An address made with RSP is made with the new one. */
static void pop_rm(struct nacre_emulator *e)
{
	u8 size = stack_operand(e);
	u64 value = nacre_emu_pop(e, size);

	nacre_emu_set_rm(e, size, value);
}

static void push_all(struct nacre_emulator *e)
{
	u64 sp = gpr(e)[RSP];
	unsigned int i;

	for (i = RAX; i <= RDI; i++)
		nacre_emu_push(e, i == RSP ? sp : gpr(e)[i],
			       e->insn->operand_size);
}

static void pop_all(struct nacre_emulator *e)
{
	u8 size = e->insn->operand_size;
	unsigned int i;
	u64 value;

	for (i = 0; i < 8; i++) {
		value = nacre_emu_pop(e, size);
		if (RDI - i != RSP)
			set_register(e, RDI - i, size, value);
	}
}

/* Without VME, virtual-8086 mode has no flags of its own below IOPL 3. */
static bool flags_allowed(struct nacre_emulator *e)
{
	return require(e, !is_vm86(e) || iopl(e) == 3, GP);
}

static void push_flags(struct nacre_emulator *e)
{
	u64 hidden = X86_EFLAGS_VM | X86_EFLAGS_RF;

	if (flags_allowed(e))
		nacre_emu_push(e, e->next.regs.rflags & ~hidden,
			       stack_operand(e));
}

void nacre_emu_set_flags(struct nacre_emulator *e, u64 flags, u64 also,
			 u8 size)
{
	u64 mask = USER_FLAGS | also;

	if (e->next.cpl <= iopl(e))
		mask |= X86_EFLAGS_IF;
	if (!e->next.cpl)
		mask |= X86_EFLAGS_IOPL;
	if (size == 2)
		mask &= 0xffff;
	set_flags(e, mask, flags);
}

static void pop_flags(struct nacre_emulator *e)
{
	u8 size = stack_operand(e);

	if (flags_allowed(e))
		nacre_emu_set_flags(e, nacre_emu_pop(e, size), 0, size);
}

static void enter(struct nacre_emulator *e)
{
	u8 size = stack_operand(e), width = nacre_emu_stack_size(e);
	unsigned int level = e->insn->immediate2 & 31, i;
	u64 mask = nacre_size_mask(width), frame, from;

	nacre_emu_push(e, gpr(e)[RBP], size);
	frame = gpr(e)[RSP];
	for (i = 1; i < level; i++) {
		from = (gpr(e)[RBP] - i * size) & mask;
		nacre_emu_push(e, nacre_emu_read(e, SS, from, size), size);
	}
	if (level)
		nacre_emu_push(e, frame, size);
	set_register(e, RBP, size, frame);
	set_register(e, RSP, width, gpr(e)[RSP] - e->insn->immediate);
	/* The new frame has to be writable, though nothing is written there. */
	from = nacre_emu_linear(e, SS, gpr(e)[RSP] & mask, size, true);
	if (!stopped(e))
		nacre_emu_stop(e, e->ops->probe(e, from, 1,
				nacre_emu_how(e, NACRE_EMU_WRITE)));
}

static void leave(struct nacre_emulator *e)
{
	u8 size = stack_operand(e), width = nacre_emu_stack_size(e);
	u64 frame;

	set_register(e, RSP, width, gpr(e)[RBP]);
	frame = nacre_emu_pop(e, size);
	set_register(e, RBP, size, frame);
}

/* 06 to 1F, and 0F A0 to A9: the number is in the opcode. */
static u8 opcode_segment(const struct nacre_emulator *e)
{
	return e->insn->opcode >> 3 & 7;
}

/* Of a wider slot Intel's processors leave the rest as it is. */
static void push_segment(struct nacre_emulator *e)
{
	u16 selector = e->next.segments[opcode_segment(e)].selector;
	u8 size = stack_operand(e), width = nacre_emu_stack_size(e);
	u64 sp = gpr(e)[RSP] - size;

	if (is_amd(e) || size == 2)
		return nacre_emu_push(e, selector, size);
	nacre_emu_write(e, SS, sp & nacre_size_mask(width), selector, 2);
	set_register(e, RSP, width, sp);
}

static void pop_segment(struct nacre_emulator *e)
{
	u16 selector = nacre_emu_pop(e, stack_operand(e));
	u8 seg = opcode_segment(e);

	nacre_emu_load_segment(e, seg, selector, GP);
	if (seg == SS)
		e->next.shadow = NACRE_EMU_MOV_SS;
}

const struct nacre_emu_row nacre_emu_flow[] = {
	{ ONE(0x06), ALL, 0, push_segment },
	{ ONE(0x07), ALL, 0, pop_segment },
	{ ONE(0x0e), ALL, 0, push_segment },
	{ ONE(0x16), ALL, 0, push_segment },
	{ ONE(0x17), ALL, 0, pop_segment },
	{ ONE(0x1e), ALL, 0, push_segment },
	{ ONE(0x1f), ALL, 0, pop_segment },
	{ RANGE(0x50, 0x57), ALL, 0, push_rm },
	{ RANGE(0x58, 0x5f), ALL, 0, pop_rm },
	{ ONE(0x60), ALL, 0, push_all },
	{ ONE(0x61), ALL, 0, pop_all },
	{ ONE(0x68), ALL, 0, push_immediate },
	{ ONE(0x6a), ALL, 0, push_immediate },
	{ RANGE(0x70, 0x7f), ALL, 0, jump_if },
	{ ONE(0x8f), BIT(0), 0, pop_rm },
	{ ONE(0x9c), ALL, 0, push_flags },
	{ ONE(0x9d), ALL, 0, pop_flags },
	{ RANGE(0xc2, 0xc3), ALL, 0, return_near },
	{ ONE(0xc8), ALL, 0, enter },
	{ ONE(0xc9), ALL, 0, leave },
	{ RANGE(0xe0, 0xe3), ALL, 0, loop },
	{ ONE(0xe8), ALL, 0, call_by },
	{ ONE(0xe9), ALL, 0, jump_by },
	{ ONE(0xeb), ALL, 0, jump_by },
	{ ONE(0xff), BIT(2), 0, call_to },
	{ ONE(0xff), BIT(4), 0, jump_to },
	{ ONE(0xff), BIT(6), 0, push_rm },
	{ RANGE_0F(0x80, 0x8f), ALL, 0, jump_if },
	{ ONE_0F(0xa0), ALL, 0, push_segment },
	{ ONE_0F(0xa1), ALL, 0, pop_segment },
	{ ONE_0F(0xa8), ALL, 0, push_segment },
	{ ONE_0F(0xa9), ALL, 0, pop_segment },
	{}
};
