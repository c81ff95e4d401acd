/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an instruction count prices at one, or at nothing, as Bochs counts it:
 * outside of guests, for some rounds more than for others.
 */
#ifndef SELFTESTS_EXIT_COST_COUNTS_H
#define SELFTESTS_EXIT_COST_COUNTS_H

#include <stdbool.h>
#include <stdio.h>
#include "../../lab/bochs/ask.h"

struct counts {
	long long of[LAB_COUNTS];
};

static const char *const counter_names[LAB_COUNTS] = {
#define LAB_COUNTER(name, text) text,
	LAB_COUNTERS(LAB_COUNTER)
#undef LAB_COUNTER
};

static bool somebody_counts(void)
{
	return lab_ask(LAB_ASK_PRESENT, 0, NULL) == 1;
}

/* 0 where nobody counts. */
static struct counts counts_now(void)
{
	struct counts now = {};

	if (!somebody_counts())
		return now;
	for (int i = 0; i < LAB_COUNTS; i++)
		now.of[i] = lab_ask(LAB_ASK_COUNT, i, NULL);
	return now;
}

static struct counts counts_less(struct counts a, struct counts b)
{
	for (int i = 0; i < LAB_COUNTS; i++)
		a.of[i] -= b.of[i];
	return a;
}

/* Of each row, after its ticks. A host's own tick among many rounds is lost. */
static void print_counts(const char *row, const char *guest,
			 const struct counts *counts, u64 rounds)
{
	for (int i = 0; i < LAB_COUNTS; i++) {
		long long tenths = (counts->of[i] * 20 + (long long)rounds) /
				   (2 * (long long)rounds);

		if (tenths > 0)
			printf("%s\t%s\t%s\t%lld.%lld\n", row, guest,
			       counter_names[i], tenths / 10, tenths % 10);
	}
}

#endif
