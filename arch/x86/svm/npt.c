// SPDX-License-Identifier: GPL-2.0
/*
 * Nested paging: the format of its tables, its faults, and address space
 * identifiers, by which a processor tells the guests' translations apart.
 *
 * An ASID belongs to one vCPU on one processor for one generation. A vCPU that
 * comes to another processor, or has to drop its translations where the
 * processor cannot flush a single ASID, asks for a new one. When they run out,
 * the processor's generation grows, which invalidates all, and the next VMRUN
 * flushes everything.
 */
#include <linux/printk.h>
#include <linux/smp.h>
#include <asm/mem_encrypt.h>
#include <asm/pgtable.h>

#include "module/compat/compat.h"
#include "arch/x86/exits.h"
#include "arch/x86/svm/svm.h"

/*
 * The host's own long-mode format. AMD APM, "Nested Paging": guest accesses
 * are user accesses, so the user bit is needed on every level.
 */
static struct nacre_stage2_format npt = {
	.table = _PAGE_PRESENT | _PAGE_RW | _PAGE_USER,
	.leaf = _PAGE_PRESENT | _PAGE_USER,
	.present = _PAGE_PRESENT,
	.read = _PAGE_PRESENT,
	.write = _PAGE_RW,
	.noexec = _PAGE_NX,
	.huge = _PAGE_PSE,
	.accessed = _PAGE_ACCESSED,
	.dirty = _PAGE_DIRTY,
	.address = GENMASK_ULL(51, 12),
};

void svm_npt_setup(void)
{
	/* Under SME a table whose address lacks the bit is read as noise. */
	npt.table |= sme_me_mask;
	npt.leaf |= sme_me_mask;
	npt.address &= ~sme_me_mask;
	/* VMRUN walks nested tables in the paging mode of the host. */
	npt.levels = compat_host_cr4() & X86_CR4_LA57 ? 5 : 4;
	npt.max_leaf_level = boot_cpu_has(X86_FEATURE_GBPAGES) ? 3 : 2;
}

const struct nacre_stage2_format *svm_stage2_format(void)
{
	return &npt;
}

static void want_flush(struct svm_vcpu *svm, u8 what)
{
	svm->vmcb->control.tlb_control = what;
	svm->awaits.flush = true;
}

/* The ASID covers both stages, so this drops more than was asked. */
void svm_flush_guest(struct nacre_vcpu *vcpu)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	if (svm_caps.flush_asid)
		want_flush(svm, VMCB_TLB_FLUSH_ASID);
	else
		svm->asid_generation = 0;
}

void svm_flush_stage2(struct nacre_vcpu *vcpu)
{
	svm_flush_guest(vcpu);
}

void svm_load_stage2(struct nacre_vcpu *vcpu, hpa_t root)
{
	struct svm_vcpu *svm = to_svm(vcpu);

	svm->nested_cr3 = __sme_set(root);
	vmcb_set_nested_cr3(svm->vmcb, svm->nested_cr3);
	svm_flush_stage2(vcpu);
}

void svm_new_asid(struct svm_vcpu *svm)
{
	struct svm_cpu *cpu = svm->cpu;

	if (cpu->next_asid >= svm_caps.asids) {
		cpu->asid_generation++;
		cpu->next_asid = 1;
		cpu->flush_all = true;
	}
	/* Whose ASID was chosen before that flush was done has it to do as well. */
	if (cpu->flush_all)
		want_flush(svm, VMCB_TLB_FLUSH_ALL);
	svm->asid_generation = cpu->asid_generation;
	vmcb_set_asid(svm->vmcb, cpu->next_asid++);
}

void svm_flushed(struct svm_vcpu *svm)
{
	u8 *what = &svm->vmcb->control.tlb_control;

	if (*what == VMCB_TLB_FLUSH_ALL)
		svm->cpu->flush_all = false;
	*what = VMCB_TLB_KEEP;
	svm->awaits.flush = false;
}

void svm_change_cpu(struct svm_vcpu *svm)
{
	svm->ran_on = smp_processor_id();
	svm->tsc_aux = svm->cpu->host_tsc_aux;
	svm->asid_generation = 0;
	vmcb_dirty(svm->vmcb, VMCB_CLEAN_ALL);
}

/* A reserved bit in our own tables: the engine is broken, the VM ends. */
static enum nacre_result broken_tables(struct nacre_vcpu *vcpu)
{
	const struct nacre_exit *exit = &vcpu->arch.exit;

	pr_err_ratelimited("nacre: reserved bit in nested tables, gpa %#llx error %#llx\n",
			   exit->info[1], exit->info[0]);
	nacre_vm_kill(vcpu->vm);
	return nacre_fail(vcpu, -EIO);
}

enum nacre_result svm_exit_npf(struct nacre_vcpu *vcpu)
{
	u64 error = vcpu->arch.exit.info[0];
	const struct nacre_stage2_fault fault = {
		.gpa = vcpu->arch.exit.info[1],
		.write = error & VMCB_NPF_WRITE,
		.fetch = error & VMCB_NPF_FETCH,
		.present = error & VMCB_NPF_PRESENT,
		.walk = error & VMCB_NPF_WALK,
	};

	if (error & VMCB_NPF_RESERVED)
		return broken_tables(vcpu);
	return nacre_exit_stage2(vcpu, &fault);
}
