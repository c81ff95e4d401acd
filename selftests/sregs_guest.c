// SPDX-License-Identifier: GPL-2.0
/* The guest sees what the VMM set, the VMM what the guest changed. */
#include "test.h"

guest_entry void tells(void)
{
	struct desc_ptr gdt = sgdt(), idt = sidt();

	guest_sync(1, read_cr0(), read_cr2(), read_cr3(), read_cr4());
	guest_sync(2, read_cs(), read_ds(), read_es(), read_ss());
	guest_sync(3, read_fs(), read_gs(), str_tr(), sldt());
	guest_sync(4, gdt.base, gdt.limit, idt.base, idt.limit);
	guest_done();
}

guest_data u32 far_word = 0x12345678;

/* Reads a word through FS, whose base the host moves. */
guest_entry void reads_through_fs(void)
{
	u32 v;

	asm volatile("movl %%fs:0, %0" : "=r"(v) : : "memory");
	guest_sync(1, v);
	guest_done();
}

#if !defined(GUEST_BITS) || GUEST_BITS == 32
#define SEL_USER_DATA_3 0x23
#define SEL_LDT_FREE 0x50

/* Changes what it may, and stops where the host looks. */
guest_entry void changes(u32 *gdt)
{
	struct desc_ptr table = sgdt();

	/* Not one that the compiler's string instructions go by. */
	asm volatile("movw %w0, %%gs" : : "r"(0));
	asm volatile("movw %w0, %%fs" : : "r"(SEL_USER_DATA_3));
	gdt[SEL_LDT_FREE / 4] = 0x40000fff;	/* base 0x4000 */
	gdt[SEL_LDT_FREE / 4 + 1] = 0x00008200;
	table.limit = 0x7f;
	asm volatile("lgdt %0" : : "m"(table));
	table.limit = 0x6f;
	table.base = 0x6000;
	asm volatile("lidt %0" : : "m"(table));
	asm volatile("lldt %w0" : : "r"(SEL_LDT_FREE));
	write_cr0(read_cr0() | X86_CR0_AM | X86_CR0_TS);
	write_cr2(0x77777000);
	write_cr4(read_cr4() | X86_CR4_PSE);
	guest_sync(1);
	guest_done();
}
#endif

#ifndef GUEST_BITS
FIXTURE(sregs) {
	struct vcpu *vcpu;
	struct nacre_sregs s;
};

FIXTURE_VARIANT(sregs) {
	enum guest_mode mode;
};

FIXTURE_VARIANT_ADD(sregs, real) { .mode = GUEST_16 };
FIXTURE_VARIANT_ADD(sregs, protected) { .mode = GUEST_32 };
FIXTURE_VARIANT_ADD(sregs, long) { .mode = GUEST_64 };

FIXTURE_SETUP(sregs)
{
	self->vcpu = vcpu_new(vm_new(), 0);
}

FIXTURE_TEARDOWN(sregs)
{
	vm_free(self->vcpu->vm);
}

static void start(struct vcpu *vcpu, enum guest_mode mode, const char *name,
		  struct nacre_sregs *s)
{
	vcpu_setup(vcpu, mode, name);
	get_sregs(vcpu, s);
}

#define EXPECT_ARGS(a, b, c, d)						\
	do {								\
		EXPECT_EQ(a, self->vcpu->uc.args[1]);			\
		EXPECT_EQ(b, self->vcpu->uc.args[2]);			\
		EXPECT_EQ(c, self->vcpu->uc.args[3]);			\
		EXPECT_EQ(d, self->vcpu->uc.args[4]);			\
	} while (0)

TEST_F(sregs, guest_sees_control_registers)
{
	struct nacre_sregs *s = &self->s;

	start(self->vcpu, variant->mode, "tells", s);
	s->cr2 = 0x12345000;
	s->cr4 |= X86_CR4_PGE;
	if (variant->mode != GUEST_64)
		s->cr3 = 0x7000;
	s->cr0 |= X86_CR0_AM;
	set_sregs(self->vcpu, s);
	run_to_sync(self->vcpu, 1);
	/* In-tree KVM on AMD shows the guest the host's CR4.MCE. */
	self->vcpu->uc.args[4] &= ~(u64)X86_CR4_MCE;
	EXPECT_ARGS(s->cr0, s->cr2, s->cr3, s->cr4);
}

/* STR and SLDT do not exist in real mode. */
TEST_F(sregs, guest_sees_segments)
{
	struct nacre_sregs *s = &self->s;

	start(self->vcpu, variant->mode, "tells", s);
	s->es.selector = 0x20;
	s->fs.selector = 0x28;
	s->gs.selector = 0x30;
	s->ldt.selector = 0x50;
	set_sregs(self->vcpu, s);
	run_to_sync(self->vcpu, 1);
	run_to_sync(self->vcpu, 2);
	EXPECT_ARGS(s->cs.selector, s->ds.selector, s->es.selector,
		    s->ss.selector);
	if (variant->mode == GUEST_16)
		return;
	run_to_sync(self->vcpu, 3);
	EXPECT_ARGS(s->fs.selector, s->gs.selector, s->tr.selector,
		    s->ldt.selector);
}

TEST_F(sregs, guest_sees_descriptor_tables)
{
	struct nacre_sregs *s = &self->s;

	if (variant->mode == GUEST_16)
		SKIP(return, "the guest stops at STR, absent in real mode");
	start(self->vcpu, variant->mode, "tells", s);
	s->gdt.limit = 0x1237;
	s->idt.limit = 0xabf;
	set_sregs(self->vcpu, s);
	for (int i = 1; i <= 4; i++)
		run_to_sync(self->vcpu, i);
	EXPECT_ARGS(s->gdt.base, s->gdt.limit, s->idt.base, s->idt.limit);
}

TEST_F(sregs, segment_base_is_used)
{
	struct nacre_sregs *s = &self->s;

	start(self->vcpu, variant->mode, "reads_through_fs", s);
	s->fs.base = guest_symbol(variant->mode, "far_word");
	set_sregs(self->vcpu, s);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x12345678, self->vcpu->uc.args[1]);
}

TEST_F(sregs, vmm_sees_changes)
{
	struct nacre_sregs *s = &self->s;
	u64 cr0;

	if (variant->mode == GUEST_16)
		SKIP(return, "the changes need protected mode");
	start(self->vcpu, variant->mode, "changes", s);
	cr0 = s->cr0;
	vcpu_args(self->vcpu, 1, (u64)GDT_GPA);
	run_to_sync(self->vcpu, 1);
	get_sregs(self->vcpu, s);
	EXPECT_EQ(cr0 | X86_CR0_AM | X86_CR0_TS, s->cr0);
	EXPECT_EQ(0x77777000, s->cr2);
	EXPECT_EQ(X86_CR4_PSE, s->cr4 & X86_CR4_PSE);
	EXPECT_EQ(0, s->gs.selector);
	EXPECT_EQ(1, s->gs.unusable);
	EXPECT_EQ(SEL_USER_DATA_3, s->fs.selector);
	EXPECT_EQ(0x50, s->ldt.selector);
	EXPECT_EQ(0x4000, s->ldt.base);
	EXPECT_EQ(0xfff, s->ldt.limit);
	EXPECT_EQ(GDT_GPA, s->gdt.base);
	EXPECT_EQ(0x7f, s->gdt.limit);
	EXPECT_EQ(0x6000, s->idt.base);
	EXPECT_EQ(0x6f, s->idt.limit);
	run_to_done(self->vcpu);
}

TEST_HARNESS_MAIN
#endif
