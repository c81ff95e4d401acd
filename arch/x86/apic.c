// SPDX-License-Identifier: GPL-2.0
/*
 * A vCPU's local APIC in its surroundings.
 *
 * Only the vCPU's thread works the chip. What comes from elsewhere (the
 * host's timer, INIT, start-up) leaves a bit and a request, and is taken
 * before the next entry; interrupts go into IRR by atomic bits.
 */
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "module/compat/compat.h"
#include "arch/x86/apic.h"
#include "arch/x86/chips.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/events.h"
#include "arch/x86/exits.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/pv.h"
#include "arch/x86/regs.h"

/* A deadline further away is rearmed when this has passed. */
#define FARTHEST_NS	(NSEC_PER_SEC * 3600ull)

bool nacre_enable_apicv = true;
module_param_named(enable_apicv, nacre_enable_apicv, bool, 0444);
MODULE_PARM_DESC(enable_apicv, "let processors work on guests' local APICs");

static struct nacre_apic *apic_of(struct nacre_lapic *lapic)
{
	return container_of(lapic, struct nacre_apic, lapic);
}

void nacre_apic_leave(struct nacre_apic *apic, enum nacre_apic_pending what)
{
	/* What came before the bit is seen with it. */
	smp_mb__before_atomic();
	set_bit(what, &apic->pending);
	nacre_vcpu_request(apic->vcpu, NACRE_REQ_EVENT);
}

static void op_notify(struct nacre_lapic *lapic)
{
	nacre_vcpu_request(apic_of(lapic)->vcpu, NACRE_REQ_EVENT);
}

static void op_nmi(struct nacre_lapic *lapic)
{
	nacre_queue_nmi(apic_of(lapic)->vcpu);
}

static void op_init(struct nacre_lapic *lapic)
{
	struct nacre_apic *apic = apic_of(lapic);

	/* A start-up before this INIT is none. */
	clear_bit(NACRE_APIC_SIPI, &apic->pending);
	nacre_apic_leave(apic, NACRE_APIC_INIT);
}

static void op_startup(struct nacre_lapic *lapic, u8 vector)
{
	struct nacre_apic *apic = apic_of(lapic);

	WRITE_ONCE(apic->sipi_vector, vector);
	nacre_apic_leave(apic, NACRE_APIC_SIPI);
}

static void op_send(struct nacre_lapic *lapic, const struct nacre_irq *irq)
{
	struct nacre_apic *apic = apic_of(lapic);
	u32 hash = hash_32(irq->dest, NACRE_TARGETS_BITS);

	if (irq->shorthand)
		nacre_deliver(apic->vcpu->vm, irq, lapic, NULL);
	else
		nacre_deliver_to(apic->vcpu->vm, irq, lapic,
				 &apic->targets[hash]);
}

static void op_eoi(struct nacre_lapic *lapic, u8 vector, bool level)
{
	struct nacre_vcpu *vcpu = apic_of(lapic)->vcpu;

	if (nacre_has_chips(vcpu->vm))
		nacre_chips_eoi(vcpu, vector, level);
	else
		nacre_split_eoi(vcpu, vector);
}

/*
 * A thread that has the vCPU loaded is the one that works its chip. An
 * interrupt handler may stand in the middle of that.
 */
static void op_post(struct nacre_lapic *lapic, const struct nacre_irq *irq)
{
	struct nacre_apic *apic = apic_of(lapic);
	int me = get_cpu();

	if (!nacre_lapic_may_post(lapic, irq)) {
		nacre_apic_leave(apic, NACRE_APIC_LEVELS);
	} else if (in_task() && READ_ONCE(apic->vcpu->cpu) == me) {
		nacre_lapic_take_posted(lapic, irq->vector / 32,
					1u << irq->vector % 32);
		if (!lapic->by_processor)
			nacre_set_request(apic->vcpu, NACRE_REQ_EVENT);
	} else {
		backend_optional(post)(apic->vcpu, irq->vector);
	}
	put_cpu();
}

