// SPDX-License-Identifier: GPL-2.0
/* Processor modes: descriptor tables, page tables, segment registers. */
#include <errno.h>
#include <string.h>
#include "vm.h"

#define IDENTITY_GIB 4
#define ENTRIES 512
#define ADDRESS_MASK 0x000ffffffffff000ull

#define SEG_CODE 0xb		/* execute, read, accessed */
#define SEG_DATA 0x3		/* read, write, accessed */
#define SEG_TSS_BUSY 0xb
#define SEG_LDT 0x2
#define GATE_INTERRUPT 0xe

struct nacre_segment flat_segment(u16 selector, u8 type, u8 l, u8 db)
{
	return (struct nacre_segment) {
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.dpl = selector & 3,
		.db = db,
		.s = 1,
		.l = l,
		.g = 1,
	};
}

struct nacre_segment real_segment(u16 selector)
{
	return (struct nacre_segment) {
		.base = (u64)selector << 4,
		.limit = 0xffff,
		.selector = selector,
		.type = SEG_DATA,
		.present = 1,
		.s = 1,
	};
}

static u64 descriptor(u32 base, u32 limit, u8 type, u8 s, u8 dpl, u8 l, u8 db,
		      u8 g)
{
	u64 low = (limit & 0xffff) | (u64)(base & 0xffffff) << 16;
	u64 access = type | s << 4 | dpl << 5 | 1 << 7;
	u64 flags = l << 1 | db << 2 | g << 3;

	return low | access << 40 | (u64)(limit >> 16 & 0xf) << 48 |
	       flags << 52 | (u64)(base >> 24) << 56;
}

static void write_gdt(struct vm *vm)
{
	u64 *gdt = gpa_to_hva(vm, GDT_GPA, PAGE_SIZE);
	u32 all = 0xfffff;

	gdt[SEL_CODE64 / 8] = descriptor(0, all, SEG_CODE, 1, 0, 1, 0, 1);
	gdt[SEL_DATA / 8] = descriptor(0, all, SEG_DATA, 1, 0, 0, 1, 1);
	gdt[SEL_CODE32 / 8] = descriptor(0, all, SEG_CODE, 1, 0, 0, 1, 1);
	gdt[SEL_USER_DATA / 8] = descriptor(0, all, SEG_DATA, 1, 3, 0, 1, 1);
	gdt[SEL_USER_CODE64 / 8] = descriptor(0, all, SEG_CODE, 1, 3, 1, 0, 1);
	gdt[SEL_TSS / 8] = descriptor(TSS_GPA, 0x67, SEG_TSS_BUSY, 0, 0, 0, 0,
				      0);
	gdt[SEL_TSS / 8 + 1] = 0;
	gdt[SEL_CODE16 / 8] = descriptor(0, 0xffff, SEG_CODE, 1, 0, 0, 0, 0);
	gdt[SEL_DATA16 / 8] = descriptor(0, 0xffff, SEG_DATA, 1, 0, 0, 0, 0);
}

static u64 gate(u32 target, u16 selector)
{
	u64 access = GATE_INTERRUPT | 1 << 7;

	return (target & 0xffff) | (u64)selector << 16 | access << 40 |
	       (u64)(target >> 16) << 48;
}

static void write_idt(struct vm *vm, enum guest_mode mode)
{
	u64 *idt = gpa_to_hva(vm, IDT_GPA, PAGE_SIZE);
	u64 stubs = guest_symbol(mode, "guest_vectors");

	for (unsigned int v = 0; v < 256; v++) {
		if (mode == GUEST_32) {
			idt[v] = gate(stubs + 16 * v, SEL_CODE32);
		} else {
			idt[2 * v] = gate(stubs + 16 * v, SEL_CODE64);
			idt[2 * v + 1] = 0;
		}
	}
}

/* RSP0 or ESP0, for guests that go to user mode. */
static void write_tss(struct vm *vm, enum guest_mode mode)
{
	u32 *tss = gpa_to_hva(vm, TSS_GPA, PAGE_SIZE);
	u64 top = vm_alloc(vm, PAGE_SIZE) + PAGE_SIZE;

	memset(tss, 0, 0x68);
	memcpy(tss + 1, &top, sizeof(top));
	if (mode == GUEST_32)
		tss[2] = SEL_DATA;
	((u16 *)tss)[0x66 / 2] = 0x68;
}

