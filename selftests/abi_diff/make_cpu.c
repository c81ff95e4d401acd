// SPDX-License-Identifier: GPL-2.0
/* Arguments of vCPU ioctls, valid or close to it. */
#include <string.h>

#include "abi_diff.h"
#include "make.h"

#define UNUSED __attribute__((unused))

static void put(struct call *c, const void *from, size_t len)
{
	memcpy(c->buf, from, len);
	c->len = len;
}

static const uint32_t msrs[] = {
	0x10, 0x11, 0x12, 0x17, 0x1b, 0x20, 0x2a, 0x34, 0x3a, 0x3b, 0x48,
	0x49, 0x79, 0x8b, 0x9e, 0xc1, 0xcd, 0xce, 0xe7, 0xe8, 0xfe, 0x10a,
	0x10b, 0x119, 0x122, 0x140, 0x174, 0x175, 0x176, 0x179, 0x17a, 0x17b,
	0x186, 0x18b, 0x198, 0x19a, 0x1a0, 0x1c4, 0x1c5, 0x1d9, 0x1db, 0x1dc,
	0x200, 0x201, 0x20f, 0x210, 0x250, 0x258, 0x259, 0x268, 0x26f, 0x277,
	0x2ff, 0x300, 0x309, 0x345, 0x38d, 0x38f, 0x390, 0x400, 0x401, 0x402,
	0x403, 0x404, 0x43c, 0x47f, 0x480, 0x48b, 0x491, 0x4d0, 0x570, 0x600,
	0x6a0, 0x6a4, 0x6e0, 0x800, 0x802, 0x808, 0x80d, 0x80f, 0x830, 0x83f,
	0x8ff, 0xc80, 0xc8f, 0xd90, 0xda0, 0x40000000, 0x40000001,
	0x40000002, 0x40000071, 0x40000073, 0x40000080, 0x40000100,
	0x4b564d00, 0x4b564d01, 0x4b564d02, 0x4b564d03, 0x4b564d04,
	0x4b564d05, 0x4b564d06, 0x4b564d07, 0x4b564d08,
	0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
	0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0xc0000104,
	0xc0000105, 0xc00000e7, 0xc00000e9, 0xc0000200, 0xc0000300,
	0xc0010000, 0xc0010003, 0xc0010004, 0xc0010007, 0xc0010010,
	0xc0010015, 0xc001001a, 0xc001001d, 0xc001001f, 0xc0010020,
	0xc0010022, 0xc0010055, 0xc0010058, 0xc0010061, 0xc0010062,
	0xc0010063, 0xc0010064, 0xc0010111, 0xc0010112, 0xc0010113,
	0xc0010114, 0xc0010115, 0xc0010117, 0xc001011f, 0xc0010130,
	0xc0010131, 0xc0010140, 0xc0010141, 0xc0010200, 0xc0010201,
	0xc0011020, 0xc0011022, 0xc0011023, 0xc0011029, 0xc001102a,
	0xc001102c, 0xc001103b,
};

uint32_t pick_msr(struct rng *r)
{
	if (rng_chance(r, 4))
		return rng_edge(r);
	if (rng_chance(r, 8))
		return rng_pick(r, msrs) + 1;
	return rng_pick(r, msrs);
}

/*
 * A guest's own access: nothing that counts time or writes to memory, and
 * nothing that is not built, for it is another #GP and no more.
 */
static uint32_t pick_guest_msr(struct rng *r)
{
	static const uint32_t safe[] = {
		0x1b, 0x174, 0x175, 0x176, 0x179, 0x17a, 0x1a0, 0x1d9, 0x200,
		0x250, 0x277, 0x2ff, 0x400,
		0xc0000080, 0xc0000081, 0xc0000082, 0xc0000084, 0xc0000100,
		0xc0000101, 0xc0000102, 0xc0000103, 0xc0010015, 0xc0010055,
		0xc0010114, 0xc0011020, 0x8b, 0x12345678, 0,
		0xc0010064, 0xc001001f, 0xce, 0x140,
	};

	return rng_pick(r, safe);
}

