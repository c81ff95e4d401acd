// SPDX-License-Identifier: GPL-2.0
/* The generator: which call comes next. Nothing here sees a result. */
#include <err.h>
#include <string.h>

#include "abi_diff.h"
#include "make.h"

const char *const seq_names[NR_SEQ_KINDS] = {
	"sweep", "system", "state", "run", "vm", "mix",
};

static const uint32_t groups_of[NR_SEQ_KINDS] = {
	[SEQ_SYSTEM] = GROUP_SYSTEM,
	[SEQ_STATE] = GROUP_STATE,
	[SEQ_RUN] = GROUP_RUN | GROUP_STATE,
	[SEQ_VM] = GROUP_MEMORY | GROUP_IRQ | GROUP_TIME | GROUP_RUN,
	[SEQ_MIX] = 0x7f,
};

static struct {
	unsigned long cmd;
	enum fd_kind fd;
} avoided[256];
static size_t nr_avoided;

void seq_avoid(unsigned long cmd, enum fd_kind fd)
{
	if (nr_avoided == ARRAY_SIZE(avoided))
		return;
	avoided[nr_avoided].cmd = cmd;
	avoided[nr_avoided++].fd = fd;
}

static struct range {
	uint64_t first, last;
} msrs[64], caps[64];
static size_t nr_msrs, nr_caps;

static void add_range(struct range *to, size_t *nr, size_t room,
		      uint64_t first, uint64_t last)
{
	if (*nr == room)
		errx(2, "more ranges to avoid than there is room for");
	to[(*nr)++] = (struct range) { first, last };
}

void seq_avoid_msrs(uint64_t first, uint64_t last)
{
	add_range(msrs, &nr_msrs, ARRAY_SIZE(msrs), first, last);
}

void seq_avoid_caps(uint64_t first, uint64_t last)
{
	add_range(caps, &nr_caps, ARRAY_SIZE(caps), first, last);
}

static bool in_ranges(const struct range *r, size_t nr, uint64_t v)
{
	for (size_t i = 0; i < nr; i++)
		if (v >= r[i].first && v <= r[i].last)
			return true;
	return false;
}

bool avoided_msr(uint32_t index)
{
	return in_ranges(msrs, nr_msrs, index);
}

bool avoided_cap(uint32_t cap)
{
	return in_ranges(caps, nr_caps, cap);
}

static uint64_t digest_ranges(const struct range *r, size_t nr)
{
	uint64_t h = 0;

	for (size_t i = 0; i < nr; i++)
		h += rng_mix(r[i].first, r[i].last);
	return h;
}

bool seq_has_nmis(const struct seq *s)
{
	return s->irq == IRQ_NONE || s->number & 1;
}

bool seq_has_rep_ins(const struct seq *s)
{
	return s->irq == IRQ_NONE && s->number % 4 == 3;
}

bool seq_may_part(struct seq *s)
{
	return s->done + 4 >= s->length || rng_chance(&s->rng, 1);
}

uint64_t seq_avoided(void)
{
	uint64_t h = 0;

	for (size_t i = 0; i < nr_avoided; i++)
		h += rng_mix(avoided[i].cmd, avoided[i].fd);
	return h + digest_ranges(msrs, nr_msrs) +
	       3 * digest_ranges(caps, nr_caps);
}

static bool is_avoided(const struct ioctl_desc *d, enum fd_kind fd)
{
	for (size_t i = 0; i < nr_avoided; i++)
		if (avoided[i].cmd == d->cmd && avoided[i].fd == fd)
			return true;
	return false;
}

static bool name_avoided(const char *name, enum fd_kind fd)
{
	return is_avoided(desc_named(name), fd);
}

static enum irq_mode pick_irq(struct rng *r)
{
	uint64_t n = rng_below(r, 100);

	if (n < 10 && !avoided_cap(NACRE_CAP_SPLIT_IRQCHIP))
		return IRQ_SPLIT;
	if (n < 50 && !name_avoided("CREATE_IRQCHIP", FD_VM))
		return IRQ_KERNEL;
	return IRQ_NONE;
}

static enum seq_kind pick_kind(struct rng *r)
{
	static const uint8_t shares[NR_SEQ_KINDS] = { 22, 8, 22, 24, 16, 8 };
	uint64_t n = rng_below(r, 100);

