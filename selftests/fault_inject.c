// SPDX-License-Identifier: GPL-2.0
/*
 * Each call in the life of a VM, with its first allocation failing, then its
 * second, and so on until it makes no more; then the same with its copies
 * from and to the VMM. A call that fails says so by the ABI's errno, leaves
 * nothing behind, logs nothing, and works when it is made again.
 *
 * The kernel's fault injection fails what has the module on its call stack,
 * but for what kmemleak allocates for itself, which would end it. What leaks is
 * found by the lab's search for leaks, too.
 */
#include "test.h"
#include <limits.h>
#include "leftovers.h"
#include "tiny_vm.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"
#define DEBUGFS "/sys/kernel/debug/"
#define LOG_GPA 0x10000000ul
#define MOST 2000		/* more than any call here allocates or copies */
#define KMEMLEAK_CODE 0x100	/* of its entry points, each */

/* What is made to fail: directories of debugfs. */
enum { SLAB, PAGE, COPY, KINDS };
static const char *const kinds[] = {
	"failslab", "fail_page_alloc", "fail_usercopy",
};

struct range {
	unsigned long start, end;
};

static const struct range nothing = { 1, 1 }, everything = { 0, ULONG_MAX };

static void set(int kind, const char *name, unsigned long value)
{
	char path[80], text[24];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", kinds[kind], name);
	snprintf(text, sizeof(text), "%#lx", value);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s to %s: %s", text, path, strerror(errno));
	close(fd);
}

static void set_flag(int kind, const char *name, bool on)
{
	char path[80];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", kinds[kind], name);
	write_word(path, on ? "Y" : "N");
}

static void set_range(int kind, struct range callers)
{
	set(kind, "require-start", callers.start);
	set(kind, "require-end", callers.end);
}

/* Where kmemleak is entered; empty without it. */
static struct range kmemleak_range(void)
{
	struct range r = { ULONG_MAX, 0 };
	FILE *from = fopen("/proc/kallsyms", "r");
	unsigned long at;
	char line[512], type, name[256];

	CHECK(from);
	while (fgets(line, sizeof(line), from)) {
		if (sscanf(line, "%lx %c %255s", &at, &type, name) != 3 ||
		    (strcmp(name, "kmemleak_alloc") &&
		     strcmp(name, "kmemleak_alloc_percpu") &&
		     strcmp(name, "kmemleak_vmalloc") &&
		     strcmp(name, "kmemleak_scan_area")))
			continue;
		if (at < r.start)
			r.start = at;
		if (at + KMEMLEAK_CODE > r.end)
			r.end = at + KMEMLEAK_CODE;
	}
	fclose(from);
	return r.end ? r : (struct range){ };
}

/* Where the code of the module under test lies; in-tree KVM has two. */
static struct range module_range(void)
{
	struct range r = { ULONG_MAX, 0 };
	FILE *from = fopen("/proc/modules", "r");
	unsigned long size, start;
	char line[512], name[64];

	CHECK(from);
	while (fgets(line, sizeof(line), from)) {
		char *at = strstr(line, " 0x");

		if (sscanf(line, "%63s %lu", name, &size) != 2 || !at ||
		    strncmp(name, on_nacre() ? "nacre" : "kvm",
			    on_nacre() ? 5 : 3))
			continue;
		start = strtoul(at, NULL, 16);
		if (start < r.start)
			r.start = start;
		if (start + size > r.end)
			r.end = start + size;
	}
	fclose(from);
	CHECK(r.start && r.start < r.end);
	return r;
}

/* The next call that counts is number @n; 0: no more. */
static void arm(unsigned int n)
{
	char text[16];
	int fd = open(FAIL_NTH, O_WRONLY | O_CLOEXEC);

	snprintf(text, sizeof(text), "%u", n);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) > 0);
	close(fd);
}

/* Whether it came to number @n since arm(@n). */
static bool disarm(void)
{
	bool failed = number_in(FAIL_NTH) == 0;

	arm(0);
	return failed;
}

/* A VM, and what the calls below keep from one to the next. */
struct life {
	struct tiny_vm vm;
	struct nacre_cpuid2 *cpuid;
	u64 log[TINY_SIZE / PAGE_SIZE / 64 + 1];
};

static int create_vm(struct life *l)
{
	l->vm.fd = ioctl(l->vm.dev, NACRE_CREATE_VM, 0);
	return l->vm.fd < 0 ? -1 : 0;
}

