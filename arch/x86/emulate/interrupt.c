// SPDX-License-Identifier: GPL-2.0
/*
 * Delivering an event through the IDT, or real mode's table of vectors.
 *
 * Intel SDM, "Interrupt and Exception Handling", "Stack Switching in IA-32e
 * Mode", "INT n/INTO/INT3/INT1"; AMD APM, "Interrupt Control Transfers".
 */
#include "arch/x86/emulate/execute.h"

/* Of the TSS: where the stack of an inner level is, and the IST. */
static u64 inner_stack(struct nacre_emulator *e, u8 cpl, u8 ist, u16 *ss)
{
	const struct nacre_emu_segment *tr = &e->next.segments[TR];
	u8 size = tr->attributes & 8 ? 4 : 2;
	u32 at = size + cpl * 2 * size;
	u64 sp;

	if (is_long_mode(e)) {
		size = 8;
		at = ist ? 0x1c + 8 * ist : 4 + 8 * cpl;
	}
	if (at + (size == 8 ? 7 : size + 1) > tr->limit)
		nacre_emu_raise(e, TS, error_of(e, tr->selector));
	sp = nacre_emu_read_system(e, tr->base + at, size);
	*ss = cpl;
	if (size != 8)
		*ss = nacre_emu_read_system(e, tr->base + at + size, 2);
	return sp;
}

/* Virtual-8086 mode's segments are not the handler's. */
static void leave_vm86(struct nacre_emulator *e, u8 size)
{
	static const u8 order[] = { GS, FS, DS, ES };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		nacre_emu_push(e, e->state.segments[order[i]].selector, size);
		e->next.segments[order[i]].selector = 0;
		e->next.segments[order[i]].attributes = 0;
	}
}

/* The old stack's address is on the new one, and what is handed over. */
void nacre_emu_switch_stack(struct nacre_emulator *e, u8 cpl, u8 ist, u8 size,
			    unsigned int words, u8 align)
{
	u64 old_sp = gpr(e)[RSP] & nacre_size_mask(nacre_emu_stack_size(e));
	u16 old_ss = e->next.segments[SS].selector, ss;
	bool inner = cpl < e->next.cpl, vm86 = is_vm86(e);
	u64 sp = gpr(e)[RSP], values[31];
	unsigned int i;

	if (inner || ist)
		sp = inner_stack(e, cpl, ist, &ss);
	for (i = 0; i < words; i++)
		values[i] = nacre_emu_read(e, SS, old_sp + i * size, size);
	e->next.regs.rflags &= ~(u64)X86_EFLAGS_VM;
	e->next.cpl = cpl;
	e->mode = size == 8 ? 64 : e->mode;
	if (inner)
		nacre_emu_load_stack(e, ss, cpl, TS, SF);
	gpr(e)[RSP] = sp & -(u64)align;
	if (vm86)
		leave_vm86(e, size);
	nacre_emu_push(e, old_ss, size);
	nacre_emu_push(e, old_sp, size);
	while (words)
		nacre_emu_push(e, values[--words], size);
}

static void real_interrupt(struct nacre_emulator *e, u8 vector)
{
	u32 entry;

	if (vector * 4 + 3 > e->next.idtr.limit)
		return nacre_emu_raise(e, GP, 0);
	entry = nacre_emu_read_system(e, e->next.idtr.base + vector * 4, 4);
	nacre_emu_push(e, e->next.regs.rflags, 2);
	nacre_emu_push_return(e, 2);
	nacre_emu_load_real(e, CS, entry >> 16);
	nacre_emu_jump(e, (u16)entry, 2);
	e->next.regs.rflags &= ~(u64)(X86_EFLAGS_IF | X86_EFLAGS_TF |
				      X86_EFLAGS_AC);
}

static void through_gate(struct nacre_emulator *e,
			 const struct nacre_emu_descriptor *gate,
			 bool has_error, u32 error)
{
	u8 size = gate->attributes & 8 ? 4 : 2, ist = 0, cpl;
	u64 flags = e->next.regs.rflags;
	u64 cleared = X86_EFLAGS_TF | X86_EFLAGS_NT | X86_EFLAGS_RF |
		      X86_EFLAGS_VM;
	struct nacre_emu_descriptor d;

	if (is_long_mode(e)) {
		size = 8;
		ist = gate->words & 7;
	}
	if (!nacre_emu_descriptor(e, gate->target, GP, &d))
		return;
	cpl = d.attributes & ATTR_DOWN ? e->next.cpl : DPL(d.attributes);
	check_descriptor(e, &d, nacre_emu_is_code(e, d.attributes) &&
			 DPL(d.attributes) <= e->next.cpl &&
			 !(is_vm86(e) && cpl) &&
			 (size != 8 || d.attributes & ATTR_L), GP, NP);
	if (size == 8 || cpl < e->next.cpl)
		nacre_emu_switch_stack(e, cpl, ist, size, 0,
				       size == 8 ? 16 : 1);
	nacre_emu_push(e, flags, size);
	nacre_emu_push_return(e, size);
	if (has_error)
		nacre_emu_push(e, error, size);
	nacre_emu_load_code(e, &d, cpl, gate->base, size);
	if (!(gate->attributes & 1))
		cleared |= X86_EFLAGS_IF;
	e->next.regs.rflags &= ~cleared;
}

static bool is_gate(const struct nacre_emulator *e, u8 type)
{
	u32 types = BIT(TYPE_INTERRUPT32) | BIT(TYPE_TRAP32);

	if (!is_long_mode(e))
		types |= BIT(TYPE_TASK_GATE) | BIT(TYPE_INTERRUPT16) |
			 BIT(TYPE_TRAP16);
	return types & BIT(type);
}

void nacre_emu_interrupt(struct nacre_emulator *e, u8 vector,
			 enum nacre_emu_event event, bool has_error, u32 error)
{
	u8 size = is_long_mode(e) ? 16 : 8, type;
	struct nacre_emu_descriptor gate;
	u32 at = vector * size, code;
	bool ok;

	e->external = event != NACRE_EMU_SOFTWARE;
	if (!(e->next.cr0 & X86_CR0_PE))
		return real_interrupt(e, vector);
	code = vector * 8 + 2 + e->external;
	if (at + size - 1 > e->next.idtr.limit)
		return nacre_emu_raise(e, GP, code);
	nacre_emu_parse(e, e->next.idtr.base + at, size == 16, &gate);
	type = gate.attributes & ATTR_TYPE;
	ok = !(gate.attributes & ATTR_S) && is_gate(e, type) &&
	     (event != NACRE_EMU_SOFTWARE ||
	      DPL(gate.attributes) >= e->next.cpl);
	if (!ok || !(gate.attributes & ATTR_P))
		nacre_emu_raise(e, ok ? NP : GP, code);
	if (stopped(e))
		return;
	if (type == TYPE_TASK_GATE)
		nacre_emu_switch_task(e, gate.target, NACRE_EMU_TASK_EVENT,
				      has_error, error);
	else
		through_gate(e, &gate, has_error, error);
}
