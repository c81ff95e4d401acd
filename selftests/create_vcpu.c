// SPDX-License-Identifier: GPL-2.0
/* vCPU ids and the mapping of a vCPU. */
#include "test.h"
#include <setjmp.h>
#include <signal.h>

guest_entry void done(void)
{
	guest_done();
}

FIXTURE(vcpus) {
	struct vm *vm;
};

FIXTURE_SETUP(vcpus)
{
	self->vm = vm_new();
}

FIXTURE_TEARDOWN(vcpus)
{
	vm_free(self->vm);
}

static int create(struct vm *vm, u64 id)
{
	return ioctl(vm->fd, NACRE_CREATE_VCPU, id);
}

TEST_F(vcpus, sparse_ids)
{
	u32 max = vm_cap(self->vm, NACRE_CAP_MAX_VCPU_ID);
	struct vcpu *vcpu;

	ASSERT_GT(max, 2);
	vcpu = vcpu_new(self->vm, 2);
	vcpu_new(self->vm, 0);
	vcpu_new(self->vm, max - 1);
	vcpu_setup(vcpu, GUEST_64, "done");
	run_to_done(vcpu);
}

TEST_F(vcpus, id_out_of_range)
{
	u32 max = vm_cap(self->vm, NACRE_CAP_MAX_VCPU_ID);

	EXPECT_EQ(-1, create(self->vm, max));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, create(self->vm, 0xffffffff));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, create(self->vm, 0x80000000));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(vcpus, duplicate_id)
{
	vcpu_new(self->vm, 3);
	EXPECT_EQ(-1, create(self->vm, 3));
	EXPECT_EQ(EEXIST, errno);
}

/* An id is taken as long as the VM lives, also when its fd is closed. */
TEST_F(vcpus, closed_id_stays_taken)
{
	int fd = create(self->vm, 1);

	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(-1, create(self->vm, 1));
	EXPECT_EQ(EEXIST, errno);
}

TEST_F(vcpus, limits)
{
	int soft = vm_cap(self->vm, NACRE_CAP_NR_VCPUS);
	int hard = vm_cap(self->vm, NACRE_CAP_MAX_VCPUS);
	int ids = vm_cap(self->vm, NACRE_CAP_MAX_VCPU_ID);

	EXPECT_GE(soft, 1);
	EXPECT_GE(hard, soft);
	EXPECT_GE(ids, hard);
}

TEST_F(vcpus, fresh_page_is_zero)
{
	struct vcpu *vcpu = vcpu_new(self->vm, 0);
	const u8 *p = (void *)vcpu->run;

	EXPECT_EQ(0, vcpu->run->exit_reason);
	EXPECT_EQ(0, vcpu->run->immediate_exit);
	for (size_t i = PAGE_SIZE; i < vcpu->run_size; i++)
		ASSERT_EQ(0, p[i]);
}

static sigjmp_buf after_fault;

static void on_bus_error(int signal)
{
	siglongjmp(after_fault, signal);
}

static int fault_of(volatile u8 *p)
{
	struct sigaction action = { .sa_handler = on_bus_error };
	int signal;

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	signal = sigsetjmp(after_fault, 1);
	if (!signal)
		(void)*p;
	return signal;
}

TEST_F(vcpus, beyond_the_end_is_sigbus)
{
	struct vcpu *vcpu = vcpu_new(self->vm, 0);
	size_t size = vcpu->run_size + PAGE_SIZE;
	u8 *p = mmap(NULL, size, PROT_READ, MAP_SHARED, vcpu->fd, 0);

	if (p == MAP_FAILED) {
		EXPECT_EQ(EINVAL, errno);
		return;
	}
	EXPECT_EQ(0, fault_of(p));
	EXPECT_EQ(SIGBUS, fault_of(p + vcpu->run_size));
}

TEST_F(vcpus, two_mappings_show_the_same)
{
	struct vcpu *vcpu = vcpu_new(self->vm, 0);
	struct nacre_run *other;

	other = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		     vcpu->fd, 0);
	ASSERT_NE(MAP_FAILED, other);
	vcpu->run->immediate_exit = 1;
	EXPECT_EQ(1, other->immediate_exit);
	EXPECT_EQ(-1, raw_run(vcpu));
	EXPECT_EQ(EINTR, errno);
	other->immediate_exit = 0;
	vcpu_setup(vcpu, GUEST_64, "done");
	run_to_done(vcpu);
	EXPECT_EQ(NACRE_EXIT_IO, other->exit_reason);
	munmap(other, vcpu->run_size);
}

TEST_HARNESS_MAIN
