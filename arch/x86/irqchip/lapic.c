// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC.
 *
 * Registers live in an array with the layout of the page, so that reading one
 * is reading the array, and saving them is copying it. What is derived (PPR,
 * the current count) is put there when it is asked for.
 *
 * Intel SDM, "Advanced Programmable Interrupt Controller (APIC)"; AMD APM,
 * "Advanced Programmable Interrupt Controller (APIC)".
 */
#include "arch/x86/irqchip/lapic.h"

/* An integrated APIC (10h and up) with six LVT entries. */
#define VERSION_VALUE	0x00050014

#define SVR_ENABLE	BIT(8)
/* Focus checking has no effect, but older kernels set it in either mode. */
#define SVR_VALID	0x3ff
#define LVT_MASKED	BIT(16)
#define LVT_VECTOR	0xff
#define LVT_LEVEL	BIT(15)
#define LVT_PENDING	BIT(12)
#define LVT_REMOTE_IRR	BIT(14)
#define LVT_DELIVERY(lvt)	((lvt) >> 8 & 7)
#define LVT_DEADLINE	((u32)BIT(18))
#define TIMER_MODE(lvt)	((lvt) >> 17 & 3)
#define TIMER_PERIODIC	1
#define TIMER_DEADLINE	2
#define ICR_BUSY	BIT(12)
#define ICR_ASSERT	BIT(14)
#define ICR_TO_SELF	(NACRE_TO_SELF << 18)
#define ESR_SEND_VECTOR		BIT(5)
#define ESR_RECEIVE_VECTOR	BIT(6)
#define ESR_REGISTER		BIT(7)
#define MSR_BASE	0x800
#define MSR_LAST	0xff	/* from there */

/* One bus cycle of the timer; the guest measures it, nothing else depends. */
#define BUS_CYCLE_NS	1
/* A guest may not keep the host busy with its periodic timer alone. */
#define MIN_PERIOD_NS	200000

#define XAPIC_ID	0xff000000
#define DFR_FLAT	0xffffffff
#define TDCR_VALID	0xb

/*
 * The registers that software sees, by offset / 16. In x2APIC mode other bits
 * fault, where the page only ignores them; those of an LVT entry that are there
 * to read, and always 0, do not. ICR is one register of 64 bits there.
 */
struct rule {
	bool read;
	u32 bits;		/* that it has, where not all */
	u64 x2apic;		/* that may be written to the MSR */
};

#define READABLE	.read = true
#define BITS(_bits)	READABLE, .bits = (_bits), .x2apic = (_bits)
#define LVT(_bits, _zeroes)						\
	READABLE, .bits = LVT_VECTOR | LVT_MASKED | (_bits),		\
	.x2apic = LVT_VECTOR | LVT_MASKED | LVT_PENDING | (_bits) | (_zeroes)
#define LVT_LINT	LVT(7 << 8 | BIT(13) | LVT_LEVEL, LVT_REMOTE_IRR)

static const struct rule rules[256] = {
	[LAPIC_ID / 16] = { READABLE, .bits = XAPIC_ID },
	[LAPIC_VERSION / 16] = { READABLE },
	[LAPIC_TPR / 16] = { BITS(0xff) },
	[LAPIC_PPR / 16] = { READABLE },
	[LAPIC_LDR / 16] = { READABLE, .bits = XAPIC_ID },
	[LAPIC_DFR / 16] = { READABLE },
	[LAPIC_SVR / 16] = { BITS(SVR_VALID) },
	[LAPIC_ISR / 16 ... LAPIC_ESR / 16] = { READABLE },
	[LAPIC_ICR / 16] = { READABLE, .bits = (u32)~ICR_BUSY,
			     .x2apic = 0xffffffff000cdfffull },
	[LAPIC_ICR2 / 16] = { READABLE, .bits = XAPIC_ID },
	[LAPIC_LVT_TIMER / 16] = { LVT(3 << 17, 0) },
	[LAPIC_LVT_THERMAL / 16] = { LVT(7 << 8, 0) },
	[LAPIC_LVT_PMC / 16] = { LVT(7 << 8, 0) },
	[LAPIC_LVT_LINT0 / 16] = { LVT_LINT },
	[LAPIC_LVT_LINT1 / 16] = { LVT_LINT },
	[LAPIC_LVT_ERROR / 16] = { LVT(0, 0) },
	[LAPIC_TMICT / 16] = { READABLE, .x2apic = 0xffffffff },
	[LAPIC_TMCCT / 16] = { READABLE },
	[LAPIC_TDCR / 16] = { BITS(TDCR_VALID) },
	[LAPIC_SELF_IPI / 16] = { .x2apic = 0xff },
};

