#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What an interrupt costs on nacre and on in-tree KVM: see compare.sh.
#
# usage: selftests/bench/irq_cost.sh [--machine NAME] [--kernel NAME] [--tsv FILE] [--svg FILE] [--counts FILE]

# shellcheck disable=SC2034
program=irq_cost column=side title='Cost of an interrupt'
lab_options=(--cpus 2)
# shellcheck source=selftests/bench/compare.sh
. "$(dirname "$0")/compare.sh"
