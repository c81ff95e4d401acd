// SPDX-License-Identifier: GPL-2.0
/*
 * Paravirtual EOI.
 *
 * The bit is set only while nothing depends on the end of the interrupt in
 * service: no other one waits, and no I/O APIC wants to hear of it. It is
 * taken back at the first exit, whatever its reason, so outside
 * the guest the local APIC is as if there were no such thing.
 *
 * Linux, "KVM-specific MSRs", MSR_KVM_PV_EOI_EN.
 */
#include "arch/x86/apic.h"
#include "arch/x86/msr.h"
#include "arch/x86/pv.h"

/* The guest gives a word; the bit is in its first byte. */
#define ALIGNMENT	4

static gpa_t address(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.pv_eoi & ~(u64)(ALIGNMENT - 1);
}

bool nacre_write_pv_eoi(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (w.value & (ALIGNMENT - 1) & ~NACRE_PV_EOI_ENABLED)
		return false;
	vcpu->arch.pv_eoi = w.value;
	return true;
}

/* A guest that took its memory away does without. */
static void give_up(struct nacre_vcpu *vcpu)
{
	vcpu->arch.pv_eoi &= ~(u64)NACRE_PV_EOI_ENABLED;
}

void nacre_pv_eoi_set_bit(struct nacre_vcpu *vcpu)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);
	u8 byte = NACRE_PV_EOI_MASK;

	if (!lapic || !nacre_lapic_end_can_wait(lapic))
		return;
	nacre_vcpu_srcu_lock(vcpu);
	if (nacre_write_guest(vcpu->vm, address(vcpu), &byte, sizeof(byte)))
		give_up(vcpu);
	else
		vcpu->arch.pv_eoi_offered = true;
}

/* Still set: the guest has not ended it, and now has to say so by an EOI. */
void nacre_pv_eoi_look(struct nacre_vcpu *vcpu)
{
	u8 byte;

	vcpu->arch.pv_eoi_offered = false;
	nacre_vcpu_srcu_lock(vcpu);
	if (nacre_read_guest(vcpu->vm, address(vcpu), &byte, sizeof(byte))) {
		give_up(vcpu);
		return;
	}
	if (!(byte & NACRE_PV_EOI_MASK)) {
		nacre_lapic_end(nacre_lapic_of(vcpu));
		return;
	}
	byte &= ~NACRE_PV_EOI_MASK;
	if (nacre_write_guest(vcpu->vm, address(vcpu), &byte, sizeof(byte)))
		give_up(vcpu);
}
