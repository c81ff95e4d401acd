/* SPDX-License-Identifier: GPL-2.0 */
/* Accesses to a device, one exit after another; self has vcpu and run. */
#ifndef LIB_MMIO_H
#define LIB_MMIO_H

#define start(name, at, value)						\
	do {								\
		vcpu_setup(self->vcpu, GUEST_64, name);			\
		vcpu_args(self->vcpu, 2, (u64)(at), (u64)(value));	\
	} while (0)

/* The next exit; its data are in run->mmio.data. */
#define EXPECT_MMIO(write, addr, length)				\
	do {								\
		run_to_exit(self->vcpu, NACRE_EXIT_MMIO);		\
		EXPECT_EQ(write, self->run->mmio.is_write);		\
		EXPECT_EQ(addr, self->run->mmio.phys_addr);		\
		EXPECT_EQ(length, self->run->mmio.len);			\
	} while (0)

#endif
