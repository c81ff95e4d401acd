/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * nacre.h - the binary interface between nacre.ko and a virtual machine
 * monitor (VMM)
 *
 * Numbers, layouts and errnos are those of version 12 of the KVM ABI on x86: a
 * program built against either header runs on either module. The meaning of
 * an entry stands here whether or not the module in use has it; a capability
 * that reads 0 says that it has not. Documentation/abi.rst lists the others.
 *
 * There are three descriptors. The device node answers system ioctls, of which
 * NACRE_CREATE_VM makes a VM; NACRE_CREATE_VCPU on a VM makes a vCPU, whose
 * pages are shared by mmap(). Each of the three keeps alive what it stands for
 * and what that needs: a VM goes with the last of its descriptors.
 *
 * Addresses and sizes are in bytes. "gpa" is a guest-physical address, "page"
 * 4096 bytes. A member named pad, padding or reserved is zero in both
 * directions. A member that nothing is said about has the meaning its name has
 * in the manual. Every ioctl returns 0 on success unless its entry says
 * otherwise, and on failure -1 with errno. What any of them may give, and the
 * entries do not repeat:
 *
 *   EFAULT  the argument does not point to memory of the caller
 *   ENOMEM  no memory
 *   EIO     the caller's address space is not the one that created the VM, or
 *           the VM was killed because an invariant broke
 *   EINTR   vCPU: a fatal signal came while another thread used the vCPU
 *   EINVAL  system, vCPU: no such ioctl
 *   ENOTTY  VM: no such ioctl
 *
 * Where the rules come from: an entry that names no source has its rule from
 * the entry of the same name in the kernel's "The Definitive KVM API
 * Documentation", and where that is silent, from what in-tree KVM does. "SDM"
 * is the Intel 64 and IA-32 Architectures Software Developer's Manual, "APM"
 * the AMD64 Architecture Programmer's Manual, each with the section's title.
 */
#ifndef _UAPI_NACRE_H
#define _UAPI_NACRE_H

#include <linux/types.h>
#include <linux/ioctl.h>

#ifdef __KERNEL__
#define __NACRE_USER __user
#else
#define __NACRE_USER
#endif

/*
 * A counted tail. C++ has no flexible arrays but takes an empty one; in C a
 * union needs a structure around it.
 */
