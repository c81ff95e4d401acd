// SPDX-License-Identifier: GPL-2.0
/* Memory slots: add, delete, move, flags, and what is refused. */
#include "test.h"

#define GPA (1ull << 30)
#define SIZE (64 * PAGE_SIZE)
#define NO_SLOT 0x7fff

/* Reads a word wherever the host says, until it says 0. */
guest_entry void peeks(void)
{
	for (;;) {
		u64 *p = (u64 *)(ulong)inl(0x40);

		if (!p)
			break;
		guest_sync(1, *p);
	}
	guest_done();
}

FIXTURE(slots) {
	struct vm *vm;
	struct vcpu *vcpu;
	void *memory;
};

FIXTURE_SETUP(slots)
{
	self->vcpu = vcpu_with_guest(GUEST_64, "peeks");
	self->vm = self->vcpu->vm;
	self->memory = map_anon(SIZE);
}

FIXTURE_TEARDOWN(slots)
{
	vm_free(self->vm);
}

static u64 peek(struct vcpu *vcpu, u64 gpa)
{
	*(u32 *)run_to_pio(vcpu, NACRE_EXIT_IO_IN, 0x40, 4) = gpa;
	run_to_sync(vcpu, 1);
	return vcpu->uc.args[1];
}

#define set(slot, flags, gpa, size, hva) \
	raw_set_memory(self->vm, slot, flags, gpa, size, hva)

TEST_F(slots, add_is_seen_by_the_guest)
{
	*(u64 *)self->memory = 0x1122334455667788;
	ASSERT_EQ(0, set(1, 0, GPA, SIZE, self->memory));
	EXPECT_EQ(0x1122334455667788, peek(self->vcpu, GPA));
	*(u64 *)self->memory = 42;
	EXPECT_EQ(42, peek(self->vcpu, GPA));
}

TEST_F(slots, delete_and_add_elsewhere)
{
	*(u64 *)self->memory = 5;
	ASSERT_EQ(0, set(1, 0, GPA, SIZE, self->memory));
	EXPECT_EQ(5, peek(self->vcpu, GPA));
	ASSERT_EQ(0, set(1, 0, 0, 0, NULL));
	ASSERT_EQ(0, set(1, 0, GPA + SIZE, SIZE, self->memory));
	EXPECT_EQ(5, peek(self->vcpu, GPA + SIZE));
}

/* Same place, other memory: the guest may not see a stale mapping. */
TEST_F(slots, replace_under_the_guest)
{
	u64 *other = map_anon(SIZE);

	*(u64 *)self->memory = 1;
	*other = 2;
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, set(1, 0, GPA, SIZE, self->memory));
		EXPECT_EQ(1, peek(self->vcpu, GPA));
		ASSERT_EQ(0, set(1, 0, 0, 0, NULL));
		ASSERT_EQ(0, set(1, 0, GPA, SIZE, other));
		EXPECT_EQ(2, peek(self->vcpu, GPA));
		ASSERT_EQ(0, set(1, 0, 0, 0, NULL));
	}
}

TEST_F(slots, move)
{
	*(u64 *)self->memory = 7;
	ASSERT_EQ(0, set(1, 0, GPA, SIZE, self->memory));
	EXPECT_EQ(7, peek(self->vcpu, GPA));
	ASSERT_EQ(0, set(1, 0, 2 * GPA, SIZE, self->memory));
	EXPECT_EQ(7, peek(self->vcpu, 2 * GPA));
	ASSERT_EQ(0, set(2, 0, GPA, SIZE, map_anon(SIZE)));
	EXPECT_EQ(0, peek(self->vcpu, GPA));
}

TEST_F(slots, flags_only)
{
	ASSERT_EQ(0, set(1, 0, GPA, SIZE, self->memory));
	EXPECT_EQ(0, set(1, NACRE_MEM_LOG_DIRTY_PAGES, GPA, SIZE,
			 self->memory));
	EXPECT_EQ(0, set(1, NACRE_MEM_LOG_DIRTY_PAGES, GPA, SIZE,
			 self->memory));
	EXPECT_EQ(0, set(1, 0, GPA, SIZE, self->memory));
}

TEST_F(slots, size_and_address_are_fixed)
{
	ASSERT_EQ(0, set(1, 0, GPA, SIZE, self->memory));
	EXPECT_ERROR(EINVAL, set(1, 0, GPA, SIZE / 2, self->memory));
	EXPECT_ERROR(EINVAL, set(1, 0, GPA, SIZE, map_anon(SIZE)));
	EXPECT_ERROR(EINVAL, set(1, 0, 2 * GPA, SIZE / 2, self->memory));
}

TEST_F(slots, delete_of_nothing)
{
	EXPECT_ERROR(EINVAL, set(1, 0, 0, 0, NULL));
	ASSERT_EQ(0, set(1, 0, GPA, SIZE, self->memory));
	EXPECT_EQ(0, set(1, 0, 0, 0, NULL));
	EXPECT_ERROR(EINVAL, set(1, 0, 0, 0, NULL));
}

