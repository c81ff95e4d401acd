// SPDX-License-Identifier: GPL-2.0
/*
 * Access to model-specific registers: a table of all that a guest may have, the
 * backend's as well, which keeps what the processor itself swaps, and those
 * without state, for guests that do not ask CPUID before. What is not there is
 * #GP.
 */
#include <asm/apicdef.h>
#include <asm/msr.h>
#include <asm/mtrr.h>

#include "arch/x86/apic.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/msr.h"
#include "arch/x86/xstate.h"

/* HWCR: may be written without effect; AMD APM, "HWCR". */
#define HWCR_IGNORED		(BIT_ULL(3) | BIT_ULL(6) | BIT_ULL(8))
#define HWCR_MC_STATUS_WRITE	BIT_ULL(18)
#define HWCR_TSC_FREQ_SEL	BIT_ULL(24)
#define VM_CR_DEFINED		GENMASK_ULL(4, 0)
#define VM_CR_LOCK		BIT_ULL(3)
#define VM_CR_SVMDIS		BIT_ULL(4)
/* Fixed ranges as well, and write-combining. */
#define MTRRCAP_VALUE		(NACRE_VARIABLE_MTRRS | BIT(8) | BIT(10))
#define MTRR_DEFAULT_DEFINED	(GENMASK(11, 10) | GENMASK(7, 0))
#define MTRR_BASE_RESERVED	GENMASK(11, 8)
#define MTRR_MASK_RESERVED	GENMASK(10, 0)
#define PAT_UNCACHED_MINUS	7	/* the last of the types */
/* Bits of DEBUGCTL that guests set to follow branches. */
#define DEBUGCTL_BRANCHES	((u64)(DEBUGCTLMSR_LBR | DEBUGCTLMSR_BTF))
/* OSVW: errata that no guest meets, for their workarounds are the host's. */
#define OSVW_MIN_LENGTH		3
#define OSVW_NOT_FOR_GUESTS	(BIT_ULL(1) | BIT_ULL(2))

/*
 * What a guest sees until the VMM says otherwise: of no use to know a host by,
 * and the same on each. A VMM that wants the host's reads the feature MSR.
 */
#define UCODE_REV_AMD		0x01000065
#define UCODE_REV_INTEL		BIT_ULL(32)

/* Of this host, read at load. */
static struct {
	u64 ucode_rev;
	u64 de_cfg;
	u64 osvw_length, osvw_status;
} host __read_mostly;

void nacre_msr_setup(void)
{
	if (rdmsrl_safe(MSR_IA32_UCODE_REV, &host.ucode_rev))
		host.ucode_rev = 0;
	host.de_cfg = boot_cpu_has(X86_FEATURE_LFENCE_RDTSC) ?
		      MSR_AMD64_DE_CFG_LFENCE_SERIALIZE : 0;
	if (!boot_cpu_has(X86_FEATURE_OSVW) ||
	    rdmsrl_safe(MSR_AMD64_OSVW_ID_LENGTH, &host.osvw_length) ||
	    rdmsrl_safe(MSR_AMD64_OSVW_STATUS, &host.osvw_status)) {
		host.osvw_length = 0;
		host.osvw_status = 0;
	}
}

void nacre_msr_init(struct nacre_vcpu *vcpu)
{
	struct nacre_msr_state *msr = &vcpu->arch.msr;

	msr->ucode_rev = boot_cpu_has(X86_FEATURE_SVM) ? UCODE_REV_AMD :
							 UCODE_REV_INTEL;
	msr->platform_info = MSR_PLATFORM_INFO_CPUID_FAULT;
	msr->misc_enable = MSR_IA32_MISC_ENABLE_BTS_UNAVAIL |
			   MSR_IA32_MISC_ENABLE_PEBS_UNAVAIL;
	msr->osvw_length = max_t(u64, host.osvw_length, OSVW_MIN_LENGTH);
	msr->osvw_status = host.osvw_status & ~OSVW_NOT_FOR_GUESTS;
	msr->mce.cap = NACRE_MCE_BANKS;
}

/* Of the row at hand, which is the last that was looked for. */
static bool read_constant(struct nacre_vcpu *vcpu, struct nacre_rdmsr r)
{
	*r.value = vcpu->arch.last_msr->constant;
	return true;
}

static bool unreadable(struct nacre_vcpu *vcpu, struct nacre_rdmsr r)
{
	return false;
}

static bool any_value(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	return true;
}

