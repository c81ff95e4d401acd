// SPDX-License-Identifier: GPL-2.0
/*
 * The emulator's executor at work for a vCPU: its state filled and written
 * back, and its operations.
 *
 * A read that is not of memory is answered by a chip, or by the VMM in an
 * exit, after which the instruction is begun again. So what was answered is
 * kept, in the order of the instruction's reads, and is not asked again. What
 * is written elsewhere than to memory waits until the registers have changed,
 * and goes out one access after another, like what a bus has posted.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/fpu/api.h>

#include "module/vcpu.h"
#include "arch/x86/apic.h"
#include "arch/x86/chips.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/emulate/emulate.h"
#include "arch/x86/emulation.h"
#include "arch/x86/event_word.h"
#include "arch/x86/events.h"
#include "arch/x86/exits.h"
#include "arch/x86/insn.h"
#include "arch/x86/linear.h"
#include "arch/x86/msr.h"
#include "arch/x86/pv.h"
#include "arch/x86/xstate.h"

/* More than an instruction's 640 bytes in up to 48 pieces come to. */
#define ACCESSES	128
#define PAGES		16
#define DR6_BT		BIT(15)
#define DR7_LOCAL	0x155ull

/* On a bus, of up to eight bytes. */
struct access {
	u64 at;
	u64 data;
	u8 size;
	bool port;
};

/* What is executed: an instruction, or what it or an event leads to. */
enum work { INSN, TASK, DELIVERY };

/* Where XSAVE puts what is used here, without compaction. */
struct vector_image {
	struct fxregs_state fx;
	struct xstate_header header;
	u8 high[16][16];	/* of YMM */
} __aligned(64);

struct nacre_emulation {
	struct vector_image image;	/* for a moment */
	struct nacre_vcpu *vcpu;
	struct nacre_emulator e;
	struct nacre_emu_state before;
	enum work work;
	struct nacre_insn insn;
	struct nacre_emu_task task;
	struct nacre_event event;	/* of TASK, too, or none */
	u8 mode;			/* of the code that it is in */
	/* Where the instruction's pages were found. */
	struct {
		u64 linear, gpa;
		bool new_cr3;
	} pages[PAGES];
	unsigned int nr_pages;
	struct access reads[ACCESSES], writes[ACCESSES];
	unsigned int nr_reads, next_read;
	unsigned int nr_writes, next_write;
	unsigned int promised;	/* writes that probe() has allowed */
	bool told_vcpu;		/* some of the effects are the vCPU's already */
};

static struct nacre_emulation *of(struct nacre_emulator *e)
{
	return container_of(e, struct nacre_emulation, e);
}

static enum nacre_emulated fault(struct nacre_emulator *e, u8 vector,
				 u32 error)
{
	e->exception = (struct nacre_emu_exception) {
		.vector = vector,
		.has_error = e->state.cr0 & X86_CR0_PE,
		.error = error,
	};
	return NACRE_EMU_FAULT;
}

static bool known_page(const struct nacre_emulation *em, u64 linear, u32 how,
		       u64 *gpa)
{
	bool new_cr3 = how & NACRE_EMU_NEW_CR3;
	unsigned int i;

	for (i = 0; i < em->nr_pages; i++) {
		if (em->pages[i].linear != (linear & PAGE_MASK) ||
		    em->pages[i].new_cr3 != new_cr3)
			continue;
		*gpa = em->pages[i].gpa | offset_in_page(linear);
		return true;
	}
	return false;
}

static enum nacre_emulated translate(struct nacre_emulator *e, u64 linear,
				     u32 how, u64 *gpa)
{
	u32 access = (how & NACRE_EMU_WRITE ? NACRE_PF_WRITE : 0) |
		     (how & NACRE_EMU_USER ? NACRE_PF_USER : 0);
	struct nacre_walk walk;

	switch (nacre_translate_as(of(e)->vcpu, linear, access,
				   how & NACRE_EMU_SYSTEM, &walk)) {
	case NACRE_WALK_OK:
		*gpa = walk.gpa;
		return NACRE_EMU_DONE;
	case NACRE_WALK_FAULT:
		fault(e, X86_TRAP_PF, walk.error_code);
		e->exception.cr2 = linear;
		return NACRE_EMU_FAULT;
	case NACRE_WALK_RETRY:
		return NACRE_EMU_RETRY;
	case NACRE_WALK_NO_MEMORY:
		break;
	}
	return NACRE_EMU_UNKNOWN;
}

/* What was found for a write is where the write goes. */
static enum nacre_emulated locate_write(struct nacre_emulator *e, u64 linear,
					u32 how, u64 *gpa)
{
	struct nacre_emulation *em = of(e);
	enum nacre_emulated result = translate(e, linear, how, gpa);
	u64 old;

	if (result != NACRE_EMU_DONE || known_page(em, linear, how, &old))
		return result;
	if (em->nr_pages == PAGES)
		return NACRE_EMU_UNKNOWN;
	em->pages[em->nr_pages].linear = linear & PAGE_MASK;
	em->pages[em->nr_pages].new_cr3 = how & NACRE_EMU_NEW_CR3;
	em->pages[em->nr_pages++].gpa = *gpa & PAGE_MASK;
	return NACRE_EMU_DONE;
}

