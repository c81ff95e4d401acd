// SPDX-License-Identifier: GPL-2.0
/* Whether and how well this processor does VMX; turning it on and off. */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/topology.h>
#include <asm/cpufeature.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/perf_event.h>
#include <asm/processor.h>
#include <asm/tlbflush.h>

#include "arch/x86/cpuid.h"
#include "arch/x86/pv.h"
#include "arch/x86/vmx/vmx.h"

/* CPUID.01H:ECX */
#define CPUID_VMX	BIT(5)
/* Has no name in older kernels. */
#define CR4_FRED	BIT_ULL(32)

static bool vnmi = true;
module_param(vnmi, bool, 0444);
MODULE_PARM_DESC(vnmi, "let processors track whether guests' NMIs are masked (VMX)");

static bool unrestricted_guest = true;
module_param(unrestricted_guest, bool, 0444);
MODULE_PARM_DESC(unrestricted_guest, "run guests without paging or protection on processors that do (VMX)");

struct vmx_caps vmx_caps;
DEFINE_PER_CPU(struct vmx_cpu, vmx_cpu);

const u32 vmx_swapped_msrs[VMX_SWAPPED] = {
	[VMX_STAR] = MSR_STAR,
	[VMX_LSTAR] = MSR_LSTAR,
	[VMX_SYSCALL_MASK] = MSR_SYSCALL_MASK,
	[VMX_TSC_AUX] = MSR_TSC_AUX,
};

static bool cpu_is_intel(void)
{
	return boot_cpu_data.x86_vendor == X86_VENDOR_INTEL ||
	       boot_cpu_data.x86_vendor == X86_VENDOR_CENTAUR ||
	       boot_cpu_data.x86_vendor == X86_VENDOR_ZHAOXIN;
}

/* The kernel locks it at boot with VMX allowed, where firmware has not. */
static bool firmware_forbids(void)
{
	return !boot_cpu_has(X86_FEATURE_MSR_IA32_FEAT_CTL) ||
	       !boot_cpu_has(X86_FEATURE_VMX);
}

/* A kernel with FRED has other gates, which do not take INT n for an NMI. */
static bool gates_are_others(void)
{
	return native_read_cr4() & CR4_FRED;
}

static u64 read_cap(u32 msr)
{
	u64 value;

	return rdmsrl_safe(msr, &value) ? 0 : value;
}

/* The MSR of a word that does not exist may not be read. */
static void read_caps(struct vmx_msrs *msrs)
{
	u64 basic = read_cap(MSR_IA32_VMX_BASIC), *word = msrs->word;
	bool exact = basic & VMX_BASIC_HAS_TRUE;

	*msrs = (struct vmx_msrs){ .basic = basic };
	word[VMX_PIN] = read_cap(exact ? MSR_IA32_VMX_TRUE_PINBASED_CTLS :
					 MSR_IA32_VMX_PINBASED_CTLS);
	word[VMX_PROC] = read_cap(exact ? MSR_IA32_VMX_TRUE_PROCBASED_CTLS :
					  MSR_IA32_VMX_PROCBASED_CTLS);
	word[VMX_EXIT] = read_cap(exact ? MSR_IA32_VMX_TRUE_EXIT_CTLS :
					  MSR_IA32_VMX_EXIT_CTLS);
	word[VMX_ENTRY] = read_cap(exact ? MSR_IA32_VMX_TRUE_ENTRY_CTLS :
					   MSR_IA32_VMX_ENTRY_CTLS);
	if (!(word[VMX_PROC] >> 32 & PROC_SECONDARY))
		return;
	word[VMX_PROC2] = read_cap(MSR_IA32_VMX_PROCBASED_CTLS2);
	if (word[VMX_PROC2] >> 32 & (PROC2_EPT | PROC2_VPID))
		msrs->ept_vpid = read_cap(MSR_IA32_VMX_EPT_VPID_CAP);
}

static const char *lacks(void)
{
	static char why[80];
	const char *what;
	struct vmx_msrs msrs;

	read_caps(&msrs);
	if (!vnmi)
		msrs.word[VMX_PIN] &= ~((u64)PIN_VIRTUAL_NMIS << 32);
	if (!unrestricted_guest)
		msrs.word[VMX_PROC2] &= ~((u64)PROC2_UNRESTRICTED << 32);
	what = vmx_resolve_controls(&msrs, &vmx_caps.controls);
	if (!what)
		return NULL;
	snprintf(why, sizeof(why), "VMX is there, but %s is not", what);
	return why;
}

int vmx_ident(const char **why)
{
	if (!cpu_is_intel())
		return -ENODEV;
	if (!(cpuid_ecx(1) & CPUID_VMX)) {
		*why = "it has no VMX (VT-x), or the hypervisor below hides it";
		return -EOPNOTSUPP;
	}
	if (firmware_forbids()) {
		*why = "VMX is disabled and locked by the firmware: see its setup";
		return -EOPNOTSUPP;
	}
	if (gates_are_others()) {
		*why = "this kernel takes NMIs in a way that is not known here";
		return -EOPNOTSUPP;
	}
	*why = lacks();
	return *why ? -EOPNOTSUPP : 0;
}

