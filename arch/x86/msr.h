/* SPDX-License-Identifier: GPL-2.0 */
/* Model-specific registers, as the guest and as userspace reach them. */
#ifndef NACRE_X86_MSR_H
#define NACRE_X86_MSR_H

#include "module/types.h"

struct nacre_ioctl_arg;
struct nacre_vcpu;

/* 0, or nonzero: #GP(0). An MSR that is not known is never ignored. */
int nacre_guest_rdmsr(struct nacre_vcpu *vcpu, u32 index, u64 *value);
int nacre_guest_wrmsr(struct nacre_vcpu *vcpu, u32 index, u64 value);

/* TSC = host TSC + offset; set so that the guest reads @value now. */
void nacre_write_tsc(struct nacre_vcpu *vcpu, u64 value);

long nacre_get_msrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
long nacre_set_msrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
long nacre_get_msr_index_list(struct nacre_ioctl_arg *arg);

#endif /* NACRE_X86_MSR_H */
