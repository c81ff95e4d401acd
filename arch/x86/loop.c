// SPDX-License-Identifier: GPL-2.0
/*
 * The inner run loop, the same for both vendors: requests, events, the last
 * look, the guest, the exit. It ends when userspace is wanted, or when the
 * host wants this thread.
 *
 * The last look is what closes every lost wake-up: whoever wants this vCPU's
 * attention sets a request and then reads the mode; the vCPU sets its mode
 * and then reads the requests. One of the two sees the other. Interrupts are
 * off from there, so a kick that finds IN_GUEST is still pending when the
 * processor enters, and ends the guest's run at once.
 */
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/vtime.h>

#include "module/compat/compat.h"
#include "module/trace.h"
#include "arch/x86/apic.h"
#include "arch/x86/arch.h"
#include "arch/x86/chips.h"
#include "arch/x86/emulation.h"
#include "arch/x86/events.h"
#include "arch/x86/exits.h"
#include "arch/x86/noinstr.h"
#include "arch/x86/pv.h"
#include "arch/x86/xstate.h"

static void flush_stage2(struct nacre_vcpu *vcpu)
{
	vcpu->stats.tlb_flush++;
	backend(flush_stage2)(vcpu);
}

/* Requests that change what happens next. RESUME: nothing is in the way. */
static enum nacre_result handle_requests(struct nacre_vcpu *vcpu)
{
	if (nacre_test_clear_request(vcpu, NACRE_REQ_DEAD))
		return nacre_fail(vcpu, -EIO);
	nacre_test_clear_request(vcpu, NACRE_REQ_KICK);
	if (nacre_test_clear_request(vcpu, NACRE_REQ_IOAPIC_EOI)) {
		vcpu->run->exit_reason = NACRE_EXIT_IOAPIC_EOI;
		vcpu->run->eoi.vector = vcpu->arch.eoi_vector;
		return NACRE_TO_USER;
	}
	if (nacre_test_clear_request(vcpu, NACRE_REQ_TLB_FLUSH))
		flush_stage2(vcpu);
	if (nacre_test_clear_request(vcpu, NACRE_REQ_TLB_FLUSH_GUEST))
		backend(flush_guest)(vcpu);
	if (nacre_test_clear_request(vcpu, NACRE_REQ_WATCH))
		nacre_lapic_of(vcpu)->changed = true;
	if (nacre_test_clear_request(vcpu, NACRE_REQ_LOG))
		backend_optional(log_writes)(vcpu, READ_ONCE(vcpu->vm->nr_logs));
	if (nacre_test_clear_request(vcpu, NACRE_REQ_CLOCK))
		nacre_update_clock(vcpu);
	if (nacre_test_clear_request(vcpu, NACRE_REQ_STEAL))
		nacre_update_steal(vcpu);
	if (nacre_test_clear_request(vcpu, NACRE_REQ_YIELD))
		nacre_yield_as_asked(vcpu);
	if (nacre_test_clear_request(vcpu, NACRE_REQ_EVENT))
		vcpu->arch.events.want_event = true;
	/* Has asked for an event as well, so it is seen here. */
	if (vcpu->arch.triple_fault) {
		vcpu->arch.triple_fault = false;
		return nacre_exit_shutdown(vcpu);
	}
	return NACRE_RESUME;
}

/* Does something forbid the entry, now that nothing can come unnoticed? */
static bool must_turn_back(struct nacre_vcpu *vcpu)
{
	return READ_ONCE(vcpu->mode) == NACRE_EXITING_GUEST ||
	       nacre_requests_pending(vcpu) || compat_guest_work_pending();
}

static void leave_guest_mode(struct nacre_vcpu *vcpu)
{
	/* Whoever kicks from here on may skip the interrupt. */
	smp_store_release(&vcpu->mode, NACRE_OUTSIDE_GUEST);
}

static enum nacre_result handle_exit(struct nacre_vcpu *vcpu)
{
	vcpu->stats.exits++;
	trace_nacre_exit(vcpu);
	nacre_collect_events(vcpu);
	return backend(handle_exit)(vcpu);
}

/*
 * What only asks for an answer gets it here, with the guest's state still in
 * the processor and interrupts off: one that comes ends the guest's next run at
 * once, and what any thread wants is seen by the look before it. While an EOI
 * may be in the guest's memory the local APIC is not what it seems.
 *
 * Return: of the last exit; ANSWERED: it has been.
 */
static enum nacre_exit_kind go_round(struct nacre_vcpu *vcpu)
{
	enum nacre_exit_kind kind;

	for (;;) {
		kind = backend(enter)(vcpu);
		if (likely(kind != NACRE_EXIT_ANSWERED))
			return kind;
		if (vcpu->arch.pv_eoi_offered)
			return NACRE_EXIT_ANY;
		handle_exit(vcpu);
		if (must_turn_back(vcpu))
			return NACRE_EXIT_ANSWERED;
		trace_nacre_entry(vcpu);
		backend(prepare_entry)(vcpu, true);
	}
}

