/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SVM instructions. While the system goes down SVM is turned off under a
 * running vCPU (svm_cpu_off()): a fault skips the instruction, and the VMRUN
 * that follows is refused, which svm_switch() reports.
 */
#ifndef NACRE_SVM_OPS_H
#define NACRE_SVM_OPS_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/asm.h>

static __always_inline void svm_clgi(void)
{
	asm volatile("1: clgi\n2:\n" _ASM_EXTABLE(1b, 2b) ::: "memory");
}

static __always_inline void svm_stgi(void)
{
	asm volatile("1: stgi\n2:\n" _ASM_EXTABLE(1b, 2b) ::: "memory");
}

static __always_inline void svm_vmsave(u64 area)
{
	asm volatile("1: vmsave %0\n2:\n" _ASM_EXTABLE(1b, 2b)
		     :: "a" (area) : "memory");
}

#endif /* NACRE_SVM_OPS_H */
