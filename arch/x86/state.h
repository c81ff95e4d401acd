/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a VM and a vCPU are on any x86 processor. Vendor state stays in the
 * vendor's own struct, which embeds struct nacre_vcpu or hangs off the VM's
 * backend pointer.
 */
#ifndef NACRE_X86_STATE_H
#define NACRE_X86_STATE_H

#include <asm/fpu/api.h>
#include <asm/fpu/types.h>

#include "arch/x86/emulate/memop.h"
#include "arch/x86/irqchip/routing.h"
#include "arch/x86/mmu/stage2.h"

struct nacre_apic;
struct nacre_chips;
struct nacre_emulation;
struct nacre_msr;
struct nacre_vcpu;

/* Order of the hardware's register numbers (ModRM, REX). */
enum nacre_gpr {
	NACRE_RAX, NACRE_RCX, NACRE_RDX, NACRE_RBX,
	NACRE_RSP, NACRE_RBP, NACRE_RSI, NACRE_RDI,
	NACRE_R8, NACRE_R9, NACRE_R10, NACRE_R11,
	NACRE_R12, NACRE_R13, NACRE_R14, NACRE_R15,
	NACRE_NR_GPRS
};

/* Order of the hardware's segment numbers. */
enum nacre_segreg {
	NACRE_SEG_ES, NACRE_SEG_CS, NACRE_SEG_SS,
	NACRE_SEG_DS, NACRE_SEG_FS, NACRE_SEG_GS,
	NACRE_SEG_TR, NACRE_SEG_LDTR,
	NACRE_NR_SEGS
};

/*
 * State that a backend may fetch late (a VMREAD is not free) and write back
 * late. A bit in nacre_vcpu_arch.avail says that the field holds the guest's
 * value, one in .dirty that the backend has to load it before the next entry.
 * A backend for which all of it is at hand after each exit has no
 * fetch_lazy(), and neither is looked at.
 */
enum nacre_lazy {
	NACRE_LAZY_RIP,
	NACRE_LAZY_RSP,
	NACRE_LAZY_RFLAGS,
	NACRE_LAZY_CR0,
	NACRE_LAZY_CR3,
	NACRE_LAZY_CR4,
	NACRE_LAZY_PDPTRS,
	NACRE_LAZY_EXIT_INFO,	/* nacre_exit.info; never dirty */
	NACRE_NR_LAZY
};

/* An event on its way into the guest, as any processor describes it. */
enum nacre_event_type {
	NACRE_EVENT_NONE,
	NACRE_EVENT_INTR,	/* external interrupt */
	NACRE_EVENT_NMI,
	NACRE_EVENT_EXCEPTION,	/* fault, trap or abort raised by hardware */
	NACRE_EVENT_SOFT_INTR,	/* INT n */
	NACRE_EVENT_SOFT_EXCEPTION,	/* INT3, INTO */
};

struct nacre_event {
	u8 type;		/* enum nacre_event_type */
	u8 vector;
	bool has_error;
	u8 insn_len;		/* soft events: how far RIP moves on delivery */
	u32 error;
};

/* A fault or trap that the guest has coming. */
struct nacre_exception {
	u64 payload;		/* CR2 of #PF, DR6 bits of #DB */
	u32 error;
	u8 vector;
	bool has_error;
	bool has_payload;
	bool pending;		/* may still be refused or merged */
	bool injected;		/* delivery had begun when an exit came between */
};

/* Everything that waits to be delivered; arch/x86/events.c. */
struct nacre_events {
	struct nacre_exception exception;
	struct {
		u8 vector;
		bool soft;
		bool injected;
	} interrupt;		/* taken from the controller, not yet delivered */
	bool nmi_injected;	/* beside that: both end with an exit */
	u8 nmi_pending;		/* at most 2: one in service blocks, one latched */
	atomic_t nmi_queued;	/* any thread; folded into nmi_pending */
	bool want_event;	/* look for something to inject at next entry */
};

/* A fault of the second stage of translation, copied once from the exit. */
struct nacre_stage2_fault {
	gpa_t gpa;
	bool write;
	bool fetch;
	bool present;		/* the entry was present: permission, not absence */
	bool walk;		/* no operand's access: of the guest's tables */
};

/* MOV to and from CR, CLTS, LMSW, as the processor reports it. */
enum nacre_cr_kind {
	NACRE_CR_WRITE,
	NACRE_CR_READ,
	NACRE_CR_CLTS,
	NACRE_CR_LMSW,
};

struct nacre_cr_access {
	enum nacre_cr_kind kind;
	u8 cr, gpr;		/* of a MOV */
	u8 length;		/* of the instruction; 0: not decoded */
	u16 msw;		/* of LMSW */
};

/* MOV to and from DR, likewise. */
struct nacre_dr_access {
	bool write;
	u8 dr, gpr;
};

