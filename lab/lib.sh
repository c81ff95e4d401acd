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

# The kernel's image is there and modules can be built for it.
kernel_fetched()
{
	local dir=$lab_cache/kernels/$1 release

	[[ -s $dir/release ]] || return 1
	release=$(<"$dir/release")
	[[ -e /lib/modules/$release/build/Makefile ]]
}

# The initramfs is the last thing made.
kernel_ready()
{
	kernel_fetched "$1" &&
		[[ $lab_cache/kernels/$1/initramfs.cpio -nt $lab_dir/setup ]]
}
