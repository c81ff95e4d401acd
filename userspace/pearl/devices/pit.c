// SPDX-License-Identifier: GPL-2.0
/*
 * What is left of the PC's interval timer: three counters that count, and
 * port 61h with the gate and the output of the third. Guests measure their
 * clocks by it. Nothing is connected to the outputs of the other two: there
 * is no timer interrupt and no speaker.
 *
 * Intel 8254 data sheet.
 */
#include <errno.h>
#include <stdlib.h>

#include "devices.h"

#define PIT_HZ		1193182ull
#define NS_PER_S	1000000000ull
#define COUNTERS	3

#define PORT_CONTROL	3
#define CONTROL_COUNTER(v)	((v) >> 6)
#define CONTROL_ACCESS(v)	((v) >> 4 & 3)
/* Modes 2 and 3 have two codes each. */
#define CONTROL_MODE(v)	((v) >> 1 & ((v) & 4 ? 3 : 7))
#define CONTROL_BCD	0x01
#define READ_BACK	3
#define READ_BACK_NO_COUNT	0x20
#define READ_BACK_NO_STATUS	0x10

#define ACCESS_LATCH	0
#define ACCESS_LOW	1
#define ACCESS_HIGH	2
#define ACCESS_BOTH	3

#define SPEAKER_GATE	0x01
#define SPEAKER_DATA	0x02
#define SPEAKER_REFRESH	0x10
#define SPEAKER_OUTPUT	0x20

/*
 * A count is written to @reload, and the counting element takes it over as
 * the mode says: at once, at the end of a period, or when the gate rises.
 */
struct counter {
	uint8_t control;	/* the control word's lower six bits */
	uint8_t mode, access, low;
	bool gate;
	bool write_high, read_high;	/* of two bytes, the second is next */
	bool count_latched, status_latched;
	uint16_t latch;
	uint8_t status;
	bool written;			/* @reload has not been taken over */
	bool counting;			/* one has, since the control word */
	uint32_t reload, initial;	/* not 0; the one taken over */
	uint64_t boundary;		/* how far it is when @reload will be */
	uint64_t start;			/* tick of the clock at which it did */
	uint64_t held;			/* how far it is while the gate holds */
};

struct pearl_pit {
	struct pearl_region ports, speaker;
	struct pearl_bus *bus;
	struct pearl_clock *clock;
	struct counter counter[COUNTERS];
	bool speaker_data;
};

static bool is_periodic(const struct counter *c)
{
	return c->mode == 2 || c->mode == 3;
}

/* Modes 1 and 5 heed the gate's rise only. */
static bool is_held(const struct counter *c)
{
	return !c->gate && c->mode != 1 && c->mode != 5;
}

static uint64_t clock_ticks(struct pearl_pit *pit)
{
	uint64_t ns = pit->clock->now(pit->clock);

	return ns / NS_PER_S * PIT_HZ + ns % NS_PER_S * PIT_HZ / NS_PER_S;
}

/* How often it has counted since it was loaded. */
static uint64_t ticks(struct pearl_pit *pit, const struct counter *c)
{
	if (!c->counting)
		return 0;
	return is_held(c) ? c->held : clock_ticks(pit) - c->start;
}

/* Mode 3 is high for the longer half. */
static uint32_t high_half(uint32_t period)
{
	return (period + 1) / 2;
}

static uint32_t modulus(const struct counter *c)
{
	return c->control & CONTROL_BCD ? 10000 : 0x10000;
}

/* Four digits. Those above 9 mean what they would in any number. */
static uint32_t from_bcd(uint16_t value)
{
	return (value >> 12) * 1000 + (value >> 8 & 15) * 100 +
	       (value >> 4 & 15) * 10 + (value & 15);
}

static uint16_t to_bcd(uint32_t value)
{
	return value / 1000 % 10 << 12 | value / 100 % 10 << 8 |
	       value / 10 % 10 << 4 | value % 10;
}

/* What is left to count; the largest count is the modulus. */
static uint32_t left(struct pearl_pit *pit, const struct counter *c)
{
	uint64_t t = ticks(pit, c);

	if (!is_periodic(c))
		return c->initial + modulus(c) - t % modulus(c);
	t %= c->initial;
	if (c->mode == 2)
		return c->initial - t;
	/* By two, from an even number, once in each half. */
	if (t >= high_half(c->initial))
		t -= high_half(c->initial);
	return (c->initial & ~1u) - 2 * t;
}

