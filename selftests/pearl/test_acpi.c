// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables as a guest finds them in its memory, read by offsets of the
 * ACPI Specification alone; that they say where the machine's devices are; and
 * what ACPICA's disassembler and compiler think of them.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "board.h"

#define MIB (1ULL << 20)

static struct nacre_memory *memory;
static uint64_t rsdp;

static const uint8_t *at(uint64_t gpa, uint64_t size)
{
	return nacre_memory_at(memory, gpa, size);
}

static uint64_t number(const uint8_t *p, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, p, size);
	return value;
}

static bool sums_up(const uint8_t *p, size_t size)
{
	uint8_t sum = 0;

	while (size--)
		sum += *p++;
	return !sum;
}

static void make(unsigned int nr_cpus)
{
	nacre_memory_destroy(memory);
	if (nacre_memory_create(&memory, &error) ||
	    nacre_memory_add(memory, 0, 64 * MIB, &error))
		abort();
	rsdp = pearl_acpi_build(memory, nr_cpus);
}

/*
 * "Finding the RSDP on IA-PC Systems": on a 16-byte boundary in the last 128 K
 * below 1 MiB. Returns its address, or 0.
 */
static uint64_t find_rsdp(void)
{
	uint64_t gpa;

	for (gpa = 0xe0000; gpa < 0x100000; gpa += 16)
		if (!memcmp(at(gpa, 8), "RSD PTR ", 8) &&
		    sums_up(at(gpa, 20), 20))
			return gpa;
	return 0;
}

/* A table, where it is whole and in the memory that is kept for them. */
static const uint8_t *table(uint64_t gpa, const char *signature)
{
	const uint8_t *p = at(gpa, 8);
	uint32_t length;

	if (!p || gpa < PEARL_ACPI_BASE || memcmp(p, signature, 4))
		return NULL;
	length = number(p + 4, 4);
	return length <= PEARL_ACPI_BASE + PEARL_ACPI_SIZE - gpa ? p : NULL;
}

/* What XSDT lists by this name; the others are by FADT. */
static uint64_t listed(const char *signature)
{
	uint64_t xsdt = number(at(find_rsdp() + 24, 8), 8);
	const uint8_t *p = table(xsdt, "XSDT");
	unsigned int i, length = number(p + 4, 4);

	for (i = 36; i + 8 <= length; i += 8)
		if (table(number(p + i, 8), signature))
			return number(p + i, 8);
	return 0;
}

static const uint8_t *fadt(void)
{
	return table(listed("FACP"), "FACP");
}

/* Address and length of a table by its name; 0 if there is none. */
static uint64_t place_of(const char *name, uint32_t *length)
{
	uint64_t gpa = 0;

	if (!strcmp(name, "XSDT"))
		gpa = number(at(rsdp + 24, 8), 8);
	else if (!strcmp(name, "DSDT"))
		gpa = number(fadt() + 140, 8);
	else if (!strcmp(name, "FACS"))
		gpa = number(fadt() + 36, 4);
	else
		gpa = listed(name);
	if (!gpa || !table(gpa, name))
		return 0;
	*length = number(at(gpa + 4, 4), 4);
	return gpa;
}

static const char *const names[] = { "XSDT", "FACP", "APIC", "DSDT", "FACS" };

static void root_pointer(void)
{
	const uint8_t *p;

	make(1);
	EXPECT_EQ(rsdp, PEARL_ACPI_BASE);
	EXPECT_EQ(find_rsdp(), rsdp);
	p = at(rsdp, 36);
	EXPECT_EQ(p[15], 2);
	EXPECT_EQ(number(p + 20, 4), 36);
	EXPECT(sums_up(p, 36));
	EXPECT_EQ(number(p + 16, 4), 0);
	EXPECT_EQ(number(p + 33, 3), 0);
}

