# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# Machines of Bochs, built here from the source package of a newer Debian with
# our patches and our instrumentation. Nothing of virtio is there: the host's
# root file system travels by 9p all the same, and with it the command's
# output, the status and the kernel's log, by the instrumentation. See
# lab/bochs/ask.h.

bochs_suite=trixie
bochs_version=3.0
bochs_options=(
	--with-nogui --enable-cpu-level=6 --enable-x86-64 --enable-vmx=2
	--enable-svm --enable-avx --enable-evex --enable-pci --enable-smp
	--enable-all-optimizations --disable-debugger --disable-plugins
	--disable-docbook --enable-instrumentation=instrument/lab
	# It writes to the log from a signal, whoever holds its lock.
	--disable-show-ips
)

emulator_initramfs=initramfs-bochs.cpio
emulator_logs=(bochs.log msrs files.log)

# Instructions in a second of the machine, about as many as it takes outside.
bochs_ips=100000000
# What the processor models say of their TSC is true of the real ones.
emulator_words="tsc=reliable tsc_early_khz=$((bochs_ips / 1000))"

# Several trees may share the cache: each finds what its own files make.
bochs_dir()
{
	local sum

	sum=$(cd "$lab_dir" && {
		printf '%s\n' "$bochs_version" "${bochs_options[@]}"
		cat bochs/*.patch bochs/ask.h bochs/instrument/*
	} | sha256sum)
	echo "$lab_cache/bochs/${sum:0:12}"
}

diod_dir()
{
	echo "$lab_cache/diod"
}

# A run that waits for its turn keeps the one it found.
emulator_ready()
{
	bochs_found=$(bochs_dir)/bochs
	[[ -x $bochs_found && -x $(diod_dir)/usr/sbin/diod &&
	   -f /usr/share/bochs/BIOS-bochs-latest &&
	   -f /usr/share/vgabios/vgabios.bin ]]
}

# The server of files is unpacked only: its package would start one.
emulator_setup()
{
	step "Bochs' BIOS, compiler" apt_install --no-upgrade \
		binutils bochsbios g++ gcc make patch vgabios xz-utils \
		libcap2 liblua5.1-0 libmunge2 libwrap0
	[[ -x $(diod_dir)/usr/sbin/diod ]] ||
		step "server of files" unpack_package diod "$(diod_dir)"
	[[ -x $(bochs_dir)/bochs ]] || build_bochs "$(bochs_dir)"
}

build_bochs()
{
	local dir=$1 source=$lab_cache/bochs/source

	compgen -G "$source/bochs_$bochs_version*.orig.tar.*" >/dev/null ||
		step "Bochs, source" fetch_source \
			"$bochs_suite" bochs "$bochs_version" "$source"
	rm -rf "$dir"
	mkdir -p "$dir"
	step "Bochs, patched" patch_bochs "$source" "$dir/build"
	step "Bochs, configured" configure_bochs "$dir/build"
	step_with_progress '^g[+c][+c] .*\.o$' "Bochs, compiled" \
		make -C "$dir/build" -j"$(nproc)"
	mv "$dir/build/bochs" "$dir/bochs"
	rm -r "$dir/build"
}

patch_bochs()
{
	local source=$1 dir=$2 patch

	mkdir -p "$dir" &&
		tar -C "$dir" --strip-components=1 \
			-xf "$source/bochs_$bochs_version"*.orig.tar.* &&
		mkdir "$dir/instrument/lab" &&
		cp "$lab_dir"/bochs/instrument/* "$lab_dir/bochs/ask.h" \
			"$dir/instrument/lab" || return
	for patch in "$lab_dir"/bochs/*.patch; do
		patch -d "$dir" -p1 <"$patch" || return
	done
}

configure_bochs()
{
	(cd "$1" && ./configure "${bochs_options[@]}" CFLAGS="-O3 -pipe" \
		CXXFLAGS="-O3 -pipe")
}

emulator_check()
{
	[[ -z $opt_terminal ]] ||
		usage_error "--terminal: not on machine $opt_machine"
	[[ $opt_mem -ge 512 ]] || usage_error "--mem: at least 512 here"
}

emulator_job()
{
	cat <<-END
	lab_root=files
	lab_host=/run/lab/host
	END
}

# What else goes into the initramfs.
emulator_tree()
{
	gcc -O2 -static -o "$1/host" "$lab_dir/bochs/host.c" ||
		die 121 "cannot compile lab/bochs/host.c"
}

# Where things are put in the machine's memory.
bochs_kernel_at=0x1000000
bochs_initrd_at=0x10000000

# Make the file kernel and print where it is entered: what is decompressed
# already boots sooner, but chooses no place for itself.
bochs_kernel()
{
	local image=$run_kernel_dir/vmlinuz elf=$run_kernel_dir/vmlinux sects

	if [[ $opt_cmdline = fast ]]; then
		objcopy -O binary "$elf" kernel
		# e_entry
		od -An -tu8 -j24 -N8 "$elf" | tr -d ' '
	else
		sects=$(od -An -tu1 -j497 -N1 "$image")
		tail -c +$(((sects + 1) * 512 + 1)) "$image" >kernel
		echo $((bochs_kernel_at + 0x200))
	fi
}

# The option ROM, and what it leaves for the kernel to find.
bochs_boot()
{
	local entry sum

	entry=$(bochs_kernel)
	printf '%s' "$run_append" >cmdline
	gcc -c -o boot.o -DENTRY="$entry" -DINITRD="$bochs_initrd_at" \
		-DINITRD_SIZE="$(stat -c %s initramfs)" \
		-DVMLINUZ="\"$run_kernel_dir/vmlinuz\"" \
		-DCMDLINE='"cmdline"' "$lab_dir/bochs/boot.S"
	objcopy -O binary -j .params boot.o params
	objcopy -O binary -j .rom boot.o rom
	sum=$(od -An -v -tu1 rom |
	      awk '{ for (i = 1; i <= NF; i++) sum += $i }
		   END { printf "\\%03o", (256 - sum % 256) % 256 }')
	# shellcheck disable=SC2059 # one byte
	printf "$sum" | dd of=rom bs=1 seek=511 conv=notrunc status=none
}

emulator_prepare()
{
	(cd "$run_dir" && bochs_boot) || die 121 "cannot make the boot files"
	cat >"$run_dir/bochsrc" <<-END
	display_library: nogui
	cpu: model=$machine_cpu, count=$opt_cpus, ips=$bochs_ips, reset_on_triple_fault=1
	memory: guest=$opt_mem, host=$opt_mem, block_size=8192
	romimage: file=/usr/share/bochs/BIOS-bochs-latest
	vgaromimage: file=/usr/share/vgabios/vgabios.bin
	optromimage1: file=rom, address=0xd0000
	optramimage1: file=kernel, address=$bochs_kernel_at
	optramimage2: file=params, address=0x100000
	optramimage3: file=initramfs, address=$bochs_initrd_at
	ata0: enabled=0
	com1: enabled=1, mode=file, dev=console
	clock: sync=none, time0=utc
	panic: action=report
	error: action=report
	info: action=ignore
	log: bochs.log
	END
	emulator_command=(
		"$lab_dir/bochs/machine" "$bochs_found"
		"$(diod_dir)/usr/sbin/diod" --foreground --rfdno 0 --wfdno 1
		--no-auth --no-userdb --config-file /dev/null
		--export / --export-opts ro --logdest stderr
	)
}

# From Bochs' log on stdin: why VM entries failed, which no processor tells, and
# how often.
failed_entries()
{
	local what="VMFAIL|VMENTER FAIL|VMABORT|VMRUN|SvmInjectEvents"

	sed -nE "s/^[0-9]+e\[CPU[0-9]+ *\] (($what|VMX (Load|Store)MSRs).*)/\1/p" |
		sort | uniq -c | sort -rn | head -n 20 |
		sed -E 's/^ *([0-9]+) (.*)/\2 (\1 times)/'
}

emulator_report()
{
	local line

	[[ -f $log_dir/bochs.log ]] || return 0
	failed_entries <"$log_dir/bochs.log" | while read -r line; do
		note "bochs: $line"
	done
}
