// SPDX-License-Identifier: GPL-2.0
/* Counters as a file that describes itself, and whether they count. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "lib/apic.h"
#include "lib/stats.h"

#define PORT 0x7e
#define DEVICE 0xe0000000ul
#define VECTOR 0x51
#define TIMES 10
#define PAGES 40
#define MORE_MEMORY 0x40000000ul

/* A round of each for whatever the host wants to have counted. */
guest_entry void exits(void)
{
	u32 eax, ecx;

	for (;;) {
		for (int i = 0; i < TIMES; i++) {
			eax = ecx = 0;
			asm volatile("cpuid" : "+a"(eax), "+c"(ecx)
				     : : "ebx", "edx");
		}
		guest_sync(1);
		for (int i = 0; i < TIMES; i++)
			outb(PORT, i);
		guest_sync(2);
		for (int i = 0; i < TIMES; i++)
			*(volatile u32 *)DEVICE = i;
		guest_sync(3);
	}
}

guest_entry void spins(void)
{
	guest_sync(1);
	for (;;)
		;
}

guest_entry void touches(void)
{
	for (u64 i = 0; i < PAGES; i++)
		*(volatile u64 *)(MORE_MEMORY + i * PAGE_SIZE) = i;
	guest_sync(1);
}

guest_data volatile u64 taken;

static void on_timer(struct guest_regs *regs)
{
	taken++;
	apic_eoi();
}

/* Naps of about a millisecond, at the timer's rate of a nanosecond. */
guest_entry void naps(void)
{
	guest_on(VECTOR, on_timer);
	apic_enable();
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, VECTOR);
	guest_sync(1);
	while (taken < TIMES) {
		u64 before = taken;

		apic_write(APIC_TMICT, 1000000);
		while (taken == before)
			asm volatile("sti; hlt; cli" : : : "memory");
	}
	guest_sync(2);
}

FIXTURE(stats) {
	struct vm *vm;
	struct vcpu *vcpu;
	struct stats of_vm, of_vcpu;
};

FIXTURE_SETUP(stats)
{
	self->vm = vm_new_irqchip();
	self->vcpu = vcpu_new(self->vm, 0);
	stats_open(&self->of_vm, self->vm->fd);
	stats_open(&self->of_vcpu, self->vcpu->fd);
}

FIXTURE_TEARDOWN(stats)
{
	stats_close(&self->of_vm);
	stats_close(&self->of_vcpu);
	vm_free(self->vm);
}

static u32 field(const struct nacre_stats_desc *desc, u32 mask)
{
	return desc->flags & mask;
}

static void describes_itself(struct __test_metadata *_metadata,
			     const struct stats *stats)
{
	const struct nacre_stats_header *header = &stats->header;
	u64 end = 0;

	EXPECT_EQ(0, header->flags);
	EXPECT_GE(header->id_offset, sizeof(*header));
	EXPECT_GE(header->desc_offset, header->id_offset + header->name_size);
	EXPECT_LT(0, header->num_desc);
	EXPECT_GE(header->data_offset,
		  header->desc_offset + header->num_desc *
		  (sizeof(struct nacre_stats_desc) + header->name_size));
	for (u32 i = 0; i < header->num_desc; i++) {
		const struct nacre_stats_desc *desc = stats_desc(stats, i);
		u32 type = field(desc, NACRE_STATS_TYPE_MASK);

		EXPECT_LE(type, NACRE_STATS_TYPE_MAX);
		EXPECT_LE(field(desc, NACRE_STATS_UNIT_MASK),
			  NACRE_STATS_UNIT_MAX);
		EXPECT_LE(field(desc, NACRE_STATS_BASE_MASK),
			  NACRE_STATS_BASE_MAX);
		EXPECT_LT(0, strnlen(desc->name, header->name_size));
		EXPECT_GT(header->name_size,
			  strnlen(desc->name, header->name_size));
		EXPECT_EQ(type >= NACRE_STATS_TYPE_LINEAR_HIST, desc->size > 1);
		EXPECT_EQ(type == NACRE_STATS_TYPE_LINEAR_HIST,
			  desc->bucket_size > 0);
		if (desc->offset + desc->size * 8 > end)
			end = desc->offset + desc->size * 8;
		for (u32 j = 0; j < i; j++)
			EXPECT_NE(0, strcmp(desc->name,
					    stats_desc(stats, j)->name));
		if (strstr(desc->name, "_ns")) {
			EXPECT_EQ(-9, desc->exponent);
			EXPECT_EQ(NACRE_STATS_UNIT_SECONDS,
				  field(desc, NACRE_STATS_UNIT_MASK));
		}
		stats_bucket(stats, desc->name, desc->size - 1);
	}
	/* And that is all. */
	EXPECT_EQ(0, pread(stats->fd, &end, sizeof(end),
			   header->data_offset + end));
}

TEST_F(stats, describe_themselves)
{
	char id[64];

	describes_itself(_metadata, &self->of_vm);
	describes_itself(_metadata, &self->of_vcpu);
	snprintf(id, sizeof(id), "kvm-%d", getpid());
	EXPECT_STREQ(id, self->of_vm.id);
	snprintf(id, sizeof(id), "kvm-%d/vcpu-0", getpid());
	EXPECT_STREQ(id, self->of_vcpu.id);
}