/* Where the KVM_FEATURE structures may go: outside what is compared. */
static uint64_t steer(uint64_t data)
{
	return data < GUEST_SIZE ? 0xc000 | (data & 0x3f) : data;
}

#define LAPIC_LVT_TIMER 0x320
#define LAPIC_LVT_ERROR 0x370
#define LAPIC_LDR 0xd0
#define LAPIC_DFR 0xe0
#define LAPIC_ESR 0x280
#define LAPIC_ICR 0x300
#define LAPIC_ICR2 0x310

static void sanitise_msr(struct nacre_msr_entry *e)
{
	switch (e->index) {
	case 0x11: case 0x12: case 0x4b564d00: case 0x4b564d01:
	case 0x4b564d03: case 0x40000020: case 0x40000021: case 0x40000073:
		e->data = steer(e->data);
		break;
	case 0x6e0:
		/* An armed deadline fires at some moment. */
		e->data = 0;
	}
}

/*
 * APM, Segment State in the VMCB: S is not looked at. Bochs does, and has
 * what was on its stack for the base and the limit of a system segment.
 */
static void make_code_or_data(struct nacre_sregs *m)
{
	m->cs.s = 1;
	m->ds.s |= m->ds.present;
	m->es.s |= m->es.present;
	m->fs.s |= m->fs.present;
	m->gs.s |= m->gs.present;
	m->ss.s |= m->ss.present;
}

/*
 * TCG ends ("invalid tss") where a processor raises a fault: when a guest at
 * CPL 3 takes an exception in 32-bit mode, and when TR is not present.
 */
static void sanitise_sregs(uint8_t *buf, size_t len)
{
	struct nacre_sregs *m = (void *)buf;

	if (len < offsetof(struct nacre_sregs, ldt))
		return;
	/* Nor does it check a limit when it fetches, as those who decode do. */
	m->cs.present = 1;
	m->cs.unusable = 0;
	if (m->cs.limit < 0xffff)
		m->cs.limit = 0xffff;
	m->tr.present = 1;
	if (m->tr.type != 3)
		m->tr.type = 11;
	if (!m->cs.l)
		m->ss.dpl = 0;
	if (__builtin_cpu_is("amd"))
		make_code_or_data(m);
	/*
	 * Real mode does not ask whether it is there, but in-tree KVM does when
	 * INS writes.
	 */
	if (len >= sizeof(*m) && !(m->cr0 & 1))
		m->es.present = 1;
}

/*
 * A count that runs out would interrupt at some moment, and in-tree KVM notes
 * no errors.
 */
static void sanitise_lapic(uint8_t *buf, size_t len)
{
	if (len >= LAPIC_LVT_ERROR + 4) {
		buf[LAPIC_LVT_TIMER + 2] |= 1;
		buf[LAPIC_LVT_ERROR + 2] |= 1;
		/* What a guest reads of it is as it was set in in-tree KVM. */
		memset(buf + LAPIC_LDR, 0, 3);
		memset(buf + LAPIC_DFR, 0xff, 3);
		buf[LAPIC_DFR + 3] |= 0xf;
		memset(buf + LAPIC_ESR, 0, 4);
		buf[LAPIC_ICR + 1] &= ~0x10;
		memset(buf + LAPIC_ICR2, 0, 3);
	}
}

#define RFLAGS_TF (1ull << 8)
#define RFLAGS_RF (1ull << 16)
#define RFLAGS_VM (1ull << 17)

/*
 * TCG's own: what becomes of a RIP above 4 GiB outside 64-bit code, and of code
 * that writes over itself, as the real-mode vectors do when they are run.
 */
static void sanitise_regs(struct nacre_regs *m)
{
	m->rip = (uint32_t)m->rip;
	if (m->rip < GUEST_CODE16)
		m->rip = GUEST_CODE16;
	/*
	 * Segments that go with VM are not made. In-tree KVM forgets TF over a
	 * write that userspace completes, and keeps RF over an OUT.
	 */
	m->rflags &= ~(RFLAGS_VM | RFLAGS_TF | RFLAGS_RF);
}

