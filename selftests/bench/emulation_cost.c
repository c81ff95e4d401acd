// SPDX-License-Identifier: GPL-2.0
/*
 * What an instruction costs in real mode: a loop as firmware has them, all of
 * it emulated where the processor has no real mode for guests. Prints a line
 * "instructions <tab> of them emulated <tab> ticks for each". On a machine whose
 * TSC counts instructions (lab/run --count) that is exact.
 */
#include "test.h"

#define ROUNDS 2000
#define ROUND 14	/* instructions */
#define WORK 0x9000

#ifdef GUEST_BITS
#if GUEST_BITS == 16
/* Moves, flags, the stack, a call, strings, a jump back. */
guest_entry void works(void)
{
	asm volatile("cld\n\t"
		     "1:\n\t"
		     "mov %%cx, %%ax\n\t"
		     "add $0x1234, %%ax\n\t"
		     "push %%ax\n\t"
		     "xor %%bx, %%bx\n\t"
		     "pop %%bx\n\t"
		     "call 2f\n\t"
		     "mov %0, %%si\n\t"
		     "lodsw\n\t"
		     "mov %0, %%di\n\t"
		     "stosw\n\t"
		     "test $1, %%al\n\t"
		     "dec %%cx\n\t"
		     "jnz 1b\n\t"
		     "jmp 3f\n\t"
		     "2: ret\n\t"
		     "3:"
		     : : "i" (WORK), "c" (ROUNDS)
		     : "eax", "ebx", "esi", "edi", "memory", "cc");
	guest_sync(1);
}
#else
guest_entry void none(void)
{
}
#endif
#else
#include <stdio.h>
#include "lib/stats.h"

static u64 ticks(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return (u64)high << 32 | low;
}

int main(void)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_16, "works");
	struct stats stats;
	u64 emulated, cost;

	pin_to_cpu(0);
	stats_open(&stats, vcpu->fd);
	emulated = stats_value(&stats, "insn_emulation");
	cost = ticks();
	run_to_sync(vcpu, 1);
	cost = ticks() - cost;
	emulated = stats_value(&stats, "insn_emulation") - emulated;
	printf("%u\t%llu\t%llu\n", ROUNDS * ROUND, emulated,
	       cost / (ROUNDS * ROUND));
	stats_close(&stats);
	vm_free(vcpu->vm);
	return 0;
}
#endif
