// SPDX-License-Identifier: GPL-2.0
/*
 * PCI by the PCI Local Bus Specification, "Configuration Mechanism #1" and
 * "Configuration Space Organization": the two registers, the host bridge, what
 * is absent, and another function. The reset register is among the ports.
 */
#include "devices/pci.h"
#include "fake.h"

#define ADDRESS 0xcf8
#define DATA 0xcfc
#define RESET 0xcf9

#define ENABLE 0x80000000u
#define NONE 0xffffffffu
#define SPACE 256

static struct pearl_pci *pci;
static struct pearl_pci_function other;

static void make(void)
{
	pearl_pci_destroy(pci);
	pci = pearl_pci_create(&bus, fake_power());
	if (!pci)
		abort();
}

/* All ones for the mask of a width. */
static uint32_t ones(unsigned int size)
{
	return NONE >> (32 - size * 8);
}

static void point_at(unsigned int busnr, unsigned int devfn, unsigned int reg)
{
	out(ADDRESS, 4, ENABLE | busnr << 16 | devfn << 8 | (reg & ~3u));
}

static uint32_t get(unsigned int devfn, unsigned int reg, unsigned int size)
{
	point_at(0, devfn, reg);
	return in(DATA + (reg & 3), size);
}

static void put(unsigned int devfn, unsigned int reg, unsigned int size,
		uint32_t value)
{
	point_at(0, devfn, reg);
	out(DATA + (reg & 3), size, value);
}

/* Reserved bits read as 0, and so do the lowest two. */
static void address_bits(void)
{
	uint32_t bit;

	make();
	EXPECT_EQ(in(ADDRESS, 4), 0);
	out(ADDRESS, 4, NONE);
	EXPECT_EQ(in(ADDRESS, 4), 0x80fffffc);
	for (bit = 1; bit; bit <<= 1) {
		out(ADDRESS, 4, bit);
		EXPECT_EQ(in(ADDRESS, 4), bit & 0x80fffffc);
		out(ADDRESS, 4, ~bit);
		EXPECT_EQ(in(ADDRESS, 4), ~bit & 0x80fffffc);
	}
}

/* "full DWORD": the rest does not reach it, Linux's byte at CFBh neither. */
static void address_takes_dwords_only(void)
{
	unsigned int size, port;

	make();
	out(ADDRESS, 4, 0x80123454);
	for (size = 1; size <= 4; size++) {
		for (port = ADDRESS - size + 1; port < ADDRESS + 4; port++) {
			if ((port == ADDRESS && size == 4) || port == RESET)
				continue;
			out(port, size, 0x01010101);
			EXPECT_EQ(in(ADDRESS, 4), 0x80123454);
			/* What reaches beyond is data of no function. */
			EXPECT_EQ(in(port, size), ones(size));
		}
	}
	outb(RESET, 0);
	EXPECT_EQ(in(ADDRESS, 4), 0x80123454);
	EXPECT_EQ(fake_switch.resets, 0);
}

/* Without the enable bit it is an access to ports where nothing is. */
static void disabled(void)
{
	uint32_t command;

	make();
	command = get(0, 4, 4);
	out(ADDRESS, 4, 4);
	EXPECT_EQ(in(DATA, 4), NONE);
	EXPECT_EQ(in(DATA + 2, 2), 0xffff);
	EXPECT_EQ(in(DATA + 1, 1), 0xff);
	out(DATA, 4, ~command);
	out(DATA, 2, ~command);
	outb(DATA + 1, ~command >> 8);
	EXPECT_EQ(get(0, 4, 4), command);
}

/* Nor in what it has when the machine starts. */
static void disabled_at_first(void)
{
	make();
	EXPECT_EQ(in(DATA, 4), NONE);
	out(DATA, 4, 0);
	EXPECT_EQ(in(ADDRESS, 4), 0);
	EXPECT_EQ(get(0, 0, 4), 0x00081b36);
}

static void absent_functions(void)
{
	unsigned int devfn, reg;

	make();
	for (devfn = 1; devfn < 0x100; devfn++) {
		for (reg = 0; reg < SPACE; reg += 4) {
			put(devfn, reg, 4, 0);
			EXPECT_EQ(get(devfn, reg, 4), NONE);
		}
		EXPECT_EQ(get(devfn, 0, 2), 0xffff);
		EXPECT_EQ(get(devfn, 0x0e, 1), 0xff);
	}
}

static void absent_buses(void)
{
	uint32_t command;
	unsigned int nr;

	make();
	command = get(0, 4, 4);
	for (nr = 1; nr < 0x100; nr++) {
		point_at(nr, 0, 0);
		EXPECT_EQ(in(DATA, 4), NONE);
		point_at(nr, 0, 4);
		out(DATA, 4, ~command);
		EXPECT_EQ(in(DATA, 4), NONE);
	}
	EXPECT_EQ(get(0, 4, 4), command);
}

