// SPDX-License-Identifier: GPL-2.0
/* NACRE_IRQFD: eventfds that interrupt a guest, and that hear of its EOI. */
#include "test.h"
#include "lib/irq.h"

#define VECTOR 0x51
#define PIN 20		/* the I/O APIC's alone */
#define ISA 5		/* a pin of the PIC */
#define GSI 100
#define LAST_GSI 4095
#define RESAMPLE NACRE_IRQFD_FLAG_RESAMPLE
#define DEASSIGN NACRE_IRQFD_FLAG_DEASSIGN
#define SECONDS 20

guest_data volatile u64 taken, stop;
guest_data volatile u64 rte;	/* of PIN */
guest_data volatile u64 once;	/* then the guest takes no more */

static void on_vector(struct guest_regs *regs)
{
	taken++;
	if (once)
		apic_write(APIC_TPR, 0xf0);
	apic_eoi();
}

static void setup(void)
{
	guest_on(VECTOR, on_vector);
	apic_enable();
	ioapic_route(PIN, 0, rte);
}

/* Until the host has had enough. */
guest_entry void counts(void)
{
	setup();
	guest_sync(0);
	sti();
	while (!stop)
		cpu_relax();
	guest_done();
}

/* Sleeping, which only an interrupt ends. */
guest_entry void sleeps(void)
{
	setup();
	guest_sync(0);
	while (!stop)
		asm volatile("sti; hlt; cli" : : : "memory");
	guest_done();
}

guest_entry void steps(void)
{
	setup();
	for (u32 i = 0; ; i++) {
		guest_sync(i, taken);
		asm volatile("sti; nop; nop; cli" : : : "memory");
	}
}

static void on_pic(struct guest_regs *regs)
{
	taken++;
	outb(PIC1_CMD, 0x20);
}

guest_entry void pic_steps(void)
{
	outb(PIC1_CMD, 0x11);
	outb(PIC1_DATA, VECTOR & ~7);
	outb(PIC1_DATA, 4);
	outb(PIC1_DATA, 1);
	outb(PIC1_DATA, 0xff & ~(1 << ISA));
	outb(ELCR1, 1 << ISA);
	guest_on((VECTOR & ~7) + ISA, on_pic);
	for (u32 i = 0; ; i++) {
		guest_sync(i, taken);
		asm volatile("sti; nop; nop; cli" : : : "memory");
	}
}

static int raw_irqfd(struct vm *vm, int fd, u32 gsi, u32 flags, int resample)
{
	struct nacre_irqfd args = {
		.fd = fd, .gsi = gsi, .flags = flags, .resamplefd = resample,
	};

	return ioctl(vm->fd, NACRE_IRQFD, &args);
}

static int irqfd(struct vm *vm, int fd, u32 gsi)
{
	return raw_irqfd(vm, fd, gsi, 0, -1);
}

TEST(capabilities)
{
	EXPECT_EQ(1, device_cap(NACRE_CAP_IRQFD));
	EXPECT_EQ(1, device_cap(NACRE_CAP_IRQFD_RESAMPLE));
}

TEST(without_controllers)
{
	struct vm *vm = vm_new();
	int fd = event_new();

	EXPECT_ERROR(EINVAL, irqfd(vm, fd, 0));
	EXPECT_ERROR(EINVAL, raw_irqfd(vm, fd, 0, RESAMPLE, fd));
	EXPECT_EQ(0, raw_irqfd(vm, fd, 0, DEASSIGN, -1));
	vm_free(vm);
}

FIXTURE(irqfd) {
	struct vm *vm;
	struct vcpu *vcpu;
	int fd, resample;
};

FIXTURE_SETUP(irqfd)
{
	self->vm = vm_new_irqchip();
	self->vcpu = vcpu_new(self->vm, 0);
	self->fd = event_new();
	self->resample = event_new();
	lapic_on(self->vcpu);
	set_redirection(self->vm, PIN, VECTOR);
	CHECK(routes(self->vm, to_msi(GSI, MSI_ADDRESS(0), VECTOR),
		     to_pin(PIN, NACRE_IRQCHIP_IOAPIC, PIN),
		     to_pin(ISA, NACRE_IRQCHIP_PIC_MASTER, ISA)) == 0);
}

