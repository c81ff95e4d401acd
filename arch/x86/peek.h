/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A quick look into guest memory, for what nearly every exit needs: the bytes
 * of the instruction, and where its operand is.
 *
 * Nothing is taken for granted of the guest's: its tables and its code are read
 * anew each time. What is kept is the slot that the last look was into, as long
 * as the set of slots is the same, and where in it the tables' entries were.
 * Memory is reached by the VMM's addresses. False means no more than that it
 * was not so easy: ask guest_walk.c and guest_mem.c.
 *
 * One slot has to hold all of it, tables and code: then one check of the range
 * and one opening of user memory do for the whole look. Nothing is called in
 * between (objtool sees to that); a page that is not there is faulted in, as
 * by any copy.
 */
#ifndef NACRE_X86_PEEK_H
#define NACRE_X86_PEEK_H

#include <linux/mm.h>
#include <linux/uaccess.h>

#include "arch/x86/mmu/fast_walk.h"
#include "arch/x86/regs.h"

/* As many bytes are looked at as two words have: more than any instruction. */
#define NACRE_PEEK_BYTES	16

/* NACRE_PF_* of an access at the current privilege level. */
static __always_inline u32 nacre_access_bits(struct nacre_vcpu *vcpu, u32 kind)
{
	return backend(read_cpl)(vcpu) == 3 ? kind | NACRE_PF_USER : kind;
}

/* Another slot, or another set of slots: note the slot of @gfn. */
bool nacre_peek_choose_slot(struct nacre_vcpu *vcpu, gfn_t gfn);

/*
 * The translation of @gva, for an access of NACRE_PF_*. Inside a read section
 * of the slots.
 */
bool nacre_peek_gpa(struct nacre_vcpu *vcpu, gva_t gva, u32 access,
		    gpa_t *gpa);

static __always_inline bool nacre_peek_has(const struct nacre_peek *peek,
					   gfn_t gfn)
{
	return gfn - peek->gfn < peek->npages;
}

/* Is the slot at hand that of @gpa, in the slots as they are now? */
static __always_inline bool nacre_peek_slot(struct nacre_vcpu *vcpu, gpa_t gpa)
{
	const struct nacre_peek *peek = &vcpu->arch.peek;
	gfn_t gfn = gpa >> PAGE_SHIFT;

	if (likely(peek->generation == nacre_memslots(vcpu->vm)->generation &&
		   nacre_peek_has(peek, gfn)))
		return true;
	return nacre_peek_choose_slot(vcpu, gfn);
}

/* The frame is the guest's to choose, so a guess stays in the slot, too. */
static __always_inline const u64 __user *
nacre_peek_address(const struct nacre_peek *peek, gpa_t gpa)
{
	gfn_t n = array_index_nospec((gpa >> PAGE_SHIFT) - peek->gfn,
				     peek->npages);

	return (const u64 __user *)(peek->hva + (n << PAGE_SHIFT) +
				    offset_in_page(gpa));
}

static __always_inline bool nacre_peek_begin(const struct nacre_peek *peek)
{
	return user_access_begin((void __user *)peek->hva,
				 peek->npages << PAGE_SHIFT);
}

/* User memory is open. */
static __always_inline bool nacre_peek_entry(void *from, u64 gpa, u64 *entry)
{
	const struct nacre_peek *peek = from;

	if (!nacre_peek_has(peek, gpa >> PAGE_SHIFT))
		return false;
	unsafe_get_user(*entry, nacre_peek_address(peek, gpa), failed);
	return true;
failed:
	return false;
}

static __always_inline bool nacre_peek_words(const struct nacre_peek *peek,
					     gpa_t gpa, u64 words[2])
{
	const u64 __user *from;

	if (!nacre_peek_has(peek, gpa >> PAGE_SHIFT))
		return false;
	from = nacre_peek_address(peek, gpa);
	unsafe_get_user(words[0], from, failed);
	unsafe_get_user(words[1], from + 1, failed);
	return true;
failed:
	return false;
}

/* Long mode with four levels is the one format that is known here. */
static inline bool nacre_peek_can_walk(struct nacre_vcpu *vcpu,
						gva_t gva, u64 cr3, u64 cr4)
{
	if (!nacre_is_long_mode(vcpu) || cr4 & X86_CR4_LA57 ||
	    (u64)((s64)(gva << 16) >> 16) != gva)
		return false;
	return nacre_peek_slot(vcpu, cr3 & NACRE_PTE_FRAME);
}

/* Walks anew, and notes the way. */
bool nacre_peek_walk(struct nacre_vcpu *vcpu, gva_t gva, u32 access,
		     u64 words[2]);

/* Is it the page of the last walk, with all that a walk depends on? */
static __always_inline bool nacre_peek_same_way(struct nacre_vcpu *vcpu,
						gva_t gva, u32 access)
{
	const struct nacre_peek *peek = &vcpu->arch.peek;

	return peek->way.page == (gva & PAGE_MASK) &&
	       peek->way.cr3 == nacre_cr3(vcpu) &&
	       peek->way.cr4 == nacre_cr4(vcpu) &&
	       peek->way.efer == vcpu->arch.efer &&
	       peek->way.access == access &&
	       peek->way.generation == nacre_memslots(vcpu->vm)->generation &&
	       peek->generation == peek->way.generation;
}

/* User memory is open: does every entry hold what it held? */
static __always_inline bool nacre_peek_unchanged(const struct nacre_peek *peek)
{
	u64 changed = 0, entry;
	unsigned int i;

#pragma GCC unroll 4
	for (i = 0; i < ARRAY_SIZE(peek->way.entry); i++) {
		unsafe_get_user(entry, peek->way.entry[i], failed);
		changed |= entry ^ peek->way.value[i];
	}
	return !changed;
failed:
	return false;
}

static __always_inline bool
nacre_peek_paged(struct nacre_vcpu *vcpu, gva_t gva, u64 words[2])
{
	struct nacre_peek *peek = &vcpu->arch.peek;
	u32 access = nacre_access_bits(vcpu, NACRE_PF_FETCH);
	bool ok;

	if (likely(nacre_peek_same_way(vcpu, gva, access)) &&
	    nacre_peek_begin(peek)) {
		ok = nacre_peek_unchanged(peek) &&
		     nacre_peek_words(peek, peek->way.gpa | offset_in_page(gva),
				      words);
		user_access_end();
		if (likely(ok))
			return true;
	}
	return nacre_peek_walk(vcpu, gva, access, words);
}

static __always_inline bool
nacre_peek_flat(struct nacre_vcpu *vcpu, gpa_t gpa, u64 words[2])
{
	struct nacre_peek *peek = &vcpu->arch.peek;
	bool ok;

	if (!nacre_peek_slot(vcpu, gpa) || !nacre_peek_begin(peek))
		return false;
	ok = nacre_peek_words(peek, gpa, words);
	user_access_end();
	return ok;
}

/*
 * NACRE_PEEK_BYTES of code at @gva, none of them on the next page, fetched at
 * the current privilege level. Inside a read section of the slots.
 */
static __always_inline bool nacre_peek_code(struct nacre_vcpu *vcpu, gva_t gva,
					    u64 words[2])
{
	if (offset_in_page(gva) > PAGE_SIZE - NACRE_PEEK_BYTES)
		return false;
	return nacre_is_paging(vcpu) ? nacre_peek_paged(vcpu, gva, words) :
				       nacre_peek_flat(vcpu, gva, words);
}

#endif /* NACRE_X86_PEEK_H */
