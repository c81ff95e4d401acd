// SPDX-License-Identifier: GPL-2.0
/*
 * Processors without unrestricted guests run one with protection and paging on
 * only, and in segments that can have been loaded so. A guest without paging
 * gets tables in which every address is itself, in a page that it has where
 * the VMM said (NACRE_SET_IDENTITY_MAP_ADDR). Whatever else cannot be entered
 * is emulated.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "module/vm.h"
#include "arch/x86/mmu/stage2.h"
#include "arch/x86/regs.h"
#include "arch/x86/vmx/vmx.h"

#define IDENTITY_ENTRIES	1024
/* Present, writable, for all, accessed, dirty, of 4 MiB. */
#define IDENTITY_ENTRY		0xe7u

/* What paging in 32 bits does not have, or would not let pass. */
#define CR4_NOT_FLAT	(X86_CR4_PAE | X86_CR4_PCIDE | X86_CR4_SMEP | \
			 X86_CR4_SMAP | X86_CR4_PKE | X86_CR4_LA57)

/* Segment types; accessed, as all are in the VMCS. */
#define TYPE_ACCESSED	BIT(0)
#define TYPE_WRITABLE	BIT(1)	/* of data */
#define TYPE_READABLE	BIT(1)	/* of code */
#define TYPE_DOWN	BIT(2)	/* of data */
#define TYPE_CONFORMING	BIT(2)	/* of code */
#define TYPE_CODE	BIT(3)
#define TYPE_LDT	2
#define TYPE_TSS16	3
#define TYPE_TSS32	11
#define VM86_LIMIT	0xffff

/* For hardware; Intel SDM, "Restrictions on VMX Operation". */
u64 vmx_restrict_cr4(const struct vmx_vcpu *vmx, u64 cr4)
{
	return vmx->flat ? (cr4 & ~CR4_NOT_FLAT) | X86_CR4_PSE : cr4;
}

/* Outside long mode LME would have to be LMA: paging is on. */
u64 vmx_restrict_efer(u64 efer)
{
	return efer & EFER_LMA ? efer : efer & ~(u64)EFER_LME;
}

/* What the guest has in CR3 and reads there is not what the processor has. */
static void set_flat(struct vmx_vcpu *vmx, bool flat)
{
	struct nacre_vcpu *vcpu = &vmx->vcpu;
	u64 cr3 = nacre_cr3(vcpu), cr4 = nacre_cr4(vcpu);

	vmx->flat = flat;
	vmx_set_proc(vmx, PROC_CR3_LOAD | PROC_CR3_STORE, flat);
	if (flat)
		vmcs_write_natural(VMCS_GUEST_CR3, vcpu->vm->arch.identity_map_addr);
	nacre_set_cr3(vcpu, cr3);
	vmx_write_cr4(vcpu, cr4);
	vmx_flush_guest(vcpu);
}

u64 vmx_restrict_cr0(struct vmx_vcpu *vmx, u64 cr0)
{
	bool flat = !(cr0 & X86_CR0_PG);

	vmx->unchecked = true;
	if (vmx->flat != flat)
		set_flat(vmx, flat);
	return cr0 | X86_CR0_PE | X86_CR0_PG;
}

/* One for each VM, made by whoever comes first: the guest can write to it. */
static u32 *identity_map(struct nacre_vm *vm)
{
	u32 *map = READ_ONCE(vm->arch.identity_map), *other, i;

	if (map)
		return map;
	map = (u32 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!map)
		return NULL;
	for (i = 0; i < IDENTITY_ENTRIES; i++)
		map[i] = i << 22 | IDENTITY_ENTRY;
	/* Full, as seen by whoever finds it. */
	other = cmpxchg(&vm->arch.identity_map, NULL, map);
	if (!other)
		return map;
	free_page((unsigned long)map);
	return other;
}

bool vmx_map_identity(struct nacre_vcpu *vcpu, gpa_t gpa)
{
	gfn_t gfn = vcpu->vm->arch.identity_map_addr >> PAGE_SHIFT;
	u32 *map;

	if (!to_vmx(vcpu)->flat || gpa >> PAGE_SHIFT != gfn)
		return false;
	map = identity_map(vcpu->vm);
	return map && nacre_stage2_map_own(vcpu, gfn, page_to_pfn(virt_to_page(map)));
}

