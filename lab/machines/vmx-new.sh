# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# As vmx, with SPEC_CTRL and ARCH_CAPABILITIES.

machine_about="Intel, as vmx, SPEC_CTRL (Bochs, Ice Lake-U)"
machine_emulator=bochs
machine_kvm=kvm_intel
machine_cpu=corei7_icelake_u
machine_cpus=1
