# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# A kernel with every checker, compiled here as debug.config says.

kernel_about="6.12 with KASAN, UBSAN, lockdep, kmemleak, fault injection"
kernel_source=linux-source-6.12
# How many times longer than with the others things take.
kernel_slower=6
