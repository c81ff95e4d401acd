// SPDX-License-Identifier: GPL-2.0
/*
 * Events into the guest, and the moments at which it can take them.
 *
 * One event is delivered by an entry. An exit that comes while an event is
 * being delivered, injected or the guest's own, leaves it in the vectoring
 * field. The processor exits at the moment when an interrupt could be taken, if
 * asked to; with virtual NMIs it tracks whether the guest's NMIs are masked as
 * well, and exits when one could be taken. Without, the bit for that would mask
 * the host's, and no exit tells of an IRET: an NMI's handler is taken to be at
 * its end when interrupts are let in, or when it has had long enough.
 */
#include <linux/jiffies.h>

#include "arch/x86/regs.h"
#include "arch/x86/vmx/vmx.h"

/* What a handler has without virtual NMIs, if it never lets interrupts in. */
#define NMI_HANDLER_TIME	HZ

static bool has_virtual_nmis(void)
{
	return vmx_has(VMX_PIN, PIN_VIRTUAL_NMIS);
}

void vmx_set_int_state(struct vmx_vcpu *vmx, u32 state)
{
	if (vmx->cached & BIT(VMX_CACHE_INT_STATE) && vmx->int_state == state)
		return;
	vmx->cached |= BIT(VMX_CACHE_INT_STATE);
	vmx->int_state = state;
	vmcs_write32(VMCS_GUEST_INT_STATE, state);
}

void vmx_inject(struct nacre_vcpu *vcpu, const struct nacre_event *event)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	u8 length;

	if (nacre_event_is_soft(event)) {
		length = nacre_soft_length(event,
					   vmx->soft_rip == nacre_rip(vcpu) ?
					   vmx->soft_length : 0);
		if (!length)
			return;
		vmcs_write32(VMCS_ENTRY_LENGTH, length);
		vmx->soft_rip = nacre_rip(vcpu);
		vmx->soft_length = length;
	}
	/* SDM, VM-Entry Controls for Event Injection: bits 31:16 are 0. */
	if (event->has_error)
		vmcs_write32(VMCS_ENTRY_ERROR, (u16)event->error);
	if (event->type == NACRE_EVENT_NMI && !has_virtual_nmis())
		vmx_mask_nmi(vcpu, true);
	vmx->entry_event = nacre_event_to_word(event);
	vmcs_write32(VMCS_ENTRY_EVENT, vmx->entry_event);
}

/* Not delivered after all: as if an exit had cut the delivery short. */
void vmx_cancel_injection(struct nacre_vcpu *vcpu)
{
	struct nacre_event *vectoring = &vcpu->arch.exit.vectoring;
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	nacre_event_from_word(vmx->entry_event, vectoring);
	if (!vmx->entry_event)
		return;
	if (vectoring->has_error)
		vectoring->error = vmcs_read32(VMCS_ENTRY_ERROR);
	if (nacre_event_is_soft(vectoring))
		vectoring->insn_len = vmx->soft_length;
	vmx->entry_event = 0;
	vmcs_write32(VMCS_ENTRY_EVENT, 0);
}

/* The exit came in the delivery of @event. */
void vmx_collect_event(struct vmx_vcpu *vmx, u32 event)
{
	struct nacre_event *vectoring = &vmx->vcpu.arch.exit.vectoring;

	nacre_event_from_word(event, vectoring);
	if (vectoring->has_error)
		vectoring->error = vmcs_read32(VMCS_VECTORING_ERROR);
	if (nacre_event_is_soft(vectoring)) {
		vectoring->insn_len = vmcs_read32(VMCS_EXIT_LENGTH);
		vmx->soft_length = vectoring->insn_len;
		vmx->soft_rip = nacre_rip(&vmx->vcpu);
	}
	/* It masks NMIs when it is delivered. */
	if (vectoring->type == NACRE_EVENT_NMI)
		vmx_mask_nmi(&vmx->vcpu, false);
}

