/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupt controllers in the kernel: register names for guest and host,
 * access for the guest, and a VM that has them for the host.
 */
#ifndef SELFTESTS_APIC_H
#define SELFTESTS_APIC_H

#include "guest.h"

#define LAPIC_GPA 0xfee00000u
#define IOAPIC_GPA 0xfec00000u

/* Offsets of the local APIC's registers. */
#define APIC_ID 0x20
#define APIC_LVR 0x30
#define APIC_TPR 0x80
#define APIC_APR 0x90
#define APIC_PPR 0xa0
#define APIC_EOI 0xb0
#define APIC_RRR 0xc0
#define APIC_LDR 0xd0
#define APIC_DFR 0xe0
#define APIC_SVR 0xf0
#define APIC_ISR 0x100
#define APIC_TMR 0x180
#define APIC_IRR 0x200
#define APIC_ESR 0x280
#define APIC_CMCI 0x2f0
#define APIC_ICR 0x300
#define APIC_ICR2 0x310
#define APIC_LVTT 0x320
#define APIC_LVTTHMR 0x330
#define APIC_LVTPC 0x340
#define APIC_LVT0 0x350
#define APIC_LVT1 0x360
#define APIC_LVTERR 0x370
#define APIC_TMICT 0x380
#define APIC_TMCCT 0x390
#define APIC_TDCR 0x3e0
#define APIC_SELF_IPI 0x3f0

#define APIC_SVR_ENABLE (1u << 8)
#define APIC_MASKED (1u << 16)
#define APIC_PERIODIC (1u << 17)
#define APIC_TSC_DEADLINE (2u << 17)
#define APIC_EXTINT (7u << 8)

/* The low word of ICR. */
#define ICR_LOWEST (1u << 8)
#define ICR_NMI (4u << 8)
#define ICR_INIT (5u << 8)
#define ICR_STARTUP (6u << 8)
#define ICR_LOGICAL (1u << 11)
#define ICR_ASSERT (1u << 14)
#define ICR_LEVEL (1u << 15)
#define ICR_SELF (1u << 18)
#define ICR_ALL (2u << 18)
#define ICR_OTHERS (3u << 18)

#define APIC_BASE_BSP (1u << 8)
#define APIC_BASE_EXTD (1u << 10)
#define APIC_BASE_EN (1u << 11)

#define MSR_TSC_DEADLINE 0x6e0
#define X2APIC_MSR(reg) (0x800 + (reg) / 16)

/* Bits of an I/O APIC's redirection entry, its low word. */
#define RTE_LOWEST (1u << 8)
#define RTE_NMI (4u << 8)
#define RTE_EXTINT (7u << 8)
#define RTE_LOGICAL (1u << 11)
#define RTE_LOW_ACTIVE (1u << 13)
#define RTE_REMOTE_IRR (1u << 14)
#define RTE_LEVEL (1u << 15)
#define RTE_MASKED (1u << 16)

/* Ports of the 8259A pair. */
#define PIC1_CMD 0x20
#define PIC1_DATA 0x21
#define PIC2_CMD 0xa0
#define PIC2_DATA 0xa1
#define ELCR1 0x4d0
#define ELCR2 0x4d1

static inline u32 mmio_read32(u32 gpa)
{
	u32 v;

	asm volatile("movl (%1), %0" : "=r"(v) : "r"((ulong)gpa) : "memory");
	return v;
}

static inline void mmio_write32(u32 gpa, u32 v)
{
	asm volatile("movl %0, (%1)" : : "r"(v), "r"((ulong)gpa) : "memory");
}

static inline u32 apic_read(u32 reg)
{
	return mmio_read32(LAPIC_GPA + reg);
}

static inline void apic_write(u32 reg, u32 v)
{
	mmio_write32(LAPIC_GPA + reg, v);
}

static inline void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

static inline void apic_enable(void)
{
	apic_write(APIC_SVR, APIC_SVR_ENABLE | 0xff);
}

/* Bit @vector of the 256 that begin at @reg: ISR, TMR or IRR. */
static inline int apic_bit(u32 reg, u8 vector)
{
	return apic_read(reg + vector / 32 * 16) >> (vector % 32) & 1;
}

static inline void apic_ipi(u32 dest, u32 low)
{
	apic_write(APIC_ICR2, dest << 24);
	apic_write(APIC_ICR, low);
}

static inline u32 ioapic_read(u8 reg)
{
	mmio_write32(IOAPIC_GPA, reg);
	return mmio_read32(IOAPIC_GPA + 0x10);
}

static inline void ioapic_write(u8 reg, u32 v)
{
	mmio_write32(IOAPIC_GPA, reg);
	mmio_write32(IOAPIC_GPA + 0x10, v);
}

static inline void ioapic_route(u8 pin, u8 dest, u32 low)
{
	ioapic_write(0x11 + 2 * pin, (u32)dest << 24);
	ioapic_write(0x10 + 2 * pin, low);
}

#ifndef GUEST_BITS
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include "vm.h"

/* A VM with RAM and the controllers. */
static inline struct vm *vm_new_irqchip(void)
{
	struct vm *vm = vm_new();

	if (ioctl(vm->fd, NACRE_CREATE_IRQCHIP, 0))
		die("NACRE_CREATE_IRQCHIP: %s", strerror(errno));
	return vm;
}

static inline int raw_irq_line(struct vm *vm, u32 gsi, u32 level)
{
	struct nacre_irq_level line = { .irq = gsi, .level = level };

	return ioctl(vm->fd, NACRE_IRQ_LINE, &line);
}

static inline void irq_line(struct vm *vm, u32 gsi, u32 level)
{
	CHECK(raw_irq_line(vm, gsi, level) == 0);
}

static inline void irq_pulse(struct vm *vm, u32 gsi)
{
	irq_line(vm, gsi, 1);
	irq_line(vm, gsi, 0);
}

/* What became of it: NACRE_IRQ_LINE_STATUS. */
static inline int irq_status(struct vm *vm, u32 gsi, u32 level)
{
	struct nacre_irq_level line = { .irq = gsi, .level = level };

	CHECK(ioctl(vm->fd, NACRE_IRQ_LINE_STATUS, &line) == 0);
	return line.status;
}

static inline void get_lapic(struct vcpu *vcpu, struct nacre_lapic_state *s)
{
	CHECK(ioctl(vcpu->fd, NACRE_GET_LAPIC, s) == 0);
}

static inline void set_lapic(struct vcpu *vcpu, struct nacre_lapic_state *s)
{
	CHECK(ioctl(vcpu->fd, NACRE_SET_LAPIC, s) == 0);
}

static inline u32 *lapic_reg(struct nacre_lapic_state *s, u32 reg)
{
	return (u32 *)(s->regs + reg);
}

static inline u32 get_mp_state(struct vcpu *vcpu)
{
	struct nacre_mp_state state;

	CHECK(ioctl(vcpu->fd, NACRE_GET_MP_STATE, &state) == 0);
	return state.mp_state;
}

static inline int raw_set_mp_state(struct vcpu *vcpu, u32 mp_state)
{
	struct nacre_mp_state state = { .mp_state = mp_state };

	return ioctl(vcpu->fd, NACRE_SET_MP_STATE, &state);
}
#endif

#endif
