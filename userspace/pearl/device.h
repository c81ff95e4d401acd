/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a device of pearl's knows: the bus that carries the guest's accesses to
 * it, its interrupt line, the clock, guest memory, and whatever outside end it
 * has. It knows no vCPU, no thread and no descriptor.
 *
 * One lock: every function that a device or an outside end gives to others is
 * called with the machine's lock held, by a vCPU's thread or by the event
 * loop, so a device never locks and is never entered twice. It must not block.
 * Virtio devices are served by threads of their queues besides; virtio.h says
 * what that is to them.
 *
 * The contracts are plain structs of functions, so a test on the host can be
 * any of the other sides. Each is embedded in what implements it, which finds
 * itself by container_of().
 */
#ifndef PEARL_DEVICE_H
#define PEARL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * struct pearl_region - addresses that a device answers to
 * @name: for messages
 * @base, @size: in bytes; ports, or guest-physical addresses
 * @widest: the widest access the device takes: 1, 2, 4 or 8 bytes
 * @read, @write: @offset from @base. @size is 1, 2, 4 or 8 and at most
 *	@widest, @offset is a multiple of it and all of it lies in the region:
 *	the bus takes everything else apart. The upper bits of @value are 0 on
 *	a write and are dropped on a read.
 * @next: the bus's own
 */
struct pearl_region {
	const char *name;
	uint64_t base;
	uint64_t size;
	unsigned int widest;
	uint64_t (*read)(struct pearl_region *region, uint64_t offset,
			 unsigned int size);
	void (*write)(struct pearl_region *region, uint64_t offset,
		      unsigned int size, uint64_t value);
	struct pearl_region *next;
};

enum pearl_space {
	PEARL_PIO,
	PEARL_MMIO,
	PEARL_NR_SPACES,
};

/*
 * The bus. Where no device answers, a read gives all ones and a write goes
 * nowhere, as on a PC.
 */
struct pearl_bus {
	struct pearl_region *regions[PEARL_NR_SPACES];	/* by base */
};

/*
 * pearl_bus_add() - let a region's device answer
 * The region stays the caller's and must not move while it is on the bus.
 * Returns 0; -EINVAL if it is empty, wraps around, leaves the 64 K of ports,
 * or has a @widest that is none; -EEXIST if it meets another one.
 */
int pearl_bus_add(struct pearl_bus *bus, enum pearl_space space,
		  struct pearl_region *region);
void pearl_bus_remove(struct pearl_bus *bus, enum pearl_space space,
		      struct pearl_region *region);

/*
 * pearl_bus_read(), pearl_bus_write() - an access of the guest's
 * @data: @size bytes, the lowest address first
 */
void pearl_bus_read(struct pearl_bus *bus, enum pearl_space space,
		    uint64_t address, void *data, unsigned int size);
void pearl_bus_write(struct pearl_bus *bus, enum pearl_space space,
		     uint64_t address, const void *data, unsigned int size);

/*
 * struct pearl_irq - the end of an interrupt line that a device holds
 * @set: tells the controller; called when @level changes
 * @level: what the device last said
 */
struct pearl_irq {
	void (*set)(struct pearl_irq *irq, bool level);
	bool level;
};

/* Say the level; only a change is passed on. */
static inline void pearl_irq_set(struct pearl_irq *irq, bool level)
{
	if (irq->level == level)
		return;
	irq->level = level;
	irq->set(irq, level);
}

static inline void pearl_irq_raise(struct pearl_irq *irq)
{
	pearl_irq_set(irq, true);
}

static inline void pearl_irq_lower(struct pearl_irq *irq)
{
	pearl_irq_set(irq, false);
}

/*
 * struct pearl_eventfds - what the hypervisor does for a device by itself
 * NULL is what it does not.
 * @bell: from now on a write of 2 bytes to @gpa signals the eventfd @fd and is
 *	no access of the guest's any more, until the same is called with @on
 *	false. Returns whether it is so.
 * @message: from now on a signal of the eventfd @fd sends the message @data to
 *	@address; @gsi is its own. What is sent may be changed by a later call.
 */
struct pearl_eventfds {
	bool (*bell)(struct pearl_eventfds *eventfds, uint64_t gpa, int fd,
		     bool on);
	void (*message)(struct pearl_eventfds *eventfds, unsigned int gsi,
			int fd, uint64_t address, uint32_t data);
};

struct pearl_timer;

/*
 * struct pearl_clock - time, and timers on it
 * @now: ns since some moment before the machine started; never goes back
 * @wall: ns since 1970 in UTC; may jump
 * @rearm: @first has changed
 * @first: armed timers by deadline
 * @due: the clock's own: those that are about to be called
 */
struct pearl_clock {
	uint64_t (*now)(struct pearl_clock *clock);
	uint64_t (*wall)(struct pearl_clock *clock);
	void (*rearm)(struct pearl_clock *clock);
	struct pearl_timer *first;
	struct pearl_timer *due;
};

/*
 * struct pearl_timer - calls @expired once when @deadline has come
 * Zeroed but for @expired before the first use. It is disarmed when @expired
 * is called, and may be armed again there. @deadline is in ns of the clock.
 */
struct pearl_timer {
	void (*expired)(struct pearl_timer *timer);
	uint64_t deadline;
	bool armed;
	struct pearl_timer *next;
};

/* Arming an armed timer moves it. Disarming a disarmed one does nothing. */
void pearl_timer_arm(struct pearl_clock *clock, struct pearl_timer *timer,
		     uint64_t deadline);
void pearl_timer_disarm(struct pearl_clock *clock, struct pearl_timer *timer);

/*
 * pearl_clock_expire() - call every timer that is due
 * Of the event loop, or of a test that has moved its clock.
 */
void pearl_clock_expire(struct pearl_clock *clock);

/*
 * struct pearl_chars - a serial line between a device and the outside
 * The outside's half, embedded there:
 * @put: the device sends @n bytes; returns how many were taken. If fewer, the
 *	outside calls @drained when it takes more again.
 * @wanted: the device can take input again, after @get took fewer than given.
 * The device's half, which it fills in when it is made:
 * @get: the outside sends @n bytes; returns how many were taken
 * @drained: see @put
 * @device: finds the device: a member of its struct, for container_of()
 */
struct pearl_chars_device;

struct pearl_chars {
	size_t (*put)(struct pearl_chars *chars, const uint8_t *bytes,
		      size_t n);
	void (*wanted)(struct pearl_chars *chars);
	struct pearl_chars_device *device;
};

struct pearl_chars_device {
	size_t (*get)(struct pearl_chars_device *device, const uint8_t *bytes,
		      size_t n);
	void (*drained)(struct pearl_chars_device *device);
};

/*
 * struct pearl_power - what the guest can do to the whole machine
 * Each takes effect as soon as the access that caused it is over: the guest
 * does not run on.
 * @off: it has switched itself off
 * @reset: it has asked for a reset
 */
struct pearl_power {
	void (*off)(struct pearl_power *power);
	void (*reset)(struct pearl_power *power);
};

#endif
