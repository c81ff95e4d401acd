// SPDX-License-Identifier: GPL-2.0
/* A guest that goes from real to long mode and back, looked at on the way. */
#include "test.h"

#if !defined(GUEST_BITS) || GUEST_BITS == 16
/*
 * Each stage ends with an OUT of its number to port 0x70. The tables are those
 * of vm.h; EBX holds CR3. Selectors: 0x18 is 32-bit code, 0x08 64-bit code,
 * 0x10 data, 0x40 and 0x48 16-bit code and data.
 */
void switches(void);
#if defined(GUEST_BITS)
asm(".globl switches\n"
    ".code16\n"
    "switches:\n"
    "	cli\n"
    "	movb $1, %al\n"
    "	outb %al, $0x70\n"
    "	lgdtl gdt_pointer\n"
    "	movl %cr0, %eax\n"
    "	orl $1, %eax\n"
    "	movl %eax, %cr0\n"
    "	movb $2, %al\n"
    "	outb %al, $0x70\n"
    "	ljmpl $0x18, $protected\n"
    ".code32\n"
    "protected:\n"
    "	movw $0x10, %ax\n"
    "	movw %ax, %ds\n"
    "	movw %ax, %es\n"
    "	movw %ax, %ss\n"
    "	movb $3, %al\n"
    "	outb %al, $0x70\n"
    "	movl %cr4, %eax\n"
    "	orl $0x20, %eax\n"
    "	movl %eax, %cr4\n"
    "	movl %ebx, %cr3\n"
    "	movl $0xc0000080, %ecx\n"
    "	rdmsr\n"
    "	orl $0x100, %eax\n"
    "	wrmsr\n"
    "	movb $4, %al\n"
    "	outb %al, $0x70\n"
    "	movl %cr0, %eax\n"
    "	orl $0x80000000, %eax\n"
    "	movl %eax, %cr0\n"
    "	movb $5, %al\n"
    "	outb %al, $0x70\n"
    "	ljmpl $0x08, $long_mode\n"
    ".code64\n"
    "long_mode:\n"
    "	movabs $0x1122334455667788, %r15\n"
    "	movb $6, %al\n"
    "	outb %al, $0x70\n"
    "	ljmpl *to_compatibility(%rip)\n"
    ".code32\n"
    "compatibility:\n"
    "	movb $7, %al\n"
    "	outb %al, $0x70\n"
    "	movl %cr0, %eax\n"
    "	andl $0x7fffffff, %eax\n"
    "	movl %eax, %cr0\n"
    "	movb $8, %al\n"
    "	outb %al, $0x70\n"
    "	movl $0xc0000080, %ecx\n"
    "	rdmsr\n"
    "	andl $0xfffffeff, %eax\n"
    "	wrmsr\n"
    "	ljmpl $0x40, $protected16\n"
    ".code16\n"
    "protected16:\n"
    "	movw $0x48, %ax\n"
    "	movw %ax, %ds\n"
    "	movw %ax, %es\n"
    "	movw %ax, %ss\n"
    "	movl %cr0, %eax\n"
    "	andl $0xfffffffe, %eax\n"
    "	movl %eax, %cr0\n"
    "	ljmpl $0, $real\n"
    "real:\n"
    "	xorw %ax, %ax\n"
    "	movw %ax, %ds\n"
    "	movw %ax, %ss\n"
    "	movb $9, %al\n"
    "	outb %al, $0x70\n"
    "	hlt\n"
    ".balign 8\n"
    "gdt_pointer:\n"
    "	.word 0x4f\n"
    "	.long 0x1000\n"
    "to_compatibility:\n"
    "	.long compatibility\n"
    "	.word 0x18\n"
    ".code16gcc\n");
#endif
#endif

#ifndef GUEST_BITS
static struct vcpu *vcpu_before_the_way(void)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_16, "switches");
	struct nacre_sregs s;
	struct nacre_regs regs;

	/* Without the long-mode bit in CPUID, EFER.LME is reserved. */
	set_supported_cpuid(vcpu);
	vm_load_image(vcpu->vm, GUEST_64);
	vm_write_tables(vcpu->vm, GUEST_64);
	get_sregs(vcpu, &s);
	mode_sregs(vcpu->vm, GUEST_64, &s);
	get_regs(vcpu, &regs);
	regs.rbx = s.cr3;
	set_regs(vcpu, &regs);
	return vcpu;
}

