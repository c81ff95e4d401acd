// SPDX-License-Identifier: GPL-2.0
/* What the guest's counter is made of: an offset, and a rate of its own. */
#include "test.h"

#define UNMAPPED 8
#define FAR (1ull << 50)
#define TRIES 20
#define CLOCK_SOURCES \
	"/sys/devices/system/clocksource/clocksource0/available_clocksource"

guest_entry void tells_tsc(void)
{
	for (;;)
		guest_sync(1, rdtsc());
}

FIXTURE(tsc_offset) {
	struct vm *vm;
	struct vcpu *first, *second;
	u64 khz;
	bool scales;
};

FIXTURE_SETUP(tsc_offset)
{
	pin_to_cpu(0);
	self->vm = vm_new();
	self->first = vcpu_new(self->vm, 0);
	self->second = vcpu_new(self->vm, 1);
	self->khz = ioctl(self->first->fd, NACRE_GET_TSC_KHZ, 0);
	self->scales = device_cap(NACRE_CAP_TSC_CONTROL);
}

FIXTURE_TEARDOWN(tsc_offset)
{
	vm_free(self->vm);
}

static int attr(struct vcpu *vcpu, unsigned int cmd, u32 group, u64 what,
		u64 addr)
{
	struct nacre_device_attr a = {
		.group = group, .attr = what, .addr = addr,
	};

	return ioctl(vcpu->fd, cmd, &a);
}

#define OFFSET NACRE_VCPU_TSC_CTRL, NACRE_VCPU_TSC_OFFSET

static u64 get_offset(struct vcpu *vcpu)
{
	u64 offset = 0;

	CHECK(!attr(vcpu, NACRE_GET_DEVICE_ATTR, OFFSET, (ulong)&offset));
	return offset;
}

static void set_offset(struct vcpu *vcpu, u64 offset)
{
	CHECK(!attr(vcpu, NACRE_SET_DEVICE_ATTR, OFFSET, (ulong)&offset));
}

/* Where the host's counters differ, in-tree KVM moves the guest's about. */
static bool offsets_stay(void)
{
	char sources[256] = "";
	FILE *f = fopen(CLOCK_SOURCES, "r");

	CHECK(f && fgets(sources, sizeof(sources), f));
	fclose(f);
	return on_nacre() || strstr(sources, "tsc");
}

#define NEEDS_OFFSETS_THAT_STAY						\
	if (!offsets_stay())						\
		SKIP(return, "the host's counters differ")

static u64 get_tsc(struct vcpu *vcpu)
{
	u64 v;

	CHECK(get_msr(vcpu, MSR_TSC, &v));
	return v;
}

TEST_F(tsc_offset, errors)
{
	static const unsigned int calls[] = {
		NACRE_HAS_DEVICE_ATTR, NACRE_GET_DEVICE_ATTR,
		NACRE_SET_DEVICE_ATTR,
	};
	struct vcpu *vcpu = self->first;
	u64 any;

	EXPECT_EQ(1, vm_cap(self->vm, NACRE_CAP_VCPU_ATTRIBUTES));
	EXPECT_EQ(0, attr(vcpu, NACRE_HAS_DEVICE_ATTR, OFFSET, UNMAPPED));
	for (int i = 0; i < 3; i++) {
		EXPECT_ERROR(ENXIO, attr(vcpu, calls[i], 1, 0, (ulong)&any));
		EXPECT_ERROR(ENXIO, attr(vcpu, calls[i], NACRE_VCPU_TSC_CTRL, 1,
					 (ulong)&any));
		EXPECT_ERROR(EFAULT, ioctl(vcpu->fd, calls[i], 8ul));
		if (i)
			EXPECT_ERROR(EFAULT,
				     attr(vcpu, calls[i], OFFSET, UNMAPPED));
	}
}

/* The counter is the host's with it, read between two of the host's. */
static void holds(struct vcpu *vcpu, u64 offset)
{
	u64 before = rdtsc(), guest = get_tsc(vcpu), after = rdtsc();

	CHECK(get_offset(vcpu) == offset);
	CHECK(before + offset <= guest && guest <= after + offset);
	before = rdtsc();
	run_to_sync(vcpu, 1);
	after = rdtsc();
	CHECK(before + offset <= vcpu->uc.args[1]);
	CHECK(vcpu->uc.args[1] <= after + offset);
}

