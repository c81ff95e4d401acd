# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# Intel VMX with all that in-tree KVM knows to use: EPT, VPID, unrestricted
# guest, APICv, posted interrupts, PML, preemption timer, VMCS shadowing.

machine_about="Intel, EPT and newer (Bochs, Skylake-X)"
machine_emulator=bochs
machine_kvm=kvm_intel
machine_cpu=corei7_skylake_x
machine_cpus=1
