// SPDX-License-Identifier: GPL-2.0
/*
 * Changes of the slots, and the two ioctls that ask for them.
 *
 * A change is prepared whole before any of it is seen, so that it cannot fail
 * half way. In which steps it is then seen: Documentation/locking.rst, "The
 * slots". Sets that were replaced are kept on a list until the next wait.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "arch/x86/arch.h"

/* The ABI's limit for one slot. */
#define MAX_SLOT_PAGES		((1UL << 31) - 1)
/* Replaced sets to keep before it is time to wait for their readers. */
#define MAX_RETIRED		16

struct change {
	const struct nacre_memslot *old;
	struct nacre_memslot *new;
	struct nacre_memslot *invalid;	/* old, on its way out */
	struct nacre_slot_draft without;		/* with @invalid for @old */
	struct nacre_slot_draft final;
	unsigned long *old_log;		/* the dirty log that nobody keeps */
};

/* Ids are only the changers' concern. */
const struct nacre_memslot *nacre_slot_of_id(struct nacre_vm *vm, u32 id)
{
	lockdep_assert_held(&vm->slots_lock);
	return xa_load(&vm->slot_ids, id);
}

static void free_leaves(struct nacre_slot_draft *draft)
{
	while (draft->count)
		kfree(draft->leaf[--draft->count]);
}

static void free_draft(struct nacre_slot_draft *draft)
{
	kvfree(draft->set);
	free_leaves(draft);
}

static int alloc_draft(struct nacre_slot_draft *draft, unsigned int leaves)
{
	struct nacre_slot_leaf *leaf;

	draft->set = kvzalloc(nacre_slotset_size(leaves + 1),
			      GFP_KERNEL_ACCOUNT);
	if (!draft->set)
		return -ENOMEM;
	while (draft->count < NACRE_NEW_LEAVES) {
		leaf = kmalloc(sizeof(*leaf), GFP_KERNEL_ACCOUNT);
		if (!leaf)
			return -ENOMEM;
		draft->leaf[draft->count++] = leaf;
	}
	return 0;
}

static void free_retired(struct nacre_vm *vm)
{
	struct nacre_memslots *set;
	unsigned int i;

	while ((set = vm->retired)) {
		vm->retired = set->retired;
		for (i = 0; i < NACRE_OLD_LEAVES; i++)
			kfree(set->old_leaf[i]);
		kfree(set->old_slot);
		kvfree(set->old_log);
		kvfree(set);
	}
	vm->nr_retired = 0;
}

static void wait_for_readers(struct nacre_vm *vm)
{
	synchronize_srcu_expedited(&vm->srcu);
	free_retired(vm);
}

/* Make the active set one with @new for @old; either may be NULL. */
static void publish(struct nacre_vm *vm, struct nacre_slot_draft *draft,
		    const struct nacre_memslot *old,
		    const struct nacre_memslot *new, unsigned long *old_log)
{
	struct nacre_memslots *from;

	from = rcu_dereference_protected(vm->slots,
					 lockdep_is_held(&vm->slots_lock));
	nacre_slotset_replace(draft, from, old, new);
	rcu_assign_pointer(vm->slots, draft->set);
	free_leaves(draft);
	from->old_slot = old;
	from->old_log = old_log;
	from->retired = vm->retired;
	vm->retired = from;
	vm->nr_retired++;
}

static bool logs_anew(const struct change *change)
{
	return change->new && change->new->dirty &&
	       !(change->old && change->old->dirty);
}

static void abandon(struct change *change)
{
	if (logs_anew(change))
		kvfree(change->new->dirty);
	kfree(change->new);
	kfree(change->invalid);
	free_draft(&change->without);
	free_draft(&change->final);
}

static bool leaves_its_place(const struct change *change)
{
	return change->old &&
	       (!change->new || change->new->gfn != change->old->gfn);
}

/* A log goes on while the flag stays, wherever the slot moves. */
static int prepare_log(struct nacre_vm *vm, struct change *change)
{
	const struct nacre_memslot *old = change->old;
	struct nacre_memslot *new = change->new;

	change->old_log = old ? old->dirty : NULL;
	if (!new || !(new->flags & NACRE_MEM_LOG_DIRTY_PAGES))
		return 0;
	new->dirty = change->old_log ?: nacre_dirty_alloc(vm, new->npages);
	change->old_log = NULL;
	return new->dirty ? 0 : -ENOMEM;
}

static int prepare(struct nacre_vm *vm, struct change *change)
{
	unsigned int leaves = nacre_memslots(vm)->leaves;
	int err;

	/* Putting the slot in makes a leaf more at most. */
	err = alloc_draft(&change->final, leaves + 1);
	if (!err)
		err = prepare_log(vm, change);
	if (!err && leaves_its_place(change)) {
		change->invalid = kmemdup(change->old, sizeof(*change->old),
					  GFP_KERNEL_ACCOUNT);
		if (!change->invalid)
			return -ENOMEM;
		change->invalid->flags |= NACRE_SLOT_INVALID;
		err = alloc_draft(&change->without, leaves);
	}
	if (!err && change->new)
		err = xa_reserve(&vm->slot_ids, change->new->id,
				 GFP_KERNEL_ACCOUNT);
	return err;
}

static void take_away_old(struct nacre_vm *vm, struct change *change)
{
	const struct nacre_memslot *old = change->old;
	gfn_t gfn = old->gfn, end = old->gfn + old->npages;

	publish(vm, &change->without, old, change->invalid, NULL);
	wait_for_readers(vm);
	nacre_stage2_zap(vm, gfn, end, true);
	change->old = change->invalid;
}

