// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the host into what the emulator's machine is not, for
 * selftests/load.sh: firmware that has switched SVM off, a minor that is
 * taken, and the last step of a suspend, without those before it, which the
 * machine's root by 9p would not outlive.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/syscore_ops.h>
#include <asm/msr.h>

#define VM_CR_LOCK_AND_SVMDIS	0x18

static bool svm_disabled;
module_param(svm_disabled, bool, 0444);
MODULE_PARM_DESC(svm_disabled, "VM_CR reads as if firmware had disabled SVM");

static int minor = -1;
module_param(minor, int, 0444);
MODULE_PARM_DESC(minor, "a misc minor to take");

/* Only reads of VM_CR are of interest. */
static int read_begins(struct kretprobe_instance *instance,
		       struct pt_regs *regs)
{
	return (u32)regs->di != MSR_VM_CR;
}

static int read_ends(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	regs->ax = VM_CR_LOCK_AND_SVMDIS;
	return 0;
}

static struct kretprobe read_msr = {
	.kp.symbol_name = "native_read_msr_safe",
	.entry_handler = read_begins,
	.handler = read_ends,
};

static const struct file_operations fops = {
	.owner = THIS_MODULE,
};

static struct miscdevice device = {
	.name = "labhost",
	.fops = &fops,
};

/* Interrupts are off. */
static int suspend_and_resume(u64 *efer)
{
	int err = syscore_suspend();

	if (err)
		return err;
	rdmsrl(MSR_EFER, *efer);
	syscore_resume();
	return 0;
}

static int suspend_set(const char *value, const struct kernel_param *kp)
{
	u64 efer = 0;
	int err;

	/* The others go by CPU hotplug, as in a real suspend. */
	if (num_online_cpus() > 1)
		return -EBUSY;
	local_irq_disable();
	err = suspend_and_resume(&efer);
	local_irq_enable();
	if (!err)
		pr_info("suspended with SVME %s\n",
			efer & EFER_SVME ? "on" : "off");
	return err;
}

static const struct kernel_param_ops suspend_ops = {
	.set = suspend_set,
};
module_param_cb(suspend, &suspend_ops, NULL, 0200);
MODULE_PARM_DESC(suspend, "written: suspend and resume the core");

static int __init labhost_init(void)
{
	int err;

	if (minor >= 0) {
		device.minor = minor;
		err = misc_register(&device);
		if (err)
			return err;
	}
	if (svm_disabled) {
		err = register_kretprobe(&read_msr);
		if (err && minor >= 0)
			misc_deregister(&device);
		return err;
	}
	return 0;
}
module_init(labhost_init);

static void __exit labhost_exit(void)
{
	if (svm_disabled)
		unregister_kretprobe(&read_msr);
	if (minor >= 0)
		misc_deregister(&device);
}
module_exit(labhost_exit);

MODULE_DESCRIPTION("a host with obstacles, for the test of loading");
MODULE_LICENSE("GPL");
