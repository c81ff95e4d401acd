// SPDX-License-Identifier: GPL-2.0
/*
 * The UART by its data sheet: National Semiconductor PC16550D. What the sheet
 * leaves to the machine is pearl's: the line has no speed, the outside heeds
 * RTS, and OUT2 gates the interrupt as on a PC.
 */
#include "devices/devices.h"
#include "fake.h"

#define BASE 0x2e8

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

/* LSR: data ready, overrun, transmitter empty in both ways. */
#define DR 0x01
#define OE 0x02
#define EMPTY 0x60
/* MCR */
#define DTR 0x01
#define RTS 0x02
#define OUT1 0x04
#define OUT2 0x08
#define LOOP 0x10
#define ON (DTR | RTS | OUT2)

static struct pearl_uart *uart;
static struct fake_line line;

/* The other end of the line: what it got, and how much it takes. */
static struct {
	struct pearl_chars chars;
	uint8_t got[64];
	size_t used;
	size_t room;
	unsigned int wanted;
} outside;

static size_t put(struct pearl_chars *chars, const uint8_t *bytes, size_t n)
{
	(void)chars;
	if (n > outside.room)
		n = outside.room;
	if (outside.used + n > sizeof(outside.got))
		abort();
	memcpy(outside.got + outside.used, bytes, n);
	outside.used += n;
	outside.room -= n;
	return n;
}

static void wanted(struct pearl_chars *chars)
{
	(void)chars;
	outside.wanted++;
}

static size_t send(const char *text)
{
	struct pearl_chars_device *device = outside.chars.device;

	return device->get(device, (const uint8_t *)text, strlen(text));
}

static void drain(size_t room)
{
	outside.room = room;
	outside.chars.device->drained(outside.chars.device);
}

static uint8_t get(unsigned int reg)
{
	return inb(BASE + reg);
}

static void set(unsigned int reg, uint8_t value)
{
	outb(BASE + reg, value);
}

static void make(void)
{
	pearl_uart_destroy(uart);
	memset(&outside, 0, sizeof(outside));
	outside.chars.put = put;
	outside.chars.wanted = wanted;
	outside.room = sizeof(outside.got);
	uart = pearl_uart_create(&bus, BASE, fake_connect(&line),
				 &outside.chars);
	if (!uart)
		abort();
}

/* As a driver leaves it: FIFOs on with this trigger level, lines up. */
static void open_port(uint8_t fcr)
{
	make();
	set(FCR, fcr);
	set(MCR, ON);
}

static bool got(const char *text)
{
	return outside.used == strlen(text) &&
	       !memcmp(outside.got, text, outside.used);
}

/* "Reset Configuration"; LCR and divisor as firmware sets them: 9600 8n1. */
static void reset_values(void)
{
	make();
	EXPECT_EQ(get(IER), 0);
	EXPECT_EQ(get(IIR), 1);
	EXPECT_EQ(get(LCR), 3);
	EXPECT_EQ(get(MCR), 0);
	EXPECT_EQ(get(LSR), EMPTY);
	EXPECT_EQ(get(MSR), 0xb0);
	EXPECT_EQ(get(SCR), 0);
	set(LCR, 0x83);
	EXPECT_EQ(get(DATA), 12);
	EXPECT_EQ(get(IER), 0);
	EXPECT_EQ(line.raised, 0);
}

static void writable_bits(void)
{
	static const struct {
		uint8_t reg, bits;
	} rows[] = {
		{ IER, 0x0f }, { LCR, 0x7f }, { MCR, 0x1f }, { SCR, 0xff },
	};
	unsigned int i;

	make();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		set(rows[i].reg, 0xff & ~(rows[i].reg == LCR ? 0x80 : 0));
		EXPECT_EQ(get(rows[i].reg), rows[i].bits);
		set(rows[i].reg, 0);
		EXPECT_EQ(get(rows[i].reg), 0);
	}
	get(MSR);
	set(LSR, 0xff);
	set(MSR, 0xff);
	EXPECT_EQ(get(LSR), EMPTY);
	EXPECT_EQ(get(MSR), 0xb0);
}

