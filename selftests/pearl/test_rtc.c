// SPDX-License-Identifier: GPL-2.0
/*
 * The real-time clock by Motorola's MC146818A data sheet, with the PC's index
 * port and century.
 */
#include "devices/devices.h"
#include "fake.h"

#define INDEX 0x70
#define DATA 0x71

enum {
	SECONDS, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM,
	WEEKDAY, DAY, MONTH, YEAR, A, B, C, D,
	CENTURY = 0x32
};

#define UIP 0x80
#define SET 0x80
#define PIE 0x40
#define AIE 0x20
#define UIE 0x10
#define DM 0x04
#define H24 0x02
#define IRQF 0x80
#define PF 0x40
#define AF 0x20
#define UF 0x10
#define PM 0x80

/* Sunday 22 November 2026, 14:05:09 UTC */
#define MOMENT 1795356309ULL

static struct pearl_rtc *rtc;
static struct fake_line line;

static void make_at(uint64_t wall)
{
	pearl_rtc_destroy(rtc);
	rtc = pearl_rtc_create(&bus, fake_connect(&line),
			       fake_clock(1000, wall));
	if (!rtc)
		abort();
}

static void make(void)
{
	make_at(MOMENT * NS_PER_S);
}

static uint8_t get(uint8_t index)
{
	outb(INDEX, index);
	return inb(DATA);
}

static void set(uint8_t index, uint8_t value)
{
	outb(INDEX, index);
	outb(DATA, value);
}

/* But for the periodic one, which is as good as always set. */
static uint8_t flags(void)
{
	return get(C) & ~PF;
}

static void pass_seconds(uint64_t seconds)
{
	fake_pass(seconds * NS_PER_S);
}

static const uint8_t registers[] = {
	CENTURY, YEAR, MONTH, DAY, HOURS, MINUTES, SECONDS,
};

/* Century to seconds, a byte each, as they read. */
static uint64_t now(void)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		value = value << 8 | get(registers[i]);
	return value;
}

/* As the data sheet wants it: SET, the time, and SET off again. */
static void set_time(uint8_t b, uint64_t value)
{
	unsigned int i;

	set(B, b | SET);
	for (i = 0; i < ARRAY_SIZE(registers); i++)
		set(registers[i], value >> 8 * (6 - i));
	set(B, b);
}

static void reset_values(void)
{
	make();
	EXPECT_EQ(get(A), 0x26);
	EXPECT_EQ(get(B), H24);
	EXPECT_EQ(get(C), 0);
	EXPECT_EQ(get(D), 0x80);
	EXPECT_EQ(now(), 0x20261122140509);
	EXPECT_EQ(get(WEEKDAY), 1);
	EXPECT_EQ(get(SECONDS_ALARM), 0);
	EXPECT_EQ(line.raised, 0);
	EXPECT_EQ(fake_pass(100 * NS_PER_S), 0);
}

/* Bit 7 of the index is not the clock's, and the index cannot be read. */
static void index_port(void)
{
	unsigned int i;

	make();
	for (i = 0x40; i < 0x80; i++)
		set(i, i);
	for (i = 0x40; i < 0x80; i++)
		EXPECT_EQ(get(i | 0x80), i);
	outb(INDEX, 0xc1);
	EXPECT_EQ(inb(INDEX), 0xff);
	outb(DATA, 0x99);
	EXPECT_EQ(get(0x41), 0x99);
	EXPECT_EQ(get(0x42), 0x42);
}

/* A word is index and data. */
static void access_sizes(void)
{
	make();
	out(INDEX, 2, 0x5500 | 0x60);
	EXPECT_EQ(get(0x60), 0x55);
	EXPECT_EQ(in(INDEX, 2), 0x55ff);
	EXPECT_EQ(in(INDEX, 4), 0xffff55ff);
}

