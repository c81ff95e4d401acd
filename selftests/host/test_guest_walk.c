// SPDX-License-Identifier: GPL-2.0
/*
 * The guest page-table walk against the manual, told a second time: an oracle
 * that decides bit by bit and shares nothing with the walk but its types.
 */
#include "arch/x86/mmu/guest_walk.h"
#include "host_test.h"

#define PAGES		64
/* Out of the other entries' reach: an accessed bit in a PDPTE is reserved. */
#define PDPTE_PAGE	(PAGES - 1)
#define RANDOM_WALKS	6000000

#define WP	BIT_ULL(16)
#define PG	BIT_ULL(31)
#define PSE	BIT_ULL(4)
#define PAE	BIT_ULL(5)
#define LA57	BIT_ULL(12)
#define SMEP	BIT_ULL(20)
#define SMAP	BIT_ULL(21)
#define PKE	BIT_ULL(22)
#define LMA	BIT_ULL(10)
#define NXE	BIT_ULL(11)
#define AC	BIT_ULL(18)

#define P	1ULL
#define RW	2ULL
#define US	4ULL
#define A	0x20ULL
#define D	0x40ULL
#define PS	0x80ULL
#define NX	BIT_ULL(63)

/* A guest of 64 pages; what lies beyond is no memory. */
struct arena {
	struct nacre_walk_memory memory;
	u8 bytes[PAGES * 4096] __attribute__((aligned(8)));
	u64 *random;		/* set: now and then somebody else writes */
	bool rom;
	bool restless;
	unsigned int updates, races;
	u64 updated[8];
};

static struct arena arena;

static u64 load(const struct arena *a, u64 gpa, unsigned int size)
{
	u64 value = 0;

	memcpy(&value, a->bytes + gpa, size);
	return value;
}

static void store(struct arena *a, u64 gpa, unsigned int size, u64 value)
{
	memcpy(a->bytes + gpa, &value, size);
}

static bool in_arena(u64 gpa, unsigned int size)
{
	return gpa < sizeof(arena.bytes) && gpa % size == 0;
}

static int arena_read(struct nacre_walk_memory *memory, u64 gpa,
		      unsigned int size, u64 *entry)
{
	struct arena *a = container_of(memory, struct arena, memory);

	if (!in_arena(gpa, size))
		return -EFAULT;
	*entry = load(a, gpa, size);
	return 0;
}

static int arena_update(struct nacre_walk_memory *memory, u64 gpa,
			unsigned int size, u64 old, u64 new)
{
	struct arena *a = container_of(memory, struct arena, memory);

	if (!in_arena(gpa, size) || a->rom)
		return -EFAULT;
	if (a->restless)
		store(a, gpa, size, load(a, gpa, size) ^ BIT_ULL(9));
	else if (a->random && host_random(a->random) % 32 == 0)
		store(a, gpa, size, load(a, gpa, size) ^
		      BIT_ULL(host_random(a->random) % 12));
	if (load(a, gpa, size) != old) {
		a->races++;
		return -EAGAIN;
	}
	if (a->updates < ARRAY_SIZE(a->updated))
		a->updated[a->updates] = gpa;
	a->updates++;
	store(a, gpa, size, new);
	return 0;
}

static void arena_reset(void)
{
	memset(&arena, 0, sizeof(arena));
	arena.memory.read_entry = arena_read;
	arena.memory.update_entry = arena_update;
}

static enum nacre_walk_result walk(const struct nacre_walk_mode *mode, u64 gva,
				   u32 access, struct nacre_walk *out)
{
	arena.updates = 0;
	return nacre_guest_walk(mode, &arena.memory, gva, access, false, out);
}

/* ---- the oracle ---- */

enum kind { LEGACY, PAE3, LONG4, LONG5 };

struct story {
	enum nacre_walk_result result;
	struct nacre_walk walk;
	unsigned int count;	/* entries that take an accessed bit */
	u64 gpa[5];
	unsigned int size;
};

