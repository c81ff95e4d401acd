// SPDX-License-Identifier: GPL-2.0
/*
 * Split virtqueues: what a driver does, and what it must not, by the VIRTIO
 * specification, "Split Virtqueues".
 */
#include <linux/virtio_config.h>
#include <pthread.h>
#include <time.h>

#include "guest_ring.h"

#define INDIRECT_DESC BIT(VIRTIO_RING_F_INDIRECT_DESC)
#define EVENT_IDX BIT(VIRTIO_RING_F_EVENT_IDX)

#define RING 0x10000
#define DATA 0x40000
#define TABLE 0x80000

static struct pearl_virtqueue queue;
static struct guest_ring guest;
static struct pearl_chain chain;

static bool start_with(uint64_t features)
{
	return pearl_virtqueue_start(&queue, memory, &guest.place, features);
}

static void make(uint16_t size, uint64_t features)
{
	make_memory();
	guest = make_ring(RING, size);
	if (!start_with(features))
		abort();
}

static bool pop(void)
{
	return pearl_virtqueue_pop(&queue, &chain);
}

/* What is offered now breaks the queue, for good. */
static bool breaks(uint16_t head)
{
	offer(&guest, head);
	if (pop() || !queue.broken)
		return false;
	put_desc(RING, 0, DATA, 1, 0, 0);
	offer(&guest, 0);
	return !pop() && !pearl_virtqueue_listen(&queue);
}

