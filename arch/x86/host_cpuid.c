// SPDX-License-Identifier: GPL-2.0
/*
 * What CPUID this host and this module can offer a guest.
 *
 * A feature is offered if the processor has it, if the kernel has not turned
 * it off, and if it works in a guest: because it is about registers and
 * memory alone, or because this module does what else it takes. A register
 * that the table below does not name is 0, and so is the leaf that has none.
 *
 * The answer is made once, at load; NACRE_GET_SUPPORTED_CPUID copies it.
 */
#include <linux/types.h>
#include <asm/cpuid.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "arch/x86/cpuid.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/xstate.h"

#define MAX_BASIC	0x1f
#define MAX_EXTENDED	0x80000021
#define MAX_CACHES	16	/* subleaves of leaf 4; a bound, none has more */
#define MAX_LEAF7	2

#define NO_WORD		-1
#define ALL		0xffffffff

/* Bits of registers that the kernel keeps no word of. */
#define LEAF1_EBX_APIC_ID	GENMASK(31, 24)
#define LEAF6_EAX_ARAT		BIT(2)
#define EXT1_EBX_PACKAGE	GENMASK(31, 28)
#define EXT1_EBX_BRAND		GENMASK(15, 0)
#define EXT6_EDX_L3		(ALL & ~GENMASK(17, 16))
#define EXT7_EDX_INVARIANT_TSC	BIT(8)
#define EXT8_ECX_CORES		(GENMASK(15, 12) | GENMASK(7, 0))
#define EXT1A_EAX_FP_WIDTH	GENMASK(2, 0)
/* Bits that have a name in newer kernels only. */
#define LEAF7_1_EAX_CMPCCXADD	BIT(7)
#define LEAF7_1_EAX_FZRM	BIT(10)
#define LEAF7_1_EAX_FSRS	BIT(11)
#define LEAF7_1_EAX_FSRC	BIT(12)
#define LEAF7_1_EAX_AVX_IFMA	BIT(23)
#define LEAF7_1_EDX_VNNI_INT8	BIT(4)
#define LEAF7_1_EDX_NE_CONVERT	BIT(5)
#define LEAF7_1_EDX_PREFETCHITI	BIT(14)
#define LEAF7_2_EDX_MCDT_NO	BIT(5)
#define EXT21_NO_NESTED_DATA_BP	BIT(0)
#define EXT21_LFENCE_SERIALIZES	BIT(2)
#define EXT21_VERW_CLEAR	BIT(5)
#define EXT21_NULL_CLEARS_BASE	BIT(6)
#define EXT21_NO_SMM_CTL_MSR	BIT(9)
#define EXT21_SRSO_NO		BIT(29)
#define EXT21_ECX_TSA_SQ_NO	BIT(1)
#define EXT21_ECX_TSA_L1_NO	BIT(2)

/* One row a register; @index is of no matter where the leaf has none. */
struct register_row {
	struct nacre_cpuid_place at;
	s16 word;	/* of asm/cpufeatures.h, or NO_WORD */
	u32 pass;	/* works if the processor has it */
	u32 always;	/* works on any processor: done here */
};

#define FEATURES(_function, _index, _reg, _word, ...)			\
	{ .at = { (_function), (_index),				\
		  offsetof(struct nacre_cpuid_entry2, _reg) },		\
	  .word = (_word), __VA_ARGS__ }
#define REGISTER(_function, _index, _reg, ...)				\
	FEATURES(_function, _index, _reg, NO_WORD, __VA_ARGS__)
/* Numbers and text, which are no features. */
#define WHOLE(_function)						\
	REGISTER(_function, 0, eax, .pass = ALL),			\
	REGISTER(_function, 0, ebx, .pass = ALL),			\
	REGISTER(_function, 0, ecx, .pass = ALL),			\
	REGISTER(_function, 0, edx, .pass = ALL)
#define F(name)		BIT(X86_FEATURE_##name % 32)
/* Stolen time is what the scheduler counts, if it does. */
#define STEAL_FEATURES	(!IS_ENABLED(CONFIG_SCHED_INFO) ? 0 :		\
			 BIT(NACRE_FEATURE_STEAL_TIME) |		\
			 BIT(NACRE_FEATURE_PV_TLB_FLUSH))

