// SPDX-License-Identifier: GPL-2.0
/* IN and OUT of 1, 2 and 4 bytes in each mode, and when they complete. */
#include "test.h"

#define LAST_PORT 0xfffc

guest_entry void outs_all(void)
{
	outb(0x10, 0x5a);
	outw(0x1234, 0xbeef);
	outl(LAST_PORT, 0xdeadbeef);
	asm volatile("outb %b0, $0x80" : : "a"(0x11));
	asm volatile("outw %w0, $0x81" : : "a"(0x2222));
	asm volatile("outl %0, $0xff" : : "a"(0x33333333));
	guest_done();
}

guest_entry void ins_all(void)
{
	ulong b = ~0ul, w = ~0ul, l = ~0ul;

	asm volatile("inb %%dx, %%al" : "+a"(b) : "d"(0x10));
	asm volatile("inw %%dx, %%ax" : "+a"(w) : "d"(0x1234));
	asm volatile("inl %%dx, %%eax" : "+a"(l) : "d"(LAST_PORT));
	guest_sync(1, b, w, l);
	guest_done();
}

guest_entry void one_out(void)
{
	asm volatile(".globl out_insn, out_next\n"
		     "out_insn: outb %%al, %%dx\n"
		     "out_next:" : : "a"(1), "d"(0x20));
	guest_done();
}

guest_entry void one_in(void)
{
	u8 v;

	asm volatile(".globl in_insn, in_next\n"
		     "in_insn: inb %%dx, %%al\n"
		     "in_next:" : "=a"(v) : "d"(0x20));
	guest_sync(1, v);
	guest_done();
}

guest_entry void out_7e(void)
{
	asm volatile(".globl out_7e_next\n"
		     "outb %%al, %%dx\n"
		     "out_7e_next:" : : "a"(1), "d"(0x7e));
	guest_done();
}

guest_entry void elsewhere(void)
{
	guest_sync(77);
	guest_done();
}

#ifndef GUEST_BITS
FIXTURE(pio) {
	struct vcpu *vcpu;
};

FIXTURE_VARIANT(pio) {
	enum guest_mode mode;
};

FIXTURE_VARIANT_ADD(pio, real) { .mode = GUEST_16 };
FIXTURE_VARIANT_ADD(pio, protected) { .mode = GUEST_32 };
FIXTURE_VARIANT_ADD(pio, long) { .mode = GUEST_64 };

FIXTURE_SETUP(pio)
{
	self->vcpu = vcpu_new(vm_new(), 0);
}

FIXTURE_TEARDOWN(pio)
{
	vm_free(self->vcpu->vm);
}

#define start(name) vcpu_setup(self->vcpu, variant->mode, name)
#define to_out(port, size) \
	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, port, size)
#define to_in(port, size) run_to_pio(self->vcpu, NACRE_EXIT_IO_IN, port, size)

TEST_F(pio, out)
{
	start("outs_all");
	EXPECT_EQ(0x5a, *(u8 *)to_out(0x10, 1));
	EXPECT_EQ(0xbeef, *(u16 *)to_out(0x1234, 2));
	EXPECT_EQ(0xdeadbeef, *(u32 *)to_out(LAST_PORT, 4));
	EXPECT_EQ(0x11, *(u8 *)to_out(0x80, 1));
	EXPECT_EQ(0x2222, *(u16 *)to_out(0x81, 2));
	EXPECT_EQ(0x33333333, *(u32 *)to_out(0xff, 4));
	run_to_done(self->vcpu);
}

/* A 32-bit IN clears the upper half of RAX, shorter ones keep the rest. */
TEST_F(pio, in)
{
	u64 all = variant->mode == GUEST_64 ? ~0ull : ~0u;

	start("ins_all");
	*(u8 *)to_in(0x10, 1) = 0xa5;
	*(u16 *)to_in(0x1234, 2) = 0x1357;
	*(u32 *)to_in(LAST_PORT, 4) = 0x89abcdef;
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ((all & ~0xffull) | 0xa5, self->vcpu->uc.args[1]);
	EXPECT_EQ((all & ~0xffffull) | 0x1357, self->vcpu->uc.args[2]);
	EXPECT_EQ(0x89abcdef, self->vcpu->uc.args[3]);
	run_to_done(self->vcpu);
}

