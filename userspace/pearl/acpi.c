// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables, built in guest memory.
 *
 * ACPI Specification, "ACPI System Description Tables". The DSDT is compiled
 * from dsdt.asl by iasl.
 */
#include <string.h>

#include "devices/pci.h"
#include "devices/pm.h"
#include "dsdt.h"
#include "machine.h"
#include "nacre.h"

#define ALIGNMENT	64
#define MOST_CPUS	255	/* 8-bit APIC IDs, of which ffh is all */

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct address {
	uint8_t space;		/* 1: ports */
	uint8_t bits;
	uint8_t offset;
	uint8_t access;		/* 1: byte, 2: word, 3: dword */
	uint64_t address;
} __attribute__((packed));

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));

struct xsdt {
	struct header header;
	uint64_t tables[2];
} __attribute__((packed));

struct fadt {
	struct header header;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t reserved1;
	uint8_t preferred_profile;
	uint16_t sci_int;
	uint32_t smi_cmd;
	uint8_t acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr;
	uint32_t gpe0, gpe1;
	uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len;
	uint8_t gpe0_len, gpe1_len, gpe1_base, cst_cnt;
	uint16_t p_lvl2_lat, p_lvl3_lat, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_arch;
	uint8_t reserved2;
	uint32_t flags;
	struct address reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	struct address x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt;
	struct address x_pm2_cnt, x_pm_tmr, x_gpe0, x_gpe1;
	struct address sleep_control, sleep_status;
	uint64_t hypervisor;
} __attribute__((packed));

_Static_assert(sizeof(struct fadt) == 276, "ACPI 6 has 276 bytes here");

struct facs {
	char signature[4];
	uint32_t length, hardware_signature, waking_vector, global_lock, flags;
	uint64_t x_waking_vector;
	uint8_t version;
	uint8_t reserved[31];
} __attribute__((packed));

struct madt {
	struct header header;
	uint32_t lapic;
	uint32_t flags;
} __attribute__((packed));

struct madt_lapic {
	uint8_t type, length, processor, apic_id;
	uint32_t flags;
} __attribute__((packed));

struct madt_ioapic {
	uint8_t type, length, id, reserved;
	uint32_t address, gsi_base;
} __attribute__((packed));

struct madt_override {
	uint8_t type, length, bus, source;
	uint32_t gsi;
	uint16_t flags;
} __attribute__((packed));

#define FADT_WBINVD		(1u << 0)
#define FADT_PROC_C1		(1u << 2)
#define FADT_NO_POWER_BUTTON	(1u << 4)
#define FADT_NO_SLEEP_BUTTON	(1u << 5)
#define FADT_NO_RTC_WAKE	(1u << 6)
#define FADT_TIMER_32_BITS	(1u << 8)
#define FADT_RESET_REGISTER	(1u << 10)
#define FADT_HEADLESS		(1u << 12)
#define BOOT_LEGACY_DEVICES	(1u << 0)
#define BOOT_NO_VGA		(1u << 2)
#define BOOT_NO_ASPM		(1u << 4)
#define MADT_PC_AT		(1u << 0)
#define MADT_ENABLED		(1u << 0)
#define LEVEL_HIGH		0x000d
#define CENTURY_REGISTER	0x32

/* Tables one behind the other. */
struct builder {
	uint8_t *base;
	uint64_t gpa;
	size_t used, size;
};

