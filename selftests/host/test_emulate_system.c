// SPDX-License-Identifier: GPL-2.0
/*
 * What of the emulator no program can try natively: system instructions, real
 * mode, transfers between levels, events, segments at level 0. A row is one
 * instruction in a small machine, and what the manuals say comes of it.
 *
 * Of a fault, each row also has: the machine is as before. Of all others:
 * unless the row says where, RIP is behind the instruction.
 */
#include <asm/processor-flags.h>

#include "asm/msr-index.h"
#include "arch/x86/emulate/emulate.h"
#include "host_test.h"

/* ---- the machine ---- */

#define MEMORY		0x10000
#define GDT		0x1000
#define IDT		0x2000
#define TSS		0x3000
#define NEW_TSS		0x3400
#define NEW_TSS16	0x3500
#define OLD_TSS16	0x3600
#define LDT		0x3800
#define CODE		0x4000
#define DATA		0x5000
#define STACK		0x8000
#define INNER_STACK	0x9000
#define IST_STACK	0xa000

#define CODE0		0x08
#define DATA0		0x10
#define CODE3		0x1b
#define DATA3		0x23
#define CODE16		0x28
#define DATA16		0x30
#define CODE64		0x38
#define CODE64_3	0x43
#define ABSENT		0x48
#define CONFORMING	0x50
#define TASK		0x58
#define CALL_GATE	0x68
#define LOCAL		0x78
#define BUSY_TASK	0x88
#define READ_ONLY	0x98
#define INNER_GATE	0xa0
#define TASK_GATE	0xb0
#define NEW_TASK	0xc0
#define NEW_TASK16	0xc8
#define NEW_BUSY	0xd0
#define NEW_GATE	0xd8

static const u64 gdt[] = {
	[CODE0 / 8] = 0x00cf9b000000ffff,
	[DATA0 / 8] = 0x00cf93000000ffff,
	[CODE3 / 8] = 0x00cffb000000ffff,
	[DATA3 / 8] = 0x00cff3000000ffff,
	[CODE16 / 8] = 0x00009b000000ffff,
	[DATA16 / 8] = 0x000093000000ffff,
	[CODE64 / 8] = 0x00af9b000000ffff,
	[CODE64_3 / 8] = 0x00affb000000ffff,
	[ABSENT / 8] = 0x00cf13000000ffff,
	[CONFORMING / 8] = 0x00cf9e000000ffff,
	[TASK / 8] = 0x0000890030000067,
	[LOCAL / 8] = 0x000082003800000f,
	[BUSY_TASK / 8] = 0x00008b0030000067,
	[READ_ONLY / 8] = 0x00cf90000000ffff,
	[TASK_GATE / 8] = 0x0000e50000580000,
	[TASK_GATE / 8 + 1] = 0,
	[NEW_TASK / 8] = 0x0000890034000067,
	[NEW_TASK16 / 8] = 0x000081003500002b,
	[NEW_BUSY / 8] = 0x00008b0034000067,
	[NEW_GATE / 8] = 0x0000e50000c00000,
};

enum mode { REAL, VM86, PROTECTED, PROTECTED16, LONG, COMPATIBILITY };

static struct machine {
	struct nacre_emulator e;
	u8 memory[MEMORY];
	u64 dr[8];
	struct { u32 number; u64 value; } msrs[12];
	u64 invalidated;
	u32 port, out;
	u8 vectors[16][32], fpu[512];
	u32 without;		/* features */
} machine, before;

static enum nacre_emulated fault(struct nacre_emulator *e, u8 vector,
				 u32 error, u64 cr2)
{
	e->exception = (struct nacre_emu_exception) {
		.vector = vector, .error = error, .cr2 = cr2,
		.has_error = e->state.cr0 & X86_CR0_PE,
	};
	return NACRE_EMU_FAULT;
}

static enum nacre_emulated probe(struct nacre_emulator *e, u64 linear,
				 unsigned int size, u32 how)
{
	if (linear < MEMORY && linear + size <= MEMORY)
		return NACRE_EMU_DONE;
	return fault(e, 14, (how & NACRE_EMU_WRITE ? 2 : 0) |
			    (how & NACRE_EMU_USER ? 4 : 0), linear);
}

static enum nacre_emulated read(struct nacre_emulator *e, u64 linear,
				void *data, unsigned int size, u32 how)
{
	enum nacre_emulated result = probe(e, linear, size, how);

	if (result == NACRE_EMU_DONE)
		memcpy(data, machine.memory + linear, size);
	return result;
}

