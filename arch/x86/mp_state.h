/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a vCPU runs, waits for an interrupt, or waits to be started. */
#ifndef NACRE_X86_MP_STATE_H
#define NACRE_X86_MP_STATE_H

#include "module/types.h"
#include "module/vcpu.h"

struct nacre_ioctl_arg;

static inline bool nacre_is_runnable(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.mp_state == NACRE_MP_STATE_RUNNABLE;
}

void nacre_mp_state_init(struct nacre_vcpu *vcpu);
long nacre_get_mp_state(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
long nacre_set_mp_state(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);

#endif /* NACRE_X86_MP_STATE_H */
