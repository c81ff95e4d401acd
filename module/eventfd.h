/* SPDX-License-Identifier: GPL-2.0 */
/* Eventfds that raise a guest's interrupts: irqfds. */
#ifndef NACRE_EVENTFD_H
#define NACRE_EVENTFD_H

#include <linux/list.h>
#include <linux/workqueue.h>

struct nacre_ioctl_arg;
struct nacre_vm;

struct nacre_irqfds {
	struct list_head list;		/* vm->lock */
	struct work_struct reap;	/* those whose eventfd was closed */
};

void nacre_irqfds_init(struct nacre_vm *vm);
/* The VM's descriptor is closed: none is left, and none comes. */
void nacre_irqfds_release(struct nacre_vm *vm);

/* The routes of GSIs are others; vm->lock. */
void nacre_irqfds_reroute(struct nacre_vm *vm);

/* NACRE_IRQFD; vm->lock. */
long nacre_irqfd(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);

#endif /* NACRE_EVENTFD_H */