static void write(struct nacre_emulator *e, u64 linear, const void *data,
		  unsigned int size, u32 how)
{
	memcpy(machine.memory + linear, data, size);
}

static enum nacre_emulated exchange(struct nacre_emulator *e, u64 linear,
				    const void *old, const void *data,
				    unsigned int size)
{
	if (memcmp(machine.memory + linear, old, size))
		return NACRE_EMU_RETRY;
	memcpy(machine.memory + linear, data, size);
	return NACRE_EMU_DONE;
}

static enum nacre_emulated in(struct nacre_emulator *e, u16 port,
			      unsigned int size, u32 *value)
{
	machine.port = port;
	*value = 0x87654321;
	return NACRE_EMU_DONE;
}

static enum nacre_emulated out(struct nacre_emulator *e, u16 port,
			       unsigned int size, u32 value)
{
	machine.port = port;
	machine.out = value;
	return NACRE_EMU_DONE;
}

static u64 *find_msr(u32 number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(machine.msrs); i++)
		if (machine.msrs[i].number == number)
			return &machine.msrs[i].value;
	return NULL;
}

static enum nacre_emulated read_msr(struct nacre_emulator *e, u32 msr,
				    u64 *value)
{
	if (!find_msr(msr))
		return fault(e, 13, 0, 0);
	*value = *find_msr(msr);
	return NACRE_EMU_DONE;
}

static enum nacre_emulated write_msr(struct nacre_emulator *e, u32 msr,
				     u64 value)
{
	if (!find_msr(msr))
		return fault(e, 13, 0, 0);
	*find_msr(msr) = value;
	return NACRE_EMU_DONE;
}

static enum nacre_emulated check_cr(struct nacre_emulator *e, u8 number,
				    u64 value)
{
	if ((number == 0 && (value & (X86_CR0_PG | X86_CR0_PE)) ==
			    X86_CR0_PG) || (number == 8 && value > 15) ||
	    (number == 3 && value == 0xbad))
		return fault(e, 13, 0, 0);
	return NACRE_EMU_DONE;
}

static enum nacre_emulated read_dr(struct nacre_emulator *e, u8 number,
				   u64 *value)
{
	*value = machine.dr[number];
	return NACRE_EMU_DONE;
}

static enum nacre_emulated write_dr(struct nacre_emulator *e, u8 number,
				    u64 value)
{
	machine.dr[number] = value;
	return NACRE_EMU_DONE;
}

static enum nacre_emulated invalidate(struct nacre_emulator *e, u64 linear)
{
	machine.invalidated = linear;
	return NACRE_EMU_DONE;
}

static bool has(struct nacre_emulator *e, enum nacre_emu_feature feature)
{
	return !(machine.without & BIT(feature));
}

static void cpuid(struct nacre_emulator *e, u32 regs[4])
{
	u32 leaf = regs[0], subleaf = regs[2];

	regs[0] = leaf + 1;
	regs[1] = 0x22;
	regs[2] = subleaf + 3;
	regs[3] = 0x44;
}

static u64 tsc(struct nacre_emulator *e, u32 *aux)
{
	*aux = 0x99;
	return 0x1122334455667788;
}

static void read_vector(struct nacre_emulator *e, u8 number, u8 *data)
{
	memcpy(data, machine.vectors[number], 32);
}

static void write_vector(struct nacre_emulator *e, u8 number, const u8 *data)
{
	memcpy(machine.vectors[number], data, 32);
}

static void read_fpu(struct nacre_emulator *e, u8 *image)
{
	memcpy(image, machine.fpu, 512);
}

static void write_fpu(struct nacre_emulator *e, const u8 *image)
{
	memcpy(machine.fpu, image, 512);
}

static const struct nacre_emu_ops ops = {
	.read = read, .probe = probe, .write = write, .exchange = exchange,
	.in = in, .out = out, .read_msr = read_msr, .write_msr = write_msr,
	.check_cr = check_cr, .read_dr = read_dr, .write_dr = write_dr,
	.invalidate = invalidate, .has = has, .cpuid = cpuid, .tsc = tsc,
	.read_vector = read_vector, .write_vector = write_vector,
	.read_fpu = read_fpu, .write_fpu = write_fpu,
};

/* ---- how it begins ---- */

static void put(u64 at, u64 value, unsigned int size)
{
	memcpy(machine.memory + at, &value, size);
}

