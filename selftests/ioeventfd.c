// SPDX-License-Identifier: GPL-2.0
/* NACRE_IOEVENTFD: a guest's write that signals an eventfd, and no exit. */
#include "test.h"
#include "lib/irq.h"

#define PORT 0x520
#define MMIO 0x20000000u
#define PIO NACRE_IOEVENTFD_FLAG_PIO
#define MATCH NACRE_IOEVENTFD_FLAG_DATAMATCH
#define DEASSIGN NACRE_IOEVENTFD_FLAG_DEASSIGN

guest_data volatile u8 source[64];

guest_entry void out8(u32 value)
{
	outb(PORT, value);
	guest_done();
}

guest_entry void out16(u32 value)
{
	outw(PORT, value);
	guest_done();
}

guest_entry void out32(u32 value)
{
	outl(PORT, value);
	guest_done();
}

guest_entry void in8(u32 value)
{
	inb(PORT);
	guest_done();
}

guest_entry void outs8(u32 n)
{
	guest_outsb(PORT, source, n);
	guest_done();
}

/* Each leaves nothing behind but the write. */
#define STORE(name, insn)						\
guest_entry void name(u64 value)					\
{									\
	u64 a = value, d = MMIO, flags, after;				\
									\
	asm volatile("pushf; pop %2\n\t" insn "\n\tpushf; pop %3"	\
		     : "+a"(a), "+d"(d), "=&r"(flags), "=&r"(after)	\
		     : : "memory");					\
	GUEST_ASSERT_EQ(value, a);					\
	GUEST_ASSERT_EQ(MMIO, d);					\
	GUEST_ASSERT_EQ(flags, after);					\
	guest_done();							\
}

STORE(store8, "movb %b0, (%1)")
STORE(store16, "movw %w0, (%1)")
STORE(store32, "movl %k0, (%1)")
STORE(store64, "movq %0, (%1)")

guest_entry void exchange(u64 value)
{
	u64 a = value;

	asm volatile("xchg %k0, (%1)" : "+a"(a) : "d"((u64)MMIO) : "memory");
	GUEST_ASSERT_EQ(0x77, a);
	guest_done();
}

guest_entry void stos(u32 n)
{
	u64 to = MMIO, count = n;

	asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0x33ul)
		     : "memory");
	GUEST_ASSERT_EQ(MMIO + n, to);
	GUEST_ASSERT_EQ(0, count);
	guest_done();
}

guest_entry void across(u64 value)
{
	asm volatile("movq %0, (%1)" : : "r"(value), "r"((u64)MMIO + 0xffc)
		     : "memory");
	guest_done();
}

guest_entry void load(u64 value)
{
	mmio_read32(MMIO);
	guest_done();
}

static int raw_ioeventfd(struct vm *vm, int fd, u64 addr, u32 len, u32 flags,
			 u64 match)
{
	struct nacre_ioeventfd args = {
		.fd = fd, .addr = addr, .len = len, .flags = flags,
		.datamatch = match,
	};

	return ioctl(vm->fd, NACRE_IOEVENTFD, &args);
}

TEST(capabilities)
{
	EXPECT_EQ(1, device_cap(NACRE_CAP_IOEVENTFD));
	EXPECT_EQ(1, device_cap(NACRE_CAP_IOEVENTFD_NO_LENGTH));
	EXPECT_EQ(1, device_cap(NACRE_CAP_IOEVENTFD_ANY_LENGTH));
}

FIXTURE(ioeventfd) {
	struct vm *vm;
	struct vcpu *vcpu;
	int fd, other;
};

FIXTURE_SETUP(ioeventfd)
{
	self->vm = vm_new();
	self->vcpu = vcpu_new(self->vm, 0);
	self->fd = event_new();
	self->other = event_new();
}

FIXTURE_TEARDOWN(ioeventfd)
{
	vm_free(self->vm);
	close(self->fd);
	close(self->other);
}

