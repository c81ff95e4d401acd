// SPDX-License-Identifier: GPL-2.0
/*
 * The emulator against the processor: random instructions in 64-bit mode and,
 * through a local descriptor table, in 32- and 16-bit protected mode, on random
 * registers, flags, segments and memory. Registers, flags, RIP, selectors,
 * memory, and the exception with its error code and address have to be the
 * same. Flags are left out only where the manuals say that they are undefined.
 *
 *   test_emulate_native [CASES [SEED]]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "differential.h"
#include "host_test.h"

#if __has_include(<Zydis/Zydis.h>)
#include <Zydis/Zydis.h>
#endif

#define WORKERS		2
#define MAX_FORMS	24000
#define MAX_OPCODES	2000
#define SHOWN		5	/* failures told by each worker */

#define CF	0x001ull
#define PF	0x004ull
#define AF	0x010ull
#define ZF	0x040ull
#define SF	0x080ull
#define OF	0x800ull
#define STATUS	(CF | PF | AF | ZF | SF | OF)

static unsigned long cases_wanted = 2000000;
static u64 seed = 1;

/* What the workers have found, added up by the parent. */
struct tally {
	unsigned long trials, foreign, faults, failures;
	unsigned long flag_bits, flag_bits_left_out;
	unsigned long vectors[32];
	unsigned long by_opcode[2][NACRE_MAP_0F3A + 1][256];
	unsigned int forms[3];
};

static struct tally *tallies;

/* ---- what is undefined ---- */

static u64 undefined_by_shift(const struct trial *t, unsigned int count,
			      bool is_double)
{
	const struct nacre_memop *op = &t->emulated.op;
	unsigned int bits = op->size * 8;
	u64 flags = 0;

	count &= bits == 64 ? 63 : 31;
	if (!count)
		return 0;
	if (count != 1)
		flags |= OF;
	if (op->alu <= NACRE_ALU_RCR)
		return flags;
	flags |= AF;
	if (is_double && count > bits)
		return STATUS;
	if (op->alu != NACRE_ALU_SAR && !is_double && count >= bits)
		flags |= CF;
	return flags;
}

static u64 shift_count(const struct trial *t)
{
	const struct nacre_memop *op = &t->emulated.op;

	return op->has_register ? t->before.gpr[1] : op->value;
}

/* Intel SDM, "EFLAGS Cross-Reference", and each instruction's own page. */
static u64 undefined_by_operation(const struct trial *t)
{
	switch (t->emulated.op.alu) {
	case NACRE_ALU_AND:
	case NACRE_ALU_OR:
	case NACRE_ALU_XOR:
	case NACRE_ALU_TEST:
		return AF;
	case NACRE_ALU_BT ... NACRE_ALU_BTC:
		return OF | SF | AF | PF;
	case NACRE_ALU_ROL ... NACRE_ALU_SAR:
		return undefined_by_shift(t, shift_count(t), false);
	case NACRE_ALU_SHLD:
	case NACRE_ALU_SHRD:
		return undefined_by_shift(t, shift_count(t), true);
	case NACRE_ALU_MUL:
	case NACRE_ALU_IMUL1:
	case NACRE_ALU_IMUL:
		return SF | ZF | AF | PF;
	case NACRE_ALU_DIV:
	case NACRE_ALU_IDIV:
		return STATUS;
	case NACRE_ALU_BSF:
	case NACRE_ALU_BSR:
		return STATUS & ~ZF;
	case NACRE_ALU_TZCNT:
	case NACRE_ALU_LZCNT:
		return OF | SF | AF | PF;
	default:
		return 0;
	}
}

static u64 undefined_flags(const struct trial *t)
{
	struct nacre_memop op;

	if (t->insn.map == NACRE_MAP_1BYTE) {
		switch (t->insn.opcode) {
		case 0x27: case 0x2f:
			return OF;
		case 0x37: case 0x3f:
			return OF | SF | ZF | PF;
		case 0xd4: case 0xd5:
			return OF | AF | CF;
		}
	}
	if (t->result != NACRE_EMU_DONE ||
	    !nacre_operation_parse(&t->insn, &op) ||
	    op.alu == NACRE_ALU_MOV)
		return 0;
	return undefined_by_operation(t);
}

