// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a vCPU runs, waits for an interrupt, or waits to be started.
 *
 * Without a local APIC in the kernel there is one state, and the VMM's own
 * loop does the waiting.
 */
#include "arch/x86/events.h"
#include "arch/x86/ioctls.h"

/* An AP that its firmware holds back waits as a halted one does. */
static bool is_halted(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.mp_state == NACRE_MP_STATE_HALTED ||
	       vcpu->arch.mp_state == NACRE_MP_STATE_AP_RESET_HOLD;
}

static bool ends_halt(struct nacre_vcpu *vcpu)
{
	return is_halted(vcpu) && nacre_event_wakes(vcpu);
}

bool nacre_arch_has_work(struct nacre_vcpu *vcpu)
{
	const struct nacre_apic *apic = vcpu->arch.apic;

	/* Whatever has come from elsewhere is for the vCPU to take. */
	return (apic && READ_ONCE(apic->pending)) || ends_halt(vcpu);
}

void nacre_arch_wake(struct nacre_vcpu *vcpu)
{
	nacre_apic_process(vcpu);
	if (!ends_halt(vcpu))
		return;
	WRITE_ONCE(vcpu->arch.unhalted, false);
	vcpu->arch.mp_state = NACRE_MP_STATE_RUNNABLE;
}

/* What has come in since may have changed the answer. */
long nacre_get_mp_state(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_mp_state *out = arg->data;

	nacre_apic_process(vcpu);
	if (is_halted(vcpu) && READ_ONCE(vcpu->arch.unhalted))
		nacre_arch_wake(vcpu);
	out->mp_state = vcpu->arch.mp_state;
	return 0;
}

/* The first five, and one of those after them: the others are not x86's. */
static bool valid_state(const struct nacre_vcpu *vcpu, u32 state)
{
	if (!vcpu->arch.apic)
		return state == NACRE_MP_STATE_RUNNABLE;
	return state <= NACRE_MP_STATE_SIPI_RECEIVED ||
	       state == NACRE_MP_STATE_AP_RESET_HOLD;
}

long nacre_set_mp_state(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_mp_state *in = arg->data;

	if (!valid_state(vcpu, in->mp_state))
		return -EINVAL;
	vcpu->arch.mp_state = in->mp_state;
	/* A start-up that was received is one that is still to be taken. */
	if (in->mp_state == NACRE_MP_STATE_SIPI_RECEIVED) {
		vcpu->arch.mp_state = NACRE_MP_STATE_INIT_RECEIVED;
		set_bit(NACRE_APIC_SIPI, &vcpu->arch.apic->pending);
	}
	nacre_set_request(vcpu, NACRE_REQ_EVENT);
	return 0;
}