FIXTURE_TEARDOWN(irqfd)
{
	vm_free(self->vm);
	close(self->fd);
	close(self->resample);
}

TEST_F(irqfd, errors)
{
	struct vm *vm = self->vm;
	int file = open("/dev/null", O_RDWR);

	for (u32 flags = 4; flags; flags <<= 1)
		EXPECT_ERROR(EINVAL, raw_irqfd(vm, self->fd, GSI, flags, 0));
	EXPECT_ERROR(EBADF, irqfd(vm, -1, GSI));
	EXPECT_ERROR(EBADF, irqfd(vm, 1000, GSI));
	EXPECT_ERROR(EINVAL, irqfd(vm, file, GSI));
	EXPECT_ERROR(EINVAL, irqfd(vm, vm->fd, GSI));
	EXPECT_ERROR(EBADF, raw_irqfd(vm, self->fd, GSI, RESAMPLE, -1));
	EXPECT_ERROR(EINVAL, raw_irqfd(vm, self->fd, GSI, RESAMPLE, file));
	EXPECT_ERROR(EBADF, raw_irqfd(vm, -1, GSI, DEASSIGN, -1));
	EXPECT_ERROR(EINVAL, raw_irqfd(vm, file, GSI, DEASSIGN, -1));
	EXPECT_ERROR(EFAULT, ioctl(vm->fd, NACRE_IRQFD, NULL));
	/* Nothing of this tied anything. */
	EXPECT_EQ(0, irqfd(vm, self->fd, GSI));
	close(file);
}

TEST_F(irqfd, once)
{
	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
	EXPECT_ERROR(EBUSY, irqfd(self->vm, self->fd, GSI));
	EXPECT_ERROR(EBUSY, irqfd(self->vm, self->fd, GSI + 1));
	EXPECT_ERROR(EBUSY, raw_irqfd(self->vm, self->fd, GSI, RESAMPLE,
				      self->resample));
	/* Another GSI's is another. */
	EXPECT_EQ(0, raw_irqfd(self->vm, self->fd, GSI + 1, DEASSIGN, -1));
	EXPECT_ERROR(EBUSY, irqfd(self->vm, self->fd, GSI));
	EXPECT_EQ(0, raw_irqfd(self->vm, self->fd, GSI, DEASSIGN, -1));
	EXPECT_EQ(0, raw_irqfd(self->vm, self->fd, GSI, DEASSIGN, -1));
	EXPECT_EQ(0, irqfd(self->vm, self->fd, GSI));
}

/* A GSI need not lead anywhere, nor be one. */
TEST_F(irqfd, nowhere)
{
	static const u32 gsis[] = { 6, 99, LAST_GSI, LAST_GSI + 1, -1u };

	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(0, irqfd(self->vm, self->fd, gsis[i]));
		event_signal(self->fd);
		EXPECT_EQ(0, raw_irqfd(self->vm, self->fd, gsis[i], DEASSIGN,
				       -1));
		EXPECT_EQ(0, raw_irqfd(self->vm, self->fd, gsis[i], RESAMPLE,
				       self->resample));
		event_signal(self->fd);
		EXPECT_EQ(0, raw_irqfd(self->vm, self->fd, gsis[i], DEASSIGN,
				       -1));
	}
	EXPECT_FALSE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
}

static void set_lapic_word(struct vcpu *vcpu, u32 reg, u32 value)
{
	struct nacre_lapic_state lapic;

	get_lapic(vcpu, &lapic);
	*lapic_reg(&lapic, reg) = value;
	set_lapic(vcpu, &lapic);
}

static void forget(struct vcpu *vcpu)
{
	set_lapic_word(vcpu, APIC_IRR + VECTOR / 32 * 16, 0);
}

/* A signal comes to @vcpu, which forgets it again. */
static void comes_to(int fd, struct vcpu *vcpu)
{
	event_signal(fd);
	wait_for(lapic_bit(vcpu, APIC_IRR, VECTOR), SECONDS);
	forget(vcpu);
}