static void op_mode(struct nacre_lapic *lapic)
{
	struct nacre_vcpu *vcpu = apic_of(lapic)->vcpu;

	/* Orders, too: who reads this number finds what it stands for. */
	atomic_long_inc_return(&vcpu->vm->arch.identities);
	backend_optional(update_apic)(vcpu);
}

/* One that goes off before then moves itself on. */
static void start_timer(struct nacre_apic *apic, u64 when)
{
	if (!hrtimer_is_queued(&apic->timer) ||
	    hrtimer_get_expires_ns(&apic->timer) > when)
		hrtimer_start(&apic->timer, ns_to_ktime(when),
			      HRTIMER_MODE_ABS_HARD);
}

/* It would go off on this CPU, and cannot before this thread lets it. */
static bool is_held_off(const struct hrtimer *timer)
{
	return irqs_disabled() &&
	       READ_ONCE(timer->base)->cpu_base->cpu == smp_processor_id();
}

/*
 * The host's timer may be about to go off by what was due before. Either it
 * sees what is due now, or it leaves a bit, and take_timer() starts it anew.
 */
static void set_host_timer(struct nacre_apic *apic, u64 when)
{
	/* Before the look at the queue; with the lock of timer_fired()'s start. */
	if (!is_held_off(&apic->timer))
		smp_mb(); /* else it is this CPU's own order */
	if (when)
		start_timer(apic, when);
	else
		hrtimer_try_to_cancel(&apic->timer);
}

static void op_set_timer(struct nacre_lapic *lapic, u64 when)
{
	struct nacre_apic *apic = apic_of(lapic);

	WRITE_ONCE(apic->due, when);
	backend_optional(set_deadline)(apic->vcpu,
				       when ? lapic->tsc_deadline : 0);
	if (!apic->in_guest)
		set_host_timer(apic, when);
}

static u64 op_tsc_to_ns(struct nacre_lapic *lapic, u64 tsc)
{
	struct nacre_vcpu *vcpu = apic_of(lapic)->vcpu;
	u64 now = ktime_get_ns();
	u64 guest_now = nacre_guest_tsc(vcpu, rdtsc());
	u64 farthest = div_u64(FARTHEST_NS, 1000000) * vcpu->arch.tsc_khz;

	if (tsc <= guest_now)
		return 0;
	/* Beyond a bound the product would not fit; it is asked again then. */
	return now + mul_u64_u32_div(min(tsc - guest_now, farthest), 1000000,
				     vcpu->arch.tsc_khz);
}

static const struct nacre_lapic_ops lapic_ops = {
	.notify = op_notify,
	.nmi = op_nmi,
	.init = op_init,
	.startup = op_startup,
	.send = op_send,
	.eoi = op_eoi,
	.post = op_post,
	.mode = op_mode,
	.set_timer = op_set_timer,
	.tsc_to_ns = op_tsc_to_ns,
};

/*
 * It moves on by starting anew. To change when it goes off is not for us: the
 * vCPU's thread may have started it meanwhile, and then it is in the host's
 * queue by that time. What was started there is due here.
 */
static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct nacre_apic *apic = container_of(timer, struct nacre_apic, timer);
	u64 due, started = 0;

	while ((due = READ_ONCE(apic->due)) > ktime_get_ns()) {
		if (due == started || READ_ONCE(apic->in_guest))
			return HRTIMER_NORESTART;
		hrtimer_start(timer, ns_to_ktime(due), HRTIMER_MODE_ABS_HARD);
		started = due;
	}
	nacre_apic_leave(apic, NACRE_APIC_TIMER);
	return HRTIMER_NORESTART;
}

int nacre_apic_create(struct nacre_vcpu *vcpu)
{
	struct nacre_apic *apic;

	apic = kzalloc(sizeof(*apic), GFP_KERNEL_ACCOUNT);
	if (!apic)
		return -ENOMEM;
	apic->lapic.regs = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!apic->lapic.regs) {
		kfree(apic);
		return -ENOMEM;
	}
	apic->vcpu = vcpu;
	apic->lapic.ops = &lapic_ops;
	apic->lapic.id = vcpu->id;
	apic->lapic.lacks_deadline = true;
	if (nacre_has_chips(vcpu->vm))
		apic->lapic.watched = vcpu->vm->arch.chips->watched;
	compat_hrtimer_setup(&apic->timer, timer_fired);
	if (vcpu->id == vcpu->vm->arch.boot_vcpu_id) {
		apic->lapic.bsp = true;
		/* What came before there was anybody to take it. */
		apic->pending = BIT(NACRE_APIC_PIT);
	}
	vcpu->arch.apic = apic;
	return 0;
}

