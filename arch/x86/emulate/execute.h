/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the files of the emulator. The first thing that goes wrong sticks,
 * so each step may run on zeros behind it and only the end looks.
 */
#ifndef NACRE_EXECUTE_H
#define NACRE_EXECUTE_H

#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "arch/x86/emulate/emulate.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R11 = 11 };
enum { ES, CS, SS, DS, FS, GS, TR, LDTR };

enum {
	DE = 0, DB = 1, BP = 3, OF = 4, BR = 5, UD = 6, NM = 7, TS = 10,
	NP = 11, SF = 12, GP = 13, PF = 14, AC = 17
};

#define ATTR_TYPE	0x00f
#define ATTR_ACCESSED	0x001
#define ATTR_WRITABLE	0x002	/* of code: readable */
#define ATTR_DOWN	0x004	/* of code: conforming */
#define ATTR_CODE	0x008
#define ATTR_S		0x010
#define ATTR_DPL	0x060
#define ATTR_P		0x080
#define ATTR_L		0x200
#define ATTR_DB		0x400
#define ATTR_G		0x800
#define DPL(attributes)	((attributes) >> 5 & 3)

static inline u64 *gpr(struct nacre_emulator *e)
{
	return e->next.regs.gpr;
}

static inline bool stopped(const struct nacre_emulator *e)
{
	return e->result != NACRE_EMU_DONE;
}

static inline bool is_64bit(const struct nacre_emulator *e)
{
	return e->mode == 64;
}

static inline bool is_long_mode(const struct nacre_emulator *e)
{
	return e->next.efer & EFER_LMA;
}

static inline bool is_vm86(const struct nacre_emulator *e)
{
	return e->next.regs.rflags & X86_EFLAGS_VM;
}

/* With descriptors: neither real mode nor virtual-8086. */
static inline bool is_protected(const struct nacre_emulator *e)
{
	return e->next.cr0 & X86_CR0_PE && !is_vm86(e);
}

static inline u8 iopl(const struct nacre_emulator *e)
{
	return e->next.regs.rflags >> 12 & 3;
}

static inline bool is_amd(const struct nacre_emulator *e)
{
	return e->vendor == NACRE_DECODE_AMD;
}

static inline void set_register(struct nacre_emulator *e, u8 reg, u8 size,
				u64 value)
{
	nacre_set_part(&gpr(e)[reg], size, 0, value);
}

static inline void set_flags(struct nacre_emulator *e, u64 changed, u64 flags)
{
	u64 *rflags = &e->next.regs.rflags;

	*rflags = (*rflags & ~changed) | (flags & changed);
}

/* memory.c */
void nacre_emu_stop(struct nacre_emulator *e, enum nacre_emulated result);
void nacre_emu_raise(struct nacre_emulator *e, u8 vector, u32 error);

/* False as soon as anything is wrong. */
static inline bool require(struct nacre_emulator *e, bool holds, u8 vector)
{
	if (!holds)
		nacre_emu_raise(e, vector, 0);
	return !stopped(e);
}

bool nacre_emu_canonical(const struct nacre_emulator *e, u64 address);
u64 nacre_emu_unchecked(const struct nacre_emulator *e, u8 seg, u64 offset);
u64 nacre_emu_linear(struct nacre_emulator *e, u8 seg, u64 offset,
		     unsigned int size, bool write);
u64 nacre_emu_address(struct nacre_emulator *e);
u8 nacre_emu_segment(const struct nacre_emulator *e);
u64 nacre_emu_operand(struct nacre_emulator *e, unsigned int size, u8 align,
		      bool write);
void nacre_emu_get(struct nacre_emulator *e, u64 linear, void *data,
		   unsigned int size, u32 how);
void nacre_emu_put(struct nacre_emulator *e, u64 linear, const void *data,
		   unsigned int size, u32 how);
