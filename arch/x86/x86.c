// SPDX-License-Identifier: GPL-2.0
/* What module/ asks of x86: load, VMs, vCPUs, ioctl rows, NACRE_RUN's ends. */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "arch/x86/cpuid.h"
#include "arch/x86/insn.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/msr.h"
#include "arch/x86/run.h"
#include "arch/x86/xstate.h"

/* Whose predictions a CPU has; never followed, for it may be gone. */
static DEFINE_PER_CPU(struct nacre_vcpu *, last_guest);

int nacre_arch_init(void)
{
	int err = nacre_backend_bind();

	if (err)
		return err;
	nacre_stage2_setup();
	nacre_xstate_setup();
	nacre_msr_setup();
	nacre_protect_setup();
	nacre_enable_apicv &= !!nacre_backend()->update_apic;
	nacre_host_cpuid_begin();
	err = nacre_backend()->setup();
	if (!err)
		nacre_host_cpuid_finish();
	return err;
}

int nacre_arch_capability(struct nacre_vm *vm, unsigned long number)
{
	switch (number) {
	case NACRE_CAP_CLOCKSOURCE:
	case NACRE_CAP_KVMCLOCK_CTRL:
	case NACRE_CAP_HLT:
	case NACRE_CAP_IRQ_INJECT_STATUS:
	case NACRE_CAP_SIGNAL_MSI:
	case NACRE_CAP_SPLIT_IRQCHIP:
	case NACRE_CAP_TSC_DEADLINE_TIMER:
	case NACRE_CAP_EXT_CPUID:
	case NACRE_CAP_SET_TSS_ADDR:
	case NACRE_CAP_SET_IDENTITY_MAP_ADDR:
	case NACRE_CAP_SET_BOOT_CPU_ID:
	case NACRE_CAP_MP_STATE:
	case NACRE_CAP_USER_NMI:
	case NACRE_CAP_VCPU_EVENTS:
	case NACRE_CAP_DEBUGREGS:
	case NACRE_CAP_XSAVE:
	case NACRE_CAP_GET_TSC_KHZ:
	case NACRE_CAP_VCPU_ATTRIBUTES:
	case NACRE_CAP_GET_MSR_FEATURES:
		return 1;
	case NACRE_CAP_IRQCHIP:
	case NACRE_CAP_IRQFD_RESAMPLE:
	case NACRE_CAP_PIT:
	case NACRE_CAP_PIT2:
	case NACRE_CAP_PIT_STATE2:
	case NACRE_CAP_REINJECT_CONTROL:
		return nacre_irqchip;
	case NACRE_CAP_IRQ_ROUTING:
		return NACRE_MAX_GSIS;
	case NACRE_CAP_X2APIC_API:
		return NACRE_X2APIC_API_FLAGS;
	case NACRE_CAP_XCRS:
		return boot_cpu_has(X86_FEATURE_XSAVE);
	case NACRE_CAP_MCE:
		return NACRE_MCE_BANKS;
	case NACRE_CAP_STEAL_TIME:
		return IS_ENABLED(CONFIG_SCHED_INFO);
	case NACRE_CAP_TSC_CONTROL:
	case NACRE_CAP_VM_TSC_CONTROL:
		return !!nacre_tsc_fraction;
	case NACRE_CAP_ADJUST_CLOCK:
		return NACRE_CLOCK_TSC_STABLE | NACRE_CLOCK_REALTIME |
		       NACRE_CLOCK_HOST_TSC;
	case NACRE_CAP_SYNC_REGS:
		return NACRE_SYNC_X86_VALID_FIELDS;
	case NACRE_CAP_NR_VCPUS:
		return min_t(unsigned int, num_online_cpus(), NACRE_MAX_VCPUS);
	case NACRE_CAP_MAX_VCPUS:
		return NACRE_MAX_VCPUS;
	case NACRE_CAP_MAX_VCPU_ID:
		return NACRE_MAX_VCPU_IDS;
	default:
		return 0;
	}
}

long nacre_arch_enable_cap(struct nacre_vm *vm,
			   const struct nacre_enable_cap *cap)
{
	switch (cap->cap) {
	case NACRE_CAP_X2APIC_API:
		return nacre_enable_x2apic_api(vm, cap->args[0]);
	case NACRE_CAP_SPLIT_IRQCHIP:
		return nacre_enable_split(vm, cap->args[0]);
	default:
		return -EINVAL;
	}
}

#define IDENTITY_MAP_ADDR	0xfffbc000ull	/* unless the VMM says other */

/* Three pages that a backend without real mode of its own may use. */
long nacre_set_tss_addr(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	if (arg->value > (unsigned int)(-3 * PAGE_SIZE))
		return -EINVAL;
	vm->arch.tss_addr = arg->value;
	return 0;
}