/* What the guest is told of depends on what can be switched on for it. */
static void adjust_cpuid(void)
{
	if (!vmx_has(VMX_PROC2, PROC2_RDTSCP)) {
		nacre_host_deny(X86_FEATURE_RDTSCP);
		nacre_host_deny(X86_FEATURE_RDPID);
	}
	if (!vmx_has(VMX_PROC2, PROC2_INVPCID))
		nacre_host_deny(X86_FEATURE_INVPCID);
	if (!vmx_has(VMX_PROC2, PROC2_XSAVES))
		nacre_host_deny(X86_FEATURE_XSAVES);
}

static int cpu_alloc(unsigned int n)
{
	struct vmx_cpu *cpu = per_cpu_ptr(&vmx_cpu, n);

	INIT_LIST_HEAD(&cpu->loaded);
	cpu->region = alloc_pages_node(cpu_to_node(n), GFP_KERNEL | __GFP_ZERO,
				       0);
	if (!cpu->region)
		return -ENOMEM;
	*(u32 *)page_address(cpu->region) = vmx_caps.revision;
	return 0;
}

void vmx_teardown(void)
{
	unsigned int n;

	vmx_l1d_teardown();
	vmx_apic_teardown();
	for_each_possible_cpu(n) {
		struct vmx_cpu *cpu = per_cpu_ptr(&vmx_cpu, n);

		if (cpu->region)
			__free_page(cpu->region);
		cpu->region = NULL;
	}
}

int vmx_setup(void)
{
	unsigned int n;
	int err = 0;

	vmx_caps.revision = read_cap(MSR_IA32_VMX_BASIC) & VMX_BASIC_REVISION;
	vmx_caps.cr4_allowed = read_cap(MSR_IA32_VMX_CR4_FIXED1);
	vmx_timer_setup(read_cap(MSR_IA32_VMX_MISC));
	adjust_cpuid();
	static_branch_enable(&nacre_tells_lengths);
	if (!vmx_has(VMX_PROC2, PROC2_UNRESTRICTED))
		static_branch_enable(&nacre_emulates_modes);
	vmx_vmcs_setup();
	vmx_ept_setup();
	if (vmx_has(VMX_PROC2, PROC2_TSC_SCALING))
		nacre_tsc_fraction = VMX_TSC_FRACTION;
	for_each_possible_cpu(n)
		err = err ?: cpu_alloc(n);
	err = err ?: vmx_l1d_setup();
	err = err ?: vmx_apic_setup();
	if (err)
		vmx_teardown();
	return err;
}

bool vmx_in_use(void)
{
	return native_read_cr4() & X86_CR4_VMXE && !this_cpu_read(vmx_cpu.on);
}

static void note_host(struct vmx_cpu *cpu)
{
	unsigned int i;

	native_store_gdt(&cpu->gdt);
	rdmsrl(MSR_GS_BASE, cpu->gs_base);
	rdmsrl(MSR_IA32_SYSENTER_ESP, cpu->sysenter_esp);
	for (i = 0; i < VMX_SWAPPED; i++)
		cpu->swapped[i] = read_cap(vmx_swapped_msrs[i]);
}

int vmx_cpu_on(void)
{
	struct vmx_cpu *cpu = this_cpu_ptr(&vmx_cpu);

	if (vmx_in_use())
		return -EBUSY;
	note_host(cpu);
	cpu->current_vcpu = NULL;
	intel_pt_handle_vmx(1);
	/* First, so that a crash from here on finds what there is to undo. */
	cpu->on = true;
	cr4_set_bits(X86_CR4_VMXE);
	/* Firmware may have locked it out on this processor alone. */
	if (vmx_insn_on(page_to_phys(cpu->region)))
		return 0;
	cpu->on = false;
	cr4_clear_bits(X86_CR4_VMXE);
	intel_pt_handle_vmx(0);
	return -EOPNOTSUPP;
}

/*
 * Also in an NMI while the system goes down. No VMCS may be left in the
 * processor's caches: it would write them back, into whose memory that is then.
 */
void vmx_cpu_off(void)
{
	struct vmx_cpu *cpu = this_cpu_ptr(&vmx_cpu);
	struct vmx_vcpu *vmx, *next;

	if (!cpu->on)
		return;
	if (!(native_read_cr4() & X86_CR4_VMXE)) {
		cpu->on = false;
		return;
	}
	list_for_each_entry_safe(vmx, next, &cpu->loaded, loaded)
		vmx_detach(vmx);
	cpu->on = false;
	vmx_insn_off();
	cr4_clear_bits(X86_CR4_VMXE);
	intel_pt_handle_vmx(0);
}
