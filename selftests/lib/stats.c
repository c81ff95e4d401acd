// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "stats.h"

static void *read_at(int fd, u32 offset, size_t size)
{
	void *data = malloc(size);

	CHECK(data);
	CHECK(pread(fd, data, size, offset) == (ssize_t)size);
	return data;
}

static size_t desc_size(const struct stats *stats)
{
	return sizeof(struct nacre_stats_desc) + stats->header.name_size;
}

void stats_open(struct stats *stats, int fd)
{
	stats->fd = ioctl(fd, NACRE_GET_STATS_FD, NULL);
	CHECK(stats->fd >= 0);
	CHECK(pread(stats->fd, &stats->header, sizeof(stats->header), 0) ==
	      sizeof(stats->header));
	stats->id = read_at(stats->fd, stats->header.id_offset,
			    stats->header.name_size);
	stats->descs = read_at(stats->fd, stats->header.desc_offset,
			       stats->header.num_desc * desc_size(stats));
}

void stats_close(struct stats *stats)
{
	free(stats->descs);
	free(stats->id);
	CHECK(close(stats->fd) == 0);
}

const struct nacre_stats_desc *stats_desc(const struct stats *stats, u32 i)
{
	return (const void *)(stats->descs + i * desc_size(stats));
}

u64 stats_bucket(const struct stats *stats, const char *name, u32 bucket)
{
	const struct nacre_stats_desc *desc;
	u64 value;

	for (u32 i = 0; i < stats->header.num_desc; i++) {
		desc = stats_desc(stats, i);
		if (strcmp(desc->name, name) || bucket >= desc->size)
			continue;
		CHECK(pread(stats->fd, &value, sizeof(value),
			    stats->header.data_offset + desc->offset +
			    bucket * sizeof(value)) == sizeof(value));
		return value;
	}
	die("no counter %s", name);
}

u64 stats_value(const struct stats *stats, const char *name)
{
	return stats_bucket(stats, name, 0);
}
