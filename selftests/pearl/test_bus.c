// SPDX-License-Identifier: GPL-2.0
/* The bus: who answers, and how an access is taken apart. */
#include "device.h"
#include "host_test.h"

/* A device that writes down what it is asked. */
struct recorder {
	struct pearl_region region;
	unsigned int count;
	struct {
		uint64_t offset;
		unsigned int size;
		uint64_t value;
	} seen[16];
};

static void record(struct pearl_region *region, uint64_t offset,
		   unsigned int size, uint64_t value)
{
	struct recorder *r = container_of(region, struct recorder, region);

	if (r->count == ARRAY_SIZE(r->seen))
		abort();
	r->seen[r->count].offset = offset;
	r->seen[r->count].size = size;
	r->seen[r->count++].value = value;
}

/* Each byte of the device reads as its offset. */
static uint64_t answer(struct pearl_region *region, uint64_t offset,
		       unsigned int size)
{
	uint64_t value = 0;
	unsigned int i;

	record(region, offset, size, 0);
	for (i = 0; i < 8; i++)
		value |= (offset + i & 0xff) << 8 * i;
	return value;
}

#define RECORDER(at, bytes, width) {			\
	.region = {					\
		.name = "recorder",			\
		.base = at,				\
		.size = bytes,				\
		.widest = width,			\
		.read = answer,				\
		.write = record,			\
	}						\
}

static void overlaps_are_refused(void)
{
	struct pearl_bus bus = { 0 };
	struct recorder a = RECORDER(0x100, 8, 1), b = RECORDER(0x107, 1, 1);
	struct recorder c = RECORDER(0xf0, 0x11, 1), d = RECORDER(0x108, 8, 1);
	struct recorder e = RECORDER(0xff, 1, 1), f = RECORDER(0, 0x10000, 1);

	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &a.region), 0);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &b.region), -EEXIST);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &c.region), -EEXIST);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &f.region), -EEXIST);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &d.region), 0);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &e.region), 0);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_MMIO, &b.region), 0);
	pearl_bus_remove(&bus, PEARL_PIO, &a.region);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &a.region), 0);
}

static void nonsense_is_refused(void)
{
	struct pearl_bus bus = { 0 };
	struct recorder empty = RECORDER(0x100, 0, 1);
	struct recorder wraps = RECORDER(~0ULL, 2, 1);
	struct recorder ports = RECORDER(0xffff, 2, 1);
	struct recorder width = RECORDER(0x100, 8, 3);
	struct recorder top = RECORDER(~0ULL, 1, 1);

	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &empty.region), -EINVAL);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_MMIO, &wraps.region), -EINVAL);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &ports.region), -EINVAL);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &width.region), -EINVAL);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_MMIO, &ports.region), 0);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_MMIO, &top.region), 0);
}

static void nobody_answers(void)
{
	struct pearl_bus bus = { 0 };
	uint64_t value = 0;

	pearl_bus_read(&bus, PEARL_MMIO, 0x1000, &value, 8);
	EXPECT_EQ(value, -1);
	value = 0;
	pearl_bus_read(&bus, PEARL_PIO, 0x80, &value, 2);
	EXPECT_EQ(value, 0xffff);
	pearl_bus_write(&bus, PEARL_PIO, 0xffff, &value, 4);
}

static void wide_accesses_are_split(void)
{
	struct pearl_bus bus = { 0 };
	struct recorder r = RECORDER(0x3f8, 8, 1);
	uint32_t value = 0x44332211;

	EXPECT_EQ(pearl_bus_add(&bus, PEARL_PIO, &r.region), 0);
	pearl_bus_write(&bus, PEARL_PIO, 0x3fa, &value, 4);
	EXPECT_EQ(r.count, 4);
	EXPECT_EQ(r.seen[0].offset, 2);
	EXPECT_EQ(r.seen[0].value, 0x11);
	EXPECT_EQ(r.seen[3].offset, 5);
	EXPECT_EQ(r.seen[3].value, 0x44);
	pearl_bus_read(&bus, PEARL_PIO, 0x3f8, &value, 4);
	EXPECT_EQ(value, 0x03020100);
}

static void unaligned_accesses_are_split(void)
{
	struct pearl_bus bus = { 0 };
	struct recorder r = RECORDER(0x1001, 15, 8);
	uint64_t value = 0;

	EXPECT_EQ(pearl_bus_add(&bus, PEARL_MMIO, &r.region), 0);
	pearl_bus_read(&bus, PEARL_MMIO, 0x1004, &value, 8);
	EXPECT_EQ(value, 0x0a09080706050403);
	EXPECT_EQ(r.count, 4);
	EXPECT_EQ(r.seen[0].size, 1);
	EXPECT_EQ(r.seen[1].size, 4);
	EXPECT_EQ(r.seen[2].size, 2);
	EXPECT_EQ(r.seen[3].size, 1);
}

/* Into a device, and out of it again. */
static void edges(void)
{
	struct pearl_bus bus = { 0 };
	struct recorder r = RECORDER(0x102, 2, 4);
	uint64_t value = 0;

	EXPECT_EQ(pearl_bus_add(&bus, PEARL_MMIO, &r.region), 0);
	pearl_bus_read(&bus, PEARL_MMIO, 0x100, &value, 8);
	EXPECT_EQ(value, 0xffffffff0100ffff);
	EXPECT_EQ(r.count, 1);
	EXPECT_EQ(r.seen[0].size, 2);
}

/* Whatever the guest does, a device sees what its contract says. */
static void any_access(void)
{
	struct pearl_bus bus = { 0 };
	struct recorder r = RECORDER(0x10, 21, 4), s = RECORDER(0x25, 3, 2);
	u64 seed = 1, i, j;

	EXPECT_EQ(pearl_bus_add(&bus, PEARL_MMIO, &s.region), 0);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_MMIO, &r.region), 0);
	for (i = 0; i < 20000; i++) {
		uint64_t at = host_random(&seed) % 64;
		unsigned int size = 1 + host_random(&seed) % 8;
		uint8_t data[8], want;

		r.count = s.count = 0;
		pearl_bus_read(&bus, PEARL_MMIO, at, data, size);
		for (j = 0; j < size; j++) {
			want = 0xff;
			if (at + j - 0x10 < 21)
				want = at + j - 0x10;
			else if (at + j - 0x25 < 3)
				want = at + j - 0x25;
			EXPECT_EQ(data[j], want);
		}
		for (j = 0; j < r.count; j++) {
			EXPECT(r.seen[j].size <= 4);
			EXPECT_EQ(r.seen[j].offset % r.seen[j].size, 0);
			EXPECT(r.seen[j].offset + r.seen[j].size <= 21);
		}
	}
}

static const struct host_case cases[] = {
	HOST_CASE(overlaps_are_refused),
	HOST_CASE(nonsense_is_refused),
	HOST_CASE(nobody_answers),
	HOST_CASE(wide_accesses_are_split),
	HOST_CASE(unaligned_accesses_are_split),
	HOST_CASE(edges),
	HOST_CASE(any_access),
};

HOST_MAIN(cases)
