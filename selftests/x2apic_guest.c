// SPDX-License-Identifier: GPL-2.0
/* The local APIC by MSRs, and the way there and back. */
#include "test.h"
#include "lib/apic.h"

#define VECTOR 0x44
#define EN (LAPIC_GPA | APIC_BASE_BSP | APIC_BASE_EN)
#define X2 (EN | APIC_BASE_EXTD)
#define OFF (LAPIC_GPA | APIC_BASE_BSP)

guest_data volatile u64 taken;

static u64 rd(u32 reg)
{
	u64 v;

	GUEST_ASSERT_EQ(NO_VECTOR, rdmsr_catch(X2APIC_MSR(reg), &v));
	return v;
}

static void wr(u32 reg, u64 v)
{
	GUEST_ASSERT_EQ(NO_VECTOR, wrmsr_catch(X2APIC_MSR(reg), v));
}

static void window(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static void on_vector(struct guest_regs *regs)
{
	taken++;
	wr(APIC_EOI, 0);
}

static void to_x2apic(void)
{
	GUEST_ASSERT_EQ(NO_VECTOR, wrmsr_catch(MSR_APIC_BASE, X2));
}

static unsigned int base(u64 v)
{
	return wrmsr_catch(MSR_APIC_BASE, v);
}

static u64 base_now(void)
{
	u64 v;

	GUEST_ASSERT_EQ(NO_VECTOR, rdmsr_catch(MSR_APIC_BASE, &v));
	return v;
}

/* Intel SDM, "x2APIC State Transitions". */
guest_entry void transitions(void)
{
	GUEST_ASSERT_EQ(EN, base_now());
	GUEST_ASSERT_EQ(GP_VECTOR, base(OFF | APIC_BASE_EXTD));
	GUEST_ASSERT_EQ(NO_VECTOR, base(OFF));
	GUEST_ASSERT_EQ(GP_VECTOR, base(X2));
	GUEST_ASSERT_EQ(GP_VECTOR, base(OFF | APIC_BASE_EXTD));
	GUEST_ASSERT_EQ(OFF, base_now());
	GUEST_ASSERT_EQ(NO_VECTOR, base(EN));
	GUEST_ASSERT_EQ(NO_VECTOR, base(X2));
	GUEST_ASSERT_EQ(X2, base_now());
	GUEST_ASSERT_EQ(GP_VECTOR, base(EN));
	GUEST_ASSERT_EQ(GP_VECTOR, base(OFF | APIC_BASE_EXTD));
	GUEST_ASSERT_EQ(X2, base_now());
	GUEST_ASSERT_EQ(NO_VECTOR, base(X2));
	GUEST_ASSERT_EQ(NO_VECTOR, base(OFF));
	GUEST_ASSERT_EQ(NO_VECTOR, base(EN));
	guest_done();
}

guest_entry void reserved_bits(void)
{
	GUEST_ASSERT_EQ(GP_VECTOR, base(EN | 1));
	GUEST_ASSERT_EQ(GP_VECTOR, base(EN | 1 << 9));
	GUEST_ASSERT_EQ(GP_VECTOR, base(EN | 1ull << 60));
	GUEST_ASSERT_EQ(EN, base_now());
	guest_done();
}

/* Without the CPUID bit there is no such mode. */
guest_entry void absent(void)
{
	GUEST_ASSERT_EQ(GP_VECTOR, base(X2));
	GUEST_ASSERT_EQ(EN, base_now());
	guest_done();
}

/* Before the switch, and with the APIC off. */
guest_entry void wrong_mode(void)
{
	u64 v;

	GUEST_ASSERT_EQ(GP_VECTOR, rdmsr_catch(X2APIC_MSR(APIC_ID), &v));
	GUEST_ASSERT_EQ(GP_VECTOR, wrmsr_catch(X2APIC_MSR(APIC_EOI), 0));
	GUEST_ASSERT_EQ(NO_VECTOR, base(OFF));
	GUEST_ASSERT_EQ(GP_VECTOR, rdmsr_catch(X2APIC_MSR(APIC_LVR), &v));
	guest_done();
}

static const u16 readable[] = {
	APIC_ID, APIC_LVR, APIC_TPR, APIC_PPR, APIC_LDR, APIC_SVR, APIC_ISR,
	APIC_ISR + 0x70, APIC_TMR, APIC_TMR + 0x70, APIC_IRR, APIC_IRR + 0x70,
	APIC_ESR, APIC_ICR, APIC_LVTT, APIC_LVTTHMR, APIC_LVTPC, APIC_LVT0,
	APIC_LVT1, APIC_LVTERR, APIC_TMICT, APIC_TMCCT, APIC_TDCR,
};

static const u16 writable[] = {
	APIC_TPR, APIC_EOI, APIC_SVR, APIC_ESR, APIC_LVTT, APIC_LVTTHMR,
	APIC_LVTPC, APIC_LVT0, APIC_LVT1, APIC_LVTERR, APIC_TMICT, APIC_TDCR,
};

/* Intel SDM, "x2APIC Register Address Space": the rest is #GP. */
static const u16 unreadable[] = {
	0x00, 0x10, 0x40, 0x50, 0x60, 0x70, APIC_EOI, APIC_DFR, APIC_ICR2,
	0x290, 0x2e0, 0x3a0, 0x3b0, 0x3c0, 0x3d0, APIC_SELF_IPI,
};

static const u16 unwritable[] = {
	0x00, 0x10, APIC_ID, APIC_LVR, 0x40, APIC_PPR, APIC_LDR, APIC_DFR,
	APIC_ISR, APIC_ISR + 0x70, APIC_TMR, APIC_IRR, 0x290, APIC_ICR2,
	APIC_TMCCT, 0x3a0,
};

#define EACH(list) for (unsigned int i = 0; i < sizeof(list) / 2; i++)

guest_entry void registers(void)
{
	u64 v;

	to_x2apic();
	EACH(readable)
		GUEST_ASSERT_EQ(NO_VECTOR, rdmsr_catch(X2APIC_MSR(readable[i]),
						       &v));
	EACH(writable)
		GUEST_ASSERT_EQ(NO_VECTOR,
				wrmsr_catch(X2APIC_MSR(writable[i]), 0));
	guest_done();
}

guest_entry void not_readable(void)
{
	u64 v;

	to_x2apic();
	EACH(unreadable) {
		if (rdmsr_catch(X2APIC_MSR(unreadable[i]), &v) != GP_VECTOR)
			guest_fail(__FILE__, __LINE__, "unreadable", 2,
				   unreadable[i], v);
	}
	/* Beyond the registers of old. */
	GUEST_ASSERT_EQ(GP_VECTOR, rdmsr_catch(0x840, &v));
	GUEST_ASSERT_EQ(GP_VECTOR, rdmsr_catch(0x8ff, &v));
	guest_done();
}

guest_entry void not_writable(void)
{
	to_x2apic();
	EACH(unwritable) {
		if (wrmsr_catch(X2APIC_MSR(unwritable[i]), 0) != GP_VECTOR)
			guest_fail(__FILE__, __LINE__, "unwritable", 1,
				   unwritable[i], 0);
	}
	GUEST_ASSERT_EQ(GP_VECTOR, wrmsr_catch(0x8ff, 0));
	guest_done();
}

/* The upper half of a register of 32 bits is reserved. */
guest_entry void upper_half(void)
{
	u64 high = 1ull << 32;

	to_x2apic();
	EACH(writable)
		GUEST_ASSERT_EQ(GP_VECTOR,
				wrmsr_catch(X2APIC_MSR(writable[i]), high));
	guest_done();
}

guest_entry void reset_values(void)
{
	to_x2apic();
	GUEST_ASSERT_EQ(0, rd(APIC_ID));
	GUEST_ASSERT_EQ(1, rd(APIC_LDR));
	GUEST_ASSERT_EQ(0xff, rd(APIC_SVR));
	GUEST_ASSERT_EQ(0x14, rd(APIC_LVR) & 0xff);
	GUEST_ASSERT_EQ(0, rd(APIC_TPR));
	guest_done();
}

guest_entry void eoi_non_zero(void)
{
	to_x2apic();
	GUEST_ASSERT_EQ(GP_VECTOR, wrmsr_catch(X2APIC_MSR(APIC_EOI), 1));
	GUEST_ASSERT_EQ(GP_VECTOR, wrmsr_catch(X2APIC_MSR(APIC_EOI),
					       0x80000000));
	guest_done();
}

guest_entry void ipis(void)
{
	to_x2apic();
	guest_on(VECTOR, on_vector);
	wr(APIC_SVR, APIC_SVR_ENABLE | 0xff);
	wr(APIC_SELF_IPI, VECTOR);
	GUEST_ASSERT_EQ(1ull << (VECTOR % 32),
			rd(APIC_IRR + VECTOR / 32 * 16));
	window();
	GUEST_ASSERT_EQ(1, taken);
	GUEST_ASSERT_EQ(GP_VECTOR, wrmsr_catch(X2APIC_MSR(APIC_SELF_IPI),
					       0x100));
	wr(APIC_ICR, VECTOR);
	window();
	GUEST_ASSERT_EQ(2, taken);
	GUEST_ASSERT_EQ(VECTOR, rd(APIC_ICR));
	wr(APIC_ICR, 0xffffffffull << 32 | VECTOR);
	window();
	GUEST_ASSERT_EQ(3, taken);
	GUEST_ASSERT_EQ(0xffffffffull << 32 | VECTOR, rd(APIC_ICR));
	wr(APIC_ICR, 1ull << 32 | ICR_LOGICAL | VECTOR);
	window();
	GUEST_ASSERT_EQ(4, taken);
	/* Nobody there: another ID, cluster 1, bit 1 of cluster 0. */
	wr(APIC_ICR, 0x100ull << 32 | VECTOR);
	wr(APIC_ICR, 0x10001ull << 32 | ICR_LOGICAL | VECTOR);
	wr(APIC_ICR, 2ull << 32 | ICR_LOGICAL | VECTOR);
	window();
	GUEST_ASSERT_EQ(4, taken);
	wr(APIC_ICR, ICR_SELF | VECTOR);
	window();
	GUEST_ASSERT_EQ(5, taken);
	guest_done();
}

/* Linux writes back what it read when it powers off. */
guest_entry void lvt_read_only_bits(void)
{
	to_x2apic();
	wr(APIC_SVR, APIC_SVR_ENABLE | 0xff);
	wr(APIC_LVT0, 1u << 12 | 1u << 14 | APIC_MASKED | APIC_EXTINT);
	GUEST_ASSERT_EQ(APIC_MASKED | APIC_EXTINT, rd(APIC_LVT0) &
			~(1ull << 12 | 1ull << 14));
	wr(APIC_LVT1, 1u << 12 | 1u << 14 | APIC_MASKED);
	wr(APIC_LVTT, 1u << 12 | APIC_MASKED | VECTOR);
	GUEST_ASSERT_EQ(APIC_MASKED | VECTOR, rd(APIC_LVTT) & ~(1ull << 12));
	guest_done();
}

/* The focus bit is gone from the processors, not from the kernels. */
guest_entry void svr_focus(void)
{
	to_x2apic();
	wr(APIC_SVR, APIC_SVR_ENABLE | 1u << 9 | 0xff);
	GUEST_ASSERT_EQ(APIC_SVR_ENABLE | 0xff, rd(APIC_SVR) & 0x1ff);
	guest_done();
}

/* In this mode, and switched off, its page is a hole that hears nothing. */
guest_entry void page(void)
{
	to_x2apic();
	GUEST_ASSERT_EQ(~0u, apic_read(APIC_LVR));
	apic_write(APIC_TPR, 0x50);
	GUEST_ASSERT_EQ(0, rd(APIC_TPR));
	GUEST_ASSERT_EQ(NO_VECTOR, base(OFF));
	GUEST_ASSERT_EQ(~0u, apic_read(APIC_LVR));
	apic_write(APIC_TPR, 0x50);
	GUEST_ASSERT_EQ(NO_VECTOR, base(EN));
	GUEST_ASSERT_EQ(0x14, apic_read(APIC_LVR) & 0xff);
	GUEST_ASSERT_EQ(0, apic_read(APIC_TPR));
	guest_done();
}

/* CPUID bit 9 of leaf 1 follows the enable bit. */
guest_entry void cpuid_follows(void)
{
	u32 r[4];

	cpuid(1, 0, r);
	GUEST_ASSERT(r[3] & 1 << 9);
	GUEST_ASSERT(r[2] & 1 << 21);
	base(OFF);
	cpuid(1, 0, r);
	GUEST_ASSERT(!(r[3] & 1 << 9));
	base(EN);
	cpuid(1, 0, r);
	GUEST_ASSERT(r[3] & 1 << 9);
	guest_done();
}

FIXTURE(x2apic_guest) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(x2apic_guest)
{
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
}

FIXTURE_TEARDOWN(x2apic_guest)
{
	vm_free(self->vcpu->vm);
}

#define GUEST_TEST(name)						\
TEST_F(x2apic_guest, name)						\
{									\
	set_supported_cpuid(self->vcpu);				\
	vcpu_setup(self->vcpu, GUEST_64, #name);			\
	run_to_done(self->vcpu);					\
}

GUEST_TEST(transitions)
GUEST_TEST(reserved_bits)
GUEST_TEST(wrong_mode)
GUEST_TEST(registers)
GUEST_TEST(not_readable)
GUEST_TEST(not_writable)
GUEST_TEST(upper_half)
GUEST_TEST(reset_values)
GUEST_TEST(eoi_non_zero)
GUEST_TEST(ipis)
GUEST_TEST(lvt_read_only_bits)
GUEST_TEST(svr_focus)
GUEST_TEST(page)
GUEST_TEST(cpuid_follows)

TEST_F(x2apic_guest, absent)
{
	vcpu_setup(self->vcpu, GUEST_64, "absent");
	run_to_done(self->vcpu);
}

/* The mode is part of what a VMM saves. */
TEST_F(x2apic_guest, by_the_vmm)
{
	u64 value;

	set_supported_cpuid(self->vcpu);
	ASSERT_TRUE(set_msr(self->vcpu, MSR_APIC_BASE, X2));
	vcpu_setup(self->vcpu, GUEST_64, "reset_values");
	run_to_done(self->vcpu);
	EXPECT_TRUE(get_msr(self->vcpu, X2APIC_MSR(APIC_LDR), &value));
	EXPECT_EQ(1, value);
	EXPECT_FALSE(set_msr(self->vcpu, MSR_APIC_BASE, OFF | APIC_BASE_EXTD));
}

TEST_HARNESS_MAIN
