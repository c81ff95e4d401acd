// SPDX-License-Identifier: GPL-2.0
/* Events as part of a vCPU's state. */
#include "test.h"

#define VECTOR 0x41
#define PORT 0x80
#define DEVICE 0x20000000u

static volatile u64 vector_seen, error_seen;

static void note(struct guest_regs *regs)
{
	vector_seen = regs->vector;
	error_seen = regs->error;
}

guest_entry void takes_anything(void)
{
	guest_on(UD_VECTOR, note);
	guest_on(GP_VECTOR, note);
	guest_on(PF_VECTOR, note);
	guest_on(NMI_VECTOR, note);
	guest_on(VECTOR, note);
	outb(PORT, 0);
	guest_sync(1, vector_seen, error_seen);
	sti();
	outb(PORT, 1);
	guest_sync(2, vector_seen, error_seen);
	guest_done();
}

static void nmi_outs(struct guest_regs *regs)
{
	outb(PORT, 0x10);
}

guest_entry void nmi_handler_exits(void)
{
	guest_on(NMI_VECTOR, nmi_outs);
	outb(PORT, 0);
	outb(PORT, 1);
	guest_done();
}

/* The load is the first instruction behind the first OUT. */
guest_entry void loads_from_device(void)
{
	guest_on(NMI_VECTOR, note);
	asm volatile("xor %%eax, %%eax\n\t"
		     "out %%al, %[port]\n\t"
		     "mov (%%rbx), %%rcx\n\t"
		     "mov %[seen], %%rax\n\t"
		     "out %%al, %[port]"
		     : : "b"((u64)DEVICE), [port] "i"(PORT),
			 [seen] "m"(vector_seen) : "rax", "rcx", "memory");
	guest_done();
}

FIXTURE(events) {
	struct vcpu *vcpu;
	struct nacre_vcpu_events e;
};

static void get(struct vcpu *vcpu, struct nacre_vcpu_events *e)
{
	memset(e, 0xee, sizeof(*e));
	CHECK(ioctl(vcpu->fd, NACRE_GET_VCPU_EVENTS, e) == 0);
}

static int raw_set(struct vcpu *vcpu, struct nacre_vcpu_events *e)
{
	return ioctl(vcpu->fd, NACRE_SET_VCPU_EVENTS, e);
}

/* The pending OUT is completed first, as a VMM does that migrates. */
static void complete(struct vcpu *vcpu)
{
	vcpu->run->immediate_exit = 1;
	CHECK(raw_run(vcpu) == -1 && errno == EINTR);
	vcpu->run->immediate_exit = 0;
}

FIXTURE_SETUP(events)
{
	if (!device_cap(NACRE_CAP_VCPU_EVENTS))
		SKIP(return, "no NACRE_CAP_VCPU_EVENTS");
	self->vcpu = vcpu_with_guest(GUEST_64, "takes_anything");
	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
	complete(self->vcpu);
	get(self->vcpu, &self->e);
}

FIXTURE_TEARDOWN(events)
{
	vm_free(self->vcpu->vm);
}

TEST_F(events, nothing_pends)
{
	struct nacre_vcpu_events *e = &self->e;

	EXPECT_EQ(0, e->exception.injected | e->exception.pending);
	EXPECT_EQ(0, e->interrupt.injected | e->interrupt.soft);
	EXPECT_EQ(0, e->interrupt.shadow);
	EXPECT_EQ(0, e->nmi.injected | e->nmi.pending | e->nmi.masked);
	EXPECT_EQ(0, e->smi.smm | e->smi.pending | e->smi.latched_init);
	for (size_t i = 0; i < sizeof(e->reserved); i++)
		EXPECT_EQ(0, e->reserved[i]);
	EXPECT_EQ(NACRE_VCPUEVENT_VALID_NMI_PENDING |
		  NACRE_VCPUEVENT_VALID_SHADOW,
		  e->flags & (NACRE_VCPUEVENT_VALID_NMI_PENDING |
			      NACRE_VCPUEVENT_VALID_SHADOW));
}

TEST_F(events, exception_goes_in)
{
	self->e.exception.injected = 1;
	self->e.exception.nr = UD_VECTOR;
	ASSERT_EQ(0, raw_set(self->vcpu, &self->e));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(UD_VECTOR, self->vcpu->uc.args[1]);
	EXPECT_EQ(0, self->vcpu->uc.args[2]);
	get(self->vcpu, &self->e);
	EXPECT_EQ(0, self->e.exception.injected);
}

TEST_F(events, error_code_goes_in)
{
	self->e.exception.injected = 1;
	self->e.exception.nr = GP_VECTOR;
	self->e.exception.has_error_code = 1;
	self->e.exception.error_code = 0x1238;
	ASSERT_EQ(0, raw_set(self->vcpu, &self->e));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(GP_VECTOR, self->vcpu->uc.args[1]);
	EXPECT_EQ(0x1238, self->vcpu->uc.args[2]);
}

/* AMD's processors have 32 bits of it, Intel's 16. */
TEST_F(events, long_error_code_goes_in)
{
	self->e.exception.injected = 1;
	self->e.exception.nr = GP_VECTOR;
	self->e.exception.has_error_code = 1;
	self->e.exception.error_code = 0xffff1238;
	ASSERT_EQ(0, raw_set(self->vcpu, &self->e));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(GP_VECTOR, self->vcpu->uc.args[1]);
	EXPECT_EQ(0x1238, (u16)self->vcpu->uc.args[2]);
}

