/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PEARL_OPTIONS_H
#define PEARL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define PEARL_VERSION "0.1"
#define PEARL_MOST_CPUS 64
#define PEARL_MOST_DISKS 6

enum pearl_command {
	PEARL_RUN,
	PEARL_HELP,
	PEARL_SHOW_VERSION,
};

/* A disk: its file. */
struct pearl_disk {
	char path[4096];
	bool readonly;
};

/*
 * struct pearl_options - what the command line says
 * @kernel, @initrd, @cmdline, @device: the arguments; @initrd may be NULL
 * @memory: bytes, whole pages
 * @cpus: 1 to PEARL_MOST_CPUS
 * @hvc: standard input and output are the virtio console, not the serial port
 * @disks, @nr_disks: in the order in which they were given
 * @stats: where counters go, or NULL
 */
struct pearl_options {
	enum pearl_command command;
	const char *kernel;
	const char *initrd;
	const char *cmdline;
	const char *device;
	uint64_t memory;
	unsigned int cpus;
	bool hvc;
	struct pearl_disk disks[PEARL_MOST_DISKS];
	unsigned int nr_disks;
	const char *stats;
};

/* A usage error, for the user. */
struct pearl_usage_error {
	char message[512];
};

/*
 * pearl_options_parse() - read the command line
 * @most: bytes of memory that a guest may have
 * Returns 0, or -1 with @error.
 */
int pearl_options_parse(struct pearl_options *options, int argc,
			char *const argv[], uint64_t most,
			struct pearl_usage_error *error);

/* The text of --help. */
extern const char pearl_help[];

#endif
