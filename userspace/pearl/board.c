// SPDX-License-Identifier: GPL-2.0
/* What the machine is made of, and what a device can do to it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/devices.h"
#include "devices/virtio_devices.h"
#include "devices/virtio_pci.h"
#include "pearl.h"

static void set_line(struct pearl_irq *irq, bool level)
{
	struct pearl_line *line = container_of(irq, struct pearl_line, irq);
	struct nacre_error error;

	if (nacre_vm_irq_line(line->machine->vm, line->gsi, level, &error))
		pearl_machine_end(line->machine, PEARL_END_FAILED, &error);
}

static struct pearl_irq *connect(struct pearl_machine *machine,
				 struct pearl_line *line, unsigned int gsi)
{
	line->irq.set = set_line;
	line->irq.level = false;
	line->machine = machine;
	line->gsi = gsi;
	return &line->irq;
}

static bool bell(struct pearl_eventfds *eventfds, uint64_t gpa, int fd,
		 bool on)
{
	struct pearl_machine *m = container_of(eventfds, struct pearl_machine,
					       eventfds);

	/* Otherwise it is an access. */
	return !nacre_vm_ioeventfd(m->vm, gpa, 2, fd, on, NULL);
}

static void message(struct pearl_eventfds *eventfds, unsigned int gsi, int fd,
		    uint64_t address, uint32_t data)
{
	struct pearl_machine *m = container_of(eventfds, struct pearl_machine,
					       eventfds);
	struct nacre_error error;

	if (nacre_vm_message(m->vm, gsi, fd, address, data, &error))
		pearl_machine_end(m, PEARL_END_FAILED, &error);
}

/* What it does not have is done without. A pin has two routes at most. */
static void choose_eventfds(struct pearl_machine *m)
{
	if (nacre_vm_capability(m->vm, NACRE_CAP_IOEVENTFD) > 0)
		m->eventfds.bell = bell;
	if (nacre_vm_capability(m->vm, NACRE_CAP_IRQFD) > 0 &&
	    nacre_vm_capability(m->vm, NACRE_CAP_IRQ_ROUTING) >
	    2 * NACRE_PINS + PEARL_SLOTS * PEARL_VIRTIO_GSIS)
		m->eventfds.message = message;
}

/* The end of a line with nobody at its other end. */
static size_t take_all(struct pearl_chars *chars, const uint8_t *bytes,
		       size_t n)
{
	(void)chars;
	(void)bytes;
	return n;
}

static void send_nothing(struct pearl_chars *chars)
{
	(void)chars;
}

static void power_off(struct pearl_power *power)
{
	pearl_machine_end(container_of(power, struct pearl_machine, power),
			  PEARL_END_OFF, NULL);
}

static void power_reset(struct pearl_power *power)
{
	pearl_machine_end(container_of(power, struct pearl_machine, power),
			  PEARL_END_RESET, NULL);
}

static int no_device(struct nacre_error *error, const char *name)
{
	error->number = errno;
	snprintf(error->message, sizeof(error->message), "%s: %s", name,
		 strerror(errno));
	return -error->number;
}

/* Put a virtio device, if it was made, into the next slot. */
static int plug(struct pearl_machine *m, struct pearl_virtio *virtio,
		const char *name, struct nacre_error *error)
{
	struct pearl_slot *slot = &m->slots[m->nr_slots];
	unsigned int number = m->nr_slots + 1;
	const struct pearl_virtio_place place = {
		.pci = m->pci,
		.bus = &m->bus,
		.eventfds = &m->eventfds,
		.memory = m->memory,
		.lock = &m->lock,
		.slot = number,
		.window = PEARL_WINDOWS_BASE +
			  m->nr_slots * PEARL_VIRTIO_WINDOW,
		.irq = connect(m, &slot->pin, PEARL_PIN_GSI(number)),
		.pin_gsi = PEARL_PIN_GSI(number),
		.first_gsi = NACRE_PINS + m->nr_slots * PEARL_VIRTIO_GSIS,
	};

	slot->name = name;
	slot->virtio = virtio;
	if (virtio)
		slot->device = pearl_virtio_pci_create(&place, virtio);
	if (!slot->device)
		return no_device(error, name);
	m->nr_slots++;
	return 0;
}

static int create_slots(struct pearl_machine *m, struct nacre_error *error)
{
	unsigned int i;
	int err;

	choose_eventfds(m);
	err = plug(m, pearl_virtio_rng_create(), "virtio-rng", error);
	if (m->hvc && !err)
		err = plug(m, pearl_virtio_console_create(&m->console.chars),
			   "virtio-console", error);
	for (i = 0; i < PEARL_MOST_DISKS && m->disks[i] && !err; i++) {
		err = plug(m, m->disks[i], "virtio-blk", error);
		m->disks[i] = NULL;
	}
	return err;
}

