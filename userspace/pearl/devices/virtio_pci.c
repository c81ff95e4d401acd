// SPDX-License-Identifier: GPL-2.0
/*
 * How a guest reaches a virtio device on PCI: one window of memory, with the
 * device's registers, its MSI-X table and its notifications in it.
 *
 * Where the hypervisor knows of eventfds, a notification is an ioeventfd and
 * an interrupt a message by an irqfd, a vector for each queue, so that neither
 * costs an exit to here. Elsewhere a notification is an access as any other,
 * there is no MSI-X, and the device interrupts by its pin.
 *
 * Absent are the legacy interface, and the second way to the registers through
 * configuration space, which is for firmware that cannot reach memory.
 *
 * Virtual I/O Device (VIRTIO) specification, "Virtio Over PCI Bus"; PCI Local
 * Bus Specification, "MSI-X Capability and Table Structure".
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_pci.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pci.h"
#include "virtio_pci.h"

/* What is where in the window; each part has a page of its own, or a line. */
#define COMMON		0x0000
#define ISR		0x0100
#define DEVICE		0x0200
#define DEVICE_END	0x1000
#define TABLE		0x1000
#define PENDING		0x1800
#define NOTIFY		0x2000
#define NOTIFY_STEP	4

/* Capabilities, in configuration space. */
#define FIRST_CAP	0x40

#define VENDOR		0x1af4
#define FIRST_DEVICE	0x1040
#define VECTORS		(PEARL_VIRTIO_QUEUES + 1)
#define ENTRY_MASKED	PCI_MSIX_ENTRY_CTRL_MASKBIT

/* An entry of the MSI-X table, as the guest sees it. */
struct entry {
	uint32_t address;
	uint32_t address_high;
	uint32_t data;
	uint32_t control;
};

/*
 * struct vector
 * @fd: sends @sent, once the hypervisor was told of it
 */
struct vector {
	int fd;
	bool told;
	struct entry sent;
};

/*
 * struct pearl_virtio_pci
 * @window: on the bus as long as @mapped
 * @belled: the notifications of these queues are the hypervisor's, by bit
 * @msix: where the capability is, 0 if there is none
 * @table, @pending, @vectors: of MSI-X
 * @which: the vector of each queue, and of the device
 * @isr: why the pin is asserted
 * @device_select, @driver_select, @queue_select: what some registers are about
 */
struct pearl_virtio_pci {
	struct pearl_pci_function function;
	struct pearl_virtio_transport transport;
	struct pearl_region window;
	struct pearl_virtio_place place;
	struct pearl_virtio *virtio;
	bool mapped;
	unsigned int belled;
	unsigned int msix;
	struct entry table[VECTORS];
	uint64_t pending;
	struct vector vectors[VECTORS];
	uint16_t which[PEARL_VIRTIO_QUEUES + 1];
	uint8_t isr;
	uint32_t device_select;
	uint32_t driver_select;
	uint16_t queue_select;
};

static uint32_t config_read(const struct pearl_virtio_pci *vp,
			    unsigned int at, unsigned int size)
{
	uint32_t value = 0;

	memcpy(&value, vp->function.config + at, size);
	return value;
}

static void config_put(struct pearl_virtio_pci *vp, unsigned int at,
		       unsigned int size, uint32_t value)
{
	memcpy(vp->function.config + at, &value, size);
}

static unsigned int nr_vectors(const struct pearl_virtio_pci *vp)
{
	return vp->virtio->nr_queues + 1;
}

/*
 * Interrupts
 */

static uint16_t msix_control(const struct pearl_virtio_pci *vp)
{
	return vp->msix ? config_read(vp, vp->msix + PCI_MSIX_FLAGS, 2) : 0;
}

static void update_pin(struct pearl_virtio_pci *vp)
{
	pearl_irq_set(vp->place.irq, vp->isr &&
		      !(msix_control(vp) & PCI_MSIX_FLAGS_ENABLE) &&
		      !(config_read(vp, PCI_COMMAND, 2) &
			PCI_COMMAND_INTX_DISABLE));
}

static bool is_masked(const struct pearl_virtio_pci *vp, unsigned int n)
{
	return !(msix_control(vp) & PCI_MSIX_FLAGS_ENABLE) ||
	       msix_control(vp) & PCI_MSIX_FLAGS_MASKALL ||
	       vp->table[n].control & ENTRY_MASKED;
}

