// SPDX-License-Identifier: GPL-2.0
/*
 * What is done against a processor's flaws, by made-up processors: the bits
 * are those that a kernel sets for them, by its defaults unless said.
 */
#include "host_test.h"

#include "arch/x86/protect.h"

#define H(name)		BIT(NACRE_HOST_##name)
#define P(name)		BIT(NACRE_PROTECT_##name)

#define ALL_HOST	(BIT(NACRE_HOST_BITS) - 1)
#define FLAWS		(H(L1TF) | H(ITLB_MULTIHIT) | H(DIV0))
/* What takes something away: all of what is said in the rules to do so. */
#define TAKES		(H(SVM) | H(MITIGATIONS_OFF) | H(NO_L1D_FLUSH) | \
			 H(FLUSH_L1D) | H(IBPB_ON_VMEXIT))

/* Retpolines, or IBRS that the kernel writes at each of its entries. */
#define RETPOLINE	(H(USE_IBPB) | H(RSB_VMEXIT))
#define IBRS		(RETPOLINE | H(KERNEL_IBRS))
#define VMSCAPE		H(IBPB_EXIT_TO_USER)
#define L1TF		(H(L1TF) | H(L1TF_FLUSH))

static const struct {
	const char *name;
	u32 host, done;
} processors[] = {
	{ "Nehalem, old microcode", L1TF | H(ITLB_MULTIHIT) | H(RSB_VMEXIT),
	  P(EXIT_RSB) | P(ENTRY_L1D) | P(ENTRY_L1D_BY_READS) |
	  P(STAGE2_SMALL_EXEC) },
	{ "Haswell", L1TF | H(FLUSH_L1D) | H(CLEAR_CPU_BUF) | RETPOLINE |
	  VMSCAPE | H(ITLB_MULTIHIT),
	  P(LOAD_IBPB) | P(ENTRY_VERW) | P(ENTRY_L1D) | P(EXIT_RSB) |
	  P(USER_IBPB) | P(STAGE2_SMALL_EXEC) },
	{ "Skylake client", L1TF | H(FLUSH_L1D) | H(CLEAR_CPU_BUF) | IBRS |
	  VMSCAPE | H(ITLB_MULTIHIT),
	  P(LOAD_IBPB) | P(ENTRY_VERW) | P(ENTRY_L1D) | P(EXIT_RSB) |
	  P(EXIT_IBRS) | P(USER_IBPB) | P(STAGE2_SMALL_EXEC) },
	{ "Skylake client, l1tf=off", H(L1TF) | H(FLUSH_L1D) |
	  H(CLEAR_CPU_BUF) | IBRS | VMSCAPE | H(ITLB_MULTIHIT),
	  P(LOAD_IBPB) | P(ENTRY_VERW) | P(EXIT_RSB) | P(EXIT_IBRS) |
	  P(USER_IBPB) | P(STAGE2_SMALL_EXEC) },
	{ "Skylake client, retbleed=stuff", L1TF | H(FLUSH_L1D) |
	  H(CLEAR_CPU_BUF) | RETPOLINE | H(CALL_DEPTH) | VMSCAPE |
	  H(ITLB_MULTIHIT),
	  P(LOAD_IBPB) | P(ENTRY_VERW) | P(ENTRY_L1D) | P(EXIT_RSB) |
	  P(EXIT_CALL_DEPTH) | P(USER_IBPB) | P(STAGE2_SMALL_EXEC) },
	{ "Skylake client, retbleed=ibpb: the kernel drops the filling",
	  L1TF | H(FLUSH_L1D) | H(CLEAR_CPU_BUF) | H(USE_IBPB) |
	  H(KERNEL_IBRS) | H(IBPB_ON_VMEXIT) | H(ITLB_MULTIHIT),
	  P(ENTRY_VERW) | P(ENTRY_L1D) | P(EXIT_IBRS) | P(EXIT_IBPB) |
	  P(STAGE2_SMALL_EXEC) },
	{ "Skylake client, mitigations=off",
	  H(L1TF) | H(FLUSH_L1D) | H(ITLB_MULTIHIT) | H(MITIGATIONS_OFF), 0 },
	{ "Skylake below another hypervisor", L1TF | H(NO_L1D_FLUSH) |
	  H(CLEAR_CPU_BUF) | IBRS | VMSCAPE,
	  P(LOAD_IBPB) | P(ENTRY_VERW) | P(EXIT_RSB) | P(EXIT_IBRS) |
	  P(USER_IBPB) },
	{ "Cascade Lake, with TSX", H(FLUSH_L1D) | H(CLEAR_CPU_BUF) |
	  H(USE_IBPB) | H(RSB_VMEXIT_LITE) | VMSCAPE |
	  H(CLEAR_BHB_LOOP_ON_VMEXIT),
	  P(LOAD_IBPB) | P(ENTRY_VERW) | P(EXIT_RSB_ONE) | P(EXIT_BHB) |
	  P(USER_IBPB) },
	{ "Ice Lake: MMIO stale data alone", H(FLUSH_L1D) | H(USE_IBPB) |
	  H(RSB_VMEXIT_LITE) | VMSCAPE | H(CLEAR_BHB_LOOP_ON_VMEXIT),
	  P(LOAD_IBPB) | P(EXIT_RSB_ONE) | P(EXIT_BHB) | P(USER_IBPB) },
	{ "Alder Lake: BHI_DIS_S stays set in the guest", H(FLUSH_L1D) |
	  H(USE_IBPB) | H(RSB_VMEXIT_LITE) | VMSCAPE | H(CLEAR_CPU_BUF),
	  P(LOAD_IBPB) | P(ENTRY_VERW) | P(EXIT_RSB_ONE) | P(USER_IBPB) },
	{ "Zen 1", H(SVM) | RETPOLINE | H(UNRET) | VMSCAPE | H(DIV0),
	  P(LOAD_IBPB) | P(ENTRY_DIVIDER) | P(EXIT_RSB) | P(EXIT_UNTRAIN) |
	  P(USER_IBPB) },
	{ "Zen 2", H(SVM) | RETPOLINE | H(UNRET) | VMSCAPE,
	  P(LOAD_IBPB) | P(EXIT_RSB) | P(EXIT_UNTRAIN) | P(USER_IBPB) },
	{ "Zen 2, retbleed=ibpb", H(SVM) | H(USE_IBPB) | H(IBPB_ON_VMEXIT),
	  P(EXIT_IBPB) },
	{ "Zen 3", H(SVM) | RETPOLINE | H(UNRET) | H(SRSO_ALIAS) | VMSCAPE |
	  H(CLEAR_CPU_BUF) | H(CLEAR_CPU_BUF_VM),
	  P(LOAD_IBPB) | P(ENTRY_VERW) | P(EXIT_RSB) | P(EXIT_UNTRAIN) |
	  P(USER_IBPB) },
	{ "Zen 3, tsa=user", H(SVM) | RETPOLINE | H(UNRET) | H(SRSO_ALIAS) |
	  VMSCAPE | H(CLEAR_CPU_BUF),
	  P(LOAD_IBPB) | P(EXIT_RSB) | P(EXIT_UNTRAIN) | P(USER_IBPB) },
	{ "Zen 4, SRSO between VMs and host alone, by IBPB",
	  H(SVM) | H(USE_IBPB) | H(IBPB_ON_VMEXIT), P(EXIT_IBPB) },
	{ "Zen 5, SRSO by a bit of BP_CFG", H(SVM) | H(USE_IBPB) |
	  H(SRSO_BP_SPEC_REDUCE) | VMSCAPE,
	  P(LOAD_IBPB) | P(ON_BP_SPEC_REDUCE) | P(USER_IBPB) },
	{ "Zen 3, mitigations=off", H(SVM) | H(MITIGATIONS_OFF), 0 },
	{ "none that is known", 0, 0 },
};