static uint16_t count_now(struct pearl_pit *pit, const struct counter *c)
{
	uint32_t count = left(pit, c);

	return c->control & CONTROL_BCD ? to_bcd(count) : count;
}

static bool output(struct pearl_pit *pit, const struct counter *c)
{
	uint64_t t = ticks(pit, c);

	if (!c->counting)
		return c->mode != 0;
	switch (c->mode) {
	case 0:
	case 1:
		return t >= c->initial;
	case 2:
		return !c->gate || t % c->initial != c->initial - 1;
	case 3:
		return !c->gate || t % c->initial < high_half(c->initial);
	default:
		return t != c->initial;
	}
}

/* Take the count over. */
static void begin(struct pearl_pit *pit, struct counter *c)
{
	c->initial = c->reload;
	c->written = false;
	c->counting = true;
	c->start = clock_ticks(pit);
	c->held = 0;
}

/* Where a period ends, or in mode 3 a half of one. */
static uint64_t next_boundary(const struct counter *c, uint64_t t)
{
	uint64_t period = t - t % c->initial;

	if (c->mode == 3 && t % c->initial < high_half(c->initial))
		return period + high_half(c->initial);
	return period + c->initial;
}

/* Has the moment come for the count that waits? */
static void settle_one(struct pearl_pit *pit, struct counter *c)
{
	uint64_t past = c->boundary;

	if (!is_periodic(c) || !c->counting || !c->written ||
	    ticks(pit, c) < c->boundary)
		return;
	/* In mode 3 the low half may be next. */
	if (c->boundary % c->initial)
		past -= high_half(c->reload);
	c->start += past;
	c->held -= past;
	c->initial = c->reload;
	c->written = false;
}

static void settle(struct pearl_pit *pit)
{
	unsigned int i;

	for (i = 0; i < COUNTERS; i++)
		settle_one(pit, &pit->counter[i]);
}

static void load(struct pearl_pit *pit, struct counter *c, uint16_t value)
{
	c->reload = c->control & CONTROL_BCD ? from_bcd(value) : value;
	if (!c->reload)
		c->reload = modulus(c);
	c->written = true;
	if (c->mode == 0 || c->mode == 4 || (is_periodic(c) && !c->counting))
		begin(pit, c);
	else if (is_periodic(c))
		c->boundary = next_boundary(c, ticks(pit, c));
}

/* A rise triggers, or lets the count go on that a fall has held. */
static void set_gate(struct pearl_pit *pit, struct counter *c, bool gate)
{
	uint64_t t = ticks(pit, c);

	if (gate == c->gate)
		return;
	c->gate = gate;
	if (is_held(c))
		c->held = t;
	else if (gate && (c->mode == 0 || c->mode == 4))
		c->start = clock_ticks(pit) - c->held;
	else if (gate && (c->counting || c->written))
		begin(pit, c);
}

static void write_counter(struct pearl_pit *pit, struct counter *c,
			  uint8_t value)
{
	switch (c->access) {
	case ACCESS_LOW:
		load(pit, c, value);
		break;
	case ACCESS_HIGH:
		load(pit, c, value << 8);
		break;
	default:
		if (c->write_high)
			load(pit, c, value << 8 | c->low);
		else if (c->mode == 0)
			c->counting = false;
		c->low = value;
		c->write_high = !c->write_high;
		break;
	}
}

static uint8_t read_counter(struct pearl_pit *pit, struct counter *c)
{
	uint16_t count;
	bool high;

	if (c->status_latched) {
		c->status_latched = false;
		return c->status;
	}
	count = c->count_latched ? c->latch : count_now(pit, c);
	high = c->access == ACCESS_HIGH ||
	       (c->access == ACCESS_BOTH && c->read_high);
	if (c->access == ACCESS_BOTH)
		c->read_high = !c->read_high;
	/* A latched count is held until all of it has been read. */
	if (c->access != ACCESS_BOTH || high)
		c->count_latched = false;
	return high ? count >> 8 : count;
}

static void latch_count(struct pearl_pit *pit, struct counter *c)
{
	if (c->count_latched)
		return;
	c->latch = count_now(pit, c);
	c->count_latched = true;
}

static void latch_status(struct pearl_pit *pit, struct counter *c)
{
	if (c->status_latched)
		return;
	c->status = output(pit, c) << 7 | (c->written || !c->counting) << 6 |
		    (c->control & 0x3f);
	c->status_latched = true;
}