/* Does the guest's access get by without the VMM? */
static bool in_kernel(struct vcpu *vcpu, const char *name, u64 value)
{
	/* What the last guest left is finished before its registers go. */
	vcpu->run->immediate_exit = 1;
	raw_run(vcpu);
	vcpu->run->immediate_exit = 0;
	vcpu_setup(vcpu, GUEST_64, name);
	vcpu_args(vcpu, 1, value);
	run(vcpu);
	return decode_ucall(vcpu) == UCALL_DONE;
}

/* Taken, and told so often. */
#define EXPECT_TOLD(n, fd, name, value)					\
	do {								\
		EXPECT_TRUE(in_kernel(self->vcpu, name, value))		\
			TH_LOG("%s", exit_text(self->vcpu));		\
		EXPECT_EQ(n, event_count(fd));				\
	} while (0)

/* An exit, and nobody told. */
#define EXPECT_EXIT(reason, name, value)				\
	do {								\
		EXPECT_FALSE(in_kernel(self->vcpu, name, value));	\
		EXPECT_EQ(reason, self->vcpu->run->exit_reason);	\
		EXPECT_EQ(0, event_count(self->fd));			\
		EXPECT_EQ(0, event_count(self->other));			\
	} while (0)

TEST_F(ioeventfd, errors)
{
	struct vm *vm = self->vm;
	int file = open("/dev/null", O_RDWR);

	EXPECT_ERROR(EINVAL, raw_ioeventfd(vm, self->fd, PORT, 3, PIO, 0));
	EXPECT_ERROR(EINVAL, raw_ioeventfd(vm, self->fd, MMIO, 5, 0, 0));
	EXPECT_ERROR(EINVAL, raw_ioeventfd(vm, self->fd, MMIO, 16, 0, 0));
	EXPECT_ERROR(EINVAL, raw_ioeventfd(vm, self->fd, MMIO, -1, 0, 0));
	EXPECT_ERROR(EINVAL, raw_ioeventfd(vm, self->fd, -1ull, 1, 0, 0));
	EXPECT_ERROR(EINVAL, raw_ioeventfd(vm, self->fd, -4ull, 8, 0, 0));
	EXPECT_ERROR(EINVAL, raw_ioeventfd(vm, self->fd, MMIO, 0, MATCH, 0));
	EXPECT_ERROR(EINVAL, raw_ioeventfd(vm, self->fd, PORT, 0, MATCH | PIO,
					   0));
	for (u32 flag = 1 << 5; flag; flag <<= 1)
		EXPECT_ERROR(EINVAL, raw_ioeventfd(vm, self->fd, MMIO, 4, flag,
						   0));
	EXPECT_ERROR(EBADF, raw_ioeventfd(vm, -1, MMIO, 4, 0, 0));
	EXPECT_ERROR(EINVAL, raw_ioeventfd(vm, file, MMIO, 4, 0, 0));
	EXPECT_ERROR(EBADF, raw_ioeventfd(vm, -1, MMIO, 4, DEASSIGN, 0));
	EXPECT_ERROR(ENOENT, raw_ioeventfd(vm, self->fd, MMIO, 4, DEASSIGN,
					   0));
	/* What is undone is not looked at beyond that. */
	EXPECT_ERROR(ENOENT, raw_ioeventfd(vm, self->fd, MMIO, 3,
					   DEASSIGN | 1 << 20, 0));
	EXPECT_ERROR(EFAULT, ioctl(vm->fd, NACRE_IOEVENTFD, NULL));
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store32", 0);
	close(file);
}

/* Other processors' kind of bus is there, and nothing is ever written to it. */
TEST_F(ioeventfd, other_bus)
{
	u32 ccw = NACRE_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY;

	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, MMIO, 4, ccw, 0));
	EXPECT_ERROR(EEXIST, raw_ioeventfd(self->vm, self->fd, MMIO, 4, ccw,
					   0));
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store32", 0);
	EXPECT_EQ(0, raw_ioeventfd(self->vm, self->fd, MMIO, 4,
				   ccw | DEASSIGN, 0));
}

