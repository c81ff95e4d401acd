// SPDX-License-Identifier: GPL-2.0
/*
 * How one instruction runs natively: the kernel restores a signal frame that
 * has all of its registers, and what it ends with is a signal, whose frame has
 * them again. The single-step flag would do, too, but #DB is slow in a virtual
 * machine, whereas #GP and #PF are the machine's own.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "native.h"

#define XSAVE_FEATURES	512	/* of the header */
#define XSAVE_YMM	576
#define SW_EXTENDED	468	/* struct _fpx_sw_bytes: extended_size */
/* The same on each run, so that a seed's cases are. */
#define ARENA		((void *)0x20000000)
#define FLAGS_NT_ID	0x204000

u8 *native_arena;
bool native_has_ymm;
u64 native_ldt[LDT_NR];

/* As the kernel has put them on the signal stack. */
static u8 image[8192] __attribute__((aligned(64)));
static ucontext_t frame;
static unsigned int image_size;
static bool have_frame;

static struct native_regs *regs_out;
static struct native_fault *fault_out;

void native_signal(int number, siginfo_t *info, void *context);
void native_enter(void *frame, unsigned long ds, unsigned long es,
		  unsigned long gs, bool load_gs, unsigned long flags);
void native_back(void);
__attribute__((no_sanitize("address"))) u64 native_saved_rsp;

/*
 * Signal handlers have AC, NT and ID as they were, and a signal frame does not
 * change the latter two. To enter, the frame is the stack, and the
 * way back is what native_on_signal() puts into the next one.
 */
asm(".text\n"
    "native_signal:\n"
    "pushfq\n andl $~0x244000, (%rsp)\n popfq\n"
    "jmp native_on_signal\n"
    "native_enter:\n"
    "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "mov %rsp, native_saved_rsp(%rip)\n"
    "mov %esi, %ds\n mov %edx, %es\n"
    "test %r8b, %r8b\n jz 1f\n mov %ecx, %gs\n 1:\n"
    "push %r9\n popfq\n"
    "mov %rdi, %rsp\n mov $15, %eax\n syscall\n"
    "native_back:\n"
    "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "ret\n");

static const u8 order[16] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static void copy_vectors(u8 *fpu, struct native_regs *regs, bool store)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		u8 *low = fpu + 160 + 16 * i, *high = fpu + XSAVE_YMM + 16 * i;

		if (store) {
			memcpy(low, regs->vector[i], 16);
			if (native_has_ymm)
				memcpy(high, regs->vector[i] + 16, 16);
			continue;
		}
		memcpy(regs->vector[i], low, 16);
		memset(regs->vector[i] + 16, 0, 16);
		/* What is in its initial state is not stored. */
		if (native_has_ymm && fpu[XSAVE_FEATURES] & 4)
			memcpy(regs->vector[i] + 16, high, 16);
	}
	if (store)
		fpu[XSAVE_FEATURES] |= native_has_ymm ? 6 : 2;
}

static void take_results(const ucontext_t *u)
{
	const greg_t *g = u->uc_mcontext.gregs;
	struct native_regs *r = regs_out;
	unsigned int i;

	for (i = 0; i < 16; i++)
		r->gpr[i] = g[order[i]];
	r->rip = g[REG_RIP];
	r->rflags = g[REG_EFL];
	r->cs = g[REG_CSGSFS];
	r->ss = g[REG_CSGSFS] >> 48;
	asm volatile("mov %%ds, %0" : "=r" (r->ds));
	asm volatile("mov %%es, %0" : "=r" (r->es));
	asm volatile("mov %%gs, %0" : "=r" (r->gs));
	copy_vectors((u8 *)u->uc_mcontext.fpregs, r, false);
	fault_out->vector = g[REG_TRAPNO];
	fault_out->error = g[REG_ERR];
	fault_out->address = g[REG_CR2];
}

static void keep_frame(const ucontext_t *u)
{
	u32 size;

	frame = *u;
	memcpy(&size, (u8 *)u->uc_mcontext.fpregs + SW_EXTENDED, 4);
	image_size = size;
	memcpy(image, u->uc_mcontext.fpregs, size);
	frame.uc_mcontext.fpregs = (void *)image;
	have_frame = true;
}

/* From the instruction, or from the HLT that shows what a frame looks like. */
__attribute__((used))
static void native_on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	greg_t *g = u->uc_mcontext.gregs;

	(void)info;
	if (!have_frame) {
		keep_frame(u);
		g[REG_RIP]++;
		return;
	}
	if (!regs_out) {
		signal(number, SIG_DFL);
		return;
	}
	take_results(u);
	regs_out = NULL;
	g[REG_RIP] = (uintptr_t)native_back;
	g[REG_RSP] = native_saved_rsp;
	g[REG_EFL] = 0x202;
	g[REG_CSGSFS] = (g[REG_CSGSFS] & 0x0000ffffffff0000) | 0x33 |
			0x2bull << 48;
}

static bool catch_signals(void)
{
	static const int signals[] = {
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP,
	};
	static u8 stack[256 << 10];
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = {
		.sa_sigaction = native_signal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};
	unsigned int i;

	if (sigaltstack(&own, NULL))
		return false;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], &action, NULL))
			return false;
	return true;
}

