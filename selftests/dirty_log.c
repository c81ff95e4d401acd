// SPDX-License-Identifier: GPL-2.0
/*
 * The dirty log: what was written is told once, what was not is not told, and
 * no write is lost while vCPUs run.
 */
#include "test.h"

#define GPA (1ull << 30)
#define PAGES 1300		/* no multiple of 64; a PML holds 512 */
#define WORDS ((PAGES + 63) / 64)
#define SIZE (PAGES * PAGE_SIZE)
#define HUGE_PAGES (3 * HUGE_SIZE)
#define SECONDS 20

guest_data volatile u64 stop;
guest_data volatile u64 rounds[2];

/* Writes to each @step th page or, if @write is 0, reads there; for ever. */
guest_entry void touches(u64 first, u64 step, u64 write)
{
	for (;;) {
		for (u64 i = first; i < PAGES; i += step) {
			volatile u64 *p = (void *)(GPA + i * PAGE_SIZE);

			if (write)
				(*p)++;
			else
				(void)*p;
		}
		guest_sync(1);
	}
}

/* Writes here and there, and leaves in each page what it wrote there last. */
guest_entry void scatters(u64 me, u64 pages)
{
	u64 n = 0, x = me + 1;

	while (!stop) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		((volatile u64 *)(GPA + (x >> 33) % pages * PAGE_SIZE))[me] =
			++n;
		rounds[me] = n;
	}
	guest_done();
}

/* A string of bytes from a port: it is the host that writes them. */
guest_entry void inputs(u64 at)
{
	u64 count = 16;

	asm volatile("rep insb" : "+D"(at), "+c"(count) : "d"(0x60)
		     : "memory");
	guest_done();
}

FIXTURE(dirty) {
	struct vm *vm;
	struct vcpu *vcpu;
	char *memory;
	u64 log[WORDS];
};

FIXTURE_SETUP(dirty)
{
	self->vcpu = vcpu_with_guest(GUEST_64, "touches");
	self->vm = self->vcpu->vm;
	self->memory = map_anon(SIZE);
}

FIXTURE_TEARDOWN(dirty)
{
	vm_free(self->vm);
}

static int raw_get_log(struct vm *vm, u32 slot, void *bitmap)
{
	struct nacre_dirty_log log = { .slot = slot, .dirty_bitmap = bitmap };

	return ioctl(vm->fd, NACRE_GET_DIRTY_LOG, &log);
}

static int raw_clear_log(struct vm *vm, u32 slot, u64 first, u32 pages,
			 void *bitmap)
{
	struct nacre_clear_dirty_log log = {
		.slot = slot,
		.first_page = first,
		.num_pages = pages,
		.dirty_bitmap = bitmap,
	};

	return ioctl(vm->fd, NACRE_CLEAR_DIRTY_LOG, &log);
}

static int set_flags(struct vm *vm, void *memory, u32 flags)
{
	return raw_set_memory(vm, 1, flags, GPA, SIZE, memory);
}

/* Lets the guest touch pages once, from where it stood. */
static void touch(struct vcpu *vcpu, u64 first, u64 step, bool write)
{
	vcpu_setup(vcpu, GUEST_64, "touches");
	vcpu_args(vcpu, 3, first, step, (u64)write);
	run_to_sync(vcpu, 1);
}

/* Whether the log holds each @step th page from @first and no other. */
static bool is_log(struct vm *vm, u64 first, u64 step)
{
	u64 log[WORDS + 1] = { [WORDS] = 0x1234 };
	bool same = true;

	CHECK(!raw_get_log(vm, 1, log));
	for (u64 i = 0; i < WORDS * 64; i++) {
		bool want = i < PAGES && step && i >= first &&
			    (i - first) % step == 0;

		same &= want == (log[i / 64] >> i % 64 & 1);
	}
	/* Nothing is written behind the last word. */
	return same && log[WORDS] == 0x1234;
}

#define nothing(vm) is_log(vm, 0, 0)

