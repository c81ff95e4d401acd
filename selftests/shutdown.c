// SPDX-License-Identifier: GPL-2.0
/* A triple fault ends in SHUTDOWN, and the vCPU can be used again. */
#include "test.h"

guest_entry void done(void)
{
	guest_done();
}

/* Without a valid IDT entry every exception becomes the next one. */
guest_entry void faults(void)
{
#if defined(GUEST_BITS) && GUEST_BITS == 16
	struct desc_ptr none = { 0, 0 };

	asm volatile("lidtl %0" : : "m"(none));
	asm volatile("int $3");
#else
	asm volatile("ud2");
#endif
	guest_done();
}

#ifndef GUEST_BITS
FIXTURE(shutdown) {
	struct vcpu *vcpu;
};

FIXTURE_VARIANT(shutdown) {
	enum guest_mode mode;
};

FIXTURE_VARIANT_ADD(shutdown, real) { .mode = GUEST_16 };
FIXTURE_VARIANT_ADD(shutdown, protected) { .mode = GUEST_32 };
FIXTURE_VARIANT_ADD(shutdown, long) { .mode = GUEST_64 };

FIXTURE_SETUP(shutdown)
{
	struct nacre_sregs s;

	self->vcpu = vcpu_with_guest(variant->mode, "faults");
	get_sregs(self->vcpu, &s);
	s.idt.limit = 0;
	set_sregs(self->vcpu, &s);
}

FIXTURE_TEARDOWN(shutdown)
{
	vm_free(self->vcpu->vm);
}

TEST_F(shutdown, by_triple_fault)
{
	run_to_exit(self->vcpu, NACRE_EXIT_SHUTDOWN);
}

/* What the registers are is the module's choice; they can be read. */
TEST_F(shutdown, state_is_readable)
{
	struct nacre_sregs s;
	struct nacre_regs r;

	run_to_exit(self->vcpu, NACRE_EXIT_SHUTDOWN);
	get_regs(self->vcpu, &r);
	EXPECT_EQ(RFLAGS_FIXED, r.rflags & RFLAGS_FIXED);
	get_sregs(self->vcpu, &s);
	EXPECT_EQ(0, s.cr0 >> 32);
}

/* A guest that makes no progress here is not worth the usual wait. */
TEST_F_TIMEOUT(shutdown, reset_and_run_again, 10)
{
	for (int i = 0; i < 3; i++) {
		struct nacre_sregs s;

		run_to_exit(self->vcpu, NACRE_EXIT_SHUTDOWN);
		vcpu_setup(self->vcpu, variant->mode, "done");
		run_to_done(self->vcpu);
		vcpu_setup(self->vcpu, variant->mode, "faults");
		get_sregs(self->vcpu, &s);
		s.idt.limit = 0;
		set_sregs(self->vcpu, &s);
	}
}

/* Other vCPUs of the VM are not concerned. */
TEST_F(shutdown, others_go_on)
{
	struct vcpu *other = vcpu_new(self->vcpu->vm, 1);

	run_to_exit(self->vcpu, NACRE_EXIT_SHUTDOWN);
	vcpu_setup(other, variant->mode, "done");
	run_to_done(other);
}

TEST_HARNESS_MAIN
#endif
