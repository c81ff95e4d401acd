// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's machine-check banks, and errors that userspace reports in them.
 *
 * Intel SDM, "Machine-Check Architecture"; AMD APM, "Machine Check
 * Architecture".
 */
#include <linux/ptrace.h>
#include <asm/mce.h>

#include "arch/x86/cpuid.h"
#include "arch/x86/events.h"
#include "arch/x86/exits.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/msr.h"
#include "arch/x86/regs.h"

/* IA32_MCG_CAP, the bank count apart; no interrupt for corrected errors. */
#define MCG_CAP_SUPPORTED	(MCG_CTL_P | MCG_SER_P)
/* Also accepted: how many extended state registers there are. */
#define MCG_CAP_COUNTS		(GENMASK(23, 16) | GENMASK(7, 0))
#define MCG_CAP_BANKS		GENMASK(7, 0)
#define MC_CTL2_DEFINED		(MCI_CTL2_CMCI_EN | MCI_CTL2_CMCI_THRESHOLD_MASK)
#define ALL_ON			(~0ull)
/* HWCR of AMD's: software may write other than zeroes into MCi_STATUS. */
#define HWCR_MC_STATUS_WRITE	BIT_ULL(18)

/* Some kernels leave these bits of a bank off, for errors of old processors. */
#define MC_CTL_MAY_BE_OFF	(BIT_ULL(10) | BIT_ULL(0))

static unsigned int nr_banks(const struct nacre_mce *mce)
{
	return mce->cap & MCG_CAP_BANKS;
}

/*
 * A machine check that hit the guest was intercepted before the host saw it.
 * Its handler must run on this processor and now. The frame says ring 3, so
 * that what can be blamed on the guest is blamed on this task.
 */
void nacre_host_machine_check(void)
{
#ifdef CONFIG_X86_MCE
	struct pt_regs regs = {
		.cs = 3,
		.flags = X86_EFLAGS_IF,
	};

	do_machine_check(&regs);
#endif
}

bool nacre_read_mcg(struct nacre_vcpu *vcpu, struct nacre_rdmsr r)
{
	const struct nacre_mce *mce = &vcpu->arch.msr.mce;

	if (r.index == MSR_IA32_MCG_CTL) {
		*r.value = mce->ctl;
		return r.by == BY_USER || mce->cap & MCG_CTL_P;
	}
	*r.value = mce->cap;
	/* AMD APM, "MCG_CAP": nothing above the control bit. */
	if (!nacre_guest_is_intel(vcpu))
		*r.value &= MCG_CTL_P | MCG_CAP_BANKS;
	return true;
}

bool nacre_valid_mcg_ctl(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (!(vcpu->arch.msr.mce.cap & MCG_CTL_P) &&
	    (w.value || w.by == BY_GUEST))
		return false;
	return !w.value || w.value == ALL_ON;
}

/* IA32_MCi_CTL2 are by themselves; the others of a bank are together. */
static bool is_ctl2(u32 index)
{
	return index < MSR_IA32_MC0_CTL;
}

/* NULL: the guest has fewer banks. */
static u64 *find_bank_reg(struct nacre_mce *mce, u32 index)
{
	u32 n = index - MSR_IA32_MC0_CTL;
	u32 bank = is_ctl2(index) ? index - MSR_IA32_MC0_CTL2 :
				    n / NACRE_MC_REGS;

	if (bank >= nr_banks(mce) || bank >= NACRE_MCE_BANKS)
		return NULL;
	bank = array_index_nospec(bank, NACRE_MCE_BANKS);
	return is_ctl2(index) ? &mce->ctl2[bank] :
				&mce->bank[bank][n % NACRE_MC_REGS];
}

bool nacre_read_mc_bank(struct nacre_vcpu *vcpu, struct nacre_rdmsr r)
{
	struct nacre_mce *mce = &vcpu->arch.msr.mce;
	const u64 *reg = find_bank_reg(mce, r.index);

	if (!reg || (is_ctl2(r.index) && r.by == BY_GUEST &&
		     !(mce->cap & MCG_CMCI_P)))
		return false;
	*r.value = *reg;
	return true;
}

