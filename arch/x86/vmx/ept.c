// SPDX-License-Identifier: GPL-2.0
/*
 * Extended page tables: the format, their faults, and what has to be dropped
 * of what processors remember.
 *
 * With EPT on, all that is remembered of a guest belongs to its EPT root; what
 * also came from the guest's own tables belongs to an identifier (VPID) of the
 * vCPU besides. INVEPT by root drops both kinds, INVVPID the second. Without
 * an identifier each entry and each exit drops the second by itself.
 *
 * A flush is done right before the next entry, where the vCPU then is. One
 * that comes to another CPU flushes there: it may have been here before, or
 * another VM's with the same root's page and identifier.
 */
#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/idr.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/printk.h>
#include <asm/processor.h>

#include "arch/x86/protect.h"
#include "arch/x86/regs.h"
#include "arch/x86/vmx/vmx.h"

/* An entry's bits; Intel SDM, "EPT Translation Mechanism". */
#define EPT_READ		BIT_ULL(0)
#define EPT_WRITE		BIT_ULL(1)
#define EPT_EXEC		BIT_ULL(2)
#define EPT_WRITE_BACK		(6ull << 3)
#define EPT_IGNORE_PAT		BIT_ULL(6)
#define EPT_HUGE		BIT_ULL(7)
#define EPT_ACCESSED		BIT_ULL(8)
#define EPT_DIRTY		BIT_ULL(9)

#define LAST_VPID		0xffff

/*
 * Memory is write-back whatever the guest's PAT says: its devices are coherent
 * with it, for they are the VMM's.
 */
static struct nacre_stage2_format ept = {
	.table = EPT_READ | EPT_WRITE | EPT_EXEC,
	.leaf = EPT_WRITE_BACK | EPT_IGNORE_PAT,
	.present = EPT_READ | EPT_WRITE | EPT_EXEC,
	.read = EPT_READ,
	.write = EPT_WRITE,
	.exec = EPT_EXEC,
	.huge = EPT_HUGE,
	.address = GENMASK_ULL(51, 12),
};

static DEFINE_IDA(vpids);

void vmx_ept_setup(void)
{
	const struct vmx_controls *controls = &vmx_caps.controls;

	ept.accessed = controls->ept_accessed_dirty ? EPT_ACCESSED : 0;
	ept.dirty = controls->ept_accessed_dirty ? EPT_DIRTY : 0;
	/* Four levels span 48 bits. */
	ept.levels = controls->ept_5_levels &&
		     boot_cpu_data.x86_phys_bits > 48 ? 5 : 4;
	ept.max_leaf_level = controls->max_leaf_level;
	ept.logs = vmx_has(VMX_PROC2, PROC2_LOG_WRITES);
	/* Where one that changes its size as code is fetched stops the host. */
	ept.small_exec = nacre_protects(NACRE_PROTECT_STAGE2_SMALL_EXEC);
}

const struct nacre_stage2_format *vmx_stage2_format(void)
{
	return &ept;
}

/* 0, which is the host's, where there is none. */
u16 vmx_get_vpid(void)
{
	int vpid;

	if (!vmx_has(VMX_PROC2, PROC2_VPID))
		return 0;
	vpid = ida_alloc_range(&vpids, 1, LAST_VPID, GFP_KERNEL_ACCOUNT);
	return vpid < 0 ? 0 : vpid;
}

void vmx_put_vpid(u16 vpid)
{
	if (vpid)
		ida_free(&vpids, vpid);
}

void vmx_flush_guest(struct nacre_vcpu *vcpu)
{
	to_vmx(vcpu)->stale |= VMX_STALE_VPID;
}

void vmx_flush_stage2(struct nacre_vcpu *vcpu)
{
	to_vmx(vcpu)->stale |= VMX_STALE_EPT;
}

void vmx_load_stage2(struct nacre_vcpu *vcpu, hpa_t root)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	vmx->eptp = root | EPTP_WRITE_BACK |
		    (ept.levels - 1) << EPTP_LEVELS_SHIFT;
	if (ept.accessed)
		vmx->eptp |= EPTP_ACCESSED_DIRTY;
	vmcs_write64(VMCS_EPTP, vmx->eptp);
	if (vmx->log) {
		vmcs_write64(VMCS_LOG, virt_to_phys(vmx->log));
		vmcs_write16(VMCS_LOG_INDEX, VMX_LOG_ENTRIES - 1);
	}
	vmx_flush_stage2(vcpu);
}

