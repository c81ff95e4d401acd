// SPDX-License-Identifier: GPL-2.0
/* Sets of memory slots against a plain list that is searched from end to end. */
#include "host_test.h"
#include "module/slotset.h"

#define NR_IDS		48
#define FRAMES		400
#define STEPS		20000

/* The list: slot @id is there if it has pages. */
static struct nacre_memslot *model[NR_IDS];
static struct nacre_memslots *set;
static u64 seed;

static unsigned int below(unsigned int n)
{
	return host_random(&seed) % n;
}

static struct nacre_memslots *new_set(unsigned int count)
{
	return calloc(1, nacre_slotset_size(count));
}

static void begin(void)
{
	seed = 0x9e3779b97f4a7c15;
	memset(model, 0, sizeof(model));
	set = new_set(0);
	set->hva_start = ~0UL;
}

/* Also what the address sanitizer checks: exactly this room is enough. */
static void replace(struct nacre_memslot *old, struct nacre_memslot *new)
{
	struct nacre_memslots *to = new_set(set->count + 1);

	nacre_slotset_replace(to, set, old, new);
	free(set);
	set = to;
}

static void end(void)
{
	for (unsigned int id = 0; id < NR_IDS; id++)
		free(model[id]);
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

static bool same_as_model(void)
{
	unsigned int count = 0;

	for (gfn_t gfn = 0; gfn < FRAMES + 40; gfn++)
		if (nacre_find_slot(set, gfn) != model_find(gfn))
			return false;
	for (u32 id = 0; id < NR_IDS; id++) {
		struct nacre_memslot *slot = model[id];

		if (nacre_find_slot_id(set, id) != slot)
			return false;
		count += !!slot;
		if (slot && (slot->hva < set->hva_start ||
			     nacre_slot_hva_end(slot) > set->hva_end))
			return false;
	}
	return set->count == count && !nacre_find_slot_id(set, NR_IDS);
}

static struct nacre_memslot *random_slot(u32 id)
{
	struct nacre_memslot *slot = calloc(1, sizeof(*slot));

	slot->gfn = below(FRAMES);
	slot->npages = 1 + below(30);
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

static void random_changes(void)
{
	unsigned int most = 0;

	begin();
	for (unsigned int i = 0; i < STEPS; i++) {
		EXPECT(step());
		EXPECT(same_as_model());
		most = max(most, set->count);
	}
	/* The walk went through sets that are worth the name. */
	EXPECT(most > 15);
	end();
}

static void empty(void)
{
	begin();
	EXPECT(!nacre_find_slot(set, 0));
	EXPECT(!nacre_find_slot(set, 1ULL << 40));
	EXPECT(!nacre_find_slot_id(set, 0));
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
	HOST_CASE(random_changes),
};

HOST_MAIN(cases)
