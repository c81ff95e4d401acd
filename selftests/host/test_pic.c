// SPDX-License-Identifier: GPL-2.0
/*
 * The 8259A pair, as a PC's software programs it.
 *
 * Intel 8259A data sheet; for state that is saved and restored, and for what
 * a raised line returns, the KVM ABI.
 */
#include "host_test.h"
#include "arch/x86/irqchip/pic.h"

#define MASTER		0x20
#define SLAVE		0xa0
#define BASE_MASTER	0x20
#define BASE_SLAVE	0x28

#define EOI		0x20
#define SPECIFIC_EOI	0x60
#define ROTATE_EOI	0xa0
#define ROTATE_SPECIFIC	0xe0
#define SET_PRIORITY	0xc0
#define ROTATE_AUTO	0x80
#define NO_ROTATE_AUTO	0x00
#define READ_IRR	0x0a
#define READ_ISR	0x0b
#define POLL		0x0c
#define SPECIAL_MASK	0x68
#define NORMAL_MASK	0x48

#define AUTO_EOI	0x02
#define NESTED		0x10

static struct nacre_pic pic;
static void out(u16 port, u8 value)
{
	nacre_pic_write(&pic, port, value);
}

static u8 in(u16 port)
{
	return nacre_pic_read(&pic, port);
}

static u8 isr(u16 chip)
{
	out(chip, READ_ISR);
	return in(chip);
}

static u8 irr(u16 chip)
{
	out(chip, READ_IRR);
	return in(chip);
}

static void init_chip(u16 chip, u8 base, u8 cascade, u8 icw4)
{
	out(chip, 0x11);
	out(chip + 1, base);
	out(chip + 1, cascade);
	out(chip + 1, icw4 | 1);
	out(chip + 1, 0);
}

static void init_pair(u8 icw4)
{
	memset(&pic, 0, sizeof(pic));
	nacre_pic_reset(&pic);
	init_chip(MASTER, BASE_MASTER, 4, icw4);
	init_chip(SLAVE, BASE_SLAVE, 2, icw4 & ~NESTED);
}

static void raise(unsigned int line)
{
	nacre_pic_set_line(&pic, line, true);
}

static void lower(unsigned int line)
{
	nacre_pic_set_line(&pic, line, false);
}

static void pulse(unsigned int line)
{
	raise(line);
	lower(line);
}

static int take(void)
{
	return nacre_pic_acknowledge(&pic);
}

static void reset(void)
{
	struct nacre_pic_state s;

	memset(&pic, 0xff, sizeof(pic));
	nacre_pic_reset(&pic);
	EXPECT(!pic.output);
	s = pic.chip[PIC_MASTER];
	EXPECT_EQ(s.elcr_mask, 0xf8);
	EXPECT_EQ(s.irr | s.isr | s.imr | s.last_irr | s.elcr, 0);
	EXPECT_EQ(s.irq_base | s.priority_add | s.init_state | s.init4, 0);
	s = pic.chip[PIC_SLAVE];
	EXPECT_EQ(s.elcr_mask, 0xde);
}

static void ports(void)
{
	static const u16 mine[] = { 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1 };
	unsigned int port, i, count = 0;

	for (port = 0; port < 0x10000; port++)
		count += nacre_pic_has_port(port);
	EXPECT_EQ(count, ARRAY_SIZE(mine));
	for (i = 0; i < ARRAY_SIZE(mine); i++)
		EXPECT(nacre_pic_has_port(mine[i]));
}

