/* SPDX-License-Identifier: GPL-2.0 */
/* Load-time set-up of the three kinds of descriptor, and what they share. */
#ifndef NACRE_DESCRIPTORS_H
#define NACRE_DESCRIPTORS_H

struct nacre_vm;

int nacre_vm_module_init(void);
int nacre_vcpu_module_init(void);

/* NACRE_CHECK_EXTENSION; @vm is NULL on the system descriptor. */
long nacre_capability(struct nacre_vm *vm, unsigned long number);

#endif /* NACRE_DESCRIPTORS_H */
