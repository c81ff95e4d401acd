#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# pearl where there is no hypervisor: what it refuses, with which exit status,
# and that it does so in one line. TAP.
#
# usage: cli.sh PEARL

set -u
pearl=$1
manual=$(cd "$(dirname "$0")/../.." && pwd)/Documentation/pearl.1
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

# refuses NAME STATUS WORDS ARGUMENT...: standard error has one line, with
# WORDS, standard output nothing.
refuses()
{
	local name=$1 status=$2 words=$3 got

	shift 3
	timeout 20 "$pearl" "$@" </dev/null >"$dir/out" 2>"$dir/err"
	got=$?
	[[ $got -eq $status && $(wc -l <"$dir/err") -eq 1 &&
	   ! -s $dir/out && $(<"$dir/err") == "pearl: "*"$words"* ]]
	result $? "$name"
}

# Runs that get past the kernel meet a node that is none.
run()
{
	local name=$1 words=$2

	shift 2
	refuses "$name" 1 "$words" run --device /dev/null "$@"
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
allowed="run takes --kernel FILE, --initrd FILE"
refuses "no command" 2 "a command is wanted: run, --help, --version"
refuses "unknown command" 2 "unknown command 'boot': there is run" boot
refuses "no kernel" 2 "wants --kernel FILE" run
refuses "unknown option" 2 "unknown option --tape: $allowed" run --tape x
refuses "unexpected argument" 2 "unexpected argument 'x': $allowed" run x
refuses "an option without a value" 2 "--mem wants a value: --mem SIZE" \
	run --mem
refuses "an option twice" 2 "--mem is given twice" run --mem 1G --mem 1G
refuses "an argument too many" 2 "--version takes no argument" --version x
refuses "bad size" 2 "not a size: a number with K, M or G" \
	run --kernel x --mem 12
refuses "too small a size" 2 "at least 64M" run --kernel x --mem 1M
refuses "more memory than there is" 2 "this machine has" \
	run --kernel x --mem 999999G
refuses "no console" 2 "--console vga: neither serial nor virtio" \
	run --kernel x --console vga
refuses "no processors" 2 "--cpus 0: not a number from 1 to 64" \
	run --kernel x --cpus 0
refuses "an option of two lines" 2 "unknown option --ta?pe: $allowed" \
	run $'--ta\npe'

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
refuses "no node" 1 "/nonexistent: no such node" \
	run --kernel "$kernel" --device /nonexistent
refuses "a folder for a node" 1 "$dir: Is a directory" \
	run --kernel "$kernel" --device "$dir"
refuses "a file for a node" 1 "$kernel: no hypervisor's node" \
	run --kernel "$kernel" --device "$kernel"
run "no file" "$dir/none: No such file" --kernel "$dir/none"
run "no initrd" "$dir/none: No such file" --kernel "$kernel" \
	--initrd "$dir/none"
run "a name of two lines" "/no?such: No such file" --kernel $'/no\nsuch'
run "a folder" "$dir: is a directory" --kernel "$dir"
run "a folder for an initrd" "$dir: is a directory" --kernel "$kernel" \
	--initrd "$dir"
run "a device" "/dev/zero: is no regular file" --kernel /dev/zero
run "no bzImage" "not a bzImage" --kernel "$0"
: >"$dir/empty"
run "an empty kernel" "the file is empty" --kernel "$dir/empty"
run "an empty initrd" "the file is empty" --kernel "$kernel" \
	--initrd "$dir/empty"
run "no disk" "$dir/none: No such file" --kernel "$kernel" --disk "$dir/none"
run "a folder for a disk" "$dir: Is a directory" --kernel "$kernel" \
	--disk "$dir"
run "an empty disk" "$dir/empty: 0 bytes: not a number of sectors of 512" \
	--kernel "$kernel" --disk "$dir/empty"
run "counters that cannot be kept" "$dir/no/file: No such file" \
	--kernel "$kernel" --stats "$dir/no/file"
truncate -s 1M "$dir/disk"
run "a disk twice" "$dir/disk: is in use as a disk" --kernel "$kernel" \
	--disk "$dir/disk" --disk "$dir/disk"
run "a disk twice, to read" "/dev/null: no hypervisor's node" \
	--kernel "$kernel" --disk "$dir/disk,readonly" \
	--disk "$dir/disk,readonly"
head -c 5000 "$kernel" >"$dir/short"
run "a truncated kernel" "truncated: 5000 bytes of 5120" --kernel "$dir/short"
cp "$kernel" "$dir/old"
byte "$dir/old" 518 4
run "an old kernel" "$dir/old: boot protocol 2.4 is too old" --kernel "$dir/old"
printf '\177ELF' >"$dir/elf"
run "a vmlinux" "$dir/elf: not a bzImage but an ELF file" --kernel "$dir/elf"
head -c 600 "$kernel" >"$dir/head"
run "half a header" "truncated within its setup header" --kernel "$dir/head"
cp "$kernel" "$dir/damaged"
byte "$dir/damaged" 560 1
run "a damaged kernel" "damaged: its kernel_alignment is" \
	--kernel "$dir/damaged"
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

# Root may read anything: whoever is left then is nobody.
refuses_nobody()
{
	local real=$pearl

	if [[ $EUID -eq 0 ]]; then
		pearl=$dir/as-nobody
	fi
	refuses "$@"
	pearl=$real
}

cp "$pearl" "$dir/pearl"
cat >"$dir/as-nobody" <<-END
	#!/bin/sh
	exec setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/pearl" "\$@"
END
chmod 755 "$dir" "$dir/pearl" "$dir/as-nobody"
cp "$kernel" "$dir/mine"
chmod 000 "$dir/mine"
refuses_nobody "a kernel that may not be read" 1 "$dir/mine: Permission denied" \
	run --kernel "$dir/mine"
refuses_nobody "an initrd that may not be read" 1 \
	"$dir/mine: Permission denied" \
	run --kernel "$kernel" --initrd "$dir/mine"
refuses_nobody "a node that may not be opened" 1 \
	"$dir/mine: permission denied; its group and mode say who" \
	run --kernel "$kernel" --device "$dir/mine"

"$pearl" run --kernel "$kernel" 2>"$dir/err" >&-
[[ $? -eq 1 && $(<"$dir/err") == *"standard output is closed" ]]
result $? "standard output closed"
"$pearl" run --kernel "$kernel" 2>"$dir/err" 1</dev/null
[[ $? -eq 1 && $(<"$dir/err") == *"standard output is open for reading only" ]]
result $? "standard output for reading"
"$pearl" run --kernel "$kernel" --device /dev/null >"$dir/out" 2>&-
[[ $? -eq 1 && ! -s $dir/out ]]
result $? "standard error closed"

# What the manual and --help have to say to each other.
"$pearl" --help >"$dir/help"
plain()
{
	sed 's/\\-/-/g; s/\\~/ /g; s/^\.[A-Z]* *//' "$manual"
}
options()
{
	grep -oE -- '--[a-z]+' | sort -u
}
# --name=value is how any of them may be written.
diff <(options <"$dir/help") <(plain | options | grep -vx -- --name) \
	>"$dir/out"
result $? "options of the manual"
sed -n 's/^  \([0-9]\|128 + N\)  .*/\1/p' "$dir/help" | tr -d ' ' >"$dir/err"
sed -n '/^\.SH EXIT/,/^\.SH FILES/s/^\.BI* \([0-9]*+*\)\( N\)*$/\1\2/p' \
	"$manual" | tr -d ' ' | diff "$dir/err" - >"$dir/out" &&
	[[ $(wc -l <"$dir/err") -eq 7 ]]
result $? "exit statuses of the manual"
grep -oE '(default: [^,)]*)' "$dir/help" | sed 's/default: //' >"$dir/err"
[[ $(wc -l <"$dir/err") -eq 5 ]] && plain >"$dir/out" &&
	! while read -r value; do
		grep -qF -- "$value" "$dir/out" || echo "$value"
	done <"$dir/err" | grep .
result $? "defaults of the manual"
groff -man -Tutf8 -ww -z "$manual" >"$dir/out" 2>"$dir/err" &&
	[[ ! -s $dir/err ]]
result $? "the manual's markup"
echo "1..$count"
[[ $failed -eq 0 ]]
