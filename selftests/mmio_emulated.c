// SPDX-License-Identifier: GPL-2.0
/* Device accesses by instructions that are more than one operand in memory. */
#include "test.h"
#include "lib/mmio.h"

#define DEVICE 0x20000000u

guest_entry void load_vector(u64 *at)
{
	u64 v[2];

	asm volatile("movups (%1), %%xmm3\n\t"
		     "movups %%xmm3, %0" : "=m"(v) : "r"(at));
	guest_sync(1, v[0], v[1]);
	guest_done();
}

guest_entry void store_vector(u64 *at, u64 *from)
{
	asm volatile("movups (%1), %%xmm9\n\t"
		     "movups %%xmm9, (%0)" : : "r"(at), "r"(from)
		     : "memory");
	guest_sync(1);
	guest_done();
}

guest_entry void push_and_pop(u64 *at)
{
	u64 v;

	asm volatile("pushq (%1)\n\t"
		     "popq %0" : "=r"(v) : "r"(at) : "memory");
	guest_sync(1, v);
	asm volatile("pushq %0\n\t"
		     "popq 8(%1)" : : "r"(~v), "r"(at) : "memory");
	guest_sync(2);
	guest_done();
}

guest_entry void called(void)
{
	guest_sync(7);
	guest_done();
}

guest_entry void call_through(u64 *at)
{
	asm volatile("call *(%0)" : : "r"(at) : "memory");
	guest_sync(1);
	guest_done();
}

guest_entry void shift_at(u64 *at)
{
	u8 carry;

	asm volatile("shll $4, (%1)\n\t"
		     "setc %0" : "=r"(carry) : "r"(at) : "memory", "cc");
	guest_sync(1, carry);
	guest_done();
}

guest_entry void compare_pair(u64 *at)
{
	u32 eax = 0x11111111, edx = 0x22222222;
	u8 same;

	asm volatile("lock cmpxchg8b (%3)\n\t"
		     "sete %2" : "+a"(eax), "+d"(edx), "=r"(same)
		     : "r"(at), "b"(0x33333333), "c"(0x44444444)
		     : "memory", "cc");
	guest_sync(1, same, eax, edx);
	guest_done();
}

guest_entry void divide_by(u64 *at)
{
	u64 v = 7;

	asm volatile(GUEST_CATCH("divl (%1)")
		     : "+a"(v) : "r"(at), "d"(0) : "memory", "cc");
	guest_sync(1, guest_caught(), v);
	guest_done();
}

FIXTURE(mmio_emulated) {
	struct vcpu *vcpu;
	struct nacre_run *run;
};

FIXTURE_SETUP(mmio_emulated)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	self->run = self->vcpu->run;
}

FIXTURE_TEARDOWN(mmio_emulated)
{
	vm_free(self->vcpu->vm);
}

#define EXPECT_READ(addr, length, value)				\
	do {								\
		u64 answer = value;					\
									\
		EXPECT_MMIO(0, addr, length);				\
		memcpy(self->run->mmio.data, &answer, 8);		\
	} while (0)

#define EXPECT_WRITE(addr, length, value)				\
	do {								\
		u64 written;						\
									\
		EXPECT_MMIO(1, addr, length);				\
		memcpy(&written, self->run->mmio.data, 8);		\
		EXPECT_EQ(value, written);				\
	} while (0)

TEST_F(mmio_emulated, vector_load)
{
	start("load_vector", DEVICE, 0);
	EXPECT_READ(DEVICE, 8, 0x1122334455667788);
	EXPECT_READ(DEVICE + 8, 8, 0x99aabbccddeeff00);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x1122334455667788, self->vcpu->uc.args[1]);
	EXPECT_EQ(0x99aabbccddeeff00, self->vcpu->uc.args[2]);
}

TEST_F(mmio_emulated, vector_store)
{
	u64 from = vm_alloc(self->vcpu->vm, PAGE_SIZE);
	u64 *data = gpa_to_hva(self->vcpu->vm, from, 16);

	data[0] = 0x1122334455667788;
	data[1] = 0x99aabbccddeeff00;
	start("store_vector", DEVICE, from);
	vm_map(self->vcpu->vm, from, from, PTE_WRITE);
	EXPECT_WRITE(DEVICE, 8, data[0]);
	EXPECT_WRITE(DEVICE + 8, 8, data[1]);
	run_to_sync(self->vcpu, 1);
}

TEST_F(mmio_emulated, stack)
{
	start("push_and_pop", DEVICE, 0);
	EXPECT_READ(DEVICE, 8, 0x1122334455667788);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x1122334455667788, self->vcpu->uc.args[1]);
	EXPECT_WRITE(DEVICE + 8, 8, ~0x1122334455667788ull);
	run_to_sync(self->vcpu, 2);
}

TEST_F(mmio_emulated, call)
{
	start("call_through", DEVICE, 0);
	EXPECT_READ(DEVICE, 8, guest_symbol(GUEST_64, "called"));
	run_to_sync(self->vcpu, 7);
}

TEST_F(mmio_emulated, shift)
{
	start("shift_at", DEVICE + 4, 0);
	EXPECT_READ(DEVICE + 4, 4, 0x12345678);
	EXPECT_WRITE(DEVICE + 4, 4, 0x23456780);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(1, self->vcpu->uc.args[1]);
}

/* A read across a page's end is two; it is begun again after each. */
TEST_F(mmio_emulated, shift_across_pages)
{
	start("shift_at", DEVICE + 0xffe, 0);
	EXPECT_READ(DEVICE + 0xffe, 2, 0x5678);
	EXPECT_READ(DEVICE + 0x1000, 2, 0x0234);
	EXPECT_WRITE(DEVICE + 0xffe, 2, 0x6780);
	EXPECT_WRITE(DEVICE + 0x1000, 2, 0x2345);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, self->vcpu->uc.args[1]);
}

TEST_F(mmio_emulated, compare_and_exchange)
{
	start("compare_pair", DEVICE, 0);
	EXPECT_READ(DEVICE, 8, 0x2222222211111111);
	EXPECT_WRITE(DEVICE, 8, 0x4444444433333333);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(1, self->vcpu->uc.args[1]);
}

/* The fault comes behind the read, and changes nothing. */
TEST_F(mmio_emulated, divide)
{
	start("divide_by", DEVICE, 0);
	EXPECT_READ(DEVICE, 4, 0);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0, self->vcpu->uc.args[1]);
	EXPECT_EQ(7, self->vcpu->uc.args[2]);

	start("divide_by", DEVICE, 0);
	EXPECT_READ(DEVICE, 4, 2);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(NO_VECTOR, self->vcpu->uc.args[1]);
	EXPECT_EQ(3, self->vcpu->uc.args[2]);
}

TEST_HARNESS_MAIN