static void flush_vpid(struct vmx_vcpu *vmx)
{
	if (!vmx->vpid)
		return;
	if (vmx_caps.controls.invvpid_one)
		vmx_forget_vpid(VMX_ONE, vmx->vpid);
	else
		vmx_forget_vpid(VMX_ALL, 0);
}

/* Loaded, preemption off: this is the processor that is about to enter. */
void vmx_flush_pending(struct vmx_vcpu *vmx)
{
	if (vmx->stale & VMX_STALE_EPT)
		vmx_forget_ept(vmx_caps.controls.invept_one ? VMX_ONE : VMX_ALL,
		       vmx_caps.controls.invept_one ? vmx->eptp : 0);
	else
		flush_vpid(vmx);
}

/* The access was an IRET's. */
static void note_nmi_unblocked(struct nacre_vcpu *vcpu, u64 qual)
{
	if (unlikely(qual & QUAL_EPT_NMI_UNBLOCKED) &&
	    vcpu->arch.exit.vectoring.type == NACRE_EVENT_NONE)
		vmx_nmi_unblocked(to_vmx(vcpu));
}

enum nacre_result vmx_exit_ept_violation(struct nacre_vcpu *vcpu)
{
	u64 qual = vmcs_read_natural(VMCS_QUALIFICATION);
	const struct nacre_stage2_fault fault = {
		.gpa = vmcs_read64(VMCS_EXIT_GPA),
		.write = qual & QUAL_EPT_WRITE,
		.fetch = qual & QUAL_EPT_FETCH,
		.present = qual & QUAL_EPT_PRESENT,
		.walk = ~qual & (QUAL_EPT_LINEAR | QUAL_EPT_NOT_WALK),
	};

	note_nmi_unblocked(vcpu, qual);
	if (unlikely(vmx_map_apic(vcpu, fault.gpa) ||
		     vmx_map_identity(vcpu, fault.gpa)))
		return NACRE_RESUME;
	return nacre_exit_stage2(vcpu, &fault);
}

/* An entry of our own that means nothing: the engine is broken, the VM ends. */
enum nacre_result vmx_exit_ept_misconfig(struct nacre_vcpu *vcpu)
{
	pr_err_ratelimited("nacre: EPT misconfiguration, gpa %#llx\n",
			   nacre_exit_of(vcpu)->info[1]);
	nacre_vm_kill(vcpu->vm);
	return nacre_fail(vcpu, -EIO);
}

int vmx_log_init(struct vmx_vcpu *vmx)
{
	if (!ept.logs)
		return 0;
	vmx->log = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	return vmx->log ? 0 : -ENOMEM;
}

/* Each begins with an empty log: what is in it is old. */
void vmx_log_writes(struct nacre_vcpu *vcpu, bool on)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	if (!vmx->log)
		return;
	vmcs_write16(VMCS_LOG_INDEX, VMX_LOG_ENTRIES - 1);
	vmx->proc2 &= ~(u32)PROC2_LOG_WRITES;
	if (on)
		vmx->proc2 |= PROC2_LOG_WRITES;
	vmcs_write32(VMCS_PROC2, vmx->proc2);
}

/*
 * The index is of the next entry to write and counts down, from 0 to all ones:
 * then the log is full. Intel SDM, "Page-Modification Logging".
 */
void vmx_collect_log(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	unsigned long flags;
	u16 first;

	local_irq_save(flags);
	/* Else it was collected when the vCPU was put. */
	if (vmx->log && this_cpu_ptr(&vmx_cpu)->current_vcpu == vmx) {
		first = vmcs_read16(VMCS_LOG_INDEX) + 1;
		if (first < VMX_LOG_ENTRIES) {
			vmcs_write16(VMCS_LOG_INDEX, VMX_LOG_ENTRIES - 1);
			nacre_log_writes(vcpu->vm, vmx->log + first,
					  VMX_LOG_ENTRIES - first);
		}
	}
	local_irq_restore(flags);
}

enum nacre_result vmx_exit_log_full(struct nacre_vcpu *vcpu)
{
	note_nmi_unblocked(vcpu, nacre_exit_of(vcpu)->info[0]);
	vmx_collect_log(vcpu);
	return NACRE_RESUME;
}
