/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ioctls that x86 answers: module/ioctl.h says what a row is. Listed once:
 * the list declares the handlers here, and is a part of the tables in module/.
 */
#ifndef NACRE_X86_IOCTLS_H
#define NACRE_X86_IOCTLS_H

#include "module/ioctl.h"

#define NACRE_X86_SYSTEM_IOCTLS(ROW)					\
ROW(NACRE_GET_SUPPORTED_CPUID, nacre_get_supported_cpuid,		\
	NACRE_IOC_TAIL_OUT,						\
	NACRE_COUNTED(struct nacre_cpuid_entry2, NACRE_MAX_CPUID_ENTRIES)) \
ROW(NACRE_GET_MSR_FEATURE_INDEX_LIST, nacre_get_msr_index_list,		\
	NACRE_IOC_TAIL_OUT, NACRE_COUNTED(u32, 1024))			\
ROW(NACRE_GET_MSRS, nacre_get_feature_msrs, 0,				\
	NACRE_COUNTED(struct nacre_msr_entry, 255))			\
ROW(NACRE_X86_GET_MCE_CAP_SUPPORTED, nacre_get_mce_cap, 0)		\
ROW(NACRE_GET_MSR_INDEX_LIST, nacre_get_msr_index_list,			\
	NACRE_IOC_TAIL_OUT, NACRE_COUNTED(u32, 1024))

#define NACRE_X86_VM_IOCTLS(ROW)					\
ROW(NACRE_SET_TSS_ADDR, nacre_set_tss_addr, 0)				\
ROW(NACRE_SET_IDENTITY_MAP_ADDR, nacre_set_identity_map_addr,		\
	NACRE_IOC_VM_LOCK)						\
ROW(NACRE_CREATE_IRQCHIP, nacre_create_irqchip, NACRE_IOC_VM_LOCK)	\
ROW(NACRE_GET_IRQCHIP, nacre_get_irqchip, 0)				\
ROW(NACRE_SET_IRQCHIP, nacre_get_irqchip, NACRE_IOC_IN)			\
ROW(NACRE_IRQ_LINE, nacre_irq_line, 0)					\
ROW(NACRE_IRQ_LINE_STATUS, nacre_irq_line, 0)				\
ROW(NACRE_SET_GSI_ROUTING, nacre_set_gsi_routing, NACRE_IOC_USER_PTR)	\
ROW(NACRE_SIGNAL_MSI, nacre_signal_msi, 0)				\
ROW(NACRE_CREATE_PIT, nacre_create_pit2, NACRE_IOC_VM_LOCK)		\
ROW(NACRE_CREATE_PIT2, nacre_create_pit2, NACRE_IOC_VM_LOCK)		\
ROW(NACRE_GET_PIT, nacre_pit_state, 0)					\
ROW(NACRE_SET_PIT, nacre_pit_state, NACRE_IOC_IN)			\
ROW(NACRE_GET_PIT2, nacre_pit_state, 0)					\
ROW(NACRE_SET_PIT2, nacre_pit_state, 0)					\
ROW(NACRE_REINJECT_CONTROL, nacre_reinject_control, NACRE_IOC_USER_PTR)	\
ROW(NACRE_GET_CLOCK, nacre_get_clock, 0)				\
ROW(NACRE_SET_CLOCK, nacre_set_clock, 0)				\
ROW(NACRE_SET_TSC_KHZ, nacre_vm_set_tsc_khz, 0)				\
ROW(NACRE_GET_TSC_KHZ, nacre_vm_get_tsc_khz, 0)				\
ROW(NACRE_SET_BOOT_CPU_ID, nacre_set_boot_cpu_id, NACRE_IOC_VM_LOCK)

#define LOADED		NACRE_IOC_LOADED
#define LOADED_SRCU	(NACRE_IOC_LOADED | NACRE_IOC_SRCU)

#define NACRE_X86_VCPU_IOCTLS(ROW)					\
ROW(NACRE_GET_REGS, nacre_get_regs, LOADED)				\
ROW(NACRE_SET_REGS, nacre_set_regs, LOADED)				\
ROW(NACRE_GET_SREGS, nacre_get_sregs, LOADED)				\
ROW(NACRE_SET_SREGS, nacre_set_sregs, LOADED_SRCU)			\
ROW(NACRE_GET_MSRS, nacre_get_msrs, LOADED_SRCU,			\
	NACRE_COUNTED(struct nacre_msr_entry, 255))			\
