// SPDX-License-Identifier: GPL-2.0
/*
 * Virtio over PCI, with a device that does little, by the VIRTIO specification,
 * "Virtio Over PCI Bus", and the PCI Local Bus Specification: what the guest
 * finds, how features and queues are agreed on, interrupts by pin and by
 * message, notifications, reset in the midst of it.
 */
#include "virtio_driver.h"

#define OWN_FEATURE (1ULL << 5)

/* Gives every chain back; while @held it waits in the middle of that. */
static struct {
	struct pearl_virtio virtio;
	struct pearl_chain chain;
	unsigned int served[PEARL_VIRTIO_QUEUES];
	unsigned int stopped;
	unsigned int destroyed;
	bool held;
	bool waits;
} echo;

static const uint8_t echo_config[] = { 1, 2, 3, 4, 5, 6 };

static bool is_held(void)
{
	return __atomic_load_n(&echo.held, __ATOMIC_ACQUIRE);
}

static void hold(bool held)
{
	__atomic_store_n(&echo.held, held, __ATOMIC_RELEASE);
}

static void serve(struct pearl_virtio *virtio, unsigned int index)
{
	struct pearl_virtqueue *ring = &virtio->queues[index].ring;

	echo.served[index]++;
	while (is_held()) {
		__atomic_store_n(&echo.waits, true, __ATOMIC_RELEASE);
		usleep(1000);
	}
	do {
		while (pearl_virtqueue_pop(ring, &echo.chain))
			pearl_virtqueue_push(ring, echo.chain.head, 7);
	} while (pearl_virtqueue_listen(ring));
	pearl_virtio_served(virtio, index);
}

static void stop(struct pearl_virtio *virtio, unsigned int index)
{
	(void)virtio;
	(void)index;
	__atomic_add_fetch(&echo.stopped, 1, __ATOMIC_RELAXED);
}

static void destroy(struct pearl_virtio *virtio)
{
	pearl_virtio_exit(virtio);
	echo.destroyed++;
}

static struct pearl_virtio *make_echo(unsigned int nr_queues)
{
	memset(&echo, 0, sizeof(echo));
	echo.virtio = (struct pearl_virtio){
		.type = 42, .features = OWN_FEATURE, .nr_queues = nr_queues,
		.config = echo_config, .config_bytes = sizeof(echo_config),
		.serve = serve, .stop = stop, .destroy = destroy,
	};
	if (pearl_virtio_init(&echo.virtio))
		abort();
	return &echo.virtio;
}

/* Is there a notification that the queue's thread has not seen yet? */
static bool signals_left(unsigned int i)
{
	struct pollfd p = {
		.fd = echo.virtio.queues[i].kick, .events = POLLIN,
	};

	return poll(&p, 1, 0) == 1;
}

static void make(unsigned int nr_queues, bool eventfds)
{
	if (device)
		unplug();
	make_memory();
	if (!plug(make_echo(nr_queues), eventfds))
		abort();
}

