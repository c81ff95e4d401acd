// SPDX-License-Identifier: GPL-2.0
/* Runs of guest code, and what came of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "vm.h"

#define MAX_STRING 256

static const char *const exit_names[] = {
	[NACRE_EXIT_UNKNOWN] = "UNKNOWN",
	[NACRE_EXIT_EXCEPTION] = "EXCEPTION",
	[NACRE_EXIT_IO] = "IO",
	[NACRE_EXIT_HYPERCALL] = "HYPERCALL",
	[NACRE_EXIT_DEBUG] = "DEBUG",
	[NACRE_EXIT_HLT] = "HLT",
	[NACRE_EXIT_MMIO] = "MMIO",
	[NACRE_EXIT_IRQ_WINDOW_OPEN] = "IRQ_WINDOW_OPEN",
	[NACRE_EXIT_SHUTDOWN] = "SHUTDOWN",
	[NACRE_EXIT_FAIL_ENTRY] = "FAIL_ENTRY",
	[NACRE_EXIT_INTR] = "INTR",
	[NACRE_EXIT_SET_TPR] = "SET_TPR",
	[NACRE_EXIT_TPR_ACCESS] = "TPR_ACCESS",
	[NACRE_EXIT_NMI] = "NMI",
	[NACRE_EXIT_INTERNAL_ERROR] = "INTERNAL_ERROR",
	[NACRE_EXIT_SYSTEM_EVENT] = "SYSTEM_EVENT",
	[NACRE_EXIT_X86_RDMSR] = "X86_RDMSR",
	[NACRE_EXIT_X86_WRMSR] = "X86_WRMSR",
	[NACRE_EXIT_DIRTY_RING_FULL] = "DIRTY_RING_FULL",
	[NACRE_EXIT_MEMORY_FAULT] = "MEMORY_FAULT",
};

static const char *exit_name(u32 reason)
{
	const char *name = NULL;

	if (reason < sizeof(exit_names) / sizeof(*exit_names))
		name = exit_names[reason];
	return name ? name : "?";
}

static int detail(const struct nacre_run *r, char *text, size_t size)
{
	switch (r->exit_reason) {
	case NACRE_EXIT_IO:
		return snprintf(text, size, " %s port %#x size %u count %u",
				r->io.direction ? "out" : "in", r->io.port,
				r->io.size, r->io.count);
	case NACRE_EXIT_MMIO:
		return snprintf(text, size, " %s %#llx len %u",
				r->mmio.is_write ? "write" : "read",
				r->mmio.phys_addr, r->mmio.len);
	case NACRE_EXIT_FAIL_ENTRY:
		return snprintf(text, size, " reason %#llx cpu %u",
				r->fail_entry.hardware_entry_failure_reason,
				r->fail_entry.cpu);
	case NACRE_EXIT_INTERNAL_ERROR:
		return snprintf(text, size,
				" suberror %u ndata %u %#llx %#llx %#llx",
				r->internal.suberror, r->internal.ndata,
				r->internal.data[0], r->internal.data[1],
				r->internal.data[2]);
	default:
		return 0;
	}
}

const char *exit_text(const struct vcpu *vcpu)
{
	static __thread char text[256];
	const struct nacre_run *r = vcpu->run;
	int n = snprintf(text, sizeof(text), "%u %s", r->exit_reason,
			 exit_name(r->exit_reason));

	detail(r, text + n, sizeof(text) - n);
	return text;
}

int raw_run(struct vcpu *vcpu)
{
	return ioctl(vcpu->fd, NACRE_RUN, 0);
}

void run_at(const char *where, struct vcpu *vcpu)
{
	if (raw_run(vcpu))
		die_at(where, "NACRE_RUN: %s, exit %s, rip %#llx",
		       strerror(errno), exit_text(vcpu), get_rip(vcpu));
}

/* A guest's string, cut at the end of its region or MAX_STRING. */
static const char *guest_string(struct vm *vm, u32 gpa)
{
	static __thread char text[2][MAX_STRING];
	static __thread unsigned int turn;
	char *to = text[turn++ & 1];
	unsigned int i;

	for (i = 0; i < MAX_STRING - 1; i++) {
		to[i] = *(char *)gpa_to_hva(vm, gpa + i, 1);
		if (!to[i])
			break;
	}
	to[i] = 0;
	return to;
}