/* Intel SDM, "Call Gates", "IDT Descriptors", "64-Bit Mode IDT". */
static void put_gate(u64 at, u16 selector, u32 offset, u8 attributes, u8 words)
{
	put(at, (offset & 0xffff) | (u64)selector << 16 | (u64)words << 32 |
		(u64)attributes << 40 | (u64)(offset >> 16) << 48, 8);
	put(at + 8, 0, 8);
}

static void load(u8 seg, u16 selector)
{
	struct nacre_emu_segment *s = &machine.e.state.segments[seg];
	u64 d = gdt[selector >> 3];
	u32 limit = (d & 0xffff) | (d >> 32 & 0xf0000);

	*s = (struct nacre_emu_segment) {
		.selector = selector,
		.base = (d >> 16 & 0xffffff) | (d >> 32 & 0xff000000),
		.limit = d >> 55 & 1 ? limit << 12 | 0xfff : limit,
		.attributes = (d >> 40 & 0xff) | (d >> 44 & 0xf00),
	};
}

/* Two that nothing is wrong with, of 32 and of 16 bits. */
static void put_new_tasks(void)
{
	unsigned int i;

	put(NEW_TSS + 0x1c, 0x9000, 4);
	put(NEW_TSS + 0x20, 0x4600, 4);
	put(NEW_TSS + 0x24, X86_EFLAGS_FIXED | X86_EFLAGS_CF, 4);
	put(NEW_TSS16 + 0x0e, 0x4600, 2);
	put(NEW_TSS16 + 0x10, X86_EFLAGS_FIXED | X86_EFLAGS_CF, 2);
	for (i = 0; i < 8; i++) {
		put(NEW_TSS + 0x28 + 4 * i, i == 4 ? 0x7000 : 0xa0 + i, 4);
		put(NEW_TSS16 + 0x12 + 2 * i, i == 4 ? 0x7000 : 0xa0 + i, 2);
	}
	for (i = 0; i < 6; i++)
		put(NEW_TSS + 0x48 + 4 * i, i == 1 ? CODE0 : DATA0, 4);
	for (i = 0; i < 4; i++)
		put(NEW_TSS16 + 0x22 + 2 * i, i == 1 ? CODE16 : DATA16, 2);
	put(NEW_TSS + 0x60, LOCAL, 4);
	put(NEW_TSS16 + 0x2a, LOCAL, 2);
	put_gate(IDT + 0x24 * 8, NEW_TASK, 0, 0x85, 0);
	put_gate(IDT + 0x25 * 8, NEW_TASK16, 0, 0x85, 0);
}

/* Vectors 0x20: to level 0; 0x21: open to 3; 0x22: not there. */
static void put_tables(enum mode mode)
{
	bool is_long = mode == LONG || mode == COMPATIBILITY;
	unsigned int size = is_long ? 16 : 8;
	u16 code = is_long ? CODE64 : CODE0;

	memcpy(machine.memory + GDT, gdt, sizeof(gdt));
	put(LDT, gdt[DATA0 / 8], 8);
	put(LDT + 8, 0, 8);
	put_gate(GDT + CALL_GATE, code, CODE + 0x100, 0xec, 0);
	put_gate(GDT + INNER_GATE, code, CODE + 0x100, 0x8c, 0);
	put_gate(IDT + 0x20 * size, code, CODE + 0x200, 0x8e, 0);
	put_gate(IDT + 0x21 * size, code, CODE + 0x300, 0xef, is_long);
	put_gate(IDT + 0x22 * size, code, CODE + 0x300, 0x6e, 0);
	if (!is_long)
		put_new_tasks();
	put_gate(IDT + 0x0d * size, code, CODE + 0x400, 0x8e, 0);
	if (is_long) {
		put(TSS + 4, INNER_STACK, 8);
		put(TSS + 0x24, IST_STACK, 8);
	} else {
		put(TSS + 4, INNER_STACK, 4);
		put(TSS + 8, DATA0, 2);
	}
	put(TSS + 0x66, 0x68, 2);
}

static void load_all(enum mode mode, u8 cpl)
{
	static const u16 codes[][2] = {
		[PROTECTED] = { CODE0, CODE3 },
		[PROTECTED16] = { CODE16, CODE3 },
		[LONG] = { CODE64, CODE64_3 },
		[COMPATIBILITY] = { CODE0, CODE3 },
	};
	u16 data = cpl ? DATA3 : mode == PROTECTED16 ? DATA16 : DATA0;
	u8 seg;

	for (seg = NACRE_EMU_ES; seg <= NACRE_EMU_GS; seg++)
		load(seg, data);
	load(NACRE_EMU_CS, codes[mode][!!cpl]);
}

