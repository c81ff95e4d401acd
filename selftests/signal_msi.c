// SPDX-License-Identifier: GPL-2.0
/* NACRE_SIGNAL_MSI, and what NACRE_CAP_X2APIC_API makes of an address. */
#include "test.h"
#include "lib/irq.h"

#define VECTOR 0x61
#define WIDE_ID 300u
#define USE_32BIT NACRE_X2APIC_API_USE_32BIT_IDS
#define NO_QUIRK NACRE_X2APIC_API_DISABLE_BROADCAST_QUIRK

guest_data volatile u64 taken, nmis;

static void on_vector(struct guest_regs *regs)
{
	taken++;
	GUEST_ASSERT(apic_bit(APIC_ISR, regs->vector));
	apic_eoi();
}

static void on_nmi(struct guest_regs *regs)
{
	nmis++;
}

guest_entry void counts(void)
{
	guest_on(VECTOR, on_vector);
	guest_on(NMI_VECTOR, on_nmi);
	apic_enable();
	for (u32 i = 0; ; i++) {
		guest_sync(i, taken, nmis, apic_bit(APIC_TMR, VECTOR));
		asm volatile("sti; nop; nop; cli" : : : "memory");
	}
}

TEST(capabilities)
{
	EXPECT_EQ(1, device_cap(NACRE_CAP_SIGNAL_MSI));
	EXPECT_EQ(USE_32BIT | NO_QUIRK, device_cap(NACRE_CAP_X2APIC_API));
}

TEST(without_controllers)
{
	struct vm *vm = vm_new();

	vcpu_new(vm, 0);
	EXPECT_ERROR(EINVAL, signal_msi(vm, MSI_ADDRESS(0), VECTOR));
	vm_free(vm);
}

TEST(without_vcpus)
{
	struct vm *vm = vm_new_irqchip();

	EXPECT_ERROR(EPERM, signal_msi(vm, MSI_ADDRESS(0), VECTOR));
	EXPECT_ERROR(EPERM, signal_msi(vm, MSI_ADDRESS(0xff), VECTOR));
	vm_free(vm);
}

FIXTURE(signal_msi) {
	struct vm *vm;
	struct vcpu *vcpu;
};

FIXTURE_SETUP(signal_msi)
{
	self->vm = vm_new_irqchip();
	self->vcpu = vcpu_new(self->vm, 0);
	lapic_on(self->vcpu);
}

FIXTURE_TEARDOWN(signal_msi)
{
	vm_free(self->vm);
}

TEST_F(signal_msi, flags)
{
	struct nacre_msi msi = {
		.address_lo = MSI_ADDRESS(0), .data = VECTOR,
		.devid = 0xffffffff,
	};

	msi.flags = NACRE_MSI_VALID_DEVID;
	EXPECT_EQ(1, ioctl(self->vm->fd, NACRE_SIGNAL_MSI, &msi));
	for (msi.flags = 2; msi.flags; msi.flags <<= 1)
		EXPECT_ERROR(EINVAL, ioctl(self->vm->fd, NACRE_SIGNAL_MSI,
					   &msi));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, NACRE_SIGNAL_MSI, NULL));
}

TEST_F(signal_msi, how_many)
{
	EXPECT_EQ(1, signal_msi(self->vm, MSI_ADDRESS(0), VECTOR));
	EXPECT_TRUE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
	EXPECT_EQ(0, signal_msi(self->vm, MSI_ADDRESS(1), VECTOR));
	/* One that is off by software counts for nothing. */
	vcpu_new(self->vm, 1);
	EXPECT_EQ(0, signal_msi(self->vm, MSI_ADDRESS(1), VECTOR));
	EXPECT_EQ(1, signal_msi(self->vm, MSI_ADDRESS(0xff), VECTOR));
	lapic_on(self->vm->vcpus[1]);
	EXPECT_EQ(1, signal_msi(self->vm, MSI_ADDRESS(1), VECTOR));
	EXPECT_EQ(2, signal_msi(self->vm, MSI_ADDRESS(0xff), VECTOR));
	/* What comes from the PIC comes by its pin alone. */
	EXPECT_EQ(0, signal_msi(self->vm, MSI_ADDRESS(0), 7 << 8 | VECTOR));
	/* Nobody has a logical address; that may be an error. */
	EXPECT_GE(0, signal_msi(self->vm, MSI_ADDRESS(3) | MSI_LOGICAL,
				VECTOR));
}

