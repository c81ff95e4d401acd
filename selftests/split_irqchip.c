// SPDX-License-Identifier: GPL-2.0
/* Local APICs in the kernel, I/O APIC and PIC in the VMM. */
#include "test.h"
#include "lib/irq.h"

#define VECTOR 0x52
#define EXTINT_VECTOR 0x31
#define GSI 5
#define GSIS 24
#define SECONDS 20

/* What the guest tells of itself. */
#define READY 0
#define WINDOW_OPEN 1
#define WINDOW_SHUT 2
#define UNMASKED 3

guest_data volatile u64 taken, external;

static void on_vector(struct guest_regs *regs)
{
	taken++;
	apic_eoi();
}

/* A PIC's interrupt is none of the local APIC's. */
static void on_external(struct guest_regs *regs)
{
	external++;
}

static void setup(void)
{
	guest_on(VECTOR, on_vector);
	guest_on(VECTOR + 1, on_vector);
	guest_on(EXTINT_VECTOR, on_external);
	apic_enable();
}

guest_entry void steps(void)
{
	setup();
	for (u32 i = 0; ; i++) {
		guest_sync(i, taken, external);
		asm volatile("sti; nop; nop; cli" : : : "memory");
	}
}

static void on_x2apic_vector(struct guest_regs *regs)
{
	taken++;
	wrmsr_catch(X2APIC_MSR(APIC_EOI), 0);
}

guest_entry void x2apic_steps(void)
{
	guest_on(VECTOR, on_x2apic_vector);
	wrmsr_catch(MSR_APIC_BASE, LAPIC_GPA | APIC_BASE_EN | APIC_BASE_EXTD |
				   APIC_BASE_BSP);
	wrmsr_catch(X2APIC_MSR(APIC_SVR), APIC_SVR_ENABLE | 0xff);
	for (u32 i = 0; ; i++) {
		guest_sync(i, taken);
		asm volatile("sti; nop; nop; cli" : : : "memory");
	}
}

guest_entry void windows(void)
{
	setup();
	guest_sync(READY);
	sti();
	asm volatile("nop; nop; nop");
	guest_sync(WINDOW_OPEN, external);
	cli();
	guest_sync(WINDOW_SHUT, external);
	guest_done();
}

guest_entry void masked(void)
{
	setup();
	apic_write(APIC_LVT0, APIC_MASKED | APIC_EXTINT);
	sti();
	guest_sync(READY, external);
	asm volatile("nop; nop");
	guest_sync(WINDOW_OPEN, external);
	apic_write(APIC_LVT0, APIC_EXTINT);
	guest_sync(UNMASKED, external);
	asm volatile("nop; nop");
	guest_sync(UNMASKED + 1, external);
	guest_done();
}

guest_entry void sleeps(void)
{
	setup();
	guest_sync(READY);
	asm volatile("sti; hlt; cli" : : : "memory");
	GUEST_ASSERT_EQ(1, taken + external);
	guest_done();
}

static int split(struct vm *vm, u64 gsis)
{
	return raw_enable_cap(vm, NACRE_CAP_SPLIT_IRQCHIP, gsis);
}

static int extint(struct vcpu *vcpu, u32 vector)
{
	struct nacre_interrupt in = { .irq = vector };

	return ioctl(vcpu->fd, NACRE_INTERRUPT, &in);
}

TEST(capability)
{
	EXPECT_EQ(1, device_cap(NACRE_CAP_SPLIT_IRQCHIP));
}

/* A parameter of the module takes the chips away: there are none to create. */
TEST(without_chips)
{
	int fd = open("/sys/module/nacre/parameters/irqchip", O_RDONLY);
	struct vm *vm;
	char set = 'Y';

	if (fd >= 0) {
		CHECK(read(fd, &set, 1) == 1);
		close(fd);
	}
	if (set == 'Y')
		SKIP(return, "the module has them");
	vm = vm_new();
	EXPECT_EQ(0, vm_cap(vm, NACRE_CAP_IRQCHIP));
	EXPECT_EQ(0, vm_cap(vm, NACRE_CAP_IRQFD_RESAMPLE));
	EXPECT_ERROR(ENOTTY, ioctl(vm->fd, NACRE_CREATE_IRQCHIP, 0));
	EXPECT_EQ(0, split(vm, GSIS));
	vm_free(vm);
}

