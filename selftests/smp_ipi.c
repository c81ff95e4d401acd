// SPDX-License-Identifier: GPL-2.0
/*
 * Many vCPUs, more than the host has CPUs: started by INIT and start-up, each
 * sending to each, and translations that one of them has dropped on all.
 */
#include "test.h"
#include "lib/apic.h"

#define MOST 64
#define SECONDS 25
#define START_GPA 0x9000
#define IPI 0x41
#define FLUSH 0x42
#define GVA 0x600000ul
#define FLUSHES 20

guest_data volatile u64 started[MOST], taken[MOST], flushed[MOST], wrong;
guest_data volatile u64 nr, told, done[MOST], stop;

static u32 own_id(void)
{
	return apic_read(APIC_ID) >> 24;
}

static void add(volatile u64 *word)
{
	asm volatile("lock incq %0" : "+m"(*word) : : "memory");
}

static void on_ipi(struct guest_regs *regs)
{
	taken[own_id()]++;
	apic_eoi();
}

static void on_flush(struct guest_regs *regs)
{
	volatile u64 *page = (void *)GVA;

	asm volatile("invlpg (%0)" : : "r"(page) : "memory");
	if (*page != told)
		wrong++;
	apic_eoi();
	add(&flushed[0]);
}

static void begin(void)
{
	guest_on(IPI, on_ipi);
	guest_on(FLUSH, on_flush);
	apic_enable();
	add(&started[0]);
}

static void all_are(volatile u64 *word, u64 n)
{
	while (*word < n)
		cpu_relax();
}

/* Each to each, and to itself; nobody leaves before all have all. */
guest_entry void all_to_all(u64 n)
{
	u32 id = own_id();

	begin();
	all_are(&started[0], n);
	sti();
	for (u64 i = 0; i < n; i++) {
		u32 to = (id + i) % n;

		/* One at a time: a second would be merged with the first. */
		while (apic_read(APIC_ICR) & 1 << 12)
			cpu_relax();
		apic_ipi(to, IPI);
		cpu_relax();
	}
	add(&done[0]);
	while (done[0] < n || !taken[id])
		cpu_relax();
	cli();
	guest_done();
}

/* A token makes rounds, by IPI to a vCPU that halts. */
static void pass_on(struct guest_regs *regs)
{
	u32 id = own_id();

	taken[id]++;
	apic_eoi();
	apic_ipi((id + 1) % nr, IPI);
}

guest_entry void rounds(u64 n, u64 times)
{
	u32 id = own_id();

	begin();
	guest_on(IPI, pass_on);
	nr = n;
	all_are(&started[0], n);
	if (!id)
		apic_ipi(1, IPI);
	while (taken[id] < times)
		asm volatile("sti; hlt; cli" : : : "memory");
	guest_done();
}

/* The others spin on a translation until they are told to drop it. */
guest_entry void spins(void)
{
	begin();
	sti();
	while (!stop) {
		(void)*(volatile u64 *)GVA;
		cpu_relax();
	}
	cli();
	guest_done();
}

guest_entry void flushes(u64 n, u64 pte, u64 first, u64 second)
{
	begin();
	all_are(&started[0], n);
	for (u64 i = 0; i < FLUSHES; i++) {
		flushed[0] = 0;
		*(volatile u64 *)pte = i & 1 ? first : second;
		told = i & 1 ? 0 : 1;
		asm volatile("invlpg (%0)" : : "r"(GVA) : "memory");
		GUEST_ASSERT_EQ(told, *(volatile u64 *)GVA);
		apic_write(APIC_ICR, ICR_OTHERS | FLUSH);
		all_are(&flushed[0], n - 1);
		GUEST_ASSERT_EQ(0, wrong);
	}
	stop = 1;
	guest_done();
}

/* INIT and two start-ups to all others, who count themselves in real mode. */
guest_entry void starts(u64 n)
{
	volatile u16 *count = (volatile u16 *)0x9800ul;

	apic_enable();
	for (int again = 0; again < 3; again++) {
		*count = 0;
		apic_write(APIC_ICR, ICR_OTHERS | ICR_INIT | ICR_ASSERT);
		for (int i = 0; i < 2; i++)
			apic_write(APIC_ICR, ICR_OTHERS | ICR_STARTUP |
				   ICR_ASSERT | START_GPA >> 12);
		while (*count != n - 1)
			cpu_relax();
	}
	stop = 1;
	guest_done();
}

FIXTURE(smp_ipi) {
	struct vm *vm;
	pthread_t thread[MOST];
};

