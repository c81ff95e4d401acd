/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The snippets, assembled once for each width. Their number and order must
 * not depend on the width. RBX holds a guest-physical address outside the
 * first slot (0x20000 and more) in most runs, RCX an MSR or a count.
 *
 * The interrupt chips: EDX is a register, EAX its new value, EBP another
 * register to read. What is at
 * CHIPS is the I/O APIC, and 2 MiB further the local APIC; in real mode
 * GS.base is there. Without chips in the kernel these are MMIO of the VMM.
 */
#undef SEG
#undef CHIPS
#undef AT_EBX
#undef AT_EBX_EBP
#undef AT_EBX_EDX
#ifdef BITS16
#define SEG %gs:
#define CHIPS 0
#define AT_EBX (%ebx)
#define AT_EBX_EBP (%ebx, %ebp)
#define AT_EBX_EDX (%ebx, %edx)
#else
#define SEG
#define CHIPS 0xfec00000
#ifdef BITS64
#define AT_EBX (%rbx)
#define AT_EBX_EBP (%rbx, %rbp)
#define AT_EBX_EDX (%rbx, %rdx)
#else
#define AT_EBX (%ebx)
#define AT_EBX_EBP (%ebx, %ebp)
#define AT_EBX_EDX (%ebx, %edx)
#endif
#endif
#define LOCAL_APIC (CHIPS + 0x200000)
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
		cld
		rep insw
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
	SNIP	mov $CHIPS, %ebx
		mov %edx, SEG AT_EBX
		mov %eax, SEG 0x10 AT_EBX
		mov SEG 0x10 AT_EBX, %eax
		mov SEG AT_EBX, %ecx
		DONE
	SNIP	mov $LOCAL_APIC, %ebx
		mov %eax, SEG AT_EBX_EDX
		mov SEG AT_EBX_EBP, %eax
		DONE
	SNIP	mov $LOCAL_APIC, %ebx
		add %edx, %ebx
		mov %al, SEG AT_EBX
		mov SEG 2 AT_EBX, %cx
		mov SEG 3 AT_EBX, %ah
		mov %cx, SEG 6 AT_EBX
		DONE
	SNIP	out %al, %dx
		in %dx, %al
		mov %al, %ah
		in %dx, %ax
		DONE
	/* The VMM's memory, by several widths. */
	SNIP
#ifdef BITS16
		movzbl %fs:1, %eax
		mov %ax, %fs:2
		orl %eax, %fs:4
#else
		mov $0x20000, %ebx
		movzbl 1 AT_EBX, %ecx
		mov %ax, 2 AT_EBX
		orl %eax, 4 AT_EBX
#endif
#ifdef BITS64
		mov %rax, 8 AT_EBX
		movq 16 AT_EBX, %xmm0
#endif
		DONE
	/* No REP: between which of its rounds it leaves is nobody's promise. */
	SNIP	cld
#ifdef BITS16
		xor %si, %si
		lodsw %fs:(%si)
#else
		mov $0x20000, %esi
		mov %esi, %edi
		lodsl
		stosl
#endif
		DONE
	/* An interrupt to itself ends the wait, if the APIC is there. */
	SNIP	mov $LOCAL_APIC, %ebx
		movl $0x1ff, SEG 0xf0 AT_EBX
		movl $0x44021, SEG 0x300 AT_EBX
		sti
		hlt
		cli
		DONE
	/* So does an NMI with IF clear. */
	SNIP	mov $LOCAL_APIC, %ebx
		movl $0x1ff, SEG 0xf0 AT_EBX
		movl $0x44421, SEG 0x300 AT_EBX
		cli
		hlt
		DONE
