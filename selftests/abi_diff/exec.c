// SPDX-License-Identifier: GPL-2.0
/* Issue one call and note what came back. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "abi_diff.h"
#include "make.h"
#include "run_view.h"

/*
 * A guest that has not come back after so many limits is in a loop, or
 * halted. More than one, because a machine on a busy host may stand still for
 * as long as one. The rest of such a sequence is not compared and need not
 * take long.
 */
#define RUN_LIMIT_NS 150000000L
#define RUN_LIMITS 6
#define NEXT_LIMIT_NS 5000000L
#define RUN_SPAN 0x10000UL

static timer_t run_timer;
static volatile sig_atomic_t run_limit_hit;
static bool was_endless;
static long run_size;
static uint8_t before[MAX_BUF], last_out[MAX_BUF];
static size_t before_len;
static bool last_ok;
/* The vCPU's last run came back with an exit. */
static bool was_run[MAX_VCPUS];
static int64_t last_ret;

static void on_alarm(int sig)
{
	(void)sig;
	run_limit_hit = 1;
}

static void *run_of(unsigned int vcpu)
{
	return (void *)(RUN_ADDR + vcpu * RUN_SPAN);
}

/* Where a vCPU's shared pages will be, until there is one. */
static void map_run_pages(void)
{
	void *p = mmap(run_of(0), MAX_VCPUS * RUN_SPAN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
		       -1, 0);

	if (p == MAP_FAILED)
		err(1, "run pages");
}

static int kept(int fd)
{
	int to = fcntl(fd, F_DUPFD_CLOEXEC, FD_KEPT);

	if (fd < 0 || to < 0)
		err(1, "VMs to keep");
	close(fd);
	return to;
}

static void turn_apic_off(int vcpu)
{
	struct { struct nacre_msrs head; struct nacre_msr_entry e; } m = {
		.head.nmsrs = 1, .e.index = 0x1b, .e.data = 0xfee00000,
	};

	if (ioctl(vcpu, NACRE_SET_MSRS, &m) != 1)
		err(1, "APIC to turn off");
}

/*
 * In-tree KVM patches its own code when the first vCPU without an APIC, or
 * with one that is off, comes, and when the last one goes. That is slow on an
 * emulated machine, which moreover has been seen to stay with the old code.
 * So one of each stays.
 */
static void keep_vms(void)
{
	int vm = kept(ioctl(FD_DEV, NACRE_CREATE_VM, 0));

	kept(ioctl(vm, NACRE_CREATE_VCPU, 0));
	vm = kept(ioctl(FD_DEV, NACRE_CREATE_VM, 0));
	if (ioctl(vm, NACRE_CREATE_IRQCHIP, 0))
		return;
	/* Off by software, as after reset. */
	kept(ioctl(vm, NACRE_CREATE_VCPU, 0));
	turn_apic_off(kept(ioctl(vm, NACRE_CREATE_VCPU, 1)));
}

void exec_begin(const char *dev)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
			       .sigev_signo = SIGALRM };
	int fd = open(dev, O_RDWR | O_CLOEXEC);

	if (fd < 0 || dup3(fd, FD_DEV, O_CLOEXEC) < 0)
		err(1, "%s", dev);
	close(fd);
	if (sigaction(SIGALRM, &sa, NULL) ||
	    timer_create(CLOCK_MONOTONIC, &ev, &run_timer))
		err(1, "run limit");
	run_size = ioctl(FD_DEV, NACRE_GET_VCPU_MMAP_SIZE, 0);
	if (run_size < (long)PAGE || run_size > (long)RUN_SPAN)
		errx(1, "GET_VCPU_MMAP_SIZE gave %ld", run_size);
	arena_create();
	keep_vms();
}

void exec_sequence_begin(void)
{
	arena_reset();
	map_run_pages();
	last_ok = false;
	was_endless = false;
	memset(was_run, 0, sizeof(was_run));
}

void exec_sequence_end(void)
{
	map_run_pages();
	for (int fd = FD_OF_VM; fd < FD_OF_VCPU + MAX_VCPUS; fd++)
		close(fd);
}

static void limit(long ns)
{
	struct itimerspec t = {
		.it_value.tv_nsec = ns, .it_interval.tv_nsec = ns,
	};

	timer_settime(run_timer, 0, &t, NULL);
}

static int fd_of(const struct call *c)
{
	switch (c->fd) {
	case FD_SYSTEM:
		return FD_DEV;
	case FD_VM:
		return FD_OF_VM;
	default:
		return FD_OF_VCPU + c->vcpu;
	}
}

