/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One mmu_notifier per mm, shared by all VMs of that mm: whatever the host
 * does with the VMM's pages (swap, KSM, THP, migration, munmap) leaves stage 2
 * before it happens. The protocol against a fault that maps what is being taken
 * away: Documentation/locking.rst, "The notifier".
 */
#ifndef NACRE_NOTIFIER_H
#define NACRE_NOTIFIER_H

#include <linux/list.h>
#include <linux/mmu_notifier.h>
#include <linux/wait.h>

#include "module/types.h"

struct nacre_vm;

struct nacre_mm {
	struct mmu_notifier mn;
	spinlock_t lock;		/* guards everything below */
	struct list_head vms;		/* nacre_vm.notifier.link */
	unsigned long seq;		/* finished invalidations */
	unsigned long in_progress;	/* started, not finished */
	hva_t start, end;		/* union of those in progress */
	wait_queue_head_t unpinned;
};

/* A VM's membership, embedded in struct nacre_vm. */
struct nacre_notifier {
	struct nacre_mm *mm;
	struct list_head link;		/* nacre_mm.lock */
	unsigned int pins;		/* nacre_mm.lock: walkers at this VM */
};

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

#endif /* NACRE_NOTIFIER_H */