TEST(enable)
{
	struct nacre_enable_cap cap = {
		.cap = NACRE_CAP_SPLIT_IRQCHIP, .args = { GSIS },
	};
	struct vm *vm = vm_new();

	for (cap.flags = 1; cap.flags; cap.flags <<= 1)
		EXPECT_ERROR(EINVAL, ioctl(vm->fd, NACRE_ENABLE_CAP, &cap));
	EXPECT_ERROR(EINVAL, split(vm, 4097));
	EXPECT_ERROR(EINVAL, split(vm, 1ull << 32 | 1));
	EXPECT_EQ(0, split(vm, 4096));
	EXPECT_ERROR(EEXIST, split(vm, GSIS));
	EXPECT_ERROR(EINVAL, split(vm, 4097));
	if (vm_cap(vm, NACRE_CAP_IRQCHIP))
		EXPECT_ERROR(EEXIST, ioctl(vm->fd, NACRE_CREATE_IRQCHIP, 0));
	vm_free(vm);
}

TEST(enable_too_late)
{
	struct vm *vm = vm_new();

	vcpu_new(vm, 0);
	EXPECT_ERROR(EEXIST, split(vm, GSIS));
	EXPECT_ERROR(EINVAL, split(vm, 4097));
	vm_free(vm);
	vm = vm_new();
	/* Where the kernel has none of these this is another case. */
	if (!ioctl(vm->fd, NACRE_CREATE_IRQCHIP, 0))
		EXPECT_ERROR(EEXIST, split(vm, GSIS));
	vm_free(vm);
}

FIXTURE(split_irqchip) {
	struct vm *vm;
	struct vcpu *vcpu;
};

FIXTURE_SETUP(split_irqchip)
{
	self->vm = vm_new();
	CHECK(split(self->vm, GSIS) == 0);
	self->vcpu = vcpu_new(self->vm, 0);
}

FIXTURE_TEARDOWN(split_irqchip)
{
	vm_free(self->vm);
}

TEST_F(split_irqchip, ioctls)
{
	struct nacre_irqchip chip = { 0 };
	struct nacre_irqfd irqfd = { .fd = event_new(), .gsi = GSI };
	struct vm *vm = self->vm;

	for (chip.chip_id = 0; chip.chip_id < 4; chip.chip_id++) {
		EXPECT_ERROR(ENXIO, ioctl(vm->fd, NACRE_GET_IRQCHIP, &chip));
		EXPECT_ERROR(ENXIO, ioctl(vm->fd, NACRE_SET_IRQCHIP, &chip));
	}
	/* No routes to begin with, and none to a pin. */
	for (u32 gsi = 0; gsi < 24; gsi++)
		EXPECT_EQ(-1, irq_status(vm, gsi, 1));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(0, NACRE_IRQCHIP_IOAPIC, 0)));
	EXPECT_ERROR(EINVAL, routes(vm, to_pin(0, NACRE_IRQCHIP_PIC_MASTER,
					       0)));
	EXPECT_EQ(0, routes(vm, to_msi(GSI, MSI_ADDRESS(0), VECTOR)));
	irqfd.flags = NACRE_IRQFD_FLAG_RESAMPLE;
	irqfd.resamplefd = irqfd.fd;
	EXPECT_ERROR(EINVAL, ioctl(vm->fd, NACRE_IRQFD, &irqfd));
	irqfd.flags = 0;
	EXPECT_EQ(0, ioctl(vm->fd, NACRE_IRQFD, &irqfd));
	lapic_on(self->vcpu);
	event_signal(irqfd.fd);
	wait_for(lapic_bit(self->vcpu, APIC_IRR, VECTOR), SECONDS);
	close(irqfd.fd);
}

/* Ports and page of the chips are the VMM's. */
guest_entry void touches(void)
{
	outb(PIC1_CMD, 0x20);
	outb(ELCR1, 0);
	ioapic_write(0, 0);
	guest_done();
}

