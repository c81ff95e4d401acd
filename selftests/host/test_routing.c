// SPDX-License-Identifier: GPL-2.0
/* Routes from GSIs: what a table may hold, and where a line's change goes. */
#include "host_test.h"
#include "arch/x86/irqchip/routing.h"

#define PIN(g, c, p)							\
	{								\
		.gsi = (g), .type = NACRE_IRQ_ROUTING_IRQCHIP,		\
		.u.irqchip = { .irqchip = (c), .pin = (p) }		\
	}
#define MSI(g, lo, d)							\
	{								\
		.gsi = (g), .type = NACRE_IRQ_ROUTING_MSI,		\
		.u.msi = { .address_lo = (lo), .data = (d) }		\
	}
#define MASTER	NACRE_IRQCHIP_PIC_MASTER
#define SLAVE	NACRE_IRQCHIP_PIC_SLAVE
#define IOAPIC	NACRE_IRQCHIP_IOAPIC
#define LAST	(NACRE_MAX_GSIS - 1)

static struct {
	unsigned int pins, sent;
	unsigned int chip, pin;
	enum nacre_line_source source;
	bool level;
	struct nacre_irq irq;
} seen;

static int pin_answer[NACRE_NR_IRQCHIPS], send_answer;

static int set_pin(struct nacre_routing *routing, unsigned int chip,
		   unsigned int pin, enum nacre_line_source source, bool level)
{
	(void)routing;
	seen.pins++;
	seen.chip = chip;
	seen.pin = pin;
	seen.source = source;
	seen.level = level;
	return pin_answer[chip];
}

static int send(struct nacre_routing *routing, const struct nacre_irq *irq)
{
	(void)routing;
	seen.sent++;
	seen.irq = *irq;
	return send_answer;
}

static const struct nacre_routing_ops ops = { .set_pin = set_pin, .send = send };
static struct nacre_routing routing = { .ops = &ops };
static struct nacre_routes *routes;

static bool table(const struct nacre_irq_routing_entry *entries, u32 nr,
		  bool pins)
{
	size_t size = nacre_routes_size(entries, nr);

	free(routes);
	routes = NULL;
	memset(&seen, 0, sizeof(seen));
	if (!size)
		return false;
	/* Of exactly that size: the sanitizer sees what goes beyond. */
	routes = calloc(1, size);
	return nacre_routes_fill(routes, &routing, entries, nr, pins);
}

#define TABLE(...)							\
({									\
	const struct nacre_irq_routing_entry _e[] = { __VA_ARGS__ };	\
									\
	table(_e, ARRAY_SIZE(_e), true);				\
})

static int set(u32 gsi, bool level)
{
	return nacre_routes_set(routes, &routing, gsi, NACRE_LINE_VMM, level);
}

static void empty(void)
{
	EXPECT(table(NULL, 0, true));
	EXPECT_EQ(set(0, true), -1);
	EXPECT_EQ(set(LAST, true), -1);
	EXPECT_EQ(set(~0u, true), -1);
	EXPECT_EQ(routes->gsi_of[IOAPIC][0], -1);
}

static void pins(void)
{
	EXPECT(TABLE(PIN(LAST, SLAVE, 7), PIN(7, IOAPIC, 23)));
	pin_answer[SLAVE] = 1;
	EXPECT_EQ(set(LAST, true), 1);
	EXPECT_EQ(seen.chip, SLAVE);
	EXPECT_EQ(seen.pin, 7);
	EXPECT_EQ(seen.level, true);
	pin_answer[IOAPIC] = -1;
	EXPECT_EQ(set(7, false), -1);
	EXPECT_EQ(seen.chip, IOAPIC);
	EXPECT_EQ(seen.pin, 23);
	EXPECT_EQ(seen.level, false);
	EXPECT_EQ(set(8, true), -1);
	EXPECT_EQ(set(LAST + 1, true), -1);
	EXPECT_EQ(seen.pins, 2);
	EXPECT_EQ(routes->gsi_of[SLAVE][7], LAST);
	EXPECT_EQ(routes->gsi_of[IOAPIC][23], 7);
	EXPECT_EQ(routes->gsi_of[MASTER][7], -1);
}

