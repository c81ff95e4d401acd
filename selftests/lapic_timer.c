// SPDX-License-Identifier: GPL-2.0
/* The local APIC's timer: one-shot, periodic, by TSC deadline. */
#include "test.h"
#include "lib/apic.h"

#define VECTOR 0x46
#define DIVIDE_BY_1 0xb
#define MS 1000000u		/* ticks: the timer's clock is 1 GHz */
#define LATEST_MS 3000		/* an emulated machine may be that late */

guest_data volatile u64 fired;
guest_data u64 tsc_per_ms;

static void on_timer(struct guest_regs *regs)
{
	fired++;
	apic_eoi();
}

static void setup(u64 khz)
{
	tsc_per_ms = khz;
	guest_on(VECTOR, on_timer);
	apic_enable();
	apic_write(APIC_TDCR, DIVIDE_BY_1);
}

static u64 ms_since(u64 start)
{
	return (rdtsc() - start) / tsc_per_ms;
}

/* Halts until @n have come. */
static void halt_for(u64 n)
{
	while (fired < n)
		asm volatile("sti; hlt; cli" : : : "memory");
}

/* With interrupts on, for @ms. */
static void spin(u64 ms)
{
	u64 start = rdtsc();

	sti();
	while (ms_since(start) < ms)
		cpu_relax();
	cli();
}

/* A tenth is for clocks that do not agree on what a second is. */
#define ASSERT_TOOK(start, ms)						\
	do {								\
		u64 _took = ms_since(start);				\
		GUEST_ASSERT_OP(_took, >=, (ms) - (ms) / 10);		\
		GUEST_ASSERT_OP(_took, <, (ms) + LATEST_MS);		\
	} while (0)

guest_entry void one_shot(u64 khz)
{
	u64 start;

	setup(khz);
	apic_write(APIC_LVTT, VECTOR);
	for (int i = 1; i <= 3; i++) {
		start = rdtsc();
		apic_write(APIC_TMICT, 20 * MS);
		halt_for(i);
		ASSERT_TOOK(start, 20);
		GUEST_ASSERT_EQ(0, apic_read(APIC_TMCCT));
		GUEST_ASSERT_EQ(20 * MS, apic_read(APIC_TMICT));
	}
	spin(60);
	GUEST_ASSERT_EQ(3, fired);
	guest_done();
}

guest_entry void spinning(u64 khz)
{
	u64 start;

	setup(khz);
	apic_write(APIC_LVTT, VECTOR);
	start = rdtsc();
	apic_write(APIC_TMICT, 20 * MS);
	sti();
	while (!fired)
		GUEST_ASSERT_OP(ms_since(start), <, LATEST_MS);
	cli();
	ASSERT_TOOK(start, 20);
	guest_done();
}

guest_entry void periodic(u64 khz)
{
	u64 start, count;

	setup(khz);
	apic_write(APIC_LVTT, VECTOR | APIC_PERIODIC);
	start = rdtsc();
	apic_write(APIC_TMICT, 10 * MS);
	halt_for(10);
	ASSERT_TOOK(start, 100);
	GUEST_ASSERT_OP(apic_read(APIC_TMCCT), <=, 10 * MS);
	/* 0 stops it; what was on its way may come yet. */
	apic_write(APIC_TMICT, 0);
	spin(5);
	count = fired;
	spin(60);
	GUEST_ASSERT_EQ(count, fired);
	GUEST_ASSERT_EQ(0, apic_read(APIC_TMCCT));
	guest_done();
}

guest_entry void divider(u64 khz)
{
	static const struct {
		u32 tdcr, by;
	} dividers[] = {
		{ 0, 2 }, { 1, 4 }, { 3, 16 }, { 8, 32 }, { 0xa, 128 },
	};

	setup(khz);
	apic_write(APIC_LVTT, VECTOR);
	for (int i = 0; i < 5; i++) {
		u64 start = rdtsc();

		/* A count that is over is not to be scaled. */
		apic_write(APIC_TMICT, 0);
		apic_write(APIC_TDCR, dividers[i].tdcr);
		apic_write(APIC_TMICT, 20 * MS / dividers[i].by);
		halt_for(i + 1);
		ASSERT_TOOK(start, 20);
	}
	guest_done();
}

