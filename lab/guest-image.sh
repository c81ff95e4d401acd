#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An initramfs for a guest inside a machine of the lab: busybox and nothing
# else. It runs, and switches the guest off afterwards,
#   - the words of guest.run="..." on the kernel's command line, if there are;
#   - else SCRIPT, if one was built in;
#   - else a shell on the console, whose end it waits for. guest.greeting="..."
#     is what it says first.

set -eu -o pipefail
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"

usage()
{
	echo "usage: lab/guest-image.sh OUTPUT [SCRIPT]"
}

if [[ ${1-} = --help ]]; then
	usage
	exit
fi
if [[ $# -lt 1 || $# -gt 2 || $1 = -* ]]; then
	usage >&2
	exit 120
fi

busybox=$lab_cache/busybox/bin/busybox
[[ -x $busybox ]] || "$lab_dir/setup" --kernel 6.1
mkdir -p "$(dirname "$1")"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

mkdir "$tree"/{bin,proc,sys,dev,tmp,root}
cp "$busybox" "$tree/bin"
for name in $("$busybox" --list); do
	[[ $name = busybox ]] || ln -s busybox "$tree/bin/$name"
done
install -m 755 "$lab_dir/guest/guest-init" "$tree/init"
[[ $# -lt 2 ]] || install -m 755 "$2" "$tree/script"
(cd "$tree" && find . | LC_ALL=C sort | cpio -o --quiet -H newc -R 0:0) |
	gzip -9n >"$1.new"
mv "$1.new" "$1"
