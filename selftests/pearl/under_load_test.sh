#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# under_load.awk finds what is wrong with a guest under load, and nothing wrong
# with one that is as it should be. And the load itself, on this machine.
#
# usage: under_load_test.sh GUEST_LOAD

set -u -o pipefail
load=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/cases.sh
. "$here/../../scripts/cases.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
facts=$work/facts

# Of two processors for ten seconds.
sample()
{
	local i

	for i in 0 1; do
		echo "count timer.periodic.$i 500 500"
		echo "count timer.signal.$i 501 501"
		echo "count timer.once.$i 800 800"
		echo "count ipi.there.$i-$((1 - i)) 900 900"
		echo "count ipi.back.$((1 - i))-$i 900 900"
		echo "count ipi.flush.$i 5000 5000"
		echo "count fork.$i 60 60"
	done
	echo "count ipi.barrier 300 300"
	echo "count ipi.wander 400 400"
	for i in 0 1 2 3; do
		echo "count disk.write.$i 100 100"
		echo "count disk.read.$i 25 25"
		echo "count disk.sync.$i 2 2"
	done
	cat <<-'END'
	before LOC: 10 20 Local timer interrupts
	after LOC: 2010 2020 Local timer interrupts
	before RES: 1 1 Rescheduling interrupts
	after RES: 500 1 Rescheduling interrupts
	before CAL: 1 1 Function call interrupts
	after CAL: 1 600 Function call interrupts
	before TLB: 0 0 TLB shootdowns
	after TLB: 30 40 TLB shootdowns
	after 27: 300 0 PCI-MSI 49153-edge virtio2-req.0
	load: 2 processors, 10012 ms
	stat 110 0 880 9 409 0 6400 99 0 9 9 0 0 0 0 7 3
	pearl 00:01.0 virtio-rng queue 0 requests 4 interrupts 4
	pearl 00:03.0 virtio-blk queue 0 requests 517 interrupts 310
	clocksource kvm-clock
	log <6>[    0.000000] Linux
	copy 0123456789abcdef0123456789abcdef -
	file 0123456789abcdef0123456789abcdef -
	again 0123456789abcdef0123456789abcdef -
	ends 3 0
	END
}

# judge [VARIABLE=VALUE]...: the verdicts of $facts.
judge()
{
	local word options=()

	for word; do
		options+=(-v "$word")
	done
	awk -v cpus=2 -v seconds=10 "${options[@]}" \
		-f "$here/under_load.awk" "$facts" >"$work/out" 2>&1
}

before_case()
{
	sample >"$facts"
}

# fails CASE SED...: it is this one that goes wrong if the facts are so.
fails()
{
	local name=$1 got word

	shift
	for word; do
		sample | sed "$word" >"$facts"
		! cmp -s <(sample) "$facts" || wrong "'$word' changes nothing"
		judge && wrong "'$word' passes"
		got=$(sed -n 's/^not ok [0-9]* //p' "$work/out")
		[[ $got = "$name" ]] || wrong "'$word' fails: $got"
	done
}

case_all_is_well()
{
	judge || wrong "$(<"$work/out")"
	[[ $(grep -c '^ok ' "$work/out") -eq 14 ]] ||
		wrong "$(grep -c '^ok ' "$work/out") cases, not 14"
	grep -qx '1\.\.14' "$work/out" || wrong "no plan"
}

case_ends()
{
	fails "a reboot and a clean end" 's/^ends 3 0/ends 0 0/' \
		's/^ends 3 0/ends 3 124/' '/^ends/d' '/^load:/d' \
		's/^load: 2/load: 1/'
}

case_timers()
{
	fails timers 's/\(periodic.1 500\) 500/\1 499/' \
		's/\(once.0\) 800/\1 801/' 's/\(signal.0 501\) 501/\1 502/' \
		's/\(periodic.0\) 500 500/\1 449 449/' \
		'/timer.once.1/d' 's/\(once.1\) 800 800/\1 0 0/'
}

