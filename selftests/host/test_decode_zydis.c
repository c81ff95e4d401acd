// SPDX-License-Identifier: GPL-2.0
/*
 * The decoder against Zydis, a disassembler library: every opcode with every
 * ModRM byte, every VEX, XOP and EVEX payload, random bytes, and the code of
 * the programs at hand. They have to agree on what is an instruction, on its
 * length, and on its parts; where they may differ stands in excuses[].
 */
#include <elf.h>
#include <stdio.h>

#include <Zydis/Zydis.h>

#include "arch/x86/emulate/decode.h"
#include "host_test.h"

#define RANDOM_STRINGS	3000000

#define UNUSED		0xff	/* a register that the library did not need */

static const u8 modes[] = { 16, 32, 64 };
static ZydisDecoder decoders[3][2];
static u8 sample[16];		/* what both decode */

static void make_decoders(void)
{
	static const ZydisMachineMode machine[] = {
		ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_MACHINE_MODE_LEGACY_32,
		ZYDIS_MACHINE_MODE_LONG_64,
	};
	static const ZydisStackWidth stack[] = {
		ZYDIS_STACK_WIDTH_16, ZYDIS_STACK_WIDTH_32,
		ZYDIS_STACK_WIDTH_64,
	};
	unsigned int m, v;

	for (m = 0; m < 3; m++) {
		for (v = 0; v < 2; v++) {
			ZydisDecoder *d = &decoders[m][v];

			ZydisDecoderInit(d, machine[m], stack[m]);
			ZydisDecoderEnableMode(d, ZYDIS_DECODER_MODE_AMD_BRANCHES,
					       v == NACRE_DECODE_AMD);
			/* Without MPX its opcodes are the NOPs they were. */
			ZydisDecoderEnableMode(d, ZYDIS_DECODER_MODE_MPX, false);
			ZydisDecoderEnableMode(d, ZYDIS_DECODER_MODE_KNC, false);
		}
	}
}

/* One byte string, both answers. */
struct trial {
	unsigned int m;
	enum nacre_decode_vendor vendor;
	enum nacre_decode_result result;
	struct nacre_insn ours;
	ZyanStatus status;
	ZydisDecodedInstruction theirs;
	ZydisDecoderContext context;
};

static bool they_accept(const struct trial *t)
{
	return ZYAN_SUCCESS(t->status);
}

static bool we_accept(const struct trial *t)
{
	return t->result == NACRE_DECODE_OK;
}

/* ---- where the two may differ ---- */

static bool is_amd_only(const struct trial *t)
{
	return t->vendor == NACRE_DECODE_INTEL &&
	       (t->theirs.encoding == ZYDIS_INSTRUCTION_ENCODING_XOP ||
		t->theirs.encoding == ZYDIS_INSTRUCTION_ENCODING_3DNOW ||
		t->theirs.mnemonic == ZYDIS_MNEMONIC_FEMMS) &&
	       they_accept(t) && t->result == NACRE_DECODE_INVALID;
}

static bool is_ud0_on_amd(const struct trial *t)
{
	return t->vendor == NACRE_DECODE_AMD && we_accept(t) &&
	       t->ours.map == NACRE_MAP_0F && t->ours.opcode == 0xff &&
	       !t->ours.has_modrm;
}

static bool is_lock_mov_cr8(const struct trial *t)
{
	return t->vendor == NACRE_DECODE_AMD && we_accept(t) &&
	       t->ours.map == NACRE_MAP_0F && (t->ours.opcode & ~2) == 0x20 &&
	       (t->ours.prefixes & NACRE_PFX_LOCK) && t->ours.reg == 8 &&
	       t->status == ZYDIS_STATUS_ILLEGAL_LOCK;
}

static bool is_padlock(const struct trial *t)
{
	return they_accept(t) && !we_accept(t) &&
	       t->theirs.opcode_map == ZYDIS_OPCODE_MAP_0F &&
	       (t->theirs.opcode == 0xa6 || t->theirs.opcode == 0xa7);
}

static bool is_knights_corner(const struct trial *t)
{
	return they_accept(t) && !we_accept(t) &&
	       t->theirs.meta.isa_set >= ZYDIS_ISA_SET_KNCE &&
	       t->theirs.meta.isa_set <= ZYDIS_ISA_SET_KNC_PF_HINT;
}

