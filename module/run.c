// SPDX-License-Identifier: GPL-2.0
/*
 * NACRE_RUN: the neutral half of the run loop.
 *
 * Outside the guest, in this order: finish what the last exit left to
 * userspace, obey immediate_exit, then loop: enter the guest until something
 * has to leave (arch), see to signals, rescheduling and task work. A read
 * section of the slots begins where one is needed, and ends at the next entry
 * and wherever this thread may sleep for long.
 */
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <asm/fpu/api.h>
#include <linux/sched/stat.h>

#include "module/compat/compat.h"
#include "module/trace.h"
#include "module/vcpu.h"
#include "module/vm.h"
#include "arch/x86/arch.h"
#include "arch/x86/run.h"

static struct nacre_vcpu *vcpu_of(struct preempt_notifier *notifier)
{
	return container_of(notifier, struct nacre_vcpu, preempt);
}

static __always_inline void come_to_cpu(struct nacre_vcpu *vcpu, int cpu)
{
	vcpu->cpu = cpu;
	nacre_arch_vcpu_load(vcpu);
}

static __always_inline void leave_cpu(struct nacre_vcpu *vcpu)
{
	nacre_arch_vcpu_put(vcpu);
	vcpu->last_cpu = vcpu->cpu;
	vcpu->cpu = -1;
}

static void vcpu_sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct nacre_vcpu *vcpu = vcpu_of(notifier);

	WRITE_ONCE(vcpu->preempted, NACRE_NOT_PREEMPTED);
	come_to_cpu(vcpu, cpu);
}

static void vcpu_sched_out(struct preempt_notifier *notifier,
			   struct task_struct *next)
{
	struct nacre_vcpu *vcpu = vcpu_of(notifier);

	if (vcpu->resting)
		nacre_arch_vcpu_rest(vcpu);
	if (task_is_running(current))
		WRITE_ONCE(vcpu->preempted, nacre_arch_in_kernel(vcpu) ?
			   NACRE_PREEMPTED_IN_KERNEL : NACRE_PREEMPTED);
	leave_cpu(vcpu);
}

struct preempt_ops nacre_preempt_ops = {
	.sched_in = vcpu_sched_in,
	.sched_out = vcpu_sched_out,
};

static __always_inline void load(struct nacre_vcpu *vcpu)
{
	int cpu = get_cpu();

	preempt_notifier_register(&vcpu->preempt);
	come_to_cpu(vcpu, cpu);
	put_cpu();
}

static __always_inline void put(struct nacre_vcpu *vcpu)
{
	preempt_disable();
	leave_cpu(vcpu);
	preempt_notifier_unregister(&vcpu->preempt);
	preempt_enable();
}

/* For the ioctls that need it; NACRE_RUN has no call to spare. */
void nacre_vcpu_load(struct nacre_vcpu *vcpu)
{
	load(vcpu);
}

void nacre_vcpu_put(struct nacre_vcpu *vcpu)
{
	put(vcpu);
}

static unsigned int halt_poll_ns = 200000;
module_param(halt_poll_ns, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns, "longest wait of a halt on its CPU; 0: none");

static unsigned int halt_poll_ns_grow = 2;
module_param(halt_poll_ns_grow, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns_grow, "factor by which it grows; 0: it does not");

static unsigned int halt_poll_ns_grow_start = 10000;
module_param(halt_poll_ns_grow_start, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns_grow_start, "shortest that it is tried with");

static unsigned int halt_poll_ns_shrink = 2;
module_param(halt_poll_ns_shrink, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns_shrink, "divisor by which it shrinks; 0: at once");

static void sigset_on(struct nacre_vcpu *vcpu)
{
	if (likely(!vcpu->sigset_active))
		return;
	/* real_blocked is nobody's but do_sigtimedwait()'s: free to keep it. */
	sigprocmask(SIG_SETMASK, &vcpu->sigset, &current->real_blocked);
}

