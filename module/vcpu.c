// SPDX-License-Identifier: GPL-2.0
/*
 * The vCPU's descriptor: lifetime, mapping, ioctls, and being heard by it.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/smp.h>
#include <trace/events/ipi.h>

#include "module/compat/compat.h"
#include "module/ioctl.h"
#include "module/vcpu.h"
#include "arch/x86/arch.h"
#include "arch/x86/backend.h"
#include "arch/x86/ioctls.h"

/*
 * A vCPU in the guest is brought out by an interrupt; one that blocks is
 * woken. One that is anywhere else looks at its requests before it enters.
 */
void nacre_vcpu_kick(struct nacre_vcpu *vcpu)
{
	int me, cpu;

	if (rcuwait_active(&vcpu->wait)) {
		rcuwait_wake_up(&vcpu->wait);
		return;
	}
	me = get_cpu();
	cpu = READ_ONCE(vcpu->cpu);
	if (cpu >= 0 && cpu != me && cpu_online(cpu) &&
	    cmpxchg(&vcpu->mode, NACRE_IN_GUEST, NACRE_EXITING_GUEST) ==
	    NACRE_IN_GUEST)
		smp_send_reschedule(cpu);
	put_cpu();
}

void nacre_vcpu_notify(struct nacre_vcpu *vcpu)
{
	int me, cpu;

	if (rcuwait_active(&vcpu->wait))
		rcuwait_wake_up(&vcpu->wait);
	if (READ_ONCE(vcpu->mode) != NACRE_IN_GUEST)
		return;
	me = get_cpu();
	cpu = READ_ONCE(vcpu->cpu);
	if (cpu >= 0 && cpu != me && cpu_online(cpu))
		compat_send_posted(cpu);
	put_cpu();
}

void nacre_request_all(struct nacre_vm *vm, unsigned int request)
{
	struct nacre_vcpu *vcpu;
	unsigned long index;

	nacre_for_each_vcpu(index, vcpu, vm)
		nacre_vcpu_request(vcpu, request);
}

bool nacre_vcpu_yield_to(struct nacre_vcpu *vcpu, struct nacre_vcpu *to)
{
	struct task_struct *task;
	bool yielded;

	if (!READ_ONCE(to->preempted))
		return false;
	spin_lock(&to->pid_lock);
	task = get_pid_task(to->pid, PIDTYPE_PID);
	spin_unlock(&to->pid_lock);
	if (!task)
		return false;
	nacre_vcpu_srcu_unlock(vcpu);
	yielded = yield_to(task, true) > 0;
	nacre_vcpu_srcu_lock(vcpu);
	put_task_struct(task);
	return yielded;
}

/* Round about from the one that was helped last; a few tries, and no more. */
void nacre_vcpu_spins(struct nacre_vcpu *vcpu)
{
	struct nacre_vm *vm = vcpu->vm;
	unsigned int n = READ_ONCE(vm->nr_vcpus), last = READ_ONCE(vm->helped);
	unsigned int i, tries = 3;

	for (i = 1; i <= n && tries; i++) {
		struct nacre_vcpu *to = nacre_vcpu_at(vm, (last + i) % n);

		if (!to || to == vcpu ||
		    READ_ONCE(to->preempted) != NACRE_PREEMPTED_IN_KERNEL)
			continue;
		if (nacre_vcpu_yield_to(vcpu, to)) {
			WRITE_ONCE(vm->helped, to->index);
			return;
		}
		tries--;
	}
	cond_resched();
}

static void free_pages_of(struct nacre_vcpu *vcpu)
{
	unsigned int i;

	for (i = 0; i < NACRE_PAGE_COALESCED; i++)
		free_page((unsigned long)vcpu->page[i]);
}

static int alloc_pages_of(struct nacre_vcpu *vcpu)
{
	unsigned int i;

	for (i = 0; i < NACRE_PAGE_COALESCED; i++) {
		vcpu->page[i] = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		if (!vcpu->page[i])
			return -ENOMEM;
	}
	vcpu->page[NACRE_PAGE_COALESCED] = vcpu->vm->io.ring;
	vcpu->run = vcpu->page[NACRE_PAGE_RUN];
	return 0;
}

static struct nacre_vcpu *alloc_vcpu(struct nacre_vm *vm, unsigned int id)
{
	struct nacre_vcpu *vcpu;
	int err;

	BUILD_BUG_ON(sizeof(struct nacre_run) > PAGE_SIZE);

	vcpu = backend(vcpu_alloc)();
	if (!vcpu)
		return ERR_PTR(-ENOMEM);
	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->index = vm->nr_vcpus;
	vcpu->cpu = -1;
	vcpu->last_cpu = -1;
	mutex_init(&vcpu->mutex);
	rcuwait_init(&vcpu->wait);
	spin_lock_init(&vcpu->pid_lock);
	preempt_notifier_init(&vcpu->preempt, &nacre_preempt_ops);
	err = alloc_pages_of(vcpu) ?: nacre_arch_vcpu_init(vcpu);
	if (!err)
		return vcpu;
	free_pages_of(vcpu);
	backend(vcpu_free)(vcpu);
	return ERR_PTR(err);
}

void nacre_vcpu_destroy(struct nacre_vcpu *vcpu)
{
	nacre_arch_vcpu_destroy(vcpu);
	put_pid(vcpu->pid);
	free_pages_of(vcpu);
	backend(vcpu_free)(vcpu);
}

