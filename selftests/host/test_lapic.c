// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's registers, and interrupts in and out.
 *
 * Intel SDM, "Advanced Programmable Interrupt Controller (APIC)".
 */
#include "lapic_host.h"

static const u16 lvts[] = {
	LAPIC_LVT_TIMER, LAPIC_LVT_THERMAL, LAPIC_LVT_PMC,
	LAPIC_LVT_LINT0, LAPIC_LVT_LINT1, LAPIC_LVT_ERROR,
};

/* What each LVT entry keeps of a write. */
static const u32 lvt_bits[] = {
	0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff,
};

static void reset(void)
{
	unsigned int i, offset;

	power_on(0);
	EXPECT_EQ(lapic.base, XAPIC_ON | LAPIC_BASE_BSP);
	EXPECT_EQ(rd(LAPIC_ID), 0);
	EXPECT_EQ(rd(LAPIC_VERSION), 0x50014);
	EXPECT_EQ(rd(LAPIC_TPR), 0);
	EXPECT_EQ(rd(LAPIC_PPR), 0);
	EXPECT_EQ(rd(LAPIC_LDR), 0);
	EXPECT_EQ(rd(LAPIC_DFR), 0xffffffff);
	EXPECT_EQ(rd(LAPIC_SVR), 0xff);
	EXPECT_EQ(rd(LAPIC_ESR), 0);
	EXPECT_EQ(rd(LAPIC_ICR) | rd(LAPIC_ICR2), 0);
	EXPECT_EQ(rd(LAPIC_TMICT) | rd(LAPIC_TMCCT) | rd(LAPIC_TDCR), 0);
	for (offset = LAPIC_ISR; offset < LAPIC_ESR; offset += 16)
		EXPECT_EQ(rd(offset), 0);
	for (i = 0; i < ARRAY_SIZE(lvts); i++)
		if (lvts[i] != LAPIC_LVT_LINT0)
			EXPECT_EQ(rd(lvts[i]), LVT_MASK);
	EXPECT_EQ(nacre_lapic_pending(&lapic), -1);
	EXPECT_EQ(seen.timer, 0);
}

/* Virtual wire mode, as the firmware leaves it: the boot processor's only. */
static void reset_lint0(void)
{
	power_on(0);
	EXPECT_EQ(rd(LAPIC_LVT_LINT0), 0x700);
	EXPECT(nacre_lapic_accepts_pic(&lapic));
	power_on(3);
	EXPECT_EQ(lapic.base, XAPIC_ON);
	EXPECT_EQ(rd(LAPIC_ID), 3 << 24);
	EXPECT_EQ(rd(LAPIC_LVT_LINT0), LVT_MASK);
	EXPECT(!nacre_lapic_accepts_pic(&lapic));
}

static void init_resets(void)
{
	switched_on(2);
	wr(LAPIC_TPR, 0x30);
	wr(LAPIC_LDR, 0x04000000);
	wr(LAPIC_LVT_TIMER, 0x31);
	wr(LAPIC_TMICT, 5000);
	edge(0x41);
	take();
	edge(0x51);
	nacre_lapic_reset(&lapic, true);
	EXPECT_EQ(rd(LAPIC_SVR), 0xff);
	EXPECT_EQ(rd(LAPIC_TPR) | rd(LAPIC_LDR) | rd(LAPIC_TMICT), 0);
	EXPECT_EQ(rd(LAPIC_LVT_TIMER), LVT_MASK);
	EXPECT(!vector_set(LAPIC_ISR, 0x41));
	EXPECT(!vector_set(LAPIC_IRR, 0x51));
	EXPECT_EQ(rd(LAPIC_PPR), 0);
	EXPECT_EQ(seen.timer, 0);
	wr(LAPIC_SVR, SVR_ON);
	EXPECT_EQ(take(), -1);
	edge(0x31);
	EXPECT_EQ(take(), 0x31);
}

/* INIT leaves the ID and IA32_APIC_BASE alone. */
static void init_keeps(void)
{
	switched_on(2);
	wr(LAPIC_ID, 0x07000000);
	lapic.base = 0xfed00000 | LAPIC_BASE_ENABLE;
	nacre_lapic_reset(&lapic, true);
	EXPECT_EQ(rd(LAPIC_ID), 0x07000000);
	EXPECT_EQ(lapic.base, 0xfed00000 | LAPIC_BASE_ENABLE);

	x2apic_on(0x123);
	nacre_lapic_reset(&lapic, true);
	EXPECT(nacre_lapic_is_x2apic(&lapic));
	EXPECT_EQ(rdmsr(LAPIC_ID), 0x123);
	EXPECT_EQ(rdmsr(LAPIC_LDR), 0x120008);
	nacre_lapic_reset(&lapic, false);
	EXPECT_EQ(lapic.base, XAPIC_ON);
	EXPECT_EQ(rd(LAPIC_ID), 0x23000000);
	EXPECT_EQ(rd(LAPIC_LDR), 0);
}