/* With DLAB the first two registers are the divisor, and nothing else is. */
static void divisor_latch(void)
{
	open_port(1);
	EXPECT_EQ(send("x"), 1);
	set(IER, 0x05);
	set(LCR, 0x83);
	EXPECT_EQ(get(LCR), 0x83);
	set(DATA, 0xff);
	set(IER, 0xff);
	EXPECT_EQ(get(DATA), 0xff);
	EXPECT_EQ(get(IER), 0xff);
	set(DATA, 0);
	EXPECT_EQ(get(DATA), 0);
	EXPECT_EQ(get(IER), 0xff);
	EXPECT_EQ(get(LSR), EMPTY | DR);
	set(LCR, 3);
	EXPECT_EQ(get(IER), 0x05);
	EXPECT_EQ(get(DATA), 'x');
	EXPECT(got(""));
}

/* A word is two registers, the lower first. */
static void wide_accesses(void)
{
	open_port(1);
	out(BASE + LCR, 2, ON << 8 | 0x1b);
	EXPECT_EQ(get(LCR), 0x1b);
	EXPECT_EQ(get(MCR), ON);
	EXPECT_EQ(in(BASE + LCR, 4), 0xb0u << 24 | EMPTY << 16 | ON << 8 |
		  0x1b);
	out(BASE + DATA, 4, 0x1b010041);
	EXPECT(got("A"));
	EXPECT_EQ(get(IIR), 0xc1);
	EXPECT_EQ(in(BASE + SCR, 2), 0xff00);
	EXPECT_EQ(in(BASE - 1, 2) & 0xff, 0xff);
}

static void transmit(void)
{
	const char *p;

	open_port(1);
	for (p = "boot\r\n"; *p; p++) {
		EXPECT_EQ(get(LSR), EMPTY);
		set(DATA, *p);
	}
	EXPECT(got("boot\r\n"));
	EXPECT_EQ(line.raised, 0);
}

/* Nobody takes it: sixteen bytes wait, more are lost, none is reordered. */
static void transmit_fifo_full(void)
{
	unsigned int i;

	open_port(1);
	outside.room = 0;
	for (i = 0; i < 20; i++)
		set(DATA, 'a' + i);
	EXPECT_EQ(get(LSR), 0);
	drain(4);
	EXPECT(got("abcd"));
	EXPECT_EQ(get(LSR), 0);
	set(DATA, 'Z');
	EXPECT_EQ(get(LSR), 0);
	drain(sizeof(outside.got) - outside.used);
	EXPECT(got("abcdefghijklmnopZ"));
	EXPECT_EQ(get(LSR), EMPTY);
}

/* "THRE interrupt": reset by reading IIR, if it is the source, or writing. */
static void transmit_interrupt(void)
{
	open_port(1);
	set(IER, 2);
	EXPECT_EQ(line.raised, 1);
	EXPECT_EQ(get(IIR), 0xc2);
	EXPECT_EQ(line.lowered, 1);
	EXPECT_EQ(get(IIR), 0xc1);
	set(DATA, 'a');
	EXPECT_EQ(line.raised, 2);
	outside.room = 0;
	set(DATA, 'b');
	EXPECT_EQ(line.lowered, 2);
	EXPECT_EQ(get(IIR), 0xc1);
	drain(1);
	EXPECT_EQ(line.raised, 3);
	EXPECT_EQ(get(IIR), 0xc2);
	set(IER, 0);
	set(IER, 2);
	EXPECT_EQ(line.raised, 4);
	set(IER, 0);
	EXPECT_EQ(line.lowered, 4);
	EXPECT_EQ(get(IIR), 0xc1);
}

/* An enable that is written again is not news. */
static void transmit_interrupt_once(void)
{
	open_port(1);
	set(IER, 2);
	EXPECT_EQ(get(IIR), 0xc2);
	set(IER, 3);
	EXPECT_EQ(get(IIR), 0xc1);
	outside.room = 0;
	set(DATA, 'a');
	set(IER, 0);
	set(IER, 2);
	EXPECT_EQ(get(IIR), 0xc1);
	EXPECT_EQ(line.raised, 1);
}

/* From the trigger level on data, below it a time-out. */
static void trigger_levels(void)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		open_port(i << 6 | 1);
		set(IER, 1);
		for (j = 1; j <= 16; j++) {
			EXPECT_EQ(send("x"), 1);
			EXPECT_EQ(get(IIR), j < levels[i] ? 0xcc : 0xc4);
			EXPECT_EQ(get(IIR), j < levels[i] ? 0xcc : 0xc4);
		}
		for (j = 15; j; j--) {
			EXPECT_EQ(get(DATA), 'x');
			EXPECT_EQ(get(IIR), j < levels[i] ? 0xcc : 0xc4);
		}
		EXPECT_EQ(line.lowered, 0);
		EXPECT_EQ(get(DATA), 'x');
		EXPECT_EQ(get(IIR), 0xc1);
		EXPECT_EQ(line.raised, 1);
		EXPECT_EQ(line.lowered, 1);
	}
}

