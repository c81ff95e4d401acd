// SPDX-License-Identifier: GPL-2.0
/* The calls that each sequence starts with, and the state they set. */
#include <string.h>

#include "abi_diff.h"
#include "make.h"

static struct nacre_segment segment(uint16_t selector, uint8_t type, bool big,
				    bool longmode)
{
	return (struct nacre_segment) {
		.limit = 0xffffffff, .selector = selector, .type = type,
		.present = 1, .db = big, .s = 1, .l = longmode, .g = 1,
	};
}

static struct nacre_segment real_segment(uint8_t type)
{
	return (struct nacre_segment) {
		.limit = 0xffff, .type = type, .present = 1, .s = 1,
	};
}

static void segments(struct nacre_sregs *to, enum cpu_mode mode)
{
	struct nacre_segment data;

	if (mode == MODE_REAL) {
		to->cs = real_segment(0xb);
		data = real_segment(3);
	} else if (mode == MODE_LONG) {
		to->cs = segment(0x18, 0xb, false, true);
		data = segment(0x10, 3, true, false);
	} else {
		to->cs = segment(8, 0xb, true, false);
		data = segment(0x10, 3, true, false);
	}
	to->ds = to->es = to->fs = to->gs = to->ss = data;
	to->tr = (struct nacre_segment) {
		.base = mode == MODE_REAL ? 0 : 0xd000, .limit = 0x67,
		.selector = mode == MODE_REAL ? 0 : 0x30, .type = 11,
		.present = 1,
	};
	to->ldt = (struct nacre_segment) {
		.limit = 0xffff, .type = 2, .present = 1,
	};
	if (mode == MODE_REAL) {
		to->fs.base = 0x20000;
		/* The interrupt chips: 4 GiB from there, as firmware has it. */
		to->gs = segment(0, 3, false, false);
		to->gs.base = 0xfec00000;
	}
}

void make_sregs(enum cpu_mode mode, unsigned int vcpu,
		struct nacre_sregs *to)
{
	memset(to, 0, sizeof(*to));
	segments(to, mode);
	to->gdt.limit = mode == MODE_REAL ? 0xffff : 0x3f;
	to->gdt.base = mode == MODE_REAL ? 0 : GUEST_GDT;
	to->idt.base = mode == MODE_REAL ? 0 : mode == MODE_LONG ?
		       GUEST_IDT64 : GUEST_IDT32;
	to->idt.limit = mode == MODE_REAL ? 0x3ff : mode == MODE_LONG ?
			34 * 16 - 1 : 34 * 8 - 1;
	to->apic_base = 0xfee00800 | (vcpu ? 0 : 0x100);
	to->cr0 = mode == MODE_REAL ? 0x60000010 : 0x31;
	if (mode == MODE_PAGED32) {
		to->cr0 |= 0x80000000;
		to->cr3 = GUEST_PD32;
		to->cr4 = 0x10;
	} else if (mode == MODE_LONG) {
		to->cr0 |= 0x80000000;
		to->cr3 = GUEST_PML4;
		to->cr4 = 0x620;
		to->efer = 0x500;
	}
}

static void plain(struct call *c, const char *name, enum fd_kind fd,
		  enum place place)
{
	c->desc = desc_named(name);
	c->cmd = c->desc->cmd;
	c->fd = fd;
	c->place = place;
}

static bool setup_irqchip(struct seq *s, struct call *c)
{
	struct nacre_enable_cap cap = { .cap = 121, .args = { 24 } };

	if (s->irq == IRQ_NONE)
		return false;
	if (s->irq == IRQ_KERNEL) {
		plain(c, "CREATE_IRQCHIP", FD_VM, AT_VALUE);
		return true;
	}
	plain(c, "ENABLE_CAP", FD_VM, AT_BUF);
	memcpy(c->buf, &cap, sizeof(cap));
	c->len = sizeof(cap);
	return true;
}

static bool setup_memory(struct seq *s, struct call *c)
{
	struct nacre_userspace_memory_region m = {
		.memory_size = GUEST_SIZE, .userspace_addr = RAM_ADDR,
	};

	if (!s->memory)
		return false;
	plain(c, "SET_USER_MEMORY_REGION", FD_VM, AT_BUF);
	memcpy(c->buf, &m, sizeof(m));
	c->len = sizeof(m);
	return true;
}

static bool setup_vcpu(struct seq *s, struct call *c, unsigned int i)
{
	if (i >= s->nr_vcpus)
		return false;
	plain(c, "CREATE_VCPU", FD_VM, AT_VALUE);
	c->value = i;
	c->keep = i;
	return true;
}

static bool setup_cpuid(struct seq *s, struct call *c)
{
	struct rng still = { 1 };

	if (!s->cpuid || !s->nr_vcpus)
		return false;
	plain(c, "SET_CPUID2", FD_VCPU, AT_BUF);
	c->len = make_cpuid(&still, c->buf);
	return true;
}

static bool setup_sregs(struct seq *s, struct call *c)
{
	struct nacre_sregs m;

	if (!s->nr_vcpus)
		return false;
	plain(c, "SET_SREGS", FD_VCPU, AT_BUF);
	make_sregs(s->mode, 0, &m);
	memcpy(c->buf, &m, sizeof(m));
	c->len = sizeof(m);
	return true;
}

static bool setup_regs(struct seq *s, struct call *c)
{
	struct nacre_regs m;

	if (!s->nr_vcpus)
		return false;
	plain(c, "SET_REGS", FD_VCPU, AT_BUF);
	make_regs(s, &m);
	memcpy(c->buf, &m, sizeof(m));
	c->len = sizeof(m);
	return true;
}

static bool setup_step(struct seq *s, struct call *c, unsigned int step)
{
	switch (step) {
	case 0:
		plain(c, "CREATE_VM", FD_SYSTEM, AT_VALUE);
		c->keep = 0;
		return true;
	case 1:
		return setup_irqchip(s, c);
	case 2:
		return setup_memory(s, c);
	case 3:
	case 4:
	case 5:
		return setup_vcpu(s, c, step - 3);
	case 6:
		return setup_cpuid(s, c);
	case 7:
		return setup_sregs(s, c);
	default:
		return setup_regs(s, c);
	}
}

bool setup_next(struct seq *s, struct call *c)
{
	while (s->setup < SETUP_STEPS)
		if (setup_step(s, c, s->setup++))
			return true;
	return false;
}
