// SPDX-License-Identifier: GPL-2.0
/*
 * Which capabilities there are. What nacre reports is listed, with its value,
 * in Documentation/abi-capabilities.tsv: number, name, value, where "nonzero"
 * stands for a value that depends on the machine. The rest must be 0.
 */
#include <stdlib.h>

#include "test.h"

#define LAST_CAP 300

/* Those that every VMM asks for before anything else. */
static const u32 needed[] = {
	NACRE_CAP_USER_MEMORY,
	NACRE_CAP_NR_MEMSLOTS,
	NACRE_CAP_NR_VCPUS,
	NACRE_CAP_MAX_VCPUS,
	NACRE_CAP_MAX_VCPU_ID,
	NACRE_CAP_EXT_CPUID,
	NACRE_CAP_SYNC_MMU,
	NACRE_CAP_DESTROY_MEMORY_REGION_WORKS,
	NACRE_CAP_JOIN_MEMORY_REGIONS_WORKS,
	NACRE_CAP_INTERNAL_ERROR_DATA,
	NACRE_CAP_CHECK_EXTENSION_VM,
	NACRE_CAP_IMMEDIATE_EXIT,
};

TEST(every_vmm_needs_these)
{
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		EXPECT_GT(device_cap(needed[i]), 0)
			TH_LOG("capability %u", needed[i]);
	}
}

/* A VMM tests this one for exactly 1. */
TEST(immediate_exit_is_one)
{
	EXPECT_EQ(1, device_cap(NACRE_CAP_IMMEDIATE_EXIT));
}

/* What depends on a VM's type may be missing in one VM, never added. */
TEST(vm_promises_what_the_device_does)
{
	struct vm *vm = vm_new_bare();

	for (u32 cap = 0; cap <= LAST_CAP; cap++) {
		int device = ioctl(vm->dev, NACRE_CHECK_EXTENSION, cap);

		if (!on_nacre() && !vm_cap(vm, cap))
			continue;
		EXPECT_EQ(device, vm_cap(vm, cap))
			TH_LOG("capability %u", cap);
	}
	vm_free(vm);
}

static FILE *open_list(void)
{
	const char *folder = getenv("NACRE_DOCUMENTATION");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/abi-capabilities.tsv",
		 folder ? folder : "Documentation");
	f = fopen(path, "r");
	if (!f)
		die("%s: %s", path, strerror(errno));
	return f;
}

struct listed {
	bool any;	/* any value but 0 */
	long value;
};

static void read_list(struct listed *list)
{
	char line[512], name[128], value[64];
	FILE *f = open_list();
	unsigned int number;

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%u\t%127[^\t]\t%63[^\t\n]", &number, name,
			   value) != 3)
			continue;
		if (number > LAST_CAP)
			continue;
		list[number].any = !strcmp(value, "nonzero");
		list[number].value = strtol(value, NULL, 0);
	}
	fclose(f);
}

static bool has_xsave(void)
{
	struct nacre_cpuid2 *cpuid = supported_cpuid();
	bool has = find_leaf(cpuid, 1, 0)->ecx & 1u << 26;

	free(cpuid);
	return has;
}

TEST(as_documented)
{
	struct listed list[LAST_CAP + 1] = { 0 };
	int fd;

	if (!on_nacre())
		SKIP(return, "the list is nacre's, this is in-tree KVM");
	read_list(list);
	fd = device_open();
	for (u32 cap = 0; cap <= LAST_CAP; cap++) {
		long is = ioctl(fd, NACRE_CHECK_EXTENSION, cap);

		if (list[cap].any && is > 0)
			continue;
		if (cap == NACRE_CAP_XCRS && !has_xsave())
			list[cap].value = 0;
		EXPECT_EQ(list[cap].value, is)
			TH_LOG("capability %u", cap);
	}
	close(fd);
}

TEST_HARNESS_MAIN
