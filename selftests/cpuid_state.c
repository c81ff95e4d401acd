// SPDX-License-Identifier: GPL-2.0
/* CPUID bits that follow the guest's state, and leaves that are not there. */
#include "test.h"

#define MSR_PLATFORM_INFO 0xce
#define MSR_MISC_FEATURES 0x140
#define CAN_FAULT (1ull << 31)
#define FAULT_ON 1

#define RFLAGS_IOPL_3 (3u << 12)
#define APIC_ENABLE (1u << 11)
#define EDX_APIC (1u << 9)
#define ECX_XSAVE (1u << 26)
#define ECX_OSXSAVE (1u << 27)
#define XSAVE_LEGACY_AND_HEADER 576

static unsigned int cpuid_catch(u32 leaf, u32 index, u32 r[4])
{
	asm volatile(GUEST_CATCH("cpuid")
		     : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
		     : "a"(leaf), "c"(index) : "memory");
	return guest_caught();
}

guest_entry void asks(u64 leaf, u64 index)
{
	u32 r[4];

	cpuid(leaf, index, r);
	guest_sync(1, r[0], r[1], r[2], r[3]);
	guest_done();
}

guest_entry void turns_apic_off(u64 base)
{
	u32 r[4];

	cpuid(1, 0, r);
	guest_sync(1, r[3]);
	wrmsr_catch(MSR_APIC_BASE, base & ~(u64)APIC_ENABLE);
	cpuid(1, 0, r);
	guest_sync(2, r[3]);
	wrmsr_catch(MSR_APIC_BASE, base | APIC_ENABLE);
	cpuid(1, 0, r);
	guest_sync(3, r[3]);
	guest_done();
}

static void xsetbv(u32 v)
{
	asm volatile("xsetbv" : : "a"(v), "d"(0), "c"(0) : "memory");
}

/* One by one, each component that there is. */
guest_entry void widens_xcr0(u64 xcr0)
{
	u32 r[4], i = 1, set = 1;

	write_cr4(read_cr4() | X86_CR4_OSXSAVE);
	xsetbv(set);
	cpuid(0xd, 0, r);
	guest_sync(i++, set, r[1], r[2]);
	for (u32 bits = 3; bits < 8; bits += 4) {
		if ((xcr0 & bits) != bits)
			break;
		set = bits;
		xsetbv(set);
		cpuid(0xd, 0, r);
		guest_sync(i++, set, r[1], r[2]);
	}
	guest_done();
}

guest_entry void faults(void)
{
	unsigned int vector;
	u32 r[4];

	vector = cpuid_catch(0, 0, r);
	guest_sync(1, vector);
	guest_done();
}

FIXTURE(state) {
	struct vcpu *vcpu;
	struct nacre_cpuid2 *c;
};

FIXTURE_SETUP(state)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	self->c = supported_cpuid();
}

FIXTURE_TEARDOWN(state)
{
	free(self->c);
	vm_free(self->vcpu->vm);
}

static void ask(struct vcpu *vcpu, u32 leaf, u32 index)
{
	vcpu_setup(vcpu, GUEST_64, "asks");
	vcpu_args(vcpu, 2, (u64)leaf, (u64)index);
	run_to_sync(vcpu, 1);
}

#define EXPECT_ANSWER(leaf, index, a, b, c, d)				\
	do {								\
		ask(self->vcpu, leaf, index);				\
		EXPECT_EQ(a, self->vcpu->uc.args[1]);			\
		EXPECT_EQ(b, self->vcpu->uc.args[2]);			\
		EXPECT_EQ(c, self->vcpu->uc.args[3]);			\
		EXPECT_EQ(d, self->vcpu->uc.args[4]);			\
	} while (0)

TEST_F(state, apic_bit_follows_apic_base)
{
	struct vcpu *vcpu = self->vcpu;
	u64 base;

	ASSERT_EQ(0, raw_set_cpuid(vcpu, self->c));
	vcpu_setup(vcpu, GUEST_64, "turns_apic_off");
	CHECK(get_msr(vcpu, MSR_APIC_BASE, &base));
	vcpu_args(vcpu, 1, base);
	run_to_sync(vcpu, 1);
	EXPECT_EQ(EDX_APIC, vcpu->uc.args[1] & EDX_APIC);
	run_to_sync(vcpu, 2);
	EXPECT_EQ(0, vcpu->uc.args[1] & EDX_APIC);
	run_to_sync(vcpu, 3);
	EXPECT_EQ(EDX_APIC, vcpu->uc.args[1] & EDX_APIC);
}

