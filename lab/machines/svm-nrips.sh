# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# SVM with what QEMU lacks: nrip-save, flush-by-ASID, LBR virtualization, a
# pause filter; no decode assists, clean bits, AVIC, VGIF or TSC rate.

machine_about="AMD, nested paging, nrip-save (Bochs, Ryzen)"
machine_emulator=bochs
machine_kvm=kvm_amd
machine_cpu=ryzen
machine_cpus=1