static bool in_kernel(struct nacre_vcpu *vcpu, struct access *a, bool write)
{
	if (!a->port)
		return nacre_mmio_in_kernel(vcpu, a->at, a->size, &a->data,
					    write);
	return nacre_chips_pio(vcpu->vm, a->at, a->size, &a->data, !write) ||
	       (write && nacre_io_offer(vcpu->vm, NACRE_BUS_PIO, a->at,
					a->size, &a->data));
}

/* DONE, or OUTSIDE: then it is the last one of those in the list. */
static enum nacre_emulated ask(struct nacre_emulation *em, bool port, u64 at,
			       unsigned int size, void *data)
{
	struct access *a = &em->reads[em->next_read];

	if (em->next_read == ACCESSES)
		return NACRE_EMU_UNKNOWN;
	/* Another vCPU can have changed what leads here. */
	if (em->next_read < em->nr_reads &&
	    (a->at != at || a->size != size || a->port != port))
		em->nr_reads = em->next_read;
	if (em->next_read == em->nr_reads) {
		*a = (struct access) { .at = at, .size = size, .port = port };
		if (!in_kernel(em->vcpu, a, false))
			return NACRE_EMU_OUTSIDE;
		em->nr_reads++;
	}
	em->next_read++;
	memcpy(data, &a->data, size);
	return NACRE_EMU_DONE;
}

/* A string's element has written to a device: that goes out first. */
static bool has_posted(struct nacre_emulator *e)
{
	return of(e)->nr_writes;
}

static enum nacre_emulated op_read(struct nacre_emulator *e, u64 linear,
				   void *data, unsigned int size, u32 how)
{
	enum nacre_emulated result;
	unsigned int piece;
	u64 gpa;

	if (has_posted(e))
		return NACRE_EMU_RETRY;
	result = how & NACRE_EMU_WRITE ? locate_write(e, linear, how, &gpa) :
					 translate(e, linear, how, &gpa);
	if (result != NACRE_EMU_DONE ||
	    !nacre_read_guest(of(e)->vcpu->vm, gpa, data, size))
		return result;
	for (; size && result == NACRE_EMU_DONE; size -= piece) {
		piece = min(size, 8u);
		result = ask(of(e), false, gpa, piece, data);
		gpa += piece;
		data += piece;
	}
	return result;
}

/* A string ends early where the queue does. */
static enum nacre_emulated promise(struct nacre_emulation *em,
				   unsigned int size)
{
	em->promised += DIV_ROUND_UP(size, 8);
	return em->promised <= ACCESSES ? NACRE_EMU_DONE : NACRE_EMU_UNKNOWN;
}

static enum nacre_emulated op_probe(struct nacre_emulator *e, u64 linear,
				    unsigned int size, u32 how)
{
	enum nacre_emulated result;
	u64 gpa;

	if (has_posted(e))
		return NACRE_EMU_RETRY;
	if (!(how & NACRE_EMU_WRITE))
		return translate(e, linear, how, &gpa);
	result = locate_write(e, linear, how, &gpa);
	return result == NACRE_EMU_DONE ? promise(of(e), size) : result;
}

static void post(struct nacre_emulation *em, bool port, u64 at,
		 unsigned int size, const void *data)
{
	struct access *a = &em->writes[em->nr_writes];

	if (WARN_ON_ONCE(em->nr_writes == ACCESSES))
		return;
	*a = (struct access) { .at = at, .size = size, .port = port };
	memcpy(&a->data, data, size);
	em->nr_writes++;
}

static enum nacre_emulated op_in(struct nacre_emulator *e, u16 port,
				 unsigned int size, u32 *value)
{
	return ask(of(e), true, port, size, value);
}

static enum nacre_emulated op_out(struct nacre_emulator *e, u16 port,
				  unsigned int size, u32 value)
{
	enum nacre_emulated result = promise(of(e), size);

	if (result == NACRE_EMU_DONE)
		post(of(e), true, port, size, &value);
	return result;
}

static void op_write(struct nacre_emulator *e, u64 linear, const void *data,
		     unsigned int size, u32 how)
{
	struct nacre_emulation *em = of(e);
	unsigned int piece;
	u64 gpa;

	if (WARN_ON_ONCE(!known_page(em, linear, how, &gpa)) ||
	    !nacre_write_guest(em->vcpu->vm, gpa, data, size))
		return;
	for (; size; size -= piece) {
		piece = min(size, 8u);
		post(em, false, gpa, piece, data);
		gpa += piece;
		data += piece;
	}
}