TEST_F(slots, overlap)
{
	void *other = map_anon(SIZE);

	ASSERT_EQ(0, set(1, 0, GPA, SIZE, self->memory));
	EXPECT_ERROR(EEXIST, set(2, 0, GPA, SIZE, other));
	EXPECT_ERROR(EEXIST, set(2, 0, GPA + SIZE - PAGE_SIZE, SIZE, other));
	EXPECT_ERROR(EEXIST, set(2, 0, GPA - SIZE + PAGE_SIZE, SIZE, other));
	EXPECT_ERROR(EEXIST, set(2, 0, GPA + PAGE_SIZE, PAGE_SIZE, other));
	EXPECT_EQ(0, set(2, 0, GPA + SIZE, SIZE, other));
	EXPECT_ERROR(EEXIST, set(2, 0, GPA, SIZE, other));
	/* Onto itself is a move as any other. */
	EXPECT_EQ(0, set(1, 0, GPA - PAGE_SIZE, SIZE, self->memory));
}

TEST_F(slots, alignment)
{
	char *m = self->memory;

	EXPECT_ERROR(EINVAL, set(1, 0, GPA + 1, SIZE, m));
	EXPECT_ERROR(EINVAL, set(1, 0, GPA, SIZE + 1, m));
	EXPECT_ERROR(EINVAL, set(1, 0, GPA, SIZE, m + 1));
	EXPECT_ERROR(EINVAL, set(1, 0, GPA, 1, m));
}

TEST_F(slots, ranges)
{
	char *m = self->memory;

	EXPECT_ERROR(EINVAL, set(1, 0, 0ull - PAGE_SIZE, SIZE, m));
	EXPECT_ERROR(EINVAL, set(1, 0, GPA, 0ull - PAGE_SIZE, m));
	EXPECT_ERROR(EINVAL, set(1, 0, GPA, PAGE_SIZE,
				 (void *)0xffffffff81000000));
	/* Beyond a program's, with five levels of page tables also. */
	EXPECT_ERROR(EINVAL, set(1, 0, GPA, PAGE_SIZE, (void *)(1ull << 56)));
}

TEST_F(slots, unknown_flags)
{
	EXPECT_ERROR(EINVAL, set(1, 1u << 31, GPA, SIZE, self->memory));
	EXPECT_ERROR(EINVAL, set(1, 1u << 5, GPA, SIZE, self->memory));
}

TEST_F(slots, slot_number)
{
	int n = vm_cap(self->vm, NACRE_CAP_NR_MEMSLOTS);

	ASSERT_GE(n, 32);
	EXPECT_EQ(0, set(n - 1, 0, GPA, SIZE, self->memory));
	EXPECT_EQ(0, set(n - 1, 0, 0, 0, NULL));
	EXPECT_ERROR(EINVAL, set(n, 0, GPA, SIZE, self->memory));
	EXPECT_ERROR(EINVAL, set(NO_SLOT, 0, GPA, SIZE, self->memory));
	/* Address space 0xffff. */
	EXPECT_ERROR(EINVAL, set(0xffff0001, 0, GPA, SIZE, self->memory));
}

TEST_F(slots, readonly_flag)
{
	if (!vm_cap(self->vm, NACRE_CAP_READONLY_MEM))
		SKIP(return, "no NACRE_CAP_READONLY_MEM");
	*(u64 *)self->memory = 11;
	ASSERT_EQ(0, set(1, NACRE_MEM_READONLY, GPA, SIZE, self->memory));
	EXPECT_EQ(11, peek(self->vcpu, GPA));
	/* This flag cannot change while the slot is there. */
	EXPECT_ERROR(EINVAL, set(1, 0, GPA, SIZE, self->memory));
	EXPECT_EQ(11, peek(self->vcpu, GPA));
}

/* Memory that is not there is no error of the slot. */
TEST_F(slots, unmapped_memory_may_be_named)
{
	void *hole = map_anon(SIZE);

	munmap(hole, SIZE);
	EXPECT_EQ(0, set(1, 0, GPA, SIZE, hole));
}

TEST_F(slots, region2)
{
	struct nacre_userspace_memory_region2 region = {
		.slot = 1,
		.guest_phys_addr = GPA,
		.memory_size = SIZE,
		.userspace_addr = (uintptr_t)self->memory,
	};

	if (!vm_cap(self->vm, NACRE_CAP_USER_MEMORY2)) {
		EXPECT_ERROR(ENOTTY, ioctl(self->vm->fd,
					   NACRE_SET_USER_MEMORY_REGION2,
					   &region));
		SKIP(return, "no NACRE_CAP_USER_MEMORY2");
	}
	*(u64 *)self->memory = 13;
	ASSERT_EQ(0, ioctl(self->vm->fd, NACRE_SET_USER_MEMORY_REGION2,
			   &region));
	EXPECT_EQ(13, peek(self->vcpu, GPA));
}

TEST_F(slots, bad_pointer)
{
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, NACRE_SET_USER_MEMORY_REGION,
				   (void *)8));
}

TEST_HARNESS_MAIN