static void deliver_lvt(struct nacre_lapic *apic, u32 lvt_offset);

static const struct rule *rule_of(u32 offset)
{
	return &rules[(u8)(offset / 16)];
}

/* They are next to each other. */
static bool is_lvt(u32 offset)
{
	return offset >= LAPIC_LVT_TIMER && offset <= LAPIC_LVT_ERROR;
}

static u32 *reg(const struct nacre_lapic *apic, u32 offset)
{
	return &apic->regs[(offset & (LAPIC_REGS_SIZE - 1)) / sizeof(u32)];
}

/* Once each: other threads read what the vCPU's writes. */
static u32 peek(const struct nacre_lapic *apic, u32 offset)
{
	return READ_ONCE(*reg(apic, offset));
}

static void poke(struct nacre_lapic *apic, u32 offset, u32 value)
{
	WRITE_ONCE(*reg(apic, offset), value);
}

static u32 *vectors(struct nacre_lapic *apic, size_t base, size_t word)
{
	return &apic->regs[base / sizeof(u32) + word * 4];
}

static atomic_t *vector_word(struct nacre_lapic *apic, u32 base, u8 vector)
{
	return (atomic_t *)vectors(apic, base, vector / 32);
}

static u32 vector_bit(u8 vector)
{
	return 1u << (vector % 32);
}

static void clear_vector(struct nacre_lapic *apic, u32 base, u8 vector)
{
	atomic_andnot(vector_bit(vector), vector_word(apic, base, vector));
}

static bool test_vector(struct nacre_lapic *apic, u32 base, u8 vector)
{
	return atomic_read(vector_word(apic, base, vector)) &
	       vector_bit(vector);
}

static int highest_vector(struct nacre_lapic *apic, u32 base, int word)
{
	for (; word >= 0; word--) {
		u32 bits = READ_ONCE(*vectors(apic, base, word));

		if (bits)
			return word * 32 + fls(bits) - 1;
	}
	return -1;
}

static int highest_request(struct nacre_lapic *apic)
{
	return highest_vector(apic, LAPIC_IRR, NACRE_VECTOR_WORDS - 1);
}

/* Each interrupt that is taken comes by here: one load for each word. */
static bool any_request(struct nacre_lapic *apic)
{
	u32 any = 0, word;

#pragma GCC unroll 8
	for (word = 0; word < NACRE_VECTOR_WORDS; word++)
		any |= READ_ONCE(*vectors(apic, LAPIC_IRR, word));
	return any;
}

/*
 * irr_pending spares whoever looks a search of IRR that finds nothing. The bit
 * in IRR is set before it is; here it is cleared before a bit in IRR is, and
 * IRR is read after that. Both have the locked instruction on IRR in between.
 */
static void end_request(struct nacre_lapic *apic, u8 vector)
{
	WRITE_ONCE(apic->irr_pending, false);
	/* Both pair with the OR in accept_vector(). */
	smp_mb__before_atomic();
	clear_vector(apic, LAPIC_IRR, vector);
	/* Its bit is seen here, or it sees irr_pending false. */
	smp_mb__after_atomic();
	if (any_request(apic))
		WRITE_ONCE(apic->irr_pending, true);
}

/* Nobody but the vCPU's thread, or else the processor, works on ISR. */
static int highest_in_service(struct nacre_lapic *apic)
{
	return highest_vector(apic, LAPIC_ISR, fls(apic->isr_words) - 1);
}

static void end_service(struct nacre_lapic *apic, u8 vector)
{
	u32 word = vector / 32;

	*vectors(apic, LAPIC_ISR, word) &= ~vector_bit(vector);
	if (!*vectors(apic, LAPIC_ISR, word) && !apic->by_processor)
		apic->isr_words &= ~(1 << word);
	apic->changed = true;
}

/* IRR and ISR were written as they are, or may be at any time. */
static void note_vectors(struct nacre_lapic *apic)
{
	u32 word;

	apic->isr_words = 0;
	for (word = 0; word < NACRE_VECTOR_WORDS; word++) {
		if (*vectors(apic, LAPIC_ISR, word) || apic->by_processor)
			apic->isr_words |= 1 << word;
	}
	/* Which may be wrong until the next interrupt, and does no harm. */
	WRITE_ONCE(apic->irr_pending, true);
	apic->changed = true;
}

bool nacre_lapic_sw_enabled(const struct nacre_lapic *apic)
{
	return peek(apic, LAPIC_SVR) & SVR_ENABLE;
}

