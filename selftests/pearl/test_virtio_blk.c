// SPDX-License-Identifier: GPL-2.0
/*
 * A disk for a guest, by the VIRTIO specification, "Block Device": what is read
 * is what is in the file, what is written is there then, and what is outside,
 * malformed or unknown is refused and changes nothing.
 */
#include <linux/virtio_blk.h>
#include <sys/stat.h>

#include "devices/virtio_devices.h"
#include "virtio_driver.h"

#define BYTES 0x100000
#define SECTORS (BYTES / 512)
#define FLUSH (1ULL << VIRTIO_BLK_F_FLUSH)
#define TABLE_SIZE 128

#define HEADER (DATA - 0x1000)
#define STATUS (DATA - 0x800)

static char path[40];
static int file;
static struct nacre_error error;

static struct pearl_virtio *open_disk(bool readonly)
{
	memset(&error, 0, sizeof(error));
	return pearl_virtio_blk_create(path, readonly, 3, &error);
}

/* A file of random bytes, as a disk that a driver has. */
static bool make(bool readonly)
{
	static uint8_t bytes[BYTES];
	uint64_t seed = 11;
	unsigned int i;

	if (device)
		unplug();
	for (i = 0; i < BYTES; i++)
		bytes[i] = host_random(&seed) >> 8;
	if (ftruncate(file, BYTES) ||
	    pwrite(file, bytes, BYTES, 0) != BYTES)
		return false;
	make_memory();
	return plug(open_disk(readonly), true) &&
	       drive(offered_features(), TABLE_SIZE);
}

static bool file_has(uint64_t sector, uint64_t gpa, size_t bytes)
{
	static uint8_t found[BYTES];

	return pread(file, found, bytes, sector * 512) == (ssize_t)bytes &&
	       !memcmp(found, at(gpa), bytes);
}

static void put_header(uint64_t gpa, uint32_t type, uint64_t sector)
{
	struct virtio_blk_outhdr header = { .type = type, .sector = sector };

	memcpy(at(gpa), &header, sizeof(header));
}

/* The status that the chain from descriptor 0 on comes to; -1: none in time. */
static int run_chain(void)
{
	struct vring_used_elem used;

	*(uint8_t *)at(STATUS) = 0xee;
	offer(&driver.rings[0], 0);
	notify(0);
	if (!wait_used(0, &used) || used.id)
		return -1;
	return *(uint8_t *)at(STATUS);
}

/* Header, data if there is any, status. */
static int request(uint32_t type, uint64_t sector, uint64_t gpa,
		   uint32_t bytes, uint16_t flags)
{
	uint64_t table = driver.rings[0].place.desc;
	unsigned int n = 0;

	put_header(HEADER, type, sector);
	put_desc(table, n++, HEADER, 16, NEXT, 1);
	if (bytes)
		put_desc(table, n++, gpa, bytes, NEXT | flags, 2);
	put_desc(table, n, STATUS, 1, WRITE, 0);
	return run_chain();
}

static int read_disk(uint64_t sector, uint64_t gpa, uint32_t bytes)
{
	return request(VIRTIO_BLK_T_IN, sector, gpa, bytes, WRITE);
}

static int write_disk(uint64_t sector, uint64_t gpa, uint32_t bytes)
{
	return request(VIRTIO_BLK_T_OUT, sector, gpa, bytes, 0);
}

static void is_disk(void)
{
	EXPECT(make(false));
	EXPECT_EQ(get_config(PCI_DEVICE_ID, 2), 0x1042);
	EXPECT_EQ(get_config(PCI_CLASS_DEVICE, 2), 0x0180);
	EXPECT_EQ(mmio_read(driver.config, 4), SECTORS);
	EXPECT_EQ(mmio_read(driver.config + 4, 4), 0);
	EXPECT(offered_features() & FLUSH);
	EXPECT(!(offered_features() & 1ULL << VIRTIO_BLK_F_RO));
	EXPECT(make(true));
	EXPECT(offered_features() & 1ULL << VIRTIO_BLK_F_RO);
	EXPECT(!(offered_features() & 1ULL << VIRTIO_BLK_F_DISCARD));
}

