// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions whose memory operand is no memory: a chip in the kernel, a
 * device of the VMM, or a read-only slot.
 *
 * The operand is read, computed with, and written; each of the two accesses
 * goes piece by piece (a page-crossing one has two), and a piece that only
 * the VMM can serve is an exit, after which the next piece goes on. All of it
 * lives in the vCPU by value. Registers and RIP change when everything has
 * been read and computed: a write that the VMM sees is behind the guest, like
 * one that a bus has posted.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include "module/guest_mem.h"
#include "module/vcpu.h"
#include "arch/x86/apic.h"
#include "arch/x86/chips.h"
#include "arch/x86/emulation.h"
#include "arch/x86/exits.h"
#include "arch/x86/insn.h"
#include "arch/x86/linear.h"
#include "arch/x86/regs.h"

/* Of a bit string the operand is where the bit is. */
static u64 effective_address(struct nacre_vcpu *vcpu,
			     const struct nacre_insn *insn,
			     const struct nacre_memop *op)
{
	u64 offset = nacre_operand_offset(vcpu, insn);

	if (op->bit_string)
		offset += nacre_memop_bit_offset(op, nacre_gpr(vcpu, op->reg));
	return offset & nacre_address_mask(insn->address_size);
}

/*
 * The processor has just said where the operand is, and looked whether it may
 * be had: if that was for this operand, and it lies in one page.
 */
static bool was_told(const struct nacre_mmio *mmio, gva_t gva, bool write)
{
	return !mmio->op.string && mmio->told &&
	       (mmio->told_write || !write) &&
	       offset_in_page(mmio->told_gpa ^ gva) == 0 &&
	       offset_in_page(gva) <= PAGE_SIZE - mmio->op.size;
}

/* Where an operand's pieces are. */
static enum nacre_access locate(struct nacre_vcpu *vcpu, enum nacre_segreg seg,
				u64 offset, bool write,
				struct nacre_mmio_operand *operand)
{
	const struct nacre_mmio *mmio = &vcpu->arch.mmio;
	unsigned int left = mmio->op.size, size;
	enum nacre_access access;
	gva_t gva;

	if (!nacre_linear(vcpu, seg, offset, left, write, &gva))
		return NACRE_ACCESS_FAULT;
	if (likely(was_told(mmio, gva, write))) {
		operand->piece[0].gpa = mmio->told_gpa;
		operand->piece[0].size = left;
		operand->pieces = 1;
		return NACRE_ACCESS_OK;
	}
	for (; left; left -= size) {
		size = nacre_linear_piece(gva, left);
		access = nacre_linear_to_gpa(vcpu, gva, write,
					     &operand->piece[operand->pieces].gpa);
		if (access != NACRE_ACCESS_OK)
			return access;
		operand->piece[operand->pieces++].size = size;
		if (unlikely(size < left))
			gva = nacre_linear_next(vcpu, gva, size);
	}
	return NACRE_ACCESS_OK;
}

static u64 index_of(struct nacre_vcpu *vcpu, enum nacre_gpr reg)
{
	return nacre_gpr(vcpu, reg) &
	       nacre_address_mask(vcpu->arch.mmio.address_size);
}

/* A string's two ends; each faults before anything is read. */
static enum nacre_access locate_string(struct nacre_vcpu *vcpu,
				       const struct nacre_insn *insn)
{
	enum nacre_segreg seg = insn->segment >= 0 ? insn->segment :
						     NACRE_SEG_DS;
	struct nacre_mmio *mmio = &vcpu->arch.mmio;
	enum nacre_access access = NACRE_ACCESS_OK;

	if (mmio->op.string & NACRE_STRING_FROM)
		access = locate(vcpu, seg, index_of(vcpu, NACRE_RSI), false,
				&mmio->from);
	if (access == NACRE_ACCESS_OK && mmio->op.string & NACRE_STRING_TO)
		access = locate(vcpu, NACRE_SEG_ES, index_of(vcpu, NACRE_RDI),
				true, &mmio->to);
	return access;
}

static enum nacre_access locate_all(struct nacre_vcpu *vcpu,
				    const struct nacre_insn *insn)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;
	enum nacre_access access;

	if (mmio->op.string)
		return locate_string(vcpu, insn);
	access = locate(vcpu, nacre_operand_segment(insn),
			effective_address(vcpu, insn, &mmio->op),
			mmio->op.writes, &mmio->from);
	mmio->to = mmio->from;
	return access;
}

