// SPDX-License-Identifier: GPL-2.0
/*
 * Intel VMX: the backend's table, a vCPU's life, and the trip into the guest.
 *
 * A processor keeps parts of the VMCSs that were loaded on it. A VMCS is
 * written back to memory (VMCLEAR) before another processor loads it, and
 * before its processor goes; struct vmx_cpu lists which are where.
 *
 * An entry and an exit swap most of what differs between guest and host. What
 * they leave alone (SYSCALL's MSRs, the GS base that SWAPGS brings in, TSC_AUX)
 * and what an exit spoils of the host's (selectors, LDTR, the limits of GDT and
 * TSS) is not used by the kernel itself: it is swapped when the vCPU is first
 * entered after load(), and back in put(), before the thread can be switched
 * or returns to user space.
 *
 * An NMI that ended the guest's run holds up others until an IRET, so it is
 * handed over in noinstr code, before anything could fault. Interrupts stay
 * pending until the loop lets them in.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/desc.h>
#include <asm/fsgsbase.h>
#include <asm/debugreg.h>
#include <asm/mmu.h>
#include <asm/segment.h>

#include "module/compat/compat.h"
#include "arch/x86/apic.h"
#include "arch/x86/noinstr.h"
#include "arch/x86/regs.h"
#include "arch/x86/vmx/ops.h"
#include "arch/x86/vmx/vmx.h"

#define ALL_AT_HAND	(BIT(NACRE_NR_LAZY) - 1)

/* Of the VMCS that is current: it is the VM's end, and not the host's. */
void vmx_insn_failed(const char *insn, u64 operand, u64 value)
{
	struct vmx_cpu *cpu = get_cpu_ptr(&vmx_cpu);
	struct vmx_vcpu *vmx = cpu->current_vcpu;

	/* It faulted: VMX was turned off under us, as the system goes down. */
	if (!READ_ONCE(cpu->on))
		goto out;
	pr_err_ratelimited("nacre: %s of %#llx, value %#llx, failed: error %llu\n",
			   insn, operand, value,
			   vmcs_read_raw(VMCS_INSN_ERROR));
	if (vmx)
		nacre_vm_kill(vmx->vcpu.vm);
out:
	put_cpu_ptr(&vmx_cpu);
}

static struct nacre_vcpu *vmx_vcpu_alloc(void)
{
	struct vmx_vcpu *vmx = kzalloc(sizeof(*vmx), GFP_KERNEL_ACCOUNT);

	if (!vmx)
		return NULL;
	vmx->vmcs_cpu = -1;
	return &vmx->vcpu;
}

static int vmx_vcpu_init(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	vmx->vmcs = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	vmx->msr_bitmap = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	if (!vmx->vmcs || !vmx->msr_bitmap)
		return -ENOMEM;
	*(u32 *)page_address(vmx->vmcs) = vmx_caps.revision;
	if (vcpu->arch.apic && vmx_has(VMX_PROC, PROC_TPR_SHADOW))
		vmx->apic_page = nacre_lapic_of(vcpu)->regs;
	vmx_apic_init(vmx);
	vmx->vpid = vmx_get_vpid();
	vcpu->arch.avail = ALL_AT_HAND;
	return vmx_log_init(vmx);
}

/* On the CPU that has the VMCS, interrupts off: from then on it is memory. */
void vmx_detach(struct vmx_vcpu *vmx)
{
	struct vmx_cpu *cpu = this_cpu_ptr(&vmx_cpu);

	if (vmx->vmcs_cpu != smp_processor_id())
		return;
	vmcs_clear(page_to_phys(vmx->vmcs));
	if (cpu->current_vcpu == vmx)
		cpu->current_vcpu = NULL;
	list_del(&vmx->loaded);
	vmx->launched = false;
	vmx->vmcs_cpu = -1;
}

static void detach_ipi(void *arg)
{
	vmx_detach(arg);
}

/* A CPU that is gone has detached it when it went. */
static void detach_anywhere(struct vmx_vcpu *vmx)
{
	int cpu = READ_ONCE(vmx->vmcs_cpu);

	if (cpu >= 0)
		smp_call_function_single(cpu, detach_ipi, vmx, 1);
}

