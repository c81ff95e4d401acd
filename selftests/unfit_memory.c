// SPDX-License-Identifier: GPL-2.0
/* User memory that is not what a guest's memory should be. */
#include "test.h"
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <sys/mman.h>

#define GPA (1ull << 30)

guest_entry void reads(volatile u64 *from)
{
	guest_sync(1, *from);
	guest_done();
}

guest_entry void writes(volatile u64 *to)
{
	*to = 5;
	guest_done();
}

FIXTURE(unfit) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(unfit)
{
	self->vcpu = vcpu_with_guest(GUEST_64, "reads");
	vcpu_args(self->vcpu, 1, GPA);
}

FIXTURE_TEARDOWN(unfit)
{
	vm_free(self->vcpu->vm);
}

static sigjmp_buf after_signal;
static siginfo_t got;

static void caught(int signal, siginfo_t *info, void *context)
{
	got = *info;
	siglongjmp(after_signal, 1);
}

/* Some kernels send the signal at once, and again when it is touched. */
static bool poison(void *page)
{
	struct sigaction action = {
		.sa_sigaction = caught,
		.sa_flags = SA_SIGINFO,
	};

	CHECK(!sigaction(SIGBUS, &action, NULL));
	if (sigsetjmp(after_signal, 1))
		return true;
	return !madvise(page, PAGE_SIZE, MADV_HWPOISON);
}

/* The page's memory is broken: the VMM hears of it as of any access. */
TEST_F(unfit, poisoned)
{
	u64 *memory = map_anon(PAGE_SIZE);

	*memory = 1;
	if (!poison(memory))
		SKIP(return, "no MADV_HWPOISON: %s", strerror(errno));
	vm_add_memory_at(self->vcpu->vm, 1, GPA, PAGE_SIZE, 0, memory);
	if (!sigsetjmp(after_signal, 1)) {
		raw_run(self->vcpu);
		ASSERT_TRUE(false) TH_LOG("no SIGBUS, errno %d", errno);
	}
	EXPECT_EQ(BUS_MCEERR_AR, got.si_code);
	EXPECT_EQ(memory, got.si_addr);
}

/* Poisoned while the guest has it: the mapping goes. */
TEST_F(unfit, poisoned_under_the_guest)
{
	u64 *memory = map_anon(PAGE_SIZE);

	*memory = 7;
	vm_add_memory_at(self->vcpu->vm, 1, GPA, PAGE_SIZE, 0, memory);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(7, self->vcpu->uc.args[1]);
	if (!poison(memory))
		SKIP(return, "no MADV_HWPOISON: %s", strerror(errno));
	vcpu_setup(self->vcpu, GUEST_64, "writes");
	vcpu_args(self->vcpu, 1, GPA);
	if (!sigsetjmp(after_signal, 1)) {
		raw_run(self->vcpu);
		ASSERT_TRUE(false) TH_LOG("no SIGBUS, errno %d", errno);
	}
	EXPECT_EQ(BUS_MCEERR_AR, got.si_code);
}

/* The first page of a device's memory that can be mapped. */
static void *map_device(void)
{
	void *p = MAP_FAILED;
	glob_t found;

	if (glob("/sys/bus/pci/devices/*/resource[0-9]", 0, NULL, &found))
		return MAP_FAILED;
	for (size_t i = 0; i < found.gl_pathc && p == MAP_FAILED; i++) {
		int fd = open(found.gl_pathv[i], O_RDWR | O_SYNC | O_CLOEXEC);

		if (fd < 0)
			continue;
		p = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fd, 0);
		close(fd);
	}
	globfree(&found);
	return p;
}

/* No page behind it that could be held: refused, and the VMM lives on. */
TEST_F(unfit, device_memory)
{
	void *device = map_device();

	if (!on_nacre())
		SKIP(return, "in-tree KVM maps it");
	if (device == MAP_FAILED)
		SKIP(return, "no device's memory can be mapped");
	vm_add_memory_at(self->vcpu->vm, 1, GPA, PAGE_SIZE, 0, device);
	EXPECT_ERROR(EFAULT, raw_run(self->vcpu));
	EXPECT_ERROR(EFAULT, raw_run(self->vcpu));
	ASSERT_NE(MAP_FAILED, mmap(device, PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				   -1, 0));
	*(u64 *)device = 3;
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(3, self->vcpu->uc.args[1]);
}

/* A guest's write to a page that the VMM may only read. */
TEST_F(unfit, read_only_file)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	u64 *memory = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);

	ASSERT_NE(MAP_FAILED, memory);
	vm_add_memory_at(self->vcpu->vm, 1, GPA, PAGE_SIZE, 0, memory);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(*memory, self->vcpu->uc.args[1]);
	vcpu_setup(self->vcpu, GUEST_64, "writes");
	vcpu_args(self->vcpu, 1, GPA);
	EXPECT_ERROR(EFAULT, raw_run(self->vcpu));
}

/* Private file memory: the guest's write makes a copy, the file stays. */
TEST_F(unfit, private_file)
{
	int fd = memfd_create("private", MFD_CLOEXEC);
	u64 in_file = 9, *memory;

	ASSERT_EQ(0, ftruncate(fd, PAGE_SIZE));
	ASSERT_EQ(sizeof(in_file), pwrite(fd, &in_file, sizeof(in_file), 0));
	memory = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
		      0);
	ASSERT_NE(MAP_FAILED, memory);
	vm_add_memory_at(self->vcpu->vm, 1, GPA, PAGE_SIZE, 0, memory);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(9, self->vcpu->uc.args[1]);
	vcpu_setup(self->vcpu, GUEST_64, "writes");
	vcpu_args(self->vcpu, 1, GPA);
	run_to_done(self->vcpu);
	EXPECT_EQ(5, *memory);
	ASSERT_EQ(sizeof(in_file), pread(fd, &in_file, sizeof(in_file), 0));
	EXPECT_EQ(9, in_file);
}

TEST_HARNESS_MAIN
