// SPDX-License-Identifier: GPL-2.0
/*
 * Two local APICs with the same life: one is plain, of the other the processor
 * works on the registers as Intel SDM's "APIC Virtualization and Virtual
 * Interrupts" says, and others post to it. After each step they are alike.
 *
 * In one thing they are not: a processor that sends an IPI to itself leaves
 * TMR. So vectors that come as levels are not sent that way here.
 */
#include "host_test.h"
#include "arch/x86/irqchip/lapic.h"

#define STEPS		400000
#define LEVELS		0xd0		/* 48 vectors, either way */
#define SELF		0x20		/* and all between: edges */
#define ICR_TO_SELF	(1u << 18)
#define XAPIC		(LAPIC_BASE_PAGE | LAPIC_BASE_ENABLE)
#define X2APIC		(XAPIC | LAPIC_BASE_X2APIC)

struct side {
	struct nacre_lapic lapic;
	u32 regs[LAPIC_REGS_SIZE / sizeof(u32)];
	u64 timer;
	u32 eois, sends, nmis;
	u8 eoi;
};

static struct side plain, fast;
static u64 seed = 0x9e3779b97f4a7c15, now;
/* What the processor knows, and what others have left for it. */
static u8 rvi, svi;
static u32 eoi_exits[NACRE_VECTOR_WORDS], posted[NACRE_VECTOR_WORDS];
static bool from_itself;

static u32 any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 16;
}

static struct side *side_of(struct nacre_lapic *apic)
{
	return container_of(apic, struct side, lapic);
}

static void op_none(struct nacre_lapic *apic)
{
	(void)apic;
}

static void op_nmi(struct nacre_lapic *apic)
{
	side_of(apic)->nmis++;
}

static void op_startup(struct nacre_lapic *apic, u8 vector)
{
	side_of(apic)->nmis += vector;
}

static void op_eoi(struct nacre_lapic *apic, u8 vector, bool level)
{
	(void)level;
	side_of(apic)->eois++;
	side_of(apic)->eoi = vector;
}

/* It is alone, so others get nothing. */
static void op_send(struct nacre_lapic *apic, const struct nacre_irq *irq)
{
	side_of(apic)->sends++;
	from_itself = true;
	if (irq->shorthand == NACRE_TO_SELF || irq->shorthand == NACRE_TO_ALL ||
	    (irq->shorthand == NACRE_TO_DEST && nacre_lapic_match(apic, irq)))
		nacre_lapic_accept(apic, irq);
	from_itself = false;
}

static void op_post(struct nacre_lapic *apic, const struct nacre_irq *irq)
{
	u32 word = irq->vector / 32, bit = 1u << irq->vector % 32;

	if (!nacre_lapic_may_post(apic, irq))
		return;
	if (from_itself)
		nacre_lapic_take_posted(apic, word, bit);
	else
		posted[word] |= bit;
}

static void op_mode(struct nacre_lapic *apic)
{
	if (apic->posts)
		nacre_lapic_hand_over(apic, nacre_lapic_enabled(apic) &&
					    nacre_lapic_sw_enabled(apic));
}

u64 ktime_get_ns(void)
{
	return now;
}

static void op_set_timer(struct nacre_lapic *apic, u64 when)
{
	side_of(apic)->timer = when;
}

static u64 op_tsc_to_ns(struct nacre_lapic *apic, u64 tsc)
{
	(void)apic;
	return tsc > now ? tsc : 0;
}

static const struct nacre_lapic_ops ops = {
	.notify = op_none, .nmi = op_nmi, .init = op_none,
	.startup = op_startup, .send = op_send, .eoi = op_eoi,
	.post = op_post, .mode = op_mode,
	.set_timer = op_set_timer, .tsc_to_ns = op_tsc_to_ns,
};

static u32 *word_of(u32 base, u8 vector)
{
	return &fast.regs[base / sizeof(u32) + vector / 32 * 4];
}

static u32 bit_of(u8 vector)
{
	return 1u << vector % 32;
}

static u8 highest(u32 base)
{
	for (int v = 255; v > 0; v--) {
		if (*word_of(base, v) & bit_of(v))
			return v;
	}
	return 0;
}

