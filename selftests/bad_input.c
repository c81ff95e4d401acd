// SPDX-License-Identifier: GPL-2.0
/*
 * What userspace gets wrong, by accident or not: each mistake has its errno,
 * nothing leaks and nothing is logged.
 */
#include "test.h"
#include <fcntl.h>
#include <glob.h>
#include <sys/mman.h>
#include "leftovers.h"

#define KERNEL_ADDRESS ((void *)0xffff888000000000ul)
/* Of no program, with five levels of page tables also. */
#define NON_CANONICAL ((void *)(1ul << 56))
#define GPA (1ull << 30)
#define MAX_CPUID_ENTRIES 256
#define MAX_MSRS 256
#define MAX_SLOTS 32764
#define MAX_ROUTES 4096

guest_entry void reads(volatile u64 *from)
{
	guest_sync(1, *from);
	guest_done();
}

guest_entry void writes(volatile u64 *to)
{
	*to = 42;
	guest_done();
}

FIXTURE(bad) {
	struct vm *vm;
	struct vcpu *vcpu;
	int files;
	int log;
};

FIXTURE_SETUP(bad)
{
	self->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (self->log >= 0)
		lseek(self->log, 0, SEEK_END);
	self->files = open_files();
	self->vcpu = vcpu_with_guest(GUEST_64, "reads");
	self->vm = self->vcpu->vm;
}

/* A mistake of userspace is no news for the kernel's log. */
static bool log_is_clean(int log)
{
	char record[2048];
	bool clean = true;
	ssize_t n;

	while (log >= 0 && (n = read(log, record, sizeof(record) - 1)) > 0) {
		record[n] = 0;
		if (!strcasestr(record, "nacre"))
			continue;
		printf("# logged: %s", record);
		clean = false;
	}
	return clean;
}

FIXTURE_TEARDOWN(bad)
{
	vm_free(self->vm);
	EXPECT_EQ(self->files, open_files());
	EXPECT_TRUE(log_is_clean(self->log));
}

/* Where a call's argument cannot be. */
static void *const nowhere[] = {
	NULL, (void *)8, KERNEL_ADDRESS, NON_CANONICAL, (void *)-1ul,
	(void *)-4096ul,
};

#define ROW(on, name, error) { #name, on, NACRE_##name, error }
enum on { ON_DEVICE, ON_VM, ON_VCPU };

static const struct {
	const char *name;
	enum on on;
	ulong cmd;
	int error;
} pointer_calls[] = {
	ROW(ON_DEVICE, GET_MSR_INDEX_LIST, EFAULT),
	ROW(ON_DEVICE, GET_SUPPORTED_CPUID, EFAULT),
	ROW(ON_DEVICE, GET_EMULATED_CPUID, EFAULT),
	ROW(ON_VM, SET_USER_MEMORY_REGION, EFAULT),
	ROW(ON_VM, GET_DIRTY_LOG, EFAULT),
	ROW(ON_VM, ENABLE_CAP, EFAULT),
	ROW(ON_VM, IOEVENTFD, EFAULT),
	ROW(ON_VCPU, GET_REGS, EFAULT),
	ROW(ON_VCPU, SET_REGS, EFAULT),
	ROW(ON_VCPU, GET_SREGS, EFAULT),
	ROW(ON_VCPU, SET_SREGS, EFAULT),
	ROW(ON_VCPU, TRANSLATE, EFAULT),
	ROW(ON_VCPU, INTERRUPT, EFAULT),
	ROW(ON_VCPU, GET_MSRS, EFAULT),
	ROW(ON_VCPU, SET_MSRS, EFAULT),
	ROW(ON_VCPU, GET_FPU, EFAULT),
	ROW(ON_VCPU, SET_FPU, EFAULT),
	ROW(ON_VCPU, SET_CPUID2, EFAULT),
	ROW(ON_VCPU, GET_CPUID2, EFAULT),
	ROW(ON_VCPU, GET_MP_STATE, EFAULT),
	ROW(ON_VCPU, SET_MP_STATE, EFAULT),
	ROW(ON_VCPU, GET_VCPU_EVENTS, EFAULT),
	ROW(ON_VCPU, SET_VCPU_EVENTS, EFAULT),
	ROW(ON_VCPU, GET_DEBUGREGS, EFAULT),
	ROW(ON_VCPU, SET_DEBUGREGS, EFAULT),
	ROW(ON_VCPU, GET_XSAVE, EFAULT),
	ROW(ON_VCPU, SET_XSAVE, EFAULT),
	ROW(ON_VCPU, GET_XCRS, EFAULT),
	ROW(ON_VCPU, SET_XCRS, EFAULT),
	ROW(ON_VCPU, SET_GUEST_DEBUG, EFAULT),
	ROW(ON_VCPU, ENABLE_CAP, EFAULT),
};

