// SPDX-License-Identifier: GPL-2.0
/*
 * An MC146818 real-time clock with the PC's 128 bytes of CMOS memory. Its
 * time is the host's in UTC plus what the guest has set it off by.
 *
 * Motorola MC146818A data sheet. Alarm, periodic and update interrupts are
 * flags in register C; the line follows those that register B enables.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "devices.h"

#define PORT_INDEX	0
#define PORT_DATA	1
#define NS_PER_S	1000000000ull
#define DIVIDER_HZ	32768
#define UPDATE_NS	((244 + 1984) * 1000ull)

enum {
	RTC_SECONDS = 0, RTC_SECONDS_ALARM = 1,
	RTC_MINUTES = 2, RTC_MINUTES_ALARM = 3,
	RTC_HOURS = 4, RTC_HOURS_ALARM = 5,
	RTC_WEEKDAY = 6, RTC_DAY = 7, RTC_MONTH = 8, RTC_YEAR = 9,
	RTC_A = 10, RTC_B = 11, RTC_C = 12, RTC_D = 13,
	RTC_CENTURY = 0x32,
	RTC_SIZE = 128
};

#define A_UPDATING	0x80
#define A_RATE		0x0f
#define B_SET		0x80
#define B_PERIODIC	0x40
#define B_ALARM		0x20
#define B_UPDATE	0x10
#define B_BINARY	0x04
#define B_24_HOURS	0x02
#define C_IRQ		0x80
#define D_VALID		0x80
#define HOURS_PM	0x80
#define ALARM_ANY	0xc0

#define ANY	(-1)
#define NEVER	(-2)
#define DAY	86400

struct pearl_rtc {
	struct pearl_region region;
	struct pearl_bus *bus;
	struct pearl_irq *irq;
	struct pearl_clock *clock;
	struct pearl_timer tick;	/* for the next flag that interrupts */
	int64_t second;			/* of the host's time, that is shown */
	int64_t offset;			/* s, guest's time minus the host's */
	bool written;			/* what is shown counts, not @offset */
	uint64_t period;		/* of the periodic interrupt, as seen */
	uint8_t index;
	uint8_t cmos[RTC_SIZE];
};

static int64_t host_second(struct pearl_rtc *rtc)
{
	return rtc->clock->wall(rtc->clock) / NS_PER_S;
}

static uint8_t encode(const struct pearl_rtc *rtc, unsigned int value)
{
	if (rtc->cmos[RTC_B] & B_BINARY)
		return value;
	return value / 10 << 4 | value % 10;
}

static unsigned int decode(const struct pearl_rtc *rtc, uint8_t value)
{
	if (rtc->cmos[RTC_B] & B_BINARY)
		return value;
	return (value >> 4) * 10 + (value & 0xf);
}

static uint8_t encode_hours(const struct pearl_rtc *rtc, unsigned int hours)
{
	if (rtc->cmos[RTC_B] & B_24_HOURS)
		return encode(rtc, hours);
	return encode(rtc, hours % 12 ? hours % 12 : 12) |
	       (hours >= 12 ? HOURS_PM : 0);
}

static unsigned int decode_hours(const struct pearl_rtc *rtc, uint8_t value)
{
	if (rtc->cmos[RTC_B] & B_24_HOURS)
		return decode(rtc, value);
	return decode(rtc, value & ~HOURS_PM) % 12 +
	       (value & HOURS_PM ? 12 : 0);
}

static void show_time(struct pearl_rtc *rtc)
{
	time_t now = rtc->second + rtc->offset;
	unsigned int year;
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		return;
	/* Four digits, of the guest's own making: 0 has a year before it. */
	year = (tm.tm_year + 1900 + 10000) % 10000;
	rtc->cmos[RTC_SECONDS] = encode(rtc, tm.tm_sec);
	rtc->cmos[RTC_MINUTES] = encode(rtc, tm.tm_min);
	rtc->cmos[RTC_HOURS] = encode_hours(rtc, tm.tm_hour);
	rtc->cmos[RTC_WEEKDAY] = encode(rtc, tm.tm_wday + 1);
	rtc->cmos[RTC_DAY] = encode(rtc, tm.tm_mday);
	rtc->cmos[RTC_MONTH] = encode(rtc, tm.tm_mon + 1);
	rtc->cmos[RTC_YEAR] = encode(rtc, year % 100);
	rtc->cmos[RTC_CENTURY] = encode(rtc, year / 100);
}

/* What is shown was the time at the host's @second. */
static void take_time(struct pearl_rtc *rtc, int64_t second)
{
	struct tm tm = {
		.tm_sec = decode(rtc, rtc->cmos[RTC_SECONDS]),
		.tm_min = decode(rtc, rtc->cmos[RTC_MINUTES]),
		.tm_hour = decode_hours(rtc, rtc->cmos[RTC_HOURS]),
		.tm_mday = decode(rtc, rtc->cmos[RTC_DAY]),
		.tm_mon = (int)decode(rtc, rtc->cmos[RTC_MONTH]) - 1,
		.tm_year = decode(rtc, rtc->cmos[RTC_CENTURY]) * 100 +
			   decode(rtc, rtc->cmos[RTC_YEAR]) - 1900,
	};

	rtc->offset = timegm(&tm) - second;
	rtc->written = false;
}