/* Where processors log writes, all do by the time that a leaf is watched. */
static void count_logs(struct nacre_vm *vm, int more)
{
	bool before = vm->nr_logs;

	WRITE_ONCE(vm->nr_logs, vm->nr_logs + more);
	if (before == !!vm->nr_logs || !vm->arch.stage2.format->logs)
		return;
	nacre_request_all(vm, NACRE_REQ_LOG);
	nacre_flush_remote_tlbs(vm);
}

static void commit(struct nacre_vm *vm, struct change *change)
{
	const struct nacre_memslot *new = change->new;
	bool begins = logs_anew(change), ends = change->old_log && new;

	count_logs(vm, begins - !!change->old_log);
	if (new)
		xa_store(&vm->slot_ids, new->id, change->new, 0);
	else
		xa_erase(&vm->slot_ids, change->old->id);
	if (leaves_its_place(change))
		take_away_old(vm, change);
	publish(vm, &change->final, change->old, new, change->old_log);
	begins &= !!change->old;
	if (begins || change->old_log || vm->nr_retired >= MAX_RETIRED)
		wait_for_readers(vm);
	/*
	 * Writes are seen from now on: once everybody knows the log, no leaf
	 * may allow one. Where all of it is dirty to begin with, clearing will
	 * see to that.
	 */
	if (begins && !(vm->dirty_manual & NACRE_DIRTY_LOG_INITIALLY_SET))
		nacre_stage2_protect_all(vm, new->gfn, new->gfn + new->npages);
	/* Let huge leaves come back. */
	if (ends)
		nacre_stage2_zap(vm, new->gfn, new->gfn + new->npages, true);
	if (new)
		nacre_arch_new_slot(vm, new);
}

/* What can be said without looking at the slots that are there. */
static int check_region(const struct nacre_userspace_memory_region *mem)
{
	u64 size = mem->memory_size;
	unsigned long hva = mem->userspace_addr;
	unsigned long untagged = untagged_addr(hva);

	if (mem->flags & ~(NACRE_MEM_READONLY | NACRE_MEM_LOG_DIRTY_PAGES))
		return -EINVAL;
	if (!PAGE_ALIGNED(size) || !PAGE_ALIGNED(mem->guest_phys_addr) ||
	    !PAGE_ALIGNED(hva))
		return -EINVAL;
	if (hva != untagged || !access_ok((void __user *)hva, size))
		return -EINVAL;
	/* The upper half is the address space: there is one. */
	if (mem->slot >= NACRE_USER_SLOTS)
		return -EINVAL;
	if (mem->guest_phys_addr + size < mem->guest_phys_addr)
		return -EINVAL;
	return size >> PAGE_SHIFT > MAX_SLOT_PAGES ? -EINVAL : 0;
}

/* Without pages it is to go. */
static int check_change(struct nacre_vm *vm, const struct nacre_memslot *old,
			const struct nacre_memslot *want)
{
	if (!want->npages)
		return old ? 0 : -EINVAL;
	/* Only the place and the dirty log of a slot may change. */
	if (old && (want->hva != old->hva || want->npages != old->npages ||
		    (want->flags ^ old->flags) & NACRE_MEM_READONLY))
		return -EINVAL;
	if (old && old->gfn == want->gfn)
		return 0;
	if (nacre_slotset_overlaps(nacre_memslots(vm), want->gfn, want->npages,
				   old))
		return -EEXIST;
	return want->gfn + want->npages > vm->arch.stage2.gfns ? -EINVAL : 0;
}

static int make_change(struct nacre_vm *vm, const struct nacre_memslot *old,
		       const struct nacre_memslot *want)
{
	struct change change = { .old = old };
	int err;

	if (want->npages) {
		change.new = kmemdup(want, sizeof(*want), GFP_KERNEL_ACCOUNT);
		if (!change.new)
			return -ENOMEM;
	}
	err = prepare(vm, &change);
	if (err)
		abandon(&change);
	else
		commit(vm, &change);
	return err;
}

int nacre_set_memory_region(struct nacre_vm *vm,
			    const struct nacre_userspace_memory_region *mem)
{
	const struct nacre_memslot *old;
	struct nacre_memslot want = {
		.gfn = mem->guest_phys_addr >> PAGE_SHIFT,
		.npages = mem->memory_size >> PAGE_SHIFT,
		.hva = mem->userspace_addr,
		.flags = mem->flags,
		.id = mem->slot,
	};
	int err;

	lockdep_assert_held(&vm->slots_lock);
	err = check_region(mem);
	if (err)
		return err;
	old = nacre_slot_of_id(vm, want.id);
	err = check_change(vm, old, &want);
	if (err || (old && want.npages && old->gfn == want.gfn &&
		    old->flags == want.flags))
		return err;
	return make_change(vm, old, &want);
}

int nacre_memslots_init(struct nacre_vm *vm)
{
	struct nacre_memslots *empty;

	empty = kvzalloc(nacre_slotset_size(0), GFP_KERNEL_ACCOUNT);
	if (!empty)
		return -ENOMEM;
	empty->hva_start = ~0UL;
	xa_init(&vm->slot_ids);
	RCU_INIT_POINTER(vm->slots, empty);
	return 0;
}

/* No vCPU runs, and the notifier is detached: nobody reads. */
void nacre_memslots_destroy(struct nacre_vm *vm)
{
	struct nacre_memslots *slots = rcu_dereference_raw(vm->slots);
	const struct nacre_memslot *slot;
	unsigned int l, i;

	free_retired(vm);
	nacre_for_each_slot(slot, slots, l, i) {
		kvfree(slot->dirty);
		kfree(slot);
	}
	for (l = 0; l < slots->leaves; l++)
		kfree(slots->leaf[l]);
	kvfree(slots);
	xa_destroy(&vm->slot_ids);
	RCU_INIT_POINTER(vm->slots, NULL);
}
