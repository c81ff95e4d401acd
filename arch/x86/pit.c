// SPDX-License-Identifier: GPL-2.0
/*
 * The interval timer in its surroundings: the host's timer, GSI 0, ports and
 * ioctls.
 *
 * The boot processor's thread takes the ticks, as it takes those of its local
 * APIC: the callback only leaves a bit. So there is no thread of the timer's
 * own, and none is delivered that the guest did not have time for.
 */
#include <linux/uaccess.h>

#include "module/compat/compat.h"
#include "arch/x86/apic.h"
#include "arch/x86/chips.h"
#include "arch/x86/ioctls.h"

static struct nacre_chips *chips_with(struct nacre_pit *pit)
{
	return container_of(pit, struct nacre_chips, pit);
}

static void op_set_timer(struct nacre_pit *pit, u64 when)
{
	struct hrtimer *timer = &chips_with(pit)->pit_timer;

	/* The callback takes no lock, so this never waits for long. */
	hrtimer_cancel(timer);
	if (when)
		hrtimer_start(timer, ns_to_ktime(when), HRTIMER_MODE_ABS_HARD);
}

/* Its own lock is held: whoever hears the line takes others. */
static bool op_pulse(struct nacre_pit *pit)
{
	struct nacre_vm *vm = chips_with(pit)->vm;
	int heard = nacre_set_gsi(vm, NACRE_TIMER_GSI, NACRE_LINE_PIT, true);

	nacre_set_gsi(vm, NACRE_TIMER_GSI, NACRE_LINE_PIT, false);
	return heard > NACRE_LINE_COALESCED;
}

static const struct nacre_pit_ops pit_ops = {
	.set_timer = op_set_timer,
	.pulse = op_pulse,
};

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct nacre_chips *chips = container_of(timer, struct nacre_chips,
						 pit_timer);
	struct nacre_vcpu *vcpu = nacre_boot_vcpu(chips->vm);

	/* One that is made later looks by itself. */
	if (vcpu)
		nacre_apic_leave(vcpu->arch.apic, NACRE_APIC_PIT);
	return HRTIMER_NORESTART;
}

static void acked(struct nacre_ack *ack)
{
	struct nacre_chips *chips = container_of(ack, struct nacre_chips,
						 pit_ack);

	spin_lock(&chips->pit_lock);
	nacre_pit_acknowledge(&chips->pit);
	spin_unlock(&chips->pit_lock);
}

void nacre_pit_setup(struct nacre_chips *chips)
{
	spin_lock_init(&chips->pit_lock);
	chips->pit.ops = &pit_ops;
	chips->pit_ack.gsi = NACRE_TIMER_GSI;
	chips->pit_ack.acked = acked;
	compat_hrtimer_setup(&chips->pit_timer, timer_fired);
}

/* Nobody waited for ticks while they could not be heard. */
void nacre_pit_unmasked(struct nacre_chips *chips, unsigned int chip, u32 pins)
{
	if (!pins || !READ_ONCE(chips->has_pit) ||
	    !nacre_gsi_has_pin(chips->vm, NACRE_TIMER_GSI, chip, pins))
		return;
	spin_lock(&chips->pit_lock);
	nacre_pit_forget(&chips->pit);
	spin_unlock(&chips->pit_lock);
}

/* Its bus is 8 bits wide. */
void nacre_pit_pio(struct nacre_chips *chips, u16 port, unsigned int size,
		   u8 *data, bool in)
{
	if (in)
		memset(data, 0, size);
	spin_lock(&chips->pit_lock);
	if (in)
		*data = nacre_pit_read(&chips->pit, port);
	else
		nacre_pit_write(&chips->pit, port, *data);
	spin_unlock(&chips->pit_lock);
}

/* NULL: there is none. */
static struct nacre_chips *with_pit(struct nacre_vm *vm)
{
	struct nacre_chips *chips = nacre_chips(vm);

	return chips && READ_ONCE(chips->has_pit) ? chips : NULL;
}

void nacre_pit_take(struct nacre_vm *vm)
{
	struct nacre_chips *chips = with_pit(vm);

	if (!chips)
		return;
	spin_lock(&chips->pit_lock);
	nacre_pit_expired(&chips->pit);
	spin_unlock(&chips->pit_lock);
}

void nacre_arch_vm_stop(struct nacre_vm *vm)
{
	if (nacre_chips(vm))
		hrtimer_cancel(&nacre_chips(vm)->pit_timer);
}

/* Also NACRE_CREATE_PIT, which has no argument. */
long nacre_create_pit2(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	const struct nacre_pit_config *config = arg->data;
	struct nacre_chips *chips = nacre_chips(vm);

	if (!chips)
		return -ENOENT;
	if (chips->has_pit)
		return -EEXIST;
	spin_lock(&chips->pit_lock);
	chips->has_speaker = !config || config->flags & NACRE_PIT_SPEAKER_DUMMY;
	nacre_pit_reset(&chips->pit);
	WRITE_ONCE(chips->has_pit, true);
	spin_unlock(&chips->pit_lock);
	nacre_ack_add(vm, &chips->pit_ack);
	return 0;
}

/*
 * NACRE_GET_PIT2 and NACRE_SET_PIT2. The state of those without 2 is the
 * beginning of this, so to set it leaves the flags alone.
 */
long nacre_pit_state(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	const struct nacre_pit_state2 *in = arg->data;
	struct nacre_chips *chips = with_pit(vm);

	if (!chips)
		return -ENXIO;
	spin_lock(&chips->pit_lock);
	if (arg->cmd == NACRE_GET_PIT || arg->cmd == NACRE_GET_PIT2)
		memcpy(arg->data, &chips->pit.state, arg->size);
	else
		nacre_pit_set_state(&chips->pit, in->channels,
				    arg->size < sizeof(*in) ?
				    chips->pit.state.flags : in->flags);
	spin_unlock(&chips->pit_lock);
	return 0;
}

/* Its number has no size. */
long nacre_reinject_control(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	struct nacre_reinject_control in;
	struct nacre_chips *chips;

	if (copy_from_user(&in, (void __user *)arg->value, sizeof(in)))
		return -EFAULT;
	chips = with_pit(vm);
	if (!chips)
		return -ENXIO;
	spin_lock(&chips->pit_lock);
	nacre_pit_set_reinject(&chips->pit, in.pit_reinject);
	spin_unlock(&chips->pit_lock);
	return 0;
}
