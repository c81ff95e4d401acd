// SPDX-License-Identifier: GPL-2.0
/* Whether a vCPU runs: the ioctls, INIT and start-up, IPIs between two. */
#include "test.h"
#include "lib/apic.h"

#define SECONDS 20
#define VECTOR 0x45
#define SIPI_PAGE 0x10		/* 0x10000 */

guest_data volatile u64 pings[2];

/* What vCPU 0 does: start the other one as asked. */
guest_entry void sends(u64 first, u64 second)
{
	apic_enable();
	if (first)
		apic_ipi(1, first);
	if (second)
		apic_ipi(1, second);
	guest_sync(1);
	guest_done();
}

static void on_ping(struct guest_regs *regs)
{
	u64 id = apic_read(APIC_ID) >> 24;

	pings[id]++;
	apic_eoi();
	apic_ipi(!id, VECTOR);
}

guest_entry void plays(u64 begin, u64 n)
{
	guest_on(VECTOR, on_ping);
	apic_enable();
	if (begin)
		apic_ipi(1, VECTOR);
	while (pings[!begin] < n)
		asm volatile("sti; hlt; cli" : : : "memory");
	guest_done();
}

FIXTURE(mp_state) {
	struct vm *vm;
	struct vcpu *bsp, *ap;
};

FIXTURE_SETUP(mp_state)
{
	kick_setup();
	self->vm = vm_new_irqchip();
	self->bsp = vcpu_new(self->vm, 0);
	self->ap = vcpu_new(self->vm, 1);
}

FIXTURE_TEARDOWN(mp_state)
{
	vm_free(self->vm);
}

static void *run_once(void *vcpu)
{
	return raw_run(vcpu) ? (void *)(long)errno : NULL;
}

static void *run_done(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

TEST(without_irqchip)
{
	static const u32 others[] = { 1, 2, 3, 4, 5, 9, 255, 0xffffffff };
	struct vm *vm = vm_new();

	for (u32 id = 0; id < 2; id++) {
		struct vcpu *vcpu = vcpu_new(vm, id);

		EXPECT_EQ(NACRE_MP_STATE_RUNNABLE, get_mp_state(vcpu));
		EXPECT_EQ(0, raw_set_mp_state(vcpu, NACRE_MP_STATE_RUNNABLE));
		for (unsigned int i = 0; i < 8; i++)
			EXPECT_ERROR(EINVAL, raw_set_mp_state(vcpu, others[i]));
	}
	vm_free(vm);
}

TEST_F(mp_state, values)
{
	static const u32 good[] = {
		NACRE_MP_STATE_RUNNABLE, NACRE_MP_STATE_UNINITIALIZED,
		NACRE_MP_STATE_INIT_RECEIVED, NACRE_MP_STATE_HALTED,
	};

	EXPECT_EQ(NACRE_MP_STATE_RUNNABLE, get_mp_state(self->bsp));
	EXPECT_EQ(NACRE_MP_STATE_UNINITIALIZED, get_mp_state(self->ap));
	for (unsigned int i = 0; i < 4; i++) {
		EXPECT_EQ(0, raw_set_mp_state(self->ap, good[i]));
		EXPECT_EQ(good[i], get_mp_state(self->ap));
	}
	/* A start-up that is under way is over when it is looked at. */
	EXPECT_EQ(0, raw_set_mp_state(self->ap,
				      NACRE_MP_STATE_SIPI_RECEIVED));
	EXPECT_EQ(NACRE_MP_STATE_RUNNABLE, get_mp_state(self->ap));
	EXPECT_ERROR(EFAULT, ioctl(self->ap->fd, NACRE_GET_MP_STATE, NULL));
	EXPECT_ERROR(EFAULT, ioctl(self->ap->fd, NACRE_SET_MP_STATE, NULL));
}

TEST_F(mp_state, bad_values)
{
	static const u32 bad[] = { 5, 6, 7, 8, 255, 1u << 31, 0xffffffff };

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_ERROR(EINVAL, raw_set_mp_state(self->ap, bad[i]));
	EXPECT_EQ(NACRE_MP_STATE_UNINITIALIZED, get_mp_state(self->ap));
}

TEST_F(mp_state, other_boot_cpu)
{
	struct vm *vm = vm_new_irqchip();
	u64 base;

	ASSERT_EQ(0, ioctl(vm->fd, NACRE_SET_BOOT_CPU_ID, 1));
	EXPECT_EQ(NACRE_MP_STATE_UNINITIALIZED,
		  get_mp_state(vcpu_new(vm, 0)));
	EXPECT_EQ(NACRE_MP_STATE_RUNNABLE, get_mp_state(vcpu_new(vm, 1)));
	ASSERT_TRUE(get_msr(vm->vcpus[0], MSR_APIC_BASE, &base));
	EXPECT_EQ(LAPIC_GPA | APIC_BASE_EN, base);
	ASSERT_TRUE(get_msr(vm->vcpus[1], MSR_APIC_BASE, &base));
	EXPECT_EQ(LAPIC_GPA | APIC_BASE_EN | APIC_BASE_BSP, base);
	vm_free(vm);
}

TEST_F(mp_state, signal_ends_the_wait)
{
	pthread_t thread = thread_start(run_once, self->ap);

	pause_us(50000);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(thread, NULL));
	kick(thread);
	EXPECT_EQ((void *)EINTR, thread_join(thread, SECONDS));
	EXPECT_EQ(NACRE_EXIT_INTR, self->ap->run->exit_reason);
	EXPECT_EQ(NACRE_MP_STATE_UNINITIALIZED, get_mp_state(self->ap));
}

