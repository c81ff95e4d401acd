/* SPDX-License-Identifier: GPL-2.0 */
/* Swaps the registers that VMRUN does not. */
#include <linux/linkage.h>
#include <asm/asm.h>

#include "module/compat/svm.h"

/* struct nacre_vcpu_arch.gpr, in the order of enum nacre_gpr. */
#define GPR(number)	((number) * 8)

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
	mov	%rsp, %rbp
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
	mov	GPR(1)(%rdi), %rcx
	mov	GPR(2)(%rdi), %rdx
	mov	GPR(3)(%rdi), %rbx
	mov	GPR(5)(%rdi), %rbp
	mov	GPR(6)(%rdi), %rsi
	mov	GPR(8)(%rdi), %r8
	mov	GPR(9)(%rdi), %r9
	mov	GPR(10)(%rdi), %r10
	mov	GPR(11)(%rdi), %r11
	mov	GPR(12)(%rdi), %r12
	mov	GPR(13)(%rdi), %r13
	mov	GPR(14)(%rdi), %r14
	mov	GPR(15)(%rdi), %r15
	mov	GPR(7)(%rdi), %rdi

	COMPAT_VM_CLEAR_CPU_BUFFERS

3:	vmrun	%rax
4:
	/* RAX is the VMCB again. */
5:	vmsave	%rax
6:
	pop	%rax			/* gpr */
	mov	%rcx, GPR(1)(%rax)
	mov	%rdx, GPR(2)(%rax)
	mov	%rbx, GPR(3)(%rax)
	mov	%rbp, GPR(5)(%rax)
	mov	%rsi, GPR(6)(%rax)
	mov	%rdi, GPR(7)(%rax)
	mov	%r8,  GPR(8)(%rax)
	mov	%r9,  GPR(9)(%rax)
	mov	%r10, GPR(10)(%rax)
	mov	%r11, GPR(11)(%rax)
	mov	%r12, GPR(12)(%rax)
	mov	%r13, GPR(13)(%rax)
	mov	%r14, GPR(14)(%rax)
	mov	%r15, GPR(15)(%rax)

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
