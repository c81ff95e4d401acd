// SPDX-License-Identifier: GPL-2.0
/*
 * The Linux loader: what it makes of a good image, and that no damaged one
 * gets past it or makes it read where it should not.
 */
#include <ctype.h>

#include "bzimage.h"
#include "host_test.h"
#include "nacre.h"

#define MIB (1ULL << 20)

static uint8_t image[BZ_SIZE];
static struct nacre_error error;

/* From a copy of exactly that size, so that the sanitizer sees its end. */
static int parse(size_t size)
{
	struct nacre_linux_header header;
	uint8_t *copy = malloc(size ? size : 1);
	int err;

	memcpy(copy, image, size);
	memset(&error, 0, sizeof(error));
	err = nacre_linux_parse(copy, size, &header, &error);
	free(copy);
	return err;
}

/* Refused, with these words, in one line. */
static bool refused(size_t size, const char *words)
{
	const char *p;

	if (parse(size) != -ENOEXEC || error.number != ENOEXEC ||
	    !strstr(error.message, words)) {
		host_note("'%s' lacks '%s'", error.message, words);
		return false;
	}
	for (p = error.message; *p; p++)
		if (!isprint((unsigned char)*p))
			return false;
	return true;
}

static void good_header(void)
{
	struct nacre_linux_header h;

	bz_make(image);
	EXPECT_EQ(nacre_linux_parse(image, BZ_SIZE, &h, &error), 0);
	EXPECT_EQ(h.version, 0x20f);
	EXPECT_EQ(h.setup_bytes, BZ_SETUP);
	EXPECT_EQ(h.kernel_bytes, BZ_KERNEL);
	EXPECT_EQ(h.pref_address, BZ_PREF);
	EXPECT_EQ(h.init_size, BZ_INIT_SIZE);
	EXPECT_EQ(h.alignment, BZ_ALIGNMENT);
	EXPECT(h.relocatable);
	EXPECT_EQ(h.initrd_addr_max, BZ_INITRD_MAX);
	EXPECT_EQ(h.cmdline_max, BZ_CMDLINE_MAX);
}

static void no_image(void)
{
	EXPECT(refused(0, "empty"));
	memset(image, 0, sizeof(image));
	EXPECT(refused(BZ_SIZE, "no setup header"));
	EXPECT(refused(1, "no setup header"));
	memcpy(image, "\177ELF", 4);
	EXPECT(refused(BZ_SIZE, "ELF"));
	EXPECT(refused(4, "ELF"));
	memcpy(image, "\x1f\x8b", 2);
	EXPECT(refused(BZ_SIZE, "gzip"));
	bz_make(image);
	bz_put(image, 0x1fe, 0x55aa, 2);
	EXPECT(refused(BZ_SIZE, "no setup header"));
	bz_make(image);
	image[0x202] ^= 1;
	EXPECT(refused(BZ_SIZE, "no setup header"));
}

static void wrong_kind(void)
{
	bz_make(image);
	bz_put(image, 0x206, 0x020b, 2);
	EXPECT(refused(BZ_SIZE, "2.11 is too old"));
	bz_put(image, 0x206, 0, 2);
	EXPECT(refused(BZ_SIZE, "0.0 is too old"));
	bz_make(image);
	bz_put(image, 0x211, 0, 1);
	EXPECT(refused(BZ_SIZE, "zImage"));
	bz_make(image);
	bz_put(image, 0x236, 0xfffe, 2);
	EXPECT(refused(BZ_SIZE, "32-bit"));
}

