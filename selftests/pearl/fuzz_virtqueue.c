// SPDX-License-Identifier: GPL-2.0
/*
 * Coverage-guided: any bytes as a guest's memory, with a queue somewhere in it
 * that its driver goes on to change. What is taken from it lies in memory and
 * has an end, and what is written goes there.
 */
#include <stdlib.h>

#include "guest_ring.h"

#define BYTES 0x4000
#define MOST_CHAINS 300

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (nacre_memory_create(&memory, NULL) ||
	    nacre_memory_add(memory, 0, BYTES, NULL))
		abort();
	return 0;
}

/* Every byte of a chain is there to be read or written. */
static void use(const struct pearl_chain *c)
{
	static uint8_t bytes[BYTES];
	unsigned int i;

	if (!(c->nr_out + c->nr_in) ||
	    c->nr_out + c->nr_in > PEARL_QUEUE_SIZE)
		abort();
	for (i = 0; i < c->nr_out + c->nr_in; i++) {
		uint8_t *host = c->iov[i].iov_base;

		if (host < (uint8_t *)at(0) || !c->iov[i].iov_len ||
		    host + c->iov[i].iov_len > (uint8_t *)at(0) + BYTES)
			abort();
	}
	pearl_iov_read(c->iov, c->nr_out, 3, bytes, sizeof(bytes));
	pearl_iov_write(c->iov + c->nr_out, c->nr_in, 1, bytes, 64);
}

/* The head of an input says where the queue is; the rest is memory. */
struct head {
	uint8_t size_log, features;
	uint16_t desc, avail, used;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pearl_virtqueue queue;
	struct pearl_chain chain;
	struct pearl_queue_place place;
	struct head head;
	unsigned int i;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	size -= sizeof(head);
	memset(at(0), 0, BYTES);
	memcpy(at(0), data + sizeof(head), size < BYTES ? size : BYTES);
	place = (struct pearl_queue_place){
		1U << (head.size_log & 7), head.desc, head.avail, head.used,
	};
	if (!pearl_virtqueue_start(&queue, memory, &place,
				   (uint64_t)head.features << 28))
		return 0;
	for (i = 0; i < MOST_CHAINS && pearl_virtqueue_pop(&queue, &chain);
	     i++) {
		use(&chain);
		pearl_virtqueue_push(&queue, chain.head, i);
		pearl_virtqueue_must_tell(&queue);
		pearl_virtqueue_listen(&queue);
	}
	return 0;
}
