// SPDX-License-Identifier: GPL-2.0
/* The interval timer as a guest programs it, and the ticks that it gets. */
#include "test.h"
#include "lib/pit.h"

#define VECTOR 0x51
#define PIC_BASE 0x20
#define SECONDS 30

guest_data volatile u64 ticks;

static void on_ioapic(struct guest_regs *regs)
{
	ticks++;
	apic_eoi();
}

static void on_pic(struct guest_regs *regs)
{
	ticks++;
	outb(PIC1_CMD, 0x20);
}

static void by_ioapic(u8 dest)
{
	guest_on(VECTOR, on_ioapic);
	apic_enable();
	outb(PIC1_DATA, 0xff);
	ioapic_route(0, dest, VECTOR);
}

static void by_pic(u8 icw4)
{
	guest_on(PIC_BASE, on_pic);
	outb(PIC1_CMD, 0x11);
	outb(PIC1_DATA, PIC_BASE);
	outb(PIC1_DATA, 4);
	outb(PIC1_DATA, icw4);
	outb(PIC1_DATA, 0xfe);
}

static void halt_for(u64 n)
{
	while (ticks < n)
		asm volatile("sti; hlt; cli" : : : "memory");
}

/* With interrupts on, for so many of counter 2's pulses. */
static void spin(u32 pulses)
{
	outb(PORT_61, 1);
	pit_program(2, 0, pulses);
	sti();
	while (!(inb(PORT_61) & 0x20))
		cpu_relax();
	cli();
}

/* @n ticks of @count; the host looks at its clock at 1 and 2. */
guest_entry void periodic(u64 mode, u64 count, u64 n, u64 pic)
{
	if (pic)
		by_pic(pic);
	else
		by_ioapic(0);
	guest_sync(1);
	pit_program(0, mode, count);
	halt_for(n);
	guest_sync(2);
	/* Stopped, as kernels do it: a mode that makes one tick. */
	pit_program(0, 0, 10000);
	spin(20000);
	spin(40000);
	n = ticks;
	spin(40000);
	GUEST_ASSERT_EQ(n, ticks);
	guest_done();
}

guest_entry void one_shot(u64 mode)
{
	by_ioapic(0);
	for (u64 i = 1; i <= 3; i++) {
		pit_program(0, mode, 12000);
		halt_for(i);
		spin(60000);
		GUEST_ASSERT_EQ(i, ticks);
	}
	/* Again by a count alone. */
	pit_load(0, 12000);
	halt_for(4);
	guest_done();
}

/* Ticks that came while the host had the guest stopped, at 100 Hz. */
guest_entry void stopped(u64 n)
{
	by_ioapic(0);
	pit_program(0, 2, PIT_FREQ / 100);
	halt_for(1);
	guest_sync(1);
	guest_sync(2);
	halt_for(n);
	guest_sync(3);
	guest_done();
}

/* A tick that is masked is none, however many. */
guest_entry void masked(void)
{
	by_ioapic(0);
	ioapic_route(0, 0, VECTOR | RTE_MASKED);
	pit_program(0, 2, PIT_FREQ / 1000);
	for (int i = 0; i < 4; i++)
		spin(60000);
	GUEST_ASSERT_EQ(0, ticks);
	ioapic_route(0, 0, VECTOR);
	spin(24000);
	/* 20 ms, and then some: 200 ms have been. */
	GUEST_ASSERT_OP(ticks, >, 0);
	GUEST_ASSERT_OP(ticks, <, 150);
	guest_done();
}

guest_entry void counters(void)
{
	u32 last, now;

	outb(PORT_61, 1);
	GUEST_ASSERT_EQ(1, inb(PORT_61) & 0xf);
	outb(PORT_61, 3);
	GUEST_ASSERT_EQ(3, inb(PORT_61) & 0xf);
	outb(PORT_61, 1);
	for (u32 ch = 0; ch < 3; ch++) {
		pit_program(ch, 2, 50000);
		last = pit_count(ch);
		GUEST_ASSERT_OP(last, <=, 50000);
		do
			now = pit_count(ch);
		while (now == last);
		GUEST_ASSERT_OP(now, <=, 50000);
		/* It goes round. */
		do {
			last = now;
			now = pit_count(ch);
			GUEST_ASSERT_OP(now, <=, 50000);
		} while (now <= last);
	}
	/* Terminal count, and below. */
	pit_program(2, 0, 60000);
	GUEST_ASSERT(!(inb(PORT_61) & 0x20));
	while (!(inb(PORT_61) & 0x20))
		cpu_relax();
	guest_done();
}

