// SPDX-License-Identifier: GPL-2.0
/* The device node and what ends a test case. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "vm.h"

/* What the harness takes for a failed case. */
#define EXIT_FAIL 1

void die_at(const char *where, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "# %s: %s\n", where, text);
	_exit(EXIT_FAIL);
}

const char *device_path(void)
{
	const char *path = getenv("NACRE_DEV");

	if (path && *path)
		return path;
	if (access("/dev/nacre", F_OK) == 0)
		return "/dev/nacre";
	return "/dev/kvm";
}

int device_open(void)
{
	int fd = open(device_path(), O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("open %s: %s", device_path(), strerror(errno));
	return fd;
}

bool on_nacre(void)
{
	return access("/sys/module/nacre", F_OK) == 0;
}

int vm_cap(struct vm *vm, u32 cap)
{
	return ioctl(vm->fd, NACRE_CHECK_EXTENSION, cap);
}

int device_cap(u32 cap)
{
	int fd = device_open();
	int value = ioctl(fd, NACRE_CHECK_EXTENSION, cap);

	close(fd);
	return value;
}
