// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions whose memory operand is no memory: a chip in the kernel, a
 * device of the VMM, or a read-only slot. Here is what drivers do, one operand
 * that lies in one page; all else is the emulator's.
 *
 * The operand is read, computed with, and written; each of the two is an exit
 * if only the VMM can serve it. All of it lives in the vCPU by value. Registers
 * and RIP change when all has been read and computed: a write that the VMM sees
 * is behind the guest, like one that a bus has posted.
 */
#include <linux/mm.h>
#include <linux/string.h>

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
 * be had: if that was for this operand.
 */
static bool was_told(const struct nacre_memop *op,
		     const struct nacre_stage2_fault *fault, gva_t gva)
{
	return !fault->walk && !fault->fetch && (fault->write || !op->writes) &&
	       offset_in_page(fault->gpa ^ gva) == 0;
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

/* That there is no memory where the access faulted is known. */
static bool served(struct nacre_vcpu *vcpu, bool write)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;
	u8 size = mmio->op.size;
	int err;

	nacre_vcpu_srcu_lock(vcpu);
	if (mmio->gpa >> PAGE_SHIFT != mmio->hole) {
		err = write ? nacre_write_guest(vcpu->vm, mmio->gpa,
						&mmio->data, size) :
			      nacre_read_guest(vcpu->vm, mmio->gpa,
					       &mmio->data, size);
		if (!err)
			return true;
	}
	return nacre_mmio_in_kernel(vcpu, mmio->gpa, size, &mmio->data, write);
}

static enum nacre_result to_user(struct nacre_vcpu *vcpu, bool write,
				 nacre_complete_fn complete)
{
	const struct nacre_mmio *mmio = &vcpu->arch.mmio;
	struct nacre_run *run = vcpu->run;
	u64 data = 0;

	vcpu->stats.mmio_exits++;
	run->exit_reason = NACRE_EXIT_MMIO;
	run->mmio.phys_addr = mmio->gpa;
	run->mmio.len = mmio->op.size;
	run->mmio.is_write = write;
	/* The VMM is told all eight bytes, though only so many mean something. */
	BUILD_BUG_ON(sizeof(run->mmio.data) != sizeof(data));
	if (write)
		data = mmio->data & nacre_size_mask(mmio->op.size);
	memcpy(run->mmio.data, &data, sizeof(data));
	vcpu->complete = complete;
	return NACRE_TO_USER;
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
	nacre_skip_to(vcpu, mmio->next_rip);
}

static enum nacre_result stored(struct nacre_vcpu *vcpu)
{
	return NACRE_RESUME;
}

/* From here on nothing can fault. */
static enum nacre_result compute_and_store(struct nacre_vcpu *vcpu)
{
	finish(vcpu);
	if (!vcpu->arch.mmio.op.writes || served(vcpu, true))
		return NACRE_RESUME;
	return to_user(vcpu, true, stored);
}

/* The VMM has served the read; the slots may be others. */
static enum nacre_result loaded(struct nacre_vcpu *vcpu)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;

	mmio->hole = NACRE_NO_HOLE;
	memcpy(&mmio->data, vcpu->run->mmio.data, mmio->op.size);
	return compute_and_store(vcpu);
}

static enum nacre_result start(struct nacre_vcpu *vcpu,
			       const struct nacre_stage2_fault *fault,
			       const struct nacre_insn *insn)
{
	struct nacre_mmio *mmio = &vcpu->arch.mmio;
	const struct nacre_memop *op = &mmio->op;
	enum nacre_access access = NACRE_ACCESS_OK;
	gva_t gva;

	if (!nacre_linear(vcpu, nacre_operand_segment(insn),
			  effective_address(vcpu, insn, op), op->size,
			  op->writes, &gva))
		return NACRE_RESUME;
	if (unlikely(nacre_linear_piece(gva, op->size) < op->size))
		return nacre_emulate_insn(vcpu, insn);
	if (likely(was_told(op, fault, gva)))
		mmio->gpa = fault->gpa;
	else
		access = nacre_linear_to_gpa(vcpu, gva, op->writes,
					     &mmio->gpa);
	if (access != NACRE_ACCESS_OK)
		return nacre_exit_no_access(vcpu, access);
	if (op->reads && !served(vcpu, false))
		return to_user(vcpu, false, loaded);
	return compute_and_store(vcpu);
}

/*
 * A store that does nothing else, to where any will do: what it stores need not
 * be known.
 */
static bool any_store_will_do(struct nacre_vcpu *vcpu,
			      const struct nacre_stage2_fault *fault)
{
	const struct nacre_memop *op = &vcpu->arch.mmio.op;

	return fault->write && !fault->walk && !op->reads &&
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
	vcpu->stats.insn_emulation++;
	memset(mmio, 0, sizeof(*mmio));
	mmio->hole = hole;
	mmio->next_rip = nacre_rip(vcpu) + insn->length;
	if (!nacre_fetched_memop(vcpu, &mmio->op))
		return nacre_emulate_insn(vcpu, insn);
	if (any_store_will_do(vcpu, fault))
		return nacre_skip_to(vcpu, mmio->next_rip);
	return start(vcpu, fault, insn);
}
