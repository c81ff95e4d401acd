// SPDX-License-Identifier: GPL-2.0
/* Virtual machines and their memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "vm.h"

#define FIRST_FREE_GPA 0x800000

struct vm *vm_new_bare(void)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	CHECK(vm);
	vm->next_free = FIRST_FREE_GPA;
	vm->dev = device_open();
	vm->fd = ioctl(vm->dev, NACRE_CREATE_VM, 0);
	if (vm->fd < 0)
		die("NACRE_CREATE_VM: %s", strerror(errno));
	return vm;
}

struct vm *vm_new(void)
{
	struct vm *vm = vm_new_bare();
	void *ram = map_anon(VM_RAM_SIZE);

	/* A huge page for each few bytes would be most of a short test. */
	madvise(ram, VM_RAM_SIZE, MADV_NOHUGEPAGE);
	vm_add_memory_at(vm, 0, 0, VM_RAM_SIZE, 0, ram);
	return vm;
}

void vm_free(struct vm *vm)
{
	while (vm->nr_vcpus)
		vcpu_free(vm->vcpus[vm->nr_vcpus - 1]);
	close(vm->fd);
	close(vm->dev);
	for (unsigned int i = 0; i < vm->nr_regions; i++)
		munmap(vm->regions[i].hva, vm->regions[i].size);
	free(vm);
}

void *map_anon(u64 size)
{
	char *p = mmap(NULL, size + HUGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *aligned = (char *)(((uintptr_t)p + HUGE_SIZE - 1) &
				 ~(HUGE_SIZE - 1));

	CHECK(p != MAP_FAILED);
	if (aligned > p)
		munmap(p, aligned - p);
	munmap(aligned + size, p + HUGE_SIZE - aligned);
	return aligned;
}

void unmap_anon(void *p, u64 size)
{
	CHECK(munmap(p, size) == 0);
}

int raw_set_memory(struct vm *vm, u32 slot, u32 flags, u64 gpa, u64 size,
		   void *hva)
{
	struct nacre_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)hva,
	};

	return ioctl(vm->fd, NACRE_SET_USER_MEMORY_REGION, &region);
}

void vm_add_memory_at(struct vm *vm, u32 slot, u64 gpa, u64 size, u32 flags,
		      void *hva)
{
	CHECK(vm->nr_regions < sizeof(vm->regions) / sizeof(*vm->regions));
	if (raw_set_memory(vm, slot, flags, gpa, size, hva))
		die("slot %u flags %#x gpa %#llx size %#llx: %s", slot, flags,
		    gpa, size, strerror(errno));
	vm->regions[vm->nr_regions++] = (struct region) {
		.slot = slot,
		.gpa = gpa,
		.size = size,
		.hva = hva,
	};
}

void *vm_add_memory(struct vm *vm, u32 slot, u64 gpa, u64 size, u32 flags)
{
	void *hva = map_anon(size);

	vm_add_memory_at(vm, slot, gpa, size, flags, hva);
	return hva;
}

void vm_del_memory(struct vm *vm, u32 slot)
{
	if (raw_set_memory(vm, slot, 0, 0, 0, NULL))
		die("delete slot %u: %s", slot, strerror(errno));
	for (unsigned int i = 0; i < vm->nr_regions; i++) {
		if (vm->regions[i].slot == slot) {
			vm->regions[i] = vm->regions[--vm->nr_regions];
			return;
		}
	}
	die("slot %u is not known", slot);
}

void *gpa_to_hva(struct vm *vm, u64 gpa, u64 len)
{
	for (unsigned int i = 0; i < vm->nr_regions; i++) {
		struct region *r = &vm->regions[i];

		if (gpa >= r->gpa && gpa - r->gpa < r->size &&
		    len <= r->size - (gpa - r->gpa))
			return (char *)r->hva + (gpa - r->gpa);
	}
	die("gpa %#llx len %#llx is in no region", gpa, len);
}

u64 vm_alloc(struct vm *vm, u64 size)
{
	u64 gpa = vm->next_free;

	size = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	memset(gpa_to_hva(vm, gpa, size), 0, size);
	vm->next_free += size;
	return gpa;
}
