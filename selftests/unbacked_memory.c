// SPDX-License-Identifier: GPL-2.0
/* Code where there is no memory, or memory that is not there. */
#include "test.h"

#define HOLE 0x70000000ull
#define SLOT_GPA (1ull << 30)

guest_entry void jumps(void (*to)(void))
{
	to();
	guest_done();
}

guest_entry void reads(volatile u64 *from)
{
	guest_sync(1, *from);
	guest_done();
}

guest_entry void done(void)
{
	guest_done();
}

FIXTURE(unbacked) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(unbacked)
{
	self->vcpu = vcpu_with_guest(GUEST_64, "jumps");
}

FIXTURE_TEARDOWN(unbacked)
{
	vm_free(self->vcpu->vm);
}

/* An instruction cannot come from a device. */
TEST_F(unbacked, fetch_is_an_internal_error)
{
	struct nacre_run *r = self->vcpu->run;

	vcpu_args(self->vcpu, 1, HOLE);
	run_to_exit(self->vcpu, NACRE_EXIT_INTERNAL_ERROR);
	EXPECT_EQ(NACRE_INTERNAL_ERROR_EMULATION, r->internal.suberror);
	EXPECT_GE(16, r->internal.ndata);
	EXPECT_EQ(HOLE, get_rip(self->vcpu));
}

TEST_F(unbacked, another_function_runs_after_it)
{
	vcpu_args(self->vcpu, 1, HOLE);
	run_to_exit(self->vcpu, NACRE_EXIT_INTERNAL_ERROR);
	vcpu_setup(self->vcpu, GUEST_64, "done");
	run_to_done(self->vcpu);
}

/* A slot whose user memory is gone: the run fails, and can be taken up. */
TEST_F(unbacked, slot_without_memory)
{
	u64 *memory = map_anon(PAGE_SIZE);

	vm_add_memory_at(self->vcpu->vm, 1, SLOT_GPA, PAGE_SIZE, 0, memory);
	vcpu_setup(self->vcpu, GUEST_64, "reads");
	vcpu_args(self->vcpu, 1, SLOT_GPA);
	munmap(memory, PAGE_SIZE);
	EXPECT_ERROR(EFAULT, raw_run(self->vcpu));
	EXPECT_ERROR(EFAULT, raw_run(self->vcpu));
	ASSERT_EQ(memory, mmap(memory, PAGE_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			       0));
	*memory = 99;
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(99, self->vcpu->uc.args[1]);
}

/* The same for memory without access rights. */
TEST_F(unbacked, slot_with_protected_memory)
{
	u64 *memory = map_anon(PAGE_SIZE);

	*memory = 55;
	vm_add_memory_at(self->vcpu->vm, 1, SLOT_GPA, PAGE_SIZE, 0, memory);
	vcpu_setup(self->vcpu, GUEST_64, "reads");
	vcpu_args(self->vcpu, 1, SLOT_GPA);
	mprotect(memory, PAGE_SIZE, PROT_NONE);
	EXPECT_ERROR(EFAULT, raw_run(self->vcpu));
	mprotect(memory, PAGE_SIZE, PROT_READ | PROT_WRITE);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(55, self->vcpu->uc.args[1]);
}

TEST_F(unbacked, slot_behind_the_end_of_a_file)
{
	int fd = memfd_create("short", MFD_CLOEXEC);
	u64 *memory = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   fd, 0);

	ASSERT_NE(MAP_FAILED, memory);
	vm_add_memory_at(self->vcpu->vm, 1, SLOT_GPA, PAGE_SIZE, 0, memory);
	vcpu_setup(self->vcpu, GUEST_64, "reads");
	vcpu_args(self->vcpu, 1, SLOT_GPA);
	EXPECT_ERROR(EFAULT, raw_run(self->vcpu));
	ASSERT_EQ(0, ftruncate(fd, PAGE_SIZE));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, self->vcpu->uc.args[1]);
}

TEST_HARNESS_MAIN
