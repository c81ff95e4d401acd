// SPDX-License-Identifier: GPL-2.0
/*
 * How pearl ends: each end of a guest has its status and its words, and what
 * fails on the way to a machine leaves nothing of one. The hypervisor is fake,
 * the rest is pearl without its main().
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "bzimage.h"
#include "fake_vm.h"
#include "host_test.h"
#include "pearl.h"
#include "virtio.h"

static char kernel[40];
static char stats[48];
static struct pearl_options options;
static struct pearl_machine *machine;
static struct nacre_error error;

static int create(void)
{
	memset(&error, 0, sizeof(error));
	return pearl_machine_create(&machine, &options, &error);
}

static void reset(void)
{
	memset(&fake_hypervisor, 0, sizeof(fake_hypervisor));
	memset(&options, 0, sizeof(options));
	options.kernel = kernel;
	options.cmdline = "";
	options.device = "/dev/fake";
	options.memory = 256ULL << 20;
	options.cpus = 1;
}

/* A guest: it writes to ports, and unless that was its end, it stops. */
struct guest {
	struct {
		uint16_t port;
		unsigned int size;
		uint32_t value;
	} writes[2];
	enum nacre_stop stop;
	const char *why;
};

static const struct guest *guest;
static unsigned int guest_cpu;

static enum nacre_stop run_guest(struct nacre_vcpu *vcpu,
				 struct nacre_handlers *handlers,
				 struct nacre_error *why)
{
	unsigned int i;

	if (nacre_vcpu_id(vcpu) != guest_cpu)
		return fake_wait(vcpu);
	for (i = 0; i < ARRAY_SIZE(guest->writes); i++)
		if (guest->writes[i].size)
			handlers->pio_write(handlers, guest->writes[i].port,
					    &guest->writes[i].value,
					    guest->writes[i].size);
	if (handlers->done(handlers))
		return NACRE_STOP_DONE;
	if (guest->why)
		snprintf(why->message, sizeof(why->message), "%s", guest->why);
	return guest->stop;
}

/* Run it, and see that it ends so, with these words, and that nothing stays. */
static void expect_end_by(unsigned int cpu, unsigned int cpus,
			  const struct guest *g, int status,
			  const char *words)
{
	int got;

	reset();
	options.cpus = cpus;
	guest = g;
	guest_cpu = cpu;
	fake_hypervisor.run = run_guest;
	EXPECT_EQ(create(), 0);
	EXPECT_EQ(fake_hypervisor.vms, 1);
	got = pearl_run(machine, &error);
	pearl_machine_destroy(machine);
	EXPECT_EQ(got, status);
	EXPECT_EQ(fake_hypervisor.most_vcpus, options.cpus);
	if (words)
		EXPECT(strstr(error.message, words));
	else
		EXPECT(!error.message[0]);
	EXPECT_EQ(fake_hypervisor.vms, 0);
	EXPECT_EQ(fake_hypervisor.vcpus, 0);
}

static void expect_end(const struct guest *g, int status, const char *words)
{
	expect_end_by(0, 1, g, status, words);
}

struct end {
	struct guest guest;
	const char *words;
};

static void expect_ends(const struct end *ends, unsigned int n, int status)
{
	for (; n && !host_case_failed; n--, ends++)
		expect_end(&ends->guest, status, ends->words);
}

#define NOT_REACHED NACRE_STOP_FAILED

static void power_off(void)
{
	static const struct end ends[] = {
		{ { { { 0x604, 2, 0x3400 } }, NOT_REACHED, NULL }, NULL },
		{ { { { 0x605, 1, 0x34 } }, NOT_REACHED, NULL }, NULL },
		{ { .stop = NACRE_STOP_OFF }, NULL },
	};

	expect_ends(ends, ARRAY_SIZE(ends), 0);
}

static void reset_asked_for(void)
{
	static const struct end ends[] = {
		{ { { { 0xcf9, 1, 6 } }, NOT_REACHED, NULL }, NULL },
		{ { { { 0x64, 1, 0xfe } }, NOT_REACHED, NULL }, NULL },
		{ { { { 0x64, 1, 0xd1 }, { 0x60, 1, 0xfe } }, NOT_REACHED,
		    NULL }, NULL },
		{ { .stop = NACRE_STOP_RESET }, NULL },
	};

	expect_ends(ends, ARRAY_SIZE(ends), 3);
}

static void crash(void)
{
	static const struct end ends[] = {
		{ { .stop = NACRE_STOP_SHUTDOWN }, "triple fault" },
		{ { .stop = NACRE_STOP_CRASH }, "says that it crashed" },
		{ { .stop = NACRE_STOP_STUCK, .why = "emulated" }, "emulated" },
	};

	expect_ends(ends, ARRAY_SIZE(ends), 4);
}

