// SPDX-License-Identifier: GPL-2.0
/* Every ioctl of the ABI on x86, its class and how to make its argument. */
#include <errno.h>
#include <string.h>

#include "abi_diff.h"
#include "make.h"

const char *const fd_names[FD_KINDS] = { "system", "vm", "vcpu" };

int unknown_errno(enum fd_kind fd)
{
	return fd == FD_VM ? ENOTTY : EINVAL;
}

#define SYS (1 << FD_SYSTEM)
#define VM (1 << FD_VM)
#define CPU (1 << FD_VCPU)

/* Ioctls of KVM that nacre.h has no name for, by number and size. */
#define NACRE_XEN_HVM_CONFIG _IOC(_IOC_WRITE, NACREIO, 0x7a, 56)
#define NACRE_XEN_HVM_GET_ATTR _IOC(_IOC_READ | _IOC_WRITE, NACREIO, 0xc8, 72)
#define NACRE_XEN_HVM_SET_ATTR _IOC(_IOC_WRITE, NACREIO, 0xc9, 72)
#define NACRE_XEN_VCPU_GET_ATTR _IOC(_IOC_READ | _IOC_WRITE, NACREIO, 0xca, 72)
#define NACRE_XEN_VCPU_SET_ATTR _IOC(_IOC_WRITE, NACREIO, 0xcb, 72)
#define NACRE_XEN_HVM_EVTCHN_SEND _IOC(_IOC_WRITE, NACREIO, 0xd0, 12)
#define NACRE_HYPERV_EVENTFD _IOC(_IOC_WRITE, NACREIO, 0xbd, 24)
#define NACRE_MEMORY_ENCRYPT_OP _IOC(_IOC_READ | _IOC_WRITE, NACREIO, 0xba, 8)
#define NACRE_MEMORY_ENCRYPT_REG _IOC(_IOC_READ, NACREIO, 0xbb, 16)
#define NACRE_MEMORY_ENCRYPT_UNREG _IOC(_IOC_READ, NACREIO, 0xbc, 16)
#define NACRE_GET_ONE_REG _IOC(_IOC_WRITE, NACREIO, 0xab, 16)
#define NACRE_SET_ONE_REG _IOC(_IOC_WRITE, NACREIO, 0xac, 16)