static int descriptor(struct vcpu *vcpu, enum on on)
{
	return on == ON_DEVICE ? vcpu->vm->dev : on == ON_VM ? vcpu->vm->fd :
	       vcpu->fd;
}

/* What the descriptor says to an ioctl that it does not know. */
static int unknown_errno(enum on on)
{
	return on == ON_VM ? ENOTTY : EINVAL;
}

/* Not built yet: refused with a good argument as with a bad one. */
static bool is_there(struct vcpu *vcpu, enum on on, ulong cmd)
{
	static char zero[65536];
	int r;

	memset(zero, 0, sizeof(zero));
	r = ioctl(descriptor(vcpu, on), cmd, nowhere[0]);
	return !on_nacre() || r != -1 || errno != unknown_errno(on);
}

TEST_F(bad, pointers_to_nowhere)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(pointer_calls); i++) {
		enum on on = pointer_calls[i].on;
		ulong cmd = pointer_calls[i].cmd;

		if (!is_there(self->vcpu, on, cmd)) {
			printf("# %s is not there\n", pointer_calls[i].name);
			continue;
		}
		for (unsigned int j = 0; j < ARRAY_SIZE(nowhere); j++) {
			errno = 0;
			EXPECT_EQ(-1, ioctl(descriptor(self->vcpu, on), cmd,
					    nowhere[j]));
			EXPECT_EQ(pointer_calls[i].error, errno)
				TH_LOG("%s at %p", pointer_calls[i].name,
				       nowhere[j]);
		}
	}
}

/* The kernel may not write where the process may not. */
TEST_F(bad, results_to_read_only_memory)
{
	static const ulong gets[] = {
		NACRE_GET_REGS, NACRE_GET_SREGS, NACRE_GET_FPU,
		NACRE_GET_MP_STATE, NACRE_GET_VCPU_EVENTS,
		NACRE_GET_DEBUGREGS, NACRE_GET_XSAVE, NACRE_GET_XCRS,
	};
	u64 *page = mmap(NULL, 2 * PAGE_SIZE, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, page);
	for (unsigned int i = 0; i < ARRAY_SIZE(gets); i++) {
		if (!is_there(self->vcpu, ON_VCPU, gets[i]))
			continue;
		EXPECT_EQ(-1, ioctl(self->vcpu->fd, gets[i], page));
		EXPECT_EQ(EFAULT, errno);
	}
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		ASSERT_EQ(0, page[i]);
	munmap(page, 2 * PAGE_SIZE);
}

/* The last byte of a struct is on a page that is not there. */
TEST_F(bad, struct_across_the_end)
{
	char *page = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = page + PAGE_SIZE;
	int fd = self->vcpu->fd;

	ASSERT_NE(MAP_FAILED, page);
	munmap(end, PAGE_SIZE);
	EXPECT_EQ(0, ioctl(fd, NACRE_GET_REGS,
			   end - sizeof(struct nacre_regs)));
	EXPECT_EQ(0, ioctl(fd, NACRE_GET_SREGS,
			   end - sizeof(struct nacre_sregs)));
	for (unsigned int cut = 1; cut < sizeof(struct nacre_regs); cut += 7) {
		EXPECT_EQ(-1, ioctl(fd, NACRE_GET_REGS, end -
				    sizeof(struct nacre_regs) + cut));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(-1, ioctl(fd, NACRE_SET_REGS, end -
				    sizeof(struct nacre_regs) + cut));
		EXPECT_EQ(EFAULT, errno);
	}
	munmap(page, PAGE_SIZE);
}

