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

bool nacre_msi_parse(const struct nacre_routing *routing, u32 address_lo,
		     u32 address_hi, u32 data, struct nacre_irq *irq)
{
	bool wide = routing->flags & NACRE_X2APIC_API_USE_32BIT_IDS;

	if (wide && address_hi & ~ADDRESS_HIGH_DEST)
		return false;
	*irq = (struct nacre_irq) {
		.dest = ADDRESS_DEST(address_lo) | (wide ? address_hi : 0),
		.vector = data & 0xff,
		.delivery = DATA_DELIVERY(data),
		.logical = address_lo & ADDRESS_LOGICAL,
		.level = data & DATA_LEVEL,
		.assert = true,
		.exact = routing->flags &
			 NACRE_X2APIC_API_DISABLE_BROADCAST_QUIRK,
	};
	if (address_lo & ADDRESS_LOWEST && irq->delivery == NACRE_DELIVER_FIXED)
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

static bool fill_pin(struct nacre_route *route,
		     const struct nacre_irq_routing_irqchip *in)
{
	u32 pins = in->irqchip == NACRE_IRQCHIP_IOAPIC ?
		   NACRE_IOAPIC_NUM_PINS : PIC_CHIP_PINS;

	if (in->irqchip >= NACRE_NR_IRQCHIPS || in->pin >= pins)
		return false;
	route->chip = array_index_nospec(in->irqchip, NACRE_NR_IRQCHIPS);
	route->pin = array_index_nospec(in->pin, pins);
	return true;
}

static bool fill_message(struct nacre_route *route,
			 const struct nacre_routing *routing,
			 const struct nacre_irq_routing_msi *in)
{
	struct nacre_irq unused;

	route->address_lo = in->address_lo;
	route->address_hi = in->address_hi;
	route->data = in->data;
	return nacre_msi_parse(routing, in->address_lo, in->address_hi,
			       in->data, &unused);
}

static bool fill_route(struct nacre_route *route,
		       const struct nacre_routing *routing,
		       const struct nacre_irq_routing_entry *in, bool pins)
{
	route->type = in->type;
	switch (in->type) {
	case NACRE_IRQ_ROUTING_IRQCHIP:
		return pins && !in->flags && fill_pin(route, &in->u.irqchip);
	case NACRE_IRQ_ROUTING_MSI:
		return !(in->flags & ~NACRE_MSI_VALID_DEVID) &&
		       fill_message(route, routing, &in->u.msi);
	default:
		return false;
	}
}

/* One route to each chip, or a single message. */
static bool fits(const struct nacre_routes *routes, u32 gsi,
		 const struct nacre_route *route)
{
	u32 at;

	for (at = routes->first[gsi]; at; at = routes->route[at - 1].next) {
		const struct nacre_route *other = &routes->route[at - 1];

		if (route->type == NACRE_IRQ_ROUTING_MSI ||
		    other->type == NACRE_IRQ_ROUTING_MSI ||
		    route->chip == other->chip)
			return false;
	}
	return true;
}

static void link(struct nacre_routes *routes, u32 gsi, u32 i)
{
	struct nacre_route *route = &routes->route[i];

	route->next = routes->first[gsi];
	routes->first[gsi] = i + 1;
	if (gsi >= routes->nr_gsis)
		routes->nr_gsis = gsi + 1;
	if (route->type == NACRE_IRQ_ROUTING_IRQCHIP)
		routes->gsi_of[route->chip][route->pin] = gsi;
}

bool nacre_routes_fill(struct nacre_routes *routes,
		       const struct nacre_routing *routing,
		       const struct nacre_irq_routing_entry *entries, u32 nr,
		       bool pins)
{
	u32 i, gsi;

	memset(routes->gsi_of, -1, sizeof(routes->gsi_of));
	routes->first = (u16 *)&routes->route[nr];
	for (i = 0; i < nr; i++) {
		gsi = array_index_nospec(entries[i].gsi, NACRE_MAX_GSIS);
		if (!fill_route(&routes->route[i], routing, &entries[i],
				pins) ||
		    !fits(routes, gsi, &routes->route[i]))
			return false;
		link(routes, gsi, i);
	}
	return true;
}

static int set_route(const struct nacre_route *route,
		     struct nacre_routing *routing,
		     enum nacre_line_source source, bool level)
{
	struct nacre_irq irq;

	if (route->type == NACRE_IRQ_ROUTING_IRQCHIP)
		return routing->ops->set_pin(routing, route->chip, route->pin,
					     source, level);
	/* A message is sent when the line rises. */
	if (!level || !nacre_msi_parse(routing, route->address_lo,
				       route->address_hi, route->data, &irq))
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
		one = set_route(&routes->route[at - 1], routing, source, level);
		if (one >= 0)
			sum = max(sum, 0) + one;
	}
	return sum;
}

bool nacre_routes_level(const struct nacre_routes *routes, u32 gsis, u8 vector)
{
	u32 gsi, at;

	for (gsi = 0; gsi < min(gsis, routes->nr_gsis); gsi++) {
		at = routes->first[gsi];
		if (at && routes->route[at - 1].type == NACRE_IRQ_ROUTING_MSI &&
		    routes->route[at - 1].data & DATA_LEVEL &&
		    (routes->route[at - 1].data & 0xff) == vector)
			return true;
	}
	return false;
}
