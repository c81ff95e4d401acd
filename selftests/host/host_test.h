/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host test is a program of named cases; it speaks TAP. A case fails by its
 * first EXPECT that does not hold, and says where.
 */
#ifndef HOST_TEST_H
#define HOST_TEST_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_types.h"

struct host_case {
	const char *name;
	void (*run)(void);
};

#define HOST_CASE(fn)	{ #fn, fn }

static bool host_case_failed;
static const char *host_case_skipped;

__attribute__((format(printf, 1, 2), unused))
static void host_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

#define EXPECT(condition)						\
	do {								\
		if (!(condition)) {					\
			host_note("%s:%d: %s", __FILE__, __LINE__,	\
				  #condition);				\
			host_case_failed = true;			\
			return;						\
		}							\
	} while (0)

#define EXPECT_EQ(value, expected)					\
	do {								\
		long long _value = (value), _expected = (expected);	\
									\
		if (_value != _expected) {				\
			host_note("%s:%d: %s is %#llx, not %#llx",	\
				  __FILE__, __LINE__, #value, _value,	\
				  _expected);				\
			host_case_failed = true;			\
			return;						\
		}							\
	} while (0)

static inline void host_skip(const char *why)
{
	host_case_skipped = why;
}

static inline void host_run_case(const struct host_case *c, unsigned int number)
{
	host_case_failed = false;
	host_case_skipped = NULL;
	c->run();
	printf("%sok %u %s", host_case_failed ? "not " : "", number, c->name);
	if (host_case_skipped)
		printf(" # SKIP %s", host_case_skipped);
	putchar('\n');
	fflush(stdout);
}

static inline int host_run(const struct host_case *cases, unsigned int count)
{
	unsigned int i, failed = 0;

	printf("TAP version 13\n1..%u\n", count);
	for (i = 0; i < count; i++) {
		host_run_case(&cases[i], i + 1);
		failed += host_case_failed;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define HOST_MAIN(cases)						\
	int main(void)							\
	{								\
		return host_run(cases, ARRAY_SIZE(cases));		\
	}

/* xorshift64*: the same numbers on every run. */
static inline u64 host_random(u64 *state)
{
	u64 x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

#endif
