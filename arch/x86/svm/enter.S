/* SPDX-License-Identifier: GPL-2.0 */
/* Swaps the registers that VMRUN does not. */
#include <linux/linkage.h>
#include <asm/asm.h>

#include "module/compat/protect.h"
#include "arch/x86/guest_gprs.S"

/* Also true at each fixup below: these have not been popped then. */
#define ENTERED		16(%rsp)

.section .noinstr.text, "ax"

/*
 * bool svm_switch(u64 *gpr, hpa_t vmcb, hpa_t host_area)
 *
 * GIF is 0. RAX and RSP of the guest are in the VMCB. From the first VMLOAD
 * to the last the GS base is the guest's: nothing per-CPU, and so nothing
 * that could be traced or probed.
 */
SYM_FUNC_START(svm_switch)
	push	%rbp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx

	push	$1			/* ENTERED, until a fault says no */
	push	%rdx			/* host_area */
	push	%rdi			/* gpr */

	mov	%rsi, %rax
1:	vmload	%rax
2:
	LOAD_GUEST_GPRS

	COMPAT_VM_CLEAR_CPU_BUFFERS

3:	vmrun	%rax
4:
	/* RAX is the VMCB again. */
5:	vmsave	%rax
6:
	pop	%rax			/* gpr */
	SAVE_GUEST_GPRS

	pop	%rax			/* host_area */
7:	vmload	%rax
8:
	/* Before the first return: the guest may have filled the RSB. */
	FILL_RETURN_BUFFER %rax, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT

	/* Before interrupts: their handlers do not untrain for the kernel. */
	COMPAT_UNTRAIN_RET_VM

	/*
	 * What the guest left in registers must not steer speculation. The
	 * others are the host's again right below.
	 */
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d

	pop	%rax			/* ENTERED */
	pop	%rbx
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	pop	%rbp
	RET

	/* SVM was turned off: the first VMLOAD faults, GS is still the host's. */
10:	movq	$0, ENTERED
	jmp	2b
30:	movq	$0, ENTERED
	jmp	4b
50:	movq	$0, ENTERED
	jmp	6b
70:	movq	$0, (%rsp)
	jmp	8b

	_ASM_EXTABLE(1b, 10b)
	_ASM_EXTABLE(3b, 30b)
	_ASM_EXTABLE(5b, 50b)
	_ASM_EXTABLE(7b, 70b)
SYM_FUNC_END(svm_switch)
