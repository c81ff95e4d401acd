// SPDX-License-Identifier: GPL-2.0
/*
 * A 16550A UART.
 *
 * The line is a pipe to the outside: what is written to the transmitter is
 * handed on at once, as far as the outside takes it, and what comes in waits
 * in the receive FIFO, or outside when that is full. Baud rates are kept and
 * mean nothing.
 *
 * National Semiconductor PC16550D data sheet.
 */
#include <errno.h>
#include <stdlib.h>

#include "devices.h"

#define FIFO_SIZE	16

enum {
	REG_DATA = 0,	/* RBR, THR; DLL */
	REG_IER = 1,	/* DLM */
	REG_IIR = 2,	/* FCR */
	REG_LCR = 3,
	REG_MCR = 4,
	REG_LSR = 5,
	REG_MSR = 6,
	REG_SCR = 7,
	REG_COUNT
};

#define IER_RECEIVE	0x01
#define IER_TRANSMIT	0x02
#define IER_LINE	0x04
#define IER_MODEM	0x08
#define IIR_NONE	0x01
#define IIR_MODEM	0x00
#define IIR_TRANSMIT	0x02
#define IIR_RECEIVE	0x04
#define IIR_LINE	0x06
#define IIR_TIMEOUT	0x0c
#define IIR_FIFOS	0xc0
#define FCR_ENABLE	0x01
#define FCR_CLEAR_RX	0x02
#define FCR_CLEAR_TX	0x04
#define LCR_DLAB	0x80
#define MCR_DTR		0x01
#define MCR_RTS		0x02
#define MCR_OUT1	0x04
#define MCR_OUT2	0x08
#define MCR_LOOP	0x10
#define LSR_DATA	0x01
#define LSR_OVERRUN	0x02
#define LSR_THR_EMPTY	0x20
#define LSR_IDLE	0x40
#define MSR_CTS		0x10
#define MSR_DSR		0x20
#define MSR_RI		0x40
#define MSR_DCD		0x80

struct fifo {
	uint8_t data[FIFO_SIZE];
	unsigned int head, count;
};

struct pearl_uart {
	struct pearl_region region;
	struct pearl_bus *bus;
	struct pearl_irq *irq;
	struct pearl_chars *chars;
	struct pearl_chars_device end;
	uint8_t ier, fcr, lcr, mcr, scr, msr_delta;
	uint16_t divisor;
	bool transmit_pending;	/* THR went empty, and nobody was told */
	bool overrun;
	bool refused;		/* the outside waits until input is taken */
	struct fifo rx, tx;
};

static void fifo_put(struct fifo *fifo, uint8_t byte)
{
	fifo->data[(fifo->head + fifo->count++) % FIFO_SIZE] = byte;
}

static uint8_t fifo_get(struct fifo *fifo)
{
	uint8_t byte = fifo->data[fifo->head];

	fifo->head = (fifo->head + 1) % FIFO_SIZE;
	fifo->count--;
	return byte;
}

static unsigned int depth(const struct pearl_uart *uart)
{
	return uart->fcr & FCR_ENABLE ? FIFO_SIZE : 1;
}

/* Bytes from which on the receiver interrupts without waiting. */
static unsigned int trigger(const struct pearl_uart *uart)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	return uart->fcr & FCR_ENABLE ? levels[uart->fcr >> 6] : 1;
}

/*
 * The highest cause. No time passes on this line, so what is below the
 * trigger level is a character time-out at once.
 */
static uint8_t interrupt_cause(const struct pearl_uart *uart)
{
	if (uart->ier & IER_LINE && uart->overrun)
		return IIR_LINE;
	if (uart->ier & IER_RECEIVE && uart->rx.count)
		return uart->rx.count >= trigger(uart) ? IIR_RECEIVE :
							 IIR_TIMEOUT;
	if (uart->ier & IER_TRANSMIT && uart->transmit_pending)
		return IIR_TRANSMIT;
	if (uart->ier & IER_MODEM && uart->msr_delta)
		return IIR_MODEM;
	return IIR_NONE;
}

/* On a PC, OUT2 is the gate between the chip and the interrupt line. */
static void update(struct pearl_uart *uart)
{
	pearl_irq_set(uart->irq, uart->mcr & MCR_OUT2 &&
				 !(uart->mcr & MCR_LOOP) &&
				 interrupt_cause(uart) != IIR_NONE);
}

