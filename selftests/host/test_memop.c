// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions with one operand in memory, taken apart: hand-written ones
 * against what they mean, and every opcode against the list of those known.
 * What they compute is test_memop_native's, which asks the processor.
 */
#include "arch/x86/emulate/memop.h"
#include "host_test.h"

static const char * const alu_names[] = {
	"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp", "mov", "test",
	"not", "neg", "inc", "dec", "movbe", "cmpxchg",
	"bt", "bts", "btr", "btc",
};

static unsigned int parse_hex(const char *hex, u8 *bytes)
{
	unsigned int n = 0;
	int used;

	while (n < NACRE_MAX_INSN &&
	       sscanf(hex, "%2hhx%n", &bytes[n], &used) == 1) {
		hex += used;
		n++;
	}
	return n;
}

/* One instruction, all of it; INVALID also if bytes are left over. */
static enum nacre_decode_result decode(u8 mode, const char *hex,
				       struct nacre_insn *insn)
{
	enum nacre_decode_result result;
	u8 bytes[NACRE_MAX_INSN];
	unsigned int n = parse_hex(hex, bytes);

	result = nacre_decode(bytes, n, mode, NACRE_DECODE_INTEL, insn);
	if (result == NACRE_DECODE_OK && insn->length != n)
		return NACRE_DECODE_INVALID;
	return result;
}

static void describe_register(const struct nacre_memop *op, char *text)
{
	if (op->has_register)
		sprintf(text, "r%u/%u%s", op->reg, op->reg_size,
			op->shift ? "h" : "");
	else
		sprintf(text, "$%llx", (unsigned long long)op->value);
}

/*
 * "add4 m:rw, r3/4": operation and size, destination, source; m is memory and
 * how it is accessed, r a register and its bytes, h the second one; "<>": both
 * are destinations.
 */
static void describe(const struct nacre_memop *op, char *text)
{
	const char *access = op->reads ? op->writes ? "rw" : "r" :
					 op->writes ? "w" : "-";
	char other[32];

	describe_register(op, other);
	text += sprintf(text, "%s%u%s ", alu_names[op->alu], op->size,
			op->sign_extend ? "s" : "");
	if (op->from_memory)
		text += sprintf(text, "%s, m:%s", other, access);
	else
		text += sprintf(text, "m:%s%s %s", access,
				op->to_register ? " <>" : ",", other);
	if (op->alu == NACRE_ALU_CMPXCHG)
		text += sprintf(text, ", r%u%s", op->source,
				op->source_shift ? "h" : "");
	if (op->bit_string)
		strcpy(text, " string");
}

struct form {
	u8 mode;
	const char *hex;
	const char *means;
};

static void check_forms(const struct form *forms, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct form *f = &forms[i];
		struct nacre_insn insn;
		struct nacre_memop op;
		char text[96] = "not an instruction";

		if (decode(f->mode, f->hex, &insn) == NACRE_DECODE_OK) {
			strcpy(text, "refused");
			if (nacre_memop_parse(&insn, &op))
				describe(&op, text);
		}
		if (!strcmp(text, f->means))
			continue;
		host_note("%u bits, %s: %s, not %s", f->mode, f->hex, text,
			  f->means);
		host_case_failed = true;
	}
}

#define CHECK_FORMS(forms) check_forms(forms, ARRAY_SIZE(forms))

