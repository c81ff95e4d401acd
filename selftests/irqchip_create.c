// SPDX-License-Identifier: GPL-2.0
/* What the ioctls of the interrupt controllers take and refuse. */
#include "test.h"
#include "lib/apic.h"

#define UNMAPPED ((void *)8)

static const u32 bad_gsis[] = { 24, 255, 4095, 4096, 1u << 31, 0xffffffff };

static int get_chip(struct vm *vm, u32 id)
{
	struct nacre_irqchip chip = { .chip_id = id };

	return ioctl(vm->fd, NACRE_GET_IRQCHIP, &chip);
}

static int set_chip(struct vm *vm, u32 id)
{
	struct nacre_irqchip chip = { .chip_id = id };

	return ioctl(vm->fd, NACRE_SET_IRQCHIP, &chip);
}

FIXTURE(without) {
	struct vm *vm;
};

FIXTURE_SETUP(without)
{
	self->vm = vm_new();
}

FIXTURE_TEARDOWN(without)
{
	vm_free(self->vm);
}

TEST_F(without, create)
{
	EXPECT_EQ(1, vm_cap(self->vm, NACRE_CAP_IRQCHIP));
	EXPECT_EQ(0, ioctl(self->vm->fd, NACRE_CREATE_IRQCHIP, 0));
	EXPECT_ERROR(EEXIST, ioctl(self->vm->fd, NACRE_CREATE_IRQCHIP, 0));
	vcpu_new(self->vm, 0);
	EXPECT_ERROR(EEXIST, ioctl(self->vm->fd, NACRE_CREATE_IRQCHIP, 0));
}

/* The argument is ignored. */
TEST_F(without, create_with_argument)
{
	EXPECT_EQ(0, ioctl(self->vm->fd, NACRE_CREATE_IRQCHIP, -1ul));
}

TEST_F(without, create_after_vcpu)
{
	vcpu_new(self->vm, 0);
	EXPECT_ERROR(EINVAL, ioctl(self->vm->fd, NACRE_CREATE_IRQCHIP, 0));
	EXPECT_ERROR(EINVAL, ioctl(self->vm->fd, NACRE_CREATE_IRQCHIP, 0));
}

/* A vCPU that has gone has been, all the same. */
TEST_F(without, create_after_vcpu_closed)
{
	vcpu_free(vcpu_new(self->vm, 0));
	EXPECT_ERROR(EINVAL, ioctl(self->vm->fd, NACRE_CREATE_IRQCHIP, 0));
}

TEST_F(without, vm_ioctls)
{
	struct nacre_irq_level line = { .irq = 4, .level = 1 };

	EXPECT_ERROR(ENXIO, raw_irq_line(self->vm, 4, 1));
	EXPECT_ERROR(ENXIO, raw_irq_line(self->vm, 0xffffffff, 1));
	EXPECT_ERROR(ENXIO, ioctl(self->vm->fd, NACRE_IRQ_LINE_STATUS, &line));
	for (u32 id = 0; id < 4; id++) {
		EXPECT_ERROR(ENXIO, get_chip(self->vm, id));
		EXPECT_ERROR(ENXIO, set_chip(self->vm, id));
	}
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, NACRE_IRQ_LINE, UNMAPPED));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, NACRE_GET_IRQCHIP, UNMAPPED));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, NACRE_SET_IRQCHIP, UNMAPPED));
}

TEST_F(without, vcpu_ioctls)
{
	struct vcpu *vcpu = vcpu_new(self->vm, 0);
	struct nacre_interrupt interrupt = { .irq = 0x40 };
	struct nacre_lapic_state lapic = { 0 };

	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_GET_LAPIC, &lapic));
	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_SET_LAPIC, &lapic));
	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_GET_LAPIC, UNMAPPED));
	EXPECT_EQ(0, ioctl(vcpu->fd, NACRE_INTERRUPT, &interrupt));
	EXPECT_EQ(0, ioctl(vcpu->fd, NACRE_NMI, 0));
}

FIXTURE(with) {
	struct vm *vm;
	struct vcpu *vcpu;
};

FIXTURE_SETUP(with)
{
	self->vm = vm_new_irqchip();
	self->vcpu = vcpu_new(self->vm, 0);
}

FIXTURE_TEARDOWN(with)
{
	vm_free(self->vm);
}

TEST_F(with, vcpu_ioctls)
{
	struct nacre_interrupt interrupt = { .irq = 0x40 };
	struct nacre_lapic_state lapic;

	EXPECT_ERROR(ENXIO, ioctl(self->vcpu->fd, NACRE_INTERRUPT, &interrupt));
	interrupt.irq = 256;
	EXPECT_ERROR(EINVAL, ioctl(self->vcpu->fd, NACRE_INTERRUPT,
				   &interrupt));
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_NMI, 0));
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_GET_LAPIC, &lapic));
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_LAPIC, &lapic));
}

TEST_F(with, chips)
{
	static const u32 bad[] = { 3, 4, 255, 1u << 31, 0xffffffff };

	for (u32 id = 0; id < NACRE_NR_IRQCHIPS; id++)
		EXPECT_EQ(0, get_chip(self->vm, id));
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_ERROR(EINVAL, get_chip(self->vm, bad[i]));
		EXPECT_ERROR(EINVAL, set_chip(self->vm, bad[i]));
	}
}

TEST_F(with, bad_pointers)
{
	static const unsigned long vm_ioctls[] = {
		NACRE_IRQ_LINE, NACRE_IRQ_LINE_STATUS, NACRE_GET_IRQCHIP,
		NACRE_SET_IRQCHIP,
	};
	static const unsigned long vcpu_ioctls[] = {
		NACRE_GET_LAPIC, NACRE_SET_LAPIC, NACRE_INTERRUPT,
	};

	for (unsigned int i = 0; i < 4; i++) {
		EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, vm_ioctls[i], NULL));
		EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, vm_ioctls[i],
					   UNMAPPED));
		EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, vm_ioctls[i],
					   -4096ul));
	}
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, vcpu_ioctls[i],
					   NULL));
		EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, vcpu_ioctls[i],
					   UNMAPPED));
	}
}

/* A line that goes nowhere is no error, only its status tells. */
TEST_F(with, bad_lines)
{
	for (unsigned int i = 0; i < sizeof(bad_gsis) / sizeof(u32); i++) {
		EXPECT_EQ(0, raw_irq_line(self->vm, bad_gsis[i], 1));
		EXPECT_EQ(-1, irq_status(self->vm, bad_gsis[i], 1));
		EXPECT_EQ(-1, irq_status(self->vm, bad_gsis[i], 0));
	}
}

TEST_HARNESS_MAIN