static void flush(struct pearl_uart *uart)
{
	if (!uart->tx.count)
		return;
	while (uart->tx.count) {
		uint8_t byte = uart->tx.data[uart->tx.head];

		if (!uart->chars->put(uart->chars, &byte, 1))
			return;
		fifo_get(&uart->tx);
	}
	uart->transmit_pending = true;
}

/*
 * The outside heeds RTS, so nothing is lost that it sends before the guest's
 * driver is there: that clears the FIFOs before it asserts RTS. In loopback
 * the line outside is cut off.
 */
static bool takes_input(const struct pearl_uart *uart)
{
	return uart->mcr & MCR_RTS && !(uart->mcr & MCR_LOOP) &&
	       uart->rx.count < depth(uart);
}

static void ask_for_input(struct pearl_uart *uart)
{
	if (!uart->refused || !takes_input(uart))
		return;
	uart->refused = false;
	uart->chars->wanted(uart->chars);
}

/* A FIFO that is full keeps what it has, the single register does not. */
static void receive(struct pearl_uart *uart, uint8_t byte)
{
	bool full = uart->rx.count >= depth(uart);

	uart->overrun |= full;
	if (full && uart->fcr & FCR_ENABLE)
		return;
	if (full)
		fifo_get(&uart->rx);
	fifo_put(&uart->rx, byte);
}

static void transmit(struct pearl_uart *uart, uint8_t byte)
{
	uart->transmit_pending = false;
	if (uart->mcr & MCR_LOOP) {
		receive(uart, byte);
		uart->transmit_pending = !uart->tx.count;
		return;
	}
	/* Full: the guest did not wait for room, and the byte is lost. */
	if (uart->tx.count < FIFO_SIZE)
		fifo_put(&uart->tx, byte);
	flush(uart);
}

static uint8_t read_data(struct pearl_uart *uart)
{
	return uart->rx.count ? fifo_get(&uart->rx) : 0;
}

