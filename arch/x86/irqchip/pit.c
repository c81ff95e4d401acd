// SPDX-License-Identifier: GPL-2.0
/*
 * The 8254 interval timer.
 *
 * Intel 8254 data sheet: "Programming the 8254", "Mode Definitions". As with
 * KVM, whose state this is: a count is taken over at once in any mode, a
 * count by BCD is kept but counts by two, and no null count is told.
 *
 * Nothing ticks here: what a counter holds follows from when it began. The
 * one timer is for counter 0's next tick, and is set again when that has been
 * taken, so a guest that does not run costs the host nothing.
 */
#include "arch/x86/irqchip/pit.h"

#define NS_PER_S	1000000000ull
#define CONTROL		3
#define COUNTERS	3
#define SPEAKER		2	/* the counter with a gate */
#define NO_MODE		0xff	/* until the first control word */

/* Of a control word: the counter, its bytes, its mode. */
#define READ_BACK	3
#define READ_BACK_NO_COUNT	0x20
#define READ_BACK_NO_STATUS	0x10

/* Which byte is next; the last: of two bytes, the second. */
enum { LOW = 1, HIGH, BOTH, BOTH_HIGH };

/* Port 61h. */
#define SPEAKER_GATE	0x01
#define SPEAKER_DATA	0x02
#define SPEAKER_REFRESH	0x10
#define SPEAKER_OUTPUT	0x20
#define REFRESH_NS	15085

/* A guest may not keep the host busy with ticks: 200 us apart. */
#define MIN_PERIOD	239u
/* Ticks that were missed come so much faster, and leave the guest some time. */
#define CATCH_UP	4

static u64 pulses_in(u64 ns)
{
	return ns / NS_PER_S * PIT_HZ + ns % NS_PER_S * PIT_HZ / NS_PER_S;
}

/* The first ns at which so many have passed. */
static u64 ns_of(u64 pulses)
{
	return pulses / PIT_HZ * NS_PER_S +
	       (pulses % PIT_HZ * NS_PER_S + PIT_HZ - 1) / PIT_HZ;
}

static struct nacre_pit_channel_state *counter(struct nacre_pit *pit,
					       unsigned int i)
{
	return &pit->state.channels[array_index_nospec(i, COUNTERS)];
}

static bool is_periodic(const struct nacre_pit_channel_state *c)
{
	return c->mode == 2 || c->mode == 3;
}

static bool is_one_shot(const struct nacre_pit_channel_state *c)
{
	return c->mode <= 5 && !is_periodic(c);
}

/* One has a gate, and modes 1 and 5 heed its rise only. */
static bool is_held(const struct nacre_pit *pit,
		    const struct nacre_pit_channel_state *c)
{
	return c == &pit->state.channels[SPEAKER] && !c->gate &&
	       c->mode != 1 && c->mode != 5;
}

/* How often it has counted since it began. */
static u64 counted(struct nacre_pit *pit,
		   const struct nacre_pit_channel_state *c)
{
	return is_held(pit, c) ? pit->held :
	       pulses_in(ktime_get_ns() - c->count_load_time);
}

/* Mode 3 is high for the longer half. */
static u32 high_half(u32 count)
{
	return count / 2 + (count & 1);
}

static u16 count_now(struct nacre_pit *pit,
		     const struct nacre_pit_channel_state *c)
{
	u64 t = counted(pit, c);

	if (is_one_shot(c))
		return c->count - t;
	t %= c->count;
	if (c->mode != 3)
		return c->count - t;
	/* By two, from an even number, once in each half. */
	if (t >= high_half(c->count))
		t -= high_half(c->count);
	return (c->count & ~1u) - 2 * t;
}

static bool output(struct nacre_pit *pit,
		   const struct nacre_pit_channel_state *c)
{
	u64 t = counted(pit, c);

	if (is_one_shot(c))
		return c->mode <= 1 ? t >= c->count : t != c->count;
	t %= c->count;
	return is_held(pit, c) ||
	       (c->mode == 3 ? t < high_half(c->count) : t != c->count - 1);
}

/* Of counter 0, and no shorter than is good for the host. */
static u32 period(const struct nacre_pit *pit)
{
	return max(pit->state.channels[0].count, MIN_PERIOD);
}

