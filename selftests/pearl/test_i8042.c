// SPDX-License-Identifier: GPL-2.0
/*
 * The keyboard controller by IBM's Personal Computer AT Technical Reference,
 * "Keyboard Controller", as far as one without a keyboard goes.
 */
#include "devices/devices.h"
#include "fake.h"

#define DATA 0x60
#define COMMAND 0x64
#define STATUS COMMAND

/* Status: a byte waits, self test passed, unlocked. */
#define OUTPUT 0x01
#define SYSTEM 0x04
#define UNLOCKED 0x10

static struct pearl_i8042 *i8042;

static void make(void)
{
	pearl_i8042_destroy(i8042);
	i8042 = pearl_i8042_create(&bus, fake_power());
	if (!i8042)
		abort();
}

static bool has_output(void)
{
	return inb(STATUS) & OUTPUT;
}

/* The answer to a command, or -1 if there is none. */
static int ask(uint8_t command)
{
	outb(COMMAND, command);
	return has_output() ? inb(DATA) : -1;
}

static void reset_values(void)
{
	make();
	EXPECT_EQ(inb(STATUS), UNLOCKED);
	EXPECT_EQ(inb(DATA), 0);
	EXPECT_EQ(inb(STATUS), UNLOCKED);
	EXPECT_EQ(ask(0x20), 0);
}

static void self_test(void)
{
	make();
	outb(COMMAND, 0xaa);
	EXPECT(has_output());
	EXPECT(inb(STATUS) & SYSTEM);
	EXPECT_EQ(inb(DATA), 0x55);
	EXPECT(!has_output());
	EXPECT(inb(STATUS) & SYSTEM);
}

/* Neither interface has anything behind it. */
static void interface_tests(void)
{
	make();
	EXPECT_EQ(ask(0xa9), 1);
	EXPECT_EQ(ask(0xab), 1);
}

static void config(void)
{
	make();
	outb(COMMAND, 0x60);
	EXPECT(!has_output());
	outb(DATA, 0x75);
	EXPECT(!has_output());
	EXPECT_EQ(ask(0x20), 0x75);
	outb(DATA, 0x30);
	EXPECT_EQ(ask(0x20), 0x75);
	outb(COMMAND, 0x60);
	outb(DATA, 0);
	EXPECT_EQ(ask(0x20), 0);
}

/* A command takes the place of one that waits for its byte. */
static void config_given_up(void)
{
	make();
	outb(COMMAND, 0x60);
	EXPECT_EQ(ask(0xaa), 0x55);
	outb(DATA, 0x01);
	EXPECT(!(ask(0x20) & 1));
}

/* A20 is open, and reset is not pulled. */
static void output_port(void)
{
	make();
	EXPECT_EQ(ask(0xd0) & 3, 3);
}

/* Each is an answer that is never read, and the next one takes its place. */
static void newest_answer(void)
{
	make();
	outb(COMMAND, 0xaa);
	outb(COMMAND, 0xab);
	EXPECT_EQ(inb(DATA), 1);
	EXPECT(!has_output());
	EXPECT_EQ(inb(DATA), 1);
}

static void no_keyboard(void)
{
	static const uint8_t bytes[] = { 0xff, 0xf2, 0xed, 0x02, 0xf4, 0xee };
	unsigned int i;

	make();
	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		outb(DATA, bytes[i]);
		EXPECT(!has_output());
	}
	EXPECT_EQ(fake_switch.resets, 0);
}

static bool is_answered(unsigned int command)
{
	return command == 0x20 || (command >= 0xa9 && command <= 0xab) ||
	       command == 0xd0;
}

/* What it does not know it passes over; only reset's pulse resets. */
static void every_command(void)
{
	unsigned int command;

	for (command = 0; command < 0x100; command++) {
		bool pulse = command >= 0xf0 && !(command & 1);

		make();
		outb(COMMAND, command);
		EXPECT_EQ(has_output(), is_answered(command));
		EXPECT_EQ(fake_switch.resets, pulse);
		EXPECT_EQ(fake_switch.offs, 0);
	}
}

