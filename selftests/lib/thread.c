// SPDX-License-Identifier: GPL-2.0
/* Threads, signals and time. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "nth_cpu.h"
#include "vm.h"

unsigned int slower(void)
{
	const char *times = getenv("NACRE_SLOWER");
	int n = times ? atoi(times) : 1;

	return n > 1 ? n : 1;
}

static void ignore(int signal)
{
	(void)signal;
}

void kick_setup(void)
{
	struct sigaction action = { .sa_handler = ignore };

	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
}

void kick(pthread_t thread)
{
	CHECK(pthread_kill(thread, SIGUSR1) == 0);
}

pthread_t thread_start(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, fn, arg) == 0);
	return thread;
}

void *thread_join(pthread_t thread, unsigned int seconds)
{
	struct timespec end;
	void *result;
	int error;

	seconds *= slower();
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += seconds;
	error = pthread_timedjoin_np(thread, &result, &end);
	if (error)
		die("thread has not ended in %u s: %s", seconds,
		    strerror(error));
	return result;
}

u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

void pause_us(unsigned int us)
{
	struct timespec t = { .tv_nsec = us * 1000l };

	nanosleep(&t, NULL);
}

static cpu_set_t given;

static __attribute__((constructor)) void note_cpus(void)
{
	CHECK(sched_getaffinity(0, sizeof(given), &given) == 0);
}

unsigned int nr_cpus(void)
{
	return CPU_COUNT(&given);
}

void pin_thread(pthread_t thread, unsigned int n)
{
	cpu_set_t set = nth_cpu(&given, n);

	CHECK(pthread_setaffinity_np(thread, sizeof(set), &set) == 0);
}

void pin_to_cpu(unsigned int n)
{
	pin_thread(pthread_self(), n);
}
