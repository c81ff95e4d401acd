/* SPDX-License-Identifier: GPL-2.0 */
/* What a guest is told of being one: stolen time. */
#ifndef NACRE_X86_PV_H
#define NACRE_X86_PV_H

#include "module/vcpu.h"

/* NACRE_REQ_STEAL: the vCPU's thread, in a read section of the slots. */
void nacre_update_steal(struct nacre_vcpu *vcpu);
/* Loaded, with a page: is there something to tell? */
bool nacre_steal_is_old(const struct nacre_vcpu *vcpu);

/* NACRE_REQ_YIELD: to whom the guest has asked for. */
void nacre_yield_as_asked(struct nacre_vcpu *vcpu);

#endif /* NACRE_X86_PV_H */
