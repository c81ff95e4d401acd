#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# A program that tells costs, on nacre and on in-tree KVM, side by side: in two
# emulated machines alike, whose TSC counts instructions. Prints a table; --tsv
# writes it to a file, --svg draws it. In Bochs' machines a second table tells how many there
# are of the instructions that are dear, --counts writes it to a file. Fails
# where a figure is missing. For scripts that have set $program, $column (what
# the second column is), $title (of the picture) and $lab_options.

# shellcheck source=selftests/bench/options.sh
. "$(dirname "$0")/options.sh"
machine=svm kernel=6.1 tsv='' svg='' counts=''
take_options "machine kernel tsv svg counts" "$@"

cd "$top"
dir=$(mktemp -d "$top/build/$program.XXXXXX")
trap 'rm -rf "$dir"' EXIT
for module in nacre kvm; do
	lab/run --machine "$machine" --kernel "$kernel" --module "$module" \
		--count --timeout 3000 "${lab_options[@]}" -- \
		"build/selftests/bench/$program" \
		>"$dir/$module"
done

# Both, and the ratio; "-" where a row cannot be had, or costs nothing.
awk -F'\t' -v OFS='\t' -v column="$column" '
BEGIN { print "row", column, "nacre", "in-tree", "ratio" }
NF != 3 { next }
NR == FNR { kvm[$1, $2] = $3; next }
!(($1, $2) in kvm) { print $1, $2, "only on nacre" > "/dev/stderr"; bad = 1 }
{
	other = kvm[$1, $2]
	known = $3 ~ /^[0-9]+$/ && other ~ /^[0-9]+$/ && other > 0
	print $1, $2, $3, other, known ? sprintf("%.2f", $3 / other) : "-"
}
END { exit bad }
' "$dir/kvm" "$dir/nacre" >"$dir/tsv"

# And each dear instruction; "more" where nacre has more of it.
awk -F'\t' -v OFS='\t' -v column="$column" '
BEGIN { print "row", column, "instruction", "nacre", "in-tree", "" }
NF != 4 { next }
NR == FNR { kvm[$1, $2, $3] = $4; next }
{
	other = kvm[$1, $2, $3] + 0
	print $1, $2, $3, $4, other, ($4 > other + 0.2 ? "more" : "")
}
' "$dir/kvm" "$dir/nacre" >"$dir/counts"

[[ -z $tsv ]] || cp "$dir/tsv" "$tsv"
[[ -z $svg ]] || awk -f "$here/chart.awk" -v title="$title" \
	-v machine="$machine" -v kernel="$kernel" "$dir/tsv" >"$svg"
[[ -z $counts ]] || cp "$dir/counts" "$counts"
column -t -s "$(printf '\t')" "$dir/tsv"
if [[ $(wc -l <"$dir/counts") -gt 1 ]]; then
	echo
	column -t -s "$(printf '\t')" "$dir/counts"
fi
