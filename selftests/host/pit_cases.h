/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both interval timers do, pearl's and the kernel's, by Intel's 8254 data
 * sheet: how counters are set, read and latched, and how each mode counts.
 * Counter 2 has a gate and an output that can be seen, at port 61h.
 *
 * Whoever includes this has inb() and outb(), and defines what is declared.
 */
#ifndef PIT_CASES_H
#define PIT_CASES_H

#define COUNTER(n) (0x40 + (n))
#define CONTROL 0x43
#define SPEAKER 0x61

#define HZ 1193182ULL

/* Of the control word: which bytes, and the modes. */
#define LOW 0x10
#define HIGH 0x20
#define BOTH 0x30
#define MODE(n) ((n) << 1)

/* The first ns at which so many clock pulses have passed. */
static uint64_t ns_of(uint64_t ticks)
{
	return ((__uint128_t)ticks * 1000000000 + HZ - 1) / HZ;
}

/* A new timer; its clock at so many pulses, and so many ns later. */
static void make(void);
static void at(uint64_t ticks);
static void pass(uint64_t ns);

static void load(unsigned int counter, uint16_t count)
{
	outb(COUNTER(counter), count);
	outb(COUNTER(counter), count >> 8);
}

static void program(unsigned int counter, uint8_t how, uint16_t count)
{
	outb(CONTROL, counter << 6 | BOTH | how);
	load(counter, count);
}

static uint16_t read_both(unsigned int counter)
{
	uint16_t low = inb(COUNTER(counter));

	return low | inb(COUNTER(counter)) << 8;
}

/* By the counter latch command. */
static uint16_t count(unsigned int counter)
{
	outb(CONTROL, counter << 6);
	return read_both(counter);
}

/* By the read-back command. */
static uint8_t status(unsigned int counter)
{
	outb(CONTROL, 0xe0 | 2 << counter);
	return inb(COUNTER(counter));
}

static void gate(bool on)
{
	outb(SPEAKER, on);
}

static bool output(void)
{
	return inb(SPEAKER) & 0x20;
}

/* "Programming the 8254": the bytes of a count, as the control word says. */
static void which_bytes(void)
{
	make();
	outb(CONTROL, LOW | MODE(2));
	outb(COUNTER(0), 0x34);
	EXPECT_EQ(inb(COUNTER(0)), 0x34);
	EXPECT_EQ(inb(COUNTER(0)), 0x34);
	outb(CONTROL, HIGH | MODE(2));
	outb(COUNTER(0), 0x12);
	EXPECT_EQ(inb(COUNTER(0)), 0x12);
	EXPECT_EQ(inb(COUNTER(0)), 0x12);
	program(0, MODE(2), 0x1234);
	EXPECT_EQ(inb(COUNTER(0)), 0x34);
	EXPECT_EQ(inb(COUNTER(0)), 0x12);
	EXPECT_EQ(inb(COUNTER(0)), 0x34);
	outb(CONTROL, BOTH | MODE(2));
	load(0, 0x5678);
	EXPECT_EQ(read_both(0), 0x5678);
}

/* What reads does not disturb what writes. */
static void toggles_are_apart(void)
{
	make();
	program(0, MODE(2), 0x1234);
	outb(CONTROL, BOTH | MODE(2));
	outb(COUNTER(0), 0xcd);
	inb(COUNTER(0));
	outb(COUNTER(0), 0xab);
	inb(COUNTER(0));
	EXPECT_EQ(count(0), 0xabcd);
}

/* The counters are alike and know nothing of each other. */
static void three_counters(void)
{
	make();
	gate(true);
	program(0, MODE(2), 1000);
	program(1, MODE(2), 2000);
	program(2, MODE(2), 3000);
	at(10);
	EXPECT_EQ(count(0), 990);
	EXPECT_EQ(count(1), 1990);
	EXPECT_EQ(count(2), 2990);
	outb(CONTROL, 1 << 6 | LOW | MODE(0));
	at(20);
	EXPECT_EQ(count(0), 980);
	EXPECT_EQ(count(2), 2980);
}

/* "Counter Latch Command": held until read whole, however late. */
static void latched_count(void)
{
	make();
	program(0, MODE(2), 1000);
	at(100);
	outb(CONTROL, 0);
	at(200);
	outb(CONTROL, 0);
	EXPECT_EQ(inb(COUNTER(0)), 900 & 0xff);
	at(300);
	EXPECT_EQ(inb(COUNTER(0)), 900 >> 8);
	EXPECT_EQ(read_both(0), 700);
	outb(CONTROL, 0);
	at(400);
	program(0, MODE(2), 500);
	EXPECT_EQ(read_both(0), 500);
}

