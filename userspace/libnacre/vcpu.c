// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

static int set_up(struct nacre_vcpu *vcpu, struct nacre_error *error)
{
	void *state;

	vcpu->fd = ioctl(vcpu->vm->fd, NACRE_CREATE_VCPU, vcpu->id);
	if (vcpu->fd < 0)
		return nacre_fail_errno(error, "NACRE_CREATE_VCPU %u",
					vcpu->id);
	state = mmap(NULL, vcpu->bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		     vcpu->fd, 0);
	if (state == MAP_FAILED)
		return nacre_fail_errno(error, "the shared pages of vCPU %u",
					vcpu->id);
	vcpu->state = state;
	return 0;
}

int nacre_vcpu_create(struct nacre_vm *vm, unsigned int id,
		      struct nacre_vcpu **result, struct nacre_error *error)
{
	struct nacre_vcpu *vcpu = calloc(1, sizeof(*vcpu));
	int err;

	*result = NULL;
	if (!vcpu)
		return nacre_fail_errno(error, "vCPU %u", id);
	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->fd = -1;
	vcpu->bytes = vm->vcpu_bytes;
	err = nacre_kick_prepare(error);
	if (!err)
		err = set_up(vcpu, error);
	if (err) {
		nacre_vcpu_destroy(vcpu);
		return err;
	}
	*result = vcpu;
	return 0;
}

void nacre_vcpu_destroy(struct nacre_vcpu *vcpu)
{
	if (!vcpu)
		return;
	if (vcpu->state)
		munmap(vcpu->state, vcpu->bytes);
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	free(vcpu);
}

int nacre_vcpu_fd(const struct nacre_vcpu *vcpu)
{
	return vcpu->fd;
}

unsigned int nacre_vcpu_id(const struct nacre_vcpu *vcpu)
{
	return vcpu->id;
}

const struct nacre_run *nacre_vcpu_state(const struct nacre_vcpu *vcpu)
{
	return vcpu->state;
}

int nacre_vcpu_get_regs(struct nacre_vcpu *vcpu, struct nacre_regs *regs,
			struct nacre_error *error)
{
	return ioctl(vcpu->fd, NACRE_GET_REGS, regs) ?
	       nacre_fail_errno(error, "NACRE_GET_REGS") : 0;
}

int nacre_vcpu_set_regs(struct nacre_vcpu *vcpu, const struct nacre_regs *regs,
			struct nacre_error *error)
{
	return ioctl(vcpu->fd, NACRE_SET_REGS, regs) ?
	       nacre_fail_errno(error, "NACRE_SET_REGS") : 0;
}

int nacre_vcpu_get_sregs(struct nacre_vcpu *vcpu, struct nacre_sregs *sregs,
			 struct nacre_error *error)
{
	return ioctl(vcpu->fd, NACRE_GET_SREGS, sregs) ?
	       nacre_fail_errno(error, "NACRE_GET_SREGS") : 0;
}

int nacre_vcpu_set_sregs(struct nacre_vcpu *vcpu,
			 const struct nacre_sregs *sregs,
			 struct nacre_error *error)
{
	return ioctl(vcpu->fd, NACRE_SET_SREGS, sregs) ?
	       nacre_fail_errno(error, "NACRE_SET_SREGS") : 0;
}
