/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walks the guest's own page tables (2-level, PAE, 4- and 5-level) the way
 * the processor would. Guest entries are copied once, then checked. Knows no
 * hypervisor struct: it reads and updates tables through two callbacks, and so
 * also builds as a host program.
 */
#ifndef NACRE_GUEST_WALK_H
#define NACRE_GUEST_WALK_H

#include <asm/processor-flags.h>

#include "module/pure.h"

/* Page-fault error code bits, Intel SDM, "Page-Fault Exceptions". */
#define NACRE_PF_PRESENT	(1u << 0)
#define NACRE_PF_WRITE		(1u << 1)
#define NACRE_PF_USER		(1u << 2)
#define NACRE_PF_RSVD		(1u << 3)
#define NACRE_PF_FETCH		(1u << 4)
#define NACRE_PF_PKEY		(1u << 5)

/* Bits of a table entry. */
#define NACRE_PTE_PRESENT	(1ull << 0)
#define NACRE_PTE_WRITE		(1ull << 1)
#define NACRE_PTE_USER		(1ull << 2)
#define NACRE_PTE_ACCESSED	(1ull << 5)
#define NACRE_PTE_DIRTY		(1ull << 6)
#define NACRE_PTE_PS		(1ull << 7)
#define NACRE_PTE_GLOBAL	(1ull << 8)
#define NACRE_PTE_NX		(1ull << 63)
#define NACRE_PTE_FRAME		0x000ffffffffff000ull

/*
 * Where the tables are; the caller embeds it and finds itself by container_of.
 * Entries are aligned to their size.
 */
struct nacre_walk_memory {
	/* Copy a 4- or 8-byte table entry; 0, or -EFAULT: no memory there. */
	int (*read_entry)(struct nacre_walk_memory *memory, u64 gpa,
			  unsigned int size, u64 *entry);
	/*
	 * Compare and exchange; 0, -EAGAIN: it changed meanwhile, -EFAULT: it
	 * cannot be written, and the tables in ROM go without the bit.
	 */
	int (*update_entry)(struct nacre_walk_memory *memory, u64 gpa,
			    unsigned int size, u64 old, u64 new);
};

/* The processor state that a walk depends on, copied by the caller. */
struct nacre_walk_mode {
	u64 cr0, cr3, cr4, efer, rflags;
	u64 pdptrs[4];		/* PAE: as loaded by MOV to CR3 */
	u32 pkru;
	u8 cpl;
	u8 maxphyaddr;
	bool has_1g_pages;
	bool amd;		/* PDPTEs in memory; more reserved bits */
};

enum nacre_walk_result {
	NACRE_WALK_OK,
	NACRE_WALK_FAULT,	/* #PF with error_code at gva */
	NACRE_WALK_NO_MEMORY,	/* a table entry lies outside memory */
	NACRE_WALK_RETRY,	/* the tables do not stand still; enter again */
};

struct nacre_walk {
	u64 gpa;		/* OK: the translation */
	u64 page_size;		/* OK: of the guest's mapping */
	u32 error_code;		/* FAULT */
	u64 table_gpa;		/* NO_MEMORY: the entry's address */
};

/*
 * Translate @gva for an access of @access (NACRE_PF_WRITE, _USER, _FETCH as
 * wanted). @implicit: a supervisor access made by the processor itself
 * (descriptor tables), which SMAP judges regardless of RFLAGS.AC; one without
 * _USER at CPL 3 is always that.
 * Sets accessed and dirty bits as the processor would, when the access is
 * allowed.
 *
 * @gva is a linear address: the caller has applied segments, wrapped it to 32
 * bits outside 64-bit mode, and raised #GP or #SS if it is not canonical.
 * Upper bits that the tables do not translate are ignored. Without paging the
 * answer is @gva itself in a page of 4 KiB.
 */
enum nacre_walk_result
nacre_guest_walk(const struct nacre_walk_mode *mode,
		 struct nacre_walk_memory *memory, u64 gva, u32 access,
		 bool implicit, struct nacre_walk *out);

#endif /* NACRE_GUEST_WALK_H */