/* Not the guest's fault. */
static void failure(void)
{
	static const struct end ends[] = {
		{ { .stop = NACRE_STOP_FAILED, .why = "RUN: Bad address" },
		  "Bad address" },
		{ { .stop = NACRE_STOP_EXIT, .why = "reason 77" }, "77" },
		{ { .stop = NACRE_STOP_HALT }, "HLT" },
	};

	expect_ends(ends, ARRAY_SIZE(ends), 1);
}

/* What comes after the end is not heard. */
static void first_end_counts(void)
{
	static const struct guest both = {
		.writes = { { 0xcf9, 1, 6 }, { 0x604, 2, 0x3400 } },
		.stop = NOT_REACHED,
	};

	expect_end(&both, 3, NULL);
}

/* Any vCPU can be the one, the others are brought to a halt. */
static void end_by_any(void)
{
	static const struct guest off = {
		.writes = { { 0x604, 2, 0x3400 } }, .stop = NOT_REACHED,
	};
	static const struct guest fault = { .stop = NACRE_STOP_SHUTDOWN };

	expect_end_by(0, 4, &off, 0, NULL);
	expect_end_by(3, 4, &off, 0, NULL);
	expect_end_by(0, 2, &fault, 4, "vCPU 0: a triple fault");
	expect_end_by(63, 64, &fault, 4, "vCPU 63: a triple fault");
}

/* With all the devices there can be, and a hypervisor that knows eventfds. */
static void all_devices(void)
{
	static const struct guest off = {
		.writes = { { 0x604, 2, 0x3400 } }, .stop = NOT_REACHED,
	};
	unsigned int i, round;

	for (round = 0; round < 2; round++) {
		reset();
		fake_hypervisor.eventfds = round;
		options.hvc = true;
		options.nr_disks = PEARL_MOST_DISKS;
		for (i = 0; i < PEARL_MOST_DISKS; i++) {
			snprintf(options.disks[i].path,
				 sizeof(options.disks[i].path), "%s", kernel);
			options.disks[i].readonly = true;
		}
		guest = &off;
		guest_cpu = 0;
		fake_hypervisor.run = run_guest;
		EXPECT_EQ(create(), 0);
		EXPECT_EQ(machine->nr_slots, PEARL_SLOTS);
		EXPECT(machine->console.chars.device);
		EXPECT_EQ(pearl_run(machine, &error), 0);
		pearl_machine_destroy(machine);
		EXPECT_EQ(fake_hypervisor.vms, 0);
	}
}

/* A line that the hypervisor does not take, in the middle of an access. */
static void line_fails(void)
{
	static const struct guest interrupts = {
		.writes = { { 0x3fc, 1, 8 }, { 0x3f9, 1, 2 } },
		.stop = NOT_REACHED,
	};

	reset();
	guest = &interrupts;
	guest_cpu = 0;
	fake_hypervisor.run = run_guest;
	EXPECT_EQ(create(), 0);
	fake_hypervisor.fails = "nacre_vm_irq_line";
	EXPECT_EQ(pearl_run(machine, &error), 1);
	EXPECT(strstr(error.message, "nacre_vm_irq_line"));
	pearl_machine_destroy(machine);
}

/* The guest runs on until pearl is told to end. */
static void signals(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		reset();
		options.cpus = 2;
		EXPECT_EQ(create(), 0);
		EXPECT_EQ(raise(numbers[i]), 0);
		EXPECT_EQ(pearl_run(machine, &error), 128 + numbers[i]);
		EXPECT(!error.message[0]);
		pearl_machine_destroy(machine);
	}
}

