// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's timer in its three modes.
 *
 * Intel SDM, "APIC Timer" and "TSC-Deadline Mode". A bus cycle is 1 ns.
 */
#include "lapic_host.h"

#define VECTOR		0xec
#define MIN_PERIOD	200000

static void start(u32 lvt, u32 tdcr, u32 count)
{
	switched_on(1);
	wr(LAPIC_TDCR, tdcr);
	wr(LAPIC_LVT_TIMER, lvt | VECTOR);
	wr(LAPIC_TMICT, count);
}

/* Interrupts of the timer up to now, each taken and ended. */
static unsigned int ticks(void)
{
	unsigned int count = 0;

	while (take() == VECTOR) {
		wr(LAPIC_EOI, 0);
		count++;
	}
	return count;
}

static unsigned int ticks_in(u64 ns)
{
	u64 end = seen.now + ns;
	unsigned int count = 0;

	while (seen.timer && seen.timer <= end) {
		pass(seen.timer - min(seen.now, seen.timer));
		count += ticks();
	}
	pass(end - seen.now);
	return count + ticks();
}

static void one_shot(void)
{
	start(0, 0xb, 5000);
	EXPECT_EQ(seen.timer, seen.now + 5000);
	EXPECT_EQ(rd(LAPIC_TMCCT), 5000);
	pass(4999);
	EXPECT_EQ(rd(LAPIC_TMCCT), 1);
	EXPECT_EQ(ticks(), 0);
	pass(1);
	EXPECT_EQ(ticks(), 1);
	EXPECT_EQ(rd(LAPIC_TMCCT), 0);
	EXPECT_EQ(rd(LAPIC_TMICT), 5000);
	EXPECT_EQ(seen.timer, 0);
	EXPECT_EQ(ticks_in(1000000), 0);
}

static void divisors(void)
{
	static const u32 shift[16] = {
		1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 0, 5, 6, 7, 0,
	};
	u32 tdcr;

	for (tdcr = 0; tdcr < 16; tdcr++) {
		start(0, tdcr, 1000);
		EXPECT_EQ(rd(LAPIC_TDCR), tdcr & 0xb);
		EXPECT_EQ(seen.timer - seen.now, 1000ull << shift[tdcr]);
		EXPECT_EQ(rd(LAPIC_TMCCT), 1000);
		pass(500ull << shift[tdcr]);
		EXPECT_EQ(rd(LAPIC_TMCCT), 500);
		pass((1ull << shift[tdcr]) - 1);
		EXPECT_EQ(rd(LAPIC_TMCCT), shift[tdcr] ? 499 : 500);
	}
	/* The longest there is. */
	start(0, 0xa, 0xffffffff);
	EXPECT_EQ(seen.timer - seen.now, 0xffffffffull * 128);
	EXPECT_EQ(rd(LAPIC_TMCCT), 0xffffffff);
}

static void restarted(void)
{
	start(0, 0xb, 5000);
	pass(4000);
	wr(LAPIC_TMICT, 5000);
	EXPECT_EQ(rd(LAPIC_TMCCT), 5000);
	EXPECT_EQ(ticks_in(4999), 0);
	EXPECT_EQ(ticks_in(1), 1);
}

static void periodic(void)
{
	start(LVT_PERIODIC, 0x0, 500000);
	EXPECT_EQ(ticks_in(999999), 0);
	EXPECT_EQ(ticks_in(1), 1);
	EXPECT_EQ(rd(LAPIC_TMCCT), 500000);
	EXPECT_EQ(ticks_in(10000000), 10);
	pass(250000);
	EXPECT_EQ(rd(LAPIC_TMCCT), 375000);
}

/* A count that runs goes on, and ends by the mode there is then. */
static void mode_switched(void)
{
	start(0, 0xb, 500000);
	pass(100000);
	wr(LAPIC_LVT_TIMER, LVT_PERIODIC | VECTOR);
	EXPECT_EQ(rd(LAPIC_TMCCT), 400000);
	EXPECT_EQ(ticks_in(399999), 0);
	EXPECT_EQ(ticks_in(1), 1);
	EXPECT_EQ(ticks_in(500000), 1);
	pass(200000);
	wr(LAPIC_LVT_TIMER, VECTOR);
	EXPECT_EQ(rd(LAPIC_TMCCT), 300000);
	EXPECT_EQ(ticks_in(300000), 1);
	EXPECT_EQ(ticks_in(5000000), 0);
	/* One that ended does not begin again by itself. */
	wr(LAPIC_LVT_TIMER, LVT_PERIODIC | VECTOR);
	EXPECT_EQ(ticks_in(5000000), 0);
}

