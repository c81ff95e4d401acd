/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of controls, from what the processor says of itself. Pure: the
 * capability MSRs come in by value, so made-up ones can be tried on a host.
 */
#ifndef NACRE_VMX_CONTROLS_H
#define NACRE_VMX_CONTROLS_H

#include "module/pure.h"

enum vmx_word {
	VMX_PIN,
	VMX_PROC,
	VMX_PROC2,
	VMX_EXIT,
	VMX_ENTRY,
	VMX_WORDS
};

/*
 * The capability MSRs; Intel SDM, "VMX Capability Reporting Facility". Of the
 * words' the "true" ones where there are such; 0 for one that does not exist.
 */
struct vmx_msrs {
	u64 basic;
	u64 word[VMX_WORDS];
	u64 ept_vpid;
};

/* IA32_VMX_BASIC */
#define VMX_BASIC_REVISION	0x7fffffff
#define VMX_BASIC_HAS_TRUE	BIT_ULL(55)

struct vmx_controls {
	u32 word[VMX_WORDS];
	bool ept_accessed_dirty;
	bool ept_5_levels;
	bool apicv;		/* all that vmx/apic.c turns on and off */
	bool invept_one;	/* by root, or all of them at once */
	bool invvpid_one;	/* by identifier, likewise */
	u8 max_leaf_level;
};

/* NULL, or what this processor lacks that there is no doing without. */
const char *vmx_resolve_controls(const struct vmx_msrs *msrs,
				 struct vmx_controls *out);

#endif /* NACRE_VMX_CONTROLS_H */
