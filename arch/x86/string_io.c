// SPDX-License-Identifier: GPL-2.0
/*
 * INS and OUTS: as many elements in one exit as lie in one page of the
 * guest's memory. Registers move when the elements have been transferred, so
 * a fault, a signal or a save of the guest in between finds them exact.
 */
#include <linux/mm.h>

#include "arch/x86/chips.h"
#include "arch/x86/insn.h"
#include "arch/x86/linear.h"

static enum nacre_gpr index_register(const struct nacre_pio *pio)
{
	return pio->in ? NACRE_RDI : NACRE_RSI;
}

/* INS always writes ES; OUTS reads DS or what a prefix says. */
static enum nacre_segreg segment(const struct nacre_pio *pio,
				 const struct nacre_insn *insn)
{
	if (pio->in)
		return NACRE_SEG_ES;
	return insn->segment < 0 ? NACRE_SEG_DS : insn->segment;
}

/* Elements from @gva on that begin in its page, in the direction of DF. */
static u32 elements_in_page(gva_t gva, u8 size, bool down)
{
	u32 offset = offset_in_page(gva);

	if (down)
		return offset / size + 1;
	return max_t(u32, (PAGE_SIZE - offset) / size, 1);
}

/*
 * How many elements one exit can carry, 0: a fault has been queued. More
 * than one only if the last lies in the segment, too, and no index wraps.
 */
static u32 batch(struct nacre_vcpu *vcpu, const struct nacre_pio *pio,
		 enum nacre_segreg seg, u64 left)
{
	u64 index = nacre_gpr(vcpu, index_register(pio)) & pio->mask;
	u64 last, span;
	gva_t unused;
	u32 n;

	n = min_t(u64, left, elements_in_page(pio->gva, pio->size, pio->down));
	if (n == 1 || nacre_rflags(vcpu) & X86_EFLAGS_TF)
		return 1;
	span = (u64)(n - 1) * pio->size;
	last = (pio->down ? index - span : index + span) & pio->mask;
	if (pio->down ? last > index : last < index)
		return 1;
	return nacre_linear_ok(vcpu, seg, last, pio->size, pio->in, &unused) ?
	       n : 1;
}

static gva_t lowest(const struct nacre_pio *pio)
{
	return pio->down ? pio->gva - (u64)(pio->count - 1) * pio->size :
			   pio->gva;
}

/* With DF set the first element to travel is the highest in memory. */
static void reverse(u8 *data, u32 count, u8 size)
{
	u8 *a = data, *z = data + (count - 1) * size;
	u32 element = 0;

	for (; a < z; a += size, z -= size) {
		memcpy(&element, a, size);
		memcpy(a, z, size);
		memcpy(z, &element, size);
	}
}

/* The elements are through: move the registers, and RIP behind the last. */
static enum nacre_result advance(struct nacre_vcpu *vcpu)
{
	const struct nacre_pio *pio = &vcpu->arch.pio;
	enum nacre_gpr reg = index_register(pio);
	u64 step = (u64)pio->count * pio->size;
	u64 index = nacre_gpr(vcpu, reg);
	u64 left = 0;

	nacre_set_masked(vcpu, reg, pio->mask,
			 pio->down ? index - step : index + step);
	if (pio->rep) {
		left = (nacre_gpr(vcpu, NACRE_RCX) - pio->count) & pio->mask;
		nacre_set_masked(vcpu, NACRE_RCX, pio->mask, left);
	}
	if (!left)
		return nacre_skip_to(vcpu, pio->next_rip);
	if (nacre_rflags(vcpu) & X86_EFLAGS_TF)
		return nacre_skip_to(vcpu, pio->rip);
	return NACRE_RESUME;
}

static enum nacre_result finish_outs(struct nacre_vcpu *vcpu)
{
	nacre_vcpu_srcu_lock(vcpu);
	return nacre_io_moved_on(vcpu) ? NACRE_RESUME : advance(vcpu);
}

static enum nacre_result finish_ins(struct nacre_vcpu *vcpu)
{
	const struct nacre_pio *pio = &vcpu->arch.pio;
	u8 *data = vcpu->page[NACRE_PAGE_PIO];
	enum nacre_access access;

