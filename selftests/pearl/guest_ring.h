/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's memory with virtqueues in it, as a driver makes them, or as one
 * that means harm does: everything can be put everywhere.
 */
#ifndef GUEST_RING_H
#define GUEST_RING_H

#include <linux/virtio_ring.h>

#include "host_test.h"
#include "nacre.h"
#include "virtqueue.h"

/* Two pieces, with a hole between them. */
#define LOW_BYTES	0x100000
#define HIGH_BASE	0x200000
#define HIGH_BYTES	0x10000

#define NEXT		VRING_DESC_F_NEXT
#define WRITE		VRING_DESC_F_WRITE
#define INDIRECT	VRING_DESC_F_INDIRECT

static struct nacre_memory *memory;

/* The driver's side of a queue, and what it has seen of the used ring. */
struct guest_ring {
	struct pearl_queue_place place;
	uint16_t offered;
	uint16_t seen;
};

static inline void *at(uint64_t gpa)
{
	void *host = nacre_memory_at(memory, gpa, 0);

	if (!host)
		abort();
	return host;
}

static inline void make_memory(void)
{
	nacre_memory_destroy(memory);
	if (nacre_memory_create(&memory, NULL) ||
	    nacre_memory_add(memory, 0, LOW_BYTES, NULL) ||
	    nacre_memory_add(memory, HIGH_BASE, HIGH_BYTES, NULL))
		abort();
}

/* A queue of @size with its parts in a page each, from @base on. */
static inline struct guest_ring make_ring(uint64_t base, uint16_t size)
{
	return (struct guest_ring){
		.place = {
			.size = size,
			.desc = base,
			.avail = base + 0x1000,
			.used = base + 0x2000,
		},
	};
}

static inline void put_desc(uint64_t table, unsigned int i, uint64_t address,
			    uint32_t len, uint16_t flags, uint16_t next)
{
	((struct vring_desc *)at(table))[i] = (struct vring_desc){
		.addr = address, .len = len, .flags = flags, .next = next,
	};
}

static inline struct vring_avail *avail_of(const struct guest_ring *g)
{
	return at(g->place.avail);
}

static inline struct vring_used *used_of(const struct guest_ring *g)
{
	return at(g->place.used);
}

/* Make the chain from @head on available. */
static inline void offer(struct guest_ring *g, uint16_t head)
{
	struct vring_avail *avail = avail_of(g);

	avail->ring[g->offered % g->place.size] = head;
	__atomic_store_n(&avail->idx, ++g->offered, __ATOMIC_RELEASE);
}

/* The next one that the device has used; false if there is none. */
static inline bool take_used(struct guest_ring *g, struct vring_used_elem *e)
{
	const struct vring_used *used = used_of(g);

	if (__atomic_load_n(&used->idx, __ATOMIC_ACQUIRE) == g->seen)
		return false;
	*e = used->ring[g->seen++ % g->place.size];
	return true;
}

#endif
