# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# A kernel that is compiled here: from the source package that kernels/NAME.sh
# names and with the configuration kernels/NAME.config. Wants lib.sh, apt.sh.

# Unpack what an x86 kernel without much hardware is made of, and all of
# Kconfig: a third of the whole.
unpack_source()
{
	local tarball=$1 dir=$2 name leave_out=() part

	name=$(basename "$tarball" .tar.xz)
	for part in drivers/{accel,clk,dma,gpu,hwmon,iio,infiniband,media} \
		    drivers/{mtd,net/ethernet,net/wireless,phy,pinctrl,scsi} \
		    drivers/{staging,usb,video} fs/{btrfs,xfs} sound \
		    'arch/[!x]*' arch/xtensa; do
		leave_out+=(--exclude="$name/$part/*.[chS]"
			    --exclude="$name/$part/*.dts*")
	done
	for part in 'Documentation/*.'{rst,txt,yaml,svg} \
		    tools/{perf,testing}; do
		leave_out+=(--exclude="$name/$part")
	done
	rm -rf "$dir" && mkdir -p "$dir" &&
		tar -C "$dir" --strip-components=1 "${leave_out[@]}" \
			-xf "$tarball" &&
		touch "$dir/.unpacked"
}

# Every line of the configuration has to come true.
configure_kernel()
{
	local config=$1 dir=$2 line lost=

	make -s -C "$dir/source" O="$dir/build" ARCH=x86_64 \
		KCONFIG_ALLCONFIG="$config" allnoconfig &&
		make -s -C "$dir/source" O="$dir/build" ARCH=x86_64 \
			olddefconfig || return
	while read -r line; do
		grep -qxF "$line" "$dir/build/.config" && continue
		lost=yes
		echo "$line: lost, it is now:"
		grep -w "${line%%=*}" "$dir/build/.config" || echo "nothing"
	done < <(grep '^CONFIG_' "$config")
	[[ -z $lost ]]
}

make_compiled()
{
	local dir=$1

	make -C "$dir/source" O="$dir/build" ARCH=x86_64 -j"$(nproc)" \
		vmlinux bzImage modules
}

# The longest steps of all: say every half minute how far it is. Objects are
# the last words of lines of the log that match $1.
tell_progress()
{
	local begin=$SECONDS objects

	while sleep 30 && kill -0 $$ 2>/dev/null; do
		objects=$(grep -E "$1" "$lab_cache/setup.log" || true)
		note "setup: $((SECONDS - begin)) s," \
			"$(wc -l <<<"$objects") objects, ${objects##* }"
	done
}

# step_with_progress PATTERN WHAT COMMAND...
step_with_progress()
{
	local teller

	tell_progress "$1" 9>&- &
	teller=$!
	step "${@:2}"
	kill "$teller"
}

install_compiled()
{
	local dir=$1 release=$2

	rm -rf "${dir:?}/lib" &&
		make -s -C "$dir/source" O="$dir/build" ARCH=x86_64 \
			INSTALL_MOD_PATH="$dir" modules_install &&
		ln -sfn build/vmlinux "$dir/vmlinux" &&
		ln -sfn build/arch/x86/boot/bzImage "$dir/vmlinuz" &&
		depmod -b "$dir" "$release"
}

# The objects stay, so that a changed configuration is compiled in less time.
compile_kernel()
{
	local dir=$1 config=$lab_dir/kernels/$2.config release
	local kernel_source tarball

	# shellcheck source=lab/kernels/debug.sh
	. "$lab_dir/kernels/$2.sh"
	tarball=/usr/src/$kernel_source.tar.xz
	rm -f "$dir/release"
	mkdir -p "$dir"
	apt_ready
	step "source of kernel $2, compiler" apt_install --no-upgrade \
		bc bison flex libelf-dev perl "$kernel_source"
	[[ $dir/source/.unpacked -nt $tarball ]] ||
		step "source of kernel $2, unpacked" \
			unpack_source "$tarball" "$dir/source"
	step "configuration of kernel $2" configure_kernel "$config" "$dir"
	release=$(make -s -C "$dir/source" O="$dir/build" ARCH=x86_64 \
		  kernelrelease)
	step_with_progress '^ +(CC|AS)( \[M\])? ' \
		"kernel $release, compiled" make_compiled "$dir"
	step "kernel $release, installed" install_compiled "$dir" "$release"
	cp "$config" "$dir/config"
	printf '%s\n' "$release" >"$dir/release"
}
