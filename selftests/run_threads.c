// SPDX-License-Identifier: GPL-2.0
/* Several threads and several vCPUs. */
#include "test.h"
#include <sched.h>
#include <signal.h>

#define BOUND_SECONDS 20
#define VCPUS 8

guest_data volatile u64 spins;
guest_data volatile u64 stop;
guest_data volatile u64 counters[VCPUS];
guest_data volatile u64 sum;

guest_entry void spins_forever(void)
{
	for (;;)
		spins++;
}

guest_entry void spins_until_told(void)
{
	while (!stop)
		spins++;
	guest_done();
}

/* Each of the vCPUs counts for itself and, locked, for all. */
guest_entry void counts(u64 id, u64 n)
{
	for (u64 i = 0; i < n; i++) {
		counters[id]++;
		asm volatile("lock incq %0" : "+m"(sum));
		if (!(i % 64))
			outb(0x80, i);
	}
	guest_done();
}

static volatile u64 *view(struct vcpu *vcpu, const char *name)
{
	return guest_var(vcpu->vm, GUEST_64, name);
}

static void *run_once(void *vcpu)
{
	return raw_run(vcpu) ? (void *)(long)errno : NULL;
}

static void *run_done(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

/* The second one waits its turn; a fatal signal ends the wait. */
TEST(two_threads_one_vcpu)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "spins_forever");
	pthread_t first, second;
	u64 before;

	kick_setup();
	first = thread_start(run_once, vcpu);
	wait_for(*view(vcpu, "spins") > 0, BOUND_SECONDS);
	second = thread_start(run_once, vcpu);
	pause_us(20000);
	kick(first);
	EXPECT_EQ((void *)EINTR, thread_join(first, BOUND_SECONDS));
	before = *view(vcpu, "spins");
	wait_for(*view(vcpu, "spins") > before, BOUND_SECONDS);
	kick(second);
	EXPECT_EQ((void *)EINTR, thread_join(second, BOUND_SECONDS));
	vm_free(vcpu->vm);
}

static void child_with_two_threads(int ready)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "spins_forever");

	thread_start(run_once, vcpu);
	wait_for(*view(vcpu, "spins") > 0, BOUND_SECONDS);
	thread_start(run_once, vcpu);
	pause_us(20000);
	CHECK(write(ready, "", 1) == 1);
	pause();
}

TEST(waiting_thread_is_killable)
{
	int ready[2], status;
	pid_t child;
	char c;

	ASSERT_EQ(0, pipe(ready));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		child_with_two_threads(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	kill(child, SIGKILL);
	wait_for(waitpid(child, &status, WNOHANG) == child, BOUND_SECONDS);
	EXPECT_TRUE(WIFSIGNALED(status));
}

static void *get_regs_in_thread(void *vcpu)
{
	struct nacre_regs regs;

	get_regs(vcpu, &regs);
	return (void *)regs.rip;
}

/* Other vCPU ioctls wait as well, and see the state after the run. */
TEST(registers_wait_for_the_run)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "spins_until_told");
	pthread_t runner, reader;

	runner = thread_start(run_done, vcpu);
	wait_for(*view(vcpu, "spins") > 0, BOUND_SECONDS);
	reader = thread_start(get_regs_in_thread, vcpu);
	pause_us(20000);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(reader, NULL));
	*view(vcpu, "stop") = 1;
	thread_join(runner, BOUND_SECONDS);
	EXPECT_EQ(get_rip(vcpu), (u64)thread_join(reader, BOUND_SECONDS));
	vm_free(vcpu->vm);
}

static void *run_through_outs(void *arg)
{
	struct vcpu *vcpu = arg;

	while (run_ucall(vcpu) != UCALL_DONE)
		CHECK(vcpu->run->exit_reason == NACRE_EXIT_IO &&
		      vcpu->run->io.port == 0x80);
	return NULL;
}

