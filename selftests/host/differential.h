/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A trial of the emulator against the processor: what a case is, who makes it
 * (differential_cases.c), and who emulates it in a copy of the native arena
 * (differential_model.c).
 */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include "arch/x86/emulate/emulate.h"
#include "native.h"

/* Bits 0 to 21: the rest of RFLAGS is reserved. */
#define ALL_FLAGS	0x3fffffull

struct form {
	u8 mode;		/* 16, 32, 64 */
	u8 map, opcode, reg;
	bool has_modrm, vex, memory_only, register_only;
	u8 simd;		/* a prefix that it has to have */
};

struct trial {
	const struct form *form;
	u8 mode;
	u8 bytes[16];
	unsigned int at;	/* in the code page */
	struct nacre_insn insn;
	struct native_regs before;

	/* What came of it. */
	enum nacre_emulated result;
	struct nacre_emulator emulated;
	struct native_regs native;
	struct native_fault fault;
	bool foreign;		/* would touch what is not the test's */
	const char *differs;
};

/* ---- differential_cases.c ---- */

u64 rnd(void);
void seed_cases(u64 seed);
bool one_in(unsigned int n);
/* All that there are for a mode; how many. */
unsigned int find_forms(u8 mode, struct form *forms, unsigned int max);
/* Which instructions are left to other tests, and why. */
const char *why_not_native(const struct nacre_insn *insn);
void tell_exclusions(void);
/* False: the form's own prefixes and random ones do not go together. */
bool make_trial(struct trial *t, const struct form *form);

/* ---- differential_model.c ---- */

/* The data pages as the emulator has them. */
extern u8 model_data[NATIVE_DATA_BYTES];

void model_reset(void);
void model_run(struct trial *t);
u64 model_entry(const struct trial *t);
/* The linear address of an instruction pointer. */
u64 model_code(const struct native_regs *regs, u8 mode, u64 rip);
bool model_decode(struct trial *t);

#endif