TEST_F(ioeventfd, overlaps)
{
	struct vm *vm = self->vm;

	ASSERT_EQ(0, raw_ioeventfd(vm, self->fd, MMIO, 4, MATCH, 1));
	EXPECT_EQ(0, raw_ioeventfd(vm, self->fd, MMIO, 4, MATCH, 2));
	EXPECT_EQ(0, raw_ioeventfd(vm, self->other, MMIO, 2, 0, 0));
	EXPECT_EQ(0, raw_ioeventfd(vm, self->other, MMIO + 2, 4, 0, 0));
	EXPECT_EQ(0, raw_ioeventfd(vm, self->other, MMIO, 4, PIO, 0));
	EXPECT_ERROR(EEXIST, raw_ioeventfd(vm, self->other, MMIO, 4, MATCH,
					   1));
	EXPECT_ERROR(EEXIST, raw_ioeventfd(vm, self->other, MMIO, 4, 0, 0));
	EXPECT_ERROR(EEXIST, raw_ioeventfd(vm, self->other, MMIO, 2, MATCH,
					   7));
	EXPECT_ERROR(EEXIST, raw_ioeventfd(vm, self->other, MMIO, 0, 0, 0));
	EXPECT_EQ(0, raw_ioeventfd(vm, self->other, MMIO + 8, 0, 0, 0));
	EXPECT_ERROR(EEXIST, raw_ioeventfd(vm, self->other, MMIO + 8, 8, 0,
					   0));
	/* It goes only by all that it came with. */
	EXPECT_ERROR(ENOENT, raw_ioeventfd(vm, self->fd, MMIO, 4, DEASSIGN,
					   1));
	EXPECT_ERROR(ENOENT, raw_ioeventfd(vm, self->fd, MMIO, 4,
					   DEASSIGN | MATCH, 3));
	EXPECT_ERROR(ENOENT, raw_ioeventfd(vm, self->fd, MMIO, 2,
					   DEASSIGN | MATCH, 1));
	EXPECT_ERROR(ENOENT, raw_ioeventfd(vm, self->other, MMIO, 4,
					   DEASSIGN | MATCH, 1));
	EXPECT_ERROR(ENOENT, raw_ioeventfd(vm, self->fd, MMIO, 4,
					   DEASSIGN | MATCH | PIO, 1));
	EXPECT_EQ(0, raw_ioeventfd(vm, self->fd, MMIO, 4, DEASSIGN | MATCH,
				   1));
	EXPECT_ERROR(ENOENT, raw_ioeventfd(vm, self->fd, MMIO, 4,
					   DEASSIGN | MATCH, 1));
	EXPECT_EQ(0, raw_ioeventfd(vm, self->other, MMIO, 4, MATCH, 1));
}

TEST_F(ioeventfd, ports)
{
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, PORT, 2, PIO, 0));
	EXPECT_TOLD(1, self->fd, "out16", 0x1234);
	EXPECT_EXIT(NACRE_EXIT_IO, "out8", 1);
	EXPECT_EXIT(NACRE_EXIT_IO, "out32", 1);
	EXPECT_EXIT(NACRE_EXIT_IO, "in8", 0);
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, PORT, 2,
				   PIO | DEASSIGN, 0));
	EXPECT_EXIT(NACRE_EXIT_IO, "out16", 1);
}

TEST_F(ioeventfd, port_of_any_length)
{
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, PORT, 0, PIO, 0));
	EXPECT_TOLD(1, self->fd, "out8", 1);
	EXPECT_TOLD(1, self->fd, "out16", 2);
	EXPECT_TOLD(1, self->fd, "out32", 3);
	EXPECT_EXIT(NACRE_EXIT_IO, "in8", 0);
}