	for (int i = 0; i < NR_SEQ_KINDS; i++) {
		if (n < shares[i])
			return i;
		n -= shares[i];
	}
	return SEQ_MIX;
}

void seq_begin(struct seq *s, uint64_t seed, uint32_t number)
{
	struct rng *r = &s->rng;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->number = number;
	r->state = rng_mix(seed, number);
	s->kind = pick_kind(r);
	s->groups = groups_of[s->kind];
	s->length = 24 + rng_below(r, 56) + (s->kind == SEQ_SWEEP ? 40 : 0);
	s->irq = pick_irq(r);
	s->mode = rng_below(r, NR_MODES);
	s->memory = rng_chance(r, 99);
	s->cpuid = rng_chance(r, 75) && !name_avoided("SET_CPUID2", FD_VCPU);
	s->nr_vcpus = rng_chance(r, 95) + rng_chance(r, 20) +
		      rng_chance(r, 5);
	/* No VM: there is nothing to set up. */
	if (s->kind == SEQ_SYSTEM)
		s->setup = SETUP_STEPS;
}

/* Any number, direction and size: mostly no ioctl at all. */
static void sweep(struct seq *s, struct call *c)
{
	static const uint16_t sizes[] = { 0, 0, 1, 4, 8, 16, 64, 4096, 16383 };
	static const uint8_t types[] = { 0xad, 0xaf, 0xbe, 0xff, 0x00, 0x2e };
	struct rng *r = &s->rng;
	unsigned int nr = rng_below(r, 256);
	unsigned int type = rng_chance(r, 92) ? NACREIO : rng_pick(r, types);

	c->fd = rng_below(r, FD_KINDS);
	c->cmd = _IOC(rng_below(r, 4), type, nr, rng_pick(r, sizes));
	if (rng_chance(r, 15)) {
		c->cmd = ioctl_descs[rng_below(r, nr_ioctl_descs)].cmd;
		if (rng_chance(r, 30))
			c->cmd |= rng_next(r) << 32;
	}
	c->desc = desc_of(c->fd, c->cmd);
	if (c->desc && (is_avoided(c->desc, c->fd) ||
			c->cmd == NACRE_SET_TSC_KHZ) && !seq_may_part(s)) {
		c->cmd = NACRE_CHECK_EXTENSION;
		c->desc = desc_of(c->fd, c->cmd);
	}
	c->len = rng_below(r, 129);
	for (uint32_t i = 0; i + 8 <= c->len; i += 8) {
		uint64_t w = rng_chance(r, 50) ? 0 : rng_edge(r);

		memcpy(c->buf + i, &w, 8);
	}
	c->place = rng_chance(r, 60) ? AT_BUF : rng_below(r, NR_PLACES);
	c->value = rng_edge(r);
}

static bool brings_event(const struct ioctl_desc *d)
{
	return d->cmd == NACRE_NMI || d->cmd == NACRE_INTERRUPT ||
	       d->cmd == NACRE_SET_VCPU_EVENTS;
}

static bool usable(const struct seq *s, const struct ioctl_desc *d,
		   enum fd_kind fd)
{
	if (!(d->fds & (1 << fd)) || !(d->group & s->groups))
		return false;
	/* A sequence about vCPUs only. */
	if (s->kind == SEQ_STATE && fd != FD_VCPU)
		return false;
	if (s->kind == SEQ_SYSTEM && fd != FD_SYSTEM)
		return false;
	if (d->cmd == NACRE_NMI && !seq_has_nmis(s))
		return false;
	return !brings_event(d) || !seq_has_rep_ins(s);
}

/* What parts the two has to come now and then, or its row looks stale. */
static const struct ioctl_desc *pick_avoided(struct seq *s, enum fd_kind *fd)
{
	const struct ioctl_desc *d;
	size_t n;

	if (s->done + 4 < s->length || !nr_avoided || !rng_chance(&s->rng, 30))
		return NULL;
	n = rng_below(&s->rng, nr_avoided);
	*fd = avoided[n].fd;
	d = desc_of(*fd, avoided[n].cmd);
	return d && usable(s, d, *fd) ? d : NULL;
}

