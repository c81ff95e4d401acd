// SPDX-License-Identifier: GPL-2.0
/*
 * The pair of 8259A interrupt controllers.
 *
 * Intel 8259A data sheet: "Initialization Command Words", "Operation Command
 * Words", "Fully Nested Mode", "Special Mask Mode", "Poll Command".
 */
#include "arch/x86/irqchip/pic.h"

#define CASCADE		2	/* the master's pin that the slave drives */
#define SPURIOUS	7
#define NONE		8	/* priority when no bit is set */

/* Lines that are edge-triggered on every PC: timer, keyboard, cascade, ... */
#define ELCR_MASTER	0xf8
#define ELCR_SLAVE	0xde

/* ICW1, OCW2 and OCW3 are told apart by two bits. */
#define ICW1		BIT(4)
#define ICW1_ICW4	BIT(0)
#define OCW3		BIT(3)
#define OCW3_POLL	BIT(2)
#define OCW3_READ	BIT(1)
#define OCW3_MASK	BIT(6)
#define POLL_INTERRUPT	BIT(7)
#define ICW4_AUTO_EOI	BIT(1)
#define ICW4_NESTED	BIT(4)

enum init_state { INIT_DONE, INIT_ICW2, INIT_ICW3, INIT_ICW4 };

static void reset_chip(struct nacre_pic_state *s, u8 elcr_mask)
{
	memset(s, 0, sizeof(*s));
	s->elcr_mask = elcr_mask;
}

/* Distance of the highest-priority bit from the pin that is highest now. */
static unsigned int priority_of(const struct nacre_pic_state *s, u8 bits)
{
	unsigned int twice = bits | bits << 8;

	return bits ? ffs(twice >> s->priority_add) - 1 : NONE;
}

static unsigned int pin_at(const struct nacre_pic_state *s, unsigned int i)
{
	return (i + s->priority_add) & 7;
}

/* In service; special mask mode leaves out what is masked. */
static u8 in_service(const struct nacre_pic_state *s)
{
	return s->special_mask ? s->isr & ~s->imr : s->isr;
}

/* In service, as far as it keeps others out. */
static u8 blocking(const struct nacre_pic *pic, const struct nacre_pic_state *s)
{
	u8 isr = in_service(s);

	/* The slave may interrupt its own service. */
	if (s == &pic->chip[PIC_MASTER] && s->special_fully_nested_mode)
		isr &= ~BIT(CASCADE);
	return isr;
}

/* The pin that wants the processor, or -1. */
static int wanted(const struct nacre_pic *pic, const struct nacre_pic_state *s)
{
	unsigned int request = priority_of(s, s->irr & ~s->imr);
	unsigned int service = priority_of(s, blocking(pic, s));

	if (request >= service)
		return -1;
	return pin_at(s, request);
}

static void set_pin(struct nacre_pic_state *s, unsigned int pin, bool level)
{
	u8 bit = BIT(pin);

	if (s->elcr & bit)
		s->irr = level ? s->irr | bit : s->irr & ~bit;
	else if (level && !(s->last_irr & bit))
		s->irr |= bit;
	s->last_irr = level ? s->last_irr | bit : s->last_irr & ~bit;
}

static void set_output(struct nacre_pic *pic, bool output)
{
	pic->rose |= output && !pic->output;
	pic->output = output;
}

/* The slave's output is a pulse to the master: each request is an edge. */
static void update(struct nacre_pic *pic)
{
	struct nacre_pic_state *master = &pic->chip[PIC_MASTER];

	if (wanted(pic, &pic->chip[PIC_SLAVE]) >= 0) {
		set_pin(master, CASCADE, true);
		set_pin(master, CASCADE, false);
	}
	set_output(pic, wanted(pic, master) >= 0);
}

void nacre_pic_reset(struct nacre_pic *pic)
{
	reset_chip(&pic->chip[PIC_MASTER], ELCR_MASTER);
	reset_chip(&pic->chip[PIC_SLAVE], ELCR_SLAVE);
	pic->output = false;
	pic->rose = false;
	pic->ended = 0;
}