static void sigset_off(struct nacre_vcpu *vcpu)
{
	if (likely(!vcpu->sigset_active))
		return;
	sigprocmask(SIG_SETMASK, &current->real_blocked, NULL);
	sigemptyset(&current->real_blocked);
}

static enum nacre_result finish_last_exit(struct nacre_vcpu *vcpu)
{
	nacre_complete_fn complete = vcpu->complete;

	if (!complete)
		return NACRE_RESUME;
	vcpu->complete = NULL;
	return complete(vcpu);
}

static enum nacre_result interrupted(struct nacre_vcpu *vcpu, int err)
{
	vcpu->stats.signal_exits++;
	vcpu->run->exit_reason = NACRE_EXIT_INTR;
	return nacre_fail(vcpu, err);
}

/* Signals, rescheduling, task work. Sleeps, so the slots are let go. */
static enum nacre_result host_work(struct nacre_vcpu *vcpu)
{
	int err;

	nacre_vcpu_srcu_unlock(vcpu);
	vcpu->resting = true;
	err = compat_guest_work();
	vcpu->resting = false;
	nacre_vcpu_srcu_lock(vcpu);
	if (!err)
		return NACRE_RESUME;
	return interrupted(vcpu, err);
}

static bool block_is_over(struct nacre_vcpu *vcpu)
{
	return nacre_arch_has_work(vcpu) || signal_pending(current) ||
	       READ_ONCE(vcpu->vm->dead);
}

/*
 * Wait for what the vCPU waits for, a signal, or the VM's end. Whoever wakes
 * it changes something and then looks at who waits; the check comes after
 * the thread's state says that it waits.
 */
static void block(struct nacre_vcpu *vcpu)
{
	nacre_vcpu_srcu_unlock(vcpu);
	vcpu->resting = true;
	prepare_to_rcuwait(&vcpu->wait);
	for (;;) {
		/* Pairs with the barrier in rcuwait_wake_up(). */
		set_current_state(TASK_INTERRUPTIBLE);
		if (block_is_over(vcpu))
			break;
		schedule();
		vcpu->stats.halt_wakeup++;
	}
	finish_rcuwait(&vcpu->wait);
	vcpu->resting = false;
	nacre_vcpu_srcu_lock(vcpu);
	nacre_arch_wake(vcpu);
}

static u64 longest_poll(const struct nacre_vm *vm)
{
	s64 own = READ_ONCE(vm->halt_poll_ns);

	return own >= 0 ? own : READ_ONCE(halt_poll_ns);
}

/* A halt that ended soon would have been worth waiting for, a long one not. */
static void adapt_poll(struct nacre_vcpu *vcpu, u64 halted)
{
	u64 most = longest_poll(vcpu->vm), poll = vcpu->poll_ns;
	unsigned int start = READ_ONCE(halt_poll_ns_grow_start);
	unsigned int shrink = READ_ONCE(halt_poll_ns_shrink);
	unsigned int grow = READ_ONCE(halt_poll_ns_grow);

	if (halted > most)
		poll = shrink ? poll / shrink : 0;
	else if (halted > poll && grow)
		poll = max_t(u64, poll * grow, start);
	vcpu->poll_ns = poll < start ? 0 : min(poll, most);
}

static void note_poll(struct nacre_vcpu_stats *stats, bool over, u64 ns)
{
	stats->halt_attempted_poll++;
	stats->halt_successful_poll += over;
	if (over)
		nacre_stats_note_ns(&stats->halt_poll_success_ns,
				    stats->halt_poll_success_hist, ns);
	else
		nacre_stats_note_ns(&stats->halt_poll_fail_ns,
				    stats->halt_poll_fail_hist, ns);
}

/* What comes at once is waited for on the CPU, as long as nobody else is. */
static bool poll_first(struct nacre_vcpu *vcpu, u64 begin, u64 *now)
{
	bool over = false;

	if (!vcpu->poll_ns)
		return false;
	nacre_vcpu_srcu_unlock(vcpu);
	do {
		over = block_is_over(vcpu);
		if (!over)
			cpu_relax();
		*now = ktime_get_ns();
	} while (!over && *now - begin < vcpu->poll_ns && !need_resched() &&
		 single_task_running());
	nacre_vcpu_srcu_lock(vcpu);
	note_poll(&vcpu->stats, over, *now - begin);
	return over;
}

