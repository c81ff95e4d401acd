// SPDX-License-Identifier: GPL-2.0
/*
 * Access to a device as firmware, boot loaders and user programs make it:
 * by segments of real mode, at CPL 3, by string moves, step by step.
 */
#include "test.h"
#include "lib/apic.h"

#define DEVICE 0x20000000u
#define SCREEN 0xb8000u
#define VECTOR 0x48

#if defined(GUEST_BITS) && GUEST_BITS == 16
/* As a BIOS does it to the screen. */
guest_entry void real_mode(void)
{
	asm volatile("mov $0xb800, %%ax\n\t"
		     "mov %%ax, %%es\n\t"
		     "xor %%edi, %%edi\n\t"
		     "movw $0x0741, %%es:(%%di)\n\t"
		     "mov $0x10, %%bx\n\t"
		     "mov $0x20, %%si\n\t"
		     "mov $0x55, %%al\n\t"
		     "mov %%al, %%es:2(%%bx,%%si)\n\t"
		     "mov %%es:6, %%al\n\t"
		     "mov $0x0720, %%ax\n\t"
		     "mov $2, %%cx\n\t"
		     "mov $0xffe, %%di\n\t"
		     "rep stosw\n\t"
		     "mov %%di, %%ax\n\t"
		     "out %%ax, $0x80\n\t"
		     "xor %%ax, %%ax\n\t"
		     "mov %%ax, %%es"
		     : : : "eax", "ebx", "ecx", "esi", "edi", "memory");
	guest_done();
}
#endif

#ifndef GUEST_BITS
guest_data u64 buffer[4];

guest_entry void copies_from(u32 *at)
{
	u32 *to = (u32 *)buffer;
	ulong n = 3;

	asm volatile("rep movsl" : "+S"(at), "+D"(to), "+c"(n) : : "memory");
	guest_sync(1, buffer[0], buffer[1], (ulong)at, (u8 *)to -
		   (u8 *)buffer, n);
	guest_done();
}

guest_entry void copies_to(u8 *at)
{
	u8 *from = (u8 *)buffer + 2;
	ulong n = 3;

	buffer[0] = 0x8877665544332211;
	asm volatile("std; rep movsb; cld"
		     : "+S"(from), "+D"(at), "+c"(n) : : "memory");
	guest_sync(1, (ulong)at, n);
	guest_done();
}

guest_data volatile u64 steps, step_ip[8];

static void on_step(struct guest_regs *regs)
{
	if (steps < 8)
		step_ip[steps] = regs->ip;
	steps++;
}

/* A trap after each instruction, those that the VMM completes as well. */
guest_entry void steps_over(u32 *at)
{
	guest_on(DB_VECTOR, on_step);
	asm volatile(".globl step_1, step_2, step_3\n"
		     "pushf\n"
		     "orl $0x100, (%%rsp)\n"
		     "popf\n"
		     "mov (%0), %%eax\n"
		     "step_1: nop\n"
		     "step_2: pushf\n"
		     "andl $~0x100, (%%rsp)\n"
		     "popf\n"
		     : : "b"(at), "a"(1) : "memory");
	guest_sync(1, step_ip[0], step_ip[1]);
	guest_done();
}

guest_data volatile u64 taken_ip;

static void on_vector(struct guest_regs *regs)
{
	taken_ip = regs->ip;
	apic_eoi();
}

/* STI's shadow is one instruction long, and an access is an instruction. */
guest_entry void shadow(u32 *at)
{
	guest_on(VECTOR, on_vector);
	apic_enable();
	apic_write(APIC_ICR, ICR_SELF | VECTOR);
	asm volatile(".globl after_shadow\n"
		     "sti\n"
		     "mov %%eax, (%0)\n"
		     "after_shadow: nop\n"
		     "nop\n"
		     "cli" : : "b"(at), "a"(1) : "memory");
	guest_sync(1, taken_ip);
	guest_done();
}

/* An interrupt that comes while the access is with the VMM comes after. */
guest_entry void interrupted(u32 *at)
{
	u32 v;

	guest_on(VECTOR, on_vector);
	apic_enable();
	ioapic_route(20, 0, VECTOR);
	sti();
	asm volatile(".globl after_load\n"
		     "mov (%1), %0\n"
		     "after_load: nop" : "=a"(v) : "b"(at) : "memory");
	guest_sync(1, taken_ip, v);
	guest_done();
}

/* Entered with the segments of CPL 3; leaves by an OUT, IOPL is 3. */
guest_entry void in_user_mode(u32 *at)
{
	*(volatile u32 *)at = *(volatile u32 *)at + 1;
	guest_sync(1);
	guest_done();
}

FIXTURE(mmio_modes) {
	struct vcpu *vcpu;
	struct nacre_run *run;
};

FIXTURE_SETUP(mmio_modes)
{
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
	self->run = self->vcpu->run;
}

FIXTURE_TEARDOWN(mmio_modes)
{
	vm_free(self->vcpu->vm);
}

#define start(name)							\
	do {								\
		vcpu_setup(self->vcpu, GUEST_64, name);			\
		vcpu_args(self->vcpu, 1, (u64)DEVICE);			\
	} while (0)