/* Whom a message means can change from one to the next. */
TEST_F(irqfd, follows_ids)
{
	struct vcpu *other = vcpu_new(self->vm, 1);

	lapic_on(other);
	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
	for (int i = 0; i < 3; i++) {
		comes_to(self->fd, self->vcpu);
		EXPECT_FALSE(lapic_bit(other, APIC_IRR, VECTOR));
		set_lapic_word(self->vcpu, APIC_ID, 1 << 24);
		set_lapic_word(other, APIC_ID, 0);
		comes_to(self->fd, other);
		EXPECT_FALSE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
		set_lapic_word(other, APIC_ID, 1 << 24);
		set_lapic_word(self->vcpu, APIC_ID, 0);
	}
}

TEST_F(irqfd, follows_logical_ids)
{
	struct vcpu *other = vcpu_new(self->vm, 1);

	lapic_on(other);
	ASSERT_EQ(0, routes(self->vm, to_msi(GSI, MSI_ADDRESS(2) | 4, VECTOR)));
	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
	for (int i = 0; i < 3; i++) {
		set_lapic_word(self->vcpu, APIC_LDR, 2 << 24);
		set_lapic_word(other, APIC_LDR, 1 << 24);
		comes_to(self->fd, self->vcpu);
		EXPECT_FALSE(lapic_bit(other, APIC_IRR, VECTOR));
		set_lapic_word(self->vcpu, APIC_LDR, 4 << 24);
		set_lapic_word(other, APIC_LDR, 2 << 24);
		comes_to(self->fd, other);
		EXPECT_FALSE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
	}
}

/* In x2APIC mode a logical ID follows from the other one. */
TEST_F(irqfd, follows_modes)
{
	struct vcpu *other = vcpu_new(self->vm, 1);
	struct nacre_sregs sregs;

	set_supported_cpuid(other);
	lapic_on(other);
	ASSERT_EQ(0, routes(self->vm, to_msi(GSI, MSI_ADDRESS(2) | 4, VECTOR)));
	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
	set_lapic_word(self->vcpu, APIC_LDR, 2 << 24);
	comes_to(self->fd, self->vcpu);
	get_sregs(other, &sregs);
	sregs.apic_base |= APIC_BASE_EXTD;
	set_sregs(other, &sregs);
	set_lapic_word(self->vcpu, APIC_LDR, 4 << 24);
	comes_to(self->fd, other);
	EXPECT_FALSE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
}

/* To all, which are more than before; and to whom the routes say. */
TEST_F(irqfd, follows_vcpus_and_routes)
{
	struct vcpu *other;

	ASSERT_EQ(0, routes(self->vm, to_msi(GSI, MSI_ADDRESS(0xff), VECTOR)));
	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
	comes_to(self->fd, self->vcpu);
	other = vcpu_new(self->vm, 1);
	lapic_on(other);
	comes_to(self->fd, self->vcpu);
	EXPECT_TRUE(lapic_bit(other, APIC_IRR, VECTOR));
	forget(other);
	ASSERT_EQ(0, routes(self->vm, to_msi(GSI, MSI_ADDRESS(1), VECTOR)));
	comes_to(self->fd, other);
	EXPECT_FALSE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
	ASSERT_EQ(0, routes(self->vm, to_msi(GSI, MSI_ADDRESS(0), VECTOR)));
	comes_to(self->fd, self->vcpu);
	EXPECT_FALSE(lapic_bit(other, APIC_IRR, VECTOR));
	/* None at all, then a pin. */
	ASSERT_EQ(0, raw_set_routes(self->vm, 0, NULL));
	event_signal(self->fd);
	pause_us(20000);
	EXPECT_FALSE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
	ASSERT_EQ(0, routes(self->vm, to_pin(GSI, NACRE_IRQCHIP_IOAPIC, PIN)));
	comes_to(self->fd, self->vcpu);
}

static volatile bool firing;

static void *fires(void *fd)
{
	while (firing)
		event_signal(*(int *)fd);
	return NULL;
}

/* What comes from now on comes to @to, and nothing to @not_to. */
static bool only_to(struct vcpu *to, struct vcpu *not_to)
{
	/* What was on its way has arrived. */
	pause_us(2000);
	forget(not_to);
	forget(to);
	wait_for(lapic_bit(to, APIC_IRR, VECTOR), SECONDS);
	return !lapic_bit(not_to, APIC_IRR, VECTOR);
}

