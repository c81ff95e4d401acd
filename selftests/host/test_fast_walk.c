// SPDX-License-Identifier: GPL-2.0
/*
 * The quick walk against the whole one: what it answers is what guest_walk.c
 * answers, and it answers where nothing is out of the ordinary.
 */
#include "arch/x86/mmu/fast_walk.h"
#include "host_test.h"

#define PAGES		32
#define RANDOM_WALKS	3000000
#define MAXPHYADDR	40
#define RESERVED	(0x000fffffffffffffULL & ~((1ULL << MAXPHYADDR) - 1))

#define P	NACRE_PTE_PRESENT
#define RW	NACRE_PTE_WRITE
#define US	NACRE_PTE_USER
#define A	NACRE_PTE_ACCESSED
#define D	NACRE_PTE_DIRTY
#define PS	NACRE_PTE_PS
#define CR0	(BIT_ULL(31) | BIT_ULL(16))
#define PAE	BIT_ULL(5)
#define LMA	BIT_ULL(10)
#define NXE	BIT_ULL(11)

struct arena {
	struct nacre_walk_memory memory;
	u64 entry[PAGES * 512];
	unsigned int updates;
};

static struct arena arena;

static int slow_read(struct nacre_walk_memory *memory, u64 gpa,
		     unsigned int size, u64 *entry)
{
	const struct arena *a = container_of(memory, struct arena, memory);

	if (gpa + size > sizeof(a->entry))
		return -EFAULT;
	*entry = a->entry[gpa / 8];
	return 0;
}

static int count_update(struct nacre_walk_memory *memory, u64 gpa,
			unsigned int size, u64 old, u64 new)
{
	container_of(memory, struct arena, memory)->updates++;
	(void)gpa;
	(void)size;
	(void)old;
	(void)new;
	return 0;
}

static bool fast_read(void *from, u64 gpa, u64 *entry)
{
	return !slow_read(from, gpa, 8, entry);
}

static void reset(void)
{
	memset(&arena, 0, sizeof(arena));
	arena.memory.read_entry = slow_read;
	arena.memory.update_entry = count_update;
}

static struct nacre_walk_mode mode_of(u64 cr4, u64 efer, u8 cpl, bool amd)
{
	return (struct nacre_walk_mode) {
		.cr0 = CR0, .cr3 = 4 * 4096, .cr4 = PAE | cr4,
		.efer = LMA | efer, .maxphyaddr = MAXPHYADDR, .cpl = cpl,
		.has_1g_pages = true, .amd = amd,
	};
}

static bool fast(const struct nacre_walk_mode *mode, u64 gva, u32 access,
		 u64 *gpa)
{
	struct nacre_fast_walk w;

	w = nacre_fast_walk_rules(mode->cr4, mode->efer & NXE, RESERVED,
				  access);
	return nacre_fast_walk(&w, mode->cr3, gva, fast_read,
			       &arena.memory, gpa);
}

static void compare(const struct nacre_walk_mode *mode, u64 gva, u32 access,
		    unsigned int *answered)
{
	struct nacre_walk out;
	u64 gpa = 0;

	if (!fast(mode, gva, access, &gpa))
		return;
	++*answered;
	arena.updates = 0;
	EXPECT_EQ(nacre_guest_walk(mode, &arena.memory, gva, access, false,
				   &out), NACRE_WALK_OK);
	EXPECT_EQ(out.gpa, gpa);
	EXPECT_EQ(arena.updates, 0);
}

/* The table of level n is page n; each leads to the next below. */
static void four_levels(u64 bits)
{
	unsigned int level;

	reset();
	for (level = 2; level <= 4; level++)
		arena.entry[level * 512] = (level - 1) * 4096 | bits;
	arena.entry[512] = 0x30000 | bits;
}

static void ordinary(void)
{
	struct nacre_walk_mode mode = mode_of(0, NXE, 0, true);
	u64 gpa;

	four_levels(P | RW | US | A | D);
	EXPECT(fast(&mode, 0x123, NACRE_PF_FETCH, &gpa));
	EXPECT_EQ(gpa, 0x30123);
	EXPECT(fast(&mode, 0x123, NACRE_PF_WRITE | NACRE_PF_USER, &gpa));
	arena.entry[2 * 512] = 0x1234400000 | P | RW | A | D | PS;
	EXPECT(fast(&mode, 0x1ff123, NACRE_PF_WRITE, &gpa));
	EXPECT_EQ(gpa, 0x12345ff123);
}

/* Each bit that makes an entry out of the ordinary, on each level. */
static void each_bit_counts(void)
{
	struct nacre_walk_mode mode = mode_of(0, NXE, 0, true);
	static const u64 needed[] = { P, RW, A };
	unsigned int level, i;
	u64 gpa;

	for (level = 1; level <= 4; level++) {
		for (i = 0; i < ARRAY_SIZE(needed); i++) {
			four_levels(P | RW | A | D);
			arena.entry[level * 512] &= ~needed[i];
			EXPECT(!fast(&mode, 0, NACRE_PF_WRITE, &gpa));
		}
		four_levels(P | RW | A | D);
		arena.entry[level * 512] |= BIT_ULL(MAXPHYADDR);
		EXPECT(!fast(&mode, 0, 0, &gpa));
		four_levels(P | RW | A | D | NACRE_PTE_NX);
		EXPECT(fast(&mode, 0, 0, &gpa));
		EXPECT(!fast(&mode, 0, NACRE_PF_FETCH, &gpa));
	}
	four_levels(P | RW | A);
	EXPECT(!fast(&mode, 0, NACRE_PF_WRITE, &gpa));
	EXPECT(fast(&mode, 0, 0, &gpa));
	mode.cr3 = PAGES * 4096;
	EXPECT(!fast(&mode, 0, 0, &gpa));
}

static u64 random_entry(u64 *state)
{
	u64 entry = P | A | (host_random(state) % (PAGES + 1)) * 4096;
	unsigned int i;

	if (host_random(state) % 8)
		entry |= RW | D | US;
	if (host_random(state) % 4 == 0)
		entry |= PS;
	for (i = host_random(state) % 3; i; i--)
		entry ^= BIT_ULL(host_random(state) % 64);
	return entry;
}

static void random_tables(void)
{
	static const u32 accesses[] = {
		0, NACRE_PF_WRITE, NACRE_PF_FETCH, NACRE_PF_USER,
		NACRE_PF_USER | NACRE_PF_WRITE, NACRE_PF_USER | NACRE_PF_FETCH,
	};
	unsigned int n, answered = 0;
	u64 state = 1;

	reset();
	for (n = 0; n < RANDOM_WALKS && !host_case_failed; n++) {
		u64 gva = host_random(&state) & 0x00007fffffffffffULL;
		u32 access = accesses[host_random(&state) %
				      ARRAY_SIZE(accesses)];
		struct nacre_walk_mode mode =
			mode_of(host_random(&state) & (7ULL << 20),
				host_random(&state) & NXE,
				access & NACRE_PF_USER ? 3 : 0,
				host_random(&state) % 2);

		if (n % 4096 == 0) {
			unsigned int i;

			for (i = 0; i < ARRAY_SIZE(arena.entry); i++)
				arena.entry[i] = random_entry(&state);
		}
		compare(&mode, gva, access, &answered);
	}
	EXPECT(answered > RANDOM_WALKS / 100);
}

static const struct host_case cases[] = {
	HOST_CASE(ordinary),
	HOST_CASE(each_bit_counts),
	HOST_CASE(random_tables),
};

HOST_MAIN(cases)
