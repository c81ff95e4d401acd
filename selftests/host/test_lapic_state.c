// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's state as VMMs save and restore it: what KVM_GET_LAPIC and
 * KVM_SET_LAPIC show, and what the second lets in.
 */
#include "lapic_host.h"

#define VECTOR		0xec

static u8 state[LAPIC_REGS_SIZE];

static u32 get_reg(u32 offset)
{
	u32 value;

	memcpy(&value, state + offset, sizeof(value));
	return value;
}

static void set_reg(u32 offset, u32 value)
{
	memcpy(state + offset, &value, sizeof(value));
}

static void save(void)
{
	nacre_lapic_get_state(&lapic, state);
}

/* Into a new vCPU, as after migration. */
static bool restore(u32 id, u64 base)
{
	u64 now = seen.now;

	power_on(id);
	seen.now = now;
	nacre_lapic_set_base(&lapic, base, false);
	return nacre_lapic_set_state(&lapic, state);
}

static void registers(void)
{
	u8 before[LAPIC_REGS_SIZE];

	switched_on(3);
	wr(LAPIC_ID, 0x09000000);
	wr(LAPIC_TPR, 0x35);
	wr(LAPIC_LDR, 0x08000000);
	wr(LAPIC_DFR, 0x0fffffff);
	wr(LAPIC_ICR2, 0x12000000);
	wr(LAPIC_ICR, 0x40e1);
	wr(LAPIC_LVT_LINT1, 0x400);
	wr(LAPIC_LVT_ERROR, 0xfe);
	edge(0x71);
	take();
	edge(0x81);
	deliver(NACRE_DELIVER_FIXED, 0x61, true);
	save();
	EXPECT_EQ(get_reg(LAPIC_ID), 0x09000000);
	EXPECT_EQ(get_reg(LAPIC_PPR), 0x70);
	EXPECT_EQ(get_reg(LAPIC_ISR + 0x30), 1 << 17);
	EXPECT_EQ(get_reg(LAPIC_IRR + 0x40), 1 << 1);
	EXPECT_EQ(get_reg(LAPIC_TMR + 0x30), 1 << 1);
	memcpy(before, state, sizeof(state));
	EXPECT(restore(3, XAPIC_ON));
	EXPECT(seen.notified);
	save();
	EXPECT(!memcmp(before, state, sizeof(state)));
	EXPECT_EQ(take(), 0x81);
	wr(LAPIC_EOI, 0);
	wr(LAPIC_EOI, 0);
	wr(LAPIC_TPR, 0);
	EXPECT_EQ(take(), 0x61);
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(seen.eois, 1);
	EXPECT_EQ(seen.eoi_vector, 0x61);
}

/* All vectors read back, and those that do not exist are never taken. */
static void vectors(void)
{
	int vector, word;

	switched_on(0);
	save();
	for (word = 0; word < 8; word++)
		set_reg(LAPIC_IRR + 16 * word, 0xffffffff);
	EXPECT(restore(0, XAPIC_ON));
	EXPECT_EQ(rd(LAPIC_IRR), 0xffffffff);
	for (vector = 255; vector >= 16; vector--) {
		EXPECT_EQ(take(), vector);
		wr(LAPIC_EOI, 0);
	}
	EXPECT_EQ(take(), -1);
	EXPECT_EQ(rd(LAPIC_IRR), 0xffff);
	EXPECT_EQ(rd(LAPIC_ISR), 0);
}

static void in_service(void)
{
	int vector, word;

	switched_on(0);
	save();
	for (word = 0; word < 8; word++)
		set_reg(LAPIC_ISR + 16 * word, 0x80000001);
	EXPECT(restore(0, XAPIC_ON));
	for (vector = 255; vector >= 0; vector -= vector % 32 ? 31 : 1) {
		EXPECT(vector_set(LAPIC_ISR, vector));
		EXPECT_EQ(rd(LAPIC_PPR), vector & 0xf0);
		wr(LAPIC_EOI, 0);
		EXPECT(!vector_set(LAPIC_ISR, vector));
	}
	EXPECT_EQ(rd(LAPIC_PPR), 0);
	edge(0x20);
	EXPECT_EQ(take(), 0x20);
}

