// SPDX-License-Identifier: GPL-2.0
/* HLT without an in-kernel interrupt controller comes to the VMM. */
#include "test.h"

guest_entry void halts(void)
{
	guest_sync(1);
	hlt();
	guest_sync(2);
	asm volatile(".byte 0x66; hlt" : : : "memory");
	guest_done();
}

#ifndef GUEST_BITS
FIXTURE(hlt) {
	struct vcpu *vcpu;
};

FIXTURE_VARIANT(hlt) {
	enum guest_mode mode;
};

FIXTURE_VARIANT_ADD(hlt, real) { .mode = GUEST_16 };
FIXTURE_VARIANT_ADD(hlt, protected) { .mode = GUEST_32 };
FIXTURE_VARIANT_ADD(hlt, long) { .mode = GUEST_64 };

FIXTURE_SETUP(hlt)
{
	self->vcpu = vcpu_with_guest(variant->mode, "halts");
}

FIXTURE_TEARDOWN(hlt)
{
	vm_free(self->vcpu->vm);
}

TEST_F(hlt, exits_and_goes_on)
{
	run_to_sync(self->vcpu, 1);
	run_to_exit(self->vcpu, NACRE_EXIT_HLT);
	run_to_sync(self->vcpu, 2);
	run_to_exit(self->vcpu, NACRE_EXIT_HLT);
	run_to_done(self->vcpu);
}

/* RIP is behind the HLT already: a VMM that reads it must see that. */
TEST_F(hlt, rip_is_behind)
{
	u64 before;

	run_to_sync(self->vcpu, 1);
	run_to_exit(self->vcpu, NACRE_EXIT_HLT);
	before = get_rip(self->vcpu);
	EXPECT_EQ(0xf4, *(u8 *)gpa_to_hva(self->vcpu->vm, before - 1, 1));
	run_to_sync(self->vcpu, 2);
}

TEST_HARNESS_MAIN
#endif