static void xapic_writable_bits(void)
{
	static const struct {
		u32 offset, bits, always;
	} regs[] = {
		{ LAPIC_ID, 0xff000000, 0 },
		{ LAPIC_VERSION, 0, 0x50014 },
		{ LAPIC_TPR, 0xff, 0 },
		{ LAPIC_PPR, 0, 0 },
		{ LAPIC_LDR, 0xff000000, 0 },
		{ LAPIC_DFR, 0xf0000000, 0x0fffffff },
		{ LAPIC_SVR, 0x3ff, 0 },
		{ LAPIC_ICR2, 0xff000000, 0 },
		{ LAPIC_TMCCT, 0, 0 },
		{ LAPIC_TDCR, 0xb, 0 },
		{ LAPIC_ISR, 0, 0 },
		{ LAPIC_TMR + 0x70, 0, 0 },
		{ LAPIC_IRR + 0x70, 0, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		power_on(0);
		wr(regs[i].offset, 0xffffffff);
		EXPECT_EQ(rd(regs[i].offset) & ~regs[i].always,
			  i == 3 ? 0 : regs[i].bits);
		wr(regs[i].offset, 0);
		EXPECT_EQ(rd(regs[i].offset), regs[i].always);
	}
}

/* All of ICR reads back as written, but that nothing is ever on its way. */
static void xapic_icr(void)
{
	static const u32 values[] = {
		0xffffffff, 0xa5a5a5a5, 0x5a5a5a5a, 0x000c40ff, 0,
	};
	unsigned int i;

	switched_on(0);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		wr(LAPIC_ICR, values[i]);
		EXPECT_EQ(rd(LAPIC_ICR), values[i] & ~ICR_BUSY);
	}
}

static void lvt_writable_bits(void)
{
	unsigned int i;

	switched_on(0);
	for (i = 0; i < ARRAY_SIZE(lvts); i++) {
		wr(lvts[i], 0xffffffff);
		EXPECT_EQ(rd(lvts[i]), lvt_bits[i]);
		wr(lvts[i], 0);
		EXPECT_EQ(rd(lvts[i]), 0);
	}
}

/* Masked by force while the APIC is off by software, and left so. */
static void lvts_of_a_disabled_apic(void)
{
	unsigned int i;

	switched_on(0);
	for (i = 0; i < ARRAY_SIZE(lvts); i++)
		wr(lvts[i], 0x40 + i);
	wr(LAPIC_SVR, 0xff);
	for (i = 0; i < ARRAY_SIZE(lvts); i++) {
		EXPECT_EQ(rd(lvts[i]), LVT_MASK | (0x40 + i));
		wr(lvts[i], 0x50 + i);
		EXPECT_EQ(rd(lvts[i]), LVT_MASK | (0x50 + i));
	}
	wr(LAPIC_SVR, SVR_ON);
	for (i = 0; i < ARRAY_SIZE(lvts); i++)
		EXPECT_EQ(rd(lvts[i]), LVT_MASK | (0x50 + i));
}

static void xapic_illegal_registers(void)
{
	static const u16 write_only_or_none[] = {
		0x000, 0x010, 0x040, 0x070, LAPIC_APR, LAPIC_EOI, LAPIC_RRD,
		0x290, LAPIC_LVT_CMCI, 0x3a0, 0x3d0, LAPIC_SELF_IPI,
		0x400, 0x800, 0xff0,
	};
	static const u16 read_only_or_none[] = {
		0x000, LAPIC_VERSION, LAPIC_PPR, LAPIC_ISR, LAPIC_TMR,
		LAPIC_IRR, LAPIC_LVT_CMCI, LAPIC_TMCCT, LAPIC_SELF_IPI,
		0x400, 0xff0,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(write_only_or_none); i++) {
		switched_on(0);
		EXPECT_EQ(rd(write_only_or_none[i]), 0);
		wr(LAPIC_ESR, 0);
		EXPECT_EQ(rd(LAPIC_ESR), 0x80);
	}
	for (i = 0; i < ARRAY_SIZE(read_only_or_none); i++) {
		switched_on(0);
		wr(read_only_or_none[i], 0xffffffff);
		wr(LAPIC_ESR, 0);
		EXPECT_EQ(rd(LAPIC_ESR), 0x80);
	}
	EXPECT_EQ(seen.sends, 0);
}

/* Offsets are of 12 bits, and lower bits are not decoded. */
static void xapic_every_offset(void)
{
	u32 offset;

	switched_on(0);
	for (offset = 0; offset < 0x3000; offset++) {
		rd(offset);
		wr(offset, 0);
		wr(offset, 0xffffffff);
	}
	EXPECT_EQ(rd(LAPIC_VERSION), 0x50014);
}

