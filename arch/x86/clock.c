// SPDX-License-Identifier: GPL-2.0
/*
 * kvmclock.
 *
 * The page says what the time was at one value of the guest's TSC, and how to
 * scale what has passed since. Its version is odd while it is written, so the
 * guest reads again.
 *
 * Where the host's clock is the TSC, and all vCPUs' counters show the same, one
 * reading serves all their pages for as long as that holds, and they say so:
 * what the guest reads on one processor is never behind what it read on
 * another. Else each vCPU has a reading of its own, anew for each processor and
 * now and then, and the guest keeps the clock from going back.
 *
 * The kernel tells no module that it takes another clock. But a TSC that is
 * found unstable can be asked for, and each vCPU does so when it is loaded. An
 * operator's choice of another clock does no harm: the TSC goes on as before,
 * and so does a clock that was made of it.
 *
 * Linux, "KVM-specific MSRs".
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <asm/msr.h>
#include <asm/pvclock.h>
#include <asm/tsc.h>

#include "arch/x86/ioctls.h"
#include "arch/x86/msr.h"
#include "arch/x86/pv.h"

/* The page's fields are words; nothing smaller is an address for it. */
#define ALIGNMENT	4
/* How long a reading serves where the counters drift. */
#define OLD_AFTER	(60 * HZ)

#define CLOCK_FLAGS	(NACRE_CLOCK_TSC_STABLE | NACRE_CLOCK_REALTIME | \
			 NACRE_CLOCK_HOST_TSC)

/* One moment, with interrupts off: the host's TSC, its time since boot, 1970. */
struct moment {
	u64 tsc, ns, real;
	bool exact;		/* the time was made of this very value */
};

static struct moment moment_now(void)
{
	struct system_time_snapshot s;
	struct moment m;
	u64 before;

	before = rdtsc_ordered();
	ktime_get_snapshot(&s);
	m.tsc = rdtsc_ordered();
	/* What lies between two readings of the TSC is one itself. */
	m.exact = s.cycles - before <= m.tsc - before;
	if (m.exact)
		m.tsc = s.cycles;
	/* Not slewed, as the TSC is not; but time goes on in suspend. */
	m.ns = ktime_to_ns(ktime_mono_to_any(s.raw, TK_OFFS_BOOT));
	m.real = ktime_to_ns(s.real);
	return m;
}

/*
 * ns = ((ticks << shift) * mul) >> 32, with mul as large as it can be: scale
 * until the frequency is in (1/2, 1] GHz of what 32 bits can hold.
 */
static void set_scale(struct pvclock_vcpu_time_info *page, u32 khz)
{
	u64 hz = khz * 1000ull, ns = NSEC_PER_SEC;
	s8 shift = 0;

	while (hz > ns * 2) {
		hz >>= 1;
		shift--;
	}
	while (hz <= ns) {
		hz <<= 1;
		shift++;
	}
	page->tsc_shift = shift;
	page->tsc_to_system_mul = div64_u64(ns << 32, hz);
}

/* With the lock: what kvmclock says at @m. */
static u64 clock_at(const struct nacre_clock *clock, const struct moment *m)
{
	struct pvclock_vcpu_time_info page = {
		.tsc_timestamp = clock->tsc,
		.system_time = clock->ns,
	};

	if (!clock->stable)
		return m->ns - clock->base;
	set_scale(&page, tsc_khz);
	return __pvclock_read_cycles(&page, m->tsc);
}

static u64 read_clock(struct nacre_vm *vm, struct moment *m)
{
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&vm->arch.tsc.lock, flags);
	*m = moment_now();
	now = clock_at(&vm->arch.clock, m);
	raw_spin_unlock_irqrestore(&vm->arch.tsc.lock, flags);
	return now;
}

static void fill_page(struct nacre_vcpu *vcpu,
		      struct pvclock_vcpu_time_info *page)
{
	struct nacre_vm_arch *arch = &vcpu->vm->arch;
	const struct nacre_clock *clock = &arch->clock;
	unsigned long flags;
	struct moment m;

