#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# load_in_machine.sh CASE...: what load.sh runs inside of a machine in which no
# module is loaded. One line for each case, "ok" or "not ok"; why not stands
# before it. $KO is the module, $LABHOST lab/test-modules/labhost.ko, and $BIN
# has the selftests' programs.

set -u

work=$(mktemp -d)
marks=0
holder=
in_tree=kvm_amd
! grep -q GenuineIntel /proc/cpuinfo || in_tree=kvm_intel

fail()
{
	printf '# %s\n' "$*"
	bad=1
}

# From here on what the kernel says counts.
mark()
{
	marks=$((marks + 1))
	echo "<5>load: mark $marks" >/dev/kmsg
}

# That a module from elsewhere taints the kernel is no complaint, and what
# CPU hotplug tells of itself is not ours.
said()
{
	dmesg -t | sed "1,/load: mark $marks\$/d" | grep -vE \
		"taints kernel|module verification failed|^smpboot: |^kvm-clock|no longer affine|^x86: Booting|^x86/cpu: |is now offline"
}

# one_line PATTERN: exactly one line came, and it says that.
one_line()
{
	local lines

	lines=$(said)
	if [[ $(wc -l <<<"$lines") -ne 1 ]]; then
		fail "not one line in the log:"
	elif ! grep -qE "$1" <<<"$lines"; then
		fail "the log does not say '$1':"
	else
		return
	fi
	printf '#   %s\n' "${lines//$'\n'/$'\n#   '}"
}

no_line()
{
	local lines

	lines=$(said)
	[[ -z $lines ]] || fail "the log says: $lines"
}

loaded()
{
	[[ -d /sys/module/$1 ]]
}

load()
{
	local error

	error=$(insmod "$KO" "$@" 2>&1) || fail "does not load $*: $error"
}

unload()
{
	local error

	error=$(rmmod nacre 2>&1) || fail "does not unload: $error"
}

# refused ERRNO-TEXT LOG-PATTERN PARAMETER...
refused()
{
	local errno=$1 line=$2 error

	shift 2
	mark
	if error=$(insmod "$KO" "$@" 2>&1); then
		fail "loads $*"
		unload
		return
	fi
	grep -q "$errno" <<<"$error" || fail "$error, not $errno"
	one_line "^nacre: .*$line"
	loaded nacre && fail "is there all the same"
	[[ ! -e /dev/nacre ]] || fail "has left its node"
}

labhost()
{
	insmod "$LABHOST" "$@" || fail "labhost $* does not load"
}

guest_runs()
{
	local error

	error=$("$@" "$BIN/first_guest" 2>&1 >"$work/guest") ||
		fail "no guest: $error"
	grep -q HLT "$work/guest" || fail "the guest has not halted"
}

in_tree_load()
{
	local error

	error=$(modprobe $in_tree 2>&1) || fail "$in_tree does not load: $error"
}

in_tree_unload()
{
	local error

	error=$(modprobe -r $in_tree 2>&1) || fail "$in_tree stays: $error"
	loaded kvm && fail "kvm stays"
}

# hold WHERE...: a VM that runs, until let_go.
hold()
{
	: >"$work/hold"
	# The guests get what nobody else wants.
	nice -n 19 "$BIN/hold_vm" "$@" >>"$work/hold" 2>&1 &
	holder=$!
	answer running
}

# answer WORD: the next thing that the holder says.
answer()
{
	local try

	for ((try = 0; try < 300; try++)); do
		[[ ! -s $work/hold ]] || break
		sleep 0.05
	done
	[[ $(<"$work/hold") = "$1" ]] ||
		fail "the VM: ${1} was expected: $(<"$work/hold")"
}

alive()
{
	: >"$work/hold"
	kill -USR1 "$holder" || fail "the VM's process is gone"
	answer alive
}

let_go()
{
	kill -TERM "$holder" 2>/dev/null
	wait "$holder" || fail "the VM ended with status $?"
	holder=
}

cpu()
{
	echo "$2" >"/sys/devices/system/cpu/cpu$1/online" ||
		fail "CPU $1 does not go $2"
}

### Cases: what refuses

case_no_svm()
{
	refused "Operation not supported" "has no SVM"
}

# lacking LOG-PATTERN: what in-tree KVM can do without, which finds the
# processor as it was.
lacking()
{
	refused "Operation not supported" "$1"
	in_tree_load
	in_tree_unload
}

case_no_nested_paging()
{
	lacking "SVM is there, but nested paging \(NPT\) is not"
}

case_no_ept()
{
	lacking "VMX is there, but extended page tables \(EPT\) is not"
}

case_firmware_has_disabled_svm()
{
	labhost svm_disabled=1
	refused "Operation not supported" "disabled and locked by the firmware"
	rmmod labhost
}

case_node_that_does_not_exist()
{
	refused "Invalid" "node=bogus: give nacre or kvm" node=bogus
	refused "Invalid" "node=: give nacre or kvm" node=
}

case_minor_of_kvm_is_taken()
{
	labhost minor=232
	refused "Device or resource busy" "/dev/kvm cannot be had" node=kvm
	# The other node is free.
	load
	guest_runs
	unload
	rmmod labhost
}

### Cases: what loads

# node_is PATH MAJOR MINOR: a character device, for root and the group only.
node_is()
{
	local is

	is=$(stat -c "%F %t %T %a" "$1")
	[[ $is = "character special file $2 $3 660" ]] || fail "$1 is $is"
}

case_node_nacre()
{
	local minor

	mark
	load
	no_line
	minor=$(awk '$2 == "nacre" { printf "%x", $1 }' /proc/misc)
	node_is /dev/nacre a "$minor"
	[[ ! -e /dev/kvm ]] || fail "there is a /dev/kvm"
	guest_runs
	mark
	unload
	no_line
	[[ ! -e /dev/nacre ]] || fail "has left its node"
}