/* In memory, the naturally aligned word around it. */
static enum nacre_emulated exchange_word(struct nacre_vcpu *vcpu, u64 gpa,
					 const void *old, const void *data,
					 unsigned int size)
{
	unsigned int at = gpa & 7;
	u64 word, new;

	if (at + size > 8)
		return NACRE_EMU_UNKNOWN;
	gpa -= at;
	if (nacre_read_guest(vcpu->vm, gpa, &word, 8))
		return NACRE_EMU_RETRY;
	if (memcmp((u8 *)&word + at, old, size))
		return NACRE_EMU_RETRY;
	new = word;
	memcpy((u8 *)&new + at, data, size);
	return nacre_cmpxchg_guest(vcpu->vm, gpa, &word, new, 8) ?
	       NACRE_EMU_RETRY : NACRE_EMU_DONE;
}

/* What is no memory for a write has no atomic operation either. */
static enum nacre_emulated op_exchange(struct nacre_emulator *e, u64 linear,
				       const void *old, const void *data,
				       unsigned int size)
{
	struct nacre_emulation *em = of(e);
	u64 gpa;

	if (!known_page(em, linear, 0, &gpa))
		return NACRE_EMU_UNKNOWN;
	if (nacre_writable_guest(em->vcpu->vm, gpa))
		return exchange_word(em->vcpu, gpa, old, data, size);
	op_write(e, linear, data, size, 0);
	return NACRE_EMU_DONE;
}

static enum nacre_emulated op_read_msr(struct nacre_emulator *e, u32 msr,
				       u64 *value)
{
	return nacre_guest_rdmsr(of(e)->vcpu, msr, value) ?
	       NACRE_EMU_DONE : fault(e, X86_TRAP_GP, 0);
}

static enum nacre_emulated op_write_msr(struct nacre_emulator *e, u32 msr,
					u64 value)
{
	of(e)->told_vcpu = true;
	return nacre_guest_wrmsr(of(e)->vcpu, msr, value) ?
	       NACRE_EMU_DONE : fault(e, X86_TRAP_GP, 0);
}

/* The write is the last of its instruction that can fail, and made here. */
static enum nacre_emulated op_check_cr(struct nacre_emulator *e, u8 number,
				       u64 value)
{
	struct nacre_vcpu *vcpu = of(e)->vcpu;
	bool ok;

	of(e)->told_vcpu = true;
	if (number == 0)
		ok = nacre_guest_write_cr0(vcpu, value);
	else if (number == 3)
		ok = nacre_guest_write_cr3(vcpu, value);
	else if (number == 4)
		ok = nacre_guest_write_cr4(vcpu, value);
	else
		ok = nacre_set_cr8(vcpu, value);
	return ok ? NACRE_EMU_DONE : fault(e, X86_TRAP_GP, 0);
}

/* A fault is queued there, and delivered when the guest is entered. */
static enum nacre_emulated op_read_dr(struct nacre_emulator *e, u8 number,
				      u64 *value)
{
	return nacre_guest_read_dr(of(e)->vcpu, number, value) ?
	       NACRE_EMU_DONE : NACRE_EMU_RETRY;
}

static enum nacre_emulated op_write_dr(struct nacre_emulator *e, u8 number,
				       u64 value)
{
	return nacre_guest_write_dr(of(e)->vcpu, number, value) ?
	       NACRE_EMU_DONE : NACRE_EMU_RETRY;
}

static enum nacre_emulated op_invalidate(struct nacre_emulator *e, u64 linear)
{
	nacre_set_request(of(e)->vcpu, NACRE_REQ_TLB_FLUSH_GUEST);
	return NACRE_EMU_DONE;
}

static bool op_has(struct nacre_emulator *e, enum nacre_emu_feature feature)
{
	static const u16 features[] = {
		[NACRE_EMU_HAS_BMI1] = X86_FEATURE_BMI1,
		[NACRE_EMU_HAS_LZCNT] = X86_FEATURE_ABM,
		[NACRE_EMU_HAS_MOVBE] = X86_FEATURE_MOVBE,
		[NACRE_EMU_HAS_CX16] = X86_FEATURE_CX16,
		[NACRE_EMU_HAS_SYSCALL] = X86_FEATURE_SYSCALL,
		[NACRE_EMU_HAS_RDTSCP] = X86_FEATURE_RDTSCP,
		[NACRE_EMU_HAS_AVX] = X86_FEATURE_AVX,
		[NACRE_EMU_HAS_FSGSBASE] = X86_FEATURE_FSGSBASE,
		[NACRE_EMU_HAS_SMAP] = X86_FEATURE_SMAP,
		[NACRE_EMU_HAS_POPCNT] = X86_FEATURE_POPCNT,
		[NACRE_EMU_HAS_MMX] = X86_FEATURE_MMX,
	};
	struct nacre_vcpu *vcpu = of(e)->vcpu;

	if (feature == NACRE_EMU_HAS_AVX &&
	    !(vcpu->arch.xcr0 & XFEATURE_MASK_YMM))
		return false;
	return feature < ARRAY_SIZE(features) && features[feature] &&
	       nacre_guest_has(vcpu, features[feature]);
}

