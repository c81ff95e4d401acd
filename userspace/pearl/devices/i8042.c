// SPDX-License-Identifier: GPL-2.0
/*
 * A keyboard controller without a keyboard: it answers its own commands,
 * says that nothing is connected, and pulls the reset line.
 */
#include <errno.h>
#include <stdlib.h>

#include "devices.h"

#define PORT_DATA	0x60
#define PORT_COMMAND	0x64

#define STATUS_OUTPUT	0x01	/* a byte waits at 60h */
#define STATUS_SYSTEM	0x04	/* as in the configuration */
#define STATUS_UNLOCKED	0x10

#define CONFIG_SYSTEM	0x04	/* the self test has passed */
#define CONFIG_NO_KEYBOARD 0x10
#define CONFIG_NO_AUX	0x20

#define CMD_READ_CONFIG		0x20
#define CMD_WRITE_CONFIG	0x60
#define CMD_DISABLE_AUX		0xa7
#define CMD_ENABLE_AUX		0xa8
#define CMD_TEST_AUX		0xa9
#define CMD_SELF_TEST		0xaa
#define CMD_TEST_KEYBOARD	0xab
#define CMD_DISABLE_KEYBOARD	0xad
#define CMD_ENABLE_KEYBOARD	0xae
#define CMD_READ_OUTPUT		0xd0
#define CMD_WRITE_OUTPUT	0xd1
#define CMD_PULSE		0xf0	/* the low bits: which lines stay up */

#define TEST_PASSED	0x55
#define CLOCK_STUCK	0x01	/* an interface with nothing behind it */
#define OUTPUT_PORT	0xcf
#define OUTPUT_NO_RESET	0x01

struct pearl_i8042 {
	struct pearl_region data, command;
	struct pearl_bus *bus;
	struct pearl_power *power;
	uint8_t config, output, status;
	uint8_t pending;	/* the command that waits for its byte, or 0 */
};

static void answer(struct pearl_i8042 *k, uint8_t byte)
{
	k->output = byte;
	k->status |= STATUS_OUTPUT;
}

static uint64_t read_data(struct pearl_region *region, uint64_t offset,
			  unsigned int size)
{
	struct pearl_i8042 *k = container_of(region, struct pearl_i8042, data);

	(void)offset;
	(void)size;
	k->status &= ~STATUS_OUTPUT;
	return k->output;
}

/*
 * Bytes for the keyboard go nowhere: none answers. Of the output port only
 * the reset line leads anywhere; A20 is always open.
 */
static void write_data(struct pearl_region *region, uint64_t offset,
		       unsigned int size, uint64_t value)
{
	struct pearl_i8042 *k = container_of(region, struct pearl_i8042, data);

	(void)offset;
	(void)size;
	if (k->pending == CMD_WRITE_CONFIG)
		k->config = value;
	else if (k->pending == CMD_WRITE_OUTPUT && !(value & OUTPUT_NO_RESET))
		k->power->reset(k->power);
	k->pending = 0;
}

static uint64_t read_status(struct pearl_region *region, uint64_t offset,
			    unsigned int size)
{
	struct pearl_i8042 *k = container_of(region, struct pearl_i8042,
					     command);

	(void)offset;
	(void)size;
	return k->status | STATUS_UNLOCKED |
	       (k->config & CONFIG_SYSTEM ? STATUS_SYSTEM : 0);
}

static void run_command(struct pearl_i8042 *k, uint8_t command)
{
	switch (command) {
	case CMD_READ_CONFIG:
		answer(k, k->config);
		break;
	case CMD_WRITE_CONFIG:
	case CMD_WRITE_OUTPUT:
		k->pending = command;
		break;
	case CMD_DISABLE_AUX:
		k->config |= CONFIG_NO_AUX;
		break;
	case CMD_ENABLE_AUX:
		k->config &= ~CONFIG_NO_AUX;
		break;
	case CMD_DISABLE_KEYBOARD:
		k->config |= CONFIG_NO_KEYBOARD;
		break;
	case CMD_ENABLE_KEYBOARD:
		k->config &= ~CONFIG_NO_KEYBOARD;
		break;
	case CMD_SELF_TEST:
		k->config |= CONFIG_SYSTEM;
		answer(k, TEST_PASSED);
		break;
	case CMD_TEST_AUX:
	case CMD_TEST_KEYBOARD:
		answer(k, CLOCK_STUCK);
		break;
	case CMD_READ_OUTPUT:
		answer(k, OUTPUT_PORT);
		break;
	default:
		break;
	}
}

static void write_command(struct pearl_region *region, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	struct pearl_i8042 *k = container_of(region, struct pearl_i8042,
					     command);

	(void)offset;
	(void)size;
	k->pending = 0;
	/* A pulse of line 0 is the processor's reset. */
	if ((value & 0xf0) == CMD_PULSE && !(value & 1))
		k->power->reset(k->power);
	else
		run_command(k, value);
}

struct pearl_i8042 *pearl_i8042_create(struct pearl_bus *bus,
				       struct pearl_power *power)
{
	struct pearl_i8042 *k = calloc(1, sizeof(*k));
	int err;

	if (!k)
		return NULL;
	k->bus = bus;
	k->power = power;
	k->data = (struct pearl_region) {
		.name = "i8042 data", .base = PORT_DATA, .size = 1, .widest = 1,
		.read = read_data, .write = write_data,
	};
	k->command = (struct pearl_region) {
		.name = "i8042 command", .base = PORT_COMMAND, .size = 1,
		.widest = 1, .read = read_status, .write = write_command,
	};
	err = pearl_bus_add(bus, PEARL_PIO, &k->data);
	if (!err)
		err = pearl_bus_add(bus, PEARL_PIO, &k->command);
	if (!err)
		return k;
	pearl_i8042_destroy(k);
	errno = -err;
	return NULL;
}

void pearl_i8042_destroy(struct pearl_i8042 *k)
{
	if (!k)
		return;
	pearl_bus_remove(k->bus, PEARL_PIO, &k->command);
	pearl_bus_remove(k->bus, PEARL_PIO, &k->data);
	free(k);
}
