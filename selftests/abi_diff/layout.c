// SPDX-License-Identifier: GPL-2.0
/*
 * What the bytes of each struct are called, and which of them may differ
 * between two correct kernels. A byte that may differ is overwritten with
 * zero before it reaches the trace; each such leaf says why.
 */
#include <string.h>

#include "abi_diff.h"

#define WHY_CLOCK "counts time"
#define WHY_LOADED "the time at which the counter was loaded"

#define AT(s, f) offsetof(struct nacre_##s, f)
#define SIZE(s, f) sizeof(((struct nacre_##s *)0)->f)
#define F(s, f) { #f, AT(s, f), SIZE(s, f), NULL }
#define V(s, f, why) { #f, AT(s, f), SIZE(s, f), why }

#define LAYOUT(id, type, leaves)					\
	const struct layout lay_##id = {				\
		.name = #id, .size = sizeof(struct nacre_##type),	\
		.leaf = leaves, .nr = ARRAY_SIZE(leaves) }

#define LAYOUT_TAIL(id, type, leaves, field, elem, tails)		\
	const struct layout lay_##id = {				\
		.name = #id, .size = sizeof(struct nacre_##type),	\
		.leaf = leaves, .nr = ARRAY_SIZE(leaves),		\
		.tail = tails, .tail_nr = ARRAY_SIZE(tails),		\
		.tail_size = elem, .tail_name = #field }

static const struct leaf f_msr_list[] = { F(msr_list, nmsrs) };
static const struct leaf t_u32[] = { { "", 0, 4, NULL } };
LAYOUT_TAIL(msr_list, msr_list, f_msr_list, indices, 4, t_u32);

static const struct leaf f_msrs[] = { F(msrs, nmsrs), F(msrs, pad) };
static const struct leaf t_msrs[] = {
	F(msr_entry, index), F(msr_entry, reserved), F(msr_entry, data),
};
LAYOUT_TAIL(msrs, msrs, f_msrs, entries, sizeof(struct nacre_msr_entry),
	    t_msrs);

static const struct leaf f_cpuid[] = { F(cpuid, nent), F(cpuid, padding) };
static const struct leaf t_cpuid[] = {
	F(cpuid_entry, function), F(cpuid_entry, eax), F(cpuid_entry, ebx),
	F(cpuid_entry, ecx), F(cpuid_entry, edx), F(cpuid_entry, padding),
};
LAYOUT_TAIL(cpuid, cpuid, f_cpuid, entries, sizeof(struct nacre_cpuid_entry),
	    t_cpuid);

static const struct leaf f_cpuid2[] = { F(cpuid2, nent), F(cpuid2, padding) };
static const struct leaf t_cpuid2[] = {
	F(cpuid_entry2, function), F(cpuid_entry2, index),
	F(cpuid_entry2, flags), F(cpuid_entry2, eax), F(cpuid_entry2, ebx),
	F(cpuid_entry2, ecx), F(cpuid_entry2, edx), F(cpuid_entry2, padding),
};
LAYOUT_TAIL(cpuid2, cpuid2, f_cpuid2, entries,
	    sizeof(struct nacre_cpuid_entry2), t_cpuid2);

static const struct leaf f_regs[] = {
	F(regs, rax), F(regs, rbx), F(regs, rcx), F(regs, rdx), F(regs, rsi),
	F(regs, rdi), F(regs, rsp), F(regs, rbp), F(regs, r8), F(regs, r9),
	F(regs, r10), F(regs, r11), F(regs, r12), F(regs, r13), F(regs, r14),
	F(regs, r15), F(regs, rip), F(regs, rflags),
};
LAYOUT(regs, regs, f_regs);

#define SEGMENT(T, x)							\
	F(T, x.base), F(T, x.limit), F(T, x.selector), F(T, x.type),	\
	F(T, x.present), F(T, x.dpl), F(T, x.db), F(T, x.s), F(T, x.l),	\
	F(T, x.g), F(T, x.avl), F(T, x.unusable), F(T, x.padding)
