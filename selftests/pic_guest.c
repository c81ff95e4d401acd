// SPDX-License-Identifier: GPL-2.0
/* The pair of 8259A as a guest programs it, with lines that the host works. */
#include "test.h"
#include "lib/apic.h"

#define BASE1 0x20
#define BASE2 0x28
#define EOI 0x20
#define SPECIFIC 0x60
#define READ_IRR 0x0a
#define READ_ISR 0x0b

/* What the guest asks the host for: a line and its level. */
#define RAISE 1
#define LOWER 2
#define PULSE 3

#if !defined(GUEST_BITS) || GUEST_BITS == 32
guest_data volatile u64 taken, order[8], drop;

static void line(u32 what, u32 pin)
{
	guest_sync(what, pin);
}

static void window(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static void on_irq(struct guest_regs *regs)
{
	u32 irq = regs->vector - BASE1;

	if (taken < 8)
		order[taken] = irq;
	taken++;
	/* A level comes again and again until its line falls. */
	if (taken == drop)
		line(LOWER, irq);
	if (irq >= 8)
		outb(PIC2_CMD, EOI);
	outb(PIC1_CMD, EOI);
}

static void init_pair(u8 icw4)
{
	for (u32 v = BASE1; v < BASE1 + 16; v++)
		guest_on(v, on_irq);
	outb(PIC1_CMD, 0x11);
	outb(PIC1_DATA, BASE1);
	outb(PIC1_DATA, 4);
	outb(PIC1_DATA, icw4);
	outb(PIC2_CMD, 0x11);
	outb(PIC2_DATA, BASE2);
	outb(PIC2_DATA, 2);
	outb(PIC2_DATA, icw4);
}

static u8 state(u16 port, u8 which)
{
	outb(port, which);
	return inb(port);
}

guest_entry void registers(void)
{
	init_pair(1);
	GUEST_ASSERT_EQ(0, inb(PIC1_DATA));
	outb(PIC1_DATA, 0xa5);
	outb(PIC2_DATA, 0x5a);
	GUEST_ASSERT_EQ(0xa5, inb(PIC1_DATA));
	GUEST_ASSERT_EQ(0x5a, inb(PIC2_DATA));
	GUEST_ASSERT_EQ(0, state(PIC1_CMD, READ_ISR));
	GUEST_ASSERT_EQ(0, state(PIC1_CMD, READ_IRR));
	/* Lines 0 to 2, 8 and 13 are edge triggered for ever. */
	outb(ELCR1, 0xff);
	outb(ELCR2, 0xff);
	GUEST_ASSERT_EQ(0xf8, inb(ELCR1));
	GUEST_ASSERT_EQ(0xde, inb(ELCR2));
	guest_done();
}

guest_entry void edge(void)
{
	init_pair(1);
	line(RAISE, 5);
	GUEST_ASSERT_EQ(1 << 5, state(PIC1_CMD, READ_IRR));
	window();
	GUEST_ASSERT_EQ(1, taken);
	GUEST_ASSERT_EQ(5, order[0]);
	window();
	GUEST_ASSERT_EQ(1, taken);
	line(LOWER, 5);
	line(RAISE, 5);
	window();
	GUEST_ASSERT_EQ(2, taken);
	guest_done();
}

static void without_eoi(struct guest_regs *regs)
{
	taken++;
	GUEST_ASSERT_EQ(1 << 5, state(PIC1_CMD, READ_ISR));
}

/* Until its EOI a line holds up itself and what is below it. */
guest_entry void in_service(void)
{
	init_pair(1);
	guest_on(BASE1 + 5, without_eoi);
	line(PULSE, 5);
	window();
	GUEST_ASSERT_EQ(1, taken);
	line(PULSE, 5);
	line(PULSE, 6);
	window();
	GUEST_ASSERT_EQ(1, taken);
	line(PULSE, 1);
	window();
	GUEST_ASSERT_EQ(2, taken);
	GUEST_ASSERT_EQ(1, order[1]);
	guest_on(BASE1 + 5, on_irq);
	outb(PIC1_CMD, SPECIFIC | 5);
	GUEST_ASSERT_EQ(0, state(PIC1_CMD, READ_ISR));
	window();
	window();
	GUEST_ASSERT_EQ(4, taken);
	GUEST_ASSERT_EQ(5, order[2]);
	GUEST_ASSERT_EQ(6, order[3]);
	guest_done();
}

guest_entry void level(void)
{
	init_pair(1);
	outb(ELCR1, 1 << 5);
	drop = 3;
	line(RAISE, 5);
	for (int i = 0; i < 4; i++)
		window();
	GUEST_ASSERT_EQ(3, taken);
	/* It goes before it is taken: there was nothing. */
	line(PULSE, 5);
	window();
	GUEST_ASSERT_EQ(3, taken);
	GUEST_ASSERT_EQ(0, state(PIC1_CMD, READ_IRR));
	guest_done();
}

guest_entry void masks(void)
{
	init_pair(1);
	outb(PIC1_DATA, 1 << 5);
	line(PULSE, 5);
	window();
	GUEST_ASSERT_EQ(0, taken);
	GUEST_ASSERT_EQ(1 << 5, state(PIC1_CMD, READ_IRR));
	outb(PIC1_DATA, 0);
	window();
	GUEST_ASSERT_EQ(1, taken);
	/* The cascade masked masks the slave. */
	outb(PIC1_DATA, 1 << 2);
	line(PULSE, 10);
	window();
	GUEST_ASSERT_EQ(1, taken);
	outb(PIC1_DATA, 0);
	window();
	GUEST_ASSERT_EQ(2, taken);
	GUEST_ASSERT_EQ(10, order[1]);
	guest_done();
}

guest_entry void priorities(void)
{
	init_pair(1);
	line(PULSE, 7);
	line(PULSE, 12);
	line(PULSE, 8);
	line(PULSE, 0);
	line(PULSE, 3);
	for (int i = 0; i < 5; i++)
		window();
	GUEST_ASSERT_EQ(5, taken);
	GUEST_ASSERT_EQ(0, order[0]);
	GUEST_ASSERT_EQ(8, order[1]);
	GUEST_ASSERT_EQ(12, order[2]);
	GUEST_ASSERT_EQ(3, order[3]);
	GUEST_ASSERT_EQ(7, order[4]);
	/* Rotated, 3 is the lowest and 4 the highest. */
	outb(PIC1_CMD, 0xc0 | 3);
	line(PULSE, 3);
	line(PULSE, 0);
	line(PULSE, 4);
	for (int i = 0; i < 3; i++)
		window();
	GUEST_ASSERT_EQ(4, order[5]);
	GUEST_ASSERT_EQ(0, order[6]);
	GUEST_ASSERT_EQ(3, order[7]);
	guest_done();
}

static void cascaded(struct guest_regs *regs)
{
	taken++;
	GUEST_ASSERT_EQ(1 << 2, state(PIC1_CMD, READ_ISR));
	GUEST_ASSERT_EQ(1 << 3, state(PIC2_CMD, READ_ISR));
	outb(PIC2_CMD, SPECIFIC | 3);
	outb(PIC1_CMD, SPECIFIC | 2);
}

guest_entry void cascade(void)
{
	init_pair(1);
	guest_on(BASE2 + 3, cascaded);
	line(PULSE, 11);
	GUEST_ASSERT_EQ(1 << 3, state(PIC2_CMD, READ_IRR));
	GUEST_ASSERT_EQ(1 << 2, state(PIC1_CMD, READ_IRR));
	window();
	GUEST_ASSERT_EQ(1, taken);
	GUEST_ASSERT_EQ(0, state(PIC1_CMD, READ_ISR));
	GUEST_ASSERT_EQ(0, state(PIC2_CMD, READ_ISR));
	line(PULSE, 11);
	window();
	GUEST_ASSERT_EQ(2, taken);
	guest_done();
}

static void spurious_15(struct guest_regs *regs)
{
	taken++;
	GUEST_ASSERT_EQ(1 << 2, state(PIC1_CMD, READ_ISR));
	GUEST_ASSERT_EQ(0, state(PIC2_CMD, READ_ISR));
	outb(PIC1_CMD, EOI);
}

/* The slave asked, and has nothing to say when it is heard. */
guest_entry void spurious(void)
{
	init_pair(1);
	guest_on(BASE2 + 7, spurious_15);
	outb(ELCR2, 1 << 2);
	line(PULSE, 10);
	window();
	GUEST_ASSERT_EQ(1, taken);
	outb(ELCR2, 0);
	line(PULSE, 10);
	window();
	GUEST_ASSERT_EQ(2, taken);
	GUEST_ASSERT_EQ(10, order[1]);
	guest_done();
}

static void no_eoi(struct guest_regs *regs)
{
	taken++;
	GUEST_ASSERT_EQ(0, state(PIC1_CMD, READ_ISR));
}

guest_entry void auto_eoi(void)
{
	init_pair(3);
	for (u32 v = BASE1; v < BASE1 + 8; v++)
		guest_on(v, no_eoi);
	for (int i = 1; i <= 3; i++) {
		line(PULSE, 4);
		window();
		GUEST_ASSERT_EQ(i, taken);
	}
	guest_done();
}

/* Special mask mode: a masked line in service holds up nobody. */
guest_entry void masks_specially(void)
{
	init_pair(1);
	guest_on(BASE1 + 5, without_eoi);
	line(PULSE, 5);
	window();
	outb(PIC1_CMD, 0x68);
	outb(PIC1_DATA, 1 << 5);
	line(PULSE, 6);
	window();
	GUEST_ASSERT_EQ(2, taken);
	GUEST_ASSERT_EQ(6, order[1]);
	guest_done();
}

/* An interrupt each time, and nothing but HLT between. */
guest_entry void halts(void)
{
	init_pair(1);
	for (int i = 1; i <= 3; i++) {
		line(PULSE, i == 2 ? 9 : 4);
		asm volatile("sti; hlt; cli" : : : "memory");
		GUEST_ASSERT_EQ(i, taken);
	}
	guest_sync(7);
	asm volatile("sti; hlt; cli" : : : "memory");
	GUEST_ASSERT_EQ(4, taken);
	guest_done();
}

static void on_ipi(struct guest_regs *regs)
{
	apic_eoi();
}

/* LINT0 masked: the PIC speaks to nobody. */
guest_entry void lint0(void)
{
	init_pair(1);
	guest_on(0x50, on_ipi);
	apic_enable();
	apic_write(APIC_LVT0, APIC_MASKED | APIC_EXTINT);
	line(PULSE, 4);
	window();
	GUEST_ASSERT_EQ(0, taken);
	apic_write(APIC_LVT0, APIC_EXTINT);
	/* In-tree KVM looks again when something else comes. */
	apic_write(APIC_ICR, ICR_SELF | 0x50);
	window();
	window();
	GUEST_ASSERT_EQ(1, taken);
	guest_done();
}
#endif

#ifndef GUEST_BITS
#define SECONDS 20

FIXTURE(pic_guest) {
	struct vcpu *vcpu;
};

FIXTURE_VARIANT(pic_guest) {
	enum guest_mode mode;
};

FIXTURE_VARIANT_ADD(pic_guest, protected) { .mode = GUEST_32 };
FIXTURE_VARIANT_ADD(pic_guest, long) { .mode = GUEST_64 };

FIXTURE_SETUP(pic_guest)
{
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
}

FIXTURE_TEARDOWN(pic_guest)
{
	vm_free(self->vcpu->vm);
}

/* Works the lines as the guest asks; false: it asked for something else. */
static bool serve_lines(struct vcpu *vcpu)
{
	for (int i = 0; i < 100; i++) {
		if (run_ucall(vcpu) == UCALL_DONE)
			return true;
		if (vcpu->uc.cmd != UCALL_SYNC)
			die("exit %s", exit_text(vcpu));
		switch (vcpu->uc.args[0]) {
		case RAISE:
		case LOWER:
			irq_line(vcpu->vm, vcpu->uc.args[1],
				 vcpu->uc.args[0] == RAISE);
			break;
		case PULSE:
			irq_pulse(vcpu->vm, vcpu->uc.args[1]);
			break;
		default:
			return false;
		}
	}
	die("the guest does not end");
}

#define GUEST_TEST(name)						\
TEST_F(pic_guest, name)							\
{									\
	vcpu_setup(self->vcpu, variant->mode, #name);			\
	EXPECT_TRUE(serve_lines(self->vcpu));				\
}

GUEST_TEST(registers)
GUEST_TEST(edge)
GUEST_TEST(in_service)
GUEST_TEST(level)
GUEST_TEST(masks)
GUEST_TEST(priorities)
GUEST_TEST(cascade)
GUEST_TEST(spurious)
GUEST_TEST(auto_eoi)
GUEST_TEST(lint0)

TEST(special_mask)
{
	struct vcpu *vcpu = vcpu_new(vm_new_irqchip(), 0);

	vcpu_setup(vcpu, GUEST_64, "masks_specially");
	EXPECT_TRUE(serve_lines(vcpu));
	vm_free(vcpu->vm);
}

static void *run_done(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

TEST_F(pic_guest, halts)
{
	pthread_t thread;

	vcpu_setup(self->vcpu, variant->mode, "halts");
	ASSERT_FALSE(serve_lines(self->vcpu));
	thread = thread_start(run_done, self->vcpu);
	pause_us(50000);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(thread, NULL));
	irq_pulse(self->vcpu->vm, 4);
	thread_join(thread, SECONDS);
}

TEST_HARNESS_MAIN
#endif
