// SPDX-License-Identifier: GPL-2.0
/* The paravirtual clock: its CPUID leaves, MSRs and page. */
#include "test.h"
#include <sched.h>
#include <time.h>

#define READS 1000
#define WITHIN_NS 10000000ll
#define SECONDS 20

typedef long long i64;

guest_data volatile u64 stop, rounds;

static u64 scale(u64 ticks, u32 mul, int shift)
{
	u32 high;
	u64 low;

	ticks = shift < 0 ? ticks >> -shift : ticks << shift;
	high = ticks >> 32;
	low = (ticks & 0xffffffff) * mul >> 32;
	return (u64)high * mul + low;
}

/* As a guest's kernel reads it. */
static u64 read_clock(volatile struct nacre_pvclock_vcpu_time_info *page)
{
	u32 version;
	u64 ns;

	do {
		version = page->version;
		asm volatile("lfence" : : : "memory");
		ns = page->system_time +
		     scale(rdtsc() - page->tsc_timestamp,
			   page->tsc_to_system_mul, page->tsc_shift);
		asm volatile("lfence" : : : "memory");
	} while (version & 1 || version != page->version);
	return ns;
}

static void enable(u32 msr, u64 gpa)
{
	GUEST_ASSERT_EQ(NO_VECTOR, wrmsr_catch(msr, gpa | 1));
}

/* Tells the clock's time at @msr, again and again. */
guest_entry void tells_time(u64 msr, u64 gpa)
{
	enable(msr, gpa);
	for (;;)
		guest_sync(1, read_clock((void *)(ulong)gpa));
}

guest_entry void monotonic(u64 msr, u64 gpa)
{
	u64 last = 0, now;

	enable(msr, gpa);
	for (int i = 0; i < READS; i++) {
		now = read_clock((void *)(ulong)gpa);
		GUEST_ASSERT_OP(now, >=, last);
		last = now;
	}
	guest_done();
}

/*
 * A page that does not say that all TSCs agree was filled on each CPU anew,
 * from two clocks read one after the other: guests know, and this does.
 */
guest_entry void monotonic_until_told(u64 msr, u64 gpa)
{
	volatile struct nacre_pvclock_vcpu_time_info *page;
	u64 last = 0, now, slack;

	page = (void *)(ulong)gpa;
	enable(msr, gpa);
	while (!stop) {
		now = read_clock(page);
		slack = page->flags & NACRE_PVCLOCK_TSC_STABLE ? 0 : WITHIN_NS;
		GUEST_ASSERT_OP(now + slack, >=, last);
		last = now > last ? now : last;
		rounds++;
	}
	guest_done();
}

/* Only writes the MSRs; the host looks at the memory. */
guest_entry void writes_msr(u64 msr, u64 value)
{
	u64 back;

	GUEST_ASSERT_EQ(NO_VECTOR, wrmsr_catch(msr, value));
	GUEST_ASSERT_EQ(NO_VECTOR, rdmsr_catch(msr, &back));
	guest_sync(1, back);
	guest_sync(2);
	guest_done();
}

guest_entry void reads_leaves(void)
{
	u32 r[4];

	cpuid(NACRE_CPUID_SIGNATURE, 0, r);
	guest_sync(1, r[0], r[1], r[2], r[3]);
	cpuid(NACRE_CPUID_FEATURES, 0, r);
	guest_sync(2, r[0], r[1], r[2], r[3]);
	guest_done();
}

FIXTURE(kvmclock) {
	struct vm *vm;
	struct vcpu *vcpu;
	u64 gpa;
	struct nacre_pvclock_vcpu_time_info *page;
};

FIXTURE_VARIANT(kvmclock) {
	u32 system_time, wall_clock;
};

FIXTURE_VARIANT_ADD(kvmclock, old) {
	MSR_NACRE_SYSTEM_TIME, MSR_NACRE_WALL_CLOCK,
};

FIXTURE_VARIANT_ADD(kvmclock, new) {
	MSR_NACRE_SYSTEM_TIME_NEW, MSR_NACRE_WALL_CLOCK_NEW,
};

FIXTURE_SETUP(kvmclock)
{
	self->vm = vm_new();
	self->vcpu = vcpu_new(self->vm, 0);
	set_supported_cpuid(self->vcpu);
	self->gpa = vm_alloc(self->vm, PAGE_SIZE);
	self->page = gpa_to_hva(self->vm, self->gpa, PAGE_SIZE);
}

FIXTURE_TEARDOWN(kvmclock)
{
	vm_free(self->vm);
}

#define start(name, msr, value)						\
	do {								\
		vcpu_setup(self->vcpu, GUEST_64, name);			\
		vcpu_args(self->vcpu, 2, (u64)(msr), (u64)(value));	\
	} while (0)

static i64 boottime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

