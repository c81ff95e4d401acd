// SPDX-License-Identifier: GPL-2.0
/*
 * Each form in which compiled code touches a device's registers: what the
 * VMM is asked, and what the guest has afterwards. The yardstick is the
 * processor, which executes the same instruction on memory of this program.
 */
#include "test.h"

#define DEVICE 0x20000000u
#define END_PORT 0x80

#ifdef GUEST_BITS
#define B "(%ebx)"
#define ABS "mov "
#else
#define B "(%rbx)"
#define ABS "movabs "
#endif

/* f_: what the guest executes; n_: what this program executes itself. */
#define FORM(name, insn)						\
	asm(".text\n.globl f_" #name ", n_" #name "\n"			\
	    "f_" #name ":\n\t" insn "\n\toutb %al, $0x80\n"		\
	    "n_" #name ":\n\t" insn "\n\tret\n")

FORM(load8, "mov " B ", %al");
FORM(load_ah, "mov " B ", %ah");
FORM(load16, "mov " B ", %ax");
FORM(load32, "mov " B ", %eax");
FORM(load_edi, "mov " B ", %edi");
FORM(store8, "mov %al, " B);
FORM(store_dh, "mov %dh, " B);
FORM(store16, "mov %ax, " B);
FORM(store32, "mov %edx, " B);
FORM(imm8, "movb $0x5a, " B);
FORM(imm16, "movw $0xbeef, " B);
FORM(imm32, "movl $0x89abcdef, " B);
FORM(movzbw, "movzbw " B ", %ax");
FORM(movzbl, "movzbl " B ", %eax");
FORM(movzwl, "movzwl " B ", %eax");
FORM(movsbw, "movsbw " B ", %ax");
FORM(movsbl, "movsbl " B ", %eax");
FORM(movswl, "movswl " B ", %eax");
FORM(add_mr8, "addb %al, " B);
FORM(add_mr32, "addl %eax, " B);
FORM(add_rm, "addl " B ", %eax");
FORM(add_imm, "addl $0x1000, " B);
FORM(add_imm8, "addl $-1, " B);
FORM(adc_mr, "adcl %eax, " B);
FORM(sbb_mr, "sbbw %ax, " B);
FORM(sub_mr, "subl %eax, " B);
FORM(sub_rm, "subl " B ", %eax");
FORM(or_mr8, "orb %al, " B);
FORM(or_imm, "orl $0x10, " B);
FORM(and_mr16, "andw %ax, " B);
FORM(and_imm, "andb $0xf0, " B);
FORM(and_rm, "andl " B ", %edx");
FORM(xor_mr, "xorl %edx, " B);
FORM(xor_rm8, "xorb " B ", %ah");
FORM(locked_or, "lock orl %eax, " B);
FORM(inc8, "incb " B);
FORM(inc32, "incl " B);
FORM(dec16, "decw " B);
FORM(not32, "notl " B);
FORM(not8, "notb " B);
FORM(neg32, "negl " B);
FORM(neg16, "negw " B);
FORM(xchg8, "xchgb %al, " B);
FORM(xchg32, "xchgl %edx, " B);
FORM(cmp_mr, "cmpl %eax, " B);
FORM(cmp_rm, "cmpl " B ", %eax");
FORM(cmp_imm, "cmpb $0x88, " B);
FORM(cmp_imm16, "cmpw $0x1234, " B);
FORM(test_mr, "testl %eax, " B);
FORM(test_imm, "testb $0x80, " B);
FORM(stosb, "stosb");
FORM(stosw, "stosw");
FORM(stosl, "stosl");
FORM(rep_stosb, "rep stosb");
FORM(rep_stosl, "rep stosl");
FORM(stosl_down, "std; stosl; cld");
FORM(index, "mov 4(%ebx,%ecx,4), %eax");
#ifndef GUEST_BITS
FORM(load64, "mov " B ", %rax");
FORM(load_r9, "mov " B ", %r9");
FORM(store64, "mov %rdx, " B);
FORM(store_sil, "mov %sil, " B);
FORM(imm64, "movq $-2, " B);
FORM(movzbq, "movzbq " B ", %rax");
FORM(movzwq, "movzwq " B ", %rax");
FORM(movsbq, "movsbq " B ", %rax");
FORM(movswq, "movswq " B ", %rax");
FORM(movslq, "movslq " B ", %rax");
FORM(add_mr64, "addq %rax, " B);
FORM(or_imm64, "orq $-0x80, " B);
FORM(neg64, "negq " B);
FORM(xchg64, "xchgq %rax, " B);
FORM(cmp_mr64, "cmpq %rdx, " B);
FORM(stosq, "stosq");
FORM(rep_stosq, "rep stosq");
#endif
#if !defined(GUEST_BITS) || GUEST_BITS == 32
FORM(load_abs, ABS "0x20000000, %eax");
FORM(store_abs, ABS "%al, 0x20000000");
#endif

#ifndef GUEST_BITS
#define RD 1
#define WR 2
#define COUNT 3

struct form {
	const char *name;
	u8 len, access;
	u8 times;		/* exits each way */
	u8 only64, only_guest;
};

#define F(name, len, access) { #name, len, access, 1, 0, 0 }
#define F_REP(name, len, access) { #name, len, access, COUNT, 0, 0 }
#define F64(name, len, access) { #name, len, access, 1, 1, 0 }
#define F_REP64(name, len, access) { #name, len, access, COUNT, 1, 0 }
#define F_GUEST(name, len, access) { #name, len, access, 1, 0, 1 }

static const struct form forms[] = {
	F(load8, 1, RD), F(load_ah, 1, RD), F(load16, 2, RD),
	F(load32, 4, RD), F(load_edi, 4, RD), F(store8, 1, WR),
	F(store_dh, 1, WR), F(store16, 2, WR), F(store32, 4, WR),
	F(imm8, 1, WR), F(imm16, 2, WR), F(imm32, 4, WR), F(movzbw, 1, RD),
	F(movzbl, 1, RD), F(movzwl, 2, RD), F(movsbw, 1, RD),
	F(movsbl, 1, RD), F(movswl, 2, RD), F(add_mr8, 1, RD | WR),
	F(add_mr32, 4, RD | WR), F(add_rm, 4, RD), F(add_imm, 4, RD | WR),
	F(add_imm8, 4, RD | WR), F(adc_mr, 4, RD | WR), F(sbb_mr, 2, RD | WR),
	F(sub_mr, 4, RD | WR), F(sub_rm, 4, RD), F(or_mr8, 1, RD | WR),
	F(or_imm, 4, RD | WR), F(and_mr16, 2, RD | WR),
	F(and_imm, 1, RD | WR), F(and_rm, 4, RD), F(xor_mr, 4, RD | WR),
	F(xor_rm8, 1, RD), F(locked_or, 4, RD | WR), F(inc8, 1, RD | WR),
	F(inc32, 4, RD | WR), F(dec16, 2, RD | WR), F(not32, 4, RD | WR),
	F(not8, 1, RD | WR), F(neg32, 4, RD | WR), F(neg16, 2, RD | WR),
	F(xchg8, 1, RD | WR), F(xchg32, 4, RD | WR), F(cmp_mr, 4, RD),
	F(cmp_rm, 4, RD), F(cmp_imm, 1, RD), F(cmp_imm16, 2, RD),
	F(test_mr, 4, RD), F(test_imm, 1, RD), F(stosb, 1, WR),
	F(stosw, 2, WR), F(stosl, 4, WR), F_REP(rep_stosb, 1, WR),
	F_REP(rep_stosl, 4, WR), F(stosl_down, 4, WR),
	F_GUEST(load_abs, 4, RD), F_GUEST(store_abs, 1, WR),
	F_GUEST(index, 4, RD), F64(load64, 8, RD), F64(load_r9, 8, RD),
	F64(store64, 8, WR), F64(store_sil, 1, WR), F64(imm64, 8, WR),
	F64(movzbq, 1, RD), F64(movzwq, 2, RD), F64(movsbq, 1, RD),
	F64(movswq, 2, RD), F64(movslq, 4, RD), F64(add_mr64, 8, RD | WR),
	F64(or_imm64, 8, RD | WR), F64(neg64, 8, RD | WR),
	F64(xchg64, 8, RD | WR), F64(cmp_mr64, 8, RD), F64(stosq, 8, WR),
	F_REP64(rep_stosq, 8, WR),
};

#define RAX 0x1122334455667741ull
#define RDX 0xfedcba9876543210ull
#define RSI 0x0f1e2d3c4b5a6978ull
#define R9 0x7777777777777777ull
#define FLAGS_MASK 0xcd5u	/* the arithmetic ones, and DF */

/* Registers and the device's memory, before and after. */
struct state {
	u64 rax, rbx, rcx, rdx, rsi, rdi, r9, flags;
	u8 memory[64];
};

static void first_state(struct state *s, u64 where, u32 flags)
{
	*s = (struct state) {
		.rax = RAX, .rbx = where, .rcx = COUNT, .rdx = RDX,
		.rsi = RSI, .rdi = where, .r9 = R9, .flags = flags,
	};
	for (unsigned int i = 0; i < sizeof(s->memory); i++)
		s->memory[i] = 0x88 + i * 0x0f;
}

/* On a copy that RBX and RDI point to. */
static void native(struct state *s, u64 code)
{
	register u64 r9 asm("r9") = s->r9;
	register u64 target asm("r10") = code;
	u64 at = (u64)s->memory + 16, rbx = at;

	s->rdi = at;
	asm volatile("push %[flags]\n\tpopf\n\tcall *%[target]\n\t"
		     "pushf\n\tpop %[flags]\n\tcld"
		     : "+a"(s->rax), "+b"(rbx), "+c"(s->rcx), "+d"(s->rdx),
		       "+S"(s->rsi), "+D"(s->rdi), "+r"(r9),
		       [flags] "+&r"(s->flags)
		     : [target] "r"(target) : "memory", "cc");
	s->r9 = r9;
	/* Still a pointer, or a value that was loaded into it. */
	if (s->rdi - at + 64 < 128)
		s->rdi += s->rbx - at;
}

/* Serves the exits of one instruction from s->memory; counts them. */
static unsigned int serve(struct vcpu *vcpu, const struct form *form,
			  struct state *s, unsigned int exits[2])
{
	struct nacre_run *r = vcpu->run;
	u64 offset;

	exits[0] = exits[1] = 0;
	for (;;) {
		run(vcpu);
		if (r->exit_reason != NACRE_EXIT_MMIO)
			return r->exit_reason;
		offset = r->mmio.phys_addr - DEVICE + 16;
		if (offset > sizeof(s->memory) - 8 ||
		    r->mmio.len != form->len || r->mmio.is_write > 1)
			die("%s: exit %s", form->name, exit_text(vcpu));
		if (r->mmio.is_write)
			memcpy(s->memory + offset, r->mmio.data, form->len);
		else
			memcpy(r->mmio.data, s->memory + offset, form->len);
		if (++exits[r->mmio.is_write] > 16)
			die("%s: does not end", form->name);
	}
}

static void in_guest(struct vcpu *vcpu, const struct form *form,
		     struct state *s)
{
	char name[32];
	struct nacre_regs regs;
	unsigned int exits[2], times = form->times;

	snprintf(name, sizeof(name), "f_%s", form->name);
	get_regs(vcpu, &regs);
	regs.rip = guest_symbol(vcpu->mode, name);
	regs.rax = s->rax;
	regs.rbx = s->rbx;
	regs.rcx = s->rcx;
	regs.rdx = s->rdx;
	regs.rsi = s->rsi;
	regs.rdi = s->rdi;
	regs.r9 = s->r9;
	regs.rflags = s->flags;
	set_regs(vcpu, &regs);
	if (serve(vcpu, form, s, exits) != NACRE_EXIT_IO ||
	    vcpu->run->io.port != END_PORT)
		die("%s: exit %s", form->name, exit_text(vcpu));
	if (exits[0] != (form->access & RD ? times : 0) ||
	    exits[1] != (form->access & WR ? times : 0))
		die("%s: %u reads, %u writes", form->name, exits[0], exits[1]);
	get_regs(vcpu, &regs);
	s->rax = regs.rax;
	s->rbx = regs.rbx;
	s->rcx = regs.rcx;
	s->rdx = regs.rdx;
	s->rsi = regs.rsi;
	s->rdi = regs.rdi;
	s->r9 = regs.r9;
	s->flags = regs.rflags;
}
#endif

#ifndef GUEST_BITS
FIXTURE(mmio) {
	struct vcpu *vcpu;
};

FIXTURE_VARIANT(mmio) {
	enum guest_mode mode;
	u32 flags;
};

FIXTURE_VARIANT_ADD(mmio, protected) { GUEST_32, RFLAGS_FIXED };
FIXTURE_VARIANT_ADD(mmio, protected_flags) { GUEST_32, RFLAGS_FIXED | 0x8d5 };
FIXTURE_VARIANT_ADD(mmio, long) { GUEST_64, RFLAGS_FIXED };
FIXTURE_VARIANT_ADD(mmio, long_flags) { GUEST_64, RFLAGS_FIXED | 0x8d5 };

FIXTURE_SETUP(mmio)
{
	self->vcpu = vcpu_with_guest(variant->mode, "f_load8");
}

FIXTURE_TEARDOWN(mmio)
{
	vm_free(self->vcpu->vm);
}

/* Says which form and what differs; the others are tried all the same. */
static unsigned int differences(const struct form *form, u64 mask,
				const struct state *is,
				const struct state *should)
{
	static const char *const names[] = {
		"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r9", "rflags",
	};
	const u64 *a = &is->rax, *b = &should->rax;
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < 8; i++) {
		u64 m = i == 7 ? FLAGS_MASK : mask;

		/* R9 exists in long mode only. */
		if (!((a[i] ^ b[i]) & m) || (i == 6 && mask != ~0ull))
			continue;
		fprintf(stderr, "# %s: %s is %#llx, should be %#llx\n",
			form->name, names[i], a[i] & m, b[i] & m);
		wrong++;
	}
	if (memcmp(is->memory, should->memory, sizeof(is->memory))) {
		fprintf(stderr, "# %s: memory is %#llx, should be %#llx\n",
			form->name, *(u64 *)(is->memory + 16),
			*(u64 *)(should->memory + 16));
		wrong++;
	}
	return wrong;
}