TEST_F(tsc_offset, is_added)
{
	static const u64 offsets[] = { 0, FAR, 12345, -FAR, 1 };

	NEEDS_OFFSETS_THAT_STAY;
	vcpu_setup(self->first, GUEST_64, "tells_tsc");
	holds(self->first, get_offset(self->first));
	for (int i = 0; i < 5; i++) {
		set_offset(self->first, offsets[i]);
		holds(self->first, offsets[i]);
	}
}

/* A counter that is written has another offset, and so has TSC_ADJUST's. */
TEST_F(tsc_offset, follows_the_counter)
{
	u64 before = rdtsc(), after;

	NEEDS_OFFSETS_THAT_STAY;
	CHECK(set_msr(self->first, MSR_TSC, FAR));
	after = rdtsc();
	EXPECT_LE(FAR - after, get_offset(self->first));
	EXPECT_GE(FAR - before, get_offset(self->first));
}

/* The way to move a guest: a counter each, by offsets, exactly. */
TEST_F(tsc_offset, differ_exactly)
{
	u64 offset = get_offset(self->first);

	NEEDS_OFFSETS_THAT_STAY;
	set_offset(self->first, offset + 1000);
	set_offset(self->second, offset + 1003);
	EXPECT_EQ(offset + 1000, get_offset(self->first));
	EXPECT_EQ(offset + 1003, get_offset(self->second));
}

/* A rate by two clocks that were read one after the other, often. */
static bool rate_is(struct vcpu *vcpu, u64 khz, u64 host_khz)
{
	for (int i = 0; i < TRIES; i++) {
		u64 guest = get_tsc(vcpu), host = rdtsc(), should;

		pause_us(50000);
		guest = get_tsc(vcpu) - guest;
		host = rdtsc() - host;
		should = (u64)((__uint128_t)host * khz / host_khz);
		if (guest > should * 98 / 100 && guest < should * 102 / 100)
			return true;
	}
	return false;
}

TEST_F(tsc_offset, host_rate)
{
	NEEDS_OFFSETS_THAT_STAY;
	EXPECT_TRUE(rate_is(self->first, self->khz, self->khz));
}

TEST_F(tsc_offset, scaled)
{
	struct vcpu *vcpu = self->first;
	u64 host, khz[] = { self->khz / 2, self->khz * 3, self->khz };

	EXPECT_EQ(self->scales, device_cap(NACRE_CAP_VM_TSC_CONTROL));
	if (!self->scales)
		SKIP(return, "the processor does not scale the TSC");
	vcpu_setup(vcpu, GUEST_64, "tells_tsc");
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_SET_TSC_KHZ, khz[i]));
		ASSERT_EQ((int)khz[i], ioctl(vcpu->fd, NACRE_GET_TSC_KHZ, 0));
		EXPECT_TRUE(rate_is(vcpu, khz[i], self->khz));
		/* RDTSC and the MSR are one. */
		host = get_tsc(vcpu);
		run_to_sync(vcpu, 1);
		EXPECT_LE(host, vcpu->uc.args[1]);
		EXPECT_LE(vcpu->uc.args[1], get_tsc(vcpu));
		/* And are what is written. */
		CHECK(set_msr(vcpu, MSR_TSC, FAR));
		EXPECT_LE(FAR, get_tsc(vcpu));
		EXPECT_GT(FAR + khz[i] * 1000 * 30, get_tsc(vcpu));
	}
	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_SET_TSC_KHZ, 0x7fffffff));
	EXPECT_ERROR(EINVAL, ioctl(self->vm->fd, NACRE_SET_TSC_KHZ,
				   0x7fffffff));
}

/* vCPUs to come have the VM's rate, and are in step. */
TEST_F(tsc_offset, scaled_vm)
{
	struct vcpu *a, *b;
	u64 before, other;

	if (!self->scales)
		SKIP(return, "the processor does not scale the TSC");
	ASSERT_EQ(0, ioctl(self->vm->fd, NACRE_SET_TSC_KHZ, self->khz * 2));
	EXPECT_EQ((int)self->khz * 2, ioctl(self->vm->fd, NACRE_GET_TSC_KHZ,
					    0));
	a = vcpu_new(self->vm, 2);
	b = vcpu_new(self->vm, 3);
	EXPECT_EQ((int)self->khz, ioctl(self->first->fd, NACRE_GET_TSC_KHZ, 0));
	EXPECT_EQ((int)self->khz * 2, ioctl(a->fd, NACRE_GET_TSC_KHZ, 0));
	EXPECT_TRUE(rate_is(b, self->khz * 2, self->khz));
	before = get_tsc(a);
	other = get_tsc(b);
	EXPECT_LE(before, other);
	EXPECT_LE(other, get_tsc(a));
}

TEST_HARNESS_MAIN
