// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O APIC: its registers, and which line's change is sent when.
 *
 * Intel 82093AA data sheet, "I/O Redirection Table Registers"; for state that
 * is saved and restored, and for what a raised line returns, the KVM ABI.
 */
#include "host_test.h"
#include "arch/x86/irqchip/ioapic.h"

#define SELECT		0x00
#define WINDOW		0x10

#define MASKED		BIT_ULL(16)
#define LEVEL		BIT_ULL(15)
#define REMOTE_IRR	BIT_ULL(14)
#define STATUS		BIT_ULL(12)
#define LOGICAL		BIT_ULL(11)
#define DELIVERY(mode)	((u64)NACRE_DELIVER_##mode << 8)
#define DEST(id)	((u64)(id) << 56)

#define PINS		NACRE_IOAPIC_NUM_PINS
#define IGNORED		NACRE_LINE_IGNORED
#define COALESCED	NACRE_LINE_COALESCED
#define TAKEN		NACRE_LINE_TAKEN

static struct nacre_ioapic ioapic;
static struct nacre_irq last;
static unsigned int sent;
static bool refuse;

static int deliver(struct nacre_ioapic *from, const struct nacre_irq *irq)
{
	(void)from;
	last = *irq;
	sent++;
	return !refuse;
}

static const struct nacre_ioapic_ops ops = { .deliver = deliver };

static void begin(void)
{
	memset(&ioapic, 0xff, sizeof(ioapic));
	ioapic.ops = &ops;
	nacre_ioapic_reset(&ioapic);
	sent = 0;
	refuse = false;
}

static u32 read_index(u32 index)
{
	nacre_ioapic_write(&ioapic, SELECT, index);
	return nacre_ioapic_read(&ioapic, WINDOW);
}

static void write_index(u32 index, u32 value)
{
	nacre_ioapic_write(&ioapic, SELECT, index);
	nacre_ioapic_write(&ioapic, WINDOW, value);
}

static u64 entry(unsigned int pin)
{
	return read_index(0x10 + 2 * pin) |
	       (u64)read_index(0x11 + 2 * pin) << 32;
}

/* Upper half first, as drivers do: the lower one unmasks. */
static void set_entry(unsigned int pin, u64 value)
{
	write_index(0x11 + 2 * pin, value >> 32);
	write_index(0x10 + 2 * pin, value);
}

static enum nacre_line line(unsigned int pin, bool level)
{
	return nacre_ioapic_set_line(&ioapic, pin, level);
}

static void eoi(u8 vector)
{
	nacre_ioapic_eoi(&ioapic, vector);
}

static void reset(void)
{
	struct nacre_ioapic_state s;
	unsigned int pin;

	begin();
	nacre_ioapic_get_state(&ioapic, &s);
	EXPECT_EQ(s.base_address, 0xfec00000);
	EXPECT_EQ(s.ioregsel | s.id | s.irr | s.pad, 0);
	for (pin = 0; pin < PINS; pin++) {
		EXPECT_EQ(s.redirtbl[pin].bits, MASKED);
		EXPECT_EQ(entry(pin), MASKED);
	}
}

static void registers(void)
{
	begin();
	nacre_ioapic_write(&ioapic, SELECT, 0xffffff01);
	EXPECT_EQ(nacre_ioapic_read(&ioapic, SELECT), 1);
	EXPECT_EQ(read_index(1), 0x00170011);
	write_index(1, 0);
	EXPECT_EQ(read_index(1), 0x00170011);
	write_index(0, 0xffffffff);
	EXPECT_EQ(read_index(0), 0x0f000000);
	EXPECT_EQ(read_index(2), 0x0f000000);
	write_index(2, 0);
	EXPECT_EQ(read_index(2), 0x0f000000);
	write_index(0, 0x03000000);
	EXPECT_EQ(read_index(0), 0x03000000);
	EXPECT_EQ(read_index(2), 0x03000000);
}

/* There is nothing at other offsets, and no register at other indices. */
static void nowhere(void)
{
	struct nacre_ioapic before;
	u32 i;

	begin();
	before = ioapic;
	for (i = 0; i < 0x100; i++) {
		if (i == SELECT || i == WINDOW)
			continue;
		nacre_ioapic_write(&ioapic, i, 0xffffffff);
		EXPECT_EQ(nacre_ioapic_read(&ioapic, i), 0);
	}
	EXPECT(!memcmp(&before, &ioapic, sizeof(ioapic)));
	for (i = 3; i < 0x100; i++) {
		if (i >= 0x10 && i < 0x10 + 2 * PINS)
			continue;
		write_index(i, 0);
		EXPECT_EQ(read_index(i), 0xffffffff);
	}
	before.state.ioregsel = 0xff;
	EXPECT(!memcmp(&before, &ioapic, sizeof(ioapic)));
}

