# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# Debian 12's own kernel.

kernel_about="Debian 12's stock kernel"
kernel_series=6.1
