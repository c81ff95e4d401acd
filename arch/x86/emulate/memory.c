// SPDX-License-Identifier: GPL-2.0
/*
 * Memory as an instruction has it: addresses with all checks, accesses split
 * at pages, writes kept until the end, the stack.
 *
 * Intel SDM, "Limit Checking", "Type Checking", "Canonical Addressing",
 * "Alignment Check Exception (#AC)".
 */
#include "arch/x86/emulate/execute.h"

#define PAGE		4096u
#define HAVE_ERROR	(BIT(8) | BIT(TS) | BIT(NP) | BIT(SF) | BIT(GP) | \
			 BIT(PF) | BIT(AC))

void nacre_emu_stop(struct nacre_emulator *e, enum nacre_emulated result)
{
	if (!stopped(e))
		e->result = result;
}

void nacre_emu_raise(struct nacre_emulator *e, u8 vector, u32 error)
{
	if (stopped(e))
		return;
	e->exception = (struct nacre_emu_exception) { .vector = vector };
	if (e->next.cr0 & X86_CR0_PE && HAVE_ERROR & BIT(vector)) {
		e->exception.has_error = true;
		e->exception.error = error;
	}
	e->result = NACRE_EMU_FAULT;
}

bool nacre_emu_canonical(const struct nacre_emulator *e, u64 address)
{
	int top = e->next.cr4 & X86_CR4_LA57 ? 56 : 47;

	return (u64)sign_extend64(address, top) == address;
}

static bool limit_allows(const struct nacre_emu_segment *s, u32 first,
			 u32 last)
{
	/* Wrapped: no segment holds that. */
	if (last < first)
		return false;
	if ((s->attributes & (ATTR_CODE | ATTR_DOWN)) != ATTR_DOWN)
		return last <= s->limit;
	return first > s->limit &&
	       last <= (s->attributes & ATTR_DB ? ~0u : 0xffff);
}

static bool type_allows(const struct nacre_emu_segment *s, bool write)
{
	u16 code = s->attributes & ATTR_CODE;

	if (!(s->attributes & ATTR_P))
		return false;
	if (write)
		return !code && s->attributes & ATTR_WRITABLE;
	return !code || s->attributes & ATTR_WRITABLE;
}

/* 32 bytes are two of 16. */
static bool is_misaligned(const struct nacre_emulator *e, u64 linear,
			  unsigned int size)
{
	return size <= 32 && linear & (min(size, 16u) - 1) &&
	       e->next.cpl == 3 && e->next.cr0 & X86_CR0_AM &&
	       e->next.regs.rflags & X86_EFLAGS_AC;
}

u64 nacre_emu_unchecked(const struct nacre_emulator *e, u8 seg, u64 offset)
{
	u64 linear = offset + e->next.segments[seg].base;

	if (!is_64bit(e))
		return (u32)linear;
	return seg == FS || seg == GS ? linear : offset;
}

u64 nacre_emu_linear(struct nacre_emulator *e, u8 seg, u64 offset,
		     unsigned int size, bool write)
{
	const struct nacre_emu_segment *s = &e->next.segments[seg];
	u64 linear = nacre_emu_unchecked(e, seg, offset);
	bool fits;

	if (is_64bit(e))
		fits = nacre_emu_canonical(e, linear) &&
		       nacre_emu_canonical(e, linear + size - 1);
	else
		fits = (!is_protected(e) || type_allows(s, write)) &&
		       limit_allows(s, offset, offset + size - 1);
	if (!fits)
		nacre_emu_raise(e, seg == SS ? SF : GP, e->external);
	else if (is_misaligned(e, linear, size))
		nacre_emu_raise(e, AC, 0);
	return linear;
}

/* The memory operand's offset, without its segment. */
u64 nacre_emu_address(struct nacre_emulator *e)
{
	const struct nacre_insn *insn = e->insn;
	u64 offset = insn->displacement;

	if (insn->base >= 0)
		offset += gpr(e)[insn->base & 15];
	if (insn->index >= 0)
		offset += gpr(e)[insn->index & 15] * insn->scale;
	if (insn->rip_relative)
		offset += e->state.rip + insn->length;
	return offset & nacre_size_mask(insn->address_size);
}