/* To the one of the lowest priority among those that would take it. */
TEST_F(signal_msi, lowest_is_on)
{
	struct nacre_lapic_state lapic;
	u32 address = MSI_ADDRESS(0xff) | MSI_LOGICAL;

	get_lapic(self->vcpu, &lapic);
	*lapic_reg(&lapic, APIC_TPR) = 0x40;
	set_lapic(self->vcpu, &lapic);
	vcpu_new(self->vm, 1);
	EXPECT_EQ(1, signal_msi(self->vm, address, MSI_LOWEST | VECTOR));
	EXPECT_TRUE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
}

static bool lost_or_sent(struct vm *vm, const struct nacre_msi *msi)
{
	return ioctl(vm->fd, NACRE_SIGNAL_MSI, msi) >= 0 || errno == EPERM;
}

TEST_F(signal_msi, level)
{
	EXPECT_EQ(1, signal_msi(self->vm, MSI_ADDRESS(0), MSI_LEVEL | VECTOR));
	EXPECT_TRUE(lapic_bit(self->vcpu, APIC_TMR, VECTOR));
	EXPECT_TRUE(lapic_bit(self->vcpu, APIC_IRR, VECTOR));
	/* An edge of the same vector then makes it one. */
	EXPECT_EQ(1, signal_msi(self->vm, MSI_ADDRESS(0), VECTOR));
	EXPECT_FALSE(lapic_bit(self->vcpu, APIC_TMR, VECTOR));
}

/* None of these may harm the host; what they do is the guest's affair. */
TEST_F(signal_msi, odd_messages)
{
	struct nacre_msi msi = { 0 };

	for (u32 vector = 0; vector < 16; vector++)
		EXPECT_GE(signal_msi(self->vm, MSI_ADDRESS(0), vector), 0);
	for (int bit = 0; bit < 32; bit++) {
		msi.address_lo = 1u << bit;
		msi.address_hi = 0xffffffff;
		msi.data = VECTOR;
		EXPECT_TRUE(lost_or_sent(self->vm, &msi));
		/* INIT, SMI and start-up are not for this vCPU. */
		msi.address_lo = MSI_ADDRESS(9);
		msi.data = 1u << bit;
		EXPECT_TRUE(lost_or_sent(self->vm, &msi));
	}
}

TEST_F(signal_msi, guest)
{
	struct vcpu *vcpu = self->vcpu;

	vcpu_setup(vcpu, GUEST_64, "counts");
	run_to_sync(vcpu, 0);
	CHECK(signal_msi(vcpu->vm, MSI_ADDRESS(0), VECTOR) == 1);
	run_to_sync(vcpu, 1);
	EXPECT_EQ(1, vcpu->uc.args[1]);
	EXPECT_EQ(0, vcpu->uc.args[3]);
	CHECK(signal_msi(vcpu->vm, MSI_ADDRESS(0), MSI_LEVEL | VECTOR) == 1);
	run_to_sync(vcpu, 2);
	EXPECT_EQ(2, vcpu->uc.args[1]);
	EXPECT_EQ(1, vcpu->uc.args[3]);
	CHECK(signal_msi(vcpu->vm, MSI_ADDRESS(0), MSI_NMI | VECTOR) == 1);
	run_to_sync(vcpu, 3);
	EXPECT_EQ(2, vcpu->uc.args[1]);
	EXPECT_EQ(1, vcpu->uc.args[2]);
	/* A vector that no interrupt can have. */
	signal_msi(vcpu->vm, MSI_ADDRESS(0), 14);
	run_to_sync(vcpu, 4);
	EXPECT_EQ(2, vcpu->uc.args[1]);
}

