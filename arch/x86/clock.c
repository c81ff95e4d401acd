// SPDX-License-Identifier: GPL-2.0
/*
 * kvmclock.
 *
 * The page says what the time was at one value of the guest's TSC, and how to
 * scale what has passed since. Its version is odd while it is written, so the
 * guest reads again. The guest is told nothing of a clock that is the same on
 * all its processors, and so keeps it from going back by itself.
 *
 * Linux, "KVM-specific MSRs".
 */
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <asm/msr.h>
#include <asm/pvclock-abi.h>

#include "module/guest_mem.h"
#include "module/vcpu.h"
#include "module/vm.h"
#include "arch/x86/clock.h"
#include "arch/x86/msr.h"

#define ENABLED		BIT_ULL(0)
/* The page's fields are words; nothing smaller is an address for it. */
#define ALIGNMENT	4

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

static void fill_page(struct nacre_vcpu *vcpu,
		      struct pvclock_vcpu_time_info *page)
{
	unsigned long flags;
	u64 tsc, now;

	/* Both at one moment. */
	local_irq_save(flags);
	tsc = rdtsc();
	now = ktime_get_boottime_ns();
	local_irq_restore(flags);

	page->tsc_timestamp = tsc + vcpu->arch.tsc_offset;
	page->system_time = now - vcpu->vm->arch.clock_base;
	set_scale(page, vcpu->arch.tsc_khz);
}

/* The guest may have unmapped it, or moved it: each write is checked anew. */
static bool write_page(struct nacre_vcpu *vcpu,
		       struct pvclock_vcpu_time_info *page)
{
	gpa_t gpa = vcpu->arch.system_time & ~ENABLED;
	u32 version = vcpu->arch.clock_version + 1;

	if (nacre_write_guest(vcpu->vm, gpa, &version, sizeof(version)))
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

void nacre_update_clock(struct nacre_vcpu *vcpu)
{
	struct pvclock_vcpu_time_info page = {};

	if (!(vcpu->arch.system_time & ENABLED))
		return;
	fill_page(vcpu, &page);
	if (!write_page(vcpu, &page))
		vcpu->arch.system_time &= ~ENABLED;
}

bool nacre_write_system_time(struct nacre_vcpu *vcpu, u32 index, u64 value,
			     enum nacre_msr_by by)
{
	if (value & (ALIGNMENT - 1) & ~ENABLED)
		value &= ~ENABLED;
	vcpu->arch.system_time = value;
	vcpu->arch.clock_version = 0;
	nacre_set_request(vcpu, NACRE_REQ_CLOCK);
	return true;
}

bool nacre_read_wall_clock(struct nacre_vcpu *vcpu, u32 index, u64 *value,
			   enum nacre_msr_by by)
{
	*value = vcpu->vm->arch.wall_clock;
	return true;
}

/* Writes the time at which the guest's clock was 0, once. */
bool nacre_write_wall_clock(struct nacre_vcpu *vcpu, u32 index, u64 value,
			    enum nacre_msr_by by)
{
	u64 uptime = ktime_get_boottime_ns() - vcpu->vm->arch.clock_base;
	struct timespec64 start = ns_to_timespec64(ktime_get_real_ns() -
						   uptime);
	struct pvclock_wall_clock page = {
		.version = 1,
		.sec = start.tv_sec,
		.nsec = start.tv_nsec,
	};

	vcpu->vm->arch.wall_clock = value;
	if (!value || value & (ALIGNMENT - 1))
		return true;
	/* A guest that gave no memory for it gets no time. */
	if (nacre_write_guest(vcpu->vm, value, &page, sizeof(page)))
		return true;
	page.version = 2;
	nacre_write_guest(vcpu->vm, value, &page.version, sizeof(page.version));
	return true;
}