#define EXPECT_NO_DISK(words)						\
	do {								\
		EXPECT(!open_disk(false));				\
		if (!strstr(error.message, words))			\
			host_note("%s", error.message);			\
		EXPECT(strstr(error.message, words));			\
		EXPECT(strstr(error.message, path));			\
		EXPECT(error.number > 0);				\
	} while (0)

static void no_disks(void)
{
	char kept[sizeof(path)];

	if (device)
		unplug();
	EXPECT_EQ(ftruncate(file, 0), 0);
	EXPECT_NO_DISK("0 bytes: not a number of sectors");
	EXPECT_EQ(ftruncate(file, 1025), 0);
	EXPECT_NO_DISK("1025 bytes: not a number of sectors");
	memcpy(kept, path, sizeof(path));
	snprintf(path, sizeof(path), "/tmp");
	EXPECT_NO_DISK("directory");
	snprintf(path, sizeof(path), "/dev/null");
	EXPECT_NO_DISK("neither a regular file nor a block device");
	snprintf(path, sizeof(path), "/nonexistent/x");
	EXPECT_NO_DISK("No such file");
	memcpy(path, kept, sizeof(path));
	path[strlen(path)] = 'f';
	EXPECT_EQ(mkfifo(path, 0600), 0);
	EXPECT_NO_DISK("neither a regular file nor a block device");
	unlink(path);
	memcpy(path, kept, sizeof(path));
}

/* One writes, or many read. */
static void in_use(void)
{
	struct pearl_virtio *first;

	EXPECT_EQ(ftruncate(file, 512), 0);
	first = open_disk(true);
	EXPECT(first);
	EXPECT_NO_DISK("in use");
	first->destroy(first);
	first = open_disk(false);
	EXPECT(first);
	EXPECT_NO_DISK("in use");
	EXPECT(!open_disk(true));
	first->destroy(first);
	first = open_disk(true);
	EXPECT(first);
	EXPECT(plug(open_disk(true), false));
	first->destroy(first);
	EXPECT(unplug());
}

static void reads(void)
{
	EXPECT(make(true));
	EXPECT_EQ(read_disk(0, DATA, 512), VIRTIO_BLK_S_OK);
	EXPECT(file_has(0, DATA, 512));
	EXPECT_EQ(read_disk(SECTORS - 1, DATA, 512), VIRTIO_BLK_S_OK);
	EXPECT(file_has(SECTORS - 1, DATA, 512));
	EXPECT_EQ(read_disk(17, DATA, 0x10000), VIRTIO_BLK_S_OK);
	EXPECT(file_has(17, DATA, 0x10000));
}

static void writes(void)
{
	EXPECT(make(false));
	memset(at(DATA), 0x5a, 0x3000);
	EXPECT_EQ(write_disk(5, DATA, 0x3000), VIRTIO_BLK_S_OK);
	EXPECT(file_has(5, DATA, 0x3000));
	EXPECT_EQ(request(VIRTIO_BLK_T_FLUSH, 0, 0, 0, 0), VIRTIO_BLK_S_OK);
	EXPECT_EQ(read_disk(4, DATA, 1024), VIRTIO_BLK_S_OK);
	EXPECT(file_has(4, DATA, 1024));
	EXPECT_EQ(write_disk(SECTORS - 1, DATA, 512), VIRTIO_BLK_S_OK);
	EXPECT(file_has(SECTORS - 1, DATA, 512));
}

/* A driver that never flushes writes through. */
static void without_flush(void)
{
	EXPECT(make(false));
	EXPECT(drive(VERSION_1, 8));
	memset(at(DATA), 0x33, 512);
	EXPECT_EQ(write_disk(9, DATA, 512), VIRTIO_BLK_S_OK);
	EXPECT(file_has(9, DATA, 512));
}