/* Each port is a byte; what lies between is not the controller's. */
static void access_sizes(void)
{
	make();
	EXPECT_EQ(ask(0xaa), 0x55);
	EXPECT_EQ(in(DATA, 4), 0xffffff55);
	EXPECT_EQ(in(COMMAND, 2) >> 8, 0xff);
	out(DATA, 4, 0xfefefefe);
	EXPECT_EQ(fake_switch.resets, 0);
	out(COMMAND, 2, 0xaafe);
	EXPECT_EQ(fake_switch.resets, 1);
	EXPECT(!has_output());
}

/* The system flag is the configuration's bit 2 as well. */
static void system_flag(void)
{
	make();
	EXPECT_EQ(ask(0xaa), 0x55);
	EXPECT_EQ(ask(0x20), 4);
	outb(COMMAND, 0x60);
	outb(DATA, 0x30);
	EXPECT(!(inb(STATUS) & SYSTEM));
	outb(COMMAND, 0x60);
	outb(DATA, 0x34);
	EXPECT(inb(STATUS) & SYSTEM);
	EXPECT_EQ(ask(0x20), 0x34);
}

/* An interface is off while its bit is set: 4 the first, 5 the second. */
static void interfaces_off_and_on(void)
{
	make();
	outb(COMMAND, 0xad);
	EXPECT_EQ(ask(0x20), 0x10);
	outb(COMMAND, 0xa7);
	EXPECT_EQ(ask(0x20), 0x30);
	outb(COMMAND, 0xae);
	EXPECT_EQ(ask(0x20), 0x20);
	outb(COMMAND, 0xa8);
	EXPECT_EQ(ask(0x20), 0);
}

/* Line 0 of the output port is the processor's reset, active low. */
static void reset_by_output_port(void)
{
	make();
	outb(COMMAND, 0xd1);
	outb(DATA, 0xdf);
	EXPECT_EQ(fake_switch.resets, 0);
	outb(DATA, 0xfe);
	EXPECT_EQ(fake_switch.resets, 0);
	outb(COMMAND, 0xd1);
	outb(COMMAND, 0xaa);
	outb(DATA, 0xfe);
	EXPECT_EQ(fake_switch.resets, 0);
	outb(COMMAND, 0xd1);
	outb(DATA, 0xfe);
	EXPECT_EQ(fake_switch.resets, 1);
	EXPECT_EQ(ask(0x20) & 0xfb, 0);
}

/* A port that is taken: no device, no trace of it, and errno says why. */
static void taken_port(void)
{
	static const uint16_t ports[] = { DATA, COMMAND };
	unsigned int i;

	make();
	pearl_i8042_destroy(i8042);
	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		fake_occupy(ports[i]);
		i8042 = pearl_i8042_create(&bus, fake_power());
		EXPECT(!i8042);
		EXPECT_EQ(errno, EEXIST);
		fake_leave();
		EXPECT(!bus.regions[PEARL_PIO]);
	}
}

static void comes_and_goes(void)
{
	make();
	pearl_i8042_destroy(i8042);
	i8042 = NULL;
	EXPECT_EQ(inb(DATA), 0xff);
	EXPECT_EQ(inb(COMMAND), 0xff);
	pearl_i8042_destroy(NULL);
}

static const struct host_case cases[] = {
	HOST_CASE(reset_values),
	HOST_CASE(self_test),
	HOST_CASE(system_flag),
	HOST_CASE(interface_tests),
	HOST_CASE(config),
	HOST_CASE(interfaces_off_and_on),
	HOST_CASE(config_given_up),
	HOST_CASE(output_port),
	HOST_CASE(reset_by_output_port),
	HOST_CASE(newest_answer),
	HOST_CASE(no_keyboard),
	HOST_CASE(every_command),
	HOST_CASE(access_sizes),
	HOST_CASE(taken_port),
	HOST_CASE(comes_and_goes),
};

HOST_MAIN(cases)