static void send(struct pearl_virtio_pci *vp, unsigned int n)
{
	uint64_t one = 1;

	if (is_masked(vp, n))
		vp->pending |= 1ULL << n;
	else if (write(vp->vectors[n].fd, &one, sizeof(one)) < 0)
		return;
}

/* The hypervisor learns a message when it may be sent, and if it is new. */
static void update_vector(struct pearl_virtio_pci *vp, unsigned int n)
{
	const struct entry *e = &vp->table[n];
	struct vector *v = &vp->vectors[n];

	if (is_masked(vp, n))
		return;
	if (!v->told || memcmp(&v->sent, e, sizeof(*e))) {
		v->told = true;
		v->sent = *e;
		vp->place.eventfds->message(vp->place.eventfds,
					    vp->place.first_gsi + n, v->fd,
					    (uint64_t)e->address_high << 32 |
					    e->address, e->data);
	}
	if (vp->pending & 1ULL << n) {
		vp->pending &= ~(1ULL << n);
		send(vp, n);
	}
}

static void update_interrupts(struct pearl_virtio_pci *vp)
{
	unsigned int n;

	for (n = 0; vp->msix && n < nr_vectors(vp); n++)
		update_vector(vp, n);
	update_pin(vp);
}

static void tell(struct pearl_virtio_transport *transport, unsigned int index)
{
	struct pearl_virtio_pci *vp = container_of(transport,
						   struct pearl_virtio_pci,
						   transport);

	if (msix_control(vp) & PCI_MSIX_FLAGS_ENABLE) {
		if (vp->which[index] != VIRTIO_MSI_NO_VECTOR)
			send(vp, vp->which[index]);
		return;
	}
	vp->isr |= index == PEARL_VIRTIO_DEVICE ? VIRTIO_PCI_ISR_CONFIG : 1;
	update_pin(vp);
}

/* A vector that is none is refused, which the driver finds by reading. */
static void choose_vector(struct pearl_virtio_pci *vp, unsigned int index,
			  uint16_t vector)
{
	if (!vp->msix || vector >= nr_vectors(vp))
		vector = VIRTIO_MSI_NO_VECTOR;
	vp->which[index] = vector;
}

static void renewed(struct pearl_virtio_transport *transport)
{
	struct pearl_virtio_pci *vp = container_of(transport,
						   struct pearl_virtio_pci,
						   transport);
	unsigned int i;

	for (i = 0; i <= PEARL_VIRTIO_DEVICE; i++)
		vp->which[i] = VIRTIO_MSI_NO_VECTOR;
	vp->device_select = 0;
	vp->driver_select = 0;
	vp->queue_select = 0;
	vp->isr = 0;
	update_pin(vp);
}

/*
 * The window's registers
 */

static struct pearl_virtio_queue *selected(const struct pearl_virtio_pci *vp)
{
	return vp->queue_select < vp->virtio->nr_queues ?
	       &vp->virtio->queues[vp->queue_select] : NULL;
}

/* A half of a bit mask. */
static uint32_t half(uint64_t bits, uint32_t select)
{
	return select < 2 ? bits >> 32 * select : 0;
}

static void fill_queue(const struct pearl_virtio_pci *vp,
		       struct virtio_pci_common_cfg *c)
{
	const struct pearl_virtio_queue *q = selected(vp);

	if (!q)
		return;
	c->queue_size = q->place.size;
	c->queue_msix_vector = vp->which[q->index];
	c->queue_enable = q->enabled;
	c->queue_notify_off = q->index;
	c->queue_desc_lo = q->place.desc;
	c->queue_desc_hi = q->place.desc >> 32;
	c->queue_avail_lo = q->place.avail;
	c->queue_avail_hi = q->place.avail >> 32;
	c->queue_used_lo = q->place.used;
	c->queue_used_hi = q->place.used >> 32;
}

static uint64_t common_read(const struct pearl_virtio_pci *vp, uint64_t offset,
			    unsigned int size)
{
	const struct pearl_virtio *v = vp->virtio;
	struct virtio_pci_common_cfg c = {
		.device_feature_select = vp->device_select,
		.device_feature = half(v->features, vp->device_select),
		.guest_feature_select = vp->driver_select,
		.guest_feature = half(v->accepted, vp->driver_select),
		.msix_config = vp->which[PEARL_VIRTIO_DEVICE],
		.num_queues = v->nr_queues,
		.device_status = v->status,
		.queue_select = vp->queue_select,
	};
	uint64_t value = 0;

	fill_queue(vp, &c);
	if (offset + size <= sizeof(c))
		memcpy(&value, (char *)&c + offset, size);
	return value;
}

