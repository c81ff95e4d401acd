/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's registers as the rest of arch/x86 reads and writes them. A
 * backend that keeps one in hardware fetches it on first use and loads it
 * before the next entry (enum nacre_lazy).
 */
#ifndef NACRE_X86_REGS_H
#define NACRE_X86_REGS_H

#include <linux/percpu.h>
#include <asm/debugreg.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "module/vcpu.h"
#include "arch/x86/backend.h"

/* IA32_PAT at power-on; Intel SDM, "IA32_PAT MSR". */
#define NACRE_PAT_RESET		0x0007040600070406ull

/*
 * Several at once, BIT(enum nacre_lazy) each. A backend that has all of it at
 * hand after each exit need not be asked.
 */
static inline void nacre_fetch_all(struct nacre_vcpu *vcpu, u32 what)
{
	if (static_branch_unlikely(&nacre_fetches_late) &&
	    what & ~vcpu->arch.avail)
		backend_optional(fetch_lazy)(vcpu, what & ~vcpu->arch.avail);
}

static inline void nacre_fetch(struct nacre_vcpu *vcpu, enum nacre_lazy what)
{
	if (static_branch_unlikely(&nacre_fetches_late) &&
	    !(vcpu->arch.avail & BIT(what)))
		backend_optional(fetch_lazy)(vcpu, BIT(what));
}

static inline void nacre_mark_dirty(struct nacre_vcpu *vcpu,
				    enum nacre_lazy what)
{
	if (!static_branch_unlikely(&nacre_fetches_late))
		return;
	vcpu->arch.avail |= BIT(what);
	vcpu->arch.dirty |= BIT(what);
}

