# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2054,SC2154
# Machines of QEMU's TCG. The host's root file system travels by 9p, the
# command's output, the status and the kernel's log by virtio-serial ports.

qemu="qemu-system-x86_64"
emulator_initramfs=initramfs.cpio
emulator_logs=()

emulator_ready()
{
	local version

	command -v "$qemu" >/dev/null || return 1
	version=$("$qemu" --version)
	version=${version#*version }
	[[ ${version%%.*} -ge 10 ]]
}

# VGIF came after Debian 12's own QEMU. By version, so that nothing else comes
# from the newer suite: seabios is what QEMU wants newer too.
emulator_setup()
{
	local version

	version=$(newest_version qemu-system-x86 1:10.)
	[[ -n $version ]] || die 1 "setup: no QEMU 10 in apt"
	step "QEMU" apt_install "qemu-system-x86=$version" \
		"qemu-system-common=$version" "qemu-system-data=$version" \
		"seabios=$(newest_version seabios 1.)"
}

# Does it have what the options ask for?
emulator_check()
{
	:
}

# What else goes into the initramfs, below $1.
emulator_tree()
{
	:
}

# QEMU's first processor is not fit to run guests on: whichever processor
# restores the x87 state clears a flag of the first one by a plain read, change
# and write, also while that one enters or leaves a guest, and so undoes that.
# So there is one more, and the command stays away from the first. With --count
# one thread runs all of them, and they cannot meet.
spare_processor()
{
	[[ -z $opt_count && $machine_kvm = kvm_amd ]]
}

# Lines for the machine's job file: how its guest side reaches us.
emulator_job()
{
	local output=/dev/vport0p2

	! spare_processor || emulator_affinity="taskset -c 1-$opt_cpus"

	[[ -z $opt_terminal ]] || output=/dev/hvc0
	cat <<-END
	lab_root=9p
	lab_port_status=/dev/vport0p1
	lab_port_output=$output
	lab_port_kmsg=/dev/vport0p3
	END
}

# Fill emulator_command. It runs in the folder of the run and there writes
# console, status and kmsg, and the command's output into the pipe output.out.
emulator_prepare()
{
	local accel=tcg,thread=multi image processors=$opt_cpus
	local output=pipe,id=output,path=output port=virtserialport,name=output

	! spare_processor || processors=$((opt_cpus + 1))
	image=$run_kernel_dir/vmlinux
	if [[ $opt_cmdline = default ]]; then
		image=$run_kernel_dir/vmlinuz
	fi
	if [[ -n $opt_count ]]; then
		accel=tcg,thread=single
	fi
	if [[ -n $opt_terminal ]]; then
		output=stdio,id=output,signal=off,logfile=$log_dir/output
		port=virtconsole
	fi
	emulator_command=(
		"$qemu" -accel "$accel" -machine pc -cpu "$machine_cpu"
		-smp "$processors" -m "$opt_mem"
		-nodefaults -no-user-config -display none -no-reboot
		-kernel "$image" -initrd initramfs -append "$run_append"
		-chardev file,id=console,path=console
		-serial chardev:console
		-chardev file,id=status,path=status
		-chardev "$output"
		-chardev file,id=kmsg,path=kmsg
		-device virtio-serial-pci
		-device virtserialport,nr=1,chardev=status,name=status
		-device "$port,nr=2,chardev=output"
		-device virtserialport,nr=3,chardev=kmsg,name=kmsg
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap
		-device virtio-9p-pci,fsdev=root,mount_tag=root
	)
	# Idle time passes at once: it costs no instruction.
	if [[ -n $opt_count ]]; then
		emulator_command+=(-icount shift=0,sleep=off)
	fi
}

# Say what only the emulator's own log knows.
emulator_report()
{
	:
}