static int add_slot(struct life *l)
{
	return tiny_slot(&l->vm, 0, 0, 0, TINY_SIZE);
}

static int add_logged_slot(struct life *l)
{
	return tiny_slot(&l->vm, 1, NACRE_MEM_LOG_DIRTY_PAGES, LOG_GPA,
			 TINY_SIZE);
}

static int create_vcpu(struct life *l)
{
	l->vm.vcpu[0] = ioctl(l->vm.fd, NACRE_CREATE_VCPU, 0);
	return l->vm.vcpu[0] < 0 ? -1 : 0;
}

static int map_vcpu(struct life *l)
{
	void *run = mmap(NULL, l->vm.run_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, l->vm.vcpu[0], 0);

	l->vm.run[0] = run == MAP_FAILED ? NULL : run;
	return l->vm.run[0] ? 0 : -1;
}

static int set_cpuid(struct life *l)
{
	return ioctl(l->vm.vcpu[0], NACRE_SET_CPUID2, l->cpuid);
}

static int set_state(struct life *l)
{
	struct nacre_regs regs = { .rip = TINY_CODE, .rflags = 2 };
	struct nacre_sregs sregs;

	if (ioctl(l->vm.vcpu[0], NACRE_GET_SREGS, &sregs))
		return -1;
	sregs.cs.base = sregs.cs.selector = 0;
	if (ioctl(l->vm.vcpu[0], NACRE_SET_SREGS, &sregs))
		return -1;
	return ioctl(l->vm.vcpu[0], NACRE_SET_REGS, &regs);
}

static int set_one_msr(struct life *l)
{
	struct {
		struct nacre_msrs head;
		struct nacre_msr_entry entry;
	} msr = { { .nmsrs = 1 }, { .index = MSR_STAR, .data = 1 } };

	return ioctl(l->vm.vcpu[0], NACRE_SET_MSRS, &msr) == 1 ? 0 : -1;
}

static int get_fpu(struct life *l)
{
	struct nacre_xsave xsave;

	return ioctl(l->vm.vcpu[0], NACRE_GET_XSAVE, &xsave) ||
	       ioctl(l->vm.vcpu[0], NACRE_SET_XSAVE, &xsave) ? -1 : 0;
}

static int first_run(struct life *l)
{
	if (ioctl(l->vm.vcpu[0], NACRE_RUN, 0))
		return -1;
	CHECK(l->vm.run[0]->exit_reason == NACRE_EXIT_IO);
	return 0;
}

static int get_log(struct life *l)
{
	struct nacre_dirty_log log = { .slot = 1, .dirty_bitmap = l->log };

	return ioctl(l->vm.fd, NACRE_GET_DIRTY_LOG, &log);
}

static int delete_slot(struct life *l)
{
	return tiny_slot(&l->vm, 1, 0, LOG_GPA, 0);
}

/* The last descriptor takes everything with it, and has to succeed. */
static int tear_down(struct life *l)
{
	tiny_close(&l->vm);
	return 0;
}

static const struct call {
	const char *name;
	int (*make)(struct life *l);
	int without_memory[2];	/* errnos */
} calls[] = {
	{ "create_vm", create_vm, { ENOMEM } },
	{ "add_slot", add_slot, { ENOMEM } },
	{ "add_logged_slot", add_logged_slot, { ENOMEM } },
	{ "create_vcpu", create_vcpu, { ENOMEM } },
	{ "map_vcpu", map_vcpu, { ENOMEM } },
	{ "set_cpuid", set_cpuid, { ENOMEM } },
	{ "set_state", set_state, { ENOMEM } },
	{ "set_one_msr", set_one_msr, { ENOMEM } },
	{ "get_fpu", get_fpu, { ENOMEM } },
	/* The second, if it was a page of the VMM's own. */
	{ "first_run", first_run, { ENOMEM, EFAULT } },
	{ "get_log", get_log, { ENOMEM } },
	{ "delete_slot", delete_slot, { ENOMEM } },
	{ "tear_down", tear_down, { } },
};

#define CALLS (sizeof(calls) / sizeof(*calls))

