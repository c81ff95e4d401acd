// SPDX-License-Identifier: GPL-2.0
/* Load, unload, the device node and its ioctls. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "arch/x86/arch.h"
#include "arch/x86/backend.h"
#include "arch/x86/ioctls.h"

/* The misc minor by which /dev/kvm is known to programs and to udev. */
#define KVM_NODE_MINOR	232

static char *node = "nacre";
module_param(node, charp, 0444);
MODULE_PARM_DESC(node, "device node: nacre (default), or kvm to stand in for in-tree KVM");

static long system_get_api_version(struct nacre_ioctl_arg *arg)
{
	return NACRE_API_VERSION;
}

static long system_check_extension(struct nacre_ioctl_arg *arg)
{
	return nacre_capability(NULL, arg->value);
}

static long system_get_vcpu_mmap_size(struct nacre_ioctl_arg *arg)
{
	return NACRE_VCPU_PAGES * PAGE_SIZE;
}

static nacre_ioctls system_rows = {
	NACRE_SYSTEM_IOCTL(NACRE_GET_API_VERSION, system_get_api_version,
			   NACRE_IOC_NO_ARG)
	NACRE_SYSTEM_IOCTL(NACRE_CREATE_VM, nacre_create_vm, 0)
	NACRE_SYSTEM_IOCTL(NACRE_CHECK_EXTENSION, system_check_extension, 0)
	NACRE_SYSTEM_IOCTL(NACRE_GET_VCPU_MMAP_SIZE, system_get_vcpu_mmap_size,
			   NACRE_IOC_NO_ARG)
	NACRE_X86_SYSTEM_IOCTLS(NACRE_SYSTEM_IOCTL)
};

static long system_ioctl(struct file *file, unsigned int cmd,
			 unsigned long value)
{
	const struct nacre_ioctl *row = nacre_ioctl_find(system_rows, cmd);

	return row ? nacre_ioctl_do(row, value, NULL, NULL) : -EINVAL;
}

static const struct file_operations system_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = system_ioctl,
	.compat_ioctl = system_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice system_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "nacre",
	.fops = &system_fops,
	.mode = 0660,
};

static int choose_node(void)
{
	if (!strcmp(node, "kvm")) {
		system_device.minor = KVM_NODE_MINOR;
		system_device.name = "kvm";
		return 0;
	}
	if (!strcmp(node, "nacre"))
		return 0;
	pr_err("node=%s: give nacre or kvm\n", node);
	return -EINVAL;
}

static int __init nacre_init(void)
{
	int err;

	err = choose_node();
	if (err)
		return err;
	err = nacre_arch_init();
	if (err)
		return err;
	err = nacre_cpus_init();
	if (err)
		goto teardown;
	err = misc_register(&system_device);
	if (!err)
		return 0;
	pr_err("/dev/%s cannot be had (error %d): does another module own it?\n",
	       system_device.name, err);
	nacre_cpus_exit();
teardown:
	nacre_backend()->teardown();
	return err;
}

static void __exit nacre_exit(void)
{
	misc_deregister(&system_device);
	/*
	 * No VM is left: each holds the module by its descriptors. But what
	 * they have freed may be on its way.
	 */
	mmu_notifier_synchronize();
	nacre_cpus_exit();
	nacre_backend()->teardown();
}

module_init(nacre_init);
module_exit(nacre_exit);

MODULE_DESCRIPTION("nacre: a small hypervisor with the KVM ABI");
MODULE_AUTHOR("the nacre developers");
MODULE_LICENSE("GPL");
