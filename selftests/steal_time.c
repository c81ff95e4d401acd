// SPDX-License-Identifier: GPL-2.0
/*
 * Stolen time: the page, the time that the host's scheduler counts, and what a
 * vCPU that was taken off its CPU tells and finds there.
 */
#include "test.h"
#include "lib/apic.h"
#include <sys/utsname.h>

#define SECONDS 20
#define MS 1000000ull
#define NEW_PAGE 0x600000ul

typedef volatile struct nacre_steal_time page_t;

guest_data volatile u64 stop, rounds, seen;

static void enable(u64 gpa)
{
	u64 back;

	GUEST_ASSERT_EQ(NO_VECTOR, wrmsr_catch(MSR_NACRE_STEAL_TIME, gpa | 1));
	GUEST_ASSERT_EQ(NO_VECTOR, rdmsr_catch(MSR_NACRE_STEAL_TIME, &back));
	GUEST_ASSERT_EQ(gpa | 1, back);
}

guest_entry void spins(u64 gpa)
{
	enable(gpa);
	guest_sync(1);
	for (;;) {
		for (int i = 0; i < 1000; i++)
			rounds++;
		if (stop)
			guest_sync(1);
	}
}

/* Reads through a translation, again and again. */
guest_entry void reads(u64 gpa, u64 gva)
{
	enable(gpa);
	seen = *(volatile u64 *)gva;
	guest_sync(1);
	while (!stop) {
		seen = *(volatile u64 *)gva;
		rounds++;
	}
	guest_sync(1);
}

guest_entry void writes_msr(u64 value)
{
	guest_sync(1, wrmsr_catch(MSR_NACRE_STEAL_TIME, value));
	guest_done();
}

FIXTURE(steal_time) {
	struct vm *vm;
	struct vcpu *vcpu;
	u64 gpa;
	page_t *page;
};

FIXTURE_SETUP(steal_time)
{
	kick_setup();
	self->vm = vm_new_irqchip();
	self->vcpu = vcpu_new(self->vm, 0);
	self->gpa = vm_alloc(self->vm, PAGE_SIZE);
	self->page = gpa_to_hva(self->vm, self->gpa, PAGE_SIZE);
	memset((void *)self->page, 0, PAGE_SIZE);
}

FIXTURE_TEARDOWN(steal_time)
{
	vm_free(self->vm);
}

static void start(struct vcpu *vcpu, const char *name, u64 a, u64 b)
{
	vcpu_setup(vcpu, GUEST_64, name);
	set_supported_cpuid(vcpu);
	vcpu_args(vcpu, 2, a, b);
}

static void *var(struct vm *vm, const char *name)
{
	return guest_var(vm, GUEST_64, name);
}

static void stop_guest(struct vm *vm)
{
	*(volatile u64 *)var(vm, "stop") = 1;
}

static bool offered(void)
{
	struct nacre_cpuid2 *cpuid = supported_cpuid();
	u32 eax = find_leaf(cpuid, NACRE_CPUID_FEATURES, 0)->eax;

	free(cpuid);
	return eax & 1 << NACRE_FEATURE_STEAL_TIME &&
	       eax & 1 << NACRE_FEATURE_PV_TLB_FLUSH;
}

TEST_F(steal_time, capability)
{
	EXPECT_TRUE(offered());
	if (on_nacre())
		EXPECT_EQ(1, vm_cap(self->vm, NACRE_CAP_STEAL_TIME));
}

/* Bits 5 to 1 are none. */
TEST_F(steal_time, values)
{
	for (u32 bit = 0; bit < 12; bit++) {
		u64 value = self->gpa | 1ull << bit;
		bool bad = bit && bit < 6;

		EXPECT_EQ(!bad, set_msr(self->vcpu, MSR_NACRE_STEAL_TIME,
					value)) TH_LOG("bit %u", bit);
		start(self->vcpu, "writes_msr", value, 0);
		run_to_sync(self->vcpu, 1);
		EXPECT_EQ(bad ? GP_VECTOR : NO_VECTOR, self->vcpu->uc.args[1]);
	}
}

/* An address where nothing is harms nobody. */
TEST_F(steal_time, no_memory)
{
	start(self->vcpu, "spins", 0xffffffffc0ull, 0);
	run_to_sync(self->vcpu, 1);
	stop_guest(self->vm);
	run_to_sync(self->vcpu, 1);
}

static u64 run_delay(void)
{
	unsigned long long ran, waited;
	FILE *f = fopen("/proc/thread-self/schedstat", "r");

	CHECK(f && fscanf(f, "%llu %llu", &ran, &waited) == 2);
	fclose(f);
	return waited;
}

static volatile bool burn;

static void *burns(void *arg)
{
	while (burn)
		;
	return NULL;
}

