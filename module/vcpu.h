/* SPDX-License-Identifier: GPL-2.0 */
/* A virtual processor: lifetime, the page shared with the VMM, requests. */
#ifndef NACRE_VCPU_H
#define NACRE_VCPU_H

#include <linux/preempt.h>
#include <linux/rcuwait.h>
#include <linux/signal_types.h>

#include "module/vm.h"

#define NACRE_MAX_VCPUS		1024
#define NACRE_MAX_VCPU_IDS	(4 * NACRE_MAX_VCPUS)

/* The pages of a vCPU's mapping, in this order. */
enum nacre_vcpu_page {
	NACRE_PAGE_RUN,
	NACRE_PAGE_PIO,
	NACRE_PAGE_COALESCED,	/* the VM's */
	NACRE_VCPU_PAGES
};

/* Where a vCPU is, for whoever wants its attention. */
enum nacre_vcpu_mode {
	NACRE_OUTSIDE_GUEST,
	NACRE_IN_GUEST,		/* in it, or past the point of no return */
	NACRE_EXITING_GUEST,	/* kicked, on its way out */
};

/*
 * Requests: set by anybody, handled by the vCPU's own thread before the next
 * entry. Set the bit, then kick; nacre_vcpu_request() does both and holds the
 * barrier whose partner is the re-check in the run loop.
 */
enum nacre_request {
	NACRE_REQ_TLB_FLUSH,	/* drop all guest-physical translations */
	NACRE_REQ_TLB_FLUSH_GUEST,	/* those of the guest's own tables */
	NACRE_REQ_EVENT,	/* look at pending events again */
	NACRE_REQ_DEAD,		/* the VM was killed */
	NACRE_REQ_KICK,		/* nothing to do but to leave the guest */
	NACRE_REQ_CLOCK,	/* refresh the guest's clock page */
	NACRE_REQ_WATCH,	/* other ends of interrupts are to be told */
	NACRE_REQ_LOG,		/* vm->nr_logs became 0, or no longer is */
	NACRE_REQ_STEAL,	/* tell the guest that it runs, and did not */
	NACRE_REQ_YIELD,	/* let another vCPU run */
	NACRE_REQ_IOAPIC_EOI,	/* the VMM's I/O APIC is to hear of an EOI */
};

/* Would its thread like to run, and does not? */
enum nacre_preempted {
	NACRE_NOT_PREEMPTED,
	NACRE_PREEMPTED,
	NACRE_PREEMPTED_IN_KERNEL,	/* of the guest's */
};

/* Finish what the last exit left to userspace; runs before the next entry. */
typedef enum nacre_result (*nacre_complete_fn)(struct nacre_vcpu *vcpu);

struct nacre_vcpu {
	struct nacre_vm *vm;		/* create */
	unsigned int id;		/* create; as userspace named it */
	unsigned int index;		/* create; dense, in vm->vcpus */

	struct mutex mutex;		/* one ioctl at a time; guards the rest */
	struct nacre_run *run;		/* create; hostile: read once, check */
	void *page[NACRE_VCPU_PAGES];	/* create; the mapping, run first */
	int cpu;			/* loaded on this CPU, or -1 */
	int last_cpu;			/* where it ran last, or -1 */
	int srcu_index;
	bool holds_slots;		/* in a read section of them */
	int run_error;			/* errno that goes with NACRE_ERROR */
	bool wants_to_run;		/* not sent in with immediate_exit */
	bool ran;			/* has entered the guest once */
	bool sigset_active;
	sigset_t sigset;		/* mask while in NACRE_RUN */
	nacre_complete_fn complete;

	unsigned long requests;		/* any; atomic bit operations */
	int mode;			/* any; cmpxchg */
	struct rcuwait wait;		/* the thread that blocks in HLT */
	u64 poll_ns;			/* how long a halt waits on its CPU */
	bool resting;			/* between two of the guest's instructions */
	u8 preempted;			/* any reads; enum nacre_preempted */
	spinlock_t pid_lock;		/* a leaf */
	struct pid *pid;		/* pid_lock; of the thread that ran it last */
	struct preempt_notifier preempt;
	struct nacre_vcpu_stats stats;