TEST_F(bad, wrong_descriptor)
{
	static const struct {
		enum on on;
		ulong cmd;
	} misplaced[] = {
		{ ON_DEVICE, NACRE_CREATE_VCPU }, { ON_DEVICE, NACRE_RUN },
		{ ON_DEVICE, NACRE_GET_REGS },
		{ ON_DEVICE, NACRE_SET_USER_MEMORY_REGION },
		{ ON_VM, NACRE_CREATE_VM }, { ON_VM, NACRE_GET_API_VERSION },
		{ ON_VM, NACRE_RUN }, { ON_VM, NACRE_GET_SREGS },
		{ ON_VM, NACRE_GET_SUPPORTED_CPUID },
		{ ON_VCPU, NACRE_CREATE_VM }, { ON_VCPU, NACRE_CREATE_VCPU },
		{ ON_VCPU, NACRE_CHECK_EXTENSION },
		{ ON_VCPU, NACRE_SET_USER_MEMORY_REGION },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(misplaced); i++) {
		enum on on = misplaced[i].on;

		errno = 0;
		EXPECT_EQ(-1, ioctl(descriptor(self->vcpu, on),
				    misplaced[i].cmd, 0));
		EXPECT_EQ(unknown_errno(on), errno)
			TH_LOG("%#lx", misplaced[i].cmd);
	}
}

/* Files that have nothing to do with us. */
TEST_F(bad, foreign_descriptors)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	EXPECT_EQ(-1, ioctl(null, NACRE_RUN, 0));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(-1, NACRE_RUN, 0));
	EXPECT_EQ(EBADF, errno);
	close(null);
}

struct slot_case {
	const char *what;
	u32 slot, flags;
	u64 gpa, size;
	void *hva;
	int error;
};

static int try_slot(struct vm *vm, const struct slot_case *c)
{
	return raw_set_memory(vm, c->slot, c->flags, c->gpa, c->size, c->hva) ?
	       errno : 0;
}

TEST_F(bad, slots)
{
	char *m = map_anon(HUGE_SIZE);
	const struct slot_case cases[] = {
		{ "delete what is not there", 1, 0, 0, 0, NULL, EINVAL },
		{ "one byte", 1, 0, GPA, 1, m, EINVAL },
		{ "size not of pages", 1, 0, GPA, PAGE_SIZE + 1, m, EINVAL },
		{ "size 2^64-1", 1, 0, GPA, -1ull, m, EINVAL },
		{ "size 2^64-4096", 1, 0, GPA, -PAGE_SIZE, m, EINVAL },
		{ "size 2^63", 1, 0, 0, 1ull << 63, m, EINVAL },
		{ "end wraps", 1, 0, -PAGE_SIZE, 2 * PAGE_SIZE, m, EINVAL },
		{ "gpa unaligned", 1, 0, GPA + 1, PAGE_SIZE, m, EINVAL },
		{ "gpa unaligned by 512", 1, 0, GPA + 512, PAGE_SIZE, m,
		  EINVAL },
		{ "address unaligned", 1, 0, GPA, PAGE_SIZE, m + 1, EINVAL },
		{ "address of the kernel", 1, 0, GPA, PAGE_SIZE,
		  KERNEL_ADDRESS, EINVAL },
		{ "address not canonical", 1, 0, GPA, PAGE_SIZE,
		  NON_CANONICAL, EINVAL },
		{ "address reaches the kernel", 1, 0, GPA, 2 * PAGE_SIZE,
		  (char *)NON_CANONICAL - 2 * PAGE_SIZE, EINVAL },
		{ "unknown flag", 1, 1u << 3, GPA, PAGE_SIZE, m, EINVAL },
		{ "top flag", 1, 1u << 31, GPA, PAGE_SIZE, m, EINVAL },
		{ "overlap with slot 0", 1, 0, 0, PAGE_SIZE, m, EEXIST },
		{ "overlap by one page", 1, 0, VM_RAM_SIZE - PAGE_SIZE,
		  2 * PAGE_SIZE, m, EEXIST },
		{ "no overlap", 1, 0, VM_RAM_SIZE, PAGE_SIZE, m, 0 },
		{ "other size", 1, 0, VM_RAM_SIZE, 2 * PAGE_SIZE, m, EINVAL },
		{ "other address", 1, 0, VM_RAM_SIZE, PAGE_SIZE,
		  m + PAGE_SIZE, EINVAL },
		{ "becomes read-only", 1, NACRE_MEM_READONLY, VM_RAM_SIZE,
		  PAGE_SIZE, m, EINVAL },
		{ "moves onto slot 0", 1, 0, PAGE_SIZE, PAGE_SIZE, m, EEXIST },
		{ "moves", 1, 0, GPA, PAGE_SIZE, m, 0 },
		{ "goes", 1, 0, 0, 0, NULL, 0 },
		{ "goes twice", 1, 0, 0, 0, NULL, EINVAL },
		{ "the first slot that is none", MAX_SLOTS, 0, GPA, PAGE_SIZE,
		  m, EINVAL },
		{ "slot 0x7fff", 0x7fff, 0, GPA, PAGE_SIZE, m, EINVAL },
		{ "slot 0xffff", 0xffff, 0, GPA, PAGE_SIZE, m, EINVAL },
		{ "address space 0xffff", 0xffff0000, 0, GPA, PAGE_SIZE, m,
		  EINVAL },
		{ "slot 2^32-1", 0xffffffff, 0, GPA, PAGE_SIZE, m, EINVAL },
		{ "the last slot", MAX_SLOTS - 1, 0, GPA, PAGE_SIZE, m, 0 },
		{ "the last slot goes", MAX_SLOTS - 1, 0, 0, 0, NULL, 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].error, try_slot(self->vm, &cases[i]))
			TH_LOG("%s", cases[i].what);
	}
	unmap_anon(m, HUGE_SIZE);
}

