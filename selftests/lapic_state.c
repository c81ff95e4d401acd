// SPDX-License-Identifier: GPL-2.0
/* GET_LAPIC and SET_LAPIC: the APIC as a VMM saves and restores it. */
#include "test.h"
#include "lib/apic.h"

#define VECTOR 0x46
#define MS 1000000u

guest_data volatile u64 fired;

static void on_timer(struct guest_regs *regs)
{
	fired++;
	apic_eoi();
}

guest_entry void starts_timer(u64 ticks)
{
	guest_on(VECTOR, on_timer);
	apic_enable();
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, VECTOR);
	apic_write(APIC_TMICT, ticks);
	guest_sync(1);
	while (!fired)
		asm volatile("sti; hlt; cli" : : : "memory");
	guest_sync(2, fired);
	guest_done();
}

guest_entry void works(void)
{
	guest_on(VECTOR, on_timer);
	apic_enable();
	apic_write(APIC_TPR, 0);
	apic_write(APIC_ICR, ICR_SELF | VECTOR);
	asm volatile("sti; nop; nop; cli" : : : "memory");
	GUEST_ASSERT_EQ(1, fired);
	guest_done();
}

guest_entry void ends(void)
{
	guest_done();
}

FIXTURE(lapic_state) {
	struct vcpu *vcpu;
	struct nacre_lapic_state s;
};

FIXTURE_SETUP(lapic_state)
{
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
	set_supported_cpuid(self->vcpu);
	memset(&self->s, 0xa5, sizeof(self->s));
	get_lapic(self->vcpu, &self->s);
}

FIXTURE_TEARDOWN(lapic_state)
{
	vm_free(self->vcpu->vm);
}

#define REG(reg) (*lapic_reg(&self->s, reg))

TEST_F(lapic_state, reset)
{
	for (u32 reg = 0; reg < NACRE_APIC_REG_SIZE; reg += 4) {
		u32 v = REG(reg);

		switch (reg) {
		case APIC_LVR:
			EXPECT_EQ(0x14, v & 0xff);
			break;
		case APIC_DFR:
			EXPECT_EQ(0xffffffff, v);
			break;
		case APIC_SVR:
			EXPECT_EQ(0xff, v);
			break;
		case APIC_LVT0:
			EXPECT_EQ(APIC_EXTINT, v);
			break;
		case APIC_LVTT:
		case APIC_LVTTHMR:
		case APIC_LVTPC:
		case APIC_LVT1:
		case APIC_LVTERR:
			EXPECT_EQ(APIC_MASKED, v);
			break;
		case APIC_CMCI:
			break;
		default:
			if (v)
				TH_LOG("register %#x", reg);
			EXPECT_EQ(0, v);
		}
	}
}

/* The ID is the vCPU's; only the boot processor has LINT0 open. */
TEST_F(lapic_state, other_vcpus)
{
	static const u32 ids[] = { 1, 7, 200 };

	for (unsigned int i = 0; i < 3; i++) {
		get_lapic(vcpu_new(self->vcpu->vm, ids[i]), &self->s);
		EXPECT_EQ(ids[i] << 24, REG(APIC_ID));
		EXPECT_EQ(APIC_MASKED, REG(APIC_LVT0));
	}
}

/* What a guest can have put there comes back as it was. */
TEST_F(lapic_state, round_trip)
{
	struct nacre_lapic_state out;

	REG(APIC_TPR) = 0x50;
	REG(APIC_LDR) = 0x55000000;
	REG(APIC_DFR) = 0x0fffffff;
	REG(APIC_SVR) = APIC_SVR_ENABLE | 0x3f;
	REG(APIC_ISR + 0x20) = 1 << 5;
	REG(APIC_IRR + 0x10) = 0xf0f0f0f0;
	REG(APIC_TMR + 0x10) = 0x0f0f0f0f;
	REG(APIC_ICR) = 0x4041;
	REG(APIC_ICR2) = 0x03000000;
	REG(APIC_LVTT) = APIC_PERIODIC | APIC_MASKED | 0x31;
	REG(APIC_LVT0) = 0x700;
	REG(APIC_LVT1) = 0x400;
	REG(APIC_LVTERR) = 0xfe;
	REG(APIC_TDCR) = 3;
	set_lapic(self->vcpu, &self->s);
	get_lapic(self->vcpu, &out);
	for (u32 reg = 0; reg < NACRE_APIC_REG_SIZE; reg += 4) {
		/* PPR follows from the others. */
		if (reg == APIC_PPR)
			continue;
		if (REG(reg) != *lapic_reg(&out, reg))
			TH_LOG("register %#x", reg);
		EXPECT_EQ(REG(reg), *lapic_reg(&out, reg));
	}
	/* Vector 45h is in service, which TPR's 50h is above. */
	EXPECT_EQ(0x50, *lapic_reg(&out, APIC_PPR));
}