/* "Read-Back Command": several counters and both latches; status is first. */
static void read_back(void)
{
	make();
	program(0, MODE(2), 1000);
	program(1, MODE(0), 1000);
	at(100);
	outb(CONTROL, 0xc0 | 2 | 4);
	at(200);
	outb(CONTROL, 0xc0 | 2 | 4);
	EXPECT_EQ(inb(COUNTER(0)), 0x80 | BOTH | MODE(2));
	EXPECT_EQ(read_both(0), 900);
	EXPECT_EQ(inb(COUNTER(1)), BOTH | MODE(0));
	EXPECT_EQ(read_both(1), 900);
	EXPECT_EQ(read_both(1), 800);
	outb(CONTROL, 0xd0 | 2);
	at(300);
	EXPECT_EQ(read_both(0), 800);
	EXPECT_EQ(status(0), 0x80 | BOTH | MODE(2));
	outb(CONTROL, 0xf0 | 2);
	EXPECT_EQ(read_both(0), 700);
}

/* A status that was latched is the first one until it is read. */
static void latched_status(void)
{
	make();
	program(0, MODE(0), 10);
	outb(CONTROL, 0xe2);
	at(20);
	outb(CONTROL, 0xe2);
	EXPECT_EQ(inb(COUNTER(0)), BOTH | MODE(0));
	EXPECT_EQ(status(0), 0x80 | BOTH | MODE(0));
}

/* Terminal count, as kernels wait for it; and the count goes on below 0. */
static void mode_0(void)
{
	make();
	gate(true);
	outb(CONTROL, 2 << 6 | BOTH | MODE(0));
	EXPECT(!output());
	load(2, 1000);
	EXPECT_EQ(count(2), 1000);
	at(999);
	EXPECT_EQ(count(2), 1);
	EXPECT(!output());
	at(1000);
	EXPECT_EQ(count(2), 0);
	EXPECT(output());
	at(1001);
	EXPECT_EQ(count(2), 0xffff);
	at(1000 + 0x10000);
	EXPECT_EQ(count(2), 0);
	EXPECT(output());
	load(2, 5);
	EXPECT(!output());
	EXPECT_EQ(count(2), 5);
}

/* A count of 0 is the largest. */
static void largest_count(void)
{
	make();
	gate(true);
	program(2, MODE(0), 0);
	EXPECT_EQ(count(2), 0);
	at(1);
	EXPECT_EQ(count(2), 0xffff);
	at(0xffff);
	EXPECT(!output());
	at(0x10000);
	EXPECT(output());
}

static void mode_2_counts(void)
{
	static const uint8_t modes[] = { 2, 6 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		make();
		gate(true);
		program(2, MODE(modes[i]), 4);
		EXPECT_EQ(count(2), 4);
		at(3);
		EXPECT_EQ(count(2), 1);
		at(4);
		EXPECT_EQ(count(2), 4);
		at(4000001);
		EXPECT_EQ(count(2), 3);
		EXPECT_EQ(status(2) & ~MODE(4), 0x80 | BOTH | MODE(2));
	}
}

/* By two, and so twice in a period. */
static void mode_3_even(void)
{
	static const uint8_t modes[] = { 3, 7 };
	static const uint8_t counts[] = { 6, 4, 2 };
	unsigned int i, t;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		make();
		gate(true);
		program(2, MODE(modes[i]), 6);
		for (t = 0; t < 24; t++) {
			at(t);
			EXPECT_EQ(count(2), counts[t % 3]);
			EXPECT_EQ(output(), t % 6 < 3);
		}
	}
}

/* In modes 0 and 4 the gate holds the count, and lets it go on. */
static void mode_0_gate(void)
{
	static const uint8_t modes[] = { 0, 4 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		make();
		program(2, MODE(modes[i]), 1000);
		at(50);
		EXPECT_EQ(count(2), 1000);
		gate(true);
		at(150);
		EXPECT_EQ(count(2), 900);
		gate(false);
		EXPECT_EQ(count(2), 900);
		at(500);
		EXPECT_EQ(count(2), 900);
		EXPECT_EQ(output(), modes[i] == 4);
		gate(true);
		gate(true);
		at(1399);
		EXPECT_EQ(count(2), 1);
		at(1400);
		EXPECT_EQ(output(), modes[i] == 0);
		gate(false);
		at(2000);
		EXPECT_EQ(output(), modes[i] == 0);
	}
}