static void put_half(uint64_t *bits, unsigned int select, uint32_t value)
{
	unsigned int shift = 32 * (select & 1);

	*bits &= ~(0xffffffffULL << shift);
	*bits |= (uint64_t)value << shift;
}

static void place_write(struct pearl_virtio_queue *q, uint64_t offset,
			uint32_t value)
{
	switch (offset) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		q->place.size = value;
		break;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		q->enabled = value == 1;
		break;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		put_half(&q->place.desc, offset / 4, value);
		break;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		put_half(&q->place.avail, offset / 4, value);
		break;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		put_half(&q->place.used, offset / 4, value);
		break;
	}
}

/* A queue that is enabled stays where it is. */
static void queue_write(struct pearl_virtio_pci *vp, uint64_t offset,
			uint32_t value)
{
	struct pearl_virtio_queue *q = selected(vp);

	if (!q)
		return;
	if (offset == VIRTIO_PCI_COMMON_Q_MSIX)
		choose_vector(vp, q->index, value);
	else if (!q->enabled)
		place_write(q, offset, value);
}

static void common_write(struct pearl_virtio_pci *vp, uint64_t offset,
			 uint32_t value)
{
	uint64_t accepted = vp->virtio->accepted;

	/* A device that is about to be new takes nothing any more. */
	if (vp->virtio->resetting)
		return;
	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		vp->device_select = value;
		break;
	case VIRTIO_PCI_COMMON_GFSELECT:
		vp->driver_select = value;
		break;
	case VIRTIO_PCI_COMMON_GF:
		if (vp->driver_select < 2)
			put_half(&accepted, vp->driver_select, value);
		pearl_virtio_accept(vp->virtio, accepted);
		break;
	case VIRTIO_PCI_COMMON_MSIX:
		choose_vector(vp, PEARL_VIRTIO_DEVICE, value);
		break;
	case VIRTIO_PCI_COMMON_STATUS:
		pearl_virtio_set_status(vp->virtio, value);
		break;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		vp->queue_select = value;
		break;
	default:
		queue_write(vp, offset, value);
		break;
	}
}

static uint64_t bytes_read(const void *from, size_t bytes, uint64_t offset,
			   unsigned int size)
{
	uint64_t value = 0;

	if (offset + size <= bytes)
		memcpy(&value, (const char *)from + offset, size);
	return value;
}

/* Reading it is the answer to the pin. */
static uint64_t isr_read(struct pearl_virtio_pci *vp)
{
	uint8_t isr = vp->isr;

	vp->isr = 0;
	update_pin(vp);
	return isr;
}

static size_t table_bytes(const struct pearl_virtio_pci *vp)
{
	return vp->msix ? nr_vectors(vp) * sizeof(struct entry) : 0;
}

static uint64_t window_read(struct pearl_region *region, uint64_t offset,
			    unsigned int size)
{
	struct pearl_virtio_pci *vp = container_of(region,
						   struct pearl_virtio_pci,
						   window);

	if (offset < ISR)
		return common_read(vp, offset, size);
	if (offset == ISR)
		return isr_read(vp);
	if (offset >= DEVICE && offset < DEVICE_END)
		return bytes_read(vp->virtio->config,
				  vp->virtio->config_bytes, offset - DEVICE,
				  size);
	if (offset >= TABLE && offset < PENDING)
		return bytes_read(vp->table, table_bytes(vp), offset - TABLE,
				  size);
	if (offset >= PENDING && offset < NOTIFY)
		return bytes_read(&vp->pending, sizeof(vp->pending),
				  offset - PENDING, size);
	return 0;
}

static void table_write(struct pearl_virtio_pci *vp, uint64_t offset,
			unsigned int size, uint64_t value)
{
	unsigned int n = offset / sizeof(struct entry);

	if (offset + size > table_bytes(vp))
		return;
	memcpy((char *)vp->table + offset, &value, size);
	vp->table[n].control &= ENTRY_MASKED;
	update_vector(vp, n);
}

