// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions, interrupts and NMIs on their way into the guest.
 *
 * Priorities and merging: Intel SDM, "Priority Among Simultaneous Exceptions
 * and Interrupts" and "Interrupt 8 - Double Fault Exception".
 */
#include <linux/string.h>

#include "module/trace.h"
#include "arch/x86/apic.h"
#include "arch/x86/chips.h"
#include "arch/x86/events.h"
#include "arch/x86/ioctls.h"

#define NMI_LIMIT_OPEN		2	/* one to deliver, one latched */
#define NMI_LIMIT_BLOCKED	1
#define DR6_MUST_BE_0		BIT_ULL(12)

void nacre_events_reset(struct nacre_vcpu *vcpu)
{
	atomic_set(&vcpu->arch.events.nmi_queued, 0);
	memset(&vcpu->arch.events, 0, sizeof(vcpu->arch.events));
	vcpu->arch.triple_fault = false;
}

/* Contributory exceptions, for the double-fault table. */
static bool contributory(u8 vector)
{
	switch (vector) {
	case X86_TRAP_DE:
	case X86_TRAP_TS:
	case X86_TRAP_NP:
	case X86_TRAP_SS:
	case X86_TRAP_GP:
		return true;
	default:
		return false;
	}
}

static bool makes_double_fault(u8 first, u8 second)
{
	if (contributory(first))
		return contributory(second);
	return first == X86_TRAP_PF &&
	       (second == X86_TRAP_PF || contributory(second));
}

static void queue(struct nacre_vcpu *vcpu, const struct nacre_exception *next)
{
	struct nacre_exception *now = &vcpu->arch.events.exception;

	nacre_set_request(vcpu, NACRE_REQ_EVENT);
	if (!now->pending && !now->injected) {
		*now = *next;
		now->pending = true;
		return;
	}
	if (now->vector == X86_TRAP_DF) {
		memset(now, 0, sizeof(*now));
		vcpu->arch.triple_fault = true;
		return;
	}
	if (makes_double_fault(now->vector, next->vector)) {
		*now = (struct nacre_exception) {
			.pending = true,
			.vector = X86_TRAP_DF,
			.has_error = true,
		};
		return;
	}
	/* The first one will happen again when the second has been handled. */
	*now = *next;
	now->pending = true;
}

void nacre_queue_exception(struct nacre_vcpu *vcpu, u8 vector)
{
	queue(vcpu, &(struct nacre_exception) { .vector = vector });
}

void nacre_queue_exception_e(struct nacre_vcpu *vcpu, u8 vector, u32 error)
{
	queue(vcpu, &(struct nacre_exception) {
		.vector = vector,
		.has_error = true,
		.error = error,
	});
}

void nacre_queue_page_fault(struct nacre_vcpu *vcpu, gva_t gva, u32 error)
{
	queue(vcpu, &(struct nacre_exception) {
		.vector = X86_TRAP_PF,
		.has_error = true,
		.error = error,
		.has_payload = true,
		.payload = gva,
	});
}

void nacre_queue_debug(struct nacre_vcpu *vcpu, u64 dr6_bits)
{
	queue(vcpu, &(struct nacre_exception) {
		.vector = X86_TRAP_DB,
		.has_payload = true,
		.payload = dr6_bits,
	});
}

void nacre_queue_interrupt(struct nacre_vcpu *vcpu, u8 vector, bool soft)
{
	vcpu->arch.events.interrupt.injected = true;
	vcpu->arch.events.interrupt.soft = soft;
	vcpu->arch.events.interrupt.vector = vector;
	nacre_set_request(vcpu, NACRE_REQ_EVENT);
}

void nacre_queue_nmi(struct nacre_vcpu *vcpu)
{
	atomic_inc(&vcpu->arch.events.nmi_queued);
	nacre_vcpu_request(vcpu, NACRE_REQ_EVENT);
}

/* More NMIs than the processor could remember are one. */
static void fold_nmis(struct nacre_vcpu *vcpu)
{
	struct nacre_events *events = &vcpu->arch.events;
	unsigned int limit = NMI_LIMIT_OPEN;
	unsigned int queued = atomic_xchg(&events->nmi_queued, 0);

	if (backend(nmi_masked)(vcpu) || events->nmi_injected)
		limit = NMI_LIMIT_BLOCKED;
	events->nmi_pending = min(events->nmi_pending + queued, limit);
}

