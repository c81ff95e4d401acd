// SPDX-License-Identifier: GPL-2.0
/*
 * PCI: configuration mechanism #1, and behind it bus 0 with a host bridge.
 * PC chipsets have their reset register amid the mechanism's address, so it is
 * here as well.
 *
 * PCI Local Bus Specification, "Configuration Mechanism #1" and
 * "Configuration Space Organization".
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "pci.h"

#define PORT_BASE	0xcf8
#define CONFIG_ADDRESS	0	/* from there on: 4 bytes */
#define CONFIG_DATA	4	/* likewise */
#define RESET		(PEARL_RESET_PORT - PORT_BASE)

#define ADDRESS_ENABLE	0x80000000u
#define ADDRESS_BITS	0x80fffffcu	/* the others read as 0 */
#define ADDRESS_BUS(a)	((a) >> 16 & 0xff)
#define ADDRESS_DEVFN(a) ((a) >> 8 & 0xff)
#define ADDRESS_REGISTER(a) ((a) & 0xfc)

#define RESET_CPU	0x04	/* when it goes up; bit 1 says how hard */

struct pearl_pci {
	struct pearl_region ports;
	struct pearl_bus *bus;
	struct pearl_power *power;
	struct pearl_pci_function *functions[256];	/* of bus 0, by devfn */
	struct pearl_pci_function bridge;
	uint32_t address;
	uint8_t reset_value;
};

/*
 * 1b36:0008 is what QEMU's machines without a chipset of the past have here:
 * it means a host bridge and nothing that a guest would have to work around.
 * With a real chipset's ID come its errata (Linux limits transfers for an
 * 82441FX), and registers that firmware and drivers expect behind it.
 *
 * It always answers to memory, and is a master, for the devices behind it. It
 * finds no errors, whether it is to report them or not.
 */
static const struct pearl_pci_function host_bridge = {
	.config = {
		[PCI_VENDOR_ID] = 0x36, 0x1b,
		[PCI_DEVICE_ID] = 0x08, 0x00,
		[PCI_COMMAND] = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
		[PCI_CLASS_PROG] = 0x00, 0x00, 0x06,
		[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_NORMAL,
	},
	.writable = {
		[PCI_COMMAND] = PCI_COMMAND_PARITY, PCI_COMMAND_SERR >> 8,
	},
};

static struct pearl_pci_function *addressed(const struct pearl_pci *pci)
{
	if (!(pci->address & ADDRESS_ENABLE) || ADDRESS_BUS(pci->address))
		return NULL;
	return pci->functions[ADDRESS_DEVFN(pci->address)];
}

static uint64_t read_data(const struct pearl_pci *pci, uint64_t lane,
			  unsigned int size)
{
	const struct pearl_pci_function *function = addressed(pci);
	uint64_t value = UINT64_MAX;

	if (function)
		memcpy(&value, function->config + lane +
		       ADDRESS_REGISTER(pci->address), size);
	return value;
}

static void write_data(struct pearl_pci *pci, uint64_t lane, unsigned int size,
		       uint64_t value)
{
	struct pearl_pci_function *function = addressed(pci);
	uint64_t at = ADDRESS_REGISTER(pci->address) + lane;
	uint8_t mask;

	if (!function)
		return;
	for (; size--; at++, value >>= 8) {
		mask = function->writable[at];
		function->config[at] &= ~mask;
		function->config[at] |= value & mask;
	}
	if (function->written)
		function->written(function);
}

static void write_reset(struct pearl_pci *pci, uint8_t value)
{
	bool up = value & ~pci->reset_value & RESET_CPU;

	pci->reset_value = value & PEARL_RESET_VALUE;
	if (up)
		pci->power->reset(pci->power);
}

/*
 * The address takes nothing but a dword; what is narrower is an access to
 * ordinary ports, and one of them is the reset register.
 */
static uint64_t ports_read(struct pearl_region *region, uint64_t offset,
			   unsigned int size)
{
	struct pearl_pci *pci = container_of(region, struct pearl_pci, ports);

	if (offset >= CONFIG_DATA)
		return read_data(pci, offset - CONFIG_DATA, size);
	if (offset == CONFIG_ADDRESS && size == 4)
		return pci->address;
	if (offset == RESET)
		return pci->reset_value;
	return UINT64_MAX;
}

static void ports_write(struct pearl_region *region, uint64_t offset,
			unsigned int size, uint64_t value)
{
	struct pearl_pci *pci = container_of(region, struct pearl_pci, ports);

	if (offset >= CONFIG_DATA)
		write_data(pci, offset - CONFIG_DATA, size, value);
	else if (offset == CONFIG_ADDRESS && size == 4)
		pci->address = value & ADDRESS_BITS;
	else if (offset == RESET)
		write_reset(pci, value);
}

int pearl_pci_add(struct pearl_pci *pci, uint8_t devfn,
		  struct pearl_pci_function *function)
{
	if (pci->functions[devfn])
		return -EEXIST;
	pci->functions[devfn] = function;
	return 0;
}

struct pearl_pci *pearl_pci_create(struct pearl_bus *bus,
				   struct pearl_power *power)
{
	struct pearl_pci *pci = calloc(1, sizeof(*pci));
	int err;

	if (!pci)
		return NULL;
	pci->bus = bus;
	pci->power = power;
	pci->bridge = host_bridge;
	pci->ports = (struct pearl_region) {
		.name = "pci", .base = PORT_BASE, .size = 8, .widest = 4,
		.read = ports_read, .write = ports_write,
	};
	err = pearl_pci_add(pci, 0, &pci->bridge);
	if (!err)
		err = pearl_bus_add(bus, PEARL_PIO, &pci->ports);
	if (!err)
		return pci;
	free(pci);
	errno = -err;
	return NULL;
}

void pearl_pci_destroy(struct pearl_pci *pci)
{
	if (!pci)
		return;
	pearl_bus_remove(pci->bus, PEARL_PIO, &pci->ports);
	free(pci);
}
