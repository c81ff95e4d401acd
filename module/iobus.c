// SPDX-License-Identifier: GPL-2.0
/*
 * ioeventfds and coalesced writes.
 *
 * Each bus is a table sorted by address, which is replaced whole and read under
 * the VM's SRCU. An ioeventfd takes a write at its very address; a zone takes
 * what lies in it, and ranges may overlap in any way. Each range therefore
 * knows how far it and those before it reach: from the last one that begins at
 * or below an address the search goes back to where none reaches it.
 */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "module/compat/compat.h"
#include "module/vm.h"

/* On each bus; ioeventfds are bounded by memory that is accounted for. */
#define MAX_ZONES	1000

struct io_range {
	u64 addr;
	u64 reach;		/* last byte of this one and those before */
	u32 len;		/* of an ioeventfd 0: any */
	bool any_value;
	u64 value;
	struct eventfd_ctx *event;	/* NULL: a zone */
};

struct nacre_io_table {
	unsigned int nr;
	struct io_range range[];
};

/* Indices in the ring are anybody's: read once, and bounded. */
static bool push(struct nacre_io *io, enum nacre_bus bus, u64 addr,
		 unsigned int size, const void *data)
{
	struct nacre_coalesced_mmio_ring *ring = io->ring;
	struct nacre_coalesced_mmio *entry;
	u32 last, next;
	bool room;

	spin_lock(&io->ring_lock);
	last = READ_ONCE(ring->last);
	next = (last + 1) % NACRE_COALESCED_MMIO_MAX;
	room = last < NACRE_COALESCED_MMIO_MAX &&
	       next != READ_ONCE(ring->first);
	if (room) {
		last = array_index_nospec(last, NACRE_COALESCED_MMIO_MAX);
		entry = &ring->coalesced_mmio[last];
		entry->phys_addr = addr;
		entry->len = size;
		entry->pio = bus == NACRE_BUS_PIO;
		memcpy(entry->data, data, size);
		/* Whoever sees the index sees the entry. */
		smp_store_release(&ring->last, next);
	}
	spin_unlock(&io->ring_lock);
	return room;
}

static bool holds(const struct io_range *zone, u64 addr, u32 size)
{
	return size <= zone->len && addr - zone->addr <= zone->len - size;
}

static bool take(struct nacre_io *io, enum nacre_bus bus,
		 const struct io_range *r, u64 addr, unsigned int size,
		 const void *data)
{
	u64 value = 0;

	if (!r->event)
		return size && holds(r, addr, size) &&
		       push(io, bus, addr, size, data);
	if (size)
		memcpy(&value, data, size);
	if (addr != r->addr ||
	    (r->len && (size != r->len ||
			(value != r->value && !r->any_value))))
		return false;
	compat_eventfd_signal(r->event);
	return true;
}

