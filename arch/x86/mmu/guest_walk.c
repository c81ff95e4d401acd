// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's page tables, as Intel SDM, "Paging", and AMD APM, "Page
 * Translation and Protection", tell them.
 *
 * One loop serves all formats; what differs is the size of an entry, how many
 * levels there are, and which bits are reserved. PAE enters the loop behind
 * its four page-directory-pointer entries, which are no table entries like
 * the others: no rights, no accessed bit.
 *
 * Each entry is read once and judged from the copy. Accessed and dirty bits
 * are set by compare-and-exchange against that copy, so an entry that changed
 * since makes the whole walk start again.
 */
#include "arch/x86/mmu/guest_walk.h"

#define EFER_LONG	BIT_ULL(10)	/* LMA */
#define EFER_NXE	BIT_ULL(11)

#define ENTRY_KEY_SHIFT	59

/* Bits 1, 2 and 5 to 8 of a PAE page-directory-pointer entry. */
#define PDPTE_RESERVED	0x1e6ULL

#define MAX_LEVEL	5
/* Another vCPU wins this often in a row only if it means to. */
#define MAX_ATTEMPTS	32

struct walker {
	const struct nacre_walk_mode *mode;
	struct nacre_walk_memory *memory;
	struct nacre_walk *out;
	u64 gva;
	u32 access;
	bool implicit;
	/* the format */
	bool is_long;		/* 4 or 5 levels */
	u8 entry_size;
	u8 index_bits;
	u8 top;			/* level at which the loop begins */
	/* the walk: entries[level - 1] */
	u64 entries[MAX_LEVEL];
	u64 gpas[MAX_LEVEL];
	u8 leaf;		/* level of the entry that ends it */
	bool user, writable, noexec;
};

static u64 bit_range(unsigned int high, unsigned int low)
{
	return high < low ? 0 : GENMASK_ULL(high, low);
}

static unsigned int max_physical(const struct walker *w)
{
	return clamp_t(unsigned int, w->mode->maxphyaddr, 32, 52);
}

static enum nacre_walk_result fault(struct walker *w, u32 cause)
{
	u32 access = w->access & (NACRE_PF_WRITE | NACRE_PF_USER);
	u64 cr4 = w->mode->cr4;

	/* Intel SDM, "Page-Fault Exceptions": when the I/D flag exists. */
	if (cr4 & X86_CR4_SMEP ||
	    (cr4 & X86_CR4_PAE && w->mode->efer & EFER_NXE))
		access |= w->access & NACRE_PF_FETCH;
	w->out->error_code = cause | access;
	return NACRE_WALK_FAULT;
}

static enum nacre_walk_result read_entry(struct walker *w, u64 gpa, u64 *entry)
{
	*entry = 0;
	if (w->memory->read_entry(w->memory, gpa, w->entry_size, entry)) {
		w->out->table_gpa = gpa;
		return NACRE_WALK_NO_MEMORY;
	}
	return NACRE_WALK_OK;
}

static void choose_format(struct walker *w)
{
	bool pae = w->mode->cr4 & X86_CR4_PAE;

	w->is_long = w->mode->efer & EFER_LONG;
	w->entry_size = pae || w->is_long ? 8 : 4;
	w->index_bits = pae || w->is_long ? 9 : 10;
	w->top = 2;
	if (w->is_long)
		w->top = w->mode->cr4 & X86_CR4_LA57 ? 5 : 4;
}

static unsigned int level_shift(const struct walker *w, unsigned int level)
{
	return 12 + (level - 1) * w->index_bits;
}

/* The entry of w->gva in the table at @table. */
static u64 entry_gpa(const struct walker *w, u64 table, unsigned int level)
{
	u64 index = (w->gva >> level_shift(w, level)) &
		    (BIT_ULL(w->index_bits) - 1);

	return table + index * w->entry_size;
}

static bool is_leaf(const struct walker *w, unsigned int level, u64 entry)
{
	if (level == 1)
		return true;
	if (!(entry & NACRE_PTE_PS))
		return false;
	if (level == 2)
		return w->entry_size == 8 || (w->mode->cr4 & X86_CR4_PSE);
	return level == 3 && w->mode->has_1g_pages;
}

