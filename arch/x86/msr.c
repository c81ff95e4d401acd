// SPDX-License-Identifier: GPL-2.0
/*
 * Model-specific registers: those that are the same on either vendor stand
 * in one table; what it does not list is asked of the backend.
 *
 * A write comes from the guest (WRMSR) or from userspace (NACRE_SET_MSRS),
 * which restores state and so may do more.
 */
#include <linux/nospec.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "module/ioctl.h"
#include "module/vcpu.h"
#include "arch/x86/control.h"
#include "arch/x86/msr.h"
#include "arch/x86/regs.h"

enum msr_writer { BY_GUEST, BY_USER };

struct msr_entry {
	u32 index;
	u64 (*read)(struct nacre_vcpu *vcpu);
	/* 0, or nonzero for a value that is refused. */
	int (*write)(struct nacre_vcpu *vcpu, u64 value, enum msr_writer by);
};

static u64 read_tsc(struct nacre_vcpu *vcpu)
{
	return rdtsc() + vcpu->arch.tsc_offset;
}

void nacre_write_tsc(struct nacre_vcpu *vcpu, u64 value)
{
	vcpu->arch.tsc_offset = value - rdtsc();
	backend(write_tsc_offset)(vcpu, vcpu->arch.tsc_offset);
}

static int write_tsc(struct nacre_vcpu *vcpu, u64 value, enum msr_writer by)
{
	nacre_write_tsc(vcpu, value);
	return 0;
}

static u64 read_efer(struct nacre_vcpu *vcpu)
{
	return vcpu->arch.efer;
}

static int write_efer(struct nacre_vcpu *vcpu, u64 value, enum msr_writer by)
{
	if (by == BY_GUEST)
		return !nacre_guest_write_efer(vcpu, value);
	if (!nacre_valid_efer_bits(value))
		return 1;
	value = (value & ~EFER_LMA) | (vcpu->arch.efer & EFER_LMA);
	backend(write_efer)(vcpu, value);
	return 0;
}

static u64 read_apic_base(struct nacre_vcpu *vcpu)
{
	return vcpu->arch.apic_base;
}

static int write_apic_base(struct nacre_vcpu *vcpu, u64 value,
			   enum msr_writer by)
{
	if (!nacre_valid_apic_base(vcpu, value))
		return 1;
	vcpu->arch.apic_base = value;
	return 0;
}

static u64 read_pat(struct nacre_vcpu *vcpu)
{
	return vcpu->arch.pat;
}

/* Intel SDM, "IA32_PAT MSR": eight types, of which 2, 3 and above 7 are none. */
static bool valid_pat(u64 value)
{
	unsigned int i;

	for (i = 0; i < 8; i++, value >>= 8) {
		u8 type = value;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

static int write_pat(struct nacre_vcpu *vcpu, u64 value, enum msr_writer by)
{
	if (!valid_pat(value))
		return 1;
	vcpu->arch.pat = value;
	backend(write_pat)(vcpu, value);
	return 0;
}

static u64 read_tsc_aux(struct nacre_vcpu *vcpu)
{
	return vcpu->arch.tsc_aux;
}

static int write_tsc_aux(struct nacre_vcpu *vcpu, u64 value,
			 enum msr_writer by)
{
	if (value >> 32)
		return 1;
	vcpu->arch.tsc_aux = value;
	return 0;
}

static const struct msr_entry msrs[] = {
	{ MSR_IA32_TSC, read_tsc, write_tsc },
	{ MSR_IA32_APICBASE, read_apic_base, write_apic_base },
	{ MSR_IA32_CR_PAT, read_pat, write_pat },
	{ MSR_EFER, read_efer, write_efer },
	{ MSR_TSC_AUX, read_tsc_aux, write_tsc_aux },
};

/* What a backend keeps, on either vendor: saved and loaded by the processor. */
static const u32 backend_msrs[] = {
	MSR_IA32_SYSENTER_CS, MSR_IA32_SYSENTER_ESP, MSR_IA32_SYSENTER_EIP,
	MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK,
	MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE,
};

static const struct msr_entry *find_msr(u32 index)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msrs); i++) {
		if (msrs[i].index == index)
			return &msrs[i];
	}
	return NULL;
}

static int read_msr(struct nacre_vcpu *vcpu, u32 index, u64 *value)
{
	const struct msr_entry *msr = find_msr(index);

	if (!msr)
		return backend(read_msr)(vcpu, index, value);
	*value = msr->read(vcpu);
	return 0;
}

/* MSRs that hold an address: a value the host could not load is no value. */
static bool canonical_msr(u32 index)
{
	switch (index) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
	case MSR_LSTAR:
	case MSR_CSTAR:
		return true;
	default:
		return false;
	}
}

static int write_msr(struct nacre_vcpu *vcpu, u32 index, u64 value,
		     enum msr_writer by)
{
	const struct msr_entry *msr = find_msr(index);

	if (msr)
		return msr->write(vcpu, value, by);
	if (canonical_msr(index) && !nacre_is_canonical(vcpu, value))
		return 1;
	return backend(write_msr)(vcpu, index, value);
}

int nacre_guest_rdmsr(struct nacre_vcpu *vcpu, u32 index, u64 *value)
{
	return read_msr(vcpu, index, value);
}

int nacre_guest_wrmsr(struct nacre_vcpu *vcpu, u32 index, u64 value)
{
	return write_msr(vcpu, index, value, BY_GUEST);
}

/* Both answer how many were done; the first that fails ends it. */
long nacre_get_msrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_msr_entry *entries = arg->tail;
	u32 i;

	for (i = 0; i < arg->count; i++) {
		if (read_msr(vcpu, entries[i].index, &entries[i].data))
			break;
	}
	return i;
}

long nacre_set_msrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_msr_entry *entries = arg->tail;
	u32 i;

	for (i = 0; i < arg->count; i++) {
		if (write_msr(vcpu, entries[i].index, entries[i].data, BY_USER))
			break;
	}
	return i;
}

#define NR_LISTED	(ARRAY_SIZE(msrs) + ARRAY_SIZE(backend_msrs))

static u32 listed_msr(unsigned int i)
{
	if (i < ARRAY_SIZE(msrs))
		return msrs[i].index;
	return backend_msrs[i - ARRAY_SIZE(msrs)];
}

long nacre_get_msr_index_list(struct nacre_ioctl_arg *arg)
{
	u32 *out = arg->tail;
	unsigned int i;

	if (arg->count < NR_LISTED) {
		/* Too small: tell how many there are. */
		arg->count = NR_LISTED;
		arg->header_on_error = true;
		return -E2BIG;
	}
	arg->count = NR_LISTED;
	for (i = 0; i < NR_LISTED; i++)
		out[i] = listed_msr(i);
	return 0;
}
