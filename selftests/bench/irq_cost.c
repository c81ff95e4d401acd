// SPDX-License-Identifier: GPL-2.0
/*
 * What an interrupt costs: instructions from the notification to the first of
 * the guest's handler, on the sender's processor and on the receiver's, as
 * lines "row <tab> side <tab> instructions". It is the middle of some samples,
 * without what the guest itself executes. In Bochs lines "row <tab> side <tab>
 * instruction <tab> how often" follow, of what is dear on both sides.
 *
 * Side "one": there is no other. "both": sums, of all that one round takes;
 * the yardstick for those that sleep is two threads that wake each other by
 * eventfds. Nobody waits for an end of a halt on its processor.
 *
 * It needs lab/run --count and two processors.
 */
#include "test.h"
#include "bench/irq_cost_guest.h"
#include "bench/exit_cost_counts.h"
#include "lib/irq.h"
#include <stdio.h>
#include <stdlib.h>

#define GSI 24
#define CPUID_1_ECX_DEADLINE (1u << 24)
#define SECONDS 600

struct guest {
	struct vm *vm;
	struct vcpu *vcpu[SIDES];
	volatile struct shared *shared;
	struct counts before;
};

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* The middle one, less what is there without any notification. */
static void print_middle(const char *row, const char *side,
			 const volatile u64 *samples, u64 less)
{
	u64 sorted[SAMPLES], middle;

	for (int i = 0; i < SAMPLES; i++)
		sorted[i] = samples[i];
	qsort(sorted, SAMPLES, sizeof(*sorted), by_value);
	middle = sorted[SAMPLES / 2];
	printf("%s\t%s\t%llu\n", row, side, middle > less ? middle - less : 0);
}

/* Of rounds that begin when the one before has ended. */
static void print_rounds(const char *row, volatile u64 *ends)
{
	for (int i = SAMPLES - 1; i > 0; i--)
		ends[i] -= ends[i - 1];
	ends[0] = ends[1];
	print_middle(row, "both", ends, 0);
}

static void print_all_counts(const char *row, struct counts before)
{
	struct counts counts = counts_less(counts_now(), before);

	print_counts(row, "both", &counts, SAMPLES);
}

static void set_tsc_offset(struct vcpu *vcpu, u64 offset)
{
	struct nacre_device_attr attr = {
		.group = NACRE_VCPU_TSC_CTRL,
		.attr = NACRE_VCPU_TSC_OFFSET,
		.addr = (ulong)&offset,
	};

	CHECK(ioctl(vcpu->fd, NACRE_SET_DEVICE_ATTR, &attr) == 0);
}

/* Its TSC is the host's. */
static struct vcpu *new_vcpu(struct vm *vm, u32 id)
{
	struct nacre_cpuid2 *cpuid = supported_cpuid();
	struct vcpu *vcpu = vcpu_new(vm, id);

	find_leaf(cpuid, 1, 0)->ecx |= CPUID_1_ECX_DEADLINE;
	CHECK(raw_set_cpuid(vcpu, cpuid) == 0);
	free(cpuid);
	CHECK(raw_set_mp_state(vcpu, NACRE_MP_STATE_RUNNABLE) == 0);
	set_tsc_offset(vcpu, 0);
	return vcpu;
}

/* Runs a side's @entry up to its beginning, on the processor of that side. */
static void start_side(struct guest *guest, enum side side, const char *entry)
{
	if (!entry)
		return;
	pin_to_cpu(side);
	vcpu_setup(guest->vcpu[side], GUEST_64, entry);
	if (!guest->shared) {
		guest->shared = guest_var(guest->vm, GUEST_64, "shared");
		guest->shared->each = somebody_counts();
		guest->shared->asleep = guest->shared->each ? 10000 : 100;
	}
	run_to_sync(guest->vcpu[side], 0);
}

static struct guest new_guest(const char *sender, const char *receiver)
{
	struct guest guest = { .vm = vm_new_irqchip() };

	for (u32 i = 0; i < SIDES; i++)
		guest.vcpu[i] = new_vcpu(guest.vm, i);
	start_side(&guest, SENDER, sender);
	start_side(&guest, RECEIVER, receiver);
	return guest;
}

static void *run_receiver(void *vcpu)
{
	pin_to_cpu(RECEIVER);
	run_to_done(vcpu);
	return NULL;
}

/* The receiver runs, and this thread is the sender. */
static pthread_t begin(struct guest *guest)
{
	pthread_t thread;

	pin_to_cpu(SENDER);
	thread = thread_start(run_receiver, guest->vcpu[RECEIVER]);
	while (!guest->shared->ready)
		pause_us(1000);
	guest->before = counts_now();
	return thread;
}

static void row_alone(const char *unused)
{
	struct guest guest = new_guest(NULL, "to_itself");
	volatile struct shared *s = guest.shared;

	run_to_done(guest.vcpu[RECEIVER]);
	print_middle("eoi", "one", s->sent, s->empty);
	print_middle("self_ipi", "one", s->got, s->own);
	vm_free(guest.vm);
}

