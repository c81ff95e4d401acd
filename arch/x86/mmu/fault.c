// SPDX-License-Identifier: GPL-2.0
/*
 * A fault of the second stage: from a guest frame by its slot to the VMM's
 * address, from there to the host's page, and the page into the tables.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/signal.h>

#include "module/compat/compat.h"
#include "module/vcpu.h"
#include "arch/x86/mmu/tables.h"

/* So many faults go by before one looks again whether the page is there. */
#define EXPECT_ABSENT	16

/* All that is known of a fault on its way to the tables. */
struct target {
	const struct nacre_stage2_format *format;
	gfn_t gfn;
	bool write;			/* the access was a write */
	bool fetch;			/* ... of an instruction */
	bool host_write;		/* what the host and the slot allow */
	bool writable;			/* what the leaf shall allow */
	u8 level;			/* the largest leaf that is right */
	struct nacre_memslot slot;	/* a copy: outlives its read section */
	u64 generation;			/* of the set that it is from */
	unsigned long seq;
	struct nacre_host_page page;
};

/* What became of an attempt to put the leaf in. */
enum outcome {
	DONE,		/* it is in */
	WAS_THERE,	/* the access is allowed already */
	LOST,		/* the entry changed meanwhile: look again */
	TOO_LARGE,	/* a huge leaf that does not allow it is in the way */
	OTHER_PAGE,	/* live, with another page: cannot be */
	NO_TABLE,	/* the cache is empty */
};

static enum nacre_fault_result fail(struct nacre_vcpu *vcpu, int err)
{
	vcpu->run_error = err;
	return NACRE_FAULT_ERROR;
}

/* May a leaf of @level around @gfn lie in @slot, in step with its memory? */
static bool level_fits(const struct nacre_memslot *slot, gfn_t gfn, u8 level)
{
	u64 pages = nacre_level_pages(level);
	gfn_t first = nacre_level_base(gfn, level);

	return first >= slot->gfn &&
	       first + pages <= slot->gfn + slot->npages &&
	       !((slot->gfn ^ (slot->hva >> PAGE_SHIFT)) & (pages - 1));
}

static void choose_leaf(struct target *target)
{
	const struct nacre_memslot *slot = &target->slot;
	u8 level = min(target->page.level, target->format->max_leaf_level);

	if (slot->dirty || (target->fetch && target->format->small_exec))
		level = 1;
	while (level > 1 && !level_fits(slot, target->gfn, level))
		level--;
	target->level = level;
	target->host_write = target->page.writable &&
			     !(slot->flags & NACRE_MEM_READONLY);
	/* Under a log the first write has to be seen. */
	target->writable = target->host_write &&
			   (target->write || !slot->dirty ||
			    target->format->logs);
}

/* For an access that follows at once. */
static u64 allow_write(const struct nacre_stage2_format *format, u64 leaf)
{
	return leaf | NACRE_LEAF_HOST_WRITE | format->write |
	       format->accessed | format->dirty;
}

static u64 make_leaf(const struct target *target, u8 level)
{
	const struct nacre_stage2_format *format = target->format;
	u64 pfn = nacre_level_base(target->page.pfn, level);
	u64 leaf = format->leaf | format->read | format->accessed;

	if (level > 1)
		leaf |= format->huge;
	if (level == 1 || !format->small_exec)
		leaf |= format->exec;
	if (target->host_write)
		leaf |= NACRE_LEAF_HOST_WRITE;
	if (target->writable)
		leaf |= format->write;
	if (target->write)
		leaf |= format->dirty;
	return leaf | (pfn << PAGE_SHIFT);
}

static bool same_page(const struct target *target, u64 leaf, u8 level)
{
	u64 offset = target->gfn & (nacre_level_pages(level) - 1);

	return nacre_leaf_pfn(target->format, leaf, level) + offset ==
	       target->page.pfn;
}

static enum outcome put_leaf(const struct target *target, u64 *entry, u64 old,
			     u8 level)
{
	const struct nacre_stage2_format *format = target->format;
	u64 new;

	if (!nacre_is_live(format, old))
		new = make_leaf(target, level);
	else if (!same_page(target, old, level))
		return OTHER_PAGE;
	else if (target->fetch && format->small_exec && level > 1)
		return TOO_LARGE;
	else if (!target->write || old & format->write)
		return WAS_THERE;
	else if (level > target->level)
		return TOO_LARGE;
	else
		new = allow_write(format, old);
	return cmpxchg(entry, old, new) == old ? DONE : LOST;
}