/* A host bridge, one function, an ordinary header, and nothing else. */
static void host_bridge(void)
{
	unsigned int reg;

	make();
	EXPECT_EQ(get(0, 0x00, 4), 0x00081b36);
	EXPECT_EQ(get(0, 0x04, 4), 0x00000006);
	EXPECT_EQ(get(0, 0x08, 4), 0x06000000);
	for (reg = 0x0c; reg < SPACE; reg += 4)
		EXPECT_EQ(get(0, reg, 4), 0);
}

/* Parity and SERR# in the command are all that a guest can change. */
static void read_only(void)
{
	unsigned int reg;
	uint32_t before, free;

	make();
	for (reg = 0; reg < SPACE; reg += 4) {
		free = reg == 4 ? 0x0140 : 0;
		before = get(0, reg, 4);
		put(0, reg, 4, NONE);
		EXPECT_EQ(get(0, reg, 4), before | free);
		put(0, reg, 4, 0);
		EXPECT_EQ(get(0, reg, 4), before & ~free);
		put(0, reg, 4, before);
		EXPECT_EQ(get(0, reg, 4), before);
	}
}

/* "Base Addresses": a register that is not there is 0 whatever is written. */
static void no_base_addresses(void)
{
	static const unsigned int regs[] = {
		0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x30,
	};
	unsigned int i;

	make();
	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		put(0, regs[i], 4, regs[i] == 0x30 ? 0xfffff800 : NONE);
		EXPECT_EQ(get(0, regs[i], 4), 0);
		put(0, regs[i], 4, 0);
		EXPECT_EQ(get(0, regs[i], 4), 0);
	}
}

static void command_by_bytes(void)
{
	make();
	put(0, 4, 1, 0xff);
	EXPECT_EQ(get(0, 4, 4), 0x0046);
	put(0, 5, 1, 0xff);
	EXPECT_EQ(get(0, 4, 4), 0x0146);
	put(0, 6, 2, 0xffff);
	EXPECT_EQ(get(0, 4, 4), 0x0146);
	put(0, 4, 1, 0);
	EXPECT_EQ(get(0, 4, 2), 0x0106);
	put(0, 4, 2, 0x0040);
	EXPECT_EQ(get(0, 5, 1), 0x00);
	EXPECT_EQ(get(0, 4, 1), 0x46);
}

/* Every byte of it says where it is. */
static void make_with(unsigned int devfn, uint8_t writable)
{
	unsigned int i;

	make();
	for (i = 0; i < SPACE; i++) {
		other.config[i] = i ^ 0xa5;
		other.writable[i] = writable;
	}
	if (pearl_pci_add(pci, devfn, &other))
		abort();
}

static uint32_t expected(unsigned int reg, unsigned int size)
{
	uint32_t value = 0;

	memcpy(&value, other.config + reg, size);
	return value;
}

/* Every size at every offset within the dword that the address names. */
static void lanes_read(void)
{
	unsigned int reg, size;

	make_with(0x08, 0);
	for (reg = 0; reg < SPACE; reg++)
		for (size = 1; size <= 4 - (reg & 3); size++)
			EXPECT_EQ(get(0x08, reg, size), expected(reg, size));
	EXPECT_EQ(get(0x08, 0xff, 1), 0xff ^ 0xa5);
}

/* What runs out of the ports of the data goes to nobody. */
static void lanes_beyond(void)
{
	make_with(0x08, 0xff);
	EXPECT_EQ(get(0x08, 0xfe, 4), 0xffff0000 | expected(0xfe, 2));
	put(0x08, 0xfe, 4, 0x44332211);
	EXPECT_EQ(get(0x08, 0xfc, 4), 0x221158u << 8 | 0x59);
	EXPECT_EQ(get(0x08, 0x00, 4), 0xa6a7a4a5);
}

static void lanes_written(void)
{
	unsigned int reg, size, i;

	for (size = 1; size <= 4; size++) {
		for (reg = 0; reg < SPACE; reg++) {
			if ((reg & 3) + size > 4)
				continue;
			make_with(0x10, 0xff);
			put(0x10, reg, size, 0x44332211);
			for (i = 0; i < SPACE; i++)
				EXPECT_EQ(other.config[i],
					  i < reg || i >= reg + size ?
					  i ^ 0xa5 : (i - reg + 1) * 0x11);
		}
	}
}

static unsigned int times_written;

static void note_writing(struct pearl_pci_function *function)
{
	if (function == &other && function->config[0x12] == 0x33)
		times_written++;
}