static void receive_in_order(void)
{
	open_port(1);
	EXPECT_EQ(send("0123456789abcdefghij"), 16);
	EXPECT_EQ(outside.wanted, 0);
	EXPECT_EQ(get(LSR), EMPTY | DR);
	EXPECT_EQ(get(DATA), '0');
	EXPECT_EQ(outside.wanted, 1);
	EXPECT_EQ(send("ghij"), 1);
	EXPECT_EQ(in(BASE, 1), '1');
	EXPECT_EQ(outside.wanted, 2);
	EXPECT_EQ(send("h"), 1);
	while (get(LSR) & DR && !host_case_failed)
		set(SCR, get(DATA));
	EXPECT_EQ(get(SCR), 'h');
	EXPECT_EQ(outside.wanted, 2);
	EXPECT_EQ(get(DATA), 0);
}

/* Without FIFOs it holds one byte, and IIR has no FIFO bits. */
static void character_mode(void)
{
	open_port(0);
	set(IER, 1);
	EXPECT_EQ(send("ab"), 1);
	EXPECT_EQ(line.raised, 1);
	EXPECT_EQ(get(IIR), 4);
	EXPECT_EQ(get(DATA), 'a');
	EXPECT_EQ(get(IIR), 1);
	EXPECT_EQ(line.lowered, 1);
	EXPECT_EQ(get(LSR), EMPTY);
}

/* The outside heeds RTS: nothing is lost before a driver is there. */
static void flow_control(void)
{
	make();
	EXPECT_EQ(send("a"), 0);
	set(FCR, 1);
	set(FCR, 7);
	set(FCR, 0);
	set(FCR, 1);
	EXPECT_EQ(outside.wanted, 0);
	set(MCR, ON);
	EXPECT_EQ(outside.wanted, 1);
	EXPECT_EQ(send("a"), 1);
	set(MCR, ON | LOOP);
	EXPECT_EQ(send("b"), 0);
	set(MCR, ON & ~RTS);
	EXPECT_EQ(send("b"), 0);
	EXPECT_EQ(outside.wanted, 1);
	set(MCR, ON);
	EXPECT_EQ(outside.wanted, 2);
	EXPECT_EQ(get(DATA), 'a');
}

/* "FIFO Control Register": bits 1 and 2 clear one FIFO each. */
static void fifo_clear(void)
{
	open_port(1);
	outside.room = 0;
	EXPECT_EQ(send("ab"), 2);
	set(DATA, 'c');
	EXPECT_EQ(get(LSR), DR);
	set(FCR, 0x83);
	EXPECT_EQ(get(LSR), 0);
	EXPECT_EQ(send("d"), 1);
	set(FCR, 0x85);
	EXPECT_EQ(get(LSR), EMPTY | DR);
	EXPECT_EQ(get(DATA), 'd');
	drain(8);
	EXPECT(got(""));
}

/* Changing between the modes clears both. */
static void mode_change_clears(void)
{
	unsigned int fcr;

	for (fcr = 0; fcr < 2; fcr++) {
		open_port(fcr);
		outside.room = 0;
		EXPECT_EQ(send("a"), 1);
		set(DATA, 'c');
		set(FCR, fcr);
		EXPECT_EQ(get(LSR), DR);
		set(FCR, !fcr);
		EXPECT_EQ(get(LSR), EMPTY);
		drain(8);
		EXPECT(got(""));
	}
}

/* OUT2's pin opens the way to the interrupt line. */
static void interrupt_gate(void)
{
	open_port(1);
	set(IER, 2);
	EXPECT_EQ(line.raised, 1);
	set(MCR, ON & ~OUT2);
	EXPECT_EQ(line.lowered, 1);
	set(MCR, ON);
	EXPECT_EQ(line.raised, 2);
	set(MCR, ON | LOOP);
	EXPECT_EQ(line.lowered, 2);
	set(MCR, ON);
	EXPECT_EQ(line.raised, 3);
	EXPECT_EQ(get(IIR), 0xc2);
}

