// SPDX-License-Identifier: GPL-2.0
/* A signal that comes while a VM is created does not make that fail. */
#include "test.h"
#include <sys/time.h>
#include <sys/wait.h>

#define CHILDREN 40

static void ignore(int signal)
{
}

/* The first VM of a process is the one that takes the most. */
static int create_one(void)
{
	struct itimerval often = { { 0, 50 }, { 0, 50 } }, never = { 0 };
	struct sigaction action = { .sa_handler = ignore };
	int dev = device_open(), fd, error;

	CHECK(!sigaction(SIGALRM, &action, NULL));
	CHECK(!setitimer(ITIMER_REAL, &often, NULL));
	fd = ioctl(dev, NACRE_CREATE_VM, 0);
	error = fd < 0 ? errno : 0;
	CHECK(!setitimer(ITIMER_REAL, &never, NULL));
	return error;
}

TEST(storm_of_alarms)
{
	if (!on_nacre())
		SKIP(return, "in-tree KVM may return EINTR");
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork();
		int status;

		ASSERT_LE(0, child);
		if (!child)
			_exit(create_one());
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_TRUE(WIFEXITED(status));
		EXPECT_EQ(0, WEXITSTATUS(status));
	}
}

TEST_HARNESS_MAIN
