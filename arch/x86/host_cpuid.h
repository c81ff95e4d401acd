/* SPDX-License-Identifier: GPL-2.0 */
/* What CPUID this host and this module can offer a guest. */
#ifndef NACRE_X86_HOST_CPUID_H
#define NACRE_X86_HOST_CPUID_H

#include <linux/bits.h>
#include <asm/cpufeature.h>

#include "module/types.h"

/* By word of asm/cpufeatures.h; settled at load. */
extern u32 nacre_host_words[NCAPINTS];

/* Can a guest have X86_FEATURE_*? */
static inline bool nacre_host_has(unsigned int feature)
{
	return nacre_host_words[feature / 32] & BIT(feature % 32);
}

/*
 * At load, in this order: begin, then the backend takes away what its
 * extension cannot do, then finish.
 */
void nacre_host_cpuid_begin(void);
void nacre_host_deny(unsigned int feature);
void nacre_host_cpuid_finish(void);

#endif /* NACRE_X86_HOST_CPUID_H */