static void sanitise_events(struct nacre_vcpu_events *e)
{
	/* Refused while it is not enabled, but in-tree KVM does half of it. */
	e->flags &= ~NACRE_VCPUEVENT_VALID_TRIPLE_FAULT;
	/* In-tree SVM takes the shadow through INIT. */
	if (e->smi.latched_init)
		e->interrupt.shadow = 0;
	/*
	 * #BP, #OF and INT n belong to an instruction, whose length is not
	 * given. In-tree KVM looks for it at RIP, or takes that of another.
	 */
	if (e->exception.nr == 3 || e->exception.nr == 4)
		e->exception.injected = 0;
	if (e->interrupt.soft)
		e->interrupt.injected = 0;
	/* #VC belongs to SEV-ES: in-tree KVM does not inject it again. */
	if (e->exception.nr == 29)
		e->exception.injected = 0;
}

/* In-tree KVM's I/O APIC vanishes if its base is set elsewhere. */
static void sanitise_irqchip(struct nacre_irqchip *m)
{
	if (m->chip_id == NACRE_IRQCHIP_IOAPIC)
		m->chip.ioapic.base_address = 0xfec00000;
}

/*
 * No processor has fewer bits of a physical address. For in-tree KVM all of an
 * address is reserved then.
 */
static void sanitise_cpuid2(uint8_t *buf, size_t len)
{
	struct nacre_cpuid_entry2 e;
	size_t off = sizeof(struct nacre_cpuid2);

	for (; off + sizeof(e) <= len; off += sizeof(e)) {
		memcpy(&e, buf + off, sizeof(e));
		if (e.function == 0x80000008 && (e.eax & 0xff) < 32)
			e.eax |= 32;
		memcpy(buf + off, &e, sizeof(e));
	}
}

#define DEBUGREGS_DR6	offsetof(struct nacre_debugregs, dr6)

void call_sanitise(unsigned long cmd, uint8_t *buf, size_t len)
{
	struct nacre_msr_entry e;

	if (cmd == NACRE_SET_LAPIC)
		sanitise_lapic(buf, len);
	if (cmd == NACRE_SET_IRQCHIP && len >= sizeof(struct nacre_irqchip))
		sanitise_irqchip((void *)buf);
	if (cmd == NACRE_SET_REGS && len >= sizeof(struct nacre_regs))
		sanitise_regs((void *)buf);

	if (cmd == NACRE_SET_VCPU_EVENTS &&
	    len >= sizeof(struct nacre_vcpu_events))
		sanitise_events((void *)buf);
	if (cmd == NACRE_SET_SREGS || cmd == NACRE_SET_SREGS2)
		sanitise_sregs(buf, len);
	if (cmd == NACRE_SET_CPUID2)
		sanitise_cpuid2(buf, len);
	/* No processor has bit 12 of DR6 set. */
	if (cmd == NACRE_SET_DEBUGREGS && len >= DEBUGREGS_DR6 + 8)
		buf[DEBUGREGS_DR6 + 1] &= ~0x10;

	/* Bit SIGALRM - 1: the run limit has to come through. */
	if (cmd == NACRE_SET_SIGNAL_MASK && len > 5)
		buf[5] &= ~(1 << (14 - 1 - 8));
	if (cmd != NACRE_SET_MSRS)
		return;
	for (size_t off = 8; off + sizeof(e) <= len; off += sizeof(e)) {
		memcpy(&e, buf + off, sizeof(e));
		sanitise_msr(&e);
		memcpy(buf + off, &e, sizeof(e));
	}
}

void make_run(struct seq *s, struct call *c)
{
	struct rng *r = &s->rng;
	struct run_input *in = &c->run;

	c->value = rng_chance(r, 97) ? 0 : rng_edge(r);
	in->immediate_exit = rng_chance(r, 15);
	in->request_interrupt_window = rng_chance(r, 10);
	in->cr8 = rng_chance(r, 90) ? 0 : rng_below(r, 17);
	in->valid_regs = rng_chance(r, 80) ? 0 : rng_below(r, 8);
	if (rng_chance(r, 2))
		in->valid_regs = rng_edge(r);
	/* In-tree KVM of 6.12 runs the guest, for as long as it likes. */
	if (in->valid_regs >> 32)
		in->immediate_exit = 1;
	if (rng_chance(r, 3))
		in->dirty_regs = rng_below(r, 9);
	in->answer = rng_next(r);
	/* An application processor in an in-kernel chip waits for SIPI. */
	if (s->irq != IRQ_NONE && c->vcpu && rng_chance(r, 95))
		c->vcpu = 0;
}

