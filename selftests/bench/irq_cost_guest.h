/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's side of irq_cost, and how instructions are told apart.
 *
 * A machine of Bochs has a counter for each processor. Elsewhere there is the
 * TSC alone, which counts those of all processors, one of which works at a
 * time. So what waits does so in a loop of a known length, which is counted
 * and taken off, and gives its turn away by a PAUSE: what remains between two
 * looks is the other side's.
 */
#ifndef SELFTESTS_IRQ_COST_GUEST_H
#define SELFTESTS_IRQ_COST_GUEST_H

#include "lib/apic.h"
#include "../../lab/bochs/ask.h"

/* A notification, what ends the last sleep, and the answer to one. */
#define VECTOR 0x41
#define END_VECTOR 0x42
#define PONG_VECTOR 0x43
#define SAMPLES 100
#define ROUND_INSNS 4
#define AHEAD 50000		/* ticks: longer than it takes to fall asleep */

/* vCPUs, their APIC IDs, and the processors that they are on. */
enum side {
	SENDER,
	RECEIVER,
	SIDES
};

/* In the guest's memory, for the host's side as well. */
struct shared {
	u64 each;		/* processors have counters */
	u64 rounds[SIDES];	/* of waiting */
	u64 asleep;		/* so many, until the other side sleeps */
	u64 ready, stop;
	u64 began;		/* the receiver's clock, when it was notified */
	u64 taken;		/* interrupts */
	u64 sent[SAMPLES], got[SAMPLES];
	u64 empty;		/* a look at the clock */
	u64 own;		/* from the handler's beginning to its look */
};

/* Instructions of one side. What the other one does is in it, where it has to. */
static inline u64 clock_of(const volatile struct shared *s, enum side side)
{
	if (s->each)
		return lab_ask(LAB_ASK_INSTRUCTIONS, side, NULL) -
		       ROUND_INSNS * s->rounds[side];
	return rdtsc() - ROUND_INSNS * (s->rounds[SENDER] +
					s->rounds[RECEIVER]);
}

/* Instructions of both. */
static inline u64 clock_of_all(const volatile struct shared *s)
{
	u64 sum = clock_of(s, SENDER);

	return s->each ? sum + clock_of(s, RECEIVER) : sum;
}

/* A processor that has its own counter would only exit for a PAUSE. */
#define WAIT(s, side, until, ...)					\
	do {								\
		if ((s)->each)						\
			asm volatile("1: incq %0; nop; " until		\
				     : "+m"((s)->rounds[side]), __VA_ARGS__ \
				     : "memory", "cc");			\
		else							\
			asm volatile("1: incq %0; pause; " until	\
				     : "+m"((s)->rounds[side]), __VA_ARGS__ \
				     : "memory", "cc");			\
	} while (0)

/* Until *@what is no longer less than @least. */
static inline void wait_until(volatile struct shared *s, enum side who,
			      volatile u64 *what, u64 least)
{
	WAIT(s, who, "cmpq %1, %2; jb 1b", "+r"(least) : "m"(*what));
}

static inline void wait_rounds(volatile struct shared *s, enum side who,
			       u64 rounds)
{
	WAIT(s, who, "decq %1; jnz 1b", "+r"(rounds) :);
}

/*
 * The sender's part of a sample. Where the clock is common to both the
 * receiver's work begins when the sender's has ended, for it is not its turn.
 */
#define SEND(s, how)							\
	do {								\
		u64 _n = (s)->taken, _t;				\
									\
		wait_rounds(s, SENDER, (s)->asleep);			\
		(s)->began = clock_of(s, RECEIVER);			\
		_t = clock_of(s, SENDER);				\
		how;							\
		(s)->sent[_n] = clock_of(s, SENDER) - _t;		\
		if (!(s)->each)						\
			(s)->began = clock_of(s, RECEIVER);		\
		wait_until(s, SENDER, &(s)->taken, _n + 1);		\
	} while (0)

guest_data volatile struct shared shared;

static void eoi(void)
{
	wrmsr(X2APIC_MSR(APIC_EOI), 0);
}

static void send(u32 low, u64 to)
{
	wrmsr(X2APIC_MSR(APIC_ICR), to << 32 | low);
}

static void x2apic_on(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_EXTD);
	wrmsr(X2APIC_MSR(APIC_SVR), APIC_SVR_ENABLE | 0xff);
}

static void sleep_once(void)
{
	asm volatile("sti; hlt; cli" : : : "memory");
}

