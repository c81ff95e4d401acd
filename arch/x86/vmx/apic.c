// SPDX-License-Identifier: GPL-2.0
/*
 * APIC virtualization: the processor works on the guest's local APIC.
 *
 * Requests and what is in service are in the page of registers, whoever works
 * on them. What the VMCS has of them besides, the highest of each, is written
 * before an entry if it changed here, and never read. The ends of vectors for
 * which TMR says level exit, and of those that somebody waits for.
 *
 * Intel SDM, "APIC Virtualization and Virtual Interrupts".
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/tsc.h>

#include "module/compat/compat.h"
#include "arch/x86/apic.h"
#include "arch/x86/vmx/vmx.h"

/* Registers without an exit; bit n stands for register n * 16, MSR 800h + n. */
#define PLAIN_READS	(BIT_ULL(LAPIC_ID >> 4) | BIT_ULL(LAPIC_VERSION >> 4) | \
			 BIT_ULL(LAPIC_TPR >> 4) | BIT_ULL(LAPIC_LDR >> 4) | \
			 BIT_ULL(LAPIC_SVR >> 4) |			\
			 GENMASK_ULL(LAPIC_ESR >> 4, LAPIC_ISR >> 4) |	\
			 GENMASK_ULL(LAPIC_TMICT >> 4, LAPIC_LVT_TIMER >> 4) | \
			 BIT_ULL(LAPIC_TDCR >> 4))
#define PLAIN_WRITES	BIT_ULL(LAPIC_TPR >> 4)
#define DELIVERY_WRITES	(BIT_ULL(LAPIC_EOI >> 4) | BIT_ULL(LAPIC_SELF_IPI >> 4))

/* In a bitmap of MSRs, in words of 64. */
#define X2APIC_READS	(0x800 / 64)
#define X2APIC_WRITES	(X2APIC_READS + 2048 / sizeof(u64))

#define APIC_CONTROLS	(PROC2_APIC_PAGE | PROC2_X2APIC |		\
			 PROC2_APIC_REGISTERS | PROC2_APIC_DELIVERY)

static struct page *access_page;

int vmx_apic_setup(void)
{
	nacre_enable_apicv &= vmx_caps.controls.apicv && COMPAT_POSTED_VECTOR;
	if (!nacre_enable_apicv)
		return 0;
	access_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!access_page)
		return -ENOMEM;
	/* None of those whose use by guests the host wants to know. */
	SetPageReserved(access_page);
	/* By which the processor knows a notification from an interrupt. */
	vmx_caps.controls.word[VMX_EXIT] |= EXIT_ACKNOWLEDGE;
	return 0;
}

void vmx_apic_teardown(void)
{
	if (!access_page)
		return;
	ClearPageReserved(access_page);
	__free_page(access_page);
	access_page = NULL;
}

void vmx_apic_init(struct vmx_vcpu *vmx)
{
	struct nacre_apic *apic = vmx->vcpu.arch.apic;

	if (!apic || !nacre_enable_apicv)
		return;
	apic->lapic.posts = true;
	apic->posted = &vmx->posted.outstanding;
}

static bool accelerates(const struct vmx_vcpu *vmx)
{
	return vmx->vcpu.arch.apic && vmx->vcpu.arch.apic->posted;
}

/* Off by software it takes no more: not even IPIs from the guest to itself. */
static u32 controls_of(const struct nacre_lapic *lapic)
{
	u32 controls = PROC2_APIC_REGISTERS;

	if (!nacre_lapic_enabled(lapic))
		return 0;
	if (nacre_lapic_is_x2apic(lapic))
		controls |= PROC2_X2APIC;
	else if ((lapic->base & PAGE_MASK) == LAPIC_BASE_PAGE)
		controls |= PROC2_APIC_PAGE;
	if (nacre_lapic_sw_enabled(lapic))
		controls |= PROC2_APIC_DELIVERY;
	return controls;
}

void vmx_apic_msrs(struct vmx_vcpu *vmx)
{
	u64 *bitmap = (u64 *)vmx->msr_bitmap, writes = PLAIN_WRITES;
	bool on = vmx->proc2 & PROC2_X2APIC;

	if (vmx->proc2 & PROC2_APIC_DELIVERY)
		writes |= DELIVERY_WRITES;
	bitmap[X2APIC_READS] = on ? ~PLAIN_READS : ~0ull;
	bitmap[X2APIC_WRITES] = on ? ~writes : ~0ull;
}

/*
 * While one is elsewhere nobody maps the page, and nobody has it: they look
 * with the second stage's lock held, which the zap takes.
 */