static void *place(struct builder *b, size_t length, uint64_t *gpa)
{
	size_t at = (b->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

	if (at + length > b->size)
		return NULL;
	b->used = at + length;
	*gpa = b->gpa + at;
	memset(b->base + at, 0, length);
	return b->base + at;
}

/* All bytes of what it is in add up to zero. */
static uint8_t checksum(const void *data, size_t length)
{
	const uint8_t *bytes = data;
	uint8_t sum = 0;

	while (length--)
		sum += *bytes++;
	return -sum;
}

static void finish(struct header *h, const char *signature, uint8_t revision,
		   uint32_t length)
{
	memcpy(h->signature, signature, sizeof(h->signature));
	h->length = length;
	h->revision = revision;
	memcpy(h->oem_id, "NACRE ", sizeof(h->oem_id));
	memcpy(h->oem_table_id, "PEARL   ", sizeof(h->oem_table_id));
	h->oem_revision = 1;
	memcpy(h->creator_id, "NACR", sizeof(h->creator_id));
	h->creator_revision = 1;
	h->checksum = 0;
	h->checksum = checksum(h, length);
}

static struct address port(uint64_t address, uint8_t bits)
{
	return (struct address) {
		.space = 1, .bits = bits, .address = address,
		.access = bits == 8 ? 1 : bits == 16 ? 2 : 3,
	};
}

static uint64_t build_dsdt(struct builder *b)
{
	uint64_t gpa;
	void *dsdt = place(b, sizeof(pearl_dsdt), &gpa);

	if (!dsdt)
		return 0;
	memcpy(dsdt, pearl_dsdt, sizeof(pearl_dsdt));
	return gpa;
}

static uint64_t build_facs(struct builder *b)
{
	uint64_t gpa;
	struct facs *facs = place(b, sizeof(*facs), &gpa);

	if (!facs)
		return 0;
	memcpy(facs->signature, "FACS", sizeof(facs->signature));
	facs->length = sizeof(*facs);
	facs->version = 2;
	return gpa;
}

static void fixed_hardware(struct fadt *fadt)
{
	fadt->pm1a_evt = PEARL_PM1_EVENT;
	fadt->pm1a_cnt = PEARL_PM1_CONTROL;
	fadt->pm_tmr = PEARL_PM_TIMER;
	fadt->pm1_evt_len = 4;
	fadt->pm1_cnt_len = 2;
	fadt->pm_tmr_len = 4;
	fadt->x_pm1a_evt = port(PEARL_PM1_EVENT, 32);
	fadt->x_pm1a_cnt = port(PEARL_PM1_CONTROL, 16);
	fadt->x_pm_tmr = port(PEARL_PM_TIMER, 32);
	fadt->reset_reg = port(PEARL_RESET_PORT, 8);
	fadt->reset_value = PEARL_RESET_VALUE;
}

static uint64_t build_fadt(struct builder *b, uint64_t dsdt, uint64_t facs)
{
	uint64_t gpa;
	struct fadt *fadt = place(b, sizeof(*fadt), &gpa);

	if (!fadt)
		return 0;
	fadt->facs = facs;
	fadt->dsdt = dsdt;
	fadt->x_dsdt = dsdt;
	fadt->sci_int = PEARL_IRQ_SCI;
	fixed_hardware(fadt);
	fadt->p_lvl2_lat = 0xffff;	/* no C2, no C3 */
	fadt->p_lvl3_lat = 0xffff;
	fadt->century = CENTURY_REGISTER;
	/* Of an 8042 there is the reset line: nothing to look for at its ports. */
	fadt->boot_arch = BOOT_LEGACY_DEVICES | BOOT_NO_VGA | BOOT_NO_ASPM;
	fadt->flags = FADT_WBINVD | FADT_PROC_C1 | FADT_NO_POWER_BUTTON |
		      FADT_NO_SLEEP_BUTTON | FADT_NO_RTC_WAKE |
		      FADT_TIMER_32_BITS | FADT_RESET_REGISTER | FADT_HEADLESS;
	fadt->minor = 3;
	finish(&fadt->header, "FACP", 6, sizeof(*fadt));
	return gpa;
}

static void add_chips(uint8_t *at)
{
	const struct madt_ioapic ioapic = {
		.type = 1, .length = sizeof(ioapic),
		.address = PEARL_IOAPIC_BASE,
	};
	const struct madt_override sci = {
		.type = 2, .length = sizeof(sci), .source = PEARL_IRQ_SCI,
		.gsi = PEARL_IRQ_SCI, .flags = LEVEL_HIGH,
	};

	memcpy(at, &ioapic, sizeof(ioapic));
	memcpy(at + sizeof(ioapic), &sci, sizeof(sci));
}

static uint64_t build_madt(struct builder *b, unsigned int nr_cpus)
{
	size_t length = sizeof(struct madt) +
			nr_cpus * sizeof(struct madt_lapic) +
			sizeof(struct madt_ioapic) +
			sizeof(struct madt_override);
	uint64_t gpa;
	struct madt *madt = place(b, length, &gpa);
	struct madt_lapic *lapic;
	unsigned int i;

	if (!madt)
		return 0;
	madt->lapic = PEARL_LAPIC_BASE;
	madt->flags = MADT_PC_AT;
	lapic = (struct madt_lapic *)(madt + 1);
	for (i = 0; i < nr_cpus; i++, lapic++) {
		lapic->length = sizeof(*lapic);
		lapic->processor = i;
		lapic->apic_id = i;
		lapic->flags = MADT_ENABLED;
	}
	add_chips((uint8_t *)lapic);
	finish(&madt->header, "APIC", 5, length);
	return gpa;
}

static uint64_t build_xsdt(struct builder *b, uint64_t fadt, uint64_t madt)
{
	uint64_t gpa;
	struct xsdt *xsdt = place(b, sizeof(*xsdt), &gpa);

	if (!xsdt)
		return 0;
	xsdt->tables[0] = fadt;
	xsdt->tables[1] = madt;
	finish(&xsdt->header, "XSDT", 1, sizeof(*xsdt));
	return gpa;
}

static void fill_rsdp(struct rsdp *rsdp, uint64_t xsdt)
{
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, "NACRE ", sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = xsdt;
	/* The first one covers what ACPI 1.0 knew of. */
	rsdp->checksum = checksum(rsdp, 20);
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
}

uint64_t pearl_acpi_build(struct nacre_memory *memory, unsigned int nr_cpus)
{
	struct builder b = {
		.gpa = PEARL_ACPI_BASE,
		.size = PEARL_ACPI_SIZE,
		.base = nacre_memory_at(memory, PEARL_ACPI_BASE,
					PEARL_ACPI_SIZE),
	};
	uint64_t rsdp_gpa, dsdt, facs, fadt, madt, xsdt;
	struct rsdp *rsdp;

	if (!b.base || nr_cpus > MOST_CPUS)
		return 0;
	rsdp = place(&b, sizeof(*rsdp), &rsdp_gpa);
	dsdt = build_dsdt(&b);
	facs = build_facs(&b);
	if (!rsdp || !dsdt || !facs)
		return 0;
	fadt = build_fadt(&b, dsdt, facs);
	madt = build_madt(&b, nr_cpus);
	if (!fadt || !madt)
		return 0;
	xsdt = build_xsdt(&b, fadt, madt);
	if (!xsdt)
		return 0;
	fill_rsdp(rsdp, xsdt);
	return rsdp_gpa;
}
