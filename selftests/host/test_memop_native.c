// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions with one operand in memory, against the processor: each form
 * that is known runs natively in a page of its own, on random registers, flags
 * and memory, and then as decoded and computed here. Registers, memory and the
 * flags that the manuals define have to be the same.
 *
 * Around the operand's page nothing is mapped, and GS has a base, so that the
 * size and the address of each access count, too.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "arch/x86/emulate/memop.h"
#include "host_test.h"

#if __has_include(<Zydis/Zydis.h>)
#include <Zydis/Zydis.h>
#endif

#define TRIALS		600000
#define MAX_FORMS	1024
#define PAGE		4096
#define GS_BASE		0x123450ULL

#define CF	BIT(0)
#define PF	BIT(2)
#define AF	BIT(4)
#define ZF	BIT(6)
#define SF	BIT(7)
#define DF	BIT(10)
#define OF	BIT(11)
#define FLAGS	(CF | PF | AF | ZF | SF | DF | OF)

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

static u64 random_state = 0x6d656d6f70ULL;

static u64 rnd(void)
{
	return host_random(&random_state);
}

static bool one_in(unsigned int n)
{
	return rnd() >> 32 < (1ULL << 32) / n;
}

/* Random bits are seldom the ones that carry, overflow or are zero. */
static u64 rnd_value(void)
{
	unsigned int shift = rnd() % 64;

	switch (rnd() >> 61) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return 0x8000000080008080ULL;
	case 3:
		return 0x7fffffff7fff7f7fULL;
	case 4:
		return 1ULL << shift;
	default:
		return rnd();
	}
}

/* ---- the processor ---- */

/* Code, nothing, data, nothing; all within reach of 32-bit addresses. */
static u8 *code, *data;

/* Loads all registers, jumps to the code, and what that jumps to stores them. */
void native_run(void);
extern const u8 native_landing[];
__attribute__((no_sanitize("address"))) struct nacre_memop_regs native_regs;
__attribute__((no_sanitize("address"))) u64 native_entry;
__attribute__((no_sanitize("address"))) u64 native_host_rsp;

#define EACH_REGISTER(what)						\
	what(0, rax) what(8, rcx) what(16, rdx) what(24, rbx)		\
	what(32, rsp) what(40, rbp) what(48, rsi) what(56, rdi)		\
	what(64, r8) what(72, r9) what(80, r10) what(88, r11)		\
	what(96, r12) what(104, r13) what(112, r14) what(120, r15)
#define LOAD(at, reg)	"mov native_regs+" #at "(%rip), %" #reg "\n"
#define STORE(at, reg)	"mov %" #reg ", native_regs+" #at "(%rip)\n"

asm(".text\n"
    "native_run:\n"
    "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "mov %rsp, native_host_rsp(%rip)\n"
    "push native_regs+128(%rip)\n popfq\n"
    EACH_REGISTER(LOAD)
    "jmp *native_entry(%rip)\n"
    "native_landing:\n"
    EACH_REGISTER(STORE)
    "mov native_host_rsp(%rip), %rsp\n"
    "pushfq\n pop native_regs+128(%rip)\n"
    "cld\n"
    "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "ret\n");

_Static_assert(offsetof(struct nacre_memop_regs, rflags) == 128,
	       "as native_run has it");

static int fault_signal;
static u64 fault_address;

/* A fault in the code leaves the registers as they are: go on and store. */
static void on_fault(int number, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	u64 rip = regs[REG_RIP];

	if (rip - (uintptr_t)code >= PAGE) {
		signal(number, SIG_DFL);
		return;
	}
	fault_signal = number;
	fault_address = (uintptr_t)info->si_addr;
	regs[REG_RIP] = (uintptr_t)native_landing;
}

static bool catch_faults(void)
{
	static const int signals[] = {
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP,
	};
	static u8 stack[65536];
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = {
		.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	unsigned int i;

	if (sigaltstack(&own, NULL))
		return false;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], &action, NULL))
			return false;
	return true;
}

