// SPDX-License-Identifier: GPL-2.0
/*
 * irqfds.
 *
 * An irqfd waits at its eventfd with a callback of its own: whoever signals
 * the eventfd, in whatever context, raises the interrupt. With a resample
 * eventfd it raises a level, which falls when the guest has ended it; the
 * eventfd tells, and its reader raises it again if there is more.
 *
 * Where the GSI leads to one message that is kept here, ready to be sent, and
 * made anew when the routes change: the lock of the eventfd's queue guards it.
 *
 * vm->lock guards the list. The callback holds the lock of the eventfd's queue,
 * inside of which vm->lock cannot be taken: an eventfd that is closed is left
 * to a work. Whoever takes an irqfd from the list removes it from the queue;
 * after that the callback does not run.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "module/compat/compat.h"
#include "arch/x86/chips.h"

struct irqfd {
	struct nacre_vm *vm;
	struct list_head link;		/* vm->lock */
	u32 gsi;
	bool closed;			/* any; set once */
	struct eventfd_ctx *event;
	struct eventfd_ctx *resample;	/* or NULL: edges */
	struct nacre_ack ack;		/* with resample */
	struct nacre_message message;	/* queue->lock */
	wait_queue_head_t *queue;
	wait_queue_entry_t wait;
	poll_table poll;
};

static void raise(const struct irqfd *irqfd)
{
	enum nacre_line_source source = irqfd->resample ? NACRE_LINE_RESAMPLE :
							  NACRE_LINE_VMM;

	nacre_set_gsi(irqfd->vm, irqfd->gsi, source, true);
	if (source == NACRE_LINE_VMM)
		nacre_set_gsi(irqfd->vm, irqfd->gsi, source, false);
}

/* The lock of the eventfd's queue is held, interrupts are off. */
static int signalled(wait_queue_entry_t *wait, unsigned int mode, int sync,
		     void *key)
{
	struct irqfd *irqfd = container_of(wait, struct irqfd, wait);
	struct nacre_message *message = &irqfd->message;
	__poll_t events = key_to_poll(key);
	u64 count;

	if (events & EPOLLHUP) {
		WRITE_ONCE(irqfd->closed, true);
		schedule_work(&irqfd->vm->irqfds.reap);
	}
	if (!(events & EPOLLIN))
		return 0;
	eventfd_ctx_do_read(irqfd->event, &count);
	if (likely(message->valid))
		nacre_deliver_to(irqfd->vm, &message->irq, NULL, &message->to);
	else
		raise(irqfd);
	return 1;
}

static void acked(struct nacre_ack *ack)
{
	compat_eventfd_signal(container_of(ack, struct irqfd, ack)->resample);
}

static void release(struct irqfd *irqfd)
{
	if (!IS_ERR_OR_NULL(irqfd->resample))
		eventfd_ctx_put(irqfd->resample);
	if (!IS_ERR(irqfd->event))
		eventfd_ctx_put(irqfd->event);
	kfree(irqfd);
}

static void destroy(struct irqfd *irqfd)
{
	u64 count;

	lockdep_assert_held(&irqfd->vm->lock);
	list_del(&irqfd->link);
	eventfd_ctx_remove_wait_queue(irqfd->event, &irqfd->wait, &count);
	if (irqfd->resample)
		nacre_ack_remove(irqfd->vm, &irqfd->ack);
	release(irqfd);
}

static void reap(struct work_struct *work)
{
	struct nacre_vm *vm = container_of(work, struct nacre_vm, irqfds.reap);
	struct irqfd *irqfd, *next;

	mutex_lock(&vm->lock);
	list_for_each_entry_safe(irqfd, next, &vm->irqfds.list, link) {
		if (READ_ONCE(irqfd->closed))
			destroy(irqfd);
	}
	mutex_unlock(&vm->lock);
}

void nacre_irqfds_init(struct nacre_vm *vm)
{
	INIT_LIST_HEAD(&vm->irqfds.list);
	INIT_WORK(&vm->irqfds.reap, reap);
}

void nacre_irqfds_release(struct nacre_vm *vm)
{
	struct irqfd *irqfd, *next;

	mutex_lock(&vm->lock);
	list_for_each_entry_safe(irqfd, next, &vm->irqfds.list, link)
		destroy(irqfd);
	mutex_unlock(&vm->lock);
	cancel_work_sync(&vm->irqfds.reap);
}

