// SPDX-License-Identifier: GPL-2.0
/*
 * One instruction, and the integer ones that neither branch nor use the stack:
 * operations as memop.h has them are one path, the others a row each.
 *
 * Intel SDM, "Instruction Set Reference"; AMD APM, "General-Purpose
 * Instruction Reference".
 */
#include "arch/x86/emulate/execute.h"

#define BCD_FLAGS	(X86_EFLAGS_CF | X86_EFLAGS_AF)
#define SHOWN_FLAGS	(X86_EFLAGS_SF | X86_EFLAGS_ZF | X86_EFLAGS_PF)
#define AH_FLAGS	(SHOWN_FLAGS | BCD_FLAGS)

/* ModRM.rm, a register or memory, but no byte. */
u64 nacre_emu_rm(struct nacre_emulator *e, u8 size)
{
	if (!on_memory(e))
		return gpr(e)[e->insn->rm & 15] & nacre_size_mask(size);
	return nacre_emu_read(e, nacre_emu_segment(e), nacre_emu_address(e),
			      size);
}

void nacre_emu_set_rm(struct nacre_emulator *e, u8 size, u64 value)
{
	if (!on_memory(e))
		set_register(e, e->insn->rm & 15, size, value);
	else
		nacre_emu_write(e, nacre_emu_segment(e), nacre_emu_address(e),
				value, size);
}

/* A register gets as much of @value as it holds, memory 16 bits. */
void nacre_emu_store_word(struct nacre_emulator *e, u64 value)
{
	nacre_emu_set_rm(e, on_memory(e) ? 2 : e->insn->operand_size, value);
}

/* ---- operations ---- */

/* A bit string's operand is where the bit is. */
static u64 operation_linear(struct nacre_emulator *e)
{
	const struct nacre_memop *op = &e->op;
	u64 offset = nacre_emu_address(e);

	if (op->bit_string)
		offset += nacre_memop_bit_offset(op, gpr(e)[op->reg]);
	offset &= nacre_size_mask(e->insn->address_size);
	return nacre_emu_linear(e, nacre_emu_segment(e), offset, op->size,
				op->writes);
}

/* A CMPXCHG that fails does not even clear the register's upper half. */
static void operate_on_register(struct nacre_emulator *e)
{
	const struct nacre_memop *op = &e->op;
	u64 *reg = &gpr(e)[op->rm], data = *reg >> op->rm_shift;

	if (!nacre_memop_compute(op, &e->next.regs, &data))
		return nacre_emu_raise(e, DE, 0);
	if (!op->writes || (op->alu == NACRE_ALU_CMPXCHG &&
			    !(e->next.regs.rflags & X86_EFLAGS_ZF)))
		return;
	nacre_set_part(reg, op->size, op->rm_shift, data);
}

static void operate_on_memory(struct nacre_emulator *e)
{
	const struct nacre_memop *op = &e->op;
	u64 linear = operation_linear(e), data = 0;

	if (op->reads)
		nacre_emu_get(e, linear, &data, op->size,
			      op->writes ? NACRE_EMU_WRITE : 0);
	memcpy(e->old, &data, sizeof(data));
	/* XCHG is locked by itself. */
	e->locked = e->insn->prefixes & NACRE_PFX_LOCK ||
		    (op->alu == NACRE_ALU_MOV && op->writes && op->to_register);
	if (stopped(e))
		return;
	if (!nacre_memop_compute(op, &e->next.regs, &data))
		return nacre_emu_raise(e, DE, 0);
	if (op->writes)
		nacre_emu_put(e, linear, &data, op->size, 0);
}

/* Without the newer, F3 is no part of the opcode. */
static bool has_operation(struct nacre_emulator *e)
{
	static const struct {
		u8 alu, feature, instead;
	} features[] = {
		{ NACRE_ALU_TZCNT, NACRE_EMU_HAS_BMI1, NACRE_ALU_BSF },
		{ NACRE_ALU_LZCNT, NACRE_EMU_HAS_LZCNT, NACRE_ALU_BSR },
		{ NACRE_ALU_MOVBE, NACRE_EMU_HAS_MOVBE },
		{ NACRE_ALU_POPCNT, NACRE_EMU_HAS_POPCNT },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++) {
		if (e->op.alu != features[i].alu ||
		    e->ops->has(e, features[i].feature))
			continue;
		e->op.alu = features[i].instead;
		return features[i].instead;
	}
	return true;
}

static void operate(struct nacre_emulator *e)
{
	if (!has_operation(e))
		nacre_emu_raise(e, UD, 0);
	else if (e->op.in_register)
		operate_on_register(e);
	else
		operate_on_memory(e);
}

/* ---- the others ---- */

static void do_nothing(struct nacre_emulator *e)
{
}

