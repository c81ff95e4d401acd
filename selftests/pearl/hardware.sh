#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a distribution's kernel finds in pearl's machine, and that it works
# there: each case is a guest that boots, uses something and switches itself
# off. In a machine of the lab. TAP.
#
#   lab/run --timeout 1500 -- selftests/pearl/hardware.sh PEARL IMAGE KERNEL [CASE...]
#
# IMAGE is from lab/guest-image.sh, made for that KERNEL. NACRE_DEV names the
# node.
#
# shellcheck disable=SC2016 # what the guest is to expand

set -u
pearl=$1 image=$2 kernel=$3
shift 3
wanted=("$@")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
node=${NACRE_DEV:-/dev/nacre}
boot_limit=400
count=0
failed=0

# guest WORDS OPTION...: have a guest do WORDS, which hold no double quotes;
# what it printed is in $dir/out. False if it did not switch itself off.
# It says so on its serial port, or on $console with $input to read.
guest()
{
	local words=$1

	shift
	timeout -k 5 $boot_limit "$pearl" run --device "$node" \
		--kernel "$kernel" --initrd "$image" "$@" --cmdline \
		"console=${console:-ttyS0} panic=-1 quiet retbleed=off guest.run=\"$words\"" \
		<"${input:-/dev/null}" 2>"$dir/err" | tr -d '\r' >"$dir/out"
	[[ ${PIPESTATUS[0]} -eq 0 && ! -s $dir/err ]]
}

printed()
{
	grep -qx -- "$1" "$dir/out"
}

result()
{
	local f

	count=$((count + 1))
	if [[ $1 -eq 0 ]]; then
		echo "ok $count $2 # $3 s"
		return
	fi
	failed=$((failed + 1))
	for f in "$dir"/*; do
		[[ ! -f $f ]] || tail -n 25 "$f" | sed "s|^|# ${f##*/}: |"
	done
	echo "not ok $count $2"
}

# What the guest saw in /proc/interrupts of a device: some, by pin or message.
interrupts()
{
	grep "$1" "$dir/out" | sed 's/^/# /; s/  */ /g'
	grep "$1" "$dir/out" | grep -qE '^ *[0-9]+: .*[1-9].*(IO-APIC|PCI-MSI)'
}

# A process on each of $1 processors, by itself; the kernel has no complaint.
processors()
{
	guest 'dmesg -r | grep ^.[0-3].; grep -c ^processor /proc/cpuinfo | sed s/^/cpus-/; i=0; while taskset -c $i true; do echo on-$i; i=$((i + 1)); done 2>/dev/null; grep cpu.cores /proc/cpuinfo | sort -u; echo end' \
		--cpus "$1" || return
	printed "cpus-$1" && printed "on-$(($1 - 1))" &&
		! printed "on-$1" && ! grep '^<[0-3]>' "$dir/out" &&
		grep -q "cpu cores.*: $1\$" "$dir/out" && printed end
}

cpus_1() { processors 1; }
cpus_2() { processors 2; }
cpus_4() { processors 4; }
cpus_8() { processors 8; }

# Two kilobytes that differ; how they interrupt depends on the hypervisor.
random()
{
	guest 'cat /sys/class/misc/hw_random/rng_current; dd if=/dev/hwrng bs=1024 count=2 iflag=fullblock | od -An -v -tx8 -w8 | sort -u | wc -l | sed s/^/words-/; grep virtio /proc/interrupts; echo end' || return
	printed virtio_rng.0 && printed words-256 && interrupts virtio0 &&
		printed end
}

# What the first guest reads is what is in the file, what it writes is there
# afterwards, raw and in a file system, and the next guest finds it.
disks()
{
	local sum

	mkdir -p "$dir/disks"
	head -c 8M /dev/urandom >"$dir/disks/a"
	truncate -s 8M "$dir/disks/b" "$dir/disks/c"
	mkfs.minix -3 "$dir/disks/c" >"$dir/mkfs" || return
	sum=$(md5sum <"$dir/disks/a" | cut -d ' ' -f 1)
	guest 'md5sum </dev/vda | sed s/^/a-/; echo $(cat /sys/block/vda/serial); cat /sys/block/vda/ro; cat /sys/block/vdb/ro; echo 1 >/dev/vda; dd if=/dev/vda of=/dev/vdb bs=64k; modprobe minix; mount -t minix /dev/vdc /tmp && dd if=/dev/vda bs=64k count=32 of=/tmp/file; umount /tmp; grep virtio /proc/interrupts; dmesg -r | grep ^.[0-3].; echo end' \
		--disk "$dir/disks/a,readonly" --disk "$dir/disks/b" \
		--disk "$dir/disks/c" || return
	printed "a-$sum  -" && printed pearl-0 && printed 1 && printed 0 &&
		interrupts virtio1 && interrupts virtio3 &&
		! grep '^<[0-3]>' "$dir/out" && printed end &&
		cmp "$dir/disks/a" "$dir/disks/b" || return
	sum=$(head -c 2M "$dir/disks/a" | md5sum | cut -d ' ' -f 1)
	guest 'modprobe minix; mount -t minix -o ro /dev/vda /tmp && md5sum </tmp/file | sed s/^/c-/' \
		--disk "$dir/disks/c" && printed "c-$sum  -"
}

# A line there, and many lines back.
virtio_console()
{
	local console=hvc0 input=$dir/in

	echo "a line of words" >"$dir/in"
	guest 'read -r line; echo got-$line; cat /sys/class/tty/console/active; seq 10001 12000; grep virtio /proc/interrupts; echo nothing >/dev/ttyS0' \
		--console virtio || return
	printed "got-a line of words" && printed hvc0 && interrupts virtio1 &&
		! grep -q nothing "$dir/out" &&
		grep -xE '1[0-9]{4}' "$dir/out" | cmp -s - <(seq 10001 12000)
}

# Blocks that are given back read as zeroes, their neighbours as they were.
discard()
{
	mkdir -p "$dir/disks"
	head -c 4M /dev/urandom >"$dir/disks/a"
	guest 'blkdiscard -o 1048576 -l 1048576 /dev/vda && echo end' \
		--disk "$dir/disks/a" && printed end &&
		tail -c 2M "$dir/disks/a" | tr -d '\\0' | grep -q . &&
		! tail -c +1048577 "$dir/disks/a" | head -c 1M |
			tr -d '\\0' | grep -q .
}

all=(cpus_1 cpus_2 cpus_4 cpus_8 random disks discard virtio_console)
[[ ${#wanted[@]} -gt 0 ]] || wanted=("${all[@]}")
echo "TAP version 13"
echo "1..${#wanted[@]}"
for name in "${wanted[@]}"; do
	begin=$SECONDS
	"$name"
	result $? "$name" $((SECONDS - begin))
done
[[ $failed -eq 0 ]]