/* Interrupts are off; they come back on with the exit's own taken. */
static enum nacre_exit_kind enter_guest(struct nacre_vcpu *vcpu)
{
	enum nacre_exit_kind kind;

	vcpu->ran = true;
	vtime_account_guest_enter();
	nacre_debug_enter(vcpu);
	nacre_xstate_enter(vcpu);
	kind = go_round(vcpu);
	nacre_xstate_exit(vcpu);
	nacre_debug_exit(vcpu);
	compat_note_guest_ran();
	leave_guest_mode(vcpu);
	if (kind == NACRE_EXIT_INTERRUPT)
		backend_optional(take_interrupt)(vcpu);

	/* Take what ended the run, and ticks, while time is still the guest's. */
	local_irq_enable();
	/* STI lets nothing in before the end of the instruction behind it. */
	asm volatile("nop" : : : "memory");
	local_irq_disable();
	vtime_account_guest_exit();
	return kind;
}

/*
 * A full barrier as well: mode before requests and what is posted. Pairs with
 * those in nacre_vcpu_kick() and of whoever posts.
 */
static __always_inline void let_go_of_slots(struct nacre_vcpu *vcpu)
{
	if (vcpu->holds_slots) {
		nacre_vcpu_srcu_unlock(vcpu);
		smp_mb__after_srcu_read_unlock();
	} else {
		smp_mb(); /* what leaving a section has */
	}
}

static enum nacre_exit_kind one_trip(struct nacre_vcpu *vcpu)
{
	enum nacre_exit_kind kind = NACRE_NO_EXIT;

	preempt_disable();
	local_irq_disable();
	backend(prepare_entry)(vcpu, false);
	WRITE_ONCE(vcpu->mode, NACRE_IN_GUEST);
	let_go_of_slots(vcpu);
	if (must_turn_back(vcpu) || nacre_apic_posted(vcpu))
		leave_guest_mode(vcpu);
	else
		kind = enter_guest(vcpu);
	local_irq_enable();
	preempt_enable();
	if (kind != NACRE_EXIT_PORT)
		nacre_vcpu_srcu_begin(vcpu);
	nacre_pv_eoi_collect(vcpu);
	return kind;
}

/* The VMM asked to be told when it may inject an interrupt. */
static bool window_is_open(struct nacre_vcpu *vcpu)
{
	return READ_ONCE(vcpu->run->request_interrupt_window) &&
	       !nacre_has_chips(vcpu->vm) && nacre_ready_for_interrupt(vcpu);
}

static enum nacre_result before_entry(struct nacre_vcpu *vcpu)
{
	enum nacre_result result;

	nacre_apic_process(vcpu);
	if (unlikely(nacre_requests_pending(vcpu))) {
		nacre_vcpu_srcu_lock(vcpu);
		result = handle_requests(vcpu);
		if (result != NACRE_RESUME)
			return result;
	}
	if (vcpu->arch.events.want_event ||
	    READ_ONCE(vcpu->run->request_interrupt_window)) {
		nacre_vcpu_srcu_lock(vcpu);
		nacre_inject_events(vcpu);
	}
	nacre_pv_eoi_offer(vcpu);
	return NACRE_RESUME;
}

/* Not entered as it is now, so long as that lasts. */
static bool must_emulate(struct nacre_vcpu *vcpu)
{
	return static_branch_unlikely(&nacre_emulates_modes) &&
	       !backend(can_enter)(vcpu);
}

/* An event, or an instruction; what it lets in is seen by the next look. */
static noinline enum nacre_result emulate(struct nacre_vcpu *vcpu)
{
	if (nacre_event_waits(vcpu))
		return nacre_emulate_delivery(vcpu);
	return nacre_emulate_next(vcpu);
}

enum nacre_result nacre_arch_loop(struct nacre_vcpu *vcpu)
{
	enum nacre_exit_kind kind;
	enum nacre_result result;

	for (;;) {
		result = before_entry(vcpu);
		if (result != NACRE_RESUME || !nacre_arch_runnable(vcpu))
			return result;
		if (unlikely(must_emulate(vcpu))) {
			result = emulate(vcpu);
			if (result != NACRE_RESUME)
				return result;
			kind = NACRE_EXIT_ANSWERED;
		} else {
			trace_nacre_entry(vcpu);
			kind = one_trip(vcpu);
		}
		if (likely(kind < NACRE_EXIT_ANSWERED)) {
			result = handle_exit(vcpu);
			if (result != NACRE_RESUME)
				return result;
		} else if (kind == NACRE_NO_EXIT) {
			nacre_cancel_events(vcpu);
		}
		if (window_is_open(vcpu)) {
			vcpu->stats.request_irq_exits++;
			vcpu->run->exit_reason = NACRE_EXIT_IRQ_WINDOW_OPEN;
			return NACRE_TO_USER;
		}
		/* What comes later is seen by the last look. */
		if (unlikely(kind >= NACRE_EXIT_ANSWERED) &&
		    compat_guest_work_pending())
			return NACRE_RESUME;
	}
}