static void op_cpuid(struct nacre_emulator *e, u32 regs[4])
{
	static const u8 order[] = { NACRE_RAX, NACRE_RBX, NACRE_RCX,
				    NACRE_RDX };
	u64 *gpr = of(e)->vcpu->arch.gpr, saved[4];
	unsigned int i;

	/* The first four are never kept late. */
	memcpy(saved, gpr, sizeof(saved));
	gpr[NACRE_RAX] = regs[0];
	gpr[NACRE_RCX] = regs[2];
	nacre_execute_cpuid(of(e)->vcpu);
	for (i = 0; i < 4; i++)
		regs[i] = gpr[order[i]];
	memcpy(gpr, saved, sizeof(saved));
}

static u64 op_tsc(struct nacre_emulator *e, u32 *aux)
{
	*aux = of(e)->vcpu->arch.tsc_aux;
	return nacre_guest_tsc(of(e)->vcpu, rdtsc());
}

static u32 vector_features(void)
{
	return nacre_kernel_xcr0 & (XFEATURE_MASK_FPSSE | XFEATURE_MASK_YMM);
}

/* The guest's registers are the thread's while NACRE_RUN lasts. */
static void load_live(void)
{
	fpregs_lock();
	if (test_thread_flag(TIF_NEED_FPU_LOAD))
		switch_fpu_return();
}

static void save_vectors(struct nacre_emulation *em)
{
	struct vector_image *image = &em->image;

	memset(image, 0, sizeof(*image));
	load_live();
	if (boot_cpu_has(X86_FEATURE_XSAVE))
		asm volatile("xsave64 %0" : "+m" (*image)
			     : "a" (vector_features()), "d" (0) : "memory");
	else
		asm volatile("fxsave64 %0" : "=m" (image->fx));
	fpregs_unlock();
}

static void restore_vectors(struct nacre_emulation *em)
{
	struct vector_image *image = &em->image;

	load_live();
	if (boot_cpu_has(X86_FEATURE_XSAVE)) {
		image->header.xfeatures = vector_features();
		asm volatile("xrstor64 %0" : : "m" (*image),
			     "a" (vector_features()), "d" (0) : "memory");
	} else {
		asm volatile("fxrstor64 %0" : : "m" (image->fx));
	}
	fpregs_unlock();
}

static u8 *low_half(struct nacre_emulation *em, u8 number)
{
	return (u8 *)em->image.fx.xmm_space + 16 * (number & 15);
}

static void op_read_vector(struct nacre_emulator *e, u8 number, u8 *data)
{
	struct nacre_emulation *em = of(e);

	save_vectors(em);
	memcpy(data, low_half(em, number), 16);
	memcpy(data + 16, em->image.high[number & 15], 16);
}

static void op_write_vector(struct nacre_emulator *e, u8 number,
			    const u8 *data)
{
	struct nacre_emulation *em = of(e);

	save_vectors(em);
	memcpy(low_half(em, number), data, 16);
	memcpy(em->image.high[number & 15], data + 16, 16);
	restore_vectors(em);
}

static void op_read_fpu(struct nacre_emulator *e, u8 *image)
{
	save_vectors(of(e));
	memcpy(image, &of(e)->image.fx, sizeof(struct fxregs_state));
}

/* MXCSR's reserved bits would be a fault of the host's. */
static void op_write_fpu(struct nacre_emulator *e, const u8 *image)
{
	struct nacre_emulation *em = of(e);
	u32 mask;

	save_vectors(em);
	mask = em->image.fx.mxcsr_mask;
	memcpy(&em->image.fx, image, sizeof(em->image.fx));
	em->image.fx.mxcsr &= mask ?: 0xffbf;
	restore_vectors(em);
}

static const struct nacre_emu_ops ops = {
	.read = op_read,
	.probe = op_probe,
	.write = op_write,
	.exchange = op_exchange,
	.in = op_in,
	.out = op_out,
	.read_msr = op_read_msr,
	.write_msr = op_write_msr,
	.check_cr = op_check_cr,
	.read_dr = op_read_dr,
	.write_dr = op_write_dr,
	.invalidate = op_invalidate,
	.has = op_has,
	.cpuid = op_cpuid,
	.tsc = op_tsc,
	.read_vector = op_read_vector,
	.write_vector = op_write_vector,
	.read_fpu = op_read_fpu,
	.write_fpu = op_write_fpu,
};

static void segment_out(const struct nacre_segment *s,
			struct nacre_emu_segment *out)
{
	*out = (struct nacre_emu_segment) {
		.base = s->base,
		.limit = s->limit,
		.selector = s->selector,
		.attributes = s->type | s->s << 4 | s->dpl << 5 |
			      (s->present && !s->unusable) << 7 |
			      s->avl << 8 | s->l << 9 | s->db << 10 |
			      s->g << 11,
	};
}