TEST_F(split_irqchip, chips_of_the_vmm)
{
	vcpu_setup(self->vcpu, GUEST_64, "touches");
	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, PIC1_CMD, 1);
	run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT, ELCR1, 1);
	for (u32 i = 0; i < 2; i++) {
		run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
		EXPECT_EQ(IOAPIC_GPA + 0x10 * i,
			  self->vcpu->run->mmio.phys_addr);
	}
	run_to_done(self->vcpu);
}

/* One interrupt into the guest; the vector of the exit that its EOI was, or 0. */
static u32 told_vector(struct vcpu *vcpu, u32 step)
{
	u32 vector = 0;

	run(vcpu);
	if (vcpu->run->exit_reason == NACRE_EXIT_IOAPIC_EOI) {
		vector = vcpu->run->eoi.vector;
		run(vcpu);
	}
	if (decode_ucall(vcpu) != UCALL_SYNC || vcpu->uc.args[0] != step)
		die("exit %s", exit_text(vcpu));
	if (vcpu->uc.args[1] != step)
		die("%llu interrupts", vcpu->uc.args[1]);
	return vector;
}

TEST_F(split_irqchip, eoi)
{
	struct vm *vm = self->vm;

	vcpu_setup(self->vcpu, GUEST_64, "steps");
	run_to_sync(self->vcpu, 0);
	ASSERT_EQ(0, routes(vm, to_msi(0, MSI_ADDRESS(0), VECTOR | MSI_LEVEL),
			    to_msi(GSIS, MSI_ADDRESS(0),
				   (VECTOR + 1) | MSI_LEVEL),
			    to_msi(GSI, MSI_ADDRESS(0), VECTOR + 1)));
	EXPECT_EQ(1, irq_status(vm, 0, 1));
	EXPECT_EQ(VECTOR, told_vector(self->vcpu, 1));
	/* An edge, and a level of a GSI that is no pin of the VMM's. */
	EXPECT_EQ(1, irq_status(vm, GSI, 1));
	EXPECT_EQ(0, told_vector(self->vcpu, 2));
	EXPECT_EQ(1, irq_status(vm, GSIS, 1));
	EXPECT_EQ(0, told_vector(self->vcpu, 3));
	/* A level by hand, and one whose route has gone. */
	EXPECT_EQ(1, signal_msi(vm, MSI_ADDRESS(0), VECTOR | MSI_LEVEL));
	EXPECT_EQ(VECTOR, told_vector(self->vcpu, 4));
	ASSERT_EQ(0, raw_set_routes(vm, 0, NULL));
	EXPECT_EQ(1, signal_msi(vm, MSI_ADDRESS(0), VECTOR | MSI_LEVEL));
	EXPECT_EQ(0, told_vector(self->vcpu, 5));
	ASSERT_EQ(0, routes(vm, to_msi(GSIS - 1, MSI_ADDRESS(0),
				       VECTOR | MSI_LEVEL)));
	EXPECT_EQ(1, irq_status(vm, GSIS - 1, 1));
	EXPECT_EQ(VECTOR, told_vector(self->vcpu, 6));
}

TEST_F(split_irqchip, eoi_by_msr)
{
	set_supported_cpuid(self->vcpu);
	vcpu_setup(self->vcpu, GUEST_64, "x2apic_steps");
	set_supported_cpuid(self->vcpu);
	run_to_sync(self->vcpu, 0);
	ASSERT_EQ(0, routes(self->vm, to_msi(GSI, MSI_ADDRESS(0),
					     VECTOR | MSI_LEVEL)));
	EXPECT_EQ(1, irq_status(self->vm, GSI, 1));
	EXPECT_EQ(VECTOR, told_vector(self->vcpu, 1));
}