/* A function hears of each access, when it is done; of no other's. */
static void tells_of_writing(void)
{
	make_with(0x10, 0xff);
	times_written = 0;
	other.written = note_writing;
	put(0x10, 0x10, 4, 0x44332211);
	EXPECT_EQ(times_written, 1);
	put(0x10, 0x20, 1, 0);
	EXPECT_EQ(times_written, 2);
	put(0x08, 0x10, 4, 0);
	put(0x00, 0x04, 2, 0);
	get(0x10, 0x10, 4);
	EXPECT_EQ(times_written, 2);
	other.written = NULL;
}

/* The last function of all is one; its neighbours and the bridge are not it. */
static void functions_are_apart(void)
{
	make_with(0xff, 0);
	EXPECT_EQ(get(0xff, 0, 4), expected(0, 4));
	EXPECT_EQ(get(0xfe, 0, 4), NONE);
	EXPECT_EQ(get(0x07, 0, 4), NONE);
	EXPECT_EQ(get(0xf8, 0, 4), NONE);
	EXPECT_EQ(get(0x00, 0, 4), 0x00081b36);
	point_at(1, 0xff, 0);
	EXPECT_EQ(in(DATA, 4), NONE);
}

static void taken_function(void)
{
	static struct pearl_pci_function third;

	make_with(0x08, 0);
	EXPECT_EQ(pearl_pci_add(pci, 0x00, &third), -EEXIST);
	EXPECT_EQ(pearl_pci_add(pci, 0x08, &third), -EEXIST);
	EXPECT_EQ(get(0x00, 0, 4), 0x00081b36);
	EXPECT_EQ(get(0x08, 0, 4), expected(0, 4));
	EXPECT_EQ(pearl_pci_add(pci, 0x09, &third), 0);
	EXPECT_EQ(get(0x09, 0, 4), 0);
}

/* A model of all of it, byte by byte. */
static struct {
	uint32_t address;
	uint8_t bridge[SPACE], other[SPACE], writable[SPACE];
} model;

/* The byte behind a port of the data; NULL if none. */
static uint8_t *model_byte(unsigned int port, uint8_t *mask)
{
	unsigned int reg = (model.address & 0xfc) + port - DATA;

	if (port < DATA || port > DATA + 3)
		return NULL;
	if (model.address >> 8 == 0x800000) {
		*mask = reg == 4 ? 0x40 : reg == 5;
		return &model.bridge[reg];
	}
	*mask = model.writable[reg];
	return model.address >> 8 == 0x80002a ? &model.other[reg] : NULL;
}

static void model_write(unsigned int port, unsigned int size, uint32_t value)
{
	uint8_t *byte, mask;

	if (port == ADDRESS && size == 4)
		model.address = value & 0x80fffffc;
	for (; size--; port++, value >>= 8) {
		byte = model_byte(port, &mask);
		if (byte)
			*byte = (value & mask) | (*byte & ~mask);
	}
}

static uint32_t model_read(unsigned int port, unsigned int size)
{
	uint32_t value = ones(size);
	unsigned int i;
	uint8_t *byte, mask;

	if (port == ADDRESS && size == 4)
		return model.address;
	for (i = 0; i < size; i++) {
		byte = model_byte(port + i, &mask);
		if (byte)
			value = (value & ~(0xffu << i * 8)) |
				(uint32_t)*byte << i * 8;
	}
	return value;
}

static void make_model(uint64_t *seed)
{
	unsigned int i;

	make_with(0x2a, 0);
	for (i = 0; i < SPACE; i++) {
		other.config[i] = host_random(seed);
		other.writable[i] = host_random(seed);
	}
	memset(&model, 0, sizeof(model));
	memcpy(model.other, other.config, SPACE);
	memcpy(model.writable, other.writable, SPACE);
	for (i = 0; i < SPACE; i++)
		model.bridge[i] = get(0, i, 1);
	out(ADDRESS, 4, 0);
}

/* Mostly where there is something. */
static uint32_t random_address(uint64_t *seed)
{
	static const uint32_t bases[] = {
		ENABLE, ENABLE | 0x2a00, ENABLE | 0x2a00, 0x2a00, ENABLE | 0x2b00,
		ENABLE | 0x12a00, ENABLE | 0x7f002a00,
	};
	uint64_t r = host_random(seed);

	if (r % 8 == 7)
		return r >> 16;
	return bases[r % 8] | (r >> 16 & 0xff);
}

