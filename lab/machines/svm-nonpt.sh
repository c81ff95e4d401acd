# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# AMD SVM without nested paging.

machine_about="AMD, no nested paging (QEMU TCG, EPYC)"
machine_emulator=qemu
machine_kvm=kvm_amd
machine_cpu=EPYC,+svm,-npt
