// SPDX-License-Identifier: GPL-2.0
/* Sets of memory slots against a plain list that is searched from end to end. */
#include "host_test.h"
#include "module/slotset.h"

#define NR_IDS		500
#define STEPS		3000

/* The list: slot @id is there if it has pages. */
static struct nacre_memslot *model[NR_IDS];
static struct nacre_memslots *set;
static u64 seed;
static gfn_t frames;		/* where slots may begin */
static u64 most_pages;		/* of a slot */

static unsigned int below(unsigned int n)
{
	return host_random(&seed) % n;
}

static struct nacre_memslots *new_set(unsigned int leaves)
{
	return calloc(1, nacre_slotset_size(leaves));
}

static void begin(void)
{
	frames = 1000;
	most_pages = 3;
	seed = 0x9e3779b97f4a7c15;
	memset(model, 0, sizeof(model));
	set = new_set(0);
	set->hva_start = ~0UL;
}

/* Leaves that @set shares with nobody: freed as the module does it. */
static void free_old(struct nacre_memslots *old)
{
	for (unsigned int i = 0; i < NACRE_OLD_LEAVES; i++)
		free(old->old_leaf[i]);
	free(old);
}

/* Also what the address sanitizer checks: exactly this room is enough. */
static void replace(struct nacre_memslot *old, struct nacre_memslot *new)
{
	struct nacre_slot_draft draft = {
		.set = new_set(set->leaves + 1),
		.count = NACRE_NEW_LEAVES,
	};

	for (unsigned int i = 0; i < NACRE_NEW_LEAVES; i++)
		draft.leaf[i] = malloc(sizeof(struct nacre_slot_leaf));
	nacre_slotset_replace(&draft, set, old, new);
	while (draft.count)
		free(draft.leaf[--draft.count]);
	free_old(set);
	set = draft.set;
}

static void end(void)
{
	for (unsigned int id = 0; id < NR_IDS; id++)
		free(model[id]);
	for (unsigned int l = 0; l < set->leaves; l++)
		free(set->leaf[l]);
	free(set);
}

static struct nacre_memslot *model_find(gfn_t gfn)
{
	for (unsigned int id = 0; id < NR_IDS; id++)
		if (model[id] && gfn >= model[id]->gfn &&
		    gfn < model[id]->gfn + model[id]->npages)
			return model[id];
	return NULL;
}

static bool model_overlaps(gfn_t gfn, u64 npages,
			   const struct nacre_memslot *except)
{
	for (u64 i = 0; i < npages; i++) {
		struct nacre_memslot *slot = model_find(gfn + i);

		if (slot && slot != except)
			return true;
	}
	return false;
}

static unsigned int count_slots(void)
{
	const struct nacre_memslot *slot, *last = NULL;
	unsigned int l, i, count = 0;

	nacre_for_each_slot(slot, set, l, i) {
		if (last && last->gfn >= slot->gfn)
			return ~0u;
		last = slot;
		count++;
	}
	return count;
}

static bool same_as_model(void)
{
	unsigned int count = 0;

	for (gfn_t gfn = 0; gfn < frames + 40; gfn++)
		if (nacre_find_slot(set, gfn) != model_find(gfn))
			return false;
	for (u32 id = 0; id < NR_IDS; id++) {
		struct nacre_memslot *slot = model[id];

		count += !!slot;
		if (slot && (slot->hva < set->hva_start ||
			     nacre_slot_hva_end(slot) > set->hva_end))
			return false;
	}
	return count_slots() == count;
}

static struct nacre_memslot *random_slot(u32 id)
{
	struct nacre_memslot *slot = calloc(1, sizeof(*slot));

	slot->gfn = below(frames);
	slot->npages = 1 + below(most_pages);
	slot->hva = (hva_t)(1 + below(1000)) << PAGE_SHIFT;
	slot->id = id;
	return slot;
}

/* Add, move, change or take away one slot; false if the two disagree. */
static bool step(void)
{
	u32 id = below(NR_IDS);
	struct nacre_memslot *old = model[id], *new = NULL;
	u64 generation = set->generation;

	if (!old || below(2)) {
		bool overlaps;

		new = random_slot(id);
		overlaps = model_overlaps(new->gfn, new->npages, old);
		if (nacre_slotset_overlaps(set, new->gfn, new->npages, old) !=
		    overlaps)
			return false;
		if (overlaps) {
			free(new);
			return true;
		}
	}
	replace(old, new);
	free(old);
	model[id] = new;
	return set->generation == generation + 1;
}

