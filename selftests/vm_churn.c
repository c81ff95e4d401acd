// SPDX-License-Identifier: GPL-2.0
/*
 * A thousand VMs come, run and go; the memory they took comes back whole.
 * Several processes make them side by side: most of a VM's end is waiting.
 */
#include "test.h"
#include <sys/wait.h>
#include "leftovers.h"
#include "tiny_vm.h"

#define PROCESSES 5
#define WARM_UP (100 / PROCESSES)
#define MEASURED (1000 / PROCESSES)
#define EXITS 6
#define SLACK_KIB 2048

static int one_vm(void)
{
	struct tiny_vm vm;
	int bad = tiny_open(&vm) || tiny_memory(&vm) ||
		  tiny_vcpu(&vm, 0, TINY_CODE);

	for (int i = 0; !bad && i < EXITS; i++)
		bad = ioctl(vm.vcpu[0], NACRE_RUN, 0) ||
		      vm.run[0]->exit_reason != NACRE_EXIT_IO;
	if (bad)
		fprintf(stderr, "# errno %d, exit reason %d\n", errno,
			vm.run[0] ? (int)vm.run[0]->exit_reason : -1);
	bad |= vm.memory && vm.memory[0x3000] != 0;
	tiny_close(&vm);
	return bad;
}

/* Makes @each VMs in each process; true if all of them ran. */
static bool churn(int each)
{
	bool ok = true;
	int status;

	for (int p = 0; p < PROCESSES; p++) {
		pid_t pid = fork();

		if (!pid) {
			int bad = 0;

			for (int i = 0; i < each && !bad; i++)
				bad = one_vm();
			_exit(bad);
		}
		ok &= pid > 0;
	}
	while (wait(&status) > 0)
		ok &= status == 0;
	return ok;
}

FIXTURE(churn) { };
FIXTURE_SETUP(churn) { }
FIXTURE_TEARDOWN(churn) { }

TEST_F_TIMEOUT(churn, memory_comes_back, 240)
{
	long before, missing = LONG_MAX;

	ASSERT_TRUE(churn(WARM_UP));
	/* The host's own comes and goes, a few MiB; a leak is there each time. */
	for (int i = 0; i < TRIES && missing > SLACK_KIB; i++) {
		before = settled_kib();
		ASSERT_TRUE(churn(MEASURED));
		missing = missing_kib(before, SLACK_KIB);
	}
	EXPECT_GE(SLACK_KIB, missing);
}

TEST_F_TIMEOUT(churn, no_object_stays, 60)
{
	char name[64];
	long n;

	if (!on_nacre())
		SKIP(return, "in-tree KVM's caches are not told apart");
	ASSERT_TRUE(churn(WARM_UP));
	n = settled_slab_objects(name, sizeof(name));
	if (n < 0)
		SKIP(return, "the module has no cache of its own in slabinfo");
	EXPECT_EQ(0, n)
		TH_LOG("cache %s has %ld objects in use", name, n);
}

TEST_F_TIMEOUT(churn, no_reference_stays, 60)
{
	long before = module_references();

	ASSERT_TRUE(churn(WARM_UP));
	EXPECT_EQ(before, module_references());
}

TEST_HARNESS_MAIN