/* nacre_rip(vcpu) and its kin. */
#define NACRE_LAZY_GETTER(_name, _lazy)					\
static inline u64 nacre_##_name(struct nacre_vcpu *vcpu)		\
{									\
	nacre_fetch(vcpu, NACRE_LAZY_##_lazy);				\
	return vcpu->arch._name;					\
}
NACRE_LAZY_GETTER(rip, RIP)
NACRE_LAZY_GETTER(rflags, RFLAGS)
NACRE_LAZY_GETTER(cr0, CR0)
NACRE_LAZY_GETTER(cr3, CR3)
NACRE_LAZY_GETTER(cr4, CR4)
#undef NACRE_LAZY_GETTER

static inline void nacre_set_rip(struct nacre_vcpu *vcpu, u64 rip)
{
	vcpu->arch.rip = rip;
	nacre_mark_dirty(vcpu, NACRE_LAZY_RIP);
}

static inline void nacre_set_rflags(struct nacre_vcpu *vcpu, u64 rflags)
{
	vcpu->arch.rflags = rflags | X86_EFLAGS_FIXED;
	nacre_mark_dirty(vcpu, NACRE_LAZY_RFLAGS);
}

static inline u64 nacre_gpr(struct nacre_vcpu *vcpu, enum nacre_gpr reg)
{
	if (reg == NACRE_RSP)
		nacre_fetch(vcpu, NACRE_LAZY_RSP);
	return vcpu->arch.gpr[reg];
}

static inline void nacre_set_gpr(struct nacre_vcpu *vcpu, enum nacre_gpr reg,
				 u64 value)
{
	vcpu->arch.gpr[reg] = value;
	if (reg == NACRE_RSP)
		nacre_mark_dirty(vcpu, NACRE_LAZY_RSP);
}

static inline void nacre_set_cr3(struct nacre_vcpu *vcpu, u64 cr3)
{
	vcpu->arch.cr3 = cr3;
	nacre_mark_dirty(vcpu, NACRE_LAZY_CR3);
}

/* Some bits of one, which may be at hand where the whole register is not. */
static inline u64 nacre_cr0_bits(struct nacre_vcpu *vcpu, u64 bits)
{
	if (static_branch_unlikely(&nacre_fetches_late) &&
	    bits & vcpu->arch.cr0_owned)
		nacre_fetch(vcpu, NACRE_LAZY_CR0);
	return vcpu->arch.cr0 & bits;
}

static inline u64 nacre_cr4_bits(struct nacre_vcpu *vcpu, u64 bits)
{
	if (static_branch_unlikely(&nacre_fetches_late) &&
	    bits & vcpu->arch.cr4_owned)
		nacre_fetch(vcpu, NACRE_LAZY_CR4);
	return vcpu->arch.cr4 & bits;
}

/* The account of the last exit, with the vendor's own words in it. */
static inline const struct nacre_exit *nacre_exit_of(struct nacre_vcpu *vcpu)
{
	nacre_fetch(vcpu, NACRE_LAZY_EXIT_INFO);
	return &vcpu->arch.exit;
}

static inline bool nacre_is_paging(struct nacre_vcpu *vcpu)
{
	return nacre_cr0_bits(vcpu, X86_CR0_PG);
}

static inline bool nacre_is_protected(struct nacre_vcpu *vcpu)
{
	return nacre_cr0_bits(vcpu, X86_CR0_PE);
}

static inline bool nacre_is_pae(struct nacre_vcpu *vcpu)
{
	return nacre_cr4_bits(vcpu, X86_CR4_PAE);
}

static inline bool nacre_is_long_mode(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.efer & EFER_LMA;
}

/* PAE paging outside long mode: the one mode that has PDPTRs. */
static inline bool nacre_is_pae_paging(struct nacre_vcpu *vcpu)
{
	return nacre_is_paging(vcpu) && nacre_is_pae(vcpu) &&
	       !nacre_is_long_mode(vcpu);
}

static inline bool nacre_is_64bit_code(struct nacre_vcpu *vcpu)
{
	return nacre_is_long_mode(vcpu) && backend(read_code)(vcpu).mode == 64;
}

/* As the guest's paging mode has it: 48 bits of address, or 57. */
static inline u64 nacre_make_canonical(struct nacre_vcpu *vcpu, u64 address)
{
	unsigned int unused = nacre_cr4_bits(vcpu, X86_CR4_LA57) ? 7 : 16;

	return (s64)(address << unused) >> unused;
}

static inline bool nacre_is_canonical(struct nacre_vcpu *vcpu, u64 address)
{
	return nacre_make_canonical(vcpu, address) == address;
}

/* EDX:EAX, as RDMSR, WRMSR, XSETBV and their kin pair them. */
static inline u64 nacre_edx_eax(struct nacre_vcpu *vcpu)
{
	return (u32)vcpu->arch.gpr[NACRE_RAX] |
	       (u64)(u32)vcpu->arch.gpr[NACRE_RDX] << 32;
}

static inline void nacre_set_edx_eax(struct nacre_vcpu *vcpu, u64 value)
{
	vcpu->arch.gpr[NACRE_RAX] = (u32)value;
	vcpu->arch.gpr[NACRE_RDX] = value >> 32;
}

/* Power-on or INIT state of everything in struct nacre_vcpu_arch. */
void nacre_reset_vcpu(struct nacre_vcpu *vcpu, bool init);

/* NACRE_RUN's own copies: run->s.regs out, in. The latter 0 or -EINVAL. */
void nacre_sync_regs_out(struct nacre_vcpu *vcpu);
int nacre_sync_regs_in(struct nacre_vcpu *vcpu);

/*
 * Control registers and EFER; control.c. Which values userspace may set; what a
 * guest may write is checked further.
 */
bool nacre_valid_cr0(u64 cr0);
bool nacre_valid_cr4(struct nacre_vcpu *vcpu, u64 cr4);
bool nacre_valid_efer_bits(u64 efer);
bool nacre_valid_gpa(struct nacre_vcpu *vcpu, gpa_t gpa);
bool nacre_valid_apic_base(struct nacre_vcpu *vcpu, u64 value);
/* False: not a value, or not from the mode that it is in. */
bool nacre_set_apic_base(struct nacre_vcpu *vcpu, u64 value, bool by_guest);

/*
 * A guest's MOV to CR or WRMSR of EFER. False: the write faults (#GP(0)) and
 * nothing was changed.
 */
bool nacre_guest_write_cr0(struct nacre_vcpu *vcpu, u64 cr0);
bool nacre_guest_write_cr3(struct nacre_vcpu *vcpu, u64 cr3);
bool nacre_guest_write_cr4(struct nacre_vcpu *vcpu, u64 cr4);
bool nacre_guest_write_efer(struct nacre_vcpu *vcpu, u64 efer);
/* False: a reserved bit is set. */
bool nacre_set_cr8(struct nacre_vcpu *vcpu, u64 cr8);

/* Read the four PDPTEs at @cr3; false if one is invalid or not in memory. */
bool nacre_load_pdptrs(struct nacre_vcpu *vcpu, u64 cr3);

/* Debug registers, single-stepping, and the VMM's own breakpoints; debug.c. */
void nacre_debug_reset(struct nacre_vcpu *vcpu);

#define NACRE_DR7_ARMED	0x000000ffull	/* L0, G0 ... L3, G3 */

/* DR0 to DR3. */
void nacre_debug_load(struct nacre_vcpu *vcpu);

/* Irqs off: the guest's breakpoints in, the host's back. */
static inline void nacre_debug_enter(struct nacre_vcpu *vcpu)
{
	/* No host breakpoint may fire on a guest's address. */
	if (hw_breakpoint_active())
		set_debugreg(0, 7);
	if (unlikely(vcpu->arch.dr7 & NACRE_DR7_ARMED))
		nacre_debug_load(vcpu);
}

static inline void nacre_debug_exit(struct nacre_vcpu *vcpu)
{
	if (hw_breakpoint_active())
		hw_breakpoint_restore();
}

/* A guest's MOV to or from DR: False: #UD or #GP has been queued. */
bool nacre_guest_read_dr(struct nacre_vcpu *vcpu, unsigned int dr, u64 *value);
bool nacre_guest_write_dr(struct nacre_vcpu *vcpu, unsigned int dr, u64 value);

#endif /* NACRE_X86_REGS_H */
