// SPDX-License-Identifier: GPL-2.0
/* Guest memory: regions, and the bounds of a translation. */
#include "host_test.h"
#include "nacre.h"

#define MIB (1ULL << 20)

static struct nacre_memory *memory;
static struct nacre_error error;

static void make(void)
{
	if (nacre_memory_create(&memory, &error) ||
	    nacre_memory_add(memory, 4 * MIB, 2 * MIB, &error) ||
	    nacre_memory_add(memory, 0, MIB, &error) ||
	    nacre_memory_add(memory, MIB, 4096, &error))
		abort();
}

static void bounds(void)
{
	make();
	EXPECT(nacre_memory_at(memory, 0, MIB));
	EXPECT(nacre_memory_at(memory, MIB - 1, 1));
	EXPECT(!nacre_memory_at(memory, MIB - 1, 2));
	EXPECT(!nacre_memory_at(memory, 0, MIB + 1));
	EXPECT(nacre_memory_at(memory, MIB, 4096));
	EXPECT(!nacre_memory_at(memory, MIB + 4096, 0));
	EXPECT(nacre_memory_at(memory, MIB + 4095, 0));
	EXPECT(!nacre_memory_at(memory, 4 * MIB - 1, 1));
	EXPECT(nacre_memory_at(memory, 6 * MIB - 1, 1));
	EXPECT(!nacre_memory_at(memory, 6 * MIB, 1));
	EXPECT(!nacre_memory_at(memory, 5 * MIB, ~0ULL));
	EXPECT(!nacre_memory_at(memory, ~0ULL, 1));
	EXPECT(!nacre_memory_at(memory, ~0ULL, ~0ULL));
	EXPECT_EQ((char *)nacre_memory_at(memory, 5 * MIB, 1) -
		  (char *)nacre_memory_at(memory, 4 * MIB, 1), MIB);
	nacre_memory_destroy(memory);
}

static void regions_by_address(void)
{
	const struct nacre_memory_region *r;
	unsigned int count;

	make();
	r = nacre_memory_regions(memory, &count);
	EXPECT_EQ(count, 3);
	EXPECT_EQ(r[0].gpa, 0);
	EXPECT_EQ(r[1].gpa, MIB);
	EXPECT_EQ(r[2].gpa, 4 * MIB);
	EXPECT_EQ(r[2].size, 2 * MIB);
	nacre_memory_destroy(memory);
}

static int add(uint64_t gpa, uint64_t size)
{
	memset(&error, 0, sizeof(error));
	return nacre_memory_add(memory, gpa, size, &error);
}

static void refused(void)
{
	make();
	EXPECT_EQ(add(2 * MIB, 0), -EINVAL);
	EXPECT_EQ(add(2 * MIB + 1, 4096), -EINVAL);
	EXPECT_EQ(add(2 * MIB, 4097), -EINVAL);
	EXPECT_EQ(add(~0xfffULL, 0x2000), -EINVAL);
	EXPECT_EQ(add(3 * MIB, 2 * MIB), -EEXIST);
	EXPECT_EQ(add(5 * MIB, 2 * MIB), -EEXIST);
	EXPECT_EQ(add(5 * MIB, 4096), -EEXIST);
	EXPECT_EQ(add(2 * MIB, 8 * MIB), -EEXIST);
	EXPECT_EQ(error.number, EEXIST);
	EXPECT(error.message[0]);
	EXPECT_EQ(add(8 * MIB, 1ULL << 60), -ENOMEM);
	EXPECT_EQ(add(6 * MIB, 4096), 0);
	nacre_memory_destroy(memory);
}

/* Without huge pages that fit, the second level of translation has none. */
static void huge_pages_line_up(void)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		uint64_t gpa = 4096ULL * (i * 97 % 512);
		uint8_t *host;

		if (nacre_memory_create(&memory, &error))
			abort();
		EXPECT_EQ(add(gpa, 4 * MIB), 0);
		host = nacre_memory_at(memory, gpa, 4 * MIB);
		EXPECT(host);
		EXPECT_EQ(((uintptr_t)host - gpa) % (2 * MIB), 0);
		EXPECT_EQ(host[0], 0);
		host[4 * MIB - 1] = 1;
		nacre_memory_destroy(memory);
	}
}

static void no_error_wanted(void)
{
	make();
	EXPECT_EQ(nacre_memory_add(memory, 1, 1, NULL), -EINVAL);
	nacre_memory_destroy(memory);
	nacre_memory_destroy(NULL);
}

static const struct host_case cases[] = {
	HOST_CASE(bounds),
	HOST_CASE(regions_by_address),
	HOST_CASE(refused),
	HOST_CASE(huge_pages_line_up),
	HOST_CASE(no_error_wanted),
};

HOST_MAIN(cases)
