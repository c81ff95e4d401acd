// SPDX-License-Identifier: GPL-2.0
/*
 * The paravirtual clock as the VMM reads and sets it, the flags by which the
 * guest knows that it is one clock for all vCPUs, and that it was stopped.
 */
#include "test.h"
#include <time.h>

#define UNMAPPED ((void *)8)
#define SECOND 1000000000ll
#define FLAGS (NACRE_CLOCK_TSC_STABLE | NACRE_CLOCK_REALTIME |		\
	       NACRE_CLOCK_HOST_TSC)
#define CLOCK_SOURCE \
	"/sys/devices/system/clocksource/clocksource0/current_clocksource"

typedef long long i64;
typedef struct nacre_pvclock_vcpu_time_info page_t;

guest_entry void enables(u64 msr, u64 gpa)
{
	GUEST_ASSERT_EQ(NO_VECTOR, wrmsr_catch(msr, gpa | 1));
	for (;;)
		guest_sync(1);
}

FIXTURE(clock_ioctls) {
	struct vm *vm;
	struct vcpu *vcpu[2];
	page_t *page[2];
	u64 gpa[2];
	bool by_tsc;
};

FIXTURE_SETUP(clock_ioctls)
{
	char source[64] = "";
	FILE *f = fopen(CLOCK_SOURCE, "r");

	CHECK(f && fgets(source, sizeof(source), f));
	fclose(f);
	self->by_tsc = !strcmp(source, "tsc\n");
	self->vm = vm_new();
	for (int i = 0; i < 2; i++) {
		self->vcpu[i] = vcpu_new(self->vm, i);
		set_supported_cpuid(self->vcpu[i]);
		self->gpa[i] = vm_alloc(self->vm, PAGE_SIZE);
		self->page[i] = gpa_to_hva(self->vm, self->gpa[i], PAGE_SIZE);
	}
}

FIXTURE_TEARDOWN(clock_ioctls)
{
	vm_free(self->vm);
}

static struct nacre_clock_data get_clock(struct vm *vm)
{
	struct nacre_clock_data clock;

	memset(&clock, 0xa5, sizeof(clock));
	CHECK(ioctl(vm->fd, NACRE_GET_CLOCK, &clock) == 0);
	return clock;
}

static int set_clock(struct vm *vm, u64 ns, u32 flags, u64 realtime)
{
	struct nacre_clock_data clock = {
		.clock = ns, .flags = flags, .realtime = realtime,
	};

	return ioctl(vm->fd, NACRE_SET_CLOCK, &clock);
}

static i64 now_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* What the guest's page says by a value of its counter. */
static u64 by_page(const page_t *page, u64 tsc)
{
	__uint128_t ticks = tsc - page->tsc_timestamp;

	if (page->tsc_shift < 0)
		ticks >>= -page->tsc_shift;
	else
		ticks <<= page->tsc_shift;
	return page->system_time + (u64)(ticks * page->tsc_to_system_mul >> 32);
}

static u64 get_tsc(struct vcpu *vcpu)
{
	u64 v;

	CHECK(get_msr(vcpu, MSR_TSC, &v));
	return v;
}

static void start(struct vcpu *vcpu, u32 msr, u64 gpa)
{
	vcpu_setup(vcpu, GUEST_64, "enables");
	set_supported_cpuid(vcpu);
	vcpu_args(vcpu, 2, (u64)msr, gpa);
	run_to_sync(vcpu, 1);
}

static void start_both(struct vm *vm, u64 *gpa, u32 msr)
{
	for (int i = 0; i < 2; i++)
		start(vm->vcpus[i], msr, gpa[i]);
	for (int i = 0; i < 2; i++)
		run_to_sync(vm->vcpus[i], 1);
}

TEST_F(clock_ioctls, errors)
{
	EXPECT_EQ(FLAGS, vm_cap(self->vm, NACRE_CAP_ADJUST_CLOCK));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, NACRE_GET_CLOCK, UNMAPPED));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, NACRE_SET_CLOCK, UNMAPPED));
	for (u32 bit = 0; bit < 32; bit++) {
		errno = 0;
		EXPECT_EQ(1u << bit & FLAGS ? 0 : -1,
			  set_clock(self->vm, 0, 1u << bit, 0));
		EXPECT_EQ(1u << bit & FLAGS ? 0 : EINVAL, errno);
	}
}