/* The same while another thread signals all the time. */
TEST_F(irqfd, follows_under_fire)
{
	struct vcpu *a = self->vcpu, *b = vcpu_new(self->vm, 1);
	pthread_t thread;

	lapic_on(b);
	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
	firing = true;
	thread = thread_start(fires, &self->fd);
	for (int i = 0; i < 20; i++) {
		set_lapic_word(a, APIC_ID, 1 << 24);
		set_lapic_word(b, APIC_ID, 0);
		EXPECT_TRUE(only_to(b, a));
		ASSERT_EQ(0, routes(self->vm, to_msi(GSI, MSI_ADDRESS(1),
						     VECTOR)));
		EXPECT_TRUE(only_to(a, b));
		ASSERT_EQ(0, routes(self->vm, to_pin(GSI, NACRE_IRQCHIP_IOAPIC,
						     PIN)));
		EXPECT_TRUE(only_to(b, a));
		set_lapic_word(b, APIC_ID, 1 << 24);
		set_lapic_word(a, APIC_ID, 0);
		ASSERT_EQ(0, routes(self->vm, to_msi(GSI, MSI_ADDRESS(0),
						     VECTOR)));
		EXPECT_TRUE(only_to(a, b));
	}
	firing = false;
	thread_join(thread, SECONDS);
}

/* What was signalled before it was tied counts. */
TEST_F(irqfd, signalled_before)
{
	event_signal(self->fd);
	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
	wait_for(lapic_bit(self->vcpu, APIC_IRR, VECTOR), SECONDS);
}

TEST_F(irqfd, deassign)
{
	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
	ASSERT_EQ(0, raw_irqfd(self->vm, self->fd, GSI, DEASSIGN, -1));
	event_signal(self->fd);
	pause_us(20000);
	EXPECT_FALSE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
	/* It is an ordinary eventfd again. */
	EXPECT_EQ(1, event_count(self->fd));
}

/* A pulse for an edge; it counts as the VMM's own line does. */
TEST_F(irqfd, edge)
{
	ASSERT_EQ(0, irqfd(self->vm, self->fd, PIN));
	event_signal(self->fd);
	wait_for(lapic_bit(self->vcpu, APIC_IRR, VECTOR), SECONDS);
	/* Nobody else reads what was signalled. */
	EXPECT_EQ(0, event_count(self->fd));
	/* The line is down again. */
	EXPECT_EQ(1, irq_status(self->vm, PIN, 1));
}


static void *runs(void *arg)
{
	run_to_done(arg);
	return NULL;
}

/* @name counts in a thread of its own. */
static pthread_t start(struct vcpu *vcpu, const char *name, u32 entry)
{
	vcpu_setup(vcpu, GUEST_64, name);
	*(u64 *)guest_var(vcpu->vm, GUEST_64, "rte") = entry;
	run_to_sync(vcpu, 0);
	return thread_start(runs, vcpu);
}

static volatile u64 *counter(struct vcpu *vcpu)
{
	return guest_var(vcpu->vm, GUEST_64, "taken");
}

static void end(struct vcpu *vcpu, pthread_t thread)
{
	*(volatile u64 *)guest_var(vcpu->vm, GUEST_64, "stop") = 1;
	CHECK(signal_msi(vcpu->vm, MSI_ADDRESS(0), VECTOR) == 1);
	thread_join(thread, SECONDS);
}

/* Each signal is an interrupt, if it comes after the last one was taken. */
static void signals(struct vcpu *vcpu, int fd, u64 n)
{
	volatile u64 *taken = counter(vcpu);

	for (u64 i = 1, first = *taken; i <= n; i++) {
		event_signal(fd);
		wait_for(*taken == first + i, SECONDS);
	}
}

TEST_F(irqfd, running)
{
	pthread_t thread = start(self->vcpu, "counts", VECTOR);

	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
	signals(self->vcpu, self->fd, 200);
	/* Another route, the same eventfd. */
	CHECK(routes(self->vm, to_pin(GSI, NACRE_IRQCHIP_IOAPIC, PIN)) == 0);
	signals(self->vcpu, self->fd, 50);
	end(self->vcpu, thread);
}