static bool prepare(void)
{
	u8 *arena;

	if (code)
		return true;
	arena = mmap(NULL, 4 * PAGE, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (arena == MAP_FAILED ||
	    mprotect(arena, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) ||
	    mprotect(arena + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE) ||
	    syscall(SYS_arch_prctl, ARCH_SET_GS, GS_BASE) || !catch_faults())
		return false;
	data = arena + 2 * PAGE;
	code = arena;
	return true;
}

/* The instruction, then a jump out that needs no register. */
static void put_code(u8 *at, const u8 *bytes, unsigned int length)
{
	const u64 landing = (uintptr_t)native_landing;

	memcpy(at, bytes, length);
	memcpy(at + length, "\xff\x25\0\0\0\0", 6);
	memcpy(at + length + 6, &landing, 8);
}

/* ---- the forms ---- */

struct form {
	u8 map, opcode, reg;
	bool has_modrm;
	unsigned long trials;
};

static struct form forms[MAX_FORMS];
static unsigned int nr_forms;

static unsigned int put_opcode(u8 *bytes, const struct form *form)
{
	static const char * const escapes[] = {
		[NACRE_MAP_1BYTE] = "",
		[NACRE_MAP_0F] = "\x0f",
		[NACRE_MAP_0F38] = "\x0f\x38",
		[NACRE_MAP_0F3A] = "\x0f\x3a",
	};
	unsigned int n = strlen(escapes[form->map]);

	memcpy(bytes, escapes[form->map], n);
	bytes[n++] = form->opcode;
	if (form->has_modrm)
		bytes[n++] = form->reg << 3;
	return n;
}

static bool parse(const u8 *bytes, struct nacre_insn *insn,
		  struct nacre_memop *op)
{
	return nacre_decode(bytes, 16, 64, NACRE_DECODE_INTEL, insn) ==
	       NACRE_DECODE_OK && nacre_memop_parse(insn, op);
}

/* Of the forms that not every processor in use has. */
static bool is_native(u8 map)
{
	unsigned int a, b, c, d;

	return map != NACRE_MAP_0F38 ||
	       (__get_cpuid(1, &a, &b, &c, &d) && c & bit_MOVBE);
}

static void add_form(u8 map, u8 opcode, u8 reg)
{
	struct form form = {
		.map = map, .opcode = opcode, .reg = reg, .has_modrm = true,
	};
	u8 bytes[16] = {};
	struct nacre_insn insn;
	struct nacre_memop op;

	put_opcode(bytes, &form);
	if (!parse(bytes, &insn, &op) || nr_forms == MAX_FORMS)
		return;
	/* A prefix is no opcode, and without ModRM there is one form. */
	if (insn.map != map || insn.opcode != opcode ||
	    (!insn.has_modrm && reg))
		return;
	if (!is_native(map)) {
		host_note("not on this processor: map %u, %02x", map, opcode);
		return;
	}
	form.has_modrm = insn.has_modrm;
	forms[nr_forms++] = form;
}

/* Whatever the parser takes, by itself. */
static void find_forms(void)
{
	unsigned int map, opcode, reg;

	nr_forms = 0;
	for (map = NACRE_MAP_1BYTE; map <= NACRE_MAP_0F3A; map++)
		for (opcode = 0; opcode < 256; opcode++)
			for (reg = 0; reg < 8; reg++)
				add_form(map, opcode, reg);
}

/* ---- one trial ---- */

struct trial {
	u8 bytes[32];
	u8 *entry;		/* where they run */
	u64 target;		/* linear address of the operand */
	struct nacre_insn insn;
	struct nacre_memop op;
	struct nacre_memop_regs before, ours;
	const char *differs;
};

/* What the data page is for the code that is under test. */
static u8 shadow[PAGE];

static u64 address_mask(const struct nacre_insn *insn)
{
	return insn->address_size == 8 ? ~0ULL : 0xffffffffULL;
}

static u64 segment_base(const struct nacre_insn *insn)
{
	return insn->segment == 5 ? GS_BASE : 0;
}

static bool is_locked(const struct trial *t)
{
	return t->op.reads && t->op.writes;
}

static unsigned int put_prefixes(u8 *bytes, const struct form *form)
{
	static const u8 segments[] = { 0x26, 0x2e, 0x36, 0x3e, 0x65, 0x65 };
	unsigned int n = 0;

	if (one_in(8))
		bytes[n++] = 0xf0;
	if (one_in(form->has_modrm ? 16 : 2))
		bytes[n++] = 0xf2 + rnd() % 2;
	if (one_in(3))
		bytes[n++] = 0x66;
	if (one_in(6))
		bytes[n++] = 0x67;
	if (one_in(5))
		bytes[n++] = segments[rnd() % ARRAY_SIZE(segments)];
	if (one_in(2))
		bytes[n++] = 0x40 + rnd() % 16;
	return n;
}

/* Operands behind the opcode are random; those of ModRM name memory. */
static void put_bytes(struct trial *t, const struct form *form)
{
	unsigned int n = put_prefixes(t->bytes, form), i;

	n += put_opcode(t->bytes + n, form);
	if (form->has_modrm)
		t->bytes[n - 1] |= (rnd() % 3) << 6 | rnd() % 8;
	for (i = n; i < sizeof(t->bytes); i++)
		t->bytes[i] = rnd();
	/* Immediates with meaning, and equal bits in them. */
	if (one_in(4))
		memset(t->bytes + n, one_in(2) ? 0xff : 0, sizeof(t->bytes) - n);
}

/* No register has to be two things at once. */
static bool can_be_aimed(const struct trial *t)
{
	const struct nacre_insn *insn = &t->insn;

	if (t->op.bit_string &&
	    (insn->base == t->op.reg || insn->index == t->op.reg))
		return false;
	return insn->base < 0 || insn->base != insn->index;
}

/* Prefixes make some forms another instruction, or none; then others. */
static void make_instruction(struct trial *t, const struct form *form)
{
	do {
		put_bytes(t, form);
	} while (!parse(t->bytes, &t->insn, &t->op) || !can_be_aimed(t));
}

static void make_registers(struct trial *t)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		t->before.gpr[i] = rnd_value();
	t->before.rflags = (rnd() & FLAGS) | 0x202;
}