/*
 * BSWAP of 16 bits; what POPA has loaded before it faults, which AMD's
 * processors keep (the manuals do not say); SHLD and SHRD of 16 by more than 16.
 */
static bool result_is_undefined(const struct trial *t)
{
	const struct nacre_memop *op = &t->emulated.op;
	struct nacre_memop parsed;

	if (t->insn.map == NACRE_MAP_1BYTE && t->insn.opcode == 0x61)
		return t->result == NACRE_EMU_FAULT;
	if (!nacre_operation_parse(&t->insn, &parsed) || op->size != 2)
		return false;
	return op->alu == NACRE_ALU_BSWAP ||
	       ((op->alu == NACRE_ALU_SHLD || op->alu == NACRE_ALU_SHRD) &&
		(shift_count(t) & 31) > 16);
}

static bool is_far_call(const struct trial *t)
{
	return t->insn.map == NACRE_MAP_1BYTE &&
	       (t->insn.opcode == 0x9a ||
		(t->insn.opcode == 0xff && (t->insn.modrm >> 3 & 7) == 3));
}

/* #SS, #GP, #PF, #AC */
static bool is_of_operand(unsigned int vector)
{
	return (vector >= 12 && vector <= 14) || vector == 17;
}

/*
 * Where both of CMPS' operands would fault it is not said which does: processors
 * with fast short REP CMPSB begin with the other one. How far it came is.
 */
static bool either_may_fault(const struct trial *t)
{
	return t->insn.map == NACRE_MAP_1BYTE && t->insn.opcode == 0xa6 &&
	       t->insn.prefixes & NACRE_PFX_REP &&
	       is_of_operand(t->fault.vector) &&
	       is_of_operand(t->emulated.exception.vector);
}

/*
 * What several pushes have written before one faults is below the stack
 * pointer still; the manuals do not say what it is.
 */
static bool memory_is_undefined(const struct trial *t)
{
	u8 opcode = t->insn.opcode;

	return t->result == NACRE_EMU_FAULT &&
	       t->insn.map == NACRE_MAP_1BYTE &&
	       (opcode == 0xc8 || opcode == 0x60 || is_far_call(t));
}

/* ---- comparing ---- */

/* In the end the processor wanted to go on where the emulator does. */
static const char *compare_end(const struct trial *t)
{
	const struct nacre_emu_exception *x = &t->emulated.exception;
	u64 rip = t->emulated.state.rip, code, offset;

	if (t->native.rip != rip)
		return "RIP";
	if (t->result == NACRE_EMU_FAULT) {
		if (either_may_fault(t))
			return NULL;
		if (t->fault.vector != x->vector)
			return "exception";
		if (t->fault.error != x->error)
			return "error code";
		/* Which of its two pushes comes first is not said. */
		return x->vector == 14 && t->fault.address != x->cr2 &&
		       !is_far_call(t) ? "fault address" : NULL;
	}
	code = model_code(&t->native, t->native.cs == 0x33 ? 64 : 32, rip);
	offset = code - (uintptr_t)native_page(NATIVE_CODE);
	if (t->fault.vector != (offset < NATIVE_PAGE ? 13 : 14))
		return "a fault";
	return NULL;
}

/* The kernel's own IRET has made 0 of other selectors that are null. */
static bool same_selector(u16 ours, u16 native)
{
	return ours == native || (ours < 4 && !native);
}

