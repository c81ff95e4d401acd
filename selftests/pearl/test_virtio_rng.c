// SPDX-License-Identifier: GPL-2.0
/* Random numbers for a guest, by the VIRTIO specification, "Entropy Device". */
#include "devices/virtio_devices.h"
#include "virtio_driver.h"

static bool make(void)
{
	make_memory();
	return plug(pearl_virtio_rng_create(), true) &&
	       drive(VERSION_1 | 1ULL << VIRTIO_RING_F_INDIRECT_DESC, 8);
}

static bool ask(uint64_t gpa, uint32_t bytes, struct vring_used_elem *used)
{
	put_desc(driver.rings[0].place.desc, 0, gpa, bytes, WRITE, 0);
	offer(&driver.rings[0], 0);
	notify(0);
	return wait_used(0, used);
}

static void is_rng(void)
{
	EXPECT(make());
	EXPECT_EQ(get_config(PCI_DEVICE_ID, 2), 0x1044);
	EXPECT_EQ(get_common(num_queues), 1);
	EXPECT(unplug());
}

/* Twice the same 64 bytes are none; what is said to be written is. */
static void bytes(void)
{
	struct vring_used_elem used;
	uint8_t first[64];

	EXPECT(make());
	EXPECT(ask(DATA, 64, &used));
	EXPECT_EQ(used.len, 64);
	memcpy(first, at(DATA), 64);
	EXPECT(ask(DATA, 64, &used));
	EXPECT(memcmp(first, at(DATA), 64));
	EXPECT(ask(DATA, 1, &used));
	EXPECT_EQ(used.len, 1);
	/* Some of what is asked for, and no more than was said. */
	memset(at(DATA), 0, 0x2000);
	EXPECT(ask(DATA, 0x2000, &used));
	EXPECT(used.len >= 1 && used.len < 0x2000);
	memset(first, 0, sizeof(first));
	EXPECT(!memcmp((uint8_t *)at(DATA) + used.len, first, 64));
	EXPECT(memcmp(at(DATA), first, 64));
	EXPECT(unplug());
}

static void several_buffers(void)
{
	struct vring_used_elem used;
	uint64_t table;

	EXPECT(make());
	table = driver.rings[0].place.desc;
	memset(at(DATA), 0, 48);
	put_desc(table, 1, DATA, 16, NEXT | WRITE, 2);
	put_desc(table, 2, DATA + 32, 16, WRITE, 0);
	offer(&driver.rings[0], 1);
	notify(0);
	EXPECT(wait_used(0, &used));
	EXPECT_EQ(used.id, 1);
	EXPECT_EQ(used.len, 32);
	EXPECT(!((uint64_t *)at(DATA))[2] && !((uint64_t *)at(DATA))[3]);
	EXPECT(((uint64_t *)at(DATA))[4] || ((uint64_t *)at(DATA))[5]);
	EXPECT(unplug());
}

/* A buffer that is there to be read gets nothing. */
static void to_be_read(void)
{
	struct vring_used_elem used;

	EXPECT(make());
	memset(at(DATA), 0, 16);
	put_desc(driver.rings[0].place.desc, 0, DATA, 16, 0, 0);
	offer(&driver.rings[0], 0);
	notify(0);
	EXPECT(wait_used(0, &used));
	EXPECT_EQ(used.len, 0);
	EXPECT(!((uint64_t *)at(DATA))[0]);
	EXPECT(unplug());
}

static const struct host_case cases[] = {
	HOST_CASE(is_rng),
	HOST_CASE(bytes),
	HOST_CASE(several_buffers),
	HOST_CASE(to_be_read),
};

HOST_MAIN(cases)
