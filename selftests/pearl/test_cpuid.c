// SPDX-License-Identifier: GPL-2.0
/* What is made of the CPUID that a module supports. */
#include "host_test.h"
#include "nacre.h"

#define ROOM 64

static struct {
	struct nacre_cpuid2 head;
	struct nacre_cpuid_entry2 entries[ROOM];
} list;

static struct nacre_cpuid_entry2 *add(u32 function, u32 index)
{
	struct nacre_cpuid_entry2 *e = &list.entries[list.head.nent++];

	memset(e, 0, sizeof(*e));
	e->function = function;
	e->index = index;
	return e;
}

static struct nacre_cpuid_entry2 *find(u32 function, u32 index)
{
	unsigned int i;

	for (i = 0; i < list.head.nent; i++)
		if (list.entries[i].function == function &&
		    list.entries[i].index == index)
			return &list.entries[i];
	return NULL;
}

/* All bits that there are, where it matters. */
static void make(void)
{
	struct nacre_cpuid_entry2 *e;

	list.head.nent = 0;
	add(0, 0)->eax = 0x1f;
	e = add(1, 0);
	e->ebx = e->ecx = e->edx = ~0U;
	add(4, 0)->eax = 0xffffc021;	/* level 1 data */
	add(4, 1)->eax = 0xffffc063;	/* level 3 */
	add(4, 2)->eax = 0;
	add(7, 0)->ecx = ~0U;
	add(0xa, 0)->eax = 0x07300402;
	add(0xb, 0)->ebx = 8;
	add(0xb, 1)->ebx = 16;
	add(0xb, 2)->ecx = 77;
	add(0xd, 1)->eax = 0xf;
	add(0x80000001, 0)->ecx = ~0U;
	add(0x80000008, 0)->ecx = 0x7007;
	add(0x8000000a, 0)->eax = 1;
	add(0x8000001e, 0)->eax = 9;
}

static int adjust(unsigned int id, unsigned int count, bool deadline)
{
	return nacre_cpuid_adjust(&list.head, ROOM, id, count, deadline);
}

static void one_vcpu(void)
{
	make();
	EXPECT_EQ(adjust(0, 1, true), 0);
	EXPECT_EQ(find(1, 0)->ebx, 0x0000ffff);
	EXPECT_EQ(find(1, 0)->edx & 1 << 28, 0);
	EXPECT_EQ(find(4, 0)->eax, 0x21);
	EXPECT_EQ(find(4, 1)->eax, 0x63);
	EXPECT_EQ(find(0x80000008, 0)->ecx, 0);
	EXPECT_EQ(find(0xb, 1)->eax, 0);
	EXPECT_EQ(find(0xb, 1)->ebx, 1);
	EXPECT_EQ(find(0x80000001, 0)->ecx & 1 << 1, 0);
}

static void many_vcpus(void)
{
	make();
	EXPECT_EQ(adjust(4, 5, true), 0);
	EXPECT_EQ(find(1, 0)->ebx, 0x0408ffff);
	EXPECT(find(1, 0)->edx & 1 << 28);
	EXPECT_EQ(find(4, 0)->eax, 0x21 | 4 << 26);
	EXPECT_EQ(find(4, 1)->eax, 0x63 | 4 << 26 | 4 << 14);
	EXPECT_EQ(find(0x80000008, 0)->ecx, 0x3004);
	EXPECT_EQ(find(0x8000001e, 0)->eax, 4);
	EXPECT_EQ(find(0xb, 0)->eax, 0);
	EXPECT_EQ(find(0xb, 0)->ebx, 1);
	EXPECT_EQ(find(0xb, 0)->ecx, 0x100);
	EXPECT_EQ(find(0xb, 1)->eax, 3);
	EXPECT_EQ(find(0xb, 1)->ebx, 5);
	EXPECT_EQ(find(0xb, 1)->ecx, 0x201);
	EXPECT_EQ(find(0xb, 2)->ecx, 2);
	EXPECT_EQ(find(0xb, 2)->edx, 4);
	EXPECT(!find(0xb, 3));
	EXPECT(!find(0x1f, 0));
	EXPECT_EQ(list.head.nent, 15);
}

static void features(void)
{
	make();
	EXPECT_EQ(adjust(0, 1, false), 0);
	/* MONITOR, VMX, SMX, PDCM, TSC deadline; hypervisor. */
	EXPECT_EQ(find(1, 0)->ecx, ~(1U << 3 | 1 << 5 | 1 << 6 | 1 << 15 |
				     1 << 24));
	EXPECT_EQ(find(0x80000001, 0)->ecx & 1 << 2, 0);
	EXPECT_EQ(find(0x8000000a, 0)->eax, 0);
	EXPECT_EQ(find(0xa, 0)->eax, 0);
	EXPECT_EQ(find(0xd, 1)->eax, 0xf);
	make();
	find(1, 0)->ecx = 0;
	EXPECT_EQ(adjust(0, 1, true), 0);
	EXPECT_EQ(find(1, 0)->ecx, 1U << 31 | 1 << 24);
}

/* What was not there is not made up. */
static void nothing_added(void)
{
	list.head.nent = 0;
	add(0, 0)->eax = 1;
	add(1, 0);
	EXPECT_EQ(adjust(0, 2, false), 0);
	EXPECT_EQ(list.head.nent, 2);
	add(0x1f, 0);
	EXPECT_EQ(adjust(1, 2, false), 0);
	EXPECT_EQ(list.head.nent, 5);
	EXPECT_EQ(find(0x1f, 1)->eax, 1);
	EXPECT_EQ(find(0x1f, 2)->edx, 1);
}

static void refused(void)
{
	make();
	EXPECT_EQ(adjust(0, 0, false), -EINVAL);
	EXPECT_EQ(adjust(2, 2, false), -EINVAL);
	EXPECT_EQ(adjust(0, 256, false), -EINVAL);
	EXPECT_EQ(adjust(254, 255, false), 0);
	make();
	EXPECT_EQ(nacre_cpuid_adjust(&list.head, list.head.nent + 5, 0, 1,
				     false), -E2BIG);
	EXPECT_EQ(nacre_cpuid_adjust(&list.head, list.head.nent - 1, 0, 1,
				     false), -E2BIG);
	EXPECT_EQ(nacre_cpuid_adjust(&list.head, list.head.nent + 6, 0, 1,
				     false), 0);
}

static const struct host_case cases[] = {
	HOST_CASE(one_vcpu),
	HOST_CASE(many_vcpus),
	HOST_CASE(features),
	HOST_CASE(nothing_added),
	HOST_CASE(refused),
};

HOST_MAIN(cases)
