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

static bool unlink_from(struct pearl_timer **link, struct pearl_timer *timer)
{
	while (*link && *link != timer)
		link = &(*link)->next;
	if (!*link)
		return false;
	*link = timer->next;
	return true;
}

static void take_out(struct pearl_clock *clock, struct pearl_timer *timer)
{
	if (!unlink_from(&clock->first, timer))
		unlink_from(&clock->due, timer);
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
 * Who is due is settled first: a timer that arms itself again for a moment
 * that is past already waits for the next call, and keeps nobody waiting.
 */
void pearl_clock_expire(struct pearl_clock *clock)
{
	uint64_t now = clock->now(clock);
	struct pearl_timer **link = &clock->first, *timer;

	while (*link && (*link)->deadline <= now)
		link = &(*link)->next;
	clock->due = link == &clock->first ? NULL : clock->first;
	clock->first = *link;
	if (clock->due)
		*link = NULL;
	while ((timer = clock->due)) {
		take_out(clock, timer);
		timer->expired(timer);
	}
	clock->rearm(clock);
}