/* The interrupt is the vector's, and the mask's, at the time of expiry. */
static void masked(void)
{
	start(LVT_PERIODIC | LVT_MASK, 0xb, 300000);
	EXPECT_EQ(ticks_in(3000000), 0);
	wr(LAPIC_LVT_TIMER, LVT_PERIODIC | VECTOR);
	EXPECT_EQ(ticks_in(300000), 1);
	wr(LAPIC_SVR, 0xff);
	EXPECT_EQ(ticks_in(3000000), 0);
	EXPECT(rd(LAPIC_TMCCT) != 0);
}

static void illegal_vector(void)
{
	start(0, 0xb, 1000);
	wr(LAPIC_LVT_TIMER, 7);
	pass(1000);
	EXPECT_EQ(take(), -1);
	wr(LAPIC_ESR, 0);
	EXPECT_EQ(rd(LAPIC_ESR), 0x40);
}

static void deadline(void)
{
	u64 tsc;

	start(LVT_DEADLINE, 0xb, 5000);
	/* No count in this mode. */
	EXPECT_EQ(rd(LAPIC_TMICT), 0);
	EXPECT_EQ(rd(LAPIC_TMCCT), 0);
	EXPECT_EQ(seen.timer, 0);
	tsc = 2 * seen.now + 10000;
	nacre_lapic_write_deadline(&lapic, tsc);
	EXPECT_EQ(nacre_lapic_read_deadline(&lapic), tsc);
	EXPECT_EQ(rd(LAPIC_TMCCT), 0);
	EXPECT_EQ(ticks_in(4999), 0);
	EXPECT_EQ(ticks_in(1), 1);
	EXPECT_EQ(nacre_lapic_read_deadline(&lapic), 0);
	EXPECT_EQ(ticks_in(1000000), 0);
}

/* To or from deadline mode: what was armed is not any more. */
static void deadline_mode_switched(void)
{
	start(0, 0xb, 5000);
	wr(LAPIC_LVT_TIMER, LVT_DEADLINE | VECTOR);
	EXPECT_EQ(rd(LAPIC_TMICT), 0);
	EXPECT_EQ(ticks_in(10000), 0);
	nacre_lapic_write_deadline(&lapic, 4 * seen.now);
	wr(LAPIC_LVT_TIMER, VECTOR);
	EXPECT_EQ(nacre_lapic_read_deadline(&lapic), 0);
	EXPECT_EQ(seen.timer, 0);
	EXPECT_EQ(ticks_in(8 * seen.now), 0);
	/* Only this mode has a deadline. */
	nacre_lapic_write_deadline(&lapic, 4 * seen.now);
	EXPECT_EQ(seen.timer, 0);
	wr(LAPIC_LVT_TIMER, LVT_DEADLINE | VECTOR);
	EXPECT_EQ(nacre_lapic_read_deadline(&lapic), 0);
	/* A new vector or mask disarms nothing. */
	nacre_lapic_write_deadline(&lapic, 4 * seen.now);
	wr(LAPIC_LVT_TIMER, LVT_DEADLINE | LVT_MASK | VECTOR);
	wr(LAPIC_LVT_TIMER, LVT_DEADLINE | VECTOR);
	EXPECT_EQ(ticks_in(4 * seen.now), 1);
}

/* The mode that there is not: something, but not the host's end. */
static void reserved_mode(void)
{
	start(LVT_PERIODIC | LVT_DEADLINE, 0xb, 1);
	nacre_lapic_write_deadline(&lapic, 1);
	EXPECT(ticks_in(1000000) <= 1);
	rd(LAPIC_TMCCT);
	wr(LAPIC_TDCR, 0);
}

static const struct host_case cases[] = {
	HOST_CASE(one_shot),
	HOST_CASE(divisors),
	HOST_CASE(restarted),
	HOST_CASE(periodic),
	HOST_CASE(mode_switched),
	HOST_CASE(masked),
	HOST_CASE(illegal_vector),
	HOST_CASE(deadline),
	HOST_CASE(deadline_mode_switched),
	HOST_CASE(reserved_mode),
};

HOST_MAIN(cases)
