// SPDX-License-Identifier: GPL-2.0
/*
 * Guest state that no processor accepts. NACRE_SET_SREGS refuses it, or the
 * entry fails with the processor's own reason; no guest instruction runs, the
 * VM and the host live on.
 */
#include "test.h"

guest_entry void done(void)
{
	guest_done();
}

struct bad {
	const char *what;
	void (*spoil)(struct nacre_sregs *s);
};

static void efer_reserved_bit(struct nacre_sregs *s)
{
	s->efer |= 1 << 1;
}

static void efer_high_bit(struct nacre_sregs *s)
{
	s->efer |= 1ull << 40;
}

static void long_and_default_size(struct nacre_sregs *s)
{
	s->cs.l = 1;
	s->cs.db = 1;
}

static void cr3_beyond_the_width(struct nacre_sregs *s)
{
	s->cr3 |= 1ull << 60;
}

static void cr4_high_bit(struct nacre_sregs *s)
{
	s->cr4 |= 1ull << 40;
}

static void cr0_not_write_through(struct nacre_sregs *s)
{
	s->cr0 |= X86_CR0_NW;
	s->cr0 &= ~(u64)X86_CR0_CD;
}

static const struct bad bad_states[] = {
	{ "a reserved bit in EFER", efer_reserved_bit },
	{ "a high bit in EFER", efer_high_bit },
	{ "CS.L and CS.D", long_and_default_size },
	{ "CR3 beyond the physical width", cr3_beyond_the_width },
	{ "a high bit in CR4", cr4_high_bit },
	{ "CR0.NW without CD", cr0_not_write_through },
};

/* Returns whether the state was refused, by whom never matters. */
static bool refused(struct vcpu *vcpu, const struct nacre_sregs *s)
{
	struct nacre_run *r = vcpu->run;

	if (ioctl(vcpu->fd, NACRE_SET_SREGS, s) == -1) {
		CHECK(errno == EINVAL);
		return true;
	}
	if (raw_run(vcpu))
		return errno == EINVAL;
	if (r->exit_reason == NACRE_EXIT_FAIL_ENTRY)
		CHECK(r->fail_entry.hardware_entry_failure_reason != 0);
	return r->exit_reason == NACRE_EXIT_FAIL_ENTRY ||
	       r->exit_reason == NACRE_EXIT_INTERNAL_ERROR;
}

TEST(each_is_refused)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "done");
	struct nacre_sregs good;

	get_sregs(vcpu, &good);
	for (size_t i = 0; i < sizeof(bad_states) / sizeof(*bad_states); i++) {
		struct nacre_sregs s = good;

		bad_states[i].spoil(&s);
		EXPECT_TRUE(refused(vcpu, &s))
			TH_LOG("%s: exit %s", bad_states[i].what,
			       exit_text(vcpu));
		vcpu_setup(vcpu, GUEST_64, "done");
		set_sregs(vcpu, &good);
		run_to_done(vcpu);
	}
	vm_free(vcpu->vm);
}

/* The failure repeats as long as the state is bad. */
TEST(fails_again)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "done");
	struct nacre_sregs s;

	get_sregs(vcpu, &s);
	efer_reserved_bit(&s);
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(refused(vcpu, &s));
}

#define NP_VECTOR 11

/*
 * Intel's processors refuse to deliver it (Intel SDM, "VM-Entry Control Fields",
 * where they are checked), AMD's do it. The VM lives on.
 */
TEST(exception_without_its_error_code)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "done"), *other;
	struct nacre_vcpu_events events;
	struct nacre_run *r = vcpu->run;

	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_GET_VCPU_EVENTS, &events));
	events.exception.injected = 1;
	events.exception.nr = NP_VECTOR;
	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_SET_VCPU_EVENTS, &events));
	ASSERT_EQ(0, raw_run(vcpu));
	if (r->exit_reason == NACRE_EXIT_FAIL_ENTRY)
		EXPECT_NE(0, r->fail_entry.hardware_entry_failure_reason);
	other = vcpu_new(vcpu->vm, 1);
	vcpu_setup(other, GUEST_64, "done");
	run_to_done(other);
	vm_free(vcpu->vm);
}

TEST_HARNESS_MAIN