/* ICW1 forgets edges and modes, and clears the mask. */
static void icw1(void)
{
	init_pair(AUTO_EOI | NESTED);
	out(MASTER, SET_PRIORITY | 3);
	out(MASTER, SPECIAL_MASK);
	out(MASTER, READ_ISR);
	out(MASTER + 1, 0xff);
	raise(1);
	out(MASTER, 0x10);
	EXPECT_EQ(in(MASTER), 0);
	out(MASTER + 1, BASE_MASTER);
	out(MASTER + 1, 4);
	/* Without ICW4 the sequence ends here, and its modes are off. */
	EXPECT_EQ(in(MASTER + 1), 0);
	out(MASTER + 1, 0xff);
	EXPECT_EQ(in(MASTER + 1), 0xff);
	out(MASTER + 1, 0);
	EXPECT_EQ(pic.chip[0].auto_eoi, 0);
	EXPECT_EQ(pic.chip[0].special_fully_nested_mode, 0);
	EXPECT_EQ(pic.chip[0].special_mask, 0);
	EXPECT_EQ(pic.chip[0].priority_add, 0);
	/* The line is still up: it has to fall and rise to be an edge. */
	raise(1);
	EXPECT(!pic.output);
	lower(1);
	raise(1);
	EXPECT_EQ(take(), BASE_MASTER + 1);
}

static void icw1_ends_service(void)
{
	init_pair(0);
	raise(3);
	take();
	EXPECT_EQ(isr(MASTER), 0x08);
	init_chip(MASTER, 0x50, 4, 0);
	EXPECT_EQ(isr(MASTER), 0);
	pulse(7);
	EXPECT_EQ(take(), 0x57);
}

/* An initialization in a level-triggered line's time loses nothing. */
static void icw1_keeps_levels(void)
{
	init_pair(0);
	out(0x4d0, 0x20);
	raise(5);
	init_chip(MASTER, BASE_MASTER, 4, 0);
	EXPECT_EQ(in(0x4d0), 0x20);
	EXPECT_EQ(take(), BASE_MASTER + 5);
}

static void vector_base(void)
{
	init_pair(0);
	init_chip(MASTER, 0x4f, 4, 0);
	pulse(6);
	EXPECT_EQ(take(), 0x4e);
	init_chip(MASTER, 0xf8, 4, 0);
	pulse(7);
	EXPECT_EQ(take(), 0xff);
}

static void mask(void)
{
	init_pair(0);
	out(MASTER + 1, 0x12);
	EXPECT_EQ(in(MASTER + 1), 0x12);
	raise(1);
	EXPECT(!pic.output);
	EXPECT_EQ(irr(MASTER), 0x02);
	raise(0);
	EXPECT_EQ(take(), BASE_MASTER);
	out(MASTER, EOI);
	EXPECT(!pic.output);
	out(MASTER + 1, 0);
	EXPECT(pic.output);
	EXPECT_EQ(take(), BASE_MASTER + 1);
	EXPECT_EQ(irr(MASTER), 0);
	EXPECT_EQ(isr(MASTER), 0x02);
}

static void edges(void)
{
	init_pair(0);
	raise(4);
	raise(4);
	EXPECT_EQ(take(), BASE_MASTER + 4);
	out(MASTER, EOI);
	/* Up all the time: no new edge. */
	EXPECT(!pic.output);
	raise(4);
	EXPECT(!pic.output);
	lower(4);
	EXPECT(!pic.output);
	raise(4);
	EXPECT(pic.output);
	/* An edge is remembered though its line fell. */
	lower(4);
	EXPECT_EQ(take(), BASE_MASTER + 4);
}

static void levels(void)
{
	init_pair(0);
	out(0x4d0, 0x08);
	raise(3);
	EXPECT_EQ(take(), BASE_MASTER + 3);
	EXPECT_EQ(irr(MASTER), 0x08);
	EXPECT(!pic.output);
	out(MASTER, EOI);
	EXPECT_EQ(take(), BASE_MASTER + 3);
	lower(3);
	EXPECT_EQ(irr(MASTER), 0);
	out(MASTER, EOI);
	EXPECT(!pic.output);
	/* One that falls before it is taken was none. */
	raise(3);
	EXPECT(pic.output);
	lower(3);
	EXPECT(!pic.output);
}