TEST_F(clock_ioctls, goes_on)
{
	struct nacre_clock_data a = get_clock(self->vm), b;
	i64 before, after;

	EXPECT_LT(a.clock, 60 * SECOND);
	ASSERT_EQ(0, set_clock(self->vm, 1000 * SECOND, 0, 0));
	before = now_of(CLOCK_BOOTTIME);
	a = get_clock(self->vm);
	EXPECT_GE(a.clock, 1000 * SECOND);
	EXPECT_LT(a.clock, 1060 * SECOND);
	pause_us(200000);
	b = get_clock(self->vm);
	after = now_of(CLOCK_BOOTTIME);
	EXPECT_GE(b.clock - a.clock, 190000000);
	EXPECT_LE(b.clock - a.clock, (after - before) * 101 / 100);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(0, a.pad[i]);
}

/* With real time it is as if it had gone on all the while. */
TEST_F(clock_ioctls, real_time)
{
	i64 ago = now_of(CLOCK_REALTIME) - 100 * SECOND;

	ASSERT_EQ(0, set_clock(self->vm, 1000 * SECOND, NACRE_CLOCK_REALTIME,
			       ago));
	EXPECT_GE(get_clock(self->vm).clock, 1100 * SECOND);
	EXPECT_LT(get_clock(self->vm).clock, 1160 * SECOND);
	/* What is to come changes nothing. */
	ASSERT_EQ(0, set_clock(self->vm, 1000 * SECOND, NACRE_CLOCK_REALTIME,
			       ago + 10000 * SECOND));
	EXPECT_LT(get_clock(self->vm).clock, 1060 * SECOND);
}

/* The guest's page and the VMM tell the same time. */
TEST_F(clock_ioctls, page_agrees)
{
	u64 slack = self->by_tsc ? 0 : SECOND / 100;

	start_both(self->vm, self->gpa, MSR_NACRE_SYSTEM_TIME_NEW);
	for (int i = 0; i < 4; i++) {
		u64 before, page, after;

		if (i == 2)
			set_clock(self->vm, 5000 * SECOND, 0, 0);
		run_to_sync(self->vcpu[i & 1], 1);
		before = get_clock(self->vm).clock;
		page = by_page(self->page[i & 1], get_tsc(self->vcpu[i & 1]));
		after = get_clock(self->vm).clock;
		EXPECT_LE(before, page + slack);
		EXPECT_LE(page, after + slack);
	}
}

/* One reading for all, where the host's clock is the TSC. */
TEST_F(clock_ioctls, stable)
{
	struct nacre_clock_data c;

	start_both(self->vm, self->gpa, MSR_NACRE_SYSTEM_TIME_NEW);
	c = get_clock(self->vm);
	if (!self->by_tsc) {
		EXPECT_EQ(0, self->page[0]->flags);
		EXPECT_EQ(0, c.flags & NACRE_CLOCK_TSC_STABLE);
		SKIP(return, "the host's clock is not the TSC");
	}
	EXPECT_EQ(NACRE_PVCLOCK_TSC_STABLE, self->page[0]->flags);
	EXPECT_EQ(NACRE_PVCLOCK_TSC_STABLE, self->page[1]->flags);
	EXPECT_EQ(self->page[0]->system_time, self->page[1]->system_time);
	EXPECT_EQ(self->page[0]->tsc_timestamp, self->page[1]->tsc_timestamp);
	EXPECT_EQ(FLAGS, c.flags);
	EXPECT_GE(SECOND, now_of(CLOCK_REALTIME) - (i64)c.realtime);
	EXPECT_LE(c.host_tsc, rdtsc());
}

/* It is one whether or not a guest has asked for pages, from the first entry. */
TEST_F(clock_ioctls, stable_without_pages)
{
	u32 expected = self->by_tsc ? NACRE_CLOCK_TSC_STABLE : 0;

	EXPECT_EQ(0, get_clock(self->vm).flags & NACRE_CLOCK_TSC_STABLE);
	start(self->vcpu[0], MSR_LSTAR, 0);
	EXPECT_EQ(expected, get_clock(self->vm).flags & NACRE_CLOCK_TSC_STABLE);
}

