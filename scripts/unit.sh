#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tests that run on this machine, whatever its processor. One after the
# other, each a TAP stream; fails if one does.

set -u

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
status=0

run()
{
	echo "# $*"
	"$@" || status=1
}

run scripts/tap-sum-test.sh
run scripts/verdicts-test.sh
run scripts/check-test.sh
run selftests/abi_layout_test.sh build/linux-headers-uapi/include \
	build/selftests/abi
run selftests/abi_diff.sh --selfcheck
run make -C selftests/host O="$top/build/selftests/host" check
run make -C userspace O="$top/build/userspace"
run selftests/pearl/cli.sh build/userspace/pearl
run make -C selftests/pearl O="$top/build/selftests/pearl" guest check
run selftests/pearl/under_load_test.sh build/selftests/pearl/guest_load

exit $status