case_between_processors()
{
	fails "signals between processors" 's/\(there.0-1 900\) 900/\1 899/' \
		's/\(back.0-1\) 900/\1 901/' '/ipi.there.1-0/d'
	fails "barriers in other processors" \
		's/\(barrier 300\) 300/\1 299/' '/barrier/d'
	fails "pages that are gone" 's/\(flush.1 5000\) 5000/\1 4999/'
	fails "from processor to processor" 's/\(wander 400\) 400/\1 1/'
	fails processes 's/\(fork.1 60\) 60/\1 59/' \
		's/\(fork.0\) 60 60/\1 0 0/'
}

case_disk()
{
	fails "writes, reads and flushes" 's/\(write.3 100\) 100/\1 99/' \
		's/\(read.2 25\) 25/\1 24/' '/disk.write.0/d'
	fails "answers of the disk" 's/requests 517/requests 518/' \
		's/requests 517/requests 516/' 's/^stat 110/stat 111/' \
		's/99 0 9 9/99 1 9 9/'
	fails "interrupts of the disk" 's/27: 300 0/27: 300 11/' \
		's/27: 300 0/27: 0 0/' '/virtio2-req/d'
}

case_rows()
{
	fails "interrupts in every processor" 's/2010 2020/2010 119/' \
		's/\(after CAL: 1\) 600/\1 5/' 's/TLB: 30 40/TLB: 3 4/' \
		'/after LOC/d'
}

case_sums()
{
	fails "what was written, after a reboot" 's/^file 0/file 1/' \
		's/^again 0/again 1/' '/^again/d' \
		's/^\(copy\|file\|again\).*/\1/'
}

case_clock()
{
	fails "the clock that it began with" 's/kvm-clock/acpi_pm/' \
		'/^clocksource/d'
}

case_complaints()
{
	fails "no complaint of the guest's kernel" '/^log/d' \
		'$a complaint rcu: INFO: self-detected stall on CPU' \
		'$a complaint a\nbeside b'
}

# What in-tree KVM's guest says as well is told, and no fault.
case_complaints_of_both()
{
	printf '%s\n' 'complaint a b' 'beside a b' >>"$facts"
	judge || wrong "a complaint that both have fails"
	grep -qx '# complaint: a b' "$work/out" || wrong "it is not told"
	sample >"$facts"
	echo 'complaint a b' >>"$facts"
	judge oracle=yes || wrong "a complaint of in-tree KVM's guest fails"
	grep -qx '# complaint: a b' "$work/out" || wrong "it is not told"
}

# This machine is no guest, and has no interrupt rows that could be judged.
case_the_load()
{
	truncate -s 16M "$work/disk"
	timeout 100 "$load" 1 "$work/disk" "$work/copy" >"$work/out" ||
		wrong "status $?"
	awk '$1 == "count" { n++; all += $4; if ($3 != $4) exit 1 }
	     END { exit n < 7 || all < 1000 }' "$work/out" ||
		wrong "$(<"$work/out")"
	cmp "$work/disk" "$work/copy" >&2 || wrong "the copy is none"
	[[ $(tr -d '\0' <"$work/disk" | wc -c) -gt 100000 ]] ||
		wrong "nothing was written"
}

# It sees when what it reads is not what it wrote.
case_a_disk_that_forgets()
{
	local pid i

	truncate -s 16M "$work/disk"
	timeout 100 "$load" 2 "$work/disk" "$work/copy" >"$work/out" &
	pid=$!
	for ((i = 0; i < 400; i++)); do
		dd if=/dev/zero of="$work/disk" bs=1M count=16 conv=notrunc \
			status=none
	done
	wait $pid || wrong "status $?"
	awk '$2 ~ /^disk.read/ && $3 > $4 { bad = 1 } END { exit !bad }' \
		"$work/out" || wrong "$(grep disk "$work/out")"
}

run_cases under-load
