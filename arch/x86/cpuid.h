/* SPDX-License-Identifier: GPL-2.0 */
/* The CPUID that the guest sees, and what this host can offer. */
#ifndef NACRE_X86_CPUID_H
#define NACRE_X86_CPUID_H

#include "module/types.h"

struct nacre_cpuid_entry2;
struct nacre_vcpu;

/* The guest's entry, or NULL: nothing was set for it. */
const struct nacre_cpuid_entry2 *
nacre_find_cpuid(const struct nacre_vcpu *vcpu, u32 function, u32 index);

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