/* What was ignored does not count, unless all was. */
static void sums(void)
{
	static const struct {
		int master, slave, ioapic, sum;
	} rows[] = {
		{ -1, -1, -1, -1 }, { -1, 0, -1, 0 }, { -1, -1, 1, 1 },
		{ 0, 0, 0, 0 }, { 1, 1, 1, 3 }, { 1, -1, 4, 5 },
	};
	unsigned int i;

	EXPECT(TABLE(PIN(3, MASTER, 3), PIN(3, SLAVE, 3), PIN(3, IOAPIC, 3)));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		pin_answer[MASTER] = rows[i].master;
		pin_answer[SLAVE] = rows[i].slave;
		pin_answer[IOAPIC] = rows[i].ioapic;
		EXPECT_EQ(set(3, true), rows[i].sum);
	}
	EXPECT_EQ(seen.pins, 3 * ARRAY_SIZE(rows));
}

static void refused(void)
{
	EXPECT(!TABLE(PIN(NACRE_MAX_GSIS, IOAPIC, 0)));
	EXPECT(!TABLE(PIN(~0u, IOAPIC, 0)));
	EXPECT(!TABLE(PIN(0, MASTER, 8)));
	EXPECT(!TABLE(PIN(0, SLAVE, 8)));
	EXPECT(!TABLE(PIN(0, IOAPIC, 24)));
	EXPECT(!TABLE(PIN(0, IOAPIC, ~0u)));
	EXPECT(!TABLE(PIN(0, 3, 0)));
	EXPECT(!TABLE(PIN(0, ~0u, 0)));
	EXPECT(!TABLE(PIN(1, IOAPIC, 0), PIN(1, IOAPIC, 1)));
	EXPECT(!TABLE(PIN(1, IOAPIC, 0), MSI(1, 0, 0)));
	EXPECT(!TABLE(MSI(1, 0, 0), PIN(1, IOAPIC, 0)));
	EXPECT(!TABLE(MSI(1, 0, 0), MSI(1, 0, 0)));
	EXPECT(!TABLE({ .gsi = 1, .type = 0 }));
	EXPECT(!TABLE({ .gsi = 1, .type = 3 }));
	EXPECT(!TABLE({ .gsi = 1, .type = 0x102 }));
	EXPECT(!TABLE({ .gsi = 1, .type = NACRE_IRQ_ROUTING_MSI, .flags = 2 }));
	EXPECT(!TABLE({ .gsi = 1, .type = NACRE_IRQ_ROUTING_IRQCHIP,
			.flags = 1 }));
	EXPECT(TABLE({ .gsi = 1, .type = NACRE_IRQ_ROUTING_MSI, .flags = 1 }));
}

static void no_pins(void)
{
	const struct nacre_irq_routing_entry pin = PIN(1, IOAPIC, 1);
	const struct nacre_irq_routing_entry msi = MSI(1, 0, 0x30);

	EXPECT(!table(&pin, 1, false));
	EXPECT(table(&msi, 1, false));
}

static void full(void)
{
	static struct nacre_irq_routing_entry entries[NACRE_MAX_GSIS];
	u32 i;

	for (i = 0; i < NACRE_MAX_GSIS; i++)
		entries[i] = (struct nacre_irq_routing_entry)
			MSI(NACRE_MAX_GSIS - 1 - i, i << 12, i & 0xff);
	EXPECT(table(entries, NACRE_MAX_GSIS, true));
	for (i = 0; i < NACRE_MAX_GSIS; i++) {
		set(i, true);
		EXPECT_EQ(seen.irq.vector, (LAST - i) & 0xff);
	}
	EXPECT_EQ(seen.sent, NACRE_MAX_GSIS);
	EXPECT_EQ(set(NACRE_MAX_GSIS, true), -1);
}

