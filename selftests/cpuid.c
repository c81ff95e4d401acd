// SPDX-License-Identifier: GPL-2.0
/* CPUID: what a VMM sets is what the guest gets. */
#include "test.h"

#define ANY_LEAF 0x40000a00
#define ANY_INDEX_LEAF 0x40000a01
#define OSXSAVE (1u << 27)
#define XSAVE (1u << 26)

guest_entry void asks(u64 leaf, u64 index)
{
	u32 r[4];

	cpuid(leaf, index, r);
	guest_sync(1, r[0], r[1], r[2], r[3]);
	guest_done();
}

guest_entry void turns_on_xsave(void)
{
	u32 r[4];

	cpuid(1, 0, r);
	guest_sync(1, r[2]);
	write_cr4(read_cr4() | X86_CR4_OSXSAVE);
	cpuid(1, 0, r);
	guest_sync(2, r[2]);
	write_cr4(read_cr4() & ~X86_CR4_OSXSAVE);
	cpuid(1, 0, r);
	guest_sync(3, r[2]);
	guest_done();
}

#define MAX 256

struct table {
	struct nacre_cpuid2 head;
	struct nacre_cpuid_entry2 entries[MAX + 8];
};

FIXTURE(cpuid) {
	struct vcpu *vcpu;
	struct table t;
};

FIXTURE_SETUP(cpuid)
{
	self->vcpu = vcpu_new(vm_new(), 0);
}

FIXTURE_TEARDOWN(cpuid)
{
	vm_free(self->vcpu->vm);
}

static void add(struct table *t, u32 leaf, u32 index, u32 flags, u32 first)
{
	t->entries[t->head.nent++] = (struct nacre_cpuid_entry2) {
		.function = leaf,
		.index = index,
		.flags = flags,
		.eax = first,
		.ebx = first + 1,
		.ecx = first + 2,
		.edx = first + 3,
	};
}

#define EXPECT_ANSWER(leaf, index, a, b, c, d)				\
	do {								\
		vcpu_setup(self->vcpu, GUEST_64, "asks");		\
		vcpu_args(self->vcpu, 2, (u64)(leaf), (u64)(index));	\
		run_to_sync(self->vcpu, 1);				\
		EXPECT_EQ(a, self->vcpu->uc.args[1]);			\
		EXPECT_EQ(b, self->vcpu->uc.args[2]);			\
		EXPECT_EQ(c, self->vcpu->uc.args[3]);			\
		EXPECT_EQ(d, self->vcpu->uc.args[4]);			\
	} while (0)

static int set(struct vcpu *vcpu, struct table *t)
{
	return raw_set_cpuid(vcpu, &t->head);
}

TEST_F(cpuid, guest_gets_what_was_set)
{
	add(&self->t, ANY_LEAF, 0, 0, 100);
	add(&self->t, ANY_INDEX_LEAF, 0, NACRE_CPUID_FLAG_SIGNIFCANT_INDEX,
	    200);
	add(&self->t, ANY_INDEX_LEAF, 3, NACRE_CPUID_FLAG_SIGNIFCANT_INDEX,
	    300);
	ASSERT_EQ(0, set(self->vcpu, &self->t));
	EXPECT_ANSWER(ANY_LEAF, 0, 100, 101, 102, 103);
	EXPECT_ANSWER(ANY_LEAF, 77, 100, 101, 102, 103);
	EXPECT_ANSWER(ANY_INDEX_LEAF, 0, 200, 201, 202, 203);
	EXPECT_ANSWER(ANY_INDEX_LEAF, 3, 300, 301, 302, 303);
	EXPECT_ANSWER(ANY_INDEX_LEAF, 1, 0, 0, 0, 0);
	EXPECT_ANSWER(ANY_LEAF + 0x50, 0, 0, 0, 0, 0);
}

/* A vCPU without CPUID has none. */
TEST_F(cpuid, empty)
{
	EXPECT_ANSWER(0, 0, 0, 0, 0, 0);
	EXPECT_ANSWER(1, 0, 0, 0, 0, 0);
}

TEST_F(cpuid, supported_goes_in)
{
	struct nacre_cpuid2 *c = supported_cpuid();
	struct nacre_cpuid_entry2 *zero = find_leaf(c, 0, 0);

	EXPECT_GT(c->nent, 2);
	ASSERT_TRUE(zero);
	EXPECT_GE(zero->eax, 1);
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, c));
	EXPECT_ANSWER(0, 0, zero->eax, zero->ebx, zero->ecx, zero->edx);
	free(c);
}