guest_entry void latches(void)
{
	u32 held;

	pit_program(1, 2, 0);
	/* Several latches: the first holds. */
	outb(PIT_CONTROL, 1 << 6);
	for (int i = 0; i < 20; i++)
		inb(PORT_61);
	outb(PIT_CONTROL, 1 << 6);
	held = pit_read(1);
	/* It goes round in 55 ms: on a slow machine in less than this takes. */
	for (int i = 0; (u16)(held - pit_count(1)) >= 0x8000; i++)
		GUEST_ASSERT_OP(i, <, 100);
	/* Status first, then the count. */
	pit_program(1, 2, 1);
	outb(PIT_CONTROL, 0xc0 | 4);
	GUEST_ASSERT_EQ(PIT_BOTH | PIT_MODE(2), inb(PIT_CH(1)) & 0x3f);
	GUEST_ASSERT_EQ(1, pit_read(1));
	/* One byte. */
	outb(PIT_CONTROL, 1 << 6 | PIT_LOW | PIT_MODE(2));
	outb(PIT_CH(1), 1);
	GUEST_ASSERT_EQ(1, inb(PIT_CH(1)));
	outb(PIT_CONTROL, 1 << 6 | PIT_HIGH | PIT_MODE(3));
	outb(PIT_CH(1), 1);
	GUEST_ASSERT_OP(inb(PIT_CH(1)), <=, 1);
	outb(PIT_CONTROL, 0xe0 | 4);
	GUEST_ASSERT_EQ(PIT_HIGH | PIT_MODE(3), inb(PIT_CH(1)) & 0x3f);
	/* Modes 2 and 3 have two codes each; status is what it is. */
	pit_program(1, 6, 1);
	GUEST_ASSERT_EQ(1, pit_count(1));
	/* The chip is 8 bits wide, whatever the access. */
	outw(PIT_CH(1), 0x3301);
	outw(PIT_CH(1), 0x3300);
	GUEST_ASSERT_EQ(1, inw(PIT_CH(1)));
	GUEST_ASSERT_EQ(0, inl(PIT_CH(1) - 1) & ~0xffu);
	guest_done();
}

guest_entry void asks_port_61(void)
{
	inb(PORT_61);
	guest_done();
}

guest_entry void asks_neighbours(void)
{
	inb(0x3f);
	inw(0x3e);
	inw(0x3f);
	inl(0x3c);
	inb(0x44);
	inw(0x43);
	inl(0x42);
	inb(0x60);
	inb(0x62);
	guest_done();
}

/* Counter 0's interrupt goes to the other processor; this one halts. */
guest_entry void halts(void)
{
	by_ioapic(1);
	pit_program(0, 2, PIT_FREQ / 100);
	guest_sync(1);
	for (;;)
		asm volatile("sti; hlt" : : : "memory");
}

guest_entry void takes(void)
{
	apic_enable();
	guest_sync(1);
	halt_for(20);
	guest_done();
}

FIXTURE(pit_guest) {
	struct vm *vm;
	struct vcpu *vcpu;
};

FIXTURE_SETUP(pit_guest)
{
	kick_setup();
	self->vm = vm_new_irqchip();
	create_pit(self->vm, NACRE_PIT_SPEAKER_DUMMY);
	self->vcpu = vcpu_new(self->vm, 0);
}

FIXTURE_TEARDOWN(pit_guest)
{
	vm_free(self->vm);
}

/* Microseconds from one stage to the next. */
static u64 took(struct vcpu *vcpu, u64 from, u64 to)
{
	u64 start;

	run_to_sync(vcpu, from);
	start = now_ns();
	run_to_sync(vcpu, to);
	return (now_ns() - start) / 1000;
}

/* No faster than its rate, and not so much slower that ticks are lost. */
static void rate(struct vcpu *vcpu, u64 mode, u64 count, u64 n, u64 pic)
{
	u64 should = n * count * 1000000 / PIT_FREQ, is;

	vcpu_setup(vcpu, GUEST_64, "periodic");
	vcpu_args(vcpu, 4, mode, count, n, pic);
	is = took(vcpu, 1, 2);
	if (is < should * 98 / 100 || is > should + 2000000 * slower())
		die("%llu us for %llu", is, should);
	run_to_done(vcpu);
}

TEST_F(pit_guest, periodic_2)
{
	rate(self->vcpu, 2, PIT_FREQ / 100, 30, 0);
}

TEST_F(pit_guest, periodic_3)
{
	rate(self->vcpu, 3, PIT_FREQ / 250, 75, 0);
}

TEST_F(pit_guest, by_pic)
{
	rate(self->vcpu, 2, PIT_FREQ / 100, 30, 1);
}