u64 nacre_emu_read(struct nacre_emulator *e, u8 seg, u64 offset, u8 size);
void nacre_emu_write(struct nacre_emulator *e, u8 seg, u64 offset, u64 value,
		     u8 size);
u64 nacre_emu_read_system(struct nacre_emulator *e, u64 linear, u8 size);
void nacre_emu_write_system(struct nacre_emulator *e, u64 linear, u64 value,
			    u8 size);
void nacre_emu_push(struct nacre_emulator *e, u64 value, u8 size);
void nacre_emu_push_return(struct nacre_emulator *e, u8 size);
u64 nacre_emu_peek(struct nacre_emulator *e, unsigned int index, u8 size);
u64 nacre_emu_pop(struct nacre_emulator *e, u8 size);
u8 nacre_emu_stack_size(const struct nacre_emulator *e);
u32 nacre_emu_how(const struct nacre_emulator *e, u32 how);
void nacre_emu_commit(struct nacre_emulator *e);

/* What an instruction's row says that has to hold. */
#define NEED_CPL0	BIT(0)	/* else #GP */
#define NEED_PROTECTED	BIT(1)	/* else #UD */
#define NEED_IOPL	BIT(2)	/* else #GP */
#define NEED_UMIP	BIT(3)	/* without it, or level 0; else #GP */
#define ON_MEMORY	BIT(4)	/* else it is another row's */
#define NEED_SSE	BIT(5)
#define NEED_X87	BIT(6)
#define WITH(prefix)	(BIT(NACRE_SIMD_##prefix) << 8)
#define PREFIXES(needs)	((needs) >> 8 & 15)
#define ON_REGISTER	BIT(12)
#define VEX_TOO		BIT(13)	/* the same, with either encoding */
#define NOT_64BIT	BIT(14)	/* there it is another instruction */

struct nacre_emu_row {
	u8 map, first, last, extensions;
	u16 needs;
	void (*run)(struct nacre_emulator *e);
};

#define ALL		0xff
#define ONE(byte)	NACRE_MAP_1BYTE, byte, byte
#define RANGE(a, b)	NACRE_MAP_1BYTE, a, b
#define ONE_0F(byte)	NACRE_MAP_0F, byte, byte
#define RANGE_0F(a, b)	NACRE_MAP_0F, a, b

/* Each ends with a row that has no function. */
extern const struct nacre_emu_row nacre_emu_integer[];
extern const struct nacre_emu_row nacre_emu_flow[];
extern const struct nacre_emu_row nacre_emu_string[];
extern const struct nacre_emu_row nacre_emu_segments[];
extern const struct nacre_emu_row nacre_emu_far[];
extern const struct nacre_emu_row nacre_emu_system[];
extern const struct nacre_emu_row nacre_emu_vector[];

static inline u8 extension(const struct nacre_emulator *e)
{
	return e->insn->modrm >> 3 & 7;
}

static inline bool is_vex(const struct nacre_emulator *e)
{
	return e->insn->prefixes & NACRE_PFX_VEX;
}

static inline bool on_memory(const struct nacre_emulator *e)
{
	return e->insn->has_modrm && e->insn->modrm >> 6 != 3;
}

/* execute.c */
u64 nacre_emu_rm(struct nacre_emulator *e, u8 size);
void nacre_emu_set_rm(struct nacre_emulator *e, u8 size, u64 value);
void nacre_emu_store_word(struct nacre_emulator *e, u64 value);

void nacre_emu_finish(struct nacre_emulator *e);

/* flow.c; of flags: what POPF may change, and IRET also. */
void nacre_emu_jump(struct nacre_emulator *e, u64 rip, u8 size);
void nacre_emu_set_flags(struct nacre_emulator *e, u64 flags, u64 also,
			 u8 size);

/* string.c: are the ports the task's, else #GP. */
bool nacre_emu_port_allowed(struct nacre_emulator *e, u16 port, u8 size);