#define DTABLE(T, x) F(T, x.base), F(T, x.limit), F(T, x.padding)
#define SREGS_HEAD(T)							\
	SEGMENT(T, cs), SEGMENT(T, ds), SEGMENT(T, es), SEGMENT(T, fs),	\
	SEGMENT(T, gs), SEGMENT(T, ss), SEGMENT(T, tr), SEGMENT(T, ldt),\
	DTABLE(T, gdt), DTABLE(T, idt), F(T, cr0), F(T, cr2), F(T, cr3),\
	F(T, cr4), F(T, cr8), F(T, efer), F(T, apic_base)

static const struct leaf f_sregs[] = {
	SREGS_HEAD(sregs), F(sregs, interrupt_bitmap),
};
LAYOUT(sregs, sregs, f_sregs);

static const struct leaf f_sregs2[] = {
	SREGS_HEAD(sregs2), F(sregs2, flags), F(sregs2, pdptrs),
};
LAYOUT(sregs2, sregs2, f_sregs2);

static const struct leaf f_fpu[] = {
	F(fpu, fpr), F(fpu, fcw), F(fpu, fsw), F(fpu, ftwx), F(fpu, pad1),
	F(fpu, last_opcode), F(fpu, last_ip), F(fpu, last_dp), F(fpu, xmm),
	F(fpu, mxcsr), F(fpu, pad2),
};
LAYOUT(fpu, fpu, f_fpu);

/* A register has 4 of 16 bytes. */
#define REGISTER(name, at) \
	{ name, at, 4, NULL }, { name ".rest", at + 4, 12, NULL }
#define VECTORS(name, at) \
	REGISTER(name "[0]", at), REGISTER(name "[1]", at + 16), \
	REGISTER(name "[2]", at + 32), REGISTER(name "[3]", at + 48), \
	REGISTER(name "[4]", at + 64), REGISTER(name "[5]", at + 80), \
	REGISTER(name "[6]", at + 96), REGISTER(name "[7]", at + 112)
static const struct leaf f_lapic[] = {
	REGISTER("id", 0x20), REGISTER("version", 0x30),
	REGISTER("tpr", 0x80), REGISTER("apr", 0x90), REGISTER("ppr", 0xa0),
	REGISTER("eoi", 0xb0), REGISTER("ldr", 0xd0), REGISTER("dfr", 0xe0),
	REGISTER("svr", 0xf0), VECTORS("isr", 0x100), VECTORS("tmr", 0x180),
	VECTORS("irr", 0x200), REGISTER("esr", 0x280),
	REGISTER("lvt_cmci", 0x2f0), REGISTER("icr_low", 0x300),
	REGISTER("icr_high", 0x310), REGISTER("lvt_timer", 0x320),
	REGISTER("lvt_thermal", 0x330), REGISTER("lvt_pmc", 0x340),
	REGISTER("lvt_lint0", 0x350), REGISTER("lvt_lint1", 0x360),
	REGISTER("lvt_error", 0x370), REGISTER("initial_count", 0x380),
	{ "current_count", 0x390, 4, WHY_CLOCK },
	REGISTER("divide", 0x3e0),
};
LAYOUT(lapic, lapic_state, f_lapic);

static const struct leaf f_events[] = {
	F(vcpu_events, exception.injected), F(vcpu_events, exception.nr),
	F(vcpu_events, exception.has_error_code),
	F(vcpu_events, exception.pending),
	F(vcpu_events, exception.error_code),
	F(vcpu_events, interrupt.injected), F(vcpu_events, interrupt.nr),
	F(vcpu_events, interrupt.soft), F(vcpu_events, interrupt.shadow),
	F(vcpu_events, nmi.injected), F(vcpu_events, nmi.pending),
	F(vcpu_events, nmi.masked), F(vcpu_events, nmi.pad),
	F(vcpu_events, sipi_vector), F(vcpu_events, flags),
	F(vcpu_events, smi.smm), F(vcpu_events, smi.pending),
	F(vcpu_events, smi.smm_inside_nmi), F(vcpu_events, smi.latched_init),
	F(vcpu_events, triple_fault.pending), F(vcpu_events, reserved),
	F(vcpu_events, exception_has_payload),
	F(vcpu_events, exception_payload),
};
LAYOUT(events, vcpu_events, f_events);