TEST_F(mmio, forms)
{
	u64 mask = variant->mode == GUEST_64 ? ~0ull : ~0u;
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const struct form *form = &forms[i];
		struct state is, should;
		char name[32];

		if (form->only_guest ||
		    (form->only64 && variant->mode != GUEST_64))
			continue;
		first_state(&is, DEVICE, variant->flags);
		should = is;
		snprintf(name, sizeof(name), "n_%s", form->name);
		native(&should, guest_symbol(GUEST_64, name));
		in_guest(self->vcpu, form, &is);
		wrong += differences(form, mask, &is, &should);
	}
	EXPECT_EQ(0, wrong);
}

/* Addresses that this program cannot execute the same way. */
TEST_F(mmio, addresses)
{
	unsigned int i = 0, seen = 0;
	struct state s;
	u32 value;

	for (; i < sizeof(forms) / sizeof(*forms); i++) {
		if (!forms[i].only_guest)
			continue;
		first_state(&s, DEVICE, variant->flags);
		in_guest(self->vcpu, &forms[i], &s);
		seen++;
		if (!strcmp(forms[i].name, "store_abs")) {
			EXPECT_EQ(RAX & 0xff, s.memory[16]);
			continue;
		}
		memcpy(&value, s.memory + (!strcmp(forms[i].name, "index") ?
					   32 : 16), 4);
		EXPECT_EQ(value, s.rax);
	}
	EXPECT_EQ(3, seen);
}

TEST_HARNESS_MAIN
#endif
