// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio console, by the VIRTIO specification, "Console Device": nothing is
 * lost or doubled in either direction, whoever is slow.
 */
#include <linux/virtio_console.h>

#include "devices/virtio_devices.h"
#include "virtio_driver.h"

#define RECEIVE 0
#define TRANSMIT 1
#define CONTROL_RECEIVE 2
#define CONTROL_TRANSMIT 3
#define MULTIPORT (1ULL << VIRTIO_CONSOLE_F_MULTIPORT)
#define MESSAGE 0x30000
#define NEWS 0x31000
#define LONG 5000

/* The other end of the line; it takes @room more bytes. */
static struct {
	struct pearl_chars chars;
	uint8_t seen[LONG];
	size_t used;
	size_t room;
	bool waits;
	unsigned int wanted;
} outside;

static size_t put(struct pearl_chars *chars, const uint8_t *bytes, size_t n)
{
	size_t taken = n < outside.room ? n : outside.room;

	(void)chars;
	if (outside.used + taken > LONG)
		abort();
	memcpy(outside.seen + outside.used, bytes, taken);
	outside.used += taken;
	outside.room -= taken;
	outside.waits = taken < n;
	return taken;
}

static void wanted(struct pearl_chars *chars)
{
	(void)chars;
	outside.wanted++;
}

static size_t seen(void)
{
	size_t n;

	pthread_mutex_lock(&lock);
	n = outside.used;
	pthread_mutex_unlock(&lock);
	return n;
}

static bool is_waiting(void)
{
	bool waits;

	pthread_mutex_lock(&lock);
	waits = outside.waits;
	pthread_mutex_unlock(&lock);
	return waits;
}

static unsigned int times_wanted(void)
{
	unsigned int n;

	pthread_mutex_lock(&lock);
	n = outside.wanted;
	pthread_mutex_unlock(&lock);
	return n;
}

/* Room for more; who waited is told. */
static void make_room(size_t room)
{
	pthread_mutex_lock(&lock);
	outside.room = room;
	if (outside.waits) {
		outside.waits = false;
		outside.chars.device->drained(outside.chars.device);
	}
	pthread_mutex_unlock(&lock);
}

static size_t type(const void *bytes, size_t n)
{
	size_t taken;

	pthread_mutex_lock(&lock);
	taken = outside.chars.device->get(outside.chars.device, bytes, n);
	pthread_mutex_unlock(&lock);
	return taken;
}

static bool make_with(uint64_t features)
{
	make_memory();
	memset(&outside, 0, sizeof(outside));
	outside.chars.put = put;
	outside.chars.wanted = wanted;
	return plug(pearl_virtio_console_create(&outside.chars), true) &&
	       drive(VERSION_1 | features, 8);
}

static bool make(void)
{
	return make_with(0);
}

static bool end(void)
{
	return unplug() && !outside.chars.device;
}

static void is_console(void)
{
	EXPECT(make());
	EXPECT_EQ(get_config(PCI_DEVICE_ID, 2), 0x1043);
	EXPECT_EQ(get_common(num_queues), 4);
	/* One port, and no size. */
	EXPECT_EQ(offered_features() & 0xffffff, MULTIPORT);
	EXPECT_EQ(mmio_read(driver.config +
			    offsetof(struct virtio_console_config,
				     max_nr_ports), 4), 1);
	EXPECT(end());
}

static void send(uint64_t gpa, uint32_t bytes)
{
	put_desc(driver.rings[TRANSMIT].place.desc, 0, gpa, bytes, 0, 0);
	offer(&driver.rings[TRANSMIT], 0);
	notify(TRANSMIT);
}

static void fill(void)
{
	unsigned int i;

	for (i = 0; i < LONG; i++)
		((uint8_t *)at(DATA))[i] = i * 7 >> 3;
}

static void sends(void)
{
	struct vring_used_elem used;

	EXPECT(make());
	fill();
	make_room(LONG);
	send(DATA, 3);
	EXPECT(wait_used(TRANSMIT, &used));
	EXPECT_EQ(used.len, 0);
	EXPECT_EQ(seen(), 3);
	send(DATA + 3, LONG - 3);
	EXPECT(wait_used(TRANSMIT, &used));
	EXPECT_EQ(seen(), LONG);
	EXPECT(!memcmp(outside.seen, at(DATA), LONG));
	EXPECT(end());
}

