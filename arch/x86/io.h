/* SPDX-License-Identifier: GPL-2.0 */
/* What io.c and string_io.c share of port I/O. */
#ifndef NACRE_X86_IO_H
#define NACRE_X86_IO_H

#include "module/vcpu.h"

struct nacre_insn;

/* Describe vcpu->arch.pio to userspace; @complete runs when it comes back. */
void nacre_io_to_user(struct nacre_vcpu *vcpu, nacre_complete_fn complete);
/* Has the VMM moved RIP meanwhile, so that the access is no more? */
bool nacre_io_moved_on(struct nacre_vcpu *vcpu);

enum nacre_result nacre_exit_string_io(struct nacre_vcpu *vcpu,
				       const struct nacre_insn *insn);

#endif /* NACRE_X86_IO_H */
