#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The sums that check prints are right, above all where something is lost.

here=$(dirname "$0")
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
count=0
bad=0

# sums STATUS LOG EXPECTED WHAT
sums()
{
	count=$((count + 1))
	# shellcheck disable=SC2059
	printf "$2" >"$log"
	got=$("$here/tap-sum.sh" "$1" "$log")
	if [ "$got" = "$3" ]; then
		echo "ok $count tap-sum: $4"
	else
		bad=$((bad + 1))
		echo "# expected '$3', got '$got'"
		echo "not ok $count tap-sum: $4"
	fi
}

two='1..2\nok 1 a\nok 2 b\n'

echo "TAP version 13"
sums 0 'done\n' '1 0 0' 'no TAP, good status'
sums 1 'done\n' '0 1 0' 'no TAP, bad status'
sums 0 '' '1 0 0' 'an empty log'
sums 0 "$two" '2 0 0' 'two passes'
sums 0 "TAP version 13\n$two" '2 0 0' 'two passes, with a version'
sums 0 "$two$two" '4 0 0' 'two streams without a version'
sums 0 'TAP version 13\nok 1 a\n1..1\n' '1 0 0' 'the plan comes last'
sums 1 '1..2\nok 1 a\nnot ok 2 b\n' '1 1 0' 'a failure'
sums 0 '1..2\nok 1 a\nnot ok 2 b\n' '1 1 0' 'a failure, good status'
sums 0 '1..2\nok 1 a # SKIP no\nok 2 b\n' '1 0 1' 'a skip is no pass'
sums 0 '1..1\nnot ok 1 a # TODO known\n' '0 0 1' 'a known failure'
sums 0 '1..3\nok 1 a\nok 2 b\n' '2 1 0' 'a result is lost'
sums 0 "TAP version 13\nok 1 a\nTAP version 13\n$two" '3 1 0' \
	'the first of two plans is lost'
sums 122 "$two" '2 1 0' 'all pass, bad status'
sums 1 '1..2\nok 1 a\nBail out! no\n' '1 2 0' 'bails out'
sums 0 '1..0 # SKIP no\n' '0 0 1' 'skips all'
sums 0 "  ok 1 nested\n# ok 2 comment\n$two" '2 0 0' 'what is no result'
echo "1..$count"
[ "$bad" -eq 0 ]
