#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One guest boot to power-off under pearl, counted: the half of boot_cost.sh
# inside a machine. Lines "exit REASON COUNT", "user REASON COUNT" (those that
# reached the VMM), "busy MS" (all of pearl's threads, guest included).
#
# usage: boot_cost_in_machine.sh PEARL IMAGE KERNEL

set -eu
pearl=$1 image=$2 kernel=$3
node=${NACRE_DEV:-/dev/nacre}
tracing=/sys/kernel/tracing/events
dir=$(mktemp -d)

boot()
{
	"$pearl" run --device "$node" --kernel "$kernel" --initrd "$image" \
		--cmdline "console=ttyS0 panic=-1 guest.run=true" \
		</dev/null >"$dir/out" 2>&1 && return
	cat "$dir/out" >&2
	exit 1
}

# histogram WORD EVENT KEY: what was counted since the trigger was set.
histogram()
{
	sed -n "s/^{ *$3: *\([0-9a-fx]*\) *} hitcount: *\([0-9]*\).*/$1 \1 \2/p" \
		"$tracing/$2/hist"
}

case ${NACRE_MODULE:-} in
kvm)
	exits=kvm/kvm_exit key=exit_reason
	to_user=kvm/kvm_userspace_exit user_key=reason
	;;
*)
	exits=nacre/nacre_exit key=exit_reason
	to_user=nacre/nacre_userspace_exit user_key=reason
	;;
esac

# Not counted and timed in one boot: counting takes its time.
TIMEFORMAT='%3U %3S'
{ time boot; } 2>"$dir/time"
awk '{ printf "busy %d\n", ($1 + $2) * 1000 }' "$dir/time"

echo "hist:keys=$key" >"$tracing/$exits/trigger"
echo "hist:keys=$user_key" >"$tracing/$to_user/trigger"
boot
histogram exit "$exits" "$key"
histogram user "$to_user" "$user_key"
# The module cannot go while its events are counted.
echo "!hist:keys=$key" >"$tracing/$exits/trigger"
echo "!hist:keys=$user_key" >"$tracing/$to_user/trigger"
