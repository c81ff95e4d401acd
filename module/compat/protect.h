/* SPDX-License-Identifier: GPL-2.0 */
/* Where kernels differ about speculation round a guest; also for assembly. */
#ifndef NACRE_COMPAT_PROTECT_H
#define NACRE_COMPAT_PROTECT_H

#include <asm/alternative.h>
#include <asm/cpufeatures.h>
#include <asm/nospec-branch.h>

/* What a kernel has no name for it does not do; no 64-bit one finds this. */
#define COMPAT_NEVER	X86_BUG_FDIV

#ifndef X86_FEATURE_CALL_DEPTH
#define X86_FEATURE_CALL_DEPTH			COMPAT_NEVER
#endif
#ifndef X86_FEATURE_SRSO_BP_SPEC_REDUCE
#define X86_FEATURE_SRSO_BP_SPEC_REDUCE		COMPAT_NEVER
#endif
#ifndef X86_FEATURE_IBPB_EXIT_TO_USER
#define X86_FEATURE_IBPB_EXIT_TO_USER		COMPAT_NEVER
#endif
#ifndef X86_FEATURE_CLEAR_CPU_BUF_VM
#define X86_FEATURE_CLEAR_CPU_BUF_VM		COMPAT_NEVER
#endif
/* Of old, one bit meant this and all other entries of the kernel. */
#ifndef X86_FEATURE_IBPB_ON_VMEXIT
#define X86_FEATURE_IBPB_ON_VMEXIT		X86_FEATURE_ENTRY_IBPB
#endif

#ifdef __ASSEMBLY__
/*
 * Untrain returns after an SVM guest, AX CX DX lost. Older kernels leave the
 * IBPB that SRSO may want at this place to the hypervisor.
 */
.macro COMPAT_UNTRAIN_RET_VM
#ifdef UNTRAIN_RET_VM
	UNTRAIN_RET_VM
#else
	UNTRAIN_RET
	ALTERNATIVE "", "call entry_ibpb", X86_FEATURE_IBPB_ON_VMEXIT
#endif
.endm

/* Clear buffers before an SVM guest, ZF lost; before TSA no kernel did. */
.macro COMPAT_VM_CLEAR_CPU_BUFFERS
#ifdef VM_CLEAR_CPU_BUFFERS
	VM_CLEAR_CPU_BUFFERS
#endif
.endm
#endif /* __ASSEMBLY__ */

#endif /* NACRE_COMPAT_PROTECT_H */
