// SPDX-License-Identifier: GPL-2.0
/*
 * What instructions compute, and the flags: by the processor's own instruction
 * where it cannot fault, so that what the manuals leave undefined is as there.
 *
 * Intel SDM, "Instruction Set Reference": the flags of each operation.
 */
#include <asm/processor-flags.h>

#include "arch/x86/emulate/memop.h"

enum { RAX, RCX, RDX };

#define SHIFT_FLAGS	(X86_EFLAGS_CF | X86_EFLAGS_OF)

/* Which of the flags an operation writes. */
static const u16 changes[NACRE_NR_ALU] = {
	[NACRE_ALU_ADD ... NACRE_ALU_CMP] = NACRE_STATUS_FLAGS,
	[NACRE_ALU_TEST] = NACRE_STATUS_FLAGS,
	[NACRE_ALU_NEG] = NACRE_STATUS_FLAGS,
	[NACRE_ALU_INC ... NACRE_ALU_DEC] = NACRE_STATUS_FLAGS & ~X86_EFLAGS_CF,
	[NACRE_ALU_CMPXCHG] = NACRE_STATUS_FLAGS,
	[NACRE_ALU_BT ... NACRE_ALU_BTC] = X86_EFLAGS_CF,
	[NACRE_ALU_ROL ... NACRE_ALU_RCR] = SHIFT_FLAGS,
	[NACRE_ALU_SHL ... NACRE_ALU_SHRD] = NACRE_STATUS_FLAGS,
	[NACRE_ALU_MUL ... NACRE_ALU_IMUL1] = SHIFT_FLAGS,
	[NACRE_ALU_IMUL] = SHIFT_FLAGS,
	[NACRE_ALU_BSF ... NACRE_ALU_BSR] = X86_EFLAGS_ZF,
	[NACRE_ALU_TZCNT ... NACRE_ALU_LZCNT] = X86_EFLAGS_CF | X86_EFLAGS_ZF,
	[NACRE_ALU_POPCNT] = NACRE_STATUS_FLAGS,
};

/* What an operation works on, and what comes out: @a, but for its low @size. */
struct work {
	u64 a, b;		/* the destination's old value, the other */
	u64 third;
	u64 carry, flags;
	u8 size, bits;
	bool keep;		/* the register is not written */
};

/* LAHF has all of the status flags but OF. */
#define NATIVE(insn) do {						\
	u32 ax;								\
									\
	asm("btl $0, %k[carry]\n\t" insn "\n\tlahf\n\tseto %%al"	\
	    : [a] "+r" (w->a), "=&a" (ax)				\
	    : "c" (w->b), "d" (w->third), [carry] "r" (w->carry) : "cc"); \
	w->flags = (ax >> 8 & 0xd5) | (ax & 1 ? X86_EFLAGS_OF : 0);	\
} while (0)

#define SIZED(byte, word, dword, qword) do {				\
	switch (w->size) {						\
	case 1:								\
		NATIVE(byte);						\
		break;							\
	case 2:								\
		NATIVE(word);						\
		break;							\
	case 4:								\
		NATIVE(dword);						\
		break;							\
	default:							\
		NATIVE(qword);						\
	}								\
} while (0)

#define ARITHMETIC(name)						\
	SIZED(name "b %%cl, %b[a]", name "w %%cx, %w[a]",		\
	      name "l %%ecx, %k[a]", name "q %%rcx, %q[a]")
#define SHIFT(name)							\
	SIZED(name "b %%cl, %b[a]", name "w %%cl, %w[a]",		\
	      name "l %%cl, %k[a]", name "q %%cl, %q[a]")
/* There are none of bytes. */
#define DOUBLE_SHIFT(name)						\
	SIZED("", name "w %%cl, %%dx, %w[a]",				\
	      name "l %%cl, %%edx, %k[a]", name "q %%cl, %%rdx, %q[a]")
#define BIT_TEST(name)							\
	SIZED("", name "w %%cx, %w[a]", name "l %%ecx, %k[a]",		\
	      name "q %%rcx, %q[a]")

static u64 other_operand(const struct nacre_memop *op,
			 const struct nacre_memop_regs *regs)
{
	if (!op->has_register)
		return op->value;
	return regs->gpr[op->reg] >> op->shift;
}

static void write_register(const struct nacre_memop *op,
			   struct nacre_memop_regs *regs, u64 value)
{
	nacre_set_part(&regs->gpr[op->reg], op->reg_size, op->shift, value);
}

static u64 extend(const struct nacre_memop *op, u64 value)
{
	if (!op->sign_extend)
		return value & nacre_size_mask(op->size);
	return sign_extend64(value, op->size * 8 - 1);
}