static void moves(void)
{
	static const struct form forms[] = {
		{ 64, "8818", "mov1 m:w, r3/1" },
		{ 64, "8918", "mov4 m:w, r3/4" },
		{ 64, "668918", "mov2 m:w, r3/2" },
		{ 64, "488918", "mov8 m:w, r3/8" },
		{ 64, "66488918", "mov8 m:w, r3/8" },
		{ 64, "8a18", "mov1 r3/1, m:r" },
		{ 64, "8b18", "mov4 r3/4, m:r" },
		{ 64, "668b18", "mov2 r3/2, m:r" },
		{ 64, "4c8b18", "mov8 r11/8, m:r" },
		{ 64, "4d8b1c24", "mov8 r11/8, m:r" },
		{ 32, "8b18", "mov4 r3/4, m:r" },
		{ 32, "668b18", "mov2 r3/2, m:r" },
		{ 16, "8b1c", "mov2 r3/2, m:r" },
		{ 16, "668b1c", "mov4 r3/4, m:r" },
		/* moffs */
		{ 64, "a08877665544332211", "mov1 r0/1, m:r" },
		{ 64, "48a18877665544332211", "mov8 r0/8, m:r" },
		{ 64, "67a388776655", "mov4 m:w, r0/4" },
		{ 32, "a288776655", "mov1 m:w, r0/1" },
		{ 16, "a38877", "mov2 m:w, r0/2" },
		/* MOVNTI, MOVBE */
		{ 64, "0fc318", "mov4 m:w, r3/4" },
		{ 64, "490fc318", "mov8 m:w, r3/8" },
		{ 64, "660fc318", "not an instruction" },
		{ 16, "0fc31c", "mov4 m:w, r3/4" },
		{ 64, "0f38f018", "movbe4 r3/4, m:r" },
		{ 64, "660f38f020", "movbe2 r4/2, m:r" },
		{ 64, "4c0f38f118", "movbe8 m:w, r11/8" },
		{ 16, "0f38f11c", "movbe2 m:w, r3/2" },
		/* XCHG */
		{ 64, "8618", "mov1 m:rw <> r3/1" },
		{ 64, "668718", "mov2 m:rw <> r3/2" },
		{ 64, "498718", "mov8 m:rw <> r3/8" },
	};

	CHECK_FORMS(forms);
}

static void extensions(void)
{
	static const struct form forms[] = {
		{ 64, "0fb618", "mov1 r3/4, m:r" },
		{ 64, "660fb618", "mov1 r3/2, m:r" },
		{ 64, "480fb618", "mov1 r3/8, m:r" },
		{ 64, "0fb718", "mov2 r3/4, m:r" },
		{ 64, "660fb718", "mov2 r3/2, m:r" },
		{ 64, "0fbe18", "mov1s r3/4, m:r" },
		{ 64, "4c0fbf18", "mov2s r11/8, m:r" },
		{ 16, "0fbe1c", "mov1s r3/2, m:r" },
		{ 64, "486318", "mov4s r3/8, m:r" },
		{ 64, "6318", "mov4s r3/4, m:r" },
		{ 32, "6318", "refused" },	/* ARPL */
		/* A wide register is no high byte. */
		{ 64, "0fb620", "mov1 r4/4, m:r" },
		{ 64, "0fb638", "mov1 r7/4, m:r" },
	};

	CHECK_FORMS(forms);
}

static void high_bytes(void)
{
	static const struct form forms[] = {
		{ 64, "8820", "mov1 m:w, r0/1h" },
		{ 64, "8a38", "mov1 r3/1h, m:r" },
		{ 64, "408838", "mov1 m:w, r7/1" },
		{ 64, "448820", "mov1 m:w, r12/1" },
		{ 64, "488820", "mov1 m:w, r4/1" },
		{ 64, "8920", "mov4 m:w, r4/4" },
		{ 32, "0028", "add1 m:rw, r1/1h" },
		{ 16, "8634", "mov1 m:rw <> r2/1h" },
		{ 64, "8630", "mov1 m:rw <> r2/1h" },
		{ 64, "408630", "mov1 m:rw <> r6/1" },
		/* REX before another prefix is none. */
		{ 64, "40668830", "mov1 m:w, r2/1h" },
	};

	CHECK_FORMS(forms);
}

