/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a vCPU runs, waits for an interrupt, or waits to be started. */
#ifndef NACRE_X86_MP_STATE_H
#define NACRE_X86_MP_STATE_H

#include "module/types.h"

struct nacre_ioctl_arg;
struct nacre_vcpu;

void nacre_mp_state_init(struct nacre_vcpu *vcpu);
long nacre_get_mp_state(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
long nacre_set_mp_state(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);

#endif /* NACRE_X86_MP_STATE_H */