TEST_F(pit_guest, by_pic_that_ends_itself)
{
	rate(self->vcpu, 2, PIT_FREQ / 100, 30, 3);
}

TEST_F(pit_guest, without_reinjection)
{
	set_reinject(self->vm, false);
	rate(self->vcpu, 2, PIT_FREQ / 100, 30, 0);
}

/* The host has ticks no nearer to each other than 200 us. */
TEST_F(pit_guest, no_storm)
{
	u64 us;

	vcpu_setup(self->vcpu, GUEST_64, "periodic");
	vcpu_args(self->vcpu, 4, 2ull, 1ull, 500ull, 0ull);
	us = took(self->vcpu, 1, 2);
	EXPECT_GT(us, 500 * 200 * 9 / 10);
}

#define ONE_SHOT(mode)							\
TEST_F(pit_guest, one_shot_##mode)					\
{									\
	vcpu_setup(self->vcpu, GUEST_64, "one_shot");			\
	vcpu_args(self->vcpu, 1, (u64)(mode));				\
	run_to_done(self->vcpu);					\
}

ONE_SHOT(0)
ONE_SHOT(4)

static u64 after_a_stop(struct vm *vm, u64 n)
{
	struct vcpu *vcpu = vm->vcpus[0];

	vcpu_setup(vcpu, GUEST_64, "stopped");
	vcpu_args(vcpu, 1, n);
	run_to_sync(vcpu, 1);
	pause_us(600000);
	return took(vcpu, 2, 3);
}

/* 60 ticks were missed: 50 come quicker than the timer makes them. */
TEST_F(pit_guest, reinjects)
{
	EXPECT_LT(after_a_stop(self->vm, 50), 400000 * slower());
}

TEST_F(pit_guest, does_not_reinject)
{
	set_reinject(self->vm, false);
	EXPECT_GT(after_a_stop(self->vm, 20), 160000);
}

TEST_F(pit_guest, masked)
{
	vcpu_setup(self->vcpu, GUEST_64, "masked");
	run_to_done(self->vcpu);
}

TEST_F(pit_guest, counters)
{
	vcpu_setup(self->vcpu, GUEST_64, "counters");
	run_to_done(self->vcpu);
}

TEST_F(pit_guest, latches)
{
	vcpu_setup(self->vcpu, GUEST_64, "latches");
	run_to_done(self->vcpu);
}

/* Port 61h is the VMM's unless it has said otherwise. */
TEST_F(pit_guest, no_port_61)
{
	struct vm *vm = vm_new_irqchip();

	create_pit(vm, 0);
	vcpu_setup(vcpu_new(vm, 0), GUEST_64, "asks_port_61");
	run_to_pio(vm->vcpus[0], NACRE_EXIT_IO_IN, PORT_61, 1);
	run_to_done(vm->vcpus[0]);
	vm_free(vm);
}

/* What is not all the chip's is the VMM's. */
TEST_F(pit_guest, neighbours)
{
	static const struct {
		u16 port;
		u8 size;
	} accesses[] = {
		{ 0x3f, 1 }, { 0x3e, 2 }, { 0x3f, 2 }, { 0x3c, 4 }, { 0x44, 1 },
		{ 0x43, 2 }, { 0x42, 4 }, { 0x60, 1 }, { 0x62, 1 },
	};

	vcpu_setup(self->vcpu, GUEST_64, "asks_neighbours");
	for (u32 i = 0; i < sizeof(accesses) / sizeof(*accesses); i++)
		run_to_pio(self->vcpu, NACRE_EXIT_IO_IN, accesses[i].port,
			   accesses[i].size);
	run_to_done(self->vcpu);
}

static void *run_done(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

static void *run_once(void *vcpu)
{
	return raw_run(vcpu) ? (void *)(long)errno : NULL;
}

/* The boot processor need not be the one that hears of it. */
TEST_F(pit_guest, other_processor)
{
	struct vcpu *other = vcpu_new(self->vm, 1);
	pthread_t first, second;

	vcpu_setup(self->vcpu, GUEST_64, "halts");
	vcpu_setup(other, GUEST_64, "takes");
	ASSERT_EQ(0, raw_set_mp_state(other, NACRE_MP_STATE_RUNNABLE));
	run_to_sync(other, 1);
	run_to_sync(self->vcpu, 1);
	first = thread_start(run_once, self->vcpu);
	second = thread_start(run_done, other);
	thread_join(second, SECONDS);
	kick(first);
	EXPECT_EQ((void *)EINTR, thread_join(first, SECONDS));
}

TEST_HARNESS_MAIN
