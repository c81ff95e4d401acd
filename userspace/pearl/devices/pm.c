// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI's fixed hardware: PM1 events and control, and the PM timer.
 *
 * ACPI Specification, "ACPI Hardware Specification", "Fixed Hardware
 * Feature" sections.
 */
#include <errno.h>
#include <stdlib.h>

#include "devices.h"
#include "pm.h"

#define TIMER_HZ	3579545ull
#define NS_PER_S	1000000000ull

#define STATUS_TIMER	0x0001
#define ENABLE_TIMER	0x0001
#define ENABLE_ALL	0x0721	/* timer, global lock, buttons, RTC */
#define CONTROL_SCI	0x0001
#define CONTROL_SLEEP	0x2000
#define SLEEP_TYPE(v)	((v) >> 10 & 7)

struct pearl_pm {
	struct pearl_region registers;
	struct pearl_bus *bus;
	struct pearl_irq *sci;
	struct pearl_clock *clock;
	struct pearl_power *power;
	struct pearl_timer carry;	/* bit 31 of the timer changes */
	uint64_t halves;		/* how often it had, when last seen */
	uint16_t status, enable, control;
};

static uint64_t timer_ticks(struct pearl_pm *pm)
{
	uint64_t ns = pm->clock->now(pm->clock);

	/* In two parts: the product would overflow within hours. */
	return ns / NS_PER_S * TIMER_HZ + ns % NS_PER_S * TIMER_HZ / NS_PER_S;
}

/* The timer's event: every time its highest bit, of 32, changes. */
static void note_carry(struct pearl_pm *pm)
{
	uint64_t halves = timer_ticks(pm) >> 31;

	if (halves != pm->halves)
		pm->status |= STATUS_TIMER;
	pm->halves = halves;
}

static void update(struct pearl_pm *pm)
{
	pearl_irq_set(pm->sci, pm->status & pm->enable);
}

/* For whoever wants an interrupt. To others, status tells when it is read. */
static void arm_carry(struct pearl_pm *pm)
{
	uint64_t next = (pm->halves + 1) << 31;

	pearl_timer_disarm(pm->clock, &pm->carry);
	if (pm->enable & ENABLE_TIMER)
		pearl_timer_arm(pm->clock, &pm->carry,
				next / TIMER_HZ * NS_PER_S +
				next % TIMER_HZ * NS_PER_S / TIMER_HZ + 1);
}

static void carried(struct pearl_timer *timer)
{
	struct pearl_pm *pm = container_of(timer, struct pearl_pm, carry);

	note_carry(pm);
	update(pm);
	arm_carry(pm);
}

static uint64_t pm_read(struct pearl_region *region, uint64_t offset,
			unsigned int size)
{
	struct pearl_pm *pm = container_of(region, struct pearl_pm, registers);
	uint32_t value;

	note_carry(pm);
	update(pm);
	switch (offset & ~3ull) {
	case PEARL_PM1_EVENT - PEARL_PM1_EVENT:
		value = pm->status | (uint32_t)pm->enable << 16;
		break;
	case PEARL_PM1_CONTROL - PEARL_PM1_EVENT:
		value = pm->control;
		break;
	default:
		value = timer_ticks(pm);
		break;
	}
	(void)size;
	return value >> (offset & 3) * 8;
}

static void write_control(struct pearl_pm *pm, uint16_t value)
{
	/* SCI_EN is ours: the machine is in ACPI mode from the start. */
	pm->control = (value & 0x1c02) | CONTROL_SCI;
	if (value & CONTROL_SLEEP && SLEEP_TYPE(value) == PEARL_SLEEP_S5)
		pm->power->off(pm->power);
}

/* Byte accesses to a 16-bit register reach their half of it. */
static uint16_t merge(uint16_t old, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	uint16_t mask = size >= 2 ? 0xffff : 0xff << (offset & 1) * 8;

	return (old & ~mask) | (value << (offset & 1) * 8 & mask);
}

static void pm_write(struct pearl_region *region, uint64_t offset,
		     unsigned int size, uint64_t value)
{
	struct pearl_pm *pm = container_of(region, struct pearl_pm, registers);

	note_carry(pm);
	switch (offset & ~1ull) {
	case 0:
		/* Ones clear. */
		pm->status &= ~merge(0, offset, size, value);
		if (size == 4)
			pm->enable = value >> 16 & ENABLE_ALL;
		break;
	case 2:
		pm->enable = merge(pm->enable, offset, size, value) &
			     ENABLE_ALL;
		break;
	case PEARL_PM1_CONTROL - PEARL_PM1_EVENT:
		write_control(pm, merge(pm->control, offset, size, value));
		break;
	default:
		break;
	}
	update(pm);
	arm_carry(pm);
}

struct pearl_pm *pearl_pm_create(struct pearl_bus *bus, struct pearl_irq *sci,
				 struct pearl_clock *clock,
				 struct pearl_power *power)
{
	struct pearl_pm *pm = calloc(1, sizeof(*pm));
	int err;

	if (!pm)
		return NULL;
	pm->bus = bus;
	pm->sci = sci;
	pm->clock = clock;
	pm->power = power;
	pm->control = CONTROL_SCI;
	pm->halves = timer_ticks(pm) >> 31;
	pm->carry.expired = carried;
	pm->registers = (struct pearl_region) {
		.name = "acpi", .base = PEARL_PM1_EVENT,
		.size = PEARL_PM_TIMER + 4 - PEARL_PM1_EVENT, .widest = 4,
		.read = pm_read, .write = pm_write,
	};
	err = pearl_bus_add(bus, PEARL_PIO, &pm->registers);
	if (!err)
		return pm;
	pearl_pm_destroy(pm);
	errno = -err;
	return NULL;
}

void pearl_pm_destroy(struct pearl_pm *pm)
{
	if (!pm)
		return;
	pearl_timer_disarm(pm->clock, &pm->carry);
	pearl_bus_remove(pm->bus, PEARL_PIO, &pm->registers);
	free(pm);
}
