// SPDX-License-Identifier: GPL-2.0
/* What the machine is made of, and what a device can do to it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/devices.h"
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

int pearl_devices_create(struct pearl_machine *m, struct nacre_error *error)
{
	m->power.off = power_off;
	m->power.reset = power_reset;
	m->uart = pearl_uart_create(&m->bus, PEARL_COM1_BASE,
				    connect(m, &m->com1, PEARL_IRQ_COM1),
				    &m->console.chars);
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
	return 0;
}

void pearl_devices_destroy(struct pearl_machine *m)
{
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
	err = pearl_events_create(m, error);
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
