// SPDX-License-Identifier: GPL-2.0
/*
 * Thousands of halts, each of them ended by one interrupt that comes at a bad
 * moment: none is lost, whoever sends it.
 */
#include "test.h"
#include "lib/apic.h"
#include <sched.h>
#include <signal.h>
#include <sys/time.h>

#define VECTOR 0x53
#define PIN 20
#define ROUNDS 3000
#define VCPUS 4
#define SECONDS 25

guest_data volatile u64 taken[VCPUS];
guest_data volatile u64 stop;

static u32 own_id(void)
{
	return apic_read(APIC_ID) >> 24;
}

static void on_vector(struct guest_regs *regs)
{
	taken[own_id()]++;
	apic_eoi();
}

/* Halts until @n interrupts have come. */
guest_entry void counts(u64 n)
{
	u32 id = own_id();

	guest_on(VECTOR, on_vector);
	apic_enable();
	if (!id)
		ioapic_route(PIN, 0, VECTOR);
	guest_sync(1);
	while (taken[id] < n)
		asm volatile("sti; hlt; cli" : : : "memory");
	guest_done();
}

/* A timer of @ns and a halt, again and again. */
guest_entry void timed(u64 n, u64 ns)
{
	guest_on(VECTOR, on_vector);
	apic_enable();
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, VECTOR);
	for (u64 i = 0; i < n; i++) {
		u64 before = taken[0];

		apic_write(APIC_TMICT, ns + i % 64 * 100);
		while (taken[0] == before)
			asm volatile("sti; hlt; cli" : : : "memory");
	}
	guest_done();
}

/* A token goes round, by IPI from each vCPU to the next. */
static void pass_on(struct guest_regs *regs)
{
	u32 id = own_id();

	taken[id]++;
	apic_eoi();
	apic_ipi((id + 1) % VCPUS, VECTOR);
}

guest_entry void passes_on(u64 n)
{
	u32 id = own_id();

	guest_on(VECTOR, pass_on);
	apic_enable();
	guest_sync(1);
	if (!id)
		apic_ipi(1, VECTOR);
	while (taken[id] < n)
		asm volatile("sti; hlt; cli" : : : "memory");
	guest_done();
}

static volatile u64 *counts_of(struct vm *vm)
{
	return guest_var(vm, GUEST_64, "taken");
}

static void *run_done(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

/* The next line goes up as soon as the last one was seen. */
TEST(lines)
{
	struct vcpu *vcpu = vcpu_new(vm_new_irqchip(), 0);
	u64 n = 0, enough = now_ns() + 8 * 1000000000ull;
	volatile u64 *taken = counts_of(vcpu->vm);
	pthread_t thread;

	vcpu_setup(vcpu, GUEST_64, "counts");
	vcpu_args(vcpu, 1, (u64)ROUNDS);
	run_to_sync(vcpu, 1);
	thread = thread_start(run_done, vcpu);
	for (; n < ROUNDS && (n < 50 || now_ns() < enough); n++) {
		u64 end = now_ns() + 5000000000ull;

		irq_pulse(vcpu->vm, PIN);
		while (*taken == n) {
			if (now_ns() > end)
				die("interrupt %llu is lost", n + 1);
			sched_yield();
		}
	}
	EXPECT_EQ(n, *taken);
	/* On a slow machine the rest is let off. */
	if (n < ROUNDS) {
		*taken = ROUNDS - 1;
		irq_pulse(vcpu->vm, PIN);
	}
	thread_join(thread, SECONDS);
	vm_free(vcpu->vm);
}

static void ignore(int signal)
{
}

/* A signal each 2 ms, to whoever runs. */
static void alarms(bool on)
{
	struct sigaction action = { .sa_handler = ignore };
	struct itimerval often = { 0 };

	often.it_interval.tv_usec = often.it_value.tv_usec = on ? 2000 : 0;
	CHECK(sigaction(SIGALRM, &action, NULL) == 0);
	CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
}

/* Interrupts that find the vCPU on its way out, to a signal or at once. */
TEST(lines_and_signals)
{
	struct vcpu *vcpu = vcpu_new(vm_new_irqchip(), 0);
	volatile u64 *taken = counts_of(vcpu->vm);
	u64 n = 300, i = 0, end = now_ns() + SECONDS * 1000000000ull;

	vcpu_setup(vcpu, GUEST_64, "counts");
	vcpu_args(vcpu, 1, n);
	run_to_sync(vcpu, 1);
	alarms(true);
	while (*taken < n) {
		if (now_ns() > end)
			die("interrupt %llu is lost", i);
		if (*taken == i && i < n) {
			irq_pulse(vcpu->vm, PIN);
			i++;
		}
		vcpu->run->immediate_exit = i & 1;
		if (!raw_run(vcpu))
			break;
		EXPECT_EQ(EINTR, errno);
		vcpu->run->immediate_exit = 0;
		if (!(i & 1))
			continue;
		/* The last run changed nothing; this one takes it. */
		if (!raw_run(vcpu))
			break;
		EXPECT_EQ(EINTR, errno);
	}
	alarms(false);
	EXPECT_EQ(n, *taken);
	run_to_done(vcpu);
	vm_free(vcpu->vm);
}

TEST(timers)
{
	struct vcpu *vcpu = vcpu_new(vm_new_irqchip(), 0);

	vcpu_setup(vcpu, GUEST_64, "timed");
	vcpu_args(vcpu, 2, (u64)ROUNDS, 1000ull);
	thread_join(thread_start(run_done, vcpu), SECONDS);
	EXPECT_EQ(ROUNDS, *counts_of(vcpu->vm));
	vm_free(vcpu->vm);
}

TEST(ring)
{
	struct vm *vm = vm_new_irqchip();
	pthread_t threads[VCPUS];
	u64 n = ROUNDS / VCPUS;

	for (u32 i = 0; i < VCPUS; i++) {
		struct vcpu *vcpu = vcpu_new(vm, i);

		CHECK(!raw_set_mp_state(vcpu, NACRE_MP_STATE_RUNNABLE));
		vcpu_setup(vcpu, GUEST_64, "passes_on");
		vcpu_args(vcpu, 1, n);
		run_to_sync(vcpu, 1);
	}
	for (u32 i = 0; i < VCPUS; i++)
		threads[i] = thread_start(run_done, vm->vcpus[i]);
	for (u32 i = 0; i < VCPUS; i++)
		thread_join(threads[i], SECONDS);
	for (u32 i = 0; i < VCPUS; i++)
		EXPECT_LE(n, counts_of(vm)[i]);
	vm_free(vm);
}

TEST_HARNESS_MAIN
