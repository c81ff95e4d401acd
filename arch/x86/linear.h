/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory as the guest's instructions name it: a segment and an offset,
 * the linear address they make, and the bytes behind that address through the
 * guest's page tables.
 */
#ifndef NACRE_X86_LINEAR_H
#define NACRE_X86_LINEAR_H

#include "module/types.h"
#include "arch/x86/state.h"

struct nacre_vcpu;

enum nacre_access {
	NACRE_ACCESS_OK,
	NACRE_ACCESS_FAULT,	/* a fault is queued, or the tables moved */
	NACRE_ACCESS_NO_MEMORY,	/* no slot behind a part of it */
};

/*
 * The linear address of @size bytes at @offset of @seg, with the checks of
 * the current mode. False: #GP(0) or #SS(0) has been queued.
 */
bool nacre_linear(struct nacre_vcpu *vcpu, enum nacre_segreg seg, u64 offset,
		  unsigned int size, bool write, gva_t *gva);
/* The same without queueing anything. */
bool nacre_linear_ok(struct nacre_vcpu *vcpu, enum nacre_segreg seg,
		     u64 offset, unsigned int size, bool write, gva_t *gva);

/* At the current privilege level. May cross pages. */
enum nacre_access nacre_read_linear(struct nacre_vcpu *vcpu, gva_t gva,
				    void *data, unsigned int size);
enum nacre_access nacre_write_linear(struct nacre_vcpu *vcpu, gva_t gva,
				     const void *data, unsigned int size);
/* Would the write succeed: faults as it would, but writes nothing. */
enum nacre_access nacre_probe_write(struct nacre_vcpu *vcpu, gva_t gva,
				    unsigned int size);

#endif /* NACRE_X86_LINEAR_H */