/* EVEX.b is free there with W0, and W1 is W0. */
static bool is_convert_w(const struct trial *t)
{
	return modes[t->m] != 64 && we_accept(t) && !they_accept(t) &&
	       (t->ours.opcode == 0x2a || t->ours.opcode == 0x7b) &&
	       t->ours.simd_prefix == NACRE_SIMD_F2 && t->ours.broadcast &&
	       (t->ours.prefixes & NACRE_PFX_EVEX);
}

/* Too long and undefined at once: the manuals give no order. */
static bool is_both_wrong(const struct trial *t)
{
	return !they_accept(t) && !we_accept(t) &&
	       (t->status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG ||
		t->result == NACRE_DECODE_TOO_LONG);
}

static struct excuse {
	const char *why;
	bool (*holds)(const struct trial *t);
	unsigned long count;
} excuses[] = {
	{ "XOP, 3DNow! and FEMMS: the library knows no vendor", is_amd_only, 0 },
	{ "UD0 has no ModRM byte: AMD APM, \"UD0, UD1, UD2\"",
	  is_ud0_on_amd, 0 },
	{ "LOCK MOV CR0 is MOV CR8: AMD APM, \"MOV CRn\"", is_lock_mov_cr8, 0 },
	{ "VIA PadLock: neither Intel's nor AMD's", is_padlock, 0 },
	{ "Knights Corner: no processor that virtualizes", is_knights_corner, 0 },
	{ "conversions to double, W set outside 64-bit mode: Intel SDM, \"VCVTSI2SD\": as W0",
	  is_convert_w, 0 },
	{ "too long and undefined at once", is_both_wrong, 0 },
};

static bool is_excused(const struct trial *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(excuses); i++) {
		if (excuses[i].holds(t)) {
			excuses[i].count++;
			return true;
		}
	}
	return false;
}

/* ---- what has to be equal ---- */

static bool is_mov_system(const struct trial *t)
{
	return t->theirs.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
	       t->theirs.opcode_map == ZYDIS_OPCODE_MAP_0F &&
	       t->theirs.opcode >= 0x20 && t->theirs.opcode <= 0x23;
}

static bool same_modrm(const struct trial *t)
{
	const ZydisDecodedInstruction *z = &t->theirs;
	u8 modrm = z->raw.modrm.mod << 6 | z->raw.modrm.reg << 3 |
		   z->raw.modrm.rm;
	u8 sib = z->raw.sib.scale << 6 | z->raw.sib.index << 3 |
		 z->raw.sib.base;

	if (t->ours.has_modrm != !!(z->attributes & ZYDIS_ATTRIB_HAS_MODRM))
		return false;
	/* MOV CR and MOV DR: ours is what mod is taken for. */
	if (is_mov_system(t))
		modrm |= 0xc0;
	if (t->ours.has_modrm && t->ours.modrm != modrm)
		return false;
	return !(z->attributes & ZYDIS_ATTRIB_HAS_SIB) || t->ours.sib == sib;
}

static u64 low_bits(u64 value, unsigned int bits)
{
	return bits >= 64 ? value : value & (BIT_ULL(bits) - 1);
}

/* Theirs is as the bytes have it; ours is multiplied for EVEX. */
static bool same_displacement(const struct trial *t)
{
	const ZydisDecodedInstruction *z = &t->theirs;
	s64 value = z->raw.disp.value;

	if (t->ours.displacement_size * 8 != z->raw.disp.size)
		return false;
	if (z->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX &&
	    z->raw.disp.size == 8)
		value *= t->context.cd8_scale;
	if (!t->ours.has_modrm)		/* a MOV moffs' address has no sign */
		value = low_bits(value, z->raw.disp.size);
	return !z->raw.disp.size || t->ours.displacement == value;
}

static bool same_immediates(const struct trial *t)
{
	const ZydisDecodedInstruction *z = &t->theirs;
	unsigned int first = z->raw.imm[0].size, second = z->raw.imm[1].size;

	if (t->ours.immediate_size * 8 != first + second)
		return false;
	return low_bits(t->ours.immediate, first) ==
	       low_bits(z->raw.imm[0].value.u, first) &&
	       low_bits(t->ours.immediate2, second) ==
	       low_bits(z->raw.imm[1].value.u, second);
}

