/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory as the guest's instructions name it: a segment and an offset,
 * the linear address they make, and the bytes behind that address through the
 * guest's page tables.
 */
#ifndef NACRE_X86_LINEAR_H
#define NACRE_X86_LINEAR_H

#include "arch/x86/exits.h"
#include "arch/x86/regs.h"

enum nacre_access {
	NACRE_ACCESS_OK,
	NACRE_ACCESS_FAULT,	/* a fault is queued, or the tables moved */
	NACRE_ACCESS_NO_MEMORY,	/* no slot behind a part of it */
};

/* By the address size in bytes: what an index or a count has of a register. */
static inline u64 nacre_address_mask(u8 address_size)
{
	return address_size == 8 ? ~0ull : (1ull << address_size * 8) - 1;
}

/* Up to 16 bits leave the rest of the register, 32 bits clear it. */
static inline void nacre_set_masked(struct nacre_vcpu *vcpu,
				    enum nacre_gpr reg, u64 mask, u64 value)
{
	u64 keep = mask <= 0xffff ? nacre_gpr(vcpu, reg) & ~mask : 0;

	nacre_set_gpr(vcpu, reg, keep | (value & mask));
}

/*
 * The linear address of @size bytes at @offset of @seg, with the checks of
 * the current mode. False: #GP(0) or #SS(0) has been queued.
 */
bool nacre_linear(struct nacre_vcpu *vcpu, enum nacre_segreg seg, u64 offset,
		  unsigned int size, bool write, gva_t *gva);
/* The same without queueing anything. */
bool nacre_linear_ok(struct nacre_vcpu *vcpu, enum nacre_segreg seg,
		     u64 offset, unsigned int size, bool write, gva_t *gva);

/* Where an instruction's memory operand is; a string's is elsewhere. */
u64 nacre_operand_offset(struct nacre_vcpu *vcpu,
			 const struct nacre_insn *insn);
enum nacre_segreg nacre_operand_segment(const struct nacre_insn *insn);

/*
 * The guest-physical address behind a linear one, at the current privilege
 * level; the #PF is queued. And how much of an access lies in @gva's page.
 */
enum nacre_access nacre_linear_to_gpa(struct nacre_vcpu *vcpu, gva_t gva,
				      bool write, gpa_t *gpa);
unsigned int nacre_linear_piece(gva_t gva, unsigned int size);

/* At the current privilege level. May cross pages. */
enum nacre_access nacre_read_linear(struct nacre_vcpu *vcpu, gva_t gva,
				    void *data, unsigned int size);
enum nacre_access nacre_write_linear(struct nacre_vcpu *vcpu, gva_t gva,
				     const void *data, unsigned int size);
/* Would the write succeed: faults as it would, but writes nothing. */
enum nacre_access nacre_probe_write(struct nacre_vcpu *vcpu, gva_t gva,
				    unsigned int size);

/* What an exit comes to whose memory could not be had. */
static inline enum nacre_result nacre_exit_no_access(struct nacre_vcpu *vcpu,
						     enum nacre_access access)
{
	return access == NACRE_ACCESS_FAULT ? NACRE_RESUME :
					      nacre_exit_emulate(vcpu);
}

#endif /* NACRE_X86_LINEAR_H */
