// SPDX-License-Identifier: GPL-2.0
/* Arguments of system and VM ioctls, valid or close to it. */
#include <string.h>

#include "abi_diff.h"
#include "make.h"

#define UNUSED __attribute__((unused))

static void put(struct call *c, const void *from, size_t len)
{
	memcpy(c->buf, from, len);
	c->len = len;
}

void make_none(struct seq *s, struct call *c)
{
	c->value = rng_chance(&s->rng, 85) ? 0 : rng_edge(&s->rng);
}

void make_small(struct seq *s, struct call *c)
{
	c->value = rng_chance(&s->rng, 70) ? rng_below(&s->rng, 130) :
		   rng_edge(&s->rng);
}

/* The kernel writes it whole. A constant filling keeps traces small. */
void make_out(struct seq *s UNUSED, struct call *c)
{
	c->len = c->desc->layout->size;
	memset(c->buf, 0xa5, c->len);
}

/* No shape of its own: words on limits. */
void make_words(struct seq *s, struct call *c)
{
	uint64_t w;

	c->len = _IOC_SIZE(c->cmd);
	for (size_t i = 0; i + 4 <= c->len; i += 4) {
		w = rng_chance(&s->rng, 50) ? 0 : rng_chance(&s->rng, 50) ?
		    rng_below(&s->rng, 8) : rng_edge(&s->rng);
		memcpy(c->buf + i, &w, 4);
	}
}

void make_extension(struct seq *s, struct call *c)
{
	c->value = rng_chance(&s->rng, 92) ? rng_below(&s->rng, 245) :
		   rng_edge(&s->rng);
}

void make_vcpu_id(struct seq *s, struct call *c)
{
	static const uint32_t ids[] = {
		0, 1, 2, 3, 7, 31, 63, 254, 255, 256, 1023, 1024, 4095, 4096,
		0xffff, 0x10000, 0x7fffffff, 0xffffffff,
	};

	c->value = rng_chance(&s->rng, 80) ? rng_pick(&s->rng, ids) :
		   rng_edge(&s->rng);
}

void make_list(struct seq *s, struct call *c)
{
	static const uint32_t counts[] = {
		0, 1, 8, 64, 128, 256, 300, 512, 0x10000, 0xffffffff,
	};
	uint32_t n = rng_pick(&s->rng, counts);

	put(c, &n, 4);
}

void make_cpuid_out(struct seq *s, struct call *c)
{
	static const uint32_t counts[] = {
		0, 1, 2, 10, 20, 30, 40, 60, 80, 100, 128, 255, 256, 257,
		0x7fffffff, 0xffffffff,
	};
	struct nacre_cpuid2 head = { .nent = rng_pick(&s->rng, counts) };

	put(c, &head, sizeof(head));
}

static uint32_t pick_slot(struct rng *r)
{
	static const uint32_t odd[] = {
		508, 509, 32763, 32764, 32765, 32766, 32767, 0xffff, 0x10000,
		0x10001, 0x20000, 0x80000000, 0xffffffff,
	};

	return rng_chance(r, 88) ? rng_below(r, 4) : rng_pick(r, odd);
}

void make_dirty_log(struct seq *s, struct call *c)
{
	struct nacre_dirty_log log = {
		.slot = pick_slot(&s->rng),
		.padding2 = rng_chance(&s->rng, 90) ? BITMAP_ADDR : HOLE_ADDR,
	};

	put(c, &log, sizeof(log));
}

void make_clear_dirty(struct seq *s, struct call *c)
{
	struct nacre_clear_dirty_log log = {
		.slot = pick_slot(&s->rng),
		.num_pages = rng_below(&s->rng, 3) * 16,
		.first_page = rng_below(&s->rng, 2) * 64,
		.padding2 = rng_chance(&s->rng, 90) ? BITMAP_ADDR : HOLE_ADDR,
	};

	put(c, &log, sizeof(log));
}

