// SPDX-License-Identifier: GPL-2.0
/*
 * All three chips wired together, and everything that a guest, a device or a
 * VMM may do to them in any order. After each step, what always holds, holds.
 *
 *   test_chips_random [STEPS [SEED]]
 */
#include "host_test.h"
#include "arch/x86/irqchip/ioapic.h"
#include "arch/x86/irqchip/lapic.h"
#include "arch/x86/irqchip/pic.h"

#define CPUS		4
#define MIN_PERIOD	200000
#define LEVEL		BIT_ULL(15)
#define REMOTE_IRR	BIT_ULL(14)

struct cpu {
	struct nacre_lapic lapic;
	u32 regs[LAPIC_REGS_SIZE / sizeof(u32)];
	u64 timer;
};

static struct cpu cpus[CPUS];
static struct nacre_ioapic ioapic;
static struct nacre_pic pic;
static u64 seed = 0x853c49e6748fea9b, now, steps = 1000000;
static unsigned int depth, messages;
static const char *broken;

static u32 any(void)
{
	return host_random(&seed) >> 32;
}

static void must(bool holds, const char *what)
{
	if (!holds && !broken)
		broken = what;
}

/* The surroundings, as the module has them. */
static bool wanted(struct nacre_lapic *lapic, const struct nacre_irq *irq,
		   const struct nacre_lapic *from)
{
	switch (irq->shorthand) {
	case NACRE_TO_SELF:
		return lapic == from;
	case NACRE_TO_ALL:
		return true;
	case NACRE_TO_OTHERS:
		return lapic != from;
	default:
		return nacre_lapic_match(lapic, irq);
	}
}

static bool route(const struct nacre_irq *irq, const struct nacre_lapic *from)
{
	bool taken = false;
	unsigned int i;

	messages++;
	for (i = 0; i < CPUS; i++)
		if (wanted(&cpus[i].lapic, irq, from))
			taken |= nacre_lapic_accept(&cpus[i].lapic, irq);
	return taken;
}

static int op_deliver(struct nacre_ioapic *from, const struct nacre_irq *irq)
{
	(void)from;
	must(irq->delivery < 8 && irq->dest < 256, "message of the I/O APIC");
	return route(irq, NULL);
}

static void op_send(struct nacre_lapic *from, const struct nacre_irq *irq)
{
	must(irq->delivery > 1 || irq->vector >= 16, "illegal vector sent");
	route(irq, from);
}

static void op_eoi(struct nacre_lapic *from, u8 vector, bool level)
{
	(void)from;
	must(level, "end of an edge that nobody watches");
	must(!depth++, "EOI within an EOI");
	nacre_ioapic_eoi(&ioapic, vector);
	depth--;
}

static void op_none(struct nacre_lapic *from)
{
	(void)from;
}

static void op_startup(struct nacre_lapic *from, u8 vector)
{
	(void)from;
	(void)vector;
}

u64 ktime_get_ns(void)
{
	return now;
}

static void op_set_timer(struct nacre_lapic *from, u64 when)
{
	container_of(from, struct cpu, lapic)->timer = when;
}

static u64 op_tsc_to_ns(struct nacre_lapic *from, u64 tsc)
{
	(void)from;
	return tsc <= now ? 0 : min(tsc, now + 1000000000);
}

static const struct nacre_lapic_ops lapic_ops = {
	.notify = op_none,
	.nmi = op_none,
	.init = op_none,
	.startup = op_startup,
	.send = op_send,
	.eoi = op_eoi,
	.mode = op_none,
	.set_timer = op_set_timer,
	.tsc_to_ns = op_tsc_to_ns,
};
static const struct nacre_ioapic_ops ioapic_ops = { .deliver = op_deliver };

static void power_on(void)
{
	static const u32 ids[CPUS] = { 0, 1, 0x12, 0x101 };
	unsigned int i;

	now = 1000;
	for (i = 0; i < CPUS; i++) {
		cpus[i].lapic.ops = &lapic_ops;
		cpus[i].lapic.regs = cpus[i].regs;
		cpus[i].lapic.id = ids[i];
		cpus[i].lapic.bsp = !i;
		nacre_lapic_reset(&cpus[i].lapic, false);
		nacre_lapic_write(&cpus[i].lapic, LAPIC_SVR, 0x1ff);
	}
	ioapic.ops = &ioapic_ops;
	nacre_ioapic_reset(&ioapic);
	nacre_pic_reset(&pic);
}