static u32 expected_size(struct nacre_cpuid2 *c, u64 xcr0)
{
	u32 size = XSAVE_LEGACY_AND_HEADER;

	for (u32 i = 2; i < 63; i++) {
		struct nacre_cpuid_entry2 *e = find_leaf(c, 0xd, i);

		if (xcr0 >> i & 1 && e->ebx + e->eax > size)
			size = e->ebx + e->eax;
	}
	return size;
}

TEST_F(state, xsave_size_follows_xcr0)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 0xd, 0);
	struct vcpu *vcpu = self->vcpu;
	u32 i = 1, last;

	if (!(find_leaf(self->c, 1, 0)->ecx & ECX_XSAVE))
		SKIP(return, "no XSAVE");
	ASSERT_EQ(0, raw_set_cpuid(vcpu, self->c));
	vcpu_setup(vcpu, GUEST_64, "widens_xcr0");
	vcpu_args(vcpu, 1, (u64)e->eax);
	last = (e->eax & 7) == 7 ? 3 : 2;
	for (; i <= last; i++) {
		run_to_sync(vcpu, i);
		EXPECT_EQ(expected_size(self->c, vcpu->uc.args[1]),
			  vcpu->uc.args[2])
			TH_LOG("XCR0 %#llx", vcpu->uc.args[1]);
		EXPECT_EQ(e->ecx, vcpu->uc.args[3]);
	}
	EXPECT_EQ(last == 3 ? 7 : 3, vcpu->uc.args[1]);
	run_to_done(vcpu);
}

/* What the VMM claims of such a bit is of no matter. */
TEST_F(state, claimed_state_is_replaced)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 1, 0);

	if (!(e->ecx & ECX_XSAVE))
		SKIP(return, "no XSAVE");
	e->ecx |= ECX_OSXSAVE;
	e->edx &= ~EDX_APIC;
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, self->c));
	ask(self->vcpu, 1, 0);
	EXPECT_EQ(0, self->vcpu->uc.args[3] & ECX_OSXSAVE);
	EXPECT_EQ(EDX_APIC, self->vcpu->uc.args[4] & EDX_APIC);
}

struct table {
	struct nacre_cpuid2 head;
	struct nacre_cpuid_entry2 entries[256];
};

/* What is read back is what the guest sees now, and may be set again. */
TEST_F(state, read_back_and_set)
{
	struct table t = { .head.nent = 256 };
	struct vcpu *vcpu = self->vcpu;

	if (!(find_leaf(self->c, 1, 0)->ecx & ECX_XSAVE))
		SKIP(return, "no XSAVE");
	ASSERT_EQ(0, raw_set_cpuid(vcpu, self->c));
	vcpu_setup(vcpu, GUEST_64, "widens_xcr0");
	vcpu_args(vcpu, 1, (u64)find_leaf(self->c, 0xd, 0)->eax);
	run_to_sync(vcpu, 1);
	run_to_sync(vcpu, 2);
	ASSERT_EQ(0, ioctl(vcpu->fd, NACRE_GET_CPUID2, &t));
	t.head.nent = self->c->nent;
	EXPECT_EQ(ECX_OSXSAVE, find_leaf(&t.head, 1, 0)->ecx & ECX_OSXSAVE);
	EXPECT_EQ(0, raw_set_cpuid(vcpu, &t.head));
	EXPECT_EQ(0, raw_set_cpuid(vcpu, self->c));
	find_leaf(&t.head, 1, 0)->eax++;
	EXPECT_ERROR(EINVAL, raw_set_cpuid(vcpu, &t.head));
	t.head.nent--;
	find_leaf(&t.head, 1, 0)->eax--;
	EXPECT_ERROR(EINVAL, raw_set_cpuid(vcpu, &t.head));
}