static void arithmetic(void)
{
	static const struct form forms[] = {
		{ 64, "0118", "add4 m:rw, r3/4" },
		{ 64, "0a18", "or1 r3/1, m:r" },
		{ 64, "661118", "adc2 m:rw, r3/2" },
		{ 64, "4c1b18", "sbb8 r11/8, m:r" },
		{ 64, "2018", "and1 m:rw, r3/1" },
		{ 64, "2b18", "sub4 r3/4, m:r" },
		{ 64, "3118", "xor4 m:rw, r3/4" },
		{ 64, "3818", "cmp1 m:r, r3/1" },
		{ 64, "3918", "cmp4 m:r, r3/4" },
		{ 64, "3a18", "cmp1 r3/1, m:r" },
		{ 64, "483b18", "cmp8 r3/8, m:r" },
		{ 64, "8418", "test1 m:r, r3/1" },
		{ 64, "668518", "test2 m:r, r3/2" },
		{ 64, "f610", "not1 m:rw, $0" },
		{ 64, "0fc020", "add1 m:rw <> r0/1h" },
		{ 64, "660fc118", "add2 m:rw <> r3/2" },
		{ 64, "4c0fc118", "add8 m:rw <> r11/8" },
		{ 64, "0fb020", "cmpxchg1 m:rw <> r0/1, r0h" },
		{ 64, "400fb020", "cmpxchg1 m:rw <> r0/1, r4" },
		{ 64, "4c0fb118", "cmpxchg8 m:rw <> r0/8, r11" },
		{ 16, "0fb11c", "cmpxchg2 m:rw <> r0/2, r3" },
		{ 64, "f718", "neg4 m:rw, $0" },
		{ 64, "fe00", "inc1 m:rw, $1" },
		{ 64, "48ff08", "dec8 m:rw, $1" },
	};

	CHECK_FORMS(forms);
}

static void bits(void)
{
	static const struct form forms[] = {
		{ 64, "0fa318", "bt4 m:r, r3/4 string" },
		{ 64, "660fab18", "bts2 m:rw, r3/2 string" },
		{ 64, "4c0fb318", "btr8 m:rw, r11/8 string" },
		{ 64, "f00fbb20", "btc4 m:rw, r4/4 string" },
		{ 16, "0fa31c", "bt2 m:r, r3/2 string" },
		{ 64, "0fba207f", "bt4 m:r, $7f" },
		{ 64, "f0480fba28ff", "bts8 m:rw, $ff" },
		{ 64, "660fba3001", "btr2 m:rw, $1" },
		{ 32, "0fba3801", "btc4 m:rw, $1" },
		{ 64, "0fba1801", "not an instruction" },
		{ 64, "f00fa318", "not an instruction" },
		{ 64, "f00fba2001", "not an instruction" },
		{ 64, "0fba2801", "bts4 m:rw, $1" },
		{ 64, "0fbae801", "refused" },
		{ 64, "0fabd8", "refused" },
	};

	CHECK_FORMS(forms);
}

/* To the operand that has the bit, which can lie before the address. */
static void bit_offsets(void)
{
	static const struct {
		const char *hex;
		u64 reg;
		s64 bytes;
	} rows[] = {
		{ "0fa318", 0, 0 }, { "0fa318", 31, 0 }, { "0fa318", 32, 4 },
		{ "0fa318", 0xffffffff, -4 }, { "0fa318", 0xffffffe0, -4 },
		{ "0fa318", 0xffffffdf, -8 }, { "0fa318", 1ULL << 32, 0 },
		{ "0fa318", 0x7fffffff, 0x0ffffffc },
		{ "0fa318", 0x80000000, -0x10000000 },
		{ "660fab18", 0x7fff, 0xffe }, { "660fab18", 0x8000, -0x1000 },
		{ "660fab18", 0x1000f, 0 }, { "660fab18", 0xffff, -2 },
		{ "480fb318", 63, 0 }, { "480fb318", 64, 8 },
		{ "480fb318", ~0ULL, -8 },
		{ "480fb318", 1ULL << 63, -(1LL << 60) },
	};
	struct nacre_insn insn;
	struct nacre_memop op;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(decode(64, rows[i].hex, &insn), NACRE_DECODE_OK);
		EXPECT(nacre_memop_parse(&insn, &op));
		EXPECT_EQ(nacre_memop_bit_offset(&op, rows[i].reg),
			  rows[i].bytes);
	}
}

