/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VMX instructions.
 *
 * One that the processor refuses kills the VM whose VMCS is current, with a
 * line that names the field; see vmx_insn_failed(). One that faults does
 * nothing: while the system goes down VMX is turned off under a running vCPU
 * (vmx_cpu_off()), and the entry that follows is refused.
 */
#ifndef NACRE_VMX_OPS_H
#define NACRE_VMX_OPS_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/asm.h>

#include "arch/x86/vmx/vmcs.h"

void vmx_insn_failed(const char *insn, u64 operand, u64 value);

static __always_inline bool vmx_insn_on(u64 region)
{
	bool refused = true;

	asm volatile("1: vmxon %1\n\tsetbe %0\n2:\n" _ASM_EXTABLE(1b, 2b)
		     : "+q" (refused) : "m" (region) : "cc", "memory");
	return !refused;
}

static __always_inline void vmx_insn_off(void)
{
	asm volatile("1: vmxoff\n2:\n" _ASM_EXTABLE(1b, 2b)
		     ::: "cc", "memory");
}

/* @_what: what to name where the processor refuses it. */
#define VMX_INSN(_insn, _name, _what, ...)				\
do {									\
	bool refused = false;						\
									\
	asm volatile("1: " _insn "\n\tsetbe %0\n2:\n"			\
		     _ASM_EXTABLE(1b, 2b)				\
		     : "+q" (refused) : __VA_ARGS__ : "cc", "memory");	\
	if (unlikely(refused))						\
		vmx_insn_failed(_name, _what, 0);			\
} while (0)

static __always_inline void vmcs_clear(u64 vmcs)
{
	VMX_INSN("vmclear %1", "VMCLEAR", vmcs, "m" (vmcs));
}

static __always_inline void vmcs_load(u64 vmcs)
{
	VMX_INSN("vmptrld %1", "VMPTRLD", vmcs, "m" (vmcs));
}

enum vmx_extent {
	VMX_ONE = 1,		/* of one EPT root, of one identifier */
	VMX_ALL = 2,
};

static __always_inline void vmx_forget_ept(enum vmx_extent extent, u64 eptp)
{
	const struct { u64 eptp, reserved; } what = { eptp, 0 };

	VMX_INSN("invept %1, %2", "INVEPT", eptp,
		 "m" (what), "r" ((u64)extent));
}

static __always_inline void vmx_forget_vpid(enum vmx_extent extent, u64 vpid)
{
	const struct { u64 vpid, address; } what = { vpid, 0 };

	VMX_INSN("invvpid %1, %2", "INVVPID", vpid,
		 "m" (what), "r" ((u64)extent));
}

/* Without a look at whether it was done: for noinstr code. */
static __always_inline u64 vmcs_read_raw(u64 field)
{
	u64 value = 0;

	asm volatile("1: vmread %1, %0\n2:\n" _ASM_EXTABLE(1b, 2b)
		     : "+r" (value) : "r" (field) : "cc");
	return value;
}

#define ZERO_AT_FAULT(_reg)						\
	_ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_ZERO_REG, _reg)

/* 0 if it could not be read. */
static __always_inline u64 __vmcs_read(u64 field)
{
	bool refused;
	u64 value;

	asm volatile("1: vmread %2, %0\n2:\n" ZERO_AT_FAULT(%k0)
		     : "=r" (value), "=@ccbe" (refused) : "r" (field));
	if (unlikely(refused)) {
		vmx_insn_failed("VMREAD", field, 0);
		return 0;
	}
	return value;
}

static __always_inline void __vmcs_write(u64 field, u64 value)
{
	bool refused;

	asm volatile("1: vmwrite %1, %2\n2:\n" _ASM_EXTABLE(1b, 2b)
		     : "=@ccbe" (refused) : "rm" (value), "r" (field)
		     : "memory");
	if (unlikely(refused))
		vmx_insn_failed("VMWRITE", field, value);
}

/* vmcs_read32(field) and its kin: of the width that the encoding says. */
#define VMCS_ACCESS(_suffix, _width, _type)				\
static __always_inline _type vmcs_read##_suffix(enum vmcs_field field)	\
{									\
	BUILD_BUG_ON(__builtin_constant_p(field) &&			\
		     VMCS_WIDTH(field) != VMCS_WIDTH_##_width);		\
	return __vmcs_read(field);					\
}									\
static __always_inline void vmcs_write##_suffix(enum vmcs_field field,	\
						_type value)		\
{									\
	BUILD_BUG_ON(__builtin_constant_p(field) &&			\
		     VMCS_WIDTH(field) != VMCS_WIDTH_##_width);		\
	__vmcs_write(field, value);					\
}
VMCS_ACCESS(16, 16, u16)
VMCS_ACCESS(32, 32, u32)
VMCS_ACCESS(64, 64, u64)
VMCS_ACCESS(_natural, NATURAL, u64)
#undef VMCS_ACCESS

#endif /* NACRE_VMX_OPS_H */
