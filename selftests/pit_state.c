// SPDX-License-Identifier: GPL-2.0
/* The interval timer's ioctls: what they refuse, and what comes back. */
#include "test.h"
#include "lib/pit.h"

#define UNMAPPED ((void *)8)
#define VECTOR 0x51
#define ROUNDS 100

guest_data volatile u64 ticks;

static void on_tick(struct guest_regs *regs)
{
	ticks++;
	apic_eoi();
}

/* Programs it, or finds it programmed. */
guest_entry void ticks_on(u64 program)
{
	guest_on(VECTOR, on_tick);
	outb(PIC1_DATA, 0xff);
	apic_enable();
	ioapic_route(0, 0, VECTOR);
	if (program)
		pit_program(0, 2, PIT_FREQ / 200);
	ticks = 0;
	while (ticks < 5)
		asm volatile("sti; hlt; cli" : : : "memory");
	guest_sync(1);
	guest_done();
}

/* Half of a count, and half of a latched one. */
guest_entry void half(void)
{
	pit_program(1, 2, 1);
	outb(PIT_CONTROL, 1 << 6);
	GUEST_ASSERT_EQ(1, inb(PIT_CH(1)));
	outb(PIT_CONTROL, 2 << 6 | PIT_BOTH | PIT_MODE(0));
	outb(PIT_CH(2), 0x34);
	outb(PORT_61, 3);
	guest_sync(1);
	guest_done();
}

guest_entry void other_half(void)
{
	GUEST_ASSERT_EQ(3, inb(PORT_61) & 0xf);
	GUEST_ASSERT_EQ(0, inb(PIT_CH(1)));
	GUEST_ASSERT_EQ(1, pit_read(1));
	outb(PIT_CH(2), 0x12);
	guest_sync(1);
	guest_done();
}

FIXTURE(pit_state) {
	struct vm *vm;
};

FIXTURE_SETUP(pit_state)
{
	kick_setup();
	self->vm = vm_new_irqchip();
}

FIXTURE_TEARDOWN(pit_state)
{
	vm_free(self->vm);
}

TEST_F(pit_state, capabilities)
{
	EXPECT_EQ(1, vm_cap(self->vm, NACRE_CAP_PIT));
	EXPECT_EQ(1, vm_cap(self->vm, NACRE_CAP_PIT2));
	EXPECT_EQ(1, vm_cap(self->vm, NACRE_CAP_PIT_STATE2));
	EXPECT_EQ(1, vm_cap(self->vm, NACRE_CAP_REINJECT_CONTROL));
}

/* It needs the interrupt controllers, and there is one. */
TEST_F(pit_state, create)
{
	struct nacre_pit_config config = { .flags = 0 };
	struct vm *vm = vm_new();

	EXPECT_ERROR(EFAULT, ioctl(vm->fd, NACRE_CREATE_PIT2, UNMAPPED));
	/* In-tree KVM of 6.1 makes one that nobody hears of. */
	if (ioctl(vm->fd, NACRE_CREATE_PIT, 0) || on_nacre()) {
		EXPECT_EQ(ENOENT, errno);
		EXPECT_ERROR(ENOENT,
			     ioctl(vm->fd, NACRE_CREATE_PIT2, &config));
	}
	vm_free(vm);
	EXPECT_EQ(0, ioctl(self->vm->fd, NACRE_CREATE_PIT2, &config));
	EXPECT_ERROR(EEXIST, ioctl(self->vm->fd, NACRE_CREATE_PIT2, &config));
	EXPECT_ERROR(EEXIST, ioctl(self->vm->fd, NACRE_CREATE_PIT, 0));
}

TEST_F(pit_state, create_after_vcpu)
{
	struct nacre_pit_config config;

	/* Flags that nobody knows, and the rest, say nothing. */
	memset(&config, 0xff, sizeof(config));
	vcpu_new(self->vm, 0);
	EXPECT_EQ(0, ioctl(self->vm->fd, NACRE_CREATE_PIT2, &config));
}

TEST_F(pit_state, without)
{
	static const u32 calls[] = {
		NACRE_GET_PIT, NACRE_SET_PIT, NACRE_GET_PIT2, NACRE_SET_PIT2,
		NACRE_REINJECT_CONTROL,
	};
	u8 any[256] = { 0 };

	for (u32 i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		EXPECT_ERROR(ENXIO, ioctl(self->vm->fd, calls[i], any));
	create_pit(self->vm, 0);
	for (u32 i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, calls[i], UNMAPPED));
		EXPECT_EQ(0, ioctl(self->vm->fd, calls[i], any));
	}
}

TEST_F(pit_state, reset)
{
	struct nacre_pit_state2 s;

	create_pit(self->vm, 0);
	s = get_pit(self->vm);
	for (u32 i = 0; i < 3; i++) {
		struct nacre_pit_channel_state should = {
			.count = 65536,
			.mode = 0xff,
			.gate = i != 2,
			.count_load_time = s.channels[i].count_load_time,
		};

		EXPECT_EQ(0, memcmp(&should, &s.channels[i], sizeof(should)));
	}
	EXPECT_EQ(0, s.flags);
	for (u32 i = 0; i < 9; i++)
		EXPECT_EQ(0, s.reserved[i]);
}

