/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place that knows that kernels differ. probe.sh asks the kernel's
 * own tree, and what it found stands in generated/nacre-config.h; no code
 * looks at a version number. At most 25 functions.
 */
#ifndef NACRE_COMPAT_H
#define NACRE_COMPAT_H

#include <linux/entry-kvm.h>
#include <linux/eventfd.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/syscore_ops.h>
#include <linux/types.h>
#include <asm/apic.h>
#include <asm/fpu/api.h>
#include <asm/irq_vectors.h>
#include <asm/mmu_context.h>
#include <asm/nospec-branch.h>
#include <asm/reboot.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>

#include "generated/nacre-config.h"

/*
 * KVM's CPU hotplug slot, which is the lock on the processor's extension:
 * whoever holds it runs guests.
 *
 * compat_hp_setup() claims it and calls @online on every CPU, and again on
 * each that comes up later; @offline on each that goes down. Both run on the
 * CPU itself with interrupts off, so they may not sleep. @offline may find
 * that @online had failed there, and may be NULL.
 *
 * Return: 0, -EBUSY if another hypervisor has the slot, or what @online
 * returned on the first CPU where it failed; then no CPU is left enabled.
 * A CPU that fails later does not come up, or, where the kernel's slot
 * cannot refuse (6.1), comes up with @online's error ignored: look at your
 * own per-CPU state before entering a guest.
 *
 * compat_hp_remove() calls @offline on every CPU and gives the slot back.
 */
int compat_hp_setup(int (*online)(unsigned int cpu), void (*offline)(void));
void compat_hp_remove(void);

/*
 * Suspend goes through the hotplug slot on every CPU but the boot one. These
 * run there, last on the way down and first on the way up, interrupts off.
 */
#ifdef NACRE_HAVE_SYSCORE_DATA
#define COMPAT_SYSCORE_ARG	void *unused
void compat_syscore_register(struct syscore_ops *ops);
void compat_syscore_unregister(struct syscore_ops *ops);
#else
#define COMPAT_SYSCORE_ARG	void
#define compat_syscore_register		register_syscore_ops
#define compat_syscore_unregister	unregister_syscore_ops
#endif

/*
 * A crash or an emergency restart must find virtualization off, or INIT does
 * not reach the CPUs. @off runs on each CPU that is still alive, possibly in
 * an NMI: it turns virtualization off if it is on, and touches nothing else.
 * Kernels without this hook look for themselves. Only the holder of the
 * hotplug slot may register. In-tree KVM asks for this hook before it asks
 * for the slot: loaded meanwhile, it warns before it fails (seen on 6.12).
 */
#ifdef NACRE_HAVE_EMERGENCY_CALLBACK
#define compat_emergency_register	cpu_emergency_register_virt_callback
#define compat_emergency_unregister	cpu_emergency_unregister_virt_callback
#else
static inline void compat_emergency_register(void (*off)(void)) {}
static inline void compat_emergency_unregister(void (*off)(void)) {}
#endif

/*
 * From the guest's container to the layout of XSAVE (non-compacted, with the
 * legacy header), as KVM_GET_XSAVE and its kin know it. @buf is kernel memory
 * of @size bytes, and is written whole.
 */
static inline void compat_fpu_to_uabi(struct fpu_guest *gfpu, void *buf,
				      unsigned int size, u64 xfeatures,
				      u32 pkru)
{
#ifdef NACRE_HAVE_FPU_UABI_XFEATURES
	fpu_copy_guest_fpstate_to_uabi(gfpu, buf, size, xfeatures, pkru);
#else
	fpu_copy_guest_fpstate_to_uabi(gfpu, buf, size, pkru);
#endif
}

/*
 * The page behind a user address of current->mm, with a reference held.
 * Memory without refcounted pages (VM_IO, VM_PFNMAP) is refused. Return: 0;
 * -EHWPOISON if the page is bad; -EINTR if a signal came first; -EFAULT or
 * another error otherwise.
 */
long compat_get_user_page(unsigned long hva, unsigned int gup_flags,
			  struct page **page);