/* SS for what is addressed by the stack's registers, else DS. */
u8 nacre_emu_segment(const struct nacre_emulator *e)
{
	if (e->insn->segment >= 0)
		return e->insn->segment;
	return e->insn->base == RSP || e->insn->base == RBP ? SS : DS;
}

/* What has to be aligned has #GP for that, before anything else. */
u64 nacre_emu_operand(struct nacre_emulator *e, unsigned int size, u8 align,
		      bool write)
{
	u64 at = nacre_emu_address(e);
	u8 seg = nacre_emu_segment(e);

	if (nacre_emu_unchecked(e, seg, at) & (align - 1))
		nacre_emu_raise(e, GP, 0);
	return nacre_emu_linear(e, seg, at, size, write);
}

/* By whom; and a linear address may be elsewhere once CR3 has changed. */
u32 nacre_emu_how(const struct nacre_emulator *e, u32 how)
{
	if (e->next.cpl == 3 && !(how & NACRE_EMU_SYSTEM))
		how |= NACRE_EMU_USER;
	return how | (e->next.cr3 != e->state.cr3 ? NACRE_EMU_NEW_CR3 : 0);
}

static u64 next_linear(const struct nacre_emulator *e, u64 linear,
		       unsigned int size)
{
	return is_64bit(e) ? linear + size : (u32)(linear + size);
}

static unsigned int in_page(u64 linear, unsigned int size)
{
	return min_t(unsigned int, size, PAGE - (linear & (PAGE - 1)));
}

/* What has been written by the same instruction. */
static void read_stores(const struct nacre_emulator *e, u64 linear, u8 *data,
			unsigned int size)
{
	unsigned int i, j;

	for (i = 0; i < e->nr_stores; i++) {
		const struct nacre_emu_store *s = &e->stores[i];

		if ((s->how ^ nacre_emu_how(e, 0)) & NACRE_EMU_NEW_CR3)
			continue;
		for (j = 0; j < s->size; j++)
			if (s->linear + j - linear < size)
				data[s->linear + j - linear] =
					e->bytes[s->at + j];
	}
}

/* Of an access to two pages, may both be had, before a device knows of it? */
static void probe_pages(struct nacre_emulator *e, u64 linear,
			unsigned int size, u32 how)
{
	unsigned int piece = in_page(linear, size);

	if (piece == size)
		return;
	nacre_emu_stop(e, e->ops->probe(e, linear, piece, how));
	if (!stopped(e))
		nacre_emu_stop(e, e->ops->probe(e, next_linear(e, linear, piece),
						size - piece, how));
}

void nacre_emu_get(struct nacre_emulator *e, u64 linear, void *data,
		   unsigned int size, u32 how)
{
	unsigned int piece;

	how = nacre_emu_how(e, how);
	memset(data, 0, size);
	if (!stopped(e))
		probe_pages(e, linear, size, how);
	for (; size && !stopped(e); size -= piece) {
		piece = in_page(linear, size);
		nacre_emu_stop(e, e->ops->read(e, linear, data, piece, how));
		read_stores(e, linear, data, piece);
		linear = next_linear(e, linear, piece);
		data = (u8 *)data + piece;
	}
}

static void keep(struct nacre_emulator *e, u64 linear, const void *data,
		 unsigned int size, u32 how)
{
	if (e->nr_stores == NACRE_EMU_STORES ||
	    e->used + size > NACRE_EMU_BYTES)
		nacre_emu_stop(e, NACRE_EMU_UNKNOWN);
	if (stopped(e))
		return;
	e->stores[e->nr_stores++] = (struct nacre_emu_store) {
		.linear = linear, .at = e->used, .size = size, .how = how,
	};
	memcpy(e->bytes + e->used, data, size);
	e->used += size;
}

