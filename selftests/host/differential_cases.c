// SPDX-License-Identifier: GPL-2.0
/*
 * Cases for the emulator and the processor: instructions with prefixes and
 * operands at random, aimed so that most of what they touch is there, often
 * hangs over a page's edge, and is sometimes anywhere.
 */
#include "differential.h"
#include "host_test.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

#define USER_FLAGS	0x244cd5ull	/* CF to OF but TF, NT, AC, ID */
#define NT_AC_ID	0x244000ull

static u64 random_state;
static struct trial *now;

/* Where something was aimed at: gets values with a meaning. */
static u64 targets[24];
static unsigned int nr_targets;

u64 rnd(void)
{
	return host_random(&random_state);
}

void seed_cases(u64 seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ull | 1;
}

bool one_in(unsigned int n)
{
	return rnd() >> 32 < (1ULL << 32) / n;
}

/* ---- values ---- */

static bool is_flat(const struct trial *t)
{
	return t->mode == 64 || t->before.cs == LDT_SELECTOR(LDT_FLAT_CODE);
}

/* An instruction pointer into the code page. */
static u64 code_pointer(void)
{
	u64 offset = rnd() % NATIVE_PAGE;

	return is_flat(now) ? (uintptr_t)native_page(NATIVE_CODE) + offset :
			      offset;
}

static u16 selector(void)
{
	static const u16 global[] = {
		0, 1, 3, 0x08, 0x10, 0x1b, 0x23, 0x2b, 0x28, 0x33,
	};

	if (one_in(4))
		return global[rnd() % ARRAY_SIZE(global)];
	return rnd() % LDT_NR << 3 | 4 | (one_in(8) ? rnd() % 4 : 3);
}

/* An offset, and a selector behind it. */
static u64 far_pointer(void)
{
	unsigned int up = 16 << rnd() % 3;
	u64 offset = code_pointer();

	if (up < 64)
		offset = (offset & ((1ull << up) - 1)) |
			 (u64)selector() << up;
	return offset;
}

/* Random bits are seldom the ones that carry, overflow or are zero. */
static u64 value(void)
{
	unsigned int shift = rnd() % 64;

	switch (rnd() >> 60) {
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
	case 5:
		return code_pointer();
	case 6:
		return selector();
	case 7:
		return rnd() >> shift;
	case 8:
		return far_pointer();
	default:
		return rnd();
	}
}

/* ---- places ---- */

/* Locked operands that cross a line can stop the whole machine. */
static bool is_locked(const struct nacre_insn *insn)
{
	return insn->prefixes & NACRE_PFX_LOCK ||
	       (insn->map == NACRE_MAP_1BYTE && (insn->opcode & ~1) == 0x86);
}

/* In the data pages, or just beside one. */
static u64 place(void)
{
	u64 data = (uintptr_t)native_page(NATIVE_DATA), at;

	if (one_in(6))
		at = data + rnd() % 4 * NATIVE_PAGE - 16 + rnd() % 32;
	else
		at = data + 64 + rnd() % (NATIVE_PAGE * 2 - 128);
	if (one_in(16))
		at = (uintptr_t)native_page(NATIVE_READ_ONLY) + rnd() % 4000;
	if (is_locked(&now->insn) || one_in(3))
		at &= ~15ull;
	if (nr_targets < ARRAY_SIZE(targets))
		targets[nr_targets++] = at;
	return at;
}

static u64 base_of(u8 seg)
{
	const struct native_regs *r = &now->before;
	const u16 selectors[] = { r->es, r->cs, r->ss, r->ds, 0, r->gs };
	u64 d;

	if (now->mode == 64)
		return seg == 5 ? NATIVE_GS_BASE : 0;
	if (!(selectors[seg] & 4))
		return 0;
	d = native_ldt[selectors[seg] >> 3];
	return (d >> 16 & 0xffffff) | (d >> 32 & 0xff000000);
}

static u64 size_mask(u8 size)
{
	return ~0ull >> (64 - 8 * size);
}

/* The low half, if that is all of it that counts. */
static void set_pointer(unsigned int reg, u64 pointer)
{
	u64 mask = size_mask(now->insn.address_size);

	if (one_in(2))
		mask = ~0ull;
	now->before.gpr[reg] = (rnd() & ~mask) | (pointer & mask);
}

