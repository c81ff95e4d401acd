// SPDX-License-Identifier: GPL-2.0
/* Which MSRs a guest finds, what they hold at first, what may be written. */
#include "test.h"

#define MSR_PLATFORM_INFO 0xce
#define MSR_MTRRCAP 0xfe
#define MSR_MISC_FEATURES 0x140
#define MSR_MISC_ENABLE 0x1a0
#define MSR_MTRR_BASE0 0x200
#define MSR_MTRR_MASK7 0x20f
#define MSR_MTRR_FIX64K 0x250
#define MSR_MTRR_FIX16K_A0000 0x259
#define MSR_MTRR_FIX4K_F8000 0x26f
#define MSR_MTRR_DEF_TYPE 0x2ff
#define MSR_XSS 0xda0
#define MSR_HWCR 0xc0010015
#define MSR_UCODE_REV 0x8b

#define CPUID_FAULT_CAPABLE (1ull << 31)
#define CPUID_FAULT_ON 1
#define PMU_UNAVAILABLE (1ull << 11 | 1ull << 12)
#define APIC_ENABLE (1ull << 11)
#define APIC_X2 (1ull << 10)
#define EFER_FFXSR (1u << 14)

guest_entry void reads(u64 msr)
{
	unsigned int vector;
	u64 v;

	vector = rdmsr_catch(msr, &v);
	guest_sync(1, vector, v);
	guest_done();
}

guest_entry void writes(u64 msr, u64 value)
{
	unsigned int vector = wrmsr_catch(msr, value);

	guest_sync(1, vector);
	guest_done();
}

FIXTURE(values) {
	struct vcpu *vcpu;
	struct nacre_cpuid2 *c;
};

FIXTURE_SETUP(values)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	self->c = supported_cpuid();
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, self->c));
}

FIXTURE_TEARDOWN(values)
{
	free(self->c);
	vm_free(self->vcpu->vm);
}

static u64 guest_reads(struct vcpu *vcpu, u32 msr, u64 *value)
{
	vcpu_setup(vcpu, GUEST_64, "reads");
	vcpu_args(vcpu, 1, (u64)msr);
	run_to_sync(vcpu, 1);
	*value = vcpu->uc.args[2];
	return vcpu->uc.args[1];
}

static u64 guest_writes(struct vcpu *vcpu, u32 msr, u64 value)
{
	vcpu_setup(vcpu, GUEST_64, "writes");
	vcpu_args(vcpu, 2, (u64)msr, value);
	run_to_sync(vcpu, 1);
	return vcpu->uc.args[1];
}

static u64 get(struct vcpu *vcpu, u32 msr)
{
	u64 v;

	CHECK(get_msr(vcpu, msr, &v));
	return v;
}

/* Kernels read and write these before they know where they are. */
static const struct {
	u32 msr;
	u64 value;
	bool write;	/* without effect */
} probed[] = {
	{ 0x0, 0, false },		/* P5_MC_ADDR */
	{ 0x17, 0, false },		/* IA32_PLATFORM_ID */
	{ 0x2a, 0, false },		/* EBL_CR_POWERON */
	{ 0x2c, 1 << 24, false },	/* EBC_FREQUENCY_ID */
	{ 0xc1, 0, true },	/* P6_PERFCTR0 */
	{ 0xcd, 3, false },		/* FSB_FREQ */
	{ 0x11e, 0xbe702111, true },	/* BBL_CR_CTL3 */
	{ 0x198, 0x400000003e8, false },	/* IA32_PERF_STATUS */
	{ 0x606, 0, false },		/* RAPL_POWER_UNIT */
	{ 0xc0010000, 0, true },	/* EVNTSEL0 */
	{ 0xc0010004, 0, true },	/* PERFCTR0 */
	{ 0xc0010010, 0, false },	/* SYSCFG */
	{ 0xc001001f, 0, true },	/* NB_CFG */
	{ 0xc0010055, 0, false },	/* INT_PENDING */
	{ 0xc0010058, 0, false },	/* MMIO_CONF_BASE */
	{ 0xc0010113, 0, false },	/* TSEG_MASK */
	{ 0xc0011022, 0, true },	/* DC_CFG */
	{ 0xc001102a, 0, true },	/* BU_CFG2 */
};

