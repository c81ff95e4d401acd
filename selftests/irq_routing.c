// SPDX-License-Identifier: GPL-2.0
/* NACRE_SET_GSI_ROUTING: what a table may hold, and that lines go by it. */
#include "test.h"
#include "lib/irq.h"

#define VECTOR 0x50
#define PIN 20		/* the I/O APIC's alone */
#define GSI 100
#define LAST_GSI 4095
#define MASTER NACRE_IRQCHIP_PIC_MASTER
#define SLAVE NACRE_IRQCHIP_PIC_SLAVE
#define IOAPIC NACRE_IRQCHIP_IOAPIC
#define UNMAPPED ((void *)8)

TEST(capability)
{
	EXPECT_EQ(LAST_GSI + 1, device_cap(NACRE_CAP_IRQ_ROUTING));
}

TEST(without_controllers)
{
	struct vm *vm = vm_new();

	EXPECT_ERROR(EINVAL, raw_set_routes(vm, 0, NULL));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(0, IOAPIC, 0)));
	EXPECT_ERROR(EFAULT, ioctl(vm->fd, NACRE_SET_GSI_ROUTING, UNMAPPED));
	vm_free(vm);
}

FIXTURE(irq_routing) {
	struct vm *vm;
	struct vcpu *vcpu;
};

FIXTURE_SETUP(irq_routing)
{
	self->vm = vm_new_irqchip();
	self->vcpu = vcpu_new(self->vm, 0);
	lapic_on(self->vcpu);
	set_redirection(self->vm, PIN, VECTOR);
}

FIXTURE_TEARDOWN(irq_routing)
{
	vm_free(self->vm);
}

/* A line's rise and fall; how the rise went. */
static int pulse(struct vm *vm, u32 gsi)
{
	int status = irq_status(vm, gsi, 1);

	irq_status(vm, gsi, 0);
	return status;
}

TEST_F(irq_routing, bad_tables)
{
	struct vm *vm = self->vm;
	struct nacre_irq_routing head = { .flags = 1 };
	struct nacre_irq_routing_entry bad = to_msi(GSI, 0, 0);

	EXPECT_ERROR(EINVAL, routes(vm, to_pin(4096, IOAPIC, 0)));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(-1, IOAPIC, 0)));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(0, MASTER, 8)));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(0, SLAVE, 8)));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(0, IOAPIC, 24)));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(0, IOAPIC, -1)));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(0, 3, 0)));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(0, -1, 0)));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(1, IOAPIC, 0),
				    to_pin(1, IOAPIC, 1)));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(1, IOAPIC, 0),
				    to_msi(1, 0, 0)));
	EXPECT_ERROR(EINVAL, routes(vm, to_msi(1, 0, 0), to_msi(1, 0, 0)));
	EXPECT_ERROR(EINVAL, ioctl(vm->fd, NACRE_SET_GSI_ROUTING, &head));
	bad.flags = 2;
	EXPECT_ERROR(EINVAL, raw_set_routes(vm, 1, &bad));
	bad = to_pin(GSI, IOAPIC, 0);
	bad.flags = 1;
	EXPECT_ERROR(EINVAL, raw_set_routes(vm, 1, &bad));
	for (bad.type = 0; bad.type < 0x10000; bad.type += 3) {
		bad.flags = 0;
		EXPECT_ERROR(EINVAL, raw_set_routes(vm, 1, &bad));
	}
	/* Nothing of these was taken, and the old table is still there. */
	EXPECT_EQ(1, pulse(vm, PIN));
	EXPECT_EQ(-1, pulse(vm, GSI));
}

TEST_F(irq_routing, bad_sizes)
{
	struct nacre_irq_routing head = { .nr = LAST_GSI + 2 };
	struct nacre_irq_routing *end;
	char *pages = map_anon(HUGE_SIZE);

	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, NACRE_SET_GSI_ROUTING,
				   UNMAPPED));
	EXPECT_ERROR(EINVAL, ioctl(self->vm->fd, NACRE_SET_GSI_ROUTING,
				   &head));
	head.nr = -1;
	EXPECT_ERROR(EINVAL, ioctl(self->vm->fd, NACRE_SET_GSI_ROUTING,
				   &head));
	/* The entries are not there. */
	unmap_anon(pages + PAGE_SIZE, HUGE_SIZE - PAGE_SIZE);
	end = (void *)(pages + PAGE_SIZE - sizeof(*end));
	end->nr = 1;
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, NACRE_SET_GSI_ROUTING, end));
	end->nr = 0;
	EXPECT_EQ(0, ioctl(self->vm->fd, NACRE_SET_GSI_ROUTING, end));
	unmap_anon(pages, PAGE_SIZE);
}

TEST_F(irq_routing, empty)
{
	ASSERT_EQ(0, raw_set_routes(self->vm, 0, NULL));
	for (u32 gsi = 0; gsi < 24; gsi++)
		EXPECT_EQ(-1, pulse(self->vm, gsi));
}

TEST_F(irq_routing, full)
{
	static struct nacre_irq_routing_entry table[LAST_GSI + 1];

	for (u32 gsi = 0; gsi <= LAST_GSI; gsi++)
		table[gsi] = to_msi(LAST_GSI - gsi, MSI_ADDRESS(0), VECTOR);
	ASSERT_EQ(0, raw_set_routes(self->vm, LAST_GSI + 1, table));
	EXPECT_EQ(1, pulse(self->vm, 0));
	EXPECT_EQ(1, pulse(self->vm, LAST_GSI));
	EXPECT_EQ(-1, pulse(self->vm, LAST_GSI + 1));
	EXPECT_EQ(-1, pulse(self->vm, -1));
}

