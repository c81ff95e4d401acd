// SPDX-License-Identifier: GPL-2.0
/* A guest that switches tasks: what is in the TSSs, and who runs with what. */
#include "test.h"

#if defined(GUEST_BITS) && GUEST_BITS == 32
/* Behind the library's own descriptors. */
enum {
	NEW = 0x50, NEW16 = 0x58, GATE = 0x60, ABSENT_TASK = 0x68,
	LOW_CODE = 0x70, ABSENT_DATA = 0x78, DESCRIPTORS = 16
};

#define DATA	0x10
#define CODE	0x18
#define NT	(1u << 14)
#define TASK_VECTOR 0x81

/* In words of 32 bits. */
enum {
	LINK, ESP0, SS0, ESP1, SS1, ESP2, SS2, CR3, EIP, EFLAGS,
	EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI,
	ES, CS, SS, DS, FS, GS, LDT, TRAP, TSS_WORDS
};

static u64 gdt[DESCRIPTORS];
static u32 task[TSS_WORDS], stack[256];
static u16 task16[22];
static volatile u32 *first;	/* the task that we begin in */
static u16 first_selector;

/* What the other task has seen, and is to do then. */
static volatile guest_data u32 runs, seen_error;
static volatile guest_data u16 seen_tr;
static volatile u32 seen_flags, seen_cr3;
static volatile u32 skip_length, by_jump;
static guest_data struct far_pointer {
	u32 offset;
	u16 selector;
} __attribute__((packed)) to_first, to_new;

void other_task(void);
void other_handler(void);
void other_task16(void);
u32 other_body(void);

static u32 flags(void)
{
	u32 v;

	asm volatile("pushf\n\tpop %0" : "=r"(v) : : "memory");
	return v;
}

/* The faulting instruction is passed, in the TSS that it is saved in. */
guest_entry u32 other_body(void)
{
	runs++;
	seen_flags = flags();
	seen_tr = str_tr();
	seen_cr3 = read_cr3();
	first[EIP] += skip_length;
	return by_jump;
}

asm(".text\n"
    "other_task:\n"
    "1:	call other_body\n"
    "	testl %eax, %eax\n"
    "	jnz 2f\n"
    "	iret\n"
    "	jmp 1b\n"
    "2:	ljmp *to_first\n"
    "	jmp 1b\n"
    "other_handler:\n"
    "	popl seen_error\n"
    "	call other_body\n"
    "	iret\n"
    "	jmp other_handler\n"
    /* Its segment begins here, and its stack is the first 64 KiB's. */
    "other_task16:\n"
    "	incl runs\n"
    "	str seen_tr\n"
    "	movw %sp, seen_error\n"
    "	iret\n");

static u64 descriptor(u32 base, u32 limit, u8 access, u8 more)
{
	return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 |
	       (u64)access << 40 | (u64)(limit >> 16 & 0xf) << 48 |
	       (u64)more << 52 | (u64)(base >> 24) << 56;
}

static u8 *rights(u16 selector)
{
	return (u8 *)&gdt[selector / 8] + 5;
}

static void fill_task(void (*entry)(void))
{
	__builtin_memset(task, 0, sizeof(task));
	task[EIP] = (ulong)entry;
	task[EFLAGS] = RFLAGS_FIXED;
	task[ESP] = (ulong)(stack + 256);
	task[CS] = CODE;
	task[ES] = task[SS] = task[DS] = task[FS] = task[GS] = DATA;
	task[CR3] = read_cr3();
	__builtin_memset(task16, 0, sizeof(task16));
	task16[8] = RFLAGS_FIXED;
	task16[13] = 0x7000;
	task16[18] = LOW_CODE;
	task16[17] = task16[19] = task16[20] = DATA;
}

static void prepare(void (*entry)(void))
{
	struct desc_ptr table = sgdt();
	u64 own;

	__builtin_memcpy(gdt, (void *)table.base, table.limit + 1);
	first_selector = str_tr();
	own = gdt[first_selector / 8];
	first = (void *)((ulong)(own >> 16 & 0xffffff) |
			 (ulong)(own >> 32 & 0xff000000));
	gdt[NEW / 8] = descriptor((ulong)task, 0x67, 0x89, 0);
	gdt[NEW16 / 8] = descriptor((ulong)task16, 0x2b, 0x81, 0);
	gdt[GATE / 8] = (u64)NEW << 16 | 0xe5ull << 40;
	gdt[ABSENT_TASK / 8] = descriptor((ulong)task, 0x67, 0x09, 0);
	gdt[LOW_CODE / 8] = descriptor((ulong)other_task16, 0xfffff, 0x9b, 0xc);
	gdt[ABSENT_DATA / 8] = descriptor(0, 0xfffff, 0x13, 0xc);
	table.base = (ulong)gdt;
	table.limit = sizeof(gdt) - 1;
	asm volatile("lgdt %0" : : "m"(table));
	to_first.selector = first_selector;
	to_new.selector = NEW;
	fill_task(entry);
	first[CR3] = read_cr3();
}

