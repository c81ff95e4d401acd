// SPDX-License-Identifier: GPL-2.0
/*
 * What this module can do, as NACRE_CHECK_EXTENSION tells it. A capability
 * is 0 until the whole of it works. Documentation/abi-capabilities.tsv lists
 * those that are not.
 */
#include "arch/x86/arch.h"

long nacre_capability(struct nacre_vm *vm, unsigned long number)
{
	switch (number) {
	case NACRE_CAP_USER_MEMORY:
	case NACRE_CAP_USER_MEMORY2:
	case NACRE_CAP_DESTROY_MEMORY_REGION_WORKS:
	case NACRE_CAP_JOIN_MEMORY_REGIONS_WORKS:
	case NACRE_CAP_SYNC_MMU:
	case NACRE_CAP_CHECK_EXTENSION_VM:
	case NACRE_CAP_INTERNAL_ERROR_DATA:
	case NACRE_CAP_READONLY_MEM:
	case NACRE_CAP_IRQFD:
	case NACRE_CAP_IOEVENTFD:
	case NACRE_CAP_IOEVENTFD_NO_LENGTH:
	case NACRE_CAP_IOEVENTFD_ANY_LENGTH:
	case NACRE_CAP_COALESCED_PIO:
	case NACRE_CAP_IMMEDIATE_EXIT:
	case NACRE_CAP_ENABLE_CAP_VM:
	case NACRE_CAP_BINARY_STATS_FD:
	case NACRE_CAP_HALT_POLL:
		return 1;
	case NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2:
		return NACRE_DIRTY_LOG_MANUAL_PROTECT_ENABLE |
		       NACRE_DIRTY_LOG_INITIALLY_SET;
	case NACRE_CAP_COALESCED_MMIO:
		return NACRE_COALESCED_MMIO_PAGE_OFFSET;
	case NACRE_CAP_NR_MEMSLOTS:
		return NACRE_USER_SLOTS;
	default:
		return nacre_arch_capability(vm, number);
	}
}
