// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * Eventfds that the module signals and waits for. It takes its table of routes
 * whole, so the messages are kept here, behind the pins' own routes.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "internal.h"

/* Pins of the PICs, which are the first of the IOAPIC's as well. */
#define PIC_PINS 16

int nacre_vm_ioeventfd(struct nacre_vm *vm, uint64_t gpa, unsigned int size,
		       int fd, bool on, struct nacre_error *error)
{
	struct nacre_ioeventfd bell = {
		.addr = gpa,
		.len = size,
		.fd = fd,
		.flags = on ? 0 : NACRE_IOEVENTFD_FLAG_DEASSIGN,
	};

	if (ioctl(vm->fd, NACRE_IOEVENTFD, &bell))
		return nacre_fail_errno(error, "NACRE_IOEVENTFD, %#llx",
					(unsigned long long)gpa);
	return 0;
}

static struct nacre_irq_routing_entry pin_route(unsigned int chip,
						unsigned int pin,
						unsigned int gsi)
{
	return (struct nacre_irq_routing_entry){
		.gsi = gsi,
		.type = NACRE_IRQ_ROUTING_IRQCHIP,
		.u.irqchip = { .irqchip = chip, .pin = pin },
	};
}

static struct nacre_irq_routing_entry
message_route(const struct nacre_message *m)
{
	return (struct nacre_irq_routing_entry){
		.gsi = m->gsi,
		.type = NACRE_IRQ_ROUTING_MSI,
		.u.msi = {
			.address_lo = m->address,
			.address_hi = m->address >> 32,
			.data = m->data,
		},
	};
}

static int set_routes(struct nacre_vm *vm, struct nacre_error *error)
{
	unsigned int i, n = 0;
	struct nacre_irq_routing *table;
	int err = 0;

	table = calloc(1, sizeof(*table) + (PIC_PINS + NACRE_PINS +
		       vm->nr_messages) * sizeof(table->entries[0]));
	if (!table)
		return nacre_fail_errno(error, "routes of interrupts");
	for (i = 0; i < PIC_PINS; i++)
		table->entries[n++] = pin_route(i < 8 ?
						NACRE_IRQCHIP_PIC_MASTER :
						NACRE_IRQCHIP_PIC_SLAVE,
						i % 8, i);
	for (i = 0; i < NACRE_PINS; i++)
		table->entries[n++] = pin_route(NACRE_IRQCHIP_IOAPIC, i, i);
	for (i = 0; i < vm->nr_messages; i++)
		table->entries[n++] = message_route(&vm->messages[i]);
	table->nr = n;
	if (ioctl(vm->fd, NACRE_SET_GSI_ROUTING, table))
		err = nacre_fail_errno(error, "NACRE_SET_GSI_ROUTING");
	free(table);
	return err;
}

/* The message of this GSI, which may be new; NULL: no memory. */
static struct nacre_message *find(struct nacre_vm *vm, unsigned int gsi)
{
	struct nacre_message *m;
	unsigned int i;

	for (i = 0; i < vm->nr_messages; i++)
		if (vm->messages[i].gsi == gsi)
			return &vm->messages[i];
	m = reallocarray(vm->messages, vm->nr_messages + 1, sizeof(*m));
	if (!m)
		return NULL;
	vm->messages = m;
	m += vm->nr_messages++;
	*m = (struct nacre_message){ .gsi = gsi };
	return m;
}

static int tie(struct nacre_vm *vm, struct nacre_message *m, int fd,
	       struct nacre_error *error)
{
	struct nacre_irqfd irqfd = { .fd = fd, .gsi = m->gsi };

	if (!m->tied && ioctl(vm->fd, NACRE_IRQFD, &irqfd))
		return nacre_fail_errno(error, "NACRE_IRQFD, GSI %u", m->gsi);
	m->tied = true;
	return 0;
}

int nacre_vm_message(struct nacre_vm *vm, unsigned int gsi, int fd,
		     uint64_t address, uint32_t data,
		     struct nacre_error *error)
{
	struct nacre_message *m;
	int err;

	if (gsi < NACRE_PINS)
		return nacre_fail(error, EINVAL, "GSI %u is a pin's", gsi);
	m = find(vm, gsi);
	if (!m)
		return nacre_fail_errno(error, "a route of interrupts");
	m->address = address;
	m->data = data;
	err = set_routes(vm, error);
	return err ? err : tie(vm, m, fd, error);
}
