// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console.h"

#define ESCAPE 0x01

static const char *const help[] = {
	"\r\npearl: Ctrl-A x  leave, the guest is gone\r\n",
	"       Ctrl-A a  send a Ctrl-A\r\n",
	"       Ctrl-A h  this help\r\n",
};

static struct pearl_console *console_of(struct pearl_chars *chars)
{
	return container_of(chars, struct pearl_console, chars);
}

static size_t put(struct pearl_chars *chars, const uint8_t *bytes, size_t n)
{
	struct pearl_console *c = console_of(chars);
	bool idle = !c->used;
	size_t done = 0;

	while (done < n && c->used < sizeof(c->output)) {
		c->output[(c->first + c->used) % sizeof(c->output)] =
			bytes[done++];
		c->used++;
	}
	c->full = done < n;
	/* Otherwise the loop waits for the output already. */
	if (idle && c->used)
		c->wake(c);
	return done;
}

/* Hand on what is there. */
static void offer(struct pearl_console *c)
{
	struct pearl_chars_device *device = c->chars.device;
	size_t taken;

	if (!device || !c->input_used)
		return;
	taken = device->get(device, c->input, c->input_used);
	c->input_used -= taken;
	memmove(c->input, c->input + taken, c->input_used);
}

static void wanted(struct pearl_chars *chars)
{
	struct pearl_console *c = console_of(chars);

	offer(c);
	c->wake(c);
}

/*
 * A description of one's own of the same terminal or pipe, which can be made
 * not to block without making it so for everybody else who has it.
 */
static int open_again(int fd)
{
	char path[32];
	struct stat st;
	int own = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (isatty(fd) || (!fstat(fd, &st) && S_ISFIFO(st.st_mode)))
		own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

void pearl_console_init(struct pearl_console *console, int in, int out,
			void (*wake)(struct pearl_console *console))
{
	memset(console, 0, sizeof(*console));
	console->chars.put = put;
	console->chars.wanted = wanted;
	console->wake = wake;
	console->in = in;
	console->out = open_again(out);
	console->terminal = isatty(in);
}

void pearl_console_close(struct pearl_console *console)
{
	if (console->out >= 0)
		close(console->out);
	console->out = -1;
}

void pearl_console_poll(const struct pearl_console *console,
			struct pollfd *in, struct pollfd *out)
{
	in->fd = console->input_used ? -1 : console->in;
	in->events = POLLIN;
	out->fd = console->used ? console->out : -1;
	out->events = POLLOUT;
}

/* No device waits for what does not fit of it. */
static void show_help(struct pearl_console *c)
{
	bool full = c->full;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(help); i++)
		put(&c->chars, (const uint8_t *)help[i], strlen(help[i]));
	c->full = full;
}

/* A key after the escape key; true if it is for the guest. */
static bool command(struct pearl_console *c, uint8_t key)
{
	switch (key) {
	case 'a':
	case ESCAPE:
		return true;
	case 'x':
		c->leave = true;
		return false;
	default:
		show_help(c);
		return false;
	}
}

void pearl_console_input(struct pearl_console *console, const uint8_t *bytes,
			 size_t n)
{
	size_t i;

	for (i = 0; i < n && console->input_used < sizeof(console->input);
	     i++) {
		uint8_t key = bytes[i];
		bool pass = true;

		if (console->escape) {
			console->escape = false;
			pass = command(console, key);
			key = ESCAPE;
		} else if (console->terminal && key == ESCAPE) {
			console->escape = true;
			pass = false;
		}
		if (pass)
			console->input[console->input_used++] = key;
	}
	offer(console);
}

size_t pearl_console_peek(const struct pearl_console *console, uint8_t *bytes,
			  size_t room)
{
	size_t n = sizeof(console->output) - console->first;

	if (n > console->used)
		n = console->used;
	if (n > room)
		n = room;
	memcpy(bytes, console->output + console->first, n);
	return n;
}

void pearl_console_consume(struct pearl_console *console, size_t n)
{
	struct pearl_chars_device *device = console->chars.device;

	console->first = (console->first + n) % sizeof(console->output);
	console->used -= n;
	if (!console->full || !device || !n)
		return;
	console->full = false;
	device->drained(device);
}
