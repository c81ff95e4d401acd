/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtio devices. Each create() returns one that waits for its transport,
 * or NULL with errno.
 */
#ifndef PEARL_VIRTIO_DEVICES_H
#define PEARL_VIRTIO_DEVICES_H

#include "../virtio.h"

/* Random numbers. */
struct pearl_virtio *pearl_virtio_rng_create(void);

#endif