/* As one block, byte by byte, and on from where the last one ended. */
TEST_F(stats, reads_of_any_size)
{
	size_t size = self->of_vcpu.header.data_offset;
	u8 *whole = malloc(size), *bytes = malloc(size);
	int fd = self->of_vcpu.fd;

	ASSERT_EQ((ssize_t)size, pread(fd, whole, size, 0));
	for (size_t i = 0; i < size; i++)
		ASSERT_EQ(1, pread(fd, bytes + i, 1, i));
	EXPECT_EQ(0, memcmp(whole, bytes, size));
	memset(bytes, 0, size);
	for (size_t i = 0; i < size; i += 7) {
		ssize_t n = size - i < 7 ? size - i : 7;

		ASSERT_EQ(n, read(fd, bytes + i, n));
	}
	EXPECT_EQ(0, memcmp(whole, bytes, size));
	free(whole);
	free(bytes);
}

TEST_F(stats, refused)
{
	u64 value = 0;
	int fd = self->of_vm.fd;

	EXPECT_EQ(-1, write(fd, &value, sizeof(value)));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, syscall(SYS_pread64, fd, 8L, 8L, 0L));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pread(fd, &value, 8, -8));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, pread(fd, &value, 8, 1 << 30));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
}

static u64 grown(const struct stats *stats, const char *name,
		 struct vcpu *vcpu, u64 stage)
{
	u64 before = stats_value(stats, name);

	run_to_sync(vcpu, stage);
	return stats_value(stats, name) - before;
}

/* The exit that says so is one more. */
TEST_F(stats, exits)
{
	vcpu_setup(self->vcpu, GUEST_64, "exits");
	run_to_sync(self->vcpu, 1);
	run_to_exit(self->vcpu, NACRE_EXIT_IO);
	for (int i = 1; i < TIMES; i++)
		run_to_exit(self->vcpu, NACRE_EXIT_IO);
	run_to_sync(self->vcpu, 2);
	for (int i = 0; i < TIMES; i++)
		run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
	run_to_sync(self->vcpu, 3);
	EXPECT_GE(grown(&self->of_vcpu, "exits", self->vcpu, 1), TIMES + 1);
	EXPECT_GE(stats_value(&self->of_vcpu, "exits"), 4 * TIMES);
	EXPECT_EQ(TIMES + 4, stats_value(&self->of_vcpu, "io_exits"));
	EXPECT_EQ(TIMES, stats_value(&self->of_vcpu, "mmio_exits"));
	EXPECT_EQ(0, stats_value(&self->of_vcpu, "halt_exits"));
}

static void no_handler(int signal)
{
}

TEST_F(stats, signals)
{
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	struct sigaction action = { .sa_handler = no_handler };

	vcpu_setup(self->vcpu, GUEST_64, "spins");
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, stats_value(&self->of_vcpu, "signal_exits"));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
	ASSERT_EQ(-1, raw_run(self->vcpu));
	ASSERT_EQ(EINTR, errno);
	EXPECT_EQ(1, stats_value(&self->of_vcpu, "signal_exits"));
	EXPECT_LE(1, stats_value(&self->of_vcpu, "irq_exits"));
}

TEST_F(stats, halts)
{
	u64 waits = 0;

	vcpu_setup(self->vcpu, GUEST_64, "naps");
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, stats_value(&self->of_vcpu, "irq_injections"));
	run_to_sync(self->vcpu, 2);
	EXPECT_LE(TIMES, stats_value(&self->of_vcpu, "halt_exits"));
	EXPECT_LE(TIMES, stats_value(&self->of_vcpu, "halt_wait_ns") +
		  stats_value(&self->of_vcpu, "halt_poll_success_ns"));
	for (u32 i = 0; i < 32; i++)
		waits += stats_bucket(&self->of_vcpu, "halt_wait_hist", i) +
			 stats_bucket(&self->of_vcpu, "halt_poll_success_hist", i);
	EXPECT_LE(1, waits);
	EXPECT_GE(stats_value(&self->of_vcpu, "halt_attempted_poll"),
		  stats_value(&self->of_vcpu, "halt_successful_poll"));
	EXPECT_EQ(0, stats_value(&self->of_vcpu, "blocking"));
}

TEST_F(stats, pages)
{
	u64 before, faults;

	vcpu_setup(self->vcpu, GUEST_64, "touches");
	vm_add_memory(self->vm, 1, MORE_MEMORY, PAGES * PAGE_SIZE, 0);
	before = stats_value(&self->of_vm, "pages_4k");
	faults = stats_value(&self->of_vcpu, "pf_fixed");
	run_to_sync(self->vcpu, 1);
	EXPECT_LE(before + PAGES, stats_value(&self->of_vm, "pages_4k"));
	EXPECT_LE(faults + PAGES, stats_value(&self->of_vcpu, "pf_fixed"));
	EXPECT_LE(stats_value(&self->of_vcpu, "pf_fixed"),
		  stats_value(&self->of_vcpu, "pf_taken"));
	vm_del_memory(self->vm, 1);
	vm_del_memory(self->vm, 0);
	if (!on_nacre())
		return;	/* it drops whole tables, some time later */
	EXPECT_LE(1, stats_value(&self->of_vm, "remote_tlb_flush_requests"));
	EXPECT_GE(1, stats_value(&self->of_vm, "pages_4k"));
	EXPECT_EQ(0, stats_value(&self->of_vm, "pages_2m"));
}

/* It counts on, as it were, while nobody has the VM any more. */
TEST(outlive_the_descriptors)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "exits");
	struct stats of_vm, of_vcpu;
	int status;
	pid_t pid;

	run_to_sync(vcpu, 1);
	stats_open(&of_vm, vcpu->vm->fd);
	stats_open(&of_vcpu, vcpu->fd);
	vm_free(vcpu->vm);
	EXPECT_LE(TIMES, stats_value(&of_vcpu, "exits"));
	stats_value(&of_vm, "pages_4k");
	pid = fork();
	if (!pid)
		_exit(stats_value(&of_vcpu, "exits") < TIMES);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	stats_close(&of_vcpu);
	stats_close(&of_vm);
}

TEST_HARNESS_MAIN