static bool same_opcode(const struct trial *t)
{
	static const u8 maps[] = {
		[NACRE_MAP_1BYTE] = ZYDIS_OPCODE_MAP_DEFAULT,
		[NACRE_MAP_0F] = ZYDIS_OPCODE_MAP_0F,
		[NACRE_MAP_0F38] = ZYDIS_OPCODE_MAP_0F38,
		[NACRE_MAP_0F3A] = ZYDIS_OPCODE_MAP_0F3A,
		[NACRE_MAP_3DNOW] = ZYDIS_OPCODE_MAP_0F0F,
		[NACRE_MAP_XOP8] = ZYDIS_OPCODE_MAP_XOP8,
		[NACRE_MAP_XOP9] = ZYDIS_OPCODE_MAP_XOP9,
		[NACRE_MAP_XOPA] = ZYDIS_OPCODE_MAP_XOPA,
		[NACRE_MAP_EVEX5] = ZYDIS_OPCODE_MAP_MAP5,
		[NACRE_MAP_EVEX6] = ZYDIS_OPCODE_MAP_MAP6,
	};

	return maps[t->ours.map] == t->theirs.opcode_map &&
	       t->ours.opcode == t->theirs.opcode;
}

static bool has_memory(const struct trial *t)
{
	return t->ours.has_modrm && t->ours.modrm < 0xc0;
}

/* Classes of eight registers, for which REX.R and REX.B say nothing. */
static bool has_eight_registers(const struct trial *t)
{
	switch (t->ours.map) {
	case NACRE_MAP_1BYTE:	/* x87, segment registers */
		return (t->ours.opcode & 0xf8) == 0xd8 ||
		       t->ours.opcode == 0x8c || t->ours.opcode == 0x8e;
	case NACRE_MAP_0F:	/* MMX; opmasks */
	case NACRE_MAP_0F38:
	case NACRE_MAP_0F3A:
		return true;
	}
	return t->ours.map == NACRE_MAP_3DNOW;
}

/* EVEX.X extends a vector register only; these have another in ModRM.rm. */
static bool has_general_rm(const struct trial *t)
{
	bool p66 = t->ours.simd_prefix == NACRE_SIMD_66;

	if (!(t->ours.prefixes & NACRE_PFX_EVEX))
		return false;
	switch (t->ours.map << 8 | t->ours.opcode) {
	case NACRE_MAP_0F << 8 | 0x2a:		/* VCVTSI2SS, SD */
	case NACRE_MAP_0F << 8 | 0x7b:		/* VCVTUSI2SS, SD */
	case NACRE_MAP_0F38 << 8 | 0x28:	/* VPMOVM2B, W, D, Q */
	case NACRE_MAP_0F38 << 8 | 0x38:
	case NACRE_MAP_0F38 << 8 | 0x2a:	/* VPBROADCASTMB2Q, MW2D */
	case NACRE_MAP_0F38 << 8 | 0x3a:
	case NACRE_MAP_EVEX5 << 8 | 0x2a:	/* VCVTSI2SH, VCVTUSI2SH */
	case NACRE_MAP_EVEX5 << 8 | 0x7b:
		return !p66;
	case NACRE_MAP_0F << 8 | 0x6e:		/* VMOVD */
	case NACRE_MAP_0F << 8 | 0x7e:
	case NACRE_MAP_0F << 8 | 0xc4:		/* VPINSRW */
	case NACRE_MAP_0F38 << 8 | 0x7a ... NACRE_MAP_0F38 << 8 | 0x7c:
	case NACRE_MAP_0F3A << 8 | 0x14 ... NACRE_MAP_0F3A << 8 | 0x17:
	case NACRE_MAP_0F3A << 8 | 0x20:	/* VPINSRB, D */
	case NACRE_MAP_0F3A << 8 | 0x22:
	case NACRE_MAP_EVEX5 << 8 | 0x6e:	/* VMOVW */
	case NACRE_MAP_EVEX5 << 8 | 0x7e:
		return p66;
	}
	return false;
}

/* They number only what the instruction has as an operand. */
static bool same_number(const struct trial *t, unsigned int ours, u8 theirs)
{
	return theirs == UNUSED || ours == theirs ||
	       (has_eight_registers(t) && ours < 16 && ours % 8 == theirs);
}

static bool same_rm(const struct trial *t)
{
	u8 theirs = t->context.reg_info.id_rm;

	if (has_general_rm(t) && theirs != UNUSED)
		return t->ours.rm % 8 == theirs % 8 &&
		       (theirs < 8 || t->ours.rm % 16 == theirs);
	return same_number(t, t->ours.rm, theirs);
}

