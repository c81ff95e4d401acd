/* SPDX-License-Identifier: GPL-2.0 */
/* Debug registers, single-stepping, and the VMM's own breakpoints. */
#ifndef NACRE_X86_DEBUG_H
#define NACRE_X86_DEBUG_H

#include "module/types.h"

struct nacre_ioctl_arg;
struct nacre_vcpu;

void nacre_debug_reset(struct nacre_vcpu *vcpu);

/* RFLAGS as the guest knows it: without the TF that the VMM steps it by. */
u64 nacre_get_guest_rflags(struct nacre_vcpu *vcpu);
void nacre_set_guest_rflags(struct nacre_vcpu *vcpu, u64 rflags);

/* Irqs off: the guest's breakpoints in, the host's back. */
void nacre_debug_enter(struct nacre_vcpu *vcpu);
void nacre_debug_exit(struct nacre_vcpu *vcpu);

/* A guest's MOV to or from DR: False: #UD or #GP has been queued. */
bool nacre_guest_read_dr(struct nacre_vcpu *vcpu, unsigned int dr, u64 *value);
bool nacre_guest_write_dr(struct nacre_vcpu *vcpu, unsigned int dr, u64 value);

long nacre_get_debugregs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
long nacre_set_debugregs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);

#endif /* NACRE_X86_DEBUG_H */