static void aim_registers(void)
{
	static const u8 regs[] = { RBX, RSP, RBP, RSI, RDI };
	static const u8 segments[] = { 3, 2, 2, 3, 0 };
	unsigned int i;
	u8 seg;

	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		if (one_in(12))
			continue;
		seg = segments[i];
		if (seg == 3 && now->insn.segment >= 0)
			seg = now->insn.segment;
		set_pointer(regs[i], place() - base_of(seg));
	}
	if (now->insn.prefixes & (NACRE_PFX_REP | NACRE_PFX_REPNE))
		set_pointer(RCX, one_in(50) ? rnd() % 1500 : rnd() % 6);
	/* MOVS from nearby what it goes to. */
	if (one_in(8))
		now->before.gpr[RSI] = now->before.gpr[RDI] + rnd() % 16 - 8;
}

static void put_displacement(u64 displacement)
{
	struct nacre_insn *insn = &now->insn;
	unsigned int at = insn->length - insn->immediate_size -
			  insn->displacement_size;

	memcpy(now->bytes + at, &displacement, insn->displacement_size);
}

/* Of a bit string, the bit's number: not too far off. */
static u64 bit_string_offset(void)
{
	struct nacre_memop op;
	u64 near = (s16)rnd(), *reg;

	if (!nacre_operation_parse(&now->insn, &op) || !op.bit_string)
		return 0;
	reg = &now->before.gpr[op.reg];
	if (now->insn.base != op.reg && now->insn.index != op.reg)
		memcpy(reg, &near, op.size);
	return nacre_memop_bit_offset(&op, *reg);
}

/* Make it what the instruction's own base, index, displacement give. */
static void aim_modrm(void)
{
	const struct nacre_insn *insn = &now->insn;
	u8 seg = insn->base == RSP || insn->base == RBP ? 2 : 3;
	u64 *regs = now->before.gpr, address;

	if (insn->segment >= 0)
		seg = insn->segment;
	address = place() - base_of(seg) - bit_string_offset();
	if (insn->index >= 0 && insn->index != insn->base) {
		if (insn->base < 0)
			set_pointer(insn->index, (s16)rnd());
		address -= regs[insn->index] * insn->scale;
	}
	if (insn->rip_relative)
		address -= now->before.rip + insn->length;
	if (insn->base < 0)
		put_displacement(address);
	else
		set_pointer(insn->base, address - insn->displacement);
}

/* Neither a branch nor a far pointer leads just anywhere. */
static void aim_immediate(void)
{
	struct nacre_insn *insn = &now->insn;
	unsigned int at = insn->length - insn->immediate_size;
	u64 offset = code_pointer();
	u16 to = selector();

	if (insn->map == NACRE_MAP_1BYTE &&
	    (insn->opcode == 0x9a || insn->opcode == 0xea)) {
		memcpy(now->bytes + at, &offset, insn->immediate_size - 2);
		memcpy(now->bytes + insn->length - 2, &to, 2);
	} else if ((insn->map == NACRE_MAP_0F && insn->opcode >> 4 == 8) ||
		   (insn->map == NACRE_MAP_1BYTE &&
		    (insn->opcode & 0xfe) == 0xe8)) {
		offset = rnd() % NATIVE_PAGE - now->at;
		memcpy(now->bytes + at, &offset, insn->immediate_size);
	}
}

/* The same in both arenas. */
static void fill_memory(void)
{
	u64 data = (uintptr_t)native_page(NATIVE_DATA), at, what;
	unsigned int i, j;

	for (i = 0; i < nr_targets; i++) {
		for (j = 0; j < 6; j++) {
			at = targets[i] - 16 + 8 * j - data;
			what = value();
			if (at > 2 * NATIVE_PAGE - 8)
				continue;
			memcpy(model_data + at, &what, 8);
			memcpy(native_page(NATIVE_DATA) + at, &what, 8);
		}
	}
}

/* What is compared finds what it expects half of the time. */
static void fill_expected(void)
{
	const struct nacre_insn *insn = &now->insn;
	bool pair = insn->map == NACRE_MAP_0F && insn->opcode == 0xc7;
	unsigned int half = insn->rex & NACRE_REX_W ? 8 : 4;
	u64 at;

	if (insn->map != NACRE_MAP_0F ||
	    !(pair || (insn->opcode & ~1) == 0xb0) || one_in(2))
		return;
	at = targets[nr_targets - 1] - (uintptr_t)native_page(NATIVE_DATA);
	if (at > 2 * NATIVE_PAGE - 16 || insn->base == RAX ||
	    insn->index == RAX || insn->base == RDX || insn->index == RDX)
		return;
	memcpy(&now->before.gpr[RAX], model_data + at, half);
	if (pair)
		memcpy(&now->before.gpr[RDX], model_data + at + half, half);
}

