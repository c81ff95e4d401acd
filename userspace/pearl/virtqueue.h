/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A split virtqueue, from the device's side.
 *
 * All of it lies in guest memory and may change at any moment, so nothing of
 * it is trusted: where it is was looked up once, indices are bounded, a
 * descriptor is copied before it is looked at, and a chain ends, whatever its
 * links say. A queue that breaks the rules is broken from then on: there is
 * nothing in it any more.
 *
 * Virtual I/O Device (VIRTIO) specification, "Split Virtqueues".
 */
#ifndef PEARL_VIRTQUEUE_H
#define PEARL_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct nacre_memory;

/* How many descriptors a queue has at most, and a chain. */
#define PEARL_QUEUE_SIZE 128

/*
 * struct pearl_queue_place - what the guest says about a queue
 * @size: how many descriptors it has
 * @desc, @avail, @used: gpa of its three parts
 */
struct pearl_queue_place {
	uint16_t size;
	uint64_t desc;
	uint64_t avail;
	uint64_t used;
};

/*
 * struct pearl_virtqueue - used by one thread at a time
 * @memory: the guest's
 * @size: how many descriptors; 0: not started
 * @indirect, @event_idx: the guest's driver knows of them
 * @broken: it broke the rules
 * @desc, @avail, @used: its parts, as this process sees them
 * @next_avail, @next_used: free-running indices: what is taken next, and
 *	where what is done goes next
 * @told: @next_used, when the guest was to be told last
 * @pushed: how many were given back, not counted anew by a start; read by
 *	others as well
 */
struct pearl_virtqueue {
	const struct nacre_memory *memory;
	uint16_t size;
	bool indirect;
	bool event_idx;
	bool broken;
	const struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t next_avail;
	uint16_t next_used;
	uint16_t told;
	uint64_t pushed;
};

/*
 * struct pearl_chain - what the guest has made available in one piece
 * @head: names it
 * @nr_out, @nr_in: buffers to read from, and behind them those to write to
 * @iov: their places, all inside guest memory, none empty
 */
struct pearl_chain {
	uint16_t head;
	unsigned int nr_out;
	unsigned int nr_in;
	struct iovec iov[PEARL_QUEUE_SIZE];
};

/*
 * pearl_virtqueue_start() - begin with a queue
 * @features: what the driver has accepted, by bit
 * Returns false if it cannot be there.
 */
bool pearl_virtqueue_start(struct pearl_virtqueue *queue,
			   const struct nacre_memory *memory,
			   const struct pearl_queue_place *place,
			   uint64_t features);

/* pearl_virtqueue_pop() - take a chain; false if there is none */
bool pearl_virtqueue_pop(struct pearl_virtqueue *queue,
			 struct pearl_chain *chain);

/* pearl_virtqueue_push() - give it back, with @bytes written to its buffers */
void pearl_virtqueue_push(struct pearl_virtqueue *queue, uint16_t head,
			  uint32_t bytes);

/*
 * pearl_virtqueue_listen() - have the guest tell of new chains
 * pearl_virtqueue_ignore() - it need not: they are looked for anyway
 * After listen() has returned true there are chains already.
 */
bool pearl_virtqueue_listen(struct pearl_virtqueue *queue);
void pearl_virtqueue_ignore(struct pearl_virtqueue *queue);

/* Does the guest want an interrupt for what was pushed since the last call? */
bool pearl_virtqueue_must_tell(struct pearl_virtqueue *queue);

/*
 * Buffers as one stream of bytes: copy @n of them from or to byte @offset on;
 * returns how many there were.
 */
size_t pearl_iov_read(const struct iovec *iov, unsigned int count,
		      size_t offset, void *to, size_t n);
size_t pearl_iov_write(const struct iovec *iov, unsigned int count,
		       size_t offset, const void *from, size_t n);
size_t pearl_iov_bytes(const struct iovec *iov, unsigned int count);

#endif
