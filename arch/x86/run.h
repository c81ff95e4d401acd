/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What x86 has at the two ends of NACRE_RUN and of a vCPU's time on a CPU. All
 * of it is done once for each exit to userspace, and is not worth a call.
 */
#ifndef NACRE_X86_RUN_H
#define NACRE_X86_RUN_H

#include <asm/pkru.h>

#include "module/compat/compat.h"
#include "arch/x86/chips.h"
#include "arch/x86/events.h"
#include "arch/x86/protect.h"
#include "arch/x86/pv.h"
#include "arch/x86/regs.h"

/* One guest must not steer another by what it taught the predictors. */
void nacre_forget_others(struct nacre_vcpu *vcpu);

/* Preemption off, both. */
static __always_inline void nacre_arch_vcpu_load(struct nacre_vcpu *vcpu)
{
	if (cpu_feature_enabled(X86_FEATURE_OSPKE))
		vcpu->arch.host_pkru = rdpkru();
	if (vcpu->arch.system_time & NACRE_MSR_ENABLED &&
	    nacre_clock_is_old(vcpu))
		nacre_set_request(vcpu, NACRE_REQ_CLOCK);
	if (vcpu->arch.steal & NACRE_MSR_ENABLED && nacre_steal_is_old(vcpu))
		nacre_set_request(vcpu, NACRE_REQ_STEAL);
	backend(load)(vcpu);
	if (nacre_protects(NACRE_PROTECT_LOAD_IBPB))
		nacre_forget_others(vcpu);
}

static inline void nacre_arch_vcpu_put(struct nacre_vcpu *vcpu)
{
	backend(put)(vcpu);
}

static inline void nacre_arch_halts(struct nacre_vcpu *vcpu)
{
	nacre_apic_halts(vcpu);
}

/* cr8 is the VMM's to say where it has the interrupt controller. */
static inline int nacre_arch_run_begin(struct nacre_vcpu *vcpu)
{
	const struct nacre_run *run = vcpu->run;
	u64 cr8;
	int err;

	if (unlikely(READ_ONCE(run->nacre_valid_regs) |
		     READ_ONCE(run->nacre_dirty_regs))) {
		nacre_vcpu_srcu_lock(vcpu);
		err = nacre_sync_regs_in(vcpu);
		if (err)
			return err;
	}
	if (vcpu->arch.apic)
		return 0;
	cr8 = READ_ONCE(run->cr8);
	return likely(cr8 == vcpu->arch.cr8) || nacre_set_cr8(vcpu, cr8) ?
	       0 : -EINVAL;
}

static inline void nacre_arch_run_end(struct nacre_vcpu *vcpu)
{
	struct nacre_run *run = vcpu->run;
	bool if_flag = nacre_rflags(vcpu) & X86_EFLAGS_IF;

	if (unlikely(READ_ONCE(run->nacre_valid_regs))) {
		nacre_vcpu_srcu_lock(vcpu);
		nacre_sync_regs_out(vcpu);
	}
	run->flags = 0;
	run->if_flag = if_flag;
	run->apic_base = vcpu->arch.apic_base;
	run->cr8 = nacre_cr8(vcpu);
	/* Without a local APIC here there are no chips either. */
	run->ready_for_interrupt_injection =
		(vcpu->arch.apic && nacre_has_chips(vcpu->vm)) ||
		(if_flag && nacre_ready_for_interrupt(vcpu));
}

#endif /* NACRE_X86_RUN_H */
