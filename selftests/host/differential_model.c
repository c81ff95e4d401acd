// SPDX-License-Identifier: GPL-2.0
/*
 * The emulator in a user process as the kernel here runs one: what is mapped
 * and how, which segments there are, and what is not the test's to touch.
 */
#include <asm/processor-flags.h>
#include <cpuid.h>

#include "differential.h"

#define GDT_BASE	0xfffffe0000000000ull
#define LDT_BASE	0xfffffe1000000000ull
#define TSS_BASE	0xfffffe2000000000ull
#define VSYSCALL	0xffffffffff600000ull

u8 model_data[NATIVE_DATA_BYTES];

/* Intel SDM, "Segment Descriptors": flat ones of either privilege level. */
static const u64 gdt[] = {
	0, 0x00cf9b000000ffff, 0x00af9b000000ffff, 0x00cf93000000ffff,
	0x00cffb000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff,
};

static struct trial *trial;

void model_reset(void)
{
	memcpy(model_data, native_page(NATIVE_DATA), NATIVE_DATA_BYTES);
}

static enum nacre_emulated foreign(void)
{
	trial->foreign = true;
	return NACRE_EMU_UNKNOWN;
}

static enum nacre_emulated page_fault(struct nacre_emulator *e, u64 linear,
				      u32 how, bool present)
{
	e->exception = (struct nacre_emu_exception) {
		.vector = 14, .has_error = true, .cr2 = linear,
		.error = 4 | present | (how & NACRE_EMU_WRITE ? 2 : 0),
	};
	return NACRE_EMU_FAULT;
}

static enum nacre_emulated read_tables(u64 linear, void *data,
				       unsigned int size)
{
	memset(data, 0, size);
	if (linear - LDT_BASE <= sizeof(native_ldt) - size)
		memcpy(data, (u8 *)native_ldt + (linear - LDT_BASE), size);
	else if (linear - GDT_BASE <= sizeof(gdt) - size)
		memcpy(data, (const u8 *)gdt + (linear - GDT_BASE), size);
	else
		return foreign();
	return NACRE_EMU_DONE;
}

/* May it be accessed, and is it the test's? */
static enum nacre_emulated check(struct nacre_emulator *e, u64 linear,
				 unsigned int size, u32 how)
{
	u64 offset = linear - (uintptr_t)native_arena;
	u64 page = offset / NATIVE_PAGE;

	if (how & NACRE_EMU_SYSTEM)
		return foreign();
	/* The kernel tells a program of its own half that all is present. */
	if (linear >> 63)
		return linear >> 12 == VSYSCALL >> 12 ? foreign() :
		       page_fault(e, linear, how, true);
	if (linear < 0x10000)
		return page_fault(e, linear, how, false);
	if (page >= NATIVE_PAGES || page == NATIVE_CODE)
		return foreign();
	if (page < NATIVE_DATA || page > NATIVE_READ_ONLY)
		return page_fault(e, linear, how, false);
	if (page == NATIVE_READ_ONLY && how & NACRE_EMU_WRITE)
		return page_fault(e, linear, how, true);
	if (linear % NATIVE_PAGE + size > NATIVE_PAGE)
		trial->differs = "an access is not split";
	return NACRE_EMU_DONE;
}

static u8 *data_at(u64 linear)
{
	return model_data + (linear - (uintptr_t)native_page(NATIVE_DATA));
}

static enum nacre_emulated read(struct nacre_emulator *e, u64 linear,
				void *data, unsigned int size, u32 how)
{
	enum nacre_emulated result;

	if (how & NACRE_EMU_SYSTEM)
		return read_tables(linear, data, size);
	result = check(e, linear, size, how);
	if (result == NACRE_EMU_DONE)
		memcpy(data, data_at(linear), size);
	return result;
}

static void write(struct nacre_emulator *e, u64 linear, const void *data,
		  unsigned int size, u32 how)
{
	if (check(e, linear, size, how) != NACRE_EMU_DONE)
		trial->differs = "a write was not probed";
	else
		memcpy(data_at(linear), data, size);
}

static enum nacre_emulated exchange(struct nacre_emulator *e, u64 linear,
				   const void *old, const void *data,
				   unsigned int size)
{
	if (check(e, linear, size, NACRE_EMU_WRITE) != NACRE_EMU_DONE)
		trial->differs = "a locked write was not probed";
	else if (memcmp(data_at(linear), old, size))
		trial->differs = "what a locked access found";
	else
		memcpy(data_at(linear), data, size);
	return NACRE_EMU_DONE;
}

