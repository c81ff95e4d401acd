// SPDX-License-Identifier: GPL-2.0
/* What NACRE_IRQ_LINE_STATUS says: delivered, merged, masked, lowered. */
#include "test.h"
#include "lib/apic.h"

#define VECTOR 0x50
#define PIN 20		/* the I/O APIC's alone */
#define ISA 5		/* a pin of both */

FIXTURE(irq_line_status) {
	struct vm *vm;
};

FIXTURE_SETUP(irq_line_status)
{
	struct nacre_lapic_state lapic;
	struct vcpu *vcpu;

	self->vm = vm_new_irqchip();
	vcpu = vcpu_new(self->vm, 0);
	get_lapic(vcpu, &lapic);
	*lapic_reg(&lapic, APIC_SVR) |= APIC_SVR_ENABLE;
	set_lapic(vcpu, &lapic);
}

FIXTURE_TEARDOWN(irq_line_status)
{
	vm_free(self->vm);
}

static void set_entry(struct vm *vm, u32 pin, u64 bits)
{
	struct nacre_irqchip chip = { .chip_id = NACRE_IRQCHIP_IOAPIC };

	CHECK(ioctl(vm->fd, NACRE_GET_IRQCHIP, &chip) == 0);
	chip.chip.ioapic.redirtbl[pin].bits = bits;
	CHECK(ioctl(vm->fd, NACRE_SET_IRQCHIP, &chip) == 0);
}

static void mask_pic(struct vm *vm, u8 master, u8 slave)
{
	struct nacre_irqchip chip = { .chip_id = NACRE_IRQCHIP_PIC_MASTER };

	CHECK(ioctl(vm->fd, NACRE_GET_IRQCHIP, &chip) == 0);
	chip.chip.pic.imr = master;
	CHECK(ioctl(vm->fd, NACRE_SET_IRQCHIP, &chip) == 0);
	chip.chip_id = NACRE_IRQCHIP_PIC_SLAVE;
	CHECK(ioctl(vm->fd, NACRE_GET_IRQCHIP, &chip) == 0);
	chip.chip.pic.imr = slave;
	CHECK(ioctl(vm->fd, NACRE_SET_IRQCHIP, &chip) == 0);
}

TEST_F(irq_line_status, ioapic_edge)
{
	set_entry(self->vm, PIN, VECTOR);
	EXPECT_EQ(1, irq_status(self->vm, PIN, 1));
	/* The line is up already. */
	EXPECT_EQ(0, irq_status(self->vm, PIN, 1));
	EXPECT_EQ(1, irq_status(self->vm, PIN, 0));
	/* IRR of the local APIC has it still; that merges, and is not told. */
	EXPECT_EQ(1, irq_status(self->vm, PIN, 1));
	EXPECT_EQ(1, irq_status(self->vm, PIN, 0));
}

TEST_F(irq_line_status, ioapic_level)
{
	set_entry(self->vm, PIN, VECTOR | RTE_LEVEL);
	EXPECT_EQ(1, irq_status(self->vm, PIN, 1));
	/* The entry waits for the EOI, as if it were masked. */
	EXPECT_EQ(-1, irq_status(self->vm, PIN, 1));
	EXPECT_EQ(1, irq_status(self->vm, PIN, 0));
	EXPECT_EQ(-1, irq_status(self->vm, PIN, 1));
}

TEST_F(irq_line_status, ioapic_masked)
{
	set_entry(self->vm, PIN, VECTOR | RTE_MASKED);
	EXPECT_EQ(-1, irq_status(self->vm, PIN, 1));
	EXPECT_EQ(0, irq_status(self->vm, PIN, 1));
	EXPECT_EQ(1, irq_status(self->vm, PIN, 0));
	set_entry(self->vm, PIN, VECTOR | RTE_MASKED | RTE_LEVEL);
	EXPECT_EQ(-1, irq_status(self->vm, PIN, 1));
	EXPECT_EQ(-1, irq_status(self->vm, PIN, 1));
	EXPECT_EQ(1, irq_status(self->vm, PIN, 0));
}

/* Nobody has that ID. */
TEST_F(irq_line_status, ioapic_no_destination)
{
	set_entry(self->vm, PIN, VECTOR | 0x77ull << 56);
	EXPECT_EQ(0, irq_status(self->vm, PIN, 1));
	EXPECT_EQ(1, irq_status(self->vm, PIN, 0));
}

/* A vCPU that was not started has an APIC that is off in software. */
TEST_F(irq_line_status, ioapic_disabled_apic)
{
	vcpu_new(self->vm, 1);
	set_entry(self->vm, PIN, VECTOR | 1ull << 56);
	EXPECT_EQ(0, irq_status(self->vm, PIN, 1));
	EXPECT_EQ(1, irq_status(self->vm, PIN, 0));
}

/*
 * The I/O APIC has these pins masked: -1 of it does not count, but the 1 for
 * a line that falls does.
 */
TEST_F(irq_line_status, pic_edge)
{
	mask_pic(self->vm, 0, 0);
	EXPECT_EQ(1, irq_status(self->vm, ISA, 1));
	EXPECT_EQ(1, irq_status(self->vm, ISA, 1));
	EXPECT_EQ(2, irq_status(self->vm, ISA, 0));
	/* Still in IRR: merged. */
	EXPECT_EQ(0, irq_status(self->vm, ISA, 1));
	EXPECT_EQ(2, irq_status(self->vm, ISA, 0));
	EXPECT_EQ(1, irq_status(self->vm, 8 + ISA, 1));
	EXPECT_EQ(2, irq_status(self->vm, 8 + ISA, 0));
}

TEST_F(irq_line_status, pic_masked)
{
	mask_pic(self->vm, 0xff, 0xff);
	EXPECT_EQ(-1, irq_status(self->vm, ISA, 1));
	EXPECT_EQ(0, irq_status(self->vm, ISA, 1));
	EXPECT_EQ(1, irq_status(self->vm, ISA, 0));
	EXPECT_EQ(-1, irq_status(self->vm, 8 + ISA, 1));
}

/* Both controllers take it: the figures add up. */
TEST_F(irq_line_status, both)
{
	mask_pic(self->vm, 0, 0);
	set_entry(self->vm, ISA, VECTOR);
	EXPECT_EQ(2, irq_status(self->vm, ISA, 1));
	EXPECT_EQ(2, irq_status(self->vm, ISA, 0));
	EXPECT_EQ(1, irq_status(self->vm, ISA, 1));
	irq_line(self->vm, ISA, 0);
	mask_pic(self->vm, 0xff, 0xff);
	set_entry(self->vm, ISA, VECTOR + 1);
	EXPECT_EQ(1, irq_status(self->vm, ISA, 1));
}

TEST_HARNESS_MAIN
