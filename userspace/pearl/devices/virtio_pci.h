/* SPDX-License-Identifier: GPL-2.0 */
/* A virtio device as a function of PCI bus 0. */
#ifndef PEARL_VIRTIO_PCI_H
#define PEARL_VIRTIO_PCI_H

#include "../virtio.h"
#include "devices.h"

/* The size of its window in memory. */
#define PEARL_VIRTIO_WINDOW 0x4000u

/* As many GSIs as a device has messages. */
#define PEARL_VIRTIO_GSIS (PEARL_VIRTIO_QUEUES + 1)

/*
 * struct pearl_virtio_place - where on a machine it is
 * @slot: the device's number on the bus
 * @window: gpa of its window, until the guest moves it
 * @irq, @pin_gsi: its pin, and what that is to the guest
 * @first_gsi: of PEARL_VIRTIO_GSIS, for its messages
 * @lock: the machine's
 */
struct pearl_virtio_place {
	struct pearl_pci *pci;
	struct pearl_bus *bus;
	struct pearl_eventfds *eventfds;
	const struct nacre_memory *memory;
	pthread_mutex_t *lock;
	unsigned int slot;
	uint32_t window;
	struct pearl_irq *irq;
	unsigned int pin_gsi;
	unsigned int first_gsi;
};

/*
 * pearl_virtio_pci_create() - put a device there
 * Takes the device, which is destroyed with it, and if this fails.
 */
struct pearl_virtio_pci;
struct pearl_virtio_pci *
pearl_virtio_pci_create(const struct pearl_virtio_place *place,
			struct pearl_virtio *virtio);
void pearl_virtio_pci_destroy(struct pearl_virtio_pci *vp);

#endif