static enum kind kind_of(const struct nacre_walk_mode *m)
{
	if (m->efer & LMA)
		return m->cr4 & LA57 ? LONG5 : LONG4;
	return m->cr4 & PAE ? PAE3 : LEGACY;
}

static bool long_kind(enum kind kind)
{
	return kind == LONG4 || kind == LONG5;
}

/* What each bit of a present 8-byte entry at @level must not be. */
static bool bit_reserved64(const struct nacre_walk_mode *m, enum kind kind,
			   unsigned int level, bool leaf, unsigned int bit)
{
	static const unsigned int first_address_bit[] = { 0, 12, 21, 30 };

	if (kind == PAE3 && level == 3)		/* a PDPTE */
		return bit == 1 || bit == 2 || (bit >= 5 && bit <= 8) ||
		       bit >= m->maxphyaddr;
	if (bit == 63)
		return !(m->efer & NXE);
	if (bit >= 52)
		return kind == PAE3;
	if (bit >= m->maxphyaddr)
		return true;
	if (bit == 7)
		return level >= 3 && !leaf;
	if (bit == 8)
		return level >= 3 && !leaf && m->amd;
	if (leaf && level > 1 && bit >= 13)
		return bit < first_address_bit[level];
	return false;
}

static bool bit_reserved32(const struct nacre_walk_mode *m, unsigned int level,
			   bool leaf, unsigned int bit)
{
	if (level != 2 || !leaf)
		return false;
	if (bit == 21)
		return true;
	/* Bit 13 is address bit 32. */
	return bit >= 13 && bit <= 20 && bit - 13 + 32 >= m->maxphyaddr;
}

static bool any_reserved(const struct nacre_walk_mode *m, enum kind kind,
			 unsigned int level, bool leaf, u64 entry)
{
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		if (!((entry >> bit) & 1))
			continue;
		if (kind == LEGACY ? bit_reserved32(m, level, leaf, bit) :
		    bit_reserved64(m, kind, level, leaf, bit))
			return true;
	}
	return false;
}

static u32 reported(const struct nacre_walk_mode *m, u32 access)
{
	bool nx_paging = (m->cr4 & PAE) && (m->efer & NXE);

	if (!(m->cr4 & SMEP) && !nx_paging)
		access &= ~NACRE_PF_FETCH;
	return access;
}

/* Key rights are two bits each: access disable, write disable. */
static bool key_denies(const struct nacre_walk_mode *m, u64 leaf, u32 access)
{
	u32 rights = m->pkru / (1u << 2 * ((leaf >> 59) & 15)) % 4;
	bool user = access & NACRE_PF_USER;

	if (access & NACRE_PF_FETCH)
		return false;
	switch (rights) {
	case 0:
		return false;
	case 2:
		return (access & NACRE_PF_WRITE) && (user || (m->cr0 & WP));
	}
	return true;
}

/* The page's rights are known: may this access be, and if not, why. */
static bool rights_allow(const struct nacre_walk_mode *m, enum kind kind,
			 bool user_page, bool writable, bool noexec, u64 leaf,
			 u32 access, bool implicit, u32 *error)
{
	bool user = access & NACRE_PF_USER, write = access & NACRE_PF_WRITE;
	bool fetch = access & NACRE_PF_FETCH;
	bool denied = false;

	*error = NACRE_PF_PRESENT | reported(m, access);
	if (user && !user_page)
		denied = true;
	if (user && write && !writable)
		denied = true;
	if (!user && write && !writable && (m->cr0 & WP))
		denied = true;
	if (!user && user_page && fetch && (m->cr4 & SMEP))
		denied = true;
	if (!user && user_page && !fetch && (m->cr4 & SMAP) &&
	    (implicit || m->cpl == 3 || !(m->rflags & AC)))
		denied = true;
	if (fetch && noexec)
		denied = true;
	if (long_kind(kind) && (m->cr4 & PKE) && user_page &&
	    key_denies(m, leaf, access)) {
		denied = true;
		*error |= NACRE_PF_PKEY;
	}
	return !denied;
}