/* IRET had unmasked them before it faulted; it will do so once more. */
void vmx_nmi_unblocked(struct vmx_vcpu *vmx)
{
	vmx_mask_nmi(&vmx->vcpu, true);
}

bool vmx_interrupt_allowed(struct nacre_vcpu *vcpu)
{
	return nacre_rflags(vcpu) & X86_EFLAGS_IF &&
	       !(vmx_int_state(to_vmx(vcpu)) & INT_STATE_SHADOW);
}

bool vmx_nmi_masked(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	return has_virtual_nmis() ? vmx_int_state(vmx) & INT_STATE_NMI :
				    vmx->nmi_masked;
}

/* As far as can be told without virtual NMIs. */
static bool handler_is_over(struct vmx_vcpu *vmx)
{
	return vmx_interrupt_allowed(&vmx->vcpu) ||
	       time_after(jiffies, vmx->nmi_masked_at + NMI_HANDLER_TIME);
}

bool vmx_nmi_allowed(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	if (vmx->nmi_masked && handler_is_over(vmx))
		vmx->nmi_masked = false;
	return !(vmx_int_state(vmx) & INT_STATE_SHADOW) && !vmx_nmi_masked(vcpu);
}

void vmx_mask_nmi(struct nacre_vcpu *vcpu, bool masked)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	u32 state;

	if (has_virtual_nmis()) {
		state = vmx_int_state(vmx) & ~(u32)INT_STATE_NMI;
		vmx_set_int_state(vmx, masked ? state | INT_STATE_NMI : state);
	} else {
		vmx->nmi_masked = masked;
		vmx->nmi_masked_at = jiffies;
	}
}

void vmx_want_interrupt_window(struct nacre_vcpu *vcpu)
{
	vmx_set_proc(to_vmx(vcpu), PROC_INTERRUPT_WINDOW, true);
}

/* Behind STI the window for interrupts is the one that opens next. */
void vmx_want_nmi_window(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	bool sti = vmx_int_state(vmx) & INT_STATE_STI;

	if (!has_virtual_nmis())
		vmx->stale |= VMX_STALE_NMI;
	vmx_set_proc(vmx, sti || !has_virtual_nmis() ? PROC_INTERRUPT_WINDOW :
						       PROC_NMI_WINDOW, true);
}

void vmx_end_window(struct vmx_vcpu *vmx, u32 bit)
{
	vmx_set_proc(vmx, bit, false);
	vmx->vcpu.arch.events.want_event = true;
}

void vmx_watch_cr8(struct nacre_vcpu *vcpu, u8 threshold)
{
	to_vmx(vcpu)->cr8_threshold = threshold;
}

u32 vmx_read_shadow(struct nacre_vcpu *vcpu)
{
	u32 state = vmx_int_state(to_vmx(vcpu)), shadow = 0;

	if (state & INT_STATE_STI)
		shadow |= NACRE_X86_SHADOW_INT_STI;
	if (state & INT_STATE_MOV_SS)
		shadow |= NACRE_X86_SHADOW_INT_MOV_SS;
	return shadow;
}

/* Not both at once; Intel SDM, "Checks on Guest Non-Register State". */
static noinline void write_shadow(struct vmx_vcpu *vmx, u32 shadow)
{
	u32 state = vmx_int_state(vmx) & ~(u32)INT_STATE_SHADOW;

	if (shadow & NACRE_X86_SHADOW_INT_MOV_SS)
		state |= INT_STATE_MOV_SS;
	else if (shadow & NACRE_X86_SHADOW_INT_STI)
		state |= INT_STATE_STI;
	vmx_set_int_state(vmx, state);
}

/* For the most part it is the end of one that was not there. */
void vmx_write_shadow(struct nacre_vcpu *vcpu, u32 shadow)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	if (shadow || !(vmx->cached & BIT(VMX_CACHE_INT_STATE)) ||
	    vmx->int_state & INT_STATE_SHADOW)
		write_shadow(vmx, shadow);
}
