// SPDX-License-Identifier: GPL-2.0
/*
 * Stolen time, hypercalls, and paravirtual EOI.
 *
 * A vCPU whose thread is taken off its CPU between two instructions says so in
 * its page. Others need not wait for it then, and instead of an interrupt that
 * it would have to be woken for they may leave it a bit: to drop its
 * translations before it runs on. In the midst of an instruction it says
 * nothing, for what is emulated may have been translated already.
 *
 * Linux, "KVM-specific MSRs", "Linux KVM Hypercall".
 */
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "arch/x86/apic.h"
#include "arch/x86/exits.h"
#include "arch/x86/insn.h"
#include "arch/x86/msr.h"
#include "arch/x86/pv.h"

#define PREEMPTED_AT	offsetof(struct nacre_steal_time, preempted)

bool nacre_write_steal(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (w.value & NACRE_STEAL_RESERVED_MASK)
		return false;
	vcpu->arch.steal = w.value;
	vcpu->arch.steal_told = current->sched_info.run_delay;
	nacre_set_request(vcpu, NACRE_REQ_STEAL);
	return true;
}

bool nacre_steal_is_old(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.said_preempted ||
	       vcpu->arch.steal_told != current->sched_info.run_delay;
}

/* Called by the scheduler: a page that is not there now is not waited for. */
void nacre_arch_vcpu_rest(struct nacre_vcpu *vcpu)
{
	const u8 preempted = NACRE_VCPU_PREEMPTED;
	gpa_t gpa = vcpu->arch.steal & NACRE_STEAL_VALID_BITS;
	int index;

	if (!(vcpu->arch.steal & NACRE_MSR_ENABLED) ||
	    vcpu->arch.said_preempted || current->mm != vcpu->vm->mm)
		return;
	index = srcu_read_lock(&vcpu->vm->srcu);
	pagefault_disable();
	vcpu->arch.said_preempted =
		!nacre_write_guest(vcpu->vm, gpa + PREEMPTED_AT, &preempted,
				   sizeof(preempted));
	vcpu->stats.preemption_reported += vcpu->arch.said_preempted;
	pagefault_enable();
	srcu_read_unlock(&vcpu->vm->srcu, index);
}

/* It runs. What others have asked for meanwhile comes with that in one word. */
static void say_running(struct nacre_vcpu *vcpu, gpa_t gpa)
{
	u64 word = 0;
	int err;

	do {
		err = nacre_cmpxchg_guest(vcpu->vm, gpa + PREEMPTED_AT, &word,
					  word & ~0xffull, sizeof(u32));
	} while (err == -EAGAIN);
	vcpu->arch.said_preempted = false;
	if (err || word & NACRE_VCPU_FLUSH_TLB)
		backend(flush_guest)(vcpu);
}

/* The version is odd while the rest is written. */
void nacre_update_steal(struct nacre_vcpu *vcpu)
{
	gpa_t gpa = vcpu->arch.steal & NACRE_STEAL_VALID_BITS;
	gpa_t version = gpa + offsetof(struct nacre_steal_time, version);
	u64 delay = current->sched_info.run_delay;
	struct nacre_steal_time st;

	if (!(vcpu->arch.steal & NACRE_MSR_ENABLED))
		return;
	say_running(vcpu, gpa);
	if (nacre_read_guest(vcpu->vm, gpa, &st, PREEMPTED_AT))
		return;
	st.steal += delay - vcpu->arch.steal_told;
	st.version = (st.version + 1) | 1;
	if (nacre_write_guest(vcpu->vm, version, &st.version, sizeof(u32)))
		return;
	vcpu->arch.steal_told = delay;
	barrier();
	nacre_write_guest(vcpu->vm, gpa, &st.steal, sizeof(st.steal));
	barrier();
	st.version++;
	nacre_write_guest(vcpu->vm, version, &st.version, sizeof(u32));
}

static struct nacre_vcpu *vcpu_by_apic_id(struct nacre_vm *vm, u32 id)
{
	struct nacre_vcpu *vcpu;
	unsigned long index;

	nacre_for_each_vcpu(index, vcpu, vm) {
		if (vcpu->arch.apic &&
		    nacre_lapic_physical_id(nacre_lapic_of(vcpu)) == id)
			break;
	}
	return vcpu;
}

void nacre_yield_as_asked(struct nacre_vcpu *vcpu)
{
	struct nacre_vcpu *to = vcpu_by_apic_id(vcpu->vm, vcpu->arch.yield_to);

	if (!to || to == vcpu)
		return;
	vcpu->stats.directed_yield_attempted++;
	vcpu->stats.directed_yield_successful += nacre_vcpu_yield_to(vcpu, to);
}

static u64 arg(struct nacre_vcpu *vcpu, u8 gpr, u64 mask)
{
	return nacre_gpr(vcpu, gpr) & mask;
}

static s64 ask_to_yield(struct nacre_vcpu *vcpu, u32 id)
{
	vcpu->arch.yield_to = id;
	nacre_set_request(vcpu, NACRE_REQ_YIELD);
	return 0;
}

/* Ends its halt, or the next one if it does not halt yet. */
static noinline s64 kick(struct nacre_vcpu *vcpu, u32 id)
{
	struct nacre_vcpu *to = vcpu_by_apic_id(vcpu->vm, id);

	if (to) {
		WRITE_ONCE(to->arch.unhalted, true);
		nacre_vcpu_request(to, NACRE_REQ_EVENT);
	}
	return ask_to_yield(vcpu, id);
}

