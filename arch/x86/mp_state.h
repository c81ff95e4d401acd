/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a vCPU runs, waits for an interrupt, or waits to be started. */
#ifndef NACRE_X86_MP_STATE_H
#define NACRE_X86_MP_STATE_H

#include "module/types.h"

struct nacre_vcpu;

void nacre_mp_state_init(struct nacre_vcpu *vcpu);

#endif /* NACRE_X86_MP_STATE_H */
