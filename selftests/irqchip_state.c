// SPDX-License-Identifier: GPL-2.0
/* GET_IRQCHIP and SET_IRQCHIP: reset values, and what comes back. */
#include "test.h"
#include "lib/apic.h"

#define ROUNDS 200

FIXTURE(irqchip_state) {
	struct vm *vm;
};

FIXTURE_SETUP(irqchip_state)
{
	self->vm = vm_new_irqchip();
}

FIXTURE_TEARDOWN(irqchip_state)
{
	vm_free(self->vm);
}

static struct nacre_irqchip get_chip(struct vm *vm, u32 id)
{
	struct nacre_irqchip chip;

	/* What is not the chip's is cleared. */
	memset(&chip, 0xa5, sizeof(chip));
	chip.chip_id = id;
	CHECK(ioctl(vm->fd, NACRE_GET_IRQCHIP, &chip) == 0);
	CHECK(chip.chip_id == id);
	return chip;
}

static void set_chip(struct vm *vm, const struct nacre_irqchip *chip)
{
	CHECK(ioctl(vm->fd, NACRE_SET_IRQCHIP, chip) == 0);
}

static u32 seed = 1;

static void randomize(void *p, unsigned int n)
{
	for (u8 *b = p; n; n--, b++) {
		seed = seed * 1103515245 + 12345;
		*b = seed >> 16;
	}
}

TEST_F(irqchip_state, reset_pic)
{
	for (u32 id = 0; id <= NACRE_IRQCHIP_PIC_SLAVE; id++) {
		struct nacre_irqchip chip = get_chip(self->vm, id);
		struct nacre_pic_state should = {
			.elcr_mask = id ? 0xde : 0xf8,
		};

		EXPECT_EQ(0, memcmp(&should, &chip.chip.pic, sizeof(should)));
	}
}

TEST_F(irqchip_state, reset_ioapic)
{
	struct nacre_irqchip chip = get_chip(self->vm, NACRE_IRQCHIP_IOAPIC);
	struct nacre_ioapic_state *s = &chip.chip.ioapic;

	EXPECT_EQ(IOAPIC_GPA, s->base_address);
	EXPECT_EQ(0, s->ioregsel);
	EXPECT_EQ(0, s->id);
	EXPECT_EQ(0, s->irr);
	for (int i = 0; i < NACRE_IOAPIC_NUM_PINS; i++)
		EXPECT_EQ(RTE_MASKED, s->redirtbl[i].bits);
}

/*
 * Bits that no chip has may come back as they went in, as from in-tree KVM, or
 * as the chip has them. Data sheet: ICW2 has the vector's upper five bits, a
 * priority is one of eight, an edge/level register has its reserved lines.
 */
static void possible_pic(struct nacre_pic_state *s, u32 id)
{
	s->elcr_mask = id ? 0xde : 0xf8;
	s->elcr &= s->elcr_mask;
	s->priority_add &= 7;
	s->irq_base &= 0xf8;
	s->init_state &= 3;
	/* Of a level-triggered line, and the slave's, this is no memory. */
	s->last_irr &= ~s->elcr;
	if (!id)
		s->last_irr &= ~(1 << 2);
}

static bool same_pic(struct vm *vm, struct nacre_irqchip *in)
{
	struct nacre_irqchip out;

	set_chip(vm, in);
	out = get_chip(vm, in->chip_id);
	possible_pic(&in->chip.pic, in->chip_id);
	possible_pic(&out.chip.pic, in->chip_id);
	if (!memcmp(&in->chip.pic, &out.chip.pic, sizeof(in->chip.pic)))
		return true;
	for (unsigned int i = 0; i < sizeof(in->chip.pic); i++)
		fprintf(stderr, "# chip %u byte %u: set %#x, get %#x\n",
			in->chip_id, i, ((u8 *)&in->chip.pic)[i],
			((u8 *)&out.chip.pic)[i]);
	return false;
}

/* As a snapshot has it: what the VMM sets is what it gets. */
TEST_F(irqchip_state, pic_all_ones)
{
	for (u32 id = 0; id <= NACRE_IRQCHIP_PIC_SLAVE; id++) {
		struct nacre_irqchip chip = { .chip_id = id };

		memset(&chip.chip, 0xff, sizeof(chip.chip));
		EXPECT_TRUE(same_pic(self->vm, &chip));
	}
}

/* The slave's output is the master's line 2: so the slave has none here. */
TEST_F(irqchip_state, pic_random)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct nacre_irqchip chip = { .chip_id = i & 1 };

		randomize(&chip.chip, sizeof(chip.chip));
		if (chip.chip_id == NACRE_IRQCHIP_PIC_SLAVE)
			chip.chip.pic.irr = 0;
		ASSERT_TRUE(same_pic(self->vm, &chip));
	}
}

/* A slave that wants something raises the master's line 2. */
TEST_F(irqchip_state, pic_cascade)
{
	struct nacre_irqchip slave = get_chip(self->vm, 1), master;

	slave.chip.pic.irr = 1 << 3;
	set_chip(self->vm, &slave);
	master = get_chip(self->vm, 0);
	EXPECT_EQ(1 << 2, master.chip.pic.irr);
	slave.chip.pic.irr = 0;
	set_chip(self->vm, &slave);
}

