// SPDX-License-Identifier: GPL-2.0
/* NACRE_GET_SUPPORTED_CPUID: what a guest may be given, and that it works. */
#include "test.h"

#define MAX 256
#define FEATURES_LEAF NACRE_CPUID_FEATURES

#define ECX_MONITOR (1u << 3)
#define ECX_VMX (1u << 5)
#define ECX_X2APIC (1u << 21)
#define ECX_TSC_DEADLINE (1u << 24)
#define ECX_XSAVE (1u << 26)
#define ECX_OSXSAVE (1u << 27)
#define EDX_APIC (1u << 9)
#define EAX_ARAT (1u << 2)
#define LEAF7_ECX_OSPKE (1u << 4)
#define XSAVEC_OR_XSAVES (1u << 1 | 1u << 3)
#define XSAVE_LEGACY_AND_HEADER 576

FIXTURE(supported) {
	struct nacre_cpuid2 *c;
};

FIXTURE_SETUP(supported)
{
	self->c = supported_cpuid();
}

FIXTURE_TEARDOWN(supported)
{
	free(self->c);
}

static u32 host_last(u32 range)
{
	u32 r[4];

	cpuid(range, 0, r);
	return r[0];
}

/* Each range names its last leaf, and all up to there are in the list. */
TEST_F(supported, ranges_are_whole)
{
	static const u32 ranges[] = { 0, 0x80000000, NACRE_CPUID_SIGNATURE };

	for (int i = 0; i < 3; i++) {
		struct nacre_cpuid_entry2 *first;

		first = find_leaf(self->c, ranges[i], 0);
		ASSERT_TRUE(first);
		ASSERT_GE(first->eax, ranges[i]);
		ASSERT_GE(ranges[i] + 0x40, first->eax);
		for (u32 leaf = ranges[i]; leaf <= first->eax; leaf++) {
			EXPECT_TRUE(find_leaf(self->c, leaf, 0))
				TH_LOG("leaf %#x", leaf);
		}
	}
}

TEST_F(supported, no_entry_twice)
{
	for (u32 i = 0; i < self->c->nent; i++) {
		struct nacre_cpuid_entry2 *e = &self->c->entries[i];

		EXPECT_EQ(e, find_leaf(self->c, e->function, e->index))
			TH_LOG("leaf %#x.%u", e->function, e->index);
		for (int j = 0; j < 3; j++)
			EXPECT_EQ(0, e->padding[j]);
	}
}

static bool is_indexed(u32 function)
{
	return function == 4 || function == 7 || function == 0xb ||
	       function == 0xd || function == 0x8000001d;
}

TEST_F(supported, subleaves_are_marked)
{
	for (u32 i = 0; i < self->c->nent; i++) {
		struct nacre_cpuid_entry2 *e = &self->c->entries[i];

		if (is_indexed(e->function)) {
			EXPECT_EQ(NACRE_CPUID_FLAG_SIGNIFCANT_INDEX, e->flags)
				TH_LOG("leaf %#x", e->function);
		}
		if (!(e->flags & NACRE_CPUID_FLAG_SIGNIFCANT_INDEX))
			EXPECT_EQ(0, e->index);
	}
}

TEST_F(supported, vendor_is_the_hosts)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 0, 0);
	u32 r[4];

	cpuid(0, 0, r);
	EXPECT_EQ(r[1], e->ebx);
	EXPECT_EQ(r[2], e->ecx);
	EXPECT_EQ(r[3], e->edx);
	EXPECT_GE(r[0], e->eax);
	cpuid(1, 0, r);
	EXPECT_EQ(r[0], find_leaf(self->c, 1, 0)->eax);
}

TEST_F(supported, signature)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c,
						 NACRE_CPUID_SIGNATURE, 0);
	char text[13] = "";

	ASSERT_TRUE(e);
	memcpy(text, &e->ebx, 4);
	memcpy(text + 4, &e->ecx, 4);
	memcpy(text + 8, &e->edx, 4);
	EXPECT_STREQ(NACRE_SIGNATURE, text);
	EXPECT_EQ(FEATURES_LEAF, e->eax);
	EXPECT_EQ(0, find_leaf(self->c, FEATURES_LEAF, 0)->edx);
}

/* x2APIC and ARAT are ours to give; the deadline timer is a capability. */
TEST_F(supported, done_by_the_module)
{
	struct nacre_cpuid_entry2 *one = find_leaf(self->c, 1, 0);

	EXPECT_EQ(ECX_X2APIC, one->ecx & ECX_X2APIC);
	EXPECT_EQ(EDX_APIC, one->edx & EDX_APIC);
	EXPECT_EQ(0, one->ecx & (ECX_TSC_DEADLINE | ECX_MONITOR));
	ASSERT_TRUE(find_leaf(self->c, 6, 0));
	EXPECT_EQ(EAX_ARAT, find_leaf(self->c, 6, 0)->eax);
}

/* These show what the guest does, and no guest has done anything yet. */
TEST_F(supported, no_state)
{
	struct nacre_cpuid_entry2 *seven = find_leaf(self->c, 7, 0);

	EXPECT_EQ(0, find_leaf(self->c, 1, 0)->ecx & ECX_OSXSAVE);
	if (seven)
		EXPECT_EQ(0, seven->ecx & LEAF7_ECX_OSPKE);
}

static const struct {
	u32 leaf, index;
	size_t reg;
	u32 but;	/* the module does these on any processor */
} features[] = {
	{ 1, 0, offsetof(struct nacre_cpuid_entry2, edx), 0 },
	{ 1, 0, offsetof(struct nacre_cpuid_entry2, ecx), ECX_X2APIC },
	{ 0xd, 1, offsetof(struct nacre_cpuid_entry2, eax), 0 },
	{ 0x80000001, 0, offsetof(struct nacre_cpuid_entry2, edx), 0 },
};

