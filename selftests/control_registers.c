// SPDX-License-Identifier: GPL-2.0
/* What a guest may write to its control registers, and what is #GP. */
#include "test.h"

#define DEFINE_CATCH(reg)						\
static unsigned int write_##reg##_catch(ulong v)			\
{									\
	asm volatile(GUEST_CATCH("mov %0, %%" #reg) : : "r"(v) : "memory");\
	return guest_caught();						\
}

DEFINE_CATCH(cr0)
DEFINE_CATCH(cr3)
DEFINE_CATCH(cr4)
DEFINE_CATCH(cr8)

#define EXPECT_GP(write)						\
	do {								\
		GUEST_ASSERT_EQ(write, GP_VECTOR);			\
		GUEST_ASSERT_EQ(guest_error, 0);			\
	} while (0)
#define EXPECT_NONE(write) GUEST_ASSERT_EQ(write, NO_VECTOR)

guest_entry void writes_cr0(void)
{
	ulong cr0 = read_cr0();

	EXPECT_GP(write_cr0_catch(cr0 & ~(ulong)X86_CR0_PE));
	EXPECT_GP(write_cr0_catch(cr0 & ~(ulong)X86_CR0_PG));
	EXPECT_GP(write_cr0_catch((cr0 | X86_CR0_NW) & ~(ulong)X86_CR0_CD));
	GUEST_ASSERT_EQ(read_cr0(), cr0);
	EXPECT_NONE(write_cr0_catch(cr0 ^ X86_CR0_WP));
	GUEST_ASSERT_EQ(read_cr0(), cr0 ^ X86_CR0_WP);
	/* ET is always 1. */
	EXPECT_NONE(write_cr0_catch(cr0 & ~(ulong)X86_CR0_ET));
	GUEST_ASSERT_EQ(read_cr0(), cr0);
	EXPECT_NONE(write_cr0_catch(cr0 | X86_CR0_TS | X86_CR0_AM));
	guest_sync(1, read_cr0());
	guest_done();
}

guest_entry void writes_cr4(void)
{
	ulong cr4 = read_cr4();

	EXPECT_GP(write_cr4_catch(cr4 & ~(ulong)X86_CR4_PAE));
	EXPECT_GP(write_cr4_catch(cr4 | 1ul << 15));
	EXPECT_GP(write_cr4_catch(cr4 | 1ul << 31));
	GUEST_ASSERT_EQ(read_cr4(), cr4);
	EXPECT_NONE(write_cr4_catch(cr4 | X86_CR4_PGE));
	GUEST_ASSERT_EQ(read_cr4(), cr4 | X86_CR4_PGE);
	guest_sync(1, read_cr4());
	guest_done();
}

/* Features that CPUID does not show do not exist in CR4 either. */
guest_entry void writes_cr4_without_cpuid(void)
{
	ulong cr4 = read_cr4();

	EXPECT_GP(write_cr4_catch(cr4 | X86_CR4_OSXSAVE));
	EXPECT_GP(write_cr4_catch(cr4 | 1ul << 20));	/* SMEP */
	EXPECT_GP(write_cr4_catch(cr4 | 1ul << 13));	/* VMXE */
	GUEST_ASSERT_EQ(read_cr4(), cr4);
	guest_done();
}

guest_entry void writes_high_bits(void)
{
	/* With a bit that is looked at, or an emulator takes no notice. */
	ulong cr0 = read_cr0() ^ X86_CR0_WP, cr4 = read_cr4() ^ X86_CR4_PGE;

	EXPECT_GP(write_cr0_catch(cr0 | 1ul << 32));
	EXPECT_GP(write_cr0_catch(cr0 | 1ul << 63));
	EXPECT_GP(write_cr4_catch(cr4 | 1ul << 32));
	EXPECT_GP(write_cr4_catch(cr4 | 1ul << 63));
	guest_done();
}

guest_entry void writes_high_bits_of_cr3(void)
{
	EXPECT_GP(write_cr3_catch(read_cr3() | 1ul << 62));
	EXPECT_GP(write_cr3_catch(read_cr3() | 1ul << 52));
	guest_done();
}

guest_entry void writes_cr3(void)
{
	ulong cr3 = read_cr3();

	EXPECT_NONE(write_cr3_catch(cr3));
	/* PWT and PCD are kept. */
	EXPECT_NONE(write_cr3_catch(cr3 | 0x18));
	guest_sync(1, read_cr3());
	guest_done();
}

guest_entry void writes_cr8(void)
{
	ulong v;

	for (ulong i = 0; i < 16; i++) {
		EXPECT_NONE(write_cr8_catch(i));
		asm volatile("mov %%cr8, %0" : "=r"(v));
		GUEST_ASSERT_EQ(v, i);
	}
	EXPECT_GP(write_cr8_catch(16));
	asm volatile("mov %%cr8, %0" : "=r"(v));
	GUEST_ASSERT_EQ(v, 15);
	guest_sync(1, v);
	guest_done();
}

guest_entry void writes_high_bits_of_cr8(void)
{
	EXPECT_GP(write_cr8_catch(1ul << 8));
	EXPECT_GP(write_cr8_catch(1ul << 40));
	guest_done();
}

guest_entry void uses_lmsw(void)
{
	ulong cr0 = read_cr0();
	u16 word;

	asm volatile("smsw %0" : "=rm"(word));
	GUEST_ASSERT_EQ(word, cr0 & 0xffff);
	word |= X86_CR0_TS;
	asm volatile("lmsw %0" : : "rm"(word) : "memory");
	GUEST_ASSERT_EQ(read_cr0(), cr0 | X86_CR0_TS);
	/* LMSW sets PE, it never clears it. */
	word &= ~X86_CR0_PE;
	asm volatile("lmsw %0" : : "rm"(word) : "memory");
	GUEST_ASSERT_EQ(read_cr0(), cr0 | X86_CR0_TS);
	asm volatile("clts" : : : "memory");
	GUEST_ASSERT_EQ(read_cr0(), cr0);
	guest_done();
}

/* A page table that changes hands: the old translation is gone after it. */
guest_entry void changes_address_space(volatile u64 *page, u64 other_cr3)
{
	ulong cr3 = read_cr3();

	for (int i = 0; i < 20; i++) {
		GUEST_ASSERT_EQ(*page, 1);
		write_cr3(other_cr3);
		GUEST_ASSERT_EQ(*page, 2);
		write_cr3(cr3);
	}
	guest_done();
}

FIXTURE(cr) {
	struct vcpu *vcpu;
	struct nacre_sregs s;
};

FIXTURE_SETUP(cr)
{
	self->vcpu = vcpu_new(vm_new(), 0);
}

FIXTURE_TEARDOWN(cr)
{
	vm_free(self->vcpu->vm);
}

#define TO_STAGE(name)							\
	do {								\
		set_supported_cpuid(self->vcpu);			\
		vcpu_setup(self->vcpu, GUEST_64, name);			\
		run_to_sync(self->vcpu, 1);				\
		get_sregs(self->vcpu, &self->s);			\
	} while (0)

TEST_F(cr, cr0)
{
	TO_STAGE("writes_cr0");
	EXPECT_EQ(self->vcpu->uc.args[1], self->s.cr0);
	run_to_done(self->vcpu);
}

TEST_F(cr, cr4)
{
	TO_STAGE("writes_cr4");
	/* In-tree KVM on AMD shows the guest the host's CR4.MCE. */
	EXPECT_EQ(self->vcpu->uc.args[1] & ~(u64)X86_CR4_MCE,
		  self->s.cr4 & ~(u64)X86_CR4_MCE);
	run_to_done(self->vcpu);
}

TEST_F(cr, high_bits)
{
	vcpu_setup(self->vcpu, GUEST_64, "writes_high_bits");
	run_to_done(self->vcpu);
}

TEST_F(cr, high_bits_of_cr3)
{
	vcpu_setup(self->vcpu, GUEST_64, "writes_high_bits_of_cr3");
	run_to_done(self->vcpu);
}

/* In-tree KVM asks CPUID only after there was one. */
TEST_F(cr, cr4_without_cpuid)
{
	struct {
		struct nacre_cpuid2 head;
		struct nacre_cpuid_entry2 leaf;
	} none = { .head.nent = 1, .leaf.eax = 1 };

	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, &none.head));
	vcpu_setup(self->vcpu, GUEST_64, "writes_cr4_without_cpuid");
	run_to_done(self->vcpu);
}