static void write_segment(struct nacre_vcpu *vcpu, enum nacre_segreg reg,
			  const struct nacre_emu_segment *s)
{
	u16 a = s->attributes;
	const struct nacre_segment segment = {
		.base = s->base,
		.limit = s->limit,
		.selector = s->selector,
		.type = a & 0xf,
		.s = a >> 4 & 1,
		.dpl = a >> 5 & 3,
		.present = a >> 7 & 1,
		.avl = a >> 8 & 1,
		.l = a >> 9 & 1,
		.db = a >> 10 & 1,
		.g = a >> 11 & 1,
		.unusable = !(a >> 7 & 1),
	};

	backend(write_segment)(vcpu, reg, &segment);
}

static void fill_table(struct nacre_vcpu *vcpu, bool idt,
		       struct nacre_emu_table *out)
{
	struct nacre_dtable table;

	backend(read_table)(vcpu, idt, &table);
	out->base = table.base;
	out->limit = table.limit;
}

static void fill(struct nacre_vcpu *vcpu, struct nacre_emu_state *state)
{
	struct nacre_segment segment;
	unsigned int i;

	memset(state, 0, sizeof(*state));
	for (i = 0; i < NACRE_NR_GPRS; i++)
		state->regs.gpr[i] = nacre_gpr(vcpu, i);
	state->regs.rflags = nacre_rflags(vcpu);
	state->rip = nacre_rip(vcpu);
	state->cr0 = nacre_cr0(vcpu);
	state->cr2 = vcpu->arch.cr2;
	state->cr3 = nacre_cr3(vcpu);
	state->cr4 = nacre_cr4(vcpu);
	state->cr8 = nacre_cr8(vcpu);
	state->efer = vcpu->arch.efer;
	state->cpl = backend(read_cpl)(vcpu);
	for (i = 0; i < NACRE_NR_SEGS; i++) {
		backend(read_segment)(vcpu, i, &segment);
		segment_out(&segment, &state->segments[i]);
	}
	fill_table(vcpu, false, &state->gdtr);
	fill_table(vcpu, true, &state->idtr);
}

static void write_table(struct nacre_vcpu *vcpu, bool idt,
			const struct nacre_emu_table *t,
			const struct nacre_emu_table *before)
{
	const struct nacre_dtable table = { .base = t->base,
					    .limit = t->limit };

	if (t->base != before->base || t->limit != before->limit)
		backend(write_table)(vcpu, idt, &table);
}

/* An instruction's trap is by the old flags; what is not one has none. */
static void write_rip(struct nacre_emulation *em)
{
	struct nacre_vcpu *vcpu = em->vcpu;

	if (em->work == INSN) {
		nacre_skip_to(vcpu, em->e.state.rip);
		return;
	}
	nacre_set_rip(vcpu, em->e.state.rip);
	backend(write_shadow)(vcpu, 0);
}

/* Intel SDM, "Debug Control Register (DR7)": L0 to L3, LE. */
static void enter_task(struct nacre_vcpu *vcpu, bool trap)
{
	vcpu->arch.dr7 &= ~DR7_LOCAL;
	backend(write_dr7)(vcpu, vcpu->arch.dr7);
	if (trap)
		nacre_queue_debug(vcpu, DR6_BT);
}

/* The mode is settled before RIP is. */
static void write_back(struct nacre_emulation *em)
{
	static const u32 shadows[] = {
		[NACRE_EMU_STI] = NACRE_X86_SHADOW_INT_STI,
		[NACRE_EMU_MOV_SS] = NACRE_X86_SHADOW_INT_MOV_SS,
	};
	const struct nacre_emu_state *s = &em->e.state, *before = &em->before;
	struct nacre_vcpu *vcpu = em->vcpu;
	unsigned int i;

	for (i = 0; i < NACRE_NR_SEGS; i++)
		if (memcmp(&s->segments[i], &before->segments[i],
			   sizeof(s->segments[i])))
			write_segment(vcpu, i, &s->segments[i]);
	write_table(vcpu, false, &s->gdtr, &before->gdtr);
	write_table(vcpu, true, &s->idtr, &before->idtr);
	write_rip(em);
	for (i = 0; i < NACRE_NR_GPRS; i++)
		if (s->regs.gpr[i] != before->regs.gpr[i])
			nacre_set_gpr(vcpu, i, s->regs.gpr[i]);
	nacre_set_rflags(vcpu, s->regs.rflags);
	vcpu->arch.cr2 = s->cr2;
	if (s->shadow)
		backend(write_shadow)(vcpu, shadows[s->shadow]);
	if (s->nmi_unmasked)
		backend(mask_nmi)(vcpu, false);
	if (s->new_task)
		enter_task(vcpu, s->task_trap);
	/* What was masked may be due now. */
	nacre_set_request(vcpu, NACRE_REQ_EVENT);
}

