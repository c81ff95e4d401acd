/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One instruction on this processor, in user mode: with all registers and
 * segments chosen, and with all of them told afterwards. What ends it is
 * always an exception: its own, or that of the HLT behind each way out of it.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include "host_types.h"

#define NATIVE_PAGE	4096u

/*
 * An arena below 2 GiB: nothing, code, nothing, two pages of data, one that is
 * read-only, nothing.
 */
enum {
	NATIVE_CODE = 1, NATIVE_DATA = 3, NATIVE_READ_ONLY = 5,
	NATIVE_PAGES = 7
};

#define NATIVE_DATA_BYTES	(3 * NATIVE_PAGE)
#define NATIVE_GS_BASE		0x123450ull

/* What the local descriptor table has, each of them in the test's hands. */
enum native_descriptor {
	LDT_CODE32, LDT_CODE16, LDT_FLAT_CODE, LDT_FLAT, LDT_DATA32,
	LDT_DATA16, LDT_READ_ONLY, LDT_DOWN16, LDT_DOWN32, LDT_ABSENT,
	LDT_EXECUTE_ONLY, LDT_ABSENT_CODE, LDT_EMPTY, LDT_BEHIND,
	LDT_NR
};

#define LDT_SELECTOR(index)	((index) << 3 | 7)

struct native_regs {
	u64 gpr[16];
	u64 rip, rflags;
	u16 cs, ss, ds, es, gs;
	u8 vector[16][32];
};

struct native_fault {
	unsigned int vector;
	u32 error;
	u64 address;
};

extern u8 *native_arena;
extern bool native_has_ymm;
/* As the processor reads them. */
extern u64 native_ldt[LDT_NR];

/* False: not on this system. */
bool native_prepare(void);
/* GS has a base in 64-bit mode; the others leave it to its selector. */
void native_mode(u8 mode);
void native_run(struct native_regs *regs, struct native_fault *fault);

static inline u8 *native_page(unsigned int page)
{
	return native_arena + page * NATIVE_PAGE;
}

#endif
