#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What somebody would do at a guest's console: a distribution's kernel boots
# under pearl to a shell, and commands are typed there one after the other.
# Times are taken outside the guest, when a line comes out. TAP.
#
#   lab/run -- selftests/pearl/console.sh PEARL IMAGE KERNEL...
#
# IMAGE is from lab/guest-image.sh, KERNEL a bzImage. NACRE_DEV names the node.
#
# shellcheck disable=SC2016 # what is typed is for the guest to expand

set -u
pearl=$1 image=$2
shift 2
node=${NACRE_DEV:-/dev/nacre}
dir=$(mktemp -d)
trap 'stop; rm -rf "$dir"' EXIT
boot_limit=300
work_limit=240
count=0
failed=0
bytes=$((100 << 20))

# The lines that came out go to a file with the time of each, in µs.
start()
{
	rm -f "$dir"/*
	part=
	mkfifo "$dir/keys" "$dir/out"
	"$pearl" run --device "$node" --kernel "$1" --initrd "$image" \
		--cmdline "console=ttyS0 panic=-1 quiet" \
		<"$dir/keys" >"$dir/out" 2>"$dir/err" &
	pid=$!
	exec 3>"$dir/keys" 4<"$dir/out"
}

stop()
{
	[[ -z ${pid-} ]] || kill -9 "$pid" 2>/dev/null
	exec 3>&- 4<&-
}

# wait_for SECONDS PATTERN: until a line matches; it is in $line, when it came
# in $came, what the pattern's group holds in $value.
wait_for()
{
	local until=$((SECONDS + $1))

	while [[ $SECONDS -lt $until ]]; do
		if ! IFS= read -r -t 5 line <&4; then
			# Of a line that is on its way.
			part+=$line
			[[ -d /proc/$pid ]] || return 1
			continue
		fi
		came=${EPOCHREALTIME/./}
		line=$part$line part=
		line=${line//$'\r'/}
		echo "$came $line" >>"$dir/seen"
		if [[ $line =~ ^$2 ]]; then
			value=${BASH_REMATCH[1]-}
			return 0
		fi
	done
	return 1
}

# The words as typed are echoed; what they print has to differ from them.
type_line()
{
	printf '%s\n' "$1" >&3
}

result()
{
	count=$((count + 1))
	if [[ $1 -eq 0 ]]; then
		echo "ok $count $2${3:+ # $3}"
		return
	fi
	failed=$((failed + 1))
	[[ -z ${3-} ]] || echo "# $3"
	tail -n 30 "$dir/seen" 2>/dev/null | sed 's/^/# seen: /'
	sed 's/^/# pearl: /' "$dir/err"
	echo "not ok $count $2"
}

boots()
{
	begin=$SECONDS
	# With quotes inside, so that the echo of the line does not match.
	type_line 'echo rea""dy'
	wait_for $boot_limit 'ready$'
	result $? "$1: boots to a shell" "$((SECONDS - begin)) s"
}

processors()
{
	type_line 'echo cp""us=$(nproc)'
	wait_for 60 'cpus=(.*)' && [[ $value = 1 ]]
	result $? "$1: sees its processor" "${value-}"
}

# The guest says when its second changes.
clock()
{
	local off=none

	type_line 's=$(date +%s); while [ $(date +%s) = $s ]; do :; done; echo ti""ck=$(date +%s)'
	if wait_for 60 'tick=([0-9]+)$'; then
		off=$(((came - value * 1000000) / 1000))
	fi
	[[ $off != none && ${off#-} -lt 1000 ]]
	result $? "$1: its date is the host's within 1 s" "off by $off ms"
}

# A sleep of nothing shows what it costs to run the program and to print.
sleep_once()
{
	local -a at=()

	took=0
	type_line 'for i in 0 0 10; do echo at""$i; sleep $i; done; echo at""end'
	while [[ ${#at[@]} -lt 4 ]] && wait_for 60 'at(0|10|end)$'; do
		at+=("$came")
	done
	if [[ ${#at[@]} -eq 4 ]]; then
		took=$(((at[3] - at[2] - (at[2] - at[1])) / 1000))
	fi
}

# Others may have had the processor when it was over: late is tried again, a
# clock that is wrong is late each time.
sleeps()
{
	local all=

	for _ in 1 2 3; do
		sleep_once
		all+="$took ms "
		[[ $took -gt 10100 ]] || break
	done
	[[ $took -ge 9900 && $took -le 10100 ]]
	result $? "$1: sleep 10 takes 10 s within 1 %" "$all"
}

sums()
{
	local want

	want=$(head -c "$bytes" /dev/zero | sha256sum | cut -d ' ' -f 1)
	begin=$SECONDS
	type_line "dd if=/dev/zero bs=65536 count=$((bytes / 65536)) 2>/dev/null | sha256sum | sed s/^/su\"\"m=/"
	wait_for $work_limit 'sum=([0-9a-f]+)' && [[ $value = "$want" ]]
	result $? "$1: 100 MiB through sha256sum" "$((SECONDS - begin)) s"
}

# Levels 0 to 3 are emergencies to errors. That its processor has no SPEC_CTRL
# is an error to a guest on a Skylake.
log()
{
	type_line 'dmesg -r | sed -n "/RETBleed: WARNING: Spectre v2 /d; s/^<[0-3]>/err""or: /p"; echo fini""shed'
	errors=
	while wait_for 60 '(error: .*|finished$)' && [[ $line != finished ]]; do
		errors+="$line; "
	done
	[[ $line = finished && -z $errors ]]
	result $? "$1: no error in its log" "$errors"
}

switches_off()
{
	local status

	type_line 'poweroff -f'
	wait_for 60 'never seen'
	wait "$pid"
	status=$?
	pid=
	[[ $status -eq 0 && ! -s $dir/err ]]
	result $? "$1: power-off is status 0" "status $status"
}

echo "TAP version 13"
for kernel; do
	name=${kernel%/vmlinuz}
	name=${name##*/}
	start "$kernel"
	boots "$name"
	processors "$name"
	clock "$name"
	sleeps "$name"
	sums "$name"
	log "$name"
	switches_off "$name"
	stop
done
echo "1..$count"
[[ $failed -eq 0 ]]
