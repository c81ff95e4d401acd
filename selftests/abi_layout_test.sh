#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# abi_layout_test.sh - build and run abi_layout, and show that it can fail
#
#   abi_layout_test.sh [KVM_DIR [OUT]]
#
# KVM_DIR: the include folder of the newest kernel's UAPI headers, by default
# the one that scripts/kernel-source.sh makes. OUT: where to build. CC, CXX:
# the compilers. Writes TAP.

here=$(cd "$(dirname "$0")" && pwd)
uapi=$here/../include/uapi
kvm_dir=${1:-$here/../build/linux-headers-uapi/include}
out=${2:-$here/../build/abi_layout}
CC=${CC:-cc}
CXX=${CXX:-c++}
export CC
tests=0
failed=0

# ok WHAT - reports the status of the command before, and returns it
ok()
{
	set -- "$?" "$1"
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests $2"
	else
		echo "not ok $tests $2"
		failed=$((failed + 1))
	fi
	return "$1"
}

# generate DIR NACRE_DIR [-o] - leaves DIR/abi_layout.inc
generate()
{
	mkdir -p "$1" &&
	"$here/gen_abi_layout.sh" ${3:+"$3"} "$2" "$kvm_dir" \
		>"$1/abi_layout.inc"
}

# compile DIR NACRE_DIR OPTION... - the comparisons against KVM_DIR
compile()
{
	dir=$1 nacre=$2
	shift 2
	"$CC" -std=gnu11 -Wall -Wextra -Werror -I"$dir" -I"$nacre" \
		-I"$kvm_dir" "$@" "$here/abi_layout.c"
}

# compare DIR NACRE_DIR [-o] - all of it; each line of TAP as a comment
compare()
{
	generate "$@" && compile "$1" "$2" -o "$1/abi_layout" &&
	"$1/abi_layout" >"$1/tap"
	set -- "$?" "$1/tap"
	[ -r "$2" ] && sed 's/^/# /' "$2"
	return "$1"
}

# accepted COMPILER LANGUAGE STANDARD WIDTH - nacre.h alone, without a warning
accepted()
{
	echo '#include <nacre.h>' |
		"$1" -x "$2" -std="$3" "$4" -fsyntax-only -Wall -Wextra \
			-pedantic -Werror -I"$uapi" -isystem "$kvm_dir" -
	ok "nacre.h as $3 $4"
}

# listed TSV - each capability in the table has the number nacre.h gives it,
# and there is at least one
listed()
{
	awk -F '\t' '
	FNR == NR {
		split($0, word, /[ \t]+/)
		if (word[1] == "#define")
			number[word[2]] = word[3]
		next
	}
	FNR > 1 && (!($2 in number) || number[$2] != $1 || $3 == "") {
		print "# " $0
		bad = 1
	}
	END { exit bad || FNR < 2 }' "$uapi/nacre.h" "$1"
}

# must_fail WHAT SED_SCRIPT EXPECTED - a nacre.h so altered is refused, and the
# complaint names EXPECTED
must_fail()
{
	dir=$out/flip
	rm -rf "$dir"
	mkdir -p "$dir"
	sed "$2" "$uapi/nacre.h" >"$dir/nacre.h"
	! cmp -s "$dir/nacre.h" "$uapi/nacre.h" &&
	! compare "$dir" "$dir" >"$dir/log" 2>&1 &&
	grep -q "$3" "$dir/log"
	ok "refused: $1" || sed 's/^/# /' "$dir/log"
}

# Without it the compiler would take the system's, and compare that.
[ -f "$kvm_dir/linux/kvm.h" ] || {
	echo "Bail out! no linux/kvm.h in $kvm_dir"
	exit 1
}
rm -rf "$out"
mkdir -p "$out" || exit 1
echo "TAP version 13"

accepted "$CC" c c11 -m64
accepted "$CC" c c11 -m32
accepted "$CXX" c++ c++17 -m64
accepted "$CXX" c++ c++17 -m32

listed "$here/../Documentation/abi-capabilities.tsv"
ok "abi-capabilities.tsv has nacre.h's numbers"
sed '$s/^[0-9]*/&1/' "$here/../Documentation/abi-capabilities.tsv" \
	>"$out/flip.tsv"
! listed "$out/flip.tsv" >/dev/null
ok "refused: another number in abi-capabilities.tsv"

compare "$out/newest" "$uapi"
ok "the same as the newest kvm.h"
compile "$out/newest" "$uapi" -m32 -ffreestanding -fsyntax-only
ok "the same as the newest kvm.h, 32 bit"

must_fail "an ioctl's number" \
	's/_IO(NACREIO, 0x80)/_IO(NACREIO, 0x81)/' NACRE_RUN
must_fail "an ioctl's direction" \
	'/define NACRE_SET_REGS/s/_IOW/_IOR/' NACRE_SET_REGS
must_fail "a capability's number" \
	'/define NACRE_CAP_SYNC_MMU/s/16/17/' NACRE_CAP_SYNC_MMU
must_fail "a structure's size" \
	'/^struct nacre_irqfd {/,/^}/s/pad\[16\]/pad[20]/' nacre_irqfd
must_fail "a member's offset" \
	'/^struct nacre_run {/,/^}/s/__u8 if_flag;/__u16 if_flag;/' nacre_run
must_fail "a member's sign" \
	'/^struct nacre_ioeventfd {/,/^}/s/__s32 fd;/__u32 fd;/' \
	nacre_ioeventfd.fd
must_fail "a bit field's place" \
	's/__u8 remote_irr:1;/__u8 remote_irr:2;/; s/reserve:7/reserve:6/' \
	remote_irr
must_fail "a string" \
	's/"KVMKVMKVM/"NACNACNAC/' NACRE_SIGNATURE
must_fail "a function" \
	's/((n) << 4)/((n) << 5)/' NACRE_MAP_GPA_RANGE_ENC_STAT
must_fail "a number that KVM has not" \
	's/^#define NACREIO .*/&\n#define NACRE_CAP_SURPRISE 999/' \
	NACRE_CAP_SURPRISE
must_fail "a number left out" \
	'/define NACRE_CAP_IRQFD_RESAMPLE/d' KVM_CAP_IRQFD_RESAMPLE
must_fail "a structure left out" \
	's/^struct nacre_pic_state {/struct nacre_other {/' kvm_pic_state
must_fail "a member left out" \
	'/^struct nacre_xcr {/,/^}/s/__u32 reserved;//' \
	kvm_xcr.reserved
must_fail "a member under another name" \
	'/^struct nacre_msi {/,/^}/s/__u32 devid/__u32 device/' \
	nacre_msi.device

# The compiler's own search path ends at the system's headers.
kvm_dir=${SYSTEM_INCLUDE:-/usr/include}
if echo '#include <linux/kvm.h>' | "$CC" -fsyntax-only -x c - 2>/dev/null; then
	compare "$out/system" "$uapi" -o
	ok "the same as the system's kvm.h"
else
	ok "the same as the system's kvm.h # SKIP no linux/kvm.h installed"
fi

echo "1..$tests"
[ "$failed" = 0 ]
