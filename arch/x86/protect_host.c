// SPDX-License-Identifier: GPL-2.0
/* What the rules come to on this host. */
#include <linux/cpu.h>
#include <linux/moduleparam.h>
#include <asm/msr.h>

#include "module/compat/protect.h"
#include "arch/x86/backend.h"
#include "arch/x86/protect.h"

#define FEATURE(name)	X86_FEATURE_##name,
#define FLAW(name)	X86_BUG_##name,
#define NAME(name)	#name,

/* From here on the bits are the kernel's own. */
#define FIRST		NACRE_HOST_USE_IBPB

static const u16 kernel_bits[NACRE_HOST_BITS - FIRST] = {
	NACRE_HOST_FEATURES(FEATURE) NACRE_HOST_BUGS(FLAW)
};

static const char *const names[] = { NACRE_PROTECTIONS(NAME) };

static char protection[256];
module_param_string(protection, protection, sizeof(protection), 0444);
MODULE_PARM_DESC(protection, "to be read: what is done against flaws of the processor");

u32 nacre_protection_here __ro_after_init;

static u32 read_host(void)
{
	u64 caps = 0;
	u32 host = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kernel_bits); i++) {
		if (boot_cpu_has(kernel_bits[i]))
			host |= BIT(FIRST + i);
	}
	if (nacre_backend()->like_amd)
		host |= BIT(NACRE_HOST_SVM);
	if (cpu_mitigations_off())
		host |= BIT(NACRE_HOST_MITIGATIONS_OFF);
	if (l1tf_mitigation != L1TF_MITIGATION_OFF)
		host |= BIT(NACRE_HOST_L1TF_FLUSH);
	if (boot_cpu_has(X86_FEATURE_ARCH_CAPABILITIES))
		rdmsrl_safe(MSR_IA32_ARCH_CAPABILITIES, &caps);
	if (caps & ARCH_CAP_SKIP_VMENTRY_L1DFLUSH)
		host |= BIT(NACRE_HOST_NO_L1D_FLUSH);
	return host;
}

void nacre_protect_setup(void)
{
	unsigned int i, at = 0;

	nacre_protection_here = nacre_protection(read_host());
	protection[0] = '\0';
	for (i = 0; i < NACRE_PROTECT_BITS; i++) {
		if (nacre_protects(i))
			at += scnprintf(protection + at,
					sizeof(protection) - at, "%s%s",
					at ? " " : "", names[i]);
	}
}
