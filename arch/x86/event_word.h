/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An event as a processor of either vendor is given it and tells of it: AMD
 * APM, "Event Injection"; Intel SDM, "VM-Entry Controls for Event Injection".
 * For the backends alone.
 */
#ifndef NACRE_X86_EVENT_WORD_H
#define NACRE_X86_EVENT_WORD_H

#include <linux/bitfield.h>

#include "arch/x86/state.h"

#define EVENT_VECTOR			GENMASK(7, 0)
#define EVENT_TYPE			GENMASK(10, 8)
#define EVENT_HAS_ERROR			BIT(11)
#define EVENT_VALID			BIT(31)
#define EVENT_TYPE_INTR			0
#define EVENT_TYPE_NMI			2
#define EVENT_TYPE_EXCEPTION		3
#define EVENT_TYPE_SOFT_INTR		4	/* INT n */
#define EVENT_TYPE_INT1			5	/* Intel's */
#define EVENT_TYPE_SOFT_EXCEPTION	6	/* INT3, INTO; Intel's */

static inline bool nacre_event_is_soft(const struct nacre_event *event)
{
	return event->type == NACRE_EVENT_SOFT_INTR ||
	       event->type == NACRE_EVENT_SOFT_EXCEPTION;
}

/*
 * How long the instruction is that raises a soft event again: by the event, or
 * as it was @known from the exit that cut it short. INT3 and INTO are one byte.
 * 0: an INT n whose length nobody knows, which is not injected: RIP stands on
 * it, and the guest runs it once more.
 */
static inline u8 nacre_soft_length(const struct nacre_event *event, u8 known)
{
	return event->insn_len ?: known ?:
	       event->type == NACRE_EVENT_SOFT_EXCEPTION;
}

static inline u32 nacre_event_to_word(const struct nacre_event *event)
{
	static const u8 type[] = {
		[NACRE_EVENT_INTR] = EVENT_TYPE_INTR,
		[NACRE_EVENT_NMI] = EVENT_TYPE_NMI,
		[NACRE_EVENT_EXCEPTION] = EVENT_TYPE_EXCEPTION,
		[NACRE_EVENT_SOFT_INTR] = EVENT_TYPE_SOFT_INTR,
		[NACRE_EVENT_SOFT_EXCEPTION] = EVENT_TYPE_SOFT_EXCEPTION,
	};
	u32 word = EVENT_VALID | FIELD_PREP(EVENT_VECTOR, event->vector) |
		   FIELD_PREP(EVENT_TYPE, type[event->type]);

	return event->has_error ? word | EVENT_HAS_ERROR : word;
}

/* The error code is elsewhere. */
static inline void nacre_event_from_word(u32 word, struct nacre_event *event)
{
	/* INT1's #DB is none of these: RIP stands on it, it runs once more. */
	static const u8 type[8] = {
		[EVENT_TYPE_INTR] = NACRE_EVENT_INTR,
		[EVENT_TYPE_NMI] = NACRE_EVENT_NMI,
		[EVENT_TYPE_EXCEPTION] = NACRE_EVENT_EXCEPTION,
		[EVENT_TYPE_SOFT_INTR] = NACRE_EVENT_SOFT_INTR,
		[EVENT_TYPE_SOFT_EXCEPTION] = NACRE_EVENT_SOFT_EXCEPTION,
	};

	*event = (struct nacre_event) {};
	if (!(word & EVENT_VALID))
		return;
	event->type = type[FIELD_GET(EVENT_TYPE, word)];
	event->vector = FIELD_GET(EVENT_VECTOR, word);
	event->has_error = word & EVENT_HAS_ERROR;
}

#endif /* NACRE_X86_EVENT_WORD_H */
