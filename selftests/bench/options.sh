#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# For the scripts beside it: where they are, and their options.

set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

# take_options NAMES [ARGUMENT]...: --NAME VALUE sets $NAME, for each of NAMES.
take_options()
{
	local names=" $1 "

	shift
	while [[ $# -gt 0 ]]; do
		if [[ $1 != --* || $# -lt 2 || $names != *" ${1#--} "* ]]; then
			sed -n 's/^# usage: //p' "$0" >&2
			exit 2
		fi
		printf -v "${1#--}" %s "$2"
		shift 2
	done
}
