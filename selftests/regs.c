// SPDX-License-Identifier: GPL-2.0
/* General registers between the VMM and the guest. */
#include "test.h"

#define PORT 0x60
#define REGS 16

guest_data u64 seen[REGS];

/* Stores what it finds, loads a pattern of its own, and tells the host. */
void probe(void);
asm(".globl probe, probe_out\n"
    "probe:\n"
    "	movq %rax, seen\n"
    "	movq %rbx, seen + 8\n"
    "	movq %rcx, seen + 16\n"
    "	movq %rdx, seen + 24\n"
    "	movq %rsi, seen + 32\n"
    "	movq %rdi, seen + 40\n"
    "	movq %rsp, seen + 48\n"
    "	movq %rbp, seen + 56\n"
    "	movq %r8, seen + 64\n"
    "	movq %r9, seen + 72\n"
    "	movq %r10, seen + 80\n"
    "	movq %r11, seen + 88\n"
    "	movq %r12, seen + 96\n"
    "	movq %r13, seen + 104\n"
    "	movq %r14, seen + 112\n"
    "	movq %r15, seen + 120\n"
    "	movabs $0x1001, %rax\n"
    "	movabs $0x8000000000001002, %rbx\n"
    "	movabs $0x8000000000001003, %rcx\n"
    "	movabs $0x8000000000001004, %rdx\n"
    "	movabs $0x8000000000001005, %rsi\n"
    "	movabs $0x8000000000001006, %rdi\n"
    "	movabs $0x8000000000001007, %rsp\n"
    "	movabs $0x8000000000001008, %rbp\n"
    "	movabs $0x8000000000001009, %r8\n"
    "	movabs $0x800000000000100a, %r9\n"
    "	movabs $0x800000000000100b, %r10\n"
    "	movabs $0x800000000000100c, %r11\n"
    "	movabs $0x800000000000100d, %r12\n"
    "	movabs $0x800000000000100e, %r13\n"
    "	movabs $0x800000000000100f, %r14\n"
    "	movabs $0x8000000000001010, %r15\n"
    "probe_out:\n"
    "	outb %al, $0x60\n"
    "	jmp probe\n");

guest_entry void counts(void)
{
	for (u64 i = 0;; i++)
		asm volatile("outb %b0, $0x60" : : "a"(i));
}

FIXTURE(regs) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(regs)
{
	self->vcpu = vcpu_with_guest(GUEST_64, "probe");
}

FIXTURE_TEARDOWN(regs)
{
	vm_free(self->vcpu->vm);
}

static void fill(struct nacre_regs *regs)
{
	u64 *r = (u64 *)regs;

	for (int i = 0; i < REGS; i++)
		r[i] = 0xa5a5000000000000 | (u64)i << 32 | ~i << 8 | i;
	regs->rflags = RFLAGS_FIXED;
}

TEST_F(regs, round_trip)
{
	struct nacre_regs in, out;

	fill(&in);
	in.rip = 0x00007fffffffffff;
	in.rflags |= RFLAGS_IF | RFLAGS_DF | 0x8d5;
	set_regs(self->vcpu, &in);
	memset(&out, 0xee, sizeof(out));
	get_regs(self->vcpu, &out);
	EXPECT_EQ(0, memcmp(&in, &out, sizeof(in)));
}

/* Bit 1 of RFLAGS is always set, whatever the VMM says. */
TEST_F(regs, rflags_fixed_bit)
{
	struct nacre_regs regs = { 0 };

	set_regs(self->vcpu, &regs);
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(RFLAGS_FIXED, regs.rflags);
}

TEST_F(regs, guest_sees_them)
{
	struct nacre_regs regs;
	u64 *seen_by_guest, *set = (u64 *)&regs;

	fill(&regs);
	regs.rip = guest_symbol(GUEST_64, "probe");
	set_regs(self->vcpu, &regs);
	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
	seen_by_guest = guest_var(self->vcpu->vm, GUEST_64, "seen");
	for (int i = 0; i < REGS; i++) {
		EXPECT_EQ(set[i], seen_by_guest[i])
			TH_LOG("register %d", i);
	}
}

TEST_F(regs, vmm_sees_them)
{
	struct nacre_regs regs;
	u64 *r = (u64 *)&regs;

	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(0x1001, regs.rax);
	for (int i = 1; i < REGS; i++) {
		EXPECT_EQ(0x8000000000001001 + i, r[i])
			TH_LOG("register %d", i);
	}
	EXPECT_EQ(guest_symbol(GUEST_64, "probe_out"), regs.rip);
}

/* They stay as they are over exits, when nobody touches them. */
TEST_F(regs, kept_over_exits)
{
	struct nacre_regs regs;
	u64 *s = guest_var(self->vcpu->vm, GUEST_64, "seen");

	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
	for (int round = 0; round < 10; round++) {
		run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
		for (int i = 1; i < REGS; i++)
			ASSERT_EQ(0x8000000000001001 + i, s[i]);
	}
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(0x8000000000001010, regs.r15);
}

/* Reading and writing back in the middle of an OUT changes nothing. */
TEST_F(regs, change_between_runs)
{
	struct nacre_regs regs;

	vcpu_setup(self->vcpu, GUEST_64, "counts");
	for (int i = 0; i < 5; i++) {
		u8 *data = run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PORT, 1);

		EXPECT_EQ(i, *data);
		get_regs(self->vcpu, &regs);
		EXPECT_EQ(i, regs.rax & 0xff);
		set_regs(self->vcpu, &regs);
	}
}

TEST_HARNESS_MAIN
