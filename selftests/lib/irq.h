/* SPDX-License-Identifier: GPL-2.0 */
/* Routes, messages and eventfds, for the host's side of a test. */
#ifndef SELFTESTS_IRQ_H
#define SELFTESTS_IRQ_H

#ifndef GUEST_BITS
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include "lib/apic.h"

/* What a device would write to interrupt the processor @dest. */
#define MSI_ADDRESS(dest) (0xfee00000u | (dest) << 12)
#define MSI_LOGICAL (1u << 2)
#define MSI_LOWEST (1u << 8)
#define MSI_LEVEL (1u << 15)
#define MSI_NMI (4u << 8)

static inline struct nacre_irq_routing_entry to_pin(u32 gsi, u32 chip, u32 pin)
{
	return (struct nacre_irq_routing_entry) {
		.gsi = gsi, .type = NACRE_IRQ_ROUTING_IRQCHIP,
		.u.irqchip = { .irqchip = chip, .pin = pin },
	};
}

static inline struct nacre_irq_routing_entry to_msi(u32 gsi, u32 address,
						    u32 data)
{
	return (struct nacre_irq_routing_entry) {
		.gsi = gsi, .type = NACRE_IRQ_ROUTING_MSI,
		.u.msi = { .address_lo = address, .data = data },
	};
}

static inline int raw_set_routes(struct vm *vm, u32 nr,
				 const struct nacre_irq_routing_entry *entries)
{
	size_t size = nr * sizeof(*entries);
	struct nacre_irq_routing *table = calloc(1, sizeof(*table) + size);
	int ret, error;

	table->nr = nr;
	if (nr)
		memcpy(table->entries, entries, size);
	ret = ioctl(vm->fd, NACRE_SET_GSI_ROUTING, table);
	error = errno;
	free(table);
	errno = error;
	return ret;
}

/* A table with these routes and no others. */
#define routes(vm, ...)							\
({									\
	const struct nacre_irq_routing_entry _e[] = { __VA_ARGS__ };	\
									\
	raw_set_routes(vm, sizeof(_e) / sizeof(*_e), _e);		\
})

static inline int signal_msi(struct vm *vm, u32 address, u32 data)
{
	struct nacre_msi msi = { .address_lo = address, .data = data };

	return ioctl(vm->fd, NACRE_SIGNAL_MSI, &msi);
}

/* The host's hand on a vCPU's APIC that no guest has enabled. */
static inline void lapic_on(struct vcpu *vcpu)
{
	struct nacre_lapic_state lapic;

	get_lapic(vcpu, &lapic);
	*lapic_reg(&lapic, APIC_SVR) |= APIC_SVR_ENABLE;
	set_lapic(vcpu, &lapic);
}

static inline bool lapic_bit(struct vcpu *vcpu, u32 reg, u8 vector)
{
	struct nacre_lapic_state lapic;

	get_lapic(vcpu, &lapic);
	return *lapic_reg(&lapic, reg + vector / 32 * 16) >> vector % 32 & 1;
}

static inline void set_redirection(struct vm *vm, u32 pin, u64 bits)
{
	struct nacre_irqchip chip = { .chip_id = NACRE_IRQCHIP_IOAPIC };

	CHECK(ioctl(vm->fd, NACRE_GET_IRQCHIP, &chip) == 0);
	chip.chip.ioapic.redirtbl[pin].bits = bits;
	CHECK(ioctl(vm->fd, NACRE_SET_IRQCHIP, &chip) == 0);
}

static inline int raw_enable_cap(struct vm *vm, u32 cap, u64 arg)
{
	struct nacre_enable_cap enable = { .cap = cap, .args = { arg } };

	return ioctl(vm->fd, NACRE_ENABLE_CAP, &enable);
}

static inline int event_new(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static inline void event_signal(int fd)
{
	CHECK(eventfd_write(fd, 1) == 0);
}

/* How often it was signalled since the last time. */
static inline u64 event_count(int fd)
{
	eventfd_t count;

	return eventfd_read(fd, &count) ? 0 : count;
}
#endif

#endif
