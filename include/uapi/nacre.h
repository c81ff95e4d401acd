/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * nacre.h - the binary interface between nacre.ko and a virtual machine
 * monitor
 *
 * Numbers, layouts and errnos are those of version 12 of the KVM ABI on x86,
 * so a program built against either header runs on either module.
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

/* A counted tail. C++ has no flexible array members, but an empty one does. */
#ifdef __cplusplus
#define __NACRE_TAIL(type, name) __extension__ type name[0]
#define __NACRE_UNION_TAIL(type, name) __extension__ type name[0]
#else
#define __NACRE_TAIL(type, name) type name[]
#define __NACRE_UNION_TAIL(type, name) \
	__extension__ struct { struct { } __empty_##name; type name[]; }
#endif

#define NACRE_API_VERSION 12

#define NACREIO 0xAE

/* nacre's own ioctls and capabilities, clear of everything KVM has. */
#define NACRE_OWN_IO 0xBE
#define NACRE_OWN_CAP_BASE 0x4e410000

/*
 * System ioctls: on the device node
 */

#define NACRE_GET_API_VERSION	_IO(NACREIO, 0x00)
#define NACRE_CREATE_VM		_IO(NACREIO, 0x01)
#define NACRE_GET_MSR_INDEX_LIST \
	_IOWR(NACREIO, 0x02, struct nacre_msr_list)
#define NACRE_CHECK_EXTENSION	_IO(NACREIO, 0x03)
#define NACRE_GET_VCPU_MMAP_SIZE _IO(NACREIO, 0x04)
#define NACRE_GET_SUPPORTED_CPUID \
	_IOWR(NACREIO, 0x05, struct nacre_cpuid2)
#define NACRE_GET_EMULATED_CPUID \
	_IOWR(NACREIO, 0x09, struct nacre_cpuid2)
#define NACRE_GET_MSR_FEATURE_INDEX_LIST \
	_IOWR(NACREIO, 0x0a, struct nacre_msr_list)

/*
 * VM ioctls: on the descriptor from NACRE_CREATE_VM
 */

#define NACRE_CREATE_VCPU	_IO(NACREIO, 0x41)
#define NACRE_GET_DIRTY_LOG	_IOW(NACREIO, 0x42, struct nacre_dirty_log)
#define NACRE_SET_NR_MMU_PAGES	_IO(NACREIO, 0x44)
#define NACRE_GET_NR_MMU_PAGES	_IO(NACREIO, 0x45)
#define NACRE_SET_USER_MEMORY_REGION \
	_IOW(NACREIO, 0x46, struct nacre_userspace_memory_region)
#define NACRE_SET_TSS_ADDR	_IO(NACREIO, 0x47)
#define NACRE_SET_IDENTITY_MAP_ADDR _IOW(NACREIO, 0x48, __u64)
#define NACRE_SET_USER_MEMORY_REGION2 \
	_IOW(NACREIO, 0x49, struct nacre_userspace_memory_region2)
#define NACRE_CREATE_IRQCHIP	_IO(NACREIO, 0x60)
#define NACRE_IRQ_LINE		_IOW(NACREIO, 0x61, struct nacre_irq_level)
#define NACRE_GET_IRQCHIP	_IOWR(NACREIO, 0x62, struct nacre_irqchip)
#define NACRE_SET_IRQCHIP	_IOR(NACREIO, 0x63, struct nacre_irqchip)
#define NACRE_CREATE_PIT	_IO(NACREIO, 0x64)
#define NACRE_GET_PIT		_IOWR(NACREIO, 0x65, struct nacre_pit_state)
#define NACRE_SET_PIT		_IOR(NACREIO, 0x66, struct nacre_pit_state)
#define NACRE_IRQ_LINE_STATUS	_IOWR(NACREIO, 0x67, struct nacre_irq_level)
#define NACRE_REGISTER_COALESCED_MMIO \
	_IOW(NACREIO, 0x67, struct nacre_coalesced_mmio_zone)
#define NACRE_UNREGISTER_COALESCED_MMIO \
	_IOW(NACREIO, 0x68, struct nacre_coalesced_mmio_zone)
#define NACRE_SET_GSI_ROUTING	_IOW(NACREIO, 0x6a, struct nacre_irq_routing)
#define NACRE_REINJECT_CONTROL	_IO(NACREIO, 0x71)
#define NACRE_IRQFD		_IOW(NACREIO, 0x76, struct nacre_irqfd)
#define NACRE_CREATE_PIT2	_IOW(NACREIO, 0x77, struct nacre_pit_config)
#define NACRE_SET_BOOT_CPU_ID	_IO(NACREIO, 0x78)
#define NACRE_IOEVENTFD		_IOW(NACREIO, 0x79, struct nacre_ioeventfd)
#define NACRE_SET_CLOCK		_IOW(NACREIO, 0x7b, struct nacre_clock_data)
#define NACRE_GET_CLOCK		_IOR(NACREIO, 0x7c, struct nacre_clock_data)
#define NACRE_GET_PIT2		_IOR(NACREIO, 0x9f, struct nacre_pit_state2)
#define NACRE_SET_PIT2		_IOW(NACREIO, 0xa0, struct nacre_pit_state2)
#define NACRE_SIGNAL_MSI	_IOW(NACREIO, 0xa5, struct nacre_msi)
#define NACRE_SET_PMU_EVENT_FILTER \
	_IOW(NACREIO, 0xb2, struct nacre_pmu_event_filter)
#define NACRE_CLEAR_DIRTY_LOG \
	_IOWR(NACREIO, 0xc0, struct nacre_clear_dirty_log)
#define NACRE_X86_SET_MSR_FILTER \
	_IOW(NACREIO, 0xc6, struct nacre_msr_filter)
#define NACRE_RESET_DIRTY_RINGS	_IO(NACREIO, 0xc7)
#define NACRE_SET_MEMORY_ATTRIBUTES \
	_IOW(NACREIO, 0xd2, struct nacre_memory_attributes)
#define NACRE_CREATE_GUEST_MEMFD \
	_IOWR(NACREIO, 0xd4, struct nacre_create_guest_memfd)
#define NACRE_CREATE_DEVICE	_IOWR(NACREIO, 0xe0, struct nacre_create_device)

/*
 * vCPU ioctls: on the descriptor from NACRE_CREATE_VCPU
 */

#define NACRE_RUN		_IO(NACREIO, 0x80)
#define NACRE_GET_REGS		_IOR(NACREIO, 0x81, struct nacre_regs)
#define NACRE_SET_REGS		_IOW(NACREIO, 0x82, struct nacre_regs)
#define NACRE_GET_SREGS		_IOR(NACREIO, 0x83, struct nacre_sregs)
#define NACRE_SET_SREGS		_IOW(NACREIO, 0x84, struct nacre_sregs)
#define NACRE_TRANSLATE		_IOWR(NACREIO, 0x85, struct nacre_translation)
#define NACRE_INTERRUPT		_IOW(NACREIO, 0x86, struct nacre_interrupt)
#define NACRE_GET_MSRS		_IOWR(NACREIO, 0x88, struct nacre_msrs)
#define NACRE_SET_MSRS		_IOW(NACREIO, 0x89, struct nacre_msrs)
#define NACRE_SET_CPUID		_IOW(NACREIO, 0x8a, struct nacre_cpuid)
#define NACRE_SET_SIGNAL_MASK	_IOW(NACREIO, 0x8b, struct nacre_signal_mask)
#define NACRE_GET_FPU		_IOR(NACREIO, 0x8c, struct nacre_fpu)
#define NACRE_SET_FPU		_IOW(NACREIO, 0x8d, struct nacre_fpu)
#define NACRE_GET_LAPIC		_IOR(NACREIO, 0x8e, struct nacre_lapic_state)
#define NACRE_SET_LAPIC		_IOW(NACREIO, 0x8f, struct nacre_lapic_state)
#define NACRE_SET_CPUID2	_IOW(NACREIO, 0x90, struct nacre_cpuid2)
#define NACRE_GET_CPUID2	_IOWR(NACREIO, 0x91, struct nacre_cpuid2)
#define NACRE_TPR_ACCESS_REPORTING \
	_IOWR(NACREIO, 0x92, struct nacre_tpr_access_ctl)
#define NACRE_SET_VAPIC_ADDR	_IOW(NACREIO, 0x93, struct nacre_vapic_addr)
#define NACRE_GET_MP_STATE	_IOR(NACREIO, 0x98, struct nacre_mp_state)
#define NACRE_SET_MP_STATE	_IOW(NACREIO, 0x99, struct nacre_mp_state)
#define NACRE_NMI		_IO(NACREIO, 0x9a)
#define NACRE_SET_GUEST_DEBUG	_IOW(NACREIO, 0x9b, struct nacre_guest_debug)
#define NACRE_X86_SETUP_MCE	_IOW(NACREIO, 0x9c, __u64)
#define NACRE_X86_GET_MCE_CAP_SUPPORTED _IOR(NACREIO, 0x9d, __u64)
#define NACRE_X86_SET_MCE	_IOW(NACREIO, 0x9e, struct nacre_x86_mce)
#define NACRE_GET_VCPU_EVENTS	_IOR(NACREIO, 0x9f, struct nacre_vcpu_events)
#define NACRE_SET_VCPU_EVENTS	_IOW(NACREIO, 0xa0, struct nacre_vcpu_events)
#define NACRE_GET_DEBUGREGS	_IOR(NACREIO, 0xa1, struct nacre_debugregs)
#define NACRE_SET_DEBUGREGS	_IOW(NACREIO, 0xa2, struct nacre_debugregs)
#define NACRE_SET_TSC_KHZ	_IO(NACREIO, 0xa2)
#define NACRE_GET_TSC_KHZ	_IO(NACREIO, 0xa3)
#define NACRE_ENABLE_CAP	_IOW(NACREIO, 0xa3, struct nacre_enable_cap)
#define NACRE_GET_XSAVE		_IOR(NACREIO, 0xa4, struct nacre_xsave)
#define NACRE_SET_XSAVE		_IOW(NACREIO, 0xa5, struct nacre_xsave)
#define NACRE_GET_XCRS		_IOR(NACREIO, 0xa6, struct nacre_xcrs)
#define NACRE_SET_XCRS		_IOW(NACREIO, 0xa7, struct nacre_xcrs)
#define NACRE_KVMCLOCK_CTRL	_IO(NACREIO, 0xad)
#define NACRE_SMI		_IO(NACREIO, 0xb7)
#define NACRE_GET_NESTED_STATE	_IOWR(NACREIO, 0xbe, struct nacre_nested_state)
#define NACRE_SET_NESTED_STATE	_IOW(NACREIO, 0xbf, struct nacre_nested_state)
#define NACRE_GET_SUPPORTED_HV_CPUID \
	_IOWR(NACREIO, 0xc1, struct nacre_cpuid2)
#define NACRE_GET_SREGS2	_IOR(NACREIO, 0xcc, struct nacre_sregs2)
#define NACRE_SET_SREGS2	_IOW(NACREIO, 0xcd, struct nacre_sregs2)
#define NACRE_GET_STATS_FD	_IO(NACREIO, 0xce)
#define NACRE_GET_XSAVE2	_IOR(NACREIO, 0xcf, struct nacre_xsave)
#define NACRE_PRE_FAULT_MEMORY \
	_IOWR(NACREIO, 0xd5, struct nacre_pre_fault_memory)

/* Attribute ioctls: on a device, vCPU or system descriptor. */
#define NACRE_SET_DEVICE_ATTR	_IOW(NACREIO, 0xe1, struct nacre_device_attr)
#define NACRE_GET_DEVICE_ATTR	_IOW(NACREIO, 0xe2, struct nacre_device_attr)
#define NACRE_HAS_DEVICE_ATTR	_IOW(NACREIO, 0xe3, struct nacre_device_attr)

/*
 * Structures: general registers
 */

struct nacre_regs {
	__u64 rax, rbx, rcx, rdx;
	__u64 rsi, rdi, rsp, rbp;
	__u64 r8, r9, r10, r11;
	__u64 r12, r13, r14, r15;
	__u64 rip, rflags;
};

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

struct nacre_sregs {
	struct nacre_segment cs, ds, es, fs, gs, ss;
	struct nacre_segment tr, ldt;
	struct nacre_dtable gdt, idt;
	__u64 cr0, cr2, cr3, cr4, cr8;
	__u64 efer;
	__u64 apic_base;
	__u64 interrupt_bitmap[(NACRE_NR_INTERRUPTS + 63) / 64];
};

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

struct nacre_debugregs {
	__u64 db[4];
	__u64 dr6;
	__u64 dr7;
	__u64 flags;
	__u64 reserved[9];
};

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

struct nacre_xcrs {
	__u32 nr_xcrs;
	__u32 flags;
	struct nacre_xcr xcrs[NACRE_MAX_XCRS];
	__u64 padding[16];
};

/*
 * Structures: CPUID and MSRs
 */

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

#define NACRE_CPUID_FLAG_SIGNIFCANT_INDEX	(1 << 0)
#define NACRE_CPUID_FLAG_STATEFUL_FUNC		(1 << 1)
#define NACRE_CPUID_FLAG_STATE_READ_NEXT	(1 << 2)

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

#define NACRE_MSR_FILTER_MAX_BITMAP_SIZE 0x600
#define NACRE_MSR_FILTER_MAX_RANGES 16

#define NACRE_MSR_FILTER_READ	(1 << 0)
#define NACRE_MSR_FILTER_WRITE	(1 << 1)
#define NACRE_MSR_FILTER_RANGE_VALID_MASK \
	(NACRE_MSR_FILTER_READ | NACRE_MSR_FILTER_WRITE)

struct nacre_msr_filter_range {
	__u32 flags;
	__u32 nmsrs;
	__u32 base;
	__u8 __NACRE_USER *bitmap;
};

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

struct nacre_interrupt {
	__u32 irq;
};

#define NACRE_VCPUEVENT_VALID_NMI_PENDING	0x00000001
#define NACRE_VCPUEVENT_VALID_SIPI_VECTOR	0x00000002
#define NACRE_VCPUEVENT_VALID_SHADOW		0x00000004
#define NACRE_VCPUEVENT_VALID_SMM		0x00000008
#define NACRE_VCPUEVENT_VALID_PAYLOAD		0x00000010
#define NACRE_VCPUEVENT_VALID_TRIPLE_FAULT	0x00000020

#define NACRE_X86_SHADOW_INT_MOV_SS	0x01
#define NACRE_X86_SHADOW_INT_STI	0x02

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

#define NACRE_MP_STATE_RUNNABLE		0
#define NACRE_MP_STATE_UNINITIALIZED	1
#define NACRE_MP_STATE_INIT_RECEIVED	2
#define NACRE_MP_STATE_HALTED		3
#define NACRE_MP_STATE_SIPI_RECEIVED	4
#define NACRE_MP_STATE_AP_RESET_HOLD	9

struct nacre_mp_state {
	__u32 mp_state;
};

struct nacre_signal_mask {
	__u32 len;
	__NACRE_TAIL(__u8, sigset);
};

#define NACRE_GUESTDBG_ENABLE		0x00000001
#define NACRE_GUESTDBG_SINGLESTEP	0x00000002
#define NACRE_GUESTDBG_USE_SW_BP	0x00010000
#define NACRE_GUESTDBG_USE_HW_BP	0x00020000
#define NACRE_GUESTDBG_INJECT_DB	0x00040000
#define NACRE_GUESTDBG_INJECT_BP	0x00080000
#define NACRE_GUESTDBG_BLOCKIRQ		0x00100000

struct nacre_guest_debug_arch {
	__u64 debugreg[8];
};

struct nacre_guest_debug {
	__u32 control;
	__u32 pad;
	struct nacre_guest_debug_arch arch;
};

struct nacre_debug_exit_arch {
	__u32 exception;
	__u32 pad;
	__u64 pc;
	__u64 dr6;
	__u64 dr7;
};

struct nacre_tpr_access_ctl {
	__u32 enabled;
	__u32 flags;
	__u32 reserved[8];
};

struct nacre_vapic_addr {
	__u64 vapic_addr;
};

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

#define NACRE_MEM_LOG_DIRTY_PAGES	(1UL << 0)
#define NACRE_MEM_READONLY		(1UL << 1)
#define NACRE_MEM_GUEST_MEMFD		(1UL << 2)

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

#define NACRE_DIRTY_LOG_MANUAL_PROTECT_ENABLE	(1 << 0)
#define NACRE_DIRTY_LOG_INITIALLY_SET		(1 << 1)

#define NACRE_DIRTY_GFN_F_DIRTY	(1UL << 0)
#define NACRE_DIRTY_GFN_F_RESET	(1UL << 1)
#define NACRE_DIRTY_GFN_F_MASK	0x3

struct nacre_dirty_gfn {
	__u32 flags;
	__u32 slot;
	__u64 offset;
};

#define NACRE_MEMORY_ATTRIBUTE_PRIVATE (1ULL << 3)

struct nacre_memory_attributes {
	__u64 address;
	__u64 size;
	__u64 attributes;
	__u64 flags;
};

struct nacre_create_guest_memfd {
	__u64 size;
	__u64 flags;
	__u64 reserved[6];
};

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

struct nacre_lapic_state {
	char regs[NACRE_APIC_REG_SIZE];
};

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

struct nacre_irq_routing_irqchip {
	__u32 irqchip;
	__u32 pin;
};

struct nacre_irq_routing_msi {
	__u32 address_lo;
	__u32 address_hi;
	__u32 data;
	__extension__ union {
		__u32 pad;
		__u32 devid;
	};
};

struct nacre_irq_routing_hv_sint {
	__u32 vcpu;
	__u32 sint;
};

struct nacre_irq_routing_xen_evtchn {
	__u32 port;
	__u32 vcpu;
	__u32 priority;
};

#define NACRE_IRQ_ROUTING_IRQCHIP	1
#define NACRE_IRQ_ROUTING_MSI		2
#define NACRE_IRQ_ROUTING_HV_SINT	4
#define NACRE_IRQ_ROUTING_XEN_EVTCHN	5

#define NACRE_IRQ_ROUTING_XEN_EVTCHN_PRIO_2LEVEL ((__u32)-1)

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

struct nacre_irq_routing {
	__u32 nr;
	__u32 flags;
	__NACRE_TAIL(struct nacre_irq_routing_entry, entries);
};

#define NACRE_MSI_VALID_DEVID (1U << 0)

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

#define NACRE_CLOCK_TSC_STABLE	2
#define NACRE_CLOCK_REALTIME	(1 << 2)
#define NACRE_CLOCK_HOST_TSC	(1 << 3)

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

#define NACRE_IOEVENTFD_FLAG_DATAMATCH	(1 << 0)
#define NACRE_IOEVENTFD_FLAG_PIO	(1 << 1)
#define NACRE_IOEVENTFD_FLAG_DEASSIGN	(1 << 2)
#define NACRE_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY (1 << 3)
#define NACRE_IOEVENTFD_VALID_FLAG_MASK	((1 << 5) - 1)

struct nacre_ioeventfd {
	__u64 datamatch;
	__u64 addr;
	__u32 len;
	__s32 fd;
	__u32 flags;
	__u8 pad[36];
};

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

struct nacre_coalesced_mmio_ring {
	__u32 first, last;
	__NACRE_TAIL(struct nacre_coalesced_mmio, coalesced_mmio);
};

#define NACRE_COALESCED_MMIO_MAX \
	((4096 - sizeof(struct nacre_coalesced_mmio_ring)) / \
	 sizeof(struct nacre_coalesced_mmio))

/*
 * Structures: capabilities, devices, statistics, performance counters
 */

struct nacre_enable_cap {
	__u32 cap;
	__u32 flags;
	__u64 args[4];
	__u8 pad[64];
};

#define NACRE_CREATE_DEVICE_TEST 1
#define NACRE_DEV_TYPE_VFIO 4

struct nacre_create_device {
	__u32 type;
	__u32 fd;
	__u32 flags;
};

#define NACRE_DEV_VFIO_FILE	1
#define NACRE_DEV_VFIO_FILE_ADD	1
#define NACRE_DEV_VFIO_FILE_DEL	2
#define NACRE_DEV_VFIO_GROUP	NACRE_DEV_VFIO_FILE
#define NACRE_DEV_VFIO_GROUP_ADD NACRE_DEV_VFIO_FILE_ADD
#define NACRE_DEV_VFIO_GROUP_DEL NACRE_DEV_VFIO_FILE_DEL

#define NACRE_VCPU_TSC_CTRL	0
#define NACRE_VCPU_TSC_OFFSET	0

#define NACRE_X86_GRP_SYSTEM	0
#define NACRE_X86_XCOMP_GUEST_SUPP 0

struct nacre_device_attr {
	__u32 flags;
	__u32 group;
	__u64 attr;
	__u64 addr;
};

struct nacre_stats_header {
	__u32 flags;
	__u32 name_size;
	__u32 num_desc;
	__u32 id_offset;
	__u32 desc_offset;
	__u32 data_offset;
};

#define NACRE_STATS_TYPE_SHIFT		0
#define NACRE_STATS_TYPE_MASK		(0xF << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_CUMULATIVE	(0x0 << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_INSTANT	(0x1 << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_PEAK		(0x2 << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_LINEAR_HIST	(0x3 << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_LOG_HIST	(0x4 << NACRE_STATS_TYPE_SHIFT)
#define NACRE_STATS_TYPE_MAX		NACRE_STATS_TYPE_LOG_HIST

#define NACRE_STATS_UNIT_SHIFT		4
#define NACRE_STATS_UNIT_MASK		(0xF << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_NONE		(0x0 << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_BYTES		(0x1 << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_SECONDS	(0x2 << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_CYCLES		(0x3 << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_BOOLEAN	(0x4 << NACRE_STATS_UNIT_SHIFT)
#define NACRE_STATS_UNIT_MAX		NACRE_STATS_UNIT_BOOLEAN

#define NACRE_STATS_BASE_SHIFT		8
#define NACRE_STATS_BASE_MASK		(0xF << NACRE_STATS_BASE_SHIFT)
#define NACRE_STATS_BASE_POW10		(0x0 << NACRE_STATS_BASE_SHIFT)
#define NACRE_STATS_BASE_POW2		(0x1 << NACRE_STATS_BASE_SHIFT)
#define NACRE_STATS_BASE_MAX		NACRE_STATS_BASE_POW2

struct nacre_stats_desc {
	__u32 flags;
	__s16 exponent;
	__u16 size;
	__u32 offset;
	__u32 bucket_size;
	__NACRE_TAIL(char, name);
};

#define NACRE_PMU_EVENT_ALLOW	0
#define NACRE_PMU_EVENT_DENY	1
#define NACRE_PMU_EVENT_FLAG_MASKED_EVENTS (1UL << 0)
#define NACRE_PMU_EVENT_FLAGS_VALID_MASK NACRE_PMU_EVENT_FLAG_MASKED_EVENTS

#define NACRE_PMU_ENCODE_MASKED_ENTRY(select, mask, match, exclude) \
	(((select) & 0xffULL) | (((select) & 0xf00ULL) << 24) | \
	 (((match) & 0xffULL) << 8) | (((mask) & 0xffULL) << 56) | \
	 ((exclude) ? 1ULL << 55 : 0))
#define NACRE_PMU_MASKED_ENTRY_EVENT_SELECT	0x0000000f000000ffULL
#define NACRE_PMU_MASKED_ENTRY_UMASK_MATCH	0x000000000000ff00ULL
#define NACRE_PMU_MASKED_ENTRY_EXCLUDE		(1ULL << 55)
#define NACRE_PMU_MASKED_ENTRY_UMASK_MASK	(0xffULL << 56)
#define NACRE_PMU_MASKED_ENTRY_UMASK_MASK_SHIFT	56

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

#define NACRE_STATE_NESTED_FORMAT_VMX	0
#define NACRE_STATE_NESTED_FORMAT_SVM	1

#define NACRE_STATE_NESTED_GUEST_MODE	0x00000001
#define NACRE_STATE_NESTED_RUN_PENDING	0x00000002
#define NACRE_STATE_NESTED_EVMCS	0x00000004
#define NACRE_STATE_NESTED_MTF_PENDING	0x00000008
#define NACRE_STATE_NESTED_GIF_SET	0x00000100

#define NACRE_STATE_NESTED_SMM_GUEST_MODE	0x00000001
#define NACRE_STATE_NESTED_SMM_VMXON		0x00000002

#define NACRE_STATE_VMX_PREEMPTION_TIMER_DEADLINE 0x00000001

#define NACRE_STATE_NESTED_VMX_VMCS_SIZE 0x1000
#define NACRE_STATE_NESTED_SVM_VMCB_SIZE 0x1000

struct nacre_vmx_nested_state_data {
	__u8 vmcs12[NACRE_STATE_NESTED_VMX_VMCS_SIZE];
	__u8 shadow_vmcs12[NACRE_STATE_NESTED_VMX_VMCS_SIZE];
};

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
 * Exits: why NACRE_RUN came back
 */

#define NACRE_EXIT_UNKNOWN		0
#define NACRE_EXIT_EXCEPTION		1
#define NACRE_EXIT_IO			2
#define NACRE_EXIT_HYPERCALL		3
#define NACRE_EXIT_DEBUG		4
#define NACRE_EXIT_HLT			5
#define NACRE_EXIT_MMIO			6
#define NACRE_EXIT_IRQ_WINDOW_OPEN	7
#define NACRE_EXIT_SHUTDOWN		8
#define NACRE_EXIT_FAIL_ENTRY		9
#define NACRE_EXIT_INTR			10
#define NACRE_EXIT_SET_TPR		11
#define NACRE_EXIT_TPR_ACCESS		12
#define NACRE_EXIT_NMI			16
#define NACRE_EXIT_INTERNAL_ERROR	17
#define NACRE_EXIT_WATCHDOG		21
#define NACRE_EXIT_SYSTEM_EVENT		24
#define NACRE_EXIT_IOAPIC_EOI		26
#define NACRE_EXIT_HYPERV		27
#define NACRE_EXIT_X86_RDMSR		29
#define NACRE_EXIT_X86_WRMSR		30
#define NACRE_EXIT_DIRTY_RING_FULL	31
#define NACRE_EXIT_AP_RESET_HOLD	32
#define NACRE_EXIT_X86_BUS_LOCK		33
#define NACRE_EXIT_XEN			34
#define NACRE_EXIT_NOTIFY		37
#define NACRE_EXIT_MEMORY_FAULT		39

#define NACRE_INTERNAL_ERROR_EMULATION			1
#define NACRE_INTERNAL_ERROR_SIMUL_EX			2
#define NACRE_INTERNAL_ERROR_DELIVERY_EV		3
#define NACRE_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON	4

#define NACRE_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES (1ULL << 0)

#define NACRE_EXIT_IO_IN	0
#define NACRE_EXIT_IO_OUT	1

#define NACRE_EXIT_HYPERCALL_LONG_MODE (1ULL << 0)

#define NACRE_SYSTEM_EVENT_SHUTDOWN	1
#define NACRE_SYSTEM_EVENT_RESET	2
#define NACRE_SYSTEM_EVENT_CRASH	3
#define NACRE_SYSTEM_EVENT_WAKEUP	4
#define NACRE_SYSTEM_EVENT_SUSPEND	5
#define NACRE_SYSTEM_EVENT_SEV_TERM	6

#define NACRE_MSR_EXIT_REASON_INVAL	(1 << 0)
#define NACRE_MSR_EXIT_REASON_UNKNOWN	(1 << 1)
#define NACRE_MSR_EXIT_REASON_FILTER	(1 << 2)
#define NACRE_MSR_EXIT_REASON_VALID_MASK \
	(NACRE_MSR_EXIT_REASON_INVAL | NACRE_MSR_EXIT_REASON_UNKNOWN | \
	 NACRE_MSR_EXIT_REASON_FILTER)

#define NACRE_NOTIFY_CONTEXT_INVALID (1 << 0)

#define NACRE_MEMORY_EXIT_FLAG_PRIVATE (1ULL << 3)

#define NACRE_EXIT_HYPERV_SYNIC		1
#define NACRE_EXIT_HYPERV_HCALL		2
#define NACRE_EXIT_HYPERV_SYNDBG	3

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

#define NACRE_EXIT_XEN_HCALL 1

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
 * The shared page
 */

#define NACRE_PIO_PAGE_OFFSET		1
#define NACRE_COALESCED_MMIO_PAGE_OFFSET 2
#define NACRE_DIRTY_LOG_PAGE_OFFSET	64

#define NACRE_RUN_X86_SMM		(1 << 0)
#define NACRE_RUN_X86_BUS_LOCK		(1 << 1)
#define NACRE_RUN_X86_GUEST_MODE	(1 << 2)

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
 * Capabilities: the argument of NACRE_CHECK_EXTENSION
 */

#define NACRE_CAP_IRQCHIP				0
#define NACRE_CAP_HLT					1
#define NACRE_CAP_MMU_SHADOW_CACHE_CONTROL		2
#define NACRE_CAP_USER_MEMORY				3
#define NACRE_CAP_SET_TSS_ADDR				4
#define NACRE_CAP_VAPIC					6
#define NACRE_CAP_EXT_CPUID				7
#define NACRE_CAP_CLOCKSOURCE				8
#define NACRE_CAP_NR_VCPUS				9
#define NACRE_CAP_NR_MEMSLOTS				10
#define NACRE_CAP_PIT					11
#define NACRE_CAP_NOP_IO_DELAY				12
#define NACRE_CAP_PV_MMU				13
#define NACRE_CAP_MP_STATE				14
#define NACRE_CAP_COALESCED_MMIO			15
#define NACRE_CAP_SYNC_MMU				16
#define NACRE_CAP_IOMMU					18
#define NACRE_CAP_DESTROY_MEMORY_REGION_WORKS		21
#define NACRE_CAP_USER_NMI				22
#define NACRE_CAP_SET_GUEST_DEBUG			23
#define NACRE_CAP_REINJECT_CONTROL			24
#define NACRE_CAP_IRQ_ROUTING				25
#define NACRE_CAP_IRQ_INJECT_STATUS			26
#define NACRE_CAP_ASSIGN_DEV_IRQ			29
#define NACRE_CAP_JOIN_MEMORY_REGIONS_WORKS		30
#define NACRE_CAP_MCE					31
#define NACRE_CAP_IRQFD					32
#define NACRE_CAP_PIT2					33
#define NACRE_CAP_SET_BOOT_CPU_ID			34
#define NACRE_CAP_PIT_STATE2				35
#define NACRE_CAP_IOEVENTFD				36
#define NACRE_CAP_SET_IDENTITY_MAP_ADDR			37
#define NACRE_CAP_XEN_HVM				38
#define NACRE_CAP_ADJUST_CLOCK				39
#define NACRE_CAP_INTERNAL_ERROR_DATA			40
#define NACRE_CAP_VCPU_EVENTS				41
#define NACRE_CAP_HYPERV				44
#define NACRE_CAP_HYPERV_VAPIC				45
#define NACRE_CAP_HYPERV_SPIN				46
#define NACRE_CAP_PCI_SEGMENT				47
#define NACRE_CAP_INTR_SHADOW				49
#define NACRE_CAP_DEBUGREGS				50
#define NACRE_CAP_X86_ROBUST_SINGLESTEP			51
#define NACRE_CAP_ENABLE_CAP				54
#define NACRE_CAP_XSAVE					55
#define NACRE_CAP_XCRS					56
#define NACRE_CAP_ASYNC_PF				59
#define NACRE_CAP_TSC_CONTROL				60
#define NACRE_CAP_GET_TSC_KHZ				61
#define NACRE_CAP_MAX_VCPUS				66
#define NACRE_CAP_TSC_DEADLINE_TIMER			72
#define NACRE_CAP_SYNC_REGS				74
#define NACRE_CAP_PCI_2_3				75
#define NACRE_CAP_KVMCLOCK_CTRL				76
#define NACRE_CAP_SIGNAL_MSI				77
#define NACRE_CAP_READONLY_MEM				81
#define NACRE_CAP_IRQFD_RESAMPLE			82
#define NACRE_CAP_DEVICE_CTRL				89
#define NACRE_CAP_EXT_EMUL_CPUID			95
#define NACRE_CAP_HYPERV_TIME				96
#define NACRE_CAP_IOAPIC_POLARITY_IGNORED		97
#define NACRE_CAP_ENABLE_CAP_VM				98
#define NACRE_CAP_IOEVENTFD_NO_LENGTH			100
#define NACRE_CAP_VM_ATTRIBUTES				101
#define NACRE_CAP_CHECK_EXTENSION_VM			105
#define NACRE_CAP_DISABLE_QUIRKS			116
#define NACRE_CAP_X86_SMM				117
#define NACRE_CAP_MULTI_ADDRESS_SPACE			118
#define NACRE_CAP_GUEST_DEBUG_HW_BPS			119
#define NACRE_CAP_GUEST_DEBUG_HW_WPS			120
#define NACRE_CAP_SPLIT_IRQCHIP				121
#define NACRE_CAP_IOEVENTFD_ANY_LENGTH			122
#define NACRE_CAP_HYPERV_SYNIC				123
#define NACRE_CAP_VCPU_ATTRIBUTES			127
#define NACRE_CAP_MAX_VCPU_ID				128
#define NACRE_CAP_X2APIC_API				129
#define NACRE_CAP_MSI_DEVID				131
#define NACRE_CAP_IMMEDIATE_EXIT			136
#define NACRE_CAP_X86_DISABLE_EXITS			143
#define NACRE_CAP_HYPERV_SYNIC2				148
#define NACRE_CAP_HYPERV_VP_INDEX			149
#define NACRE_CAP_GET_MSR_FEATURES			153
#define NACRE_CAP_HYPERV_EVENTFD			154
#define NACRE_CAP_HYPERV_TLBFLUSH			155
#define NACRE_CAP_NESTED_STATE				157
#define NACRE_CAP_MSR_PLATFORM_INFO			159
#define NACRE_CAP_HYPERV_SEND_IPI			161
#define NACRE_CAP_COALESCED_PIO				162
#define NACRE_CAP_HYPERV_ENLIGHTENED_VMCS		163
#define NACRE_CAP_EXCEPTION_PAYLOAD			164
#define NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT		166
#define NACRE_CAP_HYPERV_CPUID				167
#define NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2		168
#define NACRE_CAP_PMU_EVENT_FILTER			173
#define NACRE_CAP_HYPERV_DIRECT_TLBFLUSH		175
#define NACRE_CAP_HALT_POLL				182
#define NACRE_CAP_ASYNC_PF_INT				183
#define NACRE_CAP_LAST_CPU				184
#define NACRE_CAP_SMALLER_MAXPHYADDR			185
#define NACRE_CAP_STEAL_TIME				187
#define NACRE_CAP_X86_USER_SPACE_MSR			188
#define NACRE_CAP_X86_MSR_FILTER			189
#define NACRE_CAP_ENFORCE_PV_FEATURE_CPUID		190
#define NACRE_CAP_SYS_HYPERV_CPUID			191
#define NACRE_CAP_DIRTY_LOG_RING			192
#define NACRE_CAP_X86_BUS_LOCK_EXIT			193
#define NACRE_CAP_SET_GUEST_DEBUG2			195
#define NACRE_CAP_SGX_ATTRIBUTE				196
#define NACRE_CAP_VM_COPY_ENC_CONTEXT_FROM		197
#define NACRE_CAP_HYPERV_ENFORCE_CPUID			199
#define NACRE_CAP_SREGS2				200
#define NACRE_CAP_EXIT_HYPERCALL			201
#define NACRE_CAP_BINARY_STATS_FD			203
#define NACRE_CAP_EXIT_ON_EMULATION_FAILURE		204
#define NACRE_CAP_VM_MOVE_ENC_CONTEXT_FROM		206
#define NACRE_CAP_VM_GPA_BITS				207
#define NACRE_CAP_XSAVE2				208
#define NACRE_CAP_SYS_ATTRIBUTES			209
#define NACRE_CAP_PMU_CAPABILITY			212
#define NACRE_CAP_DISABLE_QUIRKS2			213
#define NACRE_CAP_VM_TSC_CONTROL			214
#define NACRE_CAP_SYSTEM_EVENT_DATA			215
#define NACRE_CAP_X86_TRIPLE_FAULT_EVENT		218
#define NACRE_CAP_X86_NOTIFY_VMEXIT			219
#define NACRE_CAP_VM_DISABLE_NX_HUGE_PAGES		220
#define NACRE_CAP_DIRTY_LOG_RING_ACQ_REL		223
#define NACRE_CAP_DIRTY_LOG_RING_WITH_BITMAP		225
#define NACRE_CAP_PMU_EVENT_MASKED_EVENTS		226
#define NACRE_CAP_USER_MEMORY2				231
#define NACRE_CAP_MEMORY_FAULT_INFO			232
#define NACRE_CAP_MEMORY_ATTRIBUTES			233
#define NACRE_CAP_GUEST_MEMFD				234
#define NACRE_CAP_VM_TYPES				235
#define NACRE_CAP_PRE_FAULT_MEMORY			236
#define NACRE_CAP_X86_APIC_BUS_CYCLES_NS		237
#define NACRE_CAP_X86_GUEST_MODE			238

/* NACRE_CAP_X86_DISABLE_EXITS */
#define NACRE_X86_DISABLE_EXITS_MWAIT	(1 << 0)
#define NACRE_X86_DISABLE_EXITS_HLT	(1 << 1)
#define NACRE_X86_DISABLE_EXITS_PAUSE	(1 << 2)
#define NACRE_X86_DISABLE_EXITS_CSTATE	(1 << 3)
#define NACRE_X86_DISABLE_VALID_EXITS \
	(NACRE_X86_DISABLE_EXITS_MWAIT | NACRE_X86_DISABLE_EXITS_HLT | \
	 NACRE_X86_DISABLE_EXITS_PAUSE | NACRE_X86_DISABLE_EXITS_CSTATE)

/* NACRE_CAP_DISABLE_QUIRKS2 */
#define NACRE_X86_QUIRK_LINT0_REENABLED		(1 << 0)
#define NACRE_X86_QUIRK_CD_NW_CLEARED		(1 << 1)
#define NACRE_X86_QUIRK_LAPIC_MMIO_HOLE		(1 << 2)
#define NACRE_X86_QUIRK_OUT_7E_INC_RIP		(1 << 3)
#define NACRE_X86_QUIRK_MISC_ENABLE_NO_MWAIT	(1 << 4)
#define NACRE_X86_QUIRK_FIX_HYPERCALL_INSN	(1 << 5)
#define NACRE_X86_QUIRK_MWAIT_NEVER_UD_FAULTS	(1 << 6)
#define NACRE_X86_QUIRK_SLOT_ZAP_ALL		(1 << 7)
#define NACRE_X86_QUIRK_STUFF_FEATURE_MSRS	(1 << 8)
#define NACRE_X86_QUIRK_IGNORE_GUEST_PAT	(1 << 9)
#define NACRE_X86_QUIRK_VMCS12_ALLOW_FREEZE_IN_SMM (1 << 10)

/* NACRE_CAP_X2APIC_API */
#define NACRE_X2APIC_API_USE_32BIT_IDS		(1ULL << 0)
#define NACRE_X2APIC_API_DISABLE_BROADCAST_QUIRK (1ULL << 1)

/* NACRE_CAP_X86_BUS_LOCK_EXIT */
#define NACRE_BUS_LOCK_DETECTION_OFF	(1 << 0)
#define NACRE_BUS_LOCK_DETECTION_EXIT	(1 << 1)

/* NACRE_CAP_PMU_CAPABILITY */
#define NACRE_PMU_CAP_DISABLE (1 << 0)

/* NACRE_CAP_X86_NOTIFY_VMEXIT */
#define NACRE_X86_NOTIFY_VMEXIT_ENABLED	(1ULL << 0)
#define NACRE_X86_NOTIFY_VMEXIT_USER	(1ULL << 1)

/* NACRE_CAP_VM_TYPES: bit n stands for type n */
#define NACRE_X86_DEFAULT_VM		0
#define NACRE_X86_SW_PROTECTED_VM	1

/*
 * Paravirtual interface: what a guest sees
 */

#define NACRE_CPUID_SIGNATURE	0x40000000
#define NACRE_SIGNATURE		"KVMKVMKVM\0\0\0"
#define NACRE_CPUID_FEATURES	0x40000001

#define NACRE_FEATURE_CLOCKSOURCE		0
#define NACRE_FEATURE_NOP_IO_DELAY		1
#define NACRE_FEATURE_MMU_OP			2
#define NACRE_FEATURE_CLOCKSOURCE2		3
#define NACRE_FEATURE_ASYNC_PF			4
#define NACRE_FEATURE_STEAL_TIME		5
#define NACRE_FEATURE_PV_EOI			6
#define NACRE_FEATURE_PV_UNHALT			7
#define NACRE_FEATURE_PV_TLB_FLUSH		9
#define NACRE_FEATURE_ASYNC_PF_VMEXIT		10
#define NACRE_FEATURE_PV_SEND_IPI		11
#define NACRE_FEATURE_POLL_CONTROL		12
#define NACRE_FEATURE_PV_SCHED_YIELD		13
#define NACRE_FEATURE_ASYNC_PF_INT		14
#define NACRE_FEATURE_MSI_EXT_DEST_ID		15
#define NACRE_FEATURE_HC_MAP_GPA_RANGE		16
#define NACRE_FEATURE_MIGRATION_CONTROL		17
#define NACRE_FEATURE_CLOCKSOURCE_STABLE_BIT	24

#define NACRE_HINTS_REALTIME 0

#define MSR_NACRE_WALL_CLOCK		0x11
#define MSR_NACRE_SYSTEM_TIME		0x12
#define MSR_NACRE_WALL_CLOCK_NEW	0x4b564d00
#define MSR_NACRE_SYSTEM_TIME_NEW	0x4b564d01
#define MSR_NACRE_ASYNC_PF_EN		0x4b564d02
#define MSR_NACRE_STEAL_TIME		0x4b564d03
#define MSR_NACRE_PV_EOI_EN		0x4b564d04
#define MSR_NACRE_POLL_CONTROL		0x4b564d05
#define MSR_NACRE_ASYNC_PF_INT		0x4b564d06
#define MSR_NACRE_ASYNC_PF_ACK		0x4b564d07
#define MSR_NACRE_MIGRATION_CONTROL	0x4b564d08

#define NACRE_MSR_ENABLED 1

#define NACRE_PVCLOCK_TSC_STABLE	(1 << 0)
#define NACRE_PVCLOCK_GUEST_STOPPED	(1 << 1)

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

struct nacre_pvclock_wall_clock {
	__u32 version;
	__u32 sec;
	__u32 nsec;
};

#define NACRE_VCPU_PREEMPTED	(1 << 0)
#define NACRE_VCPU_FLUSH_TLB	(1 << 1)

#define NACRE_STEAL_ALIGNMENT_BITS	5
#define NACRE_STEAL_VALID_BITS		(-1ULL << (NACRE_STEAL_ALIGNMENT_BITS + 1))
#define NACRE_STEAL_RESERVED_MASK \
	(((1 << NACRE_STEAL_ALIGNMENT_BITS) - 1) << 1)

struct nacre_steal_time {
	__u64 steal;
	__u32 version;
	__u32 flags;
	__u8 preempted;
	__u8 u8_pad[3];
	__u32 pad[11];
};

#define NACRE_ASYNC_PF_ENABLED			(1 << 0)
#define NACRE_ASYNC_PF_SEND_ALWAYS		(1 << 1)
#define NACRE_ASYNC_PF_DELIVERY_AS_PF_VMEXIT	(1 << 2)
#define NACRE_ASYNC_PF_DELIVERY_AS_INT		(1 << 3)
#define NACRE_ASYNC_PF_VEC_MASK			0xffUL

#define NACRE_PV_REASON_PAGE_NOT_PRESENT	1
#define NACRE_PV_REASON_PAGE_READY		2

struct nacre_vcpu_pv_apf_data {
	__u32 flags;
	__u32 token;
	__u8 pad[56];
};

#define NACRE_PV_EOI_BIT	0
#define NACRE_PV_EOI_MASK	(0x1 << NACRE_PV_EOI_BIT)
#define NACRE_PV_EOI_ENABLED	NACRE_PV_EOI_MASK
#define NACRE_PV_EOI_DISABLED	0x0

#define NACRE_MIGRATION_READY (1 << 0)

#define NACRE_HC_VAPIC_POLL_IRQ	1
#define NACRE_HC_FEATURES	3
#define NACRE_HC_KICK_CPU	5
#define NACRE_HC_CLOCK_PAIRING	9
#define NACRE_HC_SEND_IPI	10
#define NACRE_HC_SCHED_YIELD	11
#define NACRE_HC_MAP_GPA_RANGE	12

#define NACRE_ENOSYS		1000
#define NACRE_EFAULT		14
#define NACRE_EINVAL		22
#define NACRE_E2BIG		7
#define NACRE_EPERM		1
#define NACRE_EOPNOTSUPP	95

#define NACRE_CLOCK_PAIRING_WALLCLOCK 0

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
