/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory as the host reaches it: always through the VMM's user
 * addresses, never through a remembered page. The caller runs in the VMM's
 * mm and inside a read section of the slots (nacre_vcpu_srcu_lock()).
 */
#ifndef NACRE_GUEST_MEM_H
#define NACRE_GUEST_MEM_H

#include "module/memslot.h"

struct nacre_vm;

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

#endif /* NACRE_GUEST_MEM_H */
