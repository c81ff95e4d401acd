// SPDX-License-Identifier: GPL-2.0
/* Extended state and XCR0 between the VMM and the guest. */
#include "test.h"

#define PORT 0x80
#define XSAVE_CPUID (1u << 26)
#define AVX_CPUID (1u << 28)
#define X87 1u
#define SSE 2u
#define AVX 4u

/* Offsets in the standard format of XSAVE. */
#define FCW 0
#define MXCSR (24 / 4)
#define XMM0 160
#define XSTATE_BV (512 / 4)
#define YMM_HIGH0 576

static unsigned int xsetbv_catch(u32 index, u64 value)
{
	asm volatile(GUEST_CATCH("xsetbv")
		     : : "a"((u32)value), "d"((u32)(value >> 32)), "c"(index)
		     : "memory");
	return guest_caught();
}

static u64 xgetbv(u32 index)
{
	u32 lo, hi;

	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
	return (u64)hi << 32 | lo;
}

guest_entry void writes_xcr0(void)
{
	u64 xcr0;

	write_cr4(read_cr4() | X86_CR4_OSXSAVE);
	xcr0 = xgetbv(0);
	GUEST_ASSERT_EQ(xcr0, X87);
	GUEST_ASSERT_EQ(xsetbv_catch(0, 0), GP_VECTOR);
	GUEST_ASSERT_EQ(xsetbv_catch(0, SSE), GP_VECTOR);
	GUEST_ASSERT_EQ(xsetbv_catch(0, X87 | AVX), GP_VECTOR);
	GUEST_ASSERT_EQ(xsetbv_catch(0, X87 | 1ull << 62), GP_VECTOR);
	GUEST_ASSERT_EQ(xsetbv_catch(1, X87), GP_VECTOR);
	GUEST_ASSERT_EQ(xgetbv(0), X87);
	GUEST_ASSERT_EQ(xsetbv_catch(0, X87 | SSE), NO_VECTOR);
	GUEST_ASSERT_EQ(xgetbv(0), X87 | SSE);
	guest_sync(1);
	/* The VMM has written it by now. */
	guest_sync(2, xgetbv(0));
	guest_done();
}

guest_data u8 ymm[32];

guest_entry void holds_ymm(u64 rounds)
{
	write_cr4(read_cr4() | X86_CR4_OSXSAVE);
	GUEST_ASSERT_EQ(xsetbv_catch(0, X87 | SSE | AVX), NO_VECTOR);
	for (u32 i = 0; i < 32; i++)
		ymm[i] = i * 5 + 1;
	asm volatile("vmovdqu %0, %%ymm7" : : "m"(ymm));
	for (u64 i = 0; i < rounds; i++)
		outb(PORT, i);
	asm volatile("vmovdqu %%ymm7, %0" : "=m"(ymm));
	for (u32 i = 0; i < 32; i++)
		GUEST_ASSERT_EQ(ymm[i], (u8)(i * 5 + 1));
	guest_sync(1);
	asm volatile("vmovdqu %%ymm7, %0" : "=m"(ymm));
	guest_sync(2);
	guest_done();
}

FIXTURE(xstate) {
	struct vcpu *vcpu;
	struct nacre_xsave xsave;
};

static u32 supported_features(void)
{
	struct nacre_cpuid2 *c = supported_cpuid();
	u32 features = find_leaf(c, 1, 0)->ecx;

	free(c);
	return features;
}

FIXTURE_SETUP(xstate)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	set_supported_cpuid(self->vcpu);
}

FIXTURE_TEARDOWN(xstate)
{
	vm_free(self->vcpu->vm);
}

#define NEEDS(bit, what)						\
	do {								\
		if (!(supported_features() & (bit)))			\
			SKIP(return, "no " what);			\
	} while (0)

#define get_xsave() ioctl(self->vcpu->fd, NACRE_GET_XSAVE, &self->xsave)
#define set_xsave() ioctl(self->vcpu->fd, NACRE_SET_XSAVE, &self->xsave)

TEST_F(xstate, guest_writes_xcr0)
{
	struct nacre_xcrs x;

	NEEDS(XSAVE_CPUID, "XSAVE");
	vcpu_setup(self->vcpu, GUEST_64, "writes_xcr0");
	run_to_sync(self->vcpu, 1);
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_GET_XCRS, &x));
	ASSERT_EQ(1, x.nr_xcrs);
	EXPECT_EQ(0, x.xcrs[0].xcr);
	EXPECT_EQ(X87 | SSE, x.xcrs[0].value);
	x.xcrs[0].value = X87;
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_XCRS, &x));
	run_to_sync(self->vcpu, 2);
	EXPECT_EQ(X87, self->vcpu->uc.args[1]);
	run_to_done(self->vcpu);
}

