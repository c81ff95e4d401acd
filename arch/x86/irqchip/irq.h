/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An interrupt on its way: the one form in which LAPICs, I/O APICs, MSIs and
 * IPIs speak of it. Intel SDM, "Interrupt Command Register", "Message Data
 * Register Format".
 *
 * This folder knows no hypervisor struct. A chip reaches the outside by a table
 * of its own, embedded in whatever owns it (container_of), or leaves it word
 * there, and also builds as a host program.
 */
#ifndef NACRE_IRQ_H
#define NACRE_IRQ_H

#include "module/pure.h"

enum nacre_delivery {
	NACRE_DELIVER_FIXED = 0,
	NACRE_DELIVER_LOWEST = 1,
	NACRE_DELIVER_SMI = 2,
	NACRE_DELIVER_NMI = 4,
	NACRE_DELIVER_INIT = 5,
	NACRE_DELIVER_STARTUP = 6,
	NACRE_DELIVER_EXTINT = 7,
};

enum nacre_shorthand {
	NACRE_TO_DEST,
	NACRE_TO_SELF,
	NACRE_TO_ALL,
	NACRE_TO_OTHERS,
};

/*
 * What became of a line that was set, as NACRE_IRQ_LINE_STATUS reports it: of
 * several APICs that took it, how many. Of several chips on a line, what is not
 * IGNORED is added up.
 */
enum nacre_line {
	NACRE_LINE_IGNORED = -1,	/* masked, or waiting for an EOI */
	NACRE_LINE_COALESCED = 0,	/* one that waits already says the same */
	NACRE_LINE_TAKEN = 1,
};

#define NACRE_VECTOR_WORDS	(256 / 32)

struct nacre_irq {
	u32 dest;		/* xAPIC: 8 bits; x2APIC: 32 */
	u8 vector;
	u8 delivery;		/* enum nacre_delivery */
	u8 shorthand;		/* enum nacre_shorthand; IPIs only */
	bool logical;		/* dest is a logical destination */
	bool level;		/* trigger mode; false: edge */
	bool assert;
	bool exact;		/* dest 0xff is no broadcast to an x2APIC */
};

#endif /* NACRE_IRQ_H */
