/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's console, a serial line, on standard input and output. What the guest sends
 * waits here until the output takes it; when this is full the guest waits.
 */
#ifndef PEARL_CONSOLE_H
#define PEARL_CONSOLE_H

#include <poll.h>

#include "device.h"

#define PEARL_CONSOLE_ROOM 16384
#define PEARL_CONSOLE_INPUT 256

/*
 * struct pearl_console
 * @chars: the device's view of it
 * @wake: brings the event loop round; called with the machine's lock held
 * @in, @out: descriptors; -1: at its end
 * @terminal: @in is one: there is an escape key
 * @escape: it was the last key
 * @leave: the user wants to
 * @input: what the guest has not taken yet
 * @output: a ring of what the output has not taken yet, @used from @first
 * @full: the device waits for room
 */
struct pearl_console {
	struct pearl_chars chars;
	void (*wake)(struct pearl_console *console);
	int in;
	int out;
	bool terminal;
	bool escape;
	bool leave;
	uint8_t input[PEARL_CONSOLE_INPUT];
	size_t input_used;
	uint8_t output[PEARL_CONSOLE_ROOM];
	size_t first;
	size_t used;
	bool full;
};

void pearl_console_init(struct pearl_console *console, int in, int out,
			void (*wake)(struct pearl_console *console));
void pearl_console_close(struct pearl_console *console);

/*
 * Of the event loop, with the machine's lock held: what to wait for; whether
 * there is anything to write.
 */
void pearl_console_poll(const struct pearl_console *console,
			struct pollfd *in, struct pollfd *out);

/*
 * pearl_console_input() - keys for the guest; takes the escape key out
 * With the lock held.
 */
void pearl_console_input(struct pearl_console *console, const uint8_t *bytes,
			 size_t n);

/*
 * pearl_console_peek(), pearl_console_consume() - what is to be written
 * Both with the lock held, the writing between them without.
 */
size_t pearl_console_peek(const struct pearl_console *console, uint8_t *bytes,
			  size_t room);
void pearl_console_consume(struct pearl_console *console, size_t n);

#endif
