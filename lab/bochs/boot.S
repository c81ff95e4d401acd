/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Start a kernel that Bochs has already put into the memory of its machine,
 * as it does with the files of optramimage: reading 60 MiB through the BIOS,
 * or unpacking them by emulated instructions, takes most of a minute.
 *
 * .rom is an option ROM. The BIOS calls it when its tables are made and before
 * it looks for disks, and never gets control back. .params stays behind it in
 * memory: Linux's boot_params as in "The Linux/x86 Boot Protocol" and what
 * the 64-bit entry wants to be there.
 *
 * ENTRY, INITRD and INITRD_SIZE come from the command line, VMLINUZ (whose
 * setup header is taken) and CMDLINE are files.
 */
#define ROM_BASE	0xd0000
#define PARAMS_BASE	0x100000

#define CODE32		0x08
#define CODE64		0x10
#define DATA		0x18

#define E820_AT		0x7e00
#define E820_MAX	32
#define E820_MAGIC	0x534d4150

#define MSR_EFER	0xc0000080

	.section .rom, "awx"
	.code16
rom:
	.byte	0x55, 0xaa, (rom_end - rom) / 512
	jmp	start
	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	ROM_BASE + gdt - rom

start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	movw	$E820_AT, %di
	xorl	%ebx, %ebx
	xorl	%ebp, %ebp
1:	movl	$0xe820, %eax
	movl	$20, %ecx
	movl	$E820_MAGIC, %edx
	int	$0x15
	jc	2f
	incl	%ebp
	addw	$20, %di
	testl	%ebx, %ebx
	jz	2f
	cmpl	$E820_MAX, %ebp
	jb	1b
2:	cli
	inb	$0x92, %al
	orb	$2, %al
	outb	%al, $0x92
	lgdtl	%cs:gdt_pointer - rom
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$CODE32, $ROM_BASE + protected - rom

	.code32
protected:
	movl	$DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%ebp, %eax
	movb	%al, PARAMS_BASE + e820_entries - params
	movl	$E820_AT, %esi
	movl	$PARAMS_BASE + e820_table - params, %edi
	movl	$E820_MAX * 20 / 4, %ecx
	rep movsl
	movl	%cr4, %eax
	orl	$0x20, %eax
	movl	%eax, %cr4
	movl	$PARAMS_BASE + pml4 - params, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	movl	$PARAMS_BASE, %esi
	ljmpl	$CODE64, $ROM_BASE + long_mode - rom

	.code64
long_mode:
	movl	$ENTRY, %eax
	jmp	*%rax

	/* The last byte makes the sum of all of them zero: lab/emulators. */
	.org	512
rom_end:

	.section .params, "aw"
params:
	.org	0x1e8
e820_entries:
	.byte	0
	/* The setup header, but for what the loader fills in. */
	.org	0x1f1
	.incbin	VMLINUZ, 0x1f1, 0x210 - 0x1f1
	.byte	0xff				/* type_of_loader */
	.incbin	VMLINUZ, 0x211, 0x218 - 0x211
	.long	INITRD				/* ramdisk_image */
	.long	INITRD_SIZE			/* ramdisk_size */
	.incbin	VMLINUZ, 0x220, 0x228 - 0x220
	.long	PARAMS_BASE + cmdline - params	/* cmd_line_ptr */
	.incbin	VMLINUZ, 0x22c, 0x26c - 0x22c
	.org	0x2d0
e820_table:
	.org	0x1000
cmdline:
	.incbin	CMDLINE
	.byte	0
	/* The first 4 GiB as they are. */
	.balign	0x1000
pml4:
	.quad	PARAMS_BASE + pdpt - params + 3
	.balign	0x1000
pdpt:
	i = 0
	.rept	4
	.quad	PARAMS_BASE + pd - params + i * 0x1000 + 3
	i = i + 1
	.endr
	.balign	0x1000
pd:
	i = 0
	.rept	4 * 512
	.quad	i * 0x200000 + 0x83
	i = i + 1
	.endr