guest_entry void counts_down(u64 khz)
{
	u32 last = ~0u, now;
	u64 start;

	setup(khz);
	apic_write(APIC_LVTT, VECTOR | APIC_MASKED);
	start = rdtsc();
	apic_write(APIC_TMICT, 4000000000u);
	for (int i = 0; i < 20; i++) {
		now = apic_read(APIC_TMCCT);
		GUEST_ASSERT_OP(now, <, last);
		GUEST_ASSERT_OP(now, <=, 4000000000u);
		last = now;
	}
	spin(50);
	now = 4000000000u - apic_read(APIC_TMCCT);
	GUEST_ASSERT_OP(now / MS, >=, 45);
	GUEST_ASSERT_OP(now / MS, <=, ms_since(start) * 11 / 10 + 1);
	guest_done();
}

/*
 * Masked it counts, and is silent. What a later unmasking brings is not asked:
 * nothing by the manual, one interrupt on in-tree KVM.
 */
guest_entry void masked(u64 khz)
{
	setup(khz);
	apic_write(APIC_LVTT, VECTOR | APIC_MASKED);
	apic_write(APIC_TMICT, 5 * MS);
	spin(40);
	GUEST_ASSERT_EQ(0, fired);
	GUEST_ASSERT_EQ(0, apic_read(APIC_TMCCT));
	guest_done();
}

/* A new initial count begins anew. */
guest_entry void set_again(u64 khz)
{
	u64 start;

	setup(khz);
	apic_write(APIC_LVTT, VECTOR);
	start = rdtsc();
	for (int i = 0; i < 5; i++) {
		apic_write(APIC_TMICT, 1000 * MS);
		spin(1);
	}
	apic_write(APIC_TMICT, 10 * MS);
	halt_for(1);
	GUEST_ASSERT_OP(ms_since(start), <, 1000 + LATEST_MS);
	spin(20);
	GUEST_ASSERT_EQ(1, fired);
	guest_done();
}

static void deadline(u64 tsc)
{
	GUEST_ASSERT_EQ(NO_VECTOR, wrmsr_catch(MSR_TSC_DEADLINE, tsc));
}

static u64 deadline_now(void)
{
	u64 v;

	GUEST_ASSERT_EQ(NO_VECTOR, rdmsr_catch(MSR_TSC_DEADLINE, &v));
	return v;
}

guest_entry void tsc_deadline(u64 khz)
{
	u64 start, at;

	setup(khz);
	apic_write(APIC_LVTT, VECTOR | APIC_TSC_DEADLINE);
	GUEST_ASSERT_EQ(VECTOR | APIC_TSC_DEADLINE, apic_read(APIC_LVTT));
	for (int i = 1; i <= 3; i++) {
		start = rdtsc();
		at = start + 20 * khz;
		deadline(at);
		if (rdtsc() < at - 10 * khz)
			GUEST_ASSERT_EQ(at, deadline_now());
		halt_for(i);
		GUEST_ASSERT_OP(rdtsc(), >=, at);
		GUEST_ASSERT_OP(ms_since(start), <, 20 + LATEST_MS);
		GUEST_ASSERT_EQ(0, deadline_now());
	}
	guest_done();
}

guest_entry void past_deadline(u64 khz)
{
	u64 start;

	setup(khz);
	apic_write(APIC_LVTT, VECTOR | APIC_TSC_DEADLINE);
	start = rdtsc();
	deadline(start - 1000);
	halt_for(1);
	deadline(1);
	halt_for(2);
	GUEST_ASSERT_OP(ms_since(start), <, LATEST_MS);
	GUEST_ASSERT_EQ(0, deadline_now());
	guest_done();
}

guest_entry void disarmed_deadline(u64 khz)
{
	setup(khz);
	apic_write(APIC_LVTT, VECTOR | APIC_TSC_DEADLINE);
	deadline(rdtsc() + 20 * khz);
	deadline(0);
	GUEST_ASSERT_EQ(0, deadline_now());
	spin(60);
	/* One that passed before it was taken back is not a failure. */
	GUEST_ASSERT_OP(fired, <=, 1);
	fired = 0;
	deadline(rdtsc() + LATEST_MS * khz);
	deadline(0);
	spin(60);
	GUEST_ASSERT_EQ(0, fired);
	guest_done();
}

