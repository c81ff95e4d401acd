// SPDX-License-Identifier: GPL-2.0
/* The algebra of slot sets; see slotset.h. */
#include "module/slotset.h"

typedef const struct nacre_memslot *slot_ptr;

/* The leaf that has @gfn, or would: the last that begins at or below it. */
static unsigned int leaf_of(const struct nacre_memslots *slots, gfn_t gfn)
{
	unsigned int low = 0, high = slots->leaves;

	while (high - low > 1) {
		unsigned int middle = low + (high - low) / 2;

		if (slots->leaf[middle]->slot[0]->gfn <= gfn)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* How many of the leaf's slots begin at @gfn or below. */
static unsigned int begin_up_to(const struct nacre_slot_leaf *leaf, gfn_t gfn)
{
	unsigned int low = 0, high = leaf->count;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (leaf->slot[middle]->gfn <= gfn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

slot_ptr nacre_find_slot(const struct nacre_memslots *slots, gfn_t gfn)
{
	const struct nacre_slot_leaf *leaf;
	unsigned int n;
	slot_ptr slot;

	if (!slots->leaves)
		return NULL;
	leaf = slots->leaf[leaf_of(slots, gfn)];
	n = begin_up_to(leaf, gfn);
	if (!n)
		return NULL;
	slot = leaf->slot[n - 1];
	return gfn - slot->gfn < slot->npages ? slot : NULL;
}

/* From the last slot that begins at @gfn or below, upwards. */
bool nacre_slotset_overlaps(const struct nacre_memslots *slots, gfn_t gfn,
			    u64 npages, slot_ptr except)
{
	unsigned int l, i;

	for (l = leaf_of(slots, gfn); l < slots->leaves; l++) {
		const struct nacre_slot_leaf *leaf = slots->leaf[l];

		i = begin_up_to(leaf, gfn);
		for (i = i ? i - 1 : 0; i < leaf->count; i++) {
			slot_ptr slot = leaf->slot[i];

			if (slot->gfn >= gfn + npages)
				return false;
			if (slot != except && slot->gfn + slot->npages > gfn)
				return true;
		}
	}
	return false;
}

/* A change on its way: leaves from the draft are our own to write to. */
struct edit {
	struct nacre_memslots *to;
	struct nacre_memslots *from;
	struct nacre_slot_draft *draft;	/* taken: behind its count */
	unsigned int left;		/* leaves of @from that are not shared */
};

static struct nacre_slot_leaf *new_leaf(struct edit *edit)
{
	struct nacre_slot_leaf *leaf = edit->draft->leaf[--edit->draft->count];

	leaf->count = 0;
	return leaf;
}

static struct nacre_slot_leaf *leaf_to_write(struct edit *edit, unsigned int l)
{
	struct nacre_slot_leaf *leaf = edit->to->leaf[l], *copy;
	unsigned int i;

	for (i = edit->draft->count; i < NACRE_NEW_LEAVES; i++)
		if (edit->draft->leaf[i] == leaf)
			return leaf;
	copy = new_leaf(edit);
	*copy = *leaf;
	edit->from->old_leaf[edit->left++] = leaf;
	edit->to->leaf[l] = copy;
	return copy;
}

static void insert_leaf(struct nacre_memslots *to, unsigned int at,
			struct nacre_slot_leaf *leaf)
{
	memmove(to->leaf + at + 1, to->leaf + at,
		(to->leaves++ - at) * sizeof(leaf));
	to->leaf[at] = leaf;
}

/* A leaf that becomes empty goes; it is the last of our own, given back. */
static void take_out(struct edit *edit, slot_ptr old)
{
	struct nacre_memslots *to = edit->to;
	unsigned int l = leaf_of(to, old->gfn);
	struct nacre_slot_leaf *leaf = leaf_to_write(edit, l);
	unsigned int at = begin_up_to(leaf, old->gfn) - 1;

	leaf->count--;
	memmove(leaf->slot + at, leaf->slot + at + 1,
		(leaf->count - at) * sizeof(old));
	if (leaf->count)
		return;
	to->leaves--;
	memmove(to->leaf + l, to->leaf + l + 1,
		(to->leaves - l) * sizeof(leaf));
	edit->draft->count++;
}

/* Slots often come in order: the last leaf stays full then. */
static struct nacre_slot_leaf *split(struct edit *edit, unsigned int l,
				     gfn_t gfn)
{
	struct nacre_slot_leaf *low = edit->to->leaf[l];
	struct nacre_slot_leaf *high = new_leaf(edit);
	unsigned int keep = low->count / 2;

	if (begin_up_to(low, gfn) == low->count)
		keep = low->count;
	high->count = low->count - keep;
	memcpy(high->slot, low->slot + keep, high->count * sizeof(slot_ptr));
	low->count = keep;
	insert_leaf(edit->to, l + 1, high);
	return !high->count || gfn > high->slot[0]->gfn ? high : low;
}

static void put_in(struct edit *edit, slot_ptr new)
{
	unsigned int l = leaf_of(edit->to, new->gfn), at;
	struct nacre_slot_leaf *leaf;

	if (!edit->to->leaves)
		insert_leaf(edit->to, 0, new_leaf(edit));
	leaf = leaf_to_write(edit, l);
	if (leaf->count == NACRE_LEAF_SLOTS)
		leaf = split(edit, l, new->gfn);
	at = begin_up_to(leaf, new->gfn);
	memmove(leaf->slot + at + 1, leaf->slot + at,
		(leaf->count++ - at) * sizeof(new));
	leaf->slot[at] = new;
}

void nacre_slotset_replace(struct nacre_slot_draft *draft,
			   struct nacre_memslots *from,
			   slot_ptr old, slot_ptr new)
{
	struct nacre_memslots *to = draft->set;
	struct edit edit = { .to = to, .from = from, .draft = draft };

	to->generation = from->generation + 1;
	to->hva_start = from->hva_start;
	to->hva_end = from->hva_end;
	to->leaves = from->leaves;
	memcpy(to->leaf, from->leaf, from->leaves * sizeof(*from->leaf));
	if (old)
		take_out(&edit, old);
	if (!new)
		return;
	put_in(&edit, new);
	to->hva_start = min(to->hva_start, new->hva);
	to->hva_end = max(to->hva_end, nacre_slot_hva_end(new));
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
