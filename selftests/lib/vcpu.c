// SPDX-License-Identifier: GPL-2.0
/* vCPUs and their state. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "vm.h"

#define STACK_SIZE (4 * PAGE_SIZE)
#define REAL_STACK_TOP 0x8000	/* below the 16-bit image */
#define MAX_ARGS 4

struct vcpu *vcpu_new(struct vm *vm, u32 id)
{
	struct vcpu *vcpu = calloc(1, sizeof(*vcpu));

	CHECK(vcpu && vm->nr_vcpus < sizeof(vm->vcpus) / sizeof(*vm->vcpus));
	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->fd = ioctl(vm->fd, NACRE_CREATE_VCPU, id);
	if (vcpu->fd < 0)
		die("NACRE_CREATE_VCPU %u: %s", id, strerror(errno));
	vcpu->run_size = ioctl(vm->dev, NACRE_GET_VCPU_MMAP_SIZE, 0);
	vcpu->run = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		die("mmap of vCPU %u: %s", id, strerror(errno));
	vm->vcpus[vm->nr_vcpus++] = vcpu;
	return vcpu;
}

void vcpu_free(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	unsigned int i = 0;

	while (vm->vcpus[i] != vcpu)
		i++;
	vm->vcpus[i] = vm->vcpus[--vm->nr_vcpus];
	munmap(vcpu->run, vcpu->run_size);
	close(vcpu->fd);
	free(vcpu);
}

/* As after a CALL: the return address on top of the stack. */
static u64 new_stack(struct vm *vm, enum guest_mode mode)
{
	u64 ret = guest_symbol(mode, "guest_returned");
	u64 top = REAL_STACK_TOP;

	if (mode != GUEST_16)
		top = vm_alloc(vm, STACK_SIZE) + STACK_SIZE;
	top -= 64 + 8;
	memcpy(gpa_to_hva(vm, top, 8), &ret, 8);
	return top;
}

void vcpu_setup(struct vcpu *vcpu, enum guest_mode mode, const char *name)
{
	struct nacre_regs regs = { .rflags = RFLAGS_FIXED };
	struct nacre_sregs sregs;

	if (!vcpu->vm->image[mode])
		vm_write_tables(vcpu->vm, mode);
	vm_load_image(vcpu->vm, mode);
	vcpu->mode = mode;
	get_sregs(vcpu, &sregs);
	mode_sregs(vcpu->vm, mode, &sregs);
	set_sregs(vcpu, &sregs);
	regs.rip = guest_symbol(mode, name);
	regs.rsp = new_stack(vcpu->vm, mode);
	set_regs(vcpu, &regs);
}

void vcpu_args(struct vcpu *vcpu, unsigned int n, ...)
{
	u64 args[MAX_ARGS] = { 0 };
	struct nacre_regs regs;
	va_list ap;

	CHECK(n <= MAX_ARGS);
	va_start(ap, n);
	for (unsigned int i = 0; i < n; i++)
		args[i] = va_arg(ap, u64);
	va_end(ap);
	get_regs(vcpu, &regs);
	for (unsigned int i = 0; i < n && vcpu->mode != GUEST_64; i++) {
		u32 arg = args[i];

		memcpy(gpa_to_hva(vcpu->vm, regs.rsp + 4 + 4 * i, 4), &arg, 4);
	}
	regs.rdi = args[0];
	regs.rsi = args[1];
	regs.rdx = args[2];
	regs.rcx = args[3];
	set_regs(vcpu, &regs);
}

struct vcpu *vcpu_with_guest(enum guest_mode mode, const char *name)
{
	struct vcpu *vcpu = vcpu_new(vm_new(), 0);

	vcpu_setup(vcpu, mode, name);
	return vcpu;
}

void get_regs(struct vcpu *vcpu, struct nacre_regs *regs)
{
	CHECK(ioctl(vcpu->fd, NACRE_GET_REGS, regs) == 0);
}

void set_regs(struct vcpu *vcpu, const struct nacre_regs *regs)
{
	CHECK(ioctl(vcpu->fd, NACRE_SET_REGS, regs) == 0);
}

void get_sregs(struct vcpu *vcpu, struct nacre_sregs *sregs)
{
	CHECK(ioctl(vcpu->fd, NACRE_GET_SREGS, sregs) == 0);
}

void set_sregs(struct vcpu *vcpu, const struct nacre_sregs *sregs)
{
	CHECK(ioctl(vcpu->fd, NACRE_SET_SREGS, sregs) == 0);
}

u64 get_rip(struct vcpu *vcpu)
{
	struct nacre_regs regs;

	get_regs(vcpu, &regs);
	return regs.rip;
}

struct one_msr {
	struct nacre_msrs head;
	struct nacre_msr_entry entry;
};

bool get_msr(struct vcpu *vcpu, u32 index, u64 *value)
{
	struct one_msr msr = { .head.nmsrs = 1, .entry.index = index };
	int n = ioctl(vcpu->fd, NACRE_GET_MSRS, &msr);

	CHECK(n >= 0);
	*value = msr.entry.data;
	return n == 1;
}

bool set_msr(struct vcpu *vcpu, u32 index, u64 value)
{
	struct one_msr msr = {
		.head.nmsrs = 1,
		.entry = { .index = index, .data = value },
	};
	int n = ioctl(vcpu->fd, NACRE_SET_MSRS, &msr);

	CHECK(n >= 0);
	return n == 1;
}

#define MAX_CPUID_ENTRIES 256

struct nacre_cpuid2 *supported_cpuid(void)
{
	struct nacre_cpuid2 *cpuid;
	int fd = device_open();

	cpuid = calloc(1, sizeof(*cpuid) +
		       MAX_CPUID_ENTRIES * sizeof(cpuid->entries[0]));
	CHECK(cpuid);
	cpuid->nent = MAX_CPUID_ENTRIES;
	CHECK(ioctl(fd, NACRE_GET_SUPPORTED_CPUID, cpuid) == 0);
	close(fd);
	return cpuid;
}

struct nacre_cpuid_entry2 *find_leaf(struct nacre_cpuid2 *cpuid, u32 function,
				     u32 index)
{
	for (u32 i = 0; i < cpuid->nent; i++) {
		struct nacre_cpuid_entry2 *e = &cpuid->entries[i];

		if (e->function == function && e->index == index)
			return e;
	}
	return NULL;
}

int raw_set_cpuid(struct vcpu *vcpu, struct nacre_cpuid2 *cpuid)
{
	return ioctl(vcpu->fd, NACRE_SET_CPUID2, cpuid);
}

void set_supported_cpuid(struct vcpu *vcpu)
{
	struct nacre_cpuid2 *cpuid = supported_cpuid();

	CHECK(raw_set_cpuid(vcpu, cpuid) == 0);
	free(cpuid);
}