static void immediates(void)
{
	static const struct form forms[] = {
		{ 64, "8000ff", "add1 m:rw, $ff" },
		{ 64, "8308ff", "or4 m:rw, $ffffffffffffffff" },
		{ 64, "6683107f", "adc2 m:rw, $7f" },
		{ 64, "48831880", "sbb8 m:rw, $ffffffffffffff80" },
		{ 64, "812078563412", "and4 m:rw, $12345678" },
		{ 64, "6681287856", "sub2 m:rw, $5678" },
		{ 64, "4881300000ff80", "xor8 m:rw, $ffffffff80ff0000" },
		{ 64, "80381b", "cmp1 m:r, $1b" },
		{ 64, "833801", "cmp4 m:r, $1" },
		{ 64, "c60080", "mov1 m:w, $80" },
		{ 64, "c700ffffff7f", "mov4 m:w, $7fffffff" },
		{ 64, "48c70000000080", "mov8 m:w, $ffffffff80000000" },
		{ 64, "66c7003412", "mov2 m:w, $1234" },
		{ 64, "f60004", "test1 m:r, $4" },
		{ 64, "f60804", "test1 m:r, $4" },
		{ 64, "48f70000000080", "test8 m:r, $ffffffff80000000" },
		{ 16, "c7043412", "mov2 m:w, $1234" },
		{ 16, "66c70478563412", "mov4 m:w, $12345678" },
		/* Behind a displacement, and behind one relative to RIP. */
		{ 64, "c7801122334478563412", "mov4 m:w, $12345678" },
		{ 64, "c7051122334478563412", "mov4 m:w, $12345678" },
	};

	CHECK_FORMS(forms);
}

/* Of what the decoder lets through, LOCK and segments change nothing here. */
static void prefixes(void)
{
	static const struct form forms[] = {
		{ 64, "f00118", "add4 m:rw, r3/4" },
		{ 64, "f08718", "mov4 m:rw <> r3/4" },
		{ 64, "f00fb118", "cmpxchg4 m:rw <> r0/4, r3" },
		{ 64, "f00fc118", "add4 m:rw <> r3/4" },
		{ 64, "f0f610", "not1 m:rw, $0" },
		{ 64, "f048ff08", "dec8 m:rw, $1" },
		{ 64, "f0830801", "or4 m:rw, $1" },
		{ 64, "f3f08718", "mov4 m:rw <> r3/4" },
		{ 64, "f38918", "mov4 m:w, r3/4" },
		{ 64, "f28918", "mov4 m:w, r3/4" },
		{ 64, "65678918", "mov4 m:w, r3/4" },
		{ 32, "268918", "mov4 m:w, r3/4" },
		{ 32, "678918", "mov4 m:w, r3/4" },
		/* #UD is the decoder's to say. */
		{ 64, "f08918", "not an instruction" },
		{ 64, "f08b18", "not an instruction" },
		{ 64, "f00318", "not an instruction" },
		{ 64, "f03918", "not an instruction" },
		{ 64, "f0833801", "not an instruction" },
		{ 64, "f08518", "not an instruction" },
		{ 64, "f0f60001", "not an instruction" },
		{ 64, "f0c60001", "not an instruction" },
		{ 64, "f00fb618", "not an instruction" },
		{ 64, "f0a5", "not an instruction" },
		{ 64, "f0aa", "not an instruction" },
		{ 64, "f0ac", "not an instruction" },
		{ 64, "f001d8", "not an instruction" },
	};

	CHECK_FORMS(forms);
}

static void refusals(void)
{
	static const struct form forms[] = {
		/* The operand is a register. */
		{ 64, "01d8", "refused" },
		{ 64, "89d8", "refused" },
		{ 64, "8bc3", "refused" },
		{ 64, "87d8", "refused" },
		{ 64, "c7c078563412", "refused" },
		{ 64, "0fb6c3", "refused" },
		{ 64, "f7d8", "refused" },
		/* No memory, or none that is named by ModRM. */
		{ 64, "90", "refused" },
		{ 64, "93", "refused" },
		{ 64, "0401", "refused" },
		{ 64, "a801", "refused" },
		{ 64, "0fa2", "refused" },
		{ 64, "f4", "refused" },
		{ 64, "c3", "refused" },
		{ 64, "50", "refused" },
		{ 64, "c9", "refused" },
		{ 64, "d7", "refused" },
		/* An address alone, or more memory than the operand. */
		{ 64, "8d18", "refused" },
		{ 64, "0f1f00", "refused" },
		{ 64, "0f0118", "refused" },
		{ 64, "ff10", "refused" },
		{ 64, "ff20", "refused" },
		{ 64, "ff30", "refused" },
		{ 64, "8f00", "refused" },
		{ 64, "f720", "refused" },
		{ 64, "f738", "refused" },
		{ 64, "0fc708", "refused" },
		{ 64, "a6", "refused" },
		{ 64, "ae", "refused" },
		{ 64, "6c", "refused" },
		{ 64, "d900", "refused" },
		{ 64, "0f1100", "refused" },
		/* CRC32 where MOVBE is. */
		{ 64, "f20f38f018", "refused" },
		{ 64, "66f20f38f118", "refused" },
		/* VEX and EVEX with the opcodes of known instructions. */
		{ 64, "c5f8c20001", "refused" },
		{ 64, "c5f81100", "refused" },
		{ 64, "c4e279f700", "refused" },
		{ 64, "62f17c481100", "refused" },
	};

	CHECK_FORMS(forms);
}

