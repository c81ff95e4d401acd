// SPDX-License-Identifier: GPL-2.0
/* pearl's interval timer: pit_cases.h, and what the kernel's has not. */
#include "devices/devices.h"
#include "fake.h"
#include "pit_cases.h"

static struct pearl_pit *pit;

static void make(void)
{
	pearl_pit_destroy(pit);
	pit = pearl_pit_create(&bus, fake_clock(0, 0));
	if (!pit)
		abort();
}

/* The moment that is so many pulses after the clock stood at 0. */
static void at(uint64_t ticks)
{
	fake_pass(ns_of(ticks) - fake.now);
}

static void pass(uint64_t ns)
{
	fake_pass(ns);
}

/* Null count: nothing has been loaded since the control word. */
static void null_count(void)
{
	make();
	outb(CONTROL, BOTH | MODE(0));
	EXPECT_EQ(status(0), 0x40 | BOTH | MODE(0));
	outb(COUNTER(0), 1);
	EXPECT_EQ(status(0), 0x40 | BOTH | MODE(0));
	outb(COUNTER(0), 1);
	EXPECT_EQ(status(0), BOTH | MODE(0));
}

/* The control port cannot be read; a word is two ports. */
static void ports(void)
{
	make();
	EXPECT_EQ(inb(CONTROL), 0xff);
	outb(CONTROL, LOW | MODE(2));
	outb(CONTROL, 1 << 6 | LOW | MODE(2));
	out(COUNTER(0), 2, 0x2211);
	EXPECT_EQ(in(COUNTER(0), 2), 0x2211);
	EXPECT_EQ(in(COUNTER(3), 4), 0xffffffff);
}

/* The first of two bytes stops it, the second starts it anew. */
static void mode_0_two_bytes(void)
{
	make();
	gate(true);
	program(2, MODE(0), 100);
	at(100);
	EXPECT(output());
	outb(COUNTER(2), 50);
	EXPECT(!output());
	at(300);
	EXPECT(!output());
	outb(COUNTER(2), 0);
	EXPECT_EQ(count(2), 50);
	at(349);
	EXPECT(!output());
	at(350);
	EXPECT(output());
}

/* A shot for each rising edge of the gate, and again before it is over. */
static void mode_1(void)
{
	make();
	gate(true);
	outb(CONTROL, 2 << 6 | BOTH | MODE(1));
	EXPECT(output());
	gate(false);
	gate(true);
	EXPECT(output());
	load(2, 100);
	at(50);
	EXPECT(output());
	EXPECT_EQ(status(2), 0xc0 | BOTH | MODE(1));
	gate(false);
	EXPECT(output());
	gate(true);
	EXPECT(!output());
	EXPECT_EQ(status(2), BOTH | MODE(1));
	gate(false);
	at(120);
	EXPECT_EQ(count(2), 30);
	EXPECT(!output());
	gate(true);
	EXPECT_EQ(count(2), 100);
	at(219);
	EXPECT(!output());
	at(220);
	EXPECT(output());
	at(221);
	EXPECT_EQ(count(2), 0xffff);
}

/* A count that is written during a shot is the next one's. */
static void mode_1_new_count(void)
{
	make();
	program(2, MODE(1), 100);
	gate(true);
	at(10);
	load(2, 20);
	at(99);
	EXPECT(!output());
	EXPECT_EQ(count(2), 1);
	at(100);
	EXPECT(output());
	gate(false);
	gate(true);
	at(119);
	EXPECT(!output());
	at(120);
	EXPECT(output());
}

/* A new count waits for the end of the period that is under way. */
static void mode_2_new_count(void)
{
	make();
	gate(true);
	program(2, MODE(2), 100);
	at(30);
	load(2, 7);
	EXPECT_EQ(status(2), 0xc0 | BOTH | MODE(2));
	EXPECT_EQ(count(2), 70);
	at(99);
	EXPECT_EQ(count(2), 1);
	at(100);
	EXPECT_EQ(status(2), 0x80 | BOTH | MODE(2));
	EXPECT_EQ(count(2), 7);
	at(107);
	EXPECT_EQ(count(2), 7);
	load(2, 100);
	at(107 + 7 + 100 * 5 + 1);
	EXPECT_EQ(count(2), 99);
	load(2, 8);
	gate(false);
	gate(true);
	EXPECT_EQ(count(2), 8);
}