static const char *compare_registers(const struct trial *t)
{
	const struct nacre_emu_state *s = &t->emulated.state;
	u64 mask = t->mode == 64 ? ~0ull : 0xffffffff;
	unsigned int i;

	for (i = 0; i < (t->mode == 64 ? 16 : 8); i++)
		/* Outside 64-bit code the upper half of RSP gets lost. */
		if ((s->regs.gpr[i] ^ t->native.gpr[i]) & mask &
		    (i == 4 && t->native.cs != 0x33 ? 0xffffffff : ~0ull))
			return "registers";
	if (s->segments[NACRE_EMU_CS].selector != t->native.cs ||
	    s->segments[NACRE_EMU_SS].selector != t->native.ss ||
	    !same_selector(s->segments[NACRE_EMU_DS].selector,
			   t->native.ds) ||
	    !same_selector(s->segments[NACRE_EMU_ES].selector,
			   t->native.es) ||
	    !same_selector(s->segments[NACRE_EMU_GS].selector,
			   t->native.gs))
		return "segments";
	return NULL;
}

/* RF in a fault's frame is the fault's own. */
static bool flags_differ(const struct trial *t)
{
	u64 mask = ALL_FLAGS & ~undefined_flags(t) & ~0x10000ull;

	return (t->emulated.state.regs.rflags ^ t->native.rflags) & mask;
}

static void compare(struct trial *t, const u8 vectors[16][32])
{
	if (t->differs || t->foreign)
		return;
	t->differs = compare_end(t);
	if (!t->differs && !result_is_undefined(t)) {
		t->differs = compare_registers(t);
		if (!t->differs && !memory_is_undefined(t) &&
		    memcmp(native_page(NATIVE_DATA),
			   model_data, NATIVE_DATA_BYTES))
			t->differs = "memory";
	}
	if (!t->differs && flags_differ(t))
		t->differs = "flags";
	if (!t->differs && memcmp(vectors, t->native.vector, 16 * 32))
		t->differs = "vector registers";
}

/* Where the processor would go on has to be where it can do no harm. */
static bool ends_elsewhere(const struct trial *t)
{
	u64 at, offset;
	struct native_regs after = { .cs =
		t->emulated.state.segments[NACRE_EMU_CS].selector };
	bool is_64bit = after.cs == 0x33;

	if (t->result != NACRE_EMU_DONE)
		return false;
	at = model_code(&after, is_64bit ? 64 : 32, t->emulated.state.rip);
	offset = at - (uintptr_t)native_page(NATIVE_CODE) - t->at;
	if (offset < t->insn.length)
		return true;
	offset = at - (uintptr_t)native_arena;
	return !(offset < NATIVE_PAGES * NATIVE_PAGE || at < 0x10000 ||
		 (at >> 47 == 0x1ffff && at < 0xffffffffff000000ull));
}

static void run_trial(struct trial *t)
{
	u8 *code = native_page(NATIVE_CODE) + t->at;
	u8 vectors[16][32];

	model_run(t);
	/*
	 * What goes to 64-bit code and faults before it is there is hidden by
	 * the kernel, as a processor's erratum, and the upper half of its RSP
	 * is not the test's.
	 */
	if (ends_elsewhere(t) || (t->mode != 64 && t->emulated.mode == 64))
		t->foreign = true;
	if (t->result == NACRE_EMU_UNKNOWN && !t->foreign)
		t->differs = "it is not emulated";
	if (t->foreign || t->differs)
		return;
	memcpy(vectors, t->native.vector, sizeof(vectors));
	memcpy(code, t->bytes, t->insn.length);
	t->native = t->before;
	native_run(&t->native, &t->fault);
	memset(code, 0xf4, t->insn.length);
	compare(t, vectors);
	if (t->mode == 64 && (t->differs || t->native.gs ||
	    t->emulated.state.segments[NACRE_EMU_GS].base != NATIVE_GS_BASE))
		native_mode(64);
}

/* ---- making a failure smaller ---- */

static u8 memory_before[NATIVE_DATA_BYTES];

static void restore_memory(const u8 *from)
{
	memcpy(model_data, from, 2 * NATIVE_PAGE);
	memcpy(native_page(NATIVE_DATA), from, 2 * NATIVE_PAGE);
}

