/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The dirty log: which frames of a slot were written since last asked.
 *
 * A slot with NACRE_MEM_LOG_DIRTY_PAGES has a bit for each frame, and its
 * leaves are small and read-only until the first write; or, where the processor
 * has a log of its own, not dirty until then. In which order bit and leaf
 * change: Documentation/locking.rst, "The dirty log".
 */
#ifndef NACRE_DIRTY_H
#define NACRE_DIRTY_H

#include <linux/bitops.h>

#include "module/ioctl.h"
#include "module/slotset.h"

struct nacre_vm;

/* NACRE_GET_DIRTY_LOG, NACRE_CLEAR_DIRTY_LOG; slots_lock is held. */
long nacre_get_dirty_log(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);
long nacre_clear_dirty_log(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);

unsigned long *nacre_dirty_alloc(const struct nacre_vm *vm, u64 npages);

/*
 * NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2: @flags as given to NACRE_ENABLE_CAP.
 * 0, or -EINVAL for flags that do not go together.
 */
int nacre_dirty_set_manual(struct nacre_vm *vm, u64 flags);

/*
 * Frame @gfn of @slot was written, or may be from now on. Inside a read
 * section of the slots. That comes with a full barrier before the call: whoever
 * takes a bit that counts for a write has to see it. Pairs with the atomic
 * operation in take_words().
 */
static inline void nacre_log_write(const struct nacre_memslot *slot, gfn_t gfn)
{
	/* Most are dirty already, and a locked operation is not free. */
	if (slot->dirty && !test_bit(gfn - slot->gfn, slot->dirty))
		set_bit(gfn - slot->gfn, slot->dirty);
}

/* Of the frames at @gpa the processor has logged that they were written. */
void nacre_log_writes(struct nacre_vm *vm, const u64 *gpa, unsigned int count);

#endif /* NACRE_DIRTY_H */
