// SPDX-License-Identifier: GPL-2.0
/*
 * A console with one port, on a serial line: hvc0.
 *
 * One port needs no control queues, but without them Linux throws away what
 * comes before it has opened its console, and does not say when it has. By them
 * it does, and input waits for that.
 *
 * Virtual I/O Device (VIRTIO) specification, "Console Device".
 */
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>
#include <stdlib.h>
#include <string.h>

#include "virtio_devices.h"

#define BIT(n) (1ULL << (n))

#define INPUT 256

/* Received and transmitted by the guest. */
enum {
	RECEIVE,
	TRANSMIT,
	CONTROL_RECEIVE,
	CONTROL_TRANSMIT,
	NR_QUEUES,
};

/*
 * struct console
 * Guarded by the machine's lock:
 * @input, @used: what the guest has not taken yet
 * @refused: the outside waits until there is room in it
 * @open: the guest's console is
 * @news: what the guest is to be told, by bit: VIRTIO_CONSOLE_*
 * The receive queue's thread's:
 * @in: what it fills
 * The transmit queue's thread's:
 * @out, @sent: what it sends, and how much of it is gone, if it is @sending
 * The control queues' threads':
 * @told, @heard: what they work on
 */
struct console {
	struct pearl_virtio virtio;
	struct virtio_console_config config;
	struct pearl_chars *chars;
	struct pearl_chars_device end;
	uint8_t input[INPUT];
	size_t used;
	bool refused;
	bool open;
	uint32_t news;
	struct pearl_chain in;
	struct pearl_chain out;
	size_t sent;
	bool sending;
	struct pearl_chain told;
	struct pearl_chain heard;
};

static size_t get(struct pearl_chars_device *end, const uint8_t *bytes,
		  size_t n)
{
	struct console *c = container_of(end, struct console, end);
	size_t room = INPUT - c->used;

	c->refused = n > room;
	if (n > room)
		n = room;
	memcpy(c->input + c->used, bytes, n);
	c->used += n;
	pearl_virtio_kick(&c->virtio, RECEIVE);
	return n;
}

static void drained(struct pearl_chars_device *end)
{
	pearl_virtio_kick(&container_of(end, struct console, end)->virtio,
			  TRANSMIT);
}

static bool has_input(struct console *c)
{
	bool any;

	pthread_mutex_lock(c->virtio.lock);
	any = c->used && (c->open || !(c->virtio.accepted &
				       BIT(VIRTIO_CONSOLE_F_MULTIPORT)));
	pthread_mutex_unlock(c->virtio.lock);
	return any;
}

static size_t take_input(struct console *c, uint8_t *bytes, size_t room)
{
	size_t n;

	pthread_mutex_lock(c->virtio.lock);
	n = c->used < room ? c->used : room;
	memcpy(bytes, c->input, n);
	c->used -= n;
	memmove(c->input, c->input + n, c->used);
	pthread_mutex_unlock(c->virtio.lock);
	return n;
}

static void ask_for_input(struct console *c)
{
	pthread_mutex_lock(c->virtio.lock);
	if (c->refused && c->used < INPUT) {
		c->refused = false;
		c->chars->wanted(c->chars);
	}
	pthread_mutex_unlock(c->virtio.lock);
}

static void fill(struct console *c, struct pearl_virtqueue *ring)
{
	const struct iovec *iov = c->in.iov + c->in.nr_out;
	size_t room = pearl_iov_bytes(iov, c->in.nr_in);
	uint8_t bytes[INPUT];
	size_t n = take_input(c, bytes, room < INPUT ? room : INPUT);

	pearl_iov_write(iov, c->in.nr_in, 0, bytes, n);
	pearl_virtqueue_push(ring, c->in.head, n);
}

/* Buffers stay with the guest's queue until there is something for them. */
static void receive(struct console *c, struct pearl_virtqueue *ring)
{
	do {
		while (has_input(c) && pearl_virtqueue_pop(ring, &c->in))
			fill(c, ring);
	} while (has_input(c) && pearl_virtqueue_listen(ring));
	ask_for_input(c);
}

/* False if the outside takes no more: it calls drained() when it does. */
static bool send(struct console *c)
{
	for (;;) {
		uint8_t bytes[INPUT];
		size_t taken, n = pearl_iov_read(c->out.iov, c->out.nr_out,
						 c->sent, bytes,
						 sizeof(bytes));

		if (!n)
			return true;
		pthread_mutex_lock(c->virtio.lock);
		taken = c->chars->put(c->chars, bytes, n);
		pthread_mutex_unlock(c->virtio.lock);
		c->sent += taken;
		if (taken < n)
			return false;
	}
}

static bool next_output(struct console *c, struct pearl_virtqueue *ring)
{
	if (!c->sending) {
		c->sending = pearl_virtqueue_pop(ring, &c->out);
		c->sent = 0;
	}
	return c->sending;
}