static void set_gate(unsigned int vector, u16 selector)
{
	u64 *idt = (void *)sidt().base;

	idt[vector] = (u64)selector << 16 | 0x85ull << 40;
}

static void call_task(u16 selector)
{
	to_new.selector = selector;
	asm volatile("lcall *%0" : : "m"(to_new) : "memory", "cc");
}

static void jump_to_task(u16 selector)
{
	to_new.selector = selector;
	asm volatile("ljmp *%0" : : "m"(to_new) : "memory", "cc");
}

static void expect_run(u32 n, u32 nt)
{
	GUEST_ASSERT_EQ(n, runs);
	GUEST_ASSERT_EQ(NEW, seen_tr);
	GUEST_ASSERT_EQ(nt, seen_flags & NT);
	GUEST_ASSERT_EQ(first_selector, str_tr());
	GUEST_ASSERT_EQ(0, flags() & NT);
	GUEST_ASSERT_EQ(X86_CR0_TS, read_cr0() & X86_CR0_TS);
	asm volatile("clts");
}

guest_entry void call(void)
{
	prepare(other_task);
	task[ECX] = 0x11;
	call_task(NEW);
	expect_run(1, NT);
	GUEST_ASSERT_EQ(first_selector, (u16)task[LINK]);
	GUEST_ASSERT_EQ(0x89, *rights(NEW));
	GUEST_ASSERT_EQ(0x8b, *rights(first_selector));
	GUEST_ASSERT_EQ(CODE, (u16)first[CS]);
	GUEST_ASSERT_EQ(DATA, (u16)first[SS]);
	GUEST_ASSERT_EQ(0, task[EFLAGS] & NT);
	GUEST_ASSERT_EQ(CODE, (u16)task[CS]);
	/* It goes on behind its IRET. */
	call_task(NEW);
	expect_run(2, NT);
	guest_done();
}

guest_entry void call_through_gate(void)
{
	prepare(other_task);
	call_task(GATE);
	expect_run(1, NT);
	GUEST_ASSERT_EQ(first_selector, (u16)task[LINK]);
	guest_done();
}

guest_entry void jump(void)
{
	prepare(other_task);
	by_jump = 1;
	jump_to_task(NEW);
	expect_run(1, 0);
	GUEST_ASSERT_EQ(0, task[LINK]);
	GUEST_ASSERT_EQ(0x89, *rights(NEW));
	GUEST_ASSERT_EQ(0x8b, *rights(first_selector));
	jump_to_task(NEW);
	expect_run(2, 0);
	guest_done();
}

/* Registers are the task's own; both sides keep theirs. */
guest_entry void registers(void)
{
	u32 di = 0x77, bx = 0x33;

	prepare(other_task);
	task[EDI] = 0x1234;
	to_new.selector = NEW;
	asm volatile("lcall *%2"
		     : "+D"(di), "+b"(bx) : "m"(to_new) : "memory", "cc");
	expect_run(1, NT);
	GUEST_ASSERT_EQ(0x77, di);
	GUEST_ASSERT_EQ(0x33, bx);
	GUEST_ASSERT_EQ(0x77, first[EDI]);
	GUEST_ASSERT_EQ(0x33, first[EBX]);
	GUEST_ASSERT_EQ(0x1234, task[EDI]);
	guest_done();
}

guest_entry void software_interrupt(void)
{
	prepare(other_task);
	set_gate(TASK_VECTOR, NEW);
	asm volatile("int $0x81" : : : "memory", "cc");
	expect_run(1, NT);
	asm volatile("int $0x81" : : : "memory", "cc");
	expect_run(2, NT);
	guest_done();
}

guest_entry void exception(void)
{
	prepare(other_task);
	set_gate(UD_VECTOR, NEW);
	skip_length = 2;
	asm volatile("ud2" : : : "memory", "cc");
	expect_run(1, NT);
	guest_done();
}

/* The error code is on the other task's stack. */
guest_entry void exception_with_error(void)
{
	prepare(other_handler);
	set_gate(GP_VECTOR, NEW);
	skip_length = 2;
	asm volatile("mov %%eax, %%es" : : "a"(0x1230) : "memory", "cc");
	expect_run(1, NT);
	GUEST_ASSERT_EQ(0x1230, seen_error);
	asm volatile("mov %%eax, %%es" : : "a"(0x4560) : "memory", "cc");
	expect_run(2, NT);
	GUEST_ASSERT_EQ(0x4560, seen_error);
	GUEST_ASSERT_EQ((ulong)(stack + 256), task[ESP]);
	guest_done();
}

