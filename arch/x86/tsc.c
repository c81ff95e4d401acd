// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's time stamp counter: the host's plus an offset. It runs at the
 * host's rate.
 *
 * A VMM that restores a guest writes each vCPU's counter in its turn, and
 * each write comes a little later than it was meant. So a value that is near
 * what the last vCPU's counter must show by now (one second either way) is
 * taken to mean "the same as that one", and so is zero.
 */
#include <linux/math64.h>
#include <linux/ktime.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "module/vcpu.h"
#include "arch/x86/clock.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/msr.h"
#include "arch/x86/regs.h"

/* How far a requested frequency may be from the host's, in a million. */
#define TOLERANCE_PPM	250
#define PPM		1000000

void nacre_tsc_init_vm(struct nacre_vm *vm)
{
	raw_spin_lock_init(&vm->arch.tsc.lock);
	vm->arch.tsc.khz = tsc_khz;
}

/* What the counter that was written last must show by now. */
static u64 expected(const struct nacre_tsc *tsc, u64 now)
{
	return tsc->written + mul_u64_u32_div(now - tsc->written_ns, tsc->khz,
					      USEC_PER_SEC);
}

static bool is_near(u64 value, u64 other, u32 khz)
{
	u64 second = khz * 1000ull;

	return value < other + second && value + second > other;
}

static bool means_the_last(const struct nacre_tsc *tsc, u64 value, u64 now)
{
	if (!tsc->written_once)
		return false;
	return !value || (tsc->user_wrote &&
			  is_near(value, expected(tsc, now), tsc->khz));
}

/* The first value that userspace writes is meant for itself. */
static void synchronize(struct nacre_vcpu *vcpu, u64 value, bool by_user)
{
	struct nacre_tsc *tsc = &vcpu->vm->arch.tsc;
	bool in_step = !check_tsc_unstable();
	u64 now, host, offset;
	unsigned long flags;

	raw_spin_lock_irqsave(&tsc->lock, flags);
	now = ktime_get_raw_ns();
	host = rdtsc();
	if (means_the_last(tsc, value, now)) {
		/* Host counters that differ need offsets that differ. */
		value = in_step ? host + tsc->offset : expected(tsc, now);
	}
	offset = value - host;
	tsc->user_wrote |= by_user;
	tsc->written_once = true;
	tsc->written_ns = now;
	tsc->written = value;
	tsc->offset = offset;
	raw_spin_unlock_irqrestore(&tsc->lock, flags);

	backend(write_tsc_offset)(vcpu, offset);
}

void nacre_tsc_init_vcpu(struct nacre_vcpu *vcpu)
{
	vcpu->arch.tsc_khz = READ_ONCE(vcpu->vm->arch.tsc.khz);
	synchronize(vcpu, 0, false);
}

bool nacre_read_tsc(struct nacre_vcpu *vcpu, u32 index, u64 *value,
		    enum nacre_msr_by by)
{
	*value = rdtsc() + vcpu->arch.tsc_offset;
	return true;
}

/*
 * Intel SDM, "IA32_TSC_ADJUST Register": a guest's write to either register
 * moves the other by as much. Userspace restores each by itself.
 */
bool nacre_write_tsc(struct nacre_vcpu *vcpu, u32 index, u64 value,
		     enum nacre_msr_by by)
{
	u64 offset;

	if (by == BY_USER) {
		synchronize(vcpu, value, true);
	} else {
		offset = value - rdtsc();
		vcpu->arch.msr.tsc_adjust += offset - vcpu->arch.tsc_offset;
		backend(write_tsc_offset)(vcpu, offset);
	}
	nacre_settle_clock(vcpu->vm);
	return true;
}

bool nacre_write_tsc_adjust(struct nacre_vcpu *vcpu, u32 index, u64 value,
			    enum nacre_msr_by by)
{
	u64 moved = value - vcpu->arch.msr.tsc_adjust;

	vcpu->arch.msr.tsc_adjust = value;
	if (by == BY_GUEST) {
		backend(write_tsc_offset)(vcpu, vcpu->arch.tsc_offset + moved);
		nacre_settle_clock(vcpu->vm);
	}
	return true;
}

/* The counter is not scaled: a frequency has to be the host's, or 0 for it. */
static long check_khz(unsigned long value, u32 *khz)
{
	u64 margin = mul_u64_u32_div(tsc_khz, TOLERANCE_PPM, PPM);

	*khz = value ?: tsc_khz;
	if (!*khz || *khz < tsc_khz - margin || *khz > tsc_khz + margin)
		return -EINVAL;
	return 0;
}

long nacre_vm_get_tsc_khz(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	return READ_ONCE(vm->arch.tsc.khz);
}

long nacre_vm_set_tsc_khz(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	u32 khz;
	long err = check_khz((u32)arg->value, &khz);

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
	long err = check_khz((u32)arg->value, &khz);

	if (!err)
		vcpu->arch.tsc_khz = khz;
	return err;
}