/*
 * Errors collect until software writes ESR; that latches them and, by the
 * error LVT, may interrupt when one is new.
 */
static void note_error(struct nacre_lapic *apic, u32 error)
{
	if (!(atomic_fetch_or(error, &apic->errors) & error))
		deliver_lvt(apic, LAPIC_LVT_ERROR);
}

/* A local interrupt, edge-triggered whatever the LVT says of LINTs. */
static void deliver_lvt(struct nacre_lapic *apic, u32 lvt_offset)
{
	u32 lvt = peek(apic, lvt_offset);
	const struct nacre_irq irq = {
		.vector = lvt & LVT_VECTOR,
		.delivery = lvt_offset == LAPIC_LVT_TIMER ||
			    lvt_offset == LAPIC_LVT_ERROR ?
			    NACRE_DELIVER_FIXED : LVT_DELIVERY(lvt),
		.assert = true,
	};

	if (!(lvt & LVT_MASKED) && nacre_lapic_enabled(apic))
		nacre_lapic_accept(apic, &irq);
}

/* Processor priority: the higher class of what is wanted and what is served. */
static u8 processor_priority(struct nacre_lapic *apic)
{
	u8 tpr = peek(apic, LAPIC_TPR);
	int isr = highest_in_service(apic);
	u8 served = isr < 0 ? 0 : isr;

	return (tpr & 0xf0) >= (served & 0xf0) ? tpr : served & 0xf0;
}

int nacre_lapic_pending(struct nacre_lapic *apic)
{
	int irr;

	/* Off by software it takes no more, but holds and gives what it has. */
	if (!READ_ONCE(apic->irr_pending) || !nacre_lapic_enabled(apic))
		return -1;
	irr = highest_request(apic);
	if (irr < 0 || (irr & 0xf0) <= (processor_priority(apic) & 0xf0))
		return -1;
	return irr;
}

u8 nacre_lapic_cr8_threshold(struct nacre_lapic *apic)
{
	int irr;

	if (!READ_ONCE(apic->irr_pending) || !nacre_lapic_enabled(apic) ||
	    apic->by_processor)
		return 0;
	irr = highest_request(apic);
	if (irr < 0 || (irr & 0xf0) > (peek(apic, LAPIC_TPR) & 0xf0))
		return 0;
	return irr >> 4;
}

void nacre_lapic_ack(struct nacre_lapic *apic, u8 vector)
{
	u32 word = vector / 32;

	end_request(apic, vector);
	*vectors(apic, LAPIC_ISR, word) |= vector_bit(vector);
	apic->isr_words |= 1 << word;
}

u32 nacre_lapic_told(struct nacre_lapic *apic, unsigned int word)
{
	u32 told = READ_ONCE(*vectors(apic, LAPIC_TMR, word));

	return apic->watched ? told | READ_ONCE(apic->watched[word]) : told;
}

static bool is_told(struct nacre_lapic *apic, u8 vector)
{
	return nacre_lapic_told(apic, vector / 32) & vector_bit(vector);
}

static void tell_pending(struct nacre_lapic *apic)
{
	if (nacre_lapic_pending(apic) >= 0)
		apic->ops->notify(apic);
}

void nacre_lapic_ended(struct nacre_lapic *apic, u8 vector)
{
	if (is_told(apic, vector))
		apic->ops->eoi(apic, vector,
			       test_vector(apic, LAPIC_TMR, vector));
}

void nacre_lapic_end(struct nacre_lapic *apic)
{
	int vector = highest_in_service(apic);

	/* Spurious interrupts have no bit to clear. */
	if (vector < 0)
		return;
	end_service(apic, vector);
	nacre_lapic_ended(apic, vector);
	tell_pending(apic);
}

bool nacre_lapic_end_can_wait(struct nacre_lapic *apic)
{
	if (READ_ONCE(apic->irr_pending) || !apic->isr_words)
		return false;
	return !is_told(apic, highest_in_service(apic));
}

static void set_tpr(struct nacre_lapic *apic, u8 tpr)
{
	poke(apic, LAPIC_TPR, tpr);
	tell_pending(apic);
}

void nacre_lapic_set_cr8(struct nacre_lapic *apic, u8 cr8)
{
	set_tpr(apic, (cr8 & 0xf) << 4);
}

static void set_trigger_mode(struct nacre_lapic *apic, u8 vector, bool level)
{
	if (level)
		atomic_or(vector_bit(vector),
			  vector_word(apic, LAPIC_TMR, vector));
	else
		clear_vector(apic, LAPIC_TMR, vector);
}