TEST_F(bad, vcpu_ids)
{
	int max = device_cap(NACRE_CAP_MAX_VCPU_ID), fd, err;

	ASSERT_LT(0, max);
	ASSERT_GE(1 << 16, max);
	for (u32 id = max; id < 1 << 16; id++) {
		ASSERT_EQ(-1, ioctl(self->vm->fd, NACRE_CREATE_VCPU, id));
		ASSERT_EQ(EINVAL, errno);
	}
	for (int shift = 16; shift < 64; shift++) {
		EXPECT_EQ(-1, ioctl(self->vm->fd, NACRE_CREATE_VCPU,
				    1ull << shift));
		err = errno;
		/* Older in-tree KVM looks at the lower half, and 0 exists. */
		if (err == EEXIST && shift >= 32 && !on_nacre())
			continue;
		EXPECT_EQ(EINVAL, err)
			TH_LOG("id 1 << %d", shift);
	}
	fd = ioctl(self->vm->fd, NACRE_CREATE_VCPU, max - 1);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-1, ioctl(self->vm->fd, NACRE_CREATE_VCPU, max - 1));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(-1, ioctl(self->vm->fd, NACRE_CREATE_VCPU, 0));
	EXPECT_EQ(EEXIST, errno);
	close(fd);
}

TEST_F(bad, cpuid_counts)
{
	static const u32 too_many[] = {
		MAX_CPUID_ENTRIES + 1, 1u << 16, 1u << 31, 0xffffffff,
	};
	struct nacre_cpuid2 *c = calloc(1, sizeof(*c) + MAX_CPUID_ENTRIES *
					sizeof(c->entries[0]));

	for (unsigned int i = 0; i < ARRAY_SIZE(too_many); i++) {
		c->nent = too_many[i];
		EXPECT_EQ(-1, ioctl(self->vcpu->fd, NACRE_SET_CPUID2, c));
		EXPECT_EQ(E2BIG, errno);
	}
	for (u32 n = 0; n < 2; n++) {
		c->nent = n;
		EXPECT_EQ(-1, ioctl(self->vm->dev, NACRE_GET_SUPPORTED_CPUID,
				    c));
		EXPECT_EQ(E2BIG, errno);
	}
	c->nent = 1;
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_CPUID2, c));
	c->nent = 0;
	EXPECT_EQ(-1, ioctl(self->vcpu->fd, NACRE_GET_CPUID2, c));
	EXPECT_EQ(E2BIG, errno);
	c->nent = 0xffffffff;
	EXPECT_EQ(0, ioctl(self->vm->dev, NACRE_GET_SUPPORTED_CPUID, c));
	EXPECT_GE(MAX_CPUID_ENTRIES, c->nent);
	free(c);
}