static void port_to_user(struct nacre_vcpu *vcpu, const struct access *a,
			 bool write, nacre_complete_fn complete)
{
	vcpu->arch.pio.port = a->at;
	vcpu->arch.pio.size = a->size;
	vcpu->arch.pio.in = !write;
	vcpu->arch.pio.count = 1;
	memcpy(vcpu->page[NACRE_PAGE_PIO], &a->data, sizeof(a->data));
	nacre_io_to_user(vcpu, complete);
}

static void to_user(struct nacre_emulation *em, const struct access *a,
		    bool write, nacre_complete_fn complete)
{
	struct nacre_vcpu *vcpu = em->vcpu;
	struct nacre_run *run = vcpu->run;

	if (a->port)
		return port_to_user(vcpu, a, write, complete);
	vcpu->stats.mmio_exits++;
	run->exit_reason = NACRE_EXIT_MMIO;
	run->mmio.phys_addr = a->at;
	run->mmio.len = a->size;
	run->mmio.is_write = write;
	memcpy(run->mmio.data, &a->data, sizeof(run->mmio.data));
	vcpu->complete = complete;
}

/* What was posted, one after another; those in the kernel at once. */
static enum nacre_result send_writes(struct nacre_vcpu *vcpu)
{
	struct nacre_emulation *em = vcpu->arch.emulation;
	struct access *a;

	nacre_vcpu_srcu_lock(vcpu);
	while (em->next_write < em->nr_writes) {
		a = &em->writes[em->next_write++];
		if (in_kernel(vcpu, a, true))
			continue;
		to_user(em, a, true, send_writes);
		return NACRE_TO_USER;
	}
	return NACRE_RESUME;
}

static enum nacre_result finish(struct nacre_emulation *em)
{
	write_back(em);
	return em->e.state.halted ? nacre_halt(em->vcpu) :
				    send_writes(em->vcpu);
}

static enum nacre_result raise(struct nacre_emulation *em)
{
	const struct nacre_emu_exception *x = &em->e.exception;

	if (x->vector == X86_TRAP_PF)
		nacre_queue_page_fault(em->vcpu, x->cr2, x->error);
	else if (x->has_error)
		nacre_queue_exception_e(em->vcpu, x->vector, x->error);
	else
		nacre_queue_exception(em->vcpu, x->vector);
	return NACRE_RESUME;
}

static enum nacre_result execute(struct nacre_emulation *em);

/* The VMM has answered the read that was out. */
static enum nacre_result answered(struct nacre_vcpu *vcpu)
{
	struct nacre_emulation *em = vcpu->arch.emulation;
	struct access *a = &em->reads[em->nr_reads];

	/* Is it still the same instruction, or event, and means the same? */
	if (nacre_rip(vcpu) != em->before.rip ||
	    backend(read_code)(vcpu).mode != em->mode ||
	    (em->event.type != NACRE_EVENT_NONE && !nacre_event_waits(vcpu)))
		return NACRE_RESUME;
	memcpy(&a->data, a->port ? vcpu->page[NACRE_PAGE_PIO] :
				  vcpu->run->mmio.data, a->size);
	em->nr_reads++;
	return execute(em);
}

/* What came before that which has to wait: an element, an instruction, a task. */
static bool has_moved(const struct nacre_emulation *em)
{
	return em->e.state.new_task ||
	       (em->work == INSN && em->e.state.rip != em->before.rip) ||
	       memcmp(&em->e.state.regs, &em->before.regs,
		      sizeof(em->before.regs));
}

static enum nacre_emulated deliver(struct nacre_emulation *em)
{
	const struct nacre_event *event = &em->event;
	enum nacre_emu_event kind = NACRE_EMU_INTERRUPT;
	u8 length = 0;

	if (nacre_event_is_soft(event)) {
		kind = NACRE_EMU_SOFTWARE;
		length = event->insn_len;
	} else if (event->type == NACRE_EVENT_EXCEPTION) {
		kind = NACRE_EMU_EXCEPTION;
	}
	return nacre_emulate_event(&em->e, kind, event->vector, length,
				   event->has_error, event->error);
}

static enum nacre_emulated emulate(struct nacre_emulation *em)
{
	switch (em->work) {
	case TASK:
		return nacre_emulate_task(&em->e, &em->task);
	case DELIVERY:
		return deliver(em);
	default:
		return nacre_emulate(&em->e, &em->insn);
	}
}

/*
 * The event is with the guest, or lost in the attempt; an exception that could
 * not be delivered is there still for the double fault.
 */
static void end_event(struct nacre_emulation *em, enum nacre_emulated result)
{
	bool there = result == NACRE_EMU_DONE || em->e.state.new_task;

	if (em->event.type == NACRE_EVENT_NONE ||
	    (!there && result != NACRE_EMU_FAULT))
		return;
	if (em->event.type == NACRE_EVENT_NMI)
		backend(mask_nmi)(em->vcpu, true);
	nacre_drop_event(em->vcpu, there);
}

