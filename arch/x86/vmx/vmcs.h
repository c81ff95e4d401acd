/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtual machine control structure: its fields sorted by encoding, each
 * with its bits below it. Intel SDM, "Virtual Machine Control Structures" and
 * "Field Encoding in VMCS". What is used here, nothing more.
 *
 * Also a host program includes this: see controls.c.
 */
#ifndef NACRE_VMX_VMCS_H
#define NACRE_VMX_VMCS_H

/* For enter.S, which sees nothing else. */
#define VMCS_HOST_RSP_ENCODING		0x6c14

#ifndef __ASSEMBLY__

#include "module/pure.h"

/* An encoding's width; bits 14:13. */
#define VMCS_WIDTH(field)	((field) >> 13 & 3)
#define VMCS_WIDTH_16		0
#define VMCS_WIDTH_64		1
#define VMCS_WIDTH_32		2
#define VMCS_WIDTH_NATURAL	3

enum vmcs_field {
	/* 16 bits */
	VMCS_VPID			= 0x0000,
	VMCS_POSTED_VECTOR		= 0x0002,
	VMCS_GUEST_ES			= 0x0800,	/* selectors, by 2: */
	VMCS_GUEST_CS			= 0x0802,	/* ES CS SS DS FS GS */
	VMCS_GUEST_TR			= 0x080e,	/* LDTR TR */
	VMCS_GUEST_INTERRUPTS		= 0x0810,	/* requested, served */
	VMCS_LOG_INDEX			= 0x0812,
	VMCS_HOST_ES			= 0x0c00,
	VMCS_HOST_CS			= 0x0c02,
	VMCS_HOST_SS			= 0x0c04,
	VMCS_HOST_DS			= 0x0c06,
	VMCS_HOST_FS			= 0x0c08,
	VMCS_HOST_GS			= 0x0c0a,
	VMCS_HOST_TR			= 0x0c0c,

	/* 64 bits: control */
	VMCS_MSR_BITMAP			= 0x2004,
	VMCS_LOG			= 0x200e,
	VMCS_TSC_OFFSET			= 0x2010,
	VMCS_APIC_PAGE			= 0x2012,
	VMCS_APIC_ACCESS		= 0x2014,
	VMCS_POSTED			= 0x2016,
	VMCS_EPTP			= 0x201a,
	VMCS_EOI_EXITS0			= 0x201c,	/* four, by 2 */
	VMCS_XSS_EXITING		= 0x202c,
	VMCS_ENCLS_EXITING		= 0x202e,
	VMCS_TSC_MULTIPLIER		= 0x2032,
	/* exit information */
	VMCS_EXIT_GPA			= 0x2400,
	/* guest */
	VMCS_LINK			= 0x2800,
	VMCS_GUEST_DEBUGCTL		= 0x2802,
	VMCS_GUEST_PAT			= 0x2804,
	VMCS_GUEST_EFER			= 0x2806,
	VMCS_GUEST_PDPTE0		= 0x280a,	/* four, by 2 */
	/* host */
	VMCS_HOST_PAT			= 0x2c00,
	VMCS_HOST_EFER			= 0x2c02,

	/* 32 bits: control */
	VMCS_PIN			= 0x4000,
	VMCS_PROC			= 0x4002,
	VMCS_EXCEPTIONS			= 0x4004,
	VMCS_PF_MASK			= 0x4006,
	VMCS_PF_MATCH			= 0x4008,
	VMCS_CR3_TARGETS		= 0x400a,
	VMCS_EXIT			= 0x400c,
	VMCS_EXIT_STORE_MSRS		= 0x400e,
	VMCS_EXIT_LOAD_MSRS		= 0x4010,
	VMCS_ENTRY			= 0x4012,
	VMCS_ENTRY_LOAD_MSRS		= 0x4014,
	VMCS_ENTRY_EVENT		= 0x4016,
	VMCS_ENTRY_ERROR		= 0x4018,
	VMCS_ENTRY_LENGTH		= 0x401a,
	VMCS_CR8_THRESHOLD		= 0x401c,
	VMCS_PROC2			= 0x401e,
	VMCS_PLE_GAP			= 0x4020,
	VMCS_PLE_WINDOW			= 0x4022,
	/* exit information */
	VMCS_INSN_ERROR			= 0x4400,
	VMCS_EXIT_REASON		= 0x4402,
	VMCS_EXIT_EVENT			= 0x4404,
	VMCS_EXIT_ERROR			= 0x4406,
	VMCS_VECTORING			= 0x4408,
	VMCS_VECTORING_ERROR		= 0x440a,
	VMCS_EXIT_LENGTH		= 0x440c,
	/* guest */
	VMCS_GUEST_ES_LIMIT		= 0x4800,	/* eight, by 2 */
	VMCS_GUEST_GDTR_LIMIT		= 0x4810,	/* and IDTR, by 2 */
	VMCS_GUEST_ES_RIGHTS		= 0x4814,	/* eight, by 2 */
	VMCS_GUEST_CS_RIGHTS		= 0x4816,
	VMCS_GUEST_SS_RIGHTS		= 0x4818,
	VMCS_GUEST_TR_RIGHTS		= 0x4822,
	VMCS_GUEST_INT_STATE		= 0x4824,
	VMCS_GUEST_ACTIVITY		= 0x4826,
	VMCS_GUEST_SYSENTER_CS		= 0x482a,
	VMCS_PREEMPTION_TIMER		= 0x482e,
	/* host */
	VMCS_HOST_SYSENTER_CS		= 0x4c00,