static u64 reserved_bits(const struct walker *w, unsigned int level, bool leaf)
{
	u64 reserved;

	/*
	 * 4 MiB pages keep address bits 39:32 in bits 20:13, as many as the
	 * processor has; the rest and bit 21 are reserved.
	 */
	if (w->entry_size == 4)
		return leaf && level == 2 ?
		       bit_range(21, min(max_physical(w) - 19, 21u)) : 0;

	/* Long mode ignores 62:52, PAE does not. */
	reserved = bit_range(w->is_long ? 51 : 62, max_physical(w));
	if (!(w->mode->efer & EFER_NXE))
		reserved |= NACRE_PTE_NX;
	if (level > 2 && !leaf)
		reserved |= NACRE_PTE_PS;
	/* AMD APM, "Long-Mode Page Translation": MBZ above the last two. */
	if (level > 2 && !leaf && w->mode->amd)
		reserved |= NACRE_PTE_GLOBAL;
	if (level > 1 && leaf)
		reserved |= bit_range(level_shift(w, level) - 1, 13);
	return reserved;
}

/*
 * Intel loads the four PDPTEs at MOV to CR3 and walks with those; AMD reads
 * the one that it needs. Gives the page directory.
 */
static enum nacre_walk_result pae_root(struct walker *w, u64 *table)
{
	unsigned int index = (w->gva >> 30) & 3;
	enum nacre_walk_result result;
	u64 entry = w->mode->pdptrs[index];

	if (w->mode->amd) {
		u64 base = w->mode->cr3 & GENMASK_ULL(31, 5);

		result = read_entry(w, base + index * 8, &entry);
		if (result != NACRE_WALK_OK)
			return result;
	}
	if (!(entry & NACRE_PTE_PRESENT))
		return fault(w, 0);
	if (entry & (PDPTE_RESERVED | bit_range(63, max_physical(w))))
		return fault(w, NACRE_PF_PRESENT | NACRE_PF_RSVD);
	*table = entry & NACRE_PTE_FRAME;
	return NACRE_WALK_OK;
}

static enum nacre_walk_result find_root(struct walker *w, u64 *table)
{
	if (w->is_long) {
		*table = w->mode->cr3 & NACRE_PTE_FRAME;
		return NACRE_WALK_OK;
	}
	if (w->entry_size == 8)
		return pae_root(w, table);
	*table = w->mode->cr3 & GENMASK_ULL(31, 12);
	return NACRE_WALK_OK;
}

/* Read and check one entry; the rights are the AND of all levels. */
static enum nacre_walk_result take_level(struct walker *w, u64 table,
					 unsigned int level)
{
	u64 *entry = &w->entries[level - 1];
	u64 gpa = entry_gpa(w, table, level);
	enum nacre_walk_result result = read_entry(w, gpa, entry);
	bool leaf;

	if (result != NACRE_WALK_OK)
		return result;
	if (!(*entry & NACRE_PTE_PRESENT))
		return fault(w, 0);
	leaf = is_leaf(w, level, *entry);
	if (*entry & reserved_bits(w, level, leaf))
		return fault(w, NACRE_PF_PRESENT | NACRE_PF_RSVD);
	w->gpas[level - 1] = gpa;
	w->user &= !!(*entry & NACRE_PTE_USER);
	w->writable &= !!(*entry & NACRE_PTE_WRITE);
	if (w->entry_size == 8)
		w->noexec |= !!(*entry & NACRE_PTE_NX);
	if (leaf)
		w->leaf = level;
	return NACRE_WALK_OK;
}

static enum nacre_walk_result take_levels(struct walker *w)
{
	u64 table = 0;
	enum nacre_walk_result result = find_root(w, &table);
	unsigned int level;

	w->leaf = 0;
	w->user = true;
	w->writable = true;
	w->noexec = false;
	for (level = w->top; result == NACRE_WALK_OK; level--) {
		result = take_level(w, table, level);
		if (result == NACRE_WALK_OK && w->leaf)
			break;
		table = w->entries[level - 1] &
			(w->entry_size == 8 ? NACRE_PTE_FRAME : GENMASK_ULL(31, 12));
	}
	return result;
}