static void entry_bits(void)
{
	unsigned int pin;

	begin();
	for (pin = 0; pin < PINS; pin++) {
		set_entry(pin, ~0ull);
		EXPECT_EQ(entry(pin), 0xff0000000001afffull);
		set_entry(pin, DEST(pin) | MASKED | pin);
		EXPECT_EQ(entry(pin), DEST(pin) | MASKED | pin);
	}
	for (pin = 0; pin < PINS; pin++)
		EXPECT_EQ(entry(pin), DEST(pin) | MASKED | pin);
	EXPECT_EQ(sent, 0);
}

static void message(void)
{
	begin();
	set_entry(7, DEST(0xa5) | LOGICAL | DELIVERY(LOWEST) | 0x71);
	line(7, true);
	EXPECT_EQ(sent, 1);
	EXPECT_EQ(last.dest, 0xa5);
	EXPECT_EQ(last.vector, 0x71);
	EXPECT_EQ(last.delivery, NACRE_DELIVER_LOWEST);
	EXPECT_EQ(last.shorthand, NACRE_TO_DEST);
	EXPECT(last.logical && last.assert && !last.level);
	set_entry(8, DEST(1) | LEVEL | 0x72);
	line(8, true);
	EXPECT_EQ(last.delivery, NACRE_DELIVER_FIXED);
	EXPECT(!last.logical && last.assert && last.level);
}

static void every_pin(void)
{
	unsigned int pin;

	begin();
	for (pin = 0; pin < PINS; pin++) {
		set_entry(pin, 0x30 + pin);
		EXPECT_EQ(line(pin, true), TAKEN);
		EXPECT_EQ(sent, pin + 1);
		EXPECT_EQ(last.vector, 0x30 + pin);
	}
}

static void lines_that_are_not(void)
{
	static const unsigned int bad[] = { 24, 31, 32, 256, ~0u };
	struct nacre_ioapic before;
	unsigned int i;

	begin();
	before = ioapic;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(line(bad[i], true), IGNORED);
		EXPECT_EQ(line(bad[i], false), IGNORED);
		EXPECT(!memcmp(&before, &ioapic, sizeof(ioapic)));
	}
}

static void edge(void)
{
	begin();
	set_entry(4, 0x34);
	EXPECT_EQ(line(4, true), TAKEN);
	EXPECT_EQ(line(4, true), COALESCED);
	EXPECT_EQ(sent, 1);
	EXPECT(!(entry(4) & REMOTE_IRR));
	EXPECT_EQ(line(4, false), TAKEN);
	EXPECT_EQ(sent, 1);
	EXPECT_EQ(line(4, true), TAKEN);
	EXPECT_EQ(sent, 2);
	/* No EOI is needed, and none does anything. */
	eoi(0x34);
	EXPECT_EQ(sent, 2);
}

/* An edge on a masked pin is lost. */
static void edge_masked(void)
{
	begin();
	set_entry(4, MASKED | 0x34);
	EXPECT_EQ(line(4, true), IGNORED);
	set_entry(4, 0x34);
	EXPECT_EQ(sent, 0);
	EXPECT_EQ(line(4, true), COALESCED);
	line(4, false);
	EXPECT_EQ(line(4, true), TAKEN);
}

static void level(void)
{
	begin();
	set_entry(9, LEVEL | 0x39);
	EXPECT_EQ(line(9, true), TAKEN);
	EXPECT(entry(9) & REMOTE_IRR);
	/* It waits for the EOI, whatever the line does. */
	EXPECT_EQ(line(9, true), IGNORED);
	EXPECT_EQ(line(9, false), TAKEN);
	EXPECT_EQ(line(9, true), IGNORED);
	EXPECT_EQ(sent, 1);
	eoi(0x38);
	EXPECT_EQ(sent, 1);
	EXPECT(entry(9) & REMOTE_IRR);
	/* Still up: again. */
	eoi(0x39);
	EXPECT_EQ(sent, 2);
	EXPECT(entry(9) & REMOTE_IRR);
	line(9, false);
	eoi(0x39);
	EXPECT_EQ(sent, 2);
	EXPECT(!(entry(9) & REMOTE_IRR));
	EXPECT_EQ(line(9, true), TAKEN);
}