static enum nacre_result not_emulated(struct nacre_emulation *em)
{
	switch (em->work) {
	case TASK:
		return nacre_exit_unfinished(em->vcpu);
	case DELIVERY:
		return nacre_exit_undelivered(em->vcpu);
	default:
		return nacre_exit_emulate(em->vcpu);
	}
}

/* IN, OUT and their strings, where no bitmap is to be asked: as by an exit. */
static bool is_plain_port_access(struct nacre_vcpu *vcpu,
				 const struct nacre_insn *insn)
{
	u8 opcode = insn->opcode & ~3;

	return insn->map == NACRE_MAP_1BYTE && !nacre_is_protected(vcpu) &&
	       (opcode == 0x6c || opcode == 0xe4 || opcode == 0xec);
}

static void forget(struct nacre_emulation *em)
{
	em->nr_pages = 0;
	em->next_read = 0;
	em->nr_writes = 0;
	em->next_write = 0;
	em->promised = 0;
	em->told_vcpu = false;
}

/* Nothing else knows of the last instruction, or has to before the next. */
static bool is_quiet(const struct nacre_emulation *em)
{
	const struct nacre_emu_state *s = &em->e.state;
	struct nacre_vcpu *vcpu = em->vcpu;

	return em->work == INSN && !(s->cr0 & X86_CR0_PE) && !em->nr_writes &&
	       !em->told_vcpu && !s->halted && !s->shadow && !s->nmi_unmasked &&
	       !(s->regs.rflags & ~em->before.regs.rflags & X86_EFLAGS_IF) &&
	       !((s->regs.rflags | em->before.regs.rflags) & X86_EFLAGS_TF) &&
	       !vcpu->arch.events.want_event && !nacre_requests_pending(vcpu) &&
	       !compat_guest_work_pending();
}

/*
 * A guest in real mode that cannot be entered goes on where it stands: its state
 * is not written back and read again for each instruction.
 */
static bool go_on(struct nacre_emulation *em)
{
	const struct nacre_emu_segment *cs = &em->e.state.segments[NACRE_EMU_CS];
	u64 rip = em->e.state.rip;
	u8 bytes[NACRE_MAX_INSN];

	if (!static_branch_unlikely(&nacre_emulates_modes) || !is_quiet(em) ||
	    rip > cs->limit || cs->limit - rip < sizeof(bytes) ||
	    nacre_read_guest(em->vcpu->vm, (u32)(cs->base + rip), bytes,
			     sizeof(bytes)) ||
	    nacre_decode(bytes, sizeof(bytes), em->mode, em->e.vendor,
			 &em->insn) != NACRE_DECODE_OK ||
	    is_plain_port_access(em->vcpu, &em->insn))
		return false;
	forget(em);
	em->nr_reads = 0;
	em->vcpu->stats.insn_emulation++;
	return true;
}

static enum nacre_result execute(struct nacre_emulation *em)
{
	enum nacre_emulated result;

	nacre_vcpu_srcu_lock(em->vcpu);
	forget(em);
	fill(em->vcpu, &em->before);
	em->e.state = em->before;
	do {
		result = emulate(em);
	} while (result == NACRE_EMU_DONE && go_on(em));
	end_event(em, result);
	if (result == NACRE_EMU_DONE)
		return finish(em);
	/* The guest comes back to the element that was not done. */
	if (has_moved(em)) {
		write_back(em);
		if (result == NACRE_EMU_FAULT)
			raise(em);
		return send_writes(em->vcpu);
	}
	switch (result) {
	case NACRE_EMU_FAULT:
		return raise(em);
	case NACRE_EMU_OUTSIDE:
		to_user(em, &em->reads[em->nr_reads], false, answered);
		return NACRE_TO_USER;
	case NACRE_EMU_UNKNOWN:
		return not_emulated(em);
	default:
		return NACRE_RESUME;
	}
}

static struct nacre_emulation *begin(struct nacre_vcpu *vcpu, enum work work)
{
	struct nacre_emulation *em = vcpu->arch.emulation;

	if (!em) {
		em = kzalloc(sizeof(*em), GFP_KERNEL_ACCOUNT);
		if (!em)
			return NULL;
		em->vcpu = vcpu;
		em->e.ops = &ops;
		em->e.vendor = nacre_backend()->like_amd ?
			       NACRE_DECODE_AMD : NACRE_DECODE_INTEL;
		vcpu->arch.emulation = em;
	}
	em->work = work;
	em->event.type = NACRE_EVENT_NONE;
	em->mode = backend(read_code)(vcpu).mode;
	em->nr_reads = 0;
	return em;
}

enum nacre_result nacre_emulate_insn(struct nacre_vcpu *vcpu,
				     const struct nacre_insn *insn)
{
	struct nacre_emulation *em = begin(vcpu, INSN);

	if (!em)
		return nacre_fail(vcpu, -ENOMEM);
	em->insn = *insn;
	return execute(em);
}

