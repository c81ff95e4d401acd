// SPDX-License-Identifier: GPL-2.0
/* CR8 holds interrupts up, and lets them go at once when it falls. */
#include "test.h"
#include "lib/apic.h"

#define VECTOR 0x62

guest_data volatile u64 taken;

static void on_vector(struct guest_regs *regs)
{
	taken++;
	apic_eoi();
}

static void set_cr8(ulong v)
{
	asm volatile("mov %0, %%cr8" : : "r"(v) : "memory");
}

static void setup(void)
{
	guest_on(VECTOR, on_vector);
	apic_enable();
}

/* Nothing but the move between the interrupt and its being taken. */
guest_entry void falls(void)
{
	setup();
	for (int i = 1; i <= 5; i++) {
		set_cr8(VECTOR >> 4);
		apic_write(APIC_ICR, ICR_SELF | VECTOR);
		sti();
		asm volatile("nop; nop");
		GUEST_ASSERT_EQ(i - 1, taken);
		set_cr8((VECTOR >> 4) - 1);
		asm volatile("nop; nop");
		GUEST_ASSERT_EQ(i, taken);
		cli();
	}
	guest_done();
}

/* Interrupts are off when it falls: taken when they are on. */
guest_entry void falls_closed(void)
{
	setup();
	set_cr8(15);
	apic_write(APIC_ICR, ICR_SELF | VECTOR);
	set_cr8(0);
	GUEST_ASSERT_EQ(0, taken);
	asm volatile("sti; nop; nop; cli");
	GUEST_ASSERT_EQ(1, taken);
	guest_done();
}

/* A halted vCPU is not woken by what CR8 holds up. */
guest_entry void halts(void)
{
	setup();
	set_cr8(VECTOR >> 4);
	ioapic_route(20, 0, VECTOR);
	ioapic_route(21, 0, VECTOR + 0x10);
	guest_on(VECTOR + 0x10, on_vector);
	guest_sync(1);
	asm volatile("sti; hlt; cli");
	guest_sync(2, taken, apic_bit(APIC_IRR, VECTOR));
	guest_done();
}

FIXTURE(cr8_interrupts) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(cr8_interrupts)
{
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
}

FIXTURE_TEARDOWN(cr8_interrupts)
{
	vm_free(self->vcpu->vm);
}

static void *run_once(void *vcpu)
{
	return raw_run(vcpu) ? (void *)(long)errno : NULL;
}

TEST_F(cr8_interrupts, falls)
{
	vcpu_setup(self->vcpu, GUEST_64, "falls");
	run_to_done(self->vcpu);
}

TEST_F(cr8_interrupts, falls_closed)
{
	vcpu_setup(self->vcpu, GUEST_64, "falls_closed");
	run_to_done(self->vcpu);
}

TEST_F(cr8_interrupts, halts)
{
	struct vm *vm = self->vcpu->vm;
	pthread_t thread;
	struct ucall uc;
	u32 gpa;

	vcpu_setup(self->vcpu, GUEST_64, "halts");
	run_to_sync(self->vcpu, 1);
	thread = thread_start(run_once, self->vcpu);
	irq_pulse(vm, 20);
	pause_us(100000);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(thread, NULL));
	irq_pulse(vm, 21);
	EXPECT_EQ(NULL, thread_join(thread, 20));
	ASSERT_EQ(NACRE_EXIT_IO, self->vcpu->run->exit_reason);
	memcpy(&gpa, (char *)self->vcpu->run +
	       self->vcpu->run->io.data_offset, sizeof(gpa));
	memcpy(&uc, gpa_to_hva(vm, gpa, sizeof(uc)), sizeof(uc));
	EXPECT_EQ(2, uc.args[0]);
	EXPECT_EQ(1, uc.args[1]);
	EXPECT_EQ(1, uc.args[2]);
}

TEST_HARNESS_MAIN
