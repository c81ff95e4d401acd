// SPDX-License-Identifier: GPL-2.0
#include "device.h"

static void insert(struct pearl_clock *clock, struct pearl_timer *timer)
{
	struct pearl_timer **link = &clock->first;

	while (*link && (*link)->deadline <= timer->deadline)
		link = &(*link)->next;
	timer->next = *link;
	*link = timer;
	timer->armed = true;
}

static void take_out(struct pearl_clock *clock, struct pearl_timer *timer)
{
	struct pearl_timer **link = &clock->first;

	while (*link && *link != timer)
		link = &(*link)->next;
	if (*link)
		*link = timer->next;
	timer->armed = false;
}

void pearl_timer_arm(struct pearl_clock *clock, struct pearl_timer *timer,
		     uint64_t deadline)
{
	struct pearl_timer *first = clock->first;

	if (timer->armed)
		take_out(clock, timer);
	timer->deadline = deadline;
	insert(clock, timer);
	if (clock->first != first || first == timer)
		clock->rearm(clock);
}

void pearl_timer_disarm(struct pearl_clock *clock, struct pearl_timer *timer)
{
	bool first = clock->first == timer;

	if (!timer->armed)
		return;
	take_out(clock, timer);
	if (first)
		clock->rearm(clock);
}

/*
 * Time is read once: a timer that arms itself again for a moment that is
 * already past waits for the next call, and does not keep the others waiting.
 */
void pearl_clock_expire(struct pearl_clock *clock)
{
	uint64_t now = clock->now(clock);
	struct pearl_timer *timer, *again = NULL;

	while (clock->first && clock->first->deadline <= now) {
		timer = clock->first;
		if (timer == again)
			break;
		take_out(clock, timer);
		timer->expired(timer);
		if (!again && timer->armed)
			again = timer;
	}
	clock->rearm(clock);
}