static void damaged_values(void)
{
	static const struct {
		unsigned int at, bytes;
		uint64_t value;
		const char *words;
	} damage[] = {
		{ 0x230, 4, 0, "kernel_alignment" },
		{ 0x230, 4, 0x200001, "kernel_alignment" },
		{ 0x230, 4, 0x800, "kernel_alignment" },
		{ 0x230, 4, 0x80000000, "kernel_alignment" },
		{ 0x1f4, 4, 0, "syssize" },
		{ 0x1f4, 4, 0x20, "syssize" },
		{ 0x1f4, 4, 0xffffffff, "init_size" },
		{ 0x260, 4, 0, "init_size" },
		{ 0x258, 8, 0, "pref_address" },
		{ 0x258, 8, BZ_PREF + 0x1000, "pref_address" },
		{ 0x258, 8, ~0ULL << 21, "pref_address" },
		{ 0x1f1, 1, 0xff, "truncated" },
		{ 0x1f1, 1, 0, "truncated" },
		{ 0x1f4, 4, BZ_KERNEL / 16 + 1, "truncated" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(damage); i++) {
		bz_make(image);
		bz_put(image, damage[i].at, damage[i].value, damage[i].bytes);
		EXPECT(refused(BZ_SIZE, damage[i].words));
	}
}

static void every_truncation(void)
{
	size_t size;

	bz_make(image);
	for (size = 0; size < BZ_SIZE - 15; size++)
		EXPECT_EQ(parse(size), -ENOEXEC);
	EXPECT(refused(BZ_SIZE - 16, "truncated"));
	EXPECT(refused(0x230, "truncated within"));
	EXPECT(refused(BZ_SETUP, "truncated"));
	/* The last paragraph may be short: a loader copies what there is. */
	EXPECT_EQ(parse(BZ_SIZE - 15), 0);
	EXPECT_EQ(parse(BZ_SIZE), 0);
}

/*
 * A machine with @mib of memory and a hole at 0xa0000 to 1 MiB; above 4 GiB
 * too if @high.
 */
struct guest {
	struct nacre_memory *memory;
	struct nacre_e820 map[4];
	struct nacre_linux boot;
	struct nacre_linux_place place;
};

static void guest_make(struct guest *g, uint64_t mib, bool high)
{
	memset(g, 0, sizeof(*g));
	memset(&error, 0, sizeof(error));
	if (nacre_memory_create(&g->memory, &error) ||
	    nacre_memory_add(g->memory, 0, mib * MIB, &error) ||
	    (high && nacre_memory_add(g->memory, 4096 * MIB, 64 * MIB,
				      &error)))
		abort();
	g->map[0] = (struct nacre_e820){ 0, 0xa0000, NACRE_E820_RAM };
	g->map[1] = (struct nacre_e820){ 0xa0000, 0x60000,
					 NACRE_E820_RESERVED };
	g->map[2] = (struct nacre_e820){ MIB, (mib - 1) * MIB,
					 NACRE_E820_RAM };
	g->map[3] = (struct nacre_e820){ 4096 * MIB, 64 * MIB,
					 NACRE_E820_RAM };
	g->boot.image = image;
	g->boot.image_size = BZ_SIZE;
	g->boot.cmdline = "console=ttyS0 quiet";
	g->boot.map = g->map;
	g->boot.map_rows = high ? 4 : 3;
	g->boot.rsdp = 0xe0000;
	bz_make(image);
}

static int guest_load(struct guest *g)
{
	return nacre_linux_load(g->memory, &g->boot, &g->place, &error);
}

static uint64_t at(struct guest *g, uint64_t gpa, unsigned int bytes)
{
	uint64_t value = 0;

	memcpy(&value, nacre_memory_at(g->memory, gpa, bytes), bytes);
	return value;
}

static void loaded(void)
{
	static const char initrd[] = "an initrd of a few bytes";
	struct guest g;
	const uint64_t p = NACRE_LINUX_PARAMS;

	guest_make(&g, 64, true);
	g.boot.initrd = initrd;
	g.boot.initrd_size = sizeof(initrd);
	EXPECT_EQ(guest_load(&g), 0);
	EXPECT_EQ(g.place.kernel, BZ_PREF);
	EXPECT_EQ(g.place.entry, BZ_PREF + 0x200);
	EXPECT_EQ(g.place.initrd, 64 * MIB - 4096);
	EXPECT(!memcmp(nacre_memory_at(g.memory, BZ_PREF, BZ_KERNEL),
		       image + BZ_SETUP, BZ_KERNEL));
	EXPECT(!memcmp(nacre_memory_at(g.memory, g.place.initrd,
				       sizeof(initrd)),
		       initrd, sizeof(initrd)));
	EXPECT(!strcmp(nacre_memory_at(g.memory, NACRE_LINUX_CMDLINE, 64),
		       "console=ttyS0 quiet"));
	EXPECT_EQ(at(&g, p + 0x206, 2), 0x20f);
	EXPECT_EQ(at(&g, p + 0x210, 1), 0xff);
	EXPECT_EQ(at(&g, p + 0x218, 4), g.place.initrd);
	EXPECT_EQ(at(&g, p + 0x21c, 4), sizeof(initrd));
	EXPECT_EQ(at(&g, p + 0x228, 4), NACRE_LINUX_CMDLINE);
	EXPECT_EQ(at(&g, p + 0x250, 8), 0);
	EXPECT_EQ(at(&g, p + 0x258, 8), BZ_PREF);
	EXPECT_EQ(at(&g, p + 0x070, 8), 0xe0000);
	EXPECT_EQ(at(&g, p + 0x1e8, 1), 4);
	EXPECT_EQ(at(&g, p + 0x2d0 + 20, 8), 0xa0000);
	EXPECT_EQ(at(&g, p + 0x2d0 + 28, 8), 0x60000);
	EXPECT_EQ(at(&g, p + 0x2d0 + 36, 4), NACRE_E820_RESERVED);
	EXPECT_EQ(at(&g, p + 0x2d0 + 60, 8), 4096 * MIB);
	nacre_memory_destroy(g.memory);
}

/* As the processor walks them. */
static void tables_map_one_to_one(void)
{
	uint64_t address, entry;
	struct guest g;

	guest_make(&g, 64, false);
	EXPECT_EQ(guest_load(&g), 0);
	for (address = 0; address < 4096 * MIB; address += 2 * MIB) {
		entry = at(&g, NACRE_LINUX_TABLES + 8 * (address >> 39), 8);
		EXPECT_EQ(entry & 0xfff, 3);
		entry = at(&g, (entry & ~0xfffULL) + 8 * (address >> 30), 8);
		EXPECT_EQ(entry & 0xfff, 3);
		entry = at(&g, (entry & ~0xfffULL) +
			   8 * (address >> 21 & 511), 8);
		EXPECT_EQ(entry, address | 0x83);
	}
	EXPECT_EQ(at(&g, NACRE_LINUX_TABLES + 8, 8), 0);
	EXPECT_EQ(at(&g, NACRE_LINUX_GDT + 0x10, 8), 0x00af9b000000ffff);
	EXPECT_EQ(at(&g, NACRE_LINUX_GDT + 0x18, 8), 0x00cf93000000ffff);
	nacre_memory_destroy(g.memory);
}

/* A header longer than boot_params has room for ends where that does. */
static void long_header(void)
{
	struct guest g;

	guest_make(&g, 64, false);
	image[0x201] = 0xff;
	memset(image + 0x268, 0xee, BZ_SETUP - 0x268);
	EXPECT_EQ(guest_load(&g), 0);
	EXPECT_EQ(at(&g, NACRE_LINUX_PARAMS + 0x28f, 1), 0xee);
	EXPECT_EQ(at(&g, NACRE_LINUX_PARAMS + 0x290, 1), 0);
	EXPECT_EQ(at(&g, NACRE_LINUX_PARAMS + 0x2d0, 8), 0);
	EXPECT_EQ(at(&g, NACRE_LINUX_PARAMS + 0x2d8, 8), 0xa0000);
	nacre_memory_destroy(g.memory);
}

static void cannot_move(void)
{
	struct guest g;

	guest_make(&g, 64, false);
	bz_put(image, 0x234, 0, 1);
	EXPECT_EQ(guest_load(&g), 0);
	EXPECT_EQ(g.place.kernel, BZ_PREF);
	bz_put(image, 0x258, 0x10000000, 8);
	EXPECT_EQ(guest_load(&g), -ENOSPC);
	nacre_memory_destroy(g.memory);
}

/* A preferred address that is no RAM, and RAM above it. */
static void moves_up(void)
{
	struct guest g;

	guest_make(&g, 128, false);
	g.map[2] = (struct nacre_e820){ 33 * MIB, 95 * MIB, NACRE_E820_RAM };
	EXPECT_EQ(guest_load(&g), 0);
	EXPECT_EQ(g.place.kernel, 34 * MIB);
	bz_put(image, 0x234, 0, 1);
	EXPECT_EQ(guest_load(&g), -ENOSPC);
	nacre_memory_destroy(g.memory);
}

static void too_little_memory(void)
{
	struct guest g;

	guest_make(&g, 47, false);
	EXPECT_EQ(guest_load(&g), -ENOSPC);
	EXPECT(strstr(error.message, "needs 48M"));
	nacre_memory_destroy(g.memory);
	guest_make(&g, 48, false);
	EXPECT_EQ(guest_load(&g), 0);
	nacre_memory_destroy(g.memory);
}

static void initrd_places(void)
{
	static uint8_t initrd[17 * MIB];
	struct guest g;

	/* Below the kernel if not above it, and not over it. */
	guest_make(&g, 50, false);
	g.boot.initrd = initrd;
	g.boot.initrd_size = 15 * MIB;
	EXPECT_EQ(guest_load(&g), 0);
	EXPECT_EQ(g.place.initrd, 1 * MIB);
	g.boot.initrd_size = 15 * MIB + 1;
	EXPECT_EQ(guest_load(&g), -ENOSPC);
	EXPECT(strstr(error.message, "64M would do"));
	nacre_memory_destroy(g.memory);

	guest_make(&g, 64, false);
	g.boot.initrd = initrd;
	g.boot.initrd_size = 16 * MIB;
	EXPECT_EQ(guest_load(&g), 0);
	EXPECT_EQ(g.place.initrd, 48 * MIB);

	/* The last address that the kernel allows is one it may use. */
	bz_put(image, 0x22c, 40 * MIB - 1, 4);
	g.boot.initrd_size = 4096;
	EXPECT_EQ(guest_load(&g), 0);
	EXPECT_EQ(g.place.initrd, 16 * MIB - 4096);
	bz_put(image, 0x22c, 16 * MIB - 1, 4);
	EXPECT_EQ(guest_load(&g), 0);
	EXPECT_EQ(g.place.initrd, 16 * MIB - 4096);
	g.boot.initrd_size = 17 * MIB;
	EXPECT_EQ(guest_load(&g), -ENOSPC);
	EXPECT(strstr(error.message, "too large"));
	nacre_memory_destroy(g.memory);
}

static void cmdline_length(void)
{
	static char line[NACRE_LINUX_CMDLINE_MAX + 2];
	struct guest g;

	guest_make(&g, 64, false);
	memset(line, 'x', BZ_CMDLINE_MAX);
	g.boot.cmdline = line;
	EXPECT_EQ(guest_load(&g), 0);
	line[BZ_CMDLINE_MAX] = 'y';
	EXPECT_EQ(guest_load(&g), -E2BIG);
	EXPECT(strstr(error.message, "2047"));
	bz_put(image, 0x238, 0xffffffff, 4);
	memset(line, 'x', NACRE_LINUX_CMDLINE_MAX - 1);
	EXPECT_EQ(guest_load(&g), 0);
	line[NACRE_LINUX_CMDLINE_MAX - 1] = 'y';
	EXPECT_EQ(guest_load(&g), -E2BIG);
	nacre_memory_destroy(g.memory);
}

static void map_that_lies(void)
{
	struct guest g;

	guest_make(&g, 64, false);
	g.boot.map_rows = NACRE_E820_MAX + 1;
	EXPECT_EQ(guest_load(&g), -EINVAL);
	g.boot.map_rows = 3;
	g.map[2].gpa = 64 * MIB;
	EXPECT_EQ(guest_load(&g), -EFAULT);
	g.map[2] = (struct nacre_e820){ ~0ULL, ~0ULL, NACRE_E820_RAM };
	EXPECT_EQ(guest_load(&g), -ENOSPC);
	g.boot.map_rows = 0;
	EXPECT_EQ(guest_load(&g), -ENOSPC);
	nacre_memory_destroy(g.memory);
}

/* Any header: refused, or everything is where memory is. */
static void random_damage(void)
{
	static uint8_t initrd[8192];
	u64 seed = 2, loads = 0;
	unsigned int i, n;
	struct guest g;
	int err;

	guest_make(&g, 64, true);
	g.boot.initrd = initrd;
	g.boot.initrd_size = sizeof(initrd);
	for (i = 0; i < 200000; i++) {
		bz_make(image);
		for (n = host_random(&seed) % 4 + 1; n; n--)
			image[0x1f1 + host_random(&seed) % 0x80] =
				host_random(&seed) >> host_random(&seed) % 60;
		err = guest_load(&g);
		if (err) {
			EXPECT(err == -ENOEXEC || err == -ENOSPC ||
			       err == -E2BIG);
			continue;
		}
		loads++;
		EXPECT(g.place.kernel >= MIB && g.place.initrd >= MIB);
		EXPECT(g.place.initrd + sizeof(initrd) <= 64 * MIB);
	}
	host_note("%llu of %u images were sound", (unsigned long long)loads, i);
	EXPECT(loads > i / 100);
	nacre_memory_destroy(g.memory);
}

static const struct host_case cases[] = {
	HOST_CASE(good_header),
	HOST_CASE(no_image),
	HOST_CASE(wrong_kind),
	HOST_CASE(damaged_values),
	HOST_CASE(every_truncation),
	HOST_CASE(loaded),
	HOST_CASE(tables_map_one_to_one),
	HOST_CASE(long_header),
	HOST_CASE(cannot_move),
	HOST_CASE(moves_up),
	HOST_CASE(too_little_memory),
	HOST_CASE(initrd_places),
	HOST_CASE(cmdline_length),
	HOST_CASE(map_that_lies),
	HOST_CASE(random_damage),
};

HOST_MAIN(cases)