static void x2apic_registers(void)
{
	static const u16 readable[] = {
		LAPIC_ID, LAPIC_VERSION, LAPIC_TPR, LAPIC_PPR, LAPIC_LDR,
		LAPIC_SVR, LAPIC_ESR, LAPIC_ICR, LAPIC_TMICT, LAPIC_TMCCT,
		LAPIC_TDCR, LAPIC_LVT_TIMER, LAPIC_LVT_THERMAL,
		LAPIC_LVT_PMC, LAPIC_LVT_LINT0, LAPIC_LVT_LINT1,
		LAPIC_LVT_ERROR,
	};
	static const u16 writable[] = {
		LAPIC_TPR, LAPIC_EOI, LAPIC_SVR, LAPIC_ESR, LAPIC_ICR,
		LAPIC_LVT_TIMER, LAPIC_LVT_THERMAL, LAPIC_LVT_PMC,
		LAPIC_LVT_LINT0, LAPIC_LVT_LINT1, LAPIC_LVT_ERROR,
		LAPIC_TMICT, LAPIC_TDCR, LAPIC_SELF_IPI,
	};
	u32 offset;
	unsigned int i;

	x2apic_on(5);
	for (offset = 0; offset < 0x1000; offset += 16) {
		bool may_read = offset >= LAPIC_ISR && offset < LAPIC_ESR;
		bool may_write = false;

		for (i = 0; i < ARRAY_SIZE(readable); i++)
			may_read |= readable[i] == offset;
		for (i = 0; i < ARRAY_SIZE(writable); i++)
			may_write |= writable[i] == offset;
		EXPECT_EQ(rdmsr_faults(offset), !may_read);
		EXPECT_EQ(wrmsr_faults(offset, 0), !may_write);
	}
	/* The page is not there for errors to be noted in these. */
	EXPECT_EQ(atomic_read(&lapic.errors) & 0x80, 0);
}

static void x2apic_other_msrs(void)
{
	u64 value;

	x2apic_on(0);
	EXPECT(!nacre_lapic_read_msr(&lapic, 0x7ff, &value));
	EXPECT(!nacre_lapic_read_msr(&lapic, 0x900, &value));
	EXPECT(!nacre_lapic_read_msr(&lapic, 0x10000802, &value));
	EXPECT(!nacre_lapic_write_msr(&lapic, 0x10000808, 0));
	EXPECT(!nacre_lapic_write_msr(&lapic, 0x7ff, 0));
	/* None of them in xAPIC mode. */
	switched_on(0);
	EXPECT(rdmsr_faults(LAPIC_ID));
	EXPECT(wrmsr_faults(LAPIC_TPR, 0));
}

static void x2apic_reserved_bits(void)
{
	static const struct {
		u16 offset;
		u64 good;
	} regs[] = {
		{ LAPIC_TPR, 0xff }, { LAPIC_EOI, 0 }, { LAPIC_SVR, 0x3ff },
		{ LAPIC_ESR, 0 }, { LAPIC_TMICT, 0xffffffff },
		{ LAPIC_TDCR, 0xb }, { LAPIC_SELF_IPI, 0xff },
		{ LAPIC_LVT_TIMER, 0x710ff }, { LAPIC_LVT_THERMAL, 0x117ff },
		{ LAPIC_LVT_PMC, 0x117ff }, { LAPIC_LVT_LINT0, 0x1f7ff },
		{ LAPIC_LVT_LINT1, 0x1f7ff }, { LAPIC_LVT_ERROR, 0x110ff },
		/* Busy is accepted, and reads 0. */
		{ LAPIC_ICR, 0xffffffff000cdfff },
	};
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		for (bit = 0; bit < 64; bit++) {
			x2apic_on(5);
			EXPECT_EQ(wrmsr_faults(regs[i].offset, BIT_ULL(bit)),
				  !(regs[i].good & BIT_ULL(bit)));
		}
		x2apic_on(5);
		EXPECT(!wrmsr_faults(regs[i].offset, regs[i].good));
	}
}

/* Read-only bits are written without a fault, and stay what they are. */
static void x2apic_read_only_bits(void)
{
	unsigned int i;

	x2apic_on(5);
	for (i = 0; i < ARRAY_SIZE(lvts); i++) {
		EXPECT(!wrmsr_faults(lvts[i], lvt_bits[i] | BIT(12)));
		EXPECT_EQ(rdmsr(lvts[i]), lvt_bits[i]);
	}
	/* As a kernel does that hands over to another one. */
	EXPECT(!wrmsr_faults(LAPIC_LVT_LINT0, 0x5700));
	EXPECT_EQ(rdmsr(LAPIC_LVT_LINT0), 0x700);
}

static void x2apic_ids(void)
{
	static const u32 ids[] = { 0, 1, 15, 16, 0x23, 0xff, 0x100, 0x12345 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		x2apic_on(ids[i]);
		EXPECT_EQ(rdmsr(LAPIC_ID), ids[i]);
		EXPECT_EQ(rdmsr(LAPIC_LDR),
			  (ids[i] >> 4) << 16 | 1 << (ids[i] & 15));
		EXPECT(wrmsr_faults(LAPIC_ID, ids[i]));
		EXPECT(wrmsr_faults(LAPIC_LDR, 0));
		EXPECT(wrmsr_faults(LAPIC_DFR, 0xffffffff));
	}
}

static void x2apic_icr(void)
{
	x2apic_on(0);
	EXPECT(!wrmsr_faults(LAPIC_ICR, 0x12345678000008e1));
	EXPECT_EQ(rdmsr(LAPIC_ICR), 0x12345678000008e1);
	EXPECT_EQ(seen.sends, 1);
	EXPECT_EQ(seen.sent.dest, 0x12345678);
	EXPECT_EQ(seen.sent.vector, 0xe1);
	EXPECT(seen.sent.logical && !seen.sent.level);
	EXPECT(!wrmsr_faults(LAPIC_ICR, 0xffffffff000cdfff));
	EXPECT_EQ(rdmsr(LAPIC_ICR), 0xffffffff000ccfff);
	EXPECT(wrmsr_faults(LAPIC_ICR2, 0));
	EXPECT(rdmsr_faults(LAPIC_ICR2));
}

