/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instruction emulator: a decoded instruction and a processor's state in,
 * its effects out. Knows no hypervisor struct; what is outside the state is
 * reached through a table of operations.
 *
 * Nothing has an effect before everything about an instruction is known to
 * succeed: writes are kept, seen by the instruction's own later reads, and
 * made at its end. So an instruction that needs an answer from elsewhere is
 * simply begun again once that is there. A repeated string is one instruction
 * for each element.
 */
#ifndef NACRE_EMULATE_H
#define NACRE_EMULATE_H

#include "arch/x86/emulate/decode.h"
#include "arch/x86/emulate/memop.h"

/* A string's elements in one call. */
#define NACRE_EMU_REPEAT	256

enum nacre_emulated {
	/*
	 * Finished; of a string perhaps only a part, then RIP is still at it.
	 * The guest's single-step trap is the caller's.
	 */
	NACRE_EMU_DONE,
	/*
	 * Exception. The state is the one before it; of a string behind some
	 * elements, and of a task switch perhaps the new task's.
	 */
	NACRE_EMU_FAULT,
	NACRE_EMU_OUTSIDE,	/* an operation has no answer yet: call again */
	NACRE_EMU_RETRY,	/* others were faster at memory: fetch again */
	NACRE_EMU_UNKNOWN,	/* not emulated */
};

/* In the order of the hardware's numbers. */
enum {
	NACRE_EMU_ES, NACRE_EMU_CS, NACRE_EMU_SS, NACRE_EMU_DS,
	NACRE_EMU_FS, NACRE_EMU_GS, NACRE_EMU_TR, NACRE_EMU_LDTR,
	NACRE_EMU_NR_SEGMENTS
};

/* 7:0 type, S, DPL, P; 8 AVL; 9 L; 10 D/B; 11 G. Unusable: P is 0. */
struct nacre_emu_segment {
	u64 base;
	u32 limit;		/* in bytes */
	u16 selector;
	u16 attributes;
};

struct nacre_emu_table {
	u64 base;
	u16 limit;
};

/* The next instruction is not to be interrupted. */
enum nacre_emu_shadow {
	NACRE_EMU_NO_SHADOW, NACRE_EMU_STI, NACRE_EMU_MOV_SS,
};

struct nacre_emu_state {
	struct nacre_memop_regs regs;
	u64 rip;
	u64 cr0, cr2, cr3, cr4, cr8, efer;
	struct nacre_emu_segment segments[NACRE_EMU_NR_SEGMENTS];
	struct nacre_emu_table gdtr, idtr;
	u8 cpl;
	u8 shadow;		/* enum nacre_emu_shadow */
	bool halted;
	bool nmi_unmasked;	/* by IRET */
	bool new_task;		/* DR7 loses L0 to L3 and LE */
	bool task_trap;		/* #DB: the new task's T */
};

struct nacre_emu_exception {
	u8 vector;
	bool has_error;
	u32 error;
	u64 cr2;		/* of #PF */
};

/* How memory is accessed. Read and write: what is read will be written. */
#define NACRE_EMU_WRITE		(1u << 0)
#define NACRE_EMU_USER		(1u << 1)
#define NACRE_EMU_SYSTEM	(1u << 2)	/* by the processor itself */
#define NACRE_EMU_NEW_CR3	(1u << 3)	/* by what a task switch has loaded */

enum nacre_emu_feature {
	NACRE_EMU_HAS_BMI1, NACRE_EMU_HAS_BMI2, NACRE_EMU_HAS_LZCNT,
	NACRE_EMU_HAS_ADX, NACRE_EMU_HAS_MOVBE, NACRE_EMU_HAS_CX16,
	NACRE_EMU_HAS_SYSCALL, NACRE_EMU_HAS_RDTSCP,
	NACRE_EMU_HAS_AVX,	/* and XCR0 has its state */
	NACRE_EMU_HAS_FSGSBASE, NACRE_EMU_HAS_SMAP, NACRE_EMU_HAS_POPCNT,
	NACRE_EMU_HAS_SSE42, NACRE_EMU_HAS_MMX,
};

struct nacre_emulator;

/*
 * Each operation that can fail answers DONE, OUTSIDE, RETRY, or FAULT with
 * the exception set. An access lies in one page. What is at @linear is known
 * to be writable by probe(), or a read() with WRITE, before write() is called,
 * which then may not fail: a device's write goes to a queue.
 */
