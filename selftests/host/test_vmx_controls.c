// SPDX-License-Identifier: GPL-2.0
/*
 * The control words of a VMX guest, by made-up capability MSRs: what has to
 * be, what may be, what must not be, and what is said when it cannot.
 */
#include "host_test.h"

#include "arch/x86/vmx/controls.h"
#include "arch/x86/vmx/vmcs.h"

/* May be 1 above, must be 1 below; Intel SDM, "Reserved Controls ...". */
#define CAN(bits, fixed)	((u64)((bits) | (fixed)) << 32 | (fixed))

#define RESERVED_PIN	0x00000016u
#define RESERVED_PROC	0x04006172u
#define RESERVED_EXIT	0x00036dfbu
#define RESERVED_ENTRY	0x000011fbu

#define EPT_CAP_4_LEVELS	BIT_ULL(6)
#define EPT_CAP_5_LEVELS	BIT_ULL(7)
#define EPT_CAP_WRITE_BACK	BIT_ULL(14)
#define EPT_CAP_2M		BIT_ULL(16)
#define EPT_CAP_1G		BIT_ULL(17)
#define EPT_CAP_INVEPT		BIT_ULL(20)
#define EPT_CAP_AD		BIT_ULL(21)
#define EPT_CAP_INVEPT_ONE	BIT_ULL(25)
#define EPT_CAP_INVEPT_ALL	BIT_ULL(26)
#define EPT_CAP_INVVPID		BIT_ULL(32)
#define EPT_CAP_INVVPID_ONE	BIT_ULL(41)
#define EPT_CAP_INVVPID_ALL	BIT_ULL(42)

/* A processor that can turn on every control there is. */
static const struct vmx_msrs can_all = {
	.basic = VMX_BASIC_HAS_TRUE,
	.word = {
		[VMX_PIN] = CAN(~0u, RESERVED_PIN),
		[VMX_PROC] = CAN(~0u, RESERVED_PROC),
		[VMX_PROC2] = CAN(~0u, 0),
		[VMX_EXIT] = CAN(~0u, RESERVED_EXIT),
		[VMX_ENTRY] = CAN(~0u, RESERVED_ENTRY),
	},
	.ept_vpid = ~0ull,
};

/* One of 2011 or so: unrestricted guests, and not much beyond. */
static const struct vmx_msrs old = {
	.basic = VMX_BASIC_HAS_TRUE,
	.word = {
		[VMX_PIN] = 0x0000007f00000016,
		[VMX_PROC] = 0xfff9fffe04006172,
		[VMX_PROC2] = 0x000000ff00000000,
		[VMX_EXIT] = 0x007fffff00036dfb,
		[VMX_ENTRY] = 0x0000ffff000011fb,
	},
	.ept_vpid = EPT_CAP_4_LEVELS | EPT_CAP_WRITE_BACK | EPT_CAP_INVEPT |
		    EPT_CAP_INVEPT_ALL,
};

/* A Skylake server's, as it reads. */
static const struct vmx_msrs skylake = {
	.basic = 0x00da040000000004,
	.word = {
		[VMX_PIN] = 0x000000ff00000016,
		[VMX_PROC] = 0xfff9fffe04006172,
		[VMX_PROC2] = 0x0257dcff00000000,
		[VMX_EXIT] = 0x01ffffff00036dfb,
		[VMX_ENTRY] = 0x0003ffff000011fb,
	},
	.ept_vpid = 0x00000f0106734141,
};

static const char *lacks(const struct vmx_msrs *msrs)
{
	struct vmx_controls controls;

	return vmx_resolve_controls(msrs, &controls);
}

/* What is missing without one bit. */
static const char *without(enum vmx_word word, u32 bit)
{
	struct vmx_msrs msrs = can_all;

	msrs.word[word] &= ~((u64)bit << 32);
	return lacks(&msrs);
}

#define EXPECT_SAYS(says, what)						\
	do {								\
		const char *_says = (says);				\
									\
		EXPECT(_says);						\
		EXPECT(strstr(_says, what));				\
	} while (0)