TEST(leaves)
{
	struct nacre_cpuid2 *cpuid = supported_cpuid();
	struct nacre_cpuid_entry2 *signature, *features;
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "reads_leaves");

	signature = find_leaf(cpuid, NACRE_CPUID_SIGNATURE, 0);
	features = find_leaf(cpuid, NACRE_CPUID_FEATURES, 0);
	ASSERT_TRUE(signature && features);
	EXPECT_EQ(NACRE_CPUID_FEATURES, signature->eax);
	EXPECT_EQ(0, memcmp(&signature->ebx, NACRE_SIGNATURE, 12));
	EXPECT_TRUE(features->eax & 1 << NACRE_FEATURE_CLOCKSOURCE);
	EXPECT_TRUE(features->eax & 1 << NACRE_FEATURE_CLOCKSOURCE2);
	EXPECT_EQ(1, vm_cap(vcpu->vm, NACRE_CAP_CLOCKSOURCE));
	set_supported_cpuid(vcpu);
	run_to_sync(vcpu, 1);
	EXPECT_EQ(signature->eax, vcpu->uc.args[1]);
	EXPECT_EQ(signature->ebx, vcpu->uc.args[2]);
	run_to_sync(vcpu, 2);
	EXPECT_EQ(features->eax, vcpu->uc.args[1]);
	vm_free(vcpu->vm);
}

/*
 * The clock runs as the host's boot time does, from the VM's beginning.
 * Emulated machines tell the time late: the nearest of some tries counts.
 */
TEST_F(kvmclock, follows_the_host)
{
	i64 first = 0, error, best = 1ll << 62;
	u32 version;

	start("tells_time", variant->system_time, self->gpa);
	run_to_sync(self->vcpu, 1);
	for (int i = 0; i < 20; i++) {
		i64 before = boottime(), after, guest;

		run_to_sync(self->vcpu, 1);
		after = boottime();
		guest = self->vcpu->uc.args[1];
		/* Where it begins is the VM's affair: the difference stays. */
		if (!i)
			first = guest - (before + after) / 2;
		error = guest - (before + after) / 2 - first;
		error = error < 0 ? -error : error;
		if (i && error < best)
			best = error;
		pause_us(20000);
	}
	EXPECT_GT(WITHIN_NS * slower(), best);
	version = self->page->version;
	EXPECT_NE(0, version);
	EXPECT_EQ(0, version & 1);
	EXPECT_EQ(0, self->page->pad0);
	EXPECT_NE(0, self->page->tsc_to_system_mul);
}

/* It began with the VM: not before, and not long after. */
TEST_F(kvmclock, begins_with_the_vm)
{
	i64 limit = 60ll * 1000000000;

	start("tells_time", variant->system_time, self->gpa);
	run_to_sync(self->vcpu, 1);
	EXPECT_LT(0, self->vcpu->uc.args[1]);
	EXPECT_GT(limit, self->vcpu->uc.args[1]);
}

TEST_F(kvmclock, monotonic)
{
	start("monotonic", variant->system_time, self->gpa);
	run_to_done(self->vcpu);
}

static void *run_done(void *vcpu)
{
	run_to_done(vcpu);
	return NULL;
}

TEST_F(kvmclock, monotonic_across_cpus)
{
	unsigned int cpus = nr_cpus();
	volatile u64 *done;
	pthread_t thread;

	if (cpus < 2)
		SKIP(return, "the machine has one CPU");
	start("monotonic_until_told", variant->system_time, self->gpa);
	done = guest_var(self->vm, GUEST_64, "rounds");
	thread = thread_start(run_done, self->vcpu);
	for (int i = 0; i < 20; i++) {
		u64 before = *done;

		pin_thread(thread, i % cpus);
		wait_for(*done > before + 50, SECONDS);
	}
	*(volatile u64 *)guest_var(self->vm, GUEST_64, "stop") = 1;
	thread_join(thread, SECONDS);
}

TEST_F(kvmclock, wall_clock)
{
	struct nacre_pvclock_wall_clock *wall = (void *)self->page;
	i64 since_start, seconds;

	start("tells_time", variant->system_time, self->gpa + 64);
	run_to_sync(self->vcpu, 1);
	since_start = self->vcpu->uc.args[1] / 1000000000;
	start("writes_msr", variant->wall_clock, self->gpa);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(self->gpa, self->vcpu->uc.args[1]);
	EXPECT_EQ(0, wall->version & 1);
	EXPECT_NE(0, wall->version);
	EXPECT_GT(1000000000, wall->nsec);
	seconds = (i64)wall->sec + since_start - time(NULL);
	EXPECT_LE(-2, seconds);
	EXPECT_GE(2, seconds);
}

TEST_F(kvmclock, reads_back)
{
	u64 value;

	start("writes_msr", variant->system_time, self->gpa | 1);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(self->gpa | 1, self->vcpu->uc.args[1]);
	EXPECT_TRUE(get_msr(self->vcpu, variant->system_time, &value));
	EXPECT_EQ(self->gpa | 1, value);
	/* The two numbers are one register. */
	EXPECT_TRUE(get_msr(self->vcpu, MSR_NACRE_SYSTEM_TIME, &value));
	EXPECT_EQ(self->gpa | 1, value);
	EXPECT_TRUE(get_msr(self->vcpu, MSR_NACRE_SYSTEM_TIME_NEW, &value));
	EXPECT_EQ(self->gpa | 1, value);
}

