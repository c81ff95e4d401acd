/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The local APIC, as xAPIC registers in a page and as x2APIC MSRs.
 *
 * Who may touch what: nacre_lapic_accept() and the nacre_lapic_match*()
 * family, any thread at any time; the bits that they share with the vCPU
 * (IRR, TMR) are atomic, and what they read of the rest may be a moment old,
 * as on a bus. Everything else: the vCPU's own thread, or whoever holds its
 * mutex.
 */
#ifndef NACRE_LAPIC_H
#define NACRE_LAPIC_H

#include "arch/x86/irqchip/irq.h"

/* Register offsets; Intel SDM, "Local APIC Register Address Map". */
#define LAPIC_ID	0x020
#define LAPIC_VERSION	0x030
#define LAPIC_TPR	0x080
#define LAPIC_APR	0x090
#define LAPIC_PPR	0x0a0
#define LAPIC_EOI	0x0b0
#define LAPIC_RRD	0x0c0
#define LAPIC_LDR	0x0d0
#define LAPIC_DFR	0x0e0
#define LAPIC_SVR	0x0f0
#define LAPIC_ISR	0x100
#define LAPIC_TMR	0x180
#define LAPIC_IRR	0x200
#define LAPIC_ESR	0x280
#define LAPIC_LVT_CMCI	0x2f0
#define LAPIC_ICR	0x300
#define LAPIC_ICR2	0x310
#define LAPIC_LVT_TIMER	0x320
#define LAPIC_LVT_THERMAL 0x330
#define LAPIC_LVT_PMC	0x340
#define LAPIC_LVT_LINT0	0x350
#define LAPIC_LVT_LINT1	0x360
#define LAPIC_LVT_ERROR	0x370
#define LAPIC_TMICT	0x380
#define LAPIC_TMCCT	0x390
#define LAPIC_TDCR	0x3e0
#define LAPIC_SELF_IPI	0x3f0

#define LAPIC_REGS_SIZE	0x400

/* IA32_APIC_BASE. */
#define LAPIC_BASE_BSP		BIT(8)
#define LAPIC_BASE_X2APIC	BIT(10)
#define LAPIC_BASE_ENABLE	BIT(11)
#define LAPIC_BASE_PAGE		0xfee00000ull	/* where it is at power-on */

struct nacre_lapic;

/* What a local APIC asks of its surroundings. None may sleep. */
struct nacre_lapic_ops {
	/* Something came in: the vCPU has to look, or to wake. Any thread. */
	void (*notify)(struct nacre_lapic *apic);
	/* NMI, INIT and start-up for this processor. Any thread. */
	void (*nmi)(struct nacre_lapic *apic);
	void (*init)(struct nacre_lapic *apic);
	void (*startup)(struct nacre_lapic *apic, u8 vector);
	/* An IPI leaves; a level-triggered or watched vector was retired. */
	void (*send)(struct nacre_lapic *apic, const struct nacre_irq *irq);
	void (*eoi)(struct nacre_lapic *apic, u8 vector, bool level);
	/* With posts: a vector comes; see nacre_lapic_may_post(). Any thread. */
	void (*post)(struct nacre_lapic *apic, const struct nacre_irq *irq);
	/*
	 * The base, SVR's enable bit, or what it is addressed by is another, or
	 * may be. vCPU's thread.
	 */
	void (*mode)(struct nacre_lapic *apic);
	/* The timer's next expiry, by ktime_get_ns(); 0: none. */
	void (*set_timer)(struct nacre_lapic *apic, u64 when);
	/*
	 * When the guest's TSC will read @tsc, on that clock; 0: it has. If that
	 * is too far to say, a nearer time: then it is asked again.
	 */
	u64 (*tsc_to_ns)(struct nacre_lapic *apic, u64 tsc);
};

struct nacre_lapic {
	const struct nacre_lapic_ops *ops;
	u32 *regs;		/* create; LAPIC_REGS_SIZE of a page */
	u32 id;			/* the vCPU's; 32 bits of it in x2APIC mode */
	bool wide_ids;		/* and in the state, too: see get_state() */
	bool lacks_deadline;	/* CPUID has none: a guest cannot choose it */
	const u32 *watched;	/* vectors whose end is told though edges */
	bool bsp;		/* the boot processor's, whatever base says */
	bool posts;		/* create; only the vCPU's thread writes IRR */
	bool by_processor;	/* it delivers: IRR, ISR and PPR change unseen */
	bool changed;		/* IRR, ISR or TMR, since the processor was told */
	u64 base;		/* IA32_APIC_BASE */
	/* Besides the registers, where the processor may have put new ones. */
	u8 timer_mode;
	u8 timer_divisor;
	u64 tsc_deadline;
	u64 timer_target;	/* ns, when the count is 0 next */
	u64 timer_period;	/* ns, the whole count; 0: stopped */
	atomic_t errors;	/* any thread: what a write of ESR will show */
	bool irr_pending;	/* any thread; false: IRR is empty */
	u8 isr_words;		/* a bit for each 32 vectors; 0: none is served */
	u32 levels[NACRE_VECTOR_WORDS];	/* any; nacre_lapic_may_post() */
};

