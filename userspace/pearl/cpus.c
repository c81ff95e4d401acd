// SPDX-License-Identifier: GPL-2.0
/* The threads that run the vCPUs, and how a guest's end shows there. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pearl.h"

static struct pearl_cpu *cpu_of(struct nacre_handlers *handlers)
{
	return container_of(handlers, struct pearl_cpu, handlers);
}

static void bus_read(struct nacre_handlers *handlers, enum pearl_space space,
		     uint64_t address, void *data, unsigned int size)
{
	struct pearl_machine *m = cpu_of(handlers)->machine;

	pthread_mutex_lock(&m->lock);
	pearl_bus_read(&m->bus, space, address, data, size);
	pthread_mutex_unlock(&m->lock);
}

static void bus_write(struct nacre_handlers *handlers, enum pearl_space space,
		      uint64_t address, const void *data, unsigned int size)
{
	struct pearl_machine *m = cpu_of(handlers)->machine;

	pthread_mutex_lock(&m->lock);
	pearl_bus_write(&m->bus, space, address, data, size);
	pthread_mutex_unlock(&m->lock);
}

static void pio_read(struct nacre_handlers *handlers, uint16_t port,
		     void *data, unsigned int size)
{
	bus_read(handlers, PEARL_PIO, port, data, size);
}

static void pio_write(struct nacre_handlers *handlers, uint16_t port,
		      const void *data, unsigned int size)
{
	bus_write(handlers, PEARL_PIO, port, data, size);
}

static void mmio_read(struct nacre_handlers *handlers, uint64_t gpa,
		      void *data, unsigned int size)
{
	bus_read(handlers, PEARL_MMIO, gpa, data, size);
}

static void mmio_write(struct nacre_handlers *handlers, uint64_t gpa,
		       const void *data, unsigned int size)
{
	bus_write(handlers, PEARL_MMIO, gpa, data, size);
}

static bool has_ended(struct pearl_machine *m)
{
	return __atomic_load_n(&m->ended, __ATOMIC_ACQUIRE);
}

static bool done(struct nacre_handlers *handlers)
{
	return has_ended(cpu_of(handlers)->machine);
}

/* The rest of @error, for what the library has no words. */
__attribute__((format(printf, 2, 3)))
static void say(struct nacre_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	error->number = EIO;
}

/* What the vCPU's coming back means for the machine. */
static int verdict(const struct pearl_cpu *cpu, enum nacre_stop stop,
		   struct nacre_error *error)
{
	unsigned int id = nacre_vcpu_id(cpu->vcpu);

	switch (stop) {
	case NACRE_STOP_OFF:
		return PEARL_END_OFF;
	case NACRE_STOP_RESET:
		return PEARL_END_RESET;
	case NACRE_STOP_CRASH:
		say(error, "vCPU %u: the guest says that it crashed", id);
		return PEARL_END_CRASH;
	case NACRE_STOP_SHUTDOWN:
		say(error, "vCPU %u: a triple fault", id);
		return PEARL_END_CRASH;
	case NACRE_STOP_STUCK:
		return PEARL_END_CRASH;
	case NACRE_STOP_HALT:
		say(error, "vCPU %u: HLT came out of the module", id);
		return PEARL_END_FAILED;
	default:
		return PEARL_END_FAILED;
	}
}

static void *run_cpu(void *argument)
{
	struct pearl_cpu *cpu = argument;
	struct pearl_machine *m = cpu->machine;
	struct nacre_error error = { 0 };
	enum nacre_stop stop;

	while (!has_ended(m)) {
		stop = nacre_vcpu_run(cpu->vcpu, &cpu->handlers, &error);
		if (stop == NACRE_STOP_KICKED || stop == NACRE_STOP_DONE)
			continue;
		pthread_mutex_lock(&m->lock);
		pearl_machine_end(m, verdict(cpu, stop, &error), &error);
		pthread_mutex_unlock(&m->lock);
	}
	return NULL;
}

int pearl_cpus_start(struct pearl_machine *m, struct nacre_error *error)
{
	unsigned int i;
	int err;

	for (i = 0; i < m->nr_cpus; i++) {
		struct pearl_cpu *cpu = &m->cpus[i];

		cpu->handlers = (struct nacre_handlers){
			.pio_read = pio_read,
			.pio_write = pio_write,
			.mmio_read = mmio_read,
			.mmio_write = mmio_write,
			.done = done,
		};
		err = pthread_create(&cpu->thread, NULL, run_cpu, cpu);
		if (err) {
			say(error, "the thread of vCPU %u: %s", i,
			    strerror(err));
			return -err;
		}
		cpu->started = true;
	}
	return 0;
}

/* The machine has ended: a kick brings each thread to see it. */
void pearl_cpus_stop(struct pearl_machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->cpus[i].started)
			nacre_vcpu_kick(m->cpus[i].vcpu);
	for (i = 0; i < m->nr_cpus; i++)
		if (m->cpus[i].started)
			pthread_join(m->cpus[i].thread, NULL);
}
