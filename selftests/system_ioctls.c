// SPDX-License-Identifier: GPL-2.0
/* The device node: version, sizes, arguments, unknown ioctls. */
#include "test.h"

#define UNKNOWN_IOCTL _IO(NACREIO, 0x0f)
#define NO_CAPABILITY 0x7fffffff

FIXTURE(device) {
	int fd;
};

FIXTURE_SETUP(device)
{
	self->fd = device_open();
}

FIXTURE_TEARDOWN(device)
{
	close(self->fd);
}

TEST_F(device, api_version)
{
	EXPECT_EQ(12, ioctl(self->fd, NACRE_GET_API_VERSION, 0));
	EXPECT_ERROR(EINVAL, ioctl(self->fd, NACRE_GET_API_VERSION, 1));
}

TEST_F(device, vcpu_mmap_size)
{
	int size = ioctl(self->fd, NACRE_GET_VCPU_MMAP_SIZE, 0);

	EXPECT_GE(size, (int)(2 * PAGE_SIZE));
	EXPECT_EQ(0, size % PAGE_SIZE);
	EXPECT_GE(PAGE_SIZE, sizeof(struct nacre_run));
	EXPECT_ERROR(EINVAL, ioctl(self->fd, NACRE_GET_VCPU_MMAP_SIZE, 1));
}

/* The mapping has to reach as far as a capability says there is a ring. */
TEST_F(device, vcpu_mmap_size_covers_the_ring)
{
	int page = ioctl(self->fd, NACRE_CHECK_EXTENSION,
			 NACRE_CAP_COALESCED_MMIO);
	int size = ioctl(self->fd, NACRE_GET_VCPU_MMAP_SIZE, 0);

	ASSERT_LE(0, page);
	EXPECT_GE(size, (int)((page + 1) * PAGE_SIZE));
}

TEST_F(device, unknown_capability_is_absent)
{
	EXPECT_EQ(0, ioctl(self->fd, NACRE_CHECK_EXTENSION, NO_CAPABILITY));
	EXPECT_EQ(0, ioctl(self->fd, NACRE_CHECK_EXTENSION, -1l));
}

TEST_F(device, create_vm_bad_type)
{
	EXPECT_ERROR(EINVAL, ioctl(self->fd, NACRE_CREATE_VM, 0xdead));
	EXPECT_ERROR(EINVAL, ioctl(self->fd, NACRE_CREATE_VM, -1l));
}

TEST_F(device, unknown_ioctls)
{
	struct vm *vm = vm_new_bare();
	struct vcpu *vcpu = vcpu_new(vm, 0);

	EXPECT_ERROR(EINVAL, ioctl(self->fd, UNKNOWN_IOCTL, 0));
	EXPECT_ERROR(ENOTTY, ioctl(vm->fd, UNKNOWN_IOCTL, 0));
	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, UNKNOWN_IOCTL, 0));
	vm_free(vm);
}

/* An ioctl of one kind of descriptor is unknown to the other kinds. */
TEST_F(device, misplaced_ioctls)
{
	struct vm *vm = vm_new_bare();
	struct vcpu *vcpu = vcpu_new(vm, 0);
	struct nacre_regs regs;

	EXPECT_ERROR(EINVAL, ioctl(self->fd, NACRE_RUN, 0));
	EXPECT_ERROR(EINVAL, ioctl(self->fd, NACRE_CREATE_VCPU, 0));
	EXPECT_ERROR(ENOTTY, ioctl(vm->fd, NACRE_RUN, 0));
	EXPECT_ERROR(ENOTTY, ioctl(vm->fd, NACRE_GET_REGS, &regs));
	EXPECT_ERROR(ENOTTY, ioctl(vm->fd, NACRE_CREATE_VM, 0));
	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_CREATE_VM, 0));
	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_CREATE_VCPU, 0));
	vm_free(vm);
}

/* Another magic is nobody's. */
TEST_F(device, foreign_ioctl)
{
	struct vm *vm = vm_new_bare();
	struct vcpu *vcpu = vcpu_new(vm, 0);

	EXPECT_ERROR(EINVAL, ioctl(self->fd, _IO('z', 0), 0));
	EXPECT_ERROR(ENOTTY, ioctl(vm->fd, _IO('z', 0), 0));
	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, _IO('z', 0), 0));
	vm_free(vm);
}

TEST_F(device, run_takes_no_argument)
{
	struct vm *vm = vm_new();
	struct vcpu *vcpu = vcpu_new(vm, 0);

	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_RUN, 1));
	vm_free(vm);
}

TEST_F(device, open_twice)
{
	int other = device_open();

	EXPECT_NE(self->fd, other);
	EXPECT_EQ(12, ioctl(other, NACRE_GET_API_VERSION, 0));
	close(other);
	EXPECT_EQ(12, ioctl(self->fd, NACRE_GET_API_VERSION, 0));
}

TEST_F(device, not_readable_not_mappable)
{
	char c;

	EXPECT_ERROR(EINVAL, read(self->fd, &c, 1));
	EXPECT_ERROR(EINVAL, write(self->fd, &c, 1));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED,
				   self->fd, 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_HARNESS_MAIN
