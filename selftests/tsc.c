// SPDX-License-Identifier: GPL-2.0
/* The guest's time stamp counter: written, adjusted, kept in step. */
#include "test.h"

#define MSR_TSC_ADJUST 0x3b
#define FAR (1ull << 50)
#define LEAP (1ull << 40)
#define GAP_MS 400
#define CLOCK_SOURCES \
	"/sys/devices/system/clocksource/clocksource0/available_clocksource"

guest_entry void tells_tsc(void)
{
	u64 by_msr, adjust;

	for (u32 i = 1;; i++) {
		rdmsr_catch(MSR_TSC, &by_msr);
		rdmsr_catch(MSR_TSC_ADJUST, &adjust);
		guest_sync(i, rdtsc(), by_msr, adjust);
	}
}

guest_entry void writes_tsc(u64 msr, u64 value)
{
	u64 before = rdtsc(), after, adjust;

	wrmsr_catch(msr, value);
	after = rdtsc();
	rdmsr_catch(MSR_TSC_ADJUST, &adjust);
	guest_sync(1, before, after, adjust);
	guest_done();
}

FIXTURE(tsc) {
	struct vcpu *first, *second;
	u64 khz;
};

FIXTURE_SETUP(tsc)
{
	self->first = vcpu_new(vm_new(), 0);
	self->second = vcpu_new(self->first->vm, 1);
	set_supported_cpuid(self->first);
	set_supported_cpuid(self->second);
	self->khz = ioctl(self->first->fd, NACRE_GET_TSC_KHZ, 0);
}

FIXTURE_TEARDOWN(tsc)
{
	vm_free(self->first->vm);
}

static u64 get(struct vcpu *vcpu, u32 msr)
{
	u64 v;

	CHECK(get_msr(vcpu, msr, &v));
	return v;
}

/* A host whose counters differ can only estimate. */
static bool host_is_in_step(void)
{
	char sources[256] = "";
	FILE *f = fopen(CLOCK_SOURCES, "r");

	CHECK(f && fgets(sources, sizeof(sources), f));
	fclose(f);
	return strstr(sources, "tsc");
}

/* Is @b's counter, read between two of @a's, between the values? */
static bool in_step(struct vcpu *a, struct vcpu *b)
{
	u64 margin = host_is_in_step() ? 0 :
		     ioctl(a->fd, NACRE_GET_TSC_KHZ, 0) * (GAP_MS / 2);
	u64 before = get(a, MSR_TSC), other = get(b, MSR_TSC);

	return before <= other + margin && other <= get(a, MSR_TSC) + margin;
}

/*
 * Sets the second's counter to what the first had a moment ago. Longer than
 * an estimate is wrong, sooner than it would be taken for a new value: a busy
 * machine may need a few tries.
 */
static void restore_second(struct vcpu *first, struct vcpu *second)
{
	for (u64 i = 1; i <= 20; i++) {
		u64 start = now_ns();

		CHECK(set_msr(first, MSR_TSC, i * FAR));
		pause_us(GAP_MS * 1000);
		CHECK(set_msr(second, MSR_TSC, i * FAR));
		if (now_ns() - start < 900000000)
			return;
	}
	die("too busy a machine");
}

/*
 * Where the host's counters differ, in-tree KVM stops the counter of a vCPU
 * that is not running, so there is nothing to compare.
 */
static bool runs_by_itself(void)
{
	return on_nacre() || host_is_in_step();
}

TEST_F(tsc, new_ones_are_in_step)
{
	struct vcpu *third;

	pause_us(GAP_MS * 1000);
	third = vcpu_new(self->first->vm, 2);
	if (runs_by_itself()) {
		EXPECT_TRUE(in_step(self->first, self->second));
		EXPECT_TRUE(in_step(self->second, third));
	}
	/* From the VM's creation on, not from the machine's. */
	EXPECT_GT(rdtsc(), get(self->first, MSR_TSC));
}

TEST_F(tsc, guest_sees_what_the_vmm_wrote)
{
	struct vcpu *vcpu = self->first;

	ASSERT_TRUE(set_msr(vcpu, MSR_TSC, FAR));
	vcpu_setup(vcpu, GUEST_64, "tells_tsc");
	run_to_sync(vcpu, 1);
	EXPECT_GE(vcpu->uc.args[1], FAR);
	EXPECT_GT(FAR + LEAP, vcpu->uc.args[1]);
	EXPECT_GE(vcpu->uc.args[1], vcpu->uc.args[2]);
	EXPECT_GE(vcpu->uc.args[2], FAR);
	EXPECT_EQ(0, vcpu->uc.args[3]);
	EXPECT_EQ(0, get(vcpu, MSR_TSC_ADJUST));
}

