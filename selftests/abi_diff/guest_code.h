/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The snippets, assembled once for each width. Their number and order must
 * not depend on the width. RBX holds a guest-physical address outside the
 * first slot (0x20000 and more) in most runs, RCX an MSR or a count.
 */
	SNIP	DONE
	SNIP	hlt
		DONE
	SNIP	in $DATA_PORT, %al
		in $DATA_PORT, %ax
		DONE
	SNIP	in $DATA_PORT, %eax
		mov $0x1234, %dx
		out %eax, %dx
		DONE
	SNIP	xor %eax, %eax
		cpuid
		mov %ebx, %esi
		mov $1, %eax
		cpuid
		and $0xffffff, %ebx
		DONE
	SNIP	rdmsr
		DONE
	SNIP	wrmsr
		DONE
	SNIP
#ifdef BITS16
		mov %al, %fs:(%bx)
		mov %fs:(%bx), %cl
#else
		mov %eax, 0x20000
		mov 0x20004, %ecx
#endif
		DONE
	SNIP
#ifdef BITS16
		mov %ax, 0x8010
		incw 0x8012
#else
		mov %eax, 0x8010
		incl 0x8014
#endif
		DONE
	SNIP	mov $0x8000, %esi
		mov $DATA_PORT, %dx
		mov $9, %ecx
		cld
		rep outsb
		DONE
	SNIP	mov $0x8100, %edi
		mov $DATA_PORT, %dx
		mov $5, %ecx
		std
		rep insw
		cld
		DONE
	SNIP	ud2
	SNIP	int3
		DONE
	SNIP	xor %ecx, %ecx
		div %ecx
	SNIP	vmmcall
		DONE
	SNIP	vmcall
		DONE
	SNIP
#ifdef BITS64
		mov %cr0, %rax
		mov %rax, %cr0
		mov %cr4, %rdx
		mov %rdx, %cr4
		mov %cr3, %rsi
		mov %rsi, %cr3
#else
		mov %cr0, %eax
		mov %eax, %cr0
		mov %cr4, %edx
		mov %edx, %cr4
		mov %cr3, %esi
		mov %esi, %cr3
#endif
		DONE
	SNIP
#ifdef BITS64
		mov %rbx, %dr0
		mov %dr6, %rcx
		mov %dr7, %rdx
#else
		mov %ebx, %dr0
		mov %dr6, %ecx
		mov %dr7, %edx
#endif
		DONE
	SNIP	sti
		nop
		cli
		pushf
		DONE
	SNIP	int $0x21
		DONE
	SNIP	wbinvd
		clts
		invlpg (0x8000)
		smsw %ax
		DONE
	SNIP	xor %ecx, %ecx
		xgetbv
		xsetbv
		DONE
	SNIP	fninit
		fld1
		fstpl 0x8020
		lock incw 0x8030
		DONE
	SNIP	lea 0x8040, %edi
		mov $0xfffffffe, %eax
		xchg %eax, 0x8044
		btsw $3, 0x8050
		rdpmc
		DONE