	nacre_vcpu_srcu_lock(vcpu);
	if (nacre_io_moved_on(vcpu))
		return NACRE_RESUME;
	if (pio->down)
		reverse(data, pio->count, pio->size);
	access = nacre_write_linear(vcpu, lowest(pio), data,
				    pio->count * pio->size);
	/* Was writable before the exit: a fault is the guest's own doing. */
	return access == NACRE_ACCESS_OK ? advance(vcpu) :
					   nacre_exit_no_access(vcpu, access);
}

/* OUTS: the elements into the page for the VMM. INS: is there room for them. */
static enum nacre_access prepare(struct nacre_vcpu *vcpu)
{
	const struct nacre_pio *pio = &vcpu->arch.pio;
	u8 *data = vcpu->page[NACRE_PAGE_PIO];
	enum nacre_access access;

	if (pio->in)
		return nacre_probe_write(vcpu, lowest(pio),
					 pio->count * pio->size);
	access = nacre_read_linear(vcpu, lowest(pio), data,
				   pio->count * pio->size);
	if (access == NACRE_ACCESS_OK && pio->down)
		reverse(data, pio->count, pio->size);
	return access;
}

/* What the kernel's own devices take of the elements, from the first on. */
static u32 in_kernel(struct nacre_vcpu *vcpu)
{
	const struct nacre_pio *pio = &vcpu->arch.pio;
	u8 *data = vcpu->page[NACRE_PAGE_PIO];
	u32 n;

	for (n = 0; n < pio->count; n++, data += pio->size) {
		if (!nacre_chips_pio(vcpu->vm, pio->port, pio->size, data,
				     pio->in) &&
		    (pio->in || !nacre_io_offer(vcpu->vm, NACRE_BUS_PIO,
						pio->port, pio->size, data)))
			break;
	}
	return n;
}

static enum nacre_result start(struct nacre_vcpu *vcpu,
			       const struct nacre_insn *insn)
{
	struct nacre_pio *pio = &vcpu->arch.pio;
	enum nacre_segreg seg = segment(pio, insn);
	u64 index = nacre_gpr(vcpu, index_register(pio)) & pio->mask;
	enum nacre_access access;
	u64 left = 1;
	u32 done;

	if (pio->rep)
		left = nacre_gpr(vcpu, NACRE_RCX) & pio->mask;
	if (!left)
		return nacre_skip_decoded(vcpu, insn);
	if (!nacre_linear(vcpu, seg, index, pio->size, pio->in, &pio->gva))
		return NACRE_RESUME;
	pio->count = batch(vcpu, pio, seg, left);
	access = prepare(vcpu);
	if (access != NACRE_ACCESS_OK)
		return nacre_exit_no_access(vcpu, access);
	done = in_kernel(vcpu);
	if (done) {
		pio->count = done;
		return pio->in ? finish_ins(vcpu) : advance(vcpu);
	}
	nacre_io_to_user(vcpu, pio->in ? finish_ins : finish_outs);
	return NACRE_TO_USER;
}

/* The processor tells of the access, and of the instruction too little. */
enum nacre_result nacre_exit_string_io(struct nacre_vcpu *vcpu, u16 port,
				       u8 size, bool in, bool rep)
{
	struct nacre_pio *pio = &vcpu->arch.pio;
	const struct nacre_insn *insn;
	enum nacre_fetch_result result;

	nacre_vcpu_srcu_lock(vcpu);
	result = nacre_fetch_insn(vcpu, &insn);
	if (unlikely(result != NACRE_FETCH_OK))
		return nacre_fetch_failed(vcpu, result);
	pio->port = port;
	pio->size = size;
	pio->in = in;
	pio->rep = rep;
	pio->rip = nacre_rip(vcpu);
	pio->next_rip = pio->rip + insn->length;
	pio->down = nacre_rflags(vcpu) & X86_EFLAGS_DF;
	pio->mask = nacre_address_mask(insn->address_size);
	return start(vcpu, insn);
}