static void transmit(struct console *c, struct pearl_virtqueue *ring)
{
	do {
		while (next_output(c, ring)) {
			if (!send(c))
				return;
			c->sending = false;
			pearl_virtqueue_push(ring, c->out.head, 0);
		}
	} while (pearl_virtqueue_listen(ring));
}

/* The next of the news, which are told in the order of their numbers. */
static bool next_news(struct console *c, struct virtio_console_control *news)
{
	pthread_mutex_lock(c->virtio.lock);
	*news = (struct virtio_console_control){ .value = 1 };
	if (c->news)
		news->event = __builtin_ctz(c->news);
	c->news &= c->news - 1;
	pthread_mutex_unlock(c->virtio.lock);
	return news->event;
}

static bool has_news(struct console *c)
{
	bool any;

	pthread_mutex_lock(c->virtio.lock);
	any = c->news;
	pthread_mutex_unlock(c->virtio.lock);
	return any;
}

static void tell(struct console *c, struct pearl_virtqueue *ring)
{
	struct virtio_console_control news;

	do {
		while (has_news(c) && pearl_virtqueue_pop(ring, &c->told)) {
			size_t n = 0;

			if (next_news(c, &news))
				n = pearl_iov_write(c->told.iov +
						    c->told.nr_out,
						    c->told.nr_in, 0, &news,
						    sizeof(news));
			pearl_virtqueue_push(ring, c->told.head, n);
		}
	} while (has_news(c) && pearl_virtqueue_listen(ring));
}

/* There is a port; it is the console, and somebody is at its other end. */
static void hear_message(struct console *c,
			 const struct virtio_console_control *m)
{
	pthread_mutex_lock(c->virtio.lock);
	if (m->event == VIRTIO_CONSOLE_DEVICE_READY && m->value)
		c->news |= BIT(VIRTIO_CONSOLE_PORT_ADD);
	else if (m->event == VIRTIO_CONSOLE_PORT_READY && m->value && !m->id)
		c->news |= BIT(VIRTIO_CONSOLE_CONSOLE_PORT) |
			   BIT(VIRTIO_CONSOLE_PORT_OPEN);
	else if (m->event == VIRTIO_CONSOLE_PORT_OPEN && !m->id)
		c->open = m->value;
	pthread_mutex_unlock(c->virtio.lock);
	pearl_virtio_kick(&c->virtio, CONTROL_RECEIVE);
	pearl_virtio_kick(&c->virtio, RECEIVE);
}

static void hear(struct console *c, struct pearl_virtqueue *ring)
{
	struct virtio_console_control m;

	do {
		while (pearl_virtqueue_pop(ring, &c->heard)) {
			if (pearl_iov_read(c->heard.iov, c->heard.nr_out, 0,
					   &m, sizeof(m)) == sizeof(m))
				hear_message(c, &m);
			pearl_virtqueue_push(ring, c->heard.head, 0);
		}
	} while (pearl_virtqueue_listen(ring));
}

static void serve(struct pearl_virtio *virtio, unsigned int index)
{
	static void (*const serve_queue[])(struct console *c,
					   struct pearl_virtqueue *ring) = {
		[RECEIVE] = receive,
		[TRANSMIT] = transmit,
		[CONTROL_RECEIVE] = tell,
		[CONTROL_TRANSMIT] = hear,
	};

	serve_queue[index](container_of(virtio, struct console, virtio),
			   &virtio->queues[index].ring);
	pearl_virtio_served(virtio, index);
}

/* What came by a queue goes with it. */
static void stop(struct pearl_virtio *virtio, unsigned int index)
{
	struct console *c = container_of(virtio, struct console, virtio);

	if (index == TRANSMIT)
		c->sending = false;
	if (index != CONTROL_TRANSMIT)
		return;
	pthread_mutex_lock(virtio->lock);
	c->open = false;
	c->news = 0;
	pthread_mutex_unlock(virtio->lock);
}

static void destroy(struct pearl_virtio *virtio)
{
	struct console *c = container_of(virtio, struct console, virtio);

	c->chars->device = NULL;
	pearl_virtio_exit(virtio);
	free(c);
}

struct pearl_virtio *pearl_virtio_console_create(struct pearl_chars *chars)
{
	struct console *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->chars = chars;
	c->end.get = get;
	c->end.drained = drained;
	c->virtio.type = VIRTIO_ID_CONSOLE;
	c->virtio.features = BIT(VIRTIO_CONSOLE_F_MULTIPORT);
	c->virtio.nr_queues = NR_QUEUES;
	c->config.max_nr_ports = 1;
	c->virtio.config = &c->config;
	c->virtio.config_bytes = sizeof(c->config);
	c->virtio.serve = serve;
	c->virtio.stop = stop;
	c->virtio.destroy = destroy;
	if (pearl_virtio_init(&c->virtio)) {
		destroy(&c->virtio);
		return NULL;
	}
	chars->device = &c->end;
	return &c->virtio;
}