static void queue_at(struct file *file, wait_queue_head_t *queue,
		     poll_table *poll)
{
	struct irqfd *irqfd = container_of(poll, struct irqfd, poll);

	irqfd->queue = queue;
	add_wait_queue_priority(queue, &irqfd->wait);
}

/* Nobody goes by the old routes when this returns. */
void nacre_irqfds_reroute(struct nacre_vm *vm)
{
	struct nacre_message message;
	struct irqfd *irqfd;

	lockdep_assert_held(&vm->lock);
	list_for_each_entry(irqfd, &vm->irqfds.list, link) {
		nacre_gsi_message(vm, irqfd->gsi, &message);
		spin_lock_irq(&irqfd->queue->lock);
		irqfd->message = message;
		spin_unlock_irq(&irqfd->queue->lock);
	}
}

/* What was signalled before is seen here, what comes later by the callback. */
static void watch(struct irqfd *irqfd, struct file *file)
{
	list_add(&irqfd->link, &irqfd->vm->irqfds.list);
	nacre_gsi_message(irqfd->vm, irqfd->gsi, &irqfd->message);
	if (irqfd->resample) {
		irqfd->ack.gsi = irqfd->gsi;
		irqfd->ack.acked = acked;
		nacre_ack_add(irqfd->vm, &irqfd->ack);
	}
	init_waitqueue_func_entry(&irqfd->wait, signalled);
	init_poll_funcptr(&irqfd->poll, queue_at);
	if (vfs_poll(file, &irqfd->poll) & EPOLLIN)
		raise(irqfd);
}

/* An eventfd raises one interrupt of a VM. */
static int get_events(struct irqfd *irqfd, struct file *file,
		      const struct nacre_irqfd *args)
{
	struct irqfd *other;

	irqfd->event = eventfd_ctx_fileget(file);
	if (IS_ERR(irqfd->event))
		return PTR_ERR(irqfd->event);
	if (args->flags & NACRE_IRQFD_FLAG_RESAMPLE)
		irqfd->resample = eventfd_ctx_fdget(args->resamplefd);
	if (IS_ERR(irqfd->resample))
		return PTR_ERR(irqfd->resample);
	list_for_each_entry(other, &irqfd->vm->irqfds.list, link) {
		if (other->event == irqfd->event)
			return -EBUSY;
	}
	return 0;
}

/* The file is held: it is not closed before the irqfd is whole. */
static long assign(struct nacre_vm *vm, struct file *file,
		   const struct nacre_irqfd *args)
{
	struct irqfd *irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	int err;

	if (!irqfd)
		return -ENOMEM;
	irqfd->vm = vm;
	irqfd->gsi = args->gsi;
	err = get_events(irqfd, file, args);
	if (err)
		release(irqfd);
	else
		watch(irqfd, file);
	return err;
}

/* That there is none is no error. */
static long deassign(struct nacre_vm *vm, const struct nacre_irqfd *args)
{
	struct eventfd_ctx *event = eventfd_ctx_fdget(args->fd);
	struct irqfd *irqfd, *next;

	if (IS_ERR(event))
		return PTR_ERR(event);
	list_for_each_entry_safe(irqfd, next, &vm->irqfds.list, link) {
		if (irqfd->event == event && irqfd->gsi == args->gsi)
			destroy(irqfd);
	}
	eventfd_ctx_put(event);
	return 0;
}

long nacre_irqfd(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	const struct nacre_irqfd *args = arg->data;
	struct file *file;
	long ret;

	if (args->flags & ~(NACRE_IRQFD_FLAG_DEASSIGN |
			    NACRE_IRQFD_FLAG_RESAMPLE))
		return -EINVAL;
	if (args->flags & NACRE_IRQFD_FLAG_DEASSIGN)
		return deassign(vm, args);
	if (!(args->flags & NACRE_IRQFD_FLAG_RESAMPLE ? nacre_has_chips(vm) :
							nacre_has_lapics(vm)))
		return -EINVAL;
	file = fget(args->fd);
	if (!file)
		return -EBADF;
	ret = assign(vm, file, args);
	fput(file);
	return ret;
}
