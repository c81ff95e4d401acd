/* SPDX-License-Identifier: GPL-2.0 */
/* Intel VMX as this folder's files share it; nothing outside includes it. */
#ifndef NACRE_VMX_H
#define NACRE_VMX_H

#include <linux/container_of.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/percpu-defs.h>
#include <asm/desc_defs.h>

#include "module/vcpu.h"
#include "arch/x86/backend.h"
#include "arch/x86/event_word.h"
#include "arch/x86/exits.h"
#include "arch/x86/vmx/controls.h"
#include "arch/x86/vmx/ops.h"

/* What this processor does; caps.c, before any VM. */
struct vmx_caps {
	struct vmx_controls controls;
	u32 revision;		/* of a VMXON region or a VMCS */
	u64 cr4_allowed;	/* in a guest */
	u8 timer_shift;		/* from the TSC to the preemption timer */
};
extern struct vmx_caps vmx_caps;

static inline bool vmx_has(enum vmx_word word, u32 bit)
{
	return vmx_caps.controls.word[word] & bit;
}

/* Registers that VMX leaves alone, in the order of vmx_swapped_msrs. */
enum vmx_swapped {
	VMX_STAR,
	VMX_LSTAR,
	VMX_SYSCALL_MASK,
	VMX_TSC_AUX,
	VMX_SWAPPED
};
extern const u32 vmx_swapped_msrs[VMX_SWAPPED];

struct vmx_vcpu;

/* A host processor. Changed on it alone, with interrupts off. */
struct vmx_cpu {
	bool on;
	struct page *region;		/* VMXON's */
	struct list_head loaded;	/* whose VMCS may be in its caches */
	struct vmx_vcpu *current_vcpu;	/* whose VMCS is current */
	/* The host's, constant: */
	struct desc_ptr gdt;
	u64 gs_base, sysenter_esp;
	u64 swapped[VMX_SWAPPED];
};
DECLARE_PER_CPU(struct vmx_cpu, vmx_cpu);

static inline bool vmx_is_restricted(void)
{
	return !vmx_has(VMX_PROC2, PROC2_UNRESTRICTED);
}

/* Kept of the VMCS until the next exit; a bit in vmx_vcpu.cached each. */
enum vmx_cache {
	VMX_CACHE_INT_STATE,
	VMX_CACHE_LENGTH,
	VMX_CACHE_CS_RIGHTS,
	VMX_CACHE_SS_RIGHTS,
};

#define VMX_LOG_ENTRIES	512

/* The host's, for the time that the guest's are in the processor. */
struct vmx_host {
	u64 fs_base, kernel_gs_base;
	union {
		struct {
			u16 fs, gs, ds, es;
		};
		u64 selectors;	/* all of them; 0 as a rule */
	};
};

#define VMX_STALE_MSRS	BIT(0)	/* those of long mode */
#define VMX_STALE_EPT	BIT(1)	/* what came from the EPT root */
#define VMX_STALE_VPID	BIT(2)	/* what has the VPID */
#define VMX_STALE_NMI	BIT(3)	/* one waits, and no exit will tell when */
#define VMX_STALE_TLB	(VMX_STALE_EPT | VMX_STALE_VPID)

/* Intel SDM, "Posted-Interrupt Processing". */
struct vmx_posted {
	unsigned long requests[4];
	unsigned long outstanding;	/* bit 0 */
} __aligned(64);

/* Larger than a page: kzalloc() aligns it to that at least. */
struct vmx_vcpu {
	struct nacre_vcpu vcpu;

	/* init */
	struct page *vmcs;
	u8 *msr_bitmap;
	u32 *apic_page;		/* with a TPR shadow: the local APIC's registers */
	u64 *log;		/* PML: 512 guest-physical addresses, or NULL */
	u16 vpid;		/* 0: none is to be had */

	struct vmx_posted posted;	/* any thread and the processor; atomic */

	/* On the CPU that has the VMCS, interrupts off. */
	struct list_head loaded;
	int vmcs_cpu;		/* that CPU, or -1: cleared */
	bool launched;

	/* The vCPU's mutex guards the rest. */
	struct vmx_cpu *cpu;	/* loaded: this CPU's; else NULL */
	bool guest_in;		/* host is good, see load_guest() */
	bool gs_in;		/* likewise its kernel_gs_base */
	bool swapped_in;	/* something of in_cpu is not the host's */
	u8 stale;		/* VMX_STALE_*: before the next entry */
	struct vmx_host host;
	u64 swapped[VMX_SWAPPED];	/* the guest's */
	u64 in_cpu[VMX_SWAPPED];	/* what the processor has */
	u64 cstar;		/* no Intel processor uses it */
	u64 kernel_gs_base;	/* gs_in: the processor has it */
	u64 host_debugctl;
	bool uses_tsc_aux;	/* CPUID promised RDTSCP or RDPID */

	/* What the VMCS holds, so that it is written when it changes. */
	u64 host_rsp, host_cr3, host_cr4, host_fs_base;
	u32 proc, proc2, entry;
	u8 cr8_written;
	u64 eoi_exits[4];

	u32 cached;		/* BIT(enum vmx_cache) */
	u32 int_state, insn_length, cs_rights, ss_rights;
	u64 eptp;

	u64 timer_due;		/* the host's TSC then; 0: never */
	u32 timer_written;	/* in the VMCS; VMX_TIMER_OFF: as good as never */
	bool timer_stale;	/* before the next entry */

