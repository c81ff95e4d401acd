#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The writes of MSRs around guests that take turns, on a machine that has the
# kernel's own answers to the processor's flaws: what bench/msr_trace does, and
# whether all of it is in its place. The trace is shown; TAP.
#
# usage: selftests/msr_trace.sh [--module NAME] [--kernel NAME]

set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
options=(--machine vmx-new --cmdline default --timeout 600)

while [[ $# -gt 0 ]]; do
	if [[ $1 != --module && $1 != --kernel ]] || [[ $# -lt 2 ]]; then
		sed -n 's/^# usage: /usage: /p' "$0" >&2
		exit 2
	fi
	options+=("$1" "$2")
	shift 2
done
cd "$here/.." || exit 1
err=$(mktemp) || exit 1
trap 'rm -f "$err"' EXIT

if ! lab/run "${options[@]}" -- build/selftests/bench/msr_trace 2>"$err"; then
	cat "$err" >&2
	echo "Bail out! no trace"
	exit 1
fi
cat "$err" >&2
awk -f "$here/msr_trace.awk" "$(sed -n 's/.*, log: //p' "$err")/msrs"
