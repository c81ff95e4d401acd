/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The 8254 interval timer, and port 61h with its third counter's gate and
 * output. The caller holds a lock around every call.
 */
#ifndef NACRE_PIT_H
#define NACRE_PIT_H

#include "module/pure.h"
#include "include/uapi/nacre.h"

#define PIT_PORT	0x40	/* the first of four */
#define PIT_PORTS	4
#define PIT_SPEAKER	0x61

#define PIT_HZ		1193182u

struct nacre_pit;

/* None may sleep, nor call back. */
struct nacre_pit_ops {
	/* The timer's next expiry, by ktime_get_ns(); 0: none. */
	void (*set_timer)(struct nacre_pit *pit, u64 when);
	/* Counter 0's output rises. False: nobody listens. */
	bool (*pulse)(struct nacre_pit *pit);
};

/* In the state count_load_time is when a counter began, also counter 0. */
struct nacre_pit {
	const struct nacre_pit_ops *ops;
	struct nacre_pit_state2 state;
	u64 held;		/* counted by counter 2 when its gate fell */
	bool running;		/* counter 0 makes ticks */
	u64 ticks;		/* how many there were since it began */
	bool reinject;		/* a tick waits for the one before it */
	bool acknowledged;	/* nothing is on its way to the guest */
	u64 pending;		/* ticks to come, with that on its way */
};

void nacre_pit_reset(struct nacre_pit *pit);

/* Ports 40h to 43h and 61h. */
u8 nacre_pit_read(struct nacre_pit *pit, u16 port);
void nacre_pit_write(struct nacre_pit *pit, u16 port, u8 value);

/* The time given to set_timer() has come; harmless if it has not. */
void nacre_pit_expired(struct nacre_pit *pit);
/* The guest has ended the interrupt that a pulse has made. */
void nacre_pit_acknowledge(struct nacre_pit *pit);
/* Nothing is on its way, and what was missed is not made up for. */
void nacre_pit_forget(struct nacre_pit *pit);
void nacre_pit_set_reinject(struct nacre_pit *pit, bool reinject);

/* A set starts the counters anew. */
void nacre_pit_set_state(struct nacre_pit *pit,
			 const struct nacre_pit_channel_state *channels,
			 u32 flags);

#endif /* NACRE_PIT_H */
