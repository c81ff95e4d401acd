/* SPDX-License-Identifier: GPL-2.0 */
/* What module/ asks of the processor architecture. */
#ifndef NACRE_X86_ARCH_H
#define NACRE_X86_ARCH_H

#include "module/vcpu.h"

int nacre_arch_init(void);

/* A capability's value; @vm is NULL on the system descriptor. 0: absent. */
int nacre_arch_capability(struct nacre_vm *vm, unsigned long number);

/* NACRE_ENABLE_CAP on a VM. */
long nacre_arch_enable_cap(struct nacre_vm *vm,
			   const struct nacre_enable_cap *cap);

/*
 * Which local APIC a message went to: the same one, as long as no vCPU has come
 * and none has another ID or mode. All zeros: not known.
 */
struct nacre_target {
	struct nacre_lapic *lapic;	/* the only one that was meant */
	unsigned long identities;	/* then */
	u32 dest;
	bool logical;
};

/* What a GSI's line sends when it rises, if that is all that it does. */
struct nacre_message {
	bool valid;
	struct nacre_irq irq;
	struct nacre_target to;		/* whoever sends it, one at a time */
};

/* vm->lock; the table of routes may change thereafter. */
void nacre_gsi_message(struct nacre_vm *vm, u32 gsi, struct nacre_message *out);

/* All ends of a GSI; any context. As NACRE_IRQ_LINE_STATUS reports it. */
int nacre_set_gsi(struct nacre_vm *vm, u32 gsi, enum nacre_line_source source,
		  bool level);

/*
 * Whoever wants to hear that the guest has ended what a GSI's pin brought.
 * acked() runs in a vCPU's thread, in a read section of vm->srcu and with no
 * other lock; the GSI's line is not held by NACRE_LINE_RESAMPLE any more. Added
 * and removed under vm->lock; once removed it is not called, and the last of a
 * GSI lets go of the line.
 */
struct nacre_ack {
	struct list_head link;
	u32 gsi;
	void (*acked)(struct nacre_ack *ack);
};

void nacre_ack_add(struct nacre_vm *vm, struct nacre_ack *ack);
void nacre_ack_remove(struct nacre_vm *vm, struct nacre_ack *ack);

int nacre_arch_vm_init(struct nacre_vm *vm);
/* Nothing of the VM itself reaches its vCPUs after this. */
void nacre_arch_vm_stop(struct nacre_vm *vm);
void nacre_arch_vm_destroy(struct nacre_vm *vm);

/* A slot has come, and is published. */
void nacre_arch_new_slot(struct nacre_vm *vm, const struct nacre_memslot *slot);

int nacre_arch_vcpu_init(struct nacre_vcpu *vcpu);
void nacre_arch_vcpu_destroy(struct nacre_vcpu *vcpu);
/* By the scheduler: the thread goes, between two of the guest's instructions. */
void nacre_arch_vcpu_rest(struct nacre_vcpu *vcpu);

/* Loaded: does the guest's kernel run on it? */
bool nacre_arch_in_kernel(struct nacre_vcpu *vcpu);

/* NACRE_RUN: its two ends are in arch/x86/run.h. */
/* False: the vCPU waits, for an interrupt or for its start. */
static inline bool nacre_arch_runnable(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.mp_state == NACRE_MP_STATE_RUNNABLE;
}

/* Has something come that a vCPU which waits has to see? Takes none of it. */
bool nacre_arch_has_work(struct nacre_vcpu *vcpu);
/* Take what has come; the vCPU may be runnable then. */
void nacre_arch_wake(struct nacre_vcpu *vcpu);
/* Was it never started? NACRE_RUN does not wait for that twice. */
static inline bool nacre_arch_uninitialized(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.mp_state == NACRE_MP_STATE_UNINITIALIZED;
}

/* Enter the guest until something has to leave this loop. */
enum nacre_result nacre_arch_loop(struct nacre_vcpu *vcpu);

#endif /* NACRE_X86_ARCH_H */