void nacre_apic_destroy(struct nacre_vcpu *vcpu)
{
	if (!vcpu->arch.apic)
		return;
	hrtimer_cancel(&vcpu->arch.apic->timer);
	free_page((unsigned long)vcpu->arch.apic->lapic.regs);
	kfree(vcpu->arch.apic);
	vcpu->arch.apic = NULL;
}

void nacre_apic_collect(struct nacre_vcpu *vcpu)
{
	backend_optional(collect_posted)(vcpu);
	if (!nacre_lapic_of(vcpu)->by_processor)
		vcpu->arch.events.want_event = true;
}

/* What was sent until now is in IRR. */
static void take_vectors(struct nacre_vcpu *vcpu)
{
	nacre_lapic_take_levels(nacre_lapic_of(vcpu));
	if (nacre_apic_posted(vcpu))
		nacre_apic_collect(vcpu);
}

void nacre_apic_reset(struct nacre_vcpu *vcpu, bool init)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);

	if (!lapic)
		return;
	take_vectors(vcpu);
	nacre_lapic_reset(lapic, init);
	vcpu->arch.apic_base = lapic->base;
}

/* Intel SDM, "MP Initialization Protocol Algorithm": start at vector * 4 KiB. */
static void take_startup(struct nacre_vcpu *vcpu)
{
	u8 vector = READ_ONCE(vcpu->arch.apic->sipi_vector);
	struct nacre_segment cs;

	/* One that is not waiting ignores it. */
	if (vcpu->arch.mp_state != NACRE_MP_STATE_INIT_RECEIVED)
		return;
	backend(read_segment)(vcpu, NACRE_SEG_CS, &cs);
	cs.selector = vector << 8;
	cs.base = vector << 12;
	backend(write_segment)(vcpu, NACRE_SEG_CS, &cs);
	nacre_set_rip(vcpu, 0);
	vcpu->arch.mp_state = NACRE_MP_STATE_RUNNABLE;
}

static void take_timer(struct nacre_apic *apic)
{
	u64 due = apic->due;

	if (!test_and_clear_bit(NACRE_APIC_TIMER, &apic->pending) || !due)
		return;
	if (due > ktime_get_ns()) {
		if (!apic->in_guest)
			start_timer(apic, due);
		return;
	}
	apic->due = 0;
	nacre_lapic_timer_expired(&apic->lapic);
}

/* A little early it is set anew. */
enum nacre_result nacre_exit_timer(struct nacre_vcpu *vcpu)
{
	struct nacre_apic *apic = vcpu->arch.apic;

	if (apic && apic->in_guest)
		nacre_lapic_timer_expired(&apic->lapic);
	return NACRE_RESUME;
}

void nacre_apic_halts(struct nacre_vcpu *vcpu)
{
	struct nacre_apic *apic = vcpu->arch.apic;

	if (!apic || !apic->in_guest)
		return;
	backend_optional(set_deadline)(vcpu, 0);
	set_host_timer(apic, apic->due);
}

void nacre_apic_take(struct nacre_vcpu *vcpu)
{
	struct nacre_apic *apic = vcpu->arch.apic;

	nacre_vcpu_srcu_lock(vcpu);
	take_timer(apic);
	if (test_and_clear_bit(NACRE_APIC_LEVELS, &apic->pending))
		nacre_lapic_take_levels(&apic->lapic);
	if (test_and_clear_bit(NACRE_APIC_PIT, &apic->pending))
		nacre_pit_take(vcpu->vm);
	if (test_and_clear_bit(NACRE_APIC_INIT, &apic->pending)) {
		nacre_reset_vcpu(vcpu, true);
		vcpu->arch.mp_state = apic->lapic.bsp ?
				      NACRE_MP_STATE_RUNNABLE :
				      NACRE_MP_STATE_INIT_RECEIVED;
	}
	if (test_and_clear_bit(NACRE_APIC_SIPI, &apic->pending))
		take_startup(vcpu);
}

