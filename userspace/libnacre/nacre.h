/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * libnacre - a virtual machine, its memory, its processors, a Linux in it
 *
 * A thin layer over the ioctls of <uapi/nacre.h>, for x86-64. It prints
 * nothing, keeps no global state but a signal handler (nacre_vcpu_kick()), and
 * hands out the descriptors for what it has no function for.
 *
 * Addresses and sizes are in bytes; "gpa" is a guest-physical address. An
 * entry that can fail returns 0 or a negative errno, and describes the failure
 * in its struct nacre_error, unless that is NULL. The errno is the ioctl's or
 * the system call's where one failed; the entries list their own.
 *
 * Objects are used by one thread at a time, except as an entry says.
 */
#ifndef LIBNACRE_NACRE_H
#define LIBNACRE_NACRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uapi/nacre.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * struct nacre_error - what went wrong
 * @number: an errno, positive
 * @message: a sentence for the user, without full stop or line end. It names
 *	the file, the value or the ioctl, what was wrong with it and, where
 *	that helps, what is allowed.
 */
struct nacre_error {
	int number;
	char message[512];
};

/*
 * ---------------------------------------------------------------------------
 * Guest memory
 */

struct nacre_memory;

/*
 * struct nacre_memory_region - a piece of guest memory
 * @gpa, @size: where the guest sees it; multiples of 4096
 * @host: where this process sees it
 */
struct nacre_memory_region {
	uint64_t gpa;
	uint64_t size;
	void *host;
};

/* nacre_memory_create() - no memory yet */
int nacre_memory_create(struct nacre_memory **memory,
			struct nacre_error *error);

/* Unmaps all of it. After the VM that uses it; takes NULL. */
void nacre_memory_destroy(struct nacre_memory *memory);

/*
 * nacre_memory_add() - add zeroed memory
 * Anonymous and without reservation: a page costs nothing until it is touched.
 *   EINVAL  not in pages of 4096 bytes, empty, or wraps around
 *   EEXIST  meets memory that is there
 *   ENOMEM  not so much address space
 */
int nacre_memory_add(struct nacre_memory *memory, uint64_t gpa, uint64_t size,
		     struct nacre_error *error);

/*
 * nacre_memory_at() - where this process sees @size bytes at @gpa
 * NULL if they are not all inside one region. For @size 0 the address itself
 * must be inside. Every access to guest memory goes through here: what comes
 * from a guest is not to be trusted. Any thread may call it while none adds.
 */
void *nacre_memory_at(const struct nacre_memory *memory, uint64_t gpa,
		      uint64_t size);

/* The regions, by address; @count is how many. */
const struct nacre_memory_region *
nacre_memory_regions(const struct nacre_memory *memory, unsigned int *count);

/*
 * ---------------------------------------------------------------------------
 * A virtual machine
 */

struct nacre_vm;

/*
 * nacre_vm_create() - a VM on the module behind the device @node
 * Checks the version and that what this library builds on is there.
 *   EPROTO  the node does not speak version 12 of the KVM ABI
 *   EOPNOTSUPP  a capability is missing
 *   EBUSY   another hypervisor owns the processor
 * and what open() says.
 */
int nacre_vm_create(const char *node, struct nacre_vm **vm,
		    struct nacre_error *error);

/* After its vCPUs; takes NULL. */
void nacre_vm_destroy(struct nacre_vm *vm);

/* The descriptors, for ioctls that have no function here. Not to be closed. */
int nacre_vm_fd(const struct nacre_vm *vm);
int nacre_vm_system_fd(const struct nacre_vm *vm);

/* The value of NACRE_CAP_* number @capability for this VM; 0 if absent. */
int nacre_vm_capability(const struct nacre_vm *vm, unsigned int capability);

/*
 * nacre_vm_set_memory() - let the guest see @memory
 * Once; a slot for each region, in order from slot 0.
 */
int nacre_vm_set_memory(struct nacre_vm *vm, const struct nacre_memory *memory,
			struct nacre_error *error);

/*
 * nacre_vm_create_irqchip() - PICs, IOAPIC and local APICs in the kernel
 * Before the first vCPU.
 */
