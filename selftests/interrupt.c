// SPDX-License-Identifier: GPL-2.0
/* Interrupts and NMIs from a VMM that has the interrupt controller itself. */
#include <time.h>

#include "test.h"

#define VECTOR 0x41
#define PORT 0x80

static volatile u64 interrupts, nmis;

static void on_interrupt(struct guest_regs *regs)
{
	interrupts++;
	GUEST_ASSERT_EQ(regs->error, 0);
}

guest_entry void open_for_interrupts(void)
{
	guest_on(VECTOR, on_interrupt);
	sti();
	outb(PORT, 0);
	for (;;)
		outb(PORT, interrupts);
}

guest_entry void closed_then_open(void)
{
	guest_on(VECTOR, on_interrupt);
	outb(PORT, 0);
	outb(PORT, interrupts);
	asm volatile("sti; nop; nop");
	outb(PORT, interrupts);
	guest_done();
}

/* The STI's shadow covers the HLT: the interrupt comes behind it. */
guest_entry void waits(void)
{
	guest_on(VECTOR, on_interrupt);
	for (int i = 1; i <= 3; i++) {
		asm volatile("sti; hlt; cli");
		GUEST_ASSERT_EQ(interrupts, i);
	}
	guest_done();
}

static void on_nmi(struct guest_regs *regs)
{
	u64 n = ++nmis;

	outb(PORT, 0x10 + n);
	outb(PORT, 0x40 + n);
}

guest_entry void takes_nmis(void)
{
	guest_on(NMI_VECTOR, on_nmi);
	outb(PORT, 0);
	for (;;)
		outb(PORT, nmis);
}

guest_entry void takes_nmis_and_more(void)
{
	asm volatile("sti");
	takes_nmis();
}

FIXTURE(interrupt) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(interrupt)
{
	self->vcpu = vcpu_new(vm_new(), 0);
}

FIXTURE_TEARDOWN(interrupt)
{
	vm_free(self->vcpu->vm);
}

static int interrupt(struct vcpu *vcpu, u32 vector)
{
	struct nacre_interrupt i = { .irq = vector };

	return ioctl(vcpu->fd, NACRE_INTERRUPT, &i);
}

static u8 next_out(struct vcpu *vcpu)
{
	return *(u8 *)run_to_pio(vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
}

TEST_F(interrupt, is_delivered)
{
	struct nacre_run *r = self->vcpu->run;

	vcpu_setup(self->vcpu, GUEST_64, "open_for_interrupts");
	next_out(self->vcpu);
	for (int i = 1; i < 10; i++) {
		next_out(self->vcpu);
		EXPECT_EQ(1, r->if_flag);
		EXPECT_EQ(1, r->ready_for_interrupt_injection);
		ASSERT_EQ(0, interrupt(self->vcpu, VECTOR));
		/* The OUT on which the guest stood was made before. */
		EXPECT_EQ(i, next_out(self->vcpu));
	}
}

TEST_F(interrupt, window)
{
	struct nacre_run *r = self->vcpu->run;

	vcpu_setup(self->vcpu, GUEST_64, "closed_then_open");
	next_out(self->vcpu);
	r->request_interrupt_window = 1;
	EXPECT_EQ(0, next_out(self->vcpu));
	EXPECT_EQ(0, r->ready_for_interrupt_injection);
	run_to_exit(self->vcpu, NACRE_EXIT_IRQ_WINDOW_OPEN);
	EXPECT_EQ(1, r->if_flag);
	EXPECT_EQ(1, r->ready_for_interrupt_injection);
	r->request_interrupt_window = 0;
	ASSERT_EQ(0, interrupt(self->vcpu, VECTOR));
	EXPECT_EQ(1, next_out(self->vcpu));
	run_to_done(self->vcpu);
}

/* A window that nobody wants anymore does not end the run. */
TEST_F(interrupt, window_withdrawn)
{
	struct nacre_run *r = self->vcpu->run;

	vcpu_setup(self->vcpu, GUEST_64, "closed_then_open");
	next_out(self->vcpu);
	r->request_interrupt_window = 1;
	next_out(self->vcpu);
	r->request_interrupt_window = 0;
	EXPECT_EQ(0, next_out(self->vcpu));
	run_to_done(self->vcpu);
}

TEST_F(interrupt, ends_a_halt)
{
	vcpu_setup(self->vcpu, GUEST_64, "waits");
	for (int i = 0; i < 3; i++) {
		run_to_exit(self->vcpu, NACRE_EXIT_HLT);
		EXPECT_EQ(1, self->vcpu->run->if_flag);
		ASSERT_EQ(0, interrupt(self->vcpu, VECTOR));
	}
	run_to_done(self->vcpu);
}

TEST_F(interrupt, bad_vector)
{
	EXPECT_ERROR(EINVAL, interrupt(self->vcpu, 256));
	EXPECT_ERROR(EINVAL, interrupt(self->vcpu, 0xffffffff));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_INTERRUPT, 8));
}

