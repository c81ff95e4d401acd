// SPDX-License-Identifier: GPL-2.0
/*
 * What instructions compute, and the flags.
 *
 * Intel SDM, "Instruction Set Reference": the flags of each operation. What
 * is undefined is as most processors have it.
 */
#include <asm/processor-flags.h>

#include "arch/x86/emulate/memop.h"

enum { RAX, RCX, RDX };

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

u64 nacre_result_flags(u64 result, u8 size)
{
	u64 flags = 0;

	result &= nacre_size_mask(size);
	if (!result)
		flags |= X86_EFLAGS_ZF;
	if (result >> (size * 8 - 1))
		flags |= X86_EFLAGS_SF;
	if (!__builtin_parity((u8)result))
		flags |= X86_EFLAGS_PF;
	return flags;
}

/* By the carries out of each bit, as the adder had them. */
static u64 add_flags(u64 a, u64 b, u64 result, u8 size)
{
	u64 carries = (a & b) | ((a | b) & ~result);
	u64 top = 1ull << (size * 8 - 1);
	u64 flags = 0;

	if (carries & top)
		flags |= X86_EFLAGS_CF;
	if (carries & 8)
		flags |= X86_EFLAGS_AF;
	if ((a ^ result) & (b ^ result) & top)
		flags |= X86_EFLAGS_OF;
	return flags;
}

/* a - b is ~(~a + b). */
static u64 sub_flags(u64 a, u64 b, u64 result, u8 size)
{
	return add_flags(~a, b, ~result, size) |
	       nacre_result_flags(result, size);
}

u64 nacre_compare_flags(u64 a, u64 b, u8 size)
{
	u64 mask = nacre_size_mask(size);

	return sub_flags(a & mask, b & mask, (a & mask) - (b & mask), size);
}

static u64 run_bit(u8 alu, u64 a, u64 number, u8 size, u64 *flags)
{
	u64 bit = 1ull << (number & (size * 8 - 1));

	*flags = a & bit ? X86_EFLAGS_CF : 0;
	switch (alu) {
	case NACRE_ALU_BTS:
		return a | bit;
	case NACRE_ALU_BTR:
		return a & ~bit;
	case NACRE_ALU_BTC:
		return a ^ bit;
	default:
		return a;
	}
}

/* @changed: which flags the operation writes. */
static u64 run_alu(u8 alu, u64 a, u64 b, u8 size, u64 carry, u64 *flags,
		   u64 *changed)
{
	u64 result;

	*changed = NACRE_STATUS_FLAGS;
	switch (alu) {
	case NACRE_ALU_INC:
	case NACRE_ALU_DEC:
		*changed &= ~(u64)X86_EFLAGS_CF;
		b = 1;
		carry = 0;
		break;
	case NACRE_ALU_NEG:
		b = a;
		a = 0;
		break;
	default:
		break;
	}
	switch (alu) {
	case NACRE_ALU_ADD:
	case NACRE_ALU_ADC:
	case NACRE_ALU_INC:
		result = a + b + (alu == NACRE_ALU_ADC ? carry : 0);
		*flags = add_flags(a, b, result, size) |
			 nacre_result_flags(result, size);
		return result;
	case NACRE_ALU_SUB:
	case NACRE_ALU_SBB:
	case NACRE_ALU_CMP:
	case NACRE_ALU_NEG:
	case NACRE_ALU_DEC:
		result = a - b - (alu == NACRE_ALU_SBB ? carry : 0);
		*flags = sub_flags(a, b, result, size);
		return result;
	case NACRE_ALU_OR:
		result = a | b;
		break;
	case NACRE_ALU_AND:
	case NACRE_ALU_TEST:
		result = a & b;
		break;
	case NACRE_ALU_XOR:
		result = a ^ b;
		break;
	case NACRE_ALU_NOT:
		*changed = 0;
		return ~a;
	case NACRE_ALU_BT ... NACRE_ALU_BTC:
		*changed = X86_EFLAGS_CF;
		return run_bit(alu, a, b, size, flags);
	case NACRE_ALU_MOVBE:
		*changed = 0;
		return swab64(b) >> (64 - size * 8);
	default:
		*changed = 0;
		return b;
	}
	*flags = nacre_result_flags(result, size);
	return result;
}