bool nacre_mmio_in_kernel(struct nacre_vcpu *vcpu, gpa_t gpa, unsigned int size,
			  void *data, bool write)
{
	if (nacre_is_apic_page(vcpu, gpa))
		nacre_apic_mmio(vcpu, gpa, size, data, write);
	else if (nacre_is_ioapic_mmio(vcpu->vm, gpa))
		nacre_chips_mmio(vcpu->vm, gpa, size, data, write);
	else
		return write && nacre_io_offer(vcpu->vm, NACRE_BUS_MMIO, gpa,
					       size, data);
	return true;
}

/*
 * Memory first: of a page-crossing access one half can be RAM. That there is
 * none where the access faulted is known, as long as the slots stand still.
 */
static bool served(struct nacre_vcpu *vcpu, gpa_t gpa, unsigned int size,
		   void *data, bool write)
{
	int err;

	nacre_vcpu_srcu_lock(vcpu);
	if (gpa >> PAGE_SHIFT == vcpu->arch.mmio.hole)
		return nacre_mmio_in_kernel(vcpu, gpa, size, data, write);
	err = write ? nacre_write_guest(vcpu->vm, gpa, data, size) :
			  nacre_read_guest(vcpu->vm, gpa, data, size);

	return !err || nacre_mmio_in_kernel(vcpu, gpa, size, data, write);
}

static const struct nacre_mmio_operand *operand(const struct nacre_mmio *mmio)
{
	return mmio->writing ? &mmio->to : &mmio->from;
}

static u8 *piece_data(struct nacre_mmio *mmio)
{
	return (u8 *)&mmio->data + mmio->done;
}

static void next_piece(struct nacre_mmio *mmio)
{
	mmio->done += operand(mmio)->piece[mmio->next].size;
	mmio->next++;
}

static enum nacre_result go_on(struct nacre_vcpu *vcpu);

/* The VMM has served the piece that was out. */
static enum nacre_result piece_done(struct nacre_vcpu *vcpu)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;

	mmio->hole = NACRE_NO_HOLE;
	if (!mmio->writing)
		memcpy(piece_data(mmio), vcpu->run->mmio.data,
		       mmio->from.piece[mmio->next].size);
	next_piece(mmio);
	return go_on(vcpu);
}

static enum nacre_result piece_to_user(struct nacre_vcpu *vcpu)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;
	struct nacre_run *run = vcpu->run;
	unsigned int size = operand(mmio)->piece[mmio->next].size;
	u64 data = 0;

	run->exit_reason = NACRE_EXIT_MMIO;
	run->mmio.phys_addr = operand(mmio)->piece[mmio->next].gpa;
	run->mmio.len = size;
	run->mmio.is_write = mmio->writing;
	/* The VMM is told all eight bytes, though only so many mean something. */
	BUILD_BUG_ON(sizeof(run->mmio.data) != sizeof(data));
	if (mmio->writing)
		data = mmio->data >> 8 * mmio->done & ~0ull >> (64 - 8 * size);
	memcpy(run->mmio.data, &data, sizeof(data));
	vcpu->complete = piece_done;
	return NACRE_TO_USER;
}

/* The index registers of a string move by what was transferred. */
static void move_indices(struct nacre_vcpu *vcpu)
{
	const struct nacre_mmio *mmio = &vcpu->arch.mmio;
	u64 mask = nacre_address_mask(mmio->address_size);
	s64 step = nacre_rflags(vcpu) & X86_EFLAGS_DF ? -mmio->op.size :
							mmio->op.size;

	if (mmio->op.string & NACRE_STRING_FROM)
		nacre_set_masked(vcpu, NACRE_RSI, mask,
				 nacre_gpr(vcpu, NACRE_RSI) + step);
	if (mmio->op.string & NACRE_STRING_TO)
		nacre_set_masked(vcpu, NACRE_RDI, mask,
				 nacre_gpr(vcpu, NACRE_RDI) + step);
}

/* With REP the count says whether the guest comes back for more. */
static void finish_string(struct nacre_vcpu *vcpu)
{
	const struct nacre_mmio *mmio = &vcpu->arch.mmio;
	u64 mask = nacre_address_mask(mmio->address_size), left;

	move_indices(vcpu);
	left = (nacre_gpr(vcpu, NACRE_RCX) - 1) & mask;
	if (mmio->rep)
		nacre_set_masked(vcpu, NACRE_RCX, mask, left);
	if (!mmio->rep || !left)
		nacre_skip_to(vcpu, mmio->next_rip);
	else if (nacre_rflags(vcpu) & X86_EFLAGS_TF)
		nacre_skip_to(vcpu, nacre_rip(vcpu));
}