/* What was set comes back as long as the guest has not run. */
TEST_F(events, set_and_get)
{
	struct nacre_vcpu_events got;

	self->e.exception.injected = 1;
	self->e.exception.nr = PF_VECTOR;
	self->e.exception.has_error_code = 1;
	self->e.exception.error_code = 2;
	self->e.interrupt.shadow = NACRE_X86_SHADOW_INT_STI;
	ASSERT_EQ(0, raw_set(self->vcpu, &self->e));
	get(self->vcpu, &got);
	EXPECT_EQ(1, got.exception.injected);
	EXPECT_EQ(PF_VECTOR, got.exception.nr);
	EXPECT_EQ(1, got.exception.has_error_code);
	EXPECT_EQ(2, got.exception.error_code);
	EXPECT_NE(0, got.interrupt.shadow);
}

TEST_F(events, interrupt_goes_in)
{
	run_to_sync(self->vcpu, 1);
	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
	complete(self->vcpu);
	get(self->vcpu, &self->e);
	self->e.interrupt.injected = 1;
	self->e.interrupt.nr = VECTOR;
	ASSERT_EQ(0, raw_set(self->vcpu, &self->e));
	run_to_sync(self->vcpu, 2);
	EXPECT_EQ(VECTOR, self->vcpu->uc.args[1]);
}

/* NACRE_INTERRUPT is visible here, and in the bitmap of the sregs. */
TEST_F(events, queued_interrupt_shows)
{
	struct nacre_interrupt i = { .irq = VECTOR };

	run_to_sync(self->vcpu, 1);
	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
	complete(self->vcpu);
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_INTERRUPT, &i));
	get(self->vcpu, &self->e);
	EXPECT_EQ(1, self->e.interrupt.injected);
	EXPECT_EQ(VECTOR, self->e.interrupt.nr);
	run_to_sync(self->vcpu, 2);
	EXPECT_EQ(VECTOR, self->vcpu->uc.args[1]);
}

TEST_F(events, nmi_pends)
{
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_NMI, 0));
	get(self->vcpu, &self->e);
	EXPECT_EQ(1, self->e.nmi.pending);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(NMI_VECTOR, self->vcpu->uc.args[1]);
}

TEST_F(events, nmi_is_taken_back)
{
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_NMI, 0));
	get(self->vcpu, &self->e);
	self->e.nmi.pending = 0;
	ASSERT_EQ(0, raw_set(self->vcpu, &self->e));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, self->vcpu->uc.args[1]);
}

/* One in service and one latched is all that a processor remembers. */
TEST_F(events, masked_nmi_is_one)
{
	struct nacre_vcpu_events *e = &self->e;

	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_NMI, 0));
	get(self->vcpu, e);
	/* In-tree KVM of 6.1 says whether there are some, not how many. */
	EXPECT_LE(1, e->nmi.pending);
	e->flags &= ~NACRE_VCPUEVENT_VALID_NMI_PENDING;
	e->nmi.masked = 1;
	ASSERT_EQ(0, raw_set(self->vcpu, e));
	get(self->vcpu, e);
	EXPECT_EQ(1, e->nmi.masked);
	EXPECT_EQ(1, e->nmi.pending);
}

TEST_F(events, nmi_handler_masks)
{
	struct vcpu *vcpu = self->vcpu;

	vcpu_setup(vcpu, GUEST_64, "nmi_handler_exits");
	run_to_pio(vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_NMI, 0));
	EXPECT_EQ(0x10, *(u8 *)run_to_pio(vcpu, NACRE_EXIT_IO_OUT, PORT, 1));
	get(vcpu, &self->e);
	EXPECT_EQ(1, self->e.nmi.masked);
	EXPECT_EQ(1, *(u8 *)run_to_pio(vcpu, NACRE_EXIT_IO_OUT, PORT, 1));
	get(vcpu, &self->e);
	EXPECT_EQ(0, self->e.nmi.masked);
}

/*
 * Intel SDM, "Masking Exceptions and Interrupts When Switching Stacks": until
 * one instruction is through, and this one is the VMM's to finish.
 */
TEST_F(events, nmi_waits_for_one_instruction)
{
	struct vcpu *vcpu = self->vcpu;

	vcpu_setup(vcpu, GUEST_64, "loads_from_device");
	run_to_pio(vcpu, NACRE_EXIT_IO_OUT, PORT, 1);
	complete(vcpu);
	get(vcpu, &self->e);
	self->e.nmi.pending = 1;
	self->e.interrupt.shadow = NACRE_X86_SHADOW_INT_MOV_SS;
	ASSERT_EQ(0, raw_set(vcpu, &self->e));
	ASSERT_EQ(0, raw_run(vcpu));
	ASSERT_EQ(NACRE_EXIT_MMIO, vcpu->run->exit_reason);
	EXPECT_EQ(DEVICE, vcpu->run->mmio.phys_addr);
	EXPECT_EQ(NMI_VECTOR,
		  *(u8 *)run_to_pio(vcpu, NACRE_EXIT_IO_OUT, PORT, 1));
}

TEST_F(events, refused)
{
	struct nacre_vcpu_events e = self->e;

	e.flags |= 1u << 31;
	EXPECT_ERROR(EINVAL, raw_set(self->vcpu, &e));
	e = self->e;
	e.exception.injected = 1;
	e.exception.nr = 32;
	EXPECT_ERROR(EINVAL, raw_set(self->vcpu, &e));
	e.exception.nr = NMI_VECTOR;
	EXPECT_ERROR(EINVAL, raw_set(self->vcpu, &e));
	/* Payloads come with a capability that nobody has enabled. */
	e = self->e;
	e.flags |= NACRE_VCPUEVENT_VALID_PAYLOAD;
	EXPECT_ERROR(EINVAL, raw_set(self->vcpu, &e));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_SET_VCPU_EVENTS, 8));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_GET_VCPU_EVENTS, 8));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, self->vcpu->uc.args[1]);
}

TEST_HARNESS_MAIN
