/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's machine-check banks, and errors that userspace reports in them. */
#ifndef NACRE_X86_MCE_H
#define NACRE_X86_MCE_H

struct nacre_vcpu;

void nacre_mce_init(struct nacre_vcpu *vcpu);

/* The host's own, which ended a guest's run. Interrupts off. */
void nacre_host_machine_check(void);

#endif /* NACRE_X86_MCE_H */
