// SPDX-License-Identifier: GPL-2.0
/*
 * What a VM takes is charged to its owner's memory cgroup, is given back when
 * the VM is gone, and is taken back by force when the limit is reached.
 */
#include "test.h"
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define GPA (1ull << 30)
#define MIB (1ull << 20)
#define SECONDS 20

#define ROOT "/sys/fs/cgroup"
#define GROUP ROOT "/nacre-memory-limits"

guest_entry void strides(u64 size, u64 step)
{
	for (u64 at = GPA; at < GPA + size; at += step)
		*(volatile u64 *)at = at;
	guest_done();
}

static bool make_group(void)
{
	rmdir(GROUP);
	put_text(ROOT "/cgroup.subtree_control", "+memory");
	return mkdir(GROUP, 0755) == 0 &&
	       access(GROUP "/memory.max", F_OK) == 0;
}

/* Runs @fn in a child that is in the group; returns its wait status. */
static int in_group(void (*fn)(void))
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0);
	if (!child) {
		CHECK(put_text(GROUP "/cgroup.procs", "0"));
		fn();
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	return status;
}

/* A line of the group's memory.stat. */
static u64 stat_of(const char *name)
{
	unsigned long long value = 0;
	char key[64];
	FILE *f = fopen(GROUP "/memory.stat", "r");

	CHECK(f);
	while (fscanf(f, "%63s %llu", key, &value) == 2)
		if (!strcmp(key, name))
			break;
	fclose(f);
	return value;
}

/* All that the kernel holds for the group, wherever it counts it. */
static u64 kernel_bytes(void)
{
	return stat_of("kernel") + stat_of("sec_pagetables");
}

static struct vm *use_memory(u64 size, u64 step)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "strides");
	char *memory = map_anon(size);

	madvise(memory, size, MADV_NOHUGEPAGE);
	vm_add_memory_at(vcpu->vm, 1, GPA, size, 0, memory);
	vcpu_args(vcpu, 2, size, step);
	run_to_done(vcpu);
	return vcpu->vm;
}

/* A table for each 2 MiB; the kernel's counters lag behind a little. */
static void charge_and_give_back(void)
{
	u64 before, tables = 256 * PAGE_SIZE, slack = 64 * PAGE_SIZE;
	struct vm *vm;

	vm_free(use_memory(512 * MIB, HUGE_SIZE));
	before = kernel_bytes();
	for (int i = 0; i < 5; i++) {
		vm = use_memory(512 * MIB, HUGE_SIZE);
		wait_for(kernel_bytes() >= before + tables - slack, SECONDS);
		vm_free(vm);
		wait_for(kernel_bytes() <= before + slack, SECONDS);
	}
}

static void use_too_much(void)
{
	use_memory(64 * MIB, PAGE_SIZE);
}

/* 4 MiB of tables, which nobody can swap out, and as much memory. */
static void use_too_many_tables(void)
{
	use_memory(2048 * MIB, HUGE_SIZE);
}

static void use_little(void)
{
	vm_free(use_memory(4 * MIB, PAGE_SIZE));
}

FIXTURE(limits) {
	bool group;
};

FIXTURE_SETUP(limits)
{
	self->group = make_group();
	if (!self->group)
		SKIP(return, "no memory cgroup");
}

FIXTURE_TEARDOWN(limits)
{
	if (self->group)
		wait_for(rmdir(GROUP) == 0, SECONDS);
}

TEST_F(limits, charged_and_given_back)
{
	EXPECT_EQ(0, in_group(charge_and_give_back));
}

TEST_F(limits, out_of_memory)
{
	int status;

	ASSERT_TRUE(put_text(GROUP "/memory.max", "24M"));
	put_text(GROUP "/memory.swap.max", "0");
	status = in_group(use_too_much);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	EXPECT_EQ(0, in_group(use_little));
}

/* Where a table cannot be had the run fails, or the kernel kills. */
TEST_F(limits, out_of_memory_for_tables)
{
	int status;

	ASSERT_TRUE(put_text(GROUP "/memory.max", "6M"));
	put_text(GROUP "/memory.swap.max", "0");
	status = in_group(use_too_many_tables);
	EXPECT_NE(0, status);
	ASSERT_TRUE(put_text(GROUP "/memory.max", "64M"));
	EXPECT_EQ(0, in_group(use_little));
}

TEST_HARNESS_MAIN