/* With a register AMD has no such instruction. */
static void hint(struct nacre_emulator *e)
{
	if (is_amd(e) && !on_memory(e))
		nacre_emu_raise(e, UD, 0);
}

static void lea(struct nacre_emulator *e)
{
	set_register(e, e->insn->reg, e->insn->operand_size,
		     nacre_emu_address(e));
}

/* CBW, CWDE, CDQE. */
static void extend_accumulator(struct nacre_emulator *e)
{
	u8 size = e->insn->operand_size;

	set_register(e, RAX, size,
		     sign_extend64(gpr(e)[RAX], size * 4 - 1));
}

/* CWD, CDQ, CQO. */
static void extend_to_rdx(struct nacre_emulator *e)
{
	u8 size = e->insn->operand_size;

	set_register(e, RDX, size,
		     sign_extend64(gpr(e)[RAX], size * 8 - 1) >> 63);
}

static void sahf(struct nacre_emulator *e)
{
	set_flags(e, AH_FLAGS, gpr(e)[RAX] >> 8);
}

static void lahf(struct nacre_emulator *e)
{
	u64 flags = e->next.regs.rflags & AH_FLAGS;

	set_register(e, RAX, 2, (flags | X86_EFLAGS_FIXED) << 8 |
				(gpr(e)[RAX] & 0xff));
}

/* CMC, CLC, STC, CLD, STD. */
static void one_flag(struct nacre_emulator *e)
{
	u8 opcode = e->insn->opcode;
	u64 flag = opcode >= 0xfc ? X86_EFLAGS_DF : X86_EFLAGS_CF;

	if (opcode == 0xf5)
		e->next.regs.rflags ^= flag;
	else
		set_flags(e, flag, opcode & 1 ? flag : 0);
}

static void xlat(struct nacre_emulator *e)
{
	u8 seg = e->insn->segment >= 0 ? e->insn->segment : DS;
	u64 offset = gpr(e)[RBX] + (u8)gpr(e)[RAX];

	offset &= nacre_size_mask(e->insn->address_size);
	set_register(e, RAX, 1, nacre_emu_read(e, seg, offset, 1));
}

static void salc(struct nacre_emulator *e)
{
	set_register(e, RAX, 1,
		     e->next.regs.rflags & X86_EFLAGS_CF ? 0xff : 0);
}

/* AAA, AAS. */
static void ascii_adjust(struct nacre_emulator *e)
{
	u16 ax = gpr(e)[RAX];
	bool adjust = (ax & 15) > 9 || e->next.regs.rflags & X86_EFLAGS_AF;

	if (adjust)
		ax += e->insn->opcode == 0x37 ? 0x106 : -0x106;
	set_register(e, RAX, 2, ax & 0xff0f);
	set_flags(e, BCD_FLAGS, adjust ? BCD_FLAGS : 0);
}

/* DAA, DAS. */
static void decimal_adjust(struct nacre_emulator *e)
{
	s8 sign = e->insn->opcode == 0x27 ? 1 : -1;
	u64 flags = e->next.regs.rflags & BCD_FLAGS;
	u8 old = gpr(e)[RAX], al = old;

	if ((old & 15) > 9 || flags & X86_EFLAGS_AF) {
		flags |= X86_EFLAGS_AF;
		/* What DAS borrows here is CF, too. */
		if (sign < 0 && al < 6)
			flags |= X86_EFLAGS_CF;
		al += 6 * sign;
	}
	if (old > 0x99 || e->next.regs.rflags & X86_EFLAGS_CF) {
		flags |= X86_EFLAGS_CF;
		al += 0x60 * sign;
	}
	set_register(e, RAX, 1, al);
	set_flags(e, AH_FLAGS, flags | nacre_compare_flags(al, 0, 1));
}

static void aam(struct nacre_emulator *e)
{
	u8 al = gpr(e)[RAX], base = e->insn->immediate;

	if (!base)
		return nacre_emu_raise(e, DE, 0);
	set_register(e, RAX, 2, al / base << 8 | al % base);
	set_flags(e, SHOWN_FLAGS, nacre_compare_flags(al % base, 0, 1));
}

static void aad(struct nacre_emulator *e)
{
	u8 al = gpr(e)[RAX] + (gpr(e)[RAX] >> 8) * e->insn->immediate;

	set_register(e, RAX, 2, al);
	set_flags(e, SHOWN_FLAGS, nacre_compare_flags(al, 0, 1));
}

