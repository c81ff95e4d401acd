/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The least VM there is, for tests that make a thousand of them or are killed
 * at it: 64 KiB of memory, vCPUs in real mode, ten bytes of code. Nothing
 * here ends the test; each step returns 0 or -1 with errno.
 */
#ifndef SELFTESTS_TINY_VM_H
#define SELFTESTS_TINY_VM_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/vm.h"

#define TINY_SIZE 0x10000ul
#define TINY_CODE 0x1000
#define TINY_SPIN 0x1100
#define TINY_PORT 0x51
#define TINY_VCPUS 2

struct tiny_vm {
	int dev, fd, vcpu[TINY_VCPUS];
	struct nacre_run *run[TINY_VCPUS];
	size_t run_size;
	u8 *memory;
};

/*
 * Writes to one page after the other, with an exit after each:
 *	mov $0x2000, %bx
 * 1:	mov %bl, (%bx); add $0x1000, %bx; out %al, $TINY_PORT; jmp 1b
 */
static const u8 tiny_code[] = {
	0xbb, 0x00, 0x20, 0x88, 0x1f, 0x81, 0xc3, 0x00, 0x10,
	0xe6, TINY_PORT, 0xeb, 0xf6,
};

/* 1: incw 0x8000; jmp 1b */
static const u8 tiny_spin[] = { 0xff, 0x06, 0x00, 0x80, 0xeb, 0xfa };

static inline int tiny_slot(struct tiny_vm *vm, u32 slot, u32 flags, u64 gpa,
			    u64 size)
{
	struct nacre_userspace_memory_region region = {
		.slot = slot, .flags = flags, .guest_phys_addr = gpa,
		.memory_size = size, .userspace_addr = (uintptr_t)vm->memory,
	};

	return ioctl(vm->fd, NACRE_SET_USER_MEMORY_REGION, &region);
}

static inline int tiny_open(struct tiny_vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	vm->fd = vm->vcpu[0] = vm->vcpu[1] = -1;
	vm->dev = open(device_path(), O_RDWR | O_CLOEXEC);
	if (vm->dev < 0)
		return -1;
	vm->run_size = ioctl(vm->dev, NACRE_GET_VCPU_MMAP_SIZE, 0);
	vm->fd = ioctl(vm->dev, NACRE_CREATE_VM, 0);
	return vm->fd < 0 ? -1 : 0;
}

static inline int tiny_memory(struct tiny_vm *vm)
{
	vm->memory = mmap(NULL, TINY_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->memory == MAP_FAILED)
		return -1;
	memcpy(vm->memory + TINY_CODE, tiny_code, sizeof(tiny_code));
	memcpy(vm->memory + TINY_SPIN, tiny_spin, sizeof(tiny_spin));
	return tiny_slot(vm, 0, 0, 0, TINY_SIZE);
}

static inline int tiny_vcpu(struct tiny_vm *vm, int i, u64 rip)
{
	struct nacre_regs regs = { .rip = rip, .rflags = 2 };
	struct nacre_sregs sregs;

	vm->vcpu[i] = ioctl(vm->fd, NACRE_CREATE_VCPU, i);
	if (vm->vcpu[i] < 0)
		return -1;
	vm->run[i] = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE,
			  MAP_SHARED, vm->vcpu[i], 0);
	if (vm->run[i] == MAP_FAILED)
		return -1;
	if (ioctl(vm->vcpu[i], NACRE_GET_SREGS, &sregs))
		return -1;
	sregs.cs.base = sregs.cs.selector = 0;
	if (ioctl(vm->vcpu[i], NACRE_SET_SREGS, &sregs))
		return -1;
	return ioctl(vm->vcpu[i], NACRE_SET_REGS, &regs);
}

static inline void tiny_close(struct tiny_vm *vm)
{
	for (int i = 0; i < TINY_VCPUS; i++) {
		if (vm->run[i] && vm->run[i] != MAP_FAILED)
			munmap(vm->run[i], vm->run_size);
		if (vm->vcpu[i] >= 0)
			close(vm->vcpu[i]);
	}
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->dev >= 0)
		close(vm->dev);
	if (vm->memory && vm->memory != MAP_FAILED)
		munmap(vm->memory, TINY_SIZE);
}

#endif