static uint64_t pick_gpa(struct rng *r)
{
	static const uint64_t odd[] = {
		0xfee00000, 0xfec00000, 0xfffbc000, 0xfeffc000, 0xfeffd000,
		0x100000000, 0xfffffff000, 0x10000000000, 0xffffffffff000,
		0x10000000000000, 0x8000000000000000, 0xfffffffffffff000,
		1, 0xfff, 0x800,
	};

	return rng_chance(r, 85) ? rng_below(r, 64) * 0x10000 :
	       rng_pick(r, odd);
}

static uint64_t pick_size(struct rng *r)
{
	static const uint64_t odd[] = {
		1, 0xfff, 0x1001, 0x200000, 0x400000, 0x40000000,
		0x10000000000, 0x80000000000, 0x7fffffff000, 0x80000001000,
		0x7ffffffff000, 0x8000000000000000, 0xfffffffffffff000,
		0xffffffffffffffff,
	};

	if (rng_chance(r, 20))
		return 0;
	return rng_chance(r, 80) ? (1 + rng_below(r, 32)) * PAGE :
	       rng_pick(r, odd);
}

static uint64_t pick_hva(struct rng *r)
{
	static const uint64_t odd[] = {
		ROM_ADDR, HOLE_ADDR, NONE_ADDR, 0, 1, 0x7ffffffff000,
		0x800000000000, 0xffff888000000000, RAM_ADDR + 1,
		0xfffffffffffff000,
	};

	return rng_chance(r, 85) ? RAM_ADDR + rng_below(r, 64) * 0x10000 :
	       rng_pick(r, odd);
}

static uint32_t pick_region_flags(struct rng *r)
{
	if (rng_chance(r, 60))
		return 0;
	return rng_chance(r, 80) ? rng_below(r, 4) : 1u << rng_below(r, 32);
}

/* Slot 0 holds the code: take it away rarely, or runs show nothing. */
static void fill_region(struct rng *r,
			struct nacre_userspace_memory_region *m)
{
	m->slot = pick_slot(r);
	m->flags = pick_region_flags(r);
	m->guest_phys_addr = pick_gpa(r);
	m->memory_size = pick_size(r);
	m->userspace_addr = pick_hva(r);
	if (m->slot == 0 && rng_chance(r, 80)) {
		m->guest_phys_addr = 0;
		m->memory_size = GUEST_SIZE;
		m->userspace_addr = RAM_ADDR;
		m->flags &= ~2u;
	}
	/* A dirty bitmap of gigabytes tests memory, not the module. */
	if (m->memory_size > 1ul << 36)
		m->flags &= ~1u;
}

void make_region(struct seq *s, struct call *c)
{
	struct nacre_userspace_memory_region m = { };

	fill_region(&s->rng, &m);
	put(c, &m, sizeof(m));
}

void make_region2(struct seq *s, struct call *c)
{
	struct nacre_userspace_memory_region2 m = { };
	struct nacre_userspace_memory_region old = { };

	fill_region(&s->rng, &old);
	memcpy(&m, &old, sizeof(old));
	if (rng_chance(&s->rng, 10))
		m.flags |= 4;
	put(c, &m, sizeof(m));
}

void make_gpa(struct seq *s, struct call *c)
{
	c->value = pick_gpa(&s->rng);
}

void make_gpa_at(struct seq *s, struct call *c)
{
	uint64_t gpa = pick_gpa(&s->rng);

	put(c, &gpa, sizeof(gpa));
}

void make_prefault(struct seq *s, struct call *c)
{
	struct nacre_pre_fault_memory m = {
		.gpa = pick_gpa(&s->rng), .size = pick_size(&s->rng),
	};

	if (m.size > RAM_SIZE)
		m.size = PAGE;
	put(c, &m, sizeof(m));
}

void make_irq_level(struct seq *s, struct call *c)
{
	struct nacre_irq_level m = {
		.irq = rng_chance(&s->rng, 90) ? rng_below(&s->rng, 26) :
		       rng_edge(&s->rng),
		.level = rng_below(&s->rng, 2),
	};

	put(c, &m, sizeof(m));
}

static uint32_t pick_chip(struct rng *r)
{
	return rng_chance(r, 92) ? rng_below(r, 3) : rng_edge(r);
}

