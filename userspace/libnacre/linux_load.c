// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * A kernel, its initrd and what they are told, into guest memory. The kernel
 * goes where it prefers or, if it can and has to, higher: one that is below
 * its preferred address moves itself there before it does anything else. The
 * initrd goes as high as may be, out of the way of what the kernel does first.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"
#include "linux.h"

/* Where the kernel and the initrd may be: what the tables map, less a PC's. */
#define LOW	MIB
#define HIGH	(4 * GIB)

#define PTE_PRESENT	1ULL
#define PTE_WRITE	2ULL
#define PTE_LARGE	0x80ULL
#define PTES		512

/*
 * Flat segments, as the protocol wants them: __BOOT_CS is selector 10h,
 * __BOOT_DS 18h. Intel SDM, Segment Descriptors.
 */
static const uint64_t gdt[] = {
	0,
	0,
	0x00af9b000000ffff,
	0x00cf93000000ffff,
};

struct range {
	uint64_t begin;
	uint64_t end;
};

/* What of a row of the map is RAM that can be used. */
static struct range usable(const struct nacre_e820 *row)
{
	struct range r = { 0, 0 };

	if (row->type != NACRE_E820_RAM || row->gpa > UINT64_MAX - row->size)
		return r;
	r.begin = row->gpa > LOW ? row->gpa : LOW;
	r.end = row->gpa + row->size < HIGH ? row->gpa + row->size : HIGH;
	if (r.begin >= r.end)
		r.begin = r.end = 0;
	return r;
}

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

static unsigned long long in_mib(uint64_t bytes)
{
	return (bytes + MIB - 1) / MIB;
}

/* The first address in @r for the kernel, or 0. */
static uint64_t kernel_in(struct range r, const struct nacre_linux_header *h)
{
	uint64_t at = h->pref_address;

	if (at < r.begin && h->relocatable)
		at = align_up(r.begin, h->alignment);
	if (at < r.begin || at >= r.end || r.end - at < h->init_size)
		return 0;
	return at;
}

static int place_kernel(const struct nacre_linux *boot,
			const struct nacre_linux_header *h,
			struct nacre_linux_place *place,
			struct nacre_error *error)
{
	unsigned int i;

	place->kernel = 0;
	for (i = 0; i < boot->map_rows && !place->kernel; i++)
		place->kernel = kernel_in(usable(&boot->map[i]), h);
	if (!place->kernel)
		return nacre_fail(error, ENOSPC,
				  "too little memory for the kernel: it needs %lluM",
				  in_mib(h->pref_address + h->init_size));
	place->entry = place->kernel + ENTRY_64;
	return 0;
}

/* The highest address in @r for @size bytes, in whole pages, or 0. */
static uint64_t highest_in(struct range r, uint64_t size)
{
	uint64_t at;

	if (r.end <= r.begin || r.end - r.begin < size)
		return 0;
	at = (r.end - size) & ~(PAGE_BYTES - 1);
	return at >= r.begin ? at : 0;
}

/* The same beside @kernel. */
static uint64_t initrd_in(struct range r, struct range kernel, uint64_t size)
{
	struct range above = r, below = r;
	uint64_t at;

	if (kernel.end <= r.begin || kernel.begin >= r.end)
		return highest_in(r, size);
	above.begin = kernel.end;
	below.end = kernel.begin;
	at = highest_in(above, size);
	return at ? at : highest_in(below, size);
}

static int place_initrd(const struct nacre_linux *boot,
			const struct nacre_linux_header *h,
			struct nacre_linux_place *place,
			struct nacre_error *error)
{
	struct range kernel = { place->kernel, place->kernel + h->init_size };
	unsigned int i;

	place->initrd = 0;
	if (!boot->initrd_size)
		return 0;
	for (i = boot->map_rows; i > 0 && !place->initrd; i--) {
		struct range r = usable(&boot->map[i - 1]);

		if (r.end > h->initrd_addr_max + 1)
			r.end = h->initrd_addr_max + 1;
		place->initrd = initrd_in(r, kernel, boot->initrd_size);
	}
	if (place->initrd)
		return 0;
	if (kernel.end + boot->initrd_size > h->initrd_addr_max + 1)
		return nacre_fail(error, ENOSPC,
				  "the initrd is too large: %lluM, and the kernel wants it below %lluM",
				  in_mib(boot->initrd_size),
				  in_mib(h->initrd_addr_max));
	return nacre_fail(error, ENOSPC,
			  "too little memory for the initrd: %lluM would do",
			  in_mib(align_up(kernel.end, PAGE_BYTES) +
				 boot->initrd_size));
}

static int copy_in(struct nacre_memory *memory, uint64_t gpa,
		   const void *from, uint64_t size, struct nacre_error *error)
{
	void *to = nacre_memory_at(memory, gpa, size);

	if (!to)
		return nacre_fail(error, EFAULT,
				  "no memory for %#llx bytes at %#llx",
				  (unsigned long long)size,
				  (unsigned long long)gpa);
	if (size)
		memcpy(to, from, size);
	return 0;
}

static void put32(uint8_t *p, uint32_t value)
{
	memcpy(p, &value, sizeof(value));
}