/* What was there is written back if it is not what was expected. */
static void cmpxchg8b(struct nacre_emulator *e)
{
	u8 half = e->insn->rex & NACRE_REX_W ? 8 : 4, expected[16], data[16];
	u64 linear, found = 0;

	if (half == 8 && !e->ops->has(e, NACRE_EMU_HAS_CX16))
		return nacre_emu_raise(e, UD, 0);
	linear = nacre_emu_operand(e, 2 * half, half == 8 ? 16 : 1, true);
	nacre_emu_get(e, linear, e->old, 2 * half, NACRE_EMU_WRITE);
	memcpy(expected, &gpr(e)[RAX], half);
	memcpy(expected + half, &gpr(e)[RDX], half);
	memcpy(data, &gpr(e)[RBX], half);
	memcpy(data + half, &gpr(e)[RCX], half);
	set_flags(e, X86_EFLAGS_ZF, X86_EFLAGS_ZF);
	if (memcmp(e->old, expected, 2 * half)) {
		set_flags(e, X86_EFLAGS_ZF, 0);
		memcpy(data, e->old, 2 * half);
		memcpy(&found, data, half);
		set_register(e, RAX, half, found);
		memcpy(&found, data + half, half);
		set_register(e, RDX, half, found);
	}
	nacre_emu_put(e, linear, data, 2 * half, 0);
	e->locked = e->insn->prefixes & NACRE_PFX_LOCK;
}

/* Between two signed words in memory. */
static void bound(struct nacre_emulator *e)
{
	u8 size = e->insn->operand_size, seg = nacre_emu_segment(e);
	u64 at = nacre_emu_address(e);
	s64 index = sign_extend64(gpr(e)[e->insn->reg], size * 8 - 1);
	s64 low = sign_extend64(nacre_emu_read(e, seg, at, size), size * 8 - 1);
	s64 high = sign_extend64(nacre_emu_read(e, seg, at + size, size),
				 size * 8 - 1);

	require(e, index >= low && index <= high, BR);
}

/* UD0, UD1, UD2. */
static void undefined(struct nacre_emulator *e)
{
	nacre_emu_raise(e, UD, 0);
}

const struct nacre_emu_row nacre_emu_integer[] = {
	{ ONE(0x27), ALL, 0, decimal_adjust },
	{ ONE(0x2f), ALL, 0, decimal_adjust },
	{ ONE(0x37), ALL, 0, ascii_adjust },
	{ ONE(0x3f), ALL, 0, ascii_adjust },
	{ ONE(0x62), ALL, ON_MEMORY, bound },
	{ ONE(0x8d), ALL, ON_MEMORY, lea },
	{ ONE(0x98), ALL, 0, extend_accumulator },
	{ ONE(0x99), ALL, 0, extend_to_rdx },
	{ ONE(0x9e), ALL, 0, sahf },
	{ ONE(0x9f), ALL, 0, lahf },
	{ ONE(0xd4), ALL, 0, aam },
	{ ONE(0xd5), ALL, 0, aad },
	{ ONE(0xd6), ALL, 0, salc },
	{ ONE(0xd7), ALL, 0, xlat },
	{ ONE(0xf5), ALL, 0, one_flag },
	{ RANGE(0xf8, 0xf9), ALL, 0, one_flag },
	{ RANGE(0xfc, 0xfd), ALL, 0, one_flag },
	/* INVD and WBINVD; the fences are further below. */
	{ RANGE_0F(0x08, 0x09), ALL, NEED_CPL0, do_nothing },
	{ ONE_0F(0x0b), ALL, 0, undefined },
	{ ONE_0F(0x0d), ALL, 0, hint },
	{ RANGE_0F(0x18, 0x1f), ALL, 0, do_nothing },
	{ ONE_0F(0xae), 0xe0, ON_REGISTER | WITH(NONE), do_nothing },
	{ ONE_0F(0xb9), ALL, 0, undefined },
	{ ONE_0F(0xc7), BIT(1), ON_MEMORY, cmpxchg8b },
	{ ONE_0F(0xff), ALL, 0, undefined },
	{}
};

/* ---- one instruction ---- */

static bool matches(const struct nacre_insn *insn,
		    const struct nacre_emu_row *row)
{
	bool vex = insn->prefixes & NACRE_PFX_VEX;
	bool reg = !insn->has_modrm || insn->modrm >> 6 == 3;

	return insn->map == row->map && insn->opcode >= row->first &&
	       insn->opcode <= row->last &&
	       row->extensions & BIT(insn->modrm >> 3 & 7) &&
	       !(row->needs & (reg ? ON_MEMORY : ON_REGISTER)) &&
	       (!vex || row->needs & VEX_TOO) &&
	       !(row->needs & NOT_64BIT && insn->mode == 64) &&
	       (!PREFIXES(row->needs) ||
		PREFIXES(row->needs) & BIT(insn->simd_prefix));
}

static const struct nacre_emu_row *find_row(const struct nacre_insn *insn)
{
	static const struct nacre_emu_row * const tables[] = {
		nacre_emu_integer, nacre_emu_flow, nacre_emu_string,
		nacre_emu_segments, nacre_emu_far, nacre_emu_system,
		nacre_emu_vector,
	};
	const struct nacre_emu_row *row;
	unsigned int i;

	if (insn->prefixes & (NACRE_PFX_EVEX | NACRE_PFX_XOP))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (row = tables[i]; row->run; row++)
			if (matches(insn, row))
				return row;
	return NULL;
}