	bool apic_elsewhere;	/* counted in vm->arch */
	u8 cr8_threshold;
	u32 exit_event;		/* an exception or NMI, by its exit */
	u32 entry_event;	/* what the next entry injects */
	/* Without unrestricted guests; restricted.c. */
	bool flat;		/* no paging: tables of our own */
	bool unchecked;		/* fits has to be found anew */
	bool fits, checked_vm86;
	bool nmi_masked;	/* without virtual NMIs, see vmx_nmi_masked() */
	unsigned long nmi_masked_at;	/* jiffies */
	/* A soft event that is injected again: its instruction. */
	u64 soft_rip;
	u8 soft_length;
};

static inline struct vmx_vcpu *to_vmx(struct nacre_vcpu *vcpu)
{
	return container_of(vcpu, struct vmx_vcpu, vcpu);
}

/* What does not change by itself outside the guest is read once. */
static __always_inline u32 vmcs_read_once(struct vmx_vcpu *vmx,
					  enum vmx_cache what,
					  enum vmcs_field field, u32 *value)
{
	if (!(vmx->cached & BIT(what))) {
		vmx->cached |= BIT(what);
		*value = vmcs_read32(field);
	}
	return *value;
}

static __always_inline u32 vmx_int_state(struct vmx_vcpu *vmx)
{
	return vmcs_read_once(vmx, VMX_CACHE_INT_STATE, VMCS_GUEST_INT_STATE,
			      &vmx->int_state);
}

/* 1 to 15; what else it were could not be passed. */
static __always_inline void vmx_fetch_length(struct vmx_vcpu *vmx)
{
	vmx->insn_length = vmcs_read32(VMCS_EXIT_LENGTH) & NACRE_MAX_INSN;
}

/* Right after an exit: all that it takes to pass the instruction, at once. */
static __always_inline void vmx_fetch_insn(struct vmx_vcpu *vmx)
{
	struct nacre_vcpu_arch *arch = &vmx->vcpu.arch;

	arch->rip = vmcs_read_natural(VMCS_GUEST_RIP);
	arch->rflags = vmcs_read_natural(VMCS_GUEST_RFLAGS);
	vmx->int_state = vmcs_read32(VMCS_GUEST_INT_STATE);
	vmx_fetch_length(vmx);
	arch->avail = BIT(NACRE_LAZY_RIP) | BIT(NACRE_LAZY_RFLAGS);
	vmx->cached = BIT(VMX_CACHE_INT_STATE) | BIT(VMX_CACHE_LENGTH);
}

/* vmx_inject() and so on. */
#define VMX_PROTOTYPE(ret, name, args)	ret vmx_##name args;
NACRE_BACKEND_LOAD_OPS(VMX_PROTOTYPE)
NACRE_BACKEND_STATE_OPS(VMX_PROTOTYPE, VMX_PROTOTYPE)

/* vmx.c */
void vmx_detach(struct vmx_vcpu *vmx);

/* vmcs.c */
void vmx_vmcs_setup(void);
void vmx_vmcs_reset(struct vmx_vcpu *vmx);
void vmx_vmcs_moved(struct vmx_vcpu *vmx);
unsigned long vmx_host_handler(u8 vector);
void vmx_set_proc(struct vmx_vcpu *vmx, u32 bits, bool on);
void vmx_write_lazy(struct vmx_vcpu *vmx, u32 dirty);

/* apic.c: the preemption timer, for the local APIC's */
#define VMX_TIMER_OFF	(~0u)	/* it ends a run of minutes for nothing */
/* @misc: IA32_VMX_MISC */
void vmx_timer_setup(u64 misc);
void vmx_write_timer(struct vmx_vcpu *vmx);

/* exits.c */
enum nacre_exit_kind vmx_collect_exit(struct vmx_vcpu *vmx);

/* apic.c */
int vmx_apic_setup(void);
void vmx_apic_teardown(void);
void vmx_apic_init(struct vmx_vcpu *vmx);
void vmx_apic_reset(struct vmx_vcpu *vmx);
void vmx_apic_msrs(struct vmx_vcpu *vmx);
void vmx_tell_apic(struct vmx_vcpu *vmx);
bool vmx_map_apic(struct nacre_vcpu *vcpu, gpa_t gpa);
nacre_exit_fn vmx_exit_apic_access, vmx_exit_apic_write, vmx_exit_eoi;

/* inject.c */
void vmx_set_int_state(struct vmx_vcpu *vmx, u32 state);
void vmx_collect_event(struct vmx_vcpu *vmx, u32 event);
void vmx_nmi_unblocked(struct vmx_vcpu *vmx);
void vmx_end_window(struct vmx_vcpu *vmx, u32 bit);

/* restricted.c: what hardware has instead, without unrestricted guests */
u64 vmx_restrict_cr0(struct vmx_vcpu *vmx, u64 cr0);
u64 vmx_restrict_cr4(const struct vmx_vcpu *vmx, u64 cr4);
u64 vmx_restrict_efer(u64 efer);
bool vmx_map_identity(struct nacre_vcpu *vcpu, gpa_t gpa);

/* l1d.c */
DECLARE_STATIC_KEY_FALSE(vmx_flushes_l1d);
int vmx_l1d_setup(void);
void vmx_l1d_teardown(void);
void vmx_flush_l1d(void);

/* ept.c */
void vmx_ept_setup(void);
u16 vmx_get_vpid(void);
void vmx_put_vpid(u16 vpid);
void vmx_flush_pending(struct vmx_vcpu *vmx);
nacre_exit_fn vmx_exit_ept_violation, vmx_exit_ept_misconfig;
int vmx_log_init(struct vmx_vcpu *vmx);
nacre_exit_fn vmx_exit_log_full;

/* enter.S: false where the processor did not enter. */
bool vmx_switch(u64 *gpr, u64 *host_rsp, bool launched);
extern const char vmx_host_rip[];
/* As by the interrupt itself. Interrupts are off, and stay so. */
void vmx_call_handler(unsigned long handler);

#endif /* NACRE_VMX_H */
