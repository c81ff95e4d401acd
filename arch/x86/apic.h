/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vCPU's local APIC in its surroundings: the host's timer, the VM's other
 * chips, INIT and start-up. The chip itself: arch/x86/irqchip/lapic.h.
 */
#ifndef NACRE_X86_APIC_H
#define NACRE_X86_APIC_H

#include <linux/hrtimer.h>

#include "arch/x86/arch.h"
#include "arch/x86/irqchip/lapic.h"

/* Whether processors work on them, too: backend(update_apic) and so on. */
extern bool nacre_enable_apicv;

/* What waits for the vCPU's own thread. */
enum nacre_apic_pending {
	NACRE_APIC_TIMER,
	NACRE_APIC_INIT,
	NACRE_APIC_SIPI,
	NACRE_APIC_LEVELS,
	NACRE_APIC_PIT,		/* the boot vCPU's: a tick may be due */
};

#define NACRE_TARGETS_BITS	6

struct nacre_apic {
	struct nacre_lapic lapic;
	struct nacre_vcpu *vcpu;	/* create */
	struct hrtimer timer;
	u64 due;			/* 0: never; the timer goes off before */
	bool in_guest;			/* ... or this ends the guest's run */
	unsigned long pending;		/* any thread; atomic bits */
	u8 sipi_vector;			/* before NACRE_APIC_SIPI is set */
	/* Create; not 0: something is posted. NULL where nothing ever is. */
	const unsigned long *posted;
	u16 extint;			/* of the VMM's PIC: vector + 1, or 0 */
	/* Of its IPIs, by a hash of the destination; vCPU's thread. */
	struct nacre_target targets[1 << NACRE_TARGETS_BITS];
};

/* Before a halt: nobody else's timer would wake it. */
void nacre_apic_halts(struct nacre_vcpu *vcpu);
int nacre_apic_create(struct nacre_vcpu *vcpu);
void nacre_apic_destroy(struct nacre_vcpu *vcpu);
void nacre_apic_reset(struct nacre_vcpu *vcpu, bool init);

static inline struct nacre_lapic *nacre_lapic_of(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.apic ? &vcpu->arch.apic->lapic : NULL;
}

static inline bool nacre_apic_posted(const struct nacre_vcpu *vcpu)
{
	const struct nacre_apic *apic = vcpu->arch.apic;

	return apic && apic->posted && READ_ONCE(*apic->posted);
}

/* The task priority of a local APIC in the kernel is the truth. */
static inline u64 nacre_cr8(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.apic ? nacre_lapic_cr8(nacre_lapic_of(vcpu)) :
				 vcpu->arch.cr8;
}

/* Any thread: leave it something. */
void nacre_apic_leave(struct nacre_apic *apic, enum nacre_apic_pending what);
/* An interrupt of the VMM's PIC; -EEXIST: one is there. */
int nacre_apic_extint(struct nacre_vcpu *vcpu, u8 vector);
/* Could that be injected? Without an APIC here it does not depend on one. */
static inline bool nacre_takes_extint(const struct nacre_vcpu *vcpu)
{
	return !vcpu->arch.apic ||
	       (nacre_lapic_accepts_pic(&vcpu->arch.apic->lapic) &&
		!vcpu->arch.apic->extint);
}

/* The vCPU's thread: take expiries, INIT, start-up and what is posted. */
void nacre_apic_take(struct nacre_vcpu *vcpu);
void nacre_apic_collect(struct nacre_vcpu *vcpu);
static inline void nacre_apic_process(struct nacre_vcpu *vcpu)
{
	if (vcpu->arch.apic && unlikely(READ_ONCE(vcpu->arch.apic->pending)))
		nacre_apic_take(vcpu);
	if (nacre_apic_posted(vcpu))
		nacre_apic_collect(vcpu);
}

/* Is an interrupt there that the guest would take with IF set? */
bool nacre_has_interrupt(struct nacre_vcpu *vcpu);
/* Likewise, and the processor does not deliver it by itself. */
bool nacre_must_inject(struct nacre_vcpu *vcpu);
/* Take it; -1: it went away. */
int nacre_get_interrupt(struct nacre_vcpu *vcpu);

/* The register page at IA32_APIC_BASE. */
static inline bool nacre_is_apic_page(const struct nacre_vcpu *vcpu, gpa_t gpa)
{
	const struct nacre_lapic *lapic = nacre_lapic_of(vcpu);

	return lapic && (gpa ^ lapic->base) >> PAGE_SHIFT == 0;
}

void nacre_apic_mmio(struct nacre_vcpu *vcpu, gpa_t gpa, unsigned int size,
		     void *data, bool write);

#endif /* NACRE_X86_APIC_H */