static void note_place(struct vmx_vcpu *vmx, bool there)
{
	struct nacre_vm *vm = vmx->vcpu.vm;

	if (vmx->apic_elsewhere == !there)
		return;
	vmx->apic_elsewhere = !there;
	vmx_flush_stage2(&vmx->vcpu);
	if (there) {
		atomic_dec(&vm->arch.apics_elsewhere);
		return;
	}
	atomic_inc(&vm->arch.apics_elsewhere);
	nacre_stage2_zap(vm, NACRE_APIC_GFN, NACRE_APIC_GFN + 1, true);
}

void vmx_update_apic(struct nacre_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);
	u32 proc2, pin = vmx_caps.controls.word[VMX_PIN];

	if (!accelerates(vmx))
		return;
	proc2 = (vmx->proc2 & ~APIC_CONTROLS) | controls_of(lapic);
	if (proc2 == vmx->proc2)
		return;
	vmx->proc2 = proc2;
	if (proc2 & PROC2_APIC_DELIVERY)
		pin |= PIN_POSTED_INTERRUPTS;
	vmcs_write32(VMCS_PROC2, proc2);
	vmcs_write32(VMCS_PIN, pin);
	vmx_apic_msrs(vmx);
	note_place(vmx, proc2 & PROC2_APIC_PAGE);
	nacre_lapic_hand_over(lapic, proc2 & PROC2_APIC_DELIVERY);
}

void vmx_apic_reset(struct vmx_vcpu *vmx)
{
	unsigned int i;

	if (!accelerates(vmx))
		return;
	vmcs_write16(VMCS_POSTED_VECTOR, COMPAT_POSTED_VECTOR);
	vmcs_write64(VMCS_POSTED, virt_to_phys(&vmx->posted));
	vmcs_write64(VMCS_APIC_ACCESS, page_to_phys(access_page));
	for (i = 0; i < ARRAY_SIZE(vmx->eoi_exits); i++) {
		vmx->eoi_exits[i] = 0;
		vmcs_write64(VMCS_EOI_EXITS0 + 2 * i, 0);
	}
	vmx_update_apic(&vmx->vcpu);
}

static void write_eoi_exits(struct vmx_vcpu *vmx, struct nacre_lapic *lapic)
{
	unsigned int i;
	u64 exits;

	for (i = 0; i < ARRAY_SIZE(vmx->eoi_exits); i++) {
		exits = nacre_lapic_told(lapic, 2 * i) |
			(u64)nacre_lapic_told(lapic, 2 * i + 1) << 32;
		if (vmx->eoi_exits[i] == exits)
			continue;
		vmx->eoi_exits[i] = exits;
		vmcs_write64(VMCS_EOI_EXITS0 + 2 * i, exits);
	}
}

/* Before an entry: what changed here, the processor has to know. */
void vmx_tell_apic(struct vmx_vcpu *vmx)
{
	struct nacre_lapic *lapic = nacre_lapic_of(&vmx->vcpu);

	lapic->changed = false;
	if (!accelerates(vmx))
		return;
	write_eoi_exits(vmx, lapic);
	vmcs_write16(VMCS_GUEST_INTERRUPTS, nacre_lapic_highest(lapic));
}

/*
 * The vCPU is in the guest: its processor takes it in there. It waits: it is
 * woken. It is elsewhere: it looks before it enters.
 */
void vmx_post(struct nacre_vcpu *vcpu, u8 vector)
{
	struct vmx_posted *posted = &to_vmx(vcpu)->posted;

	set_bit(vector, posted->requests);
	/*
	 * Full barriers both: the request before this, which pairs with the
	 * one in vmx_collect_posted(), and this before the mode, which pairs
	 * with the one between mode and requests in the loop. Who set it
	 * before has told the vCPU, which has not looked since.
	 */
	if (!test_and_set_bit(0, &posted->outstanding))
		nacre_vcpu_notify(vcpu);
}

void vmx_collect_posted(struct nacre_vcpu *vcpu)
{
	struct nacre_lapic *lapic = nacre_lapic_of(vcpu);
	struct vmx_posted *posted = &to_vmx(vcpu)->posted;
	unsigned long requests;
	unsigned int i;

	clear_bit(0, &posted->outstanding);
	/* What is posted from here on is told anew; pairs with vmx_post(). */
	smp_mb__after_atomic();
	for (i = 0; i < ARRAY_SIZE(posted->requests); i++) {
		if (!READ_ONCE(posted->requests[i]))
			continue;
		requests = xchg(&posted->requests[i], 0);
		nacre_lapic_take_posted(lapic, 2 * i, requests);
		nacre_lapic_take_posted(lapic, 2 * i + 1, requests >> 32);
	}
}