static const struct leaf f_debugregs[] = {
	F(debugregs, db), F(debugregs, dr6), F(debugregs, dr7),
	F(debugregs, flags), F(debugregs, reserved),
};
LAYOUT(debugregs, debugregs, f_debugregs);

static const struct leaf f_xsave[] = {
	{ "fcw", 0, 2, NULL }, { "fsw", 2, 2, NULL }, { "ftw", 4, 2, NULL },
	{ "fop", 6, 2, NULL }, { "rip", 8, 8, NULL }, { "rdp", 16, 8, NULL },
	{ "mxcsr", 24, 4, NULL }, { "mxcsr_mask", 28, 4, NULL },
	{ "st", 32, 128, NULL }, { "xmm", 160, 256, NULL },
	{ "fxsave_rest", 416, 48, NULL },
	{ "software", 464, 48, NULL }, { "xstate_bv", 512, 8, NULL },
	{ "xcomp_bv", 520, 8, NULL }, { "header", 528, 48, NULL },
	{ "extended", 576, 3520, NULL },
};
LAYOUT(xsave, xsave, f_xsave);

static const struct leaf f_xcrs[] = {
	F(xcrs, nr_xcrs), F(xcrs, flags), F(xcrs, xcrs[0].xcr),
	F(xcrs, xcrs[0].reserved), F(xcrs, xcrs[0].value),
	F(xcrs, xcrs[1].xcr), F(xcrs, xcrs[1].reserved),
	F(xcrs, xcrs[1].value), F(xcrs, padding),
};
LAYOUT(xcrs, xcrs, f_xcrs);

static const struct leaf f_mp_state[] = { F(mp_state, mp_state) };
LAYOUT(mp_state, mp_state, f_mp_state);

#define REGION(T)							\
	F(T, slot), F(T, flags), F(T, guest_phys_addr),			\
	F(T, memory_size), F(T, userspace_addr)
static const struct leaf f_region[] = { REGION(userspace_memory_region) };
LAYOUT(region, userspace_memory_region, f_region);

static const struct leaf f_region2[] = {
	REGION(userspace_memory_region2),
	F(userspace_memory_region2, guest_memfd_offset),
	F(userspace_memory_region2, guest_memfd),
	F(userspace_memory_region2, pad1), F(userspace_memory_region2, pad2),
};
LAYOUT(region2, userspace_memory_region2, f_region2);

static const struct leaf f_dirty_log[] = {
	F(dirty_log, slot), F(dirty_log, padding1), F(dirty_log, padding2),
};
LAYOUT(dirty_log, dirty_log, f_dirty_log);

static const struct leaf f_clear_dirty[] = {
	F(clear_dirty_log, slot), F(clear_dirty_log, num_pages),
	F(clear_dirty_log, first_page), F(clear_dirty_log, padding2),
};
LAYOUT(clear_dirty, clear_dirty_log, f_clear_dirty);

static const struct leaf f_irq_level[] = {
	F(irq_level, irq), F(irq_level, level),
};
LAYOUT(irq_level, irq_level, f_irq_level);