/*
 * The side effects that come with delivery and not before: CR2 of #PF, the
 * cause in DR6 of #DB. Intel SDM, "Debug Exceptions": #DB never clears DR6,
 * but B0-B3 are the new cause's alone. What a VMM left in bit 12 goes.
 */
static void apply_payload(struct nacre_vcpu *vcpu, struct nacre_exception *e)
{
	if (!e->has_payload)
		return;
	if (e->vector == X86_TRAP_PF) {
		vcpu->arch.cr2 = e->payload;
	} else if (e->vector == X86_TRAP_DB) {
		vcpu->arch.dr6 &= ~(0xfull | DR6_MUST_BE_0);
		vcpu->arch.dr6 |= e->payload;
		/* #DB clears DR7.GD so that its handler can look. */
		vcpu->arch.dr7 &= ~BIT_ULL(13);
		backend(write_dr7)(vcpu, vcpu->arch.dr7);
	}
	e->has_payload = false;
	e->payload = 0;
}

static bool soft_exception(u8 vector)
{
	return vector == X86_TRAP_BP || vector == X86_TRAP_OF;
}

/*
 * Faults save RFLAGS.RF set, so that an instruction breakpoint does not hit
 * again on return. Intel SDM, "Resume Flag"; #DB is not all faults.
 */
bool nacre_is_fault(u8 vector)
{
	return !soft_exception(vector) && vector != X86_TRAP_DB &&
	       vector != X86_TRAP_DF && vector != X86_TRAP_MC;
}

static void inject(struct nacre_vcpu *vcpu, const struct nacre_event *event)
{
	trace_nacre_inject(vcpu, event);
	backend(inject)(vcpu, event);
}

static void inject_exception(struct nacre_vcpu *vcpu)
{
	struct nacre_exception *e = &vcpu->arch.events.exception;
	struct nacre_event event = {
		.type = soft_exception(e->vector) ? NACRE_EVENT_SOFT_EXCEPTION :
						    NACRE_EVENT_EXCEPTION,
		.vector = e->vector,
		/* Real mode has no error codes. */
		.has_error = e->has_error && nacre_is_protected(vcpu),
		.error = e->error,
	};

	if (e->pending) {
		if (nacre_is_fault(e->vector))
			nacre_set_rflags(vcpu, nacre_rflags(vcpu) |
					       X86_EFLAGS_RF);
		apply_payload(vcpu, e);
		e->pending = false;
		e->injected = true;
	}
	inject(vcpu, &event);
}

static void inject_interrupt(struct nacre_vcpu *vcpu)
{
	inject(vcpu, &(struct nacre_event) {
		.type = vcpu->arch.events.interrupt.soft ?
			NACRE_EVENT_SOFT_INTR : NACRE_EVENT_INTR,
		.vector = vcpu->arch.events.interrupt.vector,
	});
}

static void inject_nmi(struct nacre_vcpu *vcpu)
{
	inject(vcpu, &(struct nacre_event) {
		.type = NACRE_EVENT_NMI,
		.vector = X86_TRAP_NMI,
	});
}

/* What an exit cut short goes in again before anything new. */
static bool inject_again(struct nacre_vcpu *vcpu)
{
	struct nacre_events *events = &vcpu->arch.events;

	if (events->exception.injected || events->exception.pending)
		inject_exception(vcpu);
	else if (events->nmi_injected)
		inject_nmi(vcpu);
	else if (events->interrupt.injected)
		inject_interrupt(vcpu);
	else
		return false;
	return true;
}

static void inject_new_nmi(struct nacre_vcpu *vcpu, bool *busy)
{
	struct nacre_events *events = &vcpu->arch.events;

	if (!events->nmi_pending)
		return;
	if (!*busy && backend(nmi_allowed)(vcpu)) {
		events->nmi_pending--;
		events->nmi_injected = true;
		vcpu->stats.nmi_injections++;
		inject_nmi(vcpu);
		*busy = true;
	}
	if (events->nmi_pending)
		backend(want_nmi_window)(vcpu);
}