/* What an alarm register asks for: a value, any, or one that never comes. */
static int alarm_value(const struct pearl_rtc *rtc, unsigned int alarm)
{
	uint8_t raw = rtc->cmos[alarm];
	unsigned int value;

	if (raw >= ALARM_ANY)
		return ANY;
	if (alarm == RTC_HOURS_ALARM) {
		value = decode_hours(rtc, raw);
		return value < 24 && encode_hours(rtc, value) == raw ?
		       (int)value : NEVER;
	}
	value = decode(rtc, raw);
	return value < 60 && encode(rtc, value) == raw ? (int)value : NEVER;
}

static bool matches(int alarm, int now)
{
	return alarm == ANY || alarm == now;
}

/*
 * Is there an alarm after the second @from, up to @to? It need not be looked
 * for in every second: an hour that is wrong is wrong to its end.
 */
static bool alarm_comes(const struct pearl_rtc *rtc, int64_t from, int64_t to)
{
	int hours = alarm_value(rtc, RTC_HOURS_ALARM);
	int minutes = alarm_value(rtc, RTC_MINUTES_ALARM);
	int seconds = alarm_value(rtc, RTC_SECONDS_ALARM);
	int64_t t = to - from > DAY ? to - DAY + 1 : from + 1;

	if (hours == NEVER || minutes == NEVER || seconds == NEVER)
		return false;
	while (t <= to) {
		int s = (t % DAY + DAY) % DAY;

		if (!matches(hours, s / 3600))
			t += 3600 - s % 3600;
		else if (!matches(minutes, s / 60 % 60))
			t += 60 - s % 60;
		else if (!matches(seconds, s % 60))
			t++;
		else
			return true;
	}
	return false;
}

/*
 * How many pulses of the divider's 32768 Hz are one period: rate 3 takes 4, and
 * each rate more twice as many. The first two are the eighth and the ninth.
 */
static unsigned int period_pulses(const struct pearl_rtc *rtc)
{
	unsigned int rate = rtc->cmos[RTC_A] & A_RATE;

	return rate ? 1u << ((rate < 3 ? rate + 7 : rate) - 1) : 0;
}

static uint64_t period_now(struct pearl_rtc *rtc)
{
	uint64_t ns = rtc->clock->now(rtc->clock);
	uint64_t pulses = ns / NS_PER_S * DIVIDER_HZ +
			  ns % NS_PER_S * DIVIDER_HZ / NS_PER_S;

	return period_pulses(rtc) ? pulses / period_pulses(rtc) : 0;
}

static uint64_t period_end(const struct pearl_rtc *rtc)
{
	uint64_t pulses = (rtc->period + 1) * period_pulses(rtc);

	return pulses / DIVIDER_HZ * NS_PER_S +
	       (pulses % DIVIDER_HZ * NS_PER_S + DIVIDER_HZ - 1) / DIVIDER_HZ;
}

static void settle_period(struct pearl_rtc *rtc)
{
	uint64_t period = period_now(rtc);

	if (period != rtc->period)
		rtc->cmos[RTC_C] |= B_PERIODIC;
	rtc->period = period;
}

/* Catch up with the updates that have been due, unless SET stops them. */
static void settle_time(struct pearl_rtc *rtc)
{
	int64_t before = rtc->second;

	rtc->second = host_second(rtc);
	if (rtc->second == before || rtc->cmos[RTC_B] & B_SET)
		return;
	if (rtc->written)
		take_time(rtc, before);
	rtc->cmos[RTC_C] |= B_UPDATE;
	if (alarm_comes(rtc, before + rtc->offset, rtc->second + rtc->offset))
		rtc->cmos[RTC_C] |= B_ALARM;
	show_time(rtc);
}

static void settle(struct pearl_rtc *rtc)
{
	settle_time(rtc);
	settle_period(rtc);
}

static uint8_t pending(const struct pearl_rtc *rtc)
{
	return rtc->cmos[RTC_B] & rtc->cmos[RTC_C] &
	       (B_PERIODIC | B_ALARM | B_UPDATE);
}

static void update_line(struct pearl_rtc *rtc)
{
	pearl_irq_set(rtc->irq, pending(rtc));
}

/*
 * For a flag that is to interrupt and is not set yet. The others are seen when
 * C is read.
 */
static void arm(struct pearl_rtc *rtc)
{
	uint64_t into = rtc->clock->wall(rtc->clock) % NS_PER_S;
	uint8_t wanted = rtc->cmos[RTC_B] & ~rtc->cmos[RTC_C];

	uint64_t when = UINT64_MAX;

	if (wanted & (B_ALARM | B_UPDATE) && !(rtc->cmos[RTC_B] & B_SET))
		when = rtc->clock->now(rtc->clock) + NS_PER_S - into;
	if (wanted & B_PERIODIC && period_pulses(rtc) && period_end(rtc) < when)
		when = period_end(rtc);
	pearl_timer_disarm(rtc->clock, &rtc->tick);
	if (when != UINT64_MAX)
		pearl_timer_arm(rtc->clock, &rtc->tick, when);
}

