/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interrupt chips that a VM's vCPUs share: the PIC pair and the I/O APIC,
 * and the way from a line or a message to local APICs.
 */
#ifndef NACRE_X86_CHIPS_H
#define NACRE_X86_CHIPS_H

#include <linux/hrtimer.h>

#include "arch/x86/irqchip/ioapic.h"
#include "arch/x86/irqchip/lapic.h"
#include "arch/x86/irqchip/pic.h"
#include "arch/x86/irqchip/pit.h"
#include "arch/x86/arch.h"

/* A parameter of the module: may there be such chips? */
extern bool nacre_irqchip;

struct nacre_chips {
	struct nacre_vm *vm;		/* create */
	spinlock_t lock;		/* guards what follows */
	struct nacre_pic pic;
	struct nacre_ioapic ioapic;
	/* BIT(enum nacre_line_source) of those who hold a line up. */
	u8 pic_lines[PIC_PINS];
	u8 ioapic_lines[NACRE_IOAPIC_NUM_PINS];
	struct list_head acks;	/* vm->srcu; vm->lock to change */
	u32 watched[NACRE_VECTOR_WORDS];	/* read freely; lapic.h */

	bool has_pit, has_speaker;	/* vm->lock; the first is set once */
	spinlock_t pit_lock;		/* guards pit */
	struct nacre_pit pit;
	struct hrtimer pit_timer;	/* only leaves a bit */
	struct nacre_ack pit_ack;
};

/* The PIT's line. */
#define NACRE_TIMER_GSI		0

static inline struct nacre_chips *nacre_chips(const struct nacre_vm *vm)
{
	/* Pairs with the release in nacre_create_irqchip(). */
	return smp_load_acquire(&vm->arch.chips);
}

/* Acks, routes or entries have changed: which edges' ends are to be told. */
void nacre_chips_watch(struct nacre_chips *chips);

static inline bool nacre_has_chips(const struct nacre_vm *vm)
{
	return READ_ONCE(vm->arch.chips);
}

/* With these chips, or split from those of the VMM. */
static inline bool nacre_has_lapics(const struct nacre_vm *vm)
{
	return rcu_access_pointer(vm->arch.routes);
}

/* Grows with each change of an ID or a mode, and with each vCPU. */
static inline unsigned long nacre_identities(const struct nacre_vm *vm)
{
	return atomic_long_read(&vm->arch.identities) +
	       READ_ONCE(vm->nr_vcpus);
}

/*
 * To whom it is sent; @from: the sender of an IPI. Returns how many took it,
 * or NACRE_LINE_IGNORED: no local APIC is there. Into @only, if given, goes who
 * was meant, if that is one.
 */
int nacre_deliver(struct nacre_vm *vm, const struct nacre_irq *irq,
		  struct nacre_lapic *from, struct nacre_lapic **only);
/* Without a shorthand; into @to goes who was meant. */
int nacre_deliver_and_note(struct nacre_vm *vm, const struct nacre_irq *irq,
			   struct nacre_lapic *from, struct nacre_target *to);

/* Likewise, to whom it went before, if that is still who is meant. */
static inline int nacre_deliver_to(struct nacre_vm *vm,
				   const struct nacre_irq *irq,
				   struct nacre_lapic *from,
				   struct nacre_target *to)
{
	if (likely(to->lapic && to->identities == nacre_identities(vm) &&
		   to->dest == irq->dest && to->logical == irq->logical))
		return nacre_lapic_accept(to->lapic, irq);
	return nacre_deliver_and_note(vm, irq, from, to);
}
/* What a route asks for: struct nacre_routing_ops. */
int nacre_chips_set_pin(struct nacre_routing *routing, unsigned int chip,
			unsigned int pin, enum nacre_line_source source,
			bool level);
static inline struct nacre_vm *nacre_vm_of(struct nacre_routing *routing)
{
	return container_of(routing, struct nacre_vm, arch.routing);
}

/* GSIs; gsi.c. A table to begin with; @chips: that leads to them. */
struct nacre_routes *nacre_routes_first(struct nacre_vm *vm, bool chips);
/* Does one of @pins of @chip stand for @gsi? */
bool nacre_gsi_has_pin(struct nacre_vm *vm, u32 gsi, unsigned int chip,
		       u32 pins);
/* The guest ended what @pins of @chip brought. Not under the chips' lock. */
void nacre_ack_pins(struct nacre_vm *vm, unsigned int chip, u32 pins);

/* A level's EOI, where the I/O APIC is the VMM's. */
void nacre_split_eoi(struct nacre_vcpu *vcpu, u8 vector);

long nacre_enable_x2apic_api(struct nacre_vm *vm, u64 flags);
long nacre_enable_split(struct nacre_vm *vm, u64 gsis);

/* A local APIC has ended a level, or an edge that is watched. */
void nacre_chips_eoi(struct nacre_vcpu *vcpu, u8 vector, bool level);

/* The vCPU that the PIC's output and the PIT's ticks go to, if it is there. */
struct nacre_vcpu *nacre_boot_vcpu(struct nacre_vm *vm);

/* The PIT's surroundings; pit.c. */
void nacre_pit_setup(struct nacre_chips *chips);
/* The boot vCPU's thread: a tick may be due. */
void nacre_pit_take(struct nacre_vm *vm);
/* The guest has unmasked pins of a chip. */
void nacre_pit_unmasked(struct nacre_chips *chips, unsigned int chip, u32 pins);
void nacre_pit_pio(struct nacre_chips *chips, u16 port, unsigned int size,
		   u8 *data, bool in);

/* The PIC asks for the processor: take its vector. */
u8 nacre_pic_take(struct nacre_vm *vm);

/* May a port be one of these chips'? All but a pair are below 0x100. */
static inline bool nacre_is_chip_port(u16 port)
{
	static const u64 low[4] = {
		[PIC_MASTER_PORT / 64] = 3ull << PIC_MASTER_PORT % 64,
		[PIT_PORT / 64] = GENMASK_ULL(PIT_PORTS - 1, 0) << PIT_PORT % 64 |
				  1ull << PIT_SPEAKER % 64,
		[PIC_SLAVE_PORT / 64] = 3ull << PIC_SLAVE_PORT % 64,
	};

	if (port < 0x100)
		return low[port / 64] >> port % 64 & 1;
	return (port & ~1) == PIC_ELCR_PORT;
}

static inline bool nacre_is_ioapic_mmio(const struct nacre_vm *vm, gpa_t gpa)
{
	return gpa - IOAPIC_BASE < IOAPIC_SIZE && nacre_has_chips(vm);
}

/* Do an access; false: not one of these chips'. */
bool nacre_chips_pio(struct nacre_vm *vm, u16 port, unsigned int size,
		     void *data, bool in);
void nacre_chips_mmio(struct nacre_vm *vm, gpa_t gpa, unsigned int size,
		      void *data, bool write);

#endif /* NACRE_X86_CHIPS_H */
