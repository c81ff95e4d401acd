/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio device, apart from how the guest reaches it.
 *
 * What the guest says to the device as a whole comes through the transport,
 * under the machine's lock, as for any device. Its queues are served beside
 * that, each by a thread of its own, which waits for the queue's eventfd: the
 * guest's notification, or whatever else the device lets signal it. A queue is
 * its thread's from the moment the driver is ready until the device is reset.
 *
 * Reset is a request: each queue's thread is brought to lay its queue down, and
 * the last one makes the device new. Until then its status does not read 0,
 * which is what a driver waits for.
 *
 * Virtual I/O Device (VIRTIO) specification, "Basic Facilities of a Virtio
 * Device".
 */
#ifndef PEARL_VIRTIO_H
#define PEARL_VIRTIO_H

#include <pthread.h>

#include "device.h"
#include "virtqueue.h"

#define PEARL_VIRTIO_QUEUES 4

struct pearl_virtio;

/*
 * struct pearl_virtio_transport - how a guest reaches a device
 * Both are called with the machine's lock.
 * @tell: interrupt the guest for queue @index, or for the device as a whole if
 *	that is PEARL_VIRTIO_DEVICE
 * @renewed: the device has been reset
 */
struct pearl_virtio_transport {
	void (*tell)(struct pearl_virtio_transport *transport,
		     unsigned int index);
	void (*renewed)(struct pearl_virtio_transport *transport);
};

#define PEARL_VIRTIO_DEVICE PEARL_VIRTIO_QUEUES

/*
 * struct pearl_virtio_queue
 * Set up before its thread starts:
 * @virtio, @index: whose it is, and which
 * @kick: an eventfd that brings the thread round
 * Guarded by the machine's lock:
 * @place, @enabled: what the driver says of it
 * @running: @ring is the thread's
 * @interrupts: how often the guest was to be interrupted for it
 * The thread's while @running:
 * @ring: the queue
 */
struct pearl_virtio_queue {
	struct pearl_virtio *virtio;
	unsigned int index;
	int kick;
	pthread_t thread;
	bool started;
	struct pearl_queue_place place;
	bool enabled;
	bool running;
	uint64_t interrupts;
	struct pearl_virtqueue ring;
};

/*
 * struct pearl_virtio
 * The device's, set before pearl_virtio_init():
 * @type: VIRTIO_ID_*
 * @features: what it offers, by bit, beside what every device here has
 * @nr_queues: how many it has
 * @config, @config_bytes: its configuration, which never changes
 * @serve: do what there is to do on a queue, in its thread, without the lock;
 *	must come back soon. Called after each kick, and once at first.
 * @stop: finish with a queue before it is taken away, likewise; may wait; may
 *	be NULL
 * @destroy: free it
 * Set by pearl_virtio_begin():
 * @transport, @lock, @memory: how the guest reaches it, the machine's lock,
 *	guest memory
 * Guarded by the machine's lock:
 * @status, @accepted: as the driver sees and has set them
 * @resetting, @ending: what the threads are to do
 */
struct pearl_virtio {
	uint16_t type;
	uint64_t features;
	unsigned int nr_queues;
	const void *config;
	size_t config_bytes;
	void (*serve)(struct pearl_virtio *virtio, unsigned int index);
	void (*stop)(struct pearl_virtio *virtio, unsigned int index);
	void (*destroy)(struct pearl_virtio *virtio);

	struct pearl_virtio_transport *transport;
	pthread_mutex_t *lock;
	const struct nacre_memory *memory;

	struct pearl_virtio_queue queues[PEARL_VIRTIO_QUEUES];
	uint8_t status;
	uint64_t accepted;
	bool resetting;
	bool ending;
};

/* Of the device: 0, or -1 with errno; exit() also after init() has failed. */
int pearl_virtio_init(struct pearl_virtio *virtio);
void pearl_virtio_exit(struct pearl_virtio *virtio);

/*
 * Of the transport: start the threads, and end them, which waits for what
 * they do. Not with the lock. 0, or -1 with errno; end() also after that.
 */
int pearl_virtio_begin(struct pearl_virtio *virtio,
		       struct pearl_virtio_transport *transport,
		       pthread_mutex_t *lock,
		       const struct nacre_memory *memory);
void pearl_virtio_end(struct pearl_virtio *virtio);

/*
 * The driver writes the status; accepts features. With the lock, and not while
 * the device is @resetting.
 */
void pearl_virtio_set_status(struct pearl_virtio *virtio, uint8_t status);
void pearl_virtio_accept(struct pearl_virtio *virtio, uint64_t features);

/* Bring a queue's thread round; from any thread. */
void pearl_virtio_kick(struct pearl_virtio *virtio, unsigned int index);

/*
 * pearl_virtio_served() - tell the guest what was done on a queue
 * Of serve(), at its end.
 */
void pearl_virtio_served(struct pearl_virtio *virtio, unsigned int index);

#endif