TEST_F(ioeventfd, port_values)
{
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, PORT, 1, PIO | MATCH,
				   0x5a));
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->other, PORT, 1,
				   PIO | MATCH, 0xa5));
	EXPECT_TOLD(1, self->fd, "out8", 0x5a);
	EXPECT_EQ(0, event_count(self->other));
	EXPECT_TOLD(1, self->other, "out8", 0xa5);
	EXPECT_EQ(0, event_count(self->fd));
	EXPECT_EXIT(NACRE_EXIT_IO, "out8", 0x5b);
}

/* A value that is wider than the write cannot be written. */
TEST_F(ioeventfd, wide_value)
{
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, PORT, 1, PIO | MATCH,
				   0x15a));
	EXPECT_EXIT(NACRE_EXIT_IO, "out8", 0x5a);
}

TEST_F(ioeventfd, string)
{
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, PORT, 1, PIO, 0));
	EXPECT_TOLD(50, self->fd, "outs8", 50);
}

TEST_F(ioeventfd, memory)
{
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, MMIO, 4, 0, 0));
	EXPECT_TOLD(1, self->fd, "store32", 0x12345678);
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store8", 1);
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store16", 1);
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store64", 1);
	EXPECT_EXIT(NACRE_EXIT_MMIO, "load", 0);
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->other, MMIO, 8, 0, 0));
	EXPECT_TOLD(1, self->other, "store64", -2ull);
	EXPECT_EQ(0, event_count(self->fd));
}

TEST_F(ioeventfd, memory_values)
{
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, MMIO, 8, MATCH,
				   0x123456789abcdef0));
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->other, MMIO, 2, MATCH, 7));
	EXPECT_TOLD(1, self->fd, "store64", 0x123456789abcdef0);
	EXPECT_TOLD(1, self->other, "store16", 7);
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store64", 0x123456789abcdef1);
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store64", 0x023456789abcdef0);
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store16", 8);
}

TEST_F(ioeventfd, memory_of_any_length)
{
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, MMIO, 0, 0, 0));
	EXPECT_TOLD(1, self->fd, "store8", 1);
	EXPECT_TOLD(1, self->fd, "store16", 2);
	EXPECT_TOLD(1, self->fd, "store32", 3);
	EXPECT_TOLD(1, self->fd, "store64", 4);
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, MMIO, 0, DEASSIGN, 0));
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store32", 1);
}

TEST_F(ioeventfd, load_at_any_length)
{
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, MMIO, 0, 0, 0));
	/* Behind a store the place is known. */
	EXPECT_TOLD(1, self->fd, "store32", 3);
	EXPECT_EXIT(NACRE_EXIT_MMIO, "load", 0);
	EXPECT_EQ(0, event_count(self->fd));
}

/*
 * What an instruction does besides is done. In-tree KVM on Intel skips it whole
 * for a write to one of any length, so here it has a length.
 */
TEST_F(ioeventfd, more_than_a_store)
{
	struct nacre_run *run = self->vcpu->run;

	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, MMIO, 4, 0, 0));
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->other, MMIO + 1, 1, 0, 0));
	EXPECT_FALSE(in_kernel(self->vcpu, "exchange", 1));
	ASSERT_EQ(NACRE_EXIT_MMIO, run->exit_reason);
	ASSERT_EQ(0, run->mmio.is_write);
	*(u32 *)run->mmio.data = 0x77;
	run_to_done(self->vcpu);
	EXPECT_EQ(1, event_count(self->fd));
	/* Byte 0 and 2 are exits, byte 1 is none. */
	EXPECT_FALSE(in_kernel(self->vcpu, "stos", 3));
	EXPECT_EQ(MMIO, run->mmio.phys_addr);
	run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
	EXPECT_EQ(MMIO + 2, run->mmio.phys_addr);
	EXPECT_EQ(1, event_count(self->other));
	run_to_done(self->vcpu);
}