/* What can be done. Registers are mostly those that exist. */
static u32 offset(void)
{
	static const u16 likely[] = {
		LAPIC_TPR, LAPIC_EOI, LAPIC_EOI, LAPIC_ICR, LAPIC_LVT_TIMER,
		LAPIC_TMICT, LAPIC_TDCR, LAPIC_ESR,
	};

	return any() & 1 ? likely[any() % ARRAY_SIZE(likely)] :
	       any() % 0x100 * 16;
}

static void step_page(struct nacre_lapic *lapic)
{
	/* Then there is no page. */
	if (!nacre_lapic_enabled(lapic) || nacre_lapic_is_x2apic(lapic))
		return;
	if (any() & 1)
		nacre_lapic_write(lapic, offset(), any() >> any() % 32);
	else
		nacre_lapic_read(lapic, offset());
}

static void step_msr(struct nacre_lapic *lapic)
{
	u32 msr = 0x800 + offset() / 16;
	u64 value = any();

	if (any() & 1)
		nacre_lapic_read_msr(lapic, msr, &value);
	else if (any() & 1)
		nacre_lapic_write_msr(lapic, msr, value >> any() % 32);
	else
		nacre_lapic_write_msr(lapic, msr, value << 32 | any());
}

static void step_mode(struct nacre_lapic *lapic)
{
	static const u64 modes[] = {
		0, LAPIC_BASE_ENABLE, LAPIC_BASE_ENABLE,
		LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC, LAPIC_BASE_X2APIC,
	};

	if (any() % 8)
		return;
	nacre_lapic_set_base(lapic, 0xfee00000 |
			     modes[any() % ARRAY_SIZE(modes)], any() & 1);
	if (!(any() % 4))
		nacre_lapic_reset(lapic, any() & 1);
	nacre_lapic_set_cr8(lapic, any());
}

static void step_deadline(struct nacre_lapic *lapic)
{
	static const u64 far[] = { 0, 1, 1000, 1000000, 1ull << 40, 1ull << 62 };

	nacre_lapic_write_deadline(lapic, any() % 4 ?
				   now + far[any() % ARRAY_SIZE(far)] :
				   any() % 2);
	nacre_lapic_read_deadline(lapic);
}

static void step_take(struct nacre_lapic *lapic)
{
	int vector;

	if (pic.output && nacre_lapic_accepts_pic(lapic)) {
		nacre_pic_acknowledge(&pic);
		return;
	}
	vector = nacre_lapic_pending(lapic);
	if (vector >= 0)
		nacre_lapic_ack(lapic, vector);
}

static void step_time(void)
{
	u64 end = now + (1ull << any() % 30);
	unsigned int i, expiries;

	for (i = 0; i < CPUS; i++) {
		/* Late, as by a host that is busy. */
		if (any() & 1)
			continue;
		expiries = 0;
		while (cpus[i].timer && cpus[i].timer <= end) {
			now = max(now, cpus[i].timer);
			cpus[i].timer = 0;
			nacre_lapic_timer_expired(&cpus[i].lapic);
			expiries++;
		}
		must(expiries <= (1u << 30) / MIN_PERIOD + 2,
		     "no end of expiries");
	}
	now = max(now, end);
}

static void step_line(void)
{
	unsigned int line = any() % 26;
	bool level = any() & 1;
	int status;

	/* The PIC's pin 2 is the slave's. */
	if (line == 2)
		return;
	status = nacre_pic_set_line(&pic, line, level);
	must(status >= -1 && status <= 1, "status of a PIC's line");
	must(line < PIC_PINS || status == -1, "line that is not");
	status = nacre_ioapic_set_line(&ioapic, line, level);
	must(status >= -1 && status <= 1, "status of an I/O APIC's line");
}

