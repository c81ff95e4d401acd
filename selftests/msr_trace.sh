#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The writes of MSRs around guests that take turns, on a machine that has the
# kernel's own answers to the processor's flaws: what bench/msr_trace does, and
# whether all of it is in its place. The trace is shown; TAP.
#
# usage: selftests/msr_trace.sh [--module NAME] [--kernel NAME]

# shellcheck source=selftests/bench/options.sh
. "$(dirname "$0")/bench/options.sh"
module=nacre kernel=6.1
take_options "module kernel" "$@"
cd "$top"
err=$(mktemp)
trap 'rm -f "$err"' EXIT

if ! lab/run --machine vmx-new --kernel "$kernel" --module "$module" \
	--cmdline default --timeout 600 -- build/selftests/bench/msr_trace \
	2>"$err"; then
	cat "$err" >&2
	echo "Bail out! no trace"
	exit 1
fi
cat "$err" >&2
awk -f "$here/msr_trace.awk" "$(sed -n 's/.*, log: //p' "$err")/msrs"
