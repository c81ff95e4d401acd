// SPDX-License-Identifier: GPL-2.0
/* Machine-check banks: set up by the VMM, read by the guest, filled by both. */
#include "test.h"

#define MSR_MCG_CAP 0x179
#define MSR_MCG_STATUS 0x17a
#define MSR_MCG_CTL 0x17b
#define MSR_MC_CTL2(bank) (0x280 + (bank))
#define MSR_MC(bank, reg) (0x400 + 4 * (bank) + (reg))
#define MSR_HWCR 0xc0010015

enum { CTL, STATUS, ADDR, MISC };

#define MCG_CTL_P (1ull << 8)
#define MCG_SER_P (1ull << 24)
#define MCG_LMCE_P (1ull << 27)
#define MCG_ELOG_P (1ull << 26)
#define MC_VAL (1ull << 63)
#define MC_OVER (1ull << 62)
#define MC_UC (1ull << 61)
#define MC_EN (1ull << 60)
#define MC_PCC (1ull << 57)
#define MCG_MCIP (1ull << 2)
#define MC_VECTOR 18
#define BANKS 10
#define ALL_ON (~0ull)

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
	guest_sync(1, wrmsr_catch(msr, value));
	guest_done();
}

static void on_machine_check(struct guest_regs *regs)
{
	u64 status, address, global;

	rdmsr_catch(MSR_MC(3, STATUS), &status);
	rdmsr_catch(MSR_MC(3, ADDR), &address);
	rdmsr_catch(MSR_MCG_STATUS, &global);
	guest_sync(2, status, address, global);
	guest_done();
}

guest_entry void waits_for_machine_check(void)
{
	guest_on(MC_VECTOR, on_machine_check);
	write_cr4(read_cr4() | X86_CR4_MCE);
	guest_sync(1);
	for (;;)
		cpu_relax();
}

FIXTURE(mce) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(mce)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	set_supported_cpuid(self->vcpu);
}

FIXTURE_TEARDOWN(mce)
{
	vm_free(self->vcpu->vm);
}

static int setup(struct vcpu *vcpu, u64 cap)
{
	return ioctl(vcpu->fd, NACRE_X86_SETUP_MCE, &cap);
}

static int report(struct vcpu *vcpu, u8 bank, u64 status, u64 global)
{
	struct nacre_x86_mce mce = {
		.status = status,
		.addr = 0x1000,
		.misc = 0x8c,
		.mcg_status = global,
		.bank = bank,
	};

	return ioctl(vcpu->fd, NACRE_X86_SET_MCE, &mce);
}

static u64 get(struct vcpu *vcpu, u32 msr)
{
	u64 v;

	CHECK(get_msr(vcpu, msr, &v));
	return v;
}

static u64 guest_writes(struct vcpu *vcpu, u32 msr, u64 value)
{
	vcpu_setup(vcpu, GUEST_64, "writes");
	vcpu_args(vcpu, 2, (u64)msr, value);
	run_to_sync(vcpu, 1);
	return vcpu->uc.args[1];
}

static u64 guest_reads(struct vcpu *vcpu, u32 msr, u64 *value)
{
	vcpu_setup(vcpu, GUEST_64, "reads");
	vcpu_args(vcpu, 1, (u64)msr);
	run_to_sync(vcpu, 1);
	*value = vcpu->uc.args[2];
	return vcpu->uc.args[1];
}

TEST_F(mce, what_is_supported)
{
	u64 cap = 0;

	EXPECT_EQ(32, device_cap(NACRE_CAP_MCE));
	ASSERT_EQ(0, ioctl(self->vcpu->vm->dev, NACRE_X86_GET_MCE_CAP_SUPPORTED,
			   &cap));
	EXPECT_EQ(MCG_CTL_P | MCG_SER_P, cap & (MCG_CTL_P | MCG_SER_P));
	EXPECT_EQ(0, cap & 0xff);
	EXPECT_EQ(0, setup(self->vcpu, cap | BANKS));
	/* AMD's register has no bit for software recovery. */
	EXPECT_EQ(cap | BANKS, get(self->vcpu, MSR_MCG_CAP) | MCG_SER_P);
}

TEST_F(mce, setup_arguments)
{
	int fd = self->vcpu->fd;

	EXPECT_ERROR(EINVAL, setup(self->vcpu, 0));
	EXPECT_ERROR(EINVAL, setup(self->vcpu, 33));
	EXPECT_ERROR(EINVAL, setup(self->vcpu, BANKS | MCG_ELOG_P));
	EXPECT_ERROR(EINVAL, setup(self->vcpu, BANKS | 1ull << 40));
	EXPECT_ERROR(EFAULT, ioctl(fd, NACRE_X86_SETUP_MCE, 8));
	EXPECT_EQ(0, setup(self->vcpu, 32));
	EXPECT_EQ(0, setup(self->vcpu, BANKS | MCG_CTL_P | 0x90000));
}

