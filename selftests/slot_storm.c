// SPDX-License-Identifier: GPL-2.0
/*
 * A slot comes and goes, each time with other memory, while several vCPUs read
 * and write it. Once a slot is gone its memory is the host's alone: no vCPU
 * reads what the host then puts there, and none writes to it.
 * NACRE_LONG_SECONDS makes it last that long.
 */
#include "test.h"

#define GPA (1ull << 30)
#define PAGES 32
#define SIZE (PAGES * PAGE_SIZE)
#define READERS 2
#define VCPUS (READERS + 1)
#define ROUNDS 24
#define SECONDS 20

#define POISON 0xdeadull

struct cell {
	volatile u64 mark;	/* the page's number + 1; POISON without a slot */
	volatile u64 written;	/* by the guest, if not 0 */
};

guest_data volatile u64 stop;
guest_data volatile u64 rounds[VCPUS];

/* Where there is no slot, the VMM answers 0. */
guest_entry void reads(u64 me)
{
	while (!stop) {
		for (u64 i = 0; i < PAGES; i++) {
			struct cell *c = (void *)(GPA + i * PAGE_SIZE);
			u64 mark = c->mark;

			GUEST_ASSERT(!mark || mark == i + 1);
		}
		rounds[me]++;
	}
	guest_done();
}

guest_entry void writes(u64 me)
{
	while (!stop) {
		for (u64 i = 0; i < PAGES; i++) {
			struct cell *c = (void *)(GPA + i * PAGE_SIZE);

			c->written = 1;
		}
		rounds[me]++;
	}
	guest_done();
}

static struct cell *cell(char *memory, u64 i)
{
	return (struct cell *)(memory + i * PAGE_SIZE);
}

/*
 * Runs until the guest is through. An access where there is no slot reads as
 * 0; where the kernel cannot decode one, it is tried again.
 */
static void *run_thread(void *arg)
{
	struct vcpu *vcpu = arg;

	for (;;) {
		struct nacre_run *r = vcpu->run;

		run(vcpu);
		if (r->exit_reason == NACRE_EXIT_MMIO) {
			if (!r->mmio.is_write)
				memset(r->mmio.data, 0, sizeof(r->mmio.data));
			continue;
		}
		if (r->exit_reason == NACRE_EXIT_INTERNAL_ERROR)
			continue;
		break;
	}
	CHECK(vcpu->run->exit_reason == NACRE_EXIT_IO &&
	      vcpu->run->io.port == UCALL_PORT);
	return (void *)(ulong)(*(u32 *)gpa_to_hva(vcpu->vm,
		*(u32 *)((char *)vcpu->run + vcpu->run->io.data_offset), 4));
}

static void poison(char *memory)
{
	for (u64 i = 0; i < PAGES; i++) {
		cell(memory, i)->mark = POISON;
		cell(memory, i)->written = 0;
	}
}

/* Untouched since poison(). */
static bool is_poisoned(char *memory)
{
	for (u64 i = 0; i < PAGES; i++)
		if (cell(memory, i)->mark != POISON ||
		    cell(memory, i)->written)
			return false;
	return true;
}

static void fill(char *memory)
{
	for (u64 i = 0; i < PAGES; i++)
		cell(memory, i)->mark = i + 1;
}

static bool goes_on(unsigned int round, u64 begin)
{
	const char *seconds = getenv("NACRE_LONG_SECONDS");

	return round < ROUNDS ||
	       now_ns() - begin < (seconds ? atoi(seconds) : 0) * 1000000000ull;
}

static void start_all(struct vm *vm, struct vcpu **vcpus, pthread_t *threads)
{
	for (u64 i = 0; i < VCPUS; i++) {
		vcpus[i] = vcpu_new(vm, i);
		vcpu_setup(vcpus[i], GUEST_64, i < READERS ? "reads" : "writes");
		vcpu_args(vcpus[i], 1, i);
	}
	for (unsigned int i = 0; i < VCPUS; i++)
		threads[i] = thread_start(run_thread, vcpus[i]);
}

static void wait_for_all(struct vm *vm)
{
	volatile u64 *rounds = guest_var(vm, GUEST_64, "rounds");

	for (unsigned int i = 0; i < VCPUS; i++) {
		u64 from = rounds[i];

		wait_for(rounds[i] > from, SECONDS);
	}
}

/* Every other kind of change, too, on a slot that stays. */
static void shake(struct vm *vm, unsigned int round, void *memory)
{
	u32 flags = round % 3 ? NACRE_MEM_LOG_DIRTY_PAGES : 0;

	CHECK(!raw_set_memory(vm, 1, flags, GPA, SIZE, memory));
	CHECK(!raw_set_memory(vm, 1, flags, 2 * GPA, SIZE, memory));
	CHECK(!raw_set_memory(vm, 1, flags, GPA, SIZE, memory));
}

static void storm(struct __test_metadata *_metadata, u64 size, bool huge)
{
	struct vm *vm = vm_new();
	struct vcpu *vcpus[VCPUS];
	pthread_t threads[VCPUS];
	char *memory[2] = { map_anon(size), map_anon(size) };
	u64 begin = now_ns();

	for (int i = 0; i < 2; i++) {
		if (huge)
			madvise(memory[i], size, MADV_HUGEPAGE);
		memset(memory[i], 0, size);
		poison(memory[i]);
	}
	start_all(vm, vcpus, threads);
	for (unsigned int round = 0; goes_on(round, begin); round++) {
		char *now = memory[round & 1];

		ASSERT_TRUE(is_poisoned(now));
		fill(now);
		ASSERT_EQ(0, raw_set_memory(vm, 1, 0, GPA, size, now));
		if (round % 4 == 0)
			wait_for_all(vm);
		if (size == SIZE)
			shake(vm, round, now);
		ASSERT_EQ(0, raw_set_memory(vm, 1, 0, 0, 0, NULL));
		poison(now);
	}
	EXPECT_TRUE(is_poisoned(memory[0]));
	EXPECT_TRUE(is_poisoned(memory[1]));
	fill(memory[0]);
	ASSERT_EQ(0, raw_set_memory(vm, 1, 0, GPA, size, memory[0]));
	*(volatile u64 *)guest_var(vm, GUEST_64, "stop") = 1;
	for (unsigned int i = 0; i < VCPUS; i++)
		EXPECT_EQ(UCALL_DONE, (ulong)thread_join(threads[i], SECONDS));
	EXPECT_TRUE(is_poisoned(memory[1]));
	vm_free(vm);
}

TEST(small_pages)
{
	storm(_metadata, SIZE, false);
}

TEST(huge_pages)
{
	storm(_metadata, 2 * HUGE_SIZE, true);
}

TEST_HARNESS_MAIN
