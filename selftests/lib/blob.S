/* SPDX-License-Identifier: GPL-2.0 */
/* Carries the images BLOB16 and BLOB32 in a test program. */
	.section .rodata
	.balign 16
	.globl guest16_elf
guest16_elf:
	.incbin BLOB16
	.balign 16
	.globl guest32_elf
guest32_elf:
	.incbin BLOB32
	.section .note.GNU-stack, "", @progbits