/* When the next tick is due, or that which waited for the last one. */
static void arm(struct nacre_pit *pit)
{
	const struct nacre_pit_channel_state *c = &pit->state.channels[0];
	u64 when = 0, soon;

	if (pit->running && is_periodic(c))
		when = c->count_load_time + ns_of((pit->ticks + 1) *
						  period(pit));
	else if (pit->running && !pit->ticks)
		when = c->count_load_time + ns_of(c->count);
	soon = ktime_get_ns() + ns_of(period(pit) / CATCH_UP);
	if (pit->acknowledged && pit->pending && soon < when)
		when = soon;
	pit->ops->set_timer(pit, when);
}

void nacre_pit_forget(struct nacre_pit *pit)
{
	pit->pending = 0;
	pit->acknowledged = true;
}

static void pulse(struct nacre_pit *pit)
{
	pit->acknowledged = false;
	if (!pit->ops->pulse(pit))
		nacre_pit_forget(pit);
}

/* Without reinjection ticks that were missed are one. */
void nacre_pit_expired(struct nacre_pit *pit)
{
	const struct nacre_pit_channel_state *c = &pit->state.channels[0];
	u64 passed, t = counted(pit, c);

	if (!pit->running)
		return;
	passed = is_periodic(c) ? t / period(pit) : t >= c->count;
	t = passed - pit->ticks;
	pit->ticks = passed;
	if (pit->reinject)
		t = pit->pending += t;
	if (t && (!pit->reinject || pit->acknowledged))
		pulse(pit);
	arm(pit);
}

void nacre_pit_acknowledge(struct nacre_pit *pit)
{
	pit->acknowledged = true;
	if (pit->pending && --pit->pending)
		arm(pit);
}

void nacre_pit_set_reinject(struct nacre_pit *pit, bool reinject)
{
	if (pit->reinject == reinject)
		return;
	nacre_pit_forget(pit);
	pit->reinject = reinject;
}

/* It makes no ticks in a mode that waits for its gate to rise. */
static void load(struct nacre_pit *pit, struct nacre_pit_channel_state *c,
		 u32 count)
{
	c->count = count ?: 0x10000;
	c->count_load_time = ktime_get_ns();
	if (c == &pit->state.channels[SPEAKER])
		pit->held = 0;
	if (c != &pit->state.channels[0])
		return;
	pit->running = c->mode <= 4 &&
		       !(pit->state.flags & NACRE_PIT_FLAGS_HPET_LEGACY);
	pit->ticks = 0;
	nacre_pit_forget(pit);
	arm(pit);
}

/* A rise begins anew, or lets the count go on that a fall has held. */
static void set_gate(struct nacre_pit *pit, bool gate)
{
	struct nacre_pit_channel_state *c = &pit->state.channels[SPEAKER];
	u64 t = counted(pit, c);

	if (gate == !!c->gate)
		return;
	c->gate = gate;
	if (!gate)
		pit->held = t;
	else
		c->count_load_time = ktime_get_ns() -
				     (c->mode == 0 || c->mode == 4 ?
				      ns_of(t) : 0);
}

/* What is latched stays until it has been read. */
static void latch(struct nacre_pit *pit, struct nacre_pit_channel_state *c,
		  bool count, bool status)
{
	if (count && !c->count_latched) {
		c->latched_count = count_now(pit, c);
		c->count_latched = c->rw_mode;
	}
	if (status && !c->status_latched) {
		c->status = output(pit, c) << 7 | (c->rw_mode & 3) << 4 |
			    (c->mode & 7) << 1 | (c->bcd & 1);
		c->status_latched = 1;
	}
}

static void choose(struct nacre_pit *pit, struct nacre_pit_channel_state *c,
		   u8 value)
{
	c->rw_mode = value >> 4 & 3;
	c->read_state = c->rw_mode;
	c->write_state = c->rw_mode;
	/* Modes 2 and 3 have two codes each. */
	c->mode = value >> 1 & (value & 4 ? 3 : 7);
	c->bcd = value & 1;
	c->count_latched = 0;
	c->status_latched = 0;
	if (c == &pit->state.channels[0]) {
		pit->running = false;
		arm(pit);
	}
}

