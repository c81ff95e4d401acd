// SPDX-License-Identifier: GPL-2.0
/* MSRs between the VMM and the guest. */
#include "test.h"

#define UNKNOWN_MSR 0x12345678
#define MAX_MSRS 1024

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

	guest_sync(1, vector, guest_error);
	guest_done();
}

guest_entry void uses_bases(void)
{
	u64 v;

	asm volatile("movq %%fs:0, %0" : "=r"(v));
	guest_sync(1, v);
	asm volatile("movq %%gs:8, %0" : "=r"(v));
	guest_sync(2, v);
	asm volatile("swapgs; movq %%gs:16, %0; swapgs" : "=r"(v));
	guest_sync(3, v);
	guest_done();
}

FIXTURE(msr) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(msr)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	set_supported_cpuid(self->vcpu);
}

FIXTURE_TEARDOWN(msr)
{
	vm_free(self->vcpu->vm);
}

/* Returns the vector that the guest met. */
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

/* Registers that hold what is written, with a value for each side. */
static const struct {
	u32 msr;
	u64 a, b;
} plain[] = {
	{ MSR_STAR, 0x0023001000000000, 0x001b000800000000 },
	{ MSR_LSTAR, 0xffff800000001000, 0x00007ffffffff000 },
	{ MSR_CSTAR, 0xffffffff81000000, 0x1000 },
	{ MSR_SYSCALL_MASK, 0x47700, 0x200 },
	{ MSR_KERNEL_GS_BASE, 0xffff888000000000, 0x12345678 },
	{ MSR_SYSENTER_CS, 0x10, 0x18 },
	{ MSR_SYSENTER_ESP, 0xffff8000, 0x7000 },
	{ MSR_SYSENTER_EIP, 0xffff9000, 0x8000 },
	{ MSR_PAT, 0x0007040600070406, 0x0007010600070106 },
};

#define NR_PLAIN (sizeof(plain) / sizeof(*plain))

TEST_F(msr, vmm_reads_what_it_wrote)
{
	u64 v;

	for (size_t i = 0; i < NR_PLAIN; i++) {
		EXPECT_TRUE(set_msr(self->vcpu, plain[i].msr, plain[i].a));
		EXPECT_TRUE(get_msr(self->vcpu, plain[i].msr, &v));
		EXPECT_EQ(plain[i].a, v)
			TH_LOG("MSR %#x", plain[i].msr);
	}
}

TEST_F(msr, guest_reads_what_the_vmm_wrote)
{
	u64 v;

	for (size_t i = 0; i < NR_PLAIN; i++) {
		ASSERT_TRUE(set_msr(self->vcpu, plain[i].msr, plain[i].a));
		EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, plain[i].msr,
						 &v));
		EXPECT_EQ(plain[i].a, v)
			TH_LOG("MSR %#x", plain[i].msr);
	}
}

TEST_F(msr, vmm_reads_what_the_guest_wrote)
{
	u64 v;

	for (size_t i = 0; i < NR_PLAIN; i++) {
		EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, plain[i].msr,
						  plain[i].b));
		EXPECT_TRUE(get_msr(self->vcpu, plain[i].msr, &v));
		EXPECT_EQ(plain[i].b, v)
			TH_LOG("MSR %#x", plain[i].msr);
	}
}

TEST_F(msr, efer)
{
	u64 v;

	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_EFER, &v));
	EXPECT_EQ(EFER_LME | EFER_LMA | EFER_NX | EFER_SCE, v);
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, MSR_EFER,
					  v & ~(u64)EFER_SCE));
	EXPECT_TRUE(get_msr(self->vcpu, MSR_EFER, &v));
	EXPECT_EQ(EFER_LME | EFER_LMA | EFER_NX, v);
	/* LME cannot go while paging is on; reserved bits never come. */
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_EFER, EFER_NX));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_EFER,
					  v | 1ull << 1));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_EFER,
					  v | 1ull << 63));
}

/* LMA is read-only: the processor ignores what is written. */
TEST_F(msr, efer_lma_is_ignored)
{
	u64 v;

	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, MSR_EFER,
					  EFER_LME | EFER_NX | EFER_SCE));
	EXPECT_TRUE(get_msr(self->vcpu, MSR_EFER, &v));
	EXPECT_EQ(EFER_LME | EFER_LMA | EFER_NX | EFER_SCE, v);
}

TEST_F(msr, segment_bases)
{
	struct vcpu *vcpu = self->vcpu;
	u64 gpa = vm_alloc(vcpu->vm, PAGE_SIZE);
	u64 *page = gpa_to_hva(vcpu->vm, gpa, PAGE_SIZE);
	struct nacre_sregs s;

	for (int i = 0; i < 512; i++)
		page[i] = i;
	vcpu_setup(vcpu, GUEST_64, "uses_bases");
	ASSERT_TRUE(set_msr(vcpu, MSR_FS_BASE, gpa + 80));
	ASSERT_TRUE(set_msr(vcpu, MSR_GS_BASE, gpa + 160));
	ASSERT_TRUE(set_msr(vcpu, MSR_KERNEL_GS_BASE, gpa + 240));
	get_sregs(vcpu, &s);
	EXPECT_EQ(gpa + 80, s.fs.base);
	EXPECT_EQ(gpa + 160, s.gs.base);
	run_to_sync(vcpu, 1);
	EXPECT_EQ(10, vcpu->uc.args[1]);
	run_to_sync(vcpu, 2);
	EXPECT_EQ(21, vcpu->uc.args[1]);
	run_to_sync(vcpu, 3);
	EXPECT_EQ(32, vcpu->uc.args[1]);
}