/* The same for the I/O APIC, which has its address by the ABI. */
static void possible_ioapic(struct nacre_ioapic_state *s)
{
	s->base_address = IOAPIC_GPA;
	s->id &= 0xf;
	s->ioregsel &= 0xff;
	s->irr &= (1 << NACRE_IOAPIC_NUM_PINS) - 1;
	for (int i = 0; i < NACRE_IOAPIC_NUM_PINS; i++) {
		u64 *bits = &s->redirtbl[i].bits;

		/* Reserved bits, and the delivery status, which is idle. */
		*bits &= 0xff0000000001efff;
		/* Remote IRR is for levels, fixed or lowest priority. */
		if (!(*bits & 1 << 15) || (*bits >> 8 & 7) > 1)
			*bits &= ~(1ull << 14);
	}
}

static bool same_ioapic(struct vm *vm, struct nacre_irqchip *in)
{
	struct nacre_ioapic_state *a = &in->chip.ioapic, *b;
	struct nacre_irqchip out;

	set_chip(vm, in);
	out = get_chip(vm, in->chip_id);
	b = &out.chip.ioapic;
	possible_ioapic(a);
	possible_ioapic(b);
	for (int i = 0; i < NACRE_IOAPIC_NUM_PINS; i++) {
		if (a->redirtbl[i].bits == b->redirtbl[i].bits)
			continue;
		fprintf(stderr, "# entry %d: set %#llx, get %#llx\n", i,
			a->redirtbl[i].bits, b->redirtbl[i].bits);
		return false;
	}
	if (a->base_address == b->base_address && a->id == b->id &&
	    a->ioregsel == b->ioregsel && a->irr == b->irr)
		return true;
	fprintf(stderr, "# base %#llx %#llx id %#x %#x regsel %#x %#x irr %#x %#x\n",
		a->base_address, b->base_address, a->id, b->id, a->ioregsel,
		b->ioregsel, a->irr, b->irr);
	return false;
}

TEST_F(irqchip_state, ioapic_all_ones)
{
	struct nacre_irqchip chip = { .chip_id = NACRE_IRQCHIP_IOAPIC };

	memset(&chip.chip, 0xff, sizeof(chip.chip));
	EXPECT_TRUE(same_ioapic(self->vm, &chip));
}

/* Without a vCPU nothing is delivered; masked pins stay as they are. */
TEST_F(irqchip_state, ioapic_random)
{
	vcpu_new(self->vm, 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct nacre_irqchip chip = { .chip_id = NACRE_IRQCHIP_IOAPIC };
		struct nacre_ioapic_state *s = &chip.chip.ioapic;

		randomize(&chip.chip, sizeof(chip.chip));
		for (int pin = 0; pin < NACRE_IOAPIC_NUM_PINS; pin++)
			s->redirtbl[pin].bits |= RTE_MASKED;
		ASSERT_TRUE(same_ioapic(self->vm, &chip));
	}
}

/* A line that is up is seen, and goes into what is saved. */
TEST_F(irqchip_state, lines)
{
	struct nacre_irqchip chip;

	irq_line(self->vm, 5, 1);
	irq_line(self->vm, 20, 1);
	chip = get_chip(self->vm, NACRE_IRQCHIP_PIC_MASTER);
	EXPECT_EQ(1 << 5, chip.chip.pic.irr);
	EXPECT_EQ(1 << 5, chip.chip.pic.last_irr);
	chip = get_chip(self->vm, NACRE_IRQCHIP_IOAPIC);
	EXPECT_EQ(1 << 5 | 1 << 20, chip.chip.ioapic.irr);
	irq_line(self->vm, 5, 0);
	irq_line(self->vm, 20, 0);
	chip = get_chip(self->vm, NACRE_IRQCHIP_PIC_MASTER);
	EXPECT_EQ(1 << 5, chip.chip.pic.irr);
	EXPECT_EQ(0, chip.chip.pic.last_irr);
	chip = get_chip(self->vm, NACRE_IRQCHIP_IOAPIC);
	EXPECT_EQ(0, chip.chip.ioapic.irr);
}

/* A level that is pending in the state is delivered when it is set. */
TEST_F(irqchip_state, pending_level_is_delivered)
{
	struct vcpu *vcpu = vcpu_new(self->vm, 0);
	struct nacre_lapic_state lapic;
	struct nacre_irqchip chip;

	get_lapic(vcpu, &lapic);
	*lapic_reg(&lapic, APIC_SVR) |= APIC_SVR_ENABLE;
	set_lapic(vcpu, &lapic);
	chip = get_chip(self->vm, NACRE_IRQCHIP_IOAPIC);
	chip.chip.ioapic.irr = 1 << 20;
	chip.chip.ioapic.redirtbl[20].bits = RTE_LEVEL | 0x61;
	set_chip(self->vm, &chip);
	get_lapic(vcpu, &lapic);
	EXPECT_EQ(1 << 1, *lapic_reg(&lapic, APIC_IRR + 0x30));
	EXPECT_EQ(1 << 1, *lapic_reg(&lapic, APIC_TMR + 0x30));
	chip = get_chip(self->vm, NACRE_IRQCHIP_IOAPIC);
	EXPECT_EQ(RTE_LEVEL | RTE_REMOTE_IRR | 0x61,
		  chip.chip.ioapic.redirtbl[20].bits);
}

TEST_HARNESS_MAIN
