// SPDX-License-Identifier: GPL-2.0
/*
 * What the ABI promises of the shared page after NACRE_RUN.
 *
 * Left out, because it is not promised:
 *  - bytes of the union that do not belong to the exit reason;
 *  - what follows the instruction bytes of an emulation failure, and the
 *    data words of the other internal errors: debugging aid, by vendor;
 *  - fail_entry.cpu: the processor it happened on;
 *  - registers and events after a failed entry, and whether an interrupt
 *    could go in: the processor leaves in the VMCB what it likes; what follows
 *    in that sequence is not compared;
 *  - everything but a memory fault's exit reason after an error other than
 *    EINTR.
 */
#include <errno.h>
#include <string.h>

#include "abi_diff.h"
#include "run_view.h"

struct view {
	uint32_t exit_reason;
	uint8_t ready, if_flag;
	uint16_t flags;
	uint64_t cr8, apic_base;
	union {
		uint64_t word[9];
		uint8_t byte[72];
	} exit;
	uint8_t pio[32];
	uint64_t memory;
	struct nacre_regs regs;
	struct nacre_sregs sregs;
	struct nacre_vcpu_events events;
};

static void view_io(const struct nacre_run *run, struct view *v)
{
	uint64_t bytes = (uint64_t)run->io.size * run->io.count;

	memcpy(v->exit.byte, &run->io, sizeof(run->io));
	if (run->io.direction != NACRE_EXIT_IO_OUT ||
	    run->io.data_offset != PAGE)
		return;
	memcpy(v->pio, (const uint8_t *)run + PAGE, bytes < 32 ? bytes : 32);
}

static void view_mmio(const struct nacre_run *run, struct view *v)
{
	v->exit.word[0] = run->mmio.phys_addr;
	v->exit.word[1] = (uint64_t)run->mmio.len << 8 | run->mmio.is_write;
	if (run->mmio.is_write)
		memcpy(&v->exit.word[2], run->mmio.data,
		       run->mmio.len < 8 ? run->mmio.len : 8);
}

static void view_internal(const struct nacre_run *run, struct view *v)
{
	v->exit.word[0] = run->internal.suberror;
	if (run->internal.suberror != 1 || run->internal.ndata < 3)
		return;
	v->exit.word[1] = run->emulation_failure.flags & 1;
	if (run->emulation_failure.flags & 1)
		memcpy(&v->exit.word[2], &run->emulation_failure.insn_size,
		       16);
}

static void view_msr(const struct nacre_run *run, struct view *v)
{
	v->exit.word[0] = run->msr.reason;
	v->exit.word[1] = run->msr.index;
	if (run->exit_reason == NACRE_EXIT_X86_WRMSR)
		v->exit.word[2] = run->msr.data;
}

static void view_exit(const struct nacre_run *run, struct view *v)
{
	switch (run->exit_reason) {
	case NACRE_EXIT_IO:
		view_io(run, v);
		break;
	case NACRE_EXIT_MMIO:
		view_mmio(run, v);
		break;
	case NACRE_EXIT_DEBUG:
		memcpy(v->exit.byte, &run->debug, sizeof(run->debug));
		break;
	case NACRE_EXIT_INTERNAL_ERROR:
		view_internal(run, v);
		break;
	case NACRE_EXIT_FAIL_ENTRY:
		v->exit.word[0] = run->fail_entry.hardware_entry_failure_reason;
		break;
	case NACRE_EXIT_X86_RDMSR:
	case NACRE_EXIT_X86_WRMSR:
		view_msr(run, v);
		break;
	case NACRE_EXIT_HYPERCALL:
		memcpy(v->exit.word, &run->hypercall, 7 * 8);
		break;
	case NACRE_EXIT_TPR_ACCESS:
		v->exit.word[0] = run->tpr_access.rip;
		v->exit.word[1] = run->tpr_access.is_write;
		break;
	case NACRE_EXIT_EXCEPTION:
		memcpy(v->exit.byte, &run->ex, sizeof(run->ex));
		break;
	case NACRE_EXIT_SYSTEM_EVENT:
		v->exit.word[0] = run->system_event.type;
		break;
	case NACRE_EXIT_IOAPIC_EOI:
		v->exit.word[0] = run->eoi.vector;
		break;
	case NACRE_EXIT_MEMORY_FAULT:
		memcpy(v->exit.byte, &run->memory_fault,
		       sizeof(run->memory_fault));
		break;
	}
}

static void view_sync(const struct nacre_run *run, struct view *v,
		      uint64_t valid)
{
	if (valid & NACRE_SYNC_X86_REGS)
		v->regs = run->s.regs.regs;
	if (valid & NACRE_SYNC_X86_SREGS)
		v->sregs = run->s.regs.sregs;
	if (valid & NACRE_SYNC_X86_EVENTS) {
		v->events = run->s.regs.events;
		normalise_events(&v->events);
	}
}

size_t run_view(const struct nacre_run *run, struct result *res,
		uint64_t valid_regs)
{
	struct view v;

	memset(&v, 0, sizeof(v));
	v.memory = arena_guest_hash();
	if (!res->err || res->err == EINTR) {
		v.exit_reason = run->exit_reason;
		v.ready = run->ready_for_interrupt_injection;
		v.if_flag = run->if_flag;
		v.flags = run->flags;
		v.cr8 = run->cr8;
		v.apic_base = run->apic_base;
		view_sync(run, &v, valid_regs);
	} else {
		/* In-tree KVM leaves what an access in the kernel was. */
		v.exit_reason = run->exit_reason == NACRE_EXIT_MEMORY_FAULT ?
				NACRE_EXIT_MEMORY_FAULT : 0;
	}
	if (!res->err)
		view_exit(run, &v);
	if (!res->err && run->exit_reason == NACRE_EXIT_FAIL_ENTRY) {
		res->flags |= RESULT_NO_ENTRY;
		v.ready = 0;
		memset(&v.regs, 0, sizeof(v.regs));
		memset(&v.sregs, 0, sizeof(v.sregs));
		memset(&v.events, 0, sizeof(v.events));
	}
	_Static_assert(sizeof(v) == 656, "lay_run");
	memcpy(res->out, &v, sizeof(v));
	return sizeof(v);
}