/* The first vCPU has the timers to look after, which is no start. */
TEST_F(mp_state, boot_cpu_waits_too)
{
	pthread_t thread;

	ASSERT_EQ(0, raw_set_mp_state(self->bsp,
				      NACRE_MP_STATE_UNINITIALIZED));
	thread = thread_start(run_once, self->bsp);
	pause_us(50000);
	kick(thread);
	EXPECT_EQ((void *)EINTR, thread_join(thread, SECONDS));
	EXPECT_EQ(NACRE_MP_STATE_UNINITIALIZED, get_mp_state(self->bsp));
}

TEST_F(mp_state, immediate_exit)
{
	self->ap->run->immediate_exit = 1;
	EXPECT_ERROR(EINTR, raw_run(self->ap));
	EXPECT_EQ(NACRE_MP_STATE_UNINITIALIZED, get_mp_state(self->ap));
}

/* INIT from the other vCPU ends the wait, the VMM is to come again. */
TEST_F(mp_state, init_ends_the_wait)
{
	pthread_t thread = thread_start(run_once, self->ap);

	pause_us(50000);
	vcpu_setup(self->bsp, GUEST_64, "sends");
	vcpu_args(self->bsp, 2, (u64)(ICR_INIT | ICR_ASSERT), 0ull);
	run_to_sync(self->bsp, 1);
	EXPECT_EQ((void *)EAGAIN, thread_join(thread, SECONDS));
	EXPECT_EQ(NACRE_MP_STATE_INIT_RECEIVED, get_mp_state(self->ap));
}

/* out %al, $0x33; hlt at the start of the page that SIPI names. */
static void write_stub(struct vm *vm)
{
	memcpy(gpa_to_hva(vm, SIPI_PAGE << 12, 3), "\xe6\x33\xf4", 3);
}

/* Until it is through with waiting and comes to its first OUT. */
static void *start_up(void *arg)
{
	struct vcpu *ap = arg;
	int error = EAGAIN;

	for (int i = 0; i < 5 && error == EAGAIN; i++)
		error = raw_run(ap) ? errno : 0;
	return (void *)(long)error;
}