static void story_fault(struct story *s, u32 error)
{
	s->result = NACRE_WALK_FAULT;
	s->walk.error_code = error;
}

static void tell(const struct nacre_walk_mode *m, u64 gva, u32 access,
		 bool implicit, struct story *s)
{
	static const unsigned int tops[] = { 2, 3, 4, 5 };
	enum kind kind = kind_of(m);
	unsigned int size = kind == LEGACY ? 4 : 8;
	unsigned int per_table = 4096 / size, level;
	bool user = true, writable = true, noexec = false, leaf = false;
	u64 table = m->cr3 & 0xffffffffff000ULL, entry = 0, reach;
	u32 error;

	memset(s, 0, sizeof(*s));
	s->size = size;
	if (kind == PAE3)
		table = m->cr3 & 0xffffffe0;
	if (kind == LEGACY)
		table = m->cr3 & 0xfffff000;

	for (level = tops[kind]; !leaf; level--) {
		bool pdpte = kind == PAE3 && level == 3;
		unsigned int i;
		u64 gpa;

		for (reach = 4096, i = 1; i < level; i++)
			reach *= per_table;
		gpa = table + gva / reach % (pdpte ? 4 : per_table) * size;
		if (pdpte && !m->amd) {
			entry = m->pdptrs[gva / reach % 4];
		} else if (!in_arena(gpa, size)) {
			s->result = NACRE_WALK_NO_MEMORY;
			s->walk.table_gpa = gpa;
			return;
		} else {
			entry = load(&arena, gpa, size);
		}
		if (!(entry & P))
			return story_fault(s, reported(m, access));
		leaf = level == 1;
		if (!pdpte && (entry & PS)) {
			if (level == 2)
				leaf = kind != LEGACY || (m->cr4 & PSE);
			if (level == 3)
				leaf = m->has_1g_pages;
		}
		if (any_reserved(m, kind, level, leaf, entry))
			return story_fault(s, NACRE_PF_PRESENT | NACRE_PF_RSVD |
					   reported(m, access));
		if (!pdpte) {
			user = user && (entry & US);
			writable = writable && (entry & RW);
			noexec = noexec || (entry & NX);
			s->gpa[s->count++] = gpa;
		}
		table = entry & 0xffffffffff000ULL;
	}
	if (!rights_allow(m, kind, user, writable, noexec, entry, access,
			  implicit, &error))
		return story_fault(s, error);
	s->walk.page_size = reach;
	if (kind == LEGACY && reach > 4096)
		table = (entry & 0xffc00000) | (entry & 0x1fe000) << 19;
	s->walk.gpa = table / reach * reach + gva % reach;
}

static bool same_walk(const struct nacre_walk *a, const struct nacre_walk *b)
{
	return a->gpa == b->gpa && a->page_size == b->page_size &&
	       a->error_code == b->error_code && a->table_gpa == b->table_gpa;
}

/* ---- random tables ---- */

static u64 random_entry(u64 *random, enum kind kind)
{
	u64 bits = host_random(random);
	u64 frame = host_random(random) % (PAGES + 1);
	u64 entry = (bits & 0x7ff) | (frame == PDPTE_PAGE ? 0 : frame) << 12;

	if (bits & 0x00f000)
		entry |= P;
	if (bits & 0x030000)
		entry |= RW;
	if (bits & 0x0c0000)
		entry |= US;
	if (bits & 0x700000)
		entry &= ~PS;
	if (bits & 0xf000000)
		entry &= ~BIT_ULL(8);
	/* Large pages want an aligned frame most of the time. */
	if ((entry & PS) && (bits & 0xf0000000))
		entry &= ~0x3fffe000ULL;
	if (kind == LEGACY)
		return (u32)(host_random(random) % 8 ? entry :
			     entry ^ (1u << host_random(random) % 32));
	if ((bits >> 40) % 8 == 0)
		entry |= NX;
	if ((bits >> 44) % 4 == 0 && long_kind(kind))
		entry |= (host_random(random) % 16) << 59;
	if ((bits >> 48) % 32 == 0)
		entry ^= BIT_ULL(host_random(random) % 64);
	return entry;
}