static void print_sides(const char *row, struct guest *guest)
{
	volatile struct shared *s = guest->shared;

	print_middle(row, "sender", s->sent, s->empty);
	print_middle(row, "receiver", s->got, s->own);
	print_all_counts(row, guest->before);
}

static void row_ipi(const char *row)
{
	struct guest guest = new_guest("sends", "receives_running");
	pthread_t thread = begin(&guest);

	run_to_done(guest.vcpu[SENDER]);
	print_sides(row, &guest);
	thread_join(thread, SECONDS);
	vm_free(guest.vm);
}

static void irqfd_to(const char *row, const char *receiver)
{
	struct guest guest = new_guest(NULL, receiver);
	volatile struct shared *s = guest.shared;
	struct nacre_irqfd irqfd = { .fd = event_new(), .gsi = GSI };
	const u64 one = 1;
	pthread_t thread;

	CHECK(routes(guest.vm, to_msi(GSI, MSI_ADDRESS(RECEIVER), VECTOR)) == 0);
	CHECK(ioctl(guest.vm->fd, NACRE_IRQFD, &irqfd) == 0);
	thread = begin(&guest);
	while (s->taken < SAMPLES)
		SEND(s, CHECK(write(irqfd.fd, &one, sizeof(one)) > 0));
	print_sides(row, &guest);
	s->stop = 1;
	CHECK(signal_msi(guest.vm, MSI_ADDRESS(RECEIVER), END_VECTOR) == 1);
	thread_join(thread, SECONDS);
	close(irqfd.fd);
	vm_free(guest.vm);
}

static void row_irqfd(const char *row)
{
	irqfd_to(row, "receives_running");
}

static void row_irqfd_halted(const char *row)
{
	irqfd_to(row, "receives_sleeping");
}

static void row_hlt(const char *row)
{
	struct guest guest = new_guest("pings", "answers");
	pthread_t thread = begin(&guest);

	run_to_done(guest.vcpu[SENDER]);
	print_rounds(row, guest.shared->got);
	print_all_counts(row, guest.before);
	thread_join(thread, SECONDS);
	vm_free(guest.vm);
}

/* The sender only keeps the time: else it would pass at once. */
static void deadline_of(const char *row, const char *entry)
{
	struct guest guest = new_guest(NULL, entry);
	volatile struct shared *s = guest.shared;
	pthread_t thread;

	s->ready = 1;
	thread = begin(&guest);
	wait_until(s, SENDER, &s->stop, 1);
	print_middle(row, "one", s->got, s->own);
	print_all_counts(row, guest.before);
	thread_join(thread, SECONDS);
	vm_free(guest.vm);
}

static void row_deadline(const char *row)
{
	deadline_of(row, "arms_deadlines");
}

static void row_deadline_running(const char *row)
{
	deadline_of(row, "arms_and_runs");
}

static void event_wait(int fd)
{
	u64 count;

	CHECK(read(fd, &count, sizeof(count)) == sizeof(count));
}

static void *run_answers(void *arg)
{
	int *fd = arg;

	pin_to_cpu(RECEIVER);
	for (int i = 0; i < SAMPLES; i++) {
		event_wait(fd[0]);
		event_signal(fd[1]);
	}
	return NULL;
}

/* No guest: two threads do the same as in row_hlt(). */
static void row_eventfd(const char *row)
{
	static volatile struct shared s;
	int fd[] = { eventfd(0, 0), eventfd(0, 0) };
	pthread_t thread;

	pin_to_cpu(SENDER);
	thread = thread_start(run_answers, fd);
	s.each = somebody_counts();
	for (int i = 0; i < SAMPLES; i++) {
		event_signal(fd[0]);
		event_wait(fd[1]);
		s.got[i] = clock_of_all(&s);
	}
	thread_join(thread, SECONDS);
	print_rounds(row, s.got);
}

static const struct row {
	const char *name;
	void (*print)(const char *name);
} rows[] = {
	{ "eoi, self_ipi", row_alone },
	{ "ipi", row_ipi },
	{ "irqfd", row_irqfd },
	{ "hlt", row_hlt },
	{ "irqfd_halted", row_irqfd_halted },
	{ "deadline", row_deadline },
	{ "deadline_running", row_deadline_running },
	{ "eventfd", row_eventfd },
};

static void no_halt_polling(void)
{
	CHECK(put_text(on_nacre() ?
		       "/sys/module/nacre/parameters/halt_poll_ns" :
		       "/sys/module/kvm/parameters/halt_poll_ns", "0"));
}

/* All of them, or those whose name has the argument in it. */
int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (nr_cpus() < SIDES)
		die("it wants two processors");
	no_halt_polling();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (argc < 2 || strstr(rows[i].name, argv[1]))
			rows[i].print(rows[i].name);
	}
	return 0;
}
