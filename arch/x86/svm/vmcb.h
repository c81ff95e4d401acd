/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtual machine control block, AMD APM volume 2, "Layout of VMCB".
 *
 * The processor may keep groups of fields across VMRUN and reads a group again
 * only when its clean bit is 0. Whoever writes such a field uses its setter
 * below, which clears the bit; the rest may be written directly.
 */
#ifndef NACRE_SVM_VMCB_H
#define NACRE_SVM_VMCB_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

/*
 * What makes a guest exit. Below 0xc0 the code of an exit is also the number
 * of the intercept bit that asks for it, counted from the VMCB's first byte.
 */
enum svm_code {
	SVM_READ_CR0		= 0x00,
	SVM_READ_CR4		= 0x04,
	SVM_WRITE_CR0		= 0x10,
	SVM_WRITE_CR4		= 0x14,
	SVM_WRITE_CR8		= 0x18,
	SVM_READ_DR0		= 0x20,
	SVM_READ_DR7		= 0x27,
	SVM_WRITE_DR0		= 0x30,
	SVM_WRITE_DR7		= 0x37,
	SVM_EXCEPTION		= 0x40,	/* + vector */
	SVM_INTR		= 0x60,
	SVM_NMI			= 0x61,
	SVM_SMI			= 0x62,
	SVM_INIT		= 0x63,
	SVM_VINTR		= 0x64,	/* a virtual interrupt could be taken */
	SVM_CR0_SEL_WRITE	= 0x65,	/* CR0 write beyond TS and MP */
	SVM_RDPMC		= 0x6f,
	SVM_CPUID		= 0x72,
	SVM_RSM			= 0x73,
	SVM_IRET		= 0x74,
	SVM_INVD		= 0x76,
	SVM_PAUSE		= 0x77,
	SVM_HLT			= 0x78,
	SVM_INVLPGA		= 0x7a,
	SVM_IOIO		= 0x7b,
	SVM_MSR			= 0x7c,
	SVM_TASK_SWITCH		= 0x7d,
	SVM_SHUTDOWN		= 0x7f,
	SVM_VMRUN		= 0x80,
	SVM_VMMCALL		= 0x81,
	SVM_VMLOAD		= 0x82,
	SVM_VMSAVE		= 0x83,
	SVM_STGI		= 0x84,
	SVM_CLGI		= 0x85,
	SVM_SKINIT		= 0x86,
	SVM_RDTSCP		= 0x87,
	SVM_WBINVD		= 0x89,
	SVM_MONITOR		= 0x8a,
	SVM_MWAIT		= 0x8b,
	SVM_MWAIT_ARMED		= 0x8c,
	SVM_XSETBV		= 0x8d,
	SVM_RDPRU		= 0x8e,
	SVM_INVPCID		= 0xa2,
	SVM_INTERCEPTS		= 0xc0,	/* as many bits there are */
	SVM_NPF			= 0x400,
	SVM_INVALID		= 0xffffffff,	/* VMRUN refused the VMCB */
};

#define VMCB_INTERCEPT_WORDS	(SVM_INTERCEPTS / 32)

struct vmcb_control {
	u32 intercept[VMCB_INTERCEPT_WORDS];	/* 000 */
	u8 reserved_018[0x24];			/* 018 */
	u16 pause_threshold;			/* 03c */
	u16 pause_count;			/* 03e */
	u64 iopm;				/* 040 */
	u64 msrpm;				/* 048 */
	u64 tsc_offset;				/* 050 */
	u32 asid;				/* 058 */
	u8 tlb_control;				/* 05c */
	u8 reserved_05d[3];			/* 05d */
	u32 int_control;			/* 060 */
	u32 int_vector;				/* 064 */
	u64 int_state;				/* 068 */
	u64 exit_code;				/* 070 */
	u64 exit_info1;				/* 078 */
	u64 exit_info2;				/* 080 */
	u64 exit_int_info;			/* 088 */
	u64 nested_control;			/* 090 */
	u8 reserved_098[0x10];			/* 098 */
	u64 event_inj;				/* 0a8 */
	u64 nested_cr3;				/* 0b0 */
	u64 virt_ext;				/* 0b8 */
	u32 clean;				/* 0c0 */
	u32 reserved_0c4;			/* 0c4 */
	u64 next_rip;				/* 0c8 */
	u8 insn_bytes_fetched;			/* 0d0 */
	u8 insn_bytes[15];			/* 0d1 */
	u8 reserved_0e0[0x320];			/* 0e0 */
};
static_assert(offsetof(struct vmcb_control, pause_threshold) == 0x03c);
static_assert(offsetof(struct vmcb_control, tsc_offset) == 0x050);
static_assert(offsetof(struct vmcb_control, int_control) == 0x060);
static_assert(offsetof(struct vmcb_control, nested_control) == 0x090);
static_assert(offsetof(struct vmcb_control, event_inj) == 0x0a8);
static_assert(offsetof(struct vmcb_control, next_rip) == 0x0c8);
static_assert(sizeof(struct vmcb_control) == 0x400);

