// SPDX-License-Identifier: GPL-2.0
/*
 * Debug registers.
 *
 * DR0-DR3 are in the processor only while the guest has armed a breakpoint;
 * every access of the guest to a debug register is intercepted, so what it
 * reads is what it wrote. DR6 and DR7 have places of their own in the
 * backend's state. The host's breakpoints are put back after each exit.
 */
#include <linux/bits.h>
#include <linux/hw_breakpoint.h>
#include <linux/percpu.h>

#include "arch/x86/events.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/regs.h"

#define DR6_FIXED	0xfffe0ff0ull	/* read as 1 on every processor */
#define DR6_RTM		BIT_ULL(16)	/* reads as 1 without RTM */
#define DR6_INIT	(DR6_FIXED | DR6_RTM)
#define DR7_FIXED	0x00000400ull
#define DR7_GD		BIT_ULL(13)
#define DR6_BD		BIT_ULL(13)

void nacre_debug_reset(struct nacre_vcpu *vcpu)
{
	memset(vcpu->arch.dr, 0, sizeof(vcpu->arch.dr));
	vcpu->arch.dr6 = DR6_INIT;
	vcpu->arch.dr7 = DR7_FIXED;
	backend(write_dr7)(vcpu, vcpu->arch.dr7);
}

void nacre_debug_load(struct nacre_vcpu *vcpu)
{
	native_set_debugreg(0, vcpu->arch.dr[0]);
	native_set_debugreg(1, vcpu->arch.dr[1]);
	native_set_debugreg(2, vcpu->arch.dr[2]);
	native_set_debugreg(3, vcpu->arch.dr[3]);
}

/*
 * CR4.DE turns DR4 and DR5 from aliases of DR6 and DR7 into #UD. The intercept
 * comes before the processor looks at DR7.GD.
 */
static bool may_access(struct nacre_vcpu *vcpu, unsigned int *dr)
{
	bool alias = *dr == 4 || *dr == 5;

	if (*dr >= 8 || (alias && nacre_cr4(vcpu) & X86_CR4_DE)) {
		nacre_queue_exception(vcpu, X86_TRAP_UD);
		return false;
	}
	if (alias)
		*dr += 2;
	if (vcpu->arch.dr7 & DR7_GD) {
		nacre_queue_debug(vcpu, DR6_BD);
		return false;
	}
	return true;
}

bool nacre_guest_read_dr(struct nacre_vcpu *vcpu, unsigned int dr, u64 *value)
{
	if (!may_access(vcpu, &dr))
		return false;
	if (dr < 4)
		*value = vcpu->arch.dr[array_index_nospec(dr, 4)];
	else
		*value = dr == 6 ? vcpu->arch.dr6 : vcpu->arch.dr7;
	return true;
}

bool nacre_guest_write_dr(struct nacre_vcpu *vcpu, unsigned int dr, u64 value)
{
	if (!may_access(vcpu, &dr))
		return false;
	if (dr < 4) {
		vcpu->arch.dr[array_index_nospec(dr, 4)] = value;
		return true;
	}
	if (value >> 32) {
		nacre_queue_exception_e(vcpu, X86_TRAP_GP, 0);
		return false;
	}
	if (dr == 6) {
		/* B0-B3, BD, BS, BT are writable; the rest reads as fixed. */
		vcpu->arch.dr6 = (value & 0xe00full) | DR6_INIT;
	} else {
		vcpu->arch.dr7 = (value & 0xffff2bffull) | DR7_FIXED;
		backend(write_dr7)(vcpu, vcpu->arch.dr7);
	}
	return true;
}

long nacre_get_debugregs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_debugregs *out = arg->data;

	BUILD_BUG_ON(sizeof(out->db) != sizeof(vcpu->arch.dr));
	memcpy(out->db, vcpu->arch.dr, sizeof(out->db));
	out->dr6 = vcpu->arch.dr6;
	out->dr7 = vcpu->arch.dr7;
	return 0;
}

long nacre_set_debugregs(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_debugregs *in = arg->data;

	if (in->flags || in->dr6 >> 32 || in->dr7 >> 32)
		return -EINVAL;
	memcpy(vcpu->arch.dr, in->db, sizeof(vcpu->arch.dr));
	vcpu->arch.dr6 = in->dr6;
	vcpu->arch.dr7 = in->dr7;
	backend(write_dr7)(vcpu, vcpu->arch.dr7);
	return 0;
}
