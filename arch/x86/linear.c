// SPDX-License-Identifier: GPL-2.0
/*
 * From segment and offset to bytes.
 *
 * Intel SDM, "Limit Checking", "Type Checking", "Canonical Addressing".
 */
#include <linux/minmax.h>
#include <linux/mm.h>

#include "arch/x86/events.h"
#include "arch/x86/insn.h"
#include "arch/x86/linear.h"
#include "arch/x86/peek.h"

/* Type bits of a code or data segment. */
#define TYPE_CODE	BIT(3)
#define TYPE_DOWN	BIT(2)	/* data: expands down */
#define TYPE_WRITABLE	BIT(1)	/* data */
#define TYPE_READABLE	BIT(1)	/* code */

#define BY_STACK(base)	((base) == NACRE_RSP || (base) == NACRE_RBP)

u64 nacre_operand_offset(struct nacre_vcpu *vcpu,
			 const struct nacre_insn *insn)
{
	u64 offset = insn->displacement;

	if (insn->base >= 0)
		offset += nacre_gpr(vcpu, insn->base & 15);
	if (insn->index >= 0)
		offset += nacre_gpr(vcpu, insn->index & 15) * insn->scale;
	if (insn->rip_relative)
		offset += nacre_rip(vcpu) + insn->length;
	return offset & nacre_address_mask(insn->address_size);
}

/* SS for what is addressed by the stack's registers, else DS. */
enum nacre_segreg nacre_operand_segment(const struct nacre_insn *insn)
{
	if (insn->segment >= 0)
		return insn->segment;
	return BY_STACK(insn->base) ? NACRE_SEG_SS : NACRE_SEG_DS;
}

static bool type_allows(const struct nacre_segment *s, bool write)
{
	if (s->type & TYPE_CODE)
		return !write && s->type & TYPE_READABLE;
	return !write || s->type & TYPE_WRITABLE;
}

static bool limit_allows(const struct nacre_segment *s, u32 first, u32 last)
{
	/* Wrapped: no segment holds that. */
	if (last < first)
		return false;
	if ((s->type & (TYPE_CODE | TYPE_DOWN)) != TYPE_DOWN)
		return last <= s->limit;
	return first > s->limit && last <= (s->db ? 0xffffffff : 0xffff);
}

static bool segment_allows(struct nacre_vcpu *vcpu,
			   const struct nacre_segment *s, u64 offset,
			   unsigned int size, bool write)
{
	u32 last = (u32)offset + size - 1;

	if (nacre_is_protected(vcpu) &&
	    !(nacre_rflags(vcpu) & X86_EFLAGS_VM)) {
		if (s->unusable || !type_allows(s, write))
			return false;
	}
	return limit_allows(s, offset, last);
}

/* Of the segments only two have a base in 64-bit code. */
static u64 base_in_64bit(struct nacre_vcpu *vcpu, enum nacre_segreg seg)
{
	struct nacre_segment s;

	if (likely(seg != NACRE_SEG_FS && seg != NACRE_SEG_GS))
		return 0;
	backend(read_segment)(vcpu, seg, &s);
	return s.base;
}

bool nacre_linear_ok(struct nacre_vcpu *vcpu, enum nacre_segreg seg,
		     u64 offset, unsigned int size, bool write, gva_t *gva)
{
	struct nacre_segment s;

	if (nacre_is_64bit_code(vcpu)) {
		offset += base_in_64bit(vcpu, seg);
		*gva = offset;
		return nacre_is_canonical(vcpu, offset) &&
		       nacre_is_canonical(vcpu, offset + size - 1);
	}
	backend(read_segment)(vcpu, seg, &s);
	*gva = (u32)(s.base + offset);
	return segment_allows(vcpu, &s, offset, size, write);
}

bool nacre_linear(struct nacre_vcpu *vcpu, enum nacre_segreg seg, u64 offset,
		  unsigned int size, bool write, gva_t *gva)
{
	if (nacre_linear_ok(vcpu, seg, offset, size, write, gva))
		return true;
	nacre_queue_exception_e(vcpu, seg == NACRE_SEG_SS ? X86_TRAP_SS :
				X86_TRAP_GP, 0);
	return false;
}

enum nacre_access nacre_linear_to_gpa(struct nacre_vcpu *vcpu, gva_t gva,
				      bool write, gpa_t *gpa)
{
	u32 access = nacre_access_bits(vcpu, write ? NACRE_PF_WRITE : 0);
	struct nacre_walk walk;

	if (likely(nacre_peek_gpa(vcpu, gva, access, gpa)))
		return NACRE_ACCESS_OK;
	switch (nacre_translate(vcpu, gva, access, &walk)) {
	case NACRE_WALK_OK:
		*gpa = walk.gpa;
		return NACRE_ACCESS_OK;
	case NACRE_WALK_FAULT:
		nacre_queue_page_fault(vcpu, gva, walk.error_code);
		return NACRE_ACCESS_FAULT;
	case NACRE_WALK_RETRY:
		return NACRE_ACCESS_FAULT;
	case NACRE_WALK_NO_MEMORY:
		break;
	}
	return NACRE_ACCESS_NO_MEMORY;
}

unsigned int nacre_linear_piece(gva_t gva, unsigned int size)
{
	return min_t(unsigned int, size, PAGE_SIZE - offset_in_page(gva));
}

/* Outside 64-bit code it wraps. */
static gva_t next_piece(struct nacre_vcpu *vcpu, gva_t gva, unsigned int size)
{
	return nacre_is_64bit_code(vcpu) ? gva + size : (u32)(gva + size);
}

/* @data NULL: only see whether it could be done. */
static enum nacre_access by_pieces(struct nacre_vcpu *vcpu, gva_t gva,
				   void *data, unsigned int size, bool write)
{
	enum nacre_access access;
	unsigned int piece;
	gpa_t gpa;

	for (; size; size -= piece) {
		piece = nacre_linear_piece(gva, size);
		access = nacre_linear_to_gpa(vcpu, gva, write, &gpa);
		if (access != NACRE_ACCESS_OK)
			return access;
		gva = next_piece(vcpu, gva, piece);
		if (!data)
			continue;
		if (write ? nacre_write_guest(vcpu->vm, gpa, data, piece) :
			    nacre_read_guest(vcpu->vm, gpa, data, piece))
			return NACRE_ACCESS_NO_MEMORY;
		data += piece;
	}
	return NACRE_ACCESS_OK;
}

enum nacre_access nacre_read_linear(struct nacre_vcpu *vcpu, gva_t gva,
				    void *data, unsigned int size)
{
	return by_pieces(vcpu, gva, data, size, false);
}

enum nacre_access nacre_probe_write(struct nacre_vcpu *vcpu, gva_t gva,
				    unsigned int size)
{
	return by_pieces(vcpu, gva, NULL, size, true);
}

enum nacre_access nacre_write_linear(struct nacre_vcpu *vcpu, gva_t gva,
				     const void *data, unsigned int size)
{
	enum nacre_access access = NACRE_ACCESS_OK;

	/* A fault on the second page comes before the first is written. */
	if (nacre_linear_piece(gva, size) < size)
		access = nacre_probe_write(vcpu, gva, size);
	if (access != NACRE_ACCESS_OK)
		return access;
	return by_pieces(vcpu, gva, (void *)data, size, true);
}
