// SPDX-License-Identifier: GPL-2.0
/* The algebra of slot sets; see slotset.h. */
#ifdef __KERNEL__
#include <linux/minmax.h>
#include <linux/string.h>
#endif

#include "module/slotset.h"

typedef const struct nacre_memslot *slot_ptr;

static bool before(slot_ptr a, slot_ptr b, bool by_id)
{
	return by_id ? a->id < b->id : a->gfn < b->gfn;
}

/* How many of the @count slots come before @key. */
static unsigned int place(const slot_ptr *slot, unsigned int count,
			  slot_ptr key, bool by_id)
{
	unsigned int low = 0, high = count;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (before(slot[middle], key, by_id))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How many slots begin at @gfn or below; the last of them may have it. */
static unsigned int begin_up_to(const struct nacre_memslots *slots, gfn_t gfn)
{
	const struct nacre_memslot key = { .gfn = gfn + 1 };

	return place(slots->slot, slots->count, &key, false);
}

slot_ptr nacre_find_slot(const struct nacre_memslots *slots, gfn_t gfn)
{
	unsigned int n = begin_up_to(slots, gfn);
	slot_ptr slot;

	if (!n)
		return NULL;
	slot = slots->slot[n - 1];
	return gfn - slot->gfn < slot->npages ? slot : NULL;
}

slot_ptr nacre_find_slot_id(const struct nacre_memslots *slots, u32 id)
{
	const struct nacre_memslot key = { .id = id };
	const slot_ptr *by_id = slots->slot + slots->count;
	unsigned int n = place(by_id, slots->count, &key, true);

	return n < slots->count && by_id[n]->id == id ? by_id[n] : NULL;
}

bool nacre_slotset_overlaps(const struct nacre_memslots *slots, gfn_t gfn,
			    u64 npages, slot_ptr except)
{
	unsigned int i = begin_up_to(slots, gfn);

	for (i = i ? i - 1 : 0; i < slots->count; i++) {
		slot_ptr slot = slots->slot[i];

		if (slot->gfn >= gfn + npages)
			return false;
		if (slot != except && slot->gfn + slot->npages > gfn)
			return true;
	}
	return false;
}

static unsigned int replace(slot_ptr *to, const slot_ptr *from,
			    unsigned int count, slot_ptr old, slot_ptr new,
			    bool by_id)
{
	unsigned int at;

	memcpy(to, from, count * sizeof(*to));
	if (old) {
		at = place(to, count--, old, by_id);
		memmove(to + at, to + at + 1, (count - at) * sizeof(*to));
	}
	if (new) {
		at = place(to, count, new, by_id);
		memmove(to + at + 1, to + at, (count++ - at) * sizeof(*to));
		to[at] = new;
	}
	return count;
}

void nacre_slotset_replace(struct nacre_memslots *to,
			   const struct nacre_memslots *from,
			   slot_ptr old, slot_ptr new)
{
	unsigned int count = from->count;

	to->generation = from->generation + 1;
	to->hva_start = from->hva_start;
	to->hva_end = from->hva_end;
	if (new) {
		to->hva_start = min(to->hva_start, new->hva);
		to->hva_end = max(to->hva_end, nacre_slot_hva_end(new));
	}
	to->count = replace(to->slot, from->slot, count, old, new, false);
	replace(to->slot + to->count, from->slot + count, count, old, new,
		true);
}

bool nacre_slot_frames(slot_ptr slot, hva_t start, hva_t end,
		       gfn_t *first, gfn_t *last)
{
	start = max(start, slot->hva);
	end = min(end, nacre_slot_hva_end(slot));
	if (start >= end)
		return false;
	*first = slot->gfn + ((start - slot->hva) >> PAGE_SHIFT);
	*last = slot->gfn + ((end - 1 - slot->hva) >> PAGE_SHIFT) + 1;
	return true;
}
