/* SPDX-License-Identifier: GPL-2.0 */
/* A local APIC in surroundings that note what it asks for. */
#ifndef LAPIC_HOST_H
#define LAPIC_HOST_H

#include "host_test.h"
#include "arch/x86/irqchip/lapic.h"

#define SVR_ON		0x1ff
#define LVT_MASK	0x10000
#define LVT_PERIODIC	0x20000
#define LVT_DEADLINE	0x40000
#define ICR_BUSY	BIT(12)
#define ICR_ASSERT	BIT(14)
#define ICR_LEVEL	BIT(15)

#define X2APIC_ON	(0xfee00000 | LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC)
#define XAPIC_ON	(0xfee00000 | LAPIC_BASE_ENABLE)

static struct nacre_lapic lapic;
static u32 lapic_regs[LAPIC_REGS_SIZE / sizeof(u32)];

static struct {
	unsigned int notified, modes, nmis, inits, sipis, sends, eois, timers;
	u8 sipi_vector, eoi_vector;
	bool eoi_level;
	struct nacre_irq sent;
	u64 now;
	u64 timer;		/* 0: none */
	u64 far;		/* further away than this is asked for again */
} seen;

static void note_notify(struct nacre_lapic *apic)
{
	(void)apic;
	seen.notified++;
}

static void note_mode(struct nacre_lapic *apic)
{
	(void)apic;
	seen.modes++;
}

static void note_nmi(struct nacre_lapic *apic)
{
	(void)apic;
	seen.nmis++;
}

static void note_init(struct nacre_lapic *apic)
{
	(void)apic;
	seen.inits++;
}

static void note_startup(struct nacre_lapic *apic, u8 vector)
{
	(void)apic;
	seen.sipis++;
	seen.sipi_vector = vector;
}

static void note_send(struct nacre_lapic *apic, const struct nacre_irq *irq)
{
	(void)apic;
	seen.sends++;
	seen.sent = *irq;
}

static void note_eoi(struct nacre_lapic *apic, u8 vector, bool level)
{
	(void)apic;
	seen.eois++;
	seen.eoi_vector = vector;
	seen.eoi_level = level;
}

u64 ktime_get_ns(void)
{
	return seen.now;
}

static void note_timer(struct nacre_lapic *apic, u64 when)
{
	(void)apic;
	seen.timers++;
	seen.timer = when;
}

/* The guest's TSC counts two in a ns here. */
static u64 tsc_time(struct nacre_lapic *apic, u64 tsc)
{
	(void)apic;
	if (tsc <= 2 * seen.now)
		return 0;
	return min(tsc / 2, seen.now + seen.far);
}

static const struct nacre_lapic_ops lapic_ops = {
	.notify = note_notify,
	.mode = note_mode,
	.nmi = note_nmi,
	.init = note_init,
	.startup = note_startup,
	.send = note_send,
	.eoi = note_eoi,
	.set_timer = note_timer,
	.tsc_to_ns = tsc_time,
};

/* As it is made for vCPU @id, and reset. */
static inline void power_on(u32 id)
{
	memset(&seen, 0, sizeof(seen));
	seen.now = 1000000;
	seen.far = 1ull << 62;
	memset(&lapic, 0, sizeof(lapic));
	memset(lapic_regs, 0, sizeof(lapic_regs));
	lapic.ops = &lapic_ops;
	lapic.regs = lapic_regs;
	lapic.id = id;
	lapic.bsp = !id;
	nacre_lapic_reset(&lapic, false);
}

static inline void wr(u32 offset, u32 value)
{
	nacre_lapic_write(&lapic, offset, value);
}

static inline u32 rd(u32 offset)
{
	return nacre_lapic_read(&lapic, offset);
}

/* True: #GP. */
static inline bool wrmsr_faults(u32 offset, u64 value)
{
	return !nacre_lapic_write_msr(&lapic, 0x800 + offset / 16, value);
}

static inline bool rdmsr_faults(u32 offset)
{
	u64 value;

	return !nacre_lapic_read_msr(&lapic, 0x800 + offset / 16, &value);
}

static inline u64 rdmsr(u32 offset)
{
	u64 value = 0xeeeeeeeeeeeeeeee;

	nacre_lapic_read_msr(&lapic, 0x800 + offset / 16, &value);
	return value;
}

/* Reset and on by software, all priorities open. */
static inline void switched_on(u32 id)
{
	power_on(id);
	wr(LAPIC_SVR, SVR_ON);
	seen.notified = 0;
}

static inline void x2apic_on(u32 id)
{
	switched_on(id);
	if (!nacre_lapic_set_base(&lapic, X2APIC_ON, true))
		abort();
}

static inline bool deliver(u8 delivery, u8 vector, bool level)
{
	const struct nacre_irq irq = {
		.vector = vector,
		.delivery = delivery,
		.level = level,
		.assert = true,
	};

	return nacre_lapic_accept(&lapic, &irq);
}

static inline bool edge(u8 vector)
{
	return deliver(NACRE_DELIVER_FIXED, vector, false);
}

static inline bool vector_set(u32 base, u8 vector)
{
	return rd(base + vector / 32 * 16) >> vector % 32 & 1;
}

/* As the processor takes it; -1: nothing. */
static inline int take(void)
{
	int vector = nacre_lapic_pending(&lapic);

	if (vector >= 0)
		nacre_lapic_ack(&lapic, vector);
	return vector;
}

/* Time goes on, and expiries with it. */
static inline void pass(u64 ns)
{
	u64 end = seen.now + ns;

	while (seen.timer && seen.timer <= end) {
		seen.now = max(seen.now, seen.timer);
		seen.timer = 0;
		nacre_lapic_timer_expired(&lapic);
	}
	seen.now = end;
}

#endif
