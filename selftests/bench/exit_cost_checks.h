/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an exit may not leave out to be cheap: a guest that only exits has its
 * time accounted, is interrupted by a signal, gives way to another thread, is
 * seen by who traces exits, and counted.
 */
#ifndef SELFTESTS_EXIT_COST_CHECKS_H
#define SELFTESTS_EXIT_COST_CHECKS_H

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include "lib/stats.h"
#include "lib/vm.h"

#define TICK_NS 4000000ull	/* of the lab's kernels: HZ is 250 */
#define SHORT_NS (5 * TICK_NS)
#define LONG_NS (30 * TICK_NS)

#define TRACING "/sys/kernel/tracing/"
#define LEAST_TRACED 1000

static void no_handler(int signal)
{
}

/* Runs until a signal comes, @ns from now; when it came back, or dies. */
static u64 run_for(struct vcpu *vcpu, u64 ns)
{
	struct sigaction action = { .sa_handler = no_handler };
	struct itimerval timer = { .it_value.tv_usec = ns / 1000 };

	CHECK(sigaction(SIGALRM, &action, NULL) == 0);
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
	if (raw_run(vcpu) != -1 || errno != EINTR)
		die("a signal should have ended the run, not %s",
		    exit_text(vcpu));
	return now_ns();
}

static void check_signal(struct vcpu *vcpu)
{
	u64 due = now_ns() + SHORT_NS, back = run_for(vcpu, SHORT_NS);

	if (back > due + TICK_NS)
		die("a signal came through %llu us late", (back - due) / 1000);
}

/* Ticks of /proc/stat that were a guest's, and how long one is. */
static u64 guest_ticks(void)
{
	unsigned long long ticks = 0;
	FILE *f = fopen("/proc/stat", "r");

	CHECK(f && fscanf(f, "cpu %*u %*u %*u %*u %*u %*u %*u %*u %llu",
			  &ticks) == 1);
	fclose(f);
	return ticks;
}

static void check_guest_time(struct vcpu *vcpu)
{
	u64 before = guest_ticks(), ticks, want;

	run_for(vcpu, LONG_NS);
	ticks = guest_ticks() - before;
	want = LONG_NS / 2 * sysconf(_SC_CLK_TCK) / 1000000000;
	if (ticks < want)
		die("%llu ticks of guest time, not %llu", ticks, want);
}

/* Sleeps on the same processor as the guest, and notes how late it woke. */
static void *sleeper(void *late)
{
	u64 due;

	pin_to_cpu(0);
	due = now_ns() + SHORT_NS;
	pause_us(SHORT_NS / 1000);
	*(u64 *)late = now_ns() - due;
	return NULL;
}

static void check_reschedule(struct vcpu *vcpu)
{
	u64 late = ~0ull;
	pthread_t thread = thread_start(sleeper, &late);

	run_for(vcpu, LONG_NS);
	thread_join(thread, 10);
	if (late > 2 * TICK_NS)
		die("another thread ran %llu us late", late / 1000);
}

/* Events that this processor wrote, those that are overwritten among them. */
static u64 traced(void)
{
	FILE *f = fopen(TRACING "per_cpu/cpu0/stats", "r");
	unsigned long long n, sum = 0;
	char line[128];

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "entries: %llu", &n) == 1 ||
		    sscanf(line, "overrun: %llu", &n) == 1)
			sum += n;
	}
	fclose(f);
	return sum;
}

static void check_trace(struct vcpu *vcpu)
{
	const char *enable = TRACING "events/nacre/nacre_exit/enable";
	u64 before, seen;

	if (access(enable, F_OK))
		enable = TRACING "events/kvm/kvm_exit/enable";
	before = traced();
	CHECK(put_text(enable, "1"));
	run_for(vcpu, SHORT_NS);
	CHECK(put_text(enable, "0"));
	seen = traced() - before;
	if (seen < LEAST_TRACED)
		die("%llu exits were traced, not %d", seen, LEAST_TRACED);
}

/* As many as a trace shows at least. */
static void check_statistics(struct vcpu *vcpu)
{
	struct stats stats;
	u64 exits, signals;

	stats_open(&stats, vcpu->fd);
	exits = stats_value(&stats, "exits");
	signals = stats_value(&stats, "signal_exits");
	run_for(vcpu, SHORT_NS);
	exits = stats_value(&stats, "exits") - exits;
	signals = stats_value(&stats, "signal_exits") - signals;
	stats_close(&stats);
	if (exits < LEAST_TRACED || signals != 1)
		die("%llu exits and %llu signals were counted", exits, signals);
}

#endif
