/* SPDX-License-Identifier: GPL-2.0 */
/* The file of NACRE_GET_STATS_FD. */
#ifndef SELFTESTS_STATS_H
#define SELFTESTS_STATS_H

#include "vm.h"

struct stats {
	int fd;
	struct nacre_stats_header header;
	char *id;
	u8 *descs;	/* header.num_desc of them, with their names */
};

/* @fd: of a VM or of a vCPU. */
void stats_open(struct stats *stats, int fd);
void stats_close(struct stats *stats);

const struct nacre_stats_desc *stats_desc(const struct stats *stats, u32 i);

/* What the counter is now; its @bucket, where it has some. Must exist. */
u64 stats_bucket(const struct stats *stats, const char *name, u32 bucket);
u64 stats_value(const struct stats *stats, const char *name);

#endif
