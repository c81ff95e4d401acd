// SPDX-License-Identifier: GPL-2.0
/* Debug registers between the VMM, the guest and the host. */
#include "test.h"
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#define DR6_FIXED 0xffff0ff0ull
#define DR7_FIXED 0x400ull
#define DR7_GD 0x2000ull
#define DR6_BD 0x2000ull

guest_entry void tells(void)
{
	guest_sync(1, read_dr0(), read_dr1(), read_dr2(), read_dr3());
	guest_sync(2, read_dr6(), read_dr7());
	guest_done();
}

guest_entry void sets(void)
{
	write_dr0(0x1000);
	write_dr1(0x2000);
	write_dr2(0x3000);
	write_dr3(0x4000);
	write_dr6(DR6_FIXED | 0xf);
	write_dr7(DR7_FIXED | 0xdd000000);
	guest_sync(1);
	guest_sync(2, read_dr0(), read_dr3(), read_dr6(), read_dr7());
	guest_done();
}

guest_data volatile u64 watched;
guest_data volatile u64 hits;
guest_data volatile u64 dr6_seen;

static void on_debug(struct guest_regs *regs)
{
	hits++;
	dr6_seen = read_dr6();
	write_dr6(DR6_FIXED);
}

/* A data breakpoint on @watched: bit 0 enables it, 0xd is 4 bytes, write. */
guest_entry void watches(void)
{
	guest_on(DB_VECTOR, on_debug);
	write_dr0((ulong)&watched);
	write_dr7(DR7_FIXED | 0x000d0001);
	outb(0x80, 0);
	watched = 1;
	GUEST_ASSERT_EQ(hits, 1);
	GUEST_ASSERT_EQ(dr6_seen & 0xf, 1);
	write_dr7(DR7_FIXED);
	outb(0x80, 0);
	watched = 2;
	GUEST_ASSERT_EQ(hits, 1);
	guest_done();
}

/* DR7.GD guards the registers once: it is off in the handler and after it. */
guest_entry void detects(void)
{
	guest_on(DB_VECTOR, on_debug);
	write_dr0(0x1000);
	write_dr7(DR7_FIXED | DR7_GD);
	GUEST_ASSERT_EQ(read_dr0(), 0x1000);
	GUEST_ASSERT_EQ(hits, 1);
	GUEST_ASSERT_EQ(dr6_seen & DR6_BD, DR6_BD);
	GUEST_ASSERT_EQ(read_dr7(), DR7_FIXED);
	write_dr7(DR7_FIXED | DR7_GD);
	write_dr0(0x2000);
	GUEST_ASSERT_EQ(hits, 2);
	GUEST_ASSERT_EQ(read_dr0(), 0x2000);
	guest_done();
}

FIXTURE(debugregs) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(debugregs)
{
	self->vcpu = vcpu_with_guest(GUEST_64, "tells");
}

FIXTURE_TEARDOWN(debugregs)
{
	vm_free(self->vcpu->vm);
}

static void get(struct vcpu *vcpu, struct nacre_debugregs *d)
{
	memset(d, 0xee, sizeof(*d));
	CHECK(ioctl(vcpu->fd, NACRE_GET_DEBUGREGS, d) == 0);
}

static int raw_set(struct vcpu *vcpu, struct nacre_debugregs *d)
{
	return ioctl(vcpu->fd, NACRE_SET_DEBUGREGS, d);
}

TEST_F(debugregs, after_reset)
{
	struct nacre_debugregs d;

	get(self->vcpu, &d);
	EXPECT_EQ(0, d.db[0] | d.db[1] | d.db[2] | d.db[3]);
	EXPECT_EQ(DR6_FIXED, d.dr6);
	EXPECT_EQ(DR7_FIXED, d.dr7);
	EXPECT_EQ(0, d.flags);
	for (size_t i = 0; i < sizeof(d.reserved) / 8; i++)
		EXPECT_EQ(0, d.reserved[i]);
}

