// SPDX-License-Identifier: GPL-2.0
/* x87 and SSE state: the guest's and the VMM's do not meet. */
#include "test.h"

#define PORT 0x80

guest_data u8 xmm_in[16 * 16];
guest_data u8 xmm_out[16 * 16];
guest_data u16 fcw;
guest_data u32 mxcsr;

static void load_xmm(const u8 *p)
{
	asm volatile("movdqu 0(%0), %%xmm0\n movdqu 16(%0), %%xmm1\n"
		     "movdqu 32(%0), %%xmm2\n movdqu 48(%0), %%xmm3\n"
		     "movdqu 64(%0), %%xmm4\n movdqu 80(%0), %%xmm5\n"
		     "movdqu 96(%0), %%xmm6\n movdqu 112(%0), %%xmm7\n"
		     "movdqu 128(%0), %%xmm8\n movdqu 144(%0), %%xmm9\n"
		     "movdqu 160(%0), %%xmm10\n movdqu 176(%0), %%xmm11\n"
		     "movdqu 192(%0), %%xmm12\n movdqu 208(%0), %%xmm13\n"
		     "movdqu 224(%0), %%xmm14\n movdqu 240(%0), %%xmm15\n"
		     : : "r"(p) : "memory");
}

static void store_xmm(u8 *p)
{
	asm volatile("movdqu %%xmm0, 0(%0)\n movdqu %%xmm1, 16(%0)\n"
		     "movdqu %%xmm2, 32(%0)\n movdqu %%xmm3, 48(%0)\n"
		     "movdqu %%xmm4, 64(%0)\n movdqu %%xmm5, 80(%0)\n"
		     "movdqu %%xmm6, 96(%0)\n movdqu %%xmm7, 112(%0)\n"
		     "movdqu %%xmm8, 128(%0)\n movdqu %%xmm9, 144(%0)\n"
		     "movdqu %%xmm10, 160(%0)\n movdqu %%xmm11, 176(%0)\n"
		     "movdqu %%xmm12, 192(%0)\n movdqu %%xmm13, 208(%0)\n"
		     "movdqu %%xmm14, 224(%0)\n movdqu %%xmm15, 240(%0)\n"
		     : : "r"(p) : "memory");
}

/* Holds a pattern in every register over @rounds exits. */
guest_entry void holds_xmm(u64 rounds)
{
	for (u64 i = 0; i < sizeof(xmm_in); i++)
		xmm_in[i] = i * 7 + 1;
	load_xmm(xmm_in);
	for (u64 i = 0; i < rounds; i++)
		outb(PORT, i);
	store_xmm(xmm_out);
	for (u64 i = 0; i < sizeof(xmm_in); i++)
		GUEST_ASSERT_EQ(xmm_in[i], xmm_out[i]);
	guest_done();
}

/* Shows the host what is in the registers, then loads what it finds. */
guest_entry void swaps_xmm(void)
{
	store_xmm(xmm_out);
	asm volatile("fnstcw %0" : "=m"(fcw));
	asm volatile("stmxcsr %0" : "=m"(mxcsr));
	guest_sync(1);
	load_xmm(xmm_in);
	asm volatile("fldcw %0" : : "m"(fcw));
	asm volatile("ldmxcsr %0" : : "m"(mxcsr));
	guest_sync(2);
	guest_done();
}

/* Eight values on the x87 stack, over exits. */
guest_entry void holds_x87(u64 rounds)
{
	u64 sum = 0, v;

	asm volatile("fninit");
	for (v = 1; v <= 8; v++)
		asm volatile("fildll %0" : : "m"(v));
	for (u64 i = 0; i < rounds; i++)
		outb(PORT, i);
	for (int i = 8; i >= 1; i--) {
		asm volatile("fistpll %0" : "=m"(v));
		GUEST_ASSERT_EQ(v, i);
		sum += v;
	}
	GUEST_ASSERT_EQ(sum, 36);
	guest_done();
}

guest_entry void spoils_everything(void)
{
	u16 cw = 0x0c7f;
	u32 csr = 0x7f80;

	for (u64 i = 0; i < sizeof(xmm_in); i++)
		xmm_in[i] = 0xee;
	load_xmm(xmm_in);
	asm volatile("fninit; fldpi; fldpi; fldcw %0" : : "m"(cw));
	asm volatile("ldmxcsr %0" : : "m"(csr));
	for (u64 i = 0;; i++)
		outb(PORT, i);
}

FIXTURE(fpu) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(fpu)
{
	self->vcpu = vcpu_new(vm_new(), 0);
}

FIXTURE_TEARDOWN(fpu)
{
	vm_free(self->vcpu->vm);
}

