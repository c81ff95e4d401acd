// SPDX-License-Identifier: GPL-2.0
/* Writes that are collected in the ring of the shared pages. */
#include "test.h"
#include "lib/irq.h"

#define PORT 0x520
#define MMIO 0x20000000u
#define ZONE 0x1000u
#define MAX NACRE_COALESCED_MMIO_MAX

guest_entry void stores(u32 n)
{
	for (u32 i = 0; i < n; i++)
		mmio_write32(MMIO + 4 * i, 0x1000 + i);
	guest_done();
}

guest_entry void sizes(void)
{
	*(volatile u8 *)(ulong)(MMIO + 1) = 0x11;
	*(volatile u16 *)(ulong)(MMIO + 2) = 0x2222;
	*(volatile u64 *)(ulong)(MMIO + 8) = 0x8877665544332211;
	guest_done();
}

guest_entry void edges(void)
{
	mmio_write32(MMIO - 4, 1);
	mmio_write32(MMIO - 2, 2);
	mmio_write32(MMIO + ZONE - 4, 3);
	mmio_write32(MMIO + ZONE - 2, 4);
	mmio_write32(MMIO + ZONE, 5);
	mmio_read32(MMIO);
	guest_done();
}

guest_entry void outs(u32 n)
{
	for (u32 i = 0; i < n; i++)
		outl(PORT, 0x2000 + i);
	guest_done();
}

guest_data volatile u8 source[256];

guest_entry void rep_outs(u32 n)
{
	guest_outsb(PORT, source, n);
	guest_done();
}

static int raw_zone(struct vm *vm, u64 addr, u32 size, u32 pio)
{
	struct nacre_coalesced_mmio_zone zone = {
		.addr = addr, .size = size, .pio = pio,
	};

	return ioctl(vm->fd, NACRE_REGISTER_COALESCED_MMIO, &zone);
}

static int raw_unzone(struct vm *vm, u64 addr, u32 size, u32 pio)
{
	struct nacre_coalesced_mmio_zone zone = {
		.addr = addr, .size = size, .pio = pio,
	};

	return ioctl(vm->fd, NACRE_UNREGISTER_COALESCED_MMIO, &zone);
}

TEST(capabilities)
{
	int fd = device_open();

	EXPECT_EQ(NACRE_COALESCED_MMIO_PAGE_OFFSET,
		  device_cap(NACRE_CAP_COALESCED_MMIO));
	EXPECT_EQ(1, device_cap(NACRE_CAP_COALESCED_PIO));
	EXPECT_LT(NACRE_COALESCED_MMIO_PAGE_OFFSET * PAGE_SIZE,
		  ioctl(fd, NACRE_GET_VCPU_MMAP_SIZE, 0));
	close(fd);
}

FIXTURE(coalesced) {
	struct vm *vm;
	struct vcpu *vcpu;
	volatile struct nacre_coalesced_mmio_ring *ring;
};

static volatile struct nacre_coalesced_mmio_ring *ring_of(struct vcpu *vcpu)
{
	return (void *)vcpu->run + NACRE_COALESCED_MMIO_PAGE_OFFSET * PAGE_SIZE;
}

FIXTURE_SETUP(coalesced)
{
	self->vm = vm_new();
	self->vcpu = vcpu_new(self->vm, 0);
	self->ring = ring_of(self->vcpu);
}

FIXTURE_TEARDOWN(coalesced)
{
	vm_free(self->vm);
}

static void start(struct vcpu *vcpu, const char *name, u64 n)
{
	vcpu_setup(vcpu, GUEST_64, name);
	vcpu_args(vcpu, 1, n);
}

#define EXPECT_ENTRY(i, addr, size, is_pio, value)			\
	do {								\
		struct nacre_coalesced_mmio _e =			\
			self->ring->coalesced_mmio[i];			\
		u64 _v = 0;						\
									\
		memcpy(&_v, _e.data, size);				\
		EXPECT_EQ(addr, _e.phys_addr);				\
		EXPECT_EQ(size, _e.len);				\
		EXPECT_EQ(is_pio, _e.pio);				\
		EXPECT_EQ(value, _v);					\
	} while (0)

TEST_F(coalesced, collects)
{
	ASSERT_EQ(0, raw_zone(self->vm, MMIO, ZONE, 0));
	start(self->vcpu, "stores", 20);
	run_to_done(self->vcpu);
	EXPECT_EQ(0, self->ring->first);
	ASSERT_EQ(20, self->ring->last);
	for (u32 i = 0; i < 20; i++)
		EXPECT_ENTRY(i, MMIO + 4 * i, 4, 0, 0x1000 + i);
}

