// SPDX-License-Identifier: GPL-2.0
/*
 * System instructions.
 *
 * Intel SDM, "Instruction Set Reference"; AMD APM, "System Instruction
 * Reference".
 */
#include "arch/x86/emulate/execute.h"

#define CR3_NOFLUSH	BIT_ULL(63)
/* What SYSRET takes of R11. */
#define SYSRET_FLAGS	0x3c7fd7ull

/* ---- flags and the processor as a whole ---- */

static void do_hlt(struct nacre_emulator *e)
{
	e->next.halted = true;
}

/* CLI, STI. */
static void interrupt_flag(struct nacre_emulator *e)
{
	u64 *flags = &e->next.regs.rflags;

	if (!(e->insn->opcode & 1)) {
		*flags &= ~(u64)X86_EFLAGS_IF;
	} else if (!(*flags & X86_EFLAGS_IF)) {
		*flags |= X86_EFLAGS_IF;
		e->next.shadow = NACRE_EMU_STI;
	}
}

/* CLFLUSH and kin are loads of a byte. */
static void flush_line(struct nacre_emulator *e)
{
	nacre_emu_read(e, nacre_emu_segment(e), nacre_emu_address(e), 1);
}

static void do_cpuid(struct nacre_emulator *e)
{
	u32 regs[4] = { gpr(e)[RAX], 0, gpr(e)[RCX] };

	e->ops->cpuid(e, regs);
	gpr(e)[RAX] = regs[0];
	gpr(e)[RBX] = regs[1];
	gpr(e)[RCX] = regs[2];
	gpr(e)[RDX] = regs[3];
}

static void set_edx_eax(struct nacre_emulator *e, u64 value)
{
	gpr(e)[RAX] = (u32)value;
	gpr(e)[RDX] = value >> 32;
}

/* RDTSC, RDTSCP. */
static void do_rdtsc(struct nacre_emulator *e)
{
	bool with_aux = e->insn->opcode == 0x01;
	u32 aux = 0;

	if (!require(e, !with_aux || e->ops->has(e, NACRE_EMU_HAS_RDTSCP),
		     UD) ||
	    !require(e, !e->next.cpl || !(e->next.cr4 & X86_CR4_TSD), GP))
		return;
	set_edx_eax(e, e->ops->tsc(e, &aux));
	if (with_aux)
		gpr(e)[RCX] = aux;
}

/* ---- control and debug registers ---- */

static u64 *control_register(struct nacre_emulator *e, u8 number)
{
	switch (number) {
	case 0:
		return &e->next.cr0;
	case 2:
		return &e->next.cr2;
	case 3:
		return &e->next.cr3;
	case 4:
		return &e->next.cr4;
	default:
		return &e->next.cr8;
	}
}

/* Long mode begins and ends with paging. */
void nacre_emu_write_cr(struct nacre_emulator *e, u8 number, u64 value)
{
	u64 *efer = &e->next.efer;

	if (number != 2 && !stopped(e))
		nacre_emu_stop(e, e->ops->check_cr(e, number, value));
	if (number == 3 && e->next.cr4 & X86_CR4_PCIDE)
		value &= ~CR3_NOFLUSH;
	*control_register(e, number) = value;
	if (number == 0 && *efer & EFER_LME)
		*efer = value & X86_CR0_PG ? *efer | EFER_LMA :
					     *efer & ~(u64)EFER_LMA;
}

static u8 wide(const struct nacre_emulator *e)
{
	return is_64bit(e) ? 8 : 4;
}

static void mov_cr(struct nacre_emulator *e)
{
	u8 number = e->insn->reg, rm = e->insn->rm;

	if (e->insn->opcode & 2)
		nacre_emu_write_cr(e, number,
				   gpr(e)[rm] & nacre_size_mask(wide(e)));
	else
		set_register(e, rm, wide(e), *control_register(e, number));
}

/* DR4 and DR5 are others' names, unless CR4.DE says that they are not. */
static void mov_dr(struct nacre_emulator *e)
{
	u8 number = e->insn->reg, rm = e->insn->rm;
	u64 value = gpr(e)[rm] & nacre_size_mask(wide(e));

	if (number >> 1 == 2) {
		require(e, !(e->next.cr4 & X86_CR4_DE), UD);
		number += 2;
	}
	if (!require(e, !e->next.cpl, GP))
		return;
	if (e->insn->opcode & 2) {
		if (require(e, number < 6 || !(value >> 32), GP))
			nacre_emu_stop(e, e->ops->write_dr(e, number, value));
		return;
	}
	nacre_emu_stop(e, e->ops->read_dr(e, number, &value));
	set_register(e, rm, wide(e), value);
}

