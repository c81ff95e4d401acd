#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A guest under load: timers, interrupts between its processors, processes and
# disk writes all at once, for so many seconds of its time. Then it reboots,
# and another guest looks at the disk. In a machine of the lab. TAP.
#
#   lab/run --timeout 900 -- selftests/pearl/under_load.sh PEARL IMAGE KERNEL
#	[OPTION]...
#
#   --seconds N		300
#   --cpus N		4
#   --beside LOG	what this has printed of the same run on in-tree KVM: what
#			the guest's kernel complains of there is not held
#			against the other module
#
# IMAGE is from lab/guest-image.sh, made for that KERNEL with guest_load in it.
# NACRE_DEV names the node, NACRE_MODULE the module.
#
# shellcheck disable=SC2016 # what the guest is to expand

set -u
here=$(dirname "$0")
pearl=$1 image=$2 kernel=$3
shift 3
seconds=300 cpus=4 beside=/dev/null
while [[ $# -ge 2 && $1 =~ ^--(seconds|cpus|beside)$ ]]; do
	printf -v "${1#--}" %s "$2"
	shift 2
done
if [[ $# -gt 0 ]]; then
	echo "under_load.sh: $1?" >&2
	exit 2
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
node=${NACRE_DEV:-/dev/nacre}
boot_limit=400
disk=$dir/disk

# guest LIMIT END WORDS: have a guest do WORDS; what it printed goes to standard
# output.
guest()
{
	timeout -k 5 "$1" "$pearl" run --device "$node" --kernel "$kernel" \
		--initrd "$image" --cpus "$cpus" --disk "$disk" \
		--console virtio --stats "$dir/stats" --cmdline \
		"console=hvc0 panic=-1 quiet mitigations=off guest.end=$2 guest.run=\"$3\"" \
		</dev/null 2>>"$dir/err" | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# Without its numbers a complaint is one of a kind. That the time-stamp counters
# of several processors do not agree follows from what the lab's processor is,
# that there is no console at first from its driver's being a module; both are
# said before there is any load.
complaints()
{
	sed -n 's/^log //p' "$dir/out" |
		grep -vE 'TSC unstable due to TSCs unsynchronized|Warning: unable to open an initial console' |
		grep -E -f <(grep -hv '^#' "$here/guest_complaints" \
			     "$here/../../lab/complaints") |
		sed -E 's/^<[0-9]+>//; s/^\[ *[0-9.]+\] *//; s/(0x)?[0-9a-f]*[0-9][0-9a-f]*/N/g' |
		sort -u | sed 's/^/complaint /'
}

load='sed s/^/before\ / /proc/interrupts;'
load+=" guest_load $seconds /dev/vda /tmp/copy;"
load+=' sed s/^/after\ / /proc/interrupts;'
load+=' md5sum </tmp/copy | sed s/^/copy\ /;'
load+=' echo stat $(cat /sys/block/vda/stat);'
load+=' echo clocksource $(cat /sys/devices/system/clocksource/*/current_clocksource);'
load+=' dmesg -r | sed s/^/log\ /'

truncate -s 16M "$disk"
: >"$dir/stats"
guest $((seconds + boot_limit)) reboot "$load" >"$dir/out"
first=$?
cp "$dir/stats" "$dir/first-stats"
sum=$(md5sum <"$disk")
again=$(guest $boot_limit poweroff 'md5sum </dev/vda | sed s/^/again\ /')
second=$?

oracle=
[[ ${NACRE_MODULE-} != kvm ]] || oracle=yes
{
	# On one line there may be the kernel's words, too.
	cat "$dir/out"
	sed 's/^/pearl /' "$dir/first-stats"
	echo "ends $first $second"
	echo "file $sum"
	grep '^again ' <<<"$again"
	complaints
	sed -n 's/^# complaint: /beside /p' "$beside"
} >"$dir/facts"
awk -v cpus="$cpus" -v seconds="$seconds" -v oracle="$oracle" \
	-f "$here/under_load.awk" "$dir/facts"
status=$?
sed 's/^/# pearl: /' "$dir/first-stats" "$dir/err"
if [[ $status -ne 0 ]]; then
	grep -vE '^(before|after) ' "$dir/out" | tail -n 200 | sed 's/^/# /'
fi
exit $status