static void level_masked(void)
{
	begin();
	set_entry(9, LEVEL | MASKED | 0x39);
	EXPECT_EQ(line(9, true), IGNORED);
	EXPECT_EQ(sent, 0);
	set_entry(9, LEVEL | 0x39);
	EXPECT_EQ(sent, 1);
	/* Masked while it is served: the EOI is seen, the line waits. */
	set_entry(9, LEVEL | MASKED | 0x39);
	EXPECT(entry(9) & REMOTE_IRR);
	eoi(0x39);
	EXPECT(!(entry(9) & REMOTE_IRR));
	EXPECT_EQ(sent, 1);
	set_entry(9, LEVEL | 0x39);
	EXPECT_EQ(sent, 2);
	/* Gone before it was unmasked: none. */
	set_entry(9, LEVEL | MASKED | 0x39);
	eoi(0x39);
	line(9, false);
	set_entry(9, LEVEL | 0x39);
	EXPECT_EQ(sent, 2);
}

/* Unmasking twice, or a new destination, is no second interrupt. */
static void level_rewritten(void)
{
	begin();
	set_entry(9, LEVEL | 0x39);
	line(9, true);
	set_entry(9, DEST(3) | LEVEL | 0x39);
	write_index(0x10 + 18, LEVEL | 0x39);
	EXPECT_EQ(sent, 1);
}

/* How a guest without an EOI register retires a pin: to edge and back. */
static void remote_irr_cleared_by_edge(void)
{
	begin();
	set_entry(9, LEVEL | 0x39);
	line(9, true);
	write_index(0x10 + 18, MASKED | 0x39);
	EXPECT_EQ(entry(9), MASKED | 0x39);
	write_index(0x10 + 18, LEVEL | MASKED | 0x39);
	EXPECT_EQ(sent, 1);
	write_index(0x10 + 18, LEVEL | 0x39);
	EXPECT_EQ(sent, 2);
	EXPECT(entry(9) & REMOTE_IRR);
}

static void shared_vector(void)
{
	begin();
	set_entry(10, LEVEL | 0x40);
	set_entry(11, LEVEL | 0x40);
	set_entry(12, 0x40);
	line(10, true);
	line(11, true);
	line(12, true);
	EXPECT_EQ(sent, 3);
	line(10, false);
	eoi(0x40);
	EXPECT_EQ(sent, 4);
	EXPECT(!(entry(10) & REMOTE_IRR));
	EXPECT(entry(11) & REMOTE_IRR);
}

/* Nobody took it: the pin is free, and is tried again when there is reason. */
static void refused(void)
{
	begin();
	set_entry(9, LEVEL | 0x39);
	refuse = true;
	EXPECT_EQ(line(9, true), COALESCED);
	EXPECT_EQ(sent, 1);
	EXPECT(!(entry(9) & REMOTE_IRR));
	EXPECT_EQ(line(9, true), COALESCED);
	EXPECT_EQ(sent, 2);
	refuse = false;
	set_entry(9, DEST(1) | LEVEL | 0x39);
	EXPECT(sent > 2);
	EXPECT(entry(9) & REMOTE_IRR);
	/* An edge is sent once, wherever it goes. */
	set_entry(4, 0x34);
	refuse = true;
	EXPECT_EQ(line(4, true), COALESCED);
	refuse = false;
	sent = 0;
	EXPECT_EQ(line(4, true), COALESCED);
	EXPECT_EQ(sent, 0);
}

/* NMI, SMI, INIT and ExtINT are edges whatever the entry says: no EOI ends. */
static void not_a_level(void)
{
	static const u64 modes[] = {
		DELIVERY(SMI), DELIVERY(NMI), DELIVERY(INIT), DELIVERY(EXTINT),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		begin();
		set_entry(1, LEVEL | modes[i]);
		line(1, true);
		EXPECT_EQ(sent, 1);
		EXPECT(!last.level);
		EXPECT(!(entry(1) & REMOTE_IRR));
		EXPECT_EQ(line(1, true), COALESCED);
		eoi(0);
		EXPECT_EQ(sent, 1);
		line(1, false);
		line(1, true);
		EXPECT_EQ(sent, 2);
	}
}

/* A device that never lets go costs one message an EOI, and no more. */
static void storm(void)
{
	unsigned int i;

	begin();
	set_entry(9, LEVEL | 0x39);
	line(9, true);
	for (i = 0; i < 100000; i++)
		eoi(0x39);
	EXPECT_EQ(sent, 100001);
}

static void copy_state(struct nacre_ioapic *to)
{
	struct nacre_ioapic_state s;

	nacre_ioapic_get_state(&ioapic, &s);
	to->ops = &ops;
	nacre_ioapic_reset(to);
	nacre_ioapic_set_state(to, &s);
}