/* Which of the two is the destination decides what the operation works on. */
static noinline void calculate(const struct nacre_memop *op,
			       struct nacre_memop_regs *regs, u64 *memory)
{
	u64 other = other_operand(op, regs), mask = nacre_size_mask(op->size);
	u64 flags = 0, changed, result;
	u64 old = *memory, a = old;

	if (op->from_memory) {
		a = other;
		other = old;
	}
	result = run_alu(op->alu, a & mask, other & mask, op->size,
			 regs->rflags & X86_EFLAGS_CF, &flags, &changed);
	regs->rflags = (regs->rflags & ~changed) | (flags & changed);
	if (op->to_register)
		write_register(op, regs, op->from_memory ? result : old);
	*memory = result;
}

/* What is found is written, too, if it is not what was expected. */
static noinline void compare_exchange(const struct nacre_memop *op,
				      struct nacre_memop_regs *regs,
				      u64 *memory)
{
	u64 mask = nacre_size_mask(op->size);
	u64 expected = regs->gpr[op->reg] & mask, found = *memory & mask;

	regs->rflags &= ~NACRE_STATUS_FLAGS;
	regs->rflags |= sub_flags(expected, found, expected - found, op->size);
	if (expected == found)
		*memory = regs->gpr[op->source] >> op->source_shift;
	else
		write_register(op, regs, found);
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

/* What an operation that is no memop works on, and what comes out. */
struct work {
	u64 a, b;		/* the destination's old value, the other */
	u64 third;
	u64 flags, changed;
	u8 size;
	unsigned int bits;
};

static void set_flag(struct work *w, u64 flag, bool set)
{
	w->changed |= flag;
	w->flags = set ? w->flags | flag : w->flags & ~flag;
}

static u64 bit_of(u64 value, unsigned int bit)
{
	return value >> bit & 1;
}

static bool top_bit(const struct work *w, u64 value)
{
	return bit_of(value, w->bits - 1);
}

static unsigned int shift_count(const struct work *w, u64 count)
{
	return count & (w->size == 8 ? 63 : 31);
}

/* RCL and RCR: bit by bit through CF, as slow as on a processor. */
static u64 rotate_carry(struct work *w, bool left, unsigned int count,
			bool carry)
{
	u64 a = w->a;
	bool out;

	for (count %= w->bits + 1; count; count--) {
		out = bit_of(a, left ? w->bits - 1 : 0);
		if (left)
			a = a << 1 | carry;
		else
			a = a >> 1 | (u64)carry << (w->bits - 1);
		carry = out;
		a &= nacre_size_mask(w->size);
	}
	set_flag(w, X86_EFLAGS_CF, carry);
	return a;
}

static u64 rotate(struct work *w, bool left, unsigned int count)
{
	u64 a = w->a;

	count %= w->bits;
	if (count && !left)
		count = w->bits - count;
	if (count)
		a = a << count | a >> (w->bits - count);
	set_flag(w, X86_EFLAGS_CF, left ? a & 1 : top_bit(w, a));
	return a;
}

static u64 shift(struct work *w, u8 alu, unsigned int count)
{
	u64 result = w->a;

	if (alu == NACRE_ALU_SHL || alu == NACRE_ALU_SAL) {
		set_flag(w, X86_EFLAGS_CF, count <= w->bits &&
			 bit_of(result, w->bits - count));
		result <<= count;
	} else {
		if (alu == NACRE_ALU_SAR)
			result = sign_extend64(result, w->bits - 1);
		set_flag(w, X86_EFLAGS_CF, bit_of(result, count - 1));
		result = alu == NACRE_ALU_SAR ? (u64)((s64)result >> count) :
						result >> count;
	}
	w->changed |= NACRE_STATUS_FLAGS;
	w->flags |= nacre_result_flags(result, w->size);
	return result;
}

/* OF is defined for a count of 1. */
static u64 rotate_or_shift(struct work *w, u8 alu, u64 rflags)
{
	unsigned int count = shift_count(w, w->b);
	bool left = !((alu - NACRE_ALU_ROL) & 1), carry;
	u64 result;

	if (!count)
		return w->a;
	if (alu <= NACRE_ALU_ROR)
		result = rotate(w, left, count);
	else if (alu <= NACRE_ALU_RCR)
		result = rotate_carry(w, left, count, rflags & X86_EFLAGS_CF);
	else
		result = shift(w, alu, count);
	carry = w->flags & X86_EFLAGS_CF;
	if (left)
		set_flag(w, X86_EFLAGS_OF, top_bit(w, result) != carry);
	else if (alu == NACRE_ALU_SHR || alu == NACRE_ALU_SAR)
		set_flag(w, X86_EFLAGS_OF, top_bit(w, w->a ^ result));
	else
		set_flag(w, X86_EFLAGS_OF, top_bit(w, result ^ result << 1));
	return result;
}

/* More than 16 of a word is undefined: it goes on with what was shifted in. */
static u64 shift_double(struct work *w, bool left)
{
	unsigned int count = shift_count(w, w->b);
	u64 a = w->a, in = w->third & nacre_size_mask(w->size), result;

	if (!count)
		return a;
	if (count > w->bits) {
		count -= w->bits;
		in = a;
		a = w->third & nacre_size_mask(w->size);
	}
	if (count == w->bits)
		result = in;
	else if (left)
		result = a << count | in >> (w->bits - count);
	else
		result = a >> count | in << (w->bits - count);
	w->changed = NACRE_STATUS_FLAGS;
	w->flags = nacre_result_flags(result, w->size);
	set_flag(w, X86_EFLAGS_CF,
		 bit_of(a, left ? w->bits - count : count - 1));
	set_flag(w, X86_EFLAGS_OF, top_bit(w, result ^ w->a));
	return result;
}

static __int128 sign_extended(const struct work *w, u64 value)
{
	return sign_extend64(value, w->bits - 1);
}

static u64 multiply(struct work *w, bool is_signed, u64 *high)
{
	__int128 product;
	bool overflow;

	if (is_signed)
		product = sign_extended(w, w->a) * sign_extended(w, w->b);
	else
		product = (__uint128_t)w->a * w->b;
	*high = product >> w->bits;
	overflow = is_signed ? product != sign_extended(w, product) :
			       !!(*high & nacre_size_mask(w->size));
	set_flag(w, X86_EFLAGS_CF | X86_EFLAGS_OF, overflow);
	return product;
}

/* By the processor's own, which has no more than it can hold. */
static u64 divide_128(__uint128_t value, u64 divisor, u64 *rest)
{
	u64 quotient, high = value >> 64, low = value;

	asm("divq %4" : "=a" (quotient), "=d" (*rest)
	    : "0" (low), "1" (high), "r" (divisor) : "cc");
	return quotient;
}

static u64 magnitude(const struct work *w, u64 value, bool negative)
{
	return (negative ? -value : value) & nacre_size_mask(w->size);
}

/* A quotient that fits is at most the divisor times 2 to the size. */
static bool divide(struct work *w, bool is_signed, u64 *quotient, u64 *rest)
{
	__uint128_t value = (__uint128_t)w->third << w->bits | w->a;
	bool negative = is_signed && top_bit(w, w->third);
	bool opposite = is_signed && top_bit(w, w->b) != negative;
	u64 divisor = magnitude(w, w->b, is_signed && top_bit(w, w->b));
	u64 limit = nacre_size_mask(w->size);

	if (negative)
		value = -value;
	if (w->size < 8)
		value &= ~0ull >> (64 - 2 * w->bits);
	if (!divisor || value >> w->bits >= divisor)
		return false;
	*quotient = divide_128(value, divisor, rest);
	if (is_signed)
		limit = (limit >> 1) + opposite;
	if (*quotient > limit)
		return false;
	if (opposite)
		*quotient = -*quotient;
	if (negative)
		*rest = -*rest;
	return true;
}

/* MUL to IDIV: the accumulator and RDX, or AH. */
static bool with_accumulator(struct work *w, u8 alu, u64 *gpr)
{
	u64 mask = nacre_size_mask(w->size), low, high;
	bool is_signed = alu == NACRE_ALU_IMUL1 || alu == NACRE_ALU_IDIV;

	w->a = gpr[RAX] & mask;
	w->third = (w->size == 1 ? gpr[RAX] >> 8 : gpr[RDX]) & mask;
	if (alu <= NACRE_ALU_IMUL1)
		low = multiply(w, is_signed, &high);
	else if (!divide(w, is_signed, &low, &high))
		return false;
	nacre_set_part(&gpr[RAX], w->size, 0, low);
	if (w->size == 1)
		nacre_set_part(&gpr[RAX], 1, 8, high);
	else
		nacre_set_part(&gpr[RDX], w->size, 0, high);
	return true;
}

static u64 leading_zeros(const struct work *w, u64 value)
{
	return value ? __builtin_clzll(value) - (64 - w->bits) : w->bits;
}

static u64 scan(struct work *w, u8 alu)
{
	u64 result = w->a;

	if (alu == NACRE_ALU_TZCNT)
		result = w->b ? __builtin_ctzll(w->b) : w->bits;
	else if (alu == NACRE_ALU_LZCNT)
		result = leading_zeros(w, w->b);
	else if (w->b && alu == NACRE_ALU_BSF)
		result = __builtin_ctzll(w->b);
	else if (w->b)
		result = w->bits - 1 - leading_zeros(w, w->b);
	if (alu == NACRE_ALU_TZCNT || alu == NACRE_ALU_LZCNT) {
		set_flag(w, X86_EFLAGS_CF, !w->b);
		set_flag(w, X86_EFLAGS_ZF, !result);
	} else {
		set_flag(w, X86_EFLAGS_ZF, !w->b);
	}
	return result;
}

static u64 run_other(struct work *w, const struct nacre_memop *op,
		     struct nacre_memop_regs *regs)
{
	u64 high;

	switch (op->alu) {
	case NACRE_ALU_ROL ... NACRE_ALU_SAR:
		return rotate_or_shift(w, op->alu, regs->rflags);
	case NACRE_ALU_SHLD:
	case NACRE_ALU_SHRD:
		return shift_double(w, op->alu == NACRE_ALU_SHLD);
	case NACRE_ALU_IMUL:
		return multiply(w, true, &high);
	case NACRE_ALU_CMOV:
		return nacre_condition(op->source, regs->rflags) ? w->b : w->a;
	case NACRE_ALU_SET:
		return nacre_condition(op->source, regs->rflags);
	case NACRE_ALU_BSWAP:
		return swab64(w->a) >> (64 - w->bits);
	case NACRE_ALU_BSF ... NACRE_ALU_LZCNT:
		return scan(w, op->alu);
	default:	/* POPCNT */
		w->changed = NACRE_STATUS_FLAGS;
		w->flags = w->b ? 0 : X86_EFLAGS_ZF;
		return hweight64(w->b);
	}
}

/* The operations that are no memops. */
static noinline bool compute_other(const struct nacre_memop *op,
				   struct nacre_memop_regs *regs, u64 *memory)
{
	u64 mask = nacre_size_mask(op->size);
	struct work w = {
		.a = *memory & mask, .b = other_operand(op, regs),
		.third = regs->gpr[op->source], .size = op->size,
		.bits = op->size * 8,
	};

	if (op->from_memory) {
		w.a = w.b & nacre_size_mask(op->reg_size);
		w.b = *memory & mask;
	}
	if (op->alu >= NACRE_ALU_MUL && op->alu <= NACRE_ALU_IDIV) {
		w.b = *memory & mask;
		if (!with_accumulator(&w, op->alu, regs->gpr))
			return false;
	} else {
		*memory = run_other(&w, op, regs);
	}
	regs->rflags = (regs->rflags & ~w.changed) | (w.flags & w.changed);
	/* Of nothing, BSF and BSR leave all of the register. */
	if (op->to_register &&
	    (w.b || (op->alu != NACRE_ALU_BSF && op->alu != NACRE_ALU_BSR)))
		write_register(op, regs, *memory);
	return true;
}

/* MOV is what drivers mostly do, and does not pay for the others. */
bool nacre_memop_compute(const struct nacre_memop *op,
			 struct nacre_memop_regs *regs, u64 *memory)
{
	if (op->alu == NACRE_ALU_MOV)
		move(op, regs, memory);
	else if (op->alu == NACRE_ALU_CMPXCHG)
		compare_exchange(op, regs, memory);
	else if (op->alu <= NACRE_ALU_LAST_MEMOP)
		calculate(op, regs, memory);
	else
		return compute_other(op, regs, memory);
	return true;
}