static bool is_run(const struct call *c)
{
	return c->fd == FD_VCPU && (uint32_t)c->cmd == NACRE_RUN;
}

static void run_inputs(const struct call *c, struct nacre_run *run)
{
	run->request_interrupt_window = c->run.request_interrupt_window;
	run->immediate_exit = c->run.immediate_exit;
	run->cr8 = c->run.cr8;
	run->nacre_valid_regs = c->run.valid_regs;
	run->nacre_dirty_regs = c->run.dirty_regs;
	call_sanitise(NACRE_SET_REGS, (uint8_t *)&run->s.regs.regs,
		      sizeof(run->s.regs.regs));
	call_sanitise(NACRE_SET_SREGS, (uint8_t *)&run->s.regs.sregs,
		      sizeof(run->s.regs.sregs));
	memcpy(run->mmio.data, &c->run.answer, 8);
	run->hypercall.ret = c->run.answer;
	for (int i = 0; i < 32; i += 8)
		memcpy((uint8_t *)run + PAGE + i, &c->run.answer, 8);
}

static void bare_ioctl(const struct call *c, uint64_t arg, struct result *res)
{
	res->ret = syscall(SYS_ioctl, fd_of(c), c->cmd, arg);
	res->err = res->ret < 0 ? errno : 0;
}

/* To go on after EINTR is the same as never to have been interrupted. */
static void run_limited(const struct call *c, uint64_t arg,
			struct result *res)
{
	int limits = was_endless ? 1 : RUN_LIMITS;

	do {
		run_limit_hit = 0;
		limit(was_endless ? NEXT_LIMIT_NS : RUN_LIMIT_NS);
		bare_ioctl(c, arg, res);
		limit(0);
	} while (run_limit_hit && res->err == EINTR && --limits);
	if (!limits) {
		res->flags |= RESULT_TIMEOUT;
		was_endless = true;
	}
}

static void issue(const struct call *c, uint64_t arg, struct result *res)
{
	if (!is_run(c)) {
		bare_ioctl(c, arg, res);
		return;
	}
	run_inputs(c, run_of(c->vcpu));
	if (c->run.immediate_exit)
		bare_ioctl(c, arg, res);
	else
		run_limited(c, arg, res);
}

static bool is_ours(int fd)
{
	return fd < 3 || (fd >= FD_DEV && fd < FD_EVENTS + NR_EVENTS);
}

/* A descriptor that came back becomes the planned one, or goes. */
static void take_fd(const struct call *c, int fd)
{
	int to = c->fd == FD_SYSTEM ? FD_OF_VM : FD_OF_VCPU + c->keep;
	void *at;

	if (is_ours(fd))
		return;
	if (c->keep >= 0) {
		dup3(fd, to, O_CLOEXEC);
		if (c->fd == FD_VM) {
			at = mmap(run_of(c->keep), run_size,
				  PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, to, 0);
			if (at == MAP_FAILED)
				map_run_pages();
		}
	}
	close(fd);
}

static void normalise_ret(const struct call *c, struct result *res)
{
	if (!c->desc || res->ret < 0)
		return;
	if (c->desc->flags & CALL_FD) {
		take_fd(c, res->ret);
		res->ret = 0;
	} else if (c->desc->flags & CALL_RET_VARIES && res->ret > 0) {
		res->ret = 1;
	}
}

/*
 * How many of these bytes the call answers for. Entries of GET_MSRS behind
 * the count that it returned are whatever the module left there.
 */
static size_t promised(const struct call *c, const struct result *res,
		       size_t room)
{
	size_t end;

	if (!c->desc || (uint32_t)c->cmd != NACRE_GET_MSRS || res->err)
		return room;
	end = sizeof(struct nacre_msrs) +
	      res->ret * sizeof(struct nacre_msr_entry);
	return end < room ? end : room;
}

/* What the call wrote, apart from what may vary. */
static void collect(const struct call *c, const uint8_t *data, size_t room,
		    struct result *res)
{
	const struct layout *l = c->desc ? c->desc->layout : NULL;
	struct nacre_create_device dev;