	/* natural width: control */
	VMCS_CR0_MASK			= 0x6000,
	VMCS_CR4_MASK			= 0x6002,
	VMCS_CR0_SHADOW			= 0x6004,
	VMCS_CR4_SHADOW			= 0x6006,
	/* exit information */
	VMCS_QUALIFICATION		= 0x6400,
	/* guest */
	VMCS_GUEST_CR0			= 0x6800,
	VMCS_GUEST_CR3			= 0x6802,
	VMCS_GUEST_CR4			= 0x6804,
	VMCS_GUEST_ES_BASE		= 0x6806,	/* eight, by 2 */
	VMCS_GUEST_FS_BASE		= 0x680e,
	VMCS_GUEST_GS_BASE		= 0x6810,
	VMCS_GUEST_GDTR_BASE		= 0x6816,	/* and IDTR, by 2 */
	VMCS_GUEST_DR7			= 0x681a,
	VMCS_GUEST_RSP			= 0x681c,
	VMCS_GUEST_RIP			= 0x681e,
	VMCS_GUEST_RFLAGS		= 0x6820,
	VMCS_GUEST_PENDING_DEBUG	= 0x6822,
	VMCS_GUEST_SYSENTER_ESP		= 0x6824,
	VMCS_GUEST_SYSENTER_EIP		= 0x6826,
	/* host */
	VMCS_HOST_CR0			= 0x6c00,
	VMCS_HOST_CR3			= 0x6c02,
	VMCS_HOST_CR4			= 0x6c04,
	VMCS_HOST_FS_BASE		= 0x6c06,
	VMCS_HOST_GS_BASE		= 0x6c08,
	VMCS_HOST_TR_BASE		= 0x6c0a,
	VMCS_HOST_GDTR_BASE		= 0x6c0c,
	VMCS_HOST_IDTR_BASE		= 0x6c0e,
	VMCS_HOST_SYSENTER_ESP		= 0x6c10,
	VMCS_HOST_SYSENTER_EIP		= 0x6c12,
	VMCS_HOST_RIP			= 0x6c16,
};

/* VMCS_EPTP */
#define EPTP_WRITE_BACK			6
#define EPTP_LEVELS_SHIFT		3	/* one less than there are */
#define EPTP_ACCESSED_DIRTY		BIT(6)

/* VMCS_PIN: "Pin-Based VM-Execution Controls" */
#define PIN_INTERRUPTS			BIT(0)
#define PIN_NMIS			BIT(3)
#define PIN_VIRTUAL_NMIS		BIT(5)
#define PIN_PREEMPTION_TIMER		BIT(6)
#define PIN_POSTED_INTERRUPTS		BIT(7)

/* VMCS_PROC: "Primary Processor-Based VM-Execution Controls" */
#define PROC_INTERRUPT_WINDOW		BIT(2)
#define PROC_TSC_OFFSET			BIT(3)
#define PROC_HLT			BIT(7)
#define PROC_MWAIT			BIT(10)
#define PROC_RDPMC			BIT(11)
#define PROC_CR3_LOAD			BIT(15)
#define PROC_CR3_STORE			BIT(16)
#define PROC_CR8_LOAD			BIT(19)
#define PROC_CR8_STORE			BIT(20)
#define PROC_TPR_SHADOW			BIT(21)
#define PROC_NMI_WINDOW			BIT(22)
#define PROC_MOV_DR			BIT(23)
#define PROC_PORTS			BIT(24)
#define PROC_MSR_BITMAPS		BIT(28)
#define PROC_MONITOR			BIT(29)
#define PROC_SECONDARY			BIT(31)

/* VMCS_EXIT: "VM-Exit Controls" */
#define EXIT_SAVE_DEBUG			BIT(2)
#define EXIT_HOST_64BIT			BIT(9)
#define EXIT_ACKNOWLEDGE		BIT(15)	/* interrupts, by the exit */
#define EXIT_LOAD_PAT			BIT(19)
#define EXIT_LOAD_EFER			BIT(21)

