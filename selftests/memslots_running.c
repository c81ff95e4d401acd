// SPDX-License-Identifier: GPL-2.0
/* Slots change while a vCPU runs. */
#include "test.h"

#define GPA (1ull << 30)
#define SIZE (16 * PAGE_SIZE)
#define ROUNDS 40

guest_data volatile u64 stop;
guest_data volatile u64 rounds;

/* Works in RAM of slot 0 only, and must never notice anything. */
guest_entry void works(u64 page)
{
	volatile u64 *p = (void *)page;
	u64 n = 0;

	while (!stop) {
		p[n % 512] = n;
		GUEST_ASSERT_EQ(p[n % 512], n);
		n++;
		rounds = n;
	}
	guest_done();
}

/* Reads a word that the host sets to 1 and 2 by turns. */
guest_entry void watches(u64 gpa)
{
	volatile u64 *p = (void *)gpa;

	while (!stop) {
		u64 v = *p;

		GUEST_ASSERT(v == 1 || v == 2);
		rounds++;
	}
	guest_done();
}

static void *run_thread(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

#define HOST_VIEW(vm, name) ((volatile u64 *)guest_var(vm, GUEST_64, name))

TEST(other_slots_come_and_go)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "works");
	void *memory = map_anon(SIZE);
	pthread_t thread;

	vcpu_args(vcpu, 1, vm_alloc(vcpu->vm, PAGE_SIZE));
	thread = thread_start(run_thread, vcpu);
	wait_for(*HOST_VIEW(vcpu->vm, "rounds") > 0, 20);
	for (int i = 0; i < ROUNDS; i++) {
		u64 before = *HOST_VIEW(vcpu->vm, "rounds");

		ASSERT_EQ(0, raw_set_memory(vcpu->vm, 1, 0, GPA, SIZE,
					    memory));
		ASSERT_EQ(0, raw_set_memory(vcpu->vm, 1, 0, 0, 0, NULL));
		wait_for(*HOST_VIEW(vcpu->vm, "rounds") > before, 20);
	}
	*HOST_VIEW(vcpu->vm, "stop") = 1;
	thread_join(thread, 20);
}

/* Flags of the slot in use change, and another slot moves about. */
TEST(memory_in_use_changes_flags)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "watches");
	u64 *one = map_anon(SIZE), *two = map_anon(SIZE);
	pthread_t thread;

	*one = 1;
	*two = 2;
	ASSERT_EQ(0, raw_set_memory(vcpu->vm, 1, 0, GPA, SIZE, one));
	ASSERT_EQ(0, raw_set_memory(vcpu->vm, 2, 0, 2 * GPA, SIZE, two));
	vcpu_args(vcpu, 1, GPA);
	thread = thread_start(run_thread, vcpu);
	for (int i = 0; i < ROUNDS; i++) {
		u64 before = *HOST_VIEW(vcpu->vm, "rounds");

		wait_for(*HOST_VIEW(vcpu->vm, "rounds") > before, 20);
		*one = 2;
		before = *HOST_VIEW(vcpu->vm, "rounds");
		wait_for(*HOST_VIEW(vcpu->vm, "rounds") > before, 20);
		*one = 1;
		ASSERT_EQ(0, raw_set_memory(vcpu->vm, 1, i & 1 ? 0 :
					    NACRE_MEM_LOG_DIRTY_PAGES, GPA,
					    SIZE, one));
		ASSERT_EQ(0, raw_set_memory(vcpu->vm, 2, 0,
					    (2 + (i & 1)) * GPA, SIZE, two));
	}
	*HOST_VIEW(vcpu->vm, "stop") = 1;
	thread_join(thread, 20);
}

TEST_HARNESS_MAIN