static bool valid_bank_value(const struct nacre_vcpu *vcpu,
			     struct nacre_wrmsr w)
{
	if (is_ctl2(w.index))
		return vcpu->arch.msr.mce.cap & MCG_CMCI_P ?
		       !(w.value & ~(u64)MC_CTL2_DEFINED) :
		       !w.value && w.by == BY_USER;
	switch ((w.index - MSR_IA32_MC0_CTL) % NACRE_MC_REGS) {
	case NACRE_MC_CTL:
		return !w.value || (w.value | MC_CTL_MAY_BE_OFF) == ALL_ON;
	case NACRE_MC_STATUS:
		/* A guest of AMD's can put errors there itself. */
		return !w.value || w.by == BY_USER ||
		       (nacre_guest_is_amd(vcpu) &&
			vcpu->arch.msr.hwcr & HWCR_MC_STATUS_WRITE);
	default:
		return true;
	}
}

bool nacre_write_mc_bank(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	u64 *reg = find_bank_reg(&vcpu->arch.msr.mce, w.index);

	if (!reg || !valid_bank_value(vcpu, w))
		return false;
	*reg = w.value;
	return true;
}

long nacre_get_mce_cap(struct nacre_ioctl_arg *arg)
{
	*(u64 *)arg->data = MCG_CAP_SUPPORTED;
	return 0;
}

long nacre_setup_mce(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_mce *mce = &vcpu->arch.msr.mce;
	u64 cap = *(const u64 *)arg->data;
	unsigned int i, banks = cap & MCG_CAP_BANKS;

	if (!banks || banks > NACRE_MCE_BANKS)
		return -EINVAL;
	if (cap & ~(u64)(MCG_CAP_SUPPORTED | MCG_CAP_COUNTS))
		return -EINVAL;
	mce->cap = cap;
	if (cap & MCG_CTL_P)
		mce->ctl = ALL_ON;
	for (i = 0; i < banks; i++)
		mce->bank[i][NACRE_MC_CTL] = ALL_ON;
	return 0;
}

static void log_error(u64 *bank, const struct nacre_x86_mce *in, bool over)
{
	bank[NACRE_MC_STATUS] = in->status | (over ? MCI_STATUS_OVER : 0);
	bank[NACRE_MC_ADDR] = in->addr;
	bank[NACRE_MC_MISC] = in->misc;
}

static bool holds_error(const u64 *bank)
{
	return bank[NACRE_MC_STATUS] & MCI_STATUS_VAL;
}

/* A corrected error gives way to an uncorrected one that waits there. */
static void log_corrected(u64 *bank, const struct nacre_x86_mce *in)
{
	const u64 uncorrected = MCI_STATUS_VAL | MCI_STATUS_UC;

	if ((bank[NACRE_MC_STATUS] & uncorrected) == uncorrected)
		bank[NACRE_MC_STATUS] |= MCI_STATUS_OVER;
	else
		log_error(bank, in, holds_error(bank));
}

static void raise_uncorrected(struct nacre_vcpu *vcpu, u64 *bank,
			      const struct nacre_x86_mce *in)
{
	struct nacre_mce *mce = &vcpu->arch.msr.mce;

	/* The guest has the bank, or all of them, turned off. */
	if ((mce->cap & MCG_CTL_P && mce->ctl != ALL_ON) ||
	    bank[NACRE_MC_CTL] != ALL_ON)
		return;
	/* Nobody can take it: one is being handled, or the guest wants none. */
	if (mce->status & MCG_STATUS_MCIP ||
	    !(nacre_cr4(vcpu) & X86_CR4_MCE)) {
		vcpu->arch.triple_fault = true;
		nacre_set_request(vcpu, NACRE_REQ_EVENT);
		return;
	}
	log_error(bank, in, holds_error(bank));
	mce->status = in->mcg_status;
	nacre_queue_exception(vcpu, X86_TRAP_MC);
}

long nacre_set_mce(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_mce *mce = &vcpu->arch.msr.mce;
	const struct nacre_x86_mce *in = arg->data;
	u64 *bank;

	if (in->bank >= nr_banks(mce) || !(in->status & MCI_STATUS_VAL))
		return -EINVAL;
	bank = mce->bank[array_index_nospec(in->bank, NACRE_MCE_BANKS)];
	/* It asks nobody to do anything; Intel SDM, "UCR Error ..." */
	if (in->status & MCI_STATUS_UC && !in->mcg_status &&
	    !(in->status & (MCI_STATUS_PCC | MCI_STATUS_S | MCI_STATUS_AR))) {
		log_error(bank, in, false);
		mce->status = in->mcg_status;
	} else if (in->status & MCI_STATUS_UC) {
		raise_uncorrected(vcpu, bank, in);
	} else {
		log_corrected(bank, in);
	}
	return 0;
}
