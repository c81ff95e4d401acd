/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's x87, SSE and extended state.
 *
 * The kernel's own container holds the guest's registers; they are swapped
 * with the thread's once per NACRE_RUN each way. XCR0, XSS and PKRU are the
 * processor's, and so are swapped around each entry, if they differ.
 */
#ifndef NACRE_X86_XSTATE_H
#define NACRE_X86_XSTATE_H

#include <asm/cpufeature.h>

#include "module/compat/compat.h"
#include "arch/x86/regs.h"

/* What XCR0 this host lets a guest set. */
u64 nacre_host_xcr0(void);

/* At load: ask the processor how large each component is. */
void nacre_xstate_setup(void);

/* XCR0, IA32_XSS: the kernel sets them at boot, alike on every CPU. */
extern u64 nacre_kernel_xcr0, nacre_kernel_xss;

/* XCR0 and XSS, where one of them is not the host's. */
void nacre_xstate_swap_in(struct nacre_vcpu *vcpu);
void nacre_xstate_swap_out(struct nacre_vcpu *vcpu);

/*
 * XSETBV with the guest's CR4.OSXSAVE clear is #UD, so XCR0 stays the host's
 * then. And not every processor lets XSAVES be intercepted: with the host's
 * XSS a guest would reach supervisor state that it was not promised.
 */
static inline bool nacre_xstate_differs(struct nacre_vcpu *vcpu)
{
	return nacre_cr4_bits(vcpu, X86_CR4_OSXSAVE) &&
	       (vcpu->arch.xcr0 != nacre_kernel_xcr0 ||
		vcpu->arch.xss != nacre_kernel_xss);
}

/* PKRU is live where the guest has it in CR4, or can reach it by XSAVE. */
static __always_inline bool nacre_uses_pkru(struct nacre_vcpu *vcpu)
{
	return cpu_feature_enabled(X86_FEATURE_OSPKE) &&
	       (nacre_cr4_bits(vcpu, X86_CR4_PKE) ||
		vcpu->arch.xcr0 & XFEATURE_MASK_PKRU);
}

/* Irqs off, around the guest: its registers are in the processor. */
static inline void nacre_xstate_enter(struct nacre_vcpu *vcpu)
{
	if (test_thread_flag(TIF_NEED_FPU_LOAD))
		switch_fpu_return();
	if (nacre_xstate_differs(vcpu))
		nacre_xstate_swap_in(vcpu);
	if (nacre_uses_pkru(vcpu))
		wrpkru(vcpu->arch.pkru);
}

static inline void nacre_xstate_exit(struct nacre_vcpu *vcpu)
{
	if (nacre_uses_pkru(vcpu)) {
		vcpu->arch.pkru = rdpkru();
		wrpkru(vcpu->arch.host_pkru);
	}
	if (vcpu->arch.xcr0_loaded || vcpu->arch.xss_loaded)
		nacre_xstate_swap_out(vcpu);
}

/* XSETBV as the guest or userspace does it: 0 or -EINVAL. */
int nacre_set_xcr(struct nacre_vcpu *vcpu, u32 index, u64 value);
/* Leaf 0Dh: the sizes that follow from the guest's XCR0 and XSS. */
void nacre_xstate_sizes(struct nacre_vcpu *vcpu,
			struct nacre_cpuid_entry2 *leaf);
/* From the processor's own leaf 0Dh to what a guest may have of it. */
void nacre_xstate_supported(struct nacre_cpuid_entry2 *leaf);

#endif /* NACRE_X86_XSTATE_H */