/* ---- every opcode ---- */

struct known {
	u8 map, first, last;
	u8 extensions;		/* of ModRM.reg */
	bool only64;
	bool no_f2;
};

static const struct known known[] = {
	{ NACRE_MAP_1BYTE, 0x00, 0x03, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0x08, 0x0b, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0x10, 0x13, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0x18, 0x1b, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0x20, 0x23, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0x28, 0x2b, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0x30, 0x33, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0x38, 0x3b, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0x63, 0x63, 0xff, true, false },
	{ NACRE_MAP_1BYTE, 0x80, 0x81, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0x82, 0x8b, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0xa0, 0xa3, 0xff, false, false },
	{ NACRE_MAP_1BYTE, 0xc6, 0xc7, 0x01, false, false },
	{ NACRE_MAP_1BYTE, 0xf6, 0xf7, 0x0f, false, false },
	{ NACRE_MAP_1BYTE, 0xfe, 0xff, 0x03, false, false },
	{ NACRE_MAP_0F, 0xa3, 0xa3, 0xff, false, false },
	{ NACRE_MAP_0F, 0xab, 0xab, 0xff, false, false },
	{ NACRE_MAP_0F, 0xb3, 0xb3, 0xff, false, false },
	{ NACRE_MAP_0F, 0xba, 0xba, 0xf0, false, false },
	{ NACRE_MAP_0F, 0xbb, 0xbb, 0xff, false, false },
	{ NACRE_MAP_0F, 0xb0, 0xb1, 0xff, false, false },
	{ NACRE_MAP_0F, 0xb6, 0xb7, 0xff, false, false },
	{ NACRE_MAP_0F, 0xbe, 0xc1, 0xff, false, false },
	{ NACRE_MAP_0F, 0xc3, 0xc3, 0xff, false, false },
	{ NACRE_MAP_0F38, 0xf0, 0xf1, 0xff, false, true },
};

static bool is_known(const struct nacre_insn *insn)
{
	u8 extension = insn->has_modrm ? insn->modrm >> 3 & 7 : 0;
	unsigned int i;

	if (insn->has_modrm && insn->modrm >= 0xc0)
		return false;
	if (insn->prefixes & (NACRE_PFX_VEX | NACRE_PFX_EVEX | NACRE_PFX_XOP))
		return false;
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].map == insn->map &&
		    insn->opcode >= known[i].first &&
		    insn->opcode <= known[i].last &&
		    known[i].extensions & BIT(extension) &&
		    (insn->mode == 64 || !known[i].only64) &&
		    !(insn->prefixes & NACRE_PFX_REPNE && known[i].no_f2))
			return true;
	return false;
}

static unsigned long instructions, taken;

static void check_known(u8 mode, const u8 *bytes)
{
	struct nacre_insn insn;
	struct nacre_memop op;
	bool parsed;

	if (nacre_decode(bytes, 16, mode, NACRE_DECODE_AMD, &insn))
		return;
	parsed = nacre_memop_parse(&insn, &op);
	instructions++;
	taken += parsed;
	if (parsed == is_known(&insn))
		return;
	if (!host_case_failed)
		host_note("%u bits, map %u, opcode %02x, ModRM %02x: %s", mode,
			  insn.map, insn.opcode, insn.modrm,
			  parsed ? "taken" : "refused");
	host_case_failed = true;
}

static void sweep(u8 mode, const char *lead)
{
	unsigned int n = strlen(lead), opcode, modrm;
	u8 bytes[16] = {};

	memcpy(bytes, lead, n);
	for (opcode = 0; opcode < 256; opcode++) {
		for (modrm = 0; modrm < 256; modrm++) {
			bytes[n] = opcode;
			bytes[n + 1] = modrm;
			check_known(mode, bytes);
		}
	}
}