#define EXPECT_MMIO_OF(vcpu, write, addr, length)			\
	do {								\
		run_to_exit(vcpu, NACRE_EXIT_MMIO);			\
		EXPECT_EQ(write, (vcpu)->run->mmio.is_write);		\
		EXPECT_EQ(addr, (vcpu)->run->mmio.phys_addr);		\
		EXPECT_EQ(length, (vcpu)->run->mmio.len);		\
	} while (0)

#define EXPECT_MMIO(write, addr, length) \
	EXPECT_MMIO_OF(self->vcpu, write, addr, length)

static u32 data_of(const struct vcpu *vcpu)
{
	u32 v = 0;

	memcpy(&v, vcpu->run->mmio.data, vcpu->run->mmio.len & 7);
	return v;
}

/* RAM with the hole that every PC has. */
static struct vm *vm_with_hole(void)
{
	struct vm *vm = vm_new_bare();

	vm_add_memory(vm, 0, 0, 0xa0000, 0);
	vm_add_memory(vm, 1, 0x100000, VM_RAM_SIZE - 0x100000, 0);
	return vm;
}

TEST(real_mode)
{
	struct vcpu *vcpu = vcpu_new(vm_with_hole(), 0);

	vcpu_setup(vcpu, GUEST_16, "real_mode");
	EXPECT_MMIO_OF(vcpu, 1, SCREEN, 2);
	EXPECT_EQ(0x0741, data_of(vcpu));
	EXPECT_MMIO_OF(vcpu, 1, SCREEN + 0x32, 1);
	EXPECT_EQ(0x55, data_of(vcpu));
	EXPECT_MMIO_OF(vcpu, 0, SCREEN + 6, 1);
	EXPECT_MMIO_OF(vcpu, 1, SCREEN + 0xffe, 2);
	EXPECT_EQ(0x0720, data_of(vcpu));
	EXPECT_MMIO_OF(vcpu, 1, SCREEN + 0x1000, 2);
	EXPECT_EQ(0x1002, *(u16 *)run_to_pio(vcpu, NACRE_EXIT_IO_OUT, 0x80,
					     2));
	run_to_done(vcpu);
	vm_free(vcpu->vm);
}

TEST_F(mmio_modes, copies_from)
{
	start("copies_from");
	for (u32 i = 0; i < 3; i++) {
		u32 v = 0x11111111 * (i + 1);

		EXPECT_MMIO(0, DEVICE + 4 * i, 4);
		memcpy(self->run->mmio.data, &v, 4);
	}
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x2222222211111111, self->vcpu->uc.args[1]);
	EXPECT_EQ(0x33333333, self->vcpu->uc.args[2]);
	EXPECT_EQ(DEVICE + 12, self->vcpu->uc.args[3]);
	EXPECT_EQ(12, self->vcpu->uc.args[4]);
	EXPECT_EQ(0, self->vcpu->uc.args[5]);
}

TEST_F(mmio_modes, copies_to)
{
	start("copies_to");
	for (u32 i = 0; i < 3; i++) {
		EXPECT_MMIO(1, DEVICE - i, 1);
		EXPECT_EQ(0x33 - 0x11 * i, data_of(self->vcpu));
	}
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(DEVICE - 3, self->vcpu->uc.args[1]);
	EXPECT_EQ(0, self->vcpu->uc.args[2]);
}

TEST_F(mmio_modes, single_step)
{
	start("steps_over");
	EXPECT_MMIO(0, DEVICE, 4);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(guest_symbol(GUEST_64, "step_1"), self->vcpu->uc.args[1]);
	EXPECT_EQ(guest_symbol(GUEST_64, "step_2"), self->vcpu->uc.args[2]);
}

TEST_F(mmio_modes, shadow_ends)
{
	start("shadow");
	EXPECT_MMIO(1, DEVICE, 4);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(guest_symbol(GUEST_64, "after_shadow"),
		  self->vcpu->uc.args[1]);
}

TEST_F(mmio_modes, interrupt_meanwhile)
{
	start("interrupted");
	EXPECT_MMIO(0, DEVICE, 4);
	memset(self->run->mmio.data, 0x77, 4);
	irq_pulse(self->vcpu->vm, 20);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(guest_symbol(GUEST_64, "after_load"),
		  self->vcpu->uc.args[1]);
	EXPECT_EQ(0x77777777, self->vcpu->uc.args[2]);
}

TEST_F(mmio_modes, user_mode)
{
	struct nacre_sregs s;
	struct nacre_regs regs;
	u32 v = 41;

	start("in_user_mode");
	get_sregs(self->vcpu, &s);
	s.cs = flat_segment(SEL_USER_CODE64 | 3, 0xb, 1, 0);
	s.ss = s.ds = s.es = flat_segment(SEL_USER_DATA | 3, 3, 0, 1);
	set_sregs(self->vcpu, &s);
	get_regs(self->vcpu, &regs);
	regs.rflags |= 3 << 12;
	set_regs(self->vcpu, &regs);
	EXPECT_MMIO(0, DEVICE, 4);
	memcpy(self->run->mmio.data, &v, 4);
	EXPECT_MMIO(1, DEVICE, 4);
	EXPECT_EQ(42, data_of(self->vcpu));
	run_to_sync(self->vcpu, 1);
}

TEST_HARNESS_MAIN
#endif
