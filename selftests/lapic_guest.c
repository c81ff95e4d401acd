// SPDX-License-Identifier: GPL-2.0
/* The local APIC as a guest uses it through its page. */
#include "test.h"
#include "lib/apic.h"

#define LOW 0x42
#define HIGH 0x91
#define SPURIOUS 0xff

guest_data volatile u64 order[8];
guest_data volatile u64 taken;

static void note(u64 v)
{
	if (taken < 8)
		order[taken] = v;
	taken++;
}

/* Interrupts that came by now are taken before this returns. */
static void window(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static void on_vector(struct guest_regs *regs)
{
	GUEST_ASSERT(apic_bit(APIC_ISR, regs->vector));
	GUEST_ASSERT(!apic_bit(APIC_IRR, regs->vector));
	GUEST_ASSERT_EQ(regs->vector & 0xf0, apic_read(APIC_PPR));
	note(regs->vector);
	apic_eoi();
	GUEST_ASSERT(!apic_bit(APIC_ISR, regs->vector));
}

static void enable(void)
{
	guest_on(LOW, on_vector);
	guest_on(HIGH, on_vector);
	apic_enable();
}

guest_entry void reset_values(void)
{
	u32 version = apic_read(APIC_LVR);

	GUEST_ASSERT_EQ(0, apic_read(APIC_ID));
	GUEST_ASSERT_EQ(0x14, version & 0xff);
	GUEST_ASSERT_OP(version >> 16 & 0xff, >=, 5);
	GUEST_ASSERT_EQ(0, apic_read(APIC_TPR));
	GUEST_ASSERT_EQ(0, apic_read(APIC_PPR));
	GUEST_ASSERT_EQ(0, apic_read(APIC_LDR));
	GUEST_ASSERT_EQ(0xffffffff, apic_read(APIC_DFR));
	GUEST_ASSERT_EQ(0xff, apic_read(APIC_SVR));
	GUEST_ASSERT_EQ(APIC_MASKED, apic_read(APIC_LVTT));
	GUEST_ASSERT_EQ(APIC_MASKED, apic_read(APIC_LVTTHMR));
	GUEST_ASSERT_EQ(APIC_MASKED, apic_read(APIC_LVTPC));
	GUEST_ASSERT_EQ(APIC_EXTINT, apic_read(APIC_LVT0));
	GUEST_ASSERT_EQ(APIC_MASKED, apic_read(APIC_LVT1));
	GUEST_ASSERT_EQ(APIC_MASKED, apic_read(APIC_LVTERR));
	GUEST_ASSERT_EQ(0, apic_read(APIC_ICR));
	GUEST_ASSERT_EQ(0, apic_read(APIC_ICR2));
	GUEST_ASSERT_EQ(0, apic_read(APIC_TMICT));
	GUEST_ASSERT_EQ(0, apic_read(APIC_TMCCT));
	GUEST_ASSERT_EQ(0, apic_read(APIC_TDCR));
	GUEST_ASSERT_EQ(0, apic_read(APIC_ESR));
	for (u32 i = 0; i < 0x180; i += 0x10)
		GUEST_ASSERT_EQ(0, apic_read(APIC_ISR + i));
	guest_done();
}

/* Off in software: every LVT is masked and stays so. */
guest_entry void lvt_masks(void)
{
	static const u16 lvts[] = {
		APIC_LVTT, APIC_LVTTHMR, APIC_LVTPC, APIC_LVT0, APIC_LVT1,
		APIC_LVTERR,
	};

	for (int i = 0; i < 6; i++) {
		apic_write(lvts[i], 0x33);
		GUEST_ASSERT_EQ(APIC_MASKED | 0x33, apic_read(lvts[i]));
	}
	apic_enable();
	for (int i = 0; i < 6; i++) {
		apic_write(lvts[i], 0x33);
		GUEST_ASSERT_EQ(0x33, apic_read(lvts[i]));
	}
	apic_write(APIC_SVR, 0xff);
	for (int i = 0; i < 6; i++)
		GUEST_ASSERT_EQ(APIC_MASKED | 0x33, apic_read(lvts[i]));
	guest_done();
}

/* Bits 12 and 14 are the APIC's; what they read as is not looked at. */
static void expect_lvt(u32 reg, u32 bits)
{
	apic_write(reg, ~0u);
	GUEST_ASSERT_EQ(bits, apic_read(reg) & ~(1u << 12 | 1u << 14));
}

/* What each register takes of all ones. */
guest_entry void writable_bits(void)
{
	apic_enable();
	/* The lower half is kept by some, and lost with CR8 on others. */
	apic_write(APIC_TPR, ~0u);
	GUEST_ASSERT_EQ(0xf0, apic_read(APIC_TPR) & ~0xfu);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LDR, ~0u);
	GUEST_ASSERT_EQ(0xff000000, apic_read(APIC_LDR));
	apic_write(APIC_DFR, 0);
	GUEST_ASSERT_EQ(0x0fffffff, apic_read(APIC_DFR));
	expect_lvt(APIC_LVT0, 0x1a7ff);
	expect_lvt(APIC_LVT1, 0x1a7ff);
	expect_lvt(APIC_LVTERR, 0x100ff);
	expect_lvt(APIC_LVTTHMR, 0x107ff);
	expect_lvt(APIC_LVTPC, 0x107ff);
	expect_lvt(APIC_LVTT, 0x300ff);
	apic_write(APIC_TDCR, ~0u);
	GUEST_ASSERT_EQ(0xb, apic_read(APIC_TDCR));
	apic_write(APIC_ICR2, ~0u);
	GUEST_ASSERT_EQ(0xff000000, apic_read(APIC_ICR2));
	/* Read only. */
	apic_write(APIC_LVR, ~0u);
	GUEST_ASSERT_EQ(0x14, apic_read(APIC_LVR) & 0xff);
	apic_write(APIC_PPR, ~0u);
	GUEST_ASSERT_EQ(0, apic_read(APIC_PPR));
	apic_write(APIC_IRR, ~0u);
	GUEST_ASSERT_EQ(0, apic_read(APIC_IRR));
	guest_done();
}

