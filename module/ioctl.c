// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctl dispatcher: copy in, lock, call, copy out.
 *
 * What is copied follows from the number itself, so a handler cannot be given
 * less than it expects. A buffer that only goes out starts zeroed.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "module/vcpu.h"

/* Storage for one call: small structs on the stack, the rest allocated. */
struct nacre_ioctl_call {
	const struct nacre_ioctl *row;
	struct nacre_ioctl_arg arg;
	void __user *user;
	u32 count_in;
	u8 small[64];
};

/* The header of every counted argument begins with its 32-bit count. */
static int read_count(struct nacre_ioctl_call *call)
{
	u32 count;

	if (get_user(count, (u32 __user *)call->user))
		return -EFAULT;
	if (count > call->row->max_count) {
		if (!(call->row->flags & NACRE_IOC_TAIL_OUT))
			return -E2BIG;
		count = call->row->max_count;
	}
	call->arg.count = count;
	return 0;
}

static size_t tail_size(const struct nacre_ioctl_call *call, u32 count)
{
	return array_size(call->row->element, count);
}

static int alloc_data(struct nacre_ioctl_call *call)
{
	size_t total = call->arg.size + tail_size(call, call->arg.count);

	if (total <= sizeof(call->small)) {
		memset(call->small, 0, sizeof(call->small));
		call->arg.data = call->small;
	} else {
		call->arg.data = kvzalloc(total, GFP_KERNEL_ACCOUNT);
	}
	if (!call->arg.data)
		return -ENOMEM;
	if (call->row->element)
		call->arg.tail = call->arg.data + call->arg.size;
	return 0;
}

static void free_data(struct nacre_ioctl_call *call)
{
	if (call->arg.data != call->small)
		kvfree(call->arg.data);
}

static int copy_data_in(struct nacre_ioctl_call *call)
{
	size_t total = call->arg.size;

	if (!(_IOC_DIR(call->row->cmd) & _IOC_WRITE) &&
	    !(call->row->flags & NACRE_IOC_IN))
		return 0;
	if (!(call->row->flags & NACRE_IOC_TAIL_OUT))
		total += tail_size(call, call->arg.count);
	if (copy_from_user(call->arg.data, call->user, total))
		return -EFAULT;
	/* The count was read once already; a second reading proves nothing. */
	if (call->row->element)
		*(u32 *)call->arg.data = call->arg.count;
	return 0;
}

static int copy_in(struct nacre_ioctl_call *call,
		   const struct nacre_ioctl *row, unsigned long value)
{
	int ret;

	call->row = row;
	call->user = (void __user *)value;
	call->arg = (struct nacre_ioctl_arg) {
		.cmd = row->cmd,
		.value = value,
		.size = row->flags & NACRE_IOC_USER_PTR ? 0 :
							  _IOC_SIZE(row->cmd),
	};
	if (row->flags & NACRE_IOC_NO_ARG && value)
		return -EINVAL;
	if (!call->arg.size)
		return 0;
	if (row->element) {
		ret = read_count(call);
		if (ret)
			return ret;
	}
	call->count_in = call->arg.count;
	ret = alloc_data(call);
	if (ret)
		return ret;
	ret = copy_data_in(call);
	if (ret)
		free_data(call);
	return ret;
}

static long copy_out(struct nacre_ioctl_call *call, long ret)
{
	const struct nacre_ioctl *row = call->row;
	bool out = _IOC_DIR(row->cmd) & _IOC_READ &&
		   !(row->flags & NACRE_IOC_IN) &&
		   (ret >= 0 || call->arg.header_on_error);
	size_t first = 0, total = call->arg.size;

	if (!call->arg.data)
		return ret;
	if (row->element)
		*(u32 *)call->arg.data = call->arg.count;
	/* The header of a tail that comes in stays the caller's. */
	if (row->element && !(row->flags & NACRE_IOC_TAIL_OUT))
		first = call->arg.size;
	/* Never more elements than the caller has room for. */
	if (ret >= 0)
		total += tail_size(call, min(call->arg.count, call->count_in));
	if (out && copy_to_user(call->user + first, call->arg.data + first,
				total - first))
		ret = -EFAULT;
	free_data(call);
	return ret;
}

static long call_vcpu(struct nacre_vcpu *vcpu, const struct nacre_ioctl *row,
		      struct nacre_ioctl_arg *arg)
{
	u16 flags = row->flags;
	long ret;

	if (flags & NACRE_IOC_LOADED)
		nacre_vcpu_load(vcpu);
	if (flags & NACRE_IOC_SRCU)
		nacre_vcpu_srcu_lock(vcpu);
	ret = row->vcpu(vcpu, arg);
	/* Begun here, or by what came to need one. */
	nacre_vcpu_srcu_unlock(vcpu);
	if (flags & NACRE_IOC_LOADED)
		nacre_vcpu_put(vcpu);
	return ret;
}

static long call_vm(struct nacre_vm *vm, const struct nacre_ioctl *row,
		    struct nacre_ioctl_arg *arg)
{
	struct mutex *lock = NULL;
	long ret;

	if (row->flags & NACRE_IOC_VM_LOCK)
		lock = &vm->lock;
	else if (row->flags & NACRE_IOC_SLOTS_LOCK)
		lock = &vm->slots_lock;
	if (lock)
		mutex_lock(lock);
	ret = row->vm(vm, arg);
	if (lock)
		mutex_unlock(lock);
	return ret;
}

long nacre_ioctl_do(const struct nacre_ioctl *row, unsigned long value,
		    struct nacre_vm *vm, struct nacre_vcpu *vcpu)
{
	struct nacre_ioctl_call call;
	long ret = copy_in(&call, row, value);

	if (ret)
		return ret;
	if (vcpu)
		ret = call_vcpu(vcpu, row, &call.arg);
	else
		ret = vm ? call_vm(vm, row, &call.arg) : row->system(&call.arg);
	return copy_out(&call, ret);
}
