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

static void zero_stops(void)
{
	start(0, 0xb, 5000);
	wr(LAPIC_TMICT, 0);
	EXPECT_EQ(seen.timer, 0);
	EXPECT_EQ(rd(LAPIC_TMCCT), 0);
	EXPECT_EQ(ticks_in(10000), 0);
	start(LVT_PERIODIC, 0xb, 500000);
	pass(10);
	wr(LAPIC_TMICT, 0);
	EXPECT_EQ(ticks_in(10000000), 0);
	EXPECT_EQ(rd(LAPIC_TMCCT), 0);
	/* An expiry that comes late for a timer that was stopped is none. */
	nacre_lapic_timer_expired(&lapic);
	EXPECT_EQ(ticks(), 0);
	EXPECT_EQ(seen.timer, 0);
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

/* Ticks while the vCPU did not run are one, and the phase stays. */
static void missed(void)
{
	u64 began;

	start(LVT_PERIODIC, 0xb, 300000);
	began = seen.now;
	seen.now += 300000 * 1000 + 7;
	EXPECT_EQ(rd(LAPIC_TMCCT), 300000 - 7);
	nacre_lapic_timer_expired(&lapic);
	EXPECT_EQ(ticks(), 1);
	EXPECT_EQ(seen.timer, began + 300000 * 1001);
	EXPECT_EQ(ticks_in(300000 - 7), 1);
	/* Told early, by a clock that is not the same: still one period. */
	nacre_lapic_timer_expired(&lapic);
	EXPECT_EQ(seen.timer, began + 300000 * 1003);
}

/* No guest has the host busy with its timer alone. */
static void shortest_period(void)
{
	static const u32 counts[] = { 1, 2, 1000, 199999 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		start(LVT_PERIODIC, 0xb, counts[i]);
		EXPECT_EQ(rd(LAPIC_TMICT), counts[i]);
		EXPECT(rd(LAPIC_TMCCT) <= counts[i]);
		EXPECT_EQ(ticks_in(100 * MIN_PERIOD), 100);
		EXPECT(rd(LAPIC_TMCCT) <= counts[i]);
	}
	start(LVT_PERIODIC, 0xb, 200001);
	EXPECT_EQ(seen.timer - seen.now, 200001);
	/* One shot is as long as it says. */
	start(0, 0xb, 1);
	EXPECT_EQ(seen.timer - seen.now, 1);
}

/* The same by other ways: a mode or a divisor that is set later. */
static void shortest_period_later(void)
{
	start(0, 0xb, 1000);
	wr(LAPIC_LVT_TIMER, LVT_PERIODIC | VECTOR);
	EXPECT_EQ(ticks_in(1000), 1);
	EXPECT_EQ(ticks_in(100 * MIN_PERIOD), 100);
	start(LVT_PERIODIC, 0xa, 2000);
	EXPECT_EQ(seen.timer - seen.now, 256000);
	wr(LAPIC_TDCR, 0xb);
	ticks_in(MIN_PERIOD);
	EXPECT_EQ(ticks_in(100 * MIN_PERIOD), 100);
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

/* The rest of the count is counted with the new divisor, periods as well. */
static void divisor_switched(void)
{
	start(0, 0xb, 1000);
	pass(400);
	wr(LAPIC_TDCR, 0x0);
	EXPECT_EQ(rd(LAPIC_TMCCT), 600);
	EXPECT_EQ(ticks_in(1199), 0);
	EXPECT_EQ(ticks_in(1), 1);

	start(LVT_PERIODIC, 0x0, 500000);
	pass(400000);
	wr(LAPIC_TDCR, 0x1);
	EXPECT_EQ(rd(LAPIC_TMCCT), 300000);
	EXPECT_EQ(ticks_in(1199999), 0);
	EXPECT_EQ(ticks_in(1), 1);
	EXPECT_EQ(ticks_in(20000000), 10);
	/* The same one: nothing is touched. */
	seen.timers = 0;
	wr(LAPIC_TDCR, 0x5);
	EXPECT_EQ(seen.timers, 0);
	/* Not running: nothing starts. */
	wr(LAPIC_TMICT, 0);
	wr(LAPIC_TDCR, 0xb);
	EXPECT_EQ(seen.timer, 0);
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

static void deadline_passed(void)
{
	start(LVT_DEADLINE, 0xb, 0);
	nacre_lapic_write_deadline(&lapic, 2 * seen.now);
	EXPECT_EQ(ticks(), 1);
	EXPECT_EQ(nacre_lapic_read_deadline(&lapic), 0);
	nacre_lapic_write_deadline(&lapic, 1);
	EXPECT_EQ(ticks(), 1);
	/* It takes the place of one that was to come. */
	nacre_lapic_write_deadline(&lapic, 4 * seen.now);
	nacre_lapic_write_deadline(&lapic, 1);
	EXPECT_EQ(ticks(), 1);
	EXPECT_EQ(seen.timer, 0);
	EXPECT_EQ(ticks_in(8 * seen.now), 0);
}

static void deadline_disarmed(void)
{
	start(LVT_DEADLINE, 0xb, 0);
	nacre_lapic_write_deadline(&lapic, 4 * seen.now);
	nacre_lapic_write_deadline(&lapic, 0);
	EXPECT_EQ(nacre_lapic_read_deadline(&lapic), 0);
	EXPECT_EQ(seen.timer, 0);
	EXPECT_EQ(ticks_in(8 * seen.now), 0);
	nacre_lapic_timer_expired(&lapic);
	EXPECT_EQ(ticks(), 0);
}

/* What is too far to say in ns is asked for again, and not early. */
static void deadline_far(void)
{
	start(LVT_DEADLINE, 0xb, 0);
	seen.far = 1000;
	nacre_lapic_write_deadline(&lapic, 2 * (seen.now + 10500));
	EXPECT_EQ(ticks_in(10499), 0);
	EXPECT_EQ(ticks_in(1), 1);
	nacre_lapic_write_deadline(&lapic, ~0ull);
	EXPECT_EQ(ticks_in(1000000), 0);
	EXPECT_EQ(nacre_lapic_read_deadline(&lapic), ~0ull);
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

/* An APIC that is disabled counts no more, and has no deadline. */
static void disabled(void)
{
	start(LVT_DEADLINE, 0xb, 0);
	nacre_lapic_write_deadline(&lapic, 4 * seen.now);
	nacre_lapic_set_base(&lapic, 0xfee00000, true);
	EXPECT_EQ(seen.timer, 0);
	nacre_lapic_write_deadline(&lapic, 4 * seen.now);
	EXPECT_EQ(seen.timer, 0);
	nacre_lapic_set_base(&lapic, XAPIC_ON, true);
	EXPECT_EQ(nacre_lapic_read_deadline(&lapic), 0);
	start(LVT_PERIODIC, 0xb, 500000);
	nacre_lapic_reset(&lapic, true);
	EXPECT_EQ(seen.timer, 0);
	nacre_lapic_timer_expired(&lapic);
	EXPECT_EQ(seen.timer, 0);
}

static const struct host_case cases[] = {
	HOST_CASE(one_shot),
	HOST_CASE(divisors),
	HOST_CASE(zero_stops),
	HOST_CASE(restarted),
	HOST_CASE(periodic),
	HOST_CASE(missed),
	HOST_CASE(shortest_period),
	HOST_CASE(shortest_period_later),
	HOST_CASE(mode_switched),
	HOST_CASE(divisor_switched),
	HOST_CASE(masked),
	HOST_CASE(illegal_vector),
	HOST_CASE(deadline),
	HOST_CASE(deadline_passed),
	HOST_CASE(deadline_disarmed),
	HOST_CASE(deadline_far),
	HOST_CASE(deadline_mode_switched),
	HOST_CASE(reserved_mode),
	HOST_CASE(disabled),
};

HOST_MAIN(cases)
