// SPDX-License-Identifier: GPL-2.0
/*
 * Task work on the way into a guest: the kernel's one plain way to run it
 * outside the return to userspace. Where the call still takes a struct
 * kvm_vcpu, all it does with it is to note a signal in two fields; it gets
 * one to scribble in, and ours are set by the caller.
 */
#include <linux/entry-kvm.h>
#include <linux/kvm_host.h>

#include "module/compat/compat.h"

#ifdef NACRE_HAVE_GUEST_WORK_VOID
int compat_guest_work(void)
{
	return xfer_to_guest_mode_handle_work();
}
#else
static struct kvm_run scratch_run;
static struct kvm_vcpu scratch_vcpu = { .run = &scratch_run };

int compat_guest_work(void)
{
	return xfer_to_guest_mode_handle_work(&scratch_vcpu);
}
#endif
