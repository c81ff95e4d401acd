/* SPDX-License-Identifier: GPL-2.0 */
/* Memory type range registers. */
#ifndef NACRE_X86_MTRR_H
#define NACRE_X86_MTRR_H

#include "arch/x86/msr.h"

bool nacre_read_mtrr(struct nacre_vcpu *vcpu, u32 index, u64 *value,
		     enum nacre_msr_by by);
bool nacre_write_mtrr(struct nacre_vcpu *vcpu, u32 index, u64 value,
		      enum nacre_msr_by by);

#endif /* NACRE_X86_MTRR_H */
