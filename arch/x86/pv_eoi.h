/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paravirtual EOI: the guest ends an interrupt by clearing a bit in its own
 * memory, without an exit.
 */
#ifndef NACRE_X86_PV_EOI_H
#define NACRE_X86_PV_EOI_H

#include "module/vcpu.h"

void nacre_pv_eoi_set_bit(struct nacre_vcpu *vcpu);
void nacre_pv_eoi_look(struct nacre_vcpu *vcpu);

/*
 * Before the entry, in a read section of the slots: set the bit if an
 * interrupt is in service that may end so.
 */
static inline void nacre_pv_eoi_offer(struct nacre_vcpu *vcpu)
{
	if (vcpu->arch.pv_eoi & NACRE_PV_EOI_ENABLED)
		nacre_pv_eoi_set_bit(vcpu);
}

/* After the guest, likewise, and before anybody looks at the local APIC. */
static inline void nacre_pv_eoi_collect(struct nacre_vcpu *vcpu)
{
	if (vcpu->arch.pv_eoi_offered)
		nacre_pv_eoi_look(vcpu);
}

#endif /* NACRE_X86_PV_EOI_H */
