// SPDX-License-Identifier: GPL-2.0
/* What NACRE_SET_SREGS takes, refuses and gives back. */
#include "test.h"

guest_entry void done(void)
{
	guest_done();
}

#ifndef GUEST_BITS
FIXTURE(sregs) {
	struct vcpu *vcpu;
	struct nacre_sregs s;
};

FIXTURE_VARIANT(sregs) {
	enum guest_mode mode;
};

FIXTURE_VARIANT_ADD(sregs, real) { .mode = GUEST_16 };
FIXTURE_VARIANT_ADD(sregs, protected) { .mode = GUEST_32 };
FIXTURE_VARIANT_ADD(sregs, long) { .mode = GUEST_64 };

FIXTURE_SETUP(sregs)
{
	self->vcpu = vcpu_with_guest(variant->mode, "done");
	get_sregs(self->vcpu, &self->s);
}

FIXTURE_TEARDOWN(sregs)
{
	vm_free(self->vcpu->vm);
}

static int raw_set(struct vcpu *vcpu, const struct nacre_sregs *s)
{
	return ioctl(vcpu->fd, NACRE_SET_SREGS, s);
}

/* A refusal leaves everything as it was, and the guest runs. */
static void expect_refused(struct vcpu *vcpu, const struct nacre_sregs *s)
{
	struct nacre_sregs before, after;

	get_sregs(vcpu, &before);
	CHECK(raw_set(vcpu, s) == -1 && errno == EINVAL);
	get_sregs(vcpu, &after);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
}

TEST_F(sregs, get_after_set)
{
	struct nacre_sregs wanted, got;

	memset(&wanted, 0, sizeof(wanted));
	wanted.apic_base = self->s.apic_base;
	mode_sregs(self->vcpu->vm, variant->mode, &wanted);
	if (variant->mode == GUEST_16) {
		wanted.tr = self->s.tr;
		wanted.ldt = self->s.ldt;
		wanted.cr0 = X86_CR0_ET;
	}
	set_sregs(self->vcpu, &wanted);
	memset(&got, 0xee, sizeof(got));
	get_sregs(self->vcpu, &got);
#define SAME(field) EXPECT_EQ(0, memcmp(&wanted.field, &got.field,	\
					sizeof(got.field)))		\
			TH_LOG("%s differs", #field)
	SAME(cs);
	SAME(ds);
	SAME(es);
	SAME(fs);
	SAME(gs);
	SAME(ss);
	SAME(tr);
	SAME(gdt);
	SAME(idt);
	EXPECT_EQ(wanted.ldt.unusable, got.ldt.unusable);
	EXPECT_EQ(wanted.cr0, got.cr0);
	EXPECT_EQ(wanted.cr2, got.cr2);
	EXPECT_EQ(wanted.cr3, got.cr3);
	EXPECT_EQ(wanted.cr4, got.cr4);
	EXPECT_EQ(wanted.cr8, got.cr8);
	EXPECT_EQ(wanted.efer, got.efer);
	EXPECT_EQ(wanted.apic_base, got.apic_base);
	SAME(interrupt_bitmap);
	run_to_done(self->vcpu);
}

TEST_F(sregs, get_set_get)
{
	struct nacre_sregs again;

	set_sregs(self->vcpu, &self->s);
	get_sregs(self->vcpu, &again);
	EXPECT_EQ(0, memcmp(&self->s, &again, sizeof(again)));
	run_to_done(self->vcpu);
}

/* Bases and selectors that the hardware never looks up are free. */
TEST_F(sregs, segment_fields)
{
	struct nacre_segment fs = flat_segment(0x1238, 3, 0, 1), gs = fs;
	struct nacre_sregs got;

	fs.base = 0x12345000;
	fs.avl = 1;
	gs.base = 0xfffff000;
	gs.limit = 0x1234;
	gs.g = 0;
	gs.type = 1;
	self->s.fs = fs;
	self->s.gs = gs;
	set_sregs(self->vcpu, &self->s);
	get_sregs(self->vcpu, &got);
	EXPECT_EQ(0, memcmp(&fs, &got.fs, sizeof(fs)));
	EXPECT_EQ(0, memcmp(&gs, &got.gs, sizeof(gs)));
}

TEST_F(sregs, unusable_segments)
{
	struct nacre_sregs got;

	/* Not one that the compiler's string instructions go by. */
	self->s.gs = (struct nacre_segment) { .unusable = 1 };
	self->s.ldt = (struct nacre_segment) { .unusable = 1 };
	set_sregs(self->vcpu, &self->s);
	get_sregs(self->vcpu, &got);
	EXPECT_EQ(1, got.gs.unusable);
	EXPECT_EQ(0, got.gs.present);
	EXPECT_EQ(1, got.ldt.unusable);
	run_to_done(self->vcpu);
}