int nacre_vm_create_irqchip(struct nacre_vm *vm, struct nacre_error *error);

/* nacre_vm_irq_line() - set the level of a GSI's line; from any thread */
int nacre_vm_irq_line(struct nacre_vm *vm, unsigned int gsi, bool level,
		      struct nacre_error *error);

/*
 * nacre_vm_ioeventfd() - have a guest's write signal an eventfd
 * @size: how wide the write to @gpa is; 1, 2, 4 or 8 bytes
 * @on: false undoes the same with true
 * Such a write does not end nacre_vcpu_run(), nor reach its handlers. Wants
 * NACRE_CAP_IOEVENTFD. From any thread.
 */
int nacre_vm_ioeventfd(struct nacre_vm *vm, uint64_t gpa, unsigned int size,
		       int fd, bool on, struct nacre_error *error);

/*
 * nacre_vm_message() - have an eventfd send a message-signalled interrupt
 * @gsi: from NACRE_PINS on, one for each eventfd; it keeps what is sent
 * @address, @data: the message; a later call for the same @gsi and @fd
 *	replaces it
 * The pins keep the routes that they have without this. Wants NACRE_CAP_IRQFD
 * and NACRE_CAP_IRQ_ROUTING, which is above @gsi, and the irqchip.
 *   EINVAL  @gsi is a pin
 */
#define NACRE_PINS 24
int nacre_vm_message(struct nacre_vm *vm, unsigned int gsi, int fd,
		     uint64_t address, uint32_t data,
		     struct nacre_error *error);

/*
 * ---------------------------------------------------------------------------
 * A virtual processor
 */

struct nacre_vcpu;

/*
 * nacre_vcpu_create() - a processor in its reset state
 * @id: its APIC ID
 */
int nacre_vcpu_create(struct nacre_vm *vm, unsigned int id,
		      struct nacre_vcpu **vcpu, struct nacre_error *error);

/* Takes NULL. Not while a thread runs it. */
void nacre_vcpu_destroy(struct nacre_vcpu *vcpu);

int nacre_vcpu_fd(const struct nacre_vcpu *vcpu);
unsigned int nacre_vcpu_id(const struct nacre_vcpu *vcpu);

/* The registers; errors are those of the ioctls. */
int nacre_vcpu_get_regs(struct nacre_vcpu *vcpu, struct nacre_regs *regs,
			struct nacre_error *error);
int nacre_vcpu_set_regs(struct nacre_vcpu *vcpu, const struct nacre_regs *regs,
			struct nacre_error *error);
int nacre_vcpu_get_sregs(struct nacre_vcpu *vcpu, struct nacre_sregs *sregs,
			 struct nacre_error *error);
int nacre_vcpu_set_sregs(struct nacre_vcpu *vcpu,
			 const struct nacre_sregs *sregs,
			 struct nacre_error *error);

/*
 * nacre_vcpu_set_cpuid() - give it all that the module supports
 * @nr_vcpus: how many there are; their ids are 0 to @nr_vcpus - 1
 * What NACRE_GET_SUPPORTED_CPUID lists, with the hypervisor bit, this vCPU's
 * APIC ID, a topology of one package with @nr_vcpus cores of one thread, and
 * the TSC deadline timer if there is an in-kernel APIC that has it. Without
 * what needs more than this library sets up: nested virtualization,
 * performance counters, MONITOR.
 *   EINVAL  @nr_vcpus is 0, above 255, or not above the vCPU's id
 */
int nacre_vcpu_set_cpuid(struct nacre_vcpu *vcpu, unsigned int nr_vcpus,
			 struct nacre_error *error);

/*
 * nacre_cpuid_adjust() - the same, on a list
 * @cpuid: what the module supports; changed in place
 * @capacity: how many entries there is room for, at least 6 more than are used
 * @deadline: whether the guest gets the TSC deadline timer
 *   EINVAL  as above
 *   E2BIG   @capacity is less
 */
int nacre_cpuid_adjust(struct nacre_cpuid2 *cpuid, unsigned int capacity,
		       unsigned int id, unsigned int nr_vcpus, bool deadline);

