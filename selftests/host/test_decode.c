// SPDX-License-Identifier: GPL-2.0
/* The decoder against hand-written instructions. */
#include "vector_rows.h"
#include "host_test.h"

struct sample {
	u8 mode;
	const char *hex;
	u8 length;		/* 0: invalid */
};

static unsigned int parse(const char *hex, u8 *bytes)
{
	unsigned int n = 0;
	int used;

	while (n < 20 && sscanf(hex, "%2hhx%n", &bytes[n], &used) == 1) {
		hex += used;
		n++;
	}
	return n;
}

static enum nacre_decode_result
decode(u8 mode, enum nacre_decode_vendor vendor, const char *hex,
       struct nacre_insn *insn)
{
	u8 bytes[20];
	unsigned int n = parse(hex, bytes);
	/* As short as it is, so that the sanitizer sees an overrun. */
	u8 *exact = malloc(n ? n : 1);
	enum nacre_decode_result result;

	memcpy(exact, bytes, n);
	result = nacre_decode(exact, n, mode, vendor, insn);
	free(exact);
	return result;
}

/* Padded with NOPs, so that only the instruction itself says its length. */
static void check_lengths(const struct sample *samples, unsigned int count,
			  enum nacre_decode_vendor vendor)
{
	struct nacre_insn insn;
	unsigned int i;

	for (i = 0; i < count; i++) {
		u8 bytes[40];
		enum nacre_decode_result result;
		unsigned int n = parse(samples[i].hex, bytes);

		memset(bytes + n, 0x90, sizeof(bytes) - n);
		result = nacre_decode(bytes, sizeof(bytes), samples[i].mode,
				      vendor, &insn);
		if (!samples[i].length && result == NACRE_DECODE_INVALID)
			continue;
		if (samples[i].length && result == NACRE_DECODE_OK &&
		    samples[i].length == insn.length)
			continue;
		host_note("%u-bit %s: result %d length %u, not %u",
			  samples[i].mode, samples[i].hex, result,
			  insn.length, samples[i].length);
		host_case_failed = true;
	}
}

