/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's driver of a virtio device on PCI, on a bus without a machine: it
 * finds the device's parts by its capabilities, as Linux does. The hypervisor's
 * eventfds are noted, and signalled by nobody.
 */
#ifndef VIRTIO_DRIVER_H
#define VIRTIO_DRIVER_H

#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <poll.h>
#include <unistd.h>

#include "devices/pci.h"
#include "devices/virtio_pci.h"
#include "fake.h"
#include "guest_ring.h"

#define SLOT 3
#define WINDOW 0xc0000000u
#define FIRST_GSI 24
#define RINGS 0x10000
#define DATA 0x40000

/* How long a condition is waited for, in ms. */
#define PATIENCE 20000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pearl_pci *pci;
static struct fake_line line;
static struct pearl_virtio_pci *device;

/* What the driver found, and its queues. */
static struct {
	uint64_t common, isr, config, notify;
	unsigned int multiplier;
	unsigned int msix;
	struct guest_ring rings[PEARL_VIRTIO_QUEUES];
} driver;

/* What the hypervisor was asked for. */
static struct {
	struct pearl_eventfds eventfds;
	uint64_t bells[PEARL_VIRTIO_QUEUES];
	int bell_fds[PEARL_VIRTIO_QUEUES];
	unsigned int messages;
	int fds[PEARL_VIRTIO_GSIS];
	uint64_t addresses[PEARL_VIRTIO_GSIS];
	uint32_t datas[PEARL_VIRTIO_GSIS];
} host;

static inline bool host_bell(struct pearl_eventfds *eventfds, uint64_t gpa,
			     int fd, bool on)
{
	unsigned int i;

	(void)eventfds;
	for (i = 0; i < PEARL_VIRTIO_QUEUES; i++) {
		if (host.bells[i] != (on ? 0 : gpa))
			continue;
		host.bells[i] = on ? gpa : 0;
		host.bell_fds[i] = fd;
		return true;
	}
	abort();
}

static inline void host_message(struct pearl_eventfds *eventfds,
				unsigned int gsi, int fd, uint64_t address,
				uint32_t data)
{
	(void)eventfds;
	if (gsi < FIRST_GSI || gsi >= FIRST_GSI + PEARL_VIRTIO_GSIS)
		abort();
	host.messages++;
	host.fds[gsi - FIRST_GSI] = fd;
	host.addresses[gsi - FIRST_GSI] = address;
	host.datas[gsi - FIRST_GSI] = data;
}

/* How often an eventfd was signalled since the last time, without waiting. */
static inline uint64_t signals(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t count;

	if (poll(&p, 1, 0) != 1 || read(fd, &count, sizeof(count)) < 0)
		return 0;
	return count;
}

/* A condition that comes true in time. */
#define WITHIN(condition)						\
	({								\
		int _ms = 0;						\
									\
		while (!(condition) && _ms++ < PATIENCE)		\
			usleep(1000);					\
		_ms <= PATIENCE;					\
	})

static inline uint32_t mmio_read(uint64_t gpa, unsigned int size)
{
	uint32_t value = 0;

	pthread_mutex_lock(&lock);
	pearl_bus_read(&bus, PEARL_MMIO, gpa, &value, size);
	pthread_mutex_unlock(&lock);
	return value;
}

static inline void mmio_write(uint64_t gpa, unsigned int size, uint32_t value)
{
	pthread_mutex_lock(&lock);
	pearl_bus_write(&bus, PEARL_MMIO, gpa, &value, size);
	pthread_mutex_unlock(&lock);
}

static inline uint32_t get_config(unsigned int reg, unsigned int size)
{
	uint32_t value;

	pthread_mutex_lock(&lock);
	out(0xcf8, 4, 0x80000000u | SLOT << 11 | (reg & ~3u));
	value = in(0xcfc + (reg & 3), size);
	pthread_mutex_unlock(&lock);
	return value;
}

static inline void set_config(unsigned int reg, unsigned int size,
			      uint32_t value)
{
	pthread_mutex_lock(&lock);
	out(0xcf8, 4, 0x80000000u | SLOT << 11 | (reg & ~3u));
	out(0xcfc + (reg & 3), size, value);
	pthread_mutex_unlock(&lock);
}

#define COMMON(field) \
	(driver.common + offsetof(struct virtio_pci_common_cfg, field))
#define COMMON_SIZE(field) \
	sizeof(((struct virtio_pci_common_cfg *)0)->field)
#define get_common(field) mmio_read(COMMON(field), COMMON_SIZE(field))
#define set_common(field, value) \
	mmio_write(COMMON(field), COMMON_SIZE(field), value)