/* Returns what the entry holds then, by us or by another vCPU; 0 without. */
static u64 put_table(struct nacre_stage2 *stage2,
		     struct nacre_table_cache *cache, u64 *entry)
{
	u64 *table, new, old;

	if (!cache->count)
		return 0;
	table = cache->page[cache->count - 1];
	new = __pa(table) | stage2->format->table;
	old = cmpxchg(entry, 0, new);
	if (old)
		return old;
	cache->count--;
	atomic_long_inc(&stage2->tables);
	return new;
}

static enum outcome put(struct nacre_stage2 *stage2,
			struct nacre_table_cache *cache,
			const struct target *target)
{
	const struct nacre_stage2_format *format = stage2->format;
	u64 *table = __va(stage2->root);
	u8 level = format->levels;
	enum outcome outcome = LOST;

	while (outcome == LOST) {
		u64 *entry = nacre_entry(table, target->gfn, level);
		u64 old = READ_ONCE(*entry);

		if (!nacre_is_live(format, old) && level > target->level) {
			old = put_table(stage2, cache, entry);
			if (!old)
				return NO_TABLE;
		}
		/* A table stays where it is, even if a leaf could be there. */
		if (nacre_is_live(format, old) &&
		    !nacre_is_leaf(format, old, level)) {
			table = nacre_child(format, old);
			level--;
			continue;
		}
		outcome = put_leaf(target, entry, old, level);
		if (outcome == DONE && !nacre_is_live(format, old))
			atomic64_inc(nacre_stage2_leaves(stage2, level));
	}
	return outcome;
}

/* The one point where a page becomes the guest's. */
static enum nacre_fault_result commit(struct nacre_vcpu *vcpu,
				      const struct target *target)
{
	struct nacre_stage2 *stage2 = &vcpu->vm->arch.stage2;
	u64 size = nacre_level_pages(target->level) << PAGE_SHIFT;
	hva_t start = nacre_slot_hva(&target->slot, target->gfn) & ~(size - 1);
	enum outcome outcome = NO_TABLE;

	read_lock(&stage2->lock);
	if (!nacre_mmu_retry(vcpu->vm, target->seq, start, start + size))
		outcome = put(stage2, &vcpu->arch.tables, target);
	/* After the leaf, and before the lock: memslot.h. */
	if (outcome == DONE && target->write)
		nacre_log_write(&target->slot, target->gfn);
	read_unlock(&stage2->lock);

	switch (outcome) {
	case DONE:
		return NACRE_FAULT_FIXED;
	case WAS_THERE:
		return NACRE_FAULT_SPURIOUS;
	case TOO_LARGE:
		/* The next fault finds nothing there, and puts in what fits. */
		nacre_stage2_zap(vcpu->vm, target->gfn, target->gfn + 1, true);
		return NACRE_FAULT_RETRY;
	case OTHER_PAGE:
		pr_err("vCPU %u: another page is mapped at frame %#llx\n",
		       vcpu->id, target->gfn);
		nacre_vm_kill(vcpu->vm);
		return fail(vcpu, -EIO);
	default:
		return NACRE_FAULT_RETRY;
	}
}

/*
 * A page that is there, or comes without waiting for anybody. Where one was
 * not there others will not be, either: for some time nobody looks before.
 */
static bool quick_page(struct nacre_vcpu *vcpu, struct target *target,
		       hva_t hva)
{
	u8 *absent = &vcpu->arch.expect_absent;

	if (!*absent) {
		target->seq = nacre_mmu_seq(vcpu->vm);
		if (nacre_host_page_fast(hva, target->write, &target->page))
			return true;
		*absent = EXPECT_ABSENT;
	}
	(*absent)--;
	compat_fault_in(hva, target->write);
	target->seq = nacre_mmu_seq(vcpu->vm);
	return nacre_host_page_fast(hva, target->write, &target->page);
}

/*
 * The page has to be brought in, which may take for ever (userfaultfd): whoever
 * changes the slots does not wait for that. Nor may the slots have changed.
 */
static int slow_page(struct nacre_vcpu *vcpu, struct target *target, hva_t hva)
{
	int err;

	target->seq = nacre_mmu_seq(vcpu->vm);
	nacre_vcpu_srcu_unlock(vcpu);
	err = nacre_host_page(hva, target->write, &target->page);
	nacre_vcpu_srcu_lock(vcpu);
	if (err)
		return err;
	return nacre_memslots(vcpu->vm)->generation == target->generation ?
	       0 : -EAGAIN;
}

