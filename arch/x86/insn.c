// SPDX-License-Identifier: GPL-2.0
/* The guest's current instruction: fetched, decoded, stepped over. */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/debugreg.h>

#include "module/vcpu.h"
#include "arch/x86/events.h"
#include "arch/x86/exits.h"
#include "arch/x86/insn.h"
#include "arch/x86/peek.h"
#include "arch/x86/regs.h"

struct guest_tables {
	struct nacre_walk_memory memory;
	struct nacre_vm *vm;
};

static struct nacre_vm *vm_of(struct nacre_walk_memory *memory)
{
	return container_of(memory, struct guest_tables, memory)->vm;
}

static int read_entry(struct nacre_walk_memory *memory, u64 gpa,
		      unsigned int size, u64 *entry)
{
	return nacre_read_guest(vm_of(memory), gpa, entry, size);
}

static int update_entry(struct nacre_walk_memory *memory, u64 gpa,
			unsigned int size, u64 old, u64 new)
{
	return nacre_cmpxchg_guest(vm_of(memory), gpa, &old, new, size);
}

/* Decode and walk as the processor would that the guest runs on. */
static bool like_amd(void)
{
	return nacre_backend()->like_amd;
}

static void walk_mode(struct nacre_vcpu *vcpu, struct nacre_walk_mode *mode)
{
	if (nacre_is_pae_paging(vcpu))
		nacre_fetch(vcpu, NACRE_LAZY_PDPTRS);
	*mode = (struct nacre_walk_mode) {
		.cr0 = nacre_cr0(vcpu),
		.cr3 = nacre_cr3(vcpu),
		.cr4 = nacre_cr4(vcpu),
		.efer = vcpu->arch.efer,
		.rflags = nacre_rflags(vcpu),
		.pkru = vcpu->arch.pkru,
		.cpl = backend(read_cpl)(vcpu),
		.maxphyaddr = vcpu->arch.cpuid.maxphyaddr,
		.has_1g_pages = vcpu->arch.cpuid.has_1g_pages,
		.amd = like_amd(),
	};
	memcpy(mode->pdptrs, vcpu->arch.pdptrs, sizeof(mode->pdptrs));
}

enum nacre_walk_result nacre_translate_as(struct nacre_vcpu *vcpu, gva_t gva,
					  u32 access, bool implicit,
					  struct nacre_walk *out)
{
	struct guest_tables tables = {
		.memory = { .read_entry = read_entry,
			    .update_entry = update_entry },
		.vm = vcpu->vm,
	};
	struct nacre_walk_mode mode;

	walk_mode(vcpu, &mode);
	return nacre_guest_walk(&mode, &tables.memory, gva, access, implicit,
				out);
}

/* Linear address of byte @i, or false where CS or the address form forbids. */
static bool code_address(struct nacre_vcpu *vcpu, const struct nacre_code *code,
			 unsigned int i, gva_t *gva)
{
	u64 rip = nacre_rip(vcpu) + i;

	if (code->mode == 64) {
		*gva = rip;
		return nacre_is_canonical(vcpu, rip);
	}
	*gva = (u32)(code->base + (u32)rip);
	return (u32)rip <= code->limit;
}

/* Bytes at @gva up to the end of its page. */
static enum nacre_fetch_result fetch_page(struct nacre_vcpu *vcpu, gva_t gva,
					  u8 *bytes, unsigned int *count,
					  struct nacre_walk *walk)
{
	u32 access = nacre_access_bits(vcpu, NACRE_PF_FETCH);

	*count = min_t(u64, *count, PAGE_SIZE - offset_in_page(gva));
	switch (nacre_translate(vcpu, gva, access, walk)) {
	case NACRE_WALK_OK:
		break;
	case NACRE_WALK_FAULT:
		return NACRE_FETCH_FAULT;
	case NACRE_WALK_RETRY:
		return NACRE_FETCH_RETRY;
	case NACRE_WALK_NO_MEMORY:
		return NACRE_FETCH_NO_MEMORY;
	}
	if (nacre_read_guest(vcpu->vm, walk->gpa, bytes, *count))
		return NACRE_FETCH_NO_MEMORY;
	return NACRE_FETCH_OK;
}

