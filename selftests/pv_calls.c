// SPDX-License-Identifier: GPL-2.0
/* Hypercalls between vCPUs: kicks, IPIs by a bitmap, yields. */
#include "test.h"
#include "lib/apic.h"

#define VECTOR 0x55
#define VCPUS 4
#define SECONDS 20
#define ROUNDS 200

guest_data volatile u64 taken[256], ready[VCPUS], halted, go;

/* By either vendor's instruction, whichever the processor has. */
static long call(u64 number, u64 a, u64 b, u64 c, u64 d)
{
	static const char amd[] = "AuthenticAMD";
	u32 r[4];
	long ret;

	cpuid(0, 0, r);
	if (r[1] == *(u32 *)amd)
		asm volatile("vmmcall" : "=a"(ret) : "a"(number), "b"(a),
			     "c"(b), "d"(c), "S"(d) : "memory");
	else
		asm volatile("vmcall" : "=a"(ret) : "a"(number), "b"(a),
			     "c"(b), "d"(c), "S"(d) : "memory");
	return ret;
}

static u32 own_id(void)
{
	return apic_read(APIC_ID) >> 24;
}

static void on_vector(struct guest_regs *regs)
{
	taken[own_id()]++;
	apic_eoi();
}

static void begin(void)
{
	guest_on(VECTOR, on_vector);
	apic_enable();
	ready[own_id()] = 1;
}

guest_entry void takes(void)
{
	begin();
	while (!taken[own_id()])
		asm volatile("sti; hlt; cli" : : : "memory");
	guest_done();
}

static void wait_for_all(void)
{
	for (int i = 1; i < VCPUS; i++) {
		while (!ready[i])
			cpu_relax();
	}
}

guest_entry void sends(void)
{
	begin();
	wait_for_all();
	/* Nobody there; then all but this one, by two words and a minimum. */
	GUEST_ASSERT_EQ(0, call(NACRE_HC_SEND_IPI, 1, 1, 100, VECTOR));
	GUEST_ASSERT_EQ(0, call(NACRE_HC_SEND_IPI, 0, 0, 0, VECTOR));
	GUEST_ASSERT_EQ(1, call(NACRE_HC_SEND_IPI, 2, 0, 0, VECTOR));
	GUEST_ASSERT_EQ(2, call(NACRE_HC_SEND_IPI, 3, ~0ull, 2, VECTOR));
	guest_done();
}

guest_entry void refusals(void)
{
	begin();
	GUEST_ASSERT_EQ(-NACRE_EINVAL, call(NACRE_HC_SEND_IPI, 1, 0, 0,
					    VECTOR | ICR_LOGICAL));
	GUEST_ASSERT_EQ(-NACRE_EINVAL, call(NACRE_HC_SEND_IPI, 1, 0, 0,
					    VECTOR | ICR_SELF));
	GUEST_ASSERT_EQ(-NACRE_EINVAL, call(NACRE_HC_SEND_IPI, 1, 0, 0,
					    VECTOR | ICR_OTHERS));
	GUEST_ASSERT_EQ(-NACRE_ENOSYS, call(NACRE_HC_FEATURES, 0, 0, 0, 0));
	GUEST_ASSERT_EQ(-NACRE_ENOSYS, call(~0ull, 0, 0, 0, 0));
	GUEST_ASSERT_EQ(0, call(NACRE_HC_VAPIC_POLL_IRQ, 0, 0, 0, 0));
	/* To nobody, and to oneself: nothing happens. */
	GUEST_ASSERT_EQ(0, call(NACRE_HC_SCHED_YIELD, 200, 0, 0, 0));
	GUEST_ASSERT_EQ(0, call(NACRE_HC_SCHED_YIELD, 0, 0, 0, 0));
	GUEST_ASSERT_EQ(0, call(NACRE_HC_SCHED_YIELD, ~0ull, 0, 0, 0));
	GUEST_ASSERT_EQ(0, call(NACRE_HC_KICK_CPU, 0, 200, 0, 0));
	guest_done();
}

/* With interrupts off nothing but a kick ends it; kept until it is used. */
guest_entry void halts_for_kick(void)
{
	begin();
	for (u64 i = 1; i <= ROUNDS; i++) {
		halted = i;
		asm volatile("hlt" : : : "memory");
	}
	halted = ROUNDS + 1;
	guest_done();
}

