// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * The run loop. A kick is immediate_exit, which lasts until the run that it
 * ends, and a signal, which brings a guest that runs to look at it. Whichever
 * comes first, the module completes what the last exit left open before it
 * gives EINTR, so a run that was kicked is one whose registers can be read.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

static int kick_error;

static void do_nothing(int number)
{
	(void)number;
}

/* Without SA_RESTART: the signal is there to interrupt. */
static void install_handler(void)
{
	struct sigaction action = { .sa_handler = do_nothing };
	struct sigaction old;

	if (sigaction(SIGRTMIN, NULL, &old)) {
		kick_error = errno;
		return;
	}
	if (old.sa_flags & SA_SIGINFO || old.sa_handler != SIG_DFL)
		return;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGRTMIN, &action, NULL))
		kick_error = errno;
}

int nacre_kick_prepare(struct nacre_error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install_handler);
	return kick_error ? nacre_fail(error, kick_error, "SIGRTMIN: %s",
				       strerror(kick_error)) : 0;
}

/*
 * Of the two stores here and the two in nacre_vcpu_run(), in one total order,
 * either this one sees the thread or the thread's module sees the flag.
 */
void nacre_vcpu_kick(struct nacre_vcpu *vcpu)
{
	int saved = errno;
	int tid;

	__atomic_store_n(&vcpu->state->immediate_exit, 1, __ATOMIC_SEQ_CST);
	tid = __atomic_load_n(&vcpu->tid, __ATOMIC_SEQ_CST);
	if (tid && tid != gettid())
		tgkill(getpid(), tid, SIGRTMIN);
	errno = saved;
}

/*
 * The data of a port access, if the exit is a sound one. All of it was copied
 * before: the pages are shared.
 */
static uint8_t *pio_data(struct nacre_vcpu *vcpu, unsigned int size,
			 uint32_t count, uint64_t offset)
{
	uint64_t bytes = (uint64_t)size * count;

	if ((size != 1 && size != 2 && size != 4) ||
	    offset > vcpu->bytes || bytes > vcpu->bytes - offset)
		return NULL;
	return (uint8_t *)vcpu->state + offset;
}

static int answer_pio(struct nacre_vcpu *vcpu, struct nacre_handlers *handlers,
		      struct nacre_error *error)
{
	unsigned int size = vcpu->state->io.size;
	uint32_t count = vcpu->state->io.count;
	uint16_t port = vcpu->state->io.port;
	bool in = vcpu->state->io.direction == NACRE_EXIT_IO_IN;
	uint8_t *data = pio_data(vcpu, size, count,
				 vcpu->state->io.data_offset);

	if (!data)
		return nacre_fail(error, EPROTO,
				  "port %#x: %u accesses of %u bytes lie outside the shared pages",
				  port, count, size);
	for (; count; count--, data += size) {
		if (in)
			handlers->pio_read(handlers, port, data, size);
		else
			handlers->pio_write(handlers, port, data, size);
	}
	return 0;
}

static int answer_mmio(struct nacre_vcpu *vcpu,
		       struct nacre_handlers *handlers,
		       struct nacre_error *error)
{
	uint64_t gpa = vcpu->state->mmio.phys_addr;
	uint32_t len = vcpu->state->mmio.len;
	uint8_t *data = vcpu->state->mmio.data;

	if (!len || len > sizeof(vcpu->state->mmio.data))
		return nacre_fail(error, EPROTO, "an access of %u bytes at %#llx",
				  len, (unsigned long long)gpa);
	if (vcpu->state->mmio.is_write)
		handlers->mmio_write(handlers, gpa, data, len);
	else
		handlers->mmio_read(handlers, gpa, data, len);
	return 0;
}

/* " at RIP", as far as it can be had. */
static const char *at_rip(struct nacre_vcpu *vcpu, char *text, size_t room)
{
	struct nacre_regs regs;

	text[0] = '\0';
	if (!nacre_vcpu_get_regs(vcpu, &regs, NULL))
		snprintf(text, room, " at rip %#llx",
			 (unsigned long long)regs.rip);
	return text;
}

/* The bytes of an instruction, if the module tells them. */
static const char *insn_bytes(const struct nacre_run *state, char *text,
			      size_t room)
{
	unsigned int i, n = state->emulation_failure.insn_size;
	size_t used = 0;

	text[0] = '\0';
	if (!state->emulation_failure.ndata ||
	    !(state->emulation_failure.flags &
	      NACRE_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES))
		return text;
	if (n > sizeof(state->emulation_failure.insn_bytes))
		n = sizeof(state->emulation_failure.insn_bytes);
	for (i = 0; i < n && used < room; i++)
		used += snprintf(text + used, room - used, " %02x",
				 state->emulation_failure.insn_bytes[i]);
	return text;
}

