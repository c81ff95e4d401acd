// SPDX-License-Identifier: GPL-2.0
/*
 * The harness itself: each case here fails in another way, and `run`, which
 * knows programs of this name, takes each that does not for a failure.
 */
#include "test.h"
#include <signal.h>

#define must_say(text) fprintf(stderr, "# must say: %s\n", text)

guest_entry void asserts(void)
{
	GUEST_ASSERT_EQ(1 + read_cs(), 0);
	guest_done();
}

guest_entry void returns(void)
{
}

guest_entry void halts(void)
{
	hlt();
}

guest_entry void spins(void)
{
	for (;;)
		cpu_relax();
}

guest_entry void faults(void)
{
	asm volatile("ud2");
}

TEST(guest_assert)
{
	must_say("guest assertion at harness_must_fail.c");
	run_to_done(vcpu_with_guest(GUEST_64, "asserts"));
}

TEST(guest_exception)
{
	must_say("guest exception 6");
	run_to_done(vcpu_with_guest(GUEST_64, "faults"));
}

TEST(guest_returns)
{
	must_say("the entry function returned");
	run_to_done(vcpu_with_guest(GUEST_64, "returns"));
}

TEST(host_assert)
{
	must_say("device_open() - device_open()");
	ASSERT_EQ(1, device_open() - device_open());
}

TEST(host_expect)
{
	must_say("Expected device_open()");
	EXPECT_LT(device_open(), 0);
}

TEST(library_check)
{
	must_say("no guest symbol no_such_function");
	guest_symbol(GUEST_64, "no_such_function");
}

static void *fail_in_thread(void *arg)
{
	CHECK(!arg);
	return NULL;
}

TEST(check_in_thread)
{
	pthread_t thread;

	must_say("check failed: !arg");
	thread = thread_start(fail_in_thread, "");

	thread_join(thread, 5);
}

TEST(unexpected_exit)
{
	must_say("the end expected, exit is 5 HLT");
	run_to_done(vcpu_with_guest(GUEST_64, "halts"));
}

TEST(unexpected_stage)
{
	must_say("stage 1 expected, exit is 5 HLT");
	run_to_sync(vcpu_with_guest(GUEST_64, "halts"), 1);
}

TEST(crash)
{
	must_say("by signal 11");
	raise(SIGSEGV);
}

FIXTURE(hang) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(hang)
{
	self->vcpu = vcpu_with_guest(GUEST_64, "spins");
}

FIXTURE_TEARDOWN(hang)
{
	vm_free(self->vcpu->vm);
}

TEST_F_TIMEOUT(hang, guest_loops, 2)
{
	must_say("guest_loops: Test terminated by timeout");
	run(self->vcpu);
}

FIXTURE(broken_setup) {
	int none;
};

FIXTURE_SETUP(broken_setup)
{
	must_say("Expected 0 (0) == 1 (1)");
	ASSERT_EQ(0, 1);
}

FIXTURE_TEARDOWN(broken_setup)
{
}

TEST_F(broken_setup, never_runs)
{
}

/* The last: the harness dies before it can say how this went. */
static pid_t harness;

__attribute__((constructor)) static void remember(void)
{
	harness = getpid();
}

FIXTURE(lost) {
	int none;
};

FIXTURE_SETUP(lost)
{
}

FIXTURE_TEARDOWN(lost)
{
}

TEST_F(lost, result)
{
	kill(harness, SIGKILL);
}

TEST_HARNESS_MAIN
