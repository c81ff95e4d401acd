// SPDX-License-Identifier: GPL-2.0
/*
 * What an exit costs: for each row and each of two guests the least time of a
 * round trip, as a line "row <tab> guest <tab> ticks". On a machine whose TSC
 * counts instructions (lab/run --count) that is exact. In Bochs lines "row <tab>
 * guest <tab> instruction <tab> how often" follow, of what is dear.
 *
 * One guest is the plainest there is; the other has state unlike the host's in
 * all that an entry may have to swap. No figure is told unless guest time is
 * accounted, exits are traced and a signal gets through: an exit that leaves
 * that out is cheap.
 */
#include "test.h"
#if GUEST_BITS != 16
#include "bench/exit_cost_guest.h"
#endif

#ifdef GUEST_BITS
#if GUEST_BITS == 16
guest_entry void none(void)
{
}
#endif
#else
#include <stdio.h>
#include <stdlib.h>
#include "bench/exit_cost_checks.h"
#include "bench/exit_cost_counts.h"

#define DR7_LOCAL_0 0x401
#define XCR0_LEAST 3
#define SPINS 50000
#define CPUID_1_ECX_XSAVE (1u << 26)
#define CPUID_1_ECX_DEADLINE (1u << 24)
#define CPUID_7_ECX_PKU (1u << 3)

static const struct guest {
	const char *name;
	enum guest_mode mode;
	bool loaded;		/* has a controller, and state to swap */
} guests[] = {
	{ "flat32", GUEST_32, false },
	{ "long64", GUEST_64, true },
};

static struct vcpu *new_guest(const struct guest *guest, const char *entry,
			      u32 set, u32 count);

/* What a row comes to: ticks for each round, counts for all of them. */
struct cost {
	u64 ticks, rounds;
	struct counts counts;
};

#include "bench/exit_cost_memory.h"

static const struct row {
	const char *name;
	bool irqchip;		/* impossible without */
	u32 set;
	/* else by the guest */
	struct cost (*measure)(const struct guest *guest);
} rows[] = {
	{ .name = "cpuid" },
	{ .name = "rdmsr" },
	{ .name = "hypercall" },
	{ .name = "out" },
	{ .name = "in" },
	{ .name = "mmio_write" },
	{ .name = "mmio_read" },
	{ .name = "string_in" },
	{ .name = "string_out" },
	{ .name = "cr0" },
	{ .name = "cr4" },
	{ .name = "xsetbv", .set = SET_OSXSAVE },
	{ .name = "lapic_write", .irqchip = true },
	{ .name = "lapic_read", .irqchip = true },
	{ .name = "eoi", .irqchip = true, .set = SET_X2APIC },
	{ .name = "icr", .irqchip = true, .set = SET_X2APIC },
	{ .name = "deadline", .irqchip = true, .set = SET_X2APIC },
	{ .name = "hlt", .irqchip = true, .set = SET_X2APIC },
	{ .name = "touch_absent", .measure = touch_absent },
	{ .name = "touch_present", .measure = touch_present },
	{ .name = "dirty_fault", .measure = dirty_fault },
	{ .name = "log_read", .measure = log_read },
	{ .name = "create", .measure = create },
	{ .name = "destroy", .measure = destroy },
};

static u32 give_cpuid(struct vcpu *vcpu)
{
	struct nacre_cpuid2 *cpuid = supported_cpuid();
	struct nacre_cpuid_entry2 *one = find_leaf(cpuid, 1, 0);
	struct nacre_cpuid_entry2 *seven = find_leaf(cpuid, 7, 0);
	u32 set = 0;

	one->ecx |= CPUID_1_ECX_DEADLINE;
	if (one->ecx & CPUID_1_ECX_XSAVE)
		set |= SET_OSXSAVE;
	if (seven && seven->ecx & CPUID_7_ECX_PKU)
		set |= SET_PKRU;
	if (!memcmp(&find_leaf(cpuid, 0, 0)->ebx, "Genu", 4))
		set |= SET_INTEL;
	CHECK(raw_set_cpuid(vcpu, cpuid) == 0);
	free(cpuid);
	return set;
}

/* All that is swapped at an entry is unlike the host's. */
static void load_state(struct vcpu *vcpu, u32 set)
{
	struct nacre_debugregs debug = { .dr7 = DR7_LOCAL_0 };
	struct nacre_xcrs xcrs = { .nr_xcrs = 1 };

	debug.db[0] = BENCH_MMIO + PAGE_SIZE;
	debug.dr6 = 0xffff0ff0;
	CHECK(ioctl(vcpu->fd, NACRE_SET_DEBUGREGS, &debug) == 0);
	set_msr(vcpu, MSR_TSC_AUX, 0x5a5a);
	if (!(set & SET_OSXSAVE))
		return;
	xcrs.xcrs[0].value = XCR0_LEAST;
	CHECK(ioctl(vcpu->fd, NACRE_SET_XCRS, &xcrs) == 0);
}