	raw_spin_lock_irqsave(&arch->tsc.lock, flags);
	m = moment_now();
	page->system_time = clock->stable ? clock->ns : m.ns - clock->base;
	page->tsc_timestamp = nacre_guest_tsc(vcpu, clock->stable ?
					      clock->tsc : m.tsc);
	page->flags = clock->stable ? NACRE_PVCLOCK_TSC_STABLE : 0;
	raw_spin_unlock_irqrestore(&arch->tsc.lock, flags);
	set_scale(page, vcpu->arch.tsc_khz);
}

/* Set by NACRE_KVMCLOCK_CTRL, and the guest's to clear. */
static bool note_stop(struct nacre_vcpu *vcpu, gpa_t gpa,
		      struct pvclock_vcpu_time_info *page)
{
	u8 flags;

	if (nacre_read_guest(vcpu->vm, gpa + offsetof(typeof(*page), flags),
			     &flags, sizeof(flags)))
		return false;
	page->flags |= flags & NACRE_PVCLOCK_GUEST_STOPPED;
	if (vcpu->arch.clock_stopped)
		page->flags |= NACRE_PVCLOCK_GUEST_STOPPED;
	vcpu->arch.clock_stopped = false;
	return true;
}

/* The guest may have unmapped it, or moved it: each write is checked anew. */
static bool write_page(struct nacre_vcpu *vcpu,
		       struct pvclock_vcpu_time_info *page)
{
	gpa_t gpa = vcpu->arch.system_time & ~NACRE_MSR_ENABLED;
	u32 version = vcpu->arch.clock_version + 1;

	if (!note_stop(vcpu, gpa, page) ||
	    nacre_write_guest(vcpu->vm, gpa, &version, sizeof(version)))
		return false;
	/* Odd before the rest, even after it; x86 keeps the order of writes. */
	barrier();
	page->version = version;
	if (nacre_write_guest(vcpu->vm, gpa, page, sizeof(*page)))
		return false;
	barrier();
	version++;
	vcpu->arch.clock_version = version;
	return !nacre_write_guest(vcpu->vm, gpa, &version, sizeof(version));
}

/* Do all vCPUs' counters show the same, now and later? */
static bool in_step(struct nacre_vm *vm)
{
	struct nacre_vcpu *first = nacre_vcpu_at(vm, 0), *vcpu;
	unsigned long index;

	if (!first)
		return false;
	nacre_for_each_vcpu(index, vcpu, vm) {
		if (READ_ONCE(vcpu->arch.tsc_offset) !=
		    READ_ONCE(first->arch.tsc_offset) ||
		    READ_ONCE(vcpu->arch.tsc_khz) !=
		    READ_ONCE(first->arch.tsc_khz))
			return false;
	}
	return true;
}

static void settle(struct nacre_vm *vm)
{
	struct nacre_clock *clock = &vm->arch.clock;
	bool stable, changed;
	unsigned long flags;
	struct moment m;

	raw_spin_lock_irqsave(&vm->arch.tsc.lock, flags);
	m = moment_now();
	stable = m.exact && !check_tsc_unstable() && !clock->old && in_step(vm);
	changed = stable != clock->stable;
	/* It goes on from where it is. */
	if (changed)
		clock->base = m.ns - clock_at(clock, &m);
	if (changed && stable) {
		clock->tsc = m.tsc;
		clock->ns = m.ns - clock->base;
	}
	WRITE_ONCE(clock->stable, stable);
	raw_spin_unlock_irqrestore(&vm->arch.tsc.lock, flags);
	if (changed)
		nacre_request_all(vm, NACRE_REQ_CLOCK);
}

void nacre_unsettle_clock(struct nacre_vcpu *vcpu)
{
	vcpu->arch.clock_settled = false;
	nacre_set_request(vcpu, NACRE_REQ_CLOCK);
}

void nacre_update_clock(struct nacre_vcpu *vcpu)
{
	struct pvclock_vcpu_time_info page = {};

	if (!vcpu->arch.clock_settled ||
	    (vcpu->vm->arch.clock.stable && check_tsc_unstable())) {
		vcpu->arch.clock_settled = true;
		settle(vcpu->vm);
	}
	if (!(vcpu->arch.system_time & NACRE_MSR_ENABLED))
		return;
	vcpu->arch.clock_written = jiffies;
	fill_page(vcpu, &page);
	if (!write_page(vcpu, &page))
		vcpu->arch.system_time &= ~NACRE_MSR_ENABLED;
}

