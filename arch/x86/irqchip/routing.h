/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where GSIs lead: to pins of the PIC pair and the I/O APIC, or to a message.
 * A table does not change once it is made.
 */
#ifndef NACRE_ROUTING_H
#define NACRE_ROUTING_H

#include "arch/x86/irqchip/irq.h"
#include "include/uapi/nacre.h"

/* NACRE_CAP_IRQ_ROUTING: so many GSIs, and so many routes. */
#define NACRE_MAX_GSIS	4096

/* Who holds a line up; it is up as long as somebody does. */
enum nacre_line_source {
	NACRE_LINE_VMM,
	NACRE_LINE_RESAMPLE,	/* irqfds that are told of the guest's EOI */
	NACRE_LINE_PIT,
};

struct nacre_routing;

struct nacre_routing_ops {
	/* enum nacre_line, or how many APICs took it. Neither may sleep. */
	int (*set_pin)(struct nacre_routing *routing, unsigned int chip,
		       unsigned int pin, enum nacre_line_source source,
		       bool level);
	int (*send)(struct nacre_routing *routing, const struct nacre_irq *irq);
};

#define NACRE_X2APIC_API_FLAGS	(NACRE_X2APIC_API_USE_32BIT_IDS |	\
				 NACRE_X2APIC_API_DISABLE_BROADCAST_QUIRK)

/* flags: NACRE_X2APIC_API_*. */
struct nacre_routing {
	const struct nacre_routing_ops *ops;
	u64 flags;
};

/* It leads to one pin of each chip, or is a single message. */
struct nacre_gsi {
	u8 pin[NACRE_NR_IRQCHIPS];	/* + 1, or 0 */
	bool is_message;
	struct nacre_irq_routing_msi message;
};

struct nacre_routes {
	u32 nr_gsis;
	s16 gsi_of[NACRE_NR_IRQCHIPS][NACRE_IOAPIC_NUM_PINS];	/* or -1 */
	struct nacre_gsi gsi[];
};

/* How big a table is; 0: a GSI is out of range. */
size_t nacre_routes_size(const struct nacre_irq_routing_entry *entries, u32 nr);
/*
 * Fill zeroed memory of that size; false: an entry that there cannot be.
 * @pins: there are chips with pins.
 */
bool nacre_routes_fill(struct nacre_routes *routes,
		       const struct nacre_routing *routing,
		       const struct nacre_irq_routing_entry *entries, u32 nr,
		       bool pins);

/* What became of it at all its ends; enum nacre_line says how that adds up. */
int nacre_routes_set(const struct nacre_routes *routes,
		     struct nacre_routing *routing, u32 gsi,
		     enum nacre_line_source source, bool level);

/* What a GSI's line sends when it rises; false: it does something else. */
bool nacre_routes_message(const struct nacre_routes *routes,
			  const struct nacre_routing *routing, u32 gsi,
			  struct nacre_irq *irq);

/* Is there a level with that vector among the messages of the first GSIs? */
bool nacre_routes_level(const struct nacre_routes *routes, u32 gsis, u8 vector);

/* A message's meaning; false: none. */
bool nacre_msi_parse(const struct nacre_routing *routing,
		     const struct nacre_irq_routing_msi *msi,
		     struct nacre_irq *irq);

#endif /* NACRE_ROUTING_H */
