// SPDX-License-Identifier: GPL-2.0
/*
 * A VMM with two running vCPUs is killed at a hundred moments, spread over
 * creation, slot changes, running and destruction. Nothing of it stays.
 */
#include "test.h"
#include <sys/wait.h>
#include <time.h>
#include "leftovers.h"
#include "tiny_vm.h"

#define KILLS 100
#define SEED 0x6e61637265ull
#define ROUNDS 8		/* for the measure of one life */
#define SLOT_CHANGES 6
#define SLACK_KIB 2048

static void *run_vcpu(void *arg)
{
	int fd = (long)arg;

	while (!ioctl(fd, NACRE_RUN, 0))
		;
	return NULL;
}

/* The whole life of a VM; 0 if all went well. */
static int life(void)
{
	pthread_t thread[TINY_VCPUS];
	struct tiny_vm vm;
	int bad = tiny_open(&vm) || tiny_memory(&vm) ||
		  tiny_vcpu(&vm, 0, TINY_CODE) || tiny_vcpu(&vm, 1, TINY_SPIN);

	if (bad)
		return bad;
	for (long i = 0; i < TINY_VCPUS; i++)
		thread[i] = thread_start(run_vcpu, (void *)(long)vm.vcpu[i]);
	for (int i = 0; i < SLOT_CHANGES && !bad; i++) {
		u64 size = i & 1 ? 0 : TINY_SIZE;

		bad = tiny_slot(&vm, 1, NACRE_MEM_LOG_DIRTY_PAGES, TINY_SIZE,
				size);
	}
	for (int i = 0; i < TINY_VCPUS; i++) {
		vm.run[i]->immediate_exit = 1;
		kick(thread[i]);
		thread_join(thread[i], 10);
	}
	tiny_close(&vm);
	return bad;
}

/* Says when it starts, and lives again and again until it is killed. */
static void vmm(int to)
{
	kick_setup();
	if (write(to, "x", 1) != 1)
		_exit(1);
	while (!life())
		;
	_exit(2);
}

static pid_t start_vmm(void)
{
	int pipe_fd[2];
	char c;
	pid_t pid;

	CHECK(!pipe2(pipe_fd, O_CLOEXEC));
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		close(pipe_fd[0]);
		vmm(pipe_fd[1]);
	}
	close(pipe_fd[1]);
	CHECK(read(pipe_fd[0], &c, 1) == 1);
	close(pipe_fd[0]);
	return pid;
}

/* One life takes that long, the longest of a few. */
static u64 life_ns(void)
{
	u64 start, longest = 0;

	for (int i = 0; i < ROUNDS; i++) {
		start = now_ns();
		CHECK(!life());
		start = now_ns() - start;
		if (start > longest)
			longest = start;
	}
	return longest;
}

static u64 random_next(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void wait_ns(u64 ns)
{
	struct timespec t = {
		.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000,
	};

	nanosleep(&t, NULL);
}

FIXTURE(kill) {
	long references;
};

FIXTURE_SETUP(kill)
{
	self->references = module_references();
	kick_setup();
}

FIXTURE_TEARDOWN(kill) { }

TEST_F_TIMEOUT(kill, nothing_stays, 240)
{
	u64 state = SEED, span = life_ns();
	char name[64];
	int status;
	pid_t pid;
	long n;

	for (int i = 0; i < KILLS; i++) {
		pid = start_vmm();
		wait_ns(random_next(&state) % (span + span / 4));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status))
			TH_LOG("kill %d: the VMM ended by itself, status %#x",
			       i, status);
	}
	/* What a dying process had open is closed before it is reaped. */
	EXPECT_EQ(self->references, module_references());
	if (!on_nacre())
		return;
	n = settled_slab_objects(name, sizeof(name));
	EXPECT_GE(0, n)
		TH_LOG("cache %s has %ld objects in use", name, n);
}

/* How much is missing after half of the kills. */
static long missing_after_kills(u64 *state, u64 span)
{
	long before = settled_kib();
	int status;
	pid_t pid;

	for (int i = 0; i < KILLS / 2; i++) {
		pid = start_vmm();
		wait_ns(random_next(state) % (span + span / 4));
		kill(pid, SIGKILL);
		CHECK(waitpid(pid, &status, 0) == pid);
	}
	return missing_kib(before, SLACK_KIB);
}

TEST_F_TIMEOUT(kill, memory_comes_back, 240)
{
	u64 state = ~SEED, span = life_ns();
	long missing = LONG_MAX;

	/* The host's own comes and goes, a few MiB; a leak is there each time. */
	for (int i = 0; i < TRIES && missing > SLACK_KIB; i++)
		missing = missing_after_kills(&state, span);
	EXPECT_GE(SLACK_KIB, missing);
}

TEST_HARNESS_MAIN