TEST_F(coalesced, sizes)
{
	ASSERT_EQ(0, raw_zone(self->vm, MMIO, ZONE, 0));
	start(self->vcpu, "sizes", 0);
	run_to_done(self->vcpu);
	ASSERT_EQ(3, self->ring->last);
	EXPECT_ENTRY(0, MMIO + 1, 1, 0, 0x11);
	EXPECT_ENTRY(1, MMIO + 2, 2, 0, 0x2222);
	EXPECT_ENTRY(2, MMIO + 8, 8, 0, 0x8877665544332211);
}

/* Whole writes in the zone, no others, and no reads. */
TEST_F(coalesced, edges)
{
	static const u32 out[] = {
		MMIO - 4, MMIO - 2, MMIO + ZONE - 2, MMIO + ZONE, MMIO,
	};

	ASSERT_EQ(0, raw_zone(self->vm, MMIO, ZONE, 0));
	start(self->vcpu, "edges", 0);
	for (int i = 0; i < 5; i++) {
		run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
		/* One that crosses into another page is two. */
		if (out[i] == MMIO - 2 || out[i] == MMIO + ZONE - 2)
			EXPECT_EQ(2, self->vcpu->run->mmio.len);
		if (out[i] == MMIO + ZONE - 2) {
			EXPECT_EQ(MMIO + ZONE,
				  self->vcpu->run->mmio.phys_addr);
			continue;
		}
		EXPECT_EQ(out[i], self->vcpu->run->mmio.phys_addr);
	}
	run_to_done(self->vcpu);
	ASSERT_EQ(3, self->ring->last);
	EXPECT_ENTRY(0, MMIO, 2, 0, 0);
	EXPECT_ENTRY(1, MMIO + ZONE - 4, 4, 0, 3);
	EXPECT_ENTRY(2, MMIO + ZONE - 2, 2, 0, 4);
}

TEST_F(coalesced, ports)
{
	ASSERT_EQ(0, raw_zone(self->vm, PORT, 4, 1));
	start(self->vcpu, "outs", 3);
	run_to_done(self->vcpu);
	ASSERT_EQ(3, self->ring->last);
	for (u32 i = 0; i < 3; i++)
		EXPECT_ENTRY(i, PORT, 4, 1, 0x2000 + i);
	/* Memory at the port's number is another thing. */
	ASSERT_EQ(0, raw_unzone(self->vm, PORT, 4, 1));
	ASSERT_EQ(0, raw_zone(self->vm, PORT, 4, 0));
	start(self->vcpu, "outs", 1);
	run_to_exit(self->vcpu, NACRE_EXIT_IO);
}

/*
 * One place stays free; what finds no other is an exit, and nothing is lost. To
 * in-tree KVM of 6.1 the ring is full when it is not.
 */
TEST_F(coalesced, full)
{
	u32 n;

	ASSERT_EQ(0, raw_zone(self->vm, MMIO, ZONE, 0));
	start(self->vcpu, "stores", MAX + 5);
	run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
	n = self->ring->last;
	if (on_nacre())
		EXPECT_EQ(MAX - 1, n);
	EXPECT_EQ(MMIO + 4 * n, self->vcpu->run->mmio.phys_addr);
	/* Still full. */
	run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
	EXPECT_EQ(MMIO + 4 * (n + 1), self->vcpu->run->mmio.phys_addr);
	EXPECT_EQ(n, self->ring->last);
	/* Drained: the next goes where the last did not. */
	self->ring->first = n;
	do {
		run(self->vcpu);
	} while (decode_ucall(self->vcpu) != UCALL_DONE);
	EXPECT_ENTRY(n, MMIO + 4 * (n + 2), 4, 0, 0x1000 + n + 2);
	EXPECT_ENTRY((n + 1) % MAX, MMIO + 4 * (n + 3), 4, 0, 0x1000 + n + 3);
}

/* A string that fills the ring: what is left is the VMM's. */
TEST_F(coalesced, string)
{
	u32 n = 250, done = 0;

	ASSERT_EQ(0, raw_zone(self->vm, PORT, 1, 1));
	start(self->vcpu, "rep_outs", n);
	for (u32 i = 0; i < n; i++)
		((u8 *)guest_var(self->vm, GUEST_64, "source"))[i] = i;
	for (;;) {
		run(self->vcpu);
		while (self->ring->first != self->ring->last) {
			EXPECT_ENTRY(self->ring->first, PORT, 1, 1,
				     done & 0xff);
			self->ring->first = (self->ring->first + 1) % MAX;
			done++;
		}
		if (decode_ucall(self->vcpu) == UCALL_DONE)
			break;
		ASSERT_EQ(NACRE_EXIT_IO, self->vcpu->run->exit_reason);
		EXPECT_EQ(PORT, self->vcpu->run->io.port);
		done += self->vcpu->run->io.count;
	}
	/* In-tree KVM drops what comes behind an element that did not fit. */
	if (on_nacre())
		EXPECT_EQ(n, done);
}