/* A reading that serves all is anybody's, until the TSC is unstable. */
bool nacre_clock_is_old(const struct nacre_vcpu *vcpu)
{
	if (READ_ONCE(vcpu->vm->arch.clock.stable))
		return check_tsc_unstable();
	return vcpu->last_cpu != vcpu->cpu ||
	       time_after(jiffies, vcpu->arch.clock_written + OLD_AFTER);
}

void nacre_clock_init_vm(struct nacre_vm *vm)
{
	raw_spin_lock_init(&vm->arch.tsc.lock);
	vm->arch.tsc.khz = tsc_khz;
	vm->arch.clock.base = moment_now().ns;
}

bool nacre_write_system_time(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	if (w.value & (ALIGNMENT - 1) & ~NACRE_MSR_ENABLED)
		w.value &= ~NACRE_MSR_ENABLED;
	vcpu->arch.system_time = w.value;
	vcpu->arch.clock_version = 0;
	/* A kernel that writes the old register does not know of stable ones. */
	if (w.by == BY_GUEST && vcpu->id == vcpu->vm->arch.boot_vcpu_id)
		vcpu->vm->arch.clock.old = w.index == MSR_NACRE_SYSTEM_TIME;
	settle(vcpu->vm);
	nacre_set_request(vcpu, NACRE_REQ_CLOCK);
	return true;
}

bool nacre_read_wall_clock(struct nacre_vcpu *vcpu, struct nacre_rdmsr r)
{
	*r.value = vcpu->vm->arch.wall_clock;
	return true;
}

/* Writes the time at which the guest's clock was 0, once. */
bool nacre_write_wall_clock(struct nacre_vcpu *vcpu, struct nacre_wrmsr w)
{
	struct pvclock_wall_clock page = { .version = 1 };
	struct timespec64 start;
	struct moment m;
	u64 now;

	now = read_clock(vcpu->vm, &m);
	start = ns_to_timespec64(m.real - now);
	page.sec = start.tv_sec;
	page.nsec = start.tv_nsec;
	vcpu->vm->arch.wall_clock = w.value;
	if (!w.value || w.value & (ALIGNMENT - 1))
		return true;
	/* A guest that gave no memory for it gets no time. */
	if (nacre_write_guest(vcpu->vm, w.value, &page, sizeof(page)))
		return true;
	page.version = 2;
	nacre_write_guest(vcpu->vm, w.value, &page.version, sizeof(page.version));
	return true;
}

/* Real time and the TSC are told where they are one reading with the clock. */
long nacre_get_clock(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	struct nacre_clock_data *out = arg->data;
	struct moment m;

	out->clock = read_clock(vm, &m);
	if (!READ_ONCE(vm->arch.clock.stable))
		return 0;
	out->flags = NACRE_CLOCK_TSC_STABLE;
	out->host_tsc = m.tsc;
	if (m.exact) {
		out->flags = CLOCK_FLAGS;
		out->realtime = m.real;
	}
	return 0;
}

long nacre_set_clock(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	const struct nacre_clock_data *in = arg->data;
	struct nacre_clock *clock = &vm->arch.clock;
	unsigned long flags;
	u64 now = in->clock;
	struct moment m;

	if (in->flags & ~CLOCK_FLAGS)
		return -EINVAL;
	settle(vm);
	raw_spin_lock_irqsave(&vm->arch.tsc.lock, flags);
	m = moment_now();
	if (in->flags & NACRE_CLOCK_REALTIME && m.real > in->realtime)
		now += m.real - in->realtime;
	clock->base = m.ns - now;
	clock->tsc = m.tsc;
	clock->ns = now;
	raw_spin_unlock_irqrestore(&vm->arch.tsc.lock, flags);
	nacre_request_all(vm, NACRE_REQ_CLOCK);
	return 0;
}

long nacre_kvmclock_ctrl(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	if (!(vcpu->arch.system_time & NACRE_MSR_ENABLED))
		return -EINVAL;
	vcpu->arch.clock_stopped = true;
	nacre_set_request(vcpu, NACRE_REQ_CLOCK);
	return 0;
}