static void inject_new_interrupt(struct nacre_vcpu *vcpu, bool busy)
{
	int vector;

	if (!nacre_must_inject(vcpu))
		return;
	if (!busy && backend(interrupt_allowed)(vcpu)) {
		vector = nacre_get_interrupt(vcpu);
		if (vector >= 0) {
			vcpu->arch.events.interrupt.injected = true;
			vcpu->arch.events.interrupt.soft = false;
			vcpu->arch.events.interrupt.vector = vector;
			vcpu->stats.irq_injections++;
			inject_interrupt(vcpu);
		}
	}
	if (nacre_must_inject(vcpu))
		backend(want_interrupt_window)(vcpu);
}

/* Without a PIC in the kernel the VMM injects by ioctl. */
static bool vmm_wants_window(struct nacre_vcpu *vcpu)
{
	return READ_ONCE(vcpu->run->request_interrupt_window) &&
	       !nacre_has_chips(vcpu->vm) && nacre_takes_extint(vcpu);
}

/* What only the guest's CR8 holds back, it lets in by a lower one. */
static void watch_cr8(struct nacre_vcpu *vcpu)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);

	if (lapic)
		backend_optional(watch_cr8)(vcpu,
					    nacre_lapic_cr8_threshold(lapic));
}

void nacre_inject_events(struct nacre_vcpu *vcpu)
{
	bool busy;

	vcpu->stats.req_event++;
	/* One that comes now asks for another look. */
	if (unlikely(atomic_read(&vcpu->arch.events.nmi_queued)))
		fold_nmis(vcpu);
	busy = inject_again(vcpu);
	inject_new_nmi(vcpu, &busy);
	inject_new_interrupt(vcpu, busy);
	watch_cr8(vcpu);
	if (vmm_wants_window(vcpu))
		backend(want_interrupt_window)(vcpu);
	vcpu->arch.events.want_event = false;
}

void nacre_cancel_events(struct nacre_vcpu *vcpu)
{
	backend(cancel_injection)(vcpu);
	nacre_collect_events(vcpu);
}

static void requeue_exception(struct nacre_vcpu *vcpu,
			      const struct nacre_event *event)
{
	struct nacre_exception *e = &vcpu->arch.events.exception;

	e->injected = true;
	e->vector = event->vector;
	e->has_error = event->has_error;
	e->error = event->error;
}

void nacre_requeue_event(struct nacre_vcpu *vcpu)
{
	const struct nacre_event *event = &vcpu->arch.exit.vectoring;
	struct nacre_events *events = &vcpu->arch.events;

	switch (event->type) {
	case NACRE_EVENT_NMI:
		events->nmi_injected = true;
		break;
	case NACRE_EVENT_EXCEPTION:
	case NACRE_EVENT_SOFT_EXCEPTION:
		requeue_exception(vcpu, event);
		break;
	case NACRE_EVENT_INTR:
	case NACRE_EVENT_SOFT_INTR:
		nacre_queue_interrupt(vcpu, event->vector,
				      event->type == NACRE_EVENT_SOFT_INTR);
		break;
	}
	nacre_set_request(vcpu, NACRE_REQ_EVENT);
}

void nacre_drop_event(struct nacre_vcpu *vcpu, bool delivered)
{
	struct nacre_events *events = &vcpu->arch.events;

	events->nmi_injected = false;
	events->interrupt.injected = false;
	if (delivered)
		events->exception.injected = false;
}

/*
 * May a vCPU that waits go on: something came that it would take, or that is
 * not for the guest to refuse.
 */
bool nacre_event_wakes(struct nacre_vcpu *vcpu)
{
	const struct nacre_events *events = &vcpu->arch.events;

	if (nacre_event_waits(vcpu) || vcpu->arch.triple_fault ||
	    READ_ONCE(vcpu->arch.unhalted))
		return true;
	if ((events->nmi_pending || atomic_read(&events->nmi_queued)) &&
	    backend(nmi_allowed)(vcpu))
		return true;
	return nacre_has_interrupt(vcpu) && backend(interrupt_allowed)(vcpu);
}

/* Payloads and triple faults are by NACRE_ENABLE_CAP, SMM is not there. */
#define EVENTS_FLAGS_IN	(NACRE_VCPUEVENT_VALID_NMI_PENDING |	\
			 NACRE_VCPUEVENT_VALID_SIPI_VECTOR |	\
			 NACRE_VCPUEVENT_VALID_SHADOW |		\
			 NACRE_VCPUEVENT_VALID_SMM)