static const struct leaf f_irqchip[] = {
	F(irqchip, chip_id), F(irqchip, pad), F(irqchip, chip.pic.last_irr),
	F(irqchip, chip.pic.irr), F(irqchip, chip.pic.imr),
	F(irqchip, chip.pic.isr), F(irqchip, chip.pic.priority_add),
	F(irqchip, chip.pic.irq_base), F(irqchip, chip.pic.read_reg_select),
	F(irqchip, chip.pic.poll), F(irqchip, chip.pic.special_mask),
	F(irqchip, chip.pic.init_state), F(irqchip, chip.pic.auto_eoi),
	F(irqchip, chip.pic.rotate_on_auto_eoi),
	F(irqchip, chip.pic.special_fully_nested_mode),
	F(irqchip, chip.pic.init4), F(irqchip, chip.pic.elcr),
	F(irqchip, chip.pic.elcr_mask), { "chip.rest", 24, 496, NULL },
};
LAYOUT(irqchip, irqchip, f_irqchip);

/* The same when chip_id says so. */
#define PIN(n) F(irqchip, chip.ioapic.redirtbl[n].bits)
#define PINS(n) PIN(n), PIN(n + 1), PIN(n + 2), PIN(n + 3)
static const struct leaf f_ioapic[] = {
	F(irqchip, chip_id), F(irqchip, pad),
	F(irqchip, chip.ioapic.base_address),
	F(irqchip, chip.ioapic.ioregsel), F(irqchip, chip.ioapic.id),
	F(irqchip, chip.ioapic.irr), F(irqchip, chip.ioapic.pad),
	PINS(0), PINS(4), PINS(8), PINS(12), PINS(16), PINS(20),
	{ "chip.rest", 224, 296, NULL },
};
LAYOUT(ioapic, irqchip, f_ioapic);

#define CHANNEL(T, n)							\
	F(T, channels[n].count), F(T, channels[n].latched_count),	\
	F(T, channels[n].count_latched), F(T, channels[n].status_latched), \
	F(T, channels[n].status), F(T, channels[n].read_state),		\
	F(T, channels[n].write_state), F(T, channels[n].write_latch),	\
	F(T, channels[n].rw_mode), F(T, channels[n].mode),		\
	F(T, channels[n].bcd), F(T, channels[n].gate),			\
	V(T, channels[n].count_load_time, WHY_LOADED)
static const struct leaf f_pit[] = {
	CHANNEL(pit_state, 0), CHANNEL(pit_state, 1), CHANNEL(pit_state, 2),
};
LAYOUT(pit, pit_state, f_pit);

static const struct leaf f_pit2[] = {
	CHANNEL(pit_state2, 0), CHANNEL(pit_state2, 1),
	CHANNEL(pit_state2, 2), F(pit_state2, flags), F(pit_state2, reserved),
};
LAYOUT(pit2, pit_state2, f_pit2);

static const struct leaf f_pit_config[] = {
	F(pit_config, flags), F(pit_config, pad),
};
LAYOUT(pit_config, pit_config, f_pit_config);

static const struct leaf f_reinject[] = {
	F(reinject_control, pit_reinject), F(reinject_control, reserved),
};
LAYOUT(reinject, reinject_control, f_reinject);

static const struct leaf f_zone[] = {
	F(coalesced_mmio_zone, addr), F(coalesced_mmio_zone, size),
	F(coalesced_mmio_zone, pio),
};
LAYOUT(zone, coalesced_mmio_zone, f_zone);

static const struct leaf f_routing[] = {
	F(irq_routing, nr), F(irq_routing, flags),
};
static const struct leaf t_routing[] = {
	F(irq_routing_entry, gsi), F(irq_routing_entry, type),
	F(irq_routing_entry, flags), F(irq_routing_entry, pad),
	{ "u[0]", 16, 4, NULL }, { "u[1]", 20, 4, NULL },
	{ "u[2]", 24, 4, NULL }, { "u[3]", 28, 4, NULL },
	{ "u", 32, 16, NULL },
};
LAYOUT_TAIL(routing, irq_routing, f_routing, entries,
	    sizeof(struct nacre_irq_routing_entry), t_routing);

