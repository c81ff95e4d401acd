/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The edge between host and guest, the same for both vendors.
 *
 * Between nacre_guest_enter() and nacre_guest_leave() RCU does not watch and
 * lockdep takes interrupts for enabled: only noinstr code may run, nothing
 * that traces, probes or locks. Interrupts are off throughout, as far as the
 * kernel is concerned. It is what exit_to_user_mode() and
 * enter_from_user_mode() are to a return to userspace.
 *
 * Time is accounted outside: vtime_account_guest_enter() before, and
 * vtime_account_guest_exit() once the interrupt that ended the guest's run has
 * been served, so that a tick counts as the guest's.
 */
#ifndef NACRE_X86_NOINSTR_H
#define NACRE_X86_NOINSTR_H

#include <linux/context_tracking.h>
#include <linux/instrumentation.h>
#include <linux/ftrace.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>

#include "module/compat/compat.h"

static __always_inline void nacre_guest_enter(void)
{
	instrumentation_begin();
	trace_hardirqs_on_prepare();
	lockdep_hardirqs_on_prepare();
	instrumentation_end();

	context_tracking_guest_enter();
	lockdep_hardirqs_on(CALLER_ADDR0);
}

/*
 * @noted: when this was last said to RCU, in jiffies. RCU looks at what it has
 * been told at ticks, so once in each of them is as good as at each exit.
 */
static __always_inline void nacre_note_guest(unsigned long *noted)
{
	unsigned long now = READ_ONCE(jiffies);

	if (likely(*noted == now))
		return;
	*noted = now;
	compat_rcu_note_guest();
}

static __always_inline void nacre_guest_leave(unsigned long *noted)
{
	lockdep_hardirqs_off(CALLER_ADDR0);
	context_tracking_guest_exit();

	instrumentation_begin();
	/*
	 * Without context tracking RCU does not know that the guest was a
	 * quiescent state. Say so here, before a tick that ended it asks.
	 */
	if (!context_tracking_enabled_this_cpu())
		nacre_note_guest(noted);
	trace_hardirqs_off_finish();
	instrumentation_end();
}

#endif /* NACRE_X86_NOINSTR_H */