static bool still_differs(struct trial *t, const u8 *memory)
{
	if (!model_decode(t) || why_not_native(&t->insn))
		return false;
	restore_memory(memory);
	run_trial(t);
	return t->differs && !t->foreign;
}

/* Keep @changed, if it fails as well. */
static bool try_smaller(struct trial *t, const struct trial *changed)
{
	struct trial c = *changed;

	if (!still_differs(&c, memory_before))
		return false;
	*t = c;
	return true;
}

static void shrink_bytes(struct trial *t)
{
	struct trial c;
	unsigned int i;

	for (i = 0; i + 1 < t->insn.length; i++) {
		c = *t;
		memmove(c.bytes + i, c.bytes + i + 1, sizeof(c.bytes) - i - 1);
		if (model_decode(&c) && c.insn.length < t->insn.length &&
		    c.insn.map == t->insn.map &&
		    c.insn.opcode == t->insn.opcode && try_smaller(t, &c))
			i--;
	}
}

static void shrink_registers(struct trial *t)
{
	struct trial c;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		c = *t;
		c.before.gpr[i] = 0;
		try_smaller(t, &c);
	}
	for (i = 0; i < 22; i++) {
		c = *t;
		c.before.rflags &= ~(BIT(i) & ~0x202ull);
		try_smaller(t, &c);
	}
}

static void shrink_memory(struct trial *t)
{
	static u8 old[NATIVE_DATA_BYTES];
	unsigned int at, size;

	for (size = 4096; size >= 16; size /= 4) {
		for (at = 0; at < 2 * NATIVE_PAGE; at += size) {
			memcpy(old, memory_before, sizeof(old));
			memset(memory_before + at, 0, size);
			if (!try_smaller(t, t))
				memcpy(memory_before, old, sizeof(old));
		}
	}
}

static void shrink(struct trial *t)
{
	shrink_bytes(t);
	shrink_registers(t);
	shrink_memory(t);
	still_differs(t, memory_before);
}

/* ---- telling ---- */

static void tell_instruction(const struct trial *t)
{
	char hex[2 * NACRE_MAX_INSN + 1] = "";
	unsigned int i;
#if __has_include(<Zydis/Zydis.h>)
	ZydisDisassembledInstruction text;
	ZydisMachineMode mode = t->mode == 64 ? ZYDIS_MACHINE_MODE_LONG_64 :
		t->mode == 32 ? ZYDIS_MACHINE_MODE_LONG_COMPAT_32 :
				ZYDIS_MACHINE_MODE_LONG_COMPAT_16;

	if (ZYAN_SUCCESS(ZydisDisassembleIntel(mode, t->before.rip, t->bytes,
					       t->insn.length, &text)))
		host_note("%s", text.text);
#endif
	for (i = 0; i < t->insn.length; i++)
		sprintf(hex + 2 * i, "%02x", t->bytes[i]);
	host_note("%u bits, %s: %s", t->mode, hex, t->differs);
}

static void tell_end(const struct trial *t)
{
	const struct nacre_emu_exception *x = &t->emulated.exception;

	if (t->result == NACRE_EMU_FAULT)
		host_note("emulated: vector %u, error %#x, address %#lx",
			  x->vector, x->error, x->cr2);
	else
		host_note("emulated: result %u", t->result);
	host_note("native: vector %u, error %#x, address %#lx",
		  t->fault.vector, t->fault.error, t->fault.address);
	host_note("rip %016lx: emulated %016lx, native %016lx",
		  t->before.rip, t->emulated.state.rip, t->native.rip);
	host_note("flags %06lx: emulated %06lx, native %06lx, undefined %lx",
		  t->before.rflags, t->emulated.state.regs.rflags,
		  t->native.rflags, undefined_flags(t));
}

