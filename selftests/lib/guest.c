// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's side of the library: calls to the host and exceptions.
 * Linked into the host program (64-bit guests) and into each blob.
 */
#include "guest.h"

ulong guest_catch_ip;
volatile ulong guest_vector = NO_VECTOR, guest_error;

static void ucall(const struct ucall *uc)
{
	outl(UCALL_PORT, (u32)(ulong)uc);
}

void guest_sync_args(u32 stage, u32 n, const u64 *args)
{
	struct ucall uc = { .cmd = UCALL_SYNC, .nargs = n + 1 };

	uc.args[0] = stage;
	for (u32 i = 0; i < n && i + 1 < UCALL_MAX_ARGS; i++)
		uc.args[i + 1] = args[i];
	ucall(&uc);
}

/* A guest that is through and is entered again says the same again. */
static void __attribute__((noreturn)) final_ucall(const struct ucall *uc)
{
	for (;;)
		ucall(uc);
}

void guest_done(void)
{
	struct ucall uc = { .cmd = UCALL_DONE };

	final_ucall(&uc);
}

void guest_fail(const char *file, u32 line, const char *expr, u32 n, u64 a,
		u64 b)
{
	struct ucall uc = {
		.cmd = UCALL_FAIL,
		.line = line,
		.file = (u32)(ulong)file,
		.expr = (u32)(ulong)expr,
		.nargs = n,
		.args = { a, b },
	};

	final_ucall(&uc);
}

/* Where an entry function returns to. */
void guest_returned(void);

guest_entry void guest_returned(void)
{
	guest_fail(__FILE__, __LINE__, "the entry function returned", 0, 0, 0);
}

#if !defined(GUEST_BITS) || GUEST_BITS == 32
static guest_handler handlers[256];

void guest_on(unsigned int vector, guest_handler handler)
{
	handlers[vector & 0xff] = handler;
}

static void __attribute__((noreturn)) unhandled(const struct guest_regs *regs)
{
	struct ucall uc = {
		.cmd = UCALL_ABORT,
		.nargs = 4,
		.args = { regs->vector, regs->error, regs->ip, regs->cs },
	};

	final_ucall(&uc);
}

void guest_exception(struct guest_regs *regs);

guest_entry void guest_exception(struct guest_regs *regs)
{
	guest_handler handler = handlers[regs->vector & 0xff];

	if (guest_catch_ip) {
		guest_vector = regs->vector;
		guest_error = regs->error;
		regs->ip = guest_catch_ip;
		guest_catch_ip = 0;
	} else if (handler) {
		handler(regs);
	} else {
		unhandled(regs);
	}
}

/* One stub of 16 bytes for each vector; vm.c points the IDT at them. */
asm(".text\n"
    ".balign 16\n"
    ".globl guest_vectors\n"
    "guest_vectors:\n"
    "vector = 0\n"
    ".rept 256\n"
    "	.balign 16\n"
    "	.if (vector != 8) && (vector < 10 || vector > 14) && (vector != 17)\n"
    "	push $0\n"
    "	.endif\n"
    "	push $vector\n"
    "	jmp guest_exception_entry\n"
    "	vector = vector + 1\n"
    ".endr\n"
    "guest_exception_entry:\n"
#ifdef GUEST_BITS
    "	pusha\n"
    "	cld\n"
    "	push %esp\n"
    "	call guest_exception\n"
    "	pop %eax\n"
    "	popa\n"
    "	add $8, %esp\n"
    "	iret\n"
#else
    "	push %rax\n"
    "	push %rcx\n"
    "	push %rdx\n"
    "	push %rbx\n"
    "	push %rsp\n"
    "	push %rbp\n"
    "	push %rsi\n"
    "	push %rdi\n"
    "	push %r8\n"
    "	push %r9\n"
    "	push %r10\n"
    "	push %r11\n"
    "	push %r12\n"
    "	push %r13\n"
    "	push %r14\n"
    "	push %r15\n"
    "	cld\n"
    "	mov %rsp, %rdi\n"
    "	mov %rsp, %rbx\n"
    "	and $-16, %rsp\n"
    "	call guest_exception\n"
    "	mov %rbx, %rsp\n"
    "	pop %r15\n"
    "	pop %r14\n"
    "	pop %r13\n"
    "	pop %r12\n"
    "	pop %r11\n"
    "	pop %r10\n"
    "	pop %r9\n"
    "	pop %r8\n"
    "	pop %rdi\n"
    "	pop %rsi\n"
    "	pop %rbp\n"
    "	add $8, %rsp\n"
    "	pop %rbx\n"
    "	pop %rdx\n"
    "	pop %rcx\n"
    "	pop %rax\n"
    "	add $16, %rsp\n"
    "	iretq\n"
#endif
);
#endif