guest_entry void self_ipi(void)
{
	enable();
	apic_write(APIC_ICR, ICR_SELF | LOW);
	GUEST_ASSERT(apic_bit(APIC_IRR, LOW));
	GUEST_ASSERT(!apic_bit(APIC_TMR, LOW));
	GUEST_ASSERT_EQ(0, taken);
	window();
	GUEST_ASSERT_EQ(1, taken);
	/* To the own ID; twice is once. */
	apic_ipi(0, LOW);
	apic_ipi(0, LOW);
	window();
	GUEST_ASSERT_EQ(2, taken);
	/* All, and a logical destination. */
	apic_write(APIC_ICR, ICR_ALL | LOW);
	window();
	GUEST_ASSERT_EQ(3, taken);
	apic_write(APIC_LDR, 4 << 24);
	apic_ipi(6, ICR_LOGICAL | LOW);
	window();
	GUEST_ASSERT_EQ(4, taken);
	apic_ipi(3, ICR_LOGICAL | LOW);
	apic_write(APIC_ICR, ICR_OTHERS | LOW);
	apic_ipi(7, LOW);
	window();
	GUEST_ASSERT_EQ(4, taken);
	apic_ipi(0xff, ICR_LOWEST | LOW);
	window();
	GUEST_ASSERT_EQ(5, taken);
	GUEST_ASSERT_EQ(0, apic_read(APIC_ICR) & (1 << 12));
	guest_done();
}

/* Intel SDM, "Local APIC State After It Has Been Software Disabled" */
static void expect_deaf(void)
{
	window();
	GUEST_ASSERT_EQ(0, taken);
	GUEST_ASSERT(!apic_bit(APIC_IRR, LOW));
}

guest_entry void disabled(void)
{
	guest_on(LOW, on_vector);
	apic_ipi(0, LOW);
	expect_deaf();
	apic_write(APIC_ICR, ICR_ALL | LOW);
	expect_deaf();
	guest_done();
}

guest_entry void disabled_self_ipi(void)
{
	guest_on(LOW, on_vector);
	apic_write(APIC_ICR, ICR_SELF | LOW);
	expect_deaf();
	guest_done();
}

