/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For parts that know no hypervisor struct, and so are built as host programs,
 * too: what they use of the kernel, or the tests' own of that name.
 */
#ifndef NACRE_PURE_H
#define NACRE_PURE_H

#ifdef __KERNEL__
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/swab.h>
#else
#include "host_types.h"
#endif

#endif /* NACRE_PURE_H */