/* One of the receiver, or of who is both. */
static void on_notice(struct guest_regs *regs)
{
	u64 now = clock_of(&shared, RECEIVER);

	shared.got[shared.taken] = now - shared.began;
	eoi();
	shared.taken++;
}

/* Ends a sleep, and no more. */
static void on_end(struct guest_regs *regs)
{
	eoi();
}

/* What the same handler tells when nothing lies between. */
static void prepare(guest_handler handler)
{
	u64 now;

	x2apic_on();
	guest_on(VECTOR, on_notice);
	guest_on(END_VECTOR, on_end);
	/* More than once: first it has pages to bring in. */
	for (u32 i = 0; i < 4; i++) {
		shared.taken = 0;
		shared.began = clock_of(&shared, RECEIVER);
		asm volatile("int %0" : : "i"(VECTOR) : "memory");
	}
	shared.own = shared.got[0];
	shared.taken = 0;
	now = clock_of(&shared, RECEIVER);
	shared.empty = clock_of(&shared, RECEIVER) - now;
	guest_on(VECTOR, handler);
}

guest_entry void receives_running(void)
{
	prepare(on_notice);
	guest_sync(0);
	shared.ready = 1;
	sti();
	wait_until(&shared, RECEIVER, &shared.stop, 1);
	guest_done();
}

static void sleep_until_stop(void)
{
	guest_sync(0);
	shared.ready = 1;
	while (!shared.stop)
		sleep_once();
	guest_done();
}

guest_entry void receives_sleeping(void)
{
	prepare(on_notice);
	sleep_until_stop();
}

guest_entry void sends(void)
{
	x2apic_on();
	guest_sync(0);
	while (shared.taken < SAMPLES)
		SEND(&shared, send(VECTOR, RECEIVER));
	shared.stop = 1;
	send(END_VECTOR, RECEIVER);
	guest_done();
}

/* To itself, and what the end of one takes. */
static void on_own(struct guest_regs *regs)
{
	u64 now = clock_of(&shared, RECEIVER);

	shared.got[shared.taken] = now - shared.began;
	now = clock_of(&shared, RECEIVER);
	eoi();
	shared.sent[shared.taken] = clock_of(&shared, RECEIVER) - now;
	shared.taken++;
}

guest_entry void to_itself(void)
{
	prepare(on_own);
	guest_sync(0);
	sti();
	while (shared.taken < SAMPLES) {
		shared.began = clock_of(&shared, RECEIVER);
		wrmsr(X2APIC_MSR(APIC_SELF_IPI), VECTOR);
	}
	guest_done();
}

guest_entry void arms_deadlines(void)
{
	prepare(on_notice);
	wrmsr(X2APIC_MSR(APIC_LVTT), APIC_TSC_DEADLINE | VECTOR);
	guest_sync(0);
	for (u32 i = 0; i < SAMPLES; i++) {
		shared.began = clock_of(&shared, RECEIVER);
		wrmsr(MSR_TSC_DEADLINE, rdtsc() + AHEAD);
		while (shared.taken == i)
			sleep_once();
	}
	shared.stop = 1;
	guest_done();
}

/* It is due while the guest runs, so many instructions from now. */
guest_entry void arms_and_runs(void)
{
	prepare(on_notice);
	wrmsr(X2APIC_MSR(APIC_LVTT), APIC_TSC_DEADLINE | VECTOR);
	guest_sync(0);
	for (u32 i = 0; i < SAMPLES; i++) {
		shared.began = clock_of(&shared, RECEIVER) + AHEAD;
		wrmsr(MSR_TSC_DEADLINE, rdtsc() + AHEAD);
		while (shared.taken == i)
			asm volatile("sti; nop; cli" : : : "memory");
	}
	shared.stop = 1;
	guest_done();
}

/* There and back: each side sleeps until the other one's interrupt. */
static void on_ping(struct guest_regs *regs)
{
	eoi();
	send(PONG_VECTOR, SENDER);
}

static void on_pong(struct guest_regs *regs)
{
	shared.got[shared.taken] = clock_of_all(&shared);
	eoi();
	shared.taken++;
}

guest_entry void answers(void)
{
	prepare(on_ping);
	sleep_until_stop();
}

guest_entry void pings(void)
{
	x2apic_on();
	guest_on(PONG_VECTOR, on_pong);
	guest_sync(0);
	for (u32 i = 0; i < SAMPLES; i++) {
		send(VECTOR, RECEIVER);
		while (shared.taken == i)
			sleep_once();
	}
	shared.stop = 1;
	send(END_VECTOR, RECEIVER);
	guest_done();
}

#endif