static bool only_zero(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	return !w.value;
}

static u64 *field_of(struct nacre_vcpu *vcpu, const struct nacre_msr *msr)
{
	return (u64 *)((u8 *)&vcpu->arch + msr->field);
}

/* Of as many fields as the row has MSRs. */
static u64 *nth_field(struct nacre_vcpu *vcpu, u32 index)
{
	const struct nacre_msr *msr = vcpu->arch.last_msr;

	return field_of(vcpu, msr) +
	       array_index_nospec(index - msr->first,
				  msr->last - msr->first + 1);
}

static bool read_nth(struct nacre_vcpu *vcpu, struct nacre_rdmsr r)
{
	*r.value = *nth_field(vcpu, r.index);
	return true;
}

static bool write_nth(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (!vcpu->arch.last_msr->valid(vcpu, w))
		return false;
	*nth_field(vcpu, w.index) = w.value;
	return true;
}

static bool read_backend(struct nacre_vcpu *vcpu, struct nacre_rdmsr r)
{
	return !backend(read_msr)(vcpu, r.index, r.value);
}

static bool write_backend(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	return !backend(write_msr)(vcpu, w.index, w.value);
}

/* An address: a value that the host could not load is no value. */
static bool write_address(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	return nacre_is_canonical(vcpu, w.value) && write_backend(vcpu, w);
}

/* SYSENTER's are cut to fit, for on AMD they have 32 bits and take any. */
static bool write_sysenter(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	w.value = nacre_make_canonical(vcpu, w.value);
	return write_backend(vcpu, w);
}

static bool write_efer(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (w.by == BY_GUEST)
		return nacre_guest_write_efer(vcpu, w.value);
	if (!nacre_valid_efer_bits(w.value))
		return false;
	w.value = (w.value & ~EFER_LMA) | (vcpu->arch.efer & EFER_LMA);
	backend(write_efer)(vcpu, w.value);
	return true;
}

static bool write_apic_base(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (w.by == BY_GUEST &&
	    !nacre_lapic_may_switch(vcpu->arch.apic_base, w.value))
		return false;
	return nacre_set_apic_base(vcpu, w.value, w.by == BY_GUEST);
}

static bool read_x2apic(struct nacre_vcpu *vcpu, struct nacre_rdmsr r)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);

	return lapic && nacre_lapic_read_msr(lapic, r.index, r.value);
}

static bool write_x2apic(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);

	return lapic && nacre_lapic_write_msr(lapic, w.index, w.value);
}

static bool read_tsc_deadline(struct nacre_vcpu *vcpu, struct nacre_rdmsr r)
{
	const struct nacre_lapic *lapic = nacre_lapic_of(vcpu);

	*r.value = lapic ? nacre_lapic_read_deadline(lapic) : 0;
	return true;
}

static bool write_tsc_deadline(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);

	if (lapic)
		nacre_lapic_write_deadline(lapic, w.value);
	return true;
}

/*
 * Are all eight bytes memory types: 2 and 3 are none, nor what is above @last.
 * Intel SDM, "MTRR Memory Types", "IA32_PAT MSR".
 */
static bool valid_memory_types(u64 value, u8 last)
{
	unsigned int i;

	for (i = 0; i < 8; i++, value >>= 8) {
		u8 type = value;

		if (type > last || type == 2 || type == 3)
			return false;
	}
	return true;
}

/*
 * Memory type ranges are kept and checked, without effect: a guest's memory is
 * write-back whatever it says. Intel SDM, "Memory Type Range Registers (MTRRs)".
 */
static bool valid_types(u64 value)
{
	return valid_memory_types(value, MTRR_TYPE_WRBACK);
}

static bool valid_mtrr_default(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	return valid_types(w.value & 0xff) && !(w.value & ~MTRR_DEFAULT_DEFINED);
}

static bool valid_fixed_mtrr(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	return valid_types(w.value);
}

/* A base, or the mask after it. */
static bool valid_variable_mtrr(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	u64 reserved = ~0ull << vcpu->arch.cpuid.maxphyaddr;

	if ((w.index - MTRRphysBase_MSR(0)) & 1)
		return !(w.value & (reserved | MTRR_MASK_RESERVED));
	return valid_types(w.value & 0xff) &&
	       !(w.value & (reserved | MTRR_BASE_RESERVED));
}

static bool write_pat(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (!valid_memory_types(w.value, PAT_UNCACHED_MINUS))
		return false;
	vcpu->arch.pat = w.value;
	backend(write_pat)(vcpu, w.value);
	return true;
}

