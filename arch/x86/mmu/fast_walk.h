/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's page tables where nothing about them is out of the ordinary:
 * four levels, every entry present, accessed, and granting what is asked, no
 * reserved bit, and in the end a page of 4 KiB or 2 MiB. That is nearly every
 * walk there is. All else is left to guest_walk.c, which knows the rules: who
 * gets no answer here has learnt nothing.
 *
 * Knows no hypervisor struct, and so also builds as a host program.
 */
#ifndef NACRE_FAST_WALK_H
#define NACRE_FAST_WALK_H

#include "arch/x86/mmu/guest_walk.h"

/* Bits 20:13 of a 2 MiB page are reserved, bit 12 is its PAT bit. */
#define NACRE_FAST_2M_FRAME	0x000fffffffe00000ull
#define NACRE_FAST_2M_RESERVED	0x00000000001fe000ull

struct nacre_fast_walk {
	u64 must;		/* bits that every entry has to have */
	u64 never;		/* ... and that none may have */
	u64 leaf;		/* bits that the last has to have */
	bool no_user;		/* a user page is not for here */
};

/* What in CR4 gives user pages rules of their own for this access. */
static __always_inline u64 nacre_fast_user_rules(u32 access)
{
	if (access & NACRE_PF_FETCH)
		return access & NACRE_PF_USER ? 0 : X86_CR4_SMEP;
	return access & NACRE_PF_USER ? X86_CR4_PKE :
	       X86_CR4_PKE | X86_CR4_SMAP;
}

/* @reserved: the address bits that the guest's processor does not have. */
static __always_inline struct nacre_fast_walk
nacre_fast_walk_rules(u64 cr4, bool nxe, u64 reserved, u32 access)
{
	struct nacre_fast_walk w = {
		.must = NACRE_PTE_PRESENT | NACRE_PTE_ACCESSED,
		.never = reserved,
		.no_user = cr4 & nacre_fast_user_rules(access),
	};

	if (access & NACRE_PF_USER)
		w.must |= NACRE_PTE_USER;
	if (access & NACRE_PF_WRITE) {
		w.must |= NACRE_PTE_WRITE;
		w.leaf = NACRE_PTE_DIRTY;
	}
	if (!nxe || access & NACRE_PF_FETCH)
		w.never |= NACRE_PTE_NX;
	return w;
}

static __always_inline u64 nacre_fast_entry(u64 table, u64 gva,
					    unsigned int shift)
{
	return (table & NACRE_PTE_FRAME) + ((gva >> shift & 511) << 3);
}

static __always_inline bool nacre_fast_bad(const struct nacre_fast_walk *w,
					   u64 entry, u64 never)
{
	return (entry & w->must) != w->must || entry & (w->never | never);
}

/*
 * Translate @gva, which is canonical, by the tables at @cr3. @read copies an
 * entry and says whether it could.
 */
static __always_inline bool
nacre_fast_walk(const struct nacre_fast_walk *w, u64 cr3, u64 gva,
		bool (*read)(void *from, u64 gpa, u64 *entry), void *from,
		u64 *gpa)
{
	/* Above the last two levels these are reserved, or a large page. */
	const u64 high = NACRE_PTE_PS | NACRE_PTE_GLOBAL;
	u64 e4, e3, e2, e1, all;

	if (!read(from, nacre_fast_entry(cr3, gva, 39), &e4) ||
	    nacre_fast_bad(w, e4, high))
		return false;
	if (!read(from, nacre_fast_entry(e4, gva, 30), &e3) ||
	    nacre_fast_bad(w, e3, high))
		return false;
	if (!read(from, nacre_fast_entry(e3, gva, 21), &e2) ||
	    nacre_fast_bad(w, e2, 0))
		return false;
	all = e4 & e3 & e2;
	if (e2 & NACRE_PTE_PS) {
		if (e2 & NACRE_FAST_2M_RESERVED)
			return false;
		e1 = e2;
		*gpa = (e2 & NACRE_FAST_2M_FRAME) | (gva & 0x1fffff);
	} else {
		if (!read(from, nacre_fast_entry(e2, gva, 12), &e1) ||
		    nacre_fast_bad(w, e1, 0))
			return false;
		all &= e1;
		*gpa = (e1 & NACRE_PTE_FRAME) | (gva & 0xfff);
	}
	if ((e1 & w->leaf) != w->leaf)
		return false;
	return !(w->no_user && all & NACRE_PTE_USER);
}

#endif /* NACRE_FAST_WALK_H */