/* In mode 3, of the half. */
static void mode_3_new_count(void)
{
	make();
	gate(true);
	program(2, MODE(3), 100);
	at(30);
	load(2, 20);
	at(49);
	EXPECT(output());
	EXPECT_EQ(count(2), 2);
	at(50);
	EXPECT(!output());
	EXPECT_EQ(count(2), 20);
	at(59);
	EXPECT(!output());
	at(60);
	EXPECT(output());
	at(75);
	EXPECT(!output());
	load(2, 40);
	at(80);
	EXPECT(output());
	EXPECT_EQ(count(2), 40);
	at(99);
	EXPECT(output());
	at(100);
	EXPECT(!output());
}

/* The same, begun by the gate. */
static void mode_5(void)
{
	make();
	gate(true);
	program(2, MODE(5), 100);
	at(200);
	EXPECT(output());
	gate(false);
	gate(true);
	gate(false);
	at(250);
	EXPECT_EQ(count(2), 50);
	gate(true);
	at(349);
	EXPECT(output());
	at(350);
	EXPECT(!output());
	at(351);
	EXPECT(output());
}

/* Four digits: 0 is ten thousand, and below 0 is 9999. */
static void bcd(void)
{
	make();
	gate(true);
	program(2, MODE(0) | 1, 0x1000);
	EXPECT_EQ(status(2), BOTH | MODE(0) | 1);
	EXPECT_EQ(count(2), 0x1000);
	at(1);
	EXPECT_EQ(count(2), 0x0999);
	at(999);
	EXPECT_EQ(count(2), 0x0001);
	EXPECT(!output());
	at(1000);
	EXPECT_EQ(count(2), 0);
	EXPECT(output());
	at(1001);
	EXPECT_EQ(count(2), 0x9999);
	at(11000);
	EXPECT_EQ(count(2), 0);
	at(11001);
	EXPECT_EQ(count(2), 0x9999);
}

static void bcd_periodic(void)
{
	make();
	program(0, MODE(2) | 1, 0);
	program(1, MODE(3) | 1, 0x0010);
	at(10000 * 7 + 1);
	EXPECT_EQ(count(0), 0x9999);
	EXPECT_EQ(count(1), 0x0008);
	EXPECT_EQ(status(1), 0xb7);
	outb(CONTROL, 1 << 6 | HIGH | MODE(2) | 1);
	outb(COUNTER(1), 0x12);
	EXPECT_EQ(inb(COUNTER(1)), 0x12);
	at(10000 * 7 + 2);
	EXPECT_EQ(inb(COUNTER(1)), 0x11);
}

/* Digits that are none count somehow, and harm nobody. */
static void bcd_nonsense(void)
{
	unsigned int mode, t, j;

	for (mode = 0; mode < 8; mode++) {
		make();
		gate(true);
		program(2, MODE(mode) | 1, 0xffff);
		for (t = 0; t < 40000; t += 5000) {
			uint16_t value = count(2);

			for (j = 0; j < 16; j += 4)
				EXPECT((value >> j & 15) < 10);
			at(t);
		}
	}
}

/* A port that is taken: no device, no trace of it, and errno says why. */
static void taken_port(void)
{
	static const uint16_t ports[] = { COUNTER(0), CONTROL, SPEAKER };
	unsigned int i;

	make();
	pearl_pit_destroy(pit);
	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		fake_occupy(ports[i]);
		pit = pearl_pit_create(&bus, &fake.clock);
		EXPECT(!pit);
		EXPECT_EQ(errno, EEXIST);
		fake_leave();
		EXPECT(!bus.regions[PEARL_PIO]);
	}
}

static void comes_and_goes(void)
{
	make();
	pearl_pit_destroy(pit);
	pit = NULL;
	EXPECT_EQ(in(COUNTER(0), 4), 0xffffffff);
	EXPECT_EQ(inb(SPEAKER), 0xff);
	pearl_pit_destroy(NULL);
}

static const struct host_case cases[] = {
	PIT_CASES,
	HOST_CASE(null_count),
	HOST_CASE(mode_0_two_bytes),
	HOST_CASE(mode_1),
	HOST_CASE(mode_1_new_count),
	HOST_CASE(mode_2_new_count),
	HOST_CASE(mode_3_new_count),
	HOST_CASE(mode_5),
	HOST_CASE(bcd),
	HOST_CASE(bcd_periodic),
	HOST_CASE(bcd_nonsense),
	HOST_CASE(ports),
	HOST_CASE(taken_port),
	HOST_CASE(comes_and_goes),
};

HOST_MAIN(cases)
