// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* Anonymous memory: it may be large, and goes back whole. */
static int allocate(const char *path, struct nacre_file *file, size_t size,
		    struct nacre_error *error)
{
	void *data = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (data == MAP_FAILED)
		return nacre_fail_errno(error, "%.400s: %zu bytes", path, size);
	file->data = data;
	file->size = size;
	return 0;
}

static int fill(const char *path, int fd, struct nacre_file *file,
		struct nacre_error *error)
{
	size_t done = 0;

	while (done < file->size) {
		ssize_t n = read(fd, (char *)file->data + done,
				 file->size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nacre_fail_errno(error, "%.400s", path);
		if (!n)
			return nacre_fail(error, EIO,
					  "%.400s: became shorter while it was read",
					  path);
		done += n;
	}
	return 0;
}

static int read_open(const char *path, int fd, struct nacre_file *file,
		     struct nacre_error *error)
{
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return nacre_fail_errno(error, "%.400s", path);
	if (S_ISDIR(st.st_mode))
		return nacre_fail(error, EISDIR, "%.400s: is a directory", path);
	if (!S_ISREG(st.st_mode))
		return nacre_fail(error, EINVAL, "%.400s: is no regular file",
				  path);
	if (!st.st_size)
		return 0;
	err = allocate(path, file, st.st_size, error);
	if (!err)
		err = fill(path, fd, file, error);
	if (err)
		nacre_file_free(file);
	return err;
}

int nacre_file_read(const char *path, struct nacre_file *file,
		    struct nacre_error *error)
{
	/* A FIFO must not hold up the open. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err;

	memset(file, 0, sizeof(*file));
	if (fd < 0)
		return nacre_fail_errno(error, "%.400s", path);
	err = read_open(path, fd, file, error);
	close(fd);
	return err;
}

void nacre_file_free(struct nacre_file *file)
{
	if (file->data)
		munmap(file->data, file->size);
	memset(file, 0, sizeof(*file));
}
