/* SPDX-License-Identifier: GPL-2.0 */
/* Debug registers, single-stepping, and the VMM's own breakpoints. */
#ifndef NACRE_X86_DEBUG_H
#define NACRE_X86_DEBUG_H

#include <asm/debugreg.h>

#include "module/vcpu.h"

void nacre_debug_reset(struct nacre_vcpu *vcpu);

#define NACRE_DR7_ARMED	0x000000ffull	/* L0, G0 ... L3, G3 */

/* DR0 to DR3. */
void nacre_debug_load(struct nacre_vcpu *vcpu);

/* Irqs off: the guest's breakpoints in, the host's back. */
static inline void nacre_debug_enter(struct nacre_vcpu *vcpu)
{
	/* No host breakpoint may fire on a guest's address. */
	if (hw_breakpoint_active())
		set_debugreg(0, 7);
	if (unlikely(vcpu->arch.dr7 & NACRE_DR7_ARMED))
		nacre_debug_load(vcpu);
}

static inline void nacre_debug_exit(struct nacre_vcpu *vcpu)
{
	if (hw_breakpoint_active())
		hw_breakpoint_restore();
}

/* A guest's MOV to or from DR: False: #UD or #GP has been queued. */
bool nacre_guest_read_dr(struct nacre_vcpu *vcpu, unsigned int dr, u64 *value);
bool nacre_guest_write_dr(struct nacre_vcpu *vcpu, unsigned int dr, u64 value);

#endif /* NACRE_X86_DEBUG_H */
