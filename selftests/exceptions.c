// SPDX-License-Identifier: GPL-2.0
/* A guest handles its own exceptions; the VMM never hears of them. */
#include "test.h"

#if !defined(GUEST_BITS) || GUEST_BITS == 32
static volatile u64 handled, vector_seen, error_seen;

static void skip(struct guest_regs *regs, unsigned int length)
{
	handled++;
	vector_seen = regs->vector;
	error_seen = regs->error;
	regs->ip += length;
}

static void skip_2(struct guest_regs *regs)
{
	skip(regs, 2);
}

static void skip_none(struct guest_regs *regs)
{
	skip(regs, 0);
}

#define EXPECT_ONE(vector, error)					\
	do {								\
		GUEST_ASSERT_EQ(handled, 1);				\
		GUEST_ASSERT_EQ(vector_seen, vector);			\
		GUEST_ASSERT_EQ(error_seen, error);			\
		handled = 0;						\
	} while (0)

guest_entry void invalid_opcode(void)
{
	guest_on(UD_VECTOR, skip_2);
	for (int i = 0; i < 3; i++) {
		asm volatile("ud2");
		EXPECT_ONE(UD_VECTOR, 0);
	}
	guest_done();
}

guest_entry void divide_error(void)
{
	guest_on(DE_VECTOR, skip_2);
	asm volatile("div %%cl" : : "a"(1), "c"(0) : "cc");
	EXPECT_ONE(DE_VECTOR, 0);
	guest_done();
}

/* A trap: the saved instruction pointer is behind the instruction. */
guest_entry void breakpoint(void)
{
	guest_on(BP_VECTOR, skip_none);
	asm volatile("int3");
	EXPECT_ONE(BP_VECTOR, 0);
	asm volatile(".byte 0xcd, 0x03");
	EXPECT_ONE(BP_VECTOR, 0);
	guest_done();
}

guest_entry void software_interrupt(void)
{
	guest_on(0x80, skip_none);
	asm volatile("int $0x80");
	EXPECT_ONE(0x80, 0);
	guest_done();
}

/* Error codes name the selector. */
guest_entry void general_protection(void)
{
	guest_on(GP_VECTOR, skip_2);
	asm volatile("mov %%eax, %%es" : : "a"(0x1230));
	EXPECT_ONE(GP_VECTOR, 0x1230);
#ifdef GUEST_BITS
	/* Long mode allows a null SS. */
	asm volatile("mov %%eax, %%ss" : : "a"(0));
	EXPECT_ONE(GP_VECTOR, 0);
#endif
	guest_done();
}

guest_entry void segment_not_present(u32 *gdt)
{
	gdt[0x50 / 4] = 0x0000ffff;
	gdt[0x50 / 4 + 1] = 0x00cf1300;
	guest_on(NP_VECTOR, skip_2);
	asm volatile("mov %%eax, %%es" : : "a"(0x50));
	EXPECT_ONE(NP_VECTOR, 0x50);
	guest_on(SS_VECTOR, skip_2);
	asm volatile("mov %%eax, %%ss" : : "a"(0x50));
	EXPECT_ONE(SS_VECTOR, 0x50);
	guest_done();
}

guest_entry void device_not_available(void)
{
	guest_on(NM_VECTOR, skip_2);
	write_cr0(read_cr0() | X86_CR0_TS);
	asm volatile("fnop");
	EXPECT_ONE(NM_VECTOR, 0);
	asm volatile("clts");
	asm volatile("fnop");
	GUEST_ASSERT_EQ(handled, 0);
	guest_done();
}

/* Single-stepping: one #DB after each instruction, TF cleared by POPF. */
guest_entry void single_step(void)
{
	guest_on(DB_VECTOR, skip_none);
#ifdef GUEST_BITS
	asm volatile("pushf\n orl $0x100, (%%esp)\n popf\n nop\n nop\n"
		     "pushf\n andl $~0x100, (%%esp)\n popf\n" : : : "memory");
#else
	asm volatile("pushf\n orq $0x100, (%%rsp)\n popf\n nop\n nop\n"
		     "pushf\n andq $~0x100, (%%rsp)\n popf\n" : : : "memory");
#endif
	GUEST_ASSERT_EQ(vector_seen, DB_VECTOR);
	GUEST_ASSERT_EQ(handled, 5);
	GUEST_ASSERT_EQ(read_dr6() & (1 << 14), 1 << 14);
	guest_done();
}

/* An OUT in the handler, with its exit, disturbs nothing. */
static void outs(struct guest_regs *regs)
{
	outb(0x80, regs->vector);
	skip(regs, 2);
}

guest_entry void exit_in_handler(void)
{
	guest_on(UD_VECTOR, outs);
	asm volatile("ud2");
	EXPECT_ONE(UD_VECTOR, 0);
	guest_done();
}

/* An exception in a handler of another. */
static void nests(struct guest_regs *regs)
{
	asm volatile("int3");
	GUEST_ASSERT_EQ(handled, 1);
	regs->ip += 2;
}

guest_entry void nested(void)
{
	guest_on(UD_VECTOR, nests);
	guest_on(BP_VECTOR, skip_none);
	asm volatile("ud2");
	EXPECT_ONE(BP_VECTOR, 0);
	guest_done();
}

static void on_double_fault(struct guest_regs *regs)
{
	GUEST_ASSERT_EQ(regs->error, 0);
	guest_done();
}