case_node_kvm()
{
	load node=kvm
	node_is /dev/kvm a e8
	grep -q "^232 kvm$" /proc/misc || fail "minor 232 is not kvm"
	[[ ! -e /dev/nacre ]] || fail "there is a /dev/nacre"
	guest_runs env NACRE_DEV=/dev/kvm
	unload
}

# Split controllers are all that a VMM can have of them.
case_no_irqchip()
{
	load irqchip=0
	NACRE_DEV=/dev/nacre "$BIN/split_irqchip" >"$work/split" 2>&1 ||
		fail "split_irqchip: $(grep "^not ok" "$work/split")"
	grep -q "^ok .*without_chips\$" "$work/split" ||
		fail "the chips are there"
	unload
}

# The processor is not asked to track whether an NMI is being handled.
case_no_virtual_nmis()
{
	load vnmi=0
	NACRE_DEV=/dev/nacre "$BIN/interrupt" >"$work/nmis" 2>&1 ||
		fail "interrupt: $(grep "^not ok" "$work/nmis")"
	grep -q "^ok .*nmi_blocks_nmi\$" "$work/nmis" || fail "takes no NMIs"
	unload
}

# And is not asked to run what it has to be emulated for elsewhere.
case_no_unrestricted_guest()
{
	load unrestricted_guest=0
	NACRE_DEV=/dev/nacre "$BIN/mode_switch" >"$work/modes" 2>&1 ||
		fail "mode_switch: $(grep "^not ok" "$work/modes")"
	[[ $(NACRE_DEV=/dev/nacre "$BIN/bench/emulation_cost" | cut -f 2) -gt \
		10000 ]] || fail "the processor runs it"
	guest_runs
	unload
}

case_waits_for_no_other_module()
{
	load
	[[ -z $(ls /sys/module/nacre/holders) ]] || fail "has holders"
	grep -q "^nacre [0-9]* 0 - " /proc/modules || fail "uses other modules"
	unload
}

### Cases: whose extension it is

case_in_tree_was_first()
{
	in_tree_load
	refused "Device or resource busy" "another hypervisor owns"
	refused "Device or resource busy" "another hypervisor owns" node=kvm
	in_tree_unload
	load
	guest_runs
	unload
}

case_in_tree_came_before_the_first_vm()
{
	local error

	load
	in_tree_load
	mark
	error=$("$BIN/first_guest" 2>&1) && fail "has a VM beside in-tree KVM"
	grep -q "CREATE_VM: Device or resource busy" <<<"$error" ||
		fail "the program says: $error"
	one_line "^nacre: another hypervisor owns"
	in_tree_unload
	guest_runs
	unload
}

case_in_tree_comes_while_a_vm_runs()
{
	local error

	load
	hold cpu:0 cpu:1
	mark
	error=$(modprobe kvm_amd 2>&1) && fail "kvm_amd loads beside a VM"
	grep -q "Device or resource busy" <<<"$error" || fail "$error"
	loaded kvm_amd && fail "kvm_amd is there"
	[[ $(said | grep "^nacre:") = \
	   "nacre: kvm_amd may not be loaded while VMs run here" ]] ||
		fail "the log says: $(said)"
	alive
	guest_runs
	let_go
	modprobe -r kvm
	# With the VM the claim is gone.
	in_tree_load
	in_tree_unload
	guest_runs
	unload
}

### Cases: processors that come and go. Of three, 0 is not for guests while
### others are there: Documentation/lab.rst, "Traps".

case_cpu_goes_and_comes_while_vcpus_run()
{
	load
	hold cpu:2 wander
	for _ in 1 2 3 4 5; do
		cpu 1 0
		alive
		cpu 1 1
		alive
		guest_runs taskset -c 1
	done
	let_go
	unload
}

case_cpu_goes_under_its_vcpu()
{
	load
	hold cpu:1 cpu:2
	cpu 1 0
	alive
	guest_runs
	cpu 1 1
	alive
	guest_runs taskset -c 1
	let_go
	unload
}

case_cpu_comes_after_the_first_vm()
{
	cpu 1 0
	load
	hold cpu:2
	cpu 1 1
	guest_runs taskset -c 1
	cpu 1 0
	let_go
	cpu 1 1
	# Nothing was left on where the last VM could not see to it.
	in_tree_load
	in_tree_unload
	unload
}

case_suspend()
{
	load
	labhost
	hold cpu:0 cpu:1
	cpu 1 0
	cpu 2 0
	mark
	echo 1 >/sys/module/labhost/parameters/suspend ||
		fail "does not suspend"
	said | grep -q "labhost: suspended with SVME off" ||
		fail "the log says: $(said)"
	cpu 1 1
	cpu 2 1
	alive
	guest_runs
	guest_runs taskset -c 1
	let_go
	rmmod labhost
	unload
}

# Does not come back; load.sh looks at how the machine ends.
case_reboot()
{
	load
	hold cpu:2 wander
	alive
	reboot -f
	sleep 30
	fail "is still there"
}

### The run

for name; do
	bad=
	"case_$name"
	# Whatever is left would spoil the next case.
	[[ -z $holder ]] || { kill -9 "$holder"; wait "$holder"; holder=; } 2>/dev/null
	cpu1=/sys/devices/system/cpu/cpu1/online
	[[ ! -e $cpu1 || $(<$cpu1) = 1 ]] || cpu 1 1
	for module in nacre $in_tree kvm labhost; do
		! loaded $module || { fail "$module is left"; rmmod $module; }
	done
	echo "${bad:+not }ok $name"
done
rm -rf "$work"