/* Intel SDM, "Protection Keys": user pages, data accesses, long mode. */
static bool key_forbids(const struct walker *w)
{
	u64 leaf = w->entries[w->leaf - 1];
	unsigned int key = (leaf >> ENTRY_KEY_SHIFT) & 15;
	u32 rights = (w->mode->pkru >> (2 * key)) & 3;
	bool write_counts = (w->access & NACRE_PF_USER) ||
			    (w->mode->cr0 & X86_CR0_WP);

	if (!w->is_long || !(w->mode->cr4 & X86_CR4_PKE) || !w->user ||
	    (w->access & NACRE_PF_FETCH))
		return false;
	if (rights & 1)
		return true;
	return (rights & 2) && (w->access & NACRE_PF_WRITE) && write_counts;
}

/* Intel SDM, "Determination of Access Rights". */
static bool supervisor_may(const struct walker *w)
{
	if (w->access & NACRE_PF_FETCH)
		return !(w->user && (w->mode->cr4 & X86_CR4_SMEP));
	if (w->mode->cr4 & X86_CR4_SMAP && w->user &&
	    (w->implicit || w->mode->cpl == 3 ||
	     !(w->mode->rflags & X86_EFLAGS_AC)))
		return false;
	return w->writable || !(w->access & NACRE_PF_WRITE) ||
	       !(w->mode->cr0 & X86_CR0_WP);
}

static enum nacre_walk_result check_rights(struct walker *w)
{
	bool allowed = w->access & NACRE_PF_USER ? w->user &&
		       (w->writable || !(w->access & NACRE_PF_WRITE)) :
		       supervisor_may(w);
	u32 cause = NACRE_PF_PRESENT;

	if ((w->access & NACRE_PF_FETCH) && w->noexec)
		allowed = false;
	if (key_forbids(w)) {
		allowed = false;
		cause |= NACRE_PF_PKEY;
	}
	return allowed ? NACRE_WALK_OK : fault(w, cause);
}

static enum nacre_walk_result mark_levels(struct walker *w)
{
	unsigned int level;

	for (level = w->top; level >= w->leaf; level--) {
		u64 entry = w->entries[level - 1];
		u64 marked = entry | NACRE_PTE_ACCESSED;

		if (level == w->leaf && w->access & NACRE_PF_WRITE)
			marked |= NACRE_PTE_DIRTY;
		if (marked != entry &&
		    w->memory->update_entry(w->memory, w->gpas[level - 1],
					    w->entry_size, entry, marked) ==
		    -EAGAIN)
			return NACRE_WALK_RETRY;
	}
	return NACRE_WALK_OK;
}

static void give_address(struct walker *w)
{
	u64 entry = w->entries[w->leaf - 1];
	u64 size = BIT_ULL(level_shift(w, w->leaf));
	u64 frame = entry & NACRE_PTE_FRAME;

	if (w->entry_size == 4) {
		frame &= GENMASK_ULL(31, 12);
		if (w->leaf == 2)
			frame |= ((entry >> 13) & 0xff) << 32;
	}
	w->out->gpa = (frame & ~(size - 1)) | (w->gva & (size - 1));
	w->out->page_size = size;
}

static enum nacre_walk_result walk_once(struct walker *w)
{
	enum nacre_walk_result result = take_levels(w);

	if (result == NACRE_WALK_OK)
		result = check_rights(w);
	if (result == NACRE_WALK_OK)
		result = mark_levels(w);
	if (result == NACRE_WALK_OK)
		give_address(w);
	return result;
}

enum nacre_walk_result
nacre_guest_walk(const struct nacre_walk_mode *mode,
		 struct nacre_walk_memory *memory, u64 gva, u32 access,
		 bool implicit, struct nacre_walk *out)
{
	struct walker w = {
		.mode = mode,
		.memory = memory,
		.out = out,
		.gva = gva,
		.access = access,
		.implicit = implicit,
	};
	enum nacre_walk_result result = NACRE_WALK_RETRY;
	unsigned int attempt;

	memset(out, 0, sizeof(*out));
	if (!(mode->cr0 & X86_CR0_PG)) {
		out->gpa = gva;
		out->page_size = BIT_ULL(12);
		return NACRE_WALK_OK;
	}
	choose_format(&w);
	for (attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
		result = walk_once(&w);
		if (result != NACRE_WALK_RETRY)
			break;
	}
	return result;
}