static void step_pic(void)
{
	static const u16 ports[] = { 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1 };
	u16 port = ports[any() % ARRAY_SIZE(ports)];
	u8 value = any();

	if (any() & 1)
		nacre_pic_write(&pic, port, value);
	else
		nacre_pic_read(&pic, port);
}

static void step_ioapic(void)
{
	nacre_ioapic_write(&ioapic, 0, any() % 0x48);
	if (any() & 1)
		nacre_ioapic_write(&ioapic, 0x10, any() & ~(any() & 0x17000));
	else
		nacre_ioapic_read(&ioapic, 0x10);
}

static void step_message(void)
{
	const struct nacre_irq irq = {
		.dest = any() & 1 ? any() & 0x1ff : any(),
		.vector = any(),
		.delivery = any() & 7,
		.logical = any() & 1,
		.level = any() & 1,
		.assert = any() & 1,
		.exact = any() & 1,
	};

	route(&irq, NULL);
}

/* Saved and restored, with a few bytes that went wrong. */
static void spoil(void *state, size_t size)
{
	unsigned int i, count = any() % 4 ? any() % 8 : any() % size;

	for (i = 0; i < count; i++)
		((u8 *)state)[any() % size] = any();
}

static void step_lapic_state(struct nacre_lapic *lapic)
{
	u8 state[LAPIC_REGS_SIZE];

	nacre_lapic_get_state(lapic, state);
	lapic->wide_ids = !(any() % 8);
	spoil(state, sizeof(state));
	nacre_lapic_set_state(lapic, state);
}

static void step_state(struct nacre_lapic *lapic)
{
	struct nacre_ioapic_state i;
	struct nacre_pic_state p;
	unsigned int chip = any() & 1;

	if (any() % 16)
		return;
	switch (any() % 3) {
	case 0:
		step_lapic_state(lapic);
		break;
	case 1:
		nacre_ioapic_get_state(&ioapic, &i);
		spoil(&i, sizeof(i));
		nacre_ioapic_set_state(&ioapic, &i);
		break;
	default:
		p = pic.chip[chip];
		spoil(&p, sizeof(p));
		nacre_pic_set_state(&pic, chip, &p);
		break;
	}
}

static void step(void)
{
	struct nacre_lapic *lapic = &cpus[any() % CPUS].lapic;

	switch (any() % 16) {
	case 0:
	case 1:
	case 2:
		step_page(lapic);
		break;
	case 3:
	case 4:
		step_msr(lapic);
		break;
	case 5:
		step_mode(lapic);
		break;
	case 6:
		step_deadline(lapic);
		break;
	case 7:
	case 8:
		step_take(lapic);
		break;
	case 9:
		step_time();
		break;
	case 10:
	case 11:
		step_line();
		break;
	case 12:
		step_pic();
		break;
	case 13:
		step_ioapic();
		break;
	case 14:
		step_message();
		break;
	default:
		step_state(lapic);
		break;
	}
}

/* What always holds. */
static u32 register_of(const struct nacre_lapic *lapic, u32 offset)
{
	return lapic->regs[offset / sizeof(u32)];
}

static void check_vectors(struct nacre_lapic *lapic)
{
	int vector = nacre_lapic_pending(lapic);
	u32 word, requests = 0;

	for (word = 0; word < 8; word++) {
		requests |= register_of(lapic, LAPIC_IRR + word * 16);
		must(!register_of(lapic, LAPIC_ISR + word * 16) ==
		     !(lapic->isr_words & 1 << word), "isr_words");
	}
	must(lapic->irr_pending || !requests, "irr_pending");
	must(vector == -1 || vector >= 16, "vector below 16");
	must(vector == -1 || nacre_lapic_enabled(lapic),
	     "interrupt of a disabled APIC");
	must(vector == -1 ||
	     (u32)vector >> 4 > register_of(lapic, LAPIC_TPR) >> 4, "priority");
}