/* FACS is the one without a checksum; it is on 64 bytes. */
static void checksums_and_lengths(void)
{
	static const unsigned int revisions[] = { 1, 6, 5, 2, 0 };
	uint32_t length;
	uint64_t gpa;
	unsigned int i;

	make(1);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		gpa = place_of(names[i], &length);
		EXPECT(gpa);
		EXPECT_EQ(gpa % 8, 0);
		if (!strcmp(names[i], "FACS")) {
			EXPECT_EQ(gpa % 64, 0);
			EXPECT_EQ(length, 64);
			continue;
		}
		EXPECT(length > 36);
		EXPECT(sums_up(at(gpa, length), length));
		EXPECT_EQ(at(gpa, length)[8], revisions[i]);
		EXPECT(!memcmp(at(gpa + 10, 6), "NACRE", 5));
	}
}

/* None lies in another, or outside of what the guest leaves alone. */
static void tables_are_apart(void)
{
	uint64_t begin[6], end[6];
	unsigned int i, j, n;
	uint32_t length;

	make(255);
	for (n = 0; n < ARRAY_SIZE(names); n++) {
		begin[n] = place_of(names[n], &length);
		EXPECT(begin[n]);
		end[n] = begin[n] + length;
	}
	begin[n] = rsdp;
	end[n++] = rsdp + 36;
	for (i = 0; i < n; i++) {
		EXPECT(begin[i] >= PEARL_ACPI_BASE);
		EXPECT(end[i] <= PEARL_ACPI_BASE + PEARL_ACPI_SIZE);
		for (j = 0; j < i; j++)
			EXPECT(end[i] <= begin[j] || end[j] <= begin[i]);
	}
}

/* The 32-bit and the 64-bit members of FADT say the same. */
static void both_widths(void)
{
	static const struct {
		unsigned int narrow, length, wide;
	} rows[] = {
		{ 56, 88, 148 },	/* PM1a event */
		{ 60, 88, 160 },	/* PM1b event */
		{ 64, 89, 172 },	/* PM1a control */
		{ 68, 89, 184 },	/* PM1b control */
		{ 72, 90, 196 },	/* PM2 control */
		{ 76, 91, 208 },	/* PM timer */
		{ 80, 92, 220 },	/* GPE0 */
		{ 84, 93, 232 },	/* GPE1 */
	};
	const uint8_t *f;
	unsigned int i;

	make(1);
	f = fadt();
	EXPECT_EQ(number(f + 4, 4), 276);
	EXPECT_EQ(number(f + 40, 4), number(f + 140, 8));
	EXPECT_EQ(number(f + 132, 8), 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint8_t *wide = f + rows[i].wide;
		uint64_t port = number(f + rows[i].narrow, 4);

		EXPECT_EQ(number(wide + 4, 8), port);
		if (!port)
			continue;
		EXPECT_EQ(wide[0], 1);
		EXPECT_EQ(wide[1], f[rows[i].length] * 8);
		EXPECT_EQ(wide[2], 0);
		EXPECT(wide[3] >= 1 && wide[3] <= 3);
	}
}

/* What MADT has; an entry that is wrong makes @chips so. */
struct madt_counts {
	int cpus, chips, overrides;
};

static void count_entry(const uint8_t *e, struct madt_counts *n)
{
	if (e[0] == 0 && e[1] == 8 && e[2] == n->cpus && e[3] == n->cpus &&
	    number(e + 4, 4) == 1)
		n->cpus++;
	else if (e[0] == 1 && e[1] == 12 && number(e + 4, 8) == 0xfec00000)
		n->chips++;
	/* SCI: the same line, level and high. */
	else if (e[0] == 2 && e[1] == 10 && !e[2] &&
		 e[3] == number(fadt() + 46, 2) && number(e + 4, 4) == e[3] &&
		 number(e + 8, 2) == 0x0d)
		n->overrides++;
	else
		n->chips = -1000;
}

/* "Multiple APIC Description Table": a processor each, one I/O APIC. */
static void madt(void)
{
	static const int counts[] = { 1, 2, 64, 255 };
	unsigned int i, offset;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct madt_counts n = { 0 };
		uint32_t length;
		const uint8_t *m;

		make(counts[i]);
		m = at(place_of("APIC", &length), length);
		EXPECT_EQ(number(m + 36, 4), 0xfee00000);
		EXPECT_EQ(number(m + 40, 4), 1);
		for (offset = 44; offset < length; offset += m[offset + 1]) {
			EXPECT(m[offset + 1] >= 2);
			EXPECT(offset + m[offset + 1] <= length);
			count_entry(m + offset, &n);
		}
		EXPECT_EQ(n.cpus, counts[i]);
		EXPECT_EQ(n.chips, 1);
		EXPECT_EQ(n.overrides, 1);
	}
}