static const uint16_t code_at[NR_MODES] = {
	GUEST_CODE16, GUEST_CODE32, GUEST_CODE32, GUEST_CODE64,
};

/* Snippets that need a word; their numbers are guest_code.h's. */
enum {
	SNIP_HLT = 1, SNIP_REP_OUTS = 9, SNIP_REP_INS, SNIP_VMMCALL = 14,
	SNIP_VMCALL,
	SNIP_IOAPIC = 24, SNIP_LAPIC, SNIP_LAPIC_NARROW,
	SNIP_PIC, FIRST_CHIP = SNIP_IOAPIC, LAST_CHIP = SNIP_PIC,
};

static bool is_rare(const struct seq *s, uint64_t snippet)
{
	switch (snippet) {
	case SNIP_HLT:
		/* It waits in the kernel, until the limit. */
		return s->irq != IRQ_NONE;
	case SNIP_REP_OUTS:
	case SNIP_VMCALL:
		/* Known to differ, and the rest is not compared. */
		return true;
	default:
		return false;
	}
}

static uint64_t pick_snippet(struct seq *s)
{
	uint64_t snippet = rng_below(&s->rng, GUEST_SNIPPETS);

	if ((is_rare(s, snippet) && !rng_chance(&s->rng, 10)) ||
	    (snippet == SNIP_REP_INS && !seq_has_rep_ins(s)))
		snippet = rng_below(&s->rng, 2) ? SNIP_LAPIC : 0;
	return snippet;
}

/* Which register, in RDX, and its new value, in RAX. */
static void chip_register(struct rng *r, uint64_t snippet,
			  struct nacre_regs *to)
{
	static const uint16_t lapic[] = {
		0x20, 0x30, 0x80, 0x90, 0xa0, 0xb0, 0xc0, 0xd0, 0xe0, 0xf0,
		0x100, 0x180, 0x200, 0x270, 0x280, 0x2f0, 0x300, 0x310, 0x320,
		0x330, 0x340, 0x350, 0x360, 0x370, 0x380, 0x3e0, 0x3f0, 0x84,
		0x88, 0x400, 0xff0,
	};
	/* From others in-tree KVM returns what it read before. */
	static const uint16_t readable[] = {
		0x20, 0x30, 0x80, 0x90, 0xa0, 0xd0, 0xe0, 0xf0, 0x100, 0x170,
		0x180, 0x200, 0x270, 0x300, 0x310, 0x320, 0x330, 0x340, 0x350,
		0x360, 0x370, 0x380, 0x3e0,
	};
	static const uint16_t pic[] = {
		0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1,
	};

	if (snippet == SNIP_IOAPIC)
		to->rdx = rng_below(r, 0x44);
	else if (snippet == SNIP_PIC)
		to->rdx = rng_pick(r, pic);
	else if (snippet == SNIP_LAPIC)
		to->rdx = rng_pick(r, lapic);
	else
		to->rdx = rng_pick(r, readable);
	to->rbp = rng_pick(r, readable);
	if (rng_chance(r, 50))
		to->rax = rng_next(r) & 0x1ffff;
	/* Reserved and read-only bits of the I/O APIC stick in in-tree KVM. */
	if (snippet == SNIP_IOAPIC)
		to->rax &= to->rdx < 0x10 ? 0x0f000000 :
			   to->rdx & 1 ? 0xff000000 : 0x1afff;
	/* So does the delivery status of a local APIC's LVT. */
	if (snippet != SNIP_IOAPIC && to->rdx >= 0x2f0 && to->rdx < 0x380)
		to->rax &= ~0x1000ull;
	/* In-tree SVM has the upper half of TPR. */
	if (to->rdx == 0x80)
		to->rax &= ~0xfull;
	/* A count that runs out would interrupt at some moment. */
	if (to->rdx == LAPIC_LVT_TIMER || to->rdx == LAPIC_LVT_ERROR)
		to->rax |= 0x10000;
}