static const struct register_row registers[] = {
	WHOLE(0x0),

	REGISTER(0x1, 0, eax, .pass = ALL),
	REGISTER(0x1, 0, ebx, .pass = ALL & ~LEAF1_EBX_APIC_ID),
	/* No MONITOR, though it does nothing rather than fault; no PDCM. */
	FEATURES(0x1, 0, ecx, CPUID_1_ECX, .pass =
		 F(XMM3) | F(PCLMULQDQ) | F(SSSE3) | F(FMA) | F(CX16) |
		 F(PCID) | F(XMM4_1) | F(XMM4_2) | F(MOVBE) | F(POPCNT) |
		 F(AES) | F(XSAVE) | F(AVX) | F(F16C) | F(RDRAND),
		 .always = F(X2APIC)),
	FEATURES(0x1, 0, edx, CPUID_1_EDX, .pass =
		 F(FPU) | F(VME) | F(DE) | F(PSE) | F(TSC) | F(MSR) |
		 F(PAE) | F(MCE) | F(CX8) | F(APIC) | F(SEP) | F(MTRR) |
		 F(PGE) | F(MCA) | F(CMOV) | F(PAT) | F(PSE36) |
		 F(CLFLUSH) | F(MMX) | F(FXSR) | F(XMM) | F(XMM2) |
		 F(SELFSNOOP)),

	WHOLE(0x2),
	WHOLE(0x4),

	/* The timer of the interrupt controller never stops. */
	REGISTER(0x6, 0, eax, .always = LEAF6_EAX_ARAT),

	REGISTER(0x7, 0, eax, .pass = ALL),
	FEATURES(0x7, 0, ebx, CPUID_7_0_EBX, .pass =
		 F(FSGSBASE) | F(BMI1) | F(HLE) | F(AVX2) |
		 F(FDP_EXCPTN_ONLY) | F(SMEP) | F(BMI2) | F(ERMS) |
		 F(INVPCID) | F(RTM) | F(ZERO_FCS_FDS) | F(AVX512F) |
		 F(AVX512DQ) | F(RDSEED) | F(ADX) | F(SMAP) |
		 F(AVX512IFMA) | F(CLFLUSHOPT) | F(CLWB) | F(AVX512PF) |
		 F(AVX512ER) | F(AVX512CD) | F(SHA_NI) | F(AVX512BW) |
		 F(AVX512VL), .always = F(TSC_ADJUST)),
	FEATURES(0x7, 0, ecx, CPUID_7_ECX, .pass =
		 F(AVX512VBMI) | F(LA57) | F(PKU) | F(RDPID) |
		 F(AVX512_VPOPCNTDQ) | F(UMIP) | F(AVX512_VBMI2) | F(GFNI) |
		 F(VAES) | F(VPCLMULQDQ) | F(AVX512_VNNI) |
		 F(AVX512_BITALG) | F(CLDEMOTE) | F(MOVDIRI) | F(MOVDIR64B)),
	FEATURES(0x7, 0, edx, CPUID_7_EDX, .pass =
		 F(AVX512_4VNNIW) | F(AVX512_4FMAPS) | F(FSRM) |
		 F(AVX512_VP2INTERSECT) | F(MD_CLEAR) | F(SERIALIZE) |
		 F(TSXLDTRK) | F(AVX512_FP16)),
	FEATURES(0x7, 1, eax, CPUID_7_1_EAX, .pass =
		 F(AVX_VNNI) | F(AVX512_BF16) | LEAF7_1_EAX_CMPCCXADD |
		 LEAF7_1_EAX_FZRM | LEAF7_1_EAX_FSRS | LEAF7_1_EAX_FSRC |
		 LEAF7_1_EAX_AVX_IFMA),
	REGISTER(0x7, 1, edx, .pass = LEAF7_1_EDX_VNNI_INT8 |
		 LEAF7_1_EDX_NE_CONVERT | LEAF7_1_EDX_PREFETCHITI),
	REGISTER(0x7, 2, edx, .pass = LEAF7_2_EDX_MCDT_NO),

	/* Leaf 0Dh is computed; of it only this is a matter of features. */
	FEATURES(0xd, 1, eax, CPUID_D_1_EAX, .pass =
		 F(XSAVEOPT) | F(XSAVEC) | F(XGETBV1) | F(XSAVES)),

	WHOLE(0x80000000),

	REGISTER(0x80000001, 0, eax, .pass = ALL),
	REGISTER(0x80000001, 0, ebx, .pass = EXT1_EBX_PACKAGE |
		 EXT1_EBX_BRAND),
	FEATURES(0x80000001, 0, ecx, CPUID_8000_0001_ECX, .pass =
		 F(LAHF_LM) | F(CMP_LEGACY) | F(CR8_LEGACY) | F(ABM) |
		 F(SSE4A) | F(MISALIGNSSE) | F(3DNOWPREFETCH) | F(OSVW) |
		 F(XOP) | F(FMA4) | F(TBM) | F(TOPOEXT)),
	FEATURES(0x80000001, 0, edx, CPUID_8000_0001_EDX, .pass =
		 F(FPU) | F(VME) | F(DE) | F(PSE) | F(TSC) | F(MSR) |
		 F(PAE) | F(MCE) | F(CX8) | F(APIC) | F(SYSCALL) |
		 F(MTRR) | F(PGE) | F(MCA) | F(CMOV) | F(PAT) | F(PSE36) |
		 F(NX) | F(MMXEXT) | F(MMX) | F(FXSR) | F(FXSR_OPT) |
		 F(GBPAGES) | F(RDTSCP) | F(LM) | F(3DNOWEXT) | F(3DNOW)),

	WHOLE(0x80000005),

	REGISTER(0x80000006, 0, eax, .pass = ALL),
	REGISTER(0x80000006, 0, ebx, .pass = ALL),
	REGISTER(0x80000006, 0, ecx, .pass = ALL),
	REGISTER(0x80000006, 0, edx, .pass = EXT6_EDX_L3),

	REGISTER(0x80000007, 0, edx, .pass = EXT7_EDX_INVARIANT_TSC),

	REGISTER(0x80000008, 0, eax, .pass = ALL),
	FEATURES(0x80000008, 0, ebx, CPUID_8000_0008_EBX, .pass =
		 F(CLZERO) | F(XSAVEERPTR) | F(WBNOINVD) | F(AMD_SSB_NO)),
	REGISTER(0x80000008, 0, ecx, .pass = EXT8_ECX_CORES),

	REGISTER(0x80000019, 0, eax, .pass = ALL),
	REGISTER(0x80000019, 0, ebx, .pass = ALL),

	REGISTER(0x8000001a, 0, eax, .pass = EXT1A_EAX_FP_WIDTH),

	WHOLE(0x8000001d),

	FEATURES(0x80000021, 0, eax, CPUID_8000_0021_EAX, .pass =
		 EXT21_NO_NESTED_DATA_BP | EXT21_LFENCE_SERIALIZES |
		 EXT21_VERW_CLEAR | EXT21_NULL_CLEARS_BASE | EXT21_SRSO_NO,
		 .always = EXT21_NO_SMM_CTL_MSR),
	REGISTER(0x80000021, 0, ecx, .pass = EXT21_ECX_TSA_SQ_NO |
		 EXT21_ECX_TSA_L1_NO),

	REGISTER(NACRE_CPUID_FEATURES, 0, eax, .always =
		 /* Port 80h waits for nothing, so nobody has to wait for it. */
		 BIT(NACRE_FEATURE_NOP_IO_DELAY) |
		 BIT(NACRE_FEATURE_CLOCKSOURCE) |
		 BIT(NACRE_FEATURE_CLOCKSOURCE2) | BIT(NACRE_FEATURE_PV_EOI) |
		 BIT(NACRE_FEATURE_PV_UNHALT) |
		 BIT(NACRE_FEATURE_PV_SEND_IPI) |
		 BIT(NACRE_FEATURE_PV_SCHED_YIELD) | STEAL_FEATURES |
		 BIT(NACRE_FEATURE_CLOCKSOURCE_STABLE_BIT)),
};

