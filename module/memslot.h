/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory slots: which guest-physical ranges exist, which user addresses of the
 * VMM stand behind them, which frames were written; and the way through them.
 */
#ifndef NACRE_MEMSLOT_H
#define NACRE_MEMSLOT_H

#include "module/ioctl.h"
#include "module/slotset.h"
#include "include/uapi/nacre.h"

/* As many as the ABI promises: in-tree KVM keeps the last three of 32767. */
#define NACRE_USER_SLOTS	32764

/* Beside the ABI's flags: on its way out, and not to be mapped any more. */
#define NACRE_SLOT_INVALID	BIT(16)

int nacre_memslots_init(struct nacre_vm *vm);
void nacre_memslots_destroy(struct nacre_vm *vm);

/*
 * Add, change or (memory_size 0) delete a slot. slots_lock is held.
 * The ABI's rules and errnos: include/uapi/nacre.h, NACRE_SET_USER_MEMORY_REGION.
 */
int nacre_set_memory_region(struct nacre_vm *vm,
			    const struct nacre_userspace_memory_region *mem);

/* The slot with an id, or NULL. slots_lock is held. */
const struct nacre_memslot *nacre_slot_of_id(struct nacre_vm *vm, u32 id);

/*
 * Of a frame that @slot has. The frame is the guest's to choose: a processor
 * that has guessed so stays within the slot, too.
 */
static inline hva_t nacre_slot_hva(const struct nacre_memslot *slot, gfn_t gfn)
{
	u64 offset = array_index_nospec(gfn - slot->gfn, slot->npages);

	return slot->hva + (offset << PAGE_SHIFT);
}

/*
 * The dirty log; dirty.c. A slot with NACRE_MEM_LOG_DIRTY_PAGES has a bit for
 * each frame, and its leaves are small and read-only until the first write; or,
 * where the processor has a log of its own, not dirty until then. In which
 * order bit and leaf change: Documentation/locking.rst, "The dirty log".
 */
unsigned long *nacre_dirty_alloc(const struct nacre_vm *vm, u64 npages);

/* NACRE_GET_DIRTY_LOG, NACRE_CLEAR_DIRTY_LOG; slots_lock is held. */
long nacre_get_dirty_log(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);
long nacre_clear_dirty_log(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);

/*
 * NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2: @flags as given to NACRE_ENABLE_CAP.
 * 0, or -EINVAL for flags that do not go together.
 */
int nacre_dirty_set_manual(struct nacre_vm *vm, u64 flags);

/*
 * Frame @gfn of @slot was written, or may be from now on. Inside a read
 * section of the slots. That comes with a full barrier before the call: whoever
 * takes a bit that counts for a write has to see it. Pairs with the atomic
 * operation in take_words().
 */
static inline void nacre_log_write(const struct nacre_memslot *slot, gfn_t gfn)
{
	/* Most are dirty already, and a locked operation is not free. */
	if (slot->dirty && !test_bit(gfn - slot->gfn, slot->dirty))
		set_bit(gfn - slot->gfn, slot->dirty);
}

/* Of the frames at @gpa the processor has logged that they were written. */
void nacre_log_writes(struct nacre_vm *vm, const u64 *gpa, unsigned int count);

/*
 * Guest memory as the host reaches it (guest_mem.c): always through the VMM's
 * user addresses, never through a remembered page. The caller runs in the VMM's
 * mm and inside a read section of the slots (nacre_vcpu_srcu_lock()).
 */

/*
 * Copy between a kernel buffer and guest-physical memory; may cross pages
 * and slots. 0, or -EFAULT where a byte has no slot, lies in a read-only slot
 * (write), or its user page cannot be reached. A failed write may have
 * written a part.
 */
int nacre_read_guest(struct nacre_vm *vm, gpa_t gpa, void *data, size_t len);
int nacre_write_guest(struct nacre_vm *vm, gpa_t gpa, const void *data,
		      size_t len);

/* Is @gpa in a slot that may be written? */
bool nacre_writable_guest(struct nacre_vm *vm, gpa_t gpa);

/*
 * Compare-and-exchange of an aligned 4- or 8-byte guest word. 0 done,
 * -EAGAIN another value was there (*old is updated), -EFAULT as above.
 */
int nacre_cmpxchg_guest(struct nacre_vm *vm, gpa_t gpa, u64 *old, u64 new,
			unsigned int size);

/* What stands behind a frame right now; no reference is kept. */
struct nacre_host_page {
	u64 pfn;
	bool writable;		/* the VMM's own mapping allows writes */
	u8 level;		/* 1: 4 KiB, 2: 2 MiB, 3: 1 GiB, as mapped by the host */
};

/*
 * Fault in the user page of @hva and report its frame. May sleep. The answer
 * is worth something only until the notifier's sequence moves: compare with
 * nacre_mmu_retry() under the stage-2 lock before it is used.
 * 0; -EFAULT no mapping, no permission, or memory that is not refcounted
 * (VM_IO, VM_PFNMAP); -EHWPOISON; -EINTR on a fatal signal.
 */
int nacre_host_page(hva_t hva, bool write, struct nacre_host_page *out);
/* The same for a page that is mapped already; never sleeps. */
bool nacre_host_page_fast(hva_t hva, bool write, struct nacre_host_page *out);

#endif /* NACRE_MEMSLOT_H */
