// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "pearl.h"

#define MIB (1ULL << 20)

static int add_memory(struct nacre_memory *memory, uint64_t bytes,
		      struct nacre_error *error)
{
	uint64_t low = bytes < PEARL_HOLE_BASE ? bytes : PEARL_HOLE_BASE;
	int err = nacre_memory_add(memory, 0, low, error);

	if (err || low == bytes)
		return err;
	return nacre_memory_add(memory, PEARL_HIGH_BASE, bytes - low, error);
}

/* The map of it that firmware would give; returns its rows. */
static unsigned int make_map(struct nacre_e820 *map, uint64_t bytes)
{
	uint64_t low = bytes < PEARL_HOLE_BASE ? bytes : PEARL_HOLE_BASE;
	unsigned int n = 0;

	map[n++] = (struct nacre_e820){ 0, PEARL_EBDA_BASE, NACRE_E820_RAM };
	map[n++] = (struct nacre_e820){ PEARL_EBDA_BASE, MIB - PEARL_EBDA_BASE,
					NACRE_E820_RESERVED };
	map[n++] = (struct nacre_e820){ MIB, low - MIB, NACRE_E820_RAM };
	if (bytes > low)
		map[n++] = (struct nacre_e820){ PEARL_HIGH_BASE, bytes - low,
						NACRE_E820_RAM };
	return n;
}

__attribute__((format(printf, 3, 4)))
static int complain(struct nacre_error *error, int number, const char *format,
		    ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	error->number = number;
	return -number;
}

/* A message that names the file it is about. */
static int blame(struct nacre_error *error, const char *path)
{
	struct nacre_error inner = *error;

	return complain(error, inner.number, "%.200s: %.300s", path,
			inner.message);
}

static int load(struct nacre_memory *memory,
		const struct pearl_options *options, unsigned int nr_cpus,
		struct nacre_linux *boot, struct nacre_linux_place *place,
		struct nacre_error *error)
{
	struct nacre_linux_header header;
	struct nacre_e820 map[4];

	if (nacre_linux_parse(boot->image, boot->image_size, &header, error))
		return blame(error, options->kernel);
	boot->rsdp = pearl_acpi_build(memory, nr_cpus);
	if (!boot->rsdp)
		return complain(error, ENOSPC, "the ACPI tables do not fit");
	boot->cmdline = options->cmdline;
	boot->map = map;
	boot->map_rows = make_map(map, options->memory);
	return nacre_linux_load(memory, boot, place, error);
}

static int read_files(const struct pearl_options *options,
		      struct nacre_file *kernel, struct nacre_file *initrd,
		      struct nacre_error *error)
{
	int err = nacre_file_read(options->kernel, kernel, error);

	if (err || !options->initrd)
		return err;
	err = nacre_file_read(options->initrd, initrd, error);
	if (!err && !initrd->size)
		err = complain(error, EINVAL, "%s: the file is empty",
			       options->initrd);
	return err;
}

static int fill(struct nacre_memory *memory,
		const struct pearl_options *options, unsigned int nr_cpus,
		struct nacre_linux_place *place, struct nacre_error *error)
{
	struct nacre_file kernel = { 0 }, initrd = { 0 };
	struct nacre_linux boot = { 0 };
	int err = read_files(options, &kernel, &initrd, error);

	if (!err)
		err = add_memory(memory, options->memory, error);
	if (!err) {
		boot.image = kernel.data;
		boot.image_size = kernel.size;
		boot.initrd = initrd.data;
		boot.initrd_size = initrd.size;
		err = load(memory, options, nr_cpus, &boot, place, error);
	}
	nacre_file_free(&kernel);
	nacre_file_free(&initrd);
	return err;
}

int pearl_memory_create(struct nacre_memory **memory,
			const struct pearl_options *options,
			unsigned int nr_cpus, struct nacre_linux_place *place,
			struct nacre_error *error)
{
	int err = nacre_memory_create(memory, error);

	if (err)
		return err;
	err = fill(*memory, options, nr_cpus, place, error);
	if (err) {
		nacre_memory_destroy(*memory);
		*memory = NULL;
	}
	return err;
}