static bool same_registers(const struct trial *t)
{
	const ZydisDecoderContext *c = &t->context;
	const struct nacre_insn *i = &t->ours;

	if (i->has_modrm && !same_number(t, i->reg, c->reg_info.id_reg))
		return false;
	if (i->has_modrm && i->modrm >= 0xc0 && !same_rm(t))
		return false;
	if (!has_memory(t))
		return true;
	if (i->address_size * 8 != t->theirs.address_width)
		return false;
	if (i->address_size == 2)
		return true;
	return (i->base < 0 || same_number(t, i->base, c->reg_info.id_base)) &&
	       (i->index < 0 || same_number(t, i->index, c->reg_info.id_index));
}

static bool same_vector(const struct trial *t)
{
	const ZydisDecodedInstruction *z = &t->theirs;
	const ZydisDecoderContext *c = &t->context;

	if (z->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY ||
	    z->encoding == ZYDIS_INSTRUCTION_ENCODING_3DNOW)
		return true;
	if (!!(t->ours.rex & NACRE_REX_W) != c->vector_unified.W)
		return false;
	if (t->ours.opmask != c->vector_unified.mask)
		return false;
	return z->encoding != ZYDIS_INSTRUCTION_ENCODING_EVEX ||
	       t->ours.broadcast == z->raw.evex.b;
}

static bool agree(const struct trial *t)
{
	if (we_accept(t) != they_accept(t))
		return false;
	if (!we_accept(t))
		return (t->result == NACRE_DECODE_TOO_LONG) ==
		       (t->status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG);
	return t->ours.length == t->theirs.length && same_modrm(t) &&
	       same_displacement(t) && same_immediates(t) && same_opcode(t) &&
	       same_registers(t) && same_vector(t);
}

/* ---- trials ---- */

static unsigned long trials, accepted, disagreements;

static void report(const struct trial *t)
{
	char hex[2 * sizeof(sample) + 1];
	unsigned int i;

	for (i = 0; i < sizeof(sample); i++)
		sprintf(hex + 2 * i, "%02x", sample[i]);
	host_note("%u bits, vendor %u, %s: we %u (%u bytes), they %#x (%u bytes, %s)",
		  modes[t->m], t->vendor, hex, t->result, t->ours.length,
		  t->status & 0xfffff, t->theirs.length,
		  they_accept(t) ? ZydisMnemonicGetString(t->theirs.mnemonic) :
		  "none");
}

static void try_bytes(unsigned int m, enum nacre_decode_vendor vendor,
		      const u8 *bytes, unsigned int size, struct trial *t)
{
	t->m = m;
	t->vendor = vendor;
	t->result = nacre_decode(bytes, size, modes[m], vendor, &t->ours);
	t->status = ZydisDecoderDecodeInstruction(&decoders[m][vendor],
						  &t->context, bytes, size,
						  &t->theirs);
	trials++;
	accepted += they_accept(t);
}

static void try_sample(unsigned int m, enum nacre_decode_vendor vendor)
{
	struct trial t;

	try_bytes(m, vendor, sample, sizeof(sample), &t);
	if (agree(&t) || is_excused(&t))
		return;
	if (disagreements++ < 20)
		report(&t);
	host_case_failed = true;
}

static void begin_trials(void)
{
	make_decoders();
	trials = accepted = disagreements = 0;
}

static void end_trials(const char *what)
{
	host_note("%s: %lu trials, %lu are instructions, %lu disagreements",
		  what, trials, accepted, disagreements);
	EXPECT(accepted > trials / 50 && accepted < trials);
}

static void fill_sample(u64 *random, unsigned int from)
{
	u64 bytes[2] = { host_random(random), host_random(random) };

	memcpy(sample + from, bytes, sizeof(sample) - from);
}

/* Two opcode-dependent byte positions: opcode and ModRM, all of both. */
static void sweep(u64 *random, unsigned int m, enum nacre_decode_vendor vendor,
		  unsigned int at)
{
	unsigned int opcode, modrm;

	for (opcode = 0; opcode < 256; opcode++) {
		for (modrm = 0; modrm < 256; modrm++) {
			sample[at] = opcode;
			sample[at + 1] = modrm;
			fill_sample(random, at + 2);
			try_sample(m, vendor);
		}
	}
}

