// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "device.h"

#define PORTS 0x10000ULL

static bool is_width(unsigned int width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

int pearl_bus_add(struct pearl_bus *bus, enum pearl_space space,
		  struct pearl_region *region)
{
	struct pearl_region **link = &bus->regions[space];
	uint64_t last = region->base + region->size - 1;

	if (!region->size || last < region->base || !is_width(region->widest) ||
	    (space == PEARL_PIO && last >= PORTS))
		return -EINVAL;
	while (*link && (*link)->base + ((*link)->size - 1) < region->base)
		link = &(*link)->next;
	if (*link && (*link)->base <= last)
		return -EEXIST;
	region->next = *link;
	*link = region;
	return 0;
}

void pearl_bus_remove(struct pearl_bus *bus, enum pearl_space space,
		      struct pearl_region *region)
{
	struct pearl_region **link = &bus->regions[space];

	while (*link && *link != region)
		link = &(*link)->next;
	if (*link)
		*link = region->next;
}

static struct pearl_region *find(const struct pearl_bus *bus,
				 enum pearl_space space, uint64_t address)
{
	struct pearl_region *r;

	for (r = bus->regions[space]; r && r->base <= address; r = r->next)
		if (address - r->base < r->size)
			return r;
	return NULL;
}

/*
 * How much of @size bytes at @offset the device takes at once: as wide as it
 * likes, aligned, and inside. Where there is no device, a byte.
 */
static unsigned int piece(const struct pearl_region *region, uint64_t offset,
			  unsigned int size)
{
	unsigned int n;

	if (!region)
		return 1;
	n = region->widest;
	while (n > size || offset % n || region->size - offset < n)
		n /= 2;
	return n;
}

void pearl_bus_read(struct pearl_bus *bus, enum pearl_space space,
		    uint64_t address, void *data, unsigned int size)
{
	uint8_t *to = data;

	while (size) {
		struct pearl_region *r = find(bus, space, address);
		uint64_t offset = r ? address - r->base : 0;
		unsigned int n = piece(r, offset, size);
		uint64_t value = r ? r->read(r, offset, n) : UINT64_MAX;

		memcpy(to, &value, n);
		to += n;
		address += n;
		size -= n;
	}
}

void pearl_bus_write(struct pearl_bus *bus, enum pearl_space space,
		     uint64_t address, const void *data, unsigned int size)
{
	const uint8_t *from = data;

	while (size) {
		struct pearl_region *r = find(bus, space, address);
		uint64_t offset = r ? address - r->base : 0;
		unsigned int n = piece(r, offset, size);
		uint64_t value = 0;

		memcpy(&value, from, n);
		if (r)
			r->write(r, offset, n, value);
		from += n;
		address += n;
		size -= n;
	}
}
