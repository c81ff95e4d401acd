// SPDX-License-Identifier: GPL-2.0
/* Guest memory through the VMM's user addresses; see memslot.h. */
#include <linux/uaccess.h>

#include "module/compat/compat.h"
#include "module/vm.h"

/* A piece of guest memory that is contiguous in the VMM. */
struct piece {
	const struct nacre_memslot *slot;
	gfn_t gfn;
	void __user *user;
	size_t len;
};

/* The first piece of [gpa, gpa + len), at most up to its slot's end. */
static int first_piece(struct nacre_vm *vm, gpa_t gpa, size_t len, bool write,
		       struct piece *piece)
{
	gfn_t gfn = gpa >> PAGE_SHIFT;
	const struct nacre_memslot *slot;
	u64 left;

	slot = nacre_find_slot(nacre_memslots(vm), gfn);
	if (!slot || slot->flags & NACRE_SLOT_INVALID)
		return -EFAULT;
	if (write && slot->flags & NACRE_MEM_READONLY)
		return -EFAULT;
	left = ((slot->gfn + slot->npages) << PAGE_SHIFT) - gpa;
	piece->slot = slot;
	piece->gfn = gfn;
	piece->user = (void __user *)(nacre_slot_hva(slot, gfn) +
				      offset_in_page(gpa));
	piece->len = min_t(u64, len, left);
	return 0;
}

static void mark_piece(const struct piece *piece, gpa_t gpa)
{
	gfn_t last = (gpa + piece->len - 1) >> PAGE_SHIFT;
	gfn_t gfn;

	if (!piece->slot->dirty)
		return;
	/* The copy is no barrier; the cmpxchg of the other writers is. */
	smp_mb();
	for (gfn = piece->gfn; gfn <= last; gfn++)
		nacre_log_write(piece->slot, gfn);
}

bool nacre_writable_guest(struct nacre_vm *vm, gpa_t gpa)
{
	struct piece piece;

	return !first_piece(vm, gpa, 1, true, &piece);
}

static __always_inline int access_guest(struct nacre_vm *vm, gpa_t gpa,
					void *data, size_t len, bool write)
{
	struct piece piece;
	bool failed;

	for (; len; gpa += piece.len, data += piece.len, len -= piece.len) {
		if (first_piece(vm, gpa, len, write, &piece))
			return -EFAULT;
		failed = write ? copy_to_user(piece.user, data, piece.len) :
				 copy_from_user(data, piece.user, piece.len);
		/* Before a failure something may have been written. */
		if (write)
			mark_piece(&piece, gpa);
		if (failed)
			return -EFAULT;
	}
	return 0;
}

int nacre_read_guest(struct nacre_vm *vm, gpa_t gpa, void *data, size_t len)
{
	return access_guest(vm, gpa, data, len, false);
}

int nacre_write_guest(struct nacre_vm *vm, gpa_t gpa, const void *data,
		      size_t len)
{
	return access_guest(vm, gpa, (void *)data, len, true);
}

int nacre_cmpxchg_guest(struct nacre_vm *vm, gpa_t gpa, u64 *old, u64 new,
			unsigned int size)
{
	struct piece piece;
	u32 low = *old;
	int ret;

	if ((size != 4 && size != 8) || !IS_ALIGNED(gpa, size))
		return -EFAULT;
	if (first_piece(vm, gpa, size, true, &piece))
		return -EFAULT;
	if (!access_ok(piece.user, size))
		return -EFAULT;
	if (size == 4)
		ret = __try_cmpxchg_user((u32 __user *)piece.user, &low,
					 (u32)new, f32);
	else
		ret = __try_cmpxchg_user((u64 __user *)piece.user, old, new,
					 f64);
	if (!ret)
		nacre_log_write(piece.slot, piece.gfn);
	else if (ret > 0 && size == 4)
		*old = low;
	return ret > 0 ? -EAGAIN : ret;
}

/*
 * At which level the host maps @hva. Interrupts are off, so that no table is
 * freed under the walk: that waits for an IPI or for RCU. An entry can turn
 * into a huge page between two reads of it, so each is read once.
 */
static u8 host_level_irqs_off(hva_t hva)
{
	p4d_t p4d;
	pgd_t pgd;
	pud_t pud;
	pmd_t pmd;

	pgd = READ_ONCE(*pgd_offset(current->mm, hva));
	if (pgd_none(pgd))
		return 1;
	p4d = READ_ONCE(*p4d_offset(&pgd, hva));
	if (p4d_none(p4d) || !p4d_present(p4d))
		return 1;
	pud = READ_ONCE(*pud_offset(&p4d, hva));
	if (pud_none(pud) || !pud_present(pud))
		return 1;
	if (pud_leaf(pud))
		return 3;
	pmd = READ_ONCE(*pmd_offset(&pud, hva));
	if (pmd_none(pmd) || !pmd_present(pmd))
		return 1;
	return pmd_leaf(pmd) ? 2 : 1;
}

static u8 host_level(hva_t hva)
{
	unsigned long flags;
	u8 level;

	local_irq_save(flags);
	level = host_level_irqs_off(hva);
	local_irq_restore(flags);
	return level;
}

/* The reference goes at once: the notifier's sequence is what counts. */
static void describe(hva_t hva, struct page *page, bool writable,
		     struct nacre_host_page *out)
{
	out->pfn = page_to_pfn(page);
	out->writable = writable;
	/* Only these are mapped by huge entries; the rest saves the walk. */
	out->level = PageCompound(page) || is_zone_device_page(page) ?
		     host_level(hva) : 1;
	put_page(page);
}

bool nacre_host_page_fast(hva_t hva, bool write, struct nacre_host_page *out)
{
	struct page *page;
	bool writable = true;

	/* A read that may as well write saves the fault of the first write. */
	if (!get_user_page_fast_only(hva, FOLL_WRITE, &page)) {
		if (write || !get_user_page_fast_only(hva, 0, &page))
			return false;
		writable = false;
	}
	describe(hva, page, writable, out);
	return true;
}

int nacre_host_page(hva_t hva, bool write, struct nacre_host_page *out)
{
	struct page *page;
	long err;

	err = compat_get_user_page(hva, write ? FOLL_WRITE : 0, &page);
	if (err)
		return err == -EHWPOISON || err == -EINTR ? err : -EFAULT;
	describe(hva, page, write, out);
	/* The page may be writable after all, or another by now: ask again. */
	if (!write)
		nacre_host_page_fast(hva, false, out);
	return 0;
}
