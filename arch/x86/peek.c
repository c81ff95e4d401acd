// SPDX-License-Identifier: GPL-2.0
/* A quick look into guest memory; see peek.h. */
#include "module/vcpu.h"
#include "module/vm.h"
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

bool nacre_peek_gpa(struct nacre_vcpu *vcpu, gva_t gva, u32 access, gpa_t *gpa)
{
	u64 cr3 = nacre_cr3(vcpu), cr4 = nacre_cr4(vcpu);
	struct nacre_peek *peek = &vcpu->arch.peek;
	struct nacre_fast_walk w;
	bool ok;

	if (!nacre_is_paging(vcpu)) {
		*gpa = gva;
		return true;
	}
	if (!nacre_peek_can_walk(vcpu, gva, cr3, cr4))
		return false;
	w = nacre_fast_walk_rules(cr4, vcpu->arch.efer & EFER_NX,
				  vcpu->arch.cpuid.reserved_gpa, access);
	if (!nacre_peek_begin(peek))
		return false;
	ok = nacre_fast_walk(&w, cr3, gva, nacre_peek_entry, peek, gpa);
	user_access_end();
	return ok;
}
