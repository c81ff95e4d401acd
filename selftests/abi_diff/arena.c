// SPDX-License-Identifier: GPL-2.0
/*
 * Fixed addresses and descriptors, so that a call's input is the same on
 * every machine: buffers between guards, guest memory, places that are
 * unmapped, read-only or inaccessible.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi_diff.h"

#define CANARY 0xc5
#define GUARD 128UL
#define BUF_SIZE (BUF_PAGES * PAGE)
/* Room for a guard in front and MAX_BUF behind it. */
#define BUF_START (BUF_ADDR + GUARD)
#define BUF_END (BUF_ADDR + BUF_SIZE)

const char *const place_names[NR_PLACES] = {
	"value", "buffer", "odd", "edge", "cut", "read-only", "NULL", "hole",
	"PROT_NONE", "kernel", "non-canonical",
};

static void *map(uint64_t addr, size_t size, int prot, int flags, int fd)
{
	void *p = mmap((void *)addr, size, prot, flags | MAP_FIXED_NOREPLACE,
		       fd, 0);

	if (p != (void *)addr)
		err(1, "mmap %#lx", (unsigned long)addr);
	return p;
}

static void map_buffer(void)
{
	int anon = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	int fd = memfd_create("abi_diff", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, BUF_SIZE))
		err(1, "memfd");
	map(BUF_ADDR - PAGE, PAGE, PROT_NONE, anon, -1);
	map(BUF_ADDR, BUF_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	map(BUF_END, PAGE, PROT_NONE, anon, -1);
	map(READONLY_ADDR, BUF_SIZE, PROT_READ, MAP_SHARED, fd);
	close(fd);
	memset((void *)BUF_ADDR, CANARY, BUF_SIZE);
}

static void make_events(void)
{
	int fd;

	for (int i = 0; i < NR_EVENTS; i++) {
		fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fd < 0 || dup3(fd, FD_EVENTS + i, O_CLOEXEC) < 0)
			err(1, "eventfd");
		close(fd);
	}
}

void arena_create(void)
{
	int anon = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

	map_buffer();
	map(NONE_ADDR, 16 * PAGE, PROT_NONE, anon, -1);
	map(BITMAP_ADDR, PAGE, PROT_READ | PROT_WRITE, anon, -1);
	map(RAM_ADDR, RAM_SIZE, PROT_READ | PROT_WRITE, anon, -1);
	map(ROM_ADDR, ROM_SIZE, PROT_READ, anon, -1);
	make_events();
}

/* What a sequence may have changed. */
void arena_reset(void)
{
	uint64_t count;

	madvise((void *)RAM_ADDR, RAM_SIZE, MADV_DONTNEED);
	memcpy((void *)RAM_ADDR, guest_image, guest_image_end - guest_image);
	memset((void *)BITMAP_ADDR, 0x0f, PAGE);
	for (int i = 0; i < NR_EVENTS; i++)
		if (read(FD_EVENTS + i, &count, sizeof(count)) < 0 &&
		    errno != EAGAIN)
			err(1, "eventfd");
}

/* The argument of a call. */
uint64_t arena_address(const struct call *c)
{
	switch (c->place) {
	case AT_VALUE:
		return c->value;
	case AT_NULL:
		return 0;
	case AT_HOLE:
		return HOLE_ADDR;
	case AT_NONE:
		return NONE_ADDR;
	case AT_KERNEL:
		return 0xffff888000000000;
	case AT_NONCANON:
		return 0x800000000000;
	case AT_ODD:
		return BUF_START + 1;
	case AT_EDGE:
		return BUF_END - c->room;
	case AT_CUT:
		return BUF_END - c->room + c->cut;
	case AT_READONLY:
		return BUF_START - BUF_ADDR + READONLY_ADDR;
	default:
		return BUF_START;
	}
}

/* The same, with the call's bytes put there. */
uint64_t arena_place(const struct call *c)
{
	uint64_t addr = arena_address(c);
	uint8_t *to = c->place == AT_VALUE ? NULL : arena_data(addr);

	for (uint32_t i = 0; to && i < c->room; i++) {
		if (to + i >= (uint8_t *)BUF_END)
			break;
		to[i] = i < c->len ? c->buf[i] : 0xa5;
	}
	return addr;
}

uint8_t *arena_data(uint64_t addr)
{
	if (addr >= BUF_ADDR && addr < BUF_END)
		return (uint8_t *)addr;
	if (addr >= READONLY_ADDR && addr < READONLY_ADDR + BUF_SIZE)
		return (uint8_t *)(addr - READONLY_ADDR + BUF_ADDR);
	return NULL;
}

/* Looks, and makes the buffer ready for the next call. */
bool arena_guards_intact(uint64_t addr, size_t room)
{
	uint8_t *data = arena_data(addr);
	uint8_t *from = data - GUARD, *to = data + room + GUARD;
	bool ok = true;

	if (from < (uint8_t *)BUF_ADDR)
		from = (uint8_t *)BUF_ADDR;
	if (to > (uint8_t *)BUF_END)
		to = (uint8_t *)BUF_END;
	for (uint8_t *p = from; p < to; p++) {
		if (p >= data && p < data + room)
			continue;
		ok &= *p == CANARY;
	}
	memset(from, CANARY, to - from);
	return ok;
}

/* The guest's data and stack. */
uint64_t arena_guest_hash(void)
{
	const uint64_t *from = (void *)(RAM_ADDR + GUEST_DATA);
	const uint64_t *to = (void *)(RAM_ADDR + GUEST_STACK);
	uint64_t h = 0;

	for (; from < to; from++)
		h = (h ^ *from) * 0x9e3779b97f4a7c15ULL;
	return h ^ (h >> 32);
}
