// SPDX-License-Identifier: GPL-2.0
/* Timers: order, moving, disarming, arming again when they expire. */
#include "device.h"
#include "host_test.h"

static uint64_t present;
static unsigned int rearms, calls;

static uint64_t now(struct pearl_clock *clock)
{
	(void)clock;
	return present;
}

static void rearm(struct pearl_clock *clock)
{
	(void)clock;
	rearms++;
}

struct counter {
	struct pearl_timer timer;
	struct pearl_clock *clock;
	uint64_t period;
	struct pearl_timer *disarms;
	unsigned int expired;
	unsigned int when;
};

static void expired(struct pearl_timer *timer)
{
	struct counter *c = container_of(timer, struct counter, timer);

	c->expired++;
	c->when = ++calls;
	if (c->period)
		pearl_timer_arm(c->clock, timer, timer->deadline + c->period);
	if (c->disarms)
		pearl_timer_disarm(c->clock, c->disarms);
}

#define CLOCK { .now = now, .rearm = rearm }
#define COUNTER(of) { .timer.expired = expired, .clock = (of) }

static void by_deadline(void)
{
	struct pearl_clock clock = CLOCK;
	struct counter a = COUNTER(&clock), b = COUNTER(&clock);
	struct counter c = COUNTER(&clock);

	present = 0;
	pearl_timer_arm(&clock, &a.timer, 30);
	pearl_timer_arm(&clock, &b.timer, 10);
	pearl_timer_arm(&clock, &c.timer, 20);
	EXPECT(clock.first == &b.timer);
	present = 9;
	pearl_clock_expire(&clock);
	EXPECT_EQ(b.expired, 0);
	present = 20;
	pearl_clock_expire(&clock);
	EXPECT_EQ(b.expired, 1);
	EXPECT_EQ(c.expired, 1);
	EXPECT(b.when < c.when);
	EXPECT_EQ(a.expired, 0);
	EXPECT(!b.timer.armed && a.timer.armed);
	EXPECT(clock.first == &a.timer);
}

static void moved_and_disarmed(void)
{
	struct pearl_clock clock = CLOCK;
	struct counter a = COUNTER(&clock), b = COUNTER(&clock);

	present = 0;
	pearl_timer_arm(&clock, &a.timer, 10);
	pearl_timer_arm(&clock, &b.timer, 20);
	pearl_timer_arm(&clock, &a.timer, 30);
	EXPECT(clock.first == &b.timer);
	pearl_timer_disarm(&clock, &b.timer);
	pearl_timer_disarm(&clock, &b.timer);
	present = 25;
	pearl_clock_expire(&clock);
	EXPECT_EQ(a.expired, 0);
	EXPECT_EQ(b.expired, 0);
	present = 30;
	pearl_clock_expire(&clock);
	EXPECT_EQ(a.expired, 1);
	EXPECT(!clock.first);
}

/* Whoever waits for the first timer is told of each change of it. */
static void changes_are_told(void)
{
	struct pearl_clock clock = CLOCK;
	struct counter a = COUNTER(&clock), b = COUNTER(&clock);

	rearms = 0;
	pearl_timer_arm(&clock, &a.timer, 10);
	EXPECT_EQ(rearms, 1);
	pearl_timer_arm(&clock, &b.timer, 20);
	EXPECT_EQ(rearms, 1);
	pearl_timer_arm(&clock, &a.timer, 5);
	EXPECT_EQ(rearms, 2);
	pearl_timer_disarm(&clock, &b.timer);
	EXPECT_EQ(rearms, 2);
	pearl_timer_disarm(&clock, &a.timer);
	EXPECT_EQ(rearms, 3);
}

/* One that is late for ever does not keep the others from their turn. */
static void armed_in_the_past(void)
{
	struct pearl_clock clock = CLOCK;
	struct counter a = COUNTER(&clock), b = COUNTER(&clock);
	struct counter c = COUNTER(&clock);
	unsigned int i;

	a.period = 1;
	b.period = -1;
	present = 1000000;
	pearl_timer_arm(&clock, &a.timer, 100);
	pearl_timer_arm(&clock, &b.timer, 100);
	pearl_timer_arm(&clock, &c.timer, 200);
	for (i = 1; i <= 4; i++) {
		pearl_clock_expire(&clock);
		EXPECT_EQ(a.expired, i);
		EXPECT_EQ(b.expired, i);
		EXPECT_EQ(c.expired, 1);
	}
	EXPECT(a.timer.armed && b.timer.armed && !c.timer.armed);
}

static void disarmed_by_another(void)
{
	struct pearl_clock clock = CLOCK;
	struct counter a = COUNTER(&clock), b = COUNTER(&clock);

	a.disarms = &b.timer;
	present = 0;
	pearl_timer_arm(&clock, &a.timer, 10);
	pearl_timer_arm(&clock, &b.timer, 10);
	present = 10;
	pearl_clock_expire(&clock);
	EXPECT_EQ(a.expired, 1);
	EXPECT_EQ(b.expired, 0);
}

static const struct host_case cases[] = {
	HOST_CASE(by_deadline),
	HOST_CASE(moved_and_disarmed),
	HOST_CASE(changes_are_told),
	HOST_CASE(armed_in_the_past),
	HOST_CASE(disarmed_by_another),
};

HOST_MAIN(cases)