/* ICR of an x2APIC is in two halves here; IDs are in bits 31:24 by default. */
static void x2apic(void)
{
	x2apic_on(0x25);
	wrmsr_faults(LAPIC_ICR, 0xfffffffe000040fd);
	save();
	EXPECT_EQ(get_reg(LAPIC_ID), 0x25000000);
	EXPECT_EQ(get_reg(LAPIC_LDR), 0x20020);
	EXPECT_EQ(get_reg(LAPIC_ICR), 0x40fd);
	EXPECT_EQ(get_reg(LAPIC_ICR2), 0xfffffffe);
	EXPECT_EQ(rdmsr(LAPIC_ID), 0x25);
	EXPECT(restore(0x25, X2APIC_ON));
	EXPECT_EQ(rdmsr(LAPIC_ICR), 0xfffffffe000040fd);
	EXPECT_EQ(rdmsr(LAPIC_ID), 0x25);
}

/* The ID is the vCPU's, whatever is set; LDR follows from it. */
static void x2apic_other_id(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++) {
		x2apic_on(5);
		save();
		set_reg(LAPIC_ID, i << 24);
		set_reg(LAPIC_LDR, 0xffffffff);
		EXPECT(restore(5, X2APIC_ON));
		save();
		EXPECT_EQ(get_reg(LAPIC_ID), 5 << 24);
		EXPECT_EQ(get_reg(LAPIC_LDR), 1 << 5);
	}
}

static void x2apic_wide_id(void)
{
	x2apic_on(0x1234);
	lapic.wide_ids = true;
	save();
	EXPECT_EQ(get_reg(LAPIC_ID), 0x1234);
	EXPECT(nacre_lapic_set_state(&lapic, state));
	wrmsr_faults(LAPIC_TPR, 0x20);
	set_reg(LAPIC_ID, 0x34000000);
	set_reg(LAPIC_TPR, 0x50);
	EXPECT(!nacre_lapic_set_state(&lapic, state));
	EXPECT_EQ(rdmsr(LAPIC_TPR), 0x20);
	/* Those of xAPIC mode have 8 bits in either case. */
	switched_on(0x12);
	lapic.wide_ids = true;
	save();
	EXPECT_EQ(get_reg(LAPIC_ID), 0x12000000);
	EXPECT(nacre_lapic_set_state(&lapic, state));
}

static void arm(u32 lvt, u32 count)
{
	switched_on(1);
	wr(LAPIC_TDCR, 0);
	wr(LAPIC_LVT_TIMER, lvt | VECTOR);
	wr(LAPIC_TMICT, count);
}

/* A count goes on from where it was, and not from the beginning. */
static void timer_goes_on(void)
{
	arm(0, 1000);
	pass(1400);
	save();
	EXPECT_EQ(get_reg(LAPIC_TMCCT), 300);
	seen.now += 12345678;
	EXPECT(restore(1, XAPIC_ON));
	EXPECT_EQ(rd(LAPIC_TMCCT), 300);
	EXPECT_EQ(rd(LAPIC_TMICT), 1000);
	pass(599);
	EXPECT_EQ(take(), -1);
	pass(1);
	EXPECT_EQ(take(), VECTOR);
	EXPECT_EQ(seen.timer, 0);
}

static void period_goes_on(void)
{
	arm(LVT_PERIODIC, 200000);
	pass(500000);
	EXPECT_EQ(take(), VECTOR);
	save();
	EXPECT_EQ(get_reg(LAPIC_TMCCT), 150000);
	EXPECT(restore(1, XAPIC_ON));
	EXPECT_EQ(take(), -1);
	wr(LAPIC_EOI, 0);
	pass(300000);
	EXPECT_EQ(take(), VECTOR);
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(rd(LAPIC_TMCCT), 200000);
	pass(400000);
	EXPECT_EQ(take(), VECTOR);
}

/*
 * Some VMMs give no current count. A period begins anew then. One shot may
 * have ended or not: once more is better than never.
 */
static void no_current_count(void)
{
	arm(LVT_PERIODIC, 200000);
	pass(100000);
	save();
	set_reg(LAPIC_TMCCT, 0);
	EXPECT(restore(1, XAPIC_ON));
	EXPECT_EQ(rd(LAPIC_TMCCT), 200000);

	arm(0, 1000);
	save();
	set_reg(LAPIC_TMCCT, 0);
	EXPECT(restore(1, XAPIC_ON));
	pass(0);
	EXPECT_EQ(take(), VECTOR);
	EXPECT_EQ(seen.timer, 0);

	/* Nothing to count: no interrupt. */
	arm(0, 0);
	save();
	set_reg(LAPIC_TMCCT, 500);
	EXPECT(restore(1, XAPIC_ON));
	EXPECT_EQ(seen.timer, 0);
	EXPECT_EQ(rd(LAPIC_TMCCT), 0);
}

static void current_count_too_large(void)
{
	arm(0, 1000);
	save();
	set_reg(LAPIC_TMCCT, 0xffffffff);
	EXPECT(restore(1, XAPIC_ON));
	EXPECT_EQ(rd(LAPIC_TMCCT), 1000);
	EXPECT_EQ(seen.timer, seen.now + 2000);
}