#ifdef __cplusplus
#define __NACRE_TAIL(type, name) __extension__ type name[0]
#define __NACRE_UNION_TAIL(type, name) __extension__ type name[0]
#else
#define __NACRE_TAIL(type, name) type name[]
#define __NACRE_UNION_TAIL(type, name) \
	__extension__ struct { struct { } __empty_##name; type name[]; }
#endif

/* The type of every ioctl of the KVM ABI; it owns all 256 numbers of it. */
#define NACREIO 0xAE

/*
 * nacre's own: ioctls have this type, which the kernel's list of ioctl numbers
 * shows free; capabilities start at this number, "NA" in the upper half.
 * Nothing is in either range yet.
 */
#define NACRE_OWN_IO 0xBE
#define NACRE_OWN_CAP_BASE 0x4e410000

/*
 * ---------------------------------------------------------------------------
 * System ioctls: on the device node
 */

/*
 * NACRE_GET_API_VERSION - the version of the whole interface
 * Argument: 0. Returns NACRE_API_VERSION; refuse to run on any other.
 *   EINVAL  the argument is not 0
 */
#define NACRE_GET_API_VERSION	_IO(NACREIO, 0x00)
#define NACRE_API_VERSION	12

/*
 * NACRE_CREATE_VM - make a virtual machine without memory or processors
 * Argument: its type, NACRE_X86_DEFAULT_VM, or another whose bit is set in
 * NACRE_CAP_VM_TYPES. Returns a VM descriptor, closed on exec. The VM belongs
 * to the caller's address space. Never interrupted by a signal.
 *   EINVAL      no such type
 *   EBUSY       another hypervisor owns the processor's extension
 *   EMFILE, ENFILE  no descriptor is free
 */
#define NACRE_CREATE_VM		_IO(NACREIO, 0x01)
#define NACRE_X86_DEFAULT_VM		0
#define NACRE_X86_SW_PROTECTED_VM	1

/*
 * NACRE_GET_MSR_INDEX_LIST - which MSRs make up a vCPU's state
 * struct nacre_msr_list: in, nmsrs is the room in indices; out, it is the
 * number there is. What NACRE_GET_MSRS reads for this list, NACRE_SET_MSRS
 * takes on another vCPU; writing 0 to a listed MSR that the guest's CPUID
 * lacks is taken too.
 *   E2BIG   more than nmsrs; nmsrs is updated, nothing else
 */
#define NACRE_GET_MSR_INDEX_LIST \
	_IOWR(NACREIO, 0x02, struct nacre_msr_list)

/*
 * NACRE_CHECK_EXTENSION - ask for a capability
 * Also on a VM, if NACRE_CAP_CHECK_EXTENSION_VM: then the answer is for this
 * VM. Argument: a NACRE_CAP_* number. Returns 0 if absent or unknown,
 * otherwise what the capability's entry says, by default 1.
 */
#define NACRE_CHECK_EXTENSION	_IO(NACREIO, 0x03)

/*
 * NACRE_GET_VCPU_MMAP_SIZE - how much of a vCPU descriptor to map
 * Argument: 0. Returns bytes: struct nacre_run, the port data page and the
 * coalesced ring; the dirty ring lies beyond.
 *   EINVAL  the argument is not 0
 */
#define NACRE_GET_VCPU_MMAP_SIZE _IO(NACREIO, 0x04)

/*
 * NACRE_GET_SUPPORTED_CPUID - the CPUID leaves a vCPU may be given
 * struct nacre_cpuid2: in, nent is the room in entries; out, the number there
 * is. A guest given all of it runs: bits are set that processor and module
 * both have, or that the module makes up. Not reported, though it works
 * with an in-kernel APIC: the TSC deadline timer, see
 * NACRE_CAP_TSC_DEADLINE_TIMER. APIC IDs and topology are left to the VMM.
 *   E2BIG   more than nent, or nent is 0
 * SDM, CPUID - CPU Identification; APM, CPUID.
 */
#define NACRE_GET_SUPPORTED_CPUID \
	_IOWR(NACREIO, 0x05, struct nacre_cpuid2)

/*
 * NACRE_GET_EMULATED_CPUID - what runs although the processor lacks it
 * As above. These features are emulated, which is slow, so they are not in
 * the list above.
 *   E2BIG   more than nent, or nent is 0
 *   EINVAL  padding of an entry is not 0 on the way in
 */
#define NACRE_GET_EMULATED_CPUID \
	_IOWR(NACREIO, 0x09, struct nacre_cpuid2)

/*
 * NACRE_GET_MSR_FEATURE_INDEX_LIST - MSRs that describe features
 * As NACRE_GET_MSR_INDEX_LIST. NACRE_GET_MSRS on the device node reads them:
 * the most that a vCPU can be given of each.
 *   E2BIG   more than nmsrs; nmsrs is updated
 */
#define NACRE_GET_MSR_FEATURE_INDEX_LIST \
	_IOWR(NACREIO, 0x0a, struct nacre_msr_list)

/*
 * NACRE_X86_GET_MCE_CAP_SUPPORTED - what machine-check features there are
 * __u64, out: the bits of IA32_MCG_CAP that NACRE_X86_SETUP_MCE takes, its
 * bank count apart.
 * SDM, Machine-Check Global Control MSRs.
 */
#define NACRE_X86_GET_MCE_CAP_SUPPORTED _IOR(NACREIO, 0x9d, __u64)

/*
 * Also on the device node: NACRE_GET_MSRS for feature MSRs,
 * NACRE_GET_SUPPORTED_HV_CPUID, and the attribute ioctls.
 */

/*
 * ---------------------------------------------------------------------------
 * VM ioctls: on the descriptor from NACRE_CREATE_VM
 */

/*
 * NACRE_CREATE_VCPU - add a processor
 * Argument: its id, which is its initial APIC ID, below
 * NACRE_CAP_MAX_VCPU_ID; ids may have gaps. Returns a vCPU descriptor, closed
 * on exec. The vCPU is in its reset state; the one that
 * NACRE_SET_BOOT_CPU_ID names, by default 0, is runnable, the others wait for
 * INIT if the APIC is in the kernel.
 *   EINVAL  the id is too high, or there are NACRE_CAP_MAX_VCPUS already
 *   EEXIST  the id is taken
 *   EMFILE, ENFILE  no descriptor is free
 * SDM, Processor State After Reset; APM, Processor Initialization State.
 */
#define NACRE_CREATE_VCPU	_IO(NACREIO, 0x41)

/*
 * NACRE_SET_USER_MEMORY_REGION - make, move, change or delete a memory slot
 * struct nacre_userspace_memory_region. A slot maps guest-physical pages to
 * pages of the caller, follows every later change of that mapping, and stays
 * when the memory is unmapped. memory_size 0 deletes it. A slot that exists
 * can be moved to another gpa and its dirty log be switched; anything else
 * means to delete it first. When this returns no vCPU uses what was.
 *   EINVAL  not page aligned; wraps around; no such slot number or address
 *           space; 2^31 pages or more; a flag that is unknown or absent here;
 *           deletes what is not there; changes size, user address or
 *           NACRE_MEM_READONLY
 *   EEXIST  overlaps another slot of the same address space
 */
#define NACRE_SET_USER_MEMORY_REGION \
	_IOW(NACREIO, 0x46, struct nacre_userspace_memory_region)

/*
 * NACRE_SET_USER_MEMORY_REGION2 - the same with private memory
 * struct nacre_userspace_memory_region2; NACRE_CAP_USER_MEMORY2. With
 * NACRE_MEM_GUEST_MEMFD the slot's private pages come from guest_memfd at
 * guest_memfd_offset; such a slot can only be made and deleted.
 *   EINVAL, EEXIST  as above, and guest_memfd of another VM or its offset
 *           unaligned or past its end
 *   EBADF   guest_memfd is no descriptor
 */
#define NACRE_SET_USER_MEMORY_REGION2 \
	_IOW(NACREIO, 0x49, struct nacre_userspace_memory_region2)

/*
 * NACRE_GET_DIRTY_LOG - fetch and clear which pages were written
 * struct nacre_dirty_log: slot as in the region; dirty_bitmap points to one
 * bit for each page of the slot, rounded up to 64, first page in bit 0 of
 * byte 0. With NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2 enabled it only fetches.
 *   EINVAL  no such slot number or address space
 *   ENOENT  no such slot, or it has no dirty log
 *   ENXIO   the VM uses the dirty ring instead
 */
#define NACRE_GET_DIRTY_LOG	_IOW(NACREIO, 0x42, struct nacre_dirty_log)

/*
 * NACRE_CLEAR_DIRTY_LOG - clear the given bits and watch those pages again
 * struct nacre_clear_dirty_log; NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2.
 * first_page is a multiple of 64, so is num_pages unless it reaches the
 * slot's end. Bit 0 of byte 0 is first_page; a bit that is 0 changes nothing.
 *   EINVAL  not such multiples, past the end, or no such slot number
 *   ENOENT  no such slot, or it has no dirty log
 *   ENXIO   the VM uses the dirty ring instead
 */
#define NACRE_CLEAR_DIRTY_LOG \
	_IOWR(NACREIO, 0xc0, struct nacre_clear_dirty_log)

/*
 * NACRE_RESET_DIRTY_RINGS - take back what the VMM has harvested
 * Argument: ignored. NACRE_CAP_DIRTY_LOG_RING. Returns how many entries of all
 * vCPUs were marked with NACRE_DIRTY_GFN_F_RESET; their pages are watched
 * again.
 *   EINVAL  the ring is not enabled
 */
#define NACRE_RESET_DIRTY_RINGS	_IO(NACREIO, 0xc7)

/*
 * NACRE_SET_MEMORY_ATTRIBUTES - make a range of pages private or shared
 * struct nacre_memory_attributes; NACRE_CAP_MEMORY_ATTRIBUTES.
 *   EINVAL  not page aligned, empty, wraps around, flags, or an attribute that
 *           the capability does not show
 */
#define NACRE_SET_MEMORY_ATTRIBUTES \
	_IOW(NACREIO, 0xd2, struct nacre_memory_attributes)

/*
 * NACRE_CREATE_GUEST_MEMFD - memory that only a guest can map
 * struct nacre_create_guest_memfd; NACRE_CAP_GUEST_MEMFD. Returns a descriptor
 * for nacre_userspace_memory_region2.
 *   EINVAL  size 0 or not page aligned, or flags
 *   EMFILE, ENFILE  no descriptor is free
 */
#define NACRE_CREATE_GUEST_MEMFD \
	_IOWR(NACREIO, 0xd4, struct nacre_create_guest_memfd)

/*
 * NACRE_SET_TSS_ADDR - where the module may keep three pages
 * Argument: a gpa below 4 GiB that the VMM leaves without memory. Used by
 * Intel processors that cannot run real mode as a guest; nothing elsewhere.
 *   EINVAL  the three pages do not end below 4 GiB
 *   EEXIST  was set before, or there is a memory slot
 * SDM, Unrestricted Guests.
 */
#define NACRE_SET_TSS_ADDR	_IO(NACREIO, 0x47)

/*
 * NACRE_SET_IDENTITY_MAP_ADDR - where it may keep one page more
 * __u64, in: a gpa below 4 GiB; 0 is the default, 0xfffbc000. Used by the same
 * processors, for a guest without paging.
 *   EINVAL  there is a vCPU
 */
#define NACRE_SET_IDENTITY_MAP_ADDR _IOW(NACREIO, 0x48, __u64)

/*
 * NACRE_SET_NR_MMU_PAGES - bound the memory for shadow page tables
 * Argument: pages, at least 64.
 *   EINVAL  fewer
 */
#define NACRE_SET_NR_MMU_PAGES	_IO(NACREIO, 0x44)

/*
 * NACRE_GET_NR_MMU_PAGES - read that bound
 * Gone from KVM, and so ENOTTY; the number stays taken.
 */
#define NACRE_GET_NR_MMU_PAGES	_IO(NACREIO, 0x45)

/*
 * NACRE_SET_BOOT_CPU_ID - which vCPU starts
 * Argument: a vCPU id. Its IA32_APIC_BASE has the BSP flag.
 *   EBUSY   there is a vCPU
 *   EINVAL  the id is too high
 */
#define NACRE_SET_BOOT_CPU_ID	_IO(NACREIO, 0x78)

/*
 * NACRE_ENABLE_CAP - switch on what is off by default
 * On a VM or a vCPU, as the capability's entry says. struct nacre_enable_cap:
 * cap, flags 0, and args as that entry says.
 *   EINVAL  cap cannot be enabled here, flags or args are wrong, or it is too
 *           late for it
 */
#define NACRE_ENABLE_CAP	_IOW(NACREIO, 0xa3, struct nacre_enable_cap)

/*
 * NACRE_CREATE_IRQCHIP - put the interrupt controllers into the kernel
 * Argument: ignored. A PIC pair, an IOAPIC of 24 pins at 0xfec00000, and a
 * local APIC in each vCPU. GSIs 0 to 15 go to the PICs and the IOAPIC, 16 to
 * 23 to the IOAPIC, until NACRE_SET_GSI_ROUTING.
 *   EEXIST  there are controllers, these or NACRE_CAP_SPLIT_IRQCHIP
 *   EINVAL  there is a vCPU
 *   ENOTTY  the module was loaded with irqchip=0
 */
#define NACRE_CREATE_IRQCHIP	_IO(NACREIO, 0x60)

/*
 * NACRE_GET_IRQCHIP, NACRE_SET_IRQCHIP - a controller's registers
 * struct nacre_irqchip: chip_id, in, is one of NACRE_IRQCHIP_*. The second
 * reads its argument, though its number has the other direction.
 *   ENXIO   no controllers from NACRE_CREATE_IRQCHIP
 *   EINVAL  no such chip
 */
#define NACRE_GET_IRQCHIP	_IOWR(NACREIO, 0x62, struct nacre_irqchip)
#define NACRE_SET_IRQCHIP	_IOR(NACREIO, 0x63, struct nacre_irqchip)

/*
 * NACRE_IRQ_LINE - raise or lower an interrupt line
 * struct nacre_irq_level: irq is a GSI, level 1 or 0. An edge is both. Who
 * asserts a level lowers it.
 *   ENXIO   no in-kernel controllers
 */
#define NACRE_IRQ_LINE		_IOW(NACREIO, 0x61, struct nacre_irq_level)

/*
 * NACRE_IRQ_LINE_STATUS - the same, and what became of it
 * Out, in place of irq: status, the number of APICs that took it; 0 if it
 * merged with one that is pending; negative if masked or not routed.
 * NACRE_CAP_IRQ_INJECT_STATUS. It shares its number, not its size, with
 * NACRE_REGISTER_COALESCED_MMIO.
 *   ENXIO   no in-kernel controllers
 */
#define NACRE_IRQ_LINE_STATUS	_IOWR(NACREIO, 0x67, struct nacre_irq_level)

/*
 * NACRE_SET_GSI_ROUTING - replace the table from GSIs to pins and messages
 * struct nacre_irq_routing. A GSI has one route to each of several
 * controllers, or a single one of another kind. The old table is in use by
 * nobody when this returns. A line that is up stays so at its pins.
 *   EINVAL  no in-kernel controllers; nr above, or a GSI not below,
 *           NACRE_CAP_IRQ_ROUTING; a flag, type, controller or pin that is not
 *           there; a GSI with more routes than it may have
 */
#define NACRE_SET_GSI_ROUTING	_IOW(NACREIO, 0x6a, struct nacre_irq_routing)

/*
 * NACRE_SIGNAL_MSI - deliver a message-signalled interrupt
 * struct nacre_msi. Returns how many APICs took it; one that has the same
 * pending takes it, too.
 *   EINVAL  no in-kernel APIC, a flag, or an address_hi that is no destination
 *   EPERM   there is no APIC; or, for some messages, none has that address
 * SDM, Message Signalled Interrupts.
 */
#define NACRE_SIGNAL_MSI	_IOW(NACREIO, 0xa5, struct nacre_msi)

/*
 * NACRE_IRQFD - tie an eventfd to a GSI
 * struct nacre_irqfd. Each write to the eventfd injects an edge, or with
 * NACRE_IRQFD_FLAG_RESAMPLE asserts a level until the guest's EOI, which is
 * told by resamplefd. NACRE_IRQFD_FLAG_DEASSIGN undoes it; no interrupt comes
 * from it afterwards.
 * A GSI that leads nowhere is none's, and no error. On one level-triggered line
 * several irqfds with resamplefds can be; each hears of each EOI.
 *   EINVAL  a flag; not an eventfd; no in-kernel controllers; resampling without
 *           an in-kernel IOAPIC
 *   EBADF   no such descriptor
 *   EBUSY   the eventfd is tied already in this VM
 */
#define NACRE_IRQFD		_IOW(NACREIO, 0x76, struct nacre_irqfd)

/*
 * NACRE_IOEVENTFD - tie an eventfd to a guest's write
 * struct nacre_ioeventfd. A write that matches signals the eventfd and does
 * not reach the VMM. NACRE_IOEVENTFD_FLAG_DEASSIGN with the same values undoes
 * it.
 * What undoes is compared, and not judged.
 *   EINVAL  a flag; len not 0, 1, 2, 4 or 8; wraps around; datamatch with
 *           len 0; not an eventfd
 *   EBADF   no such descriptor
 *   EEXIST  another one matches the same write
 *   ENOENT  undoes what is not there
 *   ENOSPC  the bus is full
 */
#define NACRE_IOEVENTFD		_IOW(NACREIO, 0x79, struct nacre_ioeventfd)

/*
 * NACRE_REGISTER_COALESCED_MMIO, NACRE_UNREGISTER_COALESCED_MMIO
 * - collect writes instead of leaving at each
 * struct nacre_coalesced_mmio_zone; NACRE_CAP_COALESCED_MMIO, for ports
 * NACRE_CAP_COALESCED_PIO. A write into the zone goes to the ring in the
 * vCPUs' shared pages; a write that finds it full is an exit. The VMM drains
 * the ring before it acts on an exit. The second takes away every zone that
 * holds the given one, and succeeds if there is none.
 *   EINVAL  pio is not 0 or 1
 *   ENOSPC  the bus is full
 */
#define NACRE_REGISTER_COALESCED_MMIO \
	_IOW(NACREIO, 0x67, struct nacre_coalesced_mmio_zone)
#define NACRE_UNREGISTER_COALESCED_MMIO \
	_IOW(NACREIO, 0x68, struct nacre_coalesced_mmio_zone)

/*
 * NACRE_CREATE_PIT2 - put an 8254 interval timer into the kernel
 * struct nacre_pit_config. Ports 0x40 to 0x43, and with
 * NACRE_PIT_SPEAKER_DUMMY also 0x61.
 *   EEXIST  there is one
 *   ENOENT  no in-kernel PICs
 */
#define NACRE_CREATE_PIT2	_IOW(NACREIO, 0x77, struct nacre_pit_config)

/*
 * NACRE_GET_PIT2, NACRE_SET_PIT2 - its registers
 * struct nacre_pit_state2. Setting restarts the counters.
 *   ENXIO   no in-kernel timer
 */
#define NACRE_GET_PIT2		_IOR(NACREIO, 0x9f, struct nacre_pit_state2)
#define NACRE_SET_PIT2		_IOW(NACREIO, 0xa0, struct nacre_pit_state2)

/*
 * NACRE_CREATE_PIT, NACRE_GET_PIT, NACRE_SET_PIT - the same without flags
 * The first is NACRE_CREATE_PIT2 with NACRE_PIT_SPEAKER_DUMMY; its argument is
 * ignored. The third reads its argument, though its number has the other
 * direction. Errors as above.
 */
#define NACRE_CREATE_PIT	_IO(NACREIO, 0x64)
#define NACRE_GET_PIT		_IOWR(NACREIO, 0x65, struct nacre_pit_state)
#define NACRE_SET_PIT		_IOR(NACREIO, 0x66, struct nacre_pit_state)

/*
 * NACRE_REINJECT_CONTROL - whether missed ticks are made up for
 * struct nacre_reinject_control; its number has no size. On by default.
 *   ENXIO   no in-kernel timer
 */
#define NACRE_REINJECT_CONTROL	_IO(NACREIO, 0x71)

/*
 * NACRE_GET_CLOCK, NACRE_SET_CLOCK - the paravirtual clock
 * struct nacre_clock_data. Setting takes what getting gave: with
 * NACRE_CLOCK_REALTIME the clock is advanced by the real time since then.
 *   EINVAL  set: a flag that NACRE_CAP_ADJUST_CLOCK does not show
 */
#define NACRE_SET_CLOCK		_IOW(NACREIO, 0x7b, struct nacre_clock_data)
#define NACRE_GET_CLOCK		_IOR(NACREIO, 0x7c, struct nacre_clock_data)

/*
 * NACRE_SET_TSC_KHZ, NACRE_GET_TSC_KHZ - the time stamp counter's frequency
 * On a vCPU; on a VM, with NACRE_CAP_VM_TSC_CONTROL, the frequency that vCPUs
 * made later have. Argument: kHz, 0 for the host's. The second returns kHz.
 *   EINVAL  more than the processor can scale to, or other than the host's
 *           where it cannot scale
 * SDM, Time-Stamp Counter Offset and Multiplier; APM, TSC Ratio MSR.
 */
#define NACRE_SET_TSC_KHZ	_IO(NACREIO, 0xa2)
#define NACRE_GET_TSC_KHZ	_IO(NACREIO, 0xa3)

/*
 * NACRE_X86_SET_MSR_FILTER - which MSRs a guest may reach
 * struct nacre_msr_filter; NACRE_CAP_X86_MSR_FILTER. Replaces the filter of
 * all vCPUs. What is denied gives the guest #GP, or exits if
 * NACRE_CAP_X86_USER_SPACE_MSR asked for it. Accesses of the VMM, and the
 * x2APIC's 0x800 to 0x8ff, are not filtered.
 *   EINVAL  a flag; a range without flags, or with a bitmap of more than
 *           NACRE_MSR_FILTER_MAX_BITMAP_SIZE; all denied and no range
 */
#define NACRE_X86_SET_MSR_FILTER \
	_IOW(NACREIO, 0xc6, struct nacre_msr_filter)

/*
 * NACRE_SET_PMU_EVENT_FILTER - which events a guest may count
 * struct nacre_pmu_event_filter; NACRE_CAP_PMU_EVENT_FILTER.
 *   EINVAL  an action, a flag or a masked event that is not one
 *   E2BIG   more than 300 events
 */
#define NACRE_SET_PMU_EVENT_FILTER \
	_IOW(NACREIO, 0xb2, struct nacre_pmu_event_filter)

/*
 * NACRE_CREATE_DEVICE - make an in-kernel device
 * struct nacre_create_device; NACRE_CAP_DEVICE_CTRL. Out: fd, closed on exec,
 * which takes the attribute ioctls. With NACRE_CREATE_DEVICE_TEST it only says
 * whether there is such a type.
 *   ENODEV  no such type
 *   EBUSY   there is one, and it is of a type that a VM has once
 *   EMFILE, ENFILE  no descriptor is free
 */
#define NACRE_CREATE_DEVICE	_IOWR(NACREIO, 0xe0, struct nacre_create_device)

/*
 * ---------------------------------------------------------------------------
 * vCPU ioctls: on the descriptor from NACRE_CREATE_VCPU
 *
 * Any thread of the creator may call them, one at a time: while a thread is in
 * NACRE_RUN the others wait.
 */

/*
 * NACRE_RUN - run the guest until it needs the VMM
 * Argument: 0. struct nacre_run says before what to do, and after why the
 * guest stopped. First completes what the last exit left open, with the answer
 * the VMM has put there; then, if nacre_run.immediate_exit or a signal is
 * there, returns without running.
 *   EINVAL  the argument is not 0; a register set in nacre_valid_regs or
 *           nacre_dirty_regs is unknown, or its values are as invalid as they
 *           would be to the ioctl; cr8 above 15 without an in-kernel APIC
 *   EINTR   a signal (exit_reason NACRE_EXIT_INTR) or immediate_exit
 *   EAGAIN  the vCPU waited for INIT and got it; call again
 *   EFAULT, EHWPOISON  guest memory cannot be had: unmapped, or a page the
 *           hardware lost. exit_reason NACRE_EXIT_MEMORY_FAULT, if
 *           NACRE_CAP_MEMORY_FAULT_INFO, says where.
 *   ENOMEM  the host has no memory for page tables or registers
 */
#define NACRE_RUN		_IO(NACREIO, 0x80)

/*
 * NACRE_GET_REGS, NACRE_SET_REGS - the general registers
 * struct nacre_regs. Setting drops an exception that is waiting for delivery.
 */
#define NACRE_GET_REGS		_IOR(NACREIO, 0x81, struct nacre_regs)
#define NACRE_SET_REGS		_IOW(NACREIO, 0x82, struct nacre_regs)

/*
 * NACRE_GET_SREGS, NACRE_SET_SREGS - segment, control and system registers
 * struct nacre_sregs. All of it is set or nothing; segments are not checked
 * before the processor does.
 *   EINVAL  set: CR0, CR4 or EFER have bits the guest lacks or that exclude
 *           each other; EFER.LMA and CS.L against EFER.LME and CR0.PG; CR3 out
 *           of range; an invalid change of IA32_APIC_BASE
 * SDM, Checks on Guest Control Registers, Debug Registers, and MSRs.
 */
#define NACRE_GET_SREGS		_IOR(NACREIO, 0x83, struct nacre_sregs)
#define NACRE_SET_SREGS		_IOW(NACREIO, 0x84, struct nacre_sregs)

/*
 * NACRE_GET_SREGS2, NACRE_SET_SREGS2 - the same with the PDPTEs
 * struct nacre_sregs2; NACRE_CAP_SREGS2. Without the flag, setting loads them
 * from memory at CR3, as the processor does.
 *   EINVAL  set: as above; a flag; NACRE_SREGS2_FLAGS_PDPTRS_VALID where the
 *           guest does not use PAE paging
 */
#define NACRE_GET_SREGS2	_IOR(NACREIO, 0xcc, struct nacre_sregs2)
#define NACRE_SET_SREGS2	_IOW(NACREIO, 0xcd, struct nacre_sregs2)

/*
 * NACRE_TRANSLATE - walk the guest's page tables
 * struct nacre_translation: linear_address in. With paging off it is the gpa.
 */
#define NACRE_TRANSLATE		_IOWR(NACREIO, 0x85, struct nacre_translation)

/*
 * NACRE_INTERRUPT - queue an external interrupt
 * struct nacre_interrupt. Without an in-kernel APIC, the VMM waits until
 * nacre_run.ready_for_interrupt_injection. With the split controllers it is
 * the PIC's vector, for an APIC whose LINT0 takes it.
 *   EINVAL  the vector is above 255
 *   ENXIO   the PICs are in the kernel
 *   EEXIST  split controllers: the one before was not taken
 */
#define NACRE_INTERRUPT		_IOW(NACREIO, 0x86, struct nacre_interrupt)

/*
 * NACRE_GET_MSRS, NACRE_SET_MSRS - model-specific registers
 * struct nacre_msrs. Returns how many were done: it stops at the first that is
 * unknown or takes no such value, and nobody else is told. On the device node
 * the first reads feature MSRs.
 *   E2BIG   256 or more
 */
#define NACRE_GET_MSRS		_IOWR(NACREIO, 0x88, struct nacre_msrs)
#define NACRE_SET_MSRS		_IOW(NACREIO, 0x89, struct nacre_msrs)

/*
 * NACRE_SET_CPUID2 - what CPUID tells the guest
 * struct nacre_cpuid2. Replaces all of it; leaves not given read as the
 * processor's own manual says of leaves out of range. It decides which MSRs
 * and register bits the guest has.
 *   E2BIG   more than 256 entries
 *   EINVAL  a linear address width other than 0, 48 or 57; or the vCPU has run
 *           and this is not what it had
 *   EPERM   an extended state whose use the caller has not asked the kernel
 *           for, with arch_prctl()
 */
#define NACRE_SET_CPUID2	_IOW(NACREIO, 0x90, struct nacre_cpuid2)

/*
 * NACRE_GET_CPUID2 - read that back
 * struct nacre_cpuid2: in, nent is the room; out, the number there is.
 *   E2BIG   more than nent
 */
#define NACRE_GET_CPUID2	_IOWR(NACREIO, 0x91, struct nacre_cpuid2)

/*
 * NACRE_SET_CPUID - the same without subleaves
 * struct nacre_cpuid. Errors as NACRE_SET_CPUID2.
 */
#define NACRE_SET_CPUID		_IOW(NACREIO, 0x8a, struct nacre_cpuid)

/*
 * NACRE_SET_SIGNAL_MASK - which signals are blocked within NACRE_RUN
 * struct nacre_signal_mask, or no argument for the thread's own mask. SIGKILL
 * and SIGSTOP cannot be blocked.
 *   EINVAL  len is not 8
 */
#define NACRE_SET_SIGNAL_MASK	_IOW(NACREIO, 0x8b, struct nacre_signal_mask)

/*
 * NACRE_GET_FPU, NACRE_SET_FPU - x87 and SSE state
 * struct nacre_fpu.
 */
#define NACRE_GET_FPU		_IOR(NACREIO, 0x8c, struct nacre_fpu)
#define NACRE_SET_FPU		_IOW(NACREIO, 0x8d, struct nacre_fpu)

/*
 * NACRE_GET_XSAVE, NACRE_SET_XSAVE - all extended state
 * struct nacre_xsave, the standard form of XSAVE. The second reads as many
 * bytes as NACRE_CAP_XSAVE2 gives for the VM.
 *   EINVAL  get: the guest has more than 4096 bytes of it; set: a header or
 *           MXCSR with reserved bits, or a component that the host lacks
 * SDM, Organization of the XSAVE Area.
 */
#define NACRE_GET_XSAVE		_IOR(NACREIO, 0xa4, struct nacre_xsave)
#define NACRE_SET_XSAVE		_IOW(NACREIO, 0xa5, struct nacre_xsave)

/*
 * NACRE_GET_XSAVE2 - the same, as long as it is
 * struct nacre_xsave with as many bytes as NACRE_CAP_XSAVE2 gives for the VM.
 */
#define NACRE_GET_XSAVE2	_IOR(NACREIO, 0xcf, struct nacre_xsave)

/*
 * NACRE_GET_XCRS, NACRE_SET_XCRS - extended control registers
 * struct nacre_xcrs. There is XCR0, or none where the processor has no XSAVE;
 * others given are passed over.
 *   EINVAL  set: no XSAVE, flags, more than NACRE_MAX_XCRS, or a value that
 *           XSETBV would refuse
 * SDM, XSETBV - Set Extended Control Register.
 */
#define NACRE_GET_XCRS		_IOR(NACREIO, 0xa6, struct nacre_xcrs)
#define NACRE_SET_XCRS		_IOW(NACREIO, 0xa7, struct nacre_xcrs)

/*
 * NACRE_GET_LAPIC, NACRE_SET_LAPIC - the local APIC's registers
 * struct nacre_lapic_state. Setting lets the timer go on from the current
 * count; without one a period begins anew and a one-shot fires at once. Set
 * IA32_APIC_BASE first: it decides how the ID reads.
 *   EINVAL  no in-kernel APIC; set: an x2APIC ID other than the vCPU's, with
 *           NACRE_X2APIC_API_USE_32BIT_IDS
 * SDM, The Local APIC Block Diagram; APM, APIC Registers.
 */
#define NACRE_GET_LAPIC		_IOR(NACREIO, 0x8e, struct nacre_lapic_state)
#define NACRE_SET_LAPIC		_IOW(NACREIO, 0x8f, struct nacre_lapic_state)

/*
 * NACRE_GET_VCPU_EVENTS, NACRE_SET_VCPU_EVENTS - what is about to be delivered
 * struct nacre_vcpu_events. Set it after the other registers.
 *   EINVAL  set: a flag; a part whose capability is not enabled; an exception
 *           that is NMI or above 31; SMM while an INIT is being received
 */
#define NACRE_GET_VCPU_EVENTS	_IOR(NACREIO, 0x9f, struct nacre_vcpu_events)
#define NACRE_SET_VCPU_EVENTS	_IOW(NACREIO, 0xa0, struct nacre_vcpu_events)

/*
 * NACRE_GET_DEBUGREGS, NACRE_SET_DEBUGREGS - the guest's debug registers
 * struct nacre_debugregs.
 *   EINVAL  set: flags, or a bit in the upper half of DR6 or DR7
 * SDM, Debug Registers.
 */
#define NACRE_GET_DEBUGREGS	_IOR(NACREIO, 0xa1, struct nacre_debugregs)
#define NACRE_SET_DEBUGREGS	_IOW(NACREIO, 0xa2, struct nacre_debugregs)

/*
 * NACRE_GET_MP_STATE, NACRE_SET_MP_STATE - whether the vCPU runs
 * struct nacre_mp_state. Getting first acts on an INIT or SIPI that is
 * pending, so get it before the other registers.
 *   EINVAL  set: no such state; without an in-kernel APIC, any but
 *           NACRE_MP_STATE_RUNNABLE; INIT or SIPI received while they are
 *           blocked
 */
#define NACRE_GET_MP_STATE	_IOR(NACREIO, 0x98, struct nacre_mp_state)
#define NACRE_SET_MP_STATE	_IOW(NACREIO, 0x99, struct nacre_mp_state)

/*
 * NACRE_NMI - make a non-maskable interrupt pending
 * Argument: ignored. One is delivered and one more is kept.
 * SDM, Handling Multiple NMIs.
 */
#define NACRE_NMI		_IO(NACREIO, 0x9a)

/*
 * NACRE_SMI - make a system management interrupt pending
 * Argument: ignored. NACRE_CAP_X86_SMM.
 *   ENOTTY  no system management mode
 */
#define NACRE_SMI		_IO(NACREIO, 0xb7)

/*
 * NACRE_SET_GUEST_DEBUG - debug the guest from outside
 * struct nacre_guest_debug. Replaces what was set before; the guest's own
 * debug registers keep their values. What is caught is NACRE_EXIT_DEBUG.
 *   EBUSY   an exception to inject, and one is pending
 */
#define NACRE_SET_GUEST_DEBUG	_IOW(NACREIO, 0x9b, struct nacre_guest_debug)

/*
 * NACRE_TPR_ACCESS_REPORTING - leave when the guest touches the TPR
 * struct nacre_tpr_access_ctl; NACRE_CAP_VAPIC. For guests whose TPR accesses
 * the VMM patches; see NACRE_EXIT_TPR_ACCESS.
 *   EINVAL  flags
 */
#define NACRE_TPR_ACCESS_REPORTING \
	_IOWR(NACREIO, 0x92, struct nacre_tpr_access_ctl)

/*
 * NACRE_SET_VAPIC_ADDR - where such a guest keeps its TPR
 * struct nacre_vapic_addr: the gpa of a 32-bit word, kept in step with TPR,
 * ISR and IRR at each entry and exit; 0 for none.
 *   EINVAL  no in-kernel APIC, or no memory there
 */
#define NACRE_SET_VAPIC_ADDR	_IOW(NACREIO, 0x93, struct nacre_vapic_addr)

/*
 * NACRE_X86_SETUP_MCE - give the vCPU machine-check banks
 * __u64, in: the guest's IA32_MCG_CAP, banks in bits 7:0.
 *   EINVAL  no bank, more than NACRE_CAP_MCE, or a feature that
 *           NACRE_X86_GET_MCE_CAP_SUPPORTED does not show
 */
#define NACRE_X86_SETUP_MCE	_IOW(NACREIO, 0x9c, __u64)

/*
 * NACRE_X86_SET_MCE - report a machine check
 * struct nacre_x86_mce. An uncorrected error gives #MC, or a shutdown while
 * one is handled or CR4.MCE is clear; nothing, where the guest has the bank
 * off. Other errors are logged in the bank.
 *   EINVAL  no such bank, or no valid bit in status
 * SDM, Machine-Check Architecture.
 */
#define NACRE_X86_SET_MCE	_IOW(NACREIO, 0x9e, struct nacre_x86_mce)

/*
 * NACRE_KVMCLOCK_CTRL - tell the guest that it was stopped
 * Argument: ignored. Sets NACRE_PVCLOCK_GUEST_STOPPED, so that the guest's
 * watchdogs forgive the time.
 *   EINVAL  the guest does not use the clock
 */
#define NACRE_KVMCLOCK_CTRL	_IO(NACREIO, 0xad)

/*
 * NACRE_GET_NESTED_STATE, NACRE_SET_NESTED_STATE - a hypervisor in the guest
 * struct nacre_nested_state; NACRE_CAP_NESTED_STATE. size, in, is the room or
 * the length. Set it after the segment and system registers.
 *   E2BIG   get: longer than size, which is updated
 *   EINVAL  no nested virtualization; set: an inconsistent state
 */
#define NACRE_GET_NESTED_STATE	_IOWR(NACREIO, 0xbe, struct nacre_nested_state)
#define NACRE_SET_NESTED_STATE	_IOW(NACREIO, 0xbf, struct nacre_nested_state)

/*
 * NACRE_GET_SUPPORTED_HV_CPUID - the Hyper-V leaves a vCPU may be given
 * Also on the device node, with NACRE_CAP_SYS_HYPERV_CPUID. As
 * NACRE_GET_SUPPORTED_CPUID.
 *   E2BIG   more than nent
 */
#define NACRE_GET_SUPPORTED_HV_CPUID \
	_IOWR(NACREIO, 0xc1, struct nacre_cpuid2)

/*
 * NACRE_PRE_FAULT_MEMORY - map guest memory before the guest touches it
 * struct nacre_pre_fault_memory; NACRE_CAP_PRE_FAULT_MEMORY. gpa and size are
 * advanced past what was done; success means that was at least one page.
 *   EINVAL  not page aligned, empty, wraps around, or flags
 *   ENOENT  no slot there
 *   EINTR   a signal came before the first page
 *   EFAULT, EHWPOISON  as NACRE_RUN
 *   EOPNOTSUPP  no nested paging
 */
#define NACRE_PRE_FAULT_MEMORY \
	_IOWR(NACREIO, 0xd5, struct nacre_pre_fault_memory)

/*
 * NACRE_GET_STATS_FD - counters, as a file
 * On a VM or a vCPU. Argument: ignored. NACRE_CAP_BINARY_STATS_FD. Returns a
 * descriptor to read, closed on exec; struct nacre_stats_header is at its
 * start.
 *   EMFILE, ENFILE  no descriptor is free
 */
#define NACRE_GET_STATS_FD	_IO(NACREIO, 0xce)

/*
 * NACRE_SET_DEVICE_ATTR, NACRE_GET_DEVICE_ATTR, NACRE_HAS_DEVICE_ATTR
 * On a device's descriptor; on a vCPU with NACRE_CAP_VCPU_ATTRIBUTES; the last
 * two on the device node with NACRE_CAP_SYS_ATTRIBUTES. struct
 * nacre_device_attr.
 *   ENXIO   no such group or attribute
 *   EPERM   not here or not now: read-only, or write-only
 */
#define NACRE_SET_DEVICE_ATTR	_IOW(NACREIO, 0xe1, struct nacre_device_attr)
#define NACRE_GET_DEVICE_ATTR	_IOW(NACREIO, 0xe2, struct nacre_device_attr)
#define NACRE_HAS_DEVICE_ATTR	_IOW(NACREIO, 0xe3, struct nacre_device_attr)

/*
 * ---------------------------------------------------------------------------
 * Structures: general registers
 */

struct nacre_regs {
	__u64 rax, rbx, rcx, rdx;
	__u64 rsi, rdi, rsp, rbp;
	__u64 r8, r9, r10, r11;
	__u64 r12, r13, r14, r15;
	__u64 rip, rflags;
};

/*
 * A segment register with its hidden part. limit is in bytes, with g applied;
 * the others are the descriptor's fields, unusable is the null selector's.
 * SDM, Segment Registers; Segment Descriptors.
 */
struct nacre_segment {
	__u64 base;
	__u32 limit;
	__u16 selector;
	__u8 type;
	__u8 present, dpl, db, s, l, g, avl;
	__u8 unusable;
	__u8 padding;
};

struct nacre_dtable {
	__u64 base;
	__u16 limit;
	__u16 padding[3];
};

#define NACRE_NR_INTERRUPTS 256

/*
 * interrupt_bitmap has at most one bit set: the vector of an external
 * interrupt that was taken from the controller and not delivered.
 */
struct nacre_sregs {
	struct nacre_segment cs, ds, es, fs, gs, ss;
	struct nacre_segment tr, ldt;
	struct nacre_dtable gdt, idt;
	__u64 cr0, cr2, cr3, cr4, cr8;
	__u64 efer;
	__u64 apic_base;
	__u64 interrupt_bitmap[(NACRE_NR_INTERRUPTS + 63) / 64];
};

/* nacre_sregs2.flags: pdptrs hold the PDPTEs of PAE paging. */
#define NACRE_SREGS2_FLAGS_PDPTRS_VALID 1

struct nacre_sregs2 {
	struct nacre_segment cs, ds, es, fs, gs, ss;
	struct nacre_segment tr, ldt;
	struct nacre_dtable gdt, idt;
	__u64 cr0, cr2, cr3, cr4, cr8;
	__u64 efer;
	__u64 apic_base;
	__u64 flags;
	__u64 pdptrs[4];
};

/* db: DR0 to DR3. flags: 0. */
struct nacre_debugregs {
	__u64 db[4];
	__u64 dr6;
	__u64 dr7;
	__u64 flags;
	__u64 reserved[9];
};

/*
 * valid: physical_address holds the gpa, else all ones. writeable is always 1
 * and usermode always 0: permissions are not told.
 */
struct nacre_translation {
	__u64 linear_address;
	__u64 physical_address;
	__u8 valid;
	__u8 writeable;
	__u8 usermode;
	__u8 pad[5];
};

/*
 * Structures: floating point and extended state
 */

/*
 * fpr: the registers in stack order, 10 bytes of each 16 used. ftwx: the tag
 * word as FXSAVE writes it, a bit for each register. last_*: opcode,
 * instruction and operand of the last x87 instruction.
 * SDM, FXSAVE - Save x87 FPU, MMX Technology, and SSE State.
 */
struct nacre_fpu {
	__u8 fpr[8][16];
	__u16 fcw;
	__u16 fsw;
	__u8 ftwx;
	__u8 pad1;
	__u16 last_opcode;
	__u64 last_ip;
	__u64 last_dp;
	__u8 xmm[16][16];
	__u32 mxcsr;
	__u32 pad2;
};

/*
 * The image XSAVE writes, components where the host's CPUID leaf 0Dh puts
 * them. extra is what NACRE_CAP_XSAVE2 counts beyond 4096 bytes.
 */
struct nacre_xsave {
	__u32 region[1024];
	__NACRE_TAIL(__u32, extra);
};

#define NACRE_MAX_XCRS 16

struct nacre_xcr {
	__u32 xcr;
	__u32 reserved;
	__u64 value;
};

/* flags: 0. */
struct nacre_xcrs {
	__u32 nr_xcrs;
	__u32 flags;
	struct nacre_xcr xcrs[NACRE_MAX_XCRS];
	__u64 padding[16];
};

/*
 * Structures: CPUID and MSRs
 */

/* For a leaf with subleaves, the only one that can be given is 0. */
struct nacre_cpuid_entry {
	__u32 function;
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
	__u32 padding;
};

struct nacre_cpuid {
	__u32 nent;
	__u32 padding;
	__NACRE_TAIL(struct nacre_cpuid_entry, entries);
};

/*
 * nacre_cpuid_entry2.flags: the entry answers only for ECX == index; without
 * it, for any ECX. (The name is spelt as KVM spells it.) The other two were
 * for a leaf with a memory, and are not used.
 */
#define NACRE_CPUID_FLAG_SIGNIFCANT_INDEX	(1 << 0)
#define NACRE_CPUID_FLAG_STATEFUL_FUNC		(1 << 1)
#define NACRE_CPUID_FLAG_STATE_READ_NEXT	(1 << 2)

/* function and index: EAX and ECX before CPUID, the rest after. */
struct nacre_cpuid_entry2 {
	__u32 function;
	__u32 index;
	__u32 flags;
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
	__u32 padding[3];
};

struct nacre_cpuid2 {
	__u32 nent;
	__u32 padding;
	__NACRE_TAIL(struct nacre_cpuid_entry2, entries);
};

struct nacre_msr_list {
	__u32 nmsrs;
	__NACRE_TAIL(__u32, indices);
};

/* index: as in ECX. */
struct nacre_msr_entry {
	__u32 index;
	__u32 reserved;
	__u64 data;
};

struct nacre_msrs {
	__u32 nmsrs;
	__u32 pad;
	__NACRE_TAIL(struct nacre_msr_entry, entries);
};

/* A range's bitmap in bytes, and ranges in a filter, at most. */
#define NACRE_MSR_FILTER_MAX_BITMAP_SIZE 0x600
#define NACRE_MSR_FILTER_MAX_RANGES 16

/* nacre_msr_filter_range.flags: which accesses it is about. */
#define NACRE_MSR_FILTER_READ	(1 << 0)
#define NACRE_MSR_FILTER_WRITE	(1 << 1)
#define NACRE_MSR_FILTER_RANGE_VALID_MASK \
	(NACRE_MSR_FILTER_READ | NACRE_MSR_FILTER_WRITE)

/*
 * MSRs base to base + nmsrs - 1; a bit of bitmap, the lowest first, that is 1
 * allows, 0 denies. nmsrs 0: not used. The first range that fits decides.
 */
struct nacre_msr_filter_range {
	__u32 flags;
	__u32 nmsrs;
	__u32 base;
	__u8 __NACRE_USER *bitmap;
};

/* nacre_msr_filter.flags: what becomes of an MSR in none of the ranges. */
#define NACRE_MSR_FILTER_DEFAULT_ALLOW	(0 << 0)
#define NACRE_MSR_FILTER_DEFAULT_DENY	(1 << 0)
#define NACRE_MSR_FILTER_VALID_MASK	NACRE_MSR_FILTER_DEFAULT_DENY

struct nacre_msr_filter {
	__u32 flags;
	struct nacre_msr_filter_range ranges[NACRE_MSR_FILTER_MAX_RANGES];
};

/*
 * Structures: events, run state, debugging
 */

/* irq: the vector. */
struct nacre_interrupt {
	__u32 irq;
};

/*
 * nacre_vcpu_events.flags: this part is there. Getting sets those that apply,
 * the last two only if their capability is enabled.
 */
#define NACRE_VCPUEVENT_VALID_NMI_PENDING	0x00000001
#define NACRE_VCPUEVENT_VALID_SIPI_VECTOR	0x00000002
#define NACRE_VCPUEVENT_VALID_SHADOW		0x00000004
#define NACRE_VCPUEVENT_VALID_SMM		0x00000008
#define NACRE_VCPUEVENT_VALID_PAYLOAD		0x00000010
#define NACRE_VCPUEVENT_VALID_TRIPLE_FAULT	0x00000020

/* nacre_vcpu_events.interrupt.shadow: what holds interrupts off. */
#define NACRE_X86_SHADOW_INT_MOV_SS	0x01
#define NACRE_X86_SHADOW_INT_STI	0x02

/*
 * injected: its delivery has begun and is finished at the next entry.
 * exception.pending, with NACRE_VCPUEVENT_VALID_PAYLOAD: not begun, so a
 * hypervisor in the guest may still intercept it; without the flag, injected
 * stands for both. exception_payload: for #PF the address that CR2 will have,
 * for #DB the bits that DR6 will have. interrupt.soft: from INT n. nmi.masked:
 * until IRET. smi.latched_init: an INIT waits, for RSM or for the next entry.
 */
struct nacre_vcpu_events {
	struct {
		__u8 injected;
		__u8 nr;
		__u8 has_error_code;
		__u8 pending;
		__u32 error_code;
	} exception;
	struct {
		__u8 injected;
		__u8 nr;
		__u8 soft;
		__u8 shadow;
	} interrupt;
	struct {
		__u8 injected;
		__u8 pending;
		__u8 masked;
		__u8 pad;
	} nmi;
	__u32 sipi_vector;
	__u32 flags;
	struct {
		__u8 smm;
		__u8 pending;
		__u8 smm_inside_nmi;
		__u8 latched_init;
	} smi;
	struct {
		__u8 pending;
	} triple_fault;
	__u8 reserved[26];
	__u8 exception_has_payload;
	__u64 exception_payload;
};

/*
 * nacre_mp_state.mp_state: runs; waits for INIT; got INIT and waits for SIPI;
 * in HLT; got SIPI and is about to start; a stopped vCPU of an encrypted
 * guest. The others need an in-kernel APIC.
 */
#define NACRE_MP_STATE_RUNNABLE		0
#define NACRE_MP_STATE_UNINITIALIZED	1
#define NACRE_MP_STATE_INIT_RECEIVED	2
#define NACRE_MP_STATE_HALTED		3
#define NACRE_MP_STATE_SIPI_RECEIVED	4
#define NACRE_MP_STATE_AP_RESET_HOLD	9

struct nacre_mp_state {
	__u32 mp_state;
};

/* len: 8, the bytes of the kernel's signal set that follows. */
struct nacre_signal_mask {
	__u32 len;
	__NACRE_TAIL(__u8, sigset);
};

/*
 * nacre_guest_debug.control: ENABLE, without which all else is off; leave
 * after each instruction; leave at INT3; use debugreg for DR0 to DR3 and DR7;
 * inject #DB or #BP now; no interrupts while single-stepping.
 */
#define NACRE_GUESTDBG_ENABLE		0x00000001
#define NACRE_GUESTDBG_SINGLESTEP	0x00000002
#define NACRE_GUESTDBG_USE_SW_BP	0x00010000
#define NACRE_GUESTDBG_USE_HW_BP	0x00020000
#define NACRE_GUESTDBG_INJECT_DB	0x00040000
#define NACRE_GUESTDBG_INJECT_BP	0x00080000
#define NACRE_GUESTDBG_BLOCKIRQ		0x00100000

/* debugreg: DR0 to DR7; 4, 5 and 6 are not used. */
struct nacre_guest_debug_arch {
	__u64 debugreg[8];
};

struct nacre_guest_debug {
	__u32 control;
	__u32 pad;
	struct nacre_guest_debug_arch arch;
};

/* exception: 1 for #DB, 3 for #BP. pc: linear, of the instruction. */
struct nacre_debug_exit_arch {
	__u32 exception;
	__u32 pad;
	__u64 pc;
	__u64 dr6;
	__u64 dr7;
};

/* enabled: 0 or not. flags: 0. */
struct nacre_tpr_access_ctl {
	__u32 enabled;
	__u32 flags;
	__u32 reserved[8];
};

struct nacre_vapic_addr {
	__u64 vapic_addr;
};

/* IA32_MCi_STATUS, ADDR and MISC of bank i, and IA32_MCG_STATUS. */
struct nacre_x86_mce {
	__u64 status;
	__u64 addr;
	__u64 misc;
	__u64 mcg_status;
	__u8 bank;
	__u8 pad1[7];
	__u64 pad2[3];
};

/*
 * Structures: guest memory
 */

/*
 * Flags of a region: record which pages are written; a write is an MMIO exit,
 * NACRE_CAP_READONLY_MEM; private pages come from guest_memfd.
 */
#define NACRE_MEM_LOG_DIRTY_PAGES	(1UL << 0)
#define NACRE_MEM_READONLY		(1UL << 1)
#define NACRE_MEM_GUEST_MEMFD		(1UL << 2)

/*
 * slot: the number, below NACRE_CAP_NR_MEMSLOTS, in bits 15:0; the address
 * space, 1 for system management mode, in bits 31:16. memory_size: bytes.
 */
struct nacre_userspace_memory_region {
	__u32 slot;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
};

struct nacre_userspace_memory_region2 {
	__u32 slot;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
	__u64 guest_memfd_offset;
	__u32 guest_memfd;
	__u32 pad1;
	__u64 pad2[14];
};

struct nacre_dirty_log {
	__u32 slot;
	__u32 padding1;
	__extension__ union {
		void __NACRE_USER *dirty_bitmap;
		__u64 padding2;
	};
};

struct nacre_clear_dirty_log {
	__u32 slot;
	__u32 num_pages;
	__u64 first_page;
	__extension__ union {
		void __NACRE_USER *dirty_bitmap;
		__u64 padding2;
	};
};

/*
 * Dirty ring: an array of struct nacre_dirty_gfn in the vCPU's mapping at page
 * NACRE_DIRTY_LOG_PAGE_OFFSET, filled in order. flags: the module sets DIRTY
 * last; the VMM reads it with acquire, takes the entry, and sets RESET with
 * release, leaving out none; NACRE_RESET_DIRTY_RINGS then frees the entry.
 * offset: page within slot.
 */
#define NACRE_DIRTY_GFN_F_DIRTY	(1UL << 0)
#define NACRE_DIRTY_GFN_F_RESET	(1UL << 1)
#define NACRE_DIRTY_GFN_F_MASK	0x3

struct nacre_dirty_gfn {
	__u32 flags;
	__u32 slot;
	__u64 offset;
};

#define NACRE_MEMORY_ATTRIBUTE_PRIVATE (1ULL << 3)

/* address: a gpa. attributes: replaces what there is. flags: 0. */
struct nacre_memory_attributes {
	__u64 address;
	__u64 size;
	__u64 attributes;
	__u64 flags;
};

/* flags: 0. */
struct nacre_create_guest_memfd {
	__u64 size;
	__u64 flags;
	__u64 reserved[6];
};

/* flags: 0. */
struct nacre_pre_fault_memory {
	__u64 gpa;
	__u64 size;
	__u64 flags;
	__u64 padding[5];
};

/*
 * Structures: interrupt controllers and lines
 */

#define NACRE_APIC_REG_SIZE 0x400

/*
 * The register page as memory-mapped, 16 bytes apart. The ID is in bits 31:24,
 * in x2APIC mode with NACRE_X2APIC_API_USE_32BIT_IDS in 31:0.
 */
struct nacre_lapic_state {
	char regs[NACRE_APIC_REG_SIZE];
};

/*
 * An 8259A: its registers, and how far a sequence of writes to it has come.
 * last_irr: lines as last seen, for edges. elcr: lines that are level
 * triggered, elcr_mask those that can be.
 */
struct nacre_pic_state {
	__u8 last_irr;
	__u8 irr;
	__u8 imr;
	__u8 isr;
	__u8 priority_add;
	__u8 irq_base;
	__u8 read_reg_select;
	__u8 poll;
	__u8 special_mask;
	__u8 init_state;
	__u8 auto_eoi;
	__u8 rotate_on_auto_eoi;
	__u8 special_fully_nested_mode;
	__u8 init4;
	__u8 elcr;
	__u8 elcr_mask;
};

#define NACRE_IOAPIC_NUM_PINS 24

/* An 82093AA. irr: a bit for each pin. redirtbl: its redirection entries. */
struct nacre_ioapic_state {
	__u64 base_address;
	__u32 ioregsel;
	__u32 id;
	__u32 irr;
	__u32 pad;
	union {
		__u64 bits;
		struct {
			__u8 vector;
			__u8 delivery_mode:3;
			__u8 dest_mode:1;
			__u8 delivery_status:1;
			__u8 polarity:1;
			__u8 remote_irr:1;
			__u8 trig_mode:1;
			__u8 mask:1;
			__u8 reserve:7;
			__u8 reserved[4];
			__u8 dest_id;
		} fields;
	} redirtbl[NACRE_IOAPIC_NUM_PINS];
};

#define NACRE_IRQCHIP_PIC_MASTER	0
#define NACRE_IRQCHIP_PIC_SLAVE		1
#define NACRE_IRQCHIP_IOAPIC		2
#define NACRE_NR_IRQCHIPS		3

struct nacre_irqchip {
	__u32 chip_id;
	__u32 pad;
	union {
		char dummy[512];
		struct nacre_pic_state pic;
		struct nacre_ioapic_state ioapic;
	} chip;
};

struct nacre_irq_level {
	__extension__ union {
		__u32 irq;
		__s32 status;
	};
	__u32 level;
};

/* irqchip: one of NACRE_IRQCHIP_*. pin: 0 to 7 of a PIC, 0 to 23. */
struct nacre_irq_routing_irqchip {
	__u32 irqchip;
	__u32 pin;
};

/*
 * A message: the address and data a device would write. address_hi: with
 * NACRE_X2APIC_API_USE_32BIT_IDS, bits 31:8 extend the destination, the rest
 * is 0.
 */
struct nacre_irq_routing_msi {
	__u32 address_lo;
	__u32 address_hi;
	__u32 data;
	__extension__ union {
		__u32 pad;
		__u32 devid;
	};
};

/* A synthetic interrupt source of Hyper-V's. */
struct nacre_irq_routing_hv_sint {
	__u32 vcpu;
	__u32 sint;
};

/* An event channel of Xen's. */
struct nacre_irq_routing_xen_evtchn {
	__u32 port;
	__u32 vcpu;
	__u32 priority;
};

#define NACRE_IRQ_ROUTING_XEN_EVTCHN_PRIO_2LEVEL ((__u32)-1)

/* nacre_irq_routing_entry.type */
#define NACRE_IRQ_ROUTING_IRQCHIP	1
#define NACRE_IRQ_ROUTING_MSI		2
#define NACRE_IRQ_ROUTING_HV_SINT	4
#define NACRE_IRQ_ROUTING_XEN_EVTCHN	5

/*
 * flags: NACRE_MSI_VALID_DEVID with a message, which is then not used on x86,
 * else 0. align only gives the union the alignment it has elsewhere.
 */
struct nacre_irq_routing_entry {
	__u32 gsi;
	__u32 type;
	__u32 flags;
	__u32 pad;
	union {
		struct nacre_irq_routing_irqchip irqchip;
		struct nacre_irq_routing_msi msi;
		struct nacre_irq_routing_hv_sint hv_sint;
		struct nacre_irq_routing_xen_evtchn xen_evtchn;
		__u64 align;
		__u32 pad[8];
	} u;
};

/* flags: 0. */
struct nacre_irq_routing {
	__u32 nr;
	__u32 flags;
	__NACRE_TAIL(struct nacre_irq_routing_entry, entries);
};

#define NACRE_MSI_VALID_DEVID (1U << 0)

/* As in a route. flags: 0 or NACRE_MSI_VALID_DEVID. */
struct nacre_msi {
	__u32 address_lo;
	__u32 address_hi;
	__u32 data;
	__u32 flags;
	__u32 devid;
	__u8 pad[12];
};

#define NACRE_IRQFD_FLAG_DEASSIGN	(1 << 0)
#define NACRE_IRQFD_FLAG_RESAMPLE	(1 << 1)

struct nacre_irqfd {
	__u32 fd;
	__u32 gsi;
	__u32 flags;
	__u32 resamplefd;
	__u8 pad[16];
};

/*
 * Structures: the interval timer and the clock
 */

/*
 * A counter of an 8254. count: its reload value, 65536 for 0. read_state,
 * write_state, write_latch, rw_mode: how far a two-byte access has come.
 * count_load_time: ns of the host's monotonic clock.
 */
struct nacre_pit_channel_state {
	__u32 count;
	__u16 latched_count;
	__u8 count_latched;
	__u8 status_latched;
	__u8 status;
	__u8 read_state;
	__u8 write_state;
	__u8 write_latch;
	__u8 rw_mode;
	__u8 mode;
	__u8 bcd;
	__u8 gate;
	__s64 count_load_time;
};

struct nacre_pit_state {
	struct nacre_pit_channel_state channels[3];
};

/* An HPET has taken over counter 0; the speaker's data bit is on. */
#define NACRE_PIT_FLAGS_HPET_LEGACY	0x00000001
#define NACRE_PIT_FLAGS_SPEAKER_DATA_ON	0x00000002

struct nacre_pit_state2 {
	struct nacre_pit_channel_state channels[3];
	__u32 flags;
	__u32 reserved[9];
};

#define NACRE_PIT_SPEAKER_DUMMY 1

struct nacre_pit_config {
	__u32 flags;
	__u32 pad[15];
};

struct nacre_reinject_control {
	__u8 pit_reinject;
	__u8 reserved[31];
};

/*
 * nacre_clock_data.flags, and the value of NACRE_CAP_ADJUST_CLOCK: the clock
 * is the same on all vCPUs; realtime is there; host_tsc is there.
 */
#define NACRE_CLOCK_TSC_STABLE	2
#define NACRE_CLOCK_REALTIME	(1 << 2)
#define NACRE_CLOCK_HOST_TSC	(1 << 3)

/* clock: ns the guest has seen. realtime: ns since 1970, at that moment. */
struct nacre_clock_data {
	__u64 clock;
	__u32 flags;
	__u32 pad0;
	__u64 realtime;
	__u64 host_tsc;
	__u32 pad[4];
};

/*
 * Structures: the I/O bus
 */

/*
 * nacre_ioeventfd.flags: only if the value written is datamatch; a port, not
 * memory; undo; s390's, on a bus that no guest here writes to. KVM's mask has a
 * bit for an internal flag, 4, too, which means nothing.
 */
#define NACRE_IOEVENTFD_FLAG_DATAMATCH	(1 << 0)
#define NACRE_IOEVENTFD_FLAG_PIO	(1 << 1)
#define NACRE_IOEVENTFD_FLAG_DEASSIGN	(1 << 2)
#define NACRE_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY (1 << 3)
#define NACRE_IOEVENTFD_VALID_FLAG_MASK	((1 << 5) - 1)

/* addr: a gpa or a port. len: 1, 2, 4, 8, or 0 for any. */
struct nacre_ioeventfd {
	__u64 datamatch;
	__u64 addr;
	__u32 len;
	__s32 fd;
	__u32 flags;
	__u8 pad[36];
};

/* pio: 1 for ports, 0 for memory. */
struct nacre_coalesced_mmio_zone {
	__u64 addr;
	__u32 size;
	__extension__ union {
		__u32 pad;
		__u32 pio;
	};
};

struct nacre_coalesced_mmio {
	__u64 phys_addr;
	__u32 len;
	__extension__ union {
		__u32 pad;
		__u32 pio;
	};
	__u8 data[8];
};

/*
 * One for all vCPUs of a VM. The VMM takes from first, the module puts at
 * last, both modulo NACRE_COALESCED_MMIO_MAX; equal means empty.
 */
struct nacre_coalesced_mmio_ring {
	__u32 first, last;
	__NACRE_TAIL(struct nacre_coalesced_mmio, coalesced_mmio);
};

#define NACRE_COALESCED_MMIO_MAX \
	((4096 - sizeof(struct nacre_coalesced_mmio_ring)) / \
	 sizeof(struct nacre_coalesced_mmio))

/*
 * Structures: capabilities and devices
 */

struct nacre_enable_cap {
	__u32 cap;
	__u32 flags;
	__u64 args[4];
	__u8 pad[64];
};

#define NACRE_CREATE_DEVICE_TEST 1

/* nacre_create_device.type: tells the module which VFIO files the VM has. */
#define NACRE_DEV_TYPE_VFIO 4

struct nacre_create_device {
	__u32 type;
	__u32 fd;
	__u32 flags;
};

/* Its group, and in it the attributes; addr points to a descriptor, __s32. */
#define NACRE_DEV_VFIO_FILE	1
#define NACRE_DEV_VFIO_FILE_ADD	1
#define NACRE_DEV_VFIO_FILE_DEL	2
#define NACRE_DEV_VFIO_GROUP	NACRE_DEV_VFIO_FILE
#define NACRE_DEV_VFIO_GROUP_ADD NACRE_DEV_VFIO_FILE_ADD
#define NACRE_DEV_VFIO_GROUP_DEL NACRE_DEV_VFIO_FILE_DEL

/* A vCPU's group and attribute: what is added to the host's TSC, __u64. */
#define NACRE_VCPU_TSC_CTRL	0
#define NACRE_VCPU_TSC_OFFSET	0

/* The device node's: XCR0 bits that a guest can be given, __u64, read-only. */
#define NACRE_X86_GRP_SYSTEM	0
#define NACRE_X86_XCOMP_GUEST_SUPP 0

/* flags: 0. addr: a user address; what is there depends on the attribute. */
struct nacre_device_attr {
	__u32 flags;
	__u32 group;
	__u64 attr;
	__u64 addr;
};

/*
 * Structures: statistics and performance counters
 */

/*
 * At the start of a statistics file. Offsets are from there: the file's name
 * for itself, name_size long; num_desc descriptors; the values, which change.
 * flags: 0.
 */
struct nacre_stats_header {
	__u32 flags;
	__u32 name_size;
	__u32 num_desc;
	__u32 id_offset;
	__u32 desc_offset;
	__u32 data_offset;
};

/* nacre_stats_desc.flags: what kind of number */
#define NACRE_STATS_TYPE_SHIFT		0
#define NACRE_STATS_TYPE_MASK		(0xF << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_CUMULATIVE	(0x0 << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_INSTANT	(0x1 << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_PEAK		(0x2 << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_LINEAR_HIST	(0x3 << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_LOG_HIST	(0x4 << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_MAX		NACRE_STATS_TYPE_LOG_HIST

/* ... of what ... */
#define NACRE_STATS_UNIT_SHIFT		4
#define NACRE_STATS_UNIT_MASK		(0xF << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_NONE		(0x0 << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_BYTES		(0x1 << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_SECONDS	(0x2 << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_CYCLES		(0x3 << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_BOOLEAN	(0x4 << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_MAX		NACRE_STATS_UNIT_BOOLEAN

/* ... times this to the power of exponent */
#define NACRE_STATS_BASE_SHIFT		8
#define NACRE_STATS_BASE_MASK		(0xF << NACRE_STATS_BASE_SHIFT)
#define NACRE_STATS_BASE_POW10		(0x0 << NACRE_STATS_BASE_SHIFT)
#define NACRE_STATS_BASE_POW2		(0x1 << NACRE_STATS_BASE_SHIFT)
#define NACRE_STATS_BASE_MAX		NACRE_STATS_BASE_POW2

/*
 * size: how many __u64 it has, at offset from data_offset. bucket_size: the
 * width of a linear histogram's bucket. name: name_size bytes of the header.
 */
struct nacre_stats_desc {
	__u32 flags;
	__s16 exponent;
	__u16 size;
	__u32 offset;
	__u32 bucket_size;
	__NACRE_TAIL(char, name);
};

/* nacre_pmu_event_filter.action: what becomes of the events in the list. */
#define NACRE_PMU_EVENT_ALLOW	0
#define NACRE_PMU_EVENT_DENY	1

/* nacre_pmu_event_filter.flags: events are masked ones. */
#define NACRE_PMU_EVENT_FLAG_MASKED_EVENTS (1UL << 0)
#define NACRE_PMU_EVENT_FLAGS_VALID_MASK NACRE_PMU_EVENT_FLAG_MASKED_EVENTS

/*
 * A masked event fits where the unit mask, masked, is match; one with exclude
 * takes out what another with its event select lets in.
 */
#define NACRE_PMU_ENCODE_MASKED_ENTRY(select, mask, match, exclude) \
	(((select) & 0xffULL) | (((select) & 0xf00ULL) << 24) | \
	 (((match) & 0xffULL) << 8) | (((mask) & 0xffULL) << 56) | \
	 ((exclude) ? 1ULL << 55 : 0))
#define NACRE_PMU_MASKED_ENTRY_EVENT_SELECT	0x0000000f000000ffULL
#define NACRE_PMU_MASKED_ENTRY_UMASK_MATCH	0x000000000000ff00ULL
#define NACRE_PMU_MASKED_ENTRY_EXCLUDE		(1ULL << 55)
#define NACRE_PMU_MASKED_ENTRY_UMASK_MASK	(0xffULL << 56)
#define NACRE_PMU_MASKED_ENTRY_UMASK_MASK_SHIFT	56

/*
 * events: event select and unit mask as in IA32_PERFEVTSELx.
 * fixed_counter_bitmap: the fixed counters that action is about.
 */
struct nacre_pmu_event_filter {
	__u32 action;
	__u32 nevents;
	__u32 fixed_counter_bitmap;
	__u32 flags;
	__u32 pad[4];
	__NACRE_TAIL(__u64, events);
};

/*
 * Structures: nested virtualization
 */

/* nacre_nested_state.format: which processor's. */
#define NACRE_STATE_NESTED_FORMAT_VMX	0
#define NACRE_STATE_NESTED_FORMAT_SVM	1

/*
 * nacre_nested_state.flags: the nested guest runs; it is about to, its entry
 * being checked already; VMX: an enlightened VMCS, a monitor trap; SVM: GIF.
 */
#define NACRE_STATE_NESTED_GUEST_MODE	0x00000001
#define NACRE_STATE_NESTED_RUN_PENDING	0x00000002
#define NACRE_STATE_NESTED_EVMCS	0x00000004
#define NACRE_STATE_NESTED_MTF_PENDING	0x00000008
#define NACRE_STATE_NESTED_GIF_SET	0x00000100

/* hdr.vmx.smm.flags: what SMM interrupted. */
#define NACRE_STATE_NESTED_SMM_GUEST_MODE	0x00000001
#define NACRE_STATE_NESTED_SMM_VMXON		0x00000002

/* hdr.vmx.flags: preemption_timer_deadline, in guest TSC ticks, is there. */
#define NACRE_STATE_VMX_PREEMPTION_TIMER_DEADLINE 0x00000001

#define NACRE_STATE_NESTED_VMX_VMCS_SIZE 0x1000
#define NACRE_STATE_NESTED_SVM_VMCB_SIZE 0x1000

/* The current VMCS and the one it links to, in the module's own layout. */
struct nacre_vmx_nested_state_data {
	__u8 vmcs12[NACRE_STATE_NESTED_VMX_VMCS_SIZE];
	__u8 shadow_vmcs12[NACRE_STATE_NESTED_VMX_VMCS_SIZE];
};

/* gpas of the VMXON region and the current VMCS, all ones for none. */
struct nacre_vmx_nested_state_hdr {
	__u64 vmxon_pa;
	__u64 vmcs12_pa;
	struct {
		__u16 flags;
	} smm;
	__u16 pad;
	__u32 flags;
	__u64 preemption_timer_deadline;
};

struct nacre_svm_nested_state_data {
	__u8 vmcb12[NACRE_STATE_NESTED_SVM_VMCB_SIZE];
};

struct nacre_svm_nested_state_hdr {
	__u64 vmcb_pa;
};

/* size: of all, the data that follows the header included. */
__extension__ struct nacre_nested_state {
	__u16 flags;
	__u16 format;
	__u32 size;
	union {
		struct nacre_vmx_nested_state_hdr vmx;
		struct nacre_svm_nested_state_hdr svm;
		__u8 pad[120];
	} hdr;
	union {
		__NACRE_UNION_TAIL(struct nacre_vmx_nested_state_data, vmx);
		__NACRE_UNION_TAIL(struct nacre_svm_nested_state_data, svm);
	} data;
};

/*
 * ---------------------------------------------------------------------------
 * Exits: why NACRE_RUN came back with 0, and which member of nacre_run tells
 * the rest. After IO, MMIO, HYPERCALL, X86_RDMSR, X86_WRMSR and XEN the
 * instruction is half done: the next NACRE_RUN finishes it, and with
 * immediate_exit does no more than that. Until then the registers are not fit
 * to be saved.
 */

/* No handler for what the processor said: hw. */
#define NACRE_EXIT_UNKNOWN		0
/* An exception that only the module should see: ex. */
#define NACRE_EXIT_EXCEPTION		1
/* IN, OUT, INS or OUTS at a port that nobody in the kernel has: io. */
#define NACRE_EXIT_IO			2
/* A call that NACRE_CAP_EXIT_HYPERCALL asked for: hypercall. */
#define NACRE_EXIT_HYPERCALL		3
/* What NACRE_SET_GUEST_DEBUG asked for: debug. */
#define NACRE_EXIT_DEBUG		4
/* HLT, without an in-kernel APIC. RIP is past it. */
#define NACRE_EXIT_HLT			5
/* An access where there is no slot, or a write where it is read-only: mmio. */
#define NACRE_EXIT_MMIO			6
/* request_interrupt_window, and NACRE_INTERRUPT is welcome now. */
#define NACRE_EXIT_IRQ_WINDOW_OPEN	7
/* A triple fault, or a shutdown of another cause. */
#define NACRE_EXIT_SHUTDOWN		8
/* The processor refused to enter the guest: fail_entry. */
#define NACRE_EXIT_FAIL_ENTRY		9
/* A signal; NACRE_RUN gave EINTR. */
#define NACRE_EXIT_INTR			10
/* MOV to CR8 lowered it, without an in-kernel APIC: cr8. */
#define NACRE_EXIT_SET_TPR		11
/* What NACRE_TPR_ACCESS_REPORTING asked for: tpr_access. */
#define NACRE_EXIT_TPR_ACCESS		12
/* Not used. */
#define NACRE_EXIT_NMI			16
/* The guest cannot go on for a reason of the module's: internal. */
#define NACRE_EXIT_INTERNAL_ERROR	17
/* The guest ended itself: system_event. */
#define NACRE_EXIT_SYSTEM_EVENT		24
/* EOI of a level interrupt, with the split controllers: eoi. */
#define NACRE_EXIT_IOAPIC_EOI		26
/* A Hyper-V register or call that is the VMM's: hyperv. */
#define NACRE_EXIT_HYPERV		27
/* RDMSR or WRMSR that NACRE_CAP_X86_USER_SPACE_MSR asked for: msr. */
#define NACRE_EXIT_X86_RDMSR		29
#define NACRE_EXIT_X86_WRMSR		30
/* The dirty ring is nearly full: harvest it and reset. */
#define NACRE_EXIT_DIRTY_RING_FULL	31
/* An encrypted guest's vCPU waits to be started. */
#define NACRE_EXIT_AP_RESET_HOLD	32
/* What NACRE_CAP_X86_BUS_LOCK_EXIT asked for. */
#define NACRE_EXIT_X86_BUS_LOCK		33
/* A Xen call that is the VMM's: xen. */
#define NACRE_EXIT_XEN			34
/* What NACRE_CAP_X86_NOTIFY_VMEXIT asked for: notify. */
#define NACRE_EXIT_NOTIFY		37
/* Memory cannot be had; NACRE_RUN gave EFAULT or EHWPOISON: memory_fault. */
#define NACRE_EXIT_MEMORY_FAULT		39

/*
 * nacre_run.internal.suberror: an instruction that cannot be emulated
 * (emulation_failure says which); an exception while another is delivered; an
 * exit while an event is delivered; an exit that should not be.
 */
#define NACRE_INTERNAL_ERROR_EMULATION			1
#define NACRE_INTERNAL_ERROR_SIMUL_EX			2
#define NACRE_INTERNAL_ERROR_DELIVERY_EV		3
#define NACRE_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON	4

/* nacre_run.emulation_failure.flags: insn_size and insn_bytes are there. */
#define NACRE_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES (1ULL << 0)

/* nacre_run.io.direction */
#define NACRE_EXIT_IO_IN	0
#define NACRE_EXIT_IO_OUT	1

/* nacre_run.hypercall.flags: from 64-bit code. */
#define NACRE_EXIT_HYPERCALL_LONG_MODE (1ULL << 0)

/*
 * nacre_run.system_event.type: what the guest asks for; WAKEUP and SUSPEND
 * come on other processors only. The VMM decides what it does.
 */
#define NACRE_SYSTEM_EVENT_SHUTDOWN	1
#define NACRE_SYSTEM_EVENT_RESET	2
#define NACRE_SYSTEM_EVENT_CRASH	3
#define NACRE_SYSTEM_EVENT_WAKEUP	4
#define NACRE_SYSTEM_EVENT_SUSPEND	5
#define NACRE_SYSTEM_EVENT_SEV_TERM	6

/*
 * nacre_run.msr.reason, and the argument of NACRE_CAP_X86_USER_SPACE_MSR: the
 * access would be #GP; the module knows no such MSR; the filter denies it.
 */
#define NACRE_MSR_EXIT_REASON_INVAL	(1 << 0)
#define NACRE_MSR_EXIT_REASON_UNKNOWN	(1 << 1)
#define NACRE_MSR_EXIT_REASON_FILTER	(1 << 2)
#define NACRE_MSR_EXIT_REASON_VALID_MASK \
	(NACRE_MSR_EXIT_REASON_INVAL | NACRE_MSR_EXIT_REASON_UNKNOWN | \
	 NACRE_MSR_EXIT_REASON_FILTER)

/* nacre_run.notify.flags: the guest's state is lost. */
#define NACRE_NOTIFY_CONTEXT_INVALID (1 << 0)

/* nacre_run.memory_fault.flags: the access was to private memory. */
#define NACRE_MEMORY_EXIT_FLAG_PRIVATE (1ULL << 3)

/* nacre_hyperv_exit.type */
#define NACRE_EXIT_HYPERV_SYNIC		1
#define NACRE_EXIT_HYPERV_HCALL		2
#define NACRE_EXIT_HYPERV_SYNDBG	3

/*
 * synic: a write to the synthetic interrupt controller, and what it holds now.
 * hcall: a call; the VMM puts result. syndbg: the synthetic debugger.
 */
struct nacre_hyperv_exit {
	__u32 type;
	__u32 pad1;
	union {
		struct {
			__u32 msr;
			__u32 pad2;
			__u64 control;
			__u64 evt_page;
			__u64 msg_page;
		} synic;
		struct {
			__u64 input;
			__u64 result;
			__u64 params[2];
		} hcall;
		struct {
			__u32 msr;
			__u32 pad2;
			__u64 control;
			__u64 status;
			__u64 send_page;
			__u64 recv_page;
			__u64 pending_page;
		} syndbg;
	} u;
};

/* nacre_xen_exit.type */
#define NACRE_EXIT_XEN_HCALL 1

/* input: the call's number. The VMM puts result. */
struct nacre_xen_exit {
	__u32 type;
	union {
		struct {
			__u32 longmode;
			__u32 cpl;
			__u64 input;
			__u64 result;
			__u64 params[6];
		} hcall;
	} u;
};

/*
 * ---------------------------------------------------------------------------
 * The shared pages: mmap() of a vCPU descriptor
 *
 * At these pages: struct nacre_run is page 0, then the data of port accesses,
 * the coalesced ring, and the dirty ring.
 */
#define NACRE_PIO_PAGE_OFFSET		1
#define NACRE_COALESCED_MMIO_PAGE_OFFSET 2
#define NACRE_DIRTY_LOG_PAGE_OFFSET	64

/*
 * nacre_run.flags: in system management mode; a bus lock was seen; a nested
 * guest runs, if NACRE_CAP_X86_GUEST_MODE.
 */
#define NACRE_RUN_X86_SMM		(1 << 0)
#define NACRE_RUN_X86_BUS_LOCK		(1 << 1)
#define NACRE_RUN_X86_GUEST_MODE	(1 << 2)

/*
 * nacre_run.nacre_valid_regs and nacre_dirty_regs, and the value of
 * NACRE_CAP_SYNC_REGS: the sets in struct nacre_sync_regs.
 */
#define NACRE_SYNC_X86_REGS	(1UL << 0)
#define NACRE_SYNC_X86_SREGS	(1UL << 1)
#define NACRE_SYNC_X86_EVENTS	(1UL << 2)
#define NACRE_SYNC_X86_VALID_FIELDS \
	(NACRE_SYNC_X86_REGS | NACRE_SYNC_X86_SREGS | NACRE_SYNC_X86_EVENTS)

#define NACRE_SYNC_REGS_SIZE_BYTES 2048

struct nacre_sync_regs {
	struct nacre_regs regs;
	struct nacre_sregs sregs;
	struct nacre_vcpu_events events;
};

/*
 * in: for the next NACRE_RUN; out: from the last. The module reads what it
 * needs once and believes none of it.
 *
 * request_interrupt_window  in: leave as soon as NACRE_INTERRUPT is welcome;
 *                           without an in-kernel PIC
 * immediate_exit            in: leave before the guest runs; safe to set in a
 *                           signal handler
 * exit_reason               out: NACRE_EXIT_*
 * ready_for_interrupt_injection  out: NACRE_INTERRUPT is welcome
 * if_flag                   out: RFLAGS.IF
 * flags                     out: NACRE_RUN_X86_*
 * cr8                       out, and in without an in-kernel APIC: the TPR's
 *                           bits 7:4
 * apic_base                 out: IA32_APIC_BASE
 * nacre_valid_regs          in: sets to leave in s.regs
 * nacre_dirty_regs          in: sets to take from s.regs; cleared when taken
 *
 * The members of the union:
 *
 * hw           the processor's exit reason or code
 * fail_entry   why, as the processor says it; cpu: the host's, for
 *              NACRE_CAP_LAST_CPU, all ones if unknown
 * ex           vector and error code
 * io           count elements of size bytes, 1, 2 or 4, at data_offset from
 *              the start of the mapping; IN: the VMM puts them there
 * debug        see struct nacre_debug_exit_arch
 * mmio         len bytes of data, 1 to 8; read: the VMM puts them there
 * hypercall    the VMM puts ret, which becomes RAX
 * tpr_access   rip: of the instruction
 * internal     ndata words, for a report
 * emulation_failure  the same, for NACRE_INTERNAL_ERROR_EMULATION; ndata
 *              counts flags as the first word
 * system_event ndata words, what they are depends on type; flags is the first
 * eoi          the interrupt's vector
 * msr          index; data, read: put by the VMM; error: the VMM puts 1 to
 *              give the guest #GP, 0 otherwise
 * notify       flags
 * memory_fault where, size bytes from gpa
 */
struct nacre_run {
	__u8 request_interrupt_window;
	__u8 immediate_exit;
	__u8 padding1[6];

	__u32 exit_reason;
	__u8 ready_for_interrupt_injection;
	__u8 if_flag;
	__u16 flags;

	__u64 cr8;
	__u64 apic_base;

	__extension__ union {
		struct {
			__u64 hardware_exit_reason;
		} hw;
		struct {
			__u64 hardware_entry_failure_reason;
			__u32 cpu;
		} fail_entry;
		struct {
			__u32 exception;
			__u32 error_code;
		} ex;
		struct {
			__u8 direction;
			__u8 size;
			__u16 port;
			__u32 count;
			__u64 data_offset;
		} io;
		struct {
			struct nacre_debug_exit_arch arch;
		} debug;
		struct {
			__u64 phys_addr;
			__u8 data[8];
			__u32 len;
			__u8 is_write;
		} mmio;
		struct {
			__u64 nr;
			__u64 args[6];
			__u64 ret;
			__extension__ union {
				__u32 longmode;
				__u64 flags;
			};
		} hypercall;
		struct {
			__u64 rip;
			__u32 is_write;
			__u32 pad;
		} tpr_access;
		struct {
			__u32 suberror;
			__u32 ndata;
			__u64 data[16];
		} internal;
		struct {
			__u32 suberror;
			__u32 ndata;
			__u64 flags;
			__extension__ union {
				__extension__ struct {
					__u8 insn_size;
					__u8 insn_bytes[15];
				};
			};
		} emulation_failure;
		struct {
			__u32 type;
			__u32 ndata;
			__extension__ union {
				__u64 flags;
				__u64 data[16];
			};
		} system_event;
		struct {
			__u8 vector;
		} eoi;
		struct nacre_hyperv_exit hyperv;
		struct {
			__u8 error;
			__u8 pad[7];
			__u32 reason;
			__u32 index;
			__u64 data;
		} msr;
		struct nacre_xen_exit xen;
		struct {
			__u32 flags;
		} notify;
		struct {
			__u64 flags;
			__u64 gpa;
			__u64 size;
		} memory_fault;
		char padding[256];
	};

	__u64 nacre_valid_regs;
	__u64 nacre_dirty_regs;
	union {
		struct nacre_sync_regs regs;
		char padding[NACRE_SYNC_REGS_SIZE_BYTES];
	} s;
};

/*
 * ---------------------------------------------------------------------------
 * Capabilities: the argument of NACRE_CHECK_EXTENSION, by number
 *
 * An entry names what there is if it reads other than 0; "value" says what it
 * reads if that is not 1. An entry that names a VM or a vCPU, and args, can be
 * enabled there with NACRE_ENABLE_CAP; "before vCPUs": EINVAL later, if not
 * said otherwise. "gone": it was KVM's and is no more, or never on x86 and
 * kept for its number. A capability reads 0 until the whole of it works.
 */

/* NACRE_CREATE_IRQCHIP, NACRE_IRQ_LINE, the local APIC in the kernel */
#define NACRE_CAP_IRQCHIP				0
/* HLT is waited out in the kernel, with an in-kernel APIC */
#define NACRE_CAP_HLT					1
/* NACRE_SET_NR_MMU_PAGES */
#define NACRE_CAP_MMU_SHADOW_CACHE_CONTROL		2
/* NACRE_SET_USER_MEMORY_REGION */
#define NACRE_CAP_USER_MEMORY				3
/* NACRE_SET_TSS_ADDR */
#define NACRE_CAP_SET_TSS_ADDR				4
/* NACRE_TPR_ACCESS_REPORTING, NACRE_SET_VAPIC_ADDR */
#define NACRE_CAP_VAPIC					6
/* NACRE_GET_SUPPORTED_CPUID, NACRE_SET_CPUID2, NACRE_GET_CPUID2 */
#define NACRE_CAP_EXT_CPUID				7
/* the paravirtual clock's MSRs */
#define NACRE_CAP_CLOCKSOURCE				8
/* value: how many vCPUs of a VM make sense on this host */
#define NACRE_CAP_NR_VCPUS				9
/* value: slots in an address space */
#define NACRE_CAP_NR_MEMSLOTS				10
/* NACRE_CREATE_PIT */
#define NACRE_CAP_PIT					11
/* port 80h may be left alone, so the guest need not wait there */
#define NACRE_CAP_NOP_IO_DELAY				12
/* gone: guest page tables written by calls */
#define NACRE_CAP_PV_MMU				13
/* NACRE_GET_MP_STATE, NACRE_SET_MP_STATE */
#define NACRE_CAP_MP_STATE				14
/* value: the page of the ring in the vCPU's mapping */
#define NACRE_CAP_COALESCED_MMIO			15
/* the guest's memory follows the VMM's mapping */
#define NACRE_CAP_SYNC_MMU				16
/* gone: device assignment by the module */
#define NACRE_CAP_IOMMU					18
/* a slot can be deleted */
#define NACRE_CAP_DESTROY_MEMORY_REGION_WORKS		21
/* NACRE_NMI */
#define NACRE_CAP_USER_NMI				22
/* NACRE_SET_GUEST_DEBUG */
#define NACRE_CAP_SET_GUEST_DEBUG			23
/* NACRE_REINJECT_CONTROL */
#define NACRE_CAP_REINJECT_CONTROL			24
/* NACRE_SET_GSI_ROUTING; value: how many GSIs and entries */
#define NACRE_CAP_IRQ_ROUTING				25
/* NACRE_IRQ_LINE_STATUS */
#define NACRE_CAP_IRQ_INJECT_STATUS			26
/* gone: device assignment by the module */
#define NACRE_CAP_ASSIGN_DEV_IRQ			29
/* a slot can take the place of two deleted ones */
#define NACRE_CAP_JOIN_MEMORY_REGIONS_WORKS		30
/* NACRE_X86_SETUP_MCE, NACRE_X86_SET_MCE; value: banks a vCPU may have */
#define NACRE_CAP_MCE					31
/* NACRE_IRQFD */
#define NACRE_CAP_IRQFD					32
/* NACRE_CREATE_PIT2 */
#define NACRE_CAP_PIT2					33
/* NACRE_SET_BOOT_CPU_ID */
#define NACRE_CAP_SET_BOOT_CPU_ID			34
/* NACRE_GET_PIT2, NACRE_SET_PIT2 */
#define NACRE_CAP_PIT_STATE2				35
/* NACRE_IOEVENTFD */
#define NACRE_CAP_IOEVENTFD				36
/* NACRE_SET_IDENTITY_MAP_ADDR */
#define NACRE_CAP_SET_IDENTITY_MAP_ADDR			37
/* the Xen interface; value: its parts */
#define NACRE_CAP_XEN_HVM				38
/* NACRE_GET_CLOCK, NACRE_SET_CLOCK; value: NACRE_CLOCK_* flags */
#define NACRE_CAP_ADJUST_CLOCK				39
/* nacre_run.internal.ndata and data */
#define NACRE_CAP_INTERNAL_ERROR_DATA			40
/* NACRE_GET_VCPU_EVENTS, NACRE_SET_VCPU_EVENTS */
#define NACRE_CAP_VCPU_EVENTS				41
/* Hyper-V's CPUID leaves and basic MSRs */
#define NACRE_CAP_HYPERV				44
/* its APIC MSRs */
#define NACRE_CAP_HYPERV_VAPIC				45
/* its long spin-wait notice */
#define NACRE_CAP_HYPERV_SPIN				46
/* gone, reads 1 in KVM: device assignment with PCI segments */
#define NACRE_CAP_PCI_SEGMENT				47
/* nacre_vcpu_events.interrupt.shadow */
#define NACRE_CAP_INTR_SHADOW				49
/* NACRE_GET_DEBUGREGS, NACRE_SET_DEBUGREGS */
#define NACRE_CAP_DEBUGREGS				50
/* single-stepping leaves the guest's TF as it was */
#define NACRE_CAP_X86_ROBUST_SINGLESTEP			51
/* NACRE_ENABLE_CAP on a vCPU */
#define NACRE_CAP_ENABLE_CAP				54
/* NACRE_GET_XSAVE, NACRE_SET_XSAVE */
#define NACRE_CAP_XSAVE					55
/* NACRE_GET_XCRS, NACRE_SET_XCRS */
#define NACRE_CAP_XCRS					56
/* a guest is told of a page that is being fetched */
#define NACRE_CAP_ASYNC_PF				59
/* NACRE_SET_TSC_KHZ on a vCPU takes other frequencies than the host's */
#define NACRE_CAP_TSC_CONTROL				60
/* NACRE_GET_TSC_KHZ */
#define NACRE_CAP_GET_TSC_KHZ				61
/* value: vCPUs a VM can have; if 0, NACRE_CAP_NR_VCPUS */
#define NACRE_CAP_MAX_VCPUS				66
/* the in-kernel APIC's timer has TSC-deadline mode */
#define NACRE_CAP_TSC_DEADLINE_TIMER			72
/* nacre_run.s.regs; value: NACRE_SYNC_X86_* sets */
#define NACRE_CAP_SYNC_REGS				74
/* gone: device assignment with shared interrupts */
#define NACRE_CAP_PCI_2_3				75
/* NACRE_KVMCLOCK_CTRL */
#define NACRE_CAP_KVMCLOCK_CTRL				76
/* NACRE_SIGNAL_MSI */
#define NACRE_CAP_SIGNAL_MSI				77
/* NACRE_MEM_READONLY */
#define NACRE_CAP_READONLY_MEM				81
/* NACRE_IRQFD_FLAG_RESAMPLE */
#define NACRE_CAP_IRQFD_RESAMPLE			82
/* NACRE_CREATE_DEVICE and the attribute ioctls */
#define NACRE_CAP_DEVICE_CTRL				89
/* NACRE_GET_EMULATED_CPUID */
#define NACRE_CAP_EXT_EMUL_CPUID			95
/* its reference counter and TSC page */
#define NACRE_CAP_HYPERV_TIME				96
/* a pin's polarity bit does nothing: 1 asserts */
#define NACRE_CAP_IOAPIC_POLARITY_IGNORED		97
/* NACRE_ENABLE_CAP on a VM */
#define NACRE_CAP_ENABLE_CAP_VM				98
/* nacre_ioeventfd.len may be 0, for memory */
#define NACRE_CAP_IOEVENTFD_NO_LENGTH			100
/* the attribute ioctls on a VM */
#define NACRE_CAP_VM_ATTRIBUTES				101
/* NACRE_CHECK_EXTENSION on a VM */
#define NACRE_CAP_CHECK_EXTENSION_VM			105
/* VM, args[0]: NACRE_X86_QUIRK_* to switch off; unknown ones too */
#define NACRE_CAP_DISABLE_QUIRKS			116
/* NACRE_SMI, SMRAM in address space 1 */
#define NACRE_CAP_X86_SMM				117
/* value: how many address spaces slots have */
#define NACRE_CAP_MULTI_ADDRESS_SPACE			118
/* other processors: hardware breakpoints */
#define NACRE_CAP_GUEST_DEBUG_HW_BPS			119
/* other processors: hardware watchpoints */
#define NACRE_CAP_GUEST_DEBUG_HW_WPS			120
/* VM, before vCPUs, args[0]: pins of the VMM's IOAPIC. APICs only */
#define NACRE_CAP_SPLIT_IRQCHIP				121
/* nacre_ioeventfd.len may be 0, for ports as well */
#define NACRE_CAP_IOEVENTFD_ANY_LENGTH			122
/* vCPU: its interrupt controller */
#define NACRE_CAP_HYPERV_SYNIC				123
/* the attribute ioctls on a vCPU */
#define NACRE_CAP_VCPU_ATTRIBUTES			127
/* value: ids are below it. VM, before vCPUs, args[0]: a lower one */
#define NACRE_CAP_MAX_VCPU_ID				128
/* VM, args[0], and value: NACRE_X2APIC_API_* */
#define NACRE_CAP_X2APIC_API				129
/* nacre_msi.devid; other processors */
#define NACRE_CAP_MSI_DEVID				131
/* nacre_run.immediate_exit */
#define NACRE_CAP_IMMEDIATE_EXIT			136
/* VM, args[0], and value: NACRE_X86_DISABLE_EXITS_* */
#define NACRE_CAP_X86_DISABLE_EXITS			143
/* vCPU: the same, event and message pages left as they are */
#define NACRE_CAP_HYPERV_SYNIC2				148
/* its virtual processor index */
#define NACRE_CAP_HYPERV_VP_INDEX			149
/* NACRE_GET_MSR_FEATURE_INDEX_LIST, NACRE_GET_MSRS on the node */
#define NACRE_CAP_GET_MSR_FEATURES			153
/* its event connections */
#define NACRE_CAP_HYPERV_EVENTFD			154
/* its TLB flush calls */
#define NACRE_CAP_HYPERV_TLBFLUSH			155
/* value: bytes of the longest struct nacre_nested_state */
#define NACRE_CAP_NESTED_STATE				157
/* VM, args[0]: 0 hides MSR_PLATFORM_INFO from the guest */
#define NACRE_CAP_MSR_PLATFORM_INFO			159
/* its IPI calls */
#define NACRE_CAP_HYPERV_SEND_IPI			161
/* nacre_coalesced_mmio_zone.pio */
#define NACRE_CAP_COALESCED_PIO				162
/* vCPU, args[0]: user address, __u16, for the version */
#define NACRE_CAP_HYPERV_ENLIGHTENED_VMCS		163
/* VM, args[0]: 1 for NACRE_VCPUEVENT_VALID_PAYLOAD */
#define NACRE_CAP_EXCEPTION_PAYLOAD			164
/* gone: the one below with a flaw */
#define NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT		166
/* NACRE_GET_SUPPORTED_HV_CPUID on a vCPU */
#define NACRE_CAP_HYPERV_CPUID				167
/* VM, args[0], and value: NACRE_DIRTY_LOG_* below */
#define NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2		168
/* NACRE_SET_PMU_EVENT_FILTER */
#define NACRE_CAP_PMU_EVENT_FILTER			173
/* vCPU: its nested TLB flush */
#define NACRE_CAP_HYPERV_DIRECT_TLBFLUSH		175
/* VM, args[0]: ns at most to poll before HLT blocks */
#define NACRE_CAP_HALT_POLL				182
/* its "page ready" comes as an interrupt */
#define NACRE_CAP_ASYNC_PF_INT				183
/* nacre_run.fail_entry.cpu */
#define NACRE_CAP_LAST_CPU				184
/* the guest may have fewer physical address bits than the host */
#define NACRE_CAP_SMALLER_MAXPHYADDR			185
/* MSR_NACRE_STEAL_TIME */
#define NACRE_CAP_STEAL_TIME				187
/* VM, args[0]: NACRE_MSR_EXIT_REASON_* that exit */
#define NACRE_CAP_X86_USER_SPACE_MSR			188
/* NACRE_X86_SET_MSR_FILTER */
#define NACRE_CAP_X86_MSR_FILTER			189
/* vCPU, args[0]: 1: only what CPUID shows works */
#define NACRE_CAP_ENFORCE_PV_FEATURE_CPUID		190
/* NACRE_GET_SUPPORTED_HV_CPUID on the node */
#define NACRE_CAP_SYS_HYPERV_CPUID			191
/* VM, before vCPUs, args[0]: bytes, a power of 2; value: at most */
#define NACRE_CAP_DIRTY_LOG_RING			192
/* VM, args[0], and value: NACRE_BUS_LOCK_DETECTION_* */
#define NACRE_CAP_X86_BUS_LOCK_EXIT			193
/* value: NACRE_GUESTDBG_* flags there are */
#define NACRE_CAP_SET_GUEST_DEBUG2			195
/* VM, args[0]: a descriptor that allows an enclave attribute */
#define NACRE_CAP_SGX_ATTRIBUTE				196
/* VM, args[0]: a VM to share the encryption with */
#define NACRE_CAP_VM_COPY_ENC_CONTEXT_FROM		197
/* vCPU, args[0]: 1: only what its CPUID shows works */
#define NACRE_CAP_HYPERV_ENFORCE_CPUID			199
/* NACRE_GET_SREGS2, NACRE_SET_SREGS2 */
#define NACRE_CAP_SREGS2				200
/* VM, args[0], and value: bit n for NACRE_HC_* number n */
#define NACRE_CAP_EXIT_HYPERCALL			201
/* NACRE_GET_STATS_FD */
#define NACRE_CAP_BINARY_STATS_FD			203
/* VM, args[0]: 1: no #UD for the guest, an exit */
#define NACRE_CAP_EXIT_ON_EMULATION_FAILURE		204
/* VM, args[0]: a VM to take the encryption from */
#define NACRE_CAP_VM_MOVE_ENC_CONTEXT_FROM		206
/* not used on x86 */
#define NACRE_CAP_VM_GPA_BITS				207
/* NACRE_GET_XSAVE2; value: bytes, at least 4096 */
#define NACRE_CAP_XSAVE2				208
/* the attribute ioctls on the node */
#define NACRE_CAP_SYS_ATTRIBUTES			209
/* VM, before vCPUs, args[0], and value: NACRE_PMU_CAP_* */
#define NACRE_CAP_PMU_CAPABILITY			212
/* the same as DISABLE_QUIRKS, unknown ones refused; value: all */
#define NACRE_CAP_DISABLE_QUIRKS2			213
/* NACRE_SET_TSC_KHZ on a VM */
#define NACRE_CAP_VM_TSC_CONTROL			214
/* nacre_run.system_event.ndata and data */
#define NACRE_CAP_SYSTEM_EVENT_DATA			215
/* VM, args[0]: 1 for NACRE_VCPUEVENT_VALID_TRIPLE_FAULT */
#define NACRE_CAP_X86_TRIPLE_FAULT_EVENT		218
/* VM, before vCPUs, args[0]: TSC ticks << 32  */
#define NACRE_CAP_X86_NOTIFY_VMEXIT			219
/* VM, before vCPUs, args[0]: 0. EPERM: CAP_SYS_BOOT */
#define NACRE_CAP_VM_DISABLE_NX_HUGE_PAGES		220
/* DIRTY_LOG_RING, and flags need acquire and release */
#define NACRE_CAP_DIRTY_LOG_RING_ACQ_REL		223
/* other processors: the bitmap beside the ring */
#define NACRE_CAP_DIRTY_LOG_RING_WITH_BITMAP		225
/* NACRE_PMU_EVENT_FLAG_MASKED_EVENTS */
#define NACRE_CAP_PMU_EVENT_MASKED_EVENTS		226
/* NACRE_SET_USER_MEMORY_REGION2 */
#define NACRE_CAP_USER_MEMORY2				231
/* NACRE_EXIT_MEMORY_FAULT */
#define NACRE_CAP_MEMORY_FAULT_INFO			232
/* NACRE_SET_MEMORY_ATTRIBUTES; value: the attributes */
#define NACRE_CAP_MEMORY_ATTRIBUTES			233
/* NACRE_CREATE_GUEST_MEMFD */
#define NACRE_CAP_GUEST_MEMFD				234
/* value: bit n for type n of NACRE_CREATE_VM */
#define NACRE_CAP_VM_TYPES				235
/* NACRE_PRE_FAULT_MEMORY */
#define NACRE_CAP_PRE_FAULT_MEMORY			236
/* value: ns of an APIC timer tick. VM, before vCPUs, args[0] */
#define NACRE_CAP_X86_APIC_BUS_CYCLES_NS		237
/* NACRE_RUN_X86_GUEST_MODE */
#define NACRE_CAP_X86_GUEST_MODE			238

/*
 * NACRE_CAP_SPLIT_IRQCHIP: EINVAL: more pins than there are GSIs; EEXIST: there
 * are controllers, or a vCPU.
 * NACRE_CAP_X86_APIC_BUS_CYCLES_NS: EINVAL: 0, so many that a timer overflows,
 * or a vCPU is there; ENXIO: no in-kernel APIC.
 * NACRE_CAP_DIRTY_LOG_RING: EINVAL: no power of 2, below a page, set before;
 * E2BIG: more than the value.
 */

/* NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2: only with the first, the second. */
#define NACRE_DIRTY_LOG_MANUAL_PROTECT_ENABLE	(1 << 0)
/* A slot's log starts with all pages written. */
#define NACRE_DIRTY_LOG_INITIALLY_SET		(1 << 1)

/* NACRE_CAP_X86_DISABLE_EXITS: these run in the guest without an exit. */
#define NACRE_X86_DISABLE_EXITS_MWAIT	(1 << 0)
#define NACRE_X86_DISABLE_EXITS_HLT	(1 << 1)
#define NACRE_X86_DISABLE_EXITS_PAUSE	(1 << 2)
/* The guest reads the core's C-state residency MSRs. */
#define NACRE_X86_DISABLE_EXITS_CSTATE	(1 << 3)
#define NACRE_X86_DISABLE_VALID_EXITS \
	(NACRE_X86_DISABLE_EXITS_MWAIT | NACRE_X86_DISABLE_EXITS_HLT | \
	 NACRE_X86_DISABLE_EXITS_PAUSE | NACRE_X86_DISABLE_EXITS_CSTATE)

/*
 * NACRE_CAP_DISABLE_QUIRKS2: where KVM is not what the manual says, because
 * guests came to need it. All are on until switched off.
 */
/* LVT LINT0 is ExtINT and not masked after reset. */
#define NACRE_X86_QUIRK_LINT0_REENABLED		(1 << 0)
/* CR0.CD and CR0.NW do not make the guest's memory uncached. */
#define NACRE_X86_QUIRK_CD_NW_CLEARED		(1 << 1)
/* The APIC's page is there in x2APIC mode too. */
#define NACRE_X86_QUIRK_LAPIC_MMIO_HOLE		(1 << 2)
/* OUT to port 7Eh is over before the VMM sees it. */
#define NACRE_X86_QUIRK_OUT_7E_INC_RIP		(1 << 3)
/* CPUID's MWAIT bit does not follow IA32_MISC_ENABLE. */
#define NACRE_X86_QUIRK_MISC_ENABLE_NO_MWAIT	(1 << 4)
/* The other vendor's hypercall instruction is written over with its own. */
#define NACRE_X86_QUIRK_FIX_HYPERCALL_INSN	(1 << 5)
/* MONITOR and MWAIT do nothing, whatever CPUID says. */
#define NACRE_X86_QUIRK_MWAIT_NEVER_UD_FAULTS	(1 << 6)
/* Deleting a slot drops the mappings of all. */
#define NACRE_X86_QUIRK_SLOT_ZAP_ALL		(1 << 7)
/* Feature MSRs start with all that the host has, not with 0. */
#define NACRE_X86_QUIRK_STUFF_FEATURE_MSRS	(1 << 8)
/* Memory is write-back whatever the guest's PAT says. */
#define NACRE_X86_QUIRK_IGNORE_GUEST_PAT	(1 << 9)
/* A nested guest may freeze counters in SMM. */
#define NACRE_X86_QUIRK_VMCS12_ALLOW_FREEZE_IN_SMM (1 << 10)

/* NACRE_CAP_X2APIC_API: IDs have 32 bits wherever they go in or out. */
#define NACRE_X2APIC_API_USE_32BIT_IDS		(1ULL << 0)
/* Destination FFh is that APIC, not all of them. */
#define NACRE_X2APIC_API_DISABLE_BROADCAST_QUIRK (1ULL << 1)

/* NACRE_CAP_X86_BUS_LOCK_EXIT: one of the two. */
#define NACRE_BUS_LOCK_DETECTION_OFF	(1 << 0)
#define NACRE_BUS_LOCK_DETECTION_EXIT	(1 << 1)

/* NACRE_CAP_PMU_CAPABILITY: the guest has no performance counters. */
#define NACRE_PMU_CAP_DISABLE (1 << 0)

/* NACRE_CAP_X86_NOTIFY_VMEXIT: on; and an exit to the VMM each time. */
#define NACRE_X86_NOTIFY_VMEXIT_ENABLED	(1ULL << 0)
#define NACRE_X86_NOTIFY_VMEXIT_USER	(1ULL << 1)

/*
 * ---------------------------------------------------------------------------
 * What a guest sees
 *
 * Names are nacre's, what the guest reads is KVM's, for that is what guests
 * look for. Source: "KVM CPUID bits", "KVM-specific MSRs" and "Linux KVM
 * Hypercall" in the kernel's documentation.
 */

/* EAX: the last leaf; EBX, ECX, EDX: the signature. */
#define NACRE_CPUID_SIGNATURE	0x40000000
#define NACRE_SIGNATURE		"KVMKVMKVM\0\0\0"
/* EAX: bit numbers NACRE_FEATURE_*; EDX: bit numbers NACRE_HINTS_*. */
#define NACRE_CPUID_FEATURES	0x40000001

/* MSR_NACRE_WALL_CLOCK and MSR_NACRE_SYSTEM_TIME */
#define NACRE_FEATURE_CLOCKSOURCE		0
/* No need to wait after port accesses. */
#define NACRE_FEATURE_NOP_IO_DELAY		1
/* Gone. */
#define NACRE_FEATURE_MMU_OP			2
/* MSR_NACRE_WALL_CLOCK_NEW and MSR_NACRE_SYSTEM_TIME_NEW */
#define NACRE_FEATURE_CLOCKSOURCE2		3
/* MSR_NACRE_ASYNC_PF_EN */
#define NACRE_FEATURE_ASYNC_PF			4
/* MSR_NACRE_STEAL_TIME */
#define NACRE_FEATURE_STEAL_TIME		5
/* MSR_NACRE_PV_EOI_EN */
#define NACRE_FEATURE_PV_EOI			6
/* NACRE_HC_KICK_CPU */
#define NACRE_FEATURE_PV_UNHALT			7
/* NACRE_VCPU_FLUSH_TLB */
#define NACRE_FEATURE_PV_TLB_FLUSH		9
/* NACRE_ASYNC_PF_DELIVERY_AS_PF_VMEXIT */
#define NACRE_FEATURE_ASYNC_PF_VMEXIT		10
/* NACRE_HC_SEND_IPI */
#define NACRE_FEATURE_PV_SEND_IPI		11
/* MSR_NACRE_POLL_CONTROL */
#define NACRE_FEATURE_POLL_CONTROL		12
/* NACRE_HC_SCHED_YIELD */
#define NACRE_FEATURE_PV_SCHED_YIELD		13
/* MSR_NACRE_ASYNC_PF_INT and MSR_NACRE_ASYNC_PF_ACK */
#define NACRE_FEATURE_ASYNC_PF_INT		14
/* Bits 11:5 of a message's address are bits 14:8 of its destination. */
#define NACRE_FEATURE_MSI_EXT_DEST_ID		15
/* NACRE_HC_MAP_GPA_RANGE */
#define NACRE_FEATURE_HC_MAP_GPA_RANGE		16
/* MSR_NACRE_MIGRATION_CONTROL */
#define NACRE_FEATURE_MIGRATION_CONTROL		17
/* nacre_pvclock_vcpu_time_info.flags may be believed. */
#define NACRE_FEATURE_CLOCKSOURCE_STABLE_BIT	24

/* vCPUs are never preempted for long. */
#define NACRE_HINTS_REALTIME 0

/*
 * MSRs. Each that takes an address takes a gpa of memory, and
 * NACRE_MSR_ENABLED in bit 0 unless said otherwise; 0 ends it.
 */
#define NACRE_MSR_ENABLED 1

/* As the two below. */
#define MSR_NACRE_WALL_CLOCK		0x11
#define MSR_NACRE_SYSTEM_TIME		0x12
/* struct nacre_pvclock_wall_clock, filled at the write. No bit 0. */
#define MSR_NACRE_WALL_CLOCK_NEW	0x4b564d00
/* struct nacre_pvclock_vcpu_time_info, of this vCPU. */
#define MSR_NACRE_SYSTEM_TIME_NEW	0x4b564d01
/* struct nacre_vcpu_pv_apf_data, 64-byte aligned, and NACRE_ASYNC_PF_*. */
#define MSR_NACRE_ASYNC_PF_EN		0x4b564d02
/* struct nacre_steal_time, 64-byte aligned. */
#define MSR_NACRE_STEAL_TIME		0x4b564d03
/* A 32-bit word, 4-byte aligned: bit 0 set means clear me instead of EOI. */
#define MSR_NACRE_PV_EOI_EN		0x4b564d04
/* 0: the host does not poll before it blocks a HLT; 1: it may. */
#define MSR_NACRE_POLL_CONTROL		0x4b564d05
/* Bits 7:0: the vector that says a page is ready. */
#define MSR_NACRE_ASYNC_PF_INT		0x4b564d06
/* 1: token is read and cleared, the next may come. */
#define MSR_NACRE_ASYNC_PF_ACK		0x4b564d07
/* NACRE_MIGRATION_READY */
#define MSR_NACRE_MIGRATION_CONTROL	0x4b564d08

/* nacre_pvclock_vcpu_time_info.flags: all vCPUs' clocks agree. */
#define NACRE_PVCLOCK_TSC_STABLE	(1 << 0)
/* NACRE_KVMCLOCK_CTRL was called; the guest clears it. */
#define NACRE_PVCLOCK_GUEST_STOPPED	(1 << 1)

/*
 * version: odd while it is being written. ns since the VM began: the TSC's
 * advance from tsc_timestamp, shifted left by tsc_shift (right if negative),
 * times tsc_to_system_mul / 2^32, plus system_time.
 */
struct nacre_pvclock_vcpu_time_info {
	__u32 version;
	__u32 pad0;
	__u64 tsc_timestamp;
	__u64 system_time;
	__u32 tsc_to_system_mul;
	__s8 tsc_shift;
	__u8 flags;
	__u8 pad[2];
};

/* version: as above. When the VM began, since 1970. */
struct nacre_pvclock_wall_clock {
	__u32 version;
	__u32 sec;
	__u32 nsec;
};

/* nacre_steal_time.preempted: does not run; must flush before it runs. */
#define NACRE_VCPU_PREEMPTED	(1 << 0)
#define NACRE_VCPU_FLUSH_TLB	(1 << 1)

/* Bits of MSR_NACRE_STEAL_TIME: an address, and 0. */
#define NACRE_STEAL_ALIGNMENT_BITS	5
#define NACRE_STEAL_VALID_BITS \
	(-1ULL << (NACRE_STEAL_ALIGNMENT_BITS + 1))
#define NACRE_STEAL_RESERVED_MASK \
	(((1 << NACRE_STEAL_ALIGNMENT_BITS) - 1) << 1)

/* steal: ns ready and not running. version: as above. flags: 0. */
struct nacre_steal_time {
	__u64 steal;
	__u32 version;
	__u32 flags;
	__u8 preempted;
	__u8 u8_pad[3];
	__u32 pad[11];
};

/*
 * MSR_NACRE_ASYNC_PF_EN: on; at CPL 0 too; a nested guest's as a #PF exit of
 * its hypervisor; "page ready" by interrupt, without which nothing comes.
 */
#define NACRE_ASYNC_PF_ENABLED			(1 << 0)
#define NACRE_ASYNC_PF_SEND_ALWAYS		(1 << 1)
#define NACRE_ASYNC_PF_DELIVERY_AS_PF_VMEXIT	(1 << 2)
#define NACRE_ASYNC_PF_DELIVERY_AS_INT		(1 << 3)
#define NACRE_ASYNC_PF_VEC_MASK			0xffUL

/* nacre_vcpu_pv_apf_data.flags with #PF, CR2 the token; the other is gone. */
#define NACRE_PV_REASON_PAGE_NOT_PRESENT	1
#define NACRE_PV_REASON_PAGE_READY		2

/* token: of the page that is ready. The guest clears both after reading. */
struct nacre_vcpu_pv_apf_data {
	__u32 flags;
	__u32 token;
	__u8 pad[56];
};

#define NACRE_PV_EOI_BIT	0
#define NACRE_PV_EOI_MASK	(0x1 << NACRE_PV_EOI_BIT)
#define NACRE_PV_EOI_ENABLED	NACRE_PV_EOI_MASK
#define NACRE_PV_EOI_DISABLED	0x0

/* MSR_NACRE_MIGRATION_CONTROL: the guest can be moved. */
#define NACRE_MIGRATION_READY (1 << 0)

/*
 * Calls: VMCALL or VMMCALL at CPL 0, number in RAX, arguments in RBX, RCX,
 * RDX and RSI; the result is in RAX, negative NACRE_E* on failure: no such
 * call; bad address; bad argument; too big; not at this CPL; not supported.
 */
#define NACRE_ENOSYS		1000
#define NACRE_EFAULT		14
#define NACRE_EINVAL		22
#define NACRE_E2BIG		7
#define NACRE_EPERM		1
#define NACRE_EOPNOTSUPP	95

/* Nothing but an exit, at which interrupts are looked at. */
#define NACRE_HC_VAPIC_POLL_IRQ	1
/* Not on x86. */
#define NACRE_HC_FEATURES	3
/* RCX: the APIC ID of a vCPU to wake from HLT. */
#define NACRE_HC_KICK_CPU	5
/* RBX: gpa for struct nacre_clock_pairing; RCX: the clock. */
#define NACRE_HC_CLOCK_PAIRING	9
/*
 * RBX, RCX: a bitmap of APIC IDs, RDX: the lowest; RSI: as in the ICR.
 * Returns how many took it.
 */
#define NACRE_HC_SEND_IPI	10
/* RBX: the APIC ID of a vCPU to run in place of this one. */
#define NACRE_HC_SCHED_YIELD	11
/* RBX: gpa; RCX: pages of 4 KiB; RDX: NACRE_MAP_GPA_RANGE_*. To the VMM. */
#define NACRE_HC_MAP_GPA_RANGE	12

#define NACRE_CLOCK_PAIRING_WALLCLOCK 0

/* The host's real time, since 1970, at the guest's TSC value. flags: 0. */
struct nacre_clock_pairing {
	__s64 sec;
	__s64 nsec;
	__u64 tsc;
	__u32 flags;
	__u32 pad[9];
};

#define NACRE_MAP_GPA_RANGE_PAGE_SZ_4K	0
#define NACRE_MAP_GPA_RANGE_PAGE_SZ_2M	(1 << 0)
#define NACRE_MAP_GPA_RANGE_PAGE_SZ_1G	(1 << 1)
#define NACRE_MAP_GPA_RANGE_ENC_STAT(n)	((n) << 4)
#define NACRE_MAP_GPA_RANGE_ENCRYPTED	NACRE_MAP_GPA_RANGE_ENC_STAT(1)
#define NACRE_MAP_GPA_RANGE_DECRYPTED	NACRE_MAP_GPA_RANGE_ENC_STAT(0)

#endif /* _UAPI_NACRE_H */
