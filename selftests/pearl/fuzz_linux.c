// SPDX-License-Identifier: GPL-2.0
/* Coverage-guided: any file as a kernel. */
#include <stdlib.h>

#include "bzimage.h"
#include "nacre.h"

#define MIB (1ULL << 20)

static struct nacre_memory *memory;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (nacre_memory_create(&memory, NULL) ||
	    nacre_memory_add(memory, 0, 64 * MIB, NULL))
		abort();
	return 0;
}

/* Behind a sound header: the fuzzer's bytes are laid over a good image. */
static int load(const uint8_t *image, size_t size)
{
	static const struct nacre_e820 map[] = {
		{ 0, 0xa0000, NACRE_E820_RAM },
		{ MIB, 63 * MIB, NACRE_E820_RAM },
	};
	static const uint8_t initrd[5000];
	struct nacre_linux boot = {
		.image = image,
		.image_size = size,
		.initrd = initrd,
		.initrd_size = sizeof(initrd),
		.cmdline = "console=ttyS0",
		.map = map,
		.map_rows = 2,
	};
	struct nacre_linux_place place;
	struct nacre_error error;

	return nacre_linux_load(memory, &boot, &place, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t image[BZ_SIZE];
	size_t i;

	load(data, size);
	bz_make(image);
	for (i = 0; i < size && i < 0x80; i++)
		image[0x1f1 + i] ^= data[i];
	load(image, sizeof(image));
	return 0;
}