/* Each page's part of a write is one of its own. */
TEST_F(ioeventfd, two_pages)
{
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->fd, MMIO + 0xffc, 4, 0, 0));
	ASSERT_EQ(0, raw_ioeventfd(self->vm, self->other, MMIO + 0x1000, 0, 0,
				   0));
	EXPECT_TOLD(1, self->fd, "across", 5);
	EXPECT_EQ(1, event_count(self->other));
}

/* Many, in no order; each is found, and the gaps between are not. */
TEST_F(ioeventfd, many)
{
	for (u32 i = 0; i < 400; i++) {
		u32 at = i * 7919 % 400;

		ASSERT_EQ(0, raw_ioeventfd(self->vm, self->other,
					   MMIO - 1600 + 8 * at, at & 1 ? 4 : 2,
					   MATCH, at));
	}
	EXPECT_TOLD(1, self->other, "store16", 200);
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store16", 201);
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store32", 200);
	for (u32 at = 0; at < 400; at += 2)
		ASSERT_EQ(0, raw_ioeventfd(self->vm, self->other,
					   MMIO - 1600 + 8 * at, 2,
					   MATCH | DEASSIGN, at));
	EXPECT_EXIT(NACRE_EXIT_MMIO, "store16", 200);
}

/* The eventfd is the VM's as long as it is tied. */
TEST_F(ioeventfd, closed)
{
	int fd = event_new(), kept = dup(fd);

	ASSERT_EQ(0, raw_ioeventfd(self->vm, fd, MMIO, 4, 0, 0));
	close(fd);
	EXPECT_TOLD(1, kept, "store32", 1);
	close(kept);
	EXPECT_TRUE(in_kernel(self->vcpu, "store32", 1));
}

/* From one guest's write to its own interrupt, all in the kernel. */
TEST_F(ioeventfd, to_irqfd)
{
	struct vm *vm = vm_new_irqchip();
	struct vcpu *vcpu = vcpu_new(vm, 0);
	struct nacre_irqfd irqfd = { .fd = self->fd, .gsi = 20 };

	lapic_on(vcpu);
	set_redirection(vm, 20, 0x55);
	ASSERT_EQ(0, ioctl(vm->fd, NACRE_IRQFD, &irqfd));
	ASSERT_EQ(0, raw_ioeventfd(vm, self->fd, PORT, 0, PIO, 0));
	EXPECT_TRUE(in_kernel(vcpu, "out8", 1));
	wait_for(lapic_bit(vcpu, APIC_IRR, 0x55), 20);
	vm_free(vm);
}

static volatile bool enough;

static void *changes(void *arg)
{
	struct vm *vm = arg;
	int fd = event_new();

	while (!enough) {
		CHECK(raw_ioeventfd(vm, fd, PORT, 1, PIO, 0) == 0);
		CHECK(raw_ioeventfd(vm, fd, PORT, 1, PIO | DEASSIGN, 0) == 0);
	}
	close(fd);
	return NULL;
}

guest_entry void writes(u32 n)
{
	for (u32 i = 0; i < n; i++)
		outb(PORT, i);
	guest_done();
}

/* The bus changes while the guest writes: each write ends one way or other. */
TEST_F(ioeventfd, under_fire)
{
	pthread_t thread = thread_start(changes, self->vm);
	int exits = 0;

	vcpu_setup(self->vcpu, GUEST_64, "writes");
	vcpu_args(self->vcpu, 1, 2000ul);
	for (;;) {
		run(self->vcpu);
		if (decode_ucall(self->vcpu) == UCALL_DONE)
			break;
		ASSERT_EQ(NACRE_EXIT_IO, self->vcpu->run->exit_reason);
		exits++;
	}
	EXPECT_LE(exits, 2000);
	enough = true;
	thread_join(thread, 20);
}

TEST_HARNESS_MAIN