/*
 * struct nacre_handlers - who answers the guest
 * Embedded in the caller's own struct. Called by nacre_vcpu_run() in its
 * thread; the data is @size bytes, the lowest address first, of 1, 2 or 4 for
 * a port and at most 8 for memory. The address is the guest's: anything.
 * @pio_read, @mmio_read: fill in all of @data
 * @done: asked after each access; true ends nacre_vcpu_run() with
 *	NACRE_STOP_DONE. The access is complete when the vCPU runs the next
 *	time, not before.
 */
struct nacre_handlers {
	void (*pio_read)(struct nacre_handlers *handlers, uint16_t port,
			 void *data, unsigned int size);
	void (*pio_write)(struct nacre_handlers *handlers, uint16_t port,
			  const void *data, unsigned int size);
	void (*mmio_read)(struct nacre_handlers *handlers, uint64_t gpa,
			  void *data, unsigned int size);
	void (*mmio_write)(struct nacre_handlers *handlers, uint64_t gpa,
			   const void *data, unsigned int size);
	bool (*done)(struct nacre_handlers *handlers);
};

/*
 * enum nacre_stop - why nacre_vcpu_run() came back
 * @NACRE_STOP_KICKED: nacre_vcpu_kick() was called
 * @NACRE_STOP_DONE: handlers->done() said so
 * @NACRE_STOP_HALT: HLT, without an in-kernel APIC to wait in
 * @NACRE_STOP_SHUTDOWN: a triple fault
 * @NACRE_STOP_OFF, @NACRE_STOP_RESET: the guest said so by a system event
 * @NACRE_STOP_CRASH: the guest reported its own crash by a system event
 * @NACRE_STOP_STUCK: the module cannot go on with this guest; the error says
 *	why: an instruction it cannot emulate, a state the processor refuses
 * @NACRE_STOP_EXIT: an exit that none of the above is; nacre_vcpu_state() has
 *	it
 * @NACRE_STOP_FAILED: the ioctl failed; the error says how
 */
enum nacre_stop {
	NACRE_STOP_KICKED,
	NACRE_STOP_DONE,
	NACRE_STOP_HALT,
	NACRE_STOP_SHUTDOWN,
	NACRE_STOP_OFF,
	NACRE_STOP_RESET,
	NACRE_STOP_CRASH,
	NACRE_STOP_STUCK,
	NACRE_STOP_EXIT,
	NACRE_STOP_FAILED,
};

/*
 * nacre_vcpu_run() - run the guest, answering it, until something else comes
 * A signal that is no kick does not end it.
 */
enum nacre_stop nacre_vcpu_run(struct nacre_vcpu *vcpu,
			       struct nacre_handlers *handlers,
			       struct nacre_error *error);

/*
 * nacre_vcpu_kick() - make nacre_vcpu_run() return, now or when it is called
 * From any thread, and from a signal handler. A guest that runs is interrupted
 * by SIGRTMIN, for which the first nacre_vcpu_create() of the process puts in
 * a handler that does nothing; a thread that runs a vCPU must not block it.
 * Kicks that come before the run ends count as one.
 */
void nacre_vcpu_kick(struct nacre_vcpu *vcpu);

/* The page shared with the module: the last exit. Shared is hostile. */
const struct nacre_run *nacre_vcpu_state(const struct nacre_vcpu *vcpu);

/*
 * ---------------------------------------------------------------------------
 * Linux
 *
 * Loads a bzImage and enters it by its 64-bit entry point. Source: "The
 * Linux/x86 Boot Protocol" of the kernel's documentation, of which 2.12 is
 * the oldest version that has it.
 */

/* What is used of guest memory below 1 MiB until the kernel runs by itself. */
#define NACRE_LINUX_GDT		0x500
#define NACRE_LINUX_PARAMS	0x7000
#define NACRE_LINUX_TABLES	0x9000
#define NACRE_LINUX_CMDLINE	0x20000
#define NACRE_LINUX_CMDLINE_MAX	0x10000

