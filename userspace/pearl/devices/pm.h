/* SPDX-License-Identifier: GPL-2.0 */
/* Where ACPI's fixed hardware is; the tables say so, pm.c is it. */
#ifndef PEARL_PM_H
#define PEARL_PM_H

#define PEARL_PM1_EVENT		0x600	/* status, enable: 2 bytes each */
#define PEARL_PM1_CONTROL	0x604	/* 2 bytes */
#define PEARL_PM_TIMER		0x608	/* 4 bytes */
#define PEARL_SLEEP_S5		5	/* SLP_TYP that the DSDT gives for S5 */

#endif