static void a_processor_that_can_all(void)
{
	struct vmx_controls c;

	EXPECT(!vmx_resolve_controls(&can_all, &c));
	EXPECT_EQ(c.word[VMX_PIN], RESERVED_PIN | PIN_INTERRUPTS | PIN_NMIS |
		  PIN_VIRTUAL_NMIS | PIN_PREEMPTION_TIMER);
	EXPECT_EQ(c.word[VMX_ENTRY], RESERVED_ENTRY | ENTRY_LOAD_DEBUG |
		  ENTRY_LOAD_PAT | ENTRY_LOAD_EFER);
	EXPECT_EQ(c.word[VMX_EXIT], RESERVED_EXIT | EXIT_SAVE_DEBUG |
		  EXIT_HOST_64BIT | EXIT_LOAD_PAT | EXIT_LOAD_EFER);
	EXPECT_EQ(c.word[VMX_PROC2], PROC2_EPT | PROC2_UNRESTRICTED |
		  PROC2_VPID | PROC2_WBINVD | PROC2_PAUSE_LOOP | PROC2_ENCLS |
		  PROC2_RDTSCP | PROC2_INVPCID | PROC2_XSAVES |
		  PROC2_LOG_WRITES | PROC2_TSC_SCALING);
	EXPECT_EQ(c.max_leaf_level, 3);
	EXPECT(c.ept_accessed_dirty && c.ept_5_levels);
	EXPECT(c.invept_one && c.invvpid_one);
}

static void no_preemption_timer(void)
{
	struct vmx_msrs msrs = can_all;
	struct vmx_controls c;

	msrs.word[VMX_PIN] &= ~((u64)PIN_PREEMPTION_TIMER << 32);
	EXPECT(!vmx_resolve_controls(&msrs, &c));
	EXPECT(!(c.word[VMX_PIN] & PIN_PREEMPTION_TIMER));
}

/* All that local APICs take, or nothing; and nothing is on to begin with. */
static void apics_are_all_or_nothing(void)
{
	static const struct {
		enum vmx_word word;
		u32 bit;
	} parts[] = {
		{ VMX_PIN, PIN_POSTED_INTERRUPTS },
		{ VMX_PROC, PROC_TPR_SHADOW },
		{ VMX_PROC, PROC_MSR_BITMAPS },
		{ VMX_PROC2, PROC2_APIC_PAGE },
		{ VMX_PROC2, PROC2_X2APIC },
		{ VMX_PROC2, PROC2_APIC_REGISTERS },
		{ VMX_PROC2, PROC2_APIC_DELIVERY },
		{ VMX_EXIT, EXIT_ACKNOWLEDGE },
	};
	struct vmx_controls c;
	struct vmx_msrs msrs;
	unsigned int i;

	EXPECT(!vmx_resolve_controls(&can_all, &c));
	EXPECT(c.apicv);
	EXPECT(!(c.word[VMX_EXIT] & EXIT_ACKNOWLEDGE));
	EXPECT(!vmx_resolve_controls(&old, &c));
	EXPECT(!c.apicv);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		msrs = can_all;
		msrs.word[parts[i].word] &= ~((u64)parts[i].bit << 32);
		EXPECT(!vmx_resolve_controls(&msrs, &c));
		EXPECT(!c.apicv);
	}
}

static void windows_are_closed_at_first(void)
{
	struct vmx_controls c;

	EXPECT(!vmx_resolve_controls(&can_all, &c));
	EXPECT(!(c.word[VMX_PROC] & (PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW |
				     PROC_CR8_LOAD | PROC_CR8_STORE)));
	EXPECT(!(c.word[VMX_ENTRY] & ENTRY_LONG_MODE));
	EXPECT(c.word[VMX_PROC] & PROC_TPR_SHADOW);
}

static void an_old_processor(void)
{
	struct vmx_controls c;

	EXPECT(!vmx_resolve_controls(&old, &c));
	EXPECT_EQ(c.max_leaf_level, 1);
	EXPECT(!c.ept_accessed_dirty && !c.ept_5_levels && !c.invept_one);
	EXPECT(!(c.word[VMX_PROC2] & (PROC2_INVPCID | PROC2_XSAVES |
				      PROC2_PAUSE_LOOP | PROC2_ENCLS)));
	/* It has identifiers, but nothing to drop what belongs to one. */
	EXPECT(!(c.word[VMX_PROC2] & PROC2_VPID));
}

