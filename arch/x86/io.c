// SPDX-License-Identifier: GPL-2.0
/*
 * Port I/O: every access goes to userspace, through page 1 of the vCPU's
 * mapping. RIP stays at the instruction until the access is completed, so a
 * VMM that saves the guest in between saves it before the access.
 */
#include <linux/string.h>

#include "module/vcpu.h"
#include "arch/x86/exits.h"
#include "arch/x86/insn.h"
#include "arch/x86/regs.h"

/* A quirk of the ABI (NACRE_X86_QUIRK_OUT_7E_INC_RIP), on by default there. */
#define PORT_FINISHED_FIRST	0x7e

/*
 * The guest's RIP is the VMM's to change while the access is out; then the
 * instruction is not the one to be finished.
 */
static bool moved_on(struct nacre_vcpu *vcpu)
{
	return nacre_rip(vcpu) != vcpu->arch.pio.rip;
}

static enum nacre_result finish_out(struct nacre_vcpu *vcpu)
{
	if (moved_on(vcpu))
		return NACRE_RESUME;
	return nacre_skip_to(vcpu, vcpu->arch.pio.next_rip);
}

static u64 merge_in(u64 old, const void *data, u8 size)
{
	u32 value = 0;

	memcpy(&value, data, size);
	switch (size) {
	case 1:
		return (old & ~0xffull) | value;
	case 2:
		return (old & ~0xffffull) | value;
	default:
		/* A 32-bit result clears the upper half. */
		return value;
	}
}

static enum nacre_result finish_in(struct nacre_vcpu *vcpu)
{
	const struct nacre_pio *pio = &vcpu->arch.pio;
	u64 rax = nacre_gpr(vcpu, NACRE_RAX);

	if (moved_on(vcpu))
		return NACRE_RESUME;
	nacre_set_gpr(vcpu, NACRE_RAX,
		      merge_in(rax, vcpu->page[NACRE_PAGE_PIO], pio->size));
	return nacre_skip_to(vcpu, pio->next_rip);
}

static void pio_to_user(struct nacre_vcpu *vcpu)
{
	const struct nacre_pio *pio = &vcpu->arch.pio;
	struct nacre_run *run = vcpu->run;

	run->exit_reason = NACRE_EXIT_IO;
	run->io.direction = pio->in ? NACRE_EXIT_IO_IN : NACRE_EXIT_IO_OUT;
	run->io.size = pio->size;
	run->io.port = pio->port;
	run->io.count = pio->count;
	run->io.data_offset = NACRE_PAGE_PIO * PAGE_SIZE;
	vcpu->complete = pio->in ? finish_in : finish_out;
}

static bool next_rip(struct nacre_vcpu *vcpu, const struct nacre_io *io,
		     enum nacre_result *result, u64 *next)
{
	struct nacre_insn insn;

	*result = NACRE_RESUME;
	if (io->next_rip) {
		*next = io->next_rip;
		return true;
	}
	switch (nacre_fetch_insn(vcpu, &insn)) {
	case NACRE_FETCH_OK:
		*next = nacre_rip(vcpu) + insn.length;
		return true;
	case NACRE_FETCH_FAULT:
	case NACRE_FETCH_RETRY:
		return false;
	case NACRE_FETCH_NO_MEMORY:
		break;
	}
	*result = nacre_emulation_failure(vcpu, NULL, 0);
	return false;
}

enum nacre_result nacre_exit_io(struct nacre_vcpu *vcpu,
				const struct nacre_io *io)
{
	struct nacre_pio *pio = &vcpu->arch.pio;
	u64 rax = nacre_gpr(vcpu, NACRE_RAX);
	enum nacre_result result;
	u64 next;

	if (io->string)
		return nacre_exit_emulate(vcpu);
	if (!next_rip(vcpu, io, &result, &next))
		return result;
	*pio = (struct nacre_pio) {
		.port = io->port,
		.size = io->size,
		.in = io->in,
		.count = 1,
		.rip = nacre_rip(vcpu),
		.next_rip = next,
	};
	/* Only the access's own bytes are the VMM's to see. */
	memset(vcpu->page[NACRE_PAGE_PIO], 0, sizeof(u64));
	if (!io->in)
		memcpy(vcpu->page[NACRE_PAGE_PIO], &rax, io->size);
	pio_to_user(vcpu);
	/* Not every VMM comes back after a write here, but means to be behind it. */
	if (!io->in && io->port == PORT_FINISHED_FIRST) {
		vcpu->complete = NULL;
		nacre_skip_to(vcpu, next);
	}
	return NACRE_TO_USER;
}