static void move(const struct nacre_memop *op, struct nacre_memop_regs *regs,
		 u64 *memory)
{
	u64 old = *memory;

	if (!op->from_memory)
		*memory = other_operand(op, regs);
	if (op->to_register)
		write_register(op, regs, extend(op, old));
}

/* Pairs of a condition and its opposite; LE is made of two. */
bool nacre_condition(u8 code, u64 rflags)
{
	static const u16 any[] = {
		X86_EFLAGS_OF, X86_EFLAGS_CF, X86_EFLAGS_ZF,
		X86_EFLAGS_CF | X86_EFLAGS_ZF, X86_EFLAGS_SF, X86_EFLAGS_PF,
		0, X86_EFLAGS_ZF,
	};
	bool holds = rflags & any[code >> 1 & 7];

	if ((code & 0xc) == 0xc)
		holds |= !(rflags & X86_EFLAGS_SF) != !(rflags & X86_EFLAGS_OF);
	return holds != (code & 1);
}

#define RUN(name, as)							\
	case NACRE_ALU_##name:						\
		as;							\
		break

static void native(struct work *w, u8 alu)
{
	switch (alu) {
	RUN(ADD, ARITHMETIC("add"));
	RUN(OR, ARITHMETIC("or"));
	RUN(ADC, ARITHMETIC("adc"));
	RUN(SBB, ARITHMETIC("sbb"));
	RUN(AND, ARITHMETIC("and"));
	RUN(SUB, ARITHMETIC("sub"));
	RUN(XOR, ARITHMETIC("xor"));
	RUN(CMP, ARITHMETIC("sub"));
	RUN(TEST, ARITHMETIC("and"));
	RUN(NEG, ARITHMETIC("sub"));
	RUN(INC, ARITHMETIC("add"));
	RUN(DEC, ARITHMETIC("sub"));
	RUN(BT, BIT_TEST("bt"));
	RUN(BTS, BIT_TEST("bts"));
	RUN(BTR, BIT_TEST("btr"));
	RUN(BTC, BIT_TEST("btc"));
	RUN(BSF, BIT_TEST("bsf"); w->keep = !w->b);
	RUN(BSR, BIT_TEST("bsr"); w->keep = !w->b);
	RUN(ROL, SHIFT("rol"));
	RUN(ROR, SHIFT("ror"));
	RUN(RCL, SHIFT("rcl"));
	RUN(RCR, SHIFT("rcr"));
	RUN(SHL, SHIFT("shl"));
	RUN(SHR, SHIFT("shr"));
	RUN(SAL, SHIFT("shl"));
	RUN(SAR, SHIFT("sar"));
	RUN(SHLD, DOUBLE_SHIFT("shld"));
	RUN(SHRD, DOUBLE_SHIFT("shrd"));
	}
}

u64 nacre_compare_flags(u64 a, u64 b, u8 size)
{
	struct work w = { .a = a, .b = b, .size = size };

	native(&w, NACRE_ALU_CMP);
	return w.flags;
}

static __int128 sign_extended(const struct work *w, u64 value)
{
	return sign_extend64(value, w->bits - 1);
}

static u64 multiply(struct work *w, bool is_signed)
{
	__int128 product;
	bool overflow;
	u64 high;

	if (is_signed)
		product = sign_extended(w, w->a) * sign_extended(w, w->b);
	else
		product = (__uint128_t)w->a * w->b;
	w->a = product;
	high = product >> w->bits;
	overflow = is_signed ? product != sign_extended(w, product) :
			       !!(high & nacre_size_mask(w->size));
	w->flags = overflow ? SHIFT_FLAGS : 0;
	return high;
}

/* By the processor's own, which has no more than it can hold. */
static u64 divide_128(__uint128_t value, u64 divisor, u64 *rest)
{
	u64 quotient, high = value >> 64, low = value;

	asm("divq %4" : "=a" (quotient), "=d" (*rest)
	    : "0" (low), "1" (high), "r" (divisor) : "cc");
	return quotient;
}

static bool top_bit(const struct work *w, u64 value)
{
	return value >> (w->bits - 1) & 1;
}

/* A quotient that fits is at most the divisor times 2 to the size. */
static bool divide(struct work *w, bool is_signed, u64 *rest)
{
	__uint128_t value = (__uint128_t)w->third << w->bits | w->a;
	bool negative = is_signed && top_bit(w, w->third);
	bool opposite = is_signed && top_bit(w, w->b) != negative;
	u64 limit = nacre_size_mask(w->size), divisor = w->b;

	if (negative)
		value = -value;
	if (negative != opposite)
		divisor = -divisor & limit;
	if (w->size < 8)
		value &= ~0ull >> (64 - 2 * w->bits);
	if (!divisor || value >> w->bits >= divisor)
		return false;
	w->a = divide_128(value, divisor, rest);
	if (is_signed)
		limit = (limit >> 1) + opposite;
	if (w->a > limit)
		return false;
	if (opposite)
		w->a = -w->a;
	if (negative)
		*rest = -*rest;
	return true;
}

