// SPDX-License-Identifier: GPL-2.0
/*
 * What the host does with the VMM's memory reaches stage 2 here.
 * Documentation/locking.rst, "The notifier", has the protocol.
 */
#include <linux/slab.h>

#include "module/compat/compat.h"
#include "module/vm.h"

/* What is done to a VM's range of frames; true if it found something. */
enum visit { ZAP, ZAP_YIELDING, AGE, TEST_AGE, END };

static struct nacre_mm *mm_of(struct mmu_notifier *mn)
{
	return container_of(mn, struct nacre_mm, mn);
}

/*
 * All slots count, an invalid one too: its frames are zapped by whoever made
 * it invalid, but perhaps only after this call has returned.
 */
static bool walk_slots(struct nacre_vm *vm, hva_t start, hva_t end,
		       enum visit what)
{
	const struct nacre_memslots *slots;
	const struct nacre_memslot *slot;
	gfn_t gfn, last;
	bool found = false;
	unsigned int l, i;
	int index;

	index = srcu_read_lock(&vm->srcu);
	slots = nacre_memslots(vm);
	if (start < slots->hva_end && end > slots->hva_start) {
		nacre_for_each_slot(slot, slots, l, i) {
			if (!nacre_slot_frames(slot, start, end, &gfn, &last))
				continue;
			found |= what == AGE || what == TEST_AGE ?
				 nacre_stage2_age(vm, gfn, last, what == AGE) :
				 nacre_stage2_zap(vm, gfn, last,
						  what == ZAP_YIELDING);
		}
	}
	srcu_read_unlock(&vm->srcu, index);
	return found;
}

static bool walk_vms(struct nacre_mm *nmm, hva_t start, hva_t end,
		     enum visit what)
{
	struct nacre_vm *vm;
	bool found = false;

	spin_lock(&nmm->lock);
	list_for_each_entry(vm, &nmm->vms, notifier.link) {
		vm->notifier.pins++;
		spin_unlock(&nmm->lock);
		if (what == END) {
			/* Descriptors may live on in other processes. */
			nacre_stage2_zap(vm, 0, NACRE_STAGE2_ALL, true);
			nacre_vm_kill(vm);
		} else {
			found |= walk_slots(vm, start, end, what);
		}
		spin_lock(&nmm->lock);
		/* Who waits is on the queue before it takes the lock to look. */
		if (!--vm->notifier.pins && waitqueue_active(&nmm->unpinned))
			wake_up_all(&nmm->unpinned);
	}
	spin_unlock(&nmm->lock);
	return found;
}

static int invalidate_range_start(struct mmu_notifier *mn,
				  const struct mmu_notifier_range *range)
{
	struct nacre_mm *nmm = mm_of(mn);
	hva_t start = range->start, end = range->end;
	bool more;

	spin_lock(&nmm->lock);
	more = nmm->in_progress;
	WRITE_ONCE(nmm->start, more ? min(nmm->start, start) : start);
	WRITE_ONCE(nmm->end, more ? max(nmm->end, end) : end);
	WRITE_ONCE(nmm->in_progress, nmm->in_progress + 1);
	spin_unlock(&nmm->lock);
	/*
	 * A fault looks at in_progress under stage2.lock, and walk_vms() takes
	 * that lock after in_progress is set.
	 */
	walk_vms(nmm, start, end,
		 mmu_notifier_range_blockable(range) ? ZAP_YIELDING : ZAP);
	return 0;
}

static void invalidate_range_end(struct mmu_notifier *mn,
				 const struct mmu_notifier_range *range)
{
	struct nacre_mm *nmm = mm_of(mn);

	spin_lock(&nmm->lock);
	WRITE_ONCE(nmm->seq, nmm->seq + 1);
	/* Whoever sees it finished sees the new seq: nacre_mmu_retry(). */
	smp_wmb();
	WRITE_ONCE(nmm->in_progress, nmm->in_progress - 1);
	spin_unlock(&nmm->lock);
}

/* The TLB is left alone, as by x86's own ptep_clear_flush_young(). */
static compat_young_t clear_young(struct mmu_notifier *mn,
				  struct mm_struct *mm,
				  unsigned long start, unsigned long end)
{
	return walk_vms(mm_of(mn), start, end, AGE);
}

static compat_young_t test_young(struct mmu_notifier *mn,
				 struct mm_struct *mm, unsigned long address)
{
	return walk_vms(mm_of(mn), address, address + PAGE_SIZE, TEST_AGE);
}

