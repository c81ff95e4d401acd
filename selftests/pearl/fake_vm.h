/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of libnacre that talks to a hypervisor, without one. The guest is a
 * function of the test's that makes accesses through the handlers.
 */
#ifndef FAKE_VM_H
#define FAKE_VM_H

#include "nacre.h"

#define FAKE_LINES 24

/*
 * struct fake_hypervisor
 * @run: the guest: what nacre_vcpu_run() does; without it, it waits for a kick
 * @fails: the name of a function here that fails, or NULL
 * @eventfds: whether it knows of them
 * @created: how many VMs there have been
 * @most_vcpus: how many vCPUs there have been at once
 * @vms, @vcpus: how many there are
 * @level: of each interrupt line
 * @changes: how often each has been set
 * @stray: a line that there is not, or a level that was so before
 */
struct fake_hypervisor {
	enum nacre_stop (*run)(struct nacre_vcpu *vcpu,
			       struct nacre_handlers *handlers,
			       struct nacre_error *error);
	const char *fails;
	bool eventfds;
	unsigned int created;
	unsigned int most_vcpus;
	unsigned int vms;
	unsigned int vcpus;
	bool level[FAKE_LINES];
	unsigned int changes[FAKE_LINES];
	bool stray;
};

extern struct fake_hypervisor fake_hypervisor;

/* What a vCPU does that the rest of the guest leaves alone. */
enum nacre_stop fake_wait(struct nacre_vcpu *vcpu);

#endif