TEST_F(bad, msr_counts)
{
	static const u32 too_many[] = {
		MAX_MSRS, MAX_MSRS + 1, 1u << 16, 1u << 28, 0xffffffff,
	};
	struct nacre_msrs *m = calloc(1, sizeof(*m) + MAX_MSRS *
				      sizeof(m->entries[0]));

	for (unsigned int i = 0; i < ARRAY_SIZE(too_many); i++) {
		m->nmsrs = too_many[i];
		EXPECT_EQ(-1, ioctl(self->vcpu->fd, NACRE_GET_MSRS, m));
		EXPECT_EQ(E2BIG, errno);
		EXPECT_EQ(-1, ioctl(self->vcpu->fd, NACRE_SET_MSRS, m));
		EXPECT_EQ(E2BIG, errno);
	}
	m->nmsrs = 0;
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_GET_MSRS, m));
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_MSRS, m));
	/* An index that is none ends the list. */
	m->nmsrs = 2;
	m->entries[0].index = 0x12345678;
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_GET_MSRS, m));
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_MSRS, m));
	free(m);
}

TEST_F(bad, msr_list_counts)
{
	struct nacre_msr_list *l = calloc(1, sizeof(*l) + 1024 * 4);

	for (u32 n = 0; n < 2; n++) {
		l->nmsrs = n;
		EXPECT_EQ(-1, ioctl(self->vm->dev, NACRE_GET_MSR_INDEX_LIST,
				    l));
		EXPECT_EQ(E2BIG, errno);
		/* It says how many there are. */
		EXPECT_LT(1, l->nmsrs);
		EXPECT_EQ(0, l->indices[1]);
	}
	EXPECT_EQ(0, ioctl(self->vm->dev, NACRE_GET_MSR_INDEX_LIST, l));
	free(l);
}

TEST_F(bad, reserved_fields)
{
	struct nacre_enable_cap cap = { .cap = NACRE_CAP_IRQCHIP };
	struct nacre_interrupt irq = { .irq = 256 };
	struct nacre_vcpu_events events;
	struct nacre_mp_state mp = { .mp_state = 0xffffffff };

	EXPECT_EQ(-1, ioctl(self->vm->fd, NACRE_ENABLE_CAP, &cap));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->vcpu->fd, NACRE_ENABLE_CAP, &cap));
	EXPECT_EQ(EINVAL, errno);
	cap.flags = 1;
	EXPECT_EQ(-1, ioctl(self->vm->fd, NACRE_ENABLE_CAP, &cap));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->vcpu->fd, NACRE_INTERRUPT, &irq));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_GET_VCPU_EVENTS, &events));
	events.flags |= 1u << 31;
	EXPECT_EQ(-1, ioctl(self->vcpu->fd, NACRE_SET_VCPU_EVENTS, &events));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->vcpu->fd, NACRE_SET_MP_STATE, &mp));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->vcpu->fd, NACRE_RUN, 1));
	EXPECT_EQ(EINVAL, errno);
}

/* Runs the guest at memory of that kind; the errno, or 0. */
static int touch(struct vcpu *vcpu, const char *function, void *memory)
{
	vm_add_memory_at(vcpu->vm, 1, GPA, PAGE_SIZE, 0, memory);
	vcpu_setup(vcpu, GUEST_64, function);
	vcpu_args(vcpu, 1, GPA);
	return raw_run(vcpu) ? errno : 0;
}

