// SPDX-License-Identifier: GPL-2.0
/*
 * Routing of GSIs.
 *
 * Messages: Intel SDM, "Message Address Register Format", "Message Data
 * Register Format". What has no place there is as the KVM ABI has it.
 */
#include "arch/x86/irqchip/routing.h"

#define PIC_CHIP_PINS		8

#define ADDRESS_LOGICAL		BIT(2)
#define ADDRESS_LOWEST		BIT(3)	/* the redirection hint */
#define ADDRESS_DEST(lo)	((lo) >> 12 & 0xff)
#define ADDRESS_HIGH_DEST	0xffffff00u
#define DATA_DELIVERY(data)	((data) >> 8 & 7)
#define DATA_LEVEL		BIT(15)

bool nacre_msi_parse(const struct nacre_routing *routing,
		     const struct nacre_irq_routing_msi *msi,
		     struct nacre_irq *irq)
{
	bool wide = routing->flags & NACRE_X2APIC_API_USE_32BIT_IDS;

	if (wide && msi->address_hi & ~ADDRESS_HIGH_DEST)
		return false;
	*irq = (struct nacre_irq) {
		.dest = ADDRESS_DEST(msi->address_lo) |
			(wide ? msi->address_hi : 0),
		.vector = msi->data & 0xff,
		.delivery = DATA_DELIVERY(msi->data),
		.logical = msi->address_lo & ADDRESS_LOGICAL,
		.level = msi->data & DATA_LEVEL,
		.assert = true,
		.exact = routing->flags &
			 NACRE_X2APIC_API_DISABLE_BROADCAST_QUIRK,
	};
	if (msi->address_lo & ADDRESS_LOWEST &&
	    irq->delivery == NACRE_DELIVER_FIXED)
		irq->delivery = NACRE_DELIVER_LOWEST;
	return true;
}

size_t nacre_routes_size(const struct nacre_irq_routing_entry *entries, u32 nr)
{
	u32 i, last = 0;

	for (i = 0; i < nr; i++) {
		if (entries[i].gsi >= NACRE_MAX_GSIS)
			return 0;
		last = max(last, entries[i].gsi);
	}
	return sizeof(struct nacre_routes) + nr * sizeof(struct nacre_route) +
	       (last + 1) * sizeof(u16);
}

static bool valid(const struct nacre_routing *routing,
		  const struct nacre_irq_routing_entry *e, bool pins)
{
	u32 chip = e->u.irqchip.irqchip;
	struct nacre_irq unused;

	switch (e->type) {
	case NACRE_IRQ_ROUTING_IRQCHIP:
		return pins && !e->flags && chip < NACRE_NR_IRQCHIPS &&
		       e->u.irqchip.pin < (chip == NACRE_IRQCHIP_IOAPIC ?
					   NACRE_IOAPIC_NUM_PINS :
					   PIC_CHIP_PINS);
	case NACRE_IRQ_ROUTING_MSI:
		return !(e->flags & ~NACRE_MSI_VALID_DEVID) &&
		       nacre_msi_parse(routing, &e->u.msi, &unused);
	default:
		return false;
	}
}

/* One route to each chip, or a single message. */
static bool fits(const struct nacre_routes *routes, u32 gsi,
		 const struct nacre_irq_routing_entry *e)
{
	u32 at;

	for (at = routes->first[gsi]; at; at = routes->route[at - 1].next) {
		const struct nacre_irq_routing_entry *other =
			&routes->route[at - 1].entry;

		if (e->type == NACRE_IRQ_ROUTING_MSI ||
		    other->type == NACRE_IRQ_ROUTING_MSI ||
		    e->u.irqchip.irqchip == other->u.irqchip.irqchip)
			return false;
	}
	return true;
}

bool nacre_routes_fill(struct nacre_routes *routes,
		       const struct nacre_routing *routing,
		       const struct nacre_irq_routing_entry *entries, u32 nr,
		       bool pins)
{
	u32 i, gsi, chip, pin;

	memset(routes->gsi_of, -1, sizeof(routes->gsi_of));
	routes->first = (u16 *)&routes->route[nr];
	for (i = 0; i < nr; i++) {
		gsi = array_index_nospec(entries[i].gsi, NACRE_MAX_GSIS);
		if (!valid(routing, &entries[i], pins) ||
		    !fits(routes, gsi, &entries[i]))
			return false;
		routes->route[i].entry = entries[i];
		routes->route[i].next = routes->first[gsi];
		routes->first[gsi] = i + 1;
		routes->nr_gsis = max(routes->nr_gsis, gsi + 1);
		if (entries[i].type != NACRE_IRQ_ROUTING_IRQCHIP)
			continue;
		chip = array_index_nospec(entries[i].u.irqchip.irqchip,
					  NACRE_NR_IRQCHIPS);
		pin = array_index_nospec(entries[i].u.irqchip.pin,
					 NACRE_IOAPIC_NUM_PINS);
		routes->gsi_of[chip][pin] = gsi;
	}
	return true;
}

static int set_route(const struct nacre_irq_routing_entry *e,
		     struct nacre_routing *routing,
		     enum nacre_line_source source, bool level)
{
	struct nacre_irq irq;

	if (e->type == NACRE_IRQ_ROUTING_IRQCHIP)
		return routing->ops->set_pin(routing, e->u.irqchip.irqchip,
					     e->u.irqchip.pin, source, level);
	/* A message is sent when the line rises. */
	if (!level || !nacre_msi_parse(routing, &e->u.msi, &irq))
		return NACRE_LINE_IGNORED;
	return routing->ops->send(routing, &irq);
}

int nacre_routes_set(const struct nacre_routes *routes,
		     struct nacre_routing *routing, u32 gsi,
		     enum nacre_line_source source, bool level)
{
	int sum = NACRE_LINE_IGNORED, one;
	u32 at;

	if (gsi >= routes->nr_gsis)
		return sum;
	gsi = array_index_nospec(gsi, routes->nr_gsis);
	for (at = routes->first[gsi]; at; at = routes->route[at - 1].next) {
		one = set_route(&routes->route[at - 1].entry, routing, source,
				level);
		if (one >= 0)
			sum = max(sum, 0) + one;
	}
	return sum;
}

bool nacre_routes_message(const struct nacre_routes *routes,
			  const struct nacre_routing *routing, u32 gsi,
			  struct nacre_irq *irq)
{
	const struct nacre_irq_routing_entry *e;

	if (!routes || gsi >= routes->nr_gsis || !routes->first[gsi])
		return false;
	/* Beside a message there is no other; fits(). */
	e = &routes->route[routes->first[gsi] - 1].entry;
	return e->type == NACRE_IRQ_ROUTING_MSI &&
	       nacre_msi_parse(routing, &e->u.msi, irq);
}

bool nacre_routes_level(const struct nacre_routes *routes, u32 gsis, u8 vector)
{
	const struct nacre_irq_routing_entry *e;
	u32 gsi;

	for (gsi = 0; gsi < min(gsis, routes->nr_gsis); gsi++) {
		if (!routes->first[gsi])
			continue;
		e = &routes->route[routes->first[gsi] - 1].entry;
		if (e->type == NACRE_IRQ_ROUTING_MSI &&
		    e->u.msi.data & DATA_LEVEL &&
		    (e->u.msi.data & 0xff) == vector)
			return true;
	}
	return false;
}
