// SPDX-License-Identifier: GPL-2.0
/* What the devices have done, for --stats. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pearl.h"
#include "virtio.h"

static int failed(struct nacre_error *error, const char *what)
{
	error->number = errno;
	snprintf(error->message, sizeof(error->message), "%.300s: %s", what,
		 strerror(errno));
	return -error->number;
}

int pearl_stats_open(struct pearl_machine *m, const char *path,
		     struct nacre_error *error)
{
	m->stats_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
			   O_NOCTTY, 0666);
	return m->stats_fd < 0 ? failed(error, path) : 0;
}

/* A line for each queue, named as the guest's lspci names the device. */
static void tell_slot(struct pearl_machine *m, unsigned int number, FILE *out)
{
	const struct pearl_slot *slot = &m->slots[number - 1];
	unsigned int i;

	for (i = 0; i < slot->virtio->nr_queues; i++) {
		const struct pearl_virtio_queue *q = &slot->virtio->queues[i];

		fprintf(out,
			"00:%02x.0 %s queue %u requests %llu interrupts %llu\n",
			number, slot->name, i,
			(unsigned long long)__atomic_load_n(&q->ring.pushed,
							    __ATOMIC_RELAXED),
			(unsigned long long)q->interrupts);
	}
}

static int write_all(int fd, const char *text, size_t n)
{
	/* A pipe has no beginning: it gets one account behind the other. */
	if (!lseek(fd, 0, SEEK_SET) && ftruncate(fd, 0) && errno != EINVAL)
		return -1;
	while (n) {
		ssize_t done = write(fd, text, n);

		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0) {
			text += done;
			n -= done;
		}
	}
	return 0;
}

int pearl_stats_write(struct pearl_machine *m, struct nacre_error *error)
{
	char text[8192];
	unsigned int i;
	FILE *out;
	size_t n;

	if (m->stats_fd < 0)
		return 0;
	out = fmemopen(text, sizeof(text), "w");
	if (!out)
		return failed(error, "--stats");
	pthread_mutex_lock(&m->lock);
	for (i = 0; i < m->nr_slots; i++)
		tell_slot(m, i + 1, out);
	pthread_mutex_unlock(&m->lock);
	n = ftell(out);
	fclose(out);
	return write_all(m->stats_fd, text, n) ? failed(error, "--stats") : 0;
}
