#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What an exit costs on nacre and on in-tree KVM: see compare.sh. --svg draws it.
#
# usage: selftests/bench/exit_cost.sh [--machine NAME] [--kernel NAME] [--tsv FILE] [--svg FILE] [--counts FILE]

# shellcheck disable=SC2034
program=exit_cost column=guest lab_options=() more_options=svg svg=''
# shellcheck source=selftests/bench/compare.sh
. "$(dirname "$0")/compare.sh"
[[ -z $svg ]] || awk -f "$here/exit_cost_chart.awk" -v machine="$machine" \
	-v kernel="$kernel" "$dir/tsv" >"$svg"