void make_irqchip_out(struct seq *s, struct call *c)
{
	memset(c->buf, 0xa5, sizeof(struct nacre_irqchip));
	memset(c->buf, 0, 8);
	*(uint32_t *)c->buf = pick_chip(&s->rng);
	c->len = sizeof(struct nacre_irqchip);
}

/* What a pin can hold; most are masked, or nothing else would happen. */
static void fill_ioapic(struct rng *r, struct nacre_ioapic_state *m)
{
	m->base_address = 0xfec00000;
	m->ioregsel = rng_below(r, 0x40);
	m->id = rng_below(r, 16);
	if (rng_chance(r, 30))
		m->irr = 1u << rng_below(r, NACRE_IOAPIC_NUM_PINS);
	for (int i = 0; i < NACRE_IOAPIC_NUM_PINS; i++) {
		uint64_t e = rng_next(r) & 0xff00000000008fffull;

		/* To the first processor, fixed, unless by chance. */
		if (rng_chance(r, 80))
			e = (e & 0x80ff) | (rng_chance(r, 70) ? 0x10000 : 0);
		m->redirtbl[i].bits = e;
	}
}

static void fill_pic(struct rng *r, struct nacre_pic_state *m, bool slave)
{
	m->elcr_mask = slave ? 0xde : 0xf8;
	m->imr = rng_next(r);
	m->irq_base = rng_next(r) & 0xf8;
	if (rng_chance(r, 50))
		m->elcr = rng_next(r) & m->elcr_mask;
	if (rng_chance(r, 40))
		m->irr = 1 << rng_below(r, 8);
	/* A level-triggered request is its line. */
	m->last_irr = m->irr & m->elcr;
	if (rng_chance(r, 30))
		m->isr = 1 << rng_below(r, 8);
	if (rng_chance(r, 20))
		m->priority_add = rng_below(r, 8);
	if (rng_chance(r, 20))
		m->read_reg_select = rng_below(r, 2);
	if (rng_chance(r, 20))
		m->auto_eoi = 1;
	if (rng_chance(r, 10))
		m->special_mask = 1;
	if (rng_chance(r, 10))
		m->poll = 1;
	if (rng_chance(r, 10))
		m->init_state = rng_below(r, 4);
}

void make_irqchip(struct seq *s, struct call *c)
{
	struct nacre_irqchip m = { .chip_id = pick_chip(&s->rng) };

	if (m.chip_id == NACRE_IRQCHIP_IOAPIC)
		fill_ioapic(&s->rng, &m.chip.ioapic);
	else
		fill_pic(&s->rng, &m.chip.pic, m.chip_id);
	/* Garbage in every byte. */
	if (rng_chance(&s->rng, 5))
		for (size_t i = 0; i < sizeof(m.chip); i++)
			m.chip.dummy[i] = rng_next(&s->rng);
	put(c, &m, sizeof(m));
}

/* In-tree KVM takes a Hyper-V source whether there can be one or not: none. */
static void fill_route(struct rng *r, struct nacre_irq_routing_entry *e)
{
	static const uint32_t types[] = { 1, 1, 2, 2, 2, 3, 5, 0, 9 };

	e->gsi = rng_chance(r, 92) ? rng_below(r, 40) : rng_edge(r);
	e->type = rng_pick(r, types);
	if (e->type == NACRE_IRQ_ROUTING_IRQCHIP) {
		e->u.irqchip.irqchip = rng_below(r, 4);
		e->u.irqchip.pin = rng_below(r, 26);
	} else if (e->type == NACRE_IRQ_ROUTING_MSI) {
		e->u.msi.address_lo = 0xfee00000 | rng_below(r, 4) << 12;
		e->u.msi.data = rng_below(r, 0x1000);
	} else {
		e->u.pad[0] = rng_below(r, 4);
		e->u.pad[1] = rng_below(r, 20);
	}
}