/* All that had to be read is there: the result, registers and RIP. */
static void finish(struct nacre_vcpu *vcpu)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;
	u8 reg = mmio->op.reg & 15, source = mmio->op.source & 15;
	struct nacre_memop_regs *regs = &vcpu->arch.memop_regs;
	u64 rflags = nacre_rflags(vcpu);

	regs->gpr[reg] = nacre_gpr(vcpu, reg);
	regs->gpr[source] = nacre_gpr(vcpu, source);
	regs->rflags = rflags;
	nacre_memop_compute(&mmio->op, regs, &mmio->data);
	if (mmio->op.to_register)
		nacre_set_gpr(vcpu, reg, regs->gpr[reg]);
	if (regs->rflags != rflags)
		nacre_set_rflags(vcpu, regs->rflags);
	if (mmio->op.string)
		finish_string(vcpu);
	else
		nacre_skip_to(vcpu, mmio->next_rip);
}

/* The pieces of the access that is going on; false: one is the VMM's. */
static bool serve_pieces(struct nacre_vcpu *vcpu)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;
	const struct nacre_mmio_operand *o = operand(mmio);

	while (mmio->next < o->pieces) {
		if (!served(vcpu, o->piece[mmio->next].gpa,
			    o->piece[mmio->next].size, piece_data(mmio),
			    mmio->writing))
			return false;
		next_piece(mmio);
	}
	return true;
}

/* Where it goes is known: from here on nothing can fault. */
static void begin_write(struct nacre_vcpu *vcpu)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;

	finish(vcpu);
	mmio->writing = true;
	mmio->next = 0;
	mmio->done = 0;
}

static enum nacre_result go_on(struct nacre_vcpu *vcpu)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;

	if (!serve_pieces(vcpu))
		return piece_to_user(vcpu);
	if (mmio->writing)
		return NACRE_RESUME;
	if (!mmio->op.writes) {
		finish(vcpu);
		return NACRE_RESUME;
	}
	begin_write(vcpu);
	return serve_pieces(vcpu) ? NACRE_RESUME : piece_to_user(vcpu);
}

static enum nacre_result start(struct nacre_vcpu *vcpu,
			       const struct nacre_insn *insn)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;
	enum nacre_access access;

	mmio->address_size = insn->address_size;
	mmio->rep = insn->prefixes & (NACRE_PFX_REP | NACRE_PFX_REPNE);
	mmio->next_rip = nacre_rip(vcpu) + insn->length;
	if (mmio->op.string && mmio->rep && !index_of(vcpu, NACRE_RCX))
		return nacre_skip_to(vcpu, mmio->next_rip);
	access = locate_all(vcpu, insn);
	if (access != NACRE_ACCESS_OK)
		return nacre_exit_no_access(vcpu, access);
	if (!mmio->op.reads)
		begin_write(vcpu);
	return go_on(vcpu);
}

/*
 * A store that does nothing else, to where any will do: what it stores need not
 * be known.
 */
static bool any_store_will_do(struct nacre_vcpu *vcpu,
			      const struct nacre_stage2_fault *fault)
{
	const struct nacre_memop *op = &vcpu->arch.mmio.op;

	return fault->write && !fault->walk && !op->reads && !op->string &&
	       offset_in_page(fault->gpa) + op->size <= PAGE_SIZE &&
	       nacre_io_offer(vcpu->vm, NACRE_BUS_MMIO, fault->gpa, 0, NULL);
}

enum nacre_result nacre_exit_mmio(struct nacre_vcpu *vcpu,
				  const struct nacre_stage2_fault *fault,
				  gfn_t hole)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;
	const struct nacre_insn *insn;

	nacre_fetch_all(vcpu, BIT(NACRE_LAZY_RIP) | BIT(NACRE_LAZY_RFLAGS) |
			      BIT(NACRE_LAZY_CR0));
	/* The access was an event's delivery: no instruction to finish. */
	if (vcpu->arch.exit.vectoring.type != NACRE_EVENT_NONE)
		return nacre_exit_delivery(vcpu);
	switch (nacre_fetch_insn(vcpu, &insn)) {
	case NACRE_FETCH_OK:
		break;
	case NACRE_FETCH_FAULT:
	case NACRE_FETCH_RETRY:
		return NACRE_RESUME;
	/* The processor knew it, and had come as far as its operand. */
	case NACRE_FETCH_UNKNOWN:
	case NACRE_FETCH_NO_MEMORY:
		return nacre_exit_emulate(vcpu);
	}
	memset(mmio, 0, sizeof(*mmio));
	mmio->hole = hole;
	mmio->told = !fault->walk && !fault->fetch;
	mmio->told_write = fault->write;
	mmio->told_gpa = fault->gpa;
	if (!nacre_fetched_memop(vcpu, &mmio->op))
		return nacre_emulate_insn(vcpu, insn);
	if (any_store_will_do(vcpu, fault))
		return nacre_skip_to(vcpu, nacre_rip(vcpu) + insn->length);
	return start(vcpu, insn);
}