/* A local APIC's identifier has eight bits, and all of them are everybody. */
static void too_many_processors(void)
{
	make(255);
	EXPECT(rsdp);
	make(256);
	EXPECT_EQ(rsdp, 0);
}

/* Memory that does not reach up to 1 MiB. */
static void no_memory_for_them(void)
{
	nacre_memory_destroy(memory);
	EXPECT_EQ(nacre_memory_create(&memory, &error), 0);
	EXPECT_EQ(nacre_memory_add(memory, 0, MIB - 4096, &error), 0);
	EXPECT_EQ(pearl_acpi_build(memory, 1), 0);
}

/*
 * The rest is about the machine that the tables describe.
 */
static void make_both(void)
{
	make(1);
	make_machine();
}

/* The types of S5, which DSDT has in a package. */
static bool s5_types(uint8_t *a, uint8_t *b)
{
	/* Name (_S5_, Package () { ByteConst a, b, ... */
	static const uint8_t aml[] = { 0x08, '_', 'S', '5', '_', 0x12 };
	uint32_t i, length;
	uint64_t gpa = place_of("DSDT", &length);
	const uint8_t *p = at(gpa, length);

	for (i = 36; i + 12 < length; i++) {
		if (memcmp(p + i, aml, sizeof(aml)))
			continue;
		i += sizeof(aml) + 2;
		*a = p[i] == 0x0a ? p[i + 1] : p[i];
		i += p[i] == 0x0a ? 2 : 1;
		*b = p[i] == 0x0a ? p[i + 1] : p[i];
		return true;
	}
	return false;
}

static void timer_is_there(void)
{
	uint64_t port, before;

	make_both();
	port = number(fadt() + 76, 4);
	before = in(port, 4);
	present += NS_PER_S;
	EXPECT_EQ((uint32_t)(in(port, 4) - before), 3579545);
	/* TMR_VAL_EXT: it has 32 bits. */
	EXPECT(number(fadt() + 112, 4) & 1 << 8);
	present = 4096 * NS_PER_S;
	EXPECT(in(port, 4) >> 24);
}

/* SCI comes by the line that FADT says, from the block that it says. */
static void events_are_there(void)
{
	uint64_t event, control;
	unsigned int sci;

	make_both();
	event = number(fadt() + 56, 4);
	control = number(fadt() + 64, 4);
	sci = number(fadt() + 46, 2);
	EXPECT_EQ(fadt()[88], 4);
	EXPECT_EQ(fadt()[89], 2);
	/* No SMI_CMD: it is ACPI's from the start. */
	EXPECT_EQ(number(fadt() + 48, 4), 0);
	EXPECT_EQ(in(control, 2) & 1, 1);
	out(event + 2, 2, 1);
	present += 601 * NS_PER_S;
	pearl_clock_expire(&machine.clock);
	EXPECT(fake_hypervisor.level[sci]);
	EXPECT_EQ(in(event, 2), 1);
	out(event, 2, 1);
	EXPECT(!fake_hypervisor.level[sci]);
	EXPECT_EQ(fake_hypervisor.changes[sci], 2);
}

static void power_off_is_there(void)
{
	uint8_t a, b;

	make_both();
	EXPECT(s5_types(&a, &b));
	EXPECT_EQ(number(fadt() + 68, 4), 0);
	out(number(fadt() + 64, 4), 2, a << 10 | 0x2000);
	EXPECT(machine.ended);
	EXPECT_EQ(machine.status, PEARL_END_OFF);
}