	if (res->err == EFAULT)
		return;
	room = promised(c, res, room);
	memcpy(res->out, data, room);
	if (l == &lay_device && !res->ret) {
		memcpy(&dev, data, sizeof(dev));
		if (!(dev.flags & NACRE_CREATE_DEVICE_TEST) &&
		    !is_ours(dev.fd))
			close(dev.fd);
	}
	if (l) {
		normalise(l, before, room);
		normalise(l, res->out, room);
	}
	res->layout = l;
	res->out_len = room;
	for (size_t i = 0; i < room; i++)
		res->wrote[i] = before[i] != res->out[i];
}

static void collect_run(const struct call *c, struct result *res)
{
	res->layout = &lay_run;
	res->out_len = run_view(run_of(c->vcpu), res, c->run.valid_regs);
	memset(res->wrote, 1, res->out_len);
}

static bool access_waits(unsigned int vcpu)
{
	const struct nacre_run *run = run_of(vcpu);

	return was_run[vcpu] && (run->exit_reason == NACRE_EXIT_MMIO ||
				 run->exit_reason == NACRE_EXIT_IO);
}

static bool read_waits(unsigned int vcpu)
{
	const struct nacre_run *run = run_of(vcpu);

	if (!access_waits(vcpu))
		return false;
	return run->exit_reason == NACRE_EXIT_MMIO ? !run->mmio.is_write :
	       run->io.direction == NACRE_EXIT_IO_IN;
}

static void finish_access(unsigned int vcpu)
{
	struct nacre_run *run = run_of(vcpu);

	for (int i = 0; i < 8 && access_waits(vcpu); i++) {
		run->immediate_exit = 1;
		run->nacre_valid_regs = 0;
		run->nacre_dirty_regs = 0;
		memset(run->mmio.data, 0x5a, sizeof(run->mmio.data));
		memset((uint8_t *)run + PAGE, 0x5a, PAGE);
		was_run[vcpu] = !ioctl(FD_OF_VCPU + vcpu, NACRE_RUN, 0);
	}
}

static bool writes_registers(const struct call *c)
{
	return c->fd == FD_VCPU &&
	       ((uint32_t)c->cmd == NACRE_SET_REGS ||
		(uint32_t)c->cmd == NACRE_SET_SREGS ||
		(uint32_t)c->cmd == NACRE_SET_SREGS2 ||
		(is_run(c) && c->run.dirty_regs));
}

static bool writes_events(const struct call *c)
{
	return c->fd == FD_VCPU && (uint32_t)c->cmd == NACRE_SET_VCPU_EVENTS;
}

/*
 * Until an access is through, state that is written meanwhile is nobody's
 * promise: in-tree KVM then loses what was read, and forgets an exception
 * when it steps over the instruction.
 */
static bool must_finish(const struct call *c)
{
	return (writes_registers(c) && read_waits(c->vcpu)) ||
	       (writes_events(c) && access_waits(c->vcpu));
}

/* The input of a SET that takes what the GET before it returned. */
static void feed_input(struct call *c, uint8_t *data, size_t room)
{
	struct rng r = { c->mutation_seed };

	if (!last_ok)
		return;
	memcpy(data, last_out, room);
	for (int i = 0; i < c->mutations; i++)
		mutate(&r, c->desc->layout, data, room);
}

const uint8_t *exec_input(size_t *len)
{
	*len = before_len;
	return before;
}

void exec_call(struct call *c, struct result *res)
{
	uint64_t arg;
	uint8_t *data;
	size_t room = c->room;

	if (c->feed && c->place == AT_VALUE)
		c->value = last_ret;
	arg = arena_place(c);
	data = c->place == AT_VALUE ? NULL : arena_data(arg);
	memset(res, 0, offsetof(struct result, out));
	if (data && c->place == AT_CUT)
		room = c->room - (c->cut < c->room ? c->cut : c->room);
	if (data && c->feed)
		feed_input(c, data, room);
	if (data) {
		call_sanitise((uint32_t)c->cmd, data, room);
		memcpy(before, data, room);
	}
	before_len = data ? room : 0;
	if (must_finish(c))
		finish_access(c->vcpu);
	issue(c, arg, res);
	/* One that was refused has not finished what waits. */
	if (is_run(c) && (!res->err || res->err == EINTR))
		was_run[c->vcpu] = !res->err;
	last_ret = res->err ? 0 : res->ret;
	normalise_ret(c, res);
	if (data)
		collect(c, data, room, res);
	last_ok = data && !res->err && room <= sizeof(last_out);
	if (last_ok)
		memcpy(last_out, data, room);
	if (data && !arena_guards_intact((uint64_t)data, room))
		res->flags |= RESULT_GUARD;
	if (is_run(c))
		collect_run(c, res);
}