static void begin(struct life *l)
{
	memset(l, 0, sizeof(*l));
	l->vm.fd = l->vm.vcpu[0] = l->vm.vcpu[1] = -1;
	l->vm.dev = device_open();
	l->vm.run_size = ioctl(l->vm.dev, NACRE_GET_VCPU_MMAP_SIZE, 0);
	l->vm.memory = mmap(NULL, TINY_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(l->vm.memory != MAP_FAILED);
	memcpy(l->vm.memory + TINY_CODE, tiny_code, sizeof(tiny_code));
	l->cpuid = supported_cpuid();
}

static void must(const struct call *c, struct life *l, const char *when)
{
	if (c->make(l))
		die("%s %s: %s", c->name, when, strerror(errno));
}

/*
 * One life in which the @n-th of what call @which does fails. Returns whether
 * there was an @n-th.
 */
static bool one_life(size_t which, unsigned int n, const int errors[2])
{
	const struct call *c = &calls[which];
	int result, error;
	struct life l;
	bool failed;

	begin(&l);
	for (size_t i = 0; i < which; i++)
		must(&calls[i], &l, "before anything fails");
	arm(n);
	result = c->make(&l);
	error = errno;
	failed = disarm();
	if (result && !failed)
		die("%s, nothing failed: %s", c->name, strerror(error));
	if (result && error != errors[0] && error != errors[1])
		die("%s, failure %u: %s", c->name, n, strerror(error));
	if (result)
		must(c, &l, "again");
	for (size_t i = which + 1; i < CALLS; i++)
		must(&calls[i], &l, "after a failure elsewhere");
	free(l.cpuid);
	return failed;
}

/* Lets each of the calls fail in turn; returns how often one did. */
static unsigned int all_lives(const struct range callers[KINDS],
			      const int errors[2])
{
	unsigned int n, sum = 0;

	for (int kind = 0; kind < KINDS; kind++)
		set_range(kind, callers[kind]);
	for (size_t i = 0; i < CALLS; i++) {
		for (n = 1; one_life(i, n, errors ?: calls[i].without_memory);
		     n++)
			CHECK(n < MOST);
		printf("# %s: %u\n", calls[i].name, n - 1);
		sum += n - 1;
	}
	return sum;
}

/* From here on: what the kernel says. */
static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	CHECK(fd >= 0 && lseek(fd, 0, SEEK_END) >= 0);
	return fd;
}

/*
 * Prints what nacre says, and returns how many lines that are. What in-tree KVM
 * and the kernel say of allocations of their own is not counted; what is a
 * complaint is counted by the lab.
 */
static int log_lines(int fd)
{
	char line[1024], *text;
	ssize_t len;
	int n = 0;

	while ((len = read(fd, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		text = strchr(line, ';');
		if (!text || strncmp(text, ";nacre", 6))
			continue;
		printf("# the log: %s", text);
		n++;
	}
	return n;
}

FIXTURE(fault) {
	struct range module;
	int log, files;
	long references;
};

FIXTURE_SETUP(fault)
{
	if (access(FAIL_NTH, W_OK) || access(DEBUGFS "failslab", X_OK) ||
	    access(DEBUGFS "failslab/require-start", W_OK))
		SKIP(return, "the kernel has no fault injection");
	for (int kind = 0; kind < KINDS; kind++) {
		set(kind, "verbose", 0);
		set(kind, "reject-start", kmemleak_range().start);
		set(kind, "reject-end", kmemleak_range().end);
	}
	set_flag(SLAB, "ignore-gfp-wait", false);
	set_flag(PAGE, "ignore-gfp-wait", false);
	set_flag(PAGE, "ignore-gfp-highmem", false);
	set(PAGE, "min-order", 0);
	self->module = module_range();
	self->references = module_references();
	self->log = log_open();
	self->files = open_files();
}

FIXTURE_TEARDOWN(fault)
{
	for (int kind = 0; kind < KINDS; kind++)
		set_range(kind, everything);
	EXPECT_EQ(self->files, open_files());
	EXPECT_EQ(self->references, module_references());
	EXPECT_EQ(0, log_lines(self->log));
}

TEST_F_TIMEOUT(fault, allocations, 200)
{
	const struct range callers[KINDS] = {
		self->module, self->module, nothing,
	};

	EXPECT_LT(20, all_lives(callers, NULL));
}

TEST_F_TIMEOUT(fault, copies, 200)
{
	const struct range callers[KINDS] = {
		nothing, nothing, self->module,
	};
	const int errors[2] = { EFAULT };

	EXPECT_LT(10, all_lives(callers, errors));
}

TEST_HARNESS_MAIN