void make_regs(struct seq *s, struct nacre_regs *to)
{
	struct rng *r = &s->rng;
	uint64_t snippet = pick_snippet(s);

	memset(to, 0, sizeof(*to));
	to->rip = code_at[s->mode] + snippet * GUEST_SNIPPET;
	to->rflags = 2;
	to->rsp = GUEST_STACK - 16;
	to->rax = rng_chance(r, 50) ? rng_below(r, 256) : rng_edge(r);
	to->rbx = rng_chance(r, 80) ? 0x20000 : rng_edge(r);
	to->rcx = pick_guest_msr(r);
	to->rdx = rng_below(r, 3);
	to->rsi = GUEST_DATA;
	to->rdi = GUEST_DATA + 0x100;
	to->r8 = rng_next(r);
	to->r15 = rng_edge(r);
	if (snippet >= FIRST_CHIP && snippet <= LAST_CHIP)
		chip_register(r, snippet, to);
	/* KVM_HC_CLOCK_PAIRING is not built. */
	if (snippet == SNIP_VMMCALL && to->rax == 9)
		to->rax = 10;
}

void make_set_regs(struct seq *s, struct call *c)
{
	struct nacre_regs m;

	make_regs(s, &m);
	if (rng_chance(&s->rng, 10))
		m.rflags ^= 1u << rng_below(&s->rng, 22);
	put(c, &m, sizeof(m));
}

void make_set_sregs(struct seq *s, struct call *c)
{
	struct nacre_sregs m;

	s->mode = rng_below(&s->rng, NR_MODES);
	make_sregs(s->mode, c->vcpu, &m);
	put(c, &m, sizeof(m));
}

void make_set_sregs2(struct seq *s, struct call *c)
{
	struct nacre_sregs m;
	struct nacre_sregs2 m2 = { };

	s->mode = rng_below(&s->rng, NR_MODES);
	make_sregs(s->mode, c->vcpu, &m);
	memcpy(&m2, &m, offsetof(struct nacre_sregs2, flags));
	m2.flags = rng_chance(&s->rng, 20);
	put(c, &m2, sizeof(m2));
}

void make_translate(struct seq *s, struct call *c)
{
	struct nacre_translation m;

	memset(&m, 0xa5, sizeof(m));
	m.linear_address = rng_chance(&s->rng, 60) ?
		rng_below(&s->rng, 0x20000) : rng_edge(&s->rng);
	put(c, &m, sizeof(m));
}

void make_interrupt(struct seq *s, struct call *c)
{
	struct nacre_interrupt m = {
		.irq = rng_chance(&s->rng, 85) ? rng_below(&s->rng, 256) :
		       rng_edge(&s->rng),
	};

	put(c, &m, sizeof(m));
}

void make_msrs(struct seq *s, struct call *c)
{
	static const uint32_t counts[] = { 255, 256, 257, 65536, 0xffffffff };
	struct nacre_msrs head = { .nmsrs = 1 };
	struct nacre_msr_entry e = { };

	if (rng_chance(&s->rng, 35))
		head.nmsrs = rng_below(&s->rng, 10);

	c->len = sizeof(head);
	for (uint32_t i = 0; i < head.nmsrs; i++) {
		e.index = pick_msr(&s->rng);
		if (c->cmd == NACRE_SET_MSRS && avoided_msr(e.index) &&
		    !seq_may_part(s))
			e.index = 0xc0000082;
		e.data = rng_chance(&s->rng, 40) ? 0 : rng_edge(&s->rng);
		memcpy(c->buf + c->len, &e, sizeof(e));
		c->len += sizeof(e);
	}
	if (rng_chance(&s->rng, 4))
		head.nmsrs = rng_pick(&s->rng, counts);
	memcpy(c->buf, &head, sizeof(head));
}

