/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every ioctl is one row: its number, what must hold, its handler. The
 * dispatcher copies, checks and locks, so a handler is only about its subject.
 */
#ifndef NACRE_IOCTL_H
#define NACRE_IOCTL_H

#include <linux/ioctl.h>
#include <linux/nospec.h>
#include <linux/types.h>

struct nacre_vm;
struct nacre_vcpu;

/*
 * The argument as a handler sees it. The number's own direction and size
 * (_IOC_DIR, _IOC_SIZE) say what is copied: a fixed struct in, zeroed before
 * the handler where it only goes out, and out again when the handler
 * succeeded. A counted argument is a header followed by header.count
 * elements; both are in @data.
 */
struct nacre_ioctl_arg {
	unsigned int cmd;	/* for a handler of several */
	unsigned long value;	/* the third argument of ioctl(2), as it came */
	void *data;		/* kernel copy of the fixed struct or header */
	u32 size;		/* of the fixed struct or header */
	void *tail;		/* counted: the elements */
	u32 count;		/* counted: how many; the handler may lower it */
	bool header_on_error;	/* copy the header out though the call failed */
};

#define NACRE_IOC_LOADED	BIT(0)	/* vCPU: loaded on this CPU */
#define NACRE_IOC_VM_LOCK	BIT(1)	/* vm->lock is taken */
#define NACRE_IOC_SRCU		BIT(2)	/* vCPU: in a read section of the slots */
#define NACRE_IOC_NO_ARG	BIT(3)	/* -EINVAL unless the value is 0 */
#define NACRE_IOC_USER_PTR	BIT(4)	/* handler copies by itself; says why */
#define NACRE_IOC_IN		BIT(5)	/* goes in, though the number says out */
#define NACRE_IOC_TAIL_OUT	BIT(6)	/* counted: the tail only goes out */
#define NACRE_IOC_SLOTS_LOCK	BIT(7)	/* vm->slots_lock is taken */

typedef long (*nacre_system_ioctl)(struct nacre_ioctl_arg *arg);
typedef long (*nacre_vm_ioctl)(struct nacre_vm *vm, struct nacre_ioctl_arg *arg);
typedef long (*nacre_vcpu_ioctl)(struct nacre_vcpu *vcpu,
				 struct nacre_ioctl_arg *arg);

struct nacre_ioctl {
	unsigned int cmd;
	u16 flags;		/* NACRE_IOC_* */
	u16 element;		/* counted: size of an element, else 0 */
	u32 max_count;		/* counted: more is -E2BIG, or cut for TAIL_OUT */
	union {
		nacre_system_ioctl system;
		nacre_vm_ioctl vm;
		nacre_vcpu_ioctl vcpu;
	};
};

/*
 * One number can stand for two ioctls of a descriptor which differ in their
 * direction only (0x67, 0xa3); so the direction is a part of the index.
 */
#define NACRE_IOCTL_INDEX(_cmd)	(_IOC_DIR(_cmd) << _IOC_NRBITS | _IOC_NR(_cmd))
#define NACRE_IOCTLS		1024

/* Row constructors: NACRE_VM_IOCTL(NACRE_SET_TSS_ADDR, set_tss_addr, flags) */
#define NACRE_IOCTL(_cmd, ...)						\
	[NACRE_IOCTL_INDEX(_cmd)] = &(const struct nacre_ioctl) {	\
		.cmd = (_cmd), __VA_ARGS__ },
#define NACRE_SYSTEM_IOCTL(_cmd, _fn, _flags, ...)			\
	NACRE_IOCTL(_cmd, .flags = (_flags), .system = (_fn), ##__VA_ARGS__)
#define NACRE_VM_IOCTL(_cmd, _fn, _flags, ...)				\
	NACRE_IOCTL(_cmd, .flags = (_flags), .vm = (_fn), ##__VA_ARGS__)
#define NACRE_VCPU_IOCTL(_cmd, _fn, _flags, ...)			\
	NACRE_IOCTL(_cmd, .flags = (_flags), .vcpu = (_fn), ##__VA_ARGS__)
/* As a row's last argument: a counted tail of at most _max elements. */
#define NACRE_COUNTED(_type, _max)					\
	.element = sizeof(_type), .max_count = (_max)

/* One descriptor's rows. */
typedef const struct nacre_ioctl *const nacre_ioctls[NACRE_IOCTLS];

static inline const struct nacre_ioctl *nacre_ioctl_find(nacre_ioctls rows,
							 unsigned int cmd)
{
	const struct nacre_ioctl *row =
		rows[array_index_nospec(NACRE_IOCTL_INDEX(cmd), NACRE_IOCTLS)];

	return row && row->cmd == cmd ? row : NULL;
}

/* One call of the device's, or @vm's, or @vcpu's whose mutex is held. */
long nacre_ioctl_do(const struct nacre_ioctl *row, unsigned long value,
		    struct nacre_vm *vm, struct nacre_vcpu *vcpu);

#endif /* NACRE_IOCTL_H */