/* Header and data in pieces of any size, the status behind data. */
static void any_pieces(void)
{
	uint64_t table;

	EXPECT(make(false));
	table = driver.rings[0].place.desc;
	memset(at(DATA), 0x77, 1024);
	put_header(HEADER, VIRTIO_BLK_T_OUT, 2);
	put_desc(table, 0, HEADER, 3, NEXT, 1);
	put_desc(table, 1, HEADER + 3, 12, NEXT, 2);
	/* The header's last byte, and the data's first. */
	((uint8_t *)at(DATA))[-1] = ((uint8_t *)at(HEADER))[15];
	put_desc(table, 2, DATA - 1, 1 + 700, NEXT, 3);
	put_desc(table, 3, DATA + 700, 324, NEXT, 4);
	put_desc(table, 4, STATUS, 1, WRITE, 0);
	EXPECT_EQ(run_chain(), VIRTIO_BLK_S_OK);
	EXPECT(file_has(2, DATA, 1024));
	put_header(HEADER, VIRTIO_BLK_T_IN, 7);
	put_desc(table, 0, HEADER, 16, NEXT, 1);
	put_desc(table, 1, DATA, 1, NEXT | WRITE, 2);
	put_desc(table, 2, STATUS - 511, 512, WRITE, 0);
	EXPECT_EQ(run_chain(), VIRTIO_BLK_S_OK);
	memcpy((uint8_t *)at(DATA) + 1, at(STATUS - 511), 511);
	EXPECT(file_has(7, DATA, 512));
}

static void id(void)
{
	EXPECT(make(true));
	memset(at(DATA), 0xff, 32);
	EXPECT_EQ(request(VIRTIO_BLK_T_GET_ID, 0, DATA, 20, WRITE),
		  VIRTIO_BLK_S_OK);
	EXPECT(!memcmp(at(DATA), "pearl-3\0\0\0\0\0\0\0\0\0\0\0\0\0\xff", 21));
	EXPECT_EQ(request(VIRTIO_BLK_T_GET_ID, 0, DATA + 8, 3, WRITE),
		  VIRTIO_BLK_S_OK);
	EXPECT(!memcmp(at(DATA), "pearl-3\0pea\0", 12));
}

static void unknown(void)
{
	static const uint32_t types[] = { 2, 3, 7, 12, 25, ~0u };
	unsigned int i;

	EXPECT(make(false));
	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(request(types[i], 0, DATA, 512, WRITE),
			  VIRTIO_BLK_S_UNSUPP);
}

static void outside(void)
{
	static const struct {
		uint64_t sector;
		uint32_t bytes;
	} bad[] = {
		{ SECTORS, 512 }, { SECTORS - 1, 1024 }, { ~0ULL, 512 },
		{ ~0ULL / 512 + 1, 512 }, { 1ULL << 55, 512 },
		{ 0, 511 }, { 0, 1 }, { 0, 513 },
	};
	unsigned int i;

	EXPECT(make(false));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(at(DATA), 0x11, 1024);
		EXPECT_EQ(read_disk(bad[i].sector, DATA, bad[i].bytes),
			  VIRTIO_BLK_S_IOERR);
		EXPECT(((uint8_t *)at(DATA))[0] == 0x11);
		EXPECT_EQ(write_disk(bad[i].sector, DATA, bad[i].bytes),
			  VIRTIO_BLK_S_IOERR);
	}
	EXPECT(!file_has(0, DATA, 1) && !file_has(SECTORS - 1, DATA, 512));
	EXPECT_EQ(lseek(file, 0, SEEK_END), BYTES);
}

