// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: whatever the bytes and the state are, the emulator ends,
 * asks for nothing that it may not, and has effects only if it is done. What
 * it reads is the input's rest, over and over.
 */
#include <asm/processor-flags.h>
#include <stdlib.h>

#include "asm/msr-index.h"
#include "arch/x86/emulate/emulate.h"
#include "host_types.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define PAGE		4096

static const u8 *input;
static size_t left, length;
static unsigned int effects;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static u8 next(void)
{
	if (!length)
		return 0;
	return input[left++ % length];
}

static void fill(void *to, size_t size)
{
	u8 *bytes = to;

	while (size--)
		*bytes++ = next();
}

/* One access in sixteen is a fault, and some have no answer yet. */
static enum nacre_emulated answer(struct nacre_emulator *e, u64 linear)
{
	switch (next() & 63) {
	case 0:
		e->exception = (struct nacre_emu_exception) {
			.vector = 14, .has_error = true, .cr2 = linear,
		};
		return NACRE_EMU_FAULT;
	case 1:
		return NACRE_EMU_OUTSIDE;
	case 2:
		return NACRE_EMU_RETRY;
	default:
		return NACRE_EMU_DONE;
	}
}

static void check_access(const struct nacre_emulator *e, u64 linear,
			 unsigned int size)
{
	require(size && size <= PAGE && linear % PAGE + size <= PAGE);
	require(e->state.efer & EFER_LMA || !((linear + size - 1) >> 32));
}

static enum nacre_emulated read(struct nacre_emulator *e, u64 linear,
				void *data, unsigned int size, u32 how)
{
	(void)how;
	require(size && linear % PAGE + size <= PAGE);
	fill(data, size);
	return answer(e, linear);
}

static enum nacre_emulated probe(struct nacre_emulator *e, u64 linear,
				 unsigned int size, u32 how)
{
	require(size && linear % PAGE + size <= PAGE);
	return answer(e, linear);
}

static void write(struct nacre_emulator *e, u64 linear, const void *data,
		  unsigned int size, u32 how)
{
	static u8 page[PAGE];

	require(how & NACRE_EMU_WRITE && e->result == NACRE_EMU_DONE);
	check_access(e, linear, size);
	memcpy(page, data, size);
	effects++;
}

static enum nacre_emulated exchange(struct nacre_emulator *e, u64 linear,
				    const void *old, const void *data,
				    unsigned int size)
{
	(void)old;
	(void)data;
	require(size <= 16);
	check_access(e, linear, size);
	return next() & 1 ? NACRE_EMU_DONE : NACRE_EMU_RETRY;
}

static enum nacre_emulated in(struct nacre_emulator *e, u16 port,
			      unsigned int size, u32 *value)
{
	require(size == 1 || size == 2 || size == 4);
	fill(value, size);
	return answer(e, port);
}

static enum nacre_emulated out(struct nacre_emulator *e, u16 port,
			       unsigned int size, u32 value)
{
	(void)port;
	require(size == 4 || (size <= 2 && !(value >> size * 8)));
	require(e->result == NACRE_EMU_DONE);
	return NACRE_EMU_DONE;
}

static enum nacre_emulated read_msr(struct nacre_emulator *e, u32 msr,
				    u64 *value)
{
	fill(value, sizeof(*value));
	return answer(e, msr);
}

static enum nacre_emulated write_msr(struct nacre_emulator *e, u32 msr,
				     u64 value)
{
	require(e->result == NACRE_EMU_DONE && !e->state.cpl);
	return answer(e, msr + value);
}

static enum nacre_emulated check_cr(struct nacre_emulator *e, u8 number,
				    u64 value)
{
	require(!e->state.cpl || e->next.new_task);
	require(number == 0 || number == 3 || number == 4 || number == 8);
	return answer(e, value);
}

static enum nacre_emulated read_dr(struct nacre_emulator *e, u8 number,
				   u64 *value)
{
	require(!e->state.cpl && number < 8 && number >> 1 != 2);
	fill(value, sizeof(*value));
	return answer(e, number);
}

static enum nacre_emulated write_dr(struct nacre_emulator *e, u8 number,
				    u64 value)
{
	require(!e->state.cpl && number < 8 && number >> 1 != 2);
	return answer(e, value);
}

static enum nacre_emulated invalidate(struct nacre_emulator *e, u64 linear)
{
	require(!e->state.cpl);
	return answer(e, linear);
}

static bool has(struct nacre_emulator *e, enum nacre_emu_feature feature)
{
	(void)e;
	(void)feature;
	return next() & 7;
}