ROW(NACRE_SET_MSRS, nacre_set_msrs, LOADED_SRCU,			\
	NACRE_COUNTED(struct nacre_msr_entry, 255))			\
ROW(NACRE_SET_CPUID, nacre_set_cpuid, LOADED,				\
	NACRE_COUNTED(struct nacre_cpuid_entry, NACRE_MAX_CPUID_ENTRIES)) \
ROW(NACRE_SET_CPUID2, nacre_set_cpuid, LOADED,				\
	NACRE_COUNTED(struct nacre_cpuid_entry2, NACRE_MAX_CPUID_ENTRIES)) \
ROW(NACRE_GET_CPUID2, nacre_get_cpuid2, LOADED | NACRE_IOC_TAIL_OUT,	\
	NACRE_COUNTED(struct nacre_cpuid_entry2, NACRE_MAX_CPUID_ENTRIES)) \
ROW(NACRE_GET_FPU, nacre_get_fpu, LOADED)				\
ROW(NACRE_SET_FPU, nacre_set_fpu, LOADED)				\
ROW(NACRE_GET_XSAVE, nacre_get_xsave, LOADED)				\
ROW(NACRE_SET_XSAVE, nacre_set_xsave, LOADED)				\
ROW(NACRE_GET_XCRS, nacre_get_xcrs, LOADED)				\
ROW(NACRE_SET_XCRS, nacre_set_xcrs, LOADED)				\
ROW(NACRE_GET_DEBUGREGS, nacre_get_debugregs, LOADED)			\
ROW(NACRE_SET_DEBUGREGS, nacre_set_debugregs, LOADED)			\
ROW(NACRE_GET_VCPU_EVENTS, nacre_get_events, LOADED)			\
ROW(NACRE_SET_VCPU_EVENTS, nacre_set_events, LOADED)			\
ROW(NACRE_INTERRUPT, nacre_interrupt, LOADED)				\
ROW(NACRE_NMI, nacre_nmi, LOADED)					\
ROW(NACRE_GET_MP_STATE, nacre_get_mp_state, LOADED_SRCU)		\
ROW(NACRE_SET_MP_STATE, nacre_set_mp_state, LOADED_SRCU)		\
ROW(NACRE_GET_LAPIC, nacre_get_lapic, LOADED)				\
ROW(NACRE_SET_LAPIC, nacre_get_lapic, LOADED)				\
ROW(NACRE_TRANSLATE, nacre_translate_gva, LOADED_SRCU)			\
ROW(NACRE_GET_TSC_KHZ, nacre_get_tsc_khz, 0)				\
ROW(NACRE_SET_TSC_KHZ, nacre_set_tsc_khz, LOADED)			\
ROW(NACRE_HAS_DEVICE_ATTR, nacre_vcpu_attr, 0)				\
ROW(NACRE_GET_DEVICE_ATTR, nacre_vcpu_attr, 0)				\
ROW(NACRE_SET_DEVICE_ATTR, nacre_vcpu_attr, LOADED)			\
ROW(NACRE_KVMCLOCK_CTRL, nacre_kvmclock_ctrl, 0)			\
ROW(NACRE_X86_SETUP_MCE, nacre_setup_mce, 0)				\
ROW(NACRE_X86_SET_MCE, nacre_set_mce, LOADED)

#define DECLARE(_cmd, _fn, ...)	long _fn(struct nacre_ioctl_arg *arg);
NACRE_X86_SYSTEM_IOCTLS(DECLARE)
#undef DECLARE
#define DECLARE(_cmd, _fn, ...)						\
	long _fn(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);
NACRE_X86_VM_IOCTLS(DECLARE)
#undef DECLARE
#define DECLARE(_cmd, _fn, ...)						\
	long _fn(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg);
NACRE_X86_VCPU_IOCTLS(DECLARE)
#undef DECLARE

#endif /* NACRE_X86_IOCTLS_H */