/* What has to be at hand for an exit to be handled. */
enum nacre_exit_kind {
	NACRE_EXIT_ANY,		/* the slots, and interrupts on */
	NACRE_EXIT_INTERRUPT,	/* take_interrupt() before, then the same */
	NACRE_EXIT_PORT,	/* interrupts; the slots are asked for */
	NACRE_EXIT_ANSWERED,	/* neither */
	NACRE_NO_EXIT,		/* the run loop's own: there was no entry */
};

/* The neutral account of an exit, filled by the backend as far as it knows. */
struct nacre_exit {
	u32 code;		/* the vendor's number, for traces and errors */
	u64 info[2];		/* the vendor's qualification: nacre_exit_of() */
	struct nacre_event vectoring;	/* delivery that this exit cut short */
};

/*
 * A port access, which lives here by value, across the return to userspace.
 * The backend tells what the processor has reported, the first half.
 */
struct nacre_pio {
	u16 port;
	u8 size;		/* 1, 2 or 4 */
	bool in;
	bool rep;		/* string forms only */
	u64 next_rip;

	u32 count;
	u64 rip;		/* of the instruction, for the completion */
	bool down;		/* string forms only, from here on */
	u64 mask;		/* of the address size */
	gva_t gva;		/* of the first element */
};

/* An instruction on memory that is none; arch/x86/mmio.c. */
struct nacre_mmio {
	struct nacre_memop op;
	gpa_t gpa;
	u64 data;
	u64 next_rip;
	gfn_t hole;		/* a frame in no slot */
};

#define NACRE_NO_HOLE	(~0ull)

#define NACRE_MAX_CPUID_ENTRIES	256
#define NACRE_CPUID_HASH	64

/* The guest's CPUID as userspace set it, and what follows from it. */
struct nacre_guest_cpuid {
	struct nacre_cpuid_entry2 *entries;
	unsigned int count;
	/* Entries by a hash of the leaf, in their order; 0 ends a chain. */
	u16 first[NACRE_CPUID_HASH];
	u16 next[NACRE_MAX_CPUID_ENTRIES + 1];
	u8 maxphyaddr;
	u64 reserved_gpa;	/* address bits that a table entry may not have */
	u64 cr4_reserved;	/* CR4 bits that the guest may not set */
	u64 xcr0_allowed;
	bool has_1g_pages;
};

/* No page begins here. */
#define NACRE_NO_WAY		1ull

/* The slot that was looked into last, of the set of @generation; peek.c. */
struct nacre_peek {
	u64 generation;
	gfn_t gfn;
	u64 npages;		/* 0: none yet */
	hva_t hva;
	/*
	 * The last walk to a page of code: where its entries are, and what they
	 * held. As long as they hold the same, the way is the same.
	 */
	struct {
		u64 cr3, cr4, efer, page;
		u64 generation;	/* of the slots */
		u32 access;
		u64 gpa;	/* of the page */
		const u64 __user *entry[4];
		u64 value[4];
	} way;
};

/*
 * An instruction that was decoded before: the same bytes in code of the same
 * size mean the same. insn.c finds it by RIP, and compares.
 */
struct nacre_known_insn {
	u64 bytes[2];		/* of which those in mask are the instruction's */
	u64 mask[2];
	struct nacre_insn insn;	/* mode 0: none */
	/* What it does to its operand in memory, once that was asked. */
	enum { NACRE_OP_UNKNOWN, NACRE_OP_PARSED, NACRE_OP_NONE } parsed;
	struct nacre_memop op;
};

#define NACRE_KNOWN_INSNS	16

/* CS as far as fetching depends on it. Base and limit not in 64-bit code. */
struct nacre_code {
	u64 base;
	u32 limit;
	u32 mode;		/* 16, 32 or 64 */
};

/* Model-specific registers that a vCPU has as plain state. */
#define NACRE_VARIABLE_MTRRS	8
#define NACRE_FIXED_MTRRS	11

struct nacre_mtrr {
	u64 def_type;
	u64 variable[2 * NACRE_VARIABLE_MTRRS];	/* base, mask, base ... */
	u64 fixed[NACRE_FIXED_MTRRS];	/* by address */
};

#define NACRE_MCE_BANKS		32

/* The registers of a machine-check bank, in the order of their numbers. */
enum nacre_mce_reg {
	NACRE_MC_CTL,
	NACRE_MC_STATUS,
	NACRE_MC_ADDR,
	NACRE_MC_MISC,
	NACRE_MC_REGS
};

struct nacre_mce {
	u64 cap, ctl, status;	/* IA32_MCG_* */
	u64 bank[NACRE_MCE_BANKS][NACRE_MC_REGS];
	u64 ctl2[NACRE_MCE_BANKS];
};

struct nacre_msr_state {
	u64 tsc_adjust;
	u64 ucode_rev;
	u64 platform_info, misc_features;	/* CPUID faulting */
	u64 misc_enable;
	u64 power_ctl;
	u64 feat_ctl;
	u64 hwcr, vm_cr, de_cfg;
	u64 osvw_length, osvw_status;
	struct nacre_mtrr mtrr;
	struct nacre_mce mce;
};