static void message(void)
{
	EXPECT(TABLE(MSI(40, 0xfee00000 | 0x5a << 12, 0x41),
		     MSI(41, 0xfee01004, 0xc000 | 4 << 8 | 0x42),
		     MSI(42, 0xfee01008, 0x43)));
	send_answer = 3;
	EXPECT_EQ(set(40, false), -1);
	EXPECT_EQ(seen.sent, 0);
	EXPECT_EQ(set(40, true), 3);
	EXPECT_EQ(seen.irq.dest, 0x5a);
	EXPECT_EQ(seen.irq.vector, 0x41);
	EXPECT_EQ(seen.irq.delivery, NACRE_DELIVER_FIXED);
	EXPECT(!seen.irq.logical && !seen.irq.level && seen.irq.assert);
	set(41, true);
	EXPECT_EQ(seen.irq.delivery, NACRE_DELIVER_NMI);
	EXPECT(seen.irq.logical && seen.irq.level && seen.irq.assert);
	set(42, true);
	EXPECT_EQ(seen.irq.delivery, NACRE_DELIVER_LOWEST);
}

static bool parse(u32 lo, u32 hi, struct nacre_irq *irq)
{
	const struct nacre_irq_routing_msi msi = {
		.address_lo = lo, .address_hi = hi, .data = 0x50,
	};

	return nacre_msi_parse(&routing, &msi, irq);
}

/* The upper half of an address means something only where it was asked for. */
static void wide(void)
{
	struct nacre_irq irq;

	routing.flags = 0;
	EXPECT(parse(0xff000, ~0u, &irq));
	EXPECT_EQ(irq.dest, 0xff);
	EXPECT(!irq.exact);
	routing.flags = NACRE_X2APIC_API_FLAGS;
	EXPECT(!parse(0xff000, 0x101, &irq));
	EXPECT(parse(0xff000, 0xabcdef00, &irq));
	EXPECT_EQ(irq.dest, 0xabcdefff);
	EXPECT(irq.exact);
	EXPECT(!TABLE({ .gsi = 1, .type = NACRE_IRQ_ROUTING_MSI,
			.u.msi.address_hi = 1 }));
	routing.flags = 0;
}

/* Of the first GSIs alone, and of levels. */
static void levels(void)
{
	EXPECT(TABLE(MSI(3, 0, 0x8041), MSI(5, 0, 0x42), PIN(4, IOAPIC, 4),
		     MSI(9, 0, 0x8043)));
	EXPECT(!nacre_routes_level(routes, 0, 0x41));
	EXPECT(!nacre_routes_level(routes, 3, 0x41));
	EXPECT(nacre_routes_level(routes, 4, 0x41));
	EXPECT(!nacre_routes_level(routes, 24, 0x42));
	EXPECT(!nacre_routes_level(routes, 24, 0));
	EXPECT(!nacre_routes_level(routes, 9, 0x43));
	EXPECT(nacre_routes_level(routes, 10, 0x43));
	EXPECT(nacre_routes_level(routes, NACRE_MAX_GSIS, 0x43));
}

/* What can be prepared is what the line would send. */
static void prepared(void)
{
	struct nacre_irq irq;

	EXPECT(!nacre_routes_message(NULL, &routing, 0, &irq));
	EXPECT(TABLE(MSI(3, 0xfee01000, 0x41), PIN(4, IOAPIC, 4),
		     PIN(4, MASTER, 4), MSI(9, 0xfee02008, 0x8043)));
	EXPECT(!nacre_routes_message(routes, &routing, 2, &irq));
	EXPECT(!nacre_routes_message(routes, &routing, 4, &irq));
	EXPECT(!nacre_routes_message(routes, &routing, 10, &irq));
	EXPECT(!nacre_routes_message(routes, &routing, -1, &irq));
	for (u32 gsi = 3; gsi <= 9; gsi += 6) {
		EXPECT(nacre_routes_message(routes, &routing, gsi, &irq));
		set(gsi, true);
		EXPECT(!memcmp(&seen.irq, &irq,
			       offsetof(struct nacre_irq, exact) + 1));
	}
	EXPECT(irq.level && irq.delivery == NACRE_DELIVER_LOWEST);
	EXPECT(!nacre_routes_message(routes, &routing, 6, &irq));
}

static const struct host_case cases[] = {
	HOST_CASE(prepared),
	HOST_CASE(levels),
	HOST_CASE(empty),
	HOST_CASE(pins),
	HOST_CASE(sums),
	HOST_CASE(refused),
	HOST_CASE(no_pins),
	HOST_CASE(full),
	HOST_CASE(message),
	HOST_CASE(wide),
};

HOST_MAIN(cases)