TEST_F(mp_state, init_and_startup)
{
	struct nacre_sregs s;
	pthread_t thread;

	write_stub(self->vm);
	thread = thread_start(start_up, self->ap);
	vcpu_setup(self->bsp, GUEST_64, "sends");
	vcpu_args(self->bsp, 2, (u64)(ICR_INIT | ICR_ASSERT),
		  (u64)(ICR_STARTUP | SIPI_PAGE));
	run_to_sync(self->bsp, 1);
	EXPECT_EQ(NULL, thread_join(thread, SECONDS));
	EXPECT_EQ(NACRE_EXIT_IO, self->ap->run->exit_reason);
	EXPECT_EQ(0x33, self->ap->run->io.port);
	EXPECT_EQ(NACRE_MP_STATE_RUNNABLE, get_mp_state(self->ap));
	get_sregs(self->ap, &s);
	EXPECT_EQ(SIPI_PAGE << 8, s.cs.selector);
	EXPECT_EQ(SIPI_PAGE << 12, s.cs.base);
	EXPECT_EQ(0, get_rip(self->ap));
	EXPECT_EQ(0, s.cr0 & X86_CR0_PE);
}

/* Before the vCPU has a thread: kept, and acted on when looked at. */
TEST_F(mp_state, init_and_startup_are_kept)
{
	struct nacre_regs regs;

	write_stub(self->vm);
	vcpu_setup(self->bsp, GUEST_64, "sends");
	vcpu_args(self->bsp, 2, (u64)(ICR_INIT | ICR_ASSERT),
		  (u64)(ICR_STARTUP | SIPI_PAGE));
	run_to_sync(self->bsp, 1);
	EXPECT_EQ(NACRE_MP_STATE_RUNNABLE, get_mp_state(self->ap));
	get_regs(self->ap, &regs);
	EXPECT_EQ(0, regs.rip);
	run_to_pio(self->ap, NACRE_EXIT_IO_OUT, 0x33, 1);
}

TEST_F(mp_state, startup_alone)
{
	vcpu_setup(self->bsp, GUEST_64, "sends");
	vcpu_args(self->bsp, 2, (u64)(ICR_STARTUP | SIPI_PAGE), 0ull);
	run_to_sync(self->bsp, 1);
	EXPECT_EQ(NACRE_MP_STATE_UNINITIALIZED, get_mp_state(self->ap));
	/* One that runs goes on. */
	ASSERT_EQ(0, raw_set_mp_state(self->ap, NACRE_MP_STATE_RUNNABLE));
	vcpu_setup(self->ap, GUEST_64, "sends");
	vcpu_args(self->ap, 2, 0ull, 0ull);
	vcpu_setup(self->bsp, GUEST_64, "sends");
	vcpu_args(self->bsp, 2, (u64)(ICR_STARTUP | SIPI_PAGE), 0ull);
	run_to_sync(self->bsp, 1);
	run_to_sync(self->ap, 1);
}

/* The level that ends an INIT is nothing on today's processors. */
TEST_F(mp_state, deassert)
{
	vcpu_setup(self->bsp, GUEST_64, "sends");
	vcpu_args(self->bsp, 2, (u64)(ICR_INIT | ICR_LEVEL), 0ull);
	run_to_sync(self->bsp, 1);
	EXPECT_EQ(NACRE_MP_STATE_UNINITIALIZED, get_mp_state(self->ap));
}

