// SPDX-License-Identifier: GPL-2.0
/*
 * L1 terminal fault: a guest's read through an entry that is not present sees
 * whatever of that address is in the first data cache. So nothing of the host's
 * may be there when a guest runs; Intel, "L1 Terminal Fault".
 */
#include <linux/cache.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/barrier.h>
#include <asm/msr.h>

#include "arch/x86/protect.h"
#include "arch/x86/vmx/vmx.h"

/* Twice the cache of the processors that have the flaw: it is no exact LRU. */
#define FILLER_ORDER	4
#define FILLER_SIZE	(PAGE_SIZE << FILLER_ORDER)

DEFINE_STATIC_KEY_FALSE(vmx_flushes_l1d);
static u8 *filler;	/* where microcode has no command for it */

int vmx_l1d_setup(void)
{
	unsigned int i;

	if (!nacre_protects(NACRE_PROTECT_ENTRY_L1D))
		return 0;
	if (nacre_protects(NACRE_PROTECT_ENTRY_L1D_BY_READS)) {
		filler = (void *)__get_free_pages(GFP_KERNEL, FILLER_ORDER);
		if (!filler)
			return -ENOMEM;
		/* A hypervisor below may make one of pages that are equal. */
		for (i = 0; i < FILLER_SIZE; i += PAGE_SIZE)
			memset(filler + i, 1 + i / PAGE_SIZE, PAGE_SIZE);
	}
	static_branch_enable(&vmx_flushes_l1d);
	return 0;
}

void vmx_l1d_teardown(void)
{
	free_pages((unsigned long)filler, FILLER_ORDER);
}

static void read_filler(unsigned int step)
{
	unsigned int i;

	for (i = 0; i < FILLER_SIZE; i += step)
		(void)READ_ONCE(filler[i]);
	/* All of it is in before anything later is. */
	rmb();
}

void vmx_flush_l1d(void)
{
	if (!filler) {
		wrmsrl(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
		return;
	}
	/* Walks of the page tables fill the cache, too: have them done. */
	read_filler(PAGE_SIZE);
	read_filler(L1_CACHE_BYTES);
}