TEST_F(sregs, ldt)
{
	struct nacre_segment ldt = {
		.base = 0x5000,
		.limit = 0xfff,
		.selector = 0x50,
		.type = 2,
		.present = 1,
	};
	struct nacre_sregs got;

	self->s.ldt = ldt;
	set_sregs(self->vcpu, &self->s);
	get_sregs(self->vcpu, &got);
	EXPECT_EQ(0, memcmp(&ldt, &got.ldt, sizeof(ldt)));
	run_to_done(self->vcpu);
}

TEST_F(sregs, cr2)
{
	struct nacre_sregs got;

	self->s.cr2 = 0xffff800012345678;
	set_sregs(self->vcpu, &self->s);
	get_sregs(self->vcpu, &got);
	EXPECT_EQ(0xffff800012345678, got.cr2);
	run_to_done(self->vcpu);
	get_sregs(self->vcpu, &got);
	EXPECT_EQ(0xffff800012345678, got.cr2);
}

/* Without an irqchip, nacre_run's cr8 goes in at each run and comes out. */
TEST_F(sregs, cr8)
{
	struct nacre_sregs got;

	self->s.cr8 = 9;
	set_sregs(self->vcpu, &self->s);
	get_sregs(self->vcpu, &got);
	EXPECT_EQ(9, got.cr8);
	self->vcpu->run->cr8 = 5;
	run_to_done(self->vcpu);
	get_sregs(self->vcpu, &got);
	EXPECT_EQ(5, got.cr8);
	EXPECT_EQ(5, self->vcpu->run->cr8);
	self->vcpu->run->cr8 = 16;
	EXPECT_ERROR(EINVAL, raw_run(self->vcpu));
	self->vcpu->run->cr8 = 0;
	run_to_done(self->vcpu);
	get_sregs(self->vcpu, &got);
	EXPECT_EQ(0, got.cr8);
}

TEST_F(sregs, cr4_reserved_bits)
{
	static const u8 bits[] = { 15, 19, 31, 32, 63 };

	for (size_t i = 0; i < sizeof(bits); i++) {
		struct nacre_sregs s = self->s;

		s.cr4 |= 1ull << bits[i];
		expect_refused(self->vcpu, &s);
	}
	run_to_done(self->vcpu);
}

TEST_F(sregs, cr0_combinations)
{
	struct nacre_sregs s = self->s;

	s.cr0 |= 1ull << 32;
	expect_refused(self->vcpu, &s);
	s = self->s;
	s.cr0 |= X86_CR0_NW;
	s.cr0 &= ~(u64)X86_CR0_CD;
	expect_refused(self->vcpu, &s);
	s = self->s;
	s.cr0 |= X86_CR0_PG;
	s.cr0 &= ~(u64)X86_CR0_PE;
	expect_refused(self->vcpu, &s);
	run_to_done(self->vcpu);
}

TEST_F(sregs, long_mode_combinations)
{
	struct nacre_sregs s = self->s;

	if (variant->mode == GUEST_64) {
		s.efer &= ~(u64)EFER_LMA;
		expect_refused(self->vcpu, &s);
		s = self->s;
		s.cr4 &= ~(u64)X86_CR4_PAE;
		expect_refused(self->vcpu, &s);
		s = self->s;
		s.cr0 &= ~(u64)X86_CR0_PG;
		expect_refused(self->vcpu, &s);
	} else {
		s.efer |= EFER_LMA;
		expect_refused(self->vcpu, &s);
		s = self->s;
		s.cs.l = 1;
		expect_refused(self->vcpu, &s);
	}
	run_to_done(self->vcpu);
}

/* CR3 with bits above the guest's physical address width. */
TEST_F(sregs, cr3_out_of_range)
{
	struct nacre_sregs s = self->s;

	if (variant->mode != GUEST_64)
		SKIP(return, "only long mode checks CR3");
	s.cr3 |= 1ull << 52;
	expect_refused(self->vcpu, &s);
	run_to_done(self->vcpu);
}

TEST_F(sregs, apic_base)
{
	struct nacre_sregs s = self->s;

	s.apic_base |= 1ull << 63;
	expect_refused(self->vcpu, &s);
	s = self->s;
	s.apic_base = (s.apic_base & ~0x800ull) | 0x400;
	expect_refused(self->vcpu, &s);
	s = self->s;
	s.apic_base ^= 0x100;
	set_sregs(self->vcpu, &s);
	run_to_done(self->vcpu);
	EXPECT_EQ(s.apic_base, self->vcpu->run->apic_base);
}

TEST_F(sregs, bad_pointer)
{
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_SET_SREGS, 8));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_GET_SREGS, 8));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_SET_REGS, 8));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_GET_REGS, 8));
}

TEST_HARNESS_MAIN
#endif
