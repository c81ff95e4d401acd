/* SPDX-License-Identifier: GPL-2.0 */
/* Entries of stage-2 tables, for the engine and the fault path alone. */
#ifndef NACRE_TABLES_H
#define NACRE_TABLES_H

#include <linux/mm.h>

#include "module/vm.h"
#include "arch/x86/mmu/stage2.h"

#define TABLE_ENTRIES	512

/*
 * In a leaf: the VMM's own mapping allows writes, whatever the leaf does for
 * the dirty log's sake. As the notifier takes the leaf before the host takes
 * that right, it holds as long as the leaf is there. Both formats ignore this
 * bit (AMD APM, "Page Table Entry Fields"; Intel SDM, "EPT Translation").
 */
#define NACRE_LEAF_HOST_WRITE	BIT_ULL(53)

/* Frames that an entry of @level spans. */
static inline u64 nacre_level_pages(u8 level)
{
	return 1ULL << (9 * (level - 1));
}

static inline gfn_t nacre_level_base(gfn_t gfn, u8 level)
{
	return gfn & ~(nacre_level_pages(level) - 1);
}

static inline u64 *nacre_entry(u64 *table, gfn_t gfn, u8 level)
{
	return table + ((gfn >> (9 * (level - 1))) & (TABLE_ENTRIES - 1));
}

static inline bool nacre_is_live(const struct nacre_stage2_format *format,
				 u64 entry)
{
	return entry & format->present;
}

/* Of a live entry. */
static inline bool nacre_is_leaf(const struct nacre_stage2_format *format,
				 u64 entry, u8 level)
{
	return level == 1 || entry & format->huge;
}

static inline u64 *nacre_child(const struct nacre_stage2_format *format,
			       u64 entry)
{
	return __va(entry & format->address);
}

/* First host frame of a leaf. */
static inline u64 nacre_leaf_pfn(const struct nacre_stage2_format *format,
				 u64 entry, u8 level)
{
	return nacre_level_base((entry & format->address) >> PAGE_SHIFT, level);
}

/* How many there are, for the VM's statistics. */
static inline atomic64_t *nacre_stage2_leaves(struct nacre_stage2 *stage2,
					      u8 level)
{
	struct nacre_vm *vm = container_of(stage2, struct nacre_vm, arch.stage2);

	return level == 1 ? &vm->stats.pages_4k :
	       level == 2 ? &vm->stats.pages_2m : &vm->stats.pages_1g;
}

/* Where the walk to a frame ends: at level 1, a large leaf, or nothing. */
static inline u64 *nacre_lowest_entry(const struct nacre_stage2 *stage2,
				      gfn_t gfn, u8 *level)
{
	const struct nacre_stage2_format *format = stage2->format;
	u64 *table = __va(stage2->root), *entry;

	for (*level = format->levels;; --*level) {
		u64 old;

		entry = nacre_entry(table, gfn, *level);
		old = READ_ONCE(*entry);
		if (!nacre_is_live(format, old) ||
		    nacre_is_leaf(format, old, *level))
			return entry;
		table = nacre_child(format, old);
	}
}

#endif /* NACRE_TABLES_H */
