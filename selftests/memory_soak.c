// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that uses all of its memory while the host does to that memory
 * whatever a host does: collapse it and split it, write it out, share equal
 * pages, forbid it for a moment, move it away and back. No byte is lost.
 *
 * NACRE_SOAK_SECONDS is how long, by default 10.
 */
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#define GPA 0x10000000ull
#define SIZE (64ull << 20)
#define CHUNKS (SIZE / HUGE_SIZE)
#define LINE 64			/* one word is used of each */
#define PIECE 0x10000ull	/* what is moved or protected */
/* From here on pages are equal, and written each 8th time: KSM's. */
#define EQUAL_FROM (SIZE * 3 / 4)
#define EQUAL_EVERY 8
#define SECONDS 30

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

guest_data volatile u64 stop, passes;

static u64 pattern(u64 at, u64 pass)
{
	if (at >= EQUAL_FROM) {
		at &= PAGE_SIZE - 1;
		pass /= EQUAL_EVERY;
	}
	return (at + 1) * 0x9e3779b97f4a7c15ull ^ pass;
}

static void use(u64 at, u64 pass)
{
	volatile u64 *word = (u64 *)(ulong)(GPA + at);
	u64 value = pattern(at, pass);

	if (*word != pattern(at, pass - 1))
		guest_fail(__FILE__, __LINE__, "memory has changed", 2, at,
			   *word);
	if (pattern(at, pass - 1) != value)
		*word = value;
}

guest_entry void uses_all(void)
{
	while (!stop) {
		for (u64 at = 0; at < SIZE; at += LINE)
			use(at, passes + 1);
		passes++;
	}
	guest_done();
}

static void *run_until_done(void *arg)
{
	struct vcpu *vcpu = arg;

	for (;;) {
		if (!raw_run(vcpu))
			return NULL;
		/* Not there just now, or not to be written. */
		if (errno != EFAULT)
			die("NACRE_RUN: errno %d, exit %s", errno,
			    exit_text(vcpu));
		pause_us(100);
	}
}

/* What the threads of the host share. */
struct host {
	u8 *memory, *elsewhere;
	volatile bool stop;
	pthread_mutex_t lock;	/* who makes memory go away for a moment */
	u64 advised, protected, moved;
};

static u64 next(u64 *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed >> 33;
}

/* Some of it fails, as memory is away, or has no huge pages. */
static void *advises(void *arg)
{
	static const int advice[] = {
		MADV_COLD, MADV_PAGEOUT, MADV_HUGEPAGE, MADV_COLLAPSE,
		MADV_NOHUGEPAGE, MADV_MERGEABLE, MADV_UNMERGEABLE,
		MADV_PAGEOUT,
	};
	struct host *h = arg;
	u64 seed = 1;

	for (u64 i = 0; !h->stop; i++) {
		u64 chunk = next(&seed) % CHUNKS;
		int what = advice[i % 8];

		/* The equal pages are mostly KSM's. */
		if (chunk * HUGE_SIZE >= EQUAL_FROM && i % 64)
			what = MADV_MERGEABLE;
		h->advised += !madvise(h->memory + chunk * HUGE_SIZE,
				       HUGE_SIZE, what);
		pause_us(1000);
	}
	return NULL;
}

static void *protects(void *arg)
{
	struct host *h = arg;
	u64 seed = 2;

	for (u64 i = 0; !h->stop; i++) {
		u8 *piece = h->memory + next(&seed) % (SIZE / PIECE) * PIECE;
		int rw = PROT_READ | PROT_WRITE;

		pthread_mutex_lock(&h->lock);
		CHECK(!mprotect(piece, PIECE, i % 4 ? PROT_READ : PROT_NONE));
		pause_us(500);
		CHECK(!mprotect(piece, PIECE, rw));
		pthread_mutex_unlock(&h->lock);
		h->protected++;
		pause_us(3000);
	}
	return NULL;
}

