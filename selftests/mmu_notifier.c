// SPDX-License-Identifier: GPL-2.0
/*
 * The host changes the memory of a running guest as it may of any process:
 * the guest sees the right contents, its writes are not lost.
 * NACRE_LONG_SECONDS makes each case last that long.
 */
#include "test.h"
#include <sys/mman.h>

#define GPA (1ull << 30)
#define PAGES 16
#define SIZE (PAGES * PAGE_SIZE)
#define BOUND_SECONDS 20

/* One of these in each page of the slot. */
struct cell {
	volatile u64 counter;	/* the guest's: goes up by one */
	volatile u64 host;	/* the host's: the guest reports it */
	volatile u64 echo;
};

guest_data volatile u64 stop;
guest_data volatile u64 rounds;
guest_data volatile u64 allow_zero;
guest_data u64 expected[PAGES];

/*
 * Counts up in every page. Where the host may throw a page away (allow_zero),
 * the counter may be 0 again, but no other value than the last one or 0.
 */
guest_entry void counts_everywhere(u64 base)
{
	while (!stop) {
		for (u64 i = 0; i < PAGES; i++) {
			struct cell *c = (void *)(base + i * PAGE_SIZE);
			u64 v = c->counter;

			if (v != expected[i])
				GUEST_ASSERT(allow_zero && v == 0);
			c->echo = c->host;
			c->counter = v + 1;
			expected[i] = v + 1;
		}
		rounds++;
	}
	guest_done();
}

/* Reads only: the host remaps and rewrites behind its back. */
guest_entry void reads_everywhere(u64 base)
{
	while (!stop) {
		for (u64 i = 0; i < PAGES; i++) {
			struct cell *c = (void *)(base + i * PAGE_SIZE);
			u64 v = c->host;

			GUEST_ASSERT(v == 0 || (v & 0xffffffff) == i);
		}
		rounds++;
	}
	guest_done();
}

FIXTURE(notifier) {
	struct vcpu *vcpu;
	char *memory;
	pthread_t thread;
};

FIXTURE_SETUP(notifier)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	self->memory = vm_add_memory(self->vcpu->vm, 1, GPA, SIZE, 0);
}

FIXTURE_TEARDOWN(notifier)
{
	vm_free(self->vcpu->vm);
}

static volatile u64 *view(struct vcpu *vcpu, const char *name)
{
	return guest_var(vcpu->vm, GUEST_64, name);
}

static struct cell *cell(char *memory, unsigned int i)
{
	return (struct cell *)(memory + i * PAGE_SIZE);
}