/* Locked operands that cross a line can stop the whole machine. */
static void choose_target(struct trial *t)
{
	unsigned int size = t->op.size, offset;

	if (is_locked(t))
		offset = rnd() % 64 * 64 + rnd() % (65 - size);
	else if (one_in(8))
		offset = one_in(2) ? 0 : PAGE - size;
	else
		offset = 64 + rnd() % (PAGE - 128);
	t->target = (uintptr_t)data + offset;
}

static void put_displacement(struct trial *t, u64 displacement)
{
	unsigned int at = t->insn.length - t->insn.immediate_size -
			  t->insn.displacement_size;

	t->insn.displacement = displacement;
	memcpy(t->bytes + at, &displacement, t->insn.displacement_size);
}

/* The low half, if that is all of it that the address size has. */
static void set_pointer(struct trial *t, unsigned int reg, u64 value)
{
	u64 mask = address_mask(&t->insn);

	t->before.gpr[reg] = (rnd() & ~mask) | (value & mask);
}

/* A displacement alone does not reach everywhere. */
static u64 choose_bit(struct trial *t)
{
	u64 near = (s16)rnd(), *reg = &t->before.gpr[t->op.reg];

	if (t->insn.base < 0)
		memcpy(reg, &near, t->op.size);
	return nacre_memop_bit_offset(&t->op, *reg);
}

/* Make @address what the instruction's own base, index, displacement give. */
static void aim_modrm(struct trial *t, u64 address)
{
	const struct nacre_insn *insn = &t->insn;

	if (t->op.bit_string)
		address -= choose_bit(t);
	if (insn->index >= 0) {
		if (insn->base < 0)
			set_pointer(t, insn->index, (s16)rnd());
		address -= t->before.gpr[insn->index] * insn->scale;
	}
	if (insn->rip_relative)
		address -= (uintptr_t)t->entry + insn->length;
	if (insn->base >= 0)
		set_pointer(t, insn->base, address - insn->displacement);
	else
		put_displacement(t, address & address_mask(insn));
}

static void aim(struct trial *t)
{
	aim_modrm(t, t->target - segment_base(&t->insn));
}

/* CMPXCHG finds what it expects half of the time. */
static void make_memory(struct trial *t)
{
	u64 at = t->target - (uintptr_t)data, value;
	unsigned int i;

	for (i = at & ~7ULL; i < at + 16 && i < PAGE; i += 8) {
		value = rnd_value();
		memcpy(data + i, &value, 8);
		memcpy(shadow + i, &value, 8);
	}
	if (t->op.alu == NACRE_ALU_CMPXCHG && one_in(2))
		memcpy(&t->before.gpr[RAX], data + at, t->op.size);
}