/* Apart: what it needs would be in the way of a run without it. */
static noinline void wait_in_halt(struct nacre_vcpu *vcpu)
{
	struct nacre_vcpu_stats *stats = &vcpu->stats;
	u64 begin = ktime_get_ns(), now = begin, blocked;

	nacre_arch_halts(vcpu);
	WRITE_ONCE(stats->blocking, 1);
	if (poll_first(vcpu, begin, &now)) {
		nacre_arch_wake(vcpu);
	} else {
		blocked = now;
		block(vcpu);
		now = ktime_get_ns();
		nacre_stats_note_ns(&stats->halt_wait_ns, stats->halt_wait_hist,
				    now - blocked);
	}
	WRITE_ONCE(stats->blocking, 0);
	adapt_poll(vcpu, now - begin);
}

/* One that was never started waits for INIT, then says so. */
static enum nacre_result wait_for_start(struct nacre_vcpu *vcpu)
{
	if (!vcpu->wants_to_run)
		return nacre_fail(vcpu, -EINTR);
	do {
		block(vcpu);
		/* However often others find something for it to do. */
		cond_resched();
	} while (nacre_arch_uninitialized(vcpu) && !signal_pending(current) &&
	       !READ_ONCE(vcpu->vm->dead));
	if (!signal_pending(current))
		return nacre_fail(vcpu, -EAGAIN);
	return interrupted(vcpu, -EINTR);
}

static enum nacre_result run_loop(struct nacre_vcpu *vcpu)
{
	enum nacre_result result;

	vcpu->run->exit_reason = NACRE_EXIT_UNKNOWN;
	do {
		result = nacre_arch_loop(vcpu);
		if (result == NACRE_RESUME && !nacre_arch_runnable(vcpu))
			wait_in_halt(vcpu);
		if (result == NACRE_RESUME && compat_guest_work_pending())
			result = host_work(vcpu);
	} while (result == NACRE_RESUME);
	return result;
}

static enum nacre_result run_once(struct nacre_vcpu *vcpu)
{
	enum nacre_result result;
	int err;

	if (nacre_arch_uninitialized(vcpu))
		return wait_for_start(vcpu);
	err = nacre_arch_run_begin(vcpu);
	if (err)
		return nacre_fail(vcpu, err);
	result = finish_last_exit(vcpu);
	if (result != NACRE_RESUME)
		return result;
	if (!vcpu->wants_to_run)
		return nacre_fail(vcpu, -EINTR);
	return run_loop(vcpu);
}

/* Whom another vCPU may let run in its place. */
static void note_thread(struct nacre_vcpu *vcpu)
{
	struct pid *old = vcpu->pid;

	if (likely(old == task_pid(current)))
		return;
	spin_lock(&vcpu->pid_lock);
	vcpu->pid = get_task_pid(current, PIDTYPE_PID);
	spin_unlock(&vcpu->pid_lock);
	put_pid(old);
}

long nacre_vcpu_run(struct nacre_vcpu *vcpu)
{
	long ret;

	if (mutex_lock_killable(&vcpu->mutex))
		return -EINTR;
	note_thread(vcpu);
	vcpu->wants_to_run = !READ_ONCE(vcpu->run->immediate_exit);

	load(vcpu);
	sigset_on(vcpu);
	fpu_swap_kvm_fpstate(&vcpu->arch.fpu, true);
	ret = run_once(vcpu) == NACRE_ERROR ? vcpu->run_error : 0;
	fpu_swap_kvm_fpstate(&vcpu->arch.fpu, false);
	nacre_arch_run_end(vcpu);
	nacre_vcpu_srcu_unlock(vcpu);
	sigset_off(vcpu);
	put(vcpu);
	trace_nacre_userspace_exit(vcpu, ret);
	mutex_unlock(&vcpu->mutex);
	return ret;
}