/* Power-on; @init: as after INIT, which leaves the ID and the base alone. */
void nacre_lapic_reset(struct nacre_lapic *apic, bool init);

static inline bool nacre_lapic_enabled(const struct nacre_lapic *apic)
{
	return READ_ONCE(apic->base) & LAPIC_BASE_ENABLE;
}

static inline bool nacre_lapic_is_x2apic(const struct nacre_lapic *apic)
{
	return READ_ONCE(apic->base) & LAPIC_BASE_X2APIC;
}

/* By SVR: else it takes nothing new. */
bool nacre_lapic_sw_enabled(const struct nacre_lapic *apic);

/* May a guest go there? Intel SDM, "x2APIC State Transitions". */
bool nacre_lapic_may_switch(u64 from, u64 to);
/* Switch modes; false: not from here. The caller has checked reserved bits. */
bool nacre_lapic_set_base(struct nacre_lapic *apic, u64 base, bool by_guest);

/* xAPIC register page: a naturally aligned 32-bit access. */
u32 nacre_lapic_read(struct nacre_lapic *apic, u32 offset);
void nacre_lapic_write(struct nacre_lapic *apic, u32 offset, u32 value);

/* x2APIC MSR 800h to 8FFh; false: #GP. */
bool nacre_lapic_read_msr(struct nacre_lapic *apic, u32 msr, u64 *value);
bool nacre_lapic_write_msr(struct nacre_lapic *apic, u32 msr, u64 value);

u64 nacre_lapic_read_deadline(const struct nacre_lapic *apic);
void nacre_lapic_write_deadline(struct nacre_lapic *apic, u64 tsc);

/* What the lowest-priority arbiter compares: smaller is better. */
static inline u8 nacre_lapic_priority(const struct nacre_lapic *apic)
{
	return READ_ONCE(apic->regs[LAPIC_TPR / sizeof(u32)]);
}

/* CR8 is the upper half of the task priority. */
static inline u8 nacre_lapic_cr8(const struct nacre_lapic *apic)
{
	return nacre_lapic_priority(apic) >> 4;
}
void nacre_lapic_set_cr8(struct nacre_lapic *apic, u8 cr8);

/* The ID by which physical destinations find it. */
u32 nacre_lapic_physical_id(const struct nacre_lapic *apic);
/* Does this APIC take an interrupt sent to @dest? */
bool nacre_lapic_match(const struct nacre_lapic *apic,
		       const struct nacre_irq *irq);
/* Take it. False: it was lost. One that waits already is merged with it. */
bool nacre_lapic_accept(struct nacre_lapic *apic, const struct nacre_irq *irq);
/* Is LINT0 wired through, so that the PIC's output reaches the processor? */
bool nacre_lapic_accepts_pic(const struct nacre_lapic *apic);

/* Highest vector that may interrupt now, or -1. */
int nacre_lapic_pending(struct nacre_lapic *apic);
/* A waiting vector's class that a lower CR8 would let in, or 0. */
u8 nacre_lapic_cr8_threshold(struct nacre_lapic *apic);
/* Take it into service. */
void nacre_lapic_ack(struct nacre_lapic *apic, u8 vector);

/* The interrupt in service is over, as by a write of EOI. */
void nacre_lapic_end(struct nacre_lapic *apic);
/* Is one in service whose end nobody waits for, not even another interrupt? */
bool nacre_lapic_end_can_wait(struct nacre_lapic *apic);

/* The time given to set_timer() has come. vCPU's thread. */
void nacre_lapic_timer_expired(struct nacre_lapic *apic);

/*
 * With a processor that works on the registers, too. It is told by TMR whose
 * end somebody waits for, before a request reaches IRR: only the vCPU's thread
 * sets them. May anybody post it? If not it waits in levels. Any thread.
 */
bool nacre_lapic_may_post(struct nacre_lapic *apic,
			  const struct nacre_irq *irq);
void nacre_lapic_take_levels(struct nacre_lapic *apic);
/* Into IRR what was posted, by vector / 32. */
void nacre_lapic_take_posted(struct nacre_lapic *apic, u32 word, u32 requests);
/* The processor begins or ends to deliver. */
void nacre_lapic_hand_over(struct nacre_lapic *apic, bool to_processor);
/* The highest vectors requested, and << 8 in service; 0: none. */
u16 nacre_lapic_highest(struct nacre_lapic *apic);
/* Of 32 vectors those whose end ops->eoi() is told. */
u32 nacre_lapic_told(struct nacre_lapic *apic, unsigned int word);
/* It has ended the service of @vector, and cleared its bit in ISR. */
void nacre_lapic_ended(struct nacre_lapic *apic, u8 vector);
/* It has written what the guest wrote, without effect as yet. */
void nacre_lapic_written(struct nacre_lapic *apic, u32 offset);

/*
 * The registers as in struct nacre_lapic_state. A set lets the timer go on from
 * the current count. An x2APIC's ID is in bits 31:24, and passed over when it
 * is set, or with wide_ids in all 32.
 */
void nacre_lapic_get_state(struct nacre_lapic *apic, u8 *state);
/* False: with wide_ids, the ID is not this vCPU's. */
bool nacre_lapic_set_state(struct nacre_lapic *apic, const u8 *state);

#endif /* NACRE_LAPIC_H */
