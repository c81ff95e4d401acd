// SPDX-License-Identifier: GPL-2.0
/*
 * Memory type range registers: kept and checked, without effect. A guest's
 * memory is write-back whatever it says; what it says it reads again.
 *
 * Intel SDM, "Memory Type Range Registers (MTRRs)".
 */
#include <linux/bits.h>
#include <linux/nospec.h>
#include <asm/msr-index.h>
#include <asm/mtrr.h>

#include "module/vcpu.h"
#include "arch/x86/msr.h"

#define MTRRCAP_FIXED		BIT(8)
#define MTRRCAP_WC		BIT(10)
#define DEF_TYPE_DEFINED	(GENMASK(11, 10) | GENMASK(7, 0))
#define BASE_RESERVED		GENMASK(11, 8)
#define MASK_RESERVED		GENMASK(10, 0)

static u64 *variable_mtrr(struct nacre_mtrr *mtrr, u32 index)
{
	u32 n = index - MTRRphysBase_MSR(0);

	if (n >= ARRAY_SIZE(mtrr->variable))
		return NULL;
	return &mtrr->variable[array_index_nospec(n,
						  ARRAY_SIZE(mtrr->variable))];
}

/* One of 64 KiB ranges, two of 16 KiB, eight of 4 KiB. */
static u64 *fixed_mtrr(struct nacre_mtrr *mtrr, u32 index)
{
	u32 n;

	switch (index) {
	case MSR_MTRRfix64K_00000:
		n = 0;
		break;
	case MSR_MTRRfix16K_80000 ... MSR_MTRRfix16K_A0000:
		n = 1 + index - MSR_MTRRfix16K_80000;
		break;
	case MSR_MTRRfix4K_C0000 ... MSR_MTRRfix4K_F8000:
		n = 3 + index - MSR_MTRRfix4K_C0000;
		break;
	default:
		return NULL;
	}
	return &mtrr->fixed[array_index_nospec(n, NACRE_FIXED_MTRRS)];
}

static u64 *find_mtrr(struct nacre_mtrr *mtrr, u32 index)
{
	if (index == MSR_MTRRdefType)
		return &mtrr->def_type;
	return variable_mtrr(mtrr, index) ?: fixed_mtrr(mtrr, index);
}

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

static bool valid_mtrr(struct nacre_vcpu *vcpu, u32 index, u64 value)
{
	u64 reserved = ~0ull << vcpu->arch.cpuid.maxphyaddr;

	if (index == MSR_MTRRdefType)
		return valid_types(value & 0xff) &&
		       !(value & ~DEF_TYPE_DEFINED);
	if (!variable_mtrr(&vcpu->arch.msr.mtrr, index))
		return valid_types(value);
	/* A base, or the mask after it. */
	if ((index - MTRRphysBase_MSR(0)) & 1)
		return !(value & (reserved | MASK_RESERVED));
	return valid_types(value & 0xff) &&
	       !(value & (reserved | BASE_RESERVED));
}

bool nacre_read_mtrr(struct nacre_vcpu *vcpu, u32 index, u64 *value,
		     enum nacre_msr_by by)
{
	u64 *mtrr;

	if (index == MSR_MTRRcap) {
		*value = NACRE_VARIABLE_MTRRS | MTRRCAP_FIXED | MTRRCAP_WC;
		return true;
	}
	mtrr = find_mtrr(&vcpu->arch.msr.mtrr, index);
	if (!mtrr)
		return false;
	*value = *mtrr;
	return true;
}

bool nacre_write_mtrr(struct nacre_vcpu *vcpu, u32 index, u64 value,
		      enum nacre_msr_by by)
{
	u64 *mtrr = find_mtrr(&vcpu->arch.msr.mtrr, index);

	if (!mtrr || !valid_mtrr(vcpu, index, value))
		return false;
	*mtrr = value;
	return true;
}