TEST_F(bad, slot_of_read_only_memory)
{
	u64 *page = mmap(NULL, PAGE_SIZE, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(EFAULT, touch(self->vcpu, "writes", page));
	EXPECT_EQ(0, *page);
	/* Permission comes, and the same instruction goes through. */
	mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE);
	run_to_done(self->vcpu);
	EXPECT_EQ(42, *page);
}

TEST_F(bad, read_of_read_only_memory)
{
	u64 *page = mmap(NULL, PAGE_SIZE, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(0, touch(self->vcpu, "reads", page));
}

TEST_F(bad, slot_of_inaccessible_memory)
{
	u64 *page = mmap(NULL, PAGE_SIZE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(EFAULT, touch(self->vcpu, "reads", page));
	EXPECT_EQ(-1, raw_run(self->vcpu));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(bad, slot_of_no_memory)
{
	u64 *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(page, PAGE_SIZE);
	EXPECT_EQ(EFAULT, touch(self->vcpu, "reads", page));
}

/* A file that ends before the slot does. */
TEST_F(bad, slot_beyond_the_end_of_a_file)
{
	int fd = memfd_create("short", MFD_CLOEXEC);
	void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);

	close(fd);
	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(EFAULT, touch(self->vcpu, "reads", page));
}

/* The registers of some PCI device, as a process may map them. */
static void *map_device(void)
{
	glob_t found = { };
	void *at = MAP_FAILED;

	glob("/sys/bus/pci/devices/*/resource[0-5]", 0, NULL, &found);
	for (size_t i = 0; at == MAP_FAILED && i < found.gl_pathc; i++) {
		int fd = open(found.gl_pathv[i], O_RDWR | O_CLOEXEC);

		if (fd < 0)
			continue;
		at = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);
		close(fd);
	}
	globfree(&found);
	return at;
}

/* No page of the kernel's: in-tree KVM maps it, nacre maps what it can hold. */
TEST_F(bad, slot_of_device_memory)
{
	void *device = map_device();

	if (device == MAP_FAILED)
		SKIP(return, "no device memory to map");
	EXPECT_EQ(on_nacre() ? EFAULT : 0,
		  touch(self->vcpu, "reads", device));
	munmap(device, PAGE_SIZE);
}

/* The same mistakes a thousand times over cost nothing. */
static void refused(const struct vcpu *vcpu, char *m, int rounds)
{
	struct nacre_msrs msrs = { .nmsrs = 0xffffffff };
	struct nacre_cpuid2 cpuid = { .nent = 0xffffffff };
	struct vm *vm = vcpu->vm;

	while (rounds--) {
		raw_set_memory(vm, 1, NACRE_MEM_LOG_DIRTY_PAGES, 0, HUGE_SIZE,
			       m);
		raw_set_memory(vm, 1, 0, GPA, HUGE_SIZE, m + 1);
		ioctl(vm->fd, NACRE_CREATE_VCPU, 0);
		ioctl(vm->fd, NACRE_CREATE_VCPU, 1 << 20);
		ioctl(vm->dev, NACRE_CREATE_VM, 99);
		ioctl(vcpu->fd, NACRE_SET_MSRS, &msrs);
		ioctl(vcpu->fd, NACRE_SET_CPUID2, &cpuid);
		ioctl(vcpu->fd, NACRE_GET_SREGS, NULL);
	}
}

/* The debug kernel, where this takes long, looks for what is lost by itself. */
TEST_F_TIMEOUT(bad, nothing_leaks, 50)
{
	int rounds = 2000 / slower();
	long before, missing = LONG_MAX;
	char *m = map_anon(HUGE_SIZE);

	refused(self->vcpu, m, 200);
	/* The host's own comes and goes, a few MiB; a leak is there each time. */
	for (int i = 0; i < TRIES && missing > 2048; i++) {
		before = settled_kib();
		refused(self->vcpu, m, rounds);
		missing = missing_kib(before, 2048);
	}
	EXPECT_GE(2048, missing);
	EXPECT_EQ(-1, ioctl(self->vm->dev, NACRE_CREATE_VM, 99));
	EXPECT_EQ(EINVAL, errno);
	unmap_anon(m, HUGE_SIZE);
}

TEST_HARNESS_MAIN
