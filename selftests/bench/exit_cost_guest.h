/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's side of exit_cost: a function for each row, which times some
 * rounds of one instruction, several times over, and tells the least, without
 * what the loop by itself takes. Compiled for 64-bit guests and 32-bit ones.
 */
#ifndef SELFTESTS_EXIT_COST_GUEST_H
#define SELFTESTS_EXIT_COST_GUEST_H

#include "lib/apic.h"

/* Few of a string, which may be an exit for each byte. */
#define ROUNDS 200
#define STRING_ROUNDS 2
#define REPEATS 8			/* as a rule; the host says how many */

#define BENCH_PORT 0x10
#define BENCH_MMIO 0xc0000000ul		/* no memory there */
#define BENCH_VECTOR 0x41
#define STRING_SIZE 4096
#define STRING_GPA 0xf00000ul		/* RAM that nobody else has */

#define TOUCH_GPA 0x40000000ul		/* a slot of its own */
#define TOUCHES 4096u

/* What the host wants of a guest before it measures. */
#define SET_X2APIC (1u << 0)
#define SET_DEADLINE (1u << 1)		/* a timer that goes off in an hour */
#define SET_PKRU (1u << 2)
#define SET_OSXSAVE (1u << 3)
#define SET_INTEL (1u << 4)		/* VMCALL, not VMMCALL */

#define CR4_PKE (1u << 22)
#define FAR_AWAY (1ull << 42)

static inline void xsetbv(u32 lo)
{
	asm volatile("xsetbv" : : "c"(0), "a"(lo), "d"(0) : "memory");
}

static void arm_deadline(u32 set)
{
	if (set & SET_X2APIC) {
		wrmsr(X2APIC_MSR(APIC_SVR), APIC_SVR_ENABLE | 0xff);
		wrmsr(X2APIC_MSR(APIC_LVTT), APIC_TSC_DEADLINE | BENCH_VECTOR);
	} else {
		apic_enable();
		apic_write(APIC_LVTT, APIC_TSC_DEADLINE | BENCH_VECTOR);
	}
	wrmsr(MSR_TSC_DEADLINE, rdtsc() + FAR_AWAY);
}

static void prepare(u32 set)
{
	if (set & SET_OSXSAVE)
		write_cr4(read_cr4() | X86_CR4_OSXSAVE);
	if (set & SET_PKRU) {
		write_cr4(read_cr4() | CR4_PKE);
		asm volatile("wrpkru" : : "a"(0x30), "c"(0), "d"(0));
	}
	if (set & SET_X2APIC)
		wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_EXTD);
	if (set & SET_DEADLINE)
		arm_deadline(set);
}

/* The least time of @rounds times @body, of @repeats. */
#define TIME(repeats, rounds, body)					\
	({								\
		u64 _least = ~0ull;					\
									\
		for (u32 _r = 0; _r < repeats; _r++) {			\
			u64 _t = rdtsc();				\
									\
			for (u32 round = rounds; round; round--) {	\
				asm volatile("" : "+r"(round));		\
				body;					\
			}						\
			_t = rdtsc() - _t;				\
			if (_t < _least)				\
				_least = _t;				\
		}							\
		_least;							\
	})

#define ROW_OF(name, rounds, before, body)				\
guest_entry void row_##name(u32 set, u32 repeats)			\
{									\
	u64 empty = TIME(repeats, rounds, );				\
									\
	prepare(set);							\
	before;								\
	guest_sync(1, TIME(repeats, rounds, body) - empty, rounds);		\
}

#define ROW(name, before, body)	ROW_OF(name, ROUNDS, before, body)

/* GCC keeps nothing across these but the counter. */
static inline void do_cpuid(void)
{
	u32 r[4];

	cpuid(0, 0, r);
}

static inline void vmcall(u32 set)
{
	ulong ax = 1;

	if (set & SET_INTEL)
		asm volatile("vmcall" : "+a"(ax) : "b"(0) : "memory");
	else
		asm volatile("vmmcall" : "+a"(ax) : "b"(0) : "memory");
}

static inline void string_in(void)
{
	ulong count = STRING_SIZE, to = STRING_GPA;

	asm volatile("rep insb" : "+c"(count), "+D"(to) : "d"(BENCH_PORT)
		     : "memory");
}

static inline void string_out(void)
{
	ulong count = STRING_SIZE, from = STRING_GPA;

	asm volatile("rep outsb" : "+c"(count), "+S"(from) : "d"(BENCH_PORT)
		     : "memory");
}

ROW(cpuid, , do_cpuid())
ROW(rdmsr, , rdmsr(MSR_APIC_BASE))
ROW(hypercall, , vmcall(set))
ROW(out, , outb(BENCH_PORT, 0))
ROW(in, , inb(BENCH_PORT))
ROW(mmio_write, , mmio_write32(BENCH_MMIO, 0))
ROW(mmio_read, , mmio_read32(BENCH_MMIO))
ROW_OF(string_in, STRING_ROUNDS, , string_in())
ROW_OF(string_out, STRING_ROUNDS, , string_out())
ROW(lapic_write, , apic_write(APIC_LVTERR, APIC_MASKED))
ROW(lapic_read, , apic_read(APIC_LVTERR))
ROW(cr0, ulong v = read_cr0(), write_cr0(v ^= X86_CR0_AM))
ROW(cr4, ulong v = read_cr4(), write_cr4(v ^= X86_CR4_MCE))
ROW(xsetbv, , xsetbv(3))
ROW(eoi, , wrmsr(X2APIC_MSR(APIC_EOI), 0))
ROW(icr, , wrmsr(X2APIC_MSR(APIC_ICR), BENCH_VECTOR))
ROW(deadline, u64 v = rdtsc() + FAR_AWAY, wrmsr(MSR_TSC_DEADLINE, v++))

/* The interrupt that ends HLT waits already: a self-IPI with IF clear. */
#ifndef GUEST_BITS
static void on_wake(struct guest_regs *regs)
{
	wrmsr(X2APIC_MSR(APIC_EOI), 0);
}

ROW(hlt, guest_on(BENCH_VECTOR + 1, on_wake),
    wrmsr(X2APIC_MSR(APIC_SELF_IPI), BENCH_VECTOR + 1);
    asm volatile("sti; hlt; cli" : : : "memory"))
#endif

/*
 * Writes to TOUCHES pages of 2^@shift in no order that a processor or a host
 * would guess, and tells how long that took; for ever.
 */
guest_entry void touches(u32 set, u32 shift)
{
	u32 mask = (1u << shift) - 1;

	prepare(set);
	for (;;) {
		u64 t = rdtsc();

		for (u32 i = 0; i < TOUCHES; i++)
			*(volatile u32 *)(ulong)(TOUCH_GPA + 4096ul *
				((i * 2654435761u) & mask)) = i;
		guest_sync(1, rdtsc() - t, TOUCHES);
	}
}

/* Exits for ever, with @spins between, and never to the VMM. */
guest_entry void exits(u32 set, u32 spins)
{
	prepare(set);
	for (;;) {
		do_cpuid();
		for (u32 i = spins; i; i--)
			asm volatile("" : "+r"(i));
	}
}

#endif
