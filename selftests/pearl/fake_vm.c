// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_vm.h"

struct nacre_vm {
	char unused;
};

struct nacre_vcpu {
	unsigned int id;
	bool kicked;
};

struct fake_hypervisor fake_hypervisor;

static int answer(const char *function, struct nacre_error *error)
{
	if (!fake_hypervisor.fails || strcmp(fake_hypervisor.fails, function))
		return 0;
	error->number = EIO;
	snprintf(error->message, sizeof(error->message), "%s fails", function);
	return -EIO;
}

int nacre_vm_create(const char *node, struct nacre_vm **vm,
		    struct nacre_error *error)
{
	(void)node;
	*vm = NULL;
	if (answer(__func__, error))
		return -EIO;
	*vm = calloc(1, sizeof(**vm));
	fake_hypervisor.created++;
	fake_hypervisor.vms++;
	return 0;
}

void nacre_vm_destroy(struct nacre_vm *vm)
{
	if (!vm)
		return;
	/* Its processors go first. */
	if (fake_hypervisor.vcpus)
		abort();
	fake_hypervisor.vms--;
	free(vm);
}

int nacre_vm_set_memory(struct nacre_vm *vm, const struct nacre_memory *memory,
			struct nacre_error *error)
{
	(void)vm;
	(void)memory;
	return answer(__func__, error);
}

int nacre_vm_create_irqchip(struct nacre_vm *vm, struct nacre_error *error)
{
	(void)vm;
	return answer(__func__, error);
}

int nacre_vm_irq_line(struct nacre_vm *vm, unsigned int gsi, bool level,
		      struct nacre_error *error)
{
	(void)vm;
	if (gsi >= FAKE_LINES || fake_hypervisor.level[gsi] == level) {
		fake_hypervisor.stray = true;
		return 0;
	}
	fake_hypervisor.level[gsi] = level;
	fake_hypervisor.changes[gsi]++;
	return answer(__func__, error);
}

int nacre_vm_capability(const struct nacre_vm *vm, unsigned int capability)
{
	(void)vm;
	(void)capability;
	return fake_hypervisor.eventfds ? 4096 : 0;
}

int nacre_vm_ioeventfd(struct nacre_vm *vm, uint64_t gpa, unsigned int size,
		       int fd, bool on, struct nacre_error *error)
{
	(void)vm;
	(void)gpa;
	(void)size;
	(void)fd;
	(void)on;
	return answer(__func__, error);
}

int nacre_vm_message(struct nacre_vm *vm, unsigned int gsi, int fd,
		     uint64_t address, uint32_t data,
		     struct nacre_error *error)
{
	(void)vm;
	(void)gsi;
	(void)fd;
	(void)address;
	(void)data;
	return answer(__func__, error);
}

int nacre_vcpu_create(struct nacre_vm *vm, unsigned int id,
		      struct nacre_vcpu **vcpu, struct nacre_error *error)
{
	(void)vm;
	*vcpu = NULL;
	if (answer(__func__, error))
		return -EIO;
	*vcpu = calloc(1, sizeof(**vcpu));
	(*vcpu)->id = id;
	fake_hypervisor.vcpus++;
	if (fake_hypervisor.most_vcpus < fake_hypervisor.vcpus)
		fake_hypervisor.most_vcpus = fake_hypervisor.vcpus;
	return 0;
}

void nacre_vcpu_destroy(struct nacre_vcpu *vcpu)
{
	if (!vcpu)
		return;
	fake_hypervisor.vcpus--;
	free(vcpu);
}

unsigned int nacre_vcpu_id(const struct nacre_vcpu *vcpu)
{
	return vcpu->id;
}

int nacre_vcpu_set_cpuid(struct nacre_vcpu *vcpu, unsigned int nr_vcpus,
			 struct nacre_error *error)
{
	(void)vcpu;
	(void)nr_vcpus;
	return answer(__func__, error);
}

int nacre_linux_start(struct nacre_vcpu *vcpu,
		      const struct nacre_linux_place *place,
		      struct nacre_error *error)
{
	(void)vcpu;
	(void)place;
	return answer(__func__, error);
}

enum nacre_stop fake_wait(struct nacre_vcpu *vcpu)
{
	while (!__atomic_load_n(&vcpu->kicked, __ATOMIC_ACQUIRE))
		usleep(1000);
	return NACRE_STOP_KICKED;
}

enum nacre_stop nacre_vcpu_run(struct nacre_vcpu *vcpu,
			       struct nacre_handlers *handlers,
			       struct nacre_error *error)
{
	if (fake_hypervisor.run)
		return fake_hypervisor.run(vcpu, handlers, error);
	return fake_wait(vcpu);
}

void nacre_vcpu_kick(struct nacre_vcpu *vcpu)
{
	__atomic_store_n(&vcpu->kicked, true, __ATOMIC_RELEASE);
}
