#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Loading the module where it can and where it cannot work, beside in-tree
# KVM, and while processors come and go: in machines of the lab, several cases
# in each. Prints TAP.
#
# usage: load.sh [KERNEL]

set -u -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/.." && pwd)
kernel=${1:-6.1}
export LC_ALL=C.UTF-8

bail()
{
	echo "Bail out! $*"
	exit 1
}

release=$("$top/lab/setup" --print-release "$kernel" 2>/dev/null) ||
	bail "no kernel $kernel"
ko=$top/build/$release/nacre.ko
bin=$top/build/selftests
[[ -f $ko ]] || bail "no $ko"
[[ -x $bin/hold_vm && -x $bin/first_guest ]] || bail "no selftests in $bin"

work=$top/build/load-$kernel
rm -rf "$work"
mkdir -p "$work/modules" || bail "no $work"
cp "$top"/lab/test-modules/* "$work/modules"
make -s -C "/lib/modules/$release/build" M="$work/modules" modules \
	>"$work/make.log" 2>&1 || bail "labhost: see $work/make.log"

# machine NAME MACHINE CASE...
machine()
{
	local name=$1 machine=$2

	shift 2
	"$top/lab/run" --machine "$machine" --kernel "$kernel" --module none \
		--mem 1024 --timeout 900 -- env "KO=$ko" "BIN=$bin" \
		"LABHOST=$work/modules/labhost.ko" \
		"$here/load_in_machine.sh" "$@" \
		>"$work/$name.out" 2>"$work/$name.err"
	echo $? >"$work/$name.status"
}

total=0 failed=0

result()
{
	total=$((total + 1))
	if [[ -z $2 ]]; then
		echo "ok $total load/$1"
	else
		failed=$((failed + 1))
		printf '# %s\n' "${2//$'\n'/$'\n# '}"
		echo "not ok $total load/$1"
	fi
}

# What the machine said of each case, and that all of them came to an end.
report()
{
	local name=$1 case why line

	shift
	for case; do
		line=$(grep -nxE "(not )?ok $case" "$work/$name.out")
		why="there is no result"
		case ${line#*:} in
		"ok $case") why= ;;
		"not ok $case")
			why=$(head -n "${line%%:*}" "$work/$name.out" |
				tac | sed -n '2,${/^\(not \)\?ok /q;p}' | tac)
			;;
		esac
		result "$case" "$why"
	done
	why=
	[[ $(<"$work/$name.status") = 0 ]] || why=$(tail -n 40 "$work/$name.err")
	result "machine_$name" "$why"
}

report_reboot()
{
	local why='' log

	grep -q "machine ended by itself (while the command ran)" \
		"$work/reboot.err" ||
		why=$(cat "$work/reboot.out" "$work/reboot.err")
	log=$top/$(sed -n 's/.*log: //p' "$work/reboot.err" | tail -n 1)
	grep -q "reboot: Restarting system" "$log/console" ||
		why+="no restart in the log"
	result reboot_with_a_vm_running "$why"
}

# The one property that shows without loading it.
report_depends()
{
	local why

	why=$(modinfo -F depends "$ko")
	result depends_on_no_module "$why"
}

refusing=(firmware_has_disabled_svm node_that_does_not_exist
	  minor_of_kvm_is_taken)
loading=(node_nacre node_kvm no_irqchip waits_for_no_other_module)
owning=(in_tree_was_first in_tree_came_before_the_first_vm
	in_tree_comes_while_a_vm_runs)
hotplug=(cpu_goes_and_comes_while_vcpus_run cpu_goes_under_its_vcpu
	 cpu_comes_after_the_first_vm suspend)
without=(no_virtual_nmis no_unrestricted_guest)
svm=("${refusing[@]}" "${loading[@]}" "${owning[@]}" "${hotplug[@]}")

echo "TAP version 13"
echo "# kernel $kernel"
machine svm svm "${svm[@]}" &
{
	machine reboot svm reboot
	machine no_svm nosvm no_svm
	machine no_npt svm-nonpt no_nested_paging
	machine no_ept vmx-noept no_ept
	machine vmx vmx "${without[@]}"
} &
wait

report_depends
report no_svm no_svm
report no_npt no_nested_paging
report no_ept no_ept
report vmx "${without[@]}"
report svm "${svm[@]}"
report_reboot
echo "1..$total"
[[ $failed -eq 0 ]]
