/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Exceptions, interrupts and NMIs on their way into the guest.
 *
 * Life of an event: queued (pending), handed to the backend before an entry
 * (injected), and gone if the exit that follows does not say that its
 * delivery was cut short; then it comes back as injected and goes in again
 * before anything else.
 */
#ifndef NACRE_X86_EVENTS_H
#define NACRE_X86_EVENTS_H

#include <asm/trapnr.h>

#include "arch/x86/apic.h"
#include "arch/x86/backend.h"

void nacre_events_reset(struct nacre_vcpu *vcpu);

/* Queue an exception; merges with one that is there, up to a triple fault. */
void nacre_queue_exception(struct nacre_vcpu *vcpu, u8 vector);
void nacre_queue_exception_e(struct nacre_vcpu *vcpu, u8 vector, u32 error);
void nacre_queue_page_fault(struct nacre_vcpu *vcpu, gva_t gva, u32 error);
void nacre_queue_debug(struct nacre_vcpu *vcpu, u64 dr6_bits);
void nacre_queue_interrupt(struct nacre_vcpu *vcpu, u8 vector, bool soft);
/* From any thread. */
void nacre_queue_nmi(struct nacre_vcpu *vcpu);

/*
 * Before an entry: choose at most one event, hand it to the backend, and ask
 * for a window where another has to wait.
 */
void nacre_inject_events(struct nacre_vcpu *vcpu);
/* The entry did not happen: take the event back. */
void nacre_cancel_events(struct nacre_vcpu *vcpu);
/* What the exit cut short comes back. */
void nacre_requeue_event(struct nacre_vcpu *vcpu);
/* Or it has been delivered otherwise; or not, and is lost but for exceptions. */
void nacre_drop_event(struct nacre_vcpu *vcpu, bool delivered);
/* Of those that an exception with this vector may be, not #DB. */
bool nacre_is_fault(u8 vector);

/* After an exit: what was delivered is gone, what was cut short is back. */
static inline void nacre_collect_events(struct nacre_vcpu *vcpu)
{
	struct nacre_events *events = &vcpu->arch.events;

	events->nmi_injected = false;
	events->exception.injected = false;
	events->interrupt.injected = false;
	if (unlikely(vcpu->arch.exit.vectoring.type != NACRE_EVENT_NONE))
		nacre_requeue_event(vcpu);
}

static inline bool nacre_event_waits(const struct nacre_vcpu *vcpu)
{
	const struct nacre_events *events = &vcpu->arch.events;

	return events->exception.pending || events->exception.injected ||
	       events->interrupt.injected || events->nmi_injected;
}

/* Could userspace inject an interrupt right now? */
static inline bool nacre_ready_for_interrupt(struct nacre_vcpu *vcpu)
{
	return !nacre_event_waits(vcpu) && nacre_takes_extint(vcpu) &&
	       backend(interrupt_allowed)(vcpu);
}

/* Does something end a HLT? */
bool nacre_event_wakes(struct nacre_vcpu *vcpu);

int nacre_events_in(struct nacre_vcpu *vcpu,
		    const struct nacre_vcpu_events *in);
void nacre_events_out(struct nacre_vcpu *vcpu, struct nacre_vcpu_events *out);

#endif /* NACRE_X86_EVENTS_H */