/* As the kernel makes it of what modify_ldt() is given. */
static u64 descriptor_of(const struct user_desc *d)
{
	u64 limit = d->limit, base = d->base_addr;
	u64 type = 0x71 | d->contents << 2 | !d->read_exec_only << 1 |
		   !d->seg_not_present << 7;

	return (limit & 0xffff) | (base & 0xffffff) << 16 | type << 40 |
	       (limit >> 16 & 15) << 48 | (u64)d->useable << 52 |
	       (u64)d->seg_32bit << 54 | (u64)d->limit_in_pages << 55 |
	       base >> 24 << 56;
}

#define CODE	.contents = MODIFY_LDT_CONTENTS_CODE
#define DOWN	.contents = MODIFY_LDT_CONTENTS_STACK

static bool set_ldt(void)
{
	const u32 code = (uintptr_t)native_page(NATIVE_CODE);
	const u32 data = (uintptr_t)native_page(NATIVE_DATA);
	struct user_desc all[LDT_BEHIND] = {
		[LDT_CODE32] = { .base_addr = code, .limit = 0xfff, CODE,
				 .seg_32bit = 1 },
		[LDT_CODE16] = { .base_addr = code, .limit = 0xfff, CODE },
		[LDT_FLAT_CODE] = { .limit = 0xfffff, .limit_in_pages = 1,
				    CODE, .seg_32bit = 1 },
		[LDT_FLAT] = { .limit = 0xfffff, .limit_in_pages = 1,
			       .seg_32bit = 1 },
		[LDT_DATA32] = { .base_addr = data, .limit = 0x1fff,
				 .seg_32bit = 1 },
		[LDT_DATA16] = { .base_addr = data, .limit = 0x17fe },
		[LDT_READ_ONLY] = { .base_addr = data, .limit = 0x2fff,
				    .read_exec_only = 1, .seg_32bit = 1 },
		[LDT_DOWN16] = { .base_addr = data - 0x1000, .limit = 0x0fff,
				 DOWN },
		[LDT_DOWN32] = { .base_addr = data - 0x1000, .limit = 0,
				 .limit_in_pages = 1, DOWN, .seg_32bit = 1 },
		[LDT_ABSENT] = { .limit = 0xfff, .seg_not_present = 1,
				 .base_addr = 1 },
		[LDT_EXECUTE_ONLY] = { .base_addr = code, .limit = 0xfff, CODE,
				       .seg_32bit = 1, .read_exec_only = 1 },
		[LDT_ABSENT_CODE] = { .base_addr = code, .limit = 0xfff, CODE,
				      .seg_32bit = 1, .seg_not_present = 1 },
	};
	unsigned int i;

	for (i = 0; i < LDT_EMPTY; i++) {
		all[i].entry_number = i;
		if (syscall(SYS_modify_ldt, 0x11, &all[i], sizeof(all[i])))
			return false;
		native_ldt[i] = descriptor_of(&all[i]);
	}
	/* The table is that long, and this is no segment. */
	all[LDT_EMPTY] = (struct user_desc) {
		.entry_number = LDT_EMPTY, .read_exec_only = 1,
		.seg_not_present = 1,
	};
	return !syscall(SYS_modify_ldt, 0x11, &all[LDT_EMPTY], sizeof(all[0]));
}

bool native_prepare(void)
{
	unsigned int i;

	native_arena = mmap(ARENA, NATIVE_PAGES * NATIVE_PAGE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			    -1, 0);
	if (native_arena == MAP_FAILED ||
	    mprotect(native_page(NATIVE_CODE), NATIVE_PAGE,
		     PROT_READ | PROT_WRITE | PROT_EXEC) ||
	    mprotect(native_page(NATIVE_DATA), NATIVE_DATA_BYTES,
		     PROT_READ | PROT_WRITE) ||
	    !catch_signals())
		return false;
	for (i = 0; i < NATIVE_DATA_BYTES; i++)
		native_page(NATIVE_DATA)[i] = i * 7 ^ i >> 8;
	if (mprotect(native_page(NATIVE_READ_ONLY), NATIVE_PAGE, PROT_READ))
		return false;
	native_has_ymm = __builtin_cpu_supports("avx");
	memset(native_page(NATIVE_CODE), 0xf4, NATIVE_PAGE);
	asm volatile("hlt" : : : "memory");
	return have_frame && image_size <= sizeof(image) && set_ldt();
}

static bool load_gs;

void native_mode(u8 mode)
{
	load_gs = mode != 64;
	if (!load_gs)
		syscall(SYS_arch_prctl, ARCH_SET_GS, NATIVE_GS_BASE);
}

void native_run(struct native_regs *regs, struct native_fault *fault)
{
	greg_t *g = frame.uc_mcontext.gregs;
	unsigned int i;

	for (i = 0; i < 16; i++)
		g[order[i]] = regs->gpr[i];
	g[REG_RIP] = regs->rip;
	g[REG_EFL] = regs->rflags;
	g[REG_CSGSFS] = (g[REG_CSGSFS] & 0x0000ffffffff0000) | regs->cs |
			(u64)regs->ss << 48;
	copy_vectors(image, regs, true);
	regs_out = regs;
	fault_out = fault;
	{
		ucontext_t now = frame;

		native_enter(&now, regs->ds, regs->es, regs->gs, load_gs,
			     (regs->rflags & FLAGS_NT_ID) | 2);
	}
}
