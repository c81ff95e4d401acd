// SPDX-License-Identifier: GPL-2.0
/*
 * hold_vm cpu:N|wander... - keep a VM running while something else happens
 *
 * Each argument is a vCPU that counts in a loop: on one host CPU, or moved
 * from one to another all the time. "running" is printed when all of them
 * count. SIGUSR1: prints "alive" once every one has counted on, or says which
 * has not. SIGTERM: ends; the status says whether all of them ran to the end.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "tiny_vm.h"

#define COUNTER 0x8000
#define PATIENCE_NS 10000000000ull

struct worker {
	pthread_t thread;
	int vcpu;
	int cpu;		/* -1: wanders */
	struct nacre_run *run;
	volatile u16 *counter;
	u16 seen;
	volatile bool ended;
	char why[64];
};

static struct tiny_vm vm;
static struct worker workers[TINY_VCPUS];
static int nr_workers;
static volatile bool stopping;
static cpu_set_t given;

static void on_signal(int signal)
{
}

static void go_to(pthread_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* Fails while that one is offline. */
	pthread_setaffinity_np(thread, sizeof(set), &set);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	if (w->cpu >= 0)
		go_to(pthread_self(), w->cpu);
	while (!stopping) {
		if (!ioctl(w->vcpu, NACRE_RUN, 0)) {
			snprintf(w->why, sizeof(w->why), "exit %u",
				 w->run->exit_reason);
			break;
		}
		if (errno != EINTR) {
			snprintf(w->why, sizeof(w->why), "errno %d", errno);
			break;
		}
	}
	w->ended = true;
	return NULL;
}

/* A counter of its own for each: the data segment begins further up. */
static void start(struct worker *w, int i, const char *where)
{
	struct nacre_sregs sregs;

	if (sscanf(where, "cpu:%d", &w->cpu) != 1)
		w->cpu = -1;
	if (tiny_vcpu(&vm, i, TINY_SPIN))
		die("vCPU %d: %s", i, strerror(errno));
	w->vcpu = vm.vcpu[i];
	w->run = vm.run[i];
	w->counter = (u16 *)(vm.memory + COUNTER + 16 * i);
	CHECK(!ioctl(w->vcpu, NACRE_GET_SREGS, &sregs));
	sregs.ds.selector = i;
	sregs.ds.base = 16 * i;
	CHECK(!ioctl(w->vcpu, NACRE_SET_SREGS, &sregs));
	CHECK(!pthread_create(&w->thread, NULL, work, w));
}

static bool waits_for(struct worker *w)
{
	return !w->ended && *w->counter == w->seen;
}

static void wait_for_all(const char *good)
{
	u64 end = now_ns() + PATIENCE_NS;
	bool all = true;

	for (struct worker *w = workers; w < workers + nr_workers; w++)
		w->seen = *w->counter;
	for (struct worker *w = workers; w < workers + nr_workers; w++) {
		while (waits_for(w) && now_ns() < end)
			pause_us(1000);
		if (!w->ended && !waits_for(w))
			continue;
		all = false;
		printf("vCPU %d: %s\n", (int)(w - workers),
		       w->ended ? w->why : "stands still");
	}
	if (all)
		puts(good);
	fflush(stdout);
}

static void wander(void)
{
	static int cpu;

	do
		cpu = (cpu + 1) % CPU_SETSIZE;
	while (!CPU_ISSET(cpu, &given));
	for (int i = 0; i < nr_workers; i++)
		if (workers[i].cpu < 0)
			go_to(workers[i].thread, cpu);
}

static void until_terminated(const sigset_t *signals)
{
	const struct timespec step = { .tv_nsec = 10000000 };
	int signal;

	while ((signal = sigtimedwait(signals, NULL, &step)) != SIGTERM) {
		if (signal == SIGUSR1)
			wait_for_all("alive");
		wander();
	}
}

static bool end(struct worker *w)
{
	w->run->immediate_exit = 1;
	pthread_kill(w->thread, SIGUSR2);
	pthread_join(w->thread, NULL);
	return !*w->why;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t signals;
	bool good = true;

	if (argc < 2 || argc > 1 + TINY_VCPUS)
		die("usage: hold_vm cpu:N|wander...");
	sched_getaffinity(0, sizeof(given), &given);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	sigaction(SIGUSR2, &action, NULL);

	if (tiny_open(&vm) || tiny_memory(&vm))
		die("no VM: %s", strerror(errno));
	nr_workers = argc - 1;
	for (int i = 0; i < nr_workers; i++)
		start(&workers[i], i, argv[1 + i]);
	wait_for_all("running");
	until_terminated(&signals);
	stopping = true;
	for (int i = 0; i < nr_workers; i++)
		good &= end(&workers[i]);
	tiny_close(&vm);
	return good ? 0 : 1;
}