u32 nacre_host_words[NCAPINTS] __read_mostly;
struct nacre_cpuid_place nacre_cpuid_places[NCAPINTS] __read_mostly;

static struct {
	unsigned int count;
	struct nacre_cpuid_entry2 entries[NACRE_MAX_CPUID_ENTRIES];
} supported __read_mostly;

static u32 *reg_of(struct nacre_cpuid_entry2 *e, const struct register_row *row)
{
	return (u32 *)((u8 *)e + row->at.reg);
}

/* The leaf as the processor has it, or zeroes behind its last. */
static struct nacre_cpuid_entry2 execute(u32 function, u32 index)
{
	struct nacre_cpuid_entry2 e = {};

	if (function <= cpuid_eax(function & GENMASK(31, 30)))
		cpuid_count(function, index, &e.eax, &e.ebx, &e.ecx, &e.edx);
	return e;
}

void nacre_host_deny(unsigned int feature)
{
	nacre_host_words[feature / 32] &= ~BIT(feature % 32);
}

/* What the kernel knows of this processor though CPUID does not say so. */
static void add_kernel_knowledge(void)
{
	u32 *ext21 = &nacre_host_words[CPUID_8000_0021_EAX];

	if (!boot_cpu_has_bug(X86_BUG_SPEC_STORE_BYPASS))
		nacre_host_words[CPUID_8000_0008_EBX] |= F(AMD_SSB_NO);
	if (boot_cpu_has(X86_FEATURE_LFENCE_RDTSC))
		*ext21 |= EXT21_LFENCE_SERIALIZES;
	if (!boot_cpu_has_bug(X86_BUG_NULL_SEG))
		*ext21 |= EXT21_NULL_CLEARS_BASE;
	if (boot_cpu_has(X86_FEATURE_SRSO_NO))
		*ext21 |= EXT21_SRSO_NO;
	if (boot_cpu_has(X86_FEATURE_VERW_CLEAR))
		*ext21 |= EXT21_VERW_CLEAR;
}

