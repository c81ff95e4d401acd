// SPDX-License-Identifier: GPL-2.0
/* HLT with the interrupt controllers in the kernel: nobody hears of it. */
#include "test.h"
#include "lib/apic.h"

#define VECTOR 0x40
#define PIN 20		/* of the I/O APIC alone */
#define SECONDS 20

guest_data volatile u64 about_to_halt;
guest_data volatile u64 interrupts, nmis;

static void on_interrupt(struct guest_regs *regs)
{
	interrupts++;
	apic_eoi();
}

static void on_nmi(struct guest_regs *regs)
{
	nmis++;
}

static void setup(void)
{
	guest_on(VECTOR, on_interrupt);
	guest_on(NMI_VECTOR, on_nmi);
	apic_enable();
	ioapic_route(PIN, 0, VECTOR);
	guest_sync(0);
}

/* Halted with interrupts on; one that comes before the HLT ends it, too. */
guest_entry void halts(void)
{
	setup();
	about_to_halt = 1;
	asm volatile("sti; hlt; cli" : : : "memory");
	about_to_halt = 0;
	guest_sync(1, interrupts, nmis);
	guest_done();
}

guest_entry void halts_closed(void)
{
	setup();
	about_to_halt = 1;
	asm volatile("hlt" : : : "memory");
	guest_sync(1, interrupts, nmis);
	sti();
	asm volatile("nop; nop");
	guest_sync(2, interrupts, nmis);
	guest_done();
}

/* The interrupt is there already: taken behind the HLT, not before it. */
guest_entry void shadow(void)
{
	setup();
	for (int i = 1; i <= 10; i++) {
		apic_write(APIC_ICR, ICR_SELF | VECTOR);
		GUEST_ASSERT_EQ(i - 1, interrupts);
		asm volatile("sti; hlt; cli" : : : "memory");
		GUEST_ASSERT_EQ(i, interrupts);
	}
	guest_done();
}

guest_entry void tells_its_state(void)
{
	setup();
	outb(0x80, 0);
	asm volatile("mov %0, %%cr8" : : "r"(5ul));
	sti();
	asm volatile("nop");
	outb(0x80, 1);
	cli();
	asm volatile("mov %0, %%cr8" : : "r"(0ul));
	outb(0x80, 2);
	guest_done();
}

#define view(name) \
	(*(volatile u64 *)guest_var(self->vcpu->vm, GUEST_64, name))

static void *run_once(void *vcpu)
{
	return raw_run(vcpu) ? (void *)(long)errno : NULL;
}

FIXTURE(hlt_block) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(hlt_block)
{
	kick_setup();
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
}

FIXTURE_TEARDOWN(hlt_block)
{
	vm_free(self->vcpu->vm);
}

#define start(name)							\
	({								\
		pthread_t _thread;					\
									\
		vcpu_setup(self->vcpu, GUEST_64, name);			\
		run_to_sync(self->vcpu, 0);				\
		_thread = thread_start(run_once, self->vcpu);		\
		wait_for(view("about_to_halt"), SECONDS);		\
		_thread;						\
	})

#define EXPECT_STAGE(stage, n_interrupts, n_nmis)			\
	do {								\
		struct ucall _uc;					\
		u32 _gpa;						\
									\
		memcpy(&_gpa, (char *)self->vcpu->run +			\
		       self->vcpu->run->io.data_offset, 4);		\
		memcpy(&_uc, gpa_to_hva(self->vcpu->vm, _gpa,		\
					sizeof(_uc)), sizeof(_uc));	\
		EXPECT_EQ(UCALL_SYNC, _uc.cmd);				\
		EXPECT_EQ(stage, _uc.args[0]);				\
		EXPECT_EQ(n_interrupts, _uc.args[1]);			\
		EXPECT_EQ(n_nmis, _uc.args[2]);				\
	} while (0)

TEST_F(hlt_block, interrupt_wakes)
{
	pthread_t thread = start("halts");

	pause_us(100000);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(thread, NULL));
	EXPECT_EQ(1, view("about_to_halt"));
	irq_pulse(self->vcpu->vm, PIN);
	EXPECT_EQ(NULL, thread_join(thread, SECONDS));
	EXPECT_STAGE(1, 1, 0);
}

TEST_F(hlt_block, nmi_wakes)
{
	pthread_t thread = start("halts_closed");

	pause_us(50000);
	/* The ioctl waits for the vCPU: an NMI by message does not. */
	irq_line(self->vcpu->vm, PIN, 1);
	pause_us(50000);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(thread, NULL));
	kick(thread);
	EXPECT_EQ((void *)EINTR, thread_join(thread, SECONDS));
	EXPECT_EQ(NACRE_MP_STATE_HALTED, get_mp_state(self->vcpu));
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_NMI, 0));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, self->vcpu->uc.args[1]);
	EXPECT_EQ(1, self->vcpu->uc.args[2]);
	run_to_sync(self->vcpu, 2);
	EXPECT_EQ(1, self->vcpu->uc.args[1]);
	run_to_done(self->vcpu);
}

