/* SPDX-License-Identifier: GPL-2.0 */
/* Where kernels differ about mitigations round an SVM guest. */
#ifndef NACRE_COMPAT_SVM_H
#define NACRE_COMPAT_SVM_H

#ifdef __ASSEMBLY__

#include <asm/alternative.h>
#include <asm/cpufeatures.h>
#include <asm/nospec-branch.h>

/*
 * Untrain returns after a guest, AX CX DX lost. Older kernels leave the IBPB
 * that SRSO may want at this place to the hypervisor.
 */
.macro COMPAT_UNTRAIN_RET_VM
#ifdef UNTRAIN_RET_VM
	UNTRAIN_RET_VM
#else
	UNTRAIN_RET
#ifdef X86_FEATURE_IBPB_ON_VMEXIT
	ALTERNATIVE "", "call entry_ibpb", X86_FEATURE_IBPB_ON_VMEXIT
#endif
#endif
.endm

/* Clear buffers before a guest, ZF lost; kernels before TSA need not. */
.macro COMPAT_VM_CLEAR_CPU_BUFFERS
#ifdef VM_CLEAR_CPU_BUFFERS
	VM_CLEAR_CPU_BUFFERS
#endif
.endm

#else /* !__ASSEMBLY__ */

#include <asm/cpufeature.h>
#include <asm/msr.h>

/* SRSO by BP_SPEC_REDUCE: the kernel leaves it to the hypervisor to set. */
static inline void compat_svm_mitigations_on(void)
{
#ifdef X86_FEATURE_SRSO_BP_SPEC_REDUCE
	if (cpu_feature_enabled(X86_FEATURE_SRSO_BP_SPEC_REDUCE))
		msr_set_bit(MSR_ZEN4_BP_CFG,
			    MSR_ZEN4_BP_CFG_BP_SPEC_REDUCE_BIT);
#endif
}

static inline void compat_svm_mitigations_off(void)
{
#ifdef X86_FEATURE_SRSO_BP_SPEC_REDUCE
	if (cpu_feature_enabled(X86_FEATURE_SRSO_BP_SPEC_REDUCE))
		msr_clear_bit(MSR_ZEN4_BP_CFG,
			      MSR_ZEN4_BP_CFG_BP_SPEC_REDUCE_BIT);
#endif
}

#endif /* __ASSEMBLY__ */

#endif /* NACRE_COMPAT_SVM_H */