/* Also half way through vmx_vcpu_init(). */
static void vmx_vcpu_free(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	detach_anywhere(vmx);
	vmx_put_vpid(vmx->vpid);
	free_page((unsigned long)vmx->log);
	free_page((unsigned long)vmx->msr_bitmap);
	if (vmx->vmcs)
		__free_page(vmx->vmcs);
	kfree(vmx);
}

static void vmx_vcpu_reset(struct nacre_vcpu *vcpu, bool init)
{
	vcpu->arch.avail = ALL_AT_HAND;
	vmx_vmcs_reset(to_vmx(vcpu));
}

static noinline void make_current(struct vmx_vcpu *vmx)
{
	vmx->cpu->current_vcpu = vmx;
	vmcs_load(page_to_phys(vmx->vmcs));
}

/* Preemption off. */
static noinline void attach(struct vmx_vcpu *vmx)
{
	struct vmx_cpu *cpu = this_cpu_ptr(&vmx_cpu);
	unsigned long flags;

	vmx->cpu = cpu;
	detach_anywhere(vmx);
	local_irq_save(flags);
	/* Before the first VMPTRLD it has to have been cleared once. */
	vmcs_clear(page_to_phys(vmx->vmcs));
	if (READ_ONCE(cpu->on)) {
		list_add(&vmx->loaded, &cpu->loaded);
		vmx->vmcs_cpu = smp_processor_id();
	}
	make_current(vmx);
	local_irq_restore(flags);
	memcpy(vmx->in_cpu, cpu->swapped, sizeof(vmx->in_cpu));
	vmx_vmcs_moved(vmx);
	vmx_flush_stage2(&vmx->vcpu);
}

static void vmx_load(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	if (vmx->vmcs_cpu != smp_processor_id())
		attach(vmx);
	else if (vmx->cpu->current_vcpu != vmx)
		make_current(vmx);
}

static __always_inline void
load_swapped(struct vmx_vcpu *vmx, enum vmx_swapped i, u64 value)
{
	if (vmx->in_cpu[i] == value)
		return;
	vmx->in_cpu[i] = value;
	native_wrmsrl(vmx_swapped_msrs[i], value);
}

static void unload_swapped(struct vmx_vcpu *vmx)
{
	const u64 *host = vmx->cpu->swapped;
	enum vmx_swapped i;

	vmx->swapped_in = false;
#pragma GCC unroll 4
	for (i = 0; i < VMX_SWAPPED; i++)
		load_swapped(vmx, i, host[i]);
}

/*
 * The base that SWAPGS brings in, without an access to its MSR. Interrupts are
 * off; an NMI or machine check in between keeps the base that it finds.
 */
static noinstr u64 swap_idle_gs_base(u64 value)
{
	u64 old;

	native_swapgs();
	old = rdgsbase();
	wrgsbase(value);
	native_swapgs();
	return old;
}

static noinline u64 swap_gs_base_msr(u64 value)
{
	u64 old;

	rdmsrl(MSR_KERNEL_GS_BASE, old);
	wrmsrl(MSR_KERNEL_GS_BASE, value);
	return old;
}

static __always_inline u64 swap_kernel_gs_base(u64 value)
{
	return compat_swaps_gs() ? swap_idle_gs_base(value) :
				   swap_gs_base_msr(value);
}

/* SWAPGS and SYSCALL are there in long mode alone; interrupts are off. */
static void load_long_mode(struct vmx_vcpu *vmx)
{
	enum vmx_swapped i;

	if (!nacre_is_long_mode(&vmx->vcpu))
		return;
	if (!vmx->gs_in)
		vmx->host.kernel_gs_base =
			swap_kernel_gs_base(vmx->kernel_gs_base);
	vmx->gs_in = true;
	if (!(vmx->vcpu.arch.efer & EFER_SCE))
		return;
	vmx->swapped_in = true;
#pragma GCC unroll 3
	for (i = VMX_STAR; i <= VMX_SYSCALL_MASK; i++)
		load_swapped(vmx, i, vmx->swapped[i]);
}

static u64 host_fs_base(void)
{
	u64 base;

	if (static_cpu_has(X86_FEATURE_FSGSBASE))
		return rdfsbase();
	rdmsrl(MSR_FS_BASE, base);
	return base;
}

