/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The set of a VM's memory slots as a value: an immutable array of pointers
 * to immutable slots, once in the order of their frames and once in that of
 * their ids. A change makes a new array. Knows no hypervisor struct, and so
 * also builds as a host program.
 */
#ifndef NACRE_SLOTSET_H
#define NACRE_SLOTSET_H

#ifdef __KERNEL__
#include <asm/page_types.h>
#include "module/types.h"
#else
#include "host_types.h"
#define PAGE_SHIFT	12
typedef u64 gfn_t;
typedef unsigned long hva_t;
#endif

/* Immutable once published; replaced whole, freed after a grace period. */
struct nacre_memslot {
	gfn_t gfn;		/* first frame */
	u64 npages;
	hva_t hva;		/* page aligned */
	unsigned long *dirty;	/* a bit a frame, or NULL; see dirty.h */
	u32 flags;		/* NACRE_MEM_* and NACRE_SLOT_INVALID */
	u32 id;
};

struct nacre_memslots {
	u64 generation;		/* grows with each change of the set */
	hva_t hva_start;	/* no slot has memory outside of this; */
	hva_t hva_end;		/* it only grows */
	struct nacre_memslots *retired;	/* sets that are waiting to be freed */
	const struct nacre_memslot *replaced;	/* these two are freed */
	unsigned long *old_log;		/* with the set */
	unsigned int count;
	const struct nacre_memslot *slot[];	/* by gfn, then again by id */
};

static inline hva_t nacre_slot_hva_end(const struct nacre_memslot *slot)
{
	return slot->hva + (slot->npages << PAGE_SHIFT);
}

/* What a set of @count slots takes. */
static inline size_t nacre_slotset_size(unsigned int count)
{
	return sizeof(struct nacre_memslots) +
	       2 * sizeof(struct nacre_memslot *) * (size_t)count;
}

/*
 * Make @to what @from is with @old taken out and @new put in; either may be
 * NULL. @to has room for one more than @from, and @new overlaps nothing that
 * stays.
 */
void nacre_slotset_replace(struct nacre_memslots *to,
			   const struct nacre_memslots *from,
			   const struct nacre_memslot *old,
			   const struct nacre_memslot *new);

/* The slot of a frame, or NULL. */
const struct nacre_memslot *nacre_find_slot(const struct nacre_memslots *slots,
					    gfn_t gfn);
/* The slot with an id, or NULL. */
const struct nacre_memslot *
nacre_find_slot_id(const struct nacre_memslots *slots, u32 id);

/* Does a slot other than @except have any of the @npages frames from @gfn? */
bool nacre_slotset_overlaps(const struct nacre_memslots *slots, gfn_t gfn,
			    u64 npages, const struct nacre_memslot *except);

/*
 * The frames of @slot whose memory lies in [start, end), as [*first, *last);
 * false if there are none. A page that is touched in part counts.
 */
bool nacre_slot_frames(const struct nacre_memslot *slot, hva_t start,
		       hva_t end, gfn_t *first, gfn_t *last);

#endif /* NACRE_SLOTSET_H */
