/* SPDX-License-Identifier: GPL-2.0 */
/* A virtual machine: what all its vCPUs share. */
#ifndef NACRE_VM_H
#define NACRE_VM_H

#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/srcu.h>
#include <linux/xarray.h>

#include "module/eventfd.h"
#include "module/iobus.h"
#include "module/memslot.h"
#include "module/notifier.h"
#include "module/stats.h"
#include "arch/x86/state.h"

struct nacre_ioctl_arg;

/* Lock order: Documentation/locking.rst. */
struct nacre_vm {
	refcount_t users;		/* descriptors: the VM's own, each vCPU's */
	struct mm_struct *mm;		/* create; mmgrab'ed */
	pid_t creator;			/* create; for the name of the statistics */
	bool dead;			/* any; set once: every ioctl is -EIO */
	struct nacre_vm_stats stats;	/* any; atomic */

	struct mutex lock;		/* creation of vCPUs and devices */
	struct xarray vcpus;		/* lock to add; by index, read freely */
	unsigned int nr_vcpus;		/* lock; only grows */
	unsigned int helped;		/* any; vCPU that one yielded to last */
	s64 halt_poll_ns;		/* any; NACRE_CAP_HALT_POLL, else -1 */

	struct mutex slots_lock;	/* whoever changes the slots */
	struct srcu_struct srcu;	/* whoever reads them */
	struct nacre_memslots __rcu *slots;	/* srcu; slots_lock to change */
	struct xarray slot_ids;		/* slots_lock; the active set by id */
	struct nacre_memslots *retired;	/* slots_lock; maybe still read */
	unsigned int nr_retired;	/* slots_lock */
	u32 dirty_manual;		/* slots_lock; NACRE_DIRTY_LOG_* */
	unsigned int nr_logs;		/* slots_lock to change; slots that have one */

	struct nacre_irqfds irqfds;
	struct nacre_io io;
	struct nacre_notifier notifier;
	struct nacre_vm_arch arch;
};

/* The active set; the caller is in an SRCU read section or holds slots_lock. */
static inline const struct nacre_memslots *
nacre_memslots(const struct nacre_vm *vm)
{
	return srcu_dereference_check(vm->slots, &vm->srcu,
				      lockdep_is_held(&vm->slots_lock));
}

static inline bool nacre_io_is_used(const struct nacre_vm *vm,
				    enum nacre_bus bus)
{
	return rcu_access_pointer(vm->io.bus[bus]);
}

/*
 * A write of at most 8 bytes; in a read section of vm->srcu. @size 0: any write
 * there, of which no more is known. False: nobody here takes it.
 */
static inline bool nacre_io_offer(struct nacre_vm *vm, enum nacre_bus bus,
				  u64 addr, unsigned int size, const void *data)
{
	return unlikely(nacre_io_is_used(vm, bus)) &&
	       nacre_io_offer_slow(vm, bus, addr, size, data);
}

int nacre_vm_module_init(void);
/* NACRE_CHECK_EXTENSION; @vm is NULL on the system descriptor. */
long nacre_capability(struct nacre_vm *vm, unsigned long number);

long nacre_create_vm(struct nacre_ioctl_arg *arg);
void nacre_vm_put(struct nacre_vm *vm);

/* From now on every ioctl on this VM is -EIO, and its vCPUs leave the guest. */
void nacre_vm_kill(struct nacre_vm *vm);

static inline struct nacre_vcpu *nacre_vcpu_at(struct nacre_vm *vm,
					       unsigned int index)
{
	return xa_load(&vm->vcpus, index);
}

/* Their indices have no holes. */
#define nacre_for_each_vcpu(index, vcpu, vm)				\
	for ((index) = 0; ((vcpu) = nacre_vcpu_at(vm, index)); (index)++)

/* Set a request on every vCPU and make those in the guest see it. */
void nacre_request_all(struct nacre_vm *vm, unsigned int request);

/* Virtualization on and off on the host's processors; cpus.c. */
/* At load: is the extension free? 0 or -EBUSY, with a line in the log. */
int nacre_cpus_init(void);
void nacre_cpus_exit(void);
/*
 * The first VM turns it on everywhere, the last one off. -EBUSY: another
 * hypervisor has it; any error comes with a line in the log.
 */
int nacre_cpus_get(void);
void nacre_cpus_put(void);

#endif /* NACRE_VM_H */
