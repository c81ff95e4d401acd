/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes to ports and to memory that is none which end in the kernel without
 * being a chip's: they signal an eventfd, or go to the coalesced ring.
 */
#ifndef NACRE_IOBUS_H
#define NACRE_IOBUS_H

#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct nacre_ioctl_arg;
struct nacre_vm;

/* The last is other processors': what is there is never written to. */
enum nacre_bus { NACRE_BUS_MMIO, NACRE_BUS_PIO, NACRE_BUS_CCW, NACRE_BUSES };

struct nacre_io {
	/* vm->srcu, vm->lock to change; NULL: empty. */
	struct nacre_io_table __rcu *bus[NACRE_BUSES];
	struct nacre_coalesced_mmio_ring *ring;	/* create; a shared page */
	spinlock_t ring_lock;
};

int nacre_io_init(struct nacre_vm *vm);
void nacre_io_destroy(struct nacre_vm *vm);

/* Where the bus is not empty: nacre_io_offer() in vm.h. */
bool nacre_io_offer_slow(struct nacre_vm *vm, enum nacre_bus bus, u64 addr,
			 unsigned int size, const void *data);

/* NACRE_IOEVENTFD, NACRE_REGISTER_COALESCED_MMIO and its UN; vm->lock. */
long nacre_ioeventfd(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);
long nacre_register_coalesced(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);
long nacre_unregister_coalesced(struct nacre_vm *vm,
				struct nacre_ioctl_arg *arg);

#endif /* NACRE_IOBUS_H */
