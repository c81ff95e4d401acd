/* SPDX-License-Identifier: GPL-2.0 */
/* Functions of PCI bus 0; and where the chipset's reset register is. */
#ifndef PEARL_PCI_H
#define PEARL_PCI_H

#include "devices.h"

#define PEARL_RESET_PORT	0xcf9
#define PEARL_RESET_VALUE	0x06

/*
 * struct pearl_pci_function - what a function has in configuration space
 * @config: as the guest reads it, the lowest byte of a register first
 * @writable: the bits of it that take what the guest writes
 * @written: the guest has written to it; may be NULL
 */
struct pearl_pci_function {
	uint8_t config[256];
	uint8_t writable[256];
	void (*written)(struct pearl_pci_function *function);
};

/*
 * pearl_pci_add() - let a function answer
 * @devfn: the device in the upper five bits, its function in the lower three
 * @function: stays the caller's and must not move as long as @pci is there
 * Returns 0, or -EEXIST if there is one already.
 */
int pearl_pci_add(struct pearl_pci *pci, uint8_t devfn,
		  struct pearl_pci_function *function);

#endif
