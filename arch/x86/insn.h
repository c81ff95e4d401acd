/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's current instruction: its bytes through the guest's own page
 * tables, its parts, and stepping over it.
 */
#ifndef NACRE_X86_INSN_H
#define NACRE_X86_INSN_H

#include "arch/x86/mmu/guest_walk.h"
#include "arch/x86/regs.h"

struct nacre_memop;
struct nacre_vcpu;

enum nacre_fetch_result {
	NACRE_FETCH_OK,
	NACRE_FETCH_FAULT,	/* an exception has been queued */
	NACRE_FETCH_UNKNOWN,	/* no such instruction, for all we know */
	NACRE_FETCH_RETRY,	/* the guest's tables moved; enter again */
	NACRE_FETCH_NO_MEMORY,	/* the bytes, or the tables to them, have no slot */
};

/*
 * Fetch and decode at CS:RIP; touches a second page only if it has to. The
 * instruction lies in the vCPU and is good until the next is fetched.
 */
enum nacre_fetch_result nacre_fetch_insn(struct nacre_vcpu *vcpu,
					 const struct nacre_insn **insn);
/* What an exit comes to whose instruction could not be had. */
enum nacre_result nacre_fetch_failed(struct nacre_vcpu *vcpu,
				     enum nacre_fetch_result result);
/* Of the one that was fetched last, and that RIP is at still. */
bool nacre_fetched_memop(struct nacre_vcpu *vcpu, struct nacre_memop *op);
/* As many bytes at CS:RIP as can be had, up to NACRE_MAX_INSN; no faults. */
unsigned int nacre_fetch_bytes(struct nacre_vcpu *vcpu, u8 *bytes);

/*
 * Finish the current instruction: RIP behind it, the STI/MOV-SS shadow over,
 * #DB if the guest single-steps. By the processor's word for its length, or
 * decoded; by a decoded one; by a next RIP that was worked out before.
 */
enum nacre_result nacre_skip_insn(struct nacre_vcpu *vcpu);
enum nacre_result nacre_skip_decoded(struct nacre_vcpu *vcpu,
				     const struct nacre_insn *insn);
enum nacre_result nacre_skip_to(struct nacre_vcpu *vcpu, u64 rip);

void nacre_end_rf_and_tf(struct nacre_vcpu *vcpu);

/* Outside 64-bit code EIP is all there is, and only such a step leaves it. */
static __always_inline bool nacre_may_wrap(u64 from, u64 rip)
{
	return unlikely((from ^ rip) >> 32);
}

static __always_inline u64 nacre_wrap_rip(struct nacre_vcpu *vcpu, u64 from,
					  u64 rip)
{
	if (nacre_may_wrap(from, rip) && !nacre_is_64bit_code(vcpu))
		return (u32)rip;
	return rip;
}

/* nacre_skip_to() for who has to spare the call, and has wrapped @rip. */
static __always_inline enum nacre_result nacre_skip(struct nacre_vcpu *vcpu,
						    u64 rip)
{
	nacre_set_rip(vcpu, rip);
	if (unlikely(nacre_rflags(vcpu) & (X86_EFLAGS_RF | X86_EFLAGS_TF)))
		nacre_end_rf_and_tf(vcpu);
	if (vcpu->arch.maybe_shadowed)
		backend(write_shadow)(vcpu, 0);
	return NACRE_RESUME;
}

/* The guest's translation of a linear address, as the processor would walk. */
enum nacre_walk_result nacre_translate_as(struct nacre_vcpu *vcpu, gva_t gva,
					  u32 access, bool implicit,
					  struct nacre_walk *out);
static inline enum nacre_walk_result
nacre_translate(struct nacre_vcpu *vcpu, gva_t gva, u32 access,
		struct nacre_walk *out)
{
	return nacre_translate_as(vcpu, gva, access, false, out);
}

#endif /* NACRE_X86_INSN_H */