static void every_opcode(void)
{
	static const char * const leads[] = {
		"", "\x66", "\xf3", "\xf2", "\x48", "\x0f", "\x66\x0f",
		"\xf3\x0f", "\xf2\x0f", "\x48\x0f", "\x0f\x38", "\x66\x0f\x38",
		"\xf2\x0f\x38", "\xf3\x0f\x38", "\x0f\x3a", "\x66\x0f\x3a",
		"\xc5\xf8", "\xc5\xf9", "\xc4\xe1\x78", "\xc4\xe2\x78",
		"\xc4\xe2\x79", "\x8f\xe9\x78", "\x62\xf1\x7c\x48",
		"\x62\xf2\x7d\x48",
	};
	unsigned int i;

	instructions = taken = 0;
	for (i = 0; i < ARRAY_SIZE(leads); i++) {
		sweep(16, leads[i]);
		sweep(32, leads[i]);
		sweep(64, leads[i]);
	}
	host_note("%lu instructions, %lu taken", instructions, taken);
	EXPECT(instructions > 1000000);
	EXPECT(taken > 50000);
}

/* What is asked for, and only that, is in the result. */
static void parse_leaves_nothing_behind(void)
{
	struct nacre_memop op, again;
	struct nacre_insn insn;

	memset(&op, 0xff, sizeof(op));
	memset(&again, 0, sizeof(again));
	EXPECT_EQ(decode(64, "8918", &insn), NACRE_DECODE_OK);
	EXPECT(nacre_memop_parse(&insn, &op));
	EXPECT(nacre_memop_parse(&insn, &again));
	EXPECT(!memcmp(&op, &again, sizeof(op)));
}

/* ---- what is computed ---- */

#define CF	BIT(0)
#define PF	BIT(2)
#define AF	BIT(4)
#define ZF	BIT(6)
#define SF	BIT(7)
#define OF	BIT(11)
#define DF	BIT(10)

/* RAX is a, RBX b before, and as given afterwards. */
struct sum {
	const char *hex;
	u64 a, b, memory, flags;
	u64 a_after, b_after, memory_after, flags_after;
};

static void check_sum(const struct sum *s)
{
	struct nacre_memop_regs regs = {
		.gpr = { [0] = s->a, [3] = s->b }, .rflags = s->flags | DF,
	};
	u64 memory = s->memory;
	struct nacre_insn insn;
	struct nacre_memop op;

	EXPECT_EQ(decode(64, s->hex, &insn), NACRE_DECODE_OK);
	EXPECT(nacre_memop_parse(&insn, &op));
	nacre_memop_compute(&op, &regs, &memory);
	EXPECT_EQ(regs.gpr[0], s->a_after);
	EXPECT_EQ(regs.gpr[3], s->b_after);
	EXPECT_EQ(regs.rflags, s->flags_after | DF);
	if (op.writes)
		EXPECT(!memcmp(&memory, &s->memory_after, op.size));
}

static void check_sums(const struct sum *sums, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		check_sum(&sums[i]);
		if (!host_case_failed)
			continue;
		host_note("in row %u, %s", i, sums[i].hex);
		return;
	}
}

#define ONES	(~0ULL)