static void random_tables(u64 *random, enum kind kind)
{
	unsigned int size = kind == LEGACY ? 4 : 8;
	u64 gpa;

	for (gpa = 0; gpa < sizeof(arena.bytes); gpa += size)
		store(&arena, gpa, size, random_entry(random, kind));
}

static u64 random_pdpte(u64 *random)
{
	u64 reserved = BIT_ULL(63) | 0x1e6;

	return random_entry(random, PAE3) &
	       (host_random(random) % 16 ? ~reserved : ~0ULL);
}

static void random_mode(u64 *random, enum kind kind,
			struct nacre_walk_mode *mode)
{
	u64 bits = host_random(random);
	unsigned int i;

	memset(mode, 0, sizeof(*mode));
	mode->cr0 = PG | (bits & WP);
	mode->cr4 = (bits & (SMEP | SMAP | PKE | PSE)) |
		    (kind == LEGACY ? 0 : PAE) | (kind == LONG5 ? LA57 : 0);
	mode->efer = (bits & NXE) | (long_kind(kind) ? LMA : 0);
	if (bits & BIT_ULL(60))
		mode->efer |= NXE;
	mode->rflags = (bits >> 20) & AC;
	mode->cr3 = (host_random(random) % PAGES) << 12 | ((bits >> 40) & 0xff8);
	if (kind == PAE3)
		mode->cr3 = ((bits >> 40) & 0xfe0) |
			    (bits & 63 ? PDPTE_PAGE : PAGES) << 12;
	mode->pkru = host_random(random) & host_random(random);
	mode->cpl = (bits >> 50) & 3;
	mode->maxphyaddr = 32 + host_random(random) % 21;
	mode->has_1g_pages = bits & BIT_ULL(52);
	mode->amd = bits & BIT_ULL(53);
	for (i = 0; i < 4; i++)
		mode->pdptrs[i] = random_pdpte(random);
}

/* AMD's PDPTEs lie in memory; most of them should be acceptable. */
static void random_pdptes(u64 *random, const struct nacre_walk_mode *mode)
{
	u64 gpa = mode->cr3 & 0xffffffe0;
	unsigned int i;

	for (i = 0; i < 4 && in_arena(gpa, 32); i++)
		store(&arena, gpa + 8 * i, 8, random_pdpte(random));
}

static u64 random_gva(u64 *random, enum kind kind)
{
	u64 gva = host_random(random);

	if (!long_kind(kind))
		return (u32)gva;
	if (kind == LONG4)
		return (u64)((s64)(gva << 16) >> 16);
	return (u64)((s64)(gva << 7) >> 7);
}

static u32 random_access(u64 *random)
{
	static const u32 kinds[] = { 0, NACRE_PF_WRITE, NACRE_PF_FETCH };

	return kinds[host_random(random) % 3] |
	       (host_random(random) % 2 ? NACRE_PF_USER : 0);
}

struct tally {
	unsigned long ok, absent, reserved, rights, keys, no_memory, retry;
	unsigned long races, updates;
};

static void count(struct tally *tally, enum nacre_walk_result result,
		  const struct nacre_walk *walk)
{
	tally->races += arena.races;
	tally->updates += arena.updates;
	tally->ok += result == NACRE_WALK_OK;
	tally->no_memory += result == NACRE_WALK_NO_MEMORY;
	tally->retry += result == NACRE_WALK_RETRY;
	if (result != NACRE_WALK_FAULT)
		return;
	if (!(walk->error_code & NACRE_PF_PRESENT))
		tally->absent++;
	else if (walk->error_code & NACRE_PF_RSVD)
		tally->reserved++;
	else if (walk->error_code & NACRE_PF_PKEY)
		tally->keys++;
	else
		tally->rights++;
}

