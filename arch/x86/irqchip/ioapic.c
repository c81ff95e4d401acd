// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O APIC.
 *
 * Intel 82093AA data sheet, "I/O Redirection Table Registers".
 */
#include "arch/x86/irqchip/ioapic.h"

#define REG_SELECT	0x00
#define REG_WINDOW	0x10

#define INDEX_ID	0x00
#define INDEX_VERSION	0x01
#define INDEX_ARB	0x02
#define INDEX_REDIR	0x10

#define VERSION_VALUE	(0x11 | (NACRE_IOAPIC_NUM_PINS - 1) << 16)

/* A redirection entry. */
#define ENTRY_VECTOR	0xffull
#define ENTRY_DELIVERY(e)	((e) >> 8 & 7)
#define ENTRY_LOGICAL	BIT_ULL(11)
#define ENTRY_STATUS	BIT_ULL(12)
#define ENTRY_REMOTE_IRR BIT_ULL(14)
#define ENTRY_LEVEL	BIT_ULL(15)
#define ENTRY_MASKED	BIT_ULL(16)
#define ENTRY_DEST(e)	((e) >> 56)
#define ENTRY_READ_ONLY	(ENTRY_STATUS | ENTRY_REMOTE_IRR)
#define ENTRY_VALID	(0xff00000000000000ull | 0x1ffffull)

/* Of a pin that a loop has counted. */
static u64 *nth_entry(struct nacre_ioapic *ioapic, unsigned int pin)
{
	return (u64 *)&ioapic->state.redirtbl[pin].bits;
}

/* Of a pin that somebody has named. */
static u64 *entry_at(struct nacre_ioapic *ioapic, unsigned int pin)
{
	return nth_entry(ioapic, array_index_nospec(pin,
						    NACRE_IOAPIC_NUM_PINS));
}

/*
 * Modes that have no vector to end are edges, whatever the trigger mode says:
 * "Delivery Mode" of the redirection entry.
 */
static bool is_level(u64 entry)
{
	return entry & ENTRY_LEVEL &&
	       ENTRY_DELIVERY(entry) <= NACRE_DELIVER_LOWEST;
}

struct nacre_irq nacre_ioapic_message(struct nacre_ioapic *ioapic,
				      unsigned int pin)
{
	u64 entry = *entry_at(ioapic, pin);

	return (struct nacre_irq) {
		.dest = ENTRY_DEST(entry),
		.vector = entry & ENTRY_VECTOR,
		.delivery = ENTRY_DELIVERY(entry),
		.logical = entry & ENTRY_LOGICAL,
		.level = is_level(entry),
		.assert = true,
	};
}

/* Send what the pin asks for, unless it has to wait. */
static int service(struct nacre_ioapic *ioapic, unsigned int pin)
{
	const struct nacre_irq irq = nacre_ioapic_message(ioapic, pin);
	u64 *entry = entry_at(ioapic, pin);
	int taken;

	if (*entry & ENTRY_MASKED)
		return NACRE_LINE_IGNORED;
	/* In service: the end of interrupt will look again. */
	if (irq.level && *entry & ENTRY_REMOTE_IRR)
		return NACRE_LINE_IGNORED;
	if (!irq.level)
		ioapic->sent |= 1u << pin;
	taken = ioapic->ops->deliver(ioapic, &irq);
	if (irq.level && taken > 0)
		*entry |= ENTRY_REMOTE_IRR;
	return taken;
}

int nacre_ioapic_set_line(struct nacre_ioapic *ioapic, unsigned int pin,
			  bool level)
{
	u32 bit, before;

	if (pin >= NACRE_IOAPIC_NUM_PINS)
		return NACRE_LINE_IGNORED;
	bit = 1u << pin;
	before = ioapic->state.irr;
	if (!level) {
		ioapic->state.irr &= ~bit;
		ioapic->sent &= ~bit;
		return NACRE_LINE_TAKEN;
	}
	ioapic->state.irr |= bit;
	/* An edge is a change. */
	if (!is_level(*entry_at(ioapic, pin)) && before & bit)
		return NACRE_LINE_COALESCED;
	return service(ioapic, pin);
}

u32 nacre_ioapic_masked(const struct nacre_ioapic *ioapic)
{
	unsigned int pin;
	u32 masked = 0;

	for (pin = 0; pin < NACRE_IOAPIC_NUM_PINS; pin++) {
		if (ioapic->state.redirtbl[pin].bits & ENTRY_MASKED)
			masked |= BIT(pin);
	}
	return masked;
}