/* AMD's has 32 bits and ignores the rest, Intel's refuses it. */
static bool write_tsc_aux(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (w.value >> 32 && nacre_guest_is_intel(vcpu))
		return false;
	vcpu->arch.tsc_aux = (u32)w.value;
	return true;
}

/* A guest writes 0 before it asks, which must not lose what it asks for. */
static bool write_ucode_rev(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (w.by == BY_USER)
		vcpu->arch.msr.ucode_rev = w.value;
	return true;
}

static bool can_fault_cpuid(u64 platform_info)
{
	return platform_info & MSR_PLATFORM_INFO_CPUID_FAULT;
}

static bool valid_platform_info(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	return w.by == BY_USER &&
	       (can_fault_cpuid(w.value) || !nacre_cpuid_faulting(vcpu));
}

static bool valid_misc_features(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	return !w.value || (w.value == MSR_MISC_FEATURES_ENABLES_CPUID_FAULT &&
			  can_fault_cpuid(vcpu->arch.msr.platform_info));
}

static bool write_misc_enable(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	const u64 fixed = MSR_IA32_MISC_ENABLE_BTS_UNAVAIL |
			  MSR_IA32_MISC_ENABLE_PEBS_UNAVAIL;
	u64 old = vcpu->arch.msr.misc_enable;

	if (w.by == BY_GUEST) {
		if ((w.value ^ old) & fixed)
			return false;
		/* Read-only, but no fault: no performance monitoring. */
		w.value &= ~(u64)MSR_IA32_MISC_ENABLE_EMON;
		w.value |= old & MSR_IA32_MISC_ENABLE_EMON;
	}
	vcpu->arch.msr.misc_enable = w.value;
	return true;
}

/* No branch is recorded or trapped; Intel's has reserved bits. */
static bool write_debugctl(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	return boot_cpu_has(X86_FEATURE_SVM) || !(w.value & ~DEBUGCTL_BRANCHES);
}

static bool write_hwcr(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	w.value &= ~HWCR_IGNORED;
	if (w.value & ~(HWCR_MC_STATUS_WRITE | HWCR_TSC_FREQ_SEL))
		return false;
	vcpu->arch.msr.hwcr = w.value;
	return true;
}

/* AMD APM, "VM_CR MSR": once SVM is off, neither it nor the lock changes. */
static bool write_vm_cr(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	u64 *vm_cr = &vcpu->arch.msr.vm_cr;
	u64 settled = 0;

	if (w.value & ~VM_CR_DEFINED)
		return false;
	if (*vm_cr & VM_CR_SVMDIS)
		settled = VM_CR_LOCK | VM_CR_SVMDIS;
	*vm_cr = (*vm_cr & settled) | (w.value & ~settled);
	return true;
}

/* Firmware locks it, with nothing in it that a guest has. */
static bool valid_feat_ctl(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (w.by == BY_GUEST && vcpu->arch.msr.feat_ctl & FEAT_CTL_LOCKED)
		return false;
	return !(w.value & ~(u64)FEAT_CTL_LOCKED);
}

/* What is on stays on; a guest may say so once more. */
static bool valid_de_cfg(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	return w.by == BY_GUEST ? w.value == host.de_cfg : !(w.value & ~host.de_cfg);
}

#define ONE(_index)	.first = (_index), .last = (_index)
#define LISTED(_index)	ONE(_index), .listed = true
#define RANGE(_first, _last)	.first = (_first), .last = (_last)
#define NEEDS(_feature)	.feature = X86_FEATURE_##_feature
#define HOST(_feature)	.host_feature = X86_FEATURE_##_feature
#define FIELD(_member)	.field = offsetof(struct nacre_vcpu_arch, _member)
#define SET_BY(_member, _write)	FIELD(_member), .write = (_write)
#define KEPT(_member, _valid)	FIELD(_member), .valid = (_valid)
#define VIA(_name)	.read = read_##_name, .write = write_##_name
#define NTH(_member, _valid)	KEPT(_member, _valid), VIA(nth)
#define ADDRESS		.read = read_backend, .write = write_address
#define SYSENTER	.read = read_backend, .write = write_sysenter
#define ELSEWHERE(_name)	\
	.read = nacre_read_##_name, .write = nacre_write_##_name
#define CONSTANT(_value)	.read = read_constant, .constant = (_value)
#define IGNORED		CONSTANT(0), .write = any_value
#define UNREADABLE	.read = unreadable, .write = any_value