enum nacre_line nacre_pic_set_line(struct nacre_pic *pic, unsigned int line,
				   bool level)
{
	struct nacre_pic_state *s;
	u8 bit = BIT(line & 7);
	bool coalesced;

	if (line >= PIC_PINS)
		return NACRE_LINE_IGNORED;
	s = &pic->chip[line >> 3];
	/* A rise of what is remembered is merged with it; a fall never is. */
	coalesced = level && s->irr & bit &&
		    (s->elcr & bit || !(s->last_irr & bit));
	set_pin(s, line & 7, level);
	update(pic);
	if (s->imr & bit)
		return NACRE_LINE_IGNORED;
	return coalesced ? NACRE_LINE_COALESCED : NACRE_LINE_TAKEN;
}

static void end_service(struct nacre_pic_state *s, unsigned int pin,
			bool rotate)
{
	s->isr &= ~BIT(pin);
	if (rotate)
		s->priority_add = (pin + 1) & 7;
}

static void note_ended(struct nacre_pic *pic, const struct nacre_pic_state *s,
		       u8 pins)
{
	pic->ended |= s == &pic->chip[PIC_SLAVE] ? pins << 8 : pins;
}

static void acknowledge(struct nacre_pic *pic, struct nacre_pic_state *s,
			unsigned int pin)
{
	/* An edge is used up; a level stays as long as the line does. */
	if (!(s->elcr & BIT(pin)))
		s->irr &= ~BIT(pin);
	s->isr |= BIT(pin);
	if (!s->auto_eoi)
		return;
	end_service(s, pin, s->rotate_on_auto_eoi);
	note_ended(pic, s, BIT(pin));
}

/* The pin that is served now. */
static unsigned int take(struct nacre_pic *pic, struct nacre_pic_state *s)
{
	int pin = wanted(pic, s);

	if (pin < 0)
		return SPURIOUS;
	acknowledge(pic, s, pin);
	return pin;
}

u8 nacre_pic_acknowledge(struct nacre_pic *pic)
{
	struct nacre_pic_state *s = &pic->chip[PIC_MASTER];
	unsigned int pin = take(pic, s);
	u8 vector;

	if (pin == CASCADE) {
		s = &pic->chip[PIC_SLAVE];
		pin = take(pic, s);
	}
	vector = s->irq_base + pin;
	/* INTR falls, and rises again if there is more. */
	set_output(pic, false);
	update(pic);
	return vector;
}

static void write_icw1(struct nacre_pic_state *s, u8 value)
{
	u8 elcr = s->elcr, mask = s->elcr_mask;
	u8 level = s->irr & elcr, last = s->last_irr;

	/* Edges that were remembered are forgotten, levels are still there. */
	reset_chip(s, mask);
	s->elcr = elcr;
	s->irr = level;
	s->last_irr = last;
	s->init4 = value & ICW1_ICW4;
	s->init_state = INIT_ICW2;
}

static void write_ocw3(struct nacre_pic_state *s, u8 value)
{
	if (value & OCW3_POLL)
		s->poll = 1;
	if (value & OCW3_READ)
		s->read_reg_select = value & 1;
	if (value & OCW3_MASK)
		s->special_mask = value >> 5 & 1;
}

/* The upper three bits: rotate, specific, EOI. */
static void write_ocw2(struct nacre_pic_state *s, u8 value)
{
	unsigned int pin = value & 7, highest;

	switch (value >> 5) {
	case 0:
	case 4:
		s->rotate_on_auto_eoi = value >> 7;
		break;
	case 1:
	case 5:
		highest = priority_of(s, in_service(s));
		if (highest != NONE)
			end_service(s, pin_at(s, highest), value >> 7);
		break;
	case 3:
	case 7:
		end_service(s, pin, value >> 7);
		break;
	case 6:
		s->priority_add = (pin + 1) & 7;
		break;
	default:
		break;
	}
}

