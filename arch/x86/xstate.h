/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's x87, SSE and extended state.
 *
 * The kernel's own container holds the guest's registers; they are swapped
 * with the thread's once per NACRE_RUN each way. XCR0, XSS and PKRU are the
 * processor's, and so are swapped around each entry, if they differ.
 */
#ifndef NACRE_X86_XSTATE_H
#define NACRE_X86_XSTATE_H

#include "module/types.h"

struct nacre_cpuid_entry2;
struct nacre_ioctl_arg;
struct nacre_vcpu;

/* What XCR0 and IA32_XSS this host lets a guest set. */
u64 nacre_host_xcr0(void);
u64 nacre_host_xss(void);

/* At load: ask the processor how large each component is. */
void nacre_xstate_setup(void);

int nacre_xstate_init(struct nacre_vcpu *vcpu);
void nacre_xstate_destroy(struct nacre_vcpu *vcpu);

/* Irqs off, around the guest. */
void nacre_xstate_enter(struct nacre_vcpu *vcpu);
void nacre_xstate_exit(struct nacre_vcpu *vcpu);

/* XSETBV as the guest or userspace does it: 0 or -EINVAL. */
int nacre_set_xcr(struct nacre_vcpu *vcpu, u32 index, u64 value);
/* Leaf 0Dh: the sizes that follow from the guest's XCR0 and XSS. */
void nacre_xstate_sizes(struct nacre_vcpu *vcpu,
			struct nacre_cpuid_entry2 *leaf);
/* From the processor's own leaf 0Dh to what a guest may have of it. */
void nacre_xstate_supported(struct nacre_cpuid_entry2 *leaf);

long nacre_get_fpu(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
long nacre_set_fpu(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
long nacre_get_xsave(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
long nacre_set_xsave(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
long nacre_get_xcrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
long nacre_set_xcrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);

#endif /* NACRE_X86_XSTATE_H */
