/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's machine-check banks, and errors that userspace reports in them. */
#ifndef NACRE_X86_MCE_H
#define NACRE_X86_MCE_H

#include "arch/x86/msr.h"

void nacre_mce_init(struct nacre_vcpu *vcpu);

/* The host's own, which ended a guest's run. Interrupts off. */
void nacre_host_machine_check(void);

bool nacre_read_mcg(struct nacre_vcpu *vcpu, u32 index, u64 *value,
		    enum nacre_msr_by by);
bool nacre_write_mcg(struct nacre_vcpu *vcpu, u32 index, u64 value,
		     enum nacre_msr_by by);
bool nacre_read_mc_bank(struct nacre_vcpu *vcpu, u32 index, u64 *value,
			enum nacre_msr_by by);
bool nacre_write_mc_bank(struct nacre_vcpu *vcpu, u32 index, u64 value,
			 enum nacre_msr_by by);
bool nacre_read_mc_ctl2(struct nacre_vcpu *vcpu, u32 index, u64 *value,
			enum nacre_msr_by by);
bool nacre_write_mc_ctl2(struct nacre_vcpu *vcpu, u32 index, u64 value,
			 enum nacre_msr_by by);

#endif /* NACRE_X86_MCE_H */