static void lengths(void)
{
	static const struct sample samples[] = {
		/* CPUID, HLT and friends, plain and with idle prefixes */
		{ 64, "0fa2", 2 }, { 64, "660fa2", 3 }, { 64, "480fa2", 3 },
		{ 64, "f30fa2", 3 }, { 32, "2e660fa2", 4 }, { 64, "f4", 1 },
		{ 64, "66f4", 2 }, { 64, "2e3e6466f4", 5 }, { 16, "f2f4", 2 },
		{ 64, "4048f4", 3 }, { 64, "4866f4", 3 },
		/* port access */
		{ 16, "e680", 2 }, { 32, "66ef", 2 }, { 64, "f3486f", 3 },
		/* immediates by operand size */
		{ 16, "b83412", 3 }, { 16, "66b878563412", 6 },
		{ 32, "b878563412", 5 }, { 32, "66b83412", 4 },
		{ 64, "48b88877665544332211", 10 }, { 64, "66b83412", 4 },
		{ 64, "6648b88877665544332211", 11 },
		{ 64, "48c7c078563412", 7 }, { 64, "66c7003412", 5 },
		{ 64, "6648c70078563412", 8 }, { 64, "68ffffffff", 5 },
		{ 64, "6668ffff", 4 }, { 32, "6668ffff", 4 },
		/* moffs follows the address size, not the operand size */
		{ 64, "a08877665544332211", 9 }, { 64, "67a078563412", 6 },
		{ 32, "66a178563412", 6 }, { 32, "67a13412", 4 },
		{ 16, "a33412", 3 }, { 16, "67a378563412", 6 },
		/* ENTER, RET, far pointers, INT */
		{ 64, "c8000100", 4 }, { 16, "c20400", 3 }, { 64, "ca0400", 3 },
		{ 16, "ea00f0ff00", 5 }, { 16, "66ea000010000800", 8 },
		{ 32, "9a000010000800", 7 }, { 64, "9a", 0 }, { 64, "ea", 0 },
		{ 64, "cd80", 2 }, { 64, "cc", 1 }, { 64, "ce", 0 },
		/* only TEST of group 3 has an immediate */
		{ 64, "f60001", 3 }, { 64, "f60801", 3 }, { 64, "f610", 2 },
		{ 64, "f70078563412", 6 }, { 64, "66f7003412", 5 },
		{ 64, "f738", 2 }, { 16, "f7c03412", 4 },
		/* addressing */
		{ 16, "8b063412", 4 }, { 16, "8b4601", 3 }, { 16, "8b863412", 4 },
		{ 32, "8b0578563412", 6 }, { 32, "678b063412", 5 },
		{ 64, "8b0578563412", 6 }, { 64, "678b0578563412", 7 },
		{ 64, "8b042578563412", 7 }, { 64, "418b442401", 5 },
		{ 64, "8b04a578563412", 7 }, { 64, "8b84a578563412", 7 },
		{ 64, "418b0424", 4 }, { 64, "418b4500", 4 },
		/* mod is no matter to MOV CR and MOV DR */
		{ 64, "0f2000", 3 }, { 64, "0f2204", 3 }, { 32, "0f2185", 3 },
		{ 64, "440f20c0", 4 }, { 64, "0f20c8", 0 }, { 64, "440f20c8", 0 },
		{ 64, "440f21c0", 0 },
		/* LES, LDS, BOUND and POP against VEX, EVEX and XOP */
		{ 32, "c500", 2 }, { 32, "c400", 2 }, { 32, "6200", 2 },
		{ 64, "8f00", 2 }, { 64, "8f40", 3 }, { 64, "8fc8", 0 },
		{ 32, "c5f877", 3 }, { 64, "c5f877", 3 }, { 16, "c5f877", 3 },
		{ 64, "c5fa6f4010", 5 }, { 64, "c4e27d5800", 5 },
		{ 64, "62f17c481000", 6 }, { 64, "62f17c48104001", 7 },
		{ 64, "66c5f877", 0 }, { 64, "40c5f877", 0 },
		{ 64, "f0c5f877", 0 }, { 64, "f3c5f877", 0 },
		{ 64, "64c5f81000", 5 }, { 64, "40", 2 },
		/* 64-bit mode dropped these */
		{ 64, "06", 0 }, { 64, "27", 0 }, { 64, "60", 0 },
		{ 64, "82c001", 0 }, { 64, "d500", 0 }, { 64, "d6", 0 },
		{ 32, "82c001", 3 }, { 32, "d6", 1 }, { 32, "0fff00", 3 },
		/* LOCK */
		{ 64, "f00100", 3 }, { 64, "f001c0", 0 }, { 64, "f03900", 0 },
		{ 64, "f00fb100", 4 }, { 64, "f0480fc708", 5 }, { 64, "f090", 0 },
		{ 64, "f0f600", 0 }, { 64, "f0f610", 3 }, { 64, "f00fba2001", 0 },
		{ 64, "f00fba2801", 5 },
		/* groups */
		{ 32, "fed0", 0 }, { 32, "ffff", 0 }, { 32, "ffd8", 0 },
		{ 32, "ff18", 2 }, { 64, "8fc8", 0 }, { 64, "8ec8", 0 },
		{ 64, "8cf0", 0 }, { 64, "c7f812345678", 6 },
		{ 64, "0f01c1", 3 }, { 64, "0f01d9", 3 }, { 64, "0f01d8", 3 },
		{ 64, "0f01f8", 3 }, { 64, "0f01f9", 3 }, { 64, "0f01d2", 0 },
		{ 64, "0faee8", 3 }, { 64, "0fc7f0", 3 }, { 64, "0f0b", 2 },
		{ 64, "0f04", 0 }, { 64, "0f3b", 0 }, { 64, "0f0a", 0 },
		/* x87 */
		{ 64, "9b", 1 }, { 64, "dbe3", 2 }, { 64, "d9d1", 0 },
		{ 64, "d908", 0 }, { 64, "dfe0", 2 }, { 64, "dfe1", 0 },
		{ 64, "dee8", 2 }, { 64, "ded8", 0 }, { 64, "ded9", 2 },
	};

	check_lengths(samples, ARRAY_SIZE(samples), NACRE_DECODE_INTEL);
}