TEST_F(cr, cr3)
{
	TO_STAGE("writes_cr3");
	EXPECT_EQ(self->vcpu->uc.args[1], self->s.cr3);
	run_to_done(self->vcpu);
}

/* Each write may come to the VMM, which has the interrupt controller. */
TEST_F(cr, cr8)
{
	vcpu_setup(self->vcpu, GUEST_64, "writes_cr8");
	while (run_ucall(self->vcpu) == UCALL_NONE)
		ASSERT_EQ(NACRE_EXIT_SET_TPR, self->vcpu->run->exit_reason);
	ASSERT_EQ(UCALL_SYNC, self->vcpu->uc.cmd);
	get_sregs(self->vcpu, &self->s);
	EXPECT_EQ(15, self->s.cr8);
	EXPECT_EQ(15, self->vcpu->run->cr8);
	run_to_done(self->vcpu);
}

TEST_F(cr, high_bits_of_cr8)
{
	vcpu_setup(self->vcpu, GUEST_64, "writes_high_bits_of_cr8");
	run_to_done(self->vcpu);
}

TEST_F(cr, lmsw_and_clts)
{
	vcpu_setup(self->vcpu, GUEST_64, "uses_lmsw");
	run_to_done(self->vcpu);
}

#define PAGE_GVA 0x40000000ull

TEST_F(cr, address_spaces)
{
	struct vcpu *vcpu = self->vcpu;
	struct vm *vm = vcpu->vm;
	u64 first, second, one = vm_alloc(vm, PAGE_SIZE);
	u64 two = vm_alloc(vm, PAGE_SIZE);

	*(u64 *)gpa_to_hva(vm, one, 8) = 1;
	*(u64 *)gpa_to_hva(vm, two, 8) = 2;
	vcpu_setup(vcpu, GUEST_64, "changes_address_space");
	vm_map(vm, PAGE_GVA, one, PTE_WRITE);
	first = vm->cr3;
	vm->cr3 = 0;
	mode_sregs(vm, GUEST_64, &self->s);
	second = vm->cr3;
	ASSERT_NE(first, second);
	vm_map(vm, PAGE_GVA, two, PTE_WRITE);
	vm->cr3 = first;
	vcpu_args(vcpu, 2, PAGE_GVA, second);
	run_to_done(vcpu);
}

TEST_HARNESS_MAIN