int pearl_devices_create(struct pearl_machine *m, struct nacre_error *error)
{
	m->power.off = power_off;
	m->power.reset = power_reset;
	m->nowhere.put = take_all;
	m->nowhere.wanted = send_nothing;
	m->uart = pearl_uart_create(&m->bus, PEARL_COM1_BASE,
				    connect(m, &m->com1, PEARL_IRQ_COM1),
				    m->hvc ? &m->nowhere : &m->console.chars);
	if (!m->uart)
		return no_device(error, "the serial port");
	m->rtc = pearl_rtc_create(&m->bus,
				  connect(m, &m->rtc_line, PEARL_IRQ_RTC),
				  &m->clock);
	if (!m->rtc)
		return no_device(error, "the real-time clock");
	m->i8042 = pearl_i8042_create(&m->bus, &m->power);
	if (!m->i8042)
		return no_device(error, "the keyboard controller");
	m->pit = pearl_pit_create(&m->bus, &m->clock);
	if (!m->pit)
		return no_device(error, "the interval timer");
	m->pm = pearl_pm_create(&m->bus, connect(m, &m->sci, PEARL_IRQ_SCI),
				&m->clock, &m->power);
	if (!m->pm)
		return no_device(error, "power management");
	m->pci = pearl_pci_create(&m->bus, &m->power);
	if (!m->pci)
		return no_device(error, "PCI");
	return create_slots(m, error);
}

void pearl_devices_destroy(struct pearl_machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_slots; i++)
		pearl_virtio_pci_destroy(m->slots[i].device);
	pearl_pci_destroy(m->pci);
	pearl_pm_destroy(m->pm);
	pearl_pit_destroy(m->pit);
	pearl_i8042_destroy(m->i8042);
	pearl_rtc_destroy(m->rtc);
	pearl_uart_destroy(m->uart);
}

static int create_cpu(struct pearl_machine *m, unsigned int id,
		      struct nacre_error *error)
{
	struct pearl_cpu *cpu = &m->cpus[id];
	int err = nacre_vcpu_create(m->vm, id, &cpu->vcpu, error);

	cpu->machine = m;
	return err ? err : nacre_vcpu_set_cpuid(cpu->vcpu, m->nr_cpus, error);
}

static int create_cpus(struct pearl_machine *m,
		       const struct nacre_linux_place *place,
		       struct nacre_error *error)
{
	unsigned int i;
	int err = 0;

	m->cpus = calloc(m->nr_cpus, sizeof(*m->cpus));
	if (!m->cpus)
		return no_device(error, "vCPUs");
	for (i = 0; i < m->nr_cpus && !err; i++)
		err = create_cpu(m, i, error);
	return err ? err : nacre_linux_start(m->cpus[0].vcpu, place, error);
}

static int open_disks(struct pearl_machine *m,
		      const struct pearl_options *options,
		      struct nacre_error *error)
{
	unsigned int i;

	for (i = 0; i < options->nr_disks; i++) {
		const struct pearl_disk *disk = &options->disks[i];

		m->disks[i] = pearl_virtio_blk_create(disk->path,
						      disk->readonly, i, error);
		if (!m->disks[i])
			return -error->number;
	}
	return 0;
}

static void close_disks(struct pearl_machine *m)
{
	unsigned int i;

	for (i = 0; i < PEARL_MOST_DISKS; i++)
		if (m->disks[i])
			m->disks[i]->destroy(m->disks[i]);
}

/* What can go wrong with the files goes wrong before there is a VM. */
static int create_guest(struct pearl_machine *m,
			const struct pearl_options *options,
			struct nacre_error *error)
{
	struct nacre_linux_place place;
	int err;

	err = pearl_memory_create(&m->memory, options, m->nr_cpus, &place,
				  error);
	if (!err)
		err = open_disks(m, options, error);
	if (!err)
		err = nacre_vm_create(options->device, &m->vm, error);
	if (!err)
		err = nacre_vm_set_memory(m->vm, m->memory, error);
	if (!err)
		err = nacre_vm_create_irqchip(m->vm, error);
	return err ? err : create_cpus(m, &place, error);
}

int pearl_machine_create(struct pearl_machine **machine,
			 const struct pearl_options *options,
			 struct nacre_error *error)
{
	struct pearl_machine *m = calloc(1, sizeof(*m));
	int err;

	*machine = NULL;
	if (!m)
		return no_device(error, "the machine");
	pthread_mutex_init(&m->lock, NULL);
	m->nr_cpus = options->cpus;
	m->hvc = options->hvc;
	err = pearl_events_create(m, options->stats, error);
	if (!err)
		err = create_guest(m, options, error);
	if (!err)
		err = pearl_devices_create(m, error);
	if (err) {
		pearl_machine_destroy(m);
		return err;
	}
	*machine = m;
	return 0;
}

void pearl_machine_destroy(struct pearl_machine *m)
{
	unsigned int i;

	pearl_devices_destroy(m);
	close_disks(m);
	for (i = 0; m->cpus && i < m->nr_cpus; i++)
		nacre_vcpu_destroy(m->cpus[i].vcpu);
	free(m->cpus);
	nacre_vm_destroy(m->vm);
	nacre_memory_destroy(m->memory);
	pearl_events_destroy(m);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

void pearl_machine_end(struct pearl_machine *m, int status,
		       const struct nacre_error *why)
{
	if (m->ended)
		return;
	m->status = status;
	if (why)
		m->error = *why;
	__atomic_store_n(&m->ended, true, __ATOMIC_RELEASE);
	pearl_machine_wake(m);
}
