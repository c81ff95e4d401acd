// SPDX-License-Identifier: GPL-2.0
/*
 * The VM's descriptor: lifetime and ioctls.
 *
 * A VM lives as long as any descriptor of it: its own or a vCPU's. Each holds
 * one of vm->users; the last one takes everything down. Userspace may close
 * them in any order and from any process.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "module/vm.h"
#include "arch/x86/arch.h"
#include "arch/x86/ioctls.h"

static void destroy_vm(struct nacre_vm *vm)
{
	struct nacre_vcpu *vcpu;
	unsigned long index;

	/* Nothing of the host's mm reaches stage 2 after this. */
	nacre_notifier_detach(vm);
	nacre_arch_vm_stop(vm);
	nacre_for_each_vcpu(index, vcpu, vm)
		nacre_vcpu_destroy(vcpu);
	xa_destroy(&vm->vcpus);
	nacre_memslots_destroy(vm);
	nacre_arch_vm_destroy(vm);
	nacre_io_destroy(vm);
	cleanup_srcu_struct(&vm->srcu);
	mmdrop(vm->mm);
	kvfree(vm);
	nacre_cpus_put();
}

void nacre_vm_put(struct nacre_vm *vm)
{
	if (refcount_dec_and_test(&vm->users))
		destroy_vm(vm);
}

static struct nacre_vm *alloc_vm(void)
{
	struct nacre_vm *vm;

	vm = kvzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return NULL;
	refcount_set(&vm->users, 1);
	mutex_init(&vm->lock);
	mutex_init(&vm->slots_lock);
	xa_init(&vm->vcpus);
	nacre_irqfds_init(vm);
	vm->mm = current->mm;
	vm->creator = task_pid_nr(current);
	vm->halt_poll_ns = -1;
	return vm;
}

static struct nacre_vm *create_vm(void)
{
	struct nacre_vm *vm;
	int err;

	vm = alloc_vm();
	if (!vm)
		return ERR_PTR(-ENOMEM);
	err = nacre_cpus_get();
	if (err)
		goto free_vm;
	err = init_srcu_struct(&vm->srcu);
	if (err)
		goto put_cpus;
	err = nacre_memslots_init(vm);
	if (err)
		goto cleanup_srcu;
	err = nacre_io_init(vm);
	if (err)
		goto destroy_slots;
	err = nacre_arch_vm_init(vm);
	if (err)
		goto destroy_io;
	/* Last: from here on the host's mm talks to this VM. */
	mmgrab(vm->mm);
	err = nacre_notifier_attach(vm);
	if (err)
		goto drop_mm;
	return vm;

drop_mm:
	mmdrop(vm->mm);
	nacre_arch_vm_destroy(vm);
destroy_io:
	nacre_io_destroy(vm);
destroy_slots:
	nacre_memslots_destroy(vm);
cleanup_srcu:
	cleanup_srcu_struct(&vm->srcu);
put_cpus:
	nacre_cpus_put();
free_vm:
	kvfree(vm);
	return ERR_PTR(err);
}

void nacre_vm_kill(struct nacre_vm *vm)
{
	WRITE_ONCE(vm->dead, true);
	nacre_request_all(vm, NACRE_REQ_DEAD);
}

/* Both forms: what the longer one has more is for flags that are refused. */
static long vm_set_memory_region(struct nacre_vm *vm,
				 struct nacre_ioctl_arg *arg)
{
	BUILD_BUG_ON(offsetofend(struct nacre_userspace_memory_region,
				 userspace_addr) !=
		     offsetofend(struct nacre_userspace_memory_region2,
				 userspace_addr));
	return nacre_set_memory_region(vm, arg->data);
}

static long vm_check_extension(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	return nacre_capability(vm, arg->value);
}

static long vm_enable_cap(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	const struct nacre_enable_cap *cap = arg->data;

	if (cap->flags)
		return -EINVAL;
	switch (cap->cap) {
	case NACRE_CAP_HALT_POLL:
		if (cap->args[0] > U32_MAX)
			return -EINVAL;
		WRITE_ONCE(vm->halt_poll_ns, cap->args[0]);
		return 0;
	case NACRE_CAP_MANUAL_DIRTY_LOG_PROTECT2:
		return nacre_dirty_set_manual(vm, cap->args[0]);
	default:
		return nacre_arch_enable_cap(vm, cap);
	}
}

static nacre_ioctls vm_rows = {
	NACRE_VM_IOCTL(NACRE_CHECK_EXTENSION, vm_check_extension, 0)
	NACRE_VM_IOCTL(NACRE_ENABLE_CAP, vm_enable_cap, 0)
	NACRE_VM_IOCTL(NACRE_CREATE_VCPU, nacre_create_vcpu, NACRE_IOC_VM_LOCK)
	NACRE_VM_IOCTL(NACRE_IRQFD, nacre_irqfd, NACRE_IOC_VM_LOCK)
	NACRE_VM_IOCTL(NACRE_IOEVENTFD, nacre_ioeventfd, NACRE_IOC_VM_LOCK)
	NACRE_VM_IOCTL(NACRE_REGISTER_COALESCED_MMIO, nacre_coalesced_mmio,
		       NACRE_IOC_VM_LOCK)
	NACRE_VM_IOCTL(NACRE_UNREGISTER_COALESCED_MMIO, nacre_coalesced_mmio,
		       NACRE_IOC_VM_LOCK)
	NACRE_VM_IOCTL(NACRE_SET_USER_MEMORY_REGION, vm_set_memory_region,
		       NACRE_IOC_SLOTS_LOCK)
	NACRE_VM_IOCTL(NACRE_SET_USER_MEMORY_REGION2, vm_set_memory_region,
		       NACRE_IOC_SLOTS_LOCK)
	NACRE_VM_IOCTL(NACRE_GET_DIRTY_LOG, nacre_get_dirty_log,
		       NACRE_IOC_SLOTS_LOCK)
	/* The number says that it goes out as well, but it may be read-only. */
	NACRE_VM_IOCTL(NACRE_CLEAR_DIRTY_LOG, nacre_clear_dirty_log,
		       NACRE_IOC_SLOTS_LOCK | NACRE_IOC_IN)
	NACRE_VM_IOCTL(NACRE_GET_STATS_FD, nacre_vm_get_stats, 0)
	NACRE_X86_VM_IOCTLS(NACRE_VM_IOCTL)
};

static long vm_ioctl(struct file *file, unsigned int cmd, unsigned long value)
{
	const struct nacre_ioctl *row = nacre_ioctl_find(vm_rows, cmd);
	struct nacre_vm *vm = file->private_data;

	if (vm->mm != current->mm || READ_ONCE(vm->dead))
		return -EIO;
	return row ? nacre_ioctl_do(row, value, vm, NULL) : -ENOTTY;
}

static int vm_release(struct inode *inode, struct file *file)
{
	nacre_irqfds_release(file->private_data);
	nacre_vm_put(file->private_data);
	return 0;
}

static const struct file_operations vm_fops = {
	.owner = THIS_MODULE,
	.release = vm_release,
	.unlocked_ioctl = vm_ioctl,
	.compat_ioctl = vm_ioctl,
	.llseek = noop_llseek,
};

/* The descriptor comes last: whoever sees it may use it. */
long nacre_create_vm(struct nacre_ioctl_arg *arg)
{
	struct nacre_vm *vm;
	int fd;

	/* Type 0 is the only one without protected or TDX guests. */
	if (arg->value)
		return -EINVAL;
	vm = create_vm();
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	fd = anon_inode_getfd("nacre-vm", &vm_fops, vm, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		nacre_vm_put(vm);
	return fd;
}
