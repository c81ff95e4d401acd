/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine that pearl makes: where things are. A PC without a PC's past:
 * no interrupt by the interval timer, no VGA; ACPI says what there is.
 */
#ifndef PEARL_MACHINE_H
#define PEARL_MACHINE_H

#include <stdint.h>

/* Interrupt lines: IOAPIC pins, which are the GSIs. */
#define PEARL_IRQ_COM1		4
#define PEARL_IRQ_RTC		8
#define PEARL_IRQ_SCI		9

/*
 * Slots of PCI bus 0 that devices are put into, from 1 on. Each has a pin of
 * its own (dsdt.asl), and GSIs behind the pins for its messages.
 */
#define PEARL_SLOTS		8
#define PEARL_PIN_GSI(slot)	(15 + (slot))
#define PEARL_WINDOWS_BASE	0xc0000000u

#define PEARL_COM1_BASE		0x3f8

#define PEARL_IOAPIC_BASE	0xfec00000ULL
#define PEARL_LAPIC_BASE	0xfee00000ULL

/*
 * Guest memory: from 0 to at most the hole below 4 GiB, and what is more from
 * 4 GiB on. Between the EBDA and 1 MiB there is memory too, which the guest is
 * told to leave alone: the ACPI tables are in its last part.
 */
#define PEARL_EBDA_BASE		0x9fc00ULL
#define PEARL_ACPI_BASE		0xe0000ULL
#define PEARL_ACPI_SIZE		0x20000ULL
#define PEARL_HOLE_BASE		0xc0000000ULL
#define PEARL_HIGH_BASE		0x100000000ULL

struct nacre_memory;

/*
 * pearl_acpi_build() - write the ACPI tables for a machine with @nr_cpus
 * The RSDP comes first, at PEARL_ACPI_BASE; APIC IDs are 0 to @nr_cpus - 1.
 * Returns the RSDP's address, or 0 if the tables do not fit or there are more
 * than 255 processors.
 */
uint64_t pearl_acpi_build(struct nacre_memory *memory, unsigned int nr_cpus);

#endif
