/* SPDX-License-Identifier: GPL-2.0 */
/* What VMs that are gone may have left behind in the kernel. */
#ifndef SELFTESTS_LEFTOVERS_H
#define SELFTESTS_LEFTOVERS_H

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/vm.h"

#define SLAB_PREFIX "nacre"
#define SETTLE_SECONDS 10
#define TRIES 3		/* for what is measured of the whole host */

static inline long number_in(const char *path)
{
	FILE *from = fopen(path, "r");
	long n = -1;

	if (!from)
		return -1;
	if (fscanf(from, "%ld", &n) != 1)
		n = -1;
	fclose(from);
	return n;
}

static inline void write_word(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, word, strlen(word)) < 0)
		die("write %s to %s", word, path);
	close(fd);
}

/* The module whose reference count a VM holds. */
static inline const char *vendor_module(void)
{
	if (on_nacre())
		return "nacre";
	return access("/sys/module/kvm_amd", F_OK) ? "kvm_intel" : "kvm_amd";
}

static inline long module_references(void)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt",
		 vendor_module());
	return number_in(path);
}

/*
 * Empty slabs, and those that processors keep for themselves, go back; until
 * then their objects count as in use.
 */
static inline void shrink_slabs(const char *prefix)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *e;
	char path[300];

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.' ||
		    strncmp(e->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 e->d_name);
		write_word(path, "1");
	}
	closedir(dir);
}

/* Let grace periods pass and hand free pages back. */
static inline void flush_kernel(const char *slabs)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	sync();
	write_word("/proc/sys/vm/drop_caches", "3");
	shrink_slabs(slabs);
	write_word("/proc/sys/vm/compact_memory", "1");
}

static inline long available_kib(void)
{
	char line[128];
	FILE *from = fopen("/proc/meminfo", "r");
	long kib = -1;

	CHECK(from);
	while (kib < 0 && fgets(line, sizeof(line), from))
		sscanf(line, "MemAvailable: %ld", &kib);
	fclose(from);
	CHECK(kib > 0);
	return kib;
}

/* What is available when nothing moves any more. */
static inline long settled_kib(void)
{
	u64 end = now_ns() + SETTLE_SECONDS * slower() * 1000000000ull;
	long now, last = 0;
	int still = 0;

	while (still < 4 && now_ns() < end) {
		flush_kernel("");
		pause_us(200000);
		now = available_kib();
		still = labs(now - last) <= 256 ? still + 1 : 0;
		last = now;
	}
	return last;
}

/*
 * How much less than @before is available. What is freed in the background
 * has some time to come back, if more than @slack is away.
 */
static inline long missing_kib(long before, long slack)
{
	u64 end = now_ns() + 2 * SETTLE_SECONDS * slower() * 1000000000ull;
	long missing;

	do
		missing = before - settled_kib();
	while (missing > slack && now_ns() < end);
	printf("# available: %ld KiB before, %ld KiB less after\n", before,
	       missing);
	return missing;
}

/*
 * Objects in use in the module's caches, or -1 if none is to be seen. *name
 * is a cache that has some.
 */
static inline long slab_objects(char *name, size_t room)
{
	FILE *from = fopen("/proc/slabinfo", "r");
	char line[256], cache[64];
	long active, sum = -1;

	CHECK(from);
	*name = 0;
	while (fgets(line, sizeof(line), from)) {
		if (sscanf(line, "%63s %ld", cache, &active) != 2 ||
		    strncmp(cache, SLAB_PREFIX, strlen(SLAB_PREFIX)))
			continue;
		sum = (sum < 0 ? 0 : sum) + active;
		if (active)
			snprintf(name, room, "%s", cache);
	}
	fclose(from);
	return sum;
}

/* The same after everything that is on its way has had time to come. */
static inline long settled_slab_objects(char *name, size_t room)
{
	u64 end = now_ns() + SETTLE_SECONDS * slower() * 1000000000ull;
	long n;

	do {
		flush_kernel(SLAB_PREFIX);
		n = slab_objects(name, room);
	} while (n > 0 && now_ns() < end);
	return n;
}

static inline int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	CHECK(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

#endif
