# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# As svm, with everything else that the emulator knows: PKU, LA57 and so on.

machine_about="AMD, nested paging, PKU, LA57 (QEMU TCG, max)"
machine_emulator=qemu
machine_kvm=kvm_amd
machine_cpu=max,vendor=AuthenticAMD
