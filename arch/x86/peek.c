// SPDX-License-Identifier: GPL-2.0
/* A quick look into guest memory; see peek.h. */
#include "arch/x86/peek.h"

bool nacre_peek_choose_slot(struct nacre_vcpu *vcpu, gfn_t gfn)
{
	const struct nacre_memslots *slots = nacre_memslots(vcpu->vm);
	const struct nacre_memslot *slot = nacre_find_slot(slots, gfn);
	struct nacre_peek *peek = &vcpu->arch.peek;

	if (!slot || slot->flags & NACRE_SLOT_INVALID)
		return false;
	peek->generation = slots->generation;
	peek->gfn = slot->gfn;
	peek->npages = slot->npages;
	peek->hva = slot->hva;
	return true;
}

/* A walk that notes where it goes. */
struct noting {
	struct nacre_peek *peek;
	const u64 __user **entry;	/* the next ... */
	u64 *value;			/* ... to be noted */
};

static __always_inline bool read_and_note(void *from, u64 gpa, u64 *entry)
{
	struct noting *noting = from;

	if (!nacre_peek_entry(noting->peek, gpa, entry))
		return false;
	*noting->entry++ = nacre_peek_address(noting->peek, gpa);
	*noting->value++ = *entry;
	return true;
}

static void note_way(struct nacre_vcpu *vcpu, gva_t gva, u32 access, gpa_t gpa,
		     const struct noting *noting)
{
	struct nacre_peek *peek = &vcpu->arch.peek;

	/* A way to a large page has its last entry twice. */
	if (noting->value == &peek->way.value[3]) {
		peek->way.entry[3] = peek->way.entry[2];
		peek->way.value[3] = peek->way.value[2];
	}
	peek->way.cr3 = nacre_cr3(vcpu);
	peek->way.cr4 = nacre_cr4(vcpu);
	peek->way.efer = vcpu->arch.efer;
	peek->way.page = gva & PAGE_MASK;
	peek->way.access = access;
	peek->way.gpa = gpa & PAGE_MASK;
	peek->way.generation = peek->generation;
}

/* False: not so easy. True: user memory is open, and the walk may begin. */
static __always_inline bool begin_walk(struct nacre_vcpu *vcpu, gva_t gva,
				       u32 access, struct nacre_fast_walk *w)
{
	u64 cr4 = nacre_cr4(vcpu);

	if (!nacre_peek_can_walk(vcpu, gva, nacre_cr3(vcpu), cr4))
		return false;
	*w = nacre_fast_walk_rules(cr4, vcpu->arch.efer & EFER_NX,
				   vcpu->arch.cpuid.reserved_gpa, access);
	return nacre_peek_begin(&vcpu->arch.peek);
}

bool nacre_peek_walk(struct nacre_vcpu *vcpu, gva_t gva, u32 access,
		     u64 words[2])
{
	u64 cr3 = nacre_cr3(vcpu);
	struct nacre_peek *peek = &vcpu->arch.peek;
	struct noting noting = {
		.peek = peek,
		.entry = peek->way.entry,
		.value = peek->way.value,
	};
	struct nacre_fast_walk w;
	gpa_t gpa = 0;
	bool ok;

	peek->way.page = NACRE_NO_WAY;
	if (!begin_walk(vcpu, gva, access, &w))
		return false;
	ok = nacre_fast_walk(&w, cr3, gva, read_and_note, &noting, &gpa) &&
	     nacre_peek_words(peek, gpa, words);
	user_access_end();
	if (ok)
		note_way(vcpu, gva, access, gpa, &noting);
	return ok;
}

bool nacre_peek_gpa(struct nacre_vcpu *vcpu, gva_t gva, u32 access, gpa_t *gpa)
{
	struct nacre_peek *peek = &vcpu->arch.peek;
	u64 cr3 = nacre_cr3(vcpu);
	struct nacre_fast_walk w;
	bool ok;

	if (!nacre_is_paging(vcpu)) {
		*gpa = gva;
		return true;
	}
	if (!begin_walk(vcpu, gva, access, &w))
		return false;
	ok = nacre_fast_walk(&w, cr3, gva, nacre_peek_entry, peek, gpa);
	user_access_end();
	return ok;
}