/* A #GP for which the gate is missing. */
guest_entry void double_fault(u8 *idt, u64 entry_size)
{
	guest_on(DF_VECTOR, on_double_fault);
	idt[GP_VECTOR * entry_size + 5] = 0;
	asm volatile("mov %%eax, %%es" : : "a"(0x1230));
	guest_fail(__FILE__, __LINE__, "no double fault", 0, 0, 0);
}
#endif

#ifndef GUEST_BITS
#define PAGE_GVA 0x40000000ull

guest_entry void touches_pages(volatile u64 *page)
{
	u64 v;

	asm volatile(GUEST_CATCH("movq (%1), %0") : "=r"(v) : "r"(page)
		     : "memory");
	GUEST_ASSERT_EQ(guest_caught(), PF_VECTOR);
	GUEST_ASSERT_EQ(guest_error, 0);
	GUEST_ASSERT_EQ(read_cr2(), (ulong)page);
	asm volatile(GUEST_CATCH("movq $1, 8(%0)") : : "r"(page) : "memory");
	GUEST_ASSERT_EQ(guest_caught(), PF_VECTOR);
	GUEST_ASSERT_EQ(guest_error, 2);
	GUEST_ASSERT_EQ(read_cr2(), (ulong)page + 8);
	guest_sync(1);

	/* Mapped read-only by now; CR0.WP is set. */
	GUEST_ASSERT_EQ(*page, 77);
	asm volatile(GUEST_CATCH("movq $1, (%0)") : : "r"(page) : "memory");
	GUEST_ASSERT_EQ(guest_caught(), PF_VECTOR);
	GUEST_ASSERT_EQ(guest_error, 3);
	guest_done();
}

guest_entry void calls_a_page(void (*page)(void))
{
	asm volatile(GUEST_CATCH("call *%0") : : "r"(page) : "memory");
	GUEST_ASSERT_EQ(guest_caught(), PF_VECTOR);
	GUEST_ASSERT_EQ(guest_error, 0x11);
	GUEST_ASSERT_EQ(read_cr2(), (ulong)page);
	guest_done();
}

guest_entry void reads_a_hole(void)
{
	u64 v;

	asm volatile(GUEST_CATCH("movq (%1), %0") : "=r"(v)
		     : "r"(0x0000800000000000) : "memory");
	GUEST_ASSERT_EQ(guest_caught(), GP_VECTOR);
	GUEST_ASSERT_EQ(guest_error, 0);
	guest_done();
}

FIXTURE(exceptions) {
	struct vcpu *vcpu;
};

FIXTURE_VARIANT(exceptions) {
	enum guest_mode mode;
};

FIXTURE_VARIANT_ADD(exceptions, protected) { .mode = GUEST_32 };
FIXTURE_VARIANT_ADD(exceptions, long) { .mode = GUEST_64 };

FIXTURE_SETUP(exceptions)
{
	self->vcpu = vcpu_new(vm_new(), 0);
}

FIXTURE_TEARDOWN(exceptions)
{
	vm_free(self->vcpu->vm);
}

#define SIMPLE_CASE(name)						\
TEST_F(exceptions, name)						\
{									\
	vcpu_setup(self->vcpu, variant->mode, #name);			\
	run_to_done(self->vcpu);					\
}

SIMPLE_CASE(invalid_opcode)
SIMPLE_CASE(divide_error)
SIMPLE_CASE(breakpoint)
SIMPLE_CASE(software_interrupt)
SIMPLE_CASE(general_protection)
SIMPLE_CASE(device_not_available)
SIMPLE_CASE(single_step)
SIMPLE_CASE(nested)

TEST_F(exceptions, segment_not_present)
{
	struct nacre_sregs s;

	vcpu_setup(self->vcpu, variant->mode, "segment_not_present");
	vcpu_args(self->vcpu, 1, (u64)GDT_GPA);
	/* The descriptor lies behind those of the library. */
	get_sregs(self->vcpu, &s);
	s.gdt.limit = 0x57;
	set_sregs(self->vcpu, &s);
	run_to_done(self->vcpu);
}

TEST_F(exceptions, exit_in_handler)
{
	vcpu_setup(self->vcpu, variant->mode, "exit_in_handler");
	EXPECT_EQ(UD_VECTOR, *(u8 *)run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT,
					       0x80, 1));
	run_to_done(self->vcpu);
}

TEST_F(exceptions, double_fault)
{
	u64 entry_size = variant->mode == GUEST_64 ? 16 : 8;

	vcpu_setup(self->vcpu, variant->mode, "double_fault");
	vcpu_args(self->vcpu, 2, (u64)IDT_GPA, entry_size);
	run_to_done(self->vcpu);
}

TEST(page_fault)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "touches_pages");
	u64 gpa = vm_alloc(vcpu->vm, PAGE_SIZE);

	*(u64 *)gpa_to_hva(vcpu->vm, gpa, 8) = 77;
	*vm_pte(vcpu->vm, PAGE_GVA) = 0;
	vcpu_args(vcpu, 1, PAGE_GVA);
	run_to_sync(vcpu, 1);
	vm_map(vcpu->vm, PAGE_GVA, gpa, 0);
	run_to_done(vcpu);
}

TEST(no_execute)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "calls_a_page");

	vm_map(vcpu->vm, PAGE_GVA, vm_alloc(vcpu->vm, PAGE_SIZE), PTE_NX);
	vcpu_args(vcpu, 1, PAGE_GVA);
	run_to_done(vcpu);
}

TEST(non_canonical)
{
	run_to_done(vcpu_with_guest(GUEST_64, "reads_a_hole"));
}

TEST_HARNESS_MAIN
#endif
