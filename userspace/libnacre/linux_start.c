// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * A vCPU at a kernel's 64-bit entry point. Source: "The Linux/x86 Boot
 * Protocol", 64-bit Boot Protocol.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "internal.h"

#define CR0_PE		(1ULL << 0)
#define CR0_ET		(1ULL << 4)
#define CR0_NE		(1ULL << 5)
#define CR0_PG		(1ULL << 31)
#define CR4_PAE		(1ULL << 5)
#define EFER_LME	(1ULL << 8)
#define EFER_LMA	(1ULL << 10)
#define RFLAGS_FIXED	(1ULL << 1)

#define BOOT_CS		0x10
#define BOOT_DS		0x18
#define GDT_LIMIT	(4 * 8 - 1)

/* Types of segments. Intel SDM, Code- and Data-Segment Descriptor Types. */
#define TYPE_DATA	3
#define TYPE_CODE	11
#define TYPE_TSS_BUSY	11

#define MSR_MTRR_DEF_TYPE	0x2ff
#define MTRR_ENABLE		(1U << 11)
#define MTRR_WRITE_BACK		6

static void set_segments(struct nacre_sregs *sregs)
{
	struct nacre_segment data = {
		.limit = 0xffffffff,
		.selector = BOOT_DS,
		.type = TYPE_DATA,
		.present = 1,
		.db = 1,
		.s = 1,
		.g = 1,
	};

	sregs->ds = data;
	sregs->es = data;
	sregs->fs = data;
	sregs->gs = data;
	sregs->ss = data;
	sregs->cs = data;
	sregs->cs.selector = BOOT_CS;
	sregs->cs.type = TYPE_CODE;
	sregs->cs.db = 0;
	sregs->cs.l = 1;
	sregs->tr = (struct nacre_segment){
		.limit = 0x67,
		.type = TYPE_TSS_BUSY,
		.present = 1,
	};
	sregs->gdt = (struct nacre_dtable){ NACRE_LINUX_GDT, GDT_LIMIT, { 0 } };
	sregs->idt = (struct nacre_dtable){ 0 };
}

static int set_modes(struct nacre_vcpu *vcpu, struct nacre_error *error)
{
	struct nacre_sregs sregs;
	int err = nacre_vcpu_get_sregs(vcpu, &sregs, error);

	if (err)
		return err;
	set_segments(&sregs);
	sregs.cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_PG;
	sregs.cr3 = NACRE_LINUX_TABLES;
	sregs.cr4 |= CR4_PAE;
	sregs.efer |= EFER_LME | EFER_LMA;
	return nacre_vcpu_set_sregs(vcpu, &sregs, error);
}

/* Firmware would have made memory write-back; after reset it is uncached. */
static int set_memory_type(struct nacre_vcpu *vcpu, struct nacre_error *error)
{
	struct {
		struct nacre_msrs head;
		struct nacre_msr_entry entry;
	} msrs = {
		.head.nmsrs = 1,
		.entry = {
			.index = MSR_MTRR_DEF_TYPE,
			.data = MTRR_ENABLE | MTRR_WRITE_BACK,
		},
	};
	int done;

	if (!vcpu->mtrr)
		return 0;
	done = ioctl(vcpu->fd, NACRE_SET_MSRS, &msrs);
	if (done < 0)
		return nacre_fail_errno(error, "NACRE_SET_MSRS");
	if (done != 1)
		return nacre_fail(error, EIO,
				  "vCPU %u has MTRRs and takes no default type",
				  vcpu->id);
	return 0;
}

int nacre_linux_start(struct nacre_vcpu *vcpu,
		      const struct nacre_linux_place *place,
		      struct nacre_error *error)
{
	struct nacre_regs regs = {
		.rip = place->entry,
		.rsi = NACRE_LINUX_PARAMS,
		.rflags = RFLAGS_FIXED,
	};
	int err = set_modes(vcpu, error);

	if (!err)
		err = set_memory_type(vcpu, error);
	return err ? err : nacre_vcpu_set_regs(vcpu, &regs, error);
}