/* Enabled by the VMM, as after a migration. */
TEST_F(kvmclock, by_the_vmm)
{
	vcpu_setup(self->vcpu, GUEST_64, "reads_leaves");
	ASSERT_TRUE(set_msr(self->vcpu, variant->system_time, self->gpa | 1));
	run_to_sync(self->vcpu, 1);
	EXPECT_NE(0, self->page->version);
	EXPECT_NE(0, self->page->tsc_to_system_mul);
}

static void *move_and_run(void *arg)
{
	struct vcpu *vcpu = arg;

	pin_to_cpu(1);
	run_to_sync(vcpu, 2);
	return NULL;
}

TEST_F(kvmclock, disabled)
{
	struct nacre_pvclock_vcpu_time_info before;

	start("writes_msr", variant->system_time, self->gpa | 1);
	pin_to_cpu(0);
	run_to_sync(self->vcpu, 1);
	EXPECT_NE(0, self->page->version);
	start("writes_msr", variant->system_time, self->gpa);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(self->gpa, self->vcpu->uc.args[1]);
	before = *self->page;
	if (nr_cpus() > 1)
		thread_join(thread_start(move_and_run, self->vcpu), SECONDS);
	EXPECT_EQ(0, memcmp(&before, self->page, sizeof(before)));
}

static bool all_zero(const void *p, u64 n)
{
	const u8 *b = p;

	while (n && !*b)
		b++, n--;
	return !n;
}

/* Addresses without memory, whatever they are, do no harm. */
TEST_F(kvmclock, no_memory)
{
	static const u64 bad[] = {
		0x40000000, VM_RAM_SIZE, 0xfffffffffffff000,
		0x000ffffffffff000, 0x7ffffffffffffffc,
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		start("writes_msr", variant->system_time, bad[i] | 1);
		run_to_sync(self->vcpu, 1);
		run_to_sync(self->vcpu, 2);
		start("writes_msr", variant->wall_clock, bad[i]);
		run_to_sync(self->vcpu, 1);
		run_to_sync(self->vcpu, 2);
	}
}

/* Half of it in memory and half behind its end. */
TEST_F(kvmclock, end_of_memory)
{
	start("writes_msr", variant->system_time, (VM_RAM_SIZE - 16) | 1);
	run_to_sync(self->vcpu, 1);
	run_to_sync(self->vcpu, 2);
	start("writes_msr", variant->wall_clock, VM_RAM_SIZE - 4);
	run_to_sync(self->vcpu, 1);
	run_to_sync(self->vcpu, 2);
}

/* Across two pages: the whole of it, or nothing. */
TEST_F(kvmclock, across_pages)
{
	u64 gpa = vm_alloc(self->vm, 2 * PAGE_SIZE) + PAGE_SIZE - 16;
	struct nacre_pvclock_vcpu_time_info *page;

	page = gpa_to_hva(self->vm, gpa, sizeof(*page));
	start("writes_msr", variant->system_time, gpa | 1);
	run_to_sync(self->vcpu, 1);
	run_to_sync(self->vcpu, 2);
	EXPECT_TRUE(all_zero(page, sizeof(*page)) ||
		    (page->version && page->tsc_to_system_mul));
}

/* Off by some bytes: there or nowhere, and nothing beside it. */
TEST_F(kvmclock, misaligned)
{
	u8 *page = (u8 *)self->page;

	for (u64 off = 1; off < 8; off++) {
		u64 gpa = self->gpa + 256 + off;

		/* The last one is not to be written once more. */
		ASSERT_TRUE(set_msr(self->vcpu, variant->system_time, 0));
		memset(page, 0, PAGE_SIZE);
		start("writes_msr", variant->system_time, gpa | 1);
		run_to_sync(self->vcpu, 1);
		run_to_sync(self->vcpu, 2);
		start("writes_msr", variant->wall_clock, gpa + 256);
		run_to_sync(self->vcpu, 1);
		run_to_sync(self->vcpu, 2);
		EXPECT_TRUE(all_zero(page, 256 + (off & ~1)));
		EXPECT_TRUE(all_zero(page + 256 + off + 32, 224));
		EXPECT_TRUE(all_zero(page + 512 + off + 12, 1024));
	}
}

/* Memory that goes while the clock is in it. */
TEST_F(kvmclock, memory_goes)
{
	u64 gpa = 0x10000000;

	vm_add_memory(self->vm, 1, gpa, HUGE_SIZE, 0);
	start("writes_msr", variant->system_time, gpa | 1);
	pin_to_cpu(0);
	run_to_sync(self->vcpu, 1);
	vm_del_memory(self->vm, 1);
	if (nr_cpus() > 1)
		thread_join(thread_start(move_and_run, self->vcpu), SECONDS);
	else
		run_to_sync(self->vcpu, 2);
	run_to_done(self->vcpu);
}

TEST_HARNESS_MAIN
