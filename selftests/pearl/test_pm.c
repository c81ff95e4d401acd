// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI's fixed hardware by the ACPI Specification, "Fixed Hardware Features":
 * PM1 events and control, and the PM timer.
 */
#include "devices/devices.h"
#include "devices/pm.h"
#include "fake.h"

#define STATUS PEARL_PM1_EVENT
#define ENABLE (PEARL_PM1_EVENT + 2)
#define CONTROL PEARL_PM1_CONTROL
#define TIMER PEARL_PM_TIMER

#define HZ 3579545ULL

#define SCI_EN 0x0001
#define BM_RLD 0x0002
#define GBL_RLS 0x0004
#define SLP_TYP(type) ((type) << 10)
#define SLP_EN 0x2000

static struct pearl_pm *pm;
static struct fake_line sci;

static void make_at(uint64_t now)
{
	pearl_pm_destroy(pm);
	pm = pearl_pm_create(&bus, fake_connect(&sci), fake_clock(now, 0),
			     fake_power());
	if (!pm)
		abort();
}

static void make(void)
{
	make_at(0);
}

/* The first ns at which the timer has counted this far. */
static uint64_t ns_of(uint64_t ticks)
{
	return ((__uint128_t)ticks * NS_PER_S + HZ - 1) / HZ;
}

/* Nobody has to switch ACPI on: there is no SMI_CMD to do it by. */
static void reset_values(void)
{
	make();
	EXPECT_EQ(in(STATUS, 2), 0);
	EXPECT_EQ(in(ENABLE, 2), 0);
	EXPECT_EQ(in(CONTROL, 2), SCI_EN);
	EXPECT_EQ(in(TIMER, 4), 0);
	EXPECT_EQ(in(CONTROL + 2, 2), 0);
	EXPECT_EQ(sci.raised, 0);
	EXPECT_EQ(fake_pass(2000 * NS_PER_S), 0);
}

/* SLP_TYP and BM_RLD are kept, SLP_EN and GBL_RLS read as 0. */
static void control(void)
{
	make();
	out(CONTROL, 2, 0);
	EXPECT_EQ(in(CONTROL, 2), SCI_EN);
	out(CONTROL, 2, 0xffff & ~SLP_EN);
	EXPECT_EQ(in(CONTROL, 2), SCI_EN | BM_RLD | SLP_TYP(7));
	out(CONTROL, 2, SLP_TYP(2) | GBL_RLS);
	EXPECT_EQ(in(CONTROL, 2), SCI_EN | SLP_TYP(2));
	outb(CONTROL, BM_RLD);
	EXPECT_EQ(in(CONTROL, 2), SCI_EN | BM_RLD | SLP_TYP(2));
	outb(CONTROL + 1, SLP_TYP(4) >> 8);
	EXPECT_EQ(in(CONTROL, 2), SCI_EN | BM_RLD | SLP_TYP(4));
	EXPECT_EQ(inb(CONTROL), SCI_EN | BM_RLD);
	EXPECT_EQ(inb(CONTROL + 1), SLP_TYP(4) >> 8);
	out(CONTROL, 4, 0xffff0000 | SLP_TYP(1));
	EXPECT_EQ(in(CONTROL, 4), SCI_EN | SLP_TYP(1));
	EXPECT_EQ(fake_switch.offs, 0);
}

/* Only the type that the DSDT gives for S5 is one, and only with SLP_EN. */
static void power_off(void)
{
	unsigned int type;

	for (type = 0; type < 8; type++) {
		make();
		out(CONTROL, 2, SLP_TYP(type));
		EXPECT_EQ(fake_switch.offs, 0);
		out(CONTROL, 2, SLP_TYP(type) | SLP_EN);
		EXPECT_EQ(fake_switch.offs, type == PEARL_SLEEP_S5);
		EXPECT_EQ(in(CONTROL, 2), SCI_EN | SLP_TYP(type));
	}
	EXPECT_EQ(fake_switch.resets, 0);
}