TEST_F(dirty, no_log)
{
	EXPECT_ERROR(ENOENT, raw_get_log(self->vm, 1, self->log));
	ASSERT_EQ(0, set_flags(self->vm, self->memory, 0));
	EXPECT_ERROR(ENOENT, raw_get_log(self->vm, 1, self->log));
	EXPECT_ERROR(ENOENT, raw_get_log(self->vm, 0, self->log));
	EXPECT_ERROR(EINVAL, raw_get_log(self->vm, 0x7fff, self->log));
	EXPECT_ERROR(EINVAL, raw_get_log(self->vm, 0xffff0001, self->log));
	ASSERT_EQ(0, set_flags(self->vm, self->memory,
			       NACRE_MEM_LOG_DIRTY_PAGES));
	EXPECT_ERROR(EFAULT, raw_get_log(self->vm, 1, (void *)8));
	EXPECT_EQ(0, raw_get_log(self->vm, 1, self->log));
}

TEST_F(dirty, writes_are_told_once)
{
	ASSERT_EQ(0, set_flags(self->vm, self->memory,
			       NACRE_MEM_LOG_DIRTY_PAGES));
	EXPECT_TRUE(nothing(self->vm));
	touch(self->vcpu, 1, 3, true);
	EXPECT_TRUE(is_log(self->vm, 1, 3));
	EXPECT_TRUE(nothing(self->vm));
	touch(self->vcpu, 0, 2, true);
	EXPECT_TRUE(is_log(self->vm, 0, 2));
	touch(self->vcpu, PAGES - 1, 1, true);
	EXPECT_TRUE(is_log(self->vm, PAGES - 1, 1));
}

/* Of a page that is mapped already: mapping it may count as a write. */
TEST_F(dirty, reads_are_not_told)
{
	memset(self->memory, 1, SIZE);
	ASSERT_EQ(0, set_flags(self->vm, self->memory,
			       NACRE_MEM_LOG_DIRTY_PAGES));
	touch(self->vcpu, 0, 1, false);
	ASSERT_EQ(0, raw_get_log(self->vm, 1, self->log));
	touch(self->vcpu, 0, 1, false);
	EXPECT_TRUE(nothing(self->vm));
	touch(self->vcpu, 0, 5, true);
	touch(self->vcpu, 0, 1, false);
	EXPECT_TRUE(is_log(self->vm, 0, 5));
}

/* Switched on and off while the guest has the memory mapped for writing. */
TEST_F(dirty, of_memory_in_use)
{
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, set_flags(self->vm, self->memory, 0));
		touch(self->vcpu, 0, 1, true);
		ASSERT_EQ(0, set_flags(self->vm, self->memory,
				       NACRE_MEM_LOG_DIRTY_PAGES));
		EXPECT_TRUE(nothing(self->vm));
		touch(self->vcpu, i, 4, true);
		EXPECT_TRUE(is_log(self->vm, i, 4));
	}
}

/* The host's pages may be huge: the log is about small ones. */
TEST_F(dirty, huge_pages)
{
	ASSERT_LE(SIZE, HUGE_PAGES);
	self->memory = map_anon(HUGE_PAGES);
	madvise(self->memory, HUGE_PAGES, MADV_HUGEPAGE);
	memset(self->memory, 0, HUGE_PAGES);
	ASSERT_EQ(0, raw_set_memory(self->vm, 2, 0, GPA, HUGE_PAGES,
				    self->memory));
	touch(self->vcpu, 0, 1, true);
	ASSERT_EQ(0, raw_set_memory(self->vm, 2, NACRE_MEM_LOG_DIRTY_PAGES,
				    GPA, HUGE_PAGES, self->memory));
	for (u64 i = 0; i < 20; i += 7) {
		u64 log[HUGE_PAGES / PAGE_SIZE / 64];

		touch(self->vcpu, i, PAGES, true);
		ASSERT_EQ(0, raw_get_log(self->vm, 2, log));
		EXPECT_EQ(1ull << i, log[0]);
		for (size_t w = 1; w < sizeof(log) / sizeof(*log); w++)
			EXPECT_EQ(0, log[w]);
	}
}

