// SPDX-License-Identifier: GPL-2.0
/* Paravirtual EOI: an interrupt that ends by a bit in the guest's memory. */
#include <fcntl.h>
#include "test.h"
#include "lib/apic.h"

#define VECTOR 0x44
#define HIGH 0x84
#define ENABLED NACRE_PV_EOI_ENABLED
#define TIMES 100
#define NO_SLOT 0xd0000000
#define PIN 20
#define RAISE 1
#define LOWER 2
#define TAKE_AWAY 3

guest_data volatile u64 word, taken, offered, seen;

static void enable(void *where)
{
	u64 value = (ulong)where | ENABLED, back;

	GUEST_ASSERT_EQ(NO_VECTOR, wrmsr_catch(MSR_NACRE_PV_EOI_EN, value));
	GUEST_ASSERT_EQ(NO_VECTOR, rdmsr_catch(MSR_NACRE_PV_EOI_EN, &back));
	GUEST_ASSERT_EQ(value, back);
}

static void window(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

/* As a kernel does it: the bit if it is there, else the register. */
static void ends(struct guest_regs *regs)
{
	taken++;
	if (word & NACRE_PV_EOI_MASK) {
		offered++;
		word &= ~(u64)NACRE_PV_EOI_MASK;
	} else {
		apic_eoi();
	}
}

static void send(u8 vector)
{
	apic_write(APIC_ICR, ICR_SELF | vector);
	window();
}

/*
 * Each is over: the next one of the same vector comes. @offers: that is what
 * it is for, unless the host wants something meanwhile.
 */
guest_entry void one_after_the_other(u64 offers)
{
	apic_enable();
	guest_on(VECTOR, ends);
	enable((void *)&word);
	for (int i = 1; i <= TIMES; i++) {
		send(VECTOR);
		GUEST_ASSERT_EQ(i, taken);
		GUEST_ASSERT_EQ(0, word);
	}
	GUEST_ASSERT(!apic_bit(APIC_ISR, VECTOR));
	GUEST_ASSERT_EQ(0, apic_read(APIC_PPR));
	if (offers)
		GUEST_ASSERT_OP(offered, >, TIMES / 2);
	guest_done();
}

/* An exit while it is in service: from there on it is ended by EOI. */
static void looks(struct guest_regs *regs)
{
	seen += !!(word & NACRE_PV_EOI_MASK);
	GUEST_ASSERT(apic_bit(APIC_ISR, VECTOR));
	GUEST_ASSERT_EQ(VECTOR & 0xf0, apic_read(APIC_PPR));
	ends(regs);
}

guest_entry void looked_at_meanwhile(void)
{
	apic_enable();
	guest_on(VECTOR, looks);
	enable((void *)&word);
	for (int i = 1; i <= TIMES; i++) {
		send(VECTOR);
		GUEST_ASSERT_EQ(i, taken);
		GUEST_ASSERT(!apic_bit(APIC_ISR, VECTOR));
	}
	/* Now and then the host has an exit of its own before the handler. */
	GUEST_ASSERT_OP(seen, >, TIMES / 2);
	guest_done();
}

/* Another one comes and waits: the end has to be told. */
static void sends_another(struct guest_regs *regs)
{
	apic_write(APIC_ICR, ICR_SELF | (VECTOR + 1));
	GUEST_ASSERT(!(word & NACRE_PV_EOI_MASK));
	ends(regs);
}

guest_entry void another_waits(void)
{
	apic_enable();
	guest_on(VECTOR, sends_another);
	guest_on(VECTOR + 1, ends);
	enable((void *)&word);
	send(VECTOR);
	window();
	GUEST_ASSERT_EQ(2, taken);
	GUEST_ASSERT_EQ(0, apic_read(APIC_PPR));
	guest_done();
}

/* Two in service: whichever way it is told, the higher one ends first. */
static void nests(struct guest_regs *regs)
{
	apic_write(APIC_ICR, ICR_SELF | HIGH);
	window();
	GUEST_ASSERT_EQ(1, taken);
	GUEST_ASSERT(!apic_bit(APIC_ISR, HIGH));
	GUEST_ASSERT(apic_bit(APIC_ISR, VECTOR));
	GUEST_ASSERT_EQ(VECTOR & 0xf0, apic_read(APIC_PPR));
	ends(regs);
}

guest_entry void nested(void)
{
	apic_enable();
	guest_on(VECTOR, nests);
	guest_on(HIGH, ends);
	enable((void *)&word);
	send(VECTOR);
	GUEST_ASSERT_EQ(2, taken);
	GUEST_ASSERT_EQ(0, apic_read(APIC_PPR));
	guest_done();
}

/* A level-triggered one: its end has to reach the I/O APIC. */
static void level(struct guest_regs *regs)
{
	GUEST_ASSERT(!(word & NACRE_PV_EOI_MASK));
	guest_sync(LOWER);
	ends(regs);
}

guest_entry void level_triggered(void)
{
	apic_enable();
	guest_on(VECTOR, level);
	enable((void *)&word);
	ioapic_route(PIN, 0, RTE_LEVEL | VECTOR);
	guest_sync(RAISE);
	window();
	GUEST_ASSERT_EQ(1, taken);
	GUEST_ASSERT(!(ioapic_read(0x10 + 2 * PIN) & RTE_REMOTE_IRR));
	guest_done();
}

/* Off again, misaligned, or nowhere: by the register as ever. */
guest_entry void without(void)
{
	apic_enable();
	guest_on(VECTOR, ends);
	GUEST_ASSERT_EQ(GP_VECTOR, wrmsr_catch(MSR_NACRE_PV_EOI_EN,
					       (ulong)&word | 2 | ENABLED));
	enable((void *)&word);
	GUEST_ASSERT_EQ(NO_VECTOR, wrmsr_catch(MSR_NACRE_PV_EOI_EN,
					       (ulong)&word));
	send(VECTOR);
	send(VECTOR);
	GUEST_ASSERT_EQ(2, taken);
	GUEST_ASSERT_EQ(GP_VECTOR, wrmsr_catch(MSR_NACRE_PV_EOI_EN,
					       NO_SLOT | ENABLED));
	send(VECTOR);
	send(VECTOR);
	GUEST_ASSERT_EQ(4, taken);
	GUEST_ASSERT_EQ(0, offered);
	guest_done();
}

/* Its handler never looks there, so each one is ended by the register. */
guest_entry void memory_goes(void)
{
	apic_enable();
	guest_on(VECTOR, ends);
	enable((void *)NO_SLOT);
	send(VECTOR);
	guest_sync(TAKE_AWAY);
	send(VECTOR);
	send(VECTOR);
	GUEST_ASSERT_EQ(3, taken);
	guest_done();
}

FIXTURE(pv_eoi) {
	struct vcpu *vcpu;
};

FIXTURE_SETUP(pv_eoi)
{
	self->vcpu = vcpu_new(vm_new_irqchip(), 0);
	set_supported_cpuid(self->vcpu);
}

FIXTURE_TEARDOWN(pv_eoi)
{
	vm_free(self->vcpu->vm);
}

#define GUEST_TEST(name)						\
TEST_F(pv_eoi, name)							\
{									\
	vcpu_setup(self->vcpu, GUEST_64, #name);			\
	run_to_done(self->vcpu);					\
}

GUEST_TEST(another_waits)
GUEST_TEST(nested)
GUEST_TEST(without)

/* With a virtual APIC of the processor's an EOI does not exit anyway. */
static bool host_offers(void)
{
	int fd = open(on_nacre() ?
		      "/sys/module/nacre/parameters/enable_apicv" :
		      "/sys/module/kvm_intel/parameters/enable_apicv",
		      O_RDONLY);
	char yes = 'N';

	if (fd < 0)
		return true;
	if (read(fd, &yes, 1) != 1)
		yes = 'N';
	close(fd);
	return yes != 'Y';
}

TEST_F(pv_eoi, one_after_the_other)
{
	vcpu_setup(self->vcpu, GUEST_64, "one_after_the_other");
	vcpu_args(self->vcpu, 1, (u64)host_offers());
	run_to_done(self->vcpu);
}

TEST_F(pv_eoi, looked_at_meanwhile)
{
	if (!host_offers())
		SKIP(return, "none is offered with APICv");
	vcpu_setup(self->vcpu, GUEST_64, "looked_at_meanwhile");
	run_to_done(self->vcpu);
}

TEST_F(pv_eoi, level_triggered)
{
	vcpu_setup(self->vcpu, GUEST_64, "level_triggered");
	run_to_sync(self->vcpu, RAISE);
	irq_line(self->vcpu->vm, PIN, 1);
	run_to_sync(self->vcpu, LOWER);
	irq_line(self->vcpu->vm, PIN, 0);
	run_to_done(self->vcpu);
}

TEST_F(pv_eoi, memory_goes)
{
	vm_add_memory(self->vcpu->vm, 1, NO_SLOT, HUGE_SIZE, 0);
	vcpu_setup(self->vcpu, GUEST_64, "memory_goes");
	run_to_sync(self->vcpu, TAKE_AWAY);
	vm_del_memory(self->vcpu->vm, 1);
	run_to_done(self->vcpu);
}

TEST_HARNESS_MAIN