/* A vCPU that nobody set up has all banks and no global control. */
TEST_F(mce, before_setup)
{
	u64 v;

	EXPECT_EQ(32, get(self->vcpu, MSR_MCG_CAP));
	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_MC(31, MISC), &v));
	EXPECT_EQ(0, v);
	EXPECT_EQ(GP_VECTOR, guest_reads(self->vcpu, MSR_MCG_CTL, &v));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_MCG_CTL, 0));
}

TEST_F(mce, registers_after_setup)
{
	u64 v;

	ASSERT_EQ(0, setup(self->vcpu, BANKS | MCG_CTL_P));
	EXPECT_EQ(ALL_ON, get(self->vcpu, MSR_MCG_CTL));
	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_MC(0, CTL), &v));
	EXPECT_EQ(ALL_ON, v);
	EXPECT_EQ(NO_VECTOR, guest_reads(self->vcpu, MSR_MC(BANKS - 1, MISC),
					 &v));
	EXPECT_EQ(0, v);
	EXPECT_EQ(GP_VECTOR, guest_reads(self->vcpu, MSR_MC(BANKS, CTL), &v));
	EXPECT_FALSE(get_msr(self->vcpu, MSR_MC(BANKS, CTL), &v));
	EXPECT_FALSE(set_msr(self->vcpu, MSR_MC(BANKS, CTL), 0));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_MCG_CAP, BANKS));
	/* No interrupt for corrected errors without its bit. */
	EXPECT_EQ(GP_VECTOR, guest_reads(self->vcpu, MSR_MC_CTL2(0), &v));
	EXPECT_EQ(GP_VECTOR, guest_writes(self->vcpu, MSR_MC_CTL2(0), 0));
}

TEST_F(mce, written_values)
{
	struct vcpu *vcpu = self->vcpu;

	ASSERT_EQ(0, setup(vcpu, BANKS | MCG_CTL_P));
	EXPECT_EQ(NO_VECTOR, guest_writes(vcpu, MSR_MCG_CTL, 0));
	EXPECT_EQ(GP_VECTOR, guest_writes(vcpu, MSR_MCG_CTL, 1));
	EXPECT_EQ(NO_VECTOR, guest_writes(vcpu, MSR_MC(2, CTL), 0));
	EXPECT_EQ(GP_VECTOR, guest_writes(vcpu, MSR_MC(2, CTL), 0xff));
	/* Bit 10 off: an old workaround of guests. */
	EXPECT_EQ(NO_VECTOR, guest_writes(vcpu, MSR_MC(4, CTL), ~(1ull << 10)));
	EXPECT_EQ(~(1ull << 10), get(vcpu, MSR_MC(4, CTL)));
	EXPECT_EQ(NO_VECTOR, guest_writes(vcpu, MSR_MC(2, ADDR), 0x123));
	EXPECT_EQ(NO_VECTOR, guest_writes(vcpu, MSR_MC(2, STATUS), 0));
	EXPECT_EQ(GP_VECTOR, guest_writes(vcpu, MSR_MC(2, STATUS), 1));
	EXPECT_TRUE(set_msr(vcpu, MSR_MC(3, STATUS), MC_VAL));
}

static void set_vendor(struct vcpu *vcpu, const char name[12])
{
	struct nacre_cpuid2 *c = supported_cpuid();
	struct nacre_cpuid_entry2 *leaf = find_leaf(c, 0, 0);

	memcpy(&leaf->ebx, name, 4);
	memcpy(&leaf->edx, name + 4, 4);
	memcpy(&leaf->ecx, name + 8, 4);
	CHECK(raw_set_cpuid(vcpu, c) == 0);
	free(c);
}

/* AMD APM, "MCi_STATUS Registers": McStatusWrEn lets a guest fill it. */
TEST_F(mce, status_write_enable)
{
	static const struct {
		const char *vendor;
		unsigned int vector;
	} cases[] = {
		{ "AuthenticAMD", NO_VECTOR },
		{ "HygonGenuine", NO_VECTOR },
		{ "GenuineIntel", GP_VECTOR },
	};

	for (unsigned int i = 0; i < 3; i++) {
		struct vcpu *vcpu = vcpu_new(self->vcpu->vm, i + 1);

		set_vendor(vcpu, cases[i].vendor);
		ASSERT_EQ(0, setup(vcpu, BANKS));
		EXPECT_TRUE(set_msr(vcpu, MSR_HWCR, 1 << 18));
		EXPECT_EQ(cases[i].vector,
			  guest_writes(vcpu, MSR_MC(2, STATUS), 1))
			TH_LOG("%s", cases[i].vendor);
	}
}

TEST_F(mce, report_arguments)
{
	ASSERT_EQ(0, setup(self->vcpu, BANKS | MCG_CTL_P));
	EXPECT_ERROR(EINVAL, report(self->vcpu, BANKS, MC_VAL, 0));
	EXPECT_ERROR(EINVAL, report(self->vcpu, 255, MC_VAL, 0));
	EXPECT_ERROR(EINVAL, report(self->vcpu, 0, MC_UC, 0));
	EXPECT_ERROR(EFAULT, ioctl(self->vcpu->fd, NACRE_X86_SET_MCE, 8));
}

