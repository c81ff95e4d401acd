// SPDX-License-Identifier: GPL-2.0
/*
 * GSIs and messages in a VM: the table of routes, which is replaced whole and
 * read under the VM's SRCU, and the ioctls that work lines.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "arch/x86/chips.h"
#include "arch/x86/ioctls.h"

static int op_send(struct nacre_routing *routing, const struct nacre_irq *irq)
{
	return nacre_deliver(nacre_vm_of(routing), irq, NULL, NULL);
}

static const struct nacre_routing_ops routing_ops = {
	.set_pin = nacre_chips_set_pin,
	.send = op_send,
};

int nacre_set_gsi(struct nacre_vm *vm, u32 gsi, enum nacre_line_source source,
		  bool level)
{
	int index = srcu_read_lock(&vm->srcu), ret;

	ret = nacre_routes_set(srcu_dereference(vm->arch.routes, &vm->srcu),
			       &vm->arch.routing, gsi, source, level);
	srcu_read_unlock(&vm->srcu, index);
	return ret;
}

void nacre_gsi_message(struct nacre_vm *vm, u32 gsi, struct nacre_message *out)
{
	const struct nacre_routes *routes;

	routes = rcu_dereference_protected(vm->arch.routes,
					   lockdep_is_held(&vm->lock));
	*out = (struct nacre_message) { };
	out->valid = nacre_routes_message(routes, &vm->arch.routing, gsi,
					  &out->irq);
}

static void ack_gsi(struct nacre_vm *vm, u32 gsi)
{
	struct nacre_ack *ack;
	bool first = true;

	list_for_each_entry_srcu(ack, &nacre_chips(vm)->acks, link,
				 srcu_read_lock_held(&vm->srcu)) {
		if (ack->gsi != gsi)
			continue;
		/* Once: whom one of them tells may have raised it again. */
		if (first)
			nacre_set_gsi(vm, gsi, NACRE_LINE_RESAMPLE, false);
		first = false;
		ack->acked(ack);
	}
}

void nacre_ack_pins(struct nacre_vm *vm, unsigned int chip, u32 pins)
{
	int index = srcu_read_lock(&vm->srcu), gsi;
	const struct nacre_routes *routes;
	unsigned long bits = pins;
	unsigned int pin;

	routes = srcu_dereference(vm->arch.routes, &vm->srcu);
	for_each_set_bit(pin, &bits, NACRE_IOAPIC_NUM_PINS) {
		gsi = routes->gsi_of[chip][pin];
		if (gsi >= 0)
			ack_gsi(vm, gsi);
	}
	srcu_read_unlock(&vm->srcu, index);
}

bool nacre_gsi_has_pin(struct nacre_vm *vm, u32 gsi, unsigned int chip,
		       u32 pins)
{
	int index = srcu_read_lock(&vm->srcu);
	const struct nacre_routes *routes;
	unsigned long bits = pins;
	unsigned int pin;
	bool found = false;

	routes = srcu_dereference(vm->arch.routes, &vm->srcu);
	for_each_set_bit(pin, &bits, NACRE_IOAPIC_NUM_PINS)
		found |= routes->gsi_of[chip][pin] == (s16)gsi;
	srcu_read_unlock(&vm->srcu, index);
	return found;
}

static bool has_ack(struct nacre_vm *vm, int gsi)
{
	struct nacre_ack *ack;

	list_for_each_entry_srcu(ack, &nacre_chips(vm)->acks, link,
				 srcu_read_lock_held(&vm->srcu) ||
				 lockdep_is_held(&vm->lock)) {
		if (gsi >= 0 && ack->gsi == gsi)
			return true;
	}
	return false;
}