static void results(void)
{
	static const struct sum sums[] = {
		/* Loads: 32 bits clear the rest of the register. */
		{ "8b18", 0, ONES, 0x80000001, CF, 0, 0x80000001, 0, CF },
		{ "668b18", 0, ONES, 0x1234, 0, 0, 0xffffffffffff1234, 0, 0 },
		{ "8a38", 0, ONES, 0x12, 0, 0, 0xffffffffffff12ff, 0, 0 },
		{ "0fbe18", 0, ONES, 0x80, 0, 0, 0xffffff80, 0, 0 },
		{ "480fbe18", 0, 0, 0x80, 0, 0, 0xffffffffffffff80, 0, 0 },
		{ "660fbe18", 0, ONES << 32, 0x80, 0, 0, 0xffffffff0000ff80, 0,
		  0 },
		{ "0fb718", 0, ONES, 0xffff, 0, 0, 0xffff, 0, 0 },
		{ "486318", 0, 0, 0x80000000, 0, 0, 0xffffffff80000000, 0, 0 },
		/* Stores */
		{ "8838", 0, 0x12345678, 0, ZF, 0, 0x12345678, 0x56, ZF },
		{ "48c70000000080", 0, 0, 0, 0, 0, 0, 0xffffffff80000000, 0 },
		{ "0f38f018", 0, ONES, 0x12345678, CF, 0, 0x78563412, 0, CF },
		{ "660f38f118", 0, 0x1234, 0, 0, 0, 0x1234, 0x3412, 0 },
		{ "8718", 0, ONES, 5, 0, 0, 5, 0xffffffff, 0 },
		/* Sums, differences, and their flags */
		{ "0118", 0, 1, 0xffffffff, 0, 0, 1, 0, CF | PF | AF | ZF },
		{ "0018", 0, 1, 0x7f, CF, 0, 1, 0x80, AF | SF | OF },
		{ "1118", 0, 0, 0xffffffff, CF, 0, 0, 0, CF | PF | AF | ZF },
		{ "660fc118", 0, ONES, 2, 0, 0, 0xffffffffffff0002, 1,
		  CF | AF },
		{ "2918", 0, 1, 0, 0, 0, 1, 0xffffffff, CF | PF | AF | SF },
		{ "2b18", 0, 1, 3, 0, 0, 0xfffffffe, 0, CF | AF | SF },
		{ "481918", 0, 0, 0, CF, 0, 0, ONES, CF | PF | AF | SF },
		{ "3818", 0, 1, 0x80, 0, 0, 1, 0, AF | OF },
		{ "3a18", 0, 1, 0x80, 0, 0, 1, 0, CF | PF | SF | OF },
		{ "f718", 0, 0, 0x80000000, 0, 0, 0, 0x80000000,
		  CF | PF | SF | OF },
		{ "fe00", 0, 0, 0xff, CF, 0, 0, 0, CF | PF | AF | ZF },
		{ "fe08", 0, 0, 0x80, 0, 0, 0, 0x7f, AF | OF },
		/* Compare and exchange: 32 bits found clear the rest of RAX. */
		{ "0fb118", ONES, 5, 0xffffffff, CF, ONES, 5, 5, PF | ZF },
		{ "0fb118", ONES << 32, 5, 1, 0, 1, 5, 1, CF | PF | AF | SF },
		{ "0fb038", 0x102, 0x300, 2, 0, 0x102, 0x300, 3, PF | ZF },
		/* Bits: the number is taken modulo the size. */
		{ "0fa318", 0, 0x3f, 0x80000000, ZF, 0, 0x3f, 0, CF | ZF },
		{ "0fab18", 0, ONES, 0, CF, 0, ONES, 0x80000000, 0 },
		{ "660fba30f3", 0, 0, 0xf, 0, 0, 0, 7, CF },
		{ "480fba38ff", 0, 0, 1, CF, 0, 0, (1ULL << 63) + 1, 0 },
		/* Logic */
		{ "0918", 0, 0x80000000, 1, CF | OF, 0, 0x80000000, 0x80000001,
		  SF },
		{ "2118", 0, 2, 1, CF, 0, 2, 0, PF | ZF },
		{ "6683200f", 0, 0, 0x1234, OF, 0, 0, 4, 0 },
		{ "3018", 0, 0xff, 0xff, 0, 0, 0xff, 0, PF | ZF },
		{ "8418", 0, 0x180, 0x80, CF, 0, 0x180, 0, SF },
		{ "f610", 0, 0, 0x55, CF | ZF, 0, 0, 0xaa, CF | ZF },
	};

	check_sums(sums, ARRAY_SIZE(sums));
}

static const struct host_case cases[] = {
	HOST_CASE(moves),
	HOST_CASE(extensions),
	HOST_CASE(high_bytes),
	HOST_CASE(arithmetic),
	HOST_CASE(bits),
	HOST_CASE(bit_offsets),
	HOST_CASE(immediates),
	HOST_CASE(prefixes),
	HOST_CASE(refusals),
	HOST_CASE(every_opcode),
	HOST_CASE(parse_leaves_nothing_behind),
	HOST_CASE(results),
};

HOST_MAIN(cases)