/* Intel SDM, "Processor State After Reset": the column INIT. */
TEST_F(mp_state, init_resets)
{
	struct nacre_regs regs = { .rflags = 2, .rip = 0x1234 };
	struct nacre_lapic_state lapic;
	struct nacre_sregs s;
	u64 value;

	ASSERT_EQ(0, raw_set_mp_state(self->ap, NACRE_MP_STATE_RUNNABLE));
	vcpu_setup(self->ap, GUEST_64, "sends");
	regs.rbx = 0x5555;
	set_regs(self->ap, &regs);
	ASSERT_TRUE(set_msr(self->ap, MSR_SYSENTER_CS, 0x77));
	ASSERT_TRUE(set_msr(self->ap, MSR_PAT, 0x0007040600070406));
	vcpu_setup(self->bsp, GUEST_64, "sends");
	vcpu_args(self->bsp, 2, (u64)(ICR_INIT | ICR_ASSERT), 0ull);
	run_to_sync(self->bsp, 1);
	EXPECT_EQ(NACRE_MP_STATE_INIT_RECEIVED, get_mp_state(self->ap));
	get_regs(self->ap, &regs);
	get_sregs(self->ap, &s);
	EXPECT_EQ(0xfff0, regs.rip);
	EXPECT_EQ(2, regs.rflags);
	EXPECT_EQ(0, regs.rbx);
	EXPECT_EQ(0xf000, s.cs.selector);
	EXPECT_EQ(0xffff0000, s.cs.base);
	EXPECT_EQ(0, s.cr3);
	EXPECT_EQ(0, s.cr4);
	EXPECT_EQ(0, s.efer);
	EXPECT_EQ(X86_CR0_ET, s.cr0 & ~(X86_CR0_CD | X86_CR0_NW));
	EXPECT_EQ(LAPIC_GPA | APIC_BASE_EN, s.apic_base);
	get_lapic(self->ap, &lapic);
	EXPECT_EQ(1 << 24, *lapic_reg(&lapic, APIC_ID));
	EXPECT_EQ(APIC_MASKED, *lapic_reg(&lapic, APIC_LVT0));
	EXPECT_EQ(0xff, *lapic_reg(&lapic, APIC_SVR));
	/* These survive. */
	EXPECT_TRUE(get_msr(self->ap, MSR_PAT, &value));
	EXPECT_EQ(0x0007040600070406, value);
}

/* INIT to the boot processor makes it begin at its reset vector. */
TEST_F(mp_state, init_of_the_boot_processor)
{
	struct nacre_lapic_state lapic;

	vcpu_setup(self->bsp, GUEST_64, "sends");
	vcpu_args(self->bsp, 2, 0ull, 0ull);
	run_to_sync(self->bsp, 1);
	ASSERT_EQ(0, raw_set_mp_state(self->ap, NACRE_MP_STATE_RUNNABLE));
	vcpu_setup(self->ap, GUEST_64, "sends");
	vcpu_args(self->ap, 2, (u64)(ICR_OTHERS | ICR_INIT | ICR_ASSERT),
		  0ull);
	run_to_sync(self->ap, 1);
	EXPECT_EQ(NACRE_MP_STATE_RUNNABLE, get_mp_state(self->bsp));
	EXPECT_EQ(0xfff0, get_rip(self->bsp));
	/* Its LINT0 is open for the PIC again. */
	get_lapic(self->bsp, &lapic);
	EXPECT_EQ(APIC_EXTINT, *lapic_reg(&lapic, APIC_LVT0));
	EXPECT_EQ(0xff, *lapic_reg(&lapic, APIC_SVR));
}

TEST_F(mp_state, ping_pong)
{
	pthread_t threads[2];
	u64 n = 500;
	volatile u64 *count;

	ASSERT_EQ(0, raw_set_mp_state(self->ap, NACRE_MP_STATE_RUNNABLE));
	vcpu_setup(self->ap, GUEST_64, "plays");
	vcpu_args(self->ap, 2, 0ull, n);
	vcpu_setup(self->bsp, GUEST_64, "plays");
	vcpu_args(self->bsp, 2, 1ull, n);
	threads[1] = thread_start(run_done, self->ap);
	/* An IPI to one that has not enabled its APIC would be lost. */
	pause_us(100000);
	threads[0] = thread_start(run_done, self->bsp);
	thread_join(threads[0], SECONDS);
	thread_join(threads[1], SECONDS);
	count = guest_var(self->vm, GUEST_64, "pings");
	EXPECT_LE(n, count[0]);
	EXPECT_LE(n, count[1]);
}

TEST_HARNESS_MAIN