/* Bits that stay are set all along: a local APIC looks without a lock. */
void nacre_chips_watch(struct nacre_chips *chips)
{
	struct nacre_vm *vm = chips->vm;
	int index = srcu_read_lock(&vm->srcu);
	u32 words[NACRE_VECTOR_WORDS] = { }, changed = 0;
	const struct nacre_routes *routes;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&chips->lock, flags);
	routes = srcu_dereference(vm->arch.routes, &vm->srcu);
	for (i = 0; i < NACRE_IOAPIC_NUM_PINS; i++) {
		struct nacre_irq irq = nacre_ioapic_message(&chips->ioapic, i);

		if (!irq.level &&
		    has_ack(vm, routes->gsi_of[NACRE_IRQCHIP_IOAPIC][i]))
			words[irq.vector / 32] |= BIT(irq.vector % 32);
	}
	for (i = 0; i < NACRE_VECTOR_WORDS; i++) {
		changed |= chips->watched[i] ^ words[i];
		WRITE_ONCE(chips->watched[i], words[i]);
	}
	if (changed)
		nacre_request_all(vm, NACRE_REQ_WATCH);
	spin_unlock_irqrestore(&chips->lock, flags);
	srcu_read_unlock(&vm->srcu, index);
}

void nacre_ack_add(struct nacre_vm *vm, struct nacre_ack *ack)
{
	lockdep_assert_held(&vm->lock);
	list_add_tail_rcu(&ack->link, &nacre_chips(vm)->acks);
	nacre_chips_watch(nacre_chips(vm));
}

void nacre_ack_remove(struct nacre_vm *vm, struct nacre_ack *ack)
{
	lockdep_assert_held(&vm->lock);
	list_del_rcu(&ack->link);
	synchronize_srcu_expedited(&vm->srcu);
	nacre_chips_watch(nacre_chips(vm));
	if (!has_ack(vm, ack->gsi))
		nacre_set_gsi(vm, ack->gsi, NACRE_LINE_RESAMPLE, false);
}

static struct nacre_routes *
make_routes(struct nacre_vm *vm, const struct nacre_irq_routing_entry *entries,
	    u32 nr, bool pins)
{
	size_t size = nacre_routes_size(entries, nr);
	struct nacre_routes *routes;

	if (!size)
		return ERR_PTR(-EINVAL);
	routes = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!routes)
		return ERR_PTR(-ENOMEM);
	if (!nacre_routes_fill(routes, &vm->arch.routing, entries, nr, pins)) {
		kvfree(routes);
		return ERR_PTR(-EINVAL);
	}
	return routes;
}

static struct nacre_irq_routing_entry to_pin(u32 gsi, u32 chip, u32 pin)
{
	return (struct nacre_irq_routing_entry) {
		.gsi = gsi,
		.type = NACRE_IRQ_ROUTING_IRQCHIP,
		.u.irqchip = { .irqchip = chip, .pin = pin },
	};
}

/* GSIs 0 to 15 lead to both kinds of chips, 16 to 23 to the I/O APIC. */
struct nacre_routes *nacre_routes_first(struct nacre_vm *vm, bool chips)
{
	struct nacre_irq_routing_entry *entries, *e;
	struct nacre_routes *routes;
	u32 gsi;

	vm->arch.routing.ops = &routing_ops;
	entries = e = kcalloc(PIC_PINS + NACRE_IOAPIC_NUM_PINS,
			      sizeof(*entries), GFP_KERNEL);
	if (!entries)
		return ERR_PTR(-ENOMEM);
	for (gsi = 0; chips && gsi < NACRE_IOAPIC_NUM_PINS; gsi++) {
		*e++ = to_pin(gsi, NACRE_IRQCHIP_IOAPIC, gsi);
		if (gsi < PIC_PINS)
			*e++ = to_pin(gsi, gsi / 8, gsi % 8);
	}
	routes = make_routes(vm, entries, e - entries, chips);
	kfree(entries);
	return routes;
}