static void cpuid(struct nacre_emulator *e, u32 regs[4])
{
	(void)e;
	fill(regs, 16);
}

static u64 tsc(struct nacre_emulator *e, u32 *aux)
{
	(void)e;
	*aux = 0;
	return 0;
}

static void read_vector(struct nacre_emulator *e, u8 number, u8 *data)
{
	(void)e;
	require(number < 16);
	fill(data, 32);
}

static void write_vector(struct nacre_emulator *e, u8 number, const u8 *data)
{
	(void)data;
	require(number < 16 && e->result == NACRE_EMU_DONE);
}

static void read_fpu(struct nacre_emulator *e, u8 *image)
{
	(void)e;
	fill(image, 512);
}

static void write_fpu(struct nacre_emulator *e, const u8 *image)
{
	(void)image;
	require(e->result == NACRE_EMU_DONE);
}

static const struct nacre_emu_ops ops = {
	.read = read, .probe = probe, .write = write, .exchange = exchange,
	.in = in, .out = out, .read_msr = read_msr, .write_msr = write_msr,
	.check_cr = check_cr, .read_dr = read_dr, .write_dr = write_dr,
	.invalidate = invalidate, .has = has, .cpuid = cpuid, .tsc = tsc,
	.read_vector = read_vector, .write_vector = write_vector,
	.read_fpu = read_fpu, .write_fpu = write_fpu,
};

/* Anything, but for what would be no state of a processor. */
static u8 settle(struct nacre_emu_state *s)
{
	struct nacre_emu_segment *cs = &s->segments[NACRE_EMU_CS];
	u8 kind = next(), i;

	s->cr0 = (s->cr0 & ~(u64)X86_CR0_PE) | (kind & 7 ? X86_CR0_PE : 0);
	s->regs.rflags &= 0x3fffff;
	s->efer &= ~(u64)(EFER_LMA | EFER_LME);
	if (kind & 6 && kind & 8) {
		s->cr0 |= X86_CR0_PE | X86_CR0_PG;
		s->efer |= EFER_LMA | EFER_LME;
		s->regs.rflags &= ~(u64)X86_EFLAGS_VM;
	}
	s->cpl &= 3;
	if (!(s->cr0 & X86_CR0_PE)) {
		s->regs.rflags &= ~(u64)X86_EFLAGS_VM;
		s->cpl = 0;
	}
	if (s->regs.rflags & X86_EFLAGS_VM)
		s->cpl = 3;
	s->nmi_unmasked = s->halted = s->new_task = s->task_trap = false;
	if (s->efer & EFER_LMA && cs->attributes & 0x200)
		return 64;
	s->rip = (u32)s->rip;
	for (i = 0; i < NACRE_EMU_NR_SEGMENTS; i++)
		s->segments[i].base = (u32)s->segments[i].base;
	return cs->attributes & 0x400 ? 32 : 16;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct nacre_emulator e;
	static struct nacre_emu_state before;
	enum nacre_emulated result;
	struct nacre_insn insn = {};
	u8 mode;

	if (size < NACRE_MAX_INSN)
		return 0;
	input = data + NACRE_MAX_INSN;
	length = size - NACRE_MAX_INSN;
	left = 0;
	effects = 0;
	memset(&e, 0, sizeof(e));
	e.ops = &ops;
	fill(&e.state.regs, sizeof(e.state.regs));
	e.state.rip = e.state.regs.gpr[next() & 15];
	e.state.cr0 = next() | (u64)next() << 16;
	e.state.cr4 = next() | (u64)next() << 8 | (u64)next() << 16;
	e.state.efer = next();
	e.state.cpl = next();
	fill(e.state.segments, sizeof(e.state.segments));
	e.state.gdtr.limit = e.state.idtr.limit = next() << 8 | 0xff;
	mode = settle(&e.state);
	e.vendor = next() & 1;
	before = e.state;
	if (next() & 7) {
		if (nacre_decode(data, NACRE_MAX_INSN, mode, e.vendor, &insn) !=
		    NACRE_DECODE_OK)
			return 0;
		result = nacre_emulate(&e, &insn);
	} else {
		result = nacre_emulate_event(&e, next() % 3, next(),
					     next() & 3, next() & 1, next());
	}
	require(result <= NACRE_EMU_UNKNOWN);
	/* A repeated string's elements can be done, and a switch of tasks. */
	if (result != NACRE_EMU_DONE && !e.state.new_task &&
	    !(insn.prefixes & (NACRE_PFX_REP | NACRE_PFX_REPNE)))
		require(!effects && !memcmp(&before, &e.state, sizeof(before)));
	require(e.state.cpl <= 3);
	return 0;
}
