// SPDX-License-Identifier: GPL-2.0
/*
 * The smallest of all VMMs: one page of memory, one vCPU in real mode, a guest
 * that prints a line through a serial port and halts. Prints every exit.
 * By itself, without the library, it shows how the interface is used.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <nacre.h>

#define PAGE 4096
#define GUEST_ADDRESS 0x1000
#define SERIAL_PORT 0x3f8
#define TEXT "Hello from a real-mode guest.\n"

/* mov $text, %si; next: lodsb; test %al, %al; jz end; out; jmp next; end: hlt */
static const unsigned char program[] = {
	0xbe, 0x11, 0x10,
	0xba, 0xf8, 0x03,
	0xac,
	0x84, 0xc0,
	0x74, 0x03,
	0xee,
	0xeb, 0xf8,
	0xf4,
	0x90, 0x90,
};

/* Returns false when the guest is through. */
static int handle_exit(struct nacre_run *run, char *line, unsigned int *length)
{
	char c;

	switch (run->exit_reason) {
	case NACRE_EXIT_IO:
		c = ((char *)run)[run->io.data_offset];
		if (run->io.port != SERIAL_PORT)
			errx(1, "port %#x", run->io.port);
		if (c < ' ')
			printf("exit  IO    out %#x, 1 byte: %#x\n",
			       run->io.port, c);
		else
			printf("exit  IO    out %#x, 1 byte: '%c'\n",
			       run->io.port, c);
		if (*length < sizeof(TEXT))
			line[(*length)++] = c;
		return 1;
	case NACRE_EXIT_HLT:
		printf("exit  HLT\n");
		return 0;
	default:
		errx(1, "exit %u", run->exit_reason);
	}
}

static void start_in_real_mode(int vcpu)
{
	struct nacre_regs regs = { .rip = GUEST_ADDRESS, .rflags = 2 };
	struct nacre_sregs sregs;

	if (ioctl(vcpu, NACRE_GET_SREGS, &sregs))
		err(1, "NACRE_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(vcpu, NACRE_SET_SREGS, &sregs))
		err(1, "NACRE_SET_SREGS");
	if (ioctl(vcpu, NACRE_SET_REGS, &regs))
		err(1, "NACRE_SET_REGS");
}

static int make_vm(int dev)
{
	int vm = ioctl(dev, NACRE_CREATE_VM, 0);
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct nacre_userspace_memory_region memory = {
		.guest_phys_addr = GUEST_ADDRESS,
		.memory_size = PAGE,
		.userspace_addr = (unsigned long)page,
	};

	if (vm < 0)
		err(1, "NACRE_CREATE_VM");
	if (page == MAP_FAILED)
		err(1, "mmap");
	memcpy(page, program, sizeof(program));
	memcpy(page + sizeof(program), TEXT, sizeof(TEXT));
	if (ioctl(vm, NACRE_SET_USER_MEMORY_REGION, &memory))
		err(1, "NACRE_SET_USER_MEMORY_REGION");
	return vm;
}

static const char *device(void)
{
	const char *path = getenv("NACRE_DEV");

	if (path && *path)
		return path;
	return access("/dev/nacre", F_OK) ? "/dev/kvm" : "/dev/nacre";
}

int main(void)
{
	char line[sizeof(TEXT)] = "";
	unsigned int length = 0;
	struct nacre_run *run;
	int dev, vcpu;
	size_t size;

	dev = open(device(), O_RDWR | O_CLOEXEC);
	if (dev < 0)
		err(1, "%s", device());
	printf("%s    ABI version %d\n", device(),
	       ioctl(dev, NACRE_GET_API_VERSION, 0));
	vcpu = ioctl(make_vm(dev), NACRE_CREATE_VCPU, 0);
	if (vcpu < 0)
		err(1, "NACRE_CREATE_VCPU");
	size = ioctl(dev, NACRE_GET_VCPU_MMAP_SIZE, 0);
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		err(1, "mmap of the vCPU");
	start_in_real_mode(vcpu);
	do {
		if (ioctl(vcpu, NACRE_RUN, 0))
			err(1, "NACRE_RUN");
	} while (handle_exit(run, line, &length));
	printf("guest said: %s", line);
	return strcmp(line, TEXT) != 0;
}