static int zero(uint32_t type, uint64_t sector, uint32_t sectors,
		uint32_t flags)
{
	struct virtio_blk_discard_write_zeroes range = {
		.sector = sector, .num_sectors = sectors, .flags = flags,
	};

	memcpy(at(DATA + 0x8000), &range, sizeof(range));
	return request(type, 0, DATA + 0x8000, sizeof(range), 0);
}

/* Not every file system knows how to write zeroes and keep the space. */
static void zeroes(void)
{
	int kept;

	EXPECT(make(false));
	memset(at(DATA), 0, 4096);
	EXPECT_EQ(zero(VIRTIO_BLK_T_DISCARD, 8, 8, 0), VIRTIO_BLK_S_OK);
	EXPECT(file_has(8, DATA, 4096));
	EXPECT(!file_has(7, DATA, 512) && !file_has(16, DATA, 512));
	EXPECT_EQ(zero(VIRTIO_BLK_T_WRITE_ZEROES, 33, 3, 1), VIRTIO_BLK_S_OK);
	EXPECT(file_has(33, DATA, 1536));
	kept = zero(VIRTIO_BLK_T_WRITE_ZEROES, 48, 8, 0);
	EXPECT(kept == VIRTIO_BLK_S_UNSUPP ||
	       (kept == VIRTIO_BLK_S_OK && file_has(48, DATA, 4096)));
	EXPECT_EQ(zero(VIRTIO_BLK_T_DISCARD, 8, 8, 1), VIRTIO_BLK_S_UNSUPP);
	EXPECT_EQ(zero(VIRTIO_BLK_T_WRITE_ZEROES, 8, 8, 2),
		  VIRTIO_BLK_S_UNSUPP);
	EXPECT_EQ(zero(VIRTIO_BLK_T_DISCARD, SECTORS - 1, 2, 0),
		  VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(zero(VIRTIO_BLK_T_DISCARD, 0, 0, 0), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(zero(VIRTIO_BLK_T_DISCARD, ~0ULL, ~0u, 0),
		  VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(request(VIRTIO_BLK_T_DISCARD, 0, DATA, 15, 0),
		  VIRTIO_BLK_S_UNSUPP);
	EXPECT_EQ(request(VIRTIO_BLK_T_DISCARD, 0, DATA, 32, 0),
		  VIRTIO_BLK_S_UNSUPP);
	EXPECT_EQ(lseek(file, 0, SEEK_END), BYTES);
}

static void readonly(void)
{
	EXPECT(make(true));
	EXPECT_EQ(read_disk(0, DATA, 4096), VIRTIO_BLK_S_OK);
	memset(at(DATA + 0x1000), 0x22, 4096);
	EXPECT_EQ(write_disk(0, DATA + 0x1000, 4096), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(zero(VIRTIO_BLK_T_DISCARD, 0, 8, 0), VIRTIO_BLK_S_IOERR);
	EXPECT(file_has(0, DATA, 4096));
}

/* The file became shorter behind the disk's back. */
static void shrunk(void)
{
	EXPECT(make(false));
	EXPECT_EQ(ftruncate(file, 1024 + 100), 0);
	EXPECT_EQ(read_disk(1, DATA, 512), VIRTIO_BLK_S_OK);
	EXPECT_EQ(read_disk(2, DATA, 512), VIRTIO_BLK_S_IOERR);
	EXPECT_EQ(read_disk(5, DATA, 512), VIRTIO_BLK_S_IOERR);
}

static void malformed(void)
{
	static const struct {
		uint32_t header;
		bool status;
	} bad[] = { { 15, true }, { 1, true }, { 16, false }, { 512, false } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT(make(false));
		put_header(HEADER, VIRTIO_BLK_T_IN, 0);
		put_desc(driver.rings[0].place.desc, 0, HEADER, bad[i].header,
			 bad[i].status ? NEXT : 0, 1);
		put_desc(driver.rings[0].place.desc, 1, STATUS, 1, WRITE, 0);
		offer(&driver.rings[0], 0);
		notify(0);
		EXPECT(WITHIN(get_common(device_status) &
			      VIRTIO_CONFIG_S_NEEDS_RESET));
		EXPECT(drive(VERSION_1, 8));
		EXPECT_EQ(read_disk(0, DATA, 512), VIRTIO_BLK_S_OK);
	}
}

/* Request @i by a table of its own: a sector there or back. */
static void offer_sector(unsigned int i, uint32_t type)
{
	uint64_t table = 0x1000 + i * 0x40;
	uint64_t base = 0x60000 + i * 0x400;

	put_header(base, type, i);
	put_desc(table, 0, base, 16, NEXT, 1);
	put_desc(table, 1, base + 0x200, 512,
		 NEXT | (type == VIRTIO_BLK_T_IN ? WRITE : 0), 2);
	put_desc(table, 2, base + 0x100, 1, WRITE, 0);
	*(uint8_t *)at(base + 0x100) = 0xee;
	put_desc(driver.rings[0].place.desc, i, table, 48, INDIRECT, 0);
	offer(&driver.rings[0], i);
}

/* As many as there can be, each of them once; over and over. */
static void many_at_once(void)
{
	struct vring_used_elem used;
	unsigned int round, i;

	EXPECT(make(false));
	for (round = 0; round < 50; round++) {
		bool seen[TABLE_SIZE] = { false };
		uint32_t type = round & 1 ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN;

		for (i = 0; i < TABLE_SIZE; i++) {
			if (type == VIRTIO_BLK_T_OUT)
				memset(at(0x60000 + i * 0x400 + 0x200),
				       round + i, 512);
			offer_sector(i, type);
			if (!(i & 15))
				notify(0);
		}
		notify(0);
		for (i = 0; i < TABLE_SIZE; i++) {
			EXPECT(wait_used(0, &used));
			EXPECT(used.id < TABLE_SIZE && !seen[used.id]);
			seen[used.id] = true;
			EXPECT_EQ(*(uint8_t *)at(0x60000 + used.id * 0x400 +
						 0x100), VIRTIO_BLK_S_OK);
			EXPECT(file_has(used.id, 0x60000 + used.id * 0x400 +
					0x200, 512));
		}
	}
}

/* What is under way is done before the reset is. */
static void reset_amid_requests(void)
{
	unsigned int round, i;

	EXPECT(make(false));
	for (round = 0; round < 50; round++) {
		for (i = 0; i < TABLE_SIZE; i++)
			offer_sector(i, VIRTIO_BLK_T_IN);
		notify(0);
		EXPECT(reset_device());
		memset(at(0x60000), 0xdd, TABLE_SIZE * 0x400);
		EXPECT(drive(offered_features(), TABLE_SIZE));
		for (i = 0; i < TABLE_SIZE * 0x400; i++)
			EXPECT_EQ(((uint8_t *)at(0x60000))[i], 0xdd);
	}
	EXPECT_EQ(read_disk(0, DATA, 512), VIRTIO_BLK_S_OK);
	EXPECT(unplug());
}

static const struct host_case cases[] = {
	HOST_CASE(is_disk),
	HOST_CASE(no_disks),
	HOST_CASE(in_use),
	HOST_CASE(reads),
	HOST_CASE(writes),
	HOST_CASE(without_flush),
	HOST_CASE(any_pieces),
	HOST_CASE(id),
	HOST_CASE(unknown),
	HOST_CASE(outside),
	HOST_CASE(zeroes),
	HOST_CASE(readonly),
	HOST_CASE(shrunk),
	HOST_CASE(malformed),
	HOST_CASE(many_at_once),
	HOST_CASE(reset_amid_requests),
};

int main(void)
{
	int status;

	snprintf(path, sizeof(path), "/tmp/pearl-disk.XXXXXX");
	file = mkstemp(path);
	if (file < 0)
		abort();
	status = host_run(cases, ARRAY_SIZE(cases));
	unlink(path);
	return status;
}
