/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows about memory, and the life of a VM. A pass over the pages is timed by
 * the guest, once with the faults and once more without them; what the host
 * does is timed here.
 */
#ifndef SELFTESTS_EXIT_COST_MEMORY_H
#define SELFTESTS_EXIT_COST_MEMORY_H

#include <sys/mman.h>
#include <time.h>

#define LARGE_SHIFT 17		/* 512 MiB, of which TOUCHES pages are used */
#define SMALL_SHIFT 12		/* all of them */
#define TOUCH_SLOT 1
#define LIVES 20

static u64 slot_size(unsigned int shift)
{
	return PAGE_SIZE << shift;
}

static u8 *small_pages(unsigned int shift)
{
	u8 *memory = map_anon(slot_size(shift));

	CHECK(madvise(memory, slot_size(shift), MADV_NOHUGEPAGE) == 0);
	return memory;
}

static struct cost one_pass(struct vcpu *vcpu)
{
	struct cost cost = { .rounds = TOUCHES };
	struct counts before = counts_now();

	run_to_sync(vcpu, 1);
	cost.counts = counts_less(counts_now(), before);
	cost.ticks = vcpu->uc.args[1];
	return cost;
}

/* A page's, by a pass that has faults and one that has not. */
static struct cost each_page(struct vcpu *vcpu)
{
	struct cost with = one_pass(vcpu), without = one_pass(vcpu);

	with.ticks = (with.ticks - without.ticks) / TOUCHES;
	with.counts = counts_less(with.counts, without.counts);
	vm_free(vcpu->vm);
	return with;
}

/* Per page, of memory that the VMM has touched or not. */
static struct cost touch(const struct guest *guest, bool present)
{
	struct vcpu *vcpu = new_guest(guest, "touches", 0, LARGE_SHIFT);
	u8 *memory = small_pages(LARGE_SHIFT);

	for (u32 i = 0; present && i < TOUCHES; i++)
		memory[PAGE_SIZE * ((i * 2654435761u) &
				    ((1u << LARGE_SHIFT) - 1))] = 1;
	vm_add_memory_at(vcpu->vm, TOUCH_SLOT, TOUCH_GPA,
			 slot_size(LARGE_SHIFT), 0, memory);
	return each_page(vcpu);
}

static struct cost touch_absent(const struct guest *guest)
{
	return touch(guest, false);
}

static struct cost touch_present(const struct guest *guest)
{
	return touch(guest, true);
}

static struct vcpu *logged_guest(const struct guest *guest)
{
	struct vcpu *vcpu = new_guest(guest, "touches", 0, SMALL_SHIFT);
	u8 *memory = small_pages(SMALL_SHIFT);

	vm_add_memory_at(vcpu->vm, TOUCH_SLOT, TOUCH_GPA,
			 slot_size(SMALL_SHIFT), 0, memory);
	one_pass(vcpu);
	CHECK(!raw_set_memory(vcpu->vm, TOUCH_SLOT, NACRE_MEM_LOG_DIRTY_PAGES,
			      TOUCH_GPA, slot_size(SMALL_SHIFT), memory));
	return vcpu;
}

static void read_log(struct vcpu *vcpu)
{
	static u64 bits[(1 << SMALL_SHIFT) / 64];
	struct nacre_dirty_log log = {
		.slot = TOUCH_SLOT, .dirty_bitmap = bits,
	};

	CHECK(!ioctl(vcpu->vm->fd, NACRE_GET_DIRTY_LOG, &log));
}

static struct cost dirty_fault(const struct guest *guest)
{
	return each_page(logged_guest(guest));
}

static struct cost log_read(const struct guest *guest)
{
	struct vcpu *vcpu = logged_guest(guest);
	struct cost cost = { .rounds = TOUCHES };
	struct counts before;

	/* What is mapped the first time need not be the second. */
	one_pass(vcpu);
	read_log(vcpu);
	one_pass(vcpu);
	before = counts_now();
	cost.ticks = rdtsc();
	read_log(vcpu);
	cost.ticks = (rdtsc() - cost.ticks) / TOUCHES;
	cost.counts = counts_less(counts_now(), before);
	vm_free(vcpu->vm);
	return cost;
}

/* What this thread was busy, not what it waited for. */
static u64 busy_ns(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

struct life {
	struct cost birth, end;
};

/* A VM beside that lives on: so that it is not the first, or the last. */
static struct life one_life(const struct guest *guest)
{
	struct counts born, before = counts_now();
	struct life life = { .birth.rounds = 1, .end.rounds = 1 };
	struct vm *vm;
	u64 t = busy_ns();

	vm = guest->loaded ? vm_new_irqchip() : vm_new();
	vcpu_new(vm, 0);
	life.birth.ticks = busy_ns() - t;
	born = counts_now();
	life.birth.counts = counts_less(born, before);
	t = busy_ns();
	vm_free(vm);
	life.end.ticks = busy_ns() - t;
	life.end.counts = counts_less(counts_now(), born);
	return life;
}

static struct cost less_of(struct cost a, struct cost b)
{
	return a.ticks < b.ticks ? a : b;
}

static struct life least_of_lives(const struct guest *guest)
{
	struct vm *beside = vm_new_bare();
	struct life least = one_life(guest), life;

	for (int i = 1; i < LIVES; i++) {
		life = one_life(guest);
		least.birth = less_of(least.birth, life.birth);
		least.end = less_of(least.end, life.end);
	}
	vm_free(beside);
	return least;
}

static struct cost create(const struct guest *guest)
{
	return least_of_lives(guest).birth;
}

static struct cost destroy(const struct guest *guest)
{
	return least_of_lives(guest).end;
}

#endif
