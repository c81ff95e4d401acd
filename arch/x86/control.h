/* SPDX-License-Identifier: GPL-2.0 */
/* Control registers and EFER: which values may be, and mode switches. */
#ifndef NACRE_X86_CONTROL_H
#define NACRE_X86_CONTROL_H

#include "arch/x86/apic.h"

/* Which values userspace may set; what a guest may write is checked further. */
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
/* The task priority of a local APIC in the kernel is the truth. */
static inline u64 nacre_cr8(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.apic ? nacre_lapic_cr8(nacre_lapic_of(vcpu)) :
				 vcpu->arch.cr8;
}

/* Read the four PDPTEs at @cr3; false if one is invalid or not in memory. */
bool nacre_load_pdptrs(struct nacre_vcpu *vcpu, u64 cr3);

#endif /* NACRE_X86_CONTROL_H */
