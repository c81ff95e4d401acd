// SPDX-License-Identifier: GPL-2.0
/* Whether and how well this processor does SVM; turning it on and off. */
#include <linux/cc_platform.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <asm/cpufeature.h>
#include <asm/mem_encrypt.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "arch/x86/protect.h"
#include "arch/x86/svm/ops.h"
#include "arch/x86/svm/svm.h"

/* CPUID Fn8000_0001_ECX, "Feature Identifiers" */
#define CPUID_SVM		BIT(2)
/* CPUID Fn8000_000A_EDX, "SVM Revision and Feature Identification" */
#define CPUID_NESTED_PAGING	BIT(0)
#define CPUID_NRIPS		BIT(3)
#define CPUID_TSC_RATIO		BIT(4)
#define CPUID_CLEAN_BITS	BIT(5)
#define CPUID_FLUSH_ASID	BIT(6)
#define CPUID_PAUSE_FILTER	BIT(10)
#define CPUID_PAUSE_THRESHOLD	BIT(12)

/* VM_CR MSR */
#define VM_CR_LOCK		BIT_ULL(3)
#define VM_CR_SVMDIS		BIT_ULL(4)

#define TSC_RATIO_ONE_HIGH	BIT(0)	/* 32 bits of fraction below */

#define BP_CFG_SPEC_REDUCE	BIT_ULL(4)

/* Port permissions: 64 Ki ports, and 3 bits for an access across the end. */
#define IOPM_ORDER		2

struct svm_caps svm_caps;
DEFINE_PER_CPU(struct svm_cpu, svm_cpu);
static struct page *iopm;
hpa_t svm_iopm;

static bool cpu_is_amd(void)
{
	return boot_cpu_data.x86_vendor == X86_VENDOR_AMD ||
	       boot_cpu_data.x86_vendor == X86_VENDOR_HYGON;
}

/* On AMD a processor without SVM has no VM_CR; there is nothing to disable. */
static const char *firmware_forbids(void)
{
	u64 vm_cr;

	if (rdmsrl_safe(MSR_VM_CR, &vm_cr) || !(vm_cr & VM_CR_SVMDIS))
		return NULL;
	if (vm_cr & VM_CR_LOCK)
		return "SVM is disabled and locked by the firmware: see its setup";
	return "SVM is disabled in the VM_CR register";
}

int svm_ident(const char **why)
{
	if (!cpu_is_amd())
		return -ENODEV;
	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT)) {
		*why = "this system is itself an encrypted guest";
		return -EOPNOTSUPP;
	}
	if (!(cpuid_ecx(0x80000001) & CPUID_SVM)) {
		*why = "it has no SVM (AMD-V), or the hypervisor below hides it";
		return -EOPNOTSUPP;
	}
	*why = firmware_forbids();
	if (*why)
		return -EOPNOTSUPP;
	if (!(cpuid_edx(0x8000000a) & CPUID_NESTED_PAGING)) {
		*why = "SVM is there, but nested paging (NPT) is not";
		return -EOPNOTSUPP;
	}
	/* Number 0 is the host's, and a guest needs one of its own. */
	if (cpuid_ebx(0x8000000a) < 2) {
		*why = "SVM is there, but no address space identifier for guests";
		return -EOPNOTSUPP;
	}
	return 0;
}

static void resolve_caps(void)
{
	u32 edx = cpuid_edx(0x8000000a);

	svm_caps = (struct svm_caps){
		.nrips = edx & CPUID_NRIPS,
		.flush_asid = edx & CPUID_FLUSH_ASID,
		.clean_bits = edx & CPUID_CLEAN_BITS,
		.pause_filter = edx & CPUID_PAUSE_FILTER,
		.pause_threshold = edx & CPUID_PAUSE_THRESHOLD,
		.tsc_ratio = edx & CPUID_TSC_RATIO,
		.tsc_aux = boot_cpu_has(X86_FEATURE_RDTSCP) ||
			   boot_cpu_has(X86_FEATURE_RDPID),
		.invpcid = boot_cpu_has(X86_FEATURE_INVPCID),
		.asids = cpuid_ebx(0x8000000a),
	};
}

static void nudge(struct irq_work *work)
{
	/* That the interrupt came is all that was wanted. */
}