/* One more page's worth behind the @have bytes that are there. */
static enum nacre_fetch_result fetch_more(struct nacre_vcpu *vcpu,
					  const struct nacre_code *code, u8 *bytes,
					  unsigned int *have)
{
	unsigned int count = NACRE_MAX_INSN - *have;
	enum nacre_fetch_result result;
	struct nacre_walk walk;
	gva_t gva;

	if (!count || !code_address(vcpu, code, *have, &gva)) {
		nacre_queue_exception_e(vcpu, X86_TRAP_GP, 0);
		return NACRE_FETCH_FAULT;
	}
	/* Bytes beyond CS's limit are not the guest's to execute. */
	if (code->mode != 64)
		count = min_t(u64, count, (u64)code->limit -
			      (u32)(nacre_rip(vcpu) + *have) + 1);
	result = fetch_page(vcpu, gva, bytes + *have, &count, &walk);
	if (result == NACRE_FETCH_OK)
		*have += count;
	else if (result == NACRE_FETCH_FAULT)
		nacre_queue_page_fault(vcpu, gva, walk.error_code);
	return result;
}

/* By where it stands; whether it is still the same shows by its bytes. */
static struct nacre_known_insn *known_insn(struct nacre_vcpu *vcpu)
{
	u64 rip = nacre_rip(vcpu);

	return &vcpu->arch.insns[(rip ^ rip >> 4) % NACRE_KNOWN_INSNS];
}

static bool is_known(const struct nacre_known_insn *known, const u64 bytes[2],
		     u8 mode)
{
	u64 changed = ((known->bytes[0] ^ bytes[0]) & known->mask[0]) |
		      ((known->bytes[1] ^ bytes[1]) & known->mask[1]);

	return known->insn.mode == mode && !changed;
}

/* Ones in the first @count of a word's bytes. */
static u64 byte_mask(int count)
{
	if (count <= 0)
		return 0;
	return count >= 8 ? ~0ull : (1ull << count * 8) - 1;
}

static enum nacre_decode_result decode(struct nacre_known_insn *known,
				       const u64 bytes[2], unsigned int have,
				       u8 mode)
{
	enum nacre_decode_vendor vendor = like_amd() ? NACRE_DECODE_AMD :
						       NACRE_DECODE_INTEL;
	enum nacre_decode_result result;

	result = nacre_decode((const u8 *)bytes, have, mode, vendor,
			      &known->insn);
	known->parsed = NACRE_OP_UNKNOWN;
	if (result != NACRE_DECODE_OK) {
		known->insn.mode = 0;
		return result;
	}
	memcpy(known->bytes, bytes, sizeof(known->bytes));
	known->mask[0] = byte_mask(known->insn.length);
	known->mask[1] = byte_mask(known->insn.length - 8);
	return result;
}

/* The instruction with all that may come behind it, if that is easy. */
static __always_inline bool peek(struct nacre_vcpu *vcpu,
				 const struct nacre_code *code, u64 bytes[2])
{
	u64 rip = nacre_rip(vcpu);

	if (code->mode != 64) {
		if ((u64)(u32)rip + NACRE_PEEK_BYTES - 1 > code->limit)
			return false;
		rip = (u32)(code->base + rip);
	}
	return nacre_peek_code(vcpu, rip, bytes);
}

/* The current instruction, if it is one that was decoded here before. */
static __always_inline const struct nacre_insn *
recognize(struct nacre_vcpu *vcpu)
{
	const struct nacre_known_insn *known = known_insn(vcpu);
	struct nacre_code code = backend(read_code)(vcpu);
	u64 bytes[2];

	if (!peek(vcpu, &code, bytes) || !is_known(known, bytes, code.mode))
		return NULL;
	return &known->insn;
}

static noinline enum nacre_fetch_result
fetch_and_decode(struct nacre_vcpu *vcpu, const struct nacre_insn **insn)
{
	struct nacre_known_insn *known = known_insn(vcpu);
	struct nacre_code code = backend(read_code)(vcpu);
	enum nacre_fetch_result result;
	unsigned int have = 0;
	u64 bytes[2] = {};

	*insn = &known->insn;
	for (;;) {
		result = fetch_more(vcpu, &code, (u8 *)bytes, &have);
		if (result != NACRE_FETCH_OK)
			return result;
		switch (decode(known, bytes, have, code.mode)) {
		case NACRE_DECODE_OK:
			return NACRE_FETCH_OK;
		case NACRE_DECODE_MORE:
			continue;
		case NACRE_DECODE_INVALID:
			return NACRE_FETCH_UNKNOWN;
		case NACRE_DECODE_TOO_LONG:
			nacre_queue_exception_e(vcpu, X86_TRAP_GP, 0);
			return NACRE_FETCH_FAULT;
		}
	}
}

