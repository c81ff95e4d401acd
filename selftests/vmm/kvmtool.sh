#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kvmtool, as its authors made it: a stock kernel boots on it with each number
# of processors, finds its disk, a directory of the machine's and its console,
# and comes to a clean end. TAP.
#
#   lab/vmm -- selftests/vmm/kvmtool.sh LKVM {kernel} {image} [CPUS]...
#
# LKVM is what kvmtool's own Makefile makes. CPUS: 1 2 4.
#
# shellcheck disable=SC2016 # what is in quotes is for the guest to expand

set -u
if [[ $# -lt 3 || $1 = -* ]]; then
	sed -n '/^#   lab/,/^# LKVM/s/^# *//p' "$0" >&2
	exit 2
fi
lkvm=$1 kernel=$2 image=$3
if [[ $lkvm = none ]]; then
	printf '%s\n' "TAP version 13" "1..1" "ok 1 kvmtool # SKIP no LKVM"
	exit 0
fi
shift 3
[[ $# -gt 0 ]] || set -- 1 2 4
limit=300
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
count=0 failed=0

check()
{
	count=$((count + 1))
	if [[ $1 -eq 0 ]]; then
		echo "ok $count $2"
	else
		echo "not ok $count $2"
		failed=$((failed + 1))
	fi
}

# boot CPUS CONSOLE DEVICE: to the end; what came out is in $dir/out.
boot()
{
	timeout "$limit" "$lkvm" run --name "guest$$" --kernel "$kernel" \
		--initrd "$image" --cpus "$1" --mem 256 --console "$2" \
		--disk "$dir/disk" --9p "$dir/shared,shared" \
		--params "console=$3 panic=-1 guest.end=reboot guest.run=\"$work\"" \
		</dev/null 2>&1 | tr -d '\r' >"$dir/out"
	return "${PIPESTATUS[0]}"
}

# What the guest does; it has no double quotes.
work='echo cpus $(nproc);'
work+=' echo disk $(md5sum </dev/vda | cut -c1-32);'
work+=' echo new | dd of=/dev/vda bs=4 conv=notrunc,fsync;'
work+=' mount -t 9p -o trans=virtio,version=9p2000.L shared /tmp;'
work+=' echo shared $(cat /tmp/word); echo told >/tmp/answer;'
work+=' echo clock $(cat /sys/devices/system/clocksource/*/current_clocksource);'
work+=' sleep 1'

says()
{
	grep -q "^$1\$" "$dir/out"
}

one()
{
	local cpus=$1 console=$2 device=$3 name="$1 cpus, $2" sum status

	mkdir -p "$dir/shared"
	rm -f "$dir/shared/answer"
	echo "a word" >"$dir/shared/word"
	dd if=/dev/urandom of="$dir/disk" bs=64K count=64 status=none
	sum=$(md5sum <"$dir/disk" | cut -c1-32)
	boot "$cpus" "$console" "$device"
	status=$?
	says "cpus $cpus"
	check $? "$name: all processors are there"
	says "disk $sum"
	check $? "$name: the disk reads as it is"
	[[ $(head -c 3 "$dir/disk") = new ]]
	check $? "$name: what is written to the disk is there"
	says "shared a word" && [[ $(<"$dir/shared/answer") = told ]]
	check $? "$name: a directory is shared"
	says "guest: status 0" && [[ $status -eq 0 ]]
	check $? "$name: a clean end"
	! grep -E '\] (BUG|WARNING|Oops):|soft lockup|rcu.*stall' "$dir/out"
	check $? "$name: the guest does not complain"
	[[ $failed -eq 0 ]] || sed 's/^/# /' "$dir/out"
}

echo "TAP version 13"
for cpus; do
	one "$cpus" serial ttyS0
done
one "$1" virtio hvc0
echo "1..$count"
[[ $failed -eq 0 ]]