TEST_F(xstate, refused_xcrs)
{
	struct nacre_xcrs x;

	NEEDS(XSAVE_CPUID, "XSAVE");
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_GET_XCRS, &x));
	EXPECT_EQ(X87, x.xcrs[0].value);
	x.xcrs[0].value = SSE;
	EXPECT_ERROR(EINVAL, ioctl(self->vcpu->fd, NACRE_SET_XCRS, &x));
	x.xcrs[0].value = X87 | 1ull << 62;
	EXPECT_ERROR(EINVAL, ioctl(self->vcpu->fd, NACRE_SET_XCRS, &x));
	x.xcrs[0].value = X87;
	x.flags = 1;
	EXPECT_ERROR(EINVAL, ioctl(self->vcpu->fd, NACRE_SET_XCRS, &x));
	x.flags = 0;
	x.nr_xcrs = NACRE_MAX_XCRS + 1;
	EXPECT_ERROR(EINVAL, ioctl(self->vcpu->fd, NACRE_SET_XCRS, &x));
	x.nr_xcrs = 1;
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_XCRS, &x));
}

TEST_F(xstate, guest_ymm_survives_exits)
{
	u8 mine[32];

	NEEDS(AVX_CPUID, "AVX");
	memset(mine, 0xcc, sizeof(mine));
	vcpu_setup(self->vcpu, GUEST_64, "holds_ymm");
	vcpu_args(self->vcpu, 1, 5ull);
	for (int i = 0; i < 5; i++) {
		run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
		asm volatile("vmovdqu %0, %%ymm7" : : "m"(mine));
	}
	run_to_sync(self->vcpu, 1);
	asm volatile("vzeroupper");
}

/* The upper half of YMM7 as the VMM sees it, and as it sets it. */
TEST_F(xstate, xsave_shows_and_sets_ymm)
{
	u8 *area = (u8 *)self->xsave.region, *seen;

	NEEDS(AVX_CPUID, "AVX");
	vcpu_setup(self->vcpu, GUEST_64, "holds_ymm");
	vcpu_args(self->vcpu, 1, 0ull);
	run_to_sync(self->vcpu, 1);
	ASSERT_EQ(0, get_xsave());
	EXPECT_EQ(AVX, self->xsave.region[XSTATE_BV] & AVX);
	for (u32 i = 0; i < 16; i++) {
		EXPECT_EQ((u8)(i * 5 + 1), area[XMM0 + 7 * 16 + i]);
		EXPECT_EQ((u8)((i + 16) * 5 + 1),
			  area[YMM_HIGH0 + 7 * 16 + i]);
	}
	for (u32 i = 0; i < 16; i++) {
		area[XMM0 + 7 * 16 + i] = 0x40 + i;
		area[YMM_HIGH0 + 7 * 16 + i] = 0x80 + i;
	}
	ASSERT_EQ(0, set_xsave());
	run_to_sync(self->vcpu, 2);
	seen = guest_var(self->vcpu->vm, GUEST_64, "ymm");
	for (u32 i = 0; i < 16; i++) {
		EXPECT_EQ(0x40 + i, seen[i]);
		EXPECT_EQ(0x80 + i, seen[16 + i]);
	}
}

TEST_F(xstate, initial_state)
{
	ASSERT_EQ(0, get_xsave());
	EXPECT_EQ(0x37f, self->xsave.region[FCW] & 0xffff);
	EXPECT_EQ(0x1f80, self->xsave.region[MXCSR]);
}

TEST_F(xstate, refused_xsave)
{
	/* Without, the rest of the area is nobody's. */
	NEEDS(XSAVE_CPUID, "XSAVE");
	ASSERT_EQ(0, get_xsave());
	self->xsave.region[XSTATE_BV] |= SSE;
	self->xsave.region[MXCSR] |= 1u << 31;
	EXPECT_ERROR(EINVAL, set_xsave());
	ASSERT_EQ(0, get_xsave());
	self->xsave.region[XSTATE_BV + 1] |= 1u << 30;
	EXPECT_ERROR(EINVAL, set_xsave());
	/* The reserved part of the header. */
	ASSERT_EQ(0, get_xsave());
	self->xsave.region[XSTATE_BV + 8] = 1;
	EXPECT_ERROR(EINVAL, set_xsave());
	ASSERT_EQ(0, get_xsave());
	EXPECT_EQ(0, set_xsave());
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_SET_XSAVE, 8));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_GET_XSAVE, 8));
}

TEST_HARNESS_MAIN