static enum nacre_fault_result no_page(struct nacre_vcpu *vcpu, hva_t hva,
				       int err)
{
	switch (err) {
	case -EAGAIN:
	case -EINTR:	/* the signal is seen before the next entry */
		return NACRE_FAULT_RETRY;
	case -EHWPOISON:
		send_sig_mceerr(BUS_MCEERR_AR, (void __user *)hva, PAGE_SHIFT,
				current);
		return NACRE_FAULT_RETRY;
	default:
		return fail(vcpu, err);
	}
}

/*
 * A slot that comes there is published before what is mapped is taken away, as
 * is the place of an APIC that goes: one of the two is seen here.
 */
bool nacre_stage2_map_own(struct nacre_vcpu *vcpu, gfn_t gfn, u64 pfn)
{
	struct nacre_vm *vm = vcpu->vm;
	struct nacre_stage2 *stage2 = &vm->arch.stage2;
	const struct target target = {
		.format = stage2->format,
		.gfn = gfn,
		.write = true,
		.writable = true,
		.level = 1,
		.page.pfn = pfn,
	};
	enum outcome outcome = NO_TABLE;

	if (nacre_table_cache_fill(&vcpu->arch.tables,
				   stage2->format->levels - 1))
		return false;
	read_lock(&stage2->lock);
	if ((gfn != NACRE_APIC_GFN ||
	     !atomic_read(&vm->arch.apics_elsewhere)) &&
	    !nacre_find_slot(nacre_memslots(vm), gfn))
		outcome = put(stage2, &vcpu->arch.tables, &target);
	read_unlock(&stage2->lock);
	return outcome == DONE || outcome == WAS_THERE;
}

/*
 * The leaf is there and only the dirty log keeps it read-only: nothing has to
 * be asked of the host. False where it is not so simple.
 */
static bool fix_logged_write(struct nacre_stage2 *stage2,
			     const struct nacre_memslot *slot, gfn_t gfn)
{
	const struct nacre_stage2_format *format = stage2->format;
	bool fixed = false;
	u64 *entry, old;
	u8 level;

	read_lock(&stage2->lock);
	entry = nacre_lowest_entry(stage2, gfn, &level);
	old = READ_ONCE(*entry);
	if (level == 1 && nacre_is_live(format, old) &&
	    old & NACRE_LEAF_HOST_WRITE)
		fixed = cmpxchg(entry, old, allow_write(format, old)) == old;
	if (fixed)
		nacre_log_write(slot, gfn);
	read_unlock(&stage2->lock);
	return fixed;
}

static noinline enum nacre_fault_result
map_slot(struct nacre_vcpu *vcpu, const struct nacre_stage2_fault *fault,
	 const struct nacre_memslot *slot)
{
	struct target target = {
		.format = vcpu->vm->arch.stage2.format,
		.gfn = fault->gpa >> PAGE_SHIFT,
		.write = fault->write,
		.fetch = fault->fetch,
		.generation = nacre_memslots(vcpu->vm)->generation,
		.slot = *slot,
	};
	hva_t hva = nacre_slot_hva(slot, target.gfn);
	int err;

	/* The root is there. */
	err = nacre_table_cache_fill(&vcpu->arch.tables,
				     target.format->levels - 1);
	if (err)
		return fail(vcpu, err);
	if (!quick_page(vcpu, &target, hva)) {
		err = slow_page(vcpu, &target, hva);
		if (err)
			return no_page(vcpu, hva, err);
	}
	choose_leaf(&target);
	return commit(vcpu, &target);
}

enum nacre_fault_result
nacre_stage2_fault(struct nacre_vcpu *vcpu,
		   const struct nacre_stage2_fault *fault)
{
	gfn_t gfn = fault->gpa >> PAGE_SHIFT;
	const struct nacre_memslot *slot;

	slot = nacre_find_slot(nacre_memslots(vcpu->vm), gfn);
	if (!slot)
		return NACRE_FAULT_NO_SLOT;
	/* On its way out: by the time the guest is back, it may be gone. */
	if (slot->flags & NACRE_SLOT_INVALID)
		return NACRE_FAULT_RETRY;
	/* The processor's own writes to a page table in ROM come here, too. */
	if (fault->write && slot->flags & NACRE_MEM_READONLY)
		return NACRE_FAULT_READ_ONLY;
	if (slot->dirty && fault->write && fault->present &&
	    fix_logged_write(&vcpu->vm->arch.stage2, slot, gfn))
		return NACRE_FAULT_FIXED;
	return map_slot(vcpu, fault, slot);
}
