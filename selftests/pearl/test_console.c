// SPDX-License-Identifier: GPL-2.0
/* The console: the escape key, and that no byte is lost when one end waits. */
#include <fcntl.h>
#include <unistd.h>

#include "console.h"
#include "host_test.h"

static struct pearl_console console;
static unsigned int wakes, drains;

/* A device that takes as many bytes as it has room for. */
static struct {
	struct pearl_chars_device device;
	char got[1024];
	size_t used;
	size_t room;
} guest;

static size_t get(struct pearl_chars_device *device, const uint8_t *bytes,
		  size_t n)
{
	(void)device;
	if (n > guest.room)
		n = guest.room;
	if (guest.used + n > sizeof(guest.got))
		abort();
	memcpy(guest.got + guest.used, bytes, n);
	guest.used += n;
	guest.room -= n;
	return n;
}

static void drained(struct pearl_chars_device *device)
{
	(void)device;
	drains++;
}

static void wake(struct pearl_console *c)
{
	(void)c;
	wakes++;
}

static void make(bool terminal)
{
	int null = open("/dev/null", O_RDWR);

	pearl_console_close(&console);
	pearl_console_init(&console, null, null, wake);
	close(null);
	console.in = 0;
	console.terminal = terminal;
	memset(&guest, 0, sizeof(guest));
	guest.device.get = get;
	guest.device.drained = drained;
	guest.room = sizeof(guest.got);
	console.chars.device = &guest.device;
	wakes = drains = 0;
}

static void keys(const char *text)
{
	pearl_console_input(&console, (const uint8_t *)text, strlen(text));
}

#define EXPECT_GOT(text)						\
	EXPECT(guest.used == strlen(text) &&				\
	       !memcmp(guest.got, text, guest.used))

static void keys_pass(void)
{
	make(true);
	keys("ls -l\r\003\032");
	EXPECT_GOT("ls -l\r\003\032");
	EXPECT(!console.leave);
}

static void escape_key(void)
{
	make(true);
	keys("a\001ab\001");
	EXPECT_GOT("a\001b");
	keys("\001c");
	EXPECT_GOT("a\001b\001c");
	EXPECT(!console.leave && !console.used);
	keys("\001?d");
	EXPECT_GOT("a\001b\001cd");
	EXPECT(console.used > 40);
	keys("\001");
	EXPECT(!console.leave);
	keys("x");
	EXPECT(console.leave);
	EXPECT_GOT("a\001b\001cd");
}

/* Not a terminal: nobody is there to escape. */
static void no_escape_key(void)
{
	make(false);
	keys("\001x\001a");
	EXPECT_GOT("\001x\001a");
	EXPECT(!console.leave);
}

static void input_waits(void)
{
	struct pollfd in, out;

	make(true);
	guest.room = 3;
	keys("abcde");
	EXPECT_GOT("abc");
	pearl_console_poll(&console, &in, &out);
	EXPECT_EQ(in.fd, -1);
	guest.room = 1;
	console.chars.wanted(&console.chars);
	EXPECT_GOT("abcd");
	guest.room = 9;
	console.chars.wanted(&console.chars);
	EXPECT_GOT("abcde");
	pearl_console_poll(&console, &in, &out);
	EXPECT_EQ(in.fd, 0);
	EXPECT_EQ(out.fd, -1);
	EXPECT(wakes);
}

static size_t put(const void *bytes, size_t n)
{
	return console.chars.put(&console.chars, bytes, n);
}

/* Round the ring several times, with ends that wait for each other. */
static void output_in_order(void)
{
	unsigned char sent = 0, seen = 0;
	u64 seed = 3, total = 0, i;

	make(true);
	while (total < 10 * PEARL_CONSOLE_ROOM) {
		unsigned char bytes[700];
		size_t n = host_random(&seed) % sizeof(bytes), taken;

		for (i = 0; i < n; i++)
			bytes[i] = sent + i;
		taken = put(bytes, n);
		EXPECT(taken <= n);
		EXPECT_EQ(console.full, taken < n);
		sent += taken;
		total += taken;
		n = pearl_console_peek(&console, bytes,
				       host_random(&seed) % sizeof(bytes));
		for (i = 0; i < n; i++)
			EXPECT_EQ(bytes[i], (unsigned char)(seen + i));
		seen += n;
		pearl_console_consume(&console, n);
	}
	EXPECT(wakes);
}

static void output_full(void)
{
	static char bytes[PEARL_CONSOLE_ROOM + 10];
	struct pollfd in, out;

	make(true);
	EXPECT_EQ(put(bytes, sizeof(bytes)), PEARL_CONSOLE_ROOM);
	EXPECT_EQ(put(bytes, 1), 0);
	pearl_console_poll(&console, &in, &out);
	EXPECT(out.fd >= 0);
	pearl_console_consume(&console, 0);
	EXPECT_EQ(drains, 0);
	pearl_console_consume(&console, 5);
	EXPECT_EQ(drains, 1);
	pearl_console_consume(&console, 5);
	EXPECT_EQ(drains, 1);
	EXPECT_EQ(put(bytes, 9), 9);
	EXPECT(!console.full);

	/* The help text that has no room makes no device wait, or forget. */
	keys("\001h");
	EXPECT(!console.full);
	pearl_console_consume(&console, 1);
	EXPECT_EQ(drains, 1);
	EXPECT_EQ(put(bytes, 2), 1);
	keys("\001h");
	EXPECT(console.full);
	pearl_console_consume(&console, 1);
	EXPECT_EQ(drains, 2);
}

static const struct host_case cases[] = {
	HOST_CASE(keys_pass),
	HOST_CASE(escape_key),
	HOST_CASE(no_escape_key),
	HOST_CASE(input_waits),
	HOST_CASE(output_in_order),
	HOST_CASE(output_full),
};

int main(void)
{
	console.out = -1;
	return host_run(cases, ARRAY_SIZE(cases));
}
