#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# pearl where there is no hypervisor: what it refuses, with which exit status,
# and that it does so in one line. TAP.
#
# usage: cli.sh PEARL

set -u
pearl=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
count=0
failed=0

result()
{
	count=$((count + 1))
	if [[ $1 -eq 0 ]]; then
		echo "ok $count $2"
		return
	fi
	failed=$((failed + 1))
	sed 's/^/# /' "$dir/err" "$dir/out" | head -n 20
	echo "not ok $count $2"
}

# refuses NAME STATUS LINES WORDS ARGUMENT...: standard error has LINES lines
# of which the first has WORDS, standard output nothing.
refuses()
{
	local name=$1 status=$2 lines=$3 words=$4 got

	shift 4
	timeout 20 "$pearl" "$@" </dev/null >"$dir/out" 2>"$dir/err"
	got=$?
	[[ $got -eq $status && $(wc -l <"$dir/err") -eq $lines &&
	   ! -s $dir/out && $(head -n 1 "$dir/err") == "pearl: "*"$words"* ]]
	result $? "$name"
}

# Runs that get past the kernel meet a node that is none.
run()
{
	local name=$1 words=$2

	shift 2
	refuses "$name" 1 1 "$words" run --device /dev/null "$@"
}

# byte FILE OFFSET OCTAL...
byte()
{
	local file=$1 offset=$2

	shift 2
	printf '%b' "$(printf '\\0%s' "$@")" |
		dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
}

# A bzImage of the smallest kind: 2.15, 64-bit entry, 16M at 16M.
make_kernel()
{
	truncate -s 5120 "$1"
	byte "$1" 497 1
	byte "$1" 500 0 1
	byte "$1" 510 125 252
	printf HdrS | dd of="$1" bs=1 seek=514 conv=notrunc status=none
	byte "$1" 518 17 2
	byte "$1" 529 1
	byte "$1" 556 377 377 377 177
	byte "$1" 562 40
	byte "$1" 564 1
	byte "$1" 566 1
	byte "$1" 569 10
	byte "$1" 603 1
	byte "$1" 611 1
}

echo "TAP version 13"
refuses "no command" 2 2 "a command is wanted"
refuses "unknown command" 2 2 "unknown command 'boot'" boot
refuses "no kernel" 2 2 "wants --kernel" run
refuses "unknown option" 2 2 "unknown option --disk" run --disk x
refuses "bad size" 2 2 "not a size" run --kernel x --mem 12
refuses "more memory than there is" 2 2 "this machine has" \
	run --kernel x --mem 999999G

"$pearl" --help >"$dir/out" 2>"$dir/err" && [[ ! -s $dir/err ]] &&
	grep -q 'Exit status' "$dir/out"
result $? "--help"
[[ $("$pearl" --version 2>"$dir/err") =~ ^pearl\ [0-9.]+$ ]]
result $? "--version"
"$pearl" --help >/dev/full 2>"$dir/err"
[[ $? -eq 1 ]]
result $? "--help to a full disk"

kernel=$dir/kernel
make_kernel "$kernel"
run "a good kernel, no hypervisor" "/dev/null: no hypervisor's node" \
	--kernel "$kernel"
refuses "no node" 1 1 "/nonexistent: no such node" \
	run --kernel "$kernel" --device /nonexistent
run "no file" "$dir/none: No such file" --kernel "$dir/none"
run "a folder" "$dir: is a directory" --kernel "$dir"
run "no bzImage" "not a bzImage" --kernel "$0"
: >"$dir/empty"
run "an empty kernel" "the file is empty" --kernel "$dir/empty"
run "an empty initrd" "the file is empty" --kernel "$kernel" \
	--initrd "$dir/empty"
head -c 5000 "$kernel" >"$dir/short"
run "a truncated kernel" "truncated: 5000 bytes of 5120" --kernel "$dir/short"
cp "$kernel" "$dir/old"
byte "$dir/old" 518 4
run "an old kernel" "boot protocol 2.4 is too old" --kernel "$dir/old"
cp "$kernel" "$dir/32"
byte "$dir/32" 566 0
run "a 32-bit kernel" "no 64-bit entry" --kernel "$dir/32"
cp "$kernel" "$dir/big"
byte "$dir/big" 611 10
run "too little memory" "it needs 144M" --kernel "$dir/big" --mem 100M
truncate -s 100M "$dir/initrd"
run "an initrd that does not fit" "132M would do" --kernel "$kernel" \
	--initrd "$dir/initrd" --mem 64M
run "a long command line" "2048" --kernel "$kernel" \
	--cmdline "$(printf '%03000d' 0)"
"$pearl" run --kernel "$kernel" 2>"$dir/err" >&-
[[ $? -eq 1 && $(<"$dir/err") == *"standard output is closed" ]]
result $? "standard output closed"
echo "1..$count"
[[ $failed -eq 0 ]]