/* The buffer comes back when all of it is gone. */
static void sends_to_the_slow(void)
{
	struct vring_used_elem used;
	size_t n;

	EXPECT(make());
	fill();
	send(DATA, LONG);
	for (n = 0; n < LONG; n += 500) {
		EXPECT(WITHIN(is_waiting()));
		EXPECT_EQ(seen(), n);
		EXPECT(!take_used(&driver.rings[TRANSMIT], &used));
		make_room(500);
	}
	EXPECT(wait_used(TRANSMIT, &used));
	EXPECT(!memcmp(outside.seen, at(DATA), LONG));
	EXPECT(end());
}

static void offer_buffer(unsigned int i, uint32_t bytes)
{
	put_desc(driver.rings[RECEIVE].place.desc, i, DATA + i * 0x1000, bytes,
		 WRITE, 0);
	offer(&driver.rings[RECEIVE], i);
	notify(RECEIVE);
}

static void receives(void)
{
	struct vring_used_elem used;

	EXPECT(make());
	offer_buffer(0, 4096);
	offer_buffer(1, 4);
	offer_buffer(2, 4096);
	EXPECT_EQ(type("one", 3), 3);
	EXPECT(wait_used(RECEIVE, &used));
	EXPECT_EQ(used.id, 0);
	EXPECT_EQ(used.len, 3);
	EXPECT(!memcmp(at(DATA), "one", 3));
	EXPECT_EQ(type("twelve", 6), 6);
	EXPECT(wait_used(RECEIVE, &used));
	EXPECT_EQ(used.len, 4);
	EXPECT(!memcmp(at(DATA + 0x1000), "twel", 4));
	EXPECT(wait_used(RECEIVE, &used));
	EXPECT_EQ(used.len, 2);
	EXPECT(!memcmp(at(DATA + 0x2000), "ve", 2));
	EXPECT_EQ(times_wanted(), 0);
	EXPECT(end());
}

/* Without buffers what comes is kept, and the rest waits outside. */
static void receives_late(void)
{
	struct vring_used_elem used;
	uint8_t bytes[300];

	EXPECT(make());
	memset(bytes, 'x', sizeof(bytes));
	EXPECT_EQ(type(bytes, 200), 200);
	EXPECT_EQ(type(bytes, 100), 56);
	EXPECT_EQ(type(bytes, 44), 0);
	EXPECT_EQ(times_wanted(), 0);
	offer_buffer(0, 100);
	EXPECT(wait_used(RECEIVE, &used));
	EXPECT_EQ(used.len, 100);
	EXPECT(WITHIN(times_wanted() == 1));
	EXPECT_EQ(type(bytes, 44), 44);
	offer_buffer(1, 4096);
	EXPECT(wait_used(RECEIVE, &used));
	EXPECT_EQ(used.len, 200);
	EXPECT(end());
}

/* What is typed before there is a driver. */
static void receives_before(void)
{
	struct vring_used_elem used;

	EXPECT(make());
	EXPECT(reset_device());
	EXPECT_EQ(type("early", 5), 5);
	EXPECT(drive(VERSION_1, 8));
	offer_buffer(0, 64);
	EXPECT(wait_used(RECEIVE, &used));
	EXPECT_EQ(used.len, 5);
	EXPECT(end());
}

/* Nothing more of what was being sent is sent after a reset. */
static void reset_while_sending(void)
{
	struct vring_used_elem used;

	EXPECT(make());
	memset(at(DATA), 'a', LONG);
	make_room(10);
	send(DATA, 1000);
	EXPECT(WITHIN(is_waiting()));
	EXPECT(reset_device());
	make_room(1000);
	EXPECT(drive(VERSION_1, 8));
	memset(at(DATA), 'b', LONG);
	send(DATA, 5);
	EXPECT(wait_used(TRANSMIT, &used));
	EXPECT_EQ(seen(), 15);
	EXPECT(!memcmp(outside.seen + 8, "aabbbbb", 7));
	EXPECT(end());
}

static bool say(uint32_t id, uint16_t event, uint16_t value)
{
	struct virtio_console_control m = { id, event, value };
	struct vring_used_elem used;

	memcpy(at(MESSAGE), &m, sizeof(m));
	put_desc(driver.rings[CONTROL_TRANSMIT].place.desc, 0, MESSAGE,
		 sizeof(m), 0, 0);
	offer(&driver.rings[CONTROL_TRANSMIT], 0);
	notify(CONTROL_TRANSMIT);
	return wait_used(CONTROL_TRANSMIT, &used);
}

