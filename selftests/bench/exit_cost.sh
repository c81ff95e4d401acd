#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What an exit costs on nacre and on in-tree KVM, side by side: exit_cost in
# two emulated machines alike, whose TSC counts instructions. Prints a table;
# --tsv and --svg write it to files, too. Fails where a figure is missing.
#
# usage: selftests/bench/exit_cost.sh [--machine NAME] [--kernel NAME] [--tsv FILE] [--svg FILE]

set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
top=${here%/selftests/bench}
machine=svm kernel=6.1 tsv='' svg=''

while [[ $# -gt 0 ]]; do
	case $1 in
	--machine | --kernel | --tsv | --svg) ;;
	*)
		sed -n 's/^# usage: //p' "$0" >&2
		exit 2
		;;
	esac
	[[ $# -ge 2 ]] || exit 2
	printf -v "${1#--}" %s "$2"
	shift 2
done

cd "$top"
dir=$(mktemp -d "$top/build/exit_cost.XXXXXX")
trap 'rm -rf "$dir"' EXIT
for module in nacre kvm; do
	lab/run --machine "$machine" --kernel "$kernel" --module "$module" \
		--count --timeout 1500 -- build/selftests/bench/exit_cost \
		>"$dir/$module"
done

# row, guest, nacre, in-tree, ratio; "-" where the guest cannot have the row.
awk -F'\t' -v OFS='\t' '
BEGIN { print "row", "guest", "nacre", "in-tree", "ratio" }
NR == FNR { kvm[$1, $2] = $3; next }
!(($1, $2) in kvm) { print $1, $2, "only on nacre" > "/dev/stderr"; bad = 1 }
{
	other = kvm[$1, $2]
	known = $3 ~ /^[0-9]+$/ && other ~ /^[0-9]+$/ && other > 0
	print $1, $2, $3, other, known ? sprintf("%.2f", $3 / other) : "-"
}
END { exit bad }
' "$dir/kvm" "$dir/nacre" >"$dir/tsv"

[[ -z $tsv ]] || cp "$dir/tsv" "$tsv"
[[ -z $svg ]] || awk -f "$here/exit_cost_chart.awk" -v machine="$machine" \
	-v kernel="$kernel" "$dir/tsv" >"$svg"
column -t -s "$(printf '\t')" "$dir/tsv"