void nacre_ioapic_eoi(struct nacre_ioapic *ioapic, u8 vector)
{
	unsigned int pin;

	for (pin = 0; pin < NACRE_IOAPIC_NUM_PINS; pin++) {
		u64 *entry = nth_entry(ioapic, pin);

		if ((*entry & ENTRY_VECTOR) != vector || !is_level(*entry))
			continue;
		*entry &= ~ENTRY_REMOTE_IRR;
		if (ioapic->state.irr & 1u << pin)
			service(ioapic, pin);
	}
}

static void write_entry(struct nacre_ioapic *ioapic, unsigned int index,
			u32 value)
{
	unsigned int pin = index / 2;
	u64 *entry, new;

	if (pin >= NACRE_IOAPIC_NUM_PINS)
		return;
	entry = entry_at(ioapic, pin);
	if (index & 1)
		new = (u32)*entry | (u64)value << 32;
	else
		new = (*entry & ~0xffffffffull) | value;
	new = (new & ENTRY_VALID & ~ENTRY_READ_ONLY) |
	      (*entry & ENTRY_READ_ONLY);
	/* An edge-triggered pin has no remote IRR; software clears it so. */
	if (!is_level(new))
		new &= ~ENTRY_REMOTE_IRR;
	*entry = new;
	if (!is_level(new))
		return;
	ioapic->sent &= ~(1u << pin);
	if (ioapic->state.irr & 1u << pin)
		service(ioapic, pin);
}

static u32 read_window(struct nacre_ioapic *ioapic)
{
	u32 index = ioapic->state.ioregsel;
	u64 entry;

	switch (index) {
	case INDEX_ID:
	case INDEX_ARB:
		return (ioapic->state.id & 0xf) << 24;
	case INDEX_VERSION:
		return VERSION_VALUE;
	default:
		index -= INDEX_REDIR;
		if (index / 2 >= NACRE_IOAPIC_NUM_PINS)
			return 0xffffffff;
		entry = *entry_at(ioapic, index / 2);
		return index & 1 ? entry >> 32 : entry;
	}
}

u32 nacre_ioapic_read(struct nacre_ioapic *ioapic, u32 offset)
{
	if ((offset & 0xff) == REG_SELECT)
		return ioapic->state.ioregsel;
	return (offset & 0xff) == REG_WINDOW ? read_window(ioapic) : 0;
}

void nacre_ioapic_write(struct nacre_ioapic *ioapic, u32 offset, u32 value)
{
	u32 index = ioapic->state.ioregsel;

	if ((offset & 0xff) == REG_SELECT)
		ioapic->state.ioregsel = value & 0xff;
	else if ((offset & 0xff) == REG_WINDOW && index == INDEX_ID)
		ioapic->state.id = value >> 24 & 0xf;
	else if ((offset & 0xff) == REG_WINDOW && index >= INDEX_REDIR)
		write_entry(ioapic, index - INDEX_REDIR, value);
}

void nacre_ioapic_reset(struct nacre_ioapic *ioapic)
{
	unsigned int pin;

	memset(&ioapic->state, 0, sizeof(ioapic->state));
	ioapic->sent = 0;
	ioapic->state.base_address = IOAPIC_BASE;
	for (pin = 0; pin < NACRE_IOAPIC_NUM_PINS; pin++)
		*nth_entry(ioapic, pin) = ENTRY_MASKED;
}

void nacre_ioapic_get_state(const struct nacre_ioapic *ioapic,
			    struct nacre_ioapic_state *out)
{
	*out = ioapic->state;
	/* Whoever sets this state sends what it says: not the same edge. */
	out->irr &= ~ioapic->sent;
}

void nacre_ioapic_set_state(struct nacre_ioapic *ioapic,
			    const struct nacre_ioapic_state *in)
{
	u32 lines = in->irr & ((1u << NACRE_IOAPIC_NUM_PINS) - 1);
	unsigned int pin;
	u64 *entry;

	ioapic->state = *in;
	ioapic->state.base_address = IOAPIC_BASE;
	ioapic->state.ioregsel &= 0xff;
	ioapic->state.irr = 0;
	ioapic->sent = 0;
	ioapic->state.id &= 0xf;
	ioapic->state.pad = 0;
	for (pin = 0; pin < NACRE_IOAPIC_NUM_PINS; pin++) {
		entry = nth_entry(ioapic, pin);
		*entry &= ENTRY_VALID & ~ENTRY_STATUS;
		if (!is_level(*entry))
			*entry &= ~ENTRY_REMOTE_IRR;
	}
	/* Lines that are up may have something to say by the new entries. */
	for (pin = 0; pin < NACRE_IOAPIC_NUM_PINS; pin++) {
		if (lines & 1u << pin)
			nacre_ioapic_set_line(ioapic, pin, true);
	}
}
