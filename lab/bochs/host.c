// SPDX-License-Identifier: GPL-2.0
/*
 * What the lab's scripts in a Bochs machine have to say to the emulator. Each
 * word is done when the program ends.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ask.h"

/* The mount asks for less. */
#define MAX_MESSAGE	(1 << 20)

static const char *const streams[LAB_STREAMS] = {
	[LAB_STREAM_STATUS] = "status",
	[LAB_STREAM_OUTPUT] = "output",
	[LAB_STREAM_KMSG] = "kmsg",
};

static const char *const counters[LAB_COUNTS] = {
#define LAB_COUNTER(name, text) text,
	LAB_COUNTERS(LAB_COUNTER)
#undef LAB_COUNTER
};

static char message[MAX_MESSAGE];

static void die(const char *why)
{
	fprintf(stderr, "host: %s\n", why);
	exit(1);
}

static void put(unsigned int stream, const char *from, size_t len)
{
	unsigned long long data;
	size_t bytes;

	for (; len; from += bytes, len -= bytes) {
		bytes = len < sizeof(data) ? len : sizeof(data);
		memcpy(&data, from, bytes);
		lab_ask(LAB_ASK_PUT, stream << 8 | bytes, &data);
	}
}

static void flush(unsigned int stream)
{
	lab_ask(LAB_ASK_PUT, stream << 8, NULL);
}

static void get(char *to, size_t len)
{
	unsigned long long data;
	size_t bytes;

	for (; len; to += bytes, len -= bytes) {
		bytes = len < sizeof(data) ? len : sizeof(data);
		data = 0;
		if (lab_ask(LAB_ASK_GET, bytes, &data) != bytes)
			die("the file server is gone");
		memcpy(to, &data, bytes);
	}
}

/* Whatever comes, as it comes. */
static void put_all(unsigned int stream)
{
	ssize_t n;

	while ((n = read(STDIN_FILENO, message, sizeof(message))) > 0) {
		put(stream, message, n);
		flush(stream);
	}
}

static bool read_whole(char *to, size_t len)
{
	ssize_t n;

	for (; len; to += n, len -= n) {
		n = read(STDIN_FILENO, to, len);
		if (n <= 0)
			return false;
	}
	return true;
}

static void write_whole(const char *from, size_t len)
{
	ssize_t n;

	for (; len; from += n, len -= n) {
		n = write(STDOUT_FILENO, from, len);
		if (n <= 0)
			die("nobody reads the answers");
	}
}

/* A message of 9P begins with its length. */
static uint32_t message_length(void)
{
	uint32_t len;

	memcpy(&len, message, sizeof(len));
	if (len < sizeof(len) || len > sizeof(message))
		die("a message of impossible length");
	return len;
}

/*
 * Between the kernel's 9P client and the server outside, a request at a time:
 * while it is answered the machine stands still. The server of the root file
 * system must not wait for pages of its own.
 */
static void serve_files(void)
{
	const size_t head = sizeof(uint32_t);

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("cannot lock memory");
	while (read_whole(message, head)) {
		if (!read_whole(message + head, message_length() - head))
			break;
		put(LAB_STREAM_FILES, message, message_length());
		flush(LAB_STREAM_FILES);
		get(message, head);
		get(message + head, message_length() - head);
		write_whole(message, message_length());
	}
}

static void print_counts(void)
{
	for (unsigned int i = 0; i < LAB_COUNTS; i++)
		printf("%-20s %14llu %14llu\n", counters[i],
		       lab_ask(LAB_ASK_COUNT, i, NULL),
		       lab_ask(LAB_ASK_COUNT, i | LAB_ASK_GUEST, NULL));
}

static int put_to(const char *name)
{
	for (unsigned int i = 0; i < LAB_STREAMS; i++) {
		if (!streams[i] || strcmp(streams[i], name))
			continue;
		put_all(i);
		return 0;
	}
	die("no such stream");
	return 1;
}

static int usage(void)
{
	fputs("usage: host put status|output|kmsg\n"
	      "       host files|time|counts\n"
	      "       host trace-msrs 0|1\n"
	      "       host mark NUMBER\n", stderr);
	return 2;
}

static int do_one(const char *word)
{
	if (!strcmp(word, "files"))
		serve_files();
	else if (!strcmp(word, "time"))
		printf("%llu\n", lab_ask(LAB_ASK_TIME, 0, NULL));
	else if (!strcmp(word, "counts"))
		print_counts();
	else
		return usage();
	return 0;
}

static int do_two(const char *word, const char *value)
{
	unsigned long long data = strtoull(value, NULL, 0);

	if (!strcmp(word, "put"))
		return put_to(value);
	if (!strcmp(word, "trace-msrs"))
		lab_ask(LAB_ASK_TRACE_MSRS, !!data, NULL);
	else if (!strcmp(word, "mark"))
		lab_ask(LAB_ASK_MARK, 0, &data);
	else
		return usage();
	return 0;
}

int main(int argc, char **argv)
{
	if (lab_ask(LAB_ASK_PRESENT, 0, NULL) != 1)
		die("this is no Bochs machine of the lab");
	if (argc == 2)
		return do_one(argv[1]);
	if (argc == 3)
		return do_two(argv[1], argv[2]);
	return usage();
}
