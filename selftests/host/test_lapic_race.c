// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts from two threads, while the vCPU's takes and ends them and works
 * the registers that the others read. Under the thread sanitizer.
 *
 * A vector that was sent is taken after that, by itself or merged with one
 * that waited; and the vCPU looks only when it was told to.
 */
#include <pthread.h>
#include <sched.h>

#include "host_test.h"
#include "arch/x86/irqchip/lapic.h"

#define SENDERS		2
#define ROUNDS		30000

static struct nacre_lapic lapic;
static u32 regs[LAPIC_REGS_SIZE / sizeof(u32)];
static atomic_t told, finished, owed[256];
static unsigned int taken, lost;
static pthread_barrier_t next;

static void tell(struct nacre_lapic *apic)
{
	(void)apic;
	atomic_set(&told, 1);
}

u64 ktime_get_ns(void)
{
	return 0;
}

static void set_timer(struct nacre_lapic *apic, u64 when)
{
	(void)apic;
	(void)when;
}

static void ignore_eoi(struct nacre_lapic *apic, u8 vector, bool level)
{
	(void)apic;
	(void)vector;
	(void)level;
}

static void ignore_mode(struct nacre_lapic *apic)
{
	(void)apic;
}

static const struct nacre_lapic_ops ops = {
	.notify = tell,
	.set_timer = set_timer,
	.eoi = ignore_eoi,
	.mode = ignore_mode,
};

/* Few vectors meet often, and empty the registers between. */
static u8 a_vector(u64 r)
{
	return r & 0x100 ? 0x30 + (r & 3) : 16 + (u8)r % 240;
}

static const u64 seeds[SENDERS] = { 0x1234567, 0x89abcdef };

static void send(u64 r)
{
	const struct nacre_irq irq = {
		.dest = 0x01,
		.logical = true,
		.vector = a_vector(r),
		.level = r & 0x200,
		.assert = true,
	};

	if (!nacre_lapic_match(&lapic, &irq))
		return;
	atomic_xchg(&owed[irq.vector], 1);
	nacre_lapic_priority(&lapic);
	if (!nacre_lapic_accept(&lapic, &irq))
		atomic_xchg(&owed[irq.vector], 0);
}

/* A few at a time: the next one would hide that one was forgotten. */
static void *sender(void *arg)
{
	unsigned int which = (const u64 *)arg - seeds, round, i;
	u64 seed = seeds[which];

	for (round = 0; round < ROUNDS; round++) {
		unsigned int count = 1 + host_random(&seed) % 16;

		pthread_barrier_wait(&next);
		for (i = 0; i < count; i++)
			send(host_random(&seed) >> 20);
		atomic_fetch_or(1 << (which), &finished);
		pthread_barrier_wait(&next);
	}
	return NULL;
}

static void take_all(void)
{
	unsigned int i;
	int vector;

	while ((vector = nacre_lapic_pending(&lapic)) >= 0) {
		nacre_lapic_ack(&lapic, vector);
		atomic_xchg(&owed[vector], 0);
		taken++;
		if (taken % 3)
			nacre_lapic_write(&lapic, LAPIC_EOI, 0);
	}
	/* What was nested ends, and may let others through. */
	nacre_lapic_write(&lapic, LAPIC_TPR, 0x20);
	for (i = 0; i < 16; i++)
		nacre_lapic_write(&lapic, LAPIC_EOI, 0);
	nacre_lapic_write(&lapic, LAPIC_TPR, 0);
	nacre_lapic_write(&lapic, LAPIC_LDR, 0x01000000);
	nacre_lapic_write(&lapic, LAPIC_SVR, 0x1ff);
}

/* Until all was sent, and told. */
static void one_round(void)
{
	for (;;) {
		int over = atomic_read(&finished) == (1 << SENDERS) - 1;

		if (atomic_xchg(&told, 0))
			take_all();
		else if (over)
			return;
		else
			sched_yield();
	}
}

static void *vcpu(void *arg)
{
	unsigned int round, i;

	(void)arg;
	for (round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&next);
		one_round();
		for (i = 0; i < 256; i++)
			lost += atomic_read(&owed[i]);
		atomic_set(&finished, 0);
		pthread_barrier_wait(&next);
	}
	return NULL;
}

static void senders_and_vcpu(void)
{
	pthread_t senders[SENDERS], processor;
	unsigned int i;

	lapic.ops = &ops;
	lapic.regs = regs;
	nacre_lapic_reset(&lapic, false);
	nacre_lapic_write(&lapic, LAPIC_SVR, 0x1ff);
	nacre_lapic_write(&lapic, LAPIC_LDR, 0x01000000);
	EXPECT(!pthread_barrier_init(&next, NULL, SENDERS + 1));
	EXPECT(!pthread_create(&processor, NULL, vcpu, NULL));
	for (i = 0; i < SENDERS; i++)
		EXPECT(!pthread_create(&senders[i], NULL, sender,
				       (void *)&seeds[i]));
	for (i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	pthread_join(processor, NULL);
	host_note("%u rounds, %u taken, %u lost", ROUNDS, taken, lost);
	EXPECT_EQ(lost, 0);
	EXPECT_EQ(nacre_lapic_pending(&lapic), -1);
	/* They did meet. */
	EXPECT(taken > ROUNDS);
}

static const struct host_case cases[] = {
	HOST_CASE(senders_and_vcpu),
};

HOST_MAIN(cases)