int nacre_apic_extint(struct nacre_vcpu *vcpu, u8 vector)
{
	if (vcpu->arch.apic->extint)
		return -EEXIST;
	vcpu->arch.apic->extint = vector + 1;
	nacre_set_request(vcpu, NACRE_REQ_EVENT);
	return 0;
}

/*
 * The PIC's output reaches the boot processor, if its LINT0 lets it. To which
 * ones the VMM's is wired, it knows.
 */
static bool pic_wants(struct nacre_vcpu *vcpu)
{
	bool output = nacre_has_chips(vcpu->vm) ?
		      vcpu->arch.apic->lapic.bsp &&
		      READ_ONCE(nacre_chips(vcpu->vm)->pic.output) :
		      vcpu->arch.apic->extint;

	return output && nacre_lapic_accepts_pic(nacre_lapic_of(vcpu));
}

bool nacre_has_interrupt(struct nacre_vcpu *vcpu)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);

	if (!lapic)
		return false;
	if (nacre_apic_posted(vcpu))
		nacre_apic_collect(vcpu);
	return pic_wants(vcpu) || nacre_lapic_pending(lapic) >= 0;
}

bool nacre_must_inject(struct nacre_vcpu *vcpu)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);

	return lapic && (lapic->by_processor ? pic_wants(vcpu) :
					       nacre_has_interrupt(vcpu));
}

int nacre_get_interrupt(struct nacre_vcpu *vcpu)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);
	int vector;

	if (pic_wants(vcpu)) {
		if (nacre_has_chips(vcpu->vm))
			return nacre_pic_take(vcpu->vm);
		vector = vcpu->arch.apic->extint - 1;
		vcpu->arch.apic->extint = 0;
		return vector;
	}
	if (lapic->by_processor)
		return -1;
	vector = nacre_lapic_pending(lapic);
	if (vector >= 0)
		nacre_lapic_ack(lapic, vector);
	return vector;
}

/*
 * Registers are 32 bits wide at multiples of 16; all else writes nothing. What
 * is narrower or beside a register reads as part of it, or as 0. The page stays
 * the APIC's when it is off or has MSRs instead: a hole, by the ABI's
 * NACRE_X86_QUIRK_LAPIC_MMIO_HOLE, on by default there.
 */
void nacre_apic_mmio(struct nacre_vcpu *vcpu, gpa_t gpa, unsigned int size,
		     void *data, bool write)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);
	bool hole = !nacre_lapic_enabled(lapic) || nacre_lapic_is_x2apic(lapic);
	u32 offset = offset_in_page(gpa), value;

	if (write) {
		if (hole || size != sizeof(value) || offset & 0xf)
			return;
		memcpy(&value, data, sizeof(value));
		nacre_lapic_write(lapic, offset, value);
		return;
	}
	memset(data, hole ? 0xff : 0, size);
	if (hole || (offset & 3) + size > sizeof(value) || offset & 0xc)
		return;
	value = nacre_lapic_read(lapic, offset);
	memcpy(data, (u8 *)&value + (offset & 3), size);
}

/* And NACRE_SET_LAPIC. */
long nacre_get_lapic(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);
	bool set = arg->cmd == NACRE_SET_LAPIC;

	if (!lapic)
		return -EINVAL;
	/* An expiry that waits would be lost with the timer's state. */
	if (!set)
		take_timer(vcpu->arch.apic);
	/* What was sent before a set is as old as what was there. */
	take_vectors(vcpu);
	lapic->wide_ids = READ_ONCE(vcpu->vm->arch.routing.flags) &
			  NACRE_X2APIC_API_USE_32BIT_IDS;
	if (!set) {
		nacre_lapic_get_state(lapic, arg->data);
		return 0;
	}
	if (!nacre_lapic_set_state(lapic, arg->data))
		return -EINVAL;
	nacre_set_request(vcpu, NACRE_REQ_EVENT);
	return 0;
}