static void check_timer(const struct cpu *cpu)
{
	const struct nacre_lapic *lapic = &cpu->lapic;
	u32 mode = register_of(lapic, LAPIC_LVT_TIMER) >> 17 & 3;

	must(!lapic->timer_period || mode != 2, "count in deadline mode");
	must(!lapic->timer_period || mode != 1 ||
	     lapic->timer_period >= MIN_PERIOD, "short period");
	must(!lapic->timer_period || cpu->timer, "count without a timer");
	must(!lapic->tsc_deadline || mode == 2, "deadline in another mode");
	must(!lapic->tsc_deadline || cpu->timer, "deadline without a timer");
}

static void check_lapic(struct cpu *cpu)
{
	struct nacre_lapic *lapic = &cpu->lapic;
	bool x2apic = nacre_lapic_is_x2apic(lapic);

	check_vectors(lapic);
	check_timer(cpu);
	must(!x2apic || nacre_lapic_enabled(lapic), "x2APIC that is off");
	must(!x2apic || register_of(lapic, LAPIC_ID) == lapic->id, "ID");
	must(!x2apic || register_of(lapic, LAPIC_LDR) ==
	     ((lapic->id >> 4) << 16 | 1 << (lapic->id & 15)), "LDR");
	must(register_of(lapic, LAPIC_VERSION) == 0x50014, "version");
	must(register_of(lapic, LAPIC_TPR) < 256, "TPR");
	must(!(register_of(lapic, LAPIC_ICR) & BIT(12)), "busy");
}

static void check_ioapic(void)
{
	const struct nacre_ioapic_state *s = &ioapic.state;
	unsigned int pin;

	must(!(s->irr >> NACRE_IOAPIC_NUM_PINS), "lines");
	must(!(ioapic.sent & ~s->irr), "sent without a line");
	must(s->ioregsel < 256 && s->id < 16, "register select, ID");
	for (pin = 0; pin < NACRE_IOAPIC_NUM_PINS; pin++) {
		u64 entry = s->redirtbl[pin].bits;

		must(!(entry & 0x00fffffffffe1000), "bits that are not");
		must(!(entry & REMOTE_IRR) ||
		     (entry & LEVEL && (entry >> 8 & 7) <= 1),
		     "remote IRR of an edge");
		must(!(entry & LEVEL && (entry >> 8 & 7) <= 1 &&
		       ioapic.sent & 1u << pin), "level that was an edge");
	}
}

static void check_pic(void)
{
	struct nacre_pic copy = pic;
	unsigned int chip;
	u8 vector;

	for (chip = 0; chip < 2; chip++) {
		const struct nacre_pic_state *s = &pic.chip[chip];

		must(s->elcr_mask == (chip ? 0xde : 0xf8), "ELCR's mask");
		must(!(s->elcr & ~s->elcr_mask), "ELCR");
		must(s->priority_add < 8 && s->init_state < 4, "PIC's state");
		must(!((s->irr ^ s->last_irr) & s->elcr), "level and line");
	}
	vector = nacre_pic_acknowledge(&copy);
	must((vector & 0xf8) == pic.chip[0].irq_base ||
	     (vector & 0xf8) == pic.chip[1].irq_base, "PIC's vector");
	if (pic.output)
		return;
	must(vector == pic.chip[0].irq_base + 7, "spurious vector");
	must(!memcmp(copy.chip, pic.chip, sizeof(pic.chip)),
	     "spurious interrupt in service");
}

static void random_steps(void)
{
	unsigned int i;
	u64 n;

	power_on();
	for (n = 0; n < steps && !broken; n++) {
		messages = 0;
		step();
		/* Each pin once, each processor's error and IPI. */
		must(messages <= 64, "no end of messages");
		for (i = 0; i < CPUS; i++)
			check_lapic(&cpus[i]);
		check_ioapic();
		check_pic();
	}
	if (broken)
		host_note("step %llu: %s", (unsigned long long)n, broken);
	EXPECT(!broken);
}

static const struct host_case cases[] = {
	HOST_CASE(random_steps),
};

int main(int argc, char **argv)
{
	if (argc > 1)
		steps = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	host_note("%llu steps from seed %#llx", (unsigned long long)steps,
		  (unsigned long long)seed);
	return host_run(cases, ARRAY_SIZE(cases));
}
