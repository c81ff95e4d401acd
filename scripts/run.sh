#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make run: from a fresh machine to the shell of a kernel that runs inside
# nacre, on an emulated AMD machine. Without a terminal it prints the boot and
# ends. Each slow step says what it is, and after what time.

set -u -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
unset MAKEFLAGS MAKELEVEL MFLAGS

kernel=6.1
logs=build/run
image=$logs/guest.img
begin=$SECONDS
mkdir -p "$logs"

say()
{
	printf '[%4d s] %s\n' $((SECONDS - begin)) "$*"
}

# step NAME WHAT COMMAND...: its output is shown if it fails.
step()
{
	local log=$logs/$1.log

	say "$2 ..."
	shift 2
	"$@" </dev/null >"$log" 2>&1 && return
	tail -n 30 "$log"
	say "that failed; all it said is in $log"
	exit 1
}

# One that takes minutes the first time and tells of its progress by itself.
long_step()
{
	say "$1 ..."
	shift
	"$@" </dev/null && return
	say "that failed"
	exit 1
}

step packages "packages" scripts/packages.sh
long_step "the emulated machine and its kernel" \
	lab/setup --machine svm --kernel $kernel
headers=/lib/modules/$(lab/setup --print-release $kernel)/build
step module "nacre.ko" make module KDIR="$headers"
step pearl "pearl" make pearl
step image "a file system for the guest: busybox" \
	lab/guest-image.sh "$image"

say "an emulated AMD machine boots, with nacre and pearl inside; half a minute"
terminal=()
if [[ -t 0 && -t 1 ]]; then
	terminal=(--terminal)
fi
lab/run ${terminal[@]+"${terminal[@]}"} --kernel $kernel -- \
	scripts/run-guest.sh "build/lab/kernels/$kernel/vmlinuz" "$image"
status=$?
if [[ $status -eq 0 ]]; then
	say "the guest switched itself off, the machine as well"
fi
exit $status