static void random_changes(gfn_t where, u64 pages, unsigned int enough)
{
	unsigned int most = 0;

	begin();
	frames = where;
	most_pages = pages;
	for (unsigned int i = 0; i < STEPS; i++) {
		EXPECT(step());
		EXPECT(same_as_model());
		most = max(most, count_slots());
	}
	/* The walk went through sets that are worth the name. */
	EXPECT(most >= enough);
	end();
}

/* Some that fill the space, and many that take several leaves. */
static void few_large(void)
{
	random_changes(400, 30, 12);
}

static void many_small(void)
{
	random_changes(1000, 2, 4 * NACRE_LEAF_SLOTS);
}

static void empty(void)
{
	begin();
	EXPECT(!nacre_find_slot(set, 0));
	EXPECT(!nacre_find_slot(set, 1ULL << 40));
	EXPECT(!nacre_slotset_overlaps(set, 0, 1ULL << 40, NULL));
	end();
}

static void put(u32 id, gfn_t gfn, u64 npages)
{
	model[id] = random_slot(id);
	model[id]->gfn = gfn;
	model[id]->npages = npages;
	replace(NULL, model[id]);
}

/* In order, as VMMs do it, then away from both ends and the middle. */
static void up_and_down(void)
{
	begin();
	for (u32 id = 0; id < NR_IDS; id++)
		put(id, 2 * id, 1);
	EXPECT(same_as_model());
	EXPECT_EQ(set->leaves, (NR_IDS + NACRE_LEAF_SLOTS - 1) /
			       NACRE_LEAF_SLOTS);
	for (u32 i = 0; i < NR_IDS; i++) {
		u32 id = i % 3 == 0 ? i / 3 : i % 3 == 1 ?
			 NR_IDS - 1 - i / 3 : NR_IDS / 3 + 1 + i / 3;

		replace(model[id], NULL);
		free(model[id]);
		model[id] = NULL;
		EXPECT(same_as_model());
	}
	EXPECT_EQ(set->leaves, 0);
	end();
}

static void edges(void)
{
	begin();
	put(0, 10, 10);
	put(1, 30, 10);
	EXPECT(!nacre_find_slot(set, 9));
	EXPECT(nacre_find_slot(set, 10) == model[0]);
	EXPECT(nacre_find_slot(set, 19) == model[0]);
	EXPECT(!nacre_find_slot(set, 20));
	EXPECT(!nacre_slotset_overlaps(set, 20, 10, NULL));
	EXPECT(nacre_slotset_overlaps(set, 20, 11, NULL));
	EXPECT(nacre_slotset_overlaps(set, 19, 1, NULL));
	EXPECT(!nacre_slotset_overlaps(set, 0, 10, NULL));
	EXPECT(nacre_slotset_overlaps(set, 0, 11, NULL));
	EXPECT(nacre_slotset_overlaps(set, 0, 1ULL << 40, model[0]));
	EXPECT(!nacre_slotset_overlaps(set, 5, 25, model[0]));
	EXPECT(nacre_slotset_overlaps(set, 5, 26, model[0]));
	/* The largest slot that the ABI allows. */
	put(2, 1ULL << 35, (1ULL << 31) - 1);
	EXPECT(nacre_find_slot(set, (1ULL << 35) + (1ULL << 31) - 2) ==
	       model[2]);
	EXPECT(!nacre_find_slot(set, (1ULL << 35) + (1ULL << 31) - 1));
	end();
}

static void frames_of_addresses(void)
{
	const struct nacre_memslot slot = {
		.gfn = 0x100, .npages = 4, .hva = 0x7000,
	};
	gfn_t first, last;

	EXPECT(!nacre_slot_frames(&slot, 0x5000, 0x7000, &first, &last));
	EXPECT(!nacre_slot_frames(&slot, 0xb000, 0xc000, &first, &last));
	EXPECT(!nacre_slot_frames(&slot, 0x8000, 0x8000, &first, &last));
	EXPECT(nacre_slot_frames(&slot, 0, ~0UL, &first, &last));
	EXPECT_EQ(first, 0x100);
	EXPECT_EQ(last, 0x104);
	EXPECT(nacre_slot_frames(&slot, 0x7fff, 0x8001, &first, &last));
	EXPECT_EQ(first, 0x100);
	EXPECT_EQ(last, 0x102);
	EXPECT(nacre_slot_frames(&slot, 0xafff, 0xb000, &first, &last));
	EXPECT_EQ(first, 0x103);
	EXPECT_EQ(last, 0x104);
}

static const struct host_case cases[] = {
	HOST_CASE(empty),
	HOST_CASE(edges),
	HOST_CASE(frames_of_addresses),
	HOST_CASE(few_large),
	HOST_CASE(many_small),
	HOST_CASE(up_and_down),
};

HOST_MAIN(cases)
