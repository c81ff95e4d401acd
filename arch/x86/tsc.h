/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's time stamp counter. */
#ifndef NACRE_X86_TSC_H
#define NACRE_X86_TSC_H

#include "arch/x86/msr.h"

struct nacre_vm;

void nacre_tsc_init_vm(struct nacre_vm *vm);
/* Loaded. In step with the vCPUs that are there. */
void nacre_tsc_init_vcpu(struct nacre_vcpu *vcpu);

bool nacre_read_tsc(struct nacre_vcpu *vcpu, u32 index, u64 *value,
		    enum nacre_msr_by by);
bool nacre_write_tsc(struct nacre_vcpu *vcpu, u32 index, u64 value,
		     enum nacre_msr_by by);
bool nacre_write_tsc_adjust(struct nacre_vcpu *vcpu, u32 index, u64 value,
			    enum nacre_msr_by by);

#endif /* NACRE_X86_TSC_H */
