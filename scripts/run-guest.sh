#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The part of `make run` inside the emulated machine.
#
# usage: run-guest.sh KERNEL IMAGE

set -u
cd "$(dirname "$0")/.." || exit 1

cmdline="console=ttyS0 earlyprintk=ttyS0 panic=-1"
if [[ -t 0 ]]; then
	leave="To leave: exit (the guest switches itself off), or Ctrl-A x"
	cmdline+=" guest.greeting=\"$leave\""
else
	cmdline+=" guest.run=\"uname -a; cat /proc/cpuinfo; free\""
fi
echo "nacre is loaded, $NACRE_DEV is there; pearl starts a guest with $1"
exec build/userspace/pearl run --device "$NACRE_DEV" --kernel "$1" \
	--initrd "$2" --cmdline "$cmdline"