static void read_back(struct pearl_pit *pit, uint8_t value)
{
	unsigned int i;

	for (i = 0; i < COUNTERS; i++) {
		if (!(value & 2 << i))
			continue;
		if (!(value & READ_BACK_NO_COUNT))
			latch_count(pit, &pit->counter[i]);
		if (!(value & READ_BACK_NO_STATUS))
			latch_status(pit, &pit->counter[i]);
	}
}

static void write_control(struct pearl_pit *pit, uint8_t value)
{
	struct counter *c;

	if (CONTROL_COUNTER(value) == READ_BACK) {
		read_back(pit, value);
		return;
	}
	c = &pit->counter[CONTROL_COUNTER(value)];
	if (CONTROL_ACCESS(value) == ACCESS_LATCH) {
		latch_count(pit, c);
		return;
	}
	c->control = value;
	c->access = CONTROL_ACCESS(value);
	c->mode = CONTROL_MODE(value);
	c->write_high = false;
	c->read_high = false;
	c->count_latched = false;
	c->status_latched = false;
	c->written = false;
	c->counting = false;
}

static uint64_t pit_read(struct pearl_region *region, uint64_t offset,
			 unsigned int size)
{
	struct pearl_pit *pit = container_of(region, struct pearl_pit, ports);

	(void)size;
	settle(pit);
	if (offset >= COUNTERS)
		return 0xff;
	return read_counter(pit, &pit->counter[offset]);
}

static void pit_write(struct pearl_region *region, uint64_t offset,
		      unsigned int size, uint64_t value)
{
	struct pearl_pit *pit = container_of(region, struct pearl_pit, ports);

	(void)size;
	settle(pit);
	if (offset == PORT_CONTROL)
		write_control(pit, value);
	else
		write_counter(pit, &pit->counter[offset], value);
}

static uint64_t speaker_read(struct pearl_region *region, uint64_t offset,
			     unsigned int size)
{
	struct pearl_pit *pit = container_of(region, struct pearl_pit, speaker);
	const struct counter *c = &pit->counter[2];
	uint8_t value = 0;

	(void)offset;
	(void)size;
	settle(pit);
	if (c->gate)
		value |= SPEAKER_GATE;
	if (pit->speaker_data)
		value |= SPEAKER_DATA;
	if (output(pit, c))
		value |= SPEAKER_OUTPUT;
	/* DRAM refresh, every 15 us: old software waits by it. */
	if (pit->clock->now(pit->clock) / 15085 & 1)
		value |= SPEAKER_REFRESH;
	return value;
}

static void speaker_write(struct pearl_region *region, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	struct pearl_pit *pit = container_of(region, struct pearl_pit, speaker);

	(void)offset;
	(void)size;
	settle(pit);
	set_gate(pit, &pit->counter[2], value & SPEAKER_GATE);
	pit->speaker_data = value & SPEAKER_DATA;
}

static void reset(struct pearl_pit *pit)
{
	unsigned int i;

	for (i = 0; i < COUNTERS; i++) {
		pit->counter[i].control = ACCESS_BOTH << 4 | 3 << 1;
		pit->counter[i].access = ACCESS_BOTH;
		pit->counter[i].mode = 3;
		pit->counter[i].initial = 0x10000;
		pit->counter[i].gate = i != 2;
	}
}

struct pearl_pit *pearl_pit_create(struct pearl_bus *bus,
				   struct pearl_clock *clock)
{
	struct pearl_pit *pit = calloc(1, sizeof(*pit));
	int err;

	if (!pit)
		return NULL;
	pit->bus = bus;
	pit->clock = clock;
	reset(pit);
	pit->ports = (struct pearl_region) {
		.name = "pit", .base = 0x40, .size = 4, .widest = 1,
		.read = pit_read, .write = pit_write,
	};
	pit->speaker = (struct pearl_region) {
		.name = "port 61h", .base = 0x61, .size = 1, .widest = 1,
		.read = speaker_read, .write = speaker_write,
	};
	err = pearl_bus_add(bus, PEARL_PIO, &pit->ports);
	if (!err)
		err = pearl_bus_add(bus, PEARL_PIO, &pit->speaker);
	if (!err)
		return pit;
	pearl_pit_destroy(pit);
	errno = -err;
	return NULL;
}

void pearl_pit_destroy(struct pearl_pit *pit)
{
	if (!pit)
		return;
	pearl_bus_remove(pit->bus, PEARL_PIO, &pit->speaker);
	pearl_bus_remove(pit->bus, PEARL_PIO, &pit->ports);
	free(pit);
}