struct nacre_emu_ops {
	enum nacre_emulated (*read)(struct nacre_emulator *e, u64 linear,
				    void *data, unsigned int size, u32 how);
	/* May it be accessed so? */
	enum nacre_emulated (*probe)(struct nacre_emulator *e, u64 linear,
				     unsigned int size, u32 how);
	void (*write)(struct nacre_emulator *e, u64 linear, const void *data,
		      unsigned int size, u32 how);
	/* Up to 16 bytes, at once: DONE, or RETRY if they are not @old. */
	enum nacre_emulated (*exchange)(struct nacre_emulator *e, u64 linear,
				       const void *old, const void *data,
				       unsigned int size);
	enum nacre_emulated (*in)(struct nacre_emulator *e, u16 port,
				  unsigned int size, u32 *value);
	enum nacre_emulated (*out)(struct nacre_emulator *e, u16 port,
				   unsigned int size, u32 value);
	/* EFER and the bases of FS and GS are in the state; EFER is asked. */
	enum nacre_emulated (*read_msr)(struct nacre_emulator *e, u32 msr,
					u64 *value);
	enum nacre_emulated (*write_msr)(struct nacre_emulator *e, u32 msr,
					 u64 value);
	/*
	 * CR0, CR3, CR4, CR8: may it be? The state changes at the end. What
	 * such a write flushes, even of the same value, is flushed here.
	 */
	enum nacre_emulated (*check_cr)(struct nacre_emulator *e, u8 number,
					u64 value);
	/* 0 to 3, 6, 7; DR7's GD is the operation's own. */
	enum nacre_emulated (*read_dr)(struct nacre_emulator *e, u8 number,
				       u64 *value);
	enum nacre_emulated (*write_dr)(struct nacre_emulator *e, u8 number,
					u64 value);
	enum nacre_emulated (*invalidate)(struct nacre_emulator *e,
					  u64 linear);
	bool (*has)(struct nacre_emulator *e, enum nacre_emu_feature feature);
	/* EAX, EBX, ECX, EDX; asked for what is in EAX and ECX. */
	void (*cpuid)(struct nacre_emulator *e, u32 regs[4]);
	/* TSC, and what RDTSCP has of TSC_AUX. */
	u64 (*tsc)(struct nacre_emulator *e, u32 *aux);
	/* The guest's own: 32 bytes of a vector register; FXSAVE's image. */
	void (*read_vector)(struct nacre_emulator *e, u8 number, u8 *data);
	void (*write_vector)(struct nacre_emulator *e, u8 number,
			     const u8 *data);
	void (*read_fpu)(struct nacre_emulator *e, u8 *image);
	void (*write_fpu)(struct nacre_emulator *e, const u8 *image);
};

struct nacre_emu_store {
	u64 linear;
	u16 at, size;		/* of the bytes */
	u8 how;
};

#define NACRE_EMU_STORES	48
#define NACRE_EMU_BYTES		640

struct nacre_emulator {
	const struct nacre_emu_ops *ops;
	enum nacre_decode_vendor vendor;
	struct nacre_emu_state state;
	struct nacre_emu_exception exception;

	/* What is below is of the instruction that is being emulated. */
	const struct nacre_insn *insn;
	u8 mode;		/* of the code, 16, 32 or 64; that it goes to */
	struct nacre_memop op;
	enum nacre_emulated result;
	struct nacre_emu_state next;
	struct nacre_emu_store stores[NACRE_EMU_STORES];
	unsigned int nr_stores, used;
	u8 bytes[NACRE_EMU_BYTES];
	bool locked;
	u8 old[16];
	u8 external;		/* EXT of the error codes */
};

/* @insn was decoded at CS:RIP in the state's own mode. */
enum nacre_emulated nacre_emulate(struct nacre_emulator *e,
				  const struct nacre_insn *insn);

enum nacre_emu_event {
	NACRE_EMU_EXCEPTION, NACRE_EMU_INTERRUPT, NACRE_EMU_SOFTWARE,
};

/*
 * Deliver an event through the IDT; a fault in that is the result. A software
 * one is by an instruction of @length that RIP is at.
 */
enum nacre_emulated nacre_emulate_event(struct nacre_emulator *e,
					enum nacre_emu_event event, u8 vector,
					u8 length, bool has_error, u32 error);

enum nacre_emu_task_source {
	NACRE_EMU_TASK_CALL, NACRE_EMU_TASK_IRET, NACRE_EMU_TASK_JMP,
	NACRE_EMU_TASK_EVENT,
};

struct nacre_emu_task {
	u16 selector;		/* of the TSS */
	u8 source;		/* enum nacre_emu_task_source */
	u8 length;		/* of the instruction that it is by, or 0 */
	bool external;		/* by an event that is no instruction's */
	bool has_error;
	u32 error;
};

/* What a processor leaves to do that has looked at all gates. */
enum nacre_emulated nacre_emulate_task(struct nacre_emulator *e,
				       const struct nacre_emu_task *task);

#endif /* NACRE_EMULATE_H */