/* Every entry of an allowed access is accessed, the last one of a write dirty. */
static bool marks_are_right(const struct story *s, u32 access)
{
	unsigned int i, j;

	if (s->result != NACRE_WALK_OK)
		return arena.updates == 0 || arena.races;
	for (i = 0; i < s->count; i++) {
		u64 entry = load(&arena, s->gpa[i], s->size);

		if (!(entry & A))
			return false;
	}
	if ((access & NACRE_PF_WRITE) &&
	    !(load(&arena, s->gpa[s->count - 1], s->size) & D))
		return false;
	/* And nothing else was written. */
	for (j = 0; j < arena.updates && !arena.races; j++) {
		for (i = 0; i < s->count; i++)
			if (s->gpa[i] == arena.updated[j])
				break;
		if (i == s->count)
			return false;
	}
	return true;
}

/*
 * The oracle reads the tables after the walk: apart from accessed and dirty
 * bits, which it does not look at, they are as the last attempt saw them.
 */
static bool one_random_walk(u64 *random, enum kind kind, struct tally *tally)
{
	struct nacre_walk_mode mode;
	u64 gva = random_gva(random, kind);
	u32 access = random_access(random);
	bool implicit = host_random(random) % 8 == 0;
	enum nacre_walk_result result;
	struct nacre_walk out;
	struct story story;

	random_mode(random, kind, &mode);
	if (kind == PAE3)
		random_pdptes(random, &mode);
	arena.updates = 0;
	arena.races = 0;
	result = nacre_guest_walk(&mode, &arena.memory, gva, access, implicit,
				  &out);
	tell(&mode, gva, access, implicit, &story);
	count(tally, result, &out);
	if (result == story.result && same_walk(&out, &story.walk) &&
	    marks_are_right(&story, access))
		return true;
	host_note("kind %d gva %#lx access %#x implicit %d: %d, not %d; error %#x, not %#x; gpa %#lx, not %#lx",
		  kind, gva, access, implicit, result, story.result,
		  out.error_code, story.walk.error_code, out.gpa,
		  story.walk.gpa);
	return false;
}

static void random_walks_of(enum kind kind)
{
	u64 random = 0x6e61637265 + kind;
	struct tally tally = { 0 };
	unsigned long i;

	arena_reset();
	arena.random = &random;
	for (i = 0; i < RANDOM_WALKS / 4; i++) {
		if (i % 20000 == 0)
			random_tables(&random, kind);
		EXPECT(one_random_walk(&random, kind, &tally));
	}
	host_note("%lu walks: %lu fine, %lu absent, %lu reserved, %lu rights, %lu keys, %lu no memory; %lu entries marked, %lu races",
		  i, tally.ok, tally.absent, tally.reserved, tally.rights,
		  tally.keys, tally.no_memory, tally.updates, tally.races);
	/* A run that never meets a case proves nothing about it. */
	EXPECT(tally.ok > i / 50 && tally.absent > i / 50);
	EXPECT(tally.rights > i / 100 && tally.no_memory > i / 1000);
	EXPECT(tally.reserved > i / 1000);
	EXPECT(tally.races > 100 && tally.updates > 1000);
	EXPECT(long_kind(kind) == (tally.keys > i / 1000));
}

static void random_walks_legacy(void)
{
	random_walks_of(LEGACY);
}

static void random_walks_pae(void)
{
	random_walks_of(PAE3);
}

static void random_walks_4_levels(void)
{
	random_walks_of(LONG4);
}

static void random_walks_5_levels(void)
{
	random_walks_of(LONG5);
}

/* ---- every combination of rights over four levels ---- */

/* Tables at pages 1 to 4; @rights: US, RW and NX of each level, root last. */
static void four_levels(unsigned int rights)
{
	unsigned int level;

	for (level = 1; level <= 4; level++) {
		unsigned int bits = rights >> 3 * (level - 1);
		u64 target = level == 1 ? 0x30000 : (level - 1) * 4096;

		store(&arena, level * 4096, 8, target | P | A | D |
		      (bits & 1 ? US : 0) | (bits & 2 ? RW : 0) |
		      (bits & 4 ? NX : 0));
	}
}

