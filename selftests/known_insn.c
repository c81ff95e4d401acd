// SPDX-License-Identifier: GPL-2.0
/*
 * An intercepted instruction at an address that had another one before: its
 * length is that of the bytes that are there now, by whatever means they came
 * there. The code at each place is a CPUID and an OUT. In the one place CPUID
 * has prefixes; taken for as long as that, the other's OUT is jumped over.
 */
#include "test.h"

#define CODE_GPA 0x40000000ull	/* slot 1 */
#define CODE_SIZE (2 * PAGE_SIZE)
#define CODE_SLOT 1
#define ROUNDS 6

guest_entry void done(void)
{
	guest_done();
}

#ifndef GUEST_BITS
#include <sys/mman.h>

/* MOV CR3 to itself: the guest's own translations go. */
#define RELOAD 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8

static const struct place {
	u8 code[24];
	u8 port;
	u8 out_at;
} places[] = {
	{ { RELOAD, 0x66, 0x66, 0x66, 0x0f, 0xa2, 0xe6, 0x51, 0xeb, 0xfc },
	  0x51, 11 },
	{ { RELOAD, 0x0f, 0xa2, 0xe6, 0x52, 0x90, 0xe6, 0x53, 0xeb, 0xfc },
	  0x52, 8 },
};

FIXTURE(known) {
	struct vcpu *vcpu;
	struct vm *vm;
	u8 *memory;
};

FIXTURE_VARIANT(known) {
	enum guest_mode mode;
};

FIXTURE_VARIANT_ADD(known, protected) { .mode = GUEST_32 };
FIXTURE_VARIANT_ADD(known, long) { .mode = GUEST_64 };

FIXTURE_SETUP(known)
{
	self->vcpu = vcpu_with_guest(variant->mode, "done");
	self->vm = self->vcpu->vm;
	self->memory = vm_add_memory(self->vm, CODE_SLOT, CODE_GPA, CODE_SIZE,
				     0);
}

FIXTURE_TEARDOWN(known)
{
	vm_free(self->vm);
}

static void put(u8 *at, int which)
{
	memcpy(at, places[which].code, sizeof(places[which].code));
}

/* Runs what is at @rip, some times over, and expects it to be @which. */
static void expect(struct vcpu *vcpu, u64 rip, int which)
{
	struct nacre_regs regs = {
		.rip = rip, .rsp = 0x3ff0, .rflags = RFLAGS_FIXED,
	};

	for (int i = 0; i < 3; i++) {
		set_regs(vcpu, &regs);
		run_to_pio(vcpu, NACRE_EXIT_IO_OUT, places[which].port, 1);
		CHECK(get_rip(vcpu) == rip + places[which].out_at);
	}
}

TEST_F(known, other_bytes)
{
	for (int i = 0; i < ROUNDS; i++) {
		put(self->memory, i % 2);
		expect(self->vcpu, CODE_GPA, i % 2);
	}
}

/* The VMM maps something else at the same address of its own. */
TEST_F(known, other_page_of_the_vmm)
{
	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(self->memory,
			  mmap(self->memory, CODE_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		put(self->memory, i % 2);
		expect(self->vcpu, CODE_GPA, i % 2);
	}
}

/* The old memory stays, unchanged. */
TEST_F(known, other_memory_of_the_slot)
{
	u8 *old = self->memory;

	put(old, 0);
	expect(self->vcpu, CODE_GPA, 0);
	for (int i = 1; i < ROUNDS; i++) {
		u8 *other = map_anon(CODE_SIZE);

		put(other, i % 2);
		vm_del_memory(self->vm, CODE_SLOT);
		vm_add_memory_at(self->vm, CODE_SLOT, CODE_GPA, CODE_SIZE, 0,
				 other);
		expect(self->vcpu, CODE_GPA, i % 2);
	}
	unmap_anon(old, CODE_SIZE);
}

/* Slots on both sides come and go, and the one between stays. */
TEST_F(known, other_slots)
{
	void *beside = map_anon(PAGE_SIZE);

	put(self->memory, 0);
	for (int i = 0; i < ROUNDS; i++) {
		u64 gpa = CODE_GPA + (i % 2 ? CODE_SIZE : -PAGE_SIZE);

		ASSERT_EQ(0, raw_set_memory(self->vm, 2, 0, gpa, PAGE_SIZE,
					    beside));
		expect(self->vcpu, CODE_GPA, 0);
		ASSERT_EQ(0, raw_set_memory(self->vm, 2, 0, gpa, 0, NULL));
		expect(self->vcpu, CODE_GPA, 0);
	}
	unmap_anon(beside, PAGE_SIZE);
}

#define CODE_GVA 0x50000000ull

/* The guest's last level leads elsewhere. */
TEST_F(known, other_page_of_the_guest)
{
	if (variant->mode != GUEST_64)
		SKIP(return, "no page tables");
	put(self->memory, 0);
	put(self->memory + PAGE_SIZE, 1);
	for (int i = 0; i < ROUNDS; i++) {
		vm_map(self->vm, CODE_GVA, CODE_GPA + i % 2 * PAGE_SIZE,
		       PTE_WRITE);
		expect(self->vcpu, CODE_GVA, i % 2);
	}
}

/* Whole tables are exchanged: at the top of the tree nothing else changes. */
TEST_F(known, other_tables_of_the_guest)
{
	u64 *entry, *top, tables[2];
	u64 split = 1ull << 39;

	if (variant->mode != GUEST_64)
		SKIP(return, "no page tables");
	put(self->memory, 0);
	put(self->memory + PAGE_SIZE, 1);
	top = gpa_to_hva(self->vm, self->vm->cr3, PAGE_SIZE);
	for (u64 i = 0; i < 2; i++) {
		u64 gva = (2 + i) * split;

		vm_map(self->vm, gva, CODE_GPA + i * PAGE_SIZE, PTE_WRITE);
		tables[i] = top[2 + i];
	}
	entry = &top[2];
	for (int i = 0; i < ROUNDS; i++) {
		*entry = tables[i % 2];
		expect(self->vcpu, 2 * split, i % 2);
	}
}

/* Two pages of tables, of which CR3 chooses. */
TEST_F(known, other_cr3)
{
	struct nacre_sregs sregs;
	u64 roots[2], *top;

	if (variant->mode != GUEST_64)
		SKIP(return, "no page tables");
	put(self->memory, 0);
	put(self->memory + PAGE_SIZE, 1);
	for (u64 i = 0; i < 2; i++) {
		u64 gva = (2 + i) << 39;

		vm_map(self->vm, gva, CODE_GPA + i * PAGE_SIZE, PTE_WRITE);
	}
	roots[0] = self->vm->cr3;
	roots[1] = vm_alloc(self->vm, PAGE_SIZE);
	top = gpa_to_hva(self->vm, roots[1], PAGE_SIZE);
	memcpy(top, gpa_to_hva(self->vm, roots[0], PAGE_SIZE), PAGE_SIZE);
	top[2] = top[3];
	for (int i = 0; i < ROUNDS; i++) {
		get_sregs(self->vcpu, &sregs);
		sregs.cr3 = roots[i % 2];
		set_sregs(self->vcpu, &sregs);
		expect(self->vcpu, 2ull << 39, i % 2);
	}
}

TEST_HARNESS_MAIN
#endif