void make_routing(struct seq *s, struct call *c)
{
	static const uint32_t counts[] = { 4096, 4097, 0x10000, 0xffffffff };
	struct nacre_irq_routing head = { .nr = rng_below(&s->rng, 12) };
	struct nacre_irq_routing_entry e;

	c->len = sizeof(head);
	for (uint32_t i = 0; i < head.nr; i++) {
		memset(&e, 0, sizeof(e));
		fill_route(&s->rng, &e);
		memcpy(c->buf + c->len, &e, sizeof(e));
		c->len += sizeof(e);
	}
	if (rng_chance(&s->rng, 5))
		head.nr = rng_pick(&s->rng, counts);
	memcpy(c->buf, &head, sizeof(head));
}

static uint32_t pick_event(struct rng *r)
{
	static const uint32_t odd[] = { 0, FD_OF_VM, 499, 0xffffffff };

	return rng_chance(r, 90) ? FD_EVENTS + rng_below(r, NR_EVENTS) :
	       rng_pick(r, odd);
}

void make_irqfd(struct seq *s, struct call *c)
{
	struct nacre_irqfd m = {
		.fd = pick_event(&s->rng), .gsi = rng_below(&s->rng, 26),
		.resamplefd = pick_event(&s->rng),
		.flags = rng_chance(&s->rng, 60) ? 0 : rng_below(&s->rng, 4),
	};

	put(c, &m, sizeof(m));
}

void make_ioeventfd(struct seq *s, struct call *c)
{
	static const uint32_t lens[] = { 0, 1, 2, 4, 8, 3, 16 };
	struct nacre_ioeventfd m = {
		.fd = pick_event(&s->rng), .len = rng_pick(&s->rng, lens),
		.flags = rng_below(&s->rng, 8),
		.datamatch = rng_below(&s->rng, 2),
		.addr = rng_chance(&s->rng, 50) ?
			0x600 + rng_below(&s->rng, 3) :
			0x20000 + rng_below(&s->rng, 3) * 4,
	};

	put(c, &m, sizeof(m));
}

/* In-tree KVM finds a zone of 2 GiB and more by chance. */
void make_zone(struct seq *s, struct call *c)
{
	struct nacre_coalesced_mmio_zone m = {
		.addr = 0x20000 + rng_below(&s->rng, 3) * 0x1000,
		.size = rng_chance(&s->rng, 80) ? 0x1000 : rng_edge(&s->rng),
		.pio = rng_chance(&s->rng, 80) ? 0 : rng_below(&s->rng, 3),
	};

	m.size &= 0x7fffffff;
	put(c, &m, sizeof(m));
}

void make_msi(struct seq *s, struct call *c)
{
	struct nacre_msi m = {
		.address_lo = 0xfee00000 | rng_below(&s->rng, 4) << 12,
		.data = rng_below(&s->rng, 0x1000),
		.flags = rng_chance(&s->rng, 85) ? 0 : rng_below(&s->rng, 4),
	};

	put(c, &m, sizeof(m));
}

void make_pit_config(struct seq *s, struct call *c)
{
	struct nacre_pit_config m = { .flags = rng_below(&s->rng, 3) };

	put(c, &m, sizeof(m));
}

/* Mode 0xff, as after reset: a channel that counts raises interrupts. */
void make_pit(struct seq *s, struct call *c)
{
	struct nacre_pit_state2 m = { };

	for (int i = 0; i < 3; i++) {
		m.channels[i].count = rng_below(&s->rng, 0x10001);
		m.channels[i].mode = 0xff;
		m.channels[i].gate = i != 2;
	}
	put(c, &m, c->desc->layout->size);
}

void make_clock(struct seq *s, struct call *c)
{
	struct nacre_clock_data m = {
		.clock = rng_edge(&s->rng),
		.flags = rng_chance(&s->rng, 70) ? 0 : rng_below(&s->rng, 16),
	};

	put(c, &m, sizeof(m));
}

void make_khz(struct seq *s, struct call *c)
{
	static const uint64_t khz[] = {
		0, 1, 1000, 1000000, 2500000, 0x7fffffff, 0xffffffff,
		0x100000000,
	};

	c->value = rng_pick(&s->rng, khz);
	/* Without scaling one that is not the host's parts the two. */
	if (!seq_may_part(s))
		c->value &= ~0xffffffffull;
}