TEST_F(clock_ioctls, stable_when_set)
{
	u32 expected = self->by_tsc ? NACRE_CLOCK_TSC_STABLE : 0;
	struct vm *empty = vm_new();

	CHECK(set_clock(empty, SECOND, 0, 0) == 0);
	EXPECT_EQ(0, get_clock(empty).flags & NACRE_CLOCK_TSC_STABLE);
	vm_free(empty);
	EXPECT_EQ(0, set_clock(self->vm, SECOND, 0, 0));
	EXPECT_EQ(expected, get_clock(self->vm).flags & NACRE_CLOCK_TSC_STABLE);
	EXPECT_GE(get_clock(self->vm).clock, SECOND);
	EXPECT_LT(get_clock(self->vm).clock, 60 * SECOND);
}

/* The guest's choice, which a VMM that restores the other does not change. */
TEST_F(clock_ioctls, old_register_by_vmm)
{
	start_both(self->vm, self->gpa, MSR_NACRE_SYSTEM_TIME_NEW);
	ASSERT_TRUE(set_msr(self->vcpu[0], MSR_NACRE_SYSTEM_TIME,
			    self->gpa[0] | 1));
	run_to_sync(self->vcpu[0], 1);
	if (!self->by_tsc)
		SKIP(return, "the host's clock is not the TSC");
	EXPECT_EQ(NACRE_PVCLOCK_TSC_STABLE, self->page[0]->flags);
	EXPECT_EQ(FLAGS, get_clock(self->vm).flags);
}

/* Kernels that know the first register only are not told. */
TEST_F(clock_ioctls, old_register)
{
	start_both(self->vm, self->gpa, MSR_NACRE_SYSTEM_TIME);
	EXPECT_EQ(0, self->page[0]->flags);
	EXPECT_EQ(0, self->page[1]->flags);
}

/* A VMM that takes one counter elsewhere, and brings it back. */
TEST_F(clock_ioctls, counters_part)
{
	u64 before, clock;

	start_both(self->vm, self->gpa, MSR_NACRE_SYSTEM_TIME_NEW);
	clock = get_clock(self->vm).clock;
	CHECK(set_msr(self->vcpu[0], MSR_TSC, 1ull << 50));
	run_to_sync(self->vcpu[0], 1);
	run_to_sync(self->vcpu[1], 1);
	EXPECT_EQ(0, self->page[0]->flags);
	EXPECT_EQ(0, self->page[1]->flags);
	EXPECT_GE(get_clock(self->vm).clock, clock);
	EXPECT_GE(by_page(self->page[1], get_tsc(self->vcpu[1])), clock);
	before = by_page(self->page[1], get_tsc(self->vcpu[1]));
	CHECK(set_msr(self->vcpu[1], MSR_TSC, 1ull << 50));
	/* Who runs second may be the one that finds out. */
	for (int i = 0; i < 4; i++)
		run_to_sync(self->vcpu[i & 1], 1);
	EXPECT_GE(by_page(self->page[1], get_tsc(self->vcpu[1])) + SECOND / 100,
		  before);
	if (!self->by_tsc)
		SKIP(return, "the host's clock is not the TSC");
	EXPECT_EQ(NACRE_PVCLOCK_TSC_STABLE, self->page[0]->flags);
	EXPECT_EQ(NACRE_PVCLOCK_TSC_STABLE, self->page[1]->flags);
}

TEST_F(clock_ioctls, stopped)
{
	struct vcpu *vcpu = self->vcpu[0];
	page_t *page = self->page[0];
	u8 stable;

	EXPECT_EQ(1, vm_cap(self->vm, NACRE_CAP_KVMCLOCK_CTRL));
	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_KVMCLOCK_CTRL, 0));
	start(vcpu, MSR_NACRE_SYSTEM_TIME_NEW, self->gpa[0]);
	run_to_sync(vcpu, 1);
	stable = page->flags;
	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_KVMCLOCK_CTRL, 0));
	run_to_sync(vcpu, 1);
	EXPECT_EQ(stable | NACRE_PVCLOCK_GUEST_STOPPED, page->flags);
	/* The guest's to clear: until then it stays, and then it is gone. */
	set_clock(self->vm, 5000 * SECOND, 0, 0);
	run_to_sync(vcpu, 1);
	EXPECT_EQ(stable | NACRE_PVCLOCK_GUEST_STOPPED, page->flags);
	page->flags &= ~NACRE_PVCLOCK_GUEST_STOPPED;
	set_clock(self->vm, 6000 * SECOND, 0, 0);
	run_to_sync(vcpu, 1);
	EXPECT_EQ(stable, page->flags);
}

TEST_HARNESS_MAIN