static void intel_only_lengths(void)
{
	static const struct sample samples[] = {
		{ 64, "e800000000", 5 }, { 64, "66e800000000", 6 },
		{ 64, "660f8400000000", 7 }, { 32, "66e80000", 4 },
		{ 16, "66e800000000", 6 }, { 16, "e80000", 3 },
		{ 64, "66eb00", 3 }, { 64, "660fff00", 4 }, { 64, "0fff00", 3 },
		{ 64, "0f0fc00d", 0 }, { 64, "0f0e", 0 },
		{ 64, "8fe97812c0", 0 }, { 64, "f00f20c0", 0 },
	};

	check_lengths(samples, ARRAY_SIZE(samples), NACRE_DECODE_INTEL);
}

static void amd_only_lengths(void)
{
	static const struct sample samples[] = {
		{ 64, "e800000000", 5 }, { 64, "66e80000", 4 },
		{ 64, "660f840000", 5 }, { 64, "6648e800000000", 7 },
		{ 32, "66e80000", 4 }, { 64, "66eb00", 3 }, { 64, "0fff00", 2 },
		{ 64, "0f0fc00d", 4 }, { 64, "0f0f4001b4", 5 },
		{ 64, "0f0fc000", 0 }, { 64, "0f0e", 2 },
		{ 64, "8fe97812c0", 5 }, { 64, "8fea7812c000000000", 9 },
		{ 64, "660f78c00102", 6 }, { 64, "f20f78c00102", 6 },
		{ 64, "0f78c0", 3 }, { 32, "f00f20c0", 4 },
	};

	check_lengths(samples, ARRAY_SIZE(samples), NACRE_DECODE_AMD);
}

