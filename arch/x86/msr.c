// SPDX-License-Identifier: GPL-2.0
/*
 * Access to model-specific registers. An MSR is looked for in the table of
 * those that are alike on either vendor (msr_table.c), then in the backend,
 * which keeps what the processor itself swaps, then among those that guests
 * probe blindly. What is nowhere is #GP.
 */
#include <linux/kernel.h>
#include <asm/msr-index.h>

#include "module/vcpu.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/host_cpuid.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/msr.h"
#include "arch/x86/regs.h"

/* What a backend keeps, on either vendor, and userspace has to move. */
static const u32 backend_msrs[] = {
	MSR_IA32_SYSENTER_CS, MSR_IA32_SYSENTER_ESP, MSR_IA32_SYSENTER_EIP,
	MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK, MSR_KERNEL_GS_BASE,
};

static const u32 feature_msrs[] = {
	MSR_IA32_UCODE_REV, MSR_AMD64_DE_CFG,
};

static bool has_feature(const struct nacre_vcpu *vcpu,
			const struct nacre_msr *msr, enum nacre_msr_by by)
{
	if (by == BY_USER && !msr->for_user_too)
		return true;
	return nacre_guest_has(vcpu, msr->feature) ||
	       (msr->other_feature &&
		nacre_guest_has(vcpu, msr->other_feature));
}

/* Most need no feature. */
static inline bool may(const struct nacre_vcpu *vcpu,
		       const struct nacre_msr *msr, enum nacre_msr_by by)
{
	return !msr->feature || has_feature(vcpu, msr, by);
}

/* Not every vendor's processors have every MSR of the table. */
static bool host_has(const struct nacre_msr *msr)
{
	return !msr->host_feature || boot_cpu_has(msr->host_feature);
}

static bool host_may(const struct nacre_msr *msr)
{
	if (!host_has(msr))
		return false;
	return !msr->feature || nacre_host_has(msr->feature) ||
	       (msr->other_feature && nacre_host_has(msr->other_feature));
}

static u64 *field_of(struct nacre_vcpu *vcpu, const struct nacre_msr *msr)
{
	return (u64 *)((u8 *)&vcpu->arch + msr->field);
}

static bool read_row(struct nacre_vcpu *vcpu, const struct nacre_msr *msr,
		     u32 index, u64 *value, enum nacre_msr_by by)
{
	if (!may(vcpu, msr, by))
		return false;
	if (msr->read)
		return msr->read(vcpu, index, value, by);
	*value = *field_of(vcpu, msr);
	return true;
}

static bool write_row(struct nacre_vcpu *vcpu, const struct nacre_msr *msr,
		      u32 index, u64 value, enum nacre_msr_by by)
{
	if (!may(vcpu, msr, by))
		return false;
	if (msr->write)
		return msr->write(vcpu, index, value, by);
	if (!msr->valid || !msr->valid(vcpu, index, value, by))
		return false;
	*field_of(vcpu, msr) = value;
	return true;
}

/* A row that the host's processor has; the rest fall through to nobody. */
static noinline const struct nacre_msr *find(u32 index)
{
	const struct nacre_msr *msr = nacre_find_msr(index);

	return msr && host_has(msr) ? msr : NULL;
}

/* A guest that reads or writes one often does so again. */
static const struct nacre_msr *find_row(struct nacre_vcpu *vcpu, u32 index)
{
	const struct nacre_msr *msr = vcpu->arch.last_msr;

	if (likely(msr && index - msr->first <= msr->last - msr->first))
		return msr;
	msr = find(index);
	if (msr)
		vcpu->arch.last_msr = msr;
	return msr;
}

static bool read_msr(struct nacre_vcpu *vcpu, u32 index, u64 *value,
		     enum nacre_msr_by by)
{
	const struct nacre_msr *msr = find_row(vcpu, index);

	if (msr)
		return read_row(vcpu, msr, index, value, by);
	if (!backend(read_msr)(vcpu, index, value))
		return true;
	return nacre_read_probed_msr(index, value);
}

