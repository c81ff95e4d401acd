#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An initramfs for a guest inside a machine of the lab: busybox, and of each of
# the lab's stock kernels that is there the modules for what pearl's machine
# has, which are loaded as udev would. It runs, and switches the guest off afterwards,
#   - the words of guest.run="..." on the kernel's command line, if there are,
#     which may name any PROGRAM that was added;
#   - else SCRIPT, if one was built in;
#   - else a shell on the console, whose end it waits for. guest.greeting="..."
#     is what it says first.
# guest.end=reboot or =halt: how it ends where switching off takes more than
# the VMM has.

set -eu -o pipefail
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

usage()
{
	echo "usage: lab/guest-image.sh [--add PROGRAM]... OUTPUT [SCRIPT]"
}

if [[ ${1-} = --help ]]; then
	usage
	exit
fi
programs=()
while [[ $# -ge 2 && $1 = --add ]]; do
	programs+=("$2")
	shift 2
done
if [[ $# -lt 1 || $# -gt 2 || $1 = -* ]]; then
	usage >&2
	exit 120
fi

busybox=$lab_cache/busybox/bin/busybox
[[ -x $busybox ]] || "$lab_dir/setup" --kernel 6.1
mkdir -p "$(dirname "$1")"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# The modules of kernel $1, with what they need and what leads to them.
add_modules()
{
	local dir=$lab_cache/kernels/$1 release list=$tree/list name

	release=$(<"$dir/release")
	module_order "$dir" "$release" virtio_pci virtio_rng virtio_blk \
		virtio_console 9pnet_virtio 9p minix >"$list"
	while read -r name; do
		plain_module "$dir" "$name" "$tree/$name"
	done <"$list"
	rm "$list"
	mkdir -p "$tree/lib/modules/$release"
	cp "$dir/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} \
		"$tree/lib/modules/$release"
	depmod -b "$tree" "$release"
}

mkdir "$tree"/{bin,proc,sys,dev,tmp,root}
cp "$busybox" "$tree/bin"
for name in $("$busybox" --list); do
	[[ $name = busybox ]] || ln -s busybox "$tree/bin/$name"
done
for name in ${programs[@]+"${programs[@]}"}; do
	install -m 755 "$name" "$tree/bin"
done
install -m 755 "$lab_dir/guest/guest-init" "$tree/init"
[[ $# -lt 2 ]] || install -m 755 "$2" "$tree/script"
for name in $(names_in kernels); do
	if ! kernel_is_compiled "$name" && kernel_fetched "$name"; then
		add_modules "$name"
	fi
done
(cd "$tree" && find . | LC_ALL=C sort | cpio -o --quiet -H newc -R 0:0) |
	gzip -9n >"$1.$$"
mv "$1.$$" "$1"