static const struct leaf f_irqfd[] = {
	F(irqfd, fd), F(irqfd, gsi), F(irqfd, flags), F(irqfd, resamplefd),
	F(irqfd, pad),
};
LAYOUT(irqfd, irqfd, f_irqfd);

static const struct leaf f_ioeventfd[] = {
	F(ioeventfd, datamatch), F(ioeventfd, addr), F(ioeventfd, len),
	F(ioeventfd, fd), F(ioeventfd, flags), F(ioeventfd, pad),
};
LAYOUT(ioeventfd, ioeventfd, f_ioeventfd);

static const struct leaf f_clock[] = {
	V(clock_data, clock, WHY_CLOCK), F(clock_data, flags),
	F(clock_data, pad0), V(clock_data, realtime, WHY_CLOCK),
	V(clock_data, host_tsc, WHY_CLOCK), F(clock_data, pad),
};
LAYOUT(clock, clock_data, f_clock);

static const struct leaf f_msi[] = {
	F(msi, address_lo), F(msi, address_hi), F(msi, data), F(msi, flags),
	F(msi, devid), F(msi, pad),
};
LAYOUT(msi, msi, f_msi);

static const struct leaf f_enable_cap[] = {
	F(enable_cap, cap), F(enable_cap, flags), F(enable_cap, args),
	F(enable_cap, pad),
};
LAYOUT(enable_cap, enable_cap, f_enable_cap);

static const struct leaf f_device[] = {
	F(create_device, type),
	V(create_device, fd, "a descriptor's number"),
	F(create_device, flags),
};
LAYOUT(device, create_device, f_device);

static const struct leaf f_attr[] = {
	F(device_attr, flags), F(device_attr, group), F(device_attr, attr),
	F(device_attr, addr),
};
LAYOUT(attr, device_attr, f_attr);

static const struct leaf f_msr_filter[] = {
	F(msr_filter, flags), F(msr_filter, ranges[0].flags),
	F(msr_filter, ranges[0].nmsrs), F(msr_filter, ranges[0].base),
	F(msr_filter, ranges[0].bitmap), F(msr_filter, ranges[1].flags),
	F(msr_filter, ranges[1].nmsrs), F(msr_filter, ranges[1].base),
	F(msr_filter, ranges[1].bitmap), F(msr_filter, ranges[15].flags),
	F(msr_filter, ranges[15].nmsrs), F(msr_filter, ranges[15].bitmap),
};
LAYOUT(msr_filter, msr_filter, f_msr_filter);

static const struct leaf f_translation[] = {
	F(translation, linear_address), F(translation, physical_address),
	F(translation, valid), F(translation, writeable),
	F(translation, usermode), F(translation, pad),
};
LAYOUT(translation, translation, f_translation);

static const struct leaf f_interrupt[] = { F(interrupt, irq) };
LAYOUT(interrupt, interrupt, f_interrupt);

static const struct leaf f_sigmask[] = {
	F(signal_mask, len), { "sigset", 4, 8, NULL },
};
LAYOUT(sigmask, signal_mask, f_sigmask);

static const struct leaf f_tpr[] = {
	F(tpr_access_ctl, enabled), F(tpr_access_ctl, flags),
	F(tpr_access_ctl, reserved),
};
LAYOUT(tpr, tpr_access_ctl, f_tpr);

static const struct leaf f_vapic[] = { F(vapic_addr, vapic_addr) };
LAYOUT(vapic, vapic_addr, f_vapic);

static const struct leaf f_debug[] = {
	F(guest_debug, control), F(guest_debug, pad),
	F(guest_debug, arch.debugreg[0]), F(guest_debug, arch.debugreg[1]),
	F(guest_debug, arch.debugreg[2]), F(guest_debug, arch.debugreg[3]),
	F(guest_debug, arch.debugreg[4]), F(guest_debug, arch.debugreg[5]),
	F(guest_debug, arch.debugreg[6]), F(guest_debug, arch.debugreg[7]),
};
LAYOUT(debug, guest_debug, f_debug);