static void check_four_levels(unsigned int rights, unsigned int state)
{
	static const u32 kinds[] = { 0, NACRE_PF_WRITE, NACRE_PF_FETCH };
	bool user = true, writable = true, noexec = false;
	struct nacre_walk_mode mode = {
		.cr0 = PG | (state & 1 ? WP : 0),
		.cr3 = 4 * 4096,
		.cr4 = PAE | (state & 2 ? SMEP : 0) | (state & 4 ? SMAP : 0),
		.efer = LMA | NXE,
		.rflags = state & 8 ? AC : 0,
		.maxphyaddr = 40,
	};
	unsigned int level, i;

	for (level = 0; level < 4; level++) {
		user &= rights >> (3 * level) & 1;
		writable &= rights >> (3 * level + 1) & 1;
		noexec |= rights >> (3 * level + 2) & 1;
	}
	for (i = 0; i < 6; i++) {
		u32 access = kinds[i % 3] | (i >= 3 ? NACRE_PF_USER : 0);
		enum nacre_walk_result result;
		struct nacre_walk out;
		u32 error;
		bool fine = rights_allow(&mode, LONG4, user, writable, noexec,
					 0, access, false, &error);

		result = walk(&mode, 0x123, access, &out);
		EXPECT_EQ(result, fine ? NACRE_WALK_OK : NACRE_WALK_FAULT);
		EXPECT_EQ(out.error_code, fine ? 0 : error);
		EXPECT_EQ(out.gpa, fine ? 0x30123 : 0);
		EXPECT_EQ(arena.updates, 0);
	}
}

static void rights_of_all_levels(void)
{
	unsigned int rights, state;

	arena_reset();
	for (rights = 0; rights < 4096; rights++) {
		four_levels(rights);
		for (state = 0; state < 16; state++) {
			check_four_levels(rights, state);
			if (host_case_failed)
				return;
		}
	}
}

/* ---- single cases ---- */

static struct nacre_walk_mode long_mode(void)
{
	return (struct nacre_walk_mode){
		.cr0 = PG | WP, .cr3 = 4 * 4096, .cr4 = PAE,
		.efer = LMA | NXE, .maxphyaddr = 40, .has_1g_pages = true,
	};
}

static void without_paging(void)
{
	struct nacre_walk_mode mode = { .cr4 = PAE | SMEP, .cpl = 3 };
	struct nacre_walk out;

	arena_reset();
	EXPECT_EQ(walk(&mode, 0xfee00123, NACRE_PF_USER | NACRE_PF_WRITE, &out),
		  NACRE_WALK_OK);
	EXPECT_EQ(out.gpa, 0xfee00123);
	EXPECT_EQ(out.page_size, 4096);
}

static void large_pages(void)
{
	struct nacre_walk_mode mode = long_mode();
	struct nacre_walk out;

	arena_reset();
	four_levels(07777);
	store(&arena, 3 * 4096, 8, 0x1240000000 | P | PS);
	EXPECT_EQ(walk(&mode, 0x3ffffffe, 0, &out), NACRE_WALK_OK);
	EXPECT_EQ(out.gpa, 0x127ffffffe);
	EXPECT_EQ(out.page_size, 1 << 30);
	mode.has_1g_pages = false;
	EXPECT_EQ(walk(&mode, 0x3ffffffe, 0, &out), NACRE_WALK_FAULT);
	EXPECT_EQ(out.error_code, NACRE_PF_PRESENT | NACRE_PF_RSVD);
	four_levels(07777);
	store(&arena, 2 * 4096, 8, 0x12345600000 | P | PS);
	mode.maxphyaddr = 41;
	EXPECT_EQ(walk(&mode, 0x1ffffe, 0, &out), NACRE_WALK_OK);
	EXPECT_EQ(out.gpa, 0x123457ffffe);
	EXPECT_EQ(out.page_size, 1 << 21);
	mode.maxphyaddr = 40;
	EXPECT_EQ(walk(&mode, 0x1ffffe, 0, &out), NACRE_WALK_FAULT);
}

