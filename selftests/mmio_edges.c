// SPDX-License-Identifier: GPL-2.0
/* Accesses to a device that are more than one exit, or that end otherwise. */
#include "test.h"
#include "lib/mmio.h"
#include <signal.h>

#define DEVICE 0x20000000u
#define RAM_END ((u32)VM_RAM_SIZE)
#define RO_GPA 0x30000000u
#define SECONDS 20

guest_entry void load_at(u64 *at)
{
	u64 v;

	asm volatile(".globl load_insn, load_next\n"
		     "load_insn: mov (%1), %0\n"
		     "load_next:" : "=a"(v) : "b"(at) : "memory");
	guest_sync(1, v);
	guest_done();
}

guest_entry void store_at(u64 *at, u64 v)
{
	asm volatile(".globl store_insn, store_next\n"
		     "store_insn: mov %0, (%1)\n"
		     "store_next:" : : "a"(v), "b"(at) : "memory");
	guest_sync(1);
	guest_done();
}

guest_entry void add_at(u32 *at, u64 v)
{
	asm volatile("addl %k0, (%1)" : : "a"(v), "b"(at) : "memory");
	guest_sync(1);
	guest_done();
}

guest_entry void call_at(void (*at)(void))
{
	at();
	guest_done();
}

/* What the exception leaves: vector, error code, CR2, and where. */
guest_entry void faults_at(u64 *at, u64 write)
{
	u64 v = 0x1111;

	if (write)
		asm volatile(GUEST_CATCH("mov %0, (%1)")
			     : : "a"(v), "b"(at) : "memory");
	else
		asm volatile(GUEST_CATCH("mov (%1), %0")
			     : "+a"(v) : "b"(at) : "memory");
	guest_sync(1, guest_caught(), guest_error, read_cr2(), v);
	guest_done();
}

guest_entry void elsewhere(void)
{
	guest_sync(77);
	guest_done();
}

FIXTURE(mmio_edges) {
	struct vcpu *vcpu;
	struct nacre_run *run;
};

FIXTURE_SETUP(mmio_edges)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	self->run = self->vcpu->run;
}

FIXTURE_TEARDOWN(mmio_edges)
{
	vm_free(self->vcpu->vm);
}

static u64 bytes(const void *p, unsigned int n)
{
	u64 v = 0;

	memcpy(&v, p, n);
	return v;
}

static void answer(struct vcpu *vcpu, u64 v)
{
	memcpy(vcpu->run->mmio.data, &v, 8);
}

/* Split where the page ends, and put together again. */
TEST_F(mmio_edges, page_crossing_read)
{
	start("load_at", DEVICE + 0xffd, 0);
	EXPECT_MMIO(0, DEVICE + 0xffd, 3);
	answer(self->vcpu, 0x332211);
	EXPECT_MMIO(0, DEVICE + 0x1000, 5);
	answer(self->vcpu, 0x8877665544);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x8877665544332211, self->vcpu->uc.args[1]);
}

TEST_F(mmio_edges, page_crossing_write)
{
	start("store_at", DEVICE + 0xffd, 0x8877665544332211);
	EXPECT_MMIO(1, DEVICE + 0xffd, 3);
	EXPECT_EQ(0x332211, bytes(self->run->mmio.data, 3));
	EXPECT_MMIO(1, DEVICE + 0x1000, 5);
	EXPECT_EQ(0x8877665544, bytes(self->run->mmio.data, 5));
	run_to_sync(self->vcpu, 1);
}

/* The pages need not follow each other. */
TEST_F(mmio_edges, page_crossing_apart)
{
	struct vm *vm = self->vcpu->vm;
	u64 gva = 0x40000000;

	start("store_at", gva + 0xffe, 0x8877665544332211);
	vm_map(vm, gva, DEVICE + 0x5000, PTE_WRITE);
	vm_map(vm, gva + 0x1000, DEVICE + 0x2000, PTE_WRITE);
	EXPECT_MMIO(1, DEVICE + 0x5ffe, 2);
	EXPECT_MMIO(1, DEVICE + 0x2000, 6);
	run_to_sync(self->vcpu, 1);
}

TEST_F(mmio_edges, page_crossing_add)
{
	start("add_at", DEVICE + 0xffe, 0x10001);
	EXPECT_MMIO(0, DEVICE + 0xffe, 2);
	answer(self->vcpu, 0xffff);
	EXPECT_MMIO(0, DEVICE + 0x1000, 2);
	answer(self->vcpu, 0x1233);
	EXPECT_MMIO(1, DEVICE + 0xffe, 2);
	EXPECT_EQ(0x0000, bytes(self->run->mmio.data, 2));
	EXPECT_MMIO(1, DEVICE + 0x1000, 2);
	EXPECT_EQ(0x1235, bytes(self->run->mmio.data, 2));
	run_to_sync(self->vcpu, 1);
}

