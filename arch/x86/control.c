// SPDX-License-Identifier: GPL-2.0
/*
 * Control registers and EFER: which values may be, and mode switches.
 *
 * Intel SDM, "Control Registers", "Mode Switching", "Initializing IA-32e
 * Mode"; AMD APM, "System-Control Registers".
 */
#include <asm/apicdef.h>

#include "arch/x86/apic.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/regs.h"

#define CR0_DEFINED	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | \
			 X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | \
			 X86_CR0_NW | X86_CR0_CD | X86_CR0_PG)
/* A change of one of these may give the PDPTEs another meaning. */
#define CR0_PDPTR_BITS	(X86_CR0_CD | X86_CR0_NW | X86_CR0_PG)
#define CR4_PDPTR_BITS	(X86_CR4_PGE | X86_CR4_PSE | X86_CR4_PAE | X86_CR4_SMEP)
/* A change of one of these makes old translations wrong. */
#define CR0_FLUSH_BITS	(X86_CR0_PG | X86_CR0_WP)
#define CR4_FLUSH_BITS	(X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | \
			 X86_CR4_LA57 | X86_CR4_PCIDE | X86_CR4_SMEP)

bool nacre_valid_cr0(u64 cr0)
{
	if (cr0 >> 32)
		return false;
	if ((cr0 & X86_CR0_NW) && !(cr0 & X86_CR0_CD))
		return false;
	return !(cr0 & X86_CR0_PG) || (cr0 & X86_CR0_PE);
}

bool nacre_valid_cr4(struct nacre_vcpu *vcpu, u64 cr4)
{
	return !(cr4 & vcpu->arch.cpuid.cr4_reserved) &&
	       backend(valid_cr4)(vcpu, cr4);
}

bool nacre_valid_efer_bits(u64 efer)
{
	u64 allowed = EFER_SCE | EFER_LME | EFER_LMA;

	if (nacre_host_has(X86_FEATURE_NX))
		allowed |= EFER_NX;
	if (nacre_host_has(X86_FEATURE_FXSR_OPT))
		allowed |= EFER_FFXSR;
	return !(efer & ~allowed);
}

bool nacre_valid_gpa(struct nacre_vcpu *vcpu, gpa_t gpa)
{
	return !(gpa >> vcpu->arch.cpuid.maxphyaddr);
}

bool nacre_set_cr8(struct nacre_vcpu *vcpu, u64 cr8)
{
	if (cr8 & ~0xfull)
		return false;
	vcpu->arch.cr8 = cr8;
	if (vcpu->arch.apic)
		nacre_lapic_set_cr8(nacre_lapic_of(vcpu), cr8);
	return true;
}

bool nacre_load_pdptrs(struct nacre_vcpu *vcpu, u64 cr3)
{
	/* Bits that the manuals reserve in a PDPTE of PAE paging. */
	u64 reserved = GENMASK_ULL(63, vcpu->arch.cpuid.maxphyaddr) |
		       GENMASK_ULL(8, 5) | GENMASK_ULL(2, 1);
	u64 pdptrs[4];
	unsigned int i;

	if (nacre_read_guest(vcpu->vm, cr3 & GENMASK_ULL(31, 5), pdptrs,
			     sizeof(pdptrs)))
		return false;
	for (i = 0; i < ARRAY_SIZE(pdptrs); i++) {
		if (pdptrs[i] & 1 && pdptrs[i] & reserved)
			return false;
	}
	memcpy(vcpu->arch.pdptrs, pdptrs, sizeof(pdptrs));
	nacre_mark_dirty(vcpu, NACRE_LAZY_PDPTRS);
	return true;
}

static bool paging_on_allowed(struct nacre_vcpu *vcpu, u64 cr0, u64 old)
{
	struct nacre_segment cs;

	/* Into long mode: PAE is a must, CS.L may not be set yet. */
	if (vcpu->arch.efer & EFER_LME) {
		if (old & X86_CR0_PG)
			return true;
		backend(read_segment)(vcpu, NACRE_SEG_CS, &cs);
		return nacre_is_pae(vcpu) && !cs.l;
	}
	if (nacre_is_pae(vcpu) && (cr0 ^ old) & CR0_PDPTR_BITS)
		return nacre_load_pdptrs(vcpu, nacre_cr3(vcpu));
	return true;
}

/* EFER.LMA is LME AND paging, kept by the processor on a native machine. */
static void switch_long_mode(struct nacre_vcpu *vcpu, u64 cr0, u64 old)
{
	u64 efer = vcpu->arch.efer & ~EFER_LMA;

	if (!((cr0 ^ old) & X86_CR0_PG) || !(efer & EFER_LME))
		return;
	if (cr0 & X86_CR0_PG)
		efer |= EFER_LMA;
	backend(write_efer)(vcpu, efer);
}