static void put64(uint8_t *p, uint64_t value)
{
	memcpy(p, &value, sizeof(value));
}

static void write_map(uint8_t *params, const struct nacre_linux *boot)
{
	uint8_t *row = params + PARAMS_E820_TABLE;
	unsigned int i;

	params[PARAMS_E820_ENTRIES] = boot->map_rows;
	for (i = 0; i < boot->map_rows; i++, row += E820_ROW) {
		put64(row, boot->map[i].gpa);
		put64(row + 8, boot->map[i].size);
		put32(row + 16, boot->map[i].type);
	}
}

/*
 * The image's setup header, and what a loader fills in. What is left 0: no
 * list of setup data, no screen.
 */
static int write_params(struct nacre_memory *memory,
			const struct nacre_linux *boot,
			const struct nacre_linux_place *place,
			struct nacre_error *error)
{
	const uint8_t *image = boot->image;
	uint8_t params[PARAMS_SIZE] = { 0 };
	size_t end = HDR_MAGIC + image[HDR_JUMP_LENGTH];

	if (end > PARAMS_HDR_END)
		end = PARAMS_HDR_END;
	if (end > boot->image_size)
		end = boot->image_size;
	memcpy(params + HDR_SETUP_SECTS, image + HDR_SETUP_SECTS,
	       end - HDR_SETUP_SECTS);
	params[HDR_TYPE_OF_LOADER] = LOADER_UNDEFINED;
	put32(params + HDR_RAMDISK_IMAGE, place->initrd);
	put32(params + HDR_RAMDISK_SIZE, boot->initrd_size);
	put32(params + HDR_CMD_LINE_PTR, NACRE_LINUX_CMDLINE);
	put64(params + HDR_SETUP_DATA, 0);
	put64(params + PARAMS_RSDP, boot->rsdp);
	write_map(params, boot);
	return copy_in(memory, NACRE_LINUX_PARAMS, params, sizeof(params),
		       error);
}

static int write_cmdline(struct nacre_memory *memory, const char *cmdline,
			 const struct nacre_linux_header *h,
			 struct nacre_error *error)
{
	size_t length = strlen(cmdline), most = NACRE_LINUX_CMDLINE_MAX - 1;

	if (h->cmdline_max < most)
		most = h->cmdline_max;
	if (length > most)
		return nacre_fail(error, E2BIG,
				  "the command line has %zu characters, this kernel takes %zu",
				  length, most);
	return copy_in(memory, NACRE_LINUX_CMDLINE, cmdline, length + 1,
		       error);
}

/*
 * Page tables that map the first 4 GiB one to one in pages of 2 MiB: one page
 * of the fourth level, one of the third, four of the second.
 */
static int write_tables(struct nacre_memory *memory, struct nacre_error *error)
{
	uint64_t next = NACRE_LINUX_TABLES + PAGE_BYTES;
	uint64_t *table, i;

	table = nacre_memory_at(memory, NACRE_LINUX_TABLES, 6 * PAGE_BYTES);
	if (!table)
		return nacre_fail(error, EFAULT, "no memory for page tables");
	memset(table, 0, 6 * PAGE_BYTES);
	table[0] = next | PTE_PRESENT | PTE_WRITE;
	for (i = 0; i < 4; i++) {
		next += PAGE_BYTES;
		table[PTES + i] = next | PTE_PRESENT | PTE_WRITE;
	}
	for (i = 0; i < 4 * PTES; i++)
		table[2 * PTES + i] = i * 2 * MIB | PTE_PRESENT | PTE_WRITE |
				      PTE_LARGE;
	return 0;
}

static int write_all(struct nacre_memory *memory,
		     const struct nacre_linux *boot,
		     const struct nacre_linux_header *h,
		     const struct nacre_linux_place *place,
		     struct nacre_error *error)
{
	const uint8_t *image = boot->image;
	int err;

	err = copy_in(memory, place->kernel, image + h->setup_bytes,
		      h->kernel_bytes, error);
	if (!err && place->initrd)
		err = copy_in(memory, place->initrd, boot->initrd,
			      boot->initrd_size, error);
	if (!err)
		err = write_cmdline(memory, boot->cmdline, h, error);
	if (!err)
		err = write_params(memory, boot, place, error);
	if (!err)
		err = copy_in(memory, NACRE_LINUX_GDT, gdt, sizeof(gdt),
			      error);
	return err ? err : write_tables(memory, error);
}

int nacre_linux_load(struct nacre_memory *memory,
		     const struct nacre_linux *boot,
		     struct nacre_linux_place *place,
		     struct nacre_error *error)
{
	struct nacre_linux_header h;
	int err;

	if (boot->map_rows > NACRE_E820_MAX)
		return nacre_fail(error, EINVAL,
				  "a memory map of %u rows, %u are possible",
				  boot->map_rows, NACRE_E820_MAX);
	err = nacre_linux_parse(boot->image, boot->image_size, &h, error);
	if (!err)
		err = place_kernel(boot, &h, place, error);
	if (!err)
		err = place_initrd(boot, &h, place, error);
	return err ? err : write_all(memory, boot, &h, place, error);
}