static void places(void)
{
	static const struct pearl_queue_place bad[] = {
		{ 0, RING, RING + 0x1000, RING + 0x2000 },
		{ 3, RING, RING + 0x1000, RING + 0x2000 },
		{ 12, RING, RING + 0x1000, RING + 0x2000 },
		{ 256, RING, RING + 0x1000, RING + 0x2000 },
		{ 0x8000, RING, RING + 0x1000, RING + 0x2000 },
		{ 8, RING + 8, RING + 0x1000, RING + 0x2000 },
		{ 8, RING, RING + 0x1001, RING + 0x2000 },
		{ 8, RING, RING + 0x1000, RING + 0x2002 },
		{ 8, LOW_BYTES - 112, RING, RING },
		{ 8, RING, LOW_BYTES - 20, RING },
		{ 8, RING, RING, LOW_BYTES - 68 },
		{ 8, RING, RING, HIGH_BASE - 4 },
		{ 8, ~15ULL, RING, RING },
		{ 8, RING, ~1ULL, RING },
		{ 8, RING, RING, 1ULL << 63 },
	};
	static const struct pearl_queue_place good[] = {
		{ 1, RING, RING, RING },
		{ 8, LOW_BYTES - 128, LOW_BYTES - 22, LOW_BYTES - 72 },
		{ 128, HIGH_BASE, HIGH_BASE, HIGH_BASE },
	};
	unsigned int i;

	make(8, 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT(!pearl_virtqueue_start(&queue, memory, &bad[i], 0));
	for (i = 0; i < ARRAY_SIZE(good); i++)
		EXPECT(pearl_virtqueue_start(&queue, memory, &good[i], 0));
}

static void nothing_there(void)
{
	make(8, 0);
	EXPECT(!pop());
	EXPECT(!queue.broken);
	EXPECT(!pearl_virtqueue_must_tell(&queue));
	memset(&queue, 0, sizeof(queue));
	EXPECT(!pop());
	EXPECT(!pearl_virtqueue_listen(&queue));
}

static void one_chain(void)
{
	struct vring_used_elem used;

	make(8, 0);
	put_desc(RING, 5, DATA, 16, NEXT, 2);
	put_desc(RING, 2, DATA + 0x100, 1, NEXT, 7);
	put_desc(RING, 7, HIGH_BASE, HIGH_BYTES, NEXT | WRITE, 0);
	put_desc(RING, 0, LOW_BYTES - 1, 1, WRITE, 0xffff);
	offer(&guest, 5);
	EXPECT(pop());
	EXPECT_EQ(chain.head, 5);
	EXPECT_EQ(chain.nr_out, 2);
	EXPECT_EQ(chain.nr_in, 2);
	EXPECT(chain.iov[0].iov_base == at(DATA));
	EXPECT_EQ(chain.iov[0].iov_len, 16);
	EXPECT(chain.iov[1].iov_base == at(DATA + 0x100));
	EXPECT(chain.iov[2].iov_base == at(HIGH_BASE));
	EXPECT_EQ(chain.iov[2].iov_len, HIGH_BYTES);
	EXPECT(chain.iov[3].iov_base == at(LOW_BYTES - 1));
	EXPECT(!pop());
	EXPECT(!queue.broken);
	pearl_virtqueue_push(&queue, chain.head, 17);
	EXPECT(take_used(&guest, &used));
	EXPECT_EQ(used.id, 5);
	EXPECT_EQ(used.len, 17);
	EXPECT(!take_used(&guest, &used));
}

/* Three times round the 16 bits of an index, and used in another order. */
static void many_chains(void)
{
	struct vring_used_elem used;
	unsigned int i, first;

	memset(&queue, 0, sizeof(queue));
	make(4, 0);
	for (i = 0; i < 4; i++)
		put_desc(RING, i, DATA + i, 1, 0, 0);
	for (i = 0; i < 100000; i++) {
		offer(&guest, i & 3);
		offer(&guest, (i + 1) & 3);
		EXPECT(pop());
		first = chain.head;
		EXPECT(pop());
		EXPECT(chain.iov[0].iov_base == at(DATA + ((i + 1) & 3)));
		pearl_virtqueue_push(&queue, chain.head, 0);
		pearl_virtqueue_push(&queue, first, 0);
		EXPECT(take_used(&guest, &used));
		EXPECT_EQ(used.id, (i + 1) & 3);
		EXPECT(take_used(&guest, &used));
		EXPECT_EQ(used.id, i & 3);
	}
	EXPECT_EQ(queue.pushed, 200000);
	make(4, 0);
	EXPECT_EQ(queue.pushed, 200000);
}

static void indirect(void)
{
	make(8, INDIRECT_DESC);
	put_desc(RING, 0, DATA, 2, NEXT, 1);
	put_desc(RING, 1, TABLE, 3 * 16, INDIRECT, 0);
	put_desc(TABLE, 0, DATA + 16, 3, NEXT, 2);
	put_desc(TABLE, 2, DATA + 32, 4, WRITE, 0);
	offer(&guest, 0);
	EXPECT(pop());
	EXPECT_EQ(chain.nr_out, 2);
	EXPECT_EQ(chain.nr_in, 1);
	EXPECT(chain.iov[2].iov_base == at(DATA + 32));
}

/* A table may lie anywhere, also across the alignment of what is in it. */
static void indirect_unaligned(void)
{
	struct vring_desc d = { .addr = DATA, .len = 9 };

	make(8, INDIRECT_DESC);
	memcpy(at(TABLE + 3), &d, sizeof(d));
	put_desc(RING, 0, TABLE + 3, 16, INDIRECT, 0);
	offer(&guest, 0);
	EXPECT(pop());
	EXPECT_EQ(chain.iov[0].iov_len, 9);
}

static void indirect_refused(void)
{
	static const struct {
		uint64_t features;
		struct vring_desc ring, table[2];
	} bad[] = {
		{ 0, { TABLE, 32, INDIRECT, 0 }, { { DATA, 1, 0, 0 } } },
		{ INDIRECT_DESC, { TABLE, 0, INDIRECT, 0 }, { } },
		{ INDIRECT_DESC, { TABLE, 17, INDIRECT, 0 },
		  { { DATA, 1, 0, 0 } } },
		{ INDIRECT_DESC, { TABLE, 16, INDIRECT | NEXT, 1 },
		  { { DATA, 1, 0, 0 } } },
		{ INDIRECT_DESC, { LOW_BYTES - 16, 32, INDIRECT, 0 },
		  { { DATA, 1, 0, 0 } } },
		{ INDIRECT_DESC, { TABLE, 32, INDIRECT, 0 },
		  { { TABLE + 16, 16, INDIRECT, 0 }, { DATA, 1, 0, 0 } } },
		{ INDIRECT_DESC, { TABLE, 32, INDIRECT, 0 },
		  { { DATA, 1, NEXT, 2 } } },
		{ INDIRECT_DESC, { TABLE, 32, INDIRECT, 0 },
		  { { DATA, 1, NEXT, 1 }, { DATA, 1, NEXT, 0 } } },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		make(8, bad[i].features);
		memcpy(at(RING), &bad[i].ring, sizeof(bad[i].ring));
		memcpy(at(TABLE), bad[i].table, sizeof(bad[i].table));
		/* What would do, if it were asked for. */
		put_desc(RING, 1, DATA, 1, 0, 0);
		put_desc(TABLE, 2, DATA, 1, 0, 0);
		EXPECT(breaks(0));
	}
}

static void chains_refused(void)
{
	static const struct vring_desc bad[][2] = {
		{ { DATA, 0, 0, 0 } },
		{ { LOW_BYTES, 1, 0, 0 } },
		{ { LOW_BYTES - 1, 2, 0, 0 } },
		{ { HIGH_BASE - 1, 2, WRITE, 0 } },
		{ { ~0ULL, 1, 0, 0 } },
		{ { ~0ULL, 2, 0, 0 } },
		{ { 0, 0xffffffff, 0, 0 } },
		{ { DATA, 1, NEXT, 0 } },
		{ { DATA, 1, NEXT, 1 }, { DATA, 1, NEXT, 0 } },
		{ { DATA, 1, NEXT, 8 } },
		{ { DATA, 1, NEXT, 0xffff } },
		{ { DATA, 1, NEXT | WRITE, 1 }, { DATA, 1, 0, 0 } },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		make(8, INDIRECT_DESC);
		memcpy(at(RING), bad[i], sizeof(bad[i]));
		put_desc(RING, 8, DATA, 1, 0, 0);
		EXPECT(breaks(0));
	}
}

static void indices_refused(void)
{
	make(8, 0);
	put_desc(RING, 8, DATA, 1, 0, 0);
	EXPECT(breaks(8));
	make(8, 0);
	EXPECT(breaks(0xffff));
	/* More chains at once than there are descriptors. */
	make(8, 0);
	put_desc(RING, 0, DATA, 1, 0, 0);
	guest.offered = 8;
	EXPECT(breaks(0));
	make(8, 0);
	guest.offered = 0xfffe;
	EXPECT(breaks(0));
}

/* As long as a queue can be; by a table it cannot be longer either. */
static void longest_chain(void)
{
	unsigned int i, n = PEARL_QUEUE_SIZE;

	make(n, INDIRECT_DESC);
	for (i = 0; i < n; i++)
		put_desc(RING, i, DATA + i, 1, i < n - 1 ? NEXT : 0, i + 1);
	offer(&guest, 0);
	EXPECT(pop());
	EXPECT_EQ(chain.nr_out, n);
	for (i = 0; i <= n; i++)
		put_desc(TABLE, i, DATA + i, 1, i < n - 1 ? NEXT : 0, i + 1);
	put_desc(RING, 0, TABLE, (n + 1) * 16, INDIRECT, 0);
	offer(&guest, 0);
	EXPECT(pop());
	EXPECT_EQ(chain.nr_out, n);
	put_desc(TABLE, n - 1, DATA, 1, NEXT, n);
	EXPECT(breaks(0));
}

static void notifications(void)
{
	make(8, 0);
	put_desc(RING, 0, DATA, 1, 0, 0);
	pearl_virtqueue_ignore(&queue);
	EXPECT_EQ(used_of(&guest)->flags, VRING_USED_F_NO_NOTIFY);
	EXPECT(!pearl_virtqueue_listen(&queue));
	EXPECT_EQ(used_of(&guest)->flags, 0);
	offer(&guest, 0);
	EXPECT(pearl_virtqueue_listen(&queue));
	EXPECT(pop());
	EXPECT(!pearl_virtqueue_listen(&queue));
}

static void notifications_by_index(void)
{
	uint16_t *event;

	make(8, EVENT_IDX);
	event = at(guest.place.used + 4 + 8 * 8);
	put_desc(RING, 0, DATA, 1, 0, 0);
	pearl_virtqueue_ignore(&queue);
	EXPECT_EQ(used_of(&guest)->flags, 0);
	offer(&guest, 0);
	offer(&guest, 0);
	EXPECT(pop());
	EXPECT(pearl_virtqueue_listen(&queue));
	EXPECT_EQ(*event, 1);
	EXPECT(pop());
	EXPECT(!pearl_virtqueue_listen(&queue));
	EXPECT_EQ(*event, 2);
}

static void push(unsigned int n)
{
	while (n--)
		pearl_virtqueue_push(&queue, 0, 0);
}

static void interrupts(void)
{
	make(8, 0);
	push(1);
	EXPECT(pearl_virtqueue_must_tell(&queue));
	EXPECT(!pearl_virtqueue_must_tell(&queue));
	avail_of(&guest)->flags = VRING_AVAIL_F_NO_INTERRUPT;
	push(1);
	EXPECT(!pearl_virtqueue_must_tell(&queue));
	avail_of(&guest)->flags = 0;
	EXPECT(!pearl_virtqueue_must_tell(&queue));
	push(3);
	EXPECT(pearl_virtqueue_must_tell(&queue));
}

/* "when the used index goes past used_event", which may be far ahead. */
static void interrupts_by_index(void)
{
	uint16_t *event;
	unsigned int i;

	make(8, EVENT_IDX);
	event = &avail_of(&guest)->ring[8];
	avail_of(&guest)->flags = VRING_AVAIL_F_NO_INTERRUPT;
	for (i = 0; i < 70000; i++) {
		*event = i;
		push(1);
		EXPECT(pearl_virtqueue_must_tell(&queue));
		*event = i + 5;
		EXPECT(!pearl_virtqueue_must_tell(&queue));
	}
	*event = i + 2;
	push(2);
	EXPECT(!pearl_virtqueue_must_tell(&queue));
	push(1);
	EXPECT(pearl_virtqueue_must_tell(&queue));
	*event = i + 4;
	push(5);
	EXPECT(pearl_virtqueue_must_tell(&queue));
}

static void streams(void)
{
	char a[3] = "abc", b[1] = "d", c[4] = "efgh", out[9] = "";
	struct iovec iov[] = { { a, 3 }, { b, 1 }, { c, 4 } };

	EXPECT_EQ(pearl_iov_bytes(iov, 3), 8);
	EXPECT_EQ(pearl_iov_read(iov, 3, 0, out, 9), 8);
	EXPECT(!strcmp(out, "abcdefgh"));
	EXPECT_EQ(pearl_iov_read(iov, 3, 2, out, 3), 3);
	EXPECT(!memcmp(out, "cde", 3));
	EXPECT_EQ(pearl_iov_read(iov, 3, 3, out, 1), 1);
	EXPECT_EQ(out[0], 'd');
	EXPECT_EQ(pearl_iov_read(iov, 3, 8, out, 1), 0);
	EXPECT_EQ(pearl_iov_read(iov, 0, 0, out, 1), 0);
	EXPECT_EQ(pearl_iov_write(iov, 3, 2, "1234567", 7), 6);
	EXPECT(!memcmp(a, "ab1", 3) && b[0] == '2' && !memcmp(c, "3456", 4));
	EXPECT_EQ(pearl_iov_write(iov, 3, 4, "zz", 1), 1);
	EXPECT(!memcmp(c, "z456", 4));
}

static bool scribbling;

/* Another vCPU, which writes what it likes where the queue is. */
static void *scribble(void *argument)
{
	uint64_t *seed = argument;

	while (__atomic_load_n(&scribbling, __ATOMIC_RELAXED)) {
		uint64_t r = host_random(seed);

		put_desc(RING, r & 7, r & 8 ? DATA : ~0ULL, r >> 32 & 0x3f,
			 r >> 16 & 7, r >> 24 & 7);
		put_desc(TABLE, r & 1, DATA, r >> 33 & 0x3f, r >> 17 & 7, 1);
	}
	return NULL;
}

static bool is_sound(const struct pearl_chain *c)
{
	unsigned int i;
	char *low = at(0), *host;

	for (i = 0; i < c->nr_out + c->nr_in; i++) {
		host = c->iov[i].iov_base;
		if (!c->iov[i].iov_len || host < low ||
		    host + c->iov[i].iov_len > low + LOW_BYTES)
			return false;
	}
	return i && i <= PEARL_QUEUE_SIZE;
}

/* As long as it takes: the other thread has its turn when the machine says. */
static void changes_meanwhile(void)
{
	unsigned int i, sound = 0, broken = 0;
	time_t give_up = time(NULL) + 60;
	uint64_t seed = 1;
	pthread_t thread;

	make(8, INDIRECT_DESC);
	scribbling = true;
	EXPECT(!pthread_create(&thread, NULL, scribble, &seed));
	for (i = 0; i < 100000 || sound <= 100 || broken <= 100; i++) {
		if (!(i & 0xffff) && time(NULL) > give_up)
			break;
		offer(&guest, i & 7);
		if (pop()) {
			EXPECT(is_sound(&chain));
			sound++;
		} else {
			guest.offered = 0;
			start_with(INDIRECT_DESC);
			broken++;
		}
	}
	__atomic_store_n(&scribbling, false, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	host_note("%u chains taken, %u refused", sound, broken);
	EXPECT(sound > 100 && broken > 100);
}

static const struct host_case cases[] = {
	HOST_CASE(places),
	HOST_CASE(nothing_there),
	HOST_CASE(one_chain),
	HOST_CASE(many_chains),
	HOST_CASE(indirect),
	HOST_CASE(indirect_unaligned),
	HOST_CASE(indirect_refused),
	HOST_CASE(chains_refused),
	HOST_CASE(indices_refused),
	HOST_CASE(longest_chain),
	HOST_CASE(notifications),
	HOST_CASE(notifications_by_index),
	HOST_CASE(interrupts),
	HOST_CASE(interrupts_by_index),
	HOST_CASE(streams),
	HOST_CASE(changes_meanwhile),
};

HOST_MAIN(cases)
