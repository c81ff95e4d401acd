# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# EPT and VPID; no unrestricted guest, XSAVE or TSC-deadline timer.

machine_about="Intel, EPT, no unrestricted guest (Bochs, Lynnfield)"
machine_emulator=bochs
machine_kvm=kvm_intel
machine_cpu=corei5_lynnfield_750
machine_cpus=1