TEST_F(irqfd, sleeping)
{
	pthread_t thread = start(self->vcpu, "sleeps", VECTOR);

	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
	signals(self->vcpu, self->fd, 100);
	end(self->vcpu, thread);
}

/* The level stays until the EOI, which is told; then it can be raised again. */
static void levels(struct vcpu *vcpu, int fd, int resample)
{
	volatile u64 *taken = counter(vcpu);

	for (u64 i = 1; i <= 50; i++) {
		event_signal(fd);
		wait_for(event_count(resample), SECONDS);
		if (*taken != i)
			die("%llu interrupts after %llu", *taken, i);
	}
}

TEST_F(irqfd, resample)
{
	pthread_t thread = start(self->vcpu, "counts", VECTOR | RTE_LEVEL);

	ASSERT_EQ(0, raw_irqfd(self->vm, self->fd, PIN, RESAMPLE,
			       self->resample));
	levels(self->vcpu, self->fd, self->resample);
	/* The line is down: none comes by itself. */
	EXPECT_EQ(50, *counter(self->vcpu));
	EXPECT_EQ(0, event_count(self->resample));
	end(self->vcpu, thread);
}

/* Both on one line: each is told of an end, whoever raised it. */
TEST_F(irqfd, shared_level)
{
	pthread_t thread = start(self->vcpu, "counts", VECTOR | RTE_LEVEL);
	int fd = event_new(), resample = event_new();

	ASSERT_EQ(0, raw_irqfd(self->vm, self->fd, PIN, RESAMPLE,
			       self->resample));
	ASSERT_EQ(0, raw_irqfd(self->vm, fd, PIN, RESAMPLE, resample));
	event_signal(fd);
	wait_for(event_count(resample), SECONDS);
	wait_for(event_count(self->resample), SECONDS);
	EXPECT_EQ(1, *counter(self->vcpu));
	/* One goes; the other still works. */
	ASSERT_EQ(0, raw_irqfd(self->vm, fd, PIN, DEASSIGN, -1));
	event_signal(self->fd);
	wait_for(event_count(self->resample), SECONDS);
	EXPECT_EQ(0, event_count(resample));
	EXPECT_EQ(2, *counter(self->vcpu));
	end(self->vcpu, thread);
}

/* The VMM's own hold on the line is another's than the irqfd's. */
TEST_F(irqfd, two_holders)
{
	struct vcpu *vcpu = self->vcpu;

	vcpu_setup(vcpu, GUEST_64, "steps");
	*(u64 *)guest_var(vcpu->vm, GUEST_64, "rte") = VECTOR | RTE_LEVEL;
	*(u64 *)guest_var(vcpu->vm, GUEST_64, "once") = 1;
	run_to_sync(vcpu, 0);
	ASSERT_EQ(0, raw_irqfd(self->vm, self->fd, PIN, RESAMPLE,
			       self->resample));
	irq_line(self->vm, PIN, 1);
	event_signal(self->fd);
	wait_for(lapic_bit(vcpu, APIC_IRR, VECTOR), SECONDS);
	run_to_sync(vcpu, 1);
	EXPECT_EQ(1, vcpu->uc.args[1]);
	EXPECT_EQ(1, event_count(self->resample));
	/* The end let go of the irqfd's, not of the VMM's. */
	EXPECT_TRUE(lapic_bit(vcpu, APIC_IRR, VECTOR));
}

/* Going away it lets go of the line that it holds up. */
TEST_F(irqfd, level_deassigned)
{
	set_redirection(self->vm, PIN, VECTOR | RTE_LEVEL | RTE_MASKED);
	ASSERT_EQ(0, raw_irqfd(self->vm, self->fd, PIN, RESAMPLE,
			       self->resample));
	event_signal(self->fd);
	pause_us(20000);
	ASSERT_EQ(0, raw_irqfd(self->vm, self->fd, PIN, DEASSIGN, -1));
	set_redirection(self->vm, PIN, VECTOR | RTE_LEVEL);
	EXPECT_FALSE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
}