/* It is part of the state that a VMM saves. */
TEST_F(interrupt, is_in_the_bitmap)
{
	struct nacre_sregs s;

	vcpu_setup(self->vcpu, GUEST_64, "closed_then_open");
	next_out(self->vcpu);
	get_sregs(self->vcpu, &s);
	s.interrupt_bitmap[VECTOR / 64] |= 1ull << (VECTOR % 64);
	set_sregs(self->vcpu, &s);
	get_sregs(self->vcpu, &s);
	EXPECT_EQ(1ull << (VECTOR % 64), s.interrupt_bitmap[VECTOR / 64]);
}

#define NEEDS_NMI							\
	do {								\
		if (!vm_cap(self->vcpu->vm, NACRE_CAP_USER_NMI))	\
			SKIP(return, "no NACRE_CAP_USER_NMI");		\
	} while (0)

TEST_F(interrupt, nmi)
{
	NEEDS_NMI;
	vcpu_setup(self->vcpu, GUEST_64, "takes_nmis");
	next_out(self->vcpu);
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_NMI, 0));
	EXPECT_EQ(0x11, next_out(self->vcpu));
	EXPECT_EQ(0x41, next_out(self->vcpu));
	EXPECT_EQ(1, next_out(self->vcpu));
	EXPECT_EQ(1, next_out(self->vcpu));
}

/* What the guest says next that is not @same, for up to @seconds. */
static u64 next_other_out(struct vcpu *vcpu, u64 same, unsigned int seconds)
{
	time_t end = time(NULL) + seconds;
	u64 out;

	do {
		out = next_out(vcpu);
	} while (out == same && time(NULL) < end);
	return out;
}

/*
 * The second waits until the first one's handler has returned. A processor
 * without virtual NMIs does not tell when that is: while no interrupt is let in
 * either, it is taken to be so after a second.
 */
static void nmi_blocks_nmi(struct __test_metadata *_metadata,
			   struct vcpu *vcpu, const char *entry)
{
	vcpu_setup(vcpu, GUEST_64, entry);
	next_out(vcpu);
	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_NMI, 0));
	EXPECT_EQ(0x11, next_out(vcpu));
	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_NMI, 0));
	EXPECT_EQ(0x41, next_out(vcpu));
	EXPECT_EQ(0x12, next_other_out(vcpu, 1, 10));
	EXPECT_EQ(0x42, next_out(vcpu));
	EXPECT_EQ(2, next_out(vcpu));
}

TEST_F(interrupt, nmi_blocks_nmi)
{
	NEEDS_NMI;
	nmi_blocks_nmi(_metadata, self->vcpu, "takes_nmis");
}

TEST_F(interrupt, nmi_blocks_nmi_but_no_interrupts)
{
	NEEDS_NMI;
	nmi_blocks_nmi(_metadata, self->vcpu, "takes_nmis_and_more");
}

TEST_HARNESS_MAIN