/* Two pages: one for VMRUN's own use, whose layout is the processor's. */
static int cpu_alloc(unsigned int n)
{
	struct svm_cpu *cpu = per_cpu_ptr(&svm_cpu, n);
	struct page *page;

	page = alloc_pages_node(cpu_to_node(n), GFP_KERNEL | __GFP_ZERO, 1);
	if (!page)
		return -ENOMEM;
	cpu->vmrun_area = __sme_set(page_to_phys(page));
	cpu->host_area = cpu->vmrun_area + PAGE_SIZE;
	init_irq_work(&cpu->nudge, nudge);
	return 0;
}

static void cpu_free(unsigned int n)
{
	struct svm_cpu *cpu = per_cpu_ptr(&svm_cpu, n);

	if (!cpu->vmrun_area)
		return;
	irq_work_sync(&cpu->nudge);
	__free_pages(pfn_to_page(PHYS_PFN(__sme_clr(cpu->vmrun_area))), 1);
	cpu->vmrun_area = 0;
}

void svm_teardown(void)
{
	unsigned int n;

	for_each_possible_cpu(n)
		cpu_free(n);
	if (iopm)
		__free_pages(iopm, IOPM_ORDER);
	iopm = NULL;
}

int svm_setup(void)
{
	unsigned int n;

	resolve_caps();
	if (svm_caps.nrips)
		static_branch_enable(&nacre_tells_lengths);
	svm_npt_setup();

	iopm = alloc_pages(GFP_KERNEL, IOPM_ORDER);
	if (!iopm)
		return -ENOMEM;
	/* Every port exits: none is the guest's. */
	memset(page_address(iopm), 0xff, PAGE_SIZE << IOPM_ORDER);
	svm_iopm = __sme_set(page_to_phys(iopm));

	for_each_possible_cpu(n) {
		if (cpu_alloc(n)) {
			svm_teardown();
			return -ENOMEM;
		}
	}
	return 0;
}

bool svm_in_use(void)
{
	u64 efer;

	rdmsrl(MSR_EFER, efer);
	return (efer & EFER_SVME) && !this_cpu_read(svm_cpu.on);
}

/* SRSO: the kernel leaves this bit to whoever runs guests. */
static void reduce_speculation(bool on)
{
	u64 cfg;

	if (!nacre_protects(NACRE_PROTECT_ON_BP_SPEC_REDUCE))
		return;
	rdmsrl(MSR_ZEN4_BP_CFG, cfg);
	wrmsrl(MSR_ZEN4_BP_CFG, on ? cfg | BP_CFG_SPEC_REDUCE :
				     cfg & ~BP_CFG_SPEC_REDUCE);
}

int svm_cpu_on(void)
{
	struct svm_cpu *cpu = this_cpu_ptr(&svm_cpu);
	u64 efer;

	if (svm_in_use())
		return -EBUSY;
	rdmsrl(MSR_EFER, efer);
	/* First, so that a crash from here on finds what there is to undo. */
	cpu->on = true;
	/* Firmware may have disabled it on this processor alone. */
	if (wrmsrl_safe(MSR_EFER, efer | EFER_SVME)) {
		cpu->on = false;
		return -EOPNOTSUPP;
	}
	wrmsrl(MSR_VM_HSAVE_PA, cpu->vmrun_area);
	if (svm_caps.tsc_ratio)
		wrmsr(MSR_AMD64_TSC_RATIO, 0, TSC_RATIO_ONE_HIGH);
	if (svm_caps.tsc_aux)
		rdmsrl(MSR_TSC_AUX, cpu->host_tsc_aux);

	/* Whoever had an ASID here before asks again, and nothing is left. */
	cpu->asid_generation++;
	cpu->next_asid = 1;
	cpu->flush_all = true;
	reduce_speculation(true);
	return 0;
}

/* Also in an NMI while the system goes down: looks at the processor alone. */
void svm_cpu_off(void)
{
	u64 efer;

	if (!this_cpu_read(svm_cpu.on))
		return;
	this_cpu_write(svm_cpu.on, false);
	rdmsrl(MSR_EFER, efer);
	if (!(efer & EFER_SVME))
		return;
	wrmsrl(MSR_VM_HSAVE_PA, 0);
	/* A crash may come between CLGI and STGI, which would block INIT. */
	svm_stgi();
	wrmsrl(MSR_EFER, efer & ~EFER_SVME);
	reduce_speculation(false);
}