TEST_F(split_irqchip, extint)
{
	struct vcpu *vcpu = self->vcpu;

	vcpu_setup(vcpu, GUEST_64, "steps");
	run_to_sync(vcpu, 0);
	EXPECT_ERROR(EINVAL, extint(vcpu, 256));
	EXPECT_EQ(0, extint(vcpu, EXTINT_VECTOR));
	EXPECT_ERROR(EEXIST, extint(vcpu, EXTINT_VECTOR));
	run_to_sync(vcpu, 1);
	EXPECT_EQ(1, vcpu->uc.args[2]);
	EXPECT_EQ(0, vcpu->uc.args[1]);
	EXPECT_EQ(0, extint(vcpu, EXTINT_VECTOR));
	run_to_sync(vcpu, 2);
	EXPECT_EQ(2, vcpu->uc.args[2]);
	/* The APIC's own go their way beside it. */
	EXPECT_EQ(0, extint(vcpu, EXTINT_VECTOR));
	EXPECT_EQ(1, signal_msi(vcpu->vm, MSI_ADDRESS(0), VECTOR));
	run_to_sync(vcpu, 3);
	run_to_sync(vcpu, 4);
	EXPECT_EQ(3, vcpu->uc.args[2]);
	EXPECT_EQ(1, vcpu->uc.args[1]);
}

TEST_F(split_irqchip, window)
{
	struct vcpu *vcpu = self->vcpu;
	struct nacre_run *run = vcpu->run;

	vcpu_setup(vcpu, GUEST_64, "windows");
	run_to_sync(vcpu, READY);
	EXPECT_EQ(0, run->if_flag);
	EXPECT_EQ(0, run->ready_for_interrupt_injection);
	run->request_interrupt_window = 1;
	run_to_exit(vcpu, NACRE_EXIT_IRQ_WINDOW_OPEN);
	EXPECT_EQ(1, run->if_flag);
	EXPECT_EQ(1, run->ready_for_interrupt_injection);
	run->request_interrupt_window = 0;
	EXPECT_EQ(0, extint(vcpu, EXTINT_VECTOR));
	run_to_sync(vcpu, WINDOW_OPEN);
	EXPECT_EQ(1, vcpu->uc.args[1]);
	EXPECT_EQ(1, run->ready_for_interrupt_injection);
	run->request_interrupt_window = 1;
	run_to_exit(vcpu, NACRE_EXIT_IRQ_WINDOW_OPEN);
	run->request_interrupt_window = 0;
	run_to_sync(vcpu, WINDOW_SHUT);
	EXPECT_EQ(0, run->ready_for_interrupt_injection);
	run_to_done(vcpu);
}

/* Where LINT0 keeps the PIC out there is no window, and nothing comes in. */
TEST_F(split_irqchip, lint0_masked)
{
	struct vcpu *vcpu = self->vcpu;
	struct nacre_run *run = vcpu->run;

	vcpu_setup(vcpu, GUEST_64, "masked");
	run_to_sync(vcpu, READY);
	EXPECT_EQ(1, run->if_flag);
	EXPECT_EQ(0, run->ready_for_interrupt_injection);
	run->request_interrupt_window = 1;
	EXPECT_EQ(0, extint(vcpu, EXTINT_VECTOR));
	run_to_sync(vcpu, WINDOW_OPEN);
	EXPECT_EQ(0, vcpu->uc.args[1]);
	run->request_interrupt_window = 0;
	/* When it is let in, whatever makes the kernel look finds it. */
	run_to_sync(vcpu, UNMASKED);
	CHECK(signal_msi(vcpu->vm, MSI_ADDRESS(0), VECTOR) == 1);
	run_to_sync(vcpu, UNMASKED + 1);
	EXPECT_EQ(1, vcpu->uc.args[1]);
}

static void *runs(void *arg)
{
	run_to_done(arg);
	return NULL;
}

/* HLT is the kernel's; a message ends it, or the PIC's interrupt. */
TEST_F(split_irqchip, halts)
{
	struct vcpu *vcpu = self->vcpu;
	pthread_t thread;

	vcpu_setup(vcpu, GUEST_64, "sleeps");
	run_to_sync(vcpu, READY);
	thread = thread_start(runs, vcpu);
	pause_us(20000);
	CHECK(signal_msi(vcpu->vm, MSI_ADDRESS(0), VECTOR) == 1);
	thread_join(thread, SECONDS);
}

TEST_F(split_irqchip, halts_for_extint)
{
	struct vcpu *vcpu = self->vcpu;

	vcpu_setup(vcpu, GUEST_64, "sleeps");
	run_to_sync(vcpu, READY);
	CHECK(extint(vcpu, EXTINT_VECTOR) == 0);
	run_to_done(vcpu);
}

TEST_HARNESS_MAIN