static void reset_is_there(void)
{
	const uint8_t *f;

	make_both();
	f = fadt();
	EXPECT(number(f + 112, 4) & 1 << 10);
	EXPECT_EQ(f[116], 1);
	EXPECT_EQ(f[117], 8);
	EXPECT_EQ(f[118], 0);
	out(number(f + 120, 8), 1, f[128]);
	EXPECT(machine.ended);
	EXPECT_EQ(machine.status, PEARL_END_RESET);
}

/* No button, no fixed RTC wake: PM1 has no bits for them. */
static void absent_features(void)
{
	const uint8_t *f;

	make_both();
	f = fadt();
	EXPECT(number(f + 112, 4) & 1 << 4);
	EXPECT(number(f + 112, 4) & 1 << 5);
	EXPECT(number(f + 112, 4) & 1 << 6);
	/* C2 above 100 us, C3 above 1000: not there. */
	EXPECT(number(f + 96, 2) > 100);
	EXPECT(number(f + 98, 2) > 1000);
	/* "IA-PC Boot Architecture Flags": LPC devices, no 8042, no VGA. */
	EXPECT_EQ(number(f + 109, 2) & 0x27, 0x05);
	EXPECT_EQ(in(0x64, 1) & 0x10, 0x10);
	/* The century is where the clock has it. */
	out(0x70, 1, f[108]);
	EXPECT_EQ(in(0x71, 1), 0x19);
}

/*
 * "Resource Data Types for ACPI": the descriptors of a device of DSDT's, by
 * its EISA ID, in Name (_CRS, Buffer () { ... }).
 */
struct descriptors {
	const uint8_t *next, *end;
};

static bool find_descriptors(uint32_t eisa_id, struct descriptors *d)
{
	static const uint8_t hid[] = { 0x08, '_', 'H', 'I', 'D', 0x0c };
	static const uint8_t crs[] = { 0x08, '_', 'C', 'R', 'S', 0x11 };
	uint32_t i, length;
	uint64_t gpa = place_of("DSDT", &length);
	const uint8_t *p = at(gpa, length);

	for (i = 36; i + 10 < length; i++)
		if (!memcmp(p + i, hid, 6) && number(p + i + 6, 4) == eisa_id)
			break;
	for (; i + 10 < length; i++)
		if (!memcmp(p + i, crs, 6))
			break;
	/* The package's length, of so many bytes, and the buffer's: a byte. */
	i += 6 + 1 + (p[i + 6] >> 6);
	if (i + 2 >= length || p[i] != 0x0a || i + 2 + p[i + 1] > length)
		return false;
	d->next = p + i + 2;
	d->end = d->next + p[i + 1];
	return d->end - d->next >= 2 && d->end[-2] == 0x79;
}

/* The next with this tag; NULL if there is none. */
static const uint8_t *next_descriptor(struct descriptors *d, uint8_t tag)
{
	const uint8_t *found;

	while (d->next < d->end) {
		found = d->next;
		d->next += *found & 0x80 ? 3 + number(found + 1, 2) :
			   1 + (*found & 7);
		if (*found == tag)
			return found;
	}
	return NULL;
}

/* A device's first I/O and IRQ descriptors. */
struct resources {
	unsigned int base, length, irqs;
};

static bool find_device(uint32_t eisa_id, struct resources *r)
{
	struct descriptors d;
	const uint8_t *p;

	if (!find_descriptors(eisa_id, &d))
		return false;
	p = next_descriptor(&d, 0x47);
	if (!p || p[1] != 1 || number(p + 2, 2) != number(p + 4, 2))
		return false;
	r->base = number(p + 2, 2);
	r->length = p[7];
	p = next_descriptor(&d, 0x22);
	r->irqs = p ? number(p + 1, 2) : 0;
	return true;
}

#define PNP0501 0x0105d041
#define PNP0A03 0x030ad041
#define PNP0B00 0x000bd041
#define PNP0C02 0x020cd041