static void fixed_priorities(void)
{
	unsigned int line, other;

	for (line = 0; line < 8; line++) {
		for (other = 0; other < 8; other++) {
			bool above = other < line;

			/* The cascade pin has a slave behind it. */
			if (line == 2 || other == 2 || line == other)
				continue;
			init_pair(0);
			pulse(line);
			EXPECT_EQ(take(), BASE_MASTER + line);
			pulse(other);
			EXPECT_EQ(pic.output, above);
			if (above)
				EXPECT_EQ(take(), BASE_MASTER + other);
			out(MASTER, EOI);
			EXPECT_EQ(isr(MASTER), above ? 1 << line : 0);
			if (!above)
				EXPECT_EQ(take(), BASE_MASTER + other);
		}
	}
}

/* Several at once: highest first, and nested in any depth. */
static void nesting(void)
{
	static const u8 order[] = { 7, 6, 5, 4, 3, 1, 0 };
	unsigned int i;

	init_pair(0);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		pulse(order[i]);
		EXPECT(pic.output);
		EXPECT_EQ(take(), BASE_MASTER + order[i]);
	}
	EXPECT_EQ(isr(MASTER), 0xfb);
	for (i = ARRAY_SIZE(order); i; i--) {
		EXPECT(isr(MASTER) & 1 << order[i - 1]);
		out(MASTER, EOI);
		EXPECT(!(isr(MASTER) & 1 << order[i - 1]));
	}
	/* One too many is none. */
	out(MASTER, EOI);
	EXPECT_EQ(isr(MASTER), 0);
}

static void specific_eoi(void)
{
	init_pair(0);
	pulse(5);
	take();
	pulse(1);
	take();
	out(MASTER, SPECIFIC_EOI | 5);
	EXPECT_EQ(isr(MASTER), 0x02);
	out(MASTER, SPECIFIC_EOI | 4);
	EXPECT_EQ(isr(MASTER), 0x02);
	out(MASTER, SPECIFIC_EOI | 1);
	EXPECT_EQ(isr(MASTER), 0);
}

/* Who was served is lowest now: all that wait get their turn. */
static void rotate_on_eoi(void)
{
	unsigned int round, line;

	init_pair(0);
	for (round = 0; round < 3; round++) {
		for (line = 0; line < 8; line++) {
			if (line == 2)
				continue;
			pulse(0);
			pulse(line);
			EXPECT_EQ(take(), BASE_MASTER + line);
			out(MASTER, ROTATE_EOI);
			EXPECT_EQ(isr(MASTER), 0);
			/* What is left of the pulse of 0 comes next. */
			if (line) {
				out(MASTER + 1, 0xfe);
				take();
				out(MASTER, SPECIFIC_EOI);
				out(MASTER + 1, 0);
			}
			EXPECT_EQ(pic.chip[0].priority_add, (line + 1) % 8);
		}
		pulse(7);
		take();
		out(MASTER, ROTATE_EOI);
	}
}

static void rotate_on_specific_eoi(void)
{
	init_pair(0);
	pulse(3);
	take();
	out(MASTER, ROTATE_SPECIFIC | 3);
	EXPECT_EQ(isr(MASTER), 0);
	pulse(3);
	pulse(0);
	pulse(4);
	EXPECT_EQ(take(), BASE_MASTER + 4);
	out(MASTER, EOI);
	EXPECT_EQ(take(), BASE_MASTER);
	out(MASTER, EOI);
	EXPECT_EQ(take(), BASE_MASTER + 3);
}

static void set_priority(void)
{
	unsigned int lowest, i;

	for (lowest = 0; lowest < 8; lowest++) {
		init_pair(0);
		out(MASTER, SET_PRIORITY | lowest);
		for (i = 0; i < 8; i++)
			if (i != 2)
				pulse(i);
		for (i = 1; i <= 8; i++) {
			if ((lowest + i) % 8 == 2)
				continue;
			EXPECT_EQ(take(), BASE_MASTER + (lowest + i) % 8);
			out(MASTER, EOI);
		}
		EXPECT(!pic.output);
	}
}

static void auto_eoi(void)
{
	init_pair(AUTO_EOI);
	pulse(6);
	EXPECT_EQ(take(), BASE_MASTER + 6);
	EXPECT_EQ(isr(MASTER), 0);
	pulse(7);
	EXPECT_EQ(take(), BASE_MASTER + 7);
	EXPECT_EQ(pic.chip[0].priority_add, 0);
}

