/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kvmclock: a page that the guest shares, from which it makes the host's time
 * out of its own TSC.
 */
#ifndef NACRE_X86_CLOCK_H
#define NACRE_X86_CLOCK_H

#include "module/types.h"

struct nacre_vcpu;

void nacre_write_system_time(struct nacre_vcpu *vcpu, u64 value);
u64 nacre_read_wall_clock(struct nacre_vcpu *vcpu);
/* Writes the time at which the guest's clock was 0, once. */
void nacre_write_wall_clock(struct nacre_vcpu *vcpu, u64 value);

/* NACRE_REQ_CLOCK: the vCPU's thread, in a read section of the slots. */
void nacre_update_clock(struct nacre_vcpu *vcpu);

#endif /* NACRE_X86_CLOCK_H */
