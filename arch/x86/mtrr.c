// SPDX-License-Identifier: GPL-2.0
/*
 * Memory type range registers: kept and checked, without effect. A guest's
 * memory is write-back whatever it says; what it says it reads again.
 *
 * Intel SDM, "Memory Type Range Registers (MTRRs)".
 */
#include <linux/bits.h>
#include <asm/msr-index.h>
#include <asm/mtrr.h>

#include "arch/x86/msr.h"

#define DEF_TYPE_DEFINED	(GENMASK(11, 10) | GENMASK(7, 0))
#define BASE_RESERVED		GENMASK(11, 8)
#define MASK_RESERVED		GENMASK(10, 0)

bool nacre_valid_memory_types(u64 value, u8 last)
{
	unsigned int i;

	for (i = 0; i < 8; i++, value >>= 8) {
		u8 type = value;

		if (type > last || type == 2 || type == 3)
			return false;
	}
	return true;
}

static bool valid_types(u64 value)
{
	return nacre_valid_memory_types(value, MTRR_TYPE_WRBACK);
}

bool nacre_valid_mtrr_default(struct nacre_vcpu *vcpu, u32 index, u64 value,
			      enum nacre_msr_by by)
{
	return valid_types(value & 0xff) && !(value & ~DEF_TYPE_DEFINED);
}

bool nacre_valid_fixed_mtrr(struct nacre_vcpu *vcpu, u32 index, u64 value,
			    enum nacre_msr_by by)
{
	return valid_types(value);
}

/* A base, or the mask after it. */
bool nacre_valid_variable_mtrr(struct nacre_vcpu *vcpu, u32 index, u64 value,
			       enum nacre_msr_by by)
{
	u64 reserved = ~0ull << vcpu->arch.cpuid.maxphyaddr;

	if ((index - MTRRphysBase_MSR(0)) & 1)
		return !(value & (reserved | MASK_RESERVED));
	return valid_types(value & 0xff) &&
	       !(value & (reserved | BASE_RESERVED));
}
