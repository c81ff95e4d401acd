// SPDX-License-Identifier: GPL-2.0
/*
 * AMD SVM: the backend's table, a vCPU's life, and the trip into the guest.
 *
 * Three sets of host state. VMRUN keeps what it changes, in a page of its own.
 * VMLOAD changes FS, GS, TR, LDTR, and the MSRs of SYSCALL and SYSENTER: they
 * are saved once per load() and loaded again after each exit. Interrupts and
 * NMIs are held (GIF) from before the first VMLOAD to behind the last. All
 * that can be seen with only GIF held belongs to noinstr code.
 */
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <asm/processor.h>
#include <asm/debugreg.h>
#include <asm/mem_encrypt.h>
#include <asm/mmu.h>
#include <asm/trapnr.h>

#include "arch/x86/apic.h"
#include "arch/x86/exits.h"
#include "arch/x86/noinstr.h"
#include "arch/x86/regs.h"
#include "arch/x86/svm/ops.h"
#include "arch/x86/svm/svm.h"

#define MSRPM_ORDER	1
#define ALL_AT_HAND	(BIT(NACRE_NR_LAZY) - 1)

static struct nacre_vcpu *svm_vcpu_alloc(void)
{
	struct svm_vcpu *svm = kzalloc(sizeof(*svm), GFP_KERNEL_ACCOUNT);

	return svm ? &svm->vcpu : NULL;
}

static int svm_vcpu_init(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	svm->vmcb = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	svm->msrpm = (void *)__get_free_pages(GFP_KERNEL_ACCOUNT, MSRPM_ORDER);
	if (!svm->vmcb || !svm->msrpm)
		return -ENOMEM;
	svm->vmcb_pa = __sme_set(__pa(svm->vmcb));
	svm->msrpm_pa = __sme_set(__pa(svm->msrpm));
	svm->ran_on = -1;
	vcpu->arch.avail = ALL_AT_HAND;
	return 0;
}

/* Also half way through svm_vcpu_init(). */
static void svm_vcpu_free(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	free_pages((unsigned long)svm->msrpm, MSRPM_ORDER);
	free_page((unsigned long)svm->vmcb);
	kfree(svm);
}

static void svm_vcpu_reset(struct nacre_vcpu *vcpu, bool init)
{
	svm_vmcb_reset(to_svm(vcpu));
	vcpu->arch.avail = ALL_AT_HAND;
}

/* RDPID cannot be intercepted: the guest's value stays in until put(). */
static noinline void load_tsc_aux(struct svm_vcpu *svm, u64 value)
{
	svm->tsc_aux = value;
	svm->tsc_aux_is_in = value != svm->cpu->host_tsc_aux;
	wrmsrl(MSR_TSC_AUX, value);
}

static void svm_load(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	svm->cpu = this_cpu_ptr(&svm_cpu);
	svm->host_saved = false;
	svm_come_to_cpu(svm);
}

static void svm_put(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	if (unlikely(svm->tsc_aux_is_in))
		load_tsc_aux(svm, svm->cpu->host_tsc_aux);
}

static void set_tpr(struct vmcb *vmcb, u8 tpr)
{
	u32 now = vmcb->control.int_control;

	if (unlikely((u8)now != tpr))
		vmcb_set_int_control(vmcb, (now & ~VMCB_V_TPR) | tpr);
}

/*
 * The LDT may be replaced by another thread at any time: its interrupt loads
 * LDTR anew behind our back, and a stale one would point to freed memory.
 */
static bool host_ldt_may_change(void)
{
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	return READ_ONCE(current->mm->context.ldt);
#else
	return false;
#endif
}

/*
 * What a thread's time slice in the kernel leaves alone needs no saving at each
 * entry. SVM is off where it failed to come up with the processor, and at
 * reboot.
 */
static void note_host(struct svm_vcpu *svm)
{
	if (svm->host_saved && likely(!host_ldt_may_change()))
		return;
	if (unlikely(!svm->cpu->on))
		return;
	svm_vmsave(svm->cpu->host_area);
	/* Without the tracepoint, which is a call: once for each NACRE_RUN. */
	svm->host_debugctl = __rdmsr(MSR_IA32_DEBUGCTLMSR);
	svm->host_saved = true;
}

static void svm_prepare_entry(struct nacre_vcpu *vcpu, bool again)
{
	struct svm_vcpu *svm = to_svm(vcpu);
	const struct nacre_vcpu_arch *arch = &vcpu->arch;
	struct vmcb *vmcb = svm->vmcb;

	note_host(svm);
	svm_choose_asid(svm);
	if (svm->uses_tsc_aux && unlikely(svm->tsc_aux != arch->tsc_aux))
		load_tsc_aux(svm, arch->tsc_aux);
	vmcb->save.rax = arch->gpr[NACRE_RAX];
	vmcb->save.rsp = arch->gpr[NACRE_RSP];
	vmcb->save.rip = arch->rip;
	vmcb->save.rflags = svm_rflags_in(svm);
	vmcb_set_cr2(vmcb, arch->cr2);
	vmcb_set_cr3(vmcb, arch->cr3);
	set_tpr(vmcb, nacre_cr8(vcpu));
}