TEST_F(values, probed_blindly)
{
	struct vcpu *vcpu = self->vcpu;
	u64 v;

	for (size_t i = 0; i < sizeof(probed) / sizeof(*probed); i++) {
		EXPECT_EQ(NO_VECTOR, guest_reads(vcpu, probed[i].msr, &v))
			TH_LOG("MSR %#x", probed[i].msr);
		EXPECT_EQ(probed[i].value, v)
			TH_LOG("MSR %#x", probed[i].msr);
		if (!probed[i].write)
			continue;
		EXPECT_EQ(NO_VECTOR, guest_writes(vcpu, probed[i].msr, 0))
			TH_LOG("MSR %#x", probed[i].msr);
		EXPECT_EQ(probed[i].value, get(vcpu, probed[i].msr));
	}
}

static bool host_is_amd(struct nacre_cpuid2 *c)
{
	struct nacre_cpuid_entry2 *leaf = find_leaf(c, 0, 0);

	return leaf->ebx == 0x68747541;		/* "Auth" */
}

/* AMD's alone. */
TEST_F(values, probed_on_amd)
{
	u64 expected = host_is_amd(self->c) ? NO_VECTOR : GP_VECTOR, v;
	const u32 vm_ignne = 0xc0010115, ic_cfg = 0xc0011021;

	EXPECT_EQ(expected, guest_writes(self->vcpu, vm_ignne, 1));
	EXPECT_EQ(GP_VECTOR, guest_reads(self->vcpu, vm_ignne, &v));
	EXPECT_EQ(expected, guest_reads(self->vcpu, ic_cfg, &v));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, ic_cfg, 0));
}

/* Guests turn it on blindly; Intel SDM, "IA32_DEBUGCTL MSR", has the rest. */
TEST_F(values, debugctl)
{
	const u32 debugctl = 0x1d9;
	u64 v;

	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, debugctl, 3));
	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, debugctl, &v));
	EXPECT_EQ(0, v & ~3ull);
	/* AMD's are #GP with LBR virtualization, else taken. */
	if (host_is_amd(self->c))
		return;
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, debugctl, 1ull << 20));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, debugctl, 1ull << 63));
	EXPECT_FALSE(set_msr(self->vcpu, debugctl, 1ull << 40));
}

/* The loader of microcode takes anything and does nothing. */
TEST_F(values, microcode)
{
	u64 v, revision = get(self->vcpu, MSR_UCODE_REV);

	EXPECT_EQ(host_is_amd(self->c) ? 0x01000065 : 1ull << 32, revision);
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, 0x79, 0x123456));
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, 0xc0010020, 0x123456));
	EXPECT_EQ(GP_VECTOR, guest_reads(self->vcpu, 0x79, &v));
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, MSR_UCODE_REV, 0));
	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_UCODE_REV, &v));
	EXPECT_EQ(revision, v);
	EXPECT_TRUE(set_msr(self->vcpu, MSR_UCODE_REV, 0x77));
	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_UCODE_REV, &v));
	EXPECT_EQ(0x77, v);
}