/* "Loopback": the transmitter feeds the receiver, the outside is cut off. */
static void loopback_data(void)
{
	unsigned int i;

	open_port(1);
	set(MCR, ON | LOOP);
	set(IER, 3);
	for (i = 0; i < 16; i++)
		set(DATA, i);
	EXPECT_EQ(get(LSR), EMPTY | DR);
	EXPECT_EQ(get(IIR), 0xc4);
	for (i = 0; i < 16; i++)
		EXPECT_EQ(get(DATA), i);
	EXPECT_EQ(get(IIR), 0xc2);
	EXPECT_EQ(get(LSR), EMPTY);
	EXPECT(got(""));
	EXPECT_EQ(line.raised, 0);
}

/* RTS is CTS, DTR is DSR, OUT1 is RI, OUT2 is DCD. */
static void loopback_lines(void)
{
	static const struct {
		uint8_t mcr, msr;
	} rows[] = {
		{ RTS, 0x10 }, { DTR, 0x20 }, { OUT1, 0x40 }, { OUT2, 0x80 },
		{ 0, 0x00 }, { DTR | RTS | OUT1 | OUT2, 0xf0 },
	};
	unsigned int i;

	make();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		set(MCR, LOOP | rows[i].mcr);
		EXPECT_EQ(get(MSR) & 0xf0, rows[i].msr);
	}
	set(MCR, 0);
	EXPECT_EQ(get(MSR) & 0xf0, 0xb0);
}

/* A change is a delta until MSR is read; RI counts when it ends. */
static void modem_deltas(void)
{
	make();
	set(MCR, LOOP);
	EXPECT_EQ(get(MSR), 0x0b);
	EXPECT_EQ(get(MSR), 0x00);
	set(MCR, LOOP | RTS | OUT1);
	EXPECT_EQ(get(MSR), 0x51);
	set(MCR, LOOP | DTR | OUT1);
	set(MCR, LOOP | DTR);
	EXPECT_EQ(get(MSR), 0x27);
	set(MCR, LOOP | OUT2);
	EXPECT_EQ(get(MSR), 0x8a);
	set(IER, 8);
	EXPECT_EQ(get(IIR), 1);
	set(MCR, LOOP);
	EXPECT_EQ(get(IIR), 0);
	EXPECT_EQ(get(IIR), 0);
	EXPECT_EQ(get(MSR), 0x08);
	EXPECT_EQ(get(IIR), 1);
}

/* The seventeenth byte is lost; LSR tells of it once. */
static void overrun_fifo(void)
{
	unsigned int i;

	open_port(1);
	set(MCR, ON | LOOP);
	for (i = 0; i < 17; i++)
		set(DATA, i);
	EXPECT_EQ(get(LSR), EMPTY | DR | OE);
	EXPECT_EQ(get(LSR), EMPTY | DR);
	for (i = 0; i < 16; i++)
		EXPECT_EQ(get(DATA), i);
	EXPECT_EQ(get(LSR), EMPTY);
}

/* "Interrupt Identification Register": line, data, transmitter, modem. */
static void priorities(void)
{
	unsigned int i;

	open_port(0x41);
	set(IER, 0x0f);
	set(MCR, ON | LOOP | OUT1);
	for (i = 0; i < 17; i++)
		set(DATA, i);
	EXPECT_EQ(get(IIR), 0xc6);
	set(MCR, ON);
	EXPECT_EQ(line.raised, 2);
	EXPECT_EQ(get(LSR), EMPTY | DR | OE);
	EXPECT_EQ(get(IIR), 0xc4);
	for (i = 0; i < 13; i++)
		get(DATA);
	EXPECT_EQ(get(IIR), 0xcc);
	for (; i < 16; i++)
		get(DATA);
	EXPECT_EQ(get(IIR), 0xc2);
	EXPECT_EQ(get(IIR), 0xc0);
	EXPECT_EQ(line.lowered, 1);
	EXPECT_EQ(get(MSR), 0xb4);
	EXPECT_EQ(get(IIR), 0xc1);
	EXPECT_EQ(line.raised, 2);
	EXPECT_EQ(line.lowered, 2);
}

/* What is masked raises nothing and is not named. */
static void masked(void)
{
	open_port(1);
	EXPECT_EQ(send("a"), 1);
	set(IER, 0x0e);
	EXPECT_EQ(get(IIR), 0xc2);
	EXPECT_EQ(get(IIR), 0xc1);
	set(IER, 1);
	EXPECT_EQ(get(IIR), 0xc4);
	set(IER, 0);
	EXPECT_EQ(get(IIR), 0xc1);
	EXPECT_EQ(line.raised, 2);
	EXPECT_EQ(line.lowered, 2);
}

