/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Model-specific registers, as the guest and as userspace reach them.
 *
 * An access comes from the guest (RDMSR, WRMSR) or from userspace
 * (NACRE_GET_MSRS, NACRE_SET_MSRS), which moves state and so may do more.
 */
#ifndef NACRE_X86_MSR_H
#define NACRE_X86_MSR_H

#include <asm/msr-index.h>

#include "module/vcpu.h"

enum nacre_msr_by { BY_GUEST, BY_USER };

/* An access, in two registers of the processor. */
struct nacre_rdmsr {
	u32 index;
	enum nacre_msr_by by;
	u64 *value;
};

struct nacre_wrmsr {
	u32 index;
	enum nacre_msr_by by;
	u64 value;
};

/* Read or write one MSR of a row; false: refused, which is #GP for a guest. */
typedef bool nacre_msr_read(struct nacre_vcpu *vcpu, struct nacre_rdmsr r);
typedef bool nacre_msr_write(struct nacre_vcpu *vcpu, struct nacre_wrmsr w);

/* Of rows whose state is at home elsewhere: tsc.c, mce.c, clock.c, pv.c. */
nacre_msr_read nacre_read_tsc, nacre_read_wall_clock;
nacre_msr_read nacre_read_mcg, nacre_read_mc_bank;
nacre_msr_write nacre_write_tsc, nacre_write_tsc_adjust;
nacre_msr_write nacre_valid_mcg_ctl, nacre_write_mc_bank;
nacre_msr_write nacre_write_system_time, nacre_write_wall_clock;
nacre_msr_write nacre_write_pv_eoi, nacre_write_steal;

struct nacre_msr {
	u32 first, last;
	u16 field;		/* in struct nacre_vcpu_arch: where it is kept */
	u64 constant;		/* or what it is */
	const u64 *of_host;	/* what the host says of it; feature MSRs */
	bool listed;		/* in NACRE_GET_MSR_INDEX_LIST */
	bool for_user_too;	/* userspace needs the feature as well */
	/* X86_FEATURE_*, of which a guest has to have one; 0: none. */
	u16 feature, other_feature;
	u16 host_feature;	/* of the host, or the MSR is not there at all */
	nacre_msr_read *read;	/* NULL: the field */
	nacre_msr_write *write;	/* NULL: the field, with what is valid ... */
	nacre_msr_write *valid;	/* ... NULL: nothing, it is read-only */
};

/* Their values at power-on. */
void nacre_msr_setup(void);
void nacre_msr_init(struct nacre_vcpu *vcpu);

/* False: #GP(0). An MSR that is not known is never ignored. */
bool nacre_guest_rdmsr(struct nacre_vcpu *vcpu, u32 index, u64 *value);
bool nacre_guest_wrmsr(struct nacre_vcpu *vcpu, u32 index, u64 value);

/* Does CPUID fault in this guest outside ring 0? */
static inline bool nacre_cpuid_faulting(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.msr.misc_features &
	       MSR_MISC_FEATURES_ENABLES_CPUID_FAULT;
}

#endif /* NACRE_X86_MSR_H */
