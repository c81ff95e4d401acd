/* SPDX-License-Identifier: GPL-2.0 */
/* The address spaces of a hypervisor, kept apart by name. */
#ifndef NACRE_TYPES_H
#define NACRE_TYPES_H

#include <linux/types.h>

typedef u64 gva_t;		/* guest virtual */
typedef u64 gpa_t;		/* guest physical, in bytes */
typedef u64 gfn_t;		/* guest physical, in 4 KiB frames */
typedef unsigned long hva_t;	/* address in the VMM's user space */
typedef u64 hpa_t;		/* host physical */

/*
 * What handling a piece of a vCPU's run came to. Errors that belong to the
 * ioctl's caller travel beside it, in nacre_vcpu.run_error.
 */
enum nacre_result {
	NACRE_RESUME,		/* finished in the kernel, enter again */
	NACRE_TO_USER,		/* struct nacre_run is filled in, return 0 */
	NACRE_ERROR,		/* run_error holds the errno */
};

#endif /* NACRE_TYPES_H */
