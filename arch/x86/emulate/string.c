// SPDX-License-Identifier: GPL-2.0
/*
 * String instructions, and ports.
 *
 * Intel SDM, "REP/REPE/REPZ/REPNE/REPNZ"; "I/O Permission Bit Map".
 */
#include "arch/x86/emulate/execute.h"

#define TSS_IO_MAP	0x66	/* where its offset is */

static bool map_allows(struct nacre_emulator *e, u16 port, u8 size)
{
	const struct nacre_emu_segment *tr = &e->next.segments[TR];
	u32 at;
	u16 bits;

	/* A 32-bit TSS, available or busy. */
	if ((tr->attributes & (ATTR_P | ATTR_S | 0xd)) != (ATTR_P | 9) ||
	    tr->limit < TSS_IO_MAP + 1)
		return false;
	at = nacre_emu_read_system(e, tr->base + TSS_IO_MAP, 2) + port / 8;
	if (at >= tr->limit)
		return false;
	bits = nacre_emu_read_system(e, tr->base + at, 2);
	return !(bits >> port % 8 & ((1u << size) - 1));
}

bool nacre_emu_port_allowed(struct nacre_emulator *e, u16 port, u8 size)
{
	if (e->next.cr0 & X86_CR0_PE &&
	    (is_vm86(e) || e->next.cpl > iopl(e)) &&
	    !map_allows(e, port, size))
		nacre_emu_raise(e, GP, 0);
	return !stopped(e);
}

static u32 port_in(struct nacre_emulator *e, u16 port, u8 size)
{
	u32 value = 0;

	if (!stopped(e))
		nacre_emu_stop(e, e->ops->in(e, port, size, &value));
	return value;
}

static u8 element_size(const struct nacre_emulator *e)
{
	u8 wide = e->insn->operand_size;

	if (!(e->insn->opcode & 1))
		return 1;
	/* Ports have no 64 bits. */
	return e->insn->opcode < 0xa4 || e->insn->opcode > 0xaf ?
	       min_t(u8, wide, 4) : wide;
}

/* IN, OUT: the port is an immediate or DX. */
static void port_access(struct nacre_emulator *e)
{
	u8 opcode = e->insn->opcode, size = element_size(e);
	u16 port = opcode & 8 ? gpr(e)[RDX] : e->insn->immediate;

	if (!nacre_emu_port_allowed(e, port, size))
		return;
	if (opcode & 2)
		nacre_emu_stop(e, e->ops->out(e, port, size, gpr(e)[RAX] &
					      nacre_size_mask(size)));
	else
		set_register(e, RAX, size, port_in(e, port, size));
}

static void move_index(struct nacre_emulator *e, u8 reg, u8 size)
{
	s64 step = e->next.regs.rflags & X86_EFLAGS_DF ? -size : size;

	set_register(e, reg, e->insn->address_size, gpr(e)[reg] + step);
}

static u64 index_of(struct nacre_emulator *e, u8 reg)
{
	return gpr(e)[reg] & nacre_size_mask(e->insn->address_size);
}

static u64 load_element(struct nacre_emulator *e, u8 seg, u8 reg, u8 size)
{
	u64 value = nacre_emu_read(e, seg, index_of(e, reg), size);

	move_index(e, reg, size);
	return value;
}

static u64 from_source(struct nacre_emulator *e, u8 size)
{
	return load_element(e, e->insn->segment >= 0 ? e->insn->segment : DS,
			    RSI, size);
}

static void to_destination(struct nacre_emulator *e, u64 value, u8 size)
{
	nacre_emu_write(e, ES, index_of(e, RDI), value, size);
	move_index(e, RDI, size);
}

static void compare(struct nacre_emulator *e, u64 a, u64 b, u8 size)
{
	set_flags(e, NACRE_STATUS_FLAGS, nacre_compare_flags(a, b, size));
}

/* The write comes last, but whether it could be done before the read. */
static void input(struct nacre_emulator *e, u16 port, u8 size)
{
	u32 value = 0;
	u64 linear;

	if (!nacre_emu_port_allowed(e, port, size))
		return;
	linear = nacre_emu_linear(e, ES, index_of(e, RDI), size, true);
	nacre_emu_put(e, linear, &value, size, 0);
	value = port_in(e, port, size);
	memcpy(e->bytes, &value, size);
	move_index(e, RDI, size);
}

static void output(struct nacre_emulator *e, u16 port, u8 size)
{
	u64 value;

	if (!nacre_emu_port_allowed(e, port, size))
		return;
	value = from_source(e, size);
	if (!stopped(e))
		nacre_emu_stop(e, e->ops->out(e, port, size, value));
}

static void element(struct nacre_emulator *e, u8 size)
{
	u64 value;

	switch (e->insn->opcode & ~1) {
	case 0x6c:
		return input(e, gpr(e)[RDX], size);
	case 0x6e:
		return output(e, gpr(e)[RDX], size);
	case 0xa4:
		return to_destination(e, from_source(e, size), size);
	case 0xa6:
		/* In this order: it shows where neither is there. */
		value = load_element(e, ES, RDI, size);
		return compare(e, from_source(e, size), value, size);
	case 0xaa:
		return to_destination(e, gpr(e)[RAX], size);
	case 0xac:
		return set_register(e, RAX, size, from_source(e, size));
	default:
		return compare(e, gpr(e)[RAX],
			       load_element(e, ES, RDI, size), size);
	}
}

/* CMPS and SCAS stop at what REPE and REPNE say. */
static bool goes_on(struct nacre_emulator *e)
{
	u8 opcode = e->insn->opcode & ~1;
	bool equal = e->next.regs.rflags & X86_EFLAGS_ZF;

	if (!index_of(e, RCX))
		return false;
	if (opcode != 0xa6 && opcode != 0xae)
		return true;
	return equal == (e->insn->simd_prefix == NACRE_SIMD_F3);
}

/* AMD asks whether the port is allowed even if there is nothing to do. */
static void repeated(struct nacre_emulator *e, u8 size)
{
	u64 next_rip = e->next.rip, rip = e->state.rip;
	bool single = e->state.regs.rflags & X86_EFLAGS_TF, more;
	unsigned int i;

	if (is_amd(e) && e->insn->opcode < 0xa4 &&
	    !nacre_emu_port_allowed(e, gpr(e)[RDX], size))
		return;
	for (i = 1; index_of(e, RCX); i++) {
		element(e, size);
		set_register(e, RCX, e->insn->address_size, gpr(e)[RCX] - 1);
		more = goes_on(e);
		e->next.rip = more ? rip : next_rip;
		if (stopped(e) || !more || single || i == NACRE_EMU_REPEAT)
			return;
		nacre_emu_finish(e);
	}
}

static void string(struct nacre_emulator *e)
{
	u8 size = element_size(e);

	if (e->insn->prefixes & (NACRE_PFX_REP | NACRE_PFX_REPNE))
		repeated(e, size);
	else
		element(e, size);
}

const struct nacre_emu_row nacre_emu_string[] = {
	{ RANGE(0x6c, 0x6f), ALL, 0, string },
	{ RANGE(0xa4, 0xa7), ALL, 0, string },
	{ RANGE(0xaa, 0xaf), ALL, 0, string },
	{ RANGE(0xe4, 0xe7), ALL, 0, port_access },
	{ RANGE(0xec, 0xef), ALL, 0, port_access },
	{}
};
