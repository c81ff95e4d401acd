/* SPDX-License-Identifier: GPL-2.0 */
/* The interval timer in the kernel: ports, and a VM that has it. */
#ifndef SELFTESTS_PIT_H
#define SELFTESTS_PIT_H

#include "apic.h"

#define PIT_CH(n) (0x40 + (n))
#define PIT_CONTROL 0x43
#define PORT_61 0x61
#define PIT_FREQ 1193182u

/* Of the control word: which bytes, and the modes. */
#define PIT_LOW 0x10
#define PIT_HIGH 0x20
#define PIT_BOTH 0x30
#define PIT_MODE(n) ((n) << 1)

static inline void pit_load(u32 ch, u32 count)
{
	outb(PIT_CH(ch), count);
	outb(PIT_CH(ch), count >> 8);
}

static inline void pit_program(u32 ch, u32 mode, u32 count)
{
	outb(PIT_CONTROL, ch << 6 | PIT_BOTH | PIT_MODE(mode));
	pit_load(ch, count);
}

static inline u16 pit_read(u32 ch)
{
	u16 low = inb(PIT_CH(ch));

	return low | inb(PIT_CH(ch)) << 8;
}

/* By the counter latch command. */
static inline u16 pit_count(u32 ch)
{
	outb(PIT_CONTROL, ch << 6);
	return pit_read(ch);
}

#ifndef GUEST_BITS
static inline void create_pit(struct vm *vm, u32 flags)
{
	struct nacre_pit_config config = { .flags = flags };

	CHECK(ioctl(vm->fd, NACRE_CREATE_PIT2, &config) == 0);
}

static inline struct nacre_pit_state2 get_pit(struct vm *vm)
{
	struct nacre_pit_state2 state;

	memset(&state, 0xa5, sizeof(state));
	CHECK(ioctl(vm->fd, NACRE_GET_PIT2, &state) == 0);
	return state;
}

static inline void set_pit(struct vm *vm, const struct nacre_pit_state2 *state)
{
	CHECK(ioctl(vm->fd, NACRE_SET_PIT2, state) == 0);
}

static inline void set_reinject(struct vm *vm, bool on)
{
	struct nacre_reinject_control control = { .pit_reinject = on };

	CHECK(ioctl(vm->fd, NACRE_REINJECT_CONTROL, &control) == 0);
}
#endif

#endif