/* What is in the file of the counters. */
static const char *read_stats(void)
{
	static char text[4096];
	int fd = open(stats, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static const char all_zero[] =
"00:01.0 virtio-rng queue 0 requests 0 interrupts 0\n"
"00:02.0 virtio-console queue 0 requests 0 interrupts 0\n"
"00:02.0 virtio-console queue 1 requests 0 interrupts 0\n"
"00:02.0 virtio-console queue 2 requests 0 interrupts 0\n"
"00:02.0 virtio-console queue 3 requests 0 interrupts 0\n"
"00:03.0 virtio-blk queue 0 requests 0 interrupts 0\n";

/* However it ends, and in place of what was there before. */
static void counters_at_the_end(void)
{
	static const struct guest fault = { .stop = NACRE_STOP_SHUTDOWN };
	unsigned int round;

	for (round = 0; round < 2; round++) {
		reset();
		options.stats = stats;
		options.hvc = true;
		options.nr_disks = 1;
		snprintf(options.disks[0].path, sizeof(options.disks[0].path),
			 "%s", kernel);
		guest = &fault;
		guest_cpu = 0;
		fake_hypervisor.run = run_guest;
		EXPECT_EQ(create(), 0);
		EXPECT(!strcmp(read_stats(), ""));
		machine->slots[2].virtio->queues[0].ring.pushed = 17 - round;
		machine->slots[2].virtio->queues[0].interrupts = 5000000000;
		EXPECT_EQ(pearl_run(machine, &error), 4);
		EXPECT(strstr(error.message, "triple fault"));
		pearl_machine_destroy(machine);
		EXPECT(!strncmp(read_stats(), all_zero,
				strlen(all_zero) - strlen("0 interrupts 0\n")));
		EXPECT(strstr(read_stats(), round ?
			      "requests 16 interrupts 5000000000\n" :
			      "requests 17 interrupts 5000000000\n"));
	}
}

/* A guest that waits for the file, as its user does, and then ends. */
static enum nacre_stop ask_for_counters(struct nacre_vcpu *vcpu,
					struct nacre_handlers *handlers,
					struct nacre_error *why)
{
	unsigned int ms;

	(void)vcpu;
	(void)handlers;
	(void)why;
	kill(getpid(), SIGUSR1);
	for (ms = 0; ms < 20000 && !*read_stats(); ms++)
		usleep(1000);
	return *read_stats() ? NACRE_STOP_RESET : NACRE_STOP_FAILED;
}

static void counters_when_asked(void)
{
	reset();
	options.stats = stats;
	fake_hypervisor.run = ask_for_counters;
	EXPECT_EQ(create(), 0);
	EXPECT_EQ(pearl_run(machine, &error), 3);
	pearl_machine_destroy(machine);
	EXPECT_EQ(strlen(read_stats()), strcspn(all_zero, "\n") + 1);
}

/* Who wanted them and does not get them hears of it. */
static void counters_lost(void)
{
	static const struct guest off = { .stop = NACRE_STOP_OFF };

	reset();
	options.stats = "/dev/full";
	guest = &off;
	guest_cpu = 0;
	fake_hypervisor.run = run_guest;
	EXPECT_EQ(create(), 0);
	EXPECT_EQ(pearl_run(machine, &error), 1);
	EXPECT(strstr(error.message, "--stats: No space left"));
	pearl_machine_destroy(machine);
}

/* Step by step: nothing is left, and the words are those of what failed. */
static void half_started(void)
{
	static const char *const steps[] = {
		"nacre_vm_create", "nacre_vm_set_memory",
		"nacre_vm_create_irqchip", "nacre_vcpu_create",
		"nacre_vcpu_set_cpuid", "nacre_linux_start",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		reset();
		fake_hypervisor.fails = steps[i];
		EXPECT(create() < 0);
		EXPECT(!machine);
		EXPECT(strstr(error.message, steps[i]));
		EXPECT_EQ(fake_hypervisor.vms, 0);
		EXPECT_EQ(fake_hypervisor.vcpus, 0);
	}
}

/* What is wrong with files and sizes is found before there is a VM. */
static void no_vm_for_nothing(void)
{
	reset();
	options.kernel = "/nonexistent";
	EXPECT(create() < 0);
	reset();
	options.kernel = "/dev/null";
	EXPECT(create() < 0);
	reset();
	options.initrd = "/nonexistent";
	EXPECT(create() < 0);
	reset();
	options.nr_disks = 1;
	snprintf(options.disks[0].path, sizeof(options.disks[0].path),
		 "/nonexistent");
	EXPECT(create() < 0);
	EXPECT(strstr(error.message, "/nonexistent: No such file"));
	reset();
	options.stats = "/nonexistent/stats";
	EXPECT(create() < 0);
	EXPECT(strstr(error.message, "/nonexistent/stats: No such file"));
	reset();
	options.memory = 17ULL << 20;
	EXPECT(create() < 0);
	EXPECT(strstr(error.message, "too little memory"));
	EXPECT_EQ(fake_hypervisor.created, 0);
}

static const struct host_case cases[] = {
	HOST_CASE(power_off),
	HOST_CASE(reset_asked_for),
	HOST_CASE(crash),
	HOST_CASE(failure),
	HOST_CASE(first_end_counts),
	HOST_CASE(end_by_any),
	HOST_CASE(all_devices),
	HOST_CASE(line_fails),
	HOST_CASE(signals),
	HOST_CASE(counters_at_the_end),
	HOST_CASE(counters_when_asked),
	HOST_CASE(counters_lost),
	HOST_CASE(half_started),
	HOST_CASE(no_vm_for_nothing),
};

static void write_kernel(void)
{
	static uint8_t image[BZ_SIZE];
	int fd = mkstemp(kernel);

	bz_make(image);
	if (fd < 0 || write(fd, image, sizeof(image)) != sizeof(image) ||
	    close(fd))
		abort();
}

/* Signals stay blocked where pearl has been: what hangs ends by the alarm. */
int main(void)
{
	int status, null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		abort();
	close(null);
	alarm(120);
	snprintf(kernel, sizeof(kernel), "/tmp/pearl-end.XXXXXX");
	write_kernel();
	snprintf(stats, sizeof(stats), "%s.stats", kernel);
	status = host_run(cases, ARRAY_SIZE(cases));
	unlink(kernel);
	unlink(stats);
	return status;
}