static void *run_thread(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

static pthread_t start(struct vcpu *vcpu, const char *name)
{
	vcpu_setup(vcpu, GUEST_64, name);
	vcpu_args(vcpu, 1, GPA);
	return thread_start(run_thread, vcpu);
}

static void wait_rounds(struct vcpu *vcpu, u64 n)
{
	u64 from = *view(vcpu, "rounds");

	wait_for(*view(vcpu, "rounds") >= from + n, BOUND_SECONDS);
}

static void stop_guest(struct vcpu *vcpu, pthread_t thread)
{
	*view(vcpu, "stop") = 1;
	thread_join(thread, BOUND_SECONDS);
}

/* True until the case has lasted long enough, at least @rounds times. */
static bool goes_on(unsigned int rounds)
{
	static unsigned int done;
	static u64 end;
	const char *seconds = getenv("NACRE_LONG_SECONDS");

	if (!end)
		end = now_ns() + (seconds ? atoi(seconds) : 0) * 1000000000ull;
	return done++ < rounds || now_ns() < end;
}

/* Every page has been counted in by the guest as often as it believes. */
static void check_counters(struct vcpu *vcpu, char *memory)
{
	volatile u64 *expected_by_guest = view(vcpu, "expected");

	for (unsigned int i = 0; i < PAGES; i++)
		CHECK(cell(memory, i)->counter == expected_by_guest[i]);
}

TEST_F(notifier, dontneed)
{
	struct vcpu *vcpu = self->vcpu;
	pthread_t t;

	vcpu_setup(vcpu, GUEST_64, "counts_everywhere");
	*view(vcpu, "allow_zero") = 1;
	t = start(vcpu, "counts_everywhere");
	while (goes_on(12)) {
		wait_rounds(vcpu, 1);
		ASSERT_EQ(0, madvise(self->memory, SIZE, MADV_DONTNEED));
	}
	/* A count that went with its page is made again. */
	wait_rounds(vcpu, 2);
	stop_guest(vcpu, t);
	check_counters(vcpu, self->memory);
}

/* While nothing may be written, the guest's writes fail in user space. */
static void *run_over_faults(void *arg)
{
	struct vcpu *vcpu = arg;
	u64 faults = 0;

	for (;;) {
		if (!raw_run(vcpu))
			break;
		CHECK(errno == EFAULT);
		faults++;
	}
	CHECK(vcpu->run->exit_reason == NACRE_EXIT_IO &&
	      vcpu->run->io.port == UCALL_PORT);
	return (void *)faults;
}

TEST_F(notifier, mprotect)
{
	struct vcpu *vcpu = self->vcpu;
	u64 faults;
	pthread_t t;

	vcpu_setup(vcpu, GUEST_64, "counts_everywhere");
	vcpu_args(vcpu, 1, GPA);
	t = thread_start(run_over_faults, vcpu);
	while (goes_on(15)) {
		u64 before;

		wait_rounds(vcpu, 1);
		ASSERT_EQ(0, mprotect(self->memory, SIZE, PROT_READ));
		before = cell(self->memory, 0)->counter;
		pause_us(1000);
		EXPECT_EQ(before, cell(self->memory, 0)->counter);
		ASSERT_EQ(0, mprotect(self->memory, SIZE,
				      PROT_READ | PROT_WRITE));
	}
	*view(vcpu, "stop") = 1;
	faults = (u64)thread_join(t, BOUND_SECONDS);
	EXPECT_GT(faults, 0);
	check_counters(vcpu, self->memory);
}

/* The pages move away and back: same contents, another page table. */
TEST_F(notifier, mremap)
{
	struct vcpu *vcpu = self->vcpu;
	char *aside = map_anon(SIZE);
	pthread_t t;

	vcpu_setup(vcpu, GUEST_64, "counts_everywhere");
	vcpu_args(vcpu, 1, GPA);
	t = thread_start(run_over_faults, vcpu);
	while (goes_on(15)) {
		wait_rounds(vcpu, 1);
		ASSERT_EQ(aside, mremap(self->memory, SIZE, SIZE,
					MREMAP_MAYMOVE | MREMAP_FIXED,
					aside));
		ASSERT_EQ(self->memory,
			  mremap(aside, SIZE, SIZE,
				 MREMAP_MAYMOVE | MREMAP_FIXED, self->memory));
	}
	*view(vcpu, "stop") = 1;
	thread_join(t, BOUND_SECONDS);
	check_counters(vcpu, self->memory);
}

/* New memory over the old: the guest reads the new, never the old again. */
TEST_F(notifier, map_over)
{
	struct vcpu *vcpu = self->vcpu;
	pthread_t t = start(vcpu, "reads_everywhere");
	u64 generation = 0;

	while (goes_on(8)) {
		char *p = mmap(self->memory, SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		ASSERT_EQ(self->memory, p);
		generation++;
		for (u64 i = 0; i < PAGES; i++)
			cell(p, i)->host = generation << 32 | i;
		wait_rounds(vcpu, 1);
	}
	stop_guest(vcpu, t);
}

/* fork(2) makes all pages copy-on-write: parent and guest stay together. */
TEST_F(notifier, fork_copies)
{
	struct vcpu *vcpu = self->vcpu;
	pthread_t t = start(vcpu, "counts_everywhere");
	u64 n = 0;

	while (goes_on(10)) {
		pid_t child;
		int status;

		wait_rounds(vcpu, 1);
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			u64 seen = cell(self->memory, 0)->counter;

			pause_us(2000);
			_exit(seen != cell(self->memory, 0)->counter);
		}
		n++;
		for (u64 i = 0; i < PAGES; i++)
			cell(self->memory, i)->host = n;
		wait_rounds(vcpu, 2);
		for (u64 i = 0; i < PAGES; i++)
			EXPECT_EQ(n, cell(self->memory, i)->echo);
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	stop_guest(vcpu, t);
	check_counters(vcpu, self->memory);
}

static u64 read_number(const char *path)
{
	unsigned long long v = 0;
	FILE *f = fopen(path, "r");

	if (f && fscanf(f, "%llu", &v) != 1)
		v = 0;
	if (f)
		fclose(f);
	return v;
}

#define KSM "/sys/kernel/mm/ksm/"

/* KSM merges equal pages and write-protects them under the guest. */
TEST_F(notifier, same_page_merging)
{
	struct vcpu *vcpu = self->vcpu;
	char *twin = map_anon(SIZE);
	pthread_t t;

	if (!put_text(KSM "run", "1"))
		SKIP(return, "KSM cannot be switched on");
	put_text(KSM "sleep_millisecs", "1");
	put_text(KSM "pages_to_scan", "1000");
	for (u64 i = 0; i < PAGES; i++)
		cell(self->memory, i)->host = cell(twin, i)->host =
			1ull << 32 | i;
	ASSERT_EQ(0, madvise(self->memory, SIZE, MADV_MERGEABLE));
	ASSERT_EQ(0, madvise(twin, SIZE, MADV_MERGEABLE));
	t = start(vcpu, "reads_everywhere");
	wait_for(read_number(KSM "pages_sharing") >= PAGES / 2,
		 BOUND_SECONDS);
	wait_rounds(vcpu, 2);
	stop_guest(vcpu, t);

	/* Now the guest writes: each page is copied, the twin stays. */
	*view(vcpu, "stop") = 0;
	t = start(vcpu, "counts_everywhere");
	wait_rounds(vcpu, 3);
	stop_guest(vcpu, t);
	check_counters(vcpu, self->memory);
	for (u64 i = 0; i < PAGES; i++) {
		EXPECT_EQ(0, cell(twin, i)->counter);
		EXPECT_EQ(1ull << 32 | i, cell(twin, i)->host);
	}
	put_text(KSM "run", "2");
}

/* A huge page is split and made again while the guest writes to it. */
TEST_F(notifier, huge_page_split)
{
	struct vcpu *vcpu = self->vcpu;
	char *huge = map_anon(HUGE_SIZE);
	pthread_t t;

	if (madvise(huge, HUGE_SIZE, MADV_HUGEPAGE))
		SKIP(return, "the kernel has no transparent huge pages");
	vm_del_memory(vcpu->vm, 1);
	vm_add_memory_at(vcpu->vm, 1, GPA, HUGE_SIZE, 0, huge);
	memset(huge, 0, HUGE_SIZE);
	t = start(vcpu, "counts_everywhere");
	while (goes_on(10)) {
		char *end = huge + HUGE_SIZE - PAGE_SIZE;

		wait_rounds(vcpu, 1);
		ASSERT_EQ(0, madvise(end, PAGE_SIZE, MADV_DONTNEED));
		wait_rounds(vcpu, 1);
		*end = 1;
#ifdef MADV_COLLAPSE
		madvise(huge, HUGE_SIZE, MADV_COLLAPSE);
#endif
	}
	stop_guest(vcpu, t);
	check_counters(vcpu, huge);
}

TEST_HARNESS_MAIN
