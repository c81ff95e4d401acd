// SPDX-License-Identifier: GPL-2.0
/*
 * The interrupt chips that a VM's vCPUs share. Their lock is a leaf: under it a
 * local APIC is only asked to accept, which takes no lock. It is taken with
 * interrupts off, for an eventfd may be signalled in one.
 */
#include <linux/err.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "arch/x86/apic.h"
#include "arch/x86/chips.h"
#include "arch/x86/ioctls.h"

bool nacre_irqchip = true;
module_param_named(irqchip, nacre_irqchip, bool, 0444);
MODULE_PARM_DESC(irqchip, "PIC and I/O APIC in the kernel, where a VMM wants them there (default Y)");

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

int nacre_deliver(struct nacre_vm *vm, const struct nacre_irq *irq,
		  struct nacre_lapic *from, struct nacre_lapic **only)
{
	bool lowest = irq->delivery == NACRE_DELIVER_LOWEST;
	struct nacre_lapic *lapic, *best = NULL;
	int taken = NACRE_LINE_IGNORED;
	struct nacre_vcpu *vcpu;
	unsigned long index;
	unsigned int named = 0;

	nacre_for_each_vcpu(index, vcpu, vm) {
		lapic = nacre_lapic_of(vcpu);
		if (!lapic || !nacre_lapic_enabled(lapic) ||
		    !wanted(lapic, irq, from))
			continue;
		if (only)
			*only = named++ ? NULL : lapic;
		if (!lowest)
			taken = max(taken, 0) + nacre_lapic_accept(lapic, irq);
		else if (nacre_lapic_sw_enabled(lapic) &&
			 (!best || nacre_lapic_priority(lapic) <
				   nacre_lapic_priority(best)))
			best = lapic;
	}
	if (best)
		return nacre_lapic_accept(best, irq);
	/* Nobody there is told where nobody was named, or nobody could be. */
	if (taken < 0 && (irq->dest != 0xff || irq->exact) &&
	    READ_ONCE(vm->nr_vcpus))
		return NACRE_LINE_COALESCED;
	return taken;
}

int nacre_deliver_and_note(struct nacre_vm *vm, const struct nacre_irq *irq,
			   struct nacre_lapic *from, struct nacre_target *to)
{
	int taken;

	to->identities = nacre_identities(vm);
	/* Pairs with op_mode() and with a vCPU's coming: number, then them. */
	smp_rmb();
	to->lapic = NULL;
	taken = nacre_deliver(vm, irq, from, &to->lapic);
	to->dest = irq->dest;
	to->logical = irq->logical;
	return taken;
}

static int op_deliver(struct nacre_ioapic *ioapic, const struct nacre_irq *irq)
{
	struct nacre_chips *chips = container_of(ioapic, struct nacre_chips,
						 ioapic);
	struct nacre_irq message = *irq;

	message.exact = READ_ONCE(chips->vm->arch.routing.flags) &
			NACRE_X2APIC_API_DISABLE_BROADCAST_QUIRK;
	return nacre_deliver(chips->vm, &message, NULL, NULL);
}

static const struct nacre_ioapic_ops ioapic_ops = {
	.deliver = op_deliver,
};

struct nacre_vcpu *nacre_boot_vcpu(struct nacre_vm *vm)
{
	struct nacre_vcpu *vcpu;
	unsigned long index;

	nacre_for_each_vcpu(index, vcpu, vm) {
		if (vcpu->id == vm->arch.boot_vcpu_id)
			break;
	}
	return vcpu;
}

/*
 * Let go of the chips. The processor hears of the PIC's output, and whoever
 * waits for the end of a service of that.
 */
static void unlock_chips(struct nacre_chips *chips, unsigned long flags)
	__releases(&chips->lock)
{
	struct nacre_vcpu *vcpu = NULL;
	u16 ended = chips->pic.ended;

	if (chips->pic.rose)
		vcpu = nacre_boot_vcpu(chips->vm);
	if (vcpu)
		nacre_vcpu_request(vcpu, NACRE_REQ_EVENT);
	chips->pic.rose = false;
	chips->pic.ended = 0;
	spin_unlock_irqrestore(&chips->lock, flags);
	if (likely(!ended || list_empty(&chips->acks)))
		return;
	nacre_ack_pins(chips->vm, NACRE_IRQCHIP_PIC_MASTER, ended & 0xff);
	nacre_ack_pins(chips->vm, NACRE_IRQCHIP_PIC_SLAVE, ended >> 8);
}

