/* SPDX-License-Identifier: GPL-2.0 */
/* What RCU wants to hear about guests. */
#ifndef NACRE_COMPAT_GUEST_CONTEXT_H
#define NACRE_COMPAT_GUEST_CONTEXT_H

#include <linux/rcupdate.h>
#include <linux/smp.h>

#include "generated/nacre-config.h"

/* This CPU has passed through a quiescent state; interrupts off. */
static __always_inline void compat_rcu_note_guest(void)
{
#ifdef NACRE_HAVE_RCU_NOTE_THIS_CPU
	rcu_virt_note_context_switch();
#else
	rcu_virt_note_context_switch(smp_processor_id());
#endif
}

#endif /* NACRE_COMPAT_GUEST_CONTEXT_H */