static void power_off_by_bytes(void)
{
	make();
	outb(CONTROL + 1, (SLP_TYP(PEARL_SLEEP_S5) | SLP_EN) >> 8);
	EXPECT_EQ(fake_switch.offs, 1);
	make();
	out(CONTROL + 1, 2, (SLP_TYP(PEARL_SLEEP_S5) | SLP_EN) >> 8);
	EXPECT_EQ(fake_switch.offs, 1);
	make();
	outb(CONTROL, 0xff);
	EXPECT_EQ(fake_switch.offs, 0);
}

/* TMR_VAL_EXT: all of 32 bits count, and then it begins at 0. */
static void timer_wraps(void)
{
	static const uint64_t ticks[] = {
		0, 1, 2, HZ - 1, HZ, HZ + 1, 0xffffff, 0x1000000, 0x7fffffff,
		0x80000000, 0xffffffff, 0x100000000, 0x100000001, 3 * HZ << 32,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ticks); i++) {
		make_at(ns_of(ticks[i]));
		EXPECT_EQ(in(TIMER, 4), (uint32_t)ticks[i]);
		if (!ticks[i])
			continue;
		make_at(ns_of(ticks[i]) - 1);
		EXPECT_EQ(in(TIMER, 4), (uint32_t)(ticks[i] - 1));
	}
}

/* After 100 years it still counts, and never goes back. */
static void timer_never_goes_back(void)
{
	static const uint64_t starts[] = { 0, 3155760000ULL * NS_PER_S };
	uint64_t seed = 5, before, now;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		make_at(starts[i]);
		before = in(TIMER, 4);
		for (j = 0; j < 10000; j++) {
			fake_pass(host_random(&seed) % (300 * NS_PER_S));
			now = in(TIMER, 4);
			EXPECT((uint32_t)(now - before) < 0x80000000);
			before = now;
		}
	}
}

static void timer_is_read_only(void)
{
	make_at(NS_PER_S);
	out(TIMER, 4, 0x12345678);
	outb(TIMER, 0xff);
	EXPECT_EQ(in(TIMER, 4), HZ);
	EXPECT_EQ(inb(TIMER), HZ & 0xff);
	EXPECT_EQ(inb(TIMER + 1), HZ >> 8 & 0xff);
	EXPECT_EQ(in(TIMER + 2, 2), HZ >> 16);
	EXPECT_EQ(in(TIMER + 1, 2), HZ >> 8 & 0xffff);
}

/* "Power Management Timer": an event each time that bit 31 changes. */
static void carry(void)
{
	uint64_t half = 0x80000000ULL;
	unsigned int i;

	make_at(7);
	out(ENABLE, 2, 1);
	EXPECT_EQ(fake_pass(ns_of(half) - 1 - fake.now), 0);
	EXPECT_EQ(sci.raised, 0);
	for (i = 1; i < 6; i++) {
		/* One ns more is as good as the host's timer can be. */
		EXPECT_EQ(fake_pass(ns_of(half * i) + 1 - fake.now), 1);
		EXPECT_EQ(sci.raised, i);
		EXPECT_EQ(in(STATUS, 2), 1);
		out(STATUS, 2, 0xfffe);
		EXPECT_EQ(sci.lowered, i - 1);
		out(STATUS, 2, 1);
		EXPECT_EQ(sci.lowered, i);
		EXPECT_EQ(in(STATUS, 2), 0);
	}
}

/* The line is status and enable; neither is lost by the other. */
static void sci_level(void)
{
	make();
	out(ENABLE, 2, 1);
	fake_pass(ns_of(0x80000000) + 1);
	EXPECT_EQ(sci.raised, 1);
	out(ENABLE, 2, 0);
	EXPECT_EQ(sci.lowered, 1);
	EXPECT_EQ(in(STATUS, 2), 1);
	out(ENABLE, 2, 1);
	EXPECT_EQ(sci.raised, 2);
	EXPECT_EQ(in(STATUS, 4), 0x10001);
	out(STATUS, 4, 0x00000001);
	EXPECT_EQ(in(STATUS, 4), 0);
	EXPECT_EQ(sci.lowered, 2);
}