static void write_control(struct nacre_pit *pit, u8 value)
{
	struct nacre_pit_channel_state *c = counter(pit, value >> 6);
	unsigned int i;

	if (value >> 6 == READ_BACK) {
		for (i = 0; i < COUNTERS; i++)
			if (value & 2 << i)
				latch(pit, &pit->state.channels[i],
				      !(value & READ_BACK_NO_COUNT),
				      !(value & READ_BACK_NO_STATUS));
	} else if (!(value >> 4 & 3)) {
		latch(pit, c, true, false);
	} else {
		choose(pit, c, value);
	}
}

static void write_counter(struct nacre_pit *pit,
			  struct nacre_pit_channel_state *c, u8 value)
{
	if (c->write_state == BOTH) {
		c->write_latch = value;
		c->write_state = BOTH_HIGH;
	} else if (c->write_state == BOTH_HIGH) {
		load(pit, c, value << 8 | c->write_latch);
		c->write_state = BOTH;
	} else {
		load(pit, c, c->write_state == HIGH ? value << 8 : value);
	}
}

static u8 read_counter(struct nacre_pit *pit, struct nacre_pit_channel_state *c)
{
	u8 byte = c->count_latched ?: c->read_state;
	u16 count = c->latched_count;

	if (c->status_latched) {
		c->status_latched = 0;
		return c->status;
	}
	if (c->count_latched) {
		c->count_latched = byte == BOTH ? HIGH : 0;
	} else {
		count = count_now(pit, c);
		if (byte >= BOTH)
			c->read_state = byte == BOTH ? BOTH_HIGH : BOTH;
	}
	return byte == HIGH || byte == BOTH_HIGH ? count >> 8 : count;
}

static u8 read_speaker(struct nacre_pit *pit)
{
	const struct nacre_pit_channel_state *c = counter(pit, SPEAKER);
	u8 value = output(pit, c) ? SPEAKER_OUTPUT : 0;

	if (c->gate)
		value |= SPEAKER_GATE;
	if (pit->state.flags & NACRE_PIT_FLAGS_SPEAKER_DATA_ON)
		value |= SPEAKER_DATA;
	/* DRAM refresh: old software waits by it. */
	if (ktime_get_ns() / REFRESH_NS & 1)
		value |= SPEAKER_REFRESH;
	return value;
}

/* The control port cannot be read. */
u8 nacre_pit_read(struct nacre_pit *pit, u16 port)
{
	if (port == PIT_SPEAKER)
		return read_speaker(pit);
	return port == PIT_PORT + CONTROL ? 0xff :
		read_counter(pit, counter(pit, port - PIT_PORT));
}

void nacre_pit_write(struct nacre_pit *pit, u16 port, u8 value)
{
	if (port == PIT_SPEAKER) {
		pit->state.flags &= ~NACRE_PIT_FLAGS_SPEAKER_DATA_ON;
		if (value & SPEAKER_DATA)
			pit->state.flags |= NACRE_PIT_FLAGS_SPEAKER_DATA_ON;
		set_gate(pit, value & SPEAKER_GATE);
	} else if (port == PIT_PORT + CONTROL) {
		write_control(pit, value);
	} else {
		write_counter(pit, counter(pit, port - PIT_PORT), value);
	}
}

void nacre_pit_set_state(struct nacre_pit *pit,
			 const struct nacre_pit_channel_state *channels,
			 u32 flags)
{
	unsigned int i;

	memcpy(pit->state.channels, channels, sizeof(pit->state.channels));
	pit->state.flags = flags;
	for (i = 0; i < COUNTERS; i++)
		load(pit, counter(pit, i), channels[i].count);
}

void nacre_pit_reset(struct nacre_pit *pit)
{
	static const struct nacre_pit_channel_state reset[COUNTERS] = {
		{ .mode = NO_MODE, .gate = 1 },
		{ .mode = NO_MODE, .gate = 1 },
		{ .mode = NO_MODE },
	};

	pit->reinject = true;
	nacre_pit_set_state(pit, reset, 0);
}