static void release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	walk_vms(mm_of(mn), 0, ULONG_MAX, END);
}

/* mmu_notifier_get() on a kernel worker, for a caller with a signal pending. */
struct attach {
	struct work_struct work;
	struct mm_struct *mm;
	struct nacre_mm *spare;
	struct mmu_notifier *result;
};

static struct nacre_mm *alloc_mm(void)
{
	struct nacre_mm *nmm = kzalloc(sizeof(*nmm), GFP_KERNEL_ACCOUNT);

	if (!nmm)
		return NULL;
	spin_lock_init(&nmm->lock);
	INIT_LIST_HEAD(&nmm->vms);
	init_waitqueue_head(&nmm->unpinned);
	return nmm;
}

/* A worker has nobody to charge: its caller has allocated before. */
static struct mmu_notifier *alloc_notifier(struct mm_struct *mm)
{
	struct work_struct *work = current_work();
	struct nacre_mm *nmm;

	if (work)
		nmm = xchg(&container_of(work, struct attach, work)->spare,
			   NULL);
	else
		nmm = alloc_mm();
	return nmm ? &nmm->mn : ERR_PTR(-ENOMEM);
}

static void free_notifier(struct mmu_notifier *mn)
{
	kfree(mm_of(mn));
}

static const struct mmu_notifier_ops notifier_ops = {
	.release = release,
	.clear_flush_young = clear_young,
	.clear_young = clear_young,
	.test_young = test_young,
	.invalidate_range_start = invalidate_range_start,
	.invalidate_range_end = invalidate_range_end,
	.alloc_notifier = alloc_notifier,
	.free_notifier = free_notifier,
};

static void attach_worker(struct work_struct *work)
{
	struct attach *attach = container_of(work, struct attach, work);

	attach->result = mmu_notifier_get(&notifier_ops, attach->mm);
}

/* Registration refuses whoever has a signal pending; a worker never has. */
static struct mmu_notifier *get_by_worker(struct mm_struct *mm)
{
	struct attach attach = { .mm = mm };

	attach.spare = alloc_mm();
	if (!attach.spare)
		return ERR_PTR(-ENOMEM);
	INIT_WORK_ONSTACK(&attach.work, attach_worker);
	queue_work(system_unbound_wq, &attach.work);
	flush_work(&attach.work);
	destroy_work_on_stack(&attach.work);
	kfree(attach.spare);
	return attach.result;
}

int nacre_notifier_attach(struct nacre_vm *vm)
{
	struct mmu_notifier *mn;
	struct nacre_mm *nmm;

	mn = mmu_notifier_get(&notifier_ops, vm->mm);
	if (mn == ERR_PTR(-EINTR))
		mn = get_by_worker(vm->mm);
	if (IS_ERR(mn))
		return PTR_ERR(mn);
	nmm = mm_of(mn);
	vm->notifier.mm = nmm;
	spin_lock(&nmm->lock);
	list_add_tail(&vm->notifier.link, &nmm->vms);
	spin_unlock(&nmm->lock);
	return 0;
}

static bool unlink(struct nacre_mm *nmm, struct nacre_vm *vm)
{
	bool done;

	spin_lock(&nmm->lock);
	done = !vm->notifier.pins;
	if (done)
		list_del(&vm->notifier.link);
	spin_unlock(&nmm->lock);
	return done;
}

/* While the host still tells us which pages it takes, let go of all. */
void nacre_notifier_detach(struct nacre_vm *vm)
{
	struct nacre_mm *nmm = vm->notifier.mm;

	nacre_stage2_zap(vm, 0, NACRE_STAGE2_ALL, true);
	wait_event(nmm->unpinned, unlink(nmm, vm));
	mmu_notifier_put(&nmm->mn);
	vm->notifier.mm = NULL;
}

unsigned long nacre_mmu_seq(const struct nacre_vm *vm)
{
	unsigned long seq = READ_ONCE(vm->notifier.mm->seq);

	/* Before the page is looked up; pairs with the end of an invalidation. */
	smp_rmb();
	return seq;
}

bool nacre_mmu_retry(const struct nacre_vm *vm, unsigned long seq,
		     hva_t start, hva_t end)
{
	const struct nacre_mm *nmm = vm->notifier.mm;

	if (READ_ONCE(nmm->in_progress) && start < READ_ONCE(nmm->end) &&
	    end > READ_ONCE(nmm->start))
		return true;
	/* In this order: one that ended meanwhile has moved seq before. */
	smp_rmb();
	return READ_ONCE(nmm->seq) != seq;
}