static inline void find_part(unsigned int cap)
{
	uint64_t gpa = WINDOW +
		       get_config(cap + offsetof(struct virtio_pci_cap,
						 offset), 4);

	if (get_config(cap + offsetof(struct virtio_pci_cap, bar), 1))
		abort();
	switch (get_config(cap + offsetof(struct virtio_pci_cap, cfg_type),
			   1)) {
	case VIRTIO_PCI_CAP_COMMON_CFG:
		driver.common = gpa;
		break;
	case VIRTIO_PCI_CAP_ISR_CFG:
		driver.isr = gpa;
		break;
	case VIRTIO_PCI_CAP_DEVICE_CFG:
		driver.config = gpa;
		break;
	case VIRTIO_PCI_CAP_NOTIFY_CFG:
		driver.notify = gpa;
		driver.multiplier = get_config(cap + 16, 4);
		break;
	}
}

/* Memory on, and where everything is. */
static inline void find_parts(void)
{
	unsigned int cap = get_config(PCI_CAPABILITY_LIST, 1);

	memset(&driver, 0, sizeof(driver));
	for (; cap; cap = get_config(cap + 1, 1)) {
		if (get_config(cap, 1) == PCI_CAP_ID_MSIX)
			driver.msix = cap;
		else if (get_config(cap, 1) == PCI_CAP_ID_VNDR)
			find_part(cap);
	}
	set_config(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* Put a device into its slot, with eventfds or without. */
static inline bool plug(struct pearl_virtio *virtio, bool eventfds)
{
	struct pearl_virtio_place place = {
		.bus = &bus, .eventfds = &host.eventfds, .memory = memory,
		.lock = &lock, .slot = SLOT, .window = WINDOW,
		.pin_gsi = 18, .first_gsi = FIRST_GSI,
	};

	if (!virtio)
		abort();
	memset(&host, 0, sizeof(host));
	if (eventfds) {
		host.eventfds.bell = host_bell;
		host.eventfds.message = host_message;
	}
	pci = pearl_pci_create(&bus, fake_power());
	place.pci = pci;
	place.irq = fake_connect(&line);
	device = pearl_virtio_pci_create(&place, virtio);
	if (device)
		find_parts();
	return device;
}

/* Its threads have ended, and nothing of it is on the bus. */
static inline bool unplug(void)
{
	unsigned int i;

	pearl_virtio_pci_destroy(device);
	device = NULL;
	pearl_pci_destroy(pci);
	for (i = 0; i < PEARL_VIRTIO_QUEUES; i++)
		if (host.bells[i])
			return false;
	return !bus.regions[PEARL_MMIO] && !bus.regions[PEARL_PIO];
}

static inline uint64_t offered_features(void)
{
	uint64_t features;

	set_common(device_feature_select, 1);
	features = (uint64_t)get_common(device_feature) << 32;
	set_common(device_feature_select, 0);
	return features | get_common(device_feature);
}

static inline void accept_features(uint64_t features)
{
	set_common(guest_feature_select, 0);
	set_common(guest_feature, features);
	set_common(guest_feature_select, 1);
	set_common(guest_feature, features >> 32);
}

static inline void set_status(uint8_t status)
{
	set_common(device_status, status);
}

static inline bool reset_device(void)
{
	set_status(0);
	return WITHIN(!get_common(device_status));
}

static inline void enable_queue(unsigned int i, uint16_t size)
{
	const struct pearl_queue_place *p = &driver.rings[i].place;

	driver.rings[i] = make_ring(RINGS + i * 0x4000, size);
	memset(at(p->desc), 0, 0x3000);
	set_common(queue_select, i);
	set_common(queue_size, size);
	set_common(queue_desc_lo, p->desc);
	set_common(queue_desc_hi, p->desc >> 32);
	set_common(queue_avail_lo, p->avail);
	set_common(queue_avail_hi, p->avail >> 32);
	set_common(queue_used_lo, p->used);
	set_common(queue_used_hi, p->used >> 32);
	set_common(queue_msix_vector, i + 1);
	set_common(queue_enable, 1);
}

#define ACKNOWLEDGE VIRTIO_CONFIG_S_ACKNOWLEDGE
#define DRIVER (ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER)
#define FEATURES_OK (DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)
#define DRIVER_OK (FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK)

/* From reset to a driver that is ready, with all queues. */
static inline bool drive(uint64_t features, uint16_t size)
{
	unsigned int i;

	if (!reset_device())
		return false;
	set_status(DRIVER);
	accept_features(features);
	set_status(FEATURES_OK);
	for (i = 0; i < get_common(num_queues); i++)
		enable_queue(i, size);
	set_status(DRIVER_OK);
	return get_common(device_status) == DRIVER_OK;
}

static inline void notify(unsigned int i)
{
	mmio_write(driver.notify + i * driver.multiplier, 2, i);
}

/* A chain that the device has used. */
static inline bool wait_used(unsigned int i, struct vring_used_elem *e)
{
	return WITHIN(take_used(&driver.rings[i], e));
}

#define VERSION_1 (1ULL << VIRTIO_F_VERSION_1)

#endif