/* VEX exists where the system has said that it saves the state. */
static bool vex_exists(struct nacre_emulator *e)
{
	return is_protected(e) && e->next.cr4 & X86_CR4_OSXSAVE &&
	       e->ops->has(e, NACRE_EMU_HAS_AVX);
}

/* Intel SDM, "Interrupt 7--Device Not Available Exception (#NM)". */
static void check_fpu(struct nacre_emulator *e, u16 needs)
{
	bool sse = needs & NEED_SSE;

	if (is_vex(e) ? !vex_exists(e) :
			sse && (e->next.cr0 & X86_CR0_EM ||
				!(e->next.cr4 & X86_CR4_OSFXSR)))
		nacre_emu_raise(e, UD, 0);
	if (e->next.cr0 & (sse ? X86_CR0_TS : X86_CR0_TS | X86_CR0_EM))
		nacre_emu_raise(e, NM, 0);
}

static void check_needs(struct nacre_emulator *e, u16 needs)
{
	if (needs & NEED_PROTECTED && !is_protected(e))
		nacre_emu_raise(e, UD, 0);
	if (needs & NEED_CPL0 && e->next.cpl)
		nacre_emu_raise(e, GP, 0);
	if (needs & NEED_UMIP && e->next.cr4 & X86_CR4_UMIP && e->next.cpl)
		nacre_emu_raise(e, GP, 0);
	if (needs & NEED_IOPL && e->next.cr0 & X86_CR0_PE &&
	    e->next.cpl > iopl(e))
		nacre_emu_raise(e, GP, 0);
	if (needs & (NEED_SSE | NEED_X87))
		check_fpu(e, needs);
}

static void begin(struct nacre_emulator *e)
{
	e->result = NACRE_EMU_DONE;
	e->next = e->state;
	e->next.shadow = NACRE_EMU_NO_SHADOW;
	e->next.nmi_unmasked = false;
	e->next.new_task = false;
	e->next.task_trap = false;
	e->next.regs.rflags &= ~(u64)X86_EFLAGS_RF;
	e->nr_stores = 0;
	e->used = 0;
	e->locked = false;
	e->external = 0;
}

/* Of a string there is another element, which begins with RIP at it. */
void nacre_emu_finish(struct nacre_emulator *e)
{
	nacre_emu_commit(e);
	begin(e);
}

static void pass(struct nacre_emulator *e, u8 length)
{
	e->next.rip += length;
	if (!is_64bit(e))
		e->next.rip = (u32)e->next.rip;
}

/* 90 names no register, unless REX.B makes it R8. */
static bool is_nop(const struct nacre_insn *insn)
{
	return insn->map == NACRE_MAP_1BYTE && insn->opcode == 0x90 &&
	       !(insn->rex & NACRE_REX_B);
}

enum nacre_emulated nacre_emulate(struct nacre_emulator *e,
				  const struct nacre_insn *insn)
{
	const struct nacre_emu_row *row = find_row(insn);

	e->insn = insn;
	e->mode = insn->mode;
	begin(e);
	pass(e, insn->length);
	if (row) {
		check_needs(e, row->needs);
		if (!stopped(e))
			row->run(e);
	} else if (!nacre_operation_parse(insn, &e->op)) {
		nacre_emu_stop(e, NACRE_EMU_UNKNOWN);
	} else if (!is_nop(insn)) {
		operate(e);
	}
	nacre_emu_commit(e);
	return e->result;
}

/* No instruction. What the guest had of RF is saved. */
static void begin_event(struct nacre_emulator *e, u8 length)
{
	static const struct nacre_insn nothing;

	e->insn = &nothing;
	begin(e);
	e->next.regs.rflags = e->state.regs.rflags;
	e->mode = nacre_emu_code_mode(e, e->next.segments[CS].attributes);
	pass(e, length);
}

enum nacre_emulated nacre_emulate_event(struct nacre_emulator *e,
					enum nacre_emu_event event, u8 vector,
					u8 length, bool has_error, u32 error)
{
	begin_event(e, length);
	nacre_emu_interrupt(e, vector, event, has_error, error);
	nacre_emu_commit(e);
	return e->result;
}

enum nacre_emulated nacre_emulate_task(struct nacre_emulator *e,
				       const struct nacre_emu_task *task)
{
	begin_event(e, task->length);
	e->next.nmi_unmasked = task->source == NACRE_EMU_TASK_IRET;
	e->external = task->external;
	nacre_emu_switch_task(e, task->selector, task->source, task->has_error,
			      task->error);
	nacre_emu_commit(e);
	return e->result;
}
