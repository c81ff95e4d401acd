/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What keeps host and guest from reading and steering each other through the
 * processor: from its flaws and the kernel's answers to them, what is done at
 * each edge. Pure, so made-up processors can be tried on a host.
 *
 * What enter.S does on each trip is patched in by the kernel's alternatives, on
 * the very bits that the rules ask for. All else asks nacre_protects().
 */
#ifndef NACRE_X86_PROTECT_H
#define NACRE_X86_PROTECT_H

#include "module/pure.h"

/* X86_FEATURE_*, most of them what the kernel has decided on. */
#define NACRE_HOST_FEATURES(X)						\
	X(USE_IBPB) X(IBPB_ON_VMEXIT) X(IBPB_EXIT_TO_USER)		\
	X(CLEAR_CPU_BUF) X(CLEAR_CPU_BUF_VM) X(FLUSH_L1D)		\
	X(RSB_VMEXIT) X(RSB_VMEXIT_LITE) X(CALL_DEPTH) X(KERNEL_IBRS)	\
	X(CLEAR_BHB_LOOP_ON_VMEXIT) X(UNRET) X(SRSO_ALIAS)		\
	X(SRSO_BP_SPEC_REDUCE)

/* X86_BUG_* that the kernel leaves to us: it has no other answer. */
#define NACRE_HOST_BUGS(X)	X(L1TF) X(ITLB_MULTIHIT) X(DIV0)

#define NACRE_HOST_BIT(name)	NACRE_HOST_##name,
enum nacre_host_bit {
	NACRE_HOST_SVM,			/* it is AMD's extension */
	NACRE_HOST_MITIGATIONS_OFF,
	NACRE_HOST_L1TF_FLUSH,		/* l1tf= asks for it */
	NACRE_HOST_NO_L1D_FLUSH,	/* the hypervisor below does it */
	NACRE_HOST_FEATURES(NACRE_HOST_BIT)
	NACRE_HOST_BUGS(NACRE_HOST_BIT)
	NACRE_HOST_BITS
};

/*
 * ON: as long as there are VMs. STAGE2: in its tables. LOAD: another vCPU
 * comes to a CPU. ENTRY, EXIT: on each trip. USER: on the way to userspace.
 */
#define NACRE_PROTECTIONS(X)						\
	X(ON_BP_SPEC_REDUCE) X(STAGE2_SMALL_EXEC) X(LOAD_IBPB)		\
	X(ENTRY_VERW) X(ENTRY_DIVIDER) X(ENTRY_L1D) X(ENTRY_L1D_BY_READS) \
	X(EXIT_RSB) X(EXIT_RSB_ONE) X(EXIT_CALL_DEPTH) X(EXIT_IBRS)	\
	X(EXIT_IBPB) X(EXIT_UNTRAIN) X(EXIT_BHB) X(USER_IBPB)

#define NACRE_PROTECT_BIT(name)	NACRE_PROTECT_##name,
enum nacre_protect {
	NACRE_PROTECTIONS(NACRE_PROTECT_BIT)
	NACRE_PROTECT_BITS
};

/* From BIT(enum nacre_host_bit) to BIT(enum nacre_protect). */
u32 nacre_protection(u32 host);

#ifdef __KERNEL__
extern u32 nacre_protection_here;

/* At load, before the backend's setup. */
void nacre_protect_setup(void);

static inline bool nacre_protects(enum nacre_protect what)
{
	return nacre_protection_here & BIT(what);
}
#endif

#endif /* NACRE_X86_PROTECT_H */
