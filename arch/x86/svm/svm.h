/* SPDX-License-Identifier: GPL-2.0 */
/* AMD SVM as this folder's files share it; nothing outside includes it. */
#ifndef NACRE_SVM_H
#define NACRE_SVM_H

#include <linux/container_of.h>
#include <linux/irq_work.h>
#include <linux/percpu-defs.h>

#include "module/vcpu.h"
#include "arch/x86/backend.h"
#include "arch/x86/svm/vmcb.h"

/* What this processor has beyond the first SVM; caps.c, before any VM. */
struct svm_caps {
	bool nrips;		/* exits tell the next RIP */
	bool flush_asid;	/* VMRUN can flush one ASID */
	bool clean_bits;
	bool pause_filter;
	bool pause_threshold;
	bool tsc_ratio;
	bool tsc_aux;
	bool invpcid;
	u32 asids;		/* 0 is the host's */
};
extern struct svm_caps svm_caps;

/* A host processor. Changed on it alone, interrupts off or not in a guest. */
struct svm_cpu {
	bool on;
	hpa_t vmrun_area;	/* VMRUN keeps the host's state here ... */
	hpa_t host_area;	/* ... and VMSAVE what VMRUN leaves alone */
	u64 host_tsc_aux;	/* the kernel's, constant */
	u64 asid_generation;
	u32 next_asid;
	bool flush_all;		/* before the next VMRUN: ASIDs were reused */
	struct irq_work nudge;	/* makes the guest exit at once */
};
DECLARE_PER_CPU(struct svm_cpu, svm_cpu);

/*
 * NMIs are masked from injection to the end of IRET, which only tells where it
 * begins; inject.c says how its end is found.
 */
struct svm_nmi {
	bool masked;
	bool stepping;		/* TF is ours */
	bool guest_tf, guest_rf;	/* stepping: what the guest had there */
	u64 iret_rip;
};

/* A soft event in injection: RIP before and after its instruction. */
struct svm_soft {
	bool advanced;		/* RIP was moved by hand, for want of NRIPS */
	u8 insn_len;
	u64 vmcb_event;		/* type and vector as in EVENTINJ */
	u64 rip, next_rip;
};

struct svm_vcpu {
	struct nacre_vcpu vcpu;

	struct vmcb *vmcb;	/* init */
	hpa_t vmcb_pa;
	u8 *msrpm;		/* init */
	hpa_t msrpm_pa;

	/* The vCPU's mutex guards the rest. */
	struct svm_cpu *cpu;	/* loaded: this CPU's */
	int ran_on;		/* CPU whose VMCB cache and ASID these are */
	u64 asid_generation;	/* 0: needs an ASID */
	bool host_saved;	/* host_area is good since load() */
	u64 tsc_aux;		/* what the processor has while loaded */
	bool tsc_aux_is_in;	/* and that is not the host's */
	u64 host_debugctl;
	bool want_vintr;
	/* What an exit shows to be over. */
	union {
		struct {
			bool soft;	/* .soft is in injection */
			bool iret;	/* IRET at nmi.iret_rip has begun */
			bool nudge;	/* exit right behind the event */
			bool flush;	/* VMRUN does what tlb_control says */
		};
		u32 any;
	} awaits;
	struct svm_nmi nmi;
	struct svm_soft soft;
	hpa_t nested_cr3;	/* a shutdown makes the VMCB's undefined */

	/*
	 * AMD keeps 32 bits of SYSENTER's stack and entry. A guest made for
	 * Intel finds all 64 here.
	 */
	bool wide_sysenter;
	u64 sysenter_esp, sysenter_eip;
	bool uses_tsc_aux;	/* CPUID promised RDTSCP or RDPID */
};

static inline struct svm_vcpu *to_svm(struct nacre_vcpu *vcpu)
{
	return container_of(vcpu, struct svm_vcpu, vcpu);
}

/* svm_inject() and so on, where it has the operation. */
#define SVM_PROTOTYPE(ret, name, args)	ret svm_##name args;
NACRE_BACKEND_LOAD_OPS(SVM_PROTOTYPE)
NACRE_BACKEND_STATE_OPS(SVM_PROTOTYPE, SVM_PROTOTYPE)

/* caps.c */
extern hpa_t svm_iopm;

/* vmcb.c */
void svm_vmcb_reset(struct svm_vcpu *svm);

/* exits.c */
bool svm_can_answer(const struct nacre_exit *exit);

/* inject.c */
void svm_collect_events(struct svm_vcpu *svm);
void svm_end_interrupt_window(struct svm_vcpu *svm);
void svm_iret_begins(struct svm_vcpu *svm);
bool svm_step_done(struct svm_vcpu *svm, u64 *dr6);
u64 svm_stepping_rflags(struct svm_vcpu *svm);
u64 svm_stepped_rflags(struct svm_vcpu *svm, u64 rflags);

/* RFLAGS for the processor, and the guest's again. */
static inline u64 svm_rflags_in(struct svm_vcpu *svm)
{
	return unlikely(svm->nmi.stepping) ? svm_stepping_rflags(svm) :
	       svm->vcpu.arch.rflags;
}

static inline u64 svm_rflags_out(struct svm_vcpu *svm, u64 rflags)
{
	return unlikely(svm->nmi.stepping) ? svm_stepped_rflags(svm, rflags) :
	       rflags;
}

/* npt.c */
void svm_npt_setup(void);
/* Preemption off: this is the processor that VMRUN will be on. */
void svm_change_cpu(struct svm_vcpu *svm);
static inline void svm_come_to_cpu(struct svm_vcpu *svm)
{
	if (unlikely(svm->ran_on != smp_processor_id()))
		svm_change_cpu(svm);
}

void svm_new_asid(struct svm_vcpu *svm);
/* Behind an exit: what tlb_control asked for is done. */
void svm_flushed(struct svm_vcpu *svm);

static inline void svm_choose_asid(struct svm_vcpu *svm)
{
	if (unlikely(svm->asid_generation != svm->cpu->asid_generation))
		svm_new_asid(svm);
}

enum nacre_result svm_exit_npf(struct nacre_vcpu *vcpu);

/* enter.S: false where the processor refused an SVM instruction. */
bool svm_switch(u64 *gpr, hpa_t vmcb, hpa_t host_area);

#endif /* NACRE_SVM_H */