/* Read-only registers, and ones that are nowhere. */
TEST_F(values, refused)
{
	static const u32 read_only[] = {
		0x17, 0xcd, MSR_MTRRCAP, 0x179, 0x198, MSR_PLATFORM_INFO,
	};
	static const u32 absent[] = {
		0x2, 0x210, 0x24f, 0x25a, 0x300, 0x480, 0xc0010200,
		0xc0002000, 0xd90,
	};
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 1, 0);
	u64 v;

	e->ecx &= ~(1u << 5);	/* VMX, to which 0x480 belongs */
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, self->c));
	for (size_t i = 0; i < sizeof(read_only) / sizeof(u32); i++) {
		EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, read_only[i], &v))
			TH_LOG("MSR %#x", read_only[i]);
		EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, read_only[i], v))
			TH_LOG("MSR %#x", read_only[i]);
	}
	for (size_t i = 0; i < sizeof(absent) / sizeof(u32); i++) {
		EXPECT_EQ(GP_VECTOR, guest_reads(self->vcpu, absent[i], &v))
			TH_LOG("MSR %#x", absent[i]);
		EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, absent[i], 0))
			TH_LOG("MSR %#x", absent[i]);
		EXPECT_FALSE(set_msr(self->vcpu, absent[i], 1))
			TH_LOG("MSR %#x", absent[i]);
	}
}

static const u32 mtrrs[] = {
	MSR_MTRR_BASE0, MSR_MTRR_MASK7, MSR_MTRR_FIX64K,
	MSR_MTRR_FIX16K_A0000, MSR_MTRR_FIX4K_F8000, MSR_MTRR_DEF_TYPE,
};

TEST_F(values, mtrrs_are_kept)
{
	static const u64 values[] = {
		0xc0000006, 0xfc0000800, 0x0606060606060606,
		0x0001040506060606, 0x0505050505050505, 0xc06,
	};
	u64 v;

	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_MTRRCAP, &v));
	EXPECT_EQ(0x508, v);
	for (int i = 0; i < 6; i++) {
		EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, mtrrs[i], &v));
		EXPECT_EQ(0, v);
		EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, mtrrs[i],
						  values[i]))
			TH_LOG("MSR %#x", mtrrs[i]);
	}
	for (int i = 0; i < 6; i++) {
		EXPECT_EQ(values[i], get(self->vcpu, mtrrs[i]))
			TH_LOG("MSR %#x", mtrrs[i]);
		EXPECT_TRUE(set_msr(self->vcpu, mtrrs[i], 0));
	}
}

/* Types 2, 3 and above 6 are none; base, mask and default have holes. */
TEST_F(values, mtrrs_are_checked)
{
	static const struct {
		u32 msr;
		u64 value;
	} bad[] = {
		{ MSR_MTRR_BASE0, 2 },
		{ MSR_MTRR_BASE0, 3 },
		{ MSR_MTRR_BASE0, 7 },
		{ MSR_MTRR_BASE0, 0x106 },
		{ MSR_MTRR_BASE0, 1ull << 63 },
		{ MSR_MTRR_MASK7, 1 << 10 },
		{ MSR_MTRR_MASK7, 1ull << 63 },
		{ MSR_MTRR_FIX64K, 0x0600060602060606 },
		{ MSR_MTRR_FIX4K_F8000, 0xff },
		{ MSR_MTRR_DEF_TYPE, 0x1006 },
		{ MSR_MTRR_DEF_TYPE, 0x306 },
		{ MSR_MTRR_DEF_TYPE, 0xc02 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, bad[i].msr,
						  bad[i].value))
			TH_LOG("MSR %#x: %#llx", bad[i].msr, bad[i].value);
		EXPECT_FALSE(set_msr(self->vcpu, bad[i].msr, bad[i].value))
			TH_LOG("MSR %#x: %#llx", bad[i].msr, bad[i].value);
		EXPECT_EQ(0, get(self->vcpu, bad[i].msr));
	}
}

/* An address is as long as the guest's CPUID says. */
TEST_F(values, mtrr_address_bits)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 0x80000008, 0);
	u64 last = 1ull << 39;

	ASSERT_TRUE(e);
	e->eax = (e->eax & 0xff00) | 40;
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, self->c));
	EXPECT_TRUE(set_msr(self->vcpu, MSR_MTRR_BASE0, last | 6));
	EXPECT_TRUE(set_msr(self->vcpu, MSR_MTRR_MASK7, last | 0x800));
	EXPECT_FALSE(set_msr(self->vcpu, MSR_MTRR_BASE0, last << 1 | 6));
	EXPECT_FALSE(set_msr(self->vcpu, MSR_MTRR_MASK7, last << 1 | 0x800));
}