static void state_round_trip(void)
{
	struct nacre_ioapic_state a, b;
	struct nacre_ioapic copy;

	begin();
	write_index(0, 0x05000000);
	set_entry(9, DEST(2) | LEVEL | 0x39);
	set_entry(10, LEVEL | MASKED | 0x40);
	set_entry(4, DEST(0xff) | LOGICAL | DELIVERY(LOWEST) | 0x34);
	line(9, true);
	line(10, true);
	line(4, true);
	line(4, false);
	sent = 0;
	copy_state(&copy);
	/* What is in service is not sent again, nor what is masked. */
	EXPECT_EQ(sent, 0);
	nacre_ioapic_get_state(&ioapic, &a);
	nacre_ioapic_get_state(&copy, &b);
	EXPECT(!memcmp(&a, &b, sizeof(a)));
	EXPECT_EQ(b.irr, 1 << 9 | 1 << 10);
	ioapic = copy;
	eoi(0x39);
	EXPECT_EQ(sent, 1);
}

/* An edge that was sent is not sent again, though its line is still up. */
static void state_of_an_edge(void)
{
	struct nacre_ioapic_state s;
	struct nacre_ioapic copy;

	begin();
	set_entry(4, 0x34);
	line(4, true);
	nacre_ioapic_get_state(&ioapic, &s);
	EXPECT_EQ(s.irr, 0);
	copy_state(&copy);
	EXPECT_EQ(sent, 1);
	ioapic = copy;
	line(4, false);
	EXPECT_EQ(line(4, true), TAKEN);
	EXPECT_EQ(sent, 2);
	/* One that was masked is there to see. */
	set_entry(5, MASKED | 0x35);
	line(5, true);
	nacre_ioapic_get_state(&ioapic, &s);
	EXPECT_EQ(s.irr, 1 << 5);
}

/* An edge or level in the state that is set, and not yet sent. */
static void state_sends(void)
{
	struct nacre_ioapic_state s;

	begin();
	nacre_ioapic_get_state(&ioapic, &s);
	s.irr = 1 << 4 | 1 << 9 | 1 << 10;
	s.redirtbl[4].bits = 0x34;
	s.redirtbl[9].bits = LEVEL | 0x39;
	s.redirtbl[10].bits = LEVEL | REMOTE_IRR | 0x40;
	nacre_ioapic_set_state(&ioapic, &s);
	EXPECT_EQ(sent, 2);
	EXPECT(entry(9) & REMOTE_IRR);
	EXPECT(entry(10) & REMOTE_IRR);
	eoi(0x40);
	EXPECT_EQ(sent, 3);
}

static void use(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++) {
		nacre_ioapic_read(&ioapic, WINDOW);
		write_index(i, i * 0x01010101u);
		read_index(i);
		line(i, i & 1);
		eoi(i);
	}
}

static void hostile_state(void)
{
	struct nacre_ioapic_state s;
	u64 seed = 7;
	unsigned int i, j;

	for (i = 0; i < 2000; i++) {
		begin();
		for (j = 0; j < sizeof(s); j++)
			((u8 *)&s)[j] = i ? host_random(&seed) >> 32 : 0xff;
		nacre_ioapic_set_state(&ioapic, &s);
		EXPECT(sent <= PINS);
		nacre_ioapic_get_state(&ioapic, &s);
		EXPECT_EQ(s.base_address, 0xfec00000);
		EXPECT_EQ(s.irr >> PINS, 0);
		EXPECT_EQ(s.ioregsel & ~0xffu, 0);
		EXPECT_EQ(s.id & ~0xfu, 0);
		EXPECT_EQ(s.pad, 0);
		for (j = 0; j < PINS; j++) {
			u64 bits = s.redirtbl[j].bits;

			EXPECT(!(bits & STATUS));
			EXPECT(bits & LEVEL || !(bits & REMOTE_IRR));
		}
		use();
	}
}

static const struct host_case cases[] = {
	HOST_CASE(reset),
	HOST_CASE(registers),
	HOST_CASE(nowhere),
	HOST_CASE(entry_bits),
	HOST_CASE(message),
	HOST_CASE(every_pin),
	HOST_CASE(lines_that_are_not),
	HOST_CASE(edge),
	HOST_CASE(edge_masked),
	HOST_CASE(level),
	HOST_CASE(level_masked),
	HOST_CASE(level_rewritten),
	HOST_CASE(remote_irr_cleared_by_edge),
	HOST_CASE(shared_vector),
	HOST_CASE(refused),
	HOST_CASE(not_a_level),
	HOST_CASE(storm),
	HOST_CASE(state_round_trip),
	HOST_CASE(state_of_an_edge),
	HOST_CASE(state_sends),
	HOST_CASE(hostile_state),
};

HOST_MAIN(cases)