static void ticked(struct pearl_timer *timer)
{
	struct pearl_rtc *rtc = container_of(timer, struct pearl_rtc, tick);

	settle(rtc);
	update_line(rtc);
	arm(rtc);
}

/*
 * An update takes no time here, and is due on the second. Whoever reads one
 * register after the other must not do so across it, and waits while UIP is
 * set: as long as on the chip, from the warning on to the update's end.
 */
static bool is_updating(struct pearl_rtc *rtc)
{
	uint64_t into = rtc->clock->wall(rtc->clock) % NS_PER_S;

	return !(rtc->cmos[RTC_B] & B_SET) && into >= NS_PER_S - UPDATE_NS;
}

static uint8_t read_cmos(struct pearl_rtc *rtc)
{
	uint8_t value = rtc->cmos[rtc->index];

	if (rtc->index == RTC_A && is_updating(rtc))
		value |= A_UPDATING;
	if (rtc->index == RTC_C) {
		value |= pending(rtc) ? C_IRQ : 0;
		rtc->cmos[RTC_C] = 0;
		arm(rtc);
	}
	return value;
}

static void write_b(struct pearl_rtc *rtc, uint8_t value)
{
	uint8_t before = rtc->cmos[RTC_B];

	if (value & B_SET && !(before & B_SET))
		value &= ~B_UPDATE;
	/* The mode in which it was written is the one to read it in. */
	if (rtc->written && !(before & B_SET))
		take_time(rtc, rtc->second);
	/* The square wave and daylight saving are not there. */
	rtc->cmos[RTC_B] = value & ~0x09;
	if (before & B_SET)
		rtc->written = true;
	else
		show_time(rtc);
	arm(rtc);
}

static bool is_time(uint8_t index)
{
	return index == RTC_SECONDS || index == RTC_MINUTES ||
	       index == RTC_HOURS || index == RTC_CENTURY ||
	       (index >= RTC_WEEKDAY && index <= RTC_YEAR);
}

static void write_cmos(struct pearl_rtc *rtc, uint8_t value)
{
	switch (rtc->index) {
	case RTC_A:
		rtc->cmos[RTC_A] = value & ~A_UPDATING;
		rtc->period = period_now(rtc);
		arm(rtc);
		break;
	case RTC_B:
		write_b(rtc, value);
		break;
	case RTC_C:
	case RTC_D:
		break;
	default:
		rtc->cmos[rtc->index] = value;
		rtc->written |= is_time(rtc->index);
		break;
	}
}

static uint64_t rtc_read(struct pearl_region *region, uint64_t offset,
			 unsigned int size)
{
	struct pearl_rtc *rtc = container_of(region, struct pearl_rtc, region);
	uint8_t value;

	(void)size;
	/* The index is write-only on a PC. */
	if (offset == PORT_INDEX)
		return 0xff;
	settle(rtc);
	value = read_cmos(rtc);
	update_line(rtc);
	return value;
}

static void rtc_write(struct pearl_region *region, uint64_t offset,
		      unsigned int size, uint64_t value)
{
	struct pearl_rtc *rtc = container_of(region, struct pearl_rtc, region);

	(void)size;
	/* Bit 7 of the index is the PC's NMI mask, and no NMI comes. */
	if (offset == PORT_INDEX) {
		rtc->index = value & (RTC_SIZE - 1);
		return;
	}
	settle(rtc);
	write_cmos(rtc, value);
	update_line(rtc);
}

struct pearl_rtc *pearl_rtc_create(struct pearl_bus *bus,
				   struct pearl_irq *irq,
				   struct pearl_clock *clock)
{
	struct pearl_rtc *rtc = calloc(1, sizeof(*rtc));
	int err;

	if (!rtc)
		return NULL;
	rtc->bus = bus;
	rtc->irq = irq;
	rtc->clock = clock;
	rtc->tick.expired = ticked;
	rtc->cmos[RTC_A] = 0x26;
	rtc->cmos[RTC_B] = B_24_HOURS;
	rtc->cmos[RTC_D] = D_VALID;
	rtc->second = host_second(rtc);
	rtc->period = period_now(rtc);
	show_time(rtc);
	rtc->region = (struct pearl_region) {
		.name = "rtc", .base = 0x70, .size = 2, .widest = 1,
		.read = rtc_read, .write = rtc_write,
	};
	err = pearl_bus_add(bus, PEARL_PIO, &rtc->region);
	if (err) {
		free(rtc);
		errno = -err;
		return NULL;
	}
	return rtc;
}

void pearl_rtc_destroy(struct pearl_rtc *rtc)
{
	if (!rtc)
		return;
	pearl_timer_disarm(rtc->clock, &rtc->tick);
	pearl_bus_remove(rtc->bus, PEARL_PIO, &rtc->region);
	free(rtc);
}
