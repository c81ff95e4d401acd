// SPDX-License-Identifier: GPL-2.0
/* What differs between kernels; see compat.h. */

#include <linux/atomic.h>
#include <linux/cpuhotplug.h>
#include <linux/irqflags.h>
#include <linux/kvm_host.h>
#include <linux/syscore_ops.h>

#include "module/compat/compat.h"

/*
 * The slot that in-tree KVM uses is the right one by its place, too: above
 * it no task runs yet, or none any more, so no guest can be in flight.
 */
#ifdef NACRE_HAVE_CPUHP_KVM_ONLINE
#define HP_STATE	CPUHP_AP_KVM_ONLINE
#define HP_MAY_FAIL	true
#else
#define HP_STATE	CPUHP_AP_KVM_STARTING
#define HP_MAY_FAIL	false
#endif

static int (*hp_online)(unsigned int cpu);
static void (*hp_offline)(void);
static atomic_t hp_error;

static int hp_up(unsigned int cpu)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = hp_online(cpu);
	local_irq_restore(flags);

	if (err)
		atomic_cmpxchg(&hp_error, 0, err);
	return HP_MAY_FAIL ? err : 0;
}

static int hp_down(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	if (hp_offline)
		hp_offline();
	local_irq_restore(flags);
	return 0;
}

int compat_hp_setup(int (*online)(unsigned int cpu), void (*offline)(void))
{
	int err;

	hp_online = online;
	hp_offline = offline;
	atomic_set(&hp_error, 0);

	err = cpuhp_setup_state(HP_STATE, "virt/nacre", hp_up, hp_down);
	if (err < 0)
		return err;

	err = atomic_read(&hp_error);
	if (err)
		compat_hp_remove();
	return err;
}

void compat_hp_remove(void)
{
	cpuhp_remove_state(HP_STATE);
}

#ifdef NACRE_HAVE_SYSCORE_DATA
static struct syscore compat_syscore;

void compat_syscore_register(struct syscore_ops *ops)
{
	compat_syscore.ops = ops;
	register_syscore(&compat_syscore);
}

void compat_syscore_unregister(struct syscore_ops *ops)
{
	unregister_syscore(&compat_syscore);
}
#endif

void compat_fault_in(unsigned long hva, bool write)
{
#if defined(NACRE_HAVE_MM_FAULT) && defined(NACRE_HAVE_VMA_LOOKUP)
	unsigned int flags = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT;
	struct vm_area_struct *vma;

	if (!mmap_read_trylock(current->mm))
		return;
	vma = vma_lookup(current->mm, hva);
	if (vma && vma->vm_flags & (write ? VM_WRITE : VM_READ) &&
	    !(vma->vm_flags & (VM_IO | VM_PFNMAP)) &&
	    arch_vma_access_permitted(vma, write, false, false))
		handle_mm_fault(vma, hva, write ? flags | FAULT_FLAG_WRITE :
						  flags, NULL);
	mmap_read_unlock(current->mm);
#endif
}

long compat_get_user_page(unsigned long hva, unsigned int gup_flags,
			  struct page **page)
{
	long n;

	gup_flags |= FOLL_HWPOISON;
#ifdef NACRE_HAVE_FOLL_INTERRUPTIBLE
	gup_flags |= FOLL_INTERRUPTIBLE;
#endif
	n = get_user_pages_unlocked(hva, 1, page, gup_flags);
	if (n == 1)
		return 0;
	if (n < 0)
		return n;
	return -EFAULT;
}

/* The struct kvm_vcpu is one to scribble in: it notes a signal in two fields. */
#ifndef NACRE_HAVE_GUEST_WORK_VOID
static struct kvm_run scratch_run;
static struct kvm_vcpu scratch_vcpu = { .run = &scratch_run };

int compat_guest_work(void)
{
	return xfer_to_guest_mode_handle_work(&scratch_vcpu);
}
#endif
