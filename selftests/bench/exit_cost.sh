#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What an exit costs on nacre and on in-tree KVM: see compare.sh.
#
# usage: selftests/bench/exit_cost.sh [--machine NAME] [--kernel NAME] [--tsv FILE] [--svg FILE] [--counts FILE]

# shellcheck disable=SC2034
program=exit_cost column=guest title='Cost of an exit' lab_options=()
# shellcheck source=selftests/bench/compare.sh
. "$(dirname "$0")/compare.sh"