/*
 * struct nacre_linux_header - what the setup header of an image says
 * @version: of the boot protocol, 0x020c for 2.12
 * @setup_bytes: where the protected-mode part begins in the file
 * @kernel_bytes: how long it is
 * @pref_address: where it wants to run
 * @init_size: how much memory it needs there until it knows its own
 * @alignment: of its address, a power of 2
 * @relocatable: whether it runs elsewhere too
 * @initrd_addr_max: the last address an initrd may use
 * @cmdline_max: bytes of command line it takes, without the final 0
 */
struct nacre_linux_header {
	unsigned int version;
	size_t setup_bytes;
	size_t kernel_bytes;
	uint64_t pref_address;
	uint64_t init_size;
	uint64_t alignment;
	bool relocatable;
	uint64_t initrd_addr_max;
	size_t cmdline_max;
};

/*
 * nacre_linux_parse() - check an image and read its setup header
 * @image, @size: the file's contents; nothing about them is trusted
 *   ENOEXEC  no bzImage; damaged; truncated; without a 64-bit entry; a boot
 *	protocol before 2.12
 */
int nacre_linux_parse(const void *image, size_t size,
		      struct nacre_linux_header *header,
		      struct nacre_error *error);

/* The types of struct nacre_e820. */
#define NACRE_E820_RAM		1
#define NACRE_E820_RESERVED	2
#define NACRE_E820_ACPI		3

/* As many rows of the memory map as struct boot_params has room for. */
#define NACRE_E820_MAX		128

struct nacre_e820 {
	uint64_t gpa;
	uint64_t size;
	uint32_t type;
};

/*
 * struct nacre_linux - what to boot
 * @image, @image_size: a bzImage's contents
 * @initrd, @initrd_size: an initrd's contents; size 0 for none
 * @cmdline: the command line
 * @map, @map_rows: what the guest is told of its memory, by address. The
 *	kernel and the initrd go where it says NACRE_E820_RAM, from 1 MiB on
 *	and below 4 GiB.
 * @rsdp: where ACPI begins, 0 if there is none
 */
struct nacre_linux {
	const void *image;
	size_t image_size;
	const void *initrd;
	size_t initrd_size;
	const char *cmdline;
	const struct nacre_e820 *map;
	unsigned int map_rows;
	uint64_t rsdp;
};

/*
 * struct nacre_linux_place - where things went
 * @kernel, @initrd: gpa; @initrd is 0 if there is none
 * @entry: where the vCPU starts
 */
struct nacre_linux_place {
	uint64_t kernel;
	uint64_t initrd;
	uint64_t entry;
};

/*
 * nacre_linux_load() - put a kernel and all it is told into guest memory
 *   ENOEXEC  as nacre_linux_parse()
 *   ENOSPC  the kernel or the initrd does not fit; the message says how much
 *	memory would do
 *   E2BIG   the command line is longer than the kernel takes
 *   EINVAL  more than NACRE_E820_MAX rows
 *   EFAULT  the map says RAM where there is no memory
 */
int nacre_linux_load(struct nacre_memory *memory,
		     const struct nacre_linux *boot,
		     struct nacre_linux_place *place,
		     struct nacre_error *error);

/*
 * nacre_linux_start() - have a vCPU begin in the kernel that was loaded
 * Long mode, memory below 4 GiB mapped one to one, flat segments, interrupts
 * off, RSI at the boot parameters.
 */
int nacre_linux_start(struct nacre_vcpu *vcpu,
		      const struct nacre_linux_place *place,
		      struct nacre_error *error);

/*
 * ---------------------------------------------------------------------------
 * Files
 */

/*
 * struct nacre_file - a file's contents, read-only
 * @data: NULL if it is empty
 */
struct nacre_file {
	void *data;
	size_t size;
};

/*
 * nacre_file_read() - read a whole regular file
 * Read, not mapped: a file that shrinks under a mapping kills its reader.
 *   EISDIR, EINVAL  a directory; no regular file
 *   ENOMEM  it is larger than memory
 * and what open() and read() say.
 */
int nacre_file_read(const char *path, struct nacre_file *file,
		    struct nacre_error *error);
void nacre_file_free(struct nacre_file *file);

#ifdef __cplusplus
}
#endif

#endif /* LIBNACRE_NACRE_H */
