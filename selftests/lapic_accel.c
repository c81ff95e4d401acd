// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC where a processor works on it as well: what is requested and
 * in service is kept in two places, ends are told by exception, interrupts come
 * while the guest runs, and one page stands for all APICs.
 */
#include "test.h"
#include "lib/apic.h"
#include <sched.h>

#define LOW 0x42
#define HIGH 0x91
#define LEVEL_PIN 20
#define EDGE_PIN 21
#define OTHER_PIN 22
#define ROUNDS 2000
#define SECONDS 25
#define MARK 0x12345678

guest_data volatile u64 taken[256];
guest_data volatile u64 stop;

static void on_vector(struct guest_regs *regs)
{
	taken[regs->vector]++;
	apic_eoi();
}

static void enable(void)
{
	guest_on(LOW, on_vector);
	guest_on(HIGH, on_vector);
	apic_enable();
}

/* Interrupts that came by now are taken before this returns. */
static void window(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static void spin(void)
{
	guest_sync(1);
	sti();
	while (!stop)
		asm volatile("pause" : : : "memory");
	guest_done();
}

/* Never leaves by itself, while they come from elsewhere. */
guest_entry void takes_edges(void)
{
	enable();
	ioapic_route(EDGE_PIN, 0, LOW);
	ioapic_route(OTHER_PIN, 0, HIGH);
	spin();
}

/* One vector, by a level and by an edge. */
guest_entry void takes_both(void)
{
	enable();
	ioapic_route(EDGE_PIN, 0, LOW);
	ioapic_route(LEVEL_PIN, 0, LOW | RTE_LEVEL);
	spin();
}

static void in_service(struct guest_regs *regs)
{
	taken[regs->vector]++;
	guest_sync(1);
	GUEST_ASSERT_EQ(HIGH & 0xf0, apic_read(APIC_PPR));
	window();
	GUEST_ASSERT_EQ(0, taken[LOW]);
	apic_eoi();
	GUEST_ASSERT_EQ(0, apic_read(APIC_PPR));
}

/* Saved and restored with one in service, and one that waits for its end. */
guest_entry void is_saved(void)
{
	enable();
	guest_on(HIGH, in_service);
	apic_write(APIC_ICR, ICR_SELF | LOW);
	apic_write(APIC_ICR, ICR_SELF | HIGH);
	window();
	window();
	GUEST_ASSERT_EQ(1, taken[HIGH]);
	GUEST_ASSERT_EQ(1, taken[LOW]);
	for (u32 i = 0; i < 0x80; i += 0x10) {
		GUEST_ASSERT_EQ(0, apic_read(APIC_ISR + i));
		GUEST_ASSERT_EQ(0, apic_read(APIC_IRR + i));
	}
	guest_done();
}

/* A lower priority lets in what waits, at once. */
guest_entry void tpr_falls(void)
{
	enable();
	for (u64 i = 1; i <= 5; i++) {
		apic_write(APIC_TPR, LOW);
		apic_write(APIC_ICR, ICR_SELF | LOW);
		sti();
		asm volatile("nop; nop" : : : "memory");
		GUEST_ASSERT_EQ(i - 1, taken[LOW]);
		apic_write(APIC_TPR, (LOW & 0xf0) - 1);
		asm volatile("nop; nop" : : : "memory");
		GUEST_ASSERT_EQ(i, taken[LOW]);
		cli();
	}
	guest_done();
}

/* Off by software it gives what it has and takes nothing; then on again. */
guest_entry void off_and_on(void)
{
	enable();
	for (u64 i = 1; i <= 5; i++) {
		apic_write(APIC_ICR, ICR_SELF | LOW);
		apic_write(APIC_SVR, 0xff);
		apic_ipi(0, HIGH);
		GUEST_ASSERT(apic_bit(APIC_IRR, LOW));
		window();
		window();
		GUEST_ASSERT_EQ(2 * i - 1, taken[LOW]);
		GUEST_ASSERT_EQ(i - 1, taken[HIGH]);
		apic_enable();
		apic_write(APIC_ICR, ICR_SELF | LOW);
		window();
		apic_write(APIC_ICR, ICR_SELF | HIGH);
		window();
		GUEST_ASSERT_EQ(2 * i, taken[LOW]);
		GUEST_ASSERT_EQ(i, taken[HIGH]);
	}
	guest_done();
}

static void go(u64 base)
{
	GUEST_ASSERT_EQ(NO_VECTOR, wrmsr_catch(MSR_APIC_BASE, base));
}

guest_entry void switches(void)
{
	GUEST_ASSERT_EQ(0x14, apic_read(APIC_LVR) & 0xff);
	guest_sync(1);
	go(LAPIC_GPA | APIC_BASE_BSP | APIC_BASE_EN | APIC_BASE_EXTD);
	guest_sync(2);
	go(LAPIC_GPA | APIC_BASE_BSP);
	go(LAPIC_GPA | APIC_BASE_BSP | APIC_BASE_EN);
	GUEST_ASSERT_EQ(0x14, apic_read(APIC_LVR) & 0xff);
	GUEST_ASSERT_EQ(0, apic_read(APIC_ID));
	guest_done();
}

/* Every APIC has registers of its own, wherever the others are. */
guest_entry void looks(void)
{
	for (u32 i = 1;; i++) {
		GUEST_ASSERT_EQ(0x14, apic_read(APIC_LVR) & 0xff);
		GUEST_ASSERT_EQ(1, apic_read(APIC_ID) >> 24);
		apic_write(APIC_LVTERR, APIC_MASKED | i);
		GUEST_ASSERT_EQ(APIC_MASKED | i, apic_read(APIC_LVTERR));
		guest_sync(i);
	}
}

/* The page as a slot comes over it and goes. */
guest_entry void covered(void)
{
	for (;;)
		guest_sync(1, apic_read(APIC_LVR));
}

FIXTURE(lapic_accel) {
	struct vm *vm;
	struct vcpu *vcpu;
};

FIXTURE_SETUP(lapic_accel)
{
	self->vm = vm_new_irqchip();
	self->vcpu = vcpu_new(self->vm, 0);
	set_supported_cpuid(self->vcpu);
}

FIXTURE_TEARDOWN(lapic_accel)
{
	vm_free(self->vm);
}

static void *run_done(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

static volatile u64 *counts_of(struct vm *vm)
{
	return guest_var(vm, GUEST_64, "taken");
}

/* True: it has become @n. */
static bool becomes(volatile u64 *count, u64 n)
{
	u64 end = now_ns() + 5ull * slower() * 1000000000;

	while (*count < n && now_ns() < end)
		sched_yield();
	return *count == n;
}

static void end_spin(struct vm *vm, pthread_t thread)
{
	*(volatile u64 *)guest_var(vm, GUEST_64, "stop") = 1;
	thread_join(thread, SECONDS);
}

/* Each is taken once, whatever others come with it. */
TEST_F(lapic_accel, takes_edges)
{
	volatile u64 *taken = counts_of(self->vm);
	u64 n, end = now_ns() + 3 * 1000000000ull;
	pthread_t thread;

	vcpu_setup(self->vcpu, GUEST_64, "takes_edges");
	run_to_sync(self->vcpu, 1);
	thread = thread_start(run_done, self->vcpu);
	for (n = 1; n <= ROUNDS && (n < 50 || now_ns() < end); n++) {
		irq_pulse(self->vm, EDGE_PIN);
		irq_pulse(self->vm, OTHER_PIN);
		ASSERT_TRUE(becomes(&taken[LOW], n))
			TH_LOG("%llu of %llu", taken[LOW], n);
		ASSERT_TRUE(becomes(&taken[HIGH], n))
			TH_LOG("%llu of %llu", taken[HIGH], n);
	}
	end_spin(self->vm, thread);
}

static bool remote_irr(struct vm *vm)
{
	struct nacre_irqchip chip = { .chip_id = NACRE_IRQCHIP_IOAPIC };

	CHECK(ioctl(vm->fd, NACRE_GET_IRQCHIP, &chip) == 0);
	return chip.chip.ioapic.redirtbl[LEVEL_PIN].bits & RTE_REMOTE_IRR;
}

/* The end of a level is heard of, though that of an edge need not be. */
TEST_F(lapic_accel, takes_both)
{
	volatile u64 *taken = counts_of(self->vm);
	u64 n, before, end = now_ns() + 3 * 1000000000ull;
	pthread_t thread;

	vcpu_setup(self->vcpu, GUEST_64, "takes_both");
	run_to_sync(self->vcpu, 1);
	thread = thread_start(run_done, self->vcpu);
	for (n = 1; n <= ROUNDS && (n < 50 || now_ns() < end); n++) {
		before = taken[LOW];
		irq_pulse(self->vm, EDGE_PIN);
		ASSERT_TRUE(becomes(&taken[LOW], before + 1));
		irq_line(self->vm, LEVEL_PIN, 1);
		/* Up, it comes again and again. */
		while (taken[LOW] < before + 3 && now_ns() < end + end / 2)
			sched_yield();
		ASSERT_LE(before + 3, taken[LOW]);
		irq_line(self->vm, LEVEL_PIN, 0);
		while (remote_irr(self->vm) && now_ns() < end + end / 2)
			sched_yield();
		ASSERT_FALSE(remote_irr(self->vm));
	}
	end_spin(self->vm, thread);
}

/* Runs up to where one waits and one is served, and saves and restores that. */
static void save_and_restore(struct vcpu *vcpu,
			     struct nacre_lapic_state *saved,
			     struct nacre_lapic_state *again)
{
	struct nacre_lapic_state reset;

	get_lapic(vcpu, &reset);
	vcpu_setup(vcpu, GUEST_64, "is_saved");
	run_to_sync(vcpu, 1);
	get_lapic(vcpu, saved);
	set_lapic(vcpu, &reset);
	set_lapic(vcpu, saved);
	get_lapic(vcpu, again);
}

TEST_F(lapic_accel, is_saved)
{
	struct nacre_lapic_state saved, again;

	save_and_restore(self->vcpu, &saved, &again);
	EXPECT_EQ(1u << LOW % 32, *lapic_reg(&saved, APIC_IRR + LOW / 32 * 16));
	EXPECT_EQ(1u << HIGH % 32,
		  *lapic_reg(&saved, APIC_ISR + HIGH / 32 * 16));
	EXPECT_EQ(HIGH & 0xf0, *lapic_reg(&saved, APIC_PPR));
	*lapic_reg(&again, APIC_PPR) = *lapic_reg(&saved, APIC_PPR);
	EXPECT_EQ(0, memcmp(&saved, &again, sizeof(saved)));
	run_to_done(self->vcpu);
}

TEST_F(lapic_accel, priority_is_restored)
{
	struct nacre_lapic_state saved, again;

	save_and_restore(self->vcpu, &saved, &again);
	EXPECT_EQ(HIGH & 0xf0, *lapic_reg(&again, APIC_PPR));
}

TEST_F(lapic_accel, others_switch)
{
	struct vcpu *other = vcpu_new(self->vm, 1);

	CHECK(!raw_set_mp_state(other, NACRE_MP_STATE_RUNNABLE));
	vcpu_setup(self->vcpu, GUEST_64, "switches");
	vcpu_setup(other, GUEST_64, "looks");
	run_to_sync(other, 1);
	run_to_sync(self->vcpu, 1);
	run_to_sync(other, 2);
	run_to_sync(self->vcpu, 2);
	run_to_sync(other, 3);
	run_to_done(self->vcpu);
	run_to_sync(other, 4);
}

/* In-tree KVM on VMX says that there is something already. */
TEST_F(lapic_accel, covered)
{
	u32 *memory = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u32 *lvr = memory + APIC_LVR / sizeof(u32);
	bool there;

	ASSERT_NE(MAP_FAILED, memory);
	*lvr = MARK;
	vcpu_setup(self->vcpu, GUEST_64, "covered");
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x14, self->vcpu->uc.args[1] & 0xff);
	there = !raw_set_memory(self->vm, 5, 0, LAPIC_GPA, PAGE_SIZE, memory);
	EXPECT_TRUE(there || errno == EEXIST);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(there ? MARK : 0x14,
		  self->vcpu->uc.args[1] & (there ? ~0u : 0xff));
	if (there)
		CHECK(!raw_set_memory(self->vm, 5, 0, LAPIC_GPA, 0, memory));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x14, self->vcpu->uc.args[1] & 0xff);
	munmap(memory, PAGE_SIZE);
}

#define GUEST_TEST(name)						\
TEST_F(lapic_accel, name)						\
{									\
	vcpu_setup(self->vcpu, GUEST_64, #name);			\
	run_to_done(self->vcpu);					\
}

GUEST_TEST(tpr_falls)
GUEST_TEST(off_and_on)

TEST_HARNESS_MAIN
