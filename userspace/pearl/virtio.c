// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "virtio.h"

#define BIT(n) (1ULL << (n))

#define FEATURES (BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_EVENT_IDX) | \
		  BIT(VIRTIO_RING_F_INDIRECT_DESC))

int pearl_virtio_init(struct pearl_virtio *v)
{
	unsigned int i;
	int err = 0;

	v->features |= FEATURES;
	for (i = 0; i < v->nr_queues; i++) {
		v->queues[i].virtio = v;
		v->queues[i].index = i;
		v->queues[i].place.size = PEARL_QUEUE_SIZE;
		v->queues[i].kick = eventfd(0, EFD_CLOEXEC);
		if (v->queues[i].kick < 0)
			err = -1;
	}
	return err;
}

void pearl_virtio_exit(struct pearl_virtio *v)
{
	unsigned int i;
	int saved = errno;

	for (i = 0; i < v->nr_queues; i++)
		if (v->queues[i].kick >= 0)
			close(v->queues[i].kick);
	errno = saved;
}

void pearl_virtio_kick(struct pearl_virtio *v, unsigned int index)
{
	uint64_t one = 1;

	if (write(v->queues[index].kick, &one, sizeof(one)) < 0)
		return;
}

static void kick_all(struct pearl_virtio *v)
{
	unsigned int i;

	for (i = 0; i < v->nr_queues; i++)
		pearl_virtio_kick(v, i);
}

/* As it was at first, if no thread has a queue of it. */
static void renew(struct pearl_virtio *v)
{
	unsigned int i;

	for (i = 0; i < v->nr_queues; i++)
		if (v->queues[i].running)
			return;
	for (i = 0; i < v->nr_queues; i++) {
		v->queues[i].enabled = false;
		v->queues[i].place = (struct pearl_queue_place){
			.size = PEARL_QUEUE_SIZE,
		};
	}
	v->status = 0;
	v->accepted = 0;
	v->resetting = false;
	v->transport->renewed(v->transport);
}

/* The driver did what it must not: nothing goes on before it resets. */
static void fail(struct pearl_virtio *v)
{
	if (v->status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return;
	v->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	v->transport->tell(v->transport, PEARL_VIRTIO_DEVICE);
}

/* Hand the queues to their threads. */
static void start(struct pearl_virtio *v)
{
	unsigned int i;

	for (i = 0; i < v->nr_queues; i++) {
		struct pearl_virtio_queue *q = &v->queues[i];

		if (!q->enabled || q->running)
			continue;
		q->running = pearl_virtqueue_start(&q->ring, v->memory,
						   &q->place, v->accepted);
		if (!q->running)
			fail(v);
	}
	kick_all(v);
}

static bool acceptable(const struct pearl_virtio *v)
{
	return !(v->accepted & ~v->features) &&
	       v->accepted & BIT(VIRTIO_F_VERSION_1);
}

/* Bits are added only; that the device has failed is not the driver's. */
void pearl_virtio_set_status(struct pearl_virtio *v, uint8_t status)
{
	uint8_t added = status & ~v->status & ~VIRTIO_CONFIG_S_NEEDS_RESET;

	if (!status) {
		v->resetting = true;
		kick_all(v);
		renew(v);
		return;
	}
	if (!acceptable(v))
		added &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	v->status |= added;
	if (!(v->status & VIRTIO_CONFIG_S_FEATURES_OK))
		v->status &= ~VIRTIO_CONFIG_S_DRIVER_OK;
	else if (added & VIRTIO_CONFIG_S_DRIVER_OK)
		start(v);
}

void pearl_virtio_accept(struct pearl_virtio *v, uint64_t features)
{
	if (!(v->status & VIRTIO_CONFIG_S_FEATURES_OK))
		v->accepted = features;
}

/* Before the next turn: does the thread go on, and with its queue? */
enum turn {
	TURN_WAIT,
	TURN_SERVE,
	TURN_STOP,
	TURN_END,
};

static enum turn next_turn(struct pearl_virtio_queue *q)
{
	struct pearl_virtio *v = q->virtio;
	enum turn turn = TURN_WAIT;

	pthread_mutex_lock(v->lock);
	if (q->running)
		turn = v->resetting || v->ending ? TURN_STOP : TURN_SERVE;
	else if (v->ending)
		turn = TURN_END;
	pthread_mutex_unlock(v->lock);
	return turn;
}

static void lay_down(struct pearl_virtio_queue *q)
{
	struct pearl_virtio *v = q->virtio;

	if (v->stop)
		v->stop(v, q->index);
	pthread_mutex_lock(v->lock);
	q->running = false;
	if (v->resetting)
		renew(v);
	pthread_mutex_unlock(v->lock);
}

static void wait_for_kick(struct pearl_virtio_queue *q)
{
	uint64_t count;

	while (read(q->kick, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

static void *serve_queue(void *argument)
{
	struct pearl_virtio_queue *q = argument;

	for (;;) {
		enum turn turn = next_turn(q);

		if (turn == TURN_END)
			return NULL;
		if (turn == TURN_STOP) {
			lay_down(q);
			continue;
		}
		if (turn == TURN_SERVE)
			q->virtio->serve(q->virtio, q->index);
		wait_for_kick(q);
	}
}

int pearl_virtio_begin(struct pearl_virtio *v,
		       struct pearl_virtio_transport *transport,
		       pthread_mutex_t *lock,
		       const struct nacre_memory *memory)
{
	unsigned int i;

	v->transport = transport;
	v->lock = lock;
	v->memory = memory;
	for (i = 0; i < v->nr_queues; i++) {
		struct pearl_virtio_queue *q = &v->queues[i];

		errno = pthread_create(&q->thread, NULL, serve_queue, q);
		if (errno)
			return -1;
		q->started = true;
	}
	return 0;
}

void pearl_virtio_end(struct pearl_virtio *v)
{
	unsigned int i;

	if (!v->lock)
		return;
	pthread_mutex_lock(v->lock);
	v->ending = true;
	pthread_mutex_unlock(v->lock);
	kick_all(v);
	for (i = 0; i < v->nr_queues; i++)
		if (v->queues[i].started)
			pthread_join(v->queues[i].thread, NULL);
}

void pearl_virtio_served(struct pearl_virtio *v, unsigned int index)
{
	struct pearl_virtqueue *ring = &v->queues[index].ring;
	bool tell = pearl_virtqueue_must_tell(ring);

	if (!tell && !ring->broken)
		return;
	pthread_mutex_lock(v->lock);
	if (tell) {
		v->queues[index].interrupts++;
		v->transport->tell(v->transport, index);
	}
	if (ring->broken)
		fail(v);
	pthread_mutex_unlock(v->lock);
}
