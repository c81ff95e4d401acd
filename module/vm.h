/* SPDX-License-Identifier: GPL-2.0 */
/* A virtual machine: what all its vCPUs share. */
#ifndef NACRE_VM_H
#define NACRE_VM_H

#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/srcu.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "module/memslot.h"
#include "module/stats.h"
#include "arch/x86/state.h"

/* Eventfds that raise a guest's interrupts; eventfd.c. */
struct nacre_irqfds {
	struct list_head list;		/* vm->lock */
	struct work_struct reap;	/* those whose eventfd was closed */
};

/* The last is other processors': what is there is never written to. */
enum nacre_bus { NACRE_BUS_MMIO, NACRE_BUS_PIO, NACRE_BUS_CCW, NACRE_BUSES };

/*
 * Writes to ports and to memory that is none which end in the kernel without
 * being a chip's: they signal an eventfd, or go to the coalesced ring; iobus.c.
 */
struct nacre_io {
	/* vm->srcu, vm->lock to change; NULL: empty. */
	struct nacre_io_table __rcu *bus[NACRE_BUSES];
	struct nacre_coalesced_mmio_ring *ring;	/* create; a shared page */
	spinlock_t ring_lock;
};

/*
 * One mmu_notifier per mm, shared by all VMs of that mm: whatever the host
 * does with the VMM's pages (swap, KSM, THP, migration, munmap) leaves stage 2
 * before it happens. The protocol against a fault that maps what is being taken
 * away: Documentation/locking.rst, "The notifier".
 */
struct nacre_mm {
	struct mmu_notifier mn;
	spinlock_t lock;		/* guards everything below */
	struct list_head vms;		/* nacre_vm.notifier.link */
	unsigned long seq;		/* finished invalidations */
	unsigned long in_progress;	/* started, not finished */
	hva_t start, end;		/* union of those in progress */
	wait_queue_head_t unpinned;
};

/* A VM's membership. */
struct nacre_notifier {
	struct nacre_mm *mm;
	struct list_head link;		/* nacre_mm.lock */
	unsigned int pins;		/* nacre_mm.lock: walkers at this VM */
};

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

int nacre_io_init(struct nacre_vm *vm);
void nacre_io_destroy(struct nacre_vm *vm);
/* Where the bus is not empty. */
bool nacre_io_offer_slow(struct nacre_vm *vm, enum nacre_bus bus, u64 addr,
			 unsigned int size, const void *data);

/*
 * A write of at most 8 bytes; in a read section of vm->srcu. @size 0: any write
 * there, of which no more is known. False: nobody here takes it.
 */
static inline bool nacre_io_offer(struct nacre_vm *vm, enum nacre_bus bus,
				  u64 addr, unsigned int size, const void *data)
{
	return unlikely(rcu_access_pointer(vm->io.bus[bus])) &&
	       nacre_io_offer_slow(vm, bus, addr, size, data);
}

/* NACRE_IOEVENTFD, NACRE_REGISTER_COALESCED_MMIO and its UN; vm->lock. */
long nacre_ioeventfd(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);
long nacre_coalesced_mmio(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);

void nacre_irqfds_init(struct nacre_vm *vm);
/* The VM's descriptor is closed: none is left, and none comes. */
void nacre_irqfds_release(struct nacre_vm *vm);
/* The routes of GSIs are others; vm->lock. */
void nacre_irqfds_reroute(struct nacre_vm *vm);
/* NACRE_IRQFD; vm->lock. */
long nacre_irqfd(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);

/* Never -EINTR: the notifier is registered where no signal is seen. */
int nacre_notifier_attach(struct nacre_vm *vm);
void nacre_notifier_detach(struct nacre_vm *vm);
/* Before the page is looked up. */
unsigned long nacre_mmu_seq(const struct nacre_vm *vm);
/*
 * Under stage2.lock, before any of [start, end) is mapped: true if what was
 * found out about it since @seq may be stale.
 */
bool nacre_mmu_retry(const struct nacre_vm *vm, unsigned long seq,
		     hva_t start, hva_t end);

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
