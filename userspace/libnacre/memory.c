// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * Guest memory as this process sees it: an array of regions, by address, that
 * do not meet. They are few, so a walk finds one as fast as anything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#define HUGE_BYTES (2 * MIB)

struct nacre_memory {
	struct nacre_memory_region *regions;
	unsigned int count;
};

int nacre_memory_create(struct nacre_memory **memory,
			struct nacre_error *error)
{
	*memory = calloc(1, sizeof(**memory));
	return *memory ? 0 : nacre_fail_errno(error, "guest memory");
}

void nacre_memory_destroy(struct nacre_memory *memory)
{
	unsigned int i;

	if (!memory)
		return;
	for (i = 0; i < memory->count; i++)
		munmap(memory->regions[i].host, memory->regions[i].size);
	free(memory->regions);
	free(memory);
}

/* Where a region at @gpa belongs in the array, or -errno. */
static int find_place(const struct nacre_memory *memory, uint64_t gpa,
		      uint64_t size, struct nacre_error *error)
{
	const struct nacre_memory_region *r = memory->regions;
	unsigned int i = 0;

	if (!size || (gpa | size) % PAGE_BYTES || gpa + size < gpa)
		return nacre_fail(error, EINVAL,
				  "%#llx bytes of memory at %#llx: not in pages",
				  (unsigned long long)size,
				  (unsigned long long)gpa);
	while (i < memory->count && r[i].gpa + r[i].size <= gpa)
		i++;
	if (i < memory->count && r[i].gpa < gpa + size)
		return nacre_fail(error, EEXIST,
				  "%#llx bytes of memory at %#llx: meet others",
				  (unsigned long long)size,
				  (unsigned long long)gpa);
	return i;
}

/*
 * Where guest and host agree on the address within a huge page, the guest is
 * mapped in huge pages as far as the host uses them.
 */
static void *map(uint64_t gpa, uint64_t size)
{
	uint64_t slack = size >= HUGE_BYTES ? HUGE_BYTES : 0;
	uint64_t before;
	char *host;

	if (size + slack < size || size + slack > SIZE_MAX) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	host = mmap(NULL, size + slack, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host == MAP_FAILED || !slack)
		return host;
	before = (gpa - (uintptr_t)host) % HUGE_BYTES;
	if (before)
		munmap(host, before);
	munmap(host + before + size, slack - before);
	host += before;
	/* Advice only: without huge pages it works as well. */
	madvise(host, size, MADV_HUGEPAGE);
	return host;
}

int nacre_memory_add(struct nacre_memory *memory, uint64_t gpa, uint64_t size,
		     struct nacre_error *error)
{
	int place = find_place(memory, gpa, size, error);
	struct nacre_memory_region *r;
	void *host;

	if (place < 0)
		return place;
	r = reallocarray(memory->regions, memory->count + 1, sizeof(*r));
	if (!r)
		return nacre_fail_errno(error, "guest memory");
	memory->regions = r;
	host = map(gpa, size);
	if (host == MAP_FAILED)
		return nacre_fail_errno(error, "%llu MiB of guest memory",
					(unsigned long long)(size / MIB));
	r += place;
	memmove(r + 1, r, (memory->count - place) * sizeof(*r));
	*r = (struct nacre_memory_region){ gpa, size, host };
	memory->count++;
	return 0;
}

void *nacre_memory_at(const struct nacre_memory *memory, uint64_t gpa,
		      uint64_t size)
{
	unsigned int i;

	for (i = 0; i < memory->count; i++) {
		const struct nacre_memory_region *r = &memory->regions[i];
		uint64_t offset = gpa - r->gpa;

		if (gpa >= r->gpa && offset < r->size)
			return size <= r->size - offset ?
			       (char *)r->host + offset : NULL;
	}
	return NULL;
}

const struct nacre_memory_region *
nacre_memory_regions(const struct nacre_memory *memory, unsigned int *count)
{
	*count = memory->count;
	return memory->regions;
}