/* Sorted by number. */
static const struct nacre_msr table[] = {
	{ RANGE(MSR_IA32_P5_MC_ADDR, MSR_IA32_P5_MC_TYPE), CONSTANT(0) },
	{ LISTED(MSR_IA32_TSC), ELSEWHERE(tsc) },
	{ ONE(MSR_NACRE_WALL_CLOCK), ELSEWHERE(wall_clock) },
	{ ONE(MSR_NACRE_SYSTEM_TIME),
	  SET_BY(system_time, nacre_write_system_time) },
	{ ONE(MSR_IA32_PLATFORM_ID), CONSTANT(0) },
	{ ONE(MSR_IA32_APICBASE), SET_BY(apic_base, write_apic_base) },
	{ ONE(MSR_IA32_EBL_CR_POWERON), CONSTANT(0) },
	/* Bus at 100 MHz, ratio 1: guests divide by them. */
	{ ONE(MSR_EBC_FREQUENCY_ID), CONSTANT(BIT_ULL(24)) },
	{ ONE(MSR_SMI_COUNT), CONSTANT(0) },
	{ LISTED(MSR_IA32_FEAT_CTL), HOST(VMX),
	  KEPT(msr.feat_ctl, valid_feat_ctl) },
	{ LISTED(MSR_IA32_TSC_ADJUST), NEEDS(TSC_ADJUST),
	  SET_BY(msr.tsc_adjust, nacre_write_tsc_adjust) },
	{ ONE(MSR_IA32_UCODE_WRITE), UNREADABLE },
	{ LISTED(MSR_IA32_UCODE_REV), .of_host = &host.ucode_rev,
	  SET_BY(msr.ucode_rev, write_ucode_rev) },
	{ RANGE(MSR_P6_PERFCTR0, MSR_P6_PERFCTR1), IGNORED },
	{ ONE(MSR_FSB_FREQ), CONSTANT(3) },
	{ LISTED(MSR_PLATFORM_INFO),
	  KEPT(msr.platform_info, valid_platform_info) },
	{ ONE(MSR_MTRRcap), CONSTANT(MTRRCAP_VALUE) },
	/* L2 cache of 256 KiB, enabled, configured, latency 1. */
	{ ONE(MSR_IA32_BBL_CR_CTL3), CONSTANT(0xbe702111), .write = any_value },
	{ LISTED(MSR_MISC_FEATURES_ENABLES),
	  KEPT(msr.misc_features, valid_misc_features) },
	{ LISTED(MSR_IA32_SYSENTER_CS), VIA(backend) },
	{ LISTED(MSR_IA32_SYSENTER_ESP), SYSENTER },
	{ LISTED(MSR_IA32_SYSENTER_EIP), SYSENTER },
	{ ONE(MSR_IA32_MCG_CAP), .read = nacre_read_mcg },
	{ LISTED(MSR_IA32_MCG_STATUS), KEPT(msr.mce.status, any_value) },
	{ LISTED(MSR_IA32_MCG_CTL), FIELD(msr.mce.ctl), .read = nacre_read_mcg,
	  .valid = nacre_valid_mcg_ctl },
	{ RANGE(MSR_P6_EVNTSEL0, MSR_P6_EVNTSEL1), IGNORED },
	/* 1000 TSC ticks, ratio 4. */
	{ ONE(MSR_IA32_PERF_STATUS), CONSTANT(1000 | 4ull << 40) },
	{ ONE(MSR_IA32_PERF_CTL), CONSTANT(0) },
	{ LISTED(MSR_IA32_MISC_ENABLE),
	  SET_BY(msr.misc_enable, write_misc_enable) },
	{ ONE(MSR_IA32_DEBUGCTLMSR), CONSTANT(0), .write = write_debugctl },
	{ RANGE(MSR_IA32_LASTBRANCHFROMIP, MSR_IA32_LASTINTTOIP), CONSTANT(0) },
	{ LISTED(MSR_IA32_POWER_CTL), KEPT(msr.power_ctl, any_value) },
	{ RANGE(MTRRphysBase_MSR(0), MTRRphysMask_MSR(NACRE_VARIABLE_MTRRS - 1)),
	  NTH(msr.mtrr.variable, valid_variable_mtrr) },
	{ ONE(MSR_MTRRfix64K_00000),
	  KEPT(msr.mtrr.fixed[0], valid_fixed_mtrr) },
	{ RANGE(MSR_MTRRfix16K_80000, MSR_MTRRfix16K_A0000),
	  NTH(msr.mtrr.fixed[1], valid_fixed_mtrr) },
	{ RANGE(MSR_MTRRfix4K_C0000, MSR_MTRRfix4K_F8000),
	  NTH(msr.mtrr.fixed[3], valid_fixed_mtrr) },
	{ LISTED(MSR_IA32_CR_PAT), SET_BY(pat, write_pat) },
	{ RANGE(MSR_IA32_MC0_CTL2, MSR_IA32_MCx_CTL2(NACRE_MCE_BANKS - 1)),
	  ELSEWHERE(mc_bank) },
	{ ONE(MSR_MTRRdefType), KEPT(msr.mtrr.def_type, valid_mtrr_default) },
	{ RANGE(MSR_IA32_MC0_CTL, MSR_IA32_MCx_MISC(NACRE_MCE_BANKS - 1)),
	  ELSEWHERE(mc_bank) },
	{ ONE(MSR_RAPL_POWER_UNIT), CONSTANT(0) },
	{ ONE(MSR_PKG_ENERGY_STATUS), CONSTANT(0) },
	{ ONE(MSR_DRAM_ENERGY_STATUS), CONSTANT(0) },
	{ ONE(MSR_PP0_ENERGY_STATUS), CONSTANT(0) },
	{ ONE(MSR_PP1_ENERGY_STATUS), CONSTANT(0) },
	{ LISTED(MSR_IA32_TSC_DEADLINE), VIA(tsc_deadline) },
	{ RANGE(APIC_BASE_MSR, APIC_BASE_MSR + 0xff), VIA(x2apic) },
	/* No supervisor component is moved for a guest. */
	{ LISTED(MSR_IA32_XSS), NEEDS(XSAVES), KEPT(xss, only_zero) },
	{ LISTED(MSR_NACRE_WALL_CLOCK_NEW), ELSEWHERE(wall_clock) },
	{ LISTED(MSR_NACRE_SYSTEM_TIME_NEW),
	  SET_BY(system_time, nacre_write_system_time) },
	{ LISTED(MSR_NACRE_STEAL_TIME), SET_BY(steal, nacre_write_steal) },
	{ LISTED(MSR_NACRE_PV_EOI_EN), SET_BY(pv_eoi, nacre_write_pv_eoi) },
	{ ONE(MSR_EFER), SET_BY(efer, write_efer) },
	{ LISTED(MSR_STAR), VIA(backend) },
	{ LISTED(MSR_LSTAR), ADDRESS },
	{ LISTED(MSR_CSTAR), ADDRESS },
	{ LISTED(MSR_SYSCALL_MASK), VIA(backend) },
	{ RANGE(MSR_FS_BASE, MSR_GS_BASE), ADDRESS },
	{ LISTED(MSR_KERNEL_GS_BASE), ADDRESS },
	{ LISTED(MSR_TSC_AUX), NEEDS(RDTSCP),
	  .other_feature = X86_FEATURE_RDPID, SET_BY(tsc_aux, write_tsc_aux) },
	/* K7_EVNTSEL0 to 3 and K7_PERFCTR0 to 3. */
	{ RANGE(MSR_K7_EVNTSEL0, MSR_K7_PERFCTR3), IGNORED },
	{ ONE(MSR_AMD64_SYSCFG), CONSTANT(0) },
	{ LISTED(MSR_K7_HWCR), SET_BY(msr.hwcr, write_hwcr) },
	{ ONE(MSR_K7_CLK_CTL), CONSTANT(0x20000000), .write = any_value },
	{ ONE(MSR_AMD64_NB_CFG), IGNORED },
	{ ONE(MSR_AMD64_PATCH_LOADER), UNREADABLE },
	{ ONE(MSR_K8_INT_PENDING_MSG), CONSTANT(0) },
	{ ONE(MSR_FAM10H_MMIO_CONF_BASE), CONSTANT(0), .write = only_zero },
	{ RANGE(MSR_K8_TSEG_ADDR, MSR_K8_TSEG_MASK), CONSTANT(0) },
	{ ONE(MSR_VM_CR), HOST(SVM), SET_BY(msr.vm_cr, write_vm_cr) },
	{ ONE(MSR_VM_IGNNE), HOST(SVM), UNREADABLE },
	{ ONE(MSR_AMD64_OSVW_ID_LENGTH), NEEDS(OSVW), .for_user_too = true,
	  KEPT(msr.osvw_length, any_value) },
	{ ONE(MSR_AMD64_OSVW_STATUS), NEEDS(OSVW), .for_user_too = true,
	  KEPT(msr.osvw_status, any_value) },
	{ ONE(MSR_F15H_IC_CFG), HOST(SVM), CONSTANT(0) },
	{ RANGE(MSR_AMD64_DC_CFG, MSR_AMD64_TW_CFG), IGNORED },
	{ ONE(MSR_AMD64_DE_CFG), HOST(SVM), .of_host = &host.de_cfg,
	  KEPT(msr.de_cfg, valid_de_cfg) },
	{ ONE(MSR_AMD64_BU_CFG2), IGNORED },
	{ ONE(MSR_F15H_EX_CFG), IGNORED },
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

/* A row that the host's processor has. */
static noinline const struct nacre_msr *find(u32 index)
{
	unsigned int low = 0, high = ARRAY_SIZE(table);

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (index < table[middle].first)
			high = middle;
		else if (index > table[middle].last)
			low = middle + 1;
		else
			return host_has(&table[middle]) ? &table[middle] : NULL;
	}
	return NULL;
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

static __always_inline bool read_msr(struct nacre_vcpu *vcpu,
				     struct nacre_rdmsr r)
{
	const struct nacre_msr *msr = find_row(vcpu, r.index);

	if (!msr || !may(vcpu, msr, r.by))
		return false;
	if (msr->read)
		return msr->read(vcpu, r);
	*r.value = *field_of(vcpu, msr);
	return true;
}

static bool write_msr(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	const struct nacre_msr *msr = find_row(vcpu, w.index);

	if (!msr || !may(vcpu, msr, w.by))
		return false;
	if (msr->write)
		return msr->write(vcpu, w);
	if (!msr->valid || !msr->valid(vcpu, w))
		return false;
	*field_of(vcpu, msr) = w.value;
	return true;
}

bool nacre_guest_rdmsr(struct nacre_vcpu *vcpu, u32 index, u64 *value)
{
	return read_msr(vcpu, (struct nacre_rdmsr) { index, BY_GUEST, value });
}

bool nacre_guest_wrmsr(struct nacre_vcpu *vcpu, u32 index, u64 value)
{
	return write_msr(vcpu, (struct nacre_wrmsr) { index, BY_GUEST, value });
}

/* How many were done is the answer; the first that fails ends it. */
long nacre_get_msrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_msr_entry *e = arg->tail, *end = e + arg->count;

	while (e < end &&
	       read_msr(vcpu, (struct nacre_rdmsr) { e->index, BY_USER, &e->data }))
		e++;
	return e - (struct nacre_msr_entry *)arg->tail;
}

