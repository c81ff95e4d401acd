/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an operator can see: counters of a VM and of each vCPU, under the names
 * that the ABI's users know. Listed once: the list declares them and describes
 * them in the file of NACRE_GET_STATS_FD.
 */
#ifndef NACRE_STATS_H
#define NACRE_STATS_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "module/types.h"

struct nacre_ioctl_arg;
struct nacre_vcpu;
struct nacre_vm;

/* Kinds: COUNT grows, NOW is of this moment, FLAG is one that is 0 or 1 ... */
#define NACRE_VM_STATS(STAT)						\
STAT(remote_tlb_flush,		COUNT)	/* that had to wait for a vCPU */	\
STAT(remote_tlb_flush_requests,	COUNT)					\
STAT(pages_4k,			NOW)	/* mapped by the second stage */\
STAT(pages_2m,			NOW)					\
STAT(pages_1g,			NOW)

/* ... NS grows by nanoseconds, HIST has a count for each power of 2 of them. */
#define NACRE_VCPU_STATS(STAT)						\
STAT(exits,			COUNT)					\
STAT(io_exits,			COUNT)	/* by IN, OUT and the like */	\
STAT(mmio_exits,		COUNT)	/* to the VMM */		\
STAT(signal_exits,		COUNT)					\
STAT(irq_exits,			COUNT)	/* for the host's interrupts */	\
STAT(irq_window_exits,		COUNT)					\
STAT(nmi_window_exits,		COUNT)					\
STAT(request_irq_exits,		COUNT)	/* the VMM may inject */	\
STAT(halt_exits,		COUNT)					\
STAT(hypercalls,		COUNT)					\
STAT(insn_emulation,		COUNT)	/* for want of the processor */	\
STAT(insn_emulation_fail,	COUNT)	/* that nobody here knows */	\
STAT(irq_injections,		COUNT)					\
STAT(nmi_injections,		COUNT)					\
STAT(req_event,			COUNT)	/* looked for one before an entry */ \
STAT(tlb_flush,			COUNT)					\
STAT(l1d_flush,			COUNT)					\
STAT(pf_taken,			COUNT)	/* faults of the second stage */\
STAT(pf_fixed,			COUNT)					\
STAT(pf_spurious,		COUNT)					\
STAT(pf_emulate,		COUNT)					\
STAT(directed_yield_attempted,	COUNT)					\
STAT(directed_yield_successful,	COUNT)					\
STAT(preemption_reported,	COUNT)	/* to the guest */		\
STAT(blocking,			FLAG)					\
STAT(halt_attempted_poll,	COUNT)					\
STAT(halt_successful_poll,	COUNT)					\
STAT(halt_wakeup,		COUNT)					\
STAT(halt_poll_success_ns,	NS)					\
STAT(halt_poll_fail_ns,		NS)					\
STAT(halt_wait_ns,		NS)					\
STAT(halt_poll_success_hist,	HIST)					\
STAT(halt_poll_fail_hist,	HIST)					\
STAT(halt_wait_hist,		HIST)

#define NACRE_STATS_HIST_SIZE	32

/* Any thread's. */
#define NACRE_STAT_MEMBER(name, kind)	atomic64_t name;
struct nacre_vm_stats {
	NACRE_VM_STATS(NACRE_STAT_MEMBER)
};
#undef NACRE_STAT_MEMBER

/* The vCPU's own thread's; read by anybody. */
#define NACRE_STAT_COUNT(name)		u64 name;
#define NACRE_STAT_FLAG(name)		u64 name;
#define NACRE_STAT_NS(name)		u64 name;
#define NACRE_STAT_HIST(name)		u64 name[NACRE_STATS_HIST_SIZE];
#define NACRE_STAT_MEMBER(name, kind)	NACRE_STAT_##kind(name)
struct nacre_vcpu_stats {
	NACRE_VCPU_STATS(NACRE_STAT_MEMBER)
};
#undef NACRE_STAT_MEMBER

/* @hist[0] is of 0 ns, [n] of 2^(n-1) to 2^n - 1. */
static inline void nacre_stats_note_ns(u64 *sum, u64 *hist, u64 ns)
{
	*sum += ns;
	hist[min(fls64(ns), NACRE_STATS_HIST_SIZE - 1)]++;
}

long nacre_vm_get_stats(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);
long nacre_vcpu_get_stats(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);

#endif /* NACRE_STATS_H */