static void tell_registers(const struct trial *t)
{
	static const char * const names[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	const struct nacre_emu_segment *s = t->emulated.state.segments;
	const u64 *gpr = t->emulated.state.regs.gpr;
	unsigned int i;

	for (i = 0; i < 16; i++)
		if (t->before.gpr[i] || gpr[i] != t->native.gpr[i])
			host_note("%3s %016lx: emulated %016lx, native %016lx",
				  names[i], t->before.gpr[i], gpr[i],
				  t->native.gpr[i]);
	host_note("cs ss ds es gs %02x %02x %02x %02x %02x: emulated %02x %02x %02x %02x %02x, native %02x %02x %02x %02x %02x",
		  t->before.cs, t->before.ss, t->before.ds, t->before.es,
		  t->before.gs, s[NACRE_EMU_CS].selector,
		  s[NACRE_EMU_SS].selector, s[NACRE_EMU_DS].selector,
		  s[NACRE_EMU_ES].selector, s[NACRE_EMU_GS].selector,
		  t->native.cs, t->native.ss, t->native.ds, t->native.es,
		  t->native.gs);
}

static void tell_memory(void)
{
	const u8 *native = native_page(NATIVE_DATA);
	unsigned int i, told = 0;

	for (i = 0; i < NATIVE_DATA_BYTES && told < 32; i++) {
		if (native[i] == model_data[i] &&
		    memory_before[i] == model_data[i])
			continue;
		host_note("data+%03x %02x: emulated %02x, native %02x", i,
			  memory_before[i], model_data[i], native[i]);
		told++;
	}
}

static void tell(struct trial *t)
{
	tell_instruction(t);
	shrink(t);
	host_note("and smaller:");
	tell_instruction(t);
	tell_end(t);
	tell_registers(t);
	tell_memory();
}

/* ---- the workers ---- */

static struct form forms[MAX_FORMS];
/* Where each opcode's forms begin. */
static unsigned int opcodes[MAX_OPCODES + 1], nr_opcodes;

static void group_forms(unsigned int count)
{
	unsigned int i;

	nr_opcodes = 0;
	for (i = 0; i < count; i++)
		if ((!i || forms[i].opcode != forms[i - 1].opcode ||
		     forms[i].map != forms[i - 1].map ||
		     forms[i].vex != forms[i - 1].vex) &&
		    nr_opcodes < MAX_OPCODES)
			opcodes[nr_opcodes++] = i;
	opcodes[nr_opcodes] = count;
}

static void count(const struct trial *t, struct tally *tally)
{
	if (t->foreign) {
		tally->foreign++;
		return;
	}
	tally->trials++;
	tally->by_opcode[t->form->vex][t->insn.map][t->insn.opcode]++;
	tally->flag_bits += __builtin_popcountll(ALL_FLAGS);
	tally->flag_bits_left_out += __builtin_popcountll(undefined_flags(t));
	if (t->result == NACRE_EMU_FAULT) {
		tally->faults++;
		tally->vectors[t->emulated.exception.vector & 31]++;
	}
}

static struct trial t;

/* One that does not end. */
static void on_alarm(int number)
{
	(void)number;
	t.differs = "it does not end";
	tell_instruction(&t);
	tell_end(&t);
	tell_registers(&t);
	fflush(stdout);
	_exit(3);
}

static void one_trial(struct tally *tally)
{
	unsigned int which = rnd() % nr_opcodes;
	unsigned int first = opcodes[which];

	if (!make_trial(&t, &forms[first + rnd() %
				   (opcodes[which + 1] - first)]))
		return;
	if (!(tally->trials & 1023))
		alarm(10);
	memcpy(memory_before, model_data, sizeof(memory_before));
	run_trial(&t);
	count(&t, tally);
	if (!t.differs && !t.foreign && !memory_is_undefined(&t) &&
	    !result_is_undefined(&t))
		return;
	if (!t.differs)
		return restore_memory(memory_before);
	tally->failures++;
	if (tally->failures <= SHOWN)
		tell(&t);
	restore_memory(memory_before);
}

static void run_mode(u8 mode, unsigned long wanted, struct tally *tally)
{
	unsigned int found = find_forms(mode, forms, MAX_FORMS), i;
	unsigned long until = tally->trials + wanted;

	i = mode == 64 ? 2 : mode == 32;
	tally->forms[i] = found;
	group_forms(found);
	native_mode(mode);
	model_reset();
	while (tally->trials < until && tally->failures < SHOWN)
		one_trial(tally);
}

static int work(unsigned int number)
{
	struct tally *tally = &tallies[number];
	const struct sigaction alarmed = {
		.sa_handler = on_alarm, .sa_flags = SA_ONSTACK,
	};
	unsigned long each = cases_wanted / WORKERS / 10;

	if (!native_prepare())
		return 2;
	sigaction(SIGALRM, &alarmed, NULL);
	seed_cases(seed * WORKERS + number);
	run_mode(64, each * 5, tally);
	run_mode(32, each * 3, tally);
	run_mode(16, each * 2, tally);
	return tally->failures != 0;
}

static void add(struct tally *sum, const struct tally *t)
{
	const unsigned long *from = (const unsigned long *)t;
	unsigned long *to = (unsigned long *)sum;
	unsigned int i;

	for (i = 0; i < offsetof(struct tally, forms) / sizeof(*to); i++)
		to[i] += from[i];
	memcpy(sum->forms, t->forms, sizeof(sum->forms));
}

static struct tally all;

static void tell_map(const char *name, bool vex, u8 map)
{
	unsigned int opcode, covered = 0;
	unsigned long trials = 0, fewest = ~0ul;

	for (opcode = 0; opcode < 256; opcode++) {
		unsigned long n = all.by_opcode[vex][map][opcode];

		covered += !!n;
		trials += n;
		if (n)
			fewest = min(fewest, n);
	}
	if (covered)
		host_note("%-9s %3u opcodes, %8lu cases, each at least %lu",
			  name, covered, trials, fewest);
}

static void tell_tally(void)
{
	unsigned int i;

	host_note("%lu cases, %lu of them faults; %lu more left out, since they reach what is not the test's",
		  all.trials, all.faults, all.foreign);
	host_note("forms: %u in 16 bits, %u in 32, %u in 64", all.forms[0],
		  all.forms[1], all.forms[2]);
	tell_map("one byte", false, NACRE_MAP_1BYTE);
	tell_map("0F", false, NACRE_MAP_0F);
	tell_map("0F 38", false, NACRE_MAP_0F38);
	tell_map("VEX 0F", true, NACRE_MAP_0F);
	tell_map("VEX 0F38", true, NACRE_MAP_0F38);
	for (i = 0; i < 32; i++)
		if (all.vectors[i])
			host_note("vector %2u: %lu", i, all.vectors[i]);
	host_note("%.2f %% of all flags' bits compared",
		  100 - 100.0 * all.flag_bits_left_out / all.flag_bits);
	tell_exclusions();
}

static bool reap(unsigned int number, pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return false;
	if (WIFSIGNALED(status))
		host_note("worker %u: signal %d after %lu cases", number,
			  WTERMSIG(status), tallies[number].trials);
	add(&all, &tallies[number]);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* Each in a process of its own: whatever happens there, it is told. */
static void same_as_the_processor(void)
{
	pid_t children[WORKERS];
	bool ok = true;
	unsigned int i;

	tallies = mmap(NULL, WORKERS * sizeof(*tallies),
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		       0);
	EXPECT(tallies != MAP_FAILED);
	fflush(stdout);
	for (i = 0; i < WORKERS; i++) {
		children[i] = fork();
		if (!children[i]) {
			int status = work(i);

			fflush(stdout);
			_exit(status);
		}
	}
	for (i = 0; i < WORKERS; i++)
		ok &= reap(i, children[i]);
	tell_tally();
	EXPECT(ok);
	EXPECT(all.trials >= cases_wanted - 10 * WORKERS);
	EXPECT(all.flag_bits_left_out * 50 < all.flag_bits);
}

static const struct host_case cases[] = {
	HOST_CASE(same_as_the_processor),
};

int main(int argc, char **argv)
{
	if (argc > 1)
		cases_wanted = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	return host_run(cases, ARRAY_SIZE(cases));
}