guest_entry void sixteen_bits(void)
{
	prepare(other_task);
	call_task(NEW16);
	GUEST_ASSERT_EQ(1, runs);
	GUEST_ASSERT_EQ(NEW16, seen_tr);
	GUEST_ASSERT_EQ(0x7000, seen_error);
	GUEST_ASSERT_EQ(first_selector, task16[0]);
	GUEST_ASSERT_EQ(LOW_CODE, task16[18]);
	GUEST_ASSERT_EQ(0x81, *rights(NEW16));
	GUEST_ASSERT_EQ(first_selector, str_tr());
	guest_done();
}

static unsigned int try_call(u16 selector)
{
	to_new.selector = selector;
	asm volatile(GUEST_CATCH("lcall *%0") : : "m"(to_new) : "memory", "cc");
	return guest_caught();
}

guest_entry void faults(void)
{
	prepare(other_task);
	GUEST_ASSERT_EQ(NP_VECTOR, try_call(ABSENT_TASK));
	GUEST_ASSERT_EQ(ABSENT_TASK, guest_error);
	GUEST_ASSERT_EQ(GP_VECTOR, try_call(first_selector));
	GUEST_ASSERT_EQ(first_selector, guest_error);
	gdt[NEW / 8] = descriptor((ulong)task, 0x66, 0x89, 0);
	GUEST_ASSERT_EQ(TS_VECTOR, try_call(NEW));
	GUEST_ASSERT_EQ(NEW, guest_error);
	GUEST_ASSERT_EQ(first_selector, str_tr());
	GUEST_ASSERT_EQ(0x89, *rights(NEW));
	GUEST_ASSERT_EQ(0, task[LINK]);
	GUEST_ASSERT_EQ(0, runs);
	guest_done();
}

static void in_new_task(struct guest_regs *regs)
{
	GUEST_ASSERT_EQ(ABSENT_DATA, regs->error);
	GUEST_ASSERT_EQ(NEW, str_tr());
	GUEST_ASSERT_EQ((ulong)other_task, regs->ip);
	GUEST_ASSERT_EQ(NT, regs->flags & NT);
	GUEST_ASSERT_EQ(first_selector, (u16)task[LINK]);
	guest_done();
}

/* A segment of the new task that is not there is its own fault. */
guest_entry void new_tasks_fault(void)
{
	prepare(other_task);
	task[GS] = ABSENT_DATA;
	guest_on(NP_VECTOR, in_new_task);
	call_task(NEW);
	guest_fail(__FILE__, __LINE__, "no fault", 0, 0, 0);
}

static void on_task_trap(struct guest_regs *regs)
{
	GUEST_ASSERT_EQ(NEW, str_tr());
	GUEST_ASSERT_EQ((ulong)other_task, regs->ip);
	GUEST_ASSERT_EQ(1u << 15, read_dr6() & (1u << 15));
	guest_done();
}

guest_entry void debug_trap(void)
{
	prepare(other_task);
	task[TRAP] = 1;
	guest_on(DB_VECTOR, on_task_trap);
	call_task(NEW);
	guest_fail(__FILE__, __LINE__, "no trap", 0, 0, 0);
}

static u32 directories[2][1024] __attribute__((aligned(4096)));

/* The same everywhere, in two sets of tables. */
guest_entry void paging(void)
{
	for (u32 i = 0; i < 1024; i++)
		directories[0][i] = directories[1][i] = i << 22 | 0x83;
	write_cr4(read_cr4() | X86_CR4_PSE);
	write_cr3((ulong)directories[0]);
	write_cr0(read_cr0() | X86_CR0_PG);
	prepare(other_task);
	task[CR3] = (ulong)directories[1];
	call_task(NEW);
	expect_run(1, NT);
	GUEST_ASSERT_EQ((ulong)directories[1], seen_cr3);
	GUEST_ASSERT_EQ((ulong)directories[0], read_cr3());
	guest_done();
}
#endif

#ifndef GUEST_BITS
FIXTURE(task_switch) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(task_switch)
{
	self->vcpu = vcpu_new(vm_new(), 0);
}

FIXTURE_TEARDOWN(task_switch)
{
	vm_free(self->vcpu->vm);
}

#define CASE(name)							\
TEST_F(task_switch, name)						\
{									\
	vcpu_setup(self->vcpu, GUEST_32, #name);			\
	run_to_done(self->vcpu);					\
}

CASE(call)
CASE(call_through_gate)
CASE(jump)
CASE(registers)
CASE(software_interrupt)
CASE(exception)
CASE(exception_with_error)
CASE(sixteen_bits)
CASE(faults)
CASE(paging)

/* Faults of its segments, and the trap that its TSS asks for. */
TEST_F(task_switch, what_is_the_new_tasks)
{
	vcpu_setup(self->vcpu, GUEST_32, "new_tasks_fault");
	run_to_done(self->vcpu);
	vcpu_setup(self->vcpu, GUEST_32, "debug_trap");
	run_to_done(self->vcpu);
}

TEST_HARNESS_MAIN
#endif
