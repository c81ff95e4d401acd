// SPDX-License-Identifier: GPL-2.0
/* The small vCPU ioctls: run state, translation, TSC frequency. */
#include "test.h"

#define PAGE_GVA 0x40000000ull

guest_entry void done(void)
{
	guest_done();
}

guest_entry void tells_tsc(void)
{
	for (;;)
		guest_sync(1, rdtsc());
}

FIXTURE(small) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(small)
{
	self->vcpu = vcpu_with_guest(GUEST_64, "done");
}

FIXTURE_TEARDOWN(small)
{
	vm_free(self->vcpu->vm);
}

static int set_mp_state(struct vcpu *vcpu, u32 state)
{
	struct nacre_mp_state s = { .mp_state = state };

	return ioctl(vcpu->fd, NACRE_SET_MP_STATE, &s);
}

/* Without an in-kernel APIC there is one state. */
TEST_F(small, mp_state)
{
	static const u32 others[] = {
		NACRE_MP_STATE_UNINITIALIZED, NACRE_MP_STATE_INIT_RECEIVED,
		NACRE_MP_STATE_HALTED, NACRE_MP_STATE_SIPI_RECEIVED, 5, 100,
		0xffffffff,
	};
	struct nacre_mp_state s = { .mp_state = 77 };

	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_GET_MP_STATE, &s));
	EXPECT_EQ(NACRE_MP_STATE_RUNNABLE, s.mp_state);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		EXPECT_ERROR(EINVAL, set_mp_state(self->vcpu, others[i]));
	EXPECT_EQ(0, set_mp_state(self->vcpu, NACRE_MP_STATE_RUNNABLE));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_GET_MP_STATE, 8));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_SET_MP_STATE, 8));
	run_to_done(self->vcpu);
}

static struct nacre_translation translate(struct vcpu *vcpu, u64 gva)
{
	struct nacre_translation t = { .linear_address = gva };

	CHECK(ioctl(vcpu->fd, NACRE_TRANSLATE, &t) == 0);
	return t;
}

TEST_F(small, translation)
{
	struct vm *vm = self->vcpu->vm;
	u64 gpa = vm_alloc(vm, PAGE_SIZE);
	struct nacre_translation t;

	vm_map(vm, PAGE_GVA, gpa, PTE_WRITE);
	*vm_pte(vm, PAGE_GVA + PAGE_SIZE) = 0;
	t = translate(self->vcpu, PAGE_GVA + 0x123);
	EXPECT_EQ(1, t.valid);
	EXPECT_EQ(gpa + 0x123, t.physical_address);
	t = translate(self->vcpu, PAGE_GVA + PAGE_SIZE);
	EXPECT_EQ(0, t.valid);
	/* In a large page. */
	t = translate(self->vcpu, 0x80212345);
	EXPECT_EQ(1, t.valid);
	EXPECT_EQ(0x80212345, t.physical_address);
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_TRANSLATE, 8));
}

TEST_F(small, translation_without_paging)
{
	struct nacre_translation t;
	struct nacre_sregs s;

	get_sregs(self->vcpu, &s);
	mode_sregs(self->vcpu->vm, GUEST_32, &s);
	s.efer = 0;
	set_sregs(self->vcpu, &s);
	t = translate(self->vcpu, 0x12345678);
	EXPECT_EQ(1, t.valid);
	EXPECT_EQ(0x12345678, t.physical_address);
}

/* The host's own frequency is taken even where there is no control. */
TEST_F(small, tsc_khz)
{
	int khz = ioctl(self->vcpu->fd, NACRE_GET_TSC_KHZ, 0);

	EXPECT_GT(khz, 1000);
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_TSC_KHZ, khz));
	EXPECT_EQ(khz, ioctl(self->vcpu->fd, NACRE_GET_TSC_KHZ, 0));
	/* 0 stands for the host's. */
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_TSC_KHZ, 0));
	EXPECT_EQ(khz, ioctl(self->vcpu->fd, NACRE_GET_TSC_KHZ, 0));
}

/* The guest's TSC begins near 0, never goes back, and obeys the VMM. */
TEST_F(small, tsc)
{
	u64 khz = ioctl(self->vcpu->fd, NACRE_GET_TSC_KHZ, 0), last, v;

	vcpu_setup(self->vcpu, GUEST_64, "tells_tsc");
	run_to_sync(self->vcpu, 1);
	last = self->vcpu->uc.args[1];
	EXPECT_LT(last, khz * 1000 * 60);
	for (int i = 0; i < 10; i++) {
		run_to_sync(self->vcpu, 1);
		EXPECT_GT(self->vcpu->uc.args[1], last);
		last = self->vcpu->uc.args[1];
	}
	ASSERT_TRUE(set_msr(self->vcpu, MSR_TSC, 1ull << 50));
	ASSERT_TRUE(get_msr(self->vcpu, MSR_TSC, &v));
	EXPECT_GE(v, 1ull << 50);
	run_to_sync(self->vcpu, 1);
	EXPECT_GE(self->vcpu->uc.args[1], 1ull << 50);
	EXPECT_LT(self->vcpu->uc.args[1], (1ull << 50) + khz * 1000 * 60);
}

TEST_HARNESS_MAIN
