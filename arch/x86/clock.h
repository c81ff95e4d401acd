/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's time stamp counter (tsc.c), and kvmclock (clock.c): a page that
 * the guest shares, from which it makes the host's time out of that counter.
 */
#ifndef NACRE_X86_CLOCK_H
#define NACRE_X86_CLOCK_H

#include "module/types.h"

struct nacre_vcpu;
struct nacre_vm;

/* Bits of a ratio's fraction; 0: the processor does not scale. At load. */
extern u8 nacre_tsc_fraction;
/* What the guest's counter shows when the host's shows @host. */
u64 nacre_guest_tsc(const struct nacre_vcpu *vcpu, u64 host);

/* Loaded. In step with the vCPUs that are there. */
void nacre_tsc_init_vcpu(struct nacre_vcpu *vcpu);

/* With its counter's part. */
void nacre_clock_init_vm(struct nacre_vm *vm);
/* It is new, or its counter another: its next entry asks if all are in step. */
void nacre_unsettle_clock(struct nacre_vcpu *vcpu);
/* Loaded, with a page: does that need a new reading? */
bool nacre_clock_is_old(const struct nacre_vcpu *vcpu);

/* NACRE_REQ_CLOCK: the vCPU's thread, in a read section of the slots. */
void nacre_update_clock(struct nacre_vcpu *vcpu);

#endif /* NACRE_X86_CLOCK_H */
