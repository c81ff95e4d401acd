/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other sides of a device: the bus it is reached by, an interrupt line
 * that counts, a clock that stands still until a test moves it, and the
 * machine's power. One of each, as on a machine.
 */
#ifndef FAKE_H
#define FAKE_H

#include "device.h"
#include "host_test.h"

#define NS_PER_S 1000000000ULL

/* More than any device may ask for in what a test lets pass. */
#define FAKE_MOST_WAKES 1000000

static struct pearl_bus bus;

static inline uint32_t in(uint16_t port, unsigned int size)
{
	uint32_t value = 0;

	pearl_bus_read(&bus, PEARL_PIO, port, &value, size);
	return value;
}

static inline void out(uint16_t port, unsigned int size, uint32_t value)
{
	pearl_bus_write(&bus, PEARL_PIO, port, &value, size);
}

static inline uint8_t inb(uint16_t port)
{
	return in(port, 1);
}

static inline void outb(uint16_t port, uint8_t value)
{
	out(port, 1, value);
}

/* Another device, which has a port already. */
static struct pearl_region fake_other = { .size = 1, .widest = 1 };

static inline void fake_occupy(uint16_t port)
{
	fake_other.base = port;
	if (pearl_bus_add(&bus, PEARL_PIO, &fake_other))
		abort();
	errno = 0;
}

static inline void fake_leave(void)
{
	pearl_bus_remove(&bus, PEARL_PIO, &fake_other);
}

struct fake_line {
	struct pearl_irq irq;
	unsigned int raised;
	unsigned int lowered;
};

/* A device says each change once, and nothing that is none. */
static inline void fake_line_set(struct pearl_irq *irq, bool level)
{
	struct fake_line *line = container_of(irq, struct fake_line, irq);

	if (level)
		line->raised++;
	else
		line->lowered++;
	if (line->raised - line->lowered != level)
		abort();
}

static inline struct pearl_irq *fake_connect(struct fake_line *line)
{
	memset(line, 0, sizeof(*line));
	line->irq.set = fake_line_set;
	return &line->irq;
}

static struct {
	struct pearl_clock clock;
	uint64_t now;
	uint64_t wall;
} fake;

static inline uint64_t fake_now(struct pearl_clock *clock)
{
	(void)clock;
	return fake.now;
}

static inline uint64_t fake_wall(struct pearl_clock *clock)
{
	(void)clock;
	return fake.wall;
}

static inline void fake_rearm(struct pearl_clock *clock)
{
	(void)clock;
}

static inline struct pearl_clock *fake_clock(uint64_t now, uint64_t wall)
{
	memset(&fake, 0, sizeof(fake));
	fake.clock.now = fake_now;
	fake.clock.wall = fake_wall;
	fake.clock.rearm = fake_rearm;
	fake.now = now;
	fake.wall = wall;
	return &fake.clock;
}

static inline void fake_move(uint64_t to)
{
	if (to <= fake.now)
		return;
	fake.wall += to - fake.now;
	fake.now = to;
}

/* Time passes without the event loop's having its turn. */
static inline void fake_stall(uint64_t ns)
{
	fake_move(fake.now + ns);
}

/*
 * Time passes, with every timer called at its deadline. Returns how often the
 * event loop had to wake.
 */
static inline unsigned int fake_pass(uint64_t ns)
{
	uint64_t end = fake.now + ns;
	unsigned int wakes = 0;

	while (fake.clock.first && fake.clock.first->deadline <= end) {
		fake_move(fake.clock.first->deadline);
		pearl_clock_expire(&fake.clock);
		if (++wakes == FAKE_MOST_WAKES)
			abort();
	}
	fake_move(end);
	return wakes;
}

static struct {
	struct pearl_power power;
	unsigned int offs;
	unsigned int resets;
} fake_switch;

static inline void fake_off(struct pearl_power *power)
{
	(void)power;
	fake_switch.offs++;
}

static inline void fake_reset(struct pearl_power *power)
{
	(void)power;
	fake_switch.resets++;
}

static inline struct pearl_power *fake_power(void)
{
	memset(&fake_switch, 0, sizeof(fake_switch));
	fake_switch.power.off = fake_off;
	fake_switch.power.reset = fake_reset;
	return &fake_switch.power;
}

#endif