TEST_F(dirty, by_the_host_for_the_guest)
{
	ASSERT_EQ(0, set_flags(self->vm, self->memory,
			       NACRE_MEM_LOG_DIRTY_PAGES));
	vcpu_setup(self->vcpu, GUEST_64, "inputs");
	/* Across the end of a page. */
	vcpu_args(self->vcpu, 1, GPA + 8 * PAGE_SIZE - 8);
	for (;;) {
		struct nacre_run *r = self->vcpu->run;

		run(self->vcpu);
		ASSERT_EQ(NACRE_EXIT_IO, r->exit_reason);
		if (r->io.port != 0x60)
			break;
		memset((char *)r + r->io.data_offset, 0x5a,
		       r->io.size * r->io.count);
	}
	EXPECT_EQ(0x5a, self->memory[8 * PAGE_SIZE - 8]);
	EXPECT_EQ(0x5a, self->memory[8 * PAGE_SIZE + 7]);
	ASSERT_EQ(0, raw_get_log(self->vm, 1, self->log));
	EXPECT_EQ(3ull << 7, self->log[0]);
}

/* The log goes with the slot. */
TEST_F(dirty, moves_along)
{
	ASSERT_EQ(0, set_flags(self->vm, self->memory,
			       NACRE_MEM_LOG_DIRTY_PAGES));
	touch(self->vcpu, 2, 9, true);
	ASSERT_EQ(0, raw_set_memory(self->vm, 1, NACRE_MEM_LOG_DIRTY_PAGES,
				    2 * GPA, SIZE, self->memory));
	EXPECT_TRUE(is_log(self->vm, 2, 9));
	ASSERT_EQ(0, set_flags(self->vm, self->memory,
			       NACRE_MEM_LOG_DIRTY_PAGES));
	touch(self->vcpu, 1, 2, true);
	EXPECT_TRUE(is_log(self->vm, 1, 2));
	ASSERT_EQ(0, raw_set_memory(self->vm, 1, 0, 0, 0, NULL));
	EXPECT_ERROR(ENOENT, raw_get_log(self->vm, 1, self->log));
}

TEST_F(dirty, what_clear_refuses)
{
	EXPECT_ERROR(ENOENT, raw_clear_log(self->vm, 1, 0, 64, self->log));
	ASSERT_EQ(0, set_flags(self->vm, self->memory,
			       NACRE_MEM_LOG_DIRTY_PAGES));
	EXPECT_ERROR(EINVAL, raw_clear_log(self->vm, 1, 1, 64, self->log));
	EXPECT_ERROR(EINVAL, raw_clear_log(self->vm, 1, 0, 63, self->log));
	EXPECT_ERROR(EINVAL, raw_clear_log(self->vm, 1, 0, 1344, self->log));
	EXPECT_ERROR(EINVAL, raw_clear_log(self->vm, 1, 1344, 0, self->log));
	EXPECT_ERROR(EINVAL, raw_clear_log(self->vm, 1, ~63ull, 64,
					   self->log));
	EXPECT_ERROR(EFAULT, raw_clear_log(self->vm, 1, 0, 64, (void *)8));
	EXPECT_EQ(0, raw_clear_log(self->vm, 1, 128, PAGES - 128, self->log));
	EXPECT_EQ(0, raw_clear_log(self->vm, 1, 0, PAGES, self->log));
}

static bool manual(struct vm *vm, u64 flags)
{
	struct nacre_enable_cap cap = {
		.cap = NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2,
		.args = { flags },
	};
	u64 has = vm_cap(vm, NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2);

	if ((has & flags) != flags)
		return false;
	CHECK(!ioctl(vm->fd, NACRE_ENABLE_CAP, &cap));
	return true;
}

TEST_F(dirty, manual_protect)
{
	u64 some[WORDS] = { 0x249 };	/* pages 0, 3, 6, 9 */

	if (!manual(self->vm, NACRE_DIRTY_LOG_MANUAL_PROTECT_ENABLE))
		SKIP(return, "no NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2");
	ASSERT_EQ(0, set_flags(self->vm, self->memory,
			       NACRE_MEM_LOG_DIRTY_PAGES));
	touch(self->vcpu, 0, 3, true);
	EXPECT_TRUE(is_log(self->vm, 0, 3));
	EXPECT_TRUE(is_log(self->vm, 0, 3));
	ASSERT_EQ(0, raw_clear_log(self->vm, 1, 0, PAGES, some));
	EXPECT_TRUE(is_log(self->vm, 12, 3));
	touch(self->vcpu, 0, 3, true);
	EXPECT_TRUE(is_log(self->vm, 0, 3));
}

