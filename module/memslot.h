/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory slots: which guest-physical ranges exist, and which user addresses
 * of the VMM stand behind them.
 */
#ifndef NACRE_MEMSLOT_H
#define NACRE_MEMSLOT_H

#include <linux/nospec.h>

#include "module/slotset.h"
#include "include/uapi/nacre.h"

struct nacre_vm;

/* As many as the ABI promises: in-tree KVM keeps the last three of 32767. */
#define NACRE_USER_SLOTS	32764

/* Beside the ABI's flags: on its way out, and not to be mapped any more. */
#define NACRE_SLOT_INVALID	BIT(16)

int nacre_memslots_init(struct nacre_vm *vm);
void nacre_memslots_destroy(struct nacre_vm *vm);

/*
 * Add, change or (memory_size 0) delete a slot. slots_lock is held.
 * The ABI's rules and errnos: include/uapi/nacre.h, NACRE_SET_USER_MEMORY_REGION.
 */
int nacre_set_memory_region(struct nacre_vm *vm,
			    const struct nacre_userspace_memory_region *mem);

/* The slot with an id, or NULL. slots_lock is held. */
const struct nacre_memslot *nacre_slot_of_id(struct nacre_vm *vm, u32 id);

/*
 * Of a frame that @slot has. The frame is the guest's to choose: a processor
 * that has guessed so stays within the slot, too.
 */
static inline hva_t nacre_slot_hva(const struct nacre_memslot *slot, gfn_t gfn)
{
	u64 offset = array_index_nospec(gfn - slot->gfn, slot->npages);

	return slot->hva + (offset << PAGE_SHIFT);
}

#endif /* NACRE_MEMSLOT_H */