/* Low for the one pulse at which the count is 1. */
static void mode_2_output(void)
{
	unsigned int t;

	make();
	outb(CONTROL, 2 << 6 | BOTH | MODE(2));
	EXPECT(output());
	gate(true);
	load(2, 3);
	for (t = 0; t < 12; t++) {
		at(t);
		EXPECT_EQ(output(), count(2) != 1);
		EXPECT_EQ(count(2), 3 - t % 3);
	}
}

/* The gate holds the count and the output high; its rise starts anew. */
static void periodic_gate(void)
{
	unsigned int mode;

	for (mode = 2; mode <= 3; mode++) {
		make();
		gate(true);
		program(2, MODE(mode), 100);
		at(99);
		EXPECT(!output());
		gate(false);
		EXPECT(output());
		at(199);
		EXPECT_EQ(count(2), mode == 2 ? 1 : 2);
		EXPECT(output());
		gate(true);
		EXPECT_EQ(count(2), 100);
		at(199 + 49);
		EXPECT(output());
		at(199 + 99);
		EXPECT(!output());
	}
}

/* One less, by two; high for the longer half. */
static void mode_3_odd(void)
{
	static const uint8_t counts[] = { 4, 2, 0, 4, 2 };
	unsigned int t;

	make();
	gate(true);
	program(2, MODE(3), 5);
	for (t = 0; t < 20; t++) {
		at(t);
		EXPECT_EQ(count(2), counts[t % 5]);
		EXPECT_EQ(output(), t % 5 < 3);
	}
}

/* A strobe of one pulse, once, when the count has run out. */
static void mode_4(void)
{
	make();
	gate(true);
	outb(CONTROL, 2 << 6 | BOTH | MODE(4));
	EXPECT(output());
	load(2, 100);
	at(99);
	EXPECT(output());
	at(100);
	EXPECT(!output());
	EXPECT_EQ(count(2), 0);
	at(101);
	EXPECT(output());
	EXPECT_EQ(count(2), 0xffff);
	at(100 + 0x10000);
	EXPECT(output());
	load(2, 50);
	at(149 + 0x10000);
	EXPECT(output());
	at(150 + 0x10000);
	EXPECT(!output());
}

/* Counts that a mode does not allow count somehow, and harm nobody. */
static void smallest_counts(void)
{
	unsigned int mode, t;

	for (mode = 0; mode < 8; mode++) {
		make();
		gate(true);
		program(2, MODE(mode), 1);
		for (t = 0; t < 5; t++) {
			at(t);
			EXPECT(count(2) <= 1 || count(2) > 0xfff0);
			output();
			gate(t & 1);
		}
	}
}

/* A hundred years on, the count is still exact. */
static void old_counters(void)
{
	uint64_t t = 3155760000ULL * HZ;

	make();
	program(0, MODE(2), 50000);
	program(1, MODE(0), 50000);
	at(t);
	EXPECT_EQ(count(0), 50000 - t % 50000);
	EXPECT_EQ(count(1), (uint16_t)(50000 - t));
}

static void port_61(void)
{
	make();
	EXPECT_EQ(inb(SPEAKER) & 0xcf, 0);
	outb(SPEAKER, 0xff);
	EXPECT_EQ(inb(SPEAKER) & 0xcf, 3);
	outb(SPEAKER, 2);
	EXPECT_EQ(inb(SPEAKER) & 0xcf, 2);
}

/* Bit 4 changes with each refresh of DRAM, which is every 15 us. */
static void refresh(void)
{
	unsigned int i, changes = 0;
	uint8_t before;

	make();
	before = inb(SPEAKER);
	for (i = 0; i < 15085; i++) {
		pass(1000);
		changes += (inb(SPEAKER) ^ before) >> 4 & 1;
		before = inb(SPEAKER);
	}
	EXPECT_EQ(changes, 1000);
}

#define PIT_CASES \
	HOST_CASE(which_bytes), \
	HOST_CASE(toggles_are_apart), \
	HOST_CASE(three_counters), \
	HOST_CASE(latched_count), \
	HOST_CASE(read_back), \
	HOST_CASE(latched_status), \
	HOST_CASE(mode_0), \
	HOST_CASE(largest_count), \
	HOST_CASE(mode_2_counts), \
	HOST_CASE(mode_3_even), \
	HOST_CASE(mode_0_gate), \
	HOST_CASE(mode_2_output), \
	HOST_CASE(periodic_gate), \
	HOST_CASE(mode_3_odd), \
	HOST_CASE(mode_4), \
	HOST_CASE(smallest_counts), \
	HOST_CASE(old_counters), \
	HOST_CASE(port_61), \
	HOST_CASE(refresh)

#endif