/* Without FIFOs the newer byte takes the older one's place. */
static void overrun_character(void)
{
	open_port(0);
	set(MCR, ON | LOOP);
	set(DATA, 'a');
	set(DATA, 'b');
	EXPECT_EQ(get(LSR), EMPTY | DR | OE);
	EXPECT_EQ(get(DATA), 'b');
	EXPECT_EQ(get(LSR), EMPTY);
}

/* A FIFO that is emptied by FCR is empty, too; and then it has been said. */
static void transmit_interrupt_by_clearing(void)
{
	open_port(1);
	outside.room = 0;
	set(DATA, 'a');
	set(IER, 2);
	EXPECT_EQ(line.raised, 0);
	set(FCR, 5);
	EXPECT_EQ(line.raised, 1);
	EXPECT_EQ(get(IIR), 0xc2);
	drain(8);
	set(FCR, 5);
	EXPECT_EQ(get(IIR), 0xc1);
	EXPECT_EQ(line.raised, 1);
	EXPECT(got(""));
}

/* What loops back does not say that what waits for the outside has gone. */
static void transmit_interrupt_in_loopback(void)
{
	open_port(1);
	outside.room = 0;
	set(DATA, 'a');
	set(IER, 2);
	set(MCR, ON | LOOP);
	set(DATA, 'b');
	EXPECT_EQ(get(LSR), DR);
	EXPECT_EQ(get(IIR), 0xc1);
	drain(8);
	EXPECT(got("a"));
	EXPECT_EQ(get(IIR), 0xc2);
	EXPECT_EQ(get(DATA), 'b');
}

/* FCR's other bits are programmed only where bit 0 is written as 1. */
static void fcr_needs_its_first_bit(void)
{
	open_port(0);
	outside.room = 0;
	EXPECT_EQ(send("a"), 1);
	set(DATA, 'c');
	set(FCR, 0xc6);
	EXPECT_EQ(get(LSR), DR);
	EXPECT_EQ(get(DATA), 'a');
	drain(8);
	EXPECT(got("c"));
}

/* A port that is taken: no device, no trace of it, and errno says why. */
static void taken_port(void)
{
	static const uint16_t ports[] = { BASE, BASE + SCR };
	unsigned int i;

	make();
	pearl_uart_destroy(uart);
	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		fake_occupy(ports[i]);
		uart = pearl_uart_create(&bus, BASE, &line.irq, &outside.chars);
		EXPECT(!uart);
		EXPECT_EQ(errno, EEXIST);
		fake_leave();
		EXPECT(!bus.regions[PEARL_PIO]);
		EXPECT(!outside.chars.device);
	}
}

static void comes_and_goes(void)
{
	make();
	pearl_uart_destroy(uart);
	uart = NULL;
	EXPECT(!outside.chars.device);
	EXPECT_EQ(in(BASE, 4), 0xffffffff);
	pearl_uart_destroy(NULL);
}

static const struct host_case cases[] = {
	HOST_CASE(reset_values),
	HOST_CASE(writable_bits),
	HOST_CASE(divisor_latch),
	HOST_CASE(wide_accesses),
	HOST_CASE(transmit),
	HOST_CASE(transmit_fifo_full),
	HOST_CASE(transmit_interrupt),
	HOST_CASE(transmit_interrupt_once),
	HOST_CASE(transmit_interrupt_by_clearing),
	HOST_CASE(transmit_interrupt_in_loopback),
	HOST_CASE(trigger_levels),
	HOST_CASE(receive_in_order),
	HOST_CASE(character_mode),
	HOST_CASE(flow_control),
	HOST_CASE(fifo_clear),
	HOST_CASE(mode_change_clears),
	HOST_CASE(fcr_needs_its_first_bit),
	HOST_CASE(interrupt_gate),
	HOST_CASE(loopback_data),
	HOST_CASE(loopback_lines),
	HOST_CASE(modem_deltas),
	HOST_CASE(overrun_fifo),
	HOST_CASE(overrun_character),
	HOST_CASE(priorities),
	HOST_CASE(masked),
	HOST_CASE(taken_port),
	HOST_CASE(comes_and_goes),
};

HOST_MAIN(cases)