/* An NMI from the I/O APIC needs no ioctl of the vCPU. */
TEST_F(hlt_block, nmi_wakes_from_elsewhere)
{
	pthread_t thread = start("halts_closed");
	struct nacre_irqchip chip = { .chip_id = NACRE_IRQCHIP_IOAPIC };
	struct vm *vm = self->vcpu->vm;

	ASSERT_EQ(0, ioctl(vm->fd, NACRE_GET_IRQCHIP, &chip));
	chip.chip.ioapic.redirtbl[PIN + 1].bits = RTE_NMI;
	ASSERT_EQ(0, ioctl(vm->fd, NACRE_SET_IRQCHIP, &chip));
	pause_us(50000);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(thread, NULL));
	irq_pulse(vm, PIN + 1);
	EXPECT_EQ(NULL, thread_join(thread, SECONDS));
	EXPECT_STAGE(1, 0, 1);
}

/* Kicked until the signal finds it halted; that is what it stays. */
#define kick_until_halted(thread)					\
	for (int _i = 0; ; _i++) {					\
		ASSERT_GT(50, _i);					\
		pause_us(20000);					\
		kick(thread);						\
		ASSERT_EQ((void *)EINTR, thread_join(thread, SECONDS));	\
		EXPECT_EQ(NACRE_EXIT_INTR,				\
			  self->vcpu->run->exit_reason);		\
		if (get_mp_state(self->vcpu) == NACRE_MP_STATE_HALTED)	\
			break;						\
		thread = thread_start(run_once, self->vcpu);		\
	}

TEST_F(hlt_block, signal_ends_the_run_not_the_halt)
{
	pthread_t thread = start("halts");

	kick_until_halted(thread);
	EXPECT_EQ(1, self->vcpu->run->if_flag);
	EXPECT_EQ(0xf4, *(u8 *)gpa_to_hva(self->vcpu->vm,
					  get_rip(self->vcpu) - 1, 1));
	thread = thread_start(run_once, self->vcpu);
	pause_us(50000);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(thread, NULL));
	irq_pulse(self->vcpu->vm, PIN);
	EXPECT_EQ(NULL, thread_join(thread, SECONDS));
	EXPECT_STAGE(1, 1, 0);
}

TEST_F(hlt_block, immediate_exit_leaves_it_halted)
{
	pthread_t thread = start("halts");

	kick_until_halted(thread);
	self->vcpu->run->immediate_exit = 1;
	EXPECT_ERROR(EINTR, raw_run(self->vcpu));
	EXPECT_EQ(NACRE_MP_STATE_HALTED, get_mp_state(self->vcpu));
	self->vcpu->run->immediate_exit = 0;
	irq_pulse(self->vcpu->vm, PIN);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(1, self->vcpu->uc.args[1]);
	EXPECT_EQ(NACRE_MP_STATE_RUNNABLE, get_mp_state(self->vcpu));
	run_to_done(self->vcpu);
}

/* What a VMM does that resets a halted vCPU. */
TEST_F(hlt_block, vmm_makes_it_run)
{
	pthread_t thread = start("halts");

	kick_until_halted(thread);
	ASSERT_EQ(0, raw_set_mp_state(self->vcpu, NACRE_MP_STATE_RUNNABLE));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, self->vcpu->uc.args[1]);
	run_to_done(self->vcpu);
}

TEST_F(hlt_block, vmm_halts_it)
{
	pthread_t thread;

	vcpu_setup(self->vcpu, GUEST_64, "halts");
	run_to_sync(self->vcpu, 0);
	ASSERT_EQ(0, raw_set_mp_state(self->vcpu, NACRE_MP_STATE_HALTED));
	thread = thread_start(run_once, self->vcpu);
	pause_us(50000);
	EXPECT_EQ(0, view("about_to_halt"));
	kick(thread);
	EXPECT_EQ((void *)EINTR, thread_join(thread, SECONDS));
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_NMI, 0));
	thread = thread_start(run_once, self->vcpu);
	wait_for(view("about_to_halt"), SECONDS);
	irq_pulse(self->vcpu->vm, PIN);
	EXPECT_EQ(NULL, thread_join(thread, SECONDS));
}

TEST_F(hlt_block, shadow)
{
	vcpu_setup(self->vcpu, GUEST_64, "shadow");
	run_to_sync(self->vcpu, 0);
	run_to_done(self->vcpu);
}

TEST_F(hlt_block, run_page)
{
	struct nacre_run *r = self->vcpu->run;
	struct nacre_sregs s;

	vcpu_setup(self->vcpu, GUEST_64, "tells_its_state");
	run_to_sync(self->vcpu, 0);
	get_sregs(self->vcpu, &s);
	for (u8 i = 0; i < 3; i++) {
		EXPECT_EQ(i, *(u8 *)run_to_pio(self->vcpu, NACRE_EXIT_IO_OUT,
					       0x80, 1));
		EXPECT_EQ(i == 1, r->if_flag);
		EXPECT_EQ(i == 1 ? 5 : 0, r->cr8);
		EXPECT_EQ(s.apic_base, r->apic_base);
		EXPECT_EQ(LAPIC_GPA | APIC_BASE_EN | APIC_BASE_BSP,
			  r->apic_base);
		EXPECT_EQ(1, r->ready_for_interrupt_injection);
		/* Outputs now: what the VMM leaves there is not taken. */
		r->cr8 = 15;
		r->request_interrupt_window = 1;
	}
	run_to_done(self->vcpu);
}

TEST_HARNESS_MAIN
