// SPDX-License-Identifier: GPL-2.0
/*
 * Port I/O: what nobody in the kernel takes goes to userspace, through page 1
 * of the vCPU's mapping. RIP stays at the instruction until the access is completed, so a
 * VMM that saves the guest in between saves it before the access.
 */
#include "arch/x86/chips.h"
#include "arch/x86/exits.h"
#include "arch/x86/insn.h"

/* A quirk of the ABI (NACRE_X86_QUIRK_OUT_7E_INC_RIP), on by default there. */
#define PORT_FINISHED_FIRST	0x7e

/*
 * The guest's RIP is the VMM's to change while the access is out; then the
 * instruction is not the one to be finished. It has been at hand since the
 * exit, for there was no entry.
 */
bool nacre_io_moved_on(struct nacre_vcpu *vcpu)
{
	return vcpu->arch.rip != vcpu->arch.pio.rip;
}

static __always_inline void io_to_user(struct nacre_vcpu *vcpu, u16 port,
				       u8 size, bool in, u32 count,
				       nacre_complete_fn complete)
{
	struct nacre_run *run = vcpu->run;

	run->exit_reason = NACRE_EXIT_IO;
	run->io.direction = in ? NACRE_EXIT_IO_IN : NACRE_EXIT_IO_OUT;
	run->io.size = size;
	run->io.port = port;
	run->io.count = count;
	run->io.data_offset = NACRE_PAGE_PIO * PAGE_SIZE;
	vcpu->complete = complete;
}

void nacre_io_to_user(struct nacre_vcpu *vcpu, nacre_complete_fn complete)
{
	const struct nacre_pio *pio = &vcpu->arch.pio;

	io_to_user(vcpu, pio->port, pio->size, pio->in, pio->count, complete);
}

static __always_inline enum nacre_result pass(struct nacre_vcpu *vcpu)
{
	return nacre_skip(vcpu, vcpu->arch.pio.next_rip);
}

static enum nacre_result finish_out(struct nacre_vcpu *vcpu)
{
	if (unlikely(nacre_io_moved_on(vcpu)))
		return NACRE_RESUME;
	return pass(vcpu);
}

/* Up to 16 bits leave the rest of the register, 32 bits clear it. */
static void set_result(struct nacre_vcpu *vcpu, u32 value)
{
	u64 *rax = &vcpu->arch.gpr[NACRE_RAX];

	switch (vcpu->arch.pio.size) {
	case 1:
		*(u8 *)rax = value;
		break;
	case 2:
		*(u16 *)rax = value;
		break;
	default:
		*rax = value;
	}
}

static enum nacre_result finish_in(struct nacre_vcpu *vcpu)
{
	const u32 *data = vcpu->page[NACRE_PAGE_PIO];

	if (unlikely(nacre_io_moved_on(vcpu)))
		return NACRE_RESUME;
	set_result(vcpu, READ_ONCE(*data));
	return pass(vcpu);
}

/* Not every VMM comes back after a write here, but means to be behind it. */
static noinline enum nacre_result finish_first(struct nacre_vcpu *vcpu)
{
	vcpu->complete = NULL;
	pass(vcpu);
	return NACRE_TO_USER;
}

static __always_inline enum nacre_result
to_user(struct nacre_vcpu *vcpu, u16 port, u8 size, bool in)
{
	static const u32 ones[8] = { [1] = 0xff, [2] = 0xffff, [4] = ~0u };
	u64 *data = vcpu->page[NACRE_PAGE_PIO];

	if (in) {
		*data = 0;
		io_to_user(vcpu, port, size, true, 1, finish_in);
		return NACRE_TO_USER;
	}
	/* Only the access's own bytes are the VMM's to see. */
	*data = nacre_gpr(vcpu, NACRE_RAX) & ones[size];
	io_to_user(vcpu, port, size, false, 1, finish_out);
	if (unlikely(port == PORT_FINISHED_FIRST))
		return finish_first(vcpu);
	return NACRE_TO_USER;
}

static noinline enum nacre_result offer(struct nacre_vcpu *vcpu, u16 port,
					u8 size, bool in)
{
	u64 rax = nacre_gpr(vcpu, NACRE_RAX);

	nacre_vcpu_srcu_lock(vcpu);
	if (!nacre_chips_pio(vcpu->vm, port, size, &rax, in) &&
	    (in || !nacre_io_offer(vcpu->vm, NACRE_BUS_PIO, port, size, &rax)))
		return to_user(vcpu, port, size, in);
	if (in)
		set_result(vcpu, rax);
	return pass(vcpu);
}

/* Nearly always it is nobody here. */
static __always_inline bool may_be_meant(const struct nacre_vm *vm, u16 port,
					 bool in)
{
	const void *used = rcu_access_pointer(vm->io.bus[NACRE_BUS_PIO]);
	const void *chips = READ_ONCE(vm->arch.chips);

	if (likely(!((unsigned long)used | (unsigned long)chips)))
		return false;
	return (chips && nacre_is_chip_port(port)) || (used && !in);
}

/* What the string forms have beside this is not looked at. */
enum nacre_result nacre_exit_io(struct nacre_vcpu *vcpu, u16 port, u8 size,
				bool in, u64 next_rip)
{
	struct nacre_pio *pio = &vcpu->arch.pio;

	vcpu->stats.io_exits++;
	pio->size = size;
	/* At hand, or next_rip would not be known. */
	pio->rip = vcpu->arch.rip;
	pio->next_rip = next_rip;
	if (unlikely(may_be_meant(vcpu->vm, port, in)))
		return offer(vcpu, port, size, in);
	return to_user(vcpu, port, size, in);
}
