// SPDX-License-Identifier: GPL-2.0
/* The guest's x87, SSE and extended state. */
#include <asm/cpufeature.h>
#include <asm/cpuid.h>
#include <asm/fpu/xcr.h>
#include <asm/msr.h>
#include <asm/pkru.h>

#include "arch/x86/arch.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/xstate.h"

/* Legacy area and header of XSAVE's image; Intel SDM, "XSAVE Area". */
#define XSAVE_LEGACY_AND_HEADER	(512 + 64)
#define XCR0_AVX512	(XFEATURE_MASK_OPMASK | XFEATURE_MASK_ZMM_Hi256 | \
			 XFEATURE_MASK_Hi16_ZMM)
/* What a guest may have: whole features that this module knows how to move. */
#define XCR0_KNOWN	(XFEATURE_MASK_FP | XFEATURE_MASK_SSE | \
			 XFEATURE_MASK_YMM | XCR0_AVX512 | XFEATURE_MASK_PKRU)

/* CPUID leaf 0Dh, as the processor told at load: exits do not ask it. */
static struct component {
	u32 size;
	u32 offset;		/* in the standard form */
	u32 ecx;
} components[XFEATURE_MAX] __read_mostly;

u64 nacre_kernel_xcr0 __ro_after_init, nacre_kernel_xss __ro_after_init;

#define LEAFD_1_EAX_COMPACTED	(BIT(1) | BIT(3))	/* XSAVEC, XSAVES */
/* IA32_XSS has its bit, not XCR0; to 64 bytes in the compacted form. */
#define LEAFD_N_ECX_SUPERVISOR	BIT(0)
#define LEAFD_N_ECX_ALIGNED	BIT(1)

void nacre_xstate_setup(void)
{
	struct component *c;
	unsigned int i;
	u32 edx;

	if (!boot_cpu_has(X86_FEATURE_OSXSAVE) ||
	    !boot_cpu_has(X86_FEATURE_XSAVE))
		return;
	nacre_kernel_xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK);
	if (boot_cpu_has(X86_FEATURE_XSAVES))
		rdmsrl(MSR_IA32_XSS, nacre_kernel_xss);
	for (i = 2; i < ARRAY_SIZE(components); i++) {
		c = &components[i];
		cpuid_count(0xd, i, &c->size, &c->offset, &c->ecx, &edx);
	}
}

u64 nacre_host_xcr0(void)
{
	return nacre_kernel_xcr0 & XCR0_KNOWN;
}

void nacre_xstate_swap_in(struct nacre_vcpu *vcpu)
{
	vcpu->arch.xcr0_loaded = vcpu->arch.xcr0 != nacre_kernel_xcr0;
	if (vcpu->arch.xcr0_loaded)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, vcpu->arch.xcr0);
	vcpu->arch.xss_loaded = vcpu->arch.xss != nacre_kernel_xss;
	if (vcpu->arch.xss_loaded)
		wrmsrl(MSR_IA32_XSS, vcpu->arch.xss);
}

void nacre_xstate_swap_out(struct nacre_vcpu *vcpu)
{
	if (vcpu->arch.xcr0_loaded)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, nacre_kernel_xcr0);
	vcpu->arch.xcr0_loaded = false;
	if (vcpu->arch.xss_loaded)
		wrmsrl(MSR_IA32_XSS, nacre_kernel_xss);
	vcpu->arch.xss_loaded = false;
}

/* Intel SDM, "XSETBV": which combinations the processor itself refuses. */
static bool valid_xcr0(const struct nacre_vcpu *vcpu, u64 xcr0)
{
	u64 avx512 = xcr0 & XCR0_AVX512;

	if (!(xcr0 & XFEATURE_MASK_FP))
		return false;
	if (xcr0 & XFEATURE_MASK_YMM && !(xcr0 & XFEATURE_MASK_SSE))
		return false;
	if (avx512 && (avx512 != XCR0_AVX512 || !(xcr0 & XFEATURE_MASK_YMM)))
		return false;
	return !(xcr0 & ~(vcpu->arch.cpuid.xcr0_allowed | XFEATURE_MASK_FP));
}

int nacre_set_xcr(struct nacre_vcpu *vcpu, u32 index, u64 value)
{
	if (index != XCR_XFEATURE_ENABLED_MASK || !valid_xcr0(vcpu, value))
		return -EINVAL;
	vcpu->arch.xcr0 = value;
	return 0;
}

/* End of the last enabled component in the standard or compacted form. */
static u32 xstate_size(u64 features, bool compacted)
{
	u32 size = XSAVE_LEGACY_AND_HEADER;
	unsigned int i;

	features &= ~(u64)(XFEATURE_MASK_FP | XFEATURE_MASK_SSE);
	for (; features; features &= features - 1) {
		const struct component *c;

		i = __ffs64(features);
		if (i >= ARRAY_SIZE(components))
			break;
		c = &components[i];
		if (!compacted)
			size = max(size, c->offset + c->size);
		else if (c->ecx & LEAFD_N_ECX_ALIGNED)
			size = ALIGN(size, 64) + c->size;
		else
			size += c->size;
	}
	return size;
}

