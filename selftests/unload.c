// SPDX-License-Identifier: GPL-2.0
/*
 * The module goes when nobody uses it and stays while a VM is open. It is
 * taken out and put in again, from the file named by $NACRE_KO, or found
 * beside this program's folder.
 */
#include "test.h"
#include <glob.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include "leftovers.h"
#include "tiny_vm.h"

#define ROUNDS 20

static int delete_module(void)
{
	return syscall(SYS_delete_module, vendor_module(), O_NONBLOCK);
}

static bool find(const char *pattern, char *to, size_t room)
{
	glob_t found = { };
	bool ok = !glob(pattern, 0, NULL, &found) && found.gl_pathc;

	if (ok)
		snprintf(to, room, "%s", found.gl_pathv[0]);
	globfree(&found);
	return ok;
}

/* The file that the loaded module came from. */
static bool module_file(const char *module, char *to, size_t room)
{
	const char *given = getenv("NACRE_KO");
	char build[512], pattern[800], *slash;
	struct utsname u;
	ssize_t n;

	if (given && *given)
		return find(given, to, room);
	n = readlink("/proc/self/exe", build, sizeof(build) - 1);
	CHECK(n > 0);
	build[n] = 0;
	for (int i = 0; i < 2; i++) {
		slash = strrchr(build, '/');
		CHECK(slash);
		*slash = 0;
	}
	uname(&u);
	if (!strcmp(module, "nacre"))
		snprintf(pattern, sizeof(pattern), "%s/%s/nacre.ko", build,
			 u.release);
	else
		snprintf(pattern, sizeof(pattern),
			 "%s/lab/kernels/*/lib/modules/%s/kernel/arch/x86/kvm/kvm-%s.ko",
			 build, u.release, module + strlen("kvm_"));
	return find(pattern, to, room);
}

static int load(const char *file, const char *parameters)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), result;

	CHECK(fd >= 0);
	result = syscall(SYS_finit_module, fd, parameters, 0);
	close(fd);
	return result;
}

FIXTURE(unload) {
	char module[32];
	char file[512];
	char parameters[64];
};

FIXTURE_SETUP(unload)
{
	snprintf(self->module, sizeof(self->module), "%s", vendor_module());
	if (!module_file(self->module, self->file, sizeof(self->file)))
		SKIP(return, "no file of module %s", self->module);
	/* Come back under the same node. */
	if (on_nacre() && strstr(device_path(), "kvm"))
		strcpy(self->parameters, "node=kvm");
}

FIXTURE_TEARDOWN(unload)
{
	if (*self->file && module_references() < 0)
		load(self->file, self->parameters);
}

TEST_F(unload, refused_while_a_vm_is_open)
{
	struct tiny_vm vm;

	ASSERT_EQ(0, tiny_open(&vm));
	EXPECT_EQ(-1, delete_module());
	EXPECT_EQ(EWOULDBLOCK, errno);
	close(vm.dev);
	vm.dev = -1;
	/* The VM's own descriptor is enough. */
	EXPECT_EQ(-1, delete_module());
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(0, tiny_memory(&vm));
	EXPECT_EQ(0, tiny_vcpu(&vm, 0, TINY_CODE));
	EXPECT_EQ(0, ioctl(vm.vcpu[0], NACRE_RUN, 0));
	tiny_close(&vm);
}

TEST_F(unload, refused_while_a_vcpu_is_open)
{
	struct tiny_vm vm;

	ASSERT_EQ(0, tiny_open(&vm));
	ASSERT_EQ(0, tiny_memory(&vm));
	ASSERT_EQ(0, tiny_vcpu(&vm, 0, TINY_CODE));
	close(vm.dev);
	close(vm.fd);
	vm.dev = vm.fd = -1;
	EXPECT_EQ(-1, delete_module());
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(0, ioctl(vm.vcpu[0], NACRE_RUN, 0));
	tiny_close(&vm);
}

/* Its pages are the module's, though every descriptor is closed. */
TEST_F(unload, refused_while_a_vcpu_is_mapped)
{
	struct tiny_vm vm;
	void *run;

	ASSERT_EQ(0, tiny_open(&vm));
	ASSERT_EQ(0, tiny_memory(&vm));
	ASSERT_EQ(0, tiny_vcpu(&vm, 0, TINY_CODE));
	run = vm.run[0];
	vm.run[0] = NULL;
	tiny_close(&vm);
	EXPECT_EQ(-1, delete_module());
	EXPECT_EQ(EWOULDBLOCK, errno);
	((volatile struct nacre_run *)run)->immediate_exit = 1;
	ASSERT_EQ(0, munmap(run, vm.run_size));
}

TEST_F_TIMEOUT(unload, goes_and_comes_back, 120)
{
	struct tiny_vm vm;

	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, delete_module())
			TH_LOG("round %d: errno %d", i, errno);
		EXPECT_EQ(-1, open(device_path(), O_RDWR | O_CLOEXEC));
		ASSERT_EQ(0, load(self->file, self->parameters))
			TH_LOG("round %d: errno %d", i, errno);
		wait_for(!access(device_path(), R_OK | W_OK), 5);
		ASSERT_EQ(0, tiny_open(&vm));
		ASSERT_EQ(0, tiny_memory(&vm));
		ASSERT_EQ(0, tiny_vcpu(&vm, 0, TINY_CODE));
		ASSERT_EQ(0, ioctl(vm.vcpu[0], NACRE_RUN, 0));
		EXPECT_EQ(NACRE_EXIT_IO, vm.run[0]->exit_reason);
		tiny_close(&vm);
	}
}

TEST_HARNESS_MAIN