static const struct leaf f_mce[] = {
	F(x86_mce, status), F(x86_mce, addr), F(x86_mce, misc),
	F(x86_mce, mcg_status), F(x86_mce, bank), F(x86_mce, pad1),
	F(x86_mce, pad2),
};
LAYOUT(mce, x86_mce, f_mce);

static const struct leaf f_u64[] = { { "value", 0, 8, NULL } };
const struct layout lay_u64 = {
	.name = "u64", .size = 8, .leaf = f_u64, .nr = 1,
};

static const struct leaf f_pmu_filter[] = {
	F(pmu_event_filter, action), F(pmu_event_filter, nevents),
	F(pmu_event_filter, fixed_counter_bitmap), F(pmu_event_filter, flags),
	F(pmu_event_filter, pad),
};
static const struct leaf t_u64[] = { { "", 0, 8, NULL } };
LAYOUT_TAIL(pmu_filter, pmu_event_filter, f_pmu_filter, events, 8, t_u64);

static const struct leaf f_nested[] = {
	{ "flags", 0, 2, NULL }, { "format", 2, 2, NULL },
	{ "size", 4, 4, NULL }, { "hdr", 8, 120, NULL },
	{ "data", 128, 4096, NULL },
};
LAYOUT(nested, nested_state, f_nested);

static const struct leaf f_memattr[] = {
	F(memory_attributes, address), F(memory_attributes, size),
	F(memory_attributes, attributes), F(memory_attributes, flags),
};
LAYOUT(memattr, memory_attributes, f_memattr);

static const struct leaf f_memfd[] = {
	F(create_guest_memfd, size), F(create_guest_memfd, flags),
	F(create_guest_memfd, reserved),
};
LAYOUT(memfd, create_guest_memfd, f_memfd);

static const struct leaf f_prefault[] = {
	F(pre_fault_memory, gpa), F(pre_fault_memory, size),
	F(pre_fault_memory, flags), F(pre_fault_memory, padding),
};
LAYOUT(prefault, pre_fault_memory, f_prefault);

static const struct leaf f_onereg[] = {
	{ "id", 0, 8, NULL }, { "addr", 8, 8, NULL },
};
const struct layout lay_onereg = {
	.name = "onereg", .size = 16, .leaf = f_onereg, .nr = 2,
};

/* What run_view.c makes of the shared page after NACRE_RUN. */
#define SYNC_REGS 136
#define SYNC_SREGS 280
#define SYNC_EVENTS 592
static const struct leaf f_run[] = {
	{ "exit_reason", 0, 4, NULL },
	{ "ready_for_interrupt_injection", 4, 1, NULL },
	{ "if_flag", 5, 1, NULL }, { "flags", 6, 2, NULL },
	{ "cr8", 8, 8, NULL }, { "apic_base", 16, 8, NULL },
	{ "exit.low", 24, 4, NULL }, { "exit.high", 28, 4, NULL },
	{ "exit[1]", 32, 8, NULL },
	{ "exit[2]", 40, 8, NULL }, { "exit[3..]", 48, 48, NULL },
	{ "pio_data", 96, 32, NULL }, { "memory", 128, 8, NULL },
	{ "sync.regs", SYNC_REGS, 144, NULL },
	{ "sync.sregs", SYNC_SREGS, 312, NULL },
	{ "sync.events", SYNC_EVENTS, 64, NULL },
};
const struct layout lay_run = {
	.name = "run", .size = 656, .leaf = f_run, .nr = ARRAY_SIZE(f_run),
};

/* An ioctl whose struct nacre does not define: a row of words. */
static const struct leaf f_words[] = { { "words", 0, 4096, NULL } };
const struct layout lay_words = {
	.name = "words", .size = 64, .leaf = f_words, .nr = 1,
};