/* A corrected error is logged; a second one says that there were more. */
TEST_F(mce, corrected)
{
	struct vcpu *vcpu = self->vcpu;

	ASSERT_EQ(0, setup(vcpu, BANKS | MCG_CTL_P));
	ASSERT_EQ(0, report(vcpu, 3, MC_VAL | MC_EN | 1, 0));
	EXPECT_EQ(MC_VAL | MC_EN | 1, get(vcpu, MSR_MC(3, STATUS)));
	EXPECT_EQ(0x1000, get(vcpu, MSR_MC(3, ADDR)));
	EXPECT_EQ(0x8c, get(vcpu, MSR_MC(3, MISC)));
	ASSERT_EQ(0, report(vcpu, 3, MC_VAL | MC_EN | 2, 0));
	EXPECT_EQ(MC_VAL | MC_OVER | MC_EN | 2, get(vcpu, MSR_MC(3, STATUS)));
	/* An uncorrected one stays. */
	CHECK(set_msr(vcpu, MSR_MC(3, STATUS), MC_VAL | MC_UC));
	ASSERT_EQ(0, report(vcpu, 3, MC_VAL | 5, 0));
	EXPECT_EQ(MC_VAL | MC_OVER | MC_UC, get(vcpu, MSR_MC(3, STATUS)));
}

TEST_F(mce, uncorrected_is_an_exception)
{
	u64 status = MC_VAL | MC_UC | MC_EN | MC_PCC | 0x136;
	struct vcpu *vcpu = self->vcpu;

	ASSERT_EQ(0, setup(vcpu, BANKS | MCG_CTL_P));
	vcpu_setup(vcpu, GUEST_64, "waits_for_machine_check");
	run_to_sync(vcpu, 1);
	ASSERT_EQ(0, report(vcpu, 3, status, MCG_MCIP));
	run_to_sync(vcpu, 2);
	EXPECT_EQ(status, vcpu->uc.args[1]);
	EXPECT_EQ(0x1000, vcpu->uc.args[2]);
	EXPECT_EQ(MCG_MCIP, vcpu->uc.args[3]);
	/* A second while the first is handled is too much. */
	ASSERT_EQ(0, report(vcpu, 3, status, MCG_MCIP));
	run_to_exit(vcpu, NACRE_EXIT_SHUTDOWN);
}

TEST_F(mce, uncorrected_with_cr4_mce_off)
{
	u64 status = MC_VAL | MC_UC | MC_EN | MC_PCC;

	ASSERT_EQ(0, setup(self->vcpu, BANKS | MCG_CTL_P));
	vcpu_setup(self->vcpu, GUEST_64, "reads");
	ASSERT_EQ(0, report(self->vcpu, 0, status, MCG_MCIP));
	run_to_exit(self->vcpu, NACRE_EXIT_SHUTDOWN);
}

/* A bank, or all of them, that the guest turned off reports nothing. */
TEST_F(mce, off)
{
	u64 status = MC_VAL | MC_UC | MC_EN | MC_PCC;
	struct vcpu *vcpu = self->vcpu;

	ASSERT_EQ(0, setup(vcpu, BANKS | MCG_CTL_P));
	CHECK(set_msr(vcpu, MSR_MC(3, CTL), 0));
	ASSERT_EQ(0, report(vcpu, 3, status, MCG_MCIP));
	EXPECT_EQ(0, get(vcpu, MSR_MC(3, STATUS)));
	CHECK(set_msr(vcpu, MSR_MCG_CTL, 0));
	ASSERT_EQ(0, report(vcpu, 4, status, MCG_MCIP));
	EXPECT_EQ(0, get(vcpu, MSR_MC(4, STATUS)));
	vcpu_setup(vcpu, GUEST_64, "writes");
	vcpu_args(vcpu, 2, (u64)MSR_STAR, 0ull);
	run_to_sync(vcpu, 1);
}

/* Uncorrected, but nobody has to do anything: logged without an exception. */
TEST_F(mce, no_action)
{
	struct vcpu *vcpu = self->vcpu;

	ASSERT_EQ(0, setup(vcpu, BANKS | MCG_CTL_P | MCG_SER_P));
	ASSERT_EQ(0, report(vcpu, 3, MC_VAL | MC_UC | MC_EN, 0));
	EXPECT_EQ(MC_VAL | MC_UC | MC_EN, get(vcpu, MSR_MC(3, STATUS)));
	vcpu_setup(vcpu, GUEST_64, "writes");
	vcpu_args(vcpu, 2, (u64)MSR_STAR, 0ull);
	run_to_sync(vcpu, 1);
}

TEST_HARNESS_MAIN
