# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# The newer kernel that Debian offers to Debian 12.

kernel_about="bookworm-backports' stock kernel"
kernel_series=6.12