/* @count: of repeats, or of spins. */
static struct vcpu *new_guest(const struct guest *guest, const char *entry,
			      u32 set, u32 count)
{
	struct vcpu *vcpu = vcpu_new(guest->loaded ? vm_new_irqchip() :
				     vm_new(), 0);
	u32 can = give_cpuid(vcpu);

	if (guest->loaded) {
		load_state(vcpu, can);
		set |= SET_DEADLINE | (can & (SET_OSXSAVE | SET_PKRU));
	}
	vcpu_setup(vcpu, guest->mode, entry);
	vcpu_args(vcpu, 2, (u64)(set | (can & SET_INTEL)), (u64)count);
	return vcpu;
}

/* Runs, with as little of its own as there can be, until the guest is done. */
static void run_row(struct vcpu *vcpu)
{
	struct nacre_run *r = vcpu->run;

	do {
		if (ioctl(vcpu->fd, NACRE_RUN, 0))
			die("NACRE_RUN: %s, exit %s", strerror(errno),
			    exit_text(vcpu));
	} while ((r->exit_reason == NACRE_EXIT_IO &&
		  r->io.port == BENCH_PORT) ||
		 r->exit_reason == NACRE_EXIT_MMIO);
	if (decode_ucall(vcpu) != UCALL_SYNC)
		die("exit %s at %#llx", exit_text(vcpu), get_rip(vcpu));
}

static struct counts run_counted(struct vcpu *vcpu)
{
	struct counts before = counts_now();

	run_row(vcpu);
	return counts_less(counts_now(), before);
}

/* What comes before the rounds is in the counts of one repeat as well. */
static struct cost measure(const struct guest *guest, const struct row *row)
{
	struct vcpu *one, *vcpu;
	struct cost cost = {};
	char entry[32];
	u64 ticks;

	snprintf(entry, sizeof(entry), "row_%s", row->name);
	one = new_guest(guest, entry, row->set, 1);
	vcpu = new_guest(guest, entry, row->set, 1 + REPEATS);
	if (somebody_counts())
		cost.counts = run_counted(one);
	cost.counts = counts_less(run_counted(vcpu), cost.counts);
	ticks = vcpu->uc.args[1];
	cost.rounds = vcpu->uc.args[2];
	/* What is no exit may take no longer than the empty loop did. */
	if ((long long)ticks < (long long)cost.rounds)
		ticks = cost.rounds;
	cost.ticks = (ticks + cost.rounds / 2) / cost.rounds;
	cost.rounds *= REPEATS;
	vm_free(one->vm);
	vm_free(vcpu->vm);
	return cost;
}

static void print_row(const struct guest *guest, const struct row *row)
{
	struct cost cost;

	printf("%s\t%s\t", row->name, guest->name);
	if (row->irqchip && !guest->loaded) {
		printf("-\n");
		return;
	}
	cost = row->measure ? row->measure(guest) : measure(guest, row);
	printf("%llu\n", cost.ticks);
	print_counts(row->name, guest->name, &cost.counts, cost.rounds);
}

static void print_rows(const struct guest *guest, const char *only)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!only || !strcmp(only, rows[i].name))
			print_row(guest, &rows[i]);
	}
}

/* Nearly all of it is exits, or nearly all of it is the guest. */
static void check_guest(const struct guest *guest)
{
	struct vcpu *vcpu = new_guest(guest, "exits", 0, 0);

	check_signal(vcpu);
	check_reschedule(vcpu);
	check_trace(vcpu);
	check_statistics(vcpu);
	vm_free(vcpu->vm);
	vcpu = new_guest(guest, "exits", 0, SPINS);
	check_guest_time(vcpu);
	vm_free(vcpu->vm);
}

/* All of it, or one row of one guest without the checks. */
int main(int argc, char **argv)
{
	const char *row = argc > 1 ? argv[1] : NULL;
	const char *name = argc > 2 ? argv[2] : NULL;

	setvbuf(stdout, NULL, _IOLBF, 0);
	pin_to_cpu(0);
	for (size_t i = 0; i < sizeof(guests) / sizeof(*guests); i++) {
		if (name && strcmp(name, guests[i].name))
			continue;
		if (!row)
			check_guest(&guests[i]);
		print_rows(&guests[i], row);
	}
	return 0;
}
#endif
