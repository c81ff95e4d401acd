/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine while it runs: memory, processors and devices, the thread of
 * each vCPU and of each virtio queue, and the event loop in the first thread.
 *
 * lock guards the bus, and with it every device, the clock and its timers, the
 * console, and how the machine ended. A vCPU's thread takes it for each access
 * that the bus carries, the event loop for each event that it hands on, a
 * queue's for each interrupt, and to see whether the queue is still its own.
 */
#ifndef PEARL_PEARL_H
#define PEARL_PEARL_H

#include <pthread.h>

#include "console.h"
#include "device.h"
#include "machine.h"
#include "nacre.h"
#include "options.h"

struct pearl_machine;

/* How a machine ends; the values are pearl's exit status. */
enum pearl_end {
	PEARL_END_OFF = 0,
	PEARL_END_FAILED = 1,
	PEARL_END_USAGE = 2,
	PEARL_END_RESET = 3,
	PEARL_END_CRASH = 4,
	PEARL_END_LEFT = 5,
	PEARL_END_SIGNAL = 128,
};

/* An interrupt line into the module's controllers. */
struct pearl_line {
	struct pearl_irq irq;
	struct pearl_machine *machine;
	unsigned int gsi;
};

/*
 * struct pearl_slot - a virtio device, and its pin
 * Slot N of PCI bus 0 is number N - 1 of the machine's.
 * @name, @virtio: what is in it; @device has it
 */
struct pearl_slot {
	const char *name;
	struct pearl_virtio *virtio;
	struct pearl_line pin;
	struct pearl_virtio_pci *device;
};

/* A vCPU and who runs it. */
struct pearl_cpu {
	struct nacre_handlers handlers;
	struct pearl_machine *machine;
	struct nacre_vcpu *vcpu;
	pthread_t thread;
	bool started;
};

/*
 * struct pearl_machine
 * Set up before the first thread starts:
 * @memory, @vm, @cpus, @nr_cpus: what the guest has
 * @wake_fd: an eventfd that brings the event loop round
 * @timer_fd: a timerfd for the clock's first timer
 * @signal_fd: the signals that end or stop pearl
 * @stats_fd: where the devices' counters go; -1: nowhere
 * @uart, @rtc, @i8042, @pit, @pm, @pci: the devices
 * @hvc: the console's device is the virtio console
 * @disks: they are open, and in no slot yet; NULL: no more of them
 * @slots, @nr_slots: what is on the bus
 * Guarded by @lock:
 * @bus, @clock, @power, @console, @nowhere, @eventfds: what the devices know
 * @com1, @rtc_line, @sci: their interrupt lines
 * @status: how it ended; read without the lock as well
 * @ended: there is a @status; atomic
 * @error: why, if there is more to say
 */
struct pearl_machine {
	struct nacre_memory *memory;
	struct nacre_vm *vm;
	struct pearl_cpu *cpus;
	unsigned int nr_cpus;
	int wake_fd;
	int timer_fd;
	int signal_fd;
	int stats_fd;
	struct pearl_uart *uart;
	struct pearl_rtc *rtc;
	struct pearl_i8042 *i8042;
	struct pearl_pit *pit;
	struct pearl_pm *pm;
	struct pearl_pci *pci;
	bool hvc;
	struct pearl_virtio *disks[PEARL_MOST_DISKS];
	struct pearl_slot slots[PEARL_SLOTS];
	unsigned int nr_slots;

	pthread_mutex_t lock;
	struct pearl_bus bus;
	struct pearl_clock clock;
	struct pearl_power power;
	struct pearl_console console;
	struct pearl_chars nowhere;
	struct pearl_eventfds eventfds;
	struct pearl_line com1;
	struct pearl_line rtc_line;
	struct pearl_line sci;
	int status;
	bool ended;
	struct nacre_error error;
};

/*
 * pearl_machine_create() - all of it, ready to start; nothing runs yet
 * Negative errno and @error on failure, when nothing is left of it.
 */
int pearl_machine_create(struct pearl_machine **machine,
			 const struct pearl_options *options,
			 struct nacre_error *error);
void pearl_machine_destroy(struct pearl_machine *machine);

/*
 * pearl_machine_end() - this is how it ends; only the first is heard
 * With the lock held. @why may be NULL.
 */
void pearl_machine_end(struct pearl_machine *machine, int status,
		       const struct nacre_error *why);

/* Bring the event loop round; from any thread. */
void pearl_machine_wake(struct pearl_machine *machine);

/*
 * pearl_memory_create() - a guest's memory, with a kernel in it
 * @place: where the first vCPU starts
 */
int pearl_memory_create(struct nacre_memory **memory,
			const struct pearl_options *options,
			unsigned int nr_cpus, struct nacre_linux_place *place,
			struct nacre_error *error);

/* The devices on the machine's bus. */
int pearl_devices_create(struct pearl_machine *machine,
			 struct nacre_error *error);
void pearl_devices_destroy(struct pearl_machine *machine);

/*
 * What the event loop waits for; the signals are taken from here on.
 * @stats: the file for the counters, or NULL
 */
int pearl_events_create(struct pearl_machine *machine, const char *stats,
			struct nacre_error *error);
void pearl_events_destroy(struct pearl_machine *machine);

/* The threads of the vCPUs. */
int pearl_cpus_start(struct pearl_machine *machine, struct nacre_error *error);
void pearl_cpus_stop(struct pearl_machine *machine);

/*
 * pearl_stats_open() - have a file for the counters
 * pearl_stats_write() - what they are now, in place of what it says
 * Negative errno and @error on failure. Without a file nothing is written. Not
 * with the lock.
 */
int pearl_stats_open(struct pearl_machine *machine, const char *path,
		     struct nacre_error *error);
int pearl_stats_write(struct pearl_machine *machine,
		      struct nacre_error *error);

/* pearl_run() - until the machine has ended; returns pearl's exit status */
int pearl_run(struct pearl_machine *machine, struct nacre_error *error);

#endif