static void rotate_on_auto_eoi(void)
{
	init_pair(AUTO_EOI);
	out(MASTER, ROTATE_AUTO);
	pulse(0);
	take();
	pulse(0);
	pulse(7);
	EXPECT_EQ(take(), BASE_MASTER + 7);
	EXPECT_EQ(take(), BASE_MASTER);
	out(MASTER, NO_ROTATE_AUTO);
	out(MASTER, SET_PRIORITY | 7);
	pulse(0);
	take();
	pulse(0);
	pulse(7);
	EXPECT_EQ(take(), BASE_MASTER);
}

/* Each level is kept out by its own service only. */
static void special_mask(void)
{
	init_pair(0);
	pulse(1);
	take();
	pulse(4);
	EXPECT(!pic.output);
	out(MASTER + 1, 0x02);
	EXPECT(!pic.output);
	out(MASTER, SPECIAL_MASK);
	EXPECT(pic.output);
	EXPECT_EQ(take(), BASE_MASTER + 4);
	EXPECT_EQ(isr(MASTER), 0x12);
	pulse(1);
	EXPECT(!pic.output);
	/* A masked level's service is ended by a specific EOI only. */
	out(MASTER, EOI);
	EXPECT_EQ(isr(MASTER), 0x02);
	out(MASTER, EOI);
	EXPECT_EQ(isr(MASTER), 0x02);
	out(MASTER, SPECIFIC_EOI | 1);
	EXPECT_EQ(isr(MASTER), 0);
	out(MASTER, NORMAL_MASK);
	EXPECT_EQ(pic.chip[0].special_mask, 0);
}

/* OCW3 without its enabling bits changes nothing. */
static void ocw3(void)
{
	init_pair(0);
	pulse(3);
	take();
	out(MASTER, READ_ISR);
	out(MASTER, SPECIAL_MASK);
	EXPECT_EQ(in(MASTER), 0x08);
	out(MASTER, 0x28);
	EXPECT_EQ(pic.chip[0].special_mask, 1);
	out(MASTER, 0x08);
	EXPECT_EQ(in(MASTER), 0x08);
	out(MASTER, READ_IRR);
	EXPECT_EQ(in(MASTER), 0);
}

static void cascade(void)
{
	unsigned int line;

	for (line = 8; line < 16; line++) {
		init_pair(0);
		pulse(line);
		EXPECT(pic.output);
		EXPECT_EQ(irr(MASTER), 0x04);
		EXPECT_EQ(take(), BASE_SLAVE + line - 8);
		EXPECT_EQ(isr(MASTER), 0x04);
		EXPECT_EQ(isr(SLAVE), 1 << (line - 8));
		EXPECT_EQ(irr(MASTER), 0);
		out(SLAVE, EOI);
		out(MASTER, EOI);
		EXPECT_EQ(isr(MASTER) | isr(SLAVE), 0);
		EXPECT(!pic.output);
	}
}

/* Behind pin 2: after 0 and 1, before 3. */
static void cascade_priority(void)
{
	init_pair(0);
	pulse(3);
	pulse(12);
	pulse(1);
	pulse(9);
	EXPECT_EQ(take(), BASE_MASTER + 1);
	out(MASTER, EOI);
	EXPECT_EQ(take(), BASE_SLAVE + 1);
	out(SLAVE, EOI);
	out(MASTER, EOI);
	EXPECT_EQ(take(), BASE_SLAVE + 4);
	out(SLAVE, EOI);
	out(MASTER, EOI);
	EXPECT_EQ(take(), BASE_MASTER + 3);
}

static void slave_masked(void)
{
	init_pair(0);
	out(SLAVE + 1, 0xff);
	raise(10);
	EXPECT(!pic.output);
	out(MASTER + 1, 0x04);
	out(SLAVE + 1, 0);
	EXPECT(!pic.output);
	out(MASTER + 1, 0);
	EXPECT_EQ(take(), BASE_SLAVE + 2);
}