bool vmx_map_apic(struct nacre_vcpu *vcpu, gpa_t gpa)
{
	return gpa >> PAGE_SHIFT == NACRE_APIC_GFN &&
	       to_vmx(vcpu)->proc2 & PROC2_APIC_PAGE &&
	       nacre_stage2_map_own(vcpu, NACRE_APIC_GFN,
				    page_to_pfn(access_page));
}

/* One that the processor leaves alone: it stands before the instruction. */
enum nacre_result vmx_exit_apic_access(struct nacre_vcpu *vcpu)
{
	const struct nacre_stage2_fault fault = {
		.gpa = (gpa_t)NACRE_APIC_GFN << PAGE_SHIFT,
		.walk = true,	/* it says no more than the page */
	};

	return nacre_exit_mmio(vcpu, &fault, NACRE_APIC_GFN);
}

enum nacre_result vmx_exit_apic_write(struct nacre_vcpu *vcpu)
{
	nacre_lapic_written(nacre_lapic_of(vcpu),
			    vmcs_read_natural(VMCS_QUALIFICATION));
	return NACRE_RESUME;
}

enum nacre_result vmx_exit_eoi(struct nacre_vcpu *vcpu)
{
	nacre_lapic_ended(nacre_lapic_of(vcpu),
			  vmcs_read_natural(VMCS_QUALIFICATION));
	return NACRE_RESUME;
}

/*
 * Nehalem's and Westmere's timers do not keep to their rate, by Intel's
 * specification updates ("VMX-Preemption Timer Does Not Count Down at the Rate
 * Specified").
 */
static bool keeps_no_time(void)
{
	static const u8 models[] = {
		0x1a, 0x1e, 0x1f, 0x25, 0x2c, 0x2e, 0x2f,
	};

	return boot_cpu_data.x86 == 6 &&
	       memchr(models, boot_cpu_data.x86_model, sizeof(models));
}

void vmx_timer_setup(u64 misc)
{
	if (keeps_no_time())
		vmx_caps.controls.word[VMX_PIN] &= ~(u32)PIN_PREEMPTION_TIMER;
	vmx_caps.timer_shift = misc & 0x1f;
}

/*
 * Only a deadline is told in ticks. Beyond what the timer counts, and where the
 * TSC's rate is another for the guest or for another processor, it is the host's
 * timer as before.
 */
static bool counts_up_to(const struct nacre_vcpu *vcpu, u64 due)
{
	return vmx_has(VMX_PIN, PIN_PREEMPTION_TIMER) &&
	       !vcpu->arch.tsc_ratio && !check_tsc_unstable() &&
	       (due - rdtsc()) >> vmx_caps.timer_shift < VMX_TIMER_OFF - 1;
}

void vmx_set_deadline(struct nacre_vcpu *vcpu, u64 tsc)
{
	struct vmx_vcpu *vmx = to_vmx(vcpu);
	u64 due = tsc - vcpu->arch.tsc_offset;

	vmx->timer_due = tsc && counts_up_to(vcpu, due) ? due : 0;
	vmx->timer_stale = vmx->timer_due ||
			   vmx->timer_written != VMX_TIMER_OFF;
	WRITE_ONCE(vcpu->arch.apic->in_guest, vmx->timer_due);
}

/* Rather late by a tick than another exit. */
static u32 ticks_left(const struct vmx_vcpu *vmx)
{
	u64 now = rdtsc(), ticks;

	if (vmx->timer_due <= now)
		return 0;
	ticks = ((vmx->timer_due - now) >> vmx_caps.timer_shift) + 1;
	return min_t(u64, ticks, VMX_TIMER_OFF);
}

/* Interrupts are off. What is left of it is less each time. */
void vmx_write_timer(struct vmx_vcpu *vmx)
{
	u32 ticks = vmx->timer_due ? ticks_left(vmx) : VMX_TIMER_OFF;

	/* The TSC has begun anew, in suspend. */
	if (vmx->timer_due && ticks == VMX_TIMER_OFF)
		nacre_apic_halts(&vmx->vcpu);
	vmx->timer_stale = vmx->timer_due;
	if (vmx->timer_written == ticks)
		return;
	vmx->timer_written = ticks;
	vmcs_write32(VMCS_PREEMPTION_TIMER, ticks);
}