/* How far RIP is to move from the instruction that it stands on. */
static enum nacre_fetch_result length_of(struct nacre_vcpu *vcpu,
					 const struct nacre_event *event,
					 u8 *length)
{
	const struct nacre_insn *insn;
	enum nacre_fetch_result result;

	*length = nacre_event_is_soft(event) ? event->insn_len : 0;
	if (*length)
		return NACRE_FETCH_OK;
	result = nacre_fetch_insn(vcpu, &insn);
	if (result == NACRE_FETCH_OK)
		*length = insn->length;
	return result;
}

/* A fault's saved flags have RF set. */
static void take_event(struct nacre_emulation *em)
{
	struct nacre_vcpu *vcpu = em->vcpu;

	em->event = vcpu->arch.exit.vectoring;
	if (em->event.type == NACRE_EVENT_EXCEPTION &&
	    nacre_is_fault(em->event.vector))
		nacre_set_rflags(vcpu, nacre_rflags(vcpu) | X86_EFLAGS_RF);
}

enum nacre_result nacre_exit_task_switch(struct nacre_vcpu *vcpu, u16 selector,
					 enum nacre_emu_task_source source)
{
	const struct nacre_event *event = &vcpu->arch.exit.vectoring;
	bool by_event = source == NACRE_EMU_TASK_EVENT;
	bool soft = nacre_event_is_soft(event);
	enum nacre_fetch_result result;
	struct nacre_emulation *em;
	u8 length = 0;

	nacre_vcpu_srcu_lock(vcpu);
	/* INT1 is no event here: RIP stands on it. */
	if (!by_event || soft || event->type == NACRE_EVENT_NONE) {
		result = length_of(vcpu, event, &length);
		if (result != NACRE_FETCH_OK)
			return nacre_fetch_failed(vcpu, result);
	}
	em = begin(vcpu, TASK);
	if (!em)
		return nacre_fail(vcpu, -ENOMEM);
	em->task = (struct nacre_emu_task) {
		.selector = selector, .source = source, .length = length,
		.external = by_event && !soft,
		.has_error = by_event && event->has_error,
		.error = event->error,
	};
	if (by_event)
		take_event(em);
	return execute(em);
}

/* Its tables or its stack are no memory: what the processor left to do. */
enum nacre_result nacre_exit_delivery(struct nacre_vcpu *vcpu)
{
	enum nacre_fetch_result result;
	struct nacre_emulation *em;

	em = begin(vcpu, DELIVERY);
	if (!em)
		return nacre_fail(vcpu, -ENOMEM);
	take_event(em);
	if (nacre_event_is_soft(&em->event)) {
		result = length_of(vcpu, &em->event, &em->event.insn_len);
		if (result != NACRE_FETCH_OK)
			return nacre_fetch_failed(vcpu, result);
	}
	return execute(em);
}

enum nacre_result nacre_emulate_delivery(struct nacre_vcpu *vcpu)
{
	struct nacre_emulation *em = begin(vcpu, DELIVERY);

	if (!em)
		return nacre_fail(vcpu, -ENOMEM);
	backend(cancel_injection)(vcpu);
	em->event = vcpu->arch.exit.vectoring;
	vcpu->arch.exit.vectoring.type = NACRE_EVENT_NONE;
	if (em->event.type != NACRE_EVENT_NONE)
		return execute(em);
	/* It has not gone in by the last attempt, and is to be chosen anew. */
	nacre_set_request(vcpu, NACRE_REQ_EVENT);
	return NACRE_RESUME;
}

static enum nacre_result port_access(struct nacre_vcpu *vcpu,
				     const struct nacre_insn *insn)
{
	bool in = !(insn->opcode & 2), string = insn->opcode < 0x70;
	u8 size = insn->opcode & 1 ? min_t(u8, insn->operand_size, 4) : 1;
	bool rep = insn->prefixes & (NACRE_PFX_REP | NACRE_PFX_REPNE);
	u64 rdx = nacre_gpr(vcpu, NACRE_RDX), rip = nacre_rip(vcpu);

	if (string)
		return nacre_exit_string_io(vcpu, rdx, size, in, rep);
	return nacre_exit_io(vcpu, insn->opcode & 8 ? rdx : (u8)insn->immediate,
			     size, in,
			     nacre_wrap_rip(vcpu, rip, rip + insn->length));
}

enum nacre_result nacre_emulate_next(struct nacre_vcpu *vcpu)
{
	enum nacre_fetch_result result;
	const struct nacre_insn *insn;

	nacre_vcpu_srcu_lock(vcpu);
	result = nacre_fetch_insn(vcpu, &insn);
	if (unlikely(result != NACRE_FETCH_OK))
		return nacre_fetch_failed(vcpu, result);
	vcpu->stats.insn_emulation++;
	return is_plain_port_access(vcpu, insn) ?
	       port_access(vcpu, insn) : nacre_emulate_insn(vcpu, insn);
}