bool nacre_lapic_may_post(struct nacre_lapic *apic, const struct nacre_irq *irq)
{
	bool level = test_vector(apic, LAPIC_TMR, irq->vector);

	if (irq->level && !level) {
		atomic_or(vector_bit(irq->vector),
			  (atomic_t *)&apic->levels[irq->vector / 32]);
		return false;
	}
	/* An end that nobody waits for is told in vain, and that is all. */
	if (level && !irq->level)
		set_trigger_mode(apic, irq->vector, false);
	return true;
}

void nacre_lapic_take_posted(struct nacre_lapic *apic, u32 word, u32 requests)
{
	u32 *irr = vectors(apic, LAPIC_IRR, word);

	if (!(requests & ~*irr))
		return;
	WRITE_ONCE(*irr, *irr | requests);
	WRITE_ONCE(apic->irr_pending, true);
	apic->changed = true;
}

void nacre_lapic_take_levels(struct nacre_lapic *apic)
{
	u32 word, levels;

	for (word = 0; word < NACRE_VECTOR_WORDS; word++) {
		if (!READ_ONCE(apic->levels[word]))
			continue;
		levels = atomic_xchg((atomic_t *)&apic->levels[word], 0);
		atomic_or(levels, (atomic_t *)vectors(apic, LAPIC_TMR, word));
		nacre_lapic_take_posted(apic, word, levels);
		apic->changed = true;
	}
}

u16 nacre_lapic_highest(struct nacre_lapic *apic)
{
	return max(highest_request(apic), 0) |
	       max(highest_in_service(apic), 0) << 8;
}

void nacre_lapic_hand_over(struct nacre_lapic *apic, bool to_processor)
{
	if (apic->by_processor == to_processor)
		return;
	apic->by_processor = to_processor;
	note_vectors(apic);
	apic->ops->notify(apic);
}

static bool accept_vector(struct nacre_lapic *apic, const struct nacre_irq *irq)
{
	u32 bit = vector_bit(irq->vector);

	if (irq->vector < 16) {
		note_error(apic, ESR_RECEIVE_VECTOR);
		return false;
	}
	/* The end of a level is no message that an APIC takes. */
	if (!nacre_lapic_sw_enabled(apic) || (irq->level && !irq->assert))
		return false;
	if (apic->posts) {
		apic->ops->post(apic, irq);
		return true;
	}
	/* The trigger mode before the request: EOI looks at it. */
	if (irq->level != test_vector(apic, LAPIC_TMR, irq->vector))
		set_trigger_mode(apic, irq->vector, irq->level);
	if (atomic_fetch_or(bit, vector_word(apic, LAPIC_IRR, irq->vector)) &
	    bit)
		return true;
	/* Who set the bit tells, and the vCPU looks after that. */
	if (!READ_ONCE(apic->irr_pending))
		WRITE_ONCE(apic->irr_pending, true);
	apic->ops->notify(apic);
	return true;
}

bool nacre_lapic_accept(struct nacre_lapic *apic, const struct nacre_irq *irq)
{
	if (!nacre_lapic_enabled(apic))
		return false;
	switch (irq->delivery) {
	case NACRE_DELIVER_FIXED:
	case NACRE_DELIVER_LOWEST:
		return accept_vector(apic, irq);
	case NACRE_DELIVER_NMI:
		apic->ops->nmi(apic);
		return true;
	case NACRE_DELIVER_INIT:
		/* Level de-assert sets arbitration IDs, which are gone. */
		if (!irq->level || irq->assert)
			apic->ops->init(apic);
		return true;
	case NACRE_DELIVER_STARTUP:
		apic->ops->startup(apic, irq->vector);
		return true;
	case NACRE_DELIVER_EXTINT:
		/* The PIC's vector comes by LINT0 alone; see accepts_pic(). */
		apic->ops->notify(apic);
		return false;
	default:
		/* SMI: there is no system-management mode. */
		return false;
	}
}

/*
 * An xAPIC ID has 8 bits. A processor whose own ID has more is reached by that
 * in xAPIC mode as well, else nobody could start it.
 */
u32 nacre_lapic_physical_id(const struct nacre_lapic *apic)
{
	if (nacre_lapic_is_x2apic(apic) || apic->id > 0xff)
		return apic->id;
	return peek(apic, LAPIC_ID) >> 24;
}

static bool match_logical(const struct nacre_lapic *apic, u32 dest)
{
	u32 ldr = peek(apic, LAPIC_LDR);
	u8 id = ldr >> 24;

	/* A cluster of 16 in the upper half, one bit each in the lower. */
	if (nacre_lapic_is_x2apic(apic))
		return dest >> 16 == ldr >> 16 && dest & ldr & 0xffff;
	switch (peek(apic, LAPIC_DFR) >> 28) {
	case 0xf:
		return id & dest;
	case 0:
		return (id & 0xf0) == (dest & 0xf0) && id & dest & 0xf;
	default:
		return false;
	}
}