/* What the VMM writes into the ring's indices harms nobody but itself. */
TEST_F(coalesced, hostile_indices)
{
	static const u32 bad[] = {
		MAX, MAX + 1, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff,
	};

	ASSERT_EQ(0, raw_zone(self->vm, MMIO, ZONE, 0));
	for (int i = 0; i < 6; i++) {
		self->ring->first = 0;
		self->ring->last = bad[i];
		start(self->vcpu, "stores", 1);
		run_to_exit(self->vcpu, NACRE_EXIT_MMIO);
		EXPECT_EQ(bad[i], self->ring->last);
		self->ring->first = bad[i];
		self->ring->last = MAX - 1;
		start(self->vcpu, "stores", 1);
		run(self->vcpu);
		if (on_nacre())
			EXPECT_EQ(0, self->ring->last);
		EXPECT_GE(MAX - 1, self->ring->last);
	}
}

/* One ring for all vCPUs. */
TEST_F(coalesced, shared)
{
	struct vcpu *second = vcpu_new(self->vm, 1);

	ASSERT_EQ(0, raw_zone(self->vm, MMIO, ZONE, 0));
	start(second, "stores", 2);
	run_to_done(second);
	EXPECT_EQ(2, self->ring->last);
	EXPECT_EQ(2, ring_of(second)->last);
	self->ring->first = 2;
	EXPECT_EQ(2, ring_of(second)->first);
}

static bool exits(struct vcpu *vcpu)
{
	start(vcpu, "stores", 1);
	run(vcpu);
	return decode_ucall(vcpu) != UCALL_DONE;
}

TEST_F(coalesced, unregister)
{
	struct vm *vm = self->vm;

	EXPECT_EQ(0, raw_unzone(vm, MMIO, 4, 0));
	ASSERT_EQ(0, raw_zone(vm, MMIO, ZONE, 0));
	ASSERT_EQ(0, raw_zone(vm, MMIO, 16, 0));
	/* Not all of these is in a zone. */
	EXPECT_EQ(0, raw_unzone(vm, MMIO - 4, 8, 0));
	EXPECT_EQ(0, raw_unzone(vm, MMIO, ZONE + 1, 0));
	EXPECT_EQ(0, raw_unzone(vm, MMIO, 16, 1));
	EXPECT_FALSE(exits(self->vcpu));
	EXPECT_EQ(0, raw_unzone(vm, MMIO + 32, 4, 0));
	EXPECT_FALSE(exits(self->vcpu));
	/* The second is left; a part of it stands for it. */
	EXPECT_EQ(0, raw_unzone(vm, MMIO + 8, 4, 0));
	EXPECT_TRUE(exits(self->vcpu));
}

TEST_F(coalesced, errors)
{
	for (u32 pio = 2; pio; pio <<= 1) {
		EXPECT_ERROR(EINVAL, raw_zone(self->vm, MMIO, 4, pio));
		EXPECT_ERROR(EINVAL, raw_unzone(self->vm, MMIO, 4, pio));
	}
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, NACRE_REGISTER_COALESCED_MMIO,
				   NULL));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd,
				   NACRE_UNREGISTER_COALESCED_MMIO, NULL));
	EXPECT_EQ(0, raw_zone(self->vm, MMIO, 0, 0));
	EXPECT_TRUE(exits(self->vcpu));
}

/* Some 1000 on a bus; a smaller one inside counts. */
TEST_F(coalesced, many)
{
	int fd = event_new(), n = 0;
	struct nacre_ioeventfd event = {
		.fd = fd, .addr = MMIO + ZONE, .len = 4,
	};

	while (!raw_zone(self->vm, MMIO - 4 * (n % 7), 4 + n, 0))
		n++;
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_LE(990, n);
	EXPECT_GE(1000, n);
	EXPECT_ERROR(ENOSPC, ioctl(self->vm->fd, NACRE_IOEVENTFD, &event));
	EXPECT_FALSE(exits(self->vcpu));
	EXPECT_EQ(0, raw_unzone(self->vm, MMIO, 4, 0));
	EXPECT_TRUE(exits(self->vcpu));
	close(fd);
}

/* An eventfd in a zone of which nothing is collected yet. */
TEST_F(coalesced, beside_ioeventfd)
{
	int fd = event_new();
	struct nacre_ioeventfd event = { .fd = fd, .addr = MMIO, .len = 4 };

	ASSERT_EQ(0, ioctl(self->vm->fd, NACRE_IOEVENTFD, &event));
	ASSERT_EQ(0, raw_zone(self->vm, MMIO, ZONE, 0));
	start(self->vcpu, "stores", 2);
	run_to_done(self->vcpu);
	EXPECT_EQ(1, event_count(fd));
	EXPECT_EQ(1, self->ring->last);
	close(fd);
}

TEST_HARNESS_MAIN
