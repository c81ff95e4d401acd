// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * What a vCPU's CPUID says: all that the module supports, less what would need
 * set-up that is not done here, and with a topology of its own: one package of
 * single-threaded cores.
 *
 * Intel SDM, CPUID - CPU Identification; AMD APM, Obtaining Processor
 * Information Via the CPUID Instruction.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "internal.h"

#define BIT(n) (1U << (n))

#define MAX_VCPUS 255

/* Leaf 1, ECX and EDX. */
#define F1C_MONITOR	BIT(3)
#define F1C_VMX		BIT(5)
#define F1C_SMX		BIT(6)
#define F1C_PDCM	BIT(15)
#define F1C_DEADLINE	BIT(24)
#define F1C_HYPERVISOR	BIT(31)
#define F1D_MTRR	BIT(12)
#define F1D_DS		BIT(21)
#define F1D_HTT		BIT(28)

/* Leaf 80000001h, ECX. */
#define FE1C_CMP_LEGACY		BIT(1)
#define FE1C_SVM		BIT(2)
#define FE1C_IBS		BIT(10)
#define FE1C_SKINIT		BIT(12)
#define FE1C_PERFCTR_CORE	BIT(23)
#define FE1C_PERFCTR_NB		BIT(24)
#define FE1C_MONITORX		BIT(29)
#define FE1C_PERFCTR_LLC	BIT(28)

/* Leaf 7, subleaf 0, ECX: MWAIT's kin. */
#define F7C_WAITPKG		BIT(5)

/* Level types of leaf 0Bh. */
#define LEVEL_THREAD	1
#define LEVEL_CORE	2

/*
 * struct topology
 * @id: this vCPU's
 * @count: of cores
 * @bits: of an APIC ID that number them
 */
struct topology {
	unsigned int id;
	unsigned int count;
	unsigned int bits;
	bool deadline;
};

static void put_field(uint32_t *word, unsigned int low, unsigned int width,
		      uint32_t value)
{
	uint32_t mask = ((1U << width) - 1) << low;

	*word = (*word & ~mask) | (value << low & mask);
}

static void put_bit(uint32_t *word, uint32_t bit, bool value)
{
	*word = value ? *word | bit : *word & ~bit;
}

static void clear(struct nacre_cpuid_entry2 *e)
{
	e->eax = 0;
	e->ebx = 0;
	e->ecx = 0;
	e->edx = 0;
}

static void adjust_features(struct nacre_cpuid_entry2 *e,
			    const struct topology *t)
{
	e->ecx &= ~(F1C_MONITOR | F1C_VMX | F1C_SMX | F1C_PDCM);
	e->ecx |= F1C_HYPERVISOR;
	put_bit(&e->ecx, F1C_DEADLINE, t->deadline);
	e->edx &= ~F1D_DS;
	put_bit(&e->edx, F1D_HTT, t->count > 1);
	put_field(&e->ebx, 16, 8, t->count > 1 ? 1U << t->bits : 0);
	put_field(&e->ebx, 24, 8, t->id);
}

static void adjust_extended_features(struct nacre_cpuid_entry2 *e,
				     const struct topology *t)
{
	e->ecx &= ~(FE1C_SVM | FE1C_IBS | FE1C_SKINIT | FE1C_PERFCTR_CORE |
		    FE1C_PERFCTR_NB | FE1C_PERFCTR_LLC | FE1C_MONITORX);
	/* Reserved where there is no leaf 80000008h's core count: Intel. */
	put_bit(&e->ecx, FE1C_CMP_LEGACY,
		e->ecx & FE1C_CMP_LEGACY && t->count > 1);
}

/* Leaves 4 and 8000001Dh: the last level is everybody's, others are one's. */
static void adjust_cache(struct nacre_cpuid_entry2 *e,
			 const struct topology *t)
{
	unsigned int level = e->eax >> 5 & 7;

	if (!(e->eax & 0x1f))
		return;
	put_field(&e->eax, 14, 12, level >= 3 ? t->count - 1 : 0);
	if (e->function == 4)
		put_field(&e->eax, 26, 6, t->count - 1 < 63 ? t->count - 1 : 63);
}

static void adjust_entry(struct nacre_cpuid_entry2 *e,
			 const struct topology *t)
{
	switch (e->function) {
	case 1:
		adjust_features(e, t);
		break;
	case 4:
	case 0x8000001d:
		adjust_cache(e, t);
		break;
	case 7:
		if (!e->index)
			e->ecx &= ~F7C_WAITPKG;
		break;
	case 5:			/* MONITOR and MWAIT */
	case 0xa:		/* performance monitoring */
	case 0x8000000a:	/* SVM */
	case 0x8000001b:	/* instruction-based sampling */
	case 0x80000022:	/* performance monitoring */
	case 0x80000026:	/* topology, which leaf 0Bh tells already */
		clear(e);
		break;
	case 0x80000001:
		adjust_extended_features(e, t);
		break;
	case 0x80000008:
		put_field(&e->ecx, 0, 8, t->count - 1);
		put_field(&e->ecx, 12, 4, t->bits);
		break;
	case 0x8000001e:
		e->eax = t->id;
		e->ebx = t->id;
		e->ecx = 0;
		e->edx = 0;
		break;
	}
}

