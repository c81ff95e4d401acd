// SPDX-License-Identifier: GPL-2.0
/* A program that never ends: `run` ends it and takes that for a failure. */
#include "test.h"
#include <signal.h>

TEST(stops_the_harness)
{
	kill(getppid(), SIGSTOP);
	_metadata->exit_code = KSFT_FAIL;
}

TEST_HARNESS_MAIN
