/* SPDX-License-Identifier: GPL-2.0 */
/* Choosing among the CPUs that a program was given. Needs _GNU_SOURCE. */
#ifndef SELFTESTS_NTH_CPU_H
#define SELFTESTS_NTH_CPU_H

#include <sched.h>

/* The @n-th of @given alone; behind the last comes the first. */
static inline cpu_set_t nth_cpu(const cpu_set_t *given, unsigned int n)
{
	cpu_set_t set;
	int cpu = 0;

	n %= CPU_COUNT(given);
	while (!CPU_ISSET(cpu, given) || n--)
		cpu++;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return set;
}

#endif
