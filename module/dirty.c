// SPDX-License-Identifier: GPL-2.0
/* The dirty log; the rules are in memslot.h. */
#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

#include "module/vcpu.h"
#include "arch/x86/backend.h"

/* Words of the log that are worked on at a time. */
#define CHUNK	64

static unsigned long words(u64 npages)
{
	return DIV_ROUND_UP(npages, BITS_PER_LONG);
}

/* With initially-set, all is dirty until the VMM has cleared it once. */
unsigned long *nacre_dirty_alloc(const struct nacre_vm *vm, u64 npages)
{
	unsigned long *dirty;

	dirty = kvcalloc(words(npages), sizeof(long), GFP_KERNEL_ACCOUNT);
	if (dirty && vm->dirty_manual & NACRE_DIRTY_LOG_INITIALLY_SET)
		bitmap_set(dirty, 0, npages);	/* nothing behind the end */
	return dirty;
}

int nacre_dirty_set_manual(struct nacre_vm *vm, u64 flags)
{
	u64 allowed = NACRE_DIRTY_LOG_MANUAL_PROTECT_ENABLE;

	if (flags & NACRE_DIRTY_LOG_MANUAL_PROTECT_ENABLE)
		allowed |= NACRE_DIRTY_LOG_INITIALLY_SET;
	if (flags & ~allowed)
		return -EINVAL;
	mutex_lock(&vm->slots_lock);
	vm->dirty_manual = flags;
	mutex_unlock(&vm->slots_lock);
	return 0;
}

void nacre_log_writes(struct nacre_vm *vm, const u64 *gpa, unsigned int count)
{
	int index = srcu_read_lock(&vm->srcu);
	const struct nacre_memslots *slots = nacre_memslots(vm);
	const struct nacre_memslot *slot = NULL;

	for (; count; count--, gpa++) {
		gfn_t gfn = *gpa >> PAGE_SHIFT;

		if (!slot || gfn - slot->gfn >= slot->npages)
			slot = nacre_find_slot(slots, gfn);
		if (slot)
			nacre_log_write(slot, gfn);
	}
	srcu_read_unlock(&vm->srcu, index);
}

static void collect_log(void *vcpu)
{
	backend_optional(collect_log)(vcpu);
}

/* Of what was written so far all is in the bits then; also memslot.h. */
static void collect_logs(struct nacre_vm *vm)
{
	struct nacre_vcpu *vcpu;
	unsigned long index;
	int cpu;

	if (!vm->arch.stage2.format->logs)
		return;
	nacre_for_each_vcpu(index, vcpu, vm) {
		cpu = READ_ONCE(vcpu->cpu);
		if (cpu >= 0)
			smp_call_function_single(cpu, collect_log, vcpu, true);
	}
}

/* The slot a log is asked of; slots_lock is held, so it stays. */
static const struct nacre_memslot *find_log(struct nacre_vm *vm, u32 id)
{
	const struct nacre_memslot *slot;

	if (id >= NACRE_USER_SLOTS)
		return ERR_PTR(-EINVAL);
	slot = nacre_slot_of_id(vm, id);
	return slot && slot->dirty ? slot : ERR_PTR(-ENOENT);
}

/* A 32-bit VMM fills half of the pointer's place only. */
static unsigned long __user *bitmap_of(void __user *pointer)
{
	return in_compat_syscall() ? compat_ptr((unsigned long)pointer) :
				     pointer;
}

/*
 * Take from the slot's log, from word @first, the bits that are set in @bits
 * (all, if @all), and leave there those that were dirty; what they stand for
 * is protected again. True if the TLBs hold something that is no longer so.
 */
static bool take_words(struct nacre_vm *vm, const struct nacre_memslot *slot,
		       unsigned long first, unsigned long *bits,
		       unsigned int count, bool all)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < count; i++) {
		atomic_long_t *word = (atomic_long_t *)&slot->dirty[first + i];
		unsigned long taken = atomic_long_read(word);

		if (!all)
			taken &= bits[i];
		if (taken)
			taken &= atomic_long_fetch_andnot(taken, word);
		bits[i] = taken;
		any |= taken;
	}
	return any && nacre_stage2_protect(vm, slot->gfn +
					   first * BITS_PER_LONG,
					   bits, count);
}

/*
 * From word @first: all that is dirty goes to the VMM and begins anew; or, with
 * @named, that of it which the VMM names.
 */
static int take_log(struct nacre_vm *vm, const struct nacre_memslot *slot,
		    unsigned long first, unsigned long count,
		    unsigned long __user *user, bool named)
{
	unsigned long done, bits[CHUNK];
	bool flush = false;
	unsigned int n;
	int err = 0;

	for (done = 0; !err && done < count; done += n) {
		n = min_t(unsigned long, CHUNK, count - done);
		if (named && copy_from_user(bits, user + done,
					    n * sizeof(long))) {
			err = -EFAULT;
			break;
		}
		flush |= take_words(vm, slot, first + done, bits, n, !named);
		if (!named && copy_to_user(user + done, bits,
					   n * sizeof(long)))
			err = -EFAULT;
		cond_resched();
	}
	if (flush)
		nacre_flush_remote_tlbs(vm);
	return err;
}

long nacre_get_dirty_log(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	const struct nacre_dirty_log *log = arg->data;
	unsigned long __user *to = bitmap_of(log->dirty_bitmap);
	const struct nacre_memslot *slot;

	slot = find_log(vm, log->slot);
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	collect_logs(vm);
	if (!vm->dirty_manual)
		return take_log(vm, slot, 0, words(slot->npages), to, false);
	return copy_to_user(to, slot->dirty, words(slot->npages) *
			    sizeof(long)) ? -EFAULT : 0;
}

long nacre_clear_dirty_log(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	const struct nacre_clear_dirty_log *log = arg->data;
	const struct nacre_memslot *slot;
	u64 left;

	if (log->first_page % BITS_PER_LONG)
		return -EINVAL;
	slot = find_log(vm, log->slot);
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	if (log->first_page > slot->npages)
		return -EINVAL;
	left = slot->npages - log->first_page;
	if (log->num_pages > left ||
	    (log->num_pages < left && log->num_pages % BITS_PER_LONG))
		return -EINVAL;
	return take_log(vm, slot, log->first_page / BITS_PER_LONG,
			words(log->num_pages), bitmap_of(log->dirty_bitmap),
			true);
}