/* The rest of this page is Intel SDM, "Checks on Guest Segment Registers". */

static bool limit_fits(const struct nacre_segment *s)
{
	return s->g ? (s->limit & 0xfff) == 0xfff : s->limit < BIT(20);
}

static bool is_memory(const struct nacre_segment *s, u8 needs, u8 forbids)
{
	return s->s && s->present && !(s->base >> 32) && limit_fits(s) &&
	       (s->type & (needs | forbids)) == needs;
}

static u8 rpl(const struct nacre_segment *s)
{
	return s->selector & 3;
}

static bool code_fits(const struct nacre_segment *cs,
		      const struct nacre_segment *ss)
{
	if (cs->unusable || !is_memory(cs, TYPE_CODE | TYPE_ACCESSED, 0))
		return false;
	return cs->type & TYPE_CONFORMING ? cs->dpl <= ss->dpl :
					    cs->dpl == ss->dpl;
}

static bool stack_fits(const struct nacre_segment *ss,
		       const struct nacre_segment *cs)
{
	if (rpl(ss) != rpl(cs) || ss->dpl != rpl(ss))
		return false;
	return ss->unusable ||
	       is_memory(ss, TYPE_WRITABLE | TYPE_ACCESSED, TYPE_CODE);
}

static bool data_fits(const struct nacre_segment *s)
{
	if (s->unusable)
		return true;
	if (!is_memory(s, TYPE_ACCESSED, 0) ||
	    (s->type & TYPE_CODE && !(s->type & TYPE_READABLE)))
		return false;
	return (s->type & (TYPE_CODE | TYPE_CONFORMING)) ==
	       (TYPE_CODE | TYPE_CONFORMING) || s->dpl >= rpl(s);
}

static bool vm86_fits(const struct nacre_segment *s)
{
	return s->base == (u64)s->selector << 4 && s->limit == VM86_LIMIT &&
	       s->type == (TYPE_WRITABLE | TYPE_ACCESSED) && s->s &&
	       s->dpl == 3 && s->present && !s->avl && !s->l && !s->db && !s->g;
}

static bool is_system(const struct nacre_segment *s)
{
	return !(s->selector & 4) && !s->s && s->present && limit_fits(s);
}

static bool tables_fit(const struct nacre_segment *s, bool long_mode)
{
	const struct nacre_segment *ldtr = &s[NACRE_SEG_LDTR];
	const struct nacre_segment *tr = &s[NACRE_SEG_TR];

	return (ldtr->unusable || (is_system(ldtr) && ldtr->type == TYPE_LDT)) &&
	       !tr->unusable && is_system(tr) &&
	       (tr->type == TYPE_TSS32 || (tr->type == TYPE_TSS16 && !long_mode));
}

static bool segments_fit(struct nacre_vcpu *vcpu)
{
	static const u8 data[] = { NACRE_SEG_DS, NACRE_SEG_ES, NACRE_SEG_FS,
				   NACRE_SEG_GS };
	bool vm86 = nacre_rflags(vcpu) & X86_EFLAGS_VM;
	struct nacre_segment s[NACRE_NR_SEGS];
	const struct nacre_segment *cs = &s[NACRE_SEG_CS];
	const struct nacre_segment *ss = &s[NACRE_SEG_SS];
	unsigned int i;
	bool fit;

	for (i = 0; i < NACRE_NR_SEGS; i++)
		vmx_read_segment(vcpu, i, &s[i]);
	fit = vm86 ? vm86_fits(cs) && vm86_fits(ss) :
		     code_fits(cs, ss) && stack_fits(ss, cs);
	for (i = 0; i < ARRAY_SIZE(data); i++)
		fit &= vm86 ? vm86_fits(&s[data[i]]) : data_fits(&s[data[i]]);
	return fit && tables_fit(s, nacre_is_long_mode(vcpu));
}

/* What the guest loads by itself fits. */
bool vmx_can_enter(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	bool vm86 = nacre_rflags(vcpu) & X86_EFLAGS_VM;

	if (!nacre_is_protected(vcpu))
		return false;
	if (vmx->unchecked || vmx->checked_vm86 != vm86) {
		vmx->fits = segments_fit(vcpu);
		vmx->unchecked = false;
		vmx->checked_vm86 = vm86;
	}
	return vmx->fits;
}