static void made_up_processors(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(processors); i++) {
		if (nacre_protection(processors[i].host) != processors[i].done)
			host_note("%s", processors[i].name);
		EXPECT_EQ(nacre_protection(processors[i].host),
			  processors[i].done);
	}
}

/* Every set of bits, or as many as there is time for. */
static u32 next_host(u32 host)
{
	return (host * 1664525 + 1013904223) & 0xffffffff;
}

static void one_more(u32 candidates, u32 *lost_by)
{
	u32 host = 1, more, lost;
	unsigned int i, n;

	*lost_by = 0;
	for (n = 0; n < 200000; n++) {
		host = next_host(host);
		for (i = 0; i < NACRE_HOST_BITS; i++) {
			more = BIT(i);
			if (!(more & candidates))
				continue;
			lost = nacre_protection(host >> 7 & ~more) &
			       ~nacre_protection((host >> 7) | more);
			if (lost)
				*lost_by |= more;
		}
	}
}

static void a_flaw_takes_nothing_away(void)
{
	u32 lost_by;

	one_more(FLAWS, &lost_by);
	EXPECT_EQ(lost_by, 0);
}

/* And each of the few that may does: the search above finds what there is. */
static void nor_does_an_answer_but_the_known(void)
{
	u32 lost_by;

	one_more(ALL_HOST, &lost_by);
	EXPECT_EQ(lost_by, TAKES);
}

/* Whatever forgets predictions at each exit stands in for the one at load. */
static void a_guest_is_never_steered_by_another(void)
{
	const u32 either = P(LOAD_IBPB) | P(EXIT_IBPB);
	u32 host = 1;
	unsigned int n;

	for (n = 0; n < 200000; n++) {
		host = next_host(host);
		EXPECT(nacre_protection(host >> 7 | H(USE_IBPB)) & either);
	}
}

static void nothing_of_the_other_vendor(void)
{
	const u32 amd = P(ON_BP_SPEC_REDUCE) | P(EXIT_UNTRAIN) |
			P(ENTRY_DIVIDER);
	const u32 intel = P(ENTRY_L1D) | P(ENTRY_L1D_BY_READS) |
			  P(EXIT_RSB_ONE) | P(EXIT_IBRS) | P(EXIT_BHB) |
			  P(STAGE2_SMALL_EXEC);

	EXPECT_EQ(nacre_protection(ALL_HOST) & intel, 0);
	EXPECT_EQ(nacre_protection(ALL_HOST & ~H(SVM)) & amd, 0);
}

/* No rule is dead, and none is for a processor that cannot be. */
static void each_is_done_somewhere(void)
{
	u32 done = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(processors); i++)
		done |= processors[i].done;
	EXPECT_EQ(done, BIT(NACRE_PROTECT_BITS) - 1);
}

static const struct host_case cases[] = {
	HOST_CASE(made_up_processors),
	HOST_CASE(a_flaw_takes_nothing_away),
	HOST_CASE(nor_does_an_answer_but_the_known),
	HOST_CASE(a_guest_is_never_steered_by_another),
	HOST_CASE(nothing_of_the_other_vendor),
	HOST_CASE(each_is_done_somewhere),
};

HOST_MAIN(cases)
