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

static u64 one_pass(struct vcpu *vcpu)
{
	run_to_sync(vcpu, 1);
	return vcpu->uc.args[1];
}

/* Per page, of memory that the VMM has touched or not. */
static u64 touch(const struct guest *guest, bool present)
{
	struct vcpu *vcpu = new_guest(guest, "touches", 0, LARGE_SHIFT);
	u8 *memory = small_pages(LARGE_SHIFT);
	u64 first;

	for (u32 i = 0; present && i < TOUCHES; i++)
		memory[PAGE_SIZE * ((i * 2654435761u) &
				    ((1u << LARGE_SHIFT) - 1))] = 1;
	vm_add_memory_at(vcpu->vm, TOUCH_SLOT, TOUCH_GPA,
			 slot_size(LARGE_SHIFT), 0, memory);
	first = one_pass(vcpu);
	first -= one_pass(vcpu);
	vm_free(vcpu->vm);
	return first / TOUCHES;
}

static u64 touch_absent(const struct guest *guest)
{
	return touch(guest, false);
}

static u64 touch_present(const struct guest *guest)
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

static u64 dirty_fault(const struct guest *guest)
{
	struct vcpu *vcpu = logged_guest(guest);
	u64 with = one_pass(vcpu), without = one_pass(vcpu);

	vm_free(vcpu->vm);
	return (with - without) / TOUCHES;
}

static u64 log_read(const struct guest *guest)
{
	struct vcpu *vcpu = logged_guest(guest);
	u64 t;

	/* What is mapped the first time need not be the second. */
	one_pass(vcpu);
	read_log(vcpu);
	one_pass(vcpu);
	t = rdtsc();
	read_log(vcpu);
	t = rdtsc() - t;
	vm_free(vcpu->vm);
	return t / TOUCHES;
}

/* What this thread was busy, not what it waited for. */
static u64 busy_ns(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* A VM beside that lives on: so that it is not the first, or the last. */
static void one_life(const struct guest *guest, u64 *birth, u64 *end)
{
	struct vm *vm;
	u64 t = busy_ns();

	vm = guest->loaded ? vm_new_irqchip() : vm_new();
	vcpu_new(vm, 0);
	*birth = busy_ns() - t;
	t = busy_ns();
	vm_free(vm);
	*end = busy_ns() - t;
}

static u64 least_of_lives(const struct guest *guest, bool of_end)
{
	struct vm *beside = vm_new_bare();
	u64 least = ~0ull, birth, end;

	for (int i = 0; i < LIVES; i++) {
		one_life(guest, &birth, &end);
		if (of_end)
			birth = end;
		least = birth < least ? birth : least;
	}
	vm_free(beside);
	return least;
}

static u64 create(const struct guest *guest)
{
	return least_of_lives(guest, false);
}

static u64 destroy(const struct guest *guest)
{
	return least_of_lives(guest, true);
}

#endif