static uint8_t read_iir(struct pearl_uart *uart)
{
	uint8_t cause = interrupt_cause(uart);

	/* Reading it is the answer to an empty transmitter. */
	if (cause == IIR_TRANSMIT)
		uart->transmit_pending = false;
	return cause | (uart->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
}

static uint8_t read_lsr(struct pearl_uart *uart)
{
	uint8_t lsr = uart->rx.count ? LSR_DATA : 0;

	if (!uart->tx.count)
		lsr |= LSR_THR_EMPTY | LSR_IDLE;
	if (uart->overrun)
		lsr |= LSR_OVERRUN;
	uart->overrun = false;
	return lsr;
}

/* The other end is always there; in loopback it is our own outputs. */
static uint8_t modem_lines(const struct pearl_uart *uart)
{
	uint8_t lines = 0;

	if (!(uart->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	if (uart->mcr & MCR_RTS)
		lines |= MSR_CTS;
	if (uart->mcr & MCR_DTR)
		lines |= MSR_DSR;
	if (uart->mcr & MCR_OUT1)
		lines |= MSR_RI;
	if (uart->mcr & MCR_OUT2)
		lines |= MSR_DCD;
	return lines;
}

static uint8_t read_msr(struct pearl_uart *uart)
{
	uint8_t delta = uart->msr_delta;

	uart->msr_delta = 0;
	return modem_lines(uart) | delta;
}

static uint8_t read_register(struct pearl_uart *uart, unsigned int reg)
{
	bool dlab = uart->lcr & LCR_DLAB;

	switch (reg) {
	case REG_DATA:
		return dlab ? uart->divisor & 0xff : read_data(uart);
	case REG_IER:
		return dlab ? uart->divisor >> 8 : uart->ier;
	case REG_IIR:
		return read_iir(uart);
	case REG_LCR:
		return uart->lcr;
	case REG_MCR:
		return uart->mcr;
	case REG_LSR:
		return read_lsr(uart);
	case REG_MSR:
		return read_msr(uart);
	default:
		return uart->scr;
	}
}

static void clear_transmitter(struct pearl_uart *uart)
{
	if (uart->tx.count)
		uart->transmit_pending = true;
	uart->tx.count = 0;
}

static void write_fcr(struct pearl_uart *uart, uint8_t value)
{
	bool switched = (value ^ uart->fcr) & FCR_ENABLE;

	/* Without it the other bits are not programmed. */
	if (!(value & FCR_ENABLE))
		value = 0;
	if (switched || value & FCR_CLEAR_RX)
		uart->rx.count = 0;
	if (switched || value & FCR_CLEAR_TX)
		clear_transmitter(uart);
	uart->fcr = value & (FCR_ENABLE | 0xc0);
}

static void write_ier(struct pearl_uart *uart, uint8_t value)
{
	bool enabled = value & ~uart->ier & IER_TRANSMIT;

	uart->ier = value & 0x0f;
	/* Enabling it tells of a transmitter that is empty already. */
	if (enabled && !uart->tx.count)
		uart->transmit_pending = true;
}

static void write_mcr(struct pearl_uart *uart, uint8_t value)
{
	uint8_t before = modem_lines(uart);
	uint8_t changed;

	uart->mcr = value & 0x1f;
	changed = before ^ modem_lines(uart);
	/* RI counts when it ends, the others when they change. */
	uart->msr_delta |= (changed & (MSR_CTS | MSR_DSR | MSR_DCD)) >> 4;
	if (changed & before & MSR_RI)
		uart->msr_delta |= MSR_RI >> 4;
}

static void write_register(struct pearl_uart *uart, unsigned int reg,
			   uint8_t value)
{
	bool dlab = uart->lcr & LCR_DLAB;

	switch (reg) {
	case REG_DATA:
		if (dlab)
			uart->divisor = (uart->divisor & 0xff00) | value;
		else
			transmit(uart, value);
		break;
	case REG_IER:
		if (dlab)
			uart->divisor = (uart->divisor & 0xff) | value << 8;
		else
			write_ier(uart, value);
		break;
	case REG_IIR:
		write_fcr(uart, value);
		break;
	case REG_LCR:
		uart->lcr = value;
		break;
	case REG_MCR:
		write_mcr(uart, value);
		break;
	case REG_SCR:
		uart->scr = value;
		break;
	default:
		break;
	}
}

static uint64_t uart_read(struct pearl_region *region, uint64_t offset,
			  unsigned int size)
{
	struct pearl_uart *uart = container_of(region, struct pearl_uart,
					       region);
	uint8_t value = read_register(uart, offset);

	(void)size;
	ask_for_input(uart);
	update(uart);
	return value;
}

static void uart_write(struct pearl_region *region, uint64_t offset,
		       unsigned int size, uint64_t value)
{
	struct pearl_uart *uart = container_of(region, struct pearl_uart,
					       region);

	(void)size;
	write_register(uart, offset, value);
	ask_for_input(uart);
	update(uart);
}

static size_t uart_get(struct pearl_chars_device *end, const uint8_t *bytes,
		       size_t n)
{
	struct pearl_uart *uart = container_of(end, struct pearl_uart, end);
	size_t i;

	for (i = 0; i < n && takes_input(uart); i++)
		fifo_put(&uart->rx, bytes[i]);
	uart->refused = i < n;
	update(uart);
	return i;
}

static void uart_drained(struct pearl_chars_device *end)
{
	struct pearl_uart *uart = container_of(end, struct pearl_uart, end);

	flush(uart);
	update(uart);
}

struct pearl_uart *pearl_uart_create(struct pearl_bus *bus, uint64_t base,
				     struct pearl_irq *irq,
				     struct pearl_chars *chars)
{
	struct pearl_uart *uart = calloc(1, sizeof(*uart));
	int err;

	if (!uart)
		return NULL;
	uart->bus = bus;
	uart->irq = irq;
	uart->chars = chars;
	uart->end.get = uart_get;
	uart->end.drained = uart_drained;
	uart->divisor = 12;
	uart->lcr = 3;
	uart->region = (struct pearl_region) {
		.name = "uart", .base = base, .size = REG_COUNT, .widest = 1,
		.read = uart_read, .write = uart_write,
	};
	err = pearl_bus_add(bus, PEARL_PIO, &uart->region);
	if (err) {
		free(uart);
		errno = -err;
		return NULL;
	}
	chars->device = &uart->end;
	return uart;
}

void pearl_uart_destroy(struct pearl_uart *uart)
{
	if (!uart)
		return;
	uart->chars->device = NULL;
	pearl_bus_remove(uart->bus, PEARL_PIO, &uart->region);
	free(uart);
}
