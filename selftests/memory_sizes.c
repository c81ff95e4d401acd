// SPDX-License-Identifier: GPL-2.0
/* Large, sparse and huge-page memory. */
#include "test.h"
#include <sys/mman.h>

#define GPA (1ull << 30)
#define GIB (1ull << 30)
#define STEP (16ull << 20)

/* Writes its own address into one word of each step, then checks them. */
guest_entry void strides(u64 base, u64 size, u64 step)
{
	for (u64 at = base; at < base + size; at += step)
		*(volatile u64 *)at = at;
	guest_sync(1);
	for (u64 at = base; at < base + size; at += step)
		GUEST_ASSERT_EQ(*(volatile u64 *)at, at);
	guest_done();
}

static struct vcpu *vcpu_striding(u64 size, void *memory, u64 step)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "strides");

	vm_add_memory_at(vcpu->vm, 1, GPA, size, 0, memory);
	vcpu_args(vcpu, 3, GPA, size, step);
	return vcpu;
}

/* Writes by the guest are seen by the host and the other way round. */
static void check_strides(struct vcpu *vcpu, char *memory, u64 size, u64 step)
{
	run_to_sync(vcpu, 1);
	for (u64 at = 0; at < size; at += step)
		CHECK(*(u64 *)(memory + at) == GPA + at);
	run_to_done(vcpu);
}

TEST(sparse_gibibyte)
{
	char *memory = map_anon(GIB);

	madvise(memory, GIB, MADV_NOHUGEPAGE);
	check_strides(vcpu_striding(GIB, memory, STEP), memory, GIB, STEP);
}

/* Many small slots, each with memory of its own. */
TEST(hundred_slots)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "strides");
	u64 size = 100 * PAGE_SIZE;
	char *memory = map_anon(size);

	for (u32 i = 0; i < 100; i++)
		ASSERT_EQ(0, raw_set_memory(vcpu->vm, 1 + i, 0,
					    GPA + i * PAGE_SIZE, PAGE_SIZE,
					    memory + i * PAGE_SIZE));
	vcpu_args(vcpu, 3, GPA, size, PAGE_SIZE);
	check_strides(vcpu, memory, size, PAGE_SIZE);
}

TEST(transparent_huge_pages)
{
	u64 size = 2 * HUGE_SIZE;
	char *memory = map_anon(size);

	if (madvise(memory, size, MADV_HUGEPAGE))
		SKIP(return, "the kernel has no transparent huge pages");
	memset(memory, 0, size);
	check_strides(vcpu_striding(size, memory, PAGE_SIZE), memory, size,
		      PAGE_SIZE);
}

/* Data and code in turns, each page first as the one, then as the other. */
guest_entry void runs_what_it_writes(u64 base, u64 size)
{
	const u64 step = 8 * PAGE_SIZE;

	for (int round = 0; round < 3; round++) {
		for (u64 at = base; at < base + size; at += step) {
			*(volatile u64 *)(at + 8) += at;
			*(volatile u8 *)at = 0xc3;	/* RET */
			((void (*)(void))at)();
			*(volatile u64 *)(at + step / 2) += at;
		}
	}
	for (u64 at = base; at < base + size; at += step) {
		GUEST_ASSERT_EQ(*(volatile u64 *)(at + 8), 3 * at);
		GUEST_ASSERT_EQ(*(volatile u64 *)(at + step / 2), 3 * at);
	}
	guest_done();
}

/* Some hosts let no huge page be executed: it is split as it is met. */
TEST(code_in_transparent_huge_pages)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "runs_what_it_writes");
	u64 size = 2 * HUGE_SIZE;
	char *memory = map_anon(size);

	if (madvise(memory, size, MADV_HUGEPAGE))
		SKIP(return, "the kernel has no transparent huge pages");
	memset(memory, 0, size);
	vm_add_memory_at(vcpu->vm, 1, GPA, size, 0, memory);
	vcpu_args(vcpu, 2, GPA, size);
	run_to_done(vcpu);
}

/* gpa and address differ below 2 MiB: no huge mapping may cover them. */
TEST(huge_page_out_of_step)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "strides");
	u64 size = 2 * HUGE_SIZE;
	char *memory = map_anon(size + HUGE_SIZE);

	madvise(memory, size + HUGE_SIZE, MADV_HUGEPAGE);
	memset(memory, 0, size + HUGE_SIZE);
	memory += 3 * PAGE_SIZE;
	vm_add_memory_at(vcpu->vm, 1, GPA, size, 0, memory);
	vcpu_args(vcpu, 3, GPA, size, PAGE_SIZE);
	check_strides(vcpu, memory, size, PAGE_SIZE);
}

/* A slot that ends within a huge page: nothing behind it may be reached. */
TEST(slot_ends_within_a_huge_page)
{
	u64 size = HUGE_SIZE + 5 * PAGE_SIZE;
	char *memory = map_anon(2 * HUGE_SIZE);
	struct vcpu *vcpu;

	madvise(memory, 2 * HUGE_SIZE, MADV_HUGEPAGE);
	memset(memory, 0, 2 * HUGE_SIZE);
	vcpu = vcpu_striding(size, memory, PAGE_SIZE);
	ASSERT_EQ(0, raw_set_memory(vcpu->vm, 2, 0, GPA + size, PAGE_SIZE,
				    map_anon(PAGE_SIZE)));
	vcpu_args(vcpu, 3, GPA, size + PAGE_SIZE, PAGE_SIZE);
	check_strides(vcpu, memory, size, PAGE_SIZE);
	EXPECT_EQ(0, *(u64 *)(memory + size));
}

static bool reserve_huge_pages(unsigned int n)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "r+");
	unsigned int have = 0;

	if (!f)
		return false;
	fprintf(f, "%u", n);
	fflush(f);
	rewind(f);
	if (fscanf(f, "%u", &have) != 1)
		have = 0;
	fclose(f);
	return have >= n;
}

TEST(hugetlb)
{
	u64 size = 2 * HUGE_SIZE;
	char *memory;

	if (!reserve_huge_pages(2))
		SKIP(return, "no huge pages can be reserved");
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, memory);
	check_strides(vcpu_striding(size, memory, PAGE_SIZE), memory, size,
		      PAGE_SIZE);
	reserve_huge_pages(0);
}

TEST(shared_file_memory)
{
	u64 size = 64 * PAGE_SIZE;
	int fd = memfd_create("guest", MFD_CLOEXEC);
	char *memory, *other;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, size));
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	other = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_NE(MAP_FAILED, other);
	check_strides(vcpu_striding(size, memory, PAGE_SIZE), other, size,
		      PAGE_SIZE);
}

TEST_HARNESS_MAIN
