#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# gen_abi_layout.sh - write the comparisons that abi_layout.c makes
#
#   gen_abi_layout.sh [-o] NACRE_DIR KVM_DIR >abi_layout.inc
#
# NACRE_DIR holds nacre.h, KVM_DIR the kernel's linux/kvm.h; CC the compiler.
# Every macro, structure and member of each header must be in the other, or in
# abi_layout.allow with the reason. -o: KVM_DIR may be older than nacre.h, what
# is not there yet is counted and left out.

set -e
here=$(dirname "$0")
older=0
[ "$1" = -o ] && older=1 && shift
nacre_dir=$1
kvm_dir=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# read_header NAME DIR INCLUDE... - leaves NAME.macros and NAME.members
read_header()
{
	name=$1 dir=$2
	shift 2
	printf '#include <%s>\n' "$@" >"$tmp/$name.c"
	${CC:-cc} -E -dM -I"$dir" "$tmp/$name.c" >"$tmp/$name.macros"
	${CC:-cc} -E -P -I"$dir" "$tmp/$name.c" |
		awk -f "$here/abi_members.awk" >"$tmp/$name.members"
}

read_header nacre "$nacre_dir" nacre.h
read_header kvm "$kvm_dir" linux/kvm.h linux/kvm_para.h

awk -v older=$older -f "$here/abi_compare.awk" \
	allow="$here/abi_layout.allow" \
	"$here/abi_layout.allow" \
	"$tmp/nacre.macros" "$tmp/nacre.members" \
	"$tmp/kvm.macros" "$tmp/kvm.members" >"$tmp/inc"
sort "$tmp/inc"
