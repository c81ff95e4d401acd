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
	u32 i, count = 0;

	for (i = 0; i < nr; i++) {
		if (entries[i].gsi >= NACRE_MAX_GSIS)
			return 0;
		count = max(count, entries[i].gsi + 1);
	}
	return sizeof(struct nacre_routes) + count * sizeof(struct nacre_gsi);
}

static bool add_pin(struct nacre_routes *routes, struct nacre_gsi *to,
		    const struct nacre_irq_routing_entry *e)
{
	u32 chip = e->u.irqchip.irqchip, pin = e->u.irqchip.pin;

	if (e->flags || chip >= NACRE_NR_IRQCHIPS ||
	    pin >= (chip == NACRE_IRQCHIP_IOAPIC ? NACRE_IOAPIC_NUM_PINS :
						   PIC_CHIP_PINS))
		return false;
	chip = array_index_nospec(chip, NACRE_NR_IRQCHIPS);
	pin = array_index_nospec(pin, NACRE_IOAPIC_NUM_PINS);
	if (to->is_message || to->pin[chip])
		return false;
	to->pin[chip] = pin + 1;
	routes->gsi_of[chip][pin] = e->gsi;
	return true;
}

static bool add_message(const struct nacre_routing *routing,
			struct nacre_gsi *to,
			const struct nacre_irq_routing_entry *e)
{
	struct nacre_irq unused;

	if (e->flags & ~NACRE_MSI_VALID_DEVID ||
	    !nacre_msi_parse(routing, &e->u.msi, &unused) ||
	    to->is_message || to->pin[0] || to->pin[1] || to->pin[2])
		return false;
	to->message = e->u.msi;
	to->is_message = true;
	return true;
}

bool nacre_routes_fill(struct nacre_routes *routes,
		       const struct nacre_routing *routing,
		       const struct nacre_irq_routing_entry *e, u32 nr,
		       bool pins)
{
	memset(routes->gsi_of, -1, sizeof(routes->gsi_of));
	for (; nr; nr--, e++) {
		u32 gsi = array_index_nospec(e->gsi, NACRE_MAX_GSIS);
		struct nacre_gsi *to = &routes->gsi[gsi];

		if (!(e->type == NACRE_IRQ_ROUTING_IRQCHIP ?
		      pins && add_pin(routes, to, e) :
		      e->type == NACRE_IRQ_ROUTING_MSI &&
		      add_message(routing, to, e)))
			return false;
		routes->nr_gsis = max(routes->nr_gsis, gsi + 1);
	}
	return true;
}

int nacre_routes_set(const struct nacre_routes *routes,
		     struct nacre_routing *routing, u32 gsi,
		     enum nacre_line_source source, bool level)
{
	int sum = NACRE_LINE_IGNORED, one;
	const struct nacre_gsi *to;
	struct nacre_irq irq;
	unsigned int chip;

	if (gsi >= routes->nr_gsis)
		return sum;
	to = &routes->gsi[array_index_nospec(gsi, routes->nr_gsis)];
	/* A message is sent when the line rises. */
	if (to->is_message)
		return level && nacre_msi_parse(routing, &to->message, &irq) ?
		       routing->ops->send(routing, &irq) : sum;
	for (chip = 0; chip < NACRE_NR_IRQCHIPS; chip++) {
		if (!to->pin[chip])
			continue;
		one = routing->ops->set_pin(routing, chip, to->pin[chip] - 1,
					  source, level);
		if (one >= 0)
			sum = max(sum, 0) + one;
	}
	return sum;
}

bool nacre_routes_message(const struct nacre_routes *routes,
			  const struct nacre_routing *routing, u32 gsi,
			  struct nacre_irq *irq)
{
	return routes && gsi < routes->nr_gsis &&
	       routes->gsi[gsi].is_message &&
	       nacre_msi_parse(routing, &routes->gsi[gsi].message, irq);
}

bool nacre_routes_level(const struct nacre_routes *routes, u32 gsis, u8 vector)
{
	const struct nacre_gsi *to = routes->gsi;
	u32 left = min(gsis, routes->nr_gsis);

	for (; left; left--, to++) {
		if (to->is_message && to->message.data & DATA_LEVEL &&
		    (to->message.data & 0xff) == vector)
			return true;
	}
	return false;
}