static void memory_is_kept(void)
{
	unsigned int i;

	make();
	for (i = D + 1; i < 0x80; i++)
		if (i != CENTURY)
			set(i, ~i);
	pass_seconds(5);
	set(B, DM | H24);
	for (i = D + 1; i < 0x80; i++)
		if (i != CENTURY)
			EXPECT_EQ(get(i), (uint8_t)~i);
}

/* UIP, all of C and all of D are read only; DSE and SQWE are not there. */
static void writable_bits(void)
{
	make();
	set(A, 0xff);
	EXPECT_EQ(get(A), 0x7f);
	set(A, 0x26);
	set(C, 0xff);
	EXPECT_EQ(get(C), 0);
	set(D, 0);
	EXPECT_EQ(get(D), 0x80);
	set(D, 0xff);
	EXPECT_EQ(get(D), 0x80);
	set(B, 0xff & ~SET);
	EXPECT_EQ(get(B), PIE | AIE | UIE | DM | H24);
}

/* "Time, Calendar, and Alarm Data Modes": each of four ways to write it. */
static void data_modes(void)
{
	static const struct {
		unsigned int hour;
		uint8_t bcd24, bcd12, binary24, binary12;
	} rows[] = {
		{ 0, 0x00, 0x12, 0, 12 },
		{ 1, 0x01, 0x01, 1, 1 },
		{ 11, 0x11, 0x11, 11, 11 },
		{ 12, 0x12, 0x92, 12, 0x8c },
		{ 13, 0x13, 0x81, 13, 0x81 },
		{ 22, 0x22, 0x90, 22, 0x8a },
		{ 23, 0x23, 0x91, 23, 0x8b },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		make_at((MOMENT - 14 * 3600 + rows[i].hour * 3600) * NS_PER_S);
		EXPECT_EQ(get(HOURS), rows[i].bcd24);
		set(B, 0);
		EXPECT_EQ(get(HOURS), rows[i].bcd12);
		EXPECT_EQ(get(DAY), 0x22);
		set(B, DM);
		EXPECT_EQ(get(HOURS), rows[i].binary12);
		EXPECT_EQ(get(DAY), 22);
		EXPECT_EQ(get(CENTURY), 20);
		EXPECT_EQ(get(YEAR), 26);
		set(B, DM | H24);
		EXPECT_EQ(get(HOURS), rows[i].binary24);
	}
}

/* All hours of a day, set in each mode and read in all of them. */
static void set_in_every_mode(void)
{
	static const uint8_t modes[] = { 0, H24, DM, DM | H24 };
	unsigned int i, hour;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		for (hour = 0; hour < 24; hour++) {
			uint8_t value;

			make_at((MOMENT / 3600 + hour) * 3600 * NS_PER_S);
			set(B, modes[i]);
			value = get(HOURS);
			make();
			set(B, modes[i] | SET);
			set(HOURS, value);
			set(B, modes[i]);
			pass_seconds(1);
			EXPECT_EQ(get(HOURS), value);
			set(B, DM | H24);
			EXPECT_EQ(get(HOURS), (14 + hour) % 24);
		}
	}
}

