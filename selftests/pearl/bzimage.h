/* SPDX-License-Identifier: GPL-2.0 */
/* A bzImage as small as one can be, to be damaged. */
#ifndef PEARL_BZIMAGE_H
#define PEARL_BZIMAGE_H

#include <stdint.h>
#include <string.h>

#define BZ_SECTS	1
#define BZ_SETUP	((BZ_SECTS + 1) * 512)
#define BZ_KERNEL	0x1000
#define BZ_SIZE		(BZ_SETUP + BZ_KERNEL)
#define BZ_PREF		0x1000000ULL
#define BZ_INIT_SIZE	0x2000000
#define BZ_ALIGNMENT	0x200000
#define BZ_INITRD_MAX	0x7fffffff
#define BZ_CMDLINE_MAX	2047

static inline void bz_put(uint8_t *image, unsigned int at, uint64_t value,
			  unsigned int bytes)
{
	memcpy(image + at, &value, bytes);
}

/* Fill in BZ_SIZE bytes. Offsets are those of "The Linux/x86 Boot Protocol". */
static inline void bz_make(uint8_t *image)
{
	unsigned int i;

	memset(image, 0, BZ_SETUP);
	for (i = 0; i < BZ_KERNEL; i++)
		image[BZ_SETUP + i] = i * 7 + 1;
	bz_put(image, 0x1f1, BZ_SECTS, 1);
	bz_put(image, 0x1f4, BZ_KERNEL / 16, 4);
	bz_put(image, 0x1fe, 0xaa55, 2);
	bz_put(image, 0x200, 0x6aeb, 2);
	memcpy(image + 0x202, "HdrS", 4);
	bz_put(image, 0x206, 0x020f, 2);
	bz_put(image, 0x211, 0x01, 1);
	bz_put(image, 0x22c, BZ_INITRD_MAX, 4);
	bz_put(image, 0x230, BZ_ALIGNMENT, 4);
	bz_put(image, 0x234, 1, 1);
	bz_put(image, 0x236, 0x0001, 2);
	bz_put(image, 0x238, BZ_CMDLINE_MAX, 4);
	bz_put(image, 0x250, 0x1234567, 8);
	bz_put(image, 0x258, BZ_PREF, 8);
	bz_put(image, 0x260, BZ_INIT_SIZE, 4);
}

#endif