/* Capabilities that can be enabled on x86, and what they take. */
static const struct {
	uint16_t cap;
	uint64_t args[3];
} enablable[] = {
	{ 116, { 0, 1, 0xff } }, { 121, { 24, 0, 4096 } },
	{ 123, { 0, 0, 1 } }, { 128, { 1, 64, 4097 } },
	{ 129, { 0, 3, 4 } }, { 143, { 0, 2, 8 } }, { 148, { 0, 0, 1 } },
	{ 159, { 0, 1, 2 } }, { 163, { 0, 0, 1 } }, { 164, { 0, 1, 2 } },
	{ 168, { 0, 1, 3 } }, { 182, { 0, 1000, 0xffffffff } },
	{ 188, { 0, 7, 8 } }, { 190, { 0, 1, 2 } },
	{ 192, { 4096, 65536, 1 } }, { 193, { 0, 1, 3 } },
	{ 196, { 0, 3, 50 } }, { 199, { 0, 1, 2 } }, { 201, { 0, 0x1000, 1 } },
	{ 204, { 0, 1, 2 } }, { 212, { 0, 1, 2 } }, { 213, { 0, 1, 0xff } },
	{ 218, { 0, 1, 2 } }, { 219, { 0, 1, 2 } }, { 220, { 0, 1, 2 } },
	{ 223, { 4096, 65536, 1 } }, { 232, { 0, 1, 2 } },
	{ 237, { 0, 1, 2 } },
};

void make_enable_cap(struct seq *s, struct call *c)
{
	size_t i = rng_below(&s->rng, ARRAY_SIZE(enablable));
	struct nacre_enable_cap m = { .cap = enablable[i].cap };

	m.args[0] = enablable[i].args[rng_below(&s->rng, 3)];
	if (rng_chance(&s->rng, 10))
		m.cap = rng_below(&s->rng, 245);
	if (avoided_cap(m.cap) && !seq_may_part(s)) {
		m.cap = NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2;
		m.args[0] = rng_below(&s->rng, 5);
	}
	if (rng_chance(&s->rng, 8))
		m.flags = rng_edge(&s->rng);
	if (rng_chance(&s->rng, 10))
		m.args[rng_below(&s->rng, 4)] = rng_edge(&s->rng);
	put(c, &m, sizeof(m));
}

void make_msr_filter(struct seq *s, struct call *c)
{
	struct nacre_msr_filter m = { .flags = rng_below(&s->rng, 2) };
	size_t n = rng_below(&s->rng, 3);

	for (size_t i = 0; i < n; i++) {
		m.ranges[i].flags = 1 + rng_below(&s->rng, 3);
		m.ranges[i].nmsrs = rng_below(&s->rng, 64) * 8;
		m.ranges[i].base = pick_msr(&s->rng) & ~7u;
		m.ranges[i].bitmap = (void *)(rng_chance(&s->rng, 90) ?
					      BITMAP_ADDR : HOLE_ADDR);
	}
	put(c, &m, sizeof(m));
}

void make_pmu_filter(struct seq *s, struct call *c)
{
	static const uint32_t counts[] = { 0, 1, 4, 300, 301, 0xffffffff };
	struct nacre_pmu_event_filter m = {
		.action = rng_below(&s->rng, 3),
		.nevents = rng_pick(&s->rng, counts),
	};

	put(c, &m, sizeof(m));
	if (m.nevents <= 4) {
		memset(c->buf + c->len, 0, m.nevents * 8);
		c->len += m.nevents * 8;
	}
}

void make_device(struct seq *s, struct call *c)
{
	struct nacre_create_device m = {
		.type = rng_chance(&s->rng, 60) ? NACRE_DEV_TYPE_VFIO :
			rng_below(&s->rng, 16),
		.flags = rng_chance(&s->rng, 50), .fd = 0xa5a5a5a5,
	};

	put(c, &m, sizeof(m));
}

void make_attr(struct seq *s, struct call *c)
{
	struct nacre_device_attr m = {
		.group = rng_below(&s->rng, 2), .attr = rng_below(&s->rng, 2),
		.addr = rng_chance(&s->rng, 90) ? BITMAP_ADDR : HOLE_ADDR,
	};

	put(c, &m, sizeof(m));
}