/* VMCS_ENTRY: "VM-Entry Controls" */
#define ENTRY_LOAD_DEBUG		BIT(2)
#define ENTRY_LONG_MODE			BIT(9)
#define ENTRY_LOAD_PAT			BIT(14)
#define ENTRY_LOAD_EFER			BIT(15)

/* VMCS_PROC2: "Secondary Processor-Based VM-Execution Controls" */
#define PROC2_APIC_PAGE			BIT(0)
#define PROC2_EPT			BIT(1)
#define PROC2_RDTSCP			BIT(3)
#define PROC2_X2APIC			BIT(4)
#define PROC2_VPID			BIT(5)
#define PROC2_WBINVD			BIT(6)
#define PROC2_UNRESTRICTED		BIT(7)
#define PROC2_APIC_REGISTERS		BIT(8)
#define PROC2_APIC_DELIVERY		BIT(9)
#define PROC2_PAUSE_LOOP		BIT(10)
#define PROC2_INVPCID			BIT(12)
#define PROC2_ENCLS			BIT(15)
#define PROC2_LOG_WRITES		BIT(17)	/* PML */
#define PROC2_XSAVES			BIT(20)
#define PROC2_TSC_SCALING		BIT(25)

/* VMCS_TSC_MULTIPLIER: bits of its fraction */
#define VMX_TSC_FRACTION		48

/* VMCS_ENTRY_EVENT, VMCS_EXIT_EVENT, VMCS_VECTORING: event_word.h, and */
#define EVENT_NMI_UNBLOCKED		BIT(12)	/* by IRET; exits only */

/* VMCS_EXIT_REASON */
#define REASON_BASIC			GENMASK(15, 0)
#define REASON_ENTRY_FAILED		BIT(31)
/* Ours: there was no exit, the instruction itself failed. */
#define VMX_NOT_ENTERED			(REASON_ENTRY_FAILED | REASON_BASIC)

/* VMCS_GUEST_*_RIGHTS */
#define RIGHTS_TYPE			GENMASK(3, 0)
#define RIGHTS_S			BIT(4)
#define RIGHTS_DPL			GENMASK(6, 5)
#define RIGHTS_PRESENT			BIT(7)
#define RIGHTS_AVL			BIT(12)
#define RIGHTS_LONG			BIT(13)
#define RIGHTS_DB			BIT(14)
#define RIGHTS_GRANULARITY		BIT(15)
#define RIGHTS_UNUSABLE			BIT(16)
#define RIGHTS_BUSY_TSS			0xb

/* VMCS_GUEST_INT_STATE */
#define INT_STATE_STI			BIT(0)
#define INT_STATE_MOV_SS		BIT(1)
#define INT_STATE_NMI			BIT(3)
#define INT_STATE_SHADOW		(INT_STATE_STI | INT_STATE_MOV_SS)

/* VMCS_QUALIFICATION of CR accesses */
#define QUAL_CR_NUMBER			GENMASK_ULL(3, 0)
#define QUAL_CR_KIND			GENMASK_ULL(5, 4)
#define QUAL_CR_GPR			GENMASK_ULL(11, 8)
#define QUAL_CR_MSW			GENMASK_ULL(31, 16)
/* MOV DR */
#define QUAL_DR_NUMBER			GENMASK_ULL(2, 0)
#define QUAL_DR_READ			BIT_ULL(4)
#define QUAL_DR_GPR			GENMASK_ULL(11, 8)
/* I/O instructions */
#define QUAL_IO_SIZE			GENMASK_ULL(2, 0)	/* less one */
#define QUAL_IO_IN			BIT_ULL(3)
#define QUAL_IO_STRING			BIT_ULL(4)
#define QUAL_IO_REP			BIT_ULL(5)
#define QUAL_IO_PORT			GENMASK_ULL(31, 16)
/* EPT violations */
#define QUAL_TASK_SELECTOR		GENMASK_ULL(15, 0)
#define QUAL_TASK_SOURCE		GENMASK_ULL(31, 30)

#define QUAL_EPT_WRITE			BIT_ULL(1)
#define QUAL_EPT_FETCH			BIT_ULL(2)
#define QUAL_EPT_PRESENT		GENMASK_ULL(5, 3)
#define QUAL_EPT_LINEAR			BIT_ULL(7)
#define QUAL_EPT_NOT_WALK		BIT_ULL(8)	/* with LINEAR */
#define QUAL_EPT_NMI_UNBLOCKED		BIT_ULL(12)	/* and of a full log */
/* debug exceptions: as in DR6 */
#define QUAL_DEBUG			(GENMASK_ULL(3, 0) | GENMASK_ULL(14, 13))

#endif /* __ASSEMBLY__ */

#endif /* NACRE_VMX_VMCS_H */
