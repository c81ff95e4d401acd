// SPDX-License-Identifier: GPL-2.0
/*
 * Events into the guest, and the moments at which it can take them.
 *
 * EVENTINJ delivers one event at VMRUN. An exit that comes while an event is
 * being delivered, injected or the guest's own, leaves it in EXITINTINFO.
 *
 * NMIs. The processor does not track whether a guest's NMIs are masked, so
 * this file does: they are from injection to the end of IRET. IRET's intercept
 * comes before it runs; that it has run shows at the first exit with another
 * RIP. If an NMI waits, IRET is single-stepped, so that the exit comes at once.
 * The same step carries over an interrupt shadow, whose end nothing reports.
 */
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/trapnr.h>

#include "arch/x86/event_word.h"
#include "arch/x86/regs.h"
#include "arch/x86/svm/svm.h"

/* INT3 and INTO differ from a fault by their vector alone. */
static u64 vmcb_event(const struct nacre_event *event)
{
	u64 inj = nacre_event_to_word(event);

	if (event->type == NACRE_EVENT_SOFT_EXCEPTION)
		u64p_replace_bits(&inj, EVENT_TYPE_EXCEPTION, EVENT_TYPE);
	if (event->has_error)
		inj |= FIELD_PREP(VMCB_EVENT_ERROR, event->error);
	return inj;
}

static void decode_event(u64 info, struct nacre_event *event)
{
	nacre_event_from_word(info, event);
	if (event->type == NACRE_EVENT_EXCEPTION &&
	    (event->vector == X86_TRAP_BP || event->vector == X86_TRAP_OF))
		event->type = NACRE_EVENT_SOFT_EXCEPTION;
	if (event->has_error)
		event->error = FIELD_GET(VMCB_EVENT_ERROR, info);
}

/*
 * The return address of a soft event is the next instruction's. The processor
 * takes it from the VMCB's next RIP; one without that feature pushes RIP as it
 * is, so RIP is moved for the time of the injection.
 */
static bool prepare_soft(struct svm_vcpu *svm, const struct nacre_event *event)
{
	struct nacre_vcpu_arch *arch = &svm->vcpu.arch;
	u8 length = nacre_soft_length(event, svm->soft.rip == arch->rip ?
					     svm->soft.insn_len : 0);

	if (!length)
		return false;
	svm->soft = (struct svm_soft) {
		.advanced = !svm_caps.nrips,
		.insn_len = length,
		.vmcb_event = vmcb_event(event),
		.rip = arch->rip,
		.next_rip = arch->rip + length,
	};
	svm->awaits.soft = true;
	if (!nacre_is_64bit_code(&svm->vcpu))
		svm->soft.next_rip = (u32)svm->soft.next_rip;
	if (svm_caps.nrips)
		svm->vmcb->control.next_rip = svm->soft.next_rip;
	else
		arch->rip = svm->soft.next_rip;
	return true;
}

/*
 * The soft event did not get through, or another fault came in its delivery:
 * RIP is the instruction's again. If it did get through, RIP is the handler's
 * (or the exit's) and stays.
 */
static void undo_soft(struct svm_vcpu *svm, struct nacre_event *vectoring)
{
	struct svm_soft *soft = &svm->soft;
	u64 same = EVENT_VECTOR | EVENT_TYPE;

	if (!svm->awaits.soft)
		return;
	svm->awaits.soft = false;
	if (vectoring->type == NACRE_EVENT_NONE)
		return;
	if (nacre_event_is_soft(vectoring) &&
	    !((vmcb_event(vectoring) ^ soft->vmcb_event) & same))
		vectoring->insn_len = soft->insn_len;
	if (soft->advanced && svm->vcpu.arch.rip == soft->next_rip)
		svm->vcpu.arch.rip = soft->rip;
}

void svm_inject(struct nacre_vcpu *vcpu, const struct nacre_event *event)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	if (nacre_event_is_soft(event) && !prepare_soft(svm, event))
		return;
	if (event->type == NACRE_EVENT_NMI)
		svm_mask_nmi(vcpu, true);
	svm->nmi.stepping = false;
	svm->vmcb->control.event_inj = vmcb_event(event);
}

/* Before VMRUN after all: as if an exit had cut the delivery short. */
void svm_cancel_injection(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct nacre_event *vectoring = &vcpu->arch.exit.vectoring;

	decode_event(svm->vmcb->control.event_inj, vectoring);
	svm->vmcb->control.event_inj = 0;
	undo_soft(svm, vectoring);
}

static void iret_is_over(struct svm_vcpu *svm)
{
	svm->awaits.iret = false;
	svm->nmi.masked = false;
	nacre_set_request(&svm->vcpu, NACRE_REQ_EVENT);
}

void svm_collect_events(struct svm_vcpu *svm)
{
	struct nacre_event *vectoring = &svm->vcpu.arch.exit.vectoring;

	decode_event(svm->vmcb->control.exit_int_info, vectoring);
	undo_soft(svm, vectoring);
	if (svm->awaits.flush)
		svm_flushed(svm);
	if (svm->awaits.iret && svm->vcpu.arch.rip != svm->nmi.iret_rip)
		iret_is_over(svm);
	if (svm->awaits.nudge) {
		svm->awaits.nudge = false;
		nacre_set_request(&svm->vcpu, NACRE_REQ_EVENT);
	}
}