/* All that is done before an entry. */
static void enter(void)
{
	u32 word;

	nacre_lapic_take_levels(&fast.lapic);
	for (word = 0; word < NACRE_VECTOR_WORDS; word++) {
		nacre_lapic_take_posted(&fast.lapic, word, posted[word]);
		posted[word] = 0;
	}
	if (!fast.lapic.changed)
		return;
	fast.lapic.changed = false;
	rvi = nacre_lapic_highest(&fast.lapic);
	svi = nacre_lapic_highest(&fast.lapic) >> 8;
	for (word = 0; word < NACRE_VECTOR_WORDS; word++)
		eoi_exits[word] = *word_of(LAPIC_TMR, word * 32);
}

static void processor_ends(void)
{
	u8 vector = svi;

	*word_of(LAPIC_ISR, vector) &= ~bit_of(vector);
	svi = highest(LAPIC_ISR);
	if (eoi_exits[vector / 32] & bit_of(vector))
		nacre_lapic_ended(&fast.lapic, vector);
}

static void processor_sends(u8 vector)
{
	*word_of(LAPIC_IRR, vector) |= bit_of(vector);
	rvi = max(rvi, vector);
}

static int processor_takes(void)
{
	u8 tpr = fast.regs[LAPIC_TPR / 4], vector = rvi;

	if (vector >> 4 <= max(tpr >> 4, svi >> 4))
		return -1;
	*word_of(LAPIC_IRR, vector) &= ~bit_of(vector);
	*word_of(LAPIC_ISR, vector) |= bit_of(vector);
	svi = vector;
	rvi = highest(LAPIC_IRR);
	return vector;
}

/* By page. What it writes there is not looked at before. */
static void processor_writes(u32 offset, u32 value)
{
	bool delivers = fast.lapic.by_processor;

	fast.regs[offset / 4] = value;
	if (offset == LAPIC_TPR)
		fast.regs[offset / 4] &= 0xff;
	else if (offset == LAPIC_ICR2)
		fast.regs[offset / 4] &= 0xff000000;
	else if (offset == LAPIC_EOI && delivers) {
		fast.regs[offset / 4] = 0;
		processor_ends();
	} else if (offset == LAPIC_ICR && delivers && (u8)value >= 16 &&
		   (value & 0xfffff700) == ICR_TO_SELF)
		processor_sends(value);
	else
		nacre_lapic_written(&fast.lapic, offset);
}

static const u16 written[] = {
	LAPIC_ID, LAPIC_TPR, LAPIC_EOI, LAPIC_LDR, LAPIC_DFR, LAPIC_SVR,
	LAPIC_ESR, LAPIC_ICR, LAPIC_ICR2, LAPIC_LVT_TIMER, LAPIC_LVT_THERMAL,
	LAPIC_LVT_PMC, LAPIC_LVT_LINT0, LAPIC_LVT_LINT1, LAPIC_LVT_ERROR,
	LAPIC_TMICT, LAPIC_TDCR,
};

static u32 any_value(u32 offset)
{
	switch (offset) {
	case LAPIC_SVR:
		return any() % 4 ? 0x1ff : any();
	case LAPIC_TPR:
		return any() % 4 ? 0 : any();
	case LAPIC_ICR:
		return any() % 4 ? ICR_TO_SELF | (SELF + any() % (LEVELS - SELF)) :
		       (any() & 0x000cf000) | any() % 16;
	case LAPIC_LVT_TIMER:
		return (any() & 0x70000) | (SELF + any() % (LEVELS - SELF));
	case LAPIC_TMICT:
		return any() % 1000000;
	default:
		return any();
	}
}

static void step_write(void)
{
	u32 offset = any() % 2 ? LAPIC_EOI :
				 written[any() % ARRAY_SIZE(written)];
	u32 value = any_value(offset);

	/* Fixed ones of the LVT are edges, too. */
	if (offset > LAPIC_LVT_TIMER && offset <= LAPIC_LVT_ERROR)
		value = (value & ~0x80u) | SELF;
	if (!nacre_lapic_is_x2apic(&plain.lapic)) {
		if (!nacre_lapic_enabled(&plain.lapic))
			return;
		nacre_lapic_write(&plain.lapic, offset, value);
		processor_writes(offset, value);
		return;
	}
	value &= offset == LAPIC_EOI ? 0 : offset == LAPIC_TPR ? 0xff : ~0u;
	if (offset == LAPIC_EOI && fast.lapic.by_processor)
		processor_ends();
	else if (offset == LAPIC_TPR)
		fast.regs[LAPIC_TPR / 4] = value;
	else
		nacre_lapic_write_msr(&fast.lapic, 0x800 + offset / 16, value);
	nacre_lapic_write_msr(&plain.lapic, 0x800 + offset / 16, value);
}

