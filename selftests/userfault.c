// SPDX-License-Identifier: GPL-2.0
/* Guest memory that another thread brings when it is touched (userfaultfd). */
#include "test.h"
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/syscall.h>

#define GPA (1ull << 30)
#define PAGES 16
#define SIZE (PAGES * PAGE_SIZE)
#define SECONDS 20

guest_entry void sums(u64 base)
{
	u64 sum = 0;

	for (u64 i = 0; i < PAGES; i++)
		sum += *(volatile u64 *)(base + i * PAGE_SIZE);
	guest_sync(1, sum);
	for (u64 i = 0; i < PAGES; i++)
		*(volatile u64 *)(base + i * PAGE_SIZE) = i;
	guest_done();
}

FIXTURE(userfault) {
	struct vcpu *vcpu;
	char *memory;
	int fd;
};

FIXTURE_SETUP(userfault)
{
	struct uffdio_api api = { .api = UFFD_API };

	self->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (self->fd < 0)
		SKIP(return, "no userfaultfd: %s", strerror(errno));
	ASSERT_EQ(0, ioctl(self->fd, UFFDIO_API, &api));
	self->vcpu = vcpu_with_guest(GUEST_64, "sums");
	self->memory = vm_add_memory(self->vcpu->vm, 1, GPA, SIZE, 0);
	vcpu_args(self->vcpu, 1, GPA);
	struct uffdio_register all = {
		.range = { (ulong)self->memory, SIZE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	ASSERT_EQ(0, ioctl(self->fd, UFFDIO_REGISTER, &all));
}

FIXTURE_TEARDOWN(userfault)
{
	if (self->fd < 0)
		return;
	vm_free(self->vcpu->vm);
	close(self->fd);
}

/* Waits for somebody to miss a page; returns its address. */
static u64 next_fault(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg;

	CHECK(poll(&p, 1, SECONDS * slower() * 1000) == 1);
	CHECK(read(fd, &msg, sizeof(msg)) == sizeof(msg));
	CHECK(msg.event == UFFD_EVENT_PAGEFAULT);
	return msg.arg.pagefault.address & ~(PAGE_SIZE - 1);
}

/* Brings the page; in its first word stands @word. */
static void serve(int fd, u64 address, u64 word)
{
	static u64 page[512] __attribute__((aligned(4096)));
	struct uffdio_copy copy = {
		.dst = address,
		.src = (ulong)page,
		.len = PAGE_SIZE,
	};

	page[0] = word;
	CHECK(ioctl(fd, UFFDIO_COPY, &copy) == 0);
}

static void *run_thread(void *vcpu)
{
	run_to_sync(vcpu, 1);
	return NULL;
}

TEST_F(userfault, pages_come_when_touched)
{
	pthread_t thread = thread_start(run_thread, self->vcpu);

	for (u64 i = 0; i < PAGES; i++) {
		ASSERT_EQ((ulong)self->memory + i * PAGE_SIZE,
			  next_fault(self->fd));
		serve(self->fd, (ulong)self->memory + i * PAGE_SIZE, i + 1);
	}
	thread_join(thread, SECONDS);
	EXPECT_EQ(PAGES * (PAGES + 1) / 2, self->vcpu->uc.args[1]);
	run_to_done(self->vcpu);
	for (u64 i = 0; i < PAGES; i++)
		EXPECT_EQ(i, *(u64 *)(self->memory + i * PAGE_SIZE));
}

struct slots_thread {
	struct vm *vm;
	void *memory;
};

static void *change_slots(void *arg)
{
	struct slots_thread *t = arg;

	for (int i = 0; i < 5; i++) {
		CHECK(!raw_set_memory(t->vm, 2, 0, 2 * GPA, SIZE, t->memory));
		CHECK(!raw_set_memory(t->vm, 2, 0, 0, 0, NULL));
	}
	return NULL;
}

/* Whoever brings the page may have to change slots first. */
TEST_F(userfault, slots_change_while_a_vcpu_waits)
{
	struct slots_thread t = { self->vcpu->vm, map_anon(SIZE) };
	pthread_t vcpu, changer;

	if (!on_nacre())
		SKIP(return, "in-tree KVM waits for the vCPU");
	vcpu = thread_start(run_thread, self->vcpu);
	for (u64 i = 0; i < PAGES; i++) {
		u64 address = next_fault(self->fd);

		changer = thread_start(change_slots, &t);
		thread_join(changer, SECONDS);
		serve(self->fd, address, 1);
	}
	thread_join(vcpu, SECONDS);
	EXPECT_EQ(PAGES, self->vcpu->uc.args[1]);
}

/* The slot itself goes and comes back with other memory. */
TEST_F(userfault, the_slot_is_replaced_while_a_vcpu_waits)
{
	char *other = map_anon(SIZE);
	pthread_t vcpu;
	u64 address;

	if (!on_nacre())
		SKIP(return, "in-tree KVM waits for the vCPU");
	for (u64 i = 0; i < PAGES; i++)
		*(u64 *)(other + i * PAGE_SIZE) = 3;
	vcpu = thread_start(run_thread, self->vcpu);
	address = next_fault(self->fd);
	vm_del_memory(self->vcpu->vm, 1);
	vm_add_memory_at(self->vcpu->vm, 1, GPA, SIZE, 0, other);
	serve(self->fd, address, 1);
	thread_join(vcpu, SECONDS);
	EXPECT_EQ(3 * PAGES, self->vcpu->uc.args[1]);
}

TEST_HARNESS_MAIN
