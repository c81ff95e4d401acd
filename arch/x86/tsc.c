// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's time stamp counter: the host's, scaled where the processor can,
 * plus an offset.
 *
 * A VMM that restores a guest writes each vCPU's counter in its turn, and
 * each write comes a little later than it was meant. So a value that is near
 * what the last vCPU's counter must show by now (one second either way) is
 * taken to mean "the same as that one", and so is zero.
 */
#include <linux/math64.h>
#include <linux/uaccess.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "arch/x86/ioctls.h"
#include "arch/x86/msr.h"
#include "arch/x86/pv.h"
#include "arch/x86/regs.h"

/* How far a requested frequency may be from the host's, in a million. */
#define TOLERANCE_PPM	250
#define PPM		1000000

u8 nacre_tsc_fraction;

u64 nacre_guest_tsc(const struct nacre_vcpu *vcpu, u64 host)
{
	if (vcpu->arch.tsc_ratio)
		host = mul_u64_u64_shr(host, vcpu->arch.tsc_ratio,
				       nacre_tsc_fraction);
	return host + vcpu->arch.tsc_offset;
}

/* What the counter that was written last must show by now. */
static u64 expected(const struct nacre_tsc *tsc, u64 now)
{
	return tsc->written + mul_u64_u32_div(now - tsc->written_ns,
					      tsc->written_khz, USEC_PER_SEC);
}

static bool means_the_last(const struct nacre_vcpu *vcpu, u64 value, u64 now)
{
	const struct nacre_tsc *tsc = &vcpu->vm->arch.tsc;
	u64 second = tsc->written_khz * 1000ull, other = expected(tsc, now);

	if (tsc->written_khz != vcpu->arch.tsc_khz)
		return false;
	return !value || (tsc->user_wrote && value < other + second &&
			  value + second > other);
}

/*
 * A value, or with @offset what makes one. The first that userspace writes is
 * meant for itself.
 */
static void synchronize(struct nacre_vcpu *vcpu, u64 value, const u64 *offset,
			bool by_user)
{
	struct nacre_tsc *tsc = &vcpu->vm->arch.tsc;
	unsigned long flags;
	u64 now, scaled;

	raw_spin_lock_irqsave(&tsc->lock, flags);
	now = ktime_get_raw_ns();
	scaled = nacre_guest_tsc(vcpu, rdtsc()) - vcpu->arch.tsc_offset;
	if (offset)
		value = scaled + *offset;
	else if (means_the_last(vcpu, value, now))
		/* Host counters that differ need offsets that differ. */
		value = check_tsc_unstable() ? expected(tsc, now) :
					       scaled + tsc->offset;
	tsc->user_wrote |= by_user;
	tsc->written_khz = vcpu->arch.tsc_khz;
	tsc->written_ns = now;
	tsc->written = value;
	tsc->offset = value - scaled;
	value = tsc->offset;
	raw_spin_unlock_irqrestore(&tsc->lock, flags);

	backend(write_tsc_offset)(vcpu, value);
}

/* So near to the host's that it is the host's. */
static bool is_host_khz(u32 khz)
{
	u64 margin = mul_u64_u32_div(tsc_khz, TOLERANCE_PPM, PPM);

	return khz >= tsc_khz - margin && khz <= tsc_khz + margin;
}

/* 0: the host's. Others are for processors that scale. */
static long check_khz(u32 value, u32 *khz)
{
	*khz = value ?: tsc_khz;
	if (!*khz || (!is_host_khz(*khz) &&
		      (!nacre_tsc_fraction || *khz >= S32_MAX)))
		return -EINVAL;
	return 0;
}

static void set_khz(struct nacre_vcpu *vcpu, u32 khz)
{
	vcpu->arch.tsc_khz = khz;
	vcpu->arch.tsc_ratio = is_host_khz(khz) ? 0 :
		mul_u64_u32_div(1ull << nacre_tsc_fraction, khz, tsc_khz);
	backend_optional(write_tsc_ratio)(vcpu);
}

void nacre_tsc_init_vcpu(struct nacre_vcpu *vcpu)
{
	set_khz(vcpu, READ_ONCE(vcpu->vm->arch.tsc.khz));
	synchronize(vcpu, 0, NULL, false);
	nacre_unsettle_clock(vcpu);
}

bool nacre_read_tsc(struct nacre_vcpu *vcpu, struct nacre_rdmsr r)
{
	*r.value = nacre_guest_tsc(vcpu, rdtsc());
	return true;
}

/*
 * Intel SDM, "IA32_TSC_ADJUST Register": a guest's write to either register
 * moves the other by as much. Userspace restores each by itself.
 */
bool nacre_write_tsc(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	u64 offset;

	if (w.by == BY_USER) {
		synchronize(vcpu, w.value, NULL, true);
	} else {
		offset = w.value - nacre_guest_tsc(vcpu, rdtsc());
		vcpu->arch.msr.tsc_adjust += offset;
		backend(write_tsc_offset)(vcpu, vcpu->arch.tsc_offset + offset);
	}
	nacre_unsettle_clock(vcpu);
	return true;
}

bool nacre_write_tsc_adjust(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	u64 moved = w.value - vcpu->arch.msr.tsc_adjust;

	vcpu->arch.msr.tsc_adjust = w.value;
	if (w.by == BY_GUEST) {
		backend(write_tsc_offset)(vcpu, vcpu->arch.tsc_offset + moved);
		nacre_unsettle_clock(vcpu);
	}
	return true;
}

long nacre_vm_get_tsc_khz(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	return READ_ONCE(vm->arch.tsc.khz);
}

long nacre_vm_set_tsc_khz(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	u32 khz;
	long err = check_khz(arg->value, &khz);

	if (!err)
		WRITE_ONCE(vm->arch.tsc.khz, khz);
	return err;
}

long nacre_get_tsc_khz(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	return vcpu->arch.tsc_khz;
}

long nacre_set_tsc_khz(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	u32 khz;
	long err = check_khz(arg->value, &khz);

	if (err)
		return err;
	set_khz(vcpu, khz);
	nacre_unsettle_clock(vcpu);
	return 0;
}

/* NACRE_HAS_DEVICE_ATTR, NACRE_GET_DEVICE_ATTR, NACRE_SET_DEVICE_ATTR. */
long nacre_vcpu_attr(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_device_attr *attr = arg->data;
	u64 __user *user = (u64 __user *)attr->addr;
	u64 offset;

	if (attr->group != NACRE_VCPU_TSC_CTRL ||
	    attr->attr != NACRE_VCPU_TSC_OFFSET)
		return -ENXIO;
	if (arg->cmd == NACRE_HAS_DEVICE_ATTR)
		return 0;
	if (arg->cmd == NACRE_GET_DEVICE_ATTR)
		return put_user(vcpu->arch.tsc_offset, user);
	if (get_user(offset, user))
		return -EFAULT;
	synchronize(vcpu, 0, &offset, true);
	nacre_unsettle_clock(vcpu);
	return 0;
}
