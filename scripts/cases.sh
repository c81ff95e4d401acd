# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A test's cases and their results as TAP; to be sourced by it before it goes
# elsewhere. What is wrong with a case is told above its line.

cases_in=$(realpath "$0") || exit 1
why=

wrong()
{
	why+="# $*"$'\n'
}

# The test's own: before each case, and for one that went wrong.
before_case() { :; }
when_wrong() { :; }

# run_cases LABEL: each case_NAME(); 1 if there is none, or one was wrong.
run_cases()
{
	local name count=0 bad=0

	echo "TAP version 13"
	for name in $(sed -n 's/^case_\([a-z_]*\)()$/\1/p' "$cases_in"); do
		why=
		before_case
		"case_$name"
		count=$((count + 1))
		if [[ -z $why ]]; then
			echo "ok $count $1: $name"
			continue
		fi
		bad=$((bad + 1))
		printf '%s' "$why"
		when_wrong
		echo "not ok $count $1: $name"
	done
	echo "1..$count"
	[[ $count -gt 0 && $bad -eq 0 ]]
}
