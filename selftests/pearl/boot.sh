#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# pearl with a guest, in a machine of the lab: that a distribution's kernel
# boots, how each kind of end shows, and that the terminal is put back. TAP.
#
#   lab/run --timeout 1500 -- selftests/pearl/boot.sh PEARL IMAGE KERNEL [CASE...]
#
# IMAGE is from lab/guest-image.sh. NACRE_DEV names the node.

set -u
pearl=$1 image=$2 kernel=$3
shift 3
wanted=("$@")
export dir
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
node=${NACRE_DEV:-/dev/nacre}
base="console=ttyS0 panic=-1 quiet"
early="earlyprintk=ttyS0 $base"
boot_limit=400
count=0
failed=0
begin=$SECONDS

# Run the guest with these words of kernel command line, and $cpus processors.
guest()
{
	timeout -k 5 $boot_limit "$pearl" run --device "$node" \
		--cpus "${cpus:-1}" --kernel "$kernel" --initrd "$image" --cmdline "$*"
}

result()
{
	local f

	count=$((count + 1))
	if [[ $1 -eq 0 ]]; then
		echo "ok $count $2 # $((SECONDS - begin)) s"
	else
		failed=$((failed + 1))
		for f in "$dir"/*; do
			[[ ! -f $f ]] || tail -n 25 "$f" | tr -d '\r' |
				sed "s|^|# ${f##*/}: |"
		done
		echo "not ok $count $2"
	fi
	begin=$SECONDS
	rm -f "$dir"/*
}

# A condition that has to come true before half a minute is over.
within()
{
	local try

	for ((try = 0; try < 300; try++)); do
		"$@" && return
		sleep 0.1
	done
	return 1
}

has_output()
{
	[[ -s $1 ]]
}

# What is typed before the guest can read is not lost.
shell_on_a_pipe()
{
	# shellcheck disable=SC2016
	printf 'echo sum-$((6 * 7))\nexit\n' |
		guest "$base" >"$dir/out" 2>"$dir/err"
	[[ $? -eq 0 && ! -s $dir/err ]] && grep -q '^sum-42' "$dir/out"
}

no_input()
{
	guest "$base guest.run=\"date +year-%Y\"" </dev/null \
		>"$dir/out" 2>"$dir/err"
	[[ $? -eq 0 ]] && grep -q "^year-$(date +%Y)" "$dir/out"
}

# The machine is to a kernel's liking: it logs no error, and finds PCI. That an
# emulated Skylake lacks IBRS, for retbleed, is its processor's affair.
no_errors()
{
	guest "$base retbleed=off guest.run=\"dmesg -r; ls -1 /sys/bus/pci/devices\"" \
		</dev/null 2>"$dir/err" | tr -d '\r' >"$dir/out"
	[[ ${PIPESTATUS[0]} -eq 0 ]] && grep -q '^<6>' "$dir/out" &&
		! grep '^<[0-3]>' "$dir/out" >"$dir/errors" &&
		grep -qx '0000:00:00.0' "$dir/out"
}

# More than the console's ring holds, to a reader that is in no hurry.
much_output()
{
	guest "$base guest.run=\"seq 1 20000\"" </dev/null 2>"$dir/err" |
		{ within false; cat; } | tr -d '\r' |
		grep -E '^[0-9]+$' >"$dir/seen"
	seq 1 20000 | cmp -s - "$dir/seen"
}

reset()
{
	guest "$base guest.run=\"reboot -f\"" </dev/null >"$dir/out" \
		2>"$dir/err"
	[[ $? -eq 3 ]] && grep -q 'asked for a reset' "$dir/err"
}

panic()
{
	guest "$base guest.run=\"echo c >/proc/sysrq-trigger\"" </dev/null \
		>"$dir/out" 2>"$dir/err"
	[[ $? -eq 3 ]]
}

triple_fault()
{
	guest "$base reboot=triple guest.run=\"reboot -f\"" </dev/null \
		>"$dir/out" 2>"$dir/err"
	[[ $? -eq 4 ]] && grep -q 'triple fault' "$dir/err"
}

# By the last of several processors: after a panic nobody changes to the first.
reset_elsewhere()
{
	local cpus=3

	guest "$base guest.run=\"exec taskset -c 2 sh -c 'echo c >/proc/sysrq-trigger'\"" \
		</dev/null >"$dir/out" 2>"$dir/err"
	[[ $? -eq 3 ]] && grep -q 'CPU: 2 .*' "$dir/out"
}

fault_elsewhere()
{
	local cpus=3

	guest "$base reboot=triple guest.run=\"exec taskset -c 2 sh -c 'echo c >/proc/sysrq-trigger'\"" \
		</dev/null >"$dir/out" 2>"$dir/err"
	[[ $? -eq 4 ]] && grep -q 'vCPU 2: a triple fault' "$dir/err"
}

terminated()
{
	local status

	"$pearl" run --device "$node" --kernel "$kernel" \
		--cmdline "$early" >"$dir/out" 2>"$dir/err" </dev/null &
	within has_output "$dir/out" && kill -TERM $!
	wait $!
	status=$?
	[[ $status -eq 143 && $(wc -l <"$dir/err") -eq 1 ]]
}

# Nobody reads on: pearl's failure, and said.
broken_pipe()
{
	{
		guest "$early" 2>"$dir/err" </dev/null
		echo $? >"$dir/status"
	} | head -c 1 >"$dir/out"
	[[ $(<"$dir/status") -eq 1 ]] &&
		grep -q 'standard output: Broken pipe' "$dir/err"
}

# typed WORDS...: run pearl on a terminal of its own and, once it speaks, do
# WORDS with descriptor 3 for the keyboard. The terminal's settings before and
# after, and the status, are left in files.
typed()
{
	mkfifo "$dir/keys"
	cat >"$dir/job" <<-END
	stty -a >$dir/before
	echo \$\$ >$dir/shell
	$pearl run --device $node --kernel $kernel --cmdline "$early"
	echo \$? >$dir/status
	stty -a >$dir/after
	END
	script -qc "bash $dir/job" "$dir/screen" <"$dir/keys" \
		>"$dir/out" 2>&1 &
	exec 3>"$dir/keys"
	within has_output "$dir/out" && "$@"
	within has_output "$dir/after"
	exec 3>&-
	wait $!
	rm "$dir/keys"
	cmp "$dir/before" "$dir/after" >"$dir/differ"
}

on_screen()
{
	grep -aq "$1" "$dir/out"
}

ask_and_leave()
{
	printf '\001h' >&3
	within on_screen 'Ctrl-A x  leave' && printf '\001x' >&3
}

escape_key()
{
	typed ask_and_leave && [[ $(<"$dir/status") -eq 5 ]]
}

# The only child of the job's shell is pearl.
crash_it()
{
	pkill -SEGV -P "$(<"$dir/shell")"
}

own_crash()
{
	typed crash_it && [[ $(<"$dir/status") -eq 139 ]]
}

all=(terminated broken_pipe escape_key own_crash shell_on_a_pipe no_input
     no_errors much_output reset panic triple_fault reset_elsewhere
     fault_elsewhere)
[[ ${#wanted[@]} -gt 0 ]] || wanted=("${all[@]}")
echo "TAP version 13"
echo "1..${#wanted[@]}"
for name in "${wanted[@]}"; do
	"$name"
	result $? "$name"
done
[[ $failed -eq 0 ]]