/* ---- as decoded and computed ---- */

static u64 modrm_address(const struct trial *t)
{
	const struct nacre_insn *insn = &t->insn;
	u64 address = insn->displacement;

	if (insn->base >= 0)
		address += t->ours.gpr[insn->base];
	if (insn->index >= 0)
		address += t->ours.gpr[insn->index] * insn->scale;
	if (insn->rip_relative)
		address += (uintptr_t)t->entry + insn->length;
	if (t->op.bit_string)
		address += nacre_memop_bit_offset(&t->op,
						  t->ours.gpr[t->op.reg]);
	return address;
}

/* Linear addresses; of STOS and MOVS the one in ES. */
static u64 operand(const struct trial *t)
{
	return segment_base(&t->insn) +
	       (modrm_address(t) & address_mask(&t->insn));
}

/* Where that is in the shadow. */
static u8 *shadowed(struct trial *t, u64 address)
{
	u64 at = address - (uintptr_t)data;

	if (at <= PAGE - t->op.size)
		return shadow + at;
	t->differs = "address";
	return shadow;
}

/* Only what the operation says that it reads and writes. */
static void compute(struct trial *t)
{
	struct nacre_memop_regs regs;
	u64 memory = rnd();
	u8 *at;

	t->ours = t->before;
	regs = t->ours;
	at = shadowed(t, operand(t));

	if (operand(t) != t->target)
		t->differs = "address";
	if (t->op.reads)
		memcpy(&memory, at, t->op.size);
	nacre_memop_compute(&t->op, &regs, &memory);
	if (t->op.to_register)
		t->ours.gpr[t->op.reg] = regs.gpr[t->op.reg];
	t->ours.rflags = regs.rflags;
	if (t->op.writes)
		memcpy(at, &memory, t->op.size);
}

/* ---- compared ---- */

static u64 undefined_flags(const struct trial *t)
{
	switch (t->op.alu) {
	case NACRE_ALU_AND:
	case NACRE_ALU_OR:
	case NACRE_ALU_XOR:
	case NACRE_ALU_TEST:
		return AF;
	case NACRE_ALU_BT ... NACRE_ALU_BTC:
		return OF | SF | AF | PF;
	default:
		return 0;
	}
}

static void compare(struct trial *t)
{
	u64 flags = FLAGS & ~undefined_flags(t);

	if (t->differs)
		return;
	if (fault_signal)
		t->differs = "fault";
	else if (memcmp(t->ours.gpr, native_regs.gpr, sizeof(t->ours.gpr)))
		t->differs = "registers";
	else if ((t->ours.rflags ^ native_regs.rflags) & flags)
		t->differs = "flags";
	else if (memcmp(data, shadow, PAGE))
		t->differs = "memory";
}

static void tell_instruction(const struct trial *t)
{
	char hex[2 * NACRE_MAX_INSN + 1] = "";
	unsigned int i;
#if __has_include(<Zydis/Zydis.h>)
	ZydisDisassembledInstruction text;

	if (ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64,
					       (uintptr_t)t->entry, t->bytes,
					       t->insn.length, &text)))
		host_note("%s", text.text);
#endif
	for (i = 0; i < t->insn.length; i++)
		sprintf(hex + 2 * i, "%02x", t->bytes[i]);
	host_note("%s: %s", hex, t->differs);
}