/* Most dividends have a quotient that fits, if they are but extended. */
static void fit_dividend(void)
{
	const struct nacre_insn *insn = &now->insn;
	u64 *regs = now->before.gpr;

	if (insn->map != NACRE_MAP_1BYTE || (insn->opcode | 1) != 0xf7 ||
	    (insn->modrm >> 3 & 7) < 6 || one_in(3) || insn->base == RAX ||
	    insn->index == RAX || insn->base == RDX || insn->index == RDX)
		return;
	if (insn->opcode == 0xf6)
		regs[RAX] = (u16)(s8)regs[RAX];
	else
		regs[RDX] = sign_extend64(regs[RAX],
					  insn->operand_size * 8 - 1) >> 63;
}

/* ---- instructions ---- */

static unsigned int put_prefixes(u8 *bytes, const struct form *form)
{
	static const u8 segments[] = { 0x26, 0x2e, 0x36, 0x3e, 0x65, 0x65 };
	static const u8 simd[] = { 0, 0x66, 0xf3, 0xf2 };
	unsigned int n = 0;

	if (!form->vex) {
		if (one_in(12))
			bytes[n++] = 0xf0;
		if (one_in(form->has_modrm ? 20 : 2))
			bytes[n++] = 0xf2 + rnd() % 2;
		if (one_in(4))
			bytes[n++] = 0x66;
	}
	if (one_in(6))
		bytes[n++] = 0x67;
	if (one_in(6))
		bytes[n++] = segments[rnd() % ARRAY_SIZE(segments)];
	if (form->vex)
		return n;
	if (form->simd)
		bytes[n++] = simd[form->simd];
	if (form->mode == 64 && one_in(2))
		bytes[n++] = 0x40 + rnd() % 16;
	return n;
}

static unsigned int put_vex(u8 *bytes, const struct form *form)
{
	u8 mmmmm = form->map - NACRE_MAP_0F + 1, rxb = 0xe0;

	if (form->mode == 64)
		rxb = rnd() & 0xe0;
	bytes[0] = 0xc4;
	bytes[1] = rxb | mmmmm;
	bytes[2] = (rnd() & 0xfc & (one_in(3) ? 0xff : 0xfb)) | form->simd;
	if (one_in(2))
		bytes[2] |= 0x78;
	return 3;
}

static unsigned int put_opcode(u8 *bytes, const struct form *form)
{
	static const char * const escapes[] = {
		[NACRE_MAP_1BYTE] = "",
		[NACRE_MAP_0F] = "\x0f",
		[NACRE_MAP_0F38] = "\x0f\x38",
		[NACRE_MAP_0F3A] = "\x0f\x3a",
	};
	unsigned int n;

	if (form->vex) {
		n = put_vex(bytes, form);
	} else {
		n = strlen(escapes[form->map]);
		memcpy(bytes, escapes[form->map], n);
	}
	bytes[n++] = form->opcode;
	if (form->has_modrm)
		bytes[n++] = form->reg << 3;
	return n;
}

static void put_bytes(struct trial *t, const struct form *form)
{
	unsigned int n = put_prefixes(t->bytes, form), i;
	u8 mod = rnd() % 3;

	n += put_opcode(t->bytes + n, form);
	if (form->register_only || (!form->memory_only && one_in(3)))
		mod = 3;
	if (form->has_modrm)
		t->bytes[n - 1] |= mod << 6 | rnd() % 8;
	for (i = n; i < sizeof(t->bytes); i++)
		t->bytes[i] = rnd();
	/* Immediates with meaning, and equal bits in them. */
	if (one_in(4))
		memset(t->bytes + n, one_in(2) ? 0xff : 0,
		       sizeof(t->bytes) - n);
}

/* Intel SDM, "Instruction Prefixes": with LOOP and kin these are reserved. */
static bool has_reserved_prefix(const struct nacre_insn *insn)
{
	return insn->map == NACRE_MAP_1BYTE && (insn->opcode & 0xfc) == 0xe0 &&
	       insn->prefixes & (NACRE_PFX_REP | NACRE_PFX_REPNE);
}