u8 nacre_pic_take(struct nacre_vm *vm)
{
	struct nacre_chips *chips = nacre_chips(vm);
	unsigned long flags;
	u8 vector;

	spin_lock_irqsave(&chips->lock, flags);
	vector = nacre_pic_acknowledge(&chips->pic);
	unlock_chips(chips, flags);
	return vector;
}

/*
 * Whose interrupt has ended. An edge of another pin may have the same vector at
 * another APIC.
 */
static u32 ended_pins(struct nacre_chips *chips,
		      const struct nacre_lapic *lapic, u8 vector, bool level)
{
	unsigned long flags;
	unsigned int pin;
	u32 ended = 0;

	spin_lock_irqsave(&chips->lock, flags);
	for (pin = 0; pin < NACRE_IOAPIC_NUM_PINS; pin++) {
		struct nacre_irq irq = nacre_ioapic_message(&chips->ioapic,
							    pin);

		if (irq.vector == vector && irq.level == level &&
		    (level || nacre_lapic_match(lapic, &irq)))
			ended |= BIT(pin);
	}
	spin_unlock_irqrestore(&chips->lock, flags);
	return ended;
}

/* A line that an ack lowers is low when the chip looks at it. */
void nacre_chips_eoi(struct nacre_vcpu *vcpu, u8 vector, bool level)
{
	struct nacre_chips *chips = nacre_chips(vcpu->vm);
	unsigned long flags;

	if (!list_empty(&chips->acks))
		nacre_ack_pins(vcpu->vm, NACRE_IRQCHIP_IOAPIC,
			       ended_pins(chips, nacre_lapic_of(vcpu), vector,
					  level));
	if (!level)
		return;
	spin_lock_irqsave(&chips->lock, flags);
	nacre_ioapic_eoi(&chips->ioapic, vector);
	spin_unlock_irqrestore(&chips->lock, flags);
}

static bool is_pit_port(const struct nacre_chips *chips, u16 port,
			unsigned int size)
{
	if (!READ_ONCE(chips->has_pit))
		return false;
	return (port >= PIT_PORT && port + size <= PIT_PORT + PIT_PORTS) ||
	       (port == PIT_SPEAKER && chips->has_speaker);
}

bool nacre_chips_pio(struct nacre_vm *vm, u16 port, unsigned int size,
		     void *data, bool in)
{
	struct nacre_chips *chips = nacre_chips(vm);
	unsigned long flags;
	u8 masked;

	if (!chips)
		return false;
	if (is_pit_port(chips, port, size)) {
		nacre_pit_pio(chips, port, size, data, in);
		return true;
	}
	/* Each chip has two ports, and so have the edge/level registers. */
	if ((port & 1) + size > 2 || !nacre_pic_has_port(port))
		return false;
	if (in)
		memset(data, 0, size);
	/* The bus of these chips is 8 bits wide. */
	if (size != 1)
		return true;
	spin_lock_irqsave(&chips->lock, flags);
	masked = chips->pic.chip[PIC_MASTER].imr;
	if (in)
		*(u8 *)data = nacre_pic_read(&chips->pic, port);
	else
		nacre_pic_write(&chips->pic, port, *(u8 *)data);
	masked &= ~chips->pic.chip[PIC_MASTER].imr;
	unlock_chips(chips, flags);
	nacre_pit_unmasked(chips, NACRE_IRQCHIP_PIC_MASTER, masked);
	return true;
}