static void self_ipi(void)
{
	x2apic_on(7);
	EXPECT(!wrmsr_faults(LAPIC_SELF_IPI, 0x81));
	EXPECT_EQ(seen.sends, 1);
	EXPECT_EQ(seen.sent.vector, 0x81);
	EXPECT_EQ(seen.sent.shorthand, NACRE_TO_SELF);
	EXPECT_EQ(seen.sent.delivery, NACRE_DELIVER_FIXED);
	EXPECT(!seen.sent.level);
	EXPECT(rdmsr_faults(LAPIC_SELF_IPI));
	/* It is sent; that nobody takes it is noted. */
	EXPECT(!wrmsr_faults(LAPIC_SELF_IPI, 0x0f));
	EXPECT_EQ(seen.sends, 1);
	EXPECT(!wrmsr_faults(LAPIC_ESR, 0));
	EXPECT_EQ(rdmsr(LAPIC_ESR), 0x20);
}

static void base_transitions(void)
{
	/* From row to column: off, xAPIC, x2APIC. */
	static const u64 modes[] = { 0xfee00000, XAPIC_ON, X2APIC_ON };
	static const bool guest_may[3][3] = {
		{ true, true, false },
		{ true, true, true },
		{ true, false, true },
	};
	unsigned int from, to;

	for (from = 0; from < 3; from++) {
		for (to = 0; to < 3; to++) {
			power_on(9);
			EXPECT(nacre_lapic_set_base(&lapic, modes[from],
						    false));
			EXPECT_EQ(nacre_lapic_set_base(&lapic, modes[to],
						       true),
				  guest_may[from][to]);
			EXPECT_EQ(lapic.base, guest_may[from][to] ?
					      modes[to] : modes[from]);
			/* The VMM may go anywhere. */
			EXPECT(nacre_lapic_set_base(&lapic, modes[to], false));
			EXPECT_EQ(lapic.base, modes[to]);
		}
		/* x2APIC without the APIC is no mode. */
		EXPECT(!nacre_lapic_set_base(&lapic, LAPIC_BASE_X2APIC, true));
		EXPECT(!nacre_lapic_set_base(&lapic, LAPIC_BASE_X2APIC, false));
	}
}

static void base_sets_ids(void)
{
	power_on(0x25);
	wr(LAPIC_LDR, 0x10000000);
	EXPECT(nacre_lapic_set_base(&lapic, X2APIC_ON, true));
	EXPECT_EQ(rdmsr(LAPIC_ID), 0x25);
	EXPECT_EQ(rdmsr(LAPIC_LDR), 0x20020);
	EXPECT(nacre_lapic_set_base(&lapic, 0xfee00000, true));
	EXPECT(!nacre_lapic_enabled(&lapic));
	EXPECT(nacre_lapic_set_base(&lapic, XAPIC_ON, true));
	EXPECT_EQ(rd(LAPIC_ID), 0x25000000);
	/* A base that moves is no change of mode. */
	wr(LAPIC_ID, 0x33000000);
	EXPECT(nacre_lapic_set_base(&lapic, XAPIC_ON ^ 0x100000, true));
	EXPECT_EQ(rd(LAPIC_ID), 0x33000000);
}

/* Off: nothing comes in, nothing goes to the processor, the PIC passes. */
static void globally_disabled(void)
{
	switched_on(3);
	edge(0x41);
	EXPECT(nacre_lapic_set_base(&lapic, 0xfee00000, true));
	EXPECT_EQ(nacre_lapic_pending(&lapic), -1);
	EXPECT(!edge(0x51));
	EXPECT(!deliver(NACRE_DELIVER_NMI, 0, false));
	EXPECT(!deliver(NACRE_DELIVER_INIT, 0, false));
	EXPECT(!deliver(NACRE_DELIVER_STARTUP, 0, false));
	EXPECT_EQ(seen.nmis | seen.inits | seen.sipis, 0);
	EXPECT(nacre_lapic_accepts_pic(&lapic));
	/* What was there before is there again, and is told of. */
	seen.notified = 0;
	EXPECT(nacre_lapic_set_base(&lapic, XAPIC_ON, true));
	EXPECT_EQ(seen.notified, 1);
	EXPECT_EQ(take(), 0x41);
}

/* Off by software: takes no vectors, but what waits is still delivered. */
static void software_disabled(void)
{
	switched_on(3);
	edge(0x41);
	wr(LAPIC_SVR, 0xff);
	EXPECT(!edge(0x51));
	EXPECT(!vector_set(LAPIC_IRR, 0x51));
	EXPECT_EQ(take(), 0x41);
	EXPECT(deliver(NACRE_DELIVER_NMI, 0, false));
	EXPECT(deliver(NACRE_DELIVER_INIT, 0, false));
	EXPECT(deliver(NACRE_DELIVER_STARTUP, 0x9a, false));
	EXPECT_EQ(seen.nmis, 1);
	EXPECT_EQ(seen.inits, 1);
	EXPECT_EQ(seen.sipi_vector, 0x9a);
	wr(LAPIC_ICR, ICR_ASSERT | 0x61);
	EXPECT_EQ(seen.sends, 1);
}

