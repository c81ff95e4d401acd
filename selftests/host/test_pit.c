// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's interval timer: pit_cases.h, the ticks of counter 0, and state
 * that is saved and restored, by the KVM ABI.
 */
#include "host_test.h"
#include "arch/x86/irqchip/pit.h"

static struct nacre_pit pit;
static uint64_t clock_ns, timer;
static unsigned int pulses;
static bool deaf;

u64 ktime_get_ns(void)
{
	return clock_ns;
}

static void set_timer(struct nacre_pit *from, u64 when)
{
	(void)from;
	timer = when;
}

static bool pulse(struct nacre_pit *from)
{
	(void)from;
	pulses++;
	return !deaf;
}

static const struct nacre_pit_ops ops = { set_timer, pulse };

static uint8_t inb(uint16_t port)
{
	return nacre_pit_read(&pit, port);
}

static void outb(uint16_t port, uint8_t value)
{
	nacre_pit_write(&pit, port, value);
}

#include "pit_cases.h"

static void make(void)
{
	memset(&pit, 0, sizeof(pit));
	pit.ops = &ops;
	clock_ns = 0;
	timer = 0;
	pulses = 0;
	deaf = false;
	nacre_pit_reset(&pit);
}

/* A little behind the pulse: ns are whole ones, and pulses are not. */
static void at(uint64_t ticks)
{
	clock_ns = ns_of(ticks) + 100;
}

static void pass(uint64_t ns)
{
	clock_ns += ns;
}

/* The host's timer goes off as it was set, and the guest has time for it. */
static void run(uint64_t ns, bool answers)
{
	uint64_t end = clock_ns + ns;

	while (timer && timer <= end) {
		unsigned int before = pulses;

		clock_ns = timer;
		nacre_pit_expired(&pit);
		if (answers && pulses != before)
			nacre_pit_acknowledge(&pit);
	}
	clock_ns = end;
}

static void reset(void)
{
	unsigned int i;

	make();
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(pit.state.channels[i].count, 0x10000);
		EXPECT_EQ(pit.state.channels[i].mode, 0xff);
		EXPECT_EQ(pit.state.channels[i].gate, i != 2);
	}
	EXPECT_EQ(pit.state.flags, 0);
	EXPECT_EQ(timer, 0);
	EXPECT_EQ(inb(CONTROL), 0xff);
}

/* At 1 kHz for 10 s: as many as there are, none late by more than a ns. */
static void ticks(void)
{
	static const unsigned int modes[] = { 2, 3 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		make();
		program(0, MODE(modes[i]), 1193);
		EXPECT_EQ(timer, ns_of(1193));
		run(10 * 1000000000ull, true);
		EXPECT_EQ(pulses, 10 * HZ / 1193);
		EXPECT_EQ(timer, ns_of((pulses + 1) * 1193ull));
	}
}

static void one_shot(void)
{
	static const unsigned int modes[] = { 0, 1, 4 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		make();
		program(0, MODE(modes[i]), 1000);
		EXPECT_EQ(timer, ns_of(1000));
		run(1000000000, true);
		EXPECT_EQ(pulses, 1);
		EXPECT_EQ(timer, 0);
		load(0, 1000);
		run(1000000000, true);
		EXPECT_EQ(pulses, 2);
	}
	program(0, MODE(5), 1000);
	EXPECT_EQ(timer, 0);
}

/* What is so short is longer for the host, and counts as it should. */
static void no_storm(void)
{
	unsigned int count;

	for (count = 1; count < 239; count++) {
		make();
		program(0, MODE(2), count);
		EXPECT_EQ(timer, ns_of(239));
		run(1000000000, true);
		EXPECT(pulses <= 5000);
		EXPECT(read_both(0) <= count);
	}
}

/* A control word stops it, and what was under way is none any more. */
static void control_word_stops(void)
{
	make();
	program(0, MODE(2), 1000);
	at(1000);
	outb(CONTROL, BOTH | MODE(0));
	EXPECT_EQ(timer, 0);
	nacre_pit_expired(&pit);
	EXPECT_EQ(pulses, 0);
	load(0, 10);
	nacre_pit_expired(&pit);
	EXPECT_EQ(pulses, 0);
	at(1010);
	nacre_pit_expired(&pit);
	EXPECT_EQ(pulses, 1);
}