/*
 * MSRs that hold an address: a value the host could not load is no value.
 * SYSENTER's are cut to fit, for on AMD they have 32 bits and take any.
 */
static bool settle_address(struct nacre_vcpu *vcpu, u32 index, u64 *value)
{
	switch (index) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
	case MSR_LSTAR:
	case MSR_CSTAR:
		return nacre_is_canonical(vcpu, *value);
	case MSR_IA32_SYSENTER_ESP:
	case MSR_IA32_SYSENTER_EIP:
		*value = nacre_make_canonical(vcpu, *value);
		return true;
	default:
		return true;
	}
}

static bool write_msr(struct nacre_vcpu *vcpu, u32 index, u64 value,
		      enum nacre_msr_by by)
{
	const struct nacre_msr *msr = find_row(vcpu, index);

	if (msr)
		return write_row(vcpu, msr, index, value, by);
	if (!settle_address(vcpu, index, &value))
		return false;
	if (!backend(write_msr)(vcpu, index, value))
		return true;
	return nacre_write_probed_msr(index, value);
}

int nacre_guest_rdmsr(struct nacre_vcpu *vcpu, u32 index, u64 *value)
{
	return !read_msr(vcpu, index, value, BY_GUEST);
}

int nacre_guest_wrmsr(struct nacre_vcpu *vcpu, u32 index, u64 value)
{
	return !write_msr(vcpu, index, value, BY_GUEST);
}

/* How many were done is the answer; the first that fails ends it. */
long nacre_get_msrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_msr_entry *e = arg->tail, *end = e + arg->count;

	while (e < end && read_msr(vcpu, e->index, &e->data, BY_USER))
		e++;
	return e - (struct nacre_msr_entry *)arg->tail;
}

long nacre_set_msrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_msr_entry *e = arg->tail, *end = e + arg->count;

	while (e < end && write_msr(vcpu, e->index, e->data, BY_USER))
		e++;
	return e - (struct nacre_msr_entry *)arg->tail;
}

long nacre_get_feature_msrs(struct nacre_ioctl_arg *arg)
{
	struct nacre_msr_entry *e = arg->tail, *end = e + arg->count;

	while (e < end && nacre_read_feature_msr(e->index, &e->data))
		e++;
	return e - (struct nacre_msr_entry *)arg->tail;
}

/* Too small a list: tell how many there are. */
static bool list_has_room(struct nacre_ioctl_arg *arg, unsigned int count)
{
	bool room = arg->count >= count;

	arg->count = count;
	arg->header_on_error = true;
	return room;
}

static bool listed(const struct nacre_msr *msr)
{
	return msr->listed && host_may(msr);
}

static unsigned int count_listed(void)
{
	unsigned int i, count = ARRAY_SIZE(backend_msrs);

	for (i = 0; nacre_msr_row(i); i++)
		count += listed(nacre_msr_row(i));
	return count;
}

long nacre_get_msr_index_list(struct nacre_ioctl_arg *arg)
{
	unsigned int i, n = ARRAY_SIZE(backend_msrs);
	u32 *out = arg->tail;

	if (!list_has_room(arg, count_listed()))
		return -E2BIG;
	memcpy(out, backend_msrs, sizeof(backend_msrs));
	for (i = 0; nacre_msr_row(i); i++) {
		if (listed(nacre_msr_row(i)))
			out[n++] = nacre_msr_row(i)->first;
	}
	return 0;
}

long nacre_get_feature_msr_list(struct nacre_ioctl_arg *arg)
{
	u32 here[ARRAY_SIZE(feature_msrs)];
	unsigned int i, count = 0;
	u64 unused;

	for (i = 0; i < ARRAY_SIZE(feature_msrs); i++) {
		if (nacre_read_feature_msr(feature_msrs[i], &unused))
			here[count++] = feature_msrs[i];
	}
	if (!list_has_room(arg, count))
		return -E2BIG;
	memcpy(arg->tail, here, count * sizeof(here[0]));
	return 0;
}