/* What every AMD machine of the lab has, so that both kernels keep it. */
static const struct nacre_cpuid_entry2 leaves[] = {
	{ .function = 0, .eax = 0xd, .ebx = 0x68747541, .ecx = 0x444d4163,
	  .edx = 0x69746e65 },
	{ .function = 1, .eax = 0x800f12, .ebx = 0x800, .ecx = 0x80202001,
	  .edx = 0x078bfbff },
	{ .function = 7, .flags = 1 },
	{ .function = 0xd, .index = 0, .flags = 1, .eax = 3, .ebx = 576,
	  .ecx = 576 },
	{ .function = 0x40000000, .eax = 0x40000001, .ebx = 0x4b4d564b,
	  .ecx = 0x564b4d56, .edx = 0x4d },
	{ .function = 0x40000001, .eax = 0x0100027b },
	{ .function = 0x80000000, .eax = 0x80000008, .ebx = 0x68747541,
	  .ecx = 0x444d4163, .edx = 0x69746e65 },
	{ .function = 0x80000001, .eax = 0x800f12, .ecx = 0x121,
	  .edx = 0x2e500800 },
	{ .function = 0x80000008, .eax = 0x3028 },
};

size_t make_cpuid(struct rng *r, uint8_t *buf)
{
	struct nacre_cpuid2 head = { .nent = ARRAY_SIZE(leaves) };
	struct nacre_cpuid_entry2 e;

	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
		e = leaves[i];
		if (e.function == 1 && rng_chance(r, 30))
			e.ecx |= 1u << rng_below(r, 32);
		if (e.function == 0x80000001 && rng_chance(r, 20))
			e.edx ^= 1u << rng_below(r, 32);
		if (e.function == 0x80000008 && rng_chance(r, 5))
			e.eax = rng_edge(r);
		memcpy(buf + sizeof(head) + i * sizeof(e), &e, sizeof(e));
	}
	memcpy(buf, &head, sizeof(head));
	return sizeof(head) + sizeof(leaves);
}

void make_set_cpuid2(struct seq *s, struct call *c)
{
	static const uint32_t counts[] = { 0, 255, 256, 257, 0xffffffff };
	uint32_t n;

	c->len = make_cpuid(&s->rng, c->buf);
	if (rng_chance(&s->rng, 10)) {
		n = rng_pick(&s->rng, counts);
		memcpy(c->buf, &n, 4);
	}
}

void make_set_cpuid(struct seq *s, struct call *c)
{
	struct nacre_cpuid head = { .nent = rng_below(&s->rng, 4) };
	struct nacre_cpuid_entry e = { };

	c->len = sizeof(head);
	for (uint32_t i = 0; i < head.nent; i++) {
		e.function = leaves[i].function;
		e.eax = leaves[i].eax;
		e.ebx = leaves[i].ebx;
		e.ecx = leaves[i].ecx;
		e.edx = leaves[i].edx;
		memcpy(c->buf + c->len, &e, sizeof(e));
		c->len += sizeof(e);
	}
	if (rng_chance(&s->rng, 10))
		head.nent = 257;
	memcpy(c->buf, &head, sizeof(head));
}

void make_sigmask(struct seq *s, struct call *c)
{
	struct { uint32_t len; uint8_t set[8]; } m = { .len = 8 };

	if (rng_chance(&s->rng, 20))
		m.len = rng_edge(&s->rng);
	m.set[rng_below(&s->rng, 8)] = 1 << rng_below(&s->rng, 8);
	put(c, &m, sizeof(m));
}

void make_set_fpu(struct seq *s, struct call *c)
{
	struct nacre_fpu m = { .fcw = 0x37f, .mxcsr = 0x1f80 };

	m.fsw = rng_below(&s->rng, 0x10000);
	m.ftwx = rng_below(&s->rng, 256);
	m.last_ip = rng_next(&s->rng);
	m.last_opcode = rng_below(&s->rng, 0x800);
	m.fpr[rng_below(&s->rng, 8)][rng_below(&s->rng, 10)] = 0x5a;
	m.xmm[rng_below(&s->rng, 16)][rng_below(&s->rng, 16)] = 0x5a;
	put(c, &m, sizeof(m));
}

static void set_vector(uint8_t *state, uint16_t base, uint8_t vector)
{
	state[base + vector / 32 * 16 + vector % 32 / 8] |= 1 << vector % 8;
}

