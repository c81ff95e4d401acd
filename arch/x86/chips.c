// SPDX-License-Identifier: GPL-2.0
/*
 * The interrupt chips that a VM's vCPUs share.
 *
 * Lines 0 to 15 reach both the PIC and the I/O APIC, 16 to 23 the latter; the
 * guest masks one of the two. The chips' lock is a leaf: under it a local
 * APIC is only asked to accept, which takes no lock.
 */
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "module/vcpu.h"
#include "module/vm.h"
#include "arch/x86/apic.h"
#include "arch/x86/chips.h"
#include "arch/x86/ioctls.h"

static struct nacre_chips *chips_of(const struct nacre_vm *vm)
{
	/* Pairs with the release in nacre_create_irqchip(). */
	return smp_load_acquire(&vm->arch.chips);
}

/* By shorthand; what has none goes by its destination. */
static bool wanted(struct nacre_lapic *lapic, const struct nacre_irq *irq,
		   const struct nacre_lapic *from)
{
	switch (irq->shorthand) {
	case NACRE_TO_SELF:
		return lapic == from;
	case NACRE_TO_ALL:
		return true;
	case NACRE_TO_OTHERS:
		return lapic != from;
	default:
		return nacre_lapic_match(lapic, irq);
	}
}

static bool deliver_lowest(struct nacre_vm *vm, const struct nacre_irq *irq,
			   struct nacre_lapic *from)
{
	struct nacre_lapic *lapic, *best = NULL;
	struct nacre_vcpu *vcpu;
	unsigned long index;

	nacre_for_each_vcpu(index, vcpu, vm) {
		lapic = nacre_lapic_of(vcpu);
		if (!lapic || !wanted(lapic, irq, from) ||
		    !nacre_lapic_enabled(lapic))
			continue;
		if (!best || nacre_lapic_priority(lapic) <
			     nacre_lapic_priority(best))
			best = lapic;
	}
	return best && nacre_lapic_accept(best, irq);
}

bool nacre_deliver(struct nacre_vm *vm, const struct nacre_irq *irq,
		   struct nacre_lapic *from)
{
	struct nacre_lapic *lapic;
	struct nacre_vcpu *vcpu;
	unsigned long index;
	bool taken = false;

	if (irq->delivery == NACRE_DELIVER_LOWEST)
		return deliver_lowest(vm, irq, from);
	nacre_for_each_vcpu(index, vcpu, vm) {
		lapic = nacre_lapic_of(vcpu);
		if (lapic && wanted(lapic, irq, from))
			taken |= nacre_lapic_accept(lapic, irq);
	}
	return taken;
}

static bool op_deliver(struct nacre_ioapic *ioapic, const struct nacre_irq *irq)
{
	struct nacre_chips *chips = container_of(ioapic, struct nacre_chips,
						 ioapic);

	return nacre_deliver(chips->vm, irq, NULL);
}

static const struct nacre_ioapic_ops ioapic_ops = {
	.deliver = op_deliver,
};

static void op_output(struct nacre_pic *pic, bool level)
{
	struct nacre_chips *chips = container_of(pic, struct nacre_chips, pic);
	struct nacre_vcpu *vcpu;
	unsigned long index;

	if (!level)
		return;
	nacre_for_each_vcpu(index, vcpu, chips->vm) {
		if (vcpu->id == chips->vm->arch.boot_vcpu_id)
			nacre_vcpu_request(vcpu, NACRE_REQ_EVENT);
	}
}

static const struct nacre_pic_ops pic_ops = {
	.output = op_output,
};

bool nacre_pic_output(const struct nacre_vm *vm)
{
	const struct nacre_chips *chips = chips_of(vm);

	return chips && READ_ONCE(chips->pic.output);
}

u8 nacre_pic_take(struct nacre_vm *vm)
{
	struct nacre_chips *chips = chips_of(vm);
	u8 vector;

	spin_lock(&chips->lock);
	vector = nacre_pic_acknowledge(&chips->pic);
	spin_unlock(&chips->lock);
	return vector;
}

void nacre_chips_eoi(struct nacre_vm *vm, u8 vector)
{
	struct nacre_chips *chips = chips_of(vm);

	if (!chips)
		return;
	spin_lock(&chips->lock);
	nacre_ioapic_eoi(&chips->ioapic, vector);
	spin_unlock(&chips->lock);
}

/* Each chip has two ports, and so have the pair's edge/level registers. */
bool nacre_chips_port(const struct nacre_vm *vm, u16 port, unsigned int size)
{
	if (!chips_of(vm) || (port & 1) + size > 2)
		return false;
	switch (port & ~1) {
	case PIC_MASTER_PORT:
	case PIC_SLAVE_PORT:
	case PIC_ELCR_PORT:
		return true;
	default:
		return false;
	}
}