static bool shadowed(const struct svm_vcpu *svm)
{
	return svm->vmcb->control.int_state & VMCB_INTERRUPT_SHADOW;
}

bool svm_interrupt_allowed(struct nacre_vcpu *vcpu)
{
	return vcpu->arch.rflags & X86_EFLAGS_IF && !shadowed(to_svm(vcpu));
}

bool svm_nmi_allowed(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	return !svm->nmi.masked && !shadowed(svm);
}

bool svm_nmi_masked(struct nacre_vcpu *vcpu)
{
	return to_svm(vcpu)->nmi.masked;
}

void svm_mask_nmi(struct nacre_vcpu *vcpu, bool masked)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	svm->nmi.masked = masked;
	svm->awaits.iret = false;
	vmcb_intercept(svm->vmcb, SVM_IRET, masked);
}

/*
 * A virtual interrupt that is never taken: the intercept comes first, at the
 * instruction before which an interrupt could be.
 */
void svm_want_interrupt_window(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	struct vmcb *vmcb = svm->vmcb;

	if (svm->want_vintr)
		return;
	svm->want_vintr = true;
	vmcb_intercept(vmcb, SVM_VINTR, true);
	vmcb_set_int_control(vmcb, vmcb->control.int_control | VMCB_V_IRQ |
				   VMCB_V_INTR_PRIO | VMCB_V_IGN_TPR);
}

void svm_end_interrupt_window(struct svm_vcpu *svm)
{
	struct vmcb *vmcb = svm->vmcb;

	svm->vcpu.stats.irq_window_exits++;
	svm->want_vintr = false;
	vmcb_intercept(vmcb, SVM_VINTR, false);
	vmcb_set_int_control(vmcb, vmcb->control.int_control &
				   ~(VMCB_V_IRQ | VMCB_V_INTR_PRIO |
				     VMCB_V_IGN_TPR));
	svm->vcpu.arch.events.want_event = true;
}

void svm_iret_begins(struct svm_vcpu *svm)
{
	svm->vcpu.stats.nmi_window_exits++;
	svm->awaits.iret = true;
	svm->nmi.iret_rip = svm->vcpu.arch.rip;
	vmcb_intercept(svm->vmcb, SVM_IRET, false);
	svm->vcpu.arch.events.want_event = true;
}

void svm_want_nmi_window(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	if (svm->nmi.masked && !svm->awaits.iret)
		return;		/* IRET will exit */
	/*
	 * Not with an event on its way: our TF would land on the guest's
	 * stack. An interrupt of our own ends the entry right behind it.
	 */
	if (svm->vmcb->control.event_inj & EVENT_VALID)
		svm->awaits.nudge = true;
	else
		svm->nmi.stepping = true;
}

/* With RF, no breakpoint comes before the step. */
u64 svm_stepping_rflags(struct svm_vcpu *svm)
{
	u64 rflags = svm->vcpu.arch.rflags;

	svm->nmi.guest_tf = rflags & X86_EFLAGS_TF;
	svm->nmi.guest_rf = rflags & X86_EFLAGS_RF;
	return rflags | X86_EFLAGS_TF | X86_EFLAGS_RF;
}

/* IRET has loaded them anew if it is over. */
u64 svm_stepped_rflags(struct svm_vcpu *svm, u64 rflags)
{
	const struct svm_nmi *nmi = &svm->nmi;

	if (svm->awaits.iret && svm->vmcb->save.rip != nmi->iret_rip)
		return rflags;
	if (!nmi->guest_tf)
		rflags &= ~X86_EFLAGS_TF;
	if (!nmi->guest_rf)
		rflags &= ~X86_EFLAGS_RF;
	return rflags;
}

/*
 * #DB: was it our step? Takes the step's cause out of @dr6; true if none is
 * left for the guest or its debugger.
 */
bool svm_step_done(struct svm_vcpu *svm, u64 *dr6)
{
	const struct svm_nmi *nmi = &svm->nmi;

	if (!nmi->stepping)
		return false;
	svm->nmi.stepping = false;
	nacre_set_request(&svm->vcpu, NACRE_REQ_EVENT);
	if (svm->awaits.iret)
		iret_is_over(svm);
	if (nmi->guest_tf)
		return false;
	*dr6 &= ~(u64)DR_STEP;
	return *dr6 == DR6_RESERVED;
}

u32 svm_read_shadow(struct nacre_vcpu *vcpu)
{
	/* One bit for both causes, so both are reported. */
	return shadowed(to_svm(vcpu)) ?
	       NACRE_X86_SHADOW_INT_STI | NACRE_X86_SHADOW_INT_MOV_SS : 0;
}

void svm_write_shadow(struct nacre_vcpu *vcpu, u32 shadow)
{
	struct vmcb_control *control = &to_svm(vcpu)->vmcb->control;

	vcpu->arch.maybe_shadowed = shadow;
	/* An NMI that waits for the step would come an instruction late. */
	if (to_svm(vcpu)->nmi.stepping)
		vcpu->arch.events.want_event = true;
	if (shadow)
		control->int_state |= VMCB_INTERRUPT_SHADOW;
	else
		control->int_state &= ~VMCB_INTERRUPT_SHADOW;
}