/* Prefixes in front, each map's escape, then every opcode and ModRM. */
static void legacy_maps(void)
{
	static const char * const prefixes[] = {
		"", "\x66", "\x66", "\xf3", "\xf2", "\xf0", "\x48", "\x67",
		"\x66\x4d", "\x66\xf0",
	};
	static const char * const escapes[] = {
		"", "\x0f", "\x0f\x38", "\x0f\x3a",
	};
	unsigned int m, p, s;
	u64 random = 1;

	begin_trials();
	for (m = 0; m < 3; m++) {
		for (p = 0; p < ARRAY_SIZE(prefixes); p++) {
			for (s = 0; s < ARRAY_SIZE(escapes); s++) {
				int n = sprintf((char *)sample, "%s%s",
						prefixes[p], escapes[s]);

				sweep(&random, m, (p ^ s) & 1, n);
			}
		}
	}
	end_trials("legacy");
}

/* 3DNow! suffixes, with a register and with memory. */
static void suffixes_3dnow(void)
{
	unsigned int m, v, suffix, i;
	u64 random = 2;

	begin_trials();
	for (m = 0; m < 3; m++) {
		for (v = 0; v < 2; v++) {
			for (suffix = 0; suffix < 512; suffix++) {
				fill_sample(&random, 0);
				memcpy(sample, "\x0f\x0f\xc1\x07", 4);
				i = suffix < 256 ? 3 : 4;
				sample[2] = suffix < 256 ? 0xc1 : 0x41;
				sample[i] = suffix;
				try_sample(m, v);
			}
		}
	}
	end_trials("3DNow!");
}

/* Every opcode of every map with random payloads of the prefix. */
static void vector_maps(const char *what, u8 first, unsigned int payload,
			u8 maps_and, u8 maps_or, unsigned int rounds)
{
	unsigned int m, opcode, i, j;
	u64 random = first;

	begin_trials();
	for (m = 0; m < 3; m++) {
		for (opcode = 0; opcode < 256; opcode++) {
			for (i = 0; i < rounds; i++) {
				fill_sample(&random, 0);
				sample[0] = first;
				if (i % 4)
					sample[1] = (sample[1] & maps_and) |
						    maps_or | 0xe0;
				sample[payload + 1] = opcode;
				/* Often an unused vvvv, no mask, no V'. */
				j = payload - (first == 0x62);
				if (i & 8)
					sample[j] |= 0x78;
				if (first == 0x62 && (i & 16))
					sample[j + 1] = (sample[j + 1] & 0x70) | 8;
				if (first == 0x62 && i % 8)
					sample[j] |= 4;
				try_sample(m, NACRE_DECODE_AMD);
			}
		}
	}
	end_trials(what);
}

static void vex2_map(void)
{
	vector_maps("VEX, 2 bytes", 0xc5, 1, 0xff, 0, 800);
}

static void vex3_maps(void)
{
	vector_maps("VEX, 3 bytes", 0xc4, 2, 0xe3, 0, 3000);
}

static void xop_maps(void)
{
	vector_maps("XOP", 0x8f, 2, 0xe3, 8, 1500);
}

static void evex_maps(void)
{
	vector_maps("EVEX", 0x62, 3, 0xf7, 0, 6000);
}

/* Half of them plain noise, half with prefixes as code has them. */
static void random_strings(void)
{
	static const u8 common[] = {
		0x66, 0xf2, 0xf3, 0xf0, 0x67, 0x2e, 0x36, 0x3e, 0x26, 0x64,
		0x65, 0x40, 0x48, 0x4f, 0x0f, 0xc4, 0xc5, 0x62, 0x8f,
	};
	u64 random = 7, bits;
	unsigned long i;
	unsigned int n;

	begin_trials();
	for (i = 0; i < RANDOM_STRINGS; i++) {
		fill_sample(&random, 0);
		bits = host_random(&random);
		for (n = 0; i % 2 && n < sizeof(sample) && bits & 1; n++) {
			sample[n] = common[(bits >> 32) % ARRAY_SIZE(common)];
			bits = bits >> 1 ^ host_random(&random) << 24;
		}
		try_sample(i % 3, bits >> 63);
	}
	end_trials("random bytes");
}