static const struct ioctl_desc *pick_desc(struct seq *s, enum fd_kind *fd)
{
	const struct ioctl_desc *d = pick_avoided(s, fd);

	if (d)
		return d;
	for (;;) {
		d = &ioctl_descs[rng_below(&s->rng, nr_ioctl_descs)];
		*fd = rng_below(&s->rng, FD_KINDS);
		if (!usable(s, d, *fd))
			continue;
		if (rng_below(&s->rng, 60) >= d->weight)
			continue;
		if (is_avoided(d, *fd) && !seq_may_part(s))
			continue;
		return d;
	}
}

static void place(struct seq *s, struct call *c)
{
	if (c->desc->flags & CALL_VALUE) {
		c->place = AT_VALUE;
		return;
	}
	c->place = AT_BUF;
	if (rng_chance(&s->rng, 92))
		return;
	c->place = AT_ODD + rng_below(&s->rng, NR_PLACES - AT_ODD);
	c->cut = 1 + rng_below(&s->rng, c->room ? c->room : 1);
}

/* See seq_has_nmis(). */
static bool may_wait(const struct seq *s, const struct call *c)
{
	return c->cmd == NACRE_SET_MP_STATE && seq_has_nmis(s);
}

/* GET, then SET of what came, perhaps with a field changed. */
static bool feed(struct seq *s, struct call *c, const struct ioctl_desc *got)
{
	const struct ioctl_desc *d;
	char name[40];

	if (!got || strncmp(got->name, "GET_", 4) || !rng_chance(&s->rng, 35))
		return false;
	snprintf(name, sizeof(name), "SET_%s", got->name + 4);
	d = desc_named(name);
	if (!d || d->layout != got->layout ||
	    !(d->fds & (1 << c->fd)) || is_avoided(d, c->fd) ||
	    (brings_event(d) && seq_has_rep_ins(s)))
		return false;
	if (d->layout ? d->layout->tail_size : !(d->flags & CALL_VALUE))
		return false;
	c->desc = d;
	c->cmd = d->cmd;
	c->feed = true;
	if (!d->layout) {
		c->place = AT_VALUE;
		return true;
	}
	c->place = AT_BUF;
	c->len = d->layout->size;
	c->mutations = rng_below(&s->rng, 3);
	c->mutation_seed = rng_next(&s->rng);
	if (may_wait(s, c))
		c->mutations = 0;
	return true;
}

/* Its answer may be the next call's input: a struct, or the value itself. */
static bool feeds(const struct call *c)
{
	return c->place == AT_BUF ||
	       (c->place == AT_VALUE && c->desc && !c->desc->layout);
}

static void valid_or_close(struct seq *s, struct call *c)
{
	c->desc = pick_desc(s, &c->fd);
	c->cmd = c->desc->cmd;
	c->vcpu = s->nr_vcpus ? rng_below(&s->rng, s->nr_vcpus) : 0;
	if (c->vcpu && rng_chance(&s->rng, 60))
		c->vcpu = 0;
	/* The others wait in the kernel until they are started. */
	if (s->irq != IRQ_NONE && (c->cmd == NACRE_NMI ||
				   c->cmd == NACRE_SET_VCPU_EVENTS))
		c->vcpu = 0;
	c->desc->make(s, c);
	if (c->desc->layout && c->len && rng_chance(&s->rng, 35) &&
	    !may_wait(s, c)) {
		uint64_t n = 1 + rng_below(&s->rng, 2);

		while (n--)
			mutate(&s->rng, c->desc->layout, c->buf, c->len);
	}
	c->room = call_room(c);
	place(s, c);
}

bool seq_next(struct seq *s, struct call *c)
{
	enum fd_kind fd = c->fd;
	uint8_t vcpu = c->vcpu;

	if (s->done == s->length)
		return false;
	memset(c, 0, offsetof(struct call, buf) + 256);
	c->number = s->done++;
	c->keep = -1;
	c->fd = fd;
	c->vcpu = vcpu;
	if (s->setup < SETUP_STEPS) {
		c->vcpu = 0;
		if (setup_next(s, c)) {
			c->room = call_room(c);
			return true;
		}
	}
	if (s->kind == SEQ_SWEEP) {
		c->vcpu = 0;
		sweep(s, c);
		c->room = call_room(c);
		c->cut = 1 + rng_below(&s->rng, c->room ? c->room : 1);
	} else if (!feed(s, c, s->feed)) {
		valid_or_close(s, c);
	}
	c->room = call_room(c);
	s->feed = c->feed || !feeds(c) ? NULL : c->desc;
	return true;
}