/* Any port around, any size; an access that begins at CF9h may be a reset. */
static void random_accesses(void)
{
	uint64_t seed = 0x9c1;
	unsigned int i, port, size, hits = 0;
	uint32_t value;

	make_model(&seed);
	for (i = 0; i < 200000; i++) {
		port = ADDRESS - 4 + host_random(&seed) % 12;
		size = 1 + host_random(&seed) % 4;
		value = host_random(&seed);
		if (port == RESET)
			continue;
		if (i % 4 == 0) {
			port = ADDRESS;
			size = 4;
			value = random_address(&seed);
		}
		if (i % 2 == 0) {
			out(port, size, value);
			model_write(port, size, value);
		}
		value = model_read(port, size);
		hits += value != ones(size);
		EXPECT_EQ(in(port, size), value);
	}
	EXPECT(hits > 50000);
	EXPECT(!memcmp(model.other, other.config, SPACE));
	EXPECT(!memcmp(model.writable, other.writable, SPACE));
	for (i = 0; i < SPACE; i++)
		EXPECT_EQ(get(0, i, 1), model.bridge[i]);
	EXPECT_EQ(fake_switch.resets, 0);
}

/* Bit 2 that goes up resets; bit 1 says how, and all of it reads back. */
static void reset_register(void)
{
	make();
	EXPECT_EQ(inb(RESET), 0);
	outb(RESET, 2);
	EXPECT_EQ(inb(RESET), 2);
	outb(RESET, 0xf9);
	EXPECT_EQ(inb(RESET), 0);
	EXPECT_EQ(fake_switch.resets, 0);
	outb(RESET, 4);
	EXPECT_EQ(fake_switch.resets, 1);
	outb(RESET, 6);
	EXPECT_EQ(fake_switch.resets, 1);
	outb(RESET, 2);
	outb(RESET, PEARL_RESET_VALUE);
	EXPECT_EQ(fake_switch.resets, 2);
	EXPECT_EQ(fake_switch.offs, 0);
}

/*
 * Whoever looks for devices, functions 4 to 7 too, must not reset by the
 * address; nor does the reset register show in it, or the address there.
 */
static void no_reset_by_probing(void)
{
	unsigned int devfn;

	make();
	for (devfn = 0; devfn < 0x100; devfn++) {
		out(ADDRESS, 4, ENABLE | devfn << 8);
		EXPECT_EQ(in(ADDRESS, 4), ENABLE | devfn << 8);
		EXPECT_EQ(inb(RESET), 0);
	}
	out(ADDRESS, 2, 0xffff);
	outb(ADDRESS, 0xff);
	outb(ADDRESS + 2, 0xff);
	outb(ADDRESS + 3, 0x01);
	EXPECT_EQ(inb(RESET), 0);
	outb(RESET, 2);
	EXPECT_EQ(in(ADDRESS, 4), ENABLE | 0xff00);
	EXPECT_EQ(in(ADDRESS, 2), 0xffff);
	EXPECT_EQ(fake_switch.resets, 0);
}

/* A port that is taken: no device, no trace of it, and errno says why. */
static void taken_port(void)
{
	static const uint16_t ports[] = { ADDRESS, RESET, DATA, DATA + 3 };
	unsigned int i;

	make();
	pearl_pci_destroy(pci);
	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		fake_occupy(ports[i]);
		pci = pearl_pci_create(&bus, fake_power());
		EXPECT(!pci);
		EXPECT_EQ(errno, EEXIST);
		fake_leave();
		EXPECT(!bus.regions[PEARL_PIO]);
	}
}

/* It comes back as new. */
static void comes_and_goes(void)
{
	make();
	put(0, 4, 2, 0xffff);
	outb(RESET, 2);
	make();
	EXPECT_EQ(in(ADDRESS, 4), 0);
	EXPECT_EQ(inb(RESET), 0);
	EXPECT_EQ(get(0, 4, 2), 0x0006);
	pearl_pci_destroy(pci);
	pci = NULL;
	EXPECT(!bus.regions[PEARL_PIO]);
	pearl_pci_destroy(NULL);
}

static const struct host_case cases[] = {
	HOST_CASE(address_bits),
	HOST_CASE(address_takes_dwords_only),
	HOST_CASE(disabled),
	HOST_CASE(disabled_at_first),
	HOST_CASE(absent_functions),
	HOST_CASE(absent_buses),
	HOST_CASE(host_bridge),
	HOST_CASE(read_only),
	HOST_CASE(no_base_addresses),
	HOST_CASE(command_by_bytes),
	HOST_CASE(lanes_read),
	HOST_CASE(lanes_beyond),
	HOST_CASE(lanes_written),
	HOST_CASE(tells_of_writing),
	HOST_CASE(functions_are_apart),
	HOST_CASE(taken_function),
	HOST_CASE(random_accesses),
	HOST_CASE(reset_register),
	HOST_CASE(no_reset_by_probing),
	HOST_CASE(taken_port),
	HOST_CASE(comes_and_goes),
};

HOST_MAIN(cases)