/* The timer goes on from the current count, here and elsewhere. */
TEST_F(lapic_state, restarts_timer)
{
	struct vcpu *other = vcpu_new(vm_new_irqchip(), 0);
	struct nacre_regs regs;
	struct nacre_sregs sregs;
	u64 begin, took;

	vcpu_setup(self->vcpu, GUEST_64, "starts_timer");
	vcpu_args(self->vcpu, 1, 3000ull * MS);
	run_to_sync(self->vcpu, 1);
	get_lapic(self->vcpu, &self->s);
	EXPECT_EQ(3000 * MS, REG(APIC_TMICT));
	EXPECT_LT(0, REG(APIC_TMCCT));
	EXPECT_GT(3000 * MS, REG(APIC_TMCCT));
	/* Let 200 ms be left, and continue in another VM. */
	REG(APIC_TMCCT) = 200 * MS;
	vcpu_setup(other, GUEST_64, "ends");
	memcpy(gpa_to_hva(other->vm, 0, VM_RAM_SIZE),
	       gpa_to_hva(self->vcpu->vm, 0, VM_RAM_SIZE), VM_RAM_SIZE);
	get_regs(self->vcpu, &regs);
	get_sregs(self->vcpu, &sregs);
	set_regs(other, &regs);
	set_sregs(other, &sregs);
	begin = now_ns();
	set_lapic(other, &self->s);
	/* The OUT that was under way is made again. */
	run_to_sync(other, 1);
	run_to_sync(other, 2);
	took = (now_ns() - begin) / MS;
	EXPECT_LE(180, took);
	EXPECT_GT(2800, took);
	EXPECT_EQ(1, other->uc.args[1]);
	vm_free(other->vm);
}

/* Pending in IRR when set: delivered. */
TEST_F(lapic_state, pending_interrupt)
{
	vcpu_setup(self->vcpu, GUEST_64, "starts_timer");
	vcpu_args(self->vcpu, 1, 0ull);
	run_to_sync(self->vcpu, 1);
	get_lapic(self->vcpu, &self->s);
	REG(APIC_IRR + VECTOR / 32 * 16) |= 1 << (VECTOR % 32);
	set_lapic(self->vcpu, &self->s);
	run_to_sync(self->vcpu, 2);
	EXPECT_EQ(1, self->vcpu->uc.args[1]);
}

/* CR8, the run page and TPR are one. */
TEST_F(lapic_state, tpr)
{
	struct nacre_sregs s;

	REG(APIC_TPR) = 0x70;
	set_lapic(self->vcpu, &self->s);
	get_sregs(self->vcpu, &s);
	EXPECT_EQ(7, s.cr8);
	s.cr8 = 3;
	set_sregs(self->vcpu, &s);
	get_lapic(self->vcpu, &self->s);
	EXPECT_EQ(0x30, REG(APIC_TPR));
}

