// SPDX-License-Identifier: GPL-2.0
/*
 * The whole board under 200,000 accesses that a guest might make: whatever
 * they are, no line is driven that is none, no access takes long, the machine
 * ends only as a guest can end it, and what is not to change does not.
 */
#include "board.h"

#define ACCESSES 200000

/* Edges of the flow graph that an access may take; see -fsanitize-coverage. */
#define MOST_WORK 1000

static unsigned int work, most_work;

void __sanitizer_cov_trace_pc(void);

__attribute__((no_sanitize("coverage")))
void __sanitizer_cov_trace_pc(void)
{
	work++;
}

/* Where devices are, and a little around them. */
static const struct {
	uint16_t base;
	uint8_t size;
} places[] = {
	{ 0x3e, 8 }, { 0x5f, 7 }, { 0x6f, 4 }, { 0x3f6, 12 }, { 0x5fe, 16 },
	{ 0xcf7, 10 },
};

/* The lines that the board has. */
static struct pearl_line *const lines[] = {
	&machine.com1, &machine.rtc_line, &machine.sci,
};

static u64 seed;

static unsigned int below(unsigned int limit)
{
	return host_random(&seed) % limit;
}

static uint16_t some_port(void)
{
	unsigned int i = below(ARRAY_SIZE(places) + 1);

	if (i == ARRAY_SIZE(places))
		return host_random(&seed);
	return places[i].base + below(places[i].size);
}

/* Half of them with few bits: it is those that switch something. */
static uint32_t some_value(void)
{
	uint32_t value = host_random(&seed);

	return value & 1 ? value : 1u << below(32) | 1u << below(8);
}

static bool is_claimed(uint16_t port)
{
	const struct pearl_region *r;

	for (r = machine.bus.regions[PEARL_PIO]; r; r = r->next)
		if (port >= r->base && port - r->base < r->size)
			return true;
	return false;
}

/* Nothing is written beside the bytes asked for, and absence is ones. */
static bool read_some(uint16_t port, unsigned int size)
{
	uint8_t data[8];
	unsigned int i;

	memset(data, 0xa5, sizeof(data));
	pearl_bus_read(&machine.bus, PEARL_PIO, port, data, size);
	for (i = size; i < sizeof(data); i++)
		if (data[i] != 0xa5)
			return false;
	for (i = 0; i < size; i++)
		if (!is_claimed(port + i) && data[i] != 0xff)
			return false;
	return true;
}

static bool access_some(void)
{
	unsigned int size = 1 << below(3);
	uint16_t port = some_port();
	bool good = true;

	/* The last ports have no neighbours. */
	if (port > 0x10000 - size)
		port = 0x10000 - size;
	work = 0;
	if (below(2))
		good = read_some(port, size);
	else
		out(port, size, some_value());
	if (work > most_work)
		most_work = work;
	return good;
}

/* What the event loop does, at times late. Timers are of three devices. */
static bool pass_time(void)
{
	static const unsigned int spans[] = { 1, 1000, 1000000, 2000000000 };
	struct pearl_timer *t;
	unsigned int n = 0;

	present += below(spans[below(ARRAY_SIZE(spans))] + 1);
	if (below(2))
		pearl_clock_expire(&machine.clock);
	for (t = machine.clock.first; t; t = t->next) {
		if (!t->armed || (t->next && t->next->deadline < t->deadline))
			return false;
		n++;
	}
	return n <= 3;
}

static void use_console(void)
{
	uint8_t bytes[PEARL_CONSOLE_INPUT];
	unsigned int i, n = below(sizeof(bytes)) + 1;

	if (below(2)) {
		pearl_console_consume(&machine.console,
				      pearl_console_peek(&machine.console,
							 bytes, n));
	} else if (!machine.console.input_used) {
		for (i = 0; i < n; i++)
			bytes[i] = host_random(&seed);
		pearl_console_input(&machine.console, bytes, n);
	}
}

/* What the hypervisor knows is what the device said, of the board's lines. */
static bool lines_agree(void)
{
	unsigned int i, changes = 0, known = 0;

	for (i = 0; i < FAKE_LINES; i++)
		changes += fake_hypervisor.changes[i];
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		unsigned int gsi = lines[i]->gsi;

		known += fake_hypervisor.changes[gsi];
		if (fake_hypervisor.level[gsi] != lines[i]->irq.level)
			return false;
	}
	return !fake_hypervisor.stray && changes == known;
}

/* An end is one of two, and the machine goes on for the test. */
static bool end_is_sound(unsigned int *ends)
{
	if (!machine.ended)
		return true;
	if (machine.status != PEARL_END_OFF &&
	    machine.status != PEARL_END_RESET)
		return false;
	ends[machine.status == PEARL_END_RESET]++;
	machine.ended = false;
	return !machine.error.message[0];
}

/* Nobody can switch ACPI off, or stop its timer. */
static bool fixed_hardware_is_fixed(void)
{
	uint64_t ticks = present / NS_PER_S * 3579545 +
			 present % NS_PER_S * 3579545 / NS_PER_S;

	return in(0x608, 4) == (uint32_t)ticks && in(0x604, 2) & 1;
}

static void run(u64 first_seed, unsigned int accesses)
{
	unsigned int i, ends[2] = { 0 };

	make_machine();
	seed = first_seed;
	most_work = 0;
	for (i = 0; i < accesses; i++) {
		EXPECT(access_some());
		if (!below(4))
			EXPECT(pass_time());
		if (!below(8))
			use_console();
		EXPECT(lines_agree());
		EXPECT(end_is_sound(ends));
		EXPECT(most_work <= MOST_WORK);
		if (!below(64))
			EXPECT(fixed_hardware_is_fixed());
	}
	host_note("%u off, %u resets; lines changed %u, %u and %u times; at most %u edges",
		  ends[0], ends[1], fake_hypervisor.changes[4],
		  fake_hypervisor.changes[8], fake_hypervisor.changes[9],
		  most_work);
	/* It has been everywhere, or it has shown nothing. */
	EXPECT(ends[0] && ends[1]);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		EXPECT(fake_hypervisor.changes[lines[i]->gsi]);
	EXPECT(destroy_machine());
}

static void random_accesses(void)
{
	run(1, ACCESSES);
}

/* The longest that one access can be made to take: alarms, a day behind. */
static void longest_access(void)
{
	make_machine();
	out(0x70, 2, 0x2305);
	out(0x70, 2, 0x5903);
	out(0x70, 2, 0x5801);
	present += 100 * 86400 * NS_PER_S;
	work = 0;
	in(0x70, 4);
	host_note("%u edges", work);
	EXPECT(work <= MOST_WORK);
	EXPECT(destroy_machine());
}

static const struct host_case cases[] = {
	HOST_CASE(random_accesses),
	HOST_CASE(longest_access),
};

HOST_MAIN(cases)
