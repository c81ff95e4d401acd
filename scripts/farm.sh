#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Make DEST a tree of links to the module's sources, so that objects land in
# DEST.  What left the sources leaves DEST too, with what was built from it.
#
# usage: farm.sh SRC DEST

set -eu

src=$(cd "$1" && pwd)
mkdir -p "$2"
dest=$(cd "$2" && pwd)

want=$dest/.farm.want
have=$dest/.farm.have

(cd "$src" && find Kbuild include module arch \
	\( -name Kbuild -o -name '*.[chS]' \) -type f -print) |
	LC_ALL=C sort >"$want"
(cd "$dest" && find . -type l -printf '%P %l\n') |
	awk -v src="$src/" '{ print ($2 == src $1) ? $1 : $1 " stale" }' |
	LC_ALL=C sort >"$have"

LC_ALL=C comm -13 "$want" "$have" | while read -r f _; do
	base=$dest/${f%.*}
	rm -f "$dest/$f" "$base.o" "$(dirname "$base")/.$(basename "$base").o.cmd"
done

LC_ALL=C comm -23 "$want" "$have" | while read -r f; do
	mkdir -p "$dest/$(dirname "$f")"
	ln -sfn "$src/$f" "$dest/$f"
done