static void tell_registers(const struct trial *t)
{
	static const char * const names[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	unsigned int i;

	for (i = 0; i < 16; i++)
		if (t->before.gpr[i] != t->ours.gpr[i] ||
		    t->ours.gpr[i] != native_regs.gpr[i])
			host_note("%3s %016lx: computed %016lx, native %016lx",
				  names[i], t->before.gpr[i], t->ours.gpr[i],
				  native_regs.gpr[i]);
	host_note("flags %03lx: computed %03lx, native %03lx",
		  t->before.rflags & FLAGS, t->ours.rflags & FLAGS,
		  native_regs.rflags & FLAGS);
}

/* The operand, and whatever else has become different. */
static void tell_memory(const struct trial *t, const u8 *before)
{
	unsigned int at = t->target - (uintptr_t)data, i;

	for (i = 0; i < PAGE; i++)
		if (data[i] != shadow[i] || i - at < t->op.size)
			host_note("data+%03x %02x: computed %02x, native %02x",
				  i, before[i], shadow[i], data[i]);
}

static void tell(const struct trial *t, const u8 *before)
{
	tell_instruction(t);
	tell_registers(t);
	tell_memory(t, before);
	if (fault_signal)
		host_note("native: signal %d at %#lx, data at %p",
			  fault_signal, fault_address, data);
}

static void run_natively(struct trial *t)
{
	put_code(t->entry, t->bytes, t->insn.length);
	native_regs = t->before;
	native_entry = (uintptr_t)t->entry;
	fault_signal = 0;
	native_run();
}

/* False: the two differ, and it has been told. */
static bool try_form(struct form *form, struct trial *t)
{
	static u8 before[PAGE];

	t->differs = NULL;
	t->entry = code + rnd() % 60 * 64;
	make_instruction(t, form);
	make_registers(t);
	choose_target(t);
	make_memory(t);
	aim(t);
	memcpy(before, shadow, PAGE);
	run_natively(t);
	compute(t);
	compare(t);
	form->trials++;
	if (!t->differs)
		return true;
	tell(t, before);
	memcpy(shadow, data, PAGE);
	return false;
}

static void same_as_the_processor(void)
{
	unsigned int differ = 0, fewest = ~0u;
	struct trial t;
	unsigned long i;

	EXPECT(prepare());
	find_forms();
	EXPECT(nr_forms > 400 && nr_forms < MAX_FORMS);
	for (i = 0; i < TRIALS && differ < 5; i++)
		differ += !try_form(&forms[rnd() % nr_forms], &t);
	EXPECT(!differ);
	for (i = 0; i < nr_forms; i++)
		fewest = min(fewest, forms[i].trials);
	host_note("%u trials of %u forms, each at least %u times", TRIALS,
		  nr_forms, fewest);
	EXPECT(fewest > 100);
}

/* ---- where the processor faults ---- */

/* Plain, with the operand at @offset, which may hang over the page's end. */
static bool faults_at(struct trial *t, u64 offset)
{
	t->target = (uintptr_t)data + offset;
	aim(t);
	run_natively(t);
	return fault_signal;
}

static bool faults_read_only(struct trial *t)
{
	bool faults;

	mprotect(data, PAGE, PROT_READ);
	faults = faults_at(t, 0);
	mprotect(data, PAGE, PROT_READ | PROT_WRITE);
	return faults;
}

/* The last byte that is accessed is the size's last, and a write is one. */
static void check_access(struct trial *t)
{
	unsigned int size = t->op.size;

	if (faults_at(t, PAGE - size))
		t->differs = "more is accessed than its size";
	else if (!faults_at(t, PAGE - size + 1))
		t->differs = "less is accessed than its size";
	else if (faults_read_only(t) != t->op.writes)
		t->differs = "whether it writes";
}

/* MOVSXD into 16 bits reads 4 bytes by AMD's manual and 2 by Intel's. */
static bool size_is_vague(const struct trial *t)
{
	return t->insn.map == NACRE_MAP_1BYTE && t->insn.opcode == 0x63 &&
	       t->insn.operand_size == 2;
}

static bool try_access(const struct form *form, const char *prefix)
{
	unsigned int n = strlen(prefix);
	struct trial t = { .entry = code, .before.rflags = 0x202 };

	memcpy(t.bytes, prefix, n);
	put_opcode(t.bytes + n, form);
	if (!parse(t.bytes, &t.insn, &t.op) || !can_be_aimed(&t) ||
	    size_is_vague(&t))
		return true;
	check_access(&t);
	if (t.differs)
		tell_instruction(&t);
	return !t.differs;
}

static void access_as_the_processor(void)
{
	static const char * const prefixes[] = { "", "\x66", "\x48" };
	unsigned int i, j, differ = 0;

	EXPECT(prepare());
	find_forms();
	for (i = 0; i < nr_forms; i++)
		for (j = 0; j < ARRAY_SIZE(prefixes); j++)
			differ += !try_access(&forms[i], prefixes[j]);
	memcpy(shadow, data, PAGE);
	EXPECT(!differ);
}

static const struct host_case cases[] = {
	HOST_CASE(access_as_the_processor),
	HOST_CASE(same_as_the_processor),
};

HOST_MAIN(cases)
