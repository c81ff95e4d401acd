/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The set of a VM's memory slots as a value, in the order of their frames.
 *
 * Slots are kept in leaves of some dozens, the leaves in one array. A change
 * makes a new array and new leaves where it differs, and shares the rest: so
 * it costs little, however many slots there are, and whoever reads the old
 * set is not disturbed. Knows no hypervisor struct, and so also builds as a
 * host program.
 */
#ifndef NACRE_SLOTSET_H
#define NACRE_SLOTSET_H

#include "module/pure.h"
#ifdef __KERNEL__
#include <asm/page_types.h>
#include "module/types.h"
#else
#define PAGE_SHIFT	12
typedef u64 gfn_t;
typedef unsigned long hva_t;
#endif

/* Immutable once published; replaced whole, freed after a grace period. */
struct nacre_memslot {
	gfn_t gfn;		/* first frame */
	u64 npages;
	hva_t hva;		/* page aligned */
	unsigned long *dirty;	/* a bit a frame, or NULL; see memslot.h */
	u32 flags;		/* NACRE_MEM_* and NACRE_SLOT_INVALID */
	u32 id;
};

#define NACRE_LEAF_SLOTS	62

/* Never empty; immutable once published. */
struct nacre_slot_leaf {
	unsigned int count;
	const struct nacre_memslot *slot[NACRE_LEAF_SLOTS];
};

/* The most leaves that one change makes, or leaves behind. */
#define NACRE_NEW_LEAVES	3
#define NACRE_OLD_LEAVES	2

struct nacre_memslots {
	u64 generation;		/* grows with each change of the set */
	hva_t hva_start;	/* no slot has memory outside of this; */
	hva_t hva_end;		/* it only grows */

	/* Once it is replaced: what is freed with it. */
	struct nacre_memslots *retired;	/* the next that waits for that */
	const struct nacre_memslot *old_slot;
	unsigned long *old_log;
	struct nacre_slot_leaf *old_leaf[NACRE_OLD_LEAVES];

	unsigned int leaves;
	struct nacre_slot_leaf *leaf[];
};

/* A set to be, and leaves to use up; the caller frees what is left over. */
struct nacre_slot_draft {
	struct nacre_memslots *set;
	unsigned int count;
	struct nacre_slot_leaf *leaf[NACRE_NEW_LEAVES];
};

static inline hva_t nacre_slot_hva_end(const struct nacre_memslot *slot)
{
	return slot->hva + (slot->npages << PAGE_SHIFT);
}

/* What a set of @leaves takes. */
static inline size_t nacre_slotset_size(unsigned int leaves)
{
	return sizeof(struct nacre_memslots) +
	       sizeof(struct nacre_slot_leaf *) * (size_t)leaves;
}

/*
 * Make the draft what @from is with @old taken out and @new put in; either may
 * be NULL. Its set is zeroed and has room for one leaf more than @from, it has
 * all its leaves, and @new overlaps nothing that stays. Notes in @from which of
 * its leaves are not shared.
 */
void nacre_slotset_replace(struct nacre_slot_draft *draft,
			   struct nacre_memslots *from,
			   const struct nacre_memslot *old,
			   const struct nacre_memslot *new);

/* The slot of a frame, or NULL. */
const struct nacre_memslot *nacre_find_slot(const struct nacre_memslots *slots,
					    gfn_t gfn);

/* Does a slot other than @except have any of the @npages frames from @gfn? */
bool nacre_slotset_overlaps(const struct nacre_memslots *slots, gfn_t gfn,
			    u64 npages, const struct nacre_memslot *except);

/*
 * The frames of @slot whose memory lies in [start, end), as [*first, *last);
 * false if there are none. A page that is touched in part counts.
 */
bool nacre_slot_frames(const struct nacre_memslot *slot, hva_t start,
		       hva_t end, gfn_t *first, gfn_t *last);

/* Every slot, in the order of their frames; _leaf and _i are unsigned int. */
#define nacre_for_each_slot(_slot, _slots, _leaf, _i)			\
	for (_leaf = 0; _leaf < (_slots)->leaves; _leaf++)		\
		for (_i = 0; _i < (_slots)->leaf[_leaf]->count &&	\
		     ((_slot) = (_slots)->leaf[_leaf]->slot[_i], true); _i++)

#endif /* NACRE_SLOTSET_H */