/* 15 bytes are an instruction; the 16th makes it #GP, read or not. */
static void too_long(void)
{
	static const char fifteen[] = "6666666666666666666666666690";
	struct nacre_insn insn;
	u8 bytes[17];

	EXPECT_EQ(decode(64, 0, fifteen, &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.length, 14);
	memset(bytes, 0x66, sizeof(bytes));
	bytes[14] = 0x90;
	EXPECT_EQ(nacre_decode(bytes, 15, 64, 0, &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.length, 15);
	bytes[14] = 0x66;
	bytes[15] = 0x90;
	EXPECT_EQ(nacre_decode(bytes, 14, 64, 0, &insn), NACRE_DECODE_MORE);
	EXPECT_EQ(nacre_decode(bytes, 15, 64, 0, &insn), NACRE_DECODE_TOO_LONG);
	EXPECT_EQ(nacre_decode(bytes, 16, 64, 0, &insn), NACRE_DECODE_TOO_LONG);
	/* Ends one byte into its immediate. */
	memcpy(bytes + 13, "\x81\xc0", 2);
	EXPECT_EQ(nacre_decode(bytes, 17, 32, 0, &insn), NACRE_DECODE_TOO_LONG);
}

/* Every proper beginning of an instruction asks for more. */
static void asks_for_more(void)
{
	static const char * const whole[] = {
		"48b88877665544332211", "6648c7848078563412aabbccdd",
		"62f17c48104001", "c4e37d0600aa", "0f3a0fc001", "f0480fc708",
		"a08877665544332211", "c8000100",
	};
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(whole); i++) {
		struct nacre_insn insn;
		char part[40];

		EXPECT_EQ(decode(64, 0, whole[i], &insn), NACRE_DECODE_OK);
		EXPECT_EQ(insn.length, strlen(whole[i]) / 2);
		for (n = 0; n < strlen(whole[i]); n += 2) {
			memcpy(part, whole[i], n);
			part[n] = 0;
			EXPECT_EQ(decode(64, 0, part, &insn),
				  NACRE_DECODE_MORE);
		}
	}
}

static void memory_operands(void)
{
	struct nacre_insn insn;

	/* mov rax, [r13 + r12*4 - 8] */
	EXPECT_EQ(decode(64, 0, "4b8b44a5f8", &insn), NACRE_DECODE_OK);
	EXPECT(insn.base == 13 && insn.index == 12 && insn.scale == 4);
	EXPECT_EQ(insn.displacement, -8);
	EXPECT_EQ(insn.operand_size, 8);
	/* mov eax, [rsp] */
	EXPECT_EQ(decode(64, 0, "8b0424", &insn), NACRE_DECODE_OK);
	EXPECT(insn.base == 4 && insn.index == -1);
	/* mov eax, [rip - 4], and [eip - 4] */
	EXPECT_EQ(decode(64, 0, "8b05fcffffff", &insn), NACRE_DECODE_OK);
	EXPECT(insn.rip_relative && insn.base == -1);
	EXPECT_EQ(insn.displacement, -4);
	EXPECT_EQ(decode(64, 0, "678b05fcffffff", &insn), NACRE_DECODE_OK);
	EXPECT(insn.rip_relative && insn.address_size == 4);
	/* mov ax, [bp + di + 1] */
	EXPECT_EQ(decode(16, 0, "8b4301", &insn), NACRE_DECODE_OK);
	EXPECT(insn.base == 5 && insn.index == 7 && insn.displacement == 1);
	/* mov ax, [0x8000]: the caller wraps at 64 KiB */
	EXPECT_EQ(decode(16, 0, "8b060080", &insn), NACRE_DECODE_OK);
	EXPECT(insn.base == -1 && insn.index == -1);
	EXPECT_EQ(insn.displacement, -0x8000);
	/* mov eax, [0x12345678] through SIB, no base, no index */
	EXPECT_EQ(decode(64, 0, "8b042578563412", &insn), NACRE_DECODE_OK);
	EXPECT(insn.base == -1 && insn.index == -1 && !insn.rip_relative);
	EXPECT_EQ(insn.displacement, 0x12345678);
	/* vgatherdps xmm0, [rax + xmm4], xmm1: 4 is an index here */
	EXPECT_EQ(decode(64, 0, "c4e271920420", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.index, 4);
}

static void registers(void)
{
	struct nacre_insn insn;

	EXPECT_EQ(decode(64, 0, "4153", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.rm, 11);
	EXPECT_EQ(decode(64, 0, "4d89c1", &insn), NACRE_DECODE_OK);
	EXPECT(insn.reg == 8 && insn.rm == 9 && insn.operand_size == 8);
	/* REX with a prefix behind it counts for nothing. */
	EXPECT_EQ(decode(64, 0, "4d6689c1", &insn), NACRE_DECODE_OK);
	EXPECT(insn.reg == 0 && insn.rm == 1 && insn.operand_size == 2);
	EXPECT(!(insn.prefixes & NACRE_PFX_REX));
	/* mov r8, cr8 and its AMD spelling */
	EXPECT_EQ(decode(64, 0, "450f20c0", &insn), NACRE_DECODE_OK);
	EXPECT(insn.reg == 8 && insn.rm == 8);
	EXPECT_EQ(decode(32, NACRE_DECODE_AMD, "f00f22c1", &insn),
		  NACRE_DECODE_OK);
	EXPECT(insn.reg == 8 && insn.rm == 1);
	/* vmovups zmm30, zmm29 */
	EXPECT_EQ(decode(64, 0, "62017c4810f5", &insn), NACRE_DECODE_OK);
	EXPECT(insn.reg == 30 && insn.rm == 29 && insn.vector_length == 64);
	/* vaddps ymm1{k2}{z}, ymm3, ymm4 */
	EXPECT_EQ(decode(64, 0, "62f164aa58cc", &insn), NACRE_DECODE_OK);
	EXPECT(insn.reg == 1 && insn.vvvv == 3 && insn.rm == 4);
	EXPECT(insn.opmask == 2 && insn.zeroing && insn.vector_length == 32);
}

static void immediates(void)
{
	struct nacre_insn insn;

	EXPECT_EQ(decode(64, 0, "4883c0ff", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.immediate, -1);
	EXPECT_EQ(decode(64, 0, "4881c000000080", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.immediate, -0x80000000LL);
	EXPECT_EQ(decode(64, 0, "e6ff", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.immediate, 0xff);
	EXPECT_EQ(decode(64, 0, "ebfe", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.immediate, -2);
	EXPECT_EQ(decode(16, 0, "c8341205", &insn), NACRE_DECODE_OK);
	EXPECT(insn.immediate == 0x1234 && insn.immediate2 == 5);
	EXPECT_EQ(decode(16, 0, "ea5be000f0", &insn), NACRE_DECODE_OK);
	EXPECT(insn.immediate == 0xe05b && insn.immediate2 == 0xf000);
	EXPECT_EQ(decode(64, 0, "a18877665544332291", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.displacement, (s64)0x9122334455667788ULL);
}

static void prefixes(void)
{
	struct nacre_insn insn;

	EXPECT_EQ(decode(16, 0, "268b07", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.segment, 0);
	EXPECT_EQ(decode(32, 0, "2e658b07", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.segment, 5);
	/* In 64-bit mode the data segments' overrides are as if not there. */
	EXPECT_EQ(decode(64, 0, "64368b07", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.segment, 4);
	EXPECT_EQ(decode(64, 0, "2e8b07", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.segment, -1);
	/* The last of F2 and F3 names the instruction; 66 is beside the point. */
	EXPECT_EQ(decode(64, 0, "66f2f30f1000", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.simd_prefix, NACRE_SIMD_F3);
	EXPECT_EQ(decode(64, 0, "f366486f", &insn), NACRE_DECODE_OK);
	EXPECT(insn.prefixes & NACRE_PFX_REP);
	EXPECT_EQ(insn.operand_size, 8);
}

static bool map_is_sorted(const struct nacre_vector_map *map)
{
	unsigned int i;

	for (i = 0; i < map->count; i++) {
		const struct nacre_vector_row *row = &map->rows[i];

		if (row->last < row->first || !row->regs || !row->when ||
		    (i && row->first < row[-1].first))
			return false;
	}
	return true;
}

/* The search stops at the first line behind the opcode. */
static void tables_are_sorted(void)
{
	unsigned int map, rows = 0;

	for (map = 0; map < NACRE_NR_MAPS; map++) {
		EXPECT(map_is_sorted(&nacre_vex_maps[map]));
		EXPECT(map_is_sorted(&nacre_evex_maps[map]));
		rows += nacre_vex_maps[map].count + nacre_evex_maps[map].count;
	}
	EXPECT(rows > 600);
}

static void vectors(void)
{
	struct nacre_insn insn;

	/* vmovups zmm1, [rax + 64]: disp8 counts vectors */
	EXPECT_EQ(decode(64, 0, "62f17c48104801", &insn), NACRE_DECODE_OK);
	EXPECT(insn.displacement == 64 && insn.displacement_size == 1);
	/* vaddps zmm1, zmm0, [rax + 4]{1to16}: elements */
	EXPECT_EQ(decode(64, 0, "62f17c58584801", &insn), NACRE_DECODE_OK);
	EXPECT(insn.displacement == 4 && insn.broadcast);
	/* vmovddup xmm1, [rax + 8] */
	EXPECT_EQ(decode(64, 0, "62f1ff08124801", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(insn.displacement, 8);
	/* vmovups with vvvv, a mask where none can be, L'L of 3 */
	EXPECT_EQ(decode(64, 0, "62f174481000", &insn), NACRE_DECODE_INVALID);
	EXPECT_EQ(decode(64, 0, "62f17d496e00", &insn), NACRE_DECODE_INVALID);
	EXPECT_EQ(decode(64, 0, "62f17c681000", &insn), NACRE_DECODE_INVALID);
	/* vmovntps has no register form */
	EXPECT_EQ(decode(64, 0, "c5f82b00", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(decode(64, 0, "c5f82bc0", &insn), NACRE_DECODE_INVALID);
	/* vpermps is 256 bits wide */
	EXPECT_EQ(decode(64, 0, "c4e27d1600", &insn), NACRE_DECODE_OK);
	EXPECT_EQ(decode(64, 0, "c4e2791600", &insn), NACRE_DECODE_INVALID);
	/* vgatherdps with index and mask the same */
	EXPECT_EQ(decode(64, 0, "c4e251920428", &insn), NACRE_DECODE_INVALID);
}

static const struct host_case cases[] = {
	HOST_CASE(lengths),
	HOST_CASE(intel_only_lengths),
	HOST_CASE(amd_only_lengths),
	HOST_CASE(too_long),
	HOST_CASE(asks_for_more),
	HOST_CASE(memory_operands),
	HOST_CASE(registers),
	HOST_CASE(immediates),
	HOST_CASE(prefixes),
	HOST_CASE(vectors),
	HOST_CASE(tables_are_sorted),
};

HOST_MAIN(cases)