/* Vector opcodes, and MOVBE, are others with other prefixes. */
static bool needs_prefix(const struct form *form)
{
	static const u8 opcodes[] = {
		0x10, 0x11, 0x12, 0x13, 0x16, 0x17, 0x28, 0x29, 0x2b, 0x6e,
		0x6f, 0x7e, 0x7f, 0xb8, 0xc3, 0xd6, 0xe7, 0xf0,
	};

	return (form->map == NACRE_MAP_0F &&
		memchr(opcodes, form->opcode, sizeof(opcodes))) ||
	       (form->map == NACRE_MAP_0F38 &&
		(form->opcode == 0x2a || form->opcode >> 4 == 0xf));
}

static bool is_the_form(const struct trial *t)
{
	if (needs_prefix(t->form) && t->insn.simd_prefix != t->form->simd)
		return false;
	return !has_reserved_prefix(&t->insn) && t->insn.map == t->form->map &&
	       t->insn.opcode == t->form->opcode && t->insn.segment != 4;
}

static void choose_segments(struct trial *t)
{
	static const u8 stacks[] = { LDT_FLAT, LDT_DATA32, LDT_DATA16,
				     LDT_DOWN32 };
	static const u8 data[] = {
		LDT_FLAT, LDT_FLAT, LDT_DATA32, LDT_DATA32, LDT_DATA16,
		LDT_READ_ONLY, LDT_DOWN16, LDT_DOWN32, LDT_CODE32,
	};
	struct native_regs *r = &t->before;
	u16 *segments[] = { &r->ds, &r->es, &r->gs };
	unsigned int i;

	r->cs = 0x33;
	r->ss = 0x2b;
	r->ds = r->es = r->gs = 0;
	if (t->mode == 64)
		return;
	r->cs = LDT_SELECTOR(t->mode == 16 ? LDT_CODE16 :
			     one_in(2) ? LDT_CODE32 : LDT_FLAT_CODE);
	r->ss = LDT_SELECTOR(stacks[rnd() % ARRAY_SIZE(stacks)]);
	for (i = 0; i < ARRAY_SIZE(segments); i++)
		if (!one_in(20))
			*segments[i] = LDT_SELECTOR(data[rnd() %
						    ARRAY_SIZE(data)]);
}

static void choose_registers(struct trial *t)
{
	struct native_regs *r = &t->before;
	unsigned int i;

	for (i = 0; i < 16; i++)
		r->gpr[i] = value();
	for (i = 0; i < 16 * 4; i++)
		((u64 *)r->vector)[i] = rnd();
	r->rflags = (rnd() & USER_FLAGS) | 0x202;
	if (!one_in(16))
		r->rflags &= ~NT_AC_ID;
	t->at = 512 + rnd() % (NATIVE_PAGE - 1024);
	r->rip = t->at;
	if (is_flat(t))
		r->rip += (uintptr_t)native_page(NATIVE_CODE);
	if (t->mode == 64)
		return;
	for (i = 0; i < 16; i++)
		r->gpr[i] &= 0xffffffff;
}

bool make_trial(struct trial *t, const struct form *form)
{
	unsigned int tries = 100;

	now = t;
	nr_targets = 0;
	t->form = form;
	t->mode = form->mode;
	do {
		if (!tries--)
			return false;
		put_bytes(t, form);
	} while (!model_decode(t) || !is_the_form(t) ||
		 why_not_native(&t->insn));
	choose_segments(t);
	choose_registers(t);
	aim_registers();
	if (t->insn.has_modrm && t->insn.modrm >> 6 != 3 && !one_in(30))
		aim_modrm();
	else if (!t->insn.has_modrm && t->insn.displacement_size)
		put_displacement(place() - base_of(3));
	aim_immediate();
	fill_memory();
	if (nr_targets)
		fill_expected();
	fit_dividend();
	model_decode(t);
	if (t->mode != 64)
		for (unsigned int i = 0; i < 16; i++)
			t->before.gpr[i] &= 0xffffffff;
	return true;
}

/* ---- the forms ---- */