bool nacre_chips_pio(struct nacre_vm *vm, u16 port, unsigned int size,
		     void *data, bool in)
{
	struct nacre_chips *chips = chips_of(vm);

	if (!nacre_chips_port(vm, port, size))
		return false;
	/* The bus of these chips is 8 bits wide. */
	if (size != 1) {
		if (in)
			memset(data, 0, size);
		return true;
	}
	spin_lock(&chips->lock);
	if (in)
		nacre_pic_read(&chips->pic, port, data);
	else
		nacre_pic_write(&chips->pic, port, *(u8 *)data);
	spin_unlock(&chips->lock);
	return true;
}

static void ioapic_access(struct nacre_chips *chips, u32 offset,
			  unsigned int size, void *data, bool write)
{
	u32 value = 0;

	size = min_t(unsigned int, size, sizeof(value));
	spin_lock(&chips->lock);
	if (write) {
		memcpy(&value, data, size);
		nacre_ioapic_write(&chips->ioapic, offset, value);
	} else {
		value = nacre_ioapic_read(&chips->ioapic, offset);
		memcpy(data, &value, size);
	}
	spin_unlock(&chips->lock);
}

bool nacre_chips_mmio(struct nacre_vm *vm, gpa_t gpa, unsigned int size,
		      void *data, bool write)
{
	struct nacre_chips *chips = chips_of(vm);

	if (!chips || gpa - IOAPIC_BASE >= IOAPIC_SIZE)
		return false;
	if (!write)
		memset(data, 0, size);
	ioapic_access(chips, gpa - IOAPIC_BASE, size, data, write);
	return true;
}

long nacre_create_irqchip(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	struct nacre_chips *chips;

	if (chips_of(vm))
		return -EEXIST;
	if (nacre_vm_has_vcpus(vm))
		return -EINVAL;
	chips = kzalloc(sizeof(*chips), GFP_KERNEL_ACCOUNT);
	if (!chips)
		return -ENOMEM;
	chips->vm = vm;
	spin_lock_init(&chips->lock);
	chips->pic.ops = &pic_ops;
	chips->ioapic.ops = &ioapic_ops;
	nacre_pic_reset(&chips->pic);
	nacre_ioapic_reset(&chips->ioapic);
	/* Published when complete; pairs with the acquire in chips_of(). */
	smp_store_release(&vm->arch.chips, chips);
	return 0;
}

long nacre_get_irqchip(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	struct nacre_chips *chips = chips_of(vm);
	struct nacre_irqchip *io = arg->data;
	long ret = 0;

	if (!chips)
		return -ENXIO;
	spin_lock(&chips->lock);
	switch (io->chip_id) {
	case NACRE_IRQCHIP_PIC_MASTER:
	case NACRE_IRQCHIP_PIC_SLAVE:
		nacre_pic_get_state(&chips->pic, io->chip_id, &io->chip.pic);
		break;
	case NACRE_IRQCHIP_IOAPIC:
		nacre_ioapic_get_state(&chips->ioapic, &io->chip.ioapic);
		break;
	default:
		ret = -EINVAL;
	}
	spin_unlock(&chips->lock);
	return ret;
}

long nacre_set_irqchip(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	struct nacre_chips *chips = chips_of(vm);
	const struct nacre_irqchip *io = arg->data;
	long ret = 0;

	if (!chips)
		return -ENXIO;
	spin_lock(&chips->lock);
	switch (io->chip_id) {
	case NACRE_IRQCHIP_PIC_MASTER:
	case NACRE_IRQCHIP_PIC_SLAVE:
		nacre_pic_set_state(&chips->pic, io->chip_id, &io->chip.pic);
		break;
	case NACRE_IRQCHIP_IOAPIC:
		nacre_ioapic_set_state(&chips->ioapic, &io->chip.ioapic);
		break;
	default:
		ret = -EINVAL;
	}
	spin_unlock(&chips->lock);
	return ret;
}

/* What both chips make of it; enum nacre_line says how that adds up. */
static int set_line(struct nacre_chips *chips, u32 gsi, bool level)
{
	int pic = NACRE_LINE_IGNORED, ioapic;

	if (gsi >= NACRE_IOAPIC_NUM_PINS)
		return NACRE_LINE_IGNORED;
	gsi = array_index_nospec(gsi, NACRE_IOAPIC_NUM_PINS);
	spin_lock(&chips->lock);
	if (gsi < PIC_PINS)
		pic = nacre_pic_set_line(&chips->pic, gsi, level);
	ioapic = nacre_ioapic_set_line(&chips->ioapic, gsi, level);
	spin_unlock(&chips->lock);
	if (pic < 0 || ioapic < 0)
		return max(pic, ioapic);
	return pic + ioapic;
}

/* Also NACRE_IRQ_LINE_STATUS, which differs in that the answer goes out. */
long nacre_irq_line(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	struct nacre_chips *chips = chips_of(vm);
	struct nacre_irq_level *line = arg->data;

	if (!chips)
		return -ENXIO;
	line->status = set_line(chips, line->irq, line->level);
	return 0;
}