/* 03c, 03e: both only with the processor's pause filter. */
#define VMCB_PAUSE_COUNT	3000
#define VMCB_PAUSE_THRESHOLD	128

/* 05c tlb_control: what VMRUN flushes */
#define VMCB_TLB_KEEP		0
#define VMCB_TLB_FLUSH_ALL	1	/* every ASID, also the host's */
#define VMCB_TLB_FLUSH_ASID	3	/* this guest's */

/* 060 int_control */
#define VMCB_V_TPR		GENMASK(7, 0)
#define VMCB_V_IRQ		BIT(8)
#define VMCB_V_INTR_PRIO	GENMASK(19, 16)
#define VMCB_V_IGN_TPR		BIT(20)
#define VMCB_V_INTR_MASKING	BIT(24)	/* guest's IF and TPR are its own */

/* 068 int_state */
#define VMCB_INTERRUPT_SHADOW	BIT_ULL(0)

/* 078 exit_info1 of SVM_IOIO; exit_info2 is the next RIP */
#define VMCB_IO_IN		BIT_ULL(0)
#define VMCB_IO_STRING		BIT_ULL(2)
#define VMCB_IO_REP		BIT_ULL(3)
#define VMCB_IO_SIZE		GENMASK_ULL(6, 4)	/* bytes: one bit set */
#define VMCB_IO_PORT		GENMASK_ULL(31, 16)

/* 078 exit_info1 of SVM_MSR */
#define VMCB_MSR_WRITE		BIT_ULL(0)

/* EXITINFO2 of a task switch. */
#define VMCB_TASK_IRET		BIT_ULL(36)
#define VMCB_TASK_JMP		BIT_ULL(38)

/* 078 exit_info1 of SVM_NPF; exit_info2 is the guest-physical address */
#define VMCB_NPF_PRESENT	BIT_ULL(0)
#define VMCB_NPF_WRITE		BIT_ULL(1)
#define VMCB_NPF_RESERVED	BIT_ULL(3)
#define VMCB_NPF_FETCH		BIT_ULL(4)
#define VMCB_NPF_WALK		BIT_ULL(33)

/* 088 exit_int_info, 0a8 event_inj: the lower half as in event_word.h */
#define VMCB_EVENT_VALID	BIT_ULL(31)
#define VMCB_EVENT_ERROR	GENMASK_ULL(63, 32)

/* 090 nested_control */
#define VMCB_NESTED_PAGING	BIT_ULL(0)

/* 0c0 clean: groups of fields that VMRUN may take from its cache */
#define VMCB_CLEAN_INTERCEPTS	BIT(0)	/* 000-058, pause filter */
#define VMCB_CLEAN_BITMAPS	BIT(1)
#define VMCB_CLEAN_ASID		BIT(2)
#define VMCB_CLEAN_INT		BIT(3)	/* 060-067 */
#define VMCB_CLEAN_NESTED	BIT(4)	/* nested CR3, PAT */
#define VMCB_CLEAN_CR		BIT(5)	/* CR0, CR3, CR4, EFER */
#define VMCB_CLEAN_DR		BIT(6)
#define VMCB_CLEAN_TABLES	BIT(7)	/* GDTR, IDTR */
#define VMCB_CLEAN_SEGMENTS	BIT(8)	/* CS, DS, SS, ES, CPL */
#define VMCB_CLEAN_CR2		BIT(9)
#define VMCB_CLEAN_ALL		GENMASK(9, 0)

struct vmcb_segment {
	u16 selector;
	u16 attributes;
	u32 limit;
	u64 base;
};

/* A descriptor's bits 40-47 and 52-55, put together. */
#define VMCB_SEG_TYPE		GENMASK(3, 0)
#define VMCB_SEG_S		BIT(4)
#define VMCB_SEG_DPL		GENMASK(6, 5)
#define VMCB_SEG_PRESENT	BIT(7)
#define VMCB_SEG_AVL		BIT(8)
#define VMCB_SEG_LONG		BIT(9)
#define VMCB_SEG_DB		BIT(10)
#define VMCB_SEG_GRANULARITY	BIT(11)