void nacre_emu_put(struct nacre_emulator *e, u64 linear, const void *data,
		   unsigned int size, u32 how)
{
	unsigned int piece;

	how = nacre_emu_how(e, how | NACRE_EMU_WRITE);
	for (; size && !stopped(e); size -= piece) {
		piece = in_page(linear, size);
		nacre_emu_stop(e, e->ops->probe(e, linear, piece, how));
		keep(e, linear, data, piece, how);
		linear = next_linear(e, linear, piece);
		data = (const u8 *)data + piece;
	}
}

u64 nacre_emu_read(struct nacre_emulator *e, u8 seg, u64 offset, u8 size)
{
	u64 linear = nacre_emu_linear(e, seg, offset, size, false), value = 0;

	nacre_emu_get(e, linear, &value, size, 0);
	return value;
}

void nacre_emu_write(struct nacre_emulator *e, u8 seg, u64 offset, u64 value,
		     u8 size)
{
	u64 linear = nacre_emu_linear(e, seg, offset, size, true);

	nacre_emu_put(e, linear, &value, size, 0);
}

u64 nacre_emu_read_system(struct nacre_emulator *e, u64 linear, u8 size)
{
	u64 value = 0;

	if (!is_long_mode(e))
		linear = (u32)linear;
	nacre_emu_get(e, linear, &value, size, NACRE_EMU_SYSTEM);
	return value;
}

void nacre_emu_write_system(struct nacre_emulator *e, u64 linear, u64 value,
			    u8 size)
{
	if (!is_long_mode(e))
		linear = (u32)linear;
	nacre_emu_put(e, linear, &value, size, NACRE_EMU_SYSTEM);
}

/* Bytes of the stack pointer that count. */
u8 nacre_emu_stack_size(const struct nacre_emulator *e)
{
	if (is_64bit(e))
		return 8;
	return e->next.segments[SS].attributes & ATTR_DB ? 4 : 2;
}

void nacre_emu_push(struct nacre_emulator *e, u64 value, u8 size)
{
	u8 width = nacre_emu_stack_size(e);
	u64 sp = (gpr(e)[RSP] - size) & nacre_size_mask(width);

	nacre_emu_write(e, SS, sp, value, size);
	if (!stopped(e))
		set_register(e, RSP, width, sp);
}

/* CS and RIP, as CALL and events leave them. */
void nacre_emu_push_return(struct nacre_emulator *e, u8 size)
{
	nacre_emu_push(e, e->next.segments[CS].selector, size);
	nacre_emu_push(e, e->next.rip, size);
}

/* The stack's @index-th, which stays there. */
u64 nacre_emu_peek(struct nacre_emulator *e, unsigned int index, u8 size)
{
	u64 mask = nacre_size_mask(nacre_emu_stack_size(e));

	return nacre_emu_read(e, SS, (gpr(e)[RSP] + index * size) & mask,
			      size);
}

u64 nacre_emu_pop(struct nacre_emulator *e, u8 size)
{
	u8 width = nacre_emu_stack_size(e);
	u64 sp = gpr(e)[RSP] & nacre_size_mask(width);
	u64 value = nacre_emu_read(e, SS, sp, size);

	set_register(e, RSP, width, sp + size);
	return value;
}

/* A locked access that crosses a page is no longer one. */
static void make_stores(struct nacre_emulator *e)
{
	const struct nacre_emu_store *s = e->stores;

	if (e->locked && e->nr_stores == 1 && s->size <= sizeof(e->old)) {
		nacre_emu_stop(e, e->ops->exchange(e, s->linear, e->old,
						  e->bytes, s->size));
		return;
	}
	for (; s < e->stores + e->nr_stores; s++)
		e->ops->write(e, s->linear, e->bytes + s->at, s->size, s->how);
}

void nacre_emu_commit(struct nacre_emulator *e)
{
	if (!stopped(e))
		make_stores(e);
	if (!stopped(e))
		e->state = e->next;
	e->nr_stores = 0;
	e->used = 0;
}