static const u32 addresses[] = {
	MSR_LSTAR, MSR_CSTAR, MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE,
};

#define NR_ADDRESSES (sizeof(addresses) / sizeof(*addresses))

TEST_F(msr, guest_writes_non_canonical_address)
{
	for (size_t i = 0; i < NR_ADDRESSES; i++) {
		EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, addresses[i],
						  0x0000800000000000))
			TH_LOG("MSR %#x", addresses[i]);
	}
}

TEST_F(msr, vmm_writes_non_canonical_address)
{
	for (size_t i = 0; i < NR_ADDRESSES; i++) {
		EXPECT_FALSE(set_msr(self->vcpu, addresses[i],
				     0x8000000000000000))
			TH_LOG("MSR %#x", addresses[i]);
	}
}

TEST_F(msr, pat_types)
{
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_PAT, 0x2));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_PAT, 0x8ull << 56));
	EXPECT_FALSE(set_msr(self->vcpu, MSR_PAT, 0x3));
}

TEST_F(msr, tsc_runs)
{
	u64 a, b;

	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_TSC, &a));
	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_TSC, &b));
	EXPECT_GT(b, a);
}

TEST_F(msr, unknown)
{
	u64 v;

	EXPECT_EQ(GP_VECTOR, guest_reads(self->vcpu, UNKNOWN_MSR, &v));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, UNKNOWN_MSR, 1));
	EXPECT_EQ(0, self->vcpu->uc.args[2]);
	EXPECT_FALSE(get_msr(self->vcpu, UNKNOWN_MSR, &v));
	EXPECT_FALSE(set_msr(self->vcpu, UNKNOWN_MSR, 1));
}

struct three {
	struct nacre_msrs head;
	struct nacre_msr_entry e[3];
};

/* The number done is returned, the rest is not touched. */
TEST_F(msr, stops_at_the_first_that_fails)
{
	struct three m = {
		.head.nmsrs = 3,
		.e = {
			{ .index = MSR_STAR, .data = 1 },
			{ .index = UNKNOWN_MSR, .data = 2 },
			{ .index = MSR_SYSCALL_MASK, .data = 0x300 },
		},
	};
	u64 v;

	EXPECT_EQ(1, ioctl(self->vcpu->fd, NACRE_SET_MSRS, &m));
	EXPECT_TRUE(get_msr(self->vcpu, MSR_STAR, &v));
	EXPECT_EQ(1, v);
	EXPECT_TRUE(get_msr(self->vcpu, MSR_SYSCALL_MASK, &v));
	EXPECT_EQ(0, v);
	EXPECT_EQ(1, ioctl(self->vcpu->fd, NACRE_GET_MSRS, &m));
	m.head.nmsrs = 0;
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_MSRS, &m));
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_GET_MSRS, &m));
}

TEST_F(msr, arguments)
{
	struct nacre_msrs many = { .nmsrs = 0xffffffff };

	EXPECT_ERROR(E2BIG, ioctl(self->vcpu->fd, NACRE_SET_MSRS, &many));
	EXPECT_ERROR(E2BIG, ioctl(self->vcpu->fd, NACRE_GET_MSRS, &many));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_GET_MSRS, 8));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_SET_MSRS, 8));
}

struct list {
	struct nacre_msr_list head;
	u32 indices[MAX_MSRS];
};

static bool listed(const struct list *l, u32 msr)
{
	for (u32 i = 0; i < l->head.nmsrs; i++) {
		if (l->indices[i] == msr)
			return true;
	}
	return false;
}

TEST_F(msr, index_list)
{
	struct list l = { .head.nmsrs = 0 };
	int dev = self->vcpu->vm->dev;
	u64 v;

	EXPECT_ERROR(E2BIG, ioctl(dev, NACRE_GET_MSR_INDEX_LIST, &l));
	ASSERT_GT(l.head.nmsrs, 8);
	ASSERT_GE(MAX_MSRS, l.head.nmsrs);
	ASSERT_EQ(0, ioctl(dev, NACRE_GET_MSR_INDEX_LIST, &l));
	for (size_t i = 0; i < NR_PLAIN; i++) {
		EXPECT_TRUE(listed(&l, plain[i].msr))
			TH_LOG("MSR %#x", plain[i].msr);
	}
	EXPECT_TRUE(listed(&l, MSR_TSC));
	for (u32 i = 0; i < l.head.nmsrs; i++) {
		EXPECT_TRUE(get_msr(self->vcpu, l.indices[i], &v))
			TH_LOG("MSR %#x", l.indices[i]);
	}
	EXPECT_ERROR(EFAULT, ioctl(dev, NACRE_GET_MSR_INDEX_LIST, 8));
}

TEST_F(msr, tsc_aux)
{
	struct nacre_cpuid2 *c = supported_cpuid();
	struct nacre_cpuid_entry2 *e = find_leaf(c, 0x80000001, 0);
	bool rdtscp = e && e->edx & (1u << 27);
	u64 v;

	free(c);
	if (!rdtscp)
		SKIP(return, "no RDTSCP");
	EXPECT_TRUE(set_msr(self->vcpu, MSR_TSC_AUX, 0x12345));
	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_TSC_AUX, &v));
	EXPECT_EQ(0x12345, v);
	EXPECT_EQ(NO_VECTOR, guest_writes(self->vcpu, MSR_TSC_AUX, 0x54321));
	EXPECT_TRUE(get_msr(self->vcpu, MSR_TSC_AUX, &v));
	EXPECT_EQ(0x54321, v);
}

TEST_HARNESS_MAIN
