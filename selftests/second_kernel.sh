#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Another kernel gets the machine while vCPUs run, by kexec and by a crash, and
# starts every processor: one that is left in VMX operation does not hear INIT.
# Each in a machine of its own. Prints TAP.
#
# usage: selftests/second_kernel.sh [--machine NAME] [--kernel NAME] [--module NAME]

# shellcheck source=selftests/bench/options.sh
. "$(dirname "$0")/bench/options.sh"
machine=svm kernel=6.1 module=nacre
take_options "machine kernel module" "$@"
cd "$top"

bail()
{
	echo "Bail out! $*"
	exit 1
}

# The machine sees this tree, and has a /tmp of its own.
work=$PWD/build/second-kernel-$machine-$kernel-$module
rm -rf "$work"
mkdir -p "$work/root" || bail "no $work"
gcc -O2 -Wall -D_GNU_SOURCE -static -o "$work/root/init" lab/test-programs/second_kernel.c ||
	bail "no program"
(cd "$work/root" && echo init | cpio -o --quiet -H newc) >"$work/initrd" ||
	bail "no initrd"

cat >"$work/leave" <<'END'
#!/bin/sh
# leave HOLD_VM HOW KERNEL INITRD
hold_vm=$1 how=$2
"$hold_vm" cpu:0 cpu:1 >/tmp/held &
until grep -qs running /tmp/held; do
	kill -0 $! || exit 1
	sleep 0.1
done
echo "first kernel: $(grep -c ^processor /proc/cpuinfo) processors"
echo 1 >/proc/sys/kernel/sysrq
exec "${4%/*}/root/init" "$how" "$3" "$4" \
	"console=ttyS0,115200 panic=-1 mitigations=off cryptomgr.notests"
END

count=0 failed=0

# goes_on HOW: the second kernel has as many processors as the first.
goes_on()
{
	local why='' log name=second_kernel/$1 vmlinuz first

	vmlinuz=$PWD/build/lab/kernels/$kernel/vmlinuz
	lab/run --machine "$machine" --kernel "$kernel" --module "$module" \
		--cpus 2 --append crashkernel=192M --timeout 900 -- \
		sh "$work/leave" "$PWD/build/selftests/hold_vm" "$1" \
		"$vmlinuz" "$work/initrd" >"$work/$1.out" 2>"$work/$1.err" ||
		true # the machine has another kernel by then
	log=$(sed -n 's/.*, log: //p' "$work/$1.err" | tail -n 1)
	first=$(sed -n 's/^first kernel: //p' "$work/$1.out")
	[[ $first ]] && grep -q "second kernel: $first" "$log/console" ||
		why=$(cat "$work/$1.out" "$work/$1.err"
		      tail -n 20 "$log/console" || true)
	[[ $1 != crash ]] || grep -q "sysrq: Trigger a crash" "$log/console" ||
		why+="this was no crash"
	count=$((count + 1))
	if [[ $why ]]; then
		failed=1
		sed 's/^/# /' <<<"$why"
		echo -n "not "
	fi
	echo "ok $count $name"
}

echo "TAP version 13"
goes_on now
goes_on crash
echo "1..$count"
exit $failed
