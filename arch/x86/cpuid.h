/* SPDX-License-Identifier: GPL-2.0 */
/* The CPUID that the guest sees, and what this host can offer. */
#ifndef NACRE_X86_CPUID_H
#define NACRE_X86_CPUID_H

#include <linux/bits.h>
#include <asm/cpufeature.h>

#include "module/types.h"

struct nacre_vcpu;

/* By word of asm/cpufeatures.h; settled at load. What a guest can have, ... */
extern u32 nacre_host_words[NCAPINTS];
/* ... and where that stands; function 0: nowhere. */
struct nacre_cpuid_place {
	u32 function, index;
	u16 reg;		/* in struct nacre_cpuid_entry2 */
};
extern struct nacre_cpuid_place nacre_cpuid_places[NCAPINTS];

/* Can a guest have X86_FEATURE_*? */
static inline bool nacre_host_has(unsigned int feature)
{
	return nacre_host_words[feature / 32] & BIT(feature % 32);
}

/*
 * At load, in this order: begin, then the backend takes away what its
 * extension cannot do, then finish; host_cpuid.c.
 */
void nacre_host_cpuid_begin(void);
void nacre_host_deny(unsigned int feature);
void nacre_host_cpuid_finish(void);

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