static void __attribute__((noreturn))
report_failure(const char *where, struct vcpu *vcpu)
{
	struct ucall *uc = &vcpu->uc;
	struct vm *vm = vcpu->vm;
	const char *file = guest_string(vm, uc->file);
	const char *expr = guest_string(vm, uc->expr);

	if (uc->nargs)
		die_at(where, "guest assertion at %s:%u: %s (%#llx, %#llx)",
		       file, uc->line, expr, uc->args[0], uc->args[1]);
	die_at(where, "guest assertion at %s:%u: %s", file, uc->line, expr);
}

enum ucall_cmd decode_ucall_at(const char *where, struct vcpu *vcpu)
{
	struct nacre_run *r = vcpu->run;
	struct ucall *uc = &vcpu->uc;
	u32 gpa;

	uc->cmd = UCALL_NONE;
	if (r->exit_reason != NACRE_EXIT_IO || r->io.port != UCALL_PORT ||
	    r->io.direction != NACRE_EXIT_IO_OUT || r->io.size != 4 ||
	    r->io.count != 1)
		return UCALL_NONE;
	memcpy(&gpa, (char *)r + r->io.data_offset, sizeof(gpa));
	memcpy(uc, gpa_to_hva(vcpu->vm, gpa, sizeof(*uc)), sizeof(*uc));
	if (uc->cmd == UCALL_FAIL)
		report_failure(where, vcpu);
	if (uc->cmd == UCALL_ABORT)
		die_at(where, "guest exception %llu error %#llx at %llx:%#llx",
		       uc->args[0], uc->args[1], uc->args[3], uc->args[2]);
	return uc->cmd;
}

enum ucall_cmd run_ucall_at(const char *where, struct vcpu *vcpu)
{
	run_at(where, vcpu);
	return decode_ucall_at(where, vcpu);
}

static void __attribute__((noreturn))
unexpected(const char *where, struct vcpu *vcpu, const char *wanted)
{
	if (vcpu->uc.cmd == UCALL_SYNC)
		die_at(where, "%s expected, guest is at stage %llu", wanted,
		       vcpu->uc.args[0]);
	if (vcpu->uc.cmd == UCALL_DONE)
		die_at(where, "%s expected, guest is through", wanted);
	die_at(where, "%s expected, exit is %s at rip %#llx", wanted,
	       exit_text(vcpu), get_rip(vcpu));
}

void run_to_done_at(const char *where, struct vcpu *vcpu)
{
	if (run_ucall_at(where, vcpu) != UCALL_DONE)
		unexpected(where, vcpu, "the end");
}

void run_to_sync_at(const char *where, struct vcpu *vcpu, u64 stage)
{
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "stage %llu", stage);
	if (run_ucall_at(where, vcpu) != UCALL_SYNC ||
	    vcpu->uc.args[0] != stage)
		unexpected(where, vcpu, wanted);
}

void run_to_exit_at(const char *where, struct vcpu *vcpu, u32 reason)
{
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "exit %s", exit_name(reason));
	if (run_ucall_at(where, vcpu) != UCALL_NONE ||
	    vcpu->run->exit_reason != reason)
		unexpected(where, vcpu, wanted);
}

void *run_to_pio_at(const char *where, struct vcpu *vcpu, u8 direction,
		    u16 port, u8 size)
{
	struct nacre_run *r = vcpu->run;
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "exit IO %s port %#x size %u",
		 direction ? "out" : "in", port, size);
	run_to_exit_at(where, vcpu, NACRE_EXIT_IO);
	if (r->io.direction != direction || r->io.port != port ||
	    r->io.size != size || r->io.count != 1)
		unexpected(where, vcpu, wanted);
	if (r->io.data_offset > vcpu->run_size - size)
		die_at(where, "data_offset %#llx is outside the mapping",
		       r->io.data_offset);
	return (char *)r + r->io.data_offset;
}