static const struct leaf *find(const struct leaf *l, size_t nr, size_t off)
{
	for (size_t i = 0; i < nr; i++)
		if (off >= l[i].off && off < (size_t)l[i].off + l[i].size)
			return &l[i];
	return NULL;
}

const struct leaf *leaf_at(const struct layout *l, size_t off, long *element)
{
	*element = -1;
	if (off < l->size || !l->tail_size)
		return find(l->leaf, l->nr, off);
	*element = (off - l->size) / l->tail_size;
	return find(l->tail, l->tail_nr, (off - l->size) % l->tail_size);
}

/* The structs that are part of lay_run have field names of their own. */
static const struct part {
	size_t from;
	const char *name;
	const struct layout *layout;
} sync_parts[] = {
	{ SYNC_EVENTS, "sync.events", &lay_events },
	{ SYNC_SREGS, "sync.sregs", &lay_sregs },
	{ SYNC_REGS, "sync.regs", &lay_regs },
};

static const struct part *part_at(const struct layout *l, size_t off)
{
	if (l != &lay_run)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(sync_parts); i++)
		if (off >= sync_parts[i].from)
			return &sync_parts[i];
	return NULL;
}

void leaf_name(const struct layout *l, size_t off, char *to, size_t room)
{
	const struct part *part = part_at(l, off);
	const struct leaf *f;
	char inner[64];
	long i = -1;

	f = l ? leaf_at(l, off, &i) : NULL;
	if (part) {
		leaf_name(part->layout, off - part->from, inner,
			  sizeof(inner));
		snprintf(to, room, "%s.%s", part->name, inner);
	} else if (i >= 0) {
		snprintf(to, room, "%s[%ld]%s%s", l->tail_name, i,
			 f && *f->name ? "." : "", f ? f->name : "");
	} else if (f) {
		snprintf(to, room, "%s", f->name);
	} else {
		snprintf(to, room, "byte %zu", off);
	}
}

void leaf_span(const struct layout *l, size_t off, size_t *from, size_t *size)
{
	const struct part *part = part_at(l, off);
	const struct leaf *f;
	long i;

	*from = off;
	*size = 1;
	if (part) {
		leaf_span(part->layout, off - part->from, from, size);
		*from += part->from;
		return;
	}
	f = l ? leaf_at(l, off, &i) : NULL;
	if (!f)
		return;
	*from = f->off + (i < 0 ? 0 : l->size + i * l->tail_size);
	*size = f->size;
}

const struct leaf *leaf_named(const struct layout *l, const char *name)
{
	for (size_t i = 0; l && i < l->nr; i++)
		if (!strcmp(l->leaf[i].name, name))
			return &l->leaf[i];
	return NULL;
}

bool span_named(const struct layout *l, const char *name, size_t *from,
		size_t *size)
{
	const struct leaf *f = leaf_named(l, name);
	const struct part *p;
	size_t n;

	for (size_t i = 0; l == &lay_run && i < ARRAY_SIZE(sync_parts); i++) {
		p = &sync_parts[i];
		n = strlen(p->name);
		if (strncmp(name, p->name, n) || name[n] != '.')
			continue;
		if (!span_named(p->layout, name + n + 1, from, size))
			return false;
		*from += p->from;
		return true;
	}
	if (!f)
		return false;
	*from = f->off;
	*size = f->size;
	return true;
}

static void put(uint8_t *at, uint64_t value, size_t size)
{
	memcpy(at, &value, size);
}

/* One piece of a leaf becomes something else. */
static void mutate_leaf(struct rng *r, const struct leaf *f, uint8_t *at)
{
	size_t size = f->size >= 8 ? 8 : f->size >= 4 ? 4 :
		      f->size >= 2 ? 2 : 1;
	size_t off = rng_below(r, f->size / size) * size;
	uint64_t v = 0;

	memcpy(&v, at + off, size);
	switch (rng_below(r, 6)) {
	case 0:
		v ^= 1ULL << rng_below(r, size * 8);
		break;
	case 1:
		v += rng_chance(r, 50) ? 1 : -1;
		break;
	case 2:
		v = 0;
		break;
	default:
		v = rng_edge(r);
	}
	put(at + off, v, size);
}