/* Interrupts are off; from here to unload_guest() the guest's are in. */
static void load_guest(struct vmx_vcpu *vmx)
{
	struct vmx_host *host = &vmx->host;

	savesegment(fs, host->fs);
	savesegment(gs, host->gs);
	savesegment(ds, host->ds);
	savesegment(es, host->es);
	host->fs_base = host_fs_base();
	if (vmx->host_fs_base != host->fs_base) {
		vmx->host_fs_base = host->fs_base;
		vmcs_write_natural(VMCS_HOST_FS_BASE, host->fs_base);
	}
	vmx->host_debugctl = __rdmsr(MSR_IA32_DEBUGCTLMSR);
	load_long_mode(vmx);
	vmx->guest_in = true;
}

/* An exit leaves no LDT. Which one the mm has may have changed meanwhile. */
static bool host_has_ldt(void)
{
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	return READ_ONCE(current->mm->context.ldt);
#else
	return false;
#endif
}

static noinline void reload_rare(const struct vmx_host *host)
{
	u64 base;

	invalidate_tss_limit();
	if (host_has_ldt())
		asm volatile("lldt %w0" :: "q" (GDT_ENTRY_LDT * 8));
	if (host->fs) {
		loadsegment(fs, host->fs);
		wrmsrl(MSR_FS_BASE, host->fs_base);
	}
	if (host->gs) {
		rdmsrl(MSR_KERNEL_GS_BASE, base);
		load_gs_index(host->gs);
		wrmsrl(MSR_KERNEL_GS_BASE, base);
	}
	if (host->ds | host->es) {
		loadsegment(ds, host->ds);
		loadsegment(es, host->es);
	}
}

static void unload_gs_base(struct vmx_vcpu *vmx)
{
	unsigned long flags;

	local_irq_save(flags);
	vmx->kernel_gs_base = swap_kernel_gs_base(vmx->host.kernel_gs_base);
	local_irq_restore(flags);
	vmx->gs_in = false;
}

static void unload_guest(struct vmx_vcpu *vmx)
{
	vmx->guest_in = false;
	if (vmx->gs_in)
		unload_gs_base(vmx);
	if (vmx->swapped_in)
		unload_swapped(vmx);
	/* An exit makes the GDT's limit too large, and the TSS's too small. */
	native_load_gdt(&vmx->cpu->gdt);
	if (unlikely(vmx->host.selectors || host_has_ldt() ||
		     !this_cpu_read(__tss_limit_invalid)))
		reload_rare(&vmx->host);
}

static void vmx_put(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	if (unlikely(READ_ONCE(vcpu->vm->nr_logs)))
		vmx_collect_log(vcpu);
	if (vmx->guest_in)
		unload_guest(vmx);
}

/* A threshold above CR8 is none; Intel SDM, "VM-Execution Control Fields". */
static void write_threshold(struct vmx_vcpu *vmx)
{
	u8 threshold = min(vmx->cr8_threshold, nacre_cr8(&vmx->vcpu));

	if (threshold == vmx->cr8_written)
		return;
	vmx->cr8_written = threshold;
	vmcs_write32(VMCS_CR8_THRESHOLD, threshold);
}

static noinline void load_stale(struct vmx_vcpu *vmx)
{
	if (vmx->stale & VMX_STALE_MSRS)
		load_long_mode(vmx);
	if (vmx->stale & VMX_STALE_TLB)
		vmx_flush_pending(vmx);
	if (vmx->stale & VMX_STALE_NMI)
		vmx->vcpu.arch.events.want_event = true;
	vmx->stale = 0;
}

static void load_tsc_aux(struct vmx_vcpu *vmx)
{
	if (!vmx->uses_tsc_aux)
		return;
	vmx->swapped_in = true;
	load_swapped(vmx, VMX_TSC_AUX, vmx->vcpu.arch.tsc_aux);
}

/* As a rule it is because of an instruction that was passed. */
static void write_lazy(struct vmx_vcpu *vmx)
{
	struct nacre_vcpu_arch *arch = &vmx->vcpu.arch;
	u32 dirty = arch->dirty;

	arch->dirty = 0;
	if (dirty & BIT(NACRE_LAZY_RIP))
		vmcs_write_natural(VMCS_GUEST_RIP, arch->rip);
	if (unlikely(dirty & ~BIT(NACRE_LAZY_RIP)))
		vmx_write_lazy(vmx, dirty);
}