void nacre_xstate_sizes(struct nacre_vcpu *vcpu,
			struct nacre_cpuid_entry2 *leaf)
{
	u64 features = vcpu->arch.xcr0;

	if (leaf->index == 0)
		leaf->ebx = xstate_size(features, false);
	else if (leaf->index == 1 && leaf->eax & LEAFD_1_EAX_COMPACTED)
		leaf->ebx = xstate_size(features | vcpu->arch.xss, true);
}

void nacre_xstate_supported(struct nacre_cpuid_entry2 *leaf)
{
	u64 xcr0 = nacre_host_xcr0();
	const struct component *c;

	switch (leaf->index) {
	case 0:
		leaf->eax = xcr0;
		leaf->edx = xcr0 >> 32;
		leaf->ebx = xstate_size(xcr0, false);
		leaf->ecx = leaf->ebx;
		break;
	case 1:
		if (leaf->eax & LEAFD_1_EAX_COMPACTED)
			leaf->ebx = xstate_size(xcr0, true);
		break;
	default:
		if (leaf->index >= ARRAY_SIZE(components))
			break;
		c = &components[leaf->index];
		leaf->eax = c->size;
		leaf->ebx = c->offset;
		leaf->ecx = c->ecx & (LEAFD_N_ECX_SUPERVISOR |
				      LEAFD_N_ECX_ALIGNED);
		break;
	}
}

static struct fxregs_state *fxsave_of(struct nacre_vcpu *vcpu)
{
	return &vcpu->arch.fpu.fpstate->regs.fxsave;
}

long nacre_get_fpu(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct fxregs_state *fx = fxsave_of(vcpu);
	struct nacre_fpu *out = arg->data;

	BUILD_BUG_ON(sizeof(out->fpr) != sizeof(fx->st_space));
	BUILD_BUG_ON(sizeof(out->xmm) != sizeof(fx->xmm_space));
	memcpy(out->fpr, fx->st_space, sizeof(out->fpr));
	out->fcw = fx->cwd;
	out->fsw = fx->swd;
	out->ftwx = fx->twd;
	out->last_opcode = fx->fop;
	out->last_ip = fx->rip;
	out->last_dp = fx->rdp;
	memcpy(out->xmm, fx->xmm_space, sizeof(out->xmm));
	return 0;
}

long nacre_set_fpu(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct fxregs_state *fx = fxsave_of(vcpu);
	const struct nacre_fpu *in = arg->data;

	memcpy(fx->st_space, in->fpr, sizeof(fx->st_space));
	fx->cwd = in->fcw;
	fx->swd = in->fsw;
	fx->twd = in->ftwx;
	fx->fop = in->last_opcode;
	fx->rip = in->last_ip;
	fx->rdp = in->last_dp;
	memcpy(fx->xmm_space, in->xmm, sizeof(fx->xmm_space));
	return 0;
}

/* What the guest can have used: a destination may have no more than that. */
long nacre_get_xsave(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	u64 features = vcpu->arch.cpuid.xcr0_allowed | XFEATURE_MASK_FPSSE;

	compat_fpu_to_uabi(&vcpu->arch.fpu, arg->data, sizeof(struct nacre_xsave),
			   features, vcpu->arch.pkru);
	return 0;
}

long nacre_set_xsave(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	return fpu_copy_uabi_to_guest_fpstate(&vcpu->arch.fpu, arg->data,
					      nacre_host_xcr0(),
					      &vcpu->arch.pkru);
}

long nacre_get_xcrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_xcrs *out = arg->data;

	if (!boot_cpu_has(X86_FEATURE_XSAVE))
		return -EINVAL;
	out->nr_xcrs = 1;
	out->xcrs[0].xcr = XCR_XFEATURE_ENABLED_MASK;
	out->xcrs[0].value = vcpu->arch.xcr0;
	return 0;
}

long nacre_set_xcrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_xcrs *in = arg->data;
	unsigned int i;

	if (!boot_cpu_has(X86_FEATURE_XSAVE))
		return -EINVAL;
	if (in->nr_xcrs > NACRE_MAX_XCRS || in->flags)
		return -EINVAL;
	/* Others are ignored, as the ABI has it. */
	for (i = 0; i < in->nr_xcrs; i++) {
		if (in->xcrs[i].xcr == XCR_XFEATURE_ENABLED_MASK)
			return nacre_set_xcr(vcpu, in->xcrs[i].xcr,
					     in->xcrs[i].value);
	}
	return 0;
}
