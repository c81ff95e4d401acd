// SPDX-License-Identifier: GPL-2.0
/* Making all vCPUs of a VM forget what they know of stage 2. */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "module/vcpu.h"
#include "module/vm.h"
#include "arch/x86/mmu/stage2.h"

/* Callers hold a spinlock: nothing can be allocated. */
static DEFINE_PER_CPU(struct cpumask, flush_cpus);

static void left_the_guest(void *unused)
{
	/* That the interrupt was taken is the answer. */
}

/*
 * Is the vCPU where it can use an old translation? One that is on its way out
 * for somebody else may still be in the guest.
 */
static bool in_guest(struct nacre_vcpu *vcpu)
{
	return cmpxchg(&vcpu->mode, NACRE_IN_GUEST, NACRE_EXITING_GUEST) !=
	       NACRE_OUTSIDE_GUEST;
}

void nacre_flush_remote_tlbs(struct nacre_vm *vm)
{
	struct nacre_vcpu *vcpu;
	struct cpumask *cpus;
	unsigned long index;
	int me, cpu;

	me = get_cpu();
	cpus = this_cpu_ptr(&flush_cpus);
	cpumask_clear(cpus);
	nacre_for_each_vcpu(index, vcpu, vm) {
		nacre_set_request(vcpu, NACRE_REQ_TLB_FLUSH);
		/*
		 * The request, and the entries changed before it, are visible
		 * before the mode is read. Pairs with the barrier between
		 * mode and requests in nacre_arch_loop().
		 */
		smp_mb__after_atomic();
		if (!in_guest(vcpu))
			continue;
		cpu = READ_ONCE(vcpu->cpu);
		if (cpu >= 0 && cpu != me)
			__cpumask_set_cpu(cpu, cpus);
	}
	if (!cpumask_empty(cpus))
		smp_call_function_many(cpus, left_the_guest, NULL, true);
	put_cpu();
}