/* As a guest that is at work leaves it. */
static void use_lapic(struct rng *r, uint8_t *state)
{
	static const struct { uint16_t reg; uint32_t valid; } lvts[] = {
		{ LAPIC_LVT_TIMER, 0x700ff }, { 0x330, 0x107ff },
		{ 0x340, 0x107ff }, { 0x350, 0x1a7ff }, { 0x360, 0x1a7ff },
		{ LAPIC_LVT_ERROR, 0x100ff },
	};
	size_t i = rng_below(r, ARRAY_SIZE(lvts));
	uint32_t lvt = rng_next(r) & lvts[i].valid;

	memcpy(state + lvts[i].reg, &lvt, 4);
	state[0xd0 + 3] = 1 << rng_below(r, 8);
	if (rng_chance(r, 50))
		set_vector(state, 0x200, 16 + rng_below(r, 240));
	if (rng_chance(r, 30))
		set_vector(state, 0x100, 16 + rng_below(r, 240));
	if (rng_chance(r, 20))
		set_vector(state, 0x180, 16 + rng_below(r, 240));
	if (rng_chance(r, 30))
		state[0x3e0] = rng_below(r, 16);
	if (rng_chance(r, 30))
		state[0x380 + rng_below(r, 4)] = rng_next(r);
}

void make_set_lapic(struct seq *s, struct call *c)
{
	static const struct { uint16_t reg; uint32_t value; } reset[] = {
		{ 0x30, 0x50014 }, { 0xe0, 0xffffffff }, { 0xf0, 0x1ff },
		{ 0x320, 0x10000 }, { 0x330, 0x10000 }, { 0x340, 0x10000 },
		{ 0x350, 0x10000 }, { 0x360, 0x10000 }, { 0x370, 0x10000 },
	};
	uint32_t id = (uint32_t)c->vcpu << 24;

	c->len = sizeof(struct nacre_lapic_state);
	memset(c->buf, 0, c->len);
	memcpy(c->buf + 0x20, &id, 4);
	for (size_t i = 0; i < ARRAY_SIZE(reset); i++)
		memcpy(c->buf + reset[i].reg, &reset[i].value, 4);
	if (rng_chance(&s->rng, 30))
		c->buf[0x80] = rng_next(&s->rng) & 0xf0;
	if (rng_chance(&s->rng, 60))
		use_lapic(&s->rng, c->buf);
	/* Garbage in every byte, those between the registers too. */
	if (rng_chance(&s->rng, 5))
		for (size_t i = 0; i < c->len; i += 8)
			*(uint64_t *)(c->buf + i) = rng_next(&s->rng);
}

void make_tpr(struct seq *s, struct call *c)
{
	struct nacre_tpr_access_ctl m = {
		.enabled = rng_below(&s->rng, 3),
		.flags = rng_chance(&s->rng, 80) ? 0 : rng_edge(&s->rng),
	};

	put(c, &m, sizeof(m));
}

void make_mp_state(struct seq *s, struct call *c)
{
	static const uint32_t states[] = { 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 9,
					   10, 0xffffffff };
	struct nacre_mp_state m = { rng_pick(&s->rng, states) };

	/* One that waits in the kernel does until the limit. */
	if (s->irq != IRQ_NONE && (m.mp_state < 6 || m.mp_state == 9) &&
	    (seq_has_nmis(s) || !rng_chance(&s->rng, 15)))
		m.mp_state = 0;
	put(c, &m, sizeof(m));
}

void make_guest_debug(struct seq *s, struct call *c)
{
	struct nacre_guest_debug m = { };

	if (rng_chance(&s->rng, 60))
		m.control = 1 | (rng_below(&s->rng, 2) << 1) |
			    (rng_below(&s->rng, 32) << 16);
	m.arch.debugreg[0] = code_at[s->mode];
	m.arch.debugreg[7] = rng_chance(&s->rng, 50) ? 0x402 :
			     rng_edge(&s->rng);
	put(c, &m, sizeof(m));
}

void make_mcg_cap(struct seq *s, struct call *c)
{
	uint64_t cap = rng_chance(&s->rng, 70) ?
		0x1000100 | rng_below(&s->rng, 34) : rng_edge(&s->rng);

	put(c, &cap, sizeof(cap));
}

