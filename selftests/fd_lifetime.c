// SPDX-License-Identifier: GPL-2.0
/* Whose descriptors they are, and how long what is behind them lives. */
#include "test.h"
#include <sys/socket.h>

guest_entry void counts(void)
{
	for (u32 i = 0; i < 3; i++)
		guest_sync(i);
	guest_done();
}

FIXTURE(lifetime) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(lifetime)
{
	self->vcpu = vcpu_with_guest(GUEST_64, "counts");
}

FIXTURE_TEARDOWN(lifetime)
{
	vm_free(self->vcpu->vm);
}

/* The VM lives as long as any of its descriptors. */
TEST_F(lifetime, vcpu_outlives_vm_fd)
{
	struct vcpu *vcpu = self->vcpu;

	run_to_sync(vcpu, 0);
	close(vcpu->vm->fd);
	close(vcpu->vm->dev);
	run_to_sync(vcpu, 1);
	run_to_sync(vcpu, 2);
	run_to_done(vcpu);
}

/* The mapping holds the vCPU, without any descriptor. */
TEST_F(lifetime, mapping_outlives_fds)
{
	struct vcpu *vcpu = self->vcpu;

	run_to_sync(vcpu, 0);
	close(vcpu->fd);
	close(vcpu->vm->fd);
	EXPECT_EQ(NACRE_EXIT_IO, vcpu->run->exit_reason);
	vcpu->run->immediate_exit = 1;
	EXPECT_EQ(1, vcpu->run->immediate_exit);
}

TEST_F(lifetime, mapped_after_vm_fd_is_closed)
{
	struct vcpu *vcpu = self->vcpu;

	munmap(vcpu->run, vcpu->run_size);
	close(vcpu->vm->fd);
	vcpu->run = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, vcpu->fd, 0);
	ASSERT_NE(MAP_FAILED, vcpu->run);
	run_to_sync(vcpu, 0);
}

TEST_F(lifetime, duplicate_fd)
{
	struct vcpu *vcpu = self->vcpu;
	int copy = dup(vcpu->fd);

	ASSERT_LE(0, copy);
	close(vcpu->fd);
	vcpu->fd = copy;
	run_to_sync(vcpu, 0);
	run_to_sync(vcpu, 1);
}

static void *run_to_stage_0(void *vcpu)
{
	run_to_sync(vcpu, 0);
	return NULL;
}

TEST_F(lifetime, another_thread_may)
{
	thread_join(thread_start(run_to_stage_0, self->vcpu), 10);
	run_to_sync(self->vcpu, 1);
}

/* In a forked child: each ioctl of the VM and the vCPU is EIO. */
static int child_is_refused(struct vcpu *vcpu)
{
	struct nacre_regs regs;

	if (raw_run(vcpu) != -1 || errno != EIO)
		return 1;
	if (ioctl(vcpu->fd, NACRE_GET_REGS, &regs) != -1 || errno != EIO)
		return 2;
	if (ioctl(vcpu->vm->fd, NACRE_CREATE_VCPU, 5) != -1 || errno != EIO)
		return 3;
	if (raw_set_memory(vcpu->vm, 9, 0, 1 << 30, PAGE_SIZE,
			   map_anon(PAGE_SIZE)) != -1 || errno != EIO)
		return 4;
	if (ioctl(vcpu->vm->dev, NACRE_GET_API_VERSION, 0) != 12)
		return 5;
	return 0;
}

static int status_of(pid_t child)
{
	int status = 0;

	CHECK(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TEST_F(lifetime, forked_child_gets_eio)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child)
		_exit(child_is_refused(self->vcpu));
	EXPECT_EQ(0, status_of(child));
	run_to_sync(self->vcpu, 0);
}

/* Another mm that holds the last descriptors brings nothing down. */
TEST_F(lifetime, child_outlives_owner)
{
	int go[2];
	pid_t owner;
	char c;

	ASSERT_EQ(0, pipe(go));
	owner = fork();
	ASSERT_LE(0, owner);
	if (!owner) {
		struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "counts");
		pid_t heir, self_pid = getpid();

		run_to_sync(vcpu, 0);
		heir = fork();
		if (!heir) {
			while (getppid() == self_pid)
				pause_us(1000);
			c = child_is_refused(vcpu);
			_exit(write(go[1], &c, 1) != 1);
		}
		_exit(heir < 0);
	}
	ASSERT_EQ(0, status_of(owner));
	ASSERT_EQ(1, read(go[0], &c, 1));
	EXPECT_EQ(0, c);
}

static int send_fd(int socket, int fd)
{
	char c = 0, control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0);
}

static int receive_fd(int socket)
{
	char c, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	CHECK(recvmsg(socket, &msg, 0) == 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* A descriptor that arrives by a socket is as good as the first. */
TEST_F(lifetime, passed_through_a_socket)
{
	struct vcpu *vcpu = self->vcpu;
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(1, send_fd(pair[0], vcpu->fd));
	close(vcpu->fd);
	close(vcpu->vm->fd);
	vcpu->fd = receive_fd(pair[1]);
	run_to_sync(vcpu, 0);
	run_to_sync(vcpu, 1);
}

TEST_HARNESS_MAIN