/* An hour, a day, a year, the end of time: none of them is now. */
guest_entry void far_deadline(u64 khz)
{
	u64 hour = 3600000 * khz;
	u64 far[] = { hour, 24 * hour, 365 * 24 * hour, 0 };

	setup(khz);
	apic_write(APIC_LVTT, VECTOR | APIC_TSC_DEADLINE);
	far[3] = ~0ull - rdtsc() - 1000000 * khz;
	for (int i = 0; i < 4; i++) {
		u64 at = rdtsc() + far[i];

		deadline(at);
		spin(30);
		if (fired)
			guest_fail(__FILE__, __LINE__, "fired too early", 1, i,
				   0);
		GUEST_ASSERT_EQ(at, deadline_now());
	}
	deadline(0);
	guest_done();
}

/* Each mode leaves the other's registers alone. */
guest_entry void other_mode(u64 khz)
{
	setup(khz);
	apic_write(APIC_LVTT, VECTOR);
	deadline(rdtsc() + khz);
	GUEST_ASSERT_EQ(0, deadline_now());
	spin(20);
	GUEST_ASSERT_EQ(0, fired);
	apic_write(APIC_LVTT, VECTOR | APIC_TSC_DEADLINE);
	apic_write(APIC_TMICT, MS);
	GUEST_ASSERT_EQ(0, apic_read(APIC_TMCCT));
	spin(20);
	GUEST_ASSERT_EQ(0, fired);
	/* A change of mode disarms. */
	deadline(rdtsc() + 100 * khz);
	apic_write(APIC_LVTT, VECTOR);
	spin(200);
	GUEST_ASSERT_EQ(0, fired);
	guest_done();
}

/* It passes while the vCPU is with the VMM. */
guest_entry void while_away(u64 khz)
{
	setup(khz);
	apic_write(APIC_LVTT, VECTOR);
	apic_write(APIC_TMICT, 10 * MS);
	guest_sync(1);
	spin(5);
	GUEST_ASSERT_EQ(1, fired);
	guest_sync(2);
	guest_done();
}

FIXTURE(lapic_timer) {
	struct vcpu *vcpu;
	u64 khz;
};

/* The deadline mode is a capability, and left out of the supported leaves. */
static void set_cpuid(struct vcpu *vcpu)
{
	struct nacre_cpuid2 *cpuid = supported_cpuid();

	find_leaf(cpuid, 1, 0)->ecx |= 1 << 24;
	CHECK(raw_set_cpuid(vcpu, cpuid) == 0);
	free(cpuid);
}

FIXTURE_SETUP(lapic_timer)
{
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
	set_cpuid(self->vcpu);
	self->khz = ioctl(self->vcpu->fd, NACRE_GET_TSC_KHZ, 0);
	ASSERT_LT(0, (int)self->khz);
}

FIXTURE_TEARDOWN(lapic_timer)
{
	vm_free(self->vcpu->vm);
}

#define start(name)							\
	do {								\
		vcpu_setup(self->vcpu, GUEST_64, name);			\
		vcpu_args(self->vcpu, 1, self->khz);			\
	} while (0)

#define GUEST_TEST(name)						\
TEST_F(lapic_timer, name)						\
{									\
	start(#name);							\
	run_to_done(self->vcpu);					\
}

GUEST_TEST(one_shot)
GUEST_TEST(spinning)
GUEST_TEST(periodic)
GUEST_TEST(divider)
GUEST_TEST(counts_down)
GUEST_TEST(masked)
GUEST_TEST(set_again)

TEST_F(lapic_timer, while_away)
{
	start("while_away");
	run_to_sync(self->vcpu, 1);
	pause_us(100000);
	run_to_sync(self->vcpu, 2);
	run_to_done(self->vcpu);
}

#define DEADLINE_TEST(name)						\
TEST_F(lapic_timer, name)						\
{									\
	if (!vm_cap(self->vcpu->vm, NACRE_CAP_TSC_DEADLINE_TIMER))	\
		SKIP(return, "no NACRE_CAP_TSC_DEADLINE_TIMER");	\
	start(#name);							\
	run_to_done(self->vcpu);					\
}

DEADLINE_TEST(tsc_deadline)
DEADLINE_TEST(past_deadline)
DEADLINE_TEST(disarmed_deadline)
DEADLINE_TEST(far_deadline)
DEADLINE_TEST(other_mode)

TEST_HARNESS_MAIN