static void a_skylake(void)
{
	struct vmx_controls c;

	EXPECT(!vmx_resolve_controls(&skylake, &c));
	EXPECT_EQ(c.max_leaf_level, 3);
	EXPECT(c.ept_accessed_dirty && c.invept_one && c.invvpid_one);
	EXPECT(c.word[VMX_PROC2] & PROC2_VPID);
	/* It would let a guest run what nobody here knows of. */
	EXPECT(!(c.word[VMX_PROC2] & ~(u32)(skylake.word[VMX_PROC2] >> 32)));
}

static void what_it_may_not_do_without(void)
{
	EXPECT_SAYS(without(VMX_PROC, PROC_SECONDARY), "EPT");
	EXPECT_SAYS(without(VMX_PROC2, PROC2_EPT), "EPT");
	EXPECT_SAYS(without(VMX_PROC, PROC_INTERRUPT_WINDOW), "window");
	EXPECT_SAYS(without(VMX_PROC, PROC_PORTS), "I/O");
	EXPECT_SAYS(without(VMX_EXIT, EXIT_LOAD_EFER), "EFER");
	EXPECT_SAYS(without(VMX_ENTRY, ENTRY_LOAD_PAT), "PAT");
}

/* Without one bit, as without() has it. */
static bool tracks_nmis(enum vmx_word word, u32 bit)
{
	struct vmx_msrs msrs = can_all;
	struct vmx_controls c;

	msrs.word[word] &= ~((u64)bit << 32);
	return !vmx_resolve_controls(&msrs, &c) &&
	       c.word[VMX_PIN] & PIN_VIRTUAL_NMIS;
}

/* Intel SDM, "Checks on VMX Controls": their window is not without them. */
static void virtual_nmis_have_a_window(void)
{
	EXPECT(tracks_nmis(VMX_PIN, 0));
	EXPECT(!without(VMX_PIN, PIN_VIRTUAL_NMIS));
	EXPECT(!tracks_nmis(VMX_PIN, PIN_VIRTUAL_NMIS));
	EXPECT(!without(VMX_PROC, PROC_NMI_WINDOW));
	EXPECT(!tracks_nmis(VMX_PROC, PROC_NMI_WINDOW));
}

static void what_it_may_do_without(void)
{
	EXPECT(!without(VMX_PROC, PROC_TPR_SHADOW));
	EXPECT(!without(VMX_PROC, PROC_MSR_BITMAPS));
	EXPECT(!without(VMX_PROC2, PROC2_UNRESTRICTED));
	EXPECT(!without(VMX_PROC2, PROC2_VPID));
	EXPECT(!without(VMX_PROC2, PROC2_WBINVD | PROC2_PAUSE_LOOP));
	EXPECT(!without(VMX_PROC2, PROC2_RDTSCP | PROC2_INVPCID));
}

/* The greater lack is told where there are two. */
static void no_secondary_controls(void)
{
	struct vmx_msrs msrs = old;

	msrs.word[VMX_PROC] &= ~((u64)PROC_SECONDARY << 32);
	msrs.word[VMX_PROC2] = 0;
	msrs.ept_vpid = 0;
	EXPECT_SAYS(lacks(&msrs), "EPT");
}

/* CR3 exiting that cannot be turned off, as before the "true" MSRs. */
static void a_control_that_stays_on(void)
{
	struct vmx_msrs msrs = can_all;
	u32 cr3_load = BIT(15);

	msrs.word[VMX_PROC] |= cr3_load;
	EXPECT_SAYS(lacks(&msrs), "off");
}

/* What is to be set and cleared later may not be stuck either. */
static void a_window_that_stays_open(void)
{
	struct vmx_msrs msrs = can_all;

	msrs.word[VMX_PROC] |= PROC_NMI_WINDOW;
	EXPECT_SAYS(lacks(&msrs), "off");
}

