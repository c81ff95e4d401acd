/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pair of 8259A interrupt controllers of a PC, and their edge/level
 * registers. The caller holds a lock around every call.
 */
#ifndef NACRE_PIC_H
#define NACRE_PIC_H

#include "arch/x86/irqchip/irq.h"
#include "include/uapi/nacre.h"

#define PIC_MASTER	0
#define PIC_SLAVE	1
#define PIC_PINS	16

/* The first of two ports each. */
#define PIC_MASTER_PORT	0x20
#define PIC_SLAVE_PORT	0xa0
#define PIC_ELCR_PORT	0x4d0

struct nacre_pic {
	struct nacre_pic_state chip[2];
	bool output;		/* INTR to the processor */
	/* The owner takes these, and clears them. */
	bool rose;		/* that did */
	u16 ended;		/* services that are over */
};

void nacre_pic_reset(struct nacre_pic *pic);

/* Ports 20h, 21h, A0h, A1h, 4D0h, 4D1h. */
bool nacre_pic_has_port(u16 port);
u8 nacre_pic_read(struct nacre_pic *pic, u16 port);
void nacre_pic_write(struct nacre_pic *pic, u16 port, u8 value);

/* Line 0 to 15. */
enum nacre_line nacre_pic_set_line(struct nacre_pic *pic, unsigned int line,
				   bool level);

/* The processor's INTA cycle: the vector; a spurious one if nothing is there. */
u8 nacre_pic_acknowledge(struct nacre_pic *pic);

/* One chip's state comes in; what cannot be is put right. */
void nacre_pic_set_state(struct nacre_pic *pic, unsigned int chip,
			 const struct nacre_pic_state *in);

#endif /* NACRE_PIC_H */
