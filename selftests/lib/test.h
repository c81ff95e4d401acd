/* SPDX-License-Identifier: GPL-2.0 */
/* What every test includes: kselftest's harness and the library. */
#ifndef SELFTESTS_TEST_H
#define SELFTESTS_TEST_H

#ifdef GUEST_BITS
#include "guest.h"
#else
#include <kselftest_harness.h>
#include <sys/ioctl.h>
#include "vm.h"
#endif

#endif
