// SPDX-License-Identifier: GPL-2.0
/*
 * NACRE_GET_STATS_FD: counters as a file that describes itself. In this order:
 * the header, a name, a descriptor for each counter, the counters as they are.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include "module/ioctl.h"
#include "module/stats.h"
#include "module/vcpu.h"
#include "module/vm.h"

#define NAME_SIZE	48

/* struct nacre_stats_desc, of which there is no array for its tail. */
struct described {
	u32 flags;
	s16 exponent;
	u16 size;
	u32 offset;
	u32 bucket_size;
	char name[NAME_SIZE];
};
static_assert(offsetof(struct described, name) ==
	      offsetof(struct nacre_stats_desc, name));

#define COUNT	(NACRE_STATS_TYPE_CUMULATIVE | NACRE_STATS_UNIT_NONE)
#define NOW	(NACRE_STATS_TYPE_INSTANT | NACRE_STATS_UNIT_NONE)
#define FLAG	(NACRE_STATS_TYPE_INSTANT | NACRE_STATS_UNIT_BOOLEAN)
#define NS	(NACRE_STATS_TYPE_CUMULATIVE | NACRE_STATS_UNIT_SECONDS)
#define HIST	(NACRE_STATS_TYPE_LOG_HIST | NACRE_STATS_UNIT_SECONDS)

#define DESCRIBE(_set, _name, _kind)					\
	{								\
		.flags = (_kind) | NACRE_STATS_BASE_POW10,		\
		.exponent = (_kind) & NACRE_STATS_UNIT_SECONDS ? -9 : 0,\
		.size = sizeof_field(struct _set, _name) / sizeof(u64),	\
		.offset = offsetof(struct _set, _name),			\
		.name = #_name,						\
	},

#define DESCRIBE_VM(name, kind)		DESCRIBE(nacre_vm_stats, name, kind)
#define DESCRIBE_VCPU(name, kind)	DESCRIBE(nacre_vcpu_stats, name, kind)

static const struct described vm_stats[] = { NACRE_VM_STATS(DESCRIBE_VM) };
static const struct described vcpu_stats[] = {
	NACRE_VCPU_STATS(DESCRIBE_VCPU)
};

struct stats_file {
	struct nacre_vm *vm;	/* a user of it: what data is in stays */
	const struct described *described;
	const void *data;
	size_t size;		/* of the data */
	struct {
		struct nacre_stats_header header;
		char id[NAME_SIZE];
	} head;
};

/* What of a part at @start of the file the reader has come to. */
static bool read_part(char __user **to, size_t *left, loff_t *pos, loff_t start,
		      const void *part, size_t size)
{
	size_t skip = *pos - start, n;

	if (*pos >= start + size)
		return true;
	n = min(*left, size - skip);
	if (copy_to_user(*to, part + skip, n))
		return false;
	*to += n;
	*left -= n;
	*pos += n;
	return true;
}

static ssize_t stats_read(struct file *file, char __user *to, size_t size,
			  loff_t *pos)
{
	const struct stats_file *f = file->private_data;
	const struct nacre_stats_header *header = &f->head.header;
	loff_t at = *pos;
	size_t left = size;

	if (at < 0)
		return -EINVAL;
	if (!read_part(&to, &left, &at, 0, &f->head, header->desc_offset) ||
	    !read_part(&to, &left, &at, header->desc_offset, f->described,
		       header->data_offset - header->desc_offset) ||
	    !read_part(&to, &left, &at, header->data_offset, f->data, f->size))
		return -EFAULT;
	*pos = at;
	return size - left;
}

static int stats_release(struct inode *inode, struct file *file)
{
	struct stats_file *f = file->private_data;

	nacre_vm_put(f->vm);
	kfree(f);
	return 0;
}

static const struct file_operations stats_fops = {
	.owner = THIS_MODULE,
	.release = stats_release,
	.read = stats_read,
	.llseek = noop_llseek,
};

/* As a file that can be read at any place. */
static struct file *open_stats(struct stats_file *f)
{
	struct file *file;

	file = anon_inode_getfile("nacre-stats", &stats_fops, f, O_RDONLY);
	if (!IS_ERR(file))
		file->f_mode |= FMODE_PREAD;
	return file;
}

static long publish(struct stats_file *f)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;

	if (fd < 0)
		return fd;
	file = open_stats(f);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	refcount_inc(&f->vm->users);
	fd_install(fd, file);
	return fd;
}

static long make_file(struct nacre_vm *vm, const struct described *described,
		      unsigned int count, const void *data, size_t size,
		      const struct nacre_vcpu *vcpu)
{
	struct stats_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	struct nacre_stats_header *header;
	long fd;

	if (!f)
		return -ENOMEM;
	f->vm = vm;
	f->described = described;
	f->data = data;
	f->size = size;
	header = &f->head.header;
	header->name_size = NAME_SIZE;
	header->num_desc = count;
	header->id_offset = sizeof(*header);
	header->desc_offset = sizeof(f->head);
	header->data_offset = sizeof(f->head) + count * sizeof(*described);
	if (vcpu)
		scnprintf(f->head.id, NAME_SIZE, "kvm-%d/vcpu-%u", vm->creator,
			  vcpu->id);
	else
		scnprintf(f->head.id, NAME_SIZE, "kvm-%d", vm->creator);
	fd = publish(f);
	if (fd < 0)
		kfree(f);
	return fd;
}

long nacre_vm_get_stats(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	return make_file(vm, vm_stats, ARRAY_SIZE(vm_stats), &vm->stats,
			 sizeof(vm->stats), NULL);
}

long nacre_vcpu_get_stats(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	return make_file(vcpu->vm, vcpu_stats, ARRAY_SIZE(vcpu_stats),
			 &vcpu->stats, sizeof(vcpu->stats), vcpu);
}
