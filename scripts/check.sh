#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build and test everything, from a fresh machine on, or a part of it.

set -u -o pipefail

usage()
{
	cat <<'END'
usage: check.sh [quick | slow] [STEP...]
       check.sh [quick | slow] --list
       check.sh --help

Install what is needed, build it, and make each step of the check; slow has
those of quick, too. With STEP only these are made, whose logs then lie beside
those of earlier parts.

  --list	the steps' names, and what they are

A step's output goes to build/check/STEP.log. What failed is shown again at the
end, before the one line that counts. The verdicts of each run of all selftests
are compared with selftests/verdicts.tsv; scripts/verdicts.sh renews that.
END
}

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
exec </dev/null
unset MAKEFLAGS MAKELEVEL MFLAGS
export HOME=${HOME:-/root} LC_ALL=C.UTF-8

mode=quick
listing=
only=()
logs=build/check
jobs=$(nproc)
kernels=(6.1 6.12)

begin=$SECONDS
passed=0 failed=0 skipped=0
broken=()
running=()
runs=()
declare -A what started
tests_built=yes
declare -A module_built=([6.1]=yes [6.12]=yes [debug]=yes)

# The names of the steps that there are, while nothing is done yet.
planning=yes
plan=()

wrong()
{
	echo "check.sh: $*" >&2
	usage >&2
	exit 2
}

arguments()
{
	while [[ $# -gt 0 ]]; do
		case $1 in
		--help) usage; exit ;;
		--list) listing=yes ;;
		quick | slow) mode=$1 ;;
		-*) wrong "unknown option $1" ;;
		*) only+=("$1") ;;
		esac
		shift
	done
}