static const struct {
	u8 map, first, last, extensions, simd;
	const char *why;
} excluded[] = {
	{ NACRE_MAP_1BYTE, 0xcc, 0xce, 0xff, 0xf,
	  "INT3, INT, INTO: the kernel's handlers, not a program's" },
	{ NACRE_MAP_1BYTE, 0xf1, 0xf1, 0xff, 0xf, "INT1: the same" },
	{ NACRE_MAP_0F, 0x00, 0x00, 0x03, 0xf, "SLDT, STR: UMIP" },
	{ NACRE_MAP_0F, 0x01, 0x01, 0xff, 0xf,
	  "SGDT to INVLPG: UMIP, and different for each processor" },
	{ NACRE_MAP_0F, 0x05, 0x05, 0xff, 0xf, "SYSCALL: the kernel's" },
	{ NACRE_MAP_0F, 0x34, 0x34, 0xff, 0xf, "SYSENTER: the kernel's" },
	{ NACRE_MAP_0F, 0x31, 0x31, 0xff, 0xf, "RDTSC: never the same" },
	{ NACRE_MAP_0F, 0x33, 0x33, 0xff, 0xf, "RDPMC: never the same" },
	{ NACRE_MAP_0F, 0xa2, 0xa2, 0xff, 0xf, "CPUID: the test's table" },
	{ NACRE_MAP_0F, 0xa1, 0xa1, 0xff, 0xf, "POP FS: the thread's own" },
	{ NACRE_MAP_0F, 0xb4, 0xb4, 0xff, 0xf, "LFS: the thread's own" },
	{ NACRE_MAP_1BYTE, 0x8e, 0x8e, 0x10, 0xf, "MOV FS: the thread's own" },
	{ NACRE_MAP_1BYTE, 0xd8, 0xdf, 0xff, 0xf,
	  "FNINIT, FNSTCW, FNSTSW: state that is not compared" },
	{ NACRE_MAP_0F, 0xae, 0xae, 0xff, 0xf,
	  "FXSAVE to MFENCE, WRGSBASE: state that is not compared" },
	{ NACRE_MAP_0F, 0x77, 0x77, 0xff, 0xf, "EMMS: no MMX here" },
};

const char *why_not_native(const struct nacre_insn *insn)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(excluded); i++)
		if (insn->map == excluded[i].map &&
		    insn->opcode >= excluded[i].first &&
		    insn->opcode <= excluded[i].last &&
		    excluded[i].extensions & BIT(insn->modrm >> 3 & 7))
			return excluded[i].why;
	return NULL;
}

void tell_exclusions(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(excluded); i++)
		host_note("not here: %s", excluded[i].why);
}

static bool is_form(struct trial *t, struct form *form, u8 mod)
{
	unsigned int n = 0;

	memset(t->bytes, 0, sizeof(t->bytes));
	if (form->simd && !form->vex)
		t->bytes[n++] = "\0\x66\xf3\xf2"[form->simd];
	n += put_opcode(t->bytes + n, form);
	if (form->vex)
		t->bytes[2] = 0x78 | form->simd;
	t->bytes[n - 1] |= mod << 6;
	if (!model_decode(t) || t->insn.map != form->map ||
	    t->insn.opcode != form->opcode || why_not_native(&t->insn))
		return false;
	choose_segments(t);
	choose_registers(t);
	model_run(t);
	return t->result != NACRE_EMU_UNKNOWN || t->foreign;
}

static bool find_form(struct form *form)
{
	static struct trial t;
	bool memory, reg;

	now = &t;
	t.mode = form->mode;
	form->has_modrm = true;
	memory = is_form(&t, form, 0);
	if (memory && !t.insn.has_modrm) {
		form->has_modrm = false;
		return !form->reg;
	}
	reg = is_form(&t, form, 3);
	form->memory_only = !reg;
	form->register_only = !memory;
	return memory || reg;
}

unsigned int find_forms(u8 mode, struct form *forms, unsigned int max)
{
	unsigned int key, n = 0;

	for (key = 0; key < 1 << 16 && n < max; key++) {
		struct form form = {
			.mode = mode, .vex = key >> 15, .map = key >> 13 & 3,
			.opcode = key >> 5, .simd = key >> 3 & 3,
			.reg = key & 7,
		};

		if (form.map == NACRE_MAP_1BYTE && (form.vex || form.simd))
			continue;
		if (find_form(&form))
			forms[n++] = form;
	}
	return n;
}
