# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every program of the lab needs: where things are, how it speaks.

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
lab_top=$(dirname "$lab_dir")
lab_cache=$lab_top/build/lab

note()
{
	printf 'lab: %s\n' "$*" >&2
}

# die STATUS MESSAGE...
die()
{
	local status=$1

	shift
	note "$*"
	exit "$status"
}

# The machines or kernels there are, one name per line.
names_in()
{
	local file

	for file in "$lab_dir/$1"/*.sh; do
		basename "$file" .sh
	done
}

# Is there a lab/KIND/NAME.sh?
known()
{
	[[ $2 =~ ^[a-z0-9.-]+$ && -f $lab_dir/$1/$2.sh ]]
}

# Kernel $1 is compiled here, for there is a configuration for it.
kernel_is_compiled()
{
	[[ -f $lab_dir/kernels/$1.config ]]
}

# Where modules for kernel $1 are built: the distribution's headers, or the
# tree that it was compiled in.
kernel_build_dir()
{
	local dir=$lab_cache/kernels/$1

	if kernel_is_compiled "$1"; then
		echo "$dir/build"
	else
		echo "/lib/modules/$(<"$dir/release")/build"
	fi
}

# The kernel's image is there and modules can be built for it.
kernel_fetched()
{
	local dir=$lab_cache/kernels/$1

	[[ -s $dir/release && -e $(kernel_build_dir "$1")/Makefile ]] ||
		return 1
	! kernel_is_compiled "$1" ||
		cmp -s "$lab_dir/kernels/$1.config" "$dir/config"
}

# The initramfs of each emulator is the last thing made.
kernel_ready()
{
	local name

	kernel_fetched "$1" || return
	for name in initramfs initramfs-bochs; do
		[[ $lab_cache/kernels/$1/$name.cpio -nt $lab_dir/setup ]] ||
			return
	done
}

# The modules that $2... need, in order of insertion, once each, as paths
# below $1 without the suffix of a compression.
module_order()
{
	local root=$1 release=$2 module

	shift 2
	for module; do
		modprobe -C /dev/null -d "$root" -S "$release" \
			--show-depends "$module" || exit
	done | awk '$1 == "insmod" { print $2 }' |
		sed "s|^$root/||; s/\.xz\$//; s/\.zst\$//" | awk '!seen[$0]++'
}

# Copy module $2 of $1 to $3, decompressed: busybox knows no other.
plain_module()
{
	local from=$1/$2 to=$3

	mkdir -p "${to%/*}"
	if [[ -f $from ]]; then
		cp "$from" "$to"
	elif [[ -f $from.xz ]]; then
		xz -dc "$from.xz" >"$to"
	else
		zstd -dcq "$from.zst" >"$to"
	fi
}