bool nacre_guest_write_cr0(struct nacre_vcpu *vcpu, u64 cr0)
{
	u64 old = nacre_cr0(vcpu);
	bool allowed;

	if (!nacre_valid_cr0(cr0))
		return false;
	cr0 = (cr0 & CR0_DEFINED) | X86_CR0_ET;
	if (cr0 & X86_CR0_PG)
		allowed = paging_on_allowed(vcpu, cr0, old);
	else
		allowed = !nacre_is_64bit_code(vcpu) &&
			  !(nacre_cr4(vcpu) & X86_CR4_PCIDE);
	if (!allowed)
		return false;
	switch_long_mode(vcpu, cr0, old);
	backend(write_cr0)(vcpu, cr0);
	if ((cr0 ^ old) & CR0_FLUSH_BITS)
		nacre_set_request(vcpu, NACRE_REQ_TLB_FLUSH_GUEST);
	return true;
}

bool nacre_guest_write_cr3(struct nacre_vcpu *vcpu, u64 cr3)
{
	bool keep = false;

	if (nacre_cr4(vcpu) & X86_CR4_PCIDE) {
		keep = cr3 & BIT_ULL(63);
		cr3 &= ~BIT_ULL(63);
	}
	if (!nacre_valid_gpa(vcpu, cr3))
		return false;
	if (nacre_is_pae_paging(vcpu) && !nacre_load_pdptrs(vcpu, cr3))
		return false;
	nacre_set_cr3(vcpu, cr3);
	if (!keep)
		nacre_set_request(vcpu, NACRE_REQ_TLB_FLUSH_GUEST);
	return true;
}

static bool cr4_change_allowed(struct nacre_vcpu *vcpu, u64 cr4, u64 old)
{
	u64 changed = cr4 ^ old;

	if (nacre_is_long_mode(vcpu) &&
	    (!(cr4 & X86_CR4_PAE) || changed & X86_CR4_LA57))
		return false;
	/* Intel SDM, "Enabling of PCID": in long mode, with PCID 0 in CR3. */
	if (changed & cr4 & X86_CR4_PCIDE &&
	    (!nacre_is_long_mode(vcpu) ||
	     nacre_cr3(vcpu) & GENMASK_ULL(11, 0)))
		return false;
	if (!nacre_is_long_mode(vcpu) && nacre_is_paging(vcpu) &&
	    cr4 & X86_CR4_PAE && changed & CR4_PDPTR_BITS)
		return nacre_load_pdptrs(vcpu, nacre_cr3(vcpu));
	return true;
}

bool nacre_guest_write_cr4(struct nacre_vcpu *vcpu, u64 cr4)
{
	u64 old = nacre_cr4(vcpu);

	if (!nacre_valid_cr4(vcpu, cr4) || !cr4_change_allowed(vcpu, cr4, old))
		return false;
	backend(write_cr4)(vcpu, cr4);
	if ((cr4 ^ old) & CR4_FLUSH_BITS)
		nacre_set_request(vcpu, NACRE_REQ_TLB_FLUSH_GUEST);
	return true;
}

/* A guest may use what its CPUID shows; userspace may restore in any order. */
static bool efer_in_cpuid(const struct nacre_vcpu *vcpu, u64 efer)
{
	static const struct {
		u64 bits;
		unsigned int feature;
	} rules[] = {
		{ EFER_FFXSR, X86_FEATURE_FXSR_OPT },
		{ EFER_LME | EFER_LMA, X86_FEATURE_LM },
		{ EFER_NX, X86_FEATURE_NX },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		if (efer & rules[i].bits &&
		    !nacre_guest_has(vcpu, rules[i].feature))
			return false;
	}
	return true;
}

bool nacre_guest_write_efer(struct nacre_vcpu *vcpu, u64 efer)
{
	u64 old = vcpu->arch.efer;

	if (!nacre_valid_efer_bits(efer) || !efer_in_cpuid(vcpu, efer))
		return false;
	if (nacre_is_paging(vcpu) && (efer ^ old) & EFER_LME)
		return false;
	/* LMA is read-only to software. */
	efer = (efer & ~EFER_LMA) | (old & EFER_LMA);
	backend(write_efer)(vcpu, efer);
	if ((efer ^ old) & EFER_NX)
		nacre_set_request(vcpu, NACRE_REQ_TLB_FLUSH_GUEST);
	return true;
}

bool nacre_valid_apic_base(struct nacre_vcpu *vcpu, u64 value)
{
	u64 reserved = GENMASK_ULL(63, vcpu->arch.cpuid.maxphyaddr) |
		       BIT_ULL(9) | GENMASK_ULL(7, 0);

	if (value & reserved)
		return false;
	if (!(value & X2APIC_ENABLE))
		return true;
	/* x2APIC without the global enable is no mode at all. */
	return value & MSR_IA32_APICBASE_ENABLE &&
	       nacre_guest_has(vcpu, X86_FEATURE_X2APIC);
}

bool nacre_set_apic_base(struct nacre_vcpu *vcpu, u64 value, bool by_guest)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);

	if (!nacre_valid_apic_base(vcpu, value))
		return false;
	if (lapic && !nacre_lapic_set_base(lapic, value, by_guest))
		return false;
	vcpu->arch.apic_base = value;
	return true;
}