static void load_all_real(enum mode mode)
{
	u8 seg;

	for (seg = NACRE_EMU_ES; seg <= NACRE_EMU_GS; seg++)
		machine.e.state.segments[seg] = (struct nacre_emu_segment) {
			.limit = 0xffff, .attributes = mode == VM86 ? 0xf3 :
				 seg == NACRE_EMU_CS ? 0x9b : 0x93,
		};
}

static void prepare(enum mode mode, enum nacre_decode_vendor vendor, u8 cpl)
{
	static const u32 numbers[] = {
		MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK,
		MSR_KERNEL_GS_BASE, MSR_IA32_SYSENTER_CS,
		MSR_IA32_SYSENTER_ESP, MSR_IA32_SYSENTER_EIP, MSR_EFER, 0x10,
	};
	struct nacre_emu_state *s = &machine.e.state;
	unsigned int i;

	memset(&machine, 0, sizeof(machine));
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		machine.msrs[i].number = numbers[i];
	machine.e.ops = &ops;
	machine.e.vendor = vendor;
	put_tables(mode);
	*s = (struct nacre_emu_state) {
		.rip = CODE, .regs.rflags = X86_EFLAGS_FIXED,
		.gdtr = { GDT, sizeof(gdt) - 1 },
		.idtr = { mode == REAL ? 0 : IDT, 0xfff },
		.cr0 = mode == REAL ? 0 : X86_CR0_PE | X86_CR0_NE,
		.cr4 = X86_CR4_OSFXSR | X86_CR4_OSXSAVE, .cpl = cpl,
	};
	s->regs.gpr[4] = STACK;
	load(NACRE_EMU_TR, BUSY_TASK);
	if (mode == LONG || mode == COMPATIBILITY) {
		s->efer = EFER_LME | EFER_LMA | EFER_SCE;
		s->cr0 |= X86_CR0_PG;
		s->cr4 |= X86_CR4_PAE;
	}
	if (mode == VM86) {
		s->regs.rflags |= X86_EFLAGS_VM;
		s->cpl = 3;
	}
	if (mode <= VM86)
		load_all_real(mode);
	else
		load_all(mode, cpl);
}

/* ---- what a row sets and expects ---- */

enum place {
	END, RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI,
	R11 = RAX + 11, RIP = RAX + 16,
	FLAGS, CR0, CR2, CR3, CR4, CR8, EFER, CPL, SHADOW, HALTED, NMI,
	NEW_ONE, TRAP,
	GDTR_BASE, GDTR_LIMIT, IDTR_BASE, IDTR_LIMIT,
	DR, LAST_DR = DR + 7, PORT, OUT, INVALIDATED, WITHOUT,
	SELECTOR, LAST_SELECTOR = SELECTOR + 7, BASE, LAST_BASE = BASE + 7,
	LIMIT, LAST_LIMIT = LIMIT + 7, RIGHTS, LAST_RIGHTS = RIGHTS + 7,
	XMM_LOW, LAST_XMM_LOW = XMM_LOW + 15, XMM_HIGH,
	LAST_XMM_HIGH = XMM_HIGH + 15, YMM, LAST_YMM = YMM + 15, MXCSR,
	VALID_MXCSR, FPU_CONTROL,	/* and status, in the upper half */
};

#define SEG(kind, name)	(kind + NACRE_EMU_##name)
#define MSR(name)	(1ull << 32 | MSR_##name)
#define MEM(size, at)	(2ull << 32 | (u64)(size) << 24 | (at))

static u64 get(u64 place);

