/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtio devices. Each create() returns one that waits for its transport,
 * or NULL with errno.
 */
#ifndef PEARL_VIRTIO_DEVICES_H
#define PEARL_VIRTIO_DEVICES_H

#include "../virtio.h"

struct nacre_error;

/* Random numbers. */
struct pearl_virtio *pearl_virtio_rng_create(void);

/* A console with one port, on the line @chars. */
struct pearl_virtio *pearl_virtio_console_create(struct pearl_chars *chars);

/*
 * A disk in the file @path; @number is in its ID. Says why not in @error.
 *   EINVAL  no regular file or block device; not whole sectors of 512 bytes
 *   EBUSY   somebody has it as a disk already, and one of the two would write
 * and what open() and io_uring_setup() say.
 */
struct pearl_virtio *pearl_virtio_blk_create(const char *path, bool readonly,
					     unsigned int number,
					     struct nacre_error *error);

#endif