/* What an initialization forgets has come to its end, too. */
static void write_command(struct nacre_pic *pic, struct nacre_pic_state *s,
			  u8 value)
{
	u8 isr = s->isr, irr = s->irr;

	if (value & ICW1)
		write_icw1(s, value);
	else if (value & OCW3)
		write_ocw3(s, value);
	else
		write_ocw2(s, value);
	note_ended(pic, s, (isr & ~s->isr) | (irr & ~s->irr));
}

static void write_data(struct nacre_pic_state *s, u8 value)
{
	switch (s->init_state) {
	case INIT_DONE:
		s->imr = value;
		break;
	case INIT_ICW2:
		s->irq_base = value & 0xf8;
		s->init_state = INIT_ICW3;
		break;
	case INIT_ICW3:
		/* Which pin cascades is soldered. */
		s->init_state = s->init4 ? INIT_ICW4 : INIT_DONE;
		break;
	default:
		s->special_fully_nested_mode = !!(value & ICW4_NESTED);
		s->auto_eoi = !!(value & ICW4_AUTO_EOI);
		s->init_state = INIT_DONE;
		break;
	}
}

/* A poll is an acknowledge cycle by a read: the pin, and whether there is one. */
static u8 poll(struct nacre_pic *pic, struct nacre_pic_state *s)
{
	int pin = wanted(pic, s);

	s->poll = 0;
	if (pin < 0)
		return SPURIOUS;
	acknowledge(pic, s, pin);
	/* The slave was served past the master, which need not ask for it. */
	if (s == &pic->chip[PIC_SLAVE])
		pic->chip[PIC_MASTER].irr &= ~BIT(CASCADE);
	update(pic);
	return POLL_INTERRUPT | pin;
}

bool nacre_pic_has_port(u16 port)
{
	port &= ~1;
	return port == PIC_MASTER_PORT || port == PIC_SLAVE_PORT ||
	       port == PIC_ELCR_PORT;
}

static bool is_elcr(u16 port)
{
	return (port & ~1) == PIC_ELCR_PORT;
}

/* ELCR's two are next to each other. */
static struct nacre_pic_state *chip_at(struct nacre_pic *pic, u16 port)
{
	bool slave = is_elcr(port) ? port & 1 : (port & ~1) == PIC_SLAVE_PORT;

	return &pic->chip[slave];
}

u8 nacre_pic_read(struct nacre_pic *pic, u16 port)
{
	struct nacre_pic_state *s = chip_at(pic, port);

	if (is_elcr(port))
		return s->elcr;
	if (s->poll)
		return poll(pic, s);
	if (port & 1)
		return s->imr;
	return s->read_reg_select ? s->isr : s->irr;
}

/* A pin that becomes level-triggered asks for as long as its line is up. */
static void write_elcr(struct nacre_pic_state *s, u8 value)
{
	u8 level = value & s->elcr_mask & ~s->elcr;

	s->irr = (s->irr & ~level) | (s->last_irr & level);
	s->elcr = value & s->elcr_mask;
}

void nacre_pic_write(struct nacre_pic *pic, u16 port, u8 value)
{
	struct nacre_pic_state *s = chip_at(pic, port);

	if (is_elcr(port))
		write_elcr(s, value);
	else if (port & 1)
		write_data(s, value);
	else
		write_command(pic, s, value);
	update(pic);
}

void nacre_pic_set_state(struct nacre_pic *pic, unsigned int chip,
			 const struct nacre_pic_state *in)
{
	struct nacre_pic_state *s = &pic->chip[chip & 1];
	u8 mask = s->elcr_mask;

	*s = *in;
	s->elcr_mask = mask;
	s->elcr &= mask;
	s->priority_add &= 7;
	s->irq_base &= 0xf8;
	s->init_state &= 3;
	/* A level-triggered request is its line. */
	s->last_irr = (s->last_irr & ~s->elcr) | (s->irr & s->elcr);
	/* The slave's output is down between its pulses. */
	if (s == &pic->chip[PIC_MASTER])
		s->last_irr &= ~BIT(CASCADE);
	update(pic);
}
