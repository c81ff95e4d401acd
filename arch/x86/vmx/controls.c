// SPDX-License-Identifier: GPL-2.0
/*
 * Which controls this processor runs a guest with.
 *
 * An MSR for each word says which bits must be 1 (its low half) and which may
 * be (its high half). The table says what is wanted of each bit that is known
 * here. A bit that must be 1 and is not in the table is one that the manual
 * reserves as such, or one whose effect nobody here expects: then there is no
 * running a guest.
 *
 * Intel SDM, "VMX Capability Reporting Facility", "Reserved Controls and
 * Default Settings".
 */
#include "arch/x86/vmx/controls.h"
#include "arch/x86/vmx/vmcs.h"

enum wish {
	NEEDED,		/* 1, or no guest */
	WANTED,		/* 1 where it can be */
	LATER,		/* can be 1: set and cleared as a guest runs */
};

#define RULE(_word, _wish, _bit, _what)					\
	{ .word = (_word), .wish = (_wish), .bit = (_bit), .what = (_what) }
#define NEED(word, bit, what)	RULE(word, NEEDED, bit, what)
#define TURN(word, bit, what)	RULE(word, LATER, bit, what)
#define WANT(word, bit)		RULE(word, WANTED, bit, NULL)

/* What is missed first is what is told, so the great things come first. */
static const struct {
	enum vmx_word word;
	enum wish wish;
	u32 bit;
	const char *what;
} rules[] = {
	NEED(VMX_PROC, PROC_SECONDARY, "extended page tables (EPT)"),
	NEED(VMX_PROC2, PROC2_EPT, "extended page tables (EPT)"),
	NEED(VMX_PIN, PIN_INTERRUPTS, "external-interrupt exiting"),
	NEED(VMX_PIN, PIN_NMIS, "NMI exiting"),
	TURN(VMX_PROC, PROC_INTERRUPT_WINDOW, "interrupt windows"),
	TURN(VMX_PROC, PROC_CR3_LOAD, "CR3-load exiting"),
	TURN(VMX_PROC, PROC_CR3_STORE, "CR3-store exiting"),
	TURN(VMX_PROC, PROC_CR8_LOAD, "CR8-load exiting"),
	TURN(VMX_PROC, PROC_CR8_STORE, "CR8-store exiting"),
	NEED(VMX_PROC, PROC_TSC_OFFSET, "TSC offsetting"),
	NEED(VMX_PROC, PROC_HLT, "HLT exiting"),
	NEED(VMX_PROC, PROC_MWAIT, "MWAIT exiting"),
	NEED(VMX_PROC, PROC_MONITOR, "MONITOR exiting"),
	NEED(VMX_PROC, PROC_RDPMC, "RDPMC exiting"),
	NEED(VMX_PROC, PROC_MOV_DR, "MOV-DR exiting"),
	NEED(VMX_PROC, PROC_PORTS, "unconditional I/O exiting"),
	WANT(VMX_PIN, PIN_VIRTUAL_NMIS),
	WANT(VMX_PIN, PIN_PREEMPTION_TIMER),
	WANT(VMX_PROC, PROC_TPR_SHADOW),
	WANT(VMX_PROC, PROC_MSR_BITMAPS),
	WANT(VMX_PROC2, PROC2_UNRESTRICTED),
	WANT(VMX_PROC2, PROC2_VPID),
	WANT(VMX_PROC2, PROC2_WBINVD),
	WANT(VMX_PROC2, PROC2_PAUSE_LOOP),
	WANT(VMX_PROC2, PROC2_ENCLS),
	WANT(VMX_PROC2, PROC2_LOG_WRITES),
	WANT(VMX_PROC2, PROC2_RDTSCP),
	WANT(VMX_PROC2, PROC2_INVPCID),
	WANT(VMX_PROC2, PROC2_XSAVES),
	WANT(VMX_PROC2, PROC2_TSC_SCALING),
	NEED(VMX_EXIT, EXIT_HOST_64BIT, "a 64-bit host"),
	NEED(VMX_EXIT, EXIT_LOAD_PAT, "loading of PAT"),
	NEED(VMX_EXIT, EXIT_LOAD_EFER, "loading of EFER"),
	NEED(VMX_EXIT, EXIT_SAVE_DEBUG, "saving of debug controls"),
	TURN(VMX_ENTRY, ENTRY_LONG_MODE, "guests in long mode"),
	NEED(VMX_ENTRY, ENTRY_LOAD_PAT, "loading of PAT"),
	NEED(VMX_ENTRY, ENTRY_LOAD_EFER, "loading of EFER"),
	NEED(VMX_ENTRY, ENTRY_LOAD_DEBUG, "loading of debug controls"),
};

/* Reserved, and 1 on every processor: what used to have no choice. */
static const u32 reserved_as_1[VMX_WORDS] = {
	[VMX_PIN] = 0x00000016,
	[VMX_PROC] = 0x04006172,
	[VMX_EXIT] = 0x00036dfb,
	[VMX_ENTRY] = 0x000011fb,
};