/* Bits 20:13 of a 4 MiB entry are address bits 39:32. */
static void pse36(void)
{
	struct nacre_walk_mode mode = {
		.cr0 = PG, .cr3 = 0x1000, .cr4 = PSE, .maxphyaddr = 40,
	};
	struct nacre_walk out;

	arena_reset();
	store(&arena, 0x1ffc, 4, 0xffc00000 | 0x1fe000 | P | PS);
	EXPECT_EQ(walk(&mode, 0xffc12345, 0, &out), NACRE_WALK_OK);
	EXPECT_EQ(out.gpa, 0xffffc12345);
	EXPECT_EQ(out.page_size, 1 << 22);
	mode.maxphyaddr = 39;
	EXPECT_EQ(walk(&mode, 0xffc12345, 0, &out), NACRE_WALK_FAULT);
	EXPECT_EQ(out.error_code, NACRE_PF_PRESENT | NACRE_PF_RSVD);
	/* Without PSE the bit says nothing and a table follows. */
	mode.cr4 = 0;
	EXPECT_EQ(walk(&mode, 0xffc12345, 0, &out), NACRE_WALK_NO_MEMORY);
	EXPECT_EQ(out.table_gpa, 0xffdfe000 + 0x12 * 4);
}

/* A failed access leaves the tables alone; a read does not dirty. */
static void accessed_and_dirty(void)
{
	struct nacre_walk_mode mode = long_mode();
	struct nacre_walk out;
	unsigned int level;

	arena_reset();
	four_levels(01111);
	for (level = 1; level <= 4; level++)
		store(&arena, level * 4096, 8,
		      load(&arena, level * 4096, 8) & ~(A | D));
	EXPECT_EQ(walk(&mode, 0, NACRE_PF_WRITE, &out), NACRE_WALK_FAULT);
	EXPECT_EQ(arena.updates, 0);
	EXPECT_EQ(walk(&mode, 0, 0, &out), NACRE_WALK_OK);
	EXPECT_EQ(arena.updates, 4);
	for (level = 1; level <= 4; level++)
		EXPECT_EQ(load(&arena, level * 4096, 8) & (A | D), A);
	mode.cr0 &= ~WP;
	EXPECT_EQ(walk(&mode, 0, NACRE_PF_WRITE, &out), NACRE_WALK_OK);
	EXPECT_EQ(arena.updates, 1);
	EXPECT_EQ(arena.updated[0], 4096);
	EXPECT(load(&arena, 4096, 8) & D);
	EXPECT(!(load(&arena, 8192, 8) & D));
	EXPECT_EQ(walk(&mode, 0, NACRE_PF_WRITE, &out), NACRE_WALK_OK);
	EXPECT_EQ(arena.updates, 0);
}

static void tables_in_rom(void)
{
	struct nacre_walk_mode mode = long_mode();
	struct nacre_walk out;

	arena_reset();
	four_levels(03333);
	store(&arena, 4096, 8, 0x30000 | P | RW);
	arena.rom = true;
	EXPECT_EQ(walk(&mode, 5, NACRE_PF_WRITE, &out), NACRE_WALK_OK);
	EXPECT_EQ(out.gpa, 0x30005);
	EXPECT_EQ(load(&arena, 4096, 8), 0x30000 | P | RW);
}

/* A guest that rewrites its entry for ever does not hold the host. */
static void restless_tables(void)
{
	struct nacre_walk_mode mode = long_mode();
	struct nacre_walk out;

	arena_reset();
	four_levels(03333);
	store(&arena, 4096, 8, 0x30000 | P | RW);
	arena.restless = true;
	EXPECT_EQ(walk(&mode, 5, 0, &out), NACRE_WALK_RETRY);
	EXPECT(arena.races > 1);
}