static void do_clts(struct nacre_emulator *e)
{
	nacre_emu_write_cr(e, 0, e->next.cr0 & ~(u64)X86_CR0_TS);
}

/* It sets PE, and cannot clear it. */
static void do_lmsw(struct nacre_emulator *e)
{
	u64 keep = ~(u64)(X86_CR0_MP | X86_CR0_EM | X86_CR0_TS);
	u64 value = nacre_emu_rm(e, 2) & 15;

	if (!stopped(e))
		nacre_emu_write_cr(e, 0, (e->next.cr0 & keep) | value);
}

static void do_smsw(struct nacre_emulator *e)
{
	nacre_emu_store_word(e, e->next.cr0);
}

/* ---- tables and translations ---- */

static struct nacre_emu_table *table_of(struct nacre_emulator *e)
{
	return extension(e) & 1 ? &e->next.idtr : &e->next.gdtr;
}

/* SGDT, SIDT: the limit comes first. */
static void store_table(struct nacre_emulator *e)
{
	const struct nacre_emu_table *table = table_of(e);
	u64 at = nacre_emu_address(e);
	u8 seg = nacre_emu_segment(e);

	nacre_emu_write(e, seg, at, table->limit, 2);
	nacre_emu_write(e, seg, at + 2, table->base, wide(e));
}

/* LGDT, LIDT: of a 16-bit one the base has 24 bits. */
static void load_table(struct nacre_emulator *e)
{
	u64 at = nacre_emu_address(e), base;
	u8 seg = nacre_emu_segment(e);
	u16 limit = nacre_emu_read(e, seg, at, 2);

	base = nacre_emu_read(e, seg, at + 2, wide(e));
	if (is_64bit(e))
		require(e, nacre_emu_canonical(e, base), GP);
	else if (e->insn->operand_size == 2)
		base &= 0xffffff;
	*table_of(e) = (struct nacre_emu_table) { base, limit };
}

/* No segment's limit or type is looked at. */
static void do_invlpg(struct nacre_emulator *e)
{
	u64 linear = nacre_emu_unchecked(e, nacre_emu_segment(e),
					 nacre_emu_address(e));

	if (nacre_emu_canonical(e, linear))
		nacre_emu_stop(e, e->ops->invalidate(e, linear));
}

/* ---- model-specific registers ---- */

static u64 read_msr(struct nacre_emulator *e, u32 msr)
{
	u64 value = 0;

	if (msr == MSR_FS_BASE || msr == MSR_GS_BASE)
		return e->next.segments[FS + msr - MSR_FS_BASE].base;
	if (msr == MSR_EFER)
		return e->next.efer;
	if (!stopped(e))
		nacre_emu_stop(e, e->ops->read_msr(e, msr, &value));
	return value;
}

static void write_base(struct nacre_emulator *e, u8 seg, u64 base)
{
	if (require(e, nacre_emu_canonical(e, base), GP))
		e->next.segments[seg].base = base;
}

static void write_msr(struct nacre_emulator *e, u32 msr, u64 value)
{
	if (msr == MSR_FS_BASE || msr == MSR_GS_BASE)
		return write_base(e, FS + msr - MSR_FS_BASE, value);
	nacre_emu_stop(e, e->ops->write_msr(e, msr, value));
	if (msr == MSR_EFER)
		e->next.efer = (value & ~(u64)EFER_LMA) |
			       (e->next.efer & EFER_LMA);
}

static void do_rdmsr(struct nacre_emulator *e)
{
	set_edx_eax(e, read_msr(e, gpr(e)[RCX]));
}

static void do_wrmsr(struct nacre_emulator *e)
{
	write_msr(e, gpr(e)[RCX], gpr(e)[RDX] << 32 | (u32)gpr(e)[RAX]);
}

/* RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE. */
static void segment_base(struct nacre_emulator *e)
{
	u8 size = e->insn->operand_size, seg = FS + (extension(e) & 1);

	if (!require(e, is_64bit(e) && e->next.cr4 & X86_CR4_FSGSBASE &&
		     e->ops->has(e, NACRE_EMU_HAS_FSGSBASE), UD))
		return;
	if (extension(e) < 2)
		nacre_emu_set_rm(e, size, e->next.segments[seg].base);
	else
		write_base(e, seg, nacre_emu_rm(e, size));
}