# chosen NAME WHAT: is this step to be made?
chosen()
{
	what[$1]=$2
	if [[ $planning ]]; then
		plan+=("$1")
		return 1
	fi
	[[ ${#only[@]} -eq 0 || " ${only[*]} " = *" $1 "* ]]
}

# The debug kernel is compiled: a quarter of an hour, alone.
debug_chosen()
{
	if [[ ${#only[@]} -gt 0 ]]; then
		[[ ${only[*]} = *debug* ]]
	else
		[[ $mode = slow ]]
	fi
}

# Only what this script started.
# shellcheck disable=SC2317
stop()
{
	local name

	trap - EXIT INT TERM HUP
	for name in "${running[@]}"; do
		kill -- "-$(<"$logs/$name.pid")" 2>/dev/null
	done
	exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM HUP

say()
{
	printf '[%4d s] %s\n' $((SECONDS - begin)) "$*"
}

# start NAME SECONDS COMMAND...: in the background, in a session of its own,
# so that a step that hangs is ended with all it began.
start()
{
	local name=$1 limit=$2

	shift 2
	started[$name]=$SECONDS
	running+=("$name")
	setsid timeout -k 20 "$limit" "$@" >"$logs/$name.log" 2>&1 &
	echo $! >"$logs/$name.pid"
}

# finish NAME: wait for it, count its cases.
finish()
{
	local name=$1 status=0 p f s line

	wait "$(<"$logs/$name.pid")" || status=$?
	rm "$logs/$name.pid"
	mapfile -t running < <(printf '%s\n' "${running[@]}" | grep -Fvx "$name")

	read -r p f s < <(scripts/tap-sum.sh "$status" "$logs/$name.log")
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	line="${what[$name]}: $p passed, $f failed"
	[[ $s -eq 0 ]] || line+=", $s skipped"
	say "$line, $((SECONDS - started[$name])) s"
	[[ $f -eq 0 ]] && return
	broken+=("$name")
	echo "         status $status; the end of $logs/$name.log:"
	tail -n 30 "$logs/$name.log" | cut -c -300 | sed 's/^/         | /'
	return 1
}

# step NAME WHAT SECONDS COMMAND...
step()
{
	! chosen "$1" "$2" || perform "$@"
}

# beside NAME WHAT SECONDS COMMAND...: a step that goes on while others do, until
# join NAME.
beside()
{
	chosen "$1" "$2" || return 0
	say "$2 ..."
	start "$1" "${@:3}"
}

# Who only plans may be a test in that very step.
join()
{
	[[ $planning || ! -f $logs/$1.pid ]] || finish "$1"
}

# perform NAME WHAT SECONDS COMMAND...: whatever was chosen.
perform()
{
	what[$1]=$2
	say "$2 ..."
	start "$1" "${@:3}"
	finish "$1"
}

# A step that stands or falls with another one that failed.
lost()
{
	failed=$((failed + 1))
	broken+=("$1")
	say "$2: failed, for what it needs is not there"
}

tools()
{
	local k needs=(--machine svm --machine vmx) limit=3600

	for k in "${kernels[@]}"; do
		needs+=(--kernel "$k")
	done
	if debug_chosen; then
		needs+=(--machine svm-max --kernel debug)
		limit=10800
	fi

	# The lab adds the source of newer packages to apt.
	perform packages "packages" 1800 scripts/packages.sh &&
		perform lab "the lab's machines and kernels" "$limit" \
			lab/setup "${needs[@]}" &&
		perform source "kernel source" 900 scripts/kernel-source.sh
}

# What runs in the machines; each kernel's module by itself, so that a
# machine can run if only the other kernel's does not build.
builds()
{
	local k

	perform selftests "selftests, built" 900 make -j"$jobs" -C selftests \
		O="$top/build/selftests" || tests_built=
	for k in "${kernels[@]}"; do
		build_module "$k"
	done
	! debug_chosen || build_module debug
}

build_module()
{
	local kdir

	kdir=$(lab/setup --print-build-dir "$1" 2>/dev/null)
	perform "module-$1" "module for $1" 900 make -j"$jobs" module \
		KDIR="$kdir" || module_built[$1]=
}

# tests NAME MACHINE KERNEL MODULE [OPTION...]: every selftest in one machine.
tests()
{
	local name=$1 machine=$2 kernel=$3 module=$4 limit=2000

	[[ $kernel != debug ]] || limit=10000
	if [[ -z $tests_built ]] ||
	   [[ $module = nacre && -z ${module_built[$kernel]} ]]; then
		lost "$name" "${what[$name]}"
		return
	fi
	say "${what[$name]} ..."
	runs+=("$name")
	start "$name" $((limit + 400)) lab/run --machine "$machine" \
		--kernel "$kernel" --module "$module" --timeout "$limit" \
		"${@:5}" -- selftests/run
}

# machines MODULE MACHINE/KERNEL...: two at a time keep two processors busy.
machines()
{
	local module=$1 pair name names=() options=() title line=

	shift
	if [[ $1 = --cmdline ]]; then
		options=("$1" "$2")
		line=$2
		shift 2
	fi
	for pair; do
		name=$module-${pair/\//-}${line:+-$line}
		title="selftests of $module on ${pair%/*} with ${pair#*/}"
		[[ -z $line ]] || title+=" and the distribution's kernel line"
		chosen "$name" "$title" || continue
		if [[ ${#names[@]} -eq 2 ]]; then
			join "${names[0]}"
			names=("${names[1]}")
		fi
		tests "$name" "${pair%/*}" "${pair#*/}" "$module" \
			"${options[@]}"
		names+=("$name")
	done
	for name in "${names[@]}"; do
		join "$name"
	done
}

make_image()
{
	make -C selftests/pearl O="$top/build/selftests/pearl" guest &&
		lab/guest-image.sh --add build/selftests/pearl/guest_load "$1"
}

# guests NAME WHAT KERNEL MODULE SCRIPT...: pearl and an image, for a script of
# selftests/pearl, in a machine that nothing else keeps busy: time is measured.
# $guest_machine says in which, by default svm.
guests()
{
	local name=$1 kernel=$3 module=$4 image=build/check/guest.img mem=2048

	chosen "$name" "$2" || return 0
	# Its checkers take an eighth of the memory, and the guest half a GiB.
	[[ $kernel != debug ]] || mem=3072
	if [[ $module = nacre && -z ${module_built[$kernel]} ]]; then
		lost "$name" "$2"
		return
	fi
	[[ -f $image ]] || make_image "$image" >"$logs/image.log" 2>&1
	perform "$name" "$2" 1800 lab/run --machine "${guest_machine:-svm}" \
		--kernel "$kernel" --module "$module" --mem $mem --timeout 1500 -- \
		"selftests/pearl/$5" build/userspace/pearl "$image" "${@:6}"
}

vmlinuz()
{
	echo "build/lab/kernels/$1/vmlinuz"
}

# What is typed at the console of both kernels, on $1 with kernel $2.
console()
{
	guests "console-$1-$2" "guests of pearl on $1 with $2" "$2" "$1" \
		console.sh "$(vmlinuz 6.1)" "$(vmlinuz 6.12)"
}

bochs_console()
{
	local guest_machine=$1

	guests "console-$1" "a guest of pearl on $1" 6.1 nacre console.sh \
		"$(vmlinuz 6.1)"
}

# How pearl and its guests end, on $1 with kernel $2; $3...: only these cases.
ends()
{
	guests "ends-$1-$2" "how guests end, on $1 with $2" "$2" "$1" boot.sh \
		"$(vmlinuz 6.1)" "${@:3}"
}

# What guests find in pearl's machine, on $1 with kernel $2; the guest is $3.
hardware()
{
	guests "hardware-$1-$2-$3" "the hardware of guests, $3 on $1 with $2" \
		"$2" "$1" hardware.sh "$(vmlinuz "$3")" "${@:4}"
}

# A guest under load for five minutes, on $1 with kernel $2; the guest is $3.
# What in-tree KVM's guest complained of before is nobody's fault.
under_load()
{
	local beside=$logs/under-load-kvm-$2.log options=()

	[[ $1 = kvm || ! -f $beside ]] || options=(--beside "$beside")
	guests "under-load-$1-$2" "a guest under load, $3 on $1 with $2" "$2" \
		"$1" under_load.sh "$(vmlinuz "$3")" --seconds 300 \
		"${options[@]}"
}

# Where it loads and where it refuses to: machines of its own, two at a time.
loads()
{
	local title="loading and refusing with $1"

	chosen "load-$1" "$title" || return 0
	if [[ -z $tests_built || -z ${module_built[$1]} ]]; then
		lost "load-$1" "$title"
	else
		perform "load-$1" "$title" 2400 selftests/load.sh "$1"
	fi
}

# A minute each, or ten; two at a time.
fuzzers()
{
	local time=60

	[[ $mode != slow ]] || time=600
	set -- make FUZZ_TIME="$time" -C
	beside fuzz-decode "fuzzing the decoder for $time s" 1500 \
		"$@" selftests/host O="$top/build/selftests/host" fuzz
	step fuzz-emulate "fuzzing the emulator for $time s" 1500 \
		"$@" selftests/host O="$top/build/selftests/host" fuzz-emulate
	join fuzz-decode
	beside fuzz-linux "fuzzing the loader of kernels for $time s" 1500 \
		"$@" selftests/pearl O="$top/build/selftests/pearl" fuzz
	step fuzz-virtqueue "fuzzing virtqueues for $time s" 1500 \
		"$@" selftests/pearl O="$top/build/selftests/pearl" \
		fuzz-virtqueue
	join fuzz-linux
}

# Each machine with one kernel; the others have their turn in slow().
quick()
{
	local some=()

	beside unit "tests on this machine" 1200 make unit
	step lint "lint" 1800 make lint
	join unit
	fuzzers
	step lab-selftest "the lab's own test" 3000 lab/selftest
	machines nacre svm/6.12 vmx/6.1 svm-nrips/6.12 vmx-new/6.1 svm-max/6.1 \
		vmx-nourg/6.12
	console nacre 6.12
	[[ $mode = slow ]] || some=(cpus_4 disks virtio_console)
	hardware nacre 6.12 6.1 "${some[@]}"
	ends nacre 6.12 terminated broken_pipe escape_key own_crash triple_fault
	loads 6.12
}

# Every selftest under every checker that the kernel has, those that fail
# allocations among them, a guest's boot, and whether the lab notices what the
# checkers say.
debug()
{
	step lab-debug "the lab's own test of the debug kernel" 3600 \
		lab/selftest --debug-kernel
	machines nacre svm/debug
	guests console-debug "a guest of pearl on the debug kernel" debug nacre \
		console.sh "$(vmlinuz 6.1)"
}

slow()
{
	machines nacre svm/6.1 vmx/6.12 svm-nrips/6.1 vmx-new/6.12 svm-max/6.12 \
		vmx-nourg/6.1
	machines kvm svm/6.1 svm/6.12 vmx/6.1 vmx/6.12 svm-nrips/6.1 \
		svm-nrips/6.12 vmx-new/6.1 vmx-new/6.12 svm-max/6.1 \
		svm-max/6.12 vmx-nourg/6.1 vmx-nourg/6.12
	machines nacre --cmdline default svm/6.1 vmx/6.1 svm-nrips/6.1 \
		vmx-new/6.1 svm-max/6.1 vmx-nourg/6.1
	console nacre 6.1
	console kvm 6.1
	console kvm 6.12
	hardware nacre 6.1 6.1
	hardware nacre 6.1 6.12
	hardware nacre 6.12 6.12
	hardware kvm 6.1 6.1
	hardware kvm 6.1 6.12
	under_load kvm 6.1 6.12
	under_load nacre 6.1 6.12
	under_load kvm 6.12 6.1
	under_load nacre 6.12 6.1
	bochs_console vmx
	bochs_console svm-nrips
	bochs_console vmx-nourg
	ends nacre 6.1
	ends kvm 6.1
	loads 6.1
	step kvmtool "kvmtool on nacre, if LKVM is the path of one" 3600 \
		lab/vmm --timeout 3500 -- selftests/vmm/kvmtool.sh \
		"${LKVM-none}" "{kernel}" "{image}"
	step msr-trace-nacre "MSRs around guests that take turns, nacre" 1200 \
		selftests/msr_trace.sh
	step msr-trace-kvm "MSRs around guests that take turns, in-tree" 1200 \
		selftests/msr_trace.sh --module kvm
	step second-kernel-svm "another kernel after vCPUs, svm" 2400 \
		selftests/second_kernel.sh
	step second-kernel-vmx "another kernel after vCPUs, vmx" 2400 \
		selftests/second_kernel.sh --machine vmx
	step second-kernel-vmx-6.12 "another kernel after vCPUs, vmx, 6.12" 2400 \
		selftests/second_kernel.sh --machine vmx --kernel 6.12
	step soak "memory under everything for a minute" 600 \
		lab/run --timeout 500 -- env NACRE_SOAK_SECONDS=60 \
		selftests/run memory_soak
	step mutate "faults put into the emulator are found" 1800 \
		selftests/host/mutate.sh
	debug
	step abi-diff "a million calls on nacre and in-tree KVM" 14400 \
		selftests/abi_diff.sh --calls 1000000 --timeout 14000
}

# What the runs came to is what it was. Whoever checks everything also has every
# row of the file before him.
verdicts()
{
	local logs_of_runs=("${runs[@]/%/.log}") options=()

	[[ ${#runs[@]} -gt 0 ]] || return 0
	[[ $mode = slow ]] || options=(--quick)
	[[ $mode != slow || ${#only[@]} -gt 0 ]] || options=(--all)
	perform verdicts "the runs' verdicts, beside selftests/verdicts.tsv" \
		60 scripts/verdicts.sh --compare "${options[@]}" \
		"${logs_of_runs[@]/#/$logs/}"
}

# Each step with its name, and no name that is none.
make_plan()
{
	local name

	quick
	[[ $mode != slow ]] || slow
	planning=
	for name in "${only[@]}"; do
		[[ " ${plan[*]} " = *" $name "* ]] ||
			wrong "no step '$name'; --list tells them"
	done
	[[ $listing ]] || return 0
	for name in "${plan[@]}"; do
		printf '%-27s %s\n' "$name" "${what[$name]}"
	done
	exit
}

# Each case of step $1 that failed, below the last of what it said of itself.
what_failed()
{
	awk -v step="$1" '
	/^#/ { said[n++] = $0; next }
	/^not ok / && !/# TODO/ {
		found = 1
		for (i = n > 12 ? n - 12 : 0; i < n; i++)
			print "    " substr(said[i], 1, 200)
		print "  " step ": " $0
	}
	{ n = 0 }
	END { exit !found }' "$logs/$1.log" 2>/dev/null | head -n 200
}

arguments "$@"
make_plan
# The parts' logs are kept for one another.
[[ ${#only[@]} -gt 0 ]] || rm -rf "$logs"
mkdir -p "$logs"
rm -f "$logs"/*.pid "$logs/guest.img"

if tools; then
	builds
	quick
	[[ $mode != slow ]] || slow
	verdicts
else
	lost rest "everything else"
fi

echo
if [[ ${#broken[@]} -gt 0 ]]; then
	echo "What failed:"
	for name in "${broken[@]}"; do
		what_failed "$name" || echo "  $name"
	done
fi
line="$passed passed, $failed failed"
[[ $skipped -eq 0 ]] || line+=", $skipped skipped"
echo "$line"
[[ $failed -eq 0 ]]
