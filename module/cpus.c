// SPDX-License-Identifier: GPL-2.0
/*
 * Turning virtualization on and off on the host's processors.
 *
 * On from the first VM to the last. Processors that come and go meanwhile
 * follow by KVM's CPU-hotplug slot, which is also the lock by which two
 * hypervisors keep out of each other's way. Suspend leaves only the boot
 * processor to look after; before a reboot or kexec all of them are turned
 * off, since INIT is not what it should be while virtualization is on.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/reboot.h>

#include "module/compat/compat.h"
#include "module/vm.h"
#include "arch/x86/backend.h"

static DEFINE_MUTEX(cpus_lock);
static unsigned int cpus_users;		/* cpus_lock */
static bool cpus_rebooting;

static int cpu_comes_up(unsigned int cpu)
{
	int err = READ_ONCE(cpus_rebooting) ? -EIO : backend(cpu_on)();

	/* Of the first ones cpus_on() speaks. */
	if (err && READ_ONCE(cpus_users))
		pr_err_ratelimited("CPU %u stays without virtualization (error %d)\n",
				   cpu, err);
	return err;
}

static void cpu_off_ipi(void *unused)
{
	backend(cpu_off)();
}

static int cpus_suspend(COMPAT_SYSCORE_ARG)
{
	backend(cpu_off)();
	return 0;
}

static void cpus_resume(COMPAT_SYSCORE_ARG)
{
	if (backend(cpu_on)())
		pr_err("virtualization did not come back after suspend\n");
}

static struct syscore_ops cpus_syscore = {
	.suspend = cpus_suspend,
	.resume = cpus_resume,
};

static int cpus_reboot(struct notifier_block *nb, unsigned long event,
		       void *unused)
{
	/* A processor that comes up from now on stays without. */
	WRITE_ONCE(cpus_rebooting, true);
	on_each_cpu(cpu_off_ipi, NULL, 1);
	return NOTIFY_OK;
}

static struct notifier_block cpus_reboot_nb = {
	.notifier_call = cpus_reboot,
};

/*
 * In-tree KVM would find the slot taken and fail by itself. But where the
 * kernel has one hook for emergencies it asks for that first, and then warns,
 * which some machines take for a reason to panic.
 */
static int cpus_module(struct notifier_block *nb, unsigned long state,
		       void *data)
{
	const struct module *module = data;

	if (state != MODULE_STATE_COMING ||
	    (strcmp(module->name, "kvm_amd") &&
	     strcmp(module->name, "kvm_intel")))
		return NOTIFY_DONE;
	pr_err("%s may not be loaded while VMs run here\n", module->name);
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block cpus_module_nb = {
	.notifier_call = cpus_module,
};

/* Whoever may open the node can bring this about as often as he likes. */
static void say_why(int err)
{
	if (err == -EBUSY)
		pr_err_ratelimited("another hypervisor owns the processor's virtualization extension (in-tree kvm loaded? unload it first)\n");
	else
		pr_err_ratelimited("virtualization cannot be turned on (error %d)\n",
				   err);
}

static int cpus_on(void)
{
	int err;

	err = compat_hp_setup(cpu_comes_up, nacre_backend()->cpu_off);
	if (err) {
		say_why(err);
		return err;
	}
	compat_syscore_register(&cpus_syscore);
	compat_emergency_register(nacre_backend()->cpu_off);
	register_module_notifier(&cpus_module_nb);
	return 0;
}

/* The slot is free if it can be had; virtualization itself stays off. */
static int probe_online(unsigned int cpu)
{
	return nacre_backend()->in_use() ? -EBUSY : 0;
}

int nacre_cpus_init(void)
{
	int err = compat_hp_setup(probe_online, NULL);

	if (err) {
		say_why(err);
		return err;
	}
	compat_hp_remove();
	/* Not with the first VM: that could be made when reboot has begun. */
	err = register_reboot_notifier(&cpus_reboot_nb);
	if (err)
		return err;
	/*
	 * vCPUs hear of their thread's being scheduled. Nor this with the first
	 * VM: it patches the scheduler's text, interrupting every CPU.
	 */
	preempt_notifier_inc();
	return 0;
}

void nacre_cpus_exit(void)
{
	preempt_notifier_dec();
	unregister_reboot_notifier(&cpus_reboot_nb);
}

int nacre_cpus_get(void)
{
	int err = 0;

	mutex_lock(&cpus_lock);
	if (!cpus_users)
		err = cpus_on();
	if (!err)
		cpus_users++;
	mutex_unlock(&cpus_lock);
	return err;
}

void nacre_cpus_put(void)
{
	mutex_lock(&cpus_lock);
	if (!--cpus_users) {
		unregister_module_notifier(&cpus_module_nb);
		compat_emergency_unregister(nacre_backend()->cpu_off);
		compat_syscore_unregister(&cpus_syscore);
		compat_hp_remove();
	}
	mutex_unlock(&cpus_lock);
}