/* Where a place is, and how wide. */
static void *locate(u64 place, unsigned int *size)
{
	struct machine *m = &machine;
	struct nacre_emu_state *s = &m->e.state;

#define AT(field)	({ *size = sizeof(field); (void *)&(field); })
	*size = 8;
	if (place >> 32 == 1)
		return find_msr(place);
	if (place >> 32 == 2) {
		*size = place >> 24 & 15;
		return m->memory + (place & 0xffffff);
	}
	switch (place) {
	case RAX ... RAX + 15:	return AT(s->regs.gpr[place - RAX]);
	case RIP:		return AT(s->rip);
	case FLAGS:		return AT(s->regs.rflags);
	case CR0:		return AT(s->cr0);
	case CR2:		return AT(s->cr2);
	case CR3:		return AT(s->cr3);
	case CR4:		return AT(s->cr4);
	case CR8:		return AT(s->cr8);
	case EFER:		return AT(s->efer);
	case CPL:		return AT(s->cpl);
	case SHADOW:		return AT(s->shadow);
	case HALTED:		return AT(s->halted);
	case NMI:		return AT(s->nmi_unmasked);
	case NEW_ONE:		return AT(s->new_task);
	case TRAP:		return AT(s->task_trap);
	case GDTR_BASE:		return AT(s->gdtr.base);
	case GDTR_LIMIT:	return AT(s->gdtr.limit);
	case IDTR_BASE:		return AT(s->idtr.base);
	case IDTR_LIMIT:	return AT(s->idtr.limit);
	case DR ... LAST_DR:	return AT(m->dr[place - DR]);
	case PORT:		return AT(m->port);
	case OUT:		return AT(m->out);
	case INVALIDATED:	return AT(m->invalidated);
	case WITHOUT:		return AT(m->without);
	case SELECTOR ... LAST_SELECTOR:
		return AT(s->segments[place - SELECTOR].selector);
	case BASE ... LAST_BASE:
		return AT(s->segments[place - BASE].base);
	case LIMIT ... LAST_LIMIT:
		return AT(s->segments[place - LIMIT].limit);
	case RIGHTS ... LAST_RIGHTS:
		return AT(s->segments[place - RIGHTS].attributes);
	case XMM_LOW ... LAST_XMM_LOW:
		return m->vectors[place - XMM_LOW];
	case XMM_HIGH ... LAST_XMM_HIGH:
		return m->vectors[place - XMM_HIGH] + 8;
	case YMM ... LAST_YMM:
		return m->vectors[place - YMM] + 16;
	case MXCSR:
		*size = 4;
		return m->fpu + 24;
	case FPU_CONTROL:
		*size = 4;
		return m->fpu;
	case VALID_MXCSR:
		*size = 4;
		return m->fpu + 28;
	}
	abort();
}

static u64 get(u64 place)
{
	unsigned int size;
	void *at = locate(place, &size);
	u64 value = 0;

	memcpy(&value, at, size);
	return value;
}

static void set(u64 place, u64 value)
{
	unsigned int size;
	void *at = locate(place, &size);

	memcpy(at, &value, size);
}

struct pair {
	u64 place, value;
};

#define PLACES	10

struct row {
	const char *name;
	enum mode mode;
	u8 bytes[12], length;
	struct pair set[PLACES], expect[PLACES];
	u8 cpl;
	enum nacre_decode_vendor vendor;
	/* What comes of it, if it is not done; the vector and its error. */
	enum nacre_emulated result;
	u8 vector;
	bool has_error;
	u32 error;
	/* A fault that is the new task's. */
	bool in_new_task;
	/* An event, and no instruction; and what is wrong with it. */
	u8 fault;
	u32 fault_error;
	bool is_event;
	enum nacre_emu_event event;
	u8 soft_length;
};

#define B(...)	.bytes = { __VA_ARGS__ }, .length = sizeof((u8[]){ __VA_ARGS__ })
#define SET(...)	.set = { __VA_ARGS__ }
#define GIVES(...)	.expect = { __VA_ARGS__ }
#define FAULT(number)	.result = NACRE_EMU_FAULT, .vector = number
#define ERROR(number, code) FAULT(number), .has_error = true, .error = code
#define EVENT(kind, number, ...) .is_event = true, .vector = number, \
	.event = NACRE_EMU_##kind, ##__VA_ARGS__
#define AMD		.vendor = NACRE_DECODE_AMD
#define UNKNOWN		.result = NACRE_EMU_UNKNOWN

enum { UD = 6, NM, TS = 10, NP, SF, GP, PF };

#include "system_rows.h"
#include "task_rows.h"

/* ---- a row ---- */

static const struct row *row;
static bool row_failed;

static void wrong(const char *what, u64 place, u64 is, u64 wanted)
{
	host_note("%s: %s %#lx is %#lx, not %#lx", row->name, what, place, is,
		  wanted);
	row_failed = true;
}

static u8 code_bits(void)
{
	u16 rights = machine.e.state.segments[NACRE_EMU_CS].attributes;

	if (row->mode <= VM86)
		return 16;
	if (machine.e.state.efer & EFER_LMA && rights & 0x200)
		return 64;
	return rights & 0x400 ? 32 : 16;
}

