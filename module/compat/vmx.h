/* SPDX-License-Identifier: GPL-2.0 */
/* Where kernels differ about what a VMX host owes itself round a guest. */
#ifndef NACRE_COMPAT_VMX_H
#define NACRE_COMPAT_VMX_H

#ifdef __ASSEMBLY__

#include <asm/alternative.h>
#include <asm/cpufeatures.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>

/* Clear buffers before a guest, ZF lost. */
.macro COMPAT_VMX_CLEAR_CPU_BUFFERS
#ifdef CLEAR_CPU_BUFFERS
	CLEAR_CPU_BUFFERS
#else
	VM_CLEAR_CPU_BUFFERS
#endif
.endm

/*
 * After a guest and before the first return: the RSB, and IBRS, which has to
 * be written anew where the kernel has it on for itself alone; then the branch
 * history. AX CX DX lost.
 */
.macro COMPAT_VMX_PREDICTORS_BACK
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, \
			   X86_FEATURE_RSB_VMEXIT_LITE
	ALTERNATIVE "jmp .Librs_done\@", "", X86_FEATURE_KERNEL_IBRS
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	movl	PER_CPU_VAR(x86_spec_ctrl_current), %eax
	movl	PER_CPU_VAR(x86_spec_ctrl_current + 4), %edx
	wrmsr
	lfence
.Librs_done\@:
	CLEAR_BRANCH_HISTORY_VMEXIT
.endm

#else /* !__ASSEMBLY__ */

#include <linux/compiler.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/perf_event.h>
#include <asm/processor.h>

#include "generated/nacre-config.h"

/*
 * An NMI that ended a guest's run holds up others until an IRET. It is taken
 * by the host's own gate, whose handler ends in one. The gate of a kernel with
 * FRED is another, which does not take INT n for it.
 */
static inline bool compat_can_hand_over_nmi(void)
{
#ifdef X86_FEATURE_FRED
	return !cpu_feature_enabled(X86_FEATURE_FRED);
#else
	return true;
#endif
}

static __always_inline void compat_hand_over_nmi(void)
{
	asm volatile("int $2" ::: "memory");
}

/* Not every processor can trace itself while VMX is on. */
static inline void compat_pt_handle_vmx(int on)
{
#ifdef NACRE_HAVE_PT_HANDLE_VMX
	intel_pt_handle_vmx(on);
#endif
}

/* L1TF: the host's data may not be in the first cache when a guest runs. */
static inline bool compat_l1d_needs_flush(void)
{
#ifdef NACRE_HAVE_L1TF_MITIGATION
	return boot_cpu_has_bug(X86_BUG_L1TF) &&
	       boot_cpu_has(X86_FEATURE_FLUSH_L1D) &&
	       l1tf_mitigation != L1TF_MITIGATION_OFF;
#else
	return boot_cpu_has_bug(X86_BUG_L1TF) &&
	       boot_cpu_has(X86_FEATURE_FLUSH_L1D);
#endif
}

#endif /* __ASSEMBLY__ */

#endif /* NACRE_COMPAT_VMX_H */