/* A higher line of the slave waits for the master's EOI, unless it is SFNM. */
static void special_fully_nested(void)
{
	init_pair(0);
	pulse(12);
	take();
	pulse(9);
	EXPECT(!pic.output);

	init_pair(NESTED);
	pulse(12);
	take();
	pulse(14);
	EXPECT(!pic.output);
	pulse(9);
	EXPECT(pic.output);
	EXPECT_EQ(take(), BASE_SLAVE + 1);
	EXPECT_EQ(isr(SLAVE), 0x12);
	/* Not the slave's last: its own EOI only. */
	out(SLAVE, EOI);
	EXPECT_EQ(isr(SLAVE), 0x10);
	EXPECT_EQ(isr(MASTER), 0x04);
}

static void special_fully_nested_eoi(void)
{
	init_pair(NESTED);
	pulse(12);
	take();
	out(SLAVE, EOI);
	out(MASTER, EOI);
	EXPECT_EQ(isr(MASTER), 0);
	pulse(3);
	take();
	pulse(12);
	take();
	/* The slave's is above 3, and ends first. */
	out(MASTER, EOI);
	EXPECT_EQ(isr(MASTER), 0x08);
}

static void spurious(void)
{
	init_pair(0);
	EXPECT_EQ(take(), BASE_MASTER + 7);
	EXPECT_EQ(isr(MASTER), 0);
	/* Gone before the processor came for it. */
	out(0x4d0, 0x20);
	raise(5);
	lower(5);
	EXPECT_EQ(take(), BASE_MASTER + 7);
	EXPECT_EQ(isr(MASTER), 0);
	/* The slave's: the master took its pin for real. */
	out(0x4d1, 0x08);
	raise(11);
	lower(11);
	EXPECT_EQ(take(), BASE_SLAVE + 7);
	EXPECT_EQ(isr(MASTER), 0x04);
	EXPECT_EQ(isr(SLAVE), 0);
	out(MASTER, EOI);
	EXPECT(!pic.output);
}

static void poll_nothing(void)
{
	init_pair(0);
	out(MASTER, POLL);
	EXPECT_EQ(in(MASTER), 0x07);
	out(MASTER + 1, 0x5a);
	out(MASTER, POLL);
	EXPECT_EQ(in(MASTER + 1), 0x07);
	/* One read is one poll. */
	EXPECT_EQ(in(MASTER + 1), 0x5a);
}

static void poll_master(void)
{
	init_pair(0);
	pulse(5);
	pulse(3);
	out(MASTER, POLL);
	EXPECT_EQ(in(MASTER), 0x83);
	EXPECT_EQ(isr(MASTER), 0x08);
	EXPECT(!pic.output);
	out(MASTER, EOI);
	EXPECT(pic.output);
	out(MASTER, POLL);
	EXPECT_EQ(in(MASTER + 1), 0x85);
	out(MASTER, EOI);
	EXPECT(!pic.output);
}

/* What the slave gave by a poll, the master does not ask for any more. */
static void poll_slave(void)
{
	init_pair(0);
	pulse(13);
	EXPECT(pic.output);
	out(SLAVE, POLL);
	EXPECT_EQ(in(SLAVE), 0x85);
	EXPECT_EQ(isr(SLAVE), 0x20);
	EXPECT(!pic.output);
	out(SLAVE, EOI);
	EXPECT(!pic.output);

	/* Both, one after the other, as the data sheet has it. */
	pulse(9);
	out(MASTER, POLL);
	EXPECT_EQ(in(MASTER), 0x82);
	out(SLAVE, POLL);
	EXPECT_EQ(in(SLAVE), 0x81);
	out(SLAVE, EOI);
	out(MASTER, EOI);
	EXPECT(!pic.output);
	EXPECT_EQ(isr(MASTER) | isr(SLAVE), 0);
}

static void elcr(void)
{
	init_pair(0);
	out(0x4d0, 0xff);
	out(0x4d1, 0xff);
	EXPECT_EQ(in(0x4d0), 0xf8);
	EXPECT_EQ(in(0x4d1), 0xde);
	out(0x4d0, 0);
	EXPECT_EQ(in(0x4d0), 0);
	EXPECT_EQ(in(0x4d1), 0xde);
}