/* Each waits for the one before, and a little, and none is lost. */
static void reinjection(void)
{
	make();
	program(0, MODE(2), 1000);
	at(10500);
	nacre_pit_expired(&pit);
	EXPECT_EQ(pulses, 1);
	EXPECT_EQ(timer, ns_of(11000));
	nacre_pit_acknowledge(&pit);
	EXPECT_EQ(pulses, 1);
	EXPECT_EQ(timer, clock_ns + ns_of(250));
	run(ns_of(4000), true);
	EXPECT_EQ(pulses, 14);
	EXPECT_EQ(timer, ns_of(15000));
	/* One that is not answered is the last one. */
	run(ns_of(10000), false);
	EXPECT_EQ(pulses, 15);
	nacre_pit_acknowledge(&pit);
	run(ns_of(6000), true);
	EXPECT_EQ(pulses, 30);
}

/* Off: a tick is for its time, whoever answers. */
static void no_reinjection(void)
{
	make();
	nacre_pit_set_reinject(&pit, false);
	program(0, MODE(2), 1000);
	at(10500);
	nacre_pit_expired(&pit);
	EXPECT_EQ(pulses, 1);
	nacre_pit_acknowledge(&pit);
	EXPECT_EQ(pulses, 1);
	run(ns_of(5000), false);
	EXPECT_EQ(pulses, 6);
	/* On again: what was missed meanwhile is not made up for. */
	nacre_pit_set_reinject(&pit, true);
	run(ns_of(1000), true);
	EXPECT_EQ(pulses, 7);
}

/* Masked: there is nothing to be acknowledged, or to be made up for. */
static void nobody_listens(void)
{
	make();
	deaf = true;
	program(0, MODE(2), 1000);
	run(ns_of(100500), false);
	EXPECT_EQ(pulses, 100);
	deaf = false;
	run(ns_of(2000), true);
	EXPECT_EQ(pulses, 102);
	/* Unmasked in between, with one that is lost on its way. */
	run(ns_of(5000), false);
	EXPECT_EQ(pulses, 103);
	nacre_pit_forget(&pit);
	run(ns_of(2000), true);
	EXPECT_EQ(pulses, 105);
}

static void hpet_takes_over(void)
{
	struct nacre_pit_state2 s;

	make();
	program(0, MODE(2), 1000);
	s = pit.state;
	s.flags = NACRE_PIT_FLAGS_HPET_LEGACY;
	nacre_pit_set_state(&pit, s.channels, s.flags);
	EXPECT_EQ(timer, 0);
	program(0, MODE(2), 1000);
	EXPECT_EQ(timer, 0);
	s.flags = 0;
	nacre_pit_set_state(&pit, s.channels, s.flags);
	EXPECT_EQ(timer, clock_ns + ns_of(1000));
}

/* In the middle of two bytes, with latches set: it goes on as it would. */
static void state(void)
{
	struct nacre_pit_state2 s;

	make();
	program(0, MODE(2), 0x1234);
	outb(CONTROL, 0xc2);
	outb(COUNTER(0), 0x78);
	program(1, MODE(2), 0x4321);
	inb(COUNTER(1));
	outb(SPEAKER, 3);
	s = pit.state;
	make();
	nacre_pit_set_state(&pit, s.channels, s.flags);
	EXPECT_EQ(inb(COUNTER(0)), 0x80 | BOTH | MODE(2));
	EXPECT_EQ(read_both(0), 0x1234);
	outb(COUNTER(0), 0x56);
	EXPECT_EQ(pit.state.channels[0].count, 0x5678);
	EXPECT_EQ(inb(COUNTER(1)), 0x43);
	EXPECT_EQ(inb(SPEAKER) & 3, 3);
}

/* Whatever is set counts somehow, and harms nobody. */
static void random_state(void)
{
	u64 seed = 1;
	unsigned int i, j;

	for (i = 0; i < 100000; i++) {
		struct nacre_pit_state2 s;

		if (i % 16 == 0) {
			for (j = 0; j < sizeof(s); j++)
				((u8 *)&s)[j] = host_random(&seed) >> 32;
			nacre_pit_set_state(&pit, s.channels, s.flags);
		}
		pass(host_random(&seed) >> 36);
		outb(i % 5 ? COUNTER(i % 5 - 1) : SPEAKER,
		     host_random(&seed) >> 32);
		inb(i % 5 ? COUNTER(i % 5 - 1) : SPEAKER);
		nacre_pit_expired(&pit);
		if (i & 1)
			nacre_pit_acknowledge(&pit);
		EXPECT(!timer || timer > clock_ns);
	}
}

static const struct host_case cases[] = {
	PIT_CASES,
	HOST_CASE(reset),
	HOST_CASE(ticks),
	HOST_CASE(one_shot),
	HOST_CASE(no_storm),
	HOST_CASE(control_word_stops),
	HOST_CASE(reinjection),
	HOST_CASE(no_reinjection),
	HOST_CASE(nobody_listens),
	HOST_CASE(hpet_takes_over),
	HOST_CASE(state),
	HOST_CASE(random_state),
};

HOST_MAIN(cases)