/* segment.c */
struct nacre_emu_descriptor {
	u64 address;		/* linear, to mark it */
	u64 base;		/* of a gate: the offset */
	u32 limit;
	u16 selector;		/* that it was found by */
	u16 target;		/* of a gate: the selector */
	u16 attributes;
	u8 words;		/* of a gate: parameters, or the IST */
};

/* Types of system descriptors; those of long mode are the 32-bit ones. */
enum {
	TYPE_TSS16 = 1, TYPE_LDT, TYPE_TSS16_BUSY, TYPE_CALL16, TYPE_TASK_GATE,
	TYPE_INTERRUPT16, TYPE_TRAP16,
	TYPE_TSS32 = 9, TYPE_TSS32_BUSY = 11, TYPE_CALL32 = 12,
	TYPE_INTERRUPT32 = 14, TYPE_TRAP32,
};

#define TYPE_BUSY	2	/* of a TSS */

static inline bool is_system(const struct nacre_emu_descriptor *d, u8 type)
{
	return (d->attributes & (ATTR_S | ATTR_TYPE)) == type;
}

/* The selector of an error code. */
static inline u16 error_of(const struct nacre_emulator *e, u16 selector)
{
	return (selector & ~3) | e->external;
}

static inline bool is_conforming(u16 attributes)
{
	return (attributes & (ATTR_CODE | ATTR_DOWN)) ==
	       (ATTR_CODE | ATTR_DOWN);
}

/* @vector unless it is what it has to be, @absent if it is not there. */
static inline void check_descriptor(struct nacre_emulator *e,
				    const struct nacre_emu_descriptor *d,
				    bool ok, u8 vector, u8 absent)
{
	if (!ok || !(d->attributes & ATTR_P))
		nacre_emu_raise(e, ok ? absent : vector,
				error_of(e, d->selector));
}

/* @vector if there is none such; a system one of long mode is @wide. */
void nacre_emu_parse(struct nacre_emulator *e, u64 address, bool wide,
		     struct nacre_emu_descriptor *d);
bool nacre_emu_descriptor(struct nacre_emulator *e, u16 selector, u8 vector,
			  struct nacre_emu_descriptor *d);
void nacre_emu_load(struct nacre_emulator *e, u8 seg,
		    struct nacre_emu_descriptor *d);
bool nacre_emu_is_code(const struct nacre_emulator *e, u16 attributes);
void nacre_emu_load_segment(struct nacre_emulator *e, u8 seg, u16 selector,
			    u8 vector);
/* @absent if it is not there. */
void nacre_emu_load_ldt(struct nacre_emulator *e, u16 selector, u8 vector,
			u8 absent);
/* The stack of @cpl. */
void nacre_emu_load_stack(struct nacre_emulator *e, u16 selector, u8 cpl,
			  u8 vector, u8 absent);
u8 nacre_emu_code_mode(const struct nacre_emulator *e, u16 attributes);
void nacre_emu_load_code(struct nacre_emulator *e,
			 struct nacre_emu_descriptor *d, u8 cpl, u64 rip,
			 u8 size);
void nacre_emu_load_real(struct nacre_emulator *e, u8 seg, u16 selector);
u8 nacre_emu_far_size(const struct nacre_emulator *e);
u16 nacre_emu_far_pointer(struct nacre_emulator *e, u64 *offset);

/* interrupt.c */
void nacre_emu_interrupt(struct nacre_emulator *e, u8 vector,
			 enum nacre_emu_event event, bool has_error,
			 u32 error);
void nacre_emu_switch_stack(struct nacre_emulator *e, u8 cpl, u8 ist, u8 size,
			    unsigned int words, u8 align);

/* task.c */
void nacre_emu_switch_task(struct nacre_emulator *e, u16 selector,
			   enum nacre_emu_task_source source, bool has_error,
			   u32 error);

/* system.c */
void nacre_emu_write_cr(struct nacre_emulator *e, u8 number, u64 value);

#endif /* NACRE_EXECUTE_H */
