// SPDX-License-Identifier: GPL-2.0
/*
 * A halt that ends soon is waited for on the CPU: the thread does not sleep.
 * How long is a parameter of the module, to be changed at any time.
 */
#include "test.h"
#include "lib/apic.h"
#include <sys/resource.h>

#define VECTOR 0x53
#define HALTS 200
/* On a busy machine some are over before the thread could sleep. */
#define MOST (HALTS * 3 / 4)
#define NAP_NS 3000000ull

guest_data volatile u64 taken;

static void on_timer(struct guest_regs *regs)
{
	taken++;
	apic_eoi();
}

/* Halts of @ns, one after the other. */
guest_entry void naps(u64 ns)
{
	guest_on(VECTOR, on_timer);
	apic_enable();
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, VECTOR);
	for (;;) {
		guest_sync(1);
		for (u64 end = taken + HALTS; taken < end;) {
			u64 before = taken;

			apic_write(APIC_TMICT, ns);
			while (taken == before)
				asm volatile("sti; hlt; cli" : : : "memory");
		}
	}
}

static void parameter(const char *name, const char *value)
{
	const char *module = on_nacre() ? "nacre" : "kvm";
	char path[256];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module,
		 name);
	CHECK(put_text(path, value));
}

static long sleeps(struct vcpu *vcpu)
{
	struct rusage before, after;

	run_to_sync(vcpu, 1);
	getrusage(RUSAGE_THREAD, &before);
	run_to_sync(vcpu, 1);
	getrusage(RUSAGE_THREAD, &after);
	return after.ru_nvcsw - before.ru_nvcsw;
}

FIXTURE(halt_poll) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(halt_poll)
{
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
	vcpu_setup(self->vcpu, GUEST_64, "naps");
	pin_to_cpu(nr_cpus() - 1);
}

FIXTURE_TEARDOWN(halt_poll)
{
	parameter("halt_poll_ns", "200000");
	vm_free(self->vcpu->vm);
}

TEST_F(halt_poll, off)
{
	parameter("halt_poll_ns", "0");
	vcpu_args(self->vcpu, 1, NAP_NS);
	EXPECT_GE(sleeps(self->vcpu), MOST);
}

/* It learns how long: then most halts are spent on the CPU. */
TEST_F(halt_poll, on)
{
	parameter("halt_poll_ns", "50000000");
	vcpu_args(self->vcpu, 1, NAP_NS);
	sleeps(self->vcpu);
	EXPECT_LT(sleeps(self->vcpu), HALTS / 2);
	/* And forgets it. */
	parameter("halt_poll_ns", "0");
	sleeps(self->vcpu);
	EXPECT_GE(sleeps(self->vcpu), MOST);
}

static int allow(struct vm *vm, u64 ns)
{
	const struct nacre_enable_cap cap = {
		.cap = NACRE_CAP_HALT_POLL, .args[0] = ns,
	};

	return ioctl(vm->fd, NACRE_ENABLE_CAP, &cap);
}

/* A VM's own bound counts instead of all others', in both directions. */
TEST_F(halt_poll, of_one_vm)
{
	struct vm *vm = self->vcpu->vm;

	ASSERT_EQ(1, vm_cap(vm, NACRE_CAP_HALT_POLL));
	EXPECT_EQ(-1, allow(vm, 1ull << 32));
	EXPECT_EQ(EINVAL, errno);
	parameter("halt_poll_ns", "50000000");
	vcpu_args(self->vcpu, 1, NAP_NS);
	ASSERT_EQ(0, allow(vm, 0));
	sleeps(self->vcpu);
	EXPECT_GE(sleeps(self->vcpu), MOST);
	parameter("halt_poll_ns", "0");
	ASSERT_EQ(0, allow(vm, 50000000));
	sleeps(self->vcpu);
	EXPECT_LT(sleeps(self->vcpu), HALTS / 2);
}

TEST_HARNESS_MAIN