TEST_F(irq_routing, elsewhere)
{
	ASSERT_EQ(0, routes(self->vm, to_pin(GSI, IOAPIC, PIN)));
	EXPECT_EQ(-1, pulse(self->vm, PIN));
	EXPECT_EQ(1, pulse(self->vm, GSI));
	EXPECT_TRUE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
	/* A line is the pin's: it stays up when its route has gone. */
	EXPECT_EQ(1, irq_status(self->vm, GSI, 1));
	ASSERT_EQ(0, routes(self->vm, to_pin(GSI + 1, IOAPIC, PIN)));
	EXPECT_EQ(-1, irq_status(self->vm, GSI, 0));
	EXPECT_EQ(0, irq_status(self->vm, GSI + 1, 1));
	EXPECT_EQ(1, irq_status(self->vm, GSI + 1, 0));
}

/* All that take it count; those that ignore it do not. */
TEST_F(irq_routing, sums)
{
	struct nacre_irqchip chip = { .chip_id = MASTER };

	CHECK(ioctl(self->vm->fd, NACRE_GET_IRQCHIP, &chip) == 0);
	chip.chip.pic.imr = 0xfd;
	CHECK(ioctl(self->vm->fd, NACRE_SET_IRQCHIP, &chip) == 0);
	ASSERT_EQ(0, routes(self->vm, to_pin(GSI, IOAPIC, PIN),
			    to_pin(GSI, MASTER, 1), to_pin(GSI, SLAVE, 2)));
	EXPECT_EQ(3, irq_status(self->vm, GSI, 1));
	EXPECT_EQ(3, irq_status(self->vm, GSI, 0));
	/* Both PICs have it still. */
	EXPECT_EQ(1, irq_status(self->vm, GSI, 1));
}

/* Two lines of one origin on one pin: the last word counts. */
TEST_F(irq_routing, one_pin)
{
	ASSERT_EQ(0, routes(self->vm, to_pin(GSI, IOAPIC, PIN),
			    to_pin(GSI + 1, IOAPIC, PIN)));
	EXPECT_EQ(1, irq_status(self->vm, GSI, 1));
	EXPECT_EQ(0, irq_status(self->vm, GSI + 1, 1));
	EXPECT_EQ(1, irq_status(self->vm, GSI, 0));
	EXPECT_EQ(1, irq_status(self->vm, GSI + 1, 1));
}

TEST_F(irq_routing, message)
{
	lapic_on(vcpu_new(self->vm, 1));
	ASSERT_EQ(0, routes(self->vm, to_msi(GSI, MSI_ADDRESS(0), VECTOR),
			    to_msi(GSI + 1, MSI_ADDRESS(0xff), VECTOR + 1),
			    to_msi(GSI + 2, MSI_ADDRESS(7), VECTOR + 2)));
	EXPECT_EQ(1, irq_status(self->vm, GSI, 1));
	/* No line: each rise is a message, a fall is nothing. */
	EXPECT_EQ(1, irq_status(self->vm, GSI, 1));
	EXPECT_EQ(-1, irq_status(self->vm, GSI, 0));
	EXPECT_EQ(2, irq_status(self->vm, GSI + 1, 1));
	EXPECT_EQ(0, irq_status(self->vm, GSI + 2, 1));
	EXPECT_TRUE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
	EXPECT_TRUE(lapic_bit(self->vm->vcpus[1], APIC_IRR, VECTOR + 1));
	EXPECT_FALSE(lapic_bit(self->vcpu, APIC_IRR, VECTOR + 2));
}

/* The I/O APIC, too, says how many took it. */
TEST_F(irq_routing, several)
{
	lapic_on(vcpu_new(self->vm, 1));
	set_redirection(self->vm, PIN, VECTOR | 0xffull << 56);
	EXPECT_EQ(2, irq_status(self->vm, PIN, 1));
	EXPECT_EQ(1, irq_status(self->vm, PIN, 0));
}

static volatile bool stop;

static void *pulses(void *arg)
{
	struct vm *vm = arg;

	while (!stop) {
		pulse(vm, GSI);
		pulse(vm, PIN);
	}
	return NULL;
}

TEST_F(irq_routing, under_fire)
{
	pthread_t thread = thread_start(pulses, self->vm);

	for (int i = 0; i < 300; i++) {
		CHECK(routes(self->vm, to_msi(GSI, MSI_ADDRESS(0), VECTOR),
			     to_pin(LAST_GSI, MASTER, 0)) == 0);
		CHECK(routes(self->vm, to_pin(GSI, IOAPIC, PIN),
			     to_pin(PIN, SLAVE, 3)) == 0);
		CHECK(raw_set_routes(self->vm, 0, NULL) == 0);
	}
	stop = true;
	thread_join(thread, 20);
	ASSERT_EQ(0, routes(self->vm, to_msi(GSI, MSI_ADDRESS(0), VECTOR)));
	EXPECT_EQ(1, pulse(self->vm, GSI));
}

TEST_HARNESS_MAIN