/* PNP0501: eight ports with a UART behind them, on its own line. */
static void uart_is_there(void)
{
	struct resources r;

	make_both();
	EXPECT(find_device(PNP0501, &r));
	EXPECT_EQ(r.base, 0x3f8);
	EXPECT_EQ(r.length, 8);
	EXPECT_EQ(r.irqs, 1 << 4);
	out(r.base + 7, 1, 0x5a);
	EXPECT_EQ(in(r.base + 7, 1), 0x5a);
	EXPECT_EQ(in(r.base - 1, 1), 0xff);
	EXPECT_EQ(in(r.base + 8, 1), 0xff);
	out(r.base + 4, 1, 8);
	out(r.base + 1, 1, 2);
	EXPECT(fake_hypervisor.level[4]);
	EXPECT_EQ(in(r.base + 2, 1), 2);
	EXPECT(!fake_hypervisor.level[4]);
}

static void clock_is_there(void)
{
	struct resources r;

	make_both();
	EXPECT(find_device(PNP0B00, &r));
	EXPECT_EQ(r.base, 0x70);
	EXPECT_EQ(r.length, 2);
	EXPECT_EQ(r.irqs, 1 << 8);
	out(r.base, 2, 0x120b);
	present += NS_PER_S;
	pearl_clock_expire(&machine.clock);
	EXPECT(fake_hypervisor.level[8]);
	out(r.base, 1, 0x0c);
	in(r.base + 1, 1);
	EXPECT(!fake_hypervisor.level[8]);
}

/* What FADT says of ports is nobody else's. */
static void fixed_ports_are_taken(void)
{
	struct resources r;
	const uint8_t *f;

	make_both();
	f = fadt();
	EXPECT(find_device(PNP0C02, &r));
	EXPECT(number(f + 56, 4) >= r.base);
	EXPECT(number(f + 64, 4) >= r.base);
	EXPECT(number(f + 76, 4) + 4 <= r.base + r.length);
	EXPECT_EQ(in(r.base + r.length, 1), 0xff);
	EXPECT_EQ(in(r.base - 1, 1), 0xff);
}

static void pci_is_there(void)
{
	struct resources r;

	make_both();
	EXPECT(find_device(PNP0A03, &r));
	EXPECT_EQ(r.base, 0xcf8);
	EXPECT_EQ(r.length, 8);
	EXPECT_EQ(r.irqs, 0);
	out(r.base, 4, 0x80000008);
	EXPECT_EQ(in(r.base, 4), 0x80000008);
	EXPECT_EQ(in(r.base + 6, 2), 0x0600);
	EXPECT_EQ(in(r.base + 8, 1), 0xff);
}

enum window_type { MEMORY, PORTS, BUSES };

/*
 * "Address Space Resource Descriptors": what the bridge passes on, of 16 or 32
 * bits. False if it is not fixed, is moved, or has a length that is not its.
 */
static bool find_window(enum window_type type, uint8_t tag, uint64_t *first,
			uint64_t *last)
{
	unsigned int size = tag == 0x88 ? 2 : 4;
	struct descriptors d;
	const uint8_t *p;

	if (!find_descriptors(PNP0A03, &d))
		return false;
	do
		p = next_descriptor(&d, tag);
	while (p && p[3] != type);
	if (!p || p[4] != 0x0c || number(p + 6, size))
		return false;
	*first = number(p + 6 + size, size);
	*last = number(p + 6 + size * 2, size);
	return !number(p + 6 + size * 3, size) &&
	       number(p + 6 + size * 4, size) == *last - *first + 1;
}

/* There is bus 0, and the windows to it are nobody else's. */
static void pci_windows(void)
{
	const struct pearl_region *r;
	uint64_t first, last;

	make_both();
	EXPECT(find_window(BUSES, 0x88, &first, &last));
	EXPECT_EQ(first, 0);
	EXPECT_EQ(last, 0);
	EXPECT(find_window(PORTS, 0x88, &first, &last));
	EXPECT_EQ(last, 0xffff);
	for (r = machine.bus.regions[PEARL_PIO]; r; r = r->next)
		EXPECT(r->base + r->size <= first);
	EXPECT(find_window(MEMORY, 0x87, &first, &last));
	EXPECT(first < last);
	EXPECT(first >= PEARL_HOLE_BASE);
	EXPECT(last < PEARL_IOAPIC_BASE && last < PEARL_LAPIC_BASE);
	EXPECT(!machine.bus.regions[PEARL_MMIO]);
}

