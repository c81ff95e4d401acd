// SPDX-License-Identifier: GPL-2.0
/*
 * A write to no memory is behind the guest when it comes to the VMM, and what
 * cannot be done there is #UD.
 */
#include "test.h"

#define DEVICE 0x70000000ull

guest_entry void stores(volatile u32 *to)
{
	asm volatile(".globl store_insn, store_next\n"
		     "store_insn: movl %%ecx, (%0)\n"
		     "store_next: nop"
		     : : "D"(to), "c"(0x1234) : "memory");
	guest_sync(1);
	guest_done();
}

guest_entry void stores_string(volatile u32 *to)
{
	u64 left = 2;

	asm volatile("cld\n\trep stosl"
		     : "+D"(to), "+c"(left) : "a"(7) : "memory");
	guest_sync(1, left);
	guest_done();
}

guest_entry void stores_machine_status(u16 *to)
{
	u64 cr0 = 0;

	/* With CR0.CD set reading it may be intercepted. */
	asm volatile("mov %%cr0, %0\n\tbts $30, %0\n\tmov %0, %%cr0"
		     : "=&r"(cr0));
	asm volatile("smsw %0" : "=r"(cr0));
	asm volatile("smsw %0" : "=m"(*to));
	guest_sync(1, cr0, *to);
	guest_done();
}

FIXTURE(mmio_commit) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(mmio_commit)
{
	self->vcpu = vcpu_with_guest(GUEST_64, "stores");
}

FIXTURE_TEARDOWN(mmio_commit)
{
	vm_free(self->vcpu->vm);
}

TEST_F(mmio_commit, rip_is_behind_a_write)
{
	vcpu_args(self->vcpu, 1, DEVICE);
	run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
	EXPECT_EQ(1, self->vcpu->run->mmio.is_write);
	EXPECT_EQ(guest_symbol(GUEST_64, "store_next"), get_rip(self->vcpu));
	run_to_sync(self->vcpu, 1);
}

/* Whoever sets RIP before coming back goes there, and nowhere else. */
TEST_F(mmio_commit, rip_that_is_set_after_a_write_stays)
{
	struct nacre_regs regs;

	vcpu_args(self->vcpu, 1, DEVICE);
	run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
	get_regs(self->vcpu, &regs);
	regs.rip = guest_symbol(GUEST_64, "store_insn");
	regs.rcx = 0x5678;
	set_regs(self->vcpu, &regs);
	run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
	EXPECT_EQ(0x5678, *(u32 *)self->vcpu->run->mmio.data);
	run_to_sync(self->vcpu, 1);
}

TEST_F(mmio_commit, a_string_counts_before_the_exit)
{
	struct nacre_regs regs;

	vcpu_setup(self->vcpu, GUEST_64, "stores_string");
	vcpu_args(self->vcpu, 1, DEVICE);
	run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(1, regs.rcx);
	EXPECT_EQ(DEVICE + 4, regs.rdi);
	run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(0, regs.rcx);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, self->vcpu->uc.args[1]);
}

/* PE, MP and ET at least, in the 16 bits that memory gets, too. */
TEST_F(mmio_commit, smsw_with_the_cache_off)
{
	vcpu_setup(self->vcpu, GUEST_64, "stores_machine_status");
	vcpu_args(self->vcpu, 1, vm_alloc(self->vcpu->vm, PAGE_SIZE));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(1, self->vcpu->uc.args[1] & 1);
	EXPECT_EQ(self->vcpu->uc.args[1] & 0xffff, self->vcpu->uc.args[2]);
}

TEST_HARNESS_MAIN
