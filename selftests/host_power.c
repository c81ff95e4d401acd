// SPDX-License-Identifier: GPL-2.0
/*
 * The host's processors go and come back while guests run: hotplug, and a
 * suspend that goes all the way but into the firmware. Both are the host's
 * business; no guest sees them, and new VMs find every processor ready.
 */
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define VCPUS 2
#define BOUND_SECONDS 30
#define ONLINE "/sys/devices/system/cpu/cpu1/online"

guest_data volatile u64 rounds[VCPUS];
guest_data volatile u64 stop;

/* Registers of every kind keep what they hold; the TSC never goes back. */
guest_entry void holds_state(u64 id)
{
	u64 pattern = 0x0123456789abcdef * (id + 1), general, vector;
	u64 last = rdtsc(), now;

	asm volatile("movq %0, %%r14; movq %0, %%xmm5" : : "r"(pattern)
		     : "r14");
	while (!stop) {
		asm volatile("movq %%r14, %0; movq %%xmm5, %1"
			     : "=r"(general), "=r"(vector) : : "r14");
		GUEST_ASSERT_EQ(pattern, general);
		GUEST_ASSERT_EQ(pattern, vector);
		asm volatile("movq %0, %%r14" : : "r"(pattern) : "r14");
		now = rdtsc();
		GUEST_ASSERT(now >= last);
		last = now;
		rounds[id]++;
		if (!(rounds[id] % 256))
			outb(0x80, id);
	}
	guest_done();
}

guest_entry void is_done(void)
{
	guest_done();
}

static void write_to(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, word, strlen(word)) != (ssize_t)strlen(word))
		die("%s to %s: %s", word, path, strerror(errno));
	close(fd);
}

static bool can(const char *path, const char *word)
{
	char text[256] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return strstr(text, word);
}

/* A suspend wakes whoever sleeps or runs a guest, as a signal does. */
static void *run_through_outs(void *arg)
{
	struct vcpu *vcpu = arg;

	for (;;) {
		if (raw_run(vcpu)) {
			CHECK(errno == EINTR);
			continue;
		}
		if (decode_ucall(vcpu) == UCALL_DONE)
			return NULL;
		CHECK(vcpu->uc.cmd == UCALL_NONE &&
		      vcpu->run->exit_reason == NACRE_EXIT_IO &&
		      vcpu->run->io.port == 0x80);
	}
}

struct guests {
	struct vm *vm;
	volatile u64 *rounds, *stop;
	pthread_t thread[VCPUS];
};

static void *pinned_run(void *arg)
{
	pin_to_cpu(nr_cpus() - 1);
	return run_through_outs(arg);
}

/* The last one starts on the processor that will go. */
static void guests_start(struct guests *g)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "holds_state");

	g->vm = vcpu->vm;
	g->rounds = guest_var(g->vm, GUEST_64, "rounds");
	g->stop = guest_var(g->vm, GUEST_64, "stop");
	for (u64 i = 0; i < VCPUS; i++) {
		if (i) {
			vcpu = vcpu_new(g->vm, i);
			vcpu_setup(vcpu, GUEST_64, "holds_state");
		}
		vcpu_args(vcpu, 1, i);
		g->thread[i] = thread_start(i ? pinned_run : run_through_outs,
					    vcpu);
	}
}

static void guests_go_on(const struct guests *g)
{
	u64 before;

	for (int i = 0; i < VCPUS; i++) {
		before = g->rounds[i];
		wait_for(g->rounds[i] > before + 1000, BOUND_SECONDS);
	}
}

static void guests_end(struct guests *g)
{
	*g->stop = 1;
	for (int i = 0; i < VCPUS; i++)
		thread_join(g->thread[i], BOUND_SECONDS);
	vm_free(g->vm);
}

static void *runs_on_last_cpu(void *unused)
{
	struct vcpu *vcpu;

	(void)unused;
	pin_to_cpu(nr_cpus() - 1);
	vcpu = vcpu_with_guest(GUEST_64, "is_done");
	run_to_done(vcpu);
	vm_free(vcpu->vm);
	return NULL;
}

static void new_vm_on_last_cpu(void)
{
	thread_join(thread_start(runs_on_last_cpu, NULL), BOUND_SECONDS);
}

TEST(guests_run_on_without_a_cpu)
{
	struct guests g;

	if (access(ONLINE, W_OK))
		SKIP(return, "one processor, or none that can go");
	guests_start(&g);
	for (int i = 0; i < 5; i++) {
		guests_go_on(&g);
		write_to(ONLINE, "0");
		guests_go_on(&g);
		write_to(ONLINE, "1");
		new_vm_on_last_cpu();
	}
	guests_end(&g);
}

/* Nothing is on when the processor comes back: the VM turns it on. */
TEST(cpu_that_came_without_vms)
{
	if (access(ONLINE, W_OK))
		SKIP(return, "one processor, or none that can go");
	write_to(ONLINE, "0");
	write_to(ONLINE, "1");
	new_vm_on_last_cpu();
}

/* All is done but the last step, into the firmware. */
TEST(guests_run_on_after_suspend)
{
	struct guests g;

	if (!can("/sys/power/pm_test", "core") ||
	    !can("/sys/power/mem_sleep", "deep"))
		SKIP(return, "the kernel cannot rehearse a suspend");
	/* Its driver does not wake up: this program's files would be gone. */
	if (!access("/sys/module/9pnet_virtio", F_OK))
		SKIP(return, "files come over virtio-9p, which knows no suspend");
	write_to("/sys/power/mem_sleep", "deep");
	write_to("/sys/power/pm_test", "core");
	guests_start(&g);
	for (int i = 0; i < 2; i++) {
		guests_go_on(&g);
		write_to("/sys/power/state", "mem");
	}
	guests_go_on(&g);
	guests_end(&g);
	write_to("/sys/power/pm_test", "none");
	new_vm_on_last_cpu();
}

TEST_HARNESS_MAIN
