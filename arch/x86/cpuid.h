/* SPDX-License-Identifier: GPL-2.0 */
/* The CPUID that the guest sees, and what this host can offer. */
#ifndef NACRE_X86_CPUID_H
#define NACRE_X86_CPUID_H

#include "module/types.h"

struct nacre_vcpu;

/* Has the guest's CPUID X86_FEATURE_*; is it Intel's or AMD's by its name? */
bool nacre_guest_has(const struct nacre_vcpu *vcpu, unsigned int feature);
bool nacre_guest_is_intel(const struct nacre_vcpu *vcpu);
bool nacre_guest_is_amd(const struct nacre_vcpu *vcpu);

/* Execute CPUID: EAX and ECX in, four registers out. */
void nacre_execute_cpuid(struct nacre_vcpu *vcpu);

/* EDX after reset: leaf 1's EAX, or the 80486's where none was set. */
u32 nacre_cpuid_signature(const struct nacre_vcpu *vcpu);

void nacre_cpuid_init(struct nacre_vcpu *vcpu);

#endif /* NACRE_X86_CPUID_H */
