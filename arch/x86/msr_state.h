/* SPDX-License-Identifier: GPL-2.0 */
/* Model-specific registers that a vCPU has as plain state. */
#ifndef NACRE_X86_MSR_STATE_H
#define NACRE_X86_MSR_STATE_H

#include <linux/types.h>

#define NACRE_VARIABLE_MTRRS	8
#define NACRE_FIXED_MTRRS	11

struct nacre_mtrr {
	u64 def_type;
	u64 variable[2 * NACRE_VARIABLE_MTRRS];	/* base, mask, base ... */
	u64 fixed[NACRE_FIXED_MTRRS];	/* by address */
};

#define NACRE_MCE_BANKS		32

/* The registers of a machine-check bank, in the order of their numbers. */
enum nacre_mce_reg {
	NACRE_MC_CTL,
	NACRE_MC_STATUS,
	NACRE_MC_ADDR,
	NACRE_MC_MISC,
	NACRE_MC_REGS
};

struct nacre_mce {
	u64 cap, ctl, status;	/* IA32_MCG_* */
	u64 bank[NACRE_MCE_BANKS][NACRE_MC_REGS];
	u64 ctl2[NACRE_MCE_BANKS];
};

struct nacre_msr_state {
	u64 tsc_adjust;
	u64 ucode_rev;
	u64 platform_info, misc_features;	/* CPUID faulting */
	u64 misc_enable;
	u64 power_ctl;
	u64 feat_ctl;
	u64 hwcr, vm_cr, de_cfg;
	u64 osvw_length, osvw_status;
	struct nacre_mtrr mtrr;
	struct nacre_mce mce;
};

#endif /* NACRE_X86_MSR_STATE_H */
