/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interrupt chips that a VM's vCPUs share: the PIC pair and the I/O APIC,
 * and the way from a line or a message to local APICs.
 */
#ifndef NACRE_X86_CHIPS_H
#define NACRE_X86_CHIPS_H

#include "arch/x86/irqchip/ioapic.h"
#include "arch/x86/irqchip/pic.h"
#include "module/vm.h"

struct nacre_lapic;

struct nacre_chips {
	struct nacre_vm *vm;		/* create */
	spinlock_t lock;		/* guards both chips */
	struct nacre_pic pic;
	struct nacre_ioapic ioapic;
};

static inline bool nacre_has_chips(const struct nacre_vm *vm)
{
	return READ_ONCE(vm->arch.chips);
}

/* To whom it is sent; @from: the sender of an IPI. True: somebody took it. */
bool nacre_deliver(struct nacre_vm *vm, const struct nacre_irq *irq,
		   struct nacre_lapic *from);
void nacre_chips_eoi(struct nacre_vm *vm, u8 vector);

/* Does the PIC ask for the processor; take its vector. */
bool nacre_pic_output(const struct nacre_vm *vm);
u8 nacre_pic_take(struct nacre_vm *vm);

/* Is a port access one of these chips'? */
bool nacre_chips_port(const struct nacre_vm *vm, u16 port, unsigned int size);
/* Do it; false: not an access of these chips. */
bool nacre_chips_pio(struct nacre_vm *vm, u16 port, unsigned int size,
		     void *data, bool in);
bool nacre_chips_mmio(struct nacre_vm *vm, gpa_t gpa, unsigned int size,
		      void *data, bool write);

#endif /* NACRE_X86_CHIPS_H */
