// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

/*
 * Where an Intel processor without unrestricted guests keeps its pages: below
 * the firmware's part of the address space, above the APICs, where no memory
 * is.
 */
#define TSS_PAGES	0xfffbd000UL
#define IDENTITY_PAGE	0xfffbc000ULL

/* A module may be interrupted while it makes a VM, and says so. */
#define CREATE_TRIES 5

static const struct {
	unsigned int number;
	const char *name;
} required[] = {
	{ NACRE_CAP_USER_MEMORY, "NACRE_CAP_USER_MEMORY" },
	{ NACRE_CAP_EXT_CPUID, "NACRE_CAP_EXT_CPUID" },
	{ NACRE_CAP_IMMEDIATE_EXIT, "NACRE_CAP_IMMEDIATE_EXIT" },
};

static int check_version(int fd, const char *node, struct nacre_error *error)
{
	int version = ioctl(fd, NACRE_GET_API_VERSION, 0);

	if (version < 0)
		return nacre_fail(error, EPROTO, "%.400s: no hypervisor's node",
				  node);
	if (version != NACRE_API_VERSION)
		return nacre_fail(error, EPROTO,
				  "%.400s: speaks version %d of the ABI, not %d",
				  node, version, NACRE_API_VERSION);
	return 0;
}

static int check_capabilities(int fd, const char *node,
			      struct nacre_error *error)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(required); i++)
		if (ioctl(fd, NACRE_CHECK_EXTENSION, required[i].number) <= 0)
			return nacre_fail(error, EOPNOTSUPP, "%.400s: has no %s",
					  node, required[i].name);
	return 0;
}

/* What open() says, and what to do about it. */
static int not_opened(const char *node, struct nacre_error *error)
{
	if (errno == ENOENT)
		return nacre_fail(error, ENOENT,
				  "%.400s: no such node; is the module loaded?",
				  node);
	if (errno == EACCES)
		return nacre_fail(error, EACCES,
				  "%.400s: permission denied; its group and mode say who may open it",
				  node);
	return nacre_fail_errno(error, "%.400s", node);
}

static int open_node(const char *node, struct nacre_error *error)
{
	int fd = open(node, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err;

	if (fd < 0)
		return not_opened(node, error);
	err = check_version(fd, node, error);
	if (!err)
		err = check_capabilities(fd, node, error);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int create(int system_fd, const char *node, struct nacre_error *error)
{
	int fd, tries = 0;

	do
		fd = ioctl(system_fd, NACRE_CREATE_VM, NACRE_X86_DEFAULT_VM);
	while (fd < 0 && errno == EINTR && ++tries < CREATE_TRIES);
	if (fd < 0 && errno == EBUSY)
		return nacre_fail(error, EBUSY,
				  "%.400s: another hypervisor owns the processor's extension: unload it first",
				  node);
	return fd >= 0 ? fd : nacre_fail_errno(error, "%.400s: NACRE_CREATE_VM",
					       node);
}

/* Before the first vCPU and the first memory. */
static int place_pages(struct nacre_vm *vm, struct nacre_error *error)
{
	uint64_t page = IDENTITY_PAGE;

	if (nacre_vm_capability(vm, NACRE_CAP_SET_IDENTITY_MAP_ADDR) > 0 &&
	    ioctl(vm->fd, NACRE_SET_IDENTITY_MAP_ADDR, &page))
		return nacre_fail_errno(error, "NACRE_SET_IDENTITY_MAP_ADDR");
	if (nacre_vm_capability(vm, NACRE_CAP_SET_TSS_ADDR) > 0 &&
	    ioctl(vm->fd, NACRE_SET_TSS_ADDR, TSS_PAGES))
		return nacre_fail_errno(error, "NACRE_SET_TSS_ADDR");
	return 0;
}

static int set_up(struct nacre_vm *vm, const char *node,
		  struct nacre_error *error)
{
	int bytes, fd = open_node(node, error);

	if (fd < 0)
		return fd;
	vm->system_fd = fd;
	bytes = ioctl(fd, NACRE_GET_VCPU_MMAP_SIZE, 0);
	if (bytes < 0)
		return nacre_fail_errno(error, "NACRE_GET_VCPU_MMAP_SIZE");
	if ((size_t)bytes < sizeof(struct nacre_run))
		return nacre_fail(error, EPROTO, "a vCPU shares %d bytes only",
				  bytes);
	vm->vcpu_bytes = bytes;
	fd = create(fd, node, error);
	if (fd < 0)
		return fd;
	vm->fd = fd;
	return place_pages(vm, error);
}

int nacre_vm_create(const char *node, struct nacre_vm **result,
		    struct nacre_error *error)
{
	struct nacre_vm *vm = calloc(1, sizeof(*vm));
	int err;

	*result = NULL;
	if (!vm)
		return nacre_fail_errno(error, "a VM");
	vm->fd = -1;
	vm->system_fd = -1;
	err = set_up(vm, node, error);
	if (err) {
		nacre_vm_destroy(vm);
		return err;
	}
	*result = vm;
	return 0;
}

void nacre_vm_destroy(struct nacre_vm *vm)
{
	if (!vm)
		return;
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->system_fd >= 0)
		close(vm->system_fd);
	free(vm->messages);
	free(vm);
}

int nacre_vm_fd(const struct nacre_vm *vm)
{
	return vm->fd;
}

int nacre_vm_system_fd(const struct nacre_vm *vm)
{
	return vm->system_fd;
}

/* What cannot be asked of the VM is asked of the node. */
int nacre_vm_capability(const struct nacre_vm *vm, unsigned int capability)
{
	int value = ioctl(vm->fd, NACRE_CHECK_EXTENSION, capability);

	if (value < 0)
		value = ioctl(vm->system_fd, NACRE_CHECK_EXTENSION, capability);
	return value < 0 ? 0 : value;
}

int nacre_vm_set_memory(struct nacre_vm *vm, const struct nacre_memory *memory,
			struct nacre_error *error)
{
	const struct nacre_memory_region *r;
	unsigned int i, count;

	r = nacre_memory_regions(memory, &count);
	for (i = 0; i < count; i++) {
		struct nacre_userspace_memory_region slot = {
			.slot = i,
			.guest_phys_addr = r[i].gpa,
			.memory_size = r[i].size,
			.userspace_addr = (uintptr_t)r[i].host,
		};

		if (ioctl(vm->fd, NACRE_SET_USER_MEMORY_REGION, &slot))
			return nacre_fail_errno(error,
				"NACRE_SET_USER_MEMORY_REGION, %llu MiB at %#llx",
				(unsigned long long)(r[i].size / MIB),
				(unsigned long long)r[i].gpa);
	}
	return 0;
}

int nacre_vm_create_irqchip(struct nacre_vm *vm, struct nacre_error *error)
{
	if (ioctl(vm->fd, NACRE_CREATE_IRQCHIP, 0))
		return nacre_fail_errno(error, "NACRE_CREATE_IRQCHIP");
	vm->irqchip = true;
	return 0;
}

int nacre_vm_irq_line(struct nacre_vm *vm, unsigned int gsi, bool level,
		      struct nacre_error *error)
{
	struct nacre_irq_level line = { .irq = gsi, .level = level };

	if (ioctl(vm->fd, NACRE_IRQ_LINE, &line))
		return nacre_fail_errno(error, "NACRE_IRQ_LINE, GSI %u", gsi);
	return 0;
}
