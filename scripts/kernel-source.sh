#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What nacre uses of a kernel's source package, unpacked below build/:
#
#   build/linux-source-6.12     checkpatch, clang-format's rules, the kselftest
#                               harness
#   build/linux-headers-uapi    the user headers of that kernel
#
# Installs the package if it is missing. Quick when there is nothing to do.

set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
version=6.12
package=linux-source-$version
tarball=/usr/src/$package.tar.xz
tree=$top/build/$package
uapi=$top/build/linux-headers-uapi
stamp=$tree/.stamp

# All that `make headers` reads, and what we take.
parts='
	.clang-format Kbuild Kconfig Makefile
	arch/x86/Makefile* arch/x86/entry/syscalls/* arch/x86/include/asm/Kbuild
	arch/x86/include/uapi/* arch/x86/tools/*
	include/asm-generic/Kbuild include/uapi/*
	scripts/*
	tools/include/tools/* tools/scripts/*
	tools/testing/selftests/kselftest*
	usr/include/Makefile
'

mkdir -p "$top/build"
exec 9>"$top/build/.$package.lock"
flock 9

if [ ! -f "$tarball" ]; then
	echo "  APT     $package"
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
		-o DPkg::Lock::Timeout=600 install --no-install-recommends \
		"$package" >"$top/build/$package.log" 2>&1 || {
		tail -n 20 "$top/build/$package.log" >&2
		exit 1
	}
fi

fingerprint=$(stat -c '%n %s %Y' "$tarball"; cksum <"$0")
if [ "$(cat "$stamp" 2>/dev/null)" = "$fingerprint" ]; then
	exit 0
fi

echo "  UNPACK  $tarball (about half a minute)"
rm -rf "$tree" "$uapi" "$tree.headers"
mkdir -p "$tree" "$uapi"
set -f
for part in $parts; do
	printf '%s/%s\n' "$package" "$part"
done >"$tree.parts"
tar -C "$tree" --strip-components=1 -xf "$tarball" --wildcards -T "$tree.parts"
rm "$tree.parts"

echo "  HEADERS build/linux-headers-uapi"
make -s -C "$tree" O="$tree.headers" ARCH=x86 headers >"$tree.log" 2>&1 || {
	tail -n 20 "$tree.log" >&2
	exit 1
}
cp -r "$tree.headers/usr/include" "$uapi/include"
rm -rf "$tree.headers" "$tree.log"
echo "$fingerprint" >"$stamp"