static void accept_and_ack(void)
{
	unsigned int vector;

	for (vector = 16; vector < 256; vector++) {
		switched_on(1);
		EXPECT(edge(vector));
		EXPECT_EQ(seen.notified, 1);
		EXPECT(vector_set(LAPIC_IRR, vector));
		EXPECT_EQ(nacre_lapic_pending(&lapic), vector);
		EXPECT_EQ(take(), vector);
		EXPECT(!vector_set(LAPIC_IRR, vector));
		EXPECT(vector_set(LAPIC_ISR, vector));
		EXPECT_EQ(take(), -1);
		EXPECT_EQ(rd(LAPIC_PPR), vector & 0xf0);
		wr(LAPIC_EOI, 0);
		EXPECT(!vector_set(LAPIC_ISR, vector));
		EXPECT_EQ(rd(LAPIC_PPR), 0);
		EXPECT_EQ(seen.eois, 0);
	}
}

/* Taken twice while it waits is one interrupt, and still was taken. */
static void merged(void)
{
	switched_on(1);
	EXPECT(edge(0x41));
	EXPECT(edge(0x41));
	/* It has been told of. */
	EXPECT_EQ(seen.notified, 1);
	EXPECT_EQ(take(), 0x41);
	/* One more while the first is in service waits behind it. */
	EXPECT(edge(0x41));
	EXPECT_EQ(seen.notified, 2);
	EXPECT_EQ(take(), -1);
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(take(), 0x41);
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(take(), -1);
}

static void illegal_vectors(void)
{
	unsigned int vector;

	for (vector = 0; vector < 16; vector++) {
		switched_on(1);
		EXPECT(!edge(vector));
		EXPECT(!deliver(NACRE_DELIVER_LOWEST, vector, false));
		EXPECT_EQ(rd(LAPIC_IRR), 0);
		EXPECT_EQ(rd(LAPIC_ESR), 0);
		wr(LAPIC_ESR, 0);
		EXPECT_EQ(rd(LAPIC_ESR), 0x40);
		wr(LAPIC_ESR, 0xffffffff);
		EXPECT_EQ(rd(LAPIC_ESR), 0);
		wr(LAPIC_ICR, ICR_ASSERT | vector);
		EXPECT_EQ(seen.sends, 0);
		EXPECT_EQ(rd(LAPIC_ICR), ICR_ASSERT | vector);
		wr(LAPIC_ESR, 0);
		EXPECT_EQ(rd(LAPIC_ESR), 0x20);
		/* NMI, INIT and start-up have no vector, or another one. */
		wr(LAPIC_ICR, ICR_ASSERT | 4 << 8 | vector);
		wr(LAPIC_ICR, ICR_ASSERT | 5 << 8 | vector);
		wr(LAPIC_ICR, ICR_ASSERT | 6 << 8 | vector);
		EXPECT_EQ(seen.sends, 3);
		wr(LAPIC_ESR, 0);
		EXPECT_EQ(rd(LAPIC_ESR), 0);
	}
}

static void error_interrupt(void)
{
	switched_on(1);
	wr(LAPIC_LVT_ERROR, 0xfe);
	rd(0x3a0);
	EXPECT_EQ(take(), 0xfe);
	wr(LAPIC_EOI, 0);
	/* The same error is no news until ESR was written. */
	rd(0x3a0);
	EXPECT_EQ(take(), -1);
	edge(3);
	EXPECT_EQ(take(), 0xfe);
	wr(LAPIC_EOI, 0);
	wr(LAPIC_ESR, 0);
	EXPECT_EQ(rd(LAPIC_ESR), 0xc0);
	rd(0x3a0);
	EXPECT_EQ(take(), 0xfe);
	wr(LAPIC_LVT_ERROR, LVT_MASK | 0xfe);
	wr(LAPIC_EOI, 0);
	wr(LAPIC_ESR, 0);
	rd(0x3a0);
	EXPECT_EQ(take(), -1);
	/* An error entry that is in error itself comes to an end. */
	wr(LAPIC_ESR, 0);
	wr(LAPIC_LVT_ERROR, 5);
	rd(0x3a0);
	EXPECT_EQ(take(), -1);
	wr(LAPIC_ESR, 0);
	EXPECT_EQ(rd(LAPIC_ESR), 0xc0);
}

/* Only a higher class than PPR's gets through. */
static void priority_classes(void)
{
	unsigned int served, tpr, vector;

	for (served = 0; served < 256; served += 0x31) {
		for (tpr = 0; tpr < 256; tpr += 7) {
			bool above = (tpr & 0xf0) >= (served & 0xf0);
			u8 ppr = above ? tpr : served & 0xf0;

			switched_on(1);
			if (served >= 16) {
				edge(served);
				EXPECT_EQ(take(), served);
			}
			wr(LAPIC_TPR, tpr);
			EXPECT_EQ(rd(LAPIC_PPR), served >= 16 ? ppr : tpr);
			for (vector = 16; vector < 256; vector += 5) {
				struct nacre_lapic before = lapic;

				edge(vector);
				EXPECT_EQ(nacre_lapic_pending(&lapic),
					  vector >> 4 > ppr >> 4 ?
					  (int)vector : -1);
				lapic = before;
			}
		}
	}
}