TEST_F(state, linear_address_bits)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 0x80000008, 0);
	static const struct {
		u8 bits;
		int ret;
	} sizes[] = {
		{ 0, 0 }, { 48, 0 }, { 57, 0 },
		{ 32, -1 }, { 47, -1 }, { 49, -1 }, { 64, -1 }, { 255, -1 },
	};

	ASSERT_TRUE(e);
	for (int i = 0; i < 8; i++) {
		e->eax = (e->eax & ~0xff00u) | sizes[i].bits << 8;
		EXPECT_EQ(sizes[i].ret, raw_set_cpuid(self->vcpu, self->c))
			TH_LOG("%u bits", sizes[i].bits);
		if (sizes[i].ret)
			EXPECT_EQ(EINVAL, errno);
	}
}

/* Vendor, last leaf, some leaves; the last answers for those behind it. */
static void made_up(struct table *t, const char *vendor)
{
	struct nacre_cpuid_entry2 *e = t->entries;

	e[0] = (struct nacre_cpuid_entry2) { .function = 0, .eax = 3 };
	memcpy(&e[0].ebx, vendor, 4);
	memcpy(&e[0].edx, vendor + 4, 4);
	memcpy(&e[0].ecx, vendor + 8, 4);
	e[1] = (struct nacre_cpuid_entry2) {
		.function = 3, .eax = 31, .ebx = 32, .ecx = 33, .edx = 34,
	};
	e[2] = (struct nacre_cpuid_entry2) {
		.function = 0x80000000, .eax = 0x80000002,
	};
	e[3] = (struct nacre_cpuid_entry2) {
		.function = 0x40000100, .eax = 0x40000102,
	};
	t->head.nent = 4;
}

TEST_F(state, out_of_range_on_intel)
{
	struct table t;

	made_up(&t, "GenuineIntel");
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, &t.head));
	EXPECT_ANSWER(2, 0, 0, 0, 0, 0);
	EXPECT_ANSWER(4, 0, 31, 32, 33, 34);
	EXPECT_ANSWER(0x3fffffff, 0, 31, 32, 33, 34);
	EXPECT_ANSWER(0x50000000, 0, 31, 32, 33, 34);
	EXPECT_ANSWER(0x80000001, 0, 0, 0, 0, 0);
	EXPECT_ANSWER(0x80000003, 7, 31, 32, 33, 34);
	EXPECT_ANSWER(0x8fff0000, 0, 31, 32, 33, 34);
	/* Hypervisors' ranges are of 256 leaves each. */
	EXPECT_ANSWER(0x40000101, 0, 0, 0, 0, 0);
	EXPECT_ANSWER(0x40000103, 0, 31, 32, 33, 34);
	EXPECT_ANSWER(0x40000000, 0, 31, 32, 33, 34);
	EXPECT_ANSWER(0xc0000000, 0, 31, 32, 33, 34);
}

TEST_F(state, out_of_range_on_amd)
{
	static const char *const vendors[] = {
		"AuthenticAMD", "HygonGenuine",
	};
	struct table t;

	for (int i = 0; i < 2; i++) {
		self->vcpu = vcpu_new(self->vcpu->vm, i + 1);
		made_up(&t, vendors[i]);
		ASSERT_EQ(0, raw_set_cpuid(self->vcpu, &t.head));
		EXPECT_ANSWER(3, 0, 31, 32, 33, 34);
		EXPECT_ANSWER(4, 0, 0, 0, 0, 0);
		EXPECT_ANSWER(0x80000003, 0, 0, 0, 0, 0);
		EXPECT_ANSWER(0x40000103, 0, 0, 0, 0, 0);
	}
}

/* A topology leaf echoes the subleaf that is not there. */
TEST_F(state, topology_behind_its_end)
{
	struct table t;

	made_up(&t, "AuthenticAMD");
	t.entries[0].eax = 0xb;
	for (u32 i = 0; i < 2; i++)
		t.entries[t.head.nent++] = (struct nacre_cpuid_entry2) {
			.function = 0xb, .index = i,
			.flags = NACRE_CPUID_FLAG_SIGNIFCANT_INDEX,
			.eax = 1, .ebx = 2, .ecx = 3, .edx = 77,
		};
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, &t.head));
	EXPECT_ANSWER(0xb, 1, 1, 2, 3, 77);
	EXPECT_ANSWER(0xb, 2, 0, 0, 2, 77);
	EXPECT_ANSWER(0xb, 0x105, 0, 0, 5, 77);
}

