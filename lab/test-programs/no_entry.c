// SPDX-License-Identifier: GPL-2.0
/*
 * Run a guest whose task register is none that the processor lets in. Intel
 * SDM, Checks on Guest Segment Registers: a type of 3 or 11.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	struct kvm_run *run = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_SHARED, vcpu, 0);
	struct kvm_userspace_memory_region slot = { .memory_size = 4096 };
	struct kvm_sregs sregs;

	/* In-tree KVM runs none without memory. */
	slot.userspace_addr = (unsigned long)mmap(NULL, 4096, PROT_READ,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	slot.flags = KVM_MEM_READONLY;
	ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot);
	if (run == MAP_FAILED || ioctl(vcpu, KVM_GET_SREGS, &sregs)) {
		perror("no vCPU");
		return 1;
	}
	sregs.tr.type = 1;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_RUN, 0)) {
		perror("no run");
		return 1;
	}
	printf("failed entry: %d\n", run->exit_reason == KVM_EXIT_FAIL_ENTRY);
	return 0;
}