/*
 * Messages of I/O APICs and MSIs have 8 bits for it. For want of interrupt
 * remapping, ones in all of them mean all x2APICs too.
 */
bool nacre_lapic_match(const struct nacre_lapic *apic,
		       const struct nacre_irq *irq)
{
	if (irq->dest == 0xffffffff)
		return true;
	if (irq->dest == 0xff && !(irq->exact && nacre_lapic_is_x2apic(apic)))
		return true;
	return irq->logical ? match_logical(apic, irq->dest) :
			      nacre_lapic_physical_id(apic) == irq->dest;
}

bool nacre_lapic_accepts_pic(const struct nacre_lapic *apic)
{
	u32 lint0 = peek(apic, LAPIC_LVT_LINT0);

	if (!nacre_lapic_enabled(apic))
		return true;
	return !(lint0 & LVT_MASKED) &&
	       LVT_DELIVERY(lint0) == NACRE_DELIVER_EXTINT;
}

static void send_ipi(struct nacre_lapic *apic, u32 low, u32 dest)
{
	const struct nacre_irq irq = {
		.dest = dest,
		.vector = low & 0xff,
		.delivery = low >> 8 & 7,
		.logical = low & BIT(11),
		.assert = low & ICR_ASSERT,
		.level = low & BIT(15),
		.shorthand = low >> 18 & 3,
		.exact = true,
	};

	if (irq.delivery <= NACRE_DELIVER_LOWEST && irq.vector < 16) {
		note_error(apic, ESR_SEND_VECTOR);
		return;
	}
	apic->ops->send(apic, &irq);
}

/* TDCR: bits 3, 1 and 0 are one number, of which 7 means 1. */
static u32 divisor_of(u32 tdcr)
{
	u32 code = (tdcr & 3) | (tdcr & 8) >> 1;

	return 1u << ((code + 1) & 7);
}

/* The whole count, and no shorter than is good for the host. */
static u64 timer_length(const struct nacre_lapic *apic)
{
	u64 ns = (u64)peek(apic, LAPIC_TMICT) * apic->timer_divisor *
		 BUS_CYCLE_NS;

	if (ns && apic->timer_mode == TIMER_PERIODIC && ns < MIN_PERIOD_NS)
		ns = MIN_PERIOD_NS;
	return ns;
}

static void stop_timer(struct nacre_lapic *apic)
{
	apic->timer_period = 0;
	apic->tsc_deadline = 0;
	apic->ops->set_timer(apic, 0);
}

static void run_timer(struct nacre_lapic *apic, u64 target)
{
	apic->timer_target = target;
	apic->ops->set_timer(apic, target);
}

/* With so much left of the first period, or all of it. */
static void start_timer(struct nacre_lapic *apic, u64 left)
{
	apic->timer_period = timer_length(apic);
	if (!apic->timer_period)
		apic->ops->set_timer(apic, 0);
	else
		run_timer(apic, ktime_get_ns() +
				min(left, apic->timer_period));
}

/* ns to the next expiry; of a periodic one that is overdue, the one after. */
static u64 time_left(const struct nacre_lapic *apic, u64 now)
{
	if (now < apic->timer_target)
		return apic->timer_target - now;
	if (apic->timer_mode != TIMER_PERIODIC)
		return 0;
	return apic->timer_period -
	       (now - apic->timer_target) % apic->timer_period;
}

static u32 current_count(struct nacre_lapic *apic)
{
	u64 count;

	if (!apic->timer_period)
		return 0;
	count = time_left(apic, ktime_get_ns()) /
		((u64)apic->timer_divisor * BUS_CYCLE_NS);
	/* A period that was made longer still counts from where it should. */
	return min_t(u64, count, peek(apic, LAPIC_TMICT));
}

/* Another divisor: the rest of the count takes as much longer or shorter. */
static void write_divisor(struct nacre_lapic *apic, u32 value)
{
	u64 old = apic->timer_divisor, now, left;

	poke(apic, LAPIC_TDCR, value & TDCR_VALID);
	apic->timer_divisor = divisor_of(value);
	if (!apic->timer_period || apic->timer_divisor == old)
		return;
	now = ktime_get_ns();
	left = now < apic->timer_target ? apic->timer_target - now : 0;
	apic->timer_period = timer_length(apic);
	run_timer(apic, now + left * apic->timer_divisor / old);
}