/* Neither status nor enable is reached by the other's bytes. */
static void event_sizes(void)
{
	make();
	outb(ENABLE, 0x21);
	outb(ENABLE + 1, 0x07);
	EXPECT_EQ(in(ENABLE, 2), 0x721);
	EXPECT_EQ(inb(ENABLE), 0x21);
	EXPECT_EQ(inb(ENABLE + 1), 0x07);
	outb(STATUS, 0xff);
	outb(STATUS + 1, 0xff);
	out(STATUS, 2, 0xffff);
	EXPECT_EQ(in(STATUS, 4), 0x7210000);
	out(STATUS + 1, 2, 0);
	EXPECT_EQ(in(ENABLE, 2), 0x700);
	out(STATUS, 4, 0x00200000);
	EXPECT_EQ(in(ENABLE, 2), 0x020);
}

/* "PM1 Enable Registers": timer, global lock, buttons, RTC; the rest is 0. */
static void reserved_enables(void)
{
	make();
	out(ENABLE, 2, 0xffff);
	EXPECT_EQ(in(ENABLE, 2), 0x0721);
	out(STATUS, 4, 0xffff0000);
	EXPECT_EQ(in(ENABLE, 2), 0x0721);
	outb(ENABLE + 1, 0xff);
	EXPECT_EQ(in(ENABLE, 2), 0x0721);
}

/* Status tells of it whether anybody wants an interrupt or not. */
static void carry_without_enable(void)
{
	make();
	EXPECT_EQ(fake_pass(ns_of(0x80000000)), 0);
	EXPECT_EQ(in(STATUS, 2), 1);
	EXPECT_EQ(in(STATUS, 2), 1);
	out(STATUS, 2, 1);
	EXPECT_EQ(in(STATUS, 2), 0);
	fake_pass(ns_of(0x80000000) + 1);
	EXPECT_EQ(sci.raised, 0);
	out(ENABLE, 2, 1);
	EXPECT_EQ(sci.raised, 1);
}

/* A write while the event loop has not come to it yet does not lose it. */
static void carry_that_is_late(void)
{
	make();
	out(ENABLE, 2, 1);
	fake_stall(ns_of(0x80000000) + 1000);
	out(CONTROL, 2, 0);
	fake_pass(1000);
	EXPECT_EQ(sci.raised, 1);
	EXPECT_EQ(in(STATUS, 2), 1);
	out(STATUS, 2, 1);
	fake_pass(NS_PER_S);
	EXPECT_EQ(sci.raised, 1);
	EXPECT_EQ(sci.lowered, 1);
}

/* A port that is taken: no device, no trace of it, and errno says why. */
static void taken_port(void)
{
	static const uint16_t ports[] = { STATUS, TIMER + 3 };
	unsigned int i;

	make();
	pearl_pm_destroy(pm);
	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		fake_occupy(ports[i]);
		pm = pearl_pm_create(&bus, &sci.irq, &fake.clock, fake_power());
		EXPECT(!pm);
		EXPECT_EQ(errno, EEXIST);
		fake_leave();
		EXPECT(!bus.regions[PEARL_PIO]);
	}
}

static void comes_and_goes(void)
{
	make();
	out(ENABLE, 2, 1);
	pearl_pm_destroy(pm);
	pm = NULL;
	EXPECT(!fake.clock.first);
	EXPECT_EQ(in(STATUS, 4), 0xffffffff);
	pearl_pm_destroy(NULL);
}

static const struct host_case cases[] = {
	HOST_CASE(reset_values),
	HOST_CASE(control),
	HOST_CASE(power_off),
	HOST_CASE(power_off_by_bytes),
	HOST_CASE(timer_wraps),
	HOST_CASE(timer_never_goes_back),
	HOST_CASE(timer_is_read_only),
	HOST_CASE(carry),
	HOST_CASE(carry_without_enable),
	HOST_CASE(carry_that_is_late),
	HOST_CASE(sci_level),
	HOST_CASE(event_sizes),
	HOST_CASE(reserved_enables),
	HOST_CASE(taken_port),
	HOST_CASE(comes_and_goes),
};

HOST_MAIN(cases)