/* Writing the state back at each stop is what a VMM's migration does. */
static void stage(struct vcpu *vcpu, u8 n, bool write_back,
		  struct nacre_sregs *s)
{
	struct nacre_regs regs;

	u8 at = *(u8 *)run_to_pio(vcpu, NACRE_EXIT_IO_OUT, 0x70, 1);

	if (at != n)
		die("stage %u expected, guest is at %u", n, at);
	get_sregs(vcpu, s);
	get_regs(vcpu, &regs);
	if (write_back) {
		set_sregs(vcpu, s);
		set_regs(vcpu, &regs);
	}
}

#define ALL_MODE_BITS (X86_CR0_PE | X86_CR0_PG)

static void there_and_back(struct __test_metadata *_metadata,
			   struct vcpu *vcpu, bool write_back)
{
	struct nacre_regs regs;
	struct nacre_sregs s;

	stage(vcpu, 1, write_back, &s);
	EXPECT_EQ(0, s.cr0 & ALL_MODE_BITS);

	/* Protected, still in the old code segment. */
	stage(vcpu, 2, write_back, &s);
	EXPECT_EQ(X86_CR0_PE, s.cr0 & ALL_MODE_BITS);
	EXPECT_EQ(0, s.cs.db);
	EXPECT_EQ(GDT_GPA, s.gdt.base);

	stage(vcpu, 3, write_back, &s);
	EXPECT_EQ(SEL_CODE32, s.cs.selector);
	EXPECT_EQ(1, s.cs.db);
	EXPECT_EQ(0xffffffff, s.cs.limit);
	EXPECT_EQ(SEL_DATA, s.ds.selector);

	stage(vcpu, 4, write_back, &s);
	EXPECT_EQ(EFER_LME, s.efer & (EFER_LME | EFER_LMA));

	/* Paging makes it long mode: compatibility mode until the jump. */
	stage(vcpu, 5, write_back, &s);
	EXPECT_EQ(ALL_MODE_BITS, s.cr0 & ALL_MODE_BITS);
	EXPECT_EQ(EFER_LME | EFER_LMA, s.efer & (EFER_LME | EFER_LMA));
	EXPECT_EQ(0, s.cs.l);

	stage(vcpu, 6, write_back, &s);
	EXPECT_EQ(SEL_CODE64, s.cs.selector);
	EXPECT_EQ(1, s.cs.l);
	EXPECT_EQ(0, s.cs.db);
	get_regs(vcpu, &regs);
	EXPECT_EQ(0x1122334455667788, regs.r15);

	stage(vcpu, 7, write_back, &s);
	EXPECT_EQ(0, s.cs.l);
	EXPECT_EQ(1, s.cs.db);
	EXPECT_EQ(EFER_LME | EFER_LMA, s.efer & (EFER_LME | EFER_LMA));

	stage(vcpu, 8, write_back, &s);
	EXPECT_EQ(EFER_LME, s.efer & (EFER_LME | EFER_LMA));
	EXPECT_EQ(X86_CR0_PE, s.cr0 & ALL_MODE_BITS);

	stage(vcpu, 9, write_back, &s);
	EXPECT_EQ(0, s.cr0 & ALL_MODE_BITS);
	EXPECT_EQ(0, s.efer & (EFER_LME | EFER_LMA));
	EXPECT_EQ(0, s.cs.selector);
	EXPECT_EQ(0, s.cs.base);
	EXPECT_EQ(0, s.ds.base);
	run_to_exit(vcpu, NACRE_EXIT_HLT);
}

TEST(undisturbed)
{
	there_and_back(_metadata, vcpu_before_the_way(), false);
}

TEST(state_written_back_at_each_stage)
{
	there_and_back(_metadata, vcpu_before_the_way(), true);
}

TEST_HARNESS_MAIN
#endif