/* Also when a time has come that may have been a nearer one. */
static void start_deadline(struct nacre_lapic *apic)
{
	u64 when = 0;

	if (apic->tsc_deadline)
		when = apic->ops->tsc_to_ns(apic, apic->tsc_deadline);
	apic->ops->set_timer(apic, when);
	if (!apic->tsc_deadline || when)
		return;
	apic->tsc_deadline = 0;
	deliver_lvt(apic, LAPIC_LVT_TIMER);
}

u64 nacre_lapic_read_deadline(const struct nacre_lapic *apic)
{
	return apic->timer_mode == TIMER_DEADLINE ? apic->tsc_deadline : 0;
}

void nacre_lapic_write_deadline(struct nacre_lapic *apic, u64 tsc)
{
	if (!nacre_lapic_enabled(apic) || apic->timer_mode != TIMER_DEADLINE)
		return;
	apic->tsc_deadline = tsc;
	start_deadline(apic);
}

/* Ticks that were missed are one: nothing counts them on hardware either. */
static void restart_period(struct nacre_lapic *apic)
{
	u64 now = ktime_get_ns(), target = apic->timer_target;
	u64 missed = now > target ? (now - target) / apic->timer_period : 0;

	run_timer(apic, target + (missed + 1) * apic->timer_period);
}

void nacre_lapic_timer_expired(struct nacre_lapic *apic)
{
	if (apic->timer_mode == TIMER_DEADLINE) {
		start_deadline(apic);
		return;
	}
	/* It was stopped meanwhile. */
	if (!apic->timer_period)
		return;
	deliver_lvt(apic, LAPIC_LVT_TIMER);
	if (apic->timer_mode == TIMER_PERIODIC)
		restart_period(apic);
	else
		apic->timer_period = 0;
}

/* Arming one way ends what was armed the other way. */
static void write_lvt_timer(struct nacre_lapic *apic, u32 value)
{
	bool was_deadline = apic->timer_mode == TIMER_DEADLINE;

	if (apic->lacks_deadline)
		value &= ~LVT_DEADLINE;
	if (was_deadline != (TIMER_MODE(value) == TIMER_DEADLINE)) {
		stop_timer(apic);
		poke(apic, LAPIC_TMICT, 0);
	}
	poke(apic, LAPIC_LVT_TIMER, value);
	apic->timer_mode = TIMER_MODE(value);
	/* A count that runs goes on; its next period is by the new mode. */
	if (apic->timer_period)
		apic->timer_period = timer_length(apic);
}

static void write_svr(struct nacre_lapic *apic, u32 value)
{
	u32 lvt;

	poke(apic, LAPIC_SVR, value & SVR_VALID);
	apic->ops->mode(apic);
	if (value & SVR_ENABLE)
		return;
	for (lvt = LAPIC_LVT_TIMER; is_lvt(lvt); lvt += 16)
		poke(apic, lvt, peek(apic, lvt) | LVT_MASKED);
}

/* Registers that both modes write alike; false: there is none. */
static bool write_common(struct nacre_lapic *apic, u32 offset, u32 value)
{
	switch (offset) {
	case LAPIC_TPR:
		set_tpr(apic, value);
		return true;
	case LAPIC_EOI:
		nacre_lapic_end(apic);
		return true;
	case LAPIC_SVR:
		write_svr(apic, value);
		return true;
	case LAPIC_ESR:
		poke(apic, LAPIC_ESR, atomic_xchg(&apic->errors, 0));
		return true;
	case LAPIC_TMICT:
		if (apic->timer_mode == TIMER_DEADLINE) {
			poke(apic, LAPIC_TMICT, 0);
			return true;
		}
		poke(apic, LAPIC_TMICT, value);
		start_timer(apic, ~0ull);
		return true;
	case LAPIC_TDCR:
		write_divisor(apic, value);
		return true;
	default:
		if (!is_lvt(offset))
			return false;
		value &= rule_of(offset)->bits;
		if (!nacre_lapic_sw_enabled(apic))
			value |= LVT_MASKED;
		if (offset == LAPIC_LVT_TIMER)
			write_lvt_timer(apic, value);
		else
			poke(apic, offset, value);
		return true;
	}
}