/* The calendar, over every kind of step. */
static void rolls_over(void)
{
	static const struct {
		uint64_t before, after;
		uint8_t weekday;
	} rows[] = {
		{ 0x20261231235959, 0x20270101000000, 6 },
		{ 0x20280228235959, 0x20280229000000, 3 },
		{ 0x20270228235959, 0x20270301000000, 2 },
		{ 0x20991231235959, 0x21000101000000, 6 },
		{ 0x21000228235959, 0x21000301000000, 2 },
		{ 0x20000228235959, 0x20000229000000, 3 },
		{ 0x19991231235959, 0x20000101000000, 7 },
		{ 0x19691231235959, 0x19700101000000, 5 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		make();
		set_time(H24, rows[i].before);
		EXPECT_EQ(now(), rows[i].before);
		pass_seconds(1);
		EXPECT_EQ(now(), rows[i].after);
		EXPECT_EQ(get(WEEKDAY), rows[i].weekday);
	}
}

/* Any century has its years. */
static void old_times(void)
{
	static const uint64_t times[] = {
		0x18991231120000, 0x18500615120000, 0x00000301000000,
		0x00050101000000, 0x99991231235958,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		make();
		set_time(H24, times[i]);
		pass_seconds(1);
		EXPECT_EQ(now() >> 24, times[i] >> 24);
	}
}

/* Field by field while the clock runs: together they are the time. */
static void without_set(void)
{
	make();
	set_time(H24, 0x20260131235950);
	pass_seconds(1);
	set(MONTH, 0x02);
	set(DAY, 0x28);
	EXPECT_EQ(now(), 0x20260228235951);
	pass_seconds(9);
	EXPECT_EQ(now(), 0x20260301000000);
}

/* What is no time is made one by the next second. */
static void nonsense_times(void)
{
	u64 seed = 9;
	unsigned int i, j;

	for (i = 0; i < 2000; i++) {
		make();
		set(B, host_random(&seed) & (SET | DM | H24));
		for (j = 0; j < 12; j++)
			set(host_random(&seed) % 10, host_random(&seed));
		set(CENTURY, host_random(&seed));
		set(B, H24);
		pass_seconds(1);
		EXPECT(get(SECONDS) < 0x60 && get(MINUTES) < 0x60);
		EXPECT(get(HOURS) < 0x24 && get(DAY) && get(DAY) < 0x32);
		EXPECT(get(MONTH) && get(MONTH) < 0x13);
		EXPECT(get(WEEKDAY) && get(WEEKDAY) < 8);
	}
}

/* "SET": what is being written does not move, and then goes on from there. */
static void set_bit(void)
{
	make();
	set(B, SET | H24);
	pass_seconds(5);
	EXPECT_EQ(now(), 0x20261122140509);
	set(HOURS, 0x03);
	set(DAY, 0x01);
	pass_seconds(100);
	EXPECT_EQ(now(), 0x20261101030509);
	set(B, H24);
	EXPECT_EQ(now(), 0x20261101030509);
	pass_seconds(61);
	EXPECT_EQ(now(), 0x20261101030610);
}

/* "UIE": cleared when SET goes to 1. */
static void set_clears_uie(void)
{
	make();
	set(B, UIE | AIE | H24);
	set(B, SET | UIE | AIE | H24);
	EXPECT_EQ(get(B), SET | AIE | H24);
	set(B, UIE | AIE | H24);
	EXPECT_EQ(get(B), UIE | AIE | H24);
}

/*
 * "UIP": who sees it 0 has 244 us in which the time does not change. SET
 * and who reads in the first part of the second have nothing to wait for.
 */
static void uip(void)
{
	uint64_t us, last = 0;

	make();
	for (us = 0; us < 1000000; us += 50) {
		if (!(get(A) & UIP))
			last = us;
		fake_pass(50000);
	}
	EXPECT(last <= 1000000 - 244 - 50);
	EXPECT(last >= 1000000 - 244 - 1984 - 50);
	EXPECT_EQ(get(A), 0x26);
	fake_pass(NS_PER_S - 1);
	EXPECT_EQ(get(A), 0x26 | UIP);
	set(B, SET | H24);
	EXPECT_EQ(get(A), 0x26);
	set(A, 0xff);
	EXPECT_EQ(get(A), 0x7f);
}

/* The host's clock may jump, and the guest's goes along with it. */
static void host_time_jumps(void)
{
	make();
	set_time(H24, 0x20200101000000);
	fake.wall += 3600 * NS_PER_S;
	EXPECT_EQ(now(), 0x20200101010000);
	fake.wall -= 7200 * NS_PER_S;
	EXPECT_EQ(now(), 0x20191231230000);
}

/* "Update-ended interrupt": once a second, on the second; C clears it. */
static void update_interrupt(void)
{
	unsigned int i;

	make_at(MOMENT * NS_PER_S + 400000000);
	set(B, UIE | DM | H24);
	EXPECT_EQ(fake_pass(599999999), 0);
	EXPECT_EQ(line.raised, 0);
	for (i = 1; i < 5; i++) {
		EXPECT_EQ(fake_pass(1), 1);
		EXPECT_EQ(line.raised, i);
		EXPECT_EQ(get(SECONDS), 9 + i);
		EXPECT_EQ(line.lowered, i - 1);
		EXPECT_EQ(flags(), IRQF | UF);
		EXPECT_EQ(line.lowered, i);
		EXPECT_EQ(flags(), 0);
		EXPECT_EQ(fake_pass(NS_PER_S - 1), 0);
	}
	set(B, H24);
	EXPECT_EQ(fake_pass(5 * NS_PER_S), 0);
	EXPECT_EQ(line.raised, 4);
}

/* The line follows the enables of what is pending. */
static void enables_and_line(void)
{
	make();
	set(B, UIE | H24);
	pass_seconds(1);
	EXPECT_EQ(line.raised, 1);
	set(B, H24);
	EXPECT_EQ(line.lowered, 1);
	set(B, UIE | H24);
	EXPECT_EQ(line.raised, 2);
	EXPECT_EQ(flags(), IRQF | UF);
	EXPECT_EQ(line.lowered, 2);
}

/* An hour, a minute and a second; C0h and more is any of them. */
static void alarm_times(void)
{
	static const struct {
		uint8_t hours, minutes, seconds;
		unsigned int after, again;
	} rows[] = {
		{ 0x14, 0x05, 0x10, 1, 86400 },
		{ 0x14, 0x06, 0x00, 51, 86400 },
		{ 0x15, 0x00, 0x00, 3291, 86400 },
		{ 0x14, 0x05, 0x09, 86400, 86400 },
		{ 0x00, 0x00, 0x00, 35691, 86400 },
		{ 0xc0, 0x05, 0x09, 3600, 3600 },
		{ 0xff, 0xff, 0x09, 60, 60 },
		{ 0xff, 0xff, 0xff, 1, 1 },
		{ 0x14, 0xc0, 0xc0, 1, 1 },
		{ 0xff, 0x07, 0xff, 111, 1 },
		{ 0x15, 0xff, 0x00, 3291, 60 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		make();
		set(HOURS_ALARM, rows[i].hours);
		set(MINUTES_ALARM, rows[i].minutes);
		set(SECONDS_ALARM, rows[i].seconds);
		set(B, AIE | H24);
		pass_seconds(rows[i].after - 1);
		EXPECT_EQ(line.raised, 0);
		pass_seconds(1);
		EXPECT_EQ(line.raised, 1);
		EXPECT_EQ(flags() & ~UF, IRQF | AF);
		pass_seconds(rows[i].again - 1);
		EXPECT_EQ(line.raised, 1);
		pass_seconds(1);
		EXPECT_EQ(line.raised, 2);
	}
}

/* In the mode that B says, afternoon and all. */
static void alarm_modes(void)
{
	static const struct {
		uint8_t mode, hours, minutes;
	} rows[] = {
		{ 0, 0x82, 0x30 }, { DM, 0x82, 30 }, { DM | H24, 14, 30 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		make();
		set(B, rows[i].mode | AIE);
		set(HOURS_ALARM, rows[i].hours);
		set(MINUTES_ALARM, rows[i].minutes);
		pass_seconds(1490);
		EXPECT_EQ(line.raised, 0);
		pass_seconds(1);
		EXPECT_EQ(line.raised, 1);
	}
}

/* Times that no clock shows never come. */
static void alarm_that_never_comes(void)
{
	static const uint8_t rows[][3] = {
		{ 0x24, 0xff, 0xff }, { 0xff, 0x60, 0xff },
		{ 0xff, 0xff, 0x60 }, { 0xff, 0xff, 0x0a },
		{ 0xff, 0x7f, 0xff }, { 0x94, 0xff, 0xff },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		make();
		set(HOURS_ALARM, rows[i][0]);
		set(MINUTES_ALARM, rows[i][1]);
		set(SECONDS_ALARM, rows[i][2]);
		set(B, AIE | H24);
		pass_seconds(90000);
		EXPECT_EQ(line.raised, 0);
		EXPECT_EQ(flags() & AF, 0);
	}
}

/* SET stops the updates, and what comes of them. */
static void set_stops_interrupts(void)
{
	make();
	set(HOURS_ALARM, 0xff);
	set(MINUTES_ALARM, 0xff);
	set(SECONDS_ALARM, 0xff);
	set(B, SET | AIE | H24);
	EXPECT_EQ(fake_pass(10 * NS_PER_S), 0);
	EXPECT_EQ(line.raised, 0);
	EXPECT_EQ(flags(), 0);
	set(B, AIE | H24);
	pass_seconds(1);
	EXPECT_EQ(line.raised, 1);
}

/* IRQF is whether one of the flags is enabled, now. */
static void irqf(void)
{
	make();
	set(B, UIE | H24);
	pass_seconds(1);
	EXPECT_EQ(line.raised, 1);
	set(B, H24);
	EXPECT_EQ(flags(), UF);
}

/* Flags are set whether or not they are enabled: who polls sees them. */
static void flags_without_enables(void)
{
	make();
	set(HOURS_ALARM, 0x14);
	set(MINUTES_ALARM, 0x07);
	EXPECT_EQ(fake_pass(NS_PER_S - 1), 0);
	EXPECT_EQ(flags(), 0);
	EXPECT_EQ(fake_pass(1), 0);
	EXPECT_EQ(flags(), UF);
	EXPECT_EQ(flags(), 0);
	pass_seconds(109);
	EXPECT_EQ(flags(), UF);
	pass_seconds(100);
	EXPECT_EQ(flags(), UF | AF);
	pass_seconds(1000000);
	EXPECT_EQ(flags(), UF | AF);
	EXPECT_EQ(line.raised, 0);
	pass_seconds(1);
	set(B, UIE | H24);
	EXPECT_EQ(line.raised, 1);
}

/* An alarm that was passed while the event loop was away is not missed. */
static void alarm_over_a_stall(void)
{
	make();
	set(HOURS_ALARM, 0x14);
	set(MINUTES_ALARM, 0x06);
	set(B, AIE | H24);
	fake_stall(600 * NS_PER_S);
	fake_pass(0);
	EXPECT_EQ(line.raised, 1);
	EXPECT_EQ(flags(), IRQF | AF | UF);
	set(HOURS_ALARM, 0x13);
	fake_stall(3600 * NS_PER_S);
	fake_pass(NS_PER_S);
	EXPECT_EQ(line.raised, 1);
}

/* "Periodic Interrupt Rate": 15 of them, each in step with the divider. */
static void periodic_rates(void)
{
	static const unsigned int hertz[] = {
		0, 256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16,
		8, 4, 2,
	};
	unsigned int rate, i;

	for (rate = 0; rate < ARRAY_SIZE(hertz); rate++) {
		make();
		set(A, 0x20 | rate);
		set(B, PIE | H24);
		EXPECT_EQ(get(B), PIE | H24);
		for (i = 0; i < 2 * hertz[rate]; i++) {
			EXPECT_EQ(fake_pass(NS_PER_S / hertz[rate] + 1), 1);
			EXPECT_EQ(get(C) & ~UF, IRQF | PF);
		}
		EXPECT_EQ(line.raised, 2 * hertz[rate]);
		EXPECT_EQ(line.lowered, 2 * hertz[rate]);
	}
}

/* Until C has been read there is nothing to wake for. */
static void periodic_waits(void)
{
	make();
	set(A, 0x26);
	set(B, PIE | H24);
	EXPECT_EQ(fake_pass(10 * NS_PER_S), 1);
	EXPECT_EQ(line.raised, 1);
	EXPECT_EQ(get(C) & PF, PF);
	EXPECT_EQ(line.lowered, 1);
	EXPECT_EQ(fake_pass(NS_PER_S / 1024 + 1), 1);
	EXPECT_EQ(line.raised, 2);
	set(B, H24);
	EXPECT_EQ(line.lowered, 2);
	EXPECT_EQ(fake_pass(10 * NS_PER_S), 0);
	EXPECT_EQ(get(C), PF | UF);
	set(A, 0x20);
	EXPECT_EQ(get(C) & PF, 0);
	set(B, PIE | H24);
	EXPECT_EQ(fake_pass(10 * NS_PER_S), 0);
}

/* Both at once: each flag has its own pace. */
static void periodic_and_update(void)
{
	unsigned int i, periods = 0, updates = 0, alarms = 0;

	make();
	set(HOURS_ALARM, 0xff);
	set(MINUTES_ALARM, 0xff);
	set(SECONDS_ALARM, 0x12);
	set(A, 0x2d);
	set(B, PIE | AIE | UIE | H24);
	for (i = 0; i < 6000; i++) {
		uint8_t c;

		fake_pass(1000000);
		c = get(C);
		EXPECT_EQ(!(c & IRQF), !(c & (PF | AF | UF)));
		periods += !!(c & PF);
		updates += !!(c & UF);
		alarms += !!(c & AF);
	}
	EXPECT_EQ(periods, 48);
	EXPECT_EQ(updates, 6);
	EXPECT_EQ(alarms, 1);
	EXPECT_EQ(line.raised, line.lowered);
}

/* A port that is taken: no device, no trace of it, and errno says why. */
static void taken_port(void)
{
	static const uint16_t ports[] = { INDEX, DATA };
	unsigned int i;

	make();
	pearl_rtc_destroy(rtc);
	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		fake_occupy(ports[i]);
		rtc = pearl_rtc_create(&bus, &line.irq, &fake.clock);
		EXPECT(!rtc);
		EXPECT_EQ(errno, EEXIST);
		fake_leave();
		EXPECT(!bus.regions[PEARL_PIO]);
	}
}

static void comes_and_goes(void)
{
	make();
	set(B, UIE | H24);
	pearl_rtc_destroy(rtc);
	rtc = NULL;
	EXPECT(!fake.clock.first);
	EXPECT_EQ(in(INDEX, 2), 0xffff);
	pearl_rtc_destroy(NULL);
}

static const struct host_case cases[] = {
	HOST_CASE(reset_values),
	HOST_CASE(index_port),
	HOST_CASE(access_sizes),
	HOST_CASE(memory_is_kept),
	HOST_CASE(writable_bits),
	HOST_CASE(data_modes),
	HOST_CASE(set_in_every_mode),
	HOST_CASE(rolls_over),
	HOST_CASE(old_times),
	HOST_CASE(without_set),
	HOST_CASE(nonsense_times),
	HOST_CASE(set_bit),
	HOST_CASE(set_clears_uie),
	HOST_CASE(uip),
	HOST_CASE(host_time_jumps),
	HOST_CASE(update_interrupt),
	HOST_CASE(enables_and_line),
	HOST_CASE(alarm_times),
	HOST_CASE(alarm_modes),
	HOST_CASE(alarm_that_never_comes),
	HOST_CASE(set_stops_interrupts),
	HOST_CASE(irqf),
	HOST_CASE(flags_without_enables),
	HOST_CASE(alarm_over_a_stall),
	HOST_CASE(periodic_rates),
	HOST_CASE(periodic_waits),
	HOST_CASE(periodic_and_update),
	HOST_CASE(taken_port),
	HOST_CASE(comes_and_goes),
};

HOST_MAIN(cases)
