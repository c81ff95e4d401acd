// SPDX-License-Identifier: GPL-2.0
/*
 * Port I/O: every access goes to userspace, through page 1 of the vCPU's
 * mapping. RIP stays at the instruction until the access is completed, so a
 * VMM that saves the guest in between saves it before the access.
 */
#include <linux/string.h>

#include "module/vcpu.h"
#include "arch/x86/chips.h"
#include "arch/x86/exits.h"
#include "arch/x86/insn.h"
#include "arch/x86/io.h"
#include "arch/x86/regs.h"

/* A quirk of the ABI (NACRE_X86_QUIRK_OUT_7E_INC_RIP), on by default there. */
#define PORT_FINISHED_FIRST	0x7e

/*
 * The guest's RIP is the VMM's to change while the access is out; then the
 * instruction is not the one to be finished.
 */
bool nacre_io_moved_on(struct nacre_vcpu *vcpu)
{
	return nacre_rip(vcpu) != vcpu->arch.pio.rip;
}

void nacre_io_to_user(struct nacre_vcpu *vcpu, nacre_complete_fn complete)
{
	const struct nacre_pio *pio = &vcpu->arch.pio;
	struct nacre_run *run = vcpu->run;

	run->exit_reason = NACRE_EXIT_IO;
	run->io.direction = pio->in ? NACRE_EXIT_IO_IN : NACRE_EXIT_IO_OUT;
	run->io.size = pio->size;
	run->io.port = pio->port;
	run->io.count = pio->count;
	run->io.data_offset = NACRE_PAGE_PIO * PAGE_SIZE;
	vcpu->complete = complete;
}

static enum nacre_result finish_out(struct nacre_vcpu *vcpu)
{
	if (nacre_io_moved_on(vcpu))
		return NACRE_RESUME;
	return nacre_skip_to(vcpu, vcpu->arch.pio.next_rip);
}

static void set_result(struct nacre_vcpu *vcpu, u32 value)
{
	u64 rax = nacre_gpr(vcpu, NACRE_RAX);

	switch (vcpu->arch.pio.size) {
	case 1:
		rax = (rax & ~0xffull) | (u8)value;
		break;
	case 2:
		rax = (rax & ~0xffffull) | (u16)value;
		break;
	default:
		/* A 32-bit result clears the upper half. */
		rax = value;
	}
	nacre_set_gpr(vcpu, NACRE_RAX, rax);
}

static enum nacre_result finish_in(struct nacre_vcpu *vcpu)
{
	const struct nacre_pio *pio = &vcpu->arch.pio;
	u32 value = 0;

	if (nacre_io_moved_on(vcpu))
		return NACRE_RESUME;
	memcpy(&value, vcpu->page[NACRE_PAGE_PIO], pio->size);
	set_result(vcpu, value);
	return nacre_skip_to(vcpu, pio->next_rip);
}

/* A chip of the kernel's has served the access. */
static enum nacre_result in_kernel(struct nacre_vcpu *vcpu, u32 value)
{
	if (vcpu->arch.pio.in)
		set_result(vcpu, value);
	return nacre_skip_to(vcpu, vcpu->arch.pio.next_rip);
}

static enum nacre_result single_io(struct nacre_vcpu *vcpu,
				   const struct nacre_io *io, u64 next)
{
	u64 rax = nacre_gpr(vcpu, NACRE_RAX);
	struct nacre_pio *pio = &vcpu->arch.pio;
	u64 *data = vcpu->page[NACRE_PAGE_PIO];

	/* What the string forms have beside this is not looked at. */
	pio->port = io->port;
	pio->size = io->size;
	pio->in = io->in;
	pio->count = 1;
	pio->rip = nacre_rip(vcpu);
	pio->next_rip = next;
	if (nacre_has_chips(vcpu->vm) &&
	    nacre_chips_pio(vcpu->vm, io->port, io->size, &rax, io->in))
		return in_kernel(vcpu, rax);
	/* Only the access's own bytes are the VMM's to see. */
	*data = io->in ? 0 : rax & ~0ull >> (64 - 8 * io->size);
	nacre_io_to_user(vcpu, io->in ? finish_in : finish_out);
	/* Not every VMM comes back after a write here, but means to be behind it. */
	if (!io->in && io->port == PORT_FINISHED_FIRST) {
		vcpu->complete = NULL;
		nacre_skip_to(vcpu, next);
	}
	return NACRE_TO_USER;
}

static enum nacre_result decoded_io(struct nacre_vcpu *vcpu,
				    const struct nacre_io *io)
{
	const struct nacre_insn *insn;
	enum nacre_fetch_result result = nacre_fetch_insn(vcpu, &insn);

	if (unlikely(result != NACRE_FETCH_OK))
		return nacre_fetch_failed(vcpu, result);
	if (io->string)
		return nacre_exit_string_io(vcpu, io, insn);
	return single_io(vcpu, io, nacre_rip(vcpu) + insn->length);
}

/* The decoder is asked only where the processor did not tell enough. */
enum nacre_result nacre_exit_io(struct nacre_vcpu *vcpu,
				const struct nacre_io *io)
{
	if (io->next_rip && !io->string)
		return single_io(vcpu, io, io->next_rip);
	return decoded_io(vcpu, io);
}
