/* SPDX-License-Identifier: GPL-2.0 */
/* Swaps the registers that an entry and an exit do not. */
#include <linux/linkage.h>
#include <asm/alternative.h>
#include <asm/asm.h>
#include <asm/cpufeatures.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>
#include <asm/segment.h>
#include <asm/unwind_hints.h>

#include "module/compat/protect.h"
#include "arch/x86/guest_gprs.S"
#include "arch/x86/vmx/vmcs.h"

.section .noinstr.text, "ax"

/*
 * bool vmx_switch(u64 *gpr, u64 *host_rsp, bool launched)
 *
 * RSP, RIP and RFLAGS of the guest are in the VMCS. An exit comes back to
 * vmx_host_rip with the stack pointer as it was at the entry; *host_rsp is what
 * the VMCS has of it. Interrupts are off in between.
 */
SYM_FUNC_START(vmx_switch)
	push	%rbp
	mov	%rsp, %rbp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	%rdi			/* gpr */

	cmp	%rsp, (%rsi)
	je	1f
	mov	%rsp, (%rsi)
	mov	$VMCS_HOST_RSP_ENCODING, %eax
10:	vmwrite	%rsp, %rax
	jbe	5f
1:
	/* In CF, which nothing on the way to the entry changes. */
	bt	$0, %edx

	mov	GPR(0)(%rdi), %rax
	LOAD_GUEST_GPRS

	CLEAR_CPU_BUFFERS

	jnc	3f

	UNWIND_HINT_SAVE
2:	vmresume
	jmp	5f
3:	vmlaunch
	jmp	5f

SYM_INNER_LABEL_ALIGN(vmx_host_rip, SYM_L_GLOBAL)
	UNWIND_HINT_RESTORE
	ENDBR

	push	%rax
	mov	8(%rsp), %rax		/* gpr */
	pop	GPR(0)(%rax)
	SAVE_GUEST_GPRS
	mov	$1, %ebx

4:	/* Before the first return: the guest may have filled the RSB. */
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, \
			   X86_FEATURE_RSB_VMEXIT_LITE

	/*
	 * Where the kernel has IBRS for itself alone it is written anew. Where
	 * it wants an IBPB instead, it has left out the filling; AX CX DX lost.
	 */
	ALTERNATIVE_2 "jmp 6f", "", X86_FEATURE_KERNEL_IBRS, \
		      "call entry_ibpb", X86_FEATURE_IBPB_ON_VMEXIT
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	mov	PER_CPU_VAR(x86_spec_ctrl_current), %eax
	mov	PER_CPU_VAR(x86_spec_ctrl_current + 4), %edx
	wrmsr
	lfence
6:
	CLEAR_BRANCH_HISTORY_VMEXIT

	/*
	 * What the guest left in registers must not steer speculation. The
	 * others are the host's again right below.
	 */
	mov	%ebx, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d

	add	$8, %rsp		/* gpr */
	pop	%rbx
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	pop	%rbp
	RET

	/* Refused, or VMX was turned off and it faulted. */
5:	xor	%ebx, %ebx
	jmp	4b

	_ASM_EXTABLE(10b, 5b)
	_ASM_EXTABLE(2b, 5b)
	_ASM_EXTABLE(3b, 5b)
SYM_FUNC_END(vmx_switch)

.text

/*
 * void vmx_call_handler(unsigned long handler)
 *
 * With what the interrupt would have pushed, so that its IRET comes back here,
 * and with the stack pointer of then.
 */
SYM_FUNC_START(vmx_call_handler)
	push	%rbp
	mov	%rsp, %rbp
	and	$-16, %rsp
	push	$__KERNEL_DS
	push	%rbp
	pushf
	push	$__KERNEL_CS
	CALL_NOSPEC rdi
	leave
	RET
SYM_FUNC_END(vmx_call_handler)
