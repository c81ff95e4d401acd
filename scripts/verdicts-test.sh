#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What scripts/verdicts.sh makes of logs, above all of those that differ.

set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/cases.sh
. "$here/cases.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

verdicts()
{
	"$here/verdicts.sh" --file "$work/file" "$@" >out 2>&1
}

# log FILE MACHINE/KERNEL/MODULE/CMDLINE [LINE...]: what a run would have said.
log()
{
	local file=$1 m k o c n=0 line

	IFS=/ read -r m k o c <<<"$2"
	shift 2
	{
		echo "lab: waits for one of 2 machines to end"
		echo "TAP version 13"
		echo "# machine $m, kernel $k, module $o, cmdline $c"
		for line; do
			n=$((n + 1))
			echo "${line/ok /ok $n }"
		done
		echo "1..$n"
		echo "# pass:0 fail:0 skip:0 known:0"
		echo "lab: $m/$k/$o: command exited 0, 9 s, log: no/where"
	} >"$file"
}

# has LINE...: of what was printed, or of the file.
has()
{
	local line

	for line; do
		grep -qxF -- "$line" out file || wrong "no line '$line'"
	done
}

# status EXPECTED ARGUMENT...
status()
{
	local expected=$1 got=0

	shift
	verdicts "$@" || got=$?
	[[ $got -eq $expected ]] || wrong "$*: status $got, not $expected"
}

# row COLUMN...: as has, with tabs between.
row()
{
	local IFS=$'\t'

	has "$*"
}

before_case()
{
	: >out
}

when_wrong()
{
	sed 's/^/#   /' out
}

all=(a/6.1/nacre/fast a/6.12/nacre/fast a/6.1/kvm/fast b/6.1/nacre/fast
     b/6.1/nacre/default)