/* What the bytes at hand allow to say: nothing, or all there is. */
static void truncated_strings(void)
{
	u64 random = 11;
	unsigned long i, whole = 0;
	unsigned int n;

	for (i = 0; i < 200000; i++) {
		struct nacre_insn insn, part;
		enum nacre_decode_result result, last;

		fill_sample(&random, 0);
		if (i % 4 == 0)
			sample[0] = "\x62\xc4\xc5\x0f"[i / 4 % 4];
		result = nacre_decode(sample, 16, modes[i % 3], i & 1, &insn);
		last = NACRE_DECODE_MORE;
		for (n = 0; n < 16; n++) {
			u8 *exact = malloc(n ? n : 1);

			memcpy(exact, sample, n);
			last = nacre_decode(exact, n, modes[i % 3], i & 1,
					    &part);
			free(exact);
			if (last != NACRE_DECODE_MORE)
				break;
		}
		EXPECT_EQ(last, result);
		if (result != NACRE_DECODE_OK)
			continue;
		whole++;
		EXPECT_EQ(n, insn.length);
		EXPECT(!memcmp(&part, &insn, sizeof(insn)));
	}
	host_note("%lu strings cut at every length, %lu instructions", i,
		  whole);
}

/* ---- real code ---- */

struct image {
	u8 *bytes;
	size_t size;
};

static bool read_image(const char *path, struct image *image)
{
	FILE *file = fopen(path, "rb");
	long size;

	if (!file)
		return false;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	image->bytes = size > 0 ? malloc(size) : NULL;
	image->size = image->bytes ? fread(image->bytes, 1, size, file) : 0;
	fclose(file);
	return image->size > sizeof(Elf64_Ehdr);
}

/* Linear sweep; where they cannot read on, both skip a byte. */
static void sweep_code(const u8 *code, size_t size, unsigned int m)
{
	size_t at = 0;

	while (at < size) {
		size_t rest = size - at;
		struct trial t;

		try_bytes(m, NACRE_DECODE_AMD, code + at, rest < 15 ? rest : 15,
			  &t);
		if (rest >= 15 && !agree(&t) && !is_excused(&t)) {
			memset(sample, 0, sizeof(sample));
			memcpy(sample, code + at, 15);
			if (disagreements++ < 20)
				report(&t);
			host_case_failed = true;
		}
		at += they_accept(&t) ? t.theirs.length : 1;
	}
}

static unsigned int sweep_sections(const struct image *image)
{
	const Elf64_Ehdr *header = (const void *)image->bytes;
	unsigned int i, swept = 0;

	if (memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_shoff > image->size ||
	    header->e_shnum > (image->size - header->e_shoff) /
	    sizeof(Elf64_Shdr))
		return 0;
	for (i = 0; i < header->e_shnum; i++) {
		const Elf64_Shdr *section = (const void *)(image->bytes +
			header->e_shoff + i * sizeof(Elf64_Shdr));

		if (section->sh_type != SHT_PROGBITS ||
		    !(section->sh_flags & SHF_EXECINSTR) ||
		    section->sh_offset > image->size ||
		    section->sh_size > image->size - section->sh_offset)
			continue;
		sweep_code(image->bytes + section->sh_offset, section->sh_size,
			   2);
		swept++;
	}
	return swept;
}

static void real_code(void)
{
	static const char * const paths[] = {
		"/proc/self/exe",
		"/lib/x86_64-linux-gnu/libc.so.6",
		"/lib/x86_64-linux-gnu/libm.so.6",
		"/lib/x86_64-linux-gnu/libcrypto.so.3",
		"/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
	};
	unsigned int i, images = 0;

	begin_trials();
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		struct image image = { 0 };

		if (read_image(paths[i], &image))
			images += !!sweep_sections(&image);
		free(image.bytes);
	}
	host_note("%u programs: %lu places, %lu instructions, %lu disagreements",
		  images, trials, accepted, disagreements);
	EXPECT(images > 0 && accepted > 10000 && !disagreements);
}

static void print_excuses(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(excuses); i++) {
		host_note("%lu times: %s", excuses[i].count, excuses[i].why);
		/* One that nothing needs any more has to go. */
		EXPECT(excuses[i].count > 0);
	}
}

static const struct host_case cases[] = {
	HOST_CASE(legacy_maps),
	HOST_CASE(suffixes_3dnow),
	HOST_CASE(vex2_map),
	HOST_CASE(vex3_maps),
	HOST_CASE(xop_maps),
	HOST_CASE(evex_maps),
	HOST_CASE(random_strings),
	HOST_CASE(truncated_strings),
	HOST_CASE(real_code),
	HOST_CASE(print_excuses),
};

HOST_MAIN(cases)