static void do_swapgs(struct nacre_emulator *e)
{
	u64 *base = &e->next.segments[GS].base, other;

	if (!require(e, is_64bit(e), UD) || !require(e, !e->next.cpl, GP))
		return;
	other = read_msr(e, MSR_KERNEL_GS_BASE);
	if (!stopped(e))
		write_msr(e, MSR_KERNEL_GS_BASE, *base);
	*base = other;
}

/* 0F 01 with a register: CLAC and STAC, SWAPGS, RDTSCP. */
static void by_modrm(struct nacre_emulator *e)
{
	switch (e->insn->modrm) {
	case 0xca:
	case 0xcb:
		require(e, e->ops->has(e, NACRE_EMU_HAS_SMAP) && !e->next.cpl,
			UD);
		return set_flags(e, X86_EFLAGS_AC, e->insn->modrm & 1 ?
				 X86_EFLAGS_AC : 0);
	case 0xf8:
		return do_swapgs(e);
	case 0xf9:
		return do_rdtsc(e);
	default:
		return nacre_emu_stop(e, NACRE_EMU_UNKNOWN);
	}
}

/* ---- fast system calls ---- */

/* Flat segments, without a look at any table; SS is the one behind CS. */
static void load_flat(struct nacre_emulator *e, u16 selector, u8 cpl,
		      bool is_64)
{
	u16 common = ATTR_G | ATTR_P | ATTR_S | cpl << 5 | ATTR_WRITABLE |
		     ATTR_ACCESSED;

	e->next.segments[CS] = (struct nacre_emu_segment) {
		.selector = selector | cpl, .limit = ~0u,
		.attributes = common | ATTR_CODE | (is_64 ? ATTR_L : ATTR_DB),
	};
	e->next.segments[SS] = (struct nacre_emu_segment) {
		.selector = (selector + 8) | cpl, .limit = ~0u,
		.attributes = common | ATTR_DB,
	};
	e->next.cpl = cpl;
	e->mode = is_64 ? 64 : 32;
}

/* Intel has them in 64-bit code alone. */
static bool syscall_exists(struct nacre_emulator *e)
{
	return require(e, e->next.efer & EFER_SCE &&
		       e->ops->has(e, NACRE_EMU_HAS_SYSCALL) &&
		       (is_amd(e) || is_64bit(e)), UD);
}

static void do_syscall(struct nacre_emulator *e)
{
	u64 cleared = X86_EFLAGS_VM | X86_EFLAGS_IF | X86_EFLAGS_RF, to, star;
	bool from_64 = is_64bit(e), is_long = is_long_mode(e);

	if (!syscall_exists(e))
		return;
	star = read_msr(e, MSR_STAR);
	gpr(e)[RCX] = e->next.rip;
	to = (u32)star;
	if (is_long) {
		gpr(e)[R11] = e->next.regs.rflags;
		to = read_msr(e, from_64 ? MSR_LSTAR : MSR_CSTAR);
		cleared = read_msr(e, MSR_SYSCALL_MASK) | X86_EFLAGS_RF;
	}
	e->next.regs.rflags = (e->next.regs.rflags & ~cleared) |
			      X86_EFLAGS_FIXED;
	load_flat(e, star >> 32 & 0xfffc, 0, is_long);
	e->next.rip = to;
}

/* AMD leaves what SS is, but for its selector; and looks at no RIP. */
static void do_sysret(struct nacre_emulator *e)
{
	bool to_64 = e->insn->operand_size == 8;
	struct nacre_emu_segment ss = e->next.segments[SS];
	u64 to = to_64 ? gpr(e)[RCX] : (u32)gpr(e)[RCX];
	u16 selector;

	if (!syscall_exists(e) || !require(e, !e->next.cpl, GP) ||
	    !require(e, is_amd(e) || nacre_emu_canonical(e, to), GP))
		return;
	selector = read_msr(e, MSR_STAR) >> 48;
	if (is_long_mode(e))
		e->next.regs.rflags = (gpr(e)[R11] & SYSRET_FLAGS) |
				      X86_EFLAGS_FIXED;
	else
		e->next.regs.rflags |= X86_EFLAGS_IF;
	load_flat(e, selector + (to_64 ? 16 : 0), 3, to_64);
	if (is_amd(e))
		e->next.segments[SS] = ss;
	e->next.segments[SS].selector = (selector + 8) | (is_amd(e) ? 0 : 3);
	e->next.rip = to;
}

