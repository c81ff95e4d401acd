// SPDX-License-Identifier: GPL-2.0
/* The rules from flaws and answers to what is done; no processor is asked. */
#include "arch/x86/protect.h"

#define HOST(name)	BIT(NACRE_HOST_##name)
#define L1TF_FLUSH	(HOST(L1TF) | HOST(L1TF_FLUSH))
#define NO_L1D		(HOST(SVM) | HOST(NO_L1D_FLUSH))
#define RULE(what, all, none)	{ NACRE_PROTECT_##what, all, none }

/* A flaw is only ever among @all: one more takes nothing away. */
static const struct {
	enum nacre_protect what;
	u32 all, none;
} rules[] = {
	RULE(ON_BP_SPEC_REDUCE, HOST(SVM) | HOST(SRSO_BP_SPEC_REDUCE), 0),
	RULE(STAGE2_SMALL_EXEC, HOST(ITLB_MULTIHIT),
	     HOST(SVM) | HOST(MITIGATIONS_OFF)),
	/* Where each exit does it, nothing is left to forget. */
	RULE(LOAD_IBPB, HOST(USE_IBPB), HOST(IBPB_ON_VMEXIT)),
	/*
	 * MDS, TAA and RFDS; TSA. MMIO stale data alone asks for none here:
	 * the guest reaches no device's memory.
	 */
	RULE(ENTRY_VERW, HOST(CLEAR_CPU_BUF), HOST(SVM)),
	RULE(ENTRY_VERW, HOST(SVM) | HOST(CLEAR_CPU_BUF_VM), 0),
	RULE(ENTRY_DIVIDER, HOST(SVM) | HOST(DIV0), 0),
	RULE(ENTRY_L1D, L1TF_FLUSH, NO_L1D),
	RULE(ENTRY_L1D_BY_READS, L1TF_FLUSH, NO_L1D | HOST(FLUSH_L1D)),
	/* The kernel asks for one of these two, or neither. */
	RULE(EXIT_RSB, HOST(RSB_VMEXIT), 0),
	RULE(EXIT_RSB_ONE, HOST(RSB_VMEXIT_LITE), HOST(SVM)),
	RULE(EXIT_CALL_DEPTH, HOST(CALL_DEPTH), 0),
	RULE(EXIT_IBRS, HOST(KERNEL_IBRS), HOST(SVM)),
	RULE(EXIT_IBPB, HOST(IBPB_ON_VMEXIT), 0),
	RULE(EXIT_UNTRAIN, HOST(SVM) | HOST(UNRET), 0),
	RULE(EXIT_UNTRAIN, HOST(SVM) | HOST(SRSO_ALIAS), 0),
	RULE(EXIT_BHB, HOST(CLEAR_BHB_LOOP_ON_VMEXIT), HOST(SVM)),
	RULE(USER_IBPB, HOST(IBPB_EXIT_TO_USER), 0),
};

u32 nacre_protection(u32 host)
{
	u32 done = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!(rules[i].all & ~host) && !(rules[i].none & host))
			done |= BIT(rules[i].what);
	}
	return done;
}