void nacre_lapic_write(struct nacre_lapic *apic, u32 offset, u32 value)
{
	offset &= 0xff0;
	switch (offset) {
	case LAPIC_ICR2:
		poke(apic, LAPIC_ICR2, value & XAPIC_ID);
		return;
	case LAPIC_ID:
	case LAPIC_LDR:
		poke(apic, offset, value & XAPIC_ID);
		apic->ops->mode(apic);
		return;
	case LAPIC_DFR:
		poke(apic, LAPIC_DFR, value | 0x0fffffff);
		apic->ops->mode(apic);
		return;
	case LAPIC_ICR:
		poke(apic, LAPIC_ICR, value & ~ICR_BUSY);
		send_ipi(apic, value, peek(apic, LAPIC_ICR2) >> 24);
		return;
	default:
		if (!write_common(apic, offset, value))
			note_error(apic, ESR_REGISTER);
	}
}

void nacre_lapic_written(struct nacre_lapic *apic, u32 offset)
{
	u32 value;

	offset &= 0xff0;
	value = peek(apic, offset);
	/* What is only written does not stay. */
	if (offset == LAPIC_EOI || offset == LAPIC_SELF_IPI)
		poke(apic, offset, 0);
	if (nacre_lapic_is_x2apic(apic))
		nacre_lapic_write_msr(apic, MSR_BASE + offset / 16, value);
	else
		nacre_lapic_write(apic, offset, value);
}

static u32 read_register(struct nacre_lapic *apic, u32 offset)
{
	switch (offset) {
	case LAPIC_PPR:
		return processor_priority(apic);
	case LAPIC_TMCCT:
		return current_count(apic);
	default:
		return peek(apic, offset);
	}
}

u32 nacre_lapic_read(struct nacre_lapic *apic, u32 offset)
{
	offset &= 0xff0;
	if (!rule_of(offset)->read) {
		note_error(apic, ESR_REGISTER);
		return 0;
	}
	return read_register(apic, offset);
}

bool nacre_lapic_read_msr(struct nacre_lapic *apic, u32 msr, u64 *value)
{
	u32 offset = (msr - MSR_BASE) << 4;

	if (!nacre_lapic_is_x2apic(apic) || msr - MSR_BASE > MSR_LAST)
		return false;
	/* ICR is one register of 64 bits here, and DFR is none at all. */
	if (!rule_of(offset)->read || offset == LAPIC_DFR || offset == LAPIC_ICR2)
		return false;
	*value = read_register(apic, offset);
	if (offset == LAPIC_ICR)
		*value |= (u64)peek(apic, LAPIC_ICR2) << 32;
	return true;
}

bool nacre_lapic_write_msr(struct nacre_lapic *apic, u32 msr, u64 value)
{
	u32 offset = (msr - MSR_BASE) << 4;

	if (!nacre_lapic_is_x2apic(apic) || msr - MSR_BASE > MSR_LAST ||
	    value & ~rule_of(offset)->x2apic)
		return false;
	switch (offset) {
	case LAPIC_ICR:
		poke(apic, LAPIC_ICR, value & ~ICR_BUSY);
		poke(apic, LAPIC_ICR2, value >> 32);
		send_ipi(apic, value, value >> 32);
		return true;
	case LAPIC_SELF_IPI:
		send_ipi(apic, ICR_ASSERT | ICR_TO_SELF | (u8)value, 0);
		return true;
	default:
		return write_common(apic, offset, value);
	}
}

/* In x2APIC mode the logical ID follows from the physical one. */
static void derive_x2apic_ids(struct nacre_lapic *apic)
{
	poke(apic, LAPIC_ID, apic->id);
	poke(apic, LAPIC_LDR, (apic->id >> 4) << 16 | 1u << (apic->id & 0xf));
}

/* What is kept besides the registers. */
static void note_registers(struct nacre_lapic *apic)
{
	apic->timer_mode = TIMER_MODE(peek(apic, LAPIC_LVT_TIMER));
	apic->timer_divisor = divisor_of(peek(apic, LAPIC_TDCR));
	note_vectors(apic);
	atomic_set(&apic->errors, 0);
}

static void reset_registers(struct nacre_lapic *apic)
{
	u32 offset;

	for (offset = 0; offset < LAPIC_REGS_SIZE; offset += sizeof(u32)) {
		if (offset != LAPIC_ID)
			poke(apic, offset, 0);
	}
	poke(apic, LAPIC_VERSION, VERSION_VALUE);
	poke(apic, LAPIC_DFR, DFR_FLAT);
	poke(apic, LAPIC_SVR, 0xff);
	for (offset = LAPIC_LVT_TIMER; is_lvt(offset); offset += 16)
		poke(apic, offset, LVT_MASKED);
	note_registers(apic);
}