TEST_F(values, misc_enable)
{
	u64 v;

	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_MISC_ENABLE, &v));
	EXPECT_EQ(PMU_UNAVAILABLE, v);
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_MISC_ENABLE, 0));
	/* Performance monitoring stays unavailable, without a fault. */
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, MSR_MISC_ENABLE,
					  v | 1 | 1 << 7));
	EXPECT_EQ(v | 1, get(self->vcpu, MSR_MISC_ENABLE));
	EXPECT_TRUE(set_msr(self->vcpu, MSR_MISC_ENABLE, 0));
	EXPECT_EQ(0, get(self->vcpu, MSR_MISC_ENABLE));
}

TEST_F(values, hwcr)
{
	u64 mc_status_write = 1 << 18, ignored = 1 << 3 | 1 << 6 | 1 << 8;
	u64 v;

	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_HWCR, &v));
	EXPECT_EQ(0, v);
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, MSR_HWCR,
					  mc_status_write | ignored));
	EXPECT_EQ(mc_status_write, get(self->vcpu, MSR_HWCR));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_HWCR, 1));
	EXPECT_FALSE(set_msr(self->vcpu, MSR_HWCR, 1));
}

TEST_F(values, efer_by_cpuid)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 0x80000001, 0);
	u64 efer = EFER_LME | EFER_LMA | EFER_SCE;

	ASSERT_TRUE(e);
	e->edx &= ~(1u << 20 | 1u << 25);	/* NX, FFXSR */
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, self->c));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_EFER,
					  efer | EFER_NX));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_EFER,
					  efer | EFER_FFXSR));
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, MSR_EFER, efer));
	/* Userspace may set it before CPUID. */
	EXPECT_TRUE(set_msr(self->vcpu, MSR_EFER, EFER_LME | EFER_NX));
}

TEST_F(values, tsc_aux_by_cpuid)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 0x80000001, 0);
	struct nacre_cpuid_entry2 *seven = find_leaf(self->c, 7, 0);
	u64 v;

	if (!(e->edx & 1u << 27))
		SKIP(return, "no RDTSCP");
	e->edx &= ~(1u << 27);
	if (seven)
		seven->ecx &= ~(1u << 22);
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, self->c));
	EXPECT_EQ(GP_VECTOR, guest_reads(self->vcpu, MSR_TSC_AUX, &v));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_TSC_AUX, 1));
	EXPECT_TRUE(set_msr(self->vcpu, MSR_TSC_AUX, 1));
	EXPECT_EQ(1, get(self->vcpu, MSR_TSC_AUX));
}

TEST_F(values, xss_by_cpuid)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 0xd, 1);
	bool xsaves = e && e->eax & 1 << 3;
	u64 v;

	EXPECT_EQ(xsaves ? NO_VECTOR : GP_VECTOR,
		  guest_reads(self->vcpu, MSR_XSS, &v));
	EXPECT_EQ(xsaves ? NO_VECTOR : GP_VECTOR,
		  guest_writes(self->vcpu, MSR_XSS, 0));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_XSS, 1));
	EXPECT_FALSE(set_msr(self->vcpu, MSR_XSS, 1));
	EXPECT_TRUE(set_msr(self->vcpu, MSR_XSS, 0));
}

