// SPDX-License-Identifier: GPL-2.0
/* VMs that go while timers run, lines move and vCPUs are made. */
#include "test.h"
#include "lib/apic.h"

#define ROUNDS 60
#define SECONDS 20
#define VECTOR 0x53

guest_entry void arms(u64 mode, u64 ticks)
{
	apic_enable();
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, VECTOR | mode);
	apic_write(APIC_TMICT, ticks);
	guest_sync(1);
	guest_done();
}

/* Armed, and closed before it fires or as it does. */
TEST(timers)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		struct vcpu *vcpu = vcpu_new(vm_new_irqchip(), 0);

		vcpu_setup(vcpu, GUEST_64, "arms");
		vcpu_args(vcpu, 2, (u64)(i & 1 ? APIC_PERIODIC : 0),
			  i % 3 ? 200000ull : 4000000000ull);
		run_to_sync(vcpu, 1);
		vm_free(vcpu->vm);
	}
	/* What was armed would fire now. */
	pause_us(50000);
}

struct lines {
	struct vm *vm;
	volatile bool stop;
	u64 n;
};

static void *moves_lines(void *arg)
{
	struct lines *l = arg;

	while (!l->stop) {
		for (u32 pin = 0; pin < 24; pin++)
			irq_pulse(l->vm, pin);
		l->n++;
	}
	return NULL;
}

/* A vCPU is there for the lines when it is complete. */
TEST(vcpus_while_lines_move)
{
	for (int i = 0; i < 5; i++) {
		struct lines l = { .vm = vm_new_irqchip() };
		struct nacre_irqchip chip = { .chip_id = NACRE_IRQCHIP_IOAPIC };
		pthread_t thread;

		ASSERT_EQ(0, ioctl(l.vm->fd, NACRE_GET_IRQCHIP, &chip));
		for (int pin = 0; pin < 24; pin++)
			chip.chip.ioapic.redirtbl[pin].bits =
				VECTOR | 0xffull << 56 |
				(pin & 1 ? RTE_LEVEL : 0);
		ASSERT_EQ(0, ioctl(l.vm->fd, NACRE_SET_IRQCHIP, &chip));
		thread = thread_start(moves_lines, &l);
		wait_for(l.n, SECONDS);
		for (u32 id = 0; id < 16; id++)
			vcpu_new(l.vm, id);
		for (int j = 0; j < 20; j++)
			ASSERT_EQ(0, ioctl(l.vm->fd, NACRE_SET_IRQCHIP, &chip));
		l.stop = true;
		thread_join(thread, SECONDS);
		vm_free(l.vm);
	}
}

static void *creates_irqchip(void *arg)
{
	struct vm *vm = arg;

	return ioctl(vm->fd, NACRE_CREATE_IRQCHIP, 0) ? (void *)(long)errno :
							NULL;
}

/* Either the controllers come first, or they do not come. */
TEST(irqchip_against_vcpu)
{
	for (int i = 0; i < 20; i++) {
		struct vm *vm = vm_new();
		pthread_t thread = thread_start(creates_irqchip, vm);
		struct nacre_lapic_state lapic;
		struct vcpu *vcpu;
		void *error;

		if (i & 1)
			pause_us(50);
		vcpu = vcpu_new(vm, 0);
		error = thread_join(thread, SECONDS);
		if (error) {
			EXPECT_EQ((void *)EINVAL, error);
			EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_GET_LAPIC,
						   &lapic));
		} else {
			EXPECT_EQ(0, ioctl(vcpu->fd, NACRE_GET_LAPIC, &lapic));
		}
		vm_free(vm);
	}
}

TEST_HARNESS_MAIN
