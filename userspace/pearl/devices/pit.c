// SPDX-License-Identifier: GPL-2.0
/*
 * What is left of the PC's interval timer: three counters that count, and
 * port 61h with the gate and the output of the third. Guests measure their
 * clocks by it. Nothing is connected to the outputs of the other two: there
 * is no timer interrupt and no speaker.
 *
 * Intel 8254 data sheet.
 */
#include <stdlib.h>

#include "devices.h"

#define PIT_HZ		1193182ull
#define NS_PER_S	1000000000ull
#define COUNTERS	3

#define PORT_CONTROL	3
#define CONTROL_COUNTER(v)	((v) >> 6)
#define CONTROL_ACCESS(v)	((v) >> 4 & 3)
#define CONTROL_MODE(v)	((v) >> 1 & 7)
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

struct counter {
	uint8_t mode, access, low;
	bool gate;
	bool write_high, read_high;	/* of two bytes, the second is next */
	bool count_latched, status_latched;
	bool loaded;
	uint16_t latch;
	uint8_t status;
	uint32_t reload;		/* 1 to 65536 */
	uint64_t start;			/* ns */
};

struct pearl_pit {
	struct pearl_region ports, speaker;
	struct pearl_bus *bus;
	struct pearl_clock *clock;
	struct counter counter[COUNTERS];
	bool speaker_data;
};

static uint64_t ticks_since(struct pearl_pit *pit, const struct counter *c)
{
	uint64_t ns;

	if (!c->loaded || !c->gate)
		return 0;
	ns = pit->clock->now(pit->clock) - c->start;
	return ns / NS_PER_S * PIT_HZ + ns % NS_PER_S * PIT_HZ / NS_PER_S;
}

static bool is_periodic(const struct counter *c)
{
	return c->mode == 2 || c->mode == 3 || c->mode >= 6;
}

static uint16_t count_now(struct pearl_pit *pit, const struct counter *c)
{
	uint64_t ticks = ticks_since(pit, c);

	if (!is_periodic(c))
		return c->reload - ticks;
	/* Mode 3 counts by two, so it comes round twice as often. */
	if (c->mode == 3 || c->mode == 7)
		return c->reload - ticks * 2 % c->reload;
	return c->reload - ticks % c->reload;
}

static bool output(struct pearl_pit *pit, const struct counter *c)
{
	uint64_t ticks = ticks_since(pit, c);

	switch (c->mode) {
	case 0:
	case 1:
		return c->loaded && ticks >= c->reload;
	case 3:
	case 7:
		return ticks % c->reload < (c->reload + 1) / 2;
	default:
		return true;
	}
}

static void load(struct pearl_pit *pit, struct counter *c, uint16_t value)
{
	c->reload = value ? value : 0x10000;
	c->start = pit->clock->now(pit->clock);
	c->loaded = true;
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
		else
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
	c->status = output(pit, c) << 7 | !c->loaded << 6 | c->access << 4 |
		    c->mode << 1;
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
	c->access = CONTROL_ACCESS(value);
	c->mode = CONTROL_MODE(value);
	c->write_high = false;
	c->read_high = false;
	c->count_latched = false;
	c->status_latched = false;
	c->loaded = false;
}

static uint64_t pit_read(struct pearl_region *region, uint64_t offset,
			 unsigned int size)
{
	struct pearl_pit *pit = container_of(region, struct pearl_pit, ports);

	(void)size;
	if (offset >= COUNTERS)
		return 0xff;
	return read_counter(pit, &pit->counter[offset]);
}

static void pit_write(struct pearl_region *region, uint64_t offset,
		      unsigned int size, uint64_t value)
{
	struct pearl_pit *pit = container_of(region, struct pearl_pit, ports);

	(void)size;
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

/* The gate's rising edge starts the count anew in most modes. */
static void speaker_write(struct pearl_region *region, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	struct pearl_pit *pit = container_of(region, struct pearl_pit, speaker);
	struct counter *c = &pit->counter[2];
	bool gate = value & SPEAKER_GATE;

	(void)offset;
	(void)size;
	if (gate && !c->gate)
		c->start = pit->clock->now(pit->clock);
	c->gate = gate;
	pit->speaker_data = value & SPEAKER_DATA;
}

static void reset(struct pearl_pit *pit)
{
	unsigned int i;

	for (i = 0; i < COUNTERS; i++) {
		pit->counter[i].access = ACCESS_BOTH;
		pit->counter[i].mode = 3;
		pit->counter[i].reload = 0x10000;
		pit->counter[i].gate = i != 2;
	}
}

struct pearl_pit *pearl_pit_create(struct pearl_bus *bus,
				   struct pearl_clock *clock)
{
	struct pearl_pit *pit = calloc(1, sizeof(*pit));

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
	if (pearl_bus_add(bus, PEARL_PIO, &pit->ports))
		goto free;
	if (pearl_bus_add(bus, PEARL_PIO, &pit->speaker))
		goto remove;
	return pit;

remove:
	pearl_bus_remove(bus, PEARL_PIO, &pit->ports);
free:
	free(pit);
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