/* Neither x2APIC from off, nor xAPIC from x2APIC, but for userspace. */
TEST_F(values, apic_base_transitions)
{
	u64 base = get(self->vcpu, MSR_APIC_BASE) & ~(APIC_ENABLE | APIC_X2);
	u64 off = base, on = base | APIC_ENABLE, x2 = on | APIC_X2;
	u32 msr = MSR_APIC_BASE;

	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, msr, off));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, msr, x2));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, msr, off | APIC_X2));
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, msr, on));
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, msr, x2));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, msr, on));
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, msr, off));
	EXPECT_TRUE(set_msr(self->vcpu, msr, x2));
	EXPECT_TRUE(set_msr(self->vcpu, msr, on));
	EXPECT_FALSE(set_msr(self->vcpu, msr, off | APIC_X2));
	EXPECT_FALSE(set_msr(self->vcpu, msr, on | 1));
	EXPECT_FALSE(set_msr(self->vcpu, msr, on | 1 << 9));
	EXPECT_FALSE(set_msr(self->vcpu, msr, on | 1ull << 62));
}

TEST_F(values, x2apic_by_cpuid)
{
	struct nacre_cpuid_entry2 *e = find_leaf(self->c, 1, 0);
	u64 base = get(self->vcpu, MSR_APIC_BASE) | APIC_ENABLE;

	e->ecx &= ~(1u << 21);
	ASSERT_EQ(0, raw_set_cpuid(self->vcpu, self->c));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_APIC_BASE,
					  base | APIC_X2));
	EXPECT_FALSE(set_msr(self->vcpu, MSR_APIC_BASE, base | APIC_X2));
}

struct list {
	struct nacre_msr_list head;
	u32 indices[1024];
};

/* Userspace may save and restore a list before it has set CPUID. */
TEST_F(values, listed_take_zero)
{
	struct list l = { .head.nmsrs = 1024 };
	struct vcpu *fresh = vcpu_new(self->vcpu->vm, 1);
	u64 v;

	ASSERT_EQ(0, ioctl(fresh->vm->dev, NACRE_GET_MSR_INDEX_LIST, &l));
	for (u32 i = 0; i < l.head.nmsrs; i++) {
		/* VMX's are the exception: they are there if CPUID says so. */
		if (l.indices[i] >= 0x480 && l.indices[i] <= 0x491)
			continue;
		EXPECT_TRUE(get_msr(fresh, l.indices[i], &v))
			TH_LOG("MSR %#x", l.indices[i]);
		/* Hyper-V's, and one that wants an interrupt controller. */
		if (l.indices[i] >> 24 == 0x40 || l.indices[i] == 0x4b564d06)
			continue;
		if (l.indices[i] == MSR_PAT)
			v = 0x0007040600070406;
		EXPECT_TRUE(set_msr(fresh, l.indices[i], v))
			TH_LOG("MSR %#x, %#llx", l.indices[i], v);
	}
}

struct features {
	struct nacre_msrs head;
	struct nacre_msr_entry entries[64];
};

TEST_F(values, feature_msrs)
{
	struct list l = { .head.nmsrs = 0 };
	struct features f = { .head.nmsrs = 0 };
	int dev = self->vcpu->vm->dev;

	ASSERT_GT(device_cap(NACRE_CAP_GET_MSR_FEATURES), 0);
	EXPECT_ERROR(E2BIG, ioctl(dev, NACRE_GET_MSR_FEATURE_INDEX_LIST, &l));
	ASSERT_GT(l.head.nmsrs, 0);
	ASSERT_GE(64, l.head.nmsrs);
	ASSERT_EQ(0, ioctl(dev, NACRE_GET_MSR_FEATURE_INDEX_LIST, &l));
	f.head.nmsrs = l.head.nmsrs;
	for (u32 i = 0; i < l.head.nmsrs; i++)
		f.entries[i].index = l.indices[i];
	EXPECT_EQ((int)l.head.nmsrs, ioctl(dev, NACRE_GET_MSRS, &f));
	/* What is nothing ends the call there. */
	f.entries[1].index = 0x12345;
	EXPECT_EQ(1, ioctl(dev, NACRE_GET_MSRS, &f));
}

TEST_HARNESS_MAIN
