/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The I/O APIC with 24 pins. The caller holds a lock around every call.
 */
#ifndef NACRE_IOAPIC_H
#define NACRE_IOAPIC_H

#include "arch/x86/irqchip/irq.h"
#include "include/uapi/nacre.h"

#define IOAPIC_BASE	0xfec00000ull
#define IOAPIC_SIZE	0x100

struct nacre_ioapic;

struct nacre_ioapic_ops {
	/* Send it to the local APICs; how many took it. May not sleep. */
	int (*deliver)(struct nacre_ioapic *ioapic,
		       const struct nacre_irq *irq);
};

/* irr is the state of the lines here. */
struct nacre_ioapic {
	const struct nacre_ioapic_ops *ops;
	struct nacre_ioapic_state state;
	u32 sent;		/* edges that are no longer news, by pin */
};

void nacre_ioapic_reset(struct nacre_ioapic *ioapic);

/* The register window, by offset from its base. */
u32 nacre_ioapic_read(struct nacre_ioapic *ioapic, u32 offset);
void nacre_ioapic_write(struct nacre_ioapic *ioapic, u32 offset, u32 value);

/* A pin is 0 to 23. enum nacre_line, or how many APICs took it. */
int nacre_ioapic_set_line(struct nacre_ioapic *ioapic, unsigned int pin,
			  bool level);
/* What a pin would send. */
struct nacre_irq nacre_ioapic_message(struct nacre_ioapic *ioapic,
				      unsigned int pin);
/* Of the pins those that are masked. */
u32 nacre_ioapic_masked(const struct nacre_ioapic *ioapic);
/* A local APIC retired a level-triggered vector. */
void nacre_ioapic_eoi(struct nacre_ioapic *ioapic, u8 vector);

void nacre_ioapic_get_state(const struct nacre_ioapic *ioapic,
			    struct nacre_ioapic_state *out);
void nacre_ioapic_set_state(struct nacre_ioapic *ioapic,
			    const struct nacre_ioapic_state *in);

#endif /* NACRE_IOAPIC_H */