TEST_F(dirty, initially_set)
{
	u64 all[WORDS];

	if (!manual(self->vm, NACRE_DIRTY_LOG_MANUAL_PROTECT_ENABLE |
			      NACRE_DIRTY_LOG_INITIALLY_SET))
		SKIP(return, "no NACRE_DIRTY_LOG_INITIALLY_SET");
	memset(all, 0xff, sizeof(all));
	ASSERT_EQ(0, set_flags(self->vm, self->memory, 0));
	touch(self->vcpu, 0, 1, true);
	ASSERT_EQ(0, set_flags(self->vm, self->memory,
			       NACRE_MEM_LOG_DIRTY_PAGES));
	EXPECT_TRUE(is_log(self->vm, 0, 1));
	ASSERT_EQ(0, raw_clear_log(self->vm, 1, 0, PAGES, all));
	EXPECT_TRUE(nothing(self->vm));
	touch(self->vcpu, 1, 4, true);
	EXPECT_TRUE(is_log(self->vm, 1, 4));
}

static void *run_thread(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

struct cell {
	u64 by[2];		/* each vCPU's last count */
};

static volatile struct cell *cell(char *memory, u64 page)
{
	return (void *)(memory + page * PAGE_SIZE);
}

/* What a migration does: copy what the log says, until it stops. */
static unsigned int copy_dirty(struct vm *vm, struct cell *to, char *from)
{
	unsigned int copied = 0;
	u64 log[WORDS];

	CHECK(!raw_get_log(vm, 1, log));
	for (u64 i = 0; i < PAGES; i++) {
		if (!(log[i / 64] >> i % 64 & 1))
			continue;
		to[i] = *cell(from, i);
		copied++;
	}
	return copied;
}

TEST_F(dirty, no_write_is_lost)
{
	struct vcpu *vcpus[2] = { self->vcpu, vcpu_new(self->vm, 1) };
	struct cell copy[PAGES];
	volatile u64 *rounds;
	pthread_t threads[2];
	unsigned int copied = 0;

	madvise(self->memory, SIZE, MADV_HUGEPAGE);
	ASSERT_EQ(0, set_flags(self->vm, self->memory, 0));
	for (u64 i = 0; i < 2; i++) {
		vcpu_setup(vcpus[i], GUEST_64, "scatters");
		vcpu_args(vcpus[i], 2, i, (u64)PAGES);
		threads[i] = thread_start(run_thread, vcpus[i]);
	}
	rounds = guest_var(self->vm, GUEST_64, "rounds");
	wait_for(rounds[0] > 100 && rounds[1] > 100, SECONDS);
	ASSERT_EQ(0, set_flags(self->vm, self->memory,
			       NACRE_MEM_LOG_DIRTY_PAGES));
	for (u64 i = 0; i < PAGES; i++)
		copy[i] = *cell(self->memory, i);
	for (int i = 0; i < 200; i++) {
		if (i % 20 == 0) {
			u64 from = rounds[i / 20 % 2];

			wait_for(rounds[i / 20 % 2] > from, SECONDS);
		}
		copied += copy_dirty(self->vm, copy, self->memory);
	}
	*(volatile u64 *)guest_var(self->vm, GUEST_64, "stop") = 1;
	thread_join(threads[0], SECONDS);
	thread_join(threads[1], SECONDS);
	copied += copy_dirty(self->vm, copy, self->memory);
	EXPECT_GT(copied, 0);
	for (u64 i = 0; i < PAGES; i++) {
		EXPECT_EQ(cell(self->memory, i)->by[0], copy[i].by[0]);
		EXPECT_EQ(cell(self->memory, i)->by[1], copy[i].by[1]);
	}
}

TEST_HARNESS_MAIN