/* AMD has these two in legacy mode alone; of SYSEXIT the level comes first. */
static u16 sysenter_cs(struct nacre_emulator *e)
{
	u16 selector = 0;

	if (require(e, !is_amd(e) || !is_long_mode(e), UD) &&
	    require(e, e->next.cr0 & X86_CR0_PE, GP))
		selector = read_msr(e, MSR_IA32_SYSENTER_CS) & 0xfffc;
	require(e, selector, GP);
	return selector;
}

static void do_sysenter(struct nacre_emulator *e)
{
	u16 selector = sysenter_cs(e);
	bool is_long = is_long_mode(e);
	u64 mask = nacre_size_mask(is_long ? 8 : 4);

	e->next.regs.rflags &= ~(u64)(X86_EFLAGS_VM | X86_EFLAGS_IF);
	gpr(e)[RSP] = read_msr(e, MSR_IA32_SYSENTER_ESP) & mask;
	e->next.rip = read_msr(e, MSR_IA32_SYSENTER_EIP) & mask;
	load_flat(e, selector, 0, is_long);
}

static void do_sysexit(struct nacre_emulator *e)
{
	bool to_64 = e->insn->operand_size == 8;
	u64 mask = nacre_size_mask(to_64 ? 8 : 4);
	u64 rsp = gpr(e)[RCX] & mask, rip = gpr(e)[RDX] & mask;
	u16 selector = 0;

	if (require(e, !e->next.cpl, GP))
		selector = sysenter_cs(e);
	if (!require(e, nacre_emu_canonical(e, rsp) &&
		     nacre_emu_canonical(e, rip), GP))
		return;
	load_flat(e, selector + (to_64 ? 32 : 16), 3, to_64);
	gpr(e)[RSP] = rsp;
	e->next.rip = rip;
}

const struct nacre_emu_row nacre_emu_system[] = {
	{ ONE(0xf4), ALL, NEED_CPL0, do_hlt },
	{ RANGE(0xfa, 0xfb), ALL, NEED_IOPL, interrupt_flag },
	{ ONE_0F(0x01), BIT(0) | BIT(1), ON_MEMORY | NEED_UMIP, store_table },
	{ ONE_0F(0x01), BIT(2) | BIT(3), ON_MEMORY | NEED_CPL0, load_table },
	{ ONE_0F(0x01), BIT(4), NEED_UMIP, do_smsw },
	{ ONE_0F(0x01), BIT(6), NEED_CPL0, do_lmsw },
	{ ONE_0F(0x01), BIT(7), ON_MEMORY | NEED_CPL0, do_invlpg },
	{ ONE_0F(0x01), BIT(1) | BIT(7), ON_REGISTER | WITH(NONE), by_modrm },
	{ ONE_0F(0x05), ALL, NEED_PROTECTED, do_syscall },
	{ ONE_0F(0x06), ALL, NEED_CPL0, do_clts },
	{ ONE_0F(0x07), ALL, NEED_PROTECTED, do_sysret },
	{ ONE_0F(0x20), ALL, NEED_CPL0, mov_cr },
	{ ONE_0F(0x21), ALL, 0, mov_dr },
	{ ONE_0F(0x22), ALL, NEED_CPL0, mov_cr },
	{ ONE_0F(0x23), ALL, 0, mov_dr },
	{ ONE_0F(0x30), ALL, NEED_CPL0, do_wrmsr },
	{ ONE_0F(0x31), ALL, 0, do_rdtsc },
	{ ONE_0F(0x32), ALL, NEED_CPL0, do_rdmsr },
	{ ONE_0F(0x34), ALL, 0, do_sysenter },
	{ ONE_0F(0x35), ALL, 0, do_sysexit },
	{ ONE_0F(0xa2), ALL, 0, do_cpuid },
	{ ONE_0F(0xae), 0x0f, ON_REGISTER | WITH(F3), segment_base },
	{ ONE_0F(0xae), BIT(7), ON_MEMORY | WITH(NONE) | WITH(66), flush_line },
	{ ONE_0F(0xae), BIT(6), ON_MEMORY | WITH(66), flush_line },
	{}
};
