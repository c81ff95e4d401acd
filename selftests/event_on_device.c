// SPDX-License-Identifier: GPL-2.0
/*
 * Events whose stack or gate is a device's: the processor exits in the middle
 * of their delivery, which goes on where it was. A module may also say that it
 * cannot do that.
 */
#include "test.h"
#include "lib/mmio.h"

#define DEVICE 0x20000000u
#define STACK (DEVICE + 0x1000)

void on_event(void);
void *saved_stack;

asm(".text\n"
    "on_event:\n"
    "	mov saved_stack, %rsp\n"
    "	ret\n");

/* With another stack, and back from on_event() behind it. */
#define ON_STACK(insn, stack)						\
	asm volatile("pushq $1f\n\t"					\
		     "mov %%rsp, saved_stack\n\t"			\
		     "mov %0, %%rsp\n\t"				\
		     insn "\n\t"					\
		     "ud2\n"						\
		     "1:\n\t" : : "r"(stack) : "rax", "memory", "cc")

static void set_gate(unsigned int vector)
{
	u64 *gate = (u64 *)sidt().base + 2 * vector, to = (u64)on_event;

	gate[0] = (to & 0xffff) | 0x08ull << 16 | 0x8eull << 40 |
		  (to >> 16 & 0xffff) << 48;
	gate[1] = to >> 32;
}

guest_entry void software_interrupt(u64 stack)
{
	set_gate(0x80);
	ON_STACK("int $0x80", stack);
	guest_sync(1);
	guest_done();
}

guest_entry void invalid_opcode(u64 stack)
{
	set_gate(UD_VECTOR);
	ON_STACK("ud2", stack);
	guest_sync(1);
	guest_done();
}

guest_entry void with_error(u64 stack)
{
	set_gate(GP_VECTOR);
	ON_STACK("mov $0x1230, %%eax\n\tmov %%eax, %%es", stack);
	guest_sync(1);
	guest_done();
}

guest_entry void gate_on_device(u64 idt)
{
	struct desc_ptr table = { .limit = 0xfff, .base = idt };
	static u64 stack[64];

	asm volatile("lidt %0" : : "m"(table));
	ON_STACK("int $0x10", stack + 64);
	guest_sync(1);
	guest_done();
}

FIXTURE(event_on_device) {
	struct vcpu *vcpu;
	struct nacre_run *run;
};

FIXTURE_SETUP(event_on_device)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	self->run = self->vcpu->run;
}

FIXTURE_TEARDOWN(event_on_device)
{
	vm_free(self->vcpu->vm);
}

static bool begins(struct vcpu *vcpu, const char *entry, u64 arg)
{
	vcpu_setup(vcpu, GUEST_64, entry);
	vcpu_args(vcpu, 1, arg);
	return raw_run(vcpu) == 0 &&
	       vcpu->run->exit_reason != NACRE_EXIT_INTERNAL_ERROR;
}

#define BEGIN(entry, arg)						\
	do {								\
		if (!begins(self->vcpu, entry, arg))			\
			SKIP(return, "not delivered here");		\
	} while (0)

#define EXPECT_WRITE(addr, value)					\
	do {								\
		EXPECT_EQ(NACRE_EXIT_MMIO, self->run->exit_reason);	\
		EXPECT_EQ(1, self->run->mmio.is_write);			\
		EXPECT_EQ(addr, self->run->mmio.phys_addr);		\
		EXPECT_EQ(8, self->run->mmio.len);			\
		EXPECT_EQ(value, *(u64 *)self->run->mmio.data);		\
	} while (0)

static void go_on(struct vcpu *vcpu)
{
	CHECK(raw_run(vcpu) == 0);
}

static u64 pushed(const struct nacre_run *run)
{
	return *(const u64 *)run->mmio.data;
}

/* SS, RSP, RFLAGS, CS and RIP: the last is returned. */
#define EXPECT_FRAME()							\
	({								\
		EXPECT_WRITE(STACK - 8, SEL_DATA);			\
		go_on(self->vcpu);					\
		EXPECT_WRITE(STACK - 16, STACK);			\
		go_on(self->vcpu);					\
		EXPECT_WRITE(STACK - 24, pushed(self->run));		\
		EXPECT_EQ(RFLAGS_FIXED, pushed(self->run) & RFLAGS_FIXED); \
		go_on(self->vcpu);					\
		EXPECT_WRITE(STACK - 32, SEL_CODE64);			\
		go_on(self->vcpu);					\
		EXPECT_WRITE(STACK - 40, pushed(self->run));		\
		pushed(self->run);					\
	})

/* Bytes at a guest's address that is its own code. */
#define EXPECT_CODE(at, first, second)					\
	do {								\
		const u8 *_code = gpa_to_hva(self->vcpu->vm, at, 2);	\
									\
		EXPECT_EQ(first, _code[0]);				\
		EXPECT_EQ(second, _code[1]);				\
	} while (0)

TEST_F(event_on_device, software_interrupt)
{
	u64 rip;

	BEGIN("software_interrupt", STACK);
	rip = EXPECT_FRAME();
	EXPECT_CODE(rip - 2, 0xcd, 0x80);
	run_to_sync(self->vcpu, 1);
}

TEST_F(event_on_device, faults)
{
	u64 rip;

	BEGIN("invalid_opcode", STACK);
	rip = EXPECT_FRAME();
	EXPECT_CODE(rip, 0x0f, 0x0b);
	run_to_sync(self->vcpu, 1);

	/* Who cannot do the one would do this for ever. */
	BEGIN("with_error", STACK);
	rip = EXPECT_FRAME();
	EXPECT_CODE(rip, 0x8e, 0xc0);
	go_on(self->vcpu);
	EXPECT_WRITE(STACK - 48, 0x1230);
	run_to_sync(self->vcpu, 1);
}

/* The gate is read, and nothing is written where the VMM would see it. */
TEST_F(event_on_device, gate)
{
	u64 to = guest_symbol(GUEST_64, "on_event"), gate[2] = {
		(to & 0xffff) | (u64)SEL_CODE64 << 16 | 0x8eull << 40 |
		(to >> 16 & 0xffff) << 48, to >> 32,
	};

	BEGIN("gate_on_device", DEVICE);
	for (unsigned int i = 0; i < 2; i++) {
		EXPECT_EQ(NACRE_EXIT_MMIO, self->run->exit_reason);
		EXPECT_EQ(DEVICE + 0x100 + 8 * i, self->run->mmio.phys_addr);
		EXPECT_EQ(0, self->run->mmio.is_write);
		EXPECT_EQ(8, self->run->mmio.len);
		memcpy(self->run->mmio.data, &gate[i], 8);
		if (!i)
			go_on(self->vcpu);
	}
	run_to_sync(self->vcpu, 1);
}

TEST_HARNESS_MAIN