static void nesting(void)
{
	int vector;

	switched_on(1);
	for (vector = 0x1f; vector < 0x100; vector += 0x10) {
		edge(vector);
		EXPECT_EQ(take(), vector);
		/* Its own class waits. */
		edge(vector - 1);
		EXPECT_EQ(take(), -1);
	}
	for (vector = 0xff; vector > 0x10; vector -= 0x10) {
		EXPECT_EQ(rd(LAPIC_PPR), vector & 0xf0);
		seen.notified = 0;
		wr(LAPIC_EOI, 0);
		EXPECT_EQ(seen.notified, 1);
		EXPECT_EQ(take(), vector - 1);
		wr(LAPIC_EOI, 0);
	}
	EXPECT_EQ(take(), -1);
	EXPECT_EQ(rd(LAPIC_PPR), 0);
}

static void highest_first(void)
{
	int vector;

	switched_on(1);
	wr(LAPIC_TPR, 0xf0);
	for (vector = 16; vector < 256; vector++)
		edge(vector);
	EXPECT_EQ(take(), -1);
	seen.notified = 0;
	wr(LAPIC_TPR, 0);
	EXPECT_EQ(seen.notified, 1);
	for (vector = 255; vector >= 16; vector--) {
		EXPECT_EQ(take(), vector);
		wr(LAPIC_EOI, 0);
	}
	EXPECT_EQ(take(), -1);
}

static void cr8(void)
{
	unsigned int i;

	switched_on(1);
	wr(LAPIC_TPR, 0x5f);
	EXPECT_EQ(nacre_lapic_cr8(&lapic), 5);
	EXPECT_EQ(nacre_lapic_priority(&lapic), 0x5f);
	for (i = 0; i < 16; i++) {
		nacre_lapic_set_cr8(&lapic, i);
		EXPECT_EQ(rd(LAPIC_TPR), i << 4);
		EXPECT_EQ(nacre_lapic_cr8(&lapic), i);
	}
	edge(0xe1);
	EXPECT_EQ(take(), -1);
	seen.notified = 0;
	nacre_lapic_set_cr8(&lapic, 0xe);
	EXPECT_EQ(seen.notified, 0);
	nacre_lapic_set_cr8(&lapic, 0xd);
	EXPECT_EQ(seen.notified, 1);
	EXPECT_EQ(take(), 0xe1);
}

/* Below which CR8 something that waits would come in. */
static void cr8_threshold(void)
{
	switched_on(1);
	EXPECT_EQ(nacre_lapic_cr8_threshold(&lapic), 0);
	nacre_lapic_set_cr8(&lapic, 0xe);
	EXPECT_EQ(nacre_lapic_cr8_threshold(&lapic), 0);
	edge(0x91);
	EXPECT_EQ(nacre_lapic_cr8_threshold(&lapic), 9);
	edge(0xe1);
	EXPECT_EQ(nacre_lapic_cr8_threshold(&lapic), 0xe);
	/* What CR8 does not hold back needs no watching. */
	nacre_lapic_set_cr8(&lapic, 0xd);
	EXPECT_EQ(nacre_lapic_cr8_threshold(&lapic), 0);
	EXPECT_EQ(take(), 0xe1);
	EXPECT_EQ(nacre_lapic_cr8_threshold(&lapic), 9);
	nacre_lapic_set_cr8(&lapic, 0x8);
	EXPECT_EQ(nacre_lapic_cr8_threshold(&lapic), 0);
}

static void level_eoi(void)
{
	switched_on(1);
	EXPECT(deliver(NACRE_DELIVER_FIXED, 0x61, true));
	EXPECT(vector_set(LAPIC_TMR, 0x61));
	EXPECT_EQ(take(), 0x61);
	EXPECT_EQ(seen.eois, 0);
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(seen.eois, 1);
	EXPECT_EQ(seen.eoi_vector, 0x61);
	EXPECT(edge(0x61));
	EXPECT(!vector_set(LAPIC_TMR, 0x61));
	take();
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(seen.eois, 1);
	/* The highest in service is the one that ends. */
	deliver(NACRE_DELIVER_LOWEST, 0x51, true);
	take();
	edge(0x71);
	take();
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(seen.eois, 1);
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(seen.eois, 2);
	EXPECT_EQ(seen.eoi_vector, 0x51);
}

/* Somebody wants to hear of an edge's end, too. */
static void watched_eoi(void)
{
	u32 watched[NACRE_VECTOR_WORDS] = { [0x61 / 32] = 1 << 0x61 % 32 };

	switched_on(1);
	lapic.watched = watched;
	edge(0x61);
	take();
	EXPECT(!nacre_lapic_end_can_wait(&lapic));
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(seen.eois, 1);
	EXPECT_EQ(seen.eoi_vector, 0x61);
	EXPECT(!seen.eoi_level);
	deliver(NACRE_DELIVER_FIXED, 0x61, true);
	take();
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(seen.eois, 2);
	EXPECT(seen.eoi_level);
	edge(0x62);
	take();
	EXPECT(nacre_lapic_end_can_wait(&lapic));
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(seen.eois, 2);
	lapic.watched = NULL;
}