/* A pin that turns level-triggered forgets its edge and follows its line. */
static void elcr_follows_line(void)
{
	init_pair(0);
	pulse(5);
	raise(6);
	take();
	out(MASTER, EOI);
	take();
	out(MASTER, EOI);
	pulse(5);
	out(0x4d0, 0x60);
	EXPECT_EQ(irr(MASTER), 0x40);
	EXPECT_EQ(take(), BASE_MASTER + 6);
	lower(6);
	out(MASTER, EOI);
	EXPECT(!pic.output);
}

/* Of two that wait, the second asks anew when the first was taken. */
static void output_rises_again(void)
{
	init_pair(AUTO_EOI);
	pulse(3);
	EXPECT(pic.rose);
	pic.rose = false;
	pulse(4);
	EXPECT(!pic.rose);
	take();
	EXPECT(pic.output);
	EXPECT(pic.rose);
	pic.rose = false;
	take();
	EXPECT(!pic.output);
	EXPECT(!pic.rose);
}

static void line_status(void)
{
	init_pair(0);
	EXPECT_EQ(nacre_pic_set_line(&pic, 1, true), 1);
	/* Remembered, and not yet taken. */
	EXPECT_EQ(nacre_pic_set_line(&pic, 1, false), 1);
	EXPECT_EQ(nacre_pic_set_line(&pic, 1, true), 0);
	take();
	EXPECT_EQ(nacre_pic_set_line(&pic, 1, false), 1);
	EXPECT_EQ(nacre_pic_set_line(&pic, 1, true), 1);
	out(MASTER + 1, 0x02);
	EXPECT_EQ(nacre_pic_set_line(&pic, 1, true), -1);
	EXPECT_EQ(nacre_pic_set_line(&pic, 1, false), -1);
	out(0x4d1, 0x02);
	EXPECT_EQ(nacre_pic_set_line(&pic, 9, true), 1);
	EXPECT_EQ(nacre_pic_set_line(&pic, 9, true), 0);
	EXPECT_EQ(nacre_pic_set_line(&pic, 9, false), 1);
}

static void lines_that_are_not(void)
{
	struct nacre_pic before;
	unsigned int i;

	init_pair(0);
	before = pic;
	for (i = 0; i < 3; i++) {
		static const unsigned int bad[] = { 16, 24, ~0u };

		EXPECT_EQ(nacre_pic_set_line(&pic, bad[i], true), -1);
		EXPECT(!memcmp(&before, &pic, sizeof(pic)));
	}
}

static void copy_state(struct nacre_pic *to)
{
	struct nacre_pic_state s;
	unsigned int chip;

	memset(to, 0, sizeof(*to));
	nacre_pic_reset(to);
	for (chip = 0; chip < 2; chip++) {
		s = pic.chip[chip];
		nacre_pic_set_state(to, chip, &s);
	}
}

/* Saved in the middle of everything, it goes on where it was. */
static void state_round_trip(void)
{
	struct nacre_pic copy;

	init_pair(NESTED);
	out(0x4d0, 0x28);
	out(MASTER, SET_PRIORITY | 4);
	out(MASTER, READ_ISR);
	pulse(7);
	take();
	raise(5);
	pulse(12);
	out(SLAVE, POLL);
	/* ICW2 is next on the slave. */
	copy_state(&copy);
	EXPECT(!memcmp(copy.chip, pic.chip, sizeof(pic.chip)));
	EXPECT_EQ(copy.output, pic.output);
	out(SLAVE, 0x11);
	copy_state(&copy);
	EXPECT(!memcmp(copy.chip, pic.chip, sizeof(pic.chip)));
	EXPECT_EQ(copy.chip[PIC_SLAVE].init_state, 1);
}