struct nacre_vcpu_arch {
	u64 gpr[NACRE_NR_GPRS];	/* RSP only with NACRE_LAZY_RSP */
	u64 rip, rflags;
	u64 cr0, cr2, cr3, cr4, cr8;
	u64 efer;
	u64 pdptrs[4];
	/* Bits that the guest changes by itself: only these are ever lazy. */
	u64 cr0_owned, cr4_owned;
	u32 avail, dirty;	/* BIT(enum nacre_lazy) */
	u8 maybe_shadowed;	/* 0: not behind STI or MOV SS */

	u64 dr[4], dr6, dr7;
	u64 apic_base;
	u64 xcr0, xss;
	u32 pkru;
	u64 pat;
	u64 tsc_aux;
	u64 tsc_offset;
	u64 tsc_ratio;		/* to the host's rate; 0: the same */
	u32 tsc_khz;
	u32 mp_state;
	u64 system_time;	/* kvmclock's page, as the guest wrote it */
	u32 clock_version;
	bool clock_stopped;	/* to be told, once */
	bool clock_settled;	/* since its TSC changed */
	unsigned long clock_written;	/* jiffies */
	u64 pv_eoi;		/* MSR_NACRE_PV_EOI_EN */
	u8 eoi_vector;		/* with NACRE_REQ_IOAPIC_EOI */
	bool pv_eoi_offered;	/* its bit is set, and not looked at since */
	u64 steal;		/* MSR_NACRE_STEAL_TIME */
	u64 steal_told;		/* the thread's run_delay, as of then */
	bool said_preempted;	/* in that page */
	bool unhalted;		/* any; before NACRE_REQ_EVENT */
	u32 yield_to;		/* before NACRE_REQ_YIELD: an APIC ID */
	u32 host_pkru;		/* as read at load; back at each exit */

	struct nacre_apic *apic;	/* create; NULL: the VMM has it */
	struct nacre_events events;
	struct nacre_exit exit;
	struct nacre_pio pio;
	struct nacre_mmio mmio;
	struct nacre_memop_regs memop_regs;	/* for a moment; not zeroed */
	struct nacre_emulation *emulation;	/* NULL until one is needed */
	struct nacre_guest_cpuid cpuid;
	struct nacre_peek peek;
	const struct nacre_msr *last_msr;	/* row of the last one that has one */
	struct nacre_known_insn insns[NACRE_KNOWN_INSNS];
	struct nacre_msr_state msr;
	struct nacre_table_cache tables;	/* stage-2 pages for one fault */
	u8 expect_absent;	/* the host's pages, in so many faults */
	struct fpu_guest fpu;

	unsigned long rcu_noted;	/* jiffies; noinstr.h */
	bool xcr0_loaded;	/* guest XCR0 is in the processor; irqs off */
	bool xss_loaded;	/* likewise XSS */
	/* With NACRE_REQ_EVENT: the next entry ends in a shutdown exit. */
	bool triple_fault;
};

/* By which vCPUs' time stamp counters are kept in step; arch/x86/tsc.c. */
struct nacre_tsc {
	raw_spinlock_t lock;	/* guards all below but khz */
	u32 khz;		/* any; of vCPUs to come */
	bool user_wrote;	/* not only created */
	u32 written_khz;	/* of the vCPU that was written last; 0: none */
	u64 written;		/* the last value given to a vCPU ... */
	u64 written_ns;		/* ... when ... */
	u64 offset;		/* ... and the offset that made it so */
};

/* kvmclock; guarded by tsc.lock, read freely. */
struct nacre_clock {
	u64 base;		/* its 0, in the host's ns */
	bool stable;		/* one reading serves all vCPUs: */
	u64 tsc, ns;		/* what it was then, by the host's TSC */
	bool old;		/* any; the guest knows the old MSR only */
};

struct nacre_vm_arch {
	struct nacre_stage2 stage2;
	atomic_t apics_elsewhere;	/* than at their page; any vCPU's thread */
	atomic_long_t identities;	/* grows: local APICs' IDs and modes */
	struct nacre_chips *chips;	/* vm->lock; NULL until CREATE_IRQCHIP */
	struct nacre_routing routing;	/* create; flags: any */
	/* srcu; vm->lock to change. NULL: no local APICs in the kernel. */
	struct nacre_routes __rcu *routes;
	u32 ioapic_gsis;	/* before routes; their EOI is the VMM's */
	gpa_t tss_addr;
	gpa_t identity_map_addr;
	u32 *identity_map;	/* cmpxchg; a page, or NULL */
	u32 boot_vcpu_id;
	struct nacre_clock clock;
	u64 wall_clock;		/* a vCPU's thread; as the guest wrote it */
	struct nacre_tsc tsc;
};

#endif /* NACRE_X86_STATE_H */