static void step_irq(void)
{
	const struct nacre_irq irq = {
		.vector = any() % 3 ? LEVELS + any() % 48 :
				      SELF + any() % (LEVELS - SELF),
		.level = any() % 2,
		.assert = true,
	};
	struct nacre_irq edge = irq;

	edge.level &= irq.vector >= LEVELS;
	nacre_lapic_accept(&plain.lapic, &edge);
	nacre_lapic_accept(&fast.lapic, &edge);
}

static void step_mode(void)
{
	static const u64 bases[] = { LAPIC_BASE_PAGE, XAPIC, X2APIC };
	u64 base = bases[any() % 3];
	bool may = nacre_lapic_set_base(&plain.lapic, base, true);

	EXPECT_EQ(nacre_lapic_set_base(&fast.lapic, base, true), may);
}

static void step_restore(void)
{
	u8 state[LAPIC_REGS_SIZE];

	nacre_lapic_get_state(&plain.lapic, state);
	nacre_lapic_set_state(&plain.lapic, state);
	nacre_lapic_set_state(&fast.lapic, state);
}

static void step_take(void)
{
	int vector = nacre_lapic_pending(&plain.lapic), other;

	if (vector >= 0)
		nacre_lapic_ack(&plain.lapic, vector);
	if (fast.lapic.by_processor) {
		EXPECT_EQ(processor_takes(), vector);
		return;
	}
	other = nacre_lapic_pending(&fast.lapic);
	EXPECT_EQ(other, vector);
	if (other >= 0)
		nacre_lapic_ack(&fast.lapic, other);
}

static void step_time(void)
{
	now += any() % 300000;
	while (plain.timer && plain.timer <= now) {
		plain.timer = 0;
		nacre_lapic_timer_expired(&plain.lapic);
		EXPECT(fast.timer);
		fast.timer = 0;
		from_itself = true;
		nacre_lapic_timer_expired(&fast.lapic);
		from_itself = false;
	}
}

static void check(void)
{
	u8 a[LAPIC_REGS_SIZE], b[LAPIC_REGS_SIZE];
	unsigned int i;

	nacre_lapic_get_state(&plain.lapic, a);
	nacre_lapic_get_state(&fast.lapic, b);
	for (i = 0; i < LAPIC_REGS_SIZE; i++) {
		if (a[i] != b[i])
			host_note("register %#x", i);
		EXPECT_EQ(b[i], a[i]);
	}
	EXPECT_EQ(fast.timer, plain.timer);
	EXPECT_EQ(fast.eois, plain.eois);
	EXPECT_EQ(fast.eoi, plain.eoi);
	EXPECT_EQ(fast.nmis, plain.nmis);
	EXPECT_EQ(nacre_lapic_pending(&fast.lapic),
		  nacre_lapic_pending(&plain.lapic));
}

static void power_on(struct side *side, bool posts)
{
	memset(side, 0, sizeof(*side));
	side->lapic.ops = &ops;
	side->lapic.regs = side->regs;
	side->lapic.posts = posts;
	nacre_lapic_reset(&side->lapic, false);
}

static void alike(void)
{
	unsigned int i, taken = 0;

	power_on(&plain, false);
	power_on(&fast, true);
	for (i = 0; i < STEPS && !host_case_failed; i++) {
		enter();
		switch (any() % 16) {
		case 0 ... 4:
			step_irq();
			break;
		case 5 ... 10:
			step_write();
			break;
		case 11 ... 13:
			taken += nacre_lapic_pending(&plain.lapic) >= 0;
			step_take();
			break;
		case 14:
			step_time();
			break;
		default:
			if (any() % 2)
				step_restore();
			else if (!nacre_lapic_enabled(&plain.lapic) ||
				 any() % 16 == 0)
				step_mode();
		}
		enter();
		if (!host_case_failed)
			check();
	}
	host_note("%u steps, %u taken, %u ends told of", i, taken, plain.eois);
	if (host_case_failed)
		return;
	EXPECT(taken > STEPS / 20);
	EXPECT(plain.eois > STEPS / 200);
}

static const struct host_case cases[] = {
	HOST_CASE(alike),
};

int main(void)
{
	return host_run(cases, ARRAY_SIZE(cases));
}