static bool has(struct nacre_emulator *e, enum nacre_emu_feature feature)
{
	unsigned int a, b, c, d;

	(void)e;
	switch (feature) {
	case NACRE_EMU_HAS_BMI1:
		return __builtin_cpu_supports("bmi");
	case NACRE_EMU_HAS_BMI2:
		return __builtin_cpu_supports("bmi2");
	case NACRE_EMU_HAS_POPCNT:
		return __builtin_cpu_supports("popcnt");
	case NACRE_EMU_HAS_SSE42:
		return __builtin_cpu_supports("sse4.2");
	case NACRE_EMU_HAS_AVX:
		return native_has_ymm;
	case NACRE_EMU_HAS_LZCNT:
		return __get_cpuid(0x80000001, &a, &b, &c, &d) && c & bit_LZCNT;
	case NACRE_EMU_HAS_MOVBE:
		return __get_cpuid(1, &a, &b, &c, &d) && c & bit_MOVBE;
	case NACRE_EMU_HAS_CX16:
		return __get_cpuid(1, &a, &b, &c, &d) && c & bit_CMPXCHG16B;
	case NACRE_EMU_HAS_ADX:
		return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_ADX;
	default:
		return true;
	}
}

static void read_vector(struct nacre_emulator *e, u8 number, u8 *data)
{
	(void)e;
	memcpy(data, trial->native.vector[number], 32);
}

static void write_vector(struct nacre_emulator *e, u8 number, const u8 *data)
{
	(void)e;
	memcpy(trial->native.vector[number], data, 32);
}

/* No user may use a port, and what comes of the privileged ones is #GP. */
static const struct nacre_emu_ops ops = {
	.read = read, .probe = check, .write = write, .exchange = exchange,
	.has = has, .read_vector = read_vector, .write_vector = write_vector,
};

static void set_segment(struct nacre_emu_segment *s, u16 selector, u64 d)
{
	u32 limit = (d & 0xffff) | (d >> 32 & 0xf0000);

	*s = (struct nacre_emu_segment) { .selector = selector };
	if (!(selector & 0xfffc))
		return;
	s->base = (d >> 16 & 0xffffff) | (d >> 32 & 0xff000000);
	s->limit = d >> 55 & 1 ? limit << 12 | 0xfff : limit;
	s->attributes = (d >> 40 & 0xff) | (d >> 44 & 0xf00);
}

static void load(struct nacre_emu_segment *s, u16 selector)
{
	set_segment(s, selector, selector & 4 ? native_ldt[selector >> 3] :
						gdt[selector >> 3]);
}

static void set_state(struct nacre_emulator *e, const struct trial *t)
{
	const struct native_regs *r = &t->before;
	struct nacre_emu_state *s = &e->state;

	*s = (struct nacre_emu_state) {
		.regs.rflags = r->rflags, .rip = r->rip, .cpl = 3,
		.cr0 = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE |
		       X86_CR0_WP | X86_CR0_AM | X86_CR0_PG,
		.cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT |
		       X86_CR4_OSXSAVE,
		.efer = 0xd01,
		/* What is behind those here is this machine's: foreign. */
		.gdtr = { GDT_BASE, 16 * 8 - 1 },
		.segments[NACRE_EMU_LDTR] = {
			.base = LDT_BASE, .attributes = 0x82,
			.limit = (LDT_EMPTY + 1) * 8 - 1, .selector = 0x50,
		},
		.segments[NACRE_EMU_TR] = {
			.base = TSS_BASE, .attributes = 0x8b,
			.limit = 0x67, .selector = 0x40,
		},
	};
	memcpy(s->regs.gpr, r->gpr, sizeof(s->regs.gpr));
	load(&s->segments[NACRE_EMU_CS], r->cs);
	load(&s->segments[NACRE_EMU_SS], r->ss);
	load(&s->segments[NACRE_EMU_DS], r->ds);
	load(&s->segments[NACRE_EMU_ES], r->es);
	load(&s->segments[NACRE_EMU_GS], r->gs);
	if (t->mode == 64)
		s->segments[NACRE_EMU_GS].base = NATIVE_GS_BASE;
}

u64 model_code(const struct native_regs *regs, u8 mode, u64 rip)
{
	struct nacre_emu_segment cs;

	if (mode == 64)
		return rip;
	load(&cs, regs->cs);
	return (u32)(cs.base + rip);
}

/* The emulator is to do as this processor's vendor does. */
static enum nacre_decode_vendor vendor(void)
{
	return __builtin_cpu_is("amd") ? NACRE_DECODE_AMD :
					 NACRE_DECODE_INTEL;
}

bool model_decode(struct trial *t)
{
	return nacre_decode(t->bytes, 15, t->mode, vendor(), &t->insn) ==
	       NACRE_DECODE_OK;
}

/* A repeated string is more than one call. */
void model_run(struct trial *t)
{
	struct nacre_emulator *e = &t->emulated;
	unsigned int i;

	trial = t;
	t->foreign = false;
	t->differs = NULL;
	memset(e, 0, sizeof(*e));
	memcpy(t->native.vector, t->before.vector, sizeof(t->native.vector));
	e->ops = &ops;
	e->vendor = vendor();
	set_state(e, t);
	for (i = 0; i < 8; i++) {
		t->result = nacre_emulate(e, &t->insn);
		if (t->result != NACRE_EMU_DONE ||
		    e->state.rip != t->before.rip)
			return;
	}
	/* A jump to itself has no end natively. */
	foreign();
}