/* Whatever is set, reads, writes and lines find no way out of the tables. */
static void use(void)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		nacre_pic_set_line(&pic, i, i & 1);
		take();
	}
	for (i = 0; i < 512; i++) {
		out(i & 0x100 ? SLAVE : MASTER, i);
		in(MASTER);
		in(SLAVE);
		out(MASTER + 1, i);
		out(SLAVE + 1, i);
		take();
	}
}

static void hostile_state(void)
{
	struct nacre_pic_state s;
	u64 seed = 42;
	unsigned int i, j;

	for (i = 0; i < 2000; i++) {
		init_pair(0);
		for (j = 0; j < sizeof(s); j++)
			((u8 *)&s)[j] = i ? host_random(&seed) >> 32 : 0xff;
		nacre_pic_set_state(&pic, i & 1, &s);
		s = pic.chip[i & 1];
		EXPECT_EQ(s.elcr_mask, i & 1 ? 0xde : 0xf8);
		EXPECT_EQ(s.elcr & ~s.elcr_mask, 0);
		EXPECT(s.priority_add < 8);
		EXPECT(s.init_state < 4);
		EXPECT_EQ(s.irq_base & 7, 0);
		/* A level-triggered request is its line. */
		EXPECT_EQ((s.irr ^ s.last_irr) & s.elcr, 0);
		use();
	}
}

static u16 take_ended(void)
{
	u16 ended = pic.ended;

	pic.ended = 0;
	return ended;
}

/* Whose service is over, by whatever write or by itself, is noted. */
static void ended(void)
{
	init_pair(0);
	take_ended();
	nacre_pic_set_line(&pic, 3, true);
	nacre_pic_acknowledge(&pic);
	EXPECT_EQ(take_ended(), 0);
	/* Another one that waits already makes no difference. */
	nacre_pic_set_line(&pic, 3, false);
	nacre_pic_set_line(&pic, 3, true);
	out(MASTER, EOI);
	EXPECT_EQ(take_ended(), BIT(3));
	out(MASTER, EOI);
	EXPECT_EQ(take_ended(), 0);
	nacre_pic_set_line(&pic, 12, true);
	nacre_pic_acknowledge(&pic);
	out(SLAVE, SPECIFIC_EOI | 4);
	EXPECT_EQ(take_ended(), BIT(12));
	/* One that waits is forgotten by an initialization. */
	out(MASTER, 0x11);
	EXPECT_EQ(take_ended(), BIT(2) | BIT(3));
	init_pair(AUTO_EOI);
	take_ended();
	nacre_pic_set_line(&pic, 6, true);
	nacre_pic_acknowledge(&pic);
	EXPECT_EQ(take_ended(), BIT(6));
}

static const struct host_case cases[] = {
	HOST_CASE(ended),
	HOST_CASE(reset),
	HOST_CASE(ports),
	HOST_CASE(icw1),
	HOST_CASE(icw1_ends_service),
	HOST_CASE(icw1_keeps_levels),
	HOST_CASE(vector_base),
	HOST_CASE(mask),
	HOST_CASE(edges),
	HOST_CASE(levels),
	HOST_CASE(fixed_priorities),
	HOST_CASE(nesting),
	HOST_CASE(specific_eoi),
	HOST_CASE(rotate_on_eoi),
	HOST_CASE(rotate_on_specific_eoi),
	HOST_CASE(set_priority),
	HOST_CASE(auto_eoi),
	HOST_CASE(rotate_on_auto_eoi),
	HOST_CASE(special_mask),
	HOST_CASE(ocw3),
	HOST_CASE(cascade),
	HOST_CASE(cascade_priority),
	HOST_CASE(slave_masked),
	HOST_CASE(special_fully_nested),
	HOST_CASE(special_fully_nested_eoi),
	HOST_CASE(spurious),
	HOST_CASE(poll_nothing),
	HOST_CASE(poll_master),
	HOST_CASE(poll_slave),
	HOST_CASE(elcr),
	HOST_CASE(elcr_follows_line),
	HOST_CASE(output_rises_again),
	HOST_CASE(line_status),
	HOST_CASE(lines_that_are_not),
	HOST_CASE(state_round_trip),
	HOST_CASE(hostile_state),
};

HOST_MAIN(cases)
