/* SPDX-License-Identifier: GPL-2.0 */
/* What every test includes: kselftest's harness and the library. */
#ifndef SELFTESTS_TEST_H
#define SELFTESTS_TEST_H

#ifdef GUEST_BITS
#include "guest.h"
#else
#include <unistd.h>
#include "vm.h"

/* By which the harness ends a case. */
#define alarm(seconds) alarm((seconds) * slower())
#include <kselftest_harness.h>
#undef alarm
#include <sys/ioctl.h>

/* The call returns -1 and leaves this errno. */
#define EXPECT_ERROR(error, call)					\
	do {								\
		EXPECT_EQ(-1, (call));					\
		EXPECT_EQ(error, errno);				\
	} while (0)
#endif

#endif
