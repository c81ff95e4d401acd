// SPDX-License-Identifier: GPL-2.0
/*
 * What a host writes into MSRs when its guests take turns.
 *
 * Two VMs of one vCPU run on one processor: the first twice, the second twice,
 * the first again. The lab's log msrs has every write then, with a mark before
 * each run; msr_trace.sh looks at it. A guest shows where it was by writing its
 * number into KERNEL_GS_BASE, which does not exit.
 */
#include "test.h"

guest_entry void shows_itself(u64 number)
{
	for (;;) {
		wrmsr(MSR_KERNEL_GS_BASE, number);
		guest_sync(1);
	}
}

#ifdef GUEST_BITS
#else
#include <stdio.h>
#include "../../lab/bochs/ask.h"

/* Of a guest's own, so that one that stays behind is seen. */
#define GUEST_LSTAR 0x7000000
#define GUEST_SFMASK 0x47700

static struct vcpu *new_guest(u64 number)
{
	struct vcpu *vcpu = vcpu_new(vm_new(), 0);

	vcpu_setup(vcpu, GUEST_64, "shows_itself");
	vcpu_args(vcpu, 1, number);
	CHECK(set_msr(vcpu, MSR_LSTAR, GUEST_LSTAR + number));
	CHECK(set_msr(vcpu, MSR_SYSCALL_MASK, GUEST_SFMASK));
	return vcpu;
}

int main(void)
{
	struct vcpu *guests[] = { new_guest(1), new_guest(2) };
	static const int turns[] = { 0, 0, 1, 1, 0 };
	unsigned long long mark;

	pin_to_cpu(0);
	if (lab_ask(LAB_ASK_PRESENT, 0, NULL) != 1)
		die("no machine of the lab that traces MSRs");
	lab_ask(LAB_ASK_TRACE_MSRS, 1, NULL);
	for (mark = 0; mark < sizeof(turns) / sizeof(*turns); mark++) {
		lab_ask(LAB_ASK_MARK, 0, &mark);
		run_to_sync(guests[turns[mark]], 1);
	}
	lab_ask(LAB_ASK_MARK, 0, &mark);
	lab_ask(LAB_ASK_TRACE_MSRS, 0, NULL);
	return 0;
}
#endif