	struct nacre_vcpu_arch arch;
};

long nacre_create_vcpu(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);
void nacre_vcpu_destroy(struct nacre_vcpu *vcpu);

/* Bind the vCPU to this CPU for the calling thread; undo it. module/run.c */
extern struct preempt_ops nacre_preempt_ops;
void nacre_vcpu_load(struct nacre_vcpu *vcpu);
void nacre_vcpu_put(struct nacre_vcpu *vcpu);

/*
 * Make a vCPU leave the guest or wake from its block; never waits. The caller
 * has a full barrier before this: what it is about is visible before it is
 * looked where the vCPU is. Pairs with those in block() and one_trip().
 */
void nacre_vcpu_kick(struct nacre_vcpu *vcpu);

/*
 * Tell it of something that its processor takes in without leaving the guest;
 * else as a kick. The caller has a full barrier before this.
 */
void nacre_vcpu_notify(struct nacre_vcpu *vcpu);

/* The caller's CPU for another vCPU's thread, if that was preempted. */
bool nacre_vcpu_yield_to(struct nacre_vcpu *vcpu, struct nacre_vcpu *to);

/* It spins: let one run that may hold what it waits for. */
void nacre_vcpu_spins(struct nacre_vcpu *vcpu);

/* NACRE_RUN; module/run.c. */
long nacre_vcpu_run(struct nacre_vcpu *vcpu);

static inline bool nacre_requests_pending(const struct nacre_vcpu *vcpu)
{
	return READ_ONCE(vcpu->requests);
}

static inline void nacre_set_request(struct nacre_vcpu *vcpu, unsigned int req)
{
	/* Pairs with the barrier in nacre_test_clear_request(). */
	smp_wmb();
	set_bit(req, &vcpu->requests);
}

static inline bool nacre_test_clear_request(struct nacre_vcpu *vcpu,
					    unsigned int req)
{
	if (!test_bit(req, &vcpu->requests))
		return false;
	clear_bit(req, &vcpu->requests);
	/* See what the requester wrote before it set the bit. */
	smp_mb__after_atomic();
	return true;
}

static inline void nacre_vcpu_request(struct nacre_vcpu *vcpu, unsigned int req)
{
	nacre_set_request(vcpu, req);
	/* What a kick asks for. */
	smp_mb__after_atomic();
	nacre_vcpu_kick(vcpu);
}

/*
 * The read section of the slots that a vCPU's thread is in, from where it first
 * needs one to the next entry, to where it may sleep, or to the ioctl's end.
 * Across functions and by condition: sparse is not to follow it.
 */
static inline void nacre_vcpu_srcu_begin(struct nacre_vcpu *vcpu)
{
	vcpu->srcu_index = srcu_read_lock(&vcpu->vm->srcu);
	vcpu->holds_slots = true;
	__release(&vcpu->vm->srcu);
}

static inline void nacre_vcpu_srcu_lock(struct nacre_vcpu *vcpu)
{
	if (!vcpu->holds_slots)
		nacre_vcpu_srcu_begin(vcpu);
}

static inline void nacre_vcpu_srcu_unlock(struct nacre_vcpu *vcpu)
{
	if (!vcpu->holds_slots)
		return;
	__acquire(&vcpu->vm->srcu);
	vcpu->holds_slots = false;
	srcu_read_unlock(&vcpu->vm->srcu, vcpu->srcu_index);
}

/* End NACRE_RUN with an errno. */
static inline enum nacre_result nacre_fail(struct nacre_vcpu *vcpu, int error)
{
	vcpu->run_error = error;
	return NACRE_ERROR;
}

#endif /* NACRE_VCPU_H */
