# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# The oldest: neither EPT nor VPID nor XSAVE.

machine_about="Intel, no EPT (Bochs, Penryn)"
machine_emulator=bochs
machine_kvm=kvm_intel
machine_cpu=core2_penryn_t9600
machine_cpus=1