/* Local APICs alone; the VMM hears of the ends of the first @gsis. */
long nacre_enable_split(struct nacre_vm *vm, u64 gsis)
{
	struct nacre_routes *routes;
	long ret = -EEXIST;

	if (gsis > NACRE_MAX_GSIS)
		return -EINVAL;
	mutex_lock(&vm->lock);
	if (!nacre_has_lapics(vm) && !vm->nr_vcpus) {
		routes = nacre_routes_first(vm, false);
		ret = PTR_ERR_OR_ZERO(routes);
		vm->arch.ioapic_gsis = gsis;
		if (!ret)
			rcu_assign_pointer(vm->arch.routes, routes);
	}
	mutex_unlock(&vm->lock);
	return ret;
}

void nacre_split_eoi(struct nacre_vcpu *vcpu, u8 vector)
{
	struct nacre_vm *vm = vcpu->vm;
	int index = srcu_read_lock(&vm->srcu);

	if (nacre_routes_level(srcu_dereference(vm->arch.routes, &vm->srcu),
			       vm->arch.ioapic_gsis, vector)) {
		vcpu->arch.eoi_vector = vector;
		nacre_set_request(vcpu, NACRE_REQ_IOAPIC_EOI);
	}
	srcu_read_unlock(&vm->srcu, index);
}

/*
 * That there are too many is EINVAL, after all else: copies by itself. When it
 * returns nobody goes by the old table.
 */
long nacre_set_gsi_routing(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	struct nacre_irq_routing __user *user = (void __user *)arg->value;
	struct nacre_irq_routing_entry *entries;
	struct nacre_irq_routing head;
	struct nacre_routes *routes;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (!nacre_has_lapics(vm) || head.nr > NACRE_MAX_GSIS || head.flags)
		return -EINVAL;
	entries = vmemdup_user(user->entries, head.nr * sizeof(*entries));
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	routes = make_routes(vm, entries, head.nr, nacre_has_chips(vm));
	kvfree(entries);
	if (IS_ERR(routes))
		return PTR_ERR(routes);
	mutex_lock(&vm->lock);
	routes = rcu_replace_pointer(vm->arch.routes, routes,
				     lockdep_is_held(&vm->lock));
	if (nacre_has_chips(vm))
		nacre_chips_watch(nacre_chips(vm));
	nacre_irqfds_reroute(vm);
	mutex_unlock(&vm->lock);
	synchronize_srcu_expedited(&vm->srcu);
	kvfree(routes);
	return 0;
}

long nacre_signal_msi(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	const struct nacre_msi *msi = arg->data;
	const struct nacre_irq_routing_msi message = {
		.address_lo = msi->address_lo,
		.address_hi = msi->address_hi,
		.data = msi->data,
	};
	struct nacre_irq irq;

	if (!nacre_has_lapics(vm) || msi->flags & ~NACRE_MSI_VALID_DEVID ||
	    !nacre_msi_parse(&vm->arch.routing, &message, &irq))
		return -EINVAL;
	/* NACRE_LINE_IGNORED is EPERM to the caller. */
	BUILD_BUG_ON(NACRE_LINE_IGNORED != -EPERM);
	return nacre_deliver(vm, &irq, NULL, NULL);
}

/* Also NACRE_IRQ_LINE_STATUS, which differs in that the answer goes out. */
long nacre_irq_line(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	struct nacre_irq_level *line = arg->data;

	if (!nacre_has_lapics(vm))
		return -ENXIO;
	line->status = nacre_set_gsi(vm, line->irq, NACRE_LINE_VMM,
				     line->level);
	return 0;
}

long nacre_enable_x2apic_api(struct nacre_vm *vm, u64 flags)
{
	if (flags & ~NACRE_X2APIC_API_FLAGS)
		return -EINVAL;
	mutex_lock(&vm->lock);
	WRITE_ONCE(vm->arch.routing.flags, vm->arch.routing.flags | flags);
	nacre_irqfds_reroute(vm);
	mutex_unlock(&vm->lock);
	return 0;
}