/* Bit @n of two words: the APIC ID @min + n. How many have taken it. */
static noinline s64 send_ipi(struct nacre_vcpu *vcpu, u64 mask)
{
	const u64 words[] = { arg(vcpu, NACRE_RBX, mask),
			      arg(vcpu, NACRE_RCX, mask) };
	u32 min = arg(vcpu, NACRE_RDX, mask), bits = fls64(mask);
	u64 icr = arg(vcpu, NACRE_RSI, mask);
	const struct nacre_irq irq = {
		.vector = icr,
		.delivery = icr >> 8 & 7,
		.assert = icr & BIT(14),
		.level = icr & BIT(15),
	};
	struct nacre_vcpu *to;
	unsigned long index;
	s64 taken = 0;

	if (!vcpu->arch.apic)
		return -NACRE_EOPNOTSUPP;
	/* By ID alone: neither logical, nor by shorthand. */
	if (icr & (BIT(11) | 3 << 18))
		return -NACRE_EINVAL;
	nacre_for_each_vcpu(index, to, vcpu->vm) {
		struct nacre_lapic *lapic = nacre_lapic_of(to);
		u32 n = nacre_lapic_physical_id(lapic) - min;

		if (n < 2 * bits &&
		    words[array_index_nospec(n / bits, 2)] >> n % bits & 1)
			taken += nacre_lapic_accept(lapic, &irq);
	}
	return taken;
}

/* What is not offered answers that it is not known. */
static s64 hypercall(struct nacre_vcpu *vcpu, u64 mask)
{
	switch (arg(vcpu, NACRE_RAX, mask)) {
	case NACRE_HC_VAPIC_POLL_IRQ:
		/* Coming out is all of it: the APIC is looked at on the way in. */
		return 0;
	case NACRE_HC_KICK_CPU:
		return kick(vcpu, arg(vcpu, NACRE_RCX, mask));
	case NACRE_HC_SEND_IPI:
		return send_ipi(vcpu, mask);
	case NACRE_HC_SCHED_YIELD:
		return ask_to_yield(vcpu, arg(vcpu, NACRE_RBX, mask));
	default:
		return -NACRE_ENOSYS;
	}
}

/* Ring 0's alone. Also with interrupts off. */
enum nacre_result nacre_exit_hypercall(struct nacre_vcpu *vcpu)
{
	u64 mask = nacre_is_64bit_code(vcpu) ? ~0ull : (u32)~0u;
	s64 ret = -NACRE_EPERM;

	vcpu->stats.hypercalls++;
	if (!backend(read_cpl)(vcpu))
		ret = hypercall(vcpu, mask);
	nacre_set_gpr(vcpu, NACRE_RAX, ret & mask);
	return nacre_skip_insn(vcpu);
}

/*
 * Paravirtual EOI. The bit is set only while nothing depends on the end of the
 * interrupt in service: no other one waits, and no I/O APIC wants to hear of it.
 * It is taken back at the first exit, whatever its reason, so outside the guest
 * the local APIC is as if there were no such thing.
 *
 * Linux, "KVM-specific MSRs", MSR_KVM_PV_EOI_EN.
 */

/* The guest gives a word; the bit is in its first byte. */
#define EOI_ALIGNMENT	4

static gpa_t eoi_gpa(const struct nacre_vcpu *vcpu)
{
	return vcpu->arch.pv_eoi & ~(u64)(EOI_ALIGNMENT - 1);
}

bool nacre_write_pv_eoi(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (w.value & (EOI_ALIGNMENT - 1) & ~NACRE_PV_EOI_ENABLED)
		return false;
	nacre_vcpu_srcu_lock(vcpu);
	if (w.value & NACRE_PV_EOI_ENABLED &&
	    !nacre_writable_guest(vcpu->vm, w.value - NACRE_PV_EOI_ENABLED))
		return false;
	vcpu->arch.pv_eoi = w.value;
	return true;
}

/* A guest that took its memory away does without. */
static void give_up_eoi(struct nacre_vcpu *vcpu)
{
	vcpu->arch.pv_eoi &= ~(u64)NACRE_PV_EOI_ENABLED;
}

void nacre_pv_eoi_set_bit(struct nacre_vcpu *vcpu)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);
	u8 byte = NACRE_PV_EOI_MASK;

	if (!lapic || !nacre_lapic_end_can_wait(lapic))
		return;
	nacre_vcpu_srcu_lock(vcpu);
	if (nacre_write_guest(vcpu->vm, eoi_gpa(vcpu), &byte, sizeof(byte)))
		give_up_eoi(vcpu);
	else
		vcpu->arch.pv_eoi_offered = true;
}

/* Still set: the guest has not ended it, and now has to say so by an EOI. */
void nacre_pv_eoi_look(struct nacre_vcpu *vcpu)
{
	u8 byte;

	vcpu->arch.pv_eoi_offered = false;
	nacre_vcpu_srcu_lock(vcpu);
	if (nacre_read_guest(vcpu->vm, eoi_gpa(vcpu), &byte, sizeof(byte))) {
		give_up_eoi(vcpu);
		return;
	}
	if (!(byte & NACRE_PV_EOI_MASK)) {
		nacre_lapic_end(nacre_lapic_of(vcpu));
		return;
	}
	byte &= ~NACRE_PV_EOI_MASK;
	if (nacre_write_guest(vcpu->vm, eoi_gpa(vcpu), &byte, sizeof(byte)))
		give_up_eoi(vcpu);
}
