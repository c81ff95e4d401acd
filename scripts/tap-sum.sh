#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Count the cases of a log that may hold several TAP streams:
# prints PASSED FAILED SKIPPED.
#
# STATUS is what the program that wrote the log returned. A plan that was not
# kept, a bail-out, or a status that no case accounts for is a failure of its
# own. Without any TAP the log is one case. A known failure (TODO) is no pass
# and counts as skipped.
#
# usage: tap-sum.sh STATUS LOG

awk -v status="$1" '
function close_plan() {
	if (planned < 0 ? seen : seen != planned)
		failed++
	planned = -1
	seen = 0
}
BEGIN { planned = -1 }
{ sub(/\r$/, "") }
/^TAP version/ { close_plan(); streams++; next }
/^1\.\.[0-9]+/ {
	if (planned >= 0)
		close_plan()
	streams++
	planned = substr($0, 4) + 0
	if (planned == 0)
		skipped++
	next
}
/^Bail out!/ { streams++; failed++; next }
/^ok( |$)/ {
	streams++
	seen++
	if (toupper($0) ~ /# *SKIP/)
		skipped++
	else
		passed++
	next
}
/^not ok( |$)/ {
	streams++
	seen++
	if (toupper($0) ~ /# *(TODO|SKIP)/)
		skipped++
	else
		failed++
}
END {
	close_plan()
	if (!streams && status == 0)
		passed++
	if (status != 0 && !failed)
		failed++
	print passed + 0, failed + 0, skipped + 0
}' "$2"
