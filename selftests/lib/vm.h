/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's side of the selftest library: virtual machines, their memory,
 * their vCPUs, and runs of guest code.
 *
 * Nothing here returns an error but the functions named raw_*(), which are
 * the bare ioctls and return what ioctl(2) returns. Everything else ends the
 * test case as failed, with one line that says what was asked and what came.
 *
 * Layout of a VM made by vm_new(): gpa 0 to VM_RAM_SIZE is RAM in slot 0.
 * Linear addresses equal physical ones in every mode; the 64-bit tables map
 * the first 4 GiB by 2 MiB pages.
 *
 *	0x01000  GDT, IDT, TSS
 *	0x08000  the 16-bit image, its stack below it
 *	0x20000  the 32-bit image
 *	0x400000 a copy of the test program, the 64-bit image
 *	0x800000 stacks, page tables, vm_alloc()
 */
#ifndef SELFTESTS_VM_H
#define SELFTESTS_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <nacre.h>
#include "guest.h"

#define VM_RAM_SIZE (16ul << 20)
#define PAGE_SIZE 4096ul
#define HUGE_SIZE (2ul << 20)

#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)
#define HERE __FILE__ ":" STRINGIFY(__LINE__)

/* Ends the test case as failed. Any thread may call it. */
#define die(...) die_at(HERE, __VA_ARGS__)
void die_at(const char *where, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/* For helpers and threads, where the harness's ASSERT_* cannot be used. */
#define CHECK(e)							\
	do {								\
		if (!(e))						\
			die_at(HERE, "check failed: %s (errno %d)", #e,	\
			       errno);					\
	} while (0)

enum guest_mode {
	GUEST_16,	/* real mode, all segment bases 0 */
	GUEST_32,	/* protected mode, flat, no paging, IDT of guest.c */
	GUEST_64,	/* long mode, 4 levels, SSE on, IDT of guest.c */
};

struct region {
	u32 slot;
	u64 gpa, size;
	void *hva;
};

struct vcpu {
	struct vm *vm;
	int fd;
	u32 id;
	enum guest_mode mode;
	struct nacre_run *run;
	size_t run_size;
	struct ucall uc;	/* the last one, args copied in */
};

struct vm {
	int dev, fd;
	u64 next_free;		/* vm_alloc()'s mark */
	u64 cr3;
	bool image[GUEST_64 + 1];	/* which images are loaded */
	struct region regions[16];
	unsigned int nr_regions;
	struct vcpu *vcpus[64];
	unsigned int nr_vcpus;
};

/* device.c: the node */

/* $NACRE_DEV, else /dev/nacre, else /dev/kvm; opened, never absent. */
const char *device_path(void);
int device_open(void);

/* Whether the module under test is nacre; else it is in-tree KVM. */
bool on_nacre(void);

/* The value of capability @cap of the VM's descriptor. */
int vm_cap(struct vm *vm, u32 cap);

/* The value of capability @cap of the device. */
int device_cap(u32 cap);

/* memory.c: virtual machines and their memory */

/* A VM without memory, and one with RAM in slot 0. */
struct vm *vm_new_bare(void);
struct vm *vm_new(void);

/* Closes and unmaps everything of the VM. */
void vm_free(struct vm *vm);

/* NACRE_SET_USER_MEMORY_REGION as it is. */
int raw_set_memory(struct vm *vm, u32 slot, u32 flags, u64 gpa, u64 size,
		   void *hva);

/* Anonymous memory of @size bytes at @gpa in @slot; returns its address. */
void *vm_add_memory(struct vm *vm, u32 slot, u64 gpa, u64 size, u32 flags);

/* The same with memory that the test made. */
void vm_add_memory_at(struct vm *vm, u32 slot, u64 gpa, u64 size, u32 flags,
		      void *hva);

/* Takes @slot away; its memory stays mapped in the program. */
void vm_del_memory(struct vm *vm, u32 slot);

/* The host address of @len bytes at @gpa, all in one region. */
void *gpa_to_hva(struct vm *vm, u64 gpa, u64 len);

/* Zeroed pages of RAM, of which nobody else knows; returns the gpa. */
u64 vm_alloc(struct vm *vm, u64 size);

/* Anonymous memory for a slot, aligned to 2 MiB, and its counterpart. */
void *map_anon(u64 size);
void unmap_anon(void *p, u64 size);

/* image.c: guest code */

/* Address in the guest of the function or variable @name of an image. */
u64 guest_symbol(enum guest_mode mode, const char *name);

/* The guest's own copy of its variable @name, as the host sees it. */
void *guest_var(struct vm *vm, enum guest_mode mode, const char *name);

/* Copies an image into RAM; once for each VM. vcpu_setup() calls it. */
void vm_load_image(struct vm *vm, enum guest_mode mode);

/* mode.c: processor modes */

#define SEL_CODE64 0x08
#define SEL_DATA 0x10
#define SEL_CODE32 0x18
#define SEL_USER_DATA 0x20
#define SEL_USER_CODE64 0x28
#define SEL_TSS 0x30
#define SEL_CODE16 0x40
#define SEL_DATA16 0x48

#define GDT_GPA 0x1000
#define IDT_GPA 0x2000
#define TSS_GPA 0x3000

#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_USER (1ull << 2)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY (1ull << 6)
#define PTE_HUGE (1ull << 7)
#define PTE_NX (1ull << 63)

/* A flat segment: @type is the descriptor's, @l long, @db default size. */
struct nacre_segment flat_segment(u16 selector, u8 type, u8 l, u8 db);

/* A data and code segment of real mode. */
struct nacre_segment real_segment(u16 selector);

/* Writes GDT, IDT and TSS for @mode into low memory. */
void vm_write_tables(struct vm *vm, enum guest_mode mode);

/* The state in which an entry function of @mode starts. */
void mode_sregs(struct vm *vm, enum guest_mode mode, struct nacre_sregs *s);

/* The 4 KiB entry that maps @gva, made by splitting if it must be. */
u64 *vm_pte(struct vm *vm, u64 gva);

/* Maps one 4 KiB page; @flags are PTE_* besides PTE_PRESENT. */
void vm_map(struct vm *vm, u64 gva, u64 gpa, u64 flags);

/* vcpu.c */

/* A vCPU with the mapping of its nacre_run, state as the module made it. */
struct vcpu *vcpu_new(struct vm *vm, u32 id);
void vcpu_free(struct vcpu *vcpu);

/*
 * Makes the vCPU ready to enter guest function @name in @mode with a stack of
 * its own; vcpu_args() then sets up to four integer arguments.
 */
void vcpu_setup(struct vcpu *vcpu, enum guest_mode mode, const char *name);
void vcpu_args(struct vcpu *vcpu, unsigned int n, ...);

/* vm_new(), vcpu_new() with id 0, vcpu_setup(). */
struct vcpu *vcpu_with_guest(enum guest_mode mode, const char *name);

void get_regs(struct vcpu *vcpu, struct nacre_regs *regs);
void set_regs(struct vcpu *vcpu, const struct nacre_regs *regs);
void get_sregs(struct vcpu *vcpu, struct nacre_sregs *sregs);
void set_sregs(struct vcpu *vcpu, const struct nacre_sregs *sregs);
u64 get_rip(struct vcpu *vcpu);

/* One MSR; returns false if the module refuses the index or value. */
bool get_msr(struct vcpu *vcpu, u32 index, u64 *value);
bool set_msr(struct vcpu *vcpu, u32 index, u64 value);

/* All that the module supports, as GET_SUPPORTED_CPUID gives it; free(3). */
struct nacre_cpuid2 *supported_cpuid(void);
struct nacre_cpuid_entry2 *find_leaf(struct nacre_cpuid2 *cpuid, u32 function,
				     u32 index);
int raw_set_cpuid(struct vcpu *vcpu, struct nacre_cpuid2 *cpuid);

/* Gives the guest all of it. vcpu_setup() gives it none. */
void set_supported_cpuid(struct vcpu *vcpu);

/* run.c */

/* NACRE_RUN as it is: 0, or -1 with errno. */
int raw_run(struct vcpu *vcpu);

/* "IO out port 0x3f8 size 1 count 1", for messages. */
const char *exit_text(const struct vcpu *vcpu);

/*
 * run() enters the guest once and expects ioctl success.
 * decode_ucall() decodes a ucall into vcpu->uc, if the last exit was one;
 * a guest that failed or died by an exception ends the test case.
 * run_ucall() does both.
 */
#define run(vcpu) run_at(HERE, vcpu)
#define decode_ucall(vcpu) decode_ucall_at(HERE, vcpu)
#define run_ucall(vcpu) run_ucall_at(HERE, vcpu)
void run_at(const char *where, struct vcpu *vcpu);
enum ucall_cmd decode_ucall_at(const char *where, struct vcpu *vcpu);
enum ucall_cmd run_ucall_at(const char *where, struct vcpu *vcpu);

/*
 * Run until the guest is through, until it reaches @stage, or until the next
 * exit, which must have @reason. Anything else ends the test case.
 */
#define run_to_done(vcpu) run_to_done_at(HERE, vcpu)
#define run_to_sync(vcpu, stage) run_to_sync_at(HERE, vcpu, stage)
#define run_to_exit(vcpu, reason) run_to_exit_at(HERE, vcpu, reason)
void run_to_done_at(const char *where, struct vcpu *vcpu);
void run_to_sync_at(const char *where, struct vcpu *vcpu, u64 stage);
void run_to_exit_at(const char *where, struct vcpu *vcpu, u32 reason);

/* An IN or OUT exit of one access; returns where its data lies. */
#define run_to_pio(vcpu, direction, port, size) \
	run_to_pio_at(HERE, vcpu, direction, port, size)
void *run_to_pio_at(const char *where, struct vcpu *vcpu, u8 direction,
		    u16 port, u8 size);

/* thread.c: threads and signals */

#include <pthread.h>

/*
 * How many times longer than on a fast machine things may take: NACRE_SLOWER,
 * or 1. Every bound in time below, and the harness's own, is multiplied by it.
 */
unsigned int slower(void);

/* SIGUSR1 with a handler that does nothing: it interrupts NACRE_RUN. */
void kick_setup(void);
void kick(pthread_t thread);

pthread_t thread_start(void *(*fn)(void *), void *arg);

/* Joins within @seconds or ends the test case. */
void *thread_join(pthread_t thread, unsigned int seconds);

/* Waits until @cond holds, at most @seconds; ends the test case after that. */
#define wait_for(cond, seconds)						\
	do {								\
		unsigned int _s = (seconds) * slower();			\
		u64 _end = now_ns() + _s * 1000000000ull;		\
									\
		while (!(cond)) {					\
			if (now_ns() > _end)				\
				die("no %s in %u s", #cond, _s);	\
			pause_us(200);					\
		}							\
	} while (0)

u64 now_ns(void);
void pause_us(unsigned int us);

/* What a file of the kernel's is to be told. */
bool put_text(const char *path, const char *text);

/* The CPUs that this program was given, and a thread on the @n-th alone. */
unsigned int nr_cpus(void);
void pin_thread(pthread_t thread, unsigned int n);
void pin_to_cpu(unsigned int n);

#endif