/* IA32_VMX_EPT_VPID_CAP */
#define CAP_4_LEVELS		BIT_ULL(6)
#define CAP_5_LEVELS		BIT_ULL(7)
#define CAP_WRITE_BACK		BIT_ULL(14)
#define CAP_2M			BIT_ULL(16)
#define CAP_1G			BIT_ULL(17)
#define CAP_INVEPT		BIT_ULL(20)
#define CAP_ACCESSED_DIRTY	BIT_ULL(21)
#define CAP_INVEPT_ONE		BIT_ULL(25)
#define CAP_INVEPT_ALL		BIT_ULL(26)
#define CAP_INVVPID		BIT_ULL(32)
#define CAP_INVVPID_ONE		BIT_ULL(41)
#define CAP_INVVPID_ALL		BIT_ULL(42)

static u32 must_be_1(const struct vmx_msrs *msrs, enum vmx_word word)
{
	return msrs->word[word];
}

static u32 may_be_1(const struct vmx_msrs *msrs, enum vmx_word word)
{
	return msrs->word[word] >> 32;
}

static const char *resolve_words(const struct vmx_msrs *msrs,
				 u32 word[VMX_WORDS])
{
	u32 known[VMX_WORDS];
	unsigned int i;

	memcpy(known, reserved_as_1, sizeof(known));
	for (i = 0; i < VMX_WORDS; i++)
		word[i] = must_be_1(msrs, i);
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		bool may = may_be_1(msrs, rules[i].word) & rules[i].bit;

		if (!may && rules[i].wish != WANTED)
			return rules[i].what;
		if (may && rules[i].wish != LATER)
			word[rules[i].word] |= rules[i].bit;
		if (rules[i].wish != LATER)
			known[rules[i].word] |= rules[i].bit;
	}
	for (i = 0; i < VMX_WORDS; i++) {
		if (must_be_1(msrs, i) & ~known[i])
			return "a control's being off";
	}
	return NULL;
}

/* All of it, or none. */
static bool resolve_apicv(const struct vmx_msrs *msrs)
{
	static const u32 needed[VMX_WORDS] = {
		[VMX_PIN] = PIN_POSTED_INTERRUPTS,
		[VMX_PROC] = PROC_TPR_SHADOW | PROC_MSR_BITMAPS,
		[VMX_PROC2] = PROC2_APIC_PAGE | PROC2_X2APIC |
			      PROC2_APIC_REGISTERS | PROC2_APIC_DELIVERY,
		[VMX_EXIT] = EXIT_ACKNOWLEDGE,
	};
	unsigned int i;

	for (i = 0; i < VMX_WORDS; i++) {
		if (needed[i] & ~may_be_1(msrs, i))
			return false;
	}
	return true;
}

static const char *resolve_ept(u64 cap, struct vmx_controls *out)
{
	if (!(cap & CAP_4_LEVELS))
		return "an EPT walk of four levels";
	if (!(cap & CAP_WRITE_BACK))
		return "write-back memory for EPT tables";
	if (!(cap & CAP_INVEPT) || !(cap & (CAP_INVEPT_ONE | CAP_INVEPT_ALL)))
		return "INVEPT";
	out->ept_accessed_dirty = cap & CAP_ACCESSED_DIRTY;
	out->ept_5_levels = cap & CAP_5_LEVELS;
	out->invept_one = cap & CAP_INVEPT_ONE;
	out->max_leaf_level = !(cap & CAP_2M) ? 1 : cap & CAP_1G ? 3 : 2;
	/* What is logged is that a dirty bit was set. */
	if (!out->ept_accessed_dirty)
		out->word[VMX_PROC2] &= ~(u32)PROC2_LOG_WRITES;
	return NULL;
}

/* An identifier whose translations cannot be dropped is worse than none. */
static void resolve_vpid(u64 cap, struct vmx_controls *out)
{
	out->invvpid_one = cap & CAP_INVVPID_ONE;
	if (!(cap & CAP_INVVPID) || !(cap & (CAP_INVVPID_ONE | CAP_INVVPID_ALL)))
		out->word[VMX_PROC2] &= ~(u32)PROC2_VPID;
}

/* Intel SDM, "Checks on VMX Controls": a window for NMIs is a virtual one. */
static void resolve_nmis(const struct vmx_msrs *msrs, struct vmx_controls *out)
{
	if (!(may_be_1(msrs, VMX_PROC) & PROC_NMI_WINDOW))
		out->word[VMX_PIN] &= ~(u32)PIN_VIRTUAL_NMIS;
}

const char *vmx_resolve_controls(const struct vmx_msrs *msrs,
				 struct vmx_controls *out)
{
	const char *lacks;

	memset(out, 0, sizeof(*out));
	lacks = resolve_words(msrs, out->word);
	if (lacks)
		return lacks;
	lacks = resolve_ept(msrs->ept_vpid, out);
	if (lacks)
		return lacks;
	resolve_vpid(msrs->ept_vpid, out);
	resolve_nmis(msrs, out);
	out->apicv = resolve_apicv(msrs);
	return NULL;
}