TEST_F(debugregs, guest_sees_them)
{
	struct nacre_debugregs d = {
		.db = { 0x11, 0x22, 0x33, 0x7fff00000044 },
		.dr6 = DR6_FIXED | 0x5,
		.dr7 = DR7_FIXED,
	};
	struct nacre_debugregs got;

	ASSERT_EQ(0, raw_set(self->vcpu, &d));
	get(self->vcpu, &got);
	EXPECT_EQ(0, memcmp(&d, &got, sizeof(d)));
	run_to_sync(self->vcpu, 1);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(d.db[i], self->vcpu->uc.args[1 + i]);
	run_to_sync(self->vcpu, 2);
	EXPECT_EQ(d.dr6, self->vcpu->uc.args[1]);
	EXPECT_EQ(d.dr7, self->vcpu->uc.args[2]);
}

TEST_F(debugregs, vmm_sees_them)
{
	struct nacre_debugregs d;

	vcpu_setup(self->vcpu, GUEST_64, "sets");
	run_to_sync(self->vcpu, 1);
	get(self->vcpu, &d);
	EXPECT_EQ(0x1000, d.db[0]);
	EXPECT_EQ(0x2000, d.db[1]);
	EXPECT_EQ(0x3000, d.db[2]);
	EXPECT_EQ(0x4000, d.db[3]);
	EXPECT_EQ(DR6_FIXED | 0xf, d.dr6);
	EXPECT_EQ(DR7_FIXED | 0xdd000000, d.dr7);
	run_to_sync(self->vcpu, 2);
	EXPECT_EQ(0x1000, self->vcpu->uc.args[1]);
	EXPECT_EQ(0x4000, self->vcpu->uc.args[2]);
	EXPECT_EQ(DR6_FIXED | 0xf, self->vcpu->uc.args[3]);
	EXPECT_EQ(DR7_FIXED | 0xdd000000, self->vcpu->uc.args[4]);
}

TEST_F(debugregs, breakpoints_work_over_exits)
{
	vcpu_setup(self->vcpu, GUEST_64, "watches");
	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, 0x80, 1);
	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, 0x80, 1);
	run_to_done(self->vcpu);
}

TEST_F(debugregs, general_detect)
{
	vcpu_setup(self->vcpu, GUEST_64, "detects");
	run_to_done(self->vcpu);
}

TEST_F(debugregs, refused)
{
	struct nacre_debugregs d;

	get(self->vcpu, &d);
	d.flags = 1;
	EXPECT_ERROR(EINVAL, raw_set(self->vcpu, &d));
	d.flags = 0;
	d.dr6 |= 1ull << 32;
	EXPECT_ERROR(EINVAL, raw_set(self->vcpu, &d));
	d.dr6 = DR6_FIXED;
	d.dr7 |= 1ull << 32;
	EXPECT_ERROR(EINVAL, raw_set(self->vcpu, &d));
	d.dr7 = DR7_FIXED;
	EXPECT_EQ(0, raw_set(self->vcpu, &d));
	run_to_sync(self->vcpu, 1);
}

/*
 * A tracer's breakpoint on the VMM outlives runs of a guest that uses the
 * same registers: the child traps when it touches host_watched after a run.
 */
static volatile u64 host_watched;

static void traced_child(void)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "watches");

	CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
	raise(SIGSTOP);
	run_to_pio(vcpu, NACRE_EXIT_IO_OUT, 0x80, 1);
	host_watched = 1;
	run_to_pio(vcpu, NACRE_EXIT_IO_OUT, 0x80, 1);
	run_to_done(vcpu);
	_exit(0);
}

#define DEBUGREG_OFFSET(n) \
	(offsetof(struct user, u_debugreg) + (n) * sizeof(long))

TEST_F(debugregs, host_breakpoints_survive)
{
	pid_t child = fork();
	int status;

	ASSERT_LE(0, child);
	if (!child)
		traced_child();
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, ptrace(PTRACE_POKEUSER, child, DEBUGREG_OFFSET(0),
			    &host_watched));
	ASSERT_EQ(0, ptrace(PTRACE_POKEUSER, child, DEBUGREG_OFFSET(7),
			    0x000d0001));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, child, 0, 0));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(SIGTRAP, WSTOPSIG(status));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, child, 0, 0));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_HARNESS_MAIN
