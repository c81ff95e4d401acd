/* SPDX-License-Identifier: GPL-2.0 */
/* Turning virtualization on and off on the host's processors. */
#ifndef NACRE_CPUS_H
#define NACRE_CPUS_H

/* At load: is the extension free? 0 or -EBUSY, with a line in the log. */
int nacre_cpus_init(void);
void nacre_cpus_exit(void);
/*
 * The first VM turns it on everywhere, the last one off. -EBUSY: another
 * hypervisor has it; any error comes with a line in the log.
 */
int nacre_cpus_get(void);
void nacre_cpus_put(void);

#endif /* NACRE_CPUS_H */
