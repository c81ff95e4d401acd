/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The devices of pearl's machine. Each create() puts the device on the bus and
 * returns it, or NULL with errno; destroy() takes NULL too.
 */
#ifndef PEARL_DEVICES_H
#define PEARL_DEVICES_H

#include "../device.h"

/* A 16550A at eight ports from @base. */
struct pearl_uart;
struct pearl_uart *pearl_uart_create(struct pearl_bus *bus, uint64_t base,
				     struct pearl_irq *irq,
				     struct pearl_chars *chars);
void pearl_uart_destroy(struct pearl_uart *uart);

/* An MC146818 real-time clock at ports 0x70 and 0x71, in UTC. */
struct pearl_rtc;
struct pearl_rtc *pearl_rtc_create(struct pearl_bus *bus,
				   struct pearl_irq *irq,
				   struct pearl_clock *clock);
void pearl_rtc_destroy(struct pearl_rtc *rtc);

/* A keyboard controller without keyboard at 0x60 and 0x64: it can reset. */
struct pearl_i8042;
struct pearl_i8042 *pearl_i8042_create(struct pearl_bus *bus,
				       struct pearl_power *power);
void pearl_i8042_destroy(struct pearl_i8042 *i8042);

/* Counters that guests measure their clocks by; none interrupts. */
struct pearl_pit;
struct pearl_pit *pearl_pit_create(struct pearl_bus *bus,
				   struct pearl_clock *clock);
void pearl_pit_destroy(struct pearl_pit *pit);

/* ACPI's fixed hardware: events, control and timer. */
struct pearl_pm;
struct pearl_pm *pearl_pm_create(struct pearl_bus *bus, struct pearl_irq *sci,
				 struct pearl_clock *clock,
				 struct pearl_power *power);
void pearl_pm_destroy(struct pearl_pm *pm);

/* PCI at ports 0xcf8 to 0xcff: a host bridge, and the reset register. */
struct pearl_pci;
struct pearl_pci *pearl_pci_create(struct pearl_bus *bus,
				   struct pearl_power *power);
void pearl_pci_destroy(struct pearl_pci *pci);

#endif
