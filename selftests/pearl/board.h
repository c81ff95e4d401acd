/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine's real devices on its real bus, with a console that leads
 * nowhere, a clock that a test moves, and lines into a hypervisor that is none.
 */
#ifndef BOARD_H
#define BOARD_H

#include <fcntl.h>
#include <unistd.h>

#include "fake_vm.h"
#include "host_test.h"
#include "pearl.h"

#define NS_PER_S 1000000000ULL

static struct pearl_machine machine;
static struct nacre_error error;
static uint64_t present;

static uint64_t now(struct pearl_clock *clock)
{
	(void)clock;
	return present;
}

static void rearm(struct pearl_clock *clock)
{
	(void)clock;
}

static void wake(struct pearl_console *console)
{
	(void)console;
}

/* False if a device has left something behind. */
static bool destroy_machine(void)
{
	bool clean;

	pearl_devices_destroy(&machine);
	pearl_console_close(&machine.console);
	clean = !machine.clock.first && !machine.bus.regions[PEARL_PIO] &&
		!machine.console.chars.device;
	memset(&machine, 0, sizeof(machine));
	machine.console.out = -1;
	return clean;
}

/* One second after both of the clock's beginnings. */
static void make_machine(void)
{
	int null = open("/dev/null", O_RDWR);

	if (machine.uart)
		destroy_machine();
	memset(&fake_hypervisor, 0, sizeof(fake_hypervisor));
	machine.wake_fd = -1;
	machine.clock.now = now;
	machine.clock.wall = now;
	machine.clock.rearm = rearm;
	present = NS_PER_S;
	pearl_console_init(&machine.console, null, null, wake);
	close(null);
	if (machine.console.out < 0 || pearl_devices_create(&machine, &error))
		abort();
}

static uint64_t in(uint64_t port, unsigned int size)
{
	uint64_t value = 0;

	pearl_bus_read(&machine.bus, PEARL_PIO, port, &value, size);
	return value;
}

static void out(uint64_t port, unsigned int size, uint64_t value)
{
	pearl_bus_write(&machine.bus, PEARL_PIO, port, &value, size);
}

#endif