/* Features that work only if the host uses them itself. */
static void remove_what_the_host_lacks(void)
{
	u64 value;

	if (!boot_cpu_has(X86_FEATURE_OSPKE))
		nacre_host_deny(X86_FEATURE_PKU);
	if (rdmsrl_safe(MSR_TSC_AUX, &value)) {
		nacre_host_deny(X86_FEATURE_RDTSCP);
		nacre_host_deny(X86_FEATURE_RDPID);
	}
}

void nacre_host_cpuid_begin(void)
{
	const struct register_row *row;
	struct nacre_cpuid_entry2 e;

	for (row = registers; row < registers + ARRAY_SIZE(registers); row++) {
		if (row->word == NO_WORD)
			continue;
		e = execute(row->at.function, row->at.index);
		nacre_host_words[row->word] = row->always |
			(*reg_of(&e, row) & row->pass &
			 boot_cpu_data.x86_capability[row->word]);
		nacre_cpuid_places[row->word] = row->at;
	}
	add_kernel_knowledge();
	remove_what_the_host_lacks();
}

/* Does the answer for @function depend on ECX? */
static bool is_indexed(u32 function)
{
	static const u32 indexed[] = {
		0x4, 0x7, 0xb, 0xd, 0xf, 0x10, 0x12, 0x14, 0x17, 0x18, 0x1d,
		0x1e, 0x1f, 0x24, 0x8000001d,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(indexed); i++) {
		if (indexed[i] == function)
			return true;
	}
	return false;
}

static void apply_rows(struct nacre_cpuid_entry2 *e)
{
	struct nacre_cpuid_entry2 raw = execute(e->function, e->index);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++) {
		const struct register_row *row = &registers[i];

		/* The caches' are alike: one row stands for all subleaves. */
		if (row->at.function != e->function ||
		    (row->at.index != e->index && e->function != 0x4 &&
		     e->function != 0x8000001d))
			continue;
		if (row->word != NO_WORD)
			*reg_of(e, row) = nacre_host_words[row->word];
		else
			*reg_of(e, row) = (*reg_of(&raw, row) & row->pass) |
					  row->always;
	}
}