/* Through the PIC, whose EOI is a command. */
TEST_F(irqfd, pic_resample)
{
	struct vcpu *vcpu = self->vcpu;

	vcpu_setup(vcpu, GUEST_64, "pic_steps");
	run_to_sync(vcpu, 0);
	ASSERT_EQ(0, raw_irqfd(self->vm, self->fd, ISA, RESAMPLE,
			       self->resample));
	for (u32 i = 1; i <= 5; i++) {
		event_signal(self->fd);
		pause_us(20000);
		EXPECT_EQ(0, event_count(self->resample));
		run_to_sync(vcpu, i);
		EXPECT_EQ(i, vcpu->uc.args[1]);
		EXPECT_EQ(1, event_count(self->resample));
	}
}

/* An edge's end is told, too. */
TEST_F(irqfd, edge_resample)
{
	struct vcpu *vcpu = self->vcpu;

	vcpu_setup(vcpu, GUEST_64, "steps");
	*(u64 *)guest_var(vcpu->vm, GUEST_64, "rte") = VECTOR;
	run_to_sync(vcpu, 0);
	ASSERT_EQ(0, raw_irqfd(self->vm, self->fd, PIN, RESAMPLE,
			       self->resample));
	for (u32 i = 1; i <= 3; i++) {
		event_signal(self->fd);
		wait_for(lapic_bit(vcpu, APIC_IRR, VECTOR), SECONDS);
		run_to_sync(vcpu, i);
		EXPECT_EQ(i, vcpu->uc.args[1]);
		EXPECT_EQ(1, event_count(self->resample));
	}
}

/* An irqfd that answers its own end: an interrupt without end, no more. */
TEST_F(irqfd, own_resample)
{
	pthread_t thread = start(self->vcpu, "counts", VECTOR | RTE_LEVEL);

	ASSERT_EQ(0, raw_irqfd(self->vm, self->fd, PIN, RESAMPLE, self->fd));
	event_signal(self->fd);
	wait_for(*counter(self->vcpu) > 100, SECONDS);
	ASSERT_EQ(0, raw_irqfd(self->vm, self->fd, PIN, DEASSIGN, -1));
	end(self->vcpu, thread);
}

/* Closed while armed: it goes, and the number may come again. */
TEST_F(irqfd, closed)
{
	for (int i = 0; i < 100; i++) {
		int fd = event_new(), resample = event_new();

		ASSERT_EQ(0, raw_irqfd(self->vm, fd, i & 1 ? PIN : GSI,
				       i & 1 ? RESAMPLE : 0, resample));
		event_signal(fd);
		close(fd);
		close(resample);
	}
	ASSERT_EQ(0, irqfd(self->vm, self->fd, GSI));
}

/* The VM goes first. */
TEST_F(irqfd, outlives_vm)
{
	struct vm *vm = vm_new_irqchip();

	vcpu_new(vm, 0);
	ASSERT_EQ(0, irqfd(vm, self->fd, 4));
	ASSERT_EQ(0, raw_irqfd(vm, self->resample, 5, RESAMPLE, self->fd));
	vm_free(vm);
	event_signal(self->fd);
	EXPECT_EQ(1, event_count(self->fd));
	/* Two VMs may have it, each for itself. */
	EXPECT_EQ(0, irqfd(self->vm, self->fd, GSI));
}

static volatile bool enough;

static void *signaller(void *arg)
{
	while (!enough)
		event_signal(*(int *)arg);
	return NULL;
}

TEST_F(irqfd, under_fire)
{
	pthread_t guest = start(self->vcpu, "counts", VECTOR | RTE_LEVEL);
	pthread_t thread = thread_start(signaller, &self->fd);

	for (int i = 0; i < 60; i++) {
		u32 flags = i & 1 ? RESAMPLE : 0;

		CHECK(raw_irqfd(self->vm, self->fd, GSI, flags,
				self->resample) == 0);
		CHECK(routes(self->vm,
			     to_msi(GSI, MSI_ADDRESS(0), VECTOR)) == 0);
		CHECK(routes(self->vm, to_pin(GSI, NACRE_IRQCHIP_IOAPIC,
					      PIN)) == 0);
		CHECK(raw_set_routes(self->vm, 0, NULL) == 0);
		CHECK(raw_irqfd(self->vm, self->fd, GSI, DEASSIGN, -1) == 0);
	}
	enough = true;
	thread_join(thread, SECONDS);
	end(self->vcpu, guest);
}

TEST_HARNESS_MAIN