void mutate(struct rng *r, const struct layout *l, uint8_t *buf, size_t len)
{
	size_t tails = l->tail_size && len > l->size ?
		       (len - l->size) / l->tail_size : 0;
	const struct leaf *f;
	size_t base = 0;

	if (tails && rng_chance(r, 70)) {
		f = &l->tail[rng_below(r, l->tail_nr)];
		base = l->size + rng_below(r, tails) * l->tail_size;
	} else {
		f = &l->leaf[rng_below(r, l->nr)];
	}
	if (base + f->off + f->size <= len)
		mutate_leaf(r, f, buf + base + f->off);
	else if (base + f->off < len && len >= 8)
		put(buf + len - 8, rng_edge(r), 8);
}

/* MSRs whose value is a time. */
static bool msr_varies(uint32_t index)
{
	static const uint32_t msrs[] = {
		0x10,			/* TSC */
		0xe7, 0xe8,		/* MPERF, APERF */
		0x40000020, 0x40000023,	/* Hyper-V reference counters */
	};

	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++)
		if (msrs[i] == index)
			return true;
	return false;
}

/* The number of an event that is not there means nothing. */
void normalise_events(struct nacre_vcpu_events *e)
{
	if (!e->exception.injected && !e->exception.pending) {
		e->exception.nr = 0;
		e->exception.has_error_code = 0;
		e->exception.error_code = 0;
		e->exception_has_payload = 0;
		e->exception_payload = 0;
	}
	if (!e->exception_has_payload)
		e->exception_payload = 0;
	if (!e->interrupt.injected) {
		e->interrupt.nr = 0;
		e->interrupt.soft = 0;
	}
}

void normalise(const struct layout *l, uint8_t *buf, size_t len)
{
	struct nacre_msr_entry e;

	if (l == &lay_events && len >= sizeof(struct nacre_vcpu_events))
		normalise_events((void *)buf);

	for (size_t i = 0; i < l->nr; i++) {
		const struct leaf *f = &l->leaf[i];

		if (f->varies && (size_t)f->off + f->size <= len)
			memset(buf + f->off, 0, f->size);
	}
	if (l != &lay_msrs)
		return;
	for (size_t off = l->size; off + sizeof(e) <= len; off += sizeof(e)) {
		memcpy(&e, buf + off, sizeof(e));
		if (!msr_varies(e.index))
			continue;
		e.data = 0;
		memcpy(buf + off, &e, sizeof(e));
	}
}

void list_normalisations(FILE *to)
{
	static const struct layout *const all[] = {
		&lay_lapic, &lay_pit, &lay_pit2, &lay_clock, &lay_device,
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t j = 0; j < all[i]->nr; j++)
			if (all[i]->leaf[j].varies)
				fprintf(to, "%s.%s: %s\n", all[i]->name,
					all[i]->leaf[j].name,
					all[i]->leaf[j].varies);
	fputs("msrs: TSC, MPERF, APERF and Hyper-V counters: count time\n"
	      "a returned descriptor reads as 0: its number means nothing\n"
	      "GET_TSC_KHZ's value: calibrated anew at each boot\n"
	      "msrs behind the count that GET_MSRS returns: not answered for\n"
	      "events: the number of one that is neither injected nor pending\n"
	      "run.fail_entry.cpu: the processor it happened on\n"
	      "registers after a failed entry, and the calls that follow it\n"
	      "after EFAULT the buffer is not compared: how far a copy got\n"
	      "  before the fault depends on its granularity\n"
	      "after a run that the time limit ended on both sides, the rest\n"
	      "  of the sequence is not compared: where the guest was varies\n",
	      to);
}