static enum nacre_stop internal_error(struct nacre_vcpu *vcpu,
				      struct nacre_error *error)
{
	const struct nacre_run *state = vcpu->state;
	uint32_t suberror = state->internal.suberror;
	char rip[40], bytes[50];

	at_rip(vcpu, rip, sizeof(rip));
	if (suberror == NACRE_INTERNAL_ERROR_EMULATION)
		nacre_fail(error, EIO,
			   "vCPU %u: an instruction that cannot be emulated%s:%s",
			   vcpu->id, rip,
			   insn_bytes(state, bytes, sizeof(bytes)));
	else
		nacre_fail(error, EIO,
			   "vCPU %u: internal error %u%s, %#llx %#llx %#llx",
			   vcpu->id, suberror, rip,
			   (unsigned long long)state->internal.data[0],
			   (unsigned long long)state->internal.data[1],
			   (unsigned long long)state->internal.data[2]);
	return NACRE_STOP_STUCK;
}

static enum nacre_stop refused(struct nacre_vcpu *vcpu,
			       struct nacre_error *error)
{
	uint64_t why = vcpu->state->fail_entry.hardware_entry_failure_reason;
	char rip[40];

	nacre_fail(error, EIO,
		   "vCPU %u: the processor refuses the guest's state%s, reason %#llx",
		   vcpu->id, at_rip(vcpu, rip, sizeof(rip)),
		   (unsigned long long)why);
	return NACRE_STOP_STUCK;
}

static enum nacre_stop system_event(struct nacre_vcpu *vcpu,
				    struct nacre_error *error)
{
	uint32_t type = vcpu->state->system_event.type;

	switch (type) {
	case NACRE_SYSTEM_EVENT_SHUTDOWN:
		return NACRE_STOP_OFF;
	case NACRE_SYSTEM_EVENT_RESET:
		return NACRE_STOP_RESET;
	case NACRE_SYSTEM_EVENT_CRASH:
		return NACRE_STOP_CRASH;
	default:
		nacre_fail(error, EIO, "vCPU %u: system event %u", vcpu->id,
			   type);
		return NACRE_STOP_EXIT;
	}
}

/* What is no access. */
static enum nacre_stop stop_for(struct nacre_vcpu *vcpu, uint32_t reason,
				struct nacre_error *error)
{
	switch (reason) {
	case NACRE_EXIT_HLT:
		return NACRE_STOP_HALT;
	case NACRE_EXIT_SHUTDOWN:
		return NACRE_STOP_SHUTDOWN;
	case NACRE_EXIT_SYSTEM_EVENT:
		return system_event(vcpu, error);
	case NACRE_EXIT_INTERNAL_ERROR:
		return internal_error(vcpu, error);
	case NACRE_EXIT_FAIL_ENTRY:
		return refused(vcpu, error);
	default:
		nacre_fail(error, EIO, "vCPU %u: exit reason %u", vcpu->id,
			   reason);
		return NACRE_STOP_EXIT;
	}
}

/* Was it a kick that ended the run? Takes the kick. */
static bool take_kick(struct nacre_vcpu *vcpu)
{
	return __atomic_exchange_n(&vcpu->state->immediate_exit, 0,
				   __ATOMIC_SEQ_CST);
}

static enum nacre_stop run(struct nacre_vcpu *vcpu,
			   struct nacre_handlers *handlers,
			   struct nacre_error *error)
{
	for (;;) {
		uint32_t reason;
		int err;

		if (ioctl(vcpu->fd, NACRE_RUN, 0)) {
			if (errno == EINTR && take_kick(vcpu))
				return NACRE_STOP_KICKED;
			if (errno == EINTR || errno == EAGAIN)
				continue;
			nacre_fail_errno(error, "vCPU %u: NACRE_RUN", vcpu->id);
			return NACRE_STOP_FAILED;
		}
		reason = vcpu->state->exit_reason;
		if (reason == NACRE_EXIT_IO)
			err = answer_pio(vcpu, handlers, error);
		else if (reason == NACRE_EXIT_MMIO)
			err = answer_mmio(vcpu, handlers, error);
		else
			return stop_for(vcpu, reason, error);
		if (err)
			return NACRE_STOP_FAILED;
		if (handlers->done(handlers))
			return NACRE_STOP_DONE;
	}
}

enum nacre_stop nacre_vcpu_run(struct nacre_vcpu *vcpu,
			       struct nacre_handlers *handlers,
			       struct nacre_error *error)
{
	enum nacre_stop stop;

	__atomic_store_n(&vcpu->tid, gettid(), __ATOMIC_SEQ_CST);
	stop = run(vcpu, handlers, error);
	__atomic_store_n(&vcpu->tid, 0, __ATOMIC_SEQ_CST);
	return stop;
}
