/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest is told of time and of being one: its time stamp counter (tsc.c),
 * kvmclock (clock.c), a page from which it makes the host's time out of that
 * counter; and (pv.c) stolen time, and that it may end an interrupt by a bit in
 * its own memory, without an exit.
 */
#ifndef NACRE_X86_PV_H
#define NACRE_X86_PV_H

#include "module/vcpu.h"

/* Bits of a ratio's fraction; 0: the processor does not scale. At load. */
extern u8 nacre_tsc_fraction;
/* What the guest's counter shows when the host's shows @host. */
u64 nacre_guest_tsc(const struct nacre_vcpu *vcpu, u64 host);

/* Loaded. In step with the vCPUs that are there. */
void nacre_tsc_init_vcpu(struct nacre_vcpu *vcpu);

/* With its counter's part. */
void nacre_clock_init_vm(struct nacre_vm *vm);
/* It is new, or its counter another: its next entry asks if all are in step. */
void nacre_unsettle_clock(struct nacre_vcpu *vcpu);
/* Loaded, with a page: does that need a new reading? */
bool nacre_clock_is_old(const struct nacre_vcpu *vcpu);

/* NACRE_REQ_CLOCK: the vCPU's thread, in a read section of the slots. */
void nacre_update_clock(struct nacre_vcpu *vcpu);

/* NACRE_REQ_STEAL: the vCPU's thread, in a read section of the slots. */
void nacre_update_steal(struct nacre_vcpu *vcpu);
/* Loaded, with a page: is there something to tell? */
bool nacre_steal_is_old(const struct nacre_vcpu *vcpu);

/* NACRE_REQ_YIELD: to whom the guest has asked for. */
void nacre_yield_as_asked(struct nacre_vcpu *vcpu);

/* Paravirtual EOI. */
void nacre_pv_eoi_set_bit(struct nacre_vcpu *vcpu);
void nacre_pv_eoi_look(struct nacre_vcpu *vcpu);

/*
 * Before the entry: set the bit if an interrupt is in service that may end so.
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

#endif /* NACRE_X86_PV_H */