void nacre_chips_mmio(struct nacre_vm *vm, gpa_t gpa, unsigned int size,
		      void *data, bool write)
{
	struct nacre_chips *chips = nacre_chips(vm);
	u64 offset = gpa - IOAPIC_BASE;
	u32 value = 0, unmasked = 0;
	unsigned long flags;

	if (!write)
		memset(data, 0, size);
	size = min_t(unsigned int, size, sizeof(value));
	spin_lock_irqsave(&chips->lock, flags);
	if (write) {
		unmasked = nacre_ioapic_masked(&chips->ioapic);
		memcpy(&value, data, size);
		nacre_ioapic_write(&chips->ioapic, offset, value);
		unmasked &= ~nacre_ioapic_masked(&chips->ioapic);
	} else {
		value = nacre_ioapic_read(&chips->ioapic, offset);
		memcpy(data, &value, size);
	}
	spin_unlock_irqrestore(&chips->lock, flags);
	nacre_pit_unmasked(chips, NACRE_IRQCHIP_IOAPIC, unmasked);
	if (write && !list_empty(&chips->acks))
		nacre_chips_watch(chips);
}

long nacre_create_irqchip(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	struct nacre_routes *routes;
	struct nacre_chips *chips;

	if (!nacre_irqchip)
		return -ENOTTY;
	if (nacre_has_lapics(vm))
		return -EEXIST;
	if (vm->nr_vcpus)
		return -EINVAL;
	chips = kzalloc(sizeof(*chips), GFP_KERNEL_ACCOUNT);
	if (!chips)
		return -ENOMEM;
	routes = nacre_routes_first(vm, true);
	if (IS_ERR(routes)) {
		kfree(chips);
		return PTR_ERR(routes);
	}
	chips->vm = vm;
	spin_lock_init(&chips->lock);
	INIT_LIST_HEAD(&chips->acks);
	chips->ioapic.ops = &ioapic_ops;
	nacre_pic_reset(&chips->pic);
	nacre_ioapic_reset(&chips->ioapic);
	nacre_pit_setup(chips);
	/* Published when complete; pairs with the acquire in nacre_chips(). */
	smp_store_release(&vm->arch.chips, chips);
	/* Whoever sees these sees the chips. */
	rcu_assign_pointer(vm->arch.routes, routes);
	return 0;
}

/* And NACRE_SET_IRQCHIP. */
long nacre_get_irqchip(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	bool set = arg->cmd == NACRE_SET_IRQCHIP;
	struct nacre_chips *chips = nacre_chips(vm);
	struct nacre_irqchip *io = arg->data;
	unsigned long flags;
	long ret = 0;

	if (!chips)
		return -ENXIO;
	spin_lock_irqsave(&chips->lock, flags);
	if (io->chip_id >= NACRE_NR_IRQCHIPS)
		ret = -EINVAL;
	else if (io->chip_id == NACRE_IRQCHIP_IOAPIC && set)
		nacre_ioapic_set_state(&chips->ioapic, &io->chip.ioapic);
	else if (io->chip_id == NACRE_IRQCHIP_IOAPIC)
		nacre_ioapic_get_state(&chips->ioapic, &io->chip.ioapic);
	else if (set)
		nacre_pic_set_state(&chips->pic, io->chip_id, &io->chip.pic);
	else
		io->chip.pic = chips->pic.chip[io->chip_id & 1];
	unlock_chips(chips, flags);
	if (set)
		nacre_chips_watch(chips);
	return ret;
}

/* A line is up as long as anybody holds it up. */
int nacre_chips_set_pin(struct nacre_routing *routing, unsigned int chip,
			unsigned int pin, enum nacre_line_source source,
			bool level)
{
	struct nacre_chips *chips = nacre_chips(nacre_vm_of(routing));
	bool ioapic = chip == NACRE_IRQCHIP_IOAPIC;
	unsigned long flags;
	u8 *holders;
	int ret;

	pin += ioapic ? 0 : chip * PIC_PINS / 2;
	holders = ioapic ? &chips->ioapic_lines[pin] : &chips->pic_lines[pin];
	spin_lock_irqsave(&chips->lock, flags);
	*holders = level ? *holders | BIT(source) : *holders & ~BIT(source);
	ret = ioapic ? nacre_ioapic_set_line(&chips->ioapic, pin, *holders) :
		       nacre_pic_set_line(&chips->pic, pin, *holders);
	unlock_chips(chips, flags);
	return ret;
}