static void a_control_that_is_wanted_and_stuck(void)
{
	struct vmx_controls c;
	struct vmx_msrs msrs = can_all;

	msrs.word[VMX_PROC2] |= PROC2_WBINVD;
	EXPECT(!vmx_resolve_controls(&msrs, &c));
	EXPECT(c.word[VMX_PROC2] & PROC2_WBINVD);
}

static const char *with_ept(u64 cap, struct vmx_controls *c)
{
	struct vmx_msrs msrs = can_all;

	msrs.ept_vpid = cap;
	return vmx_resolve_controls(&msrs, c);
}

static void ept_capabilities(void)
{
	const u64 least = EPT_CAP_4_LEVELS | EPT_CAP_WRITE_BACK |
			  EPT_CAP_INVEPT | EPT_CAP_INVEPT_ONE;
	struct vmx_controls c;

	EXPECT(!with_ept(least, &c));
	EXPECT_EQ(c.max_leaf_level, 1);
	EXPECT(!with_ept(least | EPT_CAP_2M, &c));
	EXPECT_EQ(c.max_leaf_level, 2);
	/* 1 GiB without 2 MiB is nothing that the tables could step through. */
	EXPECT(!with_ept(least | EPT_CAP_1G, &c));
	EXPECT_EQ(c.max_leaf_level, 1);
	EXPECT_SAYS(with_ept(least & ~EPT_CAP_4_LEVELS, &c), "four levels");
	EXPECT_SAYS(with_ept(least & ~EPT_CAP_WRITE_BACK, &c), "write-back");
	EXPECT_SAYS(with_ept(least & ~EPT_CAP_INVEPT, &c), "INVEPT");
	EXPECT_SAYS(with_ept(least & ~EPT_CAP_INVEPT_ONE, &c), "INVEPT");
	EXPECT(!with_ept((least & ~EPT_CAP_INVEPT_ONE) | EPT_CAP_INVEPT_ALL,
			 &c));
	EXPECT(!c.invept_one);
	/* No log of writes without dirty bits. */
	EXPECT(!(c.word[VMX_PROC2] & PROC2_LOG_WRITES));
	EXPECT(!with_ept(least | EPT_CAP_AD, &c));
	EXPECT(c.word[VMX_PROC2] & PROC2_LOG_WRITES);
}

static void identifiers(void)
{
	const u64 least = EPT_CAP_4_LEVELS | EPT_CAP_WRITE_BACK |
			  EPT_CAP_INVEPT | EPT_CAP_INVEPT_ONE;
	struct vmx_controls c;

	EXPECT(!with_ept(least | EPT_CAP_INVVPID | EPT_CAP_INVVPID_ALL, &c));
	EXPECT(c.word[VMX_PROC2] & PROC2_VPID);
	EXPECT(!c.invvpid_one);
	EXPECT(!with_ept(least | EPT_CAP_INVVPID | EPT_CAP_INVVPID_ONE, &c));
	EXPECT(c.word[VMX_PROC2] & PROC2_VPID && c.invvpid_one);
	/* INVVPID that cannot do either is none. */
	EXPECT(!with_ept(least | EPT_CAP_INVVPID, &c));
	EXPECT(!(c.word[VMX_PROC2] & PROC2_VPID));
	EXPECT(!with_ept(least | EPT_CAP_INVVPID_ONE, &c));
	EXPECT(!(c.word[VMX_PROC2] & PROC2_VPID));
}

static const struct host_case cases[] = {
	HOST_CASE(a_processor_that_can_all),
	HOST_CASE(no_preemption_timer),
	HOST_CASE(apics_are_all_or_nothing),
	HOST_CASE(windows_are_closed_at_first),
	HOST_CASE(virtual_nmis_have_a_window),
	HOST_CASE(an_old_processor),
	HOST_CASE(a_skylake),
	HOST_CASE(what_it_may_not_do_without),
	HOST_CASE(what_it_may_do_without),
	HOST_CASE(no_secondary_controls),
	HOST_CASE(a_control_that_stays_on),
	HOST_CASE(a_window_that_stays_open),
	HOST_CASE(a_control_that_is_wanted_and_stuck),
	HOST_CASE(ept_capabilities),
	HOST_CASE(identifiers),
};

HOST_MAIN(cases)