long nacre_set_identity_map_addr(struct nacre_vm *vm,
				 struct nacre_ioctl_arg *arg)
{
	if (vm->nr_vcpus)
		return -EINVAL;
	vm->arch.identity_map_addr = *(const u64 *)arg->data ?:
				     IDENTITY_MAP_ADDR;
	return 0;
}

long nacre_set_boot_cpu_id(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	if (vm->nr_vcpus)
		return -EBUSY;
	if (arg->value > NACRE_MAX_VCPU_IDS)
		return -EINVAL;
	vm->arch.boot_vcpu_id = arg->value;
	return 0;
}

/*
 * A supervisor's read. Tables that change while they are walked have no
 * translation. writeable and usermode say nothing: they are KVM's constants.
 */
long nacre_translate_gva(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	struct nacre_translation *t = arg->data;
	u64 gva = t->linear_address;
	struct nacre_walk walk;

	memset(t, 0, sizeof(*t));
	t->linear_address = gva;
	t->physical_address = ~0ULL;
	t->writeable = 1;
	if (nacre_translate(vcpu, gva, 0, &walk) == NACRE_WALK_OK) {
		t->physical_address = walk.gpa;
		t->valid = 1;
	}
	return 0;
}

int nacre_arch_vm_init(struct nacre_vm *vm)
{
	vm->arch.identity_map_addr = IDENTITY_MAP_ADDR;
	nacre_clock_init_vm(vm);
	return nacre_stage2_init(vm);
}

void nacre_arch_vm_destroy(struct nacre_vm *vm)
{
	kvfree(rcu_dereference_protected(vm->arch.routes, true));
	kfree(vm->arch.chips);
	nacre_stage2_destroy(vm);
	free_page((unsigned long)vm->arch.identity_map);
}

static void make_room(struct nacre_vm *vm, const struct nacre_memslot *slot,
		      gfn_t gfn)
{
	if (gfn - slot->gfn < slot->npages)
		nacre_stage2_zap(vm, gfn, gfn + 1, true);
}

/* What was there without one. */
void nacre_arch_new_slot(struct nacre_vm *vm, const struct nacre_memslot *slot)
{
	make_room(vm, slot, NACRE_APIC_GFN);
	if (READ_ONCE(vm->arch.identity_map))
		make_room(vm, slot, vm->arch.identity_map_addr >> PAGE_SHIFT);
}

static void first_reset(struct nacre_vcpu *vcpu)
{
	nacre_vcpu_load(vcpu);
	nacre_reset_vcpu(vcpu, false);
	backend(load_stage2)(vcpu, vcpu->vm->arch.stage2.root);
	nacre_set_request(vcpu, NACRE_REQ_LOG);
	nacre_tsc_init_vcpu(vcpu);
	nacre_vcpu_put(vcpu);
}

void nacre_arch_vcpu_destroy(struct nacre_vcpu *vcpu)
{
	nacre_apic_destroy(vcpu);
	nacre_table_cache_free(&vcpu->arch.tables);
	kvfree(vcpu->arch.cpuid.entries);
	kfree(vcpu->arch.emulation);
	fpu_free_guest_fpstate(&vcpu->arch.fpu);
}

int nacre_arch_vcpu_init(struct nacre_vcpu *vcpu)
{
	int err = 0;

	vcpu->arch.avail = BIT(NACRE_NR_LAZY) - 1;
	vcpu->arch.maybe_shadowed = true;
	nacre_cpuid_init(vcpu);
	nacre_msr_init(vcpu);
	if (!fpu_alloc_guest_fpstate(&vcpu->arch.fpu))
		return -ENOMEM;
	if (nacre_has_lapics(vcpu->vm))
		err = nacre_apic_create(vcpu);
	err = err ?: backend(vcpu_init)(vcpu);
	if (err) {
		nacre_arch_vcpu_destroy(vcpu);
		return err;
	}
	vcpu->arch.mp_state = vcpu->arch.apic &&
			      vcpu->id != vcpu->vm->arch.boot_vcpu_id ?
			      NACRE_MP_STATE_UNINITIALIZED :
			      NACRE_MP_STATE_RUNNABLE;
	first_reset(vcpu);
	return 0;
}

void nacre_forget_others(struct nacre_vcpu *vcpu)
{
	/* Only one that was here before can be what is remembered. */
	if (__this_cpu_read(last_guest) == vcpu && vcpu->last_cpu == vcpu->cpu)
		return;
	__this_cpu_write(last_guest, vcpu);
	indirect_branch_prediction_barrier();
}

bool nacre_arch_in_kernel(struct nacre_vcpu *vcpu)
{
	return !backend(read_cpl)(vcpu);
}