/*
 * Fault the page in, as far as that means to wait for nobody: neither for who
 * holds the mmap_lock, nor for a disk, nor for a userfaultfd. What came of it
 * is for nacre_host_page_fast() to say.
 */
void compat_fault_in(unsigned long hva, bool write);

/* What an mmu notifier's callbacks about age return: int, later bool. */
typedef typeof(((struct mmu_notifier_ops *)0)->test_young(NULL, NULL, 0))
	compat_young_t;

/*
 * Work that the task owes the kernel before it may enter a guest: signals,
 * rescheduling, task work. Pending is asked with interrupts off; the work is
 * done with them on. Return: 0, or -EINTR when a signal wants the task back
 * in userspace.
 */
static inline bool compat_guest_work_pending(void)
{
	return __xfer_to_guest_mode_work_pending();
}

#ifdef NACRE_HAVE_GUEST_WORK_VOID
#define compat_guest_work	xfer_to_guest_mode_handle_work
#else
int compat_guest_work(void);
#endif

/* This CPU has passed through a quiescent state of RCU; interrupts off. */
static __always_inline void compat_rcu_note_guest(void)
{
#ifdef NACRE_HAVE_RCU_NOTE_THIS_CPU
	rcu_virt_note_context_switch();
#else
	rcu_virt_note_context_switch(smp_processor_id());
#endif
}

/*
 * A guest has run on this CPU: before it runs userspace again, predictors
 * that the guest trained are to be forgotten, where the kernel says so.
 * Irqs off.
 */
static inline void compat_note_guest_ran(void)
{
#ifdef X86_BUG_VMSCAPE
	if (cpu_feature_enabled(X86_FEATURE_IBPB_EXIT_TO_USER))
		this_cpu_write(x86_ibpb_exit_to_user, true);
#endif
}

/*
 * The interrupt by which another CPU is told that something is posted for the
 * guest it runs; else it does nothing there. 0: none. The kernel has a handler
 * for it where it has an owner of the wake-up.
 */
#if defined(NACRE_HAVE_APIC) && defined(NACRE_HAVE_POSTED_INTR_WAKEUP)
#define COMPAT_POSTED_VECTOR	POSTED_INTR_VECTOR
#else
#define COMPAT_POSTED_VECTOR	0
#endif
static inline void compat_send_posted(int cpu)
{
#ifdef NACRE_HAVE_APIC
	apic->send_IPI(cpu, COMPAT_POSTED_VECTOR);
#endif
}

/* A timer on the monotonic clock whose callback runs with interrupts off. */
static inline void
compat_hrtimer_setup(struct hrtimer *timer,
		     enum hrtimer_restart (*fn)(struct hrtimer *))
{
#ifdef NACRE_HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	timer->function = fn;
#endif
}

/* Add 1 to what an eventfd counts. */
static inline void compat_eventfd_signal(struct eventfd_ctx *event)
{
#ifdef NACRE_HAVE_EVENTFD_SIGNAL_ONE
	eventfd_signal(event);
#else
	eventfd_signal(event, 1);
#endif
}

/*
 * CR3 and CR4 as the host runs with them on this CPU now; interrupts or
 * preemption must be off. The kernel's shadow saves the slow register read.
 */
static inline unsigned long compat_host_cr3(void)
{
#ifdef NACRE_HAVE_CURRENT_CR3_FAST
	return __get_current_cr3_fast();
#else
	return __read_cr3();
#endif
}

static inline unsigned long compat_host_cr4(void)
{
#ifdef NACRE_HAVE_CR4_READ_SHADOW
	return cr4_read_shadow();
#else
	return __read_cr4();
#endif
}

/* The kernel uses SWAPGS, and the instructions on the base of GS. */
static __always_inline bool compat_swaps_gs(void)
{
#ifdef X86_FEATURE_FRED
	if (cpu_feature_enabled(X86_FEATURE_FRED))
		return false;
#endif
	return cpu_feature_enabled(X86_FEATURE_FSGSBASE);
}

#endif /* NACRE_COMPAT_H */