/* Whatever is set, the host is well, and so is the guest after a reset. */
TEST_F(lapic_state, hostile)
{
	struct nacre_lapic_state good = self->s;
	u32 seed = 7;

	vcpu_setup(self->vcpu, GUEST_64, "ends");
	memset(&self->s, 0xff, sizeof(self->s));
	EXPECT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_LAPIC, &self->s));
	get_lapic(self->vcpu, &self->s);
	for (int i = 0; i < 200; i++) {
		for (u32 j = 0; j < sizeof(self->s); j++) {
			seed = seed * 1103515245 + 12345;
			self->s.regs[j] = seed >> 16;
		}
		/* A timer that resets the vCPU is not what this is about. */
		REG(APIC_LVTT) &= ~0x700u;
		ASSERT_EQ(0, ioctl(self->vcpu->fd, NACRE_SET_LAPIC, &self->s));
		get_lapic(self->vcpu, &self->s);
		if (i % 20 == 0)
			run_to_done(self->vcpu);
	}
	set_lapic(self->vcpu, &good);
	vcpu_setup(self->vcpu, GUEST_64, "works");
	run_to_done(self->vcpu);
}

/* A period of nothing must not keep the host busy for ever. */
TEST_F(lapic_state, shortest_period)
{
	vcpu_setup(self->vcpu, GUEST_64, "ends");
	REG(APIC_SVR) |= APIC_SVR_ENABLE;
	REG(APIC_LVTT) = APIC_PERIODIC | VECTOR;
	REG(APIC_TDCR) = 0xb;
	REG(APIC_TMICT) = 1;
	REG(APIC_TMCCT) = 0;
	set_lapic(self->vcpu, &self->s);
	pause_us(100000);
	run_to_done(self->vcpu);
	REG(APIC_TMICT) = 0;
	set_lapic(self->vcpu, &self->s);
}

static int set_x2apic(struct vcpu *vcpu)
{
	return set_msr(vcpu, MSR_APIC_BASE, LAPIC_GPA | APIC_BASE_EN |
		       APIC_BASE_EXTD | (vcpu->id ? 0 : APIC_BASE_BSP));
}

TEST_F(lapic_state, x2apic)
{
	struct vcpu *vcpu = vcpu_new(self->vcpu->vm, 0x25);
	struct nacre_lapic_state out;

	set_supported_cpuid(vcpu);
	ASSERT_TRUE(set_x2apic(vcpu));
	get_lapic(vcpu, &self->s);
	/* Eight bits, where they have always been. */
	EXPECT_EQ(0x25 << 24, REG(APIC_ID));
	EXPECT_EQ(2 << 16 | 1 << 5, REG(APIC_LDR));
	REG(APIC_ICR) = 0x41;
	REG(APIC_ICR2) = 0x12345678;
	set_lapic(vcpu, &self->s);
	get_lapic(vcpu, &out);
	/* Between registers is nothing, and in-tree KVM keeps ICR's half. */
	for (u32 reg = 0; reg < NACRE_APIC_REG_SIZE; reg += 16) {
		EXPECT_EQ(REG(reg), *lapic_reg(&out, reg))
			TH_LOG("register %#x", reg);
	}
}

TEST_F(lapic_state, x2apic_id_format)
{
	struct nacre_enable_cap cap = {
		.cap = NACRE_CAP_X2APIC_API,
		.args = { NACRE_X2APIC_API_USE_32BIT_IDS },
	};
	struct vcpu *vcpu = vcpu_new(self->vcpu->vm, 0x25);

	if (!vm_cap(vcpu->vm, NACRE_CAP_X2APIC_API))
		SKIP(return, "no NACRE_CAP_X2APIC_API");
	ASSERT_EQ(0, ioctl(vcpu->vm->fd, NACRE_ENABLE_CAP, &cap));
	set_supported_cpuid(vcpu);
	get_lapic(vcpu, &self->s);
	EXPECT_EQ(0x25 << 24, REG(APIC_ID));
	ASSERT_TRUE(set_x2apic(vcpu));
	get_lapic(vcpu, &self->s);
	EXPECT_EQ(0x25, REG(APIC_ID));
	EXPECT_EQ(0, ioctl(vcpu->fd, NACRE_SET_LAPIC, &self->s));
	REG(APIC_ID) = 0x26;
	EXPECT_ERROR(EINVAL, ioctl(vcpu->fd, NACRE_SET_LAPIC, &self->s));
	cap.args[0] = 4;
	EXPECT_ERROR(EINVAL, ioctl(vcpu->vm->fd, NACRE_ENABLE_CAP, &cap));
}

TEST_HARNESS_MAIN