enum nacre_fetch_result nacre_fetch_insn(struct nacre_vcpu *vcpu,
					 const struct nacre_insn **insn)
{
	*insn = recognize(vcpu);
	if (likely(*insn))
		return NACRE_FETCH_OK;
	return fetch_and_decode(vcpu, insn);
}

bool nacre_fetched_memop(struct nacre_vcpu *vcpu, struct nacre_memop *op)
{
	struct nacre_known_insn *known = known_insn(vcpu);

	if (unlikely(known->parsed == NACRE_OP_UNKNOWN))
		known->parsed = nacre_memop_parse(&known->insn, &known->op) ?
				NACRE_OP_PARSED : NACRE_OP_NONE;
	*op = known->op;
	return known->parsed == NACRE_OP_PARSED;
}

unsigned int nacre_fetch_bytes(struct nacre_vcpu *vcpu, u8 *bytes)
{
	unsigned int have = 0, count, i;
	struct nacre_walk walk;
	struct nacre_code code = backend(read_code)(vcpu);
	gva_t gva;

	for (i = 0; i < 2 && have < NACRE_MAX_INSN; i++) {
		count = NACRE_MAX_INSN - have;
		if (!code_address(vcpu, &code, have, &gva) ||
		    fetch_page(vcpu, gva, bytes + have, &count, &walk) !=
		    NACRE_FETCH_OK)
			break;
		have += count;
	}
	return have;
}

/* RF lasts for one instruction, TF traps after it. */
void nacre_end_rf_and_tf(struct nacre_vcpu *vcpu)
{
	u64 rflags = nacre_rflags(vcpu);

	if (rflags & X86_EFLAGS_RF)
		nacre_set_rflags(vcpu, rflags & ~(u64)X86_EFLAGS_RF);
	if (rflags & X86_EFLAGS_TF)
		nacre_queue_debug(vcpu, DR_STEP);
}

static __always_inline enum nacre_result skip_by(struct nacre_vcpu *vcpu,
						 u8 length)
{
	u64 rip = nacre_rip(vcpu);

	return nacre_skip(vcpu, nacre_wrap_rip(vcpu, rip, rip + length));
}

enum nacre_result nacre_skip_to(struct nacre_vcpu *vcpu, u64 rip)
{
	return nacre_skip(vcpu, nacre_wrap_rip(vcpu, nacre_rip(vcpu), rip));
}

enum nacre_result nacre_skip_decoded(struct nacre_vcpu *vcpu,
				     const struct nacre_insn *insn)
{
	return skip_by(vcpu, insn->length);
}

enum nacre_result nacre_fetch_failed(struct nacre_vcpu *vcpu,
				     enum nacre_fetch_result result)
{
	switch (result) {
	case NACRE_FETCH_OK:
	case NACRE_FETCH_FAULT:
	case NACRE_FETCH_RETRY:
		return NACRE_RESUME;
	case NACRE_FETCH_UNKNOWN:
		return nacre_exit_ud(vcpu);
	case NACRE_FETCH_NO_MEMORY:
		break;
	}
	return nacre_emulation_failure(vcpu, NULL, 0);
}

static noinline enum nacre_result fetch_and_skip(struct nacre_vcpu *vcpu)
{
	const struct nacre_insn *insn;
	enum nacre_fetch_result result = fetch_and_decode(vcpu, &insn);

	return result == NACRE_FETCH_OK ? nacre_skip_decoded(vcpu, insn) :
					  nacre_fetch_failed(vcpu, result);
}

/* A frame for each of the two is more than both need. */
static noinline enum nacre_result recognize_and_skip(struct nacre_vcpu *vcpu)
{
	const struct nacre_insn *insn = recognize(vcpu);

	if (likely(insn))
		return skip_by(vcpu, insn->length);
	return fetch_and_skip(vcpu);
}

static noinline enum nacre_result skip_as_told(struct nacre_vcpu *vcpu)
{
	u8 length = backend(insn_length)(vcpu);

	return likely(length) ? skip_by(vcpu, length) :
				recognize_and_skip(vcpu);
}

enum nacre_result nacre_skip_insn(struct nacre_vcpu *vcpu)
{
	if (static_branch_unlikely(&nacre_tells_lengths))
		return skip_as_told(vcpu);
	return recognize_and_skip(vcpu);
}
