// SPDX-License-Identifier: GPL-2.0
/* What brings NACRE_RUN back: immediate_exit, signals, the signal mask. */
#include "test.h"
#include <signal.h>
#include <sys/time.h>

#define BOUND_SECONDS 20

guest_data volatile u64 spins;

guest_entry void spins_forever(void)
{
	for (;;)
		spins++;
}

guest_entry void done(void)
{
	guest_done();
}

static volatile sig_atomic_t hits;

static void count(int signal)
{
	hits++;
}

FIXTURE(run) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(run)
{
	kick_setup();
	self->vcpu = vcpu_with_guest(GUEST_64, "spins_forever");
}

FIXTURE_TEARDOWN(run)
{
	vm_free(self->vcpu->vm);
}

static volatile u64 *guest_spins(struct vcpu *vcpu)
{
	return guest_var(vcpu->vm, GUEST_64, "spins");
}

static int set_mask(struct vcpu *vcpu, u32 len, const sigset_t *set)
{
	struct {
		u32 len;
		u64 set;
	} __attribute__((packed)) mask = { .len = len };

	memcpy(&mask.set, set, sizeof(mask.set));
	return ioctl(vcpu->fd, NACRE_SET_SIGNAL_MASK, &mask);
}

TEST_F(run, immediate_exit_before_entry)
{
	struct vcpu *vcpu = self->vcpu;
	u64 rip = get_rip(vcpu);

	vcpu->run->immediate_exit = 1;
	EXPECT_ERROR(EINTR, raw_run(vcpu));
	EXPECT_EQ(rip, get_rip(vcpu));
	EXPECT_EQ(0, *guest_spins(vcpu));
	EXPECT_ERROR(EINTR, raw_run(vcpu));
}

static void *run_until_kicked(void *arg)
{
	struct vcpu *vcpu = arg;

	CHECK(raw_run(vcpu) == -1 && errno == EINTR);
	CHECK(vcpu->run->exit_reason == NACRE_EXIT_INTR);
	return NULL;
}

TEST_F(run, kick_out_of_a_loop)
{
	struct vcpu *vcpu = self->vcpu;

	for (int i = 0; i < 5; i++) {
		u64 before = *guest_spins(vcpu);
		pthread_t t = thread_start(run_until_kicked, vcpu);

		wait_for(*guest_spins(vcpu) != before, BOUND_SECONDS);
		kick(t);
		thread_join(t, BOUND_SECONDS);
	}
}

/* Two signals at once, or one that comes before the entry, lose nothing. */
TEST_F(run, signal_just_before_entry)
{
	struct sigaction action = { .sa_handler = count };
	sigset_t set, old;

	sigaction(SIGUSR2, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	ASSERT_EQ(0, set_mask(self->vcpu, 8, &old));
	raise(SIGUSR2);
	EXPECT_ERROR(EINTR, raw_run(self->vcpu));
	EXPECT_EQ(NACRE_EXIT_INTR, self->vcpu->run->exit_reason);
	EXPECT_EQ(0, *guest_spins(self->vcpu));
}

/* The signal stays pending, for sigtimedwait(2): QEMU's old way to kick. */
TEST_F(run, mask_keeps_the_signal_pending)
{
	struct timespec now = { 0, 0 };
	sigset_t set, none;

	sigemptyset(&set);
	sigemptyset(&none);
	sigaddset(&set, SIGUSR2);
	signal(SIGUSR2, count);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ASSERT_EQ(0, set_mask(self->vcpu, 8, &none));
	raise(SIGUSR2);
	EXPECT_ERROR(EINTR, raw_run(self->vcpu));
	EXPECT_EQ(0, hits);
	EXPECT_EQ(SIGUSR2, sigtimedwait(&set, NULL, &now));
}

/* A mask that blocks: the pending signal does not end the run. */
TEST_F(run, masked_signal_does_not_interrupt)
{
	struct vcpu *vcpu = self->vcpu;
	sigset_t set;

	vcpu_setup(vcpu, GUEST_64, "done");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	signal(SIGUSR2, count);
	ASSERT_EQ(0, set_mask(vcpu, 8, &set));
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR2);
	run_to_done(vcpu);
	EXPECT_EQ(0, hits);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	EXPECT_EQ(1, hits);
}

TEST_F(run, mask_is_taken_back)
{
	struct vcpu *vcpu = self->vcpu;
	sigset_t set, none;

	vcpu_setup(vcpu, GUEST_64, "done");
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	signal(SIGUSR2, count);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ASSERT_EQ(0, set_mask(vcpu, 8, &none));
	raise(SIGUSR2);
	EXPECT_ERROR(EINTR, raw_run(vcpu));
	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_SET_SIGNAL_MASK, NULL));
	run_to_done(vcpu);
}

TEST_F(run, mask_arguments)
{
	sigset_t none;

	sigemptyset(&none);
	EXPECT_ERROR(EINVAL, set_mask(self->vcpu, 4, &none));
	EXPECT_ERROR(EINVAL, set_mask(self->vcpu, 0, &none));
	EXPECT_ERROR(EINVAL, set_mask(self->vcpu, 16, &none));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_SET_SIGNAL_MASK,
				   (void *)8));
	EXPECT_EQ(0, set_mask(self->vcpu, 8, &none));
}

/* 1,000 signals a second; the guest gets on all the same. */
TEST_F(run, timer_storm)
{
	struct sigaction action = { .sa_handler = count };
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct vcpu *vcpu = self->vcpu;
	u64 last = 0;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 50; i++)
		EXPECT_ERROR(EINTR, raw_run(vcpu));
	wait_for((raw_run(vcpu), *guest_spins(vcpu) > last), BOUND_SECONDS);
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_GE(hits, 50);
}

/* A stopped VMM's guest stands still, and goes on where it was. */
static void spin_in_child(struct vcpu *vcpu)
{
	for (;;)
		CHECK(raw_run(vcpu) == -1 && errno == EINTR);
}

TEST_F(run, stop_and_continue)
{
	volatile u64 *spins_seen;
	struct vcpu *vcpu;
	u64 before;
	pid_t child;
	int status;

	spins_seen = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, spins_seen);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		vcpu = vcpu_new(vm_new(), 0);
		vm_add_memory_at(vcpu->vm, 1, 1 << 30, PAGE_SIZE, 0,
				 (void *)spins_seen);
		vcpu_setup(vcpu, GUEST_64, "spins_at");
		vcpu_args(vcpu, 1, 1ull << 30);
		spin_in_child(vcpu);
	}
	wait_for(*spins_seen > 0, BOUND_SECONDS);
	ASSERT_EQ(0, kill(child, SIGSTOP));
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	before = *spins_seen;
	pause_us(50000);
	EXPECT_EQ(before, *spins_seen);
	ASSERT_EQ(0, kill(child, SIGCONT));
	wait_for(*spins_seen != before, BOUND_SECONDS);
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

guest_entry void spins_at(volatile u64 *at)
{
	for (;;)
		++*at;
}

TEST_HARNESS_MAIN