/*
 * What the host divided last stays in the divider, for the guest to find: AMD,
 * "Division-by-zero Information Leak". amd_clear_divider() is a call on some
 * kernels.
 */
static __always_inline void clear_divider(void)
{
	u32 low = 0, high = 0;

	asm volatile("div %2" : "+a"(low), "+d"(high) : "r"(1) : "cc");
}

/*
 * IF is set under GIF's cover, not by an STI right before VMRUN: the shadow of
 * that STI would pass into the guest if an event's delivery exits at once. With
 * V_INTR_MASKING the host's IF is what lets interrupts end the guest's run.
 */
static noinstr void run_guest(struct svm_vcpu *svm)
{
	bool ran;

	svm_clgi();
	nacre_guest_enter();
	raw_local_irq_enable();
	if (static_cpu_has_bug(X86_BUG_DIV0))
		clear_divider();

	ran = svm_switch(svm->vcpu.arch.gpr, svm->vmcb_pa, svm->cpu->host_area);

	raw_local_irq_disable();
	/* A physical NMI that ended the run comes here. */
	svm_stgi();
	if (unlikely(!ran))
		svm->vmcb->control.exit_code = SVM_INVALID;
	nacre_guest_leave(&svm->vcpu.arch.rcu_noted);
}

/* VMRUN does not swap DEBUGCTL; the guest's is 0. */
static noinline void run_guest_without_debugctl(struct svm_vcpu *svm)
{
	update_debugctlmsr(0);
	run_guest(svm);
	update_debugctlmsr(svm->host_debugctl);
}

static void collect_registers(struct svm_vcpu *svm)
{
	struct nacre_vcpu_arch *arch = &svm->vcpu.arch;
	const struct vmcb *vmcb = svm->vmcb;

	arch->gpr[NACRE_RAX] = vmcb->save.rax;
	arch->gpr[NACRE_RSP] = vmcb->save.rsp;
	arch->rip = vmcb->save.rip;
	arch->rflags = svm_rflags_out(svm, vmcb->save.rflags);
	arch->cr2 = vmcb->save.cr2;
	arch->cr3 = vmcb->save.cr3;
	/* TS and MP the guest changes by itself. */
	if (!vmcb_intercepts(vmcb, SVM_WRITE_CR0))
		arch->cr0 = vmcb->save.cr0;
}

/* @cut: an event's delivery was; never in an exit by an instruction. */
static __always_inline void settle(struct svm_vcpu *svm, bool cut)
{
	struct vmcb_control *control = &svm->vmcb->control;

	if (svm_caps.clean_bits)
		control->clean = VMCB_CLEAN_ALL;
	control->event_inj = 0;
	svm->vcpu.arch.exit.vectoring.type = NACRE_EVENT_NONE;
	if (unlikely(cut || svm->awaits.any))
		svm_collect_events(svm);
}

static __always_inline enum nacre_exit_kind after_exit(struct svm_vcpu *svm)
{
	struct vmcb_control *control = &svm->vmcb->control;
	struct nacre_exit *exit = &svm->vcpu.arch.exit;
	u32 code = control->exit_code;

	collect_registers(svm);
	svm->vcpu.arch.maybe_shadowed = control->int_state;
	exit->code = code;
	exit->info[0] = control->exit_info1;
	exit->info[1] = control->exit_info2;
	if (code == SVM_IOIO) {
		settle(svm, false);
		return NACRE_EXIT_PORT;
	}
	if (unlikely(code == SVM_INVALID)) {
		/* Nothing of the VMCB was used; nothing is in the cache. */
		svm_cancel_injection(&svm->vcpu);
		return NACRE_EXIT_ANY;
	}
	settle(svm, control->exit_int_info & VMCB_EVENT_VALID);
	if (unlikely(code == SVM_EXCEPTION + X86_TRAP_MC))
		nacre_host_machine_check();
	return static_branch_unlikely(&nacre_tells_lengths) &&
	       svm_can_answer(exit) ? NACRE_EXIT_ANSWERED : NACRE_EXIT_ANY;
}

static enum nacre_exit_kind svm_enter(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	if (likely(svm->cpu->on)) {
		if (unlikely(svm->awaits.nudge))
			irq_work_queue(&svm->cpu->nudge);
		if (unlikely(svm->host_debugctl))
			run_guest_without_debugctl(svm);
		else
			run_guest(svm);
	} else {
		svm->vmcb->control.exit_code = SVM_INVALID;
	}
	return after_exit(svm);
}

#define SVM_OPERATION(ret, name, args)	.name = svm_##name,
#define SVM_ABSENT(ret, name, args)

const struct nacre_backend nacre_svm_backend = {
	.like_amd = true,
	NACRE_BACKEND_LOAD_OPS(SVM_OPERATION)
	NACRE_BACKEND_OPS(SVM_OPERATION, SVM_ABSENT)
};
