/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The whole contract between nacre and a processor's virtualization
 * extension. An operation names a mechanism, never a vendor's noun. Listed
 * once: the list declares the operations, is what a backend is made of, so that
 * one which lacks a required one does not build, and binds them as static calls
 * at load.
 *
 * Context: "loaded" means between load() and put() on one CPU; "irqs off"
 * means that and interrupts disabled. Everything else may sleep.
 */
#ifndef NACRE_BACKEND_H
#define NACRE_BACKEND_H

#include <linux/jump_label.h>
#include <linux/static_call.h>

#include "arch/x86/state.h"

struct nacre_vcpu;

/* Called a few times, and so by their pointers. */
#define NACRE_BACKEND_LOAD_OPS(REQUIRED)				\
/* Can this processor do it: 0, or an errno with *why to print. */	\
REQUIRED(int,  ident, (const char **why))				\
/* Does somebody else own the extension on this CPU? */			\
REQUIRED(bool, in_use, (void))			/* irqs off */		\
REQUIRED(int,  setup, (void))						\
REQUIRED(void, teardown, (void))					\
REQUIRED(const struct nacre_stage2_format *, stage2_format, (void))

#define NACRE_BACKEND_TRIP_OPS(REQUIRED, OPTIONAL)			\
/* lifetime */								\
REQUIRED(struct nacre_vcpu *, vcpu_alloc, (void))			\
REQUIRED(int,  vcpu_init, (struct nacre_vcpu *))			\
REQUIRED(void, vcpu_free, (struct nacre_vcpu *))			\
REQUIRED(void, vcpu_reset, (struct nacre_vcpu *, bool init))		\
/* on and off this CPU */						\
REQUIRED(void, load, (struct nacre_vcpu *))	/* preemption off */	\
REQUIRED(void, put, (struct nacre_vcpu *))	/* preemption off */	\
/* one trip into the guest */						\
/* @again: the host has done nothing since the last; irqs off */	\
REQUIRED(void, prepare_entry, (struct nacre_vcpu *, bool again))	\
/* True: handle_exit() resumes, without sleep or the guest's memory */	\
REQUIRED(enum nacre_exit_kind, enter, (struct nacre_vcpu *)) /* irqs off */

#define NACRE_BACKEND_STATE_OPS(REQUIRED, OPTIONAL)			\
/* the processor */							\
REQUIRED(int,  cpu_on, (void))			/* irqs off, this CPU */\
REQUIRED(void, cpu_off, (void))			/* irqs off; idempotent */\
/* behind a trip: the host's interrupt, if the exit acknowledged one */	\
OPTIONAL(void, take_interrupt, (struct nacre_vcpu *))	/* irqs off */	\
REQUIRED(enum nacre_result, handle_exit, (struct nacre_vcpu *))		\
/* False: the guest is in a mode that is emulated */			\
OPTIONAL(bool, can_enter, (struct nacre_vcpu *))			\
/* registers: set_* check nothing, arch/x86/regs.c has done so */	\
OPTIONAL(void, fetch_lazy, (struct nacre_vcpu *, u32 what))	/* bits */ \
REQUIRED(void, read_segment, (struct nacre_vcpu *, enum nacre_segreg,	\
			      struct nacre_segment *))			\
REQUIRED(void, write_segment, (struct nacre_vcpu *, enum nacre_segreg,	\
			       const struct nacre_segment *))		\
REQUIRED(struct nacre_code, read_code, (struct nacre_vcpu *))		\
REQUIRED(u8,   read_cpl, (struct nacre_vcpu *))				\
REQUIRED(void, read_table, (struct nacre_vcpu *, bool idt,		\
			    struct nacre_dtable *))			\
REQUIRED(void, write_table, (struct nacre_vcpu *, bool idt,		\
			     const struct nacre_dtable *))		\