TEST_F(mmio_edges, half_in_memory)
{
	u8 *end = gpa_to_hva(self->vcpu->vm, RAM_END - 8, 8);

	memcpy(end, "\0\0\0\0\0\xaa\xbb\xcc", 8);
	start("load_at", RAM_END - 3, 0);
	EXPECT_MMIO(0, RAM_END, 5);
	answer(self->vcpu, 0x1122334455);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x1122334455ccbbaa, self->vcpu->uc.args[1]);

	start("store_at", RAM_END - 3, 0x8877665544332211);
	EXPECT_MMIO(1, RAM_END, 5);
	EXPECT_EQ(0x8877665544, bytes(self->run->mmio.data, 5));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x332211, bytes(end + 5, 3));
}

TEST_F(mmio_edges, half_in_memory_below)
{
	u64 gva = 0x40000000;
	u64 page = vm_alloc(self->vcpu->vm, PAGE_SIZE);

	start("load_at", gva + 0xffc, 0);
	vm_map(self->vcpu->vm, gva, DEVICE, PTE_WRITE);
	vm_map(self->vcpu->vm, gva + 0x1000, page, PTE_WRITE);
	memcpy(gpa_to_hva(self->vcpu->vm, page, 4), "\x11\x22\x33\x44", 4);
	EXPECT_MMIO(0, DEVICE + 0xffc, 4);
	answer(self->vcpu, 0xddccbbaa);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x44332211ddccbbaa, self->vcpu->uc.args[1]);
}

TEST_F(mmio_edges, readonly_slot)
{
	u64 *rom;

	if (!vm_cap(self->vcpu->vm, NACRE_CAP_READONLY_MEM))
		SKIP(return, "no NACRE_CAP_READONLY_MEM");
	rom = vm_add_memory(self->vcpu->vm, 1, RO_GPA, HUGE_SIZE,
			    NACRE_MEM_READONLY);
	rom[2] = 0x1122334455667788;
	start("load_at", RO_GPA + 16, 0);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(rom[2], self->vcpu->uc.args[1]);

	start("store_at", RO_GPA + 16, 0xabcd);
	EXPECT_MMIO(1, RO_GPA + 16, 8);
	EXPECT_EQ(0xabcd, bytes(self->run->mmio.data, 8));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x1122334455667788, rom[2]);

	/* The old value is memory's, the new one the VMM's. */
	start("add_at", RO_GPA + 16, 1);
	EXPECT_MMIO(1, RO_GPA + 16, 4);
	EXPECT_EQ(0x55667789, bytes(self->run->mmio.data, 4));
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x1122334455667788, rom[2]);
}

TEST_F(mmio_edges, immediate_exit_completes)
{
	struct nacre_regs regs;

	start("load_at", DEVICE, 0);
	EXPECT_MMIO(0, DEVICE, 8);
	EXPECT_EQ(guest_symbol(GUEST_64, "load_insn"), get_rip(self->vcpu));
	answer(self->vcpu, 0x1122334455667788);
	self->run->immediate_exit = 1;
	EXPECT_ERROR(EINTR, raw_run(self->vcpu));
	self->run->immediate_exit = 0;
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(0x1122334455667788, regs.rax);
	EXPECT_EQ(guest_symbol(GUEST_64, "load_next"), regs.rip);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x1122334455667788, self->vcpu->uc.args[1]);

	start("store_at", DEVICE, 5);
	EXPECT_MMIO(1, DEVICE, 8);
	self->run->immediate_exit = 1;
	EXPECT_ERROR(EINTR, raw_run(self->vcpu));
	self->run->immediate_exit = 0;
	EXPECT_EQ(guest_symbol(GUEST_64, "store_next"), get_rip(self->vcpu));
	run_to_sync(self->vcpu, 1);
}

/* The second half comes first, immediate_exit or not. */
TEST_F(mmio_edges, immediate_exit_waits_for_the_other_half)
{
	start("load_at", DEVICE + 0xffd, 0);
	EXPECT_MMIO(0, DEVICE + 0xffd, 3);
	answer(self->vcpu, 0x332211);
	self->run->immediate_exit = 1;
	EXPECT_MMIO(0, DEVICE + 0x1000, 5);
	answer(self->vcpu, 0x8877665544);
	EXPECT_ERROR(EINTR, raw_run(self->vcpu));
	self->run->immediate_exit = 0;
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x8877665544332211, self->vcpu->uc.args[1]);
}

