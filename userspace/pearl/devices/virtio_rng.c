// SPDX-License-Identifier: GPL-2.0
/*
 * Random numbers, the host kernel's own.
 *
 * Virtual I/O Device (VIRTIO) specification, "Entropy Device".
 */
#include <linux/virtio_ids.h>
#include <stdlib.h>
#include <sys/random.h>

#include "virtio_devices.h"

/* As much as getrandom() gives in one piece; a request may get less. */
#define MOST 256

struct rng {
	struct pearl_virtio virtio;
	struct pearl_chain chain;
};

static uint32_t answer(const struct pearl_chain *chain)
{
	uint8_t bytes[MOST];
	ssize_t n = getrandom(bytes, sizeof(bytes), 0);

	return n < 0 ? 0 : pearl_iov_write(chain->iov + chain->nr_out,
					   chain->nr_in, 0, bytes, n);
}

static void serve(struct pearl_virtio *virtio, unsigned int index)
{
	struct rng *rng = container_of(virtio, struct rng, virtio);
	struct pearl_virtqueue *ring = &virtio->queues[index].ring;

	do {
		while (pearl_virtqueue_pop(ring, &rng->chain))
			pearl_virtqueue_push(ring, rng->chain.head,
					     answer(&rng->chain));
	} while (pearl_virtqueue_listen(ring));
	pearl_virtio_served(virtio, index);
}

static void destroy(struct pearl_virtio *virtio)
{
	struct rng *rng = container_of(virtio, struct rng, virtio);

	pearl_virtio_exit(virtio);
	free(rng);
}

struct pearl_virtio *pearl_virtio_rng_create(void)
{
	struct rng *rng = calloc(1, sizeof(*rng));

	if (!rng)
		return NULL;
	rng->virtio.type = VIRTIO_ID_RNG;
	rng->virtio.nr_queues = 1;
	rng->virtio.serve = serve;
	rng->virtio.destroy = destroy;
	if (!pearl_virtio_init(&rng->virtio))
		return &rng->virtio;
	destroy(&rng->virtio);
	return NULL;
}