FIXTURE_SETUP(smp_ipi)
{
	kick_setup();
	self->vm = vm_new_irqchip();
}

FIXTURE_TEARDOWN(smp_ipi)
{
	vm_free(self->vm);
}

static struct vcpu *add_vcpu(struct vm *vm, const char *name)
{
	struct vcpu *vcpu = vcpu_new(vm, vm->nr_vcpus);

	vcpu_setup(vcpu, GUEST_64, name);
	CHECK(!raw_set_mp_state(vcpu, NACRE_MP_STATE_RUNNABLE));
	return vcpu;
}

static void *run_done(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

static void run_all(struct vm *vm, pthread_t *thread)
{
	for (u32 i = 0; i < vm->nr_vcpus; i++)
		thread[i] = thread_start(run_done, vm->vcpus[i]);
	for (u32 i = 0; i < vm->nr_vcpus; i++)
		thread_join(thread[i], SECONDS);
}

static volatile u64 *var(struct vm *vm, const char *name)
{
	return guest_var(vm, GUEST_64, name);
}

static void all_to_all_of(struct vm *vm, pthread_t *thread, u32 n)
{
	for (u32 i = 0; i < n; i++)
		vcpu_args(add_vcpu(vm, "all_to_all"), 1, (u64)n);
	run_all(vm, thread);
	for (u32 i = 0; i < n; i++) {
		CHECK(var(vm, "taken")[i] > 0);
		CHECK(var(vm, "taken")[i] <= n);
	}
}

TEST_F(smp_ipi, all_to_all_8)
{
	all_to_all_of(self->vm, self->thread, 8);
}

/* Each spins for all others, which costs a time slice each: fewer if slow. */
TEST_F(smp_ipi, all_to_all_64)
{
	all_to_all_of(self->vm, self->thread, MOST / (slower() > 1 ? 4 : 1));
}

/* None is lost: the token would stand still. */
TEST_F(smp_ipi, token_64)
{
	for (u32 i = 0; i < MOST; i++)
		vcpu_args(add_vcpu(self->vm, "rounds"), 2, (u64)MOST, 5ull);
	run_all(self->vm, self->thread);
	for (u32 i = 0; i < MOST; i++)
		EXPECT_LE(5, var(self->vm, "taken")[i]);
}

TEST_F(smp_ipi, remote_flush)
{
	u64 page[2] = { vm_alloc(self->vm, PAGE_SIZE),
			vm_alloc(self->vm, PAGE_SIZE) };
	u32 n = 8;
	u64 pte;

	*(u64 *)gpa_to_hva(self->vm, page[1], 8) = 1;
	vcpu_args(add_vcpu(self->vm, "flushes"), 1, 0ull);
	for (u32 i = 1; i < n; i++)
		add_vcpu(self->vm, "spins");
	vm_map(self->vm, GVA, page[0], PTE_WRITE);
	pte = (char *)vm_pte(self->vm, GVA) - (char *)self->vm->regions[0].hva;
	vcpu_args(self->vm->vcpus[0], 4, (u64)n, pte,
		  page[0] | PTE_PRESENT | PTE_WRITE,
		  page[1] | PTE_PRESENT | PTE_WRITE);
	run_all(self->vm, self->thread);
	EXPECT_EQ(0, *var(self->vm, "wrong"));
}

static void *run_until_kicked(void *vcpu)
{
	while (!raw_run(vcpu) || errno == EAGAIN)
		;
	return (void *)(long)errno;
}

/* xor ax, ax; mov ds, ax; lock inc word [0x9800]; cli; hlt; jmp to it */
static const u8 counts[] = {
	0x31, 0xc0, 0x8e, 0xd8, 0xf0, 0xff, 0x06, 0x00, 0x98, 0xfa, 0xf4, 0xeb,
	0xfd,
};

TEST_F(smp_ipi, starts_63)
{
	struct vm *vm = self->vm;

	vcpu_args(add_vcpu(vm, "starts"), 1, (u64)MOST);
	for (u32 i = 1; i < MOST; i++)
		vcpu_new(vm, i);
	memcpy(gpa_to_hva(vm, START_GPA, sizeof(counts)), counts,
	       sizeof(counts));
	for (u32 i = 1; i < MOST; i++)
		self->thread[i] = thread_start(run_until_kicked, vm->vcpus[i]);
	thread_join(thread_start(run_done, vm->vcpus[0]), SECONDS);
	for (u32 i = 1; i < MOST; i++) {
		kick(self->thread[i]);
		EXPECT_EQ((void *)EINTR, thread_join(self->thread[i], SECONDS));
	}
}

TEST_HARNESS_MAIN