/* Of two entries for one leaf the first counts. */
TEST_F(state, duplicates)
{
	struct table t;

	made_up(&t, "AuthenticAMD");
	t.entries[t.head.nent] = t.entries[1];
	t.entries[t.head.nent++].eax = 99;
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, &t.head));
	EXPECT_ANSWER(3, 0, 31, 32, 33, 34);
}

/* Each range is full: no leaf is lost among so many. */
TEST_F(state, many)
{
	struct table t = { .head.nent = 0 };

	for (u32 i = 0; i < 255; i++)
		t.entries[t.head.nent++] = (struct nacre_cpuid_entry2) {
			.function = i % 3 * 0x40000000 + i / 3,
			.eax = i, .ebx = ~i,
		};
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, &t.head));
	for (u32 i = 6; i < 255; i += 7) {
		if (t.entries[i].function == 7 || t.entries[i].function == 0xd)
			continue;
		EXPECT_ANSWER(t.entries[i].function, i, i, ~i, 0, 0);
	}
}

/* Ring 3, but free to use ports, which is how it speaks to the host. */
static void to_user_mode(struct vcpu *vcpu)
{
	struct nacre_sregs s;
	struct nacre_regs r;

	get_sregs(vcpu, &s);
	s.cs = flat_segment(SEL_USER_CODE64 | 3, 0xb, 1, 0);
	s.ss = flat_segment(SEL_USER_DATA | 3, 0x3, 0, 1);
	s.ds = s.ss;
	s.es = s.ss;
	set_sregs(vcpu, &s);
	get_regs(vcpu, &r);
	r.rflags |= RFLAGS_IOPL_3;
	set_regs(vcpu, &r);
}

static u64 vector_of_cpuid(struct vcpu *vcpu, bool user)
{
	vcpu_setup(vcpu, GUEST_64, "faults");
	if (user)
		to_user_mode(vcpu);
	run_to_sync(vcpu, 1);
	return vcpu->uc.args[1];
}

TEST_F(state, faulting_registers)
{
	struct vcpu *vcpu = self->vcpu;
	u64 v;

	ASSERT_EQ(0, raw_set_cpuid(vcpu, self->c));
	EXPECT_TRUE(get_msr(vcpu, MSR_PLATFORM_INFO, &v));
	EXPECT_EQ(CAN_FAULT, v);
	EXPECT_TRUE(get_msr(vcpu, MSR_MISC_FEATURES, &v));
	EXPECT_EQ(0, v);
	EXPECT_FALSE(set_msr(vcpu, MSR_MISC_FEATURES, 2));
	EXPECT_TRUE(set_msr(vcpu, MSR_MISC_FEATURES, FAULT_ON));
	/* What is on has to be possible. */
	EXPECT_FALSE(set_msr(vcpu, MSR_PLATFORM_INFO, 0));
	EXPECT_TRUE(set_msr(vcpu, MSR_MISC_FEATURES, 0));
	EXPECT_TRUE(set_msr(vcpu, MSR_PLATFORM_INFO, 0));
	EXPECT_FALSE(set_msr(vcpu, MSR_MISC_FEATURES, FAULT_ON));
}

/* Only ring 0 may ask. */
TEST_F(state, faulting)
{
	struct vcpu *vcpu = self->vcpu;

	ASSERT_EQ(0, raw_set_cpuid(vcpu, self->c));
	EXPECT_EQ(NO_VECTOR, vector_of_cpuid(vcpu, true));
	ASSERT_TRUE(set_msr(vcpu, MSR_MISC_FEATURES, FAULT_ON));
	EXPECT_EQ(GP_VECTOR, vector_of_cpuid(vcpu, true));
	EXPECT_EQ(NO_VECTOR, vector_of_cpuid(vcpu, false));
	ASSERT_TRUE(set_msr(vcpu, MSR_MISC_FEATURES, 0));
	EXPECT_EQ(NO_VECTOR, vector_of_cpuid(vcpu, true));
}

TEST_HARNESS_MAIN
