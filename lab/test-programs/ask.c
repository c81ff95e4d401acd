// SPDX-License-Identifier: GPL-2.0
/*
 * What Bochs counts, from inside of its machine: instructions whose number is
 * known, the least of several tries, for an interrupt comes between now and
 * then. Prints what it sees; lab/selftest compares.
 */
#include <cpuid.h>
#include <stdio.h>

#include "ask.h"

static unsigned long long count(unsigned int which)
{
	return lab_ask(LAB_ASK_COUNT, which, NULL);
}

/* Between two answers, with what asks the second time. */
static int a_hundred(void)
{
	unsigned long long before, n, least = ~0ull;

	for (int i = 0; i < 20; i++) {
		before = lab_ask(LAB_ASK_INSTRUCTIONS, 0, NULL);
		__asm__ volatile(".rept 100; nop; .endr");
		n = lab_ask(LAB_ASK_INSTRUCTIONS, 0, NULL) - before;
		if (n < least)
			least = n;
	}
	return least > 100 && least < 120;
}

static void lock_ten_times(void)
{
	static unsigned int word;

	for (int i = 0; i < 10; i++)
		__asm__ volatile("lock incl %0" : "+m"(word));
}

static void exchange_twice(void)
{
	static unsigned int word;

	__asm__ volatile("xchgl %%eax, %0\n\t"
			 "xchgl %%eax, %0\n\t"
			 "xchgl %%eax, %%edx" : "+m"(word) : : "eax", "edx");
}

static void cpuid_thrice(void)
{
	unsigned int a, b, c, d;

	for (int i = 0; i < 3; i++)
		__cpuid(0, a, b, c, d);
}

static void tell(const char *what, unsigned int which, void (*act)(void))
{
	unsigned long long before, n, least = ~0ull;

	for (int i = 0; i < 20; i++) {
		before = count(which);
		act();
		n = count(which) - before;
		if (n < least)
			least = n;
	}
	printf("%s %llu\n", what, least);
}

int main(void)
{
	printf("present %llu\n", lab_ask(LAB_ASK_PRESENT, 0, NULL));
	tell("locked", LAB_COUNT_LOCKED, lock_ten_times);
	tell("exchanges", LAB_COUNT_LOCKED, exchange_twice);
	tell("cpuid", LAB_COUNT_CPUID, cpuid_thrice);
	printf("a hundred %d, of none %d\n", a_hundred(),
	       lab_ask(LAB_ASK_INSTRUCTIONS, 64, NULL) == ~0ull);
	printf("entries %d, exits %d\n", count(LAB_COUNT_ENTRY) > 0,
	       count(LAB_COUNT_EXIT) > 0);
	return 0;
}