/* How many begin at @addr or below. */
static unsigned int begun(const struct nacre_io_table *table, u64 addr)
{
	unsigned int low = 0, high = table->nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (table->range[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool nacre_io_offer_slow(struct nacre_vm *vm, enum nacre_bus bus, u64 addr,
			 unsigned int size, const void *data)
{
	const struct nacre_io_table *table;
	unsigned int i, end;

	table = srcu_dereference(vm->io.bus[bus], &vm->srcu);
	end = begun(table, addr);
	for (i = end; i && table->range[i - 1].reach >= addr; )
		i--;
	for (; i < end; i++) {
		if (take(&vm->io, bus, &table->range[i], addr, size, data))
			return true;
	}
	return false;
}

static void append(struct nacre_io_table *table, const struct io_range *r)
{
	struct io_range *new = &table->range[table->nr++];
	u64 last = r->addr + max(r->len, 1u) - 1;

	*new = *r;
	new->reach = last < r->addr ? U64_MAX : last;
	if (table->nr > 1)
		new->reach = max(new->reach, new[-1].reach);
}

static bool same_event(const struct io_range *r, const struct io_range *key)
{
	return r->event == key->event && r->addr == key->addr &&
	       r->len == key->len && r->any_value == key->any_value &&
	       r->value == key->value;
}

static bool zone_goes(const struct io_range *r, const struct io_range *key)
{
	return !r->event && holds(r, key->addr, key->len);
}

/* Two ioeventfds: is there a write that both would take? */
static bool collide(const struct io_range *r, const struct io_range *new)
{
	if (!r->event || !new->event || r->addr != new->addr)
		return false;
	return !r->len || !new->len ||
	       (r->len == new->len && (r->any_value || new->any_value ||
				       r->value == new->value));
}

typedef bool (*match_fn)(const struct io_range *r, const struct io_range *key);

/* The old ranges without those that go, or with a new one. */
static int fill(struct nacre_io_table *table, const struct nacre_io_table *old,
		match_fn goes, const struct io_range *r)
{
	unsigned int i, zones = 0, at = old ? begun(old, r->addr) : 0;

	for (i = 0; old && i < old->nr; i++) {
		if (!goes && i == at)
			append(table, r);
		if (!goes && collide(&old->range[i], r))
			return -EEXIST;
		if (!goes || !goes(&old->range[i], r))
			append(table, &old->range[i]);
		zones += !old->range[i].event;
	}
	if (goes)
		return table->nr == i ? -ENOENT : 0;
	if (i == at)
		append(table, r);
	return zones < MAX_ZONES ? 0 : -ENOSPC;
}

static void drop_events(struct nacre_io_table *table, match_fn which,
			const struct io_range *key)
{
	unsigned int i;

	for (i = 0; table && i < table->nr; i++) {
		if (table->range[i].event &&
		    (!which || which(&table->range[i], key)))
			eventfd_ctx_put(table->range[i].event);
	}
}

/* @goes: those that match @r by it go; else @r comes. */
static int change(struct nacre_vm *vm, enum nacre_bus bus, match_fn goes,
		  const struct io_range *r)
{
	struct nacre_io_table *table, *old;
	int err;

	old = rcu_dereference_protected(vm->io.bus[bus],
					lockdep_is_held(&vm->lock));
	table = kvzalloc(struct_size(table, range, old ? old->nr + 1 : 1),
			 GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;
	err = fill(table, old, goes, r);
	if (err) {
		kvfree(table);
		return err;
	}
	rcu_assign_pointer(vm->io.bus[bus], table);
	synchronize_srcu_expedited(&vm->srcu);
	if (goes)
		drop_events(old, goes, r);
	kvfree(old);
	return 0;
}

long nacre_ioeventfd(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	const struct nacre_ioeventfd *args = arg->data;
	bool match = args->flags & NACRE_IOEVENTFD_FLAG_DATAMATCH;
	bool goes = args->flags & NACRE_IOEVENTFD_FLAG_DEASSIGN;
	struct io_range r = {
		.addr = args->addr,
		.len = args->len,
		.any_value = !match,
		.value = match ? args->datamatch : 0,
	};
	enum nacre_bus bus = NACRE_BUS_MMIO;
	int err;

	if (!goes && (args->len > 8 ||
		      (args->len && !is_power_of_2(args->len)) ||
		      args->addr + args->len < args->addr ||
		      args->flags & ~NACRE_IOEVENTFD_VALID_FLAG_MASK ||
		      (match && !args->len)))
		return -EINVAL;
	if (args->flags & NACRE_IOEVENTFD_FLAG_PIO)
		bus = NACRE_BUS_PIO;
	else if (args->flags & NACRE_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY)
		bus = NACRE_BUS_CCW;
	r.event = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(r.event))
		return PTR_ERR(r.event);
	err = change(vm, bus, goes ? same_event : NULL, &r);
	/* What has come keeps this reference. */
	if (goes || err)
		eventfd_ctx_put(r.event);
	return err;
}

long nacre_coalesced_mmio(struct nacre_vm *vm, struct nacre_ioctl_arg *arg)
{
	const struct nacre_coalesced_mmio_zone *zone = arg->data;
	bool goes = arg->cmd == NACRE_UNREGISTER_COALESCED_MMIO;
	struct io_range r = { .addr = zone->addr, .len = zone->size };
	int err;

	if (zone->pio > 1)
		return -EINVAL;
	err = change(vm, zone->pio ? NACRE_BUS_PIO : NACRE_BUS_MMIO,
		     goes ? zone_goes : NULL, &r);
	/* That there was none is no error. */
	return goes && err == -ENOENT ? 0 : err;
}

int nacre_io_init(struct nacre_vm *vm)
{
	BUILD_BUG_ON(sizeof(*vm->io.ring) + NACRE_COALESCED_MMIO_MAX *
		     sizeof(struct nacre_coalesced_mmio) > PAGE_SIZE);
	spin_lock_init(&vm->io.ring_lock);
	vm->io.ring = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	return vm->io.ring ? 0 : -ENOMEM;
}

void nacre_io_destroy(struct nacre_vm *vm)
{
	struct nacre_io_table *table;
	unsigned int bus;

	for (bus = 0; bus < NACRE_BUSES; bus++) {
		table = rcu_dereference_protected(vm->io.bus[bus], true);
		drop_events(table, NULL, NULL);
		kvfree(table);
	}
	free_page((unsigned long)vm->io.ring);
}