guest_entry void halts_once(void)
{
	begin();
	guest_sync(1);
	asm volatile("hlt" : : : "memory");
	guest_done();
}

guest_entry void kicks_early(void)
{
	GUEST_ASSERT_EQ(0, call(NACRE_HC_KICK_CPU, 0, 1, 0, 0));
	guest_done();
}

guest_entry void kicks(void)
{
	for (u64 i = 1; i <= ROUNDS; i++) {
		while (halted < i)
			cpu_relax();
		GUEST_ASSERT_EQ(0, call(NACRE_HC_KICK_CPU, 0, 1, 0, 0));
	}
	while (halted <= ROUNDS)
		cpu_relax();
	guest_done();
}

/* Waits for another that has the same CPU, and lets it run. */
guest_entry void yields(void)
{
	begin();
	for (u64 i = 0; i < ROUNDS; i++) {
		go = i + 1;
		while (taken[1] <= i)
			GUEST_ASSERT_EQ(0, call(NACRE_HC_SCHED_YIELD, 1, 0, 0,
						0));
	}
	guest_done();
}

guest_entry void answers(void)
{
	begin();
	for (u64 i = 0; i < ROUNDS; i++) {
		while (go <= i)
			GUEST_ASSERT_EQ(0, call(NACRE_HC_SCHED_YIELD, 0, 0, 0,
						0));
		taken[1] = i + 1;
	}
	guest_done();
}

FIXTURE(pv_calls) {
	struct vm *vm;
};

FIXTURE_SETUP(pv_calls)
{
	self->vm = vm_new_irqchip();
}

FIXTURE_TEARDOWN(pv_calls)
{
	vm_free(self->vm);
}

static struct vcpu *add(struct vm *vm, const char *name)
{
	struct vcpu *vcpu = vcpu_new(vm, vm->nr_vcpus);

	vcpu_setup(vcpu, GUEST_64, name);
	set_supported_cpuid(vcpu);
	CHECK(!raw_set_mp_state(vcpu, NACRE_MP_STATE_RUNNABLE));
	return vcpu;
}

static void *run_done(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

static void run_all(struct vm *vm, bool one_cpu)
{
	pthread_t threads[VCPUS];

	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		threads[i] = thread_start(run_done, vm->vcpus[i]);
		if (one_cpu)
			pin_thread(threads[i], 0);
	}
	for (u32 i = 0; i < vm->nr_vcpus; i++)
		thread_join(threads[i], SECONDS);
}

TEST_F(pv_calls, offered)
{
	struct nacre_cpuid2 *cpuid = supported_cpuid();
	u32 eax = find_leaf(cpuid, NACRE_CPUID_FEATURES, 0)->eax;

	EXPECT_TRUE(eax & 1 << NACRE_FEATURE_PV_UNHALT);
	EXPECT_TRUE(eax & 1 << NACRE_FEATURE_PV_SEND_IPI);
	EXPECT_TRUE(eax & 1 << NACRE_FEATURE_PV_SCHED_YIELD);
	free(cpuid);
}

TEST_F(pv_calls, refusals)
{
	add(self->vm, "refusals");
	run_all(self->vm, false);
}

TEST_F(pv_calls, send_ipi)
{
	add(self->vm, "sends");
	for (int i = 1; i < VCPUS; i++)
		add(self->vm, "takes");
	run_all(self->vm, false);
	for (int i = 0; i < VCPUS; i++)
		EXPECT_EQ(!!i, ((u64 *)guest_var(self->vm, GUEST_64,
						 "taken"))[i]);
}

TEST_F(pv_calls, kick)
{
	add(self->vm, "kicks");
	add(self->vm, "halts_for_kick");
	run_all(self->vm, false);
}

/* One that comes before the halt is kept for it. */
TEST_F(pv_calls, kick_before_halt)
{
	struct vcpu *halts;

	add(self->vm, "kicks_early");
	halts = add(self->vm, "halts_once");
	run_to_sync(halts, 1);
	run_to_done(self->vm->vcpus[0]);
	run_to_done(halts);
}

TEST_F(pv_calls, yield_on_one_cpu)
{
	add(self->vm, "yields");
	add(self->vm, "answers");
	run_all(self->vm, true);
}

TEST_HARNESS_MAIN