/* EAX: physical and linear address bits, and how many of them stage 2 maps. */
static u32 address_bits(u32 eax)
{
	u8 physical = eax, linear = max_t(u8, eax >> 8, 48);
	u8 mapped = 12 + 9 * nacre_backend()->stage2_format()->levels;

	return physical | linear << 8 | min(physical, mapped) << 16;
}

/*
 * Leaf 80000021h tells of LFENCE, which processors without the leaf may do,
 * too. But one that ends below 8000001Dh stays as it is: VMMs that see the
 * number of that leaf ask their own processor for its subleaves.
 */
static u32 last_extended(u32 last)
{
	if (last >= 0x8000001d && nacre_host_words[CPUID_8000_0021_EAX])
		last = MAX_EXTENDED;
	return min_t(u32, last, MAX_EXTENDED);
}

/* What is not a matter of bits. */
static void adjust(struct nacre_cpuid_entry2 *e)
{
	static const char signature[] = NACRE_SIGNATURE;

	switch (e->function) {
	case 0x0:
		e->eax = min_t(u32, e->eax, MAX_BASIC);
		break;
	case 0x7:
		e->eax = e->index ? e->eax : min_t(u32, e->eax, MAX_LEAF7);
		break;
	case 0xd:
		nacre_xstate_supported(e);
		break;
	case NACRE_CPUID_SIGNATURE:
		e->eax = NACRE_CPUID_FEATURES;
		memcpy(&e->ebx, signature, 4);
		memcpy(&e->ecx, signature + 4, 4);
		memcpy(&e->edx, signature + 8, 4);
		break;
	case 0x80000000:
		e->eax = last_extended(e->eax);
		break;
	case 0x80000007:
		e->edx &= boot_cpu_data.x86_power;
		break;
	case 0x80000008:
		e->eax = address_bits(e->eax);
		break;
	default:
		break;
	}
}

/* The bounds of all loops here add up to less than there is room for. */
static const struct nacre_cpuid_entry2 *add(u32 function, u32 index)
{
	struct nacre_cpuid_entry2 *e = &supported.entries[supported.count];

	BUILD_BUG_ON(MAX_BASIC + 1 + (MAX_EXTENDED & 0xff) + 1 + 2 +
		     2 * MAX_CACHES + MAX_LEAF7 + 63 >
		     NACRE_MAX_CPUID_ENTRIES);
	supported.count++;
	memset(e, 0, sizeof(*e));
	e->function = function;
	e->index = index;
	if (is_indexed(function))
		e->flags = NACRE_CPUID_FLAG_SIGNIFCANT_INDEX;
	apply_rows(e);
	adjust(e);
	return e;
}

static void add_leaf(u32 function)
{
	const struct nacre_cpuid_entry2 *first = add(function, 0), *e = first;
	u64 features = nacre_host_xcr0();
	u32 i;

	switch (function) {
	case 0x4:
	case 0x8000001d:
		/* Type 0: no more caches. The entry that says so is one. */
		for (i = 1; i < MAX_CACHES && e->eax & GENMASK(4, 0); i++)
			e = add(function, i);
		break;
	case 0x7:
		for (i = 1; i <= first->eax; i++)
			add(function, i);
		break;
	case 0xd:
		for (i = 1; features && i < 63; i++)
			if (i == 1 || features & BIT_ULL(i))
				add(function, i);
		break;
	default:
		break;
	}
}

static void add_leaves_of(u32 base)
{
	u32 last = add(base, 0)->eax, function;

	for (function = base + 1; function <= last; function++)
		add_leaf(function);
}

void nacre_host_cpuid_finish(void)
{
	supported.count = 0;
	/* Processors of one system may differ in details: ask one alone. */
	preempt_disable();
	add_leaves_of(0);
	add_leaves_of(0x80000000);
	add_leaves_of(NACRE_CPUID_SIGNATURE);
	preempt_enable();
}

long nacre_get_supported_cpuid(struct nacre_ioctl_arg *arg)
{
	if (arg->count < supported.count)
		return -E2BIG;
	arg->count = supported.count;
	memcpy(arg->tail, supported.entries,
	       array_size(sizeof(supported.entries[0]), supported.count));
	return 0;
}