/* Nothing is promised that the processor lacks. */
TEST_F(supported, no_more_than_the_host_has)
{
	for (int i = 0; i < 4; i++) {
		struct nacre_cpuid_entry2 *e, host;
		u32 r[4], has, given;

		e = find_leaf(self->c, features[i].leaf, features[i].index);
		if (!e)
			continue;
		cpuid(e->function, e->index, r);
		host = (struct nacre_cpuid_entry2) {
			.eax = r[0], .ebx = r[1], .ecx = r[2], .edx = r[3],
		};
		has = *(u32 *)((char *)&host + features[i].reg);
		given = *(u32 *)((char *)e + features[i].reg);
		EXPECT_EQ(0, given & ~has & ~features[i].but)
			TH_LOG("leaf %#x: %#x of %#x", e->function, given,
			       has);
	}
}

/* What would need a nested hypervisor, counters, tracing or enclaves. */
TEST_F(supported, not_without_the_rest_of_it)
{
	struct nacre_cpuid_entry2 *e;

	if (!on_nacre())
		SKIP(return, "in-tree KVM has more");
	e = find_leaf(self->c, 1, 0);
	EXPECT_EQ(0, e->ecx & (ECX_VMX | 1u << 15));	/* VMX, PDCM */
	e = find_leaf(self->c, 7, 0);
	if (e) {
		EXPECT_EQ(0, e->ebx & (1u << 2 | 1u << 25)); /* SGX, PT */
		/* STIBP, SPEC_CTRL, ARCH_CAPABILITIES, SSBD, AMX */
		EXPECT_EQ(0, e->edx & (0xb4000000u | 7u << 22));
	}
	e = find_leaf(self->c, 0x80000001, 0);
	ASSERT_TRUE(e);
	EXPECT_EQ(0, e->ecx & (1u << 2 | 1u << 23));	/* SVM, PERFCTR */
	e = find_leaf(self->c, 0xa, 0);
	if (e)
		EXPECT_EQ(0, e->eax | e->ebx | e->ecx | e->edx);
}

TEST_F(supported, address_bits)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 0x80000008, 0);
	u32 r[4];

	if (host_last(0x80000000) < 0x80000008)
		SKIP(return, "the processor has no such leaf");
	cpuid(0x80000008, 0, r);
	ASSERT_TRUE(e);
	EXPECT_EQ(r[0] & 0xff, e->eax & 0xff);
	EXPECT_GE(e->eax >> 8 & 0xff, 48);
	/* How many of them can be mapped: newer kernels alone tell. */
	EXPECT_GE(e->eax & 0xff, e->eax >> 16 & 0xff);
}

static u64 components(struct nacre_cpuid2 *c)
{
	struct nacre_cpuid_entry2 *e = find_leaf(c, 0xd, 0);

	return e ? e->eax | (u64)e->edx << 32 : 0;
}

/* The sizes add up, and each component has its subleaf. */
TEST_F(supported, extended_state)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 0xd, 0), *sub;
	u64 xcr0 = components(self->c);
	u32 end = XSAVE_LEGACY_AND_HEADER, size = e ? e->ebx : 0;

	if (!(find_leaf(self->c, 1, 0)->ecx & ECX_XSAVE))
		SKIP(return, "no XSAVE");
	ASSERT_TRUE(e);
	EXPECT_EQ(3, xcr0 & 3);
	EXPECT_EQ(e->ebx, e->ecx);
	ASSERT_TRUE(find_leaf(self->c, 0xd, 1));
	for (u32 i = 2; i < 63; i++) {
		sub = find_leaf(self->c, 0xd, i);
		if (!(xcr0 >> i & 1)) {
			EXPECT_TRUE(!sub || sub->ecx & 1)
				TH_LOG("component %u", i);
			continue;
		}
		ASSERT_TRUE(sub);
		EXPECT_GT(sub->eax, 0);
		if (sub->ebx + sub->eax > end)
			end = sub->ebx + sub->eax;
	}
	EXPECT_EQ(end, size);
	e = find_leaf(self->c, 0xd, 1);
	EXPECT_EQ(!!(e->eax & XSAVEC_OR_XSAVES),
		  e->ebx >= XSAVE_LEGACY_AND_HEADER);
}

struct table {
	struct nacre_cpuid2 head;
	struct nacre_cpuid_entry2 entries[MAX + 8];
};

/* Exactly enough is enough, one fewer is not; no more than asked is written. */
TEST_F(supported, room)
{
	struct table *t = calloc(1, sizeof(*t));
	u32 n = self->c->nent;
	int fd = device_open();

	ASSERT_TRUE(t);
	memset(t->entries, 0x5a, sizeof(t->entries));
	t->head.nent = n - 1;
	EXPECT_ERROR(E2BIG, ioctl(fd, NACRE_GET_SUPPORTED_CPUID, t));
	t->head.nent = n;
	ASSERT_EQ(0, ioctl(fd, NACRE_GET_SUPPORTED_CPUID, t));
	EXPECT_EQ(n, t->head.nent);
	EXPECT_EQ(0x5a5a5a5a, t->entries[n].function);
	/* More than any list may have is taken for as much. */
	t->head.nent = 0xffffffff;
	EXPECT_EQ(0, ioctl(fd, NACRE_GET_SUPPORTED_CPUID, t));
	EXPECT_EQ(n, t->head.nent);
	close(fd);
	free(t);
}

TEST_HARNESS_MAIN
