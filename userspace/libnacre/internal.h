/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What the library's files share and its users do not see. */
#ifndef LIBNACRE_INTERNAL_H
#define LIBNACRE_INTERNAL_H

#include "nacre.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define PAGE_BYTES 4096ULL

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

/*
 * struct nacre_message
 * @tied: an eventfd sends it
 */
struct nacre_message {
	unsigned int gsi;
	uint64_t address;
	uint32_t data;
	bool tied;
};

/*
 * struct nacre_vm
 * @messages, @nr_messages: the routes that are no pin's
 */
struct nacre_vm {
	int system_fd;
	int fd;
	size_t vcpu_bytes;
	bool irqchip;
	struct nacre_message *messages;
	unsigned int nr_messages;
};

/*
 * struct nacre_vcpu
 * @state: the first of @bytes that the module shares
 * @mtrr: its CPUID says that it has memory type range registers
 * @tid: the thread in nacre_vcpu_run(), 0 if none; atomic
 */
struct nacre_vcpu {
	struct nacre_vm *vm;
	unsigned int id;
	int fd;
	struct nacre_run *state;
	size_t bytes;
	bool mtrr;
	int tid;
};

/* Fill in @error and return -@number. */
__attribute__((format(printf, 3, 4)))
int nacre_fail(struct nacre_error *error, int number, const char *format, ...);

/* The same for errno, whose text ends the message. */
__attribute__((format(printf, 2, 3)))
int nacre_fail_errno(struct nacre_error *error, const char *format, ...);

/* Have a handler for the signal that kicks. */
int nacre_kick_prepare(struct nacre_error *error);

#endif