TEST_F(pio, data_is_in_the_second_page)
{
	start("one_out");
	to_out(0x20, 1);
	EXPECT_EQ(NACRE_PIO_PAGE_OFFSET * PAGE_SIZE,
		  self->vcpu->run->io.data_offset);
}

TEST_F(pio, rip_stays_until_completion)
{
	start("one_out");
	to_out(0x20, 1);
	EXPECT_EQ(guest_symbol(variant->mode, "out_insn"),
		  get_rip(self->vcpu));
	run_to_done(self->vcpu);

	start("one_in");
	to_in(0x20, 1);
	EXPECT_EQ(guest_symbol(variant->mode, "in_insn"), get_rip(self->vcpu));
	run_to_sync(self->vcpu, 1);
}

/* A VMM that snapshots needs the pending access out of the way. */
TEST_F(pio, immediate_exit_completes)
{
	struct nacre_run *r = self->vcpu->run;
	struct nacre_regs regs;

	start("one_in");
	*(u8 *)to_in(0x20, 1) = 0x42;
	r->immediate_exit = 1;
	ASSERT_EQ(-1, raw_run(self->vcpu));
	EXPECT_EQ(EINTR, errno);
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(0x42, regs.rax & 0xff);
	EXPECT_EQ(guest_symbol(variant->mode, "in_next"), regs.rip);
	r->immediate_exit = 0;
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x42, self->vcpu->uc.args[1]);
	run_to_done(self->vcpu);

	start("one_out");
	to_out(0x20, 1);
	r->immediate_exit = 1;
	ASSERT_EQ(-1, raw_run(self->vcpu));
	EXPECT_EQ(EINTR, errno);
	EXPECT_EQ(guest_symbol(variant->mode, "out_next"),
		  get_rip(self->vcpu));
	r->immediate_exit = 0;
	run_to_done(self->vcpu);
}

/* A VMM may reset the vCPU in the middle of an OUT: nothing is skipped. */
TEST_F(pio, changed_rip_wins)
{
	struct nacre_regs regs;

	start("one_out");
	to_out(0x20, 1);
	get_regs(self->vcpu, &regs);
	regs.rip = guest_symbol(variant->mode, "elsewhere");
	set_regs(self->vcpu, &regs);
	run_to_sync(self->vcpu, 77);
}

/* Where the code segment is elsewhere, so is what RIP is at. */
TEST_F(pio, changed_base_wins)
{
	struct nacre_sregs sregs;
	u64 rip;

	start("one_out");
	to_out(0x20, 1);
	rip = get_rip(self->vcpu);
	get_sregs(self->vcpu, &sregs);
	sregs.cs.base += 16;
	set_sregs(self->vcpu, &sregs);
	self->vcpu->run->immediate_exit = 1;
	EXPECT_ERROR(EINTR, raw_run(self->vcpu));
	if (variant->mode == GUEST_64)
		rip = guest_symbol(variant->mode, "out_next");
	EXPECT_EQ(rip, get_rip(self->vcpu));
}

TEST_F(pio, base_that_comes_back)
{
	struct nacre_sregs sregs;

	start("one_out");
	to_out(0x20, 1);
	get_sregs(self->vcpu, &sregs);
	sregs.cs.base += 16;
	set_sregs(self->vcpu, &sregs);
	sregs.cs.base -= 16;
	set_sregs(self->vcpu, &sregs);
	self->vcpu->run->immediate_exit = 1;
	EXPECT_ERROR(EINTR, raw_run(self->vcpu));
	EXPECT_EQ(guest_symbol(variant->mode, "out_next"),
		  get_rip(self->vcpu));
}

/* The one port where RIP moves first: old firmware resets in SMM there. */
TEST_F(pio, port_7e_completes_first)
{
	start("out_7e");
	to_out(0x7e, 1);
	EXPECT_EQ(guest_symbol(variant->mode, "out_7e_next"),
		  get_rip(self->vcpu));
	run_to_done(self->vcpu);
}

TEST_HARNESS_MAIN
#endif