#define ROW(name, fds, group, weight, layout, make, flags)		\
	{ #name, NACRE_##name, layout, make, fds, group, weight, flags }
#define PLAIN(name, fds, group, weight, make, flags)			\
	ROW(name, fds, group, weight, NULL, make, (flags) | CALL_VALUE)
#define GET(name, fds, group, weight, lay)				\
	ROW(name, fds, group, weight, &lay_##lay, make_out, CALL_OUT)
#define SET(name, fds, group, weight, lay, make)			\
	ROW(name, fds, group, weight, &lay_##lay, make, 0)
#define PURE(name, fds, group, weight, lay, make)			\
	ROW(name, fds, group, weight, &lay_##lay, make, CALL_PURE)

const struct ioctl_desc ioctl_descs[] = {
	PLAIN(GET_API_VERSION, SYS, GROUP_SYSTEM, 2, make_none, CALL_PURE),
	PLAIN(CREATE_VM, SYS, GROUP_SYSTEM, 1, make_small, CALL_FD),
	PURE(GET_MSR_INDEX_LIST, SYS, GROUP_SYSTEM, 4, msr_list, make_list),
	PURE(GET_MSR_FEATURE_INDEX_LIST, SYS, GROUP_SYSTEM, 4, msr_list,
	     make_list),
	PLAIN(CHECK_EXTENSION, SYS | VM, GROUP_SYSTEM | GROUP_MEMORY, 12,
	      make_extension, CALL_PURE),
	PLAIN(GET_VCPU_MMAP_SIZE, SYS, GROUP_SYSTEM, 2, make_none, CALL_PURE),
	PURE(GET_SUPPORTED_CPUID, SYS, GROUP_SYSTEM, 4, cpuid2,
	     make_cpuid_out),
	PURE(GET_EMULATED_CPUID, SYS, GROUP_SYSTEM, 3, cpuid2,
	     make_cpuid_out),
	PURE(GET_SUPPORTED_HV_CPUID, SYS | CPU, GROUP_SYSTEM | GROUP_RARE, 1,
	     cpuid2, make_cpuid_out),
	ROW(X86_GET_MCE_CAP_SUPPORTED, SYS, GROUP_SYSTEM, 2, &lay_u64,
	    make_out, CALL_OUT | CALL_PURE),

	PLAIN(CREATE_VCPU, VM, GROUP_MEMORY, 2, make_vcpu_id, CALL_FD),
	SET(GET_DIRTY_LOG, VM, GROUP_MEMORY, 5, dirty_log, make_dirty_log),
	SET(CLEAR_DIRTY_LOG, VM, GROUP_MEMORY, 3, clear_dirty,
	    make_clear_dirty),
	PLAIN(SET_NR_MMU_PAGES, VM, GROUP_MEMORY, 1, make_small, 0),
	PLAIN(GET_NR_MMU_PAGES, VM, GROUP_MEMORY, 1, make_none, 0),
	SET(SET_USER_MEMORY_REGION, VM, GROUP_MEMORY, 14, region, make_region),
	SET(SET_USER_MEMORY_REGION2, VM, GROUP_MEMORY, 4, region2,
	    make_region2),
	PLAIN(SET_TSS_ADDR, VM, GROUP_MEMORY, 2, make_gpa, 0),
	SET(SET_IDENTITY_MAP_ADDR, VM, GROUP_MEMORY, 2, u64, make_gpa_at),
	SET(SET_MEMORY_ATTRIBUTES, VM, GROUP_MEMORY, 1, memattr, make_words),
	ROW(CREATE_GUEST_MEMFD, VM, GROUP_MEMORY, 1, &lay_memfd, make_words,
	    CALL_FD),
	PLAIN(RESET_DIRTY_RINGS, VM, GROUP_MEMORY, 1, make_none, 0),
	SET(PRE_FAULT_MEMORY, CPU, GROUP_MEMORY, 2, prefault, make_prefault),

	PLAIN(CREATE_IRQCHIP, VM, GROUP_IRQ, 2, make_none, 0),
	SET(IRQ_LINE, VM, GROUP_IRQ, 5, irq_level, make_irq_level),
	SET(IRQ_LINE_STATUS, VM, GROUP_IRQ, 4, irq_level, make_irq_level),
	SET(GET_IRQCHIP, VM, GROUP_IRQ, 4, irqchip, make_irqchip_out),
	SET(SET_IRQCHIP, VM, GROUP_IRQ, 4, irqchip, make_irqchip),
	SET(SET_GSI_ROUTING, VM, GROUP_IRQ, 4, routing, make_routing),
	SET(IRQFD, VM, GROUP_IRQ, 4, irqfd, make_irqfd),
	SET(IOEVENTFD, VM, GROUP_IRQ, 5, ioeventfd, make_ioeventfd),
	SET(REGISTER_COALESCED_MMIO, VM, GROUP_IRQ, 3, zone, make_zone),
	SET(UNREGISTER_COALESCED_MMIO, VM, GROUP_IRQ, 3, zone, make_zone),
	PLAIN(SET_BOOT_CPU_ID, VM, GROUP_IRQ, 1, make_small, 0),
	SET(SIGNAL_MSI, VM, GROUP_IRQ, 3, msi, make_msi),

	PLAIN(CREATE_PIT, VM, GROUP_TIME, 1, make_none, 0),
	SET(CREATE_PIT2, VM, GROUP_TIME, 2, pit_config, make_pit_config),
	GET(GET_PIT, VM, GROUP_TIME, 2, pit),
	SET(SET_PIT, VM, GROUP_TIME, 1, pit, make_pit),
	GET(GET_PIT2, VM, GROUP_TIME, 3, pit2),
	SET(SET_PIT2, VM, GROUP_TIME, 2, pit2, make_pit),
	SET(REINJECT_CONTROL, VM, GROUP_TIME, 2, reinject, make_words),
	SET(SET_CLOCK, VM, GROUP_TIME, 3, clock, make_clock),
	GET(GET_CLOCK, VM, GROUP_TIME, 3, clock),
	PLAIN(SET_TSC_KHZ, VM | CPU, GROUP_TIME, 2, make_khz, 0),
	PLAIN(GET_TSC_KHZ, VM | CPU, GROUP_TIME, 2, make_none,
	      CALL_RET_VARIES),
	PLAIN(KVMCLOCK_CTRL, CPU, GROUP_TIME, 2, make_none, 0),

	SET(ENABLE_CAP, VM | CPU, GROUP_MEMORY | GROUP_IRQ, 8, enable_cap,
	    make_enable_cap),
	SET(X86_SET_MSR_FILTER, VM, GROUP_STATE, 2, msr_filter,
	    make_msr_filter),
	SET(SET_PMU_EVENT_FILTER, VM, GROUP_RARE, 2, pmu_filter,
	    make_pmu_filter),
	ROW(CREATE_DEVICE, VM, GROUP_RARE, 3, &lay_device, make_device, 0),
	SET(HAS_DEVICE_ATTR, SYS | CPU | VM, GROUP_RARE | GROUP_SYSTEM, 2,
	    attr, make_attr),
	SET(GET_DEVICE_ATTR, SYS | CPU | VM, GROUP_RARE | GROUP_SYSTEM, 2,
	    attr, make_attr),
	SET(SET_DEVICE_ATTR, SYS | CPU | VM, GROUP_RARE, 1, attr, make_attr),
	PLAIN(GET_STATS_FD, VM | CPU, GROUP_RARE, 2, make_none, CALL_FD),
	SET(XEN_HVM_CONFIG, VM, GROUP_RARE, 1, words, make_words),
	SET(XEN_HVM_GET_ATTR, VM, GROUP_RARE, 1, words, make_words),
	SET(XEN_HVM_SET_ATTR, VM, GROUP_RARE, 1, words, make_words),
	SET(XEN_HVM_EVTCHN_SEND, VM, GROUP_RARE, 1, words, make_words),
	SET(XEN_VCPU_GET_ATTR, CPU, GROUP_RARE, 1, words, make_words),
	SET(XEN_VCPU_SET_ATTR, CPU, GROUP_RARE, 1, words, make_words),
	SET(HYPERV_EVENTFD, VM, GROUP_RARE, 1, words, make_words),
	SET(MEMORY_ENCRYPT_OP, VM, GROUP_RARE, 1, words, make_words),
	SET(MEMORY_ENCRYPT_REG, VM, GROUP_RARE, 1, words, make_words),
	SET(MEMORY_ENCRYPT_UNREG, VM, GROUP_RARE, 1, words, make_words),
	SET(GET_ONE_REG, CPU, GROUP_RARE, 1, onereg, make_words),
	SET(SET_ONE_REG, CPU, GROUP_RARE, 1, onereg, make_words),

	ROW(RUN, CPU, GROUP_RUN, 60, &lay_run, make_run, CALL_VALUE),
	GET(GET_REGS, CPU, GROUP_STATE, 10, regs),
	SET(SET_REGS, CPU, GROUP_STATE | GROUP_RUN, 14, regs, make_set_regs),
	GET(GET_SREGS, CPU, GROUP_STATE, 10, sregs),
	SET(SET_SREGS, CPU, GROUP_STATE, 12, sregs, make_set_sregs),
	GET(GET_SREGS2, CPU, GROUP_STATE, 5, sregs2),
	SET(SET_SREGS2, CPU, GROUP_STATE, 6, sregs2, make_set_sregs2),
	PURE(TRANSLATE, CPU, GROUP_STATE, 5, translation, make_translate),
	SET(INTERRUPT, CPU, GROUP_STATE, 3, interrupt, make_interrupt),
	SET(GET_MSRS, CPU | SYS, GROUP_STATE | GROUP_SYSTEM, 12, msrs,
	    make_msrs),
	SET(SET_MSRS, CPU, GROUP_STATE, 12, msrs, make_msrs),
	SET(SET_CPUID, CPU, GROUP_STATE, 2, cpuid, make_set_cpuid),
	SET(SET_CPUID2, CPU, GROUP_STATE, 6, cpuid2, make_set_cpuid2),
	SET(GET_CPUID2, CPU, GROUP_STATE, 4, cpuid2, make_cpuid_out),
	SET(SET_SIGNAL_MASK, CPU, GROUP_STATE, 2, sigmask, make_sigmask),
	GET(GET_FPU, CPU, GROUP_STATE, 4, fpu),
	SET(SET_FPU, CPU, GROUP_STATE, 4, fpu, make_set_fpu),
	GET(GET_LAPIC, CPU, GROUP_STATE | GROUP_IRQ, 4, lapic),
	SET(SET_LAPIC, CPU, GROUP_STATE | GROUP_IRQ, 3, lapic, make_set_lapic),
	SET(TPR_ACCESS_REPORTING, CPU, GROUP_IRQ, 2, tpr, make_tpr),
	SET(SET_VAPIC_ADDR, CPU, GROUP_IRQ, 2, vapic, make_gpa_at),
	GET(GET_MP_STATE, CPU, GROUP_STATE, 5, mp_state),
	SET(SET_MP_STATE, CPU, GROUP_STATE, 5, mp_state, make_mp_state),
	PLAIN(NMI, CPU, GROUP_STATE, 4, make_none, 0),
	PLAIN(SMI, CPU, GROUP_RARE, 1, make_none, 0),
	SET(SET_GUEST_DEBUG, CPU, GROUP_STATE, 4, debug, make_guest_debug),
	SET(X86_SETUP_MCE, CPU, GROUP_STATE, 2, u64, make_mcg_cap),
	SET(X86_SET_MCE, CPU, GROUP_STATE, 2, mce, make_mce),
	GET(GET_VCPU_EVENTS, CPU, GROUP_STATE, 8, events),
	SET(SET_VCPU_EVENTS, CPU, GROUP_STATE, 9, events, make_events),
	GET(GET_DEBUGREGS, CPU, GROUP_STATE, 5, debugregs),
	SET(SET_DEBUGREGS, CPU, GROUP_STATE, 5, debugregs, make_debugregs),
	GET(GET_XSAVE, CPU, GROUP_STATE, 3, xsave),
	SET(SET_XSAVE, CPU, GROUP_STATE, 4, xsave, make_set_xsave),
	GET(GET_XSAVE2, CPU, GROUP_STATE, 2, xsave),
	GET(GET_XCRS, CPU, GROUP_STATE, 4, xcrs),
	SET(SET_XCRS, CPU, GROUP_STATE, 4, xcrs, make_set_xcrs),
	SET(GET_NESTED_STATE, CPU, GROUP_RARE, 2, nested, make_nested),
	SET(SET_NESTED_STATE, CPU, GROUP_RARE, 1, nested, make_nested),
};
const size_t nr_ioctl_descs = ARRAY_SIZE(ioctl_descs);

const struct ioctl_desc *desc_of(enum fd_kind fd, unsigned long cmd)
{
	for (size_t i = 0; i < nr_ioctl_descs; i++)
		if (ioctl_descs[i].cmd == (uint32_t)cmd &&
		    ioctl_descs[i].fds & (1 << fd))
			return &ioctl_descs[i];
	return NULL;
}

const struct ioctl_desc *desc_named(const char *name)
{
	for (size_t i = 0; i < nr_ioctl_descs; i++)
		if (!strcmp(ioctl_descs[i].name, name))
			return &ioctl_descs[i];
	return NULL;
}

/* A 32-bit word of the input; what is not given reads as the filling. */
static uint32_t word_at(const struct call *c, size_t off)
{
	uint8_t bytes[4];

	for (size_t i = 0; i < 4; i++)
		bytes[i] = off + i < c->len ? c->buf[off + i] : 0xa5;
	return *(uint32_t *)bytes;
}

const struct layout *call_layout(const struct call *c)
{
	const struct layout *l = c->desc ? c->desc->layout : NULL;

	if (l == &lay_irqchip && !c->feed &&
	    word_at(c, 0) == NACRE_IRQCHIP_IOAPIC)
		return &lay_ioapic;
	return l;
}

size_t call_room(const struct call *c)
{
	const struct layout *l = c->desc ? c->desc->layout : NULL;
	uint64_t room;

	if (!l)
		return _IOC_SIZE(c->cmd) > c->len ? _IOC_SIZE(c->cmd) : c->len;
	if (l == &lay_nested)
		room = word_at(c, 4);
	else
		room = l->size + (uint64_t)l->tail_size *
		       word_at(c, l == &lay_pmu_filter ? 4 : 0);
	if (l == &lay_xsave)
		room = sizeof(struct nacre_xsave);
	if (room < c->len)
		room = c->len;
	if (room < l->size)
		room = l->size;
	return room > MAX_BUF - 64 ? MAX_BUF - 64 : room;
}
