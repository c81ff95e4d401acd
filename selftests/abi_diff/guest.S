/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's 64 KiB, loaded at guest-physical 0.
 *
 *   0000  real-mode vectors, all to 0f00
 *   0f00  a handler that reports its stack pointer
 *   1000  snippets, 16 bit    2000  32 bit    3000  64 bit
 *   4000  PML4, PDPT, PD (identity, 2 MiB pages); e000 the PD of the chips
 *   7000  32-bit page directory (identity, 4 MiB pages)
 *   8000  data      9000..a000  stack
 *   b000  GDT       b400  IDT, 32 bit       b800  IDT, 64 bit
 *
 * Every snippet is 64 bytes and ends in an exit to the VMM, and the bytes
 * between are OUT %al,(%dx): a guest that went astray comes back at once
 * instead of running until a timer ends it, which would leave its registers
 * different on every run.
 */
#include "guest_port.h"

	.section .rodata
	.balign 4096
	.globl guest_image, guest_image_end
guest_image:
	.rept 256
	.word 0x0f00, 0
	.endr
	.org guest_image + 0xf00, 0xee
	.code16
	mov %sp, %ax
9:	out %al, $FAULT_PORT
	jmp 9b

	/*
	 * One snippet: SNIP ... DONE; the next .balign pads it with OUT. Each
	 * has a port of its own to say that it is through, so that an exit
	 * tells which it was.
	 */
#define SNIP	.balign 64, 0xee; .set snippet, snippet + 1;
#define DONE	9: out %al, $(DONE_PORT + snippet - 1); jmp 9b

	.org guest_image + 0x1000, 0xee
	.set snippet, 0
#define BITS16
#include "guest_code.h"
#undef BITS16

	.org guest_image + 0x2000, 0xee
	.code32
	.set snippet, 0
#define BITS32
#include "guest_code.h"
#undef BITS32
	.org guest_image + 0x2fc0, 0xee
	mov %esp, %eax
9:	out %al, $FAULT_PORT
	jmp 9b

	.org guest_image + 0x3000, 0xee
	.code64
	.set snippet, 0
#define BITS64
#include "guest_code.h"
#undef BITS64
	.org guest_image + 0x3fc0, 0xee
	mov %rsp, %rax
9:	out %al, $FAULT_PORT
	jmp 9b

	.org guest_image + 0x4000, 0xee
	.quad 0x5000 + 7
	.fill 511, 8, 0
	.quad 0x6000 + 7
	.fill 2, 8, 0
	.quad 0xe000 + 7
	.fill 508, 8, 0
	.set page, 0
	.rept 512
	.quad page + 0xe7
	.set page, page + 0x200000
	.endr
	.set page, 0
	.rept 1024
	.long page + 0xe7
	.set page, page + 0x400000
	.endr

	.org guest_image + 0x8000, 0
	.rept 512
	.quad 0x1122334455667788
	.endr
	.org guest_image + 0xb000, 0
	.quad 0
	.quad 0x00cf9b000000ffff	/* 08: code, 32 bit */
	.quad 0x00cf93000000ffff	/* 10: data */
	.quad 0x00af9b000000ffff	/* 18: code, 64 bit */
	.quad 0x00cffb000000ffff	/* 20: code, user */
	.quad 0x00cff3000000ffff	/* 28: data, user */
	.quad 0x00008b00d0000067	/* 30: TSS at d000 */
	.quad 0
	/* Up to INT 21h, which a snippet uses. */
	.org guest_image + 0xb400, 0
	.rept 34
	.quad 0x00008e0000082fc0	/* 0008:2fc0 */
	.endr
	.org guest_image + 0xb800, 0
	.rept 34
	.quad 0x00008e0000183fc0	/* 0018:3fc0 */
	.quad 0
	.endr
	.org guest_image + 0xd000, 0
	.fill 104, 1, 0
	.org guest_image + 0xe000, 0xee
	.set page, 0xc0000000
	.rept 512
	.quad page + 0xe7
	.set page, page + 0x200000
	.endr
	.org guest_image + 0x10000, 0xee
guest_image_end:
	.section .note.GNU-stack, "", @progbits