REQUIRED(bool, valid_cr4, (struct nacre_vcpu *, u64 cr4))		\
REQUIRED(void, write_cr0, (struct nacre_vcpu *, u64 cr0))		\
REQUIRED(void, write_cr4, (struct nacre_vcpu *, u64 cr4))		\
REQUIRED(void, write_efer, (struct nacre_vcpu *, u64 efer))		\
REQUIRED(void, write_dr7, (struct nacre_vcpu *, u64 dr7))		\
REQUIRED(int,  read_msr, (struct nacre_vcpu *, u32 msr, u64 *value))	\
REQUIRED(int,  write_msr, (struct nacre_vcpu *, u32 msr, u64 value))	\
REQUIRED(void, update_intercepts, (struct nacre_vcpu *))		\
REQUIRED(void, write_pat, (struct nacre_vcpu *, u64 pat))		\
REQUIRED(void, write_tsc_offset, (struct nacre_vcpu *, u64 offset))	\
OPTIONAL(void, write_tsc_ratio, (struct nacre_vcpu *))			\
/* events */								\
REQUIRED(void, inject, (struct nacre_vcpu *, const struct nacre_event *))\
REQUIRED(void, cancel_injection, (struct nacre_vcpu *))			\
REQUIRED(bool, interrupt_allowed, (struct nacre_vcpu *))		\
REQUIRED(bool, nmi_allowed, (struct nacre_vcpu *))			\
REQUIRED(bool, nmi_masked, (struct nacre_vcpu *))			\
REQUIRED(void, mask_nmi, (struct nacre_vcpu *, bool masked))		\
REQUIRED(void, want_interrupt_window, (struct nacre_vcpu *))		\
REQUIRED(void, want_nmi_window, (struct nacre_vcpu *))			\
/* Tell when CR8 falls below, where the guest writes it by itself */	\
OPTIONAL(void, watch_cr8, (struct nacre_vcpu *, u8 threshold))		\
/* The local APIC's mode may be another: what may the processor do of it? */ \
OPTIONAL(void, update_apic, (struct nacre_vcpu *))			\
/* The guest's run ends at this TSC (0: none), if nacre_apic.in_guest	*/ \
OPTIONAL(void, set_deadline, (struct nacre_vcpu *, u64 tsc))		\
/* Any thread: make *nacre_apic.posted not 0, then look at vcpu->mode */ \
OPTIONAL(void, post, (struct nacre_vcpu *, u8 vector))			\
/* Put into IRR what the processor has not taken; not loaded */		\
OPTIONAL(void, collect_posted, (struct nacre_vcpu *))			\
REQUIRED(u32,  read_shadow, (struct nacre_vcpu *))	/* NACRE_X86_SHADOW_* */\
REQUIRED(void, write_shadow, (struct nacre_vcpu *, u32 shadow))		\
/* instructions and translations */					\
REQUIRED(u8,   insn_length, (struct nacre_vcpu *))	/* 0: not given */\
REQUIRED(void, flush_guest, (struct nacre_vcpu *))	/* its own tables' */\
REQUIRED(void, flush_stage2, (struct nacre_vcpu *))	/* and stage 2's */\
REQUIRED(void, load_stage2, (struct nacre_vcpu *, hpa_t root))		\
/* Let the processor log writes; pass on what it did */			\
OPTIONAL(void, log_writes, (struct nacre_vcpu *, bool on))		\
OPTIONAL(void, collect_log, (struct nacre_vcpu *))	/* any context */\
/* one line for the log when a VM dies */				\
REQUIRED(void, describe, (struct nacre_vcpu *, char *, size_t))

/* A trip's are of one file in each backend; the others have prototypes. */
#define NACRE_BACKEND_OPS(REQUIRED, OPTIONAL)				\
NACRE_BACKEND_TRIP_OPS(REQUIRED, OPTIONAL)				\
NACRE_BACKEND_STATE_OPS(REQUIRED, OPTIONAL)

#define NACRE_BACKEND_MEMBER(ret, name, args)	ret (*name) args;

struct nacre_backend {
	bool like_amd;		/* how its processors decode and walk tables */
	NACRE_BACKEND_LOAD_OPS(NACRE_BACKEND_MEMBER)
	NACRE_BACKEND_OPS(NACRE_BACKEND_MEMBER, NACRE_BACKEND_MEMBER)
};

#define NACRE_BACKEND_DECLARE(ret, name, args)				\
	DECLARE_STATIC_CALL(nacre_##name,				\
			    *(((struct nacre_backend *)0)->name));
NACRE_BACKEND_OPS(NACRE_BACKEND_DECLARE, NACRE_BACKEND_DECLARE)

/* backend(enter)(vcpu) */
#define backend(op)		static_call(nacre_##op)
#define backend_optional(op)	static_call_cond(nacre_##op)

extern const struct nacre_backend nacre_vmx_backend;
extern const struct nacre_backend nacre_svm_backend;

/* Whether it has fetch_lazy(). */
DECLARE_STATIC_KEY_FALSE(nacre_fetches_late);

/* Whether can_enter() is to be asked. */
DECLARE_STATIC_KEY_FALSE(nacre_emulates_modes);

/* Whether insn_length() is to be asked. */
DECLARE_STATIC_KEY_FALSE(nacre_tells_lengths);

/* Picks the backend whose ident() says yes and binds it. */
int nacre_backend_bind(void);
const struct nacre_backend *nacre_backend(void);

#endif /* NACRE_BACKEND_H */