static void window_write(struct pearl_region *region, uint64_t offset,
			 unsigned int size, uint64_t value)
{
	struct pearl_virtio_pci *vp = container_of(region,
						   struct pearl_virtio_pci,
						   window);
	uint64_t queue = (offset - NOTIFY) / NOTIFY_STEP;

	if (offset < ISR)
		common_write(vp, offset, value);
	else if (offset >= TABLE && offset < PENDING)
		table_write(vp, offset - TABLE, size, value);
	else if (offset >= NOTIFY && queue < vp->virtio->nr_queues)
		pearl_virtio_kick(vp->virtio, queue);
}

/*
 * Configuration space
 */

static void set_bells(struct pearl_virtio_pci *vp, bool on)
{
	struct pearl_eventfds *e = vp->place.eventfds;
	unsigned int i;

	for (i = 0; e->bell && i < vp->virtio->nr_queues; i++) {
		uint64_t gpa = vp->window.base + NOTIFY + i * NOTIFY_STEP;
		int fd = vp->virtio->queues[i].kick;

		if (!on && vp->belled & 1U << i)
			e->bell(e, gpa, fd, false);
		vp->belled &= ~(1U << i);
		if (on && e->bell(e, gpa, fd, true))
			vp->belled |= 1U << i;
	}
}

static void unmap_window(struct pearl_virtio_pci *vp)
{
	if (!vp->mapped)
		return;
	set_bells(vp, false);
	pearl_bus_remove(vp->place.bus, PEARL_MMIO, &vp->window);
	vp->mapped = false;
}