static bool is_topology(const struct nacre_cpuid_entry2 *e)
{
	return e->function == 0xb || e->function == 0x1f;
}

/* Take the topology leaves out; which of them were there, by bit. */
static unsigned int drop_topology(struct nacre_cpuid2 *cpuid)
{
	unsigned int i, kept = 0, found = 0;

	for (i = 0; i < cpuid->nent; i++) {
		if (is_topology(&cpuid->entries[i]))
			found |= cpuid->entries[i].function == 0xb ? 1 : 2;
		else
			cpuid->entries[kept++] = cpuid->entries[i];
	}
	cpuid->nent = kept;
	return found;
}

/*
 * Subleaf 0 is the threads of a core, 1 the cores of the package, 2 ends it;
 * EAX: how far to shift an ID for the next level's.
 */
static void add_topology(struct nacre_cpuid2 *cpuid, uint32_t function,
			 const struct topology *t)
{
	struct nacre_cpuid_entry2 *e = &cpuid->entries[cpuid->nent];
	unsigned int i;

	memset(e, 0, 3 * sizeof(*e));
	for (i = 0; i < 3; i++) {
		e[i].function = function;
		e[i].index = i;
		e[i].flags = NACRE_CPUID_FLAG_SIGNIFCANT_INDEX;
		e[i].ecx = i;
		e[i].edx = t->id;
	}
	e[0].ebx = 1;
	e[0].ecx |= LEVEL_THREAD << 8;
	e[1].eax = t->bits;
	e[1].ebx = t->count;
	e[1].ecx |= LEVEL_CORE << 8;
	cpuid->nent += 3;
}

int nacre_cpuid_adjust(struct nacre_cpuid2 *cpuid, unsigned int capacity,
		       unsigned int id, unsigned int nr_vcpus, bool deadline)
{
	struct topology t = {
		.id = id,
		.count = nr_vcpus,
		.deadline = deadline,
	};
	unsigned int i, found;

	if (!nr_vcpus || nr_vcpus > MAX_VCPUS || id >= nr_vcpus)
		return -EINVAL;
	if (capacity < cpuid->nent || capacity - cpuid->nent < 6)
		return -E2BIG;
	while (1U << t.bits < nr_vcpus)
		t.bits++;
	for (i = 0; i < cpuid->nent; i++)
		adjust_entry(&cpuid->entries[i], &t);
	found = drop_topology(cpuid);
	if (found & 1)
		add_topology(cpuid, 0xb, &t);
	if (found & 2)
		add_topology(cpuid, 0x1f, &t);
	return 0;
}

/* The most that the ABI lets a vCPU have. */
#define MAX_ENTRIES 256

static int set(struct nacre_vcpu *vcpu, struct nacre_cpuid2 *cpuid,
	       unsigned int nr_vcpus, struct nacre_error *error)
{
	bool deadline = vcpu->vm->irqchip &&
		nacre_vm_capability(vcpu->vm, NACRE_CAP_TSC_DEADLINE_TIMER);
	unsigned int i;
	int err;

	cpuid->nent = MAX_ENTRIES;
	if (ioctl(vcpu->vm->system_fd, NACRE_GET_SUPPORTED_CPUID, cpuid))
		return nacre_fail_errno(error, "NACRE_GET_SUPPORTED_CPUID");
	err = nacre_cpuid_adjust(cpuid, MAX_ENTRIES, vcpu->id, nr_vcpus,
				 deadline);
	if (err)
		return nacre_fail(error, -err, "CPUID of vCPU %u of %u: %s",
				  vcpu->id, nr_vcpus, strerror(-err));
	for (i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 1)
			vcpu->mtrr = cpuid->entries[i].edx & F1D_MTRR;
	if (ioctl(vcpu->fd, NACRE_SET_CPUID2, cpuid))
		return nacre_fail_errno(error, "NACRE_SET_CPUID2");
	return 0;
}

int nacre_vcpu_set_cpuid(struct nacre_vcpu *vcpu, unsigned int nr_vcpus,
			 struct nacre_error *error)
{
	struct nacre_cpuid2 *cpuid;
	int err;

	cpuid = calloc(1, sizeof(*cpuid) +
		       MAX_ENTRIES * sizeof(cpuid->entries[0]));
	if (!cpuid)
		return nacre_fail_errno(error, "CPUID of vCPU %u", vcpu->id);
	err = set(vcpu, cpuid, nr_vcpus, error);
	free(cpuid);
	return err;
}