static void signal_mask(struct vcpu *vcpu, bool usr1_blocked)
{
	struct {
		struct nacre_signal_mask head;
		u8 set[8];
	} mask = { .head.len = 8 };

	if (usr1_blocked)
		mask.set[(SIGUSR1 - 1) / 8] = 1 << ((SIGUSR1 - 1) % 8);
	CHECK(ioctl(vcpu->fd, NACRE_SET_SIGNAL_MASK, &mask) == 0);
}

TEST_F(mmio_edges, signal_completes)
{
	struct nacre_regs regs;
	sigset_t set;

	kick_setup();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ASSERT_EQ(0, pthread_sigmask(SIG_BLOCK, &set, NULL));
	start("load_at", DEVICE, 0);
	EXPECT_MMIO(0, DEVICE, 8);
	answer(self->vcpu, 0x55);
	signal_mask(self->vcpu, false);
	kick(pthread_self());
	EXPECT_ERROR(EINTR, raw_run(self->vcpu));
	EXPECT_EQ(NACRE_EXIT_INTR, self->run->exit_reason);
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(0x55, regs.rax);
	EXPECT_EQ(guest_symbol(GUEST_64, "load_next"), regs.rip);
	signal_mask(self->vcpu, true);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(0x55, self->vcpu->uc.args[1]);
}

/*
 * The read is finished, and what the VMM changed meanwhile stays. Whose RAX
 * wins, in-tree KVM leaves to chance: an emulator's dirty bit.
 */
TEST_F(mmio_edges, changed_registers)
{
	struct nacre_regs regs;

	start("load_at", DEVICE, 0);
	EXPECT_MMIO(0, DEVICE, 8);
	answer(self->vcpu, 0x66);
	get_regs(self->vcpu, &regs);
	regs.rax = 0x9999;
	regs.r15 = 0x1234;
	set_regs(self->vcpu, &regs);
	self->run->immediate_exit = 1;
	EXPECT_ERROR(EINTR, raw_run(self->vcpu));
	self->run->immediate_exit = 0;
	get_regs(self->vcpu, &regs);
	EXPECT_EQ(0x1234, regs.r15);
	EXPECT_EQ(guest_symbol(GUEST_64, "load_next"), regs.rip);
	EXPECT_TRUE(regs.rax == 0x66 || regs.rax == 0x9999);
}

TEST_F(mmio_edges, fetch)
{
	start("call_at", DEVICE, 0);
	run_to_exit(self->vcpu, NACRE_EXIT_INTERNAL_ERROR);
	EXPECT_EQ(NACRE_INTERNAL_ERROR_EMULATION, self->run->internal.suberror);
	EXPECT_EQ(DEVICE, get_rip(self->vcpu));
}

#define EXPECT_PF(error, address)					\
	do {								\
		run_to_sync(self->vcpu, 1);				\
		EXPECT_EQ(PF_VECTOR, self->vcpu->uc.args[1]);		\
		EXPECT_EQ(error, self->vcpu->uc.args[2]);		\
		EXPECT_EQ(address, self->vcpu->uc.args[3]);		\
		EXPECT_EQ(0x1111, self->vcpu->uc.args[4]);		\
	} while (0)

/* The first page is the device's, the second one is not there. */
TEST_F(mmio_edges, page_fault_in_the_second_half)
{
	struct vm *vm = self->vcpu->vm;
	u64 gva = 0x40000000;

	start("faults_at", gva + 0xffc, 0);
	vm_map(vm, gva, DEVICE, PTE_WRITE);
	*vm_pte(vm, gva + 0x1000) = 0;
	EXPECT_PF(0, gva + 0x1000);

	start("faults_at", gva + 0xffc, 1);
	EXPECT_PF(2, gva + 0x1000);
}

TEST_F(mmio_edges, page_fault_by_write_protection)
{
	struct vm *vm = self->vcpu->vm;
	u64 gva = 0x40000000;

	start("faults_at", gva + 8, 1);
	vm_map(vm, gva, DEVICE, 0);
	EXPECT_PF(3, gva + 8);
	start("faults_at", gva + 8, 0);
	EXPECT_MMIO(0, DEVICE + 8, 8);
	answer(self->vcpu, 0x77);
	run_to_sync(self->vcpu, 1);
	EXPECT_EQ(NO_VECTOR, self->vcpu->uc.args[1]);
	EXPECT_EQ(0x77, self->vcpu->uc.args[4]);

	/* Nothing is written before the whole access is known to be good. */
	start("faults_at", gva + 0xffc, 1);
	vm_map(vm, gva, DEVICE, PTE_WRITE);
	vm_map(vm, gva + 0x1000, DEVICE + 0x1000, 0);
	EXPECT_PF(3, gva + 0x1000);
}

TEST_HARNESS_MAIN