/* Where another window is already, this one is nowhere. */
static void place_window(struct pearl_virtio_pci *vp)
{
	uint32_t base = config_read(vp, PCI_BASE_ADDRESS_0, 4) &
			PCI_BASE_ADDRESS_MEM_MASK;
	bool wanted = config_read(vp, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;

	if (vp->mapped && wanted && vp->window.base == base)
		return;
	unmap_window(vp);
	vp->window.base = base;
	if (!wanted || pearl_bus_add(vp->place.bus, PEARL_MMIO, &vp->window))
		return;
	vp->mapped = true;
	set_bells(vp, true);
}

static void written(struct pearl_pci_function *function)
{
	struct pearl_virtio_pci *vp = container_of(function,
						   struct pearl_virtio_pci,
						   function);

	place_window(vp);
	update_interrupts(vp);
}

static uint32_t class_of(uint16_t type)
{
	switch (type) {
	case VIRTIO_ID_BLOCK:
		return 0x018000;	/* mass storage, other */
	case VIRTIO_ID_CONSOLE:
		return 0x078000;	/* communication, other */
	default:
		return 0xff0000;
	}
}

static void make_header(struct pearl_virtio_pci *vp)
{
	config_put(vp, PCI_VENDOR_ID, 2, VENDOR);
	config_put(vp, PCI_DEVICE_ID, 2, FIRST_DEVICE + vp->virtio->type);
	config_put(vp, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	config_put(vp, PCI_REVISION_ID, 1, 1);
	config_put(vp, PCI_CLASS_PROG, 3, class_of(vp->virtio->type));
	config_put(vp, PCI_BASE_ADDRESS_0, 4, vp->place.window);
	config_put(vp, PCI_SUBSYSTEM_VENDOR_ID, 2, VENDOR);
	config_put(vp, PCI_SUBSYSTEM_ID, 2, FIRST_DEVICE + vp->virtio->type);
	config_put(vp, PCI_CAPABILITY_LIST, 1, FIRST_CAP);
	config_put(vp, PCI_INTERRUPT_LINE, 1, vp->place.pin_gsi);
	config_put(vp, PCI_INTERRUPT_PIN, 1, 1);
}

static void make_writable(struct pearl_virtio_pci *vp)
{
	uint8_t *writable = vp->function.writable;
	const uint32_t address = ~(PEARL_VIRTIO_WINDOW - 1);
	const uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
				 PCI_COMMAND_INTX_DISABLE;
	const uint16_t control = PCI_MSIX_FLAGS_ENABLE |
				 PCI_MSIX_FLAGS_MASKALL;

	memcpy(writable + PCI_COMMAND, &command, sizeof(command));
	memcpy(writable + PCI_BASE_ADDRESS_0, &address, sizeof(address));
	writable[PCI_INTERRUPT_LINE] = 0xff;
	if (vp->msix)
		memcpy(writable + vp->msix + PCI_MSIX_FLAGS, &control,
		       sizeof(control));
}

/* One behind the other; the next one is where this one ends, if there is. */
static unsigned int add_cap(struct pearl_virtio_pci *vp, unsigned int at,
			    struct virtio_pci_cap *cap, size_t bytes, bool last)
{
	cap->cap_vndr = PCI_CAP_ID_VNDR;
	cap->cap_next = last ? 0 : at + bytes;
	cap->cap_len = bytes;
	memcpy(vp->function.config + at, cap, bytes);
	return at + bytes;
}

static unsigned int add_virtio_caps(struct pearl_virtio_pci *vp, bool last)
{
	struct virtio_pci_cap common = {
		.cfg_type = VIRTIO_PCI_CAP_COMMON_CFG, .offset = COMMON,
		.length = sizeof(struct virtio_pci_common_cfg),
	};
	struct virtio_pci_cap isr = {
		.cfg_type = VIRTIO_PCI_CAP_ISR_CFG, .offset = ISR, .length = 1,
	};
	struct virtio_pci_cap device = {
		.cfg_type = VIRTIO_PCI_CAP_DEVICE_CFG, .offset = DEVICE,
		.length = DEVICE_END - DEVICE,
	};
	struct virtio_pci_notify_cap notify = {
		.cap = {
			.cfg_type = VIRTIO_PCI_CAP_NOTIFY_CFG,
			.offset = NOTIFY,
			.length = NOTIFY_STEP * PEARL_VIRTIO_QUEUES,
		},
		.notify_off_multiplier = NOTIFY_STEP,
	};
	unsigned int at = FIRST_CAP;

	at = add_cap(vp, at, &common, sizeof(common), false);
	at = add_cap(vp, at, &isr, sizeof(isr), false);
	at = add_cap(vp, at, &device, sizeof(device), false);
	return add_cap(vp, at, &notify.cap, sizeof(notify), last);
}

static void add_msix(struct pearl_virtio_pci *vp, unsigned int at)
{
	vp->msix = at;
	config_put(vp, at, 1, PCI_CAP_ID_MSIX);
	config_put(vp, at + PCI_MSIX_FLAGS, 2, nr_vectors(vp) - 1);
	config_put(vp, at + PCI_MSIX_TABLE, 4, TABLE);
	config_put(vp, at + PCI_MSIX_PBA, 4, PENDING);
}

static int make_vectors(struct pearl_virtio_pci *vp)
{
	unsigned int n;
	int err = 0;

	for (n = 0; n < VECTORS; n++) {
		vp->table[n].control = ENTRY_MASKED;
		vp->vectors[n].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (vp->vectors[n].fd < 0)
			err = -1;
	}
	return err;
}

static int set_up(struct pearl_virtio_pci *vp)
{
	bool messages = vp->place.eventfds->message;
	unsigned int end;
	int err;

	end = add_virtio_caps(vp, !messages);
	if (messages)
		add_msix(vp, end);
	make_header(vp);
	make_writable(vp);
	vp->function.written = written;
	vp->window.name = "virtio";
	vp->window.size = PEARL_VIRTIO_WINDOW;
	vp->window.widest = 4;
	vp->window.read = window_read;
	vp->window.write = window_write;
	vp->transport.tell = tell;
	vp->transport.renewed = renewed;
	renewed(&vp->transport);
	if (make_vectors(vp) ||
	    pearl_virtio_begin(vp->virtio, &vp->transport, vp->place.lock,
			       vp->place.memory))
		return -1;
	err = pearl_pci_add(vp->place.pci, vp->place.slot << 3, &vp->function);
	if (err)
		errno = -err;
	return err;
}

struct pearl_virtio_pci *
pearl_virtio_pci_create(const struct pearl_virtio_place *place,
			struct pearl_virtio *virtio)
{
	struct pearl_virtio_pci *vp = calloc(1, sizeof(*vp));
	int saved;

	if (!vp) {
		virtio->destroy(virtio);
		return NULL;
	}
	vp->place = *place;
	vp->virtio = virtio;
	if (!set_up(vp))
		return vp;
	saved = errno;
	pearl_virtio_pci_destroy(vp);
	errno = saved;
	return NULL;
}

/* Before the bus of PCI, which does not let go of a function. */
void pearl_virtio_pci_destroy(struct pearl_virtio_pci *vp)
{
	unsigned int n;

	if (!vp)
		return;
	pearl_virtio_end(vp->virtio);
	unmap_window(vp);
	vp->virtio->destroy(vp->virtio);
	for (n = 0; n < VECTORS; n++)
		if (vp->vectors[n].fd >= 0)
			close(vp->vectors[n].fd);
	free(vp);
}