void nacre_lapic_reset(struct nacre_lapic *apic, bool init)
{
	stop_timer(apic);
	reset_registers(apic);
	/*
	 * What a BIOS would have left for the PIC: virtual wire mode. Guests
	 * without one have come to expect it of the boot processor's.
	 */
	if (apic->bsp)
		poke(apic, LAPIC_LVT_LINT0, NACRE_DELIVER_EXTINT << 8);
	if (!init) {
		WRITE_ONCE(apic->base, LAPIC_BASE_ENABLE | LAPIC_BASE_PAGE |
				       (apic->bsp ? LAPIC_BASE_BSP : 0));
		poke(apic, LAPIC_ID, apic->id << 24);
	}
	if (nacre_lapic_is_x2apic(apic))
		derive_x2apic_ids(apic);
	apic->ops->mode(apic);
}

bool nacre_lapic_may_switch(u64 from, u64 to)
{
	if (to & LAPIC_BASE_X2APIC)
		return from & LAPIC_BASE_ENABLE;
	return !(from & LAPIC_BASE_X2APIC) || !(to & LAPIC_BASE_ENABLE);
}

bool nacre_lapic_set_base(struct nacre_lapic *apic, u64 base, bool by_guest)
{
	u64 old = apic->base;
	bool switched = (old ^ base) & (LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC);

	if (base & LAPIC_BASE_X2APIC && !(base & LAPIC_BASE_ENABLE))
		return false;
	if (by_guest && !nacre_lapic_may_switch(old, base))
		return false;
	WRITE_ONCE(apic->base, base);
	if (switched && !nacre_lapic_enabled(apic))
		stop_timer(apic);
	else if (switched && nacre_lapic_is_x2apic(apic))
		derive_x2apic_ids(apic);
	else if (switched)
		poke(apic, LAPIC_ID, apic->id << 24);
	if (old != base)
		apic->ops->mode(apic);
	if (switched)
		tell_pending(apic);
	return true;
}

void nacre_lapic_get_state(struct nacre_lapic *apic, u8 *state)
{
	u32 offset, value;

	poke(apic, LAPIC_PPR, processor_priority(apic));
	poke(apic, LAPIC_TMCCT, current_count(apic));
	for (offset = 0; offset < LAPIC_REGS_SIZE; offset += sizeof(u32)) {
		value = peek(apic, offset);
		memcpy(state + offset, &value, sizeof(value));
	}
	if (nacre_lapic_is_x2apic(apic) && !apic->wide_ids) {
		value = apic->id << 24;
		memcpy(state + LAPIC_ID, &value, sizeof(value));
	}
}

/* Only what a guest could have left there is taken in. */
static void check_registers(struct nacre_lapic *apic, bool x2apic)
{
	u32 offset;

	poke(apic, LAPIC_VERSION, VERSION_VALUE);
	for (offset = 0; offset < LAPIC_REGS_SIZE; offset += 16) {
		u32 bits = rule_of(offset)->bits;

		/* In x2APIC mode that is a whole destination. */
		if (bits && !(x2apic && offset == LAPIC_ICR2))
			poke(apic, offset, peek(apic, offset) & bits);
	}
	if (!x2apic)
		poke(apic, LAPIC_DFR, peek(apic, LAPIC_DFR) | 0x0fffffff);
	/* Vectors below 16 are left: of class 0, which never gets through. */
}

/*
 * From the current count. Without one a period begins. One shot has ended then,
 * but maybe was not delivered: it is now, for a tick that does not come is the
 * last one of many a guest. A deadline is no register: it stays, but not
 * through another mode.
 */
static void resume_timer(struct nacre_lapic *apic)
{
	u64 left = (u64)peek(apic, LAPIC_TMCCT) * apic->timer_divisor *
		   BUS_CYCLE_NS;

	if (apic->timer_mode == TIMER_DEADLINE) {
		apic->timer_period = 0;
		start_deadline(apic);
		return;
	}
	apic->tsc_deadline = 0;
	if (!left && apic->timer_mode == TIMER_PERIODIC)
		left = ~0ull;
	start_timer(apic, left);
}

bool nacre_lapic_set_state(struct nacre_lapic *apic, const u8 *state)
{
	bool x2apic = nacre_lapic_is_x2apic(apic);
	u32 offset, value;

	memcpy(&value, state + LAPIC_ID, sizeof(value));
	if (x2apic && apic->wide_ids && value != apic->id)
		return false;
	for (offset = 0; offset < LAPIC_REGS_SIZE; offset += sizeof(u32)) {
		memcpy(&value, state + offset, sizeof(value));
		poke(apic, offset, value);
	}
	check_registers(apic, x2apic);
	if (x2apic)
		derive_x2apic_ids(apic);
	note_registers(apic);
	apic->ops->mode(apic);
	resume_timer(apic);
	tell_pending(apic);
	return true;
}
