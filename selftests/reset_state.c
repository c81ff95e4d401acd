// SPDX-License-Identifier: GPL-2.0
/*
 * A new vCPU is as after RESET ("Processor State Following Power-Up, Reset or
 * INIT" in the Intel SDM; the AMD APM has the same table).
 */
#include "test.h"

/* Intel has it set after reset, AMD does not say. */
#define ACCESSED 1

FIXTURE(reset) {
	struct vcpu *vcpu;
	struct nacre_regs regs;
	struct nacre_sregs s;
};

FIXTURE_SETUP(reset)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	get_regs(self->vcpu, &self->regs);
	get_sregs(self->vcpu, &self->s);
}

FIXTURE_TEARDOWN(reset)
{
	vm_free(self->vcpu->vm);
}

TEST_F(reset, general_registers)
{
	struct nacre_regs *r = &self->regs;

	EXPECT_EQ(0xfff0, r->rip);
	EXPECT_EQ(RFLAGS_FIXED, r->rflags);
	EXPECT_EQ(0, r->rax | r->rbx | r->rcx | r->rsi | r->rdi | r->rbp |
		     r->rsp);
	EXPECT_EQ(0x600, r->rdx);
	EXPECT_EQ(0, r->r8 | r->r9 | r->r10 | r->r11 | r->r12 | r->r13 |
		     r->r14 | r->r15);
}

TEST_F(reset, segments)
{
	struct nacre_sregs *s = &self->s;

	EXPECT_EQ(0xf000, s->cs.selector);
	EXPECT_EQ(0xffff0000, s->cs.base);
	EXPECT_EQ(0xffff, s->cs.limit);
	EXPECT_EQ(0xa, s->cs.type & ~ACCESSED);
	EXPECT_EQ(1, s->cs.present);
	EXPECT_EQ(1, s->cs.s);
	EXPECT_EQ(0, s->ds.selector);
	EXPECT_EQ(0, s->ds.base);
	EXPECT_EQ(0xffff, s->ds.limit);
	EXPECT_EQ(2, s->ds.type & ~ACCESSED);
	EXPECT_EQ(0, memcmp(&s->ds, &s->es, sizeof(s->ds)));
	EXPECT_EQ(0, memcmp(&s->ds, &s->fs, sizeof(s->ds)));
	EXPECT_EQ(0, memcmp(&s->ds, &s->gs, sizeof(s->ds)));
	s->ss.type |= s->ds.type & ACCESSED;
	EXPECT_EQ(0, memcmp(&s->ds, &s->ss, sizeof(s->ds)));
	EXPECT_EQ(0xffff, s->tr.limit);
	EXPECT_EQ(1, s->tr.present);
	EXPECT_EQ(0xffff, s->ldt.limit);
}

TEST_F(reset, control_registers)
{
	struct nacre_sregs *s = &self->s;

	EXPECT_EQ(X86_CR0_ET | X86_CR0_NW | X86_CR0_CD, s->cr0);
	EXPECT_EQ(0, s->cr2);
	EXPECT_EQ(0, s->cr3);
	EXPECT_EQ(0, s->cr4);
	EXPECT_EQ(0, s->cr8);
	EXPECT_EQ(0, s->efer);
}

TEST_F(reset, descriptor_tables)
{
	EXPECT_EQ(0, self->s.gdt.base);
	EXPECT_EQ(0xffff, self->s.gdt.limit);
	EXPECT_EQ(0, self->s.idt.base);
	EXPECT_EQ(0xffff, self->s.idt.limit);
}

/* The first vCPU is the boot processor, the second is not. */
TEST_F(reset, apic_base)
{
	struct vcpu *second = vcpu_new(self->vcpu->vm, 1);
	struct nacre_sregs s;

	EXPECT_EQ(0xfee00900, self->s.apic_base);
	get_sregs(second, &s);
	EXPECT_EQ(0xfee00800, s.apic_base);
}

/* The first instruction is fetched from FFFFFFF0h. */
TEST_F(reset, first_instruction)
{
	static const u8 code[] = { 0xe6, 0x99, 0xf4 };	/* out %al, $0x99 */
	u8 *rom = vm_add_memory(self->vcpu->vm, 1, 0xffff0000, 0x10000, 0);

	memcpy(rom + 0xfff0, code, sizeof(code));
	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, 0x99, 1);
	EXPECT_EQ(0xfff0, get_rip(self->vcpu));
	run_to_exit(self->vcpu, NACRE_EXIT_HLT);
}

TEST_HARNESS_MAIN
