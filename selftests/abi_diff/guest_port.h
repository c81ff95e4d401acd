/* SPDX-License-Identifier: GPL-2.0 */
/* Ports that no device of the in-kernel interrupt controllers answers. */
#define DONE_PORT	0xb0	/* + the number of the snippet */
#define FAULT_PORT	0x55
#define DATA_PORT	0x59