# Each run as a log of its own, 0.log and so on; only b skips.
logs()
{
	local i skip

	for i in "${!all[@]}"; do
		skip=
		[[ ${all[i]} != b/* ]] || skip=" # SKIP has no two"
		log "$i.log" "${all[i]}" "ok t/one" "ok t/two$skip" \
			"ok u/three # fails as it must"
	done
}

made()
{
	rm -f file ./*.log
	logs
	status 0 --renew ./*.log
}

case_makes_a_file()
{
	made
	row run a 6.12 nacre fast 3 0 0 0
	row run b 6.1 nacre default 2 0 1 0
	row case t/two skip b '*' '*' '*' 'has no two'
	row test t 2 'one two'
	has "b/6.1/nacre/fast: 2 passed, 0 failed, 1 skipped, 0 known, from ./3.log"
	[[ $(grep -c ^run file) -eq 5 && $(grep -c ^case file) -eq 1 ]] ||
		wrong "other rows: $(<file)"
}

case_same_logs_make_the_same_file()
{
	made
	cp file before
	status 0 --renew ./*.log
	cmp -s file before || wrong "it has changed"
	status 0 --renew 4.log 1.log
	cmp -s file before || wrong "it has changed by a part"
}

case_same_verdicts_are_fine()
{
	made
	status 0 --compare ./*.log
	status 0 --compare --all ./*.log
	status 0 --compare --quick 3.log
	has "ok 1 verdicts/b/6.1/nacre/fast" "1..1"
}

case_gone_is_told()
{
	made
	log 0.log a/6.1/nacre/fast "ok t/one" "ok u/three"
	for quick in --quick ''; do
		status 1 --compare $quick 0.log 1.log
		has "#   t/two: absent, in the file: pass" \
			"not ok 1 verdicts/a/6.1/nacre/fast" \
			"ok 2 verdicts/a/6.12/nacre/fast"
		grep -q "make verdicts" out || wrong "no word of renewing"
	done
}

case_skipped_is_told()
{
	made
	log 0.log a/6.1/nacre/fast "ok t/one # SKIP no" "ok t/two" "ok u/three"
	status 1 --compare --quick 0.log
	has "#   t/one: skip (no), in the file: pass"
}

case_another_reason_is_told()
{
	made
	log 3.log b/6.1/nacre/fast "ok t/one" "ok t/two # SKIP no" "ok u/three"
	status 1 --compare --quick 3.log
	has "#   t/two: skip (no), in the file: skip (has no two)"
}

case_failed_and_known_are_told()
{
	made
	log 0.log a/6.1/nacre/fast "not ok t/one # TODO known" "not ok t/two" \
		"ok u/three"
	status 1 --compare --quick 0.log
	has "#   t/one: known, in the file: pass" \
		"#   t/two: failed, in the file: pass"
}

case_better_is_told_by_the_slow_check_only()
{
	made
	log 3.log b/6.1/nacre/fast "ok t/one" "ok t/two" "ok u/three" "ok u/new"
	status 0 --compare --quick 3.log
	has "#   t/two: pass, in the file: skip (has no two)" \
		"#   u/new: pass, in the file: absent"
	status 1 --compare 3.log
}

case_run_that_is_not_in_the_file()
{
	made
	log new.log c/6.1/nacre/fast "ok t/one"
	status 1 --compare new.log
	has "not ok 1 verdicts/c/6.1/nacre/fast # not in the file"
	status 0 --compare --quick new.log
	has "ok 1 verdicts/c/6.1/nacre/fast # SKIP not in the file"
	rm file
	status 1 --compare new.log
	has "not ok 1 verdicts/c/6.1/nacre/fast # not in the file"
}

case_row_that_nobody_ran()
{
	made
	status 1 --compare --all 0.log 1.log 2.log 4.log
	has "not ok 5 verdicts/b/6.1/nacre/fast # in the file, but nobody ran it"
}

case_log_without_an_end()
{
	made
	sed -i '/^1\.\./d; /^ok 3/d' 0.log
	sed -i 's/: command exited 0/: kernel complained; command exited 0/' 1.log
	echo "1..0" >2.log
	sed -i '/^ok 2/d' 3.log
	sed -i '/^# machine/s/$/ (of the tests only t)/' 4.log
	status 1 --compare --quick ./*.log none.log
	[[ $(grep -c "^not ok" out) -eq 6 ]] || wrong "a log passes"
	cp file before
	status 0 --renew ./*.log
	cmp -s file before || wrong "a log was taken"
	has "./0.log: not taken: the run did not come to its end"
}

case_two_logs_of_a_run()
{
	made
	cp 0.log 9.log
	cp file before
	status 2 --renew ./*.log
	cmp -s file before || wrong "a log was taken"
}

case_part_of_the_runs_is_renewed()
{
	made
	log 0.log a/6.1/nacre/fast "ok t/one" "ok u/three" "ok u/new"
	log new.log c/debug/nacre/fast "ok t/one" "ok t/two" "ok u/new"
	status 0 --renew 0.log new.log
	row run a 6.1 nacre fast 3 0 0 0
	row run a 6.1 kvm fast 3 0 0 0
	row run c debug nacre fast 3 0 0 0
	row case t/two absent a 6.1 nacre '*' -
	row case t/two skip b '*' '*' '*' 'has no two'
	row case u/new absent a '*' kvm '*' -
	row case u/new absent b '*' '*' '*' -
	row test u 2 'new three'
	status 0 --compare --all ./*.log
}

case_that_no_run_has_is_gone()
{
	local i

	made
	for i in "${!all[@]}"; do
		log "$i.log" "${all[i]}" "ok t/one"
	done
	status 0 --renew ./*.log
	[[ $(grep -cE '^(case|test)' file) -eq 1 ]] || wrong "$(<file)"
}

case_file_that_contradicts_itself()
{
	made
	sed -i '/^case/d' file
	status 2 --compare 0.log
	made
	sed -i 's/^run.a.6.1.kvm.*/&1/' file
	status 2 --renew 0.log
	made
	sed -i 's/^test.t.2/test\tt\t3/' file
	status 2 --compare 0.log
	made
	echo "sentence" >>file
	status 2 --compare 0.log
}

# Each run of the slow check has a step, and the steps tell which run it is.
case_missing_rows()
{
	rm -f file
	log 0.log svm/6.1/nacre/fast "ok t/one"
	log 1.log svm/6.1/nacre/default "ok t/one"
	status 0 --renew 0.log 1.log
	status 1 --missing
	has "nacre-svm-6.12: not in the file" "kvm-svm-6.1: not in the file" \
		"nacre-svm-debug: not in the file"
	! grep -qE "^nacre-svm-6.1(-default)?:" out || wrong "these are there"
}

case_usage()
{
	status 0 --help
	status 2
	status 2 --compare
	status 2 --bogus
}

run_cases verdicts