/* What the host runs with now, an exit brings back. */
static __always_inline void note_host(struct vmx_vcpu *vmx)
{
	u64 cr3 = compat_host_cr3(), cr4;

	if (vmx->host_cr3 != cr3) {
		vmx->host_cr3 = cr3;
		vmcs_write_natural(VMCS_HOST_CR3, cr3);
	}
	cr4 = compat_host_cr4();
	if (vmx->host_cr4 != cr4) {
		vmx->host_cr4 = cr4;
		vmcs_write_natural(VMCS_HOST_CR4, cr4);
	}
}

static void vmx_prepare_entry(struct nacre_vcpu *vcpu, bool again)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	if (!again) {
		if (!vmx->guest_in)
			load_guest(vmx);
		note_host(vmx);
	}
	if (unlikely(vmx->stale))
		load_stale(vmx);
	if (unlikely(vmx->in_cpu[VMX_TSC_AUX] != vcpu->arch.tsc_aux))
		load_tsc_aux(vmx);
	if (vmx->apic_page)
		write_threshold(vmx);
	if (lapic && unlikely(lapic->changed))
		vmx_tell_apic(vmx);
	if (unlikely(vmx->timer_stale))
		vmx_write_timer(vmx);
	write_lazy(vmx);
}

/* By the host's own gate, whose handler's IRET lets in the next. */
static __always_inline void take_nmi(void)
{
	asm volatile("int $2" ::: "memory");
}

static __always_inline void note_exit(struct vmx_vcpu *vmx)
{
	u32 code = vmcs_read_raw(VMCS_EXIT_REASON);

	vmx->vcpu.arch.exit.code = code;
	vmx->exit_event = 0;
	if (code)
		return;
	vmx->exit_event = vmcs_read_raw(VMCS_EXIT_EVENT);
	if ((vmx->exit_event & EVENT_TYPE) == EVENT_TYPE_NMI << 8)
		take_nmi();
}

static noinstr void run_guest(struct vmx_vcpu *vmx)
{
	struct nacre_vcpu_arch *arch = &vmx->vcpu.arch;
	bool ran;

	nacre_guest_enter();
	if (arch->cr2 != native_read_cr2())
		native_write_cr2(arch->cr2);

	ran = vmx_switch(arch->gpr, &vmx->host_rsp, vmx->launched);

	arch->cr2 = native_read_cr2();
	if (likely(ran))
		note_exit(vmx);
	else
		arch->exit.code = VMX_NOT_ENTERED;
	nacre_guest_leave(&arch->rcu_noted);
}

static void after_exit(struct vmx_vcpu *vmx)
{
	/* A VMCS that was refused by the guest's state stays clear. */
	if (unlikely(!vmx->launched))
		vmx->launched = !(vmx->vcpu.arch.exit.code &
				  REASON_ENTRY_FAILED);
	/* The guest's is 0, and so is the host's after an exit. */
	if (unlikely(vmx->host_debugctl))
		update_debugctlmsr(vmx->host_debugctl);
	vmx->vcpu.arch.avail = 0;
	vmx->cached = 0;
}

static enum nacre_exit_kind vmx_enter(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);

	vcpu->arch.exit.vectoring.type = NACRE_EVENT_NONE;
	/* Off where it failed to come up with the processor, and at reboot. */
	if (likely(READ_ONCE(vmx->cpu->on))) {
		if (static_branch_unlikely(&vmx_flushes_l1d)) {
			vcpu->stats.l1d_flush++;
			vmx_flush_l1d();
		}
		run_guest(vmx);
		after_exit(vmx);
	} else {
		vcpu->arch.exit.code = VMX_NOT_ENTERED;
	}
	return vmx_collect_exit(vmx);
}

#define VMX_OPERATION(ret, name, args)	.name = vmx_##name,

const struct nacre_backend nacre_vmx_backend = {
	NACRE_BACKEND_LOAD_OPS(VMX_OPERATION)
	NACRE_BACKEND_OPS(VMX_OPERATION, VMX_OPERATION)
};