static void tables_outside_memory(void)
{
	struct nacre_walk_mode mode = long_mode();
	struct nacre_walk out;

	arena_reset();
	four_levels(03333);
	store(&arena, 2 * 4096, 8, 0x7000000 | P);
	EXPECT_EQ(walk(&mode, 0x3000, 0, &out), NACRE_WALK_NO_MEMORY);
	EXPECT_EQ(out.table_gpa, 0x7000018);
	mode.cr3 = 0x8000000018;
	EXPECT_EQ(walk(&mode, 0x3000, 0, &out), NACRE_WALK_NO_MEMORY);
	EXPECT_EQ(out.table_gpa, 0x8000000000);
}

/* Intel walks with the loaded PDPTEs, whatever CR3 points to. */
static void pae_pdptes(void)
{
	struct nacre_walk_mode mode = {
		.cr0 = PG, .cr3 = 0x1020, .cr4 = PAE, .maxphyaddr = 36,
		.pdptrs = { 0, 0, 0, 0x2000 | P },
	};
	struct nacre_walk out;

	arena_reset();
	store(&arena, 0x1020 + 3 * 8, 8, 0x3000 | P);
	store(&arena, 0x2000, 8, 0x200000 | P | PS);
	store(&arena, 0x3000, 8, 0x400000 | P | PS);
	EXPECT_EQ(walk(&mode, 0xc0000000, 0, &out), NACRE_WALK_OK);
	EXPECT_EQ(out.gpa, 0x200000);
	EXPECT_EQ(walk(&mode, 0x80000000, 0, &out), NACRE_WALK_FAULT);
	EXPECT_EQ(out.error_code, 0);
	mode.amd = true;
	EXPECT_EQ(walk(&mode, 0xc0000000, 0, &out), NACRE_WALK_OK);
	EXPECT_EQ(out.gpa, 0x400000);
	EXPECT_EQ(load(&arena, 0x1020 + 3 * 8, 8), 0x3000 | P);
}

/* The I/D flag of the error code exists with SMEP or with NXE under PAE. */
static void fetch_flag(void)
{
	struct nacre_walk_mode mode = { .cr0 = PG, .maxphyaddr = 36 };
	struct nacre_walk out;
	u32 fetch = NACRE_PF_FETCH | NACRE_PF_USER;

	arena_reset();
	EXPECT_EQ(walk(&mode, 0, fetch, &out), NACRE_WALK_FAULT);
	EXPECT_EQ(out.error_code, NACRE_PF_USER);
	mode.efer = NXE;
	EXPECT_EQ(walk(&mode, 0, fetch, &out), NACRE_WALK_FAULT);
	EXPECT_EQ(out.error_code, NACRE_PF_USER);
	mode.cr4 = PAE;
	EXPECT_EQ(walk(&mode, 0, fetch, &out), NACRE_WALK_FAULT);
	EXPECT_EQ(out.error_code, fetch);
	mode.efer = 0;
	mode.cr4 = SMEP;
	EXPECT_EQ(walk(&mode, 0, fetch, &out), NACRE_WALK_FAULT);
	EXPECT_EQ(out.error_code, fetch);
}

static const struct host_case cases[] = {
	HOST_CASE(without_paging),
	HOST_CASE(large_pages),
	HOST_CASE(pse36),
	HOST_CASE(accessed_and_dirty),
	HOST_CASE(tables_in_rom),
	HOST_CASE(restless_tables),
	HOST_CASE(tables_outside_memory),
	HOST_CASE(pae_pdptes),
	HOST_CASE(fetch_flag),
	HOST_CASE(rights_of_all_levels),
	HOST_CASE(random_walks_legacy),
	HOST_CASE(random_walks_pae),
	HOST_CASE(random_walks_4_levels),
	HOST_CASE(random_walks_5_levels),
};

HOST_MAIN(cases)
