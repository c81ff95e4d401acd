// SPDX-License-Identifier: GPL-2.0
/* Registers in the shared page: asked for, given, and written back. */
#include "test.h"

#define PORT 0x60

guest_entry void counts(void)
{
	for (u64 i = 0;; i++)
		asm volatile("outb %b0, $0x60" : "+a"(i) : "b"(0x1234)
			     : "memory");
}

FIXTURE(sync) {
	struct vcpu *vcpu;
	struct nacre_run *run;
};

FIXTURE_SETUP(sync)
{
	if (device_cap(NACRE_CAP_SYNC_REGS) != NACRE_SYNC_X86_VALID_FIELDS)
		SKIP(return, "no NACRE_CAP_SYNC_REGS with all fields");
	self->vcpu = vcpu_with_guest(GUEST_64, "counts");
	self->run = self->vcpu->run;
}

FIXTURE_TEARDOWN(sync)
{
	vm_free(self->vcpu->vm);
}

#define next() run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PORT, 1)

TEST_F(sync, nothing_unless_asked)
{
	memset(&self->run->s.regs, 0x77, sizeof(self->run->s.regs));
	next();
	EXPECT_EQ(0x7777777777777777, self->run->s.regs.regs.rbx);
	EXPECT_EQ(0x7777777777777777, self->run->s.regs.sregs.cr3);
}

TEST_F(sync, registers_come_out)
{
	struct nacre_sync_regs *s = &self->run->s.regs;
	struct nacre_vcpu_events events;
	struct nacre_sregs sregs;
	struct nacre_regs regs;

	self->run->nacre_valid_regs = NACRE_SYNC_X86_VALID_FIELDS;
	for (int i = 0; i < 3; i++) {
		/* In-tree KVM leaves the padding as it is. */
		memset(s, 0, sizeof(*s));
		next();
		get_regs(self->vcpu, &regs);
		get_sregs(self->vcpu, &sregs);
		ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_GET_VCPU_EVENTS,
				   &events));
		EXPECT_EQ(0, memcmp(&regs, &s->regs, sizeof(regs)));
		EXPECT_EQ(0, memcmp(&sregs, &s->sregs, sizeof(sregs)));
		EXPECT_EQ(0, memcmp(&events, &s->events, sizeof(events)));
		EXPECT_EQ(0x1234, s->regs.rbx);
	}
}

TEST_F(sync, only_what_was_asked_for)
{
	struct nacre_sync_regs *s = &self->run->s.regs;

	memset(s, 0x77, sizeof(*s));
	self->run->nacre_valid_regs = NACRE_SYNC_X86_SREGS;
	next();
	EXPECT_EQ(0x7777777777777777, s->regs.rbx);
	EXPECT_EQ(self->vcpu->vm->cr3, s->sregs.cr3);
}

TEST_F(sync, dirty_registers_go_in)
{
	struct nacre_sync_regs *s = &self->run->s.regs;
	struct nacre_regs regs;

	self->run->nacre_valid_regs = NACRE_SYNC_X86_REGS;
	next();
	/* The pending OUT is completed first, then these are taken. */
	s->regs.r11 = 0xbac1;
	self->run->nacre_dirty_regs = NACRE_SYNC_X86_REGS;
	next();
	EXPECT_EQ(0, self->run->nacre_dirty_regs);
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(0xbac1, regs.r11);
	EXPECT_EQ(0xbac1, s->regs.r11);

	/* Without the mark nothing is taken. */
	s->regs.r11 = 0xdead;
	next();
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(0xbac1, regs.r11);
}

TEST_F(sync, dirty_sregs_go_in)
{
	struct nacre_sregs sregs;

	get_sregs(self->vcpu, &sregs);
	sregs.cr2 = 0x5000;
	sregs.fs.base = 0x123000;
	self->run->s.regs.sregs = sregs;
	self->run->nacre_dirty_regs = NACRE_SYNC_X86_SREGS;
	next();
	get_sregs(self->vcpu, &sregs);
	EXPECT_EQ(0x5000, sregs.cr2);
	EXPECT_EQ(0x123000, sregs.fs.base);
}

TEST_F(sync, bad_sregs_are_refused)
{
	struct nacre_sregs *sregs = &self->run->s.regs.sregs;

	get_sregs(self->vcpu, sregs);
	sregs->cr4 |= 1ull << 63;
	self->run->nacre_dirty_regs = NACRE_SYNC_X86_SREGS;
	EXPECT_ERROR(EINVAL, raw_run(self->vcpu));
	get_sregs(self->vcpu, sregs);
	self->run->nacre_dirty_regs = NACRE_SYNC_X86_SREGS;
	next();
}

TEST_F(sync, unknown_fields)
{
	self->run->nacre_valid_regs = 1ull << 20;
	EXPECT_ERROR(EINVAL, raw_run(self->vcpu));
	self->run->nacre_valid_regs = 0;
	self->run->nacre_dirty_regs = 1ull << 20;
	EXPECT_ERROR(EINVAL, raw_run(self->vcpu));
	self->run->nacre_dirty_regs = 0;
	next();
}

TEST_F(sync, unknown_fields_of_the_upper_half)
{
	self->run->nacre_valid_regs = 1ull << 63 | NACRE_SYNC_X86_REGS;
	EXPECT_ERROR(EINVAL, raw_run(self->vcpu));
	self->run->nacre_valid_regs = 0;
	next();
}

TEST_HARNESS_MAIN