/*
 * ACPICA's tools, in a folder of their own.
 */
static char folder[40];

static bool write_table(const char *name)
{
	char path[100];
	uint32_t length;
	uint64_t gpa = place_of(name, &length);
	FILE *f;
	bool good;

	snprintf(path, sizeof(path), "%s/%s.dat", folder, name);
	f = fopen(path, "wb");
	if (!f)
		return false;
	good = gpa && fwrite(at(gpa, length), length, 1, f) == 1;
	return !fclose(f) && good;
}

/*
 * Take it apart, put it together again, and compare, but for the header, which
 * says who compiled it. iasl succeeds in what it complains of, too.
 */
static int disassemble(const char *name)
{
	static const char complaints[] =
		"warning|error|remark|incorrect|invalid|unknown|terminates";
	char command[600];

	snprintf(command, sizeof(command),
		 "cd %s && n=%s && {\n"
		 "iasl -d $n.dat && cat $n.dsl && iasl -p again $n.dsl\n"
		 "} >$n.log 2>&1 &&\n"
		 "! grep -v ' 0 Errors, 0 Warnings, 0 Remarks' $n.log |\n"
		 "grep -qiE '%s' &&\n"
		 "tail -c +37 $n.dat >a && tail -c +37 again.aml >b &&\n"
		 "cmp -s a b", folder, name, complaints);
	return system(command);
}

static void show_log(const char *name)
{
	char command[100];

	fflush(stdout);
	snprintf(command, sizeof(command), "sed 's/^/# /' %s/%s.log", folder,
		 name);
	if (system(command))
		host_note("no log of %s", name);
}

static void disassembled(void)
{
	unsigned int i;
	int status;

	make(2);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT(write_table(names[i]));
		status = disassemble(names[i]);
		if (status)
			show_log(names[i]);
		EXPECT_EQ(status, 0);
	}
}

/* The text that people will see names the serial port. */
static void disassembled_uart(void)
{
	static const char *const wanted[] = {
		"Device(COM1){Name(_HID,EisaId(\"PNP0501\")",
		"IO(Decode16,0x03F8,//RangeMinimum0x03F8,",
		"IRQNoFlags(){4}",
	};
	char command[400];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		snprintf(command, sizeof(command),
			 "tr -d '\\n ' <%s/DSDT.dsl | grep -qF '%s'", folder,
			 wanted[i]);
		EXPECT_EQ(system(command), 0);
	}
}

/* The test itself: a table with one bit wrong is complained of. */
static void damage_is_noticed(void)
{
	uint32_t length;
	uint64_t gpa;

	make(2);
	gpa = place_of("APIC", &length);
	*(uint8_t *)nacre_memory_at(memory, gpa + 50, 1) ^= 1;
	EXPECT(write_table("APIC"));
	EXPECT(disassemble("APIC"));
}

static const struct host_case cases[] = {
	HOST_CASE(root_pointer),
	HOST_CASE(checksums_and_lengths),
	HOST_CASE(tables_are_apart),
	HOST_CASE(both_widths),
	HOST_CASE(madt),
	HOST_CASE(too_many_processors),
	HOST_CASE(no_memory_for_them),
	HOST_CASE(timer_is_there),
	HOST_CASE(events_are_there),
	HOST_CASE(power_off_is_there),
	HOST_CASE(reset_is_there),
	HOST_CASE(absent_features),
	HOST_CASE(uart_is_there),
	HOST_CASE(clock_is_there),
	HOST_CASE(fixed_ports_are_taken),
	HOST_CASE(pci_is_there),
	HOST_CASE(pci_windows),
	HOST_CASE(disassembled),
	HOST_CASE(disassembled_uart),
	HOST_CASE(damage_is_noticed),
};

int main(void)
{
	char command[60];
	int status;

	snprintf(folder, sizeof(folder), "/tmp/pearl-acpi.XXXXXX");
	if (!mkdtemp(folder))
		abort();
	status = host_run(cases, ARRAY_SIZE(cases));
	snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command))
		abort();
	destroy_machine();
	nacre_memory_destroy(memory);
	return status;
}