/* The same value for another vCPU a moment later means: like that one. */
TEST_F(tsc, restored_ones_are_in_step)
{
	struct vcpu *third = vcpu_new(self->first->vm, 2);

	if (!runs_by_itself())
		SKIP(return, "the host's counters differ");
	restore_second(self->first, self->second);
	EXPECT_TRUE(in_step(self->first, self->second));
	restore_second(self->second, third);
	EXPECT_TRUE(in_step(third, self->second));
}

TEST_F(tsc, far_ones_are_not)
{
	ASSERT_TRUE(set_msr(self->first, MSR_TSC, FAR));
	ASSERT_TRUE(set_msr(self->second, MSR_TSC, 2 * FAR));
	EXPECT_GT(FAR + LEAP, get(self->first, MSR_TSC));
	EXPECT_GE(get(self->second, MSR_TSC), 2 * FAR);
	/* Two seconds are too much. */
	ASSERT_TRUE(set_msr(self->first, MSR_TSC,
			    2 * FAR + 60000 * self->khz));
	EXPECT_FALSE(in_step(self->second, self->first));
}

/* Zero is no time: the vCPU joins the others. */
TEST_F(tsc, zero_joins)
{
	if (!runs_by_itself())
		SKIP(return, "the host's counters differ");
	ASSERT_TRUE(set_msr(self->first, MSR_TSC, FAR));
	ASSERT_TRUE(set_msr(self->second, MSR_TSC, 0));
	EXPECT_TRUE(in_step(self->first, self->second));
}

/* Each of the two registers moves the other when the guest writes it. */
TEST_F(tsc, guest_writes_counter)
{
	struct vcpu *vcpu = self->first;
	u64 before, after;

	vcpu_setup(vcpu, GUEST_64, "writes_tsc");
	vcpu_args(vcpu, 2, (u64)MSR_TSC, FAR);
	run_to_sync(vcpu, 1);
	before = vcpu->uc.args[1];
	after = vcpu->uc.args[2];
	EXPECT_GE(after, FAR);
	EXPECT_GT(FAR + LEAP, after);
	EXPECT_GE(FAR - before, vcpu->uc.args[3]);
	EXPECT_GT(vcpu->uc.args[3] + LEAP, FAR - before);
	EXPECT_EQ(vcpu->uc.args[3], get(vcpu, MSR_TSC_ADJUST));
}

TEST_F(tsc, guest_writes_adjust)
{
	struct vcpu *vcpu = self->first;

	vcpu_setup(vcpu, GUEST_64, "writes_tsc");
	vcpu_args(vcpu, 2, (u64)MSR_TSC_ADJUST, FAR);
	run_to_sync(vcpu, 1);
	EXPECT_EQ(FAR, vcpu->uc.args[3]);
	EXPECT_GE(vcpu->uc.args[2], vcpu->uc.args[1] + FAR);
	EXPECT_GT(vcpu->uc.args[1] + FAR + LEAP, vcpu->uc.args[2]);
}

/* The VMM's writes are a state, and move nothing else. */
TEST_F(tsc, vmm_writes_adjust)
{
	struct vcpu *vcpu = self->first;

	ASSERT_TRUE(set_msr(vcpu, MSR_TSC_ADJUST, FAR));
	EXPECT_EQ(FAR, get(vcpu, MSR_TSC_ADJUST));
	EXPECT_GT(FAR, get(vcpu, MSR_TSC));
	ASSERT_TRUE(set_msr(vcpu, MSR_TSC, 2 * FAR));
	EXPECT_EQ(FAR, get(vcpu, MSR_TSC_ADJUST));
}

TEST_F(tsc, frequency)
{
	struct vcpu *vcpu = self->first;
	struct vm *vm = vcpu->vm;

	ASSERT_GT(self->khz, 1000);
	EXPECT_EQ((int)self->khz, ioctl(vm->fd, NACRE_GET_TSC_KHZ, 0));
	EXPECT_EQ(0, ioctl(vcpu->fd, NACRE_SET_TSC_KHZ, self->khz));
	EXPECT_EQ(0, ioctl(vcpu->fd, NACRE_SET_TSC_KHZ, self->khz + 1));
	EXPECT_EQ((int)self->khz + 1, ioctl(vcpu->fd, NACRE_GET_TSC_KHZ, 0));
	EXPECT_EQ(0, ioctl(vcpu->fd, NACRE_SET_TSC_KHZ, 0));
	EXPECT_EQ((int)self->khz, ioctl(vcpu->fd, NACRE_GET_TSC_KHZ, 0));
	EXPECT_EQ(0, ioctl(vm->fd, NACRE_SET_TSC_KHZ, 0));
	if (device_cap(NACRE_CAP_TSC_CONTROL) > 0)
		return;
	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_SET_TSC_KHZ,
				   self->khz / 2));
}

TEST_HARNESS_MAIN
