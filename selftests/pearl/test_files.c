// SPDX-License-Identifier: GPL-2.0
/* Files that a user may name by mistake, and nodes that are none. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_test.h"
#include "nacre.h"

static char folder[40];
static struct nacre_error error;
static struct nacre_file file;

static const char *in_folder(const char *name)
{
	static char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int read_file(const char *path)
{
	memset(&error, 0, sizeof(error));
	return nacre_file_read(path, &file, &error);
}

static const char *write_file(const char *name, const char *text)
{
	const char *path = in_folder(name);
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
	return path;
}

static void contents(void)
{
	EXPECT_EQ(read_file(write_file("some", "text")), 0);
	EXPECT_EQ(file.size, 4);
	EXPECT(!memcmp(file.data, "text", 4));
	nacre_file_free(&file);
	EXPECT(!file.data);
	EXPECT_EQ(read_file(write_file("none", "")), 0);
	EXPECT_EQ(file.size, 0);
	nacre_file_free(&file);
}

static void no_file(void)
{
	EXPECT_EQ(read_file("/nonexistent/kernel"), -ENOENT);
	EXPECT(strstr(error.message, "/nonexistent/kernel"));
	EXPECT_EQ(read_file(folder), -EISDIR);
	EXPECT_EQ(read_file("/dev/null"), -EINVAL);
	EXPECT_EQ(mkfifo(in_folder("fifo"), 0600), 0);
	EXPECT_EQ(read_file(in_folder("fifo")), -EINVAL);
	EXPECT(!file.data && !file.size);
}

static int create(const char *node)
{
	struct nacre_vm *vm;
	int err;

	memset(&error, 0, sizeof(error));
	err = nacre_vm_create(node, &vm, &error);
	if (!err || vm)
		abort();
	return err;
}

static void no_node(void)
{
	EXPECT_EQ(create("/dev/nonexistent"), -ENOENT);
	EXPECT(strstr(error.message, "/dev/nonexistent"));
	EXPECT_EQ(create("/dev/null"), -EPROTO);
	EXPECT(strstr(error.message, "/dev/null"));
	EXPECT_EQ(create(write_file("node", "text")), -EPROTO);
	EXPECT_EQ(create(folder), -EISDIR);
	EXPECT_EQ(create(in_folder("fifo")), -EPROTO);
}

/* A message that does not fit is cut. */
static void long_name(void)
{
	static char name[4000];

	memset(name, 'a', sizeof(name) - 1);
	EXPECT_EQ(read_file(name), -ENAMETOOLONG);
	EXPECT(strlen(error.message) < sizeof(error.message));
	EXPECT(strstr(error.message, "too long"));
	EXPECT_EQ(create(name), -ENAMETOOLONG);
}

static void clean_up(void)
{
	static const char *const names[] = { "some", "none", "fifo", "node" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_EQ(unlink(in_folder(names[i])), 0);
	EXPECT_EQ(rmdir(folder), 0);
}

static const struct host_case cases[] = {
	HOST_CASE(contents),
	HOST_CASE(no_file),
	HOST_CASE(no_node),
	HOST_CASE(long_name),
	HOST_CASE(clean_up),
};

int main(void)
{
	snprintf(folder, sizeof(folder), "/tmp/pearl-test.XXXXXX");
	if (!mkdtemp(folder))
		abort();
	return host_run(cases, ARRAY_SIZE(cases));
}
