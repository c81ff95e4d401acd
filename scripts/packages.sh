#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Install what a fresh Debian 12 lacks for `make check`, as root. The lab
# fetches its kernels and emulators by itself, kernel-source.sh the source.

set -eu

log=$(dirname "$0")/../build/packages.log
mkdir -p "$(dirname "$log")"

packages='bc binutils bison clang clang-format cpio flex g++ gcc git kmod
	acpica-tools groff-base libc6-dev libclang-rt-14-dev libelf-dev
	libssl-dev liburing-dev libzydis-dev make perl pkg-config shellcheck
	sparse util-linux xz-utils'

missing=
for p in $packages; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
		grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

echo "missing:$missing"
if [ "$(id -u)" -ne 0 ]; then
	echo "install them as root" >&2
	exit 1
fi

apt()
{
	DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@" \
		>>"$log" 2>&1
}

: >"$log"
# shellcheck disable=SC2086
if ! { apt update && apt install --no-install-recommends $missing; }; then
	tail -n 20 "$log" >&2
	exit 1
fi
