// SPDX-License-Identifier: GPL-2.0
/* What libnacre asks of a module for eventfds: ioctls are noted here. */
#include "host_test.h"
#include "internal.h"

#define ROUTES 64

static struct {
	unsigned int bells;
	struct nacre_ioeventfd bell;
	unsigned int ties;
	struct nacre_irqfd tie;
	unsigned int tables;
	unsigned int nr_routes;
	struct nacre_irq_routing_entry routes[ROUTES];
	unsigned long fails;
} module;

static struct nacre_vm *vm;
static struct nacre_error error;

int __wrap_ioctl(int fd, unsigned long request, void *argument);

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	const struct nacre_irq_routing *table = argument;

	if (fd != 1234)
		abort();
	if (request == module.fails) {
		errno = ENOSPC;
		return -1;
	}
	switch (request) {
	case NACRE_IOEVENTFD:
		module.bells++;
		module.bell = *(struct nacre_ioeventfd *)argument;
		return 0;
	case NACRE_IRQFD:
		module.ties++;
		module.tie = *(struct nacre_irqfd *)argument;
		return 0;
	case NACRE_SET_GSI_ROUTING:
		if (table->nr > ROUTES || table->flags)
			abort();
		module.tables++;
		module.nr_routes = table->nr;
		memcpy(module.routes, table->entries,
		       table->nr * sizeof(table->entries[0]));
		return 0;
	default:
		abort();
	}
}

static void make(void)
{
	if (vm)
		free(vm->messages);
	free(vm);
	vm = calloc(1, sizeof(*vm));
	vm->fd = 1234;
	memset(&module, 0, sizeof(module));
}

static const struct nacre_irq_routing_entry *route(uint32_t gsi, uint32_t type,
						   uint32_t chip)
{
	unsigned int i;

	for (i = 0; i < module.nr_routes; i++)
		if (module.routes[i].gsi == gsi &&
		    module.routes[i].type == type &&
		    (type == NACRE_IRQ_ROUTING_MSI ||
		     module.routes[i].u.irqchip.irqchip == chip))
			return &module.routes[i];
	return NULL;
}

static void bells(void)
{
	make();
	EXPECT_EQ(nacre_vm_ioeventfd(vm, 0xc0002000, 2, 7, true, &error), 0);
	EXPECT_EQ(module.bell.addr, 0xc0002000);
	EXPECT_EQ(module.bell.len, 2);
	EXPECT_EQ(module.bell.fd, 7);
	EXPECT_EQ(module.bell.flags, 0);
	EXPECT_EQ(nacre_vm_ioeventfd(vm, 0xc0002000, 2, 7, false, &error), 0);
	EXPECT_EQ(module.bell.flags, NACRE_IOEVENTFD_FLAG_DEASSIGN);
	module.fails = NACRE_IOEVENTFD;
	EXPECT_EQ(nacre_vm_ioeventfd(vm, 4096, 2, 7, true, &error), -ENOSPC);
	EXPECT(strstr(error.message, "NACRE_IOEVENTFD, 0x1000"));
}

/* The pins' own routes are those that there are without a table. */
static void pins_stay(void)
{
	const struct nacre_irq_routing_entry *r;
	unsigned int i;

	make();
	EXPECT_EQ(nacre_vm_message(vm, 24, 5, 0xfee00000, 0, &error), 0);
	EXPECT_EQ(module.nr_routes, 16 + 24 + 1);
	for (i = 0; i < 24; i++) {
		r = route(i, NACRE_IRQ_ROUTING_IRQCHIP, NACRE_IRQCHIP_IOAPIC);
		EXPECT(r && r->u.irqchip.pin == i);
		r = route(i, NACRE_IRQ_ROUTING_IRQCHIP,
			  i < 8 ? NACRE_IRQCHIP_PIC_MASTER :
				  NACRE_IRQCHIP_PIC_SLAVE);
		EXPECT(i < 16 ? r && r->u.irqchip.pin == i % 8 : !r);
	}
}

/* The first one ties the eventfd; what is sent may change. */
static void messages(void)
{
	const struct nacre_irq_routing_entry *r;

	make();
	EXPECT_EQ(nacre_vm_message(vm, 30, 5, 0x1fee01000, 0x41, &error), 0);
	EXPECT_EQ(module.ties, 1);
	EXPECT_EQ(module.tie.fd, 5);
	EXPECT_EQ(module.tie.gsi, 30);
	EXPECT_EQ(module.tie.flags, 0);
	EXPECT_EQ(nacre_vm_message(vm, 26, 6, 0xfee02000, 0x42, &error), 0);
	EXPECT_EQ(module.ties, 2);
	EXPECT_EQ(nacre_vm_message(vm, 30, 5, 0xfee03000, 0x43, &error), 0);
	EXPECT_EQ(module.ties, 2);
	EXPECT_EQ(module.tables, 3);
	EXPECT_EQ(module.nr_routes, 16 + 24 + 2);
	r = route(30, NACRE_IRQ_ROUTING_MSI, 0);
	EXPECT(r && r->u.msi.address_lo == 0xfee03000 &&
	       !r->u.msi.address_hi && r->u.msi.data == 0x43);
	r = route(26, NACRE_IRQ_ROUTING_MSI, 0);
	EXPECT(r && r->u.msi.address_lo == 0xfee02000 &&
	       r->u.msi.data == 0x42);
}

static void refused(void)
{
	make();
	EXPECT_EQ(nacre_vm_message(vm, 23, 5, 0xfee00000, 0, &error), -EINVAL);
	EXPECT_EQ(module.tables, 0);
	module.fails = NACRE_SET_GSI_ROUTING;
	EXPECT_EQ(nacre_vm_message(vm, 24, 5, 0, 0, &error), -ENOSPC);
	EXPECT(strstr(error.message, "NACRE_SET_GSI_ROUTING"));
	EXPECT_EQ(module.ties, 0);
	/* What failed then is made good by the next call. */
	module.fails = NACRE_IRQFD;
	EXPECT_EQ(nacre_vm_message(vm, 24, 5, 0, 0, &error), -ENOSPC);
	EXPECT(strstr(error.message, "NACRE_IRQFD, GSI 24"));
	module.fails = 0;
	EXPECT_EQ(nacre_vm_message(vm, 24, 5, 0, 0, &error), 0);
	EXPECT_EQ(module.ties, 1);
}

static const struct host_case cases[] = {
	HOST_CASE(bells),
	HOST_CASE(pins_stay),
	HOST_CASE(messages),
	HOST_CASE(refused),
};

HOST_MAIN(cases)