/* What is set is what is got, but for the time, and 0 for the largest. */
TEST_F(pit_state, round_trip)
{
	u32 seed = 1;

	create_pit(self->vm, NACRE_PIT_SPEAKER_DUMMY);
	for (u32 round = 0; round < ROUNDS; round++) {
		struct nacre_pit_state2 in, out;
		struct nacre_pit_state old;

		for (u32 i = 0; i < sizeof(in); i++) {
			seed = seed * 1103515245 + 12345;
			((u8 *)&in)[i] = seed >> 16;
		}
		in.channels[round % 3].count = round & 1 ? 0 : round;
		set_pit(self->vm, &in);
		out = get_pit(self->vm);
		ASSERT_EQ(0, ioctl(self->vm->fd, NACRE_GET_PIT, &old));
		for (u32 i = 0; i < 3; i++) {
			in.channels[i].count_load_time = 0;
			out.channels[i].count_load_time = 0;
			old.channels[i].count_load_time = 0;
			if (!in.channels[i].count)
				in.channels[i].count = 65536;
		}
		EXPECT_EQ(0, memcmp(in.channels, out.channels,
				    sizeof(in.channels)));
		EXPECT_EQ(0, memcmp(in.channels, old.channels,
				    sizeof(in.channels)));
		EXPECT_EQ(in.flags, out.flags);
		EXPECT_EQ(0, out.reserved[0]);
	}
}

/* The older pair has no flags, and leaves them. */
TEST_F(pit_state, flags_stay)
{
	struct nacre_pit_state2 s;
	struct nacre_pit_state old;

	create_pit(self->vm, NACRE_PIT_SPEAKER_DUMMY);
	s = get_pit(self->vm);
	s.flags = NACRE_PIT_FLAGS_SPEAKER_DATA_ON;
	set_pit(self->vm, &s);
	ASSERT_EQ(0, ioctl(self->vm->fd, NACRE_GET_PIT, &old));
	old.channels[1].count = 77;
	ASSERT_EQ(0, ioctl(self->vm->fd, NACRE_SET_PIT, &old));
	s = get_pit(self->vm);
	EXPECT_EQ(77, s.channels[1].count);
	EXPECT_EQ(NACRE_PIT_FLAGS_SPEAKER_DATA_ON, s.flags);
}

static struct vcpu *guest(struct vm *vm, const char *name)
{
	struct vcpu *vcpu = vcpu_new(vm, 0);

	vcpu_setup(vcpu, GUEST_64, name);
	return vcpu;
}

/* A guest that is moved in the middle of an access goes on with it. */
TEST_F(pit_state, moved)
{
	struct nacre_pit_state2 s;
	struct vcpu *vcpu;

	create_pit(self->vm, NACRE_PIT_SPEAKER_DUMMY);
	run_to_sync(guest(self->vm, "half"), 1);
	s = get_pit(self->vm);
	EXPECT_EQ(NACRE_PIT_FLAGS_SPEAKER_DATA_ON, s.flags);
	vm_free(self->vm);
	self->vm = vm_new_irqchip();
	create_pit(self->vm, NACRE_PIT_SPEAKER_DUMMY);
	set_pit(self->vm, &s);
	vcpu = guest(self->vm, "other_half");
	run_to_sync(vcpu, 1);
	EXPECT_EQ(0x1234, get_pit(self->vm).channels[2].count);
}

/* Ticks go on, also if nobody was there to take the first. */
TEST_F(pit_state, ticks_go_on)
{
	struct nacre_pit_state2 s;
	struct vcpu *vcpu;

	create_pit(self->vm, 0);
	vcpu = guest(self->vm, "ticks_on");
	vcpu_args(vcpu, 1, 1ull);
	run_to_sync(vcpu, 1);
	s = get_pit(self->vm);
	EXPECT_EQ(2, s.channels[0].mode);
	vm_free(self->vm);
	self->vm = vm_new_irqchip();
	create_pit(self->vm, 0);
	set_pit(self->vm, &s);
	pause_us(50000);
	vcpu = guest(self->vm, "ticks_on");
	vcpu_args(vcpu, 1, 0ull);
	run_to_sync(vcpu, 1);
}

static void *run_once(void *vcpu)
{
	return raw_run(vcpu) ? (void *)(long)errno : NULL;
}

/* Where an HPET stands in for it there is no tick, until it is back. */
TEST_F(pit_state, hpet)
{
	struct nacre_pit_state2 s;
	struct vcpu *vcpu;
	pthread_t thread;

	create_pit(self->vm, 0);
	vcpu = guest(self->vm, "ticks_on");
	s = get_pit(self->vm);
	s.channels[0].mode = 2;
	s.channels[0].count = PIT_FREQ / 200;
	s.flags = NACRE_PIT_FLAGS_HPET_LEGACY;
	set_pit(self->vm, &s);
	vcpu_args(vcpu, 1, 0ull);
	thread = thread_start(run_once, vcpu);
	pause_us(300000);
	kick(thread);
	EXPECT_EQ((void *)EINTR, thread_join(thread, 20));
	EXPECT_EQ(0, *(u64 *)guest_var(self->vm, GUEST_64, "ticks"));
	s.flags = 0;
	set_pit(self->vm, &s);
	run_to_sync(vcpu, 1);
}

/* VMs that go with a tick under way, and before anybody has taken it. */
TEST_F(pit_state, goes_ticking)
{
	for (u32 i = 0; i < 40; i++) {
		struct vm *vm = vm_new_irqchip();
		struct nacre_pit_state2 s;

		create_pit(vm, 0);
		s = get_pit(vm);
		s.channels[0].mode = 2;
		s.channels[0].count = 1 + i * 100;
		set_pit(vm, &s);
		if (i & 1)
			vcpu_new(vm, 0);
		if (i & 2)
			pause_us(2000);
		vm_free(vm);
	}
	pause_us(20000);
}

TEST_HARNESS_MAIN
