// SPDX-License-Identifier: GPL-2.0
/*
 * second_kernel now|crash KERNEL INITRD LINE - leave the machine to another kernel
 *
 * now: by kexec. crash: by a crash of this one, on CPU 0. As the other's first
 * program it says in the kernel's log how many processors came up, and switches
 * the machine off.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int opened(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void say(const char *path, const char *text)
{
	int fd = opened(path, O_WRONLY);

	if (write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

static int be_init(void)
{
	char line[64];

	mkdir("/dev", 0755);
	mkdir("/sys", 0755);
	mount("none", "/dev", "devtmpfs", 0, NULL);
	mount("none", "/sys", "sysfs", 0, NULL);
	snprintf(line, sizeof(line), "<1>second kernel: %ld processors\n",
		 sysconf(_SC_NPROCESSORS_ONLN));
	say("/dev/kmsg", line);
	sleep(1);
	reboot(RB_POWER_OFF);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned long flags = 0;
	cpu_set_t first;

	if (getpid() == 1)
		return be_init();
	if (argc != 5)
		errx(2, "usage: second_kernel now|crash KERNEL INITRD LINE");
	if (!strcmp(argv[1], "crash"))
		flags = KEXEC_FILE_ON_CRASH;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first))
		err(1, "CPU 0");
	if (syscall(SYS_kexec_file_load, opened(argv[2], O_RDONLY),
		    opened(argv[3], O_RDONLY), strlen(argv[4]) + 1, argv[4],
		    flags))
		err(1, "kexec_file_load");
	if (flags)
		say("/proc/sysrq-trigger", "c");
	else
		reboot(LINUX_REBOOT_CMD_KEXEC);
	err(1, "still here");
}