long nacre_set_msrs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_msr_entry *e = arg->tail, *end = e + arg->count;

	while (e < end &&
	       write_msr(vcpu, (struct nacre_wrmsr) { e->index, BY_USER, e->data }))
		e++;
	return e - (struct nacre_msr_entry *)arg->tail;
}

/* Where the host has something to say of an MSR as such. */
long nacre_get_feature_msrs(struct nacre_ioctl_arg *arg)
{
	struct nacre_msr_entry *e = arg->tail, *end = e + arg->count;
	const struct nacre_msr *msr;

	for (; e < end; e++) {
		msr = find(e->index);
		if (!msr || !msr->of_host)
			break;
		e->data = *msr->of_host;
	}
	return e - (struct nacre_msr_entry *)arg->tail;
}

/*
 * Also NACRE_GET_MSR_FEATURE_INDEX_LIST. Too small a list: tell how many there
 * are.
 */
long nacre_get_msr_index_list(struct nacre_ioctl_arg *arg)
{
	bool features = arg->cmd == NACRE_GET_MSR_FEATURE_INDEX_LIST;
	unsigned int i, n = 0, room = arg->count;
	u32 *out = arg->tail;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct nacre_msr *msr = &table[i];

		if (!(features ? !!msr->of_host : msr->listed) ||
		    !host_has(msr) ||
		    (msr->feature && !nacre_host_has(msr->feature) &&
		     !(msr->other_feature &&
		       nacre_host_has(msr->other_feature))))
			continue;
		if (n < room)
			out[n] = msr->first;
		n++;
	}
	arg->count = n;
	arg->header_on_error = true;
	return n > room ? -E2BIG : 0;
}
