// SPDX-License-Identifier: GPL-2.0
/* The I/O APIC as a guest programs it, with lines that the host works. */
#include "test.h"
#include "lib/apic.h"

#define VECTOR 0x51
#define PIN 20

/* What the guest asks the host for: a line and its level. */
#define RAISE 1
#define LOWER 2

guest_data volatile u64 taken;
guest_data volatile u64 lower_in_handler;

static void line_up(u32 pin)
{
	guest_sync(RAISE, pin);
}

static void line_down(u32 pin)
{
	guest_sync(LOWER, pin);
}

static void window(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static void on_vector(struct guest_regs *regs)
{
	taken++;
	if (lower_in_handler)
		line_down(PIN);
	apic_eoi();
}

static void enable(void)
{
	guest_on(VECTOR, on_vector);
	guest_on(VECTOR + 1, on_vector);
	apic_enable();
}

guest_entry void registers(void)
{
	GUEST_ASSERT_EQ(0, ioapic_read(0));
	GUEST_ASSERT_EQ(23, ioapic_read(1) >> 16 & 0xff);
	GUEST_ASSERT_EQ(0x11, ioapic_read(1) & 0xff);
	ioapic_write(0, 0x0a000000);
	GUEST_ASSERT_EQ(0x0a000000, ioapic_read(0));
	GUEST_ASSERT_EQ(0x0a000000, ioapic_read(2));
	ioapic_write(0, ~0u);
	GUEST_ASSERT_EQ(0x0f000000, ioapic_read(0));
	ioapic_write(1, ~0u);
	GUEST_ASSERT_EQ(0x170011, ioapic_read(1));
	for (u32 pin = 0; pin < 24; pin++) {
		GUEST_ASSERT_EQ(RTE_MASKED, ioapic_read(0x10 + 2 * pin));
		GUEST_ASSERT_EQ(0, ioapic_read(0x11 + 2 * pin));
	}
	/* The select register reads back. */
	mmio_write32(IOAPIC_GPA, 0x12);
	GUEST_ASSERT_EQ(0x12, mmio_read32(IOAPIC_GPA) & 0xff);
	guest_done();
}

/* Entries that are not there read as ones or zeros, and harm nothing. */
guest_entry void bounds(void)
{
	for (u32 reg = 0x40; reg < 0x100; reg++) {
		ioapic_write(reg, 0x12345678);
		ioapic_read(reg);
	}
	for (u32 reg = 3; reg < 0x10; reg++) {
		ioapic_write(reg, 0x12345678);
		ioapic_read(reg);
	}
	for (u32 at = 0; at < 0x100; at += 4) {
		if (at == 0x10)
			continue;
		mmio_write32(IOAPIC_GPA + at, 0x40);
		mmio_read32(IOAPIC_GPA + at);
	}
	GUEST_ASSERT_EQ(RTE_MASKED, ioapic_read(0x3e));
	GUEST_ASSERT_EQ(0, ioapic_read(0x3f));
	guest_done();
}

/* Delivery status and remote IRR are the chip's. */
guest_entry void entry_bits(void)
{
	ioapic_route(PIN, 0xff, ~0u);
	GUEST_ASSERT_EQ(~0u & ~RTE_REMOTE_IRR & ~(1u << 12) & 0x1ffff,
			ioapic_read(0x10 + 2 * PIN) & 0x1ffff);
	GUEST_ASSERT_EQ(0xff000000, ioapic_read(0x11 + 2 * PIN) & 0xff000000);
	guest_done();
}

guest_entry void edge(void)
{
	enable();
	ioapic_route(PIN, 0, VECTOR);
	line_up(PIN);
	GUEST_ASSERT(apic_bit(APIC_IRR, VECTOR));
	GUEST_ASSERT(!apic_bit(APIC_TMR, VECTOR));
	window();
	GUEST_ASSERT_EQ(1, taken);
	/* Still up: an edge comes once. */
	line_up(PIN);
	window();
	GUEST_ASSERT_EQ(1, taken);
	line_down(PIN);
	line_up(PIN);
	window();
	GUEST_ASSERT_EQ(2, taken);
	line_down(PIN);
	guest_done();
}

guest_entry void level(void)
{
	enable();
	lower_in_handler = 1;
	ioapic_route(PIN, 0, VECTOR | RTE_LEVEL);
	for (int i = 1; i <= 3; i++) {
		line_up(PIN);
		GUEST_ASSERT(apic_bit(APIC_TMR, VECTOR));
		GUEST_ASSERT(ioapic_read(0x10 + 2 * PIN) & RTE_REMOTE_IRR);
		window();
		GUEST_ASSERT_EQ(i, taken);
		GUEST_ASSERT(!(ioapic_read(0x10 + 2 * PIN) & RTE_REMOTE_IRR));
		window();
		GUEST_ASSERT_EQ(i, taken);
	}
	guest_done();
}

static void eoi_with_line_up(struct guest_regs *regs)
{
	GUEST_ASSERT(ioapic_read(0x10 + 2 * PIN) & RTE_REMOTE_IRR);
	if (++taken == 3)
		line_down(PIN);
	apic_eoi();
}

/* Up at the EOI: delivered again, until the line falls. */
guest_entry void level_again(void)
{
	enable();
	guest_on(VECTOR, eoi_with_line_up);
	ioapic_route(PIN, 0, VECTOR | RTE_LEVEL);
	line_up(PIN);
	for (int i = 0; i < 6; i++)
		window();
	GUEST_ASSERT_EQ(3, taken);
	guest_done();
}

/* A level that is masked waits, an edge that comes then is lost. */
guest_entry void masks(void)
{
	enable();
	lower_in_handler = 1;
	ioapic_route(PIN, 0, VECTOR | RTE_LEVEL | RTE_MASKED);
	line_up(PIN);
	window();
	GUEST_ASSERT_EQ(0, taken);
	ioapic_route(PIN, 0, VECTOR | RTE_LEVEL);
	window();
	GUEST_ASSERT_EQ(1, taken);
	lower_in_handler = 0;
	ioapic_route(PIN, 0, VECTOR | RTE_MASKED);
	line_up(PIN);
	line_down(PIN);
	ioapic_route(PIN, 0, VECTOR);
	window();
	GUEST_ASSERT_EQ(1, taken);
	guest_done();
}

/* Destinations, physical and logical, flat and cluster. */
guest_entry void destinations(void)
{
	enable();
	ioapic_route(PIN, 3, VECTOR);
	line_up(PIN);
	line_down(PIN);
	window();
	GUEST_ASSERT_EQ(0, taken);
	ioapic_route(PIN, 0xff, VECTOR);
	line_up(PIN);
	line_down(PIN);
	window();
	GUEST_ASSERT_EQ(1, taken);
	apic_write(APIC_LDR, 2 << 24);
	ioapic_route(PIN, 3, VECTOR | RTE_LOGICAL);
	line_up(PIN);
	line_down(PIN);
	window();
	GUEST_ASSERT_EQ(2, taken);
	ioapic_route(PIN, 5, VECTOR | RTE_LOGICAL);
	line_up(PIN);
	line_down(PIN);
	window();
	GUEST_ASSERT_EQ(2, taken);
	ioapic_route(PIN, 2, VECTOR | RTE_LOGICAL | RTE_LOWEST);
	line_up(PIN);
	line_down(PIN);
	window();
	GUEST_ASSERT_EQ(3, taken);
	apic_write(APIC_DFR, 0x0fffffff);
	apic_write(APIC_LDR, 0x32 << 24);
	ioapic_route(PIN, 0x36, VECTOR | RTE_LOGICAL);
	line_up(PIN);
	line_down(PIN);
	window();
	GUEST_ASSERT_EQ(4, taken);
	ioapic_route(PIN, 0x26, VECTOR | RTE_LOGICAL);
	line_up(PIN);
	line_down(PIN);
	window();
	GUEST_ASSERT_EQ(4, taken);
	guest_done();
}

guest_data volatile u64 nmis;

static void on_nmi(struct guest_regs *regs)
{
	nmis++;
}

guest_entry void nmi(void)
{
	enable();
	guest_on(NMI_VECTOR, on_nmi);
	ioapic_route(PIN, 0, RTE_NMI);
	line_up(PIN);
	line_down(PIN);
	GUEST_ASSERT_EQ(1, nmis);
	guest_done();
}

FIXTURE(ioapic_guest) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(ioapic_guest)
{
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
}

FIXTURE_TEARDOWN(ioapic_guest)
{
	vm_free(self->vcpu->vm);
}

/* Works the lines as the guest asks. */
static void serve_lines(struct vcpu *vcpu)
{
	for (int i = 0; i < 100; i++) {
		if (run_ucall(vcpu) == UCALL_DONE)
			return;
		if (vcpu->uc.cmd != UCALL_SYNC)
			die("exit %s", exit_text(vcpu));
		irq_line(vcpu->vm, vcpu->uc.args[1],
			 vcpu->uc.args[0] == RAISE);
	}
	die("the guest does not end");
}

#define GUEST_TEST(name)						\
TEST_F(ioapic_guest, name)						\
{									\
	vcpu_setup(self->vcpu, GUEST_64, #name);			\
	serve_lines(self->vcpu);					\
}

GUEST_TEST(registers)
GUEST_TEST(bounds)
GUEST_TEST(entry_bits)
GUEST_TEST(edge)
GUEST_TEST(level)
GUEST_TEST(level_again)
GUEST_TEST(masks)
GUEST_TEST(destinations)
GUEST_TEST(nmi)

TEST_HARNESS_MAIN
