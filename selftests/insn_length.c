// SPDX-License-Identifier: GPL-2.0
/*
 * An intercepted instruction with any prefixes is as long as it is. Each lies
 * at the end of a page, the next page begins with OUT: RIP tells whether the
 * instruction was taken for longer or shorter. Some processors do not report
 * the length, so the module has to find it out itself.
 */
#include "test.h"

#define ENDS_PORT 0x99

guest_entry void done(void)
{
	guest_done();
}

#ifndef GUEST_BITS
enum effect {
	NOTHING,	/* no exit: the OUT behind it is next */
	HALT,
	OUT_1,		/* OUT of 1, 2, 4 bytes to port DX = 0x40 */
	OUT_2,
	OUT_4,
	IN_1,
	IN_4,
};

#define M16 (1 << GUEST_16)
#define M32 (1 << GUEST_32)
#define M64 (1 << GUEST_64)
#define ALL (M16 | M32 | M64)

static const struct sample {
	u8 modes;
	enum effect effect;
	u8 length;
	u8 code[15];
} samples[] = {
	{ ALL, HALT, 1, { 0xf4 } },
	{ ALL, HALT, 2, { 0x66, 0xf4 } },
	{ ALL, HALT, 2, { 0xf3, 0xf4 } },
	{ ALL, HALT, 2, { 0x2e, 0xf4 } },
	{ ALL, HALT, 3, { 0x67, 0x66, 0xf4 } },
	{ ALL, HALT, 15, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
			   0x66, 0x66, 0x66, 0x66, 0x66, 0xf4 } },
	{ M64, HALT, 2, { 0x48, 0xf4 } },
	{ M64, HALT, 3, { 0x66, 0x4f, 0xf4 } },
	{ M64, HALT, 3, { 0x48, 0x66, 0xf4 } },
	{ ALL, NOTHING, 2, { 0x0f, 0xa2 } },
	{ ALL, NOTHING, 3, { 0x66, 0x0f, 0xa2 } },
	{ ALL, NOTHING, 3, { 0xf2, 0x0f, 0xa2 } },
	{ ALL, NOTHING, 5, { 0x64, 0x67, 0x66, 0x0f, 0xa2 } },
	{ M64, NOTHING, 3, { 0x48, 0x0f, 0xa2 } },
	{ M64, NOTHING, 5, { 0x66, 0x67, 0x41, 0x0f, 0xa2 } },
	{ ALL, NOTHING, 15, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
			      0x66, 0x66, 0x66, 0x66, 0x66, 0x0f, 0xa2 } },
	/* RDMSR of the TSC, WBINVD */
	{ ALL, NOTHING, 2, { 0x0f, 0x32 } },
	{ ALL, NOTHING, 3, { 0x66, 0x0f, 0x32 } },
	{ M64, NOTHING, 3, { 0x48, 0x0f, 0x32 } },
	{ ALL, NOTHING, 2, { 0x0f, 0x09 } },
	{ ALL, NOTHING, 3, { 0x2e, 0x0f, 0x09 } },
	{ ALL, OUT_1, 1, { 0xee } },
	{ ALL, OUT_1, 2, { 0xe6, 0x40 } },
	{ ALL, OUT_1, 2, { 0x66, 0xee } },
	{ M16, OUT_2, 1, { 0xef } },
	{ M16, OUT_4, 2, { 0x66, 0xef } },
	{ M32 | M64, OUT_4, 1, { 0xef } },
	{ M32 | M64, OUT_2, 2, { 0x66, 0xef } },
	{ M32 | M64, OUT_2, 3, { 0x66, 0xe7, 0x40 } },
	{ M64, OUT_4, 2, { 0x48, 0xef } },
	{ ALL, IN_1, 1, { 0xec } },
	{ ALL, IN_1, 3, { 0x67, 0xe4, 0x40 } },
	{ M32 | M64, IN_4, 1, { 0xed } },
	{ M64, IN_4, 3, { 0x4d, 0xe5, 0x40 } },
};

FIXTURE(length) {
	struct vcpu *vcpu;
	u64 page;	/* the second of two, which begins with OUT */
};

FIXTURE_VARIANT(length) {
	enum guest_mode mode;
};

FIXTURE_VARIANT_ADD(length, real) { .mode = GUEST_16 };
FIXTURE_VARIANT_ADD(length, protected) { .mode = GUEST_32 };
FIXTURE_VARIANT_ADD(length, long) { .mode = GUEST_64 };

/* Real mode reaches only what is below 64 KiB; its image ends before. */
#define LOW_PAGES 0x4000ull

FIXTURE_SETUP(length)
{
	static const u8 out[] = { 0xe6, ENDS_PORT, 0xeb, 0xfc };

	self->vcpu = vcpu_with_guest(variant->mode, "done");
	self->page = LOW_PAGES + PAGE_SIZE;
	memcpy(gpa_to_hva(self->vcpu->vm, self->page, sizeof(out)), out,
	       sizeof(out));
}

FIXTURE_TEARDOWN(length)
{
	vm_free(self->vcpu->vm);
}

static void start_at(struct vcpu *vcpu, u64 rip)
{
	struct nacre_regs regs = {
		.rip = rip,
		.rsp = 0x3ff0,
		.rdx = 0x40,
		.rcx = MSR_TSC,
		.rflags = RFLAGS_FIXED,
	};

	set_regs(vcpu, &regs);
}

static void expect_effect(struct vcpu *vcpu, enum effect effect, u64 start,
			  u64 end)
{
	static const u8 sizes[] = {
		[OUT_1] = 1, [OUT_2] = 2, [OUT_4] = 4, [IN_1] = 1, [IN_4] = 4,
	};

	if (effect == HALT) {
		run_to_exit(vcpu, NACRE_EXIT_HLT);
		CHECK(get_rip(vcpu) == end);
	} else if (effect >= OUT_1) {
		run_to_pio(vcpu, effect >= IN_1 ? NACRE_EXIT_IO_IN :
			   NACRE_EXIT_IO_OUT, 0x40, sizes[effect]);
		CHECK(get_rip(vcpu) == start);
	}
	run_to_pio(vcpu, NACRE_EXIT_IO_OUT, ENDS_PORT, 1);
	CHECK(get_rip(vcpu) == end);
}

static void print_sample(const struct sample *s)
{
	fprintf(stderr, "#");
	for (int i = 0; i < s->length; i++)
		fprintf(stderr, " %02x", s->code[i]);
	fprintf(stderr, "\n");
}

TEST_F(length, at_the_end_of_a_page)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *s = &samples[i];
		u64 start = self->page - s->length;

		if (!(s->modes & (1 << variant->mode)))
			continue;
		print_sample(s);
		memcpy(gpa_to_hva(self->vcpu->vm, start, s->length), s->code,
		       s->length);
		start_at(self->vcpu, start);
		expect_effect(self->vcpu, s->effect, start, self->page);
	}
}

/* Half on this page, half on the next. */
TEST_F(length, across_pages)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *s = &samples[i];
		u64 start = self->page - s->length / 2;
		u8 *at = gpa_to_hva(self->vcpu->vm, start, 32);

		if (!(s->modes & (1 << variant->mode)) || s->length < 2)
			continue;
		print_sample(s);
		memcpy(at, s->code, s->length);
		memcpy(at + s->length, "\xe6\x99\xeb\xfc", 4);
		start_at(self->vcpu, start);
		expect_effect(self->vcpu, s->effect, start,
			      start + s->length);
	}
}

TEST_HARNESS_MAIN
#endif