TEST(eight_vcpus)
{
	struct vm *vm = vm_new();
	pthread_t threads[VCPUS];
	u64 n = 2000;

	for (u32 i = 0; i < VCPUS; i++) {
		struct vcpu *vcpu = vcpu_new(vm, i);

		vcpu_setup(vcpu, GUEST_64, "counts");
		vcpu_args(vcpu, 2, (u64)i, n);
	}
	for (u32 i = 0; i < VCPUS; i++)
		threads[i] = thread_start(run_through_outs, vm->vcpus[i]);
	for (u32 i = 0; i < VCPUS; i++)
		thread_join(threads[i], 20);
	for (u32 i = 0; i < VCPUS; i++)
		EXPECT_EQ(n, view(vm->vcpus[0], "counters")[i]);
	EXPECT_EQ(VCPUS * n, *view(vm->vcpus[0], "sum"));
	vm_free(vm);
}

/* A running vCPU is pushed from CPU to CPU, and notices nothing. */
TEST(migration)
{
	unsigned int cpus = nr_cpus();
	struct vcpu *vcpu;
	pthread_t thread;

	if (cpus < 2)
		SKIP(return, "the machine has one CPU");
	vcpu = vcpu_with_guest(GUEST_64, "spins_until_told");
	thread = thread_start(run_done, vcpu);
	for (int i = 0; i < 40; i++) {
		u64 before = *view(vcpu, "spins");

		pin_thread(thread, i % cpus);
		wait_for(*view(vcpu, "spins") > before, BOUND_SECONDS);
	}
	*view(vcpu, "stop") = 1;
	thread_join(thread, BOUND_SECONDS);
	vm_free(vcpu->vm);
}

/* A vCPU that has run on one CPU goes on, register for register, on another. */
TEST(exits_on_alternating_cpus)
{
	unsigned int cpus = nr_cpus();
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "counts");

	if (cpus < 2)
		SKIP(return, "the machine has one CPU");
	vcpu_args(vcpu, 2, 0ull, 64ull * 20);
	for (int i = 0; i < 20; i++) {
		pin_to_cpu(i % cpus);
		run_to_pio(vcpu, NACRE_EXIT_IO_OUT, 0x80, 1);
	}
	run_to_done(vcpu);
	EXPECT_EQ(64 * 20, *view(vcpu, "sum"));
	vm_free(vcpu->vm);
}

/* A spinning guest gives way to others on its CPU. */
TEST(preemption)
{
	struct vcpu *vcpu;
	pthread_t thread;
	u64 work = 0, end;

	pin_to_cpu(0);
	vcpu = vcpu_with_guest(GUEST_64, "spins_until_told");
	thread = thread_start(run_done, vcpu);
	wait_for(*view(vcpu, "spins") > 0, BOUND_SECONDS);
	end = now_ns() + 200000000;
	while (now_ns() < end)
		work++;
	EXPECT_GT(work, 100);
	*view(vcpu, "stop") = 1;
	thread_join(thread, BOUND_SECONDS);
	vm_free(vcpu->vm);
}

/* Two VMs of one process, and two vCPUs of one thread, do not mix. */
TEST(two_vms_one_thread)
{
	struct vcpu *a = vcpu_with_guest(GUEST_64, "counts");
	struct vcpu *b = vcpu_with_guest(GUEST_64, "counts");
	struct vcpu *c = vcpu_new(a->vm, 1);

	vcpu_setup(c, GUEST_64, "counts");
	vcpu_args(a, 2, 0ull, 640ull);
	vcpu_args(b, 2, 1ull, 640ull);
	vcpu_args(c, 2, 2ull, 640ull);
	for (int i = 0; i < 10; i++) {
		run_to_pio(a, NACRE_EXIT_IO_OUT, 0x80, 1);
		run_to_pio(b, NACRE_EXIT_IO_OUT, 0x80, 1);
		run_to_pio(c, NACRE_EXIT_IO_OUT, 0x80, 1);
	}
	run_to_done(a);
	run_to_done(b);
	run_to_done(c);
	EXPECT_EQ(1280, *view(a, "sum"));
	EXPECT_EQ(640, *view(b, "sum"));
	EXPECT_EQ(0, view(a, "counters")[1]);
	EXPECT_EQ(640, view(b, "counters")[1]);
}

TEST_HARNESS_MAIN
