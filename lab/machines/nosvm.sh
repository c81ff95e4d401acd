# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# A processor that cannot run guests.

machine_about="AMD, no SVM (QEMU TCG, EPYC)"
machine_emulator=qemu
machine_kvm=kvm_amd
machine_cpu=EPYC,-svm
