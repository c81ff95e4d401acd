// SPDX-License-Identifier: GPL-2.0
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "nacre.h"
#include "virtqueue.h"

#define BIT(n) (1ULL << (n))

/*
 * Indices, flags and events are single words that the guest writes meanwhile.
 * What lies behind an index is read after it, and written before it.
 */
static uint16_t load(const uint16_t *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

static void store(uint16_t *to, uint16_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
}

/* Orders a store before a load; the driver has its like between its own two. */
static void full_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Each side's event index is behind the other side's ring. */
static uint16_t *used_event(const struct pearl_virtqueue *q)
{
	return &q->avail->ring[q->size];
}

static uint16_t *avail_event(const struct pearl_virtqueue *q)
{
	return (uint16_t *)&q->used->ring[q->size];
}

/* All of a part, aligned, in memory. */
static void *part(const struct nacre_memory *memory, uint64_t gpa,
		  uint64_t size, uint64_t alignment)
{
	return gpa % alignment ? NULL : nacre_memory_at(memory, gpa, size);
}

bool pearl_virtqueue_start(struct pearl_virtqueue *q,
			   const struct nacre_memory *memory,
			   const struct pearl_queue_place *place,
			   uint64_t features)
{
	unsigned int n = place->size;

	*q = (struct pearl_virtqueue){ .pushed = q->pushed };
	if (!n || n > PEARL_QUEUE_SIZE || n & (n - 1))
		return false;
	q->memory = memory;
	q->size = n;
	q->indirect = features & BIT(VIRTIO_RING_F_INDIRECT_DESC);
	q->event_idx = features & BIT(VIRTIO_RING_F_EVENT_IDX);
	q->desc = part(memory, place->desc, n * sizeof(*q->desc),
		       VRING_DESC_ALIGN_SIZE);
	q->avail = part(memory, place->avail,
			sizeof(*q->avail) + (n + 1) * sizeof(uint16_t),
			VRING_AVAIL_ALIGN_SIZE);
	q->used = part(memory, place->used, sizeof(*q->used) +
		       n * sizeof(q->used->ring[0]) + sizeof(uint16_t),
		       VRING_USED_ALIGN_SIZE);
	return q->desc && q->avail && q->used;
}

static bool add(const struct pearl_virtqueue *q, const struct vring_desc *d,
		struct pearl_chain *chain)
{
	unsigned int n = chain->nr_out + chain->nr_in;
	bool in = d->flags & VRING_DESC_F_WRITE;

	if (n == PEARL_QUEUE_SIZE || !d->len || (chain->nr_in && !in))
		return false;
	chain->iov[n].iov_base = nacre_memory_at(q->memory, d->addr, d->len);
	chain->iov[n].iov_len = d->len;
	chain->nr_in += in;
	chain->nr_out += !in;
	return chain->iov[n].iov_base;
}

/* Where descriptors are linked: the queue's own, or an indirect table. */
struct table {
	const struct vring_desc *desc;
	unsigned int size;
	bool indirect;
};

/* A table takes the place of what would follow, and leads to no other one. */
static bool enter(const struct pearl_virtqueue *q, const struct vring_desc *d,
		  struct table *table)
{
	if (!q->indirect || table->indirect || d->flags & VRING_DESC_F_NEXT ||
	    !d->len || d->len % sizeof(*d))
		return false;
	table->desc = nacre_memory_at(q->memory, d->addr, d->len);
	table->size = d->len / sizeof(*d);
	table->indirect = true;
	return table->desc;
}

static struct vring_desc copy(const struct table *table, unsigned int index)
{
	struct vring_desc d;

	memcpy(&d, (const char *)table->desc + index * sizeof(d), sizeof(d));
	/* The copy it is that counts: the compiler may not read again. */
	__asm__ __volatile__("" : : : "memory");
	return d;
}

/* No more steps than a chain has buffers, and one into a table: no loops. */
static bool walk(const struct pearl_virtqueue *q, struct pearl_chain *chain)
{
	struct table table = { .desc = q->desc, .size = q->size };
	unsigned int steps, index = chain->head;

	for (steps = 0; steps <= PEARL_QUEUE_SIZE; steps++) {
		struct vring_desc d;

		if (index >= table.size)
			return false;
		d = copy(&table, index);
		index = d.next;
		if (d.flags & VRING_DESC_F_INDIRECT) {
			if (!enter(q, &d, &table))
				return false;
			index = 0;
		} else if (!add(q, &d, chain)) {
			return false;
		} else if (!(d.flags & VRING_DESC_F_NEXT)) {
			return true;
		}
	}
	return false;
}

bool pearl_virtqueue_pop(struct pearl_virtqueue *q, struct pearl_chain *chain)
{
	uint16_t ready;

	if (q->broken || !q->size)
		return false;
	ready = load(&q->avail->idx) - q->next_avail;
	if (!ready)
		return false;
	chain->nr_out = 0;
	chain->nr_in = 0;
	chain->head = load(&q->avail->ring[q->next_avail % q->size]);
	q->broken = ready > q->size || !walk(q, chain);
	q->next_avail++;
	return !q->broken;
}

void pearl_virtqueue_push(struct pearl_virtqueue *q, uint16_t head,
			  uint32_t bytes)
{
	struct vring_used_elem *e = &q->used->ring[q->next_used % q->size];

	e->id = head;
	e->len = bytes;
	/* Before the guest can see it: what it has seen has been counted. */
	__atomic_store_n(&q->pushed, q->pushed + 1, __ATOMIC_RELAXED);
	store(&q->used->idx, ++q->next_used);
}

void pearl_virtqueue_ignore(struct pearl_virtqueue *q)
{
	/* An event index that stays behind has the same effect. */
	if (q->size && !q->event_idx)
		store(&q->used->flags, VRING_USED_F_NO_NOTIFY);
}

bool pearl_virtqueue_listen(struct pearl_virtqueue *q)
{
	if (q->broken || !q->size)
		return false;
	if (q->event_idx)
		store(avail_event(q), q->next_avail);
	else
		store(&q->used->flags, 0);
	full_barrier();
	return load(&q->avail->idx) != q->next_avail;
}

bool pearl_virtqueue_must_tell(struct pearl_virtqueue *q)
{
	uint16_t before = q->told;

	q->told = q->next_used;
	if (before == q->next_used || !q->size)
		return false;
	full_barrier();
	if (q->event_idx)
		return vring_need_event(load(used_event(q)), q->next_used,
					before);
	return !(load(&q->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

/* The part of the stream from @offset on that lies in this buffer. */
static size_t window(const struct iovec *iov, size_t *offset, size_t n,
		     char **at)
{
	size_t room;

	if (*offset >= iov->iov_len) {
		*offset -= iov->iov_len;
		return 0;
	}
	*at = (char *)iov->iov_base + *offset;
	room = iov->iov_len - *offset;
	*offset = 0;
	return n < room ? n : room;
}

size_t pearl_iov_read(const struct iovec *iov, unsigned int count,
		      size_t offset, void *to, size_t n)
{
	size_t done = 0, some;
	char *at;

	for (; count && done < n; count--, iov++, done += some) {
		some = window(iov, &offset, n - done, &at);
		if (some)
			memcpy((char *)to + done, at, some);
	}
	return done;
}

size_t pearl_iov_write(const struct iovec *iov, unsigned int count,
		       size_t offset, const void *from, size_t n)
{
	size_t done = 0, some;
	char *at;

	for (; count && done < n; count--, iov++, done += some) {
		some = window(iov, &offset, n - done, &at);
		if (some)
			memcpy(at, (const char *)from + done, some);
	}
	return done;
}

size_t pearl_iov_bytes(const struct iovec *iov, unsigned int count)
{
	size_t bytes = 0;

	for (; count; count--, iov++)
		bytes += iov->iov_len;
	return bytes;
}