TEST_F(cpuid, get_returns_it)
{
	struct table got = { .head.nent = MAX };

	add(&self->t, ANY_LEAF, 0, 0, 100);
	add(&self->t, ANY_INDEX_LEAF, 2, NACRE_CPUID_FLAG_SIGNIFCANT_INDEX, 7);
	ASSERT_EQ(0, set(self->vcpu, &self->t));
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_GET_CPUID2, &got));
	/* KVM before 6.2 left the number as it came. */
	if (got.head.nent != MAX || on_nacre())
		EXPECT_EQ(2, got.head.nent);
	EXPECT_EQ(0, memcmp(got.entries, self->t.entries,
			    2 * sizeof(got.entries[0])));
	got.head.nent = 1;
	EXPECT_ERROR(E2BIG, ioctl(self->vcpu->fd, NACRE_GET_CPUID2, &got));
}

TEST_F(cpuid, too_small_a_buffer)
{
	struct table got = { .head.nent = 1 };
	int dev = self->vcpu->vm->dev;

	EXPECT_ERROR(E2BIG, ioctl(dev, NACRE_GET_SUPPORTED_CPUID, &got));
	got.head.nent = 0;
	EXPECT_ERROR(E2BIG, ioctl(dev, NACRE_GET_SUPPORTED_CPUID, &got));
	EXPECT_ERROR(EFAULT, ioctl(dev, NACRE_GET_SUPPORTED_CPUID, 8));
}

TEST_F(cpuid, too_many)
{
	for (int i = 0; i < MAX + 1; i++)
		add(&self->t, ANY_LEAF + i, 0, 0, i);
	EXPECT_ERROR(E2BIG, set(self->vcpu, &self->t));
	self->t.head.nent = 0xffffffff;
	EXPECT_ERROR(E2BIG, set(self->vcpu, &self->t));
	self->t.head.nent = MAX;
	EXPECT_EQ(0, set(self->vcpu, &self->t));
	EXPECT_ANSWER(ANY_LEAF + MAX - 1, 0, MAX - 1, MAX, MAX + 1, MAX + 2);
}

/* Once the vCPU has run, only the same again is accepted. */
TEST_F(cpuid, fixed_after_the_first_run)
{
	add(&self->t, ANY_LEAF, 0, 0, 100);
	ASSERT_EQ(0, set(self->vcpu, &self->t));
	self->t.entries[0].eax = 7;
	ASSERT_EQ(0, set(self->vcpu, &self->t));
	EXPECT_ANSWER(ANY_LEAF, 0, 7, 101, 102, 103);
	EXPECT_EQ(0, set(self->vcpu, &self->t));
	self->t.entries[0].eax = 8;
	EXPECT_ERROR(EINVAL, set(self->vcpu, &self->t));
	EXPECT_ANSWER(ANY_LEAF, 0, 7, 101, 102, 103);
}

/* CPUID.1:ECX.OSXSAVE shows the guest's CR4. */
TEST_F(cpuid, osxsave_follows_cr4)
{
	struct nacre_cpuid2 *c = supported_cpuid();

	if (!(find_leaf(c, 1, 0)->ecx & XSAVE)) {
		free(c);
		SKIP(return, "no XSAVE");
	}
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, c));
	free(c);
	vcpu_setup(self->vcpu, GUEST_64, "turns_on_xsave");
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, self->vcpu->uc.args[1] & OSXSAVE);
	run_to_sync(self->vcpu, 2);
	EXPECT_EQ(OSXSAVE, self->vcpu->uc.args[1] & OSXSAVE);
	run_to_sync(self->vcpu, 3);
	EXPECT_EQ(0, self->vcpu->uc.args[1] & OSXSAVE);
	run_to_done(self->vcpu);
}

/* Two vCPUs, two answers. */
TEST_F(cpuid, belongs_to_the_vcpu)
{
	struct vcpu *first = self->vcpu, *second = vcpu_new(first->vm, 1);

	add(&self->t, ANY_LEAF, 0, 0, 100);
	ASSERT_EQ(0, set(first, &self->t));
	self->t.entries[0].eax = 500;
	ASSERT_EQ(0, set(second, &self->t));
	EXPECT_ANSWER(ANY_LEAF, 0, 100, 101, 102, 103);
	self->vcpu = second;
	EXPECT_ANSWER(ANY_LEAF, 0, 500, 101, 102, 103);
	self->vcpu = first;
}

TEST_HARNESS_MAIN