struct vmcb_save {
	struct vmcb_segment es;			/* 000 */
	struct vmcb_segment cs;			/* 010 */
	struct vmcb_segment ss;			/* 020 */
	struct vmcb_segment ds;			/* 030 */
	struct vmcb_segment fs;			/* 040 VMLOAD, VMSAVE */
	struct vmcb_segment gs;			/* 050 VMLOAD, VMSAVE */
	struct vmcb_segment gdtr;		/* 060 */
	struct vmcb_segment ldtr;		/* 070 VMLOAD, VMSAVE */
	struct vmcb_segment idtr;		/* 080 */
	struct vmcb_segment tr;			/* 090 VMLOAD, VMSAVE */
	u8 reserved_0a0[0x2b];			/* 0a0 */
	u8 cpl;					/* 0cb */
	u32 reserved_0cc;			/* 0cc */
	u64 efer;				/* 0d0 */
	u8 reserved_0d8[0x70];			/* 0d8 */
	u64 cr4;				/* 148 */
	u64 cr3;				/* 150 */
	u64 cr0;				/* 158 */
	u64 dr7;				/* 160 */
	u64 dr6;				/* 168 */
	u64 rflags;				/* 170 */
	u64 rip;				/* 178 */
	u8 reserved_180[0x58];			/* 180 */
	u64 rsp;				/* 1d8 */
	u8 reserved_1e0[0x18];			/* 1e0 */
	u64 rax;				/* 1f8 */
	u64 star;				/* 200 from here to 238: */
	u64 lstar;				/* 208 VMLOAD, VMSAVE */
	u64 cstar;				/* 210 */
	u64 sfmask;				/* 218 */
	u64 kernel_gs_base;			/* 220 */
	u64 sysenter_cs;			/* 228 */
	u64 sysenter_esp;			/* 230 */
	u64 sysenter_eip;			/* 238 */
	u64 cr2;				/* 240 */
	u8 reserved_248[0x20];			/* 248 */
	u64 pat;				/* 268 */
	u8 reserved_270[0x990];			/* 270 */
};
static_assert(offsetof(struct vmcb_save, cpl) == 0x0cb);
static_assert(offsetof(struct vmcb_save, efer) == 0x0d0);
static_assert(offsetof(struct vmcb_save, cr4) == 0x148);
static_assert(offsetof(struct vmcb_save, rsp) == 0x1d8);
static_assert(offsetof(struct vmcb_save, rax) == 0x1f8);
static_assert(offsetof(struct vmcb_save, cr2) == 0x240);
static_assert(offsetof(struct vmcb_save, pat) == 0x268);
static_assert(sizeof(struct vmcb_save) == 0xc00);

struct vmcb {
	struct vmcb_control control;
	struct vmcb_save save;
};
static_assert(sizeof(struct vmcb) == 0x1000);

static inline void vmcb_dirty(struct vmcb *vmcb, u32 groups)
{
	vmcb->control.clean &= ~groups;
}

/* vmcb_set_cr0(vmcb, value) and its kin: write if it differs, mark dirty. */
#define VMCB_SETTER(_name, _field, _group)				\
static inline void vmcb_set_##_name(struct vmcb *vmcb, u64 value)	\
{									\
	if (vmcb->_field == value)					\
		return;							\
	vmcb->_field = value;						\
	vmcb_dirty(vmcb, VMCB_CLEAN_##_group);				\
}
VMCB_SETTER(tsc_offset, control.tsc_offset, INTERCEPTS)
VMCB_SETTER(asid, control.asid, ASID)
VMCB_SETTER(int_control, control.int_control, INT)
VMCB_SETTER(nested_cr3, control.nested_cr3, NESTED)
VMCB_SETTER(pat, save.pat, NESTED)
VMCB_SETTER(cr0, save.cr0, CR)
VMCB_SETTER(cr3, save.cr3, CR)
VMCB_SETTER(cr4, save.cr4, CR)
VMCB_SETTER(efer, save.efer, CR)
VMCB_SETTER(dr6, save.dr6, DR)
VMCB_SETTER(dr7, save.dr7, DR)
VMCB_SETTER(cpl, save.cpl, SEGMENTS)
VMCB_SETTER(cr2, save.cr2, CR2)
#undef VMCB_SETTER

static inline bool vmcb_intercepts(const struct vmcb *vmcb, enum svm_code code)
{
	return vmcb->control.intercept[code / 32] & BIT(code % 32);
}

static inline void vmcb_intercept(struct vmcb *vmcb, enum svm_code code,
				  bool on)
{
	u32 *word = &vmcb->control.intercept[code / 32];
	u32 value = on ? *word | BIT(code % 32) : *word & ~BIT(code % 32);

	if (*word == value)
		return;
	*word = value;
	vmcb_dirty(vmcb, VMCB_CLEAN_INTERCEPTS);
}

#endif /* NACRE_SVM_VMCB_H */