/* Who waits for an end: another interrupt, or the I/O APIC of a level. */
static void end_can_wait(void)
{
	switched_on(1);
	EXPECT(!nacre_lapic_end_can_wait(&lapic));
	edge(0x61);
	EXPECT(!nacre_lapic_end_can_wait(&lapic));
	EXPECT_EQ(take(), 0x61);
	/* Whoever looks next finds that nothing waits. */
	EXPECT_EQ(take(), -1);
	EXPECT(nacre_lapic_end_can_wait(&lapic));
	edge(0x51);
	EXPECT(!nacre_lapic_end_can_wait(&lapic));
	nacre_lapic_end(&lapic);
	EXPECT_EQ(take(), 0x51);
	deliver(NACRE_DELIVER_FIXED, 0x71, true);
	EXPECT_EQ(take(), 0x71);
	EXPECT_EQ(take(), -1);
	EXPECT(!nacre_lapic_end_can_wait(&lapic));
	nacre_lapic_end(&lapic);
	EXPECT_EQ(seen.eois, 1);
	/* The edge below it again. */
	EXPECT(nacre_lapic_end_can_wait(&lapic));
	nacre_lapic_end(&lapic);
	EXPECT(!nacre_lapic_end_can_wait(&lapic));
	EXPECT_EQ(rd(LAPIC_PPR), 0);
}

static void spurious_eoi(void)
{
	switched_on(1);
	deliver(NACRE_DELIVER_FIXED, 0x61, true);
	wr(LAPIC_EOI, 0);
	EXPECT_EQ(seen.eois, 0);
	EXPECT_EQ(take(), 0x61);
}

/* The end of a level is no interrupt. */
static void deassert(void)
{
	struct nacre_irq irq = {
		.vector = 0x41, .level = true, .assert = false,
	};

	switched_on(1);
	EXPECT(!nacre_lapic_accept(&lapic, &irq));
	irq.delivery = NACRE_DELIVER_LOWEST;
	EXPECT(!nacre_lapic_accept(&lapic, &irq));
	EXPECT_EQ(take(), -1);
	EXPECT(!vector_set(LAPIC_TMR, 0x41));
	irq.delivery = NACRE_DELIVER_INIT;
	nacre_lapic_accept(&lapic, &irq);
	EXPECT_EQ(seen.inits, 0);
	irq.assert = true;
	EXPECT(nacre_lapic_accept(&lapic, &irq));
	EXPECT_EQ(seen.inits, 1);
	/* An edge without assert is one: IPIs of x2APICs come so. */
	irq = (struct nacre_irq){ .vector = 0x51 };
	EXPECT(nacre_lapic_accept(&lapic, &irq));
	EXPECT_EQ(take(), 0x51);
}

static void deliveries(void)
{
	switched_on(1);
	EXPECT(deliver(NACRE_DELIVER_NMI, 2, false));
	EXPECT_EQ(seen.nmis, 1);
	EXPECT(deliver(NACRE_DELIVER_STARTUP, 0, false));
	EXPECT_EQ(seen.sipis, 1);
	EXPECT_EQ(seen.sipi_vector, 0);
	EXPECT(deliver(NACRE_DELIVER_LOWEST, 0x44, false));
	EXPECT_EQ(take(), 0x44);
	/* No vector of it is taken here. */
	deliver(NACRE_DELIVER_EXTINT, 0x55, false);
	EXPECT_EQ(take(), -1);
	EXPECT(!deliver(NACRE_DELIVER_SMI, 0x55, false));
	EXPECT(!deliver(3, 0x55, false));
	EXPECT(!deliver(255, 0x55, false));
	EXPECT_EQ(take(), -1);
	EXPECT_EQ(seen.nmis + seen.sipis + seen.inits, 2);
}

static void ipi_fields(void)
{
	unsigned int i;

	switched_on(1);
	wr(LAPIC_ICR2, 0xa7000000);
	for (i = 0; i < 8; i++) {
		wr(LAPIC_ICR, ICR_ASSERT | i << 8 | 0x45);
		EXPECT_EQ(seen.sends, i + 1);
		EXPECT_EQ(seen.sent.delivery, i);
		EXPECT_EQ(seen.sent.dest, 0xa7);
		EXPECT_EQ(seen.sent.vector, 0x45);
		EXPECT(seen.sent.assert && !seen.sent.level);
		EXPECT(!seen.sent.logical);
	}
	for (i = 0; i < 4; i++) {
		wr(LAPIC_ICR, i << 18 | ICR_LEVEL | BIT(11) | 5 << 8);
		EXPECT_EQ(seen.sent.shorthand, i);
		EXPECT(!seen.sent.assert && seen.sent.level);
		EXPECT(seen.sent.logical);
	}
	/* The upper half alone sends nothing. */
	i = seen.sends;
	wr(LAPIC_ICR2, 0);
	EXPECT_EQ(seen.sends, i);
}

static bool physical(u32 dest)
{
	const struct nacre_irq irq = { .dest = dest };

	return nacre_lapic_match(&lapic, &irq);
}

static bool logical(u32 dest)
{
	const struct nacre_irq irq = { .dest = dest, .logical = true };

	return nacre_lapic_match(&lapic, &irq);
}