/* Another thread wants the same CPU: what the scheduler says, the guest sees. */
TEST_F(steal_time, as_the_scheduler_counts)
{
	u64 host, guest;
	pthread_t thread;

	start(self->vcpu, "spins", self->gpa, 0);
	run_to_sync(self->vcpu, 1);
	stop_guest(self->vm);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, self->page->version & 1);
	EXPECT_NE(0, self->page->version);
	EXPECT_EQ(0, self->page->flags);
	EXPECT_EQ(0, self->page->preempted);
	guest = self->page->steal;
	host = run_delay();
	pin_to_cpu(0);
	burn = true;
	thread = thread_start(burns, NULL);
	pin_thread(thread, 0);
	for (u64 end = now_ns() + SECONDS * 1000 * MS;
	     run_delay() < host + 50 * MS && now_ns() < end;)
		run_to_sync(self->vcpu, 1);
	burn = false;
	thread_join(thread, SECONDS);
	host = run_delay() - host;
	run_to_sync(self->vcpu, 1);
	guest = self->page->steal - guest;
	EXPECT_GE(host, 50 * MS);
	EXPECT_GE(guest + 20 * MS, host);
	EXPECT_LE(guest, host + 20 * MS);
}

static void *run_once(void *vcpu)
{
	return raw_run(vcpu) ? (void *)(long)errno : NULL;
}

/* Such a kernel takes a thread off wherever it is, mostly not where it says so. */
static bool preempts_itself(void)
{
	struct utsname u;

	CHECK(uname(&u) == 0);
	return strstr(u.version, "PREEMPT ") || strstr(u.version, "PREEMPT_RT");
}

/* Off its CPU it says so, and on it that it is back. */
TEST_F(steal_time, preempted)
{
	pthread_t guest, other;
	bool said = false;

	if (preempts_itself())
		SKIP(return, "the kernel preempts itself anywhere");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "on one processor it is off while one looks");
	start(self->vcpu, "spins", self->gpa, 0);
	run_to_sync(self->vcpu, 1);
	burn = true;
	guest = thread_start(run_once, self->vcpu);
	pin_thread(guest, 0);
	other = thread_start(burns, NULL);
	pin_thread(other, 0);
	pin_to_cpu(1);
	for (u64 end = now_ns() + SECONDS * 1000 * MS;
	     !said && now_ns() < end;)
		said = self->page->preempted & NACRE_VCPU_PREEMPTED;
	EXPECT_TRUE(said);
	burn = false;
	thread_join(other, SECONDS);
	wait_for(!self->page->preempted, SECONDS);
	stop_guest(self->vm);
	EXPECT_EQ(NULL, thread_join(guest, SECONDS));
	EXPECT_EQ(0, self->page->preempted);
}

/* Was it off its CPU, and is to drop its translations before it is back? */
static bool ask_to_flush(page_t *page)
{
	u8 state = NACRE_VCPU_PREEMPTED;

	return __atomic_compare_exchange_n(&page->preempted, &state, state |
					   NACRE_VCPU_FLUSH_TLB, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

TEST_F(steal_time, flush)
{
	u64 pages[2] = { vm_alloc(self->vm, PAGE_SIZE),
			 vm_alloc(self->vm, PAGE_SIZE) };
	volatile u64 *seen = var(self->vm, "seen"), before;
	pthread_t guest, other;
	volatile u64 *pte;
	int asked = 0;

	for (int i = 0; i < 2; i++)
		*(u64 *)gpa_to_hva(self->vm, pages[i], 8) = i;
	start(self->vcpu, "reads", self->gpa, NEW_PAGE);
	vm_map(self->vm, NEW_PAGE, pages[0], PTE_WRITE);
	pte = vm_pte(self->vm, NEW_PAGE);
	run_to_sync(self->vcpu, 1);
	burn = true;
	guest = thread_start(run_once, self->vcpu);
	other = thread_start(burns, NULL);
	pin_thread(guest, 0);
	pin_thread(other, 0);
	pin_to_cpu(1);
	for (u64 end = now_ns() + SECONDS * 1000 * MS;
	     asked < 10 && now_ns() < end;) {
		u64 now = *seen;

		if (self->page->preempted != NACRE_VCPU_PREEMPTED)
			continue;
		*pte = (*pte & ~0xffffffffff000ull) | pages[!now];
		if (!ask_to_flush(self->page)) {
			/* Too late: nobody has to have seen it. */
			*pte = (*pte & ~0xffffffffff000ull) | pages[now];
			wait_for(*seen == now, SECONDS);
			continue;
		}
		before = *(volatile u64 *)var(self->vm, "rounds");
		wait_for(*(volatile u64 *)var(self->vm, "rounds") > before + 1,
			 SECONDS);
		EXPECT_EQ(!now, *seen);
		asked++;
	}
	burn = false;
	thread_join(other, SECONDS);
	stop_guest(self->vm);
	EXPECT_EQ(NULL, thread_join(guest, SECONDS));
	if (!asked && preempts_itself())
		SKIP(return, "the kernel preempts itself anywhere");
	EXPECT_GT(asked, 0);
}

TEST_HARNESS_MAIN