static void to_x2apic(struct vcpu *vcpu)
{
	struct nacre_sregs sregs;

	set_supported_cpuid(vcpu);
	get_sregs(vcpu, &sregs);
	sregs.apic_base |= APIC_BASE_EXTD;
	set_sregs(vcpu, &sregs);
}

static int wide_msi(struct vm *vm, u32 dest, u32 hi_extra)
{
	struct nacre_msi msi = {
		.address_lo = MSI_ADDRESS(dest & 0xff),
		.address_hi = (dest & ~0xffu) | hi_extra,
		.data = VECTOR,
	};

	return ioctl(vm->fd, NACRE_SIGNAL_MSI, &msi);
}

TEST_F(signal_msi, wide_ids)
{
	struct nacre_irq_routing_entry e = to_msi(5, MSI_ADDRESS(0), VECTOR);
	struct vcpu *far = vcpu_new(self->vm, WIDE_ID);

	to_x2apic(far);
	EXPECT_EQ(0, wide_msi(self->vm, WIDE_ID, 0));
	EXPECT_EQ(1, wide_msi(self->vm, 0, 0xff));
	EXPECT_ERROR(EINVAL, raw_enable_cap(self->vm, NACRE_CAP_X2APIC_API,
					    4));
	ASSERT_EQ(0, raw_enable_cap(self->vm, NACRE_CAP_X2APIC_API,
				    USE_32BIT));
	lapic_on(far);
	EXPECT_EQ(1, wide_msi(self->vm, WIDE_ID, 0));
	EXPECT_TRUE(lapic_bit(far, APIC_IRR, VECTOR));
	EXPECT_ERROR(EINVAL, wide_msi(self->vm, 0, 1));
	e.u.msi.address_hi = 0x80;
	EXPECT_ERROR(EINVAL, raw_set_routes(self->vm, 1, &e));
	e.u.msi.address_hi = WIDE_ID & ~0xffu;
	e.u.msi.address_lo = MSI_ADDRESS(WIDE_ID & 0xff);
	EXPECT_EQ(0, raw_set_routes(self->vm, 1, &e));
	EXPECT_EQ(1, irq_status(self->vm, 5, 1));
}

/* All 32 bits of an ID, in the place of 8 and 24 zeros. */
TEST_F(signal_msi, wide_id_in_state)
{
	struct vcpu *far = vcpu_new(self->vm, WIDE_ID);
	struct nacre_lapic_state state;

	to_x2apic(far);
	get_lapic(far, &state);
	EXPECT_EQ(WIDE_ID << 24, *lapic_reg(&state, APIC_ID));
	ASSERT_EQ(0, raw_enable_cap(self->vm, NACRE_CAP_X2APIC_API,
				    USE_32BIT));
	get_lapic(far, &state);
	EXPECT_EQ(WIDE_ID, *lapic_reg(&state, APIC_ID));
	EXPECT_EQ(0, ioctl(far->fd, NACRE_SET_LAPIC, &state));
	*lapic_reg(&state, APIC_ID) = 7;
	EXPECT_ERROR(EINVAL, ioctl(far->fd, NACRE_SET_LAPIC, &state));
}

/* FFh means all, an x2APIC too, unless the VMM knows better. */
TEST_F(signal_msi, broadcast_quirk)
{
	to_x2apic(self->vcpu);
	lapic_on(self->vcpu);
	set_redirection(self->vm, 20, VECTOR | 0xffull << 56);
	EXPECT_EQ(1, signal_msi(self->vm, MSI_ADDRESS(0xff), VECTOR));
	EXPECT_EQ(1, irq_status(self->vm, 20, 1));
	irq_line(self->vm, 20, 0);
	ASSERT_EQ(0, raw_enable_cap(self->vm, NACRE_CAP_X2APIC_API, NO_QUIRK));
	EXPECT_EQ(0, signal_msi(self->vm, MSI_ADDRESS(0xff), VECTOR));
	EXPECT_EQ(0, irq_status(self->vm, 20, 1));
}

TEST_HARNESS_MAIN