static void physical_xapic(void)
{
	switched_on(5);
	EXPECT(physical(5));
	EXPECT(!physical(4));
	EXPECT(physical(0xff));
	EXPECT(physical(0xffffffff));
	/* Longer ones of x2APIC senders are not cut short. */
	EXPECT(!physical(0x105));
	EXPECT(!physical(0x1ff));
	wr(LAPIC_ID, 0x09000000);
	EXPECT(physical(9));
	EXPECT(!physical(5));
	/* One that xAPIC mode cannot name is reached by its whole ID. */
	switched_on(0x123);
	EXPECT(physical(0x123));
	EXPECT(!physical(0x23));
	EXPECT(physical(0xff));
}

static void physical_x2apic(void)
{
	x2apic_on(0x105);
	EXPECT(physical(0x105));
	EXPECT(!physical(5));
	EXPECT(physical(0xffffffff));
	EXPECT(!physical(0x1ff));
}

/* 8 bits of ones are all, unless they come from where 32 could be said. */
static void broadcast_to_x2apic(void)
{
	struct nacre_irq irq = { .dest = 0xff };

	x2apic_on(0x105);
	EXPECT(nacre_lapic_match(&lapic, &irq));
	irq.logical = true;
	EXPECT(nacre_lapic_match(&lapic, &irq));
	irq.exact = true;
	EXPECT(!nacre_lapic_match(&lapic, &irq));
	irq.logical = false;
	EXPECT(!nacre_lapic_match(&lapic, &irq));
	EXPECT(!wrmsr_faults(LAPIC_ICR, 0xff00000041));
	EXPECT(!nacre_lapic_match(&lapic, &seen.sent));
	x2apic_on(0xff);
	EXPECT(nacre_lapic_match(&lapic, &irq));
}

static void logical_flat(void)
{
	unsigned int i;

	switched_on(5);
	EXPECT(!logical(1));
	EXPECT(logical(0xff));
	wr(LAPIC_LDR, 0x24000000);
	for (i = 0; i < 256; i++)
		EXPECT_EQ(logical(i), (i & 0x24) || i == 0xff);
}

static void logical_cluster(void)
{
	unsigned int i;

	switched_on(5);
	wr(LAPIC_DFR, 0x0fffffff);
	wr(LAPIC_LDR, 0x34000000);
	for (i = 0; i < 256; i++)
		EXPECT_EQ(logical(i), (i >> 4 == 3 && i & 4) || i == 0xff);
	/* Neither model. */
	wr(LAPIC_DFR, 0x5fffffff);
	EXPECT(!logical(0x34));
}

static void logical_x2apic(void)
{
	x2apic_on(0x125);
	EXPECT(logical(0x120020));
	EXPECT(logical(0x12ffff));
	EXPECT(!logical(0x120010));
	EXPECT(!logical(0x130020));
	EXPECT(!logical(0x20));
	EXPECT(logical(0xffffffff));
	EXPECT(!logical(0));
}

static void pic_through_lint0(void)
{
	switched_on(0);
	EXPECT(nacre_lapic_accepts_pic(&lapic));
	wr(LAPIC_LVT_LINT0, LVT_MASK | 0x700);
	EXPECT(!nacre_lapic_accepts_pic(&lapic));
	wr(LAPIC_LVT_LINT0, 0x31);
	EXPECT(!nacre_lapic_accepts_pic(&lapic));
	wr(LAPIC_LVT_LINT0, 0x700);
	EXPECT(nacre_lapic_accepts_pic(&lapic));
	wr(LAPIC_SVR, 0xff);
	EXPECT(!nacre_lapic_accepts_pic(&lapic));
}

static const struct host_case cases[] = {
	HOST_CASE(reset),
	HOST_CASE(reset_lint0),
	HOST_CASE(init_resets),
	HOST_CASE(init_keeps),
	HOST_CASE(xapic_writable_bits),
	HOST_CASE(xapic_icr),
	HOST_CASE(lvt_writable_bits),
	HOST_CASE(lvts_of_a_disabled_apic),
	HOST_CASE(xapic_illegal_registers),
	HOST_CASE(xapic_every_offset),
	HOST_CASE(x2apic_registers),
	HOST_CASE(x2apic_other_msrs),
	HOST_CASE(x2apic_reserved_bits),
	HOST_CASE(x2apic_read_only_bits),
	HOST_CASE(x2apic_ids),
	HOST_CASE(x2apic_icr),
	HOST_CASE(self_ipi),
	HOST_CASE(base_transitions),
	HOST_CASE(base_sets_ids),
	HOST_CASE(globally_disabled),
	HOST_CASE(software_disabled),
	HOST_CASE(accept_and_ack),
	HOST_CASE(merged),
	HOST_CASE(illegal_vectors),
	HOST_CASE(error_interrupt),
	HOST_CASE(priority_classes),
	HOST_CASE(nesting),
	HOST_CASE(highest_first),
	HOST_CASE(cr8),
	HOST_CASE(cr8_threshold),
	HOST_CASE(level_eoi),
	HOST_CASE(watched_eoi),
	HOST_CASE(end_can_wait),
	HOST_CASE(spurious_eoi),
	HOST_CASE(deassert),
	HOST_CASE(deliveries),
	HOST_CASE(ipi_fields),
	HOST_CASE(physical_xapic),
	HOST_CASE(physical_x2apic),
	HOST_CASE(broadcast_to_x2apic),
	HOST_CASE(logical_flat),
	HOST_CASE(logical_cluster),
	HOST_CASE(logical_x2apic),
	HOST_CASE(pic_through_lint0),
};

HOST_MAIN(cases)