/* The next message is this one. */
static bool hears(uint16_t event)
{
	struct virtio_console_control m;
	struct vring_used_elem used;

	put_desc(driver.rings[CONTROL_RECEIVE].place.desc, 0, NEWS, 64, WRITE,
		 0);
	offer(&driver.rings[CONTROL_RECEIVE], 0);
	notify(CONTROL_RECEIVE);
	if (!wait_used(CONTROL_RECEIVE, &used) || used.len != sizeof(m))
		return false;
	memcpy(&m, at(NEWS), sizeof(m));
	return !m.id && m.event == event && m.value == 1;
}

static bool open_console(void)
{
	struct vring_used_elem used;

	return say(VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1) &&
	       hears(VIRTIO_CONSOLE_PORT_ADD) &&
	       !take_used(&driver.rings[RECEIVE], &used) &&
	       say(0, VIRTIO_CONSOLE_PORT_READY, 1) &&
	       hears(VIRTIO_CONSOLE_CONSOLE_PORT) &&
	       hears(VIRTIO_CONSOLE_PORT_OPEN) &&
	       say(0, VIRTIO_CONSOLE_PORT_OPEN, 1);
}

/* What is typed is the guest's when it has opened its console, not before. */
static void waits_until_open(void)
{
	struct vring_used_elem used;
	unsigned int round;

	EXPECT(make_with(MULTIPORT));
	for (round = 0; round < 3; round++) {
		EXPECT_EQ(type("abc", 3), 3);
		offer_buffer(0, 64);
		EXPECT(open_console());
		EXPECT(wait_used(RECEIVE, &used));
		EXPECT_EQ(used.len, 3);
		/* Another port's news are nobody's, what is unknown too. */
		EXPECT(say(1, VIRTIO_CONSOLE_PORT_OPEN, 0));
		EXPECT(say(0, 77, 0));
		EXPECT_EQ(type("d", 1), 1);
		offer_buffer(0, 64);
		EXPECT(wait_used(RECEIVE, &used));
		EXPECT(say(0, VIRTIO_CONSOLE_PORT_OPEN, 0));
		EXPECT_EQ(type("e", 1), 1);
		offer_buffer(0, 64);
		EXPECT(!take_used(&driver.rings[RECEIVE], &used));
		EXPECT(say(0, VIRTIO_CONSOLE_PORT_OPEN, 1));
		EXPECT(wait_used(RECEIVE, &used));
		EXPECT_EQ(used.len, 1);
		EXPECT(reset_device());
		EXPECT(drive(VERSION_1 | MULTIPORT, 8));
	}
	EXPECT(end());
}

/* No message at all, and buffers that have no room for one. */
static void bad_messages(void)
{
	struct vring_used_elem used;
	uint64_t table;

	EXPECT(make_with(MULTIPORT));
	table = driver.rings[CONTROL_TRANSMIT].place.desc;
	put_desc(table, 0, MESSAGE, 7, 0, 0);
	offer(&driver.rings[CONTROL_TRANSMIT], 0);
	put_desc(table, 1, MESSAGE, 8, WRITE, 0);
	offer(&driver.rings[CONTROL_TRANSMIT], 1);
	notify(CONTROL_TRANSMIT);
	EXPECT(wait_used(CONTROL_TRANSMIT, &used));
	EXPECT(wait_used(CONTROL_TRANSMIT, &used));
	EXPECT(say(0, VIRTIO_CONSOLE_DEVICE_READY, 1));
	table = driver.rings[CONTROL_RECEIVE].place.desc;
	put_desc(table, 0, NEWS, 3, WRITE, 0);
	offer(&driver.rings[CONTROL_RECEIVE], 0);
	notify(CONTROL_RECEIVE);
	EXPECT(wait_used(CONTROL_RECEIVE, &used));
	EXPECT_EQ(used.len, 3);
	EXPECT(end());
}

static const struct host_case cases[] = {
	HOST_CASE(is_console),
	HOST_CASE(sends),
	HOST_CASE(sends_to_the_slow),
	HOST_CASE(receives),
	HOST_CASE(receives_late),
	HOST_CASE(receives_before),
	HOST_CASE(reset_while_sending),
	HOST_CASE(waits_until_open),
	HOST_CASE(bad_messages),
};

HOST_MAIN(cases)