static void identity(void)
{
	make(2, true);
	EXPECT_EQ(get_config(PCI_VENDOR_ID, 4), 0x106a1af4);
	EXPECT(get_config(PCI_REVISION_ID, 1) >= 1);
	EXPECT(get_config(PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	EXPECT_EQ(get_config(PCI_INTERRUPT_PIN, 1), 1);
	EXPECT_EQ(get_config(PCI_INTERRUPT_LINE, 1), 18);
	EXPECT(driver.common && driver.isr && driver.config && driver.notify);
	EXPECT(driver.msix);
	EXPECT_EQ(get_config(driver.msix + PCI_MSIX_FLAGS, 2), 2);
	make(2, false);
	EXPECT(driver.common && driver.isr && driver.config && driver.notify);
	EXPECT(!driver.msix);
	EXPECT(unplug());
	EXPECT_EQ(echo.destroyed, 1);
}

static void size_of_window(void)
{
	make(1, true);
	set_config(PCI_COMMAND, 2, 0);
	set_config(PCI_BASE_ADDRESS_0, 4, ~0u);
	EXPECT_EQ(get_config(PCI_BASE_ADDRESS_0, 4), -PEARL_VIRTIO_WINDOW);
	EXPECT_EQ(get_config(PCI_BASE_ADDRESS_1, 4), 0);
	set_config(PCI_ROM_ADDRESS, 4, ~0u);
	EXPECT_EQ(get_config(PCI_ROM_ADDRESS, 4), 0);
}

/* It follows its register, and is there while memory is switched on. */
static void window_moves(void)
{
	make(2, true);
	EXPECT_EQ(get_common(num_queues), 2);
	EXPECT_EQ(host.bells[0], driver.notify);
	EXPECT_EQ(host.bells[1], driver.notify + driver.multiplier);
	set_config(PCI_COMMAND, 2, 0);
	EXPECT_EQ(get_common(num_queues), 0xffff);
	EXPECT(!host.bells[0] && !host.bells[1]);
	set_config(PCI_BASE_ADDRESS_0, 4, WINDOW + 0x100000);
	set_config(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	EXPECT_EQ(get_common(num_queues), 0xffff);
	driver.common += 0x100000;
	EXPECT_EQ(get_common(num_queues), 2);
	EXPECT_EQ(host.bells[0], driver.notify + 0x100000);
	EXPECT(unplug());
}

/* Two at one place: the second is nowhere, until it moves. */
static void windows_meet(void)
{
	static struct pearl_region other = {
		.base = WINDOW + 0x1000, .size = 1, .widest = 1,
	};

	make(1, true);
	set_config(PCI_COMMAND, 2, 0);
	EXPECT_EQ(pearl_bus_add(&bus, PEARL_MMIO, &other), 0);
	set_config(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	EXPECT_EQ(get_common(num_queues), 0xffff);
	EXPECT(!host.bells[0]);
	set_config(PCI_BASE_ADDRESS_0, 4, WINDOW + 0x4000);
	driver.common += 0x4000;
	EXPECT_EQ(get_common(num_queues), 1);
	pearl_bus_remove(&bus, PEARL_MMIO, &other);
	EXPECT(unplug());
}

static void config_of_device(void)
{
	make(1, true);
	EXPECT_EQ(mmio_read(driver.config, 4), 0x04030201);
	EXPECT_EQ(mmio_read(driver.config + 5, 1), 6);
	EXPECT_EQ(mmio_read(driver.config + 4, 4), 0);
	EXPECT_EQ(mmio_read(driver.config + 0xdfc, 4), 0);
	mmio_write(driver.config, 4, ~0u);
	EXPECT_EQ(mmio_read(driver.config, 4), 0x04030201);
}

static void features(void)
{
	make(1, true);
	EXPECT(offered_features() & VERSION_1);
	EXPECT(offered_features() & OWN_FEATURE);
	set_common(device_feature_select, 2);
	EXPECT_EQ(get_common(device_feature), 0);
	set_status(DRIVER);
	/* Not the modern device; more than there is. */
	accept_features(OWN_FEATURE);
	set_status(FEATURES_OK);
	EXPECT_EQ(get_common(device_status), DRIVER);
	accept_features(VERSION_1 | 1ULL << 40);
	set_status(FEATURES_OK);
	EXPECT_EQ(get_common(device_status), DRIVER);
	accept_features(VERSION_1 | OWN_FEATURE);
	set_status(FEATURES_OK);
	EXPECT_EQ(get_common(device_status), FEATURES_OK);
	/* Agreed is agreed. */
	accept_features(VERSION_1);
	EXPECT_EQ(echo.virtio.accepted, VERSION_1 | OWN_FEATURE);
	EXPECT(reset_device());
	EXPECT_EQ(echo.virtio.accepted, 0);
}

/* A driver that is ready before it has agreed is not. */
static void ready_too_early(void)
{
	make(1, true);
	set_status(DRIVER | VIRTIO_CONFIG_S_DRIVER_OK);
	EXPECT_EQ(get_common(device_status), DRIVER);
	notify(0);
	/* The thread has been round when it does not wait any more. */
	EXPECT(WITHIN(!signals_left(0)));
	EXPECT_EQ(echo.served[0], 0);
}

static void queue_registers(void)
{
	make(2, true);
	set_common(queue_select, 1);
	EXPECT_EQ(get_common(queue_size), PEARL_QUEUE_SIZE);
	EXPECT_EQ(get_common(queue_enable), 0);
	EXPECT_EQ(get_common(queue_notify_off), 1);
	EXPECT_EQ(get_common(queue_msix_vector), 0xffff);
	set_common(queue_avail_lo, 0x89abcdef);
	set_common(queue_avail_hi, 0x01234567);
	EXPECT_EQ(echo.virtio.queues[1].place.avail, 0x0123456789abcdef);
	EXPECT_EQ(get_common(queue_avail_hi), 0x01234567);
	set_common(queue_msix_vector, 3);
	EXPECT_EQ(get_common(queue_msix_vector), 0xffff);
	set_common(queue_msix_vector, 2);
	EXPECT_EQ(get_common(queue_msix_vector), 2);
	set_common(queue_enable, 1);
	set_common(queue_avail_lo, 0);
	set_common(queue_size, 2);
	EXPECT_EQ(get_common(queue_avail_lo), 0x89abcdef);
	EXPECT_EQ(get_common(queue_size), PEARL_QUEUE_SIZE);
	set_common(queue_select, 2);
	EXPECT_EQ(get_common(queue_size), 0);
	set_common(queue_size, 8);
	EXPECT(reset_device());
	set_common(queue_select, 1);
	EXPECT_EQ(get_common(queue_avail_lo), 0);
	EXPECT_EQ(get_common(queue_enable), 0);
	EXPECT_EQ(get_common(queue_msix_vector), 0xffff);
}

static void offer_one(unsigned int i)
{
	put_desc(driver.rings[i].place.desc, 0, DATA, 1, 0, 0);
	offer(&driver.rings[i], 0);
}

static unsigned int times_raised(void)
{
	unsigned int n;

	pthread_mutex_lock(&lock);
	n = line.raised;
	pthread_mutex_unlock(&lock);
	return n;
}

/* By the pin: up until the guest has read why. */
static void by_pin(void)
{
	struct vring_used_elem used;

	make(1, false);
	EXPECT(drive(VERSION_1, 8));
	offer_one(0);
	notify(0);
	EXPECT(wait_used(0, &used));
	EXPECT_EQ(used.len, 7);
	EXPECT(WITHIN(times_raised() == 1));
	EXPECT_EQ(mmio_read(driver.isr, 1), 1);
	EXPECT_EQ(line.lowered, 1);
	EXPECT_EQ(mmio_read(driver.isr, 1), 0);
	/* Switched off, and on while there is a reason. */
	set_config(PCI_COMMAND, 2, PCI_COMMAND_MEMORY |
		   PCI_COMMAND_INTX_DISABLE);
	offer_one(0);
	notify(0);
	EXPECT(wait_used(0, &used));
	EXPECT_EQ(times_raised(), 1);
	set_config(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	EXPECT(WITHIN(times_raised() == 2));
	EXPECT(reset_device());
	EXPECT_EQ(line.lowered, 2);
	EXPECT(unplug());
}

static uint64_t entry(unsigned int n)
{
	return WINDOW + get_config(driver.msix + PCI_MSIX_TABLE, 4) + n * 16;
}

static void set_entry(unsigned int n, uint32_t data, bool masked)
{
	mmio_write(entry(n) + PCI_MSIX_ENTRY_VECTOR_CTRL, 4, 1);
	mmio_write(entry(n) + PCI_MSIX_ENTRY_LOWER_ADDR, 4, 0xfee01000);
	mmio_write(entry(n) + PCI_MSIX_ENTRY_UPPER_ADDR, 4, 0);
	mmio_write(entry(n) + PCI_MSIX_ENTRY_DATA, 4, data);
	mmio_write(entry(n) + PCI_MSIX_ENTRY_VECTOR_CTRL, 4, masked);
}

static bool is_pending(unsigned int n)
{
	return mmio_read(WINDOW + get_config(driver.msix + PCI_MSIX_PBA, 4),
			 4) >> n & 1;
}

static void msix(uint16_t flags)
{
	set_config(driver.msix + PCI_MSIX_FLAGS, 2, flags);
}

static void by_message(void)
{
	struct vring_used_elem used;

	make(2, true);
	EXPECT_EQ(mmio_read(entry(0) + PCI_MSIX_ENTRY_VECTOR_CTRL, 4), 1);
	msix(PCI_MSIX_FLAGS_ENABLE);
	EXPECT(drive(VERSION_1, 8));
	set_entry(2, 0x4042, false);
	EXPECT_EQ(host.messages, 1);
	EXPECT_EQ(host.addresses[2], 0xfee01000);
	EXPECT_EQ(host.datas[2], 0x4042);
	offer_one(1);
	notify(1);
	EXPECT(wait_used(1, &used));
	EXPECT(WITHIN(signals(host.fds[2])));
	EXPECT_EQ(times_raised(), 0);
	EXPECT_EQ(mmio_read(driver.isr, 1), 0);
	/* Masked it waits, and goes by the message that is there then. */
	set_entry(2, 0x4043, true);
	EXPECT_EQ(host.messages, 1);
	offer_one(1);
	notify(1);
	EXPECT(wait_used(1, &used));
	EXPECT(WITHIN(is_pending(2)));
	EXPECT_EQ(signals(host.fds[2]), 0);
	mmio_write(entry(2) + PCI_MSIX_ENTRY_VECTOR_CTRL, 4, 0);
	EXPECT_EQ(host.messages, 2);
	EXPECT_EQ(host.datas[2], 0x4043);
	EXPECT_EQ(signals(host.fds[2]), 1);
	EXPECT(!is_pending(2));
	/* The same, by the mask of all; the message is known. */
	msix(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	offer_one(1);
	notify(1);
	EXPECT(wait_used(1, &used));
	EXPECT(WITHIN(is_pending(2)));
	msix(PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(signals(host.fds[2]), 1);
	EXPECT_EQ(host.messages, 2);
	EXPECT(unplug());
}

/* A queue without a vector says nothing, and the table has an end. */
static void no_vector(void)
{
	struct vring_used_elem used;
	uint64_t beyond;

	make(1, true);
	msix(PCI_MSIX_FLAGS_ENABLE);
	EXPECT(drive(VERSION_1, 8));
	set_entry(1, 1, false);
	set_common(queue_msix_vector, 0xffff);
	offer_one(0);
	notify(0);
	EXPECT(wait_used(0, &used));
	EXPECT(reset_device());
	EXPECT_EQ(signals(host.fds[1]), 0);
	EXPECT_EQ(times_raised(), 0);
	beyond = entry(2);
	mmio_write(beyond, 4, 0x1234);
	EXPECT_EQ(mmio_read(beyond, 4), 0);
	mmio_write(WINDOW + get_config(driver.msix + PCI_MSIX_PBA, 4), 4, ~0u);
	EXPECT(!is_pending(0));
}

/* Whoever does not want to be interrupted is not. */
static void unwanted(void)
{
	struct vring_used_elem used;

	make(1, true);
	msix(PCI_MSIX_FLAGS_ENABLE);
	EXPECT(drive(VERSION_1, 8));
	set_entry(1, 1, false);
	avail_of(&driver.rings[0])->flags = VRING_AVAIL_F_NO_INTERRUPT;
	offer_one(0);
	notify(0);
	EXPECT(wait_used(0, &used));
	EXPECT(reset_device());
	EXPECT_EQ(signals(host.fds[1]), 0);
}

/* What a device has done is counted on over its resets. */
static void counters(void)
{
	const struct pearl_virtio_queue *queue = &echo.virtio.queues[1];
	struct vring_used_elem used;
	unsigned int i;

	make(2, true);
	msix(PCI_MSIX_FLAGS_ENABLE);
	for (i = 0; i < 3; i++) {
		EXPECT(drive(VERSION_1, 8));
		set_entry(2, 1, false);
		offer_one(1);
		notify(1);
		EXPECT(wait_used(1, &used));
		EXPECT_EQ(queue->ring.pushed, 2 * i + 1);
		EXPECT(WITHIN(signals(host.fds[2])));
		avail_of(&driver.rings[1])->flags = VRING_AVAIL_F_NO_INTERRUPT;
		offer_one(1);
		notify(1);
		EXPECT(wait_used(1, &used));
		EXPECT(reset_device());
		EXPECT_EQ(queue->ring.pushed, 2 * i + 2);
		EXPECT_EQ(queue->interrupts, i + 1);
	}
	EXPECT_EQ(echo.virtio.queues[0].ring.pushed, 0);
	EXPECT_EQ(echo.virtio.queues[0].interrupts, 0);
}

/* Of the ioeventfd, and where there is none of the access. */
static void notifications(void)
{
	struct vring_used_elem used;
	uint64_t one = 1;

	make(2, true);
	EXPECT(drive(VERSION_1, 8));
	offer_one(1);
	EXPECT(host.bells[1] && write(host.bell_fds[1], &one, 8) == 8);
	EXPECT(wait_used(1, &used));
	EXPECT(!take_used(&driver.rings[0], &used));
	/* What is no queue's. */
	mmio_write(driver.notify + 2 * driver.multiplier, 2, 0);
	mmio_write(WINDOW + PEARL_VIRTIO_WINDOW - 4, 4, 0);
	make(2, false);
	EXPECT(!host.bells[0]);
	EXPECT(drive(VERSION_1, 8));
	offer_one(0);
	notify(0);
	EXPECT(wait_used(0, &used));
	EXPECT(unplug());
}

/* The reset is over when nobody has the queue any more. */
static void reset_while_serving(void)
{
	struct vring_used_elem used;

	make(1, true);
	EXPECT(drive(VERSION_1, 8));
	offer_one(0);
	EXPECT(wait_used(0, &used));
	hold(true);
	notify(0);
	EXPECT(WITHIN(__atomic_load_n(&echo.waits, __ATOMIC_ACQUIRE)));
	set_status(0);
	EXPECT(get_common(device_status));
	/* Nothing is taken meanwhile. */
	set_status(DRIVER);
	set_common(queue_select, 0);
	set_common(queue_size, 2);
	EXPECT(get_common(queue_size) != 2);
	set_common(msix_config, 0);
	EXPECT_EQ(get_common(msix_config), 0xffff);
	hold(false);
	EXPECT(WITHIN(!get_common(device_status)));
	EXPECT_EQ(echo.stopped, 1);
	EXPECT(drive(VERSION_1, 4));
	offer_one(0);
	notify(0);
	EXPECT(wait_used(0, &used));
	EXPECT(unplug());
	EXPECT_EQ(echo.stopped, 2);
}

/* A queue that breaks the rules: the device says so, and is reset. */
static void broken_queue(void)
{
	make(1, true);
	msix(PCI_MSIX_FLAGS_ENABLE);
	EXPECT(drive(VERSION_1, 8));
	set_entry(0, 9, false);
	set_common(msix_config, 0);
	put_desc(driver.rings[0].place.desc, 0, ~0ULL, 1, 0, 0);
	offer(&driver.rings[0], 0);
	notify(0);
	EXPECT(WITHIN(get_common(device_status) &
		      VIRTIO_CONFIG_S_NEEDS_RESET));
	EXPECT_EQ(signals(host.fds[0]), 1);
	EXPECT(drive(VERSION_1, 8));
	/* A queue that cannot be. */
	EXPECT(reset_device());
	set_status(DRIVER);
	accept_features(VERSION_1);
	set_status(FEATURES_OK);
	enable_queue(0, 8);
	echo.virtio.queues[0].place.used = 2;
	set_status(DRIVER_OK);
	EXPECT(get_common(device_status) & VIRTIO_CONFIG_S_NEEDS_RESET);
	/* The bit is not the driver's to set, nor to clear. */
	EXPECT(reset_device());
	set_status(DRIVER | VIRTIO_CONFIG_S_NEEDS_RESET);
	EXPECT_EQ(get_common(device_status), DRIVER);
	EXPECT(unplug());
}

/* What a guest does that only wants to see what happens. */
static void random_accesses(void)
{
	uint64_t seed = 7;
	unsigned int i, resets = 0;

	make(2, true);
	for (i = 0; i < 200000; i++) {
		uint64_t r = host_random(&seed);
		unsigned int size = 1 << (r & 3) % 3;
		uint64_t offset = (r >> 8 & 0x3fff) & (r & 0x10 ? ~0ULL : 0x3f);

		if (r >> 32 & 1)
			mmio_read(WINDOW + offset, size);
		else
			mmio_write(WINDOW + offset, size, r >> 40);
		if ((r >> 56) < 1) {
			EXPECT(drive(VERSION_1, 8));
			resets++;
		}
	}
	EXPECT(unplug());
	host_note("%u resets, %u and %u turns", resets, echo.served[0],
		  echo.served[1]);
	EXPECT(resets > 100);
}

static const struct host_case cases[] = {
	HOST_CASE(identity),
	HOST_CASE(size_of_window),
	HOST_CASE(window_moves),
	HOST_CASE(windows_meet),
	HOST_CASE(config_of_device),
	HOST_CASE(features),
	HOST_CASE(ready_too_early),
	HOST_CASE(queue_registers),
	HOST_CASE(by_pin),
	HOST_CASE(by_message),
	HOST_CASE(no_vector),
	HOST_CASE(unwanted),
	HOST_CASE(counters),
	HOST_CASE(notifications),
	HOST_CASE(reset_while_serving),
	HOST_CASE(broken_queue),
	HOST_CASE(random_accesses),
};

HOST_MAIN(cases)