void make_mce(struct seq *s, struct call *c)
{
	struct nacre_x86_mce m = {
		.status = rng_chance(&s->rng, 60) ? 0x9000000000000000 :
			  rng_edge(&s->rng),
		.bank = rng_below(&s->rng, 34), .mcg_status = 5,
	};

	put(c, &m, sizeof(m));
}

/* System management mode is not built: what is accepted there, is not here. */
static void fill_smi(struct rng *r, struct nacre_vcpu_events *m)
{
	uint8_t *flag[] = {
		&m->smi.smm, &m->smi.pending, &m->smi.smm_inside_nmi,
	};

	m->flags |= NACRE_VCPUEVENT_VALID_SMM;
	*rng_pick(r, flag) = 1;
}

void make_events(struct seq *s, struct call *c)
{
	struct rng *r = &s->rng;
	struct nacre_vcpu_events m = { };

	if (rng_chance(r, 25)) {
		m.exception.injected = 1;
		m.exception.nr = rng_below(r, 33);
		m.exception.has_error_code = rng_chance(r, 30);
	}
	if (rng_chance(r, 15)) {
		m.interrupt.injected = 1;
		m.interrupt.nr = rng_next(r);
		m.interrupt.soft = rng_chance(r, 30);
	}
	m.interrupt.shadow = rng_chance(r, 80) ? 0 : rng_below(r, 4);
	m.nmi.pending = rng_chance(r, 15);
	m.nmi.masked = rng_chance(r, 15);
	m.nmi.injected = rng_chance(r, 5);
	m.flags = rng_chance(r, 90) ? rng_below(r, 8) : rng_below(r, 128);
	if (!seq_has_nmis(s)) {
		m.flags &= ~NACRE_VCPUEVENT_VALID_NMI_PENDING;
		m.nmi.pending = 0;
	}
	if (rng_chance(r, 20) && seq_may_part(s))
		fill_smi(r, &m);
	if (s->irq != IRQ_NONE)
		m.sipi_vector = rng_below(r, 256);
	put(c, &m, sizeof(m));
}

void make_debugregs(struct seq *s, struct call *c)
{
	struct nacre_debugregs m = { .dr6 = 0xffff0ff0, .dr7 = 0x400 };

	m.db[rng_below(&s->rng, 4)] = rng_edge(&s->rng);
	if (rng_chance(&s->rng, 30))
		m.dr7 |= rng_next(&s->rng) & 0xffffu;
	if (rng_chance(&s->rng, 30))
		m.dr6 |= rng_next(&s->rng) & 0xffffu;
	put(c, &m, sizeof(m));
}

void make_set_xsave(struct seq *s, struct call *c)
{
	struct nacre_xsave m = { };
	uint8_t *raw = (uint8_t *)&m;

	m.region[0] = 0x37f;
	m.region[6] = 0x1f80;
	m.region[128] = rng_below(&s->rng, 4);
	if (rng_chance(&s->rng, 10))
		m.region[128 + rng_below(&s->rng, 16)] = rng_edge(&s->rng);
	raw[32 + rng_below(&s->rng, 384)] = 0x5a;
	put(c, &m, sizeof(m));
}

void make_set_xcrs(struct seq *s, struct call *c)
{
	struct nacre_xcrs m = { .nr_xcrs = 1 };

	if (rng_chance(&s->rng, 20))
		m.nr_xcrs = rng_below(&s->rng, 18);
	m.xcrs[0].value = rng_chance(&s->rng, 60) ? 1 : rng_below(&s->rng, 16);
	put(c, &m, sizeof(m));
}

void make_nested(struct seq *s, struct call *c)
{
	uint32_t head[2] = { rng_below(&s->rng, 2) << 16 };

	head[1] = rng_chance(&s->rng, 60) ? 128 : rng_below(&s->rng, 4300);
	c->len = 128;
	memset(c->buf, 0, c->len);
	memcpy(c->buf, head, sizeof(head));
	if (rng_chance(&s->rng, 30))
		c->buf[1] = 1;
}