static void *moves(void *arg)
{
	int how = MREMAP_MAYMOVE | MREMAP_FIXED;
	struct host *h = arg;
	u64 seed = 3;

	while (!h->stop) {
		u8 *piece = h->memory + next(&seed) % (SIZE / PIECE) * PIECE;

		pthread_mutex_lock(&h->lock);
		if (mremap(piece, PIECE, PIECE, how, h->elsewhere) ==
		    h->elsewhere) {
			pause_us(500);
			CHECK(mremap(h->elsewhere, PIECE, PIECE, how, piece) ==
			      piece);
			h->moved++;
		}
		pthread_mutex_unlock(&h->lock);
		pause_us(3000);
	}
	return NULL;
}

static void ksm(const char *file, const char *word)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/mm/ksm/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	CHECK(write(fd, word, strlen(word)) == (ssize_t)strlen(word));
	close(fd);
}

static long ksm_sharing(void)
{
	FILE *from = fopen("/sys/kernel/mm/ksm/pages_sharing", "r");
	long n = -1;

	if (!from)
		return -1;
	if (fscanf(from, "%ld", &n) != 1)
		n = -1;
	fclose(from);
	return n;
}

static unsigned int soak_seconds(void)
{
	const char *s = getenv("NACRE_SOAK_SECONDS");

	return s && atoi(s) > 0 ? atoi(s) : 10;
}

FIXTURE(memory_soak) {
	struct vcpu *vcpu;
	struct host host;
};

FIXTURE_SETUP(memory_soak)
{
	struct host *h = &self->host;

	*h = (struct host) { .lock = PTHREAD_MUTEX_INITIALIZER };
	self->vcpu = vcpu_with_guest(GUEST_64, "uses_all");
	h->memory = vm_add_memory(self->vcpu->vm, 1, GPA, SIZE, 0);
	h->elsewhere = map_anon(PIECE);
	for (u64 at = 0; at < SIZE; at += LINE)
		*(u64 *)(h->memory + at) = pattern(at, 0);
	ksm("pages_to_scan", "2000");
	ksm("sleep_millisecs", "20");
	ksm("run", "1");
}

FIXTURE_TEARDOWN(memory_soak)
{
	ksm("run", "0");
	vm_free(self->vcpu->vm);
}

TEST_F_TIMEOUT(memory_soak, nothing_is_lost, 600)
{
	static void *(*const work[])(void *) = { advises, protects, moves };
	struct vm *vm = self->vcpu->vm;
	struct host *h = &self->host;
	volatile u64 *done = guest_var(vm, GUEST_64, "passes");
	u64 end = now_ns() + soak_seconds() * 1000000000ull, wrong = 0;
	long shared = -1;
	pthread_t guest, threads[3];

	guest = thread_start(run_until_done, self->vcpu);
	for (int i = 0; i < 3; i++)
		threads[i] = thread_start(work[i], h);
	while (now_ns() < end && pthread_tryjoin_np(guest, NULL) == EBUSY) {
		long now = ksm_sharing();

		shared = now > shared ? now : shared;
		pause_us(100000);
	}
	*(volatile u64 *)guest_var(vm, GUEST_64, "stop") = 1;
	h->stop = true;
	for (int i = 0; i < 3; i++)
		thread_join(threads[i], SECONDS);
	thread_join(guest, SECONDS);
	run_to_done(self->vcpu);
	for (u64 at = 0; at < SIZE; at += LINE)
		wrong += *(u64 *)(h->memory + at) != pattern(at, *done);
	EXPECT_EQ(0, wrong);
	TH_LOG("%llu passes, advised %llu, protected %llu, moved %llu times",
	       *done, h->advised, h->protected, h->moved);
	TH_LOG("at most %ld pages shared", shared);
	EXPECT_LE(1, *done);
	EXPECT_LT(0, h->advised);
	EXPECT_LT(0, h->protected);
	EXPECT_LT(0, h->moved);
}

TEST_HARNESS_MAIN