static bool events_valid(const struct nacre_vcpu_events *in)
{
	if (in->flags & ~EVENTS_FLAGS_IN)
		return false;
	if (in->flags & NACRE_VCPUEVENT_VALID_SMM &&
	    (in->smi.smm || in->smi.pending || in->smi.smm_inside_nmi))
		return false;
	return !in->exception.injected ||
	       (in->exception.nr < 32 && in->exception.nr != X86_TRAP_NMI);
}

int nacre_events_in(struct nacre_vcpu *vcpu,
		    const struct nacre_vcpu_events *in)
{
	struct nacre_events *events = &vcpu->arch.events;
	struct nacre_apic *apic = vcpu->arch.apic;

	if (!events_valid(in))
		return -EINVAL;
	fold_nmis(vcpu);
	events->exception = (struct nacre_exception) {
		.injected = in->exception.injected,
		.vector = in->exception.nr,
		.has_error = in->exception.has_error_code,
		.error = in->exception.error_code,
	};
	events->interrupt.injected = in->interrupt.injected;
	events->interrupt.vector = in->interrupt.nr;
	events->interrupt.soft = in->interrupt.soft;
	if (in->flags & NACRE_VCPUEVENT_VALID_SHADOW)
		backend(write_shadow)(vcpu, in->interrupt.shadow);
	events->nmi_injected = in->nmi.injected;
	if (in->flags & NACRE_VCPUEVENT_VALID_NMI_PENDING) {
		events->nmi_pending = 0;
		atomic_set(&events->nmi_queued, in->nmi.pending);
	}
	backend(mask_nmi)(vcpu, in->nmi.masked);
	if (apic && in->flags & NACRE_VCPUEVENT_VALID_SIPI_VECTOR)
		WRITE_ONCE(apic->sipi_vector, in->sipi_vector);
	if (apic && in->flags & NACRE_VCPUEVENT_VALID_SMM)
		assign_bit(NACRE_APIC_INIT, &apic->pending,
			   in->smi.latched_init);
	nacre_set_request(vcpu, NACRE_REQ_EVENT);
	return 0;
}

void nacre_events_out(struct nacre_vcpu *vcpu, struct nacre_vcpu_events *out)
{
	struct nacre_events *events = &vcpu->arch.events;
	const struct nacre_exception *e = &events->exception;
	const struct nacre_apic *apic = vcpu->arch.apic;

	fold_nmis(vcpu);
	/* Without payloads what is pending cannot be taken back: deliver it. */
	apply_payload(vcpu, &events->exception);
	memset(out, 0, sizeof(*out));
	/* INT3 and INTO happen again by themselves. */
	if (!soft_exception(e->vector)) {
		out->exception.injected = e->injected || e->pending;
		out->exception.pending = e->pending;
	}
	out->exception.nr = e->vector;
	out->exception.has_error_code = e->has_error;
	out->exception.error_code = e->error;
	out->interrupt.injected = events->interrupt.injected &&
				  !events->interrupt.soft;
	out->interrupt.nr = events->interrupt.vector;
	out->interrupt.shadow = backend(read_shadow)(vcpu);
	out->nmi.injected = events->nmi_injected;
	out->nmi.pending = events->nmi_pending;
	out->nmi.masked = backend(nmi_masked)(vcpu);
	out->smi.latched_init = apic && test_bit(NACRE_APIC_INIT,
						 &apic->pending);
	out->flags = NACRE_VCPUEVENT_VALID_NMI_PENDING |
		     NACRE_VCPUEVENT_VALID_SHADOW |
		     NACRE_VCPUEVENT_VALID_SMM;
}

long nacre_get_events(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	nacre_events_out(vcpu, arg->data);
	return 0;
}

long nacre_set_events(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	return nacre_events_in(vcpu, arg->data);
}

long nacre_interrupt(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_interrupt *in = arg->data;

	if (in->irq >= NACRE_NR_INTERRUPTS)
		return -EINVAL;
	if (nacre_has_chips(vcpu->vm))
		return -ENXIO;
	if (vcpu->arch.apic)
		return nacre_apic_extint(vcpu, in->irq);
	nacre_queue_interrupt(vcpu, in->irq, false);
	return 0;
}

long nacre_nmi(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	nacre_queue_nmi(vcpu);
	return 0;
}
