#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What one boot of a distribution's kernel under pearl costs, to power-off:
# exits by reason and busy time of pearl's threads, on nacre and on in-tree
# KVM, side by side. Instructions are time there, so the figures do not depend
# on what else this machine does. Fails if nacre has more exits, or is busier.
#
# usage: selftests/bench/boot_cost.sh [--kernel HOST] [--guest GUEST] [--runs N]

# shellcheck source=selftests/bench/options.sh
. "$(dirname "$0")/options.sh"
kernel=6.1 guest=6.1 runs=1
take_options "kernel guest runs" "$@"

cd "$top"
dir=$(mktemp -d "$top/build/boot_cost.XXXXXX")
trap 'rm -rf "$dir"' EXIT
lab/guest-image.sh "$dir/image"

for ((i = 0; i < runs; i++)); do
	for module in nacre kvm; do
		lab/run --kernel "$kernel" --module "$module" --count \
			--timeout 1500 -- \
			"$here/boot_cost_in_machine.sh" \
			build/userspace/pearl "$dir/image" \
			"build/lab/kernels/$guest/vmlinuz" |
			sed "s/^/$module /" >>"$dir/counts"
	done
done

echo "One boot of Debian's $guest under pearl, host $kernel, emulated AMD machine:"
echo
awk -v runs="$runs" '
BEGIN {
	name["0x60"] = "interrupt of the host"; name["0x64"] = "interrupt window"
	name["0x6e"] = "RDTSC"; name["0x72"] = "CPUID"; name["0x74"] = "IRET"
	name["0x75"] = "INT n"; name["0x76"] = "INVD"; name["0x77"] = "PAUSE"
	name["0x78"] = "HLT"; name["0x7b"] = "port I/O"; name["0x7c"] = "MSR"
	name["0x81"] = "VMMCALL"; name["0x89"] = "WBINVD"
	name["0x8d"] = "XSETBV"; name["0x400"] = "nested page fault"
	name["0x0"] = "read CR0"; name["0x10"] = "write CR0"
	name["0x4"] = "read CR4"; name["0x14"] = "write CR4"
	name["0x8"] = "read CR8"; name["0x18"] = "write CR8"
	name["0x65"] = "write CR0, but for TS and MP"
	user["2"] = "port I/O"; user["6"] = "MMIO"; user["10"] = "signal"
	user["5"] = "HLT"; user["8"] = "shutdown"
}
function hex(n,  s) {
	if (n ~ /^0x/)
		return n
	return sprintf("0x%x", n)
}
$2 == "busy" { busy[$1] += $3 / runs }
$2 == "exit" {
	reason = hex($3)
	seen[reason] = 1
	count[$1, reason] += $4 / runs
	total[$1] += $4 / runs
}
$2 == "user" { seen_user[$3] = 1; out[$1, $3] += $4 / runs }
END {
	row = "| %s | %d | %d |\n"
	print "| exit | nacre | in-tree KVM |"
	print "|---|---|---|"
	for (r in seen)
		printf "| %s | %d | %d |\n", r in name ? name[r] : r,
			count["nacre", r], count["kvm", r] | "sort -t\"|\" -k3,3nr"
	close("sort -t\"|\" -k3,3nr")
	printf row, "all", total["nacre"], total["kvm"]
	for (r in seen_user)
		printf row, "to the VMM: " (r in user ? user[r] : r),
			out["nacre", r], out["kvm", r]
	printf row, "busy, million instructions", busy["nacre"], busy["kvm"]
	exit busy["nacre"] > busy["kvm"] || total["nacre"] > total["kvm"]
}' "$dir/counts"
