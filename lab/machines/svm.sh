# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# AMD SVM with nested paging and VGIF; no nrip-save, decode assists,
# flush-by-ASID, clean bits or TSC scaling.

machine_about="AMD, nested paging (QEMU TCG, EPYC)"
machine_emulator=qemu
machine_kvm=kvm_amd
machine_cpu=EPYC,+svm,+npt