static enum nacre_emulated run(void)
{
	enum nacre_decode_result decoded;
	struct nacre_insn insn;

	if (row->is_event)
		return nacre_emulate_event(&machine.e, row->event, row->vector,
					   row->soft_length, row->has_error,
					   row->error);
	memcpy(machine.memory + CODE, row->bytes, row->length);
	before = machine;
	decoded = nacre_decode(row->bytes, row->length, code_bits(),
			       row->vendor, &insn);
	if (decoded == NACRE_DECODE_INVALID) {
		machine.e.exception.vector = UD;
		return NACRE_EMU_FAULT;
	}
	if (decoded != NACRE_DECODE_OK || insn.length != row->length) {
		wrong("length", 0, insn.length, row->length);
		return NACRE_EMU_DONE;
	}
	return nacre_emulate(&machine.e, &insn);
}

static void check_fault(void)
{
	const struct nacre_emu_exception *x = &machine.e.exception;

	if (row->is_event) {
		if (x->vector != row->fault || x->error != row->fault_error)
			wrong("fault", x->vector, x->error, row->fault_error);
		return;
	}
	if (x->vector != row->vector)
		wrong("vector", 0, x->vector, row->vector);
	if (x->has_error != row->has_error || (x->has_error &&
					       x->error != row->error))
		wrong("error", x->has_error, x->error, row->error);
}

static void check_unchanged(void)
{
	if (memcmp(&machine.e.state, &before.e.state, sizeof(before.e.state)) ||
	    memcmp(machine.memory, before.memory,
		   sizeof(machine) - offsetof(struct machine, memory)))
		wrong("changed", 0, 1, 0);
}

static void check_row(enum nacre_emulated result)
{
	const struct pair *p;
	bool rip = row->is_event || row->in_new_task;

	if (result != row->result)
		return wrong("result", machine.e.exception.vector, result,
			     row->result);
	if (result == NACRE_EMU_FAULT)
		check_fault();
	if (result != NACRE_EMU_DONE && !row->in_new_task)
		return check_unchanged();
	for (p = row->expect; p->place; p++) {
		if (get(p->place) != p->value)
			wrong("place", p->place, get(p->place), p->value);
		rip |= p->place == RIP;
	}
	if (!rip && machine.e.state.rip != CODE + row->length)
		wrong("rip", 0, machine.e.state.rip, CODE + row->length);
}

static void run_rows(const struct row *rows, unsigned int count)
{
	const struct pair *p;
	unsigned int failed = 0;

	for (row = rows; row < rows + count; row++) {
		row_failed = false;
		prepare(row->mode, row->vendor, row->cpl);
		for (p = row->set; p->place; p++)
			set(p->place, p->value);
		before = machine;
		check_row(run());
		failed += row_failed;
	}
	host_note("%u rows", count);
	EXPECT_EQ(failed, 0);
}

#define CASE(table)							\
	static void table(void)						\
	{								\
		run_rows(table##_rows, ARRAY_SIZE(table##_rows));	\
	}

CASE(flags_and_halt)
CASE(control_registers)
CASE(tables)
CASE(msrs)
CASE(system_calls)
CASE(segments)
CASE(selectors)
CASE(real_mode)
CASE(far_transfers)
CASE(returns)
CASE(events)
CASE(ports)
CASE(division)
CASE(vectors)
CASE(tasks)
CASE(tasks16)
CASE(task_returns)
CASE(task_faults)
CASE(new_tasks_faults)
CASE(task_events)

static const struct host_case cases[] = {
	HOST_CASE(flags_and_halt),
	HOST_CASE(control_registers),
	HOST_CASE(tables),
	HOST_CASE(msrs),
	HOST_CASE(system_calls),
	HOST_CASE(segments),
	HOST_CASE(selectors),
	HOST_CASE(real_mode),
	HOST_CASE(far_transfers),
	HOST_CASE(returns),
	HOST_CASE(events),
	HOST_CASE(ports),
	HOST_CASE(division),
	HOST_CASE(vectors),
	HOST_CASE(tasks),
	HOST_CASE(tasks16),
	HOST_CASE(task_returns),
	HOST_CASE(task_faults),
	HOST_CASE(new_tasks_faults),
	HOST_CASE(task_events),
};

HOST_MAIN(cases)