void vm_write_tables(struct vm *vm, enum guest_mode mode)
{
	if (mode == GUEST_16)
		return;
	write_gdt(vm);
	write_idt(vm, mode);
	write_tss(vm, mode);
}

static u64 *table(struct vm *vm, u64 entry)
{
	return gpa_to_hva(vm, entry & ADDRESS_MASK, PAGE_SIZE);
}

static u64 identity_tables(struct vm *vm)
{
	u64 top = vm_alloc(vm, PAGE_SIZE), pdpt = vm_alloc(vm, PAGE_SIZE);
	u64 all = PTE_PRESENT | PTE_WRITE | PTE_USER;

	table(vm, top)[0] = pdpt | all;
	for (u64 i = 0; i < IDENTITY_GIB; i++) {
		u64 pd = vm_alloc(vm, PAGE_SIZE);

		table(vm, pdpt)[i] = pd | all;
		for (u64 j = 0; j < ENTRIES; j++)
			table(vm, pd)[j] = (i * ENTRIES + j) * HUGE_SIZE |
					   all | PTE_HUGE;
	}
	return top;
}

/* Returns the table below *@entry; a large page is split into small ones. */
static u64 *descend(struct vm *vm, u64 *entry, bool last)
{
	u64 flags = PTE_PRESENT | PTE_WRITE | PTE_USER, old = *entry;
	u64 *t;

	if ((old & PTE_PRESENT) && !(old & PTE_HUGE))
		return table(vm, old);
	*entry = vm_alloc(vm, PAGE_SIZE) | flags;
	t = table(vm, *entry);
	if (!(old & PTE_PRESENT))
		return t;
	CHECK(last);
	for (u64 i = 0; i < ENTRIES; i++)
		t[i] = (old & ~PTE_HUGE) + i * PAGE_SIZE;
	return t;
}

u64 *vm_pte(struct vm *vm, u64 gva)
{
	u64 *t = table(vm, vm->cr3);

	t = descend(vm, &t[gva >> 39 & (ENTRIES - 1)], false);
	t = descend(vm, &t[gva >> 30 & (ENTRIES - 1)], false);
	t = descend(vm, &t[gva >> 21 & (ENTRIES - 1)], true);
	return &t[gva >> 12 & (ENTRIES - 1)];
}

void vm_map(struct vm *vm, u64 gva, u64 gpa, u64 flags)
{
	*vm_pte(vm, gva) = gpa | flags | PTE_PRESENT;
}

static void real_sregs(struct nacre_sregs *s)
{
	s->cs = s->ds = s->es = s->fs = s->gs = s->ss = real_segment(0);
	s->cs.type = SEG_CODE;
}

static void protected_sregs(struct nacre_sregs *s, enum guest_mode mode)
{
	bool l = mode == GUEST_64;

	s->cs = flat_segment(l ? SEL_CODE64 : SEL_CODE32, SEG_CODE, l, !l);
	s->ds = flat_segment(SEL_DATA, SEG_DATA, 0, 1);
	s->es = s->fs = s->gs = s->ss = s->ds;
	s->tr = (struct nacre_segment) {
		.base = TSS_GPA,
		.limit = 0x67,
		.selector = SEL_TSS,
		.type = SEG_TSS_BUSY,
		.present = 1,
	};
	s->ldt = (struct nacre_segment) { .type = SEG_LDT, .unusable = 1 };
	s->gdt.base = GDT_GPA;
	s->gdt.limit = SEL_DATA16 + 7;
	s->idt.base = IDT_GPA;
	s->idt.limit = mode == GUEST_64 ? 256 * 16 - 1 : 256 * 8 - 1;
	s->cr0 = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE;
}

void mode_sregs(struct vm *vm, enum guest_mode mode, struct nacre_sregs *s)
{
	if (mode == GUEST_16) {
		real_sregs(s);
		return;
	}
	protected_sregs(s, mode);
	if (mode == GUEST_32)
		return;
	if (!vm->cr3)
		vm->cr3 = identity_tables(vm);
	s->cr0 |= X86_CR0_WP | X86_CR0_PG;
	s->cr3 = vm->cr3;
	s->cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;
	s->efer = EFER_LME | EFER_LMA | EFER_NX | EFER_SCE;
}
