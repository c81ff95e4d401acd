#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What check.sh makes: each test is in one of its steps, and each machine.

set -u -o pipefail
export LC_ALL=C

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/cases.sh
. "$top/scripts/cases.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$top" || exit 1
mapfile -t steps < <(scripts/check.sh slow --list | sed 's/ .*//')

is_step()
{
	[[ " ${steps[*]} " = *" $1 "* ]] || wrong "there is no step $1"
}

# The scripts that make tests or are some. What bench/ has only tells figures.
scripts()
{
	find selftests -path selftests/bench -prune -o -type f -perm -u+x -print
	echo lab/selftest
	ls scripts/*-test.sh
}

# named FILE IN...: where it is called, not only spoken of.
named()
{
	local name=${1##*/}

	# Too short for a name.
	[[ $name = *.sh || $name = *.c ]] || name=$1
	name=${name%.c}
	shift
	grep -vhE '^[[:space:]]*#' "$@" | grep -E -- \
		"(^|[^A-Za-z0-9_-])${name//./\\.}([^A-Za-z0-9_.-]|\$)" >/dev/null
}

# What check.sh calls, and what that calls, and so on: reached has them.
reach()
{
	local new name all

	mapfile -t all < <(scripts)
	reached=(scripts/check.sh scripts/unit.sh)
	new=yes
	while [[ $new ]]; do
		new=
		for name in "${all[@]}"; do
			[[ " ${reached[*]} " != *" $name "* ]] || continue
			named "$name" "${reached[@]}" || continue
			reached+=("$name")
			new=yes
		done
	done
}

case_names_are_names_of_one_step()
{
	local twice

	[[ ${#steps[@]} -gt 30 ]] || wrong "${#steps[@]} steps"
	twice=$(printf '%s\n' "${steps[@]}" | sort | uniq -d)
	[[ -z $twice ]] || wrong "$twice: more than one step"
}

case_step_that_does_not_exist()
{
	local said status=0

	said=$(scripts/check.sh slow load-6.1 load-6.0 --list 2>&1) || status=$?
	[[ $status -eq 2 ]] || wrong "status $status, not 2"
	[[ $said = *"no step 'load-6.0'"* ]] || wrong "says: $said"
	# It is one, but not of the quick check.
	scripts/check.sh soak --list >/dev/null 2>&1 && wrong "quick soaks"
}

# One that only tells its steps leaves those that go on alone.
case_listing_ends_nothing()
{
	local pid=build/check/unit.pid mine=

	mkdir -p build/check
	[[ -f $pid ]] || { mine=yes; echo $$ >"$pid"; }
	scripts/check.sh --list >/dev/null
	[[ -f $pid ]] || wrong "$pid is gone"
	[[ -z $mine ]] || rm -f "$pid"
}

case_scripts_are_reached()
{
	local name

	is_step unit
	while read -r name; do
		[[ " ${reached[*]} " = *" $name "* ]] ||
			wrong "nothing in check.sh leads to $name"
	done < <(scripts)
}

# The rest of the programs has to be called by a script.
case_programs_are_reached()
{
	local name

	make -s -C selftests O="$work" "$work/list" >&2 || wrong "no list"
	for name in selftests/*.c; do
		grep -qxF "$(basename "$name" .c)" "$work/list" ||
			named "$name" "${reached[@]:1}" ||
			wrong "neither selftests/run nor a script runs $name"
	done
}

case_fuzzers_have_steps()
{
	local name

	for name in selftests/*/fuzz_*.c; do
		name=$(basename "$name" .c)
		is_step "${name/_/-}"
	done
}

# Each machine that has guests: with both kernels and modules, and once with
# the distribution's kernel line; the others are there to be refused.
case_machines_have_steps()
{
	local name kernel

	for name in lab/machines/*.sh; do
		name=$(basename "$name" .sh)
		if grep -qE "^[[:space:]]machine [a-z_]+ $name " selftests/load.sh &&
		   [[ $name != svm ]]; then
			continue
		fi
		for kernel in 6.1 6.12; do
			is_step "nacre-$name-$kernel"
			is_step "kvm-$name-$kernel"
		done
		is_step "nacre-$name-6.1-default"
	done
}

case_kernels_have_steps()
{
	local name

	for name in lab/kernels/*.sh; do
		is_step "nacre-svm-$(basename "$name" .sh)"
	done
}

reach
run_cases check
