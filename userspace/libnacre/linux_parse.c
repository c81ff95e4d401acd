// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* Is it a kernel that can be booted, and what does it want? */
#include <errno.h>
#include <string.h>

#include "internal.h"
#include "linux.h"

/* The processor's page size bounds the alignment, sense does the rest. */
#define MAX_ALIGNMENT GIB

static uint16_t get16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* What files that are no bzImage often are. */
static const struct {
	const char *magic;
	size_t length;
	const char *what;
} lookalikes[] = {
	{ "\177ELF", 4, "an ELF file, perhaps a vmlinux" },
	{ "\x1f\x8b", 2, "compressed by gzip" },
	{ "\3757zXZ", 5, "compressed by xz" },
	{ "\x28\xb5\x2f\xfd", 4, "compressed by zstd" },
	{ "070701", 6, "a cpio archive" },
};

static int no_image(const uint8_t *p, size_t size, struct nacre_error *error)
{
	unsigned int i;

	if (!size)
		return nacre_fail(error, ENOEXEC, "the file is empty");
	for (i = 0; i < ARRAY_SIZE(lookalikes); i++)
		if (size >= lookalikes[i].length &&
		    !memcmp(p, lookalikes[i].magic, lookalikes[i].length))
			return nacre_fail(error, ENOEXEC,
					  "not a bzImage but %s",
					  lookalikes[i].what);
	return nacre_fail(error, ENOEXEC,
			  "not a bzImage: there is no setup header");
}

/* The members that say whether the others are there. */
static int check_kind(const uint8_t *p, size_t size, struct nacre_error *error)
{
	unsigned int version;

	if (size < HDR_VERSION + 2 || get16(p + HDR_BOOT_FLAG) != BOOT_FLAG ||
	    get32(p + HDR_MAGIC) != MAGIC)
		return no_image(p, size, error);
	version = get16(p + HDR_VERSION);
	if (version < VERSION_2_12)
		return nacre_fail(error, ENOEXEC,
				  "boot protocol %u.%u is too old: 2.12 (Linux 3.8) or newer is needed",
				  version >> 8, version & 0xff);
	if (size < HDR_END_2_12)
		return nacre_fail(error, ENOEXEC,
				  "truncated within its setup header");
	if (!(p[HDR_LOADFLAGS] & LOADED_HIGH))
		return nacre_fail(error, ENOEXEC, "a zImage, not a bzImage");
	if (!(get16(p + HDR_XLOADFLAGS) & XLF_KERNEL_64))
		return nacre_fail(error, ENOEXEC,
				  "a 32-bit kernel: it has no 64-bit entry point");
	return 0;
}

static void read_header(const uint8_t *p, struct nacre_linux_header *header)
{
	/* 0 stands for 4, from before there was the member. */
	unsigned int sects = p[HDR_SETUP_SECTS] ? p[HDR_SETUP_SECTS] : 4;

	header->version = get16(p + HDR_VERSION);
	header->setup_bytes = (sects + 1) * SECTOR;
	header->kernel_bytes = (size_t)get32(p + HDR_SYSSIZE) * 16;
	header->pref_address = get64(p + HDR_PREF_ADDRESS);
	header->init_size = get32(p + HDR_INIT_SIZE);
	header->alignment = get32(p + HDR_KERNEL_ALIGNMENT);
	header->relocatable = p[HDR_RELOCATABLE];
	header->initrd_addr_max = get32(p + HDR_INITRD_ADDR_MAX);
	header->cmdline_max = get32(p + HDR_CMDLINE_SIZE);
}

static int damaged(struct nacre_error *error, const char *member,
		   unsigned long long value)
{
	return nacre_fail(error, ENOEXEC, "damaged: its %s is %#llx", member,
			  value);
}

static int check_values(const struct nacre_linux_header *h,
			struct nacre_error *error)
{
	if (!h->alignment || h->alignment & (h->alignment - 1) ||
	    h->alignment < PAGE_BYTES || h->alignment > MAX_ALIGNMENT)
		return damaged(error, "kernel_alignment", h->alignment);
	if (h->kernel_bytes <= ENTRY_64)
		return damaged(error, "syssize", h->kernel_bytes / 16);
	if (h->init_size < h->kernel_bytes)
		return damaged(error, "init_size", h->init_size);
	if (!h->pref_address || h->pref_address % h->alignment ||
	    h->pref_address > UINT64_MAX - h->init_size)
		return damaged(error, "pref_address", h->pref_address);
	return 0;
}

/* The last paragraph may be cut short, no more. Signatures may follow. */
static int check_length(struct nacre_linux_header *h, size_t size,
			struct nacre_error *error)
{
	size_t there = size > h->setup_bytes ? size - h->setup_bytes : 0;

	if (there / 16 + !!(there % 16) < h->kernel_bytes / 16)
		return nacre_fail(error, ENOEXEC,
				  "truncated: %zu bytes of %zu are there",
				  size, h->setup_bytes + h->kernel_bytes);
	if (h->kernel_bytes > there)
		h->kernel_bytes = there;
	return 0;
}

int nacre_linux_parse(const void *image, size_t size,
		      struct nacre_linux_header *header,
		      struct nacre_error *error)
{
	int err = check_kind(image, size, error);

	if (err)
		return err;
	read_header(image, header);
	err = check_values(header, error);
	return err ? err : check_length(header, size, error);
}