guest_entry void priority(void)
{
	enable();
	apic_write(APIC_TPR, 0x40);
	GUEST_ASSERT_EQ(0x40, apic_read(APIC_PPR));
	apic_write(APIC_ICR, ICR_SELF | LOW);
	window();
	GUEST_ASSERT_EQ(0, taken);
	GUEST_ASSERT(apic_bit(APIC_IRR, LOW));
	apic_write(APIC_TPR, 0x30);
	window();
	GUEST_ASSERT_EQ(1, taken);
	apic_write(APIC_TPR, 0);
	/* The higher one first, whatever came first. */
	apic_write(APIC_ICR, ICR_SELF | LOW);
	apic_write(APIC_ICR, ICR_SELF | HIGH);
	window();
	window();
	GUEST_ASSERT_EQ(3, taken);
	GUEST_ASSERT_EQ(HIGH, order[1]);
	GUEST_ASSERT_EQ(LOW, order[2]);
	guest_done();
}

static void nests(struct guest_regs *regs)
{
	note(regs->vector);
	apic_write(APIC_ICR, ICR_SELF | HIGH);
	apic_write(APIC_ICR, ICR_SELF | (LOW + 1));
	window();
	/* Of the higher class: taken. Of the same: waits for the EOI. */
	GUEST_ASSERT_EQ(2, taken);
	GUEST_ASSERT(apic_bit(APIC_ISR, LOW));
	GUEST_ASSERT(apic_bit(APIC_IRR, LOW + 1));
	GUEST_ASSERT_EQ(LOW & 0xf0, apic_read(APIC_PPR));
	apic_eoi();
	GUEST_ASSERT_EQ(0, apic_read(APIC_PPR));
}

guest_entry void nesting(void)
{
	enable();
	guest_on(LOW, nests);
	guest_on(LOW + 1, on_vector);
	apic_write(APIC_ICR, ICR_SELF | LOW);
	window();
	window();
	GUEST_ASSERT_EQ(3, taken);
	GUEST_ASSERT_EQ(LOW, order[0]);
	GUEST_ASSERT_EQ(HIGH, order[1]);
	GUEST_ASSERT_EQ(LOW + 1, order[2]);
	guest_done();
}

/* ESR is written to be read; a bad vector is an error. */
guest_entry void errors(void)
{
	enable();
	guest_on(0x77, on_vector);
	apic_write(APIC_ESR, 0);
	GUEST_ASSERT_EQ(0, apic_read(APIC_ESR));
	/* An EOI with nothing in service does nothing. */
	apic_eoi();
	apic_write(APIC_ESR, 0);
	GUEST_ASSERT_EQ(0, apic_read(APIC_ESR));
	guest_done();
}

guest_entry void cr8(void)
{
	ulong v;

	enable();
	apic_write(APIC_TPR, 0x5a);
	asm volatile("mov %%cr8, %0" : "=r"(v));
	GUEST_ASSERT_EQ(5, v);
	for (ulong i = 0; i < 16; i++) {
		asm volatile("mov %0, %%cr8" : : "r"(i) : "memory");
		GUEST_ASSERT_EQ(i << 4, apic_read(APIC_TPR));
		GUEST_ASSERT_EQ(i << 4, apic_read(APIC_PPR));
		apic_write(APIC_TPR, (15 - i) << 4);
		asm volatile("mov %%cr8, %0" : "=r"(v));
		GUEST_ASSERT_EQ(15 - i, v);
	}
	guest_done();
}

FIXTURE(lapic_guest) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(lapic_guest)
{
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
	set_supported_cpuid(self->vcpu);
}

FIXTURE_TEARDOWN(lapic_guest)
{
	vm_free(self->vcpu->vm);
}

#define GUEST_TEST(name)						\
TEST_F(lapic_guest, name)						\
{									\
	vcpu_setup(self->vcpu, GUEST_64, #name);			\
	run_to_done(self->vcpu);					\
}

GUEST_TEST(reset_values)
GUEST_TEST(lvt_masks)
GUEST_TEST(writable_bits)
GUEST_TEST(self_ipi)
GUEST_TEST(disabled)
GUEST_TEST(disabled_self_ipi)
GUEST_TEST(priority)
GUEST_TEST(nesting)
GUEST_TEST(errors)
GUEST_TEST(cr8)

TEST_HARNESS_MAIN