static bool id_taken(struct nacre_vm *vm, unsigned int id)
{
	struct nacre_vcpu *vcpu;
	unsigned long index;

	nacre_for_each_vcpu(index, vcpu, vm) {
		if (vcpu->id == id)
			return true;
	}
	return false;
}

static vm_fault_t vcpu_fault(struct vm_fault *vmf)
{
	struct nacre_vcpu *vcpu = vmf->vma->vm_file->private_data;
	struct page *page;

	if (vmf->pgoff >= NACRE_VCPU_PAGES)
		return VM_FAULT_SIGBUS;
	page = virt_to_page(vcpu->page[array_index_nospec(vmf->pgoff,
							  NACRE_VCPU_PAGES)]);
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct vcpu_vm_ops = {
	.fault = vcpu_fault,
};

static int vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &vcpu_vm_ops;
	return 0;
}

static long vcpu_set_sigset(struct nacre_vcpu *vcpu, const sigset_t *sigset)
{
	vcpu->sigset_active = sigset;
	if (sigset) {
		vcpu->sigset = *sigset;
		sigdelsetmask(&vcpu->sigset,
			      sigmask(SIGKILL) | sigmask(SIGSTOP));
	}
	return 0;
}

/* NULL has a meaning, and the tail has one legal size: copies by itself. */
static long vcpu_set_signal_mask(struct nacre_vcpu *vcpu,
				 struct nacre_ioctl_arg *arg)
{
	struct nacre_signal_mask __user *user = (void __user *)arg->value;
	sigset_t sigset;
	u32 len;

	if (!user)
		return vcpu_set_sigset(vcpu, NULL);
	if (get_user(len, &user->len))
		return -EFAULT;
	if (len != sizeof(sigset))
		return -EINVAL;
	if (copy_from_user(&sigset, user->sigset, sizeof(sigset)))
		return -EFAULT;
	return vcpu_set_sigset(vcpu, &sigset);
}

static nacre_ioctls vcpu_rows = {
	NACRE_VCPU_IOCTL(NACRE_SET_SIGNAL_MASK, vcpu_set_signal_mask,
			 NACRE_IOC_USER_PTR)
	NACRE_VCPU_IOCTL(NACRE_GET_STATS_FD, nacre_vcpu_get_stats, 0)
	NACRE_X86_VCPU_IOCTLS(NACRE_VCPU_IOCTL)
};

static noinline long other_ioctl(struct nacre_vcpu *vcpu, unsigned int cmd,
				 unsigned long value)
{
	const struct nacre_ioctl *row = nacre_ioctl_find(vcpu_rows, cmd);
	long ret;

	if (!row)
		return -EINVAL;
	if (mutex_lock_killable(&vcpu->mutex))
		return -EINTR;
	ret = nacre_ioctl_do(row, value, vcpu->vm, vcpu);
	mutex_unlock(&vcpu->mutex);
	return ret;
}

/* NACRE_RUN is called most by far: it is not looked up among the others. */
static long vcpu_ioctl(struct file *file, unsigned int cmd, unsigned long value)
{
	struct nacre_vcpu *vcpu = file->private_data;

	if (vcpu->vm->mm != current->mm || READ_ONCE(vcpu->vm->dead))
		return -EIO;
	if (cmd != NACRE_RUN)
		return other_ioctl(vcpu, cmd, value);
	return value ? -EINVAL : nacre_vcpu_run(vcpu);
}

static int vcpu_release(struct inode *inode, struct file *file)
{
	struct nacre_vcpu *vcpu = file->private_data;

	nacre_vm_put(vcpu->vm);
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner = THIS_MODULE,
	.release = vcpu_release,
	.unlocked_ioctl = vcpu_ioctl,
	.compat_ioctl = vcpu_ioctl,
	.mmap = vcpu_mmap,
	.llseek = noop_llseek,
};

/* An entry of vm->vcpus and a file; what can fail does so here. */
static struct file *open_vcpu(struct nacre_vcpu *vcpu)
{
	struct nacre_vm *vm = vcpu->vm;
	struct file *file;
	int err;

	err = xa_reserve(&vm->vcpus, vcpu->index, GFP_KERNEL_ACCOUNT);
	if (err)
		return ERR_PTR(err);
	file = anon_inode_getfile("nacre-vcpu", &vcpu_fops, vcpu, O_RDWR);
	if (IS_ERR(file))
		xa_release(&vm->vcpus, vcpu->index);
	return file;
}

/* The descriptor is installed last: whoever sees it may use it. */
static long publish(struct nacre_vcpu *vcpu)
{
	struct nacre_vm *vm = vcpu->vm;
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;

	if (fd < 0)
		return fd;
	file = open_vcpu(vcpu);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	xa_store(&vm->vcpus, vcpu->index, vcpu, 0);
	vm->nr_vcpus++;
	refcount_inc(&vm->users);
	fd_install(fd, file);
	return fd;
}

long nacre_create_vcpu(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	unsigned long id = arg->value;
	struct nacre_vcpu *vcpu;
	long ret;

	if (id >= NACRE_MAX_VCPU_IDS || vm->nr_vcpus >= NACRE_MAX_VCPUS)
		return -EINVAL;
	if (id_taken(vm, id))
		return -EEXIST;
	vcpu = alloc_vcpu(vm, id);
	if (IS_ERR(vcpu))
		return PTR_ERR(vcpu);
	ret = publish(vcpu);
	if (ret < 0)
		nacre_vcpu_destroy(vcpu);
	return ret;
}