/* MUL to IDIV: the accumulator and RDX, or AH. */
static bool with_accumulator(struct work *w, u8 alu, u64 *gpr)
{
	u64 mask = nacre_size_mask(w->size), high;
	bool is_signed = alu == NACRE_ALU_IMUL1 || alu == NACRE_ALU_IDIV;
	bool in_ah = w->size == 1;

	w->b = w->a;
	w->a = gpr[RAX] & mask;
	w->third = (in_ah ? gpr[RAX] >> 8 : gpr[RDX]) & mask;
	if (alu <= NACRE_ALU_IMUL1)
		high = multiply(w, is_signed);
	else if (!divide(w, is_signed, &high))
		return false;
	nacre_set_part(&gpr[RAX], w->size, 0, w->a);
	nacre_set_part(&gpr[in_ah ? RAX : RDX], w->size, in_ah ? 8 : 0, high);
	return true;
}

/* TZCNT and LZCNT, which the processor need not have. */
static void count_zeros(struct work *w, bool from_top)
{
	bool found = w->b;

	if (from_top)
		BIT_TEST("bsr");
	else
		BIT_TEST("bsf");
	if (!found)
		w->a = w->bits;
	else if (from_top)
		w->a = w->bits - 1 - w->a;
	w->flags = (found ? 0 : X86_EFLAGS_CF) | (w->a ? 0 : X86_EFLAGS_ZF);
}

static void count_ones(struct work *w)
{
	w->flags = w->b ? 0 : X86_EFLAGS_ZF;
	w->a = hweight64(w->b);
}

/* What is found is written, too, if it is not what was expected. */
static void compare_exchange(struct work *w)
{
	u64 found = w->a;

	w->a = w->b;
	w->b = found;
	native(w, NACRE_ALU_CMP);
	w->keep = w->flags & X86_EFLAGS_ZF;
	w->a = w->keep ? w->third : found;
}

static void run(struct work *w, const struct nacre_memop *op, u64 rflags)
{
	switch (op->alu) {
	RUN(NOT, w->a = ~w->a);
	RUN(MOVBE, w->a = swab64(w->b) >> (64 - w->bits));
	RUN(BSWAP, w->a = swab64(w->a) >> (64 - w->bits));
	RUN(CMPXCHG, compare_exchange(w));
	RUN(IMUL, multiply(w, true));
	RUN(SET, w->a = nacre_condition(op->source, rflags));
	RUN(CMOV, w->a = nacre_condition(op->source, rflags) ? w->b : w->a);
	RUN(POPCNT, count_ones(w));
	RUN(TZCNT, count_zeros(w, false));
	RUN(LZCNT, count_zeros(w, true));
	case NACRE_ALU_NEG:
		w->b = w->a;
		w->a = 0;
		break;
	case NACRE_ALU_BT ... NACRE_ALU_BTC:
		w->b &= w->bits - 1;
		break;
	}
	native(w, op->alu);
}

/* A shift by nothing leaves the flags. */
static u64 changed(const struct work *w, u8 alu)
{
	if (alu >= NACRE_ALU_ROL && alu <= NACRE_ALU_SHRD &&
	    !(w->b & (w->size == 8 ? 63 : 31)))
		return 0;
	return changes[alu];
}

static noinline bool compute(const struct nacre_memop *op,
			     struct nacre_memop_regs *regs, u64 *memory)
{
	u64 mask = nacre_size_mask(op->size), old = *memory & mask, flags;
	u64 other = other_operand(op, regs) & mask;
	struct work w = {
		.a = op->from_memory ? other : old,
		.b = op->from_memory ? old : other,
		.third = regs->gpr[op->source & 15] >> op->source_shift,
		.size = op->size, .bits = op->size * 8,
		.carry = regs->rflags & X86_EFLAGS_CF,
	};

	if (op->alu < NACRE_ALU_MUL || op->alu > NACRE_ALU_IDIV)
		run(&w, op, regs->rflags);
	else if (!with_accumulator(&w, op->alu, regs->gpr))
		return false;
	flags = changed(&w, op->alu);
	regs->rflags = (regs->rflags & ~flags) | (w.flags & flags);
	*memory = w.a;
	if (op->to_register && !w.keep)
		write_register(op, regs, op->from_memory ? w.a : old);
	return true;
}

/* MOV is what drivers mostly do, and does not pay for the others. */
bool nacre_memop_compute(const struct nacre_memop *op,
			 struct nacre_memop_regs *regs, u64 *memory)
{
	if (op->alu != NACRE_ALU_MOV)
		return compute(op, regs, memory);
	move(op, regs, memory);
	return true;
}