static void next_out(struct vcpu *vcpu)
{
	run_to_pio(vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
}

TEST_F(fpu, guest_xmm_survives_exits)
{
	u8 mine[256];

	memset(mine, 0x99, sizeof(mine));
	vcpu_setup(self->vcpu, GUEST_64, "holds_xmm");
	vcpu_args(self->vcpu, 1, 10ull);
	for (int i = 0; i < 10; i++) {
		next_out(self->vcpu);
		load_xmm(mine);
	}
	run_to_done(self->vcpu);
}

TEST_F(fpu, guest_x87_survives_exits)
{
	vcpu_setup(self->vcpu, GUEST_64, "holds_x87");
	vcpu_args(self->vcpu, 1, 10ull);
	for (int i = 0; i < 10; i++) {
		next_out(self->vcpu);
		asm volatile("fninit; fldz; fldz; fldz");
	}
	run_to_done(self->vcpu);
	asm volatile("fninit");
}

/* Two guests by turns in one thread. */
TEST_F(fpu, two_vcpus_in_one_thread)
{
	struct vcpu *other = vcpu_with_guest(GUEST_64, "spoils_everything");

	vcpu_setup(self->vcpu, GUEST_64, "holds_xmm");
	vcpu_args(self->vcpu, 1, 10ull);
	for (int i = 0; i < 10; i++) {
		next_out(self->vcpu);
		next_out(other);
	}
	run_to_done(self->vcpu);
	vm_free(other->vm);
}

TEST_F(fpu, host_sse_is_unharmed)
{
	u8 before[256], after[256];
	u32 csr = 0x3f80, csr_after;

	for (size_t i = 0; i < sizeof(before); i++)
		before[i] = i ^ 0x5a;
	vcpu_setup(self->vcpu, GUEST_64, "spoils_everything");
	for (int i = 0; i < 5; i++) {
		load_xmm(before);
		asm volatile("ldmxcsr %0" : : "m"(csr));
		raw_run(self->vcpu);
		store_xmm(after);
		asm volatile("stmxcsr %0" : "=m"(csr_after));
		EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
		EXPECT_EQ(csr, csr_after);
	}
}

TEST_F(fpu, host_x87_is_unharmed)
{
	u16 cw = 0x027f, cw_after = 0;
	u64 v = 12345, v_after = 0;

	vcpu_setup(self->vcpu, GUEST_64, "spoils_everything");
	for (int i = 0; i < 5; i++) {
		asm volatile("fninit; fldcw %0; fildll %1" : : "m"(cw), "m"(v));
		raw_run(self->vcpu);
		asm volatile("fistpll %0; fnstcw %1" : "=m"(v_after),
			     "=m"(cw_after));
		EXPECT_EQ(v, v_after);
		EXPECT_EQ(cw, cw_after);
	}
	asm volatile("fninit");
}

static bool host_has_avx(void)
{
	u32 r[4], lo, hi;

	cpuid(1, 0, r);
	if (!(r[2] & (1u << 27)) || !(r[2] & (1u << 28)))
		return false;
	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (lo & 6) == 6;
}

TEST_F(fpu, host_avx_is_unharmed)
{
	u8 before[32], after[32];

	if (!host_has_avx())
		SKIP(return, "the processor has no AVX");
	for (size_t i = 0; i < sizeof(before); i++)
		before[i] = i * 3 + 1;
	vcpu_setup(self->vcpu, GUEST_64, "spoils_everything");
	for (int i = 0; i < 5; i++) {
		memset(after, 0, sizeof(after));
		asm volatile("vmovdqu %0, %%ymm9" : : "m"(before));
		raw_run(self->vcpu);
		asm volatile("vmovdqu %%ymm9, %0" : "=m"(after));
		EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
	}
	asm volatile("vzeroupper");
}

/*
 * NACRE_SET_FPU reaches the guest, NACRE_GET_FPU shows what it has. In-tree KVM
 * has no MXCSR in either, and drops the rest while the guest's state is still
 * in its initial configuration: so the guest uses all of it first.
 */
TEST_F(fpu, set_and_get)
{
	struct vcpu *vcpu = self->vcpu;
	struct nacre_fpu f, g;
	u8 *in, *out;

	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_GET_FPU, &f));
	EXPECT_EQ(0x37f, f.fcw);
	vcpu_setup(vcpu, GUEST_64, "spoils_everything");
	next_out(vcpu);
	f.fcw = 0x27f;
	f.mxcsr = 0x1f80;
	for (int i = 0; i < 256; i++)
		f.xmm[i / 16][i % 16] = 255 - i;
	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_SET_FPU, &f));
	vcpu_setup(vcpu, GUEST_64, "swaps_xmm");
	in = guest_var(vcpu->vm, GUEST_64, "xmm_in");
	out = guest_var(vcpu->vm, GUEST_64, "xmm_out");
	run_to_sync(vcpu, 1);
	EXPECT_EQ(0, memcmp(f.xmm, out, 256));
	EXPECT_EQ(0x27f, *(u16 *)guest_var(vcpu->vm, GUEST_64, "fcw"));
	for (int i = 0; i < 256; i++)
		in[i] = i ^ 0x33;
	*(u16 *)guest_var(vcpu->vm, GUEST_64, "fcw") = 0x77f;
	*(u32 *)guest_var(vcpu->vm, GUEST_64, "mxcsr") = 0x5f80;
	run_to_sync(vcpu, 2);
	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_GET_FPU, &g));
	EXPECT_EQ(0, memcmp(g.xmm, in, 256));
	EXPECT_EQ(0x77f, g.fcw);
}

TEST_HARNESS_MAIN