/* The deadline is an MSR: it is set on its own, before or after. */
static void deadline(void)
{
	switched_on(1);
	wr(LAPIC_LVT_TIMER, LVT_DEADLINE | VECTOR);
	nacre_lapic_write_deadline(&lapic, 4 * seen.now);
	save();
	EXPECT(nacre_lapic_set_state(&lapic, state));
	EXPECT_EQ(nacre_lapic_read_deadline(&lapic), 4 * seen.now);
	EXPECT_EQ(seen.timer, 2 * seen.now);
	/* To a mode without, and back: it is gone. */
	set_reg(LAPIC_LVT_TIMER, VECTOR);
	EXPECT(nacre_lapic_set_state(&lapic, state));
	EXPECT_EQ(seen.timer, 0);
	set_reg(LAPIC_LVT_TIMER, LVT_DEADLINE | VECTOR);
	EXPECT(nacre_lapic_set_state(&lapic, state));
	EXPECT_EQ(nacre_lapic_read_deadline(&lapic), 0);
	EXPECT_EQ(seen.timer, 0);
	EXPECT(restore(1, XAPIC_ON));
	nacre_lapic_write_deadline(&lapic, 4 * seen.now);
	EXPECT_EQ(seen.timer, 2 * seen.now);
}

static void put_right(void)
{
	switched_on(1);
	memset(state, 0xff, sizeof(state));
	EXPECT(restore(1, XAPIC_ON));
	EXPECT_EQ(rd(LAPIC_VERSION), 0x50014);
	EXPECT_EQ(rd(LAPIC_ID), 0xff000000);
	EXPECT_EQ(rd(LAPIC_LDR), 0xff000000);
	EXPECT_EQ(rd(LAPIC_DFR), 0xffffffff);
	EXPECT_EQ(rd(LAPIC_TPR), 0xff);
	EXPECT_EQ(rd(LAPIC_SVR), 0x3ff);
	EXPECT_EQ(rd(LAPIC_TDCR), 0xb);
	EXPECT_EQ(rd(LAPIC_ICR), ~(u32)ICR_BUSY);
	EXPECT_EQ(rd(LAPIC_ICR2), 0xff000000);
	EXPECT_EQ(rd(LAPIC_LVT_TIMER), 0x700ff);
	EXPECT_EQ(rd(LAPIC_LVT_ERROR), 0x100ff);
	EXPECT_EQ(rd(LAPIC_LVT_LINT0), 0x1a7ff);
	memset(state, 0, sizeof(state));
	EXPECT(restore(1, XAPIC_ON));
	EXPECT_EQ(rd(LAPIC_VERSION), 0x50014);
	EXPECT_EQ(rd(LAPIC_DFR), 0x0fffffff);
}

/* A guest's every register, and time. */
static void use(u64 *seed)
{
	unsigned int i;

	for (i = 0; i < 200; i++) {
		u64 r = host_random(seed);
		int vector;

		wr(r >> 8 & 0xff0, r >> 32);
		rd(r & 0xff0);
		wrmsr_faults(r >> 8 & 0xff0, r >> 32);
		rdmsr_faults(r & 0xff0);
		vector = nacre_lapic_pending(&lapic);
		if (vector >= 0)
			nacre_lapic_ack(&lapic, vector);
		EXPECT(vector == -1 || vector >= 16);
		seen.now += r >> 44;
		if (seen.timer && seen.timer <= seen.now)
			nacre_lapic_timer_expired(&lapic);
	}
}

static void hostile(void)
{
	static const u64 bases[] = { 0xfee00000, XAPIC_ON, X2APIC_ON };
	u64 seed = 99;
	unsigned int i, j;

	for (i = 0; i < 3000; i++) {
		for (j = 0; j < sizeof(state); j++)
			state[j] = host_random(&seed) >> 32;
		EXPECT(restore(i, bases[i % 3]));
		use(&seed);
		EXPECT(!host_case_failed);
		save();
	}
}

static const struct host_case cases[] = {
	HOST_CASE(registers),
	HOST_CASE(vectors),
	HOST_CASE(in_service),
	HOST_CASE(x2apic),
	HOST_CASE(x2apic_other_id),
	HOST_CASE(x2apic_wide_id),
	HOST_CASE(timer_goes_on),
	HOST_CASE(period_goes_on),
	HOST_CASE(no_current_count),
	HOST_CASE(current_count_too_large),
	HOST_CASE(deadline),
	HOST_CASE(put_right),
	HOST_CASE(hostile),
};

HOST_MAIN(cases)
